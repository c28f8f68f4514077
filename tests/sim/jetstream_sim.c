/* SPDX-License-Identifier: ISC */
/* Jetstream through the engine: breaks, replays, silence, hosts in turn, gaps and crashes, in simulated time. */
#include "sim/sim.h"

#define JET "https://jet.example"
#define SPARE "https://spare.example"
#define ONE JET "/subscribe?wantedCollections=app.bsky.feed.post*"
#define TWO SPARE "/subscribe?wantedCollections=app.bsky.feed.post*"
#define HOOK "http://hook.example/in"
#define YAML                                                                                                              \
	"sources:\n  - {name: net, type: jetstream, url: \"wss://jet.example\", compress: false, hosts: [\"wss://spare.example/\"]}\n" \
	"channels:\n  - {name: desk, type: webhook, url: \"" HOOK "\", operator: true}\n"                                 \
	"watches:\n  - {name: ilya, query: Sutskever, on: [new, edit, delete]}\n"
#define AT(s) (INT64_C(1767225600000000) + (s) * INT64_C(1000000)) /* seconds after the simulation's start, in us */

static struct sim *listen(void)
{
	struct sim *s = sim_new(YAML);
	sim_page(s, ONE, 101, "");
	sim_page(s, TWO, 101, "");
	sim_page(s, HOOK, 204, "");
	sim_run(s, 10 * SECOND);
	return s;
}

static const char *url_of(struct sim *s, const char *page)
{
	const struct sim_page *p = sim_find(s, str_c(page));
	return p != NULL && p->last_url != NULL ? p->last_url : "";
}

static bool is_open(struct sim *s, const char *page)
{
	return sim_stream(s, page) != NULL;
}

/* "create" or "update" of post `n`, or its "delete". */
static void push(struct sim *s, const char *page, const char *operation, int n, int64_t at_us, const char *text)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 16);
	strbuf_addf(&b, "{\"did\":\"did:plc:ada\",\"time_us\":%lld,\"kind\":\"commit\",\"commit\":{\"operation\":\"%s\","
	                "\"collection\":\"app.bsky.feed.post\",\"rkey\":\"3k%d\"", (long long)at_us, operation, n);
	if (*text)
		strbuf_addf(&b, ",\"record\":{\"createdAt\":\"2026-01-01T00:00:00Z\",\"text\":\"%s\"}", text);
	strbuf_adds(&b, "}}");
	sim_push(s, page, "", strbuf_cstr(&b));
}

static void push_identity(struct sim *s, const char *page, int64_t at_us)
{
	char text[200];
	snprintf(text, sizeof text, "{\"did\":\"did:plc:bo\",\"time_us\":%lld,\"kind\":\"identity\",\"identity\":{\"did\":\"did:plc:bo\"}}",
	         (long long)at_us);
	sim_push(s, page, "", text);
}

static bool asks_from(struct sim *s, const char *page, int64_t at_us)
{
	char want[60];
	snprintf(want, sizeof want, "&cursor=%lld", (long long)at_us);
	if (strstr(url_of(s, page), want) != NULL)
		return true;
	print_error("%s has no %s\n", url_of(s, page), want);
	return false;
}

TEST(what_comes_is_told_edited_and_deleted)
{
	struct sim *s = listen();
	CHECK(is_open(s, ONE) && strstr(url_of(s, ONE), "cursor") == NULL);
	push(s, ONE, "create", 1, AT(10), "Sutskever leaves");
	push(s, ONE, "create", 2, AT(11), "Nothing");
	sim_push(s, ONE, "", "this is no JSON");
	push(s, ONE, "create", 3, AT(12), "Sutskever stays");
	sim_run(s, SECOND);
	CHECK_INT(sim_hits(s, HOOK), 2);
	push(s, ONE, "update", 3, AT(13), "Sutskever stays put");
	push(s, ONE, "delete", 1, AT(14), "");
	push(s, ONE, "delete", 9, AT(14), "");
	sim_run(s, SECOND);
	CHECK_INT(sim_hits(s, HOOK), 4);
	sim_free(s);
}

TEST(after_a_break_it_goes_on_a_little_before_and_doubles_nothing)
{
	struct sim *s = listen();
	push(s, ONE, "create", 1, AT(10), "Sutskever 1");
	push(s, ONE, "create", 2, AT(11), "Sutskever 2");
	push(s, ONE, "delete", 2, AT(12), "");
	push_identity(s, ONE, AT(100)); /* also what is no post moves the cursor on */
	sim_run(s, 2 * MINUTE);
	CHECK_INT(sim_hits(s, HOOK), 3);
	sim_hang_up(s, ONE, REPLY_FAILED);
	sim_run(s, 2 * SECOND);
	CHECK(is_open(s, TWO) && asks_from(s, TWO, AT(95)));
	push(s, TWO, "create", 3, AT(96), "Sutskever 3, late");   /* the hosts are not in step */
	push(s, TWO, "create", 1, AT(95), "Sutskever 1");         /* and tell again, in their own order */
	push(s, TWO, "delete", 2, AT(95), "");
	push(s, TWO, "create", 4, AT(101), "Sutskever 4");
	sim_run(s, SECOND);
	CHECK_INT(sim_hits(s, HOOK), 5);
	sim_kill(s);
	sim_boot(s);
	sim_run(s, SECOND);
	CHECK(is_open(s, ONE) && asks_from(s, ONE, AT(96)));
	push(s, ONE, "create", 4, AT(101), "Sutskever 4");
	sim_run(s, SECOND);
	CHECK_INT(sim_hits(s, HOOK), 5);
	sim_free(s);
}

