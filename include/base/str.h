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
#include <string.h>

struct str {
	const char *p;
	size_t len; /* bytes */
};

#define STR_NULL ((struct str){ NULL, 0 })
#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })
/* for printf's "%.*s" */
#define STR_ARG(s) (int)((s).len > 0x7fffffff ? 0x7fffffff : (s).len), ((s).p ? (s).p : "")

/* What is small stands here, where the compiler sees it: millions of these calls are made for each large feed. */
static inline bool char_is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); } /* ASCII, with \v \f */
static inline bool char_is_digit(char c) { return c >= '0' && c <= '9'; }
static inline char char_lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c; } /* ASCII */
static inline bool char_is_alpha(char c) { return char_lower(c) >= 'a' && char_lower(c) <= 'z'; }
static inline bool char_is_alnum(char c) { return char_is_alpha(c) || char_is_digit(c); }

static inline struct str str_n(const void *p, size_t len) { return (struct str){ (const char *)p, len }; }
/* NULL gives STR_NULL */
static inline struct str str_c(const char *cstr) { return cstr ? str_n(cstr, strlen(cstr)) : STR_NULL; }
static inline bool str_present(struct str s) { return s.p != NULL; }
static inline bool str_empty(struct str s) { return s.len == 0; }
/* Byte-equal; absent equals empty (memcmp must not see NULL, not even for no bytes). */
static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}
bool str_eq_nocase(struct str a, struct str b);           /* ASCII letters fold */
int str_cmp(struct str a, struct str b);                  /* byte order, like strcmp */
static inline bool str_starts(struct str s, struct str prefix)
{
	return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.p, prefix.p, prefix.len) == 0);
}
bool str_starts_nocase(struct str s, struct str prefix);
static inline bool str_ends(struct str s, struct str suffix)
{
	return s.len >= suffix.len && (suffix.len == 0 || memcmp(s.p + (s.len - suffix.len), suffix.p, suffix.len) == 0);
}
#define STR_NPOS ((size_t)-1)
size_t str_find(struct str s, struct str needle);         /* STR_NPOS if not there */
size_t str_find_nocase(struct str s, struct str needle);  /* ASCII letters fold */
size_t str_chr(struct str s, char c);                     /* STR_NPOS if not there */
size_t str_rchr(struct str s, char c);
static inline struct str str_slice(struct str s, size_t from, size_t to) /* clamped to s */
{
	to = to < s.len ? to : s.len;
	from = from < to ? from : to;
	return str_n(s.p ? s.p + from : NULL, to - from);
}
static inline struct str str_from(struct str s, size_t from) { return str_slice(s, from, s.len); }
struct str str_trim(struct str s);                        /* ASCII white space at both ends */
/* Cuts the next piece up to `sep` off `*rest`; false when nothing is left.  "a,,b" gives three
 * pieces. */
bool str_split(struct str *rest, char sep, struct str *ret_piece);
/* The candidate with the least edit distance to `s`, if it is near enough to be a slip (<= 2 or a
 * third of the
 * length); -1 if none.  For "did you mean". */
int str_nearest(struct str s, const char *const *candidates, size_t n);
