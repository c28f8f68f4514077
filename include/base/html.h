/* SPDX-License-Identifier: ISC */
/*
 * HTML to text as a person would read it, and what a page says of its feeds.  libxml2's HTML
 * parser, no network.  Pure.
 */
#pragma once

#include "base/strbuf.h"
#include "base/vec.h"

/* Plain text of a fragment or page: entities decoded, blocks and <br> are line breaks, list items
 * lines, images their
 * alt text, no script, style or comment; spaces folded, at most one empty line in a row, ends trimmed.
 * Links (a@href, resolved by nobody) go to `ret_links` if not NULL, as pairs pushed by the
 * callback. */
void html_to_text(struct strbuf *out, struct str html, void (*link)(void *ctx, struct str href), void *ctx);
/* Entities only, once ("&amp;lt;" -> "&lt;"); unknown ones stay as they stand; numeric 128..159 as
 * Windows-1252. */
void html_unescape(struct strbuf *out, struct str s);
void html_escape(struct strbuf *out, struct str s); /* & < > " ' */
/* Begins with a comment or a block that is closed: surely HTML, not prose or code that speaks of it. */
bool html_is_document(struct str s);
bool html_looks_like(struct str s); /* holds a tag or an entity that a browser would act on */

/* <link rel="alternate" type="application/(rss|atom)+xml|feed+json|json"> of a page, in page order,
 * at most `max`;
 * `ret_base` gets <base href> if any.  Each found: callback. */
void html_find_feeds(struct str html, struct strbuf *ret_base,
                     void (*found)(void *ctx, struct str href, struct str type, struct str title), void *ctx);
