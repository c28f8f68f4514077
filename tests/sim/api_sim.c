/* SPDX-License-Identifier: ISC */
/*
 * The API over a real engine with a scripted network: what is added, changed, paused, removed and
 * searched, and what is refused.  Every answer must have the shape that openapi.json promises for
 * its path and status.
 */
#include "lib/test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/url.h"
#include "base/mem.h"
#include "control/api.h"
#include "control/route.h"

#define ROUTE(method, path, handler, help) { #method, path, NULL, help },
#define ROUTE_OF_IO(method, path, help) { #method, path, NULL, help },
static const struct route routes[] = {
#include "control/routes.def"
};
#undef ROUTE
#undef ROUTE_OF_IO

#define START_UNIX_MS 1702282440000LL /* 2023-12-11T08:14:00Z */
#define STEPS_MAX 200

/* --- a daemon without sockets --- */

struct rig {
	char folder[64], file[96];
	struct engine *engine;
	struct now now;
	VEC(struct message *) in;
	uint64_t last_request;
	json_t *openapi;
	int hook_status;         /* what the webhook's server answers */
	size_t hooks;            /* requests that came to it */
	/* the answer to the request under way */
	bool answered;
	int status;
	struct strbuf text;
};

#define ITEM(n, word) "<item><guid>item-" #n "</guid><title>News " #n "</title><link>https://feed.example/" #n "</link>" \
	"<description>About " word " and more</description></item>"
static const char feed_text[] = "<rss version=\"2.0\"><channel><title>Le Fil</title><link>https://feed.example/</link>"
	ITEM(5, "Sutskever") ITEM(4, "nothing") ITEM(3, "Sutskever") ITEM(2, "Sutskever") ITEM(1, "Sutskever") "</channel></rss>";

/* What the network says to `t`. */
static struct message *network(struct rig *r, const struct transfer *t)
{
	struct message *m = message_new(MESSAGE_DONE);
	struct reply *reply = reply_new(t->id);
	bool feed = str_starts(t->url, STR("https://feed.example/")), page = str_starts(t->url, STR("https://page.example/"));
	bool hook = str_starts(t->url, STR("https://hook.example/")), net = str_starts(t->url, STR("https://net.example/"));
	reply->final_url = arena_str(reply->arena, t->url);
	reply->body = STRBUF_INIT(1 << 20);
	reply->elapsed_us = 2000;
	r->hooks += hook;
	if (net) {
		reply->outcome = REPLY_OK;
		reply->status = str_eq(t->bearer, STR("good")) ? 200 : 401;
		strbuf_adds(&reply->body, reply->status == 200 ? "[]" : "{\"error\":\"The access token is invalid\"}");
	} else if (feed || page || hook) {
		reply->outcome = REPLY_OK;
		reply->status = hook ? r->hook_status : 200;
		strbuf_adds(&reply->body, feed ? feed_text : page ? "<!doctype html><html><body>No feed</body></html>" : "taken");
	} else {
		reply->outcome = REPLY_FAILED;
		reply->error = arena_str(reply->arena, STR("no such host"));
	}
	m->transfer_id = t->id;
	m->reply = reply;
	return m;
}

static void take_out(struct rig *r, struct messages *out)
{
	for (size_t i = 0; i < out->list.n; i++) {
		struct message *m = out->list.v[i];
		if (m->kind == MESSAGE_START)
			vec_push(&r->in, network(r, m->transfer));
		if (m->kind == MESSAGE_REPLY && m->request_id == r->last_request) {
			CHECK(!r->answered);
			r->answered = true;
			r->status = m->status;
			strbuf_reset(&r->text);
			strbuf_add(&r->text, m->text);
			CHECK(str_present(m->content_type));
		}
		message_free(m);
	}
	vec_free(&out->list);
}

/* One step, with what came since the last one. */
static void step(struct rig *r)
{
	struct messages out = { 0 };
	struct message **in = r->in.v;
	size_t n = r->in.n;
	memset(&r->in, 0, sizeof(r->in));
	int64_t wake = engine_step(r->engine, r->now, in, n, &out);
	CHECK(wake >= r->now.mono_ms || n > 0 || out.list.n > 0);
	for (size_t i = 0; i < n; i++)
		message_free(in[i]);
	mem_free(in);
	take_out(r, &out);
	r->now.unix_ms += 10;
	r->now.mono_ms += 10;
}

static void settle(struct rig *r)
{
	for (int i = 0; i < 20; i++)
		step(r);
}

static const char yaml[] = "accounts:\n  - name: fixed\n    type: mastodon\n    api: https://net.example\n    token: good\n"
			   "  - name: open\n    type: mastodon\n    api: https://net.example\n"
			   "sources:\n  - name: wire\n    url: https://feed.example/wire\n    every: 1h\n"
			   "channels:\n  - name: screen\n    type: console\n"
			   "watches:\n  - name: fixed\n    query: neverseen\n    channels: [screen]\n";

static void rig_start(struct rig *r)
{
	static struct world_types types;
	struct config_errors errors = { 0 };
	struct err e = { 0 };
	world_types_init(&types);
	memset(r, 0, sizeof(*r));
	snprintf(r->folder, sizeof(r->folder), "/tmp/api_sim.XXXXXX");
	CHECK(mkdtemp(r->folder) != NULL);
	snprintf(r->file, sizeof(r->file), "%s/monitord.yaml", r->folder);
	FILE *f = fopen(r->file, "w");
	CHECK(f != NULL && fputs(yaml, f) >= 0 && fclose(f) == 0);
	CHECK_INT(chmod(r->file, 0600), 0);
	struct engine_options options = { .config_path = str_c(r->file), .store_path = STR(":memory:"), .handler = api_handle,
		                          .seed = 7 };
	if (config_load(r->file, &types.types, &options.config, &errors) != 0)
		fail_msg("%.*s", STR_ARG(errors.list.v[0]));
	config_errors_release(&errors);
	CHECK_OK(engine_new(&options, &r->engine, &e), &e);
	r->now = (struct now){ START_UNIX_MS, 5000 };
	r->hook_status = 200;
	r->text = STRBUF_INIT(8 << 20);
	struct str text = test_read_file("daemon/control/openapi.json");
	r->openapi = json_parse(text, &e);
	mem_free((void *)(uintptr_t)text.p);
	CHECK(r->openapi != NULL);
	settle(r);
}

