/* SPDX-License-Identifier: ISC */
/* Grams of regular expressions; C++ for regex.cc alone. */
#pragma once

#include <re2/filtered_re2.h>
#include <string>
#include <vector>

#include "grams.h"

struct grams {
	std::vector<gram> v; /* none: any text may do */
	unsigned cost = 0;
};
/* `f` holds the one expression, not compiled yet; `written` is how the user wrote it. */
grams grams_of(re2::FilteredRE2 *f, const std::string &written, bool any_case);
