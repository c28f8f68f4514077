/* SPDX-License-Identifier: ISC */
/* Names in a query that stand for more: other watches. */
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

int parser_add_watch(struct parser *p, const struct token *t, uint16_t *ret)
{
	struct str text;

	p->refers = true;
	for (size_t i = 0; i < p->n_watches; i++)
		if (str_eq(p->watches[i], t->text))
			return refuse_cycle(p, t, i);
	if (p->names == NULL || !p->names->watch(p->names->ctx, t->text, &text))
		return lex_fail_at(&p->lex, t->at, p->names ? "no watch is called \"%.*s\"" :
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
