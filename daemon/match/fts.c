/* SPDX-License-Identifier: ISC */
/* What the archive's full-text index can be asked for a query. */
#include "base/text.h"
#include "ops.h"

/*
 * Code points that are letters or digits to SQLite's unicode61 tokenizer too, whatever Unicode version it was built
 * from (letters of Unicode 5 and before), and that it folds to themselves once we have folded them.
 */
static bool is_safe(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = {
		{ '0', '9' }, { 'a', 'z' }, { 0x3b1, 0x3c9 }, { 0x430, 0x44f }, { 0x454, 0x456 },
		{ 0x561, 0x586 }, { 0x5d0, 0x5ea },
		{ 0x621, 0x63a }, { 0x641, 0x64a }, { 0x10d0, 0x10f0 }, { 0x3041, 0x3094 }, { 0x30a1, 0x30f4 },
		{ 0x4e00, 0x9fa5 }, { 0xac00, 0xd7a3 },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

static bool is_safe_word(struct str s)
{
	for (size_t pos = 0; pos < s.len;)
		if (!is_safe(text_next(s, &pos)))
			return false;
	return s.len > 0;
}

/* One of the forms of the name's rarest word. */
static bool fts_name(const struct query *q, const struct node *t, struct strbuf *out)
{
	const struct term_word *w = &query_words(q)[t->word];

	strbuf_addc(out, '(');
	for (uint32_t i = t->pivot; i < t->n && (i == t->pivot || !(w[i].flags & TERM_WORD_NEXT)); i++) {
		struct str s = term_word_text(q, &w[i]);

		if (!is_safe_word(s))
			return false;
		strbuf_addf(out, "%s\"%.*s\"", i > t->pivot ? " OR " : "", STR_ARG(s));
	}
	strbuf_addc(out, ')');
	return true;
}

/* The term's runs of safe words as quoted phrases joined by AND; false if it has none. */
static bool fts_term(const struct query *q, const struct node *t, struct strbuf *out)
{
	bool in_phrase = false, any = false;

	if (op_of(t)->group != GROUP_TEXT)
		return false;
	if (t->flags & TERM_NAME)
		return fts_name(q, t, out);
	strbuf_addc(out, '(');
	for (uint32_t i = 0; i < t->n; i++) {
		const struct term_word *w = &query_words(q)[t->word + i];
		struct str s = term_word_text(q, w);

		s = str_slice(s, 0, str_chr(s, '*'));
		if (!is_safe_word(s)) {
			if (in_phrase)
				strbuf_addc(out, '"');
			in_phrase = false;
			continue;
		}
		strbuf_adds(out, in_phrase ? " " : any ? " AND \"" : "\"");
		strbuf_add(out, s);
		any = true;
		in_phrase = !(w->flags & TERM_WORD_WILD) && !(t->flags & TERM_LOOSE);
		if (!in_phrase)
			strbuf_adds(out, w->flags & TERM_WORD_WILD ? "\"*" : "\"");
	}
	strbuf_adds(out, in_phrase ? "\")" : ")");
	return any;
}

static bool fts_node(const struct query *q, const struct node *n, bool negated, struct strbuf *out)
{
	bool every, first = true;
	size_t before = out->len;

	if (n->kind == NODE_NOT)
		return fts_node(q, node_child(q, n), !negated, out);
	if (n->kind == NODE_FACT || n->kind == NODE_REGEX)
		return false;
	if (n->kind == NODE_TERM) {
		if (!negated && fts_term(q, n, out))
			return true;
		strbuf_truncate(out, before);
		return false;
	}
	if (negated && n->kind >= NODE_NEAR)
		return false;
	/* of an AND one child's demand is enough, of an OR every child must have one; negation swaps them */
	every = (n->kind == NODE_OR) != negated;
	strbuf_addc(out, '(');
	for (const struct node *c = node_child(q, n); c; c = node_next(q, c)) {
		size_t here = out->len;

		if (!first)
			strbuf_adds(out, every ? " OR " : " AND ");
		if (fts_node(q, c, negated, out)) {
			first = false;
		} else if (every) {
			strbuf_truncate(out, before);
			return false;
		} else {
			strbuf_truncate(out, here);
		}
	}
	strbuf_addc(out, ')');
	if (first)
		strbuf_truncate(out, before);
	return !first;
}

bool query_necessary_fts(const struct query *q, struct strbuf *out)
{
	size_t before = out->len;

	if (fts_node(q, q->nodes, false, out) && !out->toobig)
		return true;
	strbuf_truncate(out, before);
	return false;
}
