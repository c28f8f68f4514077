/* SPDX-License-Identifier: ISC */
/* The API without an engine: routes, percent-encoding, parameters, merging, names, metrics. */
#include "lib/test.h"

#include "base/date.h"
#include "base/json.h"
#include "base/text.h"
#include "config/config.h"
#include "control/metrics.h"
#include "control/route.h"

#define ROUTE(method, path, handler, help) { #method, path, NULL, help },
#define ROUTE_OF_IO(method, path, help) { #method, path, NULL, help },
static const struct route routes[] = {
#include "control/routes.def"
};
#undef ROUTE
#undef ROUTE_OF_IO

struct found {
	enum route_answer answer;
	const struct route *route;
	struct str name;
	struct strbuf why;
	struct arena *arena;
};
static void found_release(struct found *f)
{
	strbuf_release(&f->why);
	arena_free(f->arena);
}

static struct found find(const char *method, const char *path)
{
	struct found f = { .arena = arena_new(1 << 20), .why = STRBUF_INIT(1024) };
	f.answer = route_find(routes, sizeof(routes) / sizeof(routes[0]), str_c(method), str_c(path), f.arena, &f.route, &f.name,
	                      &f.why);
	return f;
}

TEST(a_path_finds_its_row)
{
	AUTO(found) struct found f = find("GET", "/v1/watches");
	CHECK_INT(f.answer, ROUTE_FOUND);
	CHECK_STR(str_c(f.route->path), "/v1/watches");
	CHECK(!str_present(f.name));
	AUTO(found) struct found g = find("POST", "/v1/sources/le-monde/poll");
	CHECK_INT(g.answer, ROUTE_FOUND);
	CHECK_STR(str_c(g.route->path), "/v1/sources/{name}/poll");
	CHECK_STR(g.name, "le-monde");
}

TEST(every_row_finds_itself)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		AUTO(found) struct found f = find(routes[i].method, routes[i].path);
		CHECK_INT(f.answer, ROUTE_FOUND);
		CHECK(f.route == &routes[i]);
	}
}

TEST(a_name_in_the_path_is_decoded)
{
	AUTO(found) struct found f = find("GET", "/v1/watches/%C3%A9vincer%20a%2Fb+c");
	CHECK_INT(f.answer, ROUTE_FOUND);
	CHECK_STR(f.name, "évincer a/b+c");
}

TEST(a_broken_escape_is_a_bad_request)
{
	static const char *const bad[] = { "/v1/watches/a%", "/v1/watches/a%4", "/v1/watches/%zz", "/v1/watches/%00", "/v1/watches/%ff" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		AUTO(found) struct found f = find("GET", bad[i]);
		CHECK_INT(f.answer, ROUTE_BAD_PATH);
		CHECK(f.why.len > 0);
	}
}

TEST(an_unknown_path_names_the_nearest)
{
	AUTO(found) struct found f = find("GET", "/v1/watchs");
	CHECK_INT(f.answer, ROUTE_NO_PATH);
	CHECK_STR(strbuf_str(&f.why), "there is no /v1/watchs here; did you mean /v1/watches?");
	AUTO(found) struct found g = find("POST", "/v1/sources/x-y/pol");
	CHECK_INT(g.answer, ROUTE_NO_PATH);
	CHECK_STR(strbuf_str(&g.why), "there is no /v1/sources/x-y/pol here; did you mean /v1/sources/x-y/poll?");
	AUTO(found) struct found h = find("GET", "/something/quite/else");
	CHECK_STR(strbuf_str(&h.why), "there is no /something/quite/else here");
	static const char *const none[] = { "", "/", "v1/watches", "/v1/watches/", "/v1/watches//pause", "//v1/watches" };
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		AUTO(found) struct found n = find("GET", none[i]);
		CHECK_INT(n.answer, ROUTE_NO_PATH);
	}
}

