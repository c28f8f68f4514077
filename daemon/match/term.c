/* SPDX-License-Identifier: ISC */
/* Where a term stands: words side by side, with stars, as written, or loosely near each other. */
#include "term.h"

#include <stdlib.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/text.h"
#include "forms.h"

/* Where to tell what is found; both may be NULL: then the first place will do. */
struct found {
	struct spans *spans;
	struct hits *hits;
};

void hits_release(struct hits *h)
{
	vec_free(&h->list);
}

static bool before(const struct hit *a, const struct hit *b)
{
	return a->first != b->first ? a->first < b->first : a->last < b->last;
}

static int compare_hits(const void *a, const void *b)
{
	return before(a, b) ? -1 : before(b, a);
}

void hits_sort(struct hits *h)
{
	size_t n = 0;

	if (h->list.n < 2)
		return;
	qsort(h->list.v, h->list.n, sizeof(h->list.v[0]), compare_hits);
	for (size_t i = 0; i < h->list.n; i++)
		if (n == 0 || before(&h->list.v[n - 1], &h->list.v[i]))
			h->list.v[n++] = h->list.v[i];
	h->list.n = n;
}

void term_add_span(const struct query *q, const struct node *t, const struct words *w, struct hit h, struct spans *out)
{
	const struct word *first = &w->v[h.first];

	vec_push(&out->list, ((struct span){ .field = first->field, .index = first->index, .start = first->start,
					     .end = w->v[h.last].end, .term = node_term(q, t) }));
}

static void tell(const struct query *q, const struct node *t, const struct words *w, struct hit h, const struct found *out)
{
	if (out->spans)
		term_add_span(q, t, w, h, out->spans);
	if (out->hits)
		vec_push(&out->hits->list, h);
}

static bool first_will_do(const struct found *out)
{
	return out->spans == NULL && out->hits == NULL;
}

/* --- one word -------------------------------------------------------------------------------------------------------- */

/* Stars stand for any letters, or none. */
static bool wild_match(struct str pattern, struct str s)
{
	size_t star = str_chr(pattern, '*');

	if (star == STR_NPOS)
		return str_eq(pattern, s);
	if (!str_starts(s, str_slice(pattern, 0, star)))
		return false;
	s = str_from(s, star);
	for (;;) {
		pattern = str_from(pattern, star + 1);
		star = str_chr(pattern, '*');
		if (star == STR_NPOS)
			return str_ends(s, pattern);
		size_t at = str_find(s, str_slice(pattern, 0, star));
		if (at == STR_NPOS)
			return false;
		s = str_from(s, at + star);
	}
}

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* Composed letters, without what cannot be seen. */
static struct str composed(struct str s, utf8proc_uint8_t **ret_owned)
{
	utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.len, ret_owned,
		UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_IGNORE);

	return n < 0 ? s : str_n(*ret_owned, (size_t)n);
}

/* The word as the post has it against the word as the query has it: case and accents count, how they are encoded does not. */
static bool written_so(struct str want, bool wild, struct str s)
{
	utf8proc_uint8_t *owned[2] = { NULL, NULL };

	if (!wild && str_eq(want, s))
		return true;
	if (!is_ascii(want) || !is_ascii(s)) {
		want = composed(want, &owned[0]);
		s = composed(s, &owned[1]);
	}
	bool same = wild ? wild_match(want, s) : str_eq(want, s);
	mem_free(owned[0]);
	mem_free(owned[1]);
	return same;
}

/* Where the forms of the name's next word begin. */
static uint32_t next_forms(const struct query *q, const struct node *t, uint32_t k)
{
	do
		k++;
	while (k < t->n && !(query_words(q)[t->word + k].flags & TERM_WORD_NEXT));
	return k;
}

static bool word_fits(const struct query *q, const struct node *t, uint32_t k, const struct sight *s, const struct words *w,
                      const struct word *x)
{
	const struct term_word *want = &query_words(q)[t->word + k];
	bool wild = want->flags & TERM_WORD_WILD;

	if (wild ? !wild_match(term_word_text(q, want), word_text(w, x)) :
		   x->hash != want->hash || !str_eq(word_text(w, x), term_word_text(q, want)))
		return false;
	if (want->flags & TERM_WORD_FOREIGN)
		return form_counts(s->post->language, next_forms(q, t, 0) == t->n);
	if (!(t->flags & TERM_EXACT))
		return true;
	struct str text = match_field_text(s->post, x->field, x->index);
	return written_so(term_word_text(q, want + t->n), wild, str_slice(text, x->start, x->end));
}

