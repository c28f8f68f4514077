/* SPDX-License-Identifier: ISC */
/*
 * Regular expressions in time linear in the text: RE2's language (no back-references, no look-around), with \w, \d, \s and
 * a \b at either end made to know all scripts.  Immutable once made; any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

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
/* The first place at `from` or behind where it stands, leftmost-first as in Perl, never an empty one. */
bool regex_find(const struct regex *r, const char *text, size_t len, size_t from, size_t *ret_start, size_t *ret_end);

#ifdef __cplusplus
}
#endif
