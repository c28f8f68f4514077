/* SPDX-License-Identifier: ISC */
/* One source, channel or watch, from the files' or the API's tree, and shown again. */
#include "object.h"

#include "base/hash.h"
#include "base/json.h"
#include "base/num.h"
#include "base/text.h"
#include "base/url.h"

#define COMMON_ROWS_MAX 24
#define POLITE_EVERY_MS (15 * 60 * 1000)
#define SPARE_ROWS                                                                                 \
	(struct rows)                                                                              \
	{                                                                                          \
		NULL, NULL                                                                         \
	}

const struct config_type *object_type(const struct config_type *list, struct str name)
{
	for (const struct config_type *t = list; t != NULL && t->name != NULL; t++)
		if (str_eq(name, str_c(t->name)))
			return t;
	return NULL;
}

static void copy_rows(struct field to[static COMMON_ROWS_MAX], const struct field *from)
{
	size_t n = 0;
	while (from[n].name != NULL)
		n++;
	memcpy(to, from, (n + 1) * sizeof(*to));
}

static struct field *row_named(struct field *rows, const char *name)
{
	while (rows->name != NULL && strcmp(rows->name, name) != 0)
		rows++;
	return rows;
}

static void unknown_type(struct binder *b, const struct config_type *list, const struct node *at)
{
	VEC(const char *) names = { 0 };
	AUTO(strbuf) struct strbuf all = STRBUF_INIT(2048);
	for (const struct config_type *t = list; t != NULL && t->name != NULL; t++) {
		strbuf_addf(&all, "%s%s", names.n ? ", " : "", t->name);
		vec_push(&names, t->name);
	}
	int near = str_nearest(at->text, names.v, names.n);
	char got[128];
	report_at(b->errors, at->place, "type: got %s, expected one of %s%s%s%s",
		  schema_describe(got, at), strbuf_cstr(&all), near < 0 ? "" : ": did you mean ",
		  near < 0 ? "" : names.v[near], near < 0 ? "" : "?");
	vec_free(&names);
}

/* The type that the map names; NULL if it names none, or an unknown one (*ret_bad, reported). */
static const struct config_type *type_of(struct binder *b, const struct config_type *list,
					 const struct node *map, bool *ret_bad)
{
	const struct entry *given = node_find(map, "type");
	*ret_bad = false;
	if (given == NULL || given->value->kind == NODE_NULL)
		return NULL;
	const struct config_type *t =
		given->value->kind == NODE_SCALAR ? object_type(list, given->value->text) : NULL;
	*ret_bad = t == NULL;
	if (t == NULL && given->value->kind == NODE_SCALAR)
		unknown_type(b, list, given->value);
	return t;
}

/* Without a sound type nobody knows which further keys there are: those are not called unknown. */
static const char *const *foreign_keys(const struct node *map, const struct field *common,
				       bool bad_type, struct arena *arena)
{
	if (!bad_type)
		return NULL;
	const char **keys = arena_alloc(arena, (map->n + 1) * sizeof(*keys));
	size_t n = 0;
	for (size_t i = 0; keys != NULL && i < map->n; i++) {
		const struct field *row = common;
		while (row->name != NULL && !str_eq(map->entries[i].key, str_c(row->name)))
			row++;
		if (row->name == NULL)
			keys[n++] = arena_cstr(arena, map->entries[i].key);
	}
	return keys;
}

static void *new_settings(struct binder *b, const struct config_type *t)
{
	if (t == NULL || t->settings_size == 0)
		return NULL;
	void *settings = arena_alloc(b->arena, t->settings_size);
	if (settings != NULL)
		*(struct arena **)settings = b->arena;
	return settings;
}

/* A source whose type is not told yet has no place for the keys of a type: say which one it takes.
 */
