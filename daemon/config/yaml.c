/* SPDX-License-Identifier: ISC */
/* YAML to the common tree, by libyaml's events; anchors, aliases and one merge key a map. */
#include "node.h"

#include <yaml.h>

#include "base/text.h"

struct anchor {
	struct str name;
	const struct node *node;
};
struct reader {
	yaml_parser_t parser;
	struct str text;
	const char *file;
	struct arena *arena;
	struct config_errors *errors;
	VEC(struct anchor) anchors;
};

static void event_release(yaml_event_t *ev)
{
	yaml_event_delete(ev);
}
#define AUTO_EVENT __attribute__((cleanup(event_release))) yaml_event_t

static struct place place_of(const struct reader *r, yaml_mark_t mark)
{
	return (struct place){ r->file, (int)mark.line + 1, (int)mark.column + 1 };
}

/* libyaml's words for a tab say nothing about tabs. */
static bool line_starts_with_tab(struct str text, size_t line)
{
	struct str rest = text, piece;
	for (size_t i = 0; str_split(&rest, '\n', &piece); i++) {
		if (i < line)
			continue;
		size_t k = 0;
		while (k < piece.len && piece.p[k] == ' ')
			k++;
		return k < piece.len && piece.p[k] == '\t';
	}
	return false;
}

static bool next_event(struct reader *r, yaml_event_t *ev)
{
	if (yaml_parser_parse(&r->parser, ev))
		return true;
	const yaml_parser_t *p = &r->parser;
	if (p->error == YAML_READER_ERROR) {
		report_at(r->errors, (struct place){ .file = r->file },
			  "byte %zu: %s, expected UTF-8 text", p->problem_offset, p->problem);
		return false;
	}
	struct place at = place_of(r, p->problem_mark);
	if (line_starts_with_tab(r->text, p->problem_mark.line))
		report_at(r->errors, at, "a tab in the indentation, expected spaces");
	else if (p->context != NULL)
		report_at(r->errors, at, "not YAML: %s, %s that starts in line %zu", p->problem,
			  p->context, p->context_mark.line + 1);
	else
		report_at(r->errors, at, "not YAML: %s", p->problem ? p->problem : "unreadable");
	return false;
}

static struct node *new_node(struct reader *r, enum node_kind kind, yaml_mark_t mark)
{
	struct node *n = arena_alloc(r->arena, sizeof(*n));
	if (n == NULL) {
		report_at(r->errors, place_of(r, mark),
			  "the file is too large, expected at most %d MiB in memory",
			  CONFIG_ARENA_MAX >> 20);
		return NULL;
	}
	n->kind = kind;
	n->place = place_of(r, mark);
	return n;
}

static const struct node *read_scalar(struct reader *r, const yaml_event_t *ev)
{
	struct node *n = new_node(r, NODE_SCALAR, ev->start_mark);
	if (n == NULL)
		return NULL;
	struct str s = str_n(ev->data.scalar.value, ev->data.scalar.length);
	if (!text_is_utf8(s)) {
		report_at(r->errors, n->place, "a text with a NUL byte, expected plain text");
		return NULL;
	}
	n->as_text = true;
	n->as_bare = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (n->as_bare && (s.len == 0 || str_eq(s, STR("~")) || str_eq_nocase(s, STR("null"))))
		n->kind = NODE_NULL;
	n->text = arena_str(r->arena, s);
	return n;
}

static const struct node *read_alias(struct reader *r, const yaml_event_t *ev)
{
	struct str name = str_c((const char *)ev->data.alias.anchor);
	for (size_t i = r->anchors.n; i-- > 0;)
		if (str_eq(r->anchors.v[i].name, name))
			return r->anchors.v[i].node;
	report_at(r->errors, place_of(r, ev->start_mark),
		  "alias *%.*s, expected an anchor &%.*s that ends before it", STR_ARG(name),
		  STR_ARG(name));
	return NULL;
}

