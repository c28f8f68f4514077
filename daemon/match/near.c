/* SPDX-License-Identifier: ISC */
/* Words near each other, several times, or in one sentence. */
#include <utf8proc.h>

#include "base/mem.h"
#include "base/text.h"
#include "term.h"

/* A text with more places than this holds no words but repetitions; what is behind is not looked at (ours). */
#define HITS_MAX 65536

/* --- NEAR ------------------------------------------------------------------------------------------------------------ */

/* No word of it but the first is the first of a text. */
static bool in_one_text(const struct words *w, struct hit h)
{
	return w->v[h.first].field == w->v[h.last].field && w->v[h.first].index == w->v[h.last].index;
}

/* At most n words between them, none in both. */
static bool is_near(struct hit a, struct hit b, const struct node *n)
{
	if (a.last < b.first)
		return b.first - a.last - 1 <= n->number;
	return b.last < a.first && !(n->flags & NEAR_ORDERED) && a.first - b.last - 1 <= n->number;
}

static void join(const struct words *w, const struct node *n, const struct hits *a, const struct hits *b, struct hits *out)
{
	size_t from = 0;
	uint32_t longest = 0;

	for (size_t i = 0; i < b->list.n; i++)
		if (b->list.v[i].last - b->list.v[i].first > longest)
			longest = b->list.v[i].last - b->list.v[i].first;
	for (size_t i = 0; i < a->list.n && out->list.n < HITS_MAX; i++) {
		struct hit x = a->list.v[i];

		while (from < b->list.n && (uint64_t)b->list.v[from].first + longest + n->number + 1 < x.first)
			from++;
		for (size_t k = from; k < b->list.n && b->list.v[k].first <= (uint64_t)x.last + n->number + 1; k++) {
			struct hit y = b->list.v[k];
			struct hit both = { x.first < y.first ? x.first : y.first, x.last > y.last ? x.last : y.last };

			if (is_near(x, y, n) && in_one_text(w, both))
				vec_push(&out->list, both);
		}
	}
	hits_sort(out);
}

static void hits_of(const struct query *q, const struct node *n, struct sight *s, struct hits *out)
{
	const struct node *child = n->kind == NODE_TERM ? NULL : node_child(q, n);

	if (n->kind == NODE_TERM) {
		term_hits(q, n, s, out);
		if (out->list.n > HITS_MAX)
			out->list.n = HITS_MAX;
	} else if (n->kind == NODE_NEAR) {
		AUTO(hits) struct hits a = { 0 }, b = { 0 };

		hits_of(q, child, s, &a);
		if (a.list.n > 0)
			hits_of(q, node_next(q, child), s, &b);
		join(sight_words(s, GROUP_TEXT), n, &a, &b, out);
	} else {
		for (; child; child = node_next(q, child)) {
			AUTO(hits) struct hits one = { 0 };

			hits_of(q, child, s, &one);
			for (size_t i = 0; i < one.list.n; i++)
				vec_push(&out->list, one.list.v[i]);
		}
		hits_sort(out);
	}
}

/* Those of `h` that lie inside one of `keep`. */
static void keep_inside(struct hits *h, const struct hits *keep)
{
	size_t n = 0, k = 0;
	uint32_t end = 0; /* the furthest end of those that start so early */

	for (size_t i = 0; i < h->list.n; i++) {
		struct hit x = h->list.v[i];

		for (; k < keep->list.n && keep->list.v[k].first <= x.first; k++)
			if (keep->list.v[k].last + 1 > end)
				end = keep->list.v[k].last + 1;
		if (x.last < end)
			h->list.v[n++] = x;
	}
	h->list.n = n;
}

/* The words that make up the places `keep` of node n. */
static void add_spans(const struct query *q, const struct node *n, struct sight *s, const struct hits *keep, struct spans *out)
{
	AUTO(hits) struct hits own = { 0 };

	if (n->kind == NODE_TERM || n->kind == NODE_NEAR) {
		hits_of(q, n, s, &own);
		keep_inside(&own, keep);
		keep = &own;
	}
	if (n->kind == NODE_TERM) {
		for (size_t i = 0; i < own.list.n; i++)
			term_add_span(q, n, sight_words(s, GROUP_TEXT), own.list.v[i], out);
		return;
	}
	for (const struct node *c = node_child(q, n); c; c = node_next(q, c))
		add_spans(q, c, s, keep, out);
}

static bool near(const struct query *q, const struct node *n, struct sight *s, struct spans *out)
{
	AUTO(hits) struct hits h = { 0 };

	hits_of(q, n, s, &h);
	if (out && h.list.n > 0)
		add_spans(q, n, s, &h, out);
	return h.list.n > 0;
}

/* --- {n,} ------------------------------------------------------------------------------------------------------------ */

/* Places that do not overlap count. */
static bool times(const struct query *q, const struct node *n, struct sight *s, struct spans *out)
{
	AUTO(hits) struct hits h = { 0 };
	size_t count = 0;
	uint32_t end = 0; /* behind the last one that counts */

	hits_of(q, node_child(q, n), s, &h);
	for (size_t i = 0; i < h.list.n; i++) {
		if (count > 0 && h.list.v[i].last + 1 < end)
			end = h.list.v[i].last + 1; /* it ends earlier than the one that it overlaps: better */
		if (count > 0 && h.list.v[i].first < end)
			continue;
		end = h.list.v[i].last + 1;
		count++;
	}
	if (count < n->number)
		return false;
	if (out)
		add_spans(q, node_child(q, n), s, &h, out);
	return true;
}

/* --- SENTENCE -------------------------------------------------------------------------------------------------------- */

