/* SPDX-License-Identifier: ISC */
/* The world: built from the YAML and the database, changed one object at a time by the API. */
#include "engine/world.h"

#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/url.h"

#define OBJECT_ARENA_MAX (1 << 20)
#define KEPT_ARENA_MAX (256 << 10)
#define TITLE_MAX 500
#define SESSION_MAX (64 << 10)
#define LAST_ERROR_MAX 500

static bool any_watch(void *ctx, struct str name, struct str *ret_query)
{
	(void)ctx;
	(void)name;
	*ret_query = STR("anything");
	return true;
}

static bool any_person(void *ctx, struct str name, struct query_person *ret, struct strbuf *why)
{
	static const struct query_account account = { .shown = { "x:somebody", 10 } };
	static const struct str somebody = { "somebody", 8 };
	(void)ctx;
	(void)name;
	(void)why;
	*ret = (struct query_person){ &somebody, &account, 1, 1 };
	return true;
}

/* By itself: whether there are the watches and people that it names is known when all of them are. */
static int check_query(struct str query, struct err *e)
{
	const struct query_names names = { .watch = any_watch, .person = any_person };
	OWNED(query) struct query *q = NULL;
	return query_parse_named(query, &names, &q, e);
}

/* --- names in queries --- */

/* As the world will be when one watch has this query; an absent one: when it is gone.  Or when a person comes or goes. */
struct outlook {
	const struct world *world;
	struct str watch, query;
	const struct world_person *gone, *new;
};

static bool named_watch(void *ctx, struct str name, struct str *ret_query)
{
	const struct outlook *o = ctx;
	const struct world_watch *w = world_watch(o->world, name);
	bool changed = str_present(o->watch) && str_eq(name, o->watch);
	*ret_query = changed ? o->query : w != NULL ? w->settings.query : STR_NULL;
	return str_present(*ret_query);
}

static bool named_person(void *ctx, struct str name, struct query_person *ret, struct strbuf *why)
{
	const struct outlook *o = ctx;
	return people_find(&o->world->people, name, o->gone, o->new, ret, why);
}

static int parse_in(const struct outlook *o, struct str self, struct str query, struct query **ret, struct err *e)
{
	const struct query_names names = { .ctx = (void *)(uintptr_t)o, .self = self, .watch = named_watch,
		                           .person = named_person };
	return query_parse_named(query, &names, ret, e);
}

int world_parse(const struct world *w, struct str query, struct query **ret, struct err *e)
{
	const struct outlook now = { .world = w };
	return parse_in(&now, STR_NULL, query, ret, e);
}

void world_requery_release(struct world_requery *r)
{
	for (size_t i = 0; i < r->list.n; i++)
		query_free(r->list.v[i].query);
	vec_free(&r->list);
}

static bool asks(const struct query *q)
{
	enum query_name kind;
	struct str name;
	size_t pos = 0;
	return query_name(q, &pos, &kind, &name);
}

/* Does the query ask for what changes? */
static bool concerns(const struct outlook *o, const struct query *q)
{
	enum query_name kind;
	struct str name;
	for (size_t pos = 0; query_name(q, &pos, &kind, &name);)
		if (kind == QUERY_WATCH ? str_present(o->watch) && str_eq(name, o->watch) :
			(o->gone != NULL && person_is_called(o->gone, name)) || (o->new != NULL && person_is_called(o->new, name)))
			return true;
	return false;
}

static int requery(const struct outlook *o, struct world_requery *ret, struct err *e)
{
	for (struct map_iter it = { 0 }; map_next(o->world->askers, &it);) {
		struct world_watch *w = it.value;
		struct query *q = NULL;
		if (!concerns(o, w->query) || (str_present(o->watch) && str_eq(w->settings.name, o->watch)))
			continue;
		if (parse_in(o, w->settings.name, w->settings.query, &q, e) != 0) {
			e->kind = ERR_CONFIG;
			e->column = 0;
			return err_wrap(e, "watch \"%.*s\" needs it", STR_ARG(w->settings.name));
		}
		vec_push(&ret->list, ((struct world_query){ w, q }));
	}
	return 0;
}

