/* SPDX-License-Identifier: ISC */
/*
 * A batch: messages in, one transaction, messages out.  A failed commit, a full disk and a crash
 * share one way back: nothing of the batch holds, and memory is read anew from the database.
 */
#include "engine/internal.h"

#include <stdio.h>
#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

#define OPTIONS_ARENA_MAX (64 << 10)
#define FLIGHT_ARENA_MAX (256 << 10)
#define EVENTS_MAX 1000                 /* of one batch that listeners are told; the rest is counted */
#define EVENT_MAX_BYTES (8u << 20)
#define REPLY_MAX_BYTES (64u << 20)
#define STOP_PATIENCE_MS 5000           /* for deliveries under way at SIGTERM */
#define PRUNE_EVERY_MS (3600LL * 1000)
#define PRUNE_SLICE 500
#define FRAMES_A_MESSAGE 4              /* in a batch: a frame is one post, and what a commit costs is shared by all */
#define SLICE_PAUSE_MS 1000

/* --- small things for all of engine/ --- */

uint64_t engine_random(struct engine *g)
{
	uint64_t z = g->random += UINT64_C(0x9E3779B97F4A7C15); /* splitmix64 */
	z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
	return z ^ (z >> 31);
}

void engine_emit(struct engine *g, struct message *m)
{
	vec_push(&g->out->list, m);
}

void engine_store_failed(struct engine *g, const struct err *e)
{
	if (g->batch_failed)
		return;
	g->batch_failed = true;
	strbuf_reset(&g->batch_error);
	strbuf_adds(&g->batch_error, e->message);
}

int engine_check(struct engine *g, int result, const struct err *e)
{
	if (result != 0)
		engine_store_failed(g, e);
	return result;
}

static struct str flight_key(const uint64_t *id)
{
	return str_n(id, sizeof *id);
}

struct flight *engine_flight(const struct engine *g, uint64_t id)
{
	return map_get(g->flights, flight_key(&id));
}

struct flight *engine_hold(struct engine *g, enum flight_kind kind)
{
	struct flight *f = mem_new(struct flight);
	f->id = ++g->last_transfer_id;
	f->kind = kind;
	f->arena = arena_new(FLIGHT_ARENA_MAX);
	map_put(g->flights, flight_key(&f->id), f);
	return f;
}

struct flight *engine_start(struct engine *g, enum flight_kind kind, struct transfer *t)
{
	struct flight *f = engine_hold(g, kind);
	t->id = f->id;
	struct message *m = message_new(MESSAGE_START);
	m->transfer_id = t->id;
	m->transfer = t;
	m->mail.bytes = message_weight(m);
	engine_emit(g, m);
	return f;
}

void engine_flight_free(struct engine *g, struct flight *f)
{
	if (f->host != NULL) {
		f->host->in_flight--;
		f->host->ended_mono_ms = g->now.mono_ms;
		g->credits_used--;
	}
	for (size_t i = g->readings.n; i > 0; i--)
		if (g->readings.v[i - 1] == f)
			vec_remove(&g->readings, i - 1);
	reading_free(f->reading);
	map_remove(g->flights, flight_key(&f->id));
	mem_free(f->item);
	json_decref(f->written);
	arena_free(f->arena);
	mem_free(f);
}

void engine_cancel(struct engine *g, struct flight *f)
{
	if (f->abandoned)
		return;
	f->abandoned = true;
	struct message *m = message_new(MESSAGE_CANCEL);
	m->transfer_id = f->id;
	engine_emit(g, m);
}

/* --- answers and events --- */

void engine_reply_text(struct engine *g, uint64_t request_id, int status, const char *content_type, struct str body)
{
	if (request_id == 0)
		return;
	struct message *m = message_text(MESSAGE_REPLY, body);
	m->request_id = request_id;
	m->status = status;
	m->content_type = str_c(content_type);
	engine_emit(g, m);
}

void engine_reply(struct engine *g, uint64_t request_id, int status, json_t *body)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(REPLY_MAX_BYTES);
	if (body != NULL) {
		json_dump(&b, body, false);
		strbuf_addc(&b, '\n');
	}
	json_decref(body);
	if (b.toobig)
		engine_problem(g, request_id, 500, 0, "the answer is too large: ask for less with limit=");
	else
		engine_reply_text(g, request_id, status, "application/json", strbuf_str(&b));
}

