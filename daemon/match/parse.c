/* SPDX-License-Identifier: ISC */
/* From a query's tokens to its tree: NEAR binds tightest, then - and NOT, AND, OR. */
#include "parse.h"

#include "base/mem.h"
#include "base/text.h"
#include "regex.h"

/* --- the tree -------------------------------------------------------------------------------------------------------- */

uint16_t parser_add_node(struct parser *p, struct node n)
{
	vec_push(&p->nodes, n);
	return (uint16_t)(p->nodes.n - 1);
}

uint16_t parser_add_list(struct parser *p, enum node_kind kind, const struct children *c)
{
	if (c->list.n == 1)
		return c->list.v[0];
	for (size_t i = 0; i + 1 < c->list.n; i++)
		p->nodes.v[c->list.v[i]].next = c->list.v[i + 1];
	return parser_add_node(p, (struct node){ .kind = (uint8_t)kind, .child = c->list.v[0] });
}

void children_release(struct children *c)
{
	vec_free(&c->list);
}

int parser_add_chunk(struct parser *p, struct str text)
{
	if (p->texts_len + text.len > TEXTS_MAX)
		return lex_fail_at(&p->lex, p->lex.token.at, "with the queries that it names the query has more than %zu bytes",
			TEXTS_MAX);
	vec_push(&p->chunks, ((struct chunk){ text, p->texts_len }));
	p->texts_len += text.len;
	return 0;
}

uint16_t parser_text_at(const struct parser *p, struct str piece)
{
	size_t i = p->chunks.n - 1;

	while (i > 0 && (piece.p < p->chunks.v[i].text.p || piece.p > p->chunks.v[i].text.p + p->chunks.v[i].text.len))
		i--;
	return (uint16_t)(p->chunks.v[i].at + (size_t)(piece.p - p->chunks.v[i].text.p));
}

/* --- parser ---------------------------------------------------------------------------------------------------------- */
static int parse_or(struct parser *p, enum op_id op, uint16_t *ret);

/* Terms of the current token, then the next one. */
static int parse_term(struct parser *p, enum op_id op, uint16_t *ret)
{
	const struct token t = p->lex.token;

	if ((t.kind == TOKEN_REGEX && op != OP_NAME ? parser_add_regex : parser_add_value)(p, op, &t, ret) != 0)
		return -1;
	return lex_next(&p->lex, false);
}

static int enter(struct parser *p)
{
	if (++p->depth > QUERY_DEPTH_MAX)
		return lex_fail_at(&p->lex, p->lex.token.at, "nested deeper than %d, expected fewer parentheses and negations",
			QUERY_DEPTH_MAX);
	return 0;
}

static int parse_group(struct parser *p, enum op_id op, uint16_t *ret)
{
	size_t at = p->lex.token.at;

	if (enter(p) || lex_next(&p->lex, false))
		return -1;
	if (p->lex.token.kind == TOKEN_CLOSE)
		return lex_fail_expected(&p->lex, "a word, a phrase or an operator between the parentheses");
	if (parse_or(p, op, ret))
		return -1;
	if (p->lex.token.kind != TOKEN_CLOSE)
		return lex_fail_at(&p->lex, p->lex.token.at, "the query ends here, expected ) for the ( in column %d",
			lex_column(&p->lex, at));
	p->depth--;
	return lex_next(&p->lex, false);
}

/* What a name is followed by: a word, a phrase or a group. */
static int check_value(struct parser *p, const struct operator *o)
{
	enum token_kind kind = p->lex.token.kind;
	AUTO(strbuf) struct strbuf want = STRBUF_INIT(128);

	if (kind == TOKEN_WORD || kind == TOKEN_PHRASE ||
	    (o->kind == OPERATOR_WORDS && (kind == TOKEN_OPEN || kind == TOKEN_REGEX)))
		return 0;
	const char *takes = o->kind == OPERATOR_FACT ? "word" : o->takes;
	strbuf_addf(&want, "%s %s%s directly after %s:", strchr("aeio", takes[0]) ? "an" : "a", takes,
		o->kind == OPERATOR_WORDS ? ", a phrase or (" : "", o->name);
	return lex_fail_expected(&p->lex, strbuf_cstr(&want));
}

