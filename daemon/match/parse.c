/* SPDX-License-Identifier: ISC */
/* From a query's text to its tree: AND binds tighter than OR, - and NOT tighter than AND. */
#include "base/mem.h"
#include "base/text.h"
#include "base/vec.h"
#include "ops.h"

enum token_kind {
	TOKEN_END, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_OR, TOKEN_AND, TOKEN_NOT, TOKEN_PHRASE, TOKEN_WORD, TOKEN_OP, TOKEN_SCOPE
};

struct token {
	enum token_kind kind;
	size_t at;         /* byte offset in the query */
	struct str text;   /* of a word or phrase: without quotes, * and sigil */
	struct str term;   /* as written: with * and sigil, without quotes */
	enum op_id op;     /* of TOKEN_OP and of words with a sigil */
	const struct scope *scope; /* of TOKEN_SCOPE */
	bool prefix;       /* ended by * */
};

struct parser {
	struct str text;
	size_t pos;        /* behind the current token */
	struct token token;
	int depth;
	unsigned scope;    /* of the terms to come */
	size_t n_terms;
	VEC(struct node) nodes;
	VEC(struct term_word) words;
	struct words cut;  /* folded text of all terms */
	struct err *e;
};

/* --- errors ---------------------------------------------------------------------------------------------------------- */

static int column_of(const struct parser *p, size_t at)
{
	return (int)text_count(str_slice(p->text, 0, at)) + 1;
}

#define FOUND_SHOWN_MAX 40 /* bytes of the user's text in a message */

#define fail_at(p, at, ...) err_set_at((p)->e, ERR_INPUT, column_of((p), (at)), __VA_ARGS__)

static int fail_expected(struct parser *p, const char *expected)
{
	const struct token *t = &p->token;
	size_t end = p->pos > t->at ? p->pos : t->at;
	struct str found = text_cut(str_slice(p->text, t->at, end), FOUND_SHOWN_MAX);

	if (t->at >= p->text.len)
		return fail_at(p, t->at, "the query ends here, expected %s", expected);
	if (t->kind == TOKEN_END)
		return fail_at(p, t->at, "found a space, expected %s", expected);
	return fail_at(p, t->at, "found %.*s, expected %s", STR_ARG(found), expected);
}

static int unknown_operator(struct parser *p, size_t at, struct str name)
{
	const char *names[OPS + SCOPES];
	size_t n = 0;

	for (size_t i = 0; i < OPS; i++)
		if (char_is_alpha(ops[i].name[0]))
			names[n++] = ops[i].name;
	for (size_t i = 0; i < SCOPES; i++)
		names[n++] = scopes[i].name;
	int near = str_nearest(name, names, n);
	AUTO(strbuf) struct strbuf all = STRBUF_INIT(256);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&all, "%s%s:", i ? " " : "", names[i]);
	name = text_cut(name, FOUND_SHOWN_MAX);
	if (near >= 0)
		return fail_at(p, at, "unknown operator %.*s:, did you mean %s:? (to look for the text, write it in quotes)",
			STR_ARG(name), names[near]);
	return fail_at(p, at, "unknown operator %.*s:, expected one of %s (to look for the text, write it in quotes)",
		STR_ARG(name), strbuf_cstr(&all));
}

/* --- lexer ----------------------------------------------------------------------------------------------------------- */

/* Quotation marks as keyboards and word processors make them. */
static bool is_quote(uint32_t c)
{
	return c == '"' || (c >= 0x201c && c <= 0x201f) || c == 0xab || c == 0xbb || c == 0xff02;
}

static bool is_space(uint32_t c)
{
	return c == ' ' || (c >= 9 && c <= 13) || c == 0xa0 || c == 0x3000 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f ||
	       c == 0x2028 || c == 0x2029;
}

static uint32_t peek(const struct parser *p, size_t pos, size_t *ret_next)
{
	size_t next = pos;
	uint32_t c = text_next(p->text, &next);

	*ret_next = next;
	return c;
}

