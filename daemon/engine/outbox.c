/* SPDX-License-Identifier: ISC */
/*
 * Which delivery goes out when, and what the answer means.  One queue a channel, with its own pace:
 * a channel that fails is closed for a while as a whole, so that a broken hook costs one attempt
 * and not one for each alert.  Nothing leaves the queue but delivered, or as a listed dead letter.
 */
#include "engine/internal.h"

#include "alert/retry.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"

#define DELIVERIES_MAX 16            /* under way at once, over all channels; io has room for them beside the polls */
#define CHANNEL_IN_FLIGHT_MAX 4      /* of one healthy channel without a pace of its own */
#define ATTEMPTS_MIN 5               /* a letter is dead only after that many, however old it is */
#define BROKEN_RETRY_MS (3600LL * 1000)
#define ALERT_ARENA_MAX (64u << 20)
#define ERROR_MAX 300
#define VERDICTS_ARENA_MAX (1 << 20)

#define channel_of(node) ((struct world_channel *)(void *)((char *)(node) - offsetof(struct world_channel, due)))
#define item_of(node) ((struct outbox_item *)(void *)((char *)(node) - offsetof(struct outbox_item, due)))

static int64_t spacing_of(const struct world_channel *c)
{
	return c->settings.spacing_ms >= 0 ? c->settings.spacing_ms : c->channel.type->spacing_ms;
}

/* --- the queue --- */

void outbox_schedule(struct engine *g, struct world_channel *c)
{
	const struct heap_node *retry = heap_top(&c->retries);
	bool fresh = c->fresh_head < c->fresh.n;
	/* While it fails, one at a time is enough to find out whether it works again. */
	int most = spacing_of(c) > 0 || c->failures > 0 ? 1 : CHANNEL_IN_FLIGHT_MAX;
	if (c->settings.paused || g->stopping || (retry == NULL && !fresh) || c->in_flight >= most) {
		heap_remove(&g->due_channels, &c->due);
		return;
	}
	int64_t due = fresh ? g->now.mono_ms : retry->key;
	heap_set(&g->due_channels, &c->due, due > c->open_mono_ms ? due : c->open_mono_ms);
}

void outbox_reopen(struct engine *g, struct world_channel *c)
{
	c->broken = false;
	c->failures = 0;
	c->open_mono_ms = g->now.mono_ms;
	strbuf_reset(&c->last_error);
	for (size_t i = 0; i < c->retries.n; i++) /* an upper bound for all keys keeps their order */
		if (c->retries.v[i]->key > g->now.mono_ms)
			c->retries.v[i]->key = g->now.mono_ms;
	outbox_schedule(g, c);
	alarm_look(g);
}

void outbox_add(struct engine *g, struct world_channel *c, int64_t row, int64_t alert_row)
{
	struct outbox_item *item = mem_new(struct outbox_item);
	*item = (struct outbox_item){ .row = row, .alert_row = alert_row, .created_unix_ms = g->now.unix_ms,
		                      .old_mono_ms = g->now.mono_ms + RETRY_GIVE_UP_MS };
	vec_push(&c->fresh, item);
	outbox_schedule(g, c);
}

int outbox_tell(struct engine *g, struct world_channel *c, int64_t alert_row, struct err *e)
{
	int64_t row = 0;
	if (store_delivery_put(g->store, alert_row, c->settings.name, g->now.unix_ms, &row, e) != 0)
		return -1;
	outbox_add(g, c, row, alert_row);
	return 0;
}

static struct outbox_item *take_next(struct engine *g, struct world_channel *c)
{
	struct heap_node *retry = heap_top(&c->retries);
	if (retry != NULL && retry->key <= g->now.mono_ms) {
		heap_remove(&c->retries, retry);
		return item_of(retry);
	}
	if (c->fresh_head == c->fresh.n)
		return NULL;
	struct outbox_item *item = c->fresh.v[c->fresh_head++];
	if (c->fresh_head == c->fresh.n)
		c->fresh_head = c->fresh.n = 0;
	return item;
}

/* --- composing --- */

void composed_release(struct composed *c)
{
	spans_release(&c->spans);
	post_free(c->post);
	arena_free(c->arena);
	*c = (struct composed){ 0 };
}

