/* SPDX-License-Identifier: ISC */
/*
 * Words without their endings, by Snowball's algorithms.  A stem counts in one language only, so it is kept behind that
 * language's code: "frlicenc".  A post that does not say its language is read in all that its script makes likely.  Pure.
 */
#pragma once

#include "words.h"

/* Appends the stems of the words of a text of this language (BCP 47, may be absent); `post` holds the text. */
void stem_words(struct words *out, const struct words *text, const struct post *post);
/* Appends what the word, written as in a query, may be in a post: its stem in each language. */
void stem_variants(struct words *out, struct str word);
