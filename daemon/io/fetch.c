/* SPDX-License-Identifier: ISC */
/* The life of a transfer: start, hops, end; one DONE for each. */
#include "io/fetch.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"
#include "io/gunzip.h"
#include "io/io.h"
#include "io/local.h"
#include "io/run.h"
#include "io/shard.h"
#include "io/smtp.h"
#include "model/message.h"

#define IDLE_HANDLES_MAX 32u   /* 4.6 KB each */
#define REPLY_HEADERS_MAX 512u /* lines; more is no honest server */
#define ERROR_MAX_BYTES 400u

struct fetch {
	struct event_base *base;
	struct mailbox *to_engine;
	struct shards *shards;
	struct console *console;
	bool colours;            /* on that console */
	struct smtp *smtp;
	char *user_agent;
	VEC(struct run *) runs;
	VEC(CURL *) idle;
};

/* --- end -------------------------------------------------------------------------------------------------------- */

static void run_detach(struct run *r)
{
	if (r->shard)
		shard_remove(r->shard, r->easy);
	r->shard = NULL;
}

static void give_handle_back(struct fetch *f, CURL *easy)
{
	if (!easy)
		return;
	if (f->idle.n >= IDLE_HANDLES_MAX) {
		curl_easy_cleanup(easy);
		return;
	}
	curl_easy_reset(easy); /* it must not point into the run any more */
	vec_push(&f->idle, easy);
}

static void run_free(struct run *r)
{
	struct fetch *f = r->fetch;
	for (size_t i = 0; i < f->runs.n; i++) {
		if (f->runs.v[i] != r)
			continue;
		vec_remove_swap(&f->runs, i);
		break;
	}
	run_detach(r);
	give_handle_back(f, r->easy);
	console_remove(f->console, r);
	if (r->deadline)
		event_free(r->deadline);
	curl_slist_free_all(r->headers);
	curl_slist_free_all(r->recipients);
	curl_url_cleanup(r->url);
	curl_url_cleanup(r->first_url);
	strbuf_release(&r->raw_headers);
	stream_free(r->stream);
	transfer_free(r->t);
	reply_free(r->reply);
	mem_free(r);
}

static struct str lower_copy(struct arena *a, struct str s)
{
	char *copy = arena_cstr(a, s);
	for (size_t i = 0; copy[i]; i++)
		copy[i] = char_lower(copy[i]);
	return str_c(copy);
}

static void parse_headers(struct run *r)
{
	struct reply *reply = r->reply;
	struct str rest = strbuf_str(&r->raw_headers), line;
	while (reply->headers.n < REPLY_HEADERS_MAX && str_split(&rest, '\n', &line)) {
		size_t colon = str_chr(line, ':');
		if (colon == STR_NPOS || colon == 0 || char_is_space(line.p[0]))
			continue;
		struct header h = {
			.name = lower_copy(reply->arena, str_trim(str_slice(line, 0, colon))),
			.value = arena_str(reply->arena, str_trim(str_from(line, colon + 1))),
		};
		vec_push(&reply->headers, h);
	}
}

/* Hands the reply over and ends the run; `error` may hold peer's bytes. */
static void run_end(struct run *r, enum reply_outcome outcome, const char *error)
{
	struct reply *reply = r->reply;
	struct err e = { 0 };
	if (outcome == REPLY_OK && gunzip_wanted(strbuf_str(&reply->body)) && gunzip(&reply->body, &e) != 0) {
		outcome = e.kind == ERR_LIMIT ? REPLY_TOO_BIG : REPLY_FAILED;
		error = e.message;
	}
	reply->outcome = outcome;
	if (error) {
		AUTO(strbuf) struct strbuf clean = STRBUF_INIT(ERROR_MAX_BYTES * 4);
		text_repair(&clean, str_slice(str_c(error), 0, ERROR_MAX_BYTES));
		reply->error = arena_str(reply->arena, strbuf_str(&clean));
	}
	parse_headers(r);
	if (r->url && r->t->kind != TRANSFER_CONSOLE) {
		char *url = run_url_part(r->url, CURLUPART_URL, 0);
		reply->final_url = arena_str(reply->arena, str_c(url));
		mem_free(url);
	}
	reply->elapsed_us = clock_mono_us() - r->started_us;
	struct message *m = message_new(MESSAGE_DONE);
	m->transfer_id = reply->transfer_id;
	m->reply = take(r->reply);
	m->mail.bytes = message_weight(m);
	struct fetch *f = r->fetch;
	run_free(r);
	if (!mailbox_put(f->to_engine, &m->mail, true)) /* urgent: never refused */
		message_free(m);
}

