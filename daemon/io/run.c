/* SPDX-License-Identifier: ISC */
/* The libcurl options of one hop of a transfer: all client rules of the house stand here. */
#include "io/run.h"

#include <sys/socket.h>

#include "io/fetch.h"
#include "io/guard.h"
#include "io/websocket.h"
#include "base/hash.h"
#include "base/mem.h"

#define URL_BYTES_MAX 8192

char *run_url_part(CURLU *url, CURLUPart part, unsigned flags)
{
	char *text = NULL;
	if (curl_url_get(url, part, &text, flags) != CURLUE_OK)
		text = NULL;
	char *copy = mem_strdup(text ? text : "");
	curl_free(text);
	return copy;
}

/* libcurl wants C strings, and copies them. */
static char *c_string(struct str s)
{
	char *text = mem_alloc(s.len + 1);
	if (s.len)
		memcpy(text, s.p, s.len);
	return text;
}

/* --- guard ------------------------------------------------------------------------------------------------------ */

static bool guard(struct run *r, const unsigned char address[static 16])
{
	const char *why = NULL;
	if (guard_allows(r->t, address, &why))
		return true;
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	bool v4 = memcmp(address, mapped, sizeof(mapped)) == 0;
	if (!inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? address + 12 : address, r->refused_address,
		       sizeof(r->refused_address)))
		r->refused_address[0] = '\0';
	r->refused_why = why;
	return false;
}

