/* SPDX-License-Identifier: ISC */
/*
 * Queries over posts.  A query is compiled once; a matcher holds the queries of all watches in a word index, so that a
 * post costs what its words cost and not what the watches number (ARCHITECTURE 6).  Pure: no clock,
 * no I/O.
 */
#pragma once

#include "base/err.h"
#include "model/post.h"

#define QUERY_MAX 4096       /* bytes of a query's text */
#define QUERY_DEPTH_MAX 64
#define QUERY_TERMS_MAX 512

enum post_field { /* where a span lies; SQL, JSON and docs use match_field_name */
	FIELD_OF_TITLE, FIELD_OF_TEXT, FIELD_OF_SUMMARY, FIELD_OF_URL, FIELD_OF_AUTHOR, FIELD_OF_TAG, FIELD_OF_SOURCE,
	FIELD_OF_LANGUAGE, FIELD_OF_LINK, FIELD_OF_HANDLE, FIELD_OF_AUTHOR_URL, /* AUTHOR is the author's name */
	FIELD_OF_AUTHOR_ID, FIELD_OF_MENTION, FIELD_OF_MENTION_NAME, FIELD_OF_MENTION_URL,
	FIELD_OF_MENTION_ID, /* MENTION is the handle */
	FIELD_OF_PLATFORM, FIELD_OF_WARNING, FIELD_OF_ID, FIELD_OF_THREAD, FIELD_OF_REPLY_TO, FIELD_OF_QUOTE_OF,
	FIELD_OF_REPOST_OF, POST_FIELDS
};
/* "title" "text" "summary" "url" "author" "tag" "source" "language" "link" "handle" "author_url" "author_id" "mention"
 * "mention_name" "mention_url" "mention_id" "platform" "content_warning" "id" "thread" "reply_to" "quote_of" "repost_of" */
const char *match_field_name(enum post_field f);
/* The text that a span's offsets count in; absent if the post has no such index. */
struct str match_field_text(const struct post *p, enum post_field f, size_t index);

struct span {
	enum post_field field;
	unsigned int context; /* the post that it lies in: 0 = the post itself, n = post->context.v[n - 1] */
	size_t index;      /* which author, tag or link */
	size_t start, end; /* byte offsets into that field's text, as the post holds it (not folded) */
	struct str term;   /* the query's word as the user wrote it; borrowed from the query */
};
struct spans {
	VEC(struct span) list; /* by context, field, index, start; no duplicates */
};
void spans_release(struct spans *s);

/* The post that it lies in; NULL if `p` has no such context. */
const struct post *match_span_post(const struct post *p, const struct span *s);

struct query;
void query_free(struct query *q);
/* ERR_INPUT with e->column (code point, 1-based): what was found, what was expected, nearest
 * operator for a slip.  `text` is copied. */
int query_parse(struct str text, struct query **ret_query, struct err *e) MUST_CHECK;
struct query_account {
	struct str shown;        /* "x:elonmusk": platform, colon, handle; an address of no known platform stands alone */
	struct str id;           /* the same with the platform's own id, which goes before the handle; absent if it is not known */
};
struct query_person {
	const struct str *names; /* all of them, other ones too */
	const struct query_account *accounts;
	size_t n_names, n_accounts;
};
/* What names in a query stand for; what cannot be asked for is NULL.  What is returned must stay until the call ends. */
struct query_names {
	void *ctx;
	struct str self; /* the watch whose query it is: it cannot ask for itself; may be absent */
	/* The query of that watch; false if there is none. */
	bool (*watch)(void *ctx, struct str name, struct str *ret_query);
	/* Who is meant by a name, another name or the name in queries; false with the reason if it is not one of them. */
	bool (*person)(void *ctx, struct str name, struct query_person *ret, struct strbuf *why);
};
/* The same with names: watch:NAME is read in its place and people become their accounts and names, so whoever changes one
 * must parse this query again. */
int query_parse_named(struct str text, const struct query_names *names, struct query **ret_query, struct err *e) MUST_CHECK;
enum query_name { QUERY_WATCH = 'w', QUERY_PERSON = 'p' };
/* The names that it asked for, found or not, people's without @@; false at the end.  *pos starts at 0. */
bool query_name(const struct query *q, size_t *pos, enum query_name *ret_kind, struct str *ret_name);
DEFINE_OWNED(query);
struct str query_text(const struct query *q);             /* as written */
/* One line a clause for `--explain`: indented tree, "yes"/"no" first, the words that hit behind.
 * `post` matched against q. */
