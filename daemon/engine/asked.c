/* SPDX-License-Identifier: ISC */
/*
 * What people ask for and the network or a long look answers: a new source is fetched before it is
 * added, a channel is tried, the archive is searched slice by slice so that nothing else waits.
 */
#include "engine/internal.h"

#include "base/html.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "base/url.h"

#define SEARCH_SLICE 256     /* posts looked at in one step: a few ms */
#define LOOK_BACK_MAX 100    /* posts that a new watch is told of at once: the newest ones */
#define SEARCH_LOOK_MAX 20000 /* in one answer: whoever wants more asks again from there, and can show how far it is */
#define ANSWER_MAX 1024      /* of a test's answer that is shown */
#define OBJECT_ARENA_MAX (1 << 20)
#define FEEDS_LISTED 5
#define GUESS_MS 15000        /* for a page's feed at one usual place */
#define GUESS_ALL_MS 60000    /* at all of them: somebody waits */

/* --- add-source --- */

/* The object as the user wrote it, with what was found out put in, bound again. */
static int bind_source(struct engine *g, const json_t *written, struct arena *arena, struct config_source *ret, struct err *e)
{
	json_t *j OWNED_JSON = json_deep_copy(written);
	if (!str_present(json_get_str(j, "name")))
		json_set_text(j, "name", STR("source"));
	return config_source_from_json(j, &g->types.types, arena, ret, e);
}

/* total_ms 0: as long as any transfer may take. */
static struct flight *start_probe(struct engine *g, uint64_t request_id, json_t *written, const struct config_source *s,
                                  struct str url, bool found, int64_t total_ms)
{
	struct transfer *t = transfer_new(TRANSFER_HTTP);
	poller_transfer_options(g, s, t);
	t->url = arena_str(t->arena, url);
	if (total_ms > 0 && total_ms < t->total_ms)
		t->total_ms = total_ms;
	struct flight *f = engine_start(g, FLIGHT_PROBE, t);
	f->request_id = request_id;
	f->written = written;
	f->found = found ? arena_str(f->arena, url) : STR_NULL;
	AUTO(strbuf) struct strbuf shown = STRBUF_INIT(2 * URL_MAX);
	url_redact(&shown, url, false);
	log_info("source.probe", "url=%s", LOG_Q(strbuf_str(&shown)));
	return f;
}

/* The account of a network that wants one, where there is no doubt which. */
static bool choose_account(struct engine *g, uint64_t request_id, json_t *written, struct str said)
{
	const struct source_type *type = source_type_find(json_get_str(written, "type"));
	if (type == NULL || type->account == ACCOUNT_NONE || json_get(written, "account") != NULL)
		return true;
	struct str only = STR_NULL;
	size_t n = 0;
	for (struct map_iter it = { 0 }; map_next(g->world->accounts, &it);)
		if (str_eq(((struct world_account *)it.value)->settings.type, str_c(type->name)) && n++ == 0)
			only = it.key;
	/* What can be read as nobody is, unless it is a search or the like, which only members may. */
	bool needed = type->account == ACCOUNT_MUST || json_get(written, "query") != NULL;
	if (needed && n == 1)
		json_set_text(written, "account", only);
	if (!needed || n == 1)
		return true;
	AUTO(strbuf) struct strbuf took = STRBUF_INIT(4096);
	if (!str_empty(said))
		strbuf_addf(&took, "took it for %.*s: ", STR_ARG(said));
	engine_problem(g, request_id, 422, 0, n == 0
		? "%s%s is read as somebody: log in first, monitorctl login %s --type %s"
		: "%s%s is read as somebody, and there are several accounts: say which one, --set account=NAME%.0s%.0s",
		strbuf_cstr(&took), type->name, type->name, type->name);
	return false;
}

/* What a source of a network is about, in its own words. */
static struct str subject_of(const json_t *written)
{
	static const char *const keys[] = { "handle", "tag", "query", "mentions", "timeline", "list", "feed", "account", "type" };
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (str_present(json_get_str(written, keys[i])))
			return json_get_str(written, keys[i]);
	return STR_NULL;
}

