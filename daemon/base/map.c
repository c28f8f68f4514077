/* SPDX-License-Identifier: ISC */
/* Hash map from text to pointer: uthash behind our own doors, with a seeded hash. */
#include "base/map.h"

#include "base/hash.h"
#include "base/mem.h"

#define uthash_malloc(size) mem_alloc(size)
#define uthash_free(p, size) mem_free(p)
#define HASH_FUNCTION(key, len, hashv)                                                             \
	((hashv) = (unsigned)hash64_seeded(str_n((key), (len)), hash_process_seed()))
#include <uthash.h>

struct entry {
	void *value;
	UT_hash_handle hh;
	char key[]; /* not ended by NUL; its length is hh.keylen */
};
struct map {
	struct entry *head;
};

struct map *map_new(void)
{
	return mem_new(struct map);
}

void map_free(struct map *m)
{
	if (m == NULL)
		return;
	struct entry *e = m->head;
	HASH_CLEAR(hh, m->head); /* frees the table only, the entries stay linked */
	while (e) {
		struct entry *next = e->hh.next;
		mem_free(e);
		e = next;
	}
	mem_free(m);
}

static struct entry *map_find(const struct map *m, struct str key)
{
	struct entry *e = NULL;
	const char *p = key.p ? key.p : "";
	HASH_FIND(hh, m->head, p, key.len, e);
	return e;
}

void *map_get(const struct map *m, struct str key)
{
	struct entry *e = map_find(m, key);
	return e ? e->value : NULL;
}

void *map_put(struct map *m, struct str key, void *value)
{
	struct entry *e = map_find(m, key);
	if (e) {
		void *old = e->value;
		e->value = value;
		return old;
	}
	e = mem_alloc(sizeof(*e) + key.len);
	e->value = value;
	if (key.len)
		memcpy(e->key, key.p, key.len);
	HASH_ADD_KEYPTR(hh, m->head, e->key, key.len, e);
	return NULL;
}

void *map_remove(struct map *m, struct str key)
{
	struct entry *e = map_find(m, key);
	if (e == NULL)
		return NULL;
	void *value = e->value;
	HASH_DELETE(hh, m->head, e);
	mem_free(e);
	return value;
}

size_t map_count(const struct map *m)
{
	return HASH_COUNT(m->head);
}

bool map_next(const struct map *m, struct map_iter *it)
{
	struct entry *e = it->started ? it->next : m->head;
	it->started = true;
	if (e == NULL)
		return false;
	it->key = str_n(e->key, e->hh.keylen);
	it->value = e->value;
	it->next = e->hh.next;
	return true;
}