TEST(a_wrong_method_lists_the_right_ones)
{
	AUTO(found) struct found f = find("PUT", "/v1/watches/ilya");
	CHECK_INT(f.answer, ROUTE_NO_METHOD);
	CHECK_STR(strbuf_str(&f.why), "PUT is not possible here; Allow: GET, PATCH, DELETE");
}

static const char *const known[] = { "since", "limit", "watch", NULL };

static int read_params(struct arena *arena, const char *query, struct params *p, struct err *e)
{
	return params_read(str_c(query), known, arena, p, e);
}

TEST(parameters_are_decoded)
{
	OWNED(arena) struct arena *arena = arena_new(1 << 16);
	struct params p;
	struct err e = { 0 };
	CHECK_OK(read_params(arena, "watch=a+b%2Bc%26d&&limit=5", &p, &e), &e);
	CHECK_STR(params_get(&p, "watch"), "a b+c&d");
	CHECK_STR(params_get(&p, "limit"), "5");
	CHECK(!str_present(params_get(&p, "since")));
	CHECK_OK(params_read(STR_NULL, known, arena, &p, &e), &e);
	CHECK_OK(read_params(arena, "watch", &p, &e), &e);
	CHECK(str_present(params_get(&p, "watch")) && str_empty(params_get(&p, "watch")));
}

TEST(an_unknown_parameter_names_the_nearest)
{
	static const char *const nothing[] = { NULL };
	OWNED(arena) struct arena *arena = arena_new(1 << 16);
	struct params p;
	struct err e = { 0 };
	CHECK_INT(read_params(arena, "sinse=1d", &p, &e), -1);
	CHECK_STR(str_c(e.message), "unknown parameter \"sinse\"; did you mean \"since\"?");
	CHECK_INT(read_params(arena, "colour=red", &p, &e), -1);
	CHECK_STR(str_c(e.message), "unknown parameter \"colour\"; there are since, limit, watch");
	CHECK_INT(params_read(STR("a=1"), nothing, arena, &p, &e), -1);
	CHECK_INT(read_params(arena, "limit=1&limit=2", &p, &e), -1);
	CHECK_STR(str_c(e.message), "parameter \"limit\" comes twice");
	CHECK_INT(read_params(arena, "watch=%", &p, &e), -1);
}

TEST(a_limit_keeps_its_bounds)
{
	static const char *const bad[] = { "limit=0", "limit=1001", "limit=-1", "limit=", "limit=5x", "limit=99999999999999999999" };
	OWNED(arena) struct arena *arena = arena_new(1 << 16);
	struct params p;
	struct err e = { 0 };
	int64_t n = 0;
	CHECK_OK(read_params(arena, "limit=1000", &p, &e), &e);
	CHECK_OK(params_int(&p, "limit", 1, 1000, 50, &n, &e), &e);
	CHECK_INT(n, 1000);
	CHECK_OK(read_params(arena, "", &p, &e), &e);
	CHECK_OK(params_int(&p, "limit", 1, 1000, 50, &n, &e), &e);
	CHECK_INT(n, 50);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_OK(read_params(arena, bad[i], &p, &e), &e);
		CHECK_INT(params_int(&p, "limit", 1, 1000, 50, &n, &e), -1);
	}
	CHECK_STR(str_c(e.message), "limit: expected a number from 1 to 1000");
}

#define NOW 1702282440000LL /* 2023-12-11T08:14:00Z */

