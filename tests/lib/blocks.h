/* SPDX-License-Identifier: ISC */
/* All ways of match/block.h over the same text: whether they agree. */
#pragma once

#include "base/str.h"

/* NULL, or the name of the way that tells something else than the portable one: of the block at any byte of the text. */
const char *blocks_differ(struct str text, bool open);
/* The same of the words that the text is cut into. */
const char *words_differ(struct str text);
