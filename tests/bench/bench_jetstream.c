/* SPDX-License-Identifier: ISC */
/*
 * The other side of bench_jetstream.py, all on loopback:
 *   serve N            a Jetstream of N events as fast as they are taken, to each who connects; prints its port
 *   bare PORT N        the least a client does: reads the frames and parses the JSON with jansson; prints CPU and wall ns
 *   watches N          N queries, one a line, of words and phrases that are rare in what is served
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/mem.h"
#include "io/websocket.h"
#include "lib/babble.h"

#define SEED 2026
#define FIRST_US INT64_C(1780000000000000)
#define PIECE (64 << 10)
#define RARE 8000 /* rank from which a word is rare */
#define ALPHABET "abcdefghijklmnopqrstuvwxyz234567"

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t clock_ns(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* --- events, in the sizes and shares of real ones: 8 posts, of these 3 replies, then a deletion and an account's event --- */

static void add_key(struct babble *b, size_t n, struct strbuf *out)
{
	for (size_t i = 0; i < n; i++)
		strbuf_add(out, str_n(ALPHABET + babble_random(b) % 32, 1));
}

static void add_subject(struct babble *b, const char *name, struct strbuf *out)
{
	strbuf_addf(out, "\"%s\":{\"cid\":\"bafyrei", name);
	add_key(b, 52, out);
	strbuf_adds(out, "\",\"uri\":\"at://did:plc:");
	add_key(b, 24, out);
	strbuf_adds(out, "/app.bsky.feed.post/");
	add_key(b, 13, out);
	strbuf_adds(out, "\"}");
}

static void add_record(struct babble *b, bool reply, struct strbuf *out)
{
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(1 << 16);
	json_t *words OWNED_JSON = NULL;

	babble_post(b, &text);
	words = json_text(strbuf_str(&text));
	strbuf_adds(out, ",\"record\":{\"$type\":\"app.bsky.feed.post\",\"createdAt\":\"2026-05-28T20:26:40.000Z\",\"langs\":[\"en\"],");
	if (reply) {
		strbuf_adds(out, "\"reply\":{");
		add_subject(b, "parent", out);
		strbuf_adds(out, ",");
		add_subject(b, "root", out);
		strbuf_adds(out, "},");
	}
	strbuf_adds(out, "\"text\":");
	json_dump(out, words, false);
	strbuf_adds(out, "},\"cid\":\"bafyrei");
	add_key(b, 52, out);
	strbuf_adds(out, "\"");
}

static void add_event(struct babble *b, size_t i, struct strbuf *out)
{
	strbuf_adds(out, "{\"did\":\"did:plc:");
	add_key(b, 24, out);
	strbuf_addf(out, "\",\"time_us\":%" PRId64 ",", FIRST_US + (int64_t)i * 20000);
	if (i % 10 == 8) {
		strbuf_addf(out, "\"kind\":\"identity\",\"identity\":{\"did\":\"did:plc:aaaaaaaaaaaaaaaaaaaaaaaa\",\"seq\":%zu,"
		            "\"time\":\"2026-05-28T20:26:40.000Z\"}}", i);
		return;
	}
	strbuf_addf(out, "\"kind\":\"commit\",\"commit\":{\"rev\":\"3mmoojpaqkn2z\",\"operation\":\"%s\","
	            "\"collection\":\"app.bsky.feed.post\",\"rkey\":\"3m", i % 10 == 7 ? "delete" : "create");
	add_key(b, 11, out);
	strbuf_adds(out, "\"");
	if (i % 10 != 7)
		add_record(b, i % 10 < 3, out);
	strbuf_adds(out, "}}");
}

static void add_frame(struct str text, struct strbuf *out)
{
	unsigned char head[4] = { 0x81, 126, (unsigned char)(text.len >> 8), (unsigned char)text.len };

	if (text.len < 126)
		head[1] = (unsigned char)text.len;
	strbuf_add(out, str_n((const char *)head, text.len < 126 ? 2 : 4));
	strbuf_add(out, text);
}

/* --- serving --- */

static bool send_all(int peer, struct str s)
{
	while (s.len > 0) {
		ssize_t n = send(peer, s.p, s.len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		s = str_from(s, (size_t)n);
	}
	return true;
}

/* The request's head, or the answer's: up to the empty line, byte by byte so that no frame is taken with it. */
static bool read_head(int peer, struct strbuf *head)
{
	char c;

	while (!str_ends(strbuf_str(head), STR("\r\n\r\n")))
		if (recv(peer, &c, 1, 0) != 1 || !strbuf_add(head, str_n(&c, 1)))
			return false;
	return true;
}

static void upgrade(int peer, struct str events)
{
	AUTO(strbuf) struct strbuf head = STRBUF_INIT(16 << 10), answer = STRBUF_INIT(1024);
	char accept[WEBSOCKET_ACCEPT_MAX], rest[1024];
	const char *name = "Sec-WebSocket-Key: ";

	if (!read_head(peer, &head))
		return;
	struct str key = str_from(strbuf_str(&head), str_find(strbuf_str(&head), str_c(name)) + strlen(name));
	key = str_slice(key, 0, str_chr(key, '\r'));
	AUTO(strbuf) struct strbuf word = STRBUF_INIT(256);
	strbuf_add(&word, key);
	websocket_accept(strbuf_cstr(&word), accept);
	strbuf_addf(&answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	            "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
	if (send_all(peer, strbuf_str(&answer)) && send_all(peer, events))
		while (recv(peer, rest, sizeof(rest), 0) > 0)
			;
}

static int serve(size_t n)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	struct strbuf events = STRBUF_INIT((size_t)4 << 30);
	AUTO(strbuf) struct strbuf one = STRBUF_INIT(1 << 20);
	struct babble b;
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	babble_init(&b, SEED);
	for (size_t i = 0; i < n; i++) {
		strbuf_reset(&one);
		add_event(&b, i, &one);
		add_frame(strbuf_str(&one), &events);
	}
	if (bind(listener, (struct sockaddr *)&at, len) != 0 || listen(listener, 8) != 0 ||
	    getsockname(listener, (struct sockaddr *)&at, &len) != 0)
		die("listen");
	printf("%d %zu\n", ntohs(at.sin_port), events.len / n);
	(void)fflush(stdout);
	for (int peer; (peer = accept(listener, NULL, NULL)) >= 0; close(peer))
		upgrade(peer, strbuf_str(&events));
	return 0;
}

/* --- the bare loop --- */

/* How long the frame at the start of `s` is, 0 if it is not all there; its text. */
static size_t next_frame(struct str s, struct str *ret_text)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t head = s.len < 2 || p[1] < 126 ? 2 : 4;
	size_t len = s.len < head ? 0 : head == 2 ? p[1] : (size_t)p[2] << 8 | p[3];

	*ret_text = str_slice(s, head, head + len);
	return s.len < head || s.len < head + len ? 0 : head + len;
}

static size_t parse_frames(struct strbuf *in)
{
	struct str rest = strbuf_str(in), text;
	size_t n = 0;

	for (size_t len; (len = next_frame(rest, &text)) > 0; n++) {
		json_t *j = json_loadb(text.p, text.len, 0, NULL);
		if (!json_is_object(j))
			die("event");
		json_decref(j);
		rest = str_from(rest, len);
	}
	memmove(in->p, rest.p, rest.len);
	strbuf_truncate(in, rest.len);
	return n;
}

static int bare(int port, size_t n)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct strbuf in = STRBUF_INIT(4 << 20), head = STRBUF_INIT(4096);
	int s = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(s, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    !send_all(s, STR("GET /subscribe HTTP/1.1\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")) || !read_head(s, &head))
		die("connect");
	int64_t cpu = clock_ns(CLOCK_PROCESS_CPUTIME_ID), wall = clock_ns(CLOCK_MONOTONIC);
	for (size_t taken = 0; taken < n; taken += parse_frames(&in)) {
		ssize_t got = recv(s, strbuf_reserve(&in, PIECE), PIECE, 0);
		if (got <= 0)
			die("recv");
		strbuf_commit(&in, (size_t)got);
	}
	printf("%" PRId64 " %" PRId64 "\n", clock_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu, clock_ns(CLOCK_MONOTONIC) - wall);
	return 0;
}

/* --- watches --- */

static int watches(size_t n)
{
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(1 << 20);
	struct babble b;

	babble_init(&b, SEED + 1);
	for (size_t i = 0; i < n; i++) {
		strbuf_adds(&text, "\"");
		babble_word(&b, RARE, &text);
		if (i % 2) {
			strbuf_adds(&text, " ");
			babble_phrase(&b, 1 + (unsigned)(i % 3), &text);
		}
		strbuf_adds(&text, "\"\n");
	}
	(void)fwrite(text.p, 1, text.len, stdout);
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	size_t n = argc > 2 ? (size_t)strtoul(argv[argc - 1], NULL, 10) : 0;

	if (n > 0 && strcmp(mode, "serve") == 0)
		return serve(n);
	if (n > 0 && strcmp(mode, "watches") == 0)
		return watches(n);
	if (n > 0 && strcmp(mode, "bare") == 0 && argc == 4)
		return bare((int)strtol(argv[2], NULL, 10), n);
	(void)fprintf(stderr, "usage: bench_jetstream serve N | bare PORT N | watches N\n");
	return 2;
}