static void rig_release(struct rig *r)
{
	for (size_t i = 0; i < r->in.n; i++)
		message_free(r->in.v[i]);
	vec_free(&r->in);
	engine_free(r->engine);
	strbuf_release(&r->text);
	json_decref(r->openapi);
	unlink(r->file);
	rmdir(r->folder);
}

/* --- shapes: as much of JSON Schema as openapi.json uses --- */

static const json_t *resolve(const struct rig *r, const json_t *at)
{
	struct str ref = json_get_str(at, "$ref"), piece;
	if (!str_present(ref))
		return at;
	at = r->openapi;
	(void)str_split(&ref, '/', &piece);
	while (at != NULL && str_split(&ref, '/', &piece)) {
		char key[128];
		snprintf(key, sizeof(key), "%.*s", STR_ARG(piece));
		at = json_get(at, key);
	}
	return at;
}

static bool is_type(const json_t *value, struct str type)
{
	return str_eq(type, STR("object")) ? json_is_object(value)
		: str_eq(type, STR("array")) ? json_is_array(value)
		: str_eq(type, STR("string")) ? json_is_string(value)
		: str_eq(type, STR("integer")) ? json_is_integer(value)
		: str_eq(type, STR("number")) ? json_is_number(value)
		: str_eq(type, STR("boolean")) ? json_is_boolean(value)
		: str_eq(type, STR("null")) ? json_is_null(value) : false;
}

static bool type_fits(const json_t *schema, const json_t *value)
{
	const json_t *type = json_get(schema, "type");
	if (type == NULL)
		return true;
	if (json_is_string(type))
		return is_type(value, json_str(type));
	for (size_t i = 0; i < json_array_size(type); i++)
		if (is_type(value, json_str(json_array_get(type, i))))
			return true;
	return false;
}

static bool shape_fits(const struct rig *r, const json_t *schema, const json_t *value, struct strbuf *why);

static bool members_fit(const struct rig *r, const json_t *schema, const json_t *value, struct strbuf *why)
{
	const char *key;
	json_t *member;
	const json_t *required = json_get(schema, "required");
	for (size_t i = 0; i < json_array_size(required); i++)
		if (json_object_get(value, json_string_value(json_array_get(required, i))) == NULL) {
			strbuf_addf(why, "%s is missing", json_string_value(json_array_get(required, i)));
			return false;
		}
	json_object_foreach((json_t *)(uintptr_t)value, key, member) {
		const json_t *of = json_get(json_get(schema, "properties"), key);
		if (of == NULL && json_is_false(json_get(schema, "additionalProperties"))) {
			strbuf_addf(why, "%s is not described", key);
			return false;
		}
		if (of != NULL && !shape_fits(r, of, member, why)) {
			strbuf_addf(why, " in %s", key);
			return false;
		}
	}
	return true;
}

static bool one_of_enum(const json_t *list, const json_t *value)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (json_equal(json_array_get(list, i), value))
			return true;
	return list == NULL;
}

static bool shape_fits(const struct rig *r, const json_t *schema, const json_t *value, struct strbuf *why)
{
	json_t *item;
	size_t i, any = 0;
	schema = resolve(r, schema);
	if (!type_fits(schema, value) || !one_of_enum(json_get(schema, "enum"), value)) {
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		strbuf_addf(why, "unexpected %s", text);
		free(text);
		return false;
	}
	json_array_foreach((json_t *)(uintptr_t)json_get(schema, "allOf"), i, item)
		if (!shape_fits(r, item, value, why))
			return false;
	json_array_foreach((json_t *)(uintptr_t)json_get(schema, "anyOf"), i, item) {
		AUTO(strbuf) struct strbuf unused = STRBUF_INIT(4096);
		any += shape_fits(r, item, value, &unused);
	}
	if (json_get(schema, "anyOf") != NULL && any == 0) {
		strbuf_adds(why, "fits none of anyOf");
		return false;
	}
	if (json_is_object(value) && json_get(schema, "properties") != NULL && !members_fit(r, schema, value, why))
		return false;
	if (json_is_array(value) && json_get(schema, "items") != NULL)
		json_array_foreach((json_t *)(uintptr_t)value, i, item)
			if (!shape_fits(r, json_get(schema, "items"), item, why))
				return false;
	return true;
}

/* The schema of an answer: of the path's operation, or the problem that any address can have. */
static const json_t *schema_of(const struct rig *r, const char *method, struct str path, int status)
{
	OWNED(arena) struct arena *arena = arena_new(1 << 20);
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(1024);
	const struct route *route = NULL;
	struct str name;
	char key[16] = { 0 };
	if (route_find(routes, sizeof(routes) / sizeof(routes[0]), str_c(method), path, arena, &route, &name, &why) != ROUTE_FOUND)
		return json_get(json_get(json_get(r->openapi, "components"), "schemas"), "Problem");
	for (size_t i = 0; method[i] != '\0' && i < sizeof(key) - 1; i++)
		key[i] = char_lower(method[i]);
	const json_t *operation = json_get(json_get(json_get(r->openapi, "paths"), route->path), key);
	snprintf(key, sizeof(key), "%d", status);
	const json_t *answer = json_get(json_get(operation, "responses"), key);
	if (answer == NULL)
		fail_msg("%s %s answers %d: openapi.json does not say so", method, route->path, status);
	const json_t *content = json_get(resolve(r, answer), "content");
	const json_t *type = json_get(content, status < 400 ? "application/json" : "application/problem+json");
	return json_get(type, "schema");
}

static void check_shape(const struct rig *r, const char *method, struct str path, const json_t *value)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(64 << 10);
	const json_t *schema = schema_of(r, method, path, r->status);
	if (schema == NULL ? value != NULL : value == NULL || !shape_fits(r, schema, value, &why))
		fail_msg("%s %.*s, %d: %s\n%s", method, STR_ARG(path), r->status, strbuf_cstr(&why), strbuf_cstr(&r->text));
}

/* --- asking --- */

/* Sends a request and gives the network its turns until it is answered.  `target` may have a query. */
static void request(struct rig *r, const char *method, const char *target, const char *body)
{
	struct str whole = str_c(target);
	size_t mark = str_chr(whole, '?');
	r->answered = false;
	vec_push(&r->in, message_command(++r->last_request, str_c(method), str_slice(whole, 0, mark),
	                                 mark == STR_NPOS ? STR_NULL : str_from(whole, mark + 1), str_c(body)));
	for (int i = 0; i < STEPS_MAX && !r->answered; i++)
		step(r);
	if (!r->answered)
		fail_msg("%s %s was never answered", method, target);
}

