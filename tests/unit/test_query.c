/* SPDX-License-Identifier: ISC */
/* Queries: limits, spans, borrowed text.  What the language means stands in tests/data/query. */
#include "lib/test.h"

#include "base/mem.h"
#include "match/match.h"

#define STR_OF(literal) { "" literal, sizeof(literal) - 1 } /* STR for static data */

static struct query *parsed(const char *text)
{
	struct query *q = NULL;
	struct err e = { 0 };

	CHECK_OK(query_parse(str_c(text), &q, &e), &e);
	return q;
}

static bool refused(struct str text, int column)
{
	struct query *q = NULL;
	struct err e = { 0 };
	bool is = query_parse(text, &q, &e) == -1 && e.kind == ERR_INPUT && e.column == column && q == NULL;

	query_free(q);
	if (!is)
		print_error("column %d: %s\n", e.column, e.message);
	return is;
}

static void repeat(struct strbuf *b, const char *s, size_t n)
{
	while (n-- > 0)
		strbuf_adds(b, s);
}

TEST(depth_is_bounded)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(8192);

	repeat(&b, "(", QUERY_DEPTH_MAX);
	strbuf_adds(&b, "a");
	repeat(&b, ")", QUERY_DEPTH_MAX);
	OWNED(query) struct query *q = parsed(strbuf_cstr(&b));
	CHECK(q != NULL);
	strbuf_reset(&b);
	repeat(&b, "(", QUERY_DEPTH_MAX + 1);
	strbuf_adds(&b, "a");
	repeat(&b, ")", QUERY_DEPTH_MAX + 1);
	CHECK(refused(strbuf_str(&b), QUERY_DEPTH_MAX + 1));
	strbuf_reset(&b);
	repeat(&b, "-", QUERY_DEPTH_MAX + 1);
	strbuf_adds(&b, "a");
	CHECK(refused(strbuf_str(&b), QUERY_DEPTH_MAX + 1));
}

TEST(terms_and_bytes_are_bounded)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(8192);

	repeat(&b, "a ", QUERY_TERMS_MAX);
	OWNED(query) struct query *q = parsed(strbuf_cstr(&b));
	CHECK(q != NULL);
	strbuf_adds(&b, "a");
	CHECK(refused(strbuf_str(&b), 2 * QUERY_TERMS_MAX + 1));
	strbuf_reset(&b);
	repeat(&b, "a", QUERY_MAX + 1);
	CHECK(refused(strbuf_str(&b), 1));
}

TEST(only_clean_text)
{
	CHECK(refused(STR("a \xff"), 1));
	CHECK(refused(STR("a\0b"), 1));
}

TEST(text_and_terms_are_the_querys_own)
{
	char text[] = "from:Sama -x \"Two Words\" #Tag pre*";
	OWNED(query) struct query *q = parsed(text);
	AUTO(spans) struct spans s = { 0 };
	struct author a = { .handle = STR("sama") };
	struct post p = { .text = STR("two words #tag prefix"), .authors = { .v = &a, .n = 1, .cap = 1 } };

	memset(text, 'z', sizeof(text) - 1);
	CHECK_STR(query_text(q), "from:Sama -x \"Two Words\" #Tag pre*");
	CHECK(query_matches(q, &p, &s));
	CHECK_INT(s.list.n, 4);
	CHECK_STR(s.list.v[0].term, "Two Words");
	CHECK_INT(s.list.v[0].start, 0);
	CHECK_INT(s.list.v[0].end, 9);
	CHECK_STR(s.list.v[1].term, "#Tag");
	CHECK_STR(s.list.v[2].term, "pre*");
	CHECK_STR(s.list.v[3].term, "Sama");
	CHECK_INT(s.list.v[3].field, FIELD_OF_HANDLE);
}

TEST(spans_are_sorted_once_and_cleared)
{
	OWNED(query) struct query *q = parsed("b (a OR b) c");
	AUTO(spans) struct spans s = { 0 };
	struct post yes = { .title = STR("c a"), .text = STR("b b") }, no = { .text = STR("a b") };

	CHECK(query_matches(q, &yes, &s));
	CHECK_INT(s.list.n, 4);
	CHECK_INT(s.list.v[0].field, FIELD_OF_TITLE);
	CHECK_INT(s.list.v[0].start, 0);
	CHECK_INT(s.list.v[1].start, 2);
	CHECK_INT(s.list.v[2].field, FIELD_OF_TEXT);
	CHECK_INT(s.list.v[3].start, 2);
	CHECK(!query_matches(q, &no, &s));
	CHECK_INT(s.list.n, 0);
}

