/* SPDX-License-Identifier: ISC */
/* WebSockets: messages however their bytes come, what we answer, and every way in which one can end. */
#include "lib/io_rig.h"

#include <zdict.h>
#include <zstd.h>

#include "io/websocket.h"

#define MESSAGE_MAX 100000
#define ROOM (1 << 20)

/* --- the protocol ---------------------------------------------------------------------------------- */

/* A frame of the server: first byte (fin and opcode), then the payload. */
static void add_frame(struct strbuf *out, int first, struct str payload)
{
	strbuf_addc(out, (char)first);
	if (payload.len < 126) {
		strbuf_addc(out, (char)payload.len);
	} else if (payload.len < 65536) {
		strbuf_addc(out, 126);
	} else {
		strbuf_addc(out, 127);
		for (int i = 0; i < 6; i++)
			strbuf_addc(out, (char)(payload.len >> (56 - 8 * i) & 0xff));
	}
	if (payload.len >= 126) {
		strbuf_addc(out, (char)(payload.len >> 8 & 0xff));
		strbuf_addc(out, (char)(payload.len & 0xff));
	}
	strbuf_add(out, payload);
}

#define TEXT 0x81
#define BINARY 0x82
#define CLOSE 0x88
#define PING 0x89

/* What is read of `bytes`, fed in pieces of `step`: "message|message|". */
static void read_all(struct websocket *w, struct str bytes, size_t step, struct strbuf *out)
{
	AUTO(strbuf) struct strbuf message = STRBUF_INIT(MESSAGE_MAX);

	for (size_t at = 0; at < bytes.len; at += step) {
		websocket_take(w, str_slice(bytes, at, at + step));
		while (websocket_next(w, &message))
			strbuf_addf(out, "%s|", strbuf_cstr(&message));
	}
}

static void check_read(struct str bytes, const char *want, const char *want_end)
{
	for (size_t step = 1; step <= bytes.len; step += 1 + step / 7) {
		AUTO(strbuf) struct strbuf got = STRBUF_INIT(ROOM);
		struct websocket *w = websocket_new(STR_NULL, MESSAGE_MAX);
		const char *end = (read_all(w, bytes, step, &got), websocket_ended(w));

		CHECK_STR(strbuf_str(&got), want);
		CHECK_STR(str_c(end ? end : ""), want_end);
		websocket_free(w);
	}
}

TEST(messages_come_whole_however_they_are_cut)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(ROOM);
	char many[301];

	memset(many, 'x', 300);
	many[300] = '\0';
	add_frame(&b, TEXT, STR("one"));
	add_frame(&b, TEXT, STR(""));
	add_frame(&b, 0x01, STR("in "));
	add_frame(&b, PING, STR("p"));
	add_frame(&b, 0x00, STR("three \xe2"));
	add_frame(&b, 0x80, STR("\x82\xac pieces"));
	add_frame(&b, BINARY, str_c(many));
	AUTO(strbuf) struct strbuf want = STRBUF_INIT(ROOM);
	strbuf_addf(&want, "one|in three € pieces|%s|", many);
	check_read(strbuf_str(&b), strbuf_cstr(&want), "");
}

TEST(every_end_has_its_reason)
{
	struct {
		int first;
		struct str payload;
		const char *want;
	} cases[] = {
		{ CLOSE, STR("\x03\xe9" "bye"), "the server closed the stream: 1001 bye" },
		{ CLOSE, STR(""), "the server closed the stream" },
		{ TEXT, STR("\xff"), "a message of the stream is no UTF-8" },
		{ 0x80, STR("no beginning"), "the server's bytes are no WebSocket's" },
		{ 0x83, STR("no such opcode"), "the server's bytes are no WebSocket's" },
		{ 0xc1, STR("an extension"), "the server's bytes are no WebSocket's" },
		{ 0x09, STR("a ping in pieces"), "the server's bytes are no WebSocket's" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(strbuf) struct strbuf b = STRBUF_INIT(ROOM);
		add_frame(&b, TEXT, STR("one"));
		add_frame(&b, cases[i].first, cases[i].payload);
		add_frame(&b, TEXT, STR("too late"));
		check_read(strbuf_str(&b), "one|", cases[i].want);
	}
}

TEST(a_message_beyond_the_limit_ends_it)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(ROOM), got = STRBUF_INIT(ROOM);
	char *large = calloc(1, MESSAGE_MAX + 1);

	memset(large, 'x', MESSAGE_MAX);
	add_frame(&b, TEXT, str_n(large, MESSAGE_MAX));
	add_frame(&b, TEXT, STR("small"));
	add_frame(&b, 0x01, str_n(large, MESSAGE_MAX));
	add_frame(&b, 0x80, STR("x"));
	struct websocket *w = websocket_new(STR_NULL, MESSAGE_MAX);
	read_all(w, strbuf_str(&b), 16384, &got);
	CHECK_INT(got.len, MESSAGE_MAX + 1 + 6);
	CHECK_STR(str_c(websocket_ended(w)), "a message of the stream is larger than body_max");
	websocket_free(w);
	free(large);
}