static bool explain_typeless(struct binder *b, const struct config_types *types,
			     const struct node *map)
{
	bool found = false;
	for (size_t i = 0; i < map->n; i++) {
		for (const struct config_type *t = types->sources; t != NULL && t->name != NULL;
		     t++) {
			const struct field *row = t->fields;
			while (row != NULL && row->name != NULL &&
			       !str_eq(map->entries[i].key, str_c(row->name)))
				row++;
			if (row == NULL || row->name == NULL)
				continue;
			report_at(b->errors, map->entries[i].place,
				  "%s: belongs to the type %s, expected type: %s beside it",
				  row->name, t->name, t->name);
			found = true;
			break;
		}
	}
	return found;
}

static void check_name(struct binder *b, const struct node *map, const char *what, struct str name)
{
	const struct entry *given = node_find(map, "name");
	if (str_present(name) && !config_name_ok(name)) {
		char got[128];
		report_at(b->errors, given->value->place,
			  "name: got %s, expected 1 to 64 letters, digits, -, _ and dots",
			  schema_describe(got, given->value));
	} else if (!str_present(name) && b->folder != NULL &&
		   (given == NULL || given->value->kind == NODE_NULL)) {
		report_at(b->errors, map->place, "%s without name, expected name: a text", what);
	}
}

static bool expect_map(struct binder *b, const struct node *n, const char *what)
{
	char got[128];
	if (n->kind == NODE_MAP)
		return true;
	report_at(b->errors, n->place, "got %s, expected %s as a map of keys",
		  schema_describe(got, n), what);
	return false;
}

static struct str where_of(const struct binder *b, const struct node *n)
{
	if (n->place.file == NULL)
		return STR("api");
	return arena_fmt(b->arena, "%s:%d:%d", n->place.file, n->place.line, n->place.column);
}

void object_bind_account(struct binder *b, const struct config_types *types, const struct node *n,
			 struct config_account *ret)
{
	static const char *const passing[] = { "name", "posts_per_day", "posts_per_month", "price", NULL };
	bool bad_type;
	*ret = (struct config_account){ .where = where_of(b, n) };
	if (!expect_map(b, n, "an account"))
		return;
	const struct rows set = { config_account_rows, ret };
	const struct config_type *t = type_of(b, types->sources, n, &bad_type);
	schema_bind(b, n, "an account", &set, 1, NULL);
	check_name(b, n, "an account", ret->name);
	double price;
	if (str_present(ret->price) && (!num_double(ret->price, &price) || price < 0))
		report_at(b->errors, node_find(n, "price")->value->place, "price: got \"%.*s\", expected a number such as 0.005",
			  STR_ARG(str_slice(ret->price, 0, 60)));
	if (t != NULL && t->account == ACCOUNT_NONE)
		report_at(b->errors, node_find(n, "type")->value->place,
			  "type: sources of type %s have no accounts", t->name);
	ret->hash = schema_hash(4, &set, passing);
}

static void check_account(struct binder *b, const struct config_type *t, const struct node *n,
			  const struct config_source *s)
{
	const struct entry *given = node_find(n, "account");
	if (str_present(s->account) && t == NULL)
		report_at(b->errors, given->value->place, "account: expected type: beside it");
	else if (str_present(s->account) && t->account == ACCOUNT_NONE)
		report_at(b->errors, given->value->place, "account: sources of type %s have none",
			  t->name);
	else if (!str_present(s->account) && t != NULL && t->account == ACCOUNT_MUST)
		report_at(b->errors, n->place,
			  "a source of type %s without account, expected account: the name of one",
			  t->name);
}

const char *config_source_warning(const struct config_source *s)
{
	bool often = s->every_ms >= 0 && s->every_ms < POLITE_EVERY_MS;
	return often && !str_starts(s->url, STR("file:"))
		       ? "every: more often than 15m, which many publishers take for abuse"
		       : NULL;
}

