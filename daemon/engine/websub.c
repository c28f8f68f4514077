/* SPDX-License-Identifier: ISC */
/*
 * WebSub (W3C Recommendation, 2018-01-23): a feed that names a hub is subscribed to there, and what the hub pushes goes
 * the way of what a poll brings.  While that works polls are rare; as soon as one finds what no push brought, the lease
 * ends or the hub errs, they are as frequent as without it.
 *
 *   OFF ──wanted──▶ ASKING ──verified──▶ ACTIVE ──lease over──▶ ASKING       each ──not wanted──▶ LEAVING ──verified──▶ gone
 *                     └──denied──▶ DENIED ──a week──▶ ASKING                 (a successor, OFF, keeps what is known)
 *
 * The token in the callback's path says which subscription is meant, and nobody can guess it; where the hub is asked over
 * TLS it also gets a secret, and what it did not sign is dropped.  Token and secret are never logged or shown.
 */
#include "engine/internal.h"

#include "alert/retry.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "base/url.h"

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define FLIGHTS_MAX 8                   /* requests to hubs at one time */
#define REQUEST_MS (30 * SECOND_MS)
#define ANSWER_MAX (64 << 10)           /* of a hub, which has nothing to say but a status */
#define REQUEST_MAX (128 << 10)
#define REDIRECTS_MAX 5
#define SPACING_MS (5 * SECOND_MS)      /* between two requests of one subscription, whatever its lease */
#define PATIENCE_MS (10 * MINUTE_MS)    /* for a verification, before the hub is asked again */
#define VERIFY_WITHIN_MS DAY_MS         /* of a request: later it is none of ours */
#define RETRY_MIN_MS MINUTE_MS          /* doubled each time … */
#define RETRY_MAX_MS (6 * HOUR_MS)
#define REFUSED_MS DAY_MS               /* 4xx: the same question gets the same answer */
#define DENIED_MS (7 * DAY_MS)
#define LEAVE_TRIES 3                   /* then its lease ends it */
#define LEASE_MAX_MS (366 * DAY_MS)
#define CHALLENGE_MAX 1024
#define REASON_MAX 200
#define DOUBT_MAX 4
#define PUSHES_AT_ONCE 60               /* of one hub; one more each second */
#define REFUSALS_A_LINE 1000            /* bad signatures for one line of the log */
#define SECRET_BYTES 32
#define KEPT_MAX (256 << 10)
#define NETWORKS_MAX (16 << 10)

struct subscription {
	struct store_websub kept;       /* as in the database; texts in `arena` */
	struct arena *arena;
	struct heap_node due;           /* mono ms */
	uint64_t transfer_id;           /* of the request under way, 0 = none */
	int redirects;                  /* that it has followed */
	int64_t room, room_mono_ms;     /* pushes that may come at once, and when that was counted */
	uint64_t refused;               /* pushes without a good signature */
};
struct websub {
	struct map *by_token, *by_source; /* struct subscription; by_source without those that are left */
	struct heap due;
	int in_flight;
	unsigned char key[STORE_KEY_BYTES]; /* signs the tokens */
};
#define subscription_of(node) ((struct subscription *)(void *)((char *)(node) - offsetof(struct subscription, due)))

static const char *const state_names[STORE_WEBSUB_STATES] = { "off", "asking", "active", "denied", "leaving" };

static struct subscription *of_source(const struct engine *g, struct str name)
{
	return map_get(g->websub->by_source, name);
}

static struct world_source *source_of(const struct engine *g, const struct subscription *sub)
{
	return sub->kept.state == STORE_WEBSUB_LEAVING ? NULL : world_source(g->world, sub->kept.source);
}

/* Believed until now, that is: its lease may be over. */
static bool is_believed(const struct subscription *sub)
{
	return sub->kept.state == STORE_WEBSUB_ACTIVE && sub->kept.doubt == 0;
}

/* For people's eyes: no user info, no tokens. */
static const char *quoted(char buf[static LOG_QUOTE_MAX], struct str url)
{
	AUTO(strbuf) struct strbuf shown = STRBUF_INIT(2 * URL_MAX);
	url_redact(&shown, url, false);
	return log_quote(buf, strbuf_str(&shown));
}
#define SHOWN(url) quoted((char[LOG_QUOTE_MAX]){ 0 }, (url))

/* --- what is kept --- */

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void schedule(struct engine *g, struct subscription *sub)
{
	const struct store_websub *k = &sub->kept;
	int64_t next = k->next_unix_ms;
	if (k->state == STORE_WEBSUB_OFF) {
		heap_remove(&g->websub->due, &sub->due);
		return;
	}
	if (k->state == STORE_WEBSUB_ACTIVE)
		next = sooner(next, k->lease_end_unix_ms);
	heap_set(&g->websub->due, &sub->due, poller_mono(g, next));
}

