/* SPDX-License-Identifier: ISC */
/* Regular expressions once more: random ones, and a matcher that tries everything.  For tests. */
#pragma once

#include "base/arena.h"
#include "base/strbuf.h"

struct naive_regex;

/* `draw` gives a number below another one.  Appends the expression with its slashes and flags. */
struct naive_regex *naive_regex_random(struct arena *a, unsigned (*draw)(void *ctx, size_t below), void *ctx, struct strbuf *out);
/* The next place in `text` at `from` or behind, not empty; false if there is none. */
bool naive_regex_find(const struct naive_regex *r, struct str text, size_t from, size_t *ret_start, size_t *ret_end);
