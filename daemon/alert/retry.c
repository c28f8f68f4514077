/* SPDX-License-Identifier: ISC */
/* When to try again: deliveries on a fixed ladder over three days, sources by doubling. */
#include "alert/retry.h"

#include "base/date.h"
#include "base/hash.h"
#include "base/num.h"

#define SECOND_MS 1000LL
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)
#define POLL_BACKOFF_MAX_MS (24 * HOUR_MS)

/* A fraction of `span` in 0..span, the same for the same seed and step. */
static int64_t jitter(int64_t span, uint64_t seed, int step)
{
	uint64_t h = hash64_seeded(str_n(&step, sizeof(step)), seed);
	return (int64_t)(h % ((uint64_t)span + 1));
}

int64_t retry_delay_ms(int attempts, uint64_t seed, int64_t demanded_ms)
{
	static const int64_t ladder[] = { 5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS,
					  5 * MINUTE_MS, 15 * MINUTE_MS, 30 * MINUTE_MS,
					  HOUR_MS };
	int last = (int)(sizeof(ladder) / sizeof(ladder[0])) - 1;
	int step = attempts < 1 ? 0 : attempts - 1;
	int64_t base = ladder[step > last ? last : step];
	int64_t wait = base - base / 5 + jitter(base / 5 * 2, seed, step);
	return wait < demanded_ms ? demanded_ms : wait;
}

static int64_t clamp_demand(int64_t ms)
{
	if (ms <= 0)
		return 0;
	if (ms < SECOND_MS)
		return SECOND_MS;
	return ms > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : ms;
}

int64_t retry_after_ms(struct str value, int64_t now_unix_ms)
{
	struct str s = str_trim(value);
	if (str_empty(s))
		return 0;
	size_t digits = 0;
	while (digits < s.len && char_is_digit(s.p[digits]))
		digits++;
	if (digits == s.len) {
		uint64_t seconds;
		/* more digits than fit are still a demand to wait very long */
		if (!num_u64(s, &seconds) || seconds > (uint64_t)(RETRY_AFTER_MAX_MS / SECOND_MS))
			return RETRY_AFTER_MAX_MS;
		return clamp_demand((int64_t)seconds * SECOND_MS);
	}
	int64_t until = date_parse_http(s);
	return until == TIME_ABSENT || until <= now_unix_ms ? 0 : clamp_demand(until - now_unix_ms);
}

/* Unix seconds, seconds from now, or a date; 0 if it is none of them. */
static int64_t reset_in_ms(struct str value, int64_t now_unix_ms)
{
	const uint64_t a_year = 365 * 24 * 3600; /* more seconds than that are no wait but a date */
	uint64_t seconds;
	if (!num_u64(value, &seconds)) {
		int64_t until = date_parse(value);
		return until == TIME_ABSENT ? 0 : clamp_demand(until - now_unix_ms);
	}
	if (seconds > (uint64_t)INT64_MAX / SECOND_MS)
		return RETRY_AFTER_MAX_MS;
	int64_t ms = (int64_t)seconds * SECOND_MS;
	return clamp_demand(seconds < a_year ? ms : ms - now_unix_ms);
}

int64_t retry_rate_limit_ms(const struct reply *r, int64_t now_unix_ms)
{
	static const char *const names[][2] = {
		{ "x-rate-limit-remaining", "x-rate-limit-reset" },
		{ "x-ratelimit-remaining", "x-ratelimit-reset" },
		{ "ratelimit-remaining", "ratelimit-reset" },
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		uint64_t left;
		struct str reset = str_trim(reply_header(r, names[i][1]));
		if (num_u64(str_trim(reply_header(r, names[i][0])), &left) && left == 0 && !str_empty(reset))
			return reset_in_ms(reset, now_unix_ms);
	}
	return 0;
}

int64_t retry_poll_ms(int64_t every_ms, int failures, uint64_t seed)
{
	int64_t cap = every_ms > POLL_BACKOFF_MAX_MS ? every_ms : POLL_BACKOFF_MAX_MS;
	int64_t base = every_ms < SECOND_MS ? SECOND_MS : every_ms;
	for (int i = 1; i < failures && base < cap; i++)
		base *= 2;
	if (base > cap)
		base = cap;
	int64_t extra = jitter(base / 10, seed, failures);
	if (base + extra <= cap)
		return base + extra;
	/* at the cap the spread goes downwards, or all broken sources of a host would come back
	 * together */
	return cap - extra < every_ms ? every_ms : cap - extra;
}
