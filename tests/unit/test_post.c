/* SPDX-License-Identifier: ISC */
/* model/post: sealing and the JSON form. */
#include "lib/test.h"

#include "base/json.h"
#include "base/text.h"
#include "model/post.h"

static struct post *with_text(const char *title, const char *text)
{
	struct post *p = post_new();

	p->title = str_c(title);
	p->text = str_c(text);
	return p;
}

TEST(seal_cleans)
{
	OWNED(post) struct post *p = with_text("  two\n\tlines \xff ", " a\r\n\x01" "b\xc2\x81 ");

	p->language = STR("FR_ca");
	p->summary = STR(" \n ");
	p->content_warning = STR("x");
	post_seal(p);
	CHECK_STR(p->title, "two lines \xef\xbf\xbd");
	CHECK_STR(p->text, "a\nb");
	CHECK_STR(p->language, "fr-ca");
	CHECK(!str_present(p->summary));
	CHECK(!str_present(p->url));
}

TEST(seal_cuts)
{
	OWNED(post) struct post *p = post_new();
	size_t len = POST_TEXT_MAX + 10;
	char *big = mem_alloc(len);

	memset(big, 'x', len);
	memcpy(big + POST_TEXT_MAX - 1, "\xc3\xa9", 2);
	p->title = p->text = p->id = str_n(big, len);
	post_seal(p);
	CHECK_INT(p->text.len, POST_TEXT_MAX - 1);
	CHECK(p->title.len <= 4096);
	CHECK(str_starts(p->id, STR("sha256:")));
	CHECK_INT(p->id.len, 7 + 64);
	mem_free(big);
}

TEST(identity)
{
	OWNED(post) struct post *p = with_text("t", "x");
	OWNED(post) struct post *q = with_text("t", "y");
	OWNED(post) struct post *r = with_text("t", "x");
	OWNED(post) struct post *u = with_text("t", "x");
	OWNED(post) struct post *i = with_text("t", "x");

	post_seal(p);
	post_seal(q);
	r->published_unix_ms = 5; /* a date is no part of who a post is */
	post_seal(r);
	CHECK(str_starts(p->id, STR("hash:")));
	CHECK(str_eq(p->id, r->id));
	CHECK(!str_eq(p->id, q->id));
	u->url = STR("https://e.example/1");
	post_seal(u);
	CHECK_STR(u->id, "https://e.example/1");
	i->url = STR("https://e.example/1");
	i->id = STR(" tag:1 ");
	post_seal(i);
	CHECK_STR(i->id, "tag:1");
}

TEST(fingerprint_says_edit)
{
	OWNED(post) struct post *p = with_text("t", "x");
	OWNED(post) struct post *q = with_text("tx", "");

	p->id = q->id = STR("1");
	post_seal(p);
	uint64_t first = p->fingerprint;
	post_seal(p);
	CHECK(p->fingerprint == first);
	post_seal(q);
	CHECK(q->fingerprint != first);
	p->updated_unix_ms = 7;
	post_add_tag(p, STR("new"));
	post_seal(p);
	CHECK(p->fingerprint == first);
	p->text = STR("x, edited");
	post_seal(p);
	CHECK(p->fingerprint != first);
}

TEST(lists)
{
	OWNED(post) struct post *p = post_new();

	post_add_tag(p, STR(" OpenAI "));
	post_add_tag(p, STR("openai"));
	post_add_tag(p, STR("  "));
	post_add_author(p, STR_NULL, STR(""), STR_NULL);
	post_add_author(p, STR("Ann"), STR_NULL, STR("javascript:alert(1)"));
	post_add_author(p, STR("Ann"), STR_NULL, STR("javascript:alert(1)"));
	post_add_link(p, STR("https://e.example/a"));
	post_add_link(p, STR("https://e.example/a"));
	post_add_link(p, STR("mailto:a@e.example"));
	vec_push(&p->enclosures, ((struct enclosure){ .url = STR("file:///etc/passwd"), .length = 3 }));
	vec_push(&p->enclosures, ((struct enclosure){ .url = STR("https://e.example/a.mp3"), .length = -7 }));
	post_seal(p);
	CHECK_INT(p->tags.n, 1);
	CHECK_STR(p->tags.v[0], "OpenAI");
	CHECK_INT(p->authors.n, 1);
	CHECK(!str_present(p->authors.v[0].url));
	CHECK_INT(p->links.n, 1);
	CHECK_INT(p->enclosures.n, 1);
	CHECK_INT(p->enclosures.v[0].length, -1);
}

static void check_json(const json_t *j, const char *want)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(65536);

	json_dump(&b, j, false);
	CHECK_STR(strbuf_str(&b), want);
}

TEST(json_of_nothing)
{
	OWNED(post) struct post *p = post_new();

	p->id = STR("1");
	post_seal(p);
	OWNED_JSON json_t *j = post_to_json(p);
	check_json(j, "{\"id\":\"1\",\"url\":null,\"title\":null,\"text\":null,\"summary\":null,\"author\":null,"
	              "\"authors\":[],\"published\":null,\"updated\":null,\"language\":null,\"tags\":[],\"links\":[],"
	              "\"enclosures\":[],\"reply_to\":null,\"quote_of\":null,\"repost_of\":null,\"thread\":null,"
	              "\"content_warning\":null,\"source\":null,\"platform\":null}");
}

