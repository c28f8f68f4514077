/* SPDX-License-Identifier: ISC */
/* What the files of X's codec share: x.c asks and goes on, x_rules.c keeps the stream's rules, x_post.c reads posts.  Pure. */
#pragma once

#include "social.h"

#define X_RULES_MAX 1000 /* of one app without an enterprise contract (docs.x.com, filtered stream, 2026-08) */
#define X_STALE_MAX 100  /* rules deleted with one request (ours) */

struct x_settings {
	struct arena *arena;
	struct str handle, mentions, query;
	struct texts handles;
	bool watches, stream, replies, reposts;
	int64_t query_max, rules;
};
enum x_step { X_POSTS, X_USER, X_RULES, X_RULES_DELETE, X_RULES_ADD, X_STREAM };
struct x_state {
	enum x_step step;        /* what was asked last, but for the stream */
	bool done, forget_user, restart;
	int64_t asked_unix_ms;
	int64_t live_unix_ms;    /* when the stream was asked for; 0: not yet */
	/* of the queries: x_queries_hash */
	uint64_t ruled;          /* X's rules are these */
	uint64_t looked;         /* what is stale and what is missing is known for these */
	bool more_stale;
	size_t n_stale;
	uint64_t stale[X_STALE_MAX];
	unsigned char missing[(X_RULES_MAX + 7) / 8];
};

/* The query of this number, of accounts or watches read together as many as fit into one; false: there is none. */
bool x_query(const struct source *s, size_t part, struct strbuf *out);
uint64_t x_queries_hash(const struct source *s); /* never 0 */
/* The next request that it takes to make X's rules these queries; false: they are. */
bool x_ask_rules(const struct source *s, struct x_state *st, struct transfer *ret, struct strbuf *url);
int x_take_rules(const struct source *s, struct x_state *st, const json_t *j, struct err *e) MUST_CHECK;

/* Every post of an answer, or of one line of a stream, into the document; finishes it, and counts what X counts as read. */
void x_read_page(struct source_document *d, const json_t *j);
/* The post of this id that the answer holds, sealed and without what it refers to; NULL if it is not there. */
struct post *x_find(const json_t *j, struct str id);
