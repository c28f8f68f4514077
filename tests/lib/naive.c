/* SPDX-License-Identifier: ISC */
/* Queries by brute force. */
#include "naive.h"

#include <stdlib.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/text.h"
#include "match/fold.h"
#include "match/forms.h"

#define ARENA_MAX (64u << 20)

struct token {
	enum post_field field;
	size_t index, start, end;
	struct str folded;
	bool first; /* of its text */
	bool glued; /* to the one before */
	bool alone; /* a word of one character */
	char sigil; /* the # @ or $ before it, or 0 */
};
struct tokens {
	VEC(struct token) list;
};

static void tokens_release(struct tokens *t)
{
	vec_free(&t->list);
}

/* --- cutting --------------------------------------------------------------------------------------------------------- */

struct cut {
	struct arena *arena;
	struct tokens *out;
	struct token now;
	bool open, joined;
	struct strbuf letters;
	size_t glue; /* the end of what the next word may be glued to */
	char sigil;
};

static void end_word(struct cut *c)
{
	if (!c->open)
		return;
	c->now.folded = arena_str(c->arena, strbuf_str(&c->letters));
	vec_push(&c->out->list, c->now);
	c->now.first = c->open = false;
}

static void begin_word(struct cut *c, size_t start, bool alone)
{
	c->now.start = start;
	c->now.alone = alone;
	c->now.glued = c->glue == start;
	c->now.sigil = c->sigil;
	c->sigil = 0;
	c->open = true;
	strbuf_reset(&c->letters);
}

/* Hangul jamo that complete the last syllable. */
static bool complete_syllable(struct cut *c, uint32_t jamo)
{
	size_t len = c->letters.len, pos = 0;
	uint32_t last, whole;
	char b[4];

	if (!c->open || len < 3)
		return false;
	last = text_next(str_n(c->letters.p + len - 3, 3), &pos);
	if (pos == 3 && last >= 0x1100 && last < 0x1113 && jamo >= 0x1161 && jamo < 0x1176)
		whole = 0xac00 + (last - 0x1100) * 588 + (jamo - 0x1161) * 28;
	else if (pos == 3 && last >= 0xac00 && last <= 0xd7a3 && (last - 0xac00) % 28 == 0 && jamo > 0x11a7 && jamo < 0x11c3)
		whole = last + jamo - 0x11a7;
	else
		return false;
	strbuf_truncate(&c->letters, len - 3);
	(void)strbuf_add(&c->letters, str_n(b, text_encode(b, whole)));
	return true;
}

static void take_in(struct cut *c, enum fold_class cls, struct str bytes, size_t start, size_t end)
{
	size_t pos = 0;

	if (cls == FOLD_IGNORE) {
		if (c->glue == start)
			c->glue = end;
		return;
	}
	if (cls == FOLD_MARK || cls == FOLD_EXTEND) {
		if (!c->open && (cls == FOLD_EXTEND || c->glue != start))
			return;
		if (cls == FOLD_EXTEND)
			(void)strbuf_add(&c->letters, bytes);
	} else if (cls == FOLD_WORD || cls == FOLD_JAMO || cls == FOLD_CHAR) {
		if (!c->joined && (cls == FOLD_CHAR || c->now.alone))
			end_word(c);
		if (cls != FOLD_JAMO || !complete_syllable(c, text_next(bytes, &pos))) {
			if (!c->open)
				begin_word(c, start, cls == FOLD_CHAR);
			(void)strbuf_add(&c->letters, bytes);
		}
	} else {
		if (c->joined)
			return;
		end_word(c);
		c->sigil = start == c->glue ? 0 : cls == FOLD_HASH ? '#' : cls == FOLD_AT ? '@' : cls == FOLD_DOLLAR ? '$' : 0;
		return;
	}
	c->now.end = c->glue = end;
}

static bool in_number(const struct cut *c, struct str text, size_t at)
{
	return (text.p[at] == '.' || text.p[at] == ',') && c->open && !c->joined && c->letters.len > 0 &&
	       char_is_digit(c->letters.p[c->letters.len - 1]) && at + 1 < text.len && char_is_digit(text.p[at + 1]);
}

static void cut(struct arena *a, struct tokens *out, struct str text, enum post_field field, size_t index, bool joined)
{
	const struct fold_table *table = fold_table();
	struct cut c = { .arena = a, .out = out, .now = { .field = field, .index = index, .first = true }, .joined = joined,
			 .letters = STRBUF_INIT(1 << 20), .glue = SIZE_MAX };

	for (size_t i = 0, end = 0; i < text.len; i = end) {
		uint32_t point = text_next(text, &end);
		const struct fold_entry *e = fold_find(table, point);

		if (in_number(&c, text, i)) {
			take_in(&c, FOLD_WORD, str_slice(text, i, end), i, end);
		} else if (e->cls == FOLD_SEQ) {
			for (const uint32_t *r = fold_sequence(table, e); *r; r++) {
				enum fold_class cls = fold_class_of(*r);
				char b[4];

				take_in(&c, cls == FOLD_MIDNUM ? FOLD_SEP : cls, str_n(b, text_encode(b, *r)), i, end);
			}
		} else {
			take_in(&c, e->cls, e->len ? str_n(e->bytes, e->len) : str_slice(text, i, end), i, end);
		}
	}
	end_word(&c);
	strbuf_release(&c.letters);
}

