/* SPDX-License-Identifier: ISC */
/*
 * A match worth telling: which watch, which post, which words; and how it reads to people.  Pure; all data is borrowed.
 */
#pragma once

#include "base/strbuf.h"
#include "match/match.h"
#include "model/post.h"

/* Why it is told: the post matched for the first time; a post that was told was changed, or taken back; monitord has to say
 * something of itself, and the post is that. */
enum alert_event { ALERT_NEW, ALERT_EDIT, ALERT_DELETE, ALERT_NOTICE, ALERT_EVENTS_N };
const char *alert_event_name(enum alert_event event); /* "new" "edit" "delete" "notice" */

struct alert {
	struct str id;            /* "alr_…": stable over restarts and retries */
	struct str watch;         /* name */
	struct str query;         /* text as written */
	enum alert_event event;
	const struct post *post;  /* as it was when this was told; of a deleted one its last text */
	const struct spans *spans; /* terms may be borrowed from the stored alert */
	int64_t created_unix_ms;
	struct str time_zone;     /* of the user's setting: IANA, or "" = the system's */
	bool test;                /* made by test-channel: says so */
	struct str delivery_id;   /* "dlv_…": one alert to one channel; the same on every retry (webhook-id, Message-ID) */
};

struct byte_range {
	size_t start, end;
};
/* Pieces of the text around a hit: where it is in view, and what is hit inside it.  */
struct alert_excerpt {
	struct strbuf text;       /* one line of folded spaces, "…" where cut; at most max_points (>= 8) code points */
	VEC(struct byte_range) hits; /* byte ranges in `text`, ascending, not overlapping */
};
void alert_excerpt_release(struct alert_excerpt *x);
/* Shows the first hit of `field`, or the start if there is none; of authors, tags and links the one that hit.
 * `ret` is zeroed or was used before.  Offsets of spans are not trusted. */
void alert_excerpt(const struct alert *a, enum post_field field, size_t max_points, struct alert_excerpt *ret);
/* A post of the context in which something hit. */
#define ALERT_CONTEXTS_MAX 3
struct alert_context {
	struct strbuf lead;       /* "in reply to @somebody (Some Body)" */
	struct alert_excerpt text;
};
/* Those of the alert's post, at most so many; how many there are.  Release each. */
size_t alert_contexts(const struct alert *a, size_t max_points, struct alert_context ret[static ALERT_CONTEXTS_MAX]);
void alert_context_release(struct alert_context *c);
/* The distinct words that hit, as the query wrote them: `Sutskever, OpenAI`. */
void alert_words(const struct alert *a, struct strbuf *out);
/* "La rédaction", "@elonmusk (Elon Musk)", or the source's name if nobody is named. */
void alert_who(const struct alert *a, struct strbuf *out);
/* "matched Sutskever in title and text": the reason in one line; of an edit or deletion it says so first. */
void alert_reason(const struct alert *a, struct strbuf *out);
/* The JSON form of an alert, everywhere the same: id watch query created reason words[]
 * spans[{field,index,start,end,term}] (and context, of a span there) post{…} event test. */
json_t *alert_to_json(const struct alert *a);
json_t *alert_spans_to_json(const struct spans *s);
/* Terms point into `arena`. */
int alert_spans_from_json(const json_t *j, struct arena *arena, struct spans *ret, struct err *e) MUST_CHECK;