/* Behind a proxy the only address that we see is the proxy's, which the operator named. */
static curl_socket_t on_open_socket(void *arg, curlsocktype purpose __attribute__((unused)), struct curl_sockaddr *a)
{
	struct run *r = arg;
	const struct sockaddr *address = &a->addr;
	unsigned char bytes[16];
	if (!str_present(r->t->proxy) && (!guard_address(address, bytes) || !guard(r, bytes)))
		return CURL_SOCKET_BAD;
	int fd = socket(a->family, a->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->protocol);
	r->opened = r->opened || fd >= 0;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* Also asked for a connection that is used again, for which no socket is opened. */
static int on_request(void *arg, char *peer_ip, char *local_ip __attribute__((unused)),
		      int peer_port __attribute__((unused)), int local_port __attribute__((unused)))
{
	struct run *r = arg;
	unsigned char bytes[16];
	if (str_present(r->t->proxy))
		return CURL_PREREQFUNC_OK;
	if (guard_address_text(peer_ip, bytes) && guard(r, bytes))
		return CURL_PREREQFUNC_OK;
	r->opened = false;
	return CURL_PREREQFUNC_ABORT;
}

/* --- what comes in and goes out --------------------------------------------------------------------------------- */

static bool count_encodings(struct run *r, struct str line)
{
	if (!str_starts_nocase(line, STR("content-encoding:")))
		return true;
	r->encodings++;
	for (size_t i = 0; i < line.len; i++)
		r->encodings += line.p[i] == ',';
	return r->encodings <= 1;
}

/* RFC 6455, 4.1: only who knows the protocol can answer the key. */
static bool is_upgraded(const struct run *r, long status)
{
	char want[WEBSOCKET_ACCEPT_MAX];
	struct str rest = strbuf_str(&r->raw_headers), line;
	websocket_accept(r->socket_key, want);
	while (status == 101 && !str_empty(rest) && str_split(&rest, '\n', &line))
		if (str_starts_nocase(line, STR("sec-websocket-accept:")))
			return str_eq(str_trim(str_from(line, 21)), str_c(want));
	return false;
}

/* Of a response: a 1xx, or a proxy's, may come before the one that counts. */
static bool end_headers(struct run *r)
{
	long status = 0;
	r->in_headers = false;
	if (r->t->framing == FRAMING_BODY || r->stream ||
	    curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK)
		return true;
	if (r->t->framing == FRAMING_WEBSOCKET && (status == 101 || status / 100 == 2) && !is_upgraded(r, status)) {
		r->cut_why = "the server speaks no WebSocket here";
		return false;
	}
	if (status == 101 || status / 100 == 2)
		return stream_begin(r, (int)status);
	if (r->t->framing == FRAMING_WEBSOCKET && status / 100 != 1) {
		r->refused_upgrade = true;
		curl_easy_pause(r->easy, CURLPAUSE_CONT); /* the upload ends, or libcurl would wait for it */
	}
	return true;
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
	struct run *r = arg;
	struct str line = str_n(p, size * n);
	if (r->t->kind == TRANSFER_SMTP) {
		if (str_starts(line, STR("221"))) /* the answer to our QUIT says nothing of the mail */
			return line.len;
		strbuf_reset(&r->reply->body);
		return strbuf_add(&r->reply->body, str_trim(line)) ? line.len : 0;
	}
	if (!r->in_headers && str_starts(line, STR("HTTP/"))) { /* a new response: after 1xx, or a proxy's */
		r->in_headers = true;
		r->encodings = 0;
		strbuf_reset(&r->raw_headers);
		return line.len;
	}
	if (str_empty(str_trim(line)) && !end_headers(r))
		return 0;
	if (!strbuf_add(&r->raw_headers, line)) {
		r->cut_why = "more than 64 KiB of headers";
		return 0;
	}
	if (!count_encodings(r, line)) {
		r->cut_why = "more than one content coding";
		return 0;
	}
	return line.len;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct run *r = arg;
	if (r->stream)
		return stream_take(r, str_n(p, size * n));
	return strbuf_add(&r->reply->body, str_n(p, size * n)) ? size * n : 0;
}

static size_t on_socket_write(char *to, size_t size, size_t n, void *arg)
{
	return stream_give(arg, to, size * n);
}

static size_t on_mail(char *to, size_t size, size_t n, void *arg)
{
	struct run *r = arg;
	struct str rest = str_slice(str_from(r->t->body, r->mail_sent), 0, size * n);
	if (rest.len)
		memcpy(to, rest.p, rest.len);
	r->mail_sent += rest.len;
	return rest.len;
}

/* Called at least once a second, also while libcurl waits for an answer. */
static int on_progress(void *arg, curl_off_t down_total __attribute__((unused)),
		       curl_off_t down __attribute__((unused)), curl_off_t up_total __attribute__((unused)),
		       curl_off_t up __attribute__((unused)))
{
	struct run *r = arg;
	return atomic_load(&r->abort) ? 1 : 0;
}

static int on_mail_seek(void *arg, curl_off_t offset, int origin)
{
	struct run *r = arg;
	if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > r->t->body.len)
		return CURL_SEEKFUNC_CANTSEEK;
	r->mail_sent = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* --- options ---------------------------------------------------------------------------------------------------- */

static void set_str(CURL *c, CURLoption option, struct str s)
{
	char *text = c_string(s);
	curl_easy_setopt(c, option, text);
	mem_free(text);
}

static void set_common(struct run *r)
{
	CURL *c = r->easy;
	const struct transfer *t = r->t;
	curl_easy_setopt(c, CURLOPT_PRIVATE, r);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, r->curl_error);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L); /* else a dead DNS server freezes the loop */
	curl_easy_setopt(c, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(t->connect_ms ? t->connect_ms : TRANSFER_CONNECT_MS));
	if (t->framing == FRAMING_BODY) {
		curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, FETCH_SLOW_BYTES_S);
		curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, FETCH_SLOW_S);
	}
	curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, r);
	curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, on_request);
	curl_easy_setopt(c, CURLOPT_PREREQDATA, r);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, r);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, r);
	curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(c, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	/* Even an empty proxy is set: the environment must not choose one. */
	set_str(c, CURLOPT_PROXY, str_present(t->proxy) ? t->proxy : STR(""));
	curl_easy_setopt(c, CURLOPT_NOPROXY, str_present(t->proxy) ? "" : "*");
	/* The certificate store is cached between connections only without a CApath. */
	curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(c, CURLOPT_PROXY_CAPATH, NULL);
	if (str_present(t->ca_file))
		set_str(c, CURLOPT_CAINFO, t->ca_file);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, t->tls_insecure ? 0L : 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, t->tls_insecure ? 0L : 2L);
}