/* A new arena each time, so that it cannot grow; the texts of *k lie there from now on. */
static void keep(struct subscription *sub, struct store_websub *k)
{
	struct arena *a = arena_new(KEPT_MAX);
	struct str *texts[] = { &k->token, &k->source, &k->hub, &k->topic, &k->base, &k->callback, &k->secret, &k->allow,
		                &k->error };
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		*texts[i] = arena_str(a, *texts[i]);
	arena_free(sub->arena);
	sub->arena = a;
	sub->kept = *k;
}

/* -1: the database failed. */
static int save(struct engine *g, struct subscription *sub, struct store_websub *k)
{
	struct err e = { 0 };
	keep(sub, k);
	schedule(g, sub);
	return engine_check(g, store_websub_save(g->store, &sub->kept, &e), &e);
}

static void put(struct websub *w, struct subscription *sub)
{
	sub->room = PUSHES_AT_ONCE;
	map_put(w->by_token, sub->kept.token, sub);
	if (sub->kept.state != STORE_WEBSUB_LEAVING)
		map_put(w->by_source, sub->kept.source, sub);
}

static void release(struct websub *w)
{
	heap_release(&w->due); /* while its nodes are there */
	for (struct map_iter it = { 0 }; map_next(w->by_token, &it);) {
		struct subscription *sub = it.value;
		arena_free(sub->arena);
		mem_free(sub);
	}
	map_free(w->by_token);
	map_free(w->by_source);
}

static void hang_up(struct engine *g, struct subscription *sub)
{
	struct flight *f = sub->transfer_id != 0 ? engine_flight(g, sub->transfer_id) : NULL;
	if (f != NULL)
		engine_cancel(g, f);
	sub->transfer_id = 0;
}

static void forget(struct engine *g, struct subscription *sub)
{
	struct websub *w = g->websub;
	struct err e = { 0 };
	(void)engine_check(g, store_websub_remove(g->store, sub->kept.token, &e), &e);
	hang_up(g, sub);
	heap_remove(&w->due, &sub->due);
	if (of_source(g, sub->kept.source) == sub)
		map_remove(w->by_source, sub->kept.source);
	map_remove(w->by_token, sub->kept.token);
	arena_free(sub->arena);
	mem_free(sub);
}

/* --- wanting one, or none --- */

static struct str callback_base(const struct engine *g)
{
	struct str base = g->world->config->daemon.websub_callback;
	return str_ends(base, STR("/")) ? str_slice(base, 0, base.len - 1) : base;
}

static bool is_wanted(const struct engine *g, const struct world_source *s)
{
	return !str_empty(callback_base(g)) && !s->settings.paused && !str_present(s->kept.stopped);
}

/* The hub calls where the configuration says. */
static bool is_in_place(const struct engine *g, const struct subscription *sub)
{
	struct str base = callback_base(g), callback = sub->kept.callback;
	return str_starts(callback, base) && callback.len == base.len + 1 + HASH_TOKEN_LEN;
}

static struct subscription *create(struct engine *g, const struct world_source *s, struct str hub, struct str topic,
                                   struct str base)
{
	AUTO(strbuf) struct strbuf token = STRBUF_INIT(200), secret = STRBUF_INIT(200);
	unsigned char random[SECRET_BYTES];
	hash_random(random, sizeof random);
	hash_hex(&secret, str_n(random, sizeof random));
	hash_token(&token, websub_key(g));
	struct subscription *sub = mem_new(struct subscription);
	struct store_websub k = { .token = strbuf_str(&token), .secret = strbuf_str(&secret), .source = s->settings.name,
		                  .identity = s->kept.hash, .hub = hub, .topic = topic, .base = base, .doubt = 1,
		                  .asked_unix_ms = TIME_ABSENT, .lease_end_unix_ms = TIME_ABSENT,
		                  .pushed_unix_ms = TIME_ABSENT };
	(void)save(g, sub, &k);
	put(g->websub, sub);
	return sub;
}

static void begin(struct engine *g, struct subscription *sub, const struct world_source *s)
{
	struct store_websub k = sub->kept;
	AUTO(strbuf) struct strbuf callback = STRBUF_INIT(2 * URL_MAX), allow = STRBUF_INIT(NETWORKS_MAX);
	for (size_t i = 0; i < s->settings.allow_private.list.n; i++) {
		strbuf_adds(&allow, i > 0 ? "," : "");
		network_format(&allow, &s->settings.allow_private.list.v[i]);
	}
	strbuf_addf(&callback, "%.*s/%.*s", STR_ARG(callback_base(g)), STR_ARG(k.token));
	k.callback = strbuf_str(&callback);
	k.allow = strbuf_str(&allow);
	k.state = STORE_WEBSUB_ASKING;
	k.next_unix_ms = g->now.unix_ms;
	k.tries = 0;
	(void)save(g, sub, &k);
}

