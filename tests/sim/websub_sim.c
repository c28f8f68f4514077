/* SPDX-License-Identifier: ISC */
/* WebSub in simulated time: asking, verifying, pushes, leases, hubs that err, and polls beside all that. */
#include "sim/sim.h"

#include "base/hash.h"
#include "base/url.h"

#define FEED "http://a.example/feed"
#define HUB "https://hub.example/"
#define OTHER "https://other.example/hub"
#define HOOK "http://hook.example/in"
#define CALLBACK "https://monitor.example/websub"
#define WEBSUB "websub_callback: \"" CALLBACK "/\"\nwebsub_every: 24h\n"
#define REST                                                                                              \
	"sources:\n  - {name: a, url: \"" FEED "\", every: 60m}\n"                                       \
	"channels:\n  - {name: desk, type: webhook, url: \"" HOOK "\"}\n"                               \
	"watches:\n  - {name: ilya, query: Sutskever}\n"
#define LINKS "link: <" HUB ">; rel=\"hub\", <" FEED ">; rel=\"self\""

static const char *const items[] = { "Old Sutskever news", "Sutskever speaks", "Sutskever writes", "Sutskever sings",
	                             "Sutskever sleeps", "Sutskever wakes" };

static struct sim_page *publish(struct sim *s, int n)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	return sim_page(s, FEED, 200, sim_feed(&b, n, items));
}

static struct sim *start(const char *yaml)
{
	struct sim *s = sim_new(yaml);
	publish(s, 1)->headers = LINKS;
	sim_page(s, HOOK, 204, "");
	sim_page(s, HUB, 202, "");
	sim_run(s, 10 * SECOND);
	return s;
}

/* --- the hub's side --- */

/* What the hub was sent last: the value of a parameter, decoded; "" if it was not there. */
static struct str asked(struct sim *s, const char *hub, const char *name, struct arena *arena)
{
	const struct sim_page *p = sim_find(s, str_c(hub));
	struct str rest = p != NULL && p->bodies.n > 0 ? str_c(p->bodies.v[p->bodies.n - 1]) : STR(""), pair, key, value = STR("");
	struct err e = { 0 };
	while (str_split(&rest, '&', &pair))
		if (str_split(&pair, '=', &key) && str_eq(key, str_c(name)))
			CHECK_OK(url_decode(pair, true, arena, &value, &e), &e);
	return value;
}

/* Whom the hub knows: where to call, and with which secret. */
struct known {
	struct arena *arena;
	struct str token, secret;
};

static struct known learn(struct sim *s, const char *hub)
{
	struct known k = { .arena = arena_new(1 << 20) };
	struct str callback = asked(s, hub, "hub.callback", k.arena);
	CHECK(str_starts(callback, STR(CALLBACK "/")));
	k.token = str_from(callback, sizeof(CALLBACK));
	k.secret = asked(s, hub, "hub.secret", k.arena);
	return k;
}

static struct message *call_once(struct sim *s, const struct known *k, const char *method, const char *query, struct str body,
                                 struct str signature)
{
	uint64_t id = ++s->last_request;
	struct message *m = message_command(id, str_c(method), k->token, str_c(query), body);
	m->kind = MESSAGE_CALLBACK;
	m->command->signature = arena_str(m->arena, signature);
	m->command->content_type = STR("application/rss+xml");
	vec_push(&s->inbox, m);
	for (int i = 0; i < 200; i++) {
		sim_run(s, 50);
		for (size_t n = 0; n < s->replies.n; n++)
			if (s->replies.v[n]->request_id == id)
				return s->replies.v[n];
	}
	return NULL;
}

/* A hub tries again where there is no answer: the daemon may have crashed. */
static struct message *call(struct sim *s, const struct known *k, const char *method, const char *query, struct str body,
                            struct str signature)
{
	struct message *m = call_once(s, k, method, query, body, signature);
	if (m == NULL && s->crash_at_step != 0)
		m = call_once(s, k, method, query, body, signature);
	if (m == NULL)
		fail_msg("the callback was not answered");
	return m;
}

