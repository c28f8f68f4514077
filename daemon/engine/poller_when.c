/* SPDX-License-Identifier: ISC */
/* When each source is due, and why then: settings, rhythm, hints, limits, failures, pushes. */
#include "engine/internal.h"

#include "alert/retry.h"
#include "base/hash.h"
#include "base/num.h"
#include "engine/rhythm.h"

int64_t poller_mono(const struct engine *g, int64_t unix_ms)
{
	int64_t wait = unix_ms - g->now.unix_ms;
	return g->now.mono_ms + (wait > 0 ? wait : 0);
}

void poller_unschedule(struct engine *g, struct world_source *s)
{
	heap_remove(&g->due_sources, &s->due);
	if (s->waiting_for_host)
		poller_host_free_waiting(g, s);
}

int64_t poller_every(const struct engine *g, const struct world_source *s)
{
	return s->settings.every_ms > 0 ? s->settings.every_ms : g->world->config->daemon.every_ms;
}

/* When it was to be polled next; a clock that was set back since then delays nothing. */
static int64_t planned(const struct engine *g, const struct world_source *s)
{
	const struct store_source *k = &s->kept;
	int64_t next = k->next_unix_ms, most = poller_every(g, s) > RETRY_AFTER_MAX_MS ? poller_every(g, s) : RETRY_AFTER_MAX_MS;
	if (k->success_unix_ms > g->now.unix_ms)
		next -= k->success_unix_ms - g->now.unix_ms;
	most += g->now.unix_ms + most / RHYTHM_JITTER_SHARE;
	return str_present(k->last_error) && next > most ? most : next;
}

/* The longest that settings of its own let it wait; 0: they do not say. */
static int64_t longest(const struct world_source *s)
{
	int64_t every = s->settings.every_ms, most = s->settings.every_max_ms;
	return every <= 0 ? 0 : most > every ? most : every;
}

/* A shorter interval counts at once, unless the wait is a demanded one. */
static bool hurried(const struct engine *g, const struct world_source *s, int64_t next_unix_ms)
{
	int64_t most = longest(s);
	if (websub_pushes(g, s))
		return false;
	return most > 0 && !str_present(s->kept.last_error) && next_unix_ms > g->now.unix_ms + most + most / RHYTHM_JITTER_SHARE;
}

void poller_why(const struct engine *g, const struct world_source *s, struct strbuf *out)
{
	char text[48];
	if (s->waiting_for_host)
		strbuf_adds(out, "its host is asked one thing after another");
	else if (!heap_has(&s->due))
		return;
	else if (s->asked)
		strbuf_adds(out, "somebody asked for it");
	else if (hurried(g, s, planned(g, s)))
		strbuf_addf(out, "every %s, as set for it now", num_format_duration(text, sizeof text, longest(s)));
	else
		strbuf_add(out, str_present(s->kept.why) ? s->kept.why : STR("its first poll"));
}

void poller_schedule(struct engine *g, struct world_source *s)
{
	websub_look(g, s);
	if (s->transfer_id != 0) {
		if (s->streaming)
			stream_schedule(g, s, STREAM_BESIDE_MS);
		return;
	}
	if (!s->asked && (s->settings.paused || str_present(s->kept.stopped))) {
		poller_unschedule(g, s);
		return;
	}
	int64_t next = s->asked ? 0 : planned(g, s);
	if (hurried(g, s, next)) {
		int64_t soon = g->now.unix_ms + longest(s);
		next = soon > s->kept.not_before_unix_ms ? soon : s->kept.not_before_unix_ms;
	}
	heap_set(&g->due_sources, &s->due, poller_mono(g, next));
}

int64_t poller_jitter(struct engine *g, int64_t interval_ms)
{
	int64_t most = interval_ms / RHYTHM_JITTER_SHARE;
	return most > 0 ? (int64_t)(engine_random(g) % (uint64_t)most) : 0;
}

