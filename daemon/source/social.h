/* SPDX-License-Identifier: ISC */
/*
 * What the codecs of social networks share: names as people write them, cursors as JSON, addresses of an API.  Pure.
 */
#pragma once

#include "types.h"

#include <jansson.h>

#define SOCIAL_ENCLOSURES_MAX 20

/* "@elonmusk", " elonmusk" -> "elonmusk". */
struct str social_handle(struct str s);
/* Adds the address of a server, without slashes at its end. */
void social_server(struct strbuf *out, struct str address);
/* Where the API is: what the account (may be NULL) says, else `otherwise`; without slashes at the end. */
void social_api(const struct account *a, const char *otherwise, struct strbuf *out);
/* The cursor as an object, empty if there is none or it is not ours.  New reference. */
json_t *social_cursor(const struct source *s);
/* The reverse, in the document's arena; steals `j`. */
void social_set_cursor(struct source_document *d, json_t *j);
/* A time of RFC 3339, TIME_ABSENT if there is none. */
int64_t social_time(const json_t *j, const char *key);
/* a < b as numbers written in decimal digits, of any length (ids of X and Mastodon). */
bool social_id_less(struct str a, struct str b);
/* Adds an attached file, unless there is no URL, or one of these too many. */
void social_add_enclosure(struct post *p, struct str url, struct str type);
/* Adds "title, description" of a link's preview to the summary: what readers see below a post. */
void social_add_preview(struct post *p, struct str title, struct str description);
void social_replace(struct strbuf *b, struct str what, struct str by); /* every one */