/* is:reply */
static int parse_fact(struct parser *p, const char *name, uint16_t *ret)
{
	const struct token *t = &p->lex.token;
	const struct operator *o;
	const char *values[OPERATORS_MAX];
	size_t n = 0;

	for (size_t i = 0; (o = operator_at(i)) != NULL; i++) {
		if (o->kind != OPERATOR_FACT || strcmp(o->name, name) != 0)
			continue;
		if (str_eq_nocase(t->text, str_c(o->value)))
			break;
		values[n++] = o->value;
	}
	if (o && !fact_can_be_known(o->id))
		return lex_fail_at(&p->lex, t->at, "%s:%s is not to be had: %s", name, o->value, o->help);
	if (o) {
		*ret = parser_add_node(p, (struct node){ .kind = NODE_FACT, .op = o->id });
		return 0;
	}
	int near = str_nearest(t->text, values, n);
	AUTO(strbuf) struct strbuf all = STRBUF_INIT(256);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&all, "%s%s", i ? " " : "", values[i]);
	return lex_fail_at(&p->lex, t->at, "found %s:%.*s, %s %s%s", name, STR_ARG(text_cut(t->text, LEX_SHOWN_MAX)),
		near >= 0 ? "did you mean" : "expected one of", near >= 0 ? values[near] : strbuf_cstr(&all), near >= 0 ? "?" : "");
}

/* likes:100.. */
static int parse_range(struct parser *p, const struct operator *o, bool at_least, uint16_t *ret)
{
	struct node n = { .kind = NODE_FACT, .op = o->id, .word = (uint16_t)p->words.n };
	int64_t from, to;

	if (!fact_range(o->id, p->lex.token.text, at_least, &from, &to))
		return lex_fail_at(&p->lex, p->lex.token.at, "expected a %s after %s:, such as %s", o->takes, o->name, o->example);
	vec_push(&p->words, term_word_of_number(from));
	vec_push(&p->words, term_word_of_number(to));
	*ret = parser_add_node(p, n);
	return 0;
}

static int parse_operator(struct parser *p, uint16_t *ret)
{
	struct token name = p->lex.token;
	const struct operator *o = name.named;
	unsigned scope = p->scope;
	int result;

	if (o->scope && scope != SCOPE_SELF)
		return lex_fail_expected(&p->lex, "no such operator inside of another one");
	if (lex_next(&p->lex, true) || check_value(p, o))
		return -1;
	if (o->kind == OPERATOR_WATCH) {
		struct token value = p->lex.token;

		return enter(p) || parser_add_watch(p, &value, ret) || (p->depth--, lex_next(&p->lex, false)) ? -1 : 0;
	}
	if (o->kind != OPERATOR_WORDS) {
		struct token value = p->lex.token;

		result = o->kind == OPERATOR_FACT ? parse_fact(p, o->name, ret) : parse_range(p, o, name.at_least, ret);
		if (result != 0)
			return -1;
		struct node *n = &p->nodes.v[*ret];
		n->scope = (uint8_t)scope;
		struct str whole = str_slice(p->lex.text, name.at, (size_t)(value.text.p - p->lex.text.p) + value.text.len);
		n->term_at = parser_text_at(p, whole);
		n->term_len = (uint16_t)whole.len;
		return lex_next(&p->lex, false);
	}
	p->scope = o->scope ? o->scope : scope;
	if (p->lex.token.kind == TOKEN_OPEN) {
		p->lex.names = ops[o->id].group != GROUP_TEXT && ops[o->id].group != GROUP_TAG;
		result = parse_group(p, o->id, ret);
	} else {
		result = parse_term(p, o->id, ret);
	}
	p->scope = scope;
	return result;
}

