/* SPDX-License-Identifier: ISC */
/*
 * One API request under way, and what the handlers share.  A helper that finds something wrong has
 * answered the request; its caller only returns.
 */
#pragma once

#include "control/api.h"
#include "control/route.h"

struct call {
	struct engine *engine;
	uint64_t id;          /* of the request */
	struct now now;
	struct str name;      /* what stood for {name} or {id}; absent if the path has none */
	struct str query;     /* parameters as sent */
	struct str body;
	struct arena *arena;  /* for the time of the call */
};
#define CALL_ARENA_MAX (4u << 20)   /* bytes of decoded texts of one request */
#define CALL_OBJECT_MAX (4u << 20)  /* bytes of one object's settings */

/* By kind: ERR_CONFIG 409, ERR_INPUT and ERR_LIMIT 400, ERR_RETRY 503.  ERR_SYSTEM is answered by the engine, with all
 * of the batch. */
void call_failed(const struct call *c, const struct err *e);
/* 400, with the column. */
void call_bad(const struct call *c, const struct err *e);
/* 400 when a parameter is not known. */
bool call_params(const struct call *c, const char *const *known, struct params *ret);
/* The body, an object; NULL after a 400.  New reference. */
json_t *call_body(const struct call *c);
/* 404: there is no such `noun`; names the nearest key of `map`. */
void call_missing(const struct call *c, const char *noun, const struct map *map);
void call_missing_name(const struct call *c, int status, const char *noun, struct str name, const struct map *map);
/* 403 when it comes from the configuration. */
bool call_writable(const struct call *c, enum origin origin, struct str where, const char *noun);
/* The object as it was written, changed by `patch`; NULL after an answer.  New reference. */
json_t *call_merged(const struct call *c, enum store_kind kind, struct str name, const json_t *patch);
/* A name for an object that brings none, from `text`: free in `map`. */
void call_name(json_t *object, struct str text, const char *otherwise, const struct map *map);

/* --- handlers, by routes.def --- */
#define ROUTE(method, path, handler, help) void api_##handler(const struct call *c);
#define ROUTE_OF_IO(method, path, help)
#include "control/routes.def"
#undef ROUTE
#undef ROUTE_OF_IO
