/* SPDX-License-Identifier: ISC */
/* The HTTP API's server side: HTTP/1.1 over the Unix socket; and the door for hubs, over TCP. */
#include "io/http_api.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <sys/socket.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/url.h"
#include "io/listen.h"

#define LINGER_S 2           /* for a client to read our last words */
#define ACCEPT_PAUSE_S 1     /* after EMFILE: the listener would spin */
#define REFUSED_CLIENTS_MAX 16 /* beyond IO_API_CLIENTS_MAX, to be told so; more are closed at once */
#define METHOD_MAX 16
#define DOOR_IDS (UINT64_C(1) << 63) /* request ids from there on are the door's */

enum state {
	STATE_HEAD,       /* waits for a request, or the rest of its head */
	STATE_BODY,
	STATE_ENGINE,     /* the COMMAND is with the engine */
	STATE_SUBSCRIBED,
	STATE_CLOSING,    /* the last response is being sent */
	STATE_LINGER,     /* sent; what still comes in is thrown away */
};
struct client {
	struct client *next, *prev;
	struct api *api;
	struct bufferevent *bev;
	struct event *timer;     /* idle, or a request that does not end */
	enum state state;
	bool keep_alive, head_only, refused;
	bool half_closed;        /* it has said all, and still listens */
	uint64_t request_id;
	size_t body_len;
	size_t reserved;         /* of the door's room for bodies */
	bool encoded;            /* Content-Encoding: what is pushed comes as it is */
	struct str content_type, signature;
	struct arena *arena;     /* the request's texts */
	struct str method, path, query;
	struct str kinds;        /* of events that it wants */
};
struct api {
	bool door;               /* for hubs */
	size_t clients_max, body_max;
	int idle_s;
	struct str key;          /* of the tokens */
	size_t reserved;         /* bytes of bodies that are coming in */
	struct event_base *base;
	struct mailbox *to_engine;
	struct evconnlistener *listener;
	struct event *resume;    /* accepting again */
	struct client *clients;
	size_t n_clients, n_refused;
	uint64_t last_request_id;
	struct str path;
	struct stat made;
	bool is_ours;            /* we made the socket file */
};

static const struct {
	int status;
	const char *title;
} reasons[] = {
	{ 200, "OK" },
	{ 201, "Created" },
	{ 202, "Accepted" },
	{ 204, "No Content" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 408, "Request Timeout" },
	{ 409, "Conflict" },
	{ 410, "Gone" },
	{ 411, "Length Required" },
	{ 413, "Content Too Large" },
	{ 415, "Unsupported Media Type" },
	{ 422, "Unprocessable Content" },
	{ 431, "Request Header Fields Too Large" },
	{ 500, "Internal Server Error" },
	{ 502, "Bad Gateway" },
	{ 503, "Service Unavailable" },
	{ 504, "Gateway Timeout" },
	{ 505, "HTTP Version Not Supported" },
};

static const char *reason(int status)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (reasons[i].status == status)
			return reasons[i].title;
	return "Status";
}

/* --- clients ---------------------------------------------------------------------------------------------------- */

static void client_free(struct client *c)
{
	struct api *api = c->api;
	if (c->prev)
		c->prev->next = c->next;
	else
		api->clients = c->next;
	if (c->next)
		c->next->prev = c->prev;
	if (c->refused)
		api->n_refused--;
	else
		api->n_clients--;
	api->reserved -= c->reserved;
	event_free(c->timer);
	bufferevent_free(c->bev);
	arena_free(c->arena);
	mem_free(c);
}

static void set_timer(struct client *c, int seconds)
{
	struct timeval tv = { .tv_sec = seconds };
	event_add(c->timer, &tv);
}

static void next_request(struct client *c)
{
	arena_free(c->arena);
	c->arena = arena_new(API_HEAD_MAX * 2);
	c->method = c->path = c->query = c->kinds = c->content_type = c->signature = STR_NULL;
	c->api->reserved -= c->reserved;
	c->body_len = c->reserved = 0;
	c->encoded = false;
	c->request_id = 0;
	c->state = STATE_HEAD;
	set_timer(c, c->api->idle_s);
}

/* The response; afterwards the client waits for the next request or for its end. */
static void respond(struct client *c, int status, struct str content_type, struct str body, const char *more_headers)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\n", status, reason(status));
	if (status != 204) {
		evbuffer_add_printf(out, "Content-Type: %.*s\r\nContent-Length: %zu\r\n", STR_ARG(content_type),
				    body.len);
	}
	/* What a hub wants echoed is text, whatever it looks like (WebSub, 5.3.1). */
	evbuffer_add_printf(out, "%s%s%s\r\n", more_headers, c->api->door ? "X-Content-Type-Options: nosniff\r\n" : "",
			    c->keep_alive ? "" : "Connection: close\r\n");
	if (!c->head_only && status != 204 && body.len)
		evbuffer_add(out, body.p, body.len);
	if (c->keep_alive) {
		next_request(c);
		return;
	}
	c->state = STATE_CLOSING;
	set_timer(c, c->api->idle_s);
}

