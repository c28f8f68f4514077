/* SPDX-License-Identifier: ISC */
/*
 * The table of channel types, and what their codecs share: an alert in words, cleaned and cut,
 * ready to be escaped by each channel in its own way.  Pure; engine thread.
 */
#pragma once

#include "channel/channel.h"

#define CHANNEL_TYPE(type) extern const struct channel_type channel_##type;
#include "channel/types.def"
#undef CHANNEL_TYPE

#define RENDER_LINE_MAX (64u << 10)
#define RENDER_BODY_MAX (16u << 20)

/* An alert in words.  Everything but `when` is still raw: it must pass an escape before it leaves.
 */
struct render {
	struct alert_excerpt title; /* empty if the post has none */
	struct alert_excerpt text;  /* of the body or the summary, where the hit is; empty if there
				       is only a title */
	struct alert_context contexts[ALERT_CONTEXTS_MAX]; /* what hit in posts around it */
	size_t n_contexts;
	struct strbuf who;
	struct strbuf reason;
	struct strbuf subject; /* "Or xAI": the title, else the start of the excerpt, else what the
				  alert says of itself */
	struct str source;     /* empty where it would only repeat `who` */
	struct str url;        /* http(s) or absent */
	char when[DATE_TEXT_MAX]; /* in the user's zone */
};
void render_init(struct render *ret, const struct alert *a, size_t title_points,
		 size_t text_points);
void render_release(struct render *r);

/* Appends `s` made harmless for one kind of reader. */
typedef void render_escape(struct strbuf *out, struct str s);
/* Without the controls that turn the direction of text: a post must not rearrange the words around
 * it. */
render_escape render_clean;
/* The excerpt escaped, each hit between `open` and `close`. */
void render_marked(struct strbuf *out, const struct alert_excerpt *x, render_escape *escape,
		   const char *open, const char *close);
/* "in reply to who: …" with its hits marked, escaped. */
void render_context(struct strbuf *out, const struct alert_context *c, render_escape *escape, const char *open,
		    const char *close);
/* "who · source · when", escaped. */
void render_byline(struct strbuf *out, const struct render *r, render_escape *escape);

/* A POST (or `method`) of `body` to the channel's URL. */
struct transfer *channel_http(const struct channel *c, const char *method, struct str content_type,
			      struct str body) RETURNS_OWNED(transfer_free);
/* The same with a JSON value as body.  ERR_LIMIT if it grew too large. */
int channel_http_json(const struct channel *c, const json_t *body, struct transfer **ret,
		      struct err *e) MUST_CHECK;
