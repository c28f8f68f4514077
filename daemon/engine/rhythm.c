/* SPDX-License-Identifier: ISC */
/* How often is often enough: the reckoning of the polling interval. */
#include "engine/rhythm.h"

#include <stdlib.h>

#include "base/date.h"
#include "base/num.h"

#define SECOND_MS 1000LL
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define HINT_MAX_MS (24 * HOUR_MS)  /* hints never make a source slower than this */
#define GAP_POSTS_MIN 4             /* of fewer dates no rhythm follows */
#define LONGEST_POSTS_MIN 10        /* nor what is unusual for it */
#define GAP_POSTS_MAX 64            /* the newest ones: how it was years ago does not matter */
#define QUARTER 4
#define SKIP_HOURS_MAX (24 * 8)
#define DURATION_TEXT 48

/* --- the feed's own rhythm --- */

static int newest_first(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? 1 : x > y ? -1 : 0;
}

struct rhythm_gaps rhythm_gaps(const struct post_list *posts)
{
	int64_t dates[GAP_POSTS_MAX];
	size_t n = 0;
	for (size_t i = 0; i < posts->posts.n && n < GAP_POSTS_MAX; i++)
		if (posts->posts.v[i]->published_unix_ms != TIME_ABSENT)
			dates[n++] = posts->posts.v[i]->published_unix_ms;
	if (n < GAP_POSTS_MIN)
		return (struct rhythm_gaps){ 0 };
	qsort(dates, n, sizeof dates[0], newest_first);
	for (size_t i = 0; i + 1 < n; i++)
		dates[i] -= dates[i + 1];
	qsort(dates, n - 1, sizeof dates[0], newest_first);
	return (struct rhythm_gaps){ .median_ms = dates[(n - 1) / 2], .longest_ms = n < LONGEST_POSTS_MIN ? 0 : dates[0] };
}

static const char *shown(char buf[static DURATION_TEXT], int64_t ms)
{
	return num_format_duration(buf, DURATION_TEXT, ms - ms % (ms >= HOUR_MS ? MINUTE_MS : ms >= MINUTE_MS ? SECOND_MS : 1));
}

static int64_t stretched(const struct rhythm *r, struct strbuf *why)
{
	char text[DURATION_TEXT];
	int64_t every = r->every_ms, most = r->every_max_ms > every ? r->every_max_ms : every;
	/* Each factor is bounded, so that no product overflows. */
	int64_t quiet = r->quiet > most / every * QUARTER + QUARTER ? most / every * QUARTER + QUARTER : r->quiet;
	int64_t interval = every + every / QUARTER * quiet, silence = every * quiet;
	int64_t enough = (r->gap_ms > silence ? r->gap_ms : silence) / QUARTER;
	if (r->gap_ms > 0 && interval > enough)
		interval = enough;
	if (interval > 10 * MINUTE_MS)
		interval -= interval % MINUTE_MS;
	interval = interval > most ? most : interval;
	if (interval <= every) {
		strbuf_addf(why, "every %s%s", shown(text, every), r->own ? ", as set for it" : "");
		return every;
	}
	strbuf_addf(why, "every %s by its rhythm: ", shown(text, interval));
	if (r->gap_ms > 0)
		strbuf_addf(why, "a post every %s, ", shown(text, r->gap_ms));
	if (r->quiet == 1)
		strbuf_adds(why, "the last poll brought nothing new");
	else
		strbuf_addf(why, "the last %lld polls brought nothing new", (long long)r->quiet);
	return interval;
}

/* --- what server and document ask for --- */

static int64_t seconds_of(struct str s)
{
	uint64_t seconds;
	if (!num_u64(str_trim(s), &seconds))
		return 0;
	return seconds > HINT_MAX_MS / SECOND_MS ? HINT_MAX_MS : (int64_t)seconds * SECOND_MS;
}

/* "max-age=600"; absent if no Cache-Control line has one. */
static struct str max_age(const struct reply *r)
{
	for (size_t i = 0; i < r->headers.n; i++) {
		struct str rest = r->headers.v[i].value, piece;
		if (!str_eq(r->headers.v[i].name, STR("cache-control")))
			continue;
		while (str_present(rest) && str_split(&rest, ',', &piece))
			if (str_starts_nocase(str_trim(piece), STR("max-age=")))
				return str_trim(piece);
	}
	return STR_NULL;
}

/* How long the answer stays fresh; `by` says who says so. */
static int64_t fresh_ms(const struct reply *r, int64_t now_unix_ms, struct strbuf *by)
{
	struct str age = max_age(r);
	int64_t lasts = str_present(age) ? seconds_of(str_from(age, 8)) : 0;
	if (str_present(age)) {
		strbuf_addf(by, "Cache-Control %.*s", STR_ARG(str_slice(age, 0, 30)));
	} else {
		int64_t at = date_parse(reply_header(r, "expires")), date = date_parse(reply_header(r, "date"));
		lasts = at == TIME_ABSENT ? 0 : at - (date == TIME_ABSENT ? now_unix_ms : date);
		strbuf_adds(by, "Expires");
	}
	lasts -= seconds_of(reply_header(r, "age")); /* so long a cache on the way had it already */
	return lasts < 0 ? 0 : lasts > HINT_MAX_MS ? HINT_MAX_MS : lasts;
}

static int64_t lengthened(const struct rhythm *r, int64_t interval, struct strbuf *why)
{
	char text[DURATION_TEXT];
	AUTO(strbuf) struct strbuf by = STRBUF_INIT(100);
	int64_t asked = fresh_ms(r->reply, r->now_unix_ms, &by);
	int64_t ttl = r->hints->ttl_ms > HINT_MAX_MS ? HINT_MAX_MS : r->hints->ttl_ms;
	if (ttl > asked) {
		asked = ttl;
		strbuf_reset(&by);
		strbuf_adds(&by, "its own ttl or updatePeriod");
	}
	if (asked <= interval)
		return interval;
	strbuf_addf(why, ", lengthened to %s by %s", shown(text, asked), strbuf_cstr(&by));
	return asked;
}

/* Moves on to an hour and day that the feed does not ask to skip. */
static int64_t skip_forward(int64_t unix_ms, const struct source_hints *h, struct strbuf *why)
{
	int64_t at = unix_ms;
	for (int i = 0; i < SKIP_HOURS_MAX; i++) {
		struct date_parts p = date_parts_utc(at);
		if ((h->skip_hours >> p.hour & 1) == 0 && (h->skip_days >> p.wday & 1) == 0) {
			if (at > unix_ms)
				strbuf_adds(why, ", moved on by its skipHours or skipDays");
			return at;
		}
		at = at - at % HOUR_MS + HOUR_MS;
	}
	return unix_ms; /* one that wants never to be asked was not meant so */
}

struct pace rhythm_next(const struct rhythm *r, struct strbuf *why)
{
	struct pace p = { .interval_ms = stretched(r, why) };
	if (!r->own)
		p.interval_ms = lengthened(r, p.interval_ms, why);
	int64_t jitter = p.interval_ms / RHYTHM_JITTER_SHARE, crowd = r->own ? 0 : p.interval_ms / QUARTER;
	p.next_unix_ms = r->now_unix_ms + p.interval_ms + (jitter > 0 ? (int64_t)(r->random % (uint64_t)jitter) : 0);
	if (r->crowded && crowd > 0) {
		p.next_unix_ms += (int64_t)(r->seed % (uint64_t)crowd);
		strbuf_adds(why, ", and a bit more to spread the sources of its host");
	}
	if (!r->own)
		p.next_unix_ms = skip_forward(p.next_unix_ms, r->hints, why);
	return p;
}
