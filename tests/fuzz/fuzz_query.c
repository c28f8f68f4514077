/* SPDX-License-Identifier: ISC */
/* Queries: "query LF post text"; index and tree agree, and every span lies in its text. */
#include "fuzz/fuzz.h"

#include "base/text.h"
#include "match/match.h"

static void check_match(const struct query *q, const struct post *p)
{
	AUTO(spans) struct spans spans = { 0 };
	AUTO(matches) struct matches found = { 0 };
	AUTO(strbuf) struct strbuf note = STRBUF_INIT(1 << 20);
	OWNED(matcher) struct matcher *m = matcher_new();
	bool hit = query_matches(q, p, &spans);
	matcher_add(m, 7, q);
	matcher_run(m, p, &found);
	MUST((found.list.n == 1) == hit);
	MUST(!hit || found.list.v[0].spans.list.n == spans.list.n);
	for (size_t i = 0; i < spans.list.n; i++) {
		const struct span *s = &spans.list.v[i];
		struct str text = match_field_text(p, s->field, s->index);
		MUST(s->start < s->end && s->end <= text.len);
		MUST(text_is_utf8(str_slice(text, s->start, s->end)));
	}
	query_explain(q, p, &note);
	query_lint(q, "\n", &note);
	query_cost(q, &note);
	(void)query_necessary_fts(q, &note);
	MUST(text_is_utf8(strbuf_str(&note)));
}

/* Everybody is somebody, called what the query calls him. */
static bool anybody(void *ctx, struct str name, struct query_person *ret, struct strbuf *why)
{
	static const struct query_account accounts[] = { { { "x:ada", 5 }, { "x:1", 3 } }, { { "https://a.example/", 18 }, { NULL, 0 } } };
	struct str *called = ctx;

	called[0] = name;
	*ret = (struct query_person){ called, accounts, 2, 2 };
	strbuf_adds(why, "nobody");
	return name.len % 7 != 6;
}

FUZZ(s)
{
	struct str query, text = s;
	struct err e = { 0 };
	str_split(&text, '\n', &query);
	AUTO(strbuf) struct strbuf clean = STRBUF_INIT(s.len * 3 + 16);
	text_repair(&clean, text);
	struct query *parsed = NULL;
	struct str called[2] = { STR_NULL, STR("Ada Éclair") };
	const struct query_names names = { .ctx = called, .person = anybody };
	if (query_parse_named(query, &names, &parsed, &e) != 0) {
		MUST(e.kind == ERR_INPUT || e.kind == ERR_LIMIT);
		return;
	}
	OWNED(query) struct query *q = parsed;
	OWNED(post) struct post *p = post_new();
	p->title = arena_str(p->arena, text_cut(strbuf_str(&clean), clean.len / 3));
	p->text = arena_str(p->arena, strbuf_str(&clean));
	p->url = STR("https://example.org/sutskever/2023");
	post_add_author(p, STR("Ada Éclair"), STR("@ada"), STR_NULL);
	post_add_tag(p, STR("news"));
	post_seal(p);
	check_match(q, p);
}
