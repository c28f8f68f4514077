/* SPDX-License-Identifier: ISC */
/*
 * What X can be asked for a query: a rule of its filtered stream that finds all that the query finds, and more where X
 * has no word for a part of it (docs.x.com, filtered stream: build a rule, operators; 2026-08).
 */
#include "base/text.h"
#include "explain.h"
#include "match/match.h"
#include "ops.h"

#define HANDLE_MAX 20 /* help.x.com, username rules: 15, older ones are longer */

/* How much X can be told of a part. */
enum said {
	SAID_NOTHING, /* it finds posts that X cannot be asked for */
	SAID_BESIDE,  /* it narrows a rule that asks for something else too */
	SAID_ALONE
};

struct rule {
	const struct query *q;
	struct strbuf *out;  /* one rule */
	struct strbuf *left; /* what X has no word for */
};

static void leave(struct rule *r, const struct node *n)
{
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(2 * QUERY_MAX);

	if (n->kind <= NODE_FACT)
		explain_term(r->q, n, &text);
	else
		strbuf_adds(&text, n->kind == NODE_NOT ? "negations but those of from:, lang:, is:reply, is:repost and is:quote"
		                                       : "parts that stand for nothing alone");
	if (str_find(strbuf_str(r->left), strbuf_str(&text)) == STR_NPOS)
		strbuf_addf(r->left, "%s%s", r->left->len ? ", " : "", strbuf_cstr(&text));
}

/* --- terms -------------------------------------------------------------------------------------------- */

/* The term as the user wrote it, without the sign before it. */
static struct str bare(const struct query *q, const struct node *t)
{
	struct str s = str_trim(node_term(q, t));

	if (t->op == OP_AUTHOR_IS || t->op == OP_MENTION_IS)
		return str_from(s, str_chr(s, ':') + 1);
	while (!str_empty(s) && str_chr(STR("=#@$\""), s.p[0]) != STR_NPOS)
		s = str_from(s, 1);
	return s;
}

static bool is_name(struct str s, size_t max)
{
	for (size_t i = 0; i < s.len; i++)
		if (!char_is_alnum(s.p[i]) && s.p[i] != '_')
			return false;
	return s.len > 0 && s.len <= max;
}

static bool is_number(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!char_is_digit(s.p[i]))
			return false;
	return s.len > 0 && s.len <= 20;
}

static void add_quoted(struct rule *r, struct str s)
{
	bool plain = is_name(s, QUERY_MAX) && !str_eq_nocase(s, STR("or")) && !str_eq_nocase(s, STR("and"));

	strbuf_adds(r->out, plain ? "" : "\"");
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != '"' && s.p[i] != '\\')
			strbuf_addc(r->out, s.p[i]);
	strbuf_adds(r->out, plain ? "" : "\"");
}

/* A loose phrase finds all its words, wherever they stand. */
static void add_each_word(struct rule *r, struct str s)
{
	struct str piece;
	bool first = true;

	strbuf_addc(r->out, '(');
	while (str_split(&s, ' ', &piece)) {
		if (str_empty(piece))
			continue;
		strbuf_adds(r->out, first ? "" : " ");
		add_quoted(r, piece);
		first = false;
	}
	strbuf_addc(r->out, ')');
}

/* The stream distinguishes accents, we do not: what is written with them is asked for without them too. */
static void add_keyword(struct rule *r, const struct node *t)
{
	struct str s = bare(r->q, t), folded = term_word_text(r->q, &query_words(r->q)[t->word]);
	bool ascii = true;

	if (t->op == OP_NAME && t->n == 1)
		s = folded; /* run together */
	for (size_t i = 0; i < s.len; i++)
		ascii = ascii && (unsigned char)s.p[i] < 0x80;
	if (t->flags & TERM_LOOSE) {
		add_each_word(r, s);
	} else if (ascii || t->n > 1 || str_eq(s, folded)) {
		add_quoted(r, s);
	} else {
		strbuf_addc(r->out, '(');
		add_quoted(r, s);
		strbuf_adds(r->out, " OR ");
		add_quoted(r, folded);
		strbuf_addc(r->out, ')');
	}
}

static bool has_stars(const struct query *q, const struct node *t)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (query_words(q)[t->word + i].flags & TERM_WORD_WILD)
			return true;
	return false;
}

