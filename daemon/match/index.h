/* SPDX-License-Identifier: ISC */
/*
 * From keys to the watches that stand under them: an open hash table whose slots head lists of postings, with a filter
 * before it that fits the cache.  Keys are hashes of 32 bits: two that are equal by chance share a list, so whoever finds
 * a watch here has yet to see whether it is meant.  One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct query;

#define INDEX_NONE UINT32_MAX

struct slot {
	uint32_t hash, value; /* value INDEX_NONE: free */
};
struct slot_table {
	struct slot *slots;
	size_t mask, used;    /* mask 0: no memory yet */
};

struct posting {
	uint64_t watch;
	const struct query *query;
	uint32_t key;
	uint32_t next, previous; /* of the same key */
	uint32_t sibling;        /* of the same watch (and of watches whose hash is the same) */
};

struct index {
	struct slot_table keys;    /* key -> first posting */
	struct slot_table stems;   /* hash of what keys begin with -> how many do */
	struct slot_table watches; /* hash of a watch -> first posting */
	uint64_t *filter;          /* two bits an entry: enum index_bits */
	size_t filter_mask;        /* of entries */
	struct posting *postings;
	size_t n_postings, cap_postings;
	uint32_t free_postings;
	uint32_t scan;             /* postings without a key: candidates for every post */
	size_t n_watches;
};

struct index_keys { /* what a watch stands under; no keys: it is scanned */
	const uint32_t *keys, *stems;
	size_t n_keys, n_stems;
};

void index_init(struct index *x);
void index_release(struct index *x);
/* NULL if it is not there. */
const struct query *index_query(const struct index *x, uint64_t watch);
/* The watch must not be there yet. */
void index_add(struct index *x, uint64_t watch, const struct query *q, struct index_keys k);
/* The watch is there, with these keys. */
void index_remove(struct index *x, uint64_t watch, struct index_keys k);

enum index_bits { INDEX_KEY = 1, INDEX_STEM = 2 };

/* What the hash may be. */
static inline unsigned index_look(const struct index *x, uint32_t hash)
{
	return x->filter[(hash & x->filter_mask) >> 5] >> (hash & 31) * 2 & 3;
}
static inline void slot_prefetch(const struct slot_table *t, uint32_t hash)
{
	__builtin_prefetch(&t->slots[hash & t->mask]);
}
/* Value of the hash, or INDEX_NONE. */
static inline uint32_t slot_find(const struct slot_table *t, uint32_t hash)
{
	if (t->mask == 0)
		return INDEX_NONE;
	for (size_t i = hash & t->mask; t->slots[i].value != INDEX_NONE; i = (i + 1) & t->mask)
		if (t->slots[i].hash == hash)
			return t->slots[i].value;
	return INDEX_NONE;
}
