/* SPDX-License-Identifier: ISC */
/* Names in a query that stand for more: other watches, people. */
#include "base/text.h"
#include "parse.h"

/* Reads another query in place of its name, with a lexer of its own. */
static int read_inner(struct parser *p, struct str text, uint16_t *ret)
{
	struct lexer outer = p->lex;
	int result;

	p->lex = (struct lexer){ .text = text, .e = outer.e };
	result = parser_read(p, ret);
	p->lex = outer;
	return result;
}

static int refuse_cycle(struct parser *p, const struct token *t, size_t from)
{
	AUTO(strbuf) struct strbuf way = STRBUF_INIT(256);

	for (size_t i = from; i < p->n_watches; i++)
		strbuf_addf(&way, "%.*s, ", STR_ARG(p->watches[i]));
	strbuf_add(&way, t->text);
	return lex_fail_at(&p->lex, t->at, "watch \"%.*s\" asks for itself: %s", STR_ARG(t->text), strbuf_cstr(&way));
}

static int ask(struct parser *p, enum query_name kind, const struct token *t)
{
	struct str name = t->text;

	if (kind == QUERY_PERSON && str_starts(name, STR("@@")))
		name = str_from(name, 2);
	strbuf_addf(&p->asked, "%c%.*s\n", (char)kind, STR_ARG(name));
	return p->asked.toobig ? lex_fail_at(&p->lex, t->at, "too many names of watches and people, expected fewer") : 0;
}

int parser_add_watch(struct parser *p, const struct token *t, uint16_t *ret)
{
	struct str text;

	if (ask(p, QUERY_WATCH, t) != 0)
		return -1;
	for (size_t i = 0; i < p->n_watches; i++)
		if (str_eq(p->watches[i], t->text))
			return refuse_cycle(p, t, i);
	bool known = p->names != NULL && p->names->watch != NULL;
	if (!known || !p->names->watch(p->names->ctx, t->text, &text))
		return lex_fail_at(&p->lex, t->at, known ? "no watch is called \"%.*s\"" :
			"watch \"%.*s\" is not known here: only the daemon knows its watches",
			STR_ARG(text_cut(t->text, LEX_SHOWN_MAX)));
	if (p->n_watches == WATCHES_MAX)
		return lex_fail_at(&p->lex, t->at, "watches inside watches, deeper than %d", WATCHES_MAX);
	if (parser_add_chunk(p, text) != 0)
		return -1;
	p->watches[p->n_watches++] = t->text;
	if (read_inner(p, text, ret) != 0) {
		(void)err_wrap(p->lex.e, "column %d of watch \"%.*s\"", p->lex.e->column, STR_ARG(t->text));
		p->lex.e->column = lex_column(&p->lex, t->at);
		return -1;
	}
	p->n_watches--;
	return 0;
}

/* --- people ---------------------------------------------------------------------------------------------------------- */

/* Only what is written with @@ and what about: takes must be one of them; "Elon Musk" may also be words of an author's name. */
static bool must_be_person(enum op_id op, const struct token *t)
{
	return op == OP_NAME || str_starts(t->text, STR("@@"));
}

static bool find_person(struct parser *p, const struct token *t, struct query_person *ret, struct strbuf *why)
{
	struct str name = str_starts(t->text, STR("@@")) ? str_from(t->text, 2) : t->text;

	if (p->names != NULL && p->names->person != NULL)
		return p->names->person(p->names->ctx, name, ret, why);
	strbuf_addf(why, "person \"%.*s\" is not known here: only the daemon knows people", STR_ARG(text_cut(name, LEX_SHOWN_MAX)));
	return false;
}

bool parser_is_person(struct parser *p, enum op_id op, const struct token *t)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(512);
	struct query_person person;

	if (ops[op].group != GROUP_AUTHOR && ops[op].group != GROUP_MENTION && op != OP_NAME)
		return false;
	if (must_be_person(op, t))
		return true;
	if (t->kind != TOKEN_PHRASE || t->exact || t->loose || t->open || op == OP_AUTHOR || p->names == NULL)
		return false;
	return ask(p, QUERY_PERSON, t) != 0 || find_person(p, t, &person, &why);
}

/* An account is a term, or two where its id is known, both shown by the handle; one of no known platform is its address. */
static int add_account(struct parser *p, enum op_id op, const struct query_account *a, struct children *c)
{
	bool author = ops[op].group == GROUP_AUTHOR;
	enum op_id is = author ? OP_AUTHOR_IS : OP_MENTION_IS;
	const struct str texts[] = { a->shown, a->id };

	for (size_t i = 0; i < 2; i++) {
		struct token t = p->lex.token;
		size_t colon = str_chr(texts[i], ':');
		bool address = colon == STR_NPOS || str_starts(str_from(texts[i], colon), STR("://"));
		uint16_t child;

		if (str_empty(texts[i]))
			continue;
		t.kind = TOKEN_PHRASE;
		t.term = str_empty(a->shown) ? a->id : a->shown;
		t.text = address ? texts[i] : str_from(texts[i], colon + 1);
		t.exact = t.open = t.loose = false;
		t.number = i > 0 ? ACCOUNT_BY_ID : str_empty(a->id) ? ACCOUNT_BY_HANDLE : ACCOUNT_BY_HANDLE_ONLY;
		if ((i == 0 || str_empty(a->shown)) && parser_add_chunk(p, t.term) != 0)
			return -1;
		if (parser_add_term(p, address ? op : is, &t, &child) != 0)
			return -1;
		vec_push(&c->list, child);
	}
	return 0;
}

/* A name in running text; or, of author:, as the author's name. */
static int add_name(struct parser *p, enum op_id op, struct str name, struct children *c)
{
	struct token t = { .kind = TOKEN_PHRASE, .at = p->lex.token.at, .text = name, .term = name };
	uint16_t child;

	if (parser_add_chunk(p, name) != 0)
		return -1;
	if (op == OP_NAME)
		return parser_add_name(p, &t, c);
	if (parser_add_term(p, op, &t, &child) != 0)
		return -1;
	vec_push(&c->list, child);
	return 0;
}

int parser_add_person(struct parser *p, enum op_id op, const struct token *t, uint16_t *ret)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(512);
	AUTO(children) struct children c = { 0 };
	struct query_person person = { 0 };
	bool by_name = op == OP_NAME || op == OP_AUTHOR;
	int result = 0;

	if (t->exact || t->loose || t->open || t->kind == TOKEN_REGEX)
		return lex_fail_expected(&p->lex, "the name of a person");
	if (ask(p, QUERY_PERSON, t) != 0)
		return -1;
	if (!find_person(p, t, &person, &why))
		return lex_fail_at(&p->lex, t->at, "%s", strbuf_cstr(&why));
	if (!by_name && person.n_accounts == 0)
		return lex_fail_at(&p->lex, t->at, "%.*s has no account, expected a person with one (about: looks for the name)",
			STR_ARG(text_cut(t->text, LEX_SHOWN_MAX)));
	for (size_t i = 0; !by_name && i < person.n_accounts && result == 0; i++)
		result = add_account(p, op, &person.accounts[i], &c);
	for (size_t i = 0; by_name && i < person.n_names && result == 0; i++)
		result = add_name(p, op, person.names[i], &c);
	if (result != 0)
		return -1;
	*ret = parser_add_list(p, NODE_OR, &c);
	if (c.list.n > 1) {
		struct node *n = &p->nodes.v[*ret];

		n->op = (uint8_t)op;
		n->scope = (uint8_t)p->scope;
		n->term_at = parser_text_at(p, t->term);
		n->term_len = (uint16_t)t->term.len;
	}
	return 0;
}