static void set_credentials(CURL *c, const struct transfer *t)
{
	if (!str_present(t->username))
		return;
	set_str(c, CURLOPT_USERNAME, t->username);
	set_str(c, CURLOPT_PASSWORD, str_present(t->password) ? t->password : STR(""));
}

static void add_header(struct run *r, struct str name, struct str value)
{
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(name.len + value.len + 2);
	strbuf_add(&line, name);
	/* libcurl's form for a header without a value ends with a semicolon. */
	strbuf_adds(&line, value.len ? ": " : ";");
	strbuf_add(&line, value);
	r->headers = curl_slist_append(r->headers, strbuf_cstr(&line));
}

/* What may follow to a foreign host; any other header may hold a key, whatever its name. */
static bool header_is_harmless(struct str name)
{
	static const char *const names[] = { "accept",	 "accept-language",   "a-im",	    "cache-control",
					     "if-match", "if-modified-since", "if-none-match" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq_nocase(name, str_c(names[i])))
			return true;
	return false;
}

/*
 * After its 101 libcurl gives a WebSocket's bytes as the body, and an upload that never ends carries ours: so guard, proxy,
 * TLS and limits are those of every transfer.
 */
static void set_websocket(struct run *r)
{
	AUTO(strbuf) struct strbuf key = STRBUF_INIT(sizeof(r->socket_key));
	char bytes[16];
	hash_random(bytes, sizeof(bytes));
	hash_base64(&key, str_n(bytes, sizeof(bytes)));
	snprintf(r->socket_key, sizeof(r->socket_key), "%s", strbuf_cstr(&key));
	add_header(r, STR("Connection"), STR("Upgrade"));
	add_header(r, STR("Upgrade"), STR("websocket"));
	add_header(r, STR("Sec-WebSocket-Version"), STR("13"));
	add_header(r, STR("Sec-WebSocket-Key"), strbuf_str(&key));
	r->headers = curl_slist_append(r->headers, "Transfer-Encoding:"); /* the upload is no chunked body */
	curl_easy_setopt(r->easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(r->easy, CURLOPT_READFUNCTION, on_socket_write);
	curl_easy_setopt(r->easy, CURLOPT_READDATA, r);
	curl_easy_setopt(r->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(r->easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(r->easy, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(r->easy, CURLOPT_CUSTOMREQUEST, "GET");
}

static void set_http_headers(struct run *r)
{
	const struct transfer *t = r->t;
	curl_slist_free_all(r->headers);
	r->headers = NULL;
	r->headers = curl_slist_append(r->headers, "Expect:"); /* no waiting for 100 Continue */
	for (size_t i = 0; i < t->headers.n; i++)
		if (!r->left_origin || header_is_harmless(t->headers.v[i].name))
			add_header(r, t->headers.v[i].name, t->headers.v[i].value);
	if (str_present(t->bearer) && !r->left_origin) {
		AUTO(strbuf) struct strbuf value = STRBUF_INIT(t->bearer.len + 7);
		strbuf_adds(&value, "Bearer ");
		for (size_t i = 0; i < t->bearer.len; i++) /* a token with a line break would be a header of its own */
			if ((unsigned char)t->bearer.p[i] > ' ' && t->bearer.p[i] != 0x7f)
				strbuf_addc(&value, t->bearer.p[i]);
		add_header(r, STR("Authorization"), strbuf_str(&value));
	}
	if (t->framing == FRAMING_WEBSOCKET)
		set_websocket(r);
	curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers);
}

static int configure_http(struct run *r, struct err *e)
{
	CURL *c = r->easy;
	const struct transfer *t = r->t;
	if (curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK)
		return err_set(e, ERR_SYSTEM, "libcurl without HTTP");
	/* Redirects are followed by fetch.c, hop by hop, under these same rules. */
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	if (t->framing == FRAMING_BODY) /* a compressed event could lie in the decoder until the next one comes */
		curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "");
	set_str(c, CURLOPT_USERAGENT, str_present(t->user_agent) ? t->user_agent : r->user_agent);
	set_http_headers(r);
	if (!r->left_origin)
		set_credentials(c, t);
	if (t->framing == FRAMING_WEBSOCKET)
		return 0;
	if (t->has_body) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.len);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, t->body.p ? t->body.p : "");
	}
	struct str method = str_present(t->method) ? t->method : t->has_body ? STR("POST") : STR("GET");
	if (str_eq(method, STR("HEAD")) && !t->has_body)
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	else if (!str_eq(method, t->has_body ? STR("POST") : STR("GET")))
		set_str(c, CURLOPT_CUSTOMREQUEST, method);
	return 0;
}

