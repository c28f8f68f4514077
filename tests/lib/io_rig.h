/* SPDX-License-Identifier: ISC */
/*
 * An io thread with a test as its engine, and a server of the test's own on the loopback: `struct server s; struct rig r;
 * server_start(&s, serve); rig_start(&r, 64u << 20); start(&r, get_from("127.0.0.1", s.port, "/")); wait_reply(&r) …`
 */
#pragma once

#include "lib/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/client.h"
#include "io/io.h"

#define WAIT_MS 20000

/* --- a server ---------------------------------------------------------------------------------------------------- */

struct server {
	int fd, port;
	pthread_t acceptor;
	_Atomic int requests, connections, live;
	_Atomic bool stop, mail_may_end;
	void (*serve)(struct server *s, int fd);
	pthread_mutex_t lock;
	char last_head[4096]; /* of the last request served; guarded by lock */
	char shown_head[4096]; /* last_head's copy for the test */
};
struct connection {
	struct server *server;
	int fd;
};

static inline void put_text(int fd, const char *text)
{
	size_t len = strlen(text);
	for (size_t sent = 0; sent < len;) {
		ssize_t n = send(fd, text + sent, len - sent, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		sent += (size_t)n;
	}
}

static inline void *connection_main(void *arg)
{
	struct connection c = *(struct connection *)arg;
	free(arg);
	c.server->serve(c.server, c.fd);
	close(c.fd);
	atomic_fetch_sub(&c.server->live, 1);
	return NULL;
}

static inline void *acceptor_main(void *arg)
{
	struct server *s = arg;
	for (int fd; (fd = accept(s->fd, NULL, NULL)) >= 0 && !atomic_load(&s->stop);) {
		struct timeval tv = { .tv_sec = 10 };
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv));
		struct connection *c = calloc(1, sizeof(*c));
		*c = (struct connection){ s, fd };
		atomic_fetch_add(&s->connections, 1);
		atomic_fetch_add(&s->live, 1);
		pthread_t thread;
		if (pthread_create(&thread, NULL, connection_main, c) != 0)
			abort();
		pthread_detach(thread);
	}
	return NULL;
}

static inline void server_start(struct server *s, void (*serve)(struct server *s, int fd))
{
	memset(s, 0, sizeof(*s));
	s->serve = serve;
	pthread_mutex_init(&s->lock, NULL);
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	if (bind(s->fd, (struct sockaddr *)&a, sizeof(a)) != 0 || listen(s->fd, 64) != 0 ||
	    getsockname(s->fd, (struct sockaddr *)&a, &len) != 0)
		abort();
	s->port = ntohs(a.sin_port);
	if (pthread_create(&s->acceptor, NULL, acceptor_main, s) != 0)
		abort();
}

static inline const char *last_head(struct server *s)
{
	pthread_mutex_lock(&s->lock);
	memcpy(s->shown_head, s->last_head, sizeof(s->last_head));
	pthread_mutex_unlock(&s->lock);
	return s->shown_head;
}

/* Once io has closed its ends, the connections' threads end by themselves. */
static inline void server_stop(struct server *s)
{
	atomic_store(&s->stop, true);
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->acceptor, NULL);
	close(s->fd);
	for (int i = 0; i < WAIT_MS && atomic_load(&s->live) > 0; i++)
		usleep(1000);
	CHECK_INT(atomic_load(&s->live), 0);
}

/* --- an io thread, and this test as its engine ------------------------------------------------------------------- */

struct rig {
	struct mailbox *to_engine, *from_engine;
	struct io *io;
	pthread_t thread;
	char folder[64], socket[96];
	uint64_t last_id;
	int exit_code;
};

static inline void *rig_main(void *arg)
{
	struct rig *rig = arg;
	rig->exit_code = io_run(rig->io);
	return NULL;
}

static inline void free_mail(struct mail *m)
{
	message_free((struct message *)m);
}

