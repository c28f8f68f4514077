/* SPDX-License-Identifier: ISC */
/* What of a post's context must be known before a query can be answered: logic of three values, no, open and yes. */
#include "evaluate.h"

enum truth { NO, OPEN, YES };

struct lacks {
	const struct query *q;
	struct view *view;
	unsigned missing;
};

/* What a part of the query that looks at these posts lacks; SCOPE_SELF is bit 0 of a scope. */
static unsigned lacks_of(const struct lacks *l, const struct node *n)
{
	return n->scope >> 1 & l->missing;
}

static enum truth truth_of(const struct lacks *l, const struct node *n, unsigned *lacks)
{
	unsigned parts = 0, ignored = 0;
	enum truth all = n->kind == NODE_AND ? YES : NO, decided = n->kind == NODE_AND ? NO : YES;

	if (n->kind == NODE_NOT)
		return YES - truth_of(l, node_child(l->q, n), lacks);
	if (n->kind != NODE_AND && n->kind != NODE_OR) {
		unsigned open = lacks_of(l, n);
		if (evaluate_part(l->q, n, l->view, NULL))
			return YES;
		*lacks |= open;
		return open ? OPEN : NO;
	}
	for (const struct node *c = node_child(l->q, n); c; c = node_next(l->q, c)) {
		enum truth t = truth_of(l, c, &parts);
		if (t == decided)
			return t;
		all = t == OPEN ? OPEN : all;
	}
	*(all == OPEN ? lacks : &ignored) |= parts;
	return all;
}

unsigned queries_lack(const struct query *const *queries, size_t n, const struct post *post, unsigned missing, unsigned *each)
{
	VIEW_UNINITIALIZED struct view v;
	unsigned all = 0;

	view_init(&v, post);
	for (size_t i = 0; i < n; i++) {
		const struct lacks l = { .q = queries[i], .view = &v, .missing = missing };
		unsigned lacks = 0;
		if (truth_of(&l, queries[i]->nodes, &lacks) != OPEN)
			lacks = 0;
		if (each != NULL)
			each[i] = lacks;
		all |= lacks;
	}
	view_release(&v);
	return all;
}

unsigned query_relations(const struct query *q)
{
	unsigned scopes = 0;

	for (size_t i = 0; i < q->n_nodes; i++)
		if (q->nodes[i].kind < NODE_AND || q->nodes[i].kind > NODE_NOT)
			scopes |= q->nodes[i].scope;
	return scopes >> 1;
}
