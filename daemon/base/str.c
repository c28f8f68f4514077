/* SPDX-License-Identifier: ISC */
/* Borrowed text: comparing, finding, cutting. */
#include "base/str.h"

static bool same_folded(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (char_lower(a[i]) != char_lower(b[i]))
			return false;
	return true;
}

bool str_eq_nocase(struct str a, struct str b)
{
	return a.len == b.len && same_folded(a.p, b.p, a.len);
}

int str_cmp(struct str a, struct str b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int order = len ? memcmp(a.p, b.p, len) : 0;
	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

bool str_starts_nocase(struct str s, struct str prefix)
{
	return s.len >= prefix.len && same_folded(s.p, prefix.p, prefix.len);
}

size_t str_find(struct str s, struct str needle)
{
	if (needle.len == 0)
		return 0;
	if (s.len < needle.len)
		return STR_NPOS;
	const char *hit = memmem(s.p, s.len, needle.p, needle.len);
	return hit ? (size_t)(hit - s.p) : STR_NPOS;
}

size_t str_find_nocase(struct str s, struct str needle)
{
	if (needle.len == 0)
		return 0;
	for (size_t i = 0; i + needle.len <= s.len; i++)
		if (same_folded(s.p + i, needle.p, needle.len))
			return i;
	return STR_NPOS;
}

size_t str_chr(struct str s, char c)
{
	const char *hit = s.len ? memchr(s.p, c, s.len) : NULL;
	return hit ? (size_t)(hit - s.p) : STR_NPOS;
}

size_t str_rchr(struct str s, char c)
{
	const char *hit = s.len ? memrchr(s.p, c, s.len) : NULL;
	return hit ? (size_t)(hit - s.p) : STR_NPOS;
}

struct str str_trim(struct str s)
{
	size_t from = 0, to = s.len;
	while (from < to && char_is_space(s.p[from]))
		from++;
	while (to > from && char_is_space(s.p[to - 1]))
		to--;
	return str_slice(s, from, to);
}

bool str_split(struct str *rest, char sep, struct str *ret_piece)
{
	if (!str_present(*rest))
		return false;
	size_t at = str_chr(*rest, sep);
	if (at == STR_NPOS) {
		*ret_piece = *rest;
		*rest = STR_NULL;
	} else {
		*ret_piece = str_slice(*rest, 0, at);
		*rest = str_from(*rest, at + 1);
	}
	return true;
}

#define NEAREST_LEN_MAX 64 /* longer words are no slips of a known short one */

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edit distance with swapped neighbours as one edit (optimal string alignment), ASCII case folded.
 */
static size_t edit_distance(struct str a, struct str b)
{
	size_t rows[3][NEAREST_LEN_MAX + 1];
	size_t *two_up = rows[0], *up = rows[1], *row = rows[2];
	for (size_t j = 0; j <= b.len; j++)
		up[j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			char x = char_lower(a.p[i - 1]), y = char_lower(b.p[j - 1]);
			size_t d = least(up[j - 1] + (x != y), least(up[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && x == char_lower(b.p[j - 2]) &&
			    y == char_lower(a.p[i - 2]))
				d = least(d, two_up[j - 2] + 1);
			row[j] = d;
		}
		size_t *free_row = two_up;
		two_up = up;
		up = row;
		row = free_row;
	}
	return up[b.len];
}

int str_nearest(struct str s, const char *const *candidates, size_t n)
{
	if (s.len == 0 || s.len > NEAREST_LEN_MAX)
		return -1;
	size_t limit = s.len / 3 > 2 ? s.len / 3 : 2, best = SIZE_MAX;
	int found = -1;
	for (size_t i = 0; i < n; i++) {
		struct str c = str_c(candidates[i]);
		if (c.len > NEAREST_LEN_MAX)
			continue;
		size_t d = edit_distance(s, c);
		/* A word of which every letter would have to change is another word. */
		if (d <= limit && d < s.len && d < best) {
			best = d;
			found = (int)i;
		}
	}
	return found;
}
