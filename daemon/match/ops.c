/* SPDX-License-Identifier: ISC */
/* What each operator demands of a place where its words stand. */
#include "ops.h"

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

const struct op ops[OPS] = {
#define OP(id_, name_, takes_, group_, fields_, accepts_, help_, example_)                                                   \
	[OP_##id_] = { .name = name_, .takes = takes_, .help = help_, .example = example_, .group = group_,                  \
		       .fields = fields_, .accepts = accepts_ },
#include "ops.def"
#undef OP
};

const struct op *op_of(const struct node *t)
{
	return &ops[t->op];
}

const struct scope scopes[SCOPES] = {
#define OP(id_, name_, takes_, group_, fields_, accepts_, help_, example_)
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
