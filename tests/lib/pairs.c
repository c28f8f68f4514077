/* SPDX-License-Identifier: ISC */
/* Rounds of random queries and posts. */
#include "pairs.h"

#include "base/mem.h"
#include "naive.h"

#define ARENA_MAX (8u << 20)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(r, array) ((array)[draw((r), COUNT(array))])
/* From the same part of each list of words in one round, so that queries and posts often meet. */
#define PICK_WORD(r, array) ((array)[nearby((r), COUNT(array))])

struct round {
	struct str bytes;
	uint64_t state;
	struct arena *arena;
	unsigned part; /* of PARTS */
};

#define PARTS 64

static unsigned draw(struct round *r, size_t below)
{
	if (r->bytes.len > 1) {
		unsigned n = (unsigned char)r->bytes.p[0] << 8 | (unsigned char)r->bytes.p[1];

		r->bytes = str_from(r->bytes, 2);
		return n % (unsigned)below;
	}
	r->state = r->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((r->state >> 33) % below);
}

static bool one_in(struct round *r, unsigned n)
{
	return draw(r, n) == 0;
}

static size_t nearby(struct round *r, size_t n)
{
	return (n * r->part / PARTS + draw(r, n / 8 + 3)) % n;
}

/* --- words ----------------------------------------------------------------------------------------------------------- */

/* What texts and queries are made of; in rows, ways to write the same. */
static const char *const vocabulary[] = {
	"a", "A", "á", "b", "c", "ab", "abc", "musk", "Musk", "MUSK", "muskat", "sk", "été", "ete", "Été", "e\xcc\x81te\xcc\x81",
	"d’a", "d'A", "x.y", "4.5", "4.", "1,000", "snake_case", "Straße", "STRASSE", "ﬁn", "fin", "½", "a\xc2\xad" "b", "a\xe2\x80\x8d" "b",
	"人工", "人", "工", "智能", "タグ", "タク\xe3\x82\x99", "ｶﾞ", "が", "กรุง", "กา", "한국", "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab국",
	"عرب", "عَرَب", "हिन्दी", "हिन", "москва", "МОСКВА", "моск", "Σίσυφος", "ΣΊΣΥΦΟΣ", "🚀", "👍🏽", "👍", "ﷺ", "İstanbul", "istanbul",
	"longerwordthanothers", "LongerWordThanOthers", "Musks", "muskowi", "Muskket", "Musknak", "Москвы Моска", "москвой", "한국은", "لعرب", "МоскваМоск", "muskABC", "Σίσυφου", "ax", "as bs", "Dr", "mr", "J", "ﬃ", "Å", "æ", "ae", "ĳ", "ŉ", "ø", "№", "㎏", "Ⅷ", "＃", "é",
};
static const char *const gaps[] = {
	" ", " ", " ", " ", " ", " ", ", ", ". ", "! ", "", "", "-", " #", " @", " $", "#", "@", "\n", "。", "… ", " – ", "’", "؟ ", "。人",
	"\xc2\xa0", "/", ".", "_", ":",
};
/* For queries: what can stand bare, and what stars stand in. */
static const char *const plain[] = {
	"a", "b", "c", "ab", "abc", "musk", "Musk", "été", "ete", "straße", "人工", "人", "智能", "タグ", "がｶﾞ", "กรุง", "한국", "عرب", "हिन्दी",
	"москва", "σίσυφος", "🚀", "👍", "fin", "ﬁn", "istanbul", "longerwordthanothers", "snake_case", "1,000", "4.5",
};
static const char *const starred[] = {
	"mu*", "*sk", "m*k", "*us*", "a*", "*b", "a*c", "mosk*", "мос*", "*ва", "ét*", "*e", "long*others", "l*r*s", "한*", "人*", "*人", "s*e*",
};

static struct str random_text(struct round *r, unsigned words)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4096);

	for (unsigned n = draw(r, words + 1); n > 0; n--) {
		strbuf_adds(&b, PICK_WORD(r, vocabulary));
		strbuf_adds(&b, PICK(r, gaps));
	}
	return arena_str(r->arena, strbuf_str(&b));
}

