/* SPDX-License-Identifier: ISC */
/* The door for hubs: what reaches the engine, and what nobody hears of. */
#include "lib/io_rig.h"

#include "base/hash.h"

#define KEY STR("the key of the tokens")
#define ROOM (64u << 20)

struct door {
	struct rig rig;
	int port;
	char token[HASH_TOKEN_LEN + 1];
};

/* A port that is free now. */
static int free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(bind(fd, (struct sockaddr *)&a, sizeof(a)) == 0 && getsockname(fd, (struct sockaddr *)&a, &len) == 0);
	close(fd);
	return ntohs(a.sin_port);
}

static void door_start(struct door *d)
{
	AUTO(strbuf) struct strbuf token = STRBUF_INIT(HASH_TOKEN_LEN), listen = STRBUF_INIT(100);
	d->port = free_port();
	strbuf_addf(&listen, "127.0.0.1:%d", d->port);
	hash_token(&token, KEY);
	memcpy(d->token, strbuf_cstr(&token), sizeof(d->token));
	rig_start_with(&d->rig, ROOM, strbuf_str(&listen), KEY);
}

static int dial(const struct door *d)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)d->port) };
	struct timeval patience = { .tv_sec = WAIT_MS / 1000 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK_INT(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	CHECK_INT(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* Sends `text`, in which every * is the token. */
static void tell(const struct door *d, int fd, const char *text)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(64 << 10);
	for (const char *p = text; *p != '\0'; p++)
		if (*p == '*')
			strbuf_adds(&b, d->token);
		else
			strbuf_addc(&b, *p);
	put_text(fd, strbuf_cstr(&b));
}

/* Reads on until `part` has come. */
static void hear(int fd, const char *part)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(64 << 10);
	char buf[1024];
	ssize_t n = 1;
	while (str_find(strbuf_str(&b), str_c(part)) == STR_NPOS && n > 0)
		if ((n = recv(fd, buf, sizeof(buf), 0)) > 0)
			strbuf_add(&b, str_n(buf, (size_t)n));
	CHECK(says(strbuf_str(&b), part));
}

static void reply(struct door *d, const struct message *to, int status, const char *text)
{
	struct message *m = message_text(MESSAGE_REPLY, str_c(text));
	m->request_id = to->request_id;
	m->status = status;
	m->content_type = STR("text/plain");
	send_io(&d->rig, m);
}

TEST(what_bears_a_token_reaches_the_engine)
{
	struct door d;
	door_start(&d);
	int fd = dial(&d);
	tell(&d, fd, "GET /some/where/*?hub.mode=subscribe HTTP/1.1\r\nHost: x\r\n\r\n");
	struct message *m = wait_message(&d.rig, MESSAGE_CALLBACK);
	CHECK_STR(m->command->path, d.token);
	CHECK_STR(m->command->method, "GET");
	CHECK_STR(m->command->query, "hub.mode=subscribe");
	CHECK(!str_present(m->command->signature));
	reply(&d, m, 200, "challenge");
	hear(fd, "X-Content-Type-Options: nosniff\r\n\r\nchallenge");
	message_free(m);
	/* the same connection goes on */
	tell(&d, fd, "POST /* HTTP/1.1\r\nContent-Type: text/xml\r\nX-Hub-Signature: sha1=00\r\nContent-Length: 3\r\n\r\nabc");
	m = wait_message(&d.rig, MESSAGE_CALLBACK);
	CHECK_STR(m->command->body, "abc");
	CHECK_STR(m->command->content_type, "text/xml");
	CHECK_STR(m->command->signature, "sha1=00");
	reply(&d, m, 410, "");
	hear(fd, "HTTP/1.1 410 Gone\r\n");
	message_free(m);
	close(fd);
	rig_stop(&d.rig);
}

TEST(nobody_else_is_heard)
{
	static const char *const requests[] = { "GET / HTTP/1.1\r\n\r\n", "GET /v1/status HTTP/1.1\r\n\r\n",
		"GET /v1/events HTTP/1.1\r\n\r\n", "POST /*0 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
		"GET /*/ HTTP/1.1\r\n\r\n", "GET /000000000000000000000000000000000000000000000000 HTTP/1.1\r\n\r\n" };
	struct door d;
	door_start(&d);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		int fd = dial(&d);
		tell(&d, fd, requests[i]);
		hear(fd, "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n");
		close(fd);
	}
	CHECK_INT(mailbox_bytes(d.rig.to_engine), 0);
	rig_stop(&d.rig);
}

TEST(bodies_that_come_in_have_a_bound_in_all)
{
	enum { FIT = IO_CALLBACK_BODIES_MAX / IO_CALLBACK_BODY_MAX };
	static const char head[] = "POST /* HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 8388608\r\n\r\n";
	struct door d;
	int fds[FIT];
	door_start(&d);
	for (int i = 0; i < FIT; i++) {
		fds[i] = dial(&d);
		tell(&d, fds[i], head);
		hear(fds[i], "100 Continue");
	}
	int more = dial(&d);
	tell(&d, more, head);
	hear(more, "HTTP/1.1 503 ");
	close(more);
	close(fds[0]); /* who goes makes room */
	for (int tries = 0, room = 0; !room; tries++) {
		char buf[64] = "";
		CHECK(tries < WAIT_MS);
		more = dial(&d);
		tell(&d, more, head);
		room = recv(more, buf, sizeof(buf) - 1, 0) > 0 && strncmp(buf, "HTTP/1.1 100", 12) == 0;
		close(more);
		usleep(1000);
	}
	for (int i = 1; i < FIT; i++)
		close(fds[i]);
	rig_stop(&d.rig);
}
