/* SPDX-License-Identifier: ISC */
/*
 * Tells the operator when the monitor goes blind (a source fails poll after poll, is stopped, silent for too long, or lost
 * posts for good; the disk is full) or mute (a channel takes nothing), and when that is over: one notice for each change of
 * state, over restarts too.  What changes within a minute is one notice, so that a cut cable is one message and not a
 * thousand.
 */
#include "engine/internal.h"

#include "base/log.h"
#include "base/num.h"
#include "base/text.h"

#define SILENCES 3        /* so much longer than ever before … */
#define SILENCE_MIN_MS (2LL * 24 * 3600 * 1000) /* … and than any weekend is no chance */
#define AGAIN_MS (3600LL * 1000) /* nothing happens when a source falls silent: one has to look */
#define GATHER_MS 60000   /* changes that are told together */
#define LINES_MAX 50      /* of one notice; the rest is counted */
#define NOTICE_MAX (64u << 10)
#define OPERATOR STR("monitord") /* source and watch of a notice */

struct notice {
	struct engine *g;
	struct strbuf lines, first;
	size_t bad, good; /* that began, that ended */
};

static bool source_fails(const struct engine *g, const struct world_source *s)
{
	return str_present(s->kept.stopped) || s->kept.failures >= g->world->config->daemon.alarm_after;
}

bool alarm_silent(const struct engine *g, const struct world_source *s)
{
	int64_t usual = s->kept.longest_ms > 0 ? s->kept.longest_ms * SILENCES : INT64_MAX;
	int64_t most = s->settings.silence_ms > 0 ? s->settings.silence_ms : usual > SILENCE_MIN_MS ? usual : SILENCE_MIN_MS;
	return s->kept.news_unix_ms != TIME_ABSENT && g->now.unix_ms - s->kept.news_unix_ms > most;
}

static bool source_blind(const struct engine *g, const struct world_source *s)
{
	return !s->settings.paused && (source_fails(g, s) || alarm_silent(g, s));
}

static bool channel_mute(const struct engine *g, const struct world_channel *c)
{
	return !c->settings.paused && (c->broken || c->failures >= g->world->config->daemon.alarm_after);
}

void alarm_look(struct engine *g)
{
	int64_t due = g->now.mono_ms + GATHER_MS;
	if (g->alarm_mono_ms > due)
		g->alarm_mono_ms = due;
}

void alarm_lost(struct engine *g, const struct world_source *s, struct str what)
{
	log_err("stream.lost", "source=%s lost=%s", LOG_Q(s->settings.name), LOG_Q(what));
	strbuf_addf(&g->lost, "source %.*s lost %.*s\n", STR_ARG(s->settings.name), STR_ARG(text_cut(what, 500)));
	alarm_look(g);
}

/* --- the words of a notice --- */

static void add_line(struct notice *n, bool bad, struct str line)
{
	size_t count = n->bad + n->good;
	if (bad)
		n->bad++;
	else
		n->good++;
	if (count == 0)
		strbuf_add(&n->first, line);
	if (count < LINES_MAX)
		strbuf_addf(&n->lines, "%s%.*s", count > 0 ? "; " : "", STR_ARG(line)); /* channels fold line ends */
}

static void add_since(const struct notice *n, int64_t unix_ms, struct strbuf *out)
{
	char buf[64];
	if (unix_ms == TIME_ABSENT)
		strbuf_adds(out, "never");
	else
		strbuf_addf(out, "%s ago", num_format_duration(buf, sizeof buf, (n->g->now.unix_ms - unix_ms) / 1000 * 1000));
}

