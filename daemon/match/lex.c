/* SPDX-License-Identifier: ISC */
/* From a query's text to tokens. */
#include "lex.h"

#include "base/num.h"
#include "base/text.h"

/* --- errors ---------------------------------------------------------------------------------------------------------- */

int lex_column(const struct lexer *l, size_t at)
{
	return (int)text_count(str_slice(l->text, 0, at)) + 1;
}

int lex_fail_expected(struct lexer *l, const char *expected)
{
	const struct token *t = &l->token;
	size_t end = l->pos > t->at ? l->pos : t->at;
	struct str found = text_cut(str_slice(l->text, t->at, end), LEX_SHOWN_MAX);

	if (t->at >= l->text.len)
		return lex_fail_at(l, t->at, "the query ends here, expected %s", expected);
	if (t->kind == TOKEN_END)
		return lex_fail_at(l, t->at, "found a space, expected %s", expected);
	return lex_fail_at(l, t->at, "found %.*s, expected %s", STR_ARG(found), expected);
}

static int unknown_operator(struct lexer *l, size_t at, struct str name)
{
	const char *names[OPERATORS_MAX];
	size_t n = 0, i;
	const struct operator *o;

	for (i = 0; (o = operator_at(i)) != NULL; i++)
		if (char_is_alpha(o->name[0]) && o->kind != OPERATOR_REFUSED && (n == 0 || strcmp(names[n - 1], o->name) != 0))
			names[n++] = o->name;
	int near = str_nearest(name, names, n);
	AUTO(strbuf) struct strbuf all = STRBUF_INIT(1024);
	for (i = 0; i < n && operator_find(str_c(names[i]))->kind != OPERATOR_SAME; i++)
		strbuf_addf(&all, "%s%s:", i ? " " : "", names[i]);
	name = text_cut(name, LEX_SHOWN_MAX);
	if (near >= 0)
		return lex_fail_at(l, at, "unknown operator %.*s:, did you mean %s:? (to look for the text, write it in quotes)",
			STR_ARG(name), names[near]);
	return lex_fail_at(l, at, "unknown operator %.*s:, expected one of %s (to look for the text, write it in quotes)",
		STR_ARG(name), strbuf_cstr(&all));
}

/* --- characters ------------------------------------------------------------------------------------------------------ */

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

static uint32_t peek(const struct lexer *l, size_t pos, size_t *ret_next)
{
	size_t next = pos;
	uint32_t c = text_next(l->text, &next);

	*ret_next = next;
	return c;
}

static bool at_border(const struct lexer *l, size_t pos)
{
	size_t next;

	if (pos >= l->text.len)
		return true;
	uint32_t c = peek(l, pos, &next);
	return is_space(c) || is_quote(c) || c == '(' || c == ')';
}

bool lex_at_space(const struct lexer *l)
{
	size_t next;

	return l->pos >= l->text.len || is_space(peek(l, l->pos, &next));
}

/* Digits at `pos`, a number of 0..NUMBER_MAX; *ret_end lies behind them.  False if it is none. */
static bool read_number(const struct lexer *l, size_t pos, unsigned *ret, size_t *ret_end)
{
	uint64_t n = 0;
	size_t end = pos;

	while (end < l->text.len && char_is_digit(l->text.p[end]))
		end++;
	*ret_end = end;
	if (!num_u64(str_slice(l->text, pos, end), &n) || n > QUERY_NUMBER_MAX)
		return false;
	*ret = (unsigned)n;
	return true;
}

/* --- tokens ---------------------------------------------------------------------------------------------------------- */

/* What may stand behind a closing quotation mark: * or ~number. */
static int lex_behind_phrase(struct lexer *l, struct token *t)
{
	size_t end;

	if (l->pos >= l->text.len)
		return 0;
	if (l->text.p[l->pos] == '*') {
		if (t->exact)
			return lex_fail_at(l, l->pos, "found *, expected it before the quotation mark");
		t->open = true;
		l->pos++;
	} else if (l->text.p[l->pos] == '~') {
		t->loose = true;
		if (!read_number(l, l->pos + 1, &t->number, &end))
			return lex_fail_at(l, l->pos + 1, "expected a number of words from 0 to %d directly after ~",
				QUERY_NUMBER_MAX);
		l->pos = end;
	}
	return 0;
}

