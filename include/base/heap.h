/* SPDX-License-Identifier: ISC */
/*
 * Binary min-heap of due times, intrusive: embed a heap_node, so removal and re-keying are O(log
 * n).
 * Owns its array only.  One thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
	int64_t key; /* due, ms */
	size_t pos;  /* private: 1-based place in the heap, 0 = not in it */
};
struct heap {
	struct heap_node **v;
	size_t n, cap;
};

void heap_release(struct heap *h);
void heap_set(struct heap *h, struct heap_node *node, int64_t key); /* inserts, or moves to the new key */
void heap_remove(struct heap *h, struct heap_node *node);           /* fine if it is not in */
struct heap_node *heap_top(const struct heap *h);                   /* least key, NULL if empty */
static inline bool heap_has(const struct heap_node *node) { return node->pos != 0; }
