/* SPDX-License-Identifier: ISC */
/*
 * Growing array: `VEC(struct post *) posts = {0}; vec_push(&posts, p); for i < posts.n … posts.v[i]; vec_free(&posts);`
 * Owns its array, not what the elements point to.  One thread.
 */
#pragma once

#include <string.h>
#include "base/mem.h"

#define VEC(type)                                                                                   \
	struct {                                                                                    \
		type *v;                                                                            \
		size_t n, cap;                                                                      \
	}

#define vec_reserve(vec, want)                                                                      \
	do {                                                                                        \
		size_t want_ = (want);                                                              \
		if (want_ > (vec)->cap) {                                                           \
			(vec)->cap = want_ > (vec)->cap * 2 ? want_ : (vec)->cap * 2;               \
			(vec)->v = mem_realloc_array((vec)->v, (vec)->cap, sizeof(*(vec)->v));      \
		}                                                                                   \
	} while (0)

#define vec_push(vec, item)                                                                         \
	do {                                                                                        \
		if ((vec)->n == (vec)->cap)                                                         \
			vec_reserve((vec), (vec)->n ? (vec)->n * 2 : 4);                            \
		(vec)->v[(vec)->n++] = (item);                                                      \
	} while (0)

/* Removes element i; the last one takes its place (order is not kept). */
#define vec_remove_swap(vec, i) ((vec)->v[(i)] = (vec)->v[--(vec)->n])
/* Removes element i; order is kept. */
#define vec_remove(vec, i)                                                                          \
	do {                                                                                        \
		size_t i_ = (i);                                                                    \
		memmove((vec)->v + i_, (vec)->v + i_ + 1, ((vec)->n - i_ - 1) * sizeof(*(vec)->v)); \
		(vec)->n--;                                                                         \
	} while (0)
#define vec_clear(vec) ((vec)->n = 0)
#define vec_free(vec)                                                                               \
	do {                                                                                        \
		mem_free((vec)->v);                                                                 \
		(vec)->v = NULL;                                                                    \
		(vec)->n = (vec)->cap = 0;                                                          \
	} while (0)
