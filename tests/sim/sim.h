/* SPDX-License-Identifier: ISC */
/*
 * A simulated network and clock around engine_step: pages that servers give, hooks that answer as
 * told, time that jumps to the next thing that happens.  A month takes milliseconds.
 *
 *   struct sim *s = sim_new("sources: …");  sim_page(s, url, 200, body);  sim_run(s, 3600 * SECOND);
 */
#pragma once

#include "lib/test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/xml.h"
#include "control/api.h"
#include "engine/engine.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define SIM_START_UNIX INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

struct sim_page {
	char *url;             /* "…*": every one that begins so and has no page of its own */
	char *last_url;        /* asked for last */
	int status;
	enum reply_outcome outcome;
	char *body, *etag, *retry_after, *moved_to, *cache_control;
	const char *headers;   /* more of them: "name: value\n…", lower case */
	int hits, conditional, deltas; /* requests so far; those with If-None-Match; with A-IM: feed */
	int under_way, under_way_most;
	int64_t latency_ms;
	int64_t last_hit_mono_ms;
	VEC(char *) bodies;    /* what was sent to it */
	VEC(char *) ids;       /* webhook-id of each request */
};
struct sim_pending {
	int64_t due_mono_ms;
	struct message *done;
	struct message *begin; /* of a stream: comes when it is due, and `done` when sim_hang_up says so */
	struct sim_page *page;
};
struct sim {
	char folder[64], config[96], store[96];
	struct engine *engine;
	int64_t mono_ms, unix_offset_ms;
	VEC(struct sim_page *) pages;
	VEC(struct sim_pending) pending;
	VEC(struct message *) inbox;
	uint64_t last_request;
	VEC(struct message *) replies;
	int starts, under_way, under_way_most, statuses;
	int64_t steps;
	int64_t crash_at_step; /* 0 = never: the messages of that step are lost with the process */
	bool stopped;
};

static inline struct sim_page *sim_find(struct sim *s, struct str url)
{
	struct sim_page *wide = NULL;
	for (size_t i = 0; i < s->pages.n; i++) {
		struct str u = str_c(s->pages.v[i]->url);
		if (str_eq(u, url))
			return s->pages.v[i];
		if (str_ends(u, STR("*")) && str_starts(url, str_slice(u, 0, u.len - 1)))
			wide = s->pages.v[i];
	}
	return wide;
}

static inline int sim_hits(struct sim *s, const char *url)
{
	const struct sim_page *p = sim_find(s, str_c(url));
	return p == NULL ? 0 : p->hits;
}

/* What `url` answers from now on. */
static inline struct sim_page *sim_page(struct sim *s, const char *url, int status, const char *body)
{
	struct sim_page *p = sim_find(s, str_c(url));
	if (p == NULL) {
		p = mem_new(struct sim_page);
		p->url = mem_strdup(url);
		p->latency_ms = 20;
		vec_push(&s->pages, p);
	}
	p->status = status;
	p->outcome = REPLY_OK;
	mem_free(p->body);
	p->body = mem_strdup(body);
	return p;
}

static inline void sim_write_config(struct sim *s, const char *yaml)
{
	FILE *f = fopen(s->config, "w");
	CHECK(f != NULL);
	fputs(yaml, f);
	fclose(f);
}

/* The process starts: on what the last one left on disk. */
static inline void sim_boot(struct sim *s)
{
	OWNED(config) struct config *config = NULL;
	struct world_types *types = mem_new(struct world_types);
	world_types_init(types);
	struct config_errors errors = { 0 };
	int r = config_load(s->config, &types->types, &config, &errors);
	for (size_t i = 0; i < errors.list.n; i++)
		print_error("%.*s\n", STR_ARG(errors.list.v[i]));
	CHECK_INT(r, 0);
	config_errors_release(&errors);
	mem_free(types);
	struct engine_options o = { .config_path = str_c(s->config), .store_path = str_c(s->store), .config = take(config),
		                    .handler = api_handle, .seed = 42 };
	struct err e = { 0 };
	CHECK_OK(engine_new(&o, &s->engine, &e), &e);
	s->stopped = false;
}

