/* SPDX-License-Identifier: ISC */
/* X's filtered stream through the engine: rules in step with the watches, gaps, breaks, budgets. */
#include "sim/sim.h"

#define API "https://api.x.com/2"
#define RULES API "/tweets/search/stream/rules"
#define STREAM API "/tweets/search/stream?*"
#define SEARCH API "/tweets/search/recent?*"
#define HOOK "http://hook.example/in"
#define YAML                                                                                                 \
	"accounts:\n  - {name: x, type: x, token: t}\n"                                                      \
	"sources:\n  - {name: live, type: x, account: x, watches: true, stream: true, every: 1h}\n"          \
	"channels:\n  - {name: desk, type: webhook, url: \"" HOOK "\", operator: true}\n"                    \
	"watches:\n  - {name: ilya, query: Sutskever, sources: [live], on: [new, edit]}\n"
#define MORE "  - {name: musk, query: \"from:@elonmusk context:(Sutskever)\", sources: [live]}\n"
#define RULE_NONE "{\"meta\":{\"result_count\":0}}"
#define RULE_ONE "{\"data\":[{\"id\":\"7\",\"value\":\"(Sutskever)\",\"tag\":\"monitord live\"},"           \
	"{\"id\":\"8\",\"value\":\"cats\",\"tag\":\"of another program\"}]}"

/* A post of that many seconds after the start, as X makes its ids. */
static const char *tweet(char buf[static 400], int second, const char *text)
{
	uint64_t id = (uint64_t)(SIM_START_UNIX + second * SECOND - INT64_C(1288834974657)) << 22;
	snprintf(buf, 400, "{\"id\":\"%llu\",\"text\":\"%s\",\"author_id\":\"1\",\"edit_history_tweet_ids\":[\"%llu\"]}",
	         (unsigned long long)id, text, (unsigned long long)id);
	return buf;
}

static void push(struct sim *s, int second, const char *text)
{
	char one[400], line[500];
	snprintf(line, sizeof line, "{\"data\":%s,\"matching_rules\":[{\"id\":\"7\"}]}", tweet(one, second, text));
	sim_push(s, STREAM, "", line);
}

/* What recent search finds from now on. */
static void found(struct sim *s, int second, const char *text)
{
	char one[400], page[500];
	snprintf(page, sizeof page, "{\"data\":[%s]}", tweet(one, second, text));
	sim_page(s, SEARCH, 200, page);
}

static int64_t alerts(struct sim *s)
{
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/status", "", ""));
	return json_get_int(j, "alerts", -1);
}

static struct sim *listen(const char *yaml)
{
	struct sim *s = sim_new(yaml);
	sim_page(s, RULES, 200, RULE_NONE);
	sim_page(s, STREAM, 200, "");
	found(s, -600, "before");
	sim_page(s, HOOK, 204, "");
	sim_run(s, 5 * SECOND);
	return s;
}

static bool sent(struct sim *s, size_t nth, const char *part)
{
	const struct sim_page *p = sim_page(s, RULES, 200, RULE_ONE);
	if (nth < p->bodies.n && strstr(p->bodies.v[nth], part) != NULL)
		return true;
	for (size_t i = 0; i < p->bodies.n; i++)
		print_error("%zu: %s\n", i, p->bodies.v[i]);
	return false;
}

TEST(a_stream_has_the_rules_of_its_watches)
{
	struct sim *s = listen(YAML MORE);
	CHECK(sent(s, 0, "{\"add\":[{\"value\":\"(Sutskever OR from:elonmusk)\",\"tag\":\"monitord live\"}]}"));
	CHECK_INT(sim_hits(s, RULES), 2);
	CHECK(sim_stream(s, STREAM) != NULL);
	CHECK(strstr(sim_page(s, SEARCH, 200, RULE_NONE)->last_url, "query=%28Sutskever%20OR%20from%3Aelonmusk%29") != NULL);
	push(s, 4, "Sutskever leaves");
	sim_push(s, STREAM, "", "this is no JSON");
	push(s, 4, "Sutskever leaves"); /* twice */
	sim_run(s, SECOND);
	CHECK_INT(alerts(s), 1);
	sim_run(s, DAY);
	CHECK_INT(sim_hits(s, STREAM), 1);
	CHECK_INT(sim_hits(s, SEARCH), 2); /* once before, and once beside it for what search did not know yet */
	CHECK_INT(sim_hits(s, RULES), 2);
	sim_free(s);
}

TEST(rules_change_with_the_watches_while_the_stream_is_open)
{
	struct sim *s = listen(YAML);
	CHECK(sent(s, 0, "(Sutskever)")); /* and from now on X has it */
	CHECK_INT(sim_ask(s, "POST", "/v1/watches", "", "{\"name\":\"sam\",\"query\":\"\\\"Sam Altman\\\"\",\"sources\":[\"live\"]}")->status,
	          201);
	CHECK_INT(sim_ask(s, "POST", "/v1/watches", "", "{\"name\":\"tesla\",\"query\":\"Tesla\"}")->status, 201); /* names it not */
	sim_run(s, 10 * SECOND);
	CHECK(sent(s, 1, "{\"delete\":{\"ids\":[\"7\"]}}"));
	CHECK(sent(s, 2, "(Sutskever OR \\\"Sam Altman\\\")"));
	CHECK_INT(sim_ask(s, "DELETE", "/v1/watches/sam", "", "")->status, 204);
	sim_run(s, 10 * SECOND);
	CHECK_INT(sim_hits(s, RULES), 6); /* two gets and a post before, now a get: what X has is right again */
	CHECK_INT(sim_hits(s, STREAM), 1);
	sim_free(s);
}

