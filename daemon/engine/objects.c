/* SPDX-License-Identifier: ISC */
/*
 * Objects of the API: checked, written to the database, put into the world.  A change happens in
 * place, so that the queue of a channel and the cursor of a source stay what they are.  And the JSON
 * in which all objects are shown.
 */
#include "engine/internal.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/url.h"

#define OBJECT_JSON_MAX (1 << 20)

static int put(struct engine *g, enum store_kind kind, struct str name, const json_t *written, struct err *e)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(OBJECT_JSON_MAX);
	json_dump(&b, written, false);
	if (b.toobig)
		return err_set(e, ERR_LIMIT, "the object is larger than %d bytes", OBJECT_JSON_MAX);
	return engine_check(g, store_object_put(g->store, kind, name, strbuf_str(&b), e), e);
}

json_t *engine_written(struct engine *g, enum store_kind kind, struct str name)
{
	OWNED(arena) struct arena *arena = arena_new(2 * OBJECT_JSON_MAX);
	struct str text;
	struct err e = { 0 };
	bool found = false;
	if (engine_check(g, store_object_get(g->store, kind, name, arena, &text, &found, &e), &e) != 0 || !found)
		return NULL;
	return json_parse(text, &e);
}

static json_t *watch_written(const struct config_watch *s)
{
	json_t *j = config_watch_to_json(s);
	json_set_text(j, "name", s->name);
	return j;
}

/* --- watches --- */

int engine_add_watch(struct engine *g, struct now now, const struct config_watch *s, struct arena *arena,
                     struct world_watch **ret, struct err *e)
{
	(void)now;
	json_t *written OWNED_JSON = watch_written(s);
	struct world_watch *w = NULL;
	if (world_add_watch(g->world, s, arena, ORIGIN_API, &w, e) != 0)
		return -1;
	if (put(g, STORE_WATCH, s->name, written, e) != 0) {
		w->arena = NULL;
		world_remove_watch(g->world, w);
		return -1;
	}
	log_notice("watch.added", "watch=%s query=%s", LOG_Q(s->name), LOG_Q(s->query));
	*ret = w;
	return 0;
}

int engine_change_watch(struct engine *g, struct now now, struct world_watch *old, const struct config_watch *s,
                        struct arena *arena, struct world_watch **ret, struct err *e)
{
	(void)now;
	json_t *written OWNED_JSON = watch_written(s);
	struct query *q = NULL;
	AUTO(world_requery) struct world_requery others = { 0 };
	if (world_plan_watch(g->world, s->name, s->query, &q, &others, e) != 0)
		return -1;
	if (put(g, STORE_WATCH, s->name, written, e) != 0) {
		query_free(q);
		return -1;
	}
	world_set_query(g->world, old, q, s->paused);
	arena_free(old->arena);
	old->on = world_events_of(&s->on);
	old->settings = *s;
	old->arena = arena;
	world_do_requery(g->world, &others);
	log_notice("watch.changed", "watch=%s query=%s paused=%s", LOG_Q(s->name), LOG_Q(s->query), s->paused ? "yes" : "no");
	*ret = old;
	return 0;
}

int engine_remove_watch(struct engine *g, struct world_watch *w, struct err *e)
{
	AUTO(world_requery) struct world_requery others = { 0 };
	if (world_plan_watch(g->world, w->settings.name, STR_NULL, NULL, &others, e) != 0)
		return -1;
	if (engine_check(g, store_object_remove(g->store, STORE_WATCH, w->settings.name, e), e) != 0)
		return -1;
	log_notice("watch.removed", "watch=%s", LOG_Q(w->settings.name));
	world_remove_watch(g->world, w);
	return 0;
}

/* --- people --- */

