/* SPDX-License-Identifier: ISC */
/*
 * monitorctl's side of the API: one blocking HTTP/1.1 exchange over the Unix socket (libcurl), or a
 * stream of events.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"

#define CLIENT_REPLY_MAX (64u << 20)

/* ERR_CONFIG: no daemon behind `socket_path` or no permission; the message says what to do.  `body`
 * absent: none. */
int client_exchange(const char *socket_path, const char *method, const char *path_and_query, struct str body,
                    int64_t timeout_ms, int *ret_status, struct strbuf *ret_body, struct err *e) MUST_CHECK;
/* GET of a text/event-stream: `event(ctx, name, data)` for each; returns when it says false or the
 * daemon ends. */
int client_events(const char *socket_path, const char *path_and_query,
                  bool (*event)(void *ctx, struct str name, struct str data), void *ctx, struct err *e) MUST_CHECK;
