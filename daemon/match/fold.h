/* SPDX-License-Identifier: ISC */
/*
 * What one code point becomes when text is folded for matching: NFKC case folding without accents, and what it does to
 * the cutting of words.  Accents go from Latin, Greek, Cyrillic, Hebrew and Arabic letters; vowel signs of Indic and
 * South-East Asian scripts and the voicing marks of kana are spelling, so they stay.  Immutable once made; any thread.
 */
#pragma once

#include <stdint.h>

enum fold_class {
	FOLD_SEP,    /* stands between words */
	FOLD_WORD,   /* letter, digit, underscore */
	FOLD_CHAR,   /* a word of its own: scripts without spaces, emoji */
	FOLD_EXTEND, /* a sign that belongs to what is before it */
	FOLD_MARK,   /* an accent: gone, but part of the word it stands on */
	FOLD_IGNORE, /* invisible: gone */
	FOLD_JAMO,   /* part of a Korean syllable */
	FOLD_HASH, FOLD_AT, FOLD_DOLLAR,
	FOLD_MIDNUM, /* . and , which hold a number together */
	FOLD_SEQ,    /* several code points of different classes: fold_sequence */
};

struct fold_entry {
	uint8_t cls;   /* enum fold_class */
	uint8_t len;   /* bytes; 0 with FOLD_WORD or FOLD_CHAR: the code point itself */
	char bytes[6]; /* UTF-8; with FOLD_SEQ: where the sequence stands */
};

#define FOLD_PAGE_BITS 7
#define FOLD_PAGE (1u << FOLD_PAGE_BITS)
#define FOLD_PAGES (0x110000u >> FOLD_PAGE_BITS)
#define FOLD_SEQ_MAX 18 /* U+FDFA has the longest decomposition: 18 */

struct fold_table {
	uint16_t page[FOLD_PAGES];
	struct fold_entry (*entries)[FOLD_PAGE];
	const struct fold_entry *low; /* of U+0000..U+07FF: two bytes of UTF-8 at most */
	uint32_t *sequences; /* code points, folded; each run ends with 0 */
};

/* The one table, made from libutf8proc's data on first use (about 10 ms). */
const struct fold_table *fold_table(void);
/* `c` <= 0x10ffff */
static inline const struct fold_entry *fold_find(const struct fold_table *t, uint32_t c)
{
	return &t->entries[t->page[c >> FOLD_PAGE_BITS]][c & (FOLD_PAGE - 1)];
}
/* The 0-ended run of folded code points of a FOLD_SEQ entry. */
const uint32_t *fold_sequence(const struct fold_table *t, const struct fold_entry *e);
/* Class of a code point that is already folded; never FOLD_SEQ. */
enum fold_class fold_class_of(uint32_t c);
