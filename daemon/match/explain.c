/* SPDX-License-Identifier: ISC */
/* Why a query matches or not, what is odd about it, and what the archive's full-text index can be asked for it. */
#include "base/text.h"
#include "evaluate.h"
#include "keys.h"

/* --- explain --------------------------------------------------------------------------------------------------------- */

#define HIT_SHOWN_MAX 60 /* bytes */
#define HITS_SHOWN_MAX 5

static void add_term(const struct query *q, const struct node *t, struct strbuf *out)
{
	const struct op *o = op_of(t);

	if (scope_of(t))
		strbuf_addf(out, "%s:", scope_of(t)->name);
	if (char_is_alpha(o->name[0]))
		strbuf_addf(out, "%s:", o->name);
	struct str term = node_term(q, t);
	strbuf_addf(out, t->n > 1 || str_chr(term, ' ') != STR_NPOS ? "\"%.*s\"" : "%.*s", STR_ARG(term));
}

static void add_hits(const struct spans *s, const struct post *post, struct strbuf *out)
{
	for (size_t i = 0; i < s->list.n && i < HITS_SHOWN_MAX; i++) {
		const struct span *x = &s->list.v[i];
		struct str text = str_slice(match_field_text(match_span_post(post, x), x->field, x->index), x->start, x->end);

		strbuf_adds(out, i ? ", " : "   ");
		if (x->context)
			strbuf_addf(out, "%s ", post_relation_name(post->context.v[x->context - 1].relation));
		strbuf_addf(out, "%s: %.*s", match_field_name(x->field), STR_ARG(text_cut(text, HIT_SHOWN_MAX)));
	}
	if (s->list.n > HITS_SHOWN_MAX)
		strbuf_addf(out, " and %zu more", s->list.n - HITS_SHOWN_MAX);
}

static void explain_node(const struct query *q, const struct node *n, struct view *v, int depth, struct strbuf *out)
{
	static const char *const names[] = { [NODE_AND] = "all of", [NODE_OR] = "any of", [NODE_NOT] = "not" };
	AUTO(spans) struct spans s = { 0 };
	bool is = evaluate_part(q, n, v, &s);

	strbuf_addf(out, "%-4s%*s", is ? "yes" : "no", 2 * depth, "");
	if (n->kind == NODE_TERM) {
		add_term(q, n, out);
		add_hits(&s, v->self.post, out);
		strbuf_addc(out, '\n');
		return;
	}
	strbuf_addf(out, "%s\n", names[n->kind]);
	for (const struct node *c = node_child(q, n); c; c = node_next(q, c))
		explain_node(q, c, v, depth + 1, out);
}

void query_explain(const struct query *q, const struct post *post, struct strbuf *out)
{
	VIEW_UNINITIALIZED struct view v;

	view_init(&v, post);
	explain_node(q, q->nodes, &v, 0, out);
	view_release(&v);
}

/* --- lint ------------------------------------------------------------------------------------------------------------ */

