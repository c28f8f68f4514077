/* SPDX-License-Identifier: ISC */
/* How an alert reads to people (words, author, reason) and its one JSON form; excerpts are in
 * excerpt.c. */
#include "alert/alert.h"

#include "base/json.h"
#include "base/text.h"

#define TERM_SHOWN_MAX 100 /* code points of one term in a line for people */
#define AUTHORS_SHOWN_MAX 3

/* The distinct terms of some spans, by ASCII letters' fold; the first way of writing wins. */
struct terms {
	VEC(struct str) list;     /* at most what a query may hold */
	VEC(unsigned int) fields; /* of the same index: where the term hit, as bits: fields, and from CONTEXT_BIT on relations */
};

static void terms_release(struct terms *t)
{
	vec_free(&t->list);
	vec_free(&t->fields);
}

#define CONTEXT_BIT 24 /* > POST_FIELDS */
_Static_assert(POST_FIELDS <= CONTEXT_BIT && CONTEXT_BIT + RELATION_N <= 32, "an unsigned int has a bit for each");
#define PLACES_N (CONTEXT_BIT + RELATION_N)

static unsigned int place_of(const struct post *p, const struct span *s)
{
	if (s->context == 0 || s->context > p->context.n) /* people know accounts by their handles */
		return 1u << (s->field == FIELD_OF_AUTHOR_ID ? FIELD_OF_HANDLE :
		              s->field == FIELD_OF_MENTION_ID ? FIELD_OF_MENTION : s->field);
	return 1u << (CONTEXT_BIT + p->context.v[s->context - 1].relation);
}

static const char *place_name(unsigned int place)
{
	static const char *const names[RELATION_N] = {
		"the post that it answers", "the post that it quotes", "the post that it repeats", "the post that began the thread",
	};

	return place < CONTEXT_BIT ? match_field_name((enum post_field)place) : names[place - CONTEXT_BIT];
}

static void terms_of(const struct alert *a, struct terms *ret)
{
	const struct spans *s = a->spans;

	size_t last = 0;
	for (size_t i = 0; s != NULL && i < s->list.n; i++) {
		struct str term = s->list.v[i].term;
		size_t k = last; /* one word often hits many times in a row */
		if (k >= ret->list.n || !str_eq_nocase(ret->list.v[k], term))
			for (k = 0; k < ret->list.n && !str_eq_nocase(ret->list.v[k], term); k++)
				;
		if (k == QUERY_TERMS_MAX || str_empty(term))
			continue;
		if (k == ret->list.n) {
			vec_push(&ret->list, term);
			vec_push(&ret->fields, 0);
		}
		ret->fields.v[k] |= place_of(a->post, &s->list.v[i]);
		last = k;
	}
}

static void add_separated(struct strbuf *out, bool *first, const char *separator)
{
	if (!*first)
		strbuf_adds(out, separator);
	*first = false;
}

void alert_words(const struct alert *a, struct strbuf *out)
{
	AUTO(terms) struct terms terms = { 0 };
	bool first = true;
	terms_of(a, &terms);
	for (size_t i = 0; i < terms.list.n; i++) {
		add_separated(out, &first, ", ");
		text_fold_space(out, text_cut_points(terms.list.v[i], TERM_SHOWN_MAX));
	}
}

static void add_author(struct strbuf *out, const struct author *author)
{
	bool named = !str_empty(author->name);
	if (str_empty(author->handle)) {
		text_fold_space(out, named ? author->name : author->url);
		return;
	}
	if (!str_starts(author->handle, STR("@")))
		strbuf_addc(out, '@');
	text_fold_space(out, author->handle);
	if (!named || str_eq(author->name, author->handle))
		return;
	strbuf_adds(out, " (");
	text_fold_space(out, author->name);
	strbuf_addc(out, ')');
}

void alert_who(const struct alert *a, struct strbuf *out)
{
	const struct post *p = a->post;
	if (p->authors.n == 0) {
		text_fold_space(out, p->source);
		return;
	}
	bool first = true;
	for (size_t i = 0; i < p->authors.n && i < AUTHORS_SHOWN_MAX; i++) {
		add_separated(out, &first, ", ");
		add_author(out, &p->authors.v[i]);
	}
	if (p->authors.n > AUTHORS_SHOWN_MAX)
		strbuf_addf(out, " and %zu more", p->authors.n - AUTHORS_SHOWN_MAX);
}

/* "title and text" */
static void add_fields(unsigned int fields, struct strbuf *out)
{
	bool first = true;
	for (unsigned int f = 0; f < PLACES_N; f++) {
		if (!(fields & 1u << f))
			continue;
		bool last = fields >> f == 1;
		add_separated(out, &first, last ? " and " : ", ");
		strbuf_adds(out, place_name(f));
	}
}

const char *alert_event_name(enum alert_event event)
{
	static const char *const names[ALERT_EVENTS_N] = { "new", "edit", "delete", "notice" };

	return names[event];
}