/* --- posts ----------------------------------------------------------------------------------------------------------- */

static struct author random_account(struct round *r)
{
	static const char *const names[] = { "ada", "ada@x.y", "a.b.c", "musk", "@ada", "" };
	static const char *const urls[] = { "https://x.y/@ada", "https://www.a.b.c/ada", "https://ada.x.y", "" };

	return (struct author){ .name = random_text(r, 3), .handle = str_c(PICK(r, names)), .url = str_c(PICK(r, urls)),
				.id = str_c(PICK(r, names)), .followers = -1 };
}

static void fill_post(struct round *r, struct post *p)
{
	static const char *const languages[] = { "fr", "fr-FR", "de", "hu", "" };
	static const char *const addresses[] = { "https://www.x.y/musk?a=b", "http://ada@x.y:80/人工", "https://b.x.y", "https://xx.y/x.y", "x.y",
						 "" };

	p->title = random_text(r, 3);
	p->text = random_text(r, 14);
	p->summary = random_text(r, 3);
	p->source = random_text(r, 1);
	p->platform = str_c(one_in(r, 2) ? "x" : "bluesky");
	p->language = str_c(PICK(r, languages));
	p->content_warning = random_text(r, 1);
	p->url = str_c(PICK(r, addresses));
	p->reply_to = str_c(one_in(r, 2) ? "1" : "");
	p->metrics.likes = (int64_t)draw(r, 10) - 1;
	for (unsigned n = draw(r, 3); n > 0; n--) {
		vec_push(&p->authors, random_account(r));
		vec_push(&p->mentions, random_account(r));
		vec_push(&p->tags, random_text(r, 2));
		vec_push(&p->links, str_c(PICK(r, addresses)));
	}
}

static struct post *random_post(struct round *r)
{
	struct post *p = arena_alloc(r->arena, sizeof(*p));

	fill_post(r, p);
	for (unsigned n = one_in(r, 3) ? draw(r, 4) : 0; n > 0; n--) {
		struct context_post c = { .relation = (enum relation)draw(r, RELATION_N),
					  .post = arena_alloc(r->arena, sizeof(struct post)) };

		fill_post(r, c.post);
		vec_push(&p->context, c);
	}
	return p;
}

static void release_post(struct post *p)
{
	for (size_t i = 0; i < p->context.n; i++)
		release_post(p->context.v[i].post);
	vec_free(&p->context);
	vec_free(&p->authors);
	vec_free(&p->mentions);
	vec_free(&p->tags);
	vec_free(&p->links);
}

/* --- queries --------------------------------------------------------------------------------------------------------- */

struct made {
	struct round *r;
	struct strbuf text;
	unsigned scope;
};

static struct naive *new_node(struct made *m, enum naive_kind kind)
{
	struct naive *n = arena_alloc(m->r->arena, sizeof(*n));

	n->kind = kind;
	n->op = "";
	n->scope = m->scope;
	return n;
}

/* Where the text that is written next starts; what was written since. */
static struct str written(const struct made *m, size_t from)
{
	return arena_str(m->r->arena, str_slice(strbuf_str(&m->text), from, m->text.len));
}

static void add_phrase(struct made *m, unsigned most, bool stars)
{
	for (unsigned n = 1 + draw(m->r, most), i = 0; i < n; i++) {
		if (i > 0)
			strbuf_adds(&m->text, one_in(m->r, 6) ? ", " : one_in(m->r, 6) ? "-" : " ");
		strbuf_adds(&m->text, stars && one_in(m->r, 4) ? PICK_WORD(m->r, starred) : PICK_WORD(m->r, plain));
	}
}

/* "…" of words of the text, with all that may be around it; `running`: as NEAR wants it. */
static void make_quoted(struct made *m, struct naive *n, bool running)
{
	size_t from;

	n->exact = one_in(m->r, 6);
	n->loose = !running && !n->exact && one_in(m->r, 4);
	strbuf_adds(&m->text, n->exact ? "=\"" : "\"");
	from = m->text.len;
	add_phrase(m, 3, true);
	n->text = written(m, from);
	strbuf_addc(&m->text, '"');
	if (n->loose) {
		n->number = draw(m->r, 6);
		strbuf_addf(&m->text, "~%u", n->number);
	}
}

