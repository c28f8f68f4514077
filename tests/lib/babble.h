/* SPDX-License-Identifier: ISC */
/*
 * Made-up posts with the statistics of real ones: 17 languages with words of their own (syllables in the script's
 * letters), drawn by Zipf's law, the frequent ones short; sentences, capitals, hashtags, mentions, links, numbers,
 * emoji.  About 170 bytes a post.  The same seed gives the same posts.  One thread.
 */
#pragma once

#include "base/strbuf.h"

struct babble {
	uint64_t state;
};

void babble_init(struct babble *b, uint64_t seed);
uint64_t babble_random(struct babble *b);                 /* 64 bits */
void babble_post(struct babble *b, struct strbuf *out);   /* appends the text of one post */
/* Appends one word of some language: by the rank in its frequency list from `least` on, all equally likely. */
void babble_word(struct babble *b, unsigned least, struct strbuf *out);
/* Appends n words that could stand side by side in a post. */
void babble_phrase(struct babble *b, unsigned n, struct strbuf *out);
#define BABBLE_RANKS 20000 /* words of a language */