void object_bind_source(struct binder *b, const struct config_types *types, const struct node *n,
			struct config_source *ret)
{
	static const char *const passing[] = { "name", "posts_per_day", "posts_per_month", "backfill",
		                                "silence", "tags", "paused", NULL };
	struct field rows[COMMON_ROWS_MAX];
	bool bad_type;
	*ret = (struct config_source){ .every_ms = -1, .every_max_ms = -1, .silence_ms = -1, .where = where_of(b, n) };
	if (!expect_map(b, n, "a source"))
		return;
	copy_rows(rows, config_source_rows);
	const struct config_type *t = type_of(b, types->sources, n, &bad_type);
	struct field *url = row_named(rows, "url");
	if (t != NULL) {
		url->required = t->url_needed;
		url->schemes = t->url_schemes ? t->url_schemes : CONFIG_SCHEMES_SOURCE;
	}
	ret->settings = new_settings(b, t);
	const struct rows sets[] = { { rows, ret },
				     ret->settings ? (struct rows){ t->fields, ret->settings }
						   : SPARE_ROWS };
	bool typeless = t == NULL && !bad_type && explain_typeless(b, types, n);
	schema_bind(b, n, "a source", sets, 2,
		    foreign_keys(n, rows, bad_type || typeless, b->arena));
	check_name(b, n, "a source", ret->name);
	if (!bad_type)
		check_account(b, t, n, ret);
	const char *warning = b->folder != NULL ? config_source_warning(ret) : NULL;
	if (warning != NULL)
		report_at(b->warnings, node_find(n, "every")->value->place, "%s", warning);
	ret->hash = schema_hash(schema_hash(1, &sets[0], passing), &sets[1], NULL);
	if (str_present(ret->account) || ret->settings != NULL)
		ret->identity = schema_hash(hash64(ret->account), &sets[1], NULL);
}

void object_bind_channel(struct binder *b, const struct config_types *types, const struct node *n,
			 struct config_channel *ret)
{
	static const char *const passing[] = { "name", "paused", NULL };
	struct field rows[COMMON_ROWS_MAX];
	bool bad_type;
	*ret = (struct config_channel){ .spacing_ms = -1,
					.allow_private = b->folder != NULL,
					.where = where_of(b, n) };
	if (!expect_map(b, n, "a channel"))
		return;
	copy_rows(rows, config_channel_rows);
	const struct config_type *t = type_of(b, types->channels, n, &bad_type);
	struct field *url = row_named(rows, "url");
	if (t != NULL) {
		url->required = t->url_needed;
		url->schemes = t->url_schemes ? t->url_schemes : CONFIG_SCHEMES_CHANNEL;
	} else {
		/* any scheme some type knows: one mistake, one line */
		url->schemes = "http https smtp smtps file";
	}
	ret->settings = new_settings(b, t);
	const struct rows sets[] = { { rows, ret },
				     ret->settings ? (struct rows){ t->fields, ret->settings }
						   : SPARE_ROWS };
	schema_bind(b, n, "a channel", sets, 2, foreign_keys(n, rows, t == NULL, b->arena));
	check_name(b, n, "a channel", ret->name);
	ret->hash = schema_hash(schema_hash(2, &sets[0], passing), &sets[1], NULL);
}

/* A name is words: queries write it in quotes, and the index looks for its letters. */
static bool person_name_ok(struct str name)
{
	AUTO(strbuf) struct strbuf key = STRBUF_INIT(1024);
	if (name.len == 0 || !text_is_utf8(name) || text_count(name) > CONFIG_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == '"' || name.p[i] == '*')
			return false;
	config_name_make(&key, name, "", NULL);
	return key.len > 0;
}

static void check_person_name(struct binder *b, const struct node *at, const char *key)
{
	char got[128];
	if (at->kind != NODE_SCALAR || person_name_ok(str_trim(at->text)))
		return;
	report_at(b->errors, at->place, "%s: got %s, expected a name of 1 to 64 letters, without \" and *", key,
		  schema_describe(got, at));
}