/* --- side by side ---------------------------------------------------------------------------------------------------- */

/* Whether the term stands at words i.. of w: side by side, in one text, and glued where the term's own are. */
static bool stands_at(const struct query *q, const struct node *t, const struct sight *s, const struct words *w, size_t i)
{
	for (uint32_t k = 0; k < t->n; k++) {
		const struct term_word *want = &query_words(q)[t->word + k];

		if (i + k >= w->n)
			return false;
		const struct word *x = &w->v[i + k];
		if (k > 0 && (x->flags & WORD_FIRST))
			return false;
		if (k > 0 && (want->flags & WORD_CHAR) && (want->flags & WORD_GLUED) && !(x->flags & WORD_GLUED))
			return false;
		if (!word_fits(q, t, k, s, w, x))
			return false;
	}
	return true;
}

static bool accept(const struct query *q, const struct node *t, const struct sight *s, const struct words *w, size_t i,
                   const struct found *out)
{
	const struct op *o = op_of(t);

	if (!(o->fields & 1u << w->v[i].field) || !stands_at(q, t, s, w, i) || (o->accepts && !o->accepts(q, t, s, w, i)))
		return false;
	tell(q, t, w, (struct hit){ (uint32_t)i, (uint32_t)i + t->n - 1 }, out);
	return true;
}

/* One of the term's words will do. */
static bool find_any(const struct query *q, const struct node *t, struct sight *s, const struct found *out)
{
	struct words *w = sight_words(s, op_of(t)->group);
	bool enough = first_will_do(out), found = false;

	words_index(w);
	for (uint32_t k = 0; k < t->n && !(found && enough); k++) {
		uint32_t hash = query_words(q)[t->word + k].hash;

		for (uint32_t i = words_first(w, hash); i != WORD_NONE && !(found && enough); i = words_next(w, i))
			if (w->v[i].hash == hash && word_fits(q, t, k, s, w, &w->v[i])) {
				tell(q, t, w, (struct hit){ i, i }, out);
				found = true;
			}
	}
	return found;
}

/* --- names ----------------------------------------------------------------------------------------------------------- */

static bool form_fits(const struct query *q, const struct node *t, uint32_t k, uint32_t end, const struct sight *s,
                      const struct words *w, const struct word *x)
{
	while (k < end && !word_fits(q, t, k, s, w, x))
		k++;
	return k < end;
}

/* The name's words stand at words i.. of w, each in one of its forms. */
static bool accept_name(const struct query *q, const struct node *t, const struct sight *s, const struct words *w, size_t i,
                        const struct found *out)
{
	size_t at = i;

	for (uint32_t k = 0, end; k < t->n; k = end, at++) {
		end = next_forms(q, t, k);
		if (at >= w->n || (at > i && (w->v[at].flags & WORD_FIRST)) || !form_fits(q, t, k, end, s, w, &w->v[at]))
			return false;
	}
	if (!(op_of(t)->fields & 1u << w->v[i].field))
		return false;
	tell(q, t, w, (struct hit){ (uint32_t)i, (uint32_t)at - 1 }, out);
	return true;
}

static bool find_name(const struct query *q, const struct node *t, struct sight *s, const struct found *out)
{
	struct words *w = sight_words(s, op_of(t)->group);
	bool enough = first_will_do(out), found = false;
	uint32_t before = 0; /* words of the name before the one that is looked up */

	words_index(w);
	for (uint32_t k = next_forms(q, t, 0); k <= t->pivot; k = next_forms(q, t, k))
		before++;
	for (uint32_t k = t->pivot, end = next_forms(q, t, k); k < end && !(found && enough); k++) {
		uint32_t hash = query_words(q)[t->word + k].hash;

		for (uint32_t i = words_first(w, hash); i != WORD_NONE && !(found && enough); i = words_next(w, i))
			if (w->v[i].hash == hash && i >= before)
				found |= accept_name(q, t, s, w, i - before, out);
	}
	return found;
}

