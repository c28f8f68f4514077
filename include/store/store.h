/* SPDX-License-Identifier: ISC */
/*
 * What monitord remembers: one SQLite database (WAL, synchronous=FULL), the only place that knows
 * SQL.  Everything that a batch
 * changes is written between store_begin and store_commit; memory mirrors the database and never
 * leads it.
 * Owner: the engine; engine thread only.  JSON goes in and out as text.
 *
 * Every call that writes fails with ERR_SYSTEM (disk full, I/O error): roll back, back off, read
 * everything anew.
 */
#pragma once

#include "base/arena.h"
#include "base/date.h"
#include "base/err.h"
#include "base/strbuf.h"

struct store;

void store_close(struct store *s); /* NULL is fine; an open transaction is rolled back */
/* Opens or makes the database; brings an older schema up to date in one transaction.  ERR_CONFIG:
 * a newer schema than this program
 * knows, or not a database.  ":memory:" for tests. */
int store_open(const char *path, struct store **ret_store, struct err *e) MUST_CHECK;

int store_begin(struct store *s, struct err *e) MUST_CHECK;  /* BEGIN IMMEDIATE */
int store_commit(struct store *s, struct err *e) MUST_CHECK; /* on failure the transaction is rolled back */
void store_rollback(struct store *s);

#define STORE_RESERVE_BYTES (8 << 20) /* enough for thousands of deliveries' marks (RELIABILITY, E1) */
#define STORE_ROOM_BYTES (4 << 20)    /* must be free besides, when the reserve is made */
/* Keeps so much of the disk back, as a file beside the database.  ERR_SYSTEM: there is no room for it. */
int store_reserve(struct store *s, struct err *e) MUST_CHECK;
void store_let_go(struct store *s); /* the disk is full: what was sent can still be noted in the reserve's room */

/* --- objects added through the API (those from YAML are never stored) --- */

enum store_kind { STORE_SOURCE, STORE_WATCH, STORE_CHANNEL, STORE_ACCOUNT, STORE_PERSON };
int store_object_put(struct store *s, enum store_kind kind, struct str name, struct str json, struct err *e) MUST_CHECK;
int store_object_remove(struct store *s, enum store_kind kind, struct str name, struct err *e) MUST_CHECK;
/* The JSON is copied into `arena`. */
int store_object_get(struct store *s, enum store_kind kind, struct str name, struct arena *arena, struct str *ret_json,
                     bool *ret_found, struct err *e) MUST_CHECK;
int store_object_each(struct store *s, enum store_kind kind, void (*each)(void *ctx, struct str name, struct str json), void *ctx,
                      struct err *e) MUST_CHECK;

/* --- what is known of a source between polls; written in the transaction of the posts that it
 * covers --- */

struct store_source {
	uint64_t hash;              /* of the settings that matter for polling: another hash, and validators are void */
	struct str etag, last_modified; /* verbatim, of the last body that was wholly processed */
	struct str moved_to;        /* a permanent redirect seen `moved_seen` polls in a row */
	int64_t moved_seen;
	struct str url;             /* learnt address, absent if none */
	struct str cursor;          /* where the type goes on, in its own form */
	struct str cut_after;       /* id of the last whole post of a first document that was cut off, "" if it held none: what
	                             * stands behind it is no news when it comes; absent = nothing is missing */
	struct str last_error;      /* absent if the last poll was fine */
	struct str stopped;         /* why it is polled no more (410); absent if it is */
	int64_t next_unix_ms;       /* due */
	struct str why;             /* just then, in words */
	int64_t interval_ms;        /* the regular one that the last good poll led to; 0 if there was none */
	int64_t gap_ms;             /* from post to post, as the last document says; 0 = not known */
	int64_t quiet;              /* polls in a row that brought nothing new */
	int64_t news_unix_ms;       /* when it last gave a new post, TIME_ABSENT if never */
	int64_t longest_ms;         /* its longest silence, as documents said; 0 = not known */
	int64_t polled_unix_ms;     /* when the last poll ended, TIME_ABSENT if never; what came of it: */
	int64_t polled_status, polled_bytes, polled_posts, polled_new;
	bool overrun;               /* every post of it was new: others may have come and gone in between */
	int64_t ttl_ms;             /* hints of the last document, as in source/source.h */
	uint32_t skip_hours;
	uint8_t skip_days;
	int64_t not_before_unix_ms; /* the server's demand: a shorter interval does not count before that */
	int64_t success_unix_ms;    /* last success, TIME_ABSENT if never: then its first document is the baseline */
	int64_t failures;           /* in a row */
};
int store_source_save(struct store *s, struct str name, const struct store_source *state, struct err *e) MUST_CHECK;
/* Texts are copied into `arena`.  ret_found false: nothing known. */
int store_source_load(struct store *s, struct str name, struct arena *arena, struct store_source *ret, bool *ret_found,
                      struct err *e) MUST_CHECK;
