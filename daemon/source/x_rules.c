/* SPDX-License-Identifier: ISC */
/*
 * The rules of the filtered stream: X keeps them, we make them what the source reads.  Ours are known by their tag;
 * others of the same app are left alone (docs.x.com: filtered stream, update stream rules; 2026-08).
 */
#include "x.h"

#include "base/json.h"
#include "base/num.h"
#include "base/text.h"

#define ADDED_MAX 100 /* rules of one request (ours) */
#define BODY_MAX (1u << 20)
#define QUERY_TEXT_MAX (16u << 10)

static bool is_missing(const struct x_state *st, size_t part)
{
	return st->missing[part / 8] >> part % 8 & 1;
}

static void set_missing(struct x_state *st, size_t part, bool missing)
{
	st->missing[part / 8] = (unsigned char)((st->missing[part / 8] & ~(1u << part % 8)) | (unsigned)missing << part % 8);
}

static struct str tag_of(const struct source *s, struct arena *a)
{
	return arena_fmt(a, "monitord %.*s", STR_ARG(s->name));
}

/* --- asking ------------------------------------------------------------------------------------------- */

static void post_json(struct transfer *ret, const json_t *j)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(BODY_MAX);

	json_dump(&b, j, false);
	ret->method = STR("POST");
	ret->body = arena_str(ret->arena, strbuf_str(&b));
	ret->has_body = true;
	transfer_header(ret, "Content-Type", STR("application/json"));
}

static void ask_delete(const struct x_state *st, struct transfer *ret)
{
	OWNED_JSON json_t *j = json_pack("{s:{s:[]}}", "delete", "ids");
	json_t *ids = json_object_get(json_object_get(j, "delete"), "ids");

	for (size_t i = 0; i < st->n_stale; i++)
		json_array_append_new(ids, json_text(arena_fmt(ret->arena, "%llu", (unsigned long long)st->stale[i])));
	post_json(ret, j);
}

/* False: none is missing. */
static bool ask_add(const struct source *s, const struct x_state *st, struct transfer *ret)
{
	OWNED_JSON json_t *j = json_pack("{s:[]}", "add");
	json_t *list = json_object_get(j, "add");
	AUTO(strbuf) struct strbuf query = STRBUF_INIT(QUERY_TEXT_MAX);

	for (size_t part = 0; part < X_RULES_MAX && json_array_size(list) < ADDED_MAX; part++) {
		strbuf_reset(&query);
		if (!is_missing(st, part) || !x_query(s, part, &query))
			continue;
		json_t *rule = json_object();
		json_set_text(rule, "value", strbuf_str(&query));
		json_set_text(rule, "tag", tag_of(s, ret->arena));
		json_array_append_new(list, rule);
	}
	if (json_array_size(list) == 0)
		return false;
	post_json(ret, j);
	return true;
}

bool x_ask_rules(const struct source *s, struct x_state *st, struct transfer *ret, struct strbuf *url)
{
	uint64_t hash = x_queries_hash(s);

	if (st->ruled == hash)
		return false;
	if (st->looked != hash) {
		st->step = X_RULES;
	} else if (st->n_stale > 0) {
		st->step = X_RULES_DELETE;
		ask_delete(st, ret);
	} else if (ask_add(s, st, ret)) {
		st->step = X_RULES_ADD;
	} else {
		st->ruled = hash;
		return false;
	}
	strbuf_adds(url, "/2/tweets/search/stream/rules");
	return true;
}

/* --- answers ------------------------------------------------------------------------------------------ */

/* Which of the queries it is; SIZE_MAX: none. */
static size_t part_of(const struct source *s, struct str value)
{
	AUTO(strbuf) struct strbuf query = STRBUF_INIT(QUERY_TEXT_MAX);

	for (size_t part = 0; part < X_RULES_MAX; part++) {
		strbuf_reset(&query);
		if (!x_query(s, part, &query))
			break;
		if (str_eq(strbuf_str(&query), value))
			return part;
	}
	return SIZE_MAX;
}

static int take_list(const struct source *s, struct x_state *st, const json_t *data, struct err *e)
{
	const struct x_settings *x = s->settings;
	OWNED(arena) struct arena *arena = arena_new(64 << 10);
	AUTO(strbuf) struct strbuf query = STRBUF_INIT(QUERY_TEXT_MAX);
	struct str tag = tag_of(s, arena);
	size_t n = 0;

	while (x_query(s, n, &query))
		strbuf_reset(&query), n++;
	if ((int64_t)n > x->rules)
		return err_set(e, ERR_INPUT, "%zu rules are needed, and X takes %lld (rules)", n, (long long)x->rules);
	st->n_stale = 0;
	st->more_stale = false;
	for (size_t part = 0; part < X_RULES_MAX; part++)
		set_missing(st, part, part < n);
	for (size_t i = 0; i < json_array_size(data); i++) {
		const json_t *rule = json_array_get(data, i);
		size_t part = part_of(s, json_get_str(rule, "value"));
		uint64_t id;

		if (part != SIZE_MAX && is_missing(st, part))
			set_missing(st, part, false);
		else if (!str_eq(json_get_str(rule, "tag"), tag) || !num_u64(json_get_str(rule, "id"), &id))
			continue;
		else if (st->n_stale < X_STALE_MAX)
			st->stale[st->n_stale++] = id;
		else
			st->more_stale = true;
	}
	st->looked = x_queries_hash(s);
	return 0;
}

/* A rule that is there already is no failure: another program of the same app may want the same. */
static int take_added(const struct source *s, struct x_state *st, const json_t *j, struct err *e)
{
	const json_t *errors = json_get(j, "errors");

	for (size_t i = 0; i < json_array_size(errors); i++) {
		const json_t *x = json_array_get(errors, i), *details = json_get(x, "details");
		struct str title = json_get_str(x, "title"), why = json_str(json_array_get(details, 0));

		if (str_eq(title, STR("DuplicateRule")))
			continue;
		if (str_empty(why))
			why = str_empty(json_get_str(x, "detail")) ? title : json_get_str(x, "detail");
		return err_set(e, ERR_INPUT, "X refuses the rule \"%.*s\": %.*s",
		               STR_ARG(text_cut(json_get_str(x, "value"), 200)), STR_ARG(text_cut(why, 200)));
	}
	size_t added = 0;
	AUTO(strbuf) struct strbuf query = STRBUF_INIT(QUERY_TEXT_MAX);
	for (size_t part = 0; part < X_RULES_MAX && added < ADDED_MAX; part++) {
		strbuf_reset(&query);
		if (!is_missing(st, part) || !x_query(s, part, &query))
			continue;
		set_missing(st, part, false);
		added++;
	}
	return 0;
}

int x_take_rules(const struct source *s, struct x_state *st, const json_t *j, struct err *e)
{
	if (!json_is_object(j))
		return err_set(e, ERR_INPUT, "no answer of the X API: rules are an object");
	if (st->step == X_RULES_ADD)
		return take_added(s, st, j, e);
	if (st->step == X_RULES)
		return take_list(s, st, json_get(j, "data"), e);
	st->n_stale = 0;
	st->looked = st->more_stale ? 0 : st->looked;
	return 0;
}