/* The status of the answer; a success must echo the challenge. */
static int verify(struct sim *s, const struct known *k, const char *mode, const char *topic, int64_t lease_s)
{
	AUTO(strbuf) struct strbuf query = STRBUF_INIT(4096);
	strbuf_addf(&query, "hub.mode=%s&hub.topic=", mode);
	url_encode(&query, str_c(topic));
	strbuf_addf(&query, "&hub.challenge=fish%%20%%26%%20chips&hub.lease_seconds=%lld", (long long)lease_s);
	struct message *m = call(s, k, "GET", strbuf_cstr(&query), STR_NULL, STR_NULL);
	CHECK_STR(m->text, m->status == 200 ? "fish & chips" : "");
	CHECK_STR(m->content_type, "text/plain");
	return m->status;
}

static int push_signed(struct sim *s, const struct known *k, const char *algorithm, const char *secret, int n)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20), signature = STRBUF_INIT(1000);
	unsigned char mac[HASH_MAC_MAX];
	struct str body = str_c(sim_feed(&b, n, items));
	size_t len = hash_hmac(str_c(algorithm), str_c(secret), body, mac);
	strbuf_addf(&signature, "%s=", algorithm);
	hash_hex(&signature, str_n(mac, len));
	return call(s, k, "POST", "", body, strbuf_str(&signature))->status;
}

static int push(struct sim *s, const struct known *k, int n)
{
	return push_signed(s, k, "sha256", k->secret.p, n);
}

/* Asked, and verified for `lease_s`. */
static struct known subscribe(struct sim *s, int64_t lease_s)
{
	struct known k = learn(s, HUB);
	CHECK_INT(verify(s, &k, "subscribe", FEED, lease_s), 200);
	return k;
}

static json_t *websub_of(struct sim *s)
{
	json_t *j = sim_json(sim_ask(s, "GET", "/v1/sources/a", "", ""));
	json_t *websub = json_incref(json_object_get(j, "websub"));
	json_decref(j);
	return websub;
}

static void check_state(struct sim *s, const char *want, bool pushes)
{
	json_t *j OWNED_JSON = websub_of(s);
	CHECK_STR(json_get_str(j, "state"), want);
	CHECK(json_get_bool(j, "pushes", false) == pushes);
}

static int polls_within(struct sim *s, int64_t ms)
{
	int before = sim_hits(s, FEED);
	sim_run(s, ms);
	return sim_hits(s, FEED) - before;
}

/* --- subscribing --- */

TEST(who_has_no_callback_asks_no_hub)
{
	struct sim *s = start(REST);
	sim_run(s, DAY);
	CHECK_INT(sim_hits(s, HUB), 0);
	json_t *j OWNED_JSON = websub_of(s);
	CHECK(json_is_null(j));
	sim_free(s);
}

TEST(a_hub_is_asked_and_verifies)
{
	struct sim *s = start(WEBSUB REST);
	struct known k = learn(s, HUB);
	CHECK_INT(sim_hits(s, HUB), 1);
	CHECK_STR(asked(s, HUB, "hub.mode", k.arena), "subscribe");
	CHECK_STR(asked(s, HUB, "hub.topic", k.arena), FEED);
	CHECK_STR(asked(s, HUB, "hub.lease_seconds", k.arena), "864000");
	CHECK_INT(k.token.len, HASH_TOKEN_LEN);
	CHECK_INT(k.secret.len, 64);
	check_state(s, "asking", false);
	/* only what was asked for is confirmed (5.3.1) */
	CHECK_INT(verify(s, &k, "subscribe", FEED "2", 100), 404);
	CHECK_INT(verify(s, &k, "unsubscribe", FEED, 100), 404);
	CHECK_INT(verify(s, &k, "publish", FEED, 100), 404);
	struct known nobody = { .token = STR("0123") };
	CHECK_INT(verify(s, &nobody, "subscribe", FEED, 100), 404);
	CHECK_INT(push(s, &k, 1), 202); /* early, but signed */
	check_state(s, "asking", false);
	CHECK_INT(verify(s, &k, "subscribe", FEED, 864000), 200);
	check_state(s, "active", true);
	CHECK_INT(verify(s, &k, "subscribe", FEED, 864000), 200); /* its answer may have been lost */
	sim_run(s, 25 * HOUR);
	CHECK_INT(verify(s, &k, "subscribe", FEED, 864000), 404); /* long after: we have asked for nothing */
	check_state(s, "active", true);
	CHECK_INT(sim_hits(s, HUB), 1);
	arena_free(k.arena);
	sim_free(s);
}