static int put_person(struct engine *g, const struct world_person *p, struct err *e)
{
	json_t *written OWNED_JSON = config_person_to_json(&p->settings);
	json_set_text(written, "name", p->settings.name);
	if (put(g, STORE_PERSON, p->settings.key, written, e) != 0)
		return -1;
	for (size_t i = 0; i < p->in_queries.n_accounts; i++) {
		const struct person_account *a = &p->accounts[i];
		if (!str_empty(a->known.id) &&
		    engine_check(g, store_account_put(g->store, p->settings.key, a->name, &a->known, e), e) != 0)
			return -1;
	}
	return 0;
}

static int forget_person(struct engine *g, const struct world_person *p, struct err *e)
{
	if (engine_check(g, store_object_remove(g->store, STORE_PERSON, p->settings.key, e), e) != 0)
		return -1;
	return engine_check(g, store_account_forget(g->store, p->settings.key, e), e);
}

/* In place of `gone`, which may be NULL: the watches that name either are read anew. */
static int put_in_place(struct engine *g, struct world_person *gone, struct world_person *n, struct err *e)
{
	struct people *people = &g->world->people;
	AUTO(world_requery) struct world_requery others = { 0 };
	const struct world_person *there = people_get(people, n->settings.key);
	if (there != NULL && there != gone)
		return err_set(e, ERR_CONFIG, "person \"%.*s\" exists already: choose another name", STR_ARG(n->settings.key));
	if (people_check(people, n, gone, e) != 0 || world_plan_person(g->world, gone, n, &others, e) != 0)
		return -1;
	if ((gone != NULL && forget_person(g, gone, e) != 0) || put_person(g, n, e) != 0)
		return -1;
	if (gone != NULL)
		people_remove(people, gone);
	people_add(people, n);
	world_do_requery(g->world, &others);
	world_person_free(gone);
	return 0;
}

int engine_add_person(struct engine *g, const struct config_person *s, struct arena *arena, struct world_person **ret,
                      struct err *e)
{
	OWNED(world_person) struct world_person *n = NULL;
	if (person_new(s, NULL, ORIGIN_API, &n, e) != 0 || put_in_place(g, NULL, n, e) != 0)
		return -1;
	n->arena = arena;
	log_notice("person.added", "person=%s accounts=%zu", LOG_Q(s->key), s->accounts.list.n);
	*ret = take(n);
	return 0;
}

int engine_change_person(struct engine *g, struct world_person *old, const struct config_person *s, struct arena *arena,
                         struct world_person **ret, struct err *e)
{
	OWNED(world_person) struct world_person *n = NULL;
	if (person_new(s, NULL, ORIGIN_API, &n, e) != 0)
		return -1;
	person_inherit(n, old);
	if (put_in_place(g, old, n, e) != 0)
		return -1;
	n->arena = arena;
	log_notice("person.changed", "person=%s accounts=%zu", LOG_Q(s->key), s->accounts.list.n);
	*ret = take(n);
	return 0;
}

int engine_remove_person(struct engine *g, struct world_person *p, struct err *e)
{
	for (struct map_iter it = { 0 }; map_next(g->world->askers, &it);)
		if (world_asks_for(it.value, p))
			return err_set(e, ERR_CONFIG, "person \"%.*s\" is asked for by watch \"%.*s\": change that first",
			               STR_ARG(p->settings.key), STR_ARG(it.key));
	if (forget_person(g, p, e) != 0)
		return -1;
	log_notice("person.removed", "person=%s", LOG_Q(p->settings.key));
	people_remove(&g->world->people, p);
	world_person_free(p);
	return 0;
}

/* --- channels --- */

int engine_add_channel(struct engine *g, struct now now, const struct config_channel *s, struct arena *arena,
                       json_t *as_written, struct world_channel **ret, struct err *e)
{
	(void)now;
	struct world_channel *c = NULL;
	if (world_add_channel(g->world, s, arena, ORIGIN_API, &c, e) != 0)
		return -1;
	if (put(g, STORE_CHANNEL, s->name, as_written, e) != 0) {
		c->arena = NULL;
		world_remove_channel(g->world, c);
		return -1;
	}
	alarm_look(g);
	log_notice("channel.added", "channel=%s type=%s", LOG_Q(s->name), LOG_Q(s->type));
	*ret = c;
	return 0;
}

