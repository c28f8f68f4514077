/* SPDX-License-Identifier: ISC */
/*
 * What happens to one post: is it new? store it; does it match a watch? an alert; where is that told?
 * a delivery for each channel.  All in the transaction that also saves the source's cursor, so a
 * crash leaves the whole of it or nothing.
 */
#include "engine/internal.h"

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

#define SPANS_JSON_MAX (1u << 20)

struct pipeline {
	struct engine *g;
	struct world_source *source;
	bool baseline;
	unsigned int gone;         /* posts that the one at hand refers to and nobody has: bits 1 << relation */
	struct taken *taken;
	struct strbuf json, words, spans;
	struct matches matches;
	VEC(const struct world_watch *) tellers; /* of the post at hand */
};
#define PIPELINE_BUFFERS                                                                                          \
	.json = STRBUF_INIT(POST_JSON_MAX), .words = STRBUF_INIT(POST_WORDS_MAX), .spans = STRBUF_INIT(SPANS_JSON_MAX)

static void pipeline_release(struct pipeline *p)
{
	strbuf_release(&p->json);
	strbuf_release(&p->words);
	strbuf_release(&p->spans);
	matches_release(&p->matches);
	vec_free(&p->tellers);
}

/* What is told of a post to those who watch it. */
struct news {
	enum alert_event event;
	int64_t post_row;
	uint64_t edition;          /* of an edit: which one */
	const struct post *before; /* of an edit: as it was */
};

/* One alert, once for this watch, post and event, and a delivery for each of the watch's channels. */
static int add_alert(struct pipeline *p, const struct world_watch *w, const struct news *news, const struct spans *spans,
                     struct err *e)
{
	struct engine *g = p->g;
	json_t *spans_json OWNED_JSON = alert_spans_to_json(spans);
	strbuf_reset(&p->spans);
	json_dump(&p->spans, spans_json, false);
	if (p->spans.toobig) {
		strbuf_reset(&p->spans);
		strbuf_adds(&p->spans, "[]");
	}
	struct store_alert a = { .watch = w->settings.name, .query = w->settings.query, .post_row = news->post_row,
		                 .event = news->event, .edition = news->edition, .spans = strbuf_str(&p->spans),
		                 .created_unix_ms = g->now.unix_ms, .post = strbuf_str(&p->json) };
	if (store_alert_put(g->store, &a, &a.row, e) != 0)
		return -1;
	if (a.row == 0)
		return 0; /* told before */
	struct world_channel *to[WORLD_CHANNELS_MAX];
	size_t n = world_channels_of(g->world, w, to);
	for (size_t i = 0; i < n; i++)
		if (outbox_tell(g, to[i], a.row, e) != 0)
			return -1;
	p->taken->alerts++;
	g->figures.alerts++;
	char id[ENGINE_ID_MAX];
	log_notice("alert.new", "id=%s event=%s watch=%s source=%s channels=%zu", engine_id(id, g, "alr", a.row),
	           alert_event_name(news->event), LOG_Q(a.watch), LOG_Q(p->source->settings.name), n);
	engine_event(g, "alert", engine_alert_json(g, &a));
	return 0;
}

/* An edit is new only to those whom it concerns now and did not before: a corrected comma is no news. */
static int tell_new(struct pipeline *p, const struct post *post, const struct news *news, struct err *e)
{
	struct engine *g = p->g;
	unsigned lacks = news->before == NULL && context_may_wait(p->source) ? context_lacks(g, p->source, post, p->gone) : 0;
	matcher_run(g->world->matcher, post, &p->matches);
	for (size_t i = 0; i < p->matches.list.n; i++) {
		const struct match *m = &p->matches.list.v[i];
		const struct world_watch *w = g->world->by_handle.v[m->watch];
		if (!world_tells(w, ALERT_NEW) || !world_watches(w, &p->source->settings))
			continue;
		if (lacks != 0 && w->lacks != 0) /* it matches as it stands, but may not when its context is known */
			continue;
		if (news->before != NULL && query_matches(w->query, news->before, NULL))
			continue;
		if (add_alert(p, w, news, &m->spans, e) != 0)
			return -1;
	}
	return lacks == 0 ? 0 : context_wait(g, p->source, news->post_row);
}

static void note_teller(void *ctx, struct str watch)
{
	struct pipeline *p = ctx;
	struct world_watch *w = world_watch(p->g->world, watch);
	if (w != NULL)
		vec_push(&p->tellers, w);
}

/* To those who told this post and want to know what becomes of it.  `post` is its text now, or its last. */
static int tell_fate(struct pipeline *p, const struct post *post, const struct news *news, struct err *e)
{
	vec_clear(&p->tellers);
	if (store_alert_watches(p->g->store, news->post_row, note_teller, p, e) != 0)
		return -1;
	for (size_t i = 0; i < p->tellers.n; i++) {
		const struct world_watch *w = p->tellers.v[i];
		if (w->settings.paused || !world_tells(w, news->event))
			continue;
		AUTO(spans) struct spans spans = { 0 };
		(void)query_matches(w->query, post, &spans);
		if (add_alert(p, w, news, &spans, e) != 0)
			return -1;
	}
	return 0;
}