static void respond_problem(struct client *c, int status, const char *detail, const char *more_headers)
{
	AUTO(strbuf) struct strbuf body = STRBUF_INIT(1024);
	if (c->api->door) { /* who knows no token learns nothing */
		respond(c, status, STR("text/plain"), STR(""), more_headers);
		return;
	}
	/* RFC 9457; all texts are ours and need no escapes. */
	strbuf_addf(&body, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s\"}\n",
		    reason(status), status, detail);
	respond(c, status, STR("application/problem+json"), strbuf_str(&body), more_headers);
}

static void refuse(struct client *c, int status, const char *detail)
{
	c->keep_alive = false; /* what follows in this connection cannot be trusted */
	respond_problem(c, status, detail, "");
}

/* --- events ----------------------------------------------------------------------------------------------------- */

/* The names after "kind=" in the query, decoded; absent: all kinds. */
static int read_kinds(struct client *c, struct err *e)
{
	struct str rest = c->query, parameter;
	while (str_split(&rest, '&', &parameter))
		if (str_starts(parameter, STR("kind=")))
			return url_decode(str_from(parameter, 5), true, c->arena, &c->kinds, e);
	return 0;
}

static bool wants(const struct client *c, struct str kind)
{
	struct str rest = c->kinds, name;
	while (str_split(&rest, ',', &name))
		if (str_eq(name, kind))
			return true;
	return !str_present(c->kinds);
}

static void subscribe(struct client *c)
{
	if (!str_eq(c->method, STR("GET"))) {
		respond_problem(c, 405, "events can only be read", "Allow: GET\r\n");
		return;
	}
	struct err e = { 0 };
	if (read_kinds(c, &e) != 0) {
		respond_problem(c, 400, e.message, "");
		return;
	}
	evbuffer_add_printf(bufferevent_get_output(c->bev),
			    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
			    "Connection: close\r\n\r\n: monitord\n\n");
	c->state = STATE_SUBSCRIBED;
	event_del(c->timer);
	bufferevent_set_timeouts(c->bev, NULL, NULL);
}

static void send_event(struct client *c, struct str kind, struct str text)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	if (evbuffer_get_length(out) + kind.len + text.len > IO_EVENT_BACKLOG_MAX) {
		log_notice("api.subscriber_cut", "backlog=%zu", evbuffer_get_length(out));
		client_free(c);
		return;
	}
	evbuffer_add_printf(out, "event: %.*s\n", STR_ARG(kind));
	struct str rest = text, line;
	while (str_split(&rest, '\n', &line)) {
		evbuffer_add(out, "data: ", 6);
		evbuffer_add(out, line.p, line.len);
		evbuffer_add(out, "\n", 1);
	}
	evbuffer_add(out, "\n", 1);
}

void api_event(struct api *api, const struct message *m)
{
	for (struct client *c = api->clients, *next; c; c = next) {
		next = c->next;
		if (c->state == STATE_SUBSCRIBED && wants(c, m->content_type))
			send_event(c, m->content_type, m->text);
	}
}

/* --- requests --------------------------------------------------------------------------------------------------- */

static void to_engine(struct client *c, struct str body)
{
	if (!c->api->door && str_eq(c->path, STR("/v1/events"))) {
		subscribe(c);
		return;
	}
	c->request_id = ++c->api->last_request_id;
	struct message *m = message_command(c->request_id, c->method, c->path, c->query, body);
	if (c->api->door) {
		m->kind = MESSAGE_CALLBACK;
		m->command->content_type = arena_str(m->arena, c->content_type);
		m->command->signature = arena_str(m->arena, c->signature);
	}
	if (!mailbox_put(c->api->to_engine, &m->mail, false)) {
		message_free(m);
		respond_problem(c, 503, "monitord is busy, try again", "Retry-After: 1\r\n");
		return;
	}
	c->state = STATE_ENGINE;
	event_del(c->timer);
}

static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 'A' || s.p[i] > 'Z')
			return false;
	return s.len > 0 && s.len <= METHOD_MAX;
}

static bool is_target(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false; /* also what is not ASCII: it must be percent-encoded */
	return s.len > 0 && s.p[0] == '/';
}

