/* SPDX-License-Identifier: ISC */
/*
 * What the files of engine/ share.  READ pipeline.c FIRST: it says what happens to one post.
 *   engine.c    a batch: messages in, one transaction, messages out; recovery; reload
 *   poller.c    what is due is fetched, and what the answers mean
 *   poller_when.c  when a source is due, and why then
 *   poller_host.c  who has to wait for its host
 *   rhythm.c    how often is often enough
 *   reading.c   the document that an answer brought, slice by slice
 *   pipeline.c  posts -> store -> matches -> alerts and deliveries
 *   identity.c  which known post one is
 *   outbox.c    which delivery goes out when, and what the answer means
 *   asked.c     what people ask for and the network answers: add-source, test-channel, search
 *   recovery.c  when the database refuses
 *   alarm.c     when the operator hears that the monitor is blind or mute
 *   stream.c    rounds that end in a stream: frames, breaks, pauses
 *   context.c   posts that a post refers to, asked for where a watch needs them
 *   follow.c    sources that read what the watches look for
 *   websub.c    subscriptions at hubs, and what hubs push
 *   budget.c    what reading costs, and what is left
 *   accounts.c  logging in and out
 *   seen.c      which watches of the files are new
 *   objects.c   objects added, changed and removed through the API, and their JSON
 */
#pragma once

#include "base/log.h"
#include "engine/engine.h"

enum flight_kind { FLIGHT_POLL, FLIGHT_DELIVERY, FLIGHT_PROBE, FLIGHT_TEST, FLIGHT_LOGIN, FLIGHT_CONTEXT, FLIGHT_WEBSUB };
#define CONTEXT_IDS_MAX 100
/* A transfer that io runs for us, until its DONE. */
struct flight {
	uint64_t id;
	enum flight_kind kind;
	struct host *host;              /* whose credit it holds; NULL: none */
	struct str source_name;         /* POLL, CONTEXT: the world may be another one when it ends */
	uint64_t source_identity;
	bool home;                      /* POLL: it asks for the source's own address: moves and validators count */
	bool stream;                    /* POLL: the round's last request, which goes on */
	bool beside;                    /* POLL: it is asked beside an open stream */
	bool conditional;               /* POLL: validators were sent, so 304 is an answer */
	struct str channel_name;        /* DELIVERY, TEST */
	struct outbox_item *item;       /* DELIVERY: owned while under way */
	uint64_t request_id;            /* PROBE, TEST, LOGIN: to be answered */
	json_t *written;                /* PROBE, LOGIN: the source or account as the user wrote it */
	size_t n_ids;
	struct str ids[CONTEXT_IDS_MAX]; /* CONTEXT: of the posts that were asked for */
	struct str found;               /* PROBE: the feed that a page advertised, or may have; absent in the first step */
	struct str page;                /* PROBE: the page that says nothing of its feed, which is looked for now … */
	int place;                      /* … at so many usual places so far, this one included */
	int64_t give_up_mono_ms;        /* … until then */
	struct str token;               /* WEBSUB: of the subscription */
	struct reading *reading;        /* POLL: the answer is there, and a part of its document is still to be taken */
	bool abandoned;                 /* whatever it was for is gone */
	struct arena *arena;            /* of the texts */
};

/* Polite limits of one host. */
struct host {
	int in_flight;
	int64_t ended_mono_ms;          /* when the last one was over */
	size_t queued;                  /* the longest that its queue was since it was empty */
	bool local;                     /* files: nobody is to be spared */
	VEC(struct world_source *) waiting; /* due, oldest first, those that somebody asked for in front */
};

struct search {
	struct search *next;
	struct engine *g;
	uint64_t request_id;
	struct strbuf watch;            /* not empty: nobody asked, its hits become alerts of this new watch */
	struct query *query;
	struct strbuf fts;              /* empty: every post is looked at */
	bool prefiltered;
	int64_t since_unix_ms, below_row;
	int limit;
	bool ended;                     /* nothing older is left */
	size_t looked_at, looked_at_all; /* in this slice, in all */
	int64_t reached_unix_ms;        /* when the oldest of them came */
	json_t *found;
	VEC(int64_t) rows;              /* of what was found */
};

struct seen; /* what of a document was seen so far */

