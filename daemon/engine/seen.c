/* SPDX-License-Identifier: ISC */
/*
 * Which watches of the files were there before.  One that was added while the daemon was down, or is brought by a reload,
 * looks back as one does that is added through the API.
 */
#include "engine/internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"

#define DIGITS 16              /* of a name's hash: the list is a text of such, ascending */
#define LIST_MAX (64u << 20)   /* four million watches */

static int by_hash(const void *a, const void *b)
{
	return memcmp(a, b, DIGITS);
}

static void digits_of(const struct world_watch *w, char ret[static DIGITS + 1])
{
	snprintf(ret, DIGITS + 1, "%016llx", (unsigned long long)hash64(w->settings.name));
}

static bool is_in(struct str list, const struct world_watch *w)
{
	char digits[DIGITS + 1];
	digits_of(w, digits);
	return list.len > 0 && bsearch(digits, list.p, list.len / DIGITS, DIGITS, by_hash) != NULL;
}

int seen_look(struct engine *g)
{
	AUTO(strbuf) struct strbuf before = STRBUF_INIT(LIST_MAX), now = STRBUF_INIT(LIST_MAX);
	struct err e = { 0 };
	bool known = false;
	if (engine_check(g, store_seen_load(g->store, &before, &known, &e), &e) != 0)
		return -1;
	for (struct map_iter it = { 0 }; map_next(g->world->watches, &it);) {
		const struct world_watch *w = it.value;
		char digits[DIGITS + 1];
		if (w->origin != ORIGIN_CONFIG)
			continue;
		digits_of(w, digits);
		strbuf_adds(&now, digits);
		if (known && !is_in(strbuf_str(&before), w)) /* the first time all are new, and nothing was there before */
			engine_look_back(g, w);
	}
	if (now.len > 0)
		qsort(now.p, now.len / DIGITS, DIGITS, by_hash);
	if (known && str_eq(strbuf_str(&before), strbuf_str(&now)))
		return 0;
	return engine_check(g, store_seen_save(g->store, strbuf_str(&now), &e), &e);
}
