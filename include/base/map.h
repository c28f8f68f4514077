/* SPDX-License-Identifier: ISC */
/*
 * Hash map from text to pointer, hash seeded at random once per process (hash flooding, RELIABILITY
 * X7).
 * Keys are copied; values are the caller's.  Iteration is in insertion order.  One thread per map.
 */
#pragma once

#include "base/str.h"

struct map;

struct map *map_new(void);
void map_free(struct map *m);                             /* values are not freed */
void *map_get(const struct map *m, struct str key);       /* NULL if none */
void *map_put(struct map *m, struct str key, void *value); /* value not NULL; returns the one replaced, or NULL */
void *map_remove(struct map *m, struct str key);          /* returns the value removed, or NULL */
size_t map_count(const struct map *m);
/* `struct map_iter it = {0}; while (map_next(m, &it)) use(it.key, it.value);`  Removing the current
 * entry is fine. */
struct map_iter {
	struct str key;
	void *value;
	void *next; /* private */
	bool started;
};
bool map_next(const struct map *m, struct map_iter *it);
