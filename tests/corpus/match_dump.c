/* SPDX-License-Identifier: ISC */
/*
 * What the matcher makes of other projects' test data.  Reads questions from stdin, one JSON object a line, and answers each
 * with one line; places are [start, end) in bytes:
 *
 *   {"op":"match","queries":[Q…],"text":T,"link":U}  {"found":[[place…]…]}: of each query, null if it is refused
 *   {"op":"cut","text":T}                            {"words","hashtags","mentions","cashtags"}: places
 *   {"op":"tree","query":Q}                          {"clauses":[[depth, text]…]} or {"error"}
 */
#include "base/json.h"
#include "base/mem.h"
#include "corpus/answers.h"
#include "lib/test.h"
#include "match/ops.h"

#define TEXT_MAX (1u << 20)

int main(void);

static void add_place(json_t *list, size_t start, size_t end)
{
	json_array_append_new(list, json_pack("[II]", (json_int_t)start, (json_int_t)end));
}

/* All queries at once, each a watch: through the index. */
static json_t *answer_match(const json_t *q)
{
	const json_t *texts = json_object_get(q, "queries");
	OWNED(matcher) struct matcher *m = matcher_new();
	struct str link = json_get_str(q, "link");
	struct post p = { .text = json_get_str(q, "text") };
	AUTO(matches) struct matches found = { 0 };
	size_t n = json_array_size(texts), at = 0;
	struct query **queries = mem_alloc((n + 1) * sizeof(*queries));
	json_t *answer = json_object(), *all = json_array();

	if (str_present(link))
		vec_push(&p.links, link);
	for (size_t i = 0; i < n; i++) {
		struct err e;

		if (query_parse(json_str(json_array_get(texts, i)), &queries[i], &e) == 0)
			matcher_add(m, i, queries[i]);
	}
	matcher_run(m, &p, &found);
	for (size_t i = 0; i < n; i++) {
		bool hit = at < found.list.n && found.list.v[at].watch == i;
		json_t *places = queries[i] ? json_array() : json_null();

		for (size_t k = 0; hit && k < found.list.v[at].spans.list.n; k++)
			add_place(places, found.list.v[at].spans.list.v[k].start, found.list.v[at].spans.list.v[k].end);
		at += hit;
		json_array_append_new(all, places);
		query_free(queries[i]);
	}
	mem_free(queries);
	vec_free(&p.links);
	json_set(answer, "found", all);
	return answer;
}

/* Words from one that is first of its text to the next one; only those of `text`. */
static json_t *runs(const struct words *w)
{
	json_t *list = json_array();

	for (size_t i = 0, n; i < w->n; i += n) {
		for (n = 1; i + n < w->n && !(w->v[i + n].flags & WORD_FIRST);)
			n++;
		add_place(list, w->v[i].start, w->v[i + n - 1].end);
	}
	return list;
}

static json_t *answer_cut(struct str text)
{
	VIEW_UNINITIALIZED struct view v;
	struct post p = { .text = text };
	json_t *answer = json_object(), *words = json_array(), *cashtags = json_array(), *hashtags = json_array();

	view_init(&v, &p);
	const struct words *w = sight_words(&v.self, GROUP_TEXT), *tags = sight_words(&v.self, GROUP_TAG);
	for (size_t i = 0; i < w->n; i++) {
		add_place(words, w->v[i].start, w->v[i].end);
		if (w->v[i].flags & WORD_DOLLAR)
			add_place(cashtags, w->v[i].start, w->v[i].end);
	}
	for (size_t i = 0; i < tags->n; i++)
		add_place(hashtags, tags->v[i].start, tags->v[i].end);
	json_set(answer, "words", words);
	json_set(answer, "cashtags", cashtags);
	json_set(answer, "hashtags", hashtags);
	json_set(answer, "mentions", runs(sight_words(&v.self, GROUP_MENTION)));
	view_release(&v);
	return answer;
}

static void add_clause(void *ctx, const struct query_clause *c)
{
	json_array_append_new(ctx, json_pack("[is%]", c->depth, c->text.p, c->text.len));
}

static json_t *answer_tree(struct str text)
{
	OWNED(query) struct query *q = NULL;
	json_t *answer = json_object(), *clauses = json_array();
	struct post p = { 0 };
	struct err e;

	if (query_parse(text, &q, &e) != 0) {
		json_set_text(answer, "error", str_c(e.message));
		json_decref(clauses);
		return answer;
	}
	query_explain_each(q, &p, add_clause, clauses);
	json_set(answer, "clauses", clauses);
	return answer;
}

static json_t *answer_to(const json_t *q)
{
	struct str op = json_get_str(q, "op");

	return str_eq(op, STR("match")) ? answer_match(q) :
	       str_eq(op, STR("cut")) ? answer_cut(json_get_str(q, "text")) :
	                                answer_tree(json_get_str(q, "query"));
}

int main(void)
{
	json_setup();
	return dump_answers("match_dump", TEXT_MAX, answer_to);
}
