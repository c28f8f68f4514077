/* SPDX-License-Identifier: ISC */
/*
 * Documents that are too large for one batch: the engine does other things between the slices, and neither a crash nor a
 * change between them loses or doubles a post.
 */
#include "sim/sim.h"

#define FEED "http://a.example/feed"
#define HOOK "http://hook.example/in"
#define YAML                                                                                    \
	"sources:\n  - {name: a, url: \"" FEED "\", every: 15m}\n"                              \
	"channels:\n  - {name: desk, type: webhook, url: \"" HOOK "\"}\n"                       \
	"watches:\n  - {name: ilya, query: Sutskever}\n"
#define ITEMS 1700
#define OF_INTEREST 17

/* Items n … 1, every hundredth of interest. */
static const char *rss(struct strbuf *b, int n)
{
	strbuf_reset(b);
	strbuf_adds(b, "<rss version=\"2.0\"><channel><title>Many</title>");
	for (int i = n; i > 0; i--)
		strbuf_addf(b, "<item><guid>g%d</guid><title>%s %d</title><description>%0300d</description></item>", i,
		            i % 100 == 0 ? "Sutskever" : "Nobody", i, i);
	strbuf_adds(b, "</channel></rss>");
	return strbuf_cstr(b);
}

/* A source that was read before, and whose feed is about to be huge. */
static struct sim *start(struct strbuf *b)
{
	struct sim *s = sim_new(YAML);
	static char etags[2][4] = { "\"1\"", "\"2\"" };
	sim_page(s, HOOK, 204, "");
	sim_page(s, FEED, 200, rss(b, 1))->etag = etags[0];
	sim_run(s, 10 * SECOND);
	sim_page(s, FEED, 200, rss(b, ITEMS))->etag = etags[1];
	return s;
}

static void check_all_told_once(struct sim *s)
{
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/status", "", ""));
	CHECK_INT(json_get_int(j, "posts", -1), ITEMS);
	CHECK_INT(json_get_int(j, "alerts", -1), OF_INTEREST);
	CHECK_INT(json_get_int(json_get(j, "deliveries"), "delivered", -1), OF_INTEREST);
}

static int asked_conditionally(struct sim *s)
{
	const struct sim_page *p = sim_find(s, str_c(FEED));
	return p == NULL ? -1 : p->conditional;
}

static bool is_polling(struct sim *s)
{
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/sources/a", "", ""));
	return json_get_bool(j, "polling", false);
}

/* Steps until the first slice of the huge document is taken. */
static void run_into_it(struct sim *s)
{
	for (int hits = sim_hits(s, FEED); sim_hits(s, FEED) == hits;)
		s->mono_ms += sim_step(s) > s->mono_ms ? SECOND : 0;
	s->mono_ms += SECOND; /* the answer is there */
	(void)sim_step(s);
}

TEST(each_post_of_a_huge_document_is_told_once)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4 << 20);
	struct sim *s = start(&b);
	sim_run(s, HOUR);
	check_all_told_once(s);
	CHECK(asked_conditionally(s) >= 3); /* and its validators were kept */
	sim_free(s);
}

TEST(the_engine_answers_between_the_slices)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4 << 20);
	struct sim *s = start(&b);
	run_into_it(s);
	struct message *m = message_command(7777, STR("GET"), STR("/v1/sources/a"), STR(""), STR(""));
	vec_push(&s->inbox, m);
	size_t before = s->replies.n;
	(void)sim_step(s);
	CHECK_INT(s->replies.n, before + 1);
	json_t *j OWNED_JSON = sim_json(s->replies.v[before]);
	CHECK(json_get_bool(j, "polling", false));
	sim_run(s, MINUTE);
	CHECK(!is_polling(s));
	check_all_told_once(s);
	sim_free(s);
}

TEST(a_crash_between_slices_loses_and_doubles_nothing)
{
	for (int64_t after = 0; after < 12; after++) {
		AUTO(strbuf) struct strbuf b = STRBUF_INIT(4 << 20);
		struct sim *s = start(&b);
		run_into_it(s);
		s->crash_at_step = s->steps + 1 + after;
		sim_run(s, HOUR);
		check_all_told_once(s);
		sim_free(s);
	}
}

TEST(a_crash_in_the_first_document_leaves_it_the_first)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4 << 20);
	struct sim *s = sim_new(YAML);
	sim_page(s, HOOK, 204, "");
	sim_page(s, FEED, 200, rss(&b, ITEMS));
	run_into_it(s);
	sim_kill(s);
	sim_boot(s);
	sim_run(s, HOUR);
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/status", "", ""));
	CHECK_INT(json_get_int(j, "posts", -1), ITEMS);
	CHECK_INT(json_get_int(j, "alerts", -1), 0);
	sim_free(s);
}