static void tell_source(struct notice *n, const struct world_source *s, bool blind)
{
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(4096);
	char buf[64];
	strbuf_addf(&line, "source %.*s ", STR_ARG(s->settings.name));
	if (blind && !source_fails(n->g, s)) {
		strbuf_adds(&line, "is silent: it is read without fault, but gave its last new post ");
		add_since(n, s->kept.news_unix_ms, &line);
	} else if (blind) {
		strbuf_addf(&line, "is blind: %.*s (last success: ", STR_ARG(text_cut(s->kept.last_error, 500)));
		add_since(n, s->kept.success_unix_ms, &line);
		strbuf_adds(&line, str_present(s->kept.stopped) ? ", stopped)" : ", tried again by itself)");
	} else if (s->settings.paused) {
		strbuf_adds(&line, "was paused while it was blind");
	} else {
		strbuf_addf(&line, "sees again, after %s",
		            num_format_duration(buf, sizeof buf, (n->g->now.unix_ms - s->alarm_unix_ms) / 1000 * 1000));
	}
	add_line(n, blind, strbuf_str(&line));
}

static void tell_channel(struct notice *n, const struct world_channel *c, bool mute)
{
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(4096);
	strbuf_addf(&line, "channel %.*s ", STR_ARG(c->settings.name));
	if (mute)
		strbuf_addf(&line, "takes no alerts: %.*s (they wait, and are tried again)",
		            STR_ARG(text_cut(strbuf_str(&c->last_error), 500)));
	else
		strbuf_adds(&line, c->settings.paused ? "was paused while it took no alerts" : "takes alerts again");
	add_line(n, mute, strbuf_str(&line));
}

static void tell_disk(struct notice *n)
{
	struct engine *g = n->g;
	if (g->tight == g->tight_told)
		return;
	add_line(n, g->tight, str_c(g->tight ? RECOVERY_TIGHT : "there is room on the disk again: polling goes on"));
	g->tight_told = g->tight;
}

static void tell_lost(struct notice *n)
{
	struct str rest = strbuf_str(&n->g->lost), line;
	while (str_split(&rest, '\n', &line))
		if (!str_empty(line))
			add_line(n, true, line);
	strbuf_reset(&n->g->lost);
}

/* --- sending it --- */

static struct post *make_post(struct notice *n)
{
	struct engine *g = n->g;
	struct post *p = post_new();
	p->id = arena_fmt(p->arena, "notice:%lld:%08llx", (long long)g->now.unix_ms, (unsigned long long)engine_random(g) >> 32);
	p->title = n->bad + n->good == 1 ? arena_str(p->arena, strbuf_str(&n->first))
		: n->good == 0 ? arena_fmt(p->arena, "%zu sources or channels fail", n->bad)
		: n->bad == 0 ? arena_fmt(p->arena, "%zu sources or channels work again", n->good)
		: arena_fmt(p->arena, "%zu sources or channels fail, %zu work again", n->bad, n->good);
	if (n->bad + n->good > LINES_MAX)
		strbuf_addf(&n->lines, "; and %zu more: see monitorctl status", n->bad + n->good - LINES_MAX);
	if (n->bad + n->good > 1)
		p->text = arena_str(p->arena, strbuf_str(&n->lines));
	p->published_unix_ms = g->now.unix_ms;
	p->source = p->platform = OPERATOR;
	post_seal(p);
	return p;
}

static int send(struct notice *n, struct world_channel *const *to, size_t n_to, struct err *e)
{
	struct engine *g = n->g;
	OWNED(post) struct post *p = make_post(n);
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(NOTICE_MAX), words = STRBUF_INIT(NOTICE_MAX);
	struct store_post sp = pipeline_stored(p, &text, &words);
	struct store_alert a = { .watch = OPERATOR, .event = ALERT_NOTICE, .spans = STR("[]"), .query = STR(""),
		                 .created_unix_ms = g->now.unix_ms, .post = sp.json };
	if (store_post_insert(g->store, &sp, g->now.unix_ms, &a.post_row, e) != 0 || store_alert_put(g->store, &a, &a.row, e) != 0)
		return -1;
	for (size_t i = 0; i < n_to; i++)
		if (outbox_tell(g, to[i], a.row, e) != 0)
			return -1;
	log_warning("operator.notice", "title=%s channels=%zu", LOG_Q(p->title), n_to);
	engine_event(g, "alert", engine_alert_json(g, &a));
	return 0;
}

/* --- what changed --- */

