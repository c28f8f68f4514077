/* SPDX-License-Identifier: ISC */
/* Publishers that give one id to many posts: each post is one and the same, whatever else its document holds. */
#include "sim/sim.h"

#define FEED "http://a.example/feed"
#define HOOK "http://hook.example/in"
#define YAML                                                                                    \
	"sources:\n  - {name: a, url: \"" FEED "\", every: 1m}\n"                               \
	"channels:\n  - {name: desk, type: webhook, url: \"" HOOK "\"}\n"                       \
	"watches:\n  - {name: ilya, query: Sutskever, on: [new, edit]}\n"

/* Polls a document of these items. */
static void serve(struct sim *s, const char *items)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	strbuf_addf(&b, "<rss version=\"2.0\"><channel><title>Sim</title>%s</channel></rss>", items);
	sim_page(s, FEED, 200, strbuf_cstr(&b));
	sim_run(s, 3 * MINUTE);
}

static struct sim *start(void)
{
	struct sim *s = sim_new(YAML);
	sim_page(s, HOOK, 204, "");
	serve(s, "");
	return s;
}

/* What was told in all, and how many of it are edits. */
static void check_told(struct sim *s, int told, int edits)
{
	const struct sim_page *hook = sim_find(s, str_c(HOOK));
	int edited = 0;
	for (size_t i = 0; hook != NULL && i < hook->bodies.n; i++)
		edited += strstr(hook->bodies.v[i], "\"event\":\"edit\"") != NULL;
	CHECK_INT(sim_hits(s, HOOK), told);
	CHECK_INT(edited, edits);
}

#define A "<item><guid>g</guid><link>http://a.example/1</link><title>Sutskever one</title></item>"
#define B "<item><guid>g</guid><link>http://a.example/2</link><title>Sutskever two</title></item>"
#define C "<item><guid>g</guid><link>http://a.example/3</link><title>Sutskever three</title></item>"
#define B_EDITED "<item><guid>g</guid><link>http://a.example/2</link><title>Sutskever two, corrected</title></item>"

TEST(one_guid_on_all_items)
{
	struct sim *s = start();
	serve(s, A);
	check_told(s, 1, 0);
	serve(s, B A);
	check_told(s, 2, 0);
	serve(s, B);
	serve(s, A);
	serve(s, A B);
	check_told(s, 2, 0);
	serve(s, C); /* though alone, it is no edit: this id has been many posts' */
	check_told(s, 3, 0);
	serve(s, C B_EDITED A);
	check_told(s, 4, 1);
	sim_kill(s);
	sim_boot(s);
	serve(s, A C);
	serve(s, A B_EDITED C);
	check_told(s, 4, 1);
	sim_free(s);
}

TEST(one_guid_and_one_link_on_all_items)
{
#define ITEM(title) "<item><guid>g</guid><link>http://a.example/</link><title>Sutskever " title "</title></item>"
	struct sim *s = start();
	serve(s, ITEM("two") ITEM("one"));
	check_told(s, 2, 0);
	serve(s, ITEM("three") ITEM("two"));
	serve(s, ITEM("three") ITEM("one"));
	check_told(s, 3, 0);
	sim_free(s);
#undef ITEM
}

TEST(no_guid_and_the_front_page_as_link)
{
#define ITEM(title) "<item><link>http://a.example/</link><title>Sutskever " title "</title></item>"
	struct sim *s = start();
	serve(s, ITEM("two") ITEM("one"));
	check_told(s, 2, 0);
	serve(s, ITEM("three") ITEM("two"));
	serve(s, ITEM("four"));
	serve(s, ITEM("one"));
	serve(s, ITEM("two"));
	check_told(s, 4, 0);
	sim_free(s);
#undef ITEM
}

TEST(a_post_of_its_own_id_may_change_as_it_likes)
{
	struct sim *s = start();
	serve(s, "<item><guid>g</guid><link>http://a.example/1</link><title>Sutskever</title></item>");
	serve(s, "<item><guid>g</guid><link>http://a.example/new-slug</link><title>Sutskever leaves</title></item>");
	check_told(s, 2, 1);
	serve(s, "<item><link>http://a.example/no-guid</link><title>Sutskever</title></item>");
	serve(s, "<item><link>http://a.example/no-guid</link><title>Sutskever stays</title></item>");
	check_told(s, 4, 2);
	sim_free(s);
}

/* RFC 4287, 4.1.1: the same entry twice; the first one counts, at every poll. */
TEST(two_versions_of_a_post_in_one_document)
{
#define ITEM(text) "<item><guid>g</guid><title>T</title><description>Sutskever " text "</description></item>"
	struct sim *s = start();
	serve(s, ITEM("new") ITEM("old"));
	serve(s, ITEM("new") ITEM("old"));
	check_told(s, 1, 0);
	serve(s, ITEM("newest") ITEM("new") ITEM("old"));
	check_told(s, 2, 1);
	sim_free(s);
#undef ITEM
}
