/* SPDX-License-Identifier: ISC */
/*
 * A response that does not end: its frames go to the engine as they come.  Where the engine's mailbox has no room the
 * rest is held, and libcurl is told to read no more until there is.
 */
#include "io/run.h"

#include "base/clock.h"
#include "base/mem.h"
#include "io/frames.h"
#include "io/websocket.h"
#include "model/message.h"

#define HELD_MAX (4u << 20) /* libcurl hands over at most 16 KiB (CURL_MAX_WRITE_SIZE) at a time */
#define ROOM_AGAIN_US 2000
#define FRAME_TOO_BIG "a frame of the stream is larger than body_max"

struct stream {
	struct frames frames;
	struct websocket *socket; /* NULL: no WebSocket; else it makes the frames, and frames.data holds the last one */
	struct message *waiting; /* the frame that there was no room for */
	struct strbuf held;      /* what came behind it */
	struct event *again;
	struct event *write;     /* the WebSocket has something to say, or to end */
	int64_t heard_us;
	bool asked;              /* whether the peer is alive */
	bool gone;               /* it closed the connection */
	bool paused;             /* libcurl holds more */
	bool ended;              /* there is nothing but what is held; `code` is libcurl's last word */
	CURLcode code;
};

void stream_free(struct stream *s)
{
	if (!s)
		return;
	frames_release(&s->frames);
	websocket_free(s->socket);
	message_free(s->waiting);
	strbuf_release(&s->held);
	event_free(s->again);
	event_free(s->write);
	mem_free(s);
}

bool stream_silent(struct run *r)
{
	struct stream *s = r->stream;
	int64_t idle_us = (r->t->idle_ms ? r->t->idle_ms : TRANSFER_IDLE_MS) * 1000;
	int64_t left = s->heard_us + idle_us - clock_mono_us();
	if (s->waiting != NULL) /* it is we who do not listen */
		left = idle_us;
	if (left <= 0)
		return true;
	if (s->socket != NULL && r->t->ping && !s->asked) {
		left -= idle_us / 2;
		s->asked = left <= 0;
	}
	if (left <= 0) {
		websocket_ping(s->socket);
		event_active(s->write, 0, 0);
		left += idle_us / 2;
	}
	struct timeval tv = { .tv_sec = left / 1000000, .tv_usec = left % 1000000 };
	event_add(r->deadline, &tv);
	return false;
}

static bool next_frame(struct stream *s, struct str *bytes)
{
	if (s->socket == NULL)
		return frames_next(&s->frames, bytes);
	if (!str_empty(*bytes))
		websocket_take(s->socket, *bytes);
	*bytes = STR_NULL;
	return websocket_next(s->socket, &s->frames.data);
}

static struct message *frame_message(const struct run *r, const struct frames *f)
{
	struct message *m = message_text(MESSAGE_FRAME, strbuf_str(&f->data));
	m->transfer_id = r->t->id;
	if (f->name.len > 0)
		m->content_type = arena_str(m->arena, strbuf_str(&f->name));
	m->mail.bytes = message_weight(m);
	return m;
}

/* Gives the frames that are whole, holds what there is no room for.  False: the stream cannot go on. */
static bool give_all(struct run *r, struct str bytes)
{
	struct stream *s = r->stream;
	struct timeval soon = { .tv_usec = ROOM_AGAIN_US };
	while (next_frame(s, &bytes)) {
		struct message *m = frame_message(r, &s->frames);
		if (mailbox_put(run_engine(r), &m->mail, false))
			continue;
		s->waiting = m;
		strbuf_add(&s->held, bytes);
		event_add(s->again, &soon);
		return true;
	}
	if (s->socket != NULL && (websocket_ended(s->socket) != NULL || websocket_writes(s->socket)))
		event_active(s->write, 0, 0);
	return s->socket != NULL || !s->frames.data.toobig;
}

