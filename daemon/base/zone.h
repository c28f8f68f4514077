/* SPDX-License-Identifier: ISC */
/*
 * Time zones from the system's zone files (TZif, RFC 8536), without the process-wide TZ of libc.
 * Any thread; reads a file per call.
 */
#pragma once

#include "base/str.h"

struct zone_offset {
	int seconds;   /* east of Greenwich */
	char name[16]; /* "CET" */
};
/* The offset of `zone` ("" or "local" = the system's) at an instant; false if there is no such
 * zone. */
bool zone_at(struct str zone, int64_t unix_s, struct zone_offset *ret_offset);
