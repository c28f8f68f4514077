/* SPDX-License-Identifier: ISC */
/* All watches at once: a post's words name the candidates, each is evaluated. */
#include <assert.h>

#include "base/mem.h"
#include "evaluate.h"
#include "index.h"
#include "keys.h"

struct matcher {
	struct index index;
	size_t users[KEY_GROUPS];                /* keys that look at the group */
	size_t prefixes[KEY_GROUPS][KEY_PREFIX_MAX]; /* watches with a prefix of so many bytes */
};

struct candidate {
	uint64_t watch;
	const struct query *query;
};

#define CANDIDATES_INLINE 128

struct candidates {
	struct candidate *v;
	size_t n, cap;
	struct candidate first[CANDIDATES_INLINE];
};

struct matcher *matcher_new(void)
{
	struct matcher *m = mem_new(struct matcher);

	index_init(&m->index);
	return m;
}

void matcher_free(struct matcher *m)
{
	if (m == NULL)
		return;
	index_release(&m->index);
	mem_free(m);
}

size_t matcher_count(const struct matcher *m)
{
	return m->index.n_watches;
}

/* Counts what the keys of a watch look at, so that posts are cut no further than somebody looks. */
static void count_users(struct matcher *m, const struct keys *k, size_t by)
{
	for (unsigned g = 0; g < KEY_GROUPS; g++) {
		if (k->groups & 1u << g)
			m->users[g] += by;
		for (unsigned i = 0; i < KEY_PREFIX_MAX; i++)
			if (k->prefixes[g] & 1u << i)
				m->prefixes[g][i] += by;
	}
}

static int compare_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void sort_keys(struct keys *k)
{
	size_t n = 0;

	if (k->list.n < 2)
		return;
	qsort(k->list.v, k->list.n, sizeof(k->list.v[0]), compare_keys);
	for (size_t i = 0; i < k->list.n; i++)
		if (n == 0 || k->list.v[n - 1] != k->list.v[i])
			k->list.v[n++] = k->list.v[i];
	k->list.n = n;
}

void matcher_add(struct matcher *m, uint64_t watch, const struct query *query)
{
	AUTO(keys) struct keys k = { 0 };

	assert(slot_find(&m->index.watches, watch) == INDEX_NONE);
	(void)query_keys(query, &k);
	sort_keys(&k);
	index_add(&m->index, watch, query, k.list.v, k.list.n);
	count_users(m, &k, 1);
}

void matcher_remove(struct matcher *m, uint64_t watch)
{
	AUTO(keys) struct keys k = { 0 };
	uint32_t at = slot_find(&m->index.watches, watch);

	if (at == INDEX_NONE)
		return;
	(void)query_keys(m->index.postings[at].query, &k);
	(void)index_remove(&m->index, watch);
	count_users(m, &k, (size_t)-1);
}

/* --- one post -------------------------------------------------------------------------------------------------------- */

static void add_candidate(struct candidates *c, const struct posting *p)
{
	if (c->n == c->cap) {
		bool inside = c->v == c->first;

		c->cap *= 2;
		c->v = mem_realloc_array(inside ? NULL : c->v, c->cap, sizeof(*c->v));
		if (inside)
			memcpy(c->v, c->first, sizeof(c->first));
	}
	c->v[c->n++] = (struct candidate){ .watch = p->watch, .query = p->query };
	__builtin_prefetch(p->query);
}

static void add_list(const struct index *x, uint32_t at, struct candidates *c)
{
	for (; at != INDEX_NONE; at = x->postings[at].next)
		add_candidate(c, &x->postings[at]);
}

static inline void look_up(const struct index *x, uint64_t key, struct candidates *c)
{
	if (index_may_have(x, key))
		add_list(x, slot_find(&x->keys, key), c);
}

static void look_up_prefixes(const struct matcher *m, enum group g, struct str word, struct candidates *c)
{
	for (size_t len = 1; len <= KEY_PREFIX_MAX && len <= word.len; len++)
		if (m->prefixes[g][len - 1])
			look_up(&m->index, key_of_prefix(word.p, len, g), c);
}

static bool has_prefixes(const struct matcher *m, enum group g)
{
	for (size_t i = 0; i < KEY_PREFIX_MAX; i++)
		if (m->prefixes[g][i])
			return true;
	return false;
}

static void look_up_group(const struct matcher *m, enum group g, const struct words *w, struct candidates *c)
{
	bool prefixes = has_prefixes(m, g);

	for (size_t i = 0; i < w->n; i++) {
		const struct word *x = &w->v[i];

		look_up(&m->index, key_salted(x->hash, g), c);
		if ((x->flags & WORD_CHAR) && i + 1 < w->n && (x[1].flags & WORD_CHAR) && (x[1].flags & WORD_GLUED))
			look_up(&m->index, key_of_pair(x->hash, x[1].hash, g), c);
		if (prefixes)
			look_up_prefixes(m, g, word_text(w, x), c);
	}
}

/* `base` 0: the post itself; GROUPS: one of its context. */
static void look_up_sight(const struct matcher *m, unsigned base, struct sight *s, struct candidates *c)
{
	for (unsigned g = 0; g < GROUPS; g++)
		if (m->users[base + g])
			look_up_group(m, (enum group)(base + g), sight_words(s, (enum group)g), c);
}

static int compare_candidates(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return x->watch < y->watch ? -1 : x->watch > y->watch;
}

/* By watch, each once: a watch may stand under several words, a word may come twice. */
static void sort_candidates(struct candidates *c)
{
	size_t n = 0;

	if (c->n > 24) {
		qsort(c->v, c->n, sizeof(c->v[0]), compare_candidates);
	} else {
		for (size_t i = 1; i < c->n; i++) {
			struct candidate x = c->v[i];
			size_t k = i;

			for (; k > 0 && c->v[k - 1].watch > x.watch; k--)
				c->v[k] = c->v[k - 1];
			c->v[k] = x;
		}
	}
	for (size_t i = 0; i < c->n; i++)
		if (n == 0 || c->v[n - 1].watch != c->v[i].watch)
			c->v[n++] = c->v[i];
	c->n = n;
}

/* The next entry of the result, with the memory for spans that an earlier post left there. */
static struct match *next_match(struct matches *r)
{
	if (r->list.n == r->made) {
		vec_reserve(&r->list, r->made + 1);
		memset(&r->list.v[r->made], 0, (r->list.cap - r->made) * sizeof(r->list.v[0]));
		r->made = r->list.cap;
	}
	return &r->list.v[r->list.n];
}

void matches_release(struct matches *r)
{
	for (size_t i = 0; i < r->made; i++)
		spans_release(&r->list.v[i].spans);
	vec_free(&r->list);
	r->made = 0;
}

void matcher_run(const struct matcher *m, const struct post *post, struct matches *ret)
{
	VIEW_UNINITIALIZED struct view v;
	VIEW_UNINITIALIZED struct candidates c;

	vec_clear(&ret->list);
	view_init(&v, post);
	c.v = c.first;
	c.n = 0;
	c.cap = CANDIDATES_INLINE;
	look_up_sight(m, 0, &v.self, &c);
	for (size_t i = 0; i < post->context.n; i++)
		look_up_sight(m, GROUPS, &v.context[i], &c);
	add_list(&m->index, m->index.scan, &c);
	sort_candidates(&c);
	for (size_t i = 0; i < c.n; i++) {
		struct match *r = next_match(ret);

		if (!evaluate(c.v[i].query, &v, &r->spans))
			continue;
		r->watch = c.v[i].watch;
		ret->list.n++;
	}
	if (c.v != c.first)
		mem_free(c.v);
	view_release(&v);
}
