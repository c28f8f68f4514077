/* SPDX-License-Identifier: ISC */
/* What is odd about a query. */
#include "explain.h"
#include "keys.h"

static bool same_range(const struct query *q, const struct node *a, const struct node *b)
{
	const struct term_word *x = &q->words[a->word], *y = &q->words[b->word];

	return a->op < FACT_TESTS || (x[0].hash == y[0].hash && x[1].hash == y[1].hash);
}

static bool same_term(const struct query *q, const struct node *a, const struct node *b)
{
	if (a->kind == NODE_FACT && b->kind == NODE_FACT)
		return a->op == b->op && a->scope == b->scope && same_range(q, a, b);
	if (a->kind == NODE_REGEX && b->kind == NODE_REGEX)
		return a->op == b->op && a->scope == b->scope && str_eq(node_term(q, a), node_term(q, b));
	if (a->kind != NODE_TERM || b->kind != NODE_TERM || a->op != b->op || a->scope != b->scope || a->n != b->n ||
	    a->flags != b->flags || a->number != b->number)
		return false;
	for (uint32_t i = 0; i < (a->flags & TERM_EXACT ? 2u : 1u) * a->n; i++) {
		if (!str_eq(term_word_text(q, &q->words[a->word + i]), term_word_text(q, &q->words[b->word + i])))
			return false;
	}
	return true;
}

/* Whether a node is demanded by the list that `n` stands for: itself, or a child of its AND. */
static const struct node *contradiction_in(const struct query *q, const struct node *and)
{
	for (const struct node *a = node_child(q, and); a; a = node_next(q, a))
		for (const struct node *b = node_child(q, and); b && a->kind == NODE_NOT; b = node_next(q, b))
			if (same_term(q, node_child(q, a), b))
				return b;
	return NULL;
}

static bool one_value_only(const struct query *q, const struct node *n)
{
	return n->kind == NODE_TERM && n->scope == SCOPE_SELF && !(q->words[n->word].flags & TERM_WORD_WILD) &&
	       (n->op == OP_SOURCE || n->op == OP_LANG);
}

/* lang:fr lang:de, source:a source:b: a post has one of each. */
static const struct node *clash_in(const struct query *q, const struct node *and)
{
	for (const struct node *a = node_child(q, and); a; a = node_next(q, a))
		for (const struct node *b = node_next(q, a); b; b = node_next(q, b)) {
			if (one_value_only(q, a) && one_value_only(q, b) && a->op == b->op &&
			    !str_eq(term_word_text(q, &q->words[a->word]), term_word_text(q, &q->words[b->word])))
				return b;
		}
	return NULL;
}

static void separate(struct strbuf *out)
{
	if (out->len > 0)
		strbuf_adds(out, "; ");
}

/* True if the node can never hold; says why. */
static bool lint_never(const struct query *q, const struct node *n, struct strbuf *out)
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
		return lint_never(q, node_child(q, n), out);
	case NODE_OR:
		for (const struct node *c = node_child(q, n); c; c = node_next(q, c))
			all &= lint_never(q, c, out);
		return all;
	case NODE_AND:
		break;
	}
	why = contradiction_in(q, n);
	if (why) {
		separate(out);
		strbuf_adds(out, "can never match: ");
		explain_term(q, why, out);
		strbuf_adds(out, " is both asked for and excluded");
		return true;
	}
	why = clash_in(q, n);
	if (why) {
		separate(out);
		strbuf_addf(out, "can never match: a post has one %s, and two are asked for", op_of(why)->name);
		return true;
	}
	for (const struct node *c = node_child(q, n); c; c = node_next(q, c))
		if (lint_never(q, c, out))
			return true;
	return false;
}

#define PREFIX_BROAD_MAX 2 /* bytes: "a*", "*s" and "th*" hit nearly every post */

static void lint_prefixes(const struct query *q, struct strbuf *out)
{
	for (uint32_t i = 0; i < q->n_nodes; i++) {
		const struct node *n = &q->nodes[i];

		const struct term_word *w = &q->words[n->word];

		if (n->kind != NODE_TERM || n->n > 1 || op_of(n)->group != GROUP_TEXT || !(w->flags & TERM_WORD_WILD) ||
		    w->len > PREFIX_BROAD_MAX + 1 || (w->flags & WORD_CHAR))
			continue;
		separate(out);
		strbuf_addf(out, "over-broad: %.*s fits most posts", STR_ARG(node_term(q, n)));
	}
}

void query_lint(const struct query *q, struct strbuf *out)
{
	AUTO(keys) struct keys k = { 0 };
	AUTO(strbuf) struct strbuf said = STRBUF_INIT(4096);

	(void)lint_never(q, q->nodes, &said);
	if (!query_keys(q, &k)) {
		separate(&said);
		strbuf_adds(&said, "over-broad: no word that every matching post must hold, so each post is examined in full");
	}
	lint_prefixes(q, &said);
	(void)strbuf_add(out, strbuf_str(&said));
}
