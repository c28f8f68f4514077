/* SPDX-License-Identifier: ISC */
/* Posts that a post refers to: fetched where a watch needs them, once, without delaying or losing anything. */
#include "sim/sim.h"

#define HOST "https://social.example"
#define TAG HOST "/api/v1/timelines/tag/labs?limit=40"
#define MORE TAG "&min_id=100"
#define PARENT HOST "/api/v1/statuses/7"
#define HOOK "http://hook.example/in"
#define SOURCES                                                                                              \
	"sources:\n  - {name: labs, type: mastodon, url: \"" HOST "\", tag: labs, every: 1h}\n"              \
	"channels:\n  - {name: desk, type: webhook, url: \"" HOOK "\"}\n"                                    \
	"watches:\n"
#define WATCH(name, query) "  - {name: " name ", query: \"" query "\"}\n"

static void add(struct strbuf *b, int n, const char *text, const char *answers)
{
	strbuf_addf(b, "%s{\"id\":\"%d\",\"uri\":\"" HOST "/s/%d\",\"created_at\":\"2026-01-01T00:00:00Z\",\"content\":\"<p>%s</p>\","
	            "\"in_reply_to_id\":%s,\"account\":{\"acct\":\"ada\",\"url\":\"" HOST "/@ada\"}}", b->len > 1 ? "," : "", n, n, text,
	            answers);
}

static const char *status(struct strbuf *b, int n, const char *text)
{
	strbuf_reset(b);
	add(b, n, text, "null");
	return strbuf_cstr(b);
}

/* After the baseline two answers to the same post came, and one that answers nothing. */
static struct sim *start(const char *watches)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20), yaml = STRBUF_INIT(8192);
	strbuf_addf(&yaml, "%s%s", SOURCES, watches);
	struct sim *s = sim_new(strbuf_cstr(&yaml));
	strbuf_addc(&b, '[');
	add(&b, 100, "baseline, an answer", "\"6\"");
	strbuf_addc(&b, ']');
	sim_page(s, TAG, 200, strbuf_cstr(&b));
	sim_page(s, HOOK, 204, "");
	sim_run(s, MINUTE);
	strbuf_reset(&b);
	strbuf_addc(&b, '[');
	add(&b, 103, "plain", "null");
	add(&b, 102, "or xAI", "\"7\"");
	add(&b, 101, "or Tesla", "\"7\"");
	strbuf_addc(&b, ']');
	sim_page(s, TAG, 200, strbuf_cstr(&b));
	sim_page(s, MORE, 200, strbuf_cstr(&b));
	sim_page(s, PARENT, 200, status(&b, 7, "Ilya Sutskever"));
	return s;
}

static int64_t alerts(struct sim *s)
{
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/status", "", ""));
	return json_get_int(j, "alerts", -1);
}

static void poll(struct sim *s)
{
	CHECK_INT(sim_ask(s, "POST", "/v1/sources/labs/poll", "", "")->status, 200);
}

TEST(a_parent_is_fetched_once_and_shown)
{
	struct sim *s = start(WATCH("ilya", "parent:Sutskever"));
	poll(s);
	sim_run(s, 5 * SECOND);
	CHECK_INT(sim_hits(s, PARENT), 1);
	CHECK_INT(sim_hits(s, HOST "/api/v1/statuses/6"), 0); /* nobody is told of the baseline */
	CHECK_INT(alerts(s), 2);
	struct sim_page *hook = sim_page(s, HOOK, 204, "");
	CHECK_INT(hook->hits, 2);
	CHECK(strstr(hook->bodies.v[0], "\"relation\":\"parent\"") != NULL && strstr(hook->bodies.v[0], "Ilya Sutskever") != NULL);
	CHECK(strstr(hook->bodies.v[0], "or Tesla") != NULL); /* in the order of events */
	sim_run(s, DAY);
	CHECK_INT(sim_hits(s, PARENT), 1);
	CHECK_INT(alerts(s), 2);
	sim_free(s);
}

TEST(nothing_is_fetched_that_no_watch_needs)
{
	struct sim *s = start(WATCH("plain", "xAI") WATCH("other", "bitcoin parent:Sutskever") WATCH("or", "or OR parent:Sutskever")
	                      "  - {name: elsewhere, query: \"parent:Sutskever\", sources: [\"#none\"]}\n");
	poll(s);
	sim_run(s, 5 * MINUTE);
	CHECK_INT(sim_hits(s, PARENT), 0); /* but of the third post's nothing is to be had */
	CHECK_INT(alerts(s), 3);
	sim_free(s);
}

TEST(others_are_not_delayed)
{
	struct sim *s = start(WATCH("ilya", "xAI parent:Sutskever") WATCH("xai", "xAI") WATCH("not", "xAI -parent:Sutskever"));
	sim_page(s, PARENT, 200, "")->outcome = REPLY_FAILED;
	poll(s);
	sim_run(s, 10 * SECOND);
	CHECK_INT(alerts(s), 1); /* "xai"; both others hang on the parent */
	sim_run(s, 3 * MINUTE);
	CHECK_INT(alerts(s), 2); /* and are judged without it: "not" */
	CHECK(sim_hits(s, PARENT) >= 3 && sim_hits(s, PARENT) <= 6);
	sim_free(s);
}

