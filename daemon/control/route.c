/* SPDX-License-Identifier: ISC */
/* Finds the row of the table that a request means, and takes its parameters apart. */
#include "control/route.h"

#include "base/date.h"
#include "base/json.h"
#include "base/num.h"
#include "base/text.h"
#include "base/url.h"

#define ROUTES_MAX 64

static bool is_hole(struct str segment)
{
	return segment.len > 2 && segment.p[0] == '{';
}

/* Does the path have the shape of the pattern?  Literal words are compared as they stand. */
static bool matches(struct str pattern, struct str path, struct str *ret_hole)
{
	struct str want, got;
	*ret_hole = STR_NULL;
	for (;;) {
		bool more = str_split(&pattern, '/', &want);
		if (more != str_split(&path, '/', &got))
			return false;
		if (!more)
			return true;
		if (is_hole(want) && !str_empty(got))
			*ret_hole = got;
		else if (!str_eq(want, got))
			return false;
	}
}

/* The pattern with the path's own words in its holes; STR_NULL if they are not of one length. */
static struct str filled(struct str pattern, struct str path, struct arena *arena)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4096);
	struct str want, got;
	for (bool first = true;; first = false) {
		bool more = str_split(&pattern, '/', &want);
		if (more != str_split(&path, '/', &got))
			return STR_NULL;
		if (!more)
			return arena_str(arena, strbuf_str(&b));
		if (!first)
			strbuf_addc(&b, '/');
		strbuf_add(&b, is_hole(want) ? got : want);
	}
}

static void explain_no_path(const struct route *table, size_t n, struct str path, struct arena *arena, struct strbuf *why)
{
	const char *candidates[ROUTES_MAX];
	size_t k = 0;
	for (size_t i = 0; i < n && k < ROUTES_MAX; i++) {
		struct str s = filled(str_c(table[i].path), path, arena);
		if (str_present(s) && !str_empty(s))
			candidates[k++] = s.p;
	}
	int nearest = str_nearest(path, candidates, k);
	strbuf_addf(why, "there is no %.*s here", STR_ARG(text_cut(path, 200)));
	if (nearest >= 0)
		strbuf_addf(why, "; did you mean %s?", candidates[nearest]);
}

enum route_answer route_find(const struct route *table, size_t n, struct str method, struct str path, struct arena *arena,
                             const struct route **ret, struct str *ret_name, struct strbuf *why)
{
	struct str hole;
	size_t shaped = 0;
	for (size_t i = 0; i < n; i++) {
		if (!matches(str_c(table[i].path), path, &hole))
			continue;
		shaped++;
		if (!str_eq(method, str_c(table[i].method)))
			continue;
		struct err e;
		*ret_name = STR_NULL;
		if (str_present(hole) && url_decode(hole, false, arena, ret_name, &e) != 0) {
			strbuf_adds(why, e.message);
			return ROUTE_BAD_PATH;
		}
		*ret = &table[i];
		return ROUTE_FOUND;
	}
	if (shaped == 0) {
		explain_no_path(table, n, path, arena, why);
		return ROUTE_NO_PATH;
	}
	strbuf_addf(why, "%.*s is not possible here; Allow: ", STR_ARG(text_cut(method, 32)));
	for (size_t i = 0, k = 0; i < n; i++)
		if (matches(str_c(table[i].path), path, &hole))
			strbuf_addf(why, "%s%s", k++ ? ", " : "", table[i].method);
	return ROUTE_NO_METHOD;
}

static size_t known_count(const char *const *known)
{
	size_t n = 0;
	while (known[n] != NULL)
		n++;
	return n;
}

static int unknown(struct str name, const char *const *known, struct err *e)
{
	size_t n = known_count(known);
	int nearest = str_nearest(name, known, n);
	if (nearest >= 0)
		return err_set(e, ERR_INPUT, "unknown parameter \"%.*s\"; did you mean \"%s\"?", STR_ARG(name), known[nearest]);
	if (n == 0)
		return err_set(e, ERR_INPUT, "unknown parameter \"%.*s\"; there is none here", STR_ARG(name));
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(256);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&b, "%s%s", i ? ", " : "", known[i]);
	return err_set(e, ERR_INPUT, "unknown parameter \"%.*s\"; there are %s", STR_ARG(name), strbuf_cstr(&b));
}

