/* SPDX-License-Identifier: ISC */
/* Polling manners in simulated time: how often, why then, and what is told of it. */
#include "sim/sim.h"

#define FEED "http://a.example/feed"
#define YAML(keys) "sources:\n  - {name: a, url: \"" FEED "\"" keys "}\n"

/* A feed whose items 1..n are dated `gap_ms` apart, the newest at `newest_unix_ms`. */
static const char *dated(struct strbuf *b, int n, int64_t newest_unix_ms, int64_t gap_ms)
{
	char date[DATE_TEXT_MAX];
	strbuf_reset(b);
	strbuf_adds(b, "<rss version=\"2.0\"><channel><title>Sim</title>");
	for (int i = n; i > 0; i--)
		strbuf_addf(b, "<item><guid isPermaLink=\"false\">g%d</guid><title>News %d</title><pubDate>%s</pubDate></item>", i, i,
		            date_rfc3339(date, newest_unix_ms - (n - i) * gap_ms));
	strbuf_adds(b, "</channel></rss>");
	return strbuf_cstr(b);
}

static json_t *source(struct sim *s)
{
	return sim_json(sim_ask(s, "GET", "/v1/sources/a", "", ""));
}

static void check_why(struct sim *s, const char *want)
{
	json_t *j OWNED_JSON = source(s);
	CHECK_STR(json_get_str(j, "next_why"), want);
}

/* How often it is asked in so long. */
static int asked_in(struct sim *s, int64_t ms)
{
	int before = sim_hits(s, FEED);
	sim_run(s, ms);
	return sim_hits(s, FEED) - before;
}

TEST(a_quiet_feed_is_asked_less_until_it_speaks)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new(YAML(""));
	sim_page(s, FEED, 200, dated(&b, 5, SIM_START_UNIX - DAY, 7 * DAY));
	CHECK_INT(asked_in(s, 2 * HOUR + 10 * MINUTE), 2); /* at once, after an hour, and 1 h 15 m later */
	sim_run(s, 3 * DAY);
	int slow = asked_in(s, 2 * DAY);
	CHECK(slow >= 11 && slow <= 13); /* every 4 h */
	json_t *j OWNED_JSON = source(s);
	CHECK(str_starts(json_get_str(j, "next_why"), STR("every 4h by its rhythm: a post every 1w, the last ")));
	sim_kill(s);
	sim_boot(s);
	json_t *again OWNED_JSON = source(s);
	CHECK_STR(json_get_str(again, "next_why"), json_get_str(j, "next_why").p);
	slow = asked_in(s, 2 * DAY);
	CHECK(slow >= 11 && slow <= 13);
	sim_page(s, FEED, 200, dated(&b, 6, SIM_START_UNIX + 6 * DAY, 7 * DAY));
	sim_run(s, 5 * HOUR);
	int lively = asked_in(s, 4 * HOUR);
	CHECK(lively >= 2 && lively <= 4);
	sim_free(s);
}

TEST(a_lively_feed_keeps_its_interval)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new(YAML(""));
	sim_page(s, FEED, 200, dated(&b, 5, SIM_START_UNIX, 20 * MINUTE));
	int n = asked_in(s, 4 * HOUR);
	CHECK(n == 4 || n == 5);
	check_why(s, "every 1h");
	sim_free(s);
}

TEST(what_the_user_says_is_obeyed)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new(YAML(", every: 10m"));
	struct sim_page *p = sim_page(s, FEED, 200, dated(&b, 5, SIM_START_UNIX, 30 * DAY));
	p->cache_control = (char[]){ "max-age=86400" };
	sim_run(s, 3 * DAY);
	int n = asked_in(s, DAY);
	CHECK(n >= 136 && n <= 144);
	check_why(s, "every 10m, as set for it");
	sim_write_config(s, YAML(", every: 10m, every_max: 1h"));
	CHECK_INT(sim_ask(s, "POST", "/v1/reload", "", "")->status, 200);
	sim_run(s, 3 * DAY);
	n = asked_in(s, DAY);
	CHECK(n >= 22 && n <= 24);
	sim_write_config(s, YAML(", every: 5m"));
	CHECK_INT(sim_ask(s, "POST", "/v1/reload", "", "")->status, 200);
	check_why(s, "every 5m, as set for it now");
	n = asked_in(s, DAY);
	CHECK(n >= 270 && n <= 288);
	sim_free(s);
}