/* Which operator of X it is, and whether its value is one that X takes there. */
static const char *operator_of(const struct node *t, struct str value, enum said *ret)
{
	static const struct {
		uint8_t op, scope;
		const char *name;
		bool (*takes)(struct str s);
		enum said said;
	} operators[] = {
		{ OP_TAG, SCOPE_SELF, "#", NULL, SAID_ALONE },
		{ OP_DOLLAR, SCOPE_SELF, "$", NULL, SAID_ALONE },
		{ OP_AT, SCOPE_SELF, "@", NULL, SAID_ALONE },
		{ OP_MENTIONS, SCOPE_SELF, "@", NULL, SAID_ALONE },
		{ OP_FROM, SCOPE_SELF, "from:", NULL, SAID_ALONE },
		{ OP_FROM, 2u << RELATION_PARENT, "to:", NULL, SAID_ALONE },
		{ OP_FROM, 2u << RELATION_REPOSTED, "retweets_of:", NULL, SAID_ALONE },
		{ OP_AUTHOR_IS, SCOPE_SELF, "from:", NULL, SAID_ALONE },
		{ OP_AUTHOR_IS, 2u << RELATION_PARENT, "to:", NULL, SAID_ALONE },
		{ OP_AUTHOR_IS, 2u << RELATION_REPOSTED, "retweets_of:", NULL, SAID_ALONE },
		{ OP_MENTION_IS, SCOPE_SELF, "@", NULL, SAID_ALONE },
		{ OP_LANG, SCOPE_SELF, "lang:", NULL, SAID_BESIDE },
		{ OP_CONVERSATION, SCOPE_SELF, "conversation_id:", is_number, SAID_ALONE },
		{ OP_REPLY_TO, SCOPE_SELF, "in_reply_to_tweet_id:", is_number, SAID_ALONE },
		{ OP_REPOST_OF, SCOPE_SELF, "retweets_of_tweet_id:", is_number, SAID_ALONE },
	};

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (operators[i].op == t->op && operators[i].scope == t->scope) {
			bool fits = operators[i].takes ? operators[i].takes(value) : is_name(value, HANDLE_MAX * 5);
			*ret = operators[i].said;
			return fits ? operators[i].name : NULL;
		}
	return NULL;
}

static enum said say_term(struct rule *r, const struct node *t)
{
	struct str value = bare(r->q, t);
	enum said said = SAID_NOTHING;

	if (has_stars(r->q, t) || (t->flags & TERM_ANY) || str_empty(value))
		return SAID_NOTHING;
	if ((t->op == OP_WORD || t->op == OP_TEXT || t->op == OP_NAME) && t->scope == SCOPE_SELF) {
		add_keyword(r, t);
		return SAID_ALONE;
	}
	if ((t->op == OP_URL || t->op == OP_DOMAIN) && t->scope == SCOPE_SELF) {
		strbuf_adds(r->out, "url:\"");
		strbuf_add(r->out, str_slice(value, 0, str_chr(value, '"')));
		strbuf_addc(r->out, '"');
		return SAID_ALONE;
	}
	const char *name = operator_of(t, value, &said);
	if (name == NULL)
		return SAID_NOTHING;
	strbuf_addf(r->out, "%s%.*s", name, STR_ARG(value));
	return said;
}

static enum said say_fact(struct rule *r, const struct node *t)
{
	static const struct {
		uint8_t fact;
		const char *name;
	} facts[] = {
		{ FACT_REPLY, "is:reply" }, { FACT_REPOST, "is:retweet" }, { FACT_RETWEET, "is:retweet" },
		{ FACT_QUOTE, "is:quote" },
		{ FACT_LINKS, "has:links" }, { FACT_MENTIONED, "has:mentions" }, { FACT_HASHTAGS, "has:hashtags" },
		{ FACT_CASHTAGS, "has:cashtags" },
	};

	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]) && t->scope == SCOPE_SELF; i++)
		if (facts[i].fact == t->op) {
			strbuf_adds(r->out, facts[i].name);
			return SAID_BESIDE;
		}
	return SAID_NOTHING;
}

/* --- the tree ----------------------------------------------------------------------------------------- */

static enum said say(struct rule *r, const struct node *n, bool one_of_many);

/* X would have to leave out no more than we do: true of what both understand alike. */
static enum said say_not(struct rule *r, const struct node *n)
{
	const struct node *c = node_child(r->q, n);
	bool alike = (c->kind == NODE_TERM && (c->op == OP_FROM || c->op == OP_LANG) && c->scope == SCOPE_SELF) ||
	             (c->kind == NODE_FACT && (c->op == FACT_REPLY || c->op == FACT_REPOST || c->op == FACT_RETWEET ||
	                                       c->op == FACT_QUOTE));

