/* SPDX-License-Identifier: ISC */
/*
 * The polls of sources that are due, and what their answers mean: credits, conditional requests, failures, moves
 * (RFC 9110, 13.1, 15.4, 15.5.11; RFC 9111, 4.3.4).
 */
#include "engine/internal.h"

#include "alert/retry.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/url.h"

#define MOVED_SIGHTINGS 3             /* polls in a row that must see the same permanent redirect */
#define HOUR_MS (3600LL * 1000)
#define ROUND_TRANSFERS_MAX 100       /* of one poll; its cursor lets the next one go on */
#define ROUND_REMEDIES_MAX 3          /* refused answers of one poll that its type may mend */
#define OVERRUN_POSTS_MIN 5           /* all new: fewer are no sign of anything */

#define source_of(node) ((struct world_source *)(void *)((char *)(node) - offsetof(struct world_source, due)))

/* --- starting --- */

void poller_transfer_options(const struct engine *g, const struct config_source *s, struct transfer *t)
{
	const struct config_daemon *d = &g->world->config->daemon;
	t->follow = true;
	for (size_t i = 0; i < s->allow_private.list.n; i++)
		vec_push(&t->allow, s->allow_private.list.v[i]);
	if (str_present(s->username)) {
		t->username = arena_str(t->arena, s->username);
		t->password = arena_str(t->arena, s->password);
	}
	t->proxy = str_empty(d->proxy) ? STR_NULL : arena_str(t->arena, d->proxy);
	t->ca_file = str_empty(d->ca_file) ? STR_NULL : arena_str(t->arena, d->ca_file);
	t->connect_ms = d->connect_timeout_ms;
	t->total_ms = d->total_timeout_ms;
	t->body_max = d->body_max;
}

/* What to fetch next; NULL: nothing more now. */
static struct transfer *compose(struct engine *g, struct world_source *s)
{
	bool file = str_starts_nocase(s->source.url, STR("file:"));
	OWNED(transfer) struct transfer *t = transfer_new(file ? TRANSFER_FILE : TRANSFER_HTTP);
	poller_transfer_options(g, &s->settings, t);
	if (s->source.type == NULL)
		t->url = arena_str(t->arena, s->source.url);
	else if (!s->source.type->next(&s->source, g->now.unix_ms, t))
		return NULL;
	if (file)
		t->kind = TRANSFER_FILE;
	return take(t);
}

/* Validators are of the one document that the whole poll is about: verbatim as they came (RFC 9110, 13.1), because a
 * server compares bytes. */
static bool add_validators(const struct world_source *s, struct transfer *t)
{
	if (str_present(s->kept.etag))
		transfer_header(t, "If-None-Match", s->kept.etag);
	if (str_present(s->kept.last_modified))
		transfer_header(t, "If-Modified-Since", s->kept.last_modified);
	return str_present(s->kept.etag) || str_present(s->kept.last_modified);
}

static void flies_for(struct flight *f, struct world_source *s)
{
	f->source_name = arena_str(f->arena, s->settings.name);
	f->source_identity = s->kept.hash;
	s->transfer_id = f->id;
}

/* The round's next request.  False: there is none, and the round is over. */
static bool ask(struct engine *g, struct world_source *s, struct host *h)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(400);
	int64_t until;
	if (s->round.transfers == ROUND_TRANSFERS_MAX || budget_spent(g, s, &why, &until) || g->batch_failed)
		return false;
	struct transfer *t = compose(g, s);
	if (t == NULL)
		return false;
	bool stream = t->framing != FRAMING_BODY;
	bool home = s->round.transfers++ == 0 && str_eq(t->url, s->source.url);
	bool conditional = home && !stream && add_validators(s, t);
	/* A document's server may send just what is new since that version (RFC 3229, 10.5.3, with the "feed" of
	 * bobwyman.typepad.com's "Using RFC3229 with Feeds", which is widely spoken). */
	if (conditional && str_present(s->kept.etag) && s->source.type != NULL && s->source.type->detect != NULL)
		transfer_header(t, "A-IM", STR("feed"));
	struct flight *f = engine_start(g, FLIGHT_POLL, t);
	f->stream = stream;
	if (!stream) { /* a stream holds no credit: it would hold it for ever */
		f->host = h;
		h->in_flight++;
		g->credits_used++;
	}
	flies_for(f, s);
	f->home = home;
	f->conditional = conditional;
	if (stream && s->kept.success_unix_ms == TIME_ABSENT) {
		/* What it brings is news, whether or not it ever opens: the baseline is what was read before. */
		struct store_source k = s->kept;
		k.success_unix_ms = g->now.unix_ms;
		(void)poller_save(g, s, &k);
	}
	return true;
}