bool pipeline_reaches(const struct world_source *s, const struct post *post, int64_t now_unix_ms)
{
	int64_t back = s->settings.backfill_ms;
	if (back == INT64_MAX)
		return true;
	return back > 0 && post->published_unix_ms != TIME_ABSENT && post->published_unix_ms >= now_unix_ms - back;
}

/* The post as it was, NULL if its text was pruned. */
static struct post *read_before(const struct pipeline *p, struct str json)
{
	struct post *before = NULL;
	struct err ignored = { 0 };
	json_t *j OWNED_JSON = str_present(json) ? json_parse(json, &ignored) : NULL;
	if (j == NULL || post_from_json(j, &before, &ignored) != 0)
		return NULL;
	before->came_unix_ms = p->g->now.unix_ms; /* it is compared with what comes now */
	return before;
}

static void write_json(const struct post *post, struct strbuf *out)
{
	json_t *j OWNED_JSON = post_to_json(post);
	strbuf_reset(out);
	json_dump(out, j, false);
}

struct store_post pipeline_stored(const struct post *post, struct strbuf *json, struct strbuf *words)
{
	write_json(post, json);
	strbuf_reset(words);
	match_fold_words(post, words);
	return (struct store_post){ .source = post->source, .id = post->id, .json = strbuf_str(json),
		                    .words = strbuf_str(words), .fingerprint = post->fingerprint,
		                    .content = post->content,
		                    .published_unix_ms = post->published_unix_ms };
}

static struct store_post as_stored(struct pipeline *p, const struct post *post)
{
	return pipeline_stored(post, &p->json, &p->words);
}

/* Which accounts of people the post tells something new of: their ids, and new handles. */
static int learn_of(struct pipeline *p, struct str platform, const struct author *a, struct err *e)
{
	struct engine *g = p->g;
	struct store_account now;
	struct person_account *it = people_see(&g->world->people, platform, a, &now);
	if (it == NULL)
		return 0;
	AUTO(world_requery) struct world_requery watches = { 0 };
	now.changed_unix_ms = str_empty(now.before) ? TIME_ABSENT : g->now.unix_ms;
	if (store_account_put(g->store, it->person->settings.key, it->name, &now, e) != 0)
		return -1;
	if (!str_empty(now.before))
		log_notice("person.renamed", "person=%s account=%s before=%s handle=%s", LOG_Q(it->person->settings.key),
		           LOG_Q(it->name), LOG_Q(now.before), LOG_Q(now.handle));
	else
		log_info("person.identified", "person=%s account=%s id=%s", LOG_Q(it->person->settings.key), LOG_Q(it->name),
		         LOG_Q(now.id));
	people_learn(&g->world->people, it, &now);
	struct err ignored = { 0 };
	if (world_plan_person(g->world, it->person, it->person, &watches, &ignored) == 0)
		world_do_requery(g->world, &watches);
	return 0;
}

/* Not of mentions: on Bluesky whoever writes one may pair any handle with any id. */
static int learn(struct pipeline *p, const struct post *post, struct err *e)
{
	for (size_t i = 0; i < post->authors.n; i++)
		if (learn_of(p, post->platform, &post->authors.v[i], e) != 0)
			return -1;
	for (size_t i = 0; i < post->context.n; i++)
		if (learn(p, post->context.v[i].post, e) != 0)
			return -1;
	return 0;
}

static int take_new(struct pipeline *p, struct post *post, struct err *e)
{
	struct engine *g = p->g;
	/* The first document of a new source is what was there before anybody asked. */
	bool news_to_all = !p->baseline || pipeline_reaches(p->source, post, g->now.unix_ms);
	p->gone = 0;
	if (news_to_all && context_attach(g, p->source, post, &p->gone) != 0)
		return -1;
	struct store_post sp = as_stored(p, post);
	struct news news = { .event = ALERT_NEW };
	if (store_post_insert(g->store, &sp, g->now.unix_ms, &news.post_row, e) != 0 || learn(p, post, e) != 0)
		return -1;
	p->taken->fresh++;
	g->figures.posts_new++;
	engine_event_text(g, "post", strbuf_str(&p->json));
	return news_to_all ? tell_new(p, post, &news, e) : 0;
}

/* What was asked for once an edited post need not ask for again. */
static void keep_context(struct post *post, const struct post *before)
{
	for (size_t i = 0; i < before->context.n; i++) {
		enum relation r = before->context.v[i].relation;
		struct post *copy = NULL;
		struct err ignored = { 0 };
		if ((post_lacks(post) >> r & 1) == 0 || !str_eq(post_reference(post, r), post_reference(before, r)))
			continue;
		json_t *j OWNED_JSON = post_to_json(before->context.v[i].post);
		if (post_from_json(j, &copy, &ignored) == 0)
			post_add_context(post, r, copy);
	}
}

