/* SPDX-License-Identifier: ISC */
/* The archive: search, and what a watch would have told. */
#include "base/json.h"
#include "base/num.h"
#include "base/url.h"
#include "control/cli.h"

#define PAGE_MAX 1000      /* of one answer */
#define LIMIT_USUAL 50
#define SAMPLES 5
#define SOURCES_SHOWN 10
#define BAR_COLUMNS 40

/* --- page by page, newest first --- */

typedef void each_found(void *ctx, const json_t *found);

struct searching {
	struct ctl *c;
	struct str since;
	uint64_t limit, found;
	bool printed;              /* something, by search */
	each_found *each;
	void *ctx;
};

static void show_progress(const struct searching *s, const json_t *answer)
{
	char when[CTL_WHEN_MAX];

	if (s->c->progress && json_is_string(json_get(answer, "reached")))
		fprintf(stderr, "\r\033[K%llu found, back to %s", (unsigned long long)s->found,
		        ctl_when_json(s->c, when, answer, "reached"));
}

static int search_page(struct searching *s, struct strbuf *next)
{
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(1u << 20), number = STRBUF_INIT(32);
	OWNED_JSON json_t *answer = NULL;
	uint64_t left = s->limit - s->found;

	strbuf_addf(&number, "%llu", (unsigned long long)(left < PAGE_MAX ? left : PAGE_MAX));
	strbuf_adds(&path, "/v1/search");
	url_param(&path, "q", s->c->query);
	url_param(&path, "since", s->since);
	url_param(&path, "limit", strbuf_str(&number));
	url_param(&path, "before", next->len > 0 ? strbuf_str(next) : STR_NULL);
	int code = ctl_call(s->c, "GET", strbuf_cstr(&path), NULL, &answer);
	strbuf_reset(next);
	if (code != 0)
		return code;
	const json_t *posts = json_get(answer, "posts");
	if (s->c->progress && json_array_size(posts) > 0)
		fputs("\r\033[K", stderr); /* what is printed must not stand behind the progress */
	for (size_t i = 0; i < json_array_size(posts); i++) {
		s->each(s->ctx, json_array_get(posts, i));
		s->printed = true;
	}
	s->found += json_array_size(posts);
	strbuf_add(next, json_get_str(answer, "next"));
	show_progress(s, answer);
	return 0;
}

/* All that the words of the command line find; *ret_more: there may be older ones. */
static int search_all(struct searching *s, bool *ret_more)
{
	AUTO(strbuf) struct strbuf query = STRBUF_INIT(1u << 18), next = STRBUF_INIT(1024);
	int code;

	ctl_arg_words(s->c, &query);
	s->c->query = strbuf_str(&query);
	do
		code = search_page(s, &next);
	while (code == 0 && next.len > 0 && s->found < s->limit);
	s->c->query = STR_NULL;
	if (s->c->progress)
		fputs("\r\033[K", stderr);
	*ret_more = next.len > 0;
	return code;
}

/* --- search --- */

static void print_found(void *ctx, const json_t *found)
{
	const struct searching *s = ctx;
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);

	if (s->c->json) {
		ctl_put_json(found);
		return;
	}
	if (s->printed)
		strbuf_addc(&out, '\n');
	ctl_show_post_json(s->c, json_get(found, "post"), json_get(found, "spans"), &out);
	ctl_put(&out);
}

int ctl_search(struct ctl *c)
{
	struct searching s = { .c = c, .since = ctl_option(&c->args, "since"), .limit = LIMIT_USUAL, .each = print_found };
	bool more = false;

	s.ctx = &s;
	(void)num_u64(ctl_option(&c->args, "limit"), &s.limit);
	int code = search_all(&s, &more);
	if (code != 0)
		return code;
	if (s.found == 0)
		ctl_note(c, "nothing in the archive matches");
	else if (more)
		ctl_note(c, "note: there may be older ones; --limit shows more");
	return s.found > 0 ? CTL_OK : CTL_NO;
}

/* --- test-watch --- */

struct count {
	struct str key;
	int64_t n;
};
typedef VEC(struct count) count_list;
struct tally { /* what would have been told */
	struct arena *arena;
	count_list days, sources; /* days newest first */
	json_t *samples;          /* the newest */
};

static void count_one(struct tally *t, count_list *counts, struct str key)
{
	for (size_t i = counts->n; i > 0; i--)
		if (str_eq(counts->v[i - 1].key, key)) {
			counts->v[i - 1].n++;
			return;
		}
	vec_push(counts, ((struct count){ arena_str(t->arena, key), 1 }));
}

