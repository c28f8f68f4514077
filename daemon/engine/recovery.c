/* SPDX-License-Identifier: ISC */
/*
 * When the database refuses: nothing of the batch holds, and memory is read anew as soon as it takes something again.  What
 * hooks answered meanwhile is kept.  On a full disk the reserve is let go, so that what waits can be told and noted; polls
 * would only fill it.
 */
#include "engine/internal.h"

#include "base/log.h"
#include "base/mem.h"

#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS 60000
#define HOLDS_MS 60000 /* a database that fails sooner than that after its recovery is waited for longer */

/* What hooks answered are facts, whatever becomes of the batch: who took an alert is not told again. */
static void take_verdicts(struct engine *g, struct message *const *in, size_t n_in)
{
	for (size_t i = 0; i < n_in; i++) {
		struct flight *f = in[i]->kind != MESSAGE_DONE ? NULL : engine_flight(g, in[i]->transfer_id);
		if (f == NULL || in[i]->reply == NULL)
			continue;
		if (f->kind == FLIGHT_DELIVERY)
			outbox_done(g, f, in[i]->reply);
		engine_flight_free(g, f);
	}
}

/* Deliveries under way stay; the rest begins anew when the database is back. */
static void cancel_flights(struct engine *g)
{
	vec_clear(&g->dirty_streams); /* their world goes */
	g->deliveries_in_flight = 0;
	for (struct map_iter it = { 0 }; map_next(g->flights, &it);) {
		struct flight *f = it.value;
		if (f->kind == FLIGHT_DELIVERY && f->item != NULL && !f->abandoned) {
			g->deliveries_in_flight++;
		} else {
			engine_cancel(g, f);
			engine_flight_free(g, f);
		}
	}
}

static bool asks(struct message *const *in, size_t n_in, uint64_t request_id)
{
	for (size_t i = 0; i < n_in; i++)
		if ((in[i]->kind == MESSAGE_COMMAND || in[i]->kind == MESSAGE_CALLBACK) && in[i]->request_id == request_id)
			return true;
	return false;
}

/* Of what the batch wanted to send only the end and cancellations go out; who asked earlier hears why there is no answer. */
static void take_back(struct engine *g, struct message *const *in, size_t n_in)
{
	struct messages meant = *g->out;
	*g->out = (struct messages){ 0 };
	for (size_t i = 0; i < meant.list.n; i++) {
		struct message *m = meant.list.v[i];
		/* A START that did not go out needs no CANCEL, and its DONE never comes. */
		struct flight *f = m->kind == MESSAGE_START ? engine_flight(g, m->transfer_id) : NULL;
		if (f != NULL)
			engine_flight_free(g, f);
		if (m->kind == MESSAGE_REPLY && !asks(in, n_in, m->request_id))
			engine_problem(g, m->request_id, 503, 0, "%s; nothing was changed", strbuf_cstr(&g->store_error));
		if (m->kind == MESSAGE_STOPPED || m->kind == MESSAGE_CANCEL)
			engine_emit(g, m);
		else
			message_free(m);
	}
	vec_free(&meant.list);
}

/* When to try again: later and later if it did not hold for long the last time. */
static void back_off(struct engine *g, bool again)
{
	int64_t wait = again ? 2 * g->retry_after_ms : 0;
	g->retry_after_ms = wait < RETRY_MIN_MS ? RETRY_MIN_MS : wait > RETRY_MAX_MS ? RETRY_MAX_MS : wait;
	g->retry_mono_ms = g->now.mono_ms + g->retry_after_ms;
}

void recovery_wait(struct engine *g, struct message *const *in, size_t n_in)
{
	take_verdicts(g, in, n_in);
	for (size_t i = 0; i < n_in; i++) {
		if (in[i]->kind == MESSAGE_COMMAND)
			g->handler(g, in[i], g->now);
		else if (in[i]->kind == MESSAGE_CALLBACK) /* hubs try again, and need not know why */
			engine_reply_text(g, in[i]->request_id, 503, "text/plain", STR(""));
		else if (in[i]->kind == MESSAGE_RELOAD)
			log_err("reload.refused", "error=%s", LOG_Q(strbuf_str(&g->store_error)));
		else if (in[i]->kind == MESSAGE_STOP && !g->stopping)
			engine_begin_stop(g);
	}
}

void recovery_fail(struct engine *g, struct message *const *in, size_t n_in)
{
	store_rollback(g->store);
	if (!str_eq(strbuf_str(&g->store_error), strbuf_str(&g->batch_error)))
		log_err("store.failed", "error=%s", LOG_Q(strbuf_str(&g->batch_error)));
	strbuf_reset(&g->store_error);
	strbuf_add(&g->store_error, strbuf_str(&g->batch_error));
	asked_give_up(g);
	take_back(g, in, n_in);
	cancel_flights(g);
	recovery_wait(g, in, n_in);
	back_off(g, g->now.mono_ms < g->held_mono_ms);
	store_let_go(g->store);
	if (!g->tight)
		g->retry_mono_ms = g->now.mono_ms; /* that may have helped */
	engine_say_status(g, g->ready_said ? 0 : 1);
	g->ready_said = true;
}

int recovery_rebuild(struct engine *g, struct err *e)
{
	if (outbox_write_verdicts(g, e) != 0)
		return -1;
	struct config_errors errors = { 0 };
	struct world *world = NULL;
	if (world_build(g->world->config, &g->types.types, g->store, true, &errors, &world) != 0) {
		(void)err_set(e, ERR_SYSTEM, "%.*s",
		        STR_ARG(errors.list.n > 0 ? errors.list.v[0] : STR("cannot read the database")));
		config_errors_release(&errors);
		return -1;
	}
	engine_log_errors(LOG_LEVEL_WARNING, "object.skipped", &errors);
	config_errors_release(&errors);
	struct world *before = g->world;
	before->config = NULL; /* the new world has it */
	g->world = world;
	int r = engine_adopt_world(g);
	world_free(before);
	return r;
}

bool recovery_reserve(struct engine *g)
{
	struct err e = { 0 };
	bool before = g->tight;
	g->tight = store_reserve(g->store, &e) != 0;
	if (g->tight)
		back_off(g, before);
	if (g->tight == before)
		return false;
	if (g->tight)
		log_err("store.tight", "error=%s", LOG_Q(str_c(e.message)));
	else
		log_notice("store.recovered", "after=\"a full disk\"");
	alarm_look(g);
	return true;
}

void recovery_done(struct engine *g)
{
	bool before = g->tight;
	g->held_mono_ms = g->now.mono_ms + HOLDS_MS;
	(void)recovery_reserve(g);
	if (!before && !g->tight)
		log_notice("store.recovered", "after=%s", LOG_Q(strbuf_str(&g->store_error)));
	strbuf_reset(&g->store_error);
}

/* The operator who made room restarts at once: the last chance to keep what is known. */
static bool time_to_probe(const struct engine *g, struct message *const *in, size_t n_in)
{
	for (size_t i = 0; i < n_in; i++)
		if (in[i]->kind == MESSAGE_STOP)
			return true;
	return g->now.mono_ms >= g->retry_mono_ms;
}

bool recovery_try(struct engine *g, struct message *const *in, size_t n_in)
{
	struct err e = { 0 };
	if (!time_to_probe(g, in, n_in))
		return false;
	if (store_probe(g->store, &e) == 0)
		return true;
	back_off(g, true);
	return false;
}