/* Whether a node says where in the text it stands: `any` of a sentence may also be joined by AND and NOT. */
static bool is_running(const struct parser *p, uint16_t at, bool any)
{
	const struct node *n = &p->nodes.v[at];

	switch ((enum node_kind)n->kind) {
	case NODE_TERM:
		return (ops[n->op].fields & FIELDS_OF_TEXTS) && !(n->flags & TERM_LOOSE);
	case NODE_REGEX:
	case NODE_FACT:
		return false;
	case NODE_NEAR:
		return true;
	case NODE_TIMES:
	case NODE_SENTENCE:
		return false;
	case NODE_AND:
	case NODE_NOT:
		if (!any)
			return false;
		break;
	case NODE_OR:
		break;
	}
	for (uint16_t c = n->child; c; c = p->nodes.v[c].next)
		if (!is_running(p, c, any))
			return false;
	return true;
}

static int parse_sentence(struct parser *p, enum op_id op, uint16_t *ret)
{
	size_t at = p->lex.token.at;
	uint16_t child;

	if (lex_next(&p->lex, false) || parse_group(p, op, &child))
		return -1;
	if (!is_running(p, child, true))
		return lex_fail_at(&p->lex, at, "expected words, phrases and NEAR between the parentheses of SENTENCE");
	*ret = parser_add_node(p, (struct node){ .kind = NODE_SENTENCE, .scope = (uint8_t)p->scope, .child = child });
	return 0;
}

static int parse_unary(struct parser *p, enum op_id op, uint16_t *ret);
static int parse_near(struct parser *p, enum op_id op, uint16_t *ret);

static int parse_times(struct parser *p, enum op_id op, uint16_t *ret)
{
	size_t at = p->lex.token.at;
	unsigned number = p->lex.token.number;
	uint16_t child;

	if (enter(p) || lex_next(&p->lex, false) || parse_unary(p, op, &child))
		return -1;
	p->depth--;
	if (!is_running(p, child, false))
		return lex_fail_at(&p->lex, at, "expected a word, a phrase or a group of them with OR behind {%u,}", number);
	*ret = parser_add_node(p, (struct node){ .kind = NODE_TIMES, .scope = (uint8_t)p->scope, .number = (uint8_t)number,
					 .child = child });
	return 0;
}

static int parse_not(struct parser *p, enum op_id op, uint16_t *ret)
{
	size_t end = p->lex.pos;
	bool dash = p->lex.text.p[p->lex.token.at] == '-';
	uint16_t child;

	if (dash && (end >= p->lex.text.len || char_is_space(p->lex.text.p[end])))
		return lex_fail_expected(&p->lex, "a word, a phrase or ( directly after -");
	if (enter(p) || lex_next(&p->lex, false) || parse_near(p, op, &child))
		return -1;
	p->depth--;
	*ret = parser_add_node(p, (struct node){ .kind = NODE_NOT, .child = child });
	return 0;
}

/* X's context:123.456 or context:123.* */
static bool is_annotation(const struct lexer *l)
{
	struct str s = str_from(l->text, l->pos);
	size_t n = 0;

	while (n < s.len && char_is_digit(s.p[n]))
		n++;
	return n > 0 && n + 1 < s.len && s.p[n] == '.' && (char_is_digit(s.p[n + 1]) || s.p[n + 1] == '*');
}

/* context:(…), parent:"…" and the like: what follows directly is looked for in other posts. */
static int parse_scope(struct parser *p, uint16_t *ret)
{
	const struct operator *s = p->lex.token.named;
	size_t at = p->lex.token.at;
	AUTO(strbuf) struct strbuf want = STRBUF_INIT(128);

	if (p->scope != SCOPE_SELF)
		return lex_fail_expected(&p->lex, "no such operator inside of another one");
	if (lex_at_space(&p->lex)) {
		p->lex.token = (struct token){ .kind = TOKEN_END, .at = p->lex.pos };
		strbuf_addf(&want, "a word, a phrase, an operator or ( directly after %s:", s->name);
		return lex_fail_expected(&p->lex, strbuf_cstr(&want));
	}
	if (is_annotation(&p->lex))
		return lex_fail_at(&p->lex, at, "context:%.*s is not to be had: X's notes on what a post is about are its own; "
			"write the words", STR_ARG(text_cut(str_from(p->lex.text, p->lex.pos), LEX_SHOWN_MAX)));
	p->scope = s->scope;
	int result = lex_next(&p->lex, false) ? -1 : parse_unary(p, OP_WORD, ret);
	p->scope = SCOPE_SELF;
	return result;
}

