/* SPDX-License-Identifier: ISC */
/*
 * Runs the triples of tests/data/query: query, post, what must hit.  Prints TAP, one line a triple.
 *
 *   query WORDS            starts a query
 *     text …               a field of the post: title text summary url lang source tag link; author (name) starts an
 *                          author, handle and author_url belong to the last one
 *     parent, quoted, reposted, root      what follows are fields of that post of its context
 *     yes text=Hit | …     ends the post: it matches, and these spans hit, as the post has them, in the spans' order
 *     no                   ends the post: it does not match
 *   error COLUMN PART      the query before it is wrong there, and the message holds PART
 * Empty lines and lines that start with # do not count.
 */
#include <dirent.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "lib/test.h"
#include "match/match.h"

struct runner {
	const char *file;
	int line, n, failed;
	struct query *query;
	struct err error;
	struct str query_text;
	struct post post;
	struct post *at; /* the post whose fields are read: `post` or one of its context */
};

static void verdict(struct runner *r, bool ok, const char *why, struct str got)
{
	printf("%sok %d - %s:%d %.*s\n", ok ? "" : "not ", ++r->n, r->file, r->line, STR_ARG(r->query_text));
	if (ok)
		return;
	r->failed++;
	printf("# %s: %.*s\n", why, STR_ARG(got));
}

static void reset_post(struct runner *r)
{
	for (size_t i = 0; i < r->post.context.n; i++)
		post_free(r->post.context.v[i].post);
	vec_free(&r->post.context);
	vec_free(&r->post.authors);
	vec_free(&r->post.tags);
	vec_free(&r->post.links);
	memset(&r->post, 0, sizeof(r->post));
	r->at = &r->post;
}

static bool start_context(struct runner *r, struct str key)
{
	for (enum relation relation = 0; relation < RELATION_N; relation++)
		if (str_eq(key, str_c(post_relation_name(relation)))) {
			r->at = post_new();
			vec_push(&r->post.context, ((struct context_post){ .relation = relation, .post = r->at }));
			return true;
		}
	return false;
}

static void start_query(struct runner *r, struct str text)
{
	query_free(r->query);
	r->query = NULL;
	r->query_text = text;
	memset(&r->error, 0, sizeof(r->error));
	if (query_parse(text, &r->query, &r->error) != 0)
		r->query = NULL;
}

static void set_author(struct runner *r, struct str key, struct str value)
{
	struct post *p = r->at;

	if (p->authors.n == 0 || str_eq(key, STR("author")))
		vec_push(&p->authors, ((struct author){ 0 }));
	struct author *a = &p->authors.v[p->authors.n - 1];
	*(str_eq(key, STR("author")) ? &a->name : str_eq(key, STR("handle")) ? &a->handle : &a->url) = value;
}

static bool set_field(struct runner *r, struct str key, struct str value)
{
	struct post *p = r->at;
	const struct {
		const char *name;
		struct str *at;
	} plain[] = {
		{ "title", &p->title }, { "text", &p->text }, { "summary", &p->summary }, { "url", &p->url },
		{ "lang", &p->language }, { "source", &p->source },
	};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (str_eq(key, str_c(plain[i].name))) {
			*plain[i].at = value;
			return true;
		}
	if (str_eq(key, STR("author")) || str_eq(key, STR("handle")) || str_eq(key, STR("author_url")))
		set_author(r, key, value);
	else if (str_eq(key, STR("tag")))
		vec_push(&p->tags, value);
	else if (str_eq(key, STR("link")))
		vec_push(&p->links, value);
	else
		return false;
	return true;
}

/* The post is complete: does the query say what the file says, with and without spans? */
static void judge(struct runner *r, bool want, struct str hits)
{
	AUTO(spans) struct spans s = { 0 };
	AUTO(strbuf) struct strbuf got = STRBUF_INIT(1 << 20);

	if (r->query == NULL) {
		verdict(r, false, "the query is wrong", str_c(r->error.message));
		reset_post(r);
		return;
	}
	bool is = query_matches(r->query, &r->post, &s), also = query_matches(r->query, &r->post, NULL);
	for (size_t i = 0; i < s.list.n; i++) {
		struct span *x = &s.list.v[i];
		struct str text = match_field_text(match_span_post(&r->post, x), x->field, x->index);

		strbuf_adds(&got, i ? " | " : "");
		if (x->context)
			strbuf_addf(&got, "%s ", post_relation_name(r->post.context.v[x->context - 1].relation));
		strbuf_addf(&got, "%s=%.*s", match_field_name(x->field), STR_ARG(str_slice(text, x->start, x->end)));
	}
	if (is != also)
		verdict(r, false, "with and without spans differ", strbuf_str(&got));
	else
		verdict(r, is == want && str_eq(strbuf_str(&got), hits), is ? "got yes" : "got no", strbuf_str(&got));
	reset_post(r);
}

static void judge_error(struct runner *r, struct str value)
{
	struct str column;
	uint64_t want = 0;

	(void)str_split(&value, ' ', &column);
	bool ok = r->query == NULL && num_u64(column, &want) && r->error.column == (int)want &&
		r->error.kind == ERR_INPUT && str_find(str_c(r->error.message), value) != STR_NPOS;
	AUTO(strbuf) struct strbuf got = STRBUF_INIT(1024);
	strbuf_addf(&got, "column %d: %s", r->error.column, r->query ? "no error" : r->error.message);
	verdict(r, ok, "got", strbuf_str(&got));
}

static void run_line(struct runner *r, struct str line)
{
	struct str key, value = str_trim(line);

	if (value.len == 0 || value.p[0] == '#')
		return;
	(void)str_split(&value, ' ', &key);
	if (str_eq(key, STR("query")))
		start_query(r, value);
	else if (str_eq(key, STR("yes")) || str_eq(key, STR("no")))
		judge(r, key.p[0] == 'y', value);
	else if (str_eq(key, STR("error")))
		judge_error(r, value);
	else if (!start_context(r, key) && !set_field(r, key, value))
		verdict(r, false, "unknown line", key);
}

static void run_file(struct runner *r, const char *name)
{
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(4096);

	strbuf_addf(&path, "tests/data/query/%s", name);
	struct str all = test_read_file(strbuf_cstr(&path)), rest = all, line;
	r->file = name;
	r->line = 0;
	while (str_split(&rest, '\n', &line)) {
		r->line++;
		run_line(r, line);
	}
	reset_post(r);
	query_free(r->query);
	r->query = NULL;
	mem_free((void *)(uintptr_t)all.p);
}

static int is_case_file(const struct dirent *d)
{
	return str_ends(str_c(d->d_name), STR(".txt"));
}

int main(void)
{
	struct runner r = { 0 };

	r.at = &r.post;
	struct dirent **names;
	int n = scandir("tests/data/query", &names, is_case_file, alphasort);

	for (int i = 0; i < n; i++) {
		run_file(&r, names[i]->d_name);
		free(names[i]);
	}
	if (n > 0)
		free(names);
	printf("1..%d\n", r.n);
	return r.failed || r.n == 0;
}