int world_plan_watch(const struct world *w, struct str name, struct str query, struct query **ret_query,
                     struct world_requery *ret, struct err *e)
{
	const struct outlook o = { .world = w, .watch = name, .query = query };
	struct query *q = NULL;
	if (str_present(query) && parse_in(&o, name, query, &q, e) != 0)
		return -1;
	if (requery(&o, ret, e) != 0) {
		query_free(q);
		return -1;
	}
	if (ret_query != NULL)
		*ret_query = q;
	return 0;
}

int world_plan_person(const struct world *w, const struct world_person *gone, const struct world_person *new,
                      struct world_requery *ret, struct err *e)
{
	const struct outlook o = { .world = w, .gone = gone, .new = new };
	return requery(&o, ret, e);
}

bool world_asks_for(const struct world_watch *watch, const struct world_person *p)
{
	return concerns(&(struct outlook){ .gone = p }, watch->query);
}

void world_set_query(struct world *w, struct world_watch *watch, struct query *q, bool paused)
{
	if (watch->query != NULL && !watch->settings.paused)
		matcher_remove(w->matcher, watch->handle);
	if (watch->query != NULL && asks(watch->query))
		map_remove(w->askers, watch->settings.name);
	query_free(watch->query);
	watch->query = q;
	watch->settings.paused = paused;
	watch->relations = query_relations(q);
	w->watches_changed = w->lookers_stale = true;
	if (asks(q))
		map_put(w->askers, watch->settings.name, watch);
	if (!paused)
		matcher_add(w->matcher, watch->handle, q);
}

void world_do_requery(struct world *w, struct world_requery *r)
{
	for (size_t i = 0; i < r->list.n; i++) {
		struct world_watch *watch = r->list.v[i].watch;
		world_set_query(w, watch, r->list.v[i].query, watch->settings.paused);
	}
	vec_free(&r->list);
}

void world_find_lookers(struct world *w)
{
	if (!w->lookers_stale)
		return;
	w->lookers_stale = false;
	vec_clear(&w->lookers);
	vec_clear(&w->looking);
	for (struct map_iter it = { 0 }; map_next(w->watches, &it);) {
		struct world_watch *watch = it.value;
		if (watch->relations == 0 || watch->settings.paused)
			continue;
		vec_push(&w->lookers, watch->query);
		vec_push(&w->looking, watch);
	}
}

void world_types_init(struct world_types *t)
{
	*t = (struct world_types){ 0 };
	size_t n = 0;
	for (const struct source_type *const *p = source_types(); *p != NULL && n < WORLD_TYPES_MAX - 1; p++)
		t->sources[n++] = (struct config_type){ .name = (*p)->name, .fields = (*p)->fields,
			.settings_size = (*p)->settings_size, .url_needed = !(*p)->url_optional,
			.url_schemes = (*p)->url_schemes ? (*p)->url_schemes
			                                 : (*p)->url_optional ? "http https" : "http https file",
			.account = (*p)->account };
	n = 0;
	for (const struct channel_type *const *p = channel_types(); *p != NULL && n < WORLD_TYPES_MAX - 1; p++)
		t->channels[n++] = (struct config_type){ .name = (*p)->name, .fields = (*p)->fields,
			.settings_size = (*p)->settings_size, .url_needed = (*p)->url_needed,
			.url_schemes = (*p)->url_schemes };
	t->types = (struct config_types){ .sources = t->sources, .channels = t->channels, .check_query = check_query,
		                      .check_account = people_check_account };
}

uint64_t world_source_identity(const struct config_source *s)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(16 << 10);
	strbuf_addf(&b, "%.*s %.*s", STR_ARG(s->type), STR_ARG(s->url));
	if (s->identity != 0)
		strbuf_addf(&b, " %llx", (unsigned long long)s->identity);
	return hash64(strbuf_str(&b));
}

static void account_free(struct world_account *a)
{
	arena_free(a->arena);
	strbuf_release(&a->session);
	mem_free(a);
}

static void source_free(struct world_source *s)
{
	strbuf_release(&s->base);
	strbuf_release(&s->stream_cursor);
	arena_free(s->arena);
	arena_free(s->kept_arena);
	arena_free(s->wanted_arena);
	strbuf_release(&s->kept_title);
	mem_free(s->source.state);
	mem_free(s);
}

