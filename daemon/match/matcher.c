/* SPDX-License-Identifier: ISC */
/* All watches at once: a post's words name the candidates, each is evaluated. */
#include <assert.h>
#include <endian.h>

#include "base/mem.h"
#include "evaluate.h"
#include "index.h"
#include "keys.h"

struct matcher {
	struct index index;
	size_t users[KEY_GROUPS];                /* keys that look at the group */
	size_t prefixes[KEY_GROUPS][KEY_PREFIX_MAX]; /* watches with a prefix of so many bytes */
	size_t regexes[KEY_GROUPS];              /* watches with grams */
	size_t grams[KEY_GROUPS][GRAM_IMAGES][GRAM_LENGTHS]; /* those with one of that length */
};

/* A watch that may match, and the word of the post that says so. */
struct candidate {
	uint64_t watch;
	const struct query *query;
	uint32_t word;
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
		m->regexes[g] += keys_have_grams(k, g) ? by : 0;
		for (unsigned i = 0; i < GRAM_IMAGES * GRAM_LENGTHS && keys_have_grams(k, g); i++)
			if (k->grams[g][i / GRAM_LENGTHS] & 1u << i % GRAM_LENGTHS)
				m->grams[g][i / GRAM_LENGTHS][i % GRAM_LENGTHS] += by;
	}
}

static int compare_keys(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* The keys that a query stands under, each once. */
static void keys_of(const struct query *query, struct keys *ret)
{
	size_t n = 0;

	(void)query_keys(query, ret);
	if (ret->list.n < 2)
		return;
	qsort(ret->list.v, ret->list.n, sizeof(ret->list.v[0]), compare_keys);
	for (size_t i = 0; i < ret->list.n; i++)
		if (n == 0 || ret->list.v[n - 1] != ret->list.v[i])
			ret->list.v[n++] = ret->list.v[i];
	ret->list.n = n;
}

static struct index_keys for_index(const struct keys *k)
{
	return (struct index_keys){ k->list.v, k->stems.v, k->list.n, k->stems.n };
}

void matcher_add(struct matcher *m, uint64_t watch, const struct query *query)
{
	AUTO(keys) struct keys k = { 0 };

	assert(index_query(&m->index, watch) == NULL);
	keys_of(query, &k);
	index_add(&m->index, watch, query, for_index(&k));
	count_users(m, &k, 1);
}

void matcher_remove(struct matcher *m, uint64_t watch)
{
	AUTO(keys) struct keys k = { 0 };
	const struct query *query = index_query(&m->index, watch);

	if (query == NULL)
		return;
	keys_of(query, &k);
	index_remove(&m->index, watch, for_index(&k));
	count_users(m, &k, (size_t)-1);
}

/* --- one post -------------------------------------------------------------------------------------------------------- */

static void add_candidate(struct candidates *c, const struct posting *p, uint32_t word)
{
	if (c->n == c->cap) {
		bool inside = c->v == c->first;

		c->cap *= 2;
		c->v = mem_realloc_array(inside ? NULL : c->v, c->cap, sizeof(*c->v));
		if (inside)
			memcpy(c->v, c->first, sizeof(c->first));
	}
	c->v[c->n++] = (struct candidate){ .watch = p->watch, .query = p->query, .word = word };
	__builtin_prefetch(p->query);
	__builtin_prefetch((const char *)p->query + 64);
}

static void add_list(const struct index *x, uint32_t at, uint32_t word, struct candidates *c)
{
	while (at != INDEX_NONE) {
		const struct posting *p = index_posting(x, at);

		add_candidate(c, p, word);
		at = p->next;
	}
}

#define AT_ONCE 64 /* words */

struct found_key {
	uint32_t key, word;
};

/* Keys that the filter lets pass, taken together so that the cache misses of the table and of the postings overlap. */
struct batch {
	const struct index *index;
	struct candidates *candidates;
	size_t n;
	struct found_key v[4 * AT_ONCE];
};

static void batch_flush(struct batch *b)
{
	const struct index *x = b->index;
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++) {
		uint32_t at = slot_find(&x->keys, b->v[i].key);

		b->v[n] = (struct found_key){ at, b->v[i].word }; /* from here on no key, but its first posting */
		if (at != INDEX_NONE) {
			__builtin_prefetch(index_posting(x, at));
			n++;
		}
	}
	for (size_t i = 0; i < n; i++)
		add_list(x, b->v[i].key, b->v[i].word, b->candidates);
	b->n = 0;
}

static void batch_reserve(struct batch *b, size_t n)
{
	if (b->n + n > sizeof(b->v) / sizeof(b->v[0]))
		batch_flush(b);
}

/* Those that were written behind the last one, up to `n`. */
static void batch_add(struct batch *b, size_t n)
{
	for (; b->n < n; b->n++)
		slot_prefetch(&b->index->keys, b->v[b->n].key);
}

