/* SPDX-License-Identifier: ISC */
/*
 * The matcher: adding, removing, and against query_matches over random queries and posts (fixed seed).
 */
#include "lib/test.h"

#include "base/mem.h"
#include "match/match.h"

static struct query *parsed(const char *text)
{
	struct query *q = NULL;
	struct err e = { 0 };

	CHECK_OK(query_parse(str_c(text), &q, &e), &e);
	return q;
}

/* The watches that hit, as "1 5". */
static void hits(const struct matcher *m, const struct post *p, const char *want)
{
	AUTO(matches) struct matches r = { 0 };
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);

	matcher_run(m, p, &r);
	for (size_t i = 0; i < r.list.n; i++)
		strbuf_addf(&b, "%s%llu", i ? " " : "", (unsigned long long)r.list.v[i].watch);
	CHECK_STR(strbuf_str(&b), want);
}

TEST(a_context_is_looked_up_for_those_who_ask_for_it)
{
	OWNED(matcher) struct matcher *m = matcher_new();
	OWNED(query) struct query *plain = parsed("sutskever"), *any = parsed("context:sutskever"), *parent = parsed("parent:suts*"),
				  *none = parsed("-context:sutskever"), *quoted = parsed("quoted:(sutskever OR altman)");
	struct post above = { .id = STR("1"), .text = STR("Ilya Sutskever") };
	struct context_post link = { .relation = RELATION_PARENT, .post = &above };
	struct post answer = { .text = STR("Or xAI"), .context = { .v = &link, .n = 1, .cap = 1 } };
	struct post alone = { .text = STR("Sutskever") };

	matcher_add(m, 1, plain);
	matcher_add(m, 2, any);
	matcher_add(m, 3, parent);
	matcher_add(m, 4, none);
	matcher_add(m, 5, quoted);
	hits(m, &answer, "2 3");
	hits(m, &alone, "1 2");
	link.relation = RELATION_QUOTED;
	hits(m, &answer, "2 5");
	matcher_remove(m, 2);
	hits(m, &answer, "5");
}

TEST(add_and_remove)
{
	OWNED(matcher) struct matcher *m = matcher_new();
	OWNED(query) struct query *a = parsed("sutskever"), *b = parsed("musk OR altman"), *c = parsed("-tesla"),
				  *d = parsed("from:sama"), *e = parsed("suts*"), *f = parsed("人工智能"), *g = parsed("lang:fr");
	struct author who = { .handle = STR("sama") };
	struct post p = { .text = STR("Sutskever, Musk, Altman: 关于人工智能"), .language = STR("fr-FR"),
			  .authors = { .v = &who, .n = 1, .cap = 1 } };
	struct post other = { .text = STR("Tesla") };

	hits(m, &p, "");
	CHECK_INT(matcher_count(m), 0);
	matcher_add(m, 7, a);
	matcher_add(m, UINT64_MAX, b);
	matcher_add(m, 0, c);
	matcher_add(m, 3, d);
	matcher_add(m, 4, e);
	matcher_add(m, 5, f);
	matcher_add(m, 6, g);
	CHECK_INT(matcher_count(m), 7);
	hits(m, &p, "0 3 4 5 6 7 18446744073709551615");
	hits(m, &other, "");
	matcher_remove(m, 0);
	matcher_remove(m, 4);
	matcher_remove(m, UINT64_MAX);
	matcher_remove(m, 99);
	CHECK_INT(matcher_count(m), 4);
	hits(m, &p, "3 5 6 7");
	matcher_remove(m, 3);
	matcher_remove(m, 5);
	matcher_remove(m, 6);
	matcher_add(m, 8, a);
	matcher_add(m, 9, a);
	matcher_remove(m, 8);
	hits(m, &p, "7 9");
	matcher_remove(m, 7);
	matcher_remove(m, 9);
	hits(m, &p, "");
	CHECK_INT(matcher_count(m), 0);
}