/* `op` is the operator of the group that this stands in, OP_WORD outside of one. */
static int parse_unary(struct parser *p, enum op_id op, uint16_t *ret)
{
	switch (p->lex.token.kind) {
	case TOKEN_NOT:
		return parse_not(p, op, ret);
	case TOKEN_OPEN:
		return parse_group(p, op, ret);
	case TOKEN_SENTENCE:
		return parse_sentence(p, op, ret);
	case TOKEN_TIMES:
		return parse_times(p, op, ret);
	case TOKEN_OP:
		if (op != OP_WORD)
			return lex_fail_expected(&p->lex, "a word or a phrase inside the operator's parentheses");
		return p->lex.token.named->kind == OPERATOR_SCOPE ? parse_scope(p, ret) : parse_operator(p, ret);
	case TOKEN_WORD:
		if (op != OP_WORD && p->lex.token.op != OP_WORD && (op == OP_TITLE || op == OP_TEXT))
			return lex_fail_expected(&p->lex, "a word or a phrase inside the operator's parentheses");
		return parse_term(p, op != OP_WORD ? op : p->lex.token.op, ret);
	case TOKEN_PHRASE:
	case TOKEN_REGEX:
		return parse_term(p, op, ret);
	case TOKEN_END:
	case TOKEN_CLOSE:
	case TOKEN_OR:
	case TOKEN_AND:
	case TOKEN_NEAR:
		break;
	}
	return lex_fail_expected(&p->lex, "a word, a phrase, an operator, - or (");
}

/* a NEAR/3 b NEAR/5 c is (a NEAR/3 b) NEAR/5 c. */
static int parse_near(struct parser *p, enum op_id op, uint16_t *ret)
{
	uint16_t left, right;

	if (parse_unary(p, op, &left))
		return -1;
	while (p->lex.token.kind == TOKEN_NEAR) {
		struct token t = p->lex.token;

		if (lex_next(&p->lex, false) || parse_unary(p, op, &right))
			return -1;
		if (!is_running(p, left, false) || !is_running(p, right, false))
			return lex_fail_at(&p->lex, t.at,
				"expected on both sides of NEAR a word, a phrase or a group of them with OR");
		p->nodes.v[left].next = right;
		left = parser_add_node(p, (struct node){ .kind = NODE_NEAR, .scope = (uint8_t)p->scope, .number = (uint8_t)t.number,
						  .child = left, .flags = t.ordered ? NEAR_ORDERED : 0 });
	}
	*ret = left;
	return 0;
}

static int parse_and(struct parser *p, enum op_id op, uint16_t *ret)
{
	AUTO(children) struct children c = { 0 };

	for (;;) {
		uint16_t child;

		if (parse_near(p, op, &child))
			return -1;
		vec_push(&c.list, child);
		if (p->lex.token.kind == TOKEN_AND) {
			if (lex_next(&p->lex, false))
				return -1;
		} else if (p->lex.token.kind == TOKEN_END || p->lex.token.kind == TOKEN_CLOSE || p->lex.token.kind == TOKEN_OR) {
			break;
		}
	}
	*ret = parser_add_list(p, NODE_AND, &c);
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
		if (p->lex.token.kind != TOKEN_OR)
			break;
		if (lex_next(&p->lex, false))
			return -1;
	}
	*ret = parser_add_list(p, NODE_OR, &c);
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
	if (n->kind <= NODE_FACT)
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

static bool is_plain(const struct query *q)
{
	const struct node *n = q->nodes;

	if (n->kind != NODE_TERM || n->scope != SCOPE_SELF || (n->flags & (TERM_LOOSE | TERM_ANY | TERM_NAME)))
		return false;
	for (uint32_t i = 0; i < n->n; i++)
		if (query_words(q)[n->word + i].flags & TERM_WORD_WILD)
			return false;
	return true;
}

