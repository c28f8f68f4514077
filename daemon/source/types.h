/* SPDX-License-Identifier: ISC */
/*
 * The table of source types, and what their codecs share: texts and links of a post, a plain GET, and the last touch to
 * a document.  Pure; engine thread, or monitorctl parse.
 */
#pragma once

#include "source/source.h"

#define SOURCE_TYPE(type) extern const struct source_type source_##type;
#include "source/types.def"
#undef SOURCE_TYPE

/* All texts of a document that are no post's: bytes. */
#define DOCUMENT_ARENA_MAX (16u << 20)
/* HTML of one field: what is beyond is cut before it is turned into text. */
#define FIELD_HTML_MAX (4u << 20)

/* State of a type that fetches one address a round. */
struct single_state {
	bool asked;
};
/* next() of such a type: GET the source's URL with this Accept header. */
bool source_next_single(struct source *s, struct transfer *ret, const char *accept);

/* parse() of a type that has slices: all of them as one. */
int source_parse_whole(const struct source_type *t, const struct frame *f, struct source_document *out, struct err *e) MUST_CHECK;

/* `ref` made absolute, copied to `a`; absent if it cannot be.  http(s) URLs that need nothing pass at once. */
struct str source_absolute(struct arena *a, struct str base, struct str ref);
/*
 * HTML as text in the post's arena, its links resolved against `base` and added to the post.  `scratch` is a buffer of
 * the caller's, emptied first: one for all posts saves a million allocations.
 */
struct str source_html(struct post *p, struct str html, struct str base, struct strbuf *scratch);
/* The same for a body, which may have been escaped once too often: then it is HTML again, and read again. */
struct str source_body(struct post *p, struct str html, struct str base, struct strbuf *scratch);
/* source_html if it looks like HTML, else as it stands: for fields of which nobody knows which they are (RSS titles). */
struct str source_maybe_html(struct post *p, struct str s, struct str base, struct strbuf *scratch);
/* "jane@e.example (Jane Doe)", "Jane Doe <jane@e.example>", "Jane Doe": the name, else the address. */
struct str source_person_name(struct str s);

void source_document_init(struct source_document *d);
/*
 * The last touch to a document, or to a slice of it: seals the posts that are not sealed yet, gives the document's language
 * and authors to those without.  `authors` may be empty.
 */
void source_document_finish(struct source_document *d, const struct author *authors, size_t n_authors);
/* JSON of any kind: strict first, for repair costs a copy, and salvage (of `list`, whose elements have `mark`) a look at
 * every item.  New reference, NULL with *e. */
json_t *source_json(struct str bytes, const char *list, const char *mark, bool *ret_repaired, struct err *e) MUST_CHECK;
/* An address of a web site, as far as networks recognise their own by it. */
#define PASTED_PIECES_MAX 6
struct pasted_url {
	struct str host, server;     /* without "www." and its kin; "https://host" as it was pasted */
	struct str path[PASTED_PIECES_MAX];
	size_t n;
	struct str q;                /* the parameter q; absent if there is none */
};
bool source_pasted_url(struct str text, struct arena *arena, struct pasted_url *ret); /* false: no http(s) URL */
