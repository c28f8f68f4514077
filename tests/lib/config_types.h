/* SPDX-License-Identifier: ISC */
/*
 * Two small source types and two small channel types that use every kind of row, for the tests of
 * config/: what they check must not change with the real types.
 */
#pragma once

#include "config/config.h"

struct fake_feed {
	struct arena *arena;
	int64_t pages;
	int order;
	struct texts labels;
};
struct fake_hook {
	struct arena *arena;
	struct headers headers;
	struct str template;
	int64_t size;
	bool loud;
	struct str from;
};
extern const struct config_types fake_types;
