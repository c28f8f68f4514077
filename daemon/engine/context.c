/* SPDX-License-Identifier: ISC */
/*
 * Posts that a post refers to and that its answer did not hold: the one it answers, quotes or repeats, and the one that
 * began the thread.  They are asked for only where the answer of a watch rests on them; meanwhile the post waits, on disk,
 * and all others go on.  What was asked for once is kept, also that there is none.  At the end of its patience a post is
 * judged by what is there; monitord-query(7) says how explain shows that.
 */
#include "engine/internal.h"

#include "alert/retry.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/url.h"

#define WAITING_MAX 1000              /* posts of one source: more are judged without */
#define AT_ONCE 100                   /* of them looked at in one batch */
#define AT_ONCE_BYTES (64u << 20)
#define SPACING_MS 2000               /* requests of one source, where the network demands nothing: Mastodon takes one a second */
#define FAILED_MS 15000               /* doubled with each failure */
#define FAILED_DOUBLINGS_MAX 4
#define POST_JSON_MAX (24u << 20)

static struct str place_of(const struct world_source *s)
{
	return url_host(s->source.url);
}

static bool can_ask(const struct engine *g, const struct world_source *s)
{
	return s->source.type != NULL && s->source.type->context != NULL && g->world->config->daemon.context_wait_ms > 0;
}

/* --- what is known ------------------------------------------------------------------------------------- */

static struct post *read_post(struct str json)
{
	struct post *p = NULL;
	struct err ignored = { 0 };
	json_t *j OWNED_JSON = str_present(json) ? json_parse(json, &ignored) : NULL;
	return j != NULL && post_from_json(j, &p, &ignored) == 0 ? p : NULL;
}

/* Among the source's own posts, or those that were asked for.  -1: the database failed. */
static int find(struct engine *g, const struct world_source *s, struct str id, struct post **ret, bool *ret_gone)
{
	OWNED(arena) struct arena *arena = arena_new(POST_JSON_MAX);
	struct store_found found = { 0 };
	struct str json = STR_NULL;
	bool known = false;
	struct err e = { 0 };
	if (engine_check(g, store_post_find(g->store, s->settings.name, id, arena, &found, &known, &e), &e) != 0)
		return -1;
	if (known && str_present(found.json)) {
		*ret = read_post(found.json);
		return 0;
	}
	if (engine_check(g, store_context_find(g->store, place_of(s), id, arena, &json, &known, &e), &e) != 0)
		return -1;
	*ret = read_post(json);
	*ret_gone = known && *ret == NULL;
	return 0;
}

static int attach(struct engine *g, const struct world_source *s, struct post *post, unsigned wanted, unsigned *ret_gone,
                  bool *ret_more)
{
	for (enum relation r = 0; r < RELATION_N; r++) {
		struct post *other = NULL;
		bool gone = false;
		if ((wanted & 1u << r) == 0)
			continue;
		if (find(g, s, post_reference(post, r), &other, &gone) != 0)
			return -1;
		*ret_gone |= gone ? 1u << r : 0;
		*ret_more |= other != NULL;
		if (other != NULL)
			post_add_context(post, r, other);
	}
	return 0;
}

unsigned context_lacks(struct engine *g, const struct world_source *s, const struct post *post, unsigned gone)
{
	struct world *w = g->world;
	unsigned missing = can_ask(g, s) ? post_lacks(post) & ~gone : 0, all = 0;
	if (missing == 0)
		return 0;
	world_find_lookers(w);
	unsigned *each = mem_alloc((w->lookers.n + 1) * sizeof(*each));
	(void)queries_lack(w->lookers.v, w->lookers.n, post, missing, each);
	for (size_t i = 0; i < w->lookers.n; i++) {
		struct world_watch *watch = w->looking.v[i];
		bool looks = world_tells(watch, ALERT_NEW) && world_watches(watch, &s->settings);
		watch->lacks = looks ? each[i] : 0;
		all |= watch->lacks;
	}
	mem_free(each);
	return all;
}

int context_attach(struct engine *g, struct world_source *s, struct post *post, unsigned *ret_gone)
{
	bool more = false;
	unsigned lacks = context_lacks(g, s, post, 0);
	return lacks == 0 ? 0 : attach(g, s, post, lacks, ret_gone, &more);
}

int context_wait(struct engine *g, struct world_source *s, int64_t post_row)
{
	struct err e = { 0 };
	int64_t until = g->now.unix_ms + g->world->config->daemon.context_wait_ms;
	if (engine_check(g, store_wait_put(g->store, post_row, s->settings.name, until, &e), &e) != 0)
		return -1;
	s->waiting++;
	int64_t at = s->context_id != 0 ? g->now.mono_ms + g->world->config->daemon.context_wait_ms : s->context_mono_ms;
	at = at > g->now.mono_ms ? at : g->now.mono_ms;
	g->context_mono_ms = at < g->context_mono_ms ? at : g->context_mono_ms;
	return 0;
}

bool context_may_wait(const struct world_source *s)
{
	return s->waiting < WAITING_MAX;
}

