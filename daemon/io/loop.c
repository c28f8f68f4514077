/* SPDX-License-Identifier: ISC */
/* The io thread's loop: mailbox, signals, watchdog. */
#include "io/io.h"

#include <curl/curl.h>
#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include "base/log.h"
#include "base/mem.h"
#include "io/fetch.h"
#include "io/http_api.h"
#include "io/notify.h"

#define MESSAGES_A_TURN 256   /* then sockets have their turn */
#define LAST_WORDS_MS 200     /* for responses that are not yet sent when the engine has stopped */
#define DESCRIPTORS_WANTED 8192

struct io {
	struct io_options options;
	struct event_base *base;
	struct event *mail, *signals, *watchdog;
	struct fetch *fetch;
	struct api *api, *door; /* door: NULL if hubs do not call */
	int signal_fd;
	bool curl_ready, stopping;
	int exit_code;
};

/* --- signals ---------------------------------------------------------------------------------------------------- */

static void tell_engine(struct io *io, enum message_kind kind)
{
	struct message *m = message_new(kind);
	if (!mailbox_put(io->options.to_engine, &m->mail, true)) /* urgent: never refused */
		message_free(m);
}

static void on_signal(evutil_socket_t fd, short what __attribute__((unused)), void *arg)
{
	struct io *io = arg;
	struct signalfd_siginfo info;
	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP) {
			tell_engine(io, MESSAGE_RELOAD);
			continue;
		}
		tell_engine(io, MESSAGE_STOP);
		if (io->stopping) {
			log_warning("stop.now", "signal=%u", info.ssi_signo);
			io->exit_code = 1;
			event_base_loopbreak(io->base);
			return;
		}
		io->stopping = true;
		notify_stopping();
	}
}

static int open_signals(struct io *io, struct err *e)
{
	sigset_t set, masked;
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	masked = set;
	/* A write that nobody reads, or beyond ulimit -f, is an error number, never a death. */
	sigaddset(&masked, SIGPIPE);
	sigaddset(&masked, SIGXFSZ);
	int failed = pthread_sigmask(SIG_BLOCK, &masked, NULL);
	if (failed)
		return err_errno(e, failed, "signals");
	io->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (io->signal_fd < 0)
		return err_errno(e, errno, "signals");
	return 0;
}

/* --- mailbox ---------------------------------------------------------------------------------------------------- */

static void on_stopped(struct io *io)
{
	struct timeval tv = { .tv_usec = LAST_WORDS_MS * 1000 };
	io->exit_code = 0;
	if (api_busy(io->api) || (io->door && api_busy(io->door)))
		event_base_loopexit(io->base, &tv);
	else
		event_base_loopbreak(io->base);
}

static void handle(struct io *io, struct message *m)
{
	switch (m->kind) {
	case MESSAGE_START:
		fetch_start(io->fetch, take(m->transfer));
		break;
	case MESSAGE_CANCEL:
		fetch_cancel(io->fetch, m->transfer_id);
		break;
	case MESSAGE_REPLY:
		if (!api_is_door(m->request_id))
			api_reply(io->api, m);
		else if (io->door)
			api_reply(io->door, m);
		break;
	case MESSAGE_EVENT:
		api_event(io->api, m);
		break;
	case MESSAGE_STATUS:
		notify_state(m->status == 1 ? NOTIFY_READY : m->status == 2 ? NOTIFY_RELOADING : NOTIFY_TEXT, m->text);
		break;
	case MESSAGE_STOPPED:
		on_stopped(io);
		break;
	case MESSAGE_FRAME:
	case MESSAGE_DONE:
	case MESSAGE_COMMAND:
	case MESSAGE_CALLBACK:
	case MESSAGE_RELOAD:
	case MESSAGE_STOP:
		log_err("io.wrong_message", "kind=%d", (int)m->kind);
		break;
	}
}

static void on_mail(evutil_socket_t fd __attribute__((unused)), short what __attribute__((unused)), void *arg)
{
	struct io *io = arg;
	mailbox_clear_fd(io->options.from_engine);
	for (int i = 0; i < MESSAGES_A_TURN; i++) {
		struct mail *mail = mailbox_take(io->options.from_engine);
		if (!mail)
			return;
		struct message *m = (struct message *)(void *)mail; /* mail is its first member */
		handle(io, m);
		message_free(m);
	}
	event_active(io->mail, EV_READ, 0); /* there may be more, and nobody rings again for it */
}

/* --- watchdog --------------------------------------------------------------------------------------------------- */

static void on_watchdog(evutil_socket_t fd __attribute__((unused)), short what __attribute__((unused)), void *arg)
{
	struct io *io = arg;
	if (!io->options.engine_alive || io->options.engine_alive(io->options.engine_ctx))
		notify_watchdog();
}

static void start_watchdog(struct io *io)
{
	int64_t every_ms = notify_watchdog_ms() / 3; /* one lost turn does not kill us */
	if (every_ms <= 0)
		return;
	struct timeval tv = { .tv_sec = every_ms / 1000, .tv_usec = every_ms % 1000 * 1000 };
	io->watchdog = event_new(io->base, -1, EV_PERSIST, on_watchdog, io);
	event_add(io->watchdog, &tv);
}

/* --- life ------------------------------------------------------------------------------------------------------- */

/* Idle connections of many hosts take more than the traditional 1024 descriptors. */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS_WANTED)
		return;
	limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* without it there are just fewer */
}

/* Polls do without it, so it does not keep us from starting. */
static void open_door(struct io *io, const struct io_options *options)
{
	struct err e = { 0 };
	if (!str_empty(options->callback_listen) && api_new_door(io->base, options, &io->door, &e) != 0)
		log_err("websub.listen_failed", "error=%s", LOG_Q(str_c(e.message)));
}

int io_new(const struct io_options *options, struct io **ret_io, struct err *e)
{
	OWNED(io) struct io *io = mem_new(struct io);
	io->options = *options;
	io->signal_fd = -1;
	io->exit_code = 1;
	raise_descriptor_limit();
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(e, ERR_SYSTEM, "libcurl does not start");
	io->curl_ready = true;
	io->base = event_base_new();
	if (!io->base)
		return err_set(e, ERR_SYSTEM, "libevent does not start");
	if (open_signals(io, e) != 0 || api_new(io->base, options, &io->api, e) != 0)
		return -1;
	open_door(io, options);
	io->fetch = fetch_new(io->base, options->to_engine, options->user_agent);
	io->mail = event_new(io->base, mailbox_fd(options->from_engine), EV_READ | EV_PERSIST, on_mail, io);
	io->signals = event_new(io->base, io->signal_fd, EV_READ | EV_PERSIST, on_signal, io);
	event_add(io->mail, NULL);
	event_add(io->signals, NULL);
	*ret_io = take(io);
	return 0;
}

void io_free(struct io *io)
{
	if (!io)
		return;
	fetch_free(io->fetch);
	api_free(io->api);
	api_free(io->door);
	if (io->watchdog)
		event_free(io->watchdog);
	if (io->signals)
		event_free(io->signals);
	if (io->mail)
		event_free(io->mail);
	if (io->base)
		event_base_free(io->base);
	if (io->signal_fd >= 0)
		close(io->signal_fd);
	if (io->curl_ready)
		curl_global_cleanup();
	mem_free(io);
}

int io_run(struct io *io)
{
	start_watchdog(io);
	if (event_base_dispatch(io->base) < 0)
		log_err("io.loop_broke", "error=%s", LOG_Q(str_c(strerror(errno))));
	return io->exit_code;
}
