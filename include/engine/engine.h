/* SPDX-License-Identifier: ISC */
/*
 * The work thread: takes messages from io, does what they say in one transaction, commits, and only
 * then lets messages out.  engine_step is a function from messages to messages, so a test runs a
 * month in milliseconds with a scripted io side and a fake clock.
 *
 * Everything but engine_alive is for the engine thread, or for a test that plays it.
 */
#pragma once

#include "base/mailbox.h"
#include "engine/world.h"
#include "model/message.h"

struct engine;
struct now {
	int64_t unix_ms, mono_ms;
};
struct messages {
	VEC(struct message *) list;
};
/* Answers one API request, now by engine_reply or later; called inside the batch's transaction. */
typedef void engine_handler(struct engine *g, const struct message *request, struct now now);

struct engine_options {
	struct str config_path;  /* absent: no file */
	struct str store_path;   /* the database */
	struct config *config;   /* taken; from config_load or config_defaults */
	engine_handler *handler;
	uint64_t seed;           /* of all jitter; 0 = random */
};
void engine_free(struct engine *g);
int engine_new(const struct engine_options *options, struct engine **ret, struct err *e) MUST_CHECK;
DEFINE_OWNED(engine);

/* Takes the `n_in` messages; appends those for io to `out`.  Returns the mono ms at which it wants
 * to be called again even if nothing comes. */
int64_t engine_step(struct engine *g, struct now now, struct message *const *in, size_t n_in, struct messages *out);
bool engine_stopped(const struct engine *g); /* STOPPED went out: the thread may end */

#define ENGINE_BATCH_MAX 256 /* messages of one transaction (ARCHITECTURE 7.4) */
struct engine_thread {
	struct engine *engine;
	struct mailbox *inbox, *outbox;
};
void *engine_run(void *engine_thread); /* for pthread_create: until stopped */
struct str engine_callback_key(const struct engine *g); /* for io, of hash_token: borrowed from the engine */
bool engine_alive(void *engine);       /* any thread: did it move since the last call, or does it wait idle? */

/* --- for the handlers (control/) --- */

struct world *engine_world(struct engine *g);
struct store *engine_store(struct engine *g);
const struct config_types *engine_types(const struct engine *g);
struct engine_figures {
	int64_t started_unix_ms;
	bool store_ok, store_down;    /* down: it takes nothing; else, if not ok, the disk is full and nothing is polled */
	const char *store_error;      /* "" if fine */
	const char *config_path;      /* "" if none */
	/* counted since the start */
	uint64_t polls, polls_failed, polls_unchanged, posts_new, posts_edited, posts_deleted, alerts;
	uint64_t delivered, dead, attempts_failed, commits;
	uint64_t websub_pushes, websub_refused, websub_missed; /* the last: posts that polls brought where pushes should */
	size_t flights;
};
void engine_figures(const struct engine *g, struct engine_figures *ret);

/* One answer a request.  `body` is stolen; NULL for 204. */
void engine_reply(struct engine *g, uint64_t request_id, int status, json_t *body);
void engine_reply_text(struct engine *g, uint64_t request_id, int status, const char *content_type, struct str body);
/* RFC 9457; column 0 = none. */
void engine_problem(struct engine *g, uint64_t request_id, int status, int column, const char *fmt, ...) PRINTF_LIKE(5, 6);
/* 400, 404, 409, 503 … by the kind of error. */
void engine_problem_err(struct engine *g, uint64_t request_id, int status, const struct err *e);
/* A failing database ends the batch: nothing of it is kept, every request of it is answered 503. */
void engine_store_failed(struct engine *g, const struct err *e);
/* One line of JSON to all who listen.  Steals `data`. */
void engine_event(struct engine *g, const char *name, json_t *data);
/* The same of JSON that is written already. */
void engine_event_text(struct engine *g, const char *name, struct str json);

/* Objects of the API: checked, written to the database, put into the world.  On success the
 * arena is taken. ERR_CONFIG: the name is taken; ERR_INPUT: the object is not well made; ERR_SYSTEM:
 * the database (engine_store_failed was called). */
int engine_add_watch(struct engine *g, struct now now, const struct config_watch *s, struct arena *arena,
                     struct world_watch **ret, struct err *e) MUST_CHECK;
int engine_add_person(struct engine *g, const struct config_person *s, struct arena *arena, struct world_person **ret,
                      struct err *e) MUST_CHECK;