static const char *reason_phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} table[] = {
		{ 400, "Bad Request" }, { 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" },
		{ 409, "Conflict" }, { 413, "Content Too Large" }, { 422, "Unprocessable Content" },
		{ 502, "Bad Gateway" }, { 503, "Service Unavailable" },
	};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].status == status)
			return table[i].phrase;
	return "Internal Server Error";
}

static json_t *problem(int status, int column, const char *detail)
{
	json_t *j = json_object();
	json_set_text(j, "type", STR("about:blank"));
	json_set_text(j, "title", str_c(reason_phrase(status)));
	json_set_int(j, "status", status);
	json_set_text(j, "detail", str_c(detail));
	if (column > 0)
		json_set_int(j, "column", column);
	return j;
}

static void send_problem(struct engine *g, uint64_t request_id, int status, json_t *j)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(REPLY_MAX_BYTES);
	json_dump(&b, j, false);
	strbuf_addc(&b, '\n');
	json_decref(j);
	engine_reply_text(g, request_id, status, "application/problem+json", strbuf_str(&b));
}

void engine_problem(struct engine *g, uint64_t request_id, int status, int column, const char *fmt, ...)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(16 << 10);
	va_list ap;
	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	send_problem(g, request_id, status, problem(status, column, strbuf_cstr(&b)));
}

void engine_problem_err(struct engine *g, uint64_t request_id, int status, const struct err *e)
{
	if (e->kind == ERR_CONFIG)
		status = 409;
	else if (e->kind == ERR_SYSTEM)
		status = 503;
	engine_problem(g, request_id, status, e->column, "%s", e->message);
}

void engine_event_text(struct engine *g, const char *name, struct str json)
{
	if (g->events++ >= EVENTS_MAX || json.len == 0 || json.len > EVENT_MAX_BYTES)
		return;
	struct message *m = message_text(MESSAGE_EVENT, json);
	m->content_type = str_c(name);
	engine_emit(g, m);
}

void engine_event(struct engine *g, const char *name, json_t *data)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(EVENT_MAX_BYTES);
	if (g->events < EVENTS_MAX)
		json_dump(&b, data, false);
	json_decref(data);
	engine_event_text(g, name, b.toobig ? STR_NULL : strbuf_str(&b));
}

/* --- ids --- */

static unsigned installation(const struct engine *g)
{
	return (unsigned)(store_uuid(g->store) & 0xFFFFFFFFu);
}

const char *engine_id(char buf[static ENGINE_ID_MAX], const struct engine *g, const char *kind, int64_t row)
{
	snprintf(buf, ENGINE_ID_MAX, "%s_%08x_%lld", kind, installation(g), (long long)row);
	return buf;
}

bool engine_id_parse(const struct engine *g, const char *kind, struct str id, int64_t *ret_row)
{
	char prefix[ENGINE_ID_MAX];
	snprintf(prefix, sizeof prefix, "%s_%08x_", kind, installation(g));
	struct str p = str_c(prefix);
	int64_t row;
	if (!str_starts(id, p) || !num_i64(str_from(id, p.len), &row) || row <= 0)
		return false;
	*ret_row = row;
	return true;
}

/* --- what handlers may see --- */

struct world *engine_world(struct engine *g)
{
	return g->world;
}

struct store *engine_store(struct engine *g)
{
	return g->store;
}

const struct config_types *engine_types(const struct engine *g)
{
	return &g->types.types;
}

void engine_figures(const struct engine *g, struct engine_figures *ret)
{
	*ret = g->figures;
	ret->store_down = g->store_error.len > 0 && !g->batch_open;
	ret->store_ok = !ret->store_down && !g->tight;
	ret->store_error = ret->store_down ? strbuf_cstr(&g->store_error) : g->tight ? RECOVERY_TIGHT : "";
	ret->config_path = str_empty(g->config_path) ? "" : g->config_path.p;
	ret->flights = map_count(g->flights);
}

/* --- a new world --- */

