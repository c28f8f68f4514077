/* SPDX-License-Identifier: ISC */
/*
 * Up to 64 bytes of text at once: which of them make words, and what they fold to.  One way for each kind of processor,
 * all with the same result; the best one is chosen at run time.  Pure.
 */
#pragma once

#include "fold.h"

#define BLOCK 64
#define BLOCK_SLACK BLOCK /* readable bytes behind those of `folded` */
#define BLOCK_WIDE 16     /* bytes that are copied at a time */

struct block { /* bit i tells of byte i */
	uint64_t word;      /* letter, digit, underscore, and the accents and signs behind */
	uint64_t drop;      /* of a word, but nothing is left of it */
	uint64_t digit;     /* ASCII */
	uint64_t ends_in_digit; /* the last byte of what a character folds to, and a digit */
	uint64_t point;     /* . and , */
	uint64_t sigil;     /* # @ $ */
	size_t n;           /* so many bytes are judged, nothing is told of others */
	bool other;         /* there stands what this cannot judge; else a character that the end of the block cuts */
	_Alignas(64) char folded[BLOCK + BLOCK_SLACK]; /* byte by byte; drop says what is not there */
};

struct block_way {
	const char *name;
	bool (*usable)(void); /* on this processor */
	bool modern;          /* that has POPCNT, BMI and BMI2 */
	/* Looks at `len` bytes, 1..BLOCK; `open`: a word ends right before them, so that accents may follow. */
	void (*look)(const struct fold_table *t, const char *p, size_t len, bool open, struct block *ret);
	/* Writes to `to` those bytes of a block's `folded` that `keep` and `spaces` have, these as spaces; what is there then
	 * up to BLOCK bytes, and BLOCK_WIDE behind the last one, is undefined.  So is `folded`. */
	void (*squeeze)(char *to, char *folded, uint64_t keep, uint64_t spaces);
};
/* Best first; the last one is portable C, and entries behind it are empty. */
#define BLOCK_WAYS 3
extern const struct block_way block_ways[BLOCK_WAYS];
/* The first usable one. */
const struct block_way *block_best(void);
