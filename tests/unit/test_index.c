/* SPDX-License-Identifier: ISC */
/* The index of keys against an array: while it grows, while watches come and go, and that its filter does not silt up. */
#include "lib/test.h"

#include "match/index.h"

#define WATCHES 20000
#define KEYS 3 /* of each watch; the first one is shared by some */

static uint32_t mixed(uint32_t n)
{
	uint64_t h = (n + 1) * 0x9e3779b97f4a7c15u;

	h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
	return (uint32_t)(h >> 32);
}

/* Watch `w` stands under these keys, the first one of which begins with the stem. */
static struct index_keys keys_of(uint32_t w, uint32_t keys[static KEYS], uint32_t stem[static 1])
{
	keys[0] = mixed(w / 4);
	keys[1] = mixed(1000000 + w);
	keys[2] = mixed(2000000 + w);
	stem[0] = mixed(3000000 + w / 100);
	return (struct index_keys){ keys, stem, KEYS, 1 };
}

static const struct query *query_of(uint32_t w)
{
	return (const struct query *)(uintptr_t)(w + 1); /* never looked into */
}

static void add(struct index *x, uint32_t w)
{
	uint32_t keys[KEYS], stem[1];

	index_add(x, w, query_of(w), keys_of(w, keys, stem));
}

static void del(struct index *x, uint32_t w)
{
	uint32_t keys[KEYS], stem[1];

	index_remove(x, w, keys_of(w, keys, stem));
}

static bool stands_under(const struct index *x, uint32_t w, uint32_t key)
{
	if (!(filter_look(&x->filter, key) & INDEX_KEY))
		return false;
	for (uint32_t at = slot_find(&x->keys, key); at != INDEX_NONE; at = index_posting(x, at)->next)
		if (index_posting(x, at)->watch == w && index_posting(x, at)->query == query_of(w))
			return true;
	return false;
}

/* Is it there, by all ways, or not at all? */
static void check(const struct index *x, uint32_t w, bool there)
{
	uint32_t keys[KEYS], stem[1];
	struct index_keys k = keys_of(w, keys, stem);

	CHECK(index_query(x, w) == (there ? query_of(w) : NULL));
	for (size_t i = 0; i < KEYS; i++)
		CHECK_INT(stands_under(x, w, k.keys[i]), there);
	if (there)
		CHECK(filter_look(&x->filter, stem[0]) & INDEX_STEM);
}

TEST(grows_and_shrinks)
{
	struct index x;

	index_init(&x);
	for (uint32_t w = 0; w < WATCHES; w++) {
		add(&x, w);
		check(&x, w, true);
		check(&x, mixed(w) % (w + 1), true);
		check(&x, w + 1, false);
	}
	CHECK_INT(x.n_watches, WATCHES);
	for (uint32_t w = 0; w < WATCHES; w += 2)
		del(&x, w);
	for (uint32_t w = 0; w < WATCHES; w++)
		check(&x, w, w % 2);
	for (uint32_t w = 1; w < WATCHES; w += 2)
		del(&x, w);
	CHECK_INT(x.n_watches + x.keys.used + x.stems.used + x.watches.used, 0);
	index_release(&x);
}

static unsigned passes(const struct index *x, unsigned of)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < of; i++)
		n += filter_look(&x->filter, mixed(0x80000000u + i)) != 0;
	return n;
}

TEST(the_filter_keeps_out_what_is_not_there)
{
	struct index x;

	index_init(&x);
	for (uint32_t w = 0; w < 300; w++)
		add(&x, w);
	for (uint32_t w = 300; w < WATCHES; w++) { /* others, never more than 300 at a time */
		add(&x, w);
		del(&x, w - 300);
	}
	CHECK(passes(&x, 10000) < 2000);
	check(&x, WATCHES - 1, true);
	index_release(&x);
}

TEST(one_without_keys_is_scanned)
{
	struct index x;

	index_init(&x);
	index_add(&x, 5, query_of(5), (struct index_keys){ 0 });
	index_add(&x, 6, query_of(6), (struct index_keys){ 0 });
	index_remove(&x, 6, (struct index_keys){ 0 });
	CHECK(x.scan != INDEX_NONE && index_posting(&x, x.scan)->watch == 5);
	CHECK(index_posting(&x, x.scan)->next == INDEX_NONE);
	CHECK(index_query(&x, 6) == NULL);
	index_remove(&x, 5, (struct index_keys){ 0 });
	CHECK(x.scan == INDEX_NONE);
	index_release(&x);
}