TEST(a_post_that_is_gone_is_not_asked_for_again)
{
	struct sim *s = start(WATCH("not", "or -parent:Sutskever"));
	sim_page(s, PARENT, 404, "{\"error\":\"Record not found\"}");
	poll(s);
	sim_run(s, 10 * SECOND);
	CHECK_INT(sim_hits(s, PARENT), 1);
	CHECK_INT(alerts(s), 2);
	sim_free(s);
}

TEST(a_crash_at_any_step_loses_and_doubles_nothing)
{
	for (int64_t at = 1; at <= 12; at++) {
		struct sim *s = start(WATCH("ilya", "parent:Sutskever") WATCH("not", "plain -parent:Sutskever"));
		s->crash_at_step = s->steps + at;
		sim_run(s, 4 * HOUR);
		CHECK_INT(alerts(s), 3);
		CHECK(sim_hits(s, PARENT) <= 2);
		sim_free(s);
	}
}

TEST(a_limit_is_obeyed)
{
	struct sim *s = start(WATCH("ilya", "parent:Sutskever"));
	struct sim_page *parent = sim_page(s, PARENT, 429, "{}");
	parent->retry_after = (char[]){ "60" };
	poll(s);
	sim_run(s, 50 * SECOND);
	CHECK_INT(parent->hits, 1);
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	sim_page(s, PARENT, 200, status(&b, 7, "Ilya Sutskever"));
	sim_run(s, 20 * SECOND);
	CHECK_INT(parent->hits, 2);
	CHECK_INT(alerts(s), 2);
	sim_free(s);
}

TEST(a_reload_and_a_removed_source_leave_nothing_behind)
{
	struct sim *s = start(WATCH("ilya", "parent:Sutskever"));
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	sim_page(s, PARENT, 200, status(&b, 7, "Ilya Sutskever"))->latency_ms = 20 * SECOND;
	poll(s);
	sim_write_config(s, SOURCES WATCH("ilya", "parent:Sutskever") WATCH("more", "nobody"));
	CHECK_INT(sim_ask(s, "POST", "/v1/reload", "", "")->status, 200);
	sim_run(s, MINUTE);
	CHECK_INT(alerts(s), 2);
	CHECK_INT(sim_hits(s, PARENT), 1);
	sim_write_config(s, "watches:\n" WATCH("ilya", "parent:Sutskever"));
	CHECK_INT(sim_ask(s, "POST", "/v1/reload", "", "")->status, 200);
	sim_run(s, DAY);
	sim_free(s);
}

TEST(it_can_be_switched_off)
{
	struct sim *s = start(WATCH("ilya", "parent:Sutskever") "context_wait: 0\n");
	poll(s);
	sim_run(s, 5 * MINUTE);
	CHECK_INT(sim_hits(s, PARENT), 0);
	CHECK_INT(alerts(s), 0);
	sim_free(s);
}

/* --- many at once ----------------------------------------------------------------------------------- */

#define X "https://api.x.com/2/"

static void add_tweet(struct strbuf *b, uint64_t id, uint64_t root, const char *text)
{
	strbuf_addf(b, "%s{\"id\":\"%llu\",\"text\":\"%s\",\"conversation_id\":\"%llu\"}", b->len > 9 ? "," : "", (unsigned long long)id,
	            text, (unsigned long long)root);
}

TEST(x_is_asked_for_many_at_once_and_they_count_as_read)
{
	const uint64_t first = UINT64_C(2006500000000000000);
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new("accounts:\n  - {name: x, type: x, token: t}\n"
	                        "sources:\n  - {name: labs, type: x, account: x, query: labs, every: 1h, backfill: all}\n"
	                        "watches:\n" WATCH("ilya", "root:Sutskever"));
	strbuf_adds(&b, "{\"data\":[");
	for (uint64_t i = 0; i < 3; i++)
		add_tweet(&b, first + i, 100 + i, "labs");
	strbuf_adds(&b, "]}");
	sim_page(s, X "tweets/search/recent?*", 200, strbuf_cstr(&b));
	strbuf_reset(&b);
	strbuf_adds(&b, "{\"data\":[");
	add_tweet(&b, 100, 100, "Sutskever");
	add_tweet(&b, 101, 101, "nobody");
	strbuf_adds(&b, "],\"errors\":[{\"title\":\"Not Found Error\",\"value\":\"102\"}]}");
	struct sim_page *posts = sim_page(s, X "tweets?*", 200, strbuf_cstr(&b));
	sim_run(s, 10 * MINUTE);
	CHECK_INT(posts->hits, 1);
	CHECK(strstr(posts->last_url, "&ids=102,101,100") != NULL || strstr(posts->last_url, "&ids=100,101,102") != NULL);
	CHECK_INT(alerts(s), 1);
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/accounts", "", ""));
	CHECK_INT(json_get_int(json_array_get(json_get(j, "accounts"), 0), "posts_today", -1), 5);
	sim_free(s);
}