TEST(the_whole_configuration_may_keep_quiet_feeds_at_their_interval)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new("every: 30m\nevery_max: 30m\n" YAML(""));
	sim_page(s, FEED, 200, dated(&b, 5, SIM_START_UNIX, 30 * DAY));
	sim_run(s, 3 * DAY);
	int n = asked_in(s, DAY);
	CHECK(n >= 45 && n <= 48);
	sim_free(s);
}

TEST(hints_lengthen_and_say_so)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new(YAML(""));
	struct sim_page *p = sim_page(s, FEED, 200, dated(&b, 5, SIM_START_UNIX, HOUR));
	p->cache_control = (char[]){ "max-age=7200" };
	sim_run(s, MINUTE);
	check_why(s, "every 1h, lengthened to 2h by Cache-Control max-age=7200");
	CHECK_INT(asked_in(s, 118 * MINUTE), 0);
	p->cache_control = NULL;
	p->headers = "expires: Thu, 01 Jan 2026 20:00:00 GMT\n";
	CHECK_INT(asked_in(s, 8 * MINUTE), 1);
	json_t *j OWNED_JSON = source(s);
	CHECK(str_ends(json_get_str(j, "next_why"), STR(" by Expires")));
	CHECK_INT(asked_in(s, 17 * HOUR + 45 * MINUTE), 0);
	sim_free(s);
}

TEST(a_failure_is_met_with_the_next_regular_poll)
{
	struct sim *s = sim_new(YAML(""));
	sim_page(s, FEED, 200, "<rss version='2.0'><channel><title>t</title><ttl>360</ttl></channel></rss>");
	sim_run(s, MINUTE);
	sim_page(s, FEED, 500, "");
	CHECK_INT(asked_in(s, 6 * HOUR + 20 * MINUTE), 1);
	check_why(s, "every 6h");
	CHECK_INT(asked_in(s, 5 * HOUR + 30 * MINUTE), 0);
	CHECK_INT(asked_in(s, HOUR), 1);
	check_why(s, "every 6h, doubled with each of 2 failures, 24h at most");
	sim_free(s);
}

TEST(a_demand_of_the_server_is_said)
{
	struct sim *s = sim_new(YAML(", every: 15m"));
	sim_page(s, FEED, 429, "")->retry_after = (char[]){ "7200" };
	sim_run(s, MINUTE);
	check_why(s, "every 15m, lengthened to 2h by Retry-After");
	sim_kill(s);
	sim_boot(s);
	check_why(s, "every 15m, lengthened to 2h by Retry-After");
	CHECK_INT(asked_in(s, 118 * MINUTE), 0);
	sim_free(s);
}

static void check_poll(struct sim *s, int64_t status, int64_t posts, int64_t fresh)
{
	json_t *j OWNED_JSON = source(s);
	CHECK(date_parse(json_get_str(j, "last_poll")) != TIME_ABSENT);
	CHECK_INT(json_get_int(j, "last_status", -1), status);
	CHECK_INT(json_get_int(j, "last_posts", -1), posts);
	CHECK_INT(json_get_int(j, "last_new", -1), fresh);
}

TEST(what_the_last_poll_brought_is_told)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new(YAML(", every: 1h"));
	struct sim_page *p = sim_page(s, FEED, 200, dated(&b, 5, SIM_START_UNIX, HOUR));
	p->etag = (char[]){ "\"1\"" };
	sim_run(s, 64 * MINUTE);
	check_poll(s, 304, 0, 0);
	p->etag = (char[]){ "\"2\"" };
	sim_page(s, FEED, 200, dated(&b, 7, SIM_START_UNIX, HOUR));
	sim_run(s, HOUR + 3 * MINUTE);
	check_poll(s, 200, 7, 2);
	sim_kill(s);
	sim_boot(s);
	check_poll(s, 200, 7, 2);
	sim_page(s, FEED, 404, "");
	sim_run(s, HOUR + 3 * MINUTE);
	check_poll(s, 404, 0, 0);
	sim_free(s);
}