struct engine {
	struct str config_path;
	struct arena *arena;
	struct store *store;
	engine_handler *handler;
	struct world_types types;
	struct world *world;
	struct heap due_sources, due_channels;
	struct map *hosts;              /* struct host by name */
	struct map *flights;            /* struct flight by the 8 bytes of its id */
	int credits_used, deliveries_in_flight;
	uint64_t last_transfer_id;
	uint64_t random;                /* state of the jitter generator */
	struct search *searches;
	struct websub *websub;
	struct messages *out;           /* of the batch under way */
	struct now now;                 /* of the batch under way */
	VEC(struct flight *) readings;  /* those whose document is taken slice by slice */
	VEC(struct world_source *) dirty_streams; /* of the batch under way: their cursors are to be saved */
	size_t events;                  /* of the batch under way, told or not */
	int64_t prune_mono_ms;
	int64_t context_mono_ms;        /* when to look at posts that wait for their context; INT64_MAX: none does */
	int64_t alarm_mono_ms;          /* when to look whether the operator must be told something; INT64_MAX: nothing changed */
	bool batch_open;                /* inside its transaction */
	bool batch_failed;              /* the database refused something: nothing of this batch holds */
	struct strbuf batch_error;      /* what it said */
	struct strbuf store_error;      /* not empty: down, and probed at retry_mono_ms */
	int64_t retry_mono_ms, retry_after_ms;
	bool tight;                     /* no reserve on the disk: nothing is polled, what waits is told */
	bool tight_told;                /* to the operator */
	struct strbuf lost;             /* what streams lost, a line each: to be told */
	int64_t held_mono_ms;           /* after a recovery: from then on it counts as one */
	struct arena *verdicts_arena;   /* of the texts of the next; NULL while there is none */
	VEC(struct store_delivery) verdicts; /* what hooks answered and no commit holds yet */
	bool stopping, stopped;
	int64_t stop_mono_ms;           /* when patience with deliveries under way ends */
	bool ready_said;
	struct engine_figures figures;
	/* for the watchdog, written by the engine thread, read by io's */
	uint64_t beat, beat_seen;
	bool idle;
};

/* --- engine.c --- */
uint64_t engine_random(struct engine *g); /* splitmix64: jitter, never a secret */
struct flight *engine_start(struct engine *g, enum flight_kind kind, struct transfer *t /* taken */);
struct flight *engine_hold(struct engine *g, enum flight_kind kind); /* one without a transfer */
void engine_flight_free(struct engine *g, struct flight *f); /* gives credits back */
void engine_cancel(struct engine *g, struct flight *f);      /* its DONE will mean nothing */
void engine_emit(struct engine *g, struct message *m);       /* leaves after the commit; taken */
int engine_check(struct engine *g, int result, const struct err *e); /* result; notes a failed database */
struct flight *engine_flight(const struct engine *g, uint64_t id);   /* NULL: it is over */
int engine_adopt_world(struct engine *g);                            /* timers of a world that was just built */
void engine_begin_stop(struct engine *g);
void engine_say_status(struct engine *g, int kind);                  /* to the service manager: 0 a text, 1 ready, 2 reloading */
void engine_log_errors(enum log_level level, const char *event, struct config_errors *errors);

/* --- recovery.c --- */
/* The batch failed: nothing of it was kept, so nothing of it may leave. */
void recovery_fail(struct engine *g, struct message *const *in, size_t n_in);
/* Is it time to try again, and does the database take something? */
bool recovery_try(struct engine *g, struct message *const *in, size_t n_in);
/* Not yet: the handler answers what does not need the database, and says so to the rest. */
void recovery_wait(struct engine *g, struct message *const *in, size_t n_in);
/* Inside the first transaction: what is in memory only is written, and memory read anew. */
int recovery_rebuild(struct engine *g, struct err *e) MUST_CHECK;
void recovery_done(struct engine *g); /* that transaction holds */
/* Makes the reserve, or finds that the disk is full; retry_mono_ms says when to look again.  True: that is news. */
bool recovery_reserve(struct engine *g);
#define RECOVERY_TIGHT "the disk is full: nothing is polled until there are 12 MiB of room, what waits is still delivered"

/* --- poller.c --- */
void poller_run(struct engine *g);                              /* starts what is due */
void poller_done(struct engine *g, struct flight *f, struct message *m);
void poller_read_on(struct engine *g);                          /* a slice of one document */
/* The first document of a source that add-source fetched already, in the answer `m`; takes x. */
void poller_adopt(struct engine *g, struct world_source *s, struct reading *x, struct message *m);
void poller_transfer_options(const struct engine *g, const struct config_source *s, struct transfer *t);

