/* SPDX-License-Identifier: ISC */
/* The engine in simulated time: polling manners, alerts once, deliveries until they arrive, crashes at every step. */
#include "sim/sim.h"

#define FEED "http://a.example/feed"
#define HOOK "http://hook.example/in"
#define YAML_WITH(source_keys)                                                                            \
	"sources:\n  - {name: a, url: \"" FEED "\"" source_keys "}\n"                                    \
	"channels:\n  - {name: desk, type: webhook, url: \"" HOOK "\"}\n"                               \
	"watches:\n  - {name: ilya, query: Sutskever}\n"

static const char *const three[] = { "Old Sutskever news", "Nothing here", "Ilya Sutskever leaves" };

/* The feed as it stands at the first poll (one old item), then with all three. */
static struct sim *start(const char *yaml, struct strbuf *b)
{
	struct sim *s = sim_new(yaml);
	sim_page(s, FEED, 200, sim_feed(b, 1, three));
	sim_page(s, HOOK, 204, "");
	sim_run(s, 10 * SECOND);
	return s;
}

TEST(a_new_post_is_told_once)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = start(YAML_WITH(", every: 15m"), &b);
	CHECK_INT(sim_hits(s, HOOK), 0); /* the baseline */
	sim_page(s, FEED, 200, sim_feed(&b, 3, three));
	sim_run(s, 20 * MINUTE);
	struct sim_page *hook = sim_page(s, HOOK, 204, "");
	CHECK_INT(hook->hits, 1);
	CHECK(strstr(hook->bodies.v[0], "Ilya Sutskever leaves") != NULL);
	sim_run(s, 1 * DAY);
	CHECK_INT(hook->hits, 1);
	sim_kill(s);
	sim_boot(s);
	sim_run(s, 1 * DAY);
	CHECK_INT(hook->hits, 1);
	sim_free(s);
}

/* The feed `whole`, cut off before item `before`, at the first poll; then whole, with a new item in front. */
static int told_after_a_cut(const char *before)
{
	static const char *const four[] = { "Oldest Sutskever", "Older Sutskever", "Old Sutskever", "Sutskever news" };
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new(YAML_WITH(", every: 15m"));
	sim_page(s, HOOK, 204, "");
	sim_feed(&b, 3, four);
	char *cut = strstr(b.p, before);
	CHECK(cut != NULL);
	if (cut != NULL)
		*cut = '\0';
	sim_page(s, FEED, 200, b.p);
	sim_run(s, 10 * SECOND);
	sim_kill(s);
	sim_boot(s);
	sim_page(s, FEED, 200, sim_feed(&b, 4, four));
	sim_run(s, HOUR);
	int told = sim_hits(s, HOOK);
	sim_free(s);
	return told;
}

TEST(the_rest_of_a_first_document_that_was_cut_off_is_no_news)
{
	CHECK_INT(told_after_a_cut("<item><title>Oldest"), 1);
	CHECK_INT(told_after_a_cut("er Sutskever"), 1);
	CHECK_INT(told_after_a_cut("<item><title>Old S"), 0); /* no item was there: all that comes was */
}

TEST(backfill_tells_what_was_there_before)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = start(YAML_WITH(", backfill: all"), &b);
	CHECK_INT(sim_hits(s, HOOK), 1);
	sim_free(s);
}

static int told_to_a_new_watch(const char *source_keys, const char *body)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20), yaml = STRBUF_INIT(4096);
	strbuf_adds(&yaml, source_keys);
	struct sim *s = start(strbuf_cstr(&yaml), &b);
	int before = sim_hits(s, HOOK);
	CHECK_INT(sim_ask(s, "POST", "/v1/watches", "", body)->status, 201);
	sim_run(s, MINUTE);
	/* whoever goes and comes back is not told again */
	CHECK_INT(sim_ask(s, "DELETE", "/v1/watches/late", "", "")->status, 204);
	int told = sim_hits(s, HOOK) - before;
	CHECK_INT(sim_ask(s, "POST", "/v1/watches", "", body)->status, 201);
	sim_run(s, MINUTE);
	CHECK_INT(sim_hits(s, HOOK) - before, told);
	sim_free(s);
	return told;
}

TEST(a_new_watch_looks_back_as_far_as_backfill_says)
{
	static const char late[] = "{\"name\":\"late\",\"query\":\"Sutskever\"}";
	CHECK_INT(told_to_a_new_watch(YAML_WITH(", backfill: all"), late), 1);
	CHECK_INT(told_to_a_new_watch(YAML_WITH(", backfill: 1h"), late), 0); /* its posts bear no date */
	CHECK_INT(told_to_a_new_watch(YAML_WITH(""), late), 0);
	CHECK_INT(told_to_a_new_watch(YAML_WITH(", backfill: all"), "{\"name\":\"late\",\"query\":\"Altman\"}"), 0);
	CHECK_INT(told_to_a_new_watch(YAML_WITH(", backfill: all"),
	                              "{\"name\":\"late\",\"query\":\"Sutskever\",\"paused\":true}"), 0);
}

