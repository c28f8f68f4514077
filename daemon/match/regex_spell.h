/* SPDX-License-Identifier: ISC */
/*
 * Regular expressions spelled so that RE2 reads them as we mean them: \w, \d, \s, \b and \B know all scripts.  RE2's own \b
 * knows ASCII alone, which will do in texts that are ASCII.  For other texts the expression is spelled over a marked text:
 * marks stand at the borders of words and, if anybody asks, at all other places between code points.  C++ for regex.cc alone.
 */
#pragma once

#include <cstddef>
#include <string>

enum marks { MARKS_NONE, MARKS_BORDERS, MARKS_ALL };

#define MARK_BORDER '\1' /* texts hold no controls */
#define MARK_INSIDE '\2'
#define MARK_COPIES 2    /* of each mark, so that two in a row can ask for one */

struct spelling {
	std::string text;
	marks needs = MARKS_NONE; /* of the text, that it may be right beyond ASCII */
	std::string why;          /* not empty: what is wrong with it, */
	size_t at = 0;            /* at this byte */
};
spelling spell(const std::string &pattern, marks how, bool dot_all);
/* How many bytes {2,3} at `at` takes behind its first; 0 if the { is no more than that. */
size_t regex_repeats(const std::string &in, size_t at);

static inline bool is_mark(char c)
{
	return c == MARK_BORDER || c == MARK_INSIDE;
}
/* Bytes that a marked text takes at most; writes one, and how many it takes. */
size_t marked_room(size_t len);
size_t write_marked(const char *text, size_t len, marks how, char *out);