int poller_save(struct engine *g, struct world_source *s, struct store_source *k); /* memory and database; -1: it failed */
/* The same of one that went wrong; `news`: in another way than before, so that those who listen hear of it. */
void poller_save_failure(struct engine *g, struct world_source *s, struct store_source *k, bool news);
void poller_leave(struct engine *g, struct world_source *s, const char *outcome);  /* tells who waits, plans the next */
void poller_failed(struct engine *g, struct world_source *s, const struct reply *r, struct str why);
void poller_explain(const struct world_source *s, const struct reply *r, struct strbuf *why); /* of a failure */

/* What an answer means for the round. */
enum step {
	STEP_NEXT,   /* taken: is there more to ask? */
	STEP_END,    /* fine, and there is nothing more */
	STEP_SLICE,  /* taken in part: the rest in later batches */
	STEP_FAILED, /* said, and kept */
	STEP_STREAM_OVER,
};

/* --- poller_when.c --- */
#define POLLER_WHY_MAX 500
void poller_schedule(struct engine *g, struct world_source *s); /* by what is kept of it */
void poller_unschedule(struct engine *g, struct world_source *s);
int64_t poller_mono(const struct engine *g, int64_t unix_ms); /* when that is; at once if it is over */
int64_t poller_every(const struct engine *g, const struct world_source *s); /* its shortest interval, ms, as settings say */
int64_t poller_jitter(struct engine *g, int64_t interval_ms);               /* to be added */
/* Why its next poll is when it is, in words; nothing if there is none. */
void poller_why(const struct engine *g, const struct world_source *s, struct strbuf *out);
/* Puts into *k when to poll it next, and says why: after a success, by what is known of the source and what the last answer
 * says; after k->failures failures in a row. */
void poller_plan_next(struct engine *g, struct world_source *s, const struct reply *r, struct store_source *k,
                      struct strbuf *why);
void poller_plan_retry(struct engine *g, const struct world_source *s, const struct reply *r, struct store_source *k,
                       struct strbuf *why);
void poller_hurry(struct engine *g, struct world_source *s);  /* a hub does not push it any more: as often as without it */
void poller_rest(struct engine *g, struct world_source *s);   /* a hub pushes it now */

/* --- poller_host.c --- */
struct host *poller_host(struct engine *g, struct str url);  /* made if it is new */
bool poller_host_is_free(const struct engine *g, const struct host *h, const struct world_source *s); /* for that source */
bool poller_host_is_idle(const struct engine *g, const struct host *h); /* and rested: there is nothing to be known of it */
void poller_wait_for_host(struct host *h, struct world_source *s);
void poller_host_free_waiting(struct engine *g, struct world_source *s); /* it waits no more */
int64_t poller_wake(const struct engine *g); /* mono ms: when a host has rested for whoever waits; INT64_MAX: nobody waits */

/* --- reading.c --- */
struct reading;
void reading_free(struct reading *x);
DEFINE_OWNED(reading);
/* Reads the first slice of the document in `r`, finding out its type if the source has none.  `asked`: the type asked for it,
 * and may have more to ask.  *s is borrowed for this call only, `r` until the end.  NULL, and why: it means nothing. */
struct reading *reading_open(const struct source *s, bool asked, struct reply *r, struct strbuf *why)
        RETURNS_OWNED(reading_free);
const struct source_document *reading_document(const struct reading *x);
const struct reply *reading_reply(const struct reading *x);
void reading_keep(struct reading *x, struct message *m); /* takes the answer out of the message that brought it */
enum step reading_take(struct engine *g, struct world_source *s, struct reading *x);  /* the slice that was read */
enum step reading_go_on(struct engine *g, struct world_source *s, struct reading *x); /* reads and takes the next one */
/* All posts of a document that was pushed.  -1: there is nothing of its kind in it, and why; or the batch failed. */
int reading_whole(struct engine *g, struct world_source *s, const struct frame *f, struct taken *ret, struct strbuf *why);

/* --- seen.c --- */
int seen_look(struct engine *g); /* a new world: watches of the files that it did not have before look back; -1: it failed */