/* Sources of networks have no document to be looked at first: they are added, and go if their first poll fails. */
static void start_trial(struct engine *g, uint64_t request_id, json_t *written, struct str said)
{
	AUTO(strbuf) struct strbuf name = STRBUF_INIT(400);
	struct world_source *source = NULL;
	struct config_source s;
	struct err e = { 0 };
	if (!choose_account(g, request_id, written, said))
		return;
	if (!str_present(json_get_str(written, "name"))) {
		config_name_make(&name, subject_of(written), "source", g->world->sources);
		json_set_text(written, "name", strbuf_str(&name));
	}
	OWNED(arena) struct arena *arena = arena_new(OBJECT_ARENA_MAX);
	if (config_source_from_json(written, &g->types.types, arena, &s, &e) != 0 ||
	    engine_add_source(g, g->now, &s, arena, written, &source, &e) != 0) {
		engine_problem_err(g, request_id, 400, &e);
		return;
	}
	source->trial = arena_str(take(arena), str_empty(said) ? str_c(source->source.type->help) : said);
	source->waiter = request_id;
	source->asked = true;
	poller_schedule(g, source);
}

/* What was pasted where a URL should be: true if it is of a network, whose settings stand in `written` now. */
static bool recognise(json_t *written, struct strbuf *said)
{
	AUTO(strbuf) struct strbuf pasted = STRBUF_INIT(URL_MAX);
	if (json_get(written, "type") != NULL || !str_present(json_get_str(written, "url")))
		return false;
	strbuf_add(&pasted, json_get_str(written, "url"));
	OWNED_JSON json_t *settings = json_object();
	if (!source_recognise(strbuf_str(&pasted), settings, said))
		return false;
	json_object_del(written, "url");
	return json_object_update(written, settings) == 0;
}

void engine_probe_source(struct engine *g, struct now now, uint64_t request_id, json_t *as_written)
{
	(void)now;
	OWNED_JSON json_t *written = as_written;
	if (g->tight) {
		engine_problem(g, request_id, 503, 0, RECOVERY_TIGHT);
		return;
	}
	OWNED(arena) struct arena *arena = arena_new(OBJECT_ARENA_MAX);
	AUTO(strbuf) struct strbuf said = STRBUF_INIT(4096);
	struct config_source s;
	struct err e = { 0 };
	bool pasted = recognise(written, &said);
	struct str name = json_get_str(written, "name");
	if (str_present(name) && world_source(g->world, name) != NULL) {
		engine_problem(g, request_id, 409, 0, "source \"%.*s\" exists already: choose another name", STR_ARG(name));
		return;
	}
	const struct source_type *type = source_type_find(json_get_str(written, "type"));
	if (pasted || (type != NULL && type->url_optional)) {
		start_trial(g, request_id, written, strbuf_str(&said));
		return;
	}
	if (bind_source(g, written, arena, &s, &e) != 0) {
		engine_problem_err(g, request_id, 400, &e);
		return;
	}
	(void)start_probe(g, request_id, take(written), &s, s.url, false, 0);
}

struct advertised {
	const struct strbuf *base;
	struct str page;
	struct strbuf first, others;
	size_t n;
};

static void add_advertised(void *ctx, struct str href, struct str type, struct str title)
{
	(void)type, (void)title;
	struct advertised *a = ctx;
	AUTO(strbuf) struct strbuf full = STRBUF_INIT(URL_MAX);
	if (!url_resolve(&full, a->base->len > 0 ? strbuf_str(a->base) : a->page, href) || !url_is_http(strbuf_str(&full)))
		return;
	if (a->n++ == 0)
		strbuf_add(&a->first, strbuf_str(&full));
	else if (a->n <= FEEDS_LISTED)
		strbuf_addf(&a->others, " %s", strbuf_cstr(&full));
}

/* A web page: take the first feed that it advertises, and say which others there are. */
static bool follow_page(struct engine *g, struct flight *f, const struct config_source *s, const struct frame *frame)
{
	AUTO(strbuf) struct strbuf base = STRBUF_INIT(URL_MAX);
	struct advertised a = { .base = &base, .page = frame->url, .first = STRBUF_INIT(URL_MAX), .others = STRBUF_INIT(URL_MAX) };
	html_find_feeds(frame->bytes, &base, add_advertised, &a);
	bool found = a.n > 0 && !str_present(f->found);
	if (found) {
		if (a.others.len > 0)
			json_object_set_new(f->written, "_others", json_text(strbuf_str(&a.others)));
		(void)start_probe(g, f->request_id, take(f->written), s, strbuf_str(&a.first), true, 0);
		f->request_id = 0;
	}
	strbuf_release(&a.first);
	strbuf_release(&a.others);
	return found;
}

