/* SPDX-License-Identifier: ISC */
/* What each operator demands of a place where its words stand, and the operators by name. */
#include "ops.h"


static bool ends_text(const struct node *t, const struct words *w, size_t i)
{
	return i + t->n >= w->n || (w->v[i + t->n].flags & WORD_FIRST);
}

static bool starts_text(const struct words *w, size_t i)
{
	return w->v[i].flags & WORD_FIRST;
}

static bool accepts_whole(const struct query *q, const struct node *t, const struct sight *s, const struct words *w, size_t i)
{
	(void)q;
	(void)s;
	return starts_text(w, i) && ends_text(t, w, i);
}

static bool accepts_start(const struct query *q, const struct node *t, const struct sight *s, const struct words *w, size_t i)
{
	(void)q;
	(void)t;
	(void)s;
	return starts_text(w, i);
}

static bool accepts_dollar(const struct query *q, const struct node *t, const struct sight *s, const struct words *w, size_t i)
{
	(void)q;
	(void)t;
	(void)s;
	return w->v[i].flags & WORD_DOLLAR;
}

/* A name may have other words around it.  A handle is meant as a whole, but for the server behind a second @.  An
 * address ends with what is meant, and what is meant starts at a border of the path or the host.  An id is meant as a whole. */
static bool accepts_author(const struct query *q, const struct node *t, const struct sight *s, const struct words *w, size_t i)
{
	const struct word *first = &w->v[i], *last = &w->v[i + t->n - 1];

	(void)q;
	if (first->field == FIELD_OF_AUTHOR || first->field == FIELD_OF_MENTION_NAME)
		return true;
	struct str text = match_field_text(s->post, first->field, first->index);
	if (first->field == FIELD_OF_HANDLE || first->field == FIELD_OF_MENTION)
		return starts_text(w, i) && (ends_text(t, w, i) || (last->end < text.len && text.p[last->end] == '@'));
	if (!ends_text(t, w, i))
		return false;
	if (first->field == FIELD_OF_AUTHOR_ID || first->field == FIELD_OF_MENTION_ID)
		return starts_text(w, i);
	if (starts_text(w, i) || text.p[first->start - 1] != '.')
		return true;
	return str_eq(word_text(w, first - 1), STR("www"));
}

/* An account as above; of a name in the text the start is enough: "@sama" is found in "@sama.bsky.social". */
static bool accepts_mention(const struct query *q, const struct node *t, const struct sight *s, const struct words *w, size_t i)
{
	return w->v[i].field <= FIELD_OF_SUMMARY ? starts_text(w, i) : accepts_author(q, t, s, w, i);
}

static bool is_id(enum post_field f)
{
	return f == FIELD_OF_AUTHOR_ID || f == FIELD_OF_MENTION_ID;
}

/* Does the post say which account it is, beside the handle? */
static bool has_id(const struct sight *s, const struct word *handle)
{
	enum post_field f = handle->field == FIELD_OF_HANDLE ? FIELD_OF_AUTHOR_ID : FIELD_OF_MENTION_ID;

	return handle->field > FIELD_OF_SUMMARY && !str_empty(match_field_text(s->post, f, handle->index));
}

/*
 * An account of a person, as a whole and on its platform.  Where the account's id is known and the post says the id too, that
 * decides: a handle that was given up may be somebody else's by now.
 */
static bool accepts_account(const struct query *q, const struct node *t, const struct sight *s, const struct words *w, size_t i)
{
	const struct word *first = &w->v[i], *last = &w->v[i + t->n - 1];
	struct str account = node_term(q, t), text = match_field_text(s->post, first->field, first->index);
	size_t colon = str_chr(account, ':');

	if (!starts_text(w, i) || !ends_text(t, w, i) || is_id(first->field) != (t->number == ACCOUNT_BY_ID) ||
	    !str_eq_nocase(s->post->platform, str_slice(account, 0, colon)))
		return false;
	if (t->number == ACCOUNT_BY_ID)
		return true;
	if (first->field <= FIELD_OF_SUMMARY)
		text = str_slice(text, first->start, last->end);
	return str_eq_nocase(text, str_from(account, colon + 1)) && (t->number == ACCOUNT_BY_HANDLE || !has_id(s, first));
}

