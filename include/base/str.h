/* SPDX-License-Identifier: ISC */
/*
 * Borrowed text: pointer and length, not ended by NUL.  A `struct str` never owns; whoever made the bytes says how long
 * they live.  A NULL pointer means "absent" (str_present is false), which differs from the empty
 * text "".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	const char *p;
	size_t len; /* bytes */
};

#define STR_NULL ((struct str){ NULL, 0 })
#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
/* for printf's "%.*s" */
#define STR_ARG(s) (int)((s).len > 0x7fffffff ? 0x7fffffff : (s).len), ((s).p ? (s).p : "")

struct str str_c(const char *cstr);                       /* NULL gives STR_NULL */
struct str str_n(const void *p, size_t len);
static inline bool str_present(struct str s) { return s.p != NULL; }
static inline bool str_empty(struct str s) { return s.len == 0; }
bool str_eq(struct str a, struct str b);                  /* byte-equal; absent equals empty */
bool str_eq_nocase(struct str a, struct str b);           /* ASCII letters fold */
int str_cmp(struct str a, struct str b);                  /* byte order, like strcmp */
bool str_starts(struct str s, struct str prefix);
bool str_starts_nocase(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
#define STR_NPOS ((size_t)-1)
size_t str_find(struct str s, struct str needle);         /* STR_NPOS if not there */
size_t str_find_nocase(struct str s, struct str needle);  /* ASCII letters fold */
size_t str_chr(struct str s, char c);                     /* STR_NPOS if not there */
size_t str_rchr(struct str s, char c);
struct str str_slice(struct str s, size_t from, size_t to); /* clamped to s */
struct str str_from(struct str s, size_t from);
struct str str_trim(struct str s);                        /* ASCII white space at both ends */
/* Cuts the next piece up to `sep` off `*rest`; false when nothing is left.  "a,,b" gives three
 * pieces. */
bool str_split(struct str *rest, char sep, struct str *ret_piece);
/* The candidate with the least edit distance to `s`, if it is near enough to be a slip (<= 2 or a
 * third of the
 * length); -1 if none.  For "did you mean". */
int str_nearest(struct str s, const char *const *candidates, size_t n);
bool char_is_space(char c); /* ASCII: space, \t \n \v \f \r */
bool char_is_digit(char c);
bool char_is_alpha(char c);
bool char_is_alnum(char c);
char char_lower(char c);    /* ASCII */