static const char *parse_request_line(struct client *c, struct str line)
{
	struct str method, target;
	if (!str_split(&line, ' ', &method) || !str_split(&line, ' ', &target) || !is_token(method) ||
	    !is_target(target))
		return "the request line is malformed";
	if (!str_eq(line, STR("HTTP/1.1")) && !str_eq(line, STR("HTTP/1.0")))
		return "only HTTP/1.0 and HTTP/1.1 are spoken here";
	c->keep_alive = str_eq(line, STR("HTTP/1.1"));
	c->method = arena_str(c->arena, method);
	c->head_only = str_eq(method, STR("HEAD"));
	size_t mark = str_chr(target, '?');
	c->path = arena_str(c->arena, str_slice(target, 0, mark == STR_NPOS ? target.len : mark));
	c->query = mark == STR_NPOS ? STR("") : arena_str(c->arena, str_from(target, mark + 1));
	return NULL;
}

struct head { /* what the headers say of the body */
	bool has_length, is_chunked, expects_continue;
	uint64_t length;
};

static const char *parse_header(struct client *c, struct str line, struct head *head)
{
	size_t colon = str_chr(line, ':');
	if (colon == STR_NPOS || colon == 0 || char_is_space(line.p[colon - 1]))
		return "a header line is malformed";
	struct str name = str_slice(line, 0, colon), value = str_trim(str_from(line, colon + 1));
	if (str_eq_nocase(name, STR("content-length"))) {
		uint64_t length = 0;
		if (!num_u64(value, &length) || (head->has_length && head->length != length))
			return "Content-Length is malformed";
		head->has_length = true;
		head->length = length;
	} else if (str_eq_nocase(name, STR("transfer-encoding"))) {
		head->is_chunked = true;
	} else if (c->api->door && str_eq_nocase(name, STR("content-type"))) {
		c->content_type = arena_str(c->arena, value);
	} else if (c->api->door && str_eq_nocase(name, STR("x-hub-signature"))) {
		c->signature = arena_str(c->arena, value);
	} else if (c->api->door && str_eq_nocase(name, STR("content-encoding"))) {
		c->encoded = c->encoded || !str_eq_nocase(value, STR("identity"));
	} else if (str_eq_nocase(name, STR("expect"))) {
		head->expects_continue = str_eq_nocase(value, STR("100-continue"));
	} else if (str_eq_nocase(name, STR("connection"))) {
		if (str_eq_nocase(value, STR("close")))
			c->keep_alive = false;
		else if (str_eq_nocase(value, STR("keep-alive")))
			c->keep_alive = true;
	}
	return NULL;
}

/* `text` without the empty line at its end. */
static const char *parse_head(struct client *c, struct str text, struct head *head)
{
	if (str_chr(text, '\0') != STR_NPOS)
		return "a NUL byte in the head";
	bool first = true;
	struct str line;
	while (str_split(&text, '\n', &line)) {
		if (str_ends(line, STR("\r")))
			line.len--;
		const char *wrong = first ? parse_request_line(c, line) : parse_header(c, line, head);
		first = false;
		if (wrong)
			return wrong;
	}
	return first ? "the request is empty" : NULL;
}

/* May this body come in?  -1: it is answered. */
static int reserve_body(struct client *c, const struct head *head)
{
	struct api *api = c->api;
	if (head->is_chunked)
		return refuse(c, 411, "a body must say its Content-Length"), -1;
	if (head->length > api->body_max)
		return refuse(c, 413, "a request's body may have 1 MiB"), -1;
	if (!api->door)
		return 0;
	if (c->encoded)
		return refuse(c, 415, ""), -1;
	if (api->reserved + (size_t)head->length > IO_CALLBACK_BODIES_MAX)
		return refuse(c, 503, ""), -1;
	c->reserved = (size_t)head->length;
	api->reserved += c->reserved;
	return 0;
}

/* The path's last segment is a token of ours, whatever a proxy made of the rest; only that goes on. */
static bool read_token(struct client *c)
{
	size_t slash = str_rchr(c->path, '/');
	c->path = str_from(c->path, slash + 1);
	return hash_token_ok(c->path, c->api->key);
}