/* Of a whole answer; of a stream: between two signs of life. */
static int64_t deadline_ms(const struct transfer *t)
{
	if (t->framing == FRAMING_BODY)
		return t->total_ms ? t->total_ms : TRANSFER_TOTAL_MS;
	return t->idle_ms ? t->idle_ms : TRANSFER_IDLE_MS;
}

/* A run whose mail thread has it ends when that comes back. */
static void run_stop(struct run *r, enum reply_outcome outcome, const char *error)
{
	if (r->job.started) {
		r->abort_outcome = outcome;
		atomic_store(&r->abort, true);
		return;
	}
	run_detach(r);
	run_end(r, outcome, error);
}

void run_give_up(struct run *r, enum reply_outcome outcome, const char *error)
{
	run_stop(r, outcome, error);
}

struct event_base *run_base(const struct run *r)
{
	return r->fetch->base;
}

struct mailbox *run_engine(const struct run *r)
{
	return r->fetch->to_engine;
}

static void on_deadline(evutil_socket_t fd __attribute__((unused)), short what __attribute__((unused)), void *arg)
{
	struct run *r = arg;
	if (r->stream && !stream_silent(r))
		return;
	char text[128], limit[48];
	int64_t total_ms = deadline_ms(r->t);
	(void)snprintf(text, sizeof(text), r->stream ? "timeout: nothing came for %s" : "timeout: no whole answer within %s",
		       num_format_duration(limit, sizeof(limit), total_ms));
	run_stop(r, REPLY_FAILED, text);
}

/* --- hops ------------------------------------------------------------------------------------------------------- */

static void run_hop(struct run *r)
{
	struct err e = { 0 };
	if (run_configure(r, &e) != 0) {
		run_end(r, REPLY_REFUSED, e.message);
		return;
	}
	if (r->t->kind == TRANSFER_SMTP) {
		if (!smtp_start(r->fetch->smtp, r))
			run_end(r, REPLY_FAILED, "no thread to send the mail");
		return;
	}
	char *host = run_url_part(r->url, CURLUPART_HOST, 0);
	r->shard = shards_add(r->fetch->shards, str_c(host), r->easy);
	mem_free(host);
	if (!r->shard)
		run_end(r, REPLY_FAILED, "libcurl refused to start the transfer");
}

static bool parts_equal(CURLU *a, CURLU *b, CURLUPart part, unsigned flags)
{
	char *x = run_url_part(a, part, flags), *y = run_url_part(b, part, flags);
	bool equal = str_eq_nocase(str_c(x), str_c(y));
	mem_free(x);
	mem_free(y);
	return equal;
}