/* Its source will not have it any more.  `s`: that is there still, and what is known of its hub is kept. */
static void leave(struct engine *g, struct subscription *sub, struct world_source *s)
{
	struct store_websub k = sub->kept;
	bool asked = k.asked_unix_ms != TIME_ABSENT && (k.state == STORE_WEBSUB_ASKING || k.state == STORE_WEBSUB_ACTIVE);
	bool hurry = s != NULL && is_believed(sub);
	map_remove(g->websub->by_source, k.source);
	hang_up(g, sub);
	k.state = STORE_WEBSUB_LEAVING;
	k.next_unix_ms = g->now.unix_ms;
	k.tries = 0;
	if (s != NULL)
		(void)create(g, s, k.hub, k.topic, k.base);
	if (asked)
		(void)save(g, sub, &k);
	else
		forget(g, sub);
	if (hurry)
		poller_hurry(g, s);
}

void websub_look(struct engine *g, struct world_source *s)
{
	struct subscription *sub = of_source(g, s->settings.name);
	if (sub == NULL || g->batch_failed)
		return;
	if (sub->kept.identity != s->kept.hash) {
		leave(g, sub, NULL);
		return;
	}
	bool wanted = is_wanted(g, s);
	if (sub->kept.state != STORE_WEBSUB_OFF && (!wanted || !is_in_place(g, sub))) {
		leave(g, sub, s);
		sub = of_source(g, s->settings.name);
	}
	if (sub->kept.state == STORE_WEBSUB_OFF && wanted)
		begin(g, sub, s);
}

void websub_gone(struct engine *g, const struct world_source *s)
{
	struct subscription *sub = of_source(g, s->settings.name);
	if (sub != NULL)
		leave(g, sub, NULL);
}

/* --- what documents say --- */

/* The first link of this relation in the headers, absolute; STR_NULL if there is none. */
static struct str linked(const struct reply *r, struct str rel, struct strbuf *to)
{
	for (size_t i = 0; i < r->headers.n; i++) {
		if (!str_eq(r->headers.v[i].name, STR("link")))
			continue;
		struct str target = url_link(r->headers.v[i].value, rel);
		if (!str_empty(target) && url_resolve(to, r->final_url, target))
			return strbuf_str(to);
	}
	return STR_NULL;
}

static bool is_usable(struct str url)
{
	struct str authority = url;
	size_t slashes = str_find(url, STR("://"));
	if (!url_is_http(url) || slashes == STR_NPOS)
		return false;
	authority = str_from(url, slashes + 3);
	authority = str_slice(authority, 0, str_chr(authority, '/'));
	return str_chr(authority, '@') == STR_NPOS; /* a password is not for hubs */
}

void websub_seen(struct engine *g, struct world_source *s, const struct reply *r, const struct source_document *d)
{
	const struct source_type *type = s->source.type;
	struct subscription *sub = of_source(g, s->settings.name);
	if ((sub == NULL && str_empty(callback_base(g))) || type == NULL || type->detect == NULL || d->cut)
		return;
	AUTO(strbuf) struct strbuf hub_text = STRBUF_INIT(URL_MAX), topic_text = STRBUF_INIT(URL_MAX);
	struct str hub = linked(r, STR("hub"), &hub_text), topic = linked(r, STR("self"), &topic_text);
	struct str base = str_present(r->final_url) ? r->final_url : s->source.url;
	if (str_empty(hub)) /* headers first, then the document (4, Discovery) */
		hub = d->hub;
	if (str_empty(topic))
		topic = str_empty(d->self) ? base : d->self;
	bool none = !is_usable(hub) || !is_usable(topic) || !url_is_http(base);
	if (sub != NULL && (none || !str_eq(hub, sub->kept.hub) || !str_eq(topic, sub->kept.topic))) {
		leave(g, sub, NULL);
		sub = NULL;
	}
	if (sub == NULL && !none && is_wanted(g, s)) {
		begin(g, create(g, s, hub, topic, base), s);
	} else if (sub != NULL && !str_eq(sub->kept.base, base)) {
		struct store_websub k = sub->kept;
		k.base = base;
		(void)save(g, sub, &k);
	}
}

/* --- polls beside it --- */

bool websub_pushes(const struct engine *g, const struct world_source *s)
{
	const struct subscription *sub = of_source(g, s->settings.name);
	return sub != NULL && is_believed(sub) && g->now.unix_ms < sub->kept.lease_end_unix_ms;
}

