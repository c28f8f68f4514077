/* SPDX-License-Identifier: ISC */
/* monitorctl's side of the API: HTTP/1.1 over the Unix socket. */
#include "io/client.h"

#include <curl/curl.h>
#include <errno.h>

#include "base/mem.h"
#include "io/frames.h"
#include "base/num.h"

#define CONNECT_MS 5000L
#define EVENT_LINE_MAX (2u << 20) /* twice what the daemon lets one subscriber lag behind */
#define SHOWN_BYTES 200u          /* of an unexpected answer */

struct stream {
	CURL *easy;
	bool (*event)(void *ctx, struct str name, struct str data);
	void *ctx;
	struct frames frames;
	struct strbuf refusal;
	bool stopped; /* the caller has seen enough */
};

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	return strbuf_add(arg, str_n(p, size * n)) ? size * n : 0;
}

/* What to do about a daemon that cannot be reached. */
static int no_connection(CURL *easy, const char *socket_path, struct err *e)
{
	long errnum = 0;
	(void)curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &errnum);
	if (errnum == 0 && access(socket_path, F_OK) != 0)
		errnum = errno;
	if (errnum == EACCES || errnum == EPERM)
		return err_set(e, ERR_CONFIG,
			       "you may not use monitord's socket %s: its owner and the members of its group may "
			       "(for the system's daemon: adduser YOU monitorctl, then log in again)",
			       socket_path);
	if (errnum == ENOENT || errnum == ECONNREFUSED || errnum == ENOTSOCK)
		return err_set(e, ERR_CONFIG,
			       "monitord is not running (nobody serves %s): start it, or name its socket with --socket",
			       socket_path);
	return err_set(e, ERR_CONFIG, "cannot reach monitord at %s: %s", socket_path,
		       errnum ? strerror((int)errnum) : "no connection");
}

static int failed(CURL *easy, CURLcode code, const char *socket_path, int64_t timeout_ms, struct err *e)
{
	char limit[48];
	if (code == CURLE_COULDNT_CONNECT)
		return no_connection(easy, socket_path, e);
	if (code == CURLE_OPERATION_TIMEDOUT)
		return err_set(e, ERR_RETRY, "monitord did not answer within %s",
			       num_format_duration(limit, sizeof(limit), timeout_ms));
	return err_set(e, ERR_RETRY, "monitord broke off the connection (%s)", curl_easy_strerror(code));
}

static CURL *open_easy(const char *socket_path, const char *path_and_query)
{
	CURL *c = curl_easy_init();
	if (!c)
		return NULL;
	AUTO(strbuf) struct strbuf url = STRBUF_INIT(strlen(path_and_query) + 32);
	strbuf_adds(&url, "http://monitord");
	strbuf_adds(&url, path_and_query);
	curl_easy_setopt(c, CURLOPT_URL, strbuf_cstr(&url));
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, socket_path);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	return c;
}

int client_exchange(const char *socket_path, const char *method, const char *path_and_query, struct str body,
		    int64_t timeout_ms, int *ret_status, struct strbuf *ret_body, struct err *e)
{
	CURL *c = open_easy(socket_path, path_and_query);
	if (!c)
		return err_set(e, ERR_SYSTEM, "libcurl does not start");
	struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
	if (str_present(body)) {
		headers = curl_slist_append(headers, "Content-Type: application/json");
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, body.p);
	}
	if (strcmp(method, "HEAD") == 0)
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, ret_body);
	CURLcode code = curl_easy_perform(c);
	long status = 0;
	(void)curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	int result = 0;
	if (ret_body->toobig)
		result = err_set(e, ERR_LIMIT, "monitord's answer has more than %zu bytes", ret_body->max);
	else if (code == CURLE_OK)
		*ret_status = (int)status;
	else
		result = failed(c, code, socket_path, timeout_ms, e);
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
	return result;
}

/* --- events ----------------------------------------------------------------------------------------------------- */

static size_t on_stream(char *p, size_t size, size_t n, void *arg)
{
	struct stream *s = arg;
	struct str chunk = str_n(p, size * n);
	long status = 0;
	(void)curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200) {
		strbuf_add(&s->refusal, str_slice(chunk, 0, SHOWN_BYTES));
		return chunk.len;
	}
	struct str rest = chunk;
	while (frames_next(&s->frames, &rest))
		if (!s->event(s->ctx, strbuf_str(&s->frames.name), strbuf_str(&s->frames.data))) {
			s->stopped = true;
			return 0;
		}
	return s->frames.data.toobig ? 0 : chunk.len;
}

static int stream_result(struct stream *s, CURLcode code, const char *socket_path, struct err *e)
{
	long status = 0;
	(void)curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
	if (s->stopped)
		return 0;
	if (s->frames.data.toobig)
		return err_set(e, ERR_LIMIT, "monitord sent an event of more than %u bytes", EVENT_LINE_MAX);
	if (status != 0 && status != 200)
		return err_set(e, ERR_INPUT, "monitord answered %ld: %s", status, strbuf_cstr(&s->refusal));
	/* A daemon that ends closes the stream; killed, it resets it. */
	if (status == 200)
		return 0;
	return failed(s->easy, code, socket_path, CONNECT_MS, e);
}

int client_events(const char *socket_path, const char *path_and_query,
		  bool (*event)(void *ctx, struct str name, struct str data), void *ctx, struct err *e)
{
	CURL *c = open_easy(socket_path, path_and_query);
	if (!c)
		return err_set(e, ERR_SYSTEM, "libcurl does not start");
	struct stream s = {
		.easy = c,
		.event = event,
		.ctx = ctx,
		.refusal = STRBUF_INIT(SHOWN_BYTES),
	};
	frames_init(&s.frames, FRAMING_SSE, EVENT_LINE_MAX);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_stream);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &s);
	CURLcode code = curl_easy_perform(c);
	int result = stream_result(&s, code, socket_path, e);
	frames_release(&s.frames);
	strbuf_release(&s.refusal);
	curl_easy_cleanup(c);
	return result;
}
