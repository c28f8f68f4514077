/* SPDX-License-Identifier: ISC */
/*
 * One WebSocket's client side (RFC 6455, by libwslay): bytes from the peer become messages, and what is to be sent becomes
 * bytes.  It answers pings and closing itself, checks UTF-8, and refuses what is masked or too large.  No I/O; one thread.
 */
#pragma once

#include "base/strbuf.h"

#define WEBSOCKET_ACCEPT_MAX 29 /* with the NUL */

struct websocket;
/* Messages of more than `max_bytes` end it.  `dictionary`: binary messages are zstd frames made with it (RFC 8878), and are
 * given decoded, at most as large; absent: they are given as they are.  NULL: it is no dictionary. */
struct websocket *websocket_new(struct str dictionary, size_t max_bytes);
void websocket_free(struct websocket *w);
/* What a server says to a client's Sec-WebSocket-Key (RFC 6455, 4.2.2). */
void websocket_accept(const char *key, char ret[static WEBSOCKET_ACCEPT_MAX]);
/* Takes bytes: what messages they end is given by websocket_next. */
void websocket_take(struct websocket *w, struct str bytes);
/* The next message into `to`, which is emptied before; false: there is none.  A binary one that cannot be decoded ends the
 * stream. */
bool websocket_next(struct websocket *w, struct strbuf *to);
void websocket_say(struct websocket *w, struct str text); /* sends a text message */
void websocket_ping(struct websocket *w);
size_t websocket_write(struct websocket *w, char *to, size_t room); /* bytes to be sent now; 0: none */
bool websocket_writes(const struct websocket *w);                   /* are there any? */
/* Why nothing more will come: a close frame, or a fault that was found ("the server closed the stream: 1001"); NULL: it
 * may. */
const char *websocket_ended(const struct websocket *w);
