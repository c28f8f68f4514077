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

/* --- people ------------------------------------------------------------------------------------------ */

/* A page of one post by the account of this actor. */
static const char *post_by(struct strbuf *b, int n, const char *handle, const char *actor)
{
	strbuf_reset(b);
	strbuf_addf(b, "[{\"id\":\"%d\",\"uri\":\"" HOST "/s/%d\",\"created_at\":\"2026-01-01T00:00:00Z\",\"content\":\"<p>%d</p>\","
	            "\"account\":{\"acct\":\"%s\",\"uri\":\"" HOST "/users/%s\",\"url\":\"" HOST "/@%s\"}}]", n, n, n, handle, actor, handle);
	return strbuf_cstr(b);
}

/* What is known of the one account of the one person, as text. */
static const char *known(struct sim *s)
{
	static char text[4000];
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/people/ada", "", ""));
	const json_t *a = json_array_get(json_get(j, "known"), 0);

	snprintf(text, sizeof text, "%.*s %.*s %.*s", STR_ARG(json_get_str(a, "handle")), STR_ARG(json_get_str(a, "id")),
	         STR_ARG(json_get_str(a, "before")));
	return text;
}

TEST(a_person_is_followed_over_a_change_of_handle)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new("people:\n  - {name: Ada, accounts: \"@ada@social.example\"}\n"
	                        "sources:\n  - {name: all, type: mastodon, handle: \"@ada@social.example\", every: 15m}\n"
	                        "channels:\n  - {name: desk, type: webhook, url: \"" HOOK "\"}\n"
	                        "watches:\n  - {name: ada, query: 'from:@@ada'}\n");
	sim_page(s, LOOKUP, 200, "{\"id\":\"7\",\"acct\":\"ada\",\"url\":\"" HOST "/@ada\"}");
	sim_page(s, HOOK, 204, "");
	sim_page(s, HOST "/api/v1/accounts/7/statuses*", 200, "[]");
	sim_page(s, NEWEST, 200, post_by(&b, 100, "ada", "1"));
	CHECK_STR(str_c(known(s)), "ada@social.example  ");
	sim_run(s, MINUTE);
	CHECK_STR(str_c(known(s)), "ada@social.example https://social.example/users/1 ");
	sim_page(s, NEWEST, 200, post_by(&b, 101, "countess", "1"));
	sim_run(s, 20 * MINUTE);
	CHECK_INT(alerts(s), 1);
	CHECK_STR(str_c(known(s)), "countess@social.example https://social.example/users/1 ada@social.example");
	/* whoever has the old handle now is somebody else, also for a daemon that was started anew */
	sim_page(s, NEWEST, 200, post_by(&b, 102, "ada", "2"));
	sim_kill(s);
	sim_boot(s);
	CHECK_STR(str_c(known(s)), "countess@social.example https://social.example/users/1 ada@social.example");
	sim_run(s, 20 * MINUTE);
	CHECK_INT(alerts(s), 1);
	sim_page(s, NEWEST, 200, post_by(&b, 103, "countess", "1"));
	sim_run(s, 20 * MINUTE);
	CHECK_INT(alerts(s), 2);
	sim_free(s);
}

/* --- add-source of what people paste ---------------------------------------------------------------- */

#define X_LOOKUP "https://api.x.com/2/users/by/username/ada_example"
#define WITH_X "accounts:\n  - {name: x, type: x, token: t}\n"

static const char *add(struct sim *s, const char *pasted, int status)
{
	static char body[4000];
	snprintf(body, sizeof body, "{\"url\":\"%s\"}", pasted);
	struct message *m = sim_ask(s, "POST", "/v1/sources", "", body);
	if (m->status != status)
		fail_msg("%s: %d instead of %d: %.*s", pasted, m->status, status, STR_ARG(m->text));
	snprintf(body, sizeof body, "%.*s", STR_ARG(m->text));
	return body;
}

