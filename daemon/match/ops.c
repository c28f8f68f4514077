/* SPDX-License-Identifier: ISC */
/* What each operator looks at, and how. */
#include "ops.h"

#include "base/mem.h"

static void sight_init(struct sight *s, const struct post *post, char *scratch)
{
	s->post = post;
	s->cut = 0;
	s->scratch = scratch;
}

static void sight_release(struct sight *s)
{
	for (unsigned g = 0; g < GROUPS; g++)
		if (s->cut & 1u << g)
			words_release(&s->groups[g]);
	s->cut = 0;
}

void view_init(struct view *v, const struct post *post)
{
	sight_init(&v->self, post, v->scratch);
	for (size_t i = 0; i < post->context.n; i++)
		sight_init(&v->context[i], post->context.v[i].post, NULL);
}

void view_release(struct view *v)
{
	for (size_t i = 0; i < v->self.post->context.n; i++)
		sight_release(&v->context[i]);
	sight_release(&v->self);
}

static void cut_text(struct words *w, const struct post *p)
{
	words_add(w, p->title, FIELD_OF_TITLE, 0);
	words_add(w, p->text, FIELD_OF_TEXT, 0);
	words_add(w, p->summary, FIELD_OF_SUMMARY, 0);
}

/* The source's tags, and the hashtags in the text. */
static void cut_tags(struct words *w, const struct post *p, const struct words *text)
{
	for (size_t i = 0; i < p->tags.n; i++)
		words_add_joined(w, p->tags.v[i], FIELD_OF_TAG, i);
	for (size_t i = 0, n; i < text->n; i += n) {
		n = 1;
		if (!(text->v[i].flags & WORD_HASH))
			continue;
		while (i + n < text->n && (text->v[i + n].flags & (WORD_GLUED | WORD_FIRST)) == WORD_GLUED)
			n++;
		words_add_run(w, text, i, n);
	}
}

struct words *sight_words(struct sight *s, enum group g)
{
	struct words *w = &s->groups[g];
	const struct post *p = s->post;

	if (s->cut & 1u << g)
		return w;
	s->cut |= 1u << g;
	words_init(w, g == GROUP_TEXT ? s->scratch : NULL, g == GROUP_TEXT && s->scratch ? VIEW_SCRATCH : 0);
	switch (g) {
	case GROUP_TEXT:
		cut_text(w, p);
		break;
	case GROUP_TAG:
		cut_tags(w, p, sight_words(s, GROUP_TEXT));
		break;
	case GROUP_AUTHOR:
		for (size_t i = 0; i < p->authors.n; i++) {
			words_add(w, p->authors.v[i].name, FIELD_OF_AUTHOR, i);
			words_add(w, p->authors.v[i].handle, FIELD_OF_HANDLE, i);
			words_add(w, p->authors.v[i].url, FIELD_OF_AUTHOR_URL, i);
		}
		break;
	case GROUP_SOURCE:
		words_add(w, p->source, FIELD_OF_SOURCE, 0);
		break;
	case GROUP_LANGUAGE:
		words_add(w, p->language, FIELD_OF_LANGUAGE, 0);
		break;
	case GROUP_URL:
		words_add(w, p->url, FIELD_OF_URL, 0);
		for (size_t i = 0; i < p->links.n; i++)
			words_add(w, p->links.v[i], FIELD_OF_LINK, i);
		break;
	case GROUPS:
		break;
	}
	return w;
}

struct str match_field_text(const struct post *p, enum post_field f, size_t i)
{
	switch (f) {
	case FIELD_OF_TITLE:
		return p->title;
	case FIELD_OF_TEXT:
		return p->text;
	case FIELD_OF_SUMMARY:
		return p->summary;
	case FIELD_OF_URL:
		return p->url;
	case FIELD_OF_AUTHOR:
		return i < p->authors.n ? p->authors.v[i].name : STR_NULL;
	case FIELD_OF_HANDLE:
		return i < p->authors.n ? p->authors.v[i].handle : STR_NULL;
	case FIELD_OF_AUTHOR_URL:
		return i < p->authors.n ? p->authors.v[i].url : STR_NULL;
	case FIELD_OF_TAG:
		return i < p->tags.n ? p->tags.v[i] : STR_NULL;
	case FIELD_OF_SOURCE:
		return p->source;
	case FIELD_OF_LANGUAGE:
		return p->language;
	case FIELD_OF_LINK:
		return i < p->links.n ? p->links.v[i] : STR_NULL;
	}
	return STR_NULL;
}