static bool give_held(struct run *r)
{
	AUTO(strbuf) struct strbuf held = r->stream->held;
	r->stream->held = STRBUF_INIT(HELD_MAX);
	return give_all(r, strbuf_str(&held));
}

static void on_room(evutil_socket_t fd __attribute__((unused)), short what __attribute__((unused)), void *arg)
{
	struct run *r = arg;
	struct stream *s = r->stream;
	struct timeval soon = { .tv_usec = ROOM_AGAIN_US };
	if (!mailbox_put(run_engine(r), &s->waiting->mail, false)) {
		event_add(s->again, &soon);
		return;
	}
	s->waiting = NULL;
	if (!give_held(r)) {
		run_give_up(r, REPLY_TOO_BIG, FRAME_TOO_BIG);
	} else if (s->waiting == NULL && s->ended) {
		run_result(r, s->code);
	} else if (s->waiting == NULL && s->paused) {
		s->paused = false;
		curl_easy_pause(r->easy, CURLPAUSE_CONT);
	}
}

/* Not from libcurl's own calls, where what it may be told is little. */
static void on_write(evutil_socket_t fd __attribute__((unused)), short what __attribute__((unused)), void *arg)
{
	struct run *r = arg;
	curl_easy_pause(r->easy, r->stream->paused ? CURLPAUSE_RECV : CURLPAUSE_CONT);
}

static bool open_socket(struct run *r)
{
	struct stream *s = r->stream;
	s->socket = websocket_new(r->t->zstd_dictionary, r->reply->body.max);
	if (s->socket == NULL) {
		r->cut_why = "the zstd dictionary cannot be used";
		return false;
	}
	if (r->t->has_body)
		websocket_say(s->socket, r->t->body);
	event_active(s->write, 0, 0);
	return true;
}

bool stream_begin(struct run *r, int status)
{
	struct message *m = message_new(MESSAGE_FRAME);
	r->stream = mem_new(struct stream);
	frames_init(&r->stream->frames, r->t->framing, r->reply->body.max);
	r->stream->held = STRBUF_INIT(HELD_MAX);
	r->stream->again = evtimer_new(run_base(r), on_room, r);
	r->stream->write = event_new(run_base(r), -1, 0, on_write, r);
	r->stream->heard_us = clock_mono_us();
	m->transfer_id = r->t->id;
	m->status = status;
	if (!mailbox_put(run_engine(r), &m->mail, true)) /* one a stream: there is always room */
		message_free(m);
	if (r->t->framing == FRAMING_WEBSOCKET && !open_socket(r))
		return false;
	(void)stream_silent(r);
	return true;
}

size_t stream_give(struct run *r, char *to, size_t room)
{
	struct stream *s = r->stream;
	if (s == NULL)
		return r->refused_upgrade ? 0 : CURL_READFUNC_PAUSE;
	size_t n = s->gone ? 0 : websocket_write(s->socket, to, room);
	if (n > 0)
		return n;
	if (!s->gone && websocket_ended(s->socket) == NULL)
		return CURL_READFUNC_PAUSE;
	r->cut_why = websocket_ended(s->socket) ? websocket_ended(s->socket) : "the server closed the connection";
	return CURL_READFUNC_ABORT;
}

void stream_unwatched(struct run *r)
{
	struct stream *s = r->stream;
	if (s == NULL || s->socket == NULL || s->paused || s->gone)
		return;
	s->gone = true;
	event_active(s->write, 0, 0);
}

size_t stream_take(struct run *r, struct str chunk)
{
	struct stream *s = r->stream;
	if (s->waiting != NULL) {
		s->paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	s->heard_us = clock_mono_us();
	s->asked = false;
	if (give_all(r, chunk))
		return chunk.len;
	r->cut_why = FRAME_TOO_BIG;
	return 0;
}

bool stream_holds(struct run *r, CURLcode code)
{
	r->stream->ended = r->stream->waiting != NULL;
	r->stream->code = code;
	return r->stream->ended;
}
