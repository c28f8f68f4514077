/* SPDX-License-Identifier: ISC */
/*
 * When to try a delivery again.  Pure.
 */
#pragma once

#include "model/transfer.h"

#define RETRY_GIVE_UP_MS (72LL * 3600 * 1000)      /* three days, then dead letter (Standard Webhooks: ~75 h) */
#define RETRY_AFTER_MAX_MS (24LL * 3600 * 1000)

/* Wait before attempt `attempts` + 1 (attempts >= 1 made so far): 5 s, 30 s, 2 m, 5 m, 15 m, 30 m,
 * then hourly, each
 * +-20 % by `seed` (same seed, same wait), never under `retry_after_ms` (0 = the server said
 * nothing). */
int64_t retry_delay_ms(int attempts, uint64_t seed, int64_t retry_after_ms);
/* Wait demanded by a Retry-After value: seconds or an HTTP date (RFC 9110, 10.2.3).  0 if absent or
 * malformed or past,
 * else 1 s .. RETRY_AFTER_MAX_MS. */
int64_t retry_after_ms(struct str value, int64_t now_unix_ms);
/* Exponential back-off of a failing source: `every` * 2^(failures-1), at most 24 h and at least
 * `every`, jitter upwards by seed. */
int64_t retry_poll_ms(int64_t every_ms, int failures, uint64_t seed);
/* How long a server wants no further request: 0 if its rate-limit headers leave some, else until their reset, 1 s ..
 * RETRY_AFTER_MAX_MS.  x-rate-limit-* (X: Unix seconds), x-ratelimit-* (Mastodon: an RFC 3339 time) and ratelimit-*
 * (Bluesky: Unix seconds; draft-ietf-httpapi-ratelimit-headers: seconds from now). */
int64_t retry_rate_limit_ms(const struct reply *r, int64_t now_unix_ms);
