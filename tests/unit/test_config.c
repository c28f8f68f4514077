/* SPDX-License-Identifier: ISC */
/* The configuration: what binds, from files and from JSON, how it is shown, and what a reload sees as changed. */
#include "lib/test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "base/json.h"
#include "lib/config_types.h"

/* A folder with one monitord.yaml, which goes with the test. */
struct folder {
	char path[64], file[96];
};
static struct folder folder_with(const char *yaml)
{
	struct folder f = { .path = "/tmp/test-config-XXXXXX" };
	if (mkdtemp(f.path) == NULL)
		fail_msg("cannot make a folder");
	snprintf(f.file, sizeof(f.file), "%s/monitord.yaml", f.path);
	FILE *out = fopen(f.file, "w");
	fputs(yaml, out);
	fclose(out);
	chmod(f.file, 0600);
	return f;
}
static void folder_release(struct folder *f)
{
	unlink(f->file);
	rmdir(f->path);
}

static struct config *load(const struct folder *f)
{
	AUTO(config_errors) struct config_errors errors = { 0 };
	struct config *c = NULL;
	if (config_load(f->file, &fake_types, &c, &errors) != 0) {
		for (size_t i = 0; i < errors.list.n; i++)
			print_error("%.*s\n", STR_ARG(errors.list.v[i]));
		fail_msg("the configuration does not load");
	}
	return c;
}

TEST(defaults)
{
	OWNED(config) struct config *c = config_defaults();
	CHECK_INT(c->daemon.every_ms, 3600000);
	CHECK_INT(c->daemon.max_transfers, 32);
	CHECK_INT(c->daemon.body_max, 16 << 20);
	CHECK_INT(c->daemon.keep_posts_ms, 90LL * 86400000);
	CHECK_INT(c->daemon.log_level, 3);
	CHECK(!str_present(c->daemon.state) && !str_present(c->daemon.proxy) && str_present(c->daemon.contact));
	CHECK_INT(c->sources.n + c->channels.n + c->watches.n + c->warnings.n, 0);
}

TEST(whole_file)
{
	AUTO(folder) struct folder f = folder_with("contact: ops@example.org\n"
						   "every: 2h\n"
						   "time_zone: UTC\n"
						   "sources:\n"
						   "  - name: trading-insider\n"
						   "    url: https://example.org/feed\n"
						   "    every: 15m\n"
						   "    backfill: all\n"
						   "    allow_private: [127.0.0.0/8, \"::1\"]\n"
						   "  - {name: Actualités, type: feed, url: 'file:a b.xml', labels: [x, y], order: newest}\n"
						   "channels:\n"
						   "  - name: desk\n"
						   "    type: hook\n"
						   "    url: https://example.org/hook\n"
						   "    secret: hush\n"
						   "    default: yes\n"
						   "    spacing: 1s\n"
						   "    from: me\n"
						   "    size: 2KiB\n"
						   "    headers: {X-Key: abc}\n"
						   "watches:\n"
						   "  - {name: ilya, query: Sutskever, channels: desk, sources: [trading-insider]}\n");
	OWNED(config) struct config *c = load(&f);
	CHECK_STR(c->daemon.contact, "ops@example.org");
	CHECK_INT(c->daemon.every_ms, 7200000);
	CHECK_INT(c->sources.n, 2);
	const struct config_source *s = &c->sources.v[0];
	CHECK(!str_present(s->type) && s->settings == NULL);
	CHECK_INT(s->every_ms, 900000);
	CHECK(s->backfill_ms == INT64_MAX);
	CHECK_INT(s->allow_private.list.n, 2);
	CHECK_INT(s->allow_private.list.v[0].bits, 104);
	CHECK(str_ends(s->where, STR("monitord.yaml:5:5")));
	s = &c->sources.v[1];
	const struct fake_feed *feed = s->settings;
	CHECK_INT(s->every_ms, -1);
	CHECK_INT(s->backfill_ms, 0);
	CHECK(str_starts(s->url, STR("file:///")) && str_ends(s->url, STR("/a%20b.xml")));
	CHECK_INT(feed->pages, 3);
	CHECK_INT(feed->order, 0);
	CHECK_INT(feed->labels.list.n, 2);
	CHECK_STR(feed->labels.list.v[1], "y");
	CHECK(feed->arena == c->arena);
	const struct config_channel *ch = &c->channels.v[0];
	const struct fake_hook *hook = ch->settings;
	CHECK(ch->is_default && ch->allow_private && !ch->paused);
	CHECK_INT(ch->spacing_ms, 1000);
	CHECK_STR(ch->secret, "hush");
	CHECK_INT(hook->size, 2048);
	CHECK_STR(hook->headers.list.v[0].name, "X-Key");
	CHECK_STR(hook->headers.list.v[0].value, "abc");
	CHECK_STR(c->watches.v[0].channels.list.v[0], "desk");
	CHECK_INT(c->warnings.n, 0);
}

