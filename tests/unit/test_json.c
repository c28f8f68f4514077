/* SPDX-License-Identifier: ISC */
/* JSON: strict parse, limits, repair, look-ups, building and writing. */
#include "lib/test.h"

#include "base/json.h"
#include "base/mem.h"

__attribute__((constructor)) static void setup(void)
{
	json_setup();
}

/* What the repairing parse makes of `in`, dumped; the error's kind if nothing. */
static void check_repaired(struct str in, const char *want)
{
	struct err e = { 0 };
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 16);
	OWNED_JSON json_t *v = json_parse_repaired(in, &e);
	if (v)
		json_dump(&b, v, false);
	else
		strbuf_adds(&b, err_kind_name(e.kind));
	CHECK_STR(strbuf_str(&b), want);
}

TEST(strict)
{
	struct err e = { 0 };
	static const char *const bad[] = { "",      "[1,]",     "{\"a\":1} x", "\"\\u0000\"",
					   "[NaN]", "\"\xff\"", "'a'",         "\"\\ud800\"" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		e.kind = ERR_NONE;
		CHECK(json_parse(str_c(bad[i]), &e) == NULL);
		CHECK_INT(e.kind, ERR_INPUT);
	}
	CHECK(json_parse(STR_NULL, &e) == NULL);
	OWNED_JSON json_t *v = json_parse(STR(" \"x\" "), &e);
	CHECK_STR(json_str(v), "x");
}

TEST(errors_say_where_but_not_what)
{
	struct err e = { 0 };
	CHECK(json_parse(STR("{\"token\":\n \"secret\" x}"), &e) == NULL);
	CHECK(strstr(e.message, "line 2") != NULL);
	CHECK(strstr(e.message, "secret") == NULL && strstr(e.message, "near") == NULL);
}

static struct str repeat(const char *piece, size_t n, struct strbuf *b)
{
	while (n--)
		strbuf_adds(b, piece);
	return strbuf_str(b);
}

TEST(depth)
{
	struct err e = { 0 };
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	repeat("[", JSON_DEPTH_MAX, &b);
	OWNED_JSON json_t *v = json_parse(repeat("]", JSON_DEPTH_MAX, &b), &e);
	CHECK(v != NULL);
	strbuf_reset(&b);
	CHECK(json_parse_repaired(repeat("[", 100000, &b), &e) == NULL);
	CHECK_INT(e.kind, ERR_LIMIT);
	/* Brackets in strings do not count. */
	strbuf_reset(&b);
	strbuf_adds(&b, "\"\\\"");
	repeat("[", 1000, &b);
	OWNED_JSON json_t *text = json_parse(repeat("\"", 1, &b), &e);
	CHECK(text != NULL);
}

TEST(heap_budget)
{
	struct err e = { 0 };
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(32 << 20);
	strbuf_adds(&b, "[{}");
	repeat(",{}", 4000000, &b);
	CHECK(json_parse(repeat("]", 1, &b), &e) == NULL);
	CHECK_INT(e.kind, ERR_LIMIT);
	/* The next one starts with a full budget, and values built outside a parse have none. */
	OWNED_JSON json_t *v = json_parse(STR("[{},{}]"), &e);
	CHECK_INT(json_array_size(v), 2);
}

TEST(repair_strings)
{
	check_repaired(STR("\"a\xff"
			   "b\""),
		       "\"a\xef\xbf\xbd"
		       "b\"");
	check_repaired(
		STR("[\"\\u0000\",\"\\ud800\",\"\\udc00x\",\"\\ud83d\\ude00\"]"),
		"[\"\xef\xbf\xbd\",\"\xef\xbf\xbd\",\"\xef\xbf\xbdx\",\"\xf0\x9f\x98\x80\"]");
	check_repaired(STR("\"a\tb\nc\rd\x01\0\""), "\"a\\tb\\nc\\rd\xef\xbf\xbd\xef\xbf\xbd\"");
	check_repaired(STR("\"it\\'s \\x \\uzz\""), "\"it's x \xef\xbf\xbdzz\"");
	check_repaired(STR("\"\xed\xa0\x80\""), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	check_repaired(STR("\"cut \\"), "input");
	check_repaired(STR("\"\\ud83d\\u"), "input");
	check_repaired(STR("{\"ok\":\"caf\xc3\xa9\",\"n\":nan}"),
		       "{\"ok\":\"caf\xc3\xa9\",\"n\":null}");
}

TEST(repair_numbers)
{
	check_repaired(STR("[99999999999999999999,1e999,-9223372036854775808]"),
		       "[\"99999999999999999999\",0,-9223372036854775808]");
	check_repaired(STR("[01,+1,.5,1.,12,NaN,-Infinity]"), "[\"01\",0,0,0,12,null,null]");
}

TEST(repair_structure)
{
	check_repaired(STR("\xef\xbb\xbf{\"a\":[1,2 , ],}"), "{\"a\":[1,2]}");
	check_repaired(STR("[1]\0\0"), "[1]");
	check_repaired(STR("[\",]\",NaN]"), "[\",]\",null]");
	check_repaired(STR("{\"a\":[1,]} {\"junk"), "{\"a\":[1]}");
	check_repaired(STR("<html>"), "input");
	check_repaired(STR("{\"a\":1"), "input");
}

/* The ids that are found in a list of things with an id. */
static void check_salvaged(const char *in, const char *want)
{
	struct err e = { 0 };
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 16);
	OWNED_JSON json_t *v = json_parse_salvaged(str_c(in), "things", "id", &e);
	const json_t *list = json_get(v, "things");
	if (v == NULL)
		strbuf_adds(&b, err_kind_name(e.kind));
	for (size_t i = 0; i < json_array_size(list); i++)
		strbuf_addf(&b, "%lld ", (long long)json_get_int(json_array_get(list, i), "id", -1));
	strbuf_add(&b, json_get_str(v, "title"));
	CHECK_STR(strbuf_str(&b), want);
}

