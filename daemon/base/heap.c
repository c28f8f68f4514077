/* SPDX-License-Identifier: ISC */
/* Binary min-heap of due times. */
#include "base/heap.h"

#include "base/mem.h"

void heap_release(struct heap *h)
{
	for (size_t i = 0; i < h->n; i++)
		h->v[i]->pos = 0;
	mem_free(h->v);
	*h = (struct heap){ 0 };
}

static void heap_place(struct heap *h, struct heap_node *node, size_t pos)
{
	h->v[pos - 1] = node;
	node->pos = pos;
}

static void heap_sift(struct heap *h, struct heap_node *node)
{
	size_t pos = node->pos;
	while (pos > 1 && h->v[pos / 2 - 1]->key > node->key) {
		heap_place(h, h->v[pos / 2 - 1], pos);
		pos /= 2;
	}
	for (size_t child; (child = pos * 2) <= h->n;) {
		if (child < h->n && h->v[child]->key < h->v[child - 1]->key)
			child++;
		if (h->v[child - 1]->key >= node->key)
			break;
		heap_place(h, h->v[child - 1], pos);
		pos = child;
	}
	heap_place(h, node, pos);
}

void heap_set(struct heap *h, struct heap_node *node, int64_t key)
{
	if (node->pos == 0) {
		if (h->n == h->cap) {
			h->cap = h->cap ? h->cap * 2 : 16;
			h->v = mem_realloc_array(h->v, h->cap, sizeof(struct heap_node *));
		}
		h->n++;
		heap_place(h, node, h->n);
	}
	node->key = key;
	heap_sift(h, node);
}

void heap_remove(struct heap *h, struct heap_node *node)
{
	if (node->pos == 0)
		return;
	struct heap_node *last = h->v[--h->n];
	if (last != node) {
		heap_place(h, last, node->pos);
		heap_sift(h, last);
	}
	node->pos = 0;
}

struct heap_node *heap_top(const struct heap *h)
{
	return h->n ? h->v[0] : NULL;
}
