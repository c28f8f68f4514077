/* SPDX-License-Identifier: ISC */
/*
 * What someone published, normalised over all platforms.  A post owns an arena that holds all its
 * text.  Codecs fill it
 * through post_new/arena_str and finish it with post_seal; after that it is read-only.  One thread at a time.
 */
#pragma once

#include <jansson.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/date.h"
#include "base/vec.h"

#define POST_ARENA_MAX (8u << 20) /* bytes of one post; a longer text is cut by post_seal */
#define POST_TEXT_MAX (1u << 20)  /* bytes of one text field */
#define POST_ID_MAX 1024          /* a longer id is replaced by its SHA-256, "sha256:…" */
#define POST_NOTES_MAX 8         /* more are dropped */
#define POST_CONTEXT_MAX 8        /* posts of the context; more are dropped */

struct author { /* who wrote it, or whom it mentions */
	struct str name, handle, url; /* handle without the leading @: "elonmusk", "Gargron@mastodon.social" */
	struct str id;                /* the platform's own, which outlives a change of handle; absent where there is none */
	int64_t followers;            /* -1 if unknown */
};
struct enclosure {
	struct str url, type;
	int64_t length; /* bytes, -1 if unknown */
};
typedef VEC(struct author) author_list;
struct post_metrics { /* as the platform counted them when it was asked; -1 if unknown */
	int64_t likes, reposts, replies, quotes, views;
};
struct post;
enum relation { /* what a post of the context is to this one; JSON and docs use post_relation_name */
	RELATION_PARENT, RELATION_QUOTED, RELATION_REPOSTED, RELATION_ROOT, RELATION_N
};
struct context_post {
	enum relation relation;
	struct post *post; /* owned; without a context of its own */
};
struct post {
	struct arena *arena;
	struct str id;      /* the source's own id, else URL, else "hash:…" of the content (post_seal) */
	struct str url;     /* absolute, or absent */
	struct str title, text, summary; /* plain text; text is the fullest body; summary only when the source gives both */
	author_list authors;             /* the first one is `author` */
	author_list mentions;            /* whom it names by account */
	int64_t published_unix_ms, updated_unix_ms; /* TIME_ABSENT if not given */
	struct str language; /* BCP 47 as given, lower case primary tag */
	VEC(struct str) tags;
	VEC(struct str) links;           /* absolute http(s) URLs in the body, unique */
	VEC(struct enclosure) enclosures;
	struct str reply_to, quote_of, repost_of, thread; /* ids or URLs */
	VEC(struct context_post) context; /* the posts that it answers, quotes or repeats, where they are known */
	struct post_metrics metrics;
	struct str content_warning;
	VEC(struct str) notes; /* what of the original was left out, and why: for people who wonder */
	struct str source;   /* name of the source; set by the engine */
	struct str platform; /* "feed", "jsonfeed", "x" … */
	int64_t came_unix_ms; /* when monitord got it first; TIME_ABSENT if unknown; set by the engine, not in JSON */
	bool sensitive;      /* the author or the platform marked it */
	bool deleted;        /* the source says that the post of this id was taken back */
	bool made_id;    /* post_seal: the source gave no id, it is the URL or made of the content */
	uint64_t content;     /* post_seal: hash of the words alone (title, text, summary, content warning) */
	uint64_t fingerprint; /* post_seal: hash of what makes an edit (title, text, summary, url, content warning) */
};

void post_free(struct post *p);
struct post *post_new(void) RETURNS_OWNED(post_free);
DEFINE_OWNED(post);
/* Repairs UTF-8 in every field, folds and cuts over-long ones, drops non-http(s) links, gives an id
 * if there is none, computes the
 * fingerprint.  Idempotent. */
void post_seal(struct post *p);
/* Copies; NULL if it is empty, already there or too much.  Add the id and followers to what is returned, until the next call. */
struct author *post_add_author(struct post *p, struct str name, struct str handle, struct str url);
struct author *post_add_mention(struct post *p, struct str name, struct str handle, struct str url);
/* Takes `other`, sealed; drops its own context.  One a relation and id. */
void post_add_context(struct post *p, enum relation relation, struct post *other);
/* Posts that it refers to and that are not in its context: bits 1 << relation. */
unsigned post_lacks(const struct post *p);
/* The id that it names the post of this relation by; absent if there is none. */
struct str post_reference(const struct post *p, enum relation r);
/* Is the n-th post of its context that?  Whom the first answer of a thread answers is its root too. */
bool post_relates(const struct post *p, size_t context, enum relation r);
const char *post_relation_name(enum relation r);         /* "parent" "quoted" "reposted" "root" */
/* A language tag as posts have it: "FR_fr" becomes "fr-fr"; what cannot be one is absent.  s or a copy in `a`. */
struct str post_language(struct arena *a, struct str s);
void post_add_tag(struct post *p, struct str tag);   /* copies; trimmed, unique without regard to ASCII case */
void post_add_link(struct post *p, struct str url);
void post_add_note(struct post *p, struct str note); /* copies */
/* A date as `name` says it ("date", "updated"); TIME_ABSENT, and a note, if there can be none. */
int64_t post_date(struct post *p, const char *name, struct str s);
/* The one JSON form, everywhere the same (issue's order of keys): id url title text summary
 * author{name,handle,url} authors[]
 * published updated language tags[] links[] enclosures[{url,type,length}] reply_to quote_of
 * repost_of thread content_warning
 * source platform.  Times RFC 3339 UTC; absent is null.  What only social networks know follows where it is known, and
 * only then: mentions[{name,handle,url,id}] metrics{likes,reposts,replies,quotes,views} sensitive deleted notes[]
 * context[{relation,post}], and id and followers of an author.  New reference. */
json_t *post_to_json(const struct post *p);
/* The reverse; unknown keys are ignored, missing ones absent.  ERR_INPUT if it is no object.
 * Sealed. */
int post_from_json(const json_t *j, struct post **ret_post, struct err *e) MUST_CHECK;

struct post_list {
	VEC(struct post *) posts;
};
void post_list_release(struct post_list *l); /* frees the posts too */