/* Ends a sentence whatever follows; of the terminators of Unicode's Sentence_Terminal those of living scripts. */
static bool is_terminator(uint32_t c)
{
	static const uint32_t ends[] = { '\n', '!', '?', 0x2028, 0x2029, 0x203c, 0x203d, 0x2047, 0x2048, 0x2049, 0x3002, 0xff01,
					 0xff0e, 0xff1f, 0xff61, 0x061f, 0x06d4, 0x0964, 0x0965, 0x0589, 0x1362, 0x104b, 0x17d4 };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (c == ends[i])
			return true;
	return false;
}

/* An initial (J. Smith) or a title (Dr. Smith): its full stop ends no sentence. */
static bool is_abbreviated(const struct words *w, const struct word *x, struct str text)
{
	static const char *const titles[] = { "mr", "mrs", "ms", "dr", "prof", "st", "mme", "mlle", "vs" };
	struct str s = word_text(w, x);
	size_t pos = x->start;

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (str_eq(s, str_c(titles[i])))
			return true;
	return text_count(s) == 1 && utf8proc_isupper((utf8proc_int32_t)text_next(text, &pos));
}

/* Whether a sentence ends between the words x[-1] and x[0] of one text.  A full stop ends one if white space follows and then no
 * small letter (UAX #29, SB8). */
static bool sentence_ends(const struct words *w, const struct word *x, struct str text)
{
	struct str gap = str_slice(text, x[-1].end, x->start);
	bool stop = false, space = false;

	for (size_t pos = 0; pos < gap.len;) {
		uint32_t c = text_next(gap, &pos);

		if (is_terminator(c))
			return true;
		if (c == '.' || c == 0x2026)
			stop = true;
		else
			space |= stop && c == ' ';
	}
	size_t pos = x->start;
	return stop && space && !utf8proc_islower((utf8proc_int32_t)text_next(text, &pos)) && !is_abbreviated(w, &x[-1], text);
}

struct sentences {
	VEC(uint32_t) starts; /* each one's first word */
};

static void sentences_release(struct sentences *in)
{
	vec_free(&in->starts);
}

static void cut_sentences(struct sight *s, struct sentences *ret)
{
	const struct words *w = sight_words(s, GROUP_TEXT);

	for (size_t i = 0; i < w->n; i++) {
		const struct word *x = &w->v[i];

		if ((x->flags & WORD_FIRST) || sentence_ends(w, x, match_field_text(s->post, x->field, x->index)))
			vec_push(&ret->starts, (uint32_t)i);
	}
}

static size_t sentence_of(const struct sentences *in, uint32_t word)
{
	size_t low = 0, high = in->starts.n;

	while (high - low > 1) {
		size_t middle = (low + high) / 2;

		if (in->starts.v[middle] <= word)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* A mark for each sentence in which the node holds; free with mem_free. */
static bool *sentences_with(const struct query *q, const struct node *n, struct sight *s, const struct sentences *in)
{
	bool *set = mem_alloc(in->starts.n + 1); /* zeros */

	if (n->kind == NODE_TERM || n->kind == NODE_NEAR) {
		AUTO(hits) struct hits h = { 0 };

		hits_of(q, n, s, &h);
		for (size_t i = 0; i < h.list.n; i++) {
			size_t at = sentence_of(in, h.list.v[i].first);

			set[at] |= at == sentence_of(in, h.list.v[i].last);
		}
		return set;
	}
	for (size_t i = 0; i < in->starts.n; i++)
		set[i] = n->kind != NODE_OR;
	for (const struct node *c = node_child(q, n); c; c = node_next(q, c)) {
		bool *one = sentences_with(q, c, s, in);

		for (size_t i = 0; i < in->starts.n; i++)
			set[i] = n->kind == NODE_OR ? set[i] || one[i] : n->kind == NODE_AND ? set[i] && one[i] : !one[i];
		mem_free(one);
	}
	return set;
}

/* The words that make the node hold in the marked sentences. */
static void add_sentence_spans(const struct query *q, const struct node *n, struct sight *s, const struct sentences *in,
                               const bool *marked, struct spans *out)
{
	if (n->kind == NODE_NOT)
		return;
	if (n->kind == NODE_TERM || n->kind == NODE_NEAR) {
		AUTO(hits) struct hits h = { 0 };
		size_t kept = 0;

		hits_of(q, n, s, &h);
		for (size_t i = 0; i < h.list.n; i++) {
			size_t at = sentence_of(in, h.list.v[i].first);

			if (marked[at] && at == sentence_of(in, h.list.v[i].last))
				h.list.v[kept++] = h.list.v[i];
		}
		h.list.n = kept;
		add_spans(q, n, s, &h, out);
		return;
	}
	bool *own = sentences_with(q, n, s, in);
	for (size_t i = 0; i < in->starts.n; i++)
		own[i] = own[i] && marked[i];
	for (const struct node *c = node_child(q, n); c; c = node_next(q, c))
		add_sentence_spans(q, c, s, in, own, out);
	mem_free(own);
}

static bool sentence(const struct query *q, const struct node *n, struct sight *s, struct spans *out)
{
	AUTO(sentences) struct sentences in = { 0 };
	bool found = false;

	cut_sentences(s, &in);
	bool *set = sentences_with(q, node_child(q, n), s, &in);
	for (size_t i = 0; i < in.starts.n; i++)
		found |= set[i];
	if (found && out)
		add_sentence_spans(q, node_child(q, n), s, &in, set, out);
	mem_free(set);
	return found;
}

bool near_spans(const struct query *q, const struct node *n, struct sight *s, struct spans *out)
{
	return (n->kind == NODE_NEAR ? near : n->kind == NODE_TIMES ? times : sentence)(q, n, s, out);
}
