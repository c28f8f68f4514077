/* SPDX-License-Identifier: ISC */
/*
 * The handful of messages between the io thread and the engine thread.  A message owns its payload; putting it into a
 * mailbox moves ownership.
 */
#pragma once

#include "base/mailbox.h"
#include "model/transfer.h"

enum message_kind {
	/* io -> engine */
	MESSAGE_FRAME,   /* `transfer_id`, `text`: one event (its name is `content_type`), line or WebSocket message of a
			  * stream; `text` absent: it began, with `status` */
	MESSAGE_DONE,    /* `reply`: a transfer ended */
	MESSAGE_COMMAND, /* `command`: an API request to be answered by a REPLY of the same `request_id` */
	MESSAGE_CALLBACK, /* `command`: a hub calls (WebSub), to be answered like a COMMAND; `path` is the token that
			   * ended the path, and was made with the callback key */
	MESSAGE_RELOAD,  /* SIGHUP */
	MESSAGE_STOP,    /* SIGTERM, SIGINT: finish the batch, cancel transfers, answer STOPPED */
	/* engine -> io */
	MESSAGE_START,   /* `transfer` */
	MESSAGE_CANCEL,  /* `transfer_id`; a DONE with REPLY_CANCELLED follows */
	MESSAGE_REPLY,   /* `request_id`, `status`, `content_type`, `text` */
	MESSAGE_EVENT,   /* `content_type` = the event's name, `text` = one line of JSON: to every subscriber of /v1/events */
	MESSAGE_STATUS,  /* `text`: STATUS= line for the service manager; `status` 1 = READY, 2 = RELOADING, 0 = text only */
	MESSAGE_STOPPED, /* the engine is done; the loop may end */
};
struct command {
	struct str method;      /* "GET", "POST" … */
	struct str path;        /* "/v1/watches/ilya", percent-decoding not yet done */
	struct str query;       /* "since=7d&limit=5", without '?' */
	struct str body;
	struct str content_type, signature; /* of a CALLBACK: headers of what is pushed; absent if not given */
};
struct message {
	struct mail mail;       /* first: mailbox_put(&m->mail) */
	enum message_kind kind;
	uint64_t transfer_id, request_id;
	int status;
	struct transfer *transfer;
	struct reply *reply;
	struct command *command;
	struct arena *arena;    /* of command and text; NULL if there is none */
	struct str text, content_type;
	int64_t received_us;    /* clock_mono_us when io got it: for latency figures */
};
void message_free(struct message *m);
struct message *message_new(enum message_kind kind) RETURNS_OWNED(message_free);
DEFINE_OWNED(message);
/* A message whose text is a copy of `text`. */
struct message *message_text(enum message_kind kind, struct str text) RETURNS_OWNED(message_free);
struct message *message_command(uint64_t request_id, struct str method, struct str path, struct str query, struct str body)
        RETURNS_OWNED(message_free);
size_t message_weight(const struct message *m); /* bytes, for the mailbox bound */
