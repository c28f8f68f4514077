/* SPDX-License-Identifier: ISC */
/* Streams: cut into frames however the bytes come, held back where there is no room, dead when they are silent. */
#include "lib/io_rig.h"

#include "io/frames.h"

/* --- frames --------------------------------------------------------------------------------------- */

/* The frames of `text`, fed in pieces of `step` bytes: "name|data\n" each. */
static void cut(enum framing framing, const char *text, size_t step, struct strbuf *out)
{
	struct frames f;
	struct str all = str_c(text);
	frames_init(&f, framing, 1000);
	for (size_t at = 0; at < all.len; at += step) {
		struct str piece = str_slice(all, at, at + step);
		while (frames_next(&f, &piece))
			strbuf_addf(out, "%s|%s\n", strbuf_cstr(&f.name), strbuf_cstr(&f.data));
		CHECK(str_empty(piece));
	}
	frames_release(&f);
}

static void check_cut(enum framing framing, const char *text, const char *want)
{
	for (size_t step = 1; step <= strlen(text); step++) {
		AUTO(strbuf) struct strbuf got = STRBUF_INIT(1 << 16);
		cut(framing, text, step, &got);
		CHECK_STR(strbuf_str(&got), want);
	}
}

TEST(events_are_cut)
{
	check_cut(FRAMING_SSE,
	          ":thump\n\nevent: update\ndata: {\"a\":1}\nid: 7\n\ndata: two\r\ndata:lines\r\n\r\nevent: nothing\n\ndata: x\nevent: late\n\n"
	          "data: not ended",
	          "update|{\"a\":1}\n|two\nlines\nlate|x\n");
}

TEST(lines_are_cut)
{
	check_cut(FRAMING_LINES, "\r\n{\"a\":1}\r\n\r\n\n{\"b\":2}\n{\"c\":3", "|{\"a\":1}\n|{\"b\":2}\n");
}

TEST(a_frame_beyond_the_limit_ends_it)
{
	struct frames f;
	char text[1100];
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	frames_init(&f, FRAMING_LINES, 1000);
	struct str rest = str_c(text);
	CHECK(!frames_next(&f, &rest) && f.data.toobig);
	frames_release(&f);
}

/* --- through io ------------------------------------------------------------------------------------ */

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
#define MANY 20000

static bool read_head(int fd)
{
	char head[4096];
	return recv(fd, head, sizeof(head), 0) > 0;
}

static void serve_few(struct server *s, int fd)
{
	(void)s;
	if (!read_head(fd))
		return;
	put_text(fd, HEAD "event: update\nda");
	usleep(1000);
	put_text(fd, "ta: one\n\n:thump\n\ndata: two\n\ndata: lost");
}

static void serve_many(struct server *s, int fd)
{
	char text[64];
	if (!read_head(fd))
		return;
	put_text(fd, HEAD);
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "data: %d and some words to fill it\n\n", i);
		put_text(fd, text);
		atomic_store(&s->requests, i);
	}
}

static void serve_silence(struct server *s, int fd)
{
	char byte;
	(void)s;
	if (!read_head(fd))
		return;
	put_text(fd, HEAD "data: one\n\n");
	(void)!recv(fd, &byte, 1, 0);
}

static void serve_giant(struct server *s, int fd)
{
	(void)s;
	if (!read_head(fd))
		return;
	put_text(fd, HEAD "data: ");
	while (send(fd, "0123456789012345678901234567890123456789", 40, MSG_NOSIGNAL) > 0)
		;
}

static void serve_refusal(struct server *s, int fd)
{
	(void)s;
	if (read_head(fd))
		put_text(fd, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 7\r\n\r\n{\"e\":1}");
}

static struct transfer *listen_to(const struct server *s)
{
	struct transfer *t = get_from("127.0.0.1", s->port, "/");
	t->framing = FRAMING_SSE;
	return t;
}

TEST(a_stream_begins_gives_its_frames_and_ends)
{
	struct server s;
	struct rig rig;
	server_start(&s, serve_few);
	rig_start(&rig, 64u << 20);
	start(&rig, listen_to(&s));
	expect_begin(&rig, 200);
	expect_frame(&rig, "update", "one");
	expect_frame(&rig, "", "two");
	struct reply *r = wait_reply(&rig);
	CHECK_INT(r->outcome, REPLY_OK);
	CHECK_INT(r->status, 200);
	reply_free(r);
	rig_stop(&rig);
	server_stop(&s);
}

TEST(a_reader_that_lags_holds_the_server_back_and_loses_nothing)
{
	struct server s;
	struct rig rig;
	char want[64];
	server_start(&s, serve_many);
	rig_start(&rig, 8192); /* a dozen frames */
	start(&rig, listen_to(&s));
	expect_begin(&rig, 200);
	for (int i = 0; i < MANY; i++) {
		snprintf(want, sizeof(want), "%d and some words to fill it", i);
		expect_frame(&rig, "", want);
		CHECK(mailbox_bytes(rig.to_engine) < 16384);
	}
	reply_free(wait_reply(&rig));
	rig_stop(&rig);
	server_stop(&s);
}

TEST(a_stream_that_falls_silent_is_dead)
{
	struct server s;
	struct rig rig;
	server_start(&s, serve_silence);
	rig_start(&rig, 64u << 20);
	struct transfer *t = listen_to(&s);
	t->idle_ms = 200;
	start(&rig, t);
	expect_begin(&rig, 200);
	expect_frame(&rig, "", "one");
	check_end(wait_reply(&rig), REPLY_FAILED, "timeout: nothing came for 200ms");
	rig_stop(&rig);
	server_stop(&s);
}

TEST(a_giant_event_ends_the_stream)
{
	struct server s;
	struct rig rig;
	server_start(&s, serve_giant);
	rig_start(&rig, 64u << 20);
	struct transfer *t = listen_to(&s);
	t->body_max = 100000;
	start(&rig, t);
	expect_begin(&rig, 200);
	check_end(wait_reply(&rig), REPLY_FAILED, "larger than body_max");
	rig_stop(&rig);
	server_stop(&s);
}

TEST(a_refused_stream_is_an_answer)
{
	struct server s;
	struct rig rig;
	server_start(&s, serve_refusal);
	rig_start(&rig, 64u << 20);
	start(&rig, listen_to(&s));
	struct reply *r = wait_reply(&rig);
	CHECK_INT(r->status, 401);
	CHECK_STR(strbuf_str(&r->body), "{\"e\":1}");
	reply_free(r);
	rig_stop(&rig);
	server_stop(&s);
}

TEST(a_stream_is_cancelled)
{
	struct server s;
	struct rig rig;
	server_start(&s, serve_silence);
	rig_start(&rig, 64u << 20);
	uint64_t id = start(&rig, listen_to(&s));
	expect_begin(&rig, 200);
	expect_frame(&rig, "", "one");
	struct message *cancel = message_new(MESSAGE_CANCEL);
	cancel->transfer_id = id;
	send_io(&rig, cancel);
	check_end(wait_reply(&rig), REPLY_CANCELLED, "cancelled");
	rig_stop(&rig);
	server_stop(&s);
}
