/* SPDX-License-Identifier: ISC */
/* Queries over a post that is already cut into words: what matcher_run and query_explain share.  One thread a view. */
#pragma once

#include "ops.h"

/* Clears `ret` (may be NULL) and fills it as query_matches does; it is empty if the answer is no. */
bool evaluate(const struct query *q, struct view *v, struct spans *ret);
/* One node alone; spans are appended, unsorted, only if the answer is yes. */
bool evaluate_part(const struct query *q, const struct node *n, struct view *v, struct spans *out);
/* Appends the span of a plain query if it stands at that word of its group. */
void evaluate_place(const struct query *q, struct view *v, uint32_t word, struct spans *out);
/* By context, field, index and start; without duplicates. */
void spans_sort(struct spans *s);