TEST(hosts_that_do_not_answer_are_tried_in_turn)
{
	struct sim *s = listen();
	struct sim_page *one = sim_page(s, ONE, 101, ""), *two = sim_page(s, TWO, 101, "");
	sim_hang_up(s, ONE, REPLY_FAILED);
	one->outcome = two->outcome = REPLY_FAILED;
	sim_run(s, MINUTE);
	CHECK(one->hits > 3 && two->hits > 3);
	CHECK(abs(one->hits - 1 - two->hits) <= 1);
	two->outcome = REPLY_OK;
	sim_run(s, MINUTE);
	CHECK(is_open(s, TWO));
	sim_free(s);
}

TEST(what_a_server_does_not_keep_is_said_to_be_lost)
{
	struct sim *s = listen();
	push(s, ONE, "create", 1, AT(10), "Nothing");
	sim_run(s, SECOND);
	sim_page(s, ONE, 503, "");
	sim_page(s, TWO, 503, "");
	sim_hang_up(s, ONE, REPLY_FAILED);
	sim_run(s, 3 * DAY);
	struct sim_page *hook = sim_page(s, HOOK, 204, "");
	CHECK(strstr(hook->bodies.v[0], "source net is blind") != NULL);
	sim_page(s, ONE, 101, "");
	sim_page(s, TWO, 101, "");
	sim_run(s, HOUR);
	const char *open = is_open(s, ONE) ? ONE : TWO;
	push(s, open, "create", 2, AT(36 * 3600), "Sutskever"); /* the oldest that it has */
	sim_run(s, 2 * MINUTE);
	CHECK_INT(hook->bodies.n, 4); /* blind, sees again, the post, lost */
	CHECK(strstr(hook->bodies.v[3], "source net lost posts from 2026-01-01T00:00:10Z to 2026-01-02T12:00:00Z") != NULL);
	sim_free(s);
}

#define SECOND_VERSION JET "/xrpc/network.bsky.jetstream.subscribeEvents?collections=app.bsky.feed.post"

static void push_second(struct sim *s, const char *time)
{
	char text[300];
	snprintf(text, sizeof text, "{\"$type\":\"message\",\"payload\":{\"$type\":\"network.bsky.jetstream.subscribeEvents#identity\","
	                            "\"seq\":1,\"did\":\"did:plc:bo\",\"time\":\"%s\"}}", time);
	sim_push(s, SECOND_VERSION, "", text);
}

TEST(a_cursor_that_is_refused_is_given_up)
{
	struct sim *s = sim_new("sources:\n  - {name: net, type: jetstream, version: v2, url: \"" JET "\", compress: false}\n"
	                        "channels:\n  - {name: desk, type: webhook, url: \"" HOOK "\", operator: true}\n");
	struct sim_page *fresh = sim_page(s, SECOND_VERSION, 101, "");
	struct sim_page *again = sim_page(s, SECOND_VERSION "&cursor*", 400, "{\"error\":\"CursorTooOld\",\"message\":\"floor\"}");
	struct sim_page *hook = sim_page(s, HOOK, 204, "");
	sim_run(s, SECOND);
	push_second(s, "2026-01-01T00:00:01Z");
	sim_run(s, SECOND);
	sim_hang_up(s, SECOND_VERSION, REPLY_FAILED);
	sim_run(s, 10 * SECOND);
	CHECK_INT(again->hits, 1);
	CHECK_INT(fresh->hits, 2);
	push_second(s, "2026-01-01T00:00:12Z");
	sim_run(s, 2 * MINUTE);
	CHECK_INT(hook->bodies.n, 1);
	CHECK(strstr(hook->bodies.v[0], "lost posts from 2026-01-01T00:00:01Z to 2026-01-01T00:00:12Z") != NULL);
	sim_free(s);
}

TEST(a_reconnect_storm_is_damped)
{
	struct sim *s = listen();
	struct sim_page *one = sim_page(s, ONE, 101, ""), *two = sim_page(s, TWO, 101, "");
	for (int i = 0; i < 400; i++) { /* it opens, and breaks at once */
		if (is_open(s, ONE))
			sim_hang_up(s, ONE, REPLY_FAILED);
		if (is_open(s, TWO))
			sim_hang_up(s, TWO, REPLY_FAILED);
		sim_run(s, SECOND);
	}
	CHECK(one->hits + two->hits < 80);
	sim_free(s);
}

static void push_up_to(struct sim *s, int n)
{
	const char *page = is_open(s, ONE) ? ONE : TWO;
	char text[40];
	for (int i = 1; is_open(s, page) && i <= n; i++) {
		snprintf(text, sizeof text, "%s %d", i % 2 ? "Sutskever" : "nothing", i);
		push(s, page, "create", i, AT(10 + i), text);
	}
}

TEST(a_crash_at_any_step_loses_and_doubles_nothing)
{
	for (int64_t at = 1; at <= 12; at++) {
		struct sim *s = listen();
		s->crash_at_step = s->steps + at;
		for (int n = 1; n <= 9; n++) {
			push_up_to(s, n);
			sim_run(s, 100);
		}
		s->crash_at_step = 0;
		sim_run(s, MINUTE);
		push_up_to(s, 9); /* a server tells again what it was asked for */
		sim_run(s, SECOND);
		json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/status", "", ""));
		CHECK_INT(json_get_int(j, "alerts", -1), 5);
		sim_free(s);
	}
}