TEST(anchors_and_merge)
{
	AUTO(folder) struct folder f = folder_with("sources:\n"
						   "  - &base {name: a, url: 'https://example.org/a', every: 1h}\n"
						   "  - {<<: *base, name: b}\n");
	OWNED(config) struct config *c = load(&f);
	CHECK_STR(c->sources.v[1].name, "b");
	CHECK_STR(c->sources.v[1].url, "https://example.org/a");
	CHECK_INT(c->sources.v[1].every_ms, 3600000);
}

TEST(warnings)
{
	AUTO(folder) struct folder f = folder_with("channels: [{name: a, type: console, secret: hush}]\n"
						   "sources: [{name: b, url: 'https://example.org/', every: 1m}]\n");
	OWNED(config) struct config *closed = load(&f);
	CHECK_INT(closed->warnings.n, 1);
	CHECK(str_find(closed->warnings.v[0], STR("every: ")) != STR_NPOS);
	chmod(f.file, 0644);
	OWNED(config) struct config *open = load(&f);
	CHECK_INT(open->warnings.n, 2);
	CHECK(str_find(open->warnings.v[1], STR("1:37: a secret")) != STR_NPOS);
	CHECK(str_find(open->warnings.v[1], STR("hush")) == STR_NPOS);
}

TEST(secrets_from_elsewhere)
{
	AUTO(folder) struct folder f = folder_with("channels:\n"
						   "  - {name: a, type: console, secret: {file: key}}\n"
						   "  - {name: b, type: console, secret: {env: TEST_CONFIG_KEY}}\n"
						   "  - {name: c, type: console, secret: {credential: key}}\n");
	char key[96];
	snprintf(key, sizeof(key), "%s/key", f.path);
	FILE *out = fopen(key, "w");
	fputs("from a file\r\n", out);
	fclose(out);
	chmod(key, 0600);
	setenv("TEST_CONFIG_KEY", "from the environment", 1);
	setenv("CREDENTIALS_DIRECTORY", f.path, 1);
	OWNED(config) struct config *c = load(&f);
	unlink(key);
	CHECK_STR(c->channels.v[0].secret, "from a file");
	CHECK_STR(c->channels.v[1].secret, "from the environment");
	CHECK_STR(c->channels.v[2].secret, "from a file");
}

/* --- JSON --- */

static json_t *parsed(const char *text)
{
	struct err e = { 0 };
	json_t *j = json_parse(str_c(text), &e);
	if (j == NULL)
		fail_msg("%s", e.message);
	return j;
}

TEST(json_source_there_and_back)
{
	OWNED(arena) struct arena *arena = arena_new(1 << 20);
	OWNED_JSON json_t *j = parsed("{\"type\":\"feed\",\"url\":\"https://example.org/f\",\"every\":\"90m\",\"pages\":5,"
				      "\"backfill\":\"all\",\"allow_private\":true,\"password\":\"p\",\"name\":null}");
	struct config_source s;
	struct err e = { 0 };
	CHECK_OK(config_source_from_json(j, &fake_types, arena, &s, &e), &e);
	CHECK(!str_present(s.name));
	CHECK_STR(s.where, "api");
	CHECK_INT(((struct fake_feed *)s.settings)->pages, 5);
	OWNED_JSON json_t *shown = config_source_to_json(&s, &fake_types);
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(4096);
	json_dump(&text, shown, true);
	CHECK_STR(strbuf_str(&text),
		  "{\"account\":null,\"allow_private\":true,\"backfill\":\"all\",\"every\":\"1h30m\",\"every_max\":null,\"labels\":[],"
		  "\"order\":\"oldest\",\"pages\":5,"
		  "\"password\":\"***\",\"paused\":false,\"posts_per_day\":0,\"posts_per_month\":0,\"silence\":null,\"tags\":[],\"url\":\"https://example.org/f\",\"username\":null}");
}