/* False: more bytes are needed, or the connection is ending. */
static bool read_head(struct client *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	size_t len = end.pos < 0 ? evbuffer_get_length(in) : (size_t)end.pos;
	if (len > API_HEAD_MAX) {
		refuse(c, 431, "request line and headers may have 16 KiB");
		return false;
	}
	if (end.pos < 0)
		return false;
	struct head head = { 0 };
	struct str text = str_n(evbuffer_pullup(in, (ev_ssize_t)len + 4), len);
	const char *wrong = parse_head(c, text, &head);
	evbuffer_drain(in, len + 4);
	if (wrong) {
		refuse(c, 400, wrong);
	} else if (c->api->door && !read_token(c)) {
		refuse(c, 404, "");
	} else if (c->api->door && !str_eq(c->method, STR("GET")) && !str_eq(c->method, STR("POST"))) {
		refuse(c, 405, "");
	} else if (reserve_body(c, &head) == 0) {
		c->body_len = (size_t)head.length;
		c->state = STATE_BODY;
		if (head.expects_continue && evbuffer_get_length(in) < c->body_len)
			evbuffer_add_printf(bufferevent_get_output(c->bev), "HTTP/1.1 100 Continue\r\n\r\n");
		return true;
	}
	return false;
}

static bool read_body(struct client *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	if (evbuffer_get_length(in) < c->body_len)
		return false;
	struct str body = STR_NULL;
	if (c->body_len)
		body = str_n(evbuffer_pullup(in, (ev_ssize_t)c->body_len), c->body_len);
	size_t len = c->body_len; /* answering at once begins the next request */
	to_engine(c, body);
	evbuffer_drain(in, len);
	return true;
}

static bool has_output(const struct client *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev)) > 0;
}

static void client_read(struct client *c)
{
	bool more = true;
	while (more) {
		if (c->state == STATE_HEAD && has_output(c))
			return; /* on_written goes on: whoever asks and does not read gets one answer, not all */
		if (c->state == STATE_HEAD)
			more = read_head(c);
		else if (c->state == STATE_BODY)
			more = read_body(c);
		else
			more = false; /* a pipelined request waits in the buffer, up to its high-water mark */
	}
	if (c->half_closed && (c->state == STATE_HEAD || c->state == STATE_BODY)) {
		c->state = STATE_CLOSING; /* no other request will become whole; on_written ends it */
		bufferevent_trigger(c->bev, EV_WRITE, 0);
	}
	if (c->state == STATE_SUBSCRIBED || c->state == STATE_CLOSING || c->state == STATE_LINGER) {
		struct evbuffer *in = bufferevent_get_input(c->bev);
		evbuffer_drain(in, evbuffer_get_length(in));
	}
}

static void on_read(struct bufferevent *bev __attribute__((unused)), void *arg)
{
	client_read(arg);
}

static void on_written(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;
	if (c->state == STATE_HEAD)
		client_read(c); /* it may have asked for more already */
	if (c->state != STATE_CLOSING || has_output(c))
		return;
	/* To close with unread input would reset the connection and lose the response. */
	(void)shutdown(bufferevent_getfd(bev), SHUT_WR);
	c->state = STATE_LINGER;
	set_timer(c, LINGER_S);
}

static void on_gone(struct bufferevent *bev, short what, void *arg)
{
	struct client *c = arg;
	bool half_closed = (what & BEV_EVENT_EOF) && (what & BEV_EVENT_READING);
	bool owed = c->state == STATE_ENGINE || c->state == STATE_CLOSING || (c->state == STATE_HEAD && has_output(c));
	if (half_closed && owed && !(what & (BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT))) {
		c->half_closed = true;
		bufferevent_disable(bev, EV_READ);
		return;
	}
	client_free(c);
}

static void on_client_timer(evutil_socket_t fd __attribute__((unused)), short what __attribute__((unused)), void *arg)
{
	struct client *c = arg;
	bool begun = c->state == STATE_BODY ||
		     (c->state == STATE_HEAD && evbuffer_get_length(bufferevent_get_input(c->bev)) > 0);
	if (begun)
		refuse(c, 408, "the request did not end in time");
	else
		client_free(c);
}

/* --- connections ------------------------------------------------------------------------------------------------ */

static void client_new(struct api *api, int fd)
{
	struct client *c = mem_new(struct client);
	c->api = api;
	c->refused = api->n_clients >= api->clients_max;
	c->bev = bufferevent_socket_new(api->base, fd, BEV_OPT_CLOSE_ON_FREE);
	c->timer = evtimer_new(api->base, on_client_timer, c);
	c->next = api->clients;
	if (c->next)
		c->next->prev = c;
	api->clients = c;
	if (c->refused)
		api->n_refused++;
	else
		api->n_clients++;
	next_request(c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, API_HEAD_MAX + api->body_max + 4);
	bufferevent_set_timeouts(c->bev, NULL, &(struct timeval){ .tv_sec = api->idle_s });
	bufferevent_setcb(c->bev, on_read, on_written, on_gone, c);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	if (c->refused)
		respond_problem(c, 503, "too many clients", "Retry-After: 1\r\n");
}

