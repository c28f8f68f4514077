/* SPDX-License-Identifier: ISC */
/*
 * Regular expressions in time linear in the text: RE2's language (no back-references, no look-around), with \w, \d, \s, \b
 * and \B made to know all scripts.  Immutable once made; any thread.
 */
#pragma once

#include "grams.h"

#ifdef __cplusplus
extern "C" {
#endif

struct regex;

struct regex_error {
	char why[160];
	size_t at; /* byte of the pattern, 0 if it is all of it */
};
void regex_free(struct regex *r);
/* `flags`: letters out of "ims".  NULL: `e` says why. */
struct regex *regex_new(const char *pattern, size_t len, const char *flags, size_t n_flags, struct regex_error *e);
struct regex_grams {
	const struct gram *v;
	size_t n;      /* 0: none is known, any text may do */
	unsigned cost; /* how often posts will hold one of them, in the units of keys.c */
};
/* Every text that the expression stands in holds at least one of these; they live as long as it does. */
struct regex_grams regex_grams(const struct regex *r);
struct regex_hit {
	size_t start, end;
};
/* The places where it stands, the first `max` of them, one behind the other, leftmost-first as in Perl, none of them empty. */
size_t regex_find(const struct regex *r, const char *text, size_t len, struct regex_hit *ret, size_t max);

#ifdef __cplusplus
}
#endif
