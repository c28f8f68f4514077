/* SPDX-License-Identifier: ISC */
/*
 * Sources that do not end: the last request of a round is a stream, whose frames are taken as they come, each in the
 * transaction that also saves how far it was read.  When it breaks, a new round first reads what was missed, then listens
 * again; the pauses before that are those that X asks for (docs.x.com, handling disconnections, 2026-08), which are kind
 * to others too.
 */
#include "engine/internal.h"

#include "alert/retry.h"
#include "base/log.h"
#include "base/num.h"
#include "base/text.h"

#define GOOD_MS 60000          /* a stream that lived so long was no failure */
#define SHORT_LIVES 5          /* in a row: it opens, but does not hold */
#define LINE_PAUSE_MS 250      /* network errors: a quarter of a second more each time … */
#define LINE_PAUSE_MAX_MS 16000
#define ERROR_PAUSE_MS 5000    /* refusals: doubled each time … */
#define ERROR_PAUSE_MAX_MS 320000
#define LIMIT_PAUSE_MS 60000   /* too many: doubled from a minute on */
#define BESIDE_MAX 100         /* transfers beside a stream, one after the other */
#define BESIDE_AGAIN_MS 60000  /* one failed */

/* What is kept of a source whose stream is open, with what frames changed. */
static struct store_source kept_now(struct engine *g, const struct world_source *s)
{
	struct store_source k = s->kept;
	if (s->stream_dirty)
		k.cursor = strbuf_str(&s->stream_cursor);
	k.success_unix_ms = g->now.unix_ms;
	k.next_unix_ms = g->now.unix_ms; /* after a restart it listens at once */
	k.why = STR("it listens again after a break");
	return k;
}

void stream_flush(struct engine *g)
{
	for (size_t i = 0; i < g->dirty_streams.n && !g->batch_failed; i++) {
		struct world_source *s = g->dirty_streams.v[i];
		struct store_source k = kept_now(g, s);
		s->stream_dirty = false;
		(void)poller_save(g, s, &k);
	}
	vec_clear(&g->dirty_streams);
}

static void opened(struct engine *g, struct world_source *s)
{
	struct store_source k = kept_now(g, s);
	bool was_failing = str_present(k.last_error);
	s->streaming = true;
	s->stream_since_mono_ms = g->now.mono_ms;
	k.failures = 0;
	k.last_error = k.stopped = STR_NULL;
	k.not_before_unix_ms = 0;
	log_notice("stream.open", "source=%s posts=%zu new=%zu alerts=%zu", LOG_Q(s->settings.name), s->round.taken.posts,
	           s->round.taken.fresh, s->round.taken.alerts);
	if (s->alarm_unix_ms != TIME_ABSENT)
		alarm_look(g);
	if (poller_save(g, s, &k) != 0)
		return;
	if (was_failing || s->waiter != 0)
		objects_source_event(g, s);
	poller_leave(g, s, "ok");
}

/* A frame that means nothing is left out, but said; -1: the stream is of no more use. */
static int refuse_frame(struct engine *g, struct world_source *s, const struct err *e)
{
	if (s->stream_errors++ == 0)
		log_warning("stream.frame_refused", "source=%s error=%s", LOG_Q(s->settings.name), LOG_Q(str_c(e->message)));
	g->figures.polls_failed += s->stream_errors == 1;
	return e->kind == ERR_INPUT ? 0 : -1;
}

static int take_frame(struct engine *g, struct world_source *s, struct source_document *d)
{
	struct taken *t = &s->round.taken;
	size_t fresh = t->fresh;
	if (d->posts.posts.n > 0 && pipeline_take(g, s, &d->posts, PIPELINE_NONE_OLD, NULL, t) != 0)
		return -1;
	if (d->reads > 0 && budget_count(g, s, d->reads) != 0)
		return -1;
	if (str_present(d->lost))
		alarm_lost(g, s, d->lost);
	if (t->fresh > fresh)
		s->kept.news_unix_ms = g->now.unix_ms;
	if (!str_present(d->cursor))
		return 0;
	strbuf_reset(&s->stream_cursor);
	strbuf_add(&s->stream_cursor, d->cursor);
	s->source.cursor = strbuf_str(&s->stream_cursor);
	if (!s->stream_dirty)
		vec_push(&g->dirty_streams, s);
	s->stream_dirty = true;
	return 0;
}