static void look_up_prefixes(const struct matcher *m, enum group g, const struct words *w, size_t i, struct batch *b)
{
	struct str word = word_text(w, &w->v[i]);

	batch_reserve(b, KEY_PREFIX_MAX);
	for (size_t len = 1; len <= KEY_PREFIX_MAX && len <= word.len; len++)
		if (m->prefixes[g][len - 1]) {
			uint32_t key = key_of_prefix(word.p, len, g);

			b->v[b->n] = (struct found_key){ key, (uint32_t)i };
			batch_add(b, b->n + (filter_look(&m->index.filter, key) & INDEX_KEY));
		}
}

static bool has_prefixes(const struct matcher *m, enum group g)
{
	for (size_t i = 0; i < KEY_PREFIX_MAX; i++)
		if (m->prefixes[g][i])
			return true;
	return false;
}

/* Words of the post that something longer may begin with. */
struct stems {
	uint32_t hash; /* of the words joined so far */
	uint32_t first;
};

/* Keys of one word that begin at words from..end, at most AT_ONCE; then of two, of three and so on, as far as there may be
 * keys that go on.  Nothing here branches on what the filter says: nobody could foretell it. */
static void look_up_words(const struct index *x, enum group g, const struct words *w, size_t from, size_t end, struct batch *b)
{
	VIEW_UNINITIALIZED struct stems stems[AT_ONCE];
	const struct filter filter = x->filter;
	const struct word *words = w->v;
	size_t n = 0, n_words = w->n, taken;

	batch_reserve(b, end - from);
	taken = b->n;
	for (size_t i = from; i < end; i++) {
		uint32_t hash = words[i].hash;
		unsigned bits = filter_look(&filter, key_of(hash, g));

		b->v[taken] = (struct found_key){ key_of(hash, g), (uint32_t)i };
		taken += bits & INDEX_KEY;
		stems[n] = (struct stems){ hash, (uint32_t)i };
		n += bits >> 1;
	}
	batch_add(b, taken);
	for (size_t more = 1; n > 0; more++) {
		size_t before = n;

		n = 0;
		batch_reserve(b, before);
		taken = b->n;
		for (size_t i = 0; i < before; i++) {
			uint32_t first = stems[i].first;

			if (first + more == n_words || (words[first + more].flags & WORD_FIRST))
				continue;
			uint32_t hash = key_join(stems[i].hash, words[first + more].hash);
			unsigned bits = filter_look(&filter, key_of(hash, g));

			b->v[taken] = (struct found_key){ key_of(hash, g), first };
			taken += bits & INDEX_KEY;
			stems[n] = (struct stems){ hash, first };
			n += bits >> 1;
		}
		batch_add(b, taken);
	}
}

static void look_up_group(const struct matcher *m, enum group g, const struct words *w, struct batch *b)
{
	for (size_t i = 0; i < w->n; i += AT_ONCE)
		look_up_words(&m->index, g, w, i, w->n - i < AT_ONCE ? w->n : i + AT_ONCE, b);
	if (has_prefixes(m, g))
		for (size_t i = 0; i < w->n; i++)
			look_up_prefixes(m, g, w, i, b);
}

/* --- grams of regular expressions --- */

#define GRAMS_SEEN 256

/* What is looked for in one image of a group's texts. */
struct gram_pass {
	unsigned n, short_n; /* the short ones first; a long one is looked for where its first bytes are */
	struct {
		uint64_t mask, salt;
		size_t len;
	} v[GRAM_LENGTHS];
	uint32_t seen[GRAMS_SEEN]; /* keys that were found: a text of one letter holds its gram everywhere */
};

static void gram_pass_init(struct gram_pass *p, const size_t users[static GRAM_LENGTHS], enum gram_image image, unsigned g)
{
	bool longer = false;

	for (unsigned i = GRAM_STEM + 1; i < GRAM_LENGTHS; i++)
		longer |= users[i] > 0;
	p->n = p->short_n = 0;
	for (unsigned i = 0; i < GRAM_LENGTHS; i++) {
		if (users[i] == 0 && !(i == GRAM_STEM && longer))
			continue;
		p->v[p->n].mask = gram_mask(i);
		p->v[p->n].salt = gram_salt(image, i, g);
		p->v[p->n++].len = gram_len(i);
		p->short_n += i <= GRAM_STEM;
	}
	for (uint32_t i = 0; i < GRAMS_SEEN; i++)
		p->seen[i] = ~i;
}

static void look_up_gram(struct gram_pass *p, uint32_t key, struct batch *b)
{
	uint32_t *seen = &p->seen[key % GRAMS_SEEN];

	if (*seen == key)
		return;
	*seen = key;
	batch_reserve(b, 1);
	b->v[b->n] = (struct found_key){ key, 0 };
	batch_add(b, b->n + 1);
}

