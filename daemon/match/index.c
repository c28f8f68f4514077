/* SPDX-License-Identifier: ISC */
/* The table of keys and the lists of watches under them. */
#include "index.h"

#include <string.h>

#include "base/mem.h"

#define SLOTS_MIN 64
#define FILTER_SHARE 8 /* entries of the filter for each hash in it, at least */

/* --- slots ----------------------------------------------------------------------------------------------------------- */

static struct slot *slot_at(const struct slot_table *t, uint32_t hash)
{
	size_t i = hash & t->mask;

	while (t->slots[i].value != INDEX_NONE && t->slots[i].hash != hash)
		i = (i + 1) & t->mask;
	return &t->slots[i];
}

/* Makes room for one more, at most three quarters of the slots used. */
static void slots_grow(struct slot_table *t)
{
	struct slot_table old = *t;
	size_t n = old.mask ? (old.mask + 1) * 2 : SLOTS_MIN;

	if (old.mask && (t->used + 1) * 4 <= (old.mask + 1) * 3)
		return;
	t->slots = mem_realloc_array(NULL, n, sizeof(*t->slots));
	memset(t->slots, 0xff, n * sizeof(*t->slots)); /* INDEX_NONE */
	t->mask = n - 1;
	for (size_t i = 0; old.mask && i <= old.mask; i++)
		if (old.slots[i].value != INDEX_NONE)
			*slot_at(t, old.slots[i].hash) = old.slots[i];
	mem_free(old.slots);
}

/* The value, `initial` if the hash is new. */
static uint32_t *slot_make(struct slot_table *t, uint32_t hash, uint32_t initial)
{
	slots_grow(t);
	struct slot *s = slot_at(t, hash);

	if (s->value == INDEX_NONE) {
		*s = (struct slot){ .hash = hash, .value = initial };
		t->used++;
	}
	return &s->value;
}

/* Frees the slot and moves those behind it that could not be found any more. */
static void slot_erase(struct slot_table *t, struct slot *s)
{
	size_t hole = (size_t)(s - t->slots);

	for (size_t i = (hole + 1) & t->mask; t->slots[i].value != INDEX_NONE; i = (i + 1) & t->mask) {
		size_t home = t->slots[i].hash & t->mask;

		if (((i - home) & t->mask) >= ((i - hole) & t->mask)) {
			t->slots[hole] = t->slots[i];
			hole = i;
		}
	}
	t->slots[hole].value = INDEX_NONE;
	t->used--;
}

/* --- filter ---------------------------------------------------------------------------------------------------------- */

static void filter_set(struct index *x, uint32_t hash, enum index_bits bit)
{
	x->filter[(hash & x->filter_mask) >> 5] |= (uint64_t)bit << (hash & 31) * 2;
}

static void filter_set_all(struct index *x, const struct slot_table *t, enum index_bits bit)
{
	for (size_t i = 0; t->mask && i <= t->mask; i++)
		if (t->slots[i].value != INDEX_NONE)
			filter_set(x, t->slots[i].hash, bit);
}

/* Makes it anew when it is too full; only then do bits go that no hash has any more. */
static void filter_grow(struct index *x)
{
	size_t used = x->keys.used + x->stems.used;

	if (used * FILTER_SHARE <= x->filter_mask + 1)
		return;
	mem_free(x->filter);
	x->filter_mask = (x->filter_mask + 1) * 2 - 1;
	x->filter = mem_alloc((x->filter_mask + 1) / 4);
	filter_set_all(x, &x->keys, INDEX_KEY);
	filter_set_all(x, &x->stems, INDEX_STEM);
}

/* --- postings -------------------------------------------------------------------------------------------------------- */

void index_init(struct index *x)
{
	memset(x, 0, sizeof(*x));
	x->free_postings = x->scan = INDEX_NONE;
	x->filter_mask = SLOTS_MIN * FILTER_SHARE - 1;
	x->filter = mem_alloc((x->filter_mask + 1) / 4);
}

void index_release(struct index *x)
{
	mem_free(x->keys.slots);
	mem_free(x->stems.slots);
	mem_free(x->watches.slots);
	mem_free(x->filter);
	mem_free(x->postings);
	memset(x, 0, sizeof(*x));
}

static uint32_t new_posting(struct index *x)
{
	uint32_t at = x->free_postings;

	if (at != INDEX_NONE) {
		x->free_postings = x->postings[at].next;
		return at;
	}
	if (x->n_postings == x->cap_postings) {
		x->cap_postings = x->cap_postings ? x->cap_postings * 2 : 64;
		x->postings = mem_realloc_array(x->postings, x->cap_postings, sizeof(*x->postings));
	}
	return (uint32_t)x->n_postings++;
}

static void link_posting(struct index *x, uint32_t at, uint32_t *head)
{
	struct posting *p = &x->postings[at];

	p->next = *head;
	p->previous = INDEX_NONE;
	if (*head != INDEX_NONE)
		x->postings[*head].previous = at;
	*head = at;
}

static void unlink_posting(struct index *x, uint32_t at)
{
	struct posting *p = &x->postings[at];

	if (p->next != INDEX_NONE)
		x->postings[p->next].previous = p->previous;
	if (p->previous != INDEX_NONE) {
		x->postings[p->previous].next = p->next;
	} else if (x->scan == at) {
		x->scan = p->next;
	} else {
		struct slot *s = slot_at(&x->keys, p->key);

		if (p->next == INDEX_NONE)
			slot_erase(&x->keys, s);
		else
			s->value = p->next;
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

	while (at != INDEX_NONE && x->postings[at].watch != watch)
		at = x->postings[at].sibling;
	return at == INDEX_NONE ? NULL : x->postings[at].query;
}

static void add_posting(struct index *x, uint64_t watch, const struct query *q, const uint32_t *key)
{
	uint32_t at = new_posting(x);
	uint32_t *first = slot_make(&x->watches, hash_watch(watch), at);

	x->postings[at] = (struct posting){ .watch = watch, .query = q, .key = key ? *key : 0,
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
	filter_set(x, *key, INDEX_KEY);
}

void index_add(struct index *x, uint64_t watch, const struct query *q, struct index_keys k)
{
	for (size_t i = 0; i < k.n_keys; i++)
		add_posting(x, watch, q, &k.keys[i]);
	if (k.n_keys == 0)
		add_posting(x, watch, q, NULL);
	for (size_t i = 0; i < k.n_stems; i++) {
		++*slot_make(&x->stems, k.stems[i], 0);
		filter_set(x, k.stems[i], INDEX_STEM);
	}
	filter_grow(x);
	x->n_watches++;
}

void index_remove(struct index *x, uint64_t watch, struct index_keys k)
{
	struct slot *s = slot_at(&x->watches, hash_watch(watch));
	uint32_t at = s->value, kept = INDEX_NONE, sibling;

	for (; at != INDEX_NONE; at = sibling) {
		sibling = x->postings[at].sibling;
		if (x->postings[at].watch == watch) {
			unlink_posting(x, at);
		} else {
			x->postings[at].sibling = kept;
			kept = at;
		}
	}
	if (kept == INDEX_NONE)
		slot_erase(&x->watches, s);
	else
		s->value = kept;
	for (size_t i = 0; i < k.n_stems; i++) {
		s = slot_at(&x->stems, k.stems[i]);
		if (--s->value == 0)
			slot_erase(&x->stems, s);
	}
	x->n_watches--;
}