int outbox_read_alert(struct engine *g, const struct store_alert *a, struct composed *ret, struct err *e)
{
	*ret = (struct composed){ .arena = arena_new(ALERT_ARENA_MAX) };
	json_t *post OWNED_JSON = str_present(a->post) ? json_parse(a->post, e) : json_object();
	json_t *spans OWNED_JSON = post == NULL ? NULL : json_parse(a->spans, e);
	if (spans == NULL || post_from_json(post, &ret->post, e) != 0 ||
	    alert_spans_from_json(spans, ret->arena, &ret->spans, e) != 0) {
		composed_release(ret);
		return -1;
	}
	char id[ENGINE_ID_MAX];
	ret->alert = (struct alert){
		.id = arena_str(ret->arena, str_c(engine_id(id, g, "alr", a->row))),
		.watch = arena_str(ret->arena, a->watch),
		.query = arena_str(ret->arena, a->query),
		.event = (enum alert_event)a->event,
		.post = ret->post,
		.spans = &ret->spans,
		.created_unix_ms = a->created_unix_ms,
		.time_zone = g->world->config->daemon.time_zone,
	};
	return 0;
}

struct transfer *outbox_transfer(struct engine *g, struct world_channel *c, const struct alert *a, struct err *e)
{
	const struct config_daemon *d = &g->world->config->daemon;
	struct transfer *t = NULL;
	if (channel_compose(&c->channel, a, g->now.unix_ms, &t, e) != 0)
		return NULL;
	t->allow_all_networks = c->settings.allow_private;
	t->proxy = str_empty(d->proxy) || t->kind != TRANSFER_HTTP ? STR_NULL : arena_str(t->arena, d->proxy);
	if (!str_empty(d->ca_file))
		t->ca_file = arena_str(t->arena, d->ca_file);
	t->connect_ms = d->connect_timeout_ms;
	if (t->total_ms == 0 || t->total_ms > d->total_timeout_ms)
		t->total_ms = d->total_timeout_ms;
	return t;
}

/* --- results --- */

static int write_verdict(struct engine *g, const struct store_delivery *d, struct err *e)
{
	if (store_delivery_update(g->store, d, e) != 0)
		return -1;
	engine_event(g, "delivery", engine_delivery_json(g, d));
	return 0;
}

/* Kept until a commit holds it: the network does not say it twice. */
static void save(struct engine *g, const struct store_delivery *d)
{
	if (g->verdicts_arena == NULL)
		g->verdicts_arena = arena_new(VERDICTS_ARENA_MAX);
	struct store_delivery copy = *d;
	copy.channel = arena_str(g->verdicts_arena, d->channel);
	copy.error = arena_str(g->verdicts_arena, d->error);
	vec_push(&g->verdicts, copy);
	struct err e = { 0 };
	if (g->batch_open && write_verdict(g, d, &e) != 0)
		engine_store_failed(g, &e);
}

int outbox_write_verdicts(struct engine *g, struct err *e)
{
	for (size_t i = 0; i < g->verdicts.n; i++)
		if (write_verdict(g, &g->verdicts.v[i], e) != 0)
			return -1;
	return 0;
}

void outbox_forget_verdicts(struct engine *g)
{
	arena_free(g->verdicts_arena);
	g->verdicts_arena = NULL;
	vec_free(&g->verdicts);
}

static struct store_delivery row_of(const struct engine *g, const struct world_channel *c, const struct outbox_item *item)
{
	return (struct store_delivery){ .row = item->row, .alert_row = item->alert_row, .channel = c->settings.name,
		                        .attempts = item->attempts, .created_unix_ms = item->created_unix_ms,
		                        .changed_unix_ms = g->now.unix_ms, .next_unix_ms = g->now.unix_ms };
}

static void dead(struct engine *g, struct world_channel *c, struct outbox_item *item, struct str why)
{
	struct store_delivery d = row_of(g, c, item);
	d.state = STORE_DEAD;
	d.error = why;
	char id[ENGINE_ID_MAX];
	log_err("delivery.dead", "id=%s channel=%s attempts=%lld error=%s", engine_id(id, g, "dlv", d.row),
	        LOG_Q(c->settings.name), (long long)d.attempts, LOG_Q(why));
	g->figures.dead++;
	save(g, &d);
	mem_free(item);
}

static void delivered(struct engine *g, struct world_channel *c, struct outbox_item *item, const struct reply *r)
{
	struct store_delivery d = row_of(g, c, item);
	d.state = STORE_DELIVERED;
	char id[ENGINE_ID_MAX];
	if (c->alarm_unix_ms != TIME_ABSENT)
		alarm_look(g);
	if (c->failures > 0 || c->broken)
		log_notice("channel.recovered", "channel=%s after_failures=%lld", LOG_Q(c->settings.name), (long long)c->failures);
	c->failures = 0;
	c->broken = false;
	strbuf_reset(&c->last_error);
	log_info("delivery.done", "id=%s channel=%s attempts=%lld ms=%lld", engine_id(id, g, "dlv", d.row),
	         LOG_Q(c->settings.name), (long long)d.attempts, (long long)(r->elapsed_us / 1000));
	g->figures.delivered++;
	save(g, &d);
	mem_free(item);
}

