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
	else if (!str_starts(term, str_c(o->name)))
		strbuf_adds(out, o->name);
	if ((t->flags & TERM_EXACT) && !str_starts(term, STR("=")))
		strbuf_addc(out, '=');
	if (t->kind == NODE_REGEX) {
		strbuf_add(out, term);
		return;
	}
	bool phrase = (t->n > 1 && !(t->flags & TERM_NAME)) || str_chr(term, ' ') != STR_NPOS;
	strbuf_addf(out, phrase ? "\"%.*s\"" : "%.*s", STR_ARG(term));
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

static void add_kind(const struct query *q, const struct node *n, struct strbuf *out)
{
	static const char *const names[] = { [NODE_AND] = "all of", [NODE_OR] = "any of", [NODE_NOT] = "not",
					     [NODE_SENTENCE] = "in one sentence" };

	if (n->kind == NODE_NEAR)
		strbuf_addf(out, "at most %u words between%s", n->number, n->flags & NEAR_ORDERED ? ", in this order" : "");
	else if (n->kind == NODE_TIMES)
		strbuf_addf(out, "at least %u times", n->number);
	else
		strbuf_adds(out, names[n->kind]);
	if (n->kind == NODE_OR && n->term_len > 0) { /* a person */
		strbuf_addc(out, ' ');
		explain_term(q, n, out);
	}
}

/* Whether the answer of n, which decides, rests on its child's. */
static bool rests_on(const struct node *n, bool n_holds, bool child_holds)
{
	return n->kind == NODE_OR ? child_holds || !n_holds : n->kind == NODE_NOT || n_holds || !child_holds;
}

void query_say_unknown(unsigned unknown, struct strbuf *out)
{
	bool many = (unknown & (unknown - 1)) != 0, first = true;

	for (enum relation r = 0; r < RELATION_N; r++)
		if (unknown & 1u << r) {
			strbuf_addf(out, "%s%s post", first ? "the " : " and the ", post_relation_name(r));
			first = false;
		}
	if (unknown)
		strbuf_adds(out, many ? " are not known" : " is not known");
}

struct walk {
	const struct query *q;
	struct view view;
	void (*clause)(void *ctx, const struct query_clause *clause);
	void *ctx;
};

static void walk_node(struct walk *w, const struct node *n, int depth, bool decides)
{
	AUTO(spans) struct spans s = { 0 };
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(2 * QUERY_MAX);
	bool is = evaluate_part(w->q, n, &w->view, &s);

	if (n->kind <= NODE_FACT)
		explain_term(w->q, n, &text);
	else
		add_kind(w->q, n, &text);
	if (n->kind > NODE_REGEX && n->kind < NODE_NEAR)
		vec_clear(&s.list); /* their parts say what hit */
	spans_sort(&s);
	bool looks = n->kind <= NODE_FACT || n->kind >= NODE_NEAR;
	w->clause(w->ctx, &(struct query_clause){ .depth = depth, .holds = is, .decides = decides, .text = strbuf_str(&text),
						  .spans = &s,
						  .unknown = looks ? n->scope >> 1 & post_lacks(w->view.self.post) : 0 });
	if (n->kind <= NODE_FACT)
		return;
	for (const struct node *c = node_child(w->q, n); c; c = node_next(w->q, c))
		walk_node(w, c, depth + 1, decides && rests_on(n, is, evaluate_part(w->q, c, &w->view, NULL)));
}

void query_explain_each(const struct query *q, const struct post *post,
                        void (*clause)(void *ctx, const struct query_clause *clause), void *ctx)
{
	VIEW_UNINITIALIZED struct walk w;

	w.q = q;
	w.clause = clause;
	w.ctx = ctx;
	view_init(&w.view, post);
	walk_node(&w, q->nodes, 0, true);
	view_release(&w.view);
}

struct lines {
	const struct post *post;
	struct strbuf *out;
};

static void add_line(void *ctx, const struct query_clause *c)
{
	struct lines *l = ctx;

	strbuf_addf(l->out, "%-4s%*s%.*s", c->holds ? "yes" : "no", 2 * c->depth, "", STR_ARG(c->text));
	add_hits(c->spans, l->post, l->out);
	strbuf_adds(l->out, c->unknown ? "   " : "");
	query_say_unknown(c->unknown, l->out);
	strbuf_addc(l->out, '\n');
}

void query_explain(const struct query *q, const struct post *post, struct strbuf *out)
{
	query_explain_each(q, post, add_line, &(struct lines){ post, out });
}