void websub_put_off(const struct engine *g, const struct world_source *s, int64_t *next_unix_ms, struct strbuf *why)
{
	int64_t every = g->world->config->daemon.websub_every_ms;
	char text[48];
	if (!websub_pushes(g, s) || *next_unix_ms >= g->now.unix_ms + every)
		return;
	*next_unix_ms = g->now.unix_ms + every;
	strbuf_addf(why, "%slengthened to %s, for a hub pushes what is new", why->len > 0 ? ", " : "",
	            num_format_duration(text, sizeof text, every));
}

void websub_polled(struct engine *g, struct world_source *s, size_t fresh)
{
	struct subscription *sub = of_source(g, s->settings.name);
	if (sub == NULL || sub->kept.state != STORE_WEBSUB_ACTIVE || fresh == 0)
		return;
	struct store_websub k = sub->kept;
	if (k.doubt == 0)
		log_notice("websub.missed", "source=%s posts=%zu", LOG_Q(k.source), fresh);
	g->figures.websub_missed += fresh;
	k.doubt = k.doubt + 2 > DOUBT_MAX ? DOUBT_MAX : k.doubt + 2;
	(void)save(g, sub, &k);
}

/* --- asking the hub --- */

static int64_t backoff(struct engine *g, int64_t tries)
{
	int64_t wait = tries > 10 ? RETRY_MAX_MS : sooner(RETRY_MAX_MS, RETRY_MIN_MS << (tries > 0 ? tries - 1 : 0));
	return wait + (int64_t)(engine_random(g) % (uint64_t)(wait / 4));
}

static void add_param(struct strbuf *body, const char *name, struct str value)
{
	strbuf_addf(body, "%s%s=", body->len > 0 ? "&" : "", name);
	url_encode(body, value);
}

static struct transfer *compose(const struct engine *g, const struct subscription *sub, struct str hub)
{
	const struct store_websub *k = &sub->kept;
	bool leaving = k->state == STORE_WEBSUB_LEAVING;
	const struct config_source nobody = { 0 }; /* user name and password of the source are not for its hub */
	AUTO(strbuf) struct strbuf body = STRBUF_INIT(REQUEST_MAX);
	OWNED(transfer) struct transfer *t = transfer_new(TRANSFER_HTTP);
	poller_transfer_options(g, &nobody, t);
	struct str rest = k->allow, one;
	struct network network;
	while (str_split(&rest, ',', &one))
		if (network_parse(one, &network))
			vec_push(&t->allow, network);
	char lease[32];
	(void)snprintf(lease, sizeof lease, "%lld", (long long)(g->world->config->daemon.websub_lease_ms / SECOND_MS));
	add_param(&body, "hub.mode", leaving ? STR("unsubscribe") : STR("subscribe"));
	add_param(&body, "hub.topic", k->topic);
	add_param(&body, "hub.callback", k->callback);
	if (!leaving)
		add_param(&body, "hub.lease_seconds", str_c(lease));
	if (!leaving && k->is_signed)
		add_param(&body, "hub.secret", k->secret);
	add_param(&body, "hub.verify", STR("async")); /* what came before WebSub (PubSubHubbub 0.3) demanded it */
	t->method = STR("POST");
	t->url = arena_str(t->arena, hub);
	t->body = arena_str(t->arena, strbuf_str(&body));
	t->has_body = true;
	t->follow = false;
	t->total_ms = REQUEST_MS;
	t->body_max = ANSWER_MAX;
	transfer_header(t, "Content-Type", STR("application/x-www-form-urlencoded"));
	return take(t);
}

static void send(struct engine *g, struct subscription *sub, struct str hub)
{
	struct flight *f = engine_start(g, FLIGHT_WEBSUB, compose(g, sub, hub));
	f->token = arena_str(f->arena, sub->kept.token);
	sub->transfer_id = f->id;
	g->websub->in_flight++;
}

/* hub.secret is only for hubs that are asked over TLS (5.1). */
static bool may_be_told(struct str hub)
{
	return str_starts_nocase(hub, STR("https:"));
}

static void ask(struct engine *g, struct subscription *sub)
{
	struct store_websub k = sub->kept;
	if (k.state == STORE_WEBSUB_LEAVING && k.tries >= LEAVE_TRIES) {
		forget(g, sub);
		return;
	}
	if (k.state == STORE_WEBSUB_DENIED)
		k.state = STORE_WEBSUB_ASKING;
	k.asked_unix_ms = g->now.unix_ms;
	k.next_unix_ms = g->now.unix_ms + later(PATIENCE_MS, backoff(g, ++k.tries));
	if (k.state != STORE_WEBSUB_LEAVING)
		k.is_signed = may_be_told(k.hub);
	if (save(g, sub, &k) != 0)
		return;
	log_info("websub.asked", "source=%s hub=%s mode=%s try=%lld", LOG_Q(k.source), SHOWN(k.hub),
	         k.state == STORE_WEBSUB_LEAVING ? "unsubscribe" : "subscribe", (long long)k.tries);
	sub->redirects = 0;
	send(g, sub, sub->kept.hub);
}