int store_source_forget(struct store *s, struct str name, struct err *e) MUST_CHECK; /* its state; its posts stay */

/* --- subscriptions at hubs (WebSub), each with a callback of its own --- */

enum store_websub_state {
	STORE_WEBSUB_OFF,     /* a hub is known, nothing is asked of it: the source is paused, say */
	STORE_WEBSUB_ASKING,  /* not confirmed yet */
	STORE_WEBSUB_ACTIVE,  /* until lease_end_unix_ms */
	STORE_WEBSUB_DENIED,  /* the hub does not want to */
	STORE_WEBSUB_LEAVING, /* to be ended; its source may be gone, or have another one */
};
#define STORE_WEBSUB_STATES (STORE_WEBSUB_LEAVING + 1)
struct store_websub {
	struct str token;           /* last segment of the callback's path */
	struct str source;          /* name */
	uint64_t identity;          /* of the source whose document named the hub */
	struct str hub, topic;      /* URLs, as the document says */
	struct str base;            /* address of the document: base of relative references in what is pushed */
	struct str callback, secret;
	struct str allow;           /* private networks that the source may lead to, with commas between */
	enum store_websub_state state;
	bool is_signed;             /* the hub was told the secret */
	int doubt;                  /* pushes that must come before it is believed that all is pushed; 0: it is */
	int64_t asked_unix_ms;      /* the last request; TIME_ABSENT if there was none */
	int64_t next_unix_ms;       /* when to send the next one */
	int64_t lease_end_unix_ms;  /* TIME_ABSENT: none */
	int64_t tries;              /* requests since the last one that was confirmed */
	int64_t pushed_unix_ms;     /* the last good push, TIME_ABSENT if none */
	struct str error;           /* absent if the last request was fine */
};
int store_websub_save(struct store *s, const struct store_websub *w, struct err *e) MUST_CHECK;
int store_websub_remove(struct store *s, struct str token, struct err *e) MUST_CHECK;
int store_websub_each(struct store *s, void (*each)(void *ctx, const struct store_websub *w), void *ctx, struct err *e) MUST_CHECK;

#define STORE_KEY_BYTES 32
/* What it signs is ours (callback tokens).  Made once per database: a second one is not taken. */
int store_key_get(struct store *s, unsigned char ret_key[static STORE_KEY_BYTES], bool *ret_found, struct err *e) MUST_CHECK;
int store_key_put(struct store *s, const unsigned char key[static STORE_KEY_BYTES], struct err *e) MUST_CHECK;

/* --- what the operator was told --- */

/* A source is blind or a channel mute since then; TIME_ABSENT: not any more. */
int store_alarm_set(struct store *s, enum store_kind kind, struct str name, int64_t since_unix_ms, struct err *e) MUST_CHECK;
int store_alarm_each(struct store *s, void (*each)(void *ctx, enum store_kind kind, struct str name, int64_t since_unix_ms),
                     void *ctx, struct err *e) MUST_CHECK;

/* What a login of this account brought, "" if nothing holds; void when `hash` (of its settings) is another one. */
int store_session_save(struct store *s, struct str account, uint64_t hash, struct str session, struct err *e) MUST_CHECK;
int store_session_load(struct store *s, struct str account, uint64_t hash, struct strbuf *ret_session, struct err *e) MUST_CHECK;
int store_session_forget(struct store *s, struct str account, struct err *e) MUST_CHECK;

/* The watches of the files as the engine last saw them, in its own form; ret_known false: never. */
int store_seen_save(struct store *s, struct str list, struct err *e) MUST_CHECK;
int store_seen_load(struct store *s, struct strbuf *ret_list, bool *ret_known, struct err *e) MUST_CHECK;