TEST(what_is_pasted_is_understood)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = sim_new(WITH_X);
	sim_page(s, LOOKUP, 200, "{\"id\":\"7\",\"acct\":\"ada\",\"url\":\"" HOST "/@ada\"}");
	sim_page(s, NEWEST, 200, posts(&b, 101, 100));
	const char *got = add(s, "https://social.example/@ada/101", 201);
	CHECK(strstr(got, "took it for the Mastodon account @ada@social.example") != NULL);
	CHECK(strstr(got, "\"name\":\"ada-social.example\"") != NULL);
	CHECK(strstr(add(s, "@ada@social.example", 201), "\"ada-social.example-2\"") != NULL);
	sim_page(s, "https://social.example/api/v1/timelines/tag/labs?limit=40", 200, "[]");
	CHECK(strstr(add(s, "#labs@social.example", 201), "the hashtag #labs on social.example") != NULL);
	sim_page(s, X_LOOKUP, 200, "{\"errors\":[{\"detail\":\"Could not find user\"}]}");
	CHECK(strstr(add(s, "@ada_example", 502), "took it for the account @ada_example of X: X knows no account") != NULL);
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/sources", "", ""));
	CHECK_INT(json_array_size(json_get(j, "sources")), 3); /* what failed is not there */
	sim_kill(s);
	sim_boot(s);
	json_t *again OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/sources", "", ""));
	CHECK_INT(json_array_size(json_get(again, "sources")), 3);
	sim_free(s);
}

TEST(what_is_missing_is_said)
{
	struct sim *s = sim_new("");
	CHECK(strstr(add(s, "https://x.com/ada_example", 422), "monitorctl login x --type x") != NULL);
	CHECK(strstr(add(s, "#labs", 422), "took it for the hashtag #labs on X (that of a Mastodon server is written #tag@server): x is read as "
	             "somebody: log in first") != NULL);
	CHECK(strstr(add(s, "https://bsky.app/search?q=ai", 422), "monitorctl login bluesky --type bluesky") != NULL);
	CHECK(strstr(add(s, "@nobody.example", 502), "took it for the account @nobody.example of Bluesky: no such host") != NULL);
	CHECK(strstr(add(s, "nonsense", 400), "url") != NULL);
	sim_write_config(s, WITH_X "  - {name: y, type: x, token: t}\n");
	CHECK_INT(sim_ask(s, "POST", "/v1/reload", "", "")->status, 200);
	CHECK(strstr(add(s, "@ada_example", 422), "several accounts") != NULL);
	sim_free(s);
}

