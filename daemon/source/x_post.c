/* SPDX-License-Identifier: ISC */
/* Posts of X: what stands in "data", with what "includes" says of it (docs.x.com: data dictionary, edit posts; 2026-08). */
#include "x.h"

#include "base/html.h"
#include "base/json.h"
#include "base/text.h"
#include "base/url.h"

struct page {                    /* an answer, with what its posts refer to */
	const json_t *tweets, *users, *media;
};

static const json_t *find_in(const json_t *list, const char *key, struct str value)
{
	for (size_t i = 0; str_present(value) && i < json_array_size(list); i++)
		if (str_eq(json_get_str(json_array_get(list, i), key), value))
			return json_array_get(list, i);
	return NULL;
}

#define URLS_MAX 512 /* of one post: each is looked for in all of its text (ours) */

/* t.co is X's counter: what stands behind it is meant.  A picture's address says nothing, and is an enclosure. */
static void expand_urls(struct post *p, const json_t *urls, struct strbuf *text)
{
	for (size_t i = 0; i < json_array_size(urls) && i < URLS_MAX; i++) {
		const json_t *u = json_array_get(urls, i);
		struct str display = json_get_str(u, "display_url"), expanded = json_get_str(u, "unwound_url");

		if (str_empty(expanded))
			expanded = json_get_str(u, "expanded_url");
		bool picture = str_starts(display, STR("pic.twitter.com/")) || str_starts(display, STR("pic.x.com/"));

		if (picture || json_get(u, "media_key")) {
			social_replace(text, json_get_str(u, "url"), STR_NULL);
			continue;
		}
		if (str_empty(expanded))
			continue;
		social_replace(text, json_get_str(u, "url"), expanded);
		post_add_link(p, expanded);
		social_add_preview(p, json_get_str(u, "title"), json_get_str(u, "description"));
	}
}

static void add_entities(struct post *p, const json_t *entities, struct strbuf *text)
{
	const json_t *tags = json_get(entities, "hashtags"), *cash = json_get(entities, "cashtags");
	const json_t *mentions = json_get(entities, "mentions");

	expand_urls(p, json_get(entities, "urls"), text);
	for (size_t i = 0; i < json_array_size(tags); i++)
		post_add_tag(p, json_get_str(json_array_get(tags, i), "tag"));
	for (size_t i = 0; i < json_array_size(cash); i++)
		post_add_tag(p, arena_fmt(p->arena, "$%.*s", STR_ARG(json_get_str(json_array_get(cash, i), "tag"))));
	for (size_t i = 0; i < json_array_size(mentions); i++) {
		const json_t *m = json_array_get(mentions, i);
		struct author *a = post_add_mention(p, STR_NULL, json_get_str(m, "username"), STR_NULL);

		if (a != NULL)
			a->id = arena_str(p->arena, json_get_str(m, "id"));
	}
}

static void add_text(struct post *p, const json_t *t)
{
	const json_t *note = json_get(t, "note_tweet");
	struct str text = json_get_str(note, "text");
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(POST_TEXT_MAX), plain = STRBUF_INIT(POST_TEXT_MAX);

	strbuf_add(&b, text_cut(str_empty(text) ? json_get_str(t, "text") : text, POST_TEXT_MAX / 2));
	add_entities(p, json_get(t, "entities"), &b);
	add_entities(p, json_get(note, "entities"), &b); /* of what lies beyond the first 280 characters */
	html_unescape(&plain, strbuf_str(&b));           /* the API writes & < > as HTML does */
	p->text = arena_str(p->arena, strbuf_str(&plain));
}

static void add_writer(struct post *p, const struct page *page, struct str id)
{
	const json_t *u = find_in(page->users, "id", id);
	struct str handle = json_get_str(u, "username");
	struct str url = str_empty(handle) ? arena_fmt(p->arena, "https://x.com/i/user/%.*s", STR_ARG(id))
	                                   : arena_fmt(p->arena, "https://x.com/%.*s", STR_ARG(handle));
	struct author *a = str_empty(id) ? NULL : post_add_author(p, json_get_str(u, "name"), handle, url);

	if (a == NULL)
		return;
	a->id = arena_str(p->arena, id);
	a->followers = json_get_int(json_get(u, "public_metrics"), "followers_count", -1);
}

static void add_media(struct post *p, const struct page *page, const json_t *keys)
{
	for (size_t i = 0; i < json_array_size(keys); i++) {
		const json_t *m = find_in(page->media, "media_key", json_str(json_array_get(keys, i)));
		struct str url = json_get_str(m, "url");

		social_add_enclosure(p, str_empty(url) ? json_get_str(m, "preview_image_url") : url,
		                     str_eq(json_get_str(m, "type"), STR("photo")) ? STR("image/*") : STR("video/*"));
		social_add_preview(p, json_get_str(m, "alt_text"), STR_NULL);
	}
}

/* X has codes of its own for "no language" (und, zxx) and for tags, links, names only (qam qct qht qme qst). */
static bool is_language(struct str s)
{
	return !str_empty(s) && !str_eq(s, STR("und")) && !str_eq(s, STR("zxx")) && !(s.len == 3 && s.p[0] == 'q');
}

/* Ids are texts, for no JavaScript can count that far; who sends a number anyhow means the same. */
static struct str id_of(struct post *p, const json_t *t)
{
	const json_t *id = json_get(t, "id");