static bool at_border(const struct parser *p, size_t pos)
{
	size_t next;

	if (pos >= p->text.len)
		return true;
	uint32_t c = peek(p, pos, &next);
	return is_space(c) || is_quote(c) || c == '(' || c == ')';
}

static int lex_phrase(struct parser *p, size_t from, struct token *t)
{
	size_t pos = from, next = from;
	uint32_t c = 0;

	while (pos < p->text.len && !is_quote(c = peek(p, pos, &next)))
		pos = next;
	if (pos >= p->text.len)
		return fail_at(p, t->at, "this quotation mark is never closed, expected another one");
	t->kind = TOKEN_PHRASE;
	t->text = t->term = str_slice(p->text, from, pos);
	p->pos = next;
	if (p->pos < p->text.len && p->text.p[p->pos] == '*') {
		t->prefix = true;
		p->pos++;
	} else if (str_ends(str_trim(t->text), STR("*"))) {
		struct str s = str_trim(t->text);

		t->prefix = true;
		t->text = str_slice(s, 0, s.len - 1);
	}
	return 0;
}

/* "name:" at the start of a word; its length without the colon, or 0. */
static size_t operator_name(struct str word)
{
	size_t n = 0;

	while (n < word.len && (char_is_alpha(word.p[n]) || word.p[n] == '_'))
		n++;
	return n < word.len && word.p[n] == ':' ? n : 0;
}

static int lex_operator(struct parser *p, struct str word, size_t name_len, struct token *t)
{
	struct str name = str_slice(word, 0, name_len);

	if (str_starts(str_from(word, name_len), STR("://")))
		return fail_at(p, t->at, "found a web address, expected a word (write url:%.*s, without the scheme)",
			STR_ARG(text_cut(str_from(word, name_len + 3), FOUND_SHOWN_MAX)));
	for (size_t i = 0; i < OPS; i++)
		if (char_is_alpha(ops[i].name[0]) && str_eq_nocase(name, str_c(ops[i].name))) {
			t->kind = TOKEN_OP;
			t->op = (enum op_id)i;
			p->pos = t->at + name_len + 1;
			return 0;
		}
	for (size_t i = 0; i < SCOPES; i++)
		if (str_eq_nocase(name, str_c(scopes[i].name))) {
			t->kind = TOKEN_SCOPE;
			t->scope = &scopes[i];
			p->pos = t->at + name_len + 1;
			return 0;
		}
	return unknown_operator(p, t->at, name);
}

static int lex_word(struct parser *p, struct token *t, bool is_value)
{
	size_t pos = t->at;

	while (!at_border(p, pos))
		(void)peek(p, pos, &pos);
	struct str word = str_slice(p->text, t->at, pos);
	p->pos = pos;
	t->kind = TOKEN_WORD;
	t->term = word;
	if (!is_value) {
		size_t name_len = operator_name(word);

		if (str_eq(word, STR("OR")) || str_eq(word, STR("AND")) || str_eq(word, STR("NOT"))) {
			t->kind = word.p[0] == 'O' ? TOKEN_OR : word.p[0] == 'A' ? TOKEN_AND : TOKEN_NOT;
			return 0;
		}
		if (name_len)
			return lex_operator(p, word, name_len, t);
		t->op = word.p[0] == '#' || str_starts(word, STR("＃")) ? OP_TAG :
			word.p[0] == '@' || str_starts(word, STR("＠")) ? OP_AT : word.p[0] == '$' ? OP_DOLLAR : OP_WORD;
	}
	size_t star = str_chr(word, '*');
	if (star != STR_NPOS && star + 1 < word.len)
		return fail_at(p, t->at + star, "found *, expected it at the end of the word");
	if (star != STR_NPOS) {
		t->prefix = true;
		word.len--;
	}
	t->text = word;
	return 0;
}

