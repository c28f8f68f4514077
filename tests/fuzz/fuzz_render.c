/* SPDX-License-Identifier: ISC */
/* Fuzzes what every channel makes of a post: any bytes as post JSON, spans as the bytes say, all
 * channels. */
#include <stdlib.h>
#include <string.h>

#include "lib/settings.h"

#include "base/text.h"
#include "base/url.h"
#include "channel/channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	const char *type, *url, *settings;
} channels[] = {
	{ "console", NULL, "{\"color\":\"always\"}" },
	{ "webhook", "https://h.example/in", "{}" },
	{ "webhook", "https://h.example/in",
	  "{\"template\":\"{\\\"a\\\":{{alert}},\\\"b\\\":\\\"{{post.text}}{{words}}{{watch}}\\\"}"
	  "\"}" },
	{ "slack", "https://hooks.slack.com/services/x", "{}" },
	{ "slack", "https://c.example/hooks/x", "{}" },
	{ "slack", "https://c.example/hooks/x/y", "{}" },
	{ "email", "smtp://m.example", "{\"from\":\"a@b.example\",\"to\":[\"c@d.example\"]}" },
};

static void require(bool good)
{
	if (!good)
		abort();
}

/* A word that calls all who are there; in an address it calls nobody. */
static bool calls_all(struct str s)
{
	size_t found;
	for (size_t next = 0; (found = str_find(str_from(s, next), STR("@here"))) != STR_NPOS;) {
		size_t at = next + found, from = at;
		bool address = false;
		next = at + 5;
		for (; from > 0 && (unsigned char)s.p[from - 1] > ' ' && s.p[from - 1] != '"' && !address; from--)
			address = strchr("<(|", s.p[from - 1]) && url_is_http(str_slice(s, from, next));
		if (!address && !url_is_http(str_slice(s, from, next)))
			return true;
	}
	return false;
}

static void check(const struct transfer *t, bool chat)
{
	struct err e = { 0 };
	if (t->kind == TRANSFER_HTTP) {
		OWNED_JSON json_t *j = json_parse(t->body, &e);
		require(j != NULL);
		/* nothing that pings; a webhook's body is data and holds the post as it is */
		require(!chat || (str_find(t->body, STR("<!")) == STR_NPOS && !calls_all(t->body)));
	}
	if (t->kind == TRANSFER_SMTP) {
		size_t head = str_find(t->body, STR("\r\n\r\n"));
		require(head != STR_NPOS &&
			str_find_nocase(str_slice(t->body, 0, head), STR("\nBcc:")) == STR_NPOS);
		for (size_t i = 0; i < t->body.len; i++)
			require((unsigned char)t->body.p[i] < 0x7f &&
				(t->body.p[i] != '\n' || (i > 0 && t->body.p[i - 1] == '\r')));
	}
	for (size_t i = 0; i < t->headers.n; i++)
		for (size_t k = 0; k < t->headers.v[i].value.len; k++)
			require(t->headers.v[i].value.p[k] != '\n' &&
				t->headers.v[i].value.p[k] != '\r');
}

static void run(size_t which, const struct alert *a)
{
	struct err e = { 0 };
	OWNED(arena) struct arena *arena = arena_new(1 << 20);
	OWNED_JSON json_t *values = json_parse(str_c(channels[which].settings), &e);
	const struct channel_type *type = channel_type_find(str_c(channels[which].type));
	struct channel c = { .type = type, .name = STR("c"), .url = str_c(channels[which].url) };
	c.settings = settings_new(type->fields, type->settings_size, values, arena);
	OWNED(transfer) struct transfer *t = NULL;
	require(channel_compose(&c, a, 1700000000000LL, &t, &e) == 0);
	check(t, strcmp(channels[which].type, "slack") == 0);
	settings_free(type->fields, c.settings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = { 0 };
	OWNED_JSON json_t *j = json_parse_repaired(str_n(data, size), &e);
	OWNED(post) struct post *post = NULL;
	if (j == NULL || post_from_json(j, &post, &e) != 0)
		return 0;
	AUTO(spans) struct spans spans = { 0 };
	for (size_t i = 0; i + 4 < size && i < 64; i += 5) {
		struct span s = { .field = (enum post_field)(data[i] % (FIELD_OF_LINK + 1)),
				  .index = data[i + 1] % 4,
				  .start = data[i + 2],
				  .end = (size_t)data[i + 3] + data[i + 4],
				  .term = text_cut(post->title, 8) };
		vec_push(&spans.list, s);
	}
	struct alert a = { .id = STR("alr_1"),
			   .watch = post->source,
			   .query = post->title,
			   .post = post,
			   .spans = &spans,
			   .created_unix_ms = post->updated_unix_ms,
			   .time_zone = STR("UTC"),
			   .delivery_id = post->id };
	for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++)
		run(i, &a);
	return 0;
}