/* What is meant of the post's other fields. */
static void make_named(struct made *m, struct naive *n)
{
	static const struct {
		const char *op, *value;
	} values[] = {
		{ "from", "ada" }, { "from", "musk" }, { "from", "ada@x.y" }, { "from", "x.y/@ada" }, { "from", "a.b.c" }, { "mentions", "ada" },
		{ "mentions", "a.b.c" }, { "mentions", "musk" }, { "author", "a" }, { "author", "musk" }, { "source", "musk" },
		{ "source", "a" }, { "platform", "x" }, { "lang", "fr" }, { "lang", "de" }, { "url", "x.y" }, { "url", "musk" }, { "url", "人工" },
		{ "domain", "x.y" }, { "domain", "y" }, { "domain", "b.x.y" }, { "cw", "a" }, { "cw", "musk" }, { "url", "x.y/musk" },
	};
	unsigned i = draw(m->r, COUNT(values));
	size_t from;

	n->op = values[i].op;
	strbuf_addf(&m->text, "%s:\"", n->op);
	from = m->text.len;
	strbuf_adds(&m->text, values[i].value);
	n->text = written(m, from);
	strbuf_addc(&m->text, '"');
}

/* --- people ---------------------------------------------------------------------------------------------------------- */

#define PERSON_NAMES 2
static const struct {
	const char *key;
	const char *names[PERSON_NAMES];
	const char *accounts[PERSON_NAMES][2]; /* as shown, and by id */
} people[] = {
	{ "one", { "Musk", "a b" }, { { "x:ada", "x:musk" }, { "bluesky:a.b.c", "" } } },
	{ "two", { "Москва Моск", "人工" }, { { "x:a.b.c", "x:ada@x.y" }, { "X:musk", "" } } },
	{ "three", { "한국", "عرب" }, { { "bluesky:ada", "" }, { "bluesky:ada@x.y", "bluesky:a.b.c" } } },
	{ "four", { "Musk abc", "Σίσυφος" }, { { "x:ada@x.y", "" }, { "bluesky:musk", "bluesky:musk" } } },
};

static bool find_person(void *ctx, struct str name, struct query_person *ret, struct strbuf *why)
{
	struct round *r = ctx;
	struct query_account *accounts = arena_alloc(r->arena, PERSON_NAMES * sizeof(*accounts));
	struct str *names = arena_alloc(r->arena, PERSON_NAMES * sizeof(*names));

	for (size_t i = 0; i < COUNT(people); i++)
		if (str_eq(name, str_c(people[i].key))) {
			for (size_t k = 0; k < PERSON_NAMES; k++) {
				names[k] = str_c(people[i].names[k]);
				accounts[k].shown = str_c(people[i].accounts[k][0]);
				accounts[k].id = str_c(people[i].accounts[k][1]);
			}
			*ret = (struct query_person){ names, accounts, PERSON_NAMES, PERSON_NAMES };
			return true;
		}
	strbuf_adds(why, "nobody");
	return false;
}

static struct str behind_colon(struct str s)
{
	return str_from(s, str_chr(s, ':') + 1);
}

/* Names, or accounts by handle and by id. */
static struct naive *make_person(struct made *m, bool running)
{
	struct naive *n = new_node(m, NAIVE_OR);
	unsigned who = draw(m->r, COUNT(people)), how = running ? 0 : draw(m->r, 3), k = 0;

	strbuf_addf(&m->text, "%s:@@%s", how == 0 ? "about" : how == 1 ? "from" : "mentions", people[who].key);
	for (unsigned i = 0; i < PERSON_NAMES; i++) {
		struct str shown = str_c(people[who].accounts[i][0]), id = str_c(people[who].accounts[i][1]);

		for (unsigned second = 0; second < 2; second++) {
			struct naive *t = new_node(m, NAIVE_TERM);

			if (how == 0) {
				if (second)
					continue;
				t->text = str_c(people[who].names[i]);
				t->name = true;
			} else if (second && str_empty(id)) {
				continue;
			} else {
				t->op = how == 1 ? "author is" : "mention is";
				t->text = behind_colon(second ? id : shown);
				t->platform = str_slice(shown, 0, str_chr(shown, ':'));
				t->known = !second && !str_empty(id);
				t->by_id = second;
			}
			n->child[k++] = t;
		}
	}
	return n;
}