static void round_over(struct engine *g, struct world_source *s, const struct reply *last, bool home);
static void wait_for_budget(struct engine *g, struct world_source *s, struct str why, int64_t until_unix_ms);

static void start(struct engine *g, struct world_source *s, struct host *h)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(400);
	int64_t until;
	if (budget_spent(g, s, &why, &until)) {
		wait_for_budget(g, s, strbuf_str(&why), until);
		poller_leave(g, s, "failed");
		return;
	}
	const struct source_type *type = s->source.type;
	if (s->source.state != NULL)
		memset(s->source.state, 0, type->state_cleared > 0 ? type->state_cleared : type->state_size);
	s->round = (struct round){ .transfers = 0 };
	g->figures.polls++;
	if (ask(g, s, h))
		return;
	OWNED(reply) struct reply *nothing = reply_new(0); /* a type may find that there is nothing to ask */
	round_over(g, s, nothing, false);
}

void poller_run(struct engine *g)
{
	if (g->tight || g->store_error.len > 0)
		return; /* also in the batch of a recovery: only then it is known whether there is room */
	const struct config_daemon *d = &g->world->config->daemon;
	for (struct map_iter it = { 0 }; map_next(g->hosts, &it) && g->credits_used < d->max_transfers;) {
		struct host *h = it.value;
		while (h->waiting.n > 0 && poller_host_is_free(g, h, h->waiting.v[0]) && g->credits_used < d->max_transfers) {
			struct world_source *s = h->waiting.v[0];
			vec_remove(&h->waiting, 0);
			s->waiting_for_host = false;
			start(g, s, h);
		}
		h->queued = h->waiting.n > 0 ? h->queued : 0;
		if (poller_host_is_idle(g, h)) {
			vec_free(&h->waiting);
			mem_free(map_remove(g->hosts, it.key));
		}
	}
	for (struct heap_node *n; (n = heap_top(&g->due_sources)) != NULL && n->key <= g->now.mono_ms;) {
		if (g->credits_used >= d->max_transfers)
			return;
		struct world_source *s = source_of(n);
		heap_remove(&g->due_sources, n);
		if (s->streaming) {
			stream_ask_beside(g, s);
			continue;
		}
		struct host *h = poller_host(g, s->source.url);
		if (h->waiting.n == 0 && poller_host_is_free(g, h, s))
			start(g, s, h);
		else
			poller_wait_for_host(h, s);
	}
}

/* --- what the answer means --- */

/* What is kept gets an arena of its own after each poll, so that it cannot grow. */
int poller_save(struct engine *g, struct world_source *s, struct store_source *k)
{
	struct arena *a = arena_new(256 << 10);
	struct str *texts[] = { &k->etag, &k->last_modified, &k->moved_to, &k->url, &k->cursor, &k->last_error, &k->stopped,
		                &k->why, &k->cut_after };
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		*texts[i] = arena_str(a, *texts[i]);
	arena_free(s->kept_arena);
	s->kept_arena = a;
	s->kept = *k;
	s->source.url = world_source_url(s);
	s->source.cursor = k->cursor;
	struct err e = { 0 };
	if (store_source_save(g->store, s->settings.name, k, &e) != 0) {
		engine_store_failed(g, &e);
		return -1;
	}
	return 0;
}

void poller_save_failure(struct engine *g, struct world_source *s, struct store_source *k, bool news)
{
	if (s->alarm_unix_ms == TIME_ABSENT)
		alarm_look(g);
	if (poller_save(g, s, k) == 0 && news)
		objects_source_event(g, s);
}