/* The same for JSON, checked against openapi.json.  New reference, NULL for an empty answer. */
static json_t *ask(struct rig *r, const char *method, const char *target, const char *body, int want_status)
{
	struct err e = { 0 };
	request(r, method, target, body);
	if (r->status != want_status)
		fail_msg("%s %s: %d instead of %d: %s", method, target, r->status, want_status, strbuf_cstr(&r->text));
	json_t *j = r->text.len > 0 ? json_parse(strbuf_str(&r->text), &e) : NULL;
	struct str path = str_c(target);
	check_shape(r, method, str_slice(path, 0, str_chr(path, '?')), j);
	return j;
}

/* For when only the status and the detail of the problem matter. */
static void refused(struct rig *r, const char *method, const char *target, const char *body, int status, const char *part)
{
	OWNED_JSON json_t *j = ask(r, method, target, body, status);
	if (str_find(json_get_str(j, "detail"), str_c(part)) == STR_NPOS)
		fail_msg("%s %s: \"%s\" is not in %s", method, target, part, strbuf_cstr(&r->text));
}

static void done(struct rig *r, const char *method, const char *target, const char *body, int status)
{
	OWNED_JSON json_t *j = ask(r, method, target, body, status);
	(void)j;
}

static size_t count(struct rig *r, const char *target, const char *key)
{
	OWNED_JSON json_t *j = ask(r, "GET", target, NULL, 200);
	return json_array_size(json_get(j, key));
}

#define RIG(r)                                                                                      \
	AUTO(rig) struct rig r;                                                                     \
	rig_start(&r)

/* --- watches --- */

TEST(a_watch_is_added_shown_and_removed)
{
	RIG(r);
	OWNED_JSON json_t *w = ask(&r, "POST", "/v1/watches", "{\"query\":\"Ilya Sutskever\"}", 201);
	CHECK_STR(json_get_str(w, "name"), "ilya-sutskever");
	CHECK_STR(json_get_str(w, "query"), "Ilya Sutskever");
	CHECK_STR(json_get_str(w, "origin"), "api");
	OWNED_JSON json_t *again = ask(&r, "POST", "/v1/watches", "{\"query\":\"Ilya Sutskever\"}", 201);
	CHECK_STR(json_get_str(again, "name"), "ilya-sutskever-2");
	CHECK_INT(count(&r, "/v1/watches", "watches"), 3);
	OWNED_JSON json_t *shown = ask(&r, "GET", "/v1/watches/ilya-sutskever", NULL, 200);
	CHECK(json_equal(w, shown));
	done(&r, "DELETE", "/v1/watches/ilya-sutskever", NULL, 204);
	refused(&r, "GET", "/v1/watches/ilya-sutskever", NULL, 404, "did you mean \"ilya-sutskever-2\"?");
	CHECK_INT(count(&r, "/v1/watches", "watches"), 2);
}

TEST(a_watch_that_is_not_well_made_is_refused)
{
	RIG(r);
	OWNED_JSON json_t *j = ask(&r, "POST", "/v1/watches", "{\"query\":\"a (b\"}", 400);
	CHECK(json_get_int(j, "column", 0) > 0);
	refused(&r, "POST", "/v1/watches", "{\"name\":\"x\"}", 400, "query");
	refused(&r, "POST", "/v1/watches", "{\"query\":\"x\",\"chanels\":[]}", 400, "channels");
	refused(&r, "POST", "/v1/watches", "{\"query\":\"x\",\"name\":\"a b\"}", 400, "name");
	refused(&r, "POST", "/v1/watches", "[]", 400, "JSON object");
	refused(&r, "POST", "/v1/watches", "{\"query\":", 400, "line 1");
	refused(&r, "POST", "/v1/watches", "", 400, "JSON object");
	refused(&r, "POST", "/v1/watches", "{\"query\":\"x\",\"name\":\"fixed\"}", 409, "fixed");
	refused(&r, "POST", "/v1/watches", "{\"query\":\"x\",\"sources\":[\"#later\",\"nothing\"]}", 400, "no source \"nothing\"");
	CHECK_INT(count(&r, "/v1/watches", "watches"), 1);
}

TEST(a_watch_is_changed_key_by_key)
{
	RIG(r);
	done(&r, "POST", "/v1/watches", "{\"name\":\"w\",\"query\":\"one\",\"channels\":[\"screen\"],\"sources\":[\"wire\"]}", 201);
	OWNED_JSON json_t *j = ask(&r, "PATCH", "/v1/watches/w", "{\"query\":\"two\",\"sources\":null}", 200);
	CHECK_STR(json_get_str(j, "query"), "two");
	CHECK_INT(json_array_size(json_get(j, "channels")), 1);
	CHECK_INT(json_array_size(json_get(j, "sources")), 0);
	refused(&r, "PATCH", "/v1/watches/w", "{\"channels\":[\"screem\"]}", 400, "did you mean \"screen\"?");
	refused(&r, "PATCH", "/v1/watches/w", "{\"query\":\"-\"}", 400, "");
	refused(&r, "PATCH", "/v1/watches/w", "{\"query\":null}", 400, "query");
	OWNED_JSON json_t *paused = ask(&r, "POST", "/v1/watches/w/pause", NULL, 200);
	CHECK(json_is_true(json_get(paused, "paused")));
	OWNED_JSON json_t *resumed = ask(&r, "POST", "/v1/watches/w/resume", NULL, 200);
	CHECK(json_is_false(json_get(resumed, "paused")));
	CHECK_STR(json_get_str(resumed, "query"), "two");
}

TEST(a_watch_takes_a_new_name)
{
	RIG(r);
	done(&r, "POST", "/v1/watches", "{\"name\":\"w\",\"query\":\"one\"}", 201);
	refused(&r, "PATCH", "/v1/watches/w", "{\"name\":\"fixed\"}", 409, "fixed");
	OWNED_JSON json_t *j = ask(&r, "PATCH", "/v1/watches/w", "{\"name\":\"v\"}", 200);
	CHECK_STR(json_get_str(j, "name"), "v");
	CHECK_STR(json_get_str(j, "query"), "one");
	refused(&r, "GET", "/v1/watches/w", NULL, 404, "no watch \"w\"");
	CHECK_INT(count(&r, "/v1/watches", "watches"), 2);
}