void engine_say_status(struct engine *g, int kind)
{
	size_t failing = 0;
	for (struct map_iter it = { 0 }; map_next(g->world->sources, &it);)
		failing += str_present(((struct world_source *)it.value)->kept.last_error);
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(300);
	if (g->store_error.len > 0)
		strbuf_addf(&b, "the database takes nothing: %s", strbuf_cstr(&g->store_error));
	else if (g->tight)
		strbuf_adds(&b, RECOVERY_TIGHT);
	else
		strbuf_addf(&b, "sources: %zu (%zu failing), watches: %zu, channels: %zu", map_count(g->world->sources), failing,
		            map_count(g->world->watches), map_count(g->world->channels));
	struct message *m = message_text(MESSAGE_STATUS, strbuf_str(&b));
	m->status = kind;
	engine_emit(g, m);
}

/* Timers of a world that was just built. */
int engine_adopt_world(struct engine *g)
{
	heap_release(&g->due_sources);
	heap_release(&g->due_channels);
	for (struct map_iter it = { 0 }; map_next(g->hosts, &it);)
		vec_clear(&((struct host *)it.value)->waiting);
	if (websub_adopt(g) != 0)
		return -1;
	for (struct map_iter it = { 0 }; map_next(g->world->sources, &it);)
		poller_schedule(g, it.value);
	alarm_look(g); /* what was told may hold no more, and somebody new may listen */
	return context_adopt(g) == 0 ? outbox_adopt(g) : -1;
}

void engine_log_errors(enum log_level level, const char *event, struct config_errors *errors)
{
	for (size_t i = 0; i < errors->list.n; i++)
		log_event(level, event, "error=%s", LOG_Q(errors->list.v[i]));
}

static void log_level_of(const struct config *c)
{
	static const enum log_level levels[] = { LOG_LEVEL_ERR,
	        LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
	if (c->daemon.log_level >= 0 && c->daemon.log_level < 5)
		log_set_level(levels[c->daemon.log_level]);
}

/* Polls under way go on for a source that is the same in the new world; the others are cancelled. */
static void keep_flights(struct engine *g, struct world *before)
{
	for (struct map_iter it = { 0 }; map_next(g->flights, &it);) {
		struct flight *f = it.value;
		if (f->kind == FLIGHT_DELIVERY && world_channel(g->world, f->channel_name) == NULL)
			engine_cancel(g, f);
		if ((f->kind != FLIGHT_POLL && f->kind != FLIGHT_CONTEXT) || f->abandoned)
			continue;
		struct world_source *s = world_source(g->world, f->source_name);
		struct world_source *old = world_source(before, f->source_name);
		if (s == NULL || s->kept.hash != f->source_identity) {
			engine_cancel(g, f);
			continue;
		}
		if (f->beside || f->kind == FLIGHT_CONTEXT) {
			*(f->beside ? &s->beside_id : &s->context_id) = f->id;
			continue;
		}
		s->transfer_id = f->id;
		if (old != NULL) {
			if (s->source.type == old->source.type) { /* the round goes on where it is */
				void *state = s->source.state;
				s->source.state = old->source.state;
				old->source.state = state;
			}
			s->round = old->round;
			s->streaming = old->streaming;
			s->stream_since_mono_ms = old->stream_since_mono_ms;
			s->source.tries = old->source.tries;
			s->stream_errors = old->stream_errors;
			s->waiter = old->waiter;
			s->asked = old->asked;
			s->trial = s->arena != NULL ? arena_str(s->arena, old->trial) : STR_NULL;
			old->waiter = 0;
		}
	}
	for (struct map_iter it = { 0 }; map_next(before->sources, &it);) {
		struct world_source *old = it.value;
		struct world_source *s = world_source(g->world, it.key);
		if (s != NULL && s->kept.hash == old->kept.hash && old->kept_title.len > 0)
			strbuf_add(&s->kept_title, strbuf_str(&old->kept_title));
		if (old->waiter == 0)
			continue;
		if (s != NULL) {
			s->waiter = old->waiter;
			s->asked = true;
		} else {
			engine_problem(g, old->waiter, 409, 0, "the source was removed meanwhile");
		}
		old->waiter = 0;
	}
}

struct difference {
	int64_t added, changed, removed, kept;
};

#define compare_objects(type, map, ret)                                                                  \
	do {                                                                                             \
		for (struct map_iter it = { 0 }; map_next(now_->map, &it);) {                            \
			const struct type *n = it.value, *b = map_get(before_->map, it.key);             \
			if (b == NULL)                                                                   \
				(ret)->added++;                                                          \
			else if (b->settings.hash != n->settings.hash)                                   \
				(ret)->changed++;                                                        \
			else                                                                             \
				(ret)->kept++;                                                           \
		}                                                                                        \
		for (struct map_iter it = { 0 }; map_next(before_->map, &it);)                           \
			(ret)->removed += map_get(now_->map, it.key) == NULL;                            \
	} while (0)

static json_t *difference_json(const struct difference *d)
{
	json_t *j = json_object();
	json_set_int(j, "added", d->added);
	json_set_int(j, "changed", d->changed);
	json_set_int(j, "removed", d->removed);
	json_set_int(j, "kept", d->kept);
	return j;
}

static json_t *differences(const struct world *before_, const struct world *now_)
{
	struct difference sources = { 0 }, channels = { 0 }, watches = { 0 };
	compare_objects(world_source, sources, &sources);
	compare_objects(world_channel, channels, &channels);
	compare_objects(world_watch, watches, &watches);
	json_t *j = json_object();
	json_set_bool(j, "reloaded", true);
	json_set(j, "sources", difference_json(&sources));
	json_set(j, "channels", difference_json(&channels));
	json_set(j, "watches", difference_json(&watches));
	return j;
}

static json_t *texts_json(const struct str *v, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_text(v[i]));
	return list;
}