static bool remember_anchor(struct reader *r, const char *name, const struct node *n)
{
	if (name == NULL)
		return true;
	if (r->anchors.n == NODE_ANCHORS_MAX) {
		report_at(r->errors, n->place, "too many anchors, expected at most %d",
			  NODE_ANCHORS_MAX);
		return false;
	}
	vec_push(&r->anchors, ((struct anchor){ arena_str(r->arena, str_c(name)), n }));
	return true;
}

static const struct node *read_node(struct reader *r, const yaml_event_t *ev, int depth);

struct entries {
	VEC(struct entry) list;
};
static void entries_release(struct entries *e)
{
	vec_free(&e->list);
}

static const struct entry *entries_find(const struct entries *e, struct str key)
{
	for (size_t i = 0; i < e->list.n; i++)
		if (str_eq(e->list.v[i].key, key))
			return &e->list.v[i];
	return NULL;
}

static bool entries_to_node(struct reader *r, const struct entries *e, struct node *n)
{
	struct entry *copy = arena_alloc(r->arena, (e->list.n + 1) * sizeof(*copy));
	if (copy == NULL) {
		report_at(r->errors, n->place, "the file is too large");
		return false;
	}
	if (e->list.n > 0)
		memcpy(copy, e->list.v, e->list.n * sizeof(*copy));
	n->entries = copy;
	n->n = e->list.n;
	return true;
}

static const struct node *read_list(struct reader *r, yaml_mark_t mark, int depth)
{
	AUTO(entries) struct entries e = { 0 };
	struct node *n = new_node(r, NODE_LIST, mark);
	while (n != NULL) {
		AUTO_EVENT ev = { 0 };
		if (!next_event(r, &ev))
			return NULL;
		if (ev.type == YAML_SEQUENCE_END_EVENT)
			return entries_to_node(r, &e, n) ? n : NULL;
		const struct node *item = read_node(r, &ev, depth + 1);
		if (item == NULL)
			return NULL;
		vec_push(&e.list, ((struct entry){ STR_NULL, place_of(r, ev.start_mark), item }));
	}
	return NULL;
}

/* "<<: *base" gives the keys of base that the map itself does not have. */
static bool merge(struct reader *r, struct entries *e, const struct node *base, struct place at)
{
	if (base->kind != NODE_MAP) {
		report_at(r->errors, at, "<<: not a map, expected an alias of one map");
		return false;
	}
	for (size_t i = 0; i < base->n; i++)
		if (entries_find(e, base->entries[i].key) == NULL)
			vec_push(&e->list, base->entries[i]);
	return true;
}

/* A key, checked; false with the reason reported. */
static bool read_key(struct reader *r, const yaml_event_t *ev, const struct entries *e,
		     struct str *ret_key)
{
	struct place at = place_of(r, ev->start_mark);
	struct str key = STR_NULL;
	if (ev->type == YAML_SCALAR_EVENT)
		key = str_n(ev->data.scalar.value, ev->data.scalar.length);
	if (!str_present(key) || !text_is_utf8(key)) {
		report_at(r->errors, at, "a key that is not a text, expected a name");
		return false;
	}
	const struct entry *old = entries_find(e, key);
	if (old != NULL)
		report_at(r->errors, at,
			  "key \"%.*s\" a second time, expected it once (first in line %d)",
			  STR_ARG(key), old->place.line);
	else if (e->list.n == NODE_KEYS_MAX)
		report_at(r->errors, at, "too many keys, expected at most %d in one map",
			  NODE_KEYS_MAX);
	*ret_key = arena_str(r->arena, key);
	return old == NULL && e->list.n < NODE_KEYS_MAX;
}