	return json_is_integer(id) ? arena_fmt(p->arena, "%lld", (long long)json_integer_value(id)) : json_str(id);
}

/* A post without what it refers to. */
static struct post *read_alone(const json_t *t, const struct page *page)
{
	struct post *p = post_new();
	const json_t *m = json_get(t, "public_metrics");
	struct str id = id_of(p, t), thread = json_get_str(t, "conversation_id"), lang = json_get_str(t, "lang");
	struct str first = json_str(json_array_get(json_get(t, "edit_history_tweet_ids"), 0));

	p->platform = STR("x");
	p->id = arena_str(p->arena, str_empty(first) ? id : first); /* an edit is a new id in X, but the same post */
	add_text(p, t);
	add_writer(p, page, json_get_str(t, "author_id"));
	p->url = p->authors.n && str_present(p->authors.v[0].handle)
	        ? arena_fmt(p->arena, "%.*s/status/%.*s", STR_ARG(p->authors.v[0].url), STR_ARG(id))
	        : arena_fmt(p->arena, "https://x.com/i/status/%.*s", STR_ARG(id));
	p->published_unix_ms = social_time(t, "created_at");
	p->language = is_language(lang) ? arena_str(p->arena, lang) : STR_NULL;
	p->thread = arena_str(p->arena, str_eq(thread, id) ? p->id : thread);
	p->sensitive = json_get_bool(t, "possibly_sensitive", false);
	p->metrics = (struct post_metrics){
		.likes = json_get_int(m, "like_count", -1),
		.reposts = json_get_int(m, "retweet_count", -1),
		.replies = json_get_int(m, "reply_count", -1),
		.quotes = json_get_int(m, "quote_count", -1),
		.views = json_get_int(m, "impression_count", -1),
	};
	add_media(p, page, json_get(json_get(t, "attachments"), "media_keys"));
	return p;
}

static struct post *read_context(const json_t *t, const struct page *page)
{
	struct post *p = read_alone(t, page);

	post_seal(p);
	return p;
}

/* A repost's own text is "RT @who: " and the first 140 characters: the original says it whole. */
static void take_original(struct post *p, const struct post *original)
{
	if (str_empty(original->text))
		return;
	p->text = arena_str(p->arena, original->text);
	p->language = arena_str(p->arena, original->language);
	for (size_t i = 0; i < original->links.n; i++)
		post_add_link(p, original->links.v[i]);
	for (size_t i = 0; i < original->tags.n; i++)
		post_add_tag(p, original->tags.v[i]);
}

static void add_references(struct post *p, const json_t *t, const struct page *page)
{
	static const struct {
		const char *type;
		enum relation relation;
		size_t field;
	} kinds[] = {
		{ "replied_to", RELATION_PARENT, offsetof(struct post, reply_to) },
		{ "quoted", RELATION_QUOTED, offsetof(struct post, quote_of) },
		{ "retweeted", RELATION_REPOSTED, offsetof(struct post, repost_of) },
	};
	const json_t *list = json_get(t, "referenced_tweets");

	for (size_t i = 0; i < json_array_size(list); i++)
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
			const json_t *r = json_array_get(list, i);
			struct str id = json_get_str(r, "id");
			const json_t *other = find_in(page->tweets, "id", id);

			if (!str_eq(json_get_str(r, "type"), str_c(kinds[k].type)) || str_empty(id))
				continue;
			*(struct str *)(void *)((char *)p + kinds[k].field) = arena_str(p->arena, id);
			if (other == NULL)
				continue; /* deleted, protected, or of an account that blocks */
			post_add_context(p, kinds[k].relation, read_context(other, page));
			if (kinds[k].relation == RELATION_REPOSTED)
				take_original(p, p->context.v[p->context.n - 1].post);
		}
	const json_t *root = find_in(page->tweets, "id", json_get_str(t, "conversation_id"));
	if (root != NULL && !str_eq(json_get_str(root, "id"), json_get_str(t, "id")))
		post_add_context(p, RELATION_ROOT, read_context(root, page));
}

static struct page page_of(const json_t *j)
{
	const json_t *includes = json_get(j, "includes");

	return (struct page){ .tweets = json_get(includes, "tweets"), .users = json_get(includes, "users"),
		              .media = json_get(includes, "media") };
}

struct post *x_find(const json_t *j, struct str id)
{
	const struct page page = page_of(j);
	const json_t *t = find_in(json_get(j, "data"), "id", id);

	return t == NULL || !str_present(json_get_str(t, "text")) ? NULL : read_context(t, &page);
}

void x_read_page(struct source_document *d, const json_t *j)
{
	const json_t *data = json_get(j, "data");
	const struct page page = page_of(j);
	size_t n = json_is_array(data) ? json_array_size(data) : json_is_object(data);

	for (size_t i = 0; i < n; i++) {
		const json_t *t = json_is_array(data) ? json_array_get(data, i) : data;

		if (json_get(t, "id") == NULL || !str_present(json_get_str(t, "text")))
			continue; /* no post: counts, lists, users */
		struct post *p = read_alone(t, &page);
		add_references(p, t, &page);
		vec_push(&d->posts.posts, p);
	}
	d->reads = n + json_array_size(page.tweets); /* X bills what it sends, once a day each, as it says; this is the most */
	source_document_finish(d, NULL, 0);
}