/* libcurl sends addresses as they stand: a line break in one would be another command (RELIABILITY J1). */
static bool address_is_clean(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == '<' || s.p[i] == '>' || s.p[i] == 0x7f)
			return false;
	return s.len > 0;
}

static void add_recipient(struct run *r, struct str address)
{
	char *text = c_string(address);
	r->recipients = curl_slist_append(r->recipients, text);
	mem_free(text);
}

static int configure_smtp(struct run *r, struct err *e)
{
	CURL *c = r->easy;
	const struct transfer *t = r->t;
	if (curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "smtp,smtps") != CURLE_OK)
		return err_set(e, ERR_SYSTEM, "libcurl without SMTP");
	if (!address_is_clean(t->mail_from))
		return err_set(e, ERR_CONFIG, "the sender's mail address is not valid");
	if (t->mail_to.n == 0)
		return err_set(e, ERR_CONFIG, "the mail has no recipient");
	for (size_t i = 0; i < t->mail_to.n; i++) {
		if (!address_is_clean(t->mail_to.v[i]))
			return err_set(e, ERR_CONFIG, "a recipient's mail address is not valid");
		add_recipient(r, t->mail_to.v[i]);
	}
	set_str(c, CURLOPT_MAIL_FROM, t->mail_from);
	curl_easy_setopt(c, CURLOPT_MAIL_RCPT, r->recipients);
	curl_easy_setopt(c, CURLOPT_USE_SSL, (long)(t->tls_required ? CURLUSESSL_ALL : CURLUSESSL_TRY));
	set_credentials(c, t);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(t->total_ms ? t->total_ms : TRANSFER_TOTAL_MS));
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, r);
	curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, on_mail);
	curl_easy_setopt(c, CURLOPT_READDATA, r);
	curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, on_mail_seek);
	curl_easy_setopt(c, CURLOPT_SEEKDATA, r);
	curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)t->body.len);
	return 0;
}

int run_configure(struct run *r, struct err *e)
{
	curl_easy_reset(r->easy);
	r->curl_error[0] = '\0';
	r->opened = false;
	r->refused_why = NULL;
	r->in_headers = r->refused_upgrade = false;
	strbuf_reset(&r->raw_headers);
	strbuf_reset(&r->reply->body);
	set_common(r);
	char *url = run_url_part(r->url, CURLUPART_URL, 0);
	CURLcode code = curl_easy_setopt(r->easy, CURLOPT_URL, url);
	mem_free(url);
	if (code != CURLE_OK)
		return err_set(e, ERR_CONFIG, "the URL is not valid");
	return r->t->kind == TRANSFER_SMTP ? configure_smtp(r, e) : configure_http(r, e);
}

/* --- URLs ------------------------------------------------------------------------------------------------------- */

static bool scheme_is_allowed(const struct run *r, const char *scheme)
{
	if (r->t->kind == TRANSFER_SMTP)
		return strcmp(scheme, "smtp") == 0 || strcmp(scheme, "smtps") == 0;
	return strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0;
}

