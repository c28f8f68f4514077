/* SPDX-License-Identifier: ISC */
/* Queries over a post that is already cut into words: what matcher_run and query_explain share.  One thread a view. */
#pragma once

#include "ops.h"

/* Clears `ret` (may be NULL) and fills it as query_matches does; it is empty if the answer is no. */
bool evaluate(const struct query *q, struct view *v, struct spans *ret);
/* One node alone; spans are appended, unsorted, only if the answer is yes. */
bool evaluate_part(const struct query *q, const struct node *n, struct view *v, struct spans *out);
