/* SPDX-License-Identifier: ISC */
/* The table of keys and the lists of watches under them. */
#include "index.h"

#include <string.h>

#include "base/mem.h"

#define SLOTS_MIN 64
#define FILTER_BITS_A_SLOT 8

static struct slot *slot_at(struct slot_table *t, uint64_t key)
{
	size_t i = index_spread(key) & t->mask;

	while (t->slots[i].used && t->slots[i].key != key)
		i = (i + 1) & t->mask;
	return &t->slots[i];
}

/* Makes room for one more slot, at most half of them used; slots without a value are dropped.  True if it moved. */
static bool slots_grow(struct slot_table *t)
{
	struct slot_table old = *t;
	size_t live = 0, n = SLOTS_MIN;

	if (t->mask && t->used < (t->mask + 1) / 2)
		return false;
	for (size_t i = 0; old.mask && i <= old.mask; i++)
		live += old.slots[i].used && old.slots[i].value != INDEX_NONE;
	while (n < live * 4)
		n *= 2;
	t->slots = mem_alloc(n * sizeof(*t->slots));
	t->mask = n - 1;
	t->used = live;
	for (size_t i = 0; old.mask && i <= old.mask; i++)
		if (old.slots[i].used && old.slots[i].value != INDEX_NONE)
			*slot_at(t, old.slots[i].key) = old.slots[i];
	mem_free(old.slots);
	return true;
}

static uint32_t *slot_value(struct slot_table *t, uint64_t key)
{
	struct slot *s = slot_at(t, key);

	if (!s->used) {
		*s = (struct slot){ .key = key, .value = INDEX_NONE, .used = true };
		t->used++;
	}
	return &s->value;
}

void index_init(struct index *x)
{
	memset(x, 0, sizeof(*x));
	x->free_postings = x->scan = INDEX_NONE;
}

void index_release(struct index *x)
{
	mem_free(x->keys.slots);
	mem_free(x->watches.slots);
	mem_free(x->filter);
	mem_free(x->postings);
	index_init(x);
}

static void filter_set(struct index *x, uint64_t key)
{
	uint64_t bit = index_spread(key) & x->filter_mask;

	x->filter[bit >> 6] |= (uint64_t)1 << (bit & 63);
}

static void grow_keys(struct index *x)
{
	if (!slots_grow(&x->keys))
		return;
	size_t bits = (x->keys.mask + 1) * FILTER_BITS_A_SLOT;
	mem_free(x->filter);
	x->filter = mem_alloc(bits / 8);
	x->filter_mask = bits - 1;
	for (size_t i = 0; i <= x->keys.mask; i++)
		if (x->keys.slots[i].used)
			filter_set(x, x->keys.slots[i].key);
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

static uint32_t *head_of(struct index *x, const struct posting *p)
{
	return p->scanned ? &x->scan : slot_value(&x->keys, p->key);
}

static void link_posting(struct index *x, uint32_t at)
{
	struct posting *p = &x->postings[at];
	uint32_t *head = head_of(x, p);

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
	if (p->previous != INDEX_NONE)
		x->postings[p->previous].next = p->next;
	else
		*head_of(x, p) = p->next;
	p->next = x->free_postings;
	x->free_postings = at;
}

void index_add(struct index *x, uint64_t watch, const struct query *q, const uint64_t *keys, size_t n)
{
	uint32_t sibling = INDEX_NONE;

	for (size_t i = 0; i < (n ? n : 1); i++) {
		uint32_t at = new_posting(x);

		x->postings[at] = (struct posting){ .watch = watch, .query = q, .key = n ? keys[i] : 0,
						    .sibling = sibling, .scanned = n == 0 };
		if (n > 0) {
			grow_keys(x);
			filter_set(x, keys[i]);
		}
		link_posting(x, at);
		sibling = at;
	}
	(void)slots_grow(&x->watches);
	*slot_value(&x->watches, watch) = sibling;
	x->n_watches++;
}

bool index_remove(struct index *x, uint64_t watch)
{
	uint32_t at = slot_find(&x->watches, watch), sibling;

	if (at == INDEX_NONE)
		return false;
	*slot_value(&x->watches, watch) = INDEX_NONE;
	for (; at != INDEX_NONE; at = sibling) {
		sibling = x->postings[at].sibling;
		unlink_posting(x, at);
	}
	x->n_watches--;
	return true;
}