/* What is to be sent, unmasked: two hex digits of the first byte, then the payload. */
static void sent(struct websocket *w, struct strbuf *out)
{
	char buf[512];
	size_t n = websocket_write(w, buf, sizeof(buf));

	for (size_t at = 0; at + 6 <= n;) {
		const unsigned char *f = (const unsigned char *)buf + at;
		size_t len = f[1] & 0x7f;

		CHECK(f[1] & 0x80 && len < 126 && at + 6 + len <= n);
		strbuf_addf(out, "%02x ", f[0]);
		for (size_t i = 0; i < len; i++)
			strbuf_addc(out, (char)(f[6 + i] ^ f[2 + i % 4]));
		strbuf_addc(out, '|');
		at += 6 + len;
	}
}

TEST(what_we_say_is_masked_and_pings_are_answered)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(ROOM), got = STRBUF_INIT(ROOM);
	struct websocket *w = websocket_new(STR_NULL, MESSAGE_MAX);

	CHECK(!websocket_writes(w));
	websocket_say(w, STR("hello"));
	websocket_ping(w);
	CHECK(websocket_writes(w));
	sent(w, &got);
	CHECK_STR(strbuf_str(&got), "81 hello|89 |");
	CHECK(!websocket_writes(w));
	strbuf_reset(&got);
	add_frame(&b, PING, STR("are you there"));
	read_all(w, strbuf_str(&b), b.len, &got);
	sent(w, &got);
	strbuf_reset(&b);
	add_frame(&b, CLOSE, STR("\x03\xe8"));
	read_all(w, strbuf_str(&b), b.len, &got);
	sent(w, &got);
	CHECK_STR(strbuf_str(&got), "8a are you there|88 \x03\xe8|");
	websocket_free(w);
}

/* --- zstd -------------------------------------------------------------------------------------------- */

static size_t make_dictionary(char *to, size_t room)
{
	static const char word[] = "{\"kind\":\"commit\",\"collection\":\"posts\",\"n\":";
	char samples[200][64];
	size_t sizes[200];

	for (int i = 0; i < 200; i++) {
		snprintf(samples[i], sizeof(samples[i]), "%s%d}        ", word, i * 7919);
		sizes[i] = sizeof(samples[i]);
	}
	ZDICT_params_t params = { .dictID = 4711 };
	size_t n = ZDICT_finalizeDictionary(to, room, word, sizeof(word) - 1, samples, sizes, 200, params);
	CHECK(!ZDICT_isError(n));
	return n;
}

static void add_compressed(struct strbuf *out, struct str dictionary, struct str text)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	char *room = malloc(ZSTD_compressBound(text.len));
	size_t n = ZSTD_compress_usingDict(c, room, ZSTD_compressBound(text.len), text.p, text.len, dictionary.p, dictionary.len, 3);

	CHECK(!ZSTD_isError(n));
	add_frame(out, BINARY, str_n(room, n));
	free(room);
	ZSTD_freeCCtx(c);
}

static void check_decoded(struct str dictionary, struct str bytes, const char *want, const char *want_end)
{
	AUTO(strbuf) struct strbuf got = STRBUF_INIT(ROOM);
	struct websocket *w = websocket_new(dictionary, MESSAGE_MAX);

	read_all(w, bytes, 1000, &got);
	CHECK_STR(strbuf_str(&got), want);
	CHECK_STR(str_c(websocket_ended(w) ? websocket_ended(w) : ""), want_end);
	websocket_free(w);
}

