/* SPDX-License-Identifier: ISC */
/*
 * JSON by jansson, fenced: bodies are bounded, memory has a budget (jansson takes up to 79 bytes of
 * heap a byte, ARCHITECTURE 8.11), and poison that strict JSON refuses is repaired first
 * (RELIABILITY 0.5).  json_t * is opaque to most callers; include <jansson.h> where you build or
 * walk.  One thread at a time per value.
 */
#pragma once

#include <jansson.h>
#include "base/err.h"
#include "base/strbuf.h"

#define JSON_BUDGET_BYTES (256u << 20) /* heap for one parsed document */
#define JSON_DEPTH_MAX 512

/* Installs the budget allocator and a random hash seed; once, before threads start. */
void json_setup(void);
/* Strict parse of one document of any type; new reference.  NULL with ERR_INPUT (line and column in
 * the message, never the text itself) or ERR_LIMIT (depth, heap). */
json_t *json_parse(struct str s, struct err *e) MUST_CHECK;
/* The same; what strict JSON refuses is parsed again after a byte-repair pass that makes every
 * string and number acceptable: bad UTF-8, controls, \u0000 and lone surrogates -> U+FFFD (a raw
 * tab or line break stays one), unknown escapes -> the character itself, whole numbers out of range
 * -> the same as a string, other ones and malformed ones -> 0, NaN and Infinity -> null; trailing
 * commas, NUL, BOM and what stands behind the document go. */
json_t *json_parse_repaired(struct str s, struct err *e) MUST_CHECK;
/* The last resort: {"`list`":[…]} whose elements are read and repaired one by one, so that one that cannot be read hides
 * no other.  `mark` is a key of every element: it tells one from what is nested in a broken one.  What stands around the
 * list is kept if it can be read.  Time is linear.  NULL with ERR_INPUT if there is no such list. */
json_t *json_parse_salvaged(struct str s, const char *list, const char *mark, struct err *e) MUST_CHECK;
/* Look-ups that never fail: absent or of another type gives the "nothing" value. */
struct str json_get_str(const json_t *obj, const char *key);  /* STR_NULL if absent or no string; borrowed from obj */
int64_t json_get_int(const json_t *obj, const char *key, int64_t otherwise);
bool json_get_bool(const json_t *obj, const char *key, bool otherwise);
const json_t *json_get(const json_t *obj, const char *key);   /* NULL if absent or null */
struct str json_str(const json_t *value);                     /* STR_NULL if no string */
/* Building: NULL-safe setters; text must be clean UTF-8; an absent text is set as null. */
void json_set_text(json_t *obj, const char *key, struct str s);
void json_set_int(json_t *obj, const char *key, int64_t n);
void json_set_bool(json_t *obj, const char *key, bool b);
void json_set(json_t *obj, const char *key, json_t *value);   /* steals value */
json_t *json_text(struct str s);                              /* new string, JSON null if absent */
/* Compact one-line text of a value. `sorted` keys for stable comparison, else insertion order. */
void json_dump(struct strbuf *out, const json_t *value, bool sorted);
void json_quote(struct strbuf *out, struct str s);            /* "…" with escapes, without jansson */
static inline void json_freep(json_t **v) { json_decref(*v); }
#define OWNED_JSON __attribute__((cleanup(json_freep)))