/* --- the post -------------------------------------------------------------------------------------------------------- */

enum group { TEXTS, TAGS, AUTHORS, MENTIONS, SOURCES, LANGUAGES, ADDRESSES, WARNINGS, GROUPS };

struct naive_post {
	struct arena *arena;
	const struct post *post;
	struct tokens groups[GROUPS];
	struct naive_post *context[POST_CONTEXT_MAX];
};

void naive_post_free(struct naive_post *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->post->context.n; i++)
		naive_post_free(p->context[i]);
	for (size_t g = 0; g < GROUPS; g++)
		tokens_release(&p->groups[g]);
	arena_free(p->arena);
	mem_free(p);
}

static struct str run_together(struct arena *a, const struct token *t, size_t n)
{
	struct strbuf b = STRBUF_INIT(1 << 20);

	for (size_t i = 0; i < n; i++)
		(void)strbuf_add(&b, t[i].folded);
	struct str s = arena_str(a, strbuf_str(&b));
	strbuf_release(&b);
	return s;
}

/* The code point before one that starts at `at`, but for U+FE0E and U+FE0F, and where it starts. */
static uint32_t before(struct str text, size_t at, size_t *ret_at)
{
	size_t last = 0;
	uint32_t c = 0;

	for (size_t pos = 0; pos < at;) {
		size_t from = pos;
		uint32_t one = text_next(text, &pos);

		if (one == 0xfe0e || one == 0xfe0f)
			continue;
		last = from;
		c = one;
	}
	*ret_at = last;
	return c;
}

static bool has_sigil(const struct naive_post *p, const struct token *t, char sigil)
{
	struct str text = match_field_text(p->post, t->field, t->index);
	size_t at, rest;
	uint32_t c;
	int category;

	if (t->start == 0 || (t->sigil != sigil && text.p[t->start - 1] != sigil))
		return false;
	(void)before(text, t->start, &at);
	c = before(text, at, &rest);
	if (t->sigil == sigil)
		return sigil == '@' || (c != '&' && c != '/');
	category = utf8proc_category((utf8proc_int32_t)c);
	return category == UTF8PROC_CATEGORY_SO || category == UTF8PROC_CATEGORY_SK || (sigil == '@' && category == UTF8PROC_CATEGORY_LO);
}

static bool in_tag(const struct naive_post *p, const struct token *t)
{
	static const char *const gaps[] = { "·", "־", "׳", "״", "་", "༌", "\xe2\x80\x8c", "\xe2\x80\x8d", "〜", "゠", "・", "～" };
	struct str gap = str_slice(match_field_text(p->post, t->field, t->index), t->first ? t->start : t[-1].end, t->start);

	for (size_t i = 0; i < sizeof(gaps) / sizeof(gaps[0]) && !t->first; i++)
		if (str_eq(gap, str_c(gaps[i])))
			return true;
	return t->glued && !t->first;
}

static void cut_tags(struct naive_post *p)
{
	const struct tokens *text = &p->groups[TEXTS];

	for (size_t i = 0; i < p->post->tags.n; i++)
		cut(p->arena, &p->groups[TAGS], p->post->tags.v[i], FIELD_OF_TAG, i, true);
	for (size_t i = 0, n; i < text->list.n; i += n) {
		struct token *t = &text->list.v[i], one = *t;

		bool tag = has_sigil(p, t, '#');

		for (n = 1; i + n < text->list.n && tag && in_tag(p, &t[n]); n++)
			one.end = t[n].end;
		if (!tag || str_starts(str_from(match_field_text(p->post, t->field, t->index), one.end), STR("://")))
			continue;
		one.folded = run_together(p->arena, t, n);
		one.first = true;
		vec_push(&p->groups[TAGS].list, one);
	}
}

/* A name goes on over dots, dashes and a second @ as long as nothing else stands between. */
static bool goes_on(const struct token *t, struct str text)
{
	if (t->first || (t->alone && !t[-1].alone))
		return false;
	return t->start == t[-1].end ||
	       (t->start == t[-1].end + 1 && str_chr(STR(".-@"), text.p[t[-1].end]) != STR_NPOS);
}

static void cut_accounts(struct naive_post *p, const author_list *list, enum group g, const enum post_field f[4])
{
	for (size_t i = 0; i < list->n; i++) {
		cut(p->arena, &p->groups[g], list->v[i].name, f[0], i, false);
		cut(p->arena, &p->groups[g], list->v[i].handle, f[1], i, false);
		cut(p->arena, &p->groups[g], list->v[i].url, f[2], i, false);
		cut(p->arena, &p->groups[g], list->v[i].id, f[3], i, false);
	}
}