TEST(many_under_one_word)
{
	OWNED(matcher) struct matcher *m = matcher_new();
	OWNED(query) struct query *q = parsed("word other");
	AUTO(matches) struct matches r = { 0 };
	struct post p = { .text = STR("word other word") };

	for (uint64_t i = 0; i < 5000; i++)
		matcher_add(m, i * 7919 % 5000, q);
	matcher_run(m, &p, &r);
	CHECK_INT(r.list.n, 5000);
	for (size_t i = 0; i < r.list.n; i++) {
		CHECK_INT(r.list.v[i].watch, i);
		CHECK_INT(r.list.v[i].spans.list.n, 3);
	}
	for (uint64_t i = 0; i < 5000; i += 2)
		matcher_remove(m, i);
	matcher_run(m, &p, &r);
	CHECK_INT(r.list.n, 2500);
	CHECK_INT(r.list.v[0].watch, 1);
	for (uint64_t i = 1; i < 5000; i += 2)
		matcher_remove(m, i);
	CHECK_INT(matcher_count(m), 0);
}

/* --- differential ---------------------------------------------------------------------------------------------------- */

static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static const char *const vocabulary[] = {
	"a", "b", "musk", "Musk", "mu", "muskat", "été", "ete", "人工", "工", "人", "智能", "กรุง", "x.y", "snake_case", "4.5", "d’a",
	"#tag", "#人工", "@sama", "$TSLA", "🚀", "Straße", "한국", "عرب", "longerword", "longerwords",
};
#define PICK(rng, array) ((array)[next_random(rng) % (sizeof(array) / sizeof((array)[0]))])

static void random_words(uint64_t *rng, struct strbuf *b, unsigned max)
{
	static const char *const gaps[] = { " ", " ", " ", ", ", "", "-", ". " };

	for (unsigned n = next_random(rng) % (max + 1); n > 0; n--) {
		strbuf_adds(b, PICK(rng, vocabulary));
		strbuf_adds(b, PICK(rng, gaps));
	}
}

static void random_term(uint64_t *rng, struct strbuf *b)
{
	static const char *const values[] = { "from:a", "from:sama", "from:\"a b\"", "source:musk", "title:", "text:", "lang:fr",
					      "lang:de", "#tag", "#ta*", "#人工", "url:x.y", "url:musk", "url:mu*", "from:mu*",
					      "@sama", "$TSLA", "title:(a OR 人)" };
	static const char *const compound[] = { "=Musk", "=été", "*sk", "m*t", "\"a b\"~2", "\"musk a été\"~6", "{2,}a", "is:reply", "has:hashtags", "likes:5..",
						"mentions:a", "to:musk", "domain:x.y", "from:x:musk", "platform:x", "author:a", "stem:musk", "stem:words", "{2,}(a OR b)",
						"SENTENCE(a b)", "SENTENCE(musk -a)", "(a OR 人) ONEAR/3 (b OR été)", "=\"a Musk\"" };
	static const char *const running[] = { "a", "musk", "mu*", "été", "人工", "(a OR b)", "\"a b\"", "$TSLA", "title:a" };
	static const char *const nears[] = { " NEAR ", " NEAR/1 ", " ONEAR/7 " };

	switch (next_random(rng) % 8) {
	case 7:
		strbuf_adds(b, PICK(rng, compound));
		break;
	case 6:
		strbuf_addf(b, "%s%s", PICK(rng, running), PICK(rng, nears));
		strbuf_adds(b, PICK(rng, running));
		break;
	case 0:
		strbuf_adds(b, PICK(rng, values));
		if (b->p[b->len - 1] == ':')
			strbuf_adds(b, "a");
		break;
	case 1:
		strbuf_adds(b, "\"a ");
		random_words(rng, b, 2);
		strbuf_adds(b, "\"");
		break;
	case 2:
		strbuf_addf(b, "%s*", PICK(rng, vocabulary));
		break;
	default:
		strbuf_adds(b, PICK(rng, vocabulary));
	}
}