TEST(a_watch_that_a_reload_brings_looks_back_a_renamed_one_does_not)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = start(YAML_WITH(", backfill: all"), &b);
	sim_write_config(s, YAML_WITH(", backfill: all") "  - {name: more, query: Sutskever}\n");
	CHECK_INT(sim_ask(s, "POST", "/v1/reload", "", "")->status, 200);
	sim_run(s, MINUTE);
	CHECK_INT(sim_hits(s, HOOK), 2);
	CHECK_INT(sim_ask(s, "POST", "/v1/watches", "", "{\"name\":\"third\",\"query\":\"Sutskever\"}")->status, 201);
	sim_run(s, MINUTE);
	CHECK_INT(sim_hits(s, HOOK), 3);
	CHECK_INT(sim_ask(s, "PATCH", "/v1/watches/third", "", "{\"name\":\"fourth\"}")->status, 200);
	sim_run(s, MINUTE);
	CHECK_INT(sim_hits(s, HOOK), 3);
	sim_free(s);
}

TEST(a_watch_that_came_while_the_daemon_was_down_looks_back)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = start(YAML_WITH(", backfill: all"), &b);
	CHECK_INT(sim_hits(s, HOOK), 1);
	for (int i = 0; i < 3; i++) { /* once, however often it is started */
		sim_kill(s);
		sim_write_config(s, YAML_WITH(", backfill: all") "  - {name: more, query: Sutskever}\n");
		sim_boot(s);
		sim_run(s, MINUTE);
		CHECK_INT(sim_hits(s, HOOK), 2);
	}
	sim_free(s);
}

TEST(an_edit_is_told_only_for_what_it_did_not_say_before)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = start(YAML_WITH(", every: 15m"), &b);
	static const char *const comma[] = { "Old, Sutskever news" };
	sim_page(s, FEED, 200, sim_feed(&b, 1, comma));
	sim_run(s, 20 * MINUTE);
	CHECK_INT(sim_hits(s, HOOK), 0);
	static const char *const away[] = { "Old news" };
	sim_page(s, FEED, 200, sim_feed(&b, 1, away));
	sim_run(s, 20 * MINUTE);
	sim_page(s, FEED, 200, sim_feed(&b, 1, three));
	sim_run(s, 20 * MINUTE);
	CHECK_INT(sim_hits(s, HOOK), 1);
	sim_free(s);
}

#define FOLLOW ", on: [new, edit, delete]"
#define ATOM(entries) "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:at=\"http://purl.org/atompub/tombstones/1.0\">" \
	"<title>A</title>" entries "</feed>"
#define ENTRY(title) "<entry><id>urn:1</id><title>" title "</title></entry>"
#define GONE "<at:deleted-entry ref=\"urn:1\" when=\"2026-01-01T10:00:00Z\"/>"

static struct sim *follow(const char *watch_keys)
{
	AUTO(strbuf) struct strbuf yaml = STRBUF_INIT(4096);
	strbuf_addf(&yaml, "sources:\n  - {name: a, url: \"" FEED "\", every: 15m, backfill: all}\n"
	            "channels:\n  - {name: desk, type: webhook, url: \"" HOOK "\"}\n"
	            "watches:\n  - {name: ilya, query: Sutskever%s}\n", watch_keys);
	struct sim *s = sim_new(strbuf_cstr(&yaml));
	sim_page(s, HOOK, 204, "");
	sim_page(s, FEED, 200, ATOM(ENTRY("Ilya Sutskever leaves")));
	sim_run(s, 10 * MINUTE);
	CHECK_INT(sim_hits(s, HOOK), 1);
	return s;
}

static void now_serves(struct sim *s, const char *body)
{
	sim_page(s, FEED, 200, body);
	sim_run(s, 20 * MINUTE);
}

TEST(edits_and_deletions_are_told_to_those_who_asked)
{
	struct sim *s = follow(FOLLOW);
	struct sim_page *hook = sim_page(s, HOOK, 204, "");
	now_serves(s, ATOM(ENTRY("Ilya Sutskever stays")));
	CHECK_INT(hook->hits, 2);
	CHECK(strstr(hook->bodies.v[1], "edited: matched Sutskever") != NULL && strstr(hook->bodies.v[1], "stays") != NULL);
	now_serves(s, ATOM(ENTRY("Somebody stays")));
	CHECK_INT(hook->hits, 3);
	CHECK(strstr(hook->bodies.v[2], "edited: matches no more") != NULL);
	now_serves(s, ATOM(GONE));
	now_serves(s, ATOM(GONE));
	CHECK_INT(hook->hits, 4);
	CHECK(strstr(hook->bodies.v[3], "alert.deleted") != NULL && strstr(hook->bodies.v[3], "Somebody stays") != NULL);
	now_serves(s, ATOM(ENTRY("Somebody stays"))); /* there again: no news */
	CHECK_INT(hook->hits, 4);
	sim_free(s);
}

TEST(who_did_not_ask_hears_nothing_of_edits_and_deletions)
{
	struct sim *s = follow("");
	now_serves(s, ATOM(ENTRY("Ilya Sutskever stays")));
	now_serves(s, ATOM(GONE));
	CHECK_INT(sim_hits(s, HOOK), 1);
	sim_free(s);
}

/* What is told late is told as it was when it matched: the edit came while the hook was down. */
TEST(an_alert_keeps_the_text_that_it_told)
{
	struct sim *s = follow("");
	struct sim_page *hook = sim_page(s, HOOK, 500, "");
	now_serves(s, ATOM("<entry><id>urn:2</id><title>Sutskever: first words</title></entry>"));
	now_serves(s, ATOM("<entry><id>urn:2</id><title>Nobody: other words</title></entry>"));
	sim_page(s, HOOK, 204, "");
	sim_run(s, 1 * DAY);
	CHECK(strstr(hook->bodies.v[hook->bodies.n - 1], "first words") != NULL);
	sim_free(s);
}