/* `room`: bytes of the mailbox to the engine; `listen_at`, `key`: of the door for hubs, absent: there is none. */
static inline void rig_start_with(struct rig *rig, size_t room, struct str listen_at, struct str key)
{
	memset(rig, 0, sizeof(*rig));
	strcpy(rig->folder, "/tmp/test_io.XXXXXX");
	if (!mkdtemp(rig->folder))
		abort();
	snprintf(rig->socket, sizeof(rig->socket), "%s/control.sock", rig->folder);
	rig->to_engine = mailbox_new(room);
	rig->from_engine = mailbox_new(64u << 20);
	struct io_options options = { .socket_path = str_c(rig->socket),
				      .listen_fd = -1,
				      .callback_listen = listen_at,
				      .callback_key = key,
				      .user_agent = STR("test/1 (+mailto:test@example.org)"),
				      .to_engine = rig->to_engine,
				      .from_engine = rig->from_engine };
	struct err e = { 0 };
	CHECK_OK(io_new(&options, &rig->io, &e), &e);
	if (pthread_create(&rig->thread, NULL, rig_main, rig) != 0)
		abort();
}

static inline void rig_start(struct rig *rig, size_t room)
{
	rig_start_with(rig, room, STR_NULL, STR_NULL);
}

static inline void send_io(struct rig *rig, struct message *m)
{
	CHECK(mailbox_put(rig->from_engine, &m->mail, true));
}

static inline void rig_stop(struct rig *rig)
{
	send_io(rig, message_new(MESSAGE_STOPPED));
	pthread_join(rig->thread, NULL);
	CHECK_INT(rig->exit_code, 0);
	io_free(rig->io);
	mailbox_free(rig->to_engine, free_mail);
	mailbox_free(rig->from_engine, free_mail);
	CHECK(access(rig->socket, F_OK) != 0);
	CHECK_INT(rmdir(rig->folder), 0);
}

static inline struct message *wait_message(struct rig *rig, enum message_kind kind)
{
	struct message *m = (struct message *)mailbox_wait(rig->to_engine, WAIT_MS);
	if (!m)
		fail_msg("no message in time");
	CHECK_INT(m->kind, kind);
	return m;
}

static inline uint64_t start(struct rig *rig, struct transfer *t)
{
	struct message *m = message_new(MESSAGE_START);
	t->id = ++rig->last_id;
	m->transfer = t;
	send_io(rig, m);
	return rig->last_id;
}

static inline struct reply *wait_reply(struct rig *rig)
{
	struct message *m = wait_message(rig, MESSAGE_DONE);
	CHECK_INT(m->transfer_id, m->reply->transfer_id);
	struct reply *r = m->reply;
	m->reply = NULL;
	message_free(m);
	return r;
}

/* A stream opens. */
static inline void expect_begin(struct rig *rig, int status)
{
	struct message *m = wait_message(rig, MESSAGE_FRAME);
	CHECK(!str_present(m->text));
	CHECK_INT(m->status, status);
	message_free(m);
}

static inline void expect_frame(struct rig *rig, const char *name, const char *data)
{
	struct message *m = wait_message(rig, MESSAGE_FRAME);
	CHECK_STR(m->content_type, name);
	CHECK_STR(m->text, data);
	message_free(m);
}

static inline struct transfer *get_from(const char *host, int port, const char *path)
{
	struct transfer *t = transfer_new(TRANSFER_HTTP);
	struct network loopback;
	CHECK(network_parse(STR("127.0.0.1"), &loopback));
	vec_push(&t->allow, loopback);
	t->url = arena_fmt(t->arena, "http://%s:%d%s", host, port, path);
	t->follow = true;
	return t;
}

static inline bool says(struct str s, const char *part)
{
	if (str_find(s, str_c(part)) != STR_NPOS)
		return true;
	print_error("\"%.*s\" does not say \"%s\"\n", STR_ARG(s), part);
	return false;
}

static inline void check_end(struct reply *r, enum reply_outcome outcome, const char *error)
{
	CHECK_INT(r->outcome, outcome);
	CHECK(says(r->error, error));
	reply_free(r);
}
