/* SPDX-License-Identifier: ISC */
/* The table of keys and the lists of watches under them. */
#include "index.h"

#include <string.h>

#include "base/mem.h"

#define SLOTS_MIN 8       /* of a shard */
#define FILTER_WORDS_MIN 64
#define FILTER_SHARE 12   /* bits of the filter for each hash in it, at least */

/* --- slots ----------------------------------------------------------------------------------------------------------- */

static struct slot_shard *shard_of(struct slot_table *t, uint32_t hash)
{
	return &t->shards[hash >> (32 - SLOT_SHARD_BITS)];
}

static struct slot *slot_at(const struct slot_shard *s, uint32_t hash)
{
	uint32_t i = hash & s->mask;

	while (s->slots[i].value != INDEX_NONE && s->slots[i].hash != hash)
		i = (i + 1) & s->mask;
	return &s->slots[i];
}

/* Makes room for one more, at most four fifths of the slots used. */
static void shard_grow(struct slot_shard *s)
{
	struct slot_shard old = *s;
	size_t n = old.mask ? (old.mask + (size_t)1) * 2 : SLOTS_MIN;

	if (old.mask && (s->used + (size_t)1) * 5 <= (old.mask + (size_t)1) * 4)
		return;
	s->slots = mem_alloc_lines(n * sizeof(*s->slots));
	memset(s->slots, 0xff, n * sizeof(*s->slots)); /* INDEX_NONE */
	s->mask = (uint32_t)(n - 1);
	for (size_t i = 0; old.mask && i <= old.mask; i++)
		if (old.slots[i].value != INDEX_NONE)
			*slot_at(s, old.slots[i].hash) = old.slots[i];
	mem_free(old.slots);
}

/* The value, `initial` if the hash is new. */
static uint32_t *slot_make(struct slot_table *t, uint32_t hash, uint32_t initial)
{
	struct slot_shard *s = shard_of(t, hash);

	shard_grow(s);
	struct slot *slot = slot_at(s, hash);

	if (slot->value == INDEX_NONE) {
		*slot = (struct slot){ .hash = hash, .value = initial };
		s->used++;
		t->used++;
	}
	return &slot->value;
}

/* The slot of a hash that is there. */
static struct slot *slot_of(struct slot_table *t, uint32_t hash)
{
	return slot_at(shard_of(t, hash), hash);
}

/* Frees the slot and moves those behind it that could not be found any more. */
static void slot_erase(struct slot_table *t, struct slot *slot)
{
	struct slot_shard *s = shard_of(t, slot->hash);
	size_t hole = (size_t)(slot - s->slots);

	for (size_t i = (hole + 1) & s->mask; s->slots[i].value != INDEX_NONE; i = (i + 1) & s->mask) {
		size_t home = s->slots[i].hash & s->mask;

		if (((i - home) & s->mask) >= ((i - hole) & s->mask)) {
			s->slots[hole] = s->slots[i];
			hole = i;
		}
	}
	s->slots[hole].value = INDEX_NONE;
	s->used--;
	t->used--;
}

static void slots_release(struct slot_table *t)
{
	for (size_t i = 0; i < SLOT_SHARDS; i++)
		mem_free(t->shards[i].slots);
}

/* --- filter ---------------------------------------------------------------------------------------------------------- */

static struct filter filter_new(size_t words)
{
	return (struct filter){ .words = mem_alloc_lines(words * sizeof(uint64_t)), .mask = (uint32_t)(words - 1) };
}

static void filter_set(struct filter *f, uint32_t hash, enum index_bits bit)
{
	uint32_t bits = bit == INDEX_KEY ? hash : filter_stem(hash);

	f->words[hash & f->mask] |= (uint64_t)1 << (bits >> 26) | (uint64_t)1 << (bits >> 20 & 63);
}

static void filter_add(struct index *x, uint32_t hash, enum index_bits bit)
{
	filter_set(&x->filter, hash, bit);
	if (x->next.words)
		filter_set(&x->next, hash, bit);
}

static void filter_set_all(struct filter *f, const struct slot_shard *s, enum index_bits bit)
{
	for (size_t i = 0; s->mask && i <= s->mask; i++)
		if (s->slots[i].value != INDEX_NONE)
			filter_set(f, s->slots[i].hash, bit);
}

/* A filter that is too full, or full of hashes that went, is made anew: one shard with each change of the index. */
static void filter_step(struct index *x)
{
	size_t used = x->keys.used + x->stems.used, words = FILTER_WORDS_MIN;

	if (x->next.words == NULL) {
		if (used * FILTER_SHARE <= (x->filter.mask + (size_t)1) * 64 && x->stale <= used + FILTER_WORDS_MIN)
			return;
		while (words * 64 < used * FILTER_SHARE * 4 / 3)
			words *= 2;
		x->next = filter_new(words);
		x->next_shard = 0;
		x->stale = 0;
		return;
	}
	if (x->next_shard < SLOT_SHARDS)
		filter_set_all(&x->next, &x->keys.shards[x->next_shard], INDEX_KEY);
	else
		filter_set_all(&x->next, &x->stems.shards[x->next_shard - SLOT_SHARDS], INDEX_STEM);
	if (++x->next_shard < 2 * SLOT_SHARDS)
		return;
	mem_free(x->filter.words);
	x->filter = x->next;
	x->next.words = NULL;
}