int params_read(struct str query, const char *const *known, struct arena *arena, struct params *ret, struct err *e)
{
	struct params p = { .known = known };
	struct str pair;
	while (str_split(&query, '&', &pair)) {
		if (str_empty(pair))
			continue;
		size_t eq = str_chr(pair, '=');
		struct str name, value;
		if (url_decode(str_slice(pair, 0, eq), true, arena, &name, e) != 0 ||
		    url_decode(eq == STR_NPOS ? STR("") : str_from(pair, eq + 1), true, arena, &value, e) != 0)
			return -1;
		size_t i = 0;
		while (known[i] != NULL && !str_eq(name, str_c(known[i])))
			i++;
		if (known[i] == NULL)
			return unknown(name, known, e);
		if (str_present(p.values[i]))
			return err_set(e, ERR_INPUT, "parameter \"%s\" comes twice", known[i]);
		p.values[i] = value;
	}
	*ret = p;
	return 0;
}

struct str params_get(const struct params *p, const char *name)
{
	for (size_t i = 0; p->known[i] != NULL; i++)
		if (strcmp(p->known[i], name) == 0)
			return p->values[i];
	return STR_NULL;
}

int params_int(const struct params *p, const char *name, int64_t least, int64_t most, int64_t otherwise, int64_t *ret,
               struct err *e)
{
	struct str s = params_get(p, name);
	int64_t n = otherwise;
	if (str_present(s) && (!num_i64(s, &n) || n < least || n > most))
		return err_set(e, ERR_INPUT, "%s: expected a number from %lld to %lld", name, (long long)least, (long long)most);
	*ret = n;
	return 0;
}

int params_since(const struct params *p, const char *name, int64_t now_unix_ms, int64_t *ret_unix_ms, struct err *e)
{
	struct str s = params_get(p, name);
	int64_t ms = 0;
	if (!str_present(s)) {
		*ret_unix_ms = 0;
		return 0;
	}
	if (num_duration_ms(s, &ms)) {
		*ret_unix_ms = now_unix_ms > ms ? now_unix_ms - ms : 0;
		return 0;
	}
	/* A '+' of an unescaped zone has become a space: no date is read into it. */
	ms = s.len >= 10 && char_is_digit(s.p[0]) && s.p[4] == '-' ? date_parse(s) : TIME_ABSENT;
	if (ms == TIME_ABSENT)
		return err_set(e, ERR_INPUT, "%s: expected a duration such as 7d, or a time such as 2024-05-01T00:00:00Z", name);
	*ret_unix_ms = ms;
	return 0;
}

/* A secret as it is shown, alone or in a URL: whoever sends it back means what is there. */
static bool is_shown(const json_t *old, struct str value)
{
	if (str_eq(value, STR("***")))
		return old != NULL;
	for (int hide_path = 0; str_present(json_str(old)) && hide_path < 2; hide_path++) {
		AUTO(strbuf) struct strbuf shown = STRBUF_INIT(2 * URL_MAX);
		url_redact(&shown, json_str(old), hide_path);
		if (str_eq(value, strbuf_str(&shown)))
			return true;
	}
	return false;
}

void route_merge(json_t *target, const json_t *patch)
{
	const char *key;
	json_t *value;
	/* jansson's iteration takes no const; nothing is changed through it */
	json_object_foreach((json_t *)(uintptr_t)patch, key, value) {
		json_t *old = json_object_get(target, key);
		if (json_is_null(value)) {
			json_object_del(target, key);
		} else if (json_is_object(value)) {
			if (!json_is_object(old)) {
				json_set(target, key, json_object());
				old = json_object_get(target, key);
			}
			route_merge(old, value);
		} else if (!is_shown(old, json_str(value))) {
			json_set(target, key, json_deep_copy(value));
		}
	}
}
