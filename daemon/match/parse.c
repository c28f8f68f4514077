/* SPDX-License-Identifier: ISC */
/* From a query's tokens to its tree: NEAR binds tightest, then - and NOT, AND, OR. */
#include "base/mem.h"
#include "base/text.h"
#include "base/vec.h"
#include "lex.h"
#include "ops.h"
#include "regex.h"
#include "stem.h"

#define FOLDED_MAX ((size_t)UINT16_MAX) /* QUERY_MAX of anything makes less, see query.h */

struct parser {
	struct lexer lex;
	int depth;
	unsigned scope;       /* of the terms to come */
	size_t n_terms;
	VEC(struct node) nodes;
	VEC(struct term_word) words;
	VEC(struct regex *) regexes;
	struct strbuf folded; /* of all terms, with their stars */
	struct words cut;     /* the words of all terms, without their stars */
};

/* --- terms ----------------------------------------------------------------------------------------------------------- */

static uint16_t add_node(struct parser *p, struct node n)
{
	vec_push(&p->nodes, n);
	return (uint16_t)(p->nodes.n - 1);
}

/* The longest word that must stand as it is: looked up first. */
static uint16_t pivot_of(const struct parser *p, const struct node *t)
{
	uint16_t best = t->n;

	for (uint16_t i = 0; i < t->n; i++) {
		const struct term_word *w = &p->words.v[t->word + i];

		if (!(w->flags & TERM_WORD_WILD) && (best == t->n || w->len > p->words.v[t->word + best].len))
			best = i;
	}
	return best;
}

static bool is_star(struct str text, size_t at)
{
	return at < text.len && text.p[at] == '*';
}

/* Each star stands for letters of a word that it touches. */
static int check_stars(struct parser *p, struct str text, const struct word *w, size_t n)
{
	size_t at = (size_t)(text.p - p->lex.text.p);

	for (size_t i = 0; i < text.len; i++) {
		bool before = false, behind = false, spaceless = false;

		if (text.p[i] != '*')
			continue;
		for (size_t k = 0; k < n; k++) {
			before |= w[k].end == i;
			behind |= w[k].start == i + 1;
			spaceless |= (w[k].end == i || w[k].start == i + 1) && (w[k].flags & WORD_CHAR);
		}
		if ((!before && !behind) || is_star(text, i + 1))
			return lex_fail_at(&p->lex, at + i, "found *, expected a letter or digit before the * or behind it");
		if (before && behind && spaceless)
			return lex_fail_at(&p->lex, at + i, "found * in a script without spaces, "
				"expected NEAR between the two parts");
	}
	return 0;
}

/* One word of the term, with the stars that touch it; what a star joins to the one before becomes part of that. */
static void add_word(struct parser *p, struct str text, const struct word *w, bool first)
{
	bool starred = w->start > 0 && is_star(text, w->start - 1), open = is_star(text, w->end);
	bool joined = starred && !first && w[-1].end + 1 == w->start;
	struct term_word new = { .hash = w->hash, .at = (uint16_t)p->folded.len, .flags = w->flags & (WORD_GLUED | WORD_CHAR) };

	if (joined)
		new = p->words.v[--p->words.n];
	else if (starred)
		strbuf_addc(&p->folded, '*');
	strbuf_add(&p->folded, word_text(&p->cut, w));
	if (open)
		strbuf_addc(&p->folded, '*');
	if (starred || open)
		new.flags |= TERM_WORD_WILD;
	new.len = (uint16_t)(p->folded.len - new.at);
	vec_push(&p->words, new);
}

/* The words as they are written, for =Exact. */
static void add_raw_words(struct parser *p, struct str text, const struct word *w, size_t n)
{
	size_t at = (size_t)(text.p - p->lex.text.p), start = 0;

	for (size_t i = 0; i < n; i++) {
		size_t end = w[i].end + is_star(text, w[i].end);

		if (i == 0 || !is_star(text, w[i - 1].end) || w[i - 1].end + 1 != w[i].start)
			start = w[i].start - (w[i].start > 0 && is_star(text, w[i].start - 1));
		else
			p->words.n--;
		vec_push(&p->words, ((struct term_word){ .at = (uint16_t)(at + start), .len = (uint16_t)(end - start),
							 .flags = TERM_WORD_RAW }));
	}
}