/* The feed as another blog engine would serve it: all ids and addresses are new. */
static const char *renamed_feed(struct strbuf *b, int n)
{
	strbuf_reset(b);
	strbuf_adds(b, "<rss version='2.0'><channel><title>Sim</title>");
	for (int i = n; i > 0; i--)
		strbuf_addf(b, "<item><title>%s %d</title><guid isPermaLink='false'>new-%d</guid><link>https://b.example/p/%d</link></item>",
		            i <= 5 ? "Sutskever" : "News of Sutskever", i, i, i);
	strbuf_adds(b, "</channel></rss>");
	return strbuf_cstr(b);
}

TEST(a_feed_that_changes_all_its_ids_tells_only_what_is_new)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	static const char *const five[] = { "Sutskever 1", "Sutskever 2", "Sutskever 3", "Sutskever 4", "Sutskever 5" };
	struct sim *s = sim_new(YAML_WITH(", every: 15m, backfill: all"));
	sim_page(s, HOOK, 204, "");
	sim_page(s, FEED, 200, sim_feed(&b, 5, five));
	sim_run(s, 20 * MINUTE);
	CHECK_INT(sim_hits(s, HOOK), 5);
	sim_page(s, FEED, 200, renamed_feed(&b, 6));
	sim_run(s, 1 * HOUR);
	CHECK_INT(sim_hits(s, HOOK), 6);
	sim_page(s, FEED, 200, renamed_feed(&b, 7)); /* and it knows them by their new ids from now on */
	sim_run(s, 1 * HOUR);
	CHECK_INT(sim_hits(s, HOOK), 7);
	sim_free(s);
}

TEST(validators_go_back_as_they_came)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new(YAML_WITH(", every: 15m"));
	struct sim_page *p = sim_page(s, FEED, 200, sim_feed(&b, 1, three));
	p->etag = (char[]){ "W/\"odd, one\"" };
	sim_run(s, 10 * HOUR);
	CHECK(p->hits >= 37 && p->hits <= 41);
	CHECK_INT(p->conditional, p->hits - 1);
	sim_kill(s);
	sim_boot(s);
	sim_run(s, HOUR);
	CHECK_INT(p->conditional, p->hits - 1); /* over a restart too */
	sim_free(s);
}

TEST(a_restart_does_not_poll_sooner)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new(YAML_WITH(""));
	struct sim_page *p = sim_page(s, FEED, 200, sim_feed(&b, 1, three));
	for (int i = 0; i < 30; i++) { /* restarts every minute */
		sim_run(s, MINUTE);
		sim_kill(s);
		sim_boot(s);
	}
	CHECK_INT(p->hits, 1);
	sim_free(s);
}

TEST(retry_after_is_obeyed_and_failures_back_off)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new(YAML_WITH(", every: 15m"));
	struct sim_page *p = sim_page(s, FEED, 429, "");
	p->retry_after = (char[]){ "36000" };
	sim_run(s, 9 * HOUR);
	CHECK_INT(p->hits, 1);
	p->retry_after = NULL;
	sim_page(s, FEED, 500, "");
	sim_run(s, 30 * DAY);
	CHECK(p->hits >= 29 && p->hits <= 45); /* 15 m doubled up to once a day, never given up */
	sim_page(s, FEED, 200, sim_feed(&b, 1, three));
	sim_run(s, 2 * DAY);
	int before = p->hits;
	sim_run(s, DAY);
	CHECK(p->hits - before >= 90 && p->hits - before <= 96);
	sim_free(s);
}

TEST(hints_lengthen_the_default_interval_only)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new(YAML_WITH(""));
	struct sim_page *p = sim_page(s, FEED, 200, sim_feed(&b, 1, three));
	p->cache_control = (char[]){ "public, max-age=21600" };
	sim_run(s, DAY);
	CHECK(p->hits >= 4 && p->hits <= 5);
	sim_free(s);
	s = sim_new(YAML_WITH(", every: 30m"));
	p = sim_page(s, FEED, 200, sim_feed(&b, 1, three));
	p->cache_control = (char[]){ "public, max-age=21600" };
	sim_run(s, DAY);
	CHECK(p->hits >= 45 && p->hits <= 49);
	sim_free(s);
}

/* "Not modified" repeats no hint: those of the document stand, over a restart too. */
TEST(hints_of_a_document_outlive_not_modified)
{
	struct sim *s = sim_new(YAML_WITH(""));
	struct sim_page *p = sim_page(s, FEED, 200, "<rss version='2.0'><channel><title>t</title><ttl>360</ttl></channel></rss>");
	p->etag = (char[]){ "\"1\"" };
	sim_run(s, DAY);
	CHECK(p->hits >= 4 && p->hits <= 5);
	sim_kill(s);
	sim_boot(s);
	int before = p->hits;
	sim_run(s, DAY);
	CHECK(p->hits - before >= 3 && p->hits - before <= 5);
	CHECK_INT(p->conditional, p->hits - 1);
	sim_free(s);
}

