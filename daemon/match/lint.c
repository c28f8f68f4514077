/* SPDX-License-Identifier: ISC */
/* What is odd about a query. */
#include "explain.h"
#include "keys.h"

static bool same_range(const struct query *q, const struct node *a, const struct node *b)
{
	const struct term_word *x = &query_words(q)[a->word], *y = &query_words(q)[b->word];

	return a->op < FACT_TESTS || (x[0].hash == y[0].hash && x[1].hash == y[1].hash);
}

static bool same_term(const struct query *q, const struct node *a, const struct node *b);

/* The same accounts or names of a person, however he was named. */
static bool same_person(const struct query *q, const struct node *a, const struct node *b)
{
	a = node_child(q, a);
	b = node_child(q, b);
	for (; a && b && same_term(q, a, b); b = node_next(q, b))
		a = node_next(q, a);
	return a == NULL && b == NULL;
}

static bool same_term(const struct query *q, const struct node *a, const struct node *b)
{
	if (a->kind == NODE_OR && b->kind == NODE_OR)
		return a->term_len > 0 && b->term_len > 0 && same_person(q, a, b);
	if (a->kind == NODE_FACT && b->kind == NODE_FACT)
		return a->op == b->op && a->scope == b->scope && same_range(q, a, b);
	if (a->kind == NODE_REGEX && b->kind == NODE_REGEX)
		return a->op == b->op && a->scope == b->scope && str_eq(node_term(q, a), node_term(q, b));
	if (a->kind != NODE_TERM || b->kind != NODE_TERM || a->op != b->op || a->scope != b->scope || a->n != b->n ||
	    a->flags != b->flags || a->number != b->number)
		return false;
	if ((a->op == OP_AUTHOR_IS || a->op == OP_MENTION_IS) && !str_eq(node_term(q, a), node_term(q, b)))
		return false; /* of another platform */
	for (uint32_t i = 0; i < (a->flags & TERM_EXACT ? 2u : 1u) * a->n; i++) {
		if (!str_eq(term_word_text(q, &query_words(q)[a->word + i]), term_word_text(q, &query_words(q)[b->word + i])))
			return false;
	}
	return true;
}

/* Does each word that fits x fit y too?  `raw` words are compared as they stand. */
static bool word_implies(const struct query *q, const struct term_word *x, const struct term_word *y)
{
	struct str a = term_word_text(q, x), b = term_word_text(q, y);

	if (str_eq(a, b))
		return true;
	/* pre* takes all of prefix and prefi*; stars elsewhere are not looked into */
	return (y->flags & TERM_WORD_WILD) && str_chr(b, '*') + 1 == b.len &&
	       str_starts(str_slice(a, 0, str_chr(a, '*')), str_slice(b, 0, b.len - 1));
}

/* Is b found wherever a is?  False if that is not seen at a glance. */
static bool implies(const struct query *q, const struct node *a, const struct node *b)
{
	if (same_term(q, a, b))
		return true;
	if (a->kind != NODE_TERM || b->kind != NODE_TERM || ((a->flags | b->flags) & (TERM_LOOSE | TERM_ANY)) ||
	    a->op == OP_NAME || b->op == OP_NAME ||
	    (b->flags & ~a->flags & TERM_EXACT) || (a->scope & ~b->scope))
		return false;
	const struct op *x = op_of(a), *y = op_of(b);
	if (x->group != y->group || (x->fields & ~y->fields) || y->accepts)
		return false;
	for (uint32_t at = 0; at + b->n <= a->n; at++) {
		bool all = true;

		for (uint32_t i = 0; i < b->n && all; i++) {
			const struct term_word *v = &query_words(q)[a->word + at + i], *w = &query_words(q)[b->word + i];

			all = word_implies(q, v, w) && (!(b->flags & TERM_EXACT) || word_implies(q, v + a->n, w + b->n));
		}
		if (all)
			return true;
	}
	return false;
}

/* No post is both, where both are ranges of the same number. */
static bool apart(const struct query *q, const struct node *a, const struct node *b)
{
	if (a->kind != NODE_FACT || b->kind != NODE_FACT || a->op != b->op || a->scope != b->scope || a->op < FACT_TESTS)
		return false;
	const struct term_word *x = &query_words(q)[a->word], *y = &query_words(q)[b->word];
	return (int64_t)x[1].hash < (int64_t)y[0].hash || (int64_t)y[1].hash < (int64_t)x[0].hash;
}

/* a -b where each a is a b. */
static const struct node *contradiction_in(const struct query *q, const struct node *and)
{
	for (const struct node *a = node_child(q, and); a; a = node_next(q, a))
		for (const struct node *b = node_child(q, and); b && a->kind == NODE_NOT; b = node_next(q, b))
			if (implies(q, b, node_child(q, a)))
				return b;
	return NULL;
}

static bool one_value_only(const struct query *q, const struct node *n)
{
	return n->kind == NODE_TERM && n->scope == SCOPE_SELF && !(query_words(q)[n->word].flags & TERM_WORD_WILD) &&
	       (n->op == OP_SOURCE || n->op == OP_LANG);
}

/* lang:fr lang:de, source:a source:b: a post has one of each; likes:..5 likes:9..: and is in one of them. */
static const struct node *clash_in(const struct query *q, const struct node *and)
{
	for (const struct node *a = node_child(q, and); a; a = node_next(q, a))
		for (const struct node *b = node_next(q, a); b; b = node_next(q, b)) {
			if (apart(q, a, b))
				return b;
			if (one_value_only(q, a) && one_value_only(q, b) && a->op == b->op &&
			    !str_eq(term_word_text(q, &query_words(q)[a->word]), term_word_text(q, &query_words(q)[b->word])))
				return b;
		}
	return NULL;
}