TEST(each_network_knows_its_own)
{
	static const struct {
		const char *pasted, *type, *key, *value;
	} cases[] = {
		{ "@elonmusk", "x", "handle", "elonmusk" },
		{ " https://x.com/elonmusk ", "x", "handle", "elonmusk" },
		{ "https://twitter.com/elonmusk/status/1733500000000000002?s=20", "x", "handle", "elonmusk" },
		{ "https://mobile.twitter.com/elonmusk", "x", "handle", "elonmusk" },
		{ "https://x.com/search?q=ilya%20sutskever&f=live", "x", "query", "ilya sutskever" },
		{ "https://x.com/hashtag/OpenAI", "x", "query", "#OpenAI" },
		{ "#OpenAI", "x", "query", "#OpenAI" },
		{ "#caf\xc3\xa9", "x", "query", "#caf\xc3\xa9" },
		{ "$TSLA", "x", "query", "$TSLA" },
		{ "@elonmusk@x.com", "x", "handle", "elonmusk" },
		{ "https://x.com/i/lists/1483496718424625154", "x", "query", "list:1483496718424625154" },
		{ "@Gargron@mastodon.social", "mastodon", "handle", "Gargron@mastodon.social" },
		{ "https://mastodon.social/@Gargron", "mastodon", "handle", "Gargron@mastodon.social" },
		{ "https://mastodon.social/@bo@other.example/11", "mastodon", "handle", "bo@other.example" },
		{ "https://mastodon.social/web/@Gargron", "mastodon", "handle", "Gargron@mastodon.social" },
		{ "https://mastodon.social/deck/tags/sutskever", "mastodon", "tag", "sutskever" },
		{ "#sutskever@mastodon.social", "mastodon", "tag", "sutskever" },
		{ "https://mastodon.social/tags/sutskever", "mastodon", "tag", "sutskever" },
		{ "https://bsky.app/profile/alice.bsky.social", "bluesky", "handle", "alice.bsky.social" },
		{ "https://bsky.app/profile/alice.bsky.social/post/3k", "bluesky", "handle", "alice.bsky.social" },
		{ "https://bsky.app/profile/did:plc:abc/lists/3k", "bluesky", "list", "https://bsky.app/profile/did:plc:abc/lists/3k" },
		{ "https://bsky.app/search?q=ilya+sutskever", "bluesky", "query", "ilya sutskever" },
		{ "https://bsky.app/hashtag/ai", "bluesky", "query", "#ai" },
		{ "alice.bsky.social", "bluesky", "handle", "alice.bsky.social" },
		{ "@alice.bsky.social", "bluesky", "handle", "alice.bsky.social" },
		{ "did:plc:abc", "bluesky", "handle", "did:plc:abc" },
		{ "at://did:plc:abc/app.bsky.feed.generator/science", "bluesky", "feed", "at://did:plc:abc/app.bsky.feed.generator/science" },
		{ "wss://jetstream1.us-west.bsky.network/subscribe?x=1", "jetstream", "url", "wss://jetstream1.us-west.bsky.network/subscribe" },
		{ "wss://other.example/socket", NULL, NULL, NULL },
		{ "https://bsky.app/profile/alice.bsky.social/rss", NULL, NULL, NULL },
		{ "https://mastodon.social/@Gargron.rss", NULL, NULL, NULL },
		{ "https://mastodon.social/tags/sutskever.rss", NULL, NULL, NULL },
		{ "# not a tag", NULL, NULL, NULL },
		{ "#", NULL, NULL, NULL },
		{ "https://www.youtube.com/@channel", NULL, NULL, NULL },
		{ "https://x.com/", NULL, NULL, NULL },
		{ "https://x.com/home", NULL, NULL, NULL },
		{ "https://news.example/feed.xml", NULL, NULL, NULL },
		{ "news.example", NULL, NULL, NULL },
		{ "@", NULL, NULL, NULL },
		{ "@a b@c", NULL, NULL, NULL },
		{ "", NULL, NULL, NULL },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		AUTO(strbuf) struct strbuf said = STRBUF_INIT(4096);
		OWNED_JSON json_t *settings = json_object();
		bool known = source_recognise(str_c(cases[i].pasted), settings, &said);
		if (known != (cases[i].type != NULL))
			fail_msg("%s: %s", cases[i].pasted, known ? strbuf_cstr(&said) : "not understood");
		if (!known)
			continue;
		CHECK_STR(json_get_str(settings, "type"), cases[i].type);
		CHECK_STR(json_get_str(settings, cases[i].key), cases[i].value);
		CHECK(said.len > 0);
	}
}

/* --- streams ---------------------------------------------------------------------------------------- */

#define TAG HOST "/api/v1/timelines/tag/labs?limit=40"
#define LIVE "https://live.social.example/api/v1/streaming/hashtag?tag=labs"
#define STREAM_YAML                                                                                              \
	"accounts:\n  - {name: m, type: mastodon, api: \"" HOST "\", token: t}\n"                                \
	"sources:\n  - {name: labs, type: mastodon, account: m, tag: labs, stream: true, every: 15m}\n"            \
	"channels:\n  - {name: desk, type: webhook, url: \"" HOOK "\", operator: true}\n"                        \
	"watches:\n  - {name: ilya, query: Sutskever, on: [new, edit, delete]}\n"

static struct sim *listen(struct strbuf *b)
{
	struct sim *s = sim_new(STREAM_YAML);
	sim_page(s, TAG, 200, posts(b, 101, 100));
	sim_page(s, HOST "/api/v2/instance", 200, "{\"configuration\":{\"urls\":{\"streaming\":\"wss://live.social.example\"}}}");
	sim_page(s, LIVE, 200, "");
	sim_page(s, HOOK, 204, "");
	sim_run(s, 10 * SECOND);
	return s;
}