/* What is published is not surely pushed any more. */
static void doubt(struct engine *g, struct subscription *sub, struct store_websub k)
{
	struct world_source *s = source_of(g, sub);
	bool hurry = is_believed(sub);
	k.doubt = k.doubt > 1 ? k.doubt : 1;
	if (save(g, sub, &k) != 0 || s == NULL)
		return;
	if (hurry)
		poller_hurry(g, s);
	objects_source_event(g, s);
}

static void lapse(struct engine *g, struct subscription *sub)
{
	struct store_websub k = sub->kept;
	log_warning("websub.lapsed", "source=%s hub=%s", LOG_Q(k.source), SHOWN(k.hub));
	k.state = STORE_WEBSUB_ASKING;
	/* A hub that errs has its pause still. */
	k.next_unix_ms = later(str_present(k.error) ? k.next_unix_ms : g->now.unix_ms, k.asked_unix_ms + SPACING_MS);
	doubt(g, sub, k);
}

void websub_run(struct engine *g)
{
	struct websub *w = g->websub;
	if (g->tight)
		return;
	for (struct heap_node *n; (n = heap_top(&w->due)) != NULL && n->key <= g->now.mono_ms && !g->batch_failed;) {
		struct subscription *sub = subscription_of(n);
		struct store_websub *k = &sub->kept;
		if (k->state == STORE_WEBSUB_ACTIVE && g->now.unix_ms >= k->lease_end_unix_ms) {
			lapse(g, sub);
		} else if (sub->transfer_id != 0 || k->next_unix_ms > g->now.unix_ms) {
			heap_set(&w->due, n, g->now.mono_ms + SPACING_MS); /* not yet, as the wall's clock has it */
		} else if (w->in_flight >= FLIGHTS_MAX) {
			return; /* the next answer goes on */
		} else {
			ask(g, sub);
		}
	}
}

int64_t websub_wake(const struct engine *g)
{
	const struct heap_node *n = g->tight ? NULL : heap_top(&g->websub->due);
	return n == NULL || g->websub->in_flight >= FLIGHTS_MAX ? INT64_MAX : n->key;
}

/* --- what the hub answers --- */

/* The hub's words, unless they give away what only it and we know. */
static void add_words(const struct subscription *sub, struct str words, struct strbuf *why)
{
	AUTO(strbuf) struct strbuf folded = STRBUF_INIT(ANSWER_MAX);
	const struct str secrets[] = { sub->kept.secret, sub->kept.token };
	for (size_t i = 0; i < 2; i++)
		if (str_find_nocase(words, secrets[i]) != STR_NPOS)
			return;
	text_fold_space(&folded, words);
	struct str said = text_cut(str_trim(strbuf_str(&folded)), REASON_MAX);
	if (!str_empty(said) && text_is_utf8(said) && str_chr(said, '<') == STR_NPOS)
		strbuf_addf(why, ": %.*s", STR_ARG(said));
}

static void explain(const struct subscription *sub, const struct reply *r, struct strbuf *why)
{
	if (r->outcome != REPLY_OK) {
		strbuf_add(why, str_present(r->error) ? r->error : STR("no answer"));
		return;
	}
	strbuf_addf(why, "HTTP status %d", r->status);
	add_words(sub, strbuf_str(&r->body), why);
}

/* 307 and 308 name another hub (5.2); older ones say 301 and 302.  Never from https to http. */
static bool follow(struct engine *g, struct subscription *sub, const struct reply *r)
{
	AUTO(strbuf) struct strbuf to = STRBUF_INIT(URL_MAX);
	bool moved = r->outcome == REPLY_OK && (r->status == 301 || r->status == 302 || r->status == 307 || r->status == 308);
	if (!moved || sub->redirects >= REDIRECTS_MAX || !url_resolve(&to, r->final_url, reply_header(r, "location")))
		return false;
	bool told = may_be_told(strbuf_str(&to));
	if (!is_usable(strbuf_str(&to)) || (may_be_told(r->final_url) && !told))
		return false;
	struct store_websub k = sub->kept;
	k.is_signed = k.state == STORE_WEBSUB_LEAVING ? k.is_signed : told;
	if (save(g, sub, &k) != 0)
		return true;
	sub->redirects++;
	send(g, sub, strbuf_str(&to));
	return true;
}

