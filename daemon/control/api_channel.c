/* SPDX-License-Identifier: ISC */
/* Channels through the API. */
#include "control/call.h"

#include "base/json.h"

static struct world_channel *find(const struct call *c)
{
	struct world *w = engine_world(c->engine);
	struct world_channel *channel = world_channel(w, c->name);
	if (channel == NULL)
		call_missing(c, "channel", w->channels);
	return channel;
}

static struct world_channel *find_writable(const struct call *c)
{
	struct world_channel *channel = find(c);
	return channel != NULL && call_writable(c, channel->origin, channel->settings.where, "channel") ? channel : NULL;
}

void api_channel_list(const struct call *c)
{
	json_t *list = json_array();
	struct map_iter it = { 0 };
	while (map_next(engine_world(c->engine)->channels, &it))
		json_array_append_new(list, engine_channel_json(c->engine, it.value));
	engine_reply(c->engine, c->id, 200, json_pack("{s:o}", "channels", list));
}

void api_channel_show(const struct call *c)
{
	const struct world_channel *channel = find(c);
	if (channel != NULL)
		engine_reply(c->engine, c->id, 200, engine_channel_json(c->engine, channel));
}

void api_channel_add(const struct call *c)
{
	OWNED_JSON json_t *body = call_body(c);
	if (body == NULL)
		return;
	call_name(body, json_get_str(body, "type"), "channel", engine_world(c->engine)->channels);
	OWNED(arena) struct arena *arena = arena_new(CALL_OBJECT_MAX);
	struct config_channel settings = { 0 };
	struct world_channel *channel = NULL;
	struct err e = { 0 };
	if (config_channel_from_json(body, engine_types(c->engine), arena, &settings, &e) != 0) {
		call_bad(c, &e);
	} else if (engine_add_channel(c->engine, c->now, &settings, arena, body, &channel, &e) != 0) {
		call_failed(c, &e);
	} else {
		(void)take(arena);
		engine_reply(c->engine, c->id, 201, engine_channel_json(c->engine, channel));
	}
}

static void patch(const struct call *c, struct world_channel *old, const json_t *changes)
{
	OWNED_JSON json_t *merged = call_merged(c, STORE_CHANNEL, old->settings.name, changes);
	if (merged == NULL)
		return;
	OWNED(arena) struct arena *arena = arena_new(CALL_OBJECT_MAX);
	struct config_channel settings = { 0 };
	struct world_channel *channel = NULL;
	struct err e = { 0 };
	if (config_channel_from_json(merged, engine_types(c->engine), arena, &settings, &e) != 0) {
		call_bad(c, &e);
	} else if (!str_eq(settings.name, old->settings.name)) {
		engine_problem(c->engine, c->id, 400, 0,
		        "name: a channel keeps its name, because what waits for it is known by it; add it anew instead");
	} else if (engine_change_channel(c->engine, c->now, old, &settings, arena, merged, &channel, &e) != 0) {
		call_failed(c, &e);
	} else {
		(void)take(arena);
		engine_reply(c->engine, c->id, 200, engine_channel_json(c->engine, channel));
	}
}

void api_channel_change(const struct call *c)
{
	struct world_channel *channel = find_writable(c);
	OWNED_JSON json_t *body = channel != NULL ? call_body(c) : NULL;
	if (body != NULL)
		patch(c, channel, body);
}

static void set_paused(const struct call *c, bool paused)
{
	struct world_channel *channel = find_writable(c);
	if (channel == NULL)
		return;
	OWNED_JSON json_t *changes = json_pack("{s:b}", "paused", paused);
	patch(c, channel, changes);
}

void api_channel_pause(const struct call *c)
{
	set_paused(c, true);
}

void api_channel_resume(const struct call *c)
{
	set_paused(c, false);
}

void api_channel_remove(const struct call *c)
{
	struct world_channel *channel = find_writable(c);
	struct err e = { 0 };
	if (channel == NULL)
		return;
	if (engine_remove_channel(c->engine, c->now, channel, &e) != 0)
		call_failed(c, &e);
	else
		engine_reply(c->engine, c->id, 204, NULL);
}

void api_channel_test(const struct call *c)
{
	struct world_channel *channel = find(c);
	if (channel != NULL)
		engine_test_channel(c->engine, c->now, c->id, channel);
}