/* What came of the poll that ends with this answer. */
static void note_poll(struct engine *g, const struct world_source *s, const struct reply *last, struct store_source *k)
{
	const struct round *o = &s->round;
	k->polled_unix_ms = g->now.unix_ms;
	k->polled_status = last->status;
	k->polled_bytes = o->bytes_wire;
	k->polled_posts = (int64_t)o->taken.posts;
	k->polled_new = (int64_t)o->taken.fresh;
	k->overrun = false;
}

void poller_failed(struct engine *g, struct world_source *s, const struct reply *r, struct str why)
{
	AUTO(strbuf) struct strbuf plan = STRBUF_INIT(POLLER_WHY_MAX);
	struct store_source k = s->kept;
	bool news = !str_eq(k.last_error, why);
	k.failures++;
	k.last_error = why;
	note_poll(g, s, r, &k);
	poller_plan_retry(g, s, r, &k, &plan);
	k.why = strbuf_str(&plan);
	int64_t wait = k.next_unix_ms - g->now.unix_ms;
	char every[48];
	/* One line when it begins or changes, not one a poll. */
	if (news)
		log_warning("poll.failed", "source=%s error=%s failures=%lld retry_in=%s", LOG_Q(s->settings.name), LOG_Q(why),
		            (long long)k.failures, num_format_duration(every, sizeof every, wait - wait % 1000));
	g->figures.polls_failed++;
	poller_save_failure(g, s, &k, news);
}

/* Blind until the budget is renewed: the operator hears of it at once. */
static void wait_for_budget(struct engine *g, struct world_source *s, struct str why, int64_t until_unix_ms)
{
	struct store_source k = s->kept;
	int64_t enough = g->world->config->daemon.alarm_after;
	bool news = !str_eq(k.last_error, why);
	k.failures = k.failures < enough ? enough : k.failures;
	k.last_error = why;
	k.next_unix_ms = until_unix_ms + poller_jitter(g, HOUR_MS);
	k.why = STR("its budget is renewed then");
	if (news)
		log_err("budget.spent", "source=%s reason=%s", LOG_Q(s->settings.name), LOG_Q(why));
	poller_save_failure(g, s, &k, news);
}

static void stop(struct engine *g, struct world_source *s, const struct reply *r, struct str why)
{
	struct store_source k = s->kept;
	note_poll(g, s, r, &k);
	k.last_error = why;
	k.stopped = why;
	k.failures++;
	log_err("source.stopped", "source=%s reason=%s", LOG_Q(s->settings.name), LOG_Q(why));
	g->figures.polls_failed++;
	poller_save_failure(g, s, &k, true);
}

/* A permanent redirect is believed after some sightings in a row: one broken deployment must not
 * move a source for ever. */
static void learn_move(const struct world_source *s, struct store_source *k, const struct reply *r)
{
	if (!str_present(r->moved_to) || str_eq(r->moved_to, s->source.url)) {
		k->moved_to = STR_NULL;
		k->moved_seen = 0;
		return;
	}
	k->moved_seen = str_eq(k->moved_to, r->moved_to) ? k->moved_seen + 1 : 1;
	k->moved_to = r->moved_to;
	if (k->moved_seen < MOVED_SIGHTINGS)
		return;
	AUTO(strbuf) struct strbuf shown = STRBUF_INIT(2 * URL_MAX);
	url_redact(&shown, r->moved_to, false);
	log_notice("source.moved", "source=%s to=%s", LOG_Q(s->settings.name), LOG_Q(strbuf_str(&shown)));
	k->url = r->moved_to;
	k->moved_to = STR_NULL;
	k->moved_seen = 0;
}

/* RFC 9111, 4.3.4: a 304 freshens only what it names.  What more than one request brought has no validators, nor has a
 * document that is cut off: its rest may come under the same ones. */
static void learn_validators(const struct world_source *s, struct store_source *k, const struct reply *r, bool home)
{
	bool unchanged = r->status == 304, alone = home && s->round.transfers == 1;
	struct str etag = reply_header(r, "etag"), modified = reply_header(r, "last-modified");
	if (!alone || s->round.cut)
		etag = modified = STR_NULL;
	if (!unchanged || str_present(etag))
		k->etag = etag;
	if (!unchanged || str_present(modified))
		k->last_modified = modified;
	if (alone)
		learn_move(s, k, r);
}

