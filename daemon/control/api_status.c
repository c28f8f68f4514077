/* SPDX-License-Identifier: ISC */
/* How the daemon fares: for people and scripts as JSON, for Prometheus as metrics. */
#include "control/call.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/json.h"
#include "base/num.h"
#include "control/metrics.h"

#define UNTOLD_MAX 100          /* watches that are listed: more have one cause */
#define METRICS_MAX (64u << 20) /* bytes of one answer: 100,000 sources */

static const char *const source_states[] = { "ok", "failing", "stopped", "paused", "new" };
#define SOURCE_STATES (sizeof(source_states) / sizeof(source_states[0]))

/* What both forms tell, counted in one walk through the world. */
struct tally {
	json_t *sources;   /* as the API shows them, in the world's order */
	int64_t by_state[SOURCE_STATES];
	json_t *channels;
	int64_t channels_broken, channels_paused, watches_paused;
	json_t *untold;    /* names of watches that have nobody to tell */
	struct store_counts counts;
	struct engine_figures figures;
};

static void tally_release(struct tally *t)
{
	json_decref(t->sources);
	json_decref(t->channels);
	json_decref(t->untold);
}

static void tally_init(const struct call *c, struct tally *t)
{
	const struct world *w = engine_world(c->engine);
	*t = (struct tally){ .sources = json_array(), .channels = json_array(), .untold = json_array() };
	for (struct map_iter it = { 0 }; map_next(w->sources, &it);) {
		json_t *source = engine_source_json(c->engine, it.value, c->now);
		struct str state = json_get_str(source, "state");
		for (size_t i = 0; i < SOURCE_STATES; i++)
			t->by_state[i] += str_eq(state, str_c(source_states[i]));
		json_set_text(source, "name", it.key);
		json_array_append_new(t->sources, source);
	}
	for (struct map_iter it = { 0 }; map_next(w->channels, &it);) {
		const struct world_channel *channel = it.value;
		t->channels_broken += channel->broken && !channel->settings.paused;
		t->channels_paused += channel->settings.paused;
		json_array_append_new(t->channels, engine_channel_json(c->engine, channel));
	}
	for (struct map_iter it = { 0 }; map_next(w->watches, &it);) {
		const struct world_watch *watch = it.value;
		struct world_channel *to[WORLD_CHANNELS_MAX];
		t->watches_paused += watch->settings.paused;
		if (!watch->settings.paused && json_array_size(t->untold) < UNTOLD_MAX && world_channels_of(w, watch, to) == 0)
			json_array_append_new(t->untold, json_text(it.key));
	}
	engine_figures(c->engine, &t->figures);
	/* A store that does not answer is a finding of the status, not a failure of it. */
	struct err e;
	if (store_count(engine_store(c->engine), &t->counts, &e) != 0) {
		t->counts = (struct store_counts){ 0 };
		t->figures.store_ok = false;
	}
}

/* proc_pid_statm(5): the second number is the resident set in pages.  0 if /proc is not there. */
static int64_t memory_bytes(void)
{
	char buf[256];
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t n = read(fd, buf, sizeof(buf));
	close(fd);
	struct str rest = str_n(buf, n > 0 ? (size_t)n : 0), word = STR_NULL;
	int64_t pages = 0;
	if (!str_split(&rest, ' ', &word) || !str_split(&rest, ' ', &word) || !num_i64(word, &pages))
		return 0;
	return pages * (int64_t)sysconf(_SC_PAGESIZE);
}

static json_t *text_or_null(const char *s)
{
	return s != NULL && s[0] != '\0' ? json_string(s) : json_null();
}

/* Sources that tell nothing at the moment, and why: the first thing to look at. */
static json_t *blind_json(const struct tally *t)
{
	json_t *list = json_array(), *source;
	size_t i;
	json_array_foreach(t->sources, i, source) {
		struct str state = json_get_str(source, "state");
		if (!str_eq(state, STR("failing")) && !str_eq(state, STR("stopped")))
			continue;
		json_t *item = json_object();
		json_set(item, "source", json_incref(json_object_get(source, "name")));
		json_set(item, "since", json_incref(json_object_get(source, "last_success")));
		json_set(item, "error", json_incref(json_object_get(source, "last_error")));
		json_set(item, "next_poll", json_incref(json_object_get(source, "next_poll")));
		json_array_append_new(list, item);
	}
	return list;
}

/* Channels that cannot be used, and why. */
static json_t *mute_json(const struct tally *t)
{
	json_t *list = json_array(), *channel;
	size_t i;
	json_array_foreach(t->channels, i, channel) {
		if (!str_eq(json_get_str(channel, "state"), STR("broken")))
			continue;
		json_t *item = json_object();
		json_set(item, "channel", json_incref(json_object_get(channel, "name")));
		json_set(item, "error", json_incref(json_object_get(channel, "last_error")));
		json_set(item, "waiting", json_incref(json_object_get(channel, "waiting")));
		json_array_append_new(list, item);
	}
	return list;
}