/* --- objects of the configuration --- */

TEST(what_the_configuration_says_is_read_only)
{
	static const char *const paths[] = { "/v1/watches/fixed", "/v1/sources/wire", "/v1/channels/screen" };
	RIG(r);
	for (size_t i = 0; i < 3; i++) {
		char path[64];
		OWNED_JSON json_t *j = ask(&r, "GET", paths[i], NULL, 200);
		CHECK_STR(json_get_str(j, "origin"), "config");
		CHECK(str_find(json_get_str(j, "where"), STR("monitord.yaml:")) != STR_NPOS);
		refused(&r, "PATCH", paths[i], "{\"paused\":true}", 403, "monitord.yaml:");
		refused(&r, "DELETE", paths[i], NULL, 403, "monitord.yaml:");
		snprintf(path, sizeof(path), "%s/pause", paths[i]);
		refused(&r, "POST", path, NULL, 403, "monitord.yaml:");
	}
}

/* --- sources --- */

TEST(a_source_is_fetched_before_it_is_added)
{
	RIG(r);
	OWNED_JSON json_t *s = ask(&r, "POST", "/v1/sources", "{\"url\":\"https://feed.example/rss\",\"every\":\"30m\"}", 201);
	CHECK_STR(json_get_str(s, "name"), "le-fil");
	CHECK_STR(json_get_str(s, "type"), "feed");
	CHECK_STR(json_get_str(s, "title"), "Le Fil");
	CHECK_STR(json_get_str(s, "state"), "ok");
	CHECK(json_get(s, "found") == NULL);
	CHECK_INT(count(&r, "/v1/sources", "sources"), 2);
	refused(&r, "POST", "/v1/sources", "{\"url\":\"https://feed.example/rss\",\"name\":\"wire\"}", 409, "wire");
	refused(&r, "POST", "/v1/sources", "{\"url\":\"https://page.example/\"}", 422, "feed");
	refused(&r, "POST", "/v1/sources", "{\"url\":\"https://gone.example/\"}", 502, "no such host");
	refused(&r, "POST", "/v1/sources", "{\"url\":\"file:///etc/passwd\"}", 400, "url");
	refused(&r, "POST", "/v1/sources", "{\"url\":\"https://feed.example/\",\"every\":\"soon\"}", 400, "every");
	CHECK_INT(count(&r, "/v1/sources", "sources"), 2);
}

TEST(a_source_is_changed_polled_paused_and_removed)
{
	RIG(r);
	done(&r, "POST", "/v1/sources", "{\"url\":\"https://feed.example/rss\",\"name\":\"fil\"}", 201);
	OWNED_JSON json_t *j = ask(&r, "PATCH", "/v1/sources/fil", "{\"every\":\"5m\"}", 200);
	CHECK(str_starts(json_get_str(j, "warning"), STR("every: more often than 15m")));
	CHECK_STR(json_get_str(j, "every"), "5m");
	CHECK_STR(json_get_str(j, "url"), "https://feed.example/rss");
	OWNED_JSON json_t *automatic = ask(&r, "PATCH", "/v1/sources/fil", "{\"every\":null}", 200);
	CHECK(json_get(automatic, "warning") == NULL);
	CHECK(json_get(automatic, "every") == NULL);
	refused(&r, "PATCH", "/v1/sources/fil", "{\"name\":\"other\"}", 400, "keeps its name");
	OWNED_JSON json_t *poll = ask(&r, "POST", "/v1/sources/fil/poll", NULL, 200);
	CHECK_STR(json_get_str(poll, "outcome"), "ok");
	CHECK_INT(json_get_int(poll, "posts", -1), 5);
	CHECK_INT(json_get_int(poll, "new", -1), 0);
	OWNED_JSON json_t *paused = ask(&r, "POST", "/v1/sources/fil/pause", NULL, 200);
	CHECK_STR(json_get_str(paused, "state"), "paused");
	OWNED_JSON json_t *resumed = ask(&r, "POST", "/v1/sources/fil/resume", NULL, 200);
	CHECK_STR(json_get_str(resumed, "state"), "ok");
	done(&r, "DELETE", "/v1/sources/fil", NULL, 204);
	refused(&r, "POST", "/v1/sources/fil/poll", NULL, 404, "no source \"fil\"");
}

TEST(a_paused_source_is_polled_when_asked)
{
	RIG(r);
	done(&r, "POST", "/v1/sources", "{\"url\":\"https://feed.example/rss\",\"name\":\"fil\",\"paused\":true}", 201);
	OWNED_JSON json_t *poll = ask(&r, "POST", "/v1/sources/fil/poll", NULL, 200);
	CHECK_STR(json_get_str(poll, "outcome"), "ok");
}

/* --- accounts --- */

TEST(a_token_is_tried_before_it_is_kept)
{
	RIG(r);
	refused(&r, "POST", "/v1/accounts", "{\"name\":\"open\",\"token\":\"bad\"}", 422, "The access token is invalid");
	CHECK_INT(count(&r, "/v1/accounts", "accounts"), 2);
	OWNED_JSON json_t *j = ask(&r, "POST", "/v1/accounts", "{\"name\":\"open\",\"token\":\"good\"}", 201);
	CHECK_STR(json_get_str(j, "token"), "***");
	CHECK_STR(json_get_str(j, "origin"), "config");
	CHECK_STR(json_get_str(j, "api"), "https://net.example");
	OWNED_JSON json_t *own = ask(&r, "POST", "/v1/accounts", "{\"name\":\"mine\",\"type\":\"mastodon\","
	                             "\"api\":\"https://net.example/\",\"token\":\"good\"}", 201);
	CHECK_STR(json_get_str(own, "origin"), "api");
	CHECK_INT(count(&r, "/v1/accounts", "accounts"), 3);
	CHECK(str_find(strbuf_str(&r.text), STR("good")) == STR_NPOS);
}