TEST(a_feed_that_turns_over_between_two_polls_is_said)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new(YAML(", every: 1h"));
	sim_page(s, FEED, 200, dated(&b, 6, SIM_START_UNIX, MINUTE));
	sim_run(s, MINUTE);
	json_t *first OWNED_JSON = source(s);
	CHECK(json_get(first, "warning") == NULL); /* of the first document everything is new */
	dated(&b, 12, SIM_START_UNIX, MINUTE);
	char *half = strstr(b.p, "<item><guid isPermaLink=\"false\">g6<");
	strbuf_truncate(&b, (size_t)(half - b.p));
	strbuf_adds(&b, "</channel></rss>");
	sim_page(s, FEED, 200, strbuf_cstr(&b));
	sim_run(s, HOUR + 3 * MINUTE);
	check_poll(s, 200, 6, 6);
	json_t *j OWNED_JSON = source(s);
	CHECK(str_starts(json_get_str(j, "warning"), STR("every post of the last poll was new")));
	sim_run(s, HOUR + 3 * MINUTE);
	json_t *later OWNED_JSON = source(s);
	CHECK(json_get(later, "warning") == NULL);
	sim_free(s);
}

/* Forty sources of one host: one after another, not in a burst, and spread further with every round. */
TEST(one_host_is_never_hit_at_once_by_many_sources)
{
	AUTO(strbuf) struct strbuf yaml = STRBUF_INIT(1 << 20), b = STRBUF_INIT(1 << 20);
	int64_t hits[40];
	strbuf_adds(&yaml, "sources:\n");
	for (int i = 0; i < 40; i++)
		strbuf_addf(&yaml, "  - {name: s%d, url: \"http://same.example/%d\"}\n", i, i);
	struct sim *s = sim_new(strbuf_cstr(&yaml));
	dated(&b, 5, SIM_START_UNIX, 10 * MINUTE);
	for (int i = 0; i < 40; i++) {
		char url[60];
		snprintf(url, sizeof url, "http://same.example/%d", i);
		sim_page(s, url, 200, strbuf_cstr(&b))->latency_ms = 30;
	}
	int64_t began = s->mono_ms;
	sim_run(s, 19 * SECOND);
	int done = 0;
	for (size_t i = 0; i < 40; i++)
		done += s->pages.v[i]->hits;
	CHECK(done >= 35 && done < 40); /* half a second apart */
	sim_run(s, 30 * DAY - 19 * SECOND);
	for (size_t i = 0; i < 40; i++) {
		CHECK(s->pages.v[i]->hits >= 100);
		hits[i] = s->pages.v[i]->last_hit_mono_ms;
		for (size_t k = 0; k < i; k++)
			CHECK(llabs(hits[i] - hits[k]) >= 500);
	}
	CHECK_INT(s->under_way_most, 1);
	sim_run(s, HOUR);
	int64_t first = INT64_MAX, last = 0;
	for (size_t i = 0; i < 40; i++) {
		first = s->pages.v[i]->last_hit_mono_ms < first ? s->pages.v[i]->last_hit_mono_ms : first;
		last = s->pages.v[i]->last_hit_mono_ms > last ? s->pages.v[i]->last_hit_mono_ms : last;
	}
	CHECK(last - first > 10 * MINUTE && began < first);
	sim_free(s);
}

/* However many there are, the rests take no more than half a minute. */
TEST(a_long_queue_is_let_through)
{
	AUTO(strbuf) struct strbuf yaml = STRBUF_INIT(1 << 20);
	strbuf_adds(&yaml, "sources:\n");
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&yaml, "  - {name: s%d, url: \"http://same.example/%d\"}\n", i, i);
	struct sim *s = sim_new(strbuf_cstr(&yaml)); /* each fails within 5 ms: no such host */
	sim_run(s, 20 * SECOND);
	CHECK(s->starts > 400 && s->starts < 700);
	sim_run(s, 20 * SECOND);
	CHECK_INT(s->starts, 1000);
	CHECK_INT(s->under_way_most, 1);
	sim_free(s);
}

TEST(whoever_asks_does_not_stand_in_the_queue)
{
	AUTO(strbuf) struct strbuf yaml = STRBUF_INIT(1 << 20), b = STRBUF_INIT(1 << 20);
	strbuf_adds(&yaml, "sources:\n");
	for (int i = 0; i < 40; i++)
		strbuf_addf(&yaml, "  - {name: s%d, url: \"http://same.example/%d\"}\n", i, i);
	strbuf_adds(&yaml, "  - {name: a, url: \"http://same.example/a\", paused: true}\n");
	struct sim *s = sim_new(strbuf_cstr(&yaml));
	sim_page(s, "http://same.example/a", 200, dated(&b, 5, SIM_START_UNIX, HOUR));
	sim_run(s, SECOND);
	json_t *all OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/sources", "", ""));
	int queued = 0;
	for (size_t i = 0; i < json_array_size(json_get(all, "sources")); i++)
		queued += str_eq(json_get_str(json_array_get(json_get(all, "sources"), i), "next_why"),
		                 STR("its host is asked one thing after another"));
	CHECK(queued > 30);
	int64_t began = s->mono_ms;
	CHECK_INT(sim_ask(s, "POST", "/v1/sources/a/poll", "", "")->status, 200);
	CHECK(s->mono_ms - began <= SECOND);
	sim_free(s);
}