TEST(since_is_a_duration_or_a_time)
{
	static const char *const bad[] = { "since=yesterday", "since=7", "since=", "since=2023", "since=12:00", "since=2023-13-45T00:00:00Z" };
	OWNED(arena) struct arena *arena = arena_new(1 << 16);
	struct params p;
	struct err e = { 0 };
	int64_t ms = -1;
	CHECK_OK(read_params(arena, "", &p, &e), &e);
	CHECK_OK(params_since(&p, "since", NOW, &ms, &e), &e);
	CHECK_INT(ms, 0);
	CHECK_OK(read_params(arena, "since=7d", &p, &e), &e);
	CHECK_OK(params_since(&p, "since", NOW, &ms, &e), &e);
	CHECK_INT(ms, NOW - 7 * 86400000LL);
	CHECK_OK(read_params(arena, "since=2023-12-11T08:14:00Z", &p, &e), &e);
	CHECK_OK(params_since(&p, "since", NOW, &ms, &e), &e);
	CHECK_INT(ms, NOW);
	CHECK_OK(read_params(arena, "since=2023-12-11T09:14:00%2B01:00", &p, &e), &e);
	CHECK_OK(params_since(&p, "since", NOW, &ms, &e), &e);
	CHECK_INT(ms, NOW);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_OK(read_params(arena, bad[i], &p, &e), &e);
		if (params_since(&p, "since", NOW, &ms, &e) == 0)
			fail_msg("%s was taken", bad[i]);
	}
}

static void check_merge(const char *target, const char *patch, const char *want)
{
	struct err e = { 0 };
	OWNED_JSON json_t *t = json_parse(str_c(target), &e);
	OWNED_JSON json_t *p = json_parse(str_c(patch), &e);
	CHECK(t != NULL && p != NULL);
	route_merge(t, p);
	AUTO(strbuf) struct strbuf got = STRBUF_INIT(4096);
	json_dump(&got, t, true);
	CHECK_STR(strbuf_str(&got), want);
}

TEST(a_patch_sets_and_removes)
{
	check_merge("{\"a\":1,\"b\":2}", "{\"b\":null,\"c\":[1]}", "{\"a\":1,\"c\":[1]}");
	check_merge("{\"h\":{\"x\":\"1\",\"y\":\"2\"}}", "{\"h\":{\"y\":null,\"z\":\"3\"}}", "{\"h\":{\"x\":\"1\",\"z\":\"3\"}}");
	check_merge("{\"h\":true}", "{\"h\":{\"y\":null,\"z\":\"3\"}}", "{\"h\":{\"z\":\"3\"}}");
	check_merge("{\"l\":[1,2]}", "{\"l\":[3]}", "{\"l\":[3]}");
}

TEST(a_secret_as_shown_changes_nothing)
{
	check_merge("{\"secret\":\"s3\",\"h\":{\"k\":\"v\"}}", "{\"secret\":\"***\",\"h\":{\"k\":\"***\"}}",
	            "{\"h\":{\"k\":\"v\"},\"secret\":\"s3\"}");
	check_merge("{\"url\":\"https://h/a/b?token=s3\"}", "{\"url\":\"https://h/***\"}", "{\"url\":\"https://h/a/b?token=s3\"}");
	check_merge("{\"url\":\"https://h/a?token=s3\"}", "{\"url\":\"https://h/a?token=***\"}", "{\"url\":\"https://h/a?token=s3\"}");
	check_merge("{\"url\":\"https://h/a?token=s3\"}", "{\"url\":\"https://h/b\"}", "{\"url\":\"https://h/b\"}");
	/* where there was none it is no secret as shown: config/ refuses it */
	check_merge("{}", "{\"secret\":\"***\"}", "{\"secret\":\"***\"}");
}

TEST(metrics_are_in_the_text_format)
{
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(4096);
	metrics_family(&out, "monitord_source_up", "gauge", "1 if the last poll went well.");
	metrics_sample(&out, "monitord_source_up", "source", STR("a\\b\"c\nd"), 1);
	metrics_sample(&out, "monitord_polls_total", NULL, STR_NULL, 7);
	metrics_seconds(&out, "monitord_t", NULL, STR_NULL, 1702282440005LL);
	metrics_seconds(&out, "monitord_t", "s", STR("é"), -1500);
	CHECK_STR(strbuf_str(&out), "# HELP monitord_source_up 1 if the last poll went well.\n"
	                            "# TYPE monitord_source_up gauge\n"
	                            "monitord_source_up{source=\"a\\\\b\\\"c\\nd\"} 1\n"
	                            "monitord_polls_total 7\n"
	                            "monitord_t 1702282440.005\n"
	                            "monitord_t{s=\"é\"} -1.500\n");
}
