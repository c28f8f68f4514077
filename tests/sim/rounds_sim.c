/* SPDX-License-Identifier: ISC */
/*
 * Polls of more than one request: paging, a token on the way, limits, failures and crashes in the middle.  The source
 * type is a stand-in for the real networks: "/after/N" answers lines "ID TEXT", newest first, and perhaps "> URL", the
 * next page; its cursor is the newest id of a poll that was read to its end, with the page it stopped at.
 */
#include "sim/sim.h"

#include "base/num.h"

#define API "http://net.example"
#define HOOK "http://hook.example/in"
#define YAML                                                                                                 \
	"sources:\n  - {name: net, type: feed, url: \"" API "/\", every: 15m, backfill: all}\n"              \
	"channels:\n  - {name: desk, type: webhook, url: \"" HOOK "\"}\n"                                     \
	"watches:\n  - {name: ilya, query: Sutskever}\n"

/* --- the stand-in ---------------------------------------------------------------------------------- */

struct net {
	char next[200];          /* page to ask for; "" = none */
	bool begun, want_token, had_token;
};

/* "NEWEST" or "NEWEST SINCE PAGE" while a poll is half read. */
static struct str word(struct str s, int n)
{
	struct str piece = STR_NULL;
	for (int i = 0; i <= n; i++)
		if (!str_split(&s, ' ', &piece))
			return STR_NULL;
	return piece;
}

static bool net_next(struct source *s, int64_t now_unix_ms __attribute__((unused)), struct transfer *ret)
{
	struct net *n = s->state;
	if (n->want_token) {
		ret->url = STR(API "/token");
		return true;
	}
	if (!n->begun) {
		struct str page = word(s->cursor, 2), newest = word(s->cursor, 0);
		if (str_present(page))
			snprintf(n->next, sizeof n->next, "%.*s", STR_ARG(page));
		else
			snprintf(n->next, sizeof n->next, API "/after/%.*s", STR_ARG(str_present(newest) ? newest : STR("0")));
	}
	n->begun = true;
	if (n->next[0] == '\0')
		return false;
	ret->url = arena_str(ret->arena, str_c(n->next));
	return true;
}

static void add_line(struct source_document *d, struct str line)
{
	struct post *p = post_new();
	size_t blank = str_chr(line, ' ');
	p->id = arena_str(p->arena, str_slice(line, 0, blank));
	p->text = arena_str(p->arena, str_from(line, blank));
	post_seal(p);
	vec_push(&d->posts.posts, p);
}

static int net_parse(struct source *s, const struct frame *f, struct source_document *d, struct err *e)
{
	struct net *n = s->state;
	struct str rest = f->bytes, line;
	*d = (struct source_document){ .arena = arena_new(1 << 20) };
	if (str_eq(rest, STR("token"))) {
		n->want_token = false;
		n->had_token = true;
		return 0;
	}
	if (str_eq(rest, STR("nonsense")))
		return err_set(e, ERR_INPUT, "nonsense");
	n->next[0] = '\0';
	while (str_split(&rest, '\n', &line)) {
		if (str_starts(line, STR("> ")))
			snprintf(n->next, sizeof n->next, "%.*s", STR_ARG(str_from(line, 2)));
		else if (!str_empty(line))
			add_line(d, line);
	}
	struct str newest = word(s->cursor, str_present(word(s->cursor, 2)) ? 1 : 0);
	bool first = !str_present(word(s->cursor, 2));
	if (first && d->posts.posts.n > 0)
		newest = d->posts.posts.v[0]->id;
	if (!str_present(newest))
		newest = STR("0");
	if (n->next[0] == '\0')
		d->cursor = arena_str(d->arena, newest);
	else
		d->cursor = arena_fmt(d->arena, "- %.*s %s", STR_ARG(newest), n->next);
	return 0;
}

static bool net_refused(struct source *s, const struct reply *r)
{
	struct net *n = s->state;
	if (r->status != 401 || n->had_token)
		return false;
	n->want_token = true;
	return true;
}

static const struct source_type net_type = { .name = "net", .state_size = sizeof(struct net), .next = net_next, .parse = net_parse,
	                                      .refused = net_refused };

/* The source of the configuration becomes one of our type: after each start, before the first step. */
static void put_type(struct sim *s)
{
	struct world_source *w = world_source(engine_world(s->engine), STR("net"));
	mem_free(w->source.state);
	w->source.type = &net_type;
	w->source.state = mem_alloc(sizeof(struct net));
}

static struct sim *start(void)
{
	struct sim *s = sim_new(YAML);
	put_type(s);
	sim_page(s, HOOK, 204, "");
	return s;
}

/* Six posts on three pages, the two newest first. */
static void three_pages(struct sim *s)
{
	sim_page(s, API "/after/0", 200, "6 Sutskever f\n5 Sutskever e\n> " API "/p2\n");
	sim_page(s, API "/p2", 200, "4 Sutskever d\n3 nothing\n> " API "/p3\n");
	sim_page(s, API "/p3", 200, "2 Sutskever b\n1 Sutskever a\n");
	sim_page(s, API "/after/6", 200, "");
}

static int64_t figure(struct sim *s, const char *object, const char *key)
{
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/status", "", ""));
	return json_get_int(object == NULL ? j : json_get(j, object), key, -1);
}

/* --- tests ----------------------------------------------------------------------------------------- */

