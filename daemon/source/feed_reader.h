/* SPDX-License-Identifier: ISC */
/*
 * A feed while it is read: what feed.c, which opens and ends it, shares with those who read its parts.
 *   feed_walk.c   which element belongs where
 *   feed_text.c   the text of a field, whatever it is written in
 *   feed_item.c   fields of an item
 *   feed_head.c   fields of the feed itself, and persons
 *   feed_names.c  what names mean
 */
#pragma once

#include "types.h"

#include "base/xml.h"
#include "feed_names.h"

/* Where we are: what the children of an open element belong to. */
enum place { PLACE_TOP, PLACE_FEED, PLACE_ITEM, PLACE_SOURCE, PLACE_PERSON, PLACE_HOURS, PLACE_DAYS };
/* How the text of a field is written. */
enum markup { MARKUP_NONE, MARKUP_TEXT, MARKUP_GUESS, MARKUP_HTML, MARKUP_XHTML };

struct level {
	enum place place;
	uint32_t mark;               /* length of `words` before this element */
	uint32_t base_at, base_len;  /* xml:base in force, in `words` */
	uint32_t lang_at, lang_len;  /* xml:lang in force */
};
/* The field whose text is being read; `depth` elements are open in it, itself included. */
struct capture {
	enum element element;
	enum space space;
	enum markup markup;
	size_t depth;
	bool marked;     /* `text` holds mark-up written by us */
	bool escape;     /* and what comes as text is escaped on the way in */
	bool base64;     /* mode="base64" (Atom 0.3) */
	bool binary;     /* or a type that is no text: base64 it should be (RFC 4287, 4.1.3.3) */
	bool no_permalink; /* guid: isPermaLink="false" */
};
/* Who won each field of the item so far: a lower rank beats a higher one, 0 = nobody yet. */
struct ranks {
	unsigned char title, content, summary, published, updated, language, link;
};
struct person {
	struct strbuf name, email, url, text;
};
struct feed {
	struct source_document *doc;
	struct str base;             /* of the document: where it was fetched from */
	struct name_cache names;
	struct level levels[XML_DEPTH_MAX + 1];
	size_t n_levels;
	size_t skip;                 /* elements open in one that is skipped */
	struct strbuf words;         /* xml:base and xml:lang of the open elements */
	struct capture capture;
	struct strbuf text, scratch, spare;
	bool known_root, atom;
	size_t handed_on;            /* posts of earlier slices */
	size_t again;                /* so many come again, because reading began anew */
	struct post *post;           /* the item that is open */
	bool item_any;               /* it holds an element, however empty: somebody meant something */
	struct ranks ranks, feed_ranks;
	struct str content, summary, permalink; /* of the item; in its arena */
	struct person person;
	author_list authors;         /* of the feed; in the document's arena */
	author_list substitutes;     /* for an item that names no author; in its arena */
	int64_t update_period_ms;
	uint64_t update_frequency;
};

static inline struct level *feed_top(struct feed *f)
{
	return &f->levels[f->n_levels - 1];
}
/* An attribute without a namespace (or whatever its namespace). */
struct str feed_attr(const struct xml_attr *attrs, size_t n, struct str name);
#define ATTR(name) str_trim(feed_attr(attrs, n_attrs, STR(name)))

/* --- feed_text.c --- */
struct str feed_base(const struct feed *f); /* xml:base in force */
struct str feed_lang(const struct feed *f); /* xml:lang in force */
void feed_push(struct feed *f, enum place place, const struct xml_attr *attrs, size_t n_attrs);
void feed_pop(struct feed *f);
void feed_capture_begin(struct feed *f, enum element e, enum space space, const struct xml_attr *attrs, size_t n_attrs);
void feed_capture_text(struct feed *f, struct str s);
void feed_capture_start(struct feed *f, struct str name, const struct xml_attr *attrs, size_t n_attrs); /* an element in it */
void feed_capture_close(struct feed *f, struct str name);
/* The captured text as plain text; in the post's arena if there is a post, else in the document's. */
struct str feed_plain(struct feed *f);
void feed_set_text(struct str *field, unsigned char *rank, unsigned char new_rank, struct str value);
void feed_set_time(int64_t *field, unsigned char *rank, unsigned char new_rank, struct str value);

/* --- feed_item.c --- */
void feed_item_begin(struct feed *f, const struct xml_attr *attrs, size_t n_attrs);
void feed_item_field(struct feed *f, enum element e);
void feed_item_finish(struct feed *f);
/* The entry of this id was taken back (RFC 6721, 3). */
void feed_item_deleted(struct feed *f, const struct xml_attr *attrs, size_t n_attrs);
/* Who stands in for the author: of a podcast, of a credited writer, of the feed that an entry was taken from. */
void feed_add_substitute(struct feed *f, struct str name, struct str url);

/* --- feed_head.c --- */
void feed_head_field(struct feed *f, enum element e);
void feed_head_ttl(struct feed *f, int64_t ms);
void feed_head_skip_hour(struct feed *f);
void feed_head_skip_day(struct feed *f);
void feed_person_begin(struct feed *f, const struct xml_attr *attrs, size_t n_attrs);
void feed_person_field(struct feed *f, enum element e);
void feed_person_finish(struct feed *f, enum place of);

/* --- feed_walk.c --- */
extern const struct xml_handler feed_handler;
