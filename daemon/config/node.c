/* SPDX-License-Identifier: ISC */
/* The tree that YAML and JSON share, the JSON side of it, and the list of mistakes. */
#include "node.h"

#include <stdarg.h>

void config_errors_release(struct config_errors *r)
{
	arena_free(r->arena);
	r->arena = NULL;
	vec_free(&r->list);
}

void report_at(struct config_errors *r, struct place at, const char *fmt, ...)
{
	if (r->list.n > CONFIG_ERRORS_MAX)
		return;
	if (r->arena == NULL)
		r->arena = arena_new(4 << 20);
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(8192);
	if (r->list.n == CONFIG_ERRORS_MAX) {
		strbuf_adds(&line, "and more mistakes");
	} else {
		if (at.file != NULL && at.line > 0)
			strbuf_addf(&line, "%s:%d:%d: ", at.file, at.line, at.column);
		else if (at.file != NULL)
			strbuf_addf(&line, "%s: ", at.file);
		va_list ap;
		va_start(ap, fmt);
		strbuf_vaddf(&line, fmt, ap);
		va_end(ap);
	}
	vec_push(&r->list, arena_str(r->arena, strbuf_str(&line)));
}

const struct entry *node_find(const struct node *map, const char *key)
{
	if (map->kind != NODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (str_eq(map->entries[i].key, str_c(key)))
			return &map->entries[i];
	return NULL;
}

static const struct node *from_json(const json_t *j, struct arena *arena, int depth);

/* The items of an array or object into arena memory; false if it is full. */
static bool json_entries(const json_t *j, struct arena *arena, int depth, struct node *ret)
{
	ret->n = json_is_array(j) ? json_array_size(j) : json_object_size(j);
	struct entry *entries = arena_alloc(arena, (ret->n + 1) * sizeof(*entries));
	if (entries == NULL)
		return false;
	ret->entries = entries;
	size_t i = 0;
	if (json_is_array(j)) {
		for (; i < ret->n; i++)
			if ((entries[i].value =
				     from_json(json_array_get(j, i), arena, depth + 1)) == NULL)
				return false;
		return true;
	}
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)j, key, value)
	{
		entries[i].key = arena_str(arena, str_c(key));
		if ((entries[i].value = from_json(value, arena, depth + 1)) == NULL)
			return false;
		i++;
	}
	return true;
}

static const struct node *from_json(const json_t *j, struct arena *arena, int depth)
{
	struct node *n = arena_alloc(arena, sizeof(*n));
	if (n == NULL || depth > NODE_DEPTH_MAX)
		return NULL;
	n->kind = NODE_SCALAR;
	n->as_bare = true;
	switch (json_typeof(j)) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		n->kind = json_is_array(j) ? NODE_LIST : NODE_MAP;
		return json_entries(j, arena, depth, n) ? n : NULL;
	case JSON_STRING:
		/* Bare too: `--set key=value` sends texts and the row knows the type. */
		n->as_text = true;
		n->text = arena_str(arena, str_n(json_string_value(j), json_string_length(j)));
		break;
	case JSON_INTEGER:
		n->text = arena_fmt(arena, "%lld", (long long)json_integer_value(j));
		break;
	case JSON_REAL:
		n->text = arena_fmt(arena, "%.17g", json_real_value(j));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		n->text = json_is_true(j) ? STR("true") : STR("false");
		break;
	case JSON_NULL:
	default:
		n->kind = NODE_NULL;
	}
	return n;
}

const struct node *node_from_json(const json_t *j, struct arena *arena)
{
	const struct node *n = from_json(j, arena, 0);
	return arena_full(arena) ? NULL : n;
}