static inline void sim_drop_pending(struct sim *s)
{
	for (size_t i = 0; i < s->pending.n; i++) {
		if (s->pending.v[i].page != NULL)
			s->pending.v[i].page->under_way--;
		message_free(s->pending.v[i].done);
		message_free(s->pending.v[i].begin);
	}
	for (size_t i = 0; i < s->inbox.n; i++)
		message_free(s->inbox.v[i]);
	vec_clear(&s->pending);
	vec_clear(&s->inbox);
	s->under_way = 0;
}

/* kill -9: memory is gone, the disk stays. */
static inline void sim_kill(struct sim *s)
{
	sim_drop_pending(s);
	engine_free(s->engine);
	s->engine = NULL;
}

static inline struct sim *sim_new(const char *yaml)
{
	json_setup();
	xml_setup();
	struct sim *s = mem_new(struct sim);
	/* In memory where there is such a place: thousands of commits, each with its fsync. */
	snprintf(s->folder, sizeof s->folder, "%s/monitord-sim-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	CHECK(mkdtemp(s->folder) != NULL);
	snprintf(s->config, sizeof s->config, "%s/monitord.yaml", s->folder);
	snprintf(s->store, sizeof s->store, "%s/monitord.db", s->folder);
	s->mono_ms = 1000 * SECOND;
	s->unix_offset_ms = SIM_START_UNIX - s->mono_ms;
	sim_write_config(s, yaml);
	sim_boot(s);
	return s;
}

static inline void sim_free(struct sim *s)
{
	static const char *const files[] = { "monitord.yaml", "monitord.db", "monitord.db-wal", "monitord.db-shm",
		                              "monitord.db.reserve" };
	if (s->engine != NULL)
		sim_kill(s);
	char path[200];
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", s->folder, files[i]);
		unlink(path);
	}
	rmdir(s->folder);
	for (size_t i = 0; i < s->pages.n; i++) {
		struct sim_page *p = s->pages.v[i];
		for (size_t k = 0; k < p->bodies.n; k++)
			mem_free(p->bodies.v[k]);
		for (size_t k = 0; k < p->ids.n; k++)
			mem_free(p->ids.v[k]);
		vec_free(&p->bodies);
		vec_free(&p->ids);
		mem_free(p->url);
		mem_free(p->last_url);
		mem_free(p->body);
		mem_free(p);
	}
	for (size_t i = 0; i < s->replies.n; i++)
		message_free(s->replies.v[i]);
	vec_free(&s->pages);
	vec_free(&s->pending);
	vec_free(&s->inbox);
	vec_free(&s->replies);
	mem_free(s);
}

static inline void sim_header(struct reply *r, const char *name, const char *value)
{
	if (value != NULL)
		vec_push(&r->headers, ((struct header){ arena_str(r->arena, str_c(name)), arena_str(r->arena, str_c(value)) }));
}

static inline struct str sim_sent_header(const struct transfer *t, const char *name)
{
	for (size_t i = 0; i < t->headers.n; i++)
		if (str_eq_nocase(t->headers.v[i].name, str_c(name)))
			return t->headers.v[i].value;
	return STR_NULL;
}

static inline char *sim_dup(struct str s)
{
	char *p = mem_alloc(s.len + 1);
	memcpy(p, s.p ? s.p : "", s.len);
	return p;
}

/* The other end of the network. */
static inline struct reply *sim_answer(struct sim *s, const struct transfer *t, struct sim_page **ret_page)
{
	struct reply *r = reply_new(t->id);
	struct sim_page *p = sim_find(s, t->url);
	r->body = STRBUF_INIT(16 << 20);
	*ret_page = p;
	if (p == NULL) {
		r->outcome = REPLY_FAILED;
		r->error = STR("no such host");
		return r;
	}
	p->hits++;
	mem_free(p->last_url);
	p->last_url = mem_alloc(t->url.len + 1);
	memcpy(p->last_url, t->url.p, t->url.len);
	p->last_hit_mono_ms = s->mono_ms;
	p->under_way++;
	if (p->under_way > p->under_way_most)
		p->under_way_most = p->under_way;
	struct str if_none_match = sim_sent_header(t, "If-None-Match"), id = sim_sent_header(t, "webhook-id");
	p->conditional += str_present(if_none_match);
	p->deltas += str_eq(sim_sent_header(t, "A-IM"), STR("feed"));
	if (t->has_body)
		vec_push(&p->bodies, sim_dup(t->body));
	if (str_present(id))
		vec_push(&p->ids, sim_dup(id));
	r->outcome = p->outcome;
	r->status = p->status;
	if (p->outcome != REPLY_OK) {
		r->error = STR("connection refused");
		return r;
	}
	sim_header(r, "etag", p->etag);
	sim_header(r, "retry-after", p->retry_after);
	sim_header(r, "cache-control", p->cache_control);
	struct str rest = str_c(p->headers), line, name;
	while (str_split(&rest, '\n', &line))
		if (str_split(&line, ':', &name))
			vec_push(&r->headers, ((struct header){ arena_str(r->arena, name), arena_str(r->arena, str_trim(line)) }));
	r->final_url = arena_str(r->arena, p->moved_to ? str_c(p->moved_to) : t->url);
	r->moved_to = arena_str(r->arena, str_c(p->moved_to));
	if (p->etag != NULL && str_eq(if_none_match, str_c(p->etag)) && p->status == 200)
		r->status = 304;
	else
		strbuf_adds(&r->body, p->body);
	return r;
}