TEST(a_login_that_is_not_well_made_is_refused)
{
	RIG(r);
	refused(&r, "POST", "/v1/accounts", "{\"name\":\"fixed\",\"token\":\"good\"}", 409, "monitord.yaml:");
	refused(&r, "POST", "/v1/accounts", "{\"name\":\"open\"}", 400, "token");
	refused(&r, "POST", "/v1/accounts", "{\"name\":\"a b\",\"type\":\"x\",\"token\":\"t\"}", 400, "name");
	refused(&r, "POST", "/v1/accounts", "{\"name\":\"new\",\"token\":\"t\"}", 400, "type");
	refused(&r, "POST", "/v1/accounts", "{\"name\":\"new\",\"type\":\"feed\",\"token\":\"t\"}", 400, "feed");
	refused(&r, "POST", "/v1/accounts", "{\"name\":\"open\",\"type\":\"x\",\"token\":\"t\"}", 409, "mastodon");
	refused(&r, "POST", "/v1/accounts", "{\"name\":\"new\",\"type\":\"mastodon\",\"token\":\"t\"}", 400, "api");
	refused(&r, "POST", "/v1/accounts", "{\"name\":\"new\",\"type\":\"bluesky\",\"token\":\"t\"}", 400, "username");
	refused(&r, "POST", "/v1/accounts", "{\"name\":\"new\",\"type\":\"x\",\"token\":\"t\"}", 502, "no such host");
	CHECK_INT(count(&r, "/v1/accounts", "accounts"), 2);
}

TEST(a_token_is_forgotten)
{
	RIG(r);
	refused(&r, "DELETE", "/v1/accounts/none", NULL, 404, "none");
	refused(&r, "DELETE", "/v1/accounts/fixed", NULL, 409, "monitord.yaml:");
	done(&r, "POST", "/v1/accounts", "{\"name\":\"open\",\"token\":\"good\"}", 201);
	done(&r, "POST", "/v1/accounts", "{\"name\":\"mine\",\"type\":\"mastodon\",\"api\":\"https://net.example\",\"token\":\"good\"}", 201);
	done(&r, "DELETE", "/v1/accounts/open", NULL, 204);
	done(&r, "DELETE", "/v1/accounts/mine", NULL, 204);
	OWNED_JSON json_t *j = ask(&r, "GET", "/v1/accounts", NULL, 200);
	CHECK_INT(json_array_size(json_get(j, "accounts")), 2);
	CHECK(json_get(json_array_get(json_get(j, "accounts"), 1), "token") == NULL);
}

/* --- channels --- */

#define HOOK "{\"type\":\"webhook\",\"url\":\"https://hook.example/a\",\"secret\":\"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\"}"

TEST(a_channel_gets_the_name_of_its_type)
{
	RIG(r);
	OWNED_JSON json_t *a = ask(&r, "POST", "/v1/channels", HOOK, 201);
	CHECK_STR(json_get_str(a, "name"), "webhook");
	CHECK_STR(json_get_str(a, "secret"), "***");
	OWNED_JSON json_t *b = ask(&r, "POST", "/v1/channels", HOOK, 201);
	CHECK_STR(json_get_str(b, "name"), "webhook-2");
	refused(&r, "POST", "/v1/channels", "{\"type\":\"webhok\",\"url\":\"https://hook.example/\"}", 400, "webhook");
	refused(&r, "POST", "/v1/channels", "{\"url\":\"https://hook.example/\"}", 400, "type");
	refused(&r, "POST", "/v1/channels", "{\"type\":\"webhook\"}", 400, "url");
	refused(&r, "POST", "/v1/channels", "{\"type\":\"webhook\",\"url\":\"https://hook.example/\",\"name\":\"screen\"}", 409, "screen");
	CHECK_INT(count(&r, "/v1/channels", "channels"), 3);
}

TEST(a_channel_is_changed_without_losing_its_secret)
{
	RIG(r);
	done(&r, "POST", "/v1/channels", HOOK, 201);
	OWNED_JSON json_t *j = ask(&r, "PATCH", "/v1/channels/webhook", "{\"secret\":\"***\",\"default\":true,\"spacing\":\"2s\"}", 200);
	CHECK_STR(json_get_str(j, "secret"), "***");
	CHECK_STR(json_get_str(j, "spacing"), "2s");
	CHECK(json_is_true(json_get(j, "default")));
	OWNED_JSON json_t *written = engine_written(r.engine, STORE_CHANNEL, STR("webhook"));
	CHECK(str_starts(json_get_str(written, "secret"), STR("whsec_")));
	OWNED_JSON json_t *without = ask(&r, "PATCH", "/v1/channels/webhook", "{\"secret\":null}", 200);
	CHECK(json_get(without, "secret") == NULL);
	OWNED_JSON json_t *paused = ask(&r, "POST", "/v1/channels/webhook/pause", NULL, 200);
	CHECK_STR(json_get_str(paused, "state"), "paused");
	done(&r, "POST", "/v1/channels/webhook/resume", NULL, 200);
	refused(&r, "PATCH", "/v1/channels/webhook", "{\"name\":\"hook\"}", 400, "keeps its name");
}

TEST(a_channel_that_nobody_tells_says_so)
{
	RIG(r);
	done(&r, "POST", "/v1/channels", "{\"type\":\"console\"}", 201);
	OWNED_JSON json_t *idle = ask(&r, "POST", "/v1/channels", HOOK, 201);
	CHECK(str_starts(json_get_str(idle, "warning"), STR("no watch tells it")));
	done(&r, "POST", "/v1/watches", "{\"name\":\"w\",\"query\":\"x\",\"channels\":[\"webhook\"]}", 201);
	OWNED_JSON json_t *named = ask(&r, "GET", "/v1/channels/webhook", NULL, 200);
	CHECK(json_get(named, "warning") == NULL);
}

TEST(a_channel_is_tried_and_removed)
{
	RIG(r);
	done(&r, "POST", "/v1/channels", HOOK, 201);
	OWNED_JSON json_t *good = ask(&r, "POST", "/v1/channels/webhook/test", NULL, 200);
	CHECK_STR(json_get_str(good, "verdict"), "delivered");
	CHECK_STR(json_get_str(good, "answer"), "taken");
	r.hook_status = 404;
	OWNED_JSON json_t *bad = ask(&r, "POST", "/v1/channels/webhook/test", NULL, 200);
	CHECK_STR(json_get_str(bad, "verdict"), "broken");
	CHECK_INT(json_get_int(bad, "status", 0), 404);
	CHECK_INT(r.hooks, 2);
	done(&r, "POST", "/v1/watches", "{\"name\":\"w\",\"query\":\"x\",\"channels\":[\"webhook\"]}", 201);
	refused(&r, "DELETE", "/v1/channels/webhook", NULL, 409, "\"w\"");
	done(&r, "DELETE", "/v1/watches/w", NULL, 204);
	done(&r, "DELETE", "/v1/channels/webhook", NULL, 204);
	refused(&r, "POST", "/v1/channels/webhook/test", NULL, 404, "webhook");
}

