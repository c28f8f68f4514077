/* SPDX-License-Identifier: ISC */
/* Bounded memory for things that die together: a chain of chunks that are freed as one. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>

#include "base/mem.h"

#define CHUNK_MIN_BYTES 512u
#define CHUNK_MAX_BYTES (256u << 10)

struct chunk {
	struct chunk *next;
	size_t used, cap; /* of data, bytes */
	alignas(max_align_t) char data[];
};
struct arena {
	struct chunk *first; /* the one with room; full ones behind it */
	size_t max, taken, next_size;
	bool full;
};

struct arena *arena_new(size_t max_bytes)
{
	struct arena *a = mem_new(struct arena);
	a->max = max_bytes;
	a->next_size = CHUNK_MIN_BYTES;
	return a;
}

void arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	for (struct chunk *c = a->first; c;) {
		struct chunk *next = c->next;
		mem_free(c);
		c = next;
	}
	mem_free(a);
}

/* A chunk with room for `size`, as large as its turn or the limit allows. */
static struct chunk *arena_grow(struct arena *a, size_t size)
{
	size_t room = a->max - a->taken;
	if (room <= sizeof(struct chunk) || size > room - sizeof(struct chunk))
		return NULL;
	size_t total = a->next_size < room ? a->next_size : room;
	if (total - sizeof(struct chunk) < size)
		total = size + sizeof(struct chunk);
	if (a->next_size < CHUNK_MAX_BYTES)
		a->next_size *= 2;
	struct chunk *c = mem_realloc(NULL, total); /* not zeroed: texts are written whole */
	c->used = 0;
	c->cap = total - sizeof(struct chunk);
	a->taken += total;
	/* A big thing gets its own chunk; the first one may still have more room left. */
	if (a->first && a->first->cap - a->first->used > c->cap - size) {
		c->next = a->first->next;
		a->first->next = c;
	} else {
		c->next = a->first;
		a->first = c;
	}
	return c;
}

/* `align` 1 for bytes of text, so that texts lie close. */
static void *arena_take(struct arena *a, size_t size, size_t align)
{
	struct chunk *c = a->first;
	size_t at = c ? (c->used + (align - 1)) & ~(align - 1) : 0;
	if (c == NULL || at > c->cap || size > c->cap - at) {
		at = 0;
		c = arena_grow(a, size);
		if (c == NULL) {
			a->full = true;
			return NULL;
		}
	}
	c->used = at + size;
	return c->data + at;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p = arena_take(a, size ? size : 1, alignof(max_align_t));
	return p ? memset(p, 0, size) : NULL;
}

struct str arena_str(struct arena *a, struct str s)
{
	if (!str_present(s))
		return STR_NULL;
	char *p = arena_take(a, s.len + 1, 1);
	if (p == NULL)
		return STR("");
	if (s.len)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return str_n(p, s.len);
}

char *arena_cstr(struct arena *a, struct str s)
{
	char *p = arena_take(a, s.len + 1, 1);
	if (p == NULL) {
		static char empty[1];
		return empty;
	}
	if (s.len)
		memcpy(p, s.p, s.len);
	p[s.len] = '\0';
	return p;
}

struct str arena_fmt(struct arena *a, const char *fmt, ...)
{
	va_list ap, measure;
	va_start(ap, fmt);
	va_copy(measure, ap);
	int n = vsnprintf(NULL, 0, fmt, measure);
	va_end(measure);
	char *p = n < 0 ? NULL : arena_take(a, (size_t)n + 1, 1);
	if (p)
		vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p ? str_n(p, (size_t)n) : STR("");
}

size_t arena_used(const struct arena *a)
{
	return a->taken;
}

bool arena_full(const struct arena *a)
{
	return a->full;
}