static void failed(struct engine *g, struct subscription *sub, const struct reply *r)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(600);
	struct store_websub k = sub->kept;
	bool refused = r->outcome == REPLY_OK && r->status / 100 == 4 && r->status != 408 && r->status != 425 && r->status != 429;
	if (k.state == STORE_WEBSUB_LEAVING && refused) {
		forget(g, sub);
		return;
	}
	explain(sub, r, &why);
	int64_t wait = refused ? REFUSED_MS : backoff(g, k.tries);
	wait = later(wait, retry_after_ms(reply_header(r, "retry-after"), g->now.unix_ms));
	char text[48];
	log_warning("websub.failed", "source=%s hub=%s error=%s try=%lld retry_in=%s", LOG_Q(k.source), SHOWN(k.hub),
	            LOG_Q(strbuf_str(&why)), (long long)k.tries, num_format_duration(text, sizeof text, wait - wait % SECOND_MS));
	k.next_unix_ms = g->now.unix_ms + wait;
	k.error = strbuf_str(&why);
	doubt(g, sub, k);
}

void websub_done(struct engine *g, struct flight *f, const struct reply *r)
{
	struct subscription *sub = map_get(g->websub->by_token, f->token);
	g->websub->in_flight--;
	if (f->abandoned || sub == NULL || sub->transfer_id != f->id)
		return;
	sub->transfer_id = 0;
	if (r->outcome == REPLY_CANCELLED || (r->outcome == REPLY_OK && r->status / 100 == 2) || follow(g, sub, r))
		return; /* what matters is the verification, which may have come already */
	failed(g, sub, r);
}

/* --- what the hub asks: is that meant? (5.2, 5.3) --- */

struct intent {
	struct str mode, topic, challenge, lease, reason;
};

static int read_intent(struct str query, struct arena *arena, struct intent *ret)
{
	const struct {
		struct str name;
		struct str *value;
	} known[] = { { STR("hub.mode"), &ret->mode }, { STR("hub.topic"), &ret->topic },
		      { STR("hub.challenge"), &ret->challenge }, { STR("hub.lease_seconds"), &ret->lease },
		      { STR("hub.reason"), &ret->reason } };
	struct str pair, name, decoded;
	struct err e = { 0 };
	while (str_split(&query, '&', &pair)) {
		if (!str_split(&pair, '=', &name) || url_decode(name, true, arena, &decoded, &e) != 0)
			continue;
		for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
			if (str_eq(decoded, known[i].name) && url_decode(pair, true, arena, known[i].value, &e) != 0)
				return -1;
	}
	return 0;
}

static void say(struct engine *g, const struct message *m, int status, struct str text)
{
	engine_reply_text(g, m->request_id, status, "text/plain", text);
}

static int64_t lease_ms(const struct engine *g, struct str seconds)
{
	uint64_t n = 0;
	if (!num_u64(seconds, &n) || n == 0)
		return g->world->config->daemon.websub_lease_ms;
	return n > (uint64_t)(LEASE_MAX_MS / SECOND_MS) ? LEASE_MAX_MS : (int64_t)n * SECOND_MS;
}

static void confirmed(struct engine *g, struct subscription *sub, int64_t lease)
{
	struct world_source *s = source_of(g, sub);
	struct store_websub k = sub->kept;
	bool news = k.state != STORE_WEBSUB_ACTIVE;
	int64_t jitter = (int64_t)(engine_random(g) % (uint64_t)(lease / 20 + 1));
	char text[48];
	k.state = STORE_WEBSUB_ACTIVE;
	k.lease_end_unix_ms = g->now.unix_ms + lease;
	k.next_unix_ms = g->now.unix_ms + later(SPACING_MS, lease / 4 * 3 - jitter); /* a quarter is left for trying again */
	k.tries = 0;
	k.error = STR_NULL;
	num_format_duration(text, sizeof text, lease);
	if (news)
		log_notice("websub.subscribed", "source=%s hub=%s lease=%s signed=%s", LOG_Q(k.source), SHOWN(k.hub), text,
		           k.is_signed ? "yes" : "no");
	else
		log_info("websub.renewed", "source=%s hub=%s lease=%s", LOG_Q(k.source), SHOWN(k.hub), text);
	if (save(g, sub, &k) == 0 && news && s != NULL)
		objects_source_event(g, s);
}

static void denied(struct engine *g, struct subscription *sub, struct str reason)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(600);
	struct store_websub k = sub->kept;
	if (k.state == STORE_WEBSUB_LEAVING) {
		forget(g, sub);
		return;
	}
	strbuf_adds(&why, "the hub denies the subscription");
	add_words(sub, reason, &why);
	log_warning("websub.denied", "source=%s hub=%s error=%s", LOG_Q(k.source), SHOWN(k.hub), LOG_Q(strbuf_str(&why)));
	k.state = STORE_WEBSUB_DENIED;
	k.next_unix_ms = g->now.unix_ms + DENIED_MS;
	k.tries = 0;
	k.error = strbuf_str(&why);
	doubt(g, sub, k);
}

