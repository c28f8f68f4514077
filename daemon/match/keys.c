/* SPDX-License-Identifier: ISC */
/* Which words a post must hold for a query to match, and which of them are likely the rarest. */
#include "keys.h"

#include "regex.h"

uint32_t key_of_prefix(const char *p, size_t len, enum group g)
{
	return key_of(word_hash(p, len) ^ 0x8ebc6af0u, g);
}

void keys_release(struct keys *k)
{
	vec_free(&k->list);
	vec_free(&k->stems);
}

/*
 * How often a word is met, guessed from its length: the rare words of a language are long (Zipf's law of abbreviation).
 * Units are arbitrary.  A watch on a frequent word is evaluated often, nothing worse.
 */
static unsigned word_cost(size_t len)
{
	static const unsigned by_len[] = { 4000, 4000, 2500, 1500, 700, 350, 200, 120, 80, 60, 50 };

	return len < sizeof(by_len) / sizeof(by_len[0]) ? by_len[len] : 40;
}

static unsigned group_cost(enum group g, unsigned of_word)
{
	switch (g) {
	case GROUP_TEXT:
	case GROUP_STEM:
		return of_word;
	case GROUP_TAG:
		return of_word / 8 + 1;
	case GROUP_AUTHOR:
	case GROUP_MENTION:
		return of_word / 16 + 1;
	case GROUP_URL:
		return of_word / 2 + 1;
	case GROUP_SOURCE:
		return 300;
	case GROUP_WARNING:
	case GROUP_ID:
		return 1;
	case GROUP_LANGUAGE:
		return 6000;
	case GROUPS:
		break;
	}
	return of_word;
}

struct choice {
	unsigned cost;      /* 0: nothing found yet */
	uint32_t word, n;   /* so many words of the term, from this one on */
	struct str prefix;  /* or the start of a word */
};

static void consider(struct choice *best, struct choice other)
{
	if (best->cost == 0 || other.cost < best->cost)
		*best = other;
}

/* Words of addresses that nearly every post has. */
static bool is_everywhere(const struct query *q, const struct term_word *w, enum group g)
{
	static const char *const words[] = { "https", "http", "www", "com", "org", "net", "html" };
	struct str s = { query_folded(q) + w->at, w->len };

	for (size_t i = 0; g == GROUP_URL && i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eq(s, str_c(words[i])))
			return true;
	return false;
}

/* What stands before the first star. */
static void consider_prefix(struct choice *best, struct str pattern, enum group g)
{
	size_t len = str_chr(pattern, '*');

	if (len > KEY_PREFIX_MAX)
		len = KEY_PREFIX_MAX;
	if (len > 0)
		consider(best, (struct choice){ .cost = group_cost(g, 2 * word_cost(len)), .prefix = str_slice(pattern, 0, len) });
}

/* A character of a script without spaces says little by itself, a syllable sign of kana (U+3040 to U+30FF) least. */
static unsigned cost_of(const struct query *q, const struct term_word *w, enum group g)
{
	struct str s = term_word_text(q, w);

	if (is_everywhere(q, w, g))
		return 8000;
	if (!(w->flags & WORD_CHAR))
		return word_cost(s.len);
	return str_starts(s, STR("\xe3\x81")) || str_starts(s, STR("\xe3\x82")) || str_starts(s, STR("\xe3\x83")) ? 4000 : 1200;
}

/* Word `from` of the term and those behind it that must stand at its side; together they are rarer than the rarest one. */
static void consider_words(struct choice *best, const struct query *q, const struct node *t, uint32_t from, enum group g)
{
	const struct term_word *w = &query_words(q)[t->word + from];
	unsigned cost = cost_of(q, w, g);
	uint32_t n = 1;

	for (; from + n < t->n && n < KEY_WORDS_MAX && !(w[n].flags & TERM_WORD_WILD) && !(t->flags & TERM_LOOSE); n++) {
		unsigned next = cost_of(q, &w[n], g);

		cost = (next < cost ? next : cost) / (w[n].flags & WORD_CHAR ? 4 : 16) + 1;
	}
	consider(best, (struct choice){ .cost = group_cost(g, cost), .word = from, .n = n });
}

/* The key of the choice, and its stems. */
static void add_choice(const struct query *q, const struct node *t, const struct choice *c, enum group to, struct keys *ret)
{
	const struct term_word *w = &query_words(q)[t->word + c->word];
	uint32_t hash = w->hash;

	ret->cost += c->cost;
	ret->groups |= 1u << to;
	if (c->n == 0) {
		vec_push(&ret->list, key_of_prefix(c->prefix.p, c->prefix.len, to));
		ret->prefixes[to] |= (uint8_t)(1u << (c->prefix.len - 1));
		return;
	}
	for (uint32_t i = 1; i < c->n; i++) {
		vec_push(&ret->stems, key_of(hash, to));
		hash = key_join(hash, w[i].hash);
	}
	vec_push(&ret->list, key_of(hash, to));
}

/* The forms of the word whose length makes it the rarest; a name stands or falls with that one. */
static void add_name_keys(const struct query *q, const struct node *t, enum group to, struct keys *ret)
{
	const struct term_word *w = &query_words(q)[t->word];
	unsigned cost = 2 * word_cost(w[t->pivot].len);

	for (uint32_t i = t->pivot; i < t->n && (i == t->pivot || !(w[i].flags & TERM_WORD_NEXT)); i++)
		add_choice(q, t, &(struct choice){ .cost = i == t->pivot ? cost : 1, .word = i, .n = 1 }, to, ret);
}