static void cut_mentions(struct naive_post *p)
{
	static const enum post_field fields[4] = { FIELD_OF_MENTION_NAME, FIELD_OF_MENTION, FIELD_OF_MENTION_URL,
						   FIELD_OF_MENTION_ID };
	const struct tokens *text = &p->groups[TEXTS];

	cut_accounts(p, &p->post->mentions, MENTIONS, fields);
	for (size_t i = 0; i < text->list.n; i++) {
		const struct token *t = &text->list.v[i];
		struct str s = match_field_text(p->post, t->field, t->index);
		size_t n = 1;

		while (i + n < text->list.n && goes_on(&t[n], s))
			n++;
		if (!has_sigil(p, t, '@') || str_starts(str_from(s, t[n - 1].end), STR("://")))
			continue;
		for (size_t k = 0; k < n; k++) {
			struct token one = t[k];

			one.first |= k == 0;
			vec_push(&p->groups[MENTIONS].list, one);
		}
	}
}

struct naive_post *naive_post_new(const struct post *post)
{
	static const enum post_field fields[4] = { FIELD_OF_AUTHOR, FIELD_OF_HANDLE, FIELD_OF_AUTHOR_URL, FIELD_OF_AUTHOR_ID };
	struct naive_post *p = mem_new(struct naive_post);

	p->arena = arena_new(ARENA_MAX);
	p->post = post;
	cut(p->arena, &p->groups[TEXTS], post->title, FIELD_OF_TITLE, 0, false);
	cut(p->arena, &p->groups[TEXTS], post->text, FIELD_OF_TEXT, 0, false);
	cut(p->arena, &p->groups[TEXTS], post->summary, FIELD_OF_SUMMARY, 0, false);
	cut_tags(p);
	cut_accounts(p, &post->authors, AUTHORS, fields);
	cut_mentions(p);
	cut(p->arena, &p->groups[SOURCES], post->source, FIELD_OF_SOURCE, 0, false);
	cut(p->arena, &p->groups[SOURCES], post->platform, FIELD_OF_PLATFORM, 0, false);
	cut(p->arena, &p->groups[LANGUAGES], post->language, FIELD_OF_LANGUAGE, 0, false);
	cut(p->arena, &p->groups[WARNINGS], post->content_warning, FIELD_OF_WARNING, 0, false);
	cut(p->arena, &p->groups[ADDRESSES], post->url, FIELD_OF_URL, 0, false);
	for (size_t i = 0; i < post->links.n; i++)
		cut(p->arena, &p->groups[ADDRESSES], post->links.v[i], FIELD_OF_LINK, i, false);
	for (size_t i = 0; i < post->context.n; i++)
		p->context[i] = naive_post_new(post->context.v[i].post);
	return p;
}

/* --- terms ----------------------------------------------------------------------------------------------------------- */

enum demand { ANYWHERE, WHOLE, START, DOLLAR, ACCOUNT, MENTION, DOMAIN, PERSON };

#define F(field) (1u << FIELD_OF_##field)
static const struct op {
	const char *name;
	enum group group;
	unsigned fields;
	enum demand demand;
} ops[] = {
	{ "", TEXTS, F(TITLE) | F(TEXT) | F(SUMMARY), ANYWHERE }, { "title", TEXTS, F(TITLE), ANYWHERE },
	{ "text", TEXTS, F(TEXT) | F(SUMMARY), ANYWHERE }, { "$", TEXTS, F(TITLE) | F(TEXT) | F(SUMMARY), DOLLAR },
	{ "#", TAGS, F(TAG) | F(TITLE) | F(TEXT) | F(SUMMARY), ANYWHERE },
	{ "@", MENTIONS, F(TITLE) | F(TEXT) | F(SUMMARY) | F(MENTION) | F(MENTION_ID), MENTION },
	{ "mentions", MENTIONS, UINT32_MAX, MENTION }, { "from", AUTHORS, UINT32_MAX, ACCOUNT },
	{ "author", AUTHORS, F(AUTHOR), ANYWHERE }, { "source", SOURCES, F(SOURCE), WHOLE },
	{ "platform", SOURCES, F(PLATFORM), WHOLE }, { "lang", LANGUAGES, F(LANGUAGE), START },
	{ "url", ADDRESSES, UINT32_MAX, ANYWHERE }, { "domain", ADDRESSES, UINT32_MAX, DOMAIN },
	{ "cw", WARNINGS, UINT32_MAX, ANYWHERE }, { "author is", AUTHORS, F(HANDLE) | F(AUTHOR_ID), PERSON },
	{ "mention is", MENTIONS, F(TITLE) | F(TEXT) | F(SUMMARY) | F(MENTION) | F(MENTION_ID), PERSON },
};