/* User info that the user wrote into a URL is used as credentials, and nowhere shown. */
static void adopt_user_info(struct run *r)
{
	char *user = run_url_part(r->url, CURLUPART_USER, CURLU_URLDECODE);
	char *password = run_url_part(r->url, CURLUPART_PASSWORD, CURLU_URLDECODE);
	if (user[0] && !str_present(r->t->username)) {
		r->t->username = arena_str(r->t->arena, str_c(user));
		r->t->password = arena_str(r->t->arena, str_c(password));
	}
	mem_free(user);
	mem_free(password);
	curl_url_set(r->url, CURLUPART_USER, NULL, 0);
	curl_url_set(r->url, CURLUPART_PASSWORD, NULL, 0);
	curl_url_set(r->url, CURLUPART_FRAGMENT, NULL, 0);
}

/* Behind a proxy a name is the proxy's to resolve, but an address written out can be judged here. */
static bool literal_is_allowed(struct run *r, CURLU *url)
{
	if (!str_present(r->t->proxy))
		return true;
	char *host = run_url_part(url, CURLUPART_HOST, 0);
	size_t len = strlen(host);
	struct str bare = host[0] == '[' ? str_slice(str_c(host), 1, len - 1) : str_c(host);
	if (str_ends(bare, STR(".")))
		bare = str_slice(bare, 0, bare.len - 1);
	if (str_eq_nocase(bare, STR("localhost")) || str_ends(bare, STR(".localhost")))
		bare = STR("127.0.0.1");
	char *ip = c_string(bare);
	unsigned char address[16];
	bool ok = !guard_address_text(ip, address) || guard(r, address);
	mem_free(ip);
	mem_free(host);
	return ok;
}

static int check_redirect(struct run *r, CURLU *next, const char *scheme, struct err *e)
{
	char *from = run_url_part(r->url, CURLUPART_SCHEME, 0);
	char *user = run_url_part(next, CURLUPART_USER, 0);
	int result = 0;
	if (strcmp(from, "https") == 0 && strcmp(scheme, "https") != 0)
		result = err_set(e, ERR_INPUT, "redirect refused: from https to http");
	else if (user[0])
		result = err_set(e, ERR_INPUT, "redirect refused: user name in the URL");
	mem_free(from);
	mem_free(user);
	return result;
}

static int check_url(struct run *r, CURLU *next, bool redirected, struct err *e)
{
	char *scheme = run_url_part(next, CURLUPART_SCHEME, 0);
	int result = 0;
	if (!scheme_is_allowed(r, scheme))
		result = err_set(e, ERR_INPUT, "%sscheme %.32s:// is not allowed here",
				 redirected ? "redirect refused: " : "", scheme);
	else if (redirected)
		result = check_redirect(r, next, scheme, e);
	if (result == 0 && !literal_is_allowed(r, next))
		result = err_set(e, ERR_CONFIG, ADDRESS_REFUSED, r->refused_address, r->refused_why);
	mem_free(scheme);
	return result;
}

int run_set_url(struct run *r, const char *url, bool redirected, struct err *e)
{
	if (strlen(url) > URL_BYTES_MAX)
		return err_set(e, ERR_INPUT, "%sthe URL has more than %d bytes",
			       redirected ? "redirect refused: " : "", URL_BYTES_MAX);
	CURLU *next = curl_url();
	if (curl_url_set(next, CURLUPART_URL, url, CURLU_URLENCODE | CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
		curl_url_cleanup(next);
		return err_set(e, ERR_INPUT, "%snot a valid URL", redirected ? "redirect refused: " : "");
	}
	if (check_url(r, next, redirected, e) != 0) {
		curl_url_cleanup(next);
		return -1;
	}
	curl_url_cleanup(r->url);
	r->url = next;
	adopt_user_info(r);
	return 0;
}