/* --------------------------------------------------------------------------------------------------------------------- */

static bool find(const struct query *q, const struct node *t, struct sight *s, const struct found *out)
{
	struct words *w = sight_words(s, op_of(t)->group);
	bool enough = first_will_do(out), found = false;

	if (t->flags & (TERM_ANY | TERM_NAME))
		return (t->flags & TERM_ANY ? find_any : find_name)(q, t, s, out);

	if (t->pivot == t->n) { /* stars only: no hash to look for */
		for (size_t i = 0; i < w->n && !(found && enough); i++)
			found |= accept(q, t, s, w, i, out);
		return found;
	}
	words_index(w);
	uint32_t hash = query_words(q)[t->word + t->pivot].hash;
	for (uint32_t i = words_first(w, hash); i != WORD_NONE && !(found && enough); i = words_next(w, i))
		if (w->v[i].hash == hash && i >= t->pivot)
			found |= accept(q, t, s, w, i - t->pivot, out);
	return found;
}

void term_span_at(const struct query *q, const struct node *t, struct sight *s, uint32_t i, struct spans *out)
{
	const struct words *w = sight_words(s, op_of(t)->group);

	if (i < w->n) /* not so if another term's key, equal by chance, was found */
		(void)accept(q, t, s, w, i, &(struct found){ .spans = out });
}

/* --- loosely --------------------------------------------------------------------------------------------------------- */

/*
 * "a b"~N as X and Lucene have it: take from each word's place in the text its place in the phrase; the largest and the
 * smallest of these may differ by N.  So N words may stand between a and b in this order, N - 2 in the other one.
 */
struct places {
	VEC(uint32_t) of[QUERY_LOOSE_WORDS_MAX]; /* word k of the phrase stands there; ascending */
	size_t from[QUERY_LOOSE_WORDS_MAX];      /* the first place that is not before low + k */
	size_t told[QUERY_LOOSE_WORDS_MAX];      /* the first place that was not told yet */
};

static void places_release(struct places *p)
{
	for (size_t k = 0; k < QUERY_LOOSE_WORDS_MAX; k++)
		vec_free(&p->of[k]);
}

/* Places of the phrase's words in the text that starts at word *i; moves *i to the next text. */
static void find_places(const struct query *q, const struct node *t, const struct sight *s, const struct words *w, size_t *i,
                        struct places *ret)
{
	const struct op *o = op_of(t);

	for (uint32_t k = 0; k < t->n; k++) {
		vec_clear(&ret->of[k]);
		ret->from[k] = ret->told[k] = 0;
	}
	for (bool first = true; *i < w->n && (first || !(w->v[*i].flags & WORD_FIRST)); ++*i, first = false)
		for (uint32_t k = 0; k < t->n; k++)
			if ((o->fields & 1u << w->v[*i].field) && word_fits(q, t, k, s, w, &w->v[*i]) &&
			    (o->accepts == NULL || o->accepts(q, t, s, w, *i)))
				vec_push(&ret->of[k], (uint32_t)*i);
}

/* Who has which place of those in low + k .. low + k + number; with stars, two words of a phrase may want the same. */
struct seats {
	uint32_t of[QUERY_LOOSE_WORDS_MAX]; /* index into places.of[k]; UINT32_MAX: none yet */
	unsigned asked;                     /* bit per word that was asked to move */
};

static uint32_t who_has(const struct node *t, const struct places *p, const struct seats *s, uint32_t place)
{
	for (uint32_t j = 0; j < t->n; j++)
		if (s->of[j] != UINT32_MAX && p->of[j].v[s->of[j]] == place)
			return j;
	return UINT32_MAX;
}

/* Gives word k a place; who has it moves if he can (Kuhn's way to match). */
static bool seat(const struct node *t, const struct places *p, int64_t low, uint32_t k, struct seats *s)
{
	for (size_t i = p->from[k]; i < p->of[k].n && p->of[k].v[i] <= low + k + t->number; i++) {
		uint32_t other = who_has(t, p, s, p->of[k].v[i]);

		if (other != UINT32_MAX) {
			if (s->asked >> other & 1)
				continue;
			s->asked |= 1u << other;
			if (!seat(t, p, low, other, s))
				continue;
		}
		s->of[k] = (uint32_t)i;
		return true;
	}
	return false;
}