static void reload_refused(struct engine *g, uint64_t request_id, struct config_errors *errors)
{
	engine_log_errors(LOG_LEVEL_ERR, "reload.refused", errors);
	json_t *j = problem(422, 0, "the new configuration is not taken, the old one stays");
	json_set(j, "errors", texts_json(errors->list.v, errors->list.n));
	send_problem(g, request_id, 422, j);
	engine_say_status(g, 1);
}

static void warn_of_restart(const struct config *before, struct config *now)
{
	const struct config_daemon *a = &before->daemon, *b = &now->daemon;
	if (!str_eq(a->socket, b->socket) || !str_eq(a->state, b->state) || !str_eq(a->socket_group, b->socket_group))
		vec_push(&now->warnings, STR("state, socket and socket_group take effect at the next start"));
	if (!str_eq(a->websub_listen, b->websub_listen) || str_empty(a->websub_callback) != str_empty(b->websub_callback))
		vec_push(&now->warnings, STR("websub_listen is served, or no more, from the next start on"));
}

void engine_reload(struct engine *g, struct now now, uint64_t request_id)
{
	(void)now;
	engine_say_status(g, 2);
	struct config *config = NULL;
	struct config_errors errors = { 0 };
	struct world *world = NULL;
	int r = 0;
	if (str_empty(g->config_path))
		config = config_defaults();
	else
		r = config_load(g->config_path.p, &g->types.types, &config, &errors);
	if (r == 0)
		r = world_build(config, &g->types.types, g->store, false, &errors, &world);
	if (r != 0) {
		config_free(config);
		reload_refused(g, request_id, &errors);
		config_errors_release(&errors);
		return;
	}
	struct world *before = g->world;
	warn_of_restart(before->config, world->config);
	g->world = world;
	keep_flights(g, before);
	json_t *answer = differences(before, world);
	json_set(answer, "warnings", texts_json(world->config->warnings.v, world->config->warnings.n));
	/* The old world's heap nodes die with it: engine_adopt_world empties the heaps first. */
	if (engine_adopt_world(g) != 0)
		log_err("reload.failed", "error=%s", LOG_Q(strbuf_str(&g->batch_error)));
	(void)seen_look(g);
	world_free(before);
	log_level_of(world->config);
	log_notice("reload.done", "sources=%zu channels=%zu watches=%zu", map_count(world->sources), map_count(world->channels),
	           map_count(world->watches));
	for (size_t i = 0; i < world->config->warnings.n; i++)
		log_warning("config.warning", "text=%s", LOG_Q(world->config->warnings.v[i]));
	engine_reply(g, request_id, 200, answer);
	engine_say_status(g, 1);
	config_errors_release(&errors);
}

/* --- a batch --- */

