/* SPDX-License-Identifier: ISC */
/*
 * What the engine is made of at this moment: sources, channels and watches, from the YAML and from
 * the database, each with its running state.  Start, reload and recovery after a failed commit all
 * build a new world with the same code; running state is read back from the database, so memory
 * mirrors it and never leads it.
 * Owner: the engine; engine thread only.
 */
#pragma once

#include "alert/alert.h"
#include "base/heap.h"
#include "base/map.h"
#include "channel/channel.h"
#include "config/config.h"
#include "engine/people.h"
#include "match/match.h"
#include "source/source.h"
#include "store/store.h"

struct taken {                     /* what came of posts */
	size_t posts, fresh, edited, deleted, alerts;
};
struct round {                     /* a poll, from its first request to its last answer */
	int transfers, remedies;
	struct taken taken;
	struct source_hints hints;
	int64_t bytes_wire, elapsed_us;
	size_t reads;              /* posts that the network counted */
	int64_t gap_ms, longest_ms; /* from post to post, of the first document that says it */
	bool repaired, cut;
};
struct spent {                     /* posts that the network counted; as in the database once `loaded` */
	bool loaded;
	int64_t day, today, month; /* day: since 1970, UTC */
};
struct world_account {
	struct config_account settings;
	struct arena *arena;       /* of the settings; NULL: the configuration's */
	enum origin origin;
	struct account account;    /* as source types see it */
	struct strbuf session;     /* as in the database */
	struct spent spent;
	int64_t alarm_unix_ms;     /* the operator knows since then that its budget runs out; TIME_ABSENT: it does not */
};
struct world_source {
	struct config_source settings;
	struct arena *arena;       /* of the settings; NULL: the configuration's */
	enum origin origin;
	struct source source;      /* as its type sees it; type NULL until a document tells it */
	struct strbuf base;        /* address that its type found, where the settings say none */
	struct arena *kept_arena;
	struct store_source kept;  /* as in the database */
	struct str title;          /* of the feed, once seen in this run; in kept_title */
	struct strbuf kept_title;
	int64_t alarm_unix_ms;     /* the operator knows since then that it is blind; TIME_ABSENT: it is not */
	struct heap_node due;      /* mono ms */
	uint64_t transfer_id;      /* of the poll under way, 0 = none */
	struct round round;        /* of the poll under way */
	struct spent spent;
	/* when its rounds end in a stream: transfer_id is that one's while it is open or being opened */
	bool streaming;            /* open */
	int64_t stream_since_mono_ms;
	uint64_t stream_errors;    /* frames of this one that meant nothing */
	struct strbuf stream_cursor; /* newer than kept.cursor if */
	bool stream_dirty;         /* not saved yet in the batch under way */
	uint64_t beside_id;        /* of the transfer under way beside the stream, 0 = none */
	int beside_n;              /* transfers one after the other */
	/* posts that wait for their context, asked for outside of rounds */
	size_t waiting;
	uint64_t context_id;       /* of the transfer under way, 0 = none */
	int64_t context_mono_ms;   /* the next one not before that */
	int context_failures;      /* in a row */
	struct arena *wanted_arena; /* of source.wanted; NULL: not looked up yet */
	bool waiting_for_host;
	bool crowded;              /* it had to wait for others of its host since its last good poll */
	bool asked;                /* poll under way or due because somebody asked */
	uint64_t waiter;           /* request to be answered when the poll ends, 0 = none */
	struct str trial;          /* just added: stays if its first poll goes well; what it was taken for.  Absent: no trial */
};

struct outbox_item {               /* one waiting delivery */
	struct heap_node due;      /* mono ms; in `retries` only */
	int64_t row, alert_row, attempts, created_unix_ms;
	int64_t tried_unix_ms;     /* the last time; 0 = in this process */
	int64_t old_mono_ms;       /* from then on a failure may be the last one */
};
struct world_channel {
	struct config_channel settings;
	struct arena *arena;
	enum origin origin;
	struct channel channel;
	VEC(struct outbox_item *) fresh; /* not tried yet, oldest first from fresh_head on */
	size_t fresh_head;
	struct heap retries;
	struct heap_node due;      /* mono ms: when the next delivery may start */
	int64_t open_mono_ms;      /* closed until then: spacing, Retry-After, back-off */
	int in_flight;
	int64_t failures;          /* in a row, over all deliveries */
	bool broken;
	bool tried;                /* in this run: whether it works is known */
	int64_t alarm_unix_ms;     /* the operator knows since then that it is mute; TIME_ABSENT: it is not */
	struct strbuf last_error;
};

struct world_watch {
	struct config_watch settings;
	struct arena *arena;
	enum origin origin;
	struct query *query;
	unsigned int on;           /* bit e: tells that enum alert_event */
	uint64_t handle;           /* in the matcher and in world.by_handle */
	unsigned int lacks;        /* and lacks of the post at hand, while its source may be asked for them */
	unsigned int relations;    /* posts of a context that the query looks at: bits 1 << relation */
};

struct world {
	struct config *config;
	struct map *accounts, *sources, *channels, *watches; /* by name, in order of the files, then of the database */
	VEC(struct world_watch *) by_handle;      /* NULL where one was removed */
	bool watches_changed;      /* since follow_run looked */
	VEC(const struct query *) lookers; /* queries that look at a context, of watches that are not paused … */
	VEC(struct world_watch *) looking; /* … which are these */
	bool lookers_stale;
	struct people people;
	struct map *askers;        /* watches whose queries name others or people, by name: few of very many */
	struct matcher *matcher;
};