/* RFC 3229 with feeds: the answer holds what is new, and no more. */
TEST(a_server_may_send_what_is_new_alone)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new(YAML(", every: 1h"));
	struct sim_page *p = sim_page(s, FEED, 200, dated(&b, 5, SIM_START_UNIX, HOUR));
	p->etag = (char[]){ "\"1\"" };
	sim_run(s, 64 * MINUTE);
	CHECK_INT(p->hits, 2);
	CHECK_INT(p->deltas, 1); /* not the first time: there is no version to begin from */
	check_poll(s, 304, 0, 0);
	sim_page(s, FEED, 226, "<rss version=\"2.0\"><channel><title>Sim</title><item><guid>g6</guid></item></channel></rss>");
	p->etag = (char[]){ "\"2\"" };
	p->headers = "im: feed\n";
	sim_run(s, 64 * MINUTE);
	check_poll(s, 226, 1, 1);
	sim_page(s, FEED, 200, dated(&b, 6, SIM_START_UNIX, HOUR)); /* under the validator of the delta: unchanged */
	sim_run(s, 64 * MINUTE);
	check_poll(s, 304, 0, 0);
	CHECK_INT(p->deltas, p->hits - 1);
	sim_page(s, FEED, 226, "who knows");
	p->headers = "im: feed, vcdiff\n";
	sim_run(s, 64 * MINUTE);
	check_poll(s, 226, 0, 0);
	json_t *j OWNED_JSON = source(s);
	CHECK_STR(json_get_str(j, "last_error"), "HTTP status 226: a kind of difference that was not asked for");
	sim_free(s);
}

/* --- the feed of a page that does not say where it is --- */

#define SITE "http://site.example"
#define PAGE "<!doctype html><html><head><title>x</title></head><body>x</body></html>"

static const char *const places[] = { "/blog/feed", "/blog/rss.xml", "/blog/feed.xml", "/blog/atom.xml", "/blog/index.xml",
	                              "/blog/rss", "/blog/feed.json", "/feed", "/rss.xml", "/feed.xml", "/atom.xml", "/index.xml",
	                              "/rss", "/feed.json" };
#define PLACES (sizeof places / sizeof places[0])

/* A site without feeds: "not found" in both ways. */
static struct sim *site(void)
{
	struct sim *s = sim_new("every: 1h\n");
	sim_page(s, SITE "/blog/", 200, PAGE);
	for (size_t i = 0; i < PLACES; i++) {
		char url[80];
		snprintf(url, sizeof url, SITE "%s", places[i]);
		sim_page(s, url, i % 3 == 0 ? 200 : 404, i % 3 == 0 ? PAGE : "");
	}
	return s;
}

/* How many places were asked; none of them twice, none after one that was not. */
static size_t asked_places(struct sim *s)
{
	size_t n = 0;
	for (size_t i = 0; i < PLACES; i++) {
		char url[80];
		snprintf(url, sizeof url, SITE "%s", places[i]);
		CHECK(sim_hits(s, url) <= 1 && (sim_hits(s, url) == 0 || n == i));
		n += sim_hits(s, url) > 0;
	}
	return n;
}

static struct message *add_site(struct sim *s, const char *path)
{
	char body[200];
	snprintf(body, sizeof body, "{\"url\":\"" SITE "%s\"}", path);
	return sim_ask(s, "POST", "/v1/sources", "", body);
}

