/* SPDX-License-Identifier: ISC */
/*
 * Runs the triples of tests/data/query: query, post, what must hit.  Prints TAP, one line a triple.
 *
 *   person KEY NAME | …    somebody whom queries may name from here on, @@KEY or by any of the names; of the names those that
 *                          start with @ are accounts, "@x:elonmusk" or "@x:elonmusk=44196397" where the id is known
 *   query WORDS            starts a query
 *     text …               a field of the post: title text summary url lang source tag link platform cw id thread reply_to
 *                          quote_of repost_of; author (name) starts an author, handle, author_url, author_id and
 *                          followers belong to the last one, and so with mention (handle), mention_name …
 *     image, video …       what comes with it, by its URL
 *     likes, replies, reposts, quotes, views: numbers; published, updated, came: dates; sensitive yes
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

#define PEOPLE_MAX 16
#define NAMES_MAX 8

struct person {
	struct str key, names[NAMES_MAX];
	struct query_account accounts[NAMES_MAX];
	size_t n_names, n_accounts;
};

struct runner {
	const char *file;
	struct arena *arena; /* of ids */
	struct person people[PEOPLE_MAX];
	size_t n_people;
	int line, n, failed;
	struct query *query;
	struct err error;
	struct str query_text;
	struct post *post;
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
	post_free(r->post);
	r->post = r->at = post_new();
}

static bool start_context(struct runner *r, struct str key)
{
	for (enum relation relation = 0; relation < RELATION_N; relation++)
		if (str_eq(key, str_c(post_relation_name(relation)))) {
			r->at = post_new();
			vec_push(&r->post->context, ((struct context_post){ .relation = relation, .post = r->at }));
			return true;
		}
	return false;
}

static void add_person(struct runner *r, struct str text)
{
	struct person *p = &r->people[r->n_people++];
	struct str piece, account;

	*p = (struct person){ .n_names = 0 };
	(void)str_split(&text, ' ', &p->key);
	while (str_split(&text, '|', &piece)) {
		piece = str_trim(piece);
		if (!str_starts(piece, STR("@"))) {
			p->names[p->n_names++] = piece;
			continue;
		}
		piece = str_from(piece, 1);
		(void)str_split(&piece, '=', &account);
		p->accounts[p->n_accounts++] = (struct query_account){ .shown = account, .id = str_empty(piece) ? STR_NULL :
			arena_fmt(r->arena, "%.*s:%.*s", STR_ARG(str_slice(account, 0, str_chr(account, ':'))), STR_ARG(piece)) };
	}
}

static bool find_person(void *ctx, struct str name, struct query_person *ret, struct strbuf *why)
{
	const struct runner *r = ctx;

	for (size_t i = 0; i < r->n_people; i++) {
		const struct person *p = &r->people[i];
		bool is = str_eq(name, p->key);

		for (size_t k = 0; k < p->n_names; k++)
			is |= str_eq(name, p->names[k]);
		*ret = (struct query_person){ p->names, p->accounts, p->n_names, p->n_accounts };
		if (is)
			return true;
	}
	strbuf_addf(why, "nobody is called %.*s", STR_ARG(name));
	return false;
}

static void start_query(struct runner *r, struct str text)
{
	const struct query_names names = { .ctx = r, .person = find_person };

	query_free(r->query);
	r->query = NULL;
	r->query_text = text;
	memset(&r->error, 0, sizeof(r->error));
	if (query_parse_named(text, &names, &r->query, &r->error) != 0)
		r->query = NULL;
}

static int64_t number(struct str value)
{
	int64_t n = -1;

	return num_i64(value, &n) ? n : -1;
}

/* `key` without "author_" or "mention_" says what of the last account is meant; a name (of a mention a handle) starts one. */
static bool set_account(author_list *list, struct str key, bool starts, struct str value)
{
	if (starts || list->n == 0)
		vec_push(list, ((struct author){ .followers = -1 }));
	struct author *a = &list->v[list->n - 1];
	if (str_eq(key, STR("followers")))
		a->followers = number(value);
	else if (str_eq(key, STR("name")))
		a->name = value;
	else if (str_eq(key, STR("handle")))
		a->handle = value;
	else if (str_eq(key, STR("url")))
		a->url = value;
	else if (str_eq(key, STR("id")))
		a->id = value;
	else
		return false;
	return true;
}

