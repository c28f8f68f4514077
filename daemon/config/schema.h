/* SPDX-License-Identifier: ISC */
/*
 * Binds a map of the common tree to plain memory by rows (model/settings.h), and shows bound memory
 * again as JSON, as a fingerprint and as text.  Lists that it binds lie in the binder's arena.
 */
#pragma once

#include "node.h"

struct rows {
	const struct field *fields; /* ended by FIELD_END; NULL = none */
	void *base;                 /* the struct that the offsets are of */
};
struct binder {
	struct arena *arena; /* of what is bound */
	struct config_errors *errors, *warnings;
	const char *folder; /* of the file: relative paths start here; NULL = the API's request */
	const struct entry *literal_secret; /* the first one met, or NULL */
};

/* "did you mean": the nearest row or other key, NULL if none is near. */
const char *schema_nearest(struct str name, const struct rows *sets, size_t n_sets,
			   const char *const *others);
/* Defaults first, then every key of `map`; keys in `others` (NULL-ended, may be NULL) are left
 * alone.  `what` names the map in messages ("a source").  Mistakes go to b->errors. */
void schema_bind(struct binder *b, const struct node *map, const char *what,
		 const struct rows *sets, size_t n_sets, const char *const *others);
/* "got VALUE" for a message: cut, on one line. */
const char *schema_describe(char buf[static 128], const struct node *n);
void schema_to_json(json_t *obj, const struct rows *set);
/* Mixes the values of all rows but those named in `except` into h. */
uint64_t schema_hash(uint64_t h, const struct rows *set, const char *const *except);
/* What a row takes, for people: "a duration, 1s to 52w". */
void schema_expected(struct strbuf *out, const struct field *row);