TEST(second_author_and_link)
{
	OWNED(query) struct query *q = parsed("from:bob url:x.example");
	AUTO(spans) struct spans s = { 0 };
	struct author a[] = { { .name = STR("Ann") }, { .name = STR("Bob B.") } };
	struct str links[] = { STR("https://a.example/"), STR("https://x.example/") };
	struct post p = { .authors = { .v = a, .n = 2, .cap = 2 }, .links = { .v = links, .n = 2, .cap = 2 } };

	CHECK(query_matches(q, &p, &s));
	CHECK_INT(s.list.n, 2);
	CHECK_INT(s.list.v[0].field, FIELD_OF_AUTHOR);
	CHECK_INT(s.list.v[0].index, 1);
	CHECK_INT(s.list.v[1].index, 1);
	CHECK_STR(match_field_text(&p, FIELD_OF_AUTHOR, 1), "Bob B.");
	CHECK(!str_present(match_field_text(&p, FIELD_OF_LINK, 2)));
}

TEST(field_names)
{
	CHECK_STR(str_c(match_field_name(FIELD_OF_TITLE)), "title");
	CHECK_STR(str_c(match_field_name(FIELD_OF_LINK)), "link");
	CHECK_STR(str_c(match_field_name(FIELD_OF_AUTHOR_URL)), "author_url");
}

static void explains(const char *query, const struct post *p, const char *want)
{
	OWNED(query) struct query *q = parsed(query);
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(65536);

	query_explain(q, p, &b);
	CHECK_STR(strbuf_str(&b), want);
}

TEST(explain)
{
	struct post p = { .title = STR("Musk parle"), .text = STR("musk et Tesla"), .language = STR("fr") };

	explains("musk", &p, "yes musk   title: Musk, text: musk\n");
	explains("musk (\"sam altman\" OR lang:fr) -tesla", &p,
		"no  all of\n"
		"yes   musk   title: Musk, text: musk\n"
		"yes   any of\n"
		"no      \"sam altman\"\n"
		"yes     lang:fr   language: fr\n"
		"no    not\n"
		"yes     tesla   text: Tesla\n");
	explains("musk NEAR/5 =Tesla", &p,
		"yes at most 5 words between   text: musk, text: Tesla\n"
		"yes   musk   title: Musk, text: musk\n"
		"yes   =Tesla   text: Tesla\n");
	explains("{3,}musk", &p, "no  at least 3 times\nyes   musk   title: Musk, text: musk\n");
}

static bool known(void *ctx, struct str name, struct str *ret)
{
	static const char *const queries[][2] = { { "rivals", "altman OR =Zuck title:bezos" }, { "more", "watch:rivals -musk" },
						  { "loop", "a watch:self" }, { "self", "watch:loop" }, { "bad", "é from:" } };

	(void)ctx;
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
		if (str_eq(name, str_c(queries[i][0]))) {
			*ret = str_c(queries[i][1]);
			return true;
		}
	return false;
}

static void refuses_named(const char *query, int column, const char *message)
{
	const struct query_names names = { .watch = known };
	struct query *q = NULL;
	struct err e = { 0 };

	CHECK_INT(query_parse_named(str_c(query), &names, &q, &e), -1);
	CHECK_STR(str_c(e.message), message);
	CHECK_INT(e.column, column);
}

TEST(a_query_names_others)
{
	const struct query_names names = { .watch = known };
	struct post p = { .text = STR("Zuck"), .title = STR("Bezos") };
	AUTO(spans) struct spans s = { 0 };
	struct query *q = NULL;
	struct err e = { 0 };

	CHECK_OK(query_parse_named(STR("-x watch:more"), &names, &q, &e), &e);
	CHECK_STR(query_text(q), "-x watch:more");
	CHECK(query_matches(q, &p, &s));
	CHECK_INT(s.list.n, 2);
	CHECK_STR(s.list.v[0].term, "bezos");
	CHECK_STR(s.list.v[1].term, "=Zuck");
	query_free(q);
	refuses_named("a watch:self", 9,
		"column 7 of watch \"self\": column 9 of watch \"loop\": watch \"self\" asks for itself: self, loop, self");
	refuses_named("a watch:bad", 9, "column 8 of watch \"bad\": the query ends here, expected an account, a phrase or ( directly after from:");
	refuses_named("watch:none", 7, "no watch is called \"none\"");
}

static const struct str musk_names[] = { STR_OF("Elon Musk"), STR_OF("Musk") };
static const struct query_account musk_accounts[] = { { STR_OF("x:elonmusk"), STR_OF("x:44196397") },
						      { STR_OF("mastodon:elon@m.example"), { NULL, 0 } },
						      { STR_OF("https://elon.example/me"), { NULL, 0 } } };