const struct post *match_span_post(const struct post *p, const struct span *s)
{
	if (s->context == 0)
		return p;
	return s->context <= p->context.n ? p->context.v[s->context - 1].post : NULL;
}

const char *match_field_name(enum post_field f)
{
	static const char *const names[] = {
		[FIELD_OF_TITLE] = "title", [FIELD_OF_TEXT] = "text", [FIELD_OF_SUMMARY] = "summary", [FIELD_OF_URL] = "url",
		[FIELD_OF_AUTHOR] = "author", [FIELD_OF_TAG] = "tag", [FIELD_OF_SOURCE] = "source",
		[FIELD_OF_LANGUAGE] = "language", [FIELD_OF_LINK] = "link", [FIELD_OF_HANDLE] = "handle",
		[FIELD_OF_AUTHOR_URL] = "author_url",
	};

	return names[f];
}

/* --- matching -------------------------------------------------------------------------------------------------------- */

static bool same_word(const struct query *q, const struct term_word *t, const struct words *w, const struct word *x)
{
	return x->hash == t->hash && x->len == t->len && memcmp(w->folded + x->at, q->folded + t->at, t->len) == 0;
}

/* Whether the term stands at words i.. of w: side by side, in one text, and glued where the term's own are. */
static bool stands_at(const struct query *q, const struct node *t, const struct words *w, size_t i)
{
	for (uint32_t k = 0; k < t->n; k++) {
		const struct term_word *want = &q->words[t->word + k];

		if (i + k >= w->n)
			return false;
		const struct word *x = &w->v[i + k];
		if (k > 0 && (x->flags & WORD_FIRST))
			return false;
		if (k > 0 && (want->flags & WORD_CHAR) && (want->flags & WORD_GLUED) && !(x->flags & WORD_GLUED))
			return false;
		if (t->prefix && k + 1 == t->n) {
			if (x->len < want->len || memcmp(w->folded + x->at, q->folded + want->at, want->len) != 0)
				return false;
		} else if (!same_word(q, want, w, x)) {
			return false;
		}
	}
	return true;
}

/* Further demand of an operator on a place where the term stands. */
typedef bool (*accepts_fn)(const struct node *t, const struct sight *s, const struct words *w, size_t i);

static bool accept(const struct query *q, const struct node *t, struct sight *s, const struct words *w, size_t i,
                   accepts_fn accepts, struct spans *out)
{
	const struct word *first = &w->v[i];

	if (!(op_of(t)->fields & 1u << first->field) || !stands_at(q, t, w, i) || (accepts && !accepts(t, s, w, i)))
		return false;
	if (out)
		vec_push(&out->list, ((struct span){ .field = first->field, .index = first->index, .start = first->start,
						     .end = w->v[i + t->n - 1].end, .term = node_term(q, t) }));
	return true;
}

static bool find(const struct query *q, const struct node *t, struct sight *s, struct spans *out, accepts_fn accepts)
{
	struct words *w = sight_words(s, op_of(t)->group);
	bool found = false;

	if (t->pivot == t->n) { /* a prefix alone: no hash to look for */
		for (size_t i = 0; i < w->n && !(found && out == NULL); i++)
			found |= accept(q, t, s, w, i, accepts, out);
		return found;
	}
	words_index(w);
	uint64_t hash = q->words[t->word + t->pivot].hash;
	for (uint32_t i = words_bucket(w, hash); i != WORD_NONE && !(found && out == NULL); i = w->v[i].next)
		if (w->v[i].hash == hash && i >= t->pivot)
			found |= accept(q, t, s, w, i - t->pivot, accepts, out);
	return found;
}

static bool ends_text(const struct node *t, const struct words *w, size_t i)
{
	return i + t->n >= w->n || (w->v[i + t->n].flags & WORD_FIRST);
}

static bool starts_text(const struct words *w, size_t i)
{
	return w->v[i].flags & WORD_FIRST;
}

static bool accepts_whole(const struct node *t, const struct sight *s, const struct words *w, size_t i)
{
	(void)s;
	return starts_text(w, i) && ends_text(t, w, i);
}