static const struct node *read_map(struct reader *r, yaml_mark_t mark, int depth)
{
	AUTO(entries) struct entries e = { 0 };
	struct node *n = new_node(r, NODE_MAP, mark);
	const struct node *base = NULL;
	struct place base_at = { 0 };
	while (n != NULL) {
		AUTO_EVENT key_ev = { 0 }, ev = { 0 };
		if (!next_event(r, &key_ev))
			return NULL;
		if (key_ev.type == YAML_MAPPING_END_EVENT) {
			if (base != NULL && !merge(r, &e, base, base_at))
				return NULL;
			return entries_to_node(r, &e, n) ? n : NULL;
		}
		struct str key;
		struct place at = place_of(r, key_ev.start_mark);
		if (!read_key(r, &key_ev, &e, &key) || !next_event(r, &ev))
			return NULL;
		const struct node *value = read_node(r, &ev, depth + 1);
		if (value == NULL)
			return NULL;
		if (str_eq(key, STR("<<"))) {
			base = value;
			base_at = at;
		} else {
			vec_push(&e.list, ((struct entry){ key, at, value }));
		}
	}
	return NULL;
}

/* The node that starts with this event; reads on to its end.  NULL with the reason reported. */
static const struct node *read_node(struct reader *r, const yaml_event_t *ev, int depth)
{
	if (depth > NODE_DEPTH_MAX) {
		report_at(r->errors, place_of(r, ev->start_mark),
			  "nested too deeply, expected at most %d levels", NODE_DEPTH_MAX);
		return NULL;
	}
	const struct node *n = NULL;
	const yaml_char_t *anchor = NULL;
	if (ev->type == YAML_SCALAR_EVENT) {
		anchor = ev->data.scalar.anchor;
		n = read_scalar(r, ev);
	} else if (ev->type == YAML_SEQUENCE_START_EVENT) {
		anchor = ev->data.sequence_start.anchor;
		n = read_list(r, ev->start_mark, depth);
	} else if (ev->type == YAML_MAPPING_START_EVENT) {
		anchor = ev->data.mapping_start.anchor;
		n = read_map(r, ev->start_mark, depth);
	} else if (ev->type == YAML_ALIAS_EVENT) {
		n = read_alias(r, ev);
	}
	return n != NULL && remember_anchor(r, (const char *)anchor, n) ? n : NULL;
}

/* The one document of the stream; *ret stays NULL for an empty one.  False: reported. */
static bool read_stream(struct reader *r, const struct node **ret)
{
	for (;;) {
		AUTO_EVENT ev = { 0 };
		if (!next_event(r, &ev))
			return false;
		if (ev.type == YAML_STREAM_END_EVENT)
			return true;
		if (ev.type == YAML_STREAM_START_EVENT || ev.type == YAML_DOCUMENT_END_EVENT)
			continue;
		if (ev.type != YAML_DOCUMENT_START_EVENT)
			continue;
		if (*ret != NULL) {
			report_at(r->errors, place_of(r, ev.start_mark),
				  "a second document, expected one a file");
			return false;
		}
		AUTO_EVENT first = { 0 };
		if (!next_event(r, &first) || (*ret = read_node(r, &first, 0)) == NULL)
			return false;
	}
}

static void reader_release(struct reader *r)
{
	yaml_parser_delete(&r->parser);
	vec_free(&r->anchors);
}

const struct node *node_from_yaml(struct str text, const char *name, struct arena *arena,
				  struct config_errors *errors)
{
	AUTO(reader)
	struct reader r = { .text = text, .file = name, .arena = arena, .errors = errors };
	if (!yaml_parser_initialize(&r.parser)) {
		report_at(errors, (struct place){ .file = name }, "out of memory in libyaml");
		return NULL;
	}
	yaml_parser_set_input_string(&r.parser, (const unsigned char *)text.p, text.len);
	const struct node *root = NULL;
	if (!read_stream(&r, &root))
		return NULL;
	if (arena_full(arena)) {
		report_at(errors, (struct place){ .file = name }, "the file is too large");
		return NULL;
	}
	if (root == NULL || root->kind == NODE_NULL) {
		static const struct node empty = { .kind = NODE_MAP };
		return &empty;
	}
	if (root->kind != NODE_MAP) {
		report_at(errors, root->place, "not a map, expected \"key: value\" lines");
		return NULL;
	}
	return root;
}