static void make_bare(struct made *m, struct naive *n, bool running)
{
	static const char *const sigils[] = { "#", "@", "$", "title", "text" };
	size_t from = m->text.len;

	if (!running && one_in(m->r, 3)) {
		n->op = PICK(m->r, sigils);
		strbuf_addf(&m->text, n->op[1] ? "%s:" : "%s", n->op);
		from += n->op[1] ? strlen(n->op) + 1 : 0;
		strbuf_adds(&m->text, PICK_WORD(m->r, plain));
	} else if (one_in(m->r, 5)) {
		n->exact = true;
		strbuf_adds(&m->text, "=");
		from++;
		strbuf_adds(&m->text, one_in(m->r, 3) ? PICK_WORD(m->r, starred) : PICK_WORD(m->r, plain));
	} else {
		strbuf_adds(&m->text, one_in(m->r, 4) ? PICK_WORD(m->r, starred) : PICK_WORD(m->r, plain));
	}
	n->text = written(m, from);
}

static struct naive *make_term(struct made *m, bool running)
{
	if (one_in(m->r, 12))
		return make_person(m, running);
	struct naive *n = new_node(m, NAIVE_TERM);
	if (one_in(m->r, 3))
		make_quoted(m, n, running);
	else if (!running && one_in(m->r, 3))
		make_named(m, n);
	else
		make_bare(m, n, running);
	return n;
}

static struct naive *make_running(struct made *m, unsigned depth);

static struct naive *make_or(struct made *m, unsigned depth)
{
	struct naive *n = new_node(m, NAIVE_OR);

	for (unsigned i = 0, more = 2 + draw(m->r, 2); i < more; i++) {
		strbuf_adds(&m->text, i ? " OR " : "");
		n->child[i] = make_running(m, depth);
	}
	return n;
}

static struct naive *make_near(struct made *m, unsigned depth)
{
	struct naive *n = new_node(m, NAIVE_NEAR);

	n->number = draw(m->r, 6);
	n->ordered = one_in(m->r, 3);
	n->child[0] = make_running(m, depth);
	strbuf_addf(&m->text, " %s/%u ", n->ordered ? "ONEAR" : "NEAR", n->number);
	n->child[1] = make_running(m, depth);
	return n;
}

/* What says where in the text it stands: a term, or an OR or NEAR of such in parentheses. */
static struct naive *make_running(struct made *m, unsigned depth)
{
	if (depth == 0 || !one_in(m->r, 4))
		return make_term(m, true);
	strbuf_addc(&m->text, '(');
	struct naive *n = one_in(m->r, 2) ? make_or(m, depth - 1) : make_near(m, depth - 1);
	strbuf_addc(&m->text, ')');
	return n;
}

static struct naive *make_times(struct made *m)
{
	struct naive *n = new_node(m, NAIVE_TIMES);

	n->number = 1 + draw(m->r, 4);
	strbuf_addf(&m->text, "{%u,}", n->number);
	n->child[0] = make_running(m, 1);
	return n;
}

static struct naive *make_in_sentence(struct made *m, unsigned depth)
{
	struct naive *n = new_node(m, one_in(m->r, 2) ? NAIVE_AND : NAIVE_OR);
	unsigned more = 2 + draw(m->r, 2);

	for (unsigned i = 0; i < more; i++) {
		struct naive **at = &n->child[i];

		strbuf_adds(&m->text, i == 0 ? "" : n->kind == NAIVE_AND ? " " : " OR ");
		if (one_in(m->r, 5)) {
			strbuf_addc(&m->text, '-');
			*at = new_node(m, NAIVE_NOT);
			at = &(*at)->child[0];
		}
		if (depth > 0 && one_in(m->r, 4)) {
			strbuf_addc(&m->text, '(');
			*at = make_in_sentence(m, depth - 1);
			strbuf_addc(&m->text, ')');
		} else {
			*at = make_running(m, 1);
		}
	}
	return n;
}