static bool accepts_start(const struct node *t, const struct sight *s, const struct words *w, size_t i)
{
	(void)t;
	(void)s;
	return starts_text(w, i);
}

static bool accepts_at(const struct node *t, const struct sight *s, const struct words *w, size_t i)
{
	(void)t;
	(void)s;
	return w->v[i].flags & WORD_AT;
}

static bool accepts_dollar(const struct node *t, const struct sight *s, const struct words *w, size_t i)
{
	(void)t;
	(void)s;
	return w->v[i].flags & WORD_DOLLAR;
}

/* A name may have other words around it.  A handle is meant as a whole, but for the server behind a second @.  An
 * address ends with what is meant, and what is meant starts at a border of the path or the host. */
static bool accepts_author(const struct node *t, const struct sight *s, const struct words *w, size_t i)
{
	const struct word *first = &w->v[i], *last = &w->v[i + t->n - 1];

	if (first->field == FIELD_OF_AUTHOR)
		return true;
	struct str text = match_field_text(s->post, first->field, first->index);
	if (first->field == FIELD_OF_HANDLE)
		return starts_text(w, i) && (ends_text(t, w, i) || (last->end < text.len && text.p[last->end] == '@'));
	if (!ends_text(t, w, i))
		return false;
	if (starts_text(w, i) || text.p[first->start - 1] != '.')
		return true;
	return str_eq(word_text(w, first - 1), STR("www"));
}

static bool op_words(const struct query *q, const struct node *t, struct sight *s, struct spans *out)
{
	return find(q, t, s, out, NULL);
}

static bool op_at(const struct query *q, const struct node *t, struct sight *s, struct spans *out)
{
	return find(q, t, s, out, accepts_at);
}

static bool op_dollar(const struct query *q, const struct node *t, struct sight *s, struct spans *out)
{
	return find(q, t, s, out, accepts_dollar);
}

static bool op_from(const struct query *q, const struct node *t, struct sight *s, struct spans *out)
{
	return find(q, t, s, out, accepts_author);
}

static bool op_whole(const struct query *q, const struct node *t, struct sight *s, struct spans *out)
{
	return find(q, t, s, out, accepts_whole);
}

static bool op_start(const struct query *q, const struct node *t, struct sight *s, struct spans *out)
{
	return find(q, t, s, out, accepts_start);
}

const struct op ops[OPS] = {
#define OP(id_, name_, takes_, group_, fields_, match_, help_, example_)                                                     \
	[OP_##id_] = { .name = name_, .takes = takes_, .help = help_, .example = example_, .group = group_,                  \
		       .fields = fields_, .match = match_ },
#include "ops.def"
#undef OP
};

const struct op *op_of(const struct node *t)
{
	return &ops[t->op];
}

bool op_match(const struct query *q, const struct node *t, struct view *v, struct spans *out)
{
	const struct post *p = v->self.post;
	bool found = (t->scope & SCOPE_SELF) && op_of(t)->match(q, t, &v->self, out);

	for (size_t i = 0; i < p->context.n && !(found && out == NULL); i++) {
		size_t from = out ? out->list.n : 0;

		if (!scope_has(t->scope, p, i))
			continue;
		found |= op_of(t)->match(q, t, &v->context[i], out);
		for (; out && from < out->list.n; from++)
			out->list.v[from].context = (unsigned)i + 1;
	}
	return found;
}

const struct scope scopes[SCOPES] = {
#define OP(id_, name_, takes_, group_, fields_, match_, help_, example_)
#define SCOPE(id_, name_, scope_, help_, example_) { .name = name_, .help = help_, .example = example_, .scope = scope_ },
#include "ops.def"
#undef SCOPE
#undef OP
};

const struct scope *scope_of(const struct node *t)
{
	for (size_t i = 0; i < SCOPES; i++)
		if (scopes[i].scope == t->scope)
			return &scopes[i];
	return NULL;
}

bool query_operator(size_t i, struct query_operator *ret)
{
	if (i >= OPS + SCOPES)
		return false;
	if (i < OPS)
		*ret = (struct query_operator){ ops[i].name, ops[i].takes, ops[i].help, ops[i].example };
	else
		*ret = (struct query_operator){ scopes[i - OPS].name, "query", scopes[i - OPS].help, scopes[i - OPS].example };
	return true;
}