TEST(compressed_messages_are_decoded_and_bombs_are_not)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(ROOM);
	char room[8192], *zeros = calloc(1, MESSAGE_MAX + 1);
	struct str dictionary = str_n(room, make_dictionary(room, sizeof(room)));
	const char *bad = "a message of the stream cannot be decompressed, or is larger than body_max";

	add_compressed(&b, dictionary, STR("{\"kind\":\"commit\",\"n\":1}"));
	add_frame(&b, TEXT, STR("plain"));
	check_decoded(dictionary, strbuf_str(&b), "{\"kind\":\"commit\",\"n\":1}|plain|", "");
	add_compressed(&b, dictionary, str_n(zeros, MESSAGE_MAX + 1));
	check_decoded(dictionary, strbuf_str(&b), "{\"kind\":\"commit\",\"n\":1}|plain|", bad);
	strbuf_reset(&b);
	add_frame(&b, BINARY, STR("no zstd"));
	check_decoded(dictionary, strbuf_str(&b), "", bad);
	strbuf_reset(&b);
	add_frame(&b, BINARY, STR("\x28\xb5\x2f\xfd")); /* a beginning */
	check_decoded(dictionary, strbuf_str(&b), "", bad);
	CHECK(websocket_new(STR("no dictionary"), MESSAGE_MAX) == NULL);
	free(zeros);
}

/* --- through io ------------------------------------------------------------------------------------ */

#define MANY 20000

static bool upgrade(int fd)
{
	char head[4096] = "", accept[WEBSOCKET_ACCEPT_MAX], key[25] = "", answer[512];
	ssize_t n = recv(fd, head, sizeof(head) - 1, 0);
	const char *at = n > 0 ? strstr(head, "Sec-WebSocket-Key: ") : NULL;

	if (at == NULL || strstr(head, "Upgrade: websocket") == NULL || strstr(head, "Transfer-Encoding") != NULL)
		return false;
	memcpy(key, at + 19, 24);
	websocket_accept(key, accept);
	snprintf(answer, sizeof(answer), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	                                 "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
	put_text(fd, answer);
	return true;
}

static void put_message(int fd, int first, const char *text)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(ROOM);

	add_frame(&b, first, str_c(text));
	(void)!send(fd, b.p, b.len, MSG_NOSIGNAL);
}

/* The first byte of the next frame that the client sends; its payload (unmasked) into `text`. */
static int hear(int fd, char *text, size_t room)
{
	unsigned char head[6], byte;

	text[0] = '\0';
	if (recv(fd, head, 6, MSG_WAITALL) != 6)
		return -1;
	size_t len = head[1] & 0x7f;
	for (size_t i = 0; i < len && recv(fd, &byte, 1, MSG_WAITALL) == 1; i++)
		if (i + 1 < room) {
			text[i] = (char)(byte ^ head[2 + i % 4]);
			text[i + 1] = '\0';
		}
	return head[0];
}

static void serve_talk(struct server *s, int fd)
{
	char text[64];

	(void)s;
	if (!upgrade(fd) || hear(fd, text, sizeof(text)) != TEXT)
		return;
	put_message(fd, TEXT, text); /* what was said first */
	put_message(fd, PING, "p");
	put_message(fd, TEXT, hear(fd, text, sizeof(text)) == 0x8a ? "pong" : "no pong");
	put_message(fd, CLOSE, "\x03\xe9" "away");
	put_message(fd, TEXT, "late");
	atomic_store(&s->requests, hear(fd, text, sizeof(text)));
}

static void serve_cut(struct server *s, int fd)
{
	(void)s;
	if (upgrade(fd))
		put_message(fd, TEXT, "one");
}

static void serve_many(struct server *s, int fd)
{
	char text[64];

	(void)s;
	if (!upgrade(fd))
		return;
	for (int i = 0; i < MANY; i++) {
		snprintf(text, sizeof(text), "%d and some words to fill it", i);
		put_message(fd, TEXT, text);
	}
}

/* Alive, but with nothing to say. */
static void serve_pongs(struct server *s, int fd)
{
	char text[64];

	if (!upgrade(fd))
		return;
	while (atomic_load(&s->requests) < 3 && hear(fd, text, sizeof(text)) == PING) {
		put_message(fd, 0x8a, text);
		atomic_fetch_add(&s->requests, 1);
	}
	hear(fd, text, sizeof(text)); /* the next one is not answered */
	hear(fd, text, sizeof(text));
}