/* One status as an event. */
static const char *status(struct strbuf *b, int n, const char *text)
{
	strbuf_reset(b);
	strbuf_addf(b, "{\"id\":\"%d\",\"uri\":\"" HOST "/s/%d\",\"created_at\":\"2026-01-01T00:00:00Z\",\"content\":\"<p>%s</p>\","
	            "\"account\":{\"acct\":\"ada\",\"url\":\"" HOST "/@ada\"}}", n, n, text);
	return strbuf_cstr(b);
}

static const char *source_json(struct sim *s, const char *name)
{
	char path[80];
	snprintf(path, sizeof path, "/v1/sources/%s", name);
	return sim_ask(s, "GET", path, "", "")->text.p;
}

TEST(a_stream_tells_at_once_what_is_new_edited_and_deleted)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = listen(&b);
	CHECK(strstr(source_json(s, "labs"), "\"streaming\":true") != NULL);
	CHECK_INT(alerts(s), 0);
	sim_push(s, LIVE, "update", status(&b, 102, "Sutskever leaves"));
	sim_push(s, LIVE, "notification", "{\"id\":\"1\"}");
	sim_push(s, LIVE, "update", "this is no JSON");
	sim_push(s, LIVE, "update", status(&b, 103, "Nothing"));
	sim_run(s, SECOND);
	CHECK_INT(sim_hits(s, HOOK), 1);
	sim_push(s, LIVE, "status.update", status(&b, 102, "Sutskever leaves for good"));
	sim_push(s, LIVE, "delete", "102");
	sim_push(s, LIVE, "delete", "999");
	sim_run(s, SECOND);
	CHECK_INT(sim_hits(s, HOOK), 3);
	CHECK_INT(sim_hits(s, TAG), 1);
	sim_run(s, DAY); /* it goes on as long as it holds */
	CHECK_INT(sim_hits(s, LIVE), 1);
	CHECK_INT(sim_hits(s, TAG), 1);
	sim_free(s);
}

TEST(what_was_missed_while_a_stream_was_broken_is_read)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = listen(&b);
	sim_push(s, LIVE, "update", status(&b, 103, "Sutskever"));
	sim_run(s, 2 * MINUTE);
	sim_hang_up(s, LIVE, REPLY_FAILED);
	sim_page(s, TAG, 200, posts(&b, 111, 110));
	sim_page(s, TAG "&min_id=103", 200, posts(&b, 109, 104));
	sim_page(s, TAG "&min_id=109", 200, posts(&b, 111, 110));
	sim_run(s, 5 * SECOND);
	CHECK_INT(sim_hits(s, LIVE), 2);
	CHECK_INT(sim_hits(s, HOST "/api/v2/instance"), 1);
	CHECK_INT(alerts(s), 5); /* 103 105 107 109 111 */
	sim_push(s, LIVE, "update", status(&b, 111, "Sutskever 111")); /* twice, in another form even */
	sim_run(s, SECOND);
	CHECK(sim_stream(s, LIVE) != NULL);
	sim_kill(s);
	sim_boot(s);
	sim_run(s, SECOND); /* not after a quarter of an hour */
	CHECK_INT(sim_hits(s, LIVE), 3);
	CHECK_INT(alerts(s), 5);
	sim_free(s);
}

TEST(a_stream_that_cannot_be_opened_is_tried_more_and_more_rarely_and_alarms)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = listen(&b);
	struct sim_page *live = sim_page(s, LIVE, 503, ""), *hook = sim_page(s, HOOK, 204, "");
	sim_hang_up(s, LIVE, REPLY_OK);
	sim_run(s, HOUR);
	CHECK(live->hits >= 12 && live->hits <= 25); /* 5 s doubled up to 320 s */
	CHECK_INT(hook->hits, 1);
	CHECK(strstr(hook->bodies.v[0], "source labs is blind: HTTP status 503") != NULL);
	/* meanwhile it is polled, as often as the stream is tried */
	sim_page(s, TAG, 200, posts(&b, 102, 101));
	sim_page(s, LIVE, 200, "");
	sim_run(s, 7 * MINUTE);
	CHECK(sim_stream(s, LIVE) != NULL);
	CHECK_INT(hook->hits, 2);
	CHECK(strstr(hook->bodies.v[1], "source labs sees again") != NULL);
	sim_free(s);
}