TEST(a_hub_without_tls_gets_no_secret)
{
	struct sim *s = sim_new(WEBSUB REST);
	publish(s, 1)->headers = "link: <http://hub.example/plain>; rel=hub, <" FEED ">; rel=self";
	sim_page(s, "http://hub.example/plain", 202, "");
	sim_run(s, 10 * SECOND);
	struct known k = learn(s, "http://hub.example/plain");
	CHECK_STR(k.secret, "");
	CHECK_INT(push_signed(s, &k, "sha256", "x", 2), 410); /* not verified yet, and no signature to go by */
	CHECK_INT(verify(s, &k, "subscribe", FEED, 864000), 200);
	CHECK_INT(push_signed(s, &k, "sha256", "whatever", 2), 202);
	check_state(s, "active", true);
	arena_free(k.arena);
	sim_free(s);
}

TEST(a_hub_that_moved_is_followed)
{
	struct sim *s = sim_new(WEBSUB REST);
	publish(s, 1)->headers = LINKS;
	sim_page(s, HUB, 307, "")->headers = "location: " OTHER;
	sim_page(s, OTHER, 202, "");
	sim_run(s, 10 * SECOND);
	CHECK_INT(sim_hits(s, OTHER), 1);
	struct known k = learn(s, OTHER);
	CHECK_INT(k.secret.len, 64);
	CHECK_INT(verify(s, &k, "subscribe", FEED, 864000), 200);
	arena_free(k.arena);
	sim_free(s);
	/* not to http: the secret would be told */
	s = sim_new(WEBSUB REST);
	publish(s, 1)->headers = LINKS;
	sim_page(s, HUB, 308, "")->headers = "location: http://other.example/hub";
	sim_page(s, "http://other.example/hub", 202, "");
	sim_run(s, HOUR);
	CHECK_INT(sim_hits(s, "http://other.example/hub"), 0);
	sim_free(s);
}

TEST(a_circle_of_hubs_ends)
{
	struct sim *s = sim_new(WEBSUB REST);
	publish(s, 1)->headers = LINKS;
	sim_page(s, HUB, 308, "")->headers = "location: " HUB;
	sim_run(s, 10 * SECOND);
	CHECK_INT(sim_hits(s, HUB), 6);
	json_t *j OWNED_JSON = websub_of(s);
	CHECK(str_present(json_get_str(j, "last_error")));
	sim_free(s);
}

/* --- pushes --- */

TEST(a_push_is_told_once_and_a_poll_after_it_tells_nothing)
{
	static const char *const algorithms[] = { "sha1", "sha256", "sha384", "SHA512" };
	struct sim *s = start(WEBSUB REST);
	struct known k = subscribe(s, 864000);
	for (int i = 0; i < 4; i++) {
		CHECK_INT(push_signed(s, &k, algorithms[i], k.secret.p, i + 2), 202);
		sim_run(s, MINUTE);
		CHECK_INT(sim_hits(s, HOOK), i + 1);
	}
	publish(s, 5);
	CHECK(sim_ask(s, "POST", "/v1/sources/a/poll", "", "")->status == 200);
	CHECK_INT(push(s, &k, 5), 202);
	sim_run(s, 3 * DAY);
	CHECK_INT(sim_hits(s, HOOK), 4);
	check_state(s, "active", true);
	arena_free(k.arena);
	sim_free(s);
}