int engine_add_channel(struct engine *g, struct now now, const struct config_channel *s, struct arena *arena,
                       json_t *as_written, struct world_channel **ret, struct err *e) MUST_CHECK;
int engine_add_source(struct engine *g, struct now now, const struct config_source *s, struct arena *arena,
                      json_t *as_written, struct world_source **ret, struct err *e) MUST_CHECK;
/* Replace in place: the same name, new settings; running state is kept where it still holds. */
int engine_change_watch(struct engine *g, struct now now, struct world_watch *old, const struct config_watch *s,
                        struct arena *arena, struct world_watch **ret, struct err *e) MUST_CHECK;
/* It becomes another object; what is known of its accounts stays.  ERR_CONFIG: a watch needs it as it is. */
int engine_change_person(struct engine *g, struct world_person *old, const struct config_person *s, struct arena *arena,
                         struct world_person **ret, struct err *e) MUST_CHECK;
int engine_change_channel(struct engine *g, struct now now, struct world_channel *old, const struct config_channel *s,
                          struct arena *arena, json_t *as_written, struct world_channel **ret, struct err *e) MUST_CHECK;
int engine_change_source(struct engine *g, struct now now, struct world_source *old, const struct config_source *s,
                         struct arena *arena, json_t *as_written, struct world_source **ret, struct err *e) MUST_CHECK;
/* As the user wrote an object (with secrets): what PATCH changes.  New reference, NULL if it is not
 * from the API. */
json_t *engine_written(struct engine *g, enum store_kind kind, struct str name);
int engine_remove_person(struct engine *g, struct world_person *p, struct err *e) MUST_CHECK; /* ERR_CONFIG: a watch needs it */
int engine_remove_watch(struct engine *g, struct world_watch *w, struct err *e) MUST_CHECK;
/* Its waiting deliveries become dead letters. ERR_CONFIG: a watch names it. */
int engine_remove_channel(struct engine *g, struct now now, struct world_channel *c, struct err *e) MUST_CHECK;
int engine_remove_source(struct engine *g, struct world_source *s, struct err *e) MUST_CHECK;

/* Forgets the token that a login gave.  ERR_CONFIG: it is of the configuration, or a source names an account that was
 * only made by its login. */
int engine_log_out(struct engine *g, struct world_account *a, struct err *e) MUST_CHECK;

/* Answered later, when the network has. */
void engine_log_in(struct engine *g, struct now now, uint64_t request_id, json_t *written); /* an account; steals */
void engine_probe_source(struct engine *g, struct now now, uint64_t request_id, json_t *as_written); /* add-source; steals */
void engine_poll_source(struct engine *g, struct now now, uint64_t request_id, struct world_source *s);
void engine_test_channel(struct engine *g, struct now now, uint64_t request_id, struct world_channel *c);
/* A new watch looks back over its sources as far as their `backfill` reaches, and tells the newest posts that match. */
void engine_look_back(struct engine *g, const struct world_watch *w);
/* Posts that came since then, with a row below `below_row` (0 = from the newest). */
void engine_search(struct engine *g, uint64_t request_id, struct query *query /* taken */, int64_t since_unix_ms,
                   int64_t below_row, int limit);
void engine_reload(struct engine *g, struct now now, uint64_t request_id); /* 0: asked by SIGHUP */
/* Due now, whatever its state; its channel must exist (ERR_CONFIG). */
int engine_retry_delivery(struct engine *g, struct now now, struct store_delivery *d, struct err *e) MUST_CHECK;

/* JSON forms that handlers and events share. */
json_t *engine_account_json(struct engine *g, struct world_account *a);
json_t *engine_source_json(struct engine *g, const struct world_source *s, struct now now);
json_t *engine_channel_json(struct engine *g, const struct world_channel *c);
json_t *engine_person_json(const struct world_person *p);
json_t *engine_watch_json(struct engine *g, const struct world_watch *w);
json_t *engine_alert_json(struct engine *g, const struct store_alert *a);
json_t *engine_delivery_json(struct engine *g, const struct store_delivery *d);
json_t *engine_time_json(int64_t unix_ms); /* RFC 3339 or null */

/* Public ids: kind ("alr" or "dlv"), eight hex digits of this installation, the row, with '_' between. */
#define ENGINE_ID_MAX 40
const char *engine_id(char buf[static ENGINE_ID_MAX], const struct engine *g, const char *kind, int64_t row);
bool engine_id_parse(const struct engine *g, const char *kind, struct str id, int64_t *ret_row);
