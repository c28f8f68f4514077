/* SPDX-License-Identifier: ISC */
/*
 * When a source is polled next after a poll that went well, and why then: settings first, then the feed's own rhythm,
 * then what server and document ask for.  Pure: no clock, no chance, no state of its own.
 */
#pragma once

#include "base/strbuf.h"
#include "model/post.h"
#include "model/transfer.h"
#include "source/source.h"

#define RHYTHM_JITTER_SHARE 20 /* upwards, by at most a twentieth of the interval */
#define RHYTHM_MAX_SHARE 4     /* without every_max the rhythm stretches `every` so many times at most */

struct rhythm {                 /* what is known when the next poll is planned */
	int64_t now_unix_ms;
	int64_t every_ms;       /* never sooner */
	int64_t every_max_ms;   /* never later for the rhythm's sake; less than every_ms = just every_ms */
	bool own;               /* the user said it for this very source: nobody's hints count */
	int64_t gap_ms;         /* from post to post, rhythm_gap_ms; 0 = not known */
	int64_t quiet;          /* polls in a row that brought nothing new */
	const struct source_hints *hints;
	const struct reply *reply;
	bool crowded;           /* it had to wait for others of its host */
	uint64_t seed;          /* of the source: where it goes in the crowd */
	uint64_t random;        /* of this poll: the jitter */
};
struct pace {
	int64_t interval_ms;    /* the regular one, jitter not counted */
	int64_t next_unix_ms;   /* at least now + interval_ms */
};
/* Says why in `why`, in words that follow "next poll": "every 1h, lengthened to 2h by Cache-Control max-age=7200".
 *   rhythm   each quiet poll adds a quarter of `every`, while that is at most a quarter of the usual gap between posts, or
 *            of the silence: whoever publishes daily is heard a few hours late at most, and news come in bursts, so
 *            something new brings `every` back
 *   hints    Cache-Control max-age, else Expires, less Age (RFC 9111, 4.2, 5.2.2.1, 5.3); ttl (RSS 2.0) and
 *            sy:updatePeriod; 24 h at most
 *   skips    skipHours and skipDays (RSS 2.0), unless they leave nothing */
struct pace rhythm_next(const struct rhythm *r, struct strbuf *why);
/* The median gap between posts' dates, of the newest of them, and the longest; 0 if fewer than four (ten) have one. */
struct rhythm_gaps {
	int64_t median_ms, longest_ms;
};
struct rhythm_gaps rhythm_gaps(const struct post_list *posts);
