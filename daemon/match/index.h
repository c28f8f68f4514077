/* SPDX-License-Identifier: ISC */
/*
 * From keys to the watches that stand under them: a hash table whose slots head lists of postings, with a filter before
 * it that fits the cache.  Keys are hashes of 32 bits: two that are equal by chance share a list, so whoever finds a watch
 * here has yet to see whether it is meant.  It grows piece by piece, so that no change to it waits for many others.  One
 * thread.
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
struct slot_shard {
	struct slot *slots;
	uint32_t mask, used;  /* mask 0: no memory yet */
};
#define SLOT_SHARD_BITS 6 /* of a hash, the highest ones */
#define SLOT_SHARDS (1u << SLOT_SHARD_BITS)
struct slot_table {
	struct slot_shard shards[SLOT_SHARDS]; /* each grows by itself */
	size_t used;
};

struct posting {
	uint64_t watch;
	const struct query *query;
	uint32_t key;
	uint32_t next, previous; /* of the same key */
	uint32_t sibling;        /* of the same watch (and of watches whose hash is the same) */
};
#define POSTINGS_BLOCK_BITS 9
#define POSTINGS_BLOCK (1u << POSTINGS_BLOCK_BITS)

struct filter { /* a Bloom filter that looks at one word for each hash */
	uint64_t *words;
	uint32_t mask; /* of words */
};

struct index {
	struct slot_table keys;    /* key -> first posting */
	struct slot_table stems;   /* hash of what keys begin with -> how many do */
	struct slot_table watches; /* hash of a watch -> first posting */
	struct filter filter;
	struct filter next;        /* the one to come, made shard by shard; no words: none is being made */
	unsigned next_shard;       /* of keys, then of stems */
	size_t stale;              /* hashes that the filter holds and no table does */
	struct posting **blocks;   /* of POSTINGS_BLOCK each */
	size_t n_postings, n_blocks;
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

/* The two bits of a word that a hash sets: as a key, as a stem. */
static inline uint32_t filter_stem(uint32_t hash)
{
	return hash * 0x9e3779b1u;
}
static inline unsigned filter_has(uint64_t word, uint32_t bits)
{
	return (word >> (bits >> 26)) & (word >> (bits >> 20 & 63)) & 1;
}
/* What the hash may be: enum index_bits. */
static inline unsigned filter_look(const struct filter *f, uint32_t hash)
{
	uint64_t word = f->words[hash & f->mask];

	return filter_has(word, hash) | filter_has(word, filter_stem(hash)) << 1;
}
static inline struct posting *index_posting(const struct index *x, uint32_t at)
{
	return &x->blocks[at >> POSTINGS_BLOCK_BITS][at & (POSTINGS_BLOCK - 1)];
}
static inline const struct slot_shard *slot_shard(const struct slot_table *t, uint32_t hash)
{
	return &t->shards[hash >> (32 - SLOT_SHARD_BITS)];
}
static inline void slot_prefetch(const struct slot_table *t, uint32_t hash)
{
	const struct slot_shard *s = slot_shard(t, hash);

	if (s->mask != 0)
		__builtin_prefetch(&s->slots[hash & s->mask]);
}
/* Value of the hash, or INDEX_NONE. */
static inline uint32_t slot_find(const struct slot_table *t, uint32_t hash)
{
	const struct slot_shard *s = slot_shard(t, hash);

	if (s->mask == 0)
		return INDEX_NONE;
	for (uint32_t i = hash & s->mask; s->slots[i].value != INDEX_NONE; i = (i + 1) & s->mask)
		if (s->slots[i].hash == hash)
			return s->slots[i].value;
	return INDEX_NONE;
}