TEST(a_poll_reads_all_pages)
{
	struct sim *s = start();
	three_pages(s);
	sim_run(s, 10 * SECOND);
	CHECK_INT(sim_hits(s, HOOK), 5);
	CHECK_INT(sim_hits(s, API "/after/0"), 1);
	sim_run(s, HOUR);
	CHECK_INT(sim_hits(s, API "/after/0"), 1); /* the cursor has moved on */
	CHECK(sim_hits(s, API "/after/6") >= 3);
	CHECK_INT(sim_hits(s, HOOK), 5);
	CHECK_INT(figure(s, NULL, "alerts"), 5);
	sim_free(s);
}

TEST(one_who_asks_hears_of_the_whole_poll)
{
	struct sim *s = start();
	three_pages(s);
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "POST", "/v1/sources/net/poll", "", ""));
	CHECK_STR(json_get_str(j, "outcome"), "ok");
	CHECK_INT(json_get_int(j, "posts", -1), 6);
	CHECK_INT(json_get_int(j, "new", -1), 6);
	CHECK_INT(json_get_int(j, "alerts", -1), 5);
	sim_free(s);
}

TEST(a_failure_in_the_middle_is_taken_up_there)
{
	struct sim *s = start();
	three_pages(s);
	struct sim_page *p2 = sim_page(s, API "/p2", 503, "");
	sim_run(s, MINUTE);
	CHECK_INT(sim_hits(s, HOOK), 2); /* what came before it is kept */
	sim_page(s, API "/p2", 200, "nonsense");
	sim_run(s, HOUR);
	sim_page(s, API "/p2", 200, "4 Sutskever d\n3 nothing\n> " API "/p3\n");
	sim_run(s, 2 * HOUR);
	CHECK(p2->hits >= 3);
	CHECK_INT(sim_hits(s, API "/after/0"), 1);
	CHECK_INT(sim_hits(s, HOOK), 5);
	CHECK(sim_hits(s, API "/after/6") >= 1);
	sim_free(s);
}

TEST(a_refused_token_is_renewed_once)
{
	struct sim *s = start();
	three_pages(s);
	struct sim_page *first = sim_page(s, API "/after/0", 401, "");
	struct sim_page *token = sim_page(s, API "/token", 200, "token");
	sim_run(s, MINUTE);
	CHECK_INT(first->hits, 2);
	CHECK_INT(token->hits, 1);
	json_t *j OWNED_JSON = sim_json(sim_ask(s, "GET", "/v1/sources/net", "", ""));
	CHECK_STR(json_get_str(j, "state"), "failing");
	three_pages(s);
	sim_run(s, 2 * HOUR);
	CHECK_INT(sim_hits(s, HOOK), 5);
	sim_free(s);
}

TEST(a_remedy_that_does_not_help_is_not_tried_for_ever)
{
	struct sim *s = start();
	sim_page(s, API "/after/0", 401, "");
	struct sim_page *token = sim_page(s, API "/token", 401, "");
	sim_run(s, MINUTE);
	CHECK_INT(token->hits, 3);
	sim_free(s);
}

TEST(endless_pages_have_an_end)
{
	struct sim *s = start();
	sim_page(s, API "/after/0", 200, "1 x\n> " API "/more\n");
	struct sim_page *more = sim_page(s, API "/more", 200, "1 x\n> " API "/more\n");
	sim_run(s, 10 * MINUTE);
	CHECK_INT(more->hits, 99);
	sim_run(s, 10 * MINUTE);
	CHECK_INT(more->hits, 199); /* and the next poll goes on from there */
	sim_free(s);
}

TEST(a_spent_limit_is_waited_for_in_the_middle)
{
	struct sim *s = start();
	three_pages(s);
	struct sim_page *first = sim_page(s, API "/after/0", 200, "6 Sutskever f\n5 Sutskever e\n> " API "/p2\n");
	first->headers = "x-rate-limit-remaining: 0\nx-rate-limit-reset: 1767232800\n"; /* SIM_START_UNIX + 2 h */
	sim_run(s, 119 * MINUTE);
	CHECK_INT(sim_hits(s, API "/p2"), 0);
	CHECK_INT(sim_hits(s, HOOK), 2);
	sim_run(s, 30 * MINUTE);
	CHECK_INT(sim_hits(s, API "/p2"), 1);
	CHECK_INT(first->hits, 1);
	CHECK_INT(sim_hits(s, HOOK), 5);
	sim_free(s);
}

TEST(too_many_requests_wait_as_long_as_the_headers_say)
{
	struct sim *s = start();
	three_pages(s);
	struct sim_page *p2 = sim_page(s, API "/p2", 429, "");
	p2->headers = "x-ratelimit-remaining: 0\nx-ratelimit-reset: 2026-01-01T02:00:00.000000Z\n";
	sim_run(s, 119 * MINUTE);
	CHECK_INT(p2->hits, 1);
	sim_page(s, API "/p2", 200, "4 Sutskever d\n3 nothing\n> " API "/p3\n")->headers = NULL;
	sim_run(s, 30 * MINUTE);
	CHECK_INT(p2->hits, 2);
	CHECK_INT(sim_hits(s, HOOK), 5);
	sim_free(s);
}

TEST(a_crash_at_any_step_loses_and_doubles_nothing)
{
	for (int64_t at = 1; at <= 30; at++) {
		struct sim *s = start();
		three_pages(s);
		for (int64_t i = 1; i <= 30; i++) {
			s->crash_at_step = i == at ? s->steps + 1 : 0;
			sim_step(s);
			if (i == at)
				put_type(s);
			s->mono_ms += 20;
		}
		sim_run(s, 2 * HOUR);
		CHECK_INT(figure(s, NULL, "alerts"), 5);
		CHECK_INT(figure(s, "deliveries", "delivered"), 5);
		CHECK(sim_hits(s, API "/after/0") <= 2);
		sim_free(s);
	}
}