static int lex_phrase(struct lexer *l, size_t from, struct token *t)
{
	size_t pos = from, next = from;
	uint32_t c = 0;

	while (pos < l->text.len && !is_quote(c = peek(l, pos, &next)))
		pos = next;
	if (pos >= l->text.len)
		return lex_fail_at(l, t->at, "this quotation mark is never closed, expected another one");
	t->kind = TOKEN_PHRASE;
	t->text = t->term = str_slice(l->text, from, pos);
	l->pos = next;
	return lex_behind_phrase(l, t);
}

/* "name:" at the start of a word; its length without the colon, or 0. */
static size_t operator_name(struct str word)
{
	size_t n = 0;

	while (n < word.len && (char_is_alpha(word.p[n]) || word.p[n] == '_'))
		n++;
	return n < word.len && word.p[n] == ':' ? n : 0;
}

static int lex_operator(struct lexer *l, struct str word, size_t name_len, struct token *t)
{
	struct str name = str_slice(word, 0, name_len);

	if (str_starts(str_from(word, name_len), STR("://")))
		return lex_fail_at(l, t->at, "found a web address, expected a word (write url:%.*s, without the scheme)",
			STR_ARG(text_cut(str_from(word, name_len + 3), LEX_SHOWN_MAX)));
	const struct operator *o = operator_find(name);
	if (o == NULL)
		return unknown_operator(l, t->at, name);
	if (o->kind == OPERATOR_REFUSED)
		return lex_fail_at(l, t->at, "%s: is not to be had: %s", o->name, o->help);
	t->kind = TOKEN_OP;
	t->at_least = o->kind == OPERATOR_SAME && str_starts(str_c(o->name), STR("min_"));
	t->named = o->kind == OPERATOR_SAME ? operator_find(str_c(o->value)) : o;
	l->pos = t->at + name_len + 1;
	return 0;
}

/* NEAR, NEAR/5, ONEAR, ONEAR/5: true if the word is one of them, or wants to be. */
static bool is_near(struct str word)
{
	struct str s = str_starts(word, STR("O")) ? str_from(word, 1) : word;

	return str_eq(s, STR("NEAR")) || str_starts(s, STR("NEAR/"));
}

static int lex_near(struct lexer *l, struct str word, struct token *t)
{
	size_t slash = str_chr(word, '/'), end = l->pos;

	t->kind = TOKEN_NEAR;
	t->ordered = word.p[0] == 'O';
	t->number = QUERY_NEAR_DEFAULT;
	if (slash == STR_NPOS)
		return 0;
	if (!read_number(l, t->at + slash + 1, &t->number, &end) || end != l->pos)
		return lex_fail_at(l, t->at + slash + 1, "expected a number of words from 0 to %d directly after %.*s/",
			QUERY_NUMBER_MAX, (int)slash, word.p);
	return 0;
}

/* {2,} before a word, a phrase or a group. */
static int lex_times(struct lexer *l, struct token *t)
{
	size_t end = l->pos;

	t->kind = TOKEN_TIMES;
	if (!read_number(l, t->at + 1, &t->number, &end) || !str_starts(str_from(l->text, end), STR(",}")) || t->number == 0)
		return lex_fail_at(l, t->at, "expected {number,} directly before a word, such as {2,}word, "
			"with a number from 1 to %d", QUERY_NUMBER_MAX);
	l->pos = end + 2;
	return 0;
}