int engine_change_channel(struct engine *g, struct now now, struct world_channel *old, const struct config_channel *s,
                          struct arena *arena, json_t *as_written, struct world_channel **ret, struct err *e)
{
	(void)now;
	struct channel c = { .type = channel_type_find(s->type), .name = s->name, .url = s->url, .secret = s->secret,
		             .settings = s->settings };
	if (c.type == NULL)
		return err_set(e, ERR_INPUT, "channel type \"%.*s\" is not known", STR_ARG(s->type));
	if (c.type->check != NULL && c.type->check(&c, e) != 0)
		return -1;
	if (put(g, STORE_CHANNEL, s->name, as_written, e) != 0)
		return -1;
	struct arena *before = old->arena;
	old->settings = *s;
	old->channel = c;
	old->arena = arena;
	arena_free(before);
	outbox_reopen(g, old); /* what was wrong may be what was changed */
	log_notice("channel.changed", "channel=%s paused=%s", LOG_Q(s->name), s->paused ? "yes" : "no");
	*ret = old;
	return 0;
}

static bool named_by_a_watch(const struct engine *g, struct str channel, struct str *ret_watch)
{
	for (struct map_iter it = { 0 }; map_next(g->world->watches, &it);) {
		const struct world_watch *w = it.value;
		for (size_t i = 0; i < w->settings.channels.list.n; i++)
			if (str_eq(w->settings.channels.list.v[i], channel)) {
				*ret_watch = w->settings.name;
				return true;
			}
	}
	return false;
}

static void cancel_flights(struct engine *g, enum flight_kind kind, struct str name)
{
	for (struct map_iter it = { 0 }; map_next(g->flights, &it);) {
		struct flight *f = it.value;
		if (f->kind == kind && str_eq(kind == FLIGHT_POLL ? f->source_name : f->channel_name, name))
			engine_cancel(g, f);
	}
}

int engine_remove_channel(struct engine *g, struct now now, struct world_channel *c, struct err *e)
{
	(void)now;
	struct str watch;
	if (named_by_a_watch(g, c->settings.name, &watch))
		return err_set(e, ERR_CONFIG, "channel \"%.*s\" is named by watch \"%.*s\": change that first",
		               STR_ARG(c->settings.name), STR_ARG(watch));
	if (engine_check(g, store_object_remove(g->store, STORE_CHANNEL, c->settings.name, e), e) != 0)
		return -1;
	if (engine_check(g, store_alarm_set(g->store, STORE_CHANNEL, c->settings.name, TIME_ABSENT, e), e) != 0)
		return -1;
	log_notice("channel.removed", "channel=%s", LOG_Q(c->settings.name));
	cancel_flights(g, FLIGHT_DELIVERY, c->settings.name);
	heap_remove(&g->due_channels, &c->due);
	world_remove_channel(g->world, c);
	return outbox_bury_orphans(g); /* what waited for it becomes dead letters */
}

/* --- sources --- */

int engine_add_source(struct engine *g, struct now now, const struct config_source *s, struct arena *arena,
                      json_t *as_written, struct world_source **ret, struct err *e)
{
	(void)now;
	struct world_source *w = NULL;
	if (world_add_source(g->world, s, arena, ORIGIN_API, &w, e) != 0)
		return -1;
	if (put(g, STORE_SOURCE, s->name, as_written, e) != 0) {
		w->arena = NULL;
		world_remove_source(g->world, w);
		return -1;
	}
	AUTO(strbuf) struct strbuf shown = STRBUF_INIT(2 * URL_MAX);
	url_redact(&shown, s->url, false);
	log_notice("source.added", "source=%s type=%s url=%s", LOG_Q(s->name), LOG_Q(s->type), LOG_Q(strbuf_str(&shown)));
	poller_schedule(g, w);
	*ret = w;
	return 0;
}