TEST(salvage)
{
	check_salvaged("{\"things\":[{\"id\":1},{\"id\":2}],\"title\":\"t\"}", "1 2 t");
	check_salvaged("{\"title\":\"t\",\"things\" : [ {\"id\":1}, {\"id\":2, \"x\":\"cut", "1 t");
	check_salvaged("{\"things\":[{\"id\":1},{\"id\":2,\"x\":\"a \"word\" b\"},{\"id\":3}],\"title\":\"t\"}", "1 3 t");
	check_salvaged("{\"things\":[{\"id\":1},{\"id\":2,\"x\":\"one\" quote\"},\n{\"id\":3},{\"id\":4}],\"title\":\"t\"}", "1 3 4 t");
	check_salvaged("{\"things\":[{\"id\":1},{\"id\":2,\"y\":[{\"z\":1},{\"z\":2}]]},{\"id\":3}],\"title\":\"t\"}", "1 3 t");
	check_salvaged("{\"title\":\"a \"b\" c\",\"things\":[{\"id\":1} {\"id\":2}]}", "1 2 ");
	check_salvaged("{\"items\":[{\"id\":1}]}", "input");
	check_salvaged("{\"things\":[", "");
}

/* One bad byte in one item costs its neighbours nothing. */
TEST(poison_stays_alone)
{
	struct err e = { 0 };
	OWNED_JSON json_t *v = json_parse_repaired(
		STR("{\"items\":[{\"t\":\"one\"},{\"t\":\"\xc3(\"},{\"t\":\"three\"}]}"), &e);
	const json_t *items = json_get(v, "items");
	CHECK_INT(json_array_size(items), 3);
	CHECK_STR(json_get_str(json_array_get(items, 2), "t"), "three");
}

TEST(look_ups_never_fail)
{
	struct err e = { 0 };
	OWNED_JSON json_t *v = json_parse(
		STR("{\"s\":\"\",\"i\":7,\"r\":12.0,\"b\":true,\"n\":null,\"x\":1e300}"), &e);
	CHECK(str_present(json_get_str(v, "s")) && !str_present(json_get_str(v, "i")));
	CHECK(!str_present(json_get_str(v, "absent")) && !str_present(json_get_str(NULL, "s")));
	CHECK_INT(json_get_int(v, "i", -1), 7);
	CHECK_INT(json_get_int(v, "r", -1), 12);
	CHECK_INT(json_get_int(v, "x", -1), -1);
	CHECK_INT(json_get_int(v, "s", -1), -1);
	CHECK(json_get_bool(v, "b", false) && json_get_bool(v, "i", true));
	CHECK(json_get(v, "n") == NULL && json_get(v, "i") != NULL && json_get(NULL, "i") == NULL);
}

TEST(building_and_dumping)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4096);
	OWNED_JSON json_t *v = json_object();
	json_set_text(v, "z", STR("\xc3\xa9\"\n"));
	json_set_text(v, "absent", STR_NULL);
	json_set_int(v, "a", -3);
	json_set_bool(v, "t", true);
	json_set(v, "nothing", NULL);
	json_set_text(v, "bad", STR("\xff"));
	json_set_int(NULL, "a", 1);
	json_dump(&b, v, false);
	CHECK_STR(strbuf_str(&b), "{\"z\":\"\xc3\xa9\\\"\\n\",\"absent\":null,\"a\":-3,\"t\":true,"
				  "\"nothing\":null,\"bad\":\"\xef\xbf\xbd\"}");
	strbuf_reset(&b);
	json_dump(&b, v, true);
	CHECK(str_starts(strbuf_str(&b), STR("{\"a\":-3,\"absent\"")));
	AUTO(strbuf) struct strbuf small = STRBUF_INIT(8);
	json_dump(&small, v, false);
	CHECK(small.toobig);
	strbuf_reset(&b);
	json_dump(&b, NULL, false);
	CHECK_STR(strbuf_str(&b), "null");
}

TEST(quoting_is_what_the_parser_reads)
{
	struct err e = { 0 };
	struct str in = STR("q\"b\\ n\nt\tc\x01 \xe2\x82\xac");
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(256);
	json_quote(&b, in);
	CHECK_STR(strbuf_str(&b), "\"q\\\"b\\\\ n\\nt\\tc\\u0001 \xe2\x82\xac\"");
	OWNED_JSON json_t *v = json_parse(strbuf_str(&b), &e);
	CHECK(str_eq(json_str(v), in));
}