static void channel_free(struct world_channel *c)
{
	for (size_t i = c->fresh_head; i < c->fresh.n; i++)
		mem_free(c->fresh.v[i]);
	vec_free(&c->fresh);
	for (struct heap_node *n; (n = heap_top(&c->retries)) != NULL;) {
		heap_remove(&c->retries, n);
		mem_free((char *)n - offsetof(struct outbox_item, due));
	}
	heap_release(&c->retries);
	strbuf_release(&c->last_error);
	arena_free(c->arena);
	mem_free(c);
}

static void watch_free(struct world_watch *w)
{
	query_free(w->query);
	arena_free(w->arena);
	mem_free(w);
}

void world_free(struct world *w)
{
	if (w == NULL)
		return;
	for (struct map_iter it = { 0 }; map_next(w->sources, &it);)
		source_free(it.value);
	for (struct map_iter it = { 0 }; map_next(w->channels, &it);)
		channel_free(it.value);
	matcher_free(w->matcher);
	for (struct map_iter it = { 0 }; map_next(w->watches, &it);)
		watch_free(it.value);
	for (struct map_iter it = { 0 }; map_next(w->accounts, &it);)
		account_free(it.value);
	map_free(w->accounts);
	map_free(w->sources);
	map_free(w->channels);
	map_free(w->watches);
	people_release(&w->people);
	map_free(w->askers);
	vec_free(&w->by_handle);
	vec_free(&w->lookers);
	vec_free(&w->looking);
	config_free(w->config);
	mem_free(w);
}

struct world_account *world_account(const struct world *w, struct str name)
{
	return map_get(w->accounts, name);
}

struct world_source *world_source(const struct world *w, struct str name)
{
	return map_get(w->sources, name);
}

struct world_channel *world_channel(const struct world *w, struct str name)
{
	return map_get(w->channels, name);
}

struct world_watch *world_watch(const struct world *w, struct str name)
{
	return map_get(w->watches, name);
}

/* "is taken by sources.yaml:3:5" or "is taken: added through the API". */
static int name_taken(const char *what, struct str name, enum origin there, struct str where, struct err *e)
{
	if (there == ORIGIN_CONFIG)
		return err_set(e, ERR_CONFIG, "%s \"%.*s\" exists already, at %.*s: choose another name", what, STR_ARG(name),
		               STR_ARG(where));
	return err_set(e, ERR_CONFIG, "%s \"%.*s\" exists already, added through monitorctl: choose another name or remove it",
	               what, STR_ARG(name));
}

int world_add_account(struct world *w, const struct config_account *s, struct arena *arena, enum origin origin,
                      struct world_account **ret, struct err *e)
{
	const struct world_account *there = world_account(w, s->name);
	if (there != NULL)
		return name_taken("account", s->name, there->origin, there->settings.where, e);
	struct world_account *n = mem_new(struct world_account);
	n->settings = *s;
	n->arena = arena;
	n->origin = origin;
	n->session = STRBUF_INIT(SESSION_MAX);
	n->alarm_unix_ms = TIME_ABSENT;
	n->account = (struct account){ .name = s->name, .type = s->type, .api = s->api, .username = s->username,
		                       .token = s->token };
	map_put(w->accounts, n->settings.name, n);
	*ret = n;
	return 0;
}

void world_log_in(struct world_account *a, struct str token, struct arena *arena)
{
	arena_free(a->arena);
	a->arena = arena;
	a->account.token = token;
	a->settings.hash = hash64_seeded(token, a->settings.hash);
	world_set_session(a, STR_NULL);
}

void world_set_session(struct world_account *a, struct str session)
{
	strbuf_reset(&a->session);
	strbuf_add(&a->session, session);
	a->account.session = a->session.len > 0 ? strbuf_str(&a->session) : STR_NULL;
}

struct str world_source_url(const struct world_source *s)
{
	return !str_empty(s->kept.url) ? s->kept.url : !str_empty(s->settings.url) ? s->settings.url : strbuf_str(&s->base);
}