static int forget(struct engine *g, struct world_source *s, struct err *e)
{
	cancel_flights(g, FLIGHT_POLL, s->settings.name);
	s->transfer_id = s->context_id = 0;
	s->waiting = 0;
	if (s->waiter != 0)
		engine_problem(g, s->waiter, 409, 0, "the source was changed or removed meanwhile");
	s->waiter = 0;
	s->alarm_unix_ms = TIME_ABSENT;
	if (engine_check(g, store_alarm_set(g->store, STORE_SOURCE, s->settings.name, TIME_ABSENT, e), e) != 0)
		return -1;
	if (engine_check(g, store_wait_forget(g->store, s->settings.name, e), e) != 0)
		return -1;
	return engine_check(g, store_source_forget(g->store, s->settings.name, e), e);
}

int engine_change_source(struct engine *g, struct now now, struct world_source *old, const struct config_source *s,
                         struct arena *arena, json_t *as_written, struct world_source **ret, struct err *e)
{
	(void)now;
	AUTO(strbuf) struct strbuf base = STRBUF_INIT(URL_MAX);
	struct source made;
	if (world_make_source(g->world, s, &base, &made, e) != 0 || put(g, STORE_SOURCE, s->name, as_written, e) != 0)
		return -1;
	uint64_t identity = world_source_identity(s);
	poller_unschedule(g, old);
	if (identity != old->kept.hash) { /* another document: new baseline, no validators */
		if (forget(g, old, e) != 0)
			return -1;
		old->kept = (struct store_source){ .hash = identity, .success_unix_ms = TIME_ABSENT,
			                           .polled_unix_ms = TIME_ABSENT, .news_unix_ms = TIME_ABSENT };
		strbuf_reset(&old->kept_title);
	}
	cancel_flights(g, FLIGHT_POLL, s->name); /* what is under way was asked with the old settings */
	old->transfer_id = old->beside_id = 0;
	old->streaming = false;
	struct arena *before = old->arena;
	struct strbuf base_before = old->base;
	mem_free(old->source.state);
	old->settings = *s;
	old->arena = arena;
	old->base = base;
	base = base_before;
	old->source = made;
	old->source.name = old->settings.name;
	old->source.url = world_source_url(old);
	old->source.cursor = old->kept.cursor;
	if (made.type != NULL && made.type->state_size > 0)
		old->source.state = mem_alloc(made.type->state_size);
	arena_free(before);
	g->world->watches_changed = true; /* what it reads for them is to be found anew */
	poller_schedule(g, old);
	alarm_look(g);
	log_notice("source.changed", "source=%s paused=%s", LOG_Q(s->name), s->paused ? "yes" : "no");
	*ret = old;
	return 0;
}

int engine_remove_source(struct engine *g, struct world_source *s, struct err *e)
{
	if (engine_check(g, store_object_remove(g->store, STORE_SOURCE, s->settings.name, e), e) != 0 || forget(g, s, e) != 0)
		return -1;
	log_notice("source.removed", "source=%s", LOG_Q(s->settings.name));
	poller_unschedule(g, s);
	websub_gone(g, s);
	world_remove_source(g->world, s);
	return 0;
}

/* --- deliveries --- */

int engine_retry_delivery(struct engine *g, struct now now, struct store_delivery *d, struct err *e)
{
	struct world_channel *c = world_channel(g->world, d->channel);
	if (c == NULL)
		return err_set(e, ERR_CONFIG, "channel \"%.*s\" does not exist any more: add it again first", STR_ARG(d->channel));
	bool waiting = d->state == STORE_WAITING;
	d->state = STORE_WAITING;
	d->next_unix_ms = d->changed_unix_ms = now.unix_ms;
	if (engine_check(g, store_delivery_update(g->store, d, e), e) != 0)
		return -1;
	if (waiting) { /* in the queue or under way: let what waits go now */
		for (size_t i = 0; i < c->retries.n; i++) {
			struct outbox_item *item = (void *)((char *)c->retries.v[i] - offsetof(struct outbox_item, due));
			if (item->row == d->row) {
				heap_set(&c->retries, &item->due, now.mono_ms);
				break;
			}
		}
	} else {
		outbox_add(g, c, d->row, d->alert_row);
	}
	c->open_mono_ms = now.mono_ms;
	outbox_schedule(g, c);
	return 0;
}