/* --- websub.c --- */
struct websub;
void websub_free(struct websub *w);
int websub_new(struct engine *g, struct err *e) MUST_CHECK;
int websub_adopt(struct engine *g); /* a new world: subscriptions as the database has them; -1: it failed */
/* Does it want what it has?  After any change of the source or the configuration. */
void websub_look(struct engine *g, struct world_source *s);
void websub_gone(struct engine *g, const struct world_source *s); /* it is removed */
/* A poll brought this document: does it name a hub? */
void websub_seen(struct engine *g, struct world_source *s, const struct reply *r, const struct source_document *d);
/* A poll went well, with so many new posts. */
void websub_polled(struct engine *g, struct world_source *s, size_t fresh);
bool websub_pushes(const struct engine *g, const struct world_source *s); /* what is published is pushed: polls are rare */
/* Puts a poll off while it pushes, and says so. */
void websub_put_off(const struct engine *g, const struct world_source *s, int64_t *next_unix_ms, struct strbuf *why);
void websub_called(struct engine *g, const struct message *m); /* CALLBACK */
void websub_done(struct engine *g, struct flight *f, const struct reply *r);
void websub_run(struct engine *g);                /* asks hubs what is due */
int64_t websub_wake(const struct engine *g);      /* mono ms; INT64_MAX: nothing is due */
struct str websub_key(const struct engine *g);
json_t *websub_json(const struct engine *g, const struct world_source *s); /* null: no hub */

/* --- stream.c --- */
void stream_frame(struct engine *g, const struct message *m);
void stream_over(struct engine *g, struct world_source *s, const struct reply *r);
void stream_hang_up(struct engine *g, struct world_source *s, struct flight *f); /* no leave: the caller goes on */
void stream_flush(struct engine *g); /* before the commit, and before anything else looks at sources */

/* The same as poller_schedule of a source whose stream is open: when to look for something to ask beside it. */
void stream_schedule(struct engine *g, struct world_source *s, int64_t wait_ms);
void stream_ask_beside(struct engine *g, struct world_source *s);
void stream_beside_done(struct engine *g, struct world_source *s, const struct reply *r);
#define STREAM_BESIDE_MS 30000

/* --- context.c --- */
/* What of the post's context its watches lack and its source may be asked for, beyond what is `gone`: bits 1 << relation,
 * and each watch's own in world_watch.lacks. */
unsigned context_lacks(struct engine *g, const struct world_source *s, const struct post *post, unsigned gone);
/* Adds what they lack and is known here; *ret_gone gets what nobody has.  -1: the database failed. */
int context_attach(struct engine *g, struct world_source *s, struct post *post, unsigned *ret_gone);
bool context_may_wait(const struct world_source *s);
int context_wait(struct engine *g, struct world_source *s, int64_t post_row); /* -1: the database failed */
void context_run(struct engine *g);
void context_done(struct engine *g, const struct flight *f, const struct reply *r);
int context_adopt(struct engine *g); /* after a new world: who waits.  -1: the database failed */
#define CONTEXT_KEEP_MS (7LL * 24 * 3600 * 1000) /* so long no post is asked for twice */

/* --- follow.c --- */
void follow_run(struct engine *g); /* the watches changed: does what is read for them? */

/* --- pipeline.c --- */
/* Takes posts of a document into the store, matches the new ones, writes alerts and deliveries; those from `old_from` on
 * were there before anybody asked.  `seen`: of this document so far; NULL: ids are sure.  What came of them is added to
 * *ret.  -1: the database failed. */
#define PIPELINE_NONE_OLD SIZE_MAX
int pipeline_take(struct engine *g, struct world_source *s, struct post_list *list, size_t old_from, struct seen *seen,
                  struct taken *ret);

/* Tells those who waited for the context of a known post; `more` of that is there now.  -1: the database failed. */
int pipeline_judge(struct engine *g, struct world_source *s, int64_t post_row, struct post *post, bool more);

/* A post as the database and the archive's index hold it; the texts stand in the two buffers, whose contents are replaced. */
struct store_post pipeline_stored(const struct post *post, struct strbuf *json, struct strbuf *words);
/* May what was there before anybody asked alert?  As far back as the source's `backfill` says. */
bool pipeline_reaches(const struct world_source *s, const struct post *post, int64_t now_unix_ms);
/* Tells a watch of a post that was there before it, once.  -1: the database failed. */
int pipeline_tell(struct engine *g, struct world_source *s, const struct world_watch *w, int64_t post_row,
                  const struct post *post);