TEST(gone_stops_a_source_and_asking_wakes_it)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new(YAML_WITH(", every: 15m"));
	struct sim_page *p = sim_page(s, FEED, 410, "");
	sim_run(s, 30 * DAY);
	CHECK_INT(p->hits, 1);
	json_t *source OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/sources/a", "", ""));
	CHECK_STR(json_get_str(source, "state"), "stopped");
	sim_page(s, FEED, 200, sim_feed(&b, 1, three));
	json_t *poll OWNED_JSON = sim_json(sim_ask(s, "POST", "/v1/sources/a/poll", "", ""));
	CHECK_STR(json_get_str(poll, "outcome"), "ok");
	sim_run(s, HOUR);
	CHECK(p->hits >= 5);
	sim_free(s);
}

TEST(a_permanent_move_is_learnt_at_the_third_sighting)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new(YAML_WITH(", every: 15m"));
	struct sim_page *p = sim_page(s, FEED, 200, sim_feed(&b, 1, three));
	struct sim_page *there = sim_page(s, "http://b.example/new", 200, sim_feed(&b, 1, three));
	p->moved_to = there->url;
	sim_run(s, 40 * MINUTE);
	CHECK_INT(p->hits, 3);
	sim_run(s, 2 * HOUR);
	CHECK_INT(p->hits, 3);
	CHECK(there->hits >= 7);
	sim_kill(s);
	sim_boot(s);
	sim_run(s, HOUR);
	CHECK_INT(p->hits, 3);
	sim_free(s);
}

TEST(a_failing_hook_gets_the_same_id_until_it_takes_it)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = start(YAML_WITH(", every: 15m"), &b);
	struct sim_page *hook = sim_page(s, HOOK, 500, "");
	sim_page(s, FEED, 200, sim_feed(&b, 3, three));
	sim_run(s, 2 * DAY);
	CHECK(hook->hits > 30 && hook->hits < 70);
	sim_page(s, HOOK, 204, "");
	sim_run(s, 2 * HOUR);
	int hits = hook->hits;
	sim_run(s, 2 * DAY);
	CHECK_INT(hook->hits, hits);
	for (size_t i = 1; i < hook->ids.n; i++)
		CHECK_STR(str_c(hook->ids.v[i]), hook->ids.v[0]);
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/deliveries", "state=delivered", ""));
	CHECK_INT(json_array_size(json_get(j, "deliveries")), 1);
	sim_free(s);
}

TEST(after_three_days_a_delivery_is_dead_listed_and_can_be_retried)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = start(YAML_WITH(", every: 15m"), &b);
	struct sim_page *hook = sim_page(s, HOOK, 500, "");
	sim_page(s, FEED, 200, sim_feed(&b, 3, three));
	sim_run(s, 4 * DAY);
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/deliveries", "state=dead", ""));
	json_t *list = json_object_get(j, "deliveries");
	CHECK_INT(json_array_size(list), 1);
	int hits = hook->hits;
	sim_run(s, 4 * DAY);
	CHECK_INT(hook->hits, hits);
	sim_page(s, HOOK, 204, "");
	char path[100];
	snprintf(path, sizeof path, "/v1/deliveries/%.*s/retry", STR_ARG(json_get_str(json_array_get(list, 0), "id")));
	CHECK_INT(sim_ask(s, "POST", path, "", "")->status, 200);
	sim_run(s, SECOND);
	CHECK_INT(hook->hits, hits + 1);
	CHECK_INT(sim_ask(s, "POST", path, "", "")->status, 409);
	sim_free(s);
}

TEST(a_refused_delivery_is_dead_at_once_and_a_broken_channel_keeps_its_queue)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = start(YAML_WITH(", every: 15m, backfill: all"), &b);
	struct sim_page *hook = sim_page(s, HOOK, 400, "");
	static const char *const two[] = { "Old Sutskever news", "Sutskever" };
	sim_page(s, FEED, 200, sim_feed(&b, 2, two));
	sim_run(s, HOUR);
	CHECK_INT(hook->hits, 2);
	sim_page(s, HOOK, 404, "");
	static const char *const four[] = { "Old Sutskever news", "Sutskever", "more Sutskever", "again Sutskever" };
	sim_page(s, FEED, 200, sim_feed(&b, 4, four));
	sim_run(s, 10 * DAY);
	CHECK(hook->hits >= 2 + 200 && hook->hits <= 2 + 245); /* hourly */
	sim_page(s, HOOK, 204, "");
	sim_run(s, 3 * HOUR);
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/status", "", ""));
	CHECK_INT(json_get_int(json_get(j, "deliveries"), "waiting", -1), 0);
	CHECK_INT(json_get_int(json_get(j, "deliveries"), "delivered", -1), 3);
	CHECK_INT(json_get_int(json_get(j, "deliveries"), "dead", -1), 1);
	sim_free(s);
}

/* kill -9 after the commit and before any message left, at each of the first 60 steps: every
 * matching post has one alert and one delivered delivery in the end, and repeated requests carry
 * the same id. */