/* --- JSON --- */

json_t *engine_time_json(int64_t unix_ms)
{
	char buf[DATE_TEXT_MAX];
	return unix_ms == TIME_ABSENT ? json_null() : json_text(str_c(date_rfc3339(buf, unix_ms)));
}

static void set_origin(json_t *j, enum origin origin, struct str where)
{
	json_set_text(j, "origin", str_c(origin_name(origin)));
	json_set_text(j, "where", origin == ORIGIN_CONFIG ? where : STR_NULL);
}

/* `first` and then what config/ says of the settings. */
static json_t *with_settings(json_t *first, json_t *settings)
{
	json_object_update_missing(first, settings);
	json_decref(settings);
	return first;
}

static const char *source_state(const struct world_source *s)
{
	if (str_present(s->kept.stopped))
		return "stopped";
	if (s->settings.paused)
		return "paused";
	if (str_present(s->kept.last_error))
		return "failing";
	return s->kept.success_unix_ms == TIME_ABSENT ? "new" : "ok";
}

json_t *engine_source_json(struct engine *g, const struct world_source *s, struct now now)
{
	json_t *j = json_object();
	json_set_text(j, "name", s->settings.name);
	json_set_text(j, "type", s->source.type != NULL ? str_c(s->source.type->name) : s->settings.type);
	with_settings(j, config_source_to_json(&s->settings, &g->types.types));
	if (!str_empty(s->kept.url)) {
		AUTO(strbuf) struct strbuf shown = STRBUF_INIT(2 * URL_MAX);
		url_redact(&shown, s->kept.url, false);
		json_set_text(j, "moved_to", strbuf_str(&shown));
	}
	set_origin(j, s->origin, s->settings.where);
	json_set_text(j, "title", s->kept_title.len > 0 ? strbuf_str(&s->kept_title) : STR_NULL);
	json_set_text(j, "state", str_c(source_state(s)));
	json_set_bool(j, "polling", s->transfer_id != 0 && !s->streaming);
	json_set_bool(j, "streaming", s->streaming);
	json_set(j, "last_success", engine_time_json(s->kept.success_unix_ms));
	bool scheduled = heap_has(&s->due) || s->waiting_for_host;
	int64_t wait = scheduled ? s->due.key - now.mono_ms : 0;
	json_set(j, "last_poll", engine_time_json(s->kept.polled_unix_ms));
	bool polled = s->kept.polled_unix_ms != TIME_ABSENT;
	json_set(j, "last_status", polled && s->kept.polled_status > 0 ? json_integer(s->kept.polled_status) : json_null());
	json_set(j, "last_bytes", polled ? json_integer(s->kept.polled_bytes) : json_null());
	json_set(j, "last_posts", polled ? json_integer(s->kept.polled_posts) : json_null());
	json_set(j, "last_new", polled ? json_integer(s->kept.polled_new) : json_null());
	json_set(j, "next_poll", engine_time_json(scheduled ? now.unix_ms + (wait > 0 ? wait : 0) : TIME_ABSENT));
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(1000);
	poller_why(g, s, &why);
	json_set_text(j, "next_why", why.len > 0 ? strbuf_str(&why) : STR_NULL);
	json_set(j, "websub", websub_json(g, s));
	json_set_int(j, "failures", s->kept.failures);
	json_set_text(j, "last_error", s->kept.last_error);
	json_set(j, "last_news", engine_time_json(s->kept.news_unix_ms));
	const char *warning = config_source_warning(&s->settings);
	if (alarm_silent(g, s))
		warning = "it is read without fault, but gave nothing new for longer than it ever did, or than silence allows";
	else if (s->kept.overrun)
		warning = "every post of the last poll was new: others may have come and gone; poll it more often (every)";
	json_set_text(j, "warning", warning != NULL ? str_c(warning) : STR_NULL);
	return j;
}

