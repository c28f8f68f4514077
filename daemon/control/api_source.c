/* SPDX-License-Identifier: ISC */
/* Sources through the API. */
#include "control/call.h"

#include "base/json.h"
#include "base/url.h"

static struct world_source *find(const struct call *c)
{
	struct world *w = engine_world(c->engine);
	struct world_source *source = world_source(w, c->name);
	if (source == NULL)
		call_missing(c, "source", w->sources);
	return source;
}

static struct world_source *find_writable(const struct call *c)
{
	struct world_source *source = find(c);
	return source != NULL && call_writable(c, source->origin, source->settings.where, "source") ? source : NULL;
}

void api_source_list(const struct call *c)
{
	json_t *list = json_array();
	struct map_iter it = { 0 };
	while (map_next(engine_world(c->engine)->sources, &it))
		json_array_append_new(list, engine_source_json(c->engine, it.value, c->now));
	engine_reply(c->engine, c->id, 200, json_pack("{s:o}", "sources", list));
}

void api_source_show(const struct call *c)
{
	const struct world_source *source = find(c);
	if (source != NULL)
		engine_reply(c->engine, c->id, 200, engine_source_json(c->engine, source, c->now));
}

/* Unseen, as a list of feeds is imported: it is polled as soon as its turn comes. */
static void add_unseen(const struct call *c, const json_t *body)
{
	OWNED(arena) struct arena *arena = arena_new(CALL_OBJECT_MAX);
	struct config_source settings = { 0 };
	struct world_source *source = NULL;
	struct err e = { 0 };
	OWNED_JSON json_t *named = json_deep_copy(body);
	call_name(named, url_host(json_get_str(named, "url")), "source", engine_world(c->engine)->sources);
	if (config_source_from_json(named, engine_types(c->engine), arena, &settings, &e) != 0) {
		call_bad(c, &e);
	} else if (engine_add_source(c->engine, c->now, &settings, arena, named, &source, &e) != 0) {
		call_failed(c, &e);
	} else {
		(void)take(arena);
		json_t *j = engine_source_json(c->engine, source, c->now);
		json_set_text(j, "found", STR_NULL);
		json_set_text(j, "note", STR_NULL);
		engine_reply(c->engine, c->id, 201, j);
	}
}

void api_source_add(const struct call *c)
{
	static const char *const known[] = { "probe", NULL };
	struct params params;
	OWNED_JSON json_t *body = call_params(c, known, &params) ? call_body(c) : NULL;
	if (body == NULL)
		return;
	if (str_eq(params_get(&params, "probe"), STR("no")))
		add_unseen(c, body);
	else
		engine_probe_source(c->engine, c->now, c->id, take(body));
}

static void patch(const struct call *c, struct world_source *old, const json_t *changes)
{
	OWNED_JSON json_t *merged = call_merged(c, STORE_SOURCE, old->settings.name, changes);
	if (merged == NULL)
		return;
	OWNED(arena) struct arena *arena = arena_new(CALL_OBJECT_MAX);
	struct config_source settings = { 0 };
	struct world_source *source = NULL;
	struct err e = { 0 };
	if (config_source_from_json(merged, engine_types(c->engine), arena, &settings, &e) != 0) {
		call_bad(c, &e);
	} else if (!str_eq(settings.name, old->settings.name)) {
		engine_problem(c->engine, c->id, 400, 0,
		        "name: a source keeps its name, because its posts are known by it; add it anew instead");
	} else if (engine_change_source(c->engine, c->now, old, &settings, arena, merged, &source, &e) != 0) {
		call_failed(c, &e);
	} else {
		(void)take(arena);
		engine_reply(c->engine, c->id, 200, engine_source_json(c->engine, source, c->now));
	}
}

void api_source_change(const struct call *c)
{
	struct world_source *source = find_writable(c);
	OWNED_JSON json_t *body = source != NULL ? call_body(c) : NULL;
	if (body != NULL)
		patch(c, source, body);
}

static void set_paused(const struct call *c, bool paused)
{
	struct world_source *source = find_writable(c);
	if (source == NULL)
		return;
	OWNED_JSON json_t *changes = json_pack("{s:b}", "paused", paused);
	patch(c, source, changes);
}

void api_source_pause(const struct call *c)
{
	set_paused(c, true);
}

void api_source_resume(const struct call *c)
{
	set_paused(c, false);
}

void api_source_remove(const struct call *c)
{
	struct world_source *source = find_writable(c);
	struct err e = { 0 };
	if (source == NULL)
		return;
	if (engine_remove_source(c->engine, source, &e) != 0)
		call_failed(c, &e);
	else
		engine_reply(c->engine, c->id, 204, NULL);
}

void api_source_poll(const struct call *c)
{
	struct world_source *source = find(c);
	if (source != NULL)
		engine_poll_source(c->engine, c->now, c->id, source);
}