void stream_frame(struct engine *g, const struct message *m)
{
	struct flight *f = engine_flight(g, m->transfer_id);
	struct world_source *s = f == NULL || f->abandoned ? NULL : world_source(g->world, f->source_name);
	if (s == NULL || s->transfer_id != f->id || !f->stream)
		return;
	if (!str_present(m->text)) {
		opened(g, s);
		return;
	}
	struct frame frame = { .bytes = m->text, .content_type = m->content_type, .url = s->source.url };
	struct source_document d = { 0 };
	struct err e = { 0 };
	int r = s->source.type->parse(&s->source, &frame, &d, &e) == 0 ? take_frame(g, s, &d) : refuse_frame(g, s, &e);
	source_document_release(&d);
	if (g->batch_failed)
		return;
	AUTO(strbuf) struct strbuf spent = STRBUF_INIT(400);
	int64_t until;
	if (r == 0 && !budget_spent(g, s, &spent, &until))
		return;
	stream_hang_up(g, s, f);
	poller_leave(g, s, "ok");
}

/* --- beside a stream ------------------------------------------------------------------------------------------- */

void stream_schedule(struct engine *g, struct world_source *s, int64_t wait_ms)
{
	if (s->source.type->beside != NULL && s->beside_id == 0 && !s->settings.paused)
		heap_set(&g->due_sources, &s->due, g->now.mono_ms + wait_ms);
}

static void drop_beside(struct engine *g, struct world_source *s)
{
	struct flight *f = s->beside_id != 0 ? engine_flight(g, s->beside_id) : NULL;
	if (f != NULL)
		engine_cancel(g, f);
	s->beside_id = 0;
}

void stream_ask_beside(struct engine *g, struct world_source *s)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(400);
	OWNED(transfer) struct transfer *t = transfer_new(TRANSFER_HTTP);
	int64_t until;
	poller_transfer_options(g, &s->settings, t);
	if (s->beside_n == BESIDE_MAX || budget_spent(g, s, &why, &until) || g->batch_failed ||
	    !s->source.type->beside(&s->source, g->now.unix_ms, t)) {
		s->beside_n = 0;
		stream_schedule(g, s, STREAM_BESIDE_MS);
		return;
	}
	struct flight *f = engine_start(g, FLIGHT_POLL, take(t));
	f->beside = true;
	f->source_name = arena_str(f->arena, s->settings.name);
	f->source_identity = s->kept.hash;
	s->beside_id = f->id;
	s->beside_n++;
}

static int take_beside(struct engine *g, struct world_source *s, const struct reply *r, struct strbuf *why)
{
	struct frame f = { .bytes = strbuf_str(&r->body), .content_type = reply_header(r, "content-type"),
		           .url = str_present(r->final_url) ? r->final_url : s->source.url, .reply = r };
	struct source_document d = { 0 };
	struct err e = { 0 };
	int result = -1;
	if (r->outcome != REPLY_OK || r->status / 100 != 2)
		poller_explain(s, r, why);
	else if ((result = s->source.type->parse(&s->source, &f, &d, &e)) != 0)
		strbuf_adds(why, e.message);
	else
		(void)take_frame(g, s, &d);
	source_document_release(&d);
	return result;
}

