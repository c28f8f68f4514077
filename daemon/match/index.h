/* SPDX-License-Identifier: ISC */
/*
 * From keys to the watches that stand under them: an open hash table whose slots head lists of postings, with a bit
 * filter before it that fits the cache.  A slot whose list runs empty is kept until the table grows.  One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct query;

#define INDEX_NONE UINT32_MAX

struct slot {
	uint64_t key;
	uint32_t value;
	bool used;
};

/* u64 -> u32; values INDEX_NONE are as good as absent */
struct slot_table {
	struct slot *slots;
	size_t mask, used; /* mask 0: no memory yet */
};

struct posting {
	uint64_t watch;
	const struct query *query;
	uint64_t key;
	uint32_t next, previous; /* of the same key */
	uint32_t sibling;        /* of the same watch */
	bool scanned;            /* stands in the scan list, not under a key */
};

struct index {
	struct slot_table keys;    /* key -> first posting */
	struct slot_table watches; /* watch -> first posting */
	uint64_t *filter;
	size_t filter_mask;        /* of bits */
	struct posting *postings;
	size_t n_postings, cap_postings;
	uint32_t free_postings;
	uint32_t scan;             /* postings without a key: candidates for every post */
	size_t n_watches;
};

void index_init(struct index *x);
void index_release(struct index *x);
/* The watch must not be there yet; no keys puts it into the scan list. */
void index_add(struct index *x, uint64_t watch, const struct query *q, const uint64_t *keys, size_t n);
/* False if it is not there. */
bool index_remove(struct index *x, uint64_t watch);

static inline uint64_t index_spread(uint64_t key)
{
	return key ^ key >> 32;
}
/* May be wrong when it says yes. */
static inline bool index_may_have(const struct index *x, uint64_t key)
{
	uint64_t bit = index_spread(key) & x->filter_mask;

	return x->filter[bit >> 6] >> (bit & 63) & 1;
}
/* Value of the key, or INDEX_NONE. */
static inline uint32_t slot_find(const struct slot_table *t, uint64_t key)
{
	if (t->mask == 0)
		return INDEX_NONE;
	for (size_t i = index_spread(key) & t->mask; t->slots[i].used; i = (i + 1) & t->mask)
		if (t->slots[i].key == key)
			return t->slots[i].value;
	return INDEX_NONE;
}
