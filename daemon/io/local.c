/* SPDX-License-Identifier: ISC */
/* Transfers without a network: files, and the daemon's standard output. */
#include "io/local.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/vec.h"

#define READ_BYTES 32768

static void fail(struct reply *r, const char *what, int errnum)
{
	r->outcome = REPLY_FAILED;
	r->error = arena_fmt(r->arena, "%s%s%s", what, errnum ? ": " : "", errnum ? strerror(errnum) : "");
}

/* The path of a file:// URL, percent-decoded; NULL if it is none.  Free with curl_free. */
static char *file_path(const char *url)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *path = NULL;
	if (curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK && strcmp(scheme, "file") == 0)
		(void)curl_url_get(u, CURLUPART_PATH, &path, CURLU_URLDECODE);
	curl_free(scheme);
	curl_url_cleanup(u);
	return path;
}

static void read_all(int fd, struct reply *r)
{
	char chunk[READ_BYTES];
	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			fail(r, "file", errno);
			return;
		}
		if (n == 0) {
			r->outcome = REPLY_OK;
			r->status = 200;
			return;
		}
		r->bytes_wire += n;
		if (!strbuf_add(&r->body, str_n(chunk, (size_t)n))) {
			r->outcome = REPLY_TOO_BIG;
			r->error = arena_fmt(r->arena, "the file is larger than %zu bytes", r->body.max);
			return;
		}
	}
}

void local_read_file(const char *url, struct reply *r)
{
	char *path = file_path(url);
	if (!path) {
		fail(r, "not a file:// URL with a path on this host", 0);
		r->outcome = REPLY_REFUSED;
		return;
	}
	/* Non-blocking: to open a FIFO would wait for its writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int errnum = errno;
	struct stat st;
	if (fd < 0)
		fail(r, "file", errnum);
	else if (fstat(fd, &st) != 0)
		fail(r, "file", errno);
	else if (!S_ISREG(st.st_mode))
		fail(r, "file: not a regular file", 0);
	else
		read_all(fd, r);
	if (fd >= 0)
		close(fd);
	curl_free(path);
}

struct line {
	void *owner;
	struct str text;
	size_t sent;
};
struct console {
	int fd;
	bool is_ours, is_socket, is_blocking;
	struct event *writable;
	VEC(struct line) queue;
	void (*done)(void *ctx, void *owner, int errnum);
	void *ctx;
};

/* Bytes written, or -1 with errno; EAGAIN when it would block. */
static ssize_t write_some(struct console *c, struct str s)
{
	if (c->is_socket)
		return send(c->fd, s.p, s.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (!c->is_blocking)
		return write(c->fd, s.p, s.len);
	struct pollfd p = { .fd = c->fd, .events = POLLOUT };
	if (poll(&p, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	/* What poll calls writable takes at least this much without waiting (pipe(7)). */
	return write(c->fd, s.p, s.len < PIPE_BUF ? s.len : PIPE_BUF);
}

static void console_run(struct console *c)
{
	while (c->queue.n > 0) {
		struct line *line = &c->queue.v[0];
		int errnum = 0;
		if (line->sent < line->text.len) {
			ssize_t n = write_some(c, str_from(line->text, line->sent));
			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0 && errno == EAGAIN) {
				event_add(c->writable, NULL);
				return;
			}
			errnum = n < 0 ? errno : 0;
			line->sent += n < 0 ? 0 : (size_t)n;
			if (!errnum && line->sent < line->text.len)
				continue;
		}
		void *owner = line->owner;
		vec_remove(&c->queue, 0);
		c->done(c->ctx, owner, errnum);
	}
}

static void on_writable(evutil_socket_t fd __attribute__((unused)), short what __attribute__((unused)), void *arg)
{
	console_run(arg);
}

/* Pipes and terminals are opened anew, so that O_NONBLOCK does not change what other processes share with us. */
static void open_again(struct console *c, int fd)
{
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int again = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (again < 0) {
		c->is_blocking = true;
		return;
	}
	c->fd = again;
	c->is_ours = true;
}

struct console *console_new(struct event_base *base, int fd, void (*done)(void *ctx, void *owner, int errnum),
			    void *ctx)
{
	struct console *c = mem_new(struct console);
	*c = (struct console){ .fd = fd, .done = done, .ctx = ctx };
	struct stat st;
	if (fstat(fd, &st) == 0) {
		c->is_socket = S_ISSOCK(st.st_mode);
		if (S_ISFIFO(st.st_mode) || isatty(fd))
			open_again(c, fd);
	}
	c->writable = event_new(base, c->fd, EV_WRITE, on_writable, c);
	return c;
}

void console_free(struct console *c)
{
	if (!c)
		return;
	event_free(c->writable);
	if (c->is_ours)
		close(c->fd);
	vec_free(&c->queue);
	mem_free(c);
}

void console_add(struct console *c, void *owner, struct str text)
{
	struct line line = { owner, text, 0 };
	vec_push(&c->queue, line);
	if (c->queue.n == 1)
		console_run(c);
}

void console_remove(struct console *c, const void *owner)
{
	for (size_t i = 0; i < c->queue.n; i++) {
		if (c->queue.v[i].owner != owner)
			continue;
		vec_remove(&c->queue, i);
		break;
	}
	if (c->queue.n == 0)
		event_del(c->writable);
}