TEST(json_channel_and_watch)
{
	OWNED(arena) struct arena *arena = arena_new(1 << 20);
	/* `--set size=4KiB` sends every value as a text */
	OWNED_JSON json_t *j = parsed("{\"name\":\"d\",\"type\":\"hook\",\"url\":\"https://h.example/s3cret\",\"from\":\"me\","
				      "\"size\":\"4KiB\",\"default\":\"true\",\"headers\":{\"X-A\":\"b\"}}");
	struct config_channel c;
	struct config_watch w;
	struct err e = { 0 };
	CHECK_OK(config_channel_from_json(j, &fake_types, arena, &c, &e), &e);
	CHECK(c.is_default && !c.allow_private);
	OWNED_JSON json_t *shown = config_channel_to_json(&c, &fake_types, true);
	CHECK_STR(json_get_str(shown, "url"), "https://h.example/***");
	CHECK_STR(json_get_str(json_get(shown, "headers"), "X-A"), "***");
	CHECK_STR(json_get_str(shown, "size"), "4KiB");
	CHECK(json_is_null(json_object_get(shown, "spacing")));
	OWNED_JSON json_t *k = parsed("{\"query\":\"a b\",\"channels\":[\"d\"]}");
	CHECK_OK(config_watch_from_json(k, &fake_types, arena, &w, &e), &e);
	OWNED_JSON json_t *watch = config_watch_to_json(&w);
	CHECK_STR(json_get_str(watch, "query"), "a b");
	CHECK_INT(json_array_size(json_object_get(watch, "channels")), 1);
}

static struct err source_error(const char *json)
{
	OWNED(arena) struct arena *arena = arena_new(1 << 20);
	OWNED_JSON json_t *j = parsed(json);
	struct config_source s;
	struct err e = { 0 };
	CHECK(config_source_from_json(j, &fake_types, arena, &s, &e) == -1);
	CHECK_INT(e.kind, ERR_INPUT);
	return e;
}

static struct err channel_error(const char *json)
{
	OWNED(arena) struct arena *arena = arena_new(1 << 20);
	OWNED_JSON json_t *j = parsed(json);
	struct config_channel c;
	struct err e = { 0 };
	CHECK(config_channel_from_json(j, &fake_types, arena, &c, &e) == -1);
	CHECK_INT(e.kind, ERR_INPUT);
	return e;
}

TEST(json_refusals)
{
	CHECK_STR(str_c(source_error("{\"url\":\"file:///etc/passwd\"}").message),
		  "url: got the scheme file:, expected a URL with http:, https: or file: (files only in the configuration)");
	CHECK_STR(str_c(source_error("{\"url\":\"https://a.example/\",\"evry\":\"5m\"}").message),
		  "unknown key \"evry\" in a source, did you mean \"every\"?");
	CHECK_STR(str_c(source_error("{\"url\":\"https://a.example/\",\"every\":900}").message),
		  "every: got \"900\", expected a duration such as 90s, 15m or 1h30m, 1s to 52w");
	CHECK_STR(str_c(source_error("{\"url\":\"https://a.example/\",\"password\":{\"env\":\"HOME\"}}").message),
		  "password: got a map, expected a text ({file: …} only in the configuration)");
	CHECK_STR(str_c(source_error("{\"url\":\"https://a.example/\",\"password\":\"***\"}").message),
		  "password: got the *** that stands for a secret, expected the secret itself");
	CHECK_STR(str_c(source_error("{\"url\":\"https://a.example/\",\"name\":\"a b\"}").message),
		  "name: got \"a b\", expected 1 to 64 letters, digits, -, _ and dots");
	CHECK_STR(str_c(source_error("[]").message), "got a list, expected a source as a map of keys");
	CHECK_STR(str_c(channel_error("{\"type\":\"hook\",\"url\":\"https://a.example/\",\"from\":\"x\",\"loud\":true}").message),
		  "loud: may only be set in the configuration file");
	CHECK_STR(str_c(channel_error("{\"url\":\"https://a.example/\"}").message),
		  "a channel without type, expected type: a text");
}

TEST(json_query_keeps_its_column)
{
	OWNED(arena) struct arena *arena = arena_new(1 << 20);
	OWNED_JSON json_t *j = parsed("{\"query\":\"ab (\"}");
	struct config_watch w;
	struct err e = { 0 };
	CHECK(config_watch_from_json(j, &fake_types, arena, &w, &e) == -1);
	CHECK_INT(e.column, 4);
	CHECK_STR(str_c(e.message), "expected a word");
}

/* --- what a reload sees --- */

static uint64_t source_hash(const char *json)
{
	OWNED(arena) struct arena *arena = arena_new(1 << 20);
	OWNED_JSON json_t *j = parsed(json);
	struct config_source s;
	struct err e = { 0 };
	CHECK_OK(config_source_from_json(j, &fake_types, arena, &s, &e), &e);
	return s.hash;
}