TEST(what_is_not_signed_is_dropped_without_a_word)
{
	struct sim *s = start(WEBSUB REST);
	struct known k = subscribe(s, 864000);
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct str body = str_c(sim_feed(&b, 2, items));
	static const char *const bad[] = { "", "sha256", "sha256=", "sha1=00", "md5=00", "=", "sha256=zz",
		"sha256=0000000000000000000000000000000000000000000000000000000000000000" };
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		CHECK_INT(call(s, &k, "POST", "", body, str_c(bad[i]))->status, 202);
	CHECK_INT(call(s, &k, "POST", "", body, STR_NULL)->status, 202);
	CHECK_INT(push_signed(s, &k, "sha256", "another secret", 2), 202);
	sim_run(s, MINUTE);
	CHECK_INT(sim_hits(s, HOOK), 0);
	check_state(s, "active", false);
	struct message *m = sim_ask(s, "GET", "/metrics", "", "");
	CHECK(str_find(m->text, STR("monitord_websub_refused_total 10\n")) != STR_NPOS);
	/* signed, but no feed */
	unsigned char mac[HASH_MAC_MAX];
	strbuf_reset(&b);
	strbuf_adds(&b, "sha256=");
	hash_hex(&b, str_n(mac, hash_hmac(STR("sha256"), k.secret, STR("{}"), mac)));
	CHECK_INT(call(s, &k, "POST", "", STR("{}"), strbuf_str(&b))->status, 202);
	check_state(s, "active", false);
	arena_free(k.arena);
	sim_free(s);
}

TEST(a_flood_of_pushes_is_put_off)
{
	struct sim *s = start(WEBSUB REST);
	struct known k = subscribe(s, 864000);
	int put_off = 0;
	for (int i = 0; i < 500; i++)
		put_off += push_signed(s, &k, "sha256", "a guess", 2) == 503;
	CHECK(put_off > 300); /* 50 ms of simulated time each */
	sim_run(s, MINUTE);
	CHECK_INT(push(s, &k, 2), 202);
	sim_run(s, MINUTE);
	CHECK_INT(sim_hits(s, HOOK), 1);
	arena_free(k.arena);
	sim_free(s);
}

/* --- polls beside it --- */

TEST(polls_are_rare_while_pushes_come)
{
	struct sim *s = start(WEBSUB REST);
	struct known k = subscribe(s, 864000);
	CHECK(polls_within(s, DAY) >= 22); /* nothing was pushed yet */
	publish(s, 2);
	CHECK_INT(push(s, &k, 2), 202);
	check_state(s, "active", true);
	CHECK(polls_within(s, 3 * DAY) <= 3);
	/* a poll finds what no push brought */
	publish(s, 3);
	sim_run(s, 25 * HOUR);
	CHECK_INT(sim_hits(s, HOOK), 2);
	check_state(s, "active", false);
	CHECK(polls_within(s, DAY) >= 22);
	/* two pushes, and it is believed again */
	publish(s, 4);
	CHECK_INT(push(s, &k, 4), 202);
	check_state(s, "active", false);
	CHECK_INT(push(s, &k, 5), 202);
	check_state(s, "active", true);
	publish(s, 5);
	CHECK(polls_within(s, 2 * DAY) <= 2);
	CHECK_INT(sim_hits(s, HOOK), 4);
	arena_free(k.arena);
	sim_free(s);
}

TEST(an_interval_of_its_own_waits_for_the_hub_too)
{
	struct sim *s = start("websub_callback: \"" CALLBACK "\"\nwebsub_every: 12h\nsources:\n  - {name: a, url: \"" FEED "\", every: 10m}\n");
	struct known k = subscribe(s, 864000);
	CHECK(polls_within(s, DAY) > 130);
	CHECK_INT(push(s, &k, 2), 202);
	CHECK(polls_within(s, 2 * DAY) <= 4);
	/* one day the hub is gone: normal again, from the first failed renewal on */
	sim_page(s, HUB, 500, "");
	sim_run(s, 4 * DAY + 12 * HOUR);
	CHECK(polls_within(s, DAY) > 130);
	arena_free(k.arena);
	sim_free(s);
}

/* --- leases --- */