/* --- alerts, deliveries, the archive --- */

/* Four posts of the feed match; each is told by the webhook. */
static void alerts(struct rig *r)
{
	done(r, "POST", "/v1/channels", HOOK, 201);
	done(r, "POST", "/v1/watches", "{\"name\":\"w\",\"query\":\"sutskever\",\"channels\":[\"webhook\"]}", 201);
	done(r, "POST", "/v1/sources", "{\"url\":\"https://feed.example/rss\",\"name\":\"fil\",\"backfill\":\"all\"}", 201);
	settle(r);
}

TEST(alerts_are_listed_page_by_page)
{
	RIG(r);
	alerts(&r);
	CHECK_INT(r.hooks, 4);
	CHECK_INT(count(&r, "/v1/alerts", "alerts"), 4);
	CHECK_INT(count(&r, "/v1/alerts?watch=w&since=1h", "alerts"), 4);
	CHECK_INT(count(&r, "/v1/alerts?watch=fixed", "alerts"), 0);
	CHECK_INT(count(&r, "/v1/alerts?since=2024-01-01T00:00:00Z", "alerts"), 0);
	char target[128] = "/v1/alerts?limit=3";
	OWNED_JSON json_t *first = ask(&r, "GET", target, NULL, 200);
	CHECK_INT(json_array_size(json_get(first, "alerts")), 3);
	struct str next = json_get_str(first, "next");
	CHECK(str_eq(next, json_get_str(json_array_get(json_get(first, "alerts"), 2), "id")));
	snprintf(target, sizeof(target), "/v1/alerts?limit=3&before=%.*s", STR_ARG(next));
	OWNED_JSON json_t *second = ask(&r, "GET", target, NULL, 200);
	CHECK_INT(json_array_size(json_get(second, "alerts")), 1);
	CHECK(json_get(second, "next") == NULL);
	refused(&r, "GET", "/v1/alerts?before=alr_x", NULL, 400, "before");
	refused(&r, "GET", "/v1/alerts?limit=0", NULL, 400, "from 1 to 1000");
	refused(&r, "GET", "/v1/alerts?since=soon", NULL, 400, "since");
	refused(&r, "GET", "/v1/alerts?wach=w", NULL, 400, "did you mean \"watch\"?");
}

TEST(an_alert_says_where_it_went)
{
	RIG(r);
	alerts(&r);
	OWNED_JSON json_t *page = ask(&r, "GET", "/v1/alerts?limit=1", NULL, 200);
	struct str id = json_get_str(json_array_get(json_get(page, "alerts"), 0), "id");
	char target[128];
	snprintf(target, sizeof(target), "/v1/alerts/%.*s", STR_ARG(id));
	OWNED_JSON json_t *j = ask(&r, "GET", target, NULL, 200);
	CHECK_INT(json_array_size(json_get(j, "deliveries")), 1);
	const json_t *delivery = json_array_get(json_get(j, "deliveries"), 0);
	CHECK(str_eq(json_get_str(delivery, "alert"), id));
	CHECK_STR(json_get_str(delivery, "state"), "delivered");
	CHECK_STR(json_str(json_array_get(json_get(j, "words"), 0)), "sutskever");
	struct str delivery_id = json_get_str(delivery, "id");
	snprintf(target, sizeof(target), "/v1/deliveries/%.*s/retry", STR_ARG(delivery_id));
	refused(&r, "POST", target, NULL, 409, "delivered already");
	refused(&r, "GET", "/v1/alerts/alr_00000000_1", NULL, 404, "no alert");
	refused(&r, "POST", "/v1/deliveries/1/retry", NULL, 404, "no delivery");
}

TEST(a_dead_letter_is_tried_again)
{
	RIG(r);
	r.hook_status = 400; /* never */
	alerts(&r);
	CHECK_INT(count(&r, "/v1/deliveries?state=dead&channel=webhook", "deliveries"), 4);
	CHECK_INT(count(&r, "/v1/deliveries?state=delivered", "deliveries"), 0);
	OWNED_JSON json_t *page = ask(&r, "GET", "/v1/deliveries?limit=1", NULL, 200);
	const json_t *dead = json_array_get(json_get(page, "deliveries"), 0);
	CHECK(str_eq(json_get_str(page, "next"), json_get_str(dead, "id")));
	char target[128];
	snprintf(target, sizeof(target), "/v1/deliveries?after=%.*s", STR_ARG(json_get_str(page, "next")));
	CHECK_INT(count(&r, target, "deliveries"), 3);
	r.hook_status = 200;
	snprintf(target, sizeof(target), "/v1/deliveries/%.*s/retry", STR_ARG(json_get_str(dead, "id")));
	OWNED_JSON json_t *again = ask(&r, "POST", target, NULL, 200);
	CHECK_STR(json_get_str(again, "state"), "waiting");
	settle(&r);
	CHECK_INT(count(&r, "/v1/deliveries?state=delivered", "deliveries"), 1);
	refused(&r, "GET", "/v1/deliveries?state=lost", NULL, 400, "waiting, delivered or dead");
}

TEST(the_archive_is_searched)
{
	RIG(r);
	alerts(&r);
	/* "wire" is the same feed */
	OWNED_JSON json_t *j = ask(&r, "GET", "/v1/search?q=source:fil+sutskever", NULL, 200);
	CHECK_INT(json_array_size(json_get(j, "posts")), 4);
	CHECK(json_is_true(json_get(j, "complete")));
	OWNED_JSON json_t *one = ask(&r, "GET", "/v1/search?q=source:fil+nothing&limit=1", NULL, 200);
	CHECK_STR(json_get_str(json_get(json_array_get(json_get(one, "posts"), 0), "post"), "title"), "News 4");
	CHECK_INT(count(&r, "/v1/search?q=sutskever&since=2024-01-01T00:00:00Z", "posts"), 0);
	OWNED_JSON json_t *bad = ask(&r, "GET", "/v1/search?q=%28a", NULL, 400);
	CHECK(json_get_int(bad, "column", 0) > 0);
	refused(&r, "GET", "/v1/search", NULL, 400, "q: expected a query");
	struct str id = json_get_str(json_get(json_array_get(json_get(one, "posts"), 0), "post"), "id");
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(1024);
	strbuf_adds(&path, "/v1/posts/");
	url_encode(&path, id);
	OWNED_JSON json_t *post = ask(&r, "GET", strbuf_cstr(&path), NULL, 200);
	CHECK_STR(json_get_str(json_get(post, "post"), "title"), "News 4");
	refused(&r, "GET", "/v1/posts/nothing", NULL, 404, "no post of this id");
}

