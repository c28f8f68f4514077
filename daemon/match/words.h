/* SPDX-License-Identifier: ISC */
/*
 * Text as folded words that remember where they stood.  Words follow UAX #29 with these differences, all of them so
 * that a name is found wherever it is written: apostrophes end a word (d’OpenAI, sutskever's), so does a full stop
 * between letters; numbers keep their inner . and ,; in scripts without spaces each character is a word and a term is
 * a run of them.  One thread at a time.
 */
#pragma once

#include "base/strbuf.h"
#include "match/match.h"

enum word_flag {
	WORD_FIRST = 1,  /* the first word of its text: no phrase runs across it */
	WORD_GLUED = 2,  /* nothing stands between it and the word before */
	WORD_CHAR = 4,   /* of a script without spaces, or a picture */
	WORD_HASH = 8,   /* written #word */
	WORD_AT = 16,    /* written @word */
	WORD_DOLLAR = 32 /* written $word */
};
#define WORD_NONE UINT32_MAX

struct word {
	uint32_t hash;
	uint32_t at, len;    /* in the folded text */
	uint32_t start, end; /* in the text as the post holds it */
	uint16_t index;      /* which author, tag or link; the 65,536th is told as the 65,535th */
	uint8_t field;       /* enum post_field */
	uint8_t flags;
};

struct words {
	struct word *v;
	size_t n, cap;
	char *folded;            /* words, each followed by one space */
	size_t len, folded_cap;
	uint32_t *heads;         /* hash bucket -> first word, mask + 1 of them; behind them for each word the next one */
	size_t mask, heads_cap;
	bool indexed;            /* heads and what is behind them are of these words */
	bool v_borrowed, folded_borrowed, heads_borrowed; /* the caller's scratch memory, not ours to free */
};

/* Starts empty; `scratch` (aligned for struct word, may be NULL) is used until it is too small. */
void words_init(struct words *w, void *scratch, size_t scratch_size);
void words_release(struct words *w);
/* Cuts `text` and appends its words. */
void words_add(struct words *w, struct str text, enum post_field field, size_t index);
/* The same in a given way, which must be usable: for tests. */
struct block_way;
void words_add_by(const struct block_way *way, struct words *w, struct str text, enum post_field field, size_t index);
/* The whole of `text` as one word without what stands between its letters: "Machine Learning" is the tag
 * "machinelearning". */
void words_add_joined(struct words *w, struct str text, enum post_field field, size_t index);
/* One more word made of words i..i+n-1 run together: a hashtag in scripts without spaces. */
void words_add_run(struct words *w, const struct words *from, size_t i, size_t n);
/* One more word, at the place of x; nothing if it is empty. */
void words_add_word(struct words *w, const struct word *x, struct str folded);
/* Words i..i+n-1 again, as a text of their own. */
void words_add_copy(struct words *w, const struct words *from, size_t i, size_t n);
/* Hash of folded bytes; seeded once per process so that nobody can write colliding words. */
uint32_t word_hash(const char *p, size_t len);
/* Makes words_first and words_next usable; adding words afterwards undoes it. */
void words_index(struct words *w);
/* First word whose hash falls in the same bucket (compare yourself), WORD_NONE if there is none. */
static inline uint32_t words_first(const struct words *w, uint32_t hash)
{
	return w->heads[hash & w->mask];
}
/* The one behind word i in its bucket. */
static inline uint32_t words_next(const struct words *w, uint32_t i)
{
	return w->heads[w->mask + 1 + i];
}
static inline struct str word_text(const struct words *w, const struct word *x)
{
	return (struct str){ w->folded + x->at, x->len };
}
