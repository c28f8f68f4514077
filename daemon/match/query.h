/* SPDX-License-Identifier: ISC */
/*
 * A compiled query: one block of memory with its nodes, words and text, so that evaluating a candidate touches few
 * cache lines.  Immutable.
 */
#pragma once

#include "match/match.h"

enum op_id {
#define OP(id, name, takes, group, fields, match, help, example) OP_##id,
#include "ops.def"
#undef OP
	OPS
};

enum node_kind { NODE_TERM, NODE_AND, NODE_OR, NODE_NOT };

struct term_word {
	uint64_t hash;
	uint32_t at, len; /* in query.folded */
	uint8_t flags;    /* WORD_GLUED and WORD_CHAR count */
};

struct node {
	uint8_t kind;      /* enum node_kind */
	uint8_t op;        /* enum op_id; of a term */
	bool prefix;       /* the last word may go on */
	uint32_t child;    /* first child; of AND, OR, NOT */
	uint32_t next;     /* next child of the same parent, 0 at the end (0 is the root, nobody's child) */
	uint32_t word, n;  /* words of a term: first, how many (>= 1) */
	uint32_t pivot;    /* the longest of them that must stand as a whole; n if there is none */
	struct str term;   /* as written */
};

struct query {
	const struct node *nodes; /* the root is the first one */
	const struct term_word *words;
	const char *folded;
	struct str text;
	uint32_t n_nodes, n_words;
};

static inline const struct node *node_child(const struct query *q, const struct node *n)
{
	return &q->nodes[n->child];
}
static inline const struct node *node_next(const struct query *q, const struct node *n)
{
	return n->next ? &q->nodes[n->next] : NULL;
}