/* It is told that this one fails, or no more: kept, so that a restart does not tell it again. */
static int set_told(struct notice *n, enum store_kind kind, struct str name, bool bad, int64_t *told_unix_ms, struct err *e)
{
	*told_unix_ms = bad ? n->g->now.unix_ms : TIME_ABSENT;
	return store_alarm_set(n->g->store, kind, name, *told_unix_ms, e);
}

static int note_sources(struct notice *n, struct err *e)
{
	struct engine *g = n->g;
	for (struct map_iter it = { 0 }; map_next(g->world->sources, &it);) {
		struct world_source *s = it.value;
		bool blind = source_blind(g, s);
		if (blind == (s->alarm_unix_ms != TIME_ABSENT))
			continue;
		tell_source(n, s, blind);
		if (set_told(n, STORE_SOURCE, s->settings.name, blind, &s->alarm_unix_ms, e) != 0)
			return -1;
	}
	return 0;
}

/* An account whose budget runs out: its sources are read less and less often. */
static int note_accounts(struct notice *n, struct err *e)
{
	struct engine *g = n->g;
	for (struct map_iter it = { 0 }; map_next(g->world->accounts, &it);) {
		struct world_account *a = it.value;
		AUTO(strbuf) struct strbuf why = STRBUF_INIT(400), line = STRBUF_INIT(1024);
		bool low = budget_low(g, a, &why);
		if (low == (a->alarm_unix_ms != TIME_ABSENT))
			continue;
		if (low)
			strbuf_addf(&line, "account %.*s runs out of its budget: %s; its sources are read more rarely",
			            STR_ARG(a->settings.name), strbuf_cstr(&why));
		else
			strbuf_addf(&line, "account %.*s has a new budget", STR_ARG(a->settings.name));
		add_line(n, low, strbuf_str(&line));
		if (set_told(n, STORE_ACCOUNT, a->settings.name, low, &a->alarm_unix_ms, e) != 0)
			return -1;
		if (low) /* the new day's budget is news too, whether or not a source is read then */
			g->alarm_mono_ms = g->now.mono_ms + budget_renewal(g) - g->now.unix_ms;
	}
	return 0;
}

static int note_channels(struct notice *n, struct err *e)
{
	struct engine *g = n->g;
	for (struct map_iter it = { 0 }; map_next(g->world->channels, &it);) {
		struct world_channel *c = it.value;
		bool mute = channel_mute(g, c);
		/* After a restart nothing is known of a channel before it was tried. */
		if (mute == (c->alarm_unix_ms != TIME_ABSENT) || (!mute && !c->settings.paused && !c->tried))
			continue;
		tell_channel(n, c, mute);
		if (set_told(n, STORE_CHANNEL, c->settings.name, mute, &c->alarm_unix_ms, e) != 0)
			return -1;
	}
	return 0;
}

void alarm_run(struct engine *g)
{
	if (g->now.mono_ms < g->alarm_mono_ms)
		return;
	g->alarm_mono_ms = INT64_MAX;
	struct world_channel *to[WORLD_CHANNELS_MAX];
	size_t n_to = 0;
	for (struct map_iter it = { 0 }; map_next(g->world->channels, &it) && n_to < WORLD_CHANNELS_MAX;)
		if (((struct world_channel *)it.value)->settings.is_operator)
			to[n_to++] = it.value;
	if (n_to == 0)
		return; /* nobody to tell; whoever comes later hears what holds then */
	struct notice n = { .g = g, .lines = STRBUF_INIT(NOTICE_MAX), .first = STRBUF_INIT(4096) };
	struct err e = { 0 };
	tell_disk(&n);
	tell_lost(&n);
	bool failed = note_sources(&n, &e) != 0 || note_channels(&n, &e) != 0 || note_accounts(&n, &e) != 0;
	if (g->alarm_mono_ms > g->now.mono_ms + AGAIN_MS)
		g->alarm_mono_ms = g->now.mono_ms + AGAIN_MS;
	if (failed || (n.bad + n.good > 0 && send(&n, to, n_to, &e) != 0))
		engine_store_failed(g, &e);
	strbuf_release(&n.lines);
	strbuf_release(&n.first);
}