static json_t *sources_json(const struct tally *t)
{
	json_t *j = json_object();
	json_set_int(j, "total", (int64_t)json_array_size(t->sources));
	for (size_t i = 0; i < SOURCE_STATES; i++)
		json_set_int(j, source_states[i], t->by_state[i]);
	return j;
}

void api_status(const struct call *c)
{
	__attribute__((cleanup(tally_release))) struct tally t;
	tally_init(c, &t);
	const struct world *w = engine_world(c->engine);
	json_t *j = json_object();
	json_set(j, "version", json_string(MONITORD_VERSION));
	json_set(j, "started", engine_time_json(t.figures.started_unix_ms));
	json_set(j, "now", engine_time_json(c->now.unix_ms));
	json_set_bool(j, "ready", true);
	json_set(j, "config", text_or_null(t.figures.config_path));
	json_set(j, "store", json_pack("{s:b, s:o}", "ok", t.figures.store_ok, "error", text_or_null(t.figures.store_error)));
	json_set(j, "sources", sources_json(&t));
	json_set(j, "watches", json_pack("{s:I, s:I}", "total", (json_int_t)map_count(w->watches), "paused",
	                                 (json_int_t)t.watches_paused));
	json_set(j, "channels", json_pack("{s:I, s:I, s:I}", "total", (json_int_t)map_count(w->channels), "broken",
	                                  (json_int_t)t.channels_broken, "paused", (json_int_t)t.channels_paused));
	json_set_int(j, "posts", t.counts.posts);
	json_set_int(j, "alerts", t.counts.alerts);
	json_set(j, "deliveries", json_pack("{s:I, s:I, s:I}", "waiting", (json_int_t)t.counts.waiting, "delivered",
	                                    (json_int_t)t.counts.delivered, "dead", (json_int_t)t.counts.dead));
	json_set(j, "blind", blind_json(&t));
	json_set(j, "mute", mute_json(&t));
	json_set(j, "untold", json_incref(t.untold));
	json_set_int(j, "memory_bytes", memory_bytes());
	engine_reply(c->engine, c->id, 200, j);
}

static void one(struct strbuf *out, const char *name, const char *type, const char *help, int64_t n)
{
	metrics_family(out, name, type, help);
	metrics_sample(out, name, NULL, STR_NULL, n);
}

static void put_counters(struct strbuf *out, const struct engine_figures *f)
{
	const struct { const char *name, *help; uint64_t n; } counters[] = {
		{ "monitord_polls_total", "Polls that ended.", f->polls },
		{ "monitord_polls_failed_total", "Polls that failed.", f->polls_failed },
		{ "monitord_polls_unchanged_total", "Polls that found nothing changed.", f->polls_unchanged },
		{ "monitord_posts_new_total", "Posts seen for the first time.", f->posts_new },
		{ "monitord_posts_edited_total", "Posts whose text changed.", f->posts_edited },
		{ "monitord_posts_deleted_total", "Posts that were taken back.", f->posts_deleted },
		{ "monitord_alerts_total", "Alerts made.", f->alerts },
		{ "monitord_delivered_total", "Deliveries that arrived.", f->delivered },
		{ "monitord_dead_letters_total", "Deliveries given up.", f->dead },
		{ "monitord_attempts_failed_total", "Attempts to deliver that failed.", f->attempts_failed },
		{ "monitord_websub_pushes_total", "Documents that hubs pushed.", f->websub_pushes },
		{ "monitord_websub_refused_total", "Pushes that were dropped: badly signed, or no feed.", f->websub_refused },
		{ "monitord_websub_missed_total", "New posts that a poll brought where a push should have.", f->websub_missed },
		{ "monitord_commits_total", "Transactions committed.", f->commits },
	};
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		one(out, counters[i].name, "counter", counters[i].help, (int64_t)counters[i].n);
}