static void random_query(uint64_t *rng, struct strbuf *b, int depth)
{
	unsigned n = 1 + next_random(rng) % 3;

	for (unsigned i = 0; i < n; i++) {
		if (i > 0)
			strbuf_adds(b, next_random(rng) % 2 ? " " : " OR ");
		if (next_random(rng) % 4 == 0)
			strbuf_adds(b, "-");
		if (depth > 0 && next_random(rng) % 3 == 0) {
			strbuf_adds(b, "(");
			random_query(rng, b, depth - 1);
			strbuf_adds(b, ")");
		} else {
			random_term(rng, b);
		}
	}
}

struct random_post {
	struct post post;
	struct author authors[2];
	struct str tags[2], links[2];
	struct strbuf text[9];
};

static struct str random_text(uint64_t *rng, struct strbuf *b, unsigned max)
{
	*b = STRBUF_INIT(4096);
	random_words(rng, b, max);
	return strbuf_str(b);
}

static void make_post(uint64_t *rng, struct random_post *r)
{
	static const char *const languages[] = { "fr", "fr-FR", "de", "" };

	memset(r, 0, sizeof(*r));
	r->post.title = random_text(rng, &r->text[0], 4);
	r->post.text = random_text(rng, &r->text[1], 12);
	r->post.summary = random_text(rng, &r->text[2], 3);
	r->post.source = random_text(rng, &r->text[3], 1);
	r->post.url = random_text(rng, &r->text[4], 3);
	r->post.language = str_c(PICK(rng, languages));
	for (size_t i = 0; i < 2; i++) {
		r->authors[i].name = random_text(rng, &r->text[5 + i], 2);
		r->authors[i].handle = str_c(PICK(rng, vocabulary));
		r->tags[i] = str_c(PICK(rng, vocabulary));
		r->links[i] = random_text(rng, &r->text[7 + i], 2);
	}
	r->post.platform = next_random(rng) % 2 ? STR("x") : STR("feed");
	r->post.reply_to = next_random(rng) % 2 ? STR("1") : STR_NULL;
	r->post.metrics.likes = (int64_t)(next_random(rng) % 10);
	r->post.mentions.v = r->authors;
	r->post.mentions.n = next_random(rng) % 3;
	r->post.authors.v = r->authors;
	r->post.tags.v = r->tags;
	r->post.links.v = r->links;
	r->post.authors.n = r->post.tags.n = r->post.links.n = next_random(rng) % 3;
}

static void free_post(struct random_post *r)
{
	for (size_t i = 0; i < 9; i++)
		strbuf_release(&r->text[i]);
}

static bool same_spans(const struct spans *a, const struct spans *b)
{
	if (a->list.n != b->list.n)
		return false;
	for (size_t i = 0; i < a->list.n; i++) {
		const struct span *x = &a->list.v[i], *y = &b->list.v[i];

		if (x->field != y->field || x->index != y->index || x->start != y->start || x->end != y->end ||
		    x->start >= x->end)
			return false;
	}
	return true;
}

#define QUERIES 300
#define POSTS 1000

TEST(matcher_and_query_agree)
{
	uint64_t rng = 2026;
	OWNED(matcher) struct matcher *m = matcher_new();
	AUTO(matches) struct matches r = { 0 };
	struct query *q[QUERIES] = { 0 };
	size_t found = 0;

	for (size_t i = 0; i < QUERIES; i++) {
		AUTO(strbuf) struct strbuf b = STRBUF_INIT(4096);

		random_query(&rng, &b, 2);
		q[i] = parsed(strbuf_cstr(&b));
		matcher_add(m, i, q[i]);
	}
	for (size_t n = 0; n < POSTS; n++) {
		struct random_post p;
		size_t at = 0;

		make_post(&rng, &p);
		if (n % 3 == 0) { /* watches come and go */
			uint64_t again = next_random(&rng) % QUERIES;

			matcher_remove(m, again);
			matcher_add(m, again, q[again]);
		}
		matcher_run(m, &p.post, &r);
		for (size_t i = 0; i < QUERIES; i++) {
			AUTO(spans) struct spans s = { 0 };
			bool is = query_matches(q[i], &p.post, &s), hit = at < r.list.n && r.list.v[at].watch == i;

			if (is != hit || (is && !same_spans(&s, &r.list.v[at].spans)))
				fail_msg("post %zu, query %.*s: alone %d, in the matcher %d", n, STR_ARG(query_text(q[i])), is, hit);
			at += hit;
		}
		CHECK_INT(at, r.list.n);
		found += at;
		free_post(&p);
	}
	CHECK(found > QUERIES * POSTS / 20 && found < QUERIES * POSTS / 2);
	for (size_t i = 0; i < QUERIES; i++)
		query_free(q[i]);
}