TEST(a_feed_is_looked_for_at_the_usual_places)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = site();
	struct sim_page *feed = sim_page(s, SITE "/atom.xml", 200, dated(&b, 5, SIM_START_UNIX, HOUR));
	struct message *m = add_site(s, "/blog/");
	CHECK_INT(m->status, 201);
	json_t *j OWNED_JSON = sim_json(m);
	CHECK_STR(json_get_str(j, "found"), SITE "/atom.xml");
	CHECK_STR(json_get_str(j, "url"), SITE "/atom.xml");
	CHECK_STR(json_get_str(j, "note"), "the page does not say so: it was found at a usual place");
	CHECK_INT(asked_places(s), 11);
	CHECK_INT(s->under_way_most, 1);
	sim_run(s, 30 * MINUTE);
	CHECK_INT(feed->hits, 1); /* it was the first poll */
	sim_free(s);
}

TEST(a_page_without_a_feed_is_said_after_all_places)
{
	struct sim *s = site();
	struct message *m = add_site(s, "/blog/");
	CHECK_INT(m->status, 422);
	CHECK(str_find(m->text, STR("none lies at the usual places")) != STR_NPOS);
	CHECK_INT(asked_places(s), 14);
	sim_free(s);
	s = site();
	sim_page(s, SITE "/", 200, PAGE);
	CHECK_INT(add_site(s, "/")->status, 422);
	CHECK_INT(s->starts, 8); /* beside the page is at the top: not twice */
	sim_free(s);
}

TEST(a_server_that_is_not_well_is_left_alone)
{
	struct sim *s = site();
	sim_page(s, SITE "/blog/feed.xml", 429, "");
	CHECK_INT(add_site(s, "/blog/")->status, 422);
	CHECK_INT(asked_places(s), 3);
	sim_free(s);
	s = site();
	sim_page(s, SITE "/blog/rss.xml", 200, "")->outcome = REPLY_FAILED;
	CHECK_INT(add_site(s, "/blog/")->status, 422);
	CHECK_INT(asked_places(s), 2);
	sim_free(s);
	s = site();
	sim_page(s, SITE "/blog/rss.xml", 404, "")->latency_ms = 2 * MINUTE;
	CHECK_INT(add_site(s, "/blog/")->status, 422);
	CHECK_INT(asked_places(s), 2);
	sim_free(s);
}

#define HOOK "http://hook.example/in"
#define OPERATOR "channels:\n  - {name: desk, type: webhook, url: \"" HOOK "\", operator: true}\n"

TEST(a_feed_that_falls_silent_is_an_alarm_and_its_next_post_the_end_of_it)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new(YAML("") OPERATOR);
	struct sim_page *hook = sim_page(s, HOOK, 204, "");
	sim_page(s, FEED, 200, dated(&b, 12, SIM_START_UNIX, DAY));
	sim_run(s, 3 * DAY); /* three times a day's silence would be unusual, but is not yet */
	CHECK_INT(hook->hits, 0);
	sim_run(s, 2 * HOUR);
	CHECK_INT(hook->hits, 1);
	CHECK(strstr(hook->bodies.v[0], "source a is silent: it is read without fault, but gave its last new post 3d") != NULL);
	json_t *j OWNED_JSON = source(s);
	CHECK(str_find(json_get_str(j, "warning"), STR("gave nothing new for longer than it ever did")) != STR_NPOS);
	CHECK_STR(json_get_str(j, "last_news"), "2026-01-01T00:00:00.020Z");
	sim_kill(s);
	sim_boot(s);
	sim_run(s, 5 * DAY);
	CHECK_INT(hook->hits, 1);
	sim_page(s, FEED, 200, dated(&b, 13, SIM_START_UNIX + 8 * DAY, DAY));
	sim_run(s, 6 * HOUR);
	CHECK_INT(hook->hits, 2);
	CHECK(strstr(hook->bodies.v[1], "source a sees again") != NULL);
	sim_free(s);
}

TEST(silence_is_as_long_as_the_settings_say)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new(YAML(", silence: 6h") OPERATOR);
	struct sim_page *hook = sim_page(s, HOOK, 204, "");
	sim_page(s, FEED, 200, dated(&b, 2, SIM_START_UNIX, DAY));
	sim_run(s, 5 * HOUR);
	CHECK_INT(hook->hits, 0);
	sim_run(s, 3 * HOUR);
	CHECK_INT(hook->hits, 1);
	sim_free(s);
	s = sim_new(YAML(", silence: never") OPERATOR);
	hook = sim_page(s, HOOK, 204, "");
	sim_page(s, FEED, 200, dated(&b, 12, SIM_START_UNIX, HOUR));
	sim_run(s, 30 * DAY);
	CHECK_INT(hook->hits, 0);
	sim_free(s);
}
