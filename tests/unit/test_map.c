/* SPDX-License-Identifier: ISC */
/* Map, heap and arena. */
#include "lib/test.h"

#include "base/arena.h"
#include "base/heap.h"
#include "base/map.h"

TEST(map_keeps_finds_and_forgets)
{
	static int values[1000];
	char key[16];
	struct map *m = map_new();
	for (int i = 0; i < 1000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		CHECK(map_put(m, str_c(key), &values[i]) == NULL);
	}
	CHECK(map_put(m, STR("k7"), &values[8]) == &values[7]);
	CHECK_INT(map_count(m), 1000);
	CHECK(map_get(m, STR("k999")) == &values[999]);
	CHECK(map_get(m, STR("k1000")) == NULL);
	CHECK(map_get(m, STR_NULL) == NULL);
	CHECK(map_remove(m, STR("k999")) == &values[999]);
	CHECK(map_remove(m, STR("k999")) == NULL);
	size_t seen = 0;
	struct map_iter it = { 0 };
	while (map_next(m, &it)) {
		seen++;
		CHECK(map_remove(m, it.key) == it.value);
	}
	CHECK_INT(seen, 999);
	CHECK_INT(map_count(m), 0);
	CHECK(map_get(m, STR("k1")) == NULL);
	CHECK(map_put(m, STR(""), &values[0]) == NULL);
	CHECK(map_get(m, STR_NULL) == &values[0]);
	map_free(m);
}

#define N_NODES 500
TEST(heap_gives_back_in_order)
{
	static struct heap_node nodes[N_NODES];
	struct heap h = { 0 };
	uint32_t x = 7;
	for (size_t i = 0; i < N_NODES; i++)
		heap_set(&h, &nodes[i], (int64_t)((x = x * 1664525 + 1013904223) >> 8));
	for (size_t i = 0; i < N_NODES; i += 3)
		heap_set(&h, &nodes[i], (int64_t)((x = x * 1664525 + 1013904223) >> 8));
	for (size_t i = 0; i < N_NODES; i += 5)
		heap_remove(&h, &nodes[i]);
	heap_remove(&h, &nodes[0]);
	CHECK(!heap_has(&nodes[0]));
	size_t n = 0;
	int64_t last = INT64_MIN;
	for (struct heap_node *top; (top = heap_top(&h)) != NULL; n++) {
		CHECK(top->key >= last);
		last = top->key;
		heap_remove(&h, top);
	}
	CHECK_INT(n, N_NODES - N_NODES / 5);
	heap_release(&h);
}

TEST(arena_is_bounded)
{
	struct arena *a = arena_new(10000);
	CHECK(!str_present(arena_str(a, STR_NULL)));
	CHECK_STR(arena_str(a, STR("abc")), "abc");
	CHECK_STR(arena_fmt(a, "%s-%d", "x", 5), "x-5");
	CHECK_INT((uintptr_t)arena_alloc(a, 3) % 16, 0);
	CHECK(arena_alloc(a, 9900) == NULL);
	CHECK(arena_full(a));
	CHECK(arena_alloc(a, 5000) != NULL);
	while (arena_alloc(a, 100) != NULL)
		;
	CHECK_STR(arena_fmt(a, "%0500d", 0), "");
	CHECK(arena_used(a) <= 10000);
	arena_free(a);
}
