/* SPDX-License-Identifier: ISC */
/*
 * What reading costs: posts that the network counts, by source and by account, by UTC day and month (X bills so:
 * docs.x.com, pricing, 2026-08).  Eight tenths spent, the rest is spread over the time that is left; all spent, the
 * source waits for the next day or month, and the operator hears of both.
 */
#include "engine/internal.h"

#include "base/json.h"
#include "base/num.h"

#define DAY_MS (24LL * 3600 * 1000)
#define LOW_TENTHS 8

struct limit {                  /* one of those that hold for a source */
	struct str name;        /* of the source or account */
	const char *what;       /* "source", "account" */
	const char *period;     /* "today", "this month" */
	int64_t most, used;     /* posts */
	int64_t until_unix_ms;  /* when it is renewed */
};
#define LIMITS_MAX 4

static int64_t day_of(int64_t unix_ms)
{
	return unix_ms / DAY_MS;
}

static int64_t month_start_day(int64_t unix_ms, int months_on)
{
	struct date_parts p = date_parts_utc(unix_ms);
	int month = p.month - 1 + months_on;
	return date_days(p.year + month / 12, month % 12 + 1, 1);
}

/* What was read so far: read from the database once a day, then counted on. */
static int load(struct engine *g, enum store_kind kind, struct str name, struct spent *s)
{
	struct err e = { 0 };
	int64_t day = day_of(g->now.unix_ms), month = month_start_day(g->now.unix_ms, 0);
	if (s->loaded && s->day == day)
		return 0;
	s->day = day;
	s->loaded = true;
	if (engine_check(g, store_spent(g->store, kind, name, day, day, &s->today, &e), &e) != 0)
		return -1;
	return engine_check(g, store_spent(g->store, kind, name, month, day, &s->month, &e), &e);
}

static size_t add_limits(struct engine *g, struct limit *to, const char *what, struct str name, const struct spent *s,
                         int64_t per_day, int64_t per_month)
{
	int64_t now = g->now.unix_ms, day = day_of(now) * DAY_MS;
	size_t n = 0;
	if (per_day > 0)
		to[n++] = (struct limit){ name, what, "today", per_day, s->today, day + DAY_MS };
	if (per_month > 0)
		to[n++] = (struct limit){ name, what, "this month", per_month, s->month,
		                          month_start_day(now, 1) * DAY_MS };
	return n;
}

static size_t limits_of(struct engine *g, struct world_source *s, struct limit ret[static LIMITS_MAX])
{
	struct world_account *a = world_account(g->world, s->settings.account);
	size_t n = 0;
	if (s->settings.posts_per_day > 0 || s->settings.posts_per_month > 0) {
		if (load(g, STORE_SOURCE, s->settings.name, &s->spent) != 0)
			return 0;
		n += add_limits(g, ret, "source", s->settings.name, &s->spent, s->settings.posts_per_day,
		                s->settings.posts_per_month);
	}
	if (a != NULL && (a->settings.posts_per_day > 0 || a->settings.posts_per_month > 0)) {
		if (load(g, STORE_ACCOUNT, a->settings.name, &a->spent) != 0)
			return 0;
		n += add_limits(g, ret + n, "account", a->settings.name, &a->spent, a->settings.posts_per_day,
		                a->settings.posts_per_month);
	}
	return n;
}

bool budget_spent(struct engine *g, struct world_source *s, struct strbuf *why, int64_t *ret_until_unix_ms)
{
	struct limit limits[LIMITS_MAX];
	size_t n = limits_of(g, s, limits);
	int64_t until = 0;
	for (size_t i = 0; i < n; i++) {
		const struct limit *l = &limits[i];
		if (l->used < l->most || l->until_unix_ms <= until)
			continue;
		until = l->until_unix_ms;
		strbuf_reset(why);
		strbuf_addf(why, "the budget of %s \"%.*s\" is spent: %lld of %lld posts were read %s", l->what, STR_ARG(l->name),
		            (long long)l->used, (long long)l->most, l->period);
	}
	*ret_until_unix_ms = until;
	return until > 0;
}