TEST(a_watch_names_another)
{
	RIG(r);
	done(&r, "POST", "/v1/channels", HOOK, 201);
	refused(&r, "POST", "/v1/watches", "{\"name\":\"a\",\"query\":\"x watch:z\"}", 400, "no watch is called \"z\"");
	done(&r, "POST", "/v1/watches", "{\"name\":\"z\",\"query\":\"neverseen\"}", 201);
	done(&r, "POST", "/v1/watches", "{\"name\":\"a\",\"query\":\"watch:z -nothing\",\"channels\":[\"webhook\"]}", 201);
	refused(&r, "PATCH", "/v1/watches/z", "{\"query\":\"watch:a\"}", 400, "watch \"z\" asks for itself: z, a, z");
	refused(&r, "PATCH", "/v1/watches/z", "{\"query\":\"watch:z\"}", 400, "watch \"z\" asks for itself: z, z");
	refused(&r, "PATCH", "/v1/watches/z", "{\"name\":\"y\"}", 409, "watch \"a\" needs it");
	refused(&r, "DELETE", "/v1/watches/z", NULL, 409, "watch \"a\" needs it");
	done(&r, "PATCH", "/v1/watches/z", "{\"query\":\"sutskever\"}", 200);
	done(&r, "POST", "/v1/reload", NULL, 200);
	CHECK_INT(count(&r, "/v1/watches", "watches"), 3);
	done(&r, "POST", "/v1/sources", "{\"url\":\"https://feed.example/rss\",\"name\":\"fil\",\"backfill\":\"all\"}", 201);
	settle(&r);
	CHECK(count(&r, "/v1/alerts?watch=a", "alerts") > 0);
	CHECK_INT(count(&r, "/v1/search?q=source:fil+watch:a", "posts"), (int64_t)count(&r, "/v1/alerts?watch=a", "alerts"));
	done(&r, "DELETE", "/v1/watches/a", NULL, 204);
	done(&r, "DELETE", "/v1/watches/z", NULL, 204);
}

/* --- people --- */

#define ADA "{\"name\":\"Ada Lovelace\",\"accounts\":[\"x:ada_l\",\"@ada@net.example\"],\"aliases\":[\"Ada\",\"Ада Лавлейс\"]}"

TEST(a_person_is_added_shown_changed_and_removed)
{
	RIG(r);
	OWNED_JSON json_t *j = ask(&r, "POST", "/v1/people", ADA, 201);
	CHECK_STR(json_get_str(j, "key"), "ada-lovelace");
	CHECK_STR(json_get_str(json_array_get(json_get(j, "known"), 1), "account"), "mastodon:ada@net.example");
	CHECK_INT(count(&r, "/v1/people", "people"), 1);
	OWNED_JSON json_t *shown = ask(&r, "GET", "/v1/people/Ada%20Lovelace", NULL, 200);
	CHECK_STR(json_get_str(shown, "name"), "Ada Lovelace");
	CHECK_INT(json_array_size(json_get(shown, "watches")), 0);
	OWNED_JSON json_t *changed = ask(&r, "PATCH", "/v1/people/ada-lovelace", "{\"aliases\":[\"Countess\"]}", 200);
	CHECK_STR(json_get_str(changed, "name"), "Ada Lovelace");
	CHECK_INT(json_array_size(json_get(changed, "accounts")), 2);
	done(&r, "PATCH", "/v1/people/ada-lovelace", "{\"name\":\"Ada King\"}", 200);
	refused(&r, "GET", "/v1/people/ada-lovelace", NULL, 404, "there is no person \"ada-lovelace\"");
	done(&r, "DELETE", "/v1/people/ada-king", NULL, 204);
	CHECK_INT(count(&r, "/v1/people", "people"), 0);
}

TEST(a_person_that_is_not_well_made_is_refused)
{
	static const char *const bodies[][2] = {
		{ "{}", "a person without name" },
		{ "{\"name\":\"\\\"\"}", "expected a name of 1 to 64 letters" },
		{ "{\"name\":\"A\",\"accounts\":[\"ada\"]}", "expected platform:handle such as x:elonmusk" },
		{ "{\"name\":\"A\",\"accounts\":[\"mastodon:ada\"]}", "has its server: name@server" },
		{ "{\"name\":\"A\",\"accounts\":[\"myspace:ada\"]}", "expected one of" },
		{ "{\"name\":\"A\",\"alias\":[\"b\"]}", "did you mean \"aliases\"?" },
	};
	RIG(r);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		refused(&r, "POST", "/v1/people", bodies[i][0], 400, bodies[i][1]);
	done(&r, "POST", "/v1/people", ADA, 201);
	refused(&r, "POST", "/v1/people", "{\"name\":\"ada  lovelace\"}", 409, "exists already");
	refused(&r, "POST", "/v1/people", "{\"name\":\"B\",\"accounts\":[\"https://x.com/Ada_L\"]}", 409, "is Ada Lovelace's already");
}