TEST(network_errors_are_retried_in_a_quarter_of_a_second)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = listen(&b);
	struct sim_page *live = sim_page(s, LIVE, 200, "");
	sim_run(s, 2 * MINUTE);
	sim_hang_up(s, LIVE, REPLY_FAILED);
	live->outcome = REPLY_FAILED;
	sim_run(s, 2 * SECOND);
	CHECK(live->hits >= 3);
	sim_run(s, 10 * MINUTE);
	CHECK(live->hits <= 70);
	sim_free(s);
}

TEST(a_reconnect_storm_is_damped)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = listen(&b);
	for (int i = 0; i < 400; i++) { /* it opens, and breaks at once */
		if (sim_stream(s, LIVE) != NULL)
			sim_hang_up(s, LIVE, REPLY_OK);
		sim_run(s, SECOND);
	}
	CHECK(sim_hits(s, LIVE) < 60);
	CHECK(strstr(source_json(s, "labs"), "the server ended the stream") != NULL);
	sim_free(s);
}

TEST(a_crash_at_any_step_of_a_stream_doubles_nothing)
{
	for (int64_t at = 1; at <= 12; at++) {
		AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
		struct sim *s = listen(&b);
		sim_page(s, TAG, 200, posts(&b, 110, 100)); /* all that comes can be read too */
		s->crash_at_step = s->steps + at;
		for (int n = 102; n <= 110; n++) {
			char text[40];
			snprintf(text, sizeof text, "%s %d", n % 2 ? "Sutskever" : "nothing", n);
			if (sim_stream(s, LIVE) != NULL)
				sim_push(s, LIVE, "update", status(&b, n, text));
			sim_run(s, 100);
		}
		sim_run(s, MINUTE);
		s->crash_at_step = 0;
		CHECK_INT(alerts(s), 4); /* 103 105 107 109 */
		sim_free(s);
	}
}

TEST(a_stream_goes_on_over_reloads_and_stops_when_paused)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = listen(&b);
	sim_write_config(s, STREAM_YAML "  - {name: more, query: leaves}\n");
	CHECK_INT(sim_ask(s, "POST", "/v1/reload", "", "")->status, 200);
	sim_push(s, LIVE, "update", status(&b, 103, "Sutskever leaves"));
	sim_run(s, SECOND);
	CHECK_INT(alerts(s), 2);
	CHECK_INT(sim_hits(s, LIVE), 1);
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "POST", "/v1/sources/labs/poll", "", ""));
	CHECK_STR(json_get_str(j, "outcome"), "ok");
	CHECK_INT(sim_hits(s, TAG), 2);
	CHECK_INT(sim_hits(s, LIVE), 2);
	sim_write_config(s, "sources: []\n");
	CHECK_INT(sim_ask(s, "POST", "/v1/reload", "", "")->status, 200);
	sim_run(s, SECOND);
	CHECK(sim_stream(s, LIVE) == NULL);
	sim_free(s);
}

/* Four posts from `first` on, all of the same words, as who says "good morning" every day. */
static const char *same_words(struct strbuf *b, int first)
{
	AUTO(strbuf) struct strbuf one = STRBUF_INIT(1 << 16);
	strbuf_reset(b);
	for (int n = first + 3; n >= first; n--)
		strbuf_addf(b, "%c%s", n == first + 3 ? '[' : ',', status(&one, n, "Sutskever again"));
	strbuf_addc(b, ']');
	return strbuf_cstr(b);
}

TEST(posts_that_say_the_same_are_still_different_posts)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct sim *s = start(&b);
	sim_page(s, NEWEST, 200, same_words(&b, 101));
	sim_run(s, MINUTE);
	sim_page(s, NEWEST, 200, same_words(&b, 111));
	sim_page(s, NEWEST "&min_id=104", 200, "[]");
	sim_run(s, 20 * MINUTE);
	CHECK_INT(alerts(s), 4);
	sim_free(s);
}

/* --- budgets ---------------------------------------------------------------------------------------- */

