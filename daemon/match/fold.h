/* SPDX-License-Identifier: ISC */
/*
 * What one code point becomes when text is folded for matching: NFKC case folding without accents, and what it does to
 * the cutting of words.  Accents go from Latin, Greek, Cyrillic, Hebrew and Arabic letters; vowel signs of Indic and
 * South-East Asian scripts and the voicing marks of kana are spelling, so they stay.  Immutable once made; any thread.
 */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

/* The same once more for those who look up many third (or second) bytes at once: what a code point is. */
enum fold_bit {
	BIT_WORD,  /* FOLD_WORD of two bytes at most if it is below U+0800, else one that folds to itself */
	BIT_SHORT, /* of one */
	BIT_SIGN,  /* FOLD_EXTEND that folds to itself */
	BIT_MARK, BIT_SEP,
	BIT_CHAR   /* FOLD_CHAR that folds to itself */
};
struct fold_pairs { /* letters of two bytes by their second one */
	uint8_t first[64], second[64], bits[64];
};

struct fold_table {
	struct fold_pairs pairs[32]; /* by their first byte less 0xc0; aligned as a cache line is */
	uint8_t triples[0x10000];    /* enum fold_bit by code point, three bytes of UTF-8 */
	bool uniform[16];            /* are they the same for all that begin with this byte (less 0xe0)? */
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

/* A folded letter or sign. */
struct piece {
	uint64_t bytes; /* the first one is the lowest */
	size_t len;     /* <= 6 */
	enum fold_class cls;
};

static inline __attribute__((always_inline)) struct piece piece_of_entry(const struct fold_entry *e)
{
	uint64_t all;

	memcpy(&all, e, sizeof(all));
	all = le64toh(all);
	return (struct piece){ .cls = all & 0xff, .len = all >> 8 & 0xff, .bytes = all >> 16 };
}

/* A letter of two bytes (well-formed UTF-8: c2..df, 80..bf) at p. */
static inline __attribute__((always_inline)) bool is_pair(const char *p)
{
	return (unsigned char)(p[0] - 0xc2) < 0x1e && (p[1] & 0xc0) == 0x80;
}

static inline __attribute__((always_inline)) struct piece piece_of_pair(const struct fold_table *table, const char *p)
{
	return piece_of_entry(&table->low[(p[0] & 0x1f) << 6 | (p[1] & 0x3f)]);
}

/* Three bytes of UTF-8 at p, of which `left` are text. */
struct triple {
	uint32_t raw;   /* as they stand, the first one the lowest */
	uint32_t point; /* 0 if it is something else */
};

static inline __attribute__((always_inline)) struct triple triple_at(const char *text, size_t left)
{
	const unsigned char *p = (const unsigned char *)text;
	struct triple t = { 0 };

	if (left < 3)
		return t;
	t.raw = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
	if ((t.raw & 0xc0c0f0) == 0x8080e0)
		t.point = (t.raw & 0xf) << 12 | (t.raw >> 2 & 0xfc0) | (t.raw >> 16 & 0x3f);
	if (t.point < 0x800 || (t.point & 0xf800) == 0xd800)
		t.point = 0;
	return t;
}

static inline __attribute__((always_inline)) struct piece piece_of_triple(const struct fold_table *table, struct triple t)
{
	struct piece p = piece_of_entry(fold_find(table, t.point));
	bool itself = p.len == 0 && (p.cls == FOLD_WORD || p.cls == FOLD_CHAR);

	p.bytes = itself ? t.raw : p.bytes;
	p.len = itself ? 3 : p.len;
	return p;
}