static const struct op *op_of(const struct naive *n)
{
	size_t i = 0;

	while (strcmp(ops[i].name, n->op) != 0)
		i++;
	return &ops[i];
}

struct pattern { /* one word of a term */
	struct str folded, raw; /* with stars */
	bool wild, alone, glued;
};
struct patterns {
	struct arena *arena;
	VEC(struct pattern) list;
};

static void patterns_release(struct patterns *p)
{
	vec_free(&p->list);
	arena_free(p->arena);
}

static bool star_at(struct str s, size_t i)
{
	return i < s.len && s.p[i] == '*';
}

/* The words of a term; stars belong to the words that they touch, and one between two words makes them one. */
static void cut_term(const struct naive *n, struct patterns *ret)
{
	AUTO(tokens) struct tokens t = { 0 };

	ret->arena = arena_new(ARENA_MAX);
	cut(ret->arena, &t, n->text, FIELD_OF_TEXT, 0, op_of(n)->group == TAGS);
	for (size_t i = 0; i < t.list.n; i++) {
		const struct token *x = &t.list.v[i];
		bool before = x->start > 0 && star_at(n->text, x->start - 1), behind = star_at(n->text, x->end);
		struct pattern p = { .wild = before || behind, .alone = x->alone, .glued = x->glued };
		size_t from = x->start - before;
		struct str so_far = STR("");

		if (before && i > 0 && x[-1].end + 1 == x->start) {
			so_far = ret->list.v[--ret->list.n].folded;
			from = (size_t)(ret->list.v[ret->list.n].raw.p - n->text.p);
		} else if (before) {
			so_far = STR("*");
		}
		p.raw = str_slice(n->text, from, x->end + behind);
		p.folded = arena_fmt(ret->arena, "%.*s%.*s%s", STR_ARG(so_far), STR_ARG(x->folded), behind ? "*" : "");
		vec_push(&ret->list, p);
	}
}

static bool like(struct str pattern, struct str s)
{
	if (str_empty(pattern))
		return str_empty(s);
	if (pattern.p[0] == '*')
		return like(str_from(pattern, 1), s) || (s.len > 0 && like(pattern, str_from(s, 1)));
	return s.len > 0 && s.p[0] == pattern.p[0] && like(str_from(pattern, 1), str_from(s, 1));
}

static struct str composed(struct arena *a, struct str s)
{
	utf8proc_uint8_t *owned = NULL;
	utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.len, &owned,
		UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_IGNORE);
	struct str out = n < 0 ? s : arena_str(a, str_n((const char *)owned, (size_t)n));

	free(owned);
	return out;
}

static bool fits(const struct naive *n, struct arena *a, const struct pattern *p, const struct token *t, const struct post *post)
{
	struct str text = match_field_text(post, t->field, t->index);

	if (!like(p->folded, t->folded))
		return false;
	return !n->exact || like(composed(a, p->raw), composed(a, str_slice(text, t->start, t->end)));
}

static bool is_last(const struct tokens *t, size_t i)
{
	return i + 1 >= t->list.n || t->list.v[i + 1].first;
}

static bool accepts_account(const struct tokens *t, size_t from, size_t to, const struct post *post)
{
	const struct token *a = &t->list.v[from], *b = &t->list.v[to];
	struct str text = match_field_text(post, a->field, a->index);

	switch ((int)a->field) {
	case FIELD_OF_AUTHOR:
	case FIELD_OF_MENTION_NAME:
		return true;
	case FIELD_OF_HANDLE:
	case FIELD_OF_MENTION:
		return a->first && (is_last(t, to) || (b->end < text.len && text.p[b->end] == '@'));
	case FIELD_OF_AUTHOR_ID:
	case FIELD_OF_MENTION_ID:
		return a->first && is_last(t, to);
	default: /* an address: from a border of host or path to its end; www does not count */
		return is_last(t, to) && (a->first || text.p[a->start - 1] != '.' || str_eq(a[-1].folded, STR("www")));
	}
}

/* All of what stands there is the account, on its platform; where both ids are known they must be the same. */
static bool accepts_person(const struct naive *n, const struct tokens *t, size_t from, size_t to, const struct post *post)
{
	const struct token *a = &t->list.v[from];
	struct str text = match_field_text(post, a->field, a->index);
	struct str id = a->field == FIELD_OF_HANDLE ? post->authors.v[a->index].id :
		a->field == FIELD_OF_MENTION ? post->mentions.v[a->index].id : STR_NULL;

	if ((a->field == FIELD_OF_AUTHOR_ID || a->field == FIELD_OF_MENTION_ID) != n->by_id)
		return false;
	if (a->field <= FIELD_OF_SUMMARY)
		text = str_slice(text, a->start, t->list.v[to].end);
	return a->first && is_last(t, to) && str_eq_nocase(text, n->text) && str_eq_nocase(post->platform, n->platform) &&
	       (!n->known || str_empty(id));
}