/* The next token; directly behind an operator (`is_value`) a word is taken as it stands. */
static int advance(struct parser *p, bool is_value)
{
	struct token t = { .kind = TOKEN_END };
	size_t next;

	while (!is_value && p->pos < p->text.len && is_space(peek(p, p->pos, &next)))
		p->pos = next;
	t.at = p->pos;
	int result = 0;
	if (p->pos < p->text.len) {
		uint32_t c = peek(p, p->pos, &next);

		if (c == '(' || c == ')') {
			t.kind = c == '(' ? TOKEN_OPEN : TOKEN_CLOSE;
			p->pos = next;
		} else if (is_quote(c)) {
			result = lex_phrase(p, next, &t);
		} else if (c == '-' && !is_value) {
			t.kind = TOKEN_NOT;
			p->pos = next;
		} else if (!is_space(c)) {
			result = lex_word(p, &t, is_value);
		}
	}
	p->token = t;
	return result;
}

/* --- parser ---------------------------------------------------------------------------------------------------------- */

static uint16_t add_node(struct parser *p, struct node n)
{
	vec_push(&p->nodes, n);
	return (uint16_t)(p->nodes.n - 1);
}

/* The longest word that must stand as a whole: looked up first. */
static uint16_t pivot_of(const struct parser *p, const struct node *t)
{
	uint16_t best = t->n, whole = t->prefix ? t->n - 1 : t->n;

	for (uint16_t i = 0; i < whole; i++)
		if (best == t->n || p->words.v[t->word + i].len > p->words.v[t->word + best].len)
			best = i;
	return best;
}

static int parse_term(struct parser *p, enum op_id op, uint16_t *ret)
{
	const struct token *t = &p->token;
	size_t before = p->cut.n;
	struct node n = { .kind = NODE_TERM, .op = (uint8_t)op, .scope = (uint8_t)p->scope, .prefix = t->prefix,
			  .word = (uint16_t)p->words.n,
			  .term_at = (uint16_t)(t->term.p - p->text.p), .term_len = (uint16_t)t->term.len };

	if (++p->n_terms > QUERY_TERMS_MAX)
		return fail_at(p, t->at, "more than %d words and phrases, expected fewer", QUERY_TERMS_MAX);
	(op == OP_TAG ? words_add_joined : words_add)(&p->cut, t->text, FIELD_OF_TEXT, 0);
	for (size_t i = before; i < p->cut.n; i++) {
		const struct word *w = &p->cut.v[i];

		vec_push(&p->words, ((struct term_word){ .hash = w->hash, .at = (uint16_t)w->at, .len = (uint16_t)w->len,
							.flags = w->flags }));
	}
	n.n = (uint16_t)(p->cut.n - before);
	if (n.n == 0)
		return fail_expected(p, t->prefix ? "a letter or digit before the *" : "a letter or digit to look for");
	n.pivot = pivot_of(p, &n);
	*ret = add_node(p, n);
	return advance(p, false);
}

static int parse_or(struct parser *p, enum op_id op, uint16_t *ret);

static int enter(struct parser *p)
{
	if (++p->depth > QUERY_DEPTH_MAX)
		return fail_at(p, p->token.at, "nested deeper than %d, expected fewer parentheses and negations",
			QUERY_DEPTH_MAX);
	return 0;
}

static int parse_group(struct parser *p, enum op_id op, uint16_t *ret)
{
	size_t at = p->token.at;

	if (enter(p) || advance(p, false))
		return -1;
	if (p->token.kind == TOKEN_CLOSE)
		return fail_expected(p, "a word, a phrase or an operator between the parentheses");
	if (parse_or(p, op, ret))
		return -1;
	if (p->token.kind != TOKEN_CLOSE)
		return fail_at(p, p->token.at, "the query ends here, expected ) for the ( in column %d", column_of(p, at));
	p->depth--;
	return advance(p, false);
}

