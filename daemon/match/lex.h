/* SPDX-License-Identifier: ISC */
/*
 * A query's text as tokens, and the errors that show where it is wrong.  One thread.
 */
#pragma once

#include "ops.h"

enum token_kind {
	TOKEN_END, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_OR, TOKEN_AND, TOKEN_NOT, TOKEN_NEAR, TOKEN_SENTENCE, TOKEN_TIMES,
	TOKEN_PHRASE, TOKEN_REGEX, TOKEN_WORD, TOKEN_OP
};

struct token {
	enum token_kind kind;
	size_t at;         /* byte offset in the query */
	struct str text;   /* of a word or phrase: without quotes, = and sigil */
	struct str term;   /* as written: with * and sigil, without quotes */
	enum op_id op;     /* of a word: by its sigil */
	const struct operator *named; /* of TOKEN_OP */
	bool at_least;     /* of TOKEN_OP: min_likes and the like */
	struct str flags;  /* of a regular expression */
	bool exact;        /* written with = */
	bool open;         /* a phrase with * behind its quotation mark */
	bool loose;        /* a phrase with ~number behind it */
	bool ordered;      /* ONEAR */
	unsigned number;   /* of NEAR, of {number,} and of a loose phrase */
};

struct lexer {
	struct str text;
	size_t pos;        /* behind the current token */
	struct token token;
	bool names;        /* inside from:(…) and the like: a name before a colon may be a platform */
	struct err *e;
};

/* The next token into l->token; directly behind an operator (`is_value`) a word is taken as it stands. */
int lex_next(struct lexer *l, bool is_value) MUST_CHECK;
/* Whether white space or the end follows the current token. */
bool lex_at_space(const struct lexer *l);
/* All fail with the column of byte `at`. */
int lex_column(const struct lexer *l, size_t at);
#define LEX_SHOWN_MAX 40 /* bytes of the user's text in a message */
#define lex_fail_at(l, at, ...) err_set_at((l)->e, ERR_INPUT, lex_column((l), (at)), __VA_ARGS__)
/* What the current token is, and what should stand there. */
int lex_fail_expected(struct lexer *l, const char *expected);