/* The whole host, or all of it behind one of its dots. */
static bool accepts_domain(const struct query *q, const struct node *t, const struct sight *s, const struct words *w, size_t i)
{
	const struct word *first = &w->v[i], *last = &w->v[i + t->n - 1];
	struct str text = match_field_text(s->post, first->field, first->index);
	size_t host = str_find(text, STR("://"));

	(void)q;
	if (host == STR_NPOS)
		return false;
	host += 3;
	size_t len = 0;
	while (host + len < text.len && str_chr(STR("/?#"), text.p[host + len]) == STR_NPOS)
		len++;
	size_t user = str_chr(str_slice(text, host, host + len), '@');
	if (user != STR_NPOS)
		host += user + 1;
	if (first->start < host || (first->start > host && text.p[first->start - 1] != '.'))
		return false;
	return last->end == text.len || str_chr(STR("/?#:"), text.p[last->end]) != STR_NPOS;
}

/* --- tables ---------------------------------------------------------------------------------------------------------- */

const struct op ops[OPS] = {
#define OP(id_, name_, takes_, group_, fields_, accepts_, help_, example_)                                                   \
	[OP_##id_] = { .name = name_, .group = group_, .fields = fields_, .accepts = accepts_ },
#define INNER(id_, name_, group_, fields_, accepts_)                                                                         \
	[OP_##id_] = { .name = name_, .group = group_, .fields = fields_, .accepts = accepts_ },
#include "ops.def"
};

const struct op *op_of(const struct node *t)
{
	return &ops[t->op];
}

unsigned op_regex_fields(const struct op *o)
{
	return o->fields & ~FIELDS_OF_TEXTS ? o->fields & ~FIELDS_OF_TEXTS : o->fields;
}

unsigned group_regex_fields(enum group g)
{
	unsigned fields = 0;

	for (size_t i = 0; i < OPS; i++)
		fields |= ops[i].group == g ? op_regex_fields(&ops[i]) : 0;
	return fields;
}

static const struct operator operators[] = {
#define FORM(form_, help_, example_) { .kind = OPERATOR_FORM, .name = "", .takes = form_, .help = help_, .example = example_ },
#define OP(id_, name_, takes_, group_, fields_, accepts_, help_, example_)                                                   \
	{ .kind = OPERATOR_WORDS, .name = name_, .id = OP_##id_, .takes = takes_, .help = help_, .example = example_ },
#define ELSEWHERE(name_, op_, scope_, takes_, help_, example_)                                                               \
	{ .kind = OPERATOR_WORDS, .name = name_, .id = op_, .scope = scope_, .takes = takes_, .help = help_, .example = example_ },
#define SCOPE(name_, scope_, help_, example_)                                                                                \
	{ .kind = OPERATOR_SCOPE, .name = name_, .scope = scope_, .takes = "query", .help = help_, .example = example_ },
#define WATCH(name_, takes_, help_, example_)                                                                                \
	{ .kind = OPERATOR_WATCH, .name = name_, .takes = takes_, .help = help_, .example = example_ },
#define FACT(id_, op_, value_, test_, help_)                                                                                 \
	{ .kind = OPERATOR_FACT, .name = op_, .id = FACT_##id_, .value = value_, .takes = value_, .help = help_,             \
	  .example = op_ ":" value_ },
#define RANGE(id_, name_, takes_, help_, example_)                                                                           \
	{ .kind = OPERATOR_RANGE, .name = name_, .id = FACT_##id_, .takes = takes_, .help = help_, .example = example_ },
#define SAME(name_, as_) { .kind = OPERATOR_SAME, .name = name_, .value = as_ },
#define REFUSED(name_, why_) { .kind = OPERATOR_REFUSED, .name = name_, .help = why_ },
#include "ops.def"
};

_Static_assert(sizeof(operators) / sizeof(operators[0]) <= OPERATORS_MAX, "room for every name");

const struct operator *operator_at(size_t i)
{
	return i < sizeof(operators) / sizeof(operators[0]) ? &operators[i] : NULL;
}

const struct operator *operator_find(struct str name)
{
	const struct operator *o;

	for (size_t i = 0; (o = operator_at(i)) != NULL; i++)
		if (char_is_alpha(o->name[0]) && str_eq_nocase(name, str_c(o->name)))
			return o;
	return NULL;
}

const char *scope_name(unsigned scope)
{
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (operators[i].kind == OPERATOR_SCOPE && operators[i].scope == scope)
			return operators[i].name;
	return NULL;
}

bool query_operator(size_t i, struct query_operator *ret)
{
	const struct operator *o = operator_at(i);

	if (o == NULL)
		return false;
	*ret = (struct query_operator){ .name = o->name, .takes = o->takes, .help = o->help, .example = o->example };
	ret->form = o->kind == OPERATOR_FORM;
	ret->fact = o->kind == OPERATOR_FACT;
	if (o->kind == OPERATOR_SAME)
		ret->same = o->value;
	else if (o->kind == OPERATOR_REFUSED || (o->kind == OPERATOR_FACT && !fact_can_be_known(o->id)))
		ret->refused = true;
	return true;
}