int world_make_source(const struct world *w, const struct config_source *s, struct strbuf *base, struct source *ret,
                      struct err *e)
{
	struct source n = { .type = str_empty(s->type) ? NULL : source_type_find(s->type), .name = s->name, .url = s->url,
		            .settings = s->settings, .backfill_ms = s->backfill_ms };
	if (str_present(s->account)) {
		const struct world_account *a = world_account(w, s->account);
		if (a == NULL)
			return err_set(e, ERR_INPUT, "there is no account \"%.*s\"", STR_ARG(s->account));
		if (!str_eq(a->settings.type, s->type))
			return err_set(e, ERR_INPUT, "account \"%.*s\" is of type %.*s, not %.*s", STR_ARG(s->account),
			               STR_ARG(a->settings.type), STR_ARG(s->type));
		n.account = &a->account;
	}
	strbuf_reset(base);
	if (n.type != NULL && n.type->open != NULL && n.type->open(&n, base, e) != 0)
		return err_wrap(e, "source %.*s", STR_ARG(s->name));
	if (str_empty(n.url))
		n.url = strbuf_str(base);
	*ret = n;
	return 0;
}

int world_add_source(struct world *w, const struct config_source *s, struct arena *arena, enum origin origin,
                     struct world_source **ret, struct err *e)
{
	const struct world_source *there = world_source(w, s->name);
	if (there != NULL)
		return name_taken("source", s->name, there->origin, there->settings.where, e);
	struct world_source *n = mem_new(struct world_source);
	n->settings = *s;
	n->origin = origin;
	n->base = STRBUF_INIT(URL_MAX);
	n->stream_cursor = STRBUF_INIT(SESSION_MAX);
	n->kept_title = STRBUF_INIT(TITLE_MAX);
	n->kept_arena = arena_new(KEPT_ARENA_MAX);
	n->kept.success_unix_ms = n->kept.polled_unix_ms = n->kept.news_unix_ms = TIME_ABSENT;
	n->kept.hash = world_source_identity(s);
	n->alarm_unix_ms = TIME_ABSENT;
	if (world_make_source(w, s, &n->base, &n->source, e) != 0) {
		source_free(n);
		return -1;
	}
	if (n->source.type != NULL && n->source.type->state_size > 0)
		n->source.state = mem_alloc(n->source.type->state_size);
	n->arena = arena;
	map_put(w->sources, n->settings.name, n);
	w->watches_changed = true; /* this one may read what they look for */
	*ret = n;
	return 0;
}

int world_add_person(struct world *w, const struct config_person *s, struct arena *arena, enum origin origin,
                     struct world_person **ret, struct err *e)
{
	struct world_person *n = NULL;
	const struct world_person *there = people_get(&w->people, s->key);
	if (there != NULL)
		return name_taken("person", s->key, there->origin, there->settings.where, e);
	if (person_new(s, NULL, origin, &n, e) != 0)
		return -1;
	if (people_check(&w->people, n, NULL, e) != 0) {
		world_person_free(n);
		return -1;
	}
	n->arena = arena;
	people_add(&w->people, n);
	*ret = n;
	return 0;
}

int world_add_channel(struct world *w, const struct config_channel *s, struct arena *arena, enum origin origin,
                      struct world_channel **ret, struct err *e)
{
	const struct world_channel *there = world_channel(w, s->name);
	if (there != NULL)
		return name_taken("channel", s->name, there->origin, there->settings.where, e);
	struct channel c = { .type = channel_type_find(s->type), .name = s->name, .url = s->url, .secret = s->secret,
		             .settings = s->settings };
	if (c.type == NULL)
		return err_set(e, ERR_INPUT, "channel type \"%.*s\" is not known", STR_ARG(s->type));
	if (c.type->check != NULL && c.type->check(&c, e) != 0)
		return err_wrap(e, "channel %.*s", STR_ARG(s->name));
	struct world_channel *n = mem_new(struct world_channel);
	n->settings = *s;
	n->arena = arena;
	n->origin = origin;
	n->channel = c;
	n->last_error = STRBUF_INIT(LAST_ERROR_MAX);
	n->alarm_unix_ms = TIME_ABSENT;
	map_put(w->channels, n->settings.name, n);
	*ret = n;
	return 0;
}

/* Behind the last one that is in use. */
static void give_handle(struct world *w, struct world_watch *n)
{
	n->handle = w->by_handle.n;
	vec_push(&w->by_handle, n);
}

unsigned int world_events_of(const struct texts *on)
{
	unsigned int bits = 0;
	for (size_t i = 0; i < on->list.n; i++)
		for (enum alert_event event = ALERT_NEW; event < ALERT_EVENTS_N; event++)
			if (str_eq(on->list.v[i], str_c(alert_event_name(event))))
				bits |= 1u << event;
	return bits;
}

