/* SPDX-License-Identifier: ISC */
/* The archive: search, and what a watch would have told. */
#include "base/json.h"
#include "base/num.h"
#include "base/url.h"
#include "control/cli.h"

#define LIMIT_USUAL 50
#define SAMPLES 5
#define SOURCES_SHOWN 10
#define BAR_COLUMNS 40

/* What the words of the command line find, newest first. */
static int search(struct ctl_pages *p, struct str since)
{
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(1u << 20), query = STRBUF_INIT(1u << 18);

	ctl_arg_words(p->c, &query);
	p->c->query = strbuf_str(&query);
	strbuf_adds(&path, "/v1/search");
	url_param(&path, "q", p->c->query);
	url_param(&path, "since", since);
	p->base = strbuf_cstr(&path);
	p->list = "posts";
	p->cursor = "before";
	int code = ctl_pages(p);
	p->c->query = STR_NULL;
	return code;
}

/* --- search --- */

static void print_found(void *ctx, const json_t *found)
{
	const struct ctl_pages *p = ctx;
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);

	if (p->c->json) {
		ctl_put_json(found);
		return;
	}
	if (p->found > 0)
		strbuf_addc(&out, '\n');
	ctl_show_post_json(p->c, json_get(found, "post"), json_get(found, "spans"), &out);
	ctl_put(&out);
}

int ctl_search(struct ctl *c)
{
	struct ctl_pages p = { .c = c, .limit = LIMIT_USUAL, .each = print_found, .ctx = &p };

	(void)num_u64(ctl_option(&c->args, "limit"), &p.limit);
	int code = search(&p, ctl_option(&c->args, "since"));
	if (code != 0)
		return code;
	if (p.found == 0)
		ctl_note(c, "nothing in the archive matches");
	else if (p.more)
		ctl_note(c, "note: there may be older ones; --limit shows more");
	return p.found > 0 ? CTL_OK : CTL_NO;
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
	struct ctl_pages p = { .c = c, .limit = UINT64_MAX, .each = tally_one, .ctx = &t };
	int code = search(&p, str_present(since) ? since : STR("30d"));

	if (code == 0 && t.sources.n > 1)
		qsort(t.sources.v, t.sources.n, sizeof(t.sources.v[0]), busiest_first);
	if (code == 0 && c->json)
		put_tally_json(&t, p.found);
	else if (code == 0 && p.found > 0)
		put_tally(c, &t, p.found);
	else if (code == 0)
		ctl_note(c, "it would have told nothing");
	vec_free(&t.days);
	vec_free(&t.sources);
	json_decref(t.samples);
	arena_free(t.arena);
	return code != 0 ? code : p.found > 0 ? CTL_OK : CTL_NO;
}
