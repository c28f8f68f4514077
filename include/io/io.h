/* SPDX-License-Identifier: ISC */
/*
 * The io thread: one libevent loop that runs transfers (libcurl), serves the HTTP API on a Unix
 * socket, turns signals
 * into messages and talks to the service manager.  It knows no posts.  The only folder that
 * includes curl/ and event2/.
 * io_run runs on the main thread; the engine thread talks to it only through the two mailboxes.
 */
#pragma once

#include "base/err.h"
#include "base/mailbox.h"
#include "model/message.h"

#define IO_API_BODY_MAX (1 << 20)    /* bytes of one API request */
#define IO_API_CLIENTS_MAX 64        /* the 65th gets 503 and is closed */
#define IO_API_IDLE_S 30             /* idle, or a request that does not end; event subscribers are exempt */
#define IO_EVENT_BACKLOG_MAX (1 << 20) /* bytes an event subscriber may lag behind before it is cut off */
#define IO_CALLBACK_BODY_MAX (8 << 20)    /* bytes of what a hub pushes at one time … */
#define IO_CALLBACK_BODIES_MAX (32 << 20) /* … and of all that are coming in */
#define IO_CALLBACK_CLIENTS_MAX 64
#define IO_CALLBACK_IDLE_S 20
#define IO_TRANSFERS_MAX 64          /* safety bound; the engine's credits are the real limit */

struct io_options {
	struct str socket_path;      /* made with mode 0660; a stale one is replaced, one that answers is an error */
	struct str socket_group;     /* absent = unchanged */
	int listen_fd;               /* inherited by socket activation, or -1 */
	struct str callback_listen;  /* "127.0.0.1:8380" where hubs call (WebSub); absent = nowhere.  That it cannot be had is
				      * logged, and all else goes on */
	struct str callback_key;     /* of hash_token: whoever calls without such a token is not heard */
	struct str user_agent;       /* default when a transfer names none */
	struct mailbox *to_engine;   /* io writes */
	struct mailbox *from_engine; /* io reads */
	/* The engine's beat: grows whenever it finished a step.  WATCHDOG=1 goes out only if it
	 * grew, or if the engine waits idle. */
	bool (*engine_alive)(void *ctx);
	void *engine_ctx;
};
struct io;

void io_free(struct io *io);
/* Binds the socket and builds the loop.  Blocks SIGHUP, SIGTERM, SIGINT, SIGPIPE, SIGXFSZ for the calling
 * thread and those it starts later. */
int io_new(const struct io_options *options, struct io **ret_io, struct err *e) MUST_CHECK;
DEFINE_OWNED(io);
/* Runs until STOPPED came from the engine (exit code 0), or the loop broke (1). A second SIGTERM
 * does not wait. */
int io_run(struct io *io);