TEST(a_lease_is_renewed_before_it_ends)
{
	struct sim *s = start(WEBSUB REST);
	struct known k = subscribe(s, 864000);
	CHECK_INT(push(s, &k, 2), 202);
	sim_run(s, 7 * DAY);
	CHECK_INT(sim_hits(s, HUB), 1);
	sim_run(s, DAY);
	CHECK_INT(sim_hits(s, HUB) > 1, 1);
	struct known again = learn(s, HUB);
	CHECK_STR(again.token, k.token.p); /* the same subscription, so nothing is missed between */
	CHECK_INT(verify(s, &again, "subscribe", FEED, 864000), 200);
	int hits = sim_hits(s, HUB);
	sim_run(s, 6 * DAY);
	check_state(s, "active", true);
	CHECK_INT(sim_hits(s, HUB), hits);
	arena_free(k.arena);
	arena_free(again.arena);
	sim_free(s);
}

TEST(a_lease_that_is_not_renewed_lapses)
{
	struct sim *s = start(WEBSUB REST);
	struct known k = subscribe(s, 86400);
	CHECK_INT(push(s, &k, 2), 202);
	publish(s, 2);
	sim_run(s, DAY + MINUTE); /* the hub says 202, and does not verify */
	check_state(s, "asking", false);
	CHECK(polls_within(s, DAY) >= 22);
	CHECK(sim_hits(s, HUB) < 16); /* asked again, more and more rarely */
	/* what still comes from it is signed, so it counts */
	CHECK_INT(push(s, &k, 3), 202);
	sim_run(s, MINUTE);
	CHECK_INT(sim_hits(s, HOOK), 2);
	sim_run(s, DAY);
	CHECK_INT(verify(s, &k, "subscribe", FEED, 86400) == 200 || sim_hits(s, HUB) > 0, 1);
	arena_free(k.arena);
	sim_free(s);
}

TEST(a_lease_of_no_time_is_no_flood)
{
	struct sim *s = start(WEBSUB REST);
	struct known k = learn(s, HUB);
	for (int i = 0; i < 20; i++) {
		(void)verify(s, &k, "subscribe", FEED, 1);
		sim_run(s, 3 * SECOND);
	}
	CHECK(sim_hits(s, HUB) <= 14);
	arena_free(k.arena);
	sim_free(s);
}

/* --- refusals --- */

TEST(a_denied_subscription_is_left_alone)
{
	struct sim *s = start(WEBSUB REST);
	struct known k = subscribe(s, 864000);
	CHECK_INT(push(s, &k, 2), 202);
	check_state(s, "active", true);
	CHECK_INT(call(s, &k, "GET", "hub.mode=denied&hub.topic=http%3A%2F%2Felsewhere.example%2F", STR_NULL, STR_NULL)->status, 404);
	AUTO(strbuf) struct strbuf query = STRBUF_INIT(1000);
	strbuf_addf(&query, "hub.mode=denied&hub.topic=%s&hub.reason=not%%20for%%20you+%.*s", FEED, STR_ARG(k.secret));
	CHECK_INT(call(s, &k, "GET", strbuf_cstr(&query), STR_NULL, STR_NULL)->status, 200);
	check_state(s, "denied", false);
	json_t *j OWNED_JSON = websub_of(s);
	/* what would give the secret away is not repeated */
	CHECK_STR(json_get_str(j, "last_error"), "the hub denies the subscription");
	CHECK_INT(push(s, &k, 3), 410);
	CHECK(polls_within(s, 6 * DAY) > 130);
	CHECK_INT(sim_hits(s, HUB), 1);
	sim_run(s, 2 * DAY);
	CHECK_INT(sim_hits(s, HUB) > 1, 1); /* a week later it may think better of it */
	arena_free(k.arena);
	sim_free(s);
}