static void tally_one(void *ctx, const json_t *found)
{
	struct tally *t = ctx;

	count_one(t, &t->days, str_slice(json_get_str(found, "came"), 0, strlen("2026-11-23")));
	count_one(t, &t->sources, json_get_str(json_get(found, "post"), "source"));
	if (json_array_size(t->samples) < SAMPLES)
		json_array_append_new(t->samples, json_deep_copy(found));
}

static int busiest_first(const void *a, const void *b)
{
	const struct count *x = a, *y = b;

	return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : str_cmp(x->key, y->key);
}

static json_t *counts_json(const count_list *counts, const char *key)
{
	json_t *list = json_array();

	for (size_t i = 0; i < counts->n; i++) {
		json_t *one = json_object();

		json_set_text(one, key, counts->v[i].key);
		json_set_int(one, "alerts", counts->v[i].n);
		json_array_append_new(list, one);
	}
	return list;
}

static void put_tally_json(const struct tally *t, uint64_t alerts)
{
	OWNED_JSON json_t *j = json_object();

	json_set_int(j, "alerts", (int64_t)alerts);
	json_set(j, "days", counts_json(&t->days, "day"));
	json_set(j, "sources", counts_json(&t->sources, "source"));
	json_set(j, "samples", json_incref(t->samples));
	ctl_put_json(j);
}

/* A line for each of the first `shown`: name, number, and a bar in scale. */
static void put_counts(const struct ctl *c, const count_list *counts, size_t shown)
{
	AUTO(table) struct table t = { 0 };
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);
	int64_t most = 1;

	table_init(&t, 3, NULL);
	for (size_t i = 0; i < counts->n; i++)
		most = counts->v[i].n > most ? counts->v[i].n : most;
	for (size_t i = 0; i < counts->n && i < shown; i++) {
		AUTO(strbuf) struct strbuf number = STRBUF_INIT(32), bar = STRBUF_INIT(4 * BAR_COLUMNS);

		strbuf_addf(&number, "%lld", (long long)counts->v[i].n);
		for (int64_t k = (counts->v[i].n * BAR_COLUMNS + most - 1) / most; k > 0; k--)
			strbuf_adds(&bar, "█");
		table_add(&t, STYLE_BOLD, counts->v[i].key);
		table_add(&t, STYLE_PLAIN, strbuf_str(&number));
		table_add(&t, STYLE_DIM, strbuf_str(&bar));
	}
	table_print(&t, c->width, c->colour, &out);
	ctl_put(&out);
}

static void put_tally(const struct ctl *c, const struct tally *t, uint64_t alerts)
{
	ctl_printf("%llu alert%s on %zu day%s\n\n", (unsigned long long)alerts, alerts == 1 ? "" : "s", t->days.n,
	           t->days.n == 1 ? "" : "s");
	put_counts(c, &t->days, t->days.n);
	ctl_printf("\nthe busiest sources\n\n");
	put_counts(c, &t->sources, SOURCES_SHOWN);
	ctl_printf("\nthe newest\n");
	for (size_t i = 0; i < json_array_size(t->samples); i++) {
		AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);
		const json_t *one = json_array_get(t->samples, i);

		strbuf_addc(&out, '\n');
		ctl_show_post_json(c, json_get(one, "post"), json_get(one, "spans"), &out);
		ctl_put(&out);
	}
}

int ctl_test_watch(struct ctl *c)
{
	struct str since = ctl_option(&c->args, "since");
	struct tally t = { .arena = arena_new(CTL_OUT_MAX), .samples = json_array() };
	struct searching s = { .c = c, .since = str_present(since) ? since : STR("30d"), .limit = UINT64_MAX, .each = tally_one,
		               .ctx = &t };
	bool more = false;
	int code = search_all(&s, &more);

	if (code == 0 && t.sources.n > 1)
		qsort(t.sources.v, t.sources.n, sizeof(t.sources.v[0]), busiest_first);
	if (code == 0 && c->json)
		put_tally_json(&t, s.found);
	else if (code == 0 && s.found > 0)
		put_tally(c, &t, s.found);
	else if (code == 0)
		ctl_note(c, "it would have told nothing");
	vec_free(&t.days);
	vec_free(&t.sources);
	json_decref(t.samples);
	arena_free(t.arena);
	return code != 0 ? code : s.found > 0 ? CTL_OK : CTL_NO;
}
