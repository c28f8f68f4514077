/* SPDX-License-Identifier: ISC */
/*
 * From a request line to a row of the table: paths, percent-encoding, parameters.  Pure; knows
 * handlers only as pointers, so that it is tested without an engine.  Texts live in the arena that
 * is handed in.
 */
#pragma once

#include <jansson.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"

struct call;
struct route {
	const char *method, *path;
	void (*run)(const struct call *c); /* NULL: io serves it */
	const char *help;
};
enum route_answer { ROUTE_FOUND, ROUTE_NO_PATH, ROUTE_NO_METHOD, ROUTE_BAD_PATH };
/* *ret_name: what stands in the place of {…}, decoded; absent if the path has none.  `why` says to
 * people what is wrong, with the nearest path or the methods that there are. */
enum route_answer route_find(const struct route *table, size_t n, struct str method, struct str path, struct arena *arena,
                             const struct route **ret, struct str *ret_name, struct strbuf *why);

#define PARAMS_MAX 8
struct params {
	const char *const *known; /* NULL-ended, at most PARAMS_MAX */
	struct str values[PARAMS_MAX]; /* absent if not given */
};
/* "a=b&c=d".  ERR_INPUT for a name that is not known, with the nearest one, or that comes twice. */
int params_read(struct str query, const char *const *known, struct arena *arena, struct params *ret, struct err *e) MUST_CHECK;
struct str params_get(const struct params *p, const char *name);
/* A number of least..most, `otherwise` if it is not given. */
int params_int(const struct params *p, const char *name, int64_t least, int64_t most, int64_t otherwise, int64_t *ret,
               struct err *e) MUST_CHECK;
/* An RFC 3339 time, or a duration back from now; 0 if it is not given. */
int params_since(const struct params *p, const char *name, int64_t now_unix_ms, int64_t *ret_unix_ms, struct err *e) MUST_CHECK;

/* RFC 7396 merge of `patch` into `target`; a "***", which is how secrets are shown, changes nothing. */
void route_merge(json_t *target, const json_t *patch);
