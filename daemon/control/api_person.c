/* SPDX-License-Identifier: ISC */
/* People through the API. */
#include "control/call.h"

#include "base/json.h"

static struct world_person *find(const struct call *c)
{
	const struct people *people = &engine_world(c->engine)->people;
	struct world_person *p = people_get(people, c->name);
	if (p == NULL)
		call_missing(c, "person", people->by_key);
	return p;
}

static struct world_person *find_writable(const struct call *c)
{
	struct world_person *p = find(c);
	return p != NULL && call_writable(c, p->origin, p->settings.where, "person") ? p : NULL;
}

void api_person_list(const struct call *c)
{
	json_t *list = json_array();
	struct map_iter it = { 0 };
	while (map_next(engine_world(c->engine)->people.by_key, &it))
		json_array_append_new(list, engine_person_json(it.value));
	engine_reply(c->engine, c->id, 200, json_pack("{s:o}", "people", list));
}

/* With the watches that ask for the person. */
void api_person_show(const struct call *c)
{
	const struct world *w = engine_world(c->engine);
	const struct world_person *p = find(c);
	if (p == NULL)
		return;
	json_t *j = engine_person_json(p), *watches = json_array();
	for (struct map_iter it = { 0 }; map_next(w->askers, &it);)
		if (world_asks_for(it.value, p))
			json_array_append_new(watches, json_text(it.key));
	json_set(j, "watches", watches);
	engine_reply(c->engine, c->id, 200, j);
}

void api_person_add(const struct call *c)
{
	OWNED_JSON json_t *body = call_body(c);
	if (body == NULL)
		return;
	OWNED(arena) struct arena *arena = arena_new(CALL_OBJECT_MAX);
	struct config_person settings = { 0 };
	struct world_person *p = NULL;
	struct err e = { 0 };
	if (config_person_from_json(body, engine_types(c->engine), arena, &settings, &e) != 0) {
		call_bad(c, &e);
	} else if (engine_add_person(c->engine, &settings, arena, &p, &e) != 0) {
		call_failed(c, &e);
	} else {
		(void)take(arena);
		engine_reply(c->engine, c->id, 201, engine_person_json(p));
	}
}

static void patch(const struct call *c, struct world_person *old, const json_t *changes)
{
	OWNED_JSON json_t *merged = call_merged(c, STORE_PERSON, old->settings.key, changes);
	if (merged == NULL)
		return;
	OWNED(arena) struct arena *arena = arena_new(CALL_OBJECT_MAX);
	struct config_person settings = { 0 };
	struct world_person *p = NULL;
	struct err e = { 0 };
	if (config_person_from_json(merged, engine_types(c->engine), arena, &settings, &e) != 0) {
		call_bad(c, &e);
	} else if (engine_change_person(c->engine, old, &settings, arena, &p, &e) != 0) {
		call_failed(c, &e);
	} else {
		(void)take(arena);
		engine_reply(c->engine, c->id, 200, engine_person_json(p));
	}
}

void api_person_change(const struct call *c)
{
	struct world_person *p = find_writable(c);
	OWNED_JSON json_t *body = p != NULL ? call_body(c) : NULL;
	if (body != NULL)
		patch(c, p, body);
}

void api_person_remove(const struct call *c)
{
	struct world_person *p = find_writable(c);
	struct err e = { 0 };
	if (p == NULL)
		return;
	if (engine_remove_person(c->engine, p, &e) != 0)
		call_failed(c, &e);
	else
		engine_reply(c->engine, c->id, 204, NULL);
}