static bool who(void *ctx, struct str name, struct query_person *ret, struct strbuf *why)
{
	(void)ctx;
	*ret = (struct query_person){ musk_names, musk_accounts, 2, 3 };
	if (str_eq(name, STR("elon-musk")) || str_eq(name, STR("Elon Musk")))
		return true;
	strbuf_addf(why, "no person is called \"%.*s\"", STR_ARG(name));
	return false;
}

static struct query *of_people(const char *text)
{
	const struct query_names names = { .watch = known, .person = who };
	struct query *q = NULL;
	struct err e = { 0 };

	CHECK_OK(query_parse_named(str_c(text), &names, &q, &e), &e);
	return q;
}

TEST(a_person_stands_for_accounts_and_names)
{
	struct author by = { .handle = STR("other"), .id = STR("44196397"), .followers = -1 };
	struct post p = { .text = STR("Musks Plan"), .platform = STR("x") };
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4096);
	OWNED(query) struct query *q = of_people("from:@@elon-musk about:\"Elon Musk\"");

	vec_push(&p.authors, by);
	query_explain(q, &p, &b);
	CHECK_STR(strbuf_str(&b),
		"yes all of\n"
		"yes   any of from:@@elon-musk\n"
		"no      from:x:elonmusk\n"
		"yes     from:x:elonmusk   author_id: 44196397\n"
		"no      from:\"mastodon:elon@m.example\"\n"
		"no      from:\"https://elon.example/me\"\n"
		"yes   any of about:\"Elon Musk\"\n"
		"no      about:\"Elon Musk\"\n"
		"no      about:\"Elon Musk\"\n"
		"yes     about:Musk   text: Musks\n");
	vec_free(&p.authors);
}

static struct str asked(const struct query *q)
{
	static char all[200];
	enum query_name kind;
	struct str name;
	int n = 0;

	all[0] = '\0';
	for (size_t pos = 0; query_name(q, &pos, &kind, &name);)
		n += snprintf(all + n, sizeof(all) - (size_t)n, "%c %.*s, ", (char)kind, STR_ARG(name));
	return str_c(all);
}

TEST(a_query_knows_whom_it_asked_for)
{
	OWNED(query) struct query *q = of_people("a watch:rivals from:@@elon-musk"), *r = of_people("from:\"Sam Altman\"");

	CHECK_STR(asked(q), "w rivals, p elon-musk, ");
	/* nobody is called so yet; whoever will be changes the query */
	CHECK_STR(asked(r), "p Sam Altman, ");
	OWNED(query) struct query *none = of_people("from:sama");
	CHECK_STR(asked(none), "");
}

TEST(people_cost_what_rare_words_do)
{
	static const char *const queries[] = { "from:@@elon-musk", "about:\"Elon Musk\"", "about:@@elon-musk -about:\"Elon Musk\"" };
	static const char *const lint[] = { "", "", "can never match" };

	for (size_t i = 0; i < 3; i++) {
		OWNED(query) struct query *q = of_people(queries[i]);
		AUTO(strbuf) struct strbuf b = STRBUF_INIT(4096);

		query_lint(q, "; ", &b);
		CHECK(lint[i][0] ? strstr(strbuf_cstr(&b), lint[i]) != NULL : b.len == 0);
		strbuf_reset(&b);
		CHECK(query_necessary_fts(q, &b) == (i > 0));
	}
}

static void lints(const char *query, const char *part)
{
	OWNED(query) struct query *q = parsed(query);
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4096);

	query_lint(q, "; ", &b);
	if (part[0] == '\0')
		CHECK_STR(strbuf_str(&b), "");
	else if (str_find(strbuf_str(&b), str_c(part)) == STR_NPOS)
		fail_msg("%s: \"%s\" lacks \"%s\"", query, strbuf_cstr(&b), part);
}

