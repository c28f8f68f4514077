/* SPDX-License-Identifier: ISC */
/*
 * Sources that read what the watches that name them look for: their queries in the words of the source's network.  A
 * watch whose query has no such words is left out, and its warning says so.
 */
#include "engine/internal.h"

#include "base/mem.h"

#define WANTED_ARENA_MAX (64u << 20)
#define CHANGED_WAIT_MS 1000 /* a watch seldom comes alone */

struct wanted {
	struct arena *arena;
	VEC(struct str) list;
};

static void add_rule(void *ctx, struct str rule)
{
	struct wanted *w = ctx;
	for (size_t i = 0; i < w->list.n; i++)
		if (str_eq(w->list.v[i], rule))
			return;
	vec_push(&w->list, arena_str(w->arena, rule));
}

static bool is_same(const struct wanted *w, const struct source *s)
{
	if (w->list.n != s->n_wanted)
		return false;
	for (size_t i = 0; i < w->list.n; i++)
		if (!str_eq(w->list.v[i], s->wanted[i]))
			return false;
	return true;
}

/* It is asked for soon; at the start a source has its own time. */
static void wake(struct engine *g, struct world_source *s)
{
	if (s->streaming)
		stream_schedule(g, s, CHANGED_WAIT_MS);
	else if (s->transfer_id == 0 && !s->settings.paused && !str_present(s->kept.stopped) && !str_present(s->kept.last_error))
		heap_set(&g->due_sources, &s->due, g->now.mono_ms + CHANGED_WAIT_MS);
}

static void look(struct engine *g, struct world_source *s, size_t most)
{
	struct wanted w = { .arena = arena_new(WANTED_ARENA_MAX) };
	for (struct map_iter it = { 0 }; map_next(g->world->watches, &it);) {
		const struct world_watch *watch = it.value;
		struct err ignored = { 0 };
		size_t before = w.list.n;
		if (watch->settings.paused || !world_names(watch, &s->settings))
			continue;
		if (query_rules(watch->query, most, add_rule, &w, &ignored) != 0)
			w.list.n = before; /* half of it would look as if it were watched */
	}
	bool first = s->wanted_arena == NULL;
	if (!first && is_same(&w, &s->source)) {
		arena_free(w.arena);
	} else {
		arena_free(s->wanted_arena);
		s->wanted_arena = w.arena;
		s->source.wanted = arena_alloc(w.arena, w.list.n * sizeof(struct str) + 1);
		if (w.list.n > 0)
			memcpy((void *)(uintptr_t)s->source.wanted, w.list.v, w.list.n * sizeof(struct str));
		s->source.n_wanted = w.list.n;
		if (!first)
			wake(g, s);
	}
	vec_free(&w.list);
}

void follow_run(struct engine *g)
{
	if (!g->world->watches_changed)
		return;
	g->world->watches_changed = false;
	for (struct map_iter it = { 0 }; map_next(g->world->sources, &it);) {
		size_t most = world_follows(it.value);
		if (most > 0)
			look(g, it.value, most);
	}
}