void poller_plan_next(struct engine *g, struct world_source *s, const struct reply *r, struct store_source *k,
                      struct strbuf *why)
{
	int64_t every = s->settings.every_ms, most = s->settings.every_max_ms;
	if (most <= 0 && every <= 0)
		most = g->world->config->daemon.every_max_ms > 0 ? g->world->config->daemon.every_max_ms
		                                                 : poller_every(g, s) * RHYTHM_MAX_SHARE;
	struct rhythm known = { .now_unix_ms = g->now.unix_ms, .every_ms = poller_every(g, s), .every_max_ms = most,
		                .own = every > 0, .gap_ms = k->gap_ms, .quiet = k->quiet, .hints = &s->round.hints,
		                .reply = r, .crowded = s->crowded, .seed = hash64(s->settings.name), .random = engine_random(g) };
	struct pace p = rhythm_next(&known, why);
	k->interval_ms = p.interval_ms;
	k->next_unix_ms = p.next_unix_ms;
	websub_put_off(g, s, &k->next_unix_ms, why);
	int64_t limit = retry_rate_limit_ms(r, g->now.unix_ms), pause = budget_pause_ms(g, s, s->round.reads);
	const char *whose = pause > limit ? "so that the budget lasts" : "by the server's rate limit";
	limit = pause > limit ? pause : limit;
	k->not_before_unix_ms = limit > 0 ? g->now.unix_ms + limit + poller_jitter(g, limit) : 0;
	if (k->next_unix_ms >= k->not_before_unix_ms)
		return;
	k->next_unix_ms = k->not_before_unix_ms;
	strbuf_addf(why, ", lengthened %s", whose);
}

static void plan_anew(struct engine *g, struct world_source *s, int64_t next_unix_ms, struct str why)
{
	struct store_source k = s->kept;
	k.next_unix_ms = next_unix_ms > k.not_before_unix_ms ? next_unix_ms : k.not_before_unix_ms;
	k.why = why;
	if (poller_save(g, s, &k) == 0)
		poller_schedule(g, s);
}

void poller_hurry(struct engine *g, struct world_source *s)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(POLLER_WHY_MAX);
	char text[48];
	int64_t interval = s->kept.interval_ms > 0 ? s->kept.interval_ms : poller_every(g, s);
	int64_t next = g->now.unix_ms + interval + poller_jitter(g, interval);
	strbuf_addf(&why, "every %s, for no hub pushes it any more", num_format_duration(text, sizeof text, interval));
	if (s->kept.next_unix_ms > next && !str_present(s->kept.last_error))
		plan_anew(g, s, next, strbuf_str(&why));
}

void poller_rest(struct engine *g, struct world_source *s)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(POLLER_WHY_MAX);
	int64_t next = s->kept.next_unix_ms;
	strbuf_add(&why, s->kept.why);
	websub_put_off(g, s, &next, &why);
	if (next > s->kept.next_unix_ms && !str_present(s->kept.last_error))
		plan_anew(g, s, next, strbuf_str(&why));
}

/* A failure is met with the next regular poll, not with a quick one; more of them with ever rarer ones. */
void poller_plan_retry(struct engine *g, const struct world_source *s, const struct reply *r, struct store_source *k,
                       struct strbuf *why)
{
	char text[48];
	int64_t every = poller_every(g, s), regular = s->settings.every_ms > 0 || k->interval_ms < every ? every : k->interval_ms;
	int64_t wait = retry_poll_ms(regular, (int)(k->failures > 1000 ? 1000 : k->failures), engine_random(g));
	int64_t demanded = retry_after_ms(reply_header(r, "retry-after"), g->now.unix_ms);
	bool limited = demanded == 0 && (demanded = retry_rate_limit_ms(r, g->now.unix_ms)) > 0;
	strbuf_addf(why, "every %s", num_format_duration(text, sizeof text, regular - regular % 1000));
	if (k->failures > 1)
		strbuf_addf(why, ", doubled with each of %lld failures, 24h at most", (long long)k->failures);
	if ((r->status == 429 || r->status == 503) && demanded > wait) {
		wait = demanded;
		num_format_duration(text, sizeof text, demanded - demanded % 1000);
		strbuf_addf(why, ", lengthened to %s by %s", text, limited ? "the server's rate limit" : "Retry-After");
	}
	k->next_unix_ms = g->now.unix_ms + wait;
}