void query_explain(const struct query *q, const struct post *post, struct strbuf *out);
/* The same clause by clause, parents first. */
struct query_clause {
	int depth;                 /* 0: all of the query */
	bool holds;
	bool decides;              /* the answer rests on it */
	struct str text;           /* a term as in a query, or "all of", "not" and the like */
	const struct spans *spans; /* what hit */
	unsigned unknown;          /* posts that it looks at, that the post refers to, and that are not there: bits 1 << relation */
};
/* "the parent and the root are not known"; nothing if `unknown` is 0. */
void query_say_unknown(unsigned unknown, struct strbuf *out);
void query_explain_each(const struct query *q, const struct post *post,
                        void (*clause)(void *ctx, const struct query_clause *clause), void *ctx);
/* Warnings if it can never match, has parts that change nothing or no necessary term ("over-broad"); empty if fine. */
void query_lint(const struct query *q, const char *between /* two warnings */, struct strbuf *out);
/* Which posts it is examined for, in words: "high: …", "middle: …", "low: …" or "least: …". */
void query_cost(const struct query *q, struct strbuf *out);
/* The language's operators, for the manual: false beyond the last.  Static texts. */
struct query_operator {
	const char *name;    /* "" for a bare word, "@", "#" … or a word that a colon follows */
	const char *takes, *help, *example;
	const char *same; /* this is another name of that one; else NULL */
	bool refused;     /* for the reason that `help` gives */
	bool form;        /* no operator: `takes` is how it is written */
	bool fact;        /* is: or has:, and `takes` is what is written behind it */
};
bool query_operator(size_t i, struct query_operator *ret);
/* An SQLite FTS5 expression over folded words that every matching post satisfies; false if there is
 * none (scan all). */
bool query_necessary_fts(const struct query *q, struct strbuf *out);
/* The posts of a context that the query looks at: bits 1 << relation. */
unsigned query_relations(const struct query *q);
/*
 * Which of the posts that `post` refers to and that are not in its context (`missing`: bits 1 << relation) may still change
 * the answers of these queries: those are asked for.  0: what is there decides.  `each`, if not NULL, gets it query by query.
 */
unsigned queries_lack(const struct query *const *queries, size_t n, const struct post *post, unsigned missing, unsigned *each);
/*
 * The query as rules of X's filtered stream, each at most `rule_max` bytes: together they find all that the query finds,
 * and more where X has no word for a part of it.  ERR_INPUT if X cannot be asked, with what it has no word for; `each`
 * may then have been called.  NULL: only to know whether.
 */
int query_rules(const struct query *q, size_t rule_max, void (*each)(void *ctx, struct str rule), void *ctx, struct err *e)
        MUST_CHECK;
/* "x" of "twitter", "bluesky" of "bsky"; any other name as it is. */
struct str match_platform(struct str name);
/* One query, one post, without an index: for the archive and for tests.  Spans may be NULL. */
bool query_matches(const struct query *q, const struct post *post, struct spans *ret_spans);

/* The words of the post and its context, folded (NFKC casefold, marks off) and cut, separated by single spaces: what the
 * archive's full-text index holds. */
void match_fold_words(const struct post *post, struct strbuf *out);

struct matcher;
void matcher_free(struct matcher *m);
struct matcher *matcher_new(void) RETURNS_OWNED(matcher_free);
DEFINE_OWNED(matcher);
/* `watch` is the caller's handle, unique; the matcher borrows `query` until matcher_remove.
 * Incremental: ~100 ns a term. */
void matcher_add(struct matcher *m, uint64_t watch, const struct query *query);
void matcher_remove(struct matcher *m, uint64_t watch);
size_t matcher_count(const struct matcher *m);
struct match {
	uint64_t watch;
	struct spans spans;
};
struct matches {
	VEC(struct match) list;
	size_t made; /* private: entries of list.v, used or not, that hold memory for spans */
};
void matches_release(struct matches *r); /* frees spans too; reusable */
/* Every watch that the post satisfies, ascending by handle.  Clears `ret` first. */
void matcher_run(const struct matcher *m, const struct post *post, struct matches *ret);