static void done(struct engine *g, struct message *m)
{
	struct flight *f = engine_flight(g, m->transfer_id);
	if (f == NULL || m->reply == NULL)
		return; /* of a batch that was rolled back */
	switch (f->kind) {
	case FLIGHT_POLL:
		poller_done(g, f, m);
		break;
	case FLIGHT_DELIVERY:
		outbox_done(g, f, m->reply);
		break;
	case FLIGHT_CONTEXT:
		context_done(g, f, m->reply);
		break;
	case FLIGHT_WEBSUB:
		websub_done(g, f, m->reply);
		break;
	case FLIGHT_PROBE:
	case FLIGHT_TEST:
	case FLIGHT_LOGIN:
		asked_done(g, f, m);
		break;
	}
	bool goes_on = f->reading != NULL && m->reply == NULL; /* its document is taken slice by slice */
	if (!g->batch_failed && !goes_on)
		engine_flight_free(g, f);
}

void engine_begin_stop(struct engine *g)
{
	if (g->stopping) {
		g->stop_mono_ms = g->now.mono_ms; /* asked twice: no more patience */
		return;
	}
	log_notice("engine.stopping", "deliveries_under_way=%d", g->deliveries_in_flight);
	g->stopping = true;
	g->stop_mono_ms = g->now.mono_ms + STOP_PATIENCE_MS;
	asked_give_up(g);
	for (struct map_iter it = { 0 }; map_next(g->flights, &it);)
		if (((struct flight *)it.value)->kind != FLIGHT_DELIVERY)
			engine_cancel(g, it.value);
}

static void handle(struct engine *g, struct message *m)
{
	if (m->kind != MESSAGE_FRAME)
		stream_flush(g);
	switch (m->kind) {
	case MESSAGE_DONE:
		done(g, m);
		break;
	case MESSAGE_COMMAND:
		if (g->stopping)
			engine_problem(g, m->request_id, 503, 0, "monitord is stopping");
		else
			g->handler(g, m, g->now);
		break;
	case MESSAGE_CALLBACK:
		websub_called(g, m);
		break;
	case MESSAGE_RELOAD:
		if (!g->stopping)
			engine_reload(g, g->now, 0);
		break;
	case MESSAGE_STOP:
		engine_begin_stop(g);
		break;
	case MESSAGE_FRAME:
		stream_frame(g, m);
		break;
	case MESSAGE_START:
	case MESSAGE_CANCEL:
	case MESSAGE_REPLY:
	case MESSAGE_EVENT:
	case MESSAGE_STATUS:
	case MESSAGE_STOPPED:
		break;
	}
}

static void prune(struct engine *g)
{
	int64_t keep = g->world->config->daemon.keep_posts_ms;
	if (g->now.mono_ms < g->prune_mono_ms || keep <= 0 || g->tight)
		return;
	int pruned = 0;
	struct err e = { 0 };
	if (engine_check(g, store_post_prune(g->store, g->now.unix_ms - keep, PRUNE_SLICE, &pruned, &e), &e) != 0 ||
	    engine_check(g, store_context_prune(g->store, g->now.unix_ms - CONTEXT_KEEP_MS, &e), &e) != 0)
		return;
	g->prune_mono_ms = g->now.mono_ms + (pruned == PRUNE_SLICE ? SLICE_PAUSE_MS : PRUNE_EVERY_MS);
	if (pruned > 0)
		log_info("archive.pruned", "posts=%d", pruned);
}

/* When there is nothing under way any more, or patience ends, the last word goes out. */
static void maybe_stopped(struct engine *g)
{
	if (!g->stopping || g->stopped)
		return;
	bool waiting = false;
	for (struct map_iter it = { 0 }; map_next(g->flights, &it);)
		waiting |= !((struct flight *)it.value)->abandoned;
	if (waiting && g->now.mono_ms < g->stop_mono_ms)
		return;
	for (struct map_iter it = { 0 }; map_next(g->flights, &it);)
		engine_cancel(g, it.value);
	engine_emit(g, message_new(MESSAGE_STOPPED));
	g->stopped = true;
}