/* Whether every word has a place of its own in low + k .. low + k + number. */
static bool all_near(const struct node *t, struct places *p, int64_t low)
{
	struct seats s;

	memset(s.of, 0xff, sizeof(s.of));
	for (uint32_t k = 0; k < t->n; k++) {
		while (p->from[k] < p->of[k].n && p->of[k].v[p->from[k]] < low + k)
			p->from[k]++;
		s.asked = 1u << k;
		if (!seat(t, p, low, k, &s))
			return false;
	}
	return true;
}

/* The least place of a word less its place in the phrase, greater than `low`; INT64_MAX if there is none. */
static int64_t next_low(const struct node *t, const struct places *p, int64_t low)
{
	int64_t best = INT64_MAX;

	for (uint32_t k = 0; k < t->n; k++) {
		size_t i = p->from[k];

		while (i < p->of[k].n && (int64_t)p->of[k].v[i] - k <= low)
			i++;
		if (i < p->of[k].n && (int64_t)p->of[k].v[i] - k < best)
			best = (int64_t)p->of[k].v[i] - k;
	}
	return best;
}

static void tell_places(const struct query *q, const struct node *t, const struct words *w, struct places *p, int64_t low,
                        const struct found *out)
{
	for (uint32_t k = 0; k < t->n; k++) {
		size_t i = p->from[k] > p->told[k] ? p->from[k] : p->told[k];

		for (; i < p->of[k].n && p->of[k].v[i] <= low + k + t->number; i++)
			tell(q, t, w, (struct hit){ p->of[k].v[i], p->of[k].v[i] }, out);
		p->told[k] = i;
	}
}

static bool find_loose(const struct query *q, const struct node *t, struct sight *s, const struct found *out)
{
	const struct words *w = sight_words(s, op_of(t)->group);
	AUTO(places) struct places p = { 0 };
	bool enough = first_will_do(out), found = false;

	for (size_t i = 0; i < w->n && !(found && enough);) {
		find_places(q, t, s, w, &i, &p);
		for (int64_t low = INT64_MIN; !(found && enough) && (low = next_low(t, &p, low)) != INT64_MAX;)
			if (all_near(t, &p, low)) {
				tell_places(q, t, w, &p, low, out);
				found = true;
			}
	}
	return found;
}

/* --------------------------------------------------------------------------------------------------------------------- */

bool term_spans(const struct query *q, const struct node *t, struct sight *s, struct spans *out)
{
	return (t->flags & TERM_LOOSE ? find_loose : find)(q, t, s, &(struct found){ .spans = out });
}

/* The word of the running text that starts there (or ends there). */
static uint32_t text_word(const struct words *w, const struct word *x, bool end)
{
	size_t low = 0, high = w->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct word *y = &w->v[middle];

		if (y->field != x->field ? y->field < x->field : end ? y->end < x->end : y->start < x->start)
			low = middle + 1;
		else
			high = middle;
	}
	return (uint32_t)low;
}

/* Places of tags, names and stems as places of the text; those that are not in the text are dropped. */
static void into_text(struct sight *s, const struct words *from, struct hits *h)
{
	const struct words *w = sight_words(s, GROUP_TEXT);
	size_t n = 0;

	for (size_t i = 0; i < h->list.n; i++) {
		struct hit x = h->list.v[i];

		if (from->v[x.first].field > FIELD_OF_SUMMARY)
			continue;
		h->list.v[n++] = (struct hit){ text_word(w, &from->v[x.first], false), text_word(w, &from->v[x.last], true) };
	}
	h->list.n = n;
	hits_sort(h);
}

void term_hits(const struct query *q, const struct node *t, struct sight *s, struct hits *out)
{
	enum group g = op_of(t)->group;

	(void)find(q, t, s, &(struct found){ .hits = out });
	if (g != GROUP_TEXT)
		into_text(s, sight_words(s, g), out);
	else if (t->flags & TERM_NAME)
		hits_sort(out);
}