static bool set_number(struct post *p, struct str key, struct str value)
{
	const struct {
		const char *name;
		int64_t *at;
		bool date;
	} numbers[] = {
		{ "likes", &p->metrics.likes, false }, { "replies", &p->metrics.replies, false },
		{ "reposts", &p->metrics.reposts, false }, { "quotes", &p->metrics.quotes, false },
		{ "views", &p->metrics.views, false }, { "published", &p->published_unix_ms, true },
		{ "updated", &p->updated_unix_ms, true }, { "came", &p->came_unix_ms, true },
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (str_eq(key, str_c(numbers[i].name))) {
			*numbers[i].at = numbers[i].date ? date_parse(value) : number(value);
			return true;
		}
	return false;
}

static bool set_list(struct post *p, struct str key, struct str value)
{
	if (str_eq(key, STR("tag")))
		vec_push(&p->tags, value);
	else if (str_eq(key, STR("link")))
		vec_push(&p->links, value);
	else if (str_eq(key, STR("image")) || str_eq(key, STR("video")))
		vec_push(&p->enclosures, ((struct enclosure){ .url = value, .type = str_eq(key, STR("image")) ? STR("image/png") : STR("") }));
	else
		return false;
	return true;
}

static bool set_field(struct runner *r, struct str key, struct str value)
{
	struct post *p = r->at;
	const struct {
		const char *name;
		struct str *at;
	} plain[] = {
		{ "title", &p->title }, { "text", &p->text }, { "summary", &p->summary }, { "url", &p->url },
		{ "lang", &p->language }, { "source", &p->source }, { "platform", &p->platform }, { "cw", &p->content_warning },
		{ "id", &p->id }, { "thread", &p->thread }, { "reply_to", &p->reply_to }, { "quote_of", &p->quote_of },
		{ "repost_of", &p->repost_of },
	};

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (str_eq(key, str_c(plain[i].name))) {
			*plain[i].at = value;
			return true;
		}
	if (str_eq(key, STR("sensitive")))
		return p->sensitive = true;
	if (str_eq(key, STR("mention")))
		return set_account(&p->mentions, STR("handle"), true, value);
	if (str_starts(key, STR("mention_")))
		return set_account(&p->mentions, str_from(key, 8), false, value);
	if (str_eq(key, STR("author")))
		return set_account(&p->authors, STR("name"), true, value);
	if (str_starts(key, STR("author_")))
		return set_account(&p->authors, str_from(key, 7), false, value);
	if (str_eq(key, STR("handle")) || str_eq(key, STR("followers")))
		return set_account(&p->authors, key, false, value);
	return set_list(p, key, value) || set_number(p, key, value);
}

static bool is_found(const struct runner *r)
{
	OWNED(matcher) struct matcher *m = matcher_new();
	AUTO(matches) struct matches found = { 0 };

	matcher_add(m, 1, r->query);
	matcher_run(m, r->post, &found);
	return found.list.n == 1;
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
	bool is = query_matches(r->query, r->post, &s), also = query_matches(r->query, r->post, NULL);
	bool indexed = is_found(r);
	for (size_t i = 0; i < s.list.n; i++) {
		struct span *x = &s.list.v[i];
		struct str text = match_field_text(match_span_post(r->post, x), x->field, x->index);

		strbuf_adds(&got, i ? " | " : "");
		if (x->context)
			strbuf_addf(&got, "%s ", post_relation_name(r->post->context.v[x->context - 1].relation));
		strbuf_addf(&got, "%s=%.*s", match_field_name(x->field), STR_ARG(str_slice(text, x->start, x->end)));
	}
	if (is != also || is != indexed)
		verdict(r, false, is != also ? "with and without spans differ" : "the matcher says something else", strbuf_str(&got));
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
	else if (str_eq(key, STR("person")))
		add_person(r, value);
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
	r->n_people = 0;
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
	struct runner r = { .arena = arena_new(1 << 20) };
	struct dirent **names;
	int n = scandir("tests/data/query", &names, is_case_file, alphasort);

	reset_post(&r);
	for (int i = 0; i < n; i++) {
		run_file(&r, names[i]->d_name);
		free(names[i]);
	}
	if (n > 0)
		free(names);
	post_free(r.post);
	arena_free(r.arena);
	printf("1..%d\n", r.n);
	return r.failed || r.n == 0;
}