/* --- asking -------------------------------------------------------------------------------------------- */

struct waiting {                /* the oldest ones of a source */
	struct arena *arena;
	VEC(struct store_wait) list;
	VEC(struct str) ids;    /* that they lack */
	int64_t wake_unix_ms;   /* when the first one's patience ends */
};

static void waiting_release(struct waiting *w)
{
	arena_free(w->arena);
	vec_free(&w->list);
	vec_free(&w->ids);
}

static void add_wait(void *ctx, const struct store_wait *found)
{
	struct waiting *w = ctx;
	struct store_wait copy = *found;
	copy.json = arena_str(w->arena, found->json);
	vec_push(&w->list, copy);
}

static void want(struct waiting *w, struct str id)
{
	for (size_t i = 0; i < w->ids.n; i++)
		if (str_eq(w->ids.v[i], id))
			return;
	if (w->ids.n < CONTEXT_IDS_MAX)
		vec_push(&w->ids, arena_str(w->arena, id));
}

/* Judges the post if nothing is lacking, or it is too late; else notes what it lacks. */
static int look_at(struct engine *g, struct world_source *s, struct waiting *w, const struct store_wait *one)
{
	OWNED(post) struct post *post = read_post(one->json);
	struct err e = { 0 };
	unsigned gone = 0, lacks = 0;
	bool more = false, late = one->until_unix_ms <= g->now.unix_ms;
	if (post != NULL) {
		post->source = s->settings.name;
		post->came_unix_ms = one->came_unix_ms;
		lacks = context_lacks(g, s, post, 0);
		if (lacks != 0 && attach(g, s, post, lacks, &gone, &more) != 0)
			return -1;
		lacks = context_lacks(g, s, post, gone);
	}
	for (enum relation r = 0; r < RELATION_N && lacks != 0 && !late; r++)
		if (lacks & 1u << r)
			want(w, post_reference(post, r));
	if (lacks != 0 && !late) {
		w->wake_unix_ms = one->until_unix_ms < w->wake_unix_ms ? one->until_unix_ms : w->wake_unix_ms;
		return 0;
	}
	if (lacks != 0)
		log_info("context.late", "source=%s post=%s", LOG_Q(s->settings.name), LOG_Q(post->id));
	s->waiting--;
	if (engine_check(g, store_wait_remove(g->store, one->post_row, &e), &e) != 0)
		return -1;
	return post == NULL ? 0 : pipeline_judge(g, s, one->post_row, post, more);
}

static int put_gone(struct engine *g, const struct world_source *s, struct str id)
{
	struct err e = { 0 };
	return engine_check(g, store_context_put(g->store, place_of(s), id, STR_NULL, g->now.unix_ms, &e), &e);
}

/* After a failure one at a time: a single bad id may spoil all. */
static void ask(struct engine *g, struct world_source *s, const struct waiting *w)
{
	OWNED(transfer) struct transfer *t = transfer_new(TRANSFER_HTTP);
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(400);
	int64_t until;
	if (budget_spent(g, s, &why, &until)) {
		s->context_mono_ms = g->now.mono_ms + (until - g->now.unix_ms);
		return;
	}
	poller_transfer_options(g, &s->settings, t);
	size_t n = s->source.type->context(&s->source, w->ids.v, s->context_failures > 0 ? 1 : w->ids.n, t);
	if (n == 0) { /* no id of this network */
		(void)put_gone(g, s, w->ids.v[0]);
		g->context_mono_ms = g->now.mono_ms;
		return;
	}
	struct flight *f = engine_start(g, FLIGHT_CONTEXT, take(t));
	f->source_name = arena_str(f->arena, s->settings.name);
	f->source_identity = s->kept.hash;
	f->n_ids = n;
	for (size_t i = 0; i < n; i++)
		f->ids[i] = arena_str(f->arena, w->ids.v[i]);
	s->context_id = f->id;
}

static int64_t run_source(struct engine *g, struct world_source *s)
{
	AUTO(waiting) struct waiting w = { .arena = arena_new(AT_ONCE_BYTES), .wake_unix_ms = INT64_MAX };
	struct err e = { 0 };
	if (engine_check(g, store_wait_each(g->store, s->settings.name, AT_ONCE, add_wait, &w, &e), &e) != 0)
		return INT64_MAX;
	if (w.list.n == 0)
		s->waiting = 0;
	for (size_t i = 0; i < w.list.n; i++)
		if (look_at(g, s, &w, &w.list.v[i]) != 0)
			return INT64_MAX;
	if (w.ids.n > 0 && s->context_id == 0 && g->now.mono_ms >= s->context_mono_ms)
		ask(g, s, &w);
	int64_t wake = w.wake_unix_ms == INT64_MAX ? INT64_MAX : g->now.mono_ms + (w.wake_unix_ms - g->now.unix_ms);
	if (w.ids.n > 0 && s->context_id == 0 && s->context_mono_ms < wake)
		wake = s->context_mono_ms;
	return w.ids.n == 0 && s->waiting > 0 ? g->now.mono_ms : wake; /* the next ones */
}