	strbuf_addc(r->out, '-');
	return alike && say(r, c, false) != SAID_NOTHING ? SAID_BESIDE : SAID_NOTHING;
}

static enum said say_all(struct rule *r, const struct node *n)
{
	enum said said = SAID_NOTHING;
	size_t start = r->out->len;

	for (const struct node *c = node_child(r->q, n); c; c = node_next(r->q, c)) {
		size_t before = r->out->len;

		strbuf_adds(r->out, before > start ? " " : "");
		enum said part = say(r, c, false);
		if (part == SAID_NOTHING)
			strbuf_truncate(r->out, before);
		said = part > said ? part : said;
	}
	return said;
}

/* An account of a person that is not on X; what is also found by its id has the handle beside it, under which X knows it. */
static bool is_elsewhere(const struct rule *r, const struct node *n)
{
	struct str s = node_term(r->q, n);

	return n->kind == NODE_TERM && (n->op == OP_AUTHOR_IS || n->op == OP_MENTION_IS) &&
	       (!str_starts_nocase(s, STR("x:")) || n->number == ACCOUNT_BY_ID);
}

static enum said say_any(struct rule *r, const struct node *n)
{
	enum said said = SAID_ALONE;
	bool first = true;

	strbuf_addc(r->out, '(');
	for (const struct node *c = node_child(r->q, n); c && said != SAID_NOTHING; c = node_next(r->q, c)) {
		if (is_elsewhere(r, c))
			continue;
		strbuf_adds(r->out, first ? "" : " OR ");
		enum said part = say(r, c, true);
		said = part < said ? part : said;
		first = false;
	}
	strbuf_addc(r->out, ')');
	return first ? SAID_NOTHING : said;
}

static enum said say_node(struct rule *r, const struct node *n, bool one_of_many)
{
	switch ((enum node_kind)n->kind) {
	case NODE_TERM:
		return say_term(r, n);
	case NODE_FACT:
		return say_fact(r, n);
	case NODE_NOT:
		return one_of_many ? SAID_NOTHING : say_not(r, n);
	case NODE_OR:
		return say_any(r, n);
	case NODE_AND:
	case NODE_NEAR:
	case NODE_SENTENCE:
	case NODE_TIMES:
		return n->scope != SCOPE_SELF && n->kind != NODE_AND ? SAID_NOTHING : say_all(r, n);
	case NODE_REGEX:
		break;
	}
	return SAID_NOTHING;
}

/* Writes the part, or leaves it out. */
static enum said say(struct rule *r, const struct node *n, bool one_of_many)
{
	size_t before = r->out->len;
	bool group = one_of_many && n->kind >= NODE_AND && n->kind != NODE_OR;

	strbuf_adds(r->out, group ? "(" : "");
	enum said said = say_node(r, n, one_of_many);
	strbuf_adds(r->out, group ? ")" : "");
	if (said != SAID_NOTHING)
		return said;
	strbuf_truncate(r->out, before);
	if (n->kind <= NODE_FACT || n->kind == NODE_NOT)
		leave(r, n);
	return said;
}

static int refuse(const struct rule *r, struct err *e)
{
	return err_set(e, ERR_INPUT, "X cannot be asked for it: it needs a word, a phrase, #tag, @name, $symbol, from:, to:, url: "
	               "or the like that every post must have%s%s", r->left->len ? "; X has no word for " : "",
	               r->left->len ? strbuf_cstr(r->left) : "");
}

/* One rule for each alternative: together they find what the query finds. */
int query_rules(const struct query *q, size_t rule_max, void (*each)(void *ctx, struct str rule), void *ctx, struct err *e)
{
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(8 * QUERY_MAX), left = STRBUF_INIT(4 * QUERY_MAX);
	struct rule r = { .q = q, .out = &out, .left = &left };
	bool many = q->nodes[0].kind == NODE_OR, any = false;

	for (const struct node *n = many ? node_child(q, q->nodes) : q->nodes; n; n = many ? node_next(q, n) : NULL) {
		strbuf_reset(&out);
		if (many && is_elsewhere(&r, n))
			continue;
		if (say(&r, n, false) != SAID_ALONE)
			return refuse(&r, e);
		if (out.len > rule_max)
			return err_set(e, ERR_INPUT, "as a rule of X it takes %zu bytes, and X takes %zu: make it shorter, or two "
			               "watches of it", out.len, rule_max);
		if (each != NULL)
			each(ctx, strbuf_str(&out));
		any = true;
	}
	return any ? 0 : refuse(&r, e);
}
