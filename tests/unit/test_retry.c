/* SPDX-License-Identifier: ISC */
/* When to try again. */
#include "lib/test.h"

#include "alert/retry.h"

#define NOW 1702282440000LL /* 2023-12-11 08:14:00 */

TEST(delivery_ladder_grows_within_its_jitter)
{
	static const int64_t base[] = { 5000,   30000,   120000,  300000,
					900000, 1800000, 3600000, 3600000 };
	for (int i = 0; i < 8; i++)
		for (uint64_t seed = 0; seed < 50; seed++) {
			int64_t ms = retry_delay_ms(i + 1, seed, 0);
			CHECK(ms >= base[i] * 8 / 10 && ms <= base[i] * 12 / 10);
		}
	CHECK(retry_delay_ms(1000000, 7, 0) <= 3600000 * 12 / 10);
}

TEST(delivery_wait_depends_on_the_seed_alone)
{
	CHECK_INT(retry_delay_ms(3, 42, 0), retry_delay_ms(3, 42, 0));
	int differ = 0;
	for (uint64_t seed = 1; seed < 20; seed++)
		differ += retry_delay_ms(3, seed, 0) != retry_delay_ms(3, 0, 0);
	CHECK(differ > 15);
}

TEST(a_demand_of_the_server_is_the_least)
{
	CHECK_INT(retry_delay_ms(1, 1, 600000), 600000);
	CHECK(retry_delay_ms(7, 1, 1000) >= 3600000 * 8 / 10);
}

TEST(three_days_of_tries_are_some_eighty)
{
	int attempts = 0;
	for (int64_t at = 0; at < RETRY_GIVE_UP_MS; attempts++)
		at += retry_delay_ms(attempts + 1, 9, 0);
	CHECK(attempts > 60 && attempts < 100);
}

TEST(retry_after_reads_both_forms)
{
	CHECK_INT(retry_after_ms(STR("120"), NOW), 120000);
	CHECK_INT(retry_after_ms(STR(" 1 "), NOW), 1000);
	CHECK_INT(retry_after_ms(STR("Mon, 11 Dec 2023 08:15:30 GMT"), NOW), 90000);
	CHECK_INT(retry_after_ms(STR("Mon, 11 Dec 2023 08:14:00 GMT"), NOW - 300), 1000);
}

TEST(retry_after_nonsense_stops_nobody)
{
	CHECK_INT(retry_after_ms(STR_NULL, NOW), 0);
	CHECK_INT(retry_after_ms(STR(""), NOW), 0);
	CHECK_INT(retry_after_ms(STR("0"), NOW), 0);
	CHECK_INT(retry_after_ms(STR("-5"), NOW), 0);
	CHECK_INT(retry_after_ms(STR("1.5"), NOW), 0);
	CHECK_INT(retry_after_ms(STR("soon"), NOW), 0);
	CHECK_INT(retry_after_ms(STR("Mon, 11 Dec 2023 08:13:59 GMT"), NOW), 0);
	CHECK_INT(retry_after_ms(STR("99999999999999999999999999"), NOW), RETRY_AFTER_MAX_MS);
	CHECK_INT(retry_after_ms(STR("86401"), NOW), RETRY_AFTER_MAX_MS);
	CHECK_INT(retry_after_ms(STR("Mon, 11 Dec 2093 08:13:59 GMT"), NOW), RETRY_AFTER_MAX_MS);
}

/* The wait of a reply with these two headers. */
static int64_t limit_of(const char *left_name, const char *left, const char *reset_name, const char *reset)
{
	OWNED(reply) struct reply *r = reply_new(1);
	vec_push(&r->headers, ((struct header){ str_c(left_name), str_c(left) }));
	vec_push(&r->headers, ((struct header){ str_c(reset_name), str_c(reset) }));
	return retry_rate_limit_ms(r, NOW);
}

TEST(rate_limits_are_read_as_each_network_writes_them)
{
	CHECK_INT(limit_of("x-rate-limit-remaining", "0", "x-rate-limit-reset", "1702282500"), 60000);
	CHECK_INT(limit_of("x-ratelimit-remaining", "0", "x-ratelimit-reset", "2023-12-11T08:15:00.000000Z"), 60000);
	CHECK_INT(limit_of("ratelimit-remaining", "0", "ratelimit-reset", "1702282500"), 60000);
	CHECK_INT(limit_of("ratelimit-remaining", "0", "ratelimit-reset", "60"), 60000);

	CHECK_INT(limit_of("x-rate-limit-remaining", "1", "x-rate-limit-reset", "1702282500"), 0);
	CHECK_INT(limit_of("x-rate-limit-remaining", "", "x-rate-limit-reset", "1702282500"), 0);
	CHECK_INT(limit_of("x-rate-limit-remaining", "0", "x-ratelimit-reset", "1702282500"), 0);
	CHECK_INT(limit_of("ratelimit-remaining", "0", "ratelimit-reset", "1702282440"), 0);
	CHECK_INT(limit_of("ratelimit-remaining", "0", "ratelimit-reset", "soon"), 0);
	CHECK_INT(limit_of("ratelimit-remaining", "0", "ratelimit-reset", "99999999999999999"), RETRY_AFTER_MAX_MS);
}

TEST(a_failing_source_backs_off_up_to_a_day)
{
	for (uint64_t seed = 0; seed < 20; seed++) {
		int64_t first = retry_poll_ms(60000, 1, seed),
			third = retry_poll_ms(60000, 3, seed);
		CHECK(first >= 60000 && first <= 66000);
		CHECK(third >= 240000 && third <= 264000);
		for (int failures = 10; failures < 100; failures++) {
			int64_t ms = retry_poll_ms(60000, failures, seed);
			CHECK(ms >= 8 * 3600000 && ms <= 24 * 3600000);
		}
	}
}

TEST(backing_off_never_makes_a_source_faster)
{
	int64_t week = 7LL * 24 * 3600000;
	CHECK(retry_poll_ms(week, 1, 3) >= week);
	CHECK(retry_poll_ms(week, 50, 3) >= week);
	CHECK(retry_poll_ms(0, 1, 3) >= 1000);
}
