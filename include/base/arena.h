/* SPDX-License-Identifier: ISC */
/*
 * Memory for things that die together.  Bounded: an allocation past `max` aborts nothing but
 * returns the empty text
 * from the copying functions and NULL from arena_alloc, and sets arena_full.  One thread.
 */
#pragma once

#include "base/own.h"
#include "base/str.h"

struct arena;

void arena_free(struct arena *a); /* NULL is fine */
struct arena *arena_new(size_t max_bytes) RETURNS_OWNED(arena_free);
DEFINE_OWNED(arena);
void *arena_alloc(struct arena *a, size_t size);         /* zeroed, aligned for any type; NULL if over the limit */
struct str arena_str(struct arena *a, struct str s);     /* copy, NUL-ended (not counted); absent stays absent */
char *arena_cstr(struct arena *a, struct str s);         /* the same as a C string; "" if over the limit */
struct str arena_fmt(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
size_t arena_used(const struct arena *a);                /* bytes taken from the system */
bool arena_full(const struct arena *a);                  /* something did not fit */
