/* SPDX-License-Identifier: ISC */
/* The hosts that are asked just now: one thing at a time, a rest in between, and whoever has to wait for that. */
#include "engine/internal.h"

#include "base/mem.h"
#include "base/url.h"

#define REST_MS 500                   /* between two sources of one host … */
#define REST_ALL_MS 30000             /* … so that the rests of a whole queue are no longer than that */
#define REST_SHARE 60                 /* … and of its interval no more than that share */

static struct str host_name(struct str url)
{
	struct str host = url_host(url);
	return str_empty(host) ? STR("file") : host;
}

struct host *poller_host(struct engine *g, struct str url)
{
	struct str name = host_name(url);
	struct host *h = map_get(g->hosts, name);
	if (h == NULL) {
		h = mem_new(struct host);
		h->local = str_eq(name, STR("file"));
		h->ended_mono_ms = g->now.mono_ms - REST_MS;
		map_put(g->hosts, name, h);
	}
	return h;
}

void poller_host_free_waiting(struct engine *g, struct world_source *s)
{
	for (struct map_iter it = { 0 }; map_next(g->hosts, &it);) {
		struct host *h = it.value;
		for (size_t i = h->waiting.n; i > 0; i--)
			if (h->waiting.v[i - 1] == s)
				vec_remove(&h->waiting, i - 1);
	}
	s->waiting_for_host = false;
}

/* Until when a host rests before it is asked for that source. */
static int64_t rest_until(const struct engine *g, const struct host *h, const struct world_source *s)
{
	if (h->local || s->asked)
		return 0;
	int64_t rest = poller_every(g, s) / REST_SHARE, each = REST_ALL_MS / (int64_t)(h->queued + 1);
	rest = rest > each ? each : rest;
	/* Whoever allows several at once does not want them to wait for each other. */
	return h->ended_mono_ms + (rest > REST_MS ? REST_MS : rest) / g->world->config->daemon.max_per_host;
}

bool poller_host_is_free(const struct engine *g, const struct host *h, const struct world_source *s)
{
	return h->in_flight < g->world->config->daemon.max_per_host && rest_until(g, h, s) <= g->now.mono_ms;
}

bool poller_host_is_idle(const struct engine *g, const struct host *h)
{
	return h->waiting.n == 0 && h->in_flight == 0 && h->ended_mono_ms + REST_MS <= g->now.mono_ms;
}

void poller_wait_for_host(struct host *h, struct world_source *s)
{
	s->waiting_for_host = true;
	s->crowded = s->crowded || !s->asked;
	vec_push(&h->waiting, s);
	h->queued = h->waiting.n > h->queued ? h->waiting.n : h->queued;
	if (!s->asked)
		return;
	h->waiting.v[h->waiting.n - 1] = h->waiting.v[0];
	h->waiting.v[0] = s;
}

int64_t poller_wake(const struct engine *g)
{
	int64_t wake = INT64_MAX;
	const struct config_daemon *d = &g->world->config->daemon;
	for (struct map_iter it = { 0 }; map_next(g->hosts, &it) && g->credits_used < d->max_transfers;) {
		const struct host *h = it.value;
		int64_t at = h->waiting.n > 0 && h->in_flight < d->max_per_host ? rest_until(g, h, h->waiting.v[0]) : INT64_MAX;
		wake = at < wake ? at : wake;
	}
	return wake;
}