/* Tried again later; the whole channel is closed until then, by its own count of failures, since the
 * next alert would fail as this one did. */
static void later(struct engine *g, struct world_channel *c, struct outbox_item *item, const struct reply *r, struct str why,
                  bool broken)
{
	struct store_delivery d = row_of(g, c, item);
	int64_t demanded = retry_after_ms(reply_header(r, "retry-after"), g->now.unix_ms);
	int64_t wait = broken ? BROKEN_RETRY_MS :
	        retry_delay_ms((int)(d.attempts > 100 ? 100 : d.attempts), engine_random(g), demanded);
	int64_t closed = broken ? BROKEN_RETRY_MS :
	        retry_delay_ms((int)(c->failures > 99 ? 100 : c->failures + 1), engine_random(g), demanded);
	if (!broken && d.attempts >= ATTEMPTS_MIN && g->now.mono_ms >= item->old_mono_ms) {
		dead(g, c, item, why);
	} else {
		d.next_unix_ms = g->now.unix_ms + wait;
		d.error = why;
		heap_set(&c->retries, &item->due, g->now.mono_ms + wait);
		save(g, &d);
	}
	c->open_mono_ms = g->now.mono_ms + (closed < wait ? closed : wait);
	bool news = c->failures == 0 || c->broken != broken || !str_eq(strbuf_str(&c->last_error), why);
	c->failures++;
	c->broken = broken;
	if (c->alarm_unix_ms == TIME_ABSENT)
		alarm_look(g);
	strbuf_reset(&c->last_error);
	strbuf_add(&c->last_error, why);
	g->figures.attempts_failed++;
	char in[48];
	(void)num_format_duration(in, sizeof in, wait - wait % 1000);
	if (broken && news)
		log_err("channel.broken", "channel=%s error=%s retry_in=%s", LOG_Q(c->settings.name), LOG_Q(why), in);
	else if (news)
		log_warning("delivery.failed", "channel=%s attempts=%lld error=%s retry_in=%s", LOG_Q(c->settings.name),
		            (long long)d.attempts, LOG_Q(why), in);
}

static void why_not(const struct reply *r, struct strbuf *why)
{
	if (r->outcome != REPLY_OK)
		strbuf_add(why, str_present(r->error) ? r->error : STR("no answer"));
	else
		strbuf_addf(why, "answered %d", r->status);
}

void outbox_done(struct engine *g, struct flight *f, struct reply *r)
{
	g->deliveries_in_flight--;
	struct outbox_item *item = f->item;
	f->item = NULL;
	struct world_channel *c = world_channel(g->world, f->channel_name);
	if (f->abandoned || c == NULL) {
		mem_free(item);
		return;
	}
	c->in_flight--;
	int64_t open = g->now.mono_ms + spacing_of(c);
	if (c->open_mono_ms < open)
		c->open_mono_ms = open;
	if (r->outcome == REPLY_CANCELLED) { /* shutting down: it stays waiting, as the database says */
		mem_free(item);
		return;
	}
	item->attempts++;
	c->tried = true;
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(ERROR_MAX);
	why_not(r, &why);
	switch (channel_judge(&c->channel, r)) {
	case VERDICT_DELIVERED:
		delivered(g, c, item, r);
		break;
	case VERDICT_LATER:
		later(g, c, item, r, strbuf_str(&why), false);
		break;
	case VERDICT_BROKEN:
		later(g, c, item, r, strbuf_str(&why), true);
		break;
	case VERDICT_NEVER:
		dead(g, c, item, strbuf_str(&why));
		break;
	}
	outbox_schedule(g, c);
}

/* --- starting --- */

/* An alert that cannot be told as this channel wants it is a dead letter at once. */
static void start(struct engine *g, struct world_channel *c, struct outbox_item *item)
{
	OWNED(arena) struct arena *arena = arena_new(ALERT_ARENA_MAX);
	struct store_alert row;
	struct composed composed = { 0 };
	struct err e = { 0 };
	bool found = false;
	if (store_alert_get(g->store, item->alert_row, arena, &row, &found, &e) != 0) {
		engine_store_failed(g, &e);
		mem_free(item);
		return;
	}
	struct transfer *t = NULL;
	if (!found)
		(void)err_set(&e, ERR_SYSTEM, "the alert is not in the database");
	else if (outbox_read_alert(g, &row, &composed, &e) == 0) {
		char id[ENGINE_ID_MAX];
		composed.alert.delivery_id = arena_str(composed.arena, str_c(engine_id(id, g, "dlv", item->row)));
		t = outbox_transfer(g, c, &composed.alert, &e);
	}
	composed_release(&composed);
	if (t == NULL) {
		dead(g, c, item, str_c(e.message));
		return;
	}
	struct flight *f = engine_start(g, FLIGHT_DELIVERY, t);
	f->channel_name = arena_str(f->arena, c->settings.name);
	f->item = item;
	c->in_flight++;
	g->deliveries_in_flight++;
	c->open_mono_ms = g->now.mono_ms + spacing_of(c);
}