/* A pruned post has no earlier text to compare with: too old to be news. */
static int take_edit(struct pipeline *p, struct post *post, const struct store_found *found, struct err *e)
{
	struct engine *g = p->g;
	OWNED(post) struct post *before = read_before(p, found->json);
	if (before != NULL)
		keep_context(post, before);
	struct store_post sp = as_stored(p, post);
	if (store_post_edit(g->store, found->row, &sp, g->now.unix_ms, e) != 0 || learn(p, post, e) != 0)
		return -1;
	if (found->fingerprint == post->fingerprint)
		return 0; /* it was taken back, and is there again */
	p->taken->edited++;
	g->figures.posts_edited++;
	engine_event_text(g, "post", strbuf_str(&p->json));
	struct news edit = { .event = ALERT_EDIT, .post_row = found->row, .edition = post->fingerprint };
	struct news first = { .event = ALERT_NEW, .post_row = found->row, .before = before };
	if (tell_fate(p, post, &edit, e) != 0)
		return -1;
	return before == NULL ? 0 : tell_new(p, post, &first, e);
}

static int take_deletion(struct pipeline *p, struct str id, const struct store_found *found, struct err *e)
{
	struct engine *g = p->g;
	if (store_post_delete(g->store, found->row, g->now.unix_ms, e) != 0)
		return -1;
	p->taken->deleted++;
	g->figures.posts_deleted++;
	json_t *event = json_object();
	json_set_text(event, "source", p->source->settings.name);
	json_set_text(event, "id", id);
	engine_event(g, "deleted", event);
	OWNED(post) struct post *before = read_before(p, found->json);
	if (before == NULL)
		return 0;
	strbuf_reset(&p->json);
	strbuf_add(&p->json, found->json);
	struct news news = { .event = ALERT_DELETE, .post_row = found->row };
	return tell_fate(p, before, &news, e);
}

static int take_post(struct pipeline *p, struct post *post, struct seen *seen, struct err *e)
{
	struct engine *g = p->g;
	post->source = p->source->settings.name;
	post->came_unix_ms = g->now.unix_ms;
	OWNED(arena) struct arena *arena = NULL;
	struct store_found found = { 0 };
	bool known = false;
	if (store_post_find(g->store, post->source, post->id, NULL, &found, &known, e) != 0)
		return -1;
	struct str id = post->id;
	bool same = known && !found.deleted && found.fingerprint == post->fingerprint;
	if (!same && seen != NULL && identity_tell_apart(g, seen, post, &found, &known, e) != 0)
		return -1;
	if (seen != NULL)
		identity_note(seen, id, post->url);
	if (!known)
		return post->deleted ? 0 : take_new(p, post, e); /* nothing is known of what is gone */
	if (post->deleted ? found.deleted : !found.deleted && found.fingerprint == post->fingerprint)
		return 0;
	arena = arena_new(POST_JSON_MAX);
	if (store_post_find(g->store, post->source, post->id, arena, &found, &known, e) != 0)
		return -1;
	return post->deleted ? take_deletion(p, post->id, &found, e) : take_edit(p, post, &found, e);
}

int pipeline_take(struct engine *g, struct world_source *s, struct post_list *list, size_t old_from, struct seen *seen,
                  struct taken *ret)
{
	AUTO(pipeline) struct pipeline p = { .g = g, .source = s, .taken = ret, PIPELINE_BUFFERS };
	ret->posts += list->posts.n;
	struct err e = { 0 };
	int r = 0;
	if (seen != NULL) {
		identity_drop_doubles(seen, list);
		r = old_from > 0 ? identity_see_through(g, s, seen, list, &e) : 0;
	}
	/* Feeds put the newest first; alerts shall come in the order of events. */
	for (size_t i = list->posts.n; i > 0 && r == 0; i--) {
		p.baseline = i > old_from;
		r = take_post(&p, list->posts.v[i - 1], seen, &e);
	}
	if (r != 0)
		engine_store_failed(g, &e);
	return r;
}

int pipeline_judge(struct engine *g, struct world_source *s, int64_t post_row, struct post *post, bool more)
{
	struct taken taken = { 0 };
	AUTO(pipeline) struct pipeline p = { .g = g, .source = s, .taken = &taken, .gone = ~0u, PIPELINE_BUFFERS };
	struct news news = { .event = ALERT_NEW, .post_row = post_row };
	struct err e = { 0 };
	struct store_post sp = as_stored(&p, post);
	int r = more ? store_post_complete(g->store, post_row, sp.json, sp.words, &e) : 0;
	if (r == 0)
		r = tell_new(&p, post, &news, &e);
	if (r != 0)
		engine_store_failed(g, &e);
	return r;
}

int pipeline_tell(struct engine *g, struct world_source *s, const struct world_watch *w, int64_t post_row,
                  const struct post *post)
{
	struct taken taken = { 0 };
	AUTO(pipeline) struct pipeline p = { .g = g, .source = s, .taken = &taken, PIPELINE_BUFFERS };
	struct news news = { .event = ALERT_NEW, .post_row = post_row };
	AUTO(spans) struct spans spans = { 0 };
	struct err e = { 0 };
	write_json(post, &p.json);
	(void)query_matches(w->query, post, &spans);
	int r = add_alert(&p, w, &news, &spans, &e);
	if (r != 0)
		engine_store_failed(g, &e);
	return r;
}