/* One text or a list of them. */
static const struct node *item_of(const struct node *map, const char *key, size_t i)
{
	const struct node *n = node_find(map, key)->value;
	return n->kind == NODE_LIST ? n->entries[i].value : n;
}

void object_bind_person(struct binder *b, const struct config_types *types, const struct node *n,
			struct config_person *ret)
{
	AUTO(strbuf) struct strbuf key = STRBUF_INIT(1024);
	struct err e = { 0 };
	*ret = (struct config_person){ .where = where_of(b, n) };
	if (!expect_map(b, n, "a person"))
		return;
	const struct rows set = { config_person_rows, ret };
	schema_bind(b, n, "a person", &set, 1, NULL);
	if (str_present(ret->name))
		check_person_name(b, node_find(n, "name")->value, "name");
	for (size_t i = 0; i < ret->aliases.list.n; i++)
		check_person_name(b, item_of(n, "aliases", i), "aliases");
	for (size_t i = 0; i < ret->accounts.list.n; i++)
		if (types->check_account != NULL && types->check_account(ret->accounts.list.v[i], &e) != 0)
			report_at(b->errors, item_of(n, "accounts", i)->place, "accounts: %s", e.message);
	ret->name = str_trim(ret->name);
	config_name_make(&key, ret->name, "", NULL);
	ret->key = arena_str(b->arena, strbuf_str(&key));
	ret->hash = schema_hash(5, &set, NULL);
}

void object_bind_watch(struct binder *b, const struct config_types *types, const struct node *n,
		       struct config_watch *ret)
{
	static const char *const passing[] = { "name", "paused", NULL };
	*ret = (struct config_watch){ .where = where_of(b, n) };
	if (!expect_map(b, n, "a watch"))
		return;
	const struct rows set = { config_watch_rows, ret };
	schema_bind(b, n, "a watch", &set, 1, NULL);
	check_name(b, n, "a watch", ret->name);
	struct err e = { 0 };
	if (str_present(ret->query) && types->check_query != NULL &&
	    types->check_query(ret->query, &e) != 0) {
		struct place at = node_find(n, "query")->value->place;
		if (e.column > 0)
			report_at(b->errors, at, "query: column %d: %s", e.column, e.message);
		else
			report_at(b->errors, at, "query: %s", e.message);
	}
	ret->hash = schema_hash(3, &set, passing);
}

/* --- the API --- */

/* The first mistake becomes the error. */
static int to_err(const struct config_errors *errors, const struct arena *arena, struct err *e)
{
	if (errors->list.n > 0)
		return err_set(e, ERR_INPUT, "%.*s", STR_ARG(errors->list.v[0]));
	if (arena_full(arena))
		return err_set(e, ERR_LIMIT, "the object is too large");
	return 0;
}

struct request {
	struct config_errors errors, warnings;
	struct binder binder;
	struct arena *tree;
};
static void request_release(struct request *r)
{
	config_errors_release(&r->errors);
	config_errors_release(&r->warnings);
	arena_free(r->tree);
}

/* NULL with *e filled if the JSON is beyond all bounds. */
static const struct node *request_begin(struct request *r, const json_t *j, struct arena *arena,
					struct err *e)
{
	r->tree = arena_new(CONFIG_FILE_MAX);
	r->binder =
		(struct binder){ .arena = arena, .errors = &r->errors, .warnings = &r->warnings };
	const struct node *n = j != NULL ? node_from_json(j, r->tree) : NULL;
	if (n == NULL)
		(void)err_set(e, ERR_LIMIT, "the object is too large or nested too deeply");
	return n;
}

int config_source_from_json(const json_t *j, const struct config_types *types, struct arena *arena,
			    struct config_source *ret, struct err *e)
{
	AUTO(request) struct request r = { 0 };
	struct config_source bound;
	const struct node *n = request_begin(&r, j, arena, e);
	if (n == NULL)
		return -1;
	object_bind_source(&r.binder, types, n, &bound);
	if (to_err(&r.errors, arena, e) != 0)
		return -1;
	*ret = bound;
	return 0;
}

