/* SPDX-License-Identifier: ISC */
/*
 * The operators of ops.def, and a post as they see it: its words in groups, each cut when first asked for.
 */
#pragma once

#include "query.h"
#include "words.h"

enum group {
	GROUP_TEXT, GROUP_STEM, GROUP_TAG, GROUP_AUTHOR, GROUP_MENTION, GROUP_SOURCE, GROUP_LANGUAGE, GROUP_URL, GROUP_WARNING,
	GROUP_ID, GROUPS
};

#define VIEW_SCRATCH (12u << 10) /* bytes; holds the words of a post of about 1,000 bytes */

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
	return (scope >> (1 + p->context.v[i].relation) & 1) ||
	       ((scope & 2u << RELATION_ROOT) && post_relates(p, i, RELATION_ROOT));
}

#define FIELDS_OF_TEXTS (1u << FIELD_OF_TITLE | 1u << FIELD_OF_TEXT | 1u << FIELD_OF_SUMMARY)
/* How many texts of this kind the post has; 1 of those that are no list. */
size_t match_field_count(const struct post *p, enum post_field f);

struct op {
	const char *name;
	enum group group;
	unsigned fields;
	/* Further demand on a place where the term's words stand, words i.. of w; NULL if there is none. */
	bool (*accepts)(const struct query *q, const struct node *t, const struct sight *s, const struct words *w, size_t i);
};
extern const struct op ops[];
const struct op *op_of(const struct node *t);
/* Fields that regular expressions of the op, of any op of the group look at: of tags and mentions only what the source gives. */
unsigned op_regex_fields(const struct op *o);
unsigned group_regex_fields(enum group g);

enum operator_kind {
	OPERATOR_WORDS, /* of the op with this id */
	OPERATOR_SCOPE,
	OPERATOR_WATCH,
	OPERATOR_FACT,  /* name:value */
	OPERATOR_RANGE,
	OPERATOR_SAME,  /* as the one that `value` names */
	OPERATOR_REFUSED,
	OPERATOR_FORM   /* none, but shown with them */
};
struct operator {
	enum operator_kind kind;
	uint8_t id;                /* enum op_id, or enum fact_id */
	uint8_t scope;             /* 0: where the query looks anyway */
	const char *name, *value, *takes, *help, *example; /* help says of REFUSED why */
};
#define OPERATORS_MAX 128
const struct operator *operator_at(size_t i); /* NULL beyond the last one */
/* The first one of this name without regard to case, or NULL. */
const struct operator *operator_find(struct str name);
/* "parent", or NULL for the post itself. */
const char *scope_name(unsigned scope);

/* --- facts.c --- */

bool fact_can_be_known(unsigned fact);
/* Whether the post is so, or its number lies in the range. */
bool fact_holds(const struct query *q, const struct node *n, struct sight *s);
/* "100", "100..", "..5", "10..1e3"; of age durations, of published dates.  `from_on`: a single number is the least one.
 * False: it is none, or an empty one. */
bool fact_range(unsigned fact, struct str text, bool from_on, int64_t *ret_from, int64_t *ret_to);
