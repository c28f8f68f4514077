/* SPDX-License-Identifier: ISC */
/*
 * A full poll of 1,000 feeds of 28 KB on a local nginx, whole and as 304, through the io thread and
 * its mailboxes; beside a bare loop of curl_multi_perform and curl_multi_poll.  Fresh connections in
 * every round; rounds alternate; medians.  Writes JSON to argv[1].
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "io/io.h"

#define FEEDS 1000
#define FEED_BYTES 28000
#define AT_ONCE 32 /* transfers, on both sides */
#define ROUNDS 7
#define BODY_CAP (1 << 17)
#define ETAG_CAP 64

enum { COLD, UNCHANGED, N_POLLS };
static const char *const poll_names[N_POLLS] = { "cold poll", "304 poll" };

struct figures {
	double wall_ms[N_POLLS][ROUNDS], cpu_us[N_POLLS][ROUNDS]; /* CPU a feed */
};
struct nginx {
	pid_t pid;
	int port;
	char folder[64];
};

static struct nginx nginx;

static void die(const char *what)
{
	(void)fprintf(stderr, "bench_poll: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- nginx -------------------------------------------------------------------------------------------------------- */

static FILE *create(const char *folder, const char *name)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	if (!f)
		die(path);
	return f;
}

static void write_feeds(const char *folder)
{
	for (int i = 0; i < FEEDS; i++) {
		char name[32];
		(void)snprintf(name, sizeof(name), "feed-%d.xml", i);
		FILE *f = create(folder, name);
		int n = fprintf(f, "<rss version=\"2.0\"><channel><title>Feed %d</title>\n", i);
		for (int item = 0; n < FEED_BYTES - 200; item++)
			n += fprintf(f, "<item><title>Item %d of feed %d</title><guid>%d-%d</guid></item>\n", item, i, i,
				     item);
		(void)fprintf(f, "<!--%*s--></channel></rss>\n", FEED_BYTES - n - 24, "");
		(void)fclose(f);
	}
}

static int free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 || getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		die("port");
	close(fd);
	return ntohs(a.sin_port);
}

static void write_config(const struct nginx *s)
{
	FILE *f = create(s->folder, "nginx.conf");
	if (geteuid() == 0)
		(void)fprintf(f, "user root;\n"); /* the folder is ours alone */
	(void)fprintf(f,
		      "daemon off; worker_processes 1; pid %s/pid; error_log %s/error.log;\n"
		      "events { worker_connections 1024; }\n"
		      "http { access_log off; etag on; keepalive_requests 1000000; types { text/xml xml; }\n"
		      "client_body_temp_path %s/b; proxy_temp_path %s/p; fastcgi_temp_path %s/f; uwsgi_temp_path %s/u;\n"
		      "scgi_temp_path %s/s; server { listen 127.0.0.1:%d; root %s; } }\n",
		      s->folder, s->folder, s->folder, s->folder, s->folder, s->folder, s->folder, s->port, s->folder);
	(void)fclose(f);
}

static bool answers(int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool ok = connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0;
	close(fd);
	return ok;
}

/* At exit, so that a bench that gives up leaves nothing behind. */
static void nginx_stop(void)
{
	struct nginx *s = &nginx;
	kill(s->pid, SIGTERM);
	(void)waitpid(s->pid, NULL, 0);
	pid_t pid;
	char *argv[] = { (char[]){ "rm" }, (char[]){ "-rf" }, s->folder, NULL };
	if (posix_spawnp(&pid, "rm", NULL, NULL, argv, environ) == 0)
		(void)waitpid(pid, NULL, 0);
}

static void nginx_start(struct nginx *s)
{
	char conf[96], log[96];
	strcpy(s->folder, "/tmp/bench_poll.XXXXXX");
	if (!mkdtemp(s->folder))
		die("folder");
	s->port = free_port();
	write_feeds(s->folder);
	write_config(s);
	(void)snprintf(conf, sizeof(conf), "%s/nginx.conf", s->folder);
	(void)snprintf(log, sizeof(log), "%s/error.log", s->folder);
	char *argv[] = { (char[]){ "nginx" }, (char[]){ "-c" }, conf, (char[]){ "-e" }, log, NULL };
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	errno = posix_spawnp(&s->pid, "nginx", NULL, NULL, argv, environ);
	if (errno)
		die("nginx (Debian package nginx-light)");
	if (atexit(nginx_stop) != 0)
		die("atexit");
	for (int i = 0; i < 500 && !answers(s->port); i++)
		usleep(10000);
	if (!answers(s->port))
		die("nginx does not answer");
}

/* --- measuring ---------------------------------------------------------------------------------------------------- */

struct stamp {
	int64_t wall_us, cpu_us;
};