/* A page that says nothing of its feed: one usual place after another, until one has it. */
static void guess(struct engine *g, struct flight *f, const struct config_source *s, struct str page)
{
	AUTO(strbuf) struct strbuf url = STRBUF_INIT(URL_MAX), shown = STRBUF_INIT(2 * URL_MAX);
	int64_t until = f->place > 0 ? f->give_up_mono_ms : g->now.mono_ms + GUESS_ALL_MS;
	if (g->now.mono_ms < until && source_usual_place(page, f->place, &url)) {
		struct flight *next = start_probe(g, f->request_id, take(f->written), s, strbuf_str(&url), true, GUESS_MS);
		next->page = arena_str(next->arena, page);
		next->place = f->place + 1;
		next->give_up_mono_ms = until;
		f->request_id = 0;
		return;
	}
	url_redact(&shown, page, false);
	engine_problem(g, f->request_id, 422, 0, "%s is a web page that advertises no feed, and none lies at the usual places: "
	               "give the address of the feed itself", strbuf_cstr(&shown));
}

/* Another place is no use where the server is not well, or wants to be left alone. */
static void guess_on(struct engine *g, struct flight *f, const struct config_source *s, const struct reply *r)
{
	if (r->outcome != REPLY_OK || r->status == 429 || r->status >= 500)
		f->give_up_mono_ms = g->now.mono_ms;
	guess(g, f, s, f->page);
}

static void added(struct engine *g, struct flight *f, struct message *m, struct reading *x, const struct source_type *type)
{
	const struct reply *r = m->reply;
	OWNED(reading) struct reading *reading = x;
	AUTO(strbuf) struct strbuf name = STRBUF_INIT(400), note = STRBUF_INIT(4 * URL_MAX);
	struct str others = json_get_str(f->written, "_others"), url = json_get_str(f->written, "url");
	if (str_present(others))
		strbuf_addf(&note, "the page advertises also:%.*s", STR_ARG(others));
	if (f->place > 0)
		strbuf_adds(&note, "the page does not say so: it was found at a usual place");
	if (str_present(r->moved_to))
		strbuf_addf(&note, "%sit has moved for good: its new address was taken", note.len ? "; " : "");
	json_set_text(f->written, "url", str_present(r->moved_to) ? r->moved_to : str_present(f->found) ? f->found : url);
	json_object_del(f->written, "_others");
	json_set_text(f->written, "type", str_c(type->name));
	if (!str_present(json_get_str(f->written, "name"))) {
		struct str host = url_host(json_get_str(f->written, "url"));
		struct str title = reading_document(x)->title;
		config_name_make(&name, str_empty(title) ? host : title, "source", g->world->sources);
		json_set_text(f->written, "name", strbuf_str(&name));
	}
	OWNED(arena) struct arena *arena = arena_new(OBJECT_ARENA_MAX);
	struct config_source s;
	struct world_source *source = NULL;
	struct err e = { 0 };
	if (config_source_from_json(f->written, &g->types.types, arena, &s, &e) != 0 ||
	    engine_add_source(g, g->now, &s, arena, f->written, &source, &e) != 0) {
		engine_problem_err(g, f->request_id, 400, &e);
		return;
	}
	(void)take(arena);
	poller_adopt(g, source, take(reading), m);
	json_t *j = engine_source_json(g, source, g->now);
	json_set_text(j, "found", f->found);
	json_set_text(j, "note", note.len > 0 ? strbuf_str(&note) : STR_NULL);
	engine_reply(g, f->request_id, 201, j);
}

