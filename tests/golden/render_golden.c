/* SPDX-License-Identifier: ISC */
/*
 * How every channel writes every alert of tests/data/render/NAME/: alert.json in, expected.CHANNEL
 * out. `render_golden --write` writes what is expected anew; read the difference before you keep
 * it.
 *
 * alert.json is the JSON form of an alert with "delivery_id" and "time_zone" beside.  Instead of
 * "spans" it may hold "hits": words whose every occurrence in title, text and summary is a span;
 * and "repeat" {"text": 1000} repeats a field.  channel.json overlays the settings below, by
 * channel.
 */
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "lib/settings.h"

#include "channel/channel.h"

#define DATA "tests/data/render"
#define NOW 1702283000000LL

struct golden {
	const char *name, *type, *url, *secret, *settings;
};
static const struct golden channels[] = {
	{ "console", "console", NULL, NULL, "{}" },
	{ "color", "console", NULL, NULL, "{\"color\":\"always\"}" },
	{ "webhook", "webhook", "https://hooks.example.org/in",
	  "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "{\"text_max\":2048}" },
	{ "template", "webhook", "https://hooks.example.org/in", NULL,
	  "{\"template\":\"{\\\"t\\\":\\\"{{post.title}}\\\",\\\"w\\\":\\\"{{words}}\\\",\\\"u\\\":"
	  "\\\"{{ post.url }}\\\","
	  "\\\"by\\\":\\\"{{post.author.name}}\\\",\\\"test\\\":{{test}}}\",\"method\":\"PUT\","
	  "\"headers\":{\"X-Key\":\"k1\"}}" },
	{ "slack", "slack", "https://hooks.slack.com/services/T0/B0/x", NULL, "{}" },
	{ "mattermost", "slack", "https://chat.example.org/hooks/abc", NULL,
	  "{\"username\":\"monitord\",\"room\":\"news\"}" },
	{ "rocketchat", "slack", "https://chat.example.org/hooks/abc/def", NULL,
	  "{\"username\":\"monitord\",\"icon\":\":mag:\"}" },
	{ "email", "email", "smtp://mail.example.org:587", "password",
	  "{\"from\":\"Wächter <monitord@example.org>\",\"to\":[\"Ops, Night "
	  "<ops@example.org>\",\"me@example.org\"],\"username\":\"u\"}" },
};
static int n_tests, n_failed;

static void add_hits(struct spans *spans, enum post_field field, struct str text,
		     const json_t *hits)
{
	for (size_t at = 0; at < text.len; at++)
		for (size_t i = 0; i < json_array_size(hits); i++) {
			struct str word = json_str(json_array_get(hits, i));
			if (!str_starts_nocase(str_from(text, at), word))
				continue;
			struct span s = {
				.field = field, .start = at, .end = at + word.len, .term = word
			};
			vec_push(&spans->list, s);
		}
}

static void repeat(json_t *post, const json_t *counts)
{
	const char *key;
	json_t *count;
	json_object_foreach((json_t *)(uintptr_t)counts, key, count)
	{
		AUTO(strbuf) struct strbuf b = STRBUF_INIT(16 << 20);
		for (int64_t n = json_integer_value(count); n > 0; n--)
			strbuf_add(&b, json_get_str(post, key));
		json_set_text(post, key, strbuf_str(&b));
	}
}

static void dump(const struct transfer *t, struct strbuf *out)
{
	static const char *const kinds[] = { "http", "file", "smtp", "console" };
	strbuf_addf(out, "%s %.*s %.*s\n", kinds[t->kind], STR_ARG(t->method), STR_ARG(t->url));
	for (size_t i = 0; i < t->headers.n; i++)
		strbuf_addf(out, "%.*s: %.*s\n", STR_ARG(t->headers.v[i].name),
			    STR_ARG(t->headers.v[i].value));
	if (str_present(t->mail_from))
		strbuf_addf(out, "from %.*s\n", STR_ARG(t->mail_from));
	for (size_t i = 0; i < t->mail_to.n; i++)
		strbuf_addf(out, "to %.*s\n", STR_ARG(t->mail_to.v[i]));
	if (str_present(t->username))
		strbuf_addf(out, "login %.*s %.*s\n", STR_ARG(t->username), STR_ARG(t->password));
	if (t->tls_required)
		strbuf_adds(out, "tls required\n");
	strbuf_adds(out, "\n");
	strbuf_add(out, t->body);
}

/* What no channel may let through, whatever the case. */
static const char *broken_rule(const struct golden *g, const struct transfer *t)
{
	bool mail = t->kind == TRANSFER_SMTP;
	for (size_t i = 0; mail && i < t->body.len; i++) {
		if (t->body.p[i] == '\n' && (i == 0 || t->body.p[i - 1] != '\r'))
			return "a bare LF in a mail";
		if ((unsigned char)t->body.p[i] > 0x7e)
			return "a byte over 7 bits in a mail";
	}
	for (size_t i = 0; mail && i < t->body.len;) {
		size_t line = str_chr(str_from(t->body, i), '\n');
		if (line == STR_NPOS)
			return "a mail without a last line end";
		if (line > 79)
			return "a mail's line over 78 columns";
		i += line + 1;
	}
	if (strcmp(g->type, "slack") == 0 && str_find(t->body, STR("<!")) != STR_NPOS)
		return "a Slack command";
	if (strcmp(g->type, "slack") == 0 && (str_find(t->body, STR("@here")) != STR_NPOS ||
					      str_find(t->body, STR("@all")) != STR_NPOS))
		return "a mention";
	struct err e = { 0 };
	if (t->kind == TRANSFER_HTTP) {
		OWNED_JSON json_t *j = json_parse(t->body, &e);
		if (j == NULL)
			return "a body that is no JSON";
	}
	if (memchr(t->body.p, 0, t->body.len) != NULL)
		return "a NUL";
	return NULL;
}

static void report(const char *dir, const char *name, const char *why)
{
	n_tests++;
	n_failed += why != NULL;
	printf("%sok %d - %s/%s\n", why ? "not " : "", n_tests, dir, name);
	if (why != NULL)
		printf("# %s\n", why);
}

static bool same_as_file(const char *path, struct str got)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return false;
	struct str want = test_read_file(path);
	bool same = str_eq(got, want);
	mem_free((void *)(uintptr_t)want.p);
	return same;
}

