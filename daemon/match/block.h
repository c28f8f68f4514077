/* SPDX-License-Identifier: ISC */
/*
 * Up to 64 bytes of text at once: which of them make words, and all of them in lower case.  One way for each kind of
 * processor, all with the same result; the best one is chosen at run time.  Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCK 64
#define BLOCK_SLACK BLOCK /* readable bytes behind those of `lower` */

struct block { /* bit i tells of byte i */
	uint64_t foreign; /* not ASCII */
	uint64_t word;    /* letter, digit, underscore */
	uint64_t digit;
	uint64_t point;   /* . and , */
	uint64_t sigil;   /* # @ $ */
	_Alignas(64) char lower[BLOCK + BLOCK_SLACK]; /* what is no upper case letter is as it was */
};
/* Looks at `len` bytes, 1..BLOCK.  No bits are set behind them; what is in `lower` behind them is undefined. */
typedef void block_fn(const char *p, size_t len, struct block *ret);

struct block_way {
	const char *name;
	block_fn *fn;
	bool usable; /* on this processor */
};
/* Best first; the last one is portable C.  A NULL fn ends the list. */
#define BLOCK_WAYS 4
void block_ways(struct block_way ret[static BLOCK_WAYS]);
block_fn *block_best(void);