/* `to` is g, or g in the context.  False if any post may hold the term: it is all stars at the start of words. */
static bool add_term_key(const struct query *q, const struct node *t, enum group g, enum group to, struct keys *ret)
{
	const struct term_word *w = &query_words(q)[t->word];
	struct choice best = { 0 };

	if (t->flags & TERM_NAME) {
		add_name_keys(q, t, to, ret);
		return true;
	}
	for (uint32_t i = 0; i < t->n && (t->flags & TERM_ANY); i++)
		add_choice(q, t, &(struct choice){ .cost = 2 * word_cost(w[i].len) / t->n + 1, .word = i, .n = 1 }, to, ret);
	if (t->flags & TERM_ANY)
		return true;
	for (uint32_t i = 0; i < t->n; i++)
		if (w[i].flags & TERM_WORD_WILD)
			consider_prefix(&best, term_word_text(q, &w[i]), g);
		else if (i == 0 || (t->flags & TERM_LOOSE) || (w[i - 1].flags & TERM_WORD_WILD))
			consider_words(&best, q, t, i, g);
	if (best.cost == 0)
		return false;
	add_choice(q, t, &best, to, ret);
	return true;
}

static bool term_keys(const struct query *q, const struct node *t, struct keys *ret)
{
	enum group g = op_of(t)->group;

	return (!(t->scope & SCOPE_SELF) || add_term_key(q, t, g, g, ret)) &&
	       (!(t->scope & ~SCOPE_SELF) || add_term_key(q, t, g, KEY_CONTEXT(g), ret));
}

static void add_grams(struct regex_grams g, enum group to, struct keys *ret)
{
	for (size_t i = 0; i < g.n; i++) {
		const struct gram *x = &g.v[i];

		vec_push(&ret->list, gram_key(x->bytes, gram_salt(x->image, x->length, to)));
		ret->grams[to][x->image] |= (uint8_t)(1u << x->length);
		if (x->length > GRAM_STEM)
			vec_push(&ret->stems, gram_key(x->bytes & gram_mask(GRAM_STEM), gram_salt(x->image, GRAM_STEM, to)));
	}
	ret->cost += g.cost;
}

static bool regex_keys(const struct query *q, const struct node *n, struct keys *ret)
{
	struct regex_grams g = regex_grams(q->regexes[n->word]);
	enum group group = op_of(n)->group;

	if (n->scope & SCOPE_SELF)
		add_grams(g, group, ret);
	if (n->scope & ~SCOPE_SELF)
		add_grams(g, KEY_CONTEXT(group), ret);
	return g.n > 0;
}

static void add_keys(struct keys *to, const struct keys *from)
{
	for (size_t i = 0; i < from->list.n; i++)
		vec_push(&to->list, from->list.v[i]);
	for (size_t i = 0; i < from->stems.n; i++)
		vec_push(&to->stems, from->stems.v[i]);
	to->groups |= from->groups;
	for (unsigned g = 0; g < KEY_GROUPS; g++)
		to->prefixes[g] |= from->prefixes[g];
	for (unsigned g = 0; g < KEY_GROUPS; g++)
		for (unsigned i = 0; i < GRAM_IMAGES; i++)
			to->grams[g][i] |= from->grams[g][i];
	to->cost += from->cost;
}

static void clear_keys(struct keys *k)
{
	vec_clear(&k->list);
	vec_clear(&k->stems);
	k->groups = k->cost = 0;
	memset(k->prefixes, 0, sizeof(k->prefixes));
	memset(k->grams, 0, sizeof(k->grams));
}

/* All children must hold: the keys of the cheapest child will do. */
static bool keys_of_any(const struct query *q, const struct node *n, bool negated, struct keys *ret)
{
	bool found = false;

	for (const struct node *c = node_child(q, n); c; c = node_next(q, c)) {
		AUTO(keys) struct keys k = { 0 };

		if (!node_keys(q, c, negated, &k) || (found && k.cost >= ret->cost))
			continue;
		clear_keys(ret);
		add_keys(ret, &k);
		found = true;
	}
	return found;
}

/* One child is enough: the keys of all of them are needed. */
static bool keys_of_all(const struct query *q, const struct node *n, bool negated, struct keys *ret)
{
	for (const struct node *c = node_child(q, n); c; c = node_next(q, c)) {
		AUTO(keys) struct keys k = { 0 };

		if (!node_keys(q, c, negated, &k)) {
			clear_keys(ret);
			return false;
		}
		add_keys(ret, &k);
	}
	return true;
}

bool node_keys(const struct query *q, const struct node *n, bool negated, struct keys *ret)
{
	switch ((enum node_kind)n->kind) {
	case NODE_TERM:
		return !negated && term_keys(q, n, ret);
	case NODE_REGEX:
		return !negated && regex_keys(q, n, ret);
	case NODE_FACT:
		return false;
	case NODE_NOT:
		return node_keys(q, node_child(q, n), !negated, ret);
	case NODE_AND:
		return (negated ? keys_of_all : keys_of_any)(q, n, negated, ret);
	case NODE_OR:
		return (negated ? keys_of_any : keys_of_all)(q, n, negated, ret);
	case NODE_NEAR:
	case NODE_TIMES:
	case NODE_SENTENCE:
		return !negated && keys_of_any(q, n, negated, ret);
	}
	return false;
}

bool query_keys(const struct query *q, struct keys *ret)
{
	clear_keys(ret);
	return node_keys(q, q->nodes, false, ret);
}