/* Whoever looks by hand, again and again, says nothing of the feed. */
static void learn_rhythm(const struct world_source *s, const struct reply *last, bool first, int64_t now_unix_ms,
                         struct store_source *k)
{
	const struct taken *t = &s->round.taken;
	bool document = s->source.type != NULL && s->source.type->detect != NULL && last->status == 200;
	if (t->fresh + t->edited + t->deleted > 0)
		k->quiet = 0;
	else if (!s->asked)
		k->quiet++;
	if (s->round.gap_ms > 0) {
		k->gap_ms = s->round.gap_ms;
		k->longest_ms = s->round.longest_ms;
	}
	if (t->fresh > 0 || first) /* how long nothing came before that, nobody knows */
		k->news_unix_ms = now_unix_ms;
	k->overrun = document && !first && t->posts >= OVERRUN_POSTS_MIN && t->fresh == t->posts;
}

/* The poll went well: validators, next time, recovery line.  Called after the posts were taken. */
static void succeeded(struct engine *g, struct world_source *s, const struct reply *last, bool home)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(POLLER_WHY_MAX);
	struct store_source k = s->kept;
	bool was_failing = str_present(k.last_error), first = k.success_unix_ms == TIME_ABSENT;
	if (was_failing)
		log_notice("poll.recovered", "source=%s after_failures=%lld", LOG_Q(s->settings.name), (long long)k.failures);
	if (s->alarm_unix_ms != TIME_ABSENT)
		alarm_look(g);
	learn_validators(s, &k, last, home);
	if (last->status == 304)
		s->round.hints = (struct source_hints){ k.ttl_ms, k.skip_hours, k.skip_days };
	k.ttl_ms = s->round.hints.ttl_ms;
	k.skip_hours = s->round.hints.skip_hours;
	k.skip_days = s->round.hints.skip_days;
	k.failures = 0;
	k.last_error = STR_NULL;
	k.stopped = STR_NULL;
	k.success_unix_ms = g->now.unix_ms;
	note_poll(g, s, last, &k);
	learn_rhythm(s, last, first, g->now.unix_ms, &k);
	poller_plan_next(g, s, last, &k, &why);
	k.why = strbuf_str(&why);
	s->crowded = false;
	if (poller_save(g, s, &k) == 0 && (was_failing || first))
		objects_source_event(g, s);
}

static enum step read_body(struct engine *g, struct world_source *s, struct flight *f, struct reply *r)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(400);
	/* A type that is found out just now did not ask this round's question. */
	f->reading = reading_open(&s->source, s->source.type != NULL, r, &why);
	if (f->reading != NULL)
		return reading_take(g, s, f->reading);
	poller_failed(g, s, r, strbuf_str(&why));
	return STEP_FAILED;
}

static bool has_remedy(struct world_source *s, const struct reply *r)
{
	const struct source_type *t = s->source.type;
	return t != NULL && t->refused != NULL && s->round.remedies < ROUND_REMEDIES_MAX && t->refused(&s->source, r);
}

void poller_explain(const struct world_source *s, const struct reply *r, struct strbuf *why)
{
	if (r->outcome != REPLY_OK) {
		strbuf_add(why, str_present(r->error) ? r->error : STR("no answer"));
		return;
	}
	strbuf_addf(why, "HTTP status %d%s", r->status,
	            r->status == 401 || r->status == 403 ? ": access is refused" :
	            r->status == 404 ? ": not found" : r->status == 429 ? ": too many requests" : "");
	source_refusal(r, why);
	if (r->status == 401 && s->source.account != NULL)
		strbuf_addf(why, "; give account \"%.*s\" a new token: monitorctl login %.*s",
		            STR_ARG(s->settings.account), STR_ARG(s->settings.account));
}

