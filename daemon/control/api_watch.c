/* SPDX-License-Identifier: ISC */
/* Watches through the API. */
#include "control/call.h"

#include "base/json.h"

static struct world_watch *find(const struct call *c)
{
	struct world *w = engine_world(c->engine);
	struct world_watch *watch = world_watch(w, c->name);
	if (watch == NULL)
		call_missing(c, "watch", w->watches);
	return watch;
}

static struct world_watch *find_writable(const struct call *c)
{
	struct world_watch *watch = find(c);
	return watch != NULL && call_writable(c, watch->origin, watch->settings.where, "watch") ? watch : NULL;
}

void api_watch_list(const struct call *c)
{
	json_t *list = json_array();
	struct map_iter it = { 0 };
	while (map_next(engine_world(c->engine)->watches, &it))
		json_array_append_new(list, engine_watch_json(c->engine, it.value));
	engine_reply(c->engine, c->id, 200, json_pack("{s:o}", "watches", list));
}

void api_watch_show(const struct call *c)
{
	const struct world_watch *watch = find(c);
	if (watch != NULL)
		engine_reply(c->engine, c->id, 200, engine_watch_json(c->engine, watch));
}

/* Answers 400 for the first name of nothing among those that `given` says; groups of sources (#tag) may come later. */
static bool names_exist(const struct call *c, const struct config_watch *s, const json_t *given)
{
	const struct world *w = engine_world(c->engine);
	const struct { const char *key, *noun; const struct texts *names; const struct map *map; } kinds[] = {
		{ "channels", "channel", &s->channels, w->channels }, { "sources", "source", &s->sources, w->sources },
	};

	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
		for (size_t i = 0; i < kinds[k].names->list.n && json_get(given, kinds[k].key) != NULL; i++) {
			struct str name = kinds[k].names->list.v[i];
			if (map_get(kinds[k].map, name) != NULL || str_starts(name, STR("#")))
				continue;
			call_missing_name(c, 400, kinds[k].noun, name, kinds[k].map);
			return false;
		}
	return true;
}

void api_watch_add(const struct call *c)
{
	OWNED_JSON json_t *body = call_body(c);
	if (body == NULL)
		return;
	call_name(body, json_get_str(body, "query"), "watch", engine_world(c->engine)->watches);
	OWNED(arena) struct arena *arena = arena_new(CALL_OBJECT_MAX);
	struct config_watch settings = { 0 };
	struct world_watch *watch = NULL;
	struct err e = { 0 };
	if (config_watch_from_json(body, engine_types(c->engine), arena, &settings, &e) != 0) {
		call_bad(c, &e);
	} else if (!names_exist(c, &settings, body)) {
		return;
	} else if (engine_add_watch(c->engine, c->now, &settings, arena, &watch, &e) != 0) {
		call_failed(c, &e);
	} else {
		(void)take(arena);
		engine_look_back(c->engine, watch);
		engine_reply(c->engine, c->id, 201, engine_watch_json(c->engine, watch));
	}
}

/* Under a new name it is a new watch; the alerts of the old one keep the old name.  Takes *arena on
 * success. */
static int change(const struct call *c, struct world_watch *old, const struct config_watch *settings, struct arena **arena,
                  struct world_watch **ret, struct err *e)
{
	bool renamed = !str_eq(settings->name, old->settings.name);
	AUTO(world_requery) struct world_requery others = { 0 };
	if (renamed && world_plan_watch(engine_world(c->engine), old->settings.name, STR_NULL, NULL, &others, e) != 0)
		return -1; /* somebody needs the old name */
	if (renamed && engine_add_watch(c->engine, c->now, settings, *arena, ret, e) != 0)
		return -1;
	if (!renamed && engine_change_watch(c->engine, c->now, old, settings, *arena, ret, e) != 0)
		return -1;
	(void)take(*arena);
	return renamed ? engine_remove_watch(c->engine, old, e) : 0;
}

static void patch(const struct call *c, struct world_watch *old, const json_t *changes)
{
	OWNED_JSON json_t *merged = call_merged(c, STORE_WATCH, old->settings.name, changes);
	if (merged == NULL)
		return;
	OWNED(arena) struct arena *arena = arena_new(CALL_OBJECT_MAX);
	struct config_watch settings = { 0 };
	struct world_watch *watch = NULL;
	struct err e = { 0 };
	if (config_watch_from_json(merged, engine_types(c->engine), arena, &settings, &e) != 0)
		call_bad(c, &e);
	else if (!names_exist(c, &settings, changes))
		return;
	else if (change(c, old, &settings, &arena, &watch, &e) != 0)
		call_failed(c, &e);
	else
		engine_reply(c->engine, c->id, 200, engine_watch_json(c->engine, watch));
}

void api_watch_change(const struct call *c)
{
	struct world_watch *watch = find_writable(c);
	OWNED_JSON json_t *body = watch != NULL ? call_body(c) : NULL;
	if (body != NULL)
		patch(c, watch, body);
}

static void set_paused(const struct call *c, bool paused)
{
	struct world_watch *watch = find_writable(c);
	if (watch == NULL)
		return;
	OWNED_JSON json_t *changes = json_pack("{s:b}", "paused", paused);
	patch(c, watch, changes);
}

void api_watch_pause(const struct call *c)
{
	set_paused(c, true);
}

void api_watch_resume(const struct call *c)
{
	set_paused(c, false);
}

void api_watch_remove(const struct call *c)
{
	struct world_watch *watch = find_writable(c);
	struct err e = { 0 };
	if (watch == NULL)
		return;
	if (engine_remove_watch(c->engine, watch, &e) != 0)
		call_failed(c, &e);
	else
		engine_reply(c->engine, c->id, 204, NULL);
}
