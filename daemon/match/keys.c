/* SPDX-License-Identifier: ISC */
/* Which words a post must hold for a query to match, and which of them are likely the rarest. */
#include "keys.h"

uint64_t key_of_prefix(const char *p, size_t len, enum group g)
{
	return key_salted(word_hash(p, len) ^ 0x8ebc6af09c88c6e3u, g);
}

void keys_release(struct keys *k)
{
	vec_free(&k->list);
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
	uint64_t key;
	unsigned cost;
	size_t prefix; /* bytes, 0 if it is none */
};

static void consider(struct choice *best, uint64_t key, unsigned cost, size_t prefix)
{
	if (best->cost == 0 || cost < best->cost)
		*best = (struct choice){ .key = key, .cost = cost, .prefix = prefix };
}

/* Words of addresses that nearly every post has. */
static bool is_everywhere(const struct query *q, const struct term_word *w, enum group g)
{
	static const char *const words[] = { "https", "http", "www", "com", "org", "net", "html" };
	struct str s = { q->folded + w->at, w->len };

	for (size_t i = 0; g == GROUP_URL && i < sizeof(words) / sizeof(words[0]); i++)
		if (str_eq(s, str_c(words[i])))
			return true;
	return false;
}

/* What stands before the first star. */
static void consider_prefix(struct choice *best, struct str pattern, enum group g, enum group to)
{
	size_t len = str_chr(pattern, '*');

	if (len > KEY_PREFIX_MAX)
		len = KEY_PREFIX_MAX;
	if (len > 0)
		consider(best, key_of_prefix(pattern.p, len, to), group_cost(g, 2 * word_cost(len)), len);
}

/* Two characters of a script without spaces that must touch each other. */
static bool is_pair(const struct term_word *w)
{
	return (w[0].flags & WORD_CHAR) && !(w[1].flags & TERM_WORD_WILD) && (w[1].flags & WORD_CHAR) && (w[1].flags & WORD_GLUED);
}

/* `to` is g, or g in the context.  False if any post may hold the term: it is all stars at the start of words. */
static bool add_term_key(const struct query *q, const struct node *t, enum group g, enum group to, struct keys *ret)
{
	const struct term_word *w = &q->words[t->word];
	struct choice best = { 0 };

	for (uint32_t i = 0; i < t->n; i++) {
		if (w[i].flags & TERM_WORD_WILD) {
			consider_prefix(&best, term_word_text(q, &w[i]), g, to);
			continue;
		}
		unsigned cost = w[i].flags & WORD_CHAR ? 1500 : word_cost(w[i].len);

		if (is_everywhere(q, &w[i], g))
			cost = 8000;
		consider(&best, key_salted(w[i].hash, to), group_cost(g, cost), 0);
		if (i + 1 < t->n && is_pair(&w[i]) && !(t->flags & TERM_LOOSE))
			consider(&best, key_of_pair(w[i].hash, w[i + 1].hash, to), group_cost(g, 100), 0);
	}
	if (best.cost == 0)
		return false;
	vec_push(&ret->list, best.key);
	ret->cost += best.cost;
	ret->groups |= 1u << to;
	if (best.prefix)
		ret->prefixes[to] |= (uint8_t)(1u << (best.prefix - 1));
	return true;
}

static bool term_keys(const struct query *q, const struct node *t, struct keys *ret)
{
	enum group g = op_of(t)->group;

	return (!(t->scope & SCOPE_SELF) || add_term_key(q, t, g, g, ret)) &&
	       (!(t->scope & ~SCOPE_SELF) || add_term_key(q, t, g, KEY_CONTEXT(g), ret));
}

static void add_keys(struct keys *to, const struct keys *from)
{
	for (size_t i = 0; i < from->list.n; i++)
		vec_push(&to->list, from->list.v[i]);
	to->groups |= from->groups;
	for (unsigned g = 0; g < KEY_GROUPS; g++)
		to->prefixes[g] |= from->prefixes[g];
	to->cost += from->cost;
}

static void clear_keys(struct keys *k)
{
	vec_clear(&k->list);
	k->groups = k->cost = 0;
	memset(k->prefixes, 0, sizeof(k->prefixes));
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
