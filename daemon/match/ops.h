/* SPDX-License-Identifier: ISC */
/*
 * The operators of ops.def, and a post as they see it: its words in groups, each cut when first asked for.
 */
#pragma once

#include "query.h"
#include "words.h"

enum group { GROUP_TEXT, GROUP_TAG, GROUP_AUTHOR, GROUP_SOURCE, GROUP_LANGUAGE, GROUP_URL, GROUPS };

#define VIEW_SCRATCH (12u << 10) /* bytes; holds the words of a post of about 1,500 bytes */

/* One post, the matched one or one of its context. */
struct sight {
	const struct post *post;
	struct words groups[GROUPS];
	unsigned cut; /* bit per group */
	char *scratch; /* VIEW_SCRATCH bytes, or NULL */
};
struct view {
	struct sight self;
	struct sight context[POST_CONTEXT_MAX]; /* as many as the post has */
	_Alignas(16) char scratch[VIEW_SCRATCH];
};
/* A view is large and its scratch needs no zeros: declare it VIEW_UNINITIALIZED struct view v; */
#define VIEW_UNINITIALIZED __attribute__((uninitialized))

void view_init(struct view *v, const struct post *post);
void view_release(struct view *v);
struct words *sight_words(struct sight *s, enum group g);
/* Does a term with this scope look at the post's i-th context? */
static inline bool scope_has(unsigned scope, const struct post *p, size_t i)
{
	return scope >> (1 + p->context.v[i].relation) & 1;
}

struct op {
	const char *name, *takes, *help, *example;
	enum group group;
	unsigned fields;
	/* Further demand on a place where the term's words stand, words i.. of w; NULL if there is none. */
	bool (*accepts)(const struct node *t, const struct sight *s, const struct words *w, size_t i);
};
extern const struct op ops[];
const struct op *op_of(const struct node *t);

struct scope {
	const char *name, *help, *example;
	unsigned scope;
};
#define SCOPES 5
extern const struct scope scopes[SCOPES];
/* "parent", or NULL for the post itself. */
const struct scope *scope_of(const struct node *t);
