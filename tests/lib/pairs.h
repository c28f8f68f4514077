/* SPDX-License-Identifier: ISC */
/* Random queries and posts in many scripts: the matcher, the query alone and the naive reading must agree on all of them. */
#pragma once

#include "base/strbuf.h"

#define PAIRS_QUERIES 8
#define PAIRS_POSTS 8
#define PAIRS_A_ROUND (PAIRS_QUERIES * PAIRS_POSTS)

/* One round of that many pairs, made from `bytes` and, when these are used up, from `seed`.  False, and why, if they differ. */
bool pairs_agree(struct str bytes, uint64_t seed, struct strbuf *why);