static int64_t next_wake(struct engine *g)
{
	if (g->stopping)
		return g->stop_mono_ms;
	if (g->searches != NULL || g->readings.n > 0)
		return g->now.mono_ms;
	int64_t chores = g->tight ? g->retry_mono_ms : g->prune_mono_ms;
	int64_t wake = chores < g->alarm_mono_ms ? chores : g->alarm_mono_ms;
	if (!g->tight && g->context_mono_ms < wake)
		wake = g->context_mono_ms;
	const struct heap_node *n = g->tight ? NULL : heap_top(&g->due_sources);
	/* Out of credits, the next DONE wakes us. */
	if (n != NULL && n->key < wake && g->credits_used < g->world->config->daemon.max_transfers)
		wake = n->key;
	n = heap_top(&g->due_channels);
	if (n != NULL && n->key < wake && n->key > g->now.mono_ms)
		wake = n->key;
	if (websub_wake(g) < wake)
		wake = websub_wake(g);
	int64_t rested = g->tight ? INT64_MAX : poller_wake(g);
	return rested < wake ? rested : wake;
}

static void work(struct engine *g, struct message *const *in, size_t n_in)
{
	for (size_t i = 0; i < n_in && !g->batch_failed; i++)
		handle(g, in[i]);
	stream_flush(g);
	if (g->stopping || g->batch_failed)
		return;
	follow_run(g);
	if (!g->batch_failed)
		poller_read_on(g);
	if (!g->batch_failed)
		poller_run(g);
	if (!g->batch_failed)
		context_run(g);
	if (!g->batch_failed)
		websub_run(g);
	if (!g->batch_failed)
		asked_run(g);
	if (!g->batch_failed)
		prune(g);
	if (!g->batch_failed)
		alarm_run(g);
	outbox_run(g); /* after all that adds deliveries: what is due now goes now */
}

static void batch(struct engine *g, struct message *const *in, size_t n_in, bool down)
{
	struct err e = { 0 };
	if (engine_check(g, store_begin(g->store, &e), &e) != 0)
		return;
	g->batch_open = true;
	int r = 0;
	if (down)
		r = engine_check(g, recovery_rebuild(g, &e), &e);
	else if (!g->ready_said && (r = engine_adopt_world(g)) == 0)
		r = seen_look(g);
	if (r == 0)
		work(g, in, n_in);
	if (!g->batch_failed)
		(void)engine_check(g, store_commit(g->store, &e), &e);
	g->batch_open = false;
	g->figures.commits++;
}

int64_t engine_step(struct engine *g, struct now now, struct message *const *in, size_t n_in, struct messages *out)
{
	g->now = now;
	g->out = out;
	g->events = 0;
	g->batch_failed = false;
	bool down = g->store_error.len > 0;
	if (down && !recovery_try(g, in, n_in)) {
		recovery_wait(g, in, n_in);
	} else {
		batch(g, in, n_in, down);
		if (g->batch_failed) {
			recovery_fail(g, in, n_in);
		} else {
			outbox_forget_verdicts(g);
			bool news = down || !g->ready_said;
			if (down)
				recovery_done(g);
			else if (g->tight && now.mono_ms >= g->retry_mono_ms)
				news |= recovery_reserve(g);
			if (news)
				engine_say_status(g, g->ready_said ? 0 : 1);
			g->ready_said = true;
		}
	}
	maybe_stopped(g);
	g->out = NULL;
	return g->store_error.len > 0 && !g->stopping ? g->retry_mono_ms : next_wake(g);
}

bool engine_stopped(const struct engine *g)
{
	return g->stopped;
}

/* --- life --- */

void engine_free(struct engine *g)
{
	if (g == NULL)
		return;
	if (g->flights != NULL)
		for (struct map_iter it = { 0 }; map_next(g->flights, &it);)
			engine_flight_free(g, it.value);
	struct messages nowhere = { 0 };
	g->out = &nowhere;
	if (g->world != NULL)
		asked_give_up(g);
	for (size_t i = 0; i < nowhere.list.n; i++)
		message_free(nowhere.list.v[i]);
	vec_free(&nowhere.list);
	heap_release(&g->due_sources);
	heap_release(&g->due_channels);
	if (g->hosts != NULL)
		for (struct map_iter it = { 0 }; map_next(g->hosts, &it);) {
			vec_free(&((struct host *)it.value)->waiting);
			mem_free(it.value);
		}
	vec_free(&g->dirty_streams);
	strbuf_release(&g->lost);
	vec_free(&g->readings);
	map_free(g->hosts);
	map_free(g->flights);
	websub_free(g->websub);
	world_free(g->world);
	store_close(g->store);
	outbox_forget_verdicts(g);
	strbuf_release(&g->store_error);
	strbuf_release(&g->batch_error);
	arena_free(g->arena);
	mem_free(g);
}