TEST(a_crash_at_any_step_loses_and_doubles_nothing)
{
	static const char *const titles[] = { "a Sutskever", "b Sutskever", "c", "d Sutskever", "e Sutskever" };
	for (int64_t at = 1; at <= 60; at++) {
		AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
		struct sim *s = sim_new(YAML_WITH(", every: 1m"));
		s->crash_at_step = at;
		sim_page(s, FEED, 200, sim_feed(&b, 1, titles))->etag = NULL;
		struct sim_page *hook = sim_page(s, HOOK, 204, "");
		for (int n = 1; n <= 5; n++) {
			sim_page(s, FEED, 200, sim_feed(&b, n, titles));
			sim_run(s, 90 * SECOND);
		}
		sim_run(s, 10 * MINUTE);
		s->crash_at_step = 0;
		json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/status", "", ""));
		CHECK_INT(json_get_int(j, "alerts", -1), 3);
		CHECK_INT(json_get_int(json_get(j, "deliveries"), "delivered", -1), 3);
		size_t distinct = 0;
		for (size_t i = 0; i < hook->ids.n; i++) {
			bool again = false;
			for (size_t k = 0; k < i; k++)
				again |= strcmp(hook->ids.v[i], hook->ids.v[k]) == 0;
			distinct += !again;
		}
		CHECK_INT(distinct, 3);
		CHECK(hook->ids.n <= 4); /* at most the one under way is told twice, with its id */
		sim_free(s);
	}
}

TEST(one_host_sees_one_request_at_once_and_all_hosts_thirty_two)
{
	AUTO(strbuf) struct strbuf yaml = STRBUF_INIT(1 << 20), b = STRBUF_INIT(1 << 20);
	strbuf_adds(&yaml, "sources:\n");
	for (int i = 0; i < 40; i++)
		strbuf_addf(&yaml, "  - {name: s%d, url: \"http://same.example/%d\"}\n  - {name: o%d, url: \"http://h%d.example/f\"}\n", i, i, i, i);
	struct sim *s = sim_new(strbuf_cstr(&yaml));
	sim_feed(&b, 1, three);
	for (int i = 0; i < 40; i++) {
		char url[60];
		snprintf(url, sizeof url, "http://same.example/%d", i);
		sim_page(s, url, 200, strbuf_cstr(&b))->latency_ms = 100;
		snprintf(url, sizeof url, "http://h%d.example/f", i);
		sim_page(s, url, 200, strbuf_cstr(&b))->latency_ms = 100;
	}
	sim_step(s);
	int same = 0;
	for (size_t i = 0; i < s->pages.n; i++)
		same += strstr(s->pages.v[i]->url, "same") != NULL ? s->pages.v[i]->under_way : 0;
	CHECK_INT(same, 1);
	sim_run(s, MINUTE);
	CHECK_INT(s->under_way_most, 32);
	for (size_t i = 0; i < s->pages.n; i++)
		CHECK_INT(s->pages.v[i]->hits, 1);
	sim_free(s);
}

TEST(reload_keeps_what_is_the_same_and_refuses_what_is_wrong)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = start(YAML_WITH(""), &b);
	struct sim_page *p = sim_page(s, FEED, 200, strbuf_cstr(&b));
	sim_write_config(s, "sources:\n  - {name: a, url: 17, every: soon}\n");
	struct message *bad = sim_ask(s, "POST", "/v1/reload", "", "");
	CHECK_INT(bad->status, 422);
	json_t *errors OWNED_JSON = sim_json(bad);
	CHECK(json_array_size(json_get(errors, "errors")) >= 1);
	sim_write_config(s, YAML_WITH("") "  - {name: more, query: leaves}\n");
	struct message *good = sim_ask(s, "POST", "/v1/reload", "", "");
	CHECK_INT(good->status, 200);
	json_t *j OWNED_JSON = sim_json(good);
	CHECK_INT(json_get_int(json_get(j, "watches"), "added", -1), 1);
	CHECK_INT(json_get_int(json_get(j, "sources"), "kept", -1), 1);
	sim_run(s, 50 * MINUTE);
	CHECK_INT(p->hits, 1); /* not polled again for a reload */
	sim_page(s, FEED, 200, sim_feed(&b, 3, three));
	sim_run(s, HOUR);
	CHECK_INT(sim_hits(s, HOOK), 2); /* both watches */
	sim_free(s);
}

TEST(stop_waits_for_a_delivery_under_way)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = start(YAML_WITH(", every: 15m"), &b);
	sim_page(s, HOOK, 204, "")->latency_ms = 3 * SECOND;
	sim_page(s, FEED, 200, sim_feed(&b, 3, three));
	while (sim_hits(s, HOOK) == 0)
		sim_run(s, SECOND);
	vec_push(&s->inbox, message_new(MESSAGE_STOP));
	int64_t before = s->mono_ms;
	sim_run(s, 2 * SECOND);
	CHECK(!s->stopped);
	sim_run(s, 8 * SECOND);
	CHECK(s->stopped && before > 0);
	sim_kill(s);
	sim_boot(s);
	sim_run(s, HOUR);
	CHECK_INT(sim_hits(s, HOOK), 1);
	sim_free(s);
}

TEST(a_full_disk_is_said_once_and_refuses_what_needs_it)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = start(YAML_WITH(", every: 15m"), &b);
	sim_page(s, FEED, 200, sim_feed(&b, 3, three));
	int statuses = s->statuses, hits = sim_hits(s, FEED);
	sim_disk_full(true);
	sim_run(s, HOUR);
	CHECK_INT(s->statuses, statuses + 1);
	CHECK_INT(sim_hits(s, FEED), hits + 1); /* no poll whose answer could not be kept */
	struct message *refused = sim_ask(s, "POST", "/v1/watches", "", "{\"query\":\"lost\"}");
	struct message *figures = sim_ask(s, "GET", "/metrics", "", "");
	struct message *status = sim_ask(s, "GET", "/v1/status", "", "");
	sim_disk_full(false);
	CHECK_INT(refused->status, 503);
	CHECK(str_find(figures->text, STR("monitord_store_up 0\n")) != STR_NPOS);
	json_t *j OWNED_JSON = sim_json(status);
	CHECK(!json_get_bool(json_get(j, "store"), "ok", true));
	CHECK(str_find(json_get_str(json_get(j, "store"), "error"), STR("database: ")) == 0);
	CHECK_INT(sim_hits(s, HOOK), 0);
	sim_run(s, HOUR);
	CHECK_INT(s->statuses, statuses + 2);
	CHECK_INT(sim_hits(s, HOOK), 1);
	json_t *watches OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/watches", "", ""));
	CHECK_INT(json_array_size(json_get(watches, "watches")), 1);
	sim_free(s);
}

