/* SPDX-License-Identifier: ISC */
/* How an alert reads to people, and its JSON form. */
#include "lib/test.h"

#include "alert/alert.h"
#include "base/json.h"
#include "base/text.h"

struct case_alert {
	struct alert alert;
	struct spans spans;
	struct post *post;
};

static void case_alert_release(struct case_alert *c)
{
	post_free(c->post);
	spans_release(&c->spans);
}

static void start(struct case_alert *c, struct str title, struct str text)
{
	*c = (struct case_alert){ .post = post_new() };
	c->post->title = arena_str(c->post->arena, title);
	c->post->text = arena_str(c->post->arena, text);
	c->post->source = arena_str(c->post->arena, STR("trading insider"));
	c->post->published_unix_ms = c->post->updated_unix_ms = TIME_ABSENT;
	c->alert = (struct alert){ .id = STR("alr_1"),
				   .watch = STR("ilya"),
				   .query = STR("Sutskever OR openai"),
				   .post = c->post,
				   .spans = &c->spans,
				   .created_unix_ms = 1702282440000LL,
				   .delivery_id = STR("dlv_1") };
}

static void hit(struct case_alert *c, enum post_field field, size_t from, size_t to,
		struct str term)
{
	struct span s = { .field = field, .start = from, .end = to, .term = term };
	vec_push(&c->spans.list, s);
}

static void hit_word(struct case_alert *c, enum post_field field, struct str text, struct str word,
		     struct str term)
{
	size_t at = str_find(text, word);
	CHECK(at != STR_NPOS);
	hit(c, field, at, at + word.len, term);
}

static struct str hit_text(const struct alert_excerpt *x, size_t i)
{
	return str_slice(strbuf_str(&x->text), x->hits.v[i].start, x->hits.v[i].end);
}

TEST(words_are_told_once_as_written_first)
{
	AUTO(case_alert) struct case_alert c;
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(1000);
	start(&c, STR("Sutskever"), STR("sutskever and d’OpenAI"));
	hit(&c, FIELD_OF_TITLE, 0, 9, STR("Sutskever"));
	hit(&c, FIELD_OF_TEXT, 0, 9, STR("sutskever"));
	hit(&c, FIELD_OF_TEXT, 18, 24, STR("openai"));
	alert_words(&c.alert, &out);
	CHECK_STR(strbuf_str(&out), "Sutskever, openai");
	strbuf_reset(&out);
	alert_reason(&c.alert, &out);
	CHECK_STR(strbuf_str(&out), "matched Sutskever in title and text; openai in text");
}

TEST(reason_without_a_word)
{
	AUTO(case_alert) struct case_alert c;
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(1000);
	start(&c, STR("t"), STR_NULL);
	c.alert.query = STR("-ads");
	alert_reason(&c.alert, &out);
	CHECK_STR(strbuf_str(&out), "matched the query -ads");
	strbuf_reset(&out);
	c.alert.test = true;
	alert_reason(&c.alert, &out);
	CHECK_STR(strbuf_str(&out), "a test of this channel; nothing has matched");
}

TEST(who_wrote_it)
{
	AUTO(case_alert) struct case_alert c;
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(1000);
	start(&c, STR("t"), STR_NULL);
	alert_who(&c.alert, &out);
	CHECK_STR(strbuf_str(&out), "trading insider");
	strbuf_reset(&out);
	post_add_author(c.post, STR("Elon\r\nMusk"), STR("elonmusk"), STR_NULL);
	post_add_author(c.post, STR("La rédaction"), STR_NULL, STR_NULL);
	alert_who(&c.alert, &out);
	CHECK_STR(strbuf_str(&out), "@elonmusk (Elon Musk), La rédaction");
	strbuf_reset(&out);
	post_add_author(c.post, STR("c"), STR_NULL, STR_NULL);
	post_add_author(c.post, STR("d"), STR_NULL, STR_NULL);
	alert_who(&c.alert, &out);
	CHECK_STR(strbuf_str(&out), "@elonmusk (Elon Musk), La rédaction, c and 1 more");
}