#define WIRE "https://api.x.com/2/tweets/search/recent?tweet.fields=created_at,author_id,conversation_id,in_reply_to_user_id," \
	"referenced_tweets,entities,lang,possibly_sensitive,public_metrics,note_tweet,attachments,edit_history_tweet_ids"       \
	"&expansions=author_id,referenced_tweets.id,referenced_tweets.id.author_id,attachments.media_keys"                      \
	"&user.fields=username,name,public_metrics&media.fields=url,preview_image_url,alt_text,type&query=labs"

/* Each poll brings ten posts, whose ids do not move: it asks the same again. */
static struct sim_page *costly(struct sim *s)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	strbuf_adds(&b, "{\"data\":[");
	for (int i = 0; i < 10; i++)
		strbuf_addf(&b, "%s{\"id\":\"200650000000000000%d\",\"text\":\"labs %d\"}", i ? "," : "", i, i);
	strbuf_adds(&b, "],\"meta\":{\"newest_id\":\"2006500000000000009\"}}");
	sim_page(s, WIRE "&max_results=10", 200, strbuf_cstr(&b));
	return sim_page(s, WIRE "&max_results=100&since_id=2006500000000000009", 200, strbuf_cstr(&b));
}

TEST(a_budget_is_spread_over_the_day_and_renewed)
{
	struct sim *s = sim_new("accounts:\n  - {name: x, type: x, token: t, posts_per_day: 300, price: 0.005}\n"
	                        "sources:\n  - {name: labs, type: x, account: x, query: labs, every: 10m}\n"
	                        "channels:\n  - {name: ops, type: webhook, url: \"" HOOK "\", operator: true}\n");
	struct sim_page *page = costly(s), *hook = sim_page(s, HOOK, 204, "");
	sim_run(s, 6 * HOUR); /* unhindered it would be 36 polls */
	CHECK(page->hits >= 23 && page->hits <= 26); /* 24 polls are eight tenths; then every three hours */
	CHECK_INT(hook->hits, 1);
	CHECK(strstr(hook->bodies.v[0], "account x runs out of its budget: 240 of 300 posts were read today") != NULL);
	sim_run(s, 17 * HOUR);
	CHECK(page->hits <= 29);
	int before = page->hits;
	sim_run(s, 8 * HOUR); /* the next day */
	CHECK(page->hits >= before + 10);
	CHECK(strstr(hook->bodies.v[1], "account x has a new budget") != NULL);
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/accounts", "", ""));
	const json_t *a = json_array_get(json_get(j, "accounts"), 0);
	CHECK(json_get_int(a, "posts_this_month", 0) >= 300 && json_get_int(a, "posts_today", 0) < 300);
	CHECK(json_is_real(json_get(a, "cost_forecast")));
	sim_free(s);
}

TEST(a_spent_budget_blinds_until_the_next_day_over_restarts)
{
	struct sim *s = sim_new(WITH_X "sources:\n  - {name: labs, type: x, account: x, query: labs, every: 10m, posts_per_day: 20}\n"
	                        "channels:\n  - {name: ops, type: webhook, url: \"" HOOK "\", operator: true}\n");
	struct sim_page *page = costly(s), *hook = sim_page(s, HOOK, 204, "");
	sim_run(s, MINUTE);
	CHECK_INT(sim_ask(s, "POST", "/v1/sources/labs/poll", "", "")->status, 200);
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "POST", "/v1/sources/labs/poll", "", ""));
	CHECK_STR(json_get_str(j, "outcome"), "failed");
	CHECK(str_find(json_get_str(j, "error"), STR("20 of 20 posts were read today")) != STR_NPOS);
	CHECK_INT(page->hits, 1);
	sim_kill(s);
	sim_boot(s);
	sim_run(s, 23 * HOUR);
	CHECK_INT(page->hits, 1);
	CHECK_INT(hook->hits, 1);
	CHECK(strstr(hook->bodies.v[0], "source labs is blind: the budget") != NULL);
	sim_run(s, 3 * HOUR);
	CHECK(page->hits > 1);
	CHECK(strstr(hook->bodies.v[1], "source labs sees again") != NULL);
	sim_free(s);
}