static void on_accept(struct evconnlistener *listener __attribute__((unused)), evutil_socket_t fd,
		      struct sockaddr *peer __attribute__((unused)), int len __attribute__((unused)), void *arg)
{
	struct api *api = arg;
	if (api->n_refused >= REFUSED_CLIENTS_MAX && api->n_clients >= api->clients_max)
		close(fd);
	else
		client_new(api, fd);
}

static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	struct api *api = arg;
	int errnum = EVUTIL_SOCKET_ERROR();
	evconnlistener_disable(listener);
	struct timeval tv = { .tv_sec = ACCEPT_PAUSE_S };
	event_add(api->resume, &tv);
	log_warning("api.accept_failed", "error=%s pause_s=%d", LOG_Q(str_c(strerror(errnum))), ACCEPT_PAUSE_S);
}

static void on_resume(evutil_socket_t fd __attribute__((unused)), short what __attribute__((unused)), void *arg)
{
	struct api *api = arg;
	evconnlistener_enable(api->listener);
}

void api_reply(struct api *api, const struct message *m)
{
	struct client *c = api->clients;
	while (c && !(c->state == STATE_ENGINE && c->request_id == m->request_id))
		c = c->next;
	if (!c)
		return;
	struct str type = str_present(m->content_type) ? m->content_type : STR("application/json");
	respond(c, m->status ? m->status : 500, type, m->text, "");
	client_read(c); /* the next request may be here already */
}

bool api_busy(const struct api *api)
{
	for (const struct client *c = api->clients; c; c = c->next)
		if (c->state != STATE_SUBSCRIBED && evbuffer_get_length(bufferevent_get_output(c->bev)) > 0)
			return true;
	return false;
}

/* Takes `fd`. */
static int serve(struct api *api, int fd, struct err *e)
{
	api->resume = evtimer_new(api->base, on_resume, api);
	/* Backlog 0: it listens already. */
	api->listener = evconnlistener_new(api->base, on_accept, api, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (!api->listener) {
		close(fd);
		return err_set(e, ERR_SYSTEM, "libevent cannot listen on the socket");
	}
	evconnlistener_set_error_cb(api->listener, on_accept_error);
	return 0;
}

int api_new(struct event_base *base, const struct io_options *options, struct api **ret_api, struct err *e)
{
	OWNED(api) struct api *api = mem_new(struct api);
	api->base = base;
	api->to_engine = options->to_engine;
	api->clients_max = IO_API_CLIENTS_MAX;
	api->body_max = IO_API_BODY_MAX;
	api->idle_s = IO_API_IDLE_S;
	int fd = options->listen_fd;
	if (fd >= 0) {
		if (evutil_make_socket_nonblocking(fd) != 0 || evutil_make_socket_closeonexec(fd) != 0)
			return err_set(e, ERR_SYSTEM, "the inherited socket is not usable");
	} else {
		char *copy = mem_alloc(options->socket_path.len + 1);
		memcpy(copy, options->socket_path.p ? options->socket_path.p : "", options->socket_path.len);
		api->path = str_n(copy, options->socket_path.len);
		if (listen_unix(api->path, options->socket_group, &fd, &api->made, e) != 0)
			return -1;
		api->is_ours = true;
	}
	if (serve(api, fd, e) != 0)
		return -1;
	*ret_api = take(api);
	return 0;
}

int api_new_door(struct event_base *base, const struct io_options *options, struct api **ret_api, struct err *e)
{
	OWNED(api) struct api *api = mem_new(struct api);
	int fd = -1;
	api->base = base;
	api->to_engine = options->to_engine;
	api->door = true;
	api->clients_max = IO_CALLBACK_CLIENTS_MAX;
	api->body_max = IO_CALLBACK_BODY_MAX;
	api->idle_s = IO_CALLBACK_IDLE_S;
	api->key = options->callback_key;
	api->last_request_id = DOOR_IDS;
	if (listen_tcp(options->callback_listen, &fd, e) != 0 || serve(api, fd, e) != 0)
		return -1;
	*ret_api = take(api);
	return 0;
}

bool api_is_door(uint64_t request_id)
{
	return request_id >= DOOR_IDS;
}

void api_free(struct api *api)
{
	if (!api)
		return;
	while (api->clients)
		client_free(api->clients);
	if (api->listener)
		evconnlistener_free(api->listener);
	if (api->resume)
		event_free(api->resume);
	if (api->is_ours)
		listen_remove(api->path, &api->made);
	mem_free((char *)(uintptr_t)api->path.p);
	mem_free(api);
}