static void probe_body(struct engine *g, struct flight *f, struct message *m, const struct config_source *s)
{
	const struct reply *r = m->reply;
	struct frame frame = { .bytes = strbuf_str(&r->body), .content_type = reply_header(r, "content-type"),
		               .url = str_present(r->final_url) ? r->final_url : s->url };
	const struct source_type *type = str_empty(s->type) ? source_detect(&frame) : source_type_find(s->type);
	bool page = type == NULL && html_looks_like(frame.bytes);
	if (type == NULL && f->place > 0) {
		guess_on(g, f, s, r);
		return;
	}
	if (page && follow_page(g, f, s, &frame))
		return;
	if (page) {
		guess(g, f, s, str_present(f->found) ? s->url : frame.url);
		return;
	}
	AUTO(strbuf) struct strbuf shown = STRBUF_INIT(2 * URL_MAX);
	url_redact(&shown, frame.url, false);
	if (type == NULL) {
		engine_problem(g, f->request_id, 422, 0, "%s is no feed of a known type (RSS, Atom, JSON Feed)",
		               strbuf_cstr(&shown));
		return;
	}
	struct source as = { .type = type, .name = s->name, .url = frame.url, .settings = s->settings };
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(ERR_MESSAGE_MAX);
	struct reading *x = reading_open(&as, false, m->reply, &why);
	if (x == NULL)
		engine_problem(g, f->request_id, 422, 0, "%s: %s", strbuf_cstr(&shown), strbuf_cstr(&why));
	else
		added(g, f, m, x, type);
}

static void probe_done(struct engine *g, struct flight *f, struct message *m)
{
	const struct reply *r = m->reply;
	OWNED(arena) struct arena *arena = arena_new(OBJECT_ARENA_MAX);
	struct config_source s;
	struct err e = { 0 };
	json_t *bare OWNED_JSON = json_deep_copy(f->written);
	json_object_del(bare, "_others");
	if (bind_source(g, bare, arena, &s, &e) != 0)
		engine_problem_err(g, f->request_id, 400, &e);
	else if (f->place > 0 && (r->outcome != REPLY_OK || r->status < 200 || r->status > 299))
		guess_on(g, f, &s, r);
	else if (r->outcome != REPLY_OK)
		engine_problem(g, f->request_id, 502, 0, "cannot fetch it: %.*s", STR_ARG(r->error));
	else if (r->status < 200 || r->status > 299)
		engine_problem(g, f->request_id, 502, 0, "cannot fetch it: HTTP status %d", r->status);
	else
		probe_body(g, f, m, &s);
}

/* --- poll-source --- */

void engine_poll_source(struct engine *g, struct now now, uint64_t request_id, struct world_source *s)
{
	(void)now;
	if (g->tight) {
		engine_problem(g, request_id, 503, 0, RECOVERY_TIGHT);
		return;
	}
	if (s->waiter != 0) {
		engine_problem(g, request_id, 409, 0, "somebody waits for a poll of \"%.*s\" already", STR_ARG(s->settings.name));
		return;
	}
	s->waiter = request_id;
	s->asked = true;
	struct flight *f = engine_flight(g, s->transfer_id);
	if (f != NULL && f->stream) /* a new round reads what was missed, and listens again */
		stream_hang_up(g, s, f);
	if (s->transfer_id == 0 && !s->waiting_for_host)
		poller_schedule(g, s);
}

/* --- test-channel --- */

static struct post *test_post(struct engine *g)
{
	struct post *p = post_new();
	p->id = STR("monitord:test");
	p->title = STR("A test alert of monitord");
	p->text = STR("If you read this, alerts arrive here. Nothing happened: somebody ran monitorctl test-channel.");
	p->published_unix_ms = g->now.unix_ms;
	p->source = STR("monitord");
	p->platform = STR("test");
	post_add_author(p, STR("monitord"), STR_NULL, STR_NULL);
	post_seal(p);
	return p;
}

void engine_test_channel(struct engine *g, struct now now, uint64_t request_id, struct world_channel *c)
{
	(void)now;
	OWNED(post) struct post *p = test_post(g);
	struct spans spans = { 0 };
	vec_push(&spans.list, ((struct span){ .field = FIELD_OF_TITLE, .start = 2, .end = 6, .term = STR("test") }));
	char id[ENGINE_ID_MAX], delivery[ENGINE_ID_MAX];
	struct alert a = { .id = str_c(engine_id(id, g, "alr", 0)), .watch = STR("test"), .query = STR("test"), .post = p,
		           .spans = &spans, .created_unix_ms = g->now.unix_ms, .test = true,
		           .time_zone = g->world->config->daemon.time_zone,
		           /* not row 0: each test is its own delivery, or a careful receiver would drop it */
		           .delivery_id = str_c(engine_id(delivery, g, "dlv", (int64_t)(engine_random(g) >> 16))) };
	struct err e = { 0 };
	struct transfer *t = outbox_transfer(g, c, &a, &e);
	spans_release(&spans);
	if (t == NULL) {
		engine_problem_err(g, request_id, 400, &e);
		return;
	}
	struct flight *f = engine_start(g, FLIGHT_TEST, t);
	f->request_id = request_id;
	f->channel_name = arena_str(f->arena, c->settings.name);
}