int engine_new(const struct engine_options *options, struct engine **ret, struct err *e)
{
	OWNED(engine) struct engine *g = mem_new(struct engine);
	g->arena = arena_new(OPTIONS_ARENA_MAX);
	g->config_path = arena_str(g->arena, options->config_path);
	g->handler = options->handler;
	g->hosts = map_new();
	g->flights = map_new();
	g->store_error = STRBUF_INIT(ERR_MESSAGE_MAX);
	g->batch_error = STRBUF_INIT(ERR_MESSAGE_MAX);
	g->lost = STRBUF_INIT(64u << 10);
	g->random = options->seed != 0 ? options->seed : hash_process_seed();
	g->figures.started_unix_ms = clock_unix_ms();
	g->alarm_mono_ms = g->context_mono_ms = INT64_MAX;
	world_types_init(&g->types);
	struct config_errors errors = { 0 };
	if (store_open(arena_cstr(g->arena, options->store_path), &g->store, e) != 0) {
		config_free(options->config);
		return -1;
	}
	if (websub_new(g, e) != 0) {
		config_free(options->config);
		return -1;
	}
	(void)recovery_reserve(g);
	if (world_build(options->config, &g->types.types, g->store, true, &errors, &g->world) != 0) {
		err_set(e, ERR_CONFIG, "%.*s", STR_ARG(errors.list.n > 0 ? errors.list.v[0] : STR("cannot build the world")));
		config_errors_release(&errors);
		config_free(options->config);
		return -1;
	}
	engine_log_errors(LOG_LEVEL_WARNING, "object.skipped", &errors);
	config_errors_release(&errors);
	log_level_of(g->world->config);
	*ret = take(g);
	return 0;
}

struct str engine_callback_key(const struct engine *g)
{
	return websub_key(g);
}

/* --- the thread --- */

static void post_out(struct mailbox *outbox, struct messages *out)
{
	for (size_t i = 0; i < out->list.n; i++) {
		struct message *m = out->list.v[i];
		/* Only listeners may miss something; all else has its room by the credits. */
		if (!mailbox_put(outbox, &m->mail, m->kind != MESSAGE_EVENT))
			message_free(m);
	}
	vec_clear(&out->list);
}

static void set_idle(struct engine *g, bool idle)
{
	__atomic_store_n(&g->idle, idle, __ATOMIC_RELAXED);
	__atomic_fetch_add(&g->beat, 1, __ATOMIC_RELAXED);
}

bool engine_alive(void *engine)
{
	struct engine *g = engine;
	uint64_t beat = __atomic_load_n(&g->beat, __ATOMIC_RELAXED);
	bool moved = beat != g->beat_seen;
	g->beat_seen = beat;
	return moved || __atomic_load_n(&g->idle, __ATOMIC_RELAXED);
}

void *engine_run(void *engine_thread)
{
	struct engine_thread *t = engine_thread;
	struct engine *g = t->engine;
	struct messages out = { 0 };
	struct message *in[ENGINE_BATCH_MAX * FRAMES_A_MESSAGE];
	int64_t wake = 0;
	while (!engine_stopped(g)) {
		int64_t wait = wake - clock_mono_ms();
		set_idle(g, true);
		struct mail *mail = mailbox_wait(t->inbox, wait > 0 ? wait : 0);
		set_idle(g, false);
		size_t n = 0, weight = 0;
		for (; mail != NULL; mail = weight < ENGINE_BATCH_MAX * FRAMES_A_MESSAGE ? mailbox_take(t->inbox) : NULL) {
			in[n] = (struct message *)(void *)mail;
			weight += in[n++]->kind == MESSAGE_FRAME ? 1 : FRAMES_A_MESSAGE;
		}
		struct now now = { clock_unix_ms(), clock_mono_ms() };
		wake = engine_step(g, now, in, n, &out);
		post_out(t->outbox, &out);
		for (size_t i = 0; i < n; i++)
			message_free(in[i]);
	}
	vec_free(&out.list);
	return NULL;
}