bool world_tells(const struct world_watch *watch, enum alert_event event)
{
	return watch->on >> event & 1;
}

/* Without its query: that may name watches that are not there yet. */
static int place_watch(struct world *w, const struct config_watch *s, struct arena *arena, enum origin origin,
                       struct world_watch **ret, struct err *e)
{
	const struct world_watch *there = world_watch(w, s->name);
	if (there != NULL)
		return name_taken("watch", s->name, there->origin, there->settings.where, e);
	struct world_watch *n = mem_new(struct world_watch);
	n->settings = *s;
	n->arena = arena;
	n->origin = origin;
	n->on = world_events_of(&s->on);
	give_handle(w, n);
	map_put(w->watches, n->settings.name, n);
	*ret = n;
	return 0;
}

int world_add_watch(struct world *w, const struct config_watch *s, struct arena *arena, enum origin origin,
                    struct world_watch **ret, struct err *e)
{
	const struct outlook now = { .world = w };
	struct query *q = NULL;
	if (parse_in(&now, s->name, s->query, &q, e) != 0)
		return -1;
	if (place_watch(w, s, arena, origin, ret, e) != 0) {
		query_free(q);
		return -1;
	}
	world_set_query(w, *ret, q, s->paused);
	return 0;
}

void world_remove_account(struct world *w, struct world_account *a)
{
	map_remove(w->accounts, a->settings.name);
	account_free(a);
}

void world_remove_source(struct world *w, struct world_source *s)
{
	map_remove(w->sources, s->settings.name);
	source_free(s);
}

void world_remove_channel(struct world *w, struct world_channel *c)
{
	map_remove(w->channels, c->settings.name);
	channel_free(c);
}

void world_remove_watch(struct world *w, struct world_watch *watch)
{
	if (!watch->settings.paused && watch->query != NULL)
		matcher_remove(w->matcher, watch->handle);
	w->by_handle.v[watch->handle] = NULL;
	w->watches_changed = w->lookers_stale = true;
	while (w->by_handle.n > 0 && w->by_handle.v[w->by_handle.n - 1] == NULL)
		w->by_handle.n--;
	map_remove(w->askers, watch->settings.name);
	map_remove(w->watches, watch->settings.name);
	watch_free(watch);
}

size_t world_channels_of(const struct world *w, const struct world_watch *watch,
                         struct world_channel *ret[static WORLD_CHANNELS_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < watch->settings.channels.list.n && n < WORLD_CHANNELS_MAX; i++) {
		struct world_channel *c = world_channel(w, watch->settings.channels.list.v[i]);
		if (c != NULL)
			ret[n++] = c;
	}
	if (n > 0)
		return n;
	struct world_channel *only = NULL;
	for (struct map_iter it = { 0 }; map_next(w->channels, &it) && n < WORLD_CHANNELS_MAX;) {
		only = it.value;
		if (only->settings.is_default)
			ret[n++] = only;
	}
	if (n == 0 && map_count(w->channels) == 1)
		ret[n++] = only;
	return n;
}

static bool is_tagged(const struct config_source *s, struct str tag)
{
	for (size_t i = 0; i < s->tags.list.n; i++)
		if (str_eq_nocase(s->tags.list.v[i], tag))
			return true;
	return false;
}

bool world_watches(const struct world_watch *watch, const struct config_source *source)
{
	const struct texts *names = &watch->settings.sources;
	for (size_t i = 0; i < names->list.n; i++) {
		struct str name = names->list.v[i];
		if (str_starts(name, STR("#")) ? is_tagged(source, str_from(name, 1)) : str_eq(name, source->name))
			return true;
	}
	return names->list.n == 0;
}

const char *world_channel_warning(const struct world *w, const struct world_channel *c)
{
	if (c->settings.is_default || c->settings.is_operator || map_count(w->channels) == 1)
		return NULL;
	for (struct map_iter it = { 0 }; map_next(w->watches, &it);) {
		const struct world_watch *watch = it.value;
		for (size_t i = 0; i < watch->settings.channels.list.n; i++)
			if (str_eq(watch->settings.channels.list.v[i], c->settings.name))
				return NULL;
	}
	return "no watch tells it: name it in a watch, or mark it as default";
}

