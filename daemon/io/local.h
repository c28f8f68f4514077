/* SPDX-License-Identifier: ISC */
/*
 * The two transfers that need no network: a regular file is read, text goes to standard output.  io thread only.
 */
#pragma once

#include <event2/event.h>
#include "model/transfer.h"

/*
 * Reads the file:// URL `url` into r->body (up to its max).  Only a regular file on this host; a FIFO
 * or a device never blocks.
 * Fills outcome, status 200 and, on a failure, error.
 */
void local_read_file(const char *url, struct reply *r);

/* Writes texts to a descriptor in order, without ever blocking the loop on a stopped terminal or a full pipe. */
struct console;
void console_free(struct console *c);
/* `done(ctx, owner, errnum)` once for each text (0 = written whole), also from inside console_add. */
struct console *console_new(struct event_base *base, int fd, void (*done)(void *ctx, void *owner, int errnum),
                            void *ctx) RETURNS_OWNED(console_free);
DEFINE_OWNED(console);
void console_add(struct console *c, void *owner, struct str text); /* `text` is borrowed until done or removed */
void console_remove(struct console *c, const void *owner);         /* without `done`; fine if it is not there */
