/* SPDX-License-Identifier: ISC */
/* Huge answers of social networks: nothing is lost, nothing takes for ever. */
#include "lib/test.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/strbuf.h"
#include "source/source.h"

#define POSTS 3000
#define ENTITIES 30000
#define BODY_MAX (64u << 20)
#define CPU_MAX_US 3000000

/* What it made of the document, within a time that does not grow with the square of its size. */
static void parse(const char *type, const struct strbuf *body, struct source_document *ret)
{
	const struct source_type *t = source_type_find(str_c(type));
	struct source s = { .type = t, .name = STR("huge"), .url = STR("https://social.example"), .backfill_ms = INT64_MAX };
	struct frame f = { .bytes = strbuf_str(body), .url = s.url };
	struct err e = { 0 };

	CHECK(!body->toobig);
	s.settings = mem_alloc(t->settings_size);
	s.state = mem_alloc(t->state_size);
	int64_t start = test_cpu_us();
	CHECK_OK(t->parse(&s, &f, ret, &e), &e);
	int64_t took = test_cpu_us() - start;
	if (took > CPU_MAX_US)
		fail_msg("%s: %lld ms of the processor", type, (long long)took / 1000);
	mem_free(s.settings);
	mem_free(s.state);
}

static void check_all(const struct source_document *d, size_t n)
{
	CHECK_INT(d->posts.posts.n, n);
	for (size_t i = 0; i < n; i++) {
		const struct post *p = d->posts.posts.v[i];
		if (p->fingerprint == 0 || p->authors.n != 1)
			fail_msg("%zu: %zu authors, %zu bytes", i, p->authors.n, arena_used(p->arena));
		CHECK(p->text.len <= POST_TEXT_MAX && !arena_full(p->arena));
	}
}

static void repeat(struct strbuf *b, const char *piece, int n)
{
	for (int i = 0; i < n; i++)
		strbuf_addf(b, "%s%s", i ? "," : "", piece);
}

TEST(a_huge_answer_of_x)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(BODY_MAX);
	AUTO(source_document) struct source_document d = { .arena = NULL };

	json_setup();
	strbuf_adds(&b, "{\"data\":[");
	for (int i = 0; i < POSTS; i++)
		strbuf_addf(&b, "%s{\"id\":\"%d\",\"text\":\"post %d\",\"author_id\":\"%d\",\"referenced_tweets\":[{\"type\":\"quoted\",\"id\":\"%d\"}]}",
		            i ? "," : "", 10000 + i, i, i, 50000 + i);
	strbuf_adds(&b, ",{\"id\":\"9\",\"author_id\":\"1\",\"text\":\"");
	for (int i = 0; i < ENTITIES; i++)
		strbuf_addf(&b, "https://t.co/%d #tag%d ", i, i);
	strbuf_adds(&b, "\",\"entities\":{\"urls\":[");
	for (int i = 0; i < ENTITIES; i++)
		strbuf_addf(&b, "%s{\"url\":\"https://t.co/%d\",\"expanded_url\":\"https://news.example/%d\",\"title\":\"a title\"}", i ? "," : "", i, i);
	strbuf_adds(&b, "],\"hashtags\":[");
	for (int i = 0; i < ENTITIES; i++)
		strbuf_addf(&b, "%s{\"tag\":\"tag%d\"}", i ? "," : "", i);
	strbuf_adds(&b, "],\"mentions\":[");
	for (int i = 0; i < ENTITIES; i++)
		strbuf_addf(&b, "%s{\"username\":\"name%d\"}", i ? "," : "", i);
	strbuf_adds(&b, "]}}],\"includes\":{\"users\":[");
	for (int i = 0; i < POSTS; i++)
		strbuf_addf(&b, "%s{\"id\":\"%d\",\"username\":\"user%d\"}", i ? "," : "", i, i);
	strbuf_adds(&b, "],\"tweets\":[");
	for (int i = 0; i < POSTS; i++)
		strbuf_addf(&b, "%s{\"id\":\"%d\",\"text\":\"quoted\"}", i ? "," : "", 50000 + i);
	strbuf_adds(&b, "]}}");
	parse("x", &b, &d);
	check_all(&d, POSTS + 1);
	CHECK_INT(d.posts.posts.v[POSTS - 1]->context.n, 1);
	CHECK_INT(d.reads, 2 * POSTS + 1);
}