static inline void sim_cancel(struct sim *s, uint64_t id)
{
	for (size_t i = 0; i < s->pending.n; i++)
		if (s->pending.v[i].done->transfer_id == id) {
			s->pending.v[i].due_mono_ms = s->mono_ms;
			s->pending.v[i].done->reply->outcome = REPLY_CANCELLED;
		}
}

/* The open stream of `url`; NULL if there is none. */
static inline struct sim_pending *sim_stream(struct sim *s, const char *url)
{
	for (size_t i = 0; i < s->pending.n; i++)
		if (s->pending.v[i].due_mono_ms == INT64_MAX && strcmp(s->pending.v[i].page->url, url) == 0)
			return &s->pending.v[i];
	return NULL;
}

/* One frame of a stream that is open. */
static inline void sim_push(struct sim *s, const char *url, const char *event, const char *data)
{
	struct sim_pending *p = sim_stream(s, url);
	if (p == NULL) {
		fail_msg("no stream of %s is open", url);
		return;
	}
	struct message *m = message_text(MESSAGE_FRAME, str_c(data));
	m->content_type = arena_str(m->arena, str_c(event));
	m->transfer_id = p->done->transfer_id;
	vec_push(&s->inbox, m);
}

/* Its server, or the way to it, breaks it off. */
static inline void sim_hang_up(struct sim *s, const char *url, enum reply_outcome outcome)
{
	struct sim_pending *p = sim_stream(s, url);
	if (p == NULL) {
		fail_msg("no stream of %s is open", url);
		return;
	}
	p->done->reply->outcome = outcome;
	p->done->reply->error = outcome == REPLY_OK ? STR_NULL : STR("connection reset");
	p->due_mono_ms = s->mono_ms;
}

static inline void sim_take_out(struct sim *s, struct messages *out)
{
	for (size_t i = 0; i < out->list.n; i++) {
		struct message *m = out->list.v[i];
		if (m->kind == MESSAGE_START) {
			struct sim_pending p = { .done = message_new(MESSAGE_DONE) };
			p.done->transfer_id = m->transfer->id;
			p.done->reply = sim_answer(s, m->transfer, &p.page);
			p.due_mono_ms = s->mono_ms + (p.page ? p.page->latency_ms : 5);
			if (m->transfer->framing != FRAMING_BODY && p.done->reply->outcome == REPLY_OK &&
			    p.page->status == (m->transfer->framing == FRAMING_WEBSOCKET ? 101 : 200)) {
				p.begin = message_new(MESSAGE_FRAME);
				p.begin->transfer_id = m->transfer->id;
				p.begin->status = p.page->status;
			}
			vec_push(&s->pending, p);
			s->starts++;
			if (++s->under_way > s->under_way_most)
				s->under_way_most = s->under_way;
		} else if (m->kind == MESSAGE_CANCEL) {
			sim_cancel(s, m->transfer_id);
		} else if (m->kind == MESSAGE_REPLY) {
			vec_push(&s->replies, m);
			continue;
		} else if (m->kind == MESSAGE_STOPPED) {
			s->stopped = true;
		} else if (m->kind == MESSAGE_STATUS) {
			s->statuses++;
		}
		message_free(m);
	}
	vec_clear(&out->list);
}

