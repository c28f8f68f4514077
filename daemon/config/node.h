/* SPDX-License-Identifier: ISC */
/*
 * What YAML and JSON have in common, as one tree: the binder (schema.h) reads only this, so that a
 * file and an API request pass the same checks.  Every node knows where it stands.  Nodes live in
 * an arena; an alias is the same node again, so nothing grows by expansion.  Also the list of
 * mistakes that reading collects.
 */
#pragma once

#include <jansson.h>
#include "base/arena.h"
#include "config/config.h"

struct place {
	const char *file; /* NULL: a request of the API */
	int line, column; /* 1-based */
};
enum node_kind { NODE_NULL, NODE_SCALAR, NODE_LIST, NODE_MAP };
struct node;
struct entry {
	struct str key;     /* absent in a list */
	struct place place; /* of the key, or of the item */
	const struct node *value;
};
struct node {
	enum node_kind kind;
	bool as_text; /* a scalar that may be a text (all but JSON's numbers and booleans) */
	bool as_bare; /* a scalar that may be a number or a boolean (all but YAML's quoted ones) */
	struct place place;
	struct str text; /* of a scalar; clean UTF-8 */
	const struct entry *entries;
	size_t n;
};

#define CONFIG_FILE_MAX (4 << 20)   /* bytes of one file */
#define CONFIG_ARENA_MAX (64 << 20) /* bytes of one bound configuration, and of one tree */
#define NODE_DEPTH_MAX 32
#define NODE_KEYS_MAX 256 /* keys of one map */
#define NODE_ANCHORS_MAX 256
#define CONFIG_ERRORS_MAX 200 /* lines of one report; more are counted only */

/* Adds "file:line:column: …" to the list. */
void report_at(struct config_errors *r, struct place at, const char *fmt, ...) PRINTF_LIKE(3, 4);
const struct entry *node_find(const struct node *map, const char *key); /* NULL if none */
/* `text` (of the file `name`) as a tree; an empty file is an empty map.  NULL with errors in *r. */
const struct node *node_from_yaml(struct str text, const char *name, struct arena *arena,
				  struct config_errors *r);
/* NULL only if the arena is full or the value is too deep. */
const struct node *node_from_json(const json_t *j, struct arena *arena);