static void put_totals(const struct call *c, struct strbuf *out, const struct tally *t)
{
	metrics_family(out, "monitord_info", "gauge", "The version that runs.");
	metrics_sample(out, "monitord_info", "version", STR(MONITORD_VERSION), 1);
	metrics_family(out, "monitord_start_time_seconds", "gauge", "When the daemon started, in seconds since 1970.");
	metrics_seconds(out, "monitord_start_time_seconds", NULL, STR_NULL, t->figures.started_unix_ms);
	one(out, "monitord_resident_memory_bytes", "gauge", "Resident memory.", memory_bytes());
	one(out, "monitord_store_up", "gauge", "1 if the database takes what is written.", t->figures.store_ok);
	one(out, "monitord_transfers_in_flight", "gauge", "Exchanges with the network under way.", (int64_t)t->figures.flights);
	one(out, "monitord_watches", "gauge", "Watches.", (int64_t)map_count(engine_world(c->engine)->watches));
	one(out, "monitord_watches_paused", "gauge", "Watches that are paused.", t->watches_paused);
	one(out, "monitord_posts", "gauge", "Posts known.", t->counts.posts);
	one(out, "monitord_alerts", "gauge", "Alerts kept.", t->counts.alerts);
	metrics_family(out, "monitord_deliveries", "gauge", "Deliveries kept, by state.");
	metrics_sample(out, "monitord_deliveries", "state", STR("waiting"), t->counts.waiting);
	metrics_sample(out, "monitord_deliveries", "state", STR("delivered"), t->counts.delivered);
	metrics_sample(out, "monitord_deliveries", "state", STR("dead"), t->counts.dead);
	metrics_family(out, "monitord_sources", "gauge", "Sources, by state.");
	for (size_t i = 0; i < SOURCE_STATES; i++)
		metrics_sample(out, "monitord_sources", "state", str_c(source_states[i]), t->by_state[i]);
}

static void put_subscriptions(struct strbuf *out, const struct tally *t)
{
	static const char *const states[] = { "off", "asking", "active", "denied" };
	json_t *source;
	size_t k;
	metrics_family(out, "monitord_websub_subscriptions", "gauge", "Subscriptions at hubs, by state.");
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		int64_t n = 0;
		json_array_foreach(t->sources, k, source)
			n += str_eq(json_get_str(json_get(source, "websub"), "state"), str_c(states[i]));
		metrics_sample(out, "monitord_websub_subscriptions", "state", str_c(states[i]), n);
	}
	metrics_family(out, "monitord_source_pushed", "gauge", "1 if a hub pushes what the source publishes.");
	json_array_foreach(t->sources, k, source)
		if (json_is_object(json_get(source, "websub")))
			metrics_sample(out, "monitord_source_pushed", "source", json_get_str(source, "name"),
			               json_get_bool(json_get(source, "websub"), "pushes", false));
}

static void put_sources(const struct call *c, struct strbuf *out, const struct tally *t)
{
	json_t *source;
	size_t i;
	metrics_family(out, "monitord_source_up", "gauge", "1 if the last poll went well.");
	json_array_foreach(t->sources, i, source)
		metrics_sample(out, "monitord_source_up", "source", json_get_str(source, "name"),
		               str_eq(json_get_str(source, "state"), STR("ok")));
	metrics_family(out, "monitord_source_failures", "gauge", "Polls that failed in a row.");
	json_array_foreach(t->sources, i, source)
		metrics_sample(out, "monitord_source_failures", "source", json_get_str(source, "name"),
		               json_get_int(source, "failures", 0));
	metrics_family(out, "monitord_source_last_success_seconds", "gauge", "When a poll last went well, in seconds since 1970.");
	for (struct map_iter it = { 0 }; map_next(engine_world(c->engine)->sources, &it);) {
		const struct world_source *s = it.value;
		if (s->kept.success_unix_ms != TIME_ABSENT)
			metrics_seconds(out, "monitord_source_last_success_seconds", "source", it.key, s->kept.success_unix_ms);
	}
}

static void put_channels(struct strbuf *out, const struct tally *t)
{
	json_t *channel;
	size_t i;
	metrics_family(out, "monitord_channel_waiting", "gauge", "Deliveries that wait for this channel.");
	json_array_foreach(t->channels, i, channel)
		metrics_sample(out, "monitord_channel_waiting", "channel", json_get_str(channel, "name"),
		               json_get_int(channel, "waiting", 0));
	metrics_family(out, "monitord_channel_broken", "gauge", "1 if the channel is misconfigured: the operator must act.");
	json_array_foreach(t->channels, i, channel)
		metrics_sample(out, "monitord_channel_broken", "channel", json_get_str(channel, "name"),
		               str_eq(json_get_str(channel, "state"), STR("broken")));
}

void api_metrics(const struct call *c)
{
	__attribute__((cleanup(tally_release))) struct tally t;
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(METRICS_MAX);
	tally_init(c, &t);
	put_totals(c, &out, &t);
	put_counters(&out, &t.figures);
	put_sources(c, &out, &t);
	put_subscriptions(&out, &t);
	put_channels(&out, &t);
	engine_reply_text(c->engine, c->id, 200, METRICS_CONTENT_TYPE, strbuf_str(&out));
}