TEST(a_short_text_is_shown_whole_on_one_line)
{
	AUTO(case_alert) struct case_alert c;
	AUTO(alert_excerpt) struct alert_excerpt x = { 0 };
	struct str text = STR("  l’avenir\n\n d’Ilya\xc2\xa0 Sutskever\t");
	start(&c, STR_NULL, text);
	hit_word(&c, FIELD_OF_TEXT, text, STR("Ilya\xc2\xa0 Sutskever"), STR("ilya sutskever"));
	alert_excerpt(&c.alert, FIELD_OF_TEXT, 100, &x);
	CHECK_STR(strbuf_str(&x.text), "l’avenir d’Ilya Sutskever");
	CHECK_INT(x.hits.n, 1);
	CHECK_STR(hit_text(&x, 0), "Ilya Sutskever");
	alert_excerpt(&c.alert, FIELD_OF_TITLE, 100, &x);
	CHECK_INT(x.text.len + x.hits.n, 0);
}

TEST(a_long_text_is_cut_around_the_hit)
{
	AUTO(case_alert) struct case_alert c;
	AUTO(alert_excerpt) struct alert_excerpt x = { 0 };
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(100000);
	for (int i = 0; i < 2000; i++)
		strbuf_adds(&text, "état ");
	strbuf_adds(&text, "Sutskever ");
	for (int i = 0; i < 2000; i++)
		strbuf_adds(&text, "après ");
	start(&c, STR_NULL, strbuf_str(&text));
	hit_word(&c, FIELD_OF_TEXT, strbuf_str(&text), STR("Sutskever"), STR("sutskever"));
	for (size_t points = 8; points < 120; points++) {
		alert_excerpt(&c.alert, FIELD_OF_TEXT, points, &x);
		CHECK(text_is_utf8(strbuf_str(&x.text)));
		CHECK(text_count(strbuf_str(&x.text)) <= points);
		CHECK_INT(x.hits.n, 1);
		CHECK(str_starts(STR("Sutskever"), hit_text(&x, 0)));
		CHECK(str_starts(strbuf_str(&x.text), STR("…")) &&
		      str_ends(strbuf_str(&x.text), STR("…")));
	}
	alert_excerpt(&c.alert, FIELD_OF_TEXT, 40, &x);
	CHECK_STR(strbuf_str(&x.text), "…état état Sutskever après après…");
}

TEST(a_long_text_without_a_hit_is_cut_at_its_end)
{
	AUTO(case_alert) struct case_alert c;
	AUTO(alert_excerpt) struct alert_excerpt x = { 0 };
	start(&c, STR("one two three four five six"), STR("自然語言處理自然語言處理自然語言處理"));
	alert_excerpt(&c.alert, FIELD_OF_TITLE, 16, &x);
	CHECK_STR(strbuf_str(&x.text), "one two three…");
	alert_excerpt(&c.alert, FIELD_OF_TEXT, 10, &x);
	CHECK_STR(strbuf_str(&x.text), "自然語言處理自然…");
}

TEST(foreign_offsets_do_no_harm)
{
	AUTO(case_alert) struct case_alert c;
	AUTO(alert_excerpt) struct alert_excerpt x = { 0 };
	start(&c, STR_NULL, STR("éa  b"));
	hit(&c, FIELD_OF_TEXT, 1, 3, STR("x"));
	hit(&c, FIELD_OF_TEXT, 2, 3, STR("overlaps"));
	hit(&c, FIELD_OF_TEXT, 3, 5, STR("space only"));
	hit(&c, FIELD_OF_TEXT, 5, 99999, STR("past the end"));
	hit(&c, FIELD_OF_TEXT, 80000, 99999, STR("past the end"));
	alert_excerpt(&c.alert, FIELD_OF_TEXT, 100, &x);
	CHECK_STR(strbuf_str(&x.text), "éa b");
	CHECK_INT(x.hits.n, 2);
	CHECK_STR(hit_text(&x, 0), "éa");
	CHECK_STR(hit_text(&x, 1), "b");
}