TEST(a_hub_that_errs_is_asked_more_and_more_rarely)
{
	struct sim *s = sim_new(WEBSUB REST);
	publish(s, 1)->headers = LINKS;
	sim_page(s, HUB, 503, "come back")->headers = "retry-after: 600";
	sim_run(s, 9 * MINUTE);
	CHECK_INT(sim_hits(s, HUB), 1);
	sim_run(s, 3 * MINUTE);
	CHECK_INT(sim_hits(s, HUB), 2);
	sim_run(s, DAY);
	int first = sim_hits(s, HUB);
	CHECK(first > 5 && first < 20);
	sim_run(s, DAY);
	CHECK(sim_hits(s, HUB) - first <= 5);
	/* 4xx: the same question gets the same answer */
	sim_page(s, HUB, 400, "no such topic")->headers = NULL;
	sim_run(s, 8 * HOUR);
	int refused = sim_hits(s, HUB);
	json_t *j OWNED_JSON = websub_of(s);
	CHECK_STR(json_get_str(j, "last_error"), "HTTP status 400: no such topic");
	sim_run(s, 15 * HOUR);
	CHECK_INT(sim_hits(s, HUB), refused);
	sim_free(s);
}

/* --- leaving --- */

TEST(a_removed_source_is_unsubscribed)
{
	struct sim *s = start(WEBSUB REST);
	struct known k = subscribe(s, 864000);
	sim_write_config(s, WEBSUB "channels: []\n");
	CHECK_INT(sim_ask(s, "POST", "/v1/reload", "", "")->status, 200);
	sim_run(s, SECOND);
	struct known left = learn(s, HUB);
	CHECK_STR(asked(s, HUB, "hub.mode", left.arena), "unsubscribe");
	CHECK_STR(asked(s, HUB, "hub.topic", left.arena), FEED);
	CHECK_STR(asked(s, HUB, "hub.secret", left.arena), "");
	CHECK_STR(left.token, k.token.p);
	CHECK_INT(push(s, &k, 2), 410);
	CHECK_INT(verify(s, &k, "subscribe", FEED, 100), 404);
	CHECK_INT(verify(s, &k, "unsubscribe", FEED, 100), 200);
	CHECK_INT(verify(s, &k, "unsubscribe", FEED, 100), 404);
	CHECK_INT(push(s, &k, 2), 410);
	sim_run(s, DAY);
	CHECK_INT(sim_hits(s, HUB), 2);
	arena_free(k.arena);
	arena_free(left.arena);
	sim_free(s);
}

TEST(a_hub_that_does_not_let_go_is_asked_three_times)
{
	struct sim *s = start(WEBSUB REST);
	struct known k = subscribe(s, 864000);
	sim_page(s, HUB, 503, "");
	sim_write_config(s, WEBSUB "channels: []\n");
	CHECK_INT(sim_ask(s, "POST", "/v1/reload", "", "")->status, 200);
	sim_run(s, 10 * DAY);
	CHECK_INT(sim_hits(s, HUB), 1 + 3);
	arena_free(k.arena);
	sim_free(s);
}

TEST(a_paused_source_leaves_and_comes_back)
{
	struct sim *s = start(WEBSUB "watches: []\n");
	CHECK_INT(sim_ask(s, "POST", "/v1/sources", "", "{\"name\": \"a\", \"url\": \"" FEED "\"}")->status, 201);
	sim_run(s, 10 * SECOND);
	struct known k = subscribe(s, 864000);
	CHECK_INT(sim_ask(s, "POST", "/v1/sources/a/pause", "", "")->status, 200);
	sim_run(s, SECOND);
	check_state(s, "off", false);
	CHECK_STR(asked(s, HUB, "hub.mode", k.arena), "unsubscribe");
	CHECK_INT(verify(s, &k, "unsubscribe", FEED, 100), 200);
	CHECK_INT(sim_ask(s, "POST", "/v1/sources/a/resume", "", "")->status, 200);
	sim_run(s, SECOND);
	struct known again = learn(s, HUB); /* without a poll: the hub is known */
	CHECK_STR(asked(s, HUB, "hub.mode", k.arena), "subscribe");
	CHECK(!str_eq(again.token, k.token) && !str_eq(again.secret, k.secret));
	CHECK_INT(verify(s, &again, "subscribe", FEED, 864000), 200);
	CHECK_INT(sim_ask(s, "DELETE", "/v1/sources/a", "", "")->status, 204);
	sim_run(s, SECOND);
	CHECK_STR(asked(s, HUB, "hub.mode", k.arena), "unsubscribe");
	arena_free(k.arena);
	arena_free(again.arena);
	sim_free(s);
}