/* What posts told of an account of a person. */
struct store_account {
	struct str id;              /* the platform's */
	struct str handle;          /* of today; absent if none was told */
	struct str before;          /* the one before that; absent if it never changed */
	int64_t changed_unix_ms;    /* when that was first seen */
};
/* `account` as the settings say it ("x:elonmusk"). */
int store_account_put(struct store *s, struct str person, struct str account, const struct store_account *a, struct err *e)
        MUST_CHECK;
int store_account_each(struct store *s, void (*each)(void *ctx, struct str person, struct str account,
                       const struct store_account *a), void *ctx, struct err *e) MUST_CHECK;
int store_account_forget(struct store *s, struct str person, struct err *e) MUST_CHECK; /* all of that person */

/* Posts that a source or an account has read, on days since 1970 UTC: adds to a day; sums up days from..to. */
int store_spend(struct store *s, enum store_kind kind, struct str name, int64_t day, int64_t posts, struct err *e) MUST_CHECK;
int store_spent(struct store *s, enum store_kind kind, struct str name, int64_t from_day, int64_t to_day, int64_t *ret_posts,
                struct err *e) MUST_CHECK;

/* --- posts --- */

/* What is kept of a post; `json` is copied into `arena` if that is not NULL, absent when it was
 * pruned.  ret_found false: never seen. */
struct store_found {
	int64_t row;
	int64_t came_unix_ms;
	uint64_t fingerprint;
	bool deleted;
	struct str json;
};
int store_post_find(struct store *s, struct str source, struct str id, struct arena *arena, struct store_found *ret,
                    bool *ret_found, struct err *e) MUST_CHECK;

/* Is there a post of "id|more", whatever more is: one that was told from others with the same id? */
int store_post_shares_id(struct store *s, struct str source, struct str id, bool *ret, struct err *e) MUST_CHECK;

struct store_post {
	struct str source, id;      /* identity: unique together */
	struct str json;            /* model/post.h's form */
	struct str words;           /* match_fold_words: for the full-text index */
	uint64_t fingerprint;       /* another one for the same id is an edit */
	uint64_t content;           /* of the words alone */
	int64_t published_unix_ms;  /* TIME_ABSENT if not known */
};
int store_post_insert(struct store *s, const struct store_post *p, int64_t now_unix_ms, int64_t *ret_row, struct err *e)
        MUST_CHECK;
/* Alerts of this post that were told its text so far keep that as evidence. */
int store_post_edit(struct store *s, int64_t row, const struct store_post *p, int64_t now_unix_ms, struct err *e) MUST_CHECK;
/* The same post under a new name: no edit, its alerts stay its own. */
int store_post_rename(struct store *s, int64_t row, const struct store_post *p, struct err *e) MUST_CHECK;
/* The same post with more of its context: no edit. */
int store_post_complete(struct store *s, int64_t row, struct str json, struct str words, struct err *e) MUST_CHECK;
/* Every post of a source whose words are known, oldest first. */
int store_post_contents(struct store *s, struct str source, void (*each)(void *ctx, int64_t row, uint64_t content), void *ctx,
                        struct err *e) MUST_CHECK;
/* Taken back by its author: the text stays, as evidence. */
int store_post_delete(struct store *s, int64_t row, int64_t now_unix_ms, struct err *e) MUST_CHECK;
/* Posts that came since `since_unix_ms` with a row below `below_row` (0 = from the newest), newest
 * first, at most `limit`; only those
 * whose words satisfy the FTS5 expression `fts` if it is present.  `each` returns false to stop. */
int store_post_each(struct store *s, struct str fts, int64_t since_unix_ms, int64_t below_row,
                    int limit,
                    bool (*each)(void *ctx, int64_t row, int64_t came_unix_ms, struct str json),
                    void *ctx, struct err *e) MUST_CHECK;
/* Forgets the texts of posts that came before `before_unix_ms` and did not alert; ids stay, so
 * that nothing alerts twice. */
int store_post_prune(struct store *s, int64_t before_unix_ms, int limit, int *ret_pruned, struct err *e) MUST_CHECK;

/* --- posts that others refer to, and those that wait for them --- */

/* By the id that others name it by; `place` is the server that knows it so.  json absent: there is none of that id. */
int store_context_put(struct store *s, struct str place, struct str id, struct str json, int64_t now_unix_ms, struct err *e)
        MUST_CHECK;