TEST(excerpt_of_the_author_that_hit)
{
	AUTO(case_alert) struct case_alert c;
	AUTO(alert_excerpt) struct alert_excerpt x = { 0 };
	start(&c, STR_NULL, STR_NULL);
	post_add_author(c.post, STR("A"), STR_NULL, STR_NULL);
	post_add_author(c.post, STR("Elon Musk"), STR_NULL, STR_NULL);
	struct span s = {
		.field = FIELD_OF_AUTHOR, .index = 1, .start = 5, .end = 9, .term = STR("musk")
	};
	vec_push(&c.spans.list, s);
	alert_excerpt(&c.alert, FIELD_OF_AUTHOR, 50, &x);
	CHECK_STR(strbuf_str(&x.text), "Elon Musk");
	CHECK_STR(hit_text(&x, 0), "Musk");
	c.spans.list.v[0].index = 9;
	alert_excerpt(&c.alert, FIELD_OF_AUTHOR, 50, &x);
	CHECK_INT(x.text.len, 0);
}

TEST(json_form)
{
	AUTO(case_alert) struct case_alert c;
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(10000);
	start(&c, STR("Sutskever"), STR_NULL);
	hit(&c, FIELD_OF_TITLE, 0, 9, STR("Sutskever"));
	OWNED_JSON json_t *j = alert_to_json(&c.alert);
	OWNED_JSON json_t *post = json_incref(json_object_get(j, "post"));
	json_object_set_new(j, "post", json_null());
	json_dump(&out, j, false);
	CHECK_STR(strbuf_str(&out),
		  "{\"id\":\"alr_1\",\"watch\":\"ilya\",\"query\":\"Sutskever OR openai\","
		  "\"created\":\"2023-12-11T08:14:00Z\",\"reason\":\"matched Sutskever in "
		  "title\",\"words\":[\"Sutskever\"],"
		  "\"spans\":[{\"field\":\"title\",\"index\":0,\"start\":0,\"end\":9,\"term\":"
		  "\"Sutskever\"}],"
		  "\"post\":null,\"event\":\"new\",\"test\":false}");
	CHECK_STR(json_get_str(post, "title"), "Sutskever");
}

TEST(spans_survive_json)
{
	AUTO(case_alert) struct case_alert c;
	AUTO(spans) struct spans back = { 0 };
	struct err e = { 0 };
	start(&c, STR("Sutskever"), STR_NULL);
	hit(&c, FIELD_OF_TITLE, 0, 9, STR("Sutskever"));
	hit(&c, FIELD_OF_TAG, 1, 3, STR("#ai"));
	c.spans.list.v[1].index = 2;
	OWNED_JSON json_t *j = alert_spans_to_json(&c.spans);
	OWNED(arena) struct arena *arena = arena_new(1 << 16);
	CHECK_OK(alert_spans_from_json(j, arena, &back, &e), &e);
	CHECK_INT(back.list.n, 2);
	CHECK_INT(back.list.v[1].field, FIELD_OF_TAG);
	CHECK_INT(back.list.v[1].index, 2);
	CHECK_INT(back.list.v[1].end, 3);
	CHECK_STR(back.list.v[1].term, "#ai");
}

TEST(spans_refuse_nonsense)
{
	static const char *const bad[] = { "{}", "[1]",
					   "[{\"field\":\"titel\",\"start\":0,\"end\":1}]",
					   "[{\"field\":\"title\",\"start\":2,\"end\":1}]",
					   "[{\"field\":\"title\",\"start\":-1,\"end\":1}]" };
	OWNED(arena) struct arena *arena = arena_new(1 << 16);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = { 0 };
		struct spans back = { 0 };
		OWNED_JSON json_t *j = json_parse(str_c(bad[i]), &e);
		CHECK(j != NULL);
		CHECK_INT(alert_spans_from_json(j, arena, &back, &e), -1);
		CHECK_INT(e.kind, ERR_INPUT);
		CHECK_INT(back.list.n, 0);
	}
}
