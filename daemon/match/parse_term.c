/* SPDX-License-Identifier: ISC */
/* From tokens to terms: words with their stars, stems, regular expressions, accounts. */
#include "base/text.h"
#include "forms.h"
#include "parse.h"
#include "regex.h"
#include "stem.h"

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
static int check_stars(struct parser *p, const struct token *t, struct str text, const struct word *w, size_t n)
{
	struct str all = p->lex.text;
	size_t at = text.p >= all.p && text.p <= all.p + all.len ? (size_t)(text.p - all.p) : t->at;


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
	size_t at = parser_text_at(p, text), start = 0;

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
	if (check_stars(p, t, text, w, count) != 0)
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

int parser_add_term(struct parser *p, enum op_id op, const struct token *t, uint16_t *ret)
{
	struct node n = { .kind = NODE_TERM, .op = (uint8_t)op, .scope = (uint8_t)p->scope, .number = (uint8_t)t->number,
			  .word = (uint16_t)p->words.n, .flags = (t->exact ? TERM_EXACT : 0) | (t->loose ? TERM_LOOSE : 0),
			  .term_at = parser_text_at(p, t->term), .term_len = (uint16_t)t->term.len };

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
	*ret = parser_add_node(p, n);
	return 0;
}

/* The forms of one word of a name, the first of which begins the next place. */
static void add_forms(struct parser *p, struct str word, bool alone)
{
	size_t from = p->cut.n;

	forms_add(&p->cut, word, alone);
	for (size_t i = from; i < p->cut.n; i++) {
		const struct word *w = &p->cut.v[i];

		vec_push(&p->words, ((struct term_word){ .hash = w->hash, .at = (uint16_t)p->folded.len, .len = (uint16_t)w->len,
			.flags = (i == from ? TERM_WORD_NEXT : 0) | (w->flags & FORM_FOREIGN ? TERM_WORD_FOREIGN : 0) }));
		strbuf_add(&p->folded, word_text(&p->cut, w));
	}
}

static void add_inflected(struct parser *p, struct node n, const struct words *cut, struct children *c)
{
	uint16_t longest = 0;

	n.word = (uint16_t)p->words.n;
	n.flags = TERM_NAME;
	for (size_t i = 0; i < cut->n; i++) {
		if (cut->v[i].len > longest) {
			longest = (uint16_t)cut->v[i].len;
			n.pivot = (uint16_t)(p->words.n - n.word);
		}
		add_forms(p, word_text(cut, &cut->v[i]), cut->n == 1);
	}
	n.n = (uint16_t)(p->words.n - n.word);
	vec_push(&c->list, parser_add_node(p, n));
}

static void add_run_together(struct parser *p, struct node n, struct str name, struct children *c)
{
	size_t from = p->cut.n;

	words_add_joined(&p->cut, name, FIELD_OF_TEXT, 0);
	n.word = (uint16_t)p->words.n;
	n.n = 1;
	add_word(p, STR(""), &p->cut.v[from], true);
	vec_push(&c->list, parser_add_node(p, n));
}

/* Of a script without spaces it is a phrase like others: there nothing is inflected. */
int parser_add_name(struct parser *p, const struct token *t, struct children *c)
{
	struct node n = { .kind = NODE_TERM, .op = OP_NAME, .scope = (uint8_t)p->scope, .term_at = parser_text_at(p, t->term),
			  .term_len = (uint16_t)t->term.len };
	AUTO(words) struct words cut;
	bool spaceless = false;
	uint16_t child;

	words_init(&cut, NULL, 0);
	words_add(&cut, t->text, FIELD_OF_TEXT, 0);
	for (size_t i = 0; i < cut.n; i++)
		spaceless |= (cut.v[i].flags & WORD_CHAR) != 0;
	if (spaceless || cut.n == 0) {
		if (parser_add_term(p, OP_NAME, t, &child) != 0)
			return -1;
		vec_push(&c->list, child);
		return 0;
	}
	p->n_terms += cut.n > 1 ? 2 : 1;
	add_inflected(p, n, &cut, c);
	if (cut.n > 1)
		add_run_together(p, n, t->text, c);
	if (p->n_terms > QUERY_TERMS_MAX)
		return lex_fail_at(&p->lex, t->at, "more than %d words and phrases, expected fewer", QUERY_TERMS_MAX);
	if (p->folded.toobig)
		return lex_fail_at(&p->lex, t->at, "the query grows too large here, expected fewer words");
	return 0;
}

int parser_add_regex(struct parser *p, enum op_id op, const struct token *t, uint16_t *ret)
{
	struct regex_error why;
	struct regex *r = regex_new(t->text.p, t->text.len, t->flags.p, t->flags.len, &why);

	if (r == NULL)
		return lex_fail_at(&p->lex, t->at + 1 + why.at, "regular expression: %s", why.why);
	vec_push(&p->regexes, r);
	if (++p->n_terms > QUERY_TERMS_MAX || p->regexes.n > QUERY_REGEXES_MAX)
		return lex_fail_at(&p->lex, t->at, "more than %d regular expressions, expected fewer", QUERY_REGEXES_MAX);
	*ret = parser_add_node(p, (struct node){ .kind = NODE_REGEX, .op = (uint8_t)op, .scope = (uint8_t)p->scope,
						 .word = (uint16_t)(p->regexes.n - 1), .term_at = parser_text_at(p, t->term),
						 .term_len = (uint16_t)t->term.len });
	return 0;
}

/* from:x:elonmusk is from:elonmusk platform:x; true if the value is so, which then stands without the platform. */
static bool split_platform(enum op_id op, struct token *t, struct str *ret_platform)
{
	static const char *const schemes[] = { "did", "http", "https", "at", "acct" };
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

struct str match_platform(struct str name)
{
	static const char *const also[][2] = { { "twitter", "x" }, { "bsky", "bluesky" }, { "fediverse", "mastodon" } };

	for (size_t i = 0; i < sizeof(also) / sizeof(also[0]); i++)
		if (str_eq_nocase(name, str_c(also[i][0])))
			return str_c(also[i][1]);
	return name;
}

static int add_on_platform(struct parser *p, enum op_id op, const struct token *t, struct str platform, uint16_t *ret)
{
	struct token on = { .kind = TOKEN_WORD, .at = t->at, .text = match_platform(platform),
			    .term = platform };
	AUTO(children) struct children c = { 0 };
	uint16_t child;

	if (parser_add_term(p, op, t, &child))
		return -1;
	vec_push(&c.list, child);
	if (parser_add_term(p, OP_PLATFORM, &on, &child))
		return -1;
	vec_push(&c.list, child);
	*ret = parser_add_list(p, NODE_AND, &c);
	return 0;
}

int parser_add_value(struct parser *p, enum op_id op, const struct token *t, uint16_t *ret)
{
	struct token value = *t;
	struct str platform;

	if (parser_is_person(p, op, t))
		return parser_add_person(p, op, t, ret);
	if (op == OP_DOMAIN) { /* an address was pasted */
		size_t host = str_find(value.text, STR("://"));

		value.text = str_from(value.text, host == STR_NPOS ? 0 : host + 3);
		value.text = str_slice(value.text, 0, str_chr(value.text, '/'));
	}
	if (split_platform(op, &value, &platform))
		return add_on_platform(p, op, &value, platform, ret);
	return parser_add_term(p, op, &value, ret);
}
