/* SPDX-License-Identifier: ISC */
/* Backtracking, in the order that Perl has. */
#include "naive_regex.h"

#include <utf8proc.h>

#include "base/text.h"

enum kind { CHAR, ANY, SET, NOT_SET, BORDER, INSIDE, START, END, ALL, EITHER, REPEAT };

#define CHILDREN 4

struct node {
	enum kind kind;
	uint32_t c;                /* CHAR */
	const char *set;           /* SET: letters d, w, s for \d, \w, \s, anything else for itself */
	unsigned least, most;      /* REPEAT */
	bool lazy;
	struct node *child[CHILDREN + 1]; /* NULL at the end */
};

struct naive_regex {
	struct node *root;
	bool any_case, lines, dot_all;
};

/* --- matching -------------------------------------------------------------------------------------------------------- */

struct run {
	const struct naive_regex *r;
	struct str text;
	size_t end; /* of what was found */
};

/* What is to be matched after something. */
struct then {
	const struct node *n;
	unsigned at; /* which child of ALL, how often REPEAT was there */
	const struct then *next;
};

static bool is_letter(uint32_t c)
{
	switch ((int)utf8proc_category((utf8proc_int32_t)c)) {
	case UTF8PROC_CATEGORY_LU: case UTF8PROC_CATEGORY_LL: case UTF8PROC_CATEGORY_LT: case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO: case UTF8PROC_CATEGORY_MN: case UTF8PROC_CATEGORY_MC: case UTF8PROC_CATEGORY_ME:
	case UTF8PROC_CATEGORY_ND:
		return true;
	default:
		return c == '_';
	}
}

static uint32_t lower(uint32_t c)
{
	if (c == 0x130 || c == 0x131) /* Turkish; Unicode's simple case folding leaves them alone */
		return c;
	return (uint32_t)utf8proc_tolower(utf8proc_toupper((utf8proc_int32_t)c));
}

static bool in_set(const char *set, uint32_t c, bool any_case)
{
	for (size_t i = 0; set[i];) {
		uint32_t one = text_next(str_c(set), &i);

		if (one == 'd' ? utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_ND :
		    one == 'w' ? is_letter(c) :
		    one == 's' ? c == ' ' || (c >= '\t' && c <= '\r' && c != '\v') || c == 0xa0 || c == 0x3000 :
		    c == one || (any_case && lower(c) == lower(one)))
			return true;
	}
	return false;
}

static bool letter_before(const struct run *x, size_t pos)
{
	size_t i = pos;

	while (i > 0 && ((unsigned char)x->text.p[--i] & 0xc0) == 0x80)
		;
	return pos > 0 && is_letter(text_next(x->text, &i));
}

static bool at_border(const struct run *x, size_t pos)
{
	size_t i = pos;

	return letter_before(x, pos) != (pos < x->text.len && is_letter(text_next(x->text, &i)));
}

static bool run(struct run *x, const struct node *n, size_t pos, const struct then *k);

static bool go_on(struct run *x, size_t pos, const struct then *k)
{
	if (k == NULL) {
		x->end = pos;
		return true;
	}
	if (k->n->kind == ALL)
		return k->n->child[k->at] ? run(x, k->n->child[k->at], pos, &(struct then){ k->n, k->at + 1, k->next }) :
					    go_on(x, pos, k->next);
	struct then again = { k->n, k->at + 1, k->next };
	bool more = k->at < k->n->most, enough = k->at >= k->n->least;

	if (k->n->lazy && enough && go_on(x, pos, k->next))
		return true;
	if (more && run(x, k->n->child[0], pos, &again))
		return true;
	return !k->n->lazy && enough && go_on(x, pos, k->next);
}

static bool is_one(const struct run *x, const struct node *n, uint32_t c)
{
	switch (n->kind) {
	case CHAR:
		return c == n->c || (x->r->any_case && lower(c) == lower(n->c));
	case ANY:
		return c != '\n' || x->r->dot_all;
	case SET:
	case NOT_SET:
		return in_set(n->set, c, x->r->any_case) == (n->kind == SET);
	case BORDER: case INSIDE: case START: case END: case ALL: case EITHER: case REPEAT:
		break;
	}
	return false;
}