static bool source_exists(const struct world *w, struct str name)
{
	if (!str_starts(name, STR("#")))
		return world_source(w, name) != NULL;
	for (struct map_iter it = { 0 }; map_next(w->sources, &it);)
		if (is_tagged(&((const struct world_source *)it.value)->settings, str_from(name, 1)))
			return true;
	return false;
}

size_t world_follows(const struct world_source *s)
{
	const struct source_type *t = s->source.type;
	return t != NULL && t->follows != NULL ? t->follows(&s->source) : 0;
}

bool world_names(const struct world_watch *watch, const struct config_source *source)
{
	return watch->settings.sources.list.n > 0 && world_watches(watch, source);
}

/* Sources that read what watches look for may have no words for what this one does. */
static void follow_warning(const struct world *w, const struct world_watch *watch, struct strbuf *out)
{
	for (struct map_iter it = { 0 }; map_next(w->sources, &it);) {
		const struct world_source *s = it.value;
		size_t most = world_follows(s);
		struct err e = { 0 };
		if (most > 0 && world_names(watch, &s->settings) && query_rules(watch->query, most, NULL, NULL, &e) != 0)
			strbuf_addf(out, "%ssource \"%.*s\" does not read for it: %s", out->len ? "; " : "",
			            STR_ARG(s->settings.name), e.message);
	}
}

void world_watch_warning(const struct world *w, const struct world_watch *watch, struct strbuf *out)
{
	struct world_channel *to[WORLD_CHANNELS_MAX];
	for (size_t i = 0; i < watch->settings.channels.list.n; i++)
		if (world_channel(w, watch->settings.channels.list.v[i]) == NULL)
			strbuf_addf(out, "%schannel \"%.*s\" does not exist", out->len ? "; " : "",
			            STR_ARG(watch->settings.channels.list.v[i]));
	for (size_t i = 0; i < watch->settings.sources.list.n; i++)
		if (!source_exists(w, watch->settings.sources.list.v[i]))
			strbuf_addf(out, "%ssource \"%.*s\" does not exist", out->len ? "; " : "",
			            STR_ARG(watch->settings.sources.list.v[i]));
	follow_warning(w, watch, out);
	if (world_channels_of(w, watch, to) == 0)
		strbuf_addf(out, "%snobody is told: name a channel, or mark one as default", out->len ? "; " : "");
	AUTO(strbuf) struct strbuf lint = STRBUF_INIT(400);
	query_lint(watch->query, "; ", &lint);
	if (lint.len > 0)
		strbuf_addf(out, "%s%s", out->len ? "; " : "", strbuf_cstr(&lint));
}

/* --- building --- */

struct build {
	struct world *world;
	const struct config_types *types;
	struct config_errors *errors;
	bool lenient;
	bool failed;
	enum store_kind kind;
};

static void complain(struct build *b, struct str where, const struct err *e)
{
	if (b->errors->arena == NULL)
		b->errors->arena = arena_new(OBJECT_ARENA_MAX);
	struct str line = str_present(where)
		? arena_fmt(b->errors->arena, "%.*s: %s", STR_ARG(where), e->message)
		: arena_fmt(b->errors->arena, "%s", e->message);
	vec_push(&b->errors->list, line);
}

/* A login gives the account of a file the token that it lacks; one that the file says itself goes before. */
static int add_login(struct build *b, const struct config_account *stored, struct arena *arena, struct err *e)
{
	struct world_account *there = world_account(b->world, stored->name), *n;
	if (there == NULL)
		return world_add_account(b->world, stored, arena, ORIGIN_API, &n, e);
	if (str_present(there->settings.token))
		arena_free(arena);
	else
		world_log_in(there, stored->token, arena);
	return 0;
}