static bool same_term(const struct query *q, const struct node *a, const struct node *b)
{
	if (a->kind != NODE_TERM || b->kind != NODE_TERM || a->op != b->op || a->scope != b->scope)
		return false;
	if (a->n != b->n || a->prefix != b->prefix)
		return false;
	for (uint32_t i = 0; i < a->n; i++) {
		const struct term_word *x = &q->words[a->word + i], *y = &q->words[b->word + i];

		if (!str_eq(str_n(q->folded + x->at, x->len), str_n(q->folded + y->at, y->len)))
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

static bool one_value_only(const struct node *n)
{
	return n->kind == NODE_TERM && !n->prefix && n->scope == SCOPE_SELF && (n->op == OP_SOURCE || n->op == OP_LANG);
}

/* lang:fr lang:de, source:a source:b: a post has one of each. */
static const struct node *clash_in(const struct query *q, const struct node *and)
{
	for (const struct node *a = node_child(q, and); a; a = node_next(q, a))
		for (const struct node *b = node_next(q, a); b; b = node_next(q, b)) {
			const struct term_word *x = &q->words[a->word], *y = &q->words[b->word];

			if (one_value_only(a) && one_value_only(b) && a->op == b->op &&
			    !str_eq(str_n(q->folded + x->at, x->len), str_n(q->folded + y->at, y->len)))
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
	case NODE_NOT:
		return false;
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
		add_term(q, why, out);
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

#define PREFIX_BROAD_MAX 2 /* bytes: "a*" and "th*" hit nearly every post */

static void lint_prefixes(const struct query *q, struct strbuf *out)
{
	for (uint32_t i = 0; i < q->n_nodes; i++) {
		const struct node *n = &q->nodes[i];

		if (n->kind != NODE_TERM || !n->prefix || n->n > 1 || op_of(n)->group != GROUP_TEXT ||
		    q->words[n->word].len > PREFIX_BROAD_MAX || (q->words[n->word].flags & WORD_CHAR))
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

/* --- full-text search ------------------------------------------------------------------------------------------------ */

/*
 * Code points that are letters or digits to SQLite's unicode61 tokenizer too, whatever Unicode version it was built
 * from (letters of Unicode 5 and before), and that it folds to themselves once we have folded them.
 */
static bool is_safe(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = {
		{ '0', '9' }, { 'a', 'z' }, { 0x3b1, 0x3c9 }, { 0x430, 0x44f }, { 0x561, 0x586 }, { 0x5d0, 0x5ea },
		{ 0x621, 0x63a }, { 0x641, 0x64a }, { 0x10d0, 0x10f0 }, { 0x3041, 0x3094 }, { 0x30a1, 0x30f4 },
		{ 0x4e00, 0x9fa5 }, { 0xac00, 0xd7a3 },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

static bool is_safe_word(struct str s)
{
	for (size_t pos = 0; pos < s.len;)
		if (!is_safe(text_next(s, &pos)))
			return false;
	return s.len > 0;
}

/* The term's runs of safe words as quoted phrases joined by AND; false if it has none. */
static bool fts_term(const struct query *q, const struct node *t, struct strbuf *out)
{
	bool in_phrase = false, any = false;

	if (op_of(t)->group != GROUP_TEXT)
		return false;
	strbuf_addc(out, '(');
	for (uint32_t i = 0; i < t->n; i++) {
		const struct term_word *w = &q->words[t->word + i];
		struct str s = { q->folded + w->at, w->len };
		bool last = i + 1 == t->n;

		if (!is_safe_word(s)) {
			if (in_phrase)
				strbuf_addc(out, '"');
			in_phrase = false;
			continue;
		}
		strbuf_adds(out, in_phrase ? " " : any ? " AND \"" : "\"");
		strbuf_add(out, s);
		if (last)
			strbuf_adds(out, t->prefix ? "\"*" : "\"");
		in_phrase = any = true;
	}
	strbuf_addc(out, ')');
	return any;
}

static bool fts_node(const struct query *q, const struct node *n, bool negated, struct strbuf *out)
{
	bool every, first = true;
	size_t before = out->len;

	if (n->kind == NODE_NOT)
		return fts_node(q, node_child(q, n), !negated, out);
	if (n->kind == NODE_TERM) {
		if (!negated && fts_term(q, n, out))
			return true;
		strbuf_truncate(out, before);
		return false;
	}
	/* of an AND one child's demand is enough, of an OR every child must have one; negation swaps them */
	every = (n->kind == NODE_OR) != negated;
	strbuf_addc(out, '(');
	for (const struct node *c = node_child(q, n); c; c = node_next(q, c)) {
		size_t here = out->len;

		if (!first)
			strbuf_adds(out, every ? " OR " : " AND ");
		if (fts_node(q, c, negated, out)) {
			first = false;
		} else if (every) {
			strbuf_truncate(out, before);
			return false;
		} else {
			strbuf_truncate(out, here);
		}
	}
	strbuf_addc(out, ')');
	if (first)
		strbuf_truncate(out, before);
	return !first;
}

bool query_necessary_fts(const struct query *q, struct strbuf *out)
{
	size_t before = out->len;

	if (fts_node(q, q->nodes, false, out) && !out->toobig)
		return true;
	strbuf_truncate(out, before);
	return false;
}