static void test_done(struct engine *g, struct flight *f, const struct reply *r)
{
	static const char *const words[] = { [VERDICT_DELIVERED] = "delivered", [VERDICT_LATER] = "later",
		                             [VERDICT_NEVER] = "never", [VERDICT_BROKEN] = "broken" };
	struct world_channel *c = world_channel(g->world, f->channel_name);
	if (c == NULL) {
		engine_problem(g, f->request_id, 404, 0, "the channel was removed meanwhile");
		return;
	}
	enum verdict verdict = channel_judge(&c->channel, r);
	if (verdict == VERDICT_DELIVERED && c->failures > 0)
		outbox_reopen(g, c);
	AUTO(strbuf) struct strbuf answer = STRBUF_INIT(4 * ANSWER_MAX);
	text_repair(&answer, str_slice(strbuf_str(&r->body), 0, ANSWER_MAX));
	json_t *j = json_object();
	json_set_text(j, "channel", f->channel_name);
	json_set_text(j, "verdict", str_c(words[verdict]));
	json_set_int(j, "status", r->status);
	json_set_text(j, "answer", strbuf_str(&answer));
	json_set_text(j, "error", r->error);
	json_set_int(j, "elapsed_ms", r->elapsed_us / 1000);
	engine_reply(g, f->request_id, 200, j);
}

void asked_done(struct engine *g, struct flight *f, struct message *m)
{
	const struct reply *r = m->reply;
	if (f->request_id == 0)
		return;
	if (r->outcome == REPLY_CANCELLED)
		engine_problem(g, f->request_id, 503, 0, "monitord is stopping");
	else if (f->kind == FLIGHT_PROBE)
		probe_done(g, f, m);
	else if (f->kind == FLIGHT_LOGIN)
		accounts_done(g, f, r);
	else
		test_done(g, f, r);
	f->request_id = 0;
}

/* --- search --- */

static struct search *search_begin(struct engine *g, struct query *query, int64_t since_unix_ms, int limit)
{
	struct search *s = mem_new(struct search);
	*s = (struct search){ .g = g, .query = query, .fts = STRBUF_INIT(1 << 20), .watch = STRBUF_INIT(512),
		              .since_unix_ms = since_unix_ms, .limit = limit, .reached_unix_ms = TIME_ABSENT,
		              .found = json_array() };
	s->prefiltered = query_necessary_fts(query, &s->fts) && !s->fts.toobig;
	struct search **end = &g->searches;
	while (*end != NULL)
		end = &(*end)->next;
	*end = s;
	return s;
}

void engine_search(struct engine *g, uint64_t request_id, struct query *query, int64_t since_unix_ms, int64_t below_row,
                   int limit)
{
	struct search *s = search_begin(g, query, since_unix_ms, limit);
	s->request_id = request_id;
	s->below_row = below_row;
}

void engine_look_back(struct engine *g, const struct world_watch *w)
{
	struct query *q = NULL;
	struct err ignored = { 0 };
	bool any = false;
	for (struct map_iter it = { 0 }; map_next(g->world->sources, &it);) {
		const struct world_source *s = it.value;
		any |= s->settings.backfill_ms > 0 && world_watches(w, &s->settings);
	}
	if (!any || w->settings.paused || !world_tells(w, ALERT_NEW) ||
	    world_parse(g->world, w->settings.query, &q, &ignored) != 0)
		return;
	strbuf_add(&search_begin(g, q, 0, LOOK_BACK_MAX)->watch, w->settings.name);
}

static void search_free(struct search *s)
{
	query_free(s->query);
	strbuf_release(&s->fts);
	strbuf_release(&s->watch);
	json_decref(s->found);
	vec_free(&s->rows);
	mem_free(s);
}

/* Everything, if somebody asked; for a watch, what its sources let it see. */
static bool is_wanted(const struct search *s, const struct post *p)
{
	if (s->watch.len == 0)
		return true;
	const struct world_watch *w = world_watch(s->g->world, strbuf_str(&s->watch));
	const struct world_source *source = world_source(s->g->world, p->source);
	return w != NULL && source != NULL && world_watches(w, &source->settings) && !p->deleted &&
	       pipeline_reaches(source, p, s->g->now.unix_ms);
}