static void add_stored(void *ctx, struct str name, struct str json)
{
	struct build *b = ctx;
	struct err e = { 0 };
	struct arena *arena = arena_new(OBJECT_ARENA_MAX);
	json_t *j OWNED_JSON = json_parse(json, &e);
	int r = j == NULL ? -1 : 0;
	struct config_account a;
	struct config_source s;
	struct config_channel c;
	struct config_person p;
	struct config_watch w;
	struct world_source *new_source;
	struct world_channel *new_channel;
	struct world_person *new_person;
	struct world_watch *new_watch;
	switch (b->kind) {
	case STORE_ACCOUNT:
		if (r == 0 && (r = config_account_from_json(j, b->types, arena, &a, &e)) == 0)
			r = add_login(b, &a, arena, &e);
		break;
	case STORE_SOURCE:
		if (r == 0 && (r = config_source_from_json(j, b->types, arena, &s, &e)) == 0)
			r = world_add_source(b->world, &s, arena, ORIGIN_API, &new_source, &e);
		break;
	case STORE_CHANNEL:
		if (r == 0 && (r = config_channel_from_json(j, b->types, arena, &c, &e)) == 0)
			r = world_add_channel(b->world, &c, arena, ORIGIN_API, &new_channel, &e);
		break;
	case STORE_PERSON:
		if (r == 0 && (r = config_person_from_json(j, b->types, arena, &p, &e)) == 0)
			r = world_add_person(b->world, &p, arena, ORIGIN_API, &new_person, &e);
		break;
	case STORE_WATCH:
		/* its query is read by parse_watches: once is enough of 100,000 */
		if (r == 0 && (r = config_watch_from_json(j, &(struct config_types){ 0 }, arena, &w, &e)) == 0)
			r = place_watch(b->world, &w, arena, ORIGIN_API, &new_watch, &e);
		break;
	}
	if (r == 0)
		return;
	arena_free(arena);
	static const char *const what[] = { [STORE_SOURCE] = "source", [STORE_WATCH] = "watch", [STORE_CHANNEL] = "channel",
		                             [STORE_ACCOUNT] = "account", [STORE_PERSON] = "person" };
	(void)err_wrap(&e, "%s \"%.*s\" of the database", what[b->kind], STR_ARG(name));
	complain(b, STR_NULL, &e);
	b->failed |= !b->lenient;
}

static int add_kept(struct world *w, struct store *store, struct err *e)
{
	for (struct map_iter it = { 0 }; map_next(w->accounts, &it);) {
		struct world_account *a = it.value;
		if (store_session_load(store, a->settings.name, a->settings.hash, &a->session, e) != 0)
			return -1;
		a->account.session = a->session.len > 0 ? strbuf_str(&a->session) : STR_NULL;
	}
	for (struct map_iter it = { 0 }; map_next(w->sources, &it);) {
		struct world_source *s = it.value;
		struct store_source kept;
		bool found = false;
		if (store_source_load(store, s->settings.name, s->kept_arena, &kept, &found, e) != 0)
			return -1;
		if (!found || kept.hash != s->kept.hash)
			continue;
		s->kept = kept;
		s->source.cursor = kept.cursor;
		s->source.url = world_source_url(s);
	}
	return 0;
}

static void add_known(void *ctx, struct str person, struct str account, const struct store_account *a)
{
	struct people *people = ctx;
	struct world_person *p = people_get(people, person);
	for (size_t i = 0; p != NULL && i < p->in_queries.n_accounts; i++)
		if (str_eq(p->accounts[i].name, account))
			people_learn(people, &p->accounts[i], a);
}

static void add_alarm(void *ctx, enum store_kind kind, struct str name, int64_t since_unix_ms)
{
	struct world_source *s = kind == STORE_SOURCE ? world_source(ctx, name) : NULL;
	struct world_channel *c = kind == STORE_CHANNEL ? world_channel(ctx, name) : NULL;
	if (s != NULL)
		s->alarm_unix_ms = since_unix_ms;
	if (c != NULL)
		c->alarm_unix_ms = since_unix_ms;
	struct world_account *a = kind == STORE_ACCOUNT ? world_account(ctx, name) : NULL;
	if (a != NULL)
		a->alarm_unix_ms = since_unix_ms;
}

static bool add_waiting(void *ctx, const struct store_delivery *d)
{
	struct world_channel *c = world_channel(ctx, d->channel);
	if (c == NULL)
		return true; /* outbox_adopt makes dead letters of them */
	struct outbox_item *item = mem_new(struct outbox_item);
	*item = (struct outbox_item){ .row = d->row, .alert_row = d->alert_row, .attempts = d->attempts,
		                      .created_unix_ms = d->created_unix_ms, .tried_unix_ms = d->changed_unix_ms };
	/* Those that failed before come back as retries: their due time is turned into mono ms by
	 * the engine, which knows both clocks. */
	if (d->attempts == 0)
		vec_push(&c->fresh, item);
	else
		heap_set(&c->retries, &item->due, d->next_unix_ms);
	return true;
}