void alert_reason(const struct alert *a, struct strbuf *out)
{
	static const char *const before[ALERT_EVENTS_N] = { "", "edited: ", "deleted: ", "" };

	if (a->test) {
		strbuf_adds(out, "a test of this channel; nothing has matched");
		return;
	}
	if (a->event == ALERT_NOTICE) {
		strbuf_adds(out, "a notice to the operator");
		return;
	}
	strbuf_adds(out, before[a->event]);
	if (a->event == ALERT_EDIT && (a->spans == NULL || a->spans->list.n == 0)) {
		strbuf_adds(out, "matches no more the query ");
		text_fold_space(out, text_cut_points(a->query, TERM_SHOWN_MAX));
		return;
	}
	if (a->spans == NULL || a->spans->list.n == 0) {
		strbuf_adds(out, "matched the query ");
		text_fold_space(out, text_cut_points(a->query, TERM_SHOWN_MAX));
		return;
	}
	AUTO(terms) struct terms terms = { 0 };
	bool first = true;
	terms_of(a, &terms);
	strbuf_adds(out, "matched ");
	for (size_t i = 0; i < terms.list.n; i++) {
		add_separated(out, &first, "; ");
		text_fold_space(out, text_cut_points(terms.list.v[i], TERM_SHOWN_MAX));
		strbuf_adds(out, " in ");
		add_fields(terms.fields.v[i], out);
	}
}

json_t *alert_spans_to_json(const struct spans *s)
{
	json_t *list = json_array();
	for (size_t i = 0; s != NULL && i < s->list.n; i++) {
		const struct span *span = &s->list.v[i];
		json_t *one = json_object();
		if (span->context > 0)
			json_set_int(one, "context", (int64_t)span->context - 1);
		json_set_text(one, "field", str_c(match_field_name(span->field)));
		json_set_int(one, "index", (int64_t)span->index);
		json_set_int(one, "start", (int64_t)span->start);
		json_set_int(one, "end", (int64_t)span->end);
		json_set_text(one, "term", span->term);
		json_array_append_new(list, one);
	}
	return list;
}

static int span_from_json(const json_t *j, struct arena *arena, struct span *ret, struct err *e)
{
	struct str field = json_get_str(j, "field");
	int64_t start = json_get_int(j, "start", -1), end = json_get_int(j, "end", -1);
	int64_t index = json_get_int(j, "index", 0), context = json_get_int(j, "context", -1);
	int found = -1;
	for (int f = FIELD_OF_TITLE; f < POST_FIELDS; f++)
		if (str_present(field) &&
		    str_eq(field, str_c(match_field_name((enum post_field)f))))
			found = f;
	if (found < 0)
		return err_set(e, ERR_INPUT, "span: \"%.*s\" is no field of a post",
			       STR_ARG(text_cut(field, 40)));
	if (context < -1 || context >= POST_CONTEXT_MAX || index < 0 || start < 0 || end < start)
		return err_set(e, ERR_INPUT,
			       "span: context, index, start and end must be numbers with 0 <= start <= end");
	*ret = (struct span){ .field = (enum post_field)found,
			      .context = (unsigned int)(context + 1),
			      .index = (size_t)index,
			      .start = (size_t)start,
			      .end = (size_t)end,
			      .term = arena_str(arena, json_get_str(j, "term")) };
	return 0;
}

int alert_spans_from_json(const json_t *j, struct arena *arena, struct spans *ret, struct err *e)
{
	if (!json_is_array(j))
		return err_set(e, ERR_INPUT, "spans: expected a list");
	AUTO(spans) struct spans spans = { 0 };
	for (size_t i = 0; i < json_array_size(j); i++) {
		struct span span;
		if (span_from_json(json_array_get(j, i), arena, &span, e) != 0)
			return -1;
		vec_push(&spans.list, span);
	}
	*ret = spans;
	spans = (struct spans){ 0 };
	return 0;
}

json_t *alert_to_json(const struct alert *a)
{
	char date[DATE_TEXT_MAX];
	json_t *j = json_object(), *words = json_array();
	json_set_text(j, "id", a->id);
	json_set_text(j, "watch", a->watch);
	json_set_text(j, "query", a->query);
	json_set_text(j, "created",
		      a->created_unix_ms == TIME_ABSENT
			      ? STR_NULL
			      : str_c(date_rfc3339(date, a->created_unix_ms)));
	AUTO(strbuf) struct strbuf reason = STRBUF_INIT(1 << 20);
	alert_reason(a, &reason);
	json_set_text(j, "reason", strbuf_str(&reason));
	AUTO(terms) struct terms terms = { 0 };
	terms_of(a, &terms);
	for (size_t i = 0; i < terms.list.n; i++)
		json_array_append_new(words, json_text(terms.list.v[i]));
	json_set(j, "words", words);
	json_set(j, "spans", alert_spans_to_json(a->spans));
	json_set(j, "post", post_to_json(a->post));
	json_set_text(j, "event", str_c(alert_event_name(a->event)));
	json_set_bool(j, "test", a->test);
	return j;
}