static void look_up_text(const struct matcher *m, struct gram_pass *p, enum gram_image image, struct str text, struct batch *b)
{
	VIEW_UNINITIALIZED char inside[4096];
	char *bytes = gram_room(text.len) <= sizeof(inside) ? inside : mem_alloc(gram_room(text.len));
	size_t n = gram_write_image(image, text.p, text.len, bytes);
	const struct filter filter = m->index.filter;

	for (size_t i = 0; i < n; i++) {
		unsigned bits = 0;
		uint64_t x;

		memcpy(&x, bytes + i, sizeof(x));
		x = le64toh(x);
		for (unsigned k = 0; k < p->short_n || (k < p->n && (bits & INDEX_STEM)); k++) {
			uint32_t key = gram_key(x & p->v[k].mask, p->v[k].salt);
			unsigned is = filter_look(&filter, key);

			if ((is & INDEX_KEY) && p->v[k].len <= n - i)
				look_up_gram(p, key, b);
			bits |= is;
		}
	}
	if (bytes != inside)
		mem_free(bytes);
}

static void look_up_grams(const struct matcher *m, unsigned base, enum group g, const struct post *post, struct batch *b)
{
	VIEW_UNINITIALIZED struct gram_pass pass;
	unsigned fields = 0;

	for (enum gram_image image = 0; image < GRAM_IMAGES; image++) {
		gram_pass_init(&pass, m->grams[base + g][image], image, base + g);
		if (pass.n == 0)
			continue;
		fields = fields ? fields : group_regex_fields(g);
		for (enum post_field f = 0; f < POST_FIELDS; f++)
			for (size_t i = 0, n = fields & 1u << f ? match_field_count(post, f) : 0; i < n; i++)
				look_up_text(m, &pass, image, match_field_text(post, f, i), b);
	}
}

/* `base` 0: the post itself; GROUPS: one of its context. */
static void look_up_sight(const struct matcher *m, unsigned base, struct sight *s, struct batch *b)
{
	for (unsigned g = 0; g < GROUPS; g++) {
		if (m->users[base + g])
			look_up_group(m, (enum group)(base + g), sight_words(s, (enum group)g), b);
		if (m->regexes[base + g])
			look_up_grams(m, base, (enum group)g, s->post, b);
	}
}

static inline bool before(const struct candidate *a, const struct candidate *b)
{
	return a->watch != b->watch ? a->watch < b->watch : a->word < b->word;
}

static int compare_candidates(const void *a, const void *b)
{
	return before(a, b) ? -1 : before(b, a);
}

/* By watch, then by word. */
static void sort_candidates(struct candidates *c)
{
	if (c->n > 24) {
		qsort(c->v, c->n, sizeof(c->v[0]), compare_candidates);
		return;
	}
	for (size_t i = 1; i < c->n; i++) {
		struct candidate x = c->v[i];
		size_t k = i;

		for (; k > 0 && before(&x, &c->v[k - 1]); k--)
			c->v[k] = c->v[k - 1];
		c->v[k] = x;
	}
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

/* Candidates from..end are of one watch. */
static bool evaluate_candidate(const struct candidates *c, size_t from, size_t end, struct view *v, struct spans *ret)
{
	const struct query *q = c->v[from].query;

	if (!q->plain)
		return evaluate(q, v, ret);
	vec_clear(&ret->list);
	for (size_t i = from; i < end; i++)
		if (i == from || c->v[i].word != c->v[i - 1].word)
			evaluate_place(q, v, c->v[i].word, ret);
	spans_sort(ret);
	return ret->list.n > 0;
}

void matcher_run(const struct matcher *m, const struct post *post, struct matches *ret)
{
	VIEW_UNINITIALIZED struct view v;
	VIEW_UNINITIALIZED struct candidates c;
	VIEW_UNINITIALIZED struct batch b;

	vec_clear(&ret->list);
	view_init(&v, post);
	c.v = c.first;
	c.n = b.n = 0;
	c.cap = CANDIDATES_INLINE;
	b.index = &m->index;
	b.candidates = &c;
	look_up_sight(m, 0, &v.self, &b);
	for (size_t i = 0; i < post->context.n; i++)
		look_up_sight(m, GROUPS, &v.context[i], &b);
	batch_flush(&b);
	add_list(&m->index, m->index.scan, 0, &c);
	sort_candidates(&c);
	for (size_t i = 0, end; i < c.n; i = end) {
		struct match *r = next_match(ret);

		for (end = i + 1; end < c.n && c.v[end].watch == c.v[i].watch;)
			end++;
		if (!evaluate_candidate(&c, i, end, &v, &r->spans))
			continue;
		r->watch = c.v[i].watch;
		ret->list.n++;
	}
	if (c.v != c.first)
		mem_free(c.v);
	view_release(&v);
}