static int add_words(struct parser *p, const struct token *t, struct node *n)
{
	struct str text = t->text;
	size_t from = p->cut.n;
	bool open = t->open;

	if (n->op == OP_TAG && is_star(text, text.len - 1)) { /* a tag is one word without what stands between its letters */
		text.len--;
		open = true;
	}
	(n->op == OP_TAG ? words_add_joined : words_add)(&p->cut, text, FIELD_OF_TEXT, 0);
	const struct word *w = p->cut.v + from;
	size_t count = p->cut.n - from;
	if (check_stars(p, text, w, count) != 0)
		return -1;
	if (count == 0)
		return lex_fail_expected(&p->lex, "a letter or digit to look for");
	for (size_t i = 0; i < count; i++)
		add_word(p, text, &w[i], i == 0);
	if (open) {
		struct term_word *last = &p->words.v[p->words.n - 1];

		strbuf_addc(&p->folded, '*');
		last->len++;
		last->flags |= TERM_WORD_WILD;
	}
	n->n = (uint16_t)(p->words.n - n->word);
	if (n->flags & TERM_EXACT)
		add_raw_words(p, text, w, count);
	return 0;
}

/* The word's stem in each language. */
static int add_stems(struct parser *p, const struct token *t, struct node *n)
{
	size_t from = p->cut.n;

	words_add(&p->cut, t->text, FIELD_OF_TEXT, 0);
	if (p->cut.n != from + 1 || (p->cut.v[from].flags & WORD_CHAR) || str_chr(t->text, '*') != STR_NPOS || t->exact)
		return lex_fail_at(&p->lex, t->at, "expected one word, of a script with spaces, after stem:");
	from = p->cut.n;
	stem_variants(&p->cut, t->text);
	for (size_t i = from; i < p->cut.n; i++)
		add_word(p, STR(""), &p->cut.v[i], true);
	n->n = (uint16_t)(p->words.n - n->word);
	n->flags |= TERM_ANY;
	return 0;
}

static int add_term(struct parser *p, enum op_id op, const struct token *t, uint16_t *ret)
{
	struct node n = { .kind = NODE_TERM, .op = (uint8_t)op, .scope = (uint8_t)p->scope, .number = (uint8_t)t->number,
			  .word = (uint16_t)p->words.n, .flags = (t->exact ? TERM_EXACT : 0) | (t->loose ? TERM_LOOSE : 0),
			  .term_at = (uint16_t)(t->term.p - p->lex.text.p), .term_len = (uint16_t)t->term.len };

	if (++p->n_terms > QUERY_TERMS_MAX)
		return lex_fail_at(&p->lex, t->at, "more than %d words and phrases, expected fewer", QUERY_TERMS_MAX);
	if (t->loose && ops[op].group != GROUP_TEXT)
		return lex_fail_expected(&p->lex, "~ only behind phrases of the text");
	if ((op == OP_STEM ? add_stems : add_words)(p, t, &n) != 0)
		return -1;
	if (p->folded.toobig)
		return lex_fail_at(&p->lex, t->at, "the query grows too large here, expected fewer words");
	if (t->loose && n.n > QUERY_LOOSE_WORDS_MAX)
		return lex_fail_at(&p->lex, t->at, "found %u words, expected at most %d before ~", n.n, QUERY_LOOSE_WORDS_MAX);
	n.pivot = pivot_of(p, &n);
	*ret = add_node(p, n);
	return 0;
}

static int parse_term(struct parser *p, enum op_id op, uint16_t *ret)
{
	return add_term(p, op, &p->lex.token, ret) ? -1 : lex_next(&p->lex, false);
}