int64_t budget_pause_ms(struct engine *g, struct world_source *s, size_t reads)
{
	int64_t pause = 0;
	struct limit limits[LIMITS_MAX];
	size_t n = limits_of(g, s, limits);
	for (size_t i = 0; i < n; i++) {
		const struct limit *l = &limits[i];
		int64_t left = l->most - l->used, time_left = l->until_unix_ms - g->now.unix_ms;
		if (l->used * 10 < l->most * LOW_TENTHS || left <= 0)
			continue;
		int64_t fair = time_left / left * (reads > 0 ? (int64_t)reads : 1);
		fair = fair > time_left ? time_left : fair;
		pause = fair > pause ? fair : pause;
	}
	return pause;
}

int budget_count(struct engine *g, struct world_source *s, size_t reads)
{
	struct world_account *a = world_account(g->world, s->settings.account);
	struct err e = { 0 };
	if (reads == 0)
		return 0;
	if (load(g, STORE_SOURCE, s->settings.name, &s->spent) != 0)
		return -1;
	if (a != NULL && load(g, STORE_ACCOUNT, a->settings.name, &a->spent) != 0)
		return -1;
	int64_t n = (int64_t)reads;
	s->spent.today += n;
	s->spent.month += n;
	if (engine_check(g, store_spend(g->store, STORE_SOURCE, s->settings.name, s->spent.day, n, &e), &e) != 0)
		return -1;
	if (a == NULL)
		return 0;
	a->spent.today += n;
	a->spent.month += n;
	alarm_look(g);
	return engine_check(g, store_spend(g->store, STORE_ACCOUNT, a->settings.name, a->spent.day, n, &e), &e);
}

bool budget_low(struct engine *g, struct world_account *a, struct strbuf *why)
{
	struct limit limits[LIMITS_MAX];
	if (a->settings.posts_per_day <= 0 && a->settings.posts_per_month <= 0)
		return false;
	if (load(g, STORE_ACCOUNT, a->settings.name, &a->spent) != 0)
		return false;
	size_t n = add_limits(g, limits, "account", a->settings.name, &a->spent, a->settings.posts_per_day,
	                      a->settings.posts_per_month);
	for (size_t i = 0; i < n; i++)
		if (limits[i].used * 10 >= limits[i].most * LOW_TENTHS) {
			strbuf_addf(why, "%lld of %lld posts were read %s", (long long)limits[i].used, (long long)limits[i].most,
			            limits[i].period);
			return true;
		}
	return false;
}

int64_t budget_renewal(const struct engine *g)
{
	return (day_of(g->now.unix_ms) + 1) * DAY_MS;
}

void budget_json(struct engine *g, struct world_account *a, json_t *j)
{
	double price = 0;
	if (load(g, STORE_ACCOUNT, a->settings.name, &a->spent) != 0)
		return;
	int64_t first = month_start_day(g->now.unix_ms, 0) * DAY_MS, next = month_start_day(g->now.unix_ms, 1) * DAY_MS;
	int64_t gone = g->now.unix_ms - first > DAY_MS ? g->now.unix_ms - first : DAY_MS; /* of one hour nothing follows */
	double forecast = (double)a->spent.month * (double)(next - first) / (double)gone;
	json_set(j, "posts_today", json_integer(a->spent.today));
	json_set(j, "posts_this_month", json_integer(a->spent.month));
	json_set(j, "posts_forecast", json_integer((json_int_t)forecast));
	bool priced = str_present(a->settings.price) && num_double(a->settings.price, &price);
	json_set(j, "cost_this_month", priced ? json_real(price * (double)a->spent.month) : json_null());
	json_set(j, "cost_forecast", priced ? json_real(price * forecast) : json_null());
}
