/* SPDX-License-Identifier: ISC */
/*
 * A compiled query: one block of memory with its nodes, words and text, so that evaluating a candidate touches few
 * cache lines.  Immutable.
 */
#pragma once

#include "match/match.h"

enum op_id {
#define OP(id, name, takes, group, fields, accepts, help, example) OP_##id,
#define INNER(id, name, group, fields, accepts) OP_##id,
#include "ops.def"
	OPS
};

/* Those that are or are not, then those that have a number. */
enum fact_id {
#define FACT(id, op, value, test, help) FACT_##id,
#include "ops.def"
	FACT_TESTS,
	FACT_LAST_TEST = FACT_TESTS - 1, /* so that the first range is FACT_TESTS */
#define RANGE(id, name, takes, help, example) FACT_##id,
#include "ops.def"
	FACTS
};

/* Where a term is looked for: bit 0 the post itself, bit 1 + r the posts of its context with that enum relation. */
#define SCOPE_SELF 1u

/*
 * NEAR and TIMES are of words that stand in running text: their children are terms, ORs of such, and NEARs.  SENTENCE has
 * one child, made of these and of AND and NOT.
 */
enum node_kind { NODE_TERM, NODE_REGEX, NODE_FACT, NODE_AND, NODE_OR, NODE_NOT, NODE_NEAR, NODE_TIMES, NODE_SENTENCE };

enum node_flag {
	TERM_EXACT = 1,  /* case and accents count: behind its words stand as many TERM_WORD_RAW ones */
	TERM_LOOSE = 2,  /* at most `number` other words among its own, in any order */
	NEAR_ORDERED = 4,
	TERM_ANY = 8,    /* one of its words is enough: stems */
	TERM_NAME = 16   /* each word of the name in one of its forms: a TERM_WORD_NEXT and those behind it */
};

enum account_by { /* what is looked for of a person's account */
	ACCOUNT_BY_HANDLE,
	ACCOUNT_BY_HANDLE_ONLY, /* where the post gives no id: that of the account is known */
	ACCOUNT_BY_ID
};

enum term_word_flag { /* besides WORD_GLUED and WORD_CHAR */
	TERM_WORD_NEXT = 1,     /* the forms of the next word of the name begin here */
	TERM_WORD_FOREIGN = 32, /* counts where form_counts says so */
	TERM_WORD_WILD = 64, /* holds stars, each of which stands for any letters; its hash counts for nothing */
	TERM_WORD_RAW = 128  /* lies in query_texts, not in query_folded */
};

#define QUERY_NUMBER_MAX 99   /* of NEAR/n, ~n and {n,}: what is further apart has nothing to do with each other (ours) */
#define QUERY_NEAR_DEFAULT 4  /* of NEAR without a number, as in Meltwater's language */
#define QUERY_LOOSE_WORDS_MAX 16
#define QUERY_REGEXES_MAX 16  /* each may take 8 MiB */

/* Sizes count: 100,000 watches are held in memory, and evaluating a candidate touches its query.  QUERY_MAX bounds every
 * number here: folding makes at most 11 bytes of one (U+FDFA). */
struct term_word {
	uint32_t hash;
	uint16_t at, len; /* in query_folded, or in query_texts if it is RAW */
	uint8_t flags;
};

struct node {
	uint8_t kind;      /* enum node_kind */
	uint8_t op;        /* of a term or regular expression enum op_id, of a fact enum fact_id */
	uint8_t scope;     /* SCOPE_SELF and the bits of relations; not of AND, OR, NOT */
	uint8_t flags;     /* enum node_flag */
	uint8_t number;    /* of NEAR and a loose term: words between; of TIMES: how often; of an account enum
	                    * account_by */
	uint16_t child;    /* first child; of all but a term */
	uint16_t next;     /* next child of the same parent, 0 at the end (0 is the root, nobody's child) */
	uint16_t word, n;  /* words of a term: first, how many (>= 1); of a range: its limits, the numbers of two words;
	                    * `word` of a regular expression: which of the query's */
	uint16_t pivot;    /* the longest of them that must stand as it is; n if there is none */
	uint16_t term_at, term_len; /* as written: in query_texts; of an OR: the person that it stands for, if it does */
};

struct regex;

struct query {
	struct regex **regexes; /* owned */
	uint16_t n_nodes, n_words, folded_len, text_len; /* text_len: of what the user wrote, the first of the texts */
	uint16_t names_len; /* of watches and people that were looked up, with which the query changes: see query_asked */
	uint8_t n_regexes;
	bool plain;        /* one term whose words stand side by side in the post itself: its key in the index is of its first
	                    * words, and whoever found that key knows the only places where it can stand */
	struct node nodes[]; /* the root is the first one; behind them the words, their folded text, the names, the texts */
};

static inline const struct term_word *query_words(const struct query *q)
{
	return (const struct term_word *)(const void *)(q->nodes + q->n_nodes);
}
static inline const char *query_folded(const struct query *q)
{
	return (const char *)(query_words(q) + q->n_words);
}
/* Of each a letter (enum query_name), the name and '\n'. */
static inline struct str query_asked(const struct query *q)
{
	return (struct str){ query_folded(q) + q->folded_len, q->names_len };
}
static inline const char *query_texts(const struct query *q)
{
	return query_folded(q) + q->folded_len + q->names_len;
}
/* A number instead of a word. */
static inline struct term_word term_word_of_number(int64_t n)
{
	uint64_t u = (uint64_t)n;

	return (struct term_word){ .hash = (uint32_t)u, .at = (uint16_t)(u >> 32), .len = (uint16_t)(u >> 48) };
}
static inline int64_t term_word_number(const struct term_word *w)
{
	return (int64_t)((uint64_t)w->len << 48 | (uint64_t)w->at << 32 | w->hash);
}

/* The user's own spelling of a term. */
static inline struct str node_term(const struct query *q, const struct node *t)
{
	return (struct str){ query_texts(q) + t->term_at, t->term_len };
}
static inline const struct node *node_child(const struct query *q, const struct node *n)
{
	return &q->nodes[n->child];
}
static inline const struct node *node_next(const struct query *q, const struct node *n)
{
	return n->next ? &q->nodes[n->next] : NULL;
}
static inline struct str term_word_text(const struct query *q, const struct term_word *w)
{
	return (struct str){ (w->flags & TERM_WORD_RAW ? query_texts(q) : query_folded(q)) + w->at, w->len };
}
