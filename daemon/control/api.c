/* SPDX-License-Identifier: ISC */
/* Takes a request to its handler, and holds what the handlers share. */
#include "control/call.h"

#include "base/json.h"
#include "base/text.h"
#include "control/openapi.h"

#define ROUTE(method, path, handler, help) { #method, path, api_##handler, help },
#define ROUTE_OF_IO(method, path, help) { #method, path, NULL, help },
static const struct route routes[] = {
#include "control/routes.def"
};
#undef ROUTE
#undef ROUTE_OF_IO

#define CANDIDATES_MAX 1024 /* names that are looked through for the nearest one */

/* What is answered from memory, also while the database is down. */
static bool needs_store(const struct route *route)
{
	return route->run != api_status && route->run != api_metrics && route->run != api_openapi;
}

void api_handle(struct engine *g, const struct message *request, struct now now)
{
	const struct command *command = request->command;
	OWNED(arena) struct arena *arena = arena_new(CALL_ARENA_MAX);
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(1024);
	struct call c = { .engine = g, .id = request->request_id, .now = now, .query = command->query, .body = command->body,
		          .arena = arena };
	const struct route *route = NULL;
	enum route_answer answer = route_find(routes, sizeof(routes) / sizeof(routes[0]), command->method, command->path, arena,
	                                      &route, &c.name, &why);
	struct engine_figures figures;
	engine_figures(g, &figures);
	if (answer == ROUTE_FOUND && figures.store_down && needs_store(route))
		engine_problem(g, c.id, 503, 0, "%s; monitord tries again by itself", figures.store_error);
	else if (answer == ROUTE_FOUND && route->run != NULL)
		route->run(&c);
	else
		engine_problem(g, c.id, answer == ROUTE_NO_METHOD ? 405 : answer == ROUTE_BAD_PATH ? 400 : 404, 0, "%s",
		               answer == ROUTE_FOUND ? "this is served elsewhere" : strbuf_cstr(&why));
}

void api_openapi(const struct call *c)
{
	engine_reply_text(c->engine, c->id, 200, "application/json", str_n(openapi_json, sizeof(openapi_json) - 1));
}

void api_reload(const struct call *c)
{
	engine_reload(c->engine, c->now, c->id);
}

void call_failed(const struct call *c, const struct err *e)
{
	switch (e->kind) {
	case ERR_SYSTEM:
		return;
	case ERR_CONFIG:
		engine_problem(c->engine, c->id, 409, e->column, "%s", e->message);
		return;
	case ERR_RETRY:
		engine_problem(c->engine, c->id, 503, 0, "%s", e->message);
		return;
	case ERR_NONE:
	case ERR_INPUT:
	case ERR_LIMIT:
		call_bad(c, e);
	}
}

void call_bad(const struct call *c, const struct err *e)
{
	engine_problem(c->engine, c->id, 400, e->column, "%s", e->message);
}

bool call_params(const struct call *c, const char *const *known, struct params *ret)
{
	struct err e = { 0 };
	if (params_read(c->query, known, c->arena, ret, &e) == 0)
		return true;
	call_bad(c, &e);
	return false;
}

json_t *call_body(const struct call *c)
{
	struct err e = { 0 };
	OWNED_JSON json_t *j = str_empty(str_trim(c->body)) ? NULL : json_parse(c->body, &e);
	if (j != NULL && json_is_object(j))
		return take(j);
	/* The column of JSON is no column of a query: the message says where. */
	engine_problem(c->engine, c->id, 400, 0, "the body must be a JSON object%s%s", e.kind != ERR_NONE ? ": " : "", e.message);
	return NULL;
}

void call_missing(const struct call *c, const char *noun, const struct map *map)
{
	call_missing_name(c, 404, noun, c->name, map);
}

void call_missing_name(const struct call *c, int status, const char *noun, struct str name, const struct map *map)
{
	const char *names[CANDIDATES_MAX];
	size_t n = 0;
	struct map_iter it = { 0 };
	while (n < CANDIDATES_MAX && map_next(map, &it))
		names[n++] = arena_cstr(c->arena, it.key);
	int nearest = str_nearest(name, names, n);
	struct str shown = text_cut(name, 200);
	if (nearest >= 0)
		engine_problem(c->engine, c->id, status, 0, "there is no %s \"%.*s\"; did you mean \"%s\"?", noun, STR_ARG(shown),
		               names[nearest]);
	else
		engine_problem(c->engine, c->id, status, 0, "there is no %s \"%.*s\"", noun, STR_ARG(shown));
}

bool call_writable(const struct call *c, enum origin origin, struct str where, const char *noun)
{
	if (origin == ORIGIN_API)
		return true;
	engine_problem(c->engine, c->id, 403, 0, "this %s comes from the configuration: edit it at %.*s, then reload", noun,
	               STR_ARG(where));
	return false;
}

json_t *call_merged(const struct call *c, enum store_kind kind, struct str name, const json_t *patch)
{
	OWNED_JSON json_t *j = engine_written(c->engine, kind, name);
	if (j == NULL) {
		engine_problem(c->engine, c->id, 409, 0, "\"%.*s\" is not in the database", STR_ARG(name));
		return NULL;
	}
	if (json_get(j, "name") == NULL)
		json_set_text(j, "name", name);
	route_merge(j, patch);
	return take(j);
}

void call_name(json_t *object, struct str text, const char *otherwise, const struct map *map)
{
	if (json_get(object, "name") != NULL)
		return;
	AUTO(strbuf) struct strbuf name = STRBUF_INIT(512);
	config_name_make(&name, text, otherwise, map);
	json_set_text(object, "name", strbuf_str(&name));
}
