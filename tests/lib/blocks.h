/* SPDX-License-Identifier: ISC */
/* All ways of match/block.h over the same text: whether they agree. */
#pragma once

#include "base/str.h"

/* NULL, or the name of the way that tells something else than the portable one. */
const char *blocks_differ(struct str text);