static void serve_other(struct server *s, int fd)
{
	char head[4096];

	(void)s;
	if (recv(fd, head, sizeof(head), 0) > 0)
		put_text(fd, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
		             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
}

static void serve_page(struct server *s, int fd)
{
	char head[4096];

	(void)s;
	if (recv(fd, head, sizeof(head), 0) > 0)
		put_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
}

static void serve_refusal(struct server *s, int fd)
{
	char head[4096];

	(void)s;
	if (recv(fd, head, sizeof(head), 0) > 0)
		put_text(fd, "HTTP/1.1 400 Bad Request\r\nContent-Length: 7\r\n\r\n{\"e\":1}");
}

static struct transfer *listen_to(const struct server *s)
{
	struct transfer *t = get_from("127.0.0.1", s->port, "/");
	t->framing = FRAMING_WEBSOCKET;
	return t;
}

TEST(both_sides_speak_until_the_server_closes)
{
	struct server s;
	struct rig rig;
	server_start(&s, serve_talk);
	rig_start(&rig, 64u << 20);
	struct transfer *t = listen_to(&s);
	t->body = STR("first");
	t->has_body = true;
	start(&rig, t);
	expect_begin(&rig, 101);
	expect_frame(&rig, "", "first");
	expect_frame(&rig, "", "pong");
	check_end(wait_reply(&rig), REPLY_FAILED, "the server closed the stream: 1001 away");
	rig_stop(&rig);
	server_stop(&s);
	CHECK_INT(atomic_load(&s.requests), CLOSE); /* our answer to the close */
}

TEST(a_connection_that_breaks_ends_it_at_once)
{
	struct server s;
	struct rig rig;
	server_start(&s, serve_cut);
	rig_start(&rig, 64u << 20);
	start(&rig, listen_to(&s));
	expect_begin(&rig, 101);
	expect_frame(&rig, "", "one");
	check_end(wait_reply(&rig), REPLY_FAILED, "the server closed the connection");
	rig_stop(&rig);
	server_stop(&s);
}

TEST(a_reader_that_lags_loses_nothing)
{
	struct server s;
	struct rig rig;
	char want[64];
	server_start(&s, serve_many);
	rig_start(&rig, 8192); /* a dozen frames */
	start(&rig, listen_to(&s));
	expect_begin(&rig, 101);
	for (int i = 0; i < MANY; i++) {
		snprintf(want, sizeof(want), "%d and some words to fill it", i);
		expect_frame(&rig, "", want);
		CHECK(mailbox_bytes(rig.to_engine) < 16384);
	}
	check_end(wait_reply(&rig), REPLY_FAILED, "the server closed the connection");
	rig_stop(&rig);
	server_stop(&s);
}

TEST(silence_is_death_only_if_nobody_answers)
{
	struct server s;
	struct rig rig;
	server_start(&s, serve_pongs);
	rig_start(&rig, 64u << 20);
	struct transfer *t = listen_to(&s);
	t->idle_ms = 400;
	t->ping = true;
	start(&rig, t);
	expect_begin(&rig, 101);
	check_end(wait_reply(&rig), REPLY_FAILED, "timeout: nothing came for 400ms");
	CHECK_INT(atomic_load(&s.requests), 3);
	rig_stop(&rig);
	server_stop(&s);
}

static void check_refused(void (*serve)(struct server *s, int fd), enum reply_outcome outcome, int status, const char *error)
{
	struct server s;
	struct rig rig;
	server_start(&s, serve);
	rig_start(&rig, 64u << 20);
	start(&rig, listen_to(&s));
	struct reply *r = wait_reply(&rig);
	CHECK_INT(r->status, status);
	check_end(r, outcome, error);
	rig_stop(&rig);
	server_stop(&s);
}

TEST(what_is_no_websocket_is_refused)
{
	check_refused(serve_other, REPLY_FAILED, 101, "the server speaks no WebSocket here");
	check_refused(serve_page, REPLY_FAILED, 200, "the server speaks no WebSocket here");
	check_refused(serve_refusal, REPLY_OK, 400, "");
}