static inline int64_t sim_step(struct sim *s)
{
	for (size_t i = 0; i < s->pending.n;)
		if (s->pending.v[i].due_mono_ms <= s->mono_ms && s->pending.v[i].begin != NULL &&
		    s->pending.v[i].done->reply->outcome == REPLY_OK) {
			vec_push(&s->inbox, s->pending.v[i].begin);
			s->pending.v[i].begin = NULL;
			s->pending.v[i++].due_mono_ms = INT64_MAX;
		} else if (s->pending.v[i].due_mono_ms <= s->mono_ms) {
			message_free(s->pending.v[i].begin);
			vec_push(&s->inbox, s->pending.v[i].done);
			if (s->pending.v[i].page != NULL)
				s->pending.v[i].page->under_way--;
			s->under_way--;
			vec_remove(&s->pending, i);
		} else {
			i++;
		}
	/* The configuration sets it anew at start and reload. */
	log_set_level(getenv("SIM_LOG") ? LOG_LEVEL_DEBUG : (enum log_level)0);
	struct messages out = { 0 };
	struct now now = { s->mono_ms + s->unix_offset_ms, s->mono_ms };
	int64_t wake = engine_step(s->engine, now, s->inbox.v, s->inbox.n, &out);
	for (size_t i = 0; i < s->inbox.n; i++)
		message_free(s->inbox.v[i]);
	vec_clear(&s->inbox);
	if (++s->steps == s->crash_at_step) {
		/* Committed, and gone before a single message left. */
		for (size_t i = 0; i < out.list.n; i++)
			message_free(out.list.v[i]);
		vec_free(&out.list);
		sim_kill(s);
		sim_boot(s);
		return s->mono_ms;
	}
	sim_take_out(s, &out);
	vec_free(&out.list);
	return wake;
}

/* Lets `ms` pass. */
static inline void sim_run(struct sim *s, int64_t ms)
{
	int64_t end = s->mono_ms + ms;
	int64_t stuck_at = 0;
	int still = 0;
	while (!s->stopped) {
		int64_t next = sim_step(s);
		for (size_t i = 0; i < s->pending.n; i++)
			if (s->pending.v[i].due_mono_ms < next)
				next = s->pending.v[i].due_mono_ms;
		still = next <= s->mono_ms && stuck_at == s->mono_ms ? still + 1 : 0;
		stuck_at = s->mono_ms;
		CHECK(still < 10000); /* an engine that never lets time pass spins */
		if (next > end)
			break;
		if (next > s->mono_ms)
			s->mono_ms = next;
	}
	s->mono_ms = end;
}

/* One API request and its answer, letting time pass until it comes.  The text is valid until the
 * simulation ends. */
static inline struct message *sim_ask(struct sim *s, const char *method, const char *path, const char *query, const char *body)
{
	uint64_t id = ++s->last_request;
	struct message *m = message_command(id, str_c(method), str_c(path), str_c(query), str_c(body));
	vec_push(&s->inbox, m);
	for (int i = 0; i < 4000; i++) {
		sim_run(s, 50);
		for (size_t k = 0; k < s->replies.n; k++)
			if (s->replies.v[k]->request_id == id)
				return s->replies.v[k];
	}
	fail_msg("no answer to %s %s", method, path);
	return NULL;
}

static inline json_t *sim_json(const struct message *reply)
{
	struct err e = { 0 };
	json_t *j = json_parse(reply->text, &e);
	if (j == NULL)
		print_error("%s: %.*s\n", e.message, STR_ARG(reply->text));
	CHECK(j != NULL);
	return j;
}

/* A limit on the size of files is a full disk: writes fail, and later they do not. */
static inline void sim_limit_files(rlim_t bytes)
{
	signal(SIGXFSZ, SIG_IGN);
	struct rlimit r;
	CHECK_INT(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = bytes < r.rlim_max ? bytes : r.rlim_max;
	CHECK_INT(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static inline void sim_disk_full(bool full)
{
	sim_limit_files(full ? 1 : RLIM_INFINITY);
}

/* A feed of items "title|guid", newest first as feeds are. */
static inline const char *sim_feed(struct strbuf *b, int n, const char *const *titles)
{
	strbuf_reset(b);
	strbuf_adds(b, "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Sim</title><link>http://a.example/</link>");
	for (int i = n; i > 0; i--)
		strbuf_addf(b, "<item><title>%s</title><guid isPermaLink=\"false\">g%d</guid><link>http://a.example/%d</link></item>",
		            titles[i - 1], i, i);
	strbuf_adds(b, "</channel></rss>");
	return strbuf_cstr(b);
}