TEST(a_watch_that_x_cannot_be_asked_for_says_so)
{
	struct sim *s = listen(YAML);
	struct message *m = sim_ask(s, "POST", "/v1/watches", "", "{\"name\":\"wild\",\"query\":\"Sutskev*\",\"sources\":[\"live\"]}");
	CHECK_INT(m->status, 201);
	CHECK(str_find(m->text, STR("source \\\"live\\\" does not read for it: X cannot be asked for it")) != STR_NPOS);
	CHECK(str_find(m->text, STR("X has no word for Sutskev*")) != STR_NPOS);
	sim_free(s);
}

TEST(what_a_broken_stream_missed_is_searched_for)
{
	struct sim *s = listen(YAML);
	sim_run(s, 2 * MINUTE); /* sure by now */
	push(s, 120, "Sutskever one");
	sim_run(s, MINUTE);
	found(s, 200, "Sutskever two");
	sim_hang_up(s, STREAM, REPLY_FAILED);
	sim_run(s, 5 * SECOND);
	CHECK_INT(alerts(s), 2);
	CHECK_INT(sim_hits(s, STREAM), 2);
	char since[400];
	const char *id = strchr(tweet(since, 105, ""), ':') + 2; /* a quarter of a minute before what was heard last */
	AUTO(strbuf) struct strbuf want = STRBUF_INIT(100);
	strbuf_addf(&want, "since_id=%.*s", (int)(strchr(id, '"') - id), id);
	CHECK(strstr(sim_page(s, SEARCH, 200, "{\"meta\":{}}")->last_url, strbuf_cstr(&want)) != NULL);
	found(s, 210, "Sutskever three"); /* posted while nobody listened, and not found at once */
	sim_run(s, 2 * MINUTE);
	CHECK_INT(alerts(s), 3);
	push(s, 210, "Sutskever three");
	sim_run(s, SECOND);
	CHECK_INT(alerts(s), 3);
	sim_free(s);
}

TEST(a_crash_before_the_late_search_loses_nothing)
{
	struct sim *s = listen(YAML);
	push(s, 5, "Sutskever heard");
	sim_run(s, 10 * SECOND);
	sim_kill(s);
	found(s, 3, "Sutskever unheard"); /* older than what was heard */
	sim_boot(s);
	sim_run(s, 2 * MINUTE);
	CHECK_INT(alerts(s), 2);
	sim_free(s);
}

TEST(too_many_connections_are_retried_after_minutes)
{
	struct sim *s = listen(YAML);
	struct sim_page *stream = sim_page(s, STREAM, 429, "{\"title\":\"ConnectionException\",\"detail\":\"too many connections\"}");
	sim_run(s, MINUTE);
	sim_hang_up(s, STREAM, REPLY_OK);
	sim_run(s, 30 * MINUTE); /* at once, then after 1, 2, 4, 8 minutes and what jitter adds */
	CHECK(stream->hits >= 4 && stream->hits <= 7);
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/sources/live", "", ""));
	CHECK(str_find(json_get_str(j, "last_error"), STR("too many connections")) != STR_NPOS);
	sim_free(s);
}

TEST(a_refused_rule_is_said)
{
	struct sim *s = listen(YAML);
	sim_page(s, RULES, 200, "{\"errors\":[{\"title\":\"Invalid Rule\",\"value\":\"(x)\",\"details\":[\"no viable alternative\"]}]}");
	sim_run(s, 2 * MINUTE);
	sim_hang_up(s, STREAM, REPLY_OK);
	sim_run(s, MINUTE);
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/sources/live", "", ""));
	CHECK(str_find(json_get_str(j, "last_error"), STR("X refuses the rule \"(x)\": no viable alternative")) != STR_NPOS);
	sim_free(s);
}

TEST(without_a_watch_nothing_is_asked_until_there_is_one)
{
	struct sim *s = listen("accounts:\n  - {name: x, type: x, token: t}\n"
	                       "sources:\n  - {name: live, type: x, account: x, watches: true, stream: true, every: 1h}\n");
	CHECK_INT(sim_hits(s, STREAM), 0);
	CHECK_INT(sim_ask(s, "POST", "/v1/watches", "", "{\"name\":\"ilya\",\"query\":\"Sutskever\",\"sources\":[\"live\"]}")->status, 201);
	sim_run(s, 10 * SECOND);
	CHECK(sim_stream(s, STREAM) != NULL);
	sim_free(s);
}

TEST(a_spent_budget_ends_the_stream)
{
	struct sim *s = listen("accounts:\n  - {name: x, type: x, token: t, posts_per_day: 5}\n"
	                       "sources:\n  - {name: live, type: x, account: x, query: labs, stream: true, every: 1h}\n");
	for (int i = 0; i < 4; i++)
		push(s, i, "labs");
	sim_run(s, MINUTE);
	CHECK(sim_stream(s, STREAM) == NULL);
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/sources/live", "", ""));
	CHECK(str_find(json_get_str(j, "last_error"), STR("5 of 5 posts were read today")) != STR_NPOS);
	sim_run(s, DAY + HOUR);
	CHECK(sim_stream(s, STREAM) != NULL);
	sim_free(s);
}
