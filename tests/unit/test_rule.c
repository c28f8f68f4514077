/* SPDX-License-Identifier: ISC */
/* Queries as rules of X's filtered stream. */
#include "lib/test.h"

#include "match/match.h"

static void add(void *ctx, struct str rule)
{
	struct strbuf *b = ctx;

	strbuf_addf(b, "%s%.*s", b->len ? " | " : "", STR_ARG(rule));
}

/* One with an account of X whose id is known, and with one of another network; one with none of X. */
static bool who(void *ctx, struct str name, struct query_person *ret, struct strbuf *why)
{
	static const struct str names[] = { { "Elon Musk", 9 }, { "Musk", 4 } };
	static const struct query_account accounts[] = { { { "x:elonmusk", 10 }, { "x:44196397", 10 } },
							 { { "mastodon:elon@m.example", 23 }, { NULL, 0 } } };

	(void)ctx;
	(void)why;
	*ret = (struct query_person){ names, str_eq(name, STR("elon")) ? accounts : accounts + 1, 2,
				      str_eq(name, STR("elon")) ? 2 : 1 };
	return true;
}

static void check(const char *query, const char *want, size_t max)
{
	AUTO(strbuf) struct strbuf got = STRBUF_INIT(64 << 10);
	struct query *q = NULL;
	struct err e = { 0 };

	CHECK_OK(query_parse_named(str_c(query), &(struct query_names){ .person = who }, &q, &e), &e);
	if (query_rules(q, max, add, &got, &e) != 0) {
		strbuf_reset(&got);
		strbuf_addf(&got, "refused: %s", e.message);
	}
	query_free(q);
	if (!str_starts(strbuf_str(&got), str_c(want)) || (want[0] != 'r' && !str_eq(strbuf_str(&got), str_c(want)))) {
		print_error("%s\n got  %s\n want %s\n", query, strbuf_cstr(&got), want);
		fail();
	}
}

TEST(a_rule_finds_all_that_the_query_finds)
{
	static const struct {
		const char *query, *rule;
	} cases[] = {
		{ "Sutskever", "Sutskever" },
		{ "\"Ilya Sutskever\" OpenAI", "\"Ilya Sutskever\" OpenAI" },
		{ "Sutskever OR Altman", "Sutskever | Altman" },
		{ "Musk (Sutskever OR \"Sam Altman\")", "Musk (Sutskever OR \"Sam Altman\")" },
		{ "Musk (Sutskever OR (Altman -is:reply))", "Musk (Sutskever OR (Altman -is:reply))" },
		{ "from:@elonmusk context:(Sutskever)", "from:elonmusk" },
		{ "to:sama -is:repost", "to:sama -is:retweet" },
		{ "retweets_of:sama", "retweets_of:sama" },
		{ "#OpenAI @sama $TSLA", "#OpenAI @sama $TSLA" },
		{ "mentions:sama lang:fr -lang:en", "@sama lang:fr -lang:en" },
		{ "Musk -Tesla", "Musk" },
		{ "Musk -from:elonmusk", "Musk -from:elonmusk" },
		{ "Musk NEAR/5 (IPO OR shares)", "Musk (IPO OR shares)" },
		{ "SENTENCE(Musk Tesla -SpaceX)", "Musk Tesla" },
		{ "{2,}Musk", "Musk" },
		{ "\"Sam Altman\"~1", "(Sam Altman)" },
		{ "=Apple", "Apple" },
		{ "Musk Sutskev*", "Musk" },
		{ "Musk /GPT-?5/i", "Musk" },
		{ "b\xc3\xa9n\xc3\xa9" "fice", "(\"b\xc3\xa9n\xc3\xa9" "fice\" OR benefice)" },
		{ "url:openai.com", "url:\"openai.com\"" },
		{ "conversation_id:1334987486343299072 likes:5..", "conversation_id:1334987486343299072" },
		{ "Musk has:links has:media", "Musk has:links" },
		{ "\"OR\" Musk", "\"OR\" Musk" },
		{ "from:@@elon", "from:elonmusk" },
		{ "Tesla from:@@elon", "Tesla (from:elonmusk)" },
		{ "to:@@elon -is:repost", "(to:elonmusk) -is:retweet" },
		{ "mentions:@@elon Tesla", "(@elonmusk) Tesla" },
		{ "about:@@elon", "\"Elon Musk\" | elonmusk | Musk" },
		{ "from:@@elsewhere", "refused: X cannot be asked for it" },
		{ "Tesla -from:@@elon", "Tesla" },
		{ "Musk (parent:Altman OR Tesla)", "Musk" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		check(cases[i].query, cases[i].rule, 512);
}

TEST(what_x_cannot_be_asked_is_said)
{
	check("Sutskev*", "refused: X cannot be asked for it: it needs a word, a phrase, #tag, @name, $symbol, from:, to:, url: or the "
	      "like that every post must have; X has no word for Sutskev*", 512);
	check("lang:fr is:reply", "refused: X cannot be asked for it", 512);
	check("-Tesla", "refused: X cannot be asked for it", 512);
	check("Musk OR parent:Altman", "refused: X cannot be asked for it", 512);
	check("from:\"Elon Musk\"", "refused: X cannot be asked for it", 512);
	check("stem:licencier", "refused: X cannot be asked for it", 512);
	check("Sutskever OpenAI", "refused: as a rule of X it takes 16 bytes, and X takes 10", 10);
}
