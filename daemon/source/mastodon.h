/* SPDX-License-Identifier: ISC */
/* A status of Mastodon's API as a post; the polled and the streamed source read the same objects.  Pure. */
#pragma once

#include "social.h"

/*
 * A Status (docs.joinmastodon.org/entities/Status), not sealed; NULL if it is none.  `scratch` is a buffer of the
 * caller's.  A boost has the text of what it boosts; that and what is quoted are in its context.
 */
struct post *mastodon_status(const json_t *status, struct strbuf *scratch);