/* The host of an address, or what stands behind one of its dots. */
static bool accepts_domain(const struct token *a, const struct token *b, struct str text)
{
	size_t host = str_find(text, STR("://")), end, user;

	if (host == STR_NPOS)
		return false;
	host += 3;
	for (end = host; end < text.len && text.p[end] != '/' && text.p[end] != '?' && text.p[end] != '#';)
		end++;
	user = str_chr(str_slice(text, host, end), '@');
	host += user == STR_NPOS ? 0 : user + 1;
	return (a->start == host || (a->start > host && text.p[a->start - 1] == '.')) &&
	       (b->end == text.len || str_chr(STR("/?#:"), text.p[b->end]) != STR_NPOS);
}

static bool accepts(const struct naive *n, const struct tokens *t, size_t from, size_t to, const struct post *post)
{
	const struct op *o = op_of(n);
	const struct token *a = &t->list.v[from];

	if (!(o->fields & 1u << a->field))
		return false;
	switch (o->demand) {
	case ANYWHERE:
		return true;
	case WHOLE:
		return a->first && is_last(t, to);
	case START:
		return a->first;
	case DOLLAR:
		return a->sigil == '$';
	case ACCOUNT:
		return accepts_account(t, from, to, post);
	case MENTION:
		return a->field <= FIELD_OF_SUMMARY ? a->first : accepts_account(t, from, to, post);
	case DOMAIN:
		return accepts_domain(a, &t->list.v[to], match_field_text(post, a->field, a->index));
	case PERSON:
		return accepts_person(n, t, from, to, post);
	}
	return false;
}

/* --- places ---------------------------------------------------------------------------------------------------------- */

struct place {
	size_t first, last; /* tokens of the group */
};
struct places {
	VEC(struct place) list;
};

static void places_release(struct places *p)
{
	vec_free(&p->list);
}

static void add_place(struct places *p, size_t first, size_t last)
{
	for (size_t i = 0; i < p->list.n; i++)
		if (p->list.v[i].first == first && p->list.v[i].last == last)
			return;
	vec_push(&p->list, ((struct place){ first, last }));
}

static void add_span(const struct tokens *t, struct place p, unsigned context, struct spans *out)
{
	const struct token *a = &t->list.v[p.first];

	vec_push(&out->list, ((struct span){ .field = a->field, .index = a->index, .start = a->start,
					     .end = t->list.v[p.last].end, .context = context }));
}

static void term_places(const struct naive *n, const struct naive_post *p, struct places *out)
{
	const struct op *o = op_of(n);
	const struct tokens *t = &p->groups[o->group];
	AUTO(patterns) struct patterns w = { 0 };

	cut_term(n, &w);
	for (size_t i = 0; i + w.list.n <= t->list.n; i++) {
		bool all = true;

		for (size_t k = 0; k < w.list.n && all; k++) {
			const struct pattern *want = &w.list.v[k];
			const struct token *x = &t->list.v[i + k];

			all = fits(n, w.arena, want, x, p->post) &&
			      (k == 0 || (!x->first && (!want->alone || !want->glued || x->glued)));
		}
		if (all && accepts(n, t, i, i + w.list.n - 1, p->post))
			add_place(out, i, i + w.list.n - 1);
	}
}

/* Is the word one of the forms?  Those of some languages count in their posts alone, or behind and before other words. */
static bool is_form(const struct token *x, struct str name, bool alone, const struct post *post)
{
	AUTO(words) struct words forms;
	bool is = false;

	words_init(&forms, NULL, 0);
	forms_add(&forms, name, alone);
	for (size_t i = 0; i < forms.n; i++)
		is |= str_eq(word_text(&forms, &forms.v[i]), x->folded) &&
		      (!(forms.v[i].flags & FORM_FOREIGN) || form_counts(post->language, alone));
	return is;
}

/* "Ilya Sutskever" as IlyaSutskever. */
static struct str run_of_patterns(const struct patterns *w)
{
	struct str s = STR("");

	for (size_t k = 0; k < w->list.n; k++)
		s = arena_fmt(w->arena, "%.*s%.*s", STR_ARG(s), STR_ARG(w->list.v[k].folded));
	return s;
}

static void name_places(const struct naive *n, const struct naive_post *p, struct places *out)
{
	const struct tokens *t = &p->groups[TEXTS];
	AUTO(patterns) struct patterns w = { 0 };
	bool spaceless = false;

	cut_term(n, &w);
	for (size_t k = 0; k < w.list.n; k++)
		spaceless |= w.list.v[k].alone;
	if (spaceless) {
		term_places(n, p, out);
		return;
	}
	for (size_t i = 0; i < t->list.n && w.list.n > 1; i++)
		if (str_eq(t->list.v[i].folded, run_of_patterns(&w)))
			add_place(out, i, i);
	for (size_t i = 0; i + w.list.n <= t->list.n; i++) {
		bool all = true;

		for (size_t k = 0; k < w.list.n && all; k++)
			all = is_form(&t->list.v[i + k], w.list.v[k].folded, w.list.n == 1, p->post) &&
			      (k == 0 || !t->list.v[i + k].first);
		if (all)
			add_place(out, i, i + w.list.n - 1);
	}
}