static int parse_operator(struct parser *p, uint16_t *ret)
{
	enum op_id op = p->token.op;
	struct strbuf want = STRBUF_INIT(128);

	if (advance(p, true))
		return -1;
	if (p->token.kind == TOKEN_OPEN)
		return parse_group(p, op, ret);
	if (p->token.kind == TOKEN_WORD || p->token.kind == TOKEN_PHRASE)
		return parse_term(p, op, ret);
	strbuf_addf(&want, "a %s, a phrase or ( directly after %s:", ops[op].takes, ops[op].name);
	(void)fail_expected(p, strbuf_cstr(&want));
	strbuf_release(&want);
	return -1;
}

static int parse_unary(struct parser *p, enum op_id op, uint16_t *ret);

/* context:(…), parent:"…" and the like: what follows directly is looked for in other posts. */
static int parse_scope(struct parser *p, uint16_t *ret)
{
	const struct scope *s = p->token.scope;
	size_t next;

	if (p->scope != SCOPE_SELF)
		return fail_expected(p, "no such operator inside of another one");
	p->token.at = p->pos;
	if (p->pos >= p->text.len || is_space(peek(p, p->pos, &next))) {
		AUTO(strbuf) struct strbuf want = STRBUF_INIT(128);

		strbuf_addf(&want, "a word, a phrase, an operator or ( directly after %s:", s->name);
		p->token.kind = TOKEN_END;
		return fail_expected(p, strbuf_cstr(&want));
	}
	p->scope = s->scope;
	int result = advance(p, false) ? -1 : parse_unary(p, OP_WORD, ret);
	p->scope = SCOPE_SELF;
	return result;
}

/* `op` is the operator of the group that this stands in, OP_WORD outside of one. */
static int parse_unary(struct parser *p, enum op_id op, uint16_t *ret)
{
	switch (p->token.kind) {
	case TOKEN_NOT: {
		size_t end = p->pos;
		bool dash = p->text.p[p->token.at] == '-';
		uint16_t child;

		if (dash && (end >= p->text.len || char_is_space(p->text.p[end])))
			return fail_expected(p, "a word, a phrase or ( directly after -");
		if (enter(p) || advance(p, false) || parse_unary(p, op, &child))
			return -1;
		p->depth--;
		*ret = add_node(p, (struct node){ .kind = NODE_NOT, .child = child });
		return 0;
	}
	case TOKEN_OPEN:
		return parse_group(p, op, ret);
	case TOKEN_OP:
		if (op != OP_WORD)
			return fail_expected(p, "a word or a phrase inside the operator's parentheses");
		return parse_operator(p, ret);
	case TOKEN_SCOPE:
		if (op != OP_WORD)
			return fail_expected(p, "a word or a phrase inside the operator's parentheses");
		return parse_scope(p, ret);
	case TOKEN_WORD:
		if (op != OP_WORD && p->token.op != OP_WORD && (op == OP_TITLE || op == OP_TEXT))
			return fail_expected(p, "a word or a phrase inside the operator's parentheses");
		return parse_term(p, op != OP_WORD ? op : p->token.op, ret);
	case TOKEN_PHRASE:
		return parse_term(p, op, ret);
	case TOKEN_END:
	case TOKEN_CLOSE:
	case TOKEN_OR:
	case TOKEN_AND:
		break;
	}
	return fail_expected(p, "a word, a phrase, an operator, - or (");
}

/* Children one after another under a node of `kind`; a single one stands for itself. */
static uint16_t add_list(struct parser *p, enum node_kind kind, const uint16_t *children, size_t n)
{
	if (n == 1)
		return children[0];
	for (size_t i = 0; i + 1 < n; i++)
		p->nodes.v[children[i]].next = children[i + 1];
	return add_node(p, (struct node){ .kind = (uint8_t)kind, .child = children[0] });
}

struct children {
	VEC(uint16_t) list;
};

static void children_release(struct children *c)
{
	vec_free(&c->list);
}

