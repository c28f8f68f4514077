/* SPDX-License-Identifier: ISC */
/* openapi.json and routes.def say the same, and every reference in it leads somewhere. */
#include "lib/test.h"

#include "base/json.h"
#include "base/mem.h"

#include "control/openapi.h"

#define ROUTE(method, path, handler, help) { #method, path, #handler, help },
#define ROUTE_OF_IO(method, path, help) { #method, path, "events", help },
static const struct {
	const char *method, *path, *handler, *help;
} routes[] = {
#include "control/routes.def"
};
#undef ROUTE
#undef ROUTE_OF_IO
#define ROUTES (sizeof(routes) / sizeof(routes[0]))

static json_t *description(void)
{
	struct err e = { 0 };
	struct str text = test_read_file("daemon/control/openapi.json");
	json_t *j = json_parse(text, &e);
	if (j == NULL)
		fail_msg("%s", e.message);
	mem_free((void *)(uintptr_t)text.p);
	return j;
}

static const json_t *operation(const json_t *doc, const char *path, const char *method)
{
	char lower[16] = { 0 };
	for (size_t i = 0; method[i] != '\0' && i < sizeof(lower) - 1; i++)
		lower[i] = char_lower(method[i]);
	return json_get(json_get(json_get(doc, "paths"), path), lower);
}

TEST(every_route_is_described)
{
	OWNED_JSON json_t *doc = description();
	for (size_t i = 0; i < ROUTES; i++) {
		const json_t *op = operation(doc, routes[i].path, routes[i].method);
		if (op == NULL)
			fail_msg("%s %s is not in openapi.json", routes[i].method, routes[i].path);
		CHECK_STR(json_get_str(op, "summary"), routes[i].help);
		CHECK_STR(json_get_str(op, "operationId"), routes[i].handler);
	}
}

TEST(everything_that_is_described_is_a_route)
{
	OWNED_JSON json_t *doc = description();
	const char *path, *method;
	json_t *item, *op;
	size_t n = 0;
	json_object_foreach((json_t *)(uintptr_t)json_get(doc, "paths"), path, item)
		json_object_foreach(item, method, op) {
			bool found = false;
			for (size_t i = 0; i < ROUTES; i++)
				found = found || (strcmp(routes[i].path, path) == 0 && str_eq_nocase(str_c(routes[i].method), str_c(method)));
			if (!found)
				fail_msg("%s %s is no row of routes.def", method, path);
			n++;
		}
	CHECK_INT(n, ROUTES);
}

static const json_t *resolve(const json_t *doc, struct str ref)
{
	struct str piece;
	const json_t *at = doc;
	for (bool first = true; at != NULL && str_split(&ref, '/', &piece); first = false) {
		char key[128];
		snprintf(key, sizeof(key), "%.*s", STR_ARG(piece));
		at = first ? (strcmp(key, "#") == 0 ? doc : NULL) : json_get(at, key);
	}
	return at;
}

static size_t check_references(const json_t *doc, json_t *at)
{
	const char *key;
	json_t *value;
	size_t i, n = 0;
	json_object_foreach(at, key, value) {
		if (strcmp(key, "$ref") == 0) {
			if (resolve(doc, json_str(value)) == NULL)
				fail_msg("%s leads nowhere", json_string_value(value));
			n++;
		}
		n += check_references(doc, value);
	}
	json_array_foreach(at, i, value)
		n += check_references(doc, value);
	return n;
}

TEST(every_reference_leads_somewhere)
{
	OWNED_JSON json_t *doc = description();
	CHECK(check_references(doc, doc) > 50);
	CHECK(resolve(doc, STR("#/components/schemas/Nothing")) == NULL);
}

static bool has_parameter(const json_t *doc, const json_t *op, struct str name)
{
	json_t *p;
	size_t i;
	json_array_foreach((json_t *)(uintptr_t)json_get(op, "parameters"), i, p) {
		struct str ref = json_get_str(p, "$ref");
		const json_t *real = str_present(ref) ? resolve(doc, ref) : p;
		if (str_eq(json_get_str(real, "name"), name) && str_eq(json_get_str(real, "in"), STR("path")))
			return true;
	}
	return false;
}

TEST(names_in_paths_are_parameters_and_answers_have_shapes)
{
	OWNED_JSON json_t *doc = description();
	for (size_t i = 0; i < ROUTES; i++) {
		const json_t *op = operation(doc, routes[i].path, routes[i].method);
		struct str path = str_c(routes[i].path);
		size_t open = str_chr(path, '{');
		if (open != STR_NPOS && !has_parameter(doc, op, str_slice(path, open + 1, str_chr(path, '}'))))
			fail_msg("%s: its {…} is no parameter", routes[i].path);
		const char *status;
		json_t *answer;
		size_t good = 0;
		json_object_foreach((json_t *)(uintptr_t)json_get(op, "responses"), status, answer) {
			struct str ref = json_get_str(answer, "$ref");
			const json_t *real = str_present(ref) ? resolve(doc, ref) : answer;
			CHECK(json_get(real, "description") != NULL);
			CHECK(json_get(real, "content") != NULL || strcmp(status, "204") == 0);
			good += status[0] == '2';
		}
		CHECK_INT(good, 1);
	}
}

TEST(what_is_served_is_the_file)
{
	struct str file = test_read_file("daemon/control/openapi.json");
	test_check_str(str_n(openapi_json, sizeof(openapi_json) - 1), file, __FILE__, __LINE__);
	mem_free((void *)(uintptr_t)file.p);
}
