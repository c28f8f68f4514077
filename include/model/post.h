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

struct author {
	struct str name, handle, url;
};
struct enclosure {
	struct str url, type;
	int64_t length; /* bytes, -1 if unknown */
};
struct post {
	struct arena *arena;
	struct str id;      /* the source's own id, else URL, else "hash:…" of the content (post_seal) */
	struct str url;     /* absolute, or absent */
	struct str title, text, summary; /* plain text; text is the fullest body; summary only when the source gives both */
	VEC(struct author) authors;      /* the first one is `author` */
	int64_t published_unix_ms, updated_unix_ms; /* TIME_ABSENT if not given */
	struct str language; /* BCP 47 as given, lower case primary tag */
	VEC(struct str) tags;
	VEC(struct str) links;           /* absolute http(s) URLs in the body, unique */
	VEC(struct enclosure) enclosures;
	struct str reply_to, quote_of, repost_of, thread; /* ids or URLs */
	struct str content_warning;
	struct str source;   /* name of the source; set by the engine */
	struct str platform; /* "feed", "jsonfeed", "x" … */
	bool deleted;        /* the source says that the post of this id was taken back */
	uint64_t fingerprint; /* post_seal: hash of what makes an edit (title, text, summary, url, content warning) */
};

void post_free(struct post *p);
struct post *post_new(void) RETURNS_OWNED(post_free);
DEFINE_OWNED(post);
/* Repairs UTF-8 in every field, folds and cuts over-long ones, drops non-http(s) links, gives an id
 * if there is none, computes the
 * fingerprint.  Idempotent. */
void post_seal(struct post *p);
void post_add_author(struct post *p, struct str name, struct str handle, struct str url); /* copies; empty is ignored */
void post_add_tag(struct post *p, struct str tag);   /* copies; trimmed, unique without regard to ASCII case */
void post_add_link(struct post *p, struct str url);
/* The one JSON form, everywhere the same (issue's order of keys): id url title text summary
 * author{name,handle,url} authors[]
 * published updated language tags[] links[] enclosures[{url,type,length}] reply_to quote_of
 * repost_of thread content_warning
 * source platform.  Times RFC 3339 UTC; absent is null.  New reference. */
json_t *post_to_json(const struct post *p);
/* The reverse; unknown keys are ignored, missing ones absent.  ERR_INPUT if it is no object.
 * Sealed. */
int post_from_json(const json_t *j, struct post **ret_post, struct err *e) MUST_CHECK;

struct post_list {
	VEC(struct post *) posts;
};
void post_list_release(struct post_list *l); /* frees the posts too */