static int parse_regex(struct parser *p, enum op_id op, uint16_t *ret)
{
	const struct token *t = &p->lex.token;
	struct regex_error why;
	struct regex *r = regex_new(t->text.p, t->text.len, t->flags.p, t->flags.len, &why);

	if (r == NULL)
		return lex_fail_at(&p->lex, t->at + 1 + why.at, "regular expression: %s", why.why);
	vec_push(&p->regexes, r);
	if (++p->n_terms > QUERY_TERMS_MAX || p->regexes.n > QUERY_REGEXES_MAX)
		return lex_fail_at(&p->lex, t->at, "more than %d regular expressions, expected fewer", QUERY_REGEXES_MAX);
	*ret = add_node(p, (struct node){ .kind = NODE_REGEX, .op = (uint8_t)op, .scope = (uint8_t)p->scope,
					  .word = (uint16_t)(p->regexes.n - 1), .term_at = (uint16_t)(t->term.p - p->lex.text.p),
					  .term_len = (uint16_t)t->term.len });
	return lex_next(&p->lex, false);
}

/* --- parser ---------------------------------------------------------------------------------------------------------- */

static int parse_or(struct parser *p, enum op_id op, uint16_t *ret);

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
		*ret = add_node(p, (struct node){ .kind = NODE_FACT, .op = o->id });
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
	vec_push(&p->words, ((struct term_word){ .hash = (uint64_t)from }));
	vec_push(&p->words, ((struct term_word){ .hash = (uint64_t)to }));
	*ret = add_node(p, n);
	return 0;
}

/* from:x:elonmusk is from:elonmusk platform:x; true if the value is so, which then stands without the platform. */
static bool split_platform(struct parser *p, enum op_id op, struct str *ret_platform)
{
	static const char *const schemes[] = { "did", "http", "https", "at", "acct" };
	struct token *t = &p->lex.token;
	size_t n = 0;

	if (ops[op].group != GROUP_AUTHOR && ops[op].group != GROUP_MENTION)
		return false;
	while (n < t->text.len && (char_is_alnum(t->text.p[n]) || t->text.p[n] == '_'))
		n++;
	if (n == 0 || n + 1 >= t->text.len || t->text.p[n] != ':')
		return false;
	*ret_platform = str_slice(t->text, 0, n);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (str_eq_nocase(*ret_platform, str_c(schemes[i])))
			return false;
	t->text = t->term = str_from(t->text, n + 1);
	return true;
}

