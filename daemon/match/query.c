/* SPDX-License-Identifier: ISC */
/* A query over one post: the tree walked, the spans gathered. */
#include "query.h"

#include "base/mem.h"
#include "evaluate.h"
#include "regex.h"
#include "term.h"

void query_free(struct query *q)
{
	if (q == NULL)
		return;
	for (size_t i = 0; i < q->n_regexes; i++)
		regex_free(q->regexes[i]);
	mem_free(q->regexes);
	mem_free(q);
}

struct str query_text(const struct query *q)
{
	return str_n(query_texts(q), q->text_len);
}

void spans_release(struct spans *s)
{
	vec_free(&s->list);
}

/* Places told of one text; behind them nobody looks. */
#define REGEX_SPANS_MAX 64

static bool regex_in(const struct query *q, const struct node *n, struct span where, struct str text, struct spans *out)
{
	struct regex_hit hits[REGEX_SPANS_MAX];
	size_t found = regex_find(q->regexes[n->word], text.p, text.len, hits, out ? REGEX_SPANS_MAX : 1);

	for (size_t i = 0; out && i < found; i++) {
		where.start = hits[i].start;
		where.end = hits[i].end;
		vec_push(&out->list, where);
	}
	return found > 0;
}

/* In each text of the operator's fields. */
static bool regex_spans(const struct query *q, const struct node *n, struct sight *s, struct spans *out)
{
	unsigned fields = op_regex_fields(op_of(n));
	bool found = false;

	for (enum post_field f = 0; f < POST_FIELDS && !(found && out == NULL); f++) {
		size_t count = fields & 1u << f ? match_field_count(s->post, f) : 0;

		for (size_t i = 0; i < count && !(found && out == NULL); i++)
			found |= regex_in(q, n, (struct span){ .field = f, .index = i, .term = node_term(q, n) },
				match_field_text(s->post, f, i), out);
	}
	return found;
}

static bool fact_spans(const struct query *q, const struct node *n, struct sight *s, struct spans *out)
{
	(void)out; /* no words are behind it */
	return fact_holds(q, n, s);
}

/* Whether the node holds in one of the posts of its scope. */
static bool in_scope(const struct query *q, const struct node *n, struct view *v, struct spans *out)
{
	bool (*holds)(const struct query *, const struct node *, struct sight *, struct spans *) =
		n->kind == NODE_TERM ? term_spans : n->kind == NODE_REGEX ? regex_spans :
		n->kind == NODE_FACT ? fact_spans : near_spans;
	const struct post *p = v->self.post;
	bool found = (n->scope & SCOPE_SELF) && holds(q, n, &v->self, out);

	for (size_t i = 0; i < p->context.n && !(found && out == NULL); i++) {
		size_t from = out ? out->list.n : 0;

		if (!scope_has(n->scope, p, i))
			continue;
		found |= holds(q, n, &v->context[i], out);
		for (; out && from < out->list.n; from++)
			out->list.v[from].context = (unsigned)i + 1;
	}
	return found;
}

static bool evaluate_node(const struct query *q, const struct node *n, struct view *v, struct spans *out)
{
	size_t mark = out ? out->list.n : 0;
	bool found = false;

	switch ((enum node_kind)n->kind) {
	case NODE_NOT:
		return !evaluate_node(q, node_child(q, n), v, NULL);
	case NODE_AND:
		for (const struct node *c = node_child(q, n); c; c = node_next(q, c))
			if (!evaluate_node(q, c, v, out)) {
				if (out)
					out->list.n = mark;
				return false;
			}
		return true;
	case NODE_OR:
		for (const struct node *c = node_child(q, n); c && !(found && out == NULL); c = node_next(q, c))
			found |= evaluate_node(q, c, v, out);
		return found;
	case NODE_TERM:
	case NODE_REGEX:
	case NODE_FACT:
	case NODE_NEAR:
	case NODE_TIMES:
	case NODE_SENTENCE:
		return in_scope(q, n, v, out);
	}
	return false;
}

static bool before(const struct span *a, const struct span *b)
{
	if (a->context != b->context)
		return a->context < b->context;
	if (a->field != b->field)
		return a->field < b->field;
	if (a->index != b->index)
		return a->index < b->index;
	return a->start != b->start ? a->start < b->start : a->end < b->end;
}

static int compare_spans(const void *a, const void *b)
{
	return before(a, b) ? -1 : before(b, a);
}

void spans_sort(struct spans *s)
{
	bool sorted = true;
	size_t n = 0;

	for (size_t i = 1; i < s->list.n && sorted; i++)
		sorted = before(&s->list.v[i - 1], &s->list.v[i]);
	if (sorted) /* and without duplicates */
		return;
	qsort(s->list.v, s->list.n, sizeof(s->list.v[0]), compare_spans);
	for (size_t i = 0; i < s->list.n; i++)
		if (n == 0 || before(&s->list.v[n - 1], &s->list.v[i]))
			s->list.v[n++] = s->list.v[i];
	s->list.n = n;
}

bool evaluate(const struct query *q, struct view *v, struct spans *ret)
{
	if (ret)
		vec_clear(&ret->list);
	if (!evaluate_node(q, q->nodes, v, ret))
		return false;
	if (ret)
		spans_sort(ret);
	return true;
}

bool evaluate_part(const struct query *q, const struct node *n, struct view *v, struct spans *out)
{
	return evaluate_node(q, n, v, out);
}

void evaluate_place(const struct query *q, struct view *v, uint32_t word, struct spans *out)
{
	term_span_at(q, q->nodes, &v->self, word, out);
}

bool query_matches(const struct query *q, const struct post *post, struct spans *ret_spans)
{
	VIEW_UNINITIALIZED struct view v;

	view_init(&v, post);
	bool found = evaluate(q, &v, ret_spans);
	view_release(&v);
	return found;
}