/* From http to https on the default ports of one host is the one change that credentials survive. */
static bool is_upgrade(CURLU *from, CURLU *to)
{
	char *from_scheme = run_url_part(from, CURLUPART_SCHEME, 0);
	char *to_scheme = run_url_part(to, CURLUPART_SCHEME, 0);
	char *from_port = run_url_part(from, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	char *to_port = run_url_part(to, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	bool upgrade = strcmp(from_scheme, "http") == 0 && strcmp(to_scheme, "https") == 0 &&
		       strcmp(from_port, "80") == 0 && strcmp(to_port, "443") == 0;
	mem_free(from_scheme);
	mem_free(to_scheme);
	mem_free(from_port);
	mem_free(to_port);
	return upgrade;
}

static bool same_origin(CURLU *first, CURLU *now)
{
	if (!parts_equal(first, now, CURLUPART_HOST, 0))
		return false;
	if (parts_equal(first, now, CURLUPART_SCHEME, 0) &&
	    parts_equal(first, now, CURLUPART_PORT, CURLU_DEFAULT_PORT))
		return true;
	return is_upgrade(first, now);
}

/* Where a redirect leads that shall be followed, or NULL. */
static const char *redirect_target(const struct run *r)
{
	static const int statuses[] = { 301, 302, 303, 307, 308 };
	char *url = NULL;
	if (!r->t->follow || r->t->has_body || (str_present(r->t->method) && !str_eq(r->t->method, STR("GET"))))
		return NULL;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (r->reply->status == statuses[i])
			(void)curl_easy_getinfo(r->easy, CURLINFO_REDIRECT_URL, &url);
	return url;
}

static void follow(struct run *r, const char *target)
{
	struct err e = { 0 };
	if (r->hops == TRANSFER_REDIRECTS_MAX) {
		run_end(r, REPLY_REFUSED, "redirect refused: more than 5 in a row");
		return;
	}
	char *url = mem_strdup(target); /* dies with the next hop's set-up */
	if (run_set_url(r, url, true, &e) != 0) {
		mem_free(url);
		run_end(r, REPLY_REFUSED, e.message);
		return;
	}
	mem_free(url);
	r->hops++;
	r->left_origin = r->left_origin || !same_origin(r->first_url, r->url);
	if (r->reply->status != 301 && r->reply->status != 308)
		r->moved = true;
	if (!r->moved) {
		char *now = run_url_part(r->url, CURLUPART_URL, 0);
		r->reply->moved_to = arena_str(r->reply->arena, str_c(now));
		mem_free(now);
	}
	run_hop(r);
}

static const char *failure_class(CURLcode code)
{
	if (code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_RESOLVE_PROXY)
		return "DNS: ";
	if (code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION ||
	    code == CURLE_SSL_CACERT_BADFILE || code == CURLE_USE_SSL_FAILED || code == CURLE_SSL_CERTPROBLEM)
		return "TLS: ";
	if (code == CURLE_OPERATION_TIMEDOUT)
		return "timeout: ";
	return "";
}

/* An answer of 4yz or 5yz is an answer: the channel judges it; its text is the body. */
static bool smtp_answered(const struct run *r, CURLcode code)
{
	if (r->t->kind != TRANSFER_SMTP || r->reply->status < 400 || r->reply->status > 599)
		return false;
	return code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_LOGIN_DENIED ||
	       code == CURLE_WEIRD_SERVER_REPLY || code == CURLE_REMOTE_ACCESS_DENIED;
}

static void run_failed(struct run *r, CURLcode code)
{
	char text[ERROR_MAX_BYTES];
	if (r->refused_why && !r->opened) {
		(void)snprintf(text, sizeof(text), ADDRESS_REFUSED, r->refused_address, r->refused_why);
		run_end(r, REPLY_REFUSED, text);
	} else if (r->cut_why) {
		run_end(r, REPLY_FAILED, r->cut_why);
	} else if (r->reply->body.toobig) {
		(void)snprintf(text, sizeof(text), "the body is larger than %zu bytes", r->reply->body.max);
		run_end(r, REPLY_TOO_BIG, text);
	} else {
		bool refused = code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT;
		(void)snprintf(text, sizeof(text), "%s%s", failure_class(code),
			       r->curl_error[0] ? r->curl_error : curl_easy_strerror(code));
		run_end(r, refused ? REPLY_REFUSED : REPLY_FAILED, text);
	}
}

void run_result(struct run *r, CURLcode code)
{
	long status = 0;
	curl_off_t bytes = 0;
	r->shard = NULL; /* shard.c has taken it out */
	if (r->stream && stream_holds(r, code))
		return;
	(void)curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(r->easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
	r->reply->status = (int)status;
	r->reply->bytes_wire += bytes;
	if (code != CURLE_OK && !smtp_answered(r, code)) {
		run_failed(r, code);
		return;
	}
	const char *target = code == CURLE_OK && r->t->kind == TRANSFER_HTTP ? redirect_target(r) : NULL;
	if (target)
		follow(r, target);
	else
		run_end(r, REPLY_OK, NULL);
}

static void on_http_done(void *ctx __attribute__((unused)), CURL *easy, CURLcode code)
{
	struct run *r = NULL;
	(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &r);
	run_result(r, code);
}

static void on_http_unwatched(void *ctx __attribute__((unused)), CURL *easy)
{
	struct run *r = NULL;
	(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &r);
	if (r != NULL)
		stream_unwatched(r);
}

static void on_mail_done(struct run *r, CURLcode code)
{
	if (!atomic_load(&r->abort))
		run_result(r, code);
	else if (r->abort_outcome == REPLY_FAILED)
		run_end(r, REPLY_FAILED, "timeout: the mail was not taken in time");
	else
		run_end(r, REPLY_CANCELLED, "cancelled");
}

static void on_console_done(void *ctx __attribute__((unused)), void *owner, int errnum)
{
	struct run *r = owner;
	char text[ERROR_MAX_BYTES];
	(void)snprintf(text, sizeof(text), "standard output: %s", strerror(errnum));
	r->reply->status = errnum ? 0 : 200;
	run_end(r, errnum ? REPLY_FAILED : REPLY_OK, errnum ? text : NULL);
}

static void on_shard_broken(void *ctx, struct shard *shard, const char *why)
{
	struct fetch *f = ctx;
	log_err("fetch.broken", "reason=%s", LOG_Q(str_c(why)));
	for (size_t i = f->runs.n; i-- > 0;) /* run_end moves the last one to place i */
		if (f->runs.v[i]->shard == shard)
			run_stop(f->runs.v[i], REPLY_FAILED, why);
}

/* --- start ------------------------------------------------------------------------------------------------------ */

static CURL *take_handle(struct fetch *f)
{
	if (f->idle.n > 0)
		return f->idle.v[--f->idle.n];
	return curl_easy_init();
}

static struct run *run_new(struct fetch *f, struct transfer *t)
{
	struct run *r = mem_new(struct run);
	r->fetch = f;
	r->t = t;
	r->started_us = clock_mono_us();
	r->reply = reply_new(t->id);
	r->reply->body.max = t->body_max > 0 ? (size_t)t->body_max : TRANSFER_BODY_MAX;
	r->raw_headers = STRBUF_INIT(FETCH_HEADERS_MAX);
	r->user_agent = str_c(f->user_agent);
	r->abort_outcome = REPLY_CANCELLED;
	vec_push(&f->runs, r);
	return r;
}

static void start_network(struct run *r)
{
	struct err e = { 0 };
	char *url = arena_cstr(r->t->arena, r->t->url);
	if (strlen(url) != r->t->url.len)
		run_end(r, REPLY_REFUSED, "not a valid URL");
	else if (run_set_url(r, url, false, &e) != 0)
		run_end(r, REPLY_REFUSED, e.message);
	else if (!(r->easy = take_handle(r->fetch)))
		run_end(r, REPLY_FAILED, "libcurl has no handle");
	else {
		r->first_url = curl_url_dup(r->url);
		run_hop(r);
	}
}

static void start_file(struct run *r)
{
	struct reply *reply = r->reply;
	char *url = arena_cstr(r->t->arena, r->t->url);
	local_read_file(url, reply);
	reply->final_url = arena_str(reply->arena, r->t->url);
	run_end(r, reply->outcome, NULL);
}

void fetch_start(struct fetch *f, struct transfer *t)
{
	struct run *r = run_new(f, t);
	int64_t total_ms = deadline_ms(t);
	if (f->runs.n > IO_TRANSFERS_MAX) {
		run_end(r, REPLY_FAILED, "too many transfers at once");
		return;
	}
	if (t->framing != FRAMING_BODY && t->kind != TRANSFER_HTTP) {
		run_end(r, REPLY_REFUSED, "only what comes by HTTP can be a stream");
		return;
	}
	r->deadline = evtimer_new(f->base, on_deadline, r);
	struct timeval tv = { .tv_sec = total_ms / 1000, .tv_usec = total_ms % 1000 * 1000 };
	event_add(r->deadline, &tv);
	switch (t->kind) {
	case TRANSFER_HTTP:
	case TRANSFER_SMTP:
		start_network(r);
		break;
	case TRANSFER_FILE:
		start_file(r);
		break;
	case TRANSFER_CONSOLE:
		console_add(f->console, r, str_present(t->coloured) && f->colours ? t->coloured : t->body);
		break;
	}
}

void fetch_cancel(struct fetch *f, uint64_t transfer_id)
{
	for (size_t i = 0; i < f->runs.n; i++) {
		if (f->runs.v[i]->reply->transfer_id != transfer_id)
			continue;
		run_stop(f->runs.v[i], REPLY_CANCELLED, "cancelled");
		return;
	}
}

struct fetch *fetch_new(struct event_base *base, struct mailbox *to_engine, struct str user_agent)
{
	struct fetch *f = mem_new(struct fetch);
	f->base = base;
	f->to_engine = to_engine;
	f->user_agent = mem_alloc(user_agent.len + 1);
	if (user_agent.len)
		memcpy(f->user_agent, user_agent.p, user_agent.len);
	f->shards = shards_new(base, &(struct shards_calls){ on_http_done, on_http_unwatched, on_shard_broken, f });
	f->console = console_new(base, STDOUT_FILENO, on_console_done, f);
	f->colours = text_colours(STDOUT_FILENO);
	f->smtp = smtp_new(base, on_mail_done);
	return f;
}

void fetch_free(struct fetch *f)
{
	if (!f)
		return;
	for (size_t i = f->runs.n; i-- > 0;)
		run_stop(f->runs.v[i], REPLY_CANCELLED, "cancelled");
	smtp_free(f->smtp);
	console_free(f->console);
	shards_free(f->shards);
	for (size_t i = 0; i < f->idle.n; i++)
		curl_easy_cleanup(f->idle.v[i]);
	vec_free(&f->idle);
	vec_free(&f->runs);
	mem_free(f->user_agent);
	mem_free(f);
}