/* --- the archive's full-text index ------------------------------------------------------------------------------------ */

/* What FTS5 does with "quoted phrases", prefixes, AND, OR and parentheses, over words separated by single spaces. */
static bool fts_phrase(struct str *rest, struct str words)
{
	size_t end = 1;

	while (rest->p[end] != '"')
		end++;
	struct str phrase = str_slice(*rest, 1, end);
	*rest = str_from(*rest, end + 1);
	bool prefix = str_starts(*rest, STR("*"));
	if (prefix)
		*rest = str_from(*rest, 1);
	for (size_t at = 0; at + phrase.len <= words.len; at++) {
		bool starts = at == 0 || words.p[at - 1] == ' ', ends = at + phrase.len == words.len || words.p[at + phrase.len] == ' ';

		if (starts && (ends || prefix) && memcmp(words.p + at, phrase.p, phrase.len) == 0)
			return true;
	}
	return false;
}

static bool fts_matches(struct str *rest, struct str words)
{
	bool value = false, and = false;

	for (bool first = true;; first = false) {
		bool one;

		if (str_starts(*rest, STR("("))) {
			*rest = str_from(*rest, 1);
			one = fts_matches(rest, words);
			CHECK(str_starts(*rest, STR(")")));
			*rest = str_from(*rest, 1);
		} else {
			CHECK(str_starts(*rest, STR("\"")));
			one = fts_phrase(rest, words);
		}
		value = first ? one : and ? value && one : value || one;
		and = str_starts(*rest, STR(" AND "));
		if (!and && !str_starts(*rest, STR(" OR ")))
			return value;
		*rest = str_from(*rest, and ? 5 : 4);
	}
}

TEST(necessary_fts_holds_every_match)
{
	uint64_t rng = 77;
	struct random_post *posts = mem_realloc_array(NULL, 200, sizeof(*posts));
	struct strbuf words[200];
	size_t matched = 0, ruled_out = 0, none = 0;

	for (size_t i = 0; i < 200; i++) {
		make_post(&rng, &posts[i]);
		words[i] = STRBUF_INIT(1 << 16);
		match_fold_words(&posts[i].post, &words[i]);
	}
	for (size_t n = 0; n < 1000; n++) {
		AUTO(strbuf) struct strbuf b = STRBUF_INIT(4096), fts = STRBUF_INIT(65536);

		random_query(&rng, &b, 2);
		OWNED(query) struct query *q = parsed(strbuf_cstr(&b));
		if (!query_necessary_fts(q, &fts)) {
			CHECK_INT(fts.len, 0);
			none++;
			continue;
		}
		for (size_t i = 0; i < 200; i++) {
			struct str rest = strbuf_str(&fts);
			bool possible = fts_matches(&rest, strbuf_str(&words[i])), is = query_matches(q, &posts[i].post, NULL);

			CHECK_INT(rest.len, 0);
			if (is && !possible)
				fail_msg("%s matches \"%s\", %s does not", b.p, strbuf_cstr(&words[i]), fts.p);
			matched += is;
			ruled_out += !possible;
		}
	}
	CHECK(none < 700 && matched > 2000 && ruled_out > 20000);
	for (size_t i = 0; i < 200; i++) {
		strbuf_release(&words[i]);
		free_post(&posts[i]);
	}
	mem_free(posts);
}
