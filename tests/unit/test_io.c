/* SPDX-License-Identifier: ISC */
/* The io thread against servers of this file on the loopback: transfers, the guard, mails, files, the API. */
#include "lib/io_rig.h"

/* A gzip member of `n` times 258 letters: one literal, then matches of distance 1, fixed Huffman codes (RFC 1951). */
static size_t make_bomb(unsigned char *out, size_t n)
{
	static const unsigned char head[10] = { 0x1f, 0x8b, 8, [9] = 3 };
	memcpy(out, head, sizeof(head));
	size_t bit = sizeof(head) * 8;
	const char *start = "110" "10010001"; /* final block, fixed codes; 'a' */
	for (const char *p = start; *p; p++, bit++)
		out[bit / 8] |= (unsigned char)((*p == '1') << (bit % 8));
	for (size_t i = 0; i < n; i++)
		for (const char *p = "1100010100000"; *p; p++, bit++)
			out[bit / 8] |= (unsigned char)((*p == '1') << (bit % 8));
	return (bit + 7 + 7) / 8 + 8;
}

static void serve_bomb(int fd)
{
	size_t cap = 200000, n = 100000;
	unsigned char *bomb = calloc(1, cap);
	size_t len = make_bomb(bomb, n);
	put_text(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n");
	(void)!send(fd, bomb, len, MSG_NOSIGNAL);
	free(bomb);
}

static void drip(int fd)
{
	put_text(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
	while (send(fd, "x", 1, MSG_NOSIGNAL) == 1)
		usleep(20000);
}

static void flood(int fd, const char *head, const char *piece)
{
	put_text(fd, head);
	while (send(fd, piece, strlen(piece), MSG_NOSIGNAL) > 0)
		;
}

static void redirect(int fd, int status, const char *to)
{
	char text[512];
	snprintf(text, sizeof(text), "HTTP/1.1 %d Moved\r\nLocation: %s\r\nContent-Length: 4\r\n\r\nmove", status, to);
	put_text(fd, text);
}

/* False: the connection ends. */
static bool answer(struct server *s, int fd, const char *path)
{
	char text[256];
	if (strcmp(path, "/ok") == 0) {
		put_text(fd, "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nX-Odd:  two  words \r\nContent-Length: 5\r\n\r\nhello");
	} else if (strcmp(path, "/304") == 0) {
		put_text(fd, "HTTP/1.1 304 Not Modified\r\nETag: \"v1\"\r\n\r\n");
	} else if (strcmp(path, "/moved") == 0) {
		redirect(fd, 301, "/moved2");
	} else if (strcmp(path, "/moved2") == 0) {
		redirect(fd, 308, "/found");
	} else if (strcmp(path, "/found") == 0) {
		redirect(fd, 302, "/ok");
	} else if (strcmp(path, "/loop") == 0) {
		redirect(fd, 302, "/loop");
	} else if (strcmp(path, "/tofile") == 0) {
		redirect(fd, 302, "file:///etc/passwd");
	} else if (strcmp(path, "/touser") == 0) {
		redirect(fd, 302, "http://u:p@127.0.0.1/ok");
	} else if (strcmp(path, "/elsewhere") == 0) {
		snprintf(text, sizeof(text), "http://127.0.0.2:%d/ok", s->port);
		redirect(fd, 302, text);
	} else if (strcmp(path, "/big") == 0) {
		flood(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", "0123456789012345678901234567890123456789");
	} else if (strcmp(path, "/headers") == 0) {
		flood(fd, "HTTP/1.1 200 OK\r\n", "X-Long: 0123456789012345678901234567890123456789\r\n");
	} else if (strcmp(path, "/twice") == 0) {
		put_text(fd, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\nContent-Length: 1\r\n\r\nx");
	} else if (strcmp(path, "/cut") == 0) {
		put_text(fd, "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf");
		return false;
	} else if (strcmp(path, "/bomb") == 0) {
		serve_bomb(fd);
		return false;
	} else if (strcmp(path, "/drip") == 0) {
		drip(fd);
		return false;
	} else if (strcmp(path, "/hang") == 0) {
		(void)!recv(fd, text, 1, 0); /* until the client has had enough */
		return false;
	} else {
		put_text(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
	}
	return true;
}

static void serve_http(struct server *s, int fd)
{
	char head[4096], path[256], *end;
	size_t len = 0;
	for (;;) {
		ssize_t n = recv(fd, head + len, sizeof(head) - 1 - len, 0);
		if (n <= 0)
			return;
		len += (size_t)n;
		head[len] = '\0';
		if ((end = strstr(head, "\r\n\r\n")) == NULL)
			continue;
		pthread_mutex_lock(&s->lock);
		memcpy(s->last_head, head, len + 1);
		pthread_mutex_unlock(&s->lock);
		atomic_fetch_add(&s->requests, 1);
		if (sscanf(head, "%*s %255s", path) != 1 || !answer(s, fd, path))
			return;
		len = 0; /* bodies of requests are smaller than what is read with the head */
	}
}

static void serve_smtp(struct server *s, int fd)
{
	char line[1024];
	FILE *f = fdopen(dup(fd), "r");
	bool in_data = false;
	put_text(fd, "220 test ESMTP\r\n");
	while (fgets(line, sizeof(line), f)) {
		if (in_data && strcmp(line, ".\r\n") != 0)
			continue;
		if (in_data) {
			for (int i = 0; i < WAIT_MS && !atomic_load(&s->mail_may_end); i++)
				usleep(1000);
			in_data = false;
			put_text(fd, "250 taken\r\n");
		} else if (strncmp(line, "DATA", 4) == 0) {
			in_data = true;
			put_text(fd, "354 go on\r\n");
		} else if (strncmp(line, "RCPT TO:<nobody", 15) == 0) {
			put_text(fd, "550 5.1.1 no such user\r\n");
		} else if (strncmp(line, "QUIT", 4) == 0) {
			put_text(fd, "221 bye\r\n");
			break;
		} else {
			put_text(fd, "250 fine\r\n");
		}
	}
	atomic_fetch_add(&s->requests, 1);
	fclose(f);
}

static struct reply *fetch(struct rig *rig, struct server *s, const char *path)
{
	start(rig, get_from("127.0.0.1", s->port, path));
	return wait_reply(rig);
}

/* --- transfers ---------------------------------------------------------------------------------------------------- */

TEST(answers)
{
	struct server s;
	struct rig rig;
	setenv("http_proxy", "http://127.0.0.1:1", 1); /* the environment is never asked */
	server_start(&s, serve_http);
	rig_start(&rig, 64u << 20);
	struct transfer *t = get_from("127.0.0.1", s.port, "/ok");
	transfer_header(t, "X-Key", STR("k\r\nX-Evil: 1"));
	t->bearer = STR("token");
	start(&rig, t);
	struct reply *r = wait_reply(&rig);
	CHECK_INT(r->outcome, REPLY_OK);
	CHECK_INT(r->status, 200);
	CHECK_STR(strbuf_str(&r->body), "hello");
	CHECK_STR(reply_header(r, "etag"), "\"v1\"");
	CHECK_STR(reply_header(r, "x-odd"), "two  words");
	CHECK(!str_present(r->error) && !str_present(r->moved_to));
	CHECK_INT(r->bytes_wire, 5);
	CHECK(r->elapsed_us > 0);
	CHECK(says(r->final_url, "/ok"));
	CHECK(says(str_c(last_head(&s)), "User-Agent: test/1 (+mailto:test@example.org)\r\n"));
	CHECK(says(str_c(last_head(&s)), "X-Key: kX-Evil: 1\r\n"));
	CHECK(says(str_c(last_head(&s)), "Authorization: Bearer token\r\n"));
	CHECK(says(str_c(last_head(&s)), "Accept-Encoding: "));
	reply_free(r);
	r = fetch(&rig, &s, "/304");
	CHECK_INT(r->status, 304);
	CHECK_INT(r->body.len, 0);
	reply_free(r);
	CHECK_INT(atomic_load(&s.connections), 1);
	rig_stop(&rig);
	server_stop(&s);
	unsetenv("http_proxy");
}

TEST(posts_a_body_and_follows_nothing)
{
	struct server s;
	struct rig rig;
	server_start(&s, serve_http);
	rig_start(&rig, 64u << 20);
	struct transfer *t = get_from("127.0.0.1", s.port, "/moved");
	t->has_body = true;
	t->body = STR("{\"a\":1}");
	transfer_header(t, "Content-Type", STR("application/json"));
	start(&rig, t);
	struct reply *r = wait_reply(&rig);
	CHECK_INT(r->outcome, REPLY_OK);
	CHECK_INT(r->status, 301);
	CHECK(says(str_c(last_head(&s)), "POST /moved "));
	CHECK(says(str_c(last_head(&s)), "Content-Length: 7\r\n"));
	reply_free(r);
	rig_stop(&rig);
	server_stop(&s);
}

TEST(redirects)
{
	struct server s;
	struct rig rig;
	server_start(&s, serve_http);
	rig_start(&rig, 64u << 20);
	struct reply *r = fetch(&rig, &s, "/moved");
	CHECK_INT(r->outcome, REPLY_OK);
	CHECK_STR(strbuf_str(&r->body), "hello");
	CHECK(says(r->final_url, "/ok"));
	CHECK(str_ends(r->moved_to, STR("/found")));
	reply_free(r);
	r = fetch(&rig, &s, "/found");
	CHECK_INT(r->status, 200);
	CHECK(!str_present(r->moved_to));
	reply_free(r);
	check_end(fetch(&rig, &s, "/loop"), REPLY_REFUSED, "more than 5");
	check_end(fetch(&rig, &s, "/tofile"), REPLY_REFUSED, "redirect refused: scheme file");
	check_end(fetch(&rig, &s, "/touser"), REPLY_REFUSED, "user name");
	check_end(fetch(&rig, &s, "/elsewhere"), REPLY_REFUSED, "address 127.0.0.2 is not allowed");
	rig_stop(&rig);
	server_stop(&s);
}

TEST(credentials_stay_with_their_host)
{
	struct server s;
	struct rig rig;
	server_start(&s, serve_http);
	rig_start(&rig, 64u << 20);
	struct transfer *t = get_from("127.0.0.1", s.port, "/elsewhere");
	t->allow_all_networks = true;
	t->bearer = STR("token");
	transfer_header(t, "X-Api-Key", STR("key"));
	transfer_header(t, "Accept", STR("application/rss+xml"));
	start(&rig, t);
	struct reply *r = wait_reply(&rig);
	CHECK_INT(r->outcome, REPLY_OK);
	CHECK(says(str_c(last_head(&s)), "Host: 127.0.0.2"));
	CHECK(says(str_c(last_head(&s)), "Accept: application/rss+xml"));
	CHECK(strstr(last_head(&s), "token") == NULL);
	CHECK(strstr(last_head(&s), "X-Api-Key") == NULL);
	reply_free(r);
	rig_stop(&rig);
	server_stop(&s);
}

TEST(private_addresses_are_refused)
{
	static const char *const hosts[] = { "127.0.0.1", "2130706433", "0x7f.1",  "0177.0.0.1",	 "localhost", "[::1]",
					     "0",	  "127.1",	"[::ffff:127.0.0.1]" };
	struct server s;
	struct rig rig;
	server_start(&s, serve_http);
	rig_start(&rig, 64u << 20);
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct transfer *t = get_from(hosts[i], s.port, "/ok");
		vec_clear(&t->allow);
		start(&rig, t);
		check_end(wait_reply(&rig), REPLY_REFUSED, "is not allowed");
	}
	CHECK_INT(atomic_load(&s.connections), 0);
	rig_stop(&rig);
	server_stop(&s);
}

TEST(private_addresses_are_refused_on_a_kept_connection)
{
	struct server s;
	struct rig rig;
	server_start(&s, serve_http);
	rig_start(&rig, 64u << 20);
	reply_free(fetch(&rig, &s, "/ok"));
	struct transfer *t = get_from("127.0.0.1", s.port, "/ok");
	vec_clear(&t->allow);
	start(&rig, t);
	check_end(wait_reply(&rig), REPLY_REFUSED, "address 127.0.0.1 is not allowed");
	CHECK_INT(atomic_load(&s.requests), 1);
	rig_stop(&rig);
	server_stop(&s);
}

TEST(hostile_bodies)
{
	struct server s;
	struct rig rig;
	server_start(&s, serve_http);
	rig_start(&rig, 64u << 20);
	check_end(fetch(&rig, &s, "/big"), REPLY_TOO_BIG, "larger than 16777216 bytes");
	check_end(fetch(&rig, &s, "/bomb"), REPLY_TOO_BIG, "larger than 16777216 bytes");
	check_end(fetch(&rig, &s, "/headers"), REPLY_FAILED, "64 KiB of headers");
	check_end(fetch(&rig, &s, "/twice"), REPLY_FAILED, "content coding");
	check_end(fetch(&rig, &s, "/cut"), REPLY_FAILED, "bytes remaining to read");
	struct transfer *t = get_from("127.0.0.1", s.port, "/ok");
	t->body_max = 4;
	start(&rig, t);
	check_end(wait_reply(&rig), REPLY_TOO_BIG, "larger than 4 bytes");
	t = get_from("127.0.0.1", s.port, "/bomb");
	t->body_max = 64 << 20;
	start(&rig, t);
	struct reply *r = wait_reply(&rig); /* whole, and then its checksum is wrong */
	CHECK_INT(r->outcome, REPLY_FAILED);
	reply_free(r);
	rig_stop(&rig);
	server_stop(&s);
}

TEST(deadline_and_cancel)
{
	struct server s;
	struct rig rig;
	server_start(&s, serve_http);
	rig_start(&rig, 64u << 20);
	struct transfer *t = get_from("127.0.0.1", s.port, "/drip");
	t->total_ms = 150;
	start(&rig, t);
	check_end(wait_reply(&rig), REPLY_FAILED, "timeout: no whole answer within 150ms");
	uint64_t hung = start(&rig, get_from("127.0.0.1", s.port, "/hang"));
	struct message *cancel = message_new(MESSAGE_CANCEL);
	cancel->transfer_id = 999; /* unknown: nothing happens */
	send_io(&rig, cancel);
	cancel = message_new(MESSAGE_CANCEL);
	cancel->transfer_id = hung;
	send_io(&rig, cancel);
	struct reply *r = wait_reply(&rig);
	CHECK_INT(r->transfer_id, hung);
	check_end(r, REPLY_CANCELLED, "cancelled");
	start(&rig, get_from("127.0.0.1", s.port, "/hang")); /* ends with the loop */
	reply_free(fetch(&rig, &s, "/ok"));
	rig_stop(&rig);
	server_stop(&s);
}

TEST(every_start_has_one_done)
{
	struct server s;
	struct rig rig;
	bool seen[201] = { false };
	server_start(&s, serve_http);
	rig_start(&rig, 64u << 20);
	for (int i = 0; i < 200; i++) /* more than may run at once: the rest is refused, not lost */
		start(&rig, get_from("127.0.0.1", s.port, i % 2 ? "/ok" : "/moved"));
	for (int i = 0; i < 200; i++) {
		struct reply *r = wait_reply(&rig);
		CHECK(r->transfer_id >= 1 && r->transfer_id <= 200 && !seen[r->transfer_id]);
		seen[r->transfer_id] = true;
		CHECK(r->outcome == REPLY_OK || says(r->error, "too many transfers"));
		reply_free(r);
	}
	rig_stop(&rig);
	server_stop(&s);
}

TEST(unreachable)
{
	struct server s;
	struct rig rig;
	server_start(&s, serve_http);
	int port = s.port;
	server_stop(&s);
	rig_start(&rig, 64u << 20);
	start(&rig, get_from("127.0.0.1", port, "/"));
	check_end(wait_reply(&rig), REPLY_FAILED, "Failed to connect to 127.0.0.1");
	start(&rig, get_from("host.invalid", port, "/"));
	check_end(wait_reply(&rig), REPLY_FAILED, "DNS: ");
	struct transfer *t = get_from("127.0.0.1", port, "/");
	t->url = STR("ftp://127.0.0.1/");
	start(&rig, t);
	check_end(wait_reply(&rig), REPLY_REFUSED, "scheme ftp:// is not allowed");
	t = get_from("127.0.0.1", port, "/");
	t->url = STR("http://[::1");
	start(&rig, t);
	check_end(wait_reply(&rig), REPLY_REFUSED, "not a valid URL");
	rig_stop(&rig);
}

static struct reply *fetch_file(struct rig *rig, const char *path)
{
	struct transfer *t = transfer_new(TRANSFER_FILE);
	t->url = arena_fmt(t->arena, "file://%s", path);
	t->body_max = 10;
	start(rig, t);
	return wait_reply(rig);
}

TEST(files)
{
	struct rig rig;
	char path[128], fifo[128];
	rig_start(&rig, 64u << 20);
	snprintf(path, sizeof(path), "%s/a b", rig.folder);
	snprintf(fifo, sizeof(fifo), "%s/fifo", rig.folder);
	FILE *f = fopen(path, "w");
	fputs("0123456789", f);
	fclose(f);
	CHECK_INT(mkfifo(fifo, 0600), 0);
	char url[160];
	snprintf(url, sizeof(url), "%s/a%%20b", rig.folder);
	struct reply *r = fetch_file(&rig, url);
	CHECK_INT(r->outcome, REPLY_OK);
	CHECK_INT(r->status, 200);
	CHECK_STR(strbuf_str(&r->body), "0123456789");
	reply_free(r);
	f = fopen(path, "a");
	fputs("0", f);
	fclose(f);
	check_end(fetch_file(&rig, url), REPLY_TOO_BIG, "larger than 10 bytes");
	check_end(fetch_file(&rig, fifo), REPLY_FAILED, "not a regular file");
	check_end(fetch_file(&rig, "/dev/zero"), REPLY_FAILED, "not a regular file");
	check_end(fetch_file(&rig, "/no/such/file"), REPLY_FAILED, "No such file");
	check_end(fetch_file(&rig, "example.org/etc/passwd"), REPLY_REFUSED, "not a file:// URL");
	unlink(path);
	unlink(fifo);
	rig_stop(&rig);
}

static struct transfer *mail_to(int port, const char *address)
{
	struct transfer *t = transfer_new(TRANSFER_SMTP);
	t->allow_all_networks = true;
	t->url = arena_fmt(t->arena, "smtp://127.0.0.1:%d", port);
	t->mail_from = STR("monitord@example.org");
	vec_push(&t->mail_to, str_c(address));
	t->has_body = true;
	t->body = STR("Subject: hello\r\n\r\ntext\r\n");
	return t;
}

TEST(mails_do_not_stop_the_loop)
{
	struct server http, smtp;
	struct rig rig;
	server_start(&http, serve_http);
	server_start(&smtp, serve_smtp);
	rig_start(&rig, 64u << 20);
	uint64_t mail = start(&rig, mail_to(smtp.port, "reader@example.org"));
	struct reply *r = fetch(&rig, &http, "/ok"); /* while the mail's server thinks */
	CHECK(r->transfer_id != mail);
	reply_free(r);
	atomic_store(&smtp.mail_may_end, true);
	r = wait_reply(&rig);
	CHECK_INT(r->transfer_id, mail);
	CHECK_INT(r->outcome, REPLY_OK);
	CHECK_INT(r->status, 250);
	reply_free(r);
	start(&rig, mail_to(smtp.port, "nobody@example.org"));
	r = wait_reply(&rig);
	CHECK_INT(r->outcome, REPLY_OK);
	CHECK_INT(r->status, 550);
	CHECK_STR(strbuf_str(&r->body), "550 5.1.1 no such user");
	reply_free(r);
	start(&rig, mail_to(smtp.port, "ok@x>\r\nRCPT TO:<evil@y"));
	check_end(wait_reply(&rig), REPLY_REFUSED, "recipient's mail address");
	struct transfer *t = mail_to(smtp.port, "reader@example.org");
	t->tls_required = true;
	start(&rig, t);
	check_end(wait_reply(&rig), REPLY_FAILED, "TLS: ");
	rig_stop(&rig);
	server_stop(&http);
	server_stop(&smtp);
}

TEST(a_hanging_mail_is_cancelled)
{
	struct server smtp;
	struct rig rig;
	server_start(&smtp, serve_smtp);
	rig_start(&rig, 64u << 20);
	uint64_t mail = start(&rig, mail_to(smtp.port, "reader@example.org"));
	struct message *cancel = message_new(MESSAGE_CANCEL);
	cancel->transfer_id = mail;
	send_io(&rig, cancel);
	check_end(wait_reply(&rig), REPLY_CANCELLED, "cancelled");
	atomic_store(&smtp.mail_may_end, true);
	rig_stop(&rig);
	server_stop(&smtp);
}

/* --- the API ------------------------------------------------------------------------------------------------------ */

struct call {
	const char *socket, *method, *path;
	struct str body;
	int result, status;
	struct strbuf reply;
	struct err e;
	pthread_t thread;
};

static void *call_main(void *arg)
{
	struct call *c = arg;
	c->result = client_exchange(c->socket, c->method, c->path, c->body, WAIT_MS, &c->status, &c->reply, &c->e);
	return NULL;
}

static void call_start(struct call *c, struct rig *rig, const char *method, const char *path, struct str body)
{
	*c = (struct call){ .socket = rig->socket, .method = method, .path = path, .body = body,
			    .reply = STRBUF_INIT(CLIENT_REPLY_MAX) };
	if (pthread_create(&c->thread, NULL, call_main, c) != 0)
		abort();
}

static void call_end(struct call *c, int status, const char *part)
{
	pthread_join(c->thread, NULL);
	CHECK_OK(c->result, &c->e);
	CHECK_INT(c->status, status);
	CHECK(says(strbuf_str(&c->reply), part));
	strbuf_release(&c->reply);
}

static void reply_to(struct rig *rig, uint64_t request_id, int status, const char *text)
{
	struct message *m = message_text(MESSAGE_REPLY, str_c(text));
	m->request_id = request_id;
	m->status = status;
	m->content_type = STR("application/json");
	send_io(rig, m);
}

TEST(api_round_trip)
{
	struct rig rig;
	struct call a, b;
	rig_start(&rig, 64u << 20);
	struct stat st;
	CHECK_INT(stat(rig.socket, &st), 0);
	CHECK_INT(st.st_mode & 07777, 0660);
	call_start(&a, &rig, "POST", "/v1/watches?x=1&y=%20", STR("{\"query\":\"a\"}"));
	struct message *first = wait_message(&rig, MESSAGE_COMMAND);
	CHECK_STR(first->command->method, "POST");
	CHECK_STR(first->command->path, "/v1/watches");
	CHECK_STR(first->command->query, "x=1&y=%20");
	CHECK_STR(first->command->body, "{\"query\":\"a\"}");
	call_start(&b, &rig, "GET", "/v1/status", STR_NULL);
	struct message *second = wait_message(&rig, MESSAGE_COMMAND);
	CHECK(first->request_id != second->request_id);
	reply_to(&rig, second->request_id, 200, "{\"b\":1}"); /* in any order */
	reply_to(&rig, first->request_id, 201, "{\"a\":1}");
	reply_to(&rig, 12345, 200, "nobody waits for this");
	call_end(&b, 200, "{\"b\":1}");
	call_end(&a, 201, "{\"a\":1}");
	message_free(first);
	message_free(second);
	rig_stop(&rig);
}

TEST(api_limits)
{
	struct rig rig;
	struct call c;
	rig_start(&rig, 64u << 20);
	char *big = mem_alloc(IO_API_BODY_MAX + 1);
	memset(big, 'x', IO_API_BODY_MAX + 1);
	call_start(&c, &rig, "POST", "/v1/watches", str_n(big, IO_API_BODY_MAX + 1));
	call_end(&c, 413, "\"status\":413");
	call_start(&c, &rig, "POST", "/v1/watches", str_n(big, IO_API_BODY_MAX));
	struct message *m = wait_message(&rig, MESSAGE_COMMAND);
	CHECK_INT(m->command->body.len, IO_API_BODY_MAX);
	reply_to(&rig, m->request_id, 200, "{}");
	call_end(&c, 200, "{}");
	message_free(m);
	mem_free(big);
	call_start(&c, &rig, "DELETE", "/v1/events", STR_NULL);
	call_end(&c, 405, "\"status\":405");
	call_start(&c, &rig, "BR{W", "/", STR_NULL);
	call_end(&c, 400, "\"type\":\"about:blank\"");
	rig_stop(&rig);
}

static int connect_raw(const struct rig *rig)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	strcpy(a.sun_path, rig->socket);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		abort();
	return fd;
}

static void check_raw(const struct rig *rig, const char *request, size_t len, const char *want)
{
	char got[2048];
	size_t n = 0;
	int fd = connect_raw(rig);
	CHECK_INT(send(fd, request, len, MSG_NOSIGNAL), len);
	for (ssize_t m; n < sizeof(got) && (m = recv(fd, got + n, sizeof(got) - n, 0)) > 0;)
		n += (size_t)m;
	CHECK(says(str_n(got, n), want));
	close(fd);
}
#define CHECK_RAW(request, want) check_raw(&rig, request, sizeof(request) - 1, want)

TEST(api_nonsense)
{
	struct rig rig;
	rig_start(&rig, 64u << 20);
	CHECK_RAW("\r\n\r\n", "HTTP/1.1 400 ");
	CHECK_RAW("GET\r\n\r\n", "HTTP/1.1 400 ");
	CHECK_RAW("GET /a\0b HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ");
	CHECK_RAW("GET a HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ");
	CHECK_RAW("GET / HTTP/9.9\r\n\r\n", "HTTP/1.1 400 ");
	CHECK_RAW("GET / HTTP/1.1\r\nno colon\r\n\r\n", "HTTP/1.1 400 ");
	CHECK_RAW("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400 ");
	CHECK_RAW("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 400 ");
	CHECK_RAW("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 411 ");
	CHECK_RAW("POST / HTTP/1.1\r\nContent-Length: 99999999999999\r\n\r\n", "application/problem+json");
	char *flood = mem_alloc(20000);
	memset(flood, 'a', 20000);
	check_raw(&rig, flood, 20000, "HTTP/1.1 431 ");
	mem_free(flood);
	int half = connect_raw(&rig); /* a client that goes away in the middle, and one that goes before its answer */
	CHECK_INT(send(half, "GET / HT", 8, 0), 8);
	close(half);
	half = connect_raw(&rig);
	CHECK_INT(send(half, "GET /v1/x HTTP/1.1\r\n\r\n", 22, 0), 22);
	struct message *m = wait_message(&rig, MESSAGE_COMMAND);
	close(half);
	reply_to(&rig, m->request_id, 200, "{}");
	message_free(m);
	CHECK_RAW("GET\r\n\r\n", "HTTP/1.1 400 ");
	rig_stop(&rig);
}

TEST(api_pipelines)
{
	struct rig rig;
	rig_start(&rig, 64u << 20);
	int fd = connect_raw(&rig);
	static const char two[] = "POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}GET /b HTTP/1.1\r\nConnection: close\r\n\r\n";
	CHECK_INT(send(fd, two, sizeof(two) - 1, 0), sizeof(two) - 1);
	shutdown(fd, SHUT_WR); /* has asked all, and still listens */
	struct message *m = wait_message(&rig, MESSAGE_COMMAND);
	CHECK_STR(m->command->path, "/a");
	reply_to(&rig, m->request_id, 200, "first");
	message_free(m);
	m = wait_message(&rig, MESSAGE_COMMAND);
	CHECK_STR(m->command->path, "/b");
	CHECK_STR(m->command->body, "");
	reply_to(&rig, m->request_id, 204, "");
	message_free(m);
	char got[2048];
	size_t n = 0;
	for (ssize_t k; n < sizeof(got) && (k = recv(fd, got + n, sizeof(got) - n, 0)) > 0;)
		n += (size_t)k;
	CHECK(says(str_n(got, n), "\r\n\r\nfirstHTTP/1.1 204 No Content\r\n"));
	close(fd);
	rig_stop(&rig);
}

TEST(api_counts_its_clients)
{
	struct rig rig;
	int fds[IO_API_CLIENTS_MAX];
	rig_start(&rig, 64u << 20);
	for (size_t i = 0; i < IO_API_CLIENTS_MAX; i++) {
		fds[i] = connect_raw(&rig);
		CHECK_INT(send(fds[i], "GET /v1/events HTTP/1.1\r\n\r\n", 27, 0), 27);
		char byte;
		CHECK_INT(recv(fds[i], &byte, 1, 0), 1);
	}
	CHECK_RAW("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 503 ");
	for (size_t i = 0; i < IO_API_CLIENTS_MAX; i++)
		close(fds[i]);
	struct call c;
	call_start(&c, &rig, "GET", "/v1/status", STR_NULL);
	struct message *m = (struct message *)mailbox_wait(rig.to_engine, WAIT_MS);
	CHECK(m != NULL);
	reply_to(&rig, m->request_id, 200, "{}");
	message_free(m);
	call_end(&c, 200, "{}");
	rig_stop(&rig);
}

TEST(api_says_busy)
{
	struct rig rig;
	struct call c;
	rig_start(&rig, 64u << 20);
	struct message *filler = message_new(MESSAGE_COMMAND); /* an engine that does not keep up */
	filler->mail.bytes = 64u << 20;
	CHECK(mailbox_put(rig.to_engine, &filler->mail, false));
	call_start(&c, &rig, "GET", "/v1/status", STR_NULL);
	call_end(&c, 503, "\"status\":503");
	rig_stop(&rig);
}

struct source {
	struct rig *rig;
	_Atomic bool stop;
};
struct seen {
	int n;
	char names[64];
};

static bool on_event(void *ctx, struct str name, struct str data)
{
	struct seen *seen = ctx;
	seen->n++;
	strncat(seen->names, name.p, name.len);
	CHECK(says(data, "{\"n\":"));
	return seen->n < 2;
}

static void *event_source(void *arg)
{
	struct source *source = arg;
	static const char *const names[] = { "post", "match", "alert" };
	/* A subscriber may come late: events are repeated until all have seen theirs. */
	for (int i = 0; i < WAIT_MS && !atomic_load(&source->stop); i++) {
		struct message *m = message_text(MESSAGE_EVENT, STR("{\"n\":1}"));
		m->content_type = str_c(names[i % 3]);
		send_io(source->rig, m);
		usleep(1000);
	}
	return NULL;
}

TEST(events)
{
	struct rig rig;
	struct err e = { 0 };
	rig_start(&rig, 64u << 20);
	pthread_t thread;
	struct source source = { .rig = &rig };
	if (pthread_create(&thread, NULL, event_source, &source) != 0)
		abort();
	struct seen some = { 0 }, all = { 0 };
	CHECK_OK(client_events(rig.socket, "/v1/events?kind=none%2Cmatch", on_event, &some, &e), &e);
	CHECK_STR(str_c(some.names), "matchmatch");
	CHECK_OK(client_events(rig.socket, "/v1/events", on_event, &all, &e), &e);
	CHECK_INT(all.n, 2);
	CHECK(strcmp(all.names, "matchmatch") != 0);
	CHECK(client_events(rig.socket, "/v1/events?kind=%zz", on_event, &all, &e) != 0);
	CHECK_INT(e.kind, ERR_INPUT);
	atomic_store(&source.stop, true);
	pthread_join(thread, NULL);
	rig_stop(&rig);
}

TEST(event_subscribers_that_lag_are_cut_off)
{
	struct rig rig;
	rig_start(&rig, 64u << 20);
	int fd = connect_raw(&rig);
	CHECK_INT(send(fd, "GET /v1/events HTTP/1.1\r\n\r\n", 27, 0), 27);
	char byte, *big = mem_alloc(100000);
	CHECK_INT(recv(fd, &byte, 1, 0), 1);
	memset(big, 'x', 100000);
	for (int i = 0; i < 30; i++) {
		struct message *m = message_text(MESSAGE_EVENT, str_n(big, 100000));
		m->content_type = STR("post");
		send_io(&rig, m);
	}
	size_t total = 0;
	for (ssize_t n; (n = recv(fd, big, 100000, 0)) > 0;)
		total += (size_t)n;
	CHECK(total < 3000000); /* the end came before the events' */
	mem_free(big);
	close(fd);
	rig_stop(&rig);
}

TEST(client_says_what_to_do)
{
	struct err e = { 0 };
	struct strbuf body = STRBUF_INIT(100);
	int status = 0;
	CHECK_INT(client_exchange("/no/such/socket", "GET", "/", STR_NULL, 1000, &status, &body, &e), -1);
	CHECK_INT(e.kind, ERR_CONFIG);
	CHECK(says(str_c(e.message), "monitord is not running (nobody serves /no/such/socket)"));
	struct rig rig;
	rig_start(&rig, 64u << 20);
	e = (struct err){ 0 };
	CHECK_INT(client_exchange(rig.socket, "GET", "/v1/status", STR_NULL, 50, &status, &body, &e), -1);
	CHECK_INT(e.kind, ERR_RETRY);
	CHECK(says(str_c(e.message), "did not answer within 50ms"));
	strbuf_release(&body);
	rig_stop(&rig);
}

/* --- the loop ------------------------------------------------------------------------------------------------------ */

TEST(socket_files)
{
	struct rig rig;
	struct io *second = NULL;
	struct err e = { 0 };
	rig_start(&rig, 64u << 20);
	struct io_options options = { .socket_path = str_c(rig.socket), .listen_fd = -1,
				      .to_engine = rig.to_engine, .from_engine = rig.from_engine };
	CHECK_INT(io_new(&options, &second, &e), -1);
	CHECK(says(str_c(e.message), "another monitord serves"));
	rig_stop(&rig);

	/* A stale one: bound, and nobody listens any more. */
	char folder[] = "/tmp/test_io.XXXXXX", path[64];
	CHECK(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/s", folder);
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	strcpy(a.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK_INT(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
	options.socket_path = str_c(path);
	options.to_engine = mailbox_new(1000);
	options.from_engine = mailbox_new(1000);
	CHECK_OK(io_new(&options, &second, &e), &e);
	io_free(second);
	CHECK(access(path, F_OK) != 0);

	FILE *f = fopen(path, "w"); /* and a file that is no socket stays */
	fclose(f);
	CHECK_INT(io_new(&options, &second, &e), -1);
	CHECK(says(str_c(e.message), "is no socket"));
	CHECK_INT(unlink(path), 0);
	options.socket_group = STR("no-such-group-here");
	CHECK_INT(io_new(&options, &second, &e), -1);
	CHECK(says(str_c(e.message), "does not exist"));
	CHECK_INT(rmdir(folder), 0);
	mailbox_free(options.to_engine, free_mail);
	mailbox_free(options.from_engine, free_mail);
}

TEST(signals)
{
	struct rig rig;
	rig_start(&rig, 64u << 20);
	kill(getpid(), SIGHUP);
	message_free(wait_message(&rig, MESSAGE_RELOAD));
	kill(getpid(), SIGTERM);
	message_free(wait_message(&rig, MESSAGE_STOP));
	rig_stop(&rig);
}