int config_account_from_json(const json_t *j, const struct config_types *types, struct arena *arena,
			     struct config_account *ret, struct err *e)
{
	AUTO(request) struct request r = { 0 };
	struct config_account bound;
	const struct node *n = request_begin(&r, j, arena, e);
	if (n == NULL)
		return -1;
	object_bind_account(&r.binder, types, n, &bound);
	if (to_err(&r.errors, arena, e) != 0)
		return -1;
	*ret = bound;
	return 0;
}

int config_channel_from_json(const json_t *j, const struct config_types *types, struct arena *arena,
			     struct config_channel *ret, struct err *e)
{
	AUTO(request) struct request r = { 0 };
	struct config_channel bound;
	const struct node *n = request_begin(&r, j, arena, e);
	if (n == NULL)
		return -1;
	object_bind_channel(&r.binder, types, n, &bound);
	if (to_err(&r.errors, arena, e) != 0)
		return -1;
	*ret = bound;
	return 0;
}

int config_person_from_json(const json_t *j, const struct config_types *types, struct arena *arena,
			    struct config_person *ret, struct err *e)
{
	AUTO(request) struct request r = { 0 };
	struct config_person bound;
	const struct node *n = request_begin(&r, j, arena, e);
	if (n == NULL)
		return -1;
	object_bind_person(&r.binder, types, n, &bound);
	if (to_err(&r.errors, arena, e) != 0)
		return -1;
	*ret = bound;
	return 0;
}

/* A query that does not parse must keep its column: checked here, not by the binder. */
int config_watch_from_json(const json_t *j, const struct config_types *types, struct arena *arena,
			   struct config_watch *ret, struct err *e)
{
	AUTO(request) struct request r = { 0 };
	struct config_watch bound;
	const struct config_types unchecked = { 0 };
	const struct node *n = request_begin(&r, j, arena, e);
	if (n == NULL)
		return -1;
	object_bind_watch(&r.binder, &unchecked, n, &bound);
	if (to_err(&r.errors, arena, e) != 0)
		return -1;
	if (types->check_query != NULL && types->check_query(bound.query, e) != 0)
		return -1;
	*ret = bound;
	return 0;
}

static json_t *object_json(const struct field *common, const void *base,
			   const struct config_type *t, const void *settings)
{
	json_t *obj = json_object();
	/* only read: rows know nothing of const */
	schema_to_json(obj, &(struct rows){ common, (void *)(uintptr_t)base });
	json_object_del(obj, "name");
	json_object_del(obj, "type");
	if (t != NULL && settings != NULL)
		schema_to_json(obj, &(struct rows){ t->fields, (void *)(uintptr_t)settings });
	return obj;
}

json_t *config_source_to_json(const struct config_source *s, const struct config_types *types)
{
	return object_json(config_source_rows, s, object_type(types->sources, s->type),
			   s->settings);
}

json_t *config_account_to_json(const struct config_account *a)
{
	return object_json(config_account_rows, a, NULL, NULL);
}

json_t *config_channel_to_json(const struct config_channel *c, const struct config_types *types,
			       bool url_secret)
{
	json_t *obj = object_json(config_channel_rows, c, object_type(types->channels, c->type),
				  c->settings);
	if (url_secret && str_present(c->url)) {
		AUTO(strbuf) struct strbuf shown = STRBUF_INIT(URL_MAX);
		url_redact(&shown, c->url, true);
		json_set_text(obj, "url", strbuf_str(&shown));
	}
	return obj;
}

json_t *config_person_to_json(const struct config_person *p)
{
	return object_json(config_person_rows, p, NULL, NULL);
}

json_t *config_watch_to_json(const struct config_watch *w)
{
	return object_json(config_watch_rows, w, NULL, NULL);
}
