/* SPDX-License-Identifier: ISC */
/*
 * Sends mails, each on a thread of its own: libcurl waits in place for the answer to the end of a
 * mail (smtp_done, up to
 * 120 s while a server scans it), also under the multi interface, and would stop the loop for that long.
 */
#pragma once

#include "io/run.h"

struct smtp;
void smtp_free(struct smtp *s); /* asks what runs to end, waits for it and calls `done` */
/* `done(r, code)` once for each mail, on the io thread. */
struct smtp *smtp_new(struct event_base *base, void (*done)(struct run *r, CURLcode code)) RETURNS_OWNED(smtp_free);
DEFINE_OWNED(smtp);
/* The thread has `r`, but for `abort`, until `done`.  False: no thread to be had. */
bool smtp_start(struct smtp *s, struct run *r) MUST_CHECK;