TEST(a_query_names_people)
{
	RIG(r);
	done(&r, "POST", "/v1/channels", HOOK, 201);
	refused(&r, "POST", "/v1/watches", "{\"query\":\"x about:\\\"Ada Lovelac\\\"\"}", 400, "add one first");
	done(&r, "POST", "/v1/people", ADA, 201);
	OWNED_JSON json_t *bad = ask(&r, "POST", "/v1/watches", "{\"query\":\"x about:\\\"Ada Lovelac\\\"\"}", 400);
	CHECK_INT(json_get_int(bad, "column", 0), 9);
	CHECK(str_find(json_get_str(bad, "detail"), STR("did you mean \"Ada Lovelace\"?")) != STR_NPOS);
	done(&r, "POST", "/v1/watches", "{\"name\":\"a\",\"query\":\"about:@@ada-lovelace\",\"channels\":[\"webhook\"]}", 201);
	done(&r, "POST", "/v1/watches", "{\"name\":\"b\",\"query\":\"watch:a -from:@@ada-lovelace\"}", 201);
	OWNED_JSON json_t *shown = ask(&r, "GET", "/v1/people/ada-lovelace", NULL, 200);
	CHECK_INT(json_array_size(json_get(shown, "watches")), 2);
	refused(&r, "DELETE", "/v1/people/ada-lovelace", NULL, 409, "is asked for by watch \"a\"");
	refused(&r, "PATCH", "/v1/people/ada-lovelace", "{\"name\":\"B\",\"aliases\":[]}", 409, "watch \"a\" needs it");
	refused(&r, "PATCH", "/v1/people/ada-lovelace", "{\"accounts\":[]}", 409, "has no account");
	/* in force at the next post */
	done(&r, "PATCH", "/v1/people/ada-lovelace", "{\"aliases\":[\"Sutskever\"]}", 200);
	done(&r, "POST", "/v1/reload", NULL, 200);
	done(&r, "POST", "/v1/sources", "{\"url\":\"https://feed.example/rss\",\"name\":\"fil\",\"backfill\":\"all\"}", 201);
	settle(&r);
	CHECK_INT(count(&r, "/v1/alerts?watch=a", "alerts"), 4);
	CHECK_INT(count(&r, "/v1/search?q=source:fil+about:sutskever", "posts"), 4);
	/* a name of one's own goes before what others are also called; a name that several are called says nothing */
	done(&r, "POST", "/v1/people", "{\"name\":\"Nobody\",\"aliases\":[\"Ada Lovelace\",\"Sutskever\"]}", 201);
	CHECK_INT(count(&r, "/v1/search?q=source:fil+about:ada-lovelace", "posts"), 4);
	refused(&r, "GET", "/v1/search?q=about:sutskever", NULL, 400, "several people are called \"sutskever\"");
}

/* --- the daemon --- */

TEST(status_counts_what_there_is)
{
	RIG(r);
	alerts(&r);
	OWNED_JSON json_t *j = ask(&r, "GET", "/v1/status", NULL, 200);
	CHECK_INT(json_get_int(json_get(j, "sources"), "total", -1), 2);
	CHECK_INT(json_get_int(json_get(j, "sources"), "ok", -1), 2);
	CHECK_INT(json_get_int(json_get(j, "channels"), "total", -1), 2);
	CHECK_INT(json_get_int(json_get(j, "watches"), "total", -1), 2);
	CHECK_INT(json_get_int(j, "alerts", -1), 4);
	CHECK_INT(json_get_int(json_get(j, "deliveries"), "delivered", -1), 4);
	CHECK_INT(json_array_size(json_get(j, "blind")), 0);
	CHECK_INT(json_array_size(json_get(j, "mute")), 0);
	CHECK(json_get_int(j, "memory_bytes", 0) > 1 << 20);
	CHECK_STR(json_get_str(j, "config"), r.file);
}

TEST(the_status_names_watches_that_tell_nobody)
{
	RIG(r);
	done(&r, "POST", "/v1/watches", "{\"name\":\"quiet\",\"query\":\"x\"}", 201);
	OWNED_JSON json_t *before = ask(&r, "GET", "/v1/status", NULL, 200);
	CHECK_INT(json_array_size(json_get(before, "untold")), 0); /* there is one channel, and it tells all */
	done(&r, "POST", "/v1/channels", "{\"type\":\"console\",\"name\":\"second\"}", 201);
	OWNED_JSON json_t *j = ask(&r, "GET", "/v1/status", NULL, 200);
	CHECK_INT(json_array_size(json_get(j, "untold")), 1);
	CHECK_STR(json_str(json_array_get(json_get(j, "untold"), 0)), "quiet");
	done(&r, "PATCH", "/v1/channels/second", "{\"default\":true}", 200);
	OWNED_JSON json_t *after = ask(&r, "GET", "/v1/status", NULL, 200);
	CHECK_INT(json_array_size(json_get(after, "untold")), 0);
}

TEST(figures_are_exported)
{
	static const char *const lines[] = {
		"# TYPE monitord_alerts_total counter\nmonitord_alerts_total 4\n",
		"monitord_deliveries{state=\"delivered\"} 4\n",
		"monitord_sources{state=\"ok\"} 2\n",
		"monitord_source_up{source=\"fil\"} 1\n",
		"monitord_source_failures{source=\"wire\"} 0\n",
		"monitord_channel_waiting{channel=\"webhook\"} 0\n",
		"monitord_store_up 1\n",
	};
	RIG(r);
	alerts(&r);
	request(&r, "GET", "/metrics", NULL);
	CHECK_INT(r.status, 200);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (str_find(strbuf_str(&r.text), str_c(lines[i])) == STR_NPOS)
			fail_msg("%s is not in\n%s", lines[i], strbuf_cstr(&r.text));
	CHECK(str_find(strbuf_str(&r.text), STR("monitord_source_last_success_seconds{source=\"fil\"} 17022")) != STR_NPOS);
}

TEST(a_reload_says_what_changed)
{
	RIG(r);
	done(&r, "POST", "/v1/watches", "{\"name\":\"w\",\"query\":\"sutskever\"}", 201);
	OWNED_JSON json_t *j = ask(&r, "POST", "/v1/reload", NULL, 200);
	CHECK_INT(json_get_int(json_get(j, "sources"), "kept", -1), 1);
	CHECK_INT(count(&r, "/v1/watches", "watches"), 2);
	FILE *f = fopen(r.file, "a");
	CHECK(f != NULL && fputs("chanels: []\n", f) >= 0 && fclose(f) == 0);
	OWNED_JSON json_t *bad = ask(&r, "POST", "/v1/reload", NULL, 422);
	CHECK(str_find(json_str(json_array_get(json_get(bad, "errors"), 0)), STR("monitord.yaml:20:")) != STR_NPOS);
	CHECK_INT(count(&r, "/v1/watches", "watches"), 2);
}

TEST(addresses_that_lead_nowhere_are_problems)
{
	RIG(r);
	refused(&r, "GET", "/v1/watchs", NULL, 404, "did you mean /v1/watches?");
	refused(&r, "PUT", "/v1/watches", "{}", 405, "Allow: GET, POST");
	refused(&r, "GET", "/v1/watches/%zz", NULL, 400, "hex digits");
	done(&r, "GET", "/v1/openapi.json", NULL, 200);
}
