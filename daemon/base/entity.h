/* SPDX-License-Identifier: ISC */
/*
 * Character references of HTML: named and numeric.  For html.c and the repair of broken XML.  Pure.
 */
#pragma once

#include "base/str.h"

/* Longest reference that is looked at, '&' to ';'. */
#define ENTITY_MAX 32

/*
 * Decodes the reference at s.p[at] (an '&').  Returns the bytes it takes and fills `ret_char`; 0 if it is none.  Numbers
 * 128..159 mean windows-1252, NUL, surrogates and numbers beyond Unicode U+FFFD (HTML 13.2.5.80, read 2026-08).  With
 * `strict` the ';' must be there; without, the oldest names (Latin-1) may lack it, if no letter, digit or '=' follows.
 */
size_t entity_decode(struct str s, size_t at, bool strict, uint32_t *ret_char);