/* The rows of all source and channel types in the form that config/ wants. */
#define WORLD_TYPES_MAX 64
struct world_types {
	struct config_type sources[WORLD_TYPES_MAX], channels[WORLD_TYPES_MAX];
	struct config_types types;
};
void world_types_init(struct world_types *t);

void world_free(struct world *w);
/* Takes `config` on success.  Errors (name clashes of the database's objects with the YAML's, a
 * query that does not parse) go to `errors` as lines; -1 then.  `lenient`: such objects of the
 * database are left out with a warning line instead, so that a start always comes up.  A failing
 * database is one line too. */
int world_build(struct config *config, const struct config_types *types, struct store *store,
                bool lenient, struct config_errors *errors, struct world **ret) MUST_CHECK;
DEFINE_OWNED(world);

struct world_account *world_account(const struct world *w, struct str name); /* NULL if none */
struct world_source *world_source(const struct world *w, struct str name);
struct world_channel *world_channel(const struct world *w, struct str name);
struct world_watch *world_watch(const struct world *w, struct str name);

/* A token that a login gave; the session is void.  Takes `arena`, where the token lies. */
void world_log_in(struct world_account *a, struct str token, struct arena *arena);
void world_set_session(struct world_account *a, struct str session); /* copies; absent or "" = none */
/* Add one; `arena` (which the settings live in) is taken on success.  ERR_INPUT if the query or the
 * settings do not go together, ERR_CONFIG if the name is taken. */
int world_add_account(struct world *w, const struct config_account *s, struct arena *arena, enum origin origin,
                      struct world_account **ret, struct err *e) MUST_CHECK;
int world_add_source(struct world *w, const struct config_source *s, struct arena *arena, enum origin origin,
                     struct world_source **ret, struct err *e) MUST_CHECK;
int world_add_person(struct world *w, const struct config_person *s, struct arena *arena, enum origin origin,
                     struct world_person **ret, struct err *e) MUST_CHECK;
int world_add_channel(struct world *w, const struct config_channel *s, struct arena *arena, enum origin origin,
                      struct world_channel **ret, struct err *e) MUST_CHECK;
int world_add_watch(struct world *w, const struct config_watch *s, struct arena *arena, enum origin origin,
                    struct world_watch **ret, struct err *e) MUST_CHECK;
/* Out of the world and freed. The caller has cancelled what runs for it. */
void world_remove_source(struct world *w, struct world_source *s);
void world_remove_account(struct world *w, struct world_account *a); /* no source names it */
/* Parses a query that may name watches: for a search, or to look at it. */
int world_parse(const struct world *w, struct str query, struct query **ret, struct err *e) MUST_CHECK;
/* Other watches may name one that is to be changed: their queries anew, to be put in force with it. */
struct world_query {
	struct world_watch *watch;
	struct query *query;
};
struct world_requery {
	VEC(struct world_query) list;
};
void world_requery_release(struct world_requery *r);
/* What it takes that the watch of this name gets this query, or is removed (absent).  ERR_INPUT: the query is wrong.
 * ERR_CONFIG: another watch needs it as it is.  Nothing is changed yet. */
int world_plan_watch(const struct world *w, struct str name, struct str query, struct query **ret_query,
                     struct world_requery *ret, struct err *e) MUST_CHECK;
/* The same when a person goes, comes, or is changed from one to the other. */
int world_plan_person(const struct world *w, const struct world_person *gone, const struct world_person *new,
                      struct world_requery *ret, struct err *e) MUST_CHECK;
bool world_asks_for(const struct world_watch *watch, const struct world_person *p);
void world_set_query(struct world *w, struct world_watch *watch, struct query *q /* taken */, bool paused);
void world_do_requery(struct world *w, struct world_requery *r);
void world_remove_channel(struct world *w, struct world_channel *c);
void world_remove_watch(struct world *w, struct world_watch *watch);

/* Where this watch tells: its own channels, else the default ones, else the only one. */
#define WORLD_CHANNELS_MAX 64
size_t world_channels_of(const struct world *w, const struct world_watch *watch,
                         struct world_channel *ret[static WORLD_CHANNELS_MAX]);
/* Does this watch look at posts of that source? */
bool world_watches(const struct world_watch *watch, const struct config_source *source);
/* Brings lookers and looking up to date. */
void world_find_lookers(struct world *w);
/* The same, and says so: it names the source, or a tag of it. */
bool world_names(const struct world_watch *watch, const struct config_source *source);
/* Does the source read what the watches that name it look for?  Then how many bytes one query may have, else 0. */
size_t world_follows(const struct world_source *s);
unsigned int world_events_of(const struct texts *on); /* as bits, for world_watch.on */
bool world_tells(const struct world_watch *watch, enum alert_event event);
/* Nobody would be told through it; NULL if somebody is. */
const char *world_channel_warning(const struct world *w, const struct world_channel *c);
/* What is odd about a watch: over-broad, nowhere to tell, an unknown channel or source; empty if
 * nothing. */
void world_watch_warning(const struct world *w, const struct world_watch *watch, struct strbuf *out);
/* A source as its type sees it, of these settings; `base` gets the address that the type finds; without cursor and
 * state.  ERR_INPUT: they do not go together. */
int world_make_source(const struct world *w, const struct config_source *s, struct strbuf *base, struct source *ret,
                      struct err *e) MUST_CHECK;
struct str world_source_url(const struct world_source *s); /* in force: learnt, said, or found by its type */
/* Polling identity of a source: another one, and validators and baseline are void. */
uint64_t world_source_identity(const struct config_source *s);