void stream_beside_done(struct engine *g, struct world_source *s, const struct reply *r)
{
	const struct source_type *t = s->source.type;
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(400);
	s->beside_id = 0;
	if (!s->streaming)
		return;
	int64_t wait = retry_rate_limit_ms(r, g->now.unix_ms);
	bool mended = r->outcome == REPLY_OK && r->status >= 300 && t->refused != NULL && t->refused(&s->source, r);
	if (!mended && take_beside(g, s, r, &why) != 0) {
		int64_t demanded = retry_after_ms(reply_header(r, "retry-after"), g->now.unix_ms);
		log_warning("stream.beside_failed", "source=%s error=%s", LOG_Q(s->settings.name), LOG_Q(strbuf_str(&why)));
		wait = demanded > wait ? demanded : wait;
		wait = BESIDE_AGAIN_MS > wait ? BESIDE_AGAIN_MS : wait;
	}
	if (g->batch_failed)
		return;
	if (wait > 0)
		stream_schedule(g, s, wait);
	else
		stream_ask_beside(g, s);
}

void stream_hang_up(struct engine *g, struct world_source *s, struct flight *f)
{
	stream_flush(g);
	drop_beside(g, s);
	engine_cancel(g, f);
	s->transfer_id = 0;
	s->streaming = false;
}

/* How long to wait before the next try, which is number `tries` since it last held. */
static int64_t pause_ms(const struct engine *g, const struct reply *r, int tries)
{
	int doublings = tries > 10 ? 10 : tries - 1;
	int64_t demanded = retry_after_ms(reply_header(r, "retry-after"), g->now.unix_ms);
	if (demanded == 0)
		demanded = retry_rate_limit_ms(r, g->now.unix_ms);
	int64_t pause = LINE_PAUSE_MS * tries > LINE_PAUSE_MAX_MS ? LINE_PAUSE_MAX_MS : LINE_PAUSE_MS * tries;
	if (r->status == 429 || r->status == 420) {
		pause = LIMIT_PAUSE_MS << doublings;
	} else if (r->status >= 400) {
		pause = (int64_t)ERROR_PAUSE_MS << doublings;
		pause = pause > ERROR_PAUSE_MAX_MS ? ERROR_PAUSE_MAX_MS : pause;
	}
	return pause > demanded ? pause : demanded;
}

/* It is blind, or will be: it does not open, or does not hold. */
static void note_failure(struct engine *g, struct world_source *s, struct str why, int64_t pause)
{
	struct store_source k = kept_now(g, s);
	bool news = !str_eq(k.last_error, why);
	char wait[48];
	k.success_unix_ms = s->kept.success_unix_ms;
	k.failures = s->source.tries;
	k.last_error = why;
	k.next_unix_ms = g->now.unix_ms + pause;
	if (news)
		log_warning("stream.failed", "source=%s error=%s tries=%d retry_in=%s", LOG_Q(s->settings.name), LOG_Q(why),
		            s->source.tries, num_format_duration(wait, sizeof wait, pause));
	g->figures.polls_failed++;
	poller_save_failure(g, s, &k, news);
}

static void note_end(struct engine *g, struct world_source *s, struct str why, int64_t pause)
{
	struct store_source k = kept_now(g, s);
	k.next_unix_ms = g->now.unix_ms + pause;
	log_notice("stream.ended", "source=%s reason=%s", LOG_Q(s->settings.name), LOG_Q(why));
	(void)poller_save(g, s, &k);
}

void stream_over(struct engine *g, struct world_source *s, const struct reply *r)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(400);
	stream_flush(g);
	drop_beside(g, s);
	bool held = s->streaming && g->now.mono_ms - s->stream_since_mono_ms >= GOOD_MS, was_open = s->streaming;
	s->source.tries = held ? 1 : s->source.tries + 1;
	s->streaming = false;
	s->stream_errors = 0;
	if (r->outcome == REPLY_CANCELLED) {
		poller_leave(g, s, "failed");
		return;
	}
	if (r->outcome == REPLY_OK && r->status / 100 == 2)
		strbuf_adds(&why, "the server ended the stream");
	else
		poller_explain(s, r, &why);
	int64_t pause = pause_ms(g, r, s->source.tries);
	pause += (int64_t)(engine_random(g) % (uint64_t)(pause / 4 + 1));
	if (was_open && s->source.tries <= SHORT_LIVES)
		note_end(g, s, strbuf_str(&why), pause);
	else
		note_failure(g, s, strbuf_str(&why), pause);
	poller_leave(g, s, was_open ? "ok" : "failed");
}
