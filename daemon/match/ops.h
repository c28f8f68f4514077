/* SPDX-License-Identifier: ISC */
/*
 * The operators of ops.def, and a post as they see it: its words in groups, each cut when first asked for.
 */
#pragma once

#include "query.h"
#include "words.h"

enum group { GROUP_TEXT, GROUP_TAG, GROUP_AUTHOR, GROUP_SOURCE, GROUP_LANGUAGE, GROUP_URL, GROUPS };

#define VIEW_SCRATCH (12u << 10) /* bytes; holds the words of a post of about 1,500 bytes */

struct view {
	const struct post *post;
	struct words groups[GROUPS];
	unsigned cut; /* bit per group */
	_Alignas(16) char scratch[VIEW_SCRATCH];
};
/* A view is large and its scratch needs no zeros: declare it VIEW_UNINITIALIZED struct view v; */
#define VIEW_UNINITIALIZED __attribute__((uninitialized))

void view_init(struct view *v, const struct post *post);
void view_release(struct view *v);
struct words *view_words(struct view *v, enum group g);

struct op {
	const char *name, *takes, *help, *example;
	enum group group;
	unsigned fields;
	/* Whether the term stands in the post; appends where, unless out is NULL. */
	bool (*match)(const struct query *q, const struct node *t, struct view *v, struct spans *out);
};
extern const struct op ops[];
const struct op *op_of(const struct node *t);
