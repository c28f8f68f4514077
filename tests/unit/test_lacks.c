/* SPDX-License-Identifier: ISC */
/* What of a post's context must be known before queries can be answered. */
#include "lib/test.h"

#include "match/match.h"

#define PARENT (1u << RELATION_PARENT)
#define QUOTED (1u << RELATION_QUOTED)
#define ROOT (1u << RELATION_ROOT)

static unsigned lacks(const char *query, const struct post *p)
{
	struct query *q = NULL;
	struct err e = { 0 };

	CHECK_OK(query_parse(str_c(query), &q, &e), &e);
	const struct query *const one[] = { q };
	unsigned each = 99, all = queries_lack(one, 1, p, post_lacks(p), &each);
	CHECK_INT(each, all);
	query_free(q);
	return all;
}

TEST(only_what_may_change_the_answer_is_lacking)
{
	struct author musk = { .handle = STR("elonmusk") };
	struct post p = { .text = STR("Or xAI"), .id = STR("2"), .reply_to = STR("1"), .thread = STR("0"),
		          .authors = { .v = &musk, .n = 1, .cap = 1 } };

	CHECK_INT(post_lacks(&p), PARENT | ROOT);
	CHECK_INT(lacks("xAI", &p), 0);
	CHECK_INT(lacks("from:elonmusk parent:Sutskever", &p), PARENT);
	CHECK_INT(lacks("from:sama parent:Sutskever", &p), 0);
	CHECK_INT(lacks("from:elonmusk context:Sutskever", &p), PARENT | ROOT);
	CHECK_INT(lacks("context:xAI", &p), 0); /* it stands in the post itself */
	CHECK_INT(lacks("xAI OR parent:Sutskever", &p), 0);
	CHECK_INT(lacks("Tesla OR parent:Sutskever", &p), PARENT);
	CHECK_INT(lacks("xAI -parent:Sutskever", &p), PARENT);
	CHECK_INT(lacks("Tesla -parent:Sutskever", &p), 0);
	CHECK_INT(lacks("to:sama", &p), PARENT);
	CHECK_INT(lacks("quoted:Sutskever", &p), 0); /* it quotes nothing */
	CHECK_INT(lacks("parent:(Sutskever OR Altman) (Tesla OR root:OpenAI)", &p), PARENT | ROOT);
	CHECK_INT(lacks("parent:Sutskever Tesla root:OpenAI", &p), 0);
}

TEST(what_is_there_is_not_lacking)
{
	struct post parent = { .id = STR("1"), .text = STR("Ilya Sutskever") };
	struct context_post c = { .relation = RELATION_PARENT, .post = &parent };
	struct post p = { .text = STR("Or xAI"), .id = STR("2"), .reply_to = STR("1"), .thread = STR("1"), .quote_of = STR("7"),
		          .context = { .v = &c, .n = 1, .cap = 1 } };
	struct query *q = NULL;
	struct err e = { 0 };

	CHECK_INT(post_lacks(&p), QUOTED); /* whom it answers began the thread */
	CHECK_INT(lacks("root:Altman", &p), 0);
	CHECK_INT(lacks("context:Sutskever", &p), 0);
	CHECK_INT(lacks("context:Altman", &p), QUOTED);
	CHECK_OK(query_parse(STR("root:Sutskever"), &q, &e), &e);
	CHECK(query_matches(q, &p, NULL));
	CHECK_INT(query_relations(q), ROOT);
	query_free(q);
}

TEST(explain_says_what_was_not_known)
{
	struct post p = { .text = STR("Or xAI"), .id = STR("2"), .reply_to = STR("1"), .thread = STR("0") };
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4096);
	struct query *q = NULL;
	struct err e = { 0 };

	CHECK_OK(query_parse(STR("xAI context:Sutskever"), &q, &e), &e);
	query_explain(q, &p, &b);
	CHECK_STR(strbuf_str(&b), "no  all of\n"
	                          "yes   xAI   text: xAI\n"
	                          "no    context:Sutskever   the parent post and the root post are not known\n");
	query_free(q);
}
