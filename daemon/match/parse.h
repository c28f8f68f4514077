/* SPDX-License-Identifier: ISC */
/*
 * A query being read: what its grammar (parse.c), its terms (parse_term.c) and the names in it (parse_name.c) share.
 * One thread.
 */
#pragma once

#include "base/vec.h"
#include "lex.h"
#include "ops.h"

#define FOLDED_MAX ((size_t)UINT16_MAX) /* of all terms; QUERY_MAX of anything makes less, see query.h */
#define TEXTS_MAX ((size_t)32 << 10)    /* of the query and of those that it names (ours) */
#define WATCHES_MAX 16                  /* each inside the one before (ours) */
#define ASKED_MAX ((size_t)16 << 10)    /* of all names of watches and people that are looked up (ours) */

struct chunk { /* a text that terms point into, and where it will lie in query.text */
	struct str text;
	size_t at;
};

struct parser {
	struct lexer lex;
	const struct query_names *names; /* NULL: none are known */
	struct str watches[WATCHES_MAX]; /* whose queries are being read, outermost first */
	size_t n_watches;
	int depth;
	unsigned scope;       /* of the terms to come */
	struct strbuf asked;  /* names that were looked up, as in struct query */
	size_t n_terms;
	VEC(struct node) nodes;
	VEC(struct term_word) words;
	VEC(struct regex *) regexes;
	VEC(struct chunk) chunks;
	size_t texts_len;     /* of all chunks */
	struct strbuf folded; /* of all terms, with their stars */
	struct words cut;     /* the words of all terms, without their stars */
};

struct children {
	VEC(uint16_t) list;
};
void children_release(struct children *c);

uint16_t parser_add_node(struct parser *p, struct node n);
/* Children one after another under a node of `kind`; a single one stands for itself. */
uint16_t parser_add_list(struct parser *p, enum node_kind kind, const struct children *c);
/* Another text that tokens may point into, as long as the parser lives. */
int parser_add_chunk(struct parser *p, struct str text) MUST_CHECK;
/* Where a piece of a chunk will lie in query.text. */
uint16_t parser_text_at(const struct parser *p, struct str piece);

/* A term, a value of an operator (an account may be several terms), a regular expression: of the token, which stays. */
int parser_add_term(struct parser *p, enum op_id op, const struct token *t, uint16_t *ret) MUST_CHECK;
int parser_add_value(struct parser *p, enum op_id op, const struct token *t, uint16_t *ret) MUST_CHECK;
int parser_add_regex(struct parser *p, enum op_id op, const struct token *t, uint16_t *ret) MUST_CHECK;
/* watch:name, whose token this is. */
int parser_add_watch(struct parser *p, const struct token *t, uint16_t *ret) MUST_CHECK;
/* Is this a person?  "@@elon-musk" is meant so; so is "Elon Musk" if somebody has that name. */
bool parser_is_person(struct parser *p, enum op_id op, const struct token *t);
int parser_add_person(struct parser *p, enum op_id op, const struct token *t, uint16_t *ret) MUST_CHECK;
/* A name in all its forms; one of several words also run together, as in #IlyaSutskever. */
int parser_add_name(struct parser *p, const struct token *t, struct children *c) MUST_CHECK;
/* A whole query up to its end. */
int parser_read(struct parser *p, uint16_t *ret) MUST_CHECK;