/* Full for a while from any moment on, with polls and deliveries under way: also what a hook took meanwhile is told once. */
TEST(a_full_disk_at_any_time_loses_and_doubles_nothing)
{
	static const char *const titles[] = { "a Sutskever", "b Sutskever", "c", "d Sutskever", "e Sutskever" };
	for (int64_t at = 0; at < 60; at++) {
		AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
		struct sim *s = sim_new(YAML_WITH(", every: 1m"));
		sim_page(s, FEED, 200, sim_feed(&b, 1, titles))->latency_ms = 2 * SECOND;
		struct sim_page *hook = sim_page(s, HOOK, 204, "");
		hook->latency_ms = 4 * SECOND;
		sim_run(s, 30 * SECOND);
		sim_page(s, FEED, 200, sim_feed(&b, 5, titles));
		sim_run(s, 28 * SECOND + at * SECOND / 4);
		sim_disk_full(true);
		sim_run(s, (1 + at % 8) * SECOND);
		sim_disk_full(false);
		sim_run(s, 10 * MINUTE);
		CHECK_INT(hook->hits, 3);
		json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/status", "", ""));
		CHECK_INT(json_get_int(j, "alerts", -1), 3);
		CHECK_INT(json_get_int(json_get(j, "deliveries"), "delivered", -1), 3);
		CHECK_INT(json_get_int(json_get(j, "deliveries"), "waiting", -1), 0);
		sim_free(s);
	}
}

/* The clock is set while it runs, or between two runs: no storm of polls and no drought, and no delivery is given up. */
TEST(a_clock_that_jumps_makes_neither_storm_nor_drought)
{
	static const int64_t jumps[] = { 30 * DAY, -10 * DAY, HOUR, -HOUR, -20000 * DAY, 20000 * DAY };
	for (size_t i = 0; i < 4 * (sizeof jumps / sizeof jumps[0]); i++) {
		AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
		bool restarted = i % 2 == 1, failing = i / 2 % 2 == 1;
		struct sim *s = start(YAML_WITH(", every_max: 1h"), &b); /* the default interval, for quiet feeds too */
		struct sim_page *hook = sim_page(s, HOOK, 500, ""), *feed = sim_page(s, FEED, 200, sim_feed(&b, 3, three));
		sim_run(s, 2 * HOUR);
		if (failing)
			sim_page(s, FEED, 500, "");
		sim_run(s, 2 * HOUR);
		int hook_hits = hook->hits, feed_hits = feed->hits;
		s->unix_offset_ms += jumps[i / 4];
		if (restarted) {
			sim_kill(s);
			sim_boot(s);
		}
		sim_run(s, 3 * HOUR);
		bool long_off = restarted && jumps[i / 4] > 3 * DAY; /* as if it had not run for so long: given up */
		CHECK(long_off || (hook->hits >= hook_hits + 2 && hook->hits <= hook_hits + 5));
		if (!failing)
			CHECK(feed->hits >= feed_hits + 2 && feed->hits <= feed_hits + 4);
		sim_page(s, HOOK, 204, "");
		sim_page(s, FEED, 200, sim_feed(&b, 3, three));
		sim_run(s, DAY + 2 * HOUR);
		CHECK(feed->hits > feed_hits + 2);
		json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/status", "", ""));
		CHECK_INT(json_get_int(json_get(j, "deliveries"), long_off ? "dead" : "delivered", -1), 1);
		sim_free(s);
	}
}

TEST(a_page_is_probed_for_its_feed)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new("channels:\n  - {name: desk, type: webhook, url: \"" HOOK "\"}\n");
	sim_page(s, "http://a.example/", 200,
	         "<!doctype html><html><head><link rel=alternate type=application/rss+xml href=/feed></head><body>x</body></html>");
	struct sim_page *p = sim_page(s, FEED, 200, sim_feed(&b, 2, three));
	struct message *m = sim_ask(s, "POST", "/v1/sources", "", "{\"url\":\"http://a.example/\"}");
	CHECK_INT(m->status, 201);
	json_t *j OWNED_JSON = sim_json(m);
	CHECK_STR(json_get_str(j, "found"), FEED);
	CHECK_STR(json_get_str(j, "name"), "sim");
	CHECK_STR(json_get_str(j, "type"), "feed");
	CHECK_STR(json_get_str(j, "state"), "ok");
	sim_run(s, 30 * MINUTE);
	CHECK_INT(p->hits, 1); /* the probe was the first poll */
	CHECK_INT(sim_ask(s, "POST", "/v1/sources", "", "{\"url\":\"http://nowhere.example/\"}")->status, 502);
	sim_page(s, "http://a.example/text", 200, "just words");
	CHECK_INT(sim_ask(s, "POST", "/v1/sources", "", "{\"url\":\"http://a.example/text\"}")->status, 422);
	CHECK_INT(sim_ask(s, "POST", "/v1/sources", "", "{\"url\":\"file:///etc/passwd\"}")->status, 400);
	sim_kill(s);
	sim_boot(s);
	json_t *again OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/sources/sim", "", ""));
	CHECK_STR(json_get_str(again, "origin"), "api");
	sim_free(s);
}

