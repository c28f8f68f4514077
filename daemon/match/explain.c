/* SPDX-License-Identifier: ISC */
/* Why a query matches or not. */
#include "explain.h"

#include "base/text.h"
#include "evaluate.h"

#define HIT_SHOWN_MAX 60 /* bytes */
#define HITS_SHOWN_MAX 5

void explain_term(const struct query *q, const struct node *t, struct strbuf *out)
{
	const struct op *o = op_of(t);
	struct str term = node_term(q, t);
	const char *scope = scope_name(t->scope);

	if (scope)
		strbuf_addf(out, "%s:", scope);
	if (t->kind == NODE_FACT) {
		strbuf_add(out, term);
		return;
	}
	if (char_is_alpha(o->name[0]))
		strbuf_addf(out, "%s:", o->name);
	if ((t->flags & TERM_EXACT) && !str_starts(term, STR("=")))
		strbuf_addc(out, '=');
	if (t->kind == NODE_REGEX) {
		strbuf_add(out, term);
		return;
	}
	strbuf_addf(out, t->n > 1 || str_chr(term, ' ') != STR_NPOS ? "\"%.*s\"" : "%.*s", STR_ARG(term));
	if (t->flags & TERM_LOOSE)
		strbuf_addf(out, "~%u", t->number);
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

static void add_kind(const struct node *n, struct strbuf *out)
{
	static const char *const names[] = { [NODE_AND] = "all of", [NODE_OR] = "any of", [NODE_NOT] = "not",
					     [NODE_SENTENCE] = "in one sentence" };

	if (n->kind == NODE_NEAR)
		strbuf_addf(out, "at most %u words between%s", n->number, n->flags & NEAR_ORDERED ? ", in this order" : "");
	else if (n->kind == NODE_TIMES)
		strbuf_addf(out, "at least %u times", n->number);
	else
		strbuf_adds(out, names[n->kind]);
}

static void explain_node(const struct query *q, const struct node *n, struct view *v, int depth, struct strbuf *out)
{
	AUTO(spans) struct spans s = { 0 };
	bool is = evaluate_part(q, n, v, &s);

	strbuf_addf(out, "%-4s%*s", is ? "yes" : "no", 2 * depth, "");
	if (n->kind <= NODE_FACT)
		explain_term(q, n, out);
	else
		add_kind(n, out);
	if (n->kind <= NODE_REGEX || n->kind >= NODE_NEAR)
		add_hits(&s, v->self.post, out);
	strbuf_addc(out, '\n');
	if (n->kind <= NODE_FACT)
		return;
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
