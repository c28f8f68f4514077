/* SPDX-License-Identifier: ISC */
/* Posts of the AT Protocol: as an AppView shows them, and as they lie in their authors' repositories.  Pure. */
#pragma once

#include "social.h"

/* app.bsky.feed.defs#postView, not sealed; NULL if it is none.  What is quoted is in its context. */
struct post *bluesky_view(const json_t *view);
/*
 * A record app.bsky.feed.post of the repository `did` under `rkey`, not sealed; NULL if it is none.  Its author is known
 * by DID alone.
 */
struct post *bluesky_record(struct str did, struct str rkey, const json_t *record);
/* May it be a handle or a DID? */
bool bluesky_actor(struct str s);
/* A source type's context() by an AppView at `api`, and its parse_context(). */
size_t bluesky_ask_context(struct str api, const struct str *ids, size_t n, struct transfer *ret);
int bluesky_parse_context(struct source *s, const struct frame *f, const struct str *ids, size_t n, struct source_document *out,
                          struct err *e);
/* When a view counts as posted: its author says so, but not later than it was seen.  TIME_ABSENT if nobody says. */
int64_t bluesky_time(const json_t *record, const json_t *view);
