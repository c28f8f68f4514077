/* SPDX-License-Identifier: ISC */
/* Where a term stands in a post, and what is built from such places: NEAR, {n,} and SENTENCE.  One thread a view. */
#pragma once

#include "ops.h"

struct hit {
	uint32_t first, last; /* words of GROUP_TEXT */
};
struct hits {
	VEC(struct hit) list; /* by first, then last; no duplicates */
};
void hits_release(struct hits *h);
void hits_sort(struct hits *h);

/* Whether the term stands in the post; appends where, unless `out` is NULL. */
bool term_spans(const struct query *q, const struct node *t, struct sight *s, struct spans *out);
/* The same as places in the text; not of a loose phrase. */
void term_hits(const struct query *q, const struct node *t, struct sight *s, struct hits *out);
/* Appends the term's span if it stands at word i of its group; not of a loose phrase. */
void term_span_at(const struct query *q, const struct node *t, struct sight *s, uint32_t i, struct spans *out);
void term_add_span(const struct query *q, const struct node *t, const struct words *w, struct hit h, struct spans *out);

/* NODE_NEAR, NODE_TIMES, NODE_SENTENCE: as term_spans. */
bool near_spans(const struct query *q, const struct node *n, struct sight *s, struct spans *out);
