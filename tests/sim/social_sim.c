/* SPDX-License-Identifier: ISC */
/* Social networks through the engine: a server that speaks Mastodon's API, gaps, edits, reloads and crashes. */
#include "sim/sim.h"

#define HOST "https://social.example"
#define LOOKUP HOST "/api/v1/accounts/lookup?acct=ada%40social.example"
#define NEWEST HOST "/api/v1/accounts/7/statuses?exclude_replies=false&exclude_reblogs=false&limit=40"
#define HOOK "http://hook.example/in"
#define YAML                                                                                                 \
	"sources:\n  - {name: ada, type: mastodon, handle: \"@ada@social.example\", every: 15m}\n"           \
	"channels:\n  - {name: desk, type: webhook, url: \"" HOOK "\"}\n"                                     \
	"watches:\n  - {name: ilya, query: Sutskever}\n"

/* A page of posts `from` down to `to`; odd ones name whom the watch looks for. */
static const char *posts(struct strbuf *b, int from, int to)
{
	strbuf_reset(b);
	strbuf_addc(b, '[');
	for (int i = from; i >= to; i--)
		strbuf_addf(b, "%s{\"id\":\"%d\",\"uri\":\"" HOST "/s/%d\",\"created_at\":\"2026-01-01T00:00:00Z\",\"content\":\"<p>%s %d</p>\","
		            "\"account\":{\"acct\":\"ada\",\"url\":\"" HOST "/@ada\"}}", i == from ? "" : ",", i, i,
		            i % 2 ? "Sutskever" : "nothing", i);
	strbuf_addc(b, ']');
	return strbuf_cstr(b);
}

static struct sim *start(struct strbuf *b)
{
	struct sim *s = sim_new(YAML);
	sim_page(s, LOOKUP, 200, "{\"id\":\"7\",\"acct\":\"ada\",\"url\":\"" HOST "/@ada\"}");
	sim_page(s, NEWEST, 200, posts(b, 101, 100));
	sim_page(s, HOOK, 204, "");
	return s;
}

/* Ten posts came, of which a page shows but the newest two. */
static void leave_gap(struct sim *s, struct strbuf *b)
{
	sim_page(s, NEWEST, 200, posts(b, 111, 110));
	sim_page(s, NEWEST "&min_id=101", 200, posts(b, 105, 102));
	sim_page(s, NEWEST "&min_id=105", 200, posts(b, 109, 106));
	sim_page(s, NEWEST "&min_id=109", 200, posts(b, 111, 110));
}

static int64_t alerts(struct sim *s)
{
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/status", "", ""));
	return json_get_int(j, "alerts", -1);
}

TEST(a_gap_is_filled_page_by_page)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = start(&b);
	sim_run(s, MINUTE);
	CHECK_INT(alerts(s), 0); /* the baseline */
	leave_gap(s, &b);
	sim_run(s, 20 * MINUTE);
	CHECK_INT(alerts(s), 5);
	CHECK_INT(sim_hits(s, LOOKUP), 1);
	sim_run(s, DAY);
	CHECK_INT(sim_hits(s, NEWEST "&min_id=101"), 1);
	CHECK_INT(sim_hits(s, HOOK), 5);
	sim_free(s);
}

TEST(an_edit_of_a_recent_post_is_seen)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = start(&b);
	sim_run(s, MINUTE);
	posts(&b, 101, 100);
	AUTO(strbuf) struct strbuf edited = STRBUF_INIT(1 << 20);
	size_t at = str_find(strbuf_str(&b), STR("nothing 100"));
	strbuf_addf(&edited, "%.*sSutskever after all%.*s", STR_ARG(str_slice(strbuf_str(&b), 0, at)),
	            STR_ARG(str_from(strbuf_str(&b), at + 11)));
	sim_page(s, NEWEST, 200, strbuf_cstr(&edited));
	sim_run(s, 20 * MINUTE);
	CHECK_INT(alerts(s), 1);
	sim_free(s);
}

TEST(a_reload_in_the_middle_of_a_gap_changes_nothing)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = start(&b);
	sim_run(s, MINUTE);
	leave_gap(s, &b);
	sim_page(s, NEWEST "&min_id=105", 200, posts(&b, 109, 106))->latency_ms = 10 * SECOND;
	while (sim_hits(s, NEWEST "&min_id=105") == 0)
		sim_run(s, SECOND);
	sim_write_config(s, YAML "  - {name: more, query: leaves}\n");
	CHECK_INT(sim_ask(s, "POST", "/v1/reload", "", "")->status, 200);
	sim_run(s, MINUTE);
	CHECK_INT(sim_hits(s, NEWEST "&min_id=105"), 1);
	CHECK_INT(sim_hits(s, NEWEST "&min_id=109"), 1);
	CHECK_INT(alerts(s), 5);
	sim_free(s);
}

TEST(a_crash_at_any_step_of_a_gap_loses_and_doubles_nothing)
{
	for (int64_t at = 1; at <= 20; at++) {
		AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
		struct sim *s = start(&b);
		sim_run(s, MINUTE);
		leave_gap(s, &b);
		s->crash_at_step = s->steps + at;
		sim_run(s, 3 * HOUR);
		CHECK_INT(alerts(s), 5);
		CHECK_INT(sim_hits(s, LOOKUP), 1);
		sim_free(s);
	}
}

TEST(an_account_that_is_gone_is_looked_for_anew)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = start(&b);
	sim_run(s, MINUTE);
	sim_page(s, NEWEST, 404, "{\"error\":\"Record not found\"}");
	sim_page(s, LOOKUP, 200, "{\"id\":\"8\",\"acct\":\"ada\",\"url\":\"" HOST "/@ada\"}");
	struct sim_page *moved = sim_page(s, HOST "/api/v1/accounts/8/statuses?exclude_replies=false&exclude_reblogs=false&limit=40", 200,
	                                  posts(&b, 103, 102));
	sim_page(s, HOST "/api/v1/accounts/8/statuses?exclude_replies=false&exclude_reblogs=false&limit=40&min_id=101", 200, "[]");
	sim_run(s, 20 * MINUTE);
	CHECK_INT(moved->hits, 1);
	CHECK_INT(alerts(s), 1);
	sim_page(s, LOOKUP, 404, "{\"error\":\"Record not found\"}");
	sim_page(s, HOST "/.well-known/webfinger?resource=acct%3Aada%40social.example", 404, "");
	sim_page(s, HOST "/api/v1/accounts/lookup?acct=ada", 404, "");
	moved->status = 404;
	sim_run(s, HOUR);
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/sources/ada", "", ""));
	CHECK(str_find(json_get_str(j, "last_error"), STR("HTTP status 404: not found")) != STR_NPOS);
	sim_free(s);
}
