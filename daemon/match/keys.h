/* SPDX-License-Identifier: ISC */
/*
 * Necessary terms.  A key stands for something that a post must hold for a term to match: words side by side in one of its
 * groups, the start of a word, or a gram of a regular expression.  Pure.
 */
#pragma once

#include "base/vec.h"
#include "grams.h"
#include "ops.h"

/* A post's context is looked up apart, so that watches that ask for it cost the others nothing. */
#define KEY_GROUPS (2 * GROUPS)
#define KEY_CONTEXT(g) ((enum group)((g) + GROUPS))

#define KEY_PREFIX_MAX 8 /* bytes of a prefix that count; a longer one is as necessary at 8 */
#define KEY_WORDS_MAX 8  /* words side by side that count */

struct keys {
	VEC(uint32_t) list;
	VEC(uint32_t) stems;            /* keys of the first words of what a key of several words stands for */
	unsigned groups;                /* bit per group that a key looks at */
	uint8_t prefixes[KEY_GROUPS];   /* bit n-1: a key of that group is a prefix of n bytes */
	uint8_t grams[KEY_GROUPS][GRAM_IMAGES]; /* bit n: a key of that group is a gram of length n */
	unsigned cost;                  /* how often posts will hold one of them: a guess, for comparing */
};

/* From the hash of a word, or of some words joined. */
static inline uint32_t key_of(uint32_t hash, enum group g)
{
	return hash + (uint32_t)g * 0x9e3779b9u;
}
/* The hash of some words and of one more behind them. */
static inline uint32_t key_join(uint32_t words, uint32_t next)
{
	uint64_t h = (words ^ 0xe7037ed1u) * 0x9e3779b97f4a7c15u;

	return (uint32_t)(h >> 32) + next;
}
/* `len` in 1..KEY_PREFIX_MAX; p holds as many bytes */
uint32_t key_of_prefix(const char *p, size_t len, enum group g);

static inline bool keys_have_grams(const struct keys *k, unsigned g)
{
	return k->grams[g][GRAM_LETTERS] || k->grams[g][GRAM_SHAPES];
}

void keys_release(struct keys *k);
/* The cheapest keys of which every matching post holds at least one; false (and none) if there are none. */
bool query_keys(const struct query *q, struct keys *ret);
/* The same for one node; `negated`: of posts that do not satisfy it. */
bool node_keys(const struct query *q, const struct node *n, bool negated, struct keys *ret);