void context_run(struct engine *g)
{
	int64_t wake = INT64_MAX;
	if (g->now.mono_ms < g->context_mono_ms || g->tight)
		return;
	g->context_mono_ms = INT64_MAX;
	for (struct map_iter it = { 0 }; map_next(g->world->sources, &it) && !g->batch_failed;) {
		struct world_source *s = it.value;
		int64_t at = s->waiting > 0 ? run_source(g, s) : INT64_MAX;
		wake = at < wake ? at : wake;
	}
	g->context_mono_ms = wake < g->context_mono_ms ? wake : g->context_mono_ms;
}

/* --- answers ------------------------------------------------------------------------------------------- */

static int keep(struct engine *g, struct world_source *s, const struct flight *f, const struct source_document *d)
{
	AUTO(strbuf) struct strbuf json = STRBUF_INIT(POST_JSON_MAX);
	struct err e = { 0 };
	for (size_t i = 0; i < f->n_ids; i++) {
		const struct post *p = i < d->posts.posts.n ? d->posts.posts.v[i] : NULL;
		json_t *j OWNED_JSON = p == NULL ? NULL : post_to_json(p);
		strbuf_reset(&json);
		if (j != NULL)
			json_dump(&json, j, false);
		bool whole = json.len > 0 && !json.toobig;
		if (engine_check(g, store_context_put(g->store, place_of(s), f->ids[i], whole ? strbuf_str(&json) : STR_NULL,
		                                      g->now.unix_ms, &e), &e) != 0)
			return -1;
	}
	return budget_count(g, s, d->reads);
}

/* True: the answer says something of what was asked for. */
static bool take_answer(struct engine *g, struct world_source *s, const struct flight *f, const struct reply *r, struct strbuf *why)
{
	struct frame frame = { .bytes = strbuf_str(&r->body), .content_type = reply_header(r, "content-type"), .url = r->final_url,
		               .reply = r };
	struct source_document d = { 0 };
	struct err e = { 0 };
	bool gone = r->outcome == REPLY_OK && f->n_ids == 1 &&
	            (r->status == 400 || r->status == 403 || r->status == 404 || r->status == 410);
	if (gone) {
		(void)put_gone(g, s, f->ids[0]);
		return true;
	}
	if (r->outcome != REPLY_OK || r->status / 100 != 2) {
		poller_explain(s, r, why);
		return false;
	}
	bool read = s->source.type->parse_context(&s->source, &frame, f->ids, f->n_ids, &d, &e) == 0;
	if (read)
		(void)keep(g, s, f, &d);
	else
		strbuf_adds(why, e.message);
	source_document_release(&d);
	return read;
}

void context_done(struct engine *g, const struct flight *f, const struct reply *r)
{
	struct world_source *s = world_source(g->world, f->source_name);
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(400);
	if (s == NULL || s->context_id != f->id || f->abandoned)
		return;
	s->context_id = 0;
	int64_t wait = retry_rate_limit_ms(r, g->now.unix_ms);
	int64_t demanded = retry_after_ms(reply_header(r, "retry-after"), g->now.unix_ms);
	wait = demanded > wait ? demanded : wait;
	if (take_answer(g, s, f, r, &why)) {
		s->context_failures = 0;
		wait = wait > SPACING_MS ? wait : SPACING_MS;
	} else {
		int doublings = s->context_failures++ > FAILED_DOUBLINGS_MAX ? FAILED_DOUBLINGS_MAX : s->context_failures - 1;
		int64_t pause = (int64_t)FAILED_MS << doublings;
		if (s->context_failures == 1)
			log_warning("context.failed", "source=%s error=%s", LOG_Q(s->settings.name), LOG_Q(strbuf_str(&why)));
		wait = wait > pause ? wait : pause;
	}
	s->context_mono_ms = g->now.mono_ms + wait;
	g->context_mono_ms = g->now.mono_ms;
}

/* --- over restarts ------------------------------------------------------------------------------------- */

struct orphans {
	struct engine *g;
	struct arena *arena;
	VEC(struct str) list;
};

static void count_waiting(void *ctx, struct str source, int64_t posts)
{
	struct orphans *o = ctx;
	struct world_source *s = world_source(o->g->world, source);
	if (s == NULL)
		vec_push(&o->list, arena_str(o->arena, source));
	else
		s->waiting = (size_t)posts;
	o->g->context_mono_ms = o->g->now.mono_ms;
}

int context_adopt(struct engine *g)
{
	OWNED(arena) struct arena *arena = arena_new(1 << 20);
	struct orphans o = { .g = g, .arena = arena };
	struct err e = { 0 };
	int r = engine_check(g, store_wait_sources(g->store, count_waiting, &o, &e), &e);
	for (size_t i = 0; i < o.list.n && r == 0; i++)
		r = engine_check(g, store_wait_forget(g->store, o.list.v[i], &e), &e);
	vec_free(&o.list);
	return r;
}