TEST(lint)
{
	lints("sutskever", "");
	lints("musk -tesla (a OR b)", "");
	lints("lang:fr (lang:de OR musk)", "");
	lints("-tesla", "over-broad: no word");
	lints("musk OR -tesla", "over-broad: no word");
	lints("a*", "over-broad: a* fits most posts");
	lints("人*", "");
	lints("musk -MUSK", "can never match: musk is both asked for and excluded");
	lints("(musk -musk) OR tesla", "can never match");
	lints("lang:fr lang:de", "one lang, and two");
	lints("source:a source:b x", "one source, and two");
	lints("musk likes:..5 likes:9..", "can never match: no number is in both ranges");
	lints("musk likes:..9 likes:9..", "");
	lints("\"elon musk\" -musk", "can never match: \"elon musk\" is both asked for and excluded");
	lints("title:musk -musk", "can never match");
	lints("musk -title:musk", "");
	lints("=Musk -musk", "can never match");
	lints("musk -=Musk", "");
	lints("musk* -muskat", "");
	lints("muskat -musk*", "can never match");
	lints("parent:musk -context:musk", "can never match");
	lints("musk tesla Musk", "redundant: Musk is there twice");
	lints("musk \"elon musk\"", "redundant: musk changes nothing beside \"elon musk\"");
	lints("musk OR \"elon musk\"", "redundant: \"elon musk\" changes nothing beside musk");
	lints("muskat OR musk*", "redundant: muskat changes nothing beside musk*");
	lints("is:reply is:reply a", "redundant: is:reply is there twice");
	lints("a OR (b -b)", "can never match: b is both");
	lints("/a/ OR -/a/", "always true: with /a/ or without it");
	lints("*fix", "over-broad: no word");
	lints("stem:a stem:a", "redundant");
	lints("SENTENCE(a -a)", "can never match");
}

static void costs(const char *query, const char *start)
{
	OWNED(query) struct query *q = parsed(query);
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4096);

	query_cost(q, &b);
	CHECK(str_starts(strbuf_str(&b), str_c(start)));
}

TEST(cost)
{
	costs("sutskever", "least");
	costs("sutskever the", "least");
	costs("musk", "low");
	costs("the", "middle");
	costs("lang:fr", "middle");
	costs("-musk", "high");
	costs("/m.sk/", "middle");
	costs("/\\w{9}/", "high");
	costs("/musk/", "low");
	costs("/sutskever|altman/", "low");
	costs("/sutskever/", "least");
}

struct told {
	struct strbuf text;
};

static void tell(void *ctx, const struct query_clause *c)
{
	struct told *t = ctx;

	strbuf_addf(&t->text, "%d%s%s %.*s %zu\n", c->depth, c->holds ? "+" : "-", c->decides ? "!" : "", STR_ARG(c->text),
		c->spans->list.n);
}

TEST(clauses_that_decide)
{
	OWNED(query) struct query *q = parsed("musk (tesla OR \"space x\") -(bot OR ad) a NEAR/1 b");
	struct told t = { STRBUF_INIT(65536) };
	struct post p = { .text = STR("Musk, Tesla, ad: a - b") };

	query_explain_each(q, &p, tell, &t);
	CHECK_STR(strbuf_str(&t.text), "0-! all of 0\n"
		"1+ musk 1\n"
		"1+ any of 0\n"
		"2+ tesla 1\n"
		"2- \"space x\" 0\n"
		"1-! not 0\n"
		"2+! any of 0\n"
		"3- bot 0\n"
		"3+! ad 1\n"
		"1+ at most 1 words between 2\n"
		"2+ a 1\n"
		"2+ b 1\n");
	strbuf_release(&t.text);
}

static void fts(const char *query, const char *want)
{
	OWNED(query) struct query *q = parsed(query);
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(65536);

	CHECK_INT(query_necessary_fts(q, &b), want[0] != '\0');
	CHECK_STR(strbuf_str(&b), want);
}

TEST(necessary_fts)
{
	fts("Sutskever", "(\"sutskever\")");
	fts("\"Sam Alt\"*", "(\"sam alt\"*)");
	fts("a b OR c", "(((\"a\") AND (\"b\")) OR (\"c\"))");
	fts("a -b", "((\"a\"))");
	fts("-(-a OR b)", "((\"a\"))");
	fts("-a", "");
	fts("a OR -b", "");
	fts("a OR from:b", "");
	fts("a from:b", "((\"a\"))");
	fts("\"x 4.5 y z\"", "(\"x\" AND \"y z\")");
	fts("人工", "(\"人 工\")");
	fts("*fix", "");
	fts("in*fix", "(\"in\"*)");
	fts("\"a su*r b\"", "(\"a su\"* AND \"b\")");
	fts("\"a b\"~3", "(\"a\" AND \"b\")");
	fts("=Apple", "(\"apple\")");
	fts("(a OR b) NEAR c", "(((\"a\") OR (\"b\")) AND (\"c\"))");
	fts("SENTENCE(a -b)", "(((\"a\")))");
	fts("{2,}a -(b NEAR c)", "(((\"a\")))");
	fts("-(b NEAR c)", "");
	fts("🚀", "");
	fts("near AND \"x\\\"", "((\"near\") AND (\"x\"))");
}