static struct naive *make_fact(struct made *m)
{
	static const char *const facts[] = { "is:reply", "is:quote", "has:links", "has:hashtags", "has:mentions", "likes:5.." };
	struct naive *n = new_node(m, NAIVE_FACT);

	n->op = PICK(m->r, facts);
	strbuf_adds(&m->text, n->op);
	return n;
}

static unsigned draw_of_round(void *round, size_t below)
{
	return draw(round, below);
}

static struct naive *make_regex(struct made *m)
{
	struct naive *n = new_node(m, NAIVE_REGEX);

	n->regex = naive_regex_random(m->r->arena, draw_of_round, m->r, &m->text);
	return n;
}

static struct naive *make_list(struct made *m, unsigned depth);

static struct naive *make_group(struct made *m, unsigned depth)
{
	static const struct {
		const char *name;
		unsigned scope;
	} scopes[] = {
		{ "context", 1 | 2 << RELATION_PARENT | 2 << RELATION_QUOTED | 2 << RELATION_REPOSTED | 2 << RELATION_ROOT },
		{ "parent", 2 << RELATION_PARENT }, { "quoted", 2 << RELATION_QUOTED }, { "reposted", 2 << RELATION_REPOSTED },
		{ "root", 2 << RELATION_ROOT },
	};
	unsigned before = m->scope, i = draw(m->r, COUNT(scopes));

	if (before == NAIVE_SELF && one_in(m->r, 2)) {
		strbuf_addf(&m->text, "%s:", scopes[i].name);
		m->scope = scopes[i].scope;
	}
	strbuf_addc(&m->text, '(');
	struct naive *n = make_list(m, depth);
	strbuf_addc(&m->text, ')');
	m->scope = before;
	return n;
}

static struct naive *make_one(struct made *m, unsigned depth)
{
	struct naive *n;

	switch (draw(m->r, 12)) {
	case 0:
		return make_near(m, 1);
	case 1:
		return make_times(m);
	case 2:
		n = new_node(m, NAIVE_SENTENCE);
		strbuf_adds(&m->text, "SENTENCE(");
		n->child[0] = make_in_sentence(m, 1);
		strbuf_addc(&m->text, ')');
		return n;
	case 3:
		return make_fact(m);
	case 4:
		return make_regex(m);
	case 5:
	case 6:
		return depth > 0 ? make_group(m, depth - 1) : make_term(m, false);
	default:
		return make_term(m, false);
	}
}

/* A list joined by AND or by OR, some of it negated. */
static struct naive *make_list(struct made *m, unsigned depth)
{
	struct naive *n = new_node(m, one_in(m->r, 2) ? NAIVE_AND : NAIVE_OR);
	unsigned more = 1 + draw(m->r, 3);

	for (unsigned i = 0; i < more; i++) {
		strbuf_adds(&m->text, i == 0 ? "" : n->kind == NAIVE_OR ? " OR " : one_in(m->r, 4) ? " AND " : " ");
		if (one_in(m->r, 5)) {
			n->child[i] = new_node(m, NAIVE_NOT);
			strbuf_adds(&m->text, one_in(m->r, 3) ? "NOT (" : "-(");
			n->child[i]->child[0] = make_one(m, depth);
			strbuf_addc(&m->text, ')');
		} else {
			n->child[i] = make_one(m, depth);
		}
	}
	return n;
}

/* --- comparing ------------------------------------------------------------------------------------------------------- */

static bool same_spans(const struct spans *a, const struct spans *b)
{
	if (a->list.n != b->list.n)
		return false;
	for (size_t i = 0; i < a->list.n; i++) {
		const struct span *x = &a->list.v[i], *y = &b->list.v[i];

		if (x->field != y->field || x->index != y->index || x->start != y->start || x->end != y->end ||
		    x->context != y->context)
			return false;
	}
	return true;
}