void outbox_run(struct engine *g)
{
	while (!g->stopping && !g->batch_failed && g->deliveries_in_flight < DELIVERIES_MAX) {
		struct heap_node *n = heap_top(&g->due_channels);
		if (n == NULL || n->key > g->now.mono_ms)
			return;
		struct world_channel *c = channel_of(n);
		struct outbox_item *item = take_next(g, c);
		if (item != NULL)
			start(g, c, item);
		outbox_schedule(g, c);
	}
}

/* --- a new world --- */

struct adoption {
	struct engine *g;
	VEC(struct store_delivery) orphans;
};

static bool find_orphan(void *ctx, const struct store_delivery *d)
{
	struct adoption *a = ctx;
	if (world_channel(a->g->world, d->channel) == NULL) {
		struct store_delivery copy = *d;
		copy.channel = arena_str(a->g->arena, d->channel);
		vec_push(&a->orphans, copy);
	}
	return true;
}

int outbox_bury_orphans(struct engine *g)
{
	struct adoption a = { .g = g };
	struct err e = { 0 };
	int r = store_delivery_each(g->store, STORE_WAITING, STR_NULL, 0, INT32_MAX, find_orphan, &a, &e);
	for (size_t i = 0; i < a.orphans.n && r == 0; i++) {
		struct store_delivery *d = &a.orphans.v[i];
		d->state = STORE_DEAD;
		d->changed_unix_ms = g->now.unix_ms;
		d->error = STR("its channel does not exist any more");
		log_err("delivery.dead", "channel=%s error=\"its channel does not exist any more\"", LOG_Q(d->channel));
		r = store_delivery_update(g->store, d, &e);
	}
	vec_free(&a.orphans);
	if (r != 0)
		engine_store_failed(g, &e);
	return r;
}

/* Deliveries that are under way already must not start a second time from the new world's queue. */
static bool under_way(const struct engine *g, const struct world_channel *c, int64_t row)
{
	for (struct map_iter it = { 0 }; map_next(g->flights, &it);) {
		const struct flight *f = it.value;
		if (f->kind == FLIGHT_DELIVERY && !f->abandoned && f->item->row == row && str_eq(f->channel_name, c->settings.name))
			return true;
	}
	return false;
}

/* From the database's times to those of this process; a clock that was set back since then delays nothing. */
static void adopt_times(struct engine *g, struct world_channel *c, struct outbox_item *item, int64_t due_unix_ms)
{
	int64_t age = g->now.unix_ms - item->created_unix_ms;
	item->old_mono_ms = g->now.mono_ms + RETRY_GIVE_UP_MS - (age > 0 ? age : 0);
	if (item->attempts == 0)
		return;
	bool set_back = item->tried_unix_ms > g->now.unix_ms;
	int64_t wait = due_unix_ms - (set_back ? item->tried_unix_ms : g->now.unix_ms);
	heap_set(&c->retries, &item->due, g->now.mono_ms + (wait > 0 ? wait : 0));
}

static void adopt(struct engine *g, struct world_channel *c)
{
	VEC(struct outbox_item *) items = { 0 };
	for (size_t i = c->fresh_head; i < c->fresh.n; i++)
		vec_push(&items, c->fresh.v[i]);
	vec_free(&c->fresh);
	c->fresh_head = 0;
	c->in_flight = 0;
	for (size_t i = 0; i < items.n; i++)
		if (g->deliveries_in_flight > 0 && under_way(g, c, items.v[i]->row)) {
			c->in_flight++;
			mem_free(items.v[i]);
		} else {
			adopt_times(g, c, items.v[i], 0);
			vec_push(&c->fresh, items.v[i]);
		}
	vec_clear(&items);
	for (struct heap_node *n; (n = heap_top(&c->retries)) != NULL;) {
		struct outbox_item *item = item_of(n);
		heap_remove(&c->retries, n);
		if (g->deliveries_in_flight > 0 && under_way(g, c, item->row)) {
			c->in_flight++;
			mem_free(item);
			continue;
		}
		vec_push(&items, item);
	}
	for (size_t i = 0; i < items.n; i++)
		adopt_times(g, c, items.v[i], items.v[i]->due.key);
	vec_free(&items);
	outbox_schedule(g, c);
}

int outbox_adopt(struct engine *g)
{
	if (outbox_bury_orphans(g) != 0)
		return -1;
	for (struct map_iter it = { 0 }; map_next(g->world->channels, &it);)
		adopt(g, it.value);
	return 0;
}