TEST(a_feed_that_changes_its_hub_is_followed)
{
	struct sim *s = start(WEBSUB REST);
	struct known k = subscribe(s, 864000);
	sim_page(s, OTHER, 202, "");
	publish(s, 1)->headers = "link: <" OTHER ">; rel=hub";
	sim_run(s, 2 * HOUR);
	CHECK_STR(asked(s, HUB, "hub.mode", k.arena), "unsubscribe");
	CHECK_STR(asked(s, OTHER, "hub.mode", k.arena), "subscribe");
	CHECK_STR(asked(s, OTHER, "hub.topic", k.arena), FEED); /* of no self link: its address */
	publish(s, 1)->headers = NULL;
	sim_run(s, 2 * HOUR);
	CHECK_STR(asked(s, OTHER, "hub.mode", k.arena), "unsubscribe");
	json_t *j OWNED_JSON = websub_of(s);
	CHECK(json_is_null(j));
	arena_free(k.arena);
	sim_free(s);
}

TEST(another_callback_is_another_subscription)
{
	struct sim *s = start(WEBSUB REST);
	struct known k = subscribe(s, 864000);
	sim_write_config(s, "websub_callback: \"https://new.example/w\"\n" REST);
	CHECK_INT(sim_ask(s, "POST", "/v1/reload", "", "")->status, 200);
	sim_run(s, SECOND);
	CHECK_INT(sim_hits(s, HUB), 3);
	check_state(s, "asking", false);
	CHECK(str_starts(asked(s, HUB, "hub.callback", k.arena), STR("https://new.example/w/")) ||
	      str_eq(asked(s, HUB, "hub.mode", k.arena), STR("unsubscribe")));
	sim_write_config(s, REST);
	CHECK_INT(sim_ask(s, "POST", "/v1/reload", "", "")->status, 200);
	check_state(s, "off", false);
	arena_free(k.arena);
	sim_free(s);
}

/* --- restarts --- */

TEST(a_restart_keeps_the_subscription)
{
	struct sim *s = start(WEBSUB REST);
	struct known k = subscribe(s, 864000);
	CHECK_INT(push(s, &k, 2), 202);
	sim_run(s, DAY);
	sim_kill(s);
	sim_boot(s);
	check_state(s, "active", true);
	CHECK(polls_within(s, 12 * HOUR) <= 1);
	CHECK_INT(push(s, &k, 3), 202);
	sim_run(s, MINUTE);
	CHECK_INT(sim_hits(s, HOOK), 2);
	CHECK_INT(sim_hits(s, HUB), 1);
	sim_kill(s); /* and over the end of its lease */
	s->mono_ms += 20 * DAY;
	sim_boot(s);
	sim_run(s, 10 * SECOND);
	check_state(s, "asking", false);
	CHECK_INT(sim_hits(s, HUB), 2);
	arena_free(k.arena);
	sim_free(s);
}

TEST(a_crash_at_any_step_loses_nothing)
{
	for (int64_t at = 2; at < 14; at++) {
		struct sim *s = sim_new(WEBSUB REST);
		s->crash_at_step = at;
		publish(s, 1)->headers = LINKS;
		sim_page(s, HOOK, 204, "");
		sim_page(s, HUB, 202, "");
		sim_run(s, 30 * MINUTE); /* a request that was lost is sent again after its patience */
		struct known k = subscribe(s, 864000);
		publish(s, 2);
		CHECK_INT(push(s, &k, 2), 202);
		sim_run(s, 2 * DAY);
		struct message *m = sim_ask(s, "GET", "/v1/alerts", "", "");
		json_t *j OWNED_JSON = sim_json(m);
		CHECK_INT(json_array_size(json_object_get(j, "alerts")), 1);
		check_state(s, "active", true);
		arena_free(k.arena);
		sim_free(s);
	}
}