static int parse_and(struct parser *p, enum op_id op, uint16_t *ret)
{
	AUTO(children) struct children c = { 0 };

	for (;;) {
		uint16_t child;

		if (parse_unary(p, op, &child))
			return -1;
		vec_push(&c.list, child);
		if (p->token.kind == TOKEN_AND) {
			if (advance(p, false))
				return -1;
		} else if (p->token.kind == TOKEN_END || p->token.kind == TOKEN_CLOSE || p->token.kind == TOKEN_OR) {
			break;
		}
	}
	*ret = add_list(p, NODE_AND, c.list.v, c.list.n);
	return 0;
}

static int parse_or(struct parser *p, enum op_id op, uint16_t *ret)
{
	AUTO(children) struct children c = { 0 };

	for (;;) {
		uint16_t child;

		if (parse_and(p, op, &child))
			return -1;
		vec_push(&c.list, child);
		if (p->token.kind != TOKEN_OR)
			break;
		if (advance(p, false))
			return -1;
	}
	*ret = add_list(p, NODE_OR, c.list.v, c.list.n);
	return 0;
}

/* --- packing --------------------------------------------------------------------------------------------------------- */

/* Copies the tree in the order in which it is walked, root first, children of a node behind it. */
static uint16_t pack_node(const struct parser *p, uint16_t from, struct query *q)
{
	uint16_t at = q->n_nodes++, last = 0;
	struct node *n = &q->nodes[at];

	*n = p->nodes.v[from];
	n->next = 0;
	if (n->kind == NODE_TERM)
		return at;
	for (uint16_t c = n->child; c; c = p->nodes.v[c].next) {
		uint16_t child = pack_node(p, c, q);

		if (last)
			q->nodes[last].next = child;
		else
			n->child = child;
		last = child;
	}
	return at;
}

static struct query *pack(const struct parser *p, uint16_t root)
{
	size_t words_at = sizeof(struct query) + (p->nodes.n - 1) * sizeof(struct node); /* without the free one */
	size_t words = p->words.n * sizeof(struct term_word);

	words_at += -words_at % _Alignof(struct term_word);
	char *block = mem_alloc(words_at + words + p->cut.len + p->text.len);
	struct query *q = (struct query *)(void *)block;
	char *folded = block + words_at + words, *text = folded + p->cut.len;

	memcpy(block + words_at, p->words.v, words);
	memcpy(folded, p->cut.folded, p->cut.len);
	memcpy(text, p->text.p, p->text.len);
	q->words = (const struct term_word *)(const void *)(block + words_at);
	q->folded = folded;
	q->text = text;
	q->text_len = (uint16_t)p->text.len;
	q->n_words = (uint16_t)p->words.n;
	(void)pack_node(p, root, q);
	return q;
}

static int parse(struct parser *p, struct query **ret_query)
{
	uint16_t root;

	if (advance(p, false))
		return -1;
	if (p->token.kind == TOKEN_END)
		return fail_at(p, 0, "the query is empty, expected a word, a phrase or an operator");
	/* node 0 is kept free: no child has that number, so `next` 0 is the end */
	add_node(p, (struct node){ 0 });
	if (parse_or(p, OP_WORD, &root))
		return -1;
	if (p->token.kind != TOKEN_END)
		return fail_expected(p, "no ) without its (");
	*ret_query = pack(p, root);
	return 0;
}

int query_parse(struct str text, struct query **ret_query, struct err *e)
{
	struct parser p = { .text = text, .scope = SCOPE_SELF, .e = e };

	if (text.len > QUERY_MAX)
		return err_set_at(e, ERR_INPUT, 1, "%zu bytes, expected at most %d", text.len, QUERY_MAX);
	if (!text_is_utf8(text))
		return err_set_at(e, ERR_INPUT, 1, "the query is not UTF-8 text");
	words_init(&p.cut, NULL, 0);
	int result = parse(&p, ret_query);
	words_release(&p.cut);
	vec_free(&p.nodes);
	vec_free(&p.words);
	return result;
}
