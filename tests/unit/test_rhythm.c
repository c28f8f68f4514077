/* SPDX-License-Identifier: ISC */
/* How often is often enough: rhythm, hints, skips, and the words for them. */
#include "lib/test.h"

#include "base/date.h"
#include "engine/rhythm.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define NOW INT64_C(1767225600000) /* 2026-01-01, a Thursday, 00:00 UTC */

/* Answers with one header, or none. */
static struct pace pace(struct rhythm r, const char *name, const char *value, struct strbuf *why)
{
	static const struct source_hints none;
	OWNED(reply) struct reply *reply = reply_new(1);
	if (name != NULL)
		vec_push(&reply->headers, ((struct header){ str_c(name), str_c(value) }));
	r.now_unix_ms = NOW;
	r.every_ms = r.every_ms > 0 ? r.every_ms : HOUR;
	r.every_max_ms = r.every_max_ms != 0 ? r.every_max_ms : 4 * HOUR;
	r.hints = r.hints != NULL ? r.hints : &none;
	r.reply = reply;
	strbuf_reset(why);
	return rhythm_next(&r, why);
}

static void check(struct rhythm r, const char *name, const char *value, int64_t interval_ms, const char *words)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(500);
	struct pace p = pace(r, name, value, &why);
	CHECK_INT(p.interval_ms, interval_ms);
	CHECK_STR(strbuf_str(&why), words);
	CHECK_INT(p.next_unix_ms, NOW + interval_ms);
}

TEST(quiet_polls_stretch_the_interval)
{
	check((struct rhythm){ 0 }, NULL, NULL, HOUR, "every 1h");
	check((struct rhythm){ .quiet = 1 }, NULL, NULL, 75 * MINUTE, "every 1h15m by its rhythm: the last poll brought nothing new");
	check((struct rhythm){ .quiet = 4 }, NULL, NULL, 2 * HOUR, "every 2h by its rhythm: the last 4 polls brought nothing new");
	check((struct rhythm){ .quiet = 1000 }, NULL, NULL, 4 * HOUR, "every 4h by its rhythm: the last 1000 polls brought nothing new");
	check((struct rhythm){ .quiet = INT64_MAX, .every_max_ms = 364 * DAY }, NULL, NULL, 364 * DAY,
	      "every 52w by its rhythm: the last 9223372036854775807 polls brought nothing new");
}

TEST(a_lively_feed_is_not_stretched_before_it_falls_silent)
{
	check((struct rhythm){ .gap_ms = 10 * MINUTE, .quiet = 3 }, NULL, NULL, HOUR, "every 1h");
	check((struct rhythm){ .gap_ms = 10 * MINUTE, .quiet = 8 }, NULL, NULL, 2 * HOUR,
	      "every 2h by its rhythm: a post every 10m, the last 8 polls brought nothing new");
	check((struct rhythm){ .gap_ms = 6 * HOUR, .quiet = 3 }, NULL, NULL, 90 * MINUTE,
	      "every 1h30m by its rhythm: a post every 6h, the last 3 polls brought nothing new");
}

TEST(settings_are_the_bounds)
{
	check((struct rhythm){ .every_ms = 10 * MINUTE, .every_max_ms = -1, .own = true, .quiet = 50 }, NULL, NULL, 10 * MINUTE,
	      "every 10m, as set for it");
	check((struct rhythm){ .every_ms = 10 * MINUTE, .every_max_ms = 30 * MINUTE, .own = true, .quiet = 50 }, NULL, NULL,
	      30 * MINUTE, "every 30m by its rhythm: the last 50 polls brought nothing new");
	check((struct rhythm){ .every_ms = 10 * MINUTE, .every_max_ms = -1, .own = true }, "cache-control", "max-age=7200",
	      10 * MINUTE, "every 10m, as set for it");
}

TEST(answers_lengthen_the_interval)
{
	struct rhythm r = { 0 };
	check(r, "cache-control", "public, max-age=7200", 2 * HOUR, "every 1h, lengthened to 2h by Cache-Control max-age=7200");
	check(r, "cache-control", "max-age=60", HOUR, "every 1h");
	check(r, "cache-control", "max-age=", HOUR, "every 1h");
	check(r, "cache-control", "max-age=99999999999999999999", HOUR, "every 1h");
	check(r, "cache-control", "max-age=9999999999", DAY, "every 1h, lengthened to 1d by Cache-Control max-age=9999999999");
	check(r, "expires", "Thu, 01 Jan 2026 06:00:00 GMT", 6 * HOUR, "every 1h, lengthened to 6h by Expires");
	check(r, "expires", "Wed, 31 Dec 2025 06:00:00 GMT", HOUR, "every 1h");
	check(r, "expires", "0", HOUR, "every 1h");
}