static bool look_at(void *ctx, int64_t row, int64_t came_unix_ms, struct str json)
{
	struct search *s = ctx;
	s->below_row = row;
	s->looked_at++;
	s->reached_unix_ms = came_unix_ms;
	struct err ignored = { 0 };
	json_t *j OWNED_JSON = json_parse(json, &ignored);
	OWNED(post) struct post *p = NULL;
	if (j == NULL || post_from_json(j, &p, &ignored) != 0)
		return true;
	p->came_unix_ms = came_unix_ms;
	struct spans spans = { 0 };
	if (is_wanted(s, p) && query_matches(s->query, p, &spans)) {
		vec_push(&s->rows, row);
		json_t *hit = json_object();
		json_set(hit, "post", json_incref(j));
		json_set(hit, "spans", alert_spans_to_json(&spans));
		json_set(hit, "came", engine_time_json(came_unix_ms));
		json_array_append_new(s->found, hit);
	}
	spans_release(&spans);
	return (int)json_array_size(s->found) < s->limit;
}

static int search_slice(struct engine *g, struct search *s)
{
	struct err e = { 0 };
	s->looked_at = 0;
	if (store_post_each(g->store, s->prefiltered ? strbuf_str(&s->fts) : STR_NULL, s->since_unix_ms, s->below_row, SEARCH_SLICE,
	                    look_at, s, &e) != 0) {
		engine_store_failed(g, &e);
		return -1;
	}
	s->looked_at_all += s->looked_at;
	s->ended = s->looked_at < SEARCH_SLICE && (int)json_array_size(s->found) < s->limit;
	return 0;
}

static void reply_found(struct engine *g, struct search *s)
{
	char id[ENGINE_ID_MAX];
	json_t *j = json_object();
	json_set(j, "posts", json_incref(s->found));
	json_set_bool(j, "complete", s->ended);
	json_set_text(j, "next", s->ended ? STR_NULL : str_c(engine_id(id, g, "pst", s->below_row)));
	json_set(j, "reached", engine_time_json(s->reached_unix_ms));
	engine_reply(g, s->request_id, 200, j);
}

/* Oldest first, as they came. */
static void tell_found(struct engine *g, struct search *s)
{
	size_t told = 0;
	for (size_t i = s->rows.n; i > 0; i--) {
		const struct world_watch *w = world_watch(g->world, strbuf_str(&s->watch));
		OWNED(post) struct post *p = NULL;
		struct err ignored = { 0 };
		if (w == NULL || post_from_json(json_get(json_array_get(s->found, i - 1), "post"), &p, &ignored) != 0)
			continue;
		struct world_source *source = world_source(g->world, p->source);
		if (source == NULL)
			continue;
		if (pipeline_tell(g, source, w, s->rows.v[i - 1], p) != 0)
			return;
		told++;
	}
	log_info("watch.backfill", "watch=%s posts=%zu%s", LOG_Q(strbuf_str(&s->watch)), told, s->ended ? "" : " more=yes");
}

void asked_run(struct engine *g)
{
	for (struct search **p = &g->searches; *p != NULL;) {
		struct search *s = *p;
		if (search_slice(g, s) != 0)
			return;
		bool enough = s->watch.len == 0 && s->looked_at_all >= SEARCH_LOOK_MAX;
		bool full = (int)json_array_size(s->found) >= s->limit || enough;
		if (!s->ended && !full) {
			p = &s->next;
			continue;
		}
		(s->watch.len > 0 ? tell_found : reply_found)(g, s);
		*p = s->next;
		search_free(s);
	}
}

void asked_give_up(struct engine *g)
{
	while (g->searches != NULL) {
		struct search *s = g->searches;
		g->searches = s->next;
		engine_problem(g, s->request_id, 503, 0, "interrupted: try again");
		search_free(s);
	}
	for (struct map_iter it = { 0 }; map_next(g->flights, &it);) {
		struct flight *f = it.value;
		if (f->request_id != 0)
			engine_problem(g, f->request_id, 503, 0, "interrupted: try again");
		f->request_id = 0;
	}
	for (struct map_iter it = { 0 }; g->world != NULL && map_next(g->world->sources, &it);) {
		struct world_source *s = it.value;
		if (s->waiter != 0)
			engine_problem(g, s->waiter, 503, 0, "interrupted: try again");
		s->waiter = 0;
	}
}