/* Two who mend a channel: he who changes it, and he who finds by a test that it takes alerts again. */
TEST(what_waits_for_a_mended_channel_goes_out_at_once)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = start("sources:\n  - {name: news, url: \"" FEED "\", every: 15m}\n"
			      "watches:\n  - {name: ilya, query: Sutskever}\n", &b);
	static const char hook[] = "{\"name\":\"desk\",\"type\":\"webhook\",\"url\":\"" HOOK "\"}";
	CHECK_INT(sim_ask(s, "POST", "/v1/channels", "", hook)->status, 201);
	struct sim_page *p = sim_page(s, HOOK, 404, "");
	static const char *const more[] = { "Old Sutskever news", "Sutskever", "more Sutskever" };
	sim_page(s, FEED, 200, sim_feed(&b, 3, more));
	sim_run(s, 3 * HOUR + MINUTE);
	int hits = p->hits;
	sim_run(s, SECOND);
	CHECK_INT(p->hits, hits);
	CHECK_INT(sim_ask(s, "PATCH", "/v1/channels/desk", "", "{\"default\":true}")->status, 200);
	sim_run(s, 5 * SECOND);
	CHECK_INT(p->hits, hits + 2);
	sim_page(s, HOOK, 204, "");
	CHECK_INT(sim_ask(s, "POST", "/v1/channels/desk/test", "", "")->status, 200);
	sim_run(s, 5 * SECOND);
	CHECK_INT(p->hits, hits + 5);
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/status", "", ""));
	CHECK_INT(json_get_int(json_get(j, "deliveries"), "waiting", -1), 0);
	sim_free(s);
}

TEST(test_channel_says_what_the_hook_answered)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = start(YAML_WITH(""), &b);
	sim_page(s, HOOK, 403, "no such hook");
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "POST", "/v1/channels/desk/test", "", ""));
	CHECK_STR(json_get_str(j, "verdict"), "broken");
	CHECK_INT(json_get_int(j, "status", 0), 403);
	CHECK_STR(json_get_str(j, "answer"), "no such hook");
	sim_free(s);
}

TEST(the_archive_is_searched_beyond_one_slice)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4 << 20);
	enum { N = 900 };
	const char *titles[N];
	for (int i = 0; i < N; i++)
		titles[i] = i % 300 == 7 ? "Évincer Sutskever" : "Something else";
	struct sim *s = sim_new(YAML_WITH(""));
	sim_page(s, FEED, 200, sim_feed(&b, N, titles));
	sim_run(s, MINUTE);
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/search", "q=evincer", ""));
	CHECK_INT(json_array_size(json_get(j, "posts")), 3);
	json_t *all OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/search", "q=-something", ""));
	CHECK_INT(json_array_size(json_get(all, "posts")), 3);
	json_t *few OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/search", "q=evincer&limit=2", ""));
	CHECK_INT(json_array_size(json_get(few, "posts")), 2);
	CHECK(!json_get_bool(few, "complete", true));
	AUTO(strbuf) struct strbuf more = STRBUF_INIT(4096);
	strbuf_addf(&more, "q=evincer&limit=2&before=%.*s", STR_ARG(json_get_str(few, "next")));
	json_t *rest OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/search", strbuf_cstr(&more), ""));
	CHECK_INT(json_array_size(json_get(rest, "posts")), 1);
	CHECK(json_get_bool(rest, "complete", false) && json_get(rest, "next") == NULL);
	sim_free(s);
}

/* A month with an hour of outage at random every few hours, of feed and hook alike. */
#define DESK "http://desk.example/in"
#define OPS "http://ops.example/in"

/* Two sources, one channel for alerts and one for the operator. */
static struct sim *with_operator(void)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new("sources:\n  - {name: a, url: \"" FEED "\", every: 15m, backfill: all}\n"
	                        "  - {name: b, url: \"http://b.example/feed\", every: 15m}\n"
	                        "channels:\n  - {name: desk, type: webhook, url: \"" DESK "\", default: true}\n"
	                        "  - {name: ops, type: webhook, url: \"" OPS "\", operator: true}\n"
	                        "watches:\n  - {name: ilya, query: Sutskever}\n");
	sim_page(s, DESK, 204, "");
	sim_page(s, OPS, 204, "");
	sim_page(s, FEED, 200, sim_feed(&b, 1, three));
	sim_page(s, "http://b.example/feed", 200, sim_feed(&b, 1, three));
	sim_run(s, 1 * HOUR);
	CHECK_INT(sim_hits(s, OPS), 0);
	return s;
}