json_t *engine_channel_json(struct engine *g, const struct world_channel *c)
{
	json_t *j = json_object();
	json_set_text(j, "name", c->settings.name);
	json_set_text(j, "type", c->settings.type);
	with_settings(j, config_channel_to_json(&c->settings, &g->types.types, c->channel.type->url_secret));
	set_origin(j, c->origin, c->settings.where);
	json_set_text(j, "state", c->settings.paused ? STR("paused") : c->broken ? STR("broken") : STR("ok"));
	json_set_text(j, "last_error", c->last_error.len > 0 ? strbuf_str(&c->last_error) : STR_NULL);
	json_set_int(j, "waiting", (int64_t)(c->fresh.n - c->fresh_head + c->retries.n) + c->in_flight);
	const char *warning = world_channel_warning(g->world, c);
	json_set_text(j, "warning", warning != NULL ? str_c(warning) : STR_NULL);
	return j;
}

static json_t *known_json(const struct world_person *p)
{
	json_t *list = json_array();
	for (size_t i = 0; i < p->in_queries.n_accounts; i++) {
		const struct person_account *a = &p->accounts[i];
		json_t *one = json_object();
		json_set_text(one, "account", a->name);
		json_set_text(one, "handle", str_empty(a->known.handle) ? a->handle : a->known.handle);
		json_set_text(one, "id", a->known.id);
		json_set_text(one, "before", a->known.before);
		json_set(one, "changed", engine_time_json(a->known.changed_unix_ms));
		json_array_append_new(list, one);
	}
	return list;
}

json_t *engine_person_json(const struct world_person *p)
{
	json_t *j = json_object();
	json_set_text(j, "name", p->settings.name);
	json_set_text(j, "key", p->settings.key);
	with_settings(j, config_person_to_json(&p->settings));
	json_set(j, "known", known_json(p));
	set_origin(j, p->origin, p->settings.where);
	return j;
}

json_t *engine_watch_json(struct engine *g, const struct world_watch *w)
{
	json_t *j = json_object();
	json_set_text(j, "name", w->settings.name);
	with_settings(j, config_watch_to_json(&w->settings));
	set_origin(j, w->origin, w->settings.where);
	AUTO(strbuf) struct strbuf warning = STRBUF_INIT(1000);
	world_watch_warning(g->world, w, &warning);
	json_set_text(j, "warning", warning.len > 0 ? strbuf_str(&warning) : STR_NULL);
	return j;
}

json_t *engine_alert_json(struct engine *g, const struct store_alert *a)
{
	struct composed c;
	struct err e = { 0 };
	if (outbox_read_alert(g, a, &c, &e) != 0)
		return json_null();
	json_t *j = alert_to_json(&c.alert);
	composed_release(&c);
	return j;
}

json_t *engine_delivery_json(struct engine *g, const struct store_delivery *d)
{
	char id[ENGINE_ID_MAX], alert[ENGINE_ID_MAX];
	json_t *j = json_object();
	json_set_text(j, "id", str_c(engine_id(id, g, "dlv", d->row)));
	json_set_text(j, "alert", str_c(engine_id(alert, g, "alr", d->alert_row)));
	json_set_text(j, "channel", d->channel);
	json_set_text(j, "state", str_c(store_delivery_state_name(d->state)));
	json_set_int(j, "attempts", d->attempts);
	json_set(j, "next", engine_time_json(d->state == STORE_WAITING ? d->next_unix_ms : TIME_ABSENT));
	json_set(j, "created", engine_time_json(d->created_unix_ms));
	json_set(j, "changed", engine_time_json(d->changed_unix_ms));
	json_set_text(j, "error", d->error);
	return j;
}

void objects_source_event(struct engine *g, const struct world_source *s)
{
	json_t *j = json_object();
	json_set_text(j, "source", s->settings.name);
	json_set_text(j, "state", str_c(source_state(s)));
	json_set_text(j, "error", s->kept.last_error);
	engine_event(g, "source", j);
}