static void run_channel(const char *dir, const struct golden *g, const struct alert *a,
			const json_t *overlays, bool write)
{
	struct err e = { 0 };
	OWNED(arena) struct arena *arena = arena_new(1 << 20);
	const struct channel_type *type = channel_type_find(str_c(g->type));
	OWNED_JSON json_t *values = json_parse(str_c(g->settings), &e);
	if (json_get(overlays, g->name) != NULL)
		json_object_update(values, json_object_get(overlays, g->name));
	struct channel c = { .type = type,
			     .name = str_c(g->name),
			     .url = str_c(g->url),
			     .secret = str_c(g->secret) };
	c.settings = settings_new(type->fields, type->settings_size, values, arena);
	OWNED(transfer) struct transfer *t = NULL;
	AUTO(strbuf) struct strbuf got = STRBUF_INIT(16 << 20);
	const char *why = NULL;
	if ((type->check != NULL && type->check(&c, &e) != 0) ||
	    channel_compose(&c, a, NOW, &t, &e) != 0) {
		report(dir, g->name, e.message);
		settings_free(type->fields, c.settings);
		return;
	}
	dump(t, &got);
	why = broken_rule(g, t);
	char path[512];
	snprintf(path, sizeof(path), DATA "/%s/expected.%s", dir, g->name);
	FILE *f = write ? fopen(path, "wb") : NULL;
	if (f != NULL) {
		fwrite(strbuf_cstr(&got), 1, got.len, f);
		fclose(f);
	} else if (why == NULL && !same_as_file(path, strbuf_str(&got))) {
		why = "differs from what is expected; run with --write and look at the difference";
	}
	report(dir, g->name, why);
	settings_free(type->fields, c.settings);
}

static json_t *read_json(const char *dir, const char *name)
{
	char path[512];
	struct stat st;
	struct err e = { 0 };
	snprintf(path, sizeof(path), DATA "/%s/%s", dir, name);
	if (stat(path, &st) != 0)
		return json_object();
	struct str text = test_read_file(path);
	json_t *j = json_parse_repaired(text, &e);
	mem_free((void *)(uintptr_t)text.p);
	if (j == NULL)
		printf("# %s: %s\n", path, e.message);
	return j;
}

static enum alert_event event_of(struct str name)
{
	enum alert_event event = ALERT_NEW;
	while (str_present(name) && event + 1 < ALERT_EVENTS_N && !str_eq(name, str_c(alert_event_name(event))))
		event++;
	return event;
}

static void run_case(const char *dir, bool write)
{
	struct err e = { 0 };
	OWNED(arena) struct arena *arena = arena_new(1 << 20);
	OWNED_JSON json_t *j = read_json(dir, "alert.json");
	OWNED_JSON json_t *overlays = read_json(dir, "channel.json");
	OWNED(post) struct post *post = NULL;
	AUTO(spans) struct spans spans = { 0 };
	repeat(json_object_get(j, "post"), json_get(j, "repeat"));
	if (post_from_json(json_get(j, "post"), &post, &e) != 0 ||
	    (json_get(j, "spans") != NULL &&
	     alert_spans_from_json(json_get(j, "spans"), arena, &spans, &e) != 0)) {
		report(dir, "alert.json", e.message);
		return;
	}
	add_hits(&spans, FIELD_OF_TITLE, post->title, json_get(j, "hits"));
	add_hits(&spans, FIELD_OF_TEXT, post->text, json_get(j, "hits"));
	add_hits(&spans, FIELD_OF_SUMMARY, post->summary, json_get(j, "hits"));
	struct alert a = { .id = json_get_str(j, "id"),
			   .watch = json_get_str(j, "watch"),
			   .query = json_get_str(j, "query"),
			   .post = post,
			   .spans = &spans,
			   .created_unix_ms = date_parse(json_get_str(j, "created")),
			   .time_zone = json_get_str(j, "time_zone"),
			   .event = event_of(json_get_str(j, "event")),
			   .test = json_get_bool(j, "test", false),
			   .delivery_id = json_get_str(j, "delivery_id") };
	for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++)
		run_channel(dir, &channels[i], &a, overlays, write);
}

int main(int argc, char **argv)
{
	bool write = argc > 1 && strcmp(argv[1], "--write") == 0;
	struct dirent **names;
	int n = scandir(DATA, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.')
			run_case(names[i]->d_name, write);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	printf("1..%d\n", n_tests);
	return n_failed > 0 || n_tests == 0;
}