static bool run(struct run *x, const struct node *n, size_t pos, const struct then *k)
{
	size_t next = pos;

	switch (n->kind) {
	case BORDER:
		return at_border(x, pos) && go_on(x, pos, k);
	case INSIDE:
		return !at_border(x, pos) && go_on(x, pos, k);
	case START:
		return (pos == 0 || (x->r->lines && x->text.p[pos - 1] == '\n')) && go_on(x, pos, k);
	case END:
		return (pos == x->text.len || (x->r->lines && x->text.p[pos] == '\n')) && go_on(x, pos, k);
	case EITHER:
		for (size_t i = 0; n->child[i]; i++)
			if (run(x, n->child[i], pos, k))
				return true;
		return false;
	case ALL:
	case REPEAT:
		return go_on(x, pos, &(struct then){ n, 0, k });
	case CHAR: case ANY: case SET: case NOT_SET:
		break;
	}
	return pos < x->text.len && is_one(x, n, text_next(x->text, &next)) && go_on(x, next, k);
}

bool naive_regex_find(const struct naive_regex *r, struct str text, size_t from, size_t *ret_start, size_t *ret_end)
{
	struct run x = { r, text, 0 };

	while (from < text.len) {
		if (run(&x, r->root, from, NULL) && x.end > from) {
			*ret_start = from;
			*ret_end = x.end;
			return true;
		}
		(void)text_next(text, &from);
	}
	return false;
}

/* --- making ---------------------------------------------------------------------------------------------------------- */

struct maker {
	struct arena *arena;
	unsigned (*draw)(void *ctx, size_t below);
	void *ctx;
	struct strbuf *out;
	bool endless; /* it has a part that may go on for ever: one is enough */
	bool borders;
	unsigned in_row; /* borders with nothing between them that must be there: the product can do two */
};

static bool one_in(struct maker *m, unsigned n)
{
	return m->draw(m->ctx, n) == 0;
}

static struct node *new_node(struct maker *m, enum kind kind)
{
	struct node *n = arena_alloc(m->arena, sizeof(*n));

	n->kind = kind;
	return n;
}

static struct node *leaf(struct maker *m)
{
	static const char *const letters[] = { "a", "b", "c", "A", "k", "s", "m", "u", "t", "é", "É", "e", "ß", "к", "М", "о", "с", "σ", "ς",
					       "人", "工", "が", "1", "4", " ", "_", "@", "5", "🚀", "ه", "ع", "İ", "i", "ﬁ", "f" };
	static const struct {
		const char *written, *set;
		bool negated;
	} sets[] = {
		{ "\\w", "w", false }, { "\\d", "d", false }, { "\\s", "s", false }, { "\\W", "w", true }, { "\\D", "d", true },
		{ "\\S", "s", true }, { "[abc]", "abc", false }, { "[^a]", "a", true }, { "[\\d,.]", "d,.", false }, { "[^\\s]", "s", true },
		{ "[éß1]", "éß1", false }, { "[\\w@]", "w@", false }, { "[a-c]", "abc", false }, { "[A-C]", "ABC", false },
		{ "[0-9]", "0123456789", false }, { "[^\\W]", "w", false }, { "[人工]", "人工", false },
	};
	unsigned kind = m->draw(m->ctx, 10);
	struct node *n;

	if (kind == 0) {
		strbuf_addc(m->out, '.');
		return new_node(m, ANY);
	}
	if (kind < 3) {
		unsigned i = m->draw(m->ctx, sizeof(sets) / sizeof(sets[0]));

		n = new_node(m, sets[i].negated ? NOT_SET : SET);
		n->set = sets[i].set;
		strbuf_adds(m->out, sets[i].written);
		return n;
	}
	struct str s = str_c(letters[m->draw(m->ctx, sizeof(letters) / sizeof(letters[0]))]);
	size_t at = 0;

	n = new_node(m, CHAR);
	n->c = text_next(s, &at);
	strbuf_add(m->out, s);
	return n;
}

/* Words, so that something is found now and then. */
static struct node *literal(struct maker *m)
{
	static const char *const words[] = { "musk", "Musk", "abc", "été", "ist", "straß", "моск", "人工", "4.5", "snake_", "Σίσυ", "istan", "word" };
	struct str s = str_c(words[m->draw(m->ctx, sizeof(words) / sizeof(words[0]))]);
	struct node *all = new_node(m, ALL);

