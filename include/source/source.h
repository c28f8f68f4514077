/* SPDX-License-Identifier: ISC */
/*
 * Where posts come from.  A source type is a pure codec: next() says what to fetch, parse() turns
 * bytes into posts.  It
 * touches no socket, clock, file or thread.  Conditional requests, Retry-After, redirects, limits
 * and the address policy are the engine's
 * and io's business.  Engine thread; the codecs are also called by monitorctl parse.
 */
#pragma once

#include "base/err.h"
#include "model/post.h"
#include "model/settings.h"
#include "model/transfer.h"

/* As whom a source reads; shared by all sources of one account. */
struct account {
	struct str name, type;
	struct str api;        /* base URL, absent = the network's own */
	struct str username, token;
	struct str session;    /* what parse() made of a login, kept over restarts; absent = none */
};
/* What every source has, whatever its type. */
struct source {
	const struct source_type *type;
	struct str name;       /* borrowed from the owner (engine) */
	struct str url;        /* the address in force (a learnt permanent redirect included); never absent after open() */
	const struct account *account; /* NULL: none */
	struct str cursor;     /* what parse() said last, kept over restarts; absent at first */
	int64_t backfill_ms;   /* how far back the very first round should reach: 0 = one page, INT64_MAX = all there is */
	const struct str *wanted; /* what the watches that name it look for, as queries of its network; see follows() */
	size_t n_wanted;
	int tries;             /* streams in a row that did not open, or did not hold; 0: none did */
	void *settings;        /* type->settings_size bytes, bound by type->fields; NULL if the type has none */
	void *state;           /* type->state_size bytes, zeroed when a round begins: what next() and parse() tell each other */
};

/* Polling hints that a document carries; all are lower bounds of the default interval. */
struct source_hints {
	int64_t ttl_ms;             /* RSS ttl, sy:updatePeriod/updateFrequency; 0 = none */
	uint32_t skip_hours;        /* bit h set: not in that UTC hour (RSS skipHours) */
	uint8_t skip_days;          /* bit d set: not on that UTC day, 0 = Sunday (RSS skipDays) */
};
struct source_document {        /* what parse() returns beside posts; texts live in `arena` */
	struct arena *arena;
	struct str title, url, language; /* of the feed */
	int64_t updated_unix_ms;
	struct str hub, self;       /* WebSub */
	struct source_hints hints;
	bool repaired;              /* the bytes needed help */
	bool cut;                   /* the document is cut off: the rest may come under the same validators */
	struct str lost;            /* what will surely not come, for the operator: "posts from … to …: why"; absent = nothing */
	bool half;                  /* and its last post is only half there: shown by parse, not taken by the engine */
	struct post_list posts;     /* in document order (newest first), sealed, source not set */
	size_t reads;               /* posts that the network counts as read, for budgets; 0 where reading is free */
	struct str session;         /* of the account: a new one, "" = it is void; absent = as it was */
	struct str cursor;          /* where to go on, in the type's own form: saved with the posts; absent = as it was */
};
void source_document_release(struct source_document *d);
/* {"feed":{title,url,language,updated},"posts":[…]} as monitorctl parse prints it.  New reference. */
json_t *source_document_to_json(const struct source_document *d);