static void add_configured(struct build *b, struct store *store)
{
	const struct config *c = b->world->config;
	struct err e = { 0 };
	struct world_account *a;
	struct world_source *s;
	struct world_channel *ch;
	struct world_person *p;
	struct world_watch *w;
	for (size_t i = 0; i < c->accounts.n; i++)
		if (world_add_account(b->world, &c->accounts.v[i], NULL, ORIGIN_CONFIG, &a, &e) != 0)
			complain(b, c->accounts.v[i].where, &e), b->failed = true;
	/* Before the sources that read as them. */
	b->kind = STORE_ACCOUNT;
	if (store_object_each(store, b->kind, add_stored, b, &e) != 0)
		complain(b, STR_NULL, &e), b->failed = true;
	for (size_t i = 0; i < c->sources.n; i++)
		if (world_add_source(b->world, &c->sources.v[i], NULL, ORIGIN_CONFIG, &s, &e) != 0)
			complain(b, c->sources.v[i].where, &e), b->failed = true;
	for (size_t i = 0; i < c->channels.n; i++)
		if (world_add_channel(b->world, &c->channels.v[i], NULL, ORIGIN_CONFIG, &ch, &e) != 0)
			complain(b, c->channels.v[i].where, &e), b->failed = true;
	for (size_t i = 0; i < c->people.n; i++)
		if (world_add_person(b->world, &c->people.v[i], NULL, ORIGIN_CONFIG, &p, &e) != 0)
			complain(b, c->people.v[i].where, &e), b->failed = true;
	for (size_t i = 0; i < c->watches.n; i++)
		if (place_watch(b->world, &c->watches.v[i], NULL, ORIGIN_CONFIG, &w, &e) != 0)
			complain(b, c->watches.v[i].where, &e), b->failed = true;
}

/* Now that all watches are there, each may name any. */
static void parse_watches(struct build *b)
{
	const struct outlook all = { .world = b->world };
	VEC(struct world_watch *) bad = { 0 };
	for (struct map_iter it = { 0 }; map_next(b->world->watches, &it);) {
		struct world_watch *w = it.value;
		struct query *q = NULL;
		struct err e = { 0 };
		if (parse_in(&all, w->settings.name, w->settings.query, &q, &e) == 0) {
			world_set_query(b->world, w, q, w->settings.paused);
			continue;
		}
		if (w->origin == ORIGIN_API)
			(void)err_wrap(&e, "watch \"%.*s\" of the database", STR_ARG(w->settings.name));
		complain(b, w->origin == ORIGIN_CONFIG ? w->settings.where : STR_NULL, &e);
		b->failed |= w->origin == ORIGIN_CONFIG || !b->lenient;
		vec_push(&bad, w);
	}
	for (size_t i = 0; i < bad.n; i++)
		world_remove_watch(b->world, bad.v[i]);
	vec_free(&bad);
}

int world_build(struct config *config, const struct config_types *types, struct store *store, bool lenient,
                struct config_errors *errors, struct world **ret)
{
	OWNED(world) struct world *w = mem_new(struct world);
	*w = (struct world){ .config = config, .accounts = map_new(), .sources = map_new(),
		             .channels = map_new(), .watches = map_new(), .matcher = matcher_new() };
	people_init(&w->people);
	w->askers = map_new();
	struct build b = { .world = w, .types = types, .errors = errors, .lenient = lenient };
	struct err e = { 0 };
	add_configured(&b, store);
	static const enum store_kind kinds[] = { STORE_SOURCE, STORE_CHANNEL, STORE_PERSON, STORE_WATCH };
	int r = 0;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0] && r == 0; i++) {
		b.kind = kinds[i];
		r = store_object_each(store, b.kind, add_stored, &b, &e);
	}
	if (r == 0)
		r = store_account_each(store, add_known, &w->people, &e);
	parse_watches(&b);
	if (r == 0)
		r = add_kept(w, store, &e);
	if (r == 0)
		r = store_alarm_each(store, add_alarm, w, &e);
	if (r == 0)
		r = store_delivery_each(store, STORE_WAITING, STR_NULL, 0, INT32_MAX, add_waiting, w, &e);
	if (r != 0)
		complain(&b, STR_NULL, &e);
	if (r != 0 || b.failed) {
		w->config = NULL; /* stays the caller's */
		return -1;
	}
	*ret = take(w);
	return 0;
}
