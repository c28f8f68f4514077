/* SPDX-License-Identifier: ISC */
/* An alert in words, as all channels show it. */
#include "channel/types.h"

#include "base/text.h"
#include "base/url.h"

#define SUBJECT_POINTS 120

static bool has_hit(const struct spans *s, enum post_field field)
{
	for (size_t i = 0; s != NULL && i < s->list.n; i++)
		if (s->list.v[i].context == 0 && s->list.v[i].field == field)
			return true;
	return false;
}

/* The body, unless only the summary holds the hit. */
static enum post_field shown_field(const struct alert *a)
{
	if (str_empty(a->post->text))
		return FIELD_OF_SUMMARY;
	return has_hit(a->spans, FIELD_OF_SUMMARY) && !has_hit(a->spans, FIELD_OF_TEXT)
		       ? FIELD_OF_SUMMARY
		       : FIELD_OF_TEXT;
}

static int64_t shown_time(const struct alert *a)
{
	if (a->post->published_unix_ms != TIME_ABSENT)
		return a->post->published_unix_ms;
	return a->post->updated_unix_ms != TIME_ABSENT ? a->post->updated_unix_ms
						       : a->created_unix_ms;
}

void render_init(struct render *ret, const struct alert *a, size_t title_points, size_t text_points)
{
	*ret = (struct render){ .who = STRBUF_INIT(RENDER_LINE_MAX),
				.reason = STRBUF_INIT(RENDER_LINE_MAX),
				.subject = STRBUF_INIT(RENDER_LINE_MAX) };
	alert_excerpt(a, FIELD_OF_TITLE, title_points, &ret->title);
	alert_excerpt(a, shown_field(a), text_points, &ret->text);
	ret->n_contexts = alert_contexts(a, text_points, ret->contexts);
	alert_who(a, &ret->who);
	alert_reason(a, &ret->reason);
	struct str first = strbuf_str(ret->title.text.len > 0 ? &ret->title.text : &ret->text.text);
	if (str_empty(first))
		first = strbuf_str(&ret->reason);
	struct str head = text_cut_points(first, SUBJECT_POINTS);
	strbuf_add(&ret->subject, head);
	if (head.len < first.len)
		strbuf_adds(&ret->subject, "…");
	ret->source = str_eq(a->post->source, strbuf_str(&ret->who)) ? STR("") : a->post->source;
	ret->url = url_is_http(a->post->url) ? a->post->url : STR_NULL;
	date_local(ret->when, shown_time(a), a->time_zone);
}

void render_release(struct render *r)
{
	alert_excerpt_release(&r->title);
	alert_excerpt_release(&r->text);
	for (size_t i = 0; i < r->n_contexts; i++)
		alert_context_release(&r->contexts[i]);
	strbuf_release(&r->who);
	strbuf_release(&r->reason);
	strbuf_release(&r->subject);
}

void render_clean(struct strbuf *out, struct str s)
{
	for (size_t pos = 0; pos < s.len;) {
		uint32_t c = text_next(s, &pos);
		bool turns = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
		bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
		if (c == '\n' || c == '\t')
			strbuf_addc(out, ' ');
		else if (!turns && !control)
			strbuf_add_utf8(out, c);
	}
}

void render_marked(struct strbuf *out, const struct alert_excerpt *x, render_escape *escape,
		   const char *open, const char *close)
{
	struct str s = strbuf_str(&x->text);
	size_t at = 0;
	for (size_t i = 0; i < x->hits.n; i++) {
		struct byte_range h = x->hits.v[i];
		escape(out, str_slice(s, at, h.start));
		strbuf_adds(out, open);
		escape(out, str_slice(s, h.start, h.end));
		strbuf_adds(out, close);
		at = h.end;
	}
	escape(out, str_from(s, at));
}

void render_context(struct strbuf *out, const struct alert_context *c, render_escape *escape, const char *open,
		    const char *close)
{
	escape(out, text_cut_points(strbuf_str(&c->lead), 200));
	strbuf_adds(out, ": ");
	render_marked(out, &c->text, escape, open, close);
}

void render_byline(struct strbuf *out, const struct render *r, render_escape *escape)
{
	const struct str parts[] = { text_cut_points(strbuf_str(&r->who), 200),
				     text_cut_points(r->source, 100), str_c(r->when) };
	bool first = true;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (str_empty(parts[i]))
			continue;
		if (!first)
			strbuf_adds(out, " · ");
		first = false;
		escape(out, parts[i]);
	}
}