struct frame {
	struct str bytes;
	struct str content_type;    /* HTTP Content-Type or absent */
	struct str url;             /* where it came from: base of relative references; may be absent */
	const struct reply *reply;  /* whose body it is, for its headers; NULL for files and what a stream brings */
};
/* A document that is read slice by slice, so that neither its posts nor the time they take come all at once. */
struct source_reading {
	/* Reads on, for about so many posts or bytes.  1: there is more; 0: that was all; -1: as parse(), which may also come
	 * after some slices.  What is read is in the document that begin() was given; whoever takes posts from it empties the
	 * list.  All else there is what is known so far, and may be forgotten and read anew; `arena` with it. */
	int (*more)(struct source_reading *r, size_t max_posts, size_t max_bytes, struct err *e);
	void (*close)(struct source_reading *r);
};
struct source_type {
	const char *name;           /* "feed" */
	const char *help;           /* one line */
	enum framing framing;
	const struct field *fields; /* own settings beyond the common ones; may be NULL */
	size_t settings_size, state_size;
	size_t state_cleared;       /* so many bytes of the state are zeroed when a round begins; 0 = all */
	enum account_use account;
	const char *url_schemes;    /* of the setting url, "wss https"; NULL: the usual ones */
	bool url_optional;          /* open() knows an address without the user */
	bool own_ids;               /* ids are the network's, and never change: another id is another post, whatever it says */
	/* Do the settings go together?  Writes the address of a source without one: of its server, whose limits count.
	 * Not called where s->url is said, unless there is something to check.  NULL: nothing to do. */
	int (*open)(const struct source *s, struct strbuf *ret_url, struct err *e);
	/* What to ask to learn whether an account's token is good: 2xx says so.  NULL: the network has no such request. */
	int (*login)(const struct account *a, struct transfer *ret, struct err *e);
	/* Fills `ret` (kind, url, headers) and returns true: fetch this now.  Called when the source is due and again
	 * after every reply that parse() took or refused() has a remedy for, until it says false: nothing more now.
	 * Paging, tokens and fan-out are all this.  A round may end early (a limit, a failure, a restart): the next one
	 * begins with an empty state and the last cursor, which therefore says all that is needed to go on. */
	bool (*next)(struct source *s, int64_t now_unix_ms, struct transfer *ret);
	/* The same while the round's stream is open, when it opened, from time to time, and when what watches want changed.
	 * NULL: nothing is ever asked beside it. */
	bool (*beside)(struct source *s, int64_t now_unix_ms, struct transfer *ret);
	/* Does it read what the watches that name it look for?  Then how many bytes one query of its network may have; 0: it
	 * does not.  NULL: never. */
	size_t (*follows)(const struct source *s);
	/* Bytes to posts.  -1 with ERR_INPUT when there is nothing of its kind in them at all. */
	int (*parse)(struct source *s, const struct frame *f, struct source_document *out, struct err *e);
	/* The same in slices, for types whose documents may be huge: what the frame points to, and *out, are borrowed until
	 * the end.  NULL: they never are. */
	struct source_reading *(*begin)(const struct frame *f, struct source_document *out);
	/* An answer other than 2xx: true if next() now has a remedy (a new token, another address).  NULL: never. */
	bool (*refused)(struct source *s, const struct reply *r);
	/* Asks for posts that others refer to (reply_to, quote_of …) by these ids, for the first ones, as many as one request
	 * takes: returns how many.  Outside of rounds: `state` is theirs.  NULL: its answers hold all that there is. */
	size_t (*context)(struct source *s, const struct str *ids, size_t n, struct transfer *ret);
	/* Its answer: posts.v[i] is the one of ids[i], sealed, or NULL where there is none. */
	int (*parse_context)(struct source *s, const struct frame *f, const struct str *ids, size_t n, struct source_document *out,
	                     struct err *e);
	/* Is this text what people paste when they mean an account, a hashtag or a search of this network?  Puts what it
	 * is into `settings` (as the API takes them) and says so in a few words.  NULL: never. */
	bool (*recognise)(struct str text, json_t *settings, struct strbuf *said);
	/* Is this document of my type?  0 no … 100 surely.  NULL: never detected. */
	int (*detect)(const struct frame *f);
};

/* Of any type: begins to read `f` into *out.  `s` is borrowed until the first source_more() only. */
struct source_reading *source_begin(const struct source_type *t, struct source *s, const struct frame *f,
                                    struct source_document *out);
int source_more(struct source_reading *r, size_t max_posts, size_t max_bytes, struct err *e) MUST_CHECK;
void source_close(struct source_reading *r); /* NULL is fine; the document is the caller's */

/* What an answer other than 2xx says of itself, if it is JSON of one of the usual forms: appends `: "the words"`. */
void source_refusal(const struct reply *r, struct strbuf *why);
const struct source_type *const *source_types(void);        /* NULL-ended, from source/types.def */
const struct source_type *source_type_find(struct str name); /* NULL if none */
/* "@elonmusk", "https://bsky.app/profile/…", "#ai@mastodon.social": sets type and settings, and says what it was taken
 * for ("the account @elonmusk of X").  False: it is none of these. */
bool source_recognise(struct str text, json_t *settings, struct strbuf *said);
/* The n-th place, from 0 on, where the feed of this page may be found if the page does not say: beside the page, then at
 * the top of its host.  False: there are no more. */
bool source_usual_place(struct str page, int n, struct strbuf *ret);
/* The type of a document by its bytes, NULL if none wants it (an HTML page, say). */
const struct source_type *source_detect(const struct frame *f);
