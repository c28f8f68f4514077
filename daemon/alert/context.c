/* SPDX-License-Identifier: ISC */
/* What hit in the posts that a post answers, quotes or repeats: without them "Or xAI" says nothing. */
#include "alert/alert.h"

#include "base/text.h"

static bool seen_before(const struct post *p, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (str_eq(p->context.v[k].post->id, p->context.v[i].post->id))
			return true;
	return false;
}

/* The spans in the i-th post of the context, as that post's own. */
static void spans_in(const struct spans *spans, size_t i, struct spans *ret)
{
	for (size_t k = 0; k < spans->list.n; k++) {
		struct span s = spans->list.v[k];

		if (s.context != i + 1)
			continue;
		s.context = 0;
		vec_push(&ret->list, s);
	}
}

/* Where it hit, as far as people read that; else what it says. */
static enum post_field shown_field(const struct post *p, const struct spans *s)
{
	for (size_t i = 0; i < s->list.n; i++)
		if (s->list.v[i].field <= FIELD_OF_SUMMARY)
			return s->list.v[i].field;
	return str_empty(p->text) ? FIELD_OF_TITLE : FIELD_OF_TEXT;
}

static void show(const struct alert *a, size_t i, const struct spans *spans, size_t max_points, struct alert_context *ret)
{
	static const char *const leads[RELATION_N] = { "in reply to ", "quoting ", "reposting ", "in a thread of " };
	const struct context_post *c = &a->post->context.v[i];
	const struct alert inner = { .post = c->post, .spans = spans };

	*ret = (struct alert_context){ .lead = STRBUF_INIT(64u << 10) };
	strbuf_adds(&ret->lead, leads[c->relation]);
	size_t before = ret->lead.len;
	alert_who(&inner, &ret->lead);
	if (ret->lead.len == before)
		strbuf_adds(&ret->lead, "another post");
	alert_excerpt(&inner, shown_field(c->post, spans), max_points, &ret->text);
}

size_t alert_contexts(const struct alert *a, size_t max_points, struct alert_context ret[static ALERT_CONTEXTS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; a->spans != NULL && i < a->post->context.n && n < ALERT_CONTEXTS_MAX; i++) {
		AUTO(spans) struct spans spans = { 0 };

		spans_in(a->spans, i, &spans);
		if (spans.list.n > 0 && !seen_before(a->post, i))
			show(a, i, &spans, max_points, &ret[n++]);
	}
	return n;
}

void alert_context_release(struct alert_context *c)
{
	strbuf_release(&c->lead);
	alert_excerpt_release(&c->text);
}
