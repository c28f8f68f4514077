/* SPDX-License-Identifier: ISC */
/*
 * Runs transfers: every one that is started gives exactly one DONE, urgent, so that none is refused.  io thread only.
 */
#pragma once

#include <event2/event.h>
#include "base/mailbox.h"
#include "model/transfer.h"

#define FETCH_HEADERS_MAX (64u << 10) /* bytes of one response's headers */
#define FETCH_SLOW_BYTES_S 100L       /* slower than this for FETCH_SLOW_S is given up (RELIABILITY N1) */
#define FETCH_SLOW_S 20L

struct fetch;
void fetch_free(struct fetch *f); /* what still runs ends as REPLY_CANCELLED */
/* `user_agent` is copied. */
struct fetch *fetch_new(struct event_base *base, struct mailbox *to_engine, struct str user_agent)
        RETURNS_OWNED(fetch_free);
DEFINE_OWNED(fetch);
void fetch_start(struct fetch *f, struct transfer *t); /* takes ownership */
void fetch_cancel(struct fetch *f, uint64_t transfer_id); /* an unknown id has had its DONE already */