static int lex_name_or_word(struct lexer *l, struct str word, struct token *t)
{
	size_t name_len = operator_name(word);

	if (str_eq(word, STR("OR")) || str_eq(word, STR("AND")) || str_eq(word, STR("NOT"))) {
		t->kind = word.p[0] == 'O' ? TOKEN_OR : word.p[0] == 'A' ? TOKEN_AND : TOKEN_NOT;
		return 0;
	}
	if (is_near(word))
		return lex_near(l, word, t);
	if (str_eq(word, STR("SENTENCE")) && l->pos < l->text.len && l->text.p[l->pos] == '(') {
		t->kind = TOKEN_SENTENCE;
		return 0;
	}
	if (name_len && (!l->names || operator_find(str_slice(word, 0, name_len))))
		return lex_operator(l, word, name_len, t);
	t->op = word.p[0] == '#' || str_starts(word, STR("＃")) ? OP_TAG :
		word.p[0] == '@' || str_starts(word, STR("＠")) ? OP_AT : word.p[0] == '$' ? OP_DOLLAR : OP_WORD;
	return 0;
}

static int lex_word(struct lexer *l, struct token *t, bool is_value)
{
	size_t pos = l->pos;

	while (!at_border(l, pos))
		(void)peek(l, pos, &pos);
	struct str word = str_slice(l->text, l->pos, pos);
	l->pos = pos;
	t->kind = TOKEN_WORD;
	t->text = word;
	t->term = str_slice(l->text, t->at, pos);
	return is_value || t->exact ? 0 : lex_name_or_word(l, word, t);
}

/* =Word and ="Exact Phrase": case and accents count. */
static int lex_exact(struct lexer *l, size_t next, struct token *t)
{
	uint32_t c = 0;

	t->exact = true;
	l->pos = next;
	if (next < l->text.len)
		c = peek(l, next, &next);
	if (is_quote(c))
		return lex_phrase(l, next, t);
	return lex_word(l, t, true);
}

/* /expression/flags; a slash inside is written \\/ */
static int lex_regex(struct lexer *l, struct token *t)
{
	size_t pos = t->at + 1;

	while (pos < l->text.len && l->text.p[pos] != '/')
		pos += l->text.p[pos] == '\\' ? 2 : 1;
	if (pos >= l->text.len)
		return lex_fail_at(l, t->at, "this regular expression is never closed, expected another / "
			"(to look for the text, write it in quotes)");
	t->kind = TOKEN_REGEX;
	t->text = str_slice(l->text, t->at + 1, pos);
	for (l->pos = ++pos; !at_border(l, l->pos);)
		(void)peek(l, l->pos, &l->pos);
	t->flags = str_slice(l->text, pos, l->pos);
	t->term = str_slice(l->text, t->at, l->pos);
	for (size_t i = 0; i < t->flags.len; i++)
		if (str_chr(STR("ims"), t->flags.p[i]) == STR_NPOS)
			return lex_fail_at(l, pos + i, "found %.*s behind a regular expression, expected i, m or s "
				"(to look for the text, write it in quotes)",
				STR_ARG(text_cut(str_from(t->flags, i), LEX_SHOWN_MAX)));
	return 0;
}

int lex_next(struct lexer *l, bool is_value)
{
	struct token t = { .kind = TOKEN_END };
	size_t next = l->pos;
	int result = 0;

	while (!is_value && l->pos < l->text.len && is_space(peek(l, l->pos, &next)))
		l->pos = next;
	t.at = l->pos;
	uint32_t c = l->pos < l->text.len ? peek(l, l->pos, &next) : ' ';
	if (c == '(' || c == ')') {
		t.kind = c == '(' ? TOKEN_OPEN : TOKEN_CLOSE;
		l->pos = next;
	} else if (is_quote(c)) {
		result = lex_phrase(l, next, &t);
	} else if (c == '/') {
		result = lex_regex(l, &t);
	} else if (c == '=') {
		result = lex_exact(l, next, &t);
	} else if (c == '-' && !is_value) {
		t.kind = TOKEN_NOT;
		l->pos = next;
	} else if (c == '{' && !is_value) {
		result = lex_times(l, &t);
	} else if (!is_space(c)) {
		result = lex_word(l, &t, is_value);
	}
	l->token = t;
	return result;
}
