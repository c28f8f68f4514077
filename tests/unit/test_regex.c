/* SPDX-License-Identifier: ISC */
/* Regular expressions: the grams that stand for them, and their limits. */
#include "lib/test.h"

#include <utf8proc.h>

#include "base/mem.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "match/match.h"
#include "match/regex.h"

static struct regex *made(struct str pattern, const char *flags)
{
	struct regex_error e;
	struct regex *r = regex_new(pattern.p, pattern.len, flags, strlen(flags), &e);

	if (r == NULL)
		print_error("%.*s: %s\n", STR_ARG(pattern), e.why);
	assert_non_null(r);
	return r;
}

/* Whether the text's images hold one of the grams. */
static bool holds_gram(const struct regex *r, struct str text)
{
	struct regex_grams g = regex_grams(r);
	bool found = g.n == 0;

	for (size_t i = 0; i < g.n && !found; i++) {
		AUTO(strbuf) struct strbuf want = STRBUF_INIT(64);
		char *image = mem_alloc(gram_room(text.len));
		size_t n = gram_write_image((enum gram_image)g.v[i].image, text.p, text.len, image);

		for (size_t k = 0; k < gram_len(g.v[i].length); k++)
			(void)strbuf_addc(&want, (char)(g.v[i].bytes >> 8 * k));
		found = str_find(str_n(image, n), strbuf_str(&want)) != STR_NPOS;
		mem_free(image);
	}
	return found;
}

/* Every letter that RE2 takes for another one has the same image: else an expression would miss what it finds. */
TEST(letters_that_are_alike_without_case_have_one_image)
{
	AUTO(strbuf) struct strbuf all = STRBUF_INIT(1 << 20);
	size_t alike = 0;

	for (int32_t c = 0x41; c < 0x20000; c++)
		if (utf8proc_tolower(c) != c || utf8proc_toupper(c) != c)
			(void)strbuf_add_utf8(&all, (uint32_t)c);
	for (size_t at = 0, from; at < all.len;) {
		struct regex_hit hits[16];

		from = at;
		(void)text_next(strbuf_str(&all), &at);
		struct str letter = str_slice(strbuf_str(&all), from, at);
		struct regex *r = made(letter, "i");
		size_t n = regex_find(r, all.p, all.len, hits, 16);

		assert_in_range(n, 1, 15);
		alike += n;
		for (size_t i = 0; i < n; i++)
			CHECK(holds_gram(r, str_slice(strbuf_str(&all), hits[i].start, hits[i].end)));
		regex_free(r);
	}
	CHECK(alike > 5000);
}

TEST(grams_are_what_no_match_is_without)
{
	static const struct {
		const char *pattern, *flags, *text;
	} cases[] = {
		{ "GPT-?[5-9]", "i", "gpt5" }, { "(release|launch)(d|es)? v?\\d+\\.\\d+", "", "launches v1.2" },
		{ "\\b[A-Z]{3,5}-?\\d{4}\\b", "", "CVE-2026" }, { "\\d{1,3}(,\\d{3})+ ?%", "", "1,200,300%" }, { "٣x\\d", "", "٣x٤" },
		{ "人工.{1,3}新闻", "", "人工智能新闻" }, { "ΣΊΣΥΦΟΣ", "i", "σίσυφος" }, { "\\d+\\.\\d+", "", "٣.٤" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct regex *r = made(str_c(cases[i].pattern), cases[i].flags);
		struct regex_hit hit;

		CHECK(regex_grams(r).n > 0);
		CHECK_INT(regex_find(r, cases[i].text, strlen(cases[i].text), &hit, 1), 1);
		CHECK(holds_gram(r, str_c(cases[i].text)));
		CHECK(!holds_gram(r, STR("something else")));
		regex_free(r);
	}
}

static size_t hits(const struct matcher *m, const char *text)
{
	AUTO(matches) struct matches found = { 0 };
	struct post p = { .text = str_c(text) };

	matcher_run(m, &p, &found);
	return found.list.n;
}

/* In force at once, gone at once, beside others with the same grams. */
TEST(watches_of_expressions_come_and_go)
{
	static const char *const texts[] = { "/gpt-\\d/i", "/GPT-[5-9]/", "/[A-Z]+-\\d+/", "/\\w{3}-/", "/gpt/i -/gpt-4/i" };
	OWNED(matcher) struct matcher *m = matcher_new();
	struct query *q[5];
	struct err e = { 0 };

	for (size_t i = 0; i < 5; i++) {
		CHECK_OK(query_parse(str_c(texts[i]), &q[i], &e), &e);
		CHECK_INT(hits(m, "all about GPT-5"), i);
		matcher_add(m, i, q[i]);
	}
	CHECK_INT(hits(m, "all about GPT-5"), 5);
	CHECK_INT(hits(m, "gpt-4"), 2);
	for (size_t i = 0; i < 5; i++) {
		matcher_remove(m, i);
		CHECK_INT(hits(m, "all about GPT-5"), 4 - i);
		query_free(q[i]);
	}
}

/* What is found of a text is bounded, and never empty. */
TEST(places_are_bounded)
{
	struct regex *r = made(STR("é\\b|a"), "");
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(1 << 20);
	struct regex_hit found[64];

	for (int i = 0; i < 100; i++)
		(void)strbuf_adds(&text, "aé ");
	CHECK_INT(regex_find(r, text.p, text.len, found, 64), 64);
	CHECK_INT(found[63].start, 31 * 4 + 1);
	CHECK_INT(found[63].end, 31 * 4 + 3);
	for (int i = 0; i < 100000; i++) /* each place may take a look at all that is behind it */
		(void)strbuf_adds(&text, "aé ");
	CHECK_INT(regex_find(r, text.p, text.len, found, 64), 1);
	regex_free(r);
}