struct lint {
	const struct query *q;
	struct strbuf *out;
	const char *between;
};

static void separate(struct lint *l)
{
	if (l->out->len > 0)
		strbuf_adds(l->out, l->between);
}

/* True if the node can never hold; says why. */
static bool lint_never(struct lint *l, const struct node *n)
{
	const struct node *why;
	bool all = true;

	switch ((enum node_kind)n->kind) {
	case NODE_TERM:
	case NODE_REGEX:
	case NODE_FACT:
	case NODE_NOT:
	case NODE_NEAR:
	case NODE_TIMES:
		return false;
	case NODE_SENTENCE:
		return lint_never(l, node_child(l->q, n));
	case NODE_OR:
		for (const struct node *c = node_child(l->q, n); c; c = node_next(l->q, c))
			all &= lint_never(l, c);
		return all;
	case NODE_AND:
		break;
	}
	why = contradiction_in(l->q, n);
	if (why) {
		separate(l);
		strbuf_adds(l->out, "can never match: ");
		explain_term(l->q, why, l->out);
		strbuf_adds(l->out, " is both asked for and excluded");
		return true;
	}
	why = clash_in(l->q, n);
	if (why) {
		separate(l);
		if (why->kind == NODE_FACT)
			strbuf_adds(l->out, "can never match: no number is in both ranges");
		else
			strbuf_addf(l->out, "can never match: a post has one %s, and two are asked for", op_of(why)->name);
		return true;
	}
	for (const struct node *c = node_child(l->q, n); c; c = node_next(l->q, c))
		if (lint_never(l, c))
			return true;
	return false;
}

/* Parts that change nothing: of a b, where each a is a b, b; of a OR b, a. */
static void lint_redundant(struct lint *l, const struct node *n)
{
	bool and = n->kind == NODE_AND;

	for (const struct node *a = node_child(l->q, n); a; a = node_next(l->q, a))
		for (const struct node *b = node_child(l->q, n); b; b = node_next(l->q, b)) {
			/* of two that are the same the second one is too much */
			if (a == b || !implies(l->q, a, b) || (b < a && implies(l->q, b, a)))
				continue;
			separate(l);
			strbuf_adds(l->out, "redundant: ");
			explain_term(l->q, and ? b : a, l->out);
			if (same_term(l->q, a, b)) {
				strbuf_adds(l->out, " is there twice");
				return;
			}
			strbuf_adds(l->out, " changes nothing beside ");
			explain_term(l->q, and ? a : b, l->out);
			return;
		}
}

/* a OR -a */
static void lint_always(struct lint *l, const struct node *or)
{
	for (const struct node *a = node_child(l->q, or); a; a = node_next(l->q, a))
		for (const struct node *b = node_child(l->q, or); b && a->kind == NODE_NOT; b = node_next(l->q, b)) {
			if (!implies(l->q, node_child(l->q, a), b))
				continue;
			separate(l);
			strbuf_adds(l->out, "always true: with ");
			explain_term(l->q, b, l->out);
			strbuf_adds(l->out, " or without it");
			return;
		}
}

#define PREFIX_BROAD_MAX 2 /* bytes: "a*", "*s" and "th*" hit nearly every post */

static bool is_broad(const struct query *q, const struct node *n)
{
	if (n->kind != NODE_TERM || n->n > 1 || op_of(n)->group != GROUP_TEXT)
		return false;
	const struct term_word *w = &query_words(q)[n->word];
	return (w->flags & TERM_WORD_WILD) && w->len <= PREFIX_BROAD_MAX + 1 && !(w->flags & WORD_CHAR);
}

static void lint_nodes(struct lint *l)
{
	for (uint32_t i = 0; i < l->q->n_nodes; i++) {
		const struct node *n = &l->q->nodes[i];

		if (n->kind == NODE_AND || n->kind == NODE_OR)
			lint_redundant(l, n);
		if (n->kind == NODE_OR)
			lint_always(l, n);
		if (!is_broad(l->q, n))
			continue;
		separate(l);
		strbuf_addf(l->out, "over-broad: %.*s fits most posts", STR_ARG(node_term(l->q, n)));
	}
}

void query_lint(const struct query *q, const char *between, struct strbuf *out)
{
	AUTO(keys) struct keys k = { 0 };
	AUTO(strbuf) struct strbuf said = STRBUF_INIT(4096);
	struct lint l = { q, &said, between };

	(void)lint_never(&l, q->nodes);
	if (!query_keys(q, &k)) {
		separate(&l);
		strbuf_adds(&said, "over-broad: no word or letters that each matching post must hold, so all are examined in full");
	}
	lint_nodes(&l);
	(void)strbuf_add(out, strbuf_str(&said));
}

/* --- cost ------------------------------------------------------------------------------------------------------------ */

#define COST_RARE 350    /* see word_cost: a word of six letters or more */
#define COST_COMMON 1500

void query_cost(const struct query *q, struct strbuf *out)
{
	AUTO(keys) struct keys k = { 0 };

	if (!query_keys(q, &k))
		strbuf_adds(out, "high: examined for each post");
	else if (k.cost >= COST_COMMON)
		strbuf_adds(out, "middle: examined for posts with frequent words");
	else if (k.cost > COST_RARE)
		strbuf_adds(out, "low: examined for posts with words that are not rare");
	else
		strbuf_adds(out, "least: examined for posts with rare words");
}