TEST(what_a_cache_kept_already_is_no_reason_to_wait)
{
	static const struct source_hints none;
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(500);
	OWNED(reply) struct reply *reply = reply_new(1);
	vec_push(&reply->headers, ((struct header){ STR("cache-control"), STR("no-transform") }));
	vec_push(&reply->headers, ((struct header){ STR("cache-control"), STR("max-age=10800") }));
	vec_push(&reply->headers, ((struct header){ STR("age"), STR("3600") }));
	struct rhythm r = { .now_unix_ms = NOW, .every_ms = HOUR, .every_max_ms = HOUR, .hints = &none, .reply = reply };
	CHECK_INT(rhythm_next(&r, &why).interval_ms, 2 * HOUR);
	CHECK_STR(strbuf_str(&why), "every 1h, lengthened to 2h by Cache-Control max-age=10800");
}

TEST(documents_lengthen_the_interval)
{
	struct source_hints ttl = { .ttl_ms = 3 * HOUR }, week = { .ttl_ms = 7 * DAY };
	check((struct rhythm){ .hints = &ttl }, "cache-control", "max-age=7200", 3 * HOUR,
	      "every 1h, lengthened to 3h by its own ttl or updatePeriod");
	check((struct rhythm){ .hints = &week }, NULL, NULL, DAY, "every 1h, lengthened to 1d by its own ttl or updatePeriod");
}

TEST(hours_and_days_are_skipped)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(500);
	struct source_hints night = { .skip_hours = 0x3f }, thursdays = { .skip_days = 1 << 4 }, never = { .skip_hours = 0xffffff };
	CHECK_INT(pace((struct rhythm){ .hints = &night }, NULL, NULL, &why).next_unix_ms, NOW + 6 * HOUR);
	CHECK_STR(strbuf_str(&why), "every 1h, moved on by its skipHours or skipDays");
	CHECK_INT(pace((struct rhythm){ .hints = &thursdays }, NULL, NULL, &why).next_unix_ms, NOW + DAY);
	CHECK_INT(pace((struct rhythm){ .hints = &never }, NULL, NULL, &why).next_unix_ms, NOW + HOUR);
	CHECK_STR(strbuf_str(&why), "every 1h");
}

TEST(chance_and_crowds_only_lengthen)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(500);
	for (uint64_t seed = 1; seed < 1000; seed += 7) {
		int64_t next = pace((struct rhythm){ .random = seed * 0x9e3779b97f4a7c15 }, NULL, NULL, &why).next_unix_ms - NOW;
		CHECK(next >= HOUR && next <= HOUR + 3 * MINUTE);
		next = pace((struct rhythm){ .crowded = true, .seed = seed * 0x9e3779b97f4a7c15 }, NULL, NULL, &why).next_unix_ms - NOW;
		CHECK(next >= HOUR && next <= HOUR + 15 * MINUTE);
	}
	CHECK_STR(strbuf_str(&why), "every 1h, and a bit more to spread the sources of its host");
}

static int64_t gap(const int64_t *dates, size_t n)
{
	struct post_list list = { 0 };
	for (size_t i = 0; i < n; i++) {
		vec_push(&list.posts, post_new());
		list.posts.v[i]->published_unix_ms = dates[i];
	}
	int64_t ms = rhythm_gaps(&list).median_ms;
	post_list_release(&list);
	return ms;
}

TEST(the_gap_is_the_median_in_whatever_order)
{
	static const int64_t even[] = { NOW, NOW - HOUR, NOW - 2 * HOUR, NOW - 3 * HOUR };
	static const int64_t mixed[] = { NOW - 5 * HOUR, TIME_ABSENT, NOW, NOW - DAY, NOW - 4 * HOUR, NOW - 900 * DAY };
	static const int64_t few[] = { NOW, TIME_ABSENT, NOW - HOUR, TIME_ABSENT, NOW - 2 * HOUR };
	static const int64_t same[] = { NOW, NOW, NOW, NOW, NOW };
	CHECK_INT(gap(even, 4), HOUR);
	CHECK_INT(gap(mixed, 6), 4 * HOUR);
	CHECK_INT(gap(few, 5), 0);
	CHECK_INT(gap(same, 5), 0);
	CHECK_INT(gap(NULL, 0), 0);
}