	for (size_t i = 0, at = 0; i < CHILDREN && at < s.len; i++) {
		size_t from = at;

		all->child[i] = new_node(m, CHAR);
		all->child[i]->c = text_next(s, &at);
		strbuf_adds(m->out, all->child[i]->c == '.' ? "\\" : "");
		strbuf_add(m->out, str_slice(s, from, at));
	}
	return all;
}

static struct node *border(struct maker *m)
{
	bool inside = one_in(m, 4);

	m->in_row++;
	strbuf_adds(m->out, inside ? "\\B" : "\\b");
	return new_node(m, inside ? INSIDE : BORDER);
}

static struct node *choice(struct maker *m, unsigned depth);

/* A letter, a word or a group, perhaps repeated. */
static struct node *part(struct maker *m, unsigned depth)
{
	static const char *const marks[] = { "*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}" };
	static const unsigned least[] = { 0, 1, 0, 2, 1, 0, 2 }, most[] = { UINT32_MAX, UINT32_MAX, 1, 2, 3, 2, UINT32_MAX };
	bool word = one_in(m, 3), group = !word && depth > 0 && one_in(m, 4), repeated = one_in(m, 3);
	unsigned before = m->in_row;
	struct node *n;

	strbuf_adds(m->out, group || (word && repeated) ? one_in(m, 2) ? "(" : "(?:" : "");
	n = group ? choice(m, depth - 1) : word ? literal(m) : leaf(m);
	strbuf_adds(m->out, group || (word && repeated) ? ")" : "");
	m->in_row = group ? m->in_row : 0;
	if (!repeated || (group && m->endless))
		return n;
	unsigned i = m->draw(m->ctx, 7);
	if (most[i] == UINT32_MAX && m->endless)
		i = 2;
	if (group && i != 2) /* what stands for nothing, again and again, is another matter */
		return n;
	m->in_row = group && m->in_row > before ? m->in_row : before;
	m->endless |= most[i] == UINT32_MAX;
	struct node *r = new_node(m, REPEAT);
	r->child[0] = n;
	r->least = least[i];
	r->most = most[i];
	strbuf_adds(m->out, marks[i]);
	r->lazy = one_in(m, 5);
	strbuf_adds(m->out, r->lazy ? "?" : "");
	return r;
}

static struct node *sequence(struct maker *m, unsigned depth)
{
	struct node *all = new_node(m, ALL);

	for (size_t i = 0, n = 1 + m->draw(m->ctx, CHILDREN); i < n; i++) {
		all->child[i] = m->borders && m->in_row < 2 && one_in(m, 3) ? border(m) : part(m, depth);
	}
	return all;
}

static struct node *choice(struct maker *m, unsigned depth)
{
	struct node *n = new_node(m, EITHER);
	unsigned before = m->in_row, most = 0;

	for (size_t i = 0, more = one_in(m, 3) ? 2 : 1; i < more; i++) {
		strbuf_adds(m->out, i ? "|" : "");
		m->in_row = before;
		n->child[i] = sequence(m, depth);
		most = m->in_row > most ? m->in_row : most;
	}
	m->in_row = most;
	return n;
}

struct naive_regex *naive_regex_random(struct arena *a, unsigned (*draw)(void *ctx, size_t below), void *ctx, struct strbuf *out)
{
	struct maker m = { .arena = a, .draw = draw, .ctx = ctx, .out = out };
	struct naive_regex *r = arena_alloc(a, sizeof(*r));
	struct node *all = new_node(&m, ALL);
	size_t n = 0;

	r->root = all;
	m.borders = one_in(&m, 2);
	strbuf_addc(out, '/');
	if (one_in(&m, 8)) {
		strbuf_addc(out, '^');
		all->child[n++] = new_node(&m, START);
	}
	strbuf_adds(out, "(?:");
	all->child[n++] = choice(&m, 2);
	strbuf_addc(out, ')');
	if (one_in(&m, 8)) {
		strbuf_addc(out, '$');
		all->child[n++] = new_node(&m, END);
	}
	strbuf_addc(out, '/');
	r->any_case = one_in(&m, 2);
	r->lines = one_in(&m, 3);
	r->dot_all = one_in(&m, 3);
	strbuf_addf(out, "%s%s%s", r->any_case ? "i" : "", r->lines ? "m" : "", r->dot_all ? "s" : "");
	return r;
}