/* --- postings -------------------------------------------------------------------------------------------------------- */

void index_init(struct index *x)
{
	memset(x, 0, sizeof(*x));
	x->free_postings = x->scan = INDEX_NONE;
	x->filter = filter_new(FILTER_WORDS_MIN);
}

void index_release(struct index *x)
{
	slots_release(&x->keys);
	slots_release(&x->stems);
	slots_release(&x->watches);
	mem_free(x->filter.words);
	mem_free(x->next.words);
	for (size_t i = 0; i < x->n_blocks; i++)
		mem_free(x->blocks[i]);
	mem_free(x->blocks);
	memset(x, 0, sizeof(*x));
}

static uint32_t new_posting(struct index *x)
{
	uint32_t at = x->free_postings;

	if (at != INDEX_NONE) {
		x->free_postings = index_posting(x, at)->next;
		return at;
	}
	if (x->n_postings == x->n_blocks * POSTINGS_BLOCK) {
		x->blocks = mem_realloc_array(x->blocks, x->n_blocks + 1, sizeof(*x->blocks));
		x->blocks[x->n_blocks++] = mem_alloc_lines(POSTINGS_BLOCK * sizeof(**x->blocks));
	}
	return (uint32_t)x->n_postings++;
}

static void link_posting(struct index *x, uint32_t at, uint32_t *head)
{
	struct posting *p = index_posting(x, at);

	p->next = *head;
	p->previous = INDEX_NONE;
	if (*head != INDEX_NONE)
		index_posting(x, *head)->previous = at;
	*head = at;
}

static void unlink_posting(struct index *x, uint32_t at)
{
	struct posting *p = index_posting(x, at);

	if (p->next != INDEX_NONE)
		index_posting(x, p->next)->previous = p->previous;
	if (p->previous != INDEX_NONE) {
		index_posting(x, p->previous)->next = p->next;
	} else if (x->scan == at) {
		x->scan = p->next;
	} else {
		struct slot *s = slot_of(&x->keys, p->key);

		if (p->next == INDEX_NONE) {
			slot_erase(&x->keys, s);
			x->stale++;
		} else {
			s->value = p->next;
		}
	}
	p->next = x->free_postings;
	x->free_postings = at;
}

/* --- watches --------------------------------------------------------------------------------------------------------- */

static uint32_t hash_watch(uint64_t watch)
{
	watch *= 0x9e3779b97f4a7c15u;
	return (uint32_t)(watch >> 32);
}

const struct query *index_query(const struct index *x, uint64_t watch)
{
	uint32_t at = slot_find(&x->watches, hash_watch(watch));

	while (at != INDEX_NONE && index_posting(x, at)->watch != watch)
		at = index_posting(x, at)->sibling;
	return at == INDEX_NONE ? NULL : index_posting(x, at)->query;
}

static void add_posting(struct index *x, uint64_t watch, const struct query *q, const uint32_t *key)
{
	uint32_t at = new_posting(x);
	uint32_t *first = slot_make(&x->watches, hash_watch(watch), at);

	*index_posting(x, at) = (struct posting){ .watch = watch, .query = q, .key = key ? *key : 0,
					    .sibling = *first == at ? INDEX_NONE : *first };
	*first = at;
	if (key == NULL) {
		link_posting(x, at, &x->scan);
		return;
	}
	uint32_t *head = slot_make(&x->keys, *key, at);
	if (*head == at)
		*head = INDEX_NONE;
	link_posting(x, at, head);
	filter_add(x, *key, INDEX_KEY);
}

void index_add(struct index *x, uint64_t watch, const struct query *q, struct index_keys k)
{
	for (size_t i = 0; i < k.n_keys; i++)
		add_posting(x, watch, q, &k.keys[i]);
	if (k.n_keys == 0)
		add_posting(x, watch, q, NULL);
	for (size_t i = 0; i < k.n_stems; i++) {
		++*slot_make(&x->stems, k.stems[i], 0);
		filter_add(x, k.stems[i], INDEX_STEM);
	}
	filter_step(x);
	x->n_watches++;
}

void index_remove(struct index *x, uint64_t watch, struct index_keys k)
{
	struct slot *s = slot_of(&x->watches, hash_watch(watch));
	uint32_t at = s->value, kept = INDEX_NONE, sibling;

	for (; at != INDEX_NONE; at = sibling) {
		sibling = index_posting(x, at)->sibling;
		if (index_posting(x, at)->watch == watch) {
			unlink_posting(x, at);
		} else {
			index_posting(x, at)->sibling = kept;
			kept = at;
		}
	}
	if (kept == INDEX_NONE)
		slot_erase(&x->watches, s);
	else
		s->value = kept;
	for (size_t i = 0; i < k.n_stems; i++) {
		s = slot_of(&x->stems, k.stems[i]);
		if (--s->value == 0) {
			slot_erase(&x->stems, s);
			x->stale++;
		}
	}
	filter_step(x);
	x->n_watches--;
}