TEST(json_round_trip)
{
	static const char text[] =
		"{\"id\":\"1\",\"url\":\"https://e.example/1\",\"title\":\"T\",\"text\":\"line 1\\nline \\u00e9\",\"summary\":\"S\","
		"\"author\":{\"name\":\"Ann\",\"handle\":\"ann\",\"url\":\"https://e.example/ann\"},"
		"\"authors\":[{\"name\":\"Ann\",\"handle\":\"ann\",\"url\":\"https://e.example/ann\"},"
		"{\"name\":\"Bob\",\"handle\":null,\"url\":null}],"
		"\"published\":\"2023-12-11T08:14:00Z\",\"updated\":\"2023-12-11T08:15:00.5Z\",\"language\":\"fr-FR\","
		"\"tags\":[\"a\",\"b\"],\"links\":[\"https://e.example/x\"],"
		"\"enclosures\":[{\"url\":\"https://e.example/a.mp3\",\"type\":\"audio/mpeg\",\"length\":12},"
		"{\"url\":\"https://e.example/b.mp3\",\"type\":null,\"length\":null}],"
		"\"reply_to\":\"0\",\"quote_of\":\"q\",\"repost_of\":\"r\",\"thread\":\"t\",\"content_warning\":\"cw\","
		"\"source\":\"s\",\"platform\":\"feed\"}";
	struct err e;
	struct post *read = NULL;

	OWNED_JSON json_t *in = json_parse(str_c(text), &e);
	CHECK(in != NULL);
	CHECK_OK(post_from_json(in, &read, &e), &e);
	OWNED(post) struct post *p = read;
	OWNED_JSON json_t *out = post_to_json(p);
	CHECK_INT(p->published_unix_ms, 1702282440000);
	CHECK_INT(p->updated_unix_ms, 1702282500500);
	AUTO(strbuf) struct strbuf a = STRBUF_INIT(65536), b = STRBUF_INIT(65536);
	json_object_set_new(in, "updated", json_null());
	json_object_set_new(out, "updated", json_null());
	json_dump(&a, in, false);
	json_dump(&b, out, false);
	CHECK_STR(strbuf_str(&b), strbuf_cstr(&a));
}

TEST(social_json_round_trip)
{
	static const char text[] =
		"{\"id\":\"2\",\"url\":null,\"title\":null,\"text\":\"Or xAI\",\"summary\":null,"
		"\"author\":{\"name\":\"Ann\",\"handle\":\"ann\",\"url\":null,\"id\":\"77\",\"followers\":5},"
		"\"authors\":[{\"name\":\"Ann\",\"handle\":\"ann\",\"url\":null,\"id\":\"77\",\"followers\":5}],"
		"\"published\":null,\"updated\":null,\"language\":null,\"tags\":[],\"links\":[],\"enclosures\":[],"
		"\"reply_to\":\"1\",\"quote_of\":null,\"repost_of\":null,\"thread\":null,\"content_warning\":null,"
		"\"source\":null,\"platform\":\"x\",\"mentions\":[{\"name\":null,\"handle\":\"bob\",\"url\":null,\"id\":\"8\"}],"
		"\"metrics\":{\"likes\":5200,\"reposts\":0},\"sensitive\":true,\"context\":[{\"relation\":\"parent\",\"post\":"
		"{\"id\":\"1\",\"url\":null,\"title\":null,\"text\":\"Ilya\",\"summary\":null,\"author\":null,\"authors\":[],"
		"\"published\":null,\"updated\":null,\"language\":null,\"tags\":[],\"links\":[],\"enclosures\":[],"
		"\"reply_to\":null,\"quote_of\":null,\"repost_of\":null,\"thread\":null,\"content_warning\":null,"
		"\"source\":null,\"platform\":\"x\"}}]}";
	struct err e;
	struct post *read = NULL;

	OWNED_JSON json_t *in = json_parse(str_c(text), &e);
	CHECK(in != NULL);
	CHECK_OK(post_from_json(in, &read, &e), &e);
	OWNED(post) struct post *p = read;
	CHECK_INT(p->context.n, 1);
	CHECK_INT(p->metrics.views, -1);
	OWNED_JSON json_t *out = post_to_json(p);
	check_json(out, text);
}

/* Whatever is offered: one of a relation and id, no context of a context, a bounded number. */
TEST(context_is_bounded)
{
	OWNED(post) struct post *p = post_new();

	for (int i = 0; i < 3 * POST_CONTEXT_MAX; i++) {
		struct post *other = post_new(), *deeper = post_new();

		other->id = arena_fmt(other->arena, "%d", i / 2);
		post_seal(deeper);
		post_add_context(other, RELATION_ROOT, deeper);
		post_seal(other);
		post_add_context(p, RELATION_QUOTED, other);
	}
	CHECK_INT(p->context.n, POST_CONTEXT_MAX);
	for (size_t i = 0; i < p->context.n; i++)
		CHECK_INT(p->context.v[i].post->context.n, 0);
	CHECK_STR(p->context.v[1].post->id, "1");
}

TEST(json_refuses_and_forgives)
{
	struct err e;
	struct post *p = NULL;

	OWNED_JSON json_t *list = json_parse(STR("[]"), &e);
	CHECK_INT(post_from_json(list, &p, &e), -1);
	CHECK_INT(e.kind, ERR_INPUT);
	OWNED_JSON json_t *odd = json_parse(STR("{\"id\":7,\"title\":[],\"authors\":{\"x\":1},\"tags\":[1,\"a\"],\"text\":\"x\","
	                                        "\"author\":{\"name\":\"Ann\"},\"published\":\"yesterday\"}"), &e);
	CHECK_OK(post_from_json(odd, &p, &e), &e);
	OWNED(post) struct post *q = p;
	CHECK(str_starts(q->id, STR("hash:")));
	CHECK_INT(q->tags.n, 1);
	CHECK_STR(q->authors.v[0].name, "Ann");
	CHECK(q->published_unix_ms == TIME_ABSENT);
}