TEST(a_source_may_go_between_slices)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4 << 20);
	struct sim *s = start(&b);
	run_into_it(s);
	sim_write_config(s, "channels:\n  - {name: desk, type: webhook, url: \"" HOOK "\"}\n");
	vec_push(&s->inbox, message_new(MESSAGE_RELOAD));
	(void)sim_step(s);
	sim_run(s, HOUR);
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/status", "", ""));
	CHECK(json_get_int(j, "posts", -1) < ITEMS);
	CHECK_INT(json_get_int(j, "alerts", -1), json_get_int(json_get(j, "deliveries"), "delivered", -1));
	sim_free(s);
}

TEST(a_reload_between_slices_changes_nothing)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4 << 20);
	struct sim *s = start(&b);
	run_into_it(s);
	vec_push(&s->inbox, message_new(MESSAGE_RELOAD));
	(void)sim_step(s);
	sim_run(s, HOUR);
	check_all_told_once(s);
	CHECK(sim_hits(s, FEED) <= 6); /* one every quarter of an hour: none was thrown away */
	sim_free(s);
}

TEST(a_stop_between_slices_is_one)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4 << 20);
	struct sim *s = start(&b);
	run_into_it(s);
	vec_push(&s->inbox, message_new(MESSAGE_STOP));
	sim_run(s, MINUTE);
	CHECK(s->stopped);
	sim_kill(s);
	sim_boot(s);
	sim_run(s, HOUR);
	check_all_told_once(s);
	sim_free(s);
}

TEST(a_full_disk_between_slices_loses_nothing)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4 << 20);
	struct sim *s = start(&b);
	run_into_it(s);
	sim_disk_full(true);
	sim_run(s, MINUTE);
	sim_disk_full(false);
	sim_run(s, HOUR);
	check_all_told_once(s);
	sim_free(s);
}

/* What breaks near its end was handed on before that was known; it is read again, and goes on behind that. */
TEST(a_huge_document_that_breaks_at_its_end)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4 << 20);
	struct sim *s = start(&b);
	size_t last = str_rchr(strbuf_str(&b), 'N'); /* "Nobody 1" */
	b.p[last] = '&';
	sim_page(s, FEED, 200, strbuf_cstr(&b));
	sim_run(s, HOUR);
	check_all_told_once(s);
	sim_free(s);
}

/* The same as JSON, whole or broken near its end. */
static const char *json_feed(struct strbuf *b, int n, bool broken)
{
	strbuf_reset(b);
	strbuf_adds(b, "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"Many\",\"items\":[");
	for (int i = n; i > 0; i--)
		strbuf_addf(b, "%s{\"id\":\"g%d\",\"title\":\"%s %d\",\"content_text\":\"%0300d\"}", i < n ? "," : "", i,
		            i % 100 == 0 ? "Sutskever" : "Nobody", i, i);
	strbuf_adds(b, broken ? ",],}" : "],\"language\":\"en\"}");
	return strbuf_cstr(b);
}

TEST(a_huge_json_feed)
{
	for (int broken = 0; broken < 2; broken++) {
		AUTO(strbuf) struct strbuf b = STRBUF_INIT(4 << 20);
		struct sim *s = sim_new(YAML);
		sim_page(s, HOOK, 204, "");
		sim_page(s, FEED, 200, json_feed(&b, 1, false));
		sim_run(s, 10 * SECOND);
		sim_page(s, FEED, 200, json_feed(&b, ITEMS, broken == 1));
		run_into_it(s);
		s->crash_at_step = s->steps + 2;
		sim_run(s, HOUR);
		check_all_told_once(s);
		sim_free(s);
	}
}

TEST(a_new_source_with_a_huge_document)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4 << 20);
	struct sim *s = sim_new("channels:\n  - {name: desk, type: webhook, url: \"" HOOK "\"}\n"
	                        "watches:\n  - {name: ilya, query: Sutskever}\n");
	sim_page(s, HOOK, 204, "");
	sim_page(s, FEED, 200, rss(&b, ITEMS));
	struct message *m = sim_ask(s, "POST", "/v1/sources", "", "{\"url\":\"" FEED "\",\"backfill\":\"all\",\"every\":\"15m\"}");
	CHECK_INT(m->status, 201);
	json_t *j OWNED_JSON = sim_json(m);
	CHECK_STR(json_get_str(j, "name"), "many");
	sim_run(s, MINUTE);
	check_all_told_once(s);
	CHECK_INT(sim_hits(s, FEED), 1);
	sim_run(s, HOUR);
	check_all_told_once(s);
	sim_free(s);
}