static void intent(struct engine *g, struct subscription *sub, const struct message *m)
{
	OWNED(arena) struct arena *arena = arena_new(KEPT_MAX);
	struct intent i = { 0 };
	const struct store_websub *k = &sub->kept;
	bool leaving = k->state == STORE_WEBSUB_LEAVING;
	bool open = leaving || k->state == STORE_WEBSUB_ASKING || k->state == STORE_WEBSUB_ACTIVE;
	bool pending = open && k->asked_unix_ms != TIME_ABSENT && g->now.unix_ms - k->asked_unix_ms < VERIFY_WITHIN_MS;
	if (read_intent(m->command->query, arena, &i) != 0 || !str_eq(i.topic, k->topic)) {
		say(g, m, 404, STR(""));
	} else if (str_eq(i.mode, STR("denied")) && open && k->asked_unix_ms != TIME_ABSENT) {
		say(g, m, 200, STR(""));
		denied(g, sub, i.reason);
	} else if (pending && str_eq(i.mode, leaving ? STR("unsubscribe") : STR("subscribe")) && !str_empty(i.challenge) &&
	           i.challenge.len <= CHALLENGE_MAX) {
		say(g, m, 200, i.challenge);
		if (leaving) {
			log_info("websub.left", "source=%s hub=%s", LOG_Q(k->source), SHOWN(k->hub));
			forget(g, sub);
		} else {
			confirmed(g, sub, lease_ms(g, i.lease));
		}
	} else {
		say(g, m, 404, STR(""));
	}
}

/* --- what the hub pushes (7) --- */

static bool has_room(struct engine *g, struct subscription *sub)
{
	int64_t gone = (g->now.mono_ms - sub->room_mono_ms) / SECOND_MS;
	if (gone > 0) {
		sub->room = sooner(PUSHES_AT_ONCE, sub->room + sooner(gone, PUSHES_AT_ONCE));
		sub->room_mono_ms = g->now.mono_ms;
	}
	if (sub->room == 0)
		return false;
	sub->room--;
	return true;
}

/* "sha256=…" over the body with the secret of this subscription (7.1). */
static bool is_authentic(const struct subscription *sub, const struct command *c)
{
	AUTO(strbuf) struct strbuf hex = STRBUF_INIT(2 * HASH_MAC_MAX), lower = STRBUF_INIT(2 * HASH_MAC_MAX);
	unsigned char mac[HASH_MAC_MAX];
	struct str rest = c->signature, name;
	if (!sub->kept.is_signed)
		return true;
	if (!str_present(rest) || !str_split(&rest, '=', &name))
		return false;
	size_t n = hash_hmac(str_trim(name), sub->kept.secret, c->body, mac);
	hash_hex(&hex, str_n(mac, n));
	rest = str_trim(rest);
	for (size_t i = 0; i < rest.len && i <= 2 * HASH_MAC_MAX; i++)
		strbuf_addc(&lower, char_lower(rest.p[i]));
	return n > 0 && !lower.toobig && hash_equal_secret(strbuf_str(&hex), strbuf_str(&lower));
}

static void refuse(struct engine *g, struct subscription *sub, struct str why)
{
	g->figures.websub_refused++;
	if (sub->refused++ % REFUSALS_A_LINE == 0)
		log_warning("websub.refused", "source=%s error=%s", LOG_Q(sub->kept.source), LOG_Q(why));
}

static void pushed(struct engine *g, struct subscription *sub, struct world_source *s, const struct taken *t, size_t bytes)
{
	struct store_websub k = sub->kept;
	bool before = websub_pushes(g, s);
	k.pushed_unix_ms = g->now.unix_ms;
	k.doubt = k.doubt > 0 ? k.doubt - 1 : 0;
	g->figures.websub_pushes++;
	log_info("websub.pushed", "source=%s posts=%zu new=%zu edited=%zu deleted=%zu alerts=%zu bytes=%zu", LOG_Q(k.source),
	         t->posts, t->fresh, t->edited, t->deleted, t->alerts, bytes);
	if (save(g, sub, &k) == 0 && !before && websub_pushes(g, s)) {
		poller_rest(g, s);
		objects_source_event(g, s);
	}
}

static void take_push(struct engine *g, struct subscription *sub, const struct message *m)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(600);
	const struct command *c = m->command;
	struct world_source *s = source_of(g, sub);
	struct taken taken = { 0 };
	struct frame f = { .bytes = c->body, .content_type = c->content_type, .url = sub->kept.base };
	if (s == NULL)
		return;
	if (reading_whole(g, s, &f, &taken, &why) == 0)
		pushed(g, sub, s, &taken, c->body.len);
	else if (!g->batch_failed)
		refuse(g, sub, strbuf_str(&why));
}