TEST(hash_follows_what_matters)
{
	uint64_t h = source_hash("{\"type\":\"feed\",\"url\":\"https://a.example/\"}");
	CHECK(h == source_hash("{\"url\":\"https://a.example/\",\"type\":\"feed\",\"paused\":true,\"name\":\"x\",\"pages\":3}"));
	CHECK(h != source_hash("{\"type\":\"feed\",\"url\":\"https://a.example/b\"}"));
	CHECK(h != source_hash("{\"type\":\"feed\",\"url\":\"https://a.example/\",\"pages\":4}"));
	CHECK(h != source_hash("{\"type\":\"feed\",\"url\":\"https://a.example/\",\"labels\":[\"\"]}"));
	CHECK(h != source_hash("{\"type\":\"feed\",\"url\":\"https://a.example/\",\"allow_private\":true}"));
	CHECK(h != source_hash("{\"url\":\"https://a.example/\"}"));
}

/* --- printed from the rows --- */

TEST(sample_loads_and_shows_every_row)
{
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(1 << 20);
	config_print_sample(&fake_types, &text);
	AUTO(folder) struct folder f = folder_with(strbuf_cstr(&text));
	OWNED(config) struct config *c = load(&f);
	CHECK_INT(c->sources.n + c->warnings.n, 0);
	static const char *const parts[] = {
		"\n#every: 60m\n",  "\n#  - name: …\n",     "\n#    url: https://example.org/\n",
		"\n#    pages: 3\n", "\n#    order: oldest\n", "\n#    secret: {file: /etc/monitord/secret}\n",
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (str_find(strbuf_str(&text), str_c(parts[i])) == STR_NPOS)
			fail_msg("not in the sample: %s", parts[i]);
}

TEST(man_has_every_row)
{
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(1 << 20);
	config_print_man(&fake_types, &text);
	static const char *const parts[] = { ".It Cm every\n", ".It Cm backfill\n", ".It Cm pages\n", ".It Cm template\n",
					     ".It Cm query\n", "The default is\n.Ql 60m .\n" };
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (str_find(strbuf_str(&text), str_c(parts[i])) == STR_NPOS)
			fail_msg("not in the manual: %s", parts[i]);
	struct str rest = strbuf_str(&text), line;
	while (str_split(&rest, '\n', &line))
		CHECK(line.len <= 80);
}

/* --- names --- */

TEST(names)
{
	CHECK(config_name_ok(STR("Le-Monde_2.0")) && config_name_ok(STR("Actualités")) && config_name_ok(STR("新聞")));
	CHECK(!config_name_ok(STR("")) && !config_name_ok(STR("a b")) && !config_name_ok(STR("a/b")));
	CHECK(!config_name_ok(STR("a\xe2\x80\xae""b")) && !config_name_ok(STR("a\xff")) && !config_name_ok(STR("a\nb")));
	char long_name[66];
	memset(long_name, 'x', sizeof(long_name));
	CHECK(config_name_ok(str_n(long_name, 64)) && !config_name_ok(str_n(long_name, 65)));
}

static void check_made(const char *title, const char *want)
{
	AUTO(strbuf) struct strbuf name = STRBUF_INIT(512);
	struct map *taken = map_new();
	map_put(taken, STR("ilya"), taken);
	map_put(taken, STR("slack"), taken);
	map_put(taken, STR("slack-2"), taken);
	config_name_make(&name, str_c(title), "watch", taken);
	map_free(taken);
	CHECK_STR(strbuf_str(&name), want);
	CHECK(config_name_ok(strbuf_str(&name)));
}

TEST(names_made_of_titles_and_queries)
{
	check_made("Le Monde – À la une !", "le-monde-À-la-une");
	check_made("  BBC News: World ", "bbc-news-world");
	check_made("☃ …", "watch");
	check_made("朝日新聞", "朝日新聞");
	check_made("a-b--c", "a-b-c");
	check_made("Sutskever", "sutskever");
	check_made("from:elonmusk \"Open AI\" -spam*", "from-elonmusk-open-ai-spam");
	check_made("évincer OR 人工智能", "évincer-or-人工智能");
	check_made("Ilya", "ilya-2");
	check_made("slack", "slack-3");
	check_made("aaaaaaaaaa bbbbbbbbbb cccccccccc dddddd eeeeeeeeee", "aaaaaaaaaa-bbbbbbbbbb-cccccccccc-dddddd");
}