/* Can words k.. of the phrase each get a place of their own in low + k .. low + k + number? */
static bool assign(const struct naive *n, const struct tokens *t, const struct patterns *w, const bool *fit, int64_t low, size_t k,
                   bool *taken)
{
	bool found = k == w->list.n;

	for (int64_t i = low + (int64_t)k; i <= low + (int64_t)k + n->number && !found; i++) {
		if (i < 0 || i >= (int64_t)t->list.n || taken[i] || !fit[k * t->list.n + (size_t)i])
			continue;
		taken[i] = true;
		found = assign(n, t, w, fit, low, k + 1, taken);
		taken[i] = false;
	}
	return found;
}

static void loose_places(const struct naive *n, const struct naive_post *p, struct places *out)
{
	const struct op *o = op_of(n);
	const struct tokens *all = &p->groups[o->group];
	AUTO(patterns) struct patterns w = { 0 };

	cut_term(n, &w);
	for (size_t from = 0, end; from < all->list.n; from = end) { /* each text by itself */
		for (end = from + 1; end < all->list.n && !all->list.v[end].first;)
			end++;
		struct tokens t = { .list = { .v = all->list.v + from, .n = end - from, .cap = end - from } };
		bool *fit = mem_alloc(w.list.n * t.list.n + 1), *taken = mem_alloc(t.list.n + 1);

		for (size_t k = 0; k < w.list.n; k++)
			for (size_t i = 0; i < t.list.n; i++)
				fit[k * t.list.n + i] = fits(n, w.arena, &w.list.v[k], &t.list.v[i], p->post) &&
							accepts(n, all, from + i, from + i, p->post);
		for (int64_t low = -(int64_t)w.list.n - n->number; low < (int64_t)t.list.n; low++) {
			if (!assign(n, &t, &w, fit, low, 0, taken))
				continue;
			for (size_t k = 0; k < w.list.n; k++)
				for (size_t i = 0; i < t.list.n; i++)
					if (fit[k * t.list.n + i] && (int64_t)i >= low + (int64_t)k &&
					    (int64_t)i <= low + (int64_t)k + n->number)
						add_place(out, from + i, from + i);
		}
		mem_free(fit);
		mem_free(taken);
	}
}

/* --- NEAR ------------------------------------------------------------------------------------------------------------ */

static void near_places(const struct naive *n, const struct naive_post *p, struct places *out);

/* Where a term, an OR of such or a NEAR stands. */
static void places_of(const struct naive *n, const struct naive_post *p, struct places *out)
{
	if (n->kind == NAIVE_TERM)
		(n->name ? name_places : term_places)(n, p, out);
	else if (n->kind == NAIVE_NEAR)
		near_places(n, p, out);
	else
		for (size_t i = 0; i < 4 && n->child[i]; i++)
			places_of(n->child[i], p, out);
}

static bool one_text(const struct tokens *t, size_t first, size_t last)
{
	while (last > first)
		if (t->list.v[last--].first)
			return false;
	return true;
}

static void near_places(const struct naive *n, const struct naive_post *p, struct places *out)
{
	AUTO(places) struct places a = { 0 }, b = { 0 };

	places_of(n->child[0], p, &a);
	places_of(n->child[1], p, &b);
	for (size_t i = 0; i < a.list.n; i++)
		for (size_t k = 0; k < b.list.n; k++) {
			struct place x = a.list.v[i], y = b.list.v[k];
			bool behind = y.first > x.last && y.first - x.last - 1 <= n->number;
			bool before = !n->ordered && x.first > y.last && x.first - y.last - 1 <= n->number;
			size_t first = x.first < y.first ? x.first : y.first, last = x.last > y.last ? x.last : y.last;

			if ((behind || before) && one_text(&p->groups[TEXTS], first, last))
				add_place(out, first, last);
		}
}

static bool inside(struct place x, const struct places *keep)
{
	for (size_t i = 0; i < keep->list.n; i++)
		if (keep->list.v[i].first <= x.first && x.last <= keep->list.v[i].last)
			return true;
	return false;
}

/* The terms' words that lie in one of the kept places of all that is above them. */
static void keep_spans(const struct naive *n, const struct naive_post *p, const struct places *keep, unsigned context,
                       struct spans *out)
{
	AUTO(places) struct places all = { 0 }, own = { 0 };

