/* SPDX-License-Identifier: ISC */
/*
 * The query language once more, as it reads: no index, no hashes, no blocks of 64 bytes, everything tried everywhere.  It
 * shares with the product the table of folded code points and the forms of names, and nothing else.  For tests; slow on purpose.
 */
#pragma once

#include "base/arena.h"
#include "match/match.h"
#include "naive_regex.h"

enum naive_kind {
	NAIVE_TERM, NAIVE_REGEX, NAIVE_FACT, NAIVE_AND, NAIVE_OR, NAIVE_NOT, NAIVE_NEAR, NAIVE_TIMES, NAIVE_SENTENCE
};

#define NAIVE_SELF 1u /* scope: bit 0 the post itself, bit 1 + r its context by enum relation */

struct naive {
	enum naive_kind kind;
	const char *op;     /* of a term: "", "@", "from" …; of a fact: "is:reply" … */
	const struct naive_regex *regex;
	struct str text;    /* of a term: without quotes, with stars */
	unsigned scope;     /* of terms and facts, of NEAR, TIMES and SENTENCE */
	unsigned number;    /* words between, or times */
	bool exact, loose, ordered;
	bool name;          /* of a term: of a person, in any form */
	struct str platform; /* of "author is" and "mention is" */
	bool known, by_id;  /* of these: the account's id is known; it is the id */
	struct naive *child[4]; /* NULL at the end */
};

/* A post cut into words, for many queries. */
struct naive_post;
void naive_post_free(struct naive_post *p);
struct naive_post *naive_post_new(const struct post *post) RETURNS_OWNED(naive_post_free);
DEFINE_OWNED(naive_post);
/* As query_matches; spans are without their terms. */
bool naive_matches(const struct naive *n, const struct naive_post *p, struct spans *ret);