/* 226 IM Used: is it a document with the new posts alone, as A-IM asked for it (RFC 3229, 10.5.2)? */
static bool is_feed_delta(const struct reply *r)
{
	struct str rest = reply_header(r, "im"), one;
	bool feed = true;
	while (str_present(rest) && str_split(&rest, ',', &one))
		feed = feed && str_eq_nocase(str_trim(one), STR("feed"));
	return feed;
}

static enum step read_answer(struct engine *g, struct world_source *s, struct flight *f, struct reply *r)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(400);
	bool whole = r->outcome == REPLY_OK;
	s->round.bytes_wire += r->bytes_wire;
	s->round.elapsed_us += r->elapsed_us;
	if (whole && r->status == 304 && f->conditional) {
		g->figures.polls_unchanged++;
		return STEP_END;
	}
	if (whole && r->status == 226 && !is_feed_delta(r)) {
		poller_failed(g, s, r, STR("HTTP status 226: a kind of difference that was not asked for"));
		return STEP_FAILED;
	}
	if (whole && r->status >= 200 && r->status < 300 && !f->stream)
		return read_body(g, s, f, r);
	if (whole && r->status >= 300 && has_remedy(s, r)) {
		s->round.remedies++;
		return STEP_NEXT;
	}
	if (whole && r->status == 410) {
		stop(g, s, r, STR("410 Gone: the publisher took it away for good; remove the source, or poll it by hand"));
		return STEP_FAILED;
	}
	if (f->stream || (s->source.type != NULL && s->source.type->framing != FRAMING_BODY))
		return STEP_STREAM_OVER; /* also where what comes before the stream fails, if there is nothing but the stream */
	poller_explain(s, r, &why);
	poller_failed(g, s, r, strbuf_str(&why));
	return STEP_FAILED;
}

static void answer(struct engine *g, struct world_source *s, const char *outcome)
{
	const struct taken *t = &s->round.taken;
	json_t *j = json_object();
	json_set_text(j, "source", s->settings.name);
	json_set_text(j, "outcome", str_c(outcome));
	json_set_int(j, "posts", (int64_t)t->posts);
	json_set_int(j, "new", (int64_t)t->fresh);
	json_set_int(j, "edited", (int64_t)t->edited);
	json_set_int(j, "deleted", (int64_t)t->deleted);
	json_set_int(j, "alerts", (int64_t)t->alerts);
	json_set_text(j, "error", s->kept.last_error);
	engine_reply(g, s->waiter, 200, j);
	s->waiter = 0;
}

/* A source that was added on trial stays or goes.  False: it is gone. */
static bool end_trial(struct engine *g, struct world_source *s, bool good)
{
	uint64_t request_id = s->waiter;
	struct err e = { 0 };
	s->waiter = 0;
	if (good) {
		json_t *j = engine_source_json(g, s, g->now);
		json_set_text(j, "found", STR_NULL);
		json_set_text(j, "note", arena_fmt(s->arena, "took it for %.*s", STR_ARG(s->trial)));
		s->trial = STR_NULL;
		engine_reply(g, request_id, 201, j);
		return true;
	}
	engine_problem(g, request_id, 502, 0, "took it for %.*s: %.*s", STR_ARG(s->trial), STR_ARG(s->kept.last_error));
	return engine_remove_source(g, s, &e) != 0;
}

/* The poll is over: whoever asked for it hears of it, and the next one is planned. */
void poller_leave(struct engine *g, struct world_source *s, const char *outcome)
{
	s->asked = false;
	if (g->batch_failed)
		return;
	if (s->waiter != 0 && str_present(s->trial)) {
		if (!end_trial(g, s, strcmp(outcome, "failed") != 0))
			return;
	} else if (s->waiter != 0) {
		answer(g, s, outcome);
	}
	s->trial = STR_NULL;
	poller_schedule(g, s);
}

/* The source that it is for; NULL: that is gone, or wants it no more. */
static struct world_source *flying_for(struct engine *g, const struct flight *f)
{
	struct world_source *s = world_source(g->world, f->source_name);
	return f->abandoned || s == NULL || s->kept.hash != f->source_identity ? NULL : s;
}