#define POST_JSON_MAX (24u << 20) /* a post's texts, escaped at worst */
#define POST_WORDS_MAX (8u << 20)

/* --- identity.c --- */
struct seen *seen_new(void);
void seen_free(struct seen *s); /* NULL is fine */
void identity_note(struct seen *seen, struct str id, struct str url); /* one more of the document has this id */
/* Of two with the same id, URL and title the first is the newer one: the other goes. */
void identity_drop_doubles(struct seen *seen, struct post_list *list);
/* A post that is not known as it stands: gives it the id by which it is told from others that its publisher gave the same
 * one to, and says what is known under that. */
int identity_tell_apart(struct engine *g, const struct seen *seen, struct post *post, struct store_found *found, bool *known,
                        struct err *e) MUST_CHECK;
/* When no id of a document is known but most of what it says is, the publisher changed its ids (a new blog engine, a move
 * to https): the posts keep their identity under new names, and nobody is told old news. */
int identity_see_through(struct engine *g, const struct world_source *s, struct seen *seen, const struct post_list *list,
                         struct err *e) MUST_CHECK;

/* --- outbox.c --- */
/* A fresh delivery of the alert to this channel: written, and queued. */
int outbox_tell(struct engine *g, struct world_channel *c, int64_t alert_row, struct err *e) MUST_CHECK;
void outbox_add(struct engine *g, struct world_channel *c, int64_t row, int64_t alert_row); /* one that is written already */
int outbox_adopt(struct engine *g);        /* after a new world: due times, orphans */
int outbox_bury_orphans(struct engine *g); /* what waits for a channel that is gone becomes a dead letter */
void outbox_schedule(struct engine *g, struct world_channel *c);
void outbox_reopen(struct engine *g, struct world_channel *c); /* somebody mended it: what waits is tried now */
void outbox_run(struct engine *g);
void outbox_done(struct engine *g, struct flight *f, struct reply *r);
int outbox_write_verdicts(struct engine *g, struct err *e) MUST_CHECK; /* those of batches that failed */
void outbox_forget_verdicts(struct engine *g);                         /* they are on disk */
/* An alert as channels want it, from its row; `ret` borrows from `arena` and *ret_post. */
struct composed {
	struct arena *arena;
	struct post *post;
	struct spans spans;
	struct alert alert;
};
void composed_release(struct composed *c);
int outbox_read_alert(struct engine *g, const struct store_alert *a, struct composed *ret, struct err *e) MUST_CHECK;
struct transfer *outbox_transfer(struct engine *g, struct world_channel *c, const struct alert *a, struct err *e);

/* --- asked.c --- */
void asked_done(struct engine *g, struct flight *f, struct message *m); /* PROBE, TEST */
void asked_run(struct engine *g);                                     /* a slice of each search */
void asked_give_up(struct engine *g);                                 /* 503 to all who wait */

/* --- alarm.c --- */
void alarm_look(struct engine *g); /* something failed or recovered */
bool alarm_silent(const struct engine *g, const struct world_source *s); /* it gives nothing new for longer than is usual */
void alarm_lost(struct engine *g, const struct world_source *s, struct str what); /* posts that will not come any more */
void alarm_run(struct engine *g);

/* --- budget.c --- */
/* May it read on?  True: not before *ret_until_unix_ms, for the reason in `why`. */
bool budget_spent(struct engine *g, struct world_source *s, struct strbuf *why, int64_t *ret_until_unix_ms);
/* How long to wait at least where little is left, so that it lasts; 0: as the interval says.  `reads`: what a poll costs. */
int64_t budget_pause_ms(struct engine *g, struct world_source *s, size_t reads);
int budget_count(struct engine *g, struct world_source *s, size_t reads); /* -1: the database failed */
bool budget_low(struct engine *g, struct world_account *a, struct strbuf *why); /* eight tenths are spent */
int64_t budget_renewal(const struct engine *g);                                  /* when the next UTC day begins */
void budget_json(struct engine *g, struct world_account *a, json_t *j);

/* --- accounts.c --- */
void accounts_done(struct engine *g, struct flight *f, const struct reply *r); /* LOGIN */

/* --- objects.c --- */
void objects_source_event(struct engine *g, const struct world_source *s);