int store_context_find(struct store *s, struct str place, struct str id, struct arena *arena, struct str *ret_json,
                       bool *ret_found, struct err *e) MUST_CHECK;
int store_context_prune(struct store *s, int64_t before_unix_ms, struct err *e) MUST_CHECK;
struct store_wait {
	int64_t post_row, until_unix_ms, came_unix_ms;
	struct str json; /* of the post; absent if its text was pruned */
};
int store_wait_put(struct store *s, int64_t post_row, struct str source, int64_t until_unix_ms, struct err *e) MUST_CHECK;
int store_wait_remove(struct store *s, int64_t post_row, struct err *e) MUST_CHECK;
/* Oldest first. */
int store_wait_each(struct store *s, struct str source, int limit, void (*each)(void *ctx, const struct store_wait *w), void *ctx,
                    struct err *e) MUST_CHECK;
int store_wait_sources(struct store *s, void (*each)(void *ctx, struct str source, int64_t posts), void *ctx, struct err *e)
        MUST_CHECK;
int store_wait_forget(struct store *s, struct str source, struct err *e) MUST_CHECK; /* none of it is told any more */

/* --- alerts and their deliveries (the outbox) --- */

struct store_alert {
	int64_t row;                /* 0 when putting */
	struct str watch, query;
	int64_t post_row;
	int event;                  /* enum alert_event */
	uint64_t edition;           /* of an edit: the fingerprint of the text that it tells; else 0 */
	struct str spans;           /* JSON */
	int64_t created_unix_ms;
	struct str post;            /* JSON of the post as it was told; read only */
};
/* ret_row 0: this watch has told this event of this post already, nothing was written. */
int store_alert_put(struct store *s, const struct store_alert *a, int64_t *ret_row, struct err *e) MUST_CHECK;
int store_alert_get(struct store *s, int64_t row, struct arena *arena, struct store_alert *ret, bool *ret_found, struct err *e)
        MUST_CHECK;
/* The names of the watches that told this post, each once. */
int store_alert_watches(struct store *s, int64_t post_row, void (*each)(void *ctx, struct str watch), void *ctx, struct err *e)
        MUST_CHECK;
/* Newest first, rows below `below_row` (0 = from the newest), of one watch if it is present. */
int store_alert_each(struct store *s, struct str watch, int64_t since_unix_ms, int64_t below_row, int limit,
                     bool (*each)(void *ctx, const struct store_alert *a), void *ctx, struct err *e) MUST_CHECK;

enum store_delivery_state { STORE_WAITING, STORE_DELIVERED, STORE_DEAD };
const char *store_delivery_state_name(enum store_delivery_state state); /* "waiting" "delivered" "dead" */
struct store_delivery {
	int64_t row;
	int64_t alert_row;
	struct str channel;
	enum store_delivery_state state;
	int64_t attempts;
	int64_t next_unix_ms;       /* when to try next; while waiting */
	int64_t created_unix_ms, changed_unix_ms;
	struct str error;           /* of the last attempt; absent if none failed */
};
int store_delivery_put(struct store *s, int64_t alert_row, struct str channel, int64_t now_unix_ms, int64_t *ret_row, struct err *e)
        MUST_CHECK;
int store_delivery_update(struct store *s, const struct store_delivery *d, struct err *e) MUST_CHECK; /* by row */
int store_delivery_get(struct store *s, int64_t row, struct arena *arena, struct store_delivery *ret, bool *ret_found,
                       struct err *e) MUST_CHECK;
/* Oldest first.  state -1: any; channel absent: any; above_row: paging. */
int store_delivery_each(struct store *s, int state, struct str channel, int64_t above_row, int limit,
                        bool (*each)(void *ctx, const struct store_delivery *d), void *ctx, struct err *e) MUST_CHECK;
/* All of one alert, oldest first. */
int store_delivery_of_alert(struct store *s, int64_t alert_row, bool (*each)(void *ctx, const struct store_delivery *d),
                            void *ctx, struct err *e) MUST_CHECK;

struct store_counts {
	int64_t posts, alerts, waiting, delivered, dead;
};
int store_count(struct store *s, struct store_counts *ret, struct err *e) MUST_CHECK;
/* Does a little commit hold again? */
int store_probe(struct store *s, struct err *e) MUST_CHECK;
/* Random once per database: makes the public ids of alerts and deliveries unique over
 * installations. */
uint64_t store_uuid(const struct store *s);
