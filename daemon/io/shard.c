/* SPDX-License-Identifier: ISC */
/* libcurl's multi handles, driven by libevent. */
#include "io/shard.h"

#include "base/hash.h"
#include "base/mem.h"

#define IDLE_CONNECTIONS_MAX 32L /* kept open in one shard */
#define HOST_KEY_MAX 255         /* a DNS name has no more */

struct watched { /* a socket that libcurl wants to hear of */
	struct watched *next, *prev;
	struct shard *shard;
	struct event *event;
};
struct shard {
	struct shards *all;
	CURLM *multi;
	struct event *timer;
	struct watched *watched;
};
struct shards {
	struct event_base *base;
	struct shards_calls calls;
	struct shard shard[SHARDS_N];
};

static void watched_free(struct watched *w)
{
	if (w->prev)
		w->prev->next = w->next;
	else
		w->shard->watched = w->next;
	if (w->next)
		w->next->prev = w->prev;
	event_free(w->event);
	mem_free(w);
}

static void shard_close(struct shard *shard)
{
	if (!shard->multi)
		return;
	curl_multi_cleanup(shard->multi);
	shard->multi = NULL;
	while (shard->watched)
		watched_free(shard->watched);
	event_free(shard->timer);
	shard->timer = NULL;
}

static void report_done(struct shard *shard)
{
	int left = 0;
	for (CURLMsg *m; shard->multi && (m = curl_multi_info_read(shard->multi, &left)) != NULL;) {
		if (m->msg != CURLMSG_DONE)
			continue;
		CURL *easy = m->easy_handle; /* m dies with the removal */
		CURLcode code = m->data.result;
		curl_multi_remove_handle(shard->multi, easy);
		shard->all->calls.done(shard->all->calls.ctx, easy, code);
	}
}

static void shard_act(struct shard *shard, curl_socket_t fd, int what)
{
	int running = 0;
	CURLMcode code = curl_multi_socket_action(shard->multi, fd, what, &running);
	if (code != CURLM_OK) {
		shard->all->calls.broken(shard->all->calls.ctx, shard, curl_multi_strerror(code));
		shard_close(shard);
		return;
	}
	report_done(shard);
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct watched *w = arg; /* libcurl may drop it during the call */
	shard_act(w->shard, fd,
		  ((what & EV_READ) ? CURL_CSELECT_IN : 0) | ((what & EV_WRITE) ? CURL_CSELECT_OUT : 0));
}

static void on_timeout(evutil_socket_t fd __attribute__((unused)), short what __attribute__((unused)), void *arg)
{
	shard_act(arg, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl's callbacks only note what it wants: calling it from here is forbidden, also for a timeout of 0. */
static int set_timer(CURLM *multi __attribute__((unused)), long timeout_ms, void *arg)
{
	struct shard *shard = arg;
	if (timeout_ms < 0) {
		event_del(shard->timer);
		return 0;
	}
	struct timeval tv = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
	return event_add(shard->timer, &tv);
}

static int watch(struct shard *shard, curl_socket_t fd, int what, struct watched *w)
{
	short events = (short)(EV_PERSIST | ((what & CURL_POLL_IN) ? EV_READ : 0) |
			       ((what & CURL_POLL_OUT) ? EV_WRITE : 0));
	if (w) {
		event_del(w->event);
		event_assign(w->event, shard->all->base, fd, events, on_ready, w);
		return event_add(w->event, NULL);
	}
	w = mem_new(struct watched);
	w->shard = shard;
	w->event = event_new(shard->all->base, fd, events, on_ready, w);
	w->next = shard->watched;
	if (w->next)
		w->next->prev = w;
	shard->watched = w;
	curl_multi_assign(shard->multi, fd, w);
	return event_add(w->event, NULL);
}

static int set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	struct shard *shard = arg;
	if (what != CURL_POLL_REMOVE)
		return watch(shard, fd, what, socket_arg);
	if (socket_arg)
		watched_free(socket_arg);
	shard->all->calls.unwatched(shard->all->calls.ctx, easy);
	return 0;
}

static bool shard_open(struct shard *shard)
{
	if (shard->multi)
		return true;
	shard->multi = curl_multi_init();
	if (!shard->multi)
		return false;
	shard->timer = evtimer_new(shard->all->base, on_timeout, shard);
	curl_multi_setopt(shard->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(shard->multi, CURLMOPT_SOCKETDATA, shard);
	curl_multi_setopt(shard->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(shard->multi, CURLMOPT_TIMERDATA, shard);
	curl_multi_setopt(shard->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS_MAX);
	return true;
}

struct shards *shards_new(struct event_base *base, const struct shards_calls *calls)
{
	struct shards *s = mem_new(struct shards);
	s->base = base;
	s->calls = *calls;
	for (size_t i = 0; i < SHARDS_N; i++)
		s->shard[i].all = s;
	return s;
}

void shards_free(struct shards *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < SHARDS_N; i++)
		shard_close(&s->shard[i]);
	mem_free(s);
}

struct shard *shards_add(struct shards *s, struct str host, CURL *easy)
{
	char key[HOST_KEY_MAX];
	size_t len = host.len < sizeof(key) ? host.len : sizeof(key);
	for (size_t i = 0; i < len; i++)
		key[i] = char_lower(host.p[i]);
	struct shard *shard = &s->shard[hash64(str_n(key, len)) % SHARDS_N];
	if (!shard_open(shard) || curl_multi_add_handle(shard->multi, easy) != CURLM_OK)
		return NULL;
	return shard;
}

void shard_remove(struct shard *shard, CURL *easy)
{
	curl_multi_remove_handle(shard->multi, easy);
}