static struct stamp now(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (struct stamp){ clock_mono_us(), (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000LL +
							u.ru_utime.tv_usec + u.ru_stime.tv_usec };
}

static void note(struct figures *f, int poll, int round, struct stamp from)
{
	struct stamp to = now();
	f->wall_ms[poll][round] = (double)(to.wall_us - from.wall_us) / 1000;
	f->cpu_us[poll][round] = (double)(to.cpu_us - from.cpu_us) / FEEDS;
}

static void check(int poll, int status, size_t bytes)
{
	if (poll == COLD ? status == 200 && bytes == FEED_BYTES : status == 304 && bytes == 0)
		return;
	(void)fprintf(stderr, "bench_poll: %s: status %d, %zu bytes\n", poll_names[poll], status, bytes);
	exit(1);
}

/* --- ours --------------------------------------------------------------------------------------------------------- */

struct rig {
	struct mailbox *to_engine, *from_engine;
	struct io *io;
	pthread_t thread;
	char (*etags)[ETAG_CAP];
	int port;
};

static void *io_main(void *arg)
{
	(void)io_run(arg);
	return NULL;
}

static void put(struct rig *rig, struct message *m)
{
	if (!mailbox_put(rig->from_engine, &m->mail, true))
		die("mailbox");
}

static void start_feed(struct rig *rig, int i, int poll)
{
	struct message *m = message_new(MESSAGE_START);
	struct transfer *t = transfer_new(TRANSFER_HTTP);
	t->id = (uint64_t)i;
	t->url = arena_fmt(t->arena, "http://127.0.0.1:%d/feed-%d.xml", rig->port, i);
	t->follow = true;
	struct network loopback;
	if (!network_parse(STR("127.0.0.0/8"), &loopback))
		die("network");
	vec_push(&t->allow, loopback);
	if (poll == UNCHANGED)
		transfer_header(t, "If-None-Match", str_c(rig->etags[i]));
	m->transfer = t;
	put(rig, m);
}

static void take_feed(struct rig *rig, int poll)
{
	struct message *m = (struct message *)mailbox_wait(rig->to_engine, 30000);
	if (!m || m->kind != MESSAGE_DONE || m->reply->outcome != REPLY_OK)
		die(m && m->kind == MESSAGE_DONE ? m->reply->error.p : "no answer");
	check(poll, m->reply->status, m->reply->body.len);
	struct str etag = reply_header(m->reply, "etag");
	(void)snprintf(rig->etags[m->transfer_id], ETAG_CAP, "%.*s", STR_ARG(etag));
	message_free(m);
}

static void poll_by_io(struct rig *rig, int poll)
{
	int started = 0;
	while (started < AT_ONCE)
		start_feed(rig, started++, poll);
	for (int ended = 0; ended < FEEDS; ended++) {
		take_feed(rig, poll);
		if (started < FEEDS)
			start_feed(rig, started++, poll);
	}
}

static void free_mail(struct mail *m)
{
	message_free((struct message *)m);
}

static void round_of_io(const struct nginx *s, int round, struct figures *f)
{
	struct rig rig = { .to_engine = mailbox_new(256u << 20), .from_engine = mailbox_new(256u << 20), .port = s->port };
	struct err e = { 0 };
	char socket_path[96];
	(void)snprintf(socket_path, sizeof(socket_path), "%s/sock", s->folder);
	rig.etags = calloc(FEEDS, ETAG_CAP);
	struct io_options options = { .socket_path = str_c(socket_path), .listen_fd = -1, .user_agent = STR("bench/1"),
				      .to_engine = rig.to_engine, .from_engine = rig.from_engine };
	if (io_new(&options, &rig.io, &e) != 0)
		die(e.message);
	if (pthread_create(&rig.thread, NULL, io_main, rig.io) != 0)
		die("thread");
	for (int poll = 0; poll < N_POLLS; poll++) {
		struct stamp from = now();
		poll_by_io(&rig, poll);
		note(f, poll, round, from);
	}
	put(&rig, message_new(MESSAGE_STOPPED));
	pthread_join(rig.thread, NULL);
	io_free(rig.io);
	mailbox_free(rig.to_engine, free_mail);
	mailbox_free(rig.from_engine, free_mail);
	free(rig.etags);
}

/* --- the bare loop ------------------------------------------------------------------------------------------------ */

struct slot {
	CURL *easy;
	struct curl_slist *headers;
	int feed;
	size_t len;
	char body[BODY_CAP];
};

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct slot *slot = arg;
	if (slot->len + size * n > sizeof(slot->body))
		return 0;
	memcpy(slot->body + slot->len, p, size * n);
	slot->len += size * n;
	return size * n;
}

static void slot_start(CURLM *multi, struct slot *slot, int feed, int port, int poll, char (*etags)[ETAG_CAP])
{
	char url[96], line[ETAG_CAP + 32];
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/feed-%d.xml", port, feed);
	slot->feed = feed;
	slot->len = 0;
	curl_slist_free_all(slot->headers);
	slot->headers = NULL;
	if (poll == UNCHANGED) {
		(void)snprintf(line, sizeof(line), "If-None-Match: %s", etags[feed]);
		slot->headers = curl_slist_append(NULL, line);
	}
	curl_easy_setopt(slot->easy, CURLOPT_HTTPHEADER, slot->headers);
	curl_easy_setopt(slot->easy, CURLOPT_URL, url);
	curl_multi_add_handle(multi, slot->easy);
}