	if (n->kind == NAIVE_OR) {
		for (size_t i = 0; i < 4 && n->child[i]; i++)
			keep_spans(n->child[i], p, keep, context, out);
		return;
	}
	places_of(n, p, &all);
	for (size_t i = 0; i < all.list.n; i++)
		if (inside(all.list.v[i], keep))
			vec_push(&own.list, all.list.v[i]);
	for (size_t i = 0; i < own.list.n && n->kind == NAIVE_TERM; i++)
		add_span(&p->groups[TEXTS], own.list.v[i], context, out);
	for (size_t i = 0; i < 2 && n->kind == NAIVE_NEAR; i++)
		keep_spans(n->child[i], p, &own, context, out);
}

/* The most places of which no two overlap, by trying all. */
static size_t most(const struct places *p, size_t from)
{
	size_t best = 0;

	for (size_t i = 0; i < p->list.n; i++)
		if (p->list.v[i].first >= from) {
			size_t n = 1 + most(p, p->list.v[i].last + 1);

			best = n > best ? n : best;
		}
	return best;
}

/* --- SENTENCE -------------------------------------------------------------------------------------------------------- */

static bool is_terminator(uint32_t c)
{
	switch (c) {
	case '\n': case '!': case '?': case 0x2028: case 0x2029: case 0x203c: case 0x203d: case 0x2047: case 0x2048: case 0x2049:
	case 0x3002: case 0xff01: case 0xff0e: case 0xff1f: case 0xff61: case 0x061f: case 0x06d4: case 0x0964: case 0x0965:
	case 0x0589: case 0x1362: case 0x104b: case 0x17d4:
		return true;
	default:
		return false;
	}
}

static uint32_t first_point(struct str s)
{
	size_t pos = 0;

	return str_empty(s) ? 0 : text_next(s, &pos);
}

/* Does a sentence end between t[-1] and t? */
static bool ends_before(const struct token *t, struct str text)
{
	static const char *const titles[] = { "mr", "mrs", "ms", "dr", "prof", "st", "mme", "mlle", "vs" };
	bool stop = false, space = false;

	for (size_t pos = t[-1].end; pos < t->start;) {
		uint32_t c = text_next(text, &pos);

		if (is_terminator(c))
			return true;
		space |= stop && c == ' ';
		stop |= c == '.' || c == 0x2026;
	}
	if (!stop || !space || utf8proc_islower((utf8proc_int32_t)first_point(str_from(text, t->start))))
		return false;
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		if (str_eq(t[-1].folded, str_c(titles[i])))
			return false;
	return text_count(t[-1].folded) != 1 || !utf8proc_isupper((utf8proc_int32_t)first_point(str_from(text, t[-1].start)));
}

static bool in_sentence(const struct naive *n, const struct naive_post *p, struct place s)
{
	AUTO(places) struct places all = { 0 };
	struct places one = { .list = { .v = &s, .n = 1, .cap = 1 } };
	bool is = n->kind != NAIVE_OR;

	if (n->kind == NAIVE_TERM || n->kind == NAIVE_NEAR) {
		places_of(n, p, &all);
		for (size_t i = 0; i < all.list.n; i++)
			if (inside(all.list.v[i], &one))
				return true;
		return false;
	}
	if (n->kind == NAIVE_NOT)
		return !in_sentence(n->child[0], p, s);
	for (size_t i = 0; i < 4 && n->child[i]; i++)
		is = n->kind == NAIVE_OR ? is || in_sentence(n->child[i], p, s) : is && in_sentence(n->child[i], p, s);
	return is;
}

static void sentence_spans(const struct naive *n, const struct naive_post *p, struct place s, unsigned context, struct spans *out)
{
	struct places one = { .list = { .v = &s, .n = 1, .cap = 1 } };

	if (n->kind == NAIVE_TERM || n->kind == NAIVE_NEAR)
		keep_spans(n, p, &one, context, out);
	else if (n->kind != NAIVE_NOT && in_sentence(n, p, s))
		for (size_t i = 0; i < 4 && n->child[i]; i++)
			sentence_spans(n->child[i], p, s, context, out);
}

static bool sentence(const struct naive *n, const struct naive_post *p, unsigned context, struct spans *out)
{
	const struct tokens *t = &p->groups[TEXTS];
	bool found = false;

	for (size_t from = 0, end; from < t->list.n; from = end) {
		for (end = from + 1; end < t->list.n; end++) {
			const struct token *x = &t->list.v[end];

			if (x->first || ends_before(x, match_field_text(p->post, x->field, x->index)))
				break;
		}
		if (!in_sentence(n->child[0], p, (struct place){ from, end - 1 }))
			continue;
		found = true;
		sentence_spans(n->child[0], p, (struct place){ from, end - 1 }, context, out);
	}
	return found;
}

/* --- the tree -------------------------------------------------------------------------------------------------------- */

static bool has_context(const struct post *p, enum relation r)
{
	bool found = false;

	for (size_t i = 0; i < p->context.n; i++)
		found |= p->context.v[i].relation == r;
	return found;
}