/* Whether the signature was good is not told: nobody can try signatures out. */
static void push(struct engine *g, struct subscription *sub, const struct message *m)
{
	const struct store_websub *k = &sub->kept;
	bool asked = k->state == STORE_WEBSUB_ASKING && k->asked_unix_ms != TIME_ABSENT && k->is_signed;
	if (k->state != STORE_WEBSUB_ACTIVE && !asked) {
		say(g, m, 410, STR(""));
	} else if (g->tight || !has_room(g, sub)) {
		say(g, m, 503, STR(""));
	} else {
		say(g, m, 202, STR(""));
		if (is_authentic(sub, m->command))
			take_push(g, sub, m);
		else
			refuse(g, sub, STR("the signature is missing or wrong"));
	}
}

void websub_called(struct engine *g, const struct message *m)
{
	struct subscription *sub = map_get(g->websub->by_token, m->command->path);
	bool get = str_eq(m->command->method, STR("GET"));
	if (g->stopping)
		say(g, m, 503, STR(""));
	else if (sub == NULL) /* a hub that did not hear of our leaving shall forget us (7) */
		say(g, m, get ? 404 : 410, STR(""));
	else
		(get ? intent : push)(g, sub, m);
}

/* --- JSON --- */

json_t *websub_json(const struct engine *g, const struct world_source *s)
{
	const struct subscription *sub = of_source(g, s->settings.name);
	AUTO(strbuf) struct strbuf hub = STRBUF_INIT(2 * URL_MAX), topic = STRBUF_INIT(2 * URL_MAX);
	if (sub == NULL)
		return json_null();
	const struct store_websub *k = &sub->kept;
	json_t *j = json_object();
	json_set_text(j, "state", str_c(state_names[k->state]));
	url_redact(&hub, k->hub, false);
	url_redact(&topic, k->topic, false);
	json_set_text(j, "hub", strbuf_str(&hub));
	json_set_text(j, "topic", strbuf_str(&topic));
	json_set_bool(j, "signed", k->is_signed);
	json_set_bool(j, "pushes", websub_pushes(g, s));
	json_set(j, "lease_until", engine_time_json(k->state == STORE_WEBSUB_ACTIVE ? k->lease_end_unix_ms : TIME_ABSENT));
	json_set(j, "last_push", engine_time_json(k->pushed_unix_ms));
	json_set_text(j, "last_error", k->error);
	return j;
}

/* --- life --- */

static void load(void *ctx, const struct store_websub *kept)
{
	struct engine *g = ctx;
	struct subscription *sub = mem_new(struct subscription);
	struct store_websub k = *kept;
	keep(sub, &k);
	schedule(g, sub);
	put(g->websub, sub);
}

/* Those of sources that are gone. */
static void leave_orphans(struct engine *g)
{
	VEC(struct subscription *) orphans = { 0 };
	for (struct map_iter it = { 0 }; map_next(g->websub->by_source, &it);)
		if (world_source(g->world, it.key) == NULL)
			vec_push(&orphans, it.value);
	for (size_t i = 0; i < orphans.n; i++)
		leave(g, orphans.v[i], NULL);
	vec_free(&orphans);
}

static void reset(struct websub *w)
{
	w->by_token = map_new();
	w->by_source = map_new();
	w->due = (struct heap){ 0 };
	w->in_flight = 0;
}

int websub_adopt(struct engine *g)
{
	struct websub *w = g->websub;
	struct err e = { 0 };
	release(w);
	reset(w);
	if (engine_check(g, store_key_put(g->store, w->key, &e), &e) != 0 ||
	    engine_check(g, store_websub_each(g->store, load, g, &e), &e) != 0)
		return -1;
	for (struct map_iter it = { 0 }; map_next(g->flights, &it);) {
		const struct flight *f = it.value;
		struct subscription *sub = f->kind == FLIGHT_WEBSUB ? map_get(w->by_token, f->token) : NULL;
		w->in_flight += f->kind == FLIGHT_WEBSUB;
		if (sub != NULL && !f->abandoned)
			sub->transfer_id = f->id;
	}
	leave_orphans(g);
	return g->batch_failed ? -1 : 0;
}

struct str websub_key(const struct engine *g)
{
	return str_n(g->websub->key, sizeof g->websub->key);
}

int websub_new(struct engine *g, struct err *e)
{
	bool found = false;
	g->websub = mem_new(struct websub);
	reset(g->websub);
	if (store_key_get(g->store, g->websub->key, &found, e) != 0)
		return -1;
	if (!found) /* written with the first batch: the disk may be full now */
		hash_random(g->websub->key, STORE_KEY_BYTES);
	return 0;
}

void websub_free(struct websub *w)
{
	if (w == NULL)
		return;
	release(w);
	mem_free(w);
}