TEST(a_huge_answer_of_mastodon)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(BODY_MAX);
	AUTO(source_document) struct source_document d = { .arena = NULL };

	json_setup();
	strbuf_addc(&b, '[');
	for (int i = 0; i < POSTS; i++)
		strbuf_addf(&b, "%s{\"id\":\"%d\",\"uri\":\"https://social.example/s/%d\",\"content\":\"<p>post %d</p>\",\"in_reply_to_id\":\"%d\","
		            "\"account\":{\"acct\":\"ada\",\"url\":\"https://social.example/@ada\"}}", i ? "," : "", i, i, i, i + 1);
	strbuf_adds(&b, ",{\"id\":\"x\",\"uri\":\"https://social.example/s/x\",\"account\":{\"acct\":\"ada\",\"display_name\":\"");
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&b, ":e%d:", i);
	strbuf_adds(&b, "\",\"emojis\":[");
	for (int i = 0; i < ENTITIES; i++)
		strbuf_addf(&b, "%s{\"shortcode\":\"e%d\"}", i ? "," : "", i);
	strbuf_adds(&b, "]},\"content\":\"");
	for (int i = 0; i < ENTITIES; i++)
		strbuf_addf(&b, "<a href='https://social.example/tags/tag%d'>#tag%d</a> ", i, i);
	strbuf_adds(&b, "\",\"tags\":[");
	for (int i = 0; i < ENTITIES; i++)
		strbuf_addf(&b, "%s{\"name\":\"tag%d\",\"url\":\"https://social.example/tags/tag%d\"}", i ? "," : "", i, i);
	strbuf_adds(&b, "],\"mentions\":[");
	repeat(&b, "{\"acct\":\"bo\",\"url\":\"https://social.example/@bo\"}", ENTITIES);
	strbuf_adds(&b, "],\"poll\":{\"options\":[");
	repeat(&b, "{\"title\":\"an option\"}", ENTITIES);
	strbuf_adds(&b, "]}}]");
	parse("mastodon", &b, &d);
	check_all(&d, POSTS + 1);
}

TEST(a_huge_answer_of_bluesky)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(BODY_MAX);
	AUTO(source_document) struct source_document d = { .arena = NULL };

	json_setup();
	strbuf_adds(&b, "{\"feed\":[");
	for (int i = 0; i < POSTS; i++)
		strbuf_addf(&b, "%s{\"post\":{\"uri\":\"at://did:plc:a/app.bsky.feed.post/%d\",\"author\":{\"did\":\"did:plc:a\",\"handle\":\"ada.example\"},"
		            "\"record\":{\"text\":\"post %d\",\"createdAt\":\"2026-01-01T00:00:00Z\"}}}", i ? "," : "", i, i);
	strbuf_adds(&b, ",{\"post\":{\"uri\":\"at://did:plc:a/app.bsky.feed.post/x\",\"author\":{\"did\":\"did:plc:a\"},\"labels\":[");
	for (int i = 0; i < ENTITIES; i++)
		strbuf_addf(&b, "%s{\"val\":\"label%d\"}", i ? "," : "", i);
	strbuf_adds(&b, "],\"record\":{\"createdAt\":\"2026-01-01T00:00:00Z\",\"text\":\"");
	for (int i = 0; i < ENTITIES; i++)
		strbuf_addf(&b, "word%d ", i);
	strbuf_adds(&b, "\",\"facets\":[");
	for (int i = 0; i < ENTITIES; i++)
		strbuf_addf(&b, "%s{\"index\":{\"byteStart\":%d,\"byteEnd\":%d},\"features\":[{\"$type\":\"app.bsky.richtext.facet#%s\","
		            "\"uri\":\"https://news.example/%d\",\"tag\":\"t%d\",\"did\":\"did:plc:%d\"}]}", i ? "," : "", i, i + 5,
		            i % 3 == 0 ? "link" : i % 3 == 1 ? "tag" : "mention", i, i, i);
	strbuf_adds(&b, "]}}}]}");
	parse("bluesky", &b, &d);
	check_all(&d, POSTS + 1);
}