static struct query *pack(struct parser *p, uint16_t root)
{
	size_t nodes = (p->nodes.n - 1) * sizeof(struct node); /* without the free one */
	size_t words = p->words.n * sizeof(struct term_word);
	struct query *q = mem_alloc(offsetof(struct query, nodes) + nodes + words + p->folded.len + p->asked.len +
		p->texts_len);

	(void)pack_node(p, root, q);
	q->n_words = (uint16_t)p->words.n;
	q->folded_len = (uint16_t)p->folded.len;
	q->names_len = (uint16_t)p->asked.len;
	q->text_len = (uint16_t)p->chunks.v[0].text.len;
	if (words > 0) /* a query of facts has none */
		memcpy((void *)(uintptr_t)query_words(q), p->words.v, words);
	memcpy((char *)(uintptr_t)query_folded(q), strbuf_cstr(&p->folded), p->folded.len);
	memcpy((char *)(uintptr_t)query_asked(q).p, strbuf_cstr(&p->asked), p->asked.len);
	for (size_t i = 0; i < p->chunks.n; i++)
		memcpy((char *)(uintptr_t)query_texts(q) + p->chunks.v[i].at, p->chunks.v[i].text.p, p->chunks.v[i].text.len);
	q->regexes = p->regexes.v;
	q->n_regexes = (uint8_t)p->regexes.n;
	p->regexes.v = NULL; /* they are the query's now */
	p->regexes.n = 0;
	q->plain = is_plain(q);
	return q;
}

int parser_read(struct parser *p, uint16_t *ret)
{
	if (lex_next(&p->lex, false))
		return -1;
	if (p->lex.token.kind == TOKEN_END)
		return lex_fail_at(&p->lex, 0, "the query is empty, expected a word, a phrase or an operator");
	if (parse_or(p, OP_WORD, ret))
		return -1;
	if (p->lex.token.kind != TOKEN_END)
		return lex_fail_expected(&p->lex, "no ) without its (");
	return 0;
}

#define SCRATCH 4096 /* bytes; holds the words of most queries */

static void parser_release(struct parser *p)
{
	words_release(&p->cut);
	strbuf_release(&p->folded);
	strbuf_release(&p->asked);
	vec_free(&p->nodes);
	vec_free(&p->words);
	vec_free(&p->chunks);
	for (size_t i = 0; i < p->regexes.n; i++)
		regex_free(p->regexes.v[i]);
	vec_free(&p->regexes);
}

int query_parse_named(struct str text, const struct query_names *names, struct query **ret_query, struct err *e)
{
	AUTO(parser) struct parser p = { .lex = { .text = text, .e = e }, .names = names, .scope = SCOPE_SELF,
					 .folded = STRBUF_INIT(FOLDED_MAX), .asked = STRBUF_INIT(ASKED_MAX) };
	VIEW_UNINITIALIZED _Alignas(16) char scratch[SCRATCH];
	uint16_t root;

	if (text.len > QUERY_MAX)
		return err_set_at(e, ERR_INPUT, 1, "%zu bytes, expected at most %d", text.len, QUERY_MAX);
	if (!text_is_utf8(text))
		return err_set_at(e, ERR_INPUT, 1, "the query is not UTF-8 text");
	words_init(&p.cut, scratch, sizeof(scratch));
	if (names && str_present(names->self))
		p.watches[p.n_watches++] = names->self;
	/* node 0 is kept free: no child has that number, so `next` 0 is the end */
	parser_add_node(&p, (struct node){ 0 });
	if (parser_add_chunk(&p, text) || parser_read(&p, &root))
		return -1;
	*ret_query = pack(&p, root);
	return 0;
}

int query_parse(struct str text, struct query **ret_query, struct err *e)
{
	return query_parse_named(text, NULL, ret_query, e);
}

bool query_name(const struct query *q, size_t *pos, enum query_name *ret_kind, struct str *ret_name)
{
	struct str rest = str_from(query_asked(q), *pos), one;

	if (str_empty(rest) || !str_split(&rest, '\n', &one))
		return false;
	*pos += one.len + 1;
	*ret_kind = one.p[0] == (char)QUERY_WATCH ? QUERY_WATCH : QUERY_PERSON;
	*ret_name = str_from(one, 1);
	return true;
}