TEST(the_operator_hears_once_that_sources_are_blind_and_once_that_they_see)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = with_operator();
	struct sim_page *ops = sim_page(s, OPS, 204, "");
	sim_page(s, FEED, 500, "");
	sim_page(s, "http://b.example/feed", 404, "");
	sim_run(s, 1 * DAY);
	CHECK(ops->hits >= 1 && ops->hits <= 2); /* both in one, or a minute apart */
	int told = ops->hits;
	CHECK(strstr(ops->bodies.v[0], "operator.notice") != NULL && strstr(ops->bodies.v[0], "is blind: HTTP status") != NULL);
	sim_kill(s);
	sim_boot(s);
	sim_run(s, 2 * DAY);
	CHECK_INT(ops->hits, told); /* over a restart too */
	sim_page(s, FEED, 200, sim_feed(&b, 1, three));
	sim_page(s, "http://b.example/feed", 410, "");
	sim_run(s, 3 * DAY);
	CHECK_INT(ops->hits, told + 1);
	CHECK(strstr(ops->bodies.v[ops->bodies.n - 1], "source a sees again") != NULL);
	CHECK_INT(sim_hits(s, DESK), 1); /* notices are not for the desk */
	sim_free(s);
}

/* Where there is no room for the reserve nothing is polled; what waits is told, and the operator hears of it. */
TEST(a_disk_without_room_stops_polls_and_nothing_else)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20), reserve = STRBUF_INIT(200);
	struct sim *s = with_operator();
	struct sim_page *desk = sim_page(s, DESK, 503, ""), *ops = sim_page(s, OPS, 204, "");
	sim_page(s, FEED, 200, sim_feed(&b, 3, three));
	sim_run(s, HOUR);
	int polls = sim_hits(s, FEED), told = ops->hits;
	strbuf_addf(&reserve, "%s.reserve", s->store);
	sim_kill(s);
	CHECK_INT(unlink(strbuf_cstr(&reserve)), 0);
	sim_limit_files(STORE_RESERVE_BYTES - 1);
	sim_boot(s);
	sim_page(s, DESK, 204, "");
	sim_run(s, 2 * HOUR);
	struct message *poll = sim_ask(s, "POST", "/v1/sources/a/poll", "", "");
	struct message *watch = sim_ask(s, "POST", "/v1/watches", "", "{\"query\":\"kept\"}");
	struct message *status = sim_ask(s, "GET", "/v1/status", "", "");
	sim_limit_files(RLIM_INFINITY);
	CHECK_INT(poll->status, 503);
	CHECK_INT(watch->status, 201);
	json_t *j OWNED_JSON = sim_json(status);
	CHECK(!json_get_bool(json_get(j, "store"), "ok", true));
	CHECK_INT(json_get_int(json_get(j, "deliveries"), "waiting", -1), 0);
	CHECK(desk->hits > 0);
	CHECK_INT(sim_hits(s, FEED), polls);
	CHECK(ops->hits > told && strstr(ops->bodies.v[told], "the disk is full") != NULL);
	told = ops->hits;
	sim_run(s, 20 * MINUTE);
	CHECK(sim_hits(s, FEED) > polls);
	CHECK_INT(ops->hits, told + 1);
	CHECK(strstr(ops->bodies.v[told], "there is room on the disk again") != NULL);
	CHECK_INT(access(strbuf_cstr(&reserve), F_OK), 0);
	sim_free(s);
}

TEST(the_operator_hears_that_a_channel_is_mute)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = with_operator();
	struct sim_page *ops = sim_page(s, OPS, 204, "");
	sim_page(s, DESK, 401, "");
	sim_page(s, FEED, 200, sim_feed(&b, 3, three));
	sim_run(s, 1 * HOUR);
	CHECK_INT(ops->hits, 1);
	CHECK(strstr(ops->bodies.v[0], "channel desk takes no alerts: answered 401") != NULL);
	sim_kill(s);
	sim_boot(s);
	sim_run(s, 1 * HOUR);
	CHECK_INT(ops->hits, 1);
	sim_page(s, DESK, 204, "");
	sim_run(s, 1 * DAY);
	CHECK_INT(ops->hits, 2);
	CHECK(strstr(ops->bodies.v[1], "channel desk takes alerts again") != NULL);
	sim_free(s);
}

TEST(a_month_of_trouble)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(8 << 20);
	enum { N = 300 };
	const char *titles[N];
	for (int i = 0; i < N; i++)
		titles[i] = i % 3 == 0 ? "Sutskever" : "other";
	struct sim *s = sim_new(YAML_WITH(", every: 15m"));
	sim_page(s, FEED, 200, sim_feed(&b, 1, titles));
	struct sim_page *hook = sim_page(s, HOOK, 204, "");
	sim_run(s, MINUTE);
	uint64_t random = 1;
	for (int n = 2; n <= N; n++) {
		random = random * UINT64_C(6364136223846793005) + 1442695040888963407u;
		unsigned dice = (unsigned)(random >> 60);
		sim_page(s, FEED, dice < 3 ? 503 : 200, sim_feed(&b, n, titles));
		sim_page(s, HOOK, dice == 5 || dice == 6 ? 500 : 204, "");
		if (dice == 7) {
			sim_kill(s);
			sim_boot(s);
		}
		sim_run(s, 144 * MINUTE);
	}
	sim_page(s, FEED, 200, sim_feed(&b, N, titles));
	sim_page(s, HOOK, 204, "");
	sim_run(s, 3 * DAY);
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/status", "", ""));
	CHECK_INT(json_get_int(j, "alerts", -1), 99);
	CHECK_INT(json_get_int(json_get(j, "deliveries"), "delivered", -1), 99);
	CHECK(hook->hits >= 99);
	sim_free(s);
}