static void round_over(struct engine *g, struct world_source *s, const struct reply *last, bool home)
{
	const struct round *o = &s->round;
	bool unchanged = last->status == 304, baseline = s->kept.success_unix_ms == TIME_ABSENT;
	if (unchanged)
		log_debug("poll.unchanged", "source=%s", LOG_Q(s->settings.name));
	else
		log_info("poll.done", "source=%s posts=%zu new=%zu edited=%zu deleted=%zu alerts=%zu requests=%d bytes=%lld"
		         " ms=%lld%s%s%s", LOG_Q(s->settings.name), o->taken.posts, o->taken.fresh, o->taken.edited,
		         o->taken.deleted, o->taken.alerts, o->transfers, (long long)o->bytes_wire,
		         (long long)(o->elapsed_us / 1000), baseline ? " baseline=yes" : "",
		         o->repaired ? " repaired=yes" : "", o->cut ? " cut=yes" : "");
	websub_polled(g, s, o->taken.fresh);
	succeeded(g, s, last, home);
	poller_leave(g, s, unchanged ? "not-modified" : "ok");
}

/* The rest of the document comes in later batches: until then the poll is under way, and holds its credit. */
static void hold(struct engine *g, struct world_source *s, struct flight *f, struct message *m)
{
	poller_unschedule(g, s);
	s->transfer_id = f->id;
	reading_keep(f->reading, m);
	vec_push(&g->readings, f);
}

/* After an answer that was taken as a whole, or not at all. */
static void go_on(struct engine *g, struct world_source *s, struct flight *f, const struct reply *r, enum step step)
{
	if (step == STEP_STREAM_OVER) {
		stream_over(g, s, r);
		return;
	}
	/* Where the limit is spent, the next round goes on from the cursor. */
	if (step == STEP_NEXT && retry_rate_limit_ms(r, g->now.unix_ms) == 0 &&
	    ask(g, s, f->host != NULL ? f->host : poller_host(g, s->source.url)))
		return;
	if (step == STEP_FAILED)
		poller_leave(g, s, "failed");
	else
		round_over(g, s, r, f->home);
}

void poller_done(struct engine *g, struct flight *f, struct message *m)
{
	struct reply *r = m->reply;
	struct world_source *s = flying_for(g, f);
	if (s != NULL && f->beside && s->beside_id == f->id)
		stream_beside_done(g, s, r);
	if (s == NULL || s->transfer_id != f->id)
		return;
	s->transfer_id = 0;
	enum step step = r->outcome != REPLY_CANCELLED ? read_answer(g, s, f, r) : f->stream ? STEP_STREAM_OVER : STEP_FAILED;
	if (g->batch_failed)
		return;
	if (step == STEP_SLICE)
		hold(g, s, f, m);
	else
		go_on(g, s, f, r, step);
}

void poller_adopt(struct engine *g, struct world_source *s, struct reading *x, struct message *m)
{
	struct flight *f = engine_hold(g, FLIGHT_POLL);
	flies_for(f, s);
	f->home = true;
	f->reading = x;
	s->transfer_id = 0;
	s->round = (struct round){ .transfers = 1, .bytes_wire = m->reply->bytes_wire, .elapsed_us = m->reply->elapsed_us };
	enum step step = reading_take(g, s, x);
	if (g->batch_failed)
		return;
	if (step == STEP_SLICE) {
		hold(g, s, f, m);
		return;
	}
	if (step != STEP_FAILED)
		round_over(g, s, m->reply, true);
	engine_flight_free(g, f);
}

void poller_read_on(struct engine *g)
{
	if (g->readings.n == 0)
		return;
	struct flight *f = g->readings.v[0];
	struct world_source *s = flying_for(g, f);
	if (s != NULL && s->transfer_id != f->id)
		s = NULL;
	enum step step = s == NULL ? STEP_FAILED : reading_go_on(g, s, f->reading);
	if (g->batch_failed)
		return;
	if (step == STEP_SLICE) {
		vec_remove(&g->readings, 0); /* each in turn */
		vec_push(&g->readings, f);
		return;
	}
	if (s != NULL) {
		s->transfer_id = 0;
		go_on(g, s, f, reading_reply(f->reading), step);
	}
	if (!g->batch_failed)
		engine_flight_free(g, f);
}