static bool fact(const char *name, const struct naive_post *p)
{
	const struct post *post = p->post;

	if (strcmp(name, "is:reply") == 0)
		return !str_empty(post->reply_to) || has_context(post, RELATION_PARENT);
	if (strcmp(name, "is:quote") == 0)
		return !str_empty(post->quote_of) || has_context(post, RELATION_QUOTED);
	if (strcmp(name, "has:links") == 0)
		return post->links.n > 0;
	if (strcmp(name, "has:hashtags") == 0)
		return p->groups[TAGS].list.n > 0;
	if (strcmp(name, "has:mentions") == 0)
		return p->groups[MENTIONS].list.n > 0;
	if (strcmp(name, "likes:5..") == 0)
		return post->metrics.likes >= 5;
	return false;
}

static bool regex(const struct naive_regex *r, const struct post *p, unsigned context, struct spans *out)
{
	static const enum post_field fields[] = { FIELD_OF_TITLE, FIELD_OF_TEXT, FIELD_OF_SUMMARY };
	bool found = false;

	for (size_t i = 0; i < 3; i++) {
		struct span s = { .field = fields[i], .context = context };

		for (int n = 0; n < 64 && naive_regex_find(r, match_field_text(p, s.field, 0), s.end, &s.start, &s.end); found = true, n++) /* of so many is told */
			vec_push(&out->list, s);
	}
	return found;
}

/* One post alone. */
static bool stands(const struct naive *n, const struct naive_post *p, unsigned context, struct spans *out)
{
	AUTO(places) struct places h = { 0 };

	if (n->kind == NAIVE_FACT)
		return fact(n->op, p);
	if (n->kind == NAIVE_REGEX)
		return regex(n->regex, p->post, context, out);
	if (n->kind == NAIVE_SENTENCE)
		return sentence(n, p, context, out);
	if (n->kind == NAIVE_TERM) {
		(n->loose ? loose_places : n->name ? name_places : term_places)(n, p, &h);
		for (size_t i = 0; i < h.list.n; i++)
			add_span(&p->groups[op_of(n)->group], h.list.v[i], context, out);
		return h.list.n > 0;
	}
	places_of(n->kind == NAIVE_TIMES ? n->child[0] : n, p, &h);
	if (h.list.n == 0 || (n->kind == NAIVE_TIMES && most(&h, 0) < n->number))
		return false;
	keep_spans(n->kind == NAIVE_TIMES ? n->child[0] : n, p, &h, context, out);
	return true;
}

static bool holds(const struct naive *n, const struct naive_post *p, struct spans *out)
{
	size_t before = out->list.n;
	bool is = n->kind == NAIVE_AND;

	switch (n->kind) {
	case NAIVE_NOT:
		is = !holds(n->child[0], p, out);
		out->list.n = before;
		return is;
	case NAIVE_AND:
	case NAIVE_OR:
		for (size_t i = 0; i < 4 && n->child[i]; i++)
			is = n->kind == NAIVE_AND ? holds(n->child[i], p, out) && is : holds(n->child[i], p, out) || is;
		break;
	case NAIVE_TERM:
	case NAIVE_REGEX:
	case NAIVE_FACT:
	case NAIVE_NEAR:
	case NAIVE_TIMES:
	case NAIVE_SENTENCE:
		if (n->scope & NAIVE_SELF)
			is = stands(n, p, 0, out);
		for (size_t i = 0; i < p->post->context.n; i++)
			if ((n->scope >> (1 + p->post->context.v[i].relation) & 1) ||
			    (n->scope >> (1 + RELATION_ROOT) & 1 && p->post->context.v[i].relation == RELATION_PARENT &&
			     str_present(p->post->thread) && str_eq(p->post->thread, p->post->reply_to)))
				is |= stands(n, p->context[i], (unsigned)i + 1, out);
		break;
	}
	if (!is)
		out->list.n = before;
	return is;
}

static int compare_spans(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	const size_t by[][2] = { { x->context, y->context }, { x->field, y->field }, { x->index, y->index },
				 { x->start, y->start }, { x->end, y->end } };

	for (size_t i = 0; i < 5; i++)
		if (by[i][0] != by[i][1])
			return by[i][0] < by[i][1] ? -1 : 1;
	return 0;
}

bool naive_matches(const struct naive *n, const struct naive_post *p, struct spans *ret)
{
	size_t kept = 0;

	vec_clear(&ret->list);
	if (!holds(n, p, ret))
		return false;
	if (ret->list.n > 1)
		qsort(ret->list.v, ret->list.n, sizeof(ret->list.v[0]), compare_spans);
	for (size_t i = 0; i < ret->list.n; i++)
		if (kept == 0 || compare_spans(&ret->list.v[kept - 1], &ret->list.v[i]) != 0)
			ret->list.v[kept++] = ret->list.v[i];
	ret->list.n = kept;
	return true;
}