static void slot_end(CURLM *multi, struct slot *slot, int poll, char (*etags)[ETAG_CAP])
{
	long status = 0;
	struct curl_header *etag = NULL;
	curl_easy_getinfo(slot->easy, CURLINFO_RESPONSE_CODE, &status);
	check(poll, (int)status, slot->len);
	if (curl_easy_header(slot->easy, "etag", 0, CURLH_HEADER, -1, &etag) == CURLHE_OK)
		(void)snprintf(etags[slot->feed], ETAG_CAP, "%s", etag->value);
	curl_multi_remove_handle(multi, slot->easy);
}

static void poll_bare(CURLM *multi, struct slot *slots, int port, int poll, char (*etags)[ETAG_CAP])
{
	int started = 0, ended = 0, running = 0, left = 0;
	for (; started < AT_ONCE; started++)
		slot_start(multi, &slots[started], started, port, poll, etags);
	while (ended < FEEDS) {
		curl_multi_perform(multi, &running);
		for (CURLMsg *m; (m = curl_multi_info_read(multi, &left)) != NULL; ended++) {
			struct slot *slot = NULL;
			curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &slot);
			slot_end(multi, slot, poll, etags);
			if (started < FEEDS)
				slot_start(multi, slot, started++, port, poll, etags);
		}
		if (ended < FEEDS)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
}

static void round_of_bare(const struct nginx *s, int round, struct figures *f)
{
	struct slot *slots = calloc(AT_ONCE, sizeof(*slots));
	char(*etags)[ETAG_CAP] = calloc(FEEDS, ETAG_CAP);
	CURLM *multi = curl_multi_init();
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)AT_ONCE);
	for (int i = 0; i < AT_ONCE; i++) {
		slots[i].easy = curl_easy_init();
		curl_easy_setopt(slots[i].easy, CURLOPT_PRIVATE, &slots[i]);
		curl_easy_setopt(slots[i].easy, CURLOPT_WRITEFUNCTION, on_body);
		curl_easy_setopt(slots[i].easy, CURLOPT_WRITEDATA, &slots[i]);
		curl_easy_setopt(slots[i].easy, CURLOPT_ACCEPT_ENCODING, "");
		curl_easy_setopt(slots[i].easy, CURLOPT_NOSIGNAL, 1L);
	}
	for (int poll = 0; poll < N_POLLS; poll++) {
		struct stamp from = now();
		poll_bare(multi, slots, s->port, poll, etags);
		note(f, poll, round, from);
	}
	for (int i = 0; i < AT_ONCE; i++) {
		curl_easy_cleanup(slots[i].easy);
		curl_slist_free_all(slots[i].headers);
	}
	curl_multi_cleanup(multi);
	free(slots);
	free(etags);
}

/* --- report ------------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void report(FILE *out, const char *poll, const char *what, const char *unit, double *ours, double *bare,
		   const char *end)
{
	qsort(ours, ROUNDS, sizeof(*ours), by_value);
	qsort(bare, ROUNDS, sizeof(*bare), by_value);
	double x = ours[ROUNDS / 2], y = bare[ROUNDS / 2];
	printf("%-10s %-4s %9.2f %-8s bare libcurl-multi %9.2f  ratio %.2f\n", poll, what, x, unit, y, x / y);
	(void)fprintf(out,
		      "{\"case\":\"%s of %d feeds, %s\",\"value\":%.3f,\"unit\":\"%s\",\"peer\":\"bare libcurl-multi\","
		      "\"peer_value\":%.3f,\"ratio\":%.3f}%s\n",
		      poll, FEEDS, what, x, unit, y, x / y, end);
}

int main(int argc, char **argv)
{
	static struct figures ours, bare;
	FILE *out = argc > 1 ? fopen(argv[1], "w") : fopen("/dev/null", "w");
	if (!out)
		die(argv[1]);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	nginx_start(&nginx);
	for (int round = 0; round < ROUNDS; round++) {
		if (round % 2)
			round_of_bare(&nginx, round, &bare);
		round_of_io(&nginx, round, &ours);
		if (round % 2 == 0)
			round_of_bare(&nginx, round, &bare);
	}
	(void)fprintf(out, "{\"name\":\"poll\",\"cases\":[\n");
	for (int poll = 0; poll < N_POLLS; poll++) {
		report(out, poll_names[poll], "wall", "ms", ours.wall_ms[poll], bare.wall_ms[poll], ",");
		report(out, poll_names[poll], "CPU", "us/feed", ours.cpu_us[poll], bare.cpu_us[poll],
		       poll + 1 < N_POLLS ? "," : "");
	}
	(void)fprintf(out, "]}\n");
	return fclose(out) == 0 ? 0 : 1;
}