/* A term that is told by an operator of names; may become two. */
static int parse_value(struct parser *p, enum op_id op, uint16_t *ret)
{
	static const char *const also[][2] = { { "twitter", "x" }, { "bsky", "bluesky" }, { "fediverse", "mastodon" } };
	struct str platform;

	if (op == OP_DOMAIN) { /* an address was pasted */
		struct str *text = &p->lex.token.text;
		size_t host = str_find(*text, STR("://"));

		*text = str_from(*text, host == STR_NPOS ? 0 : host + 3);
		*text = str_slice(*text, 0, str_chr(*text, '/'));
	}
	if (!split_platform(p, op, &platform))
		return parse_term(p, op, ret);
	struct token t = p->lex.token;
	t.text = t.term = platform;
	for (size_t i = 0; i < sizeof(also) / sizeof(also[0]); i++)
		if (str_eq_nocase(platform, str_c(also[i][0])))
			t.text = str_c(also[i][1]);
	uint16_t on, who;
	if (add_term(p, OP_PLATFORM, &t, &on) || parse_term(p, op, &who))
		return -1;
	p->nodes.v[who].next = on;
	*ret = add_node(p, (struct node){ .kind = NODE_AND, .child = who });
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
	if (o->kind != OPERATOR_WORDS) {
		struct token value = p->lex.token;

		result = o->kind == OPERATOR_FACT ? parse_fact(p, o->name, ret) : parse_range(p, o, name.at_least, ret);
		if (result != 0)
			return -1;
		struct node *n = &p->nodes.v[*ret];
		n->scope = (uint8_t)scope;
		n->term_at = (uint16_t)name.at;
		n->term_len = (uint16_t)((size_t)(value.text.p - p->lex.text.p) + value.text.len - name.at);
		return lex_next(&p->lex, false);
	}
	p->scope = o->scope ? o->scope : scope;
	if (p->lex.token.kind == TOKEN_OPEN) {
		p->lex.names = ops[o->id].group != GROUP_TEXT && ops[o->id].group != GROUP_TAG;
		result = parse_group(p, o->id, ret);
	} else if (p->lex.token.kind == TOKEN_REGEX) {
		result = parse_regex(p, o->id, ret);
	} else {
		result = parse_value(p, o->id, ret);
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
	*ret = add_node(p, (struct node){ .kind = NODE_SENTENCE, .scope = (uint8_t)p->scope, .child = child });
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
	*ret = add_node(p, (struct node){ .kind = NODE_TIMES, .scope = (uint8_t)p->scope, .number = (uint8_t)number,
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
	*ret = add_node(p, (struct node){ .kind = NODE_NOT, .child = child });
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
		return parse_value(p, op != OP_WORD ? op : p->lex.token.op, ret);
	case TOKEN_PHRASE:
		return parse_value(p, op, ret);
	case TOKEN_REGEX:
		return parse_regex(p, op, ret);
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
		left = add_node(p, (struct node){ .kind = NODE_NEAR, .scope = (uint8_t)p->scope, .number = (uint8_t)t.number,
						  .child = left, .flags = t.ordered ? NEAR_ORDERED : 0 });
	}
	*ret = left;
	return 0;
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
		if (p->lex.token.kind != TOKEN_OR)
			break;
		if (lex_next(&p->lex, false))
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

static struct query *pack(struct parser *p, uint16_t root)
{
	size_t words_at = sizeof(struct query) + (p->nodes.n - 1) * sizeof(struct node); /* without the free one */
	size_t words = p->words.n * sizeof(struct term_word);

	words_at += -words_at % _Alignof(struct term_word);
	char *block = mem_alloc(words_at + words + p->folded.len + p->lex.text.len);
	struct query *q = (struct query *)(void *)block;
	char *folded = block + words_at + words, *text = folded + p->folded.len;

	memcpy(block + words_at, p->words.v, words);
	memcpy(folded, strbuf_cstr(&p->folded), p->folded.len);
	memcpy(text, p->lex.text.p, p->lex.text.len);
	q->words = (const struct term_word *)(const void *)(block + words_at);
	q->folded = folded;
	q->text = text;
	q->text_len = (uint16_t)p->lex.text.len;
	q->n_words = (uint16_t)p->words.n;
	q->regexes = p->regexes.v;
	q->n_regexes = (uint16_t)p->regexes.n;
	p->regexes.v = NULL; /* they are the query's now */
	p->regexes.n = 0;
	(void)pack_node(p, root, q);
	return q;
}

static int parse(struct parser *p, struct query **ret_query)
{
	uint16_t root;

	if (lex_next(&p->lex, false))
		return -1;
	if (p->lex.token.kind == TOKEN_END)
		return lex_fail_at(&p->lex, 0, "the query is empty, expected a word, a phrase or an operator");
	/* node 0 is kept free: no child has that number, so `next` 0 is the end */
	add_node(p, (struct node){ 0 });
	if (parse_or(p, OP_WORD, &root))
		return -1;
	if (p->lex.token.kind != TOKEN_END)
		return lex_fail_expected(&p->lex, "no ) without its (");
	*ret_query = pack(p, root);
	return 0;
}

int query_parse(struct str text, struct query **ret_query, struct err *e)
{
	struct parser p = { .lex = { .text = text, .e = e }, .scope = SCOPE_SELF, .folded = STRBUF_INIT(FOLDED_MAX) };

	if (text.len > QUERY_MAX)
		return err_set_at(e, ERR_INPUT, 1, "%zu bytes, expected at most %d", text.len, QUERY_MAX);
	if (!text_is_utf8(text))
		return err_set_at(e, ERR_INPUT, 1, "the query is not UTF-8 text");
	words_init(&p.cut, NULL, 0);
	int result = parse(&p, ret_query);
	words_release(&p.cut);
	strbuf_release(&p.folded);
	vec_free(&p.nodes);
	for (size_t i = 0; i < p.regexes.n; i++)
		regex_free(p.regexes.v[i]);
	vec_free(&p.regexes);
	vec_free(&p.words);
	return result;
}