static void tell(struct strbuf *why, const char *who, bool is, const struct post *p, const struct spans *s)
{
	strbuf_addf(why, "%s: %s", who, is ? "yes" : "no");
	for (size_t i = 0; i < s->list.n; i++) {
		const struct span *x = &s->list.v[i];
		const struct post *in = match_span_post(p, x);

		strbuf_addf(why, " | %u %s[%zu] %zu-%zu %.*s", x->context, match_field_name(x->field), x->index, x->start, x->end,
			STR_ARG(in ? str_slice(match_field_text(in, x->field, x->index), x->start, x->end) : STR("?")));
	}
	strbuf_addc(why, '\n');
}

static void tell_post(struct strbuf *why, const struct post *p)
{
	json_t *j = post_to_json(p);
	char *text = json_dumps(j, 0);

	strbuf_addf(why, "post: %s\n", text);
	json_decref(j);
	mem_free(text);
}

struct query_pair {
	struct query *query;
	struct naive *naive;
};

/* Whether all three say the same of the post; `at` is the index's next match. */
static bool same(const struct query_pair *q, const struct post *post, const struct naive_post *p, const struct match *found,
                 struct strbuf *why)
{
	AUTO(spans) struct spans want = { 0 }, alone = { 0 };
	struct spans none = { 0 };
	bool is = naive_matches(q->naive, p, &want), is_alone = query_matches(q->query, post, &alone);

	if (is == is_alone && same_spans(&want, &alone) && is == (found != NULL) && (!is || same_spans(&want, &found->spans)) &&
	    is == query_matches(q->query, post, NULL))
		return true;
	strbuf_addf(why, "query: %.*s\n", STR_ARG(query_text(q->query)));
	tell_post(why, post);
	tell(why, "naive", is, post, &want);
	tell(why, "query", is_alone, post, &alone);
	tell(why, "index", found != NULL, post, found ? &found->spans : &none);
	return false;
}

static bool run_post(struct round *r, const struct matcher *m, const struct query_pair *q, struct strbuf *why)
{
	struct post *post = random_post(r);
	struct naive_post *p = naive_post_new(post);
	AUTO(matches) struct matches found = { 0 };
	size_t at = 0;
	bool agree = true;

	matcher_run(m, post, &found);
	for (size_t i = 0; i < PAIRS_QUERIES && agree; i++) {
		bool hit = at < found.list.n && found.list.v[at].watch == i;

		agree = q[i].query == NULL || same(&q[i], post, p, hit ? &found.list.v[at] : NULL, why);
		at += hit;
	}
	naive_post_free(p);
	release_post(post);
	return agree;
}

bool pairs_agree(struct str bytes, uint64_t seed, struct strbuf *why)
{
	OWNED(arena) struct arena *arena = arena_new(ARENA_MAX);
	OWNED(matcher) struct matcher *m = matcher_new();
	struct round r = { .bytes = bytes, .state = seed * 2 + 1, .arena = arena };
	struct query_pair q[PAIRS_QUERIES] = { { 0 } };
	const struct query_names names = { .ctx = &r, .person = find_person };
	bool agree = true;

	r.part = draw(&r, PARTS);
	for (size_t i = 0; i < PAIRS_QUERIES && agree; i++) {
		struct made made = { .r = &r, .text = STRBUF_INIT(QUERY_MAX), .scope = NAIVE_SELF };
		struct err e = { 0 };

		q[i].naive = make_list(&made, 2);
		agree = query_parse_named(strbuf_str(&made.text), &names, &q[i].query, &e) == 0;
		if (agree)
			matcher_add(m, i, q[i].query);
		else if (!strstr(e.message, "xpected fewer") && !strstr(e.message, "no text at all"))
			strbuf_addf(why, "query: %s\n%d: %s\n", strbuf_cstr(&made.text), e.column, e.message);
		else
			agree = true; /* too deep, too large or of everything: no query then, and nothing to match */
		strbuf_release(&made.text);
	}
	for (size_t i = 0; i < PAIRS_POSTS && agree; i++)
		agree = run_post(&r, m, q, why);
	for (size_t i = 0; i < PAIRS_QUERIES; i++)
		query_free(q[i].query);
	return agree;
}
