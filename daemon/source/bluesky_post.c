/* SPDX-License-Identifier: ISC */
/*
 * Posts of Bluesky: text with facets (byte offsets into UTF-8), embeds, quotes, labels (lexicons app.bsky.feed.post,
 * app.bsky.richtext.facet, app.bsky.embed.*, com.atproto.label.defs of bluesky-social/atproto, 2026-08).
 */
#include "bluesky.h"

#include "base/json.h"
#include "base/text.h"

#define POST_COLLECTION "app.bsky.feed.post"

/* "at://did:plc:x/app.bsky.feed.post/rkey" -> its parts; false if it is none. */
static bool split_uri(struct str uri, struct str *ret_did, struct str *ret_collection, struct str *ret_rkey)
{
	if (!str_starts(uri, STR("at://")))
		return false;
	uri = str_from(uri, 5);
	return str_split(&uri, '/', ret_did) && str_split(&uri, '/', ret_collection) && str_split(&uri, '/', ret_rkey);
}

/* The address for browsers; by DID, which outlives a change of handle. */
static struct str web_url(struct arena *a, struct str did, struct str rkey)
{
	return arena_fmt(a, "https://bsky.app/profile/%.*s/post/%.*s", STR_ARG(did), STR_ARG(rkey));
}

static struct str profile_url(struct arena *a, struct str who)
{
	return arena_fmt(a, "https://bsky.app/profile/%.*s", STR_ARG(who));
}

int64_t bluesky_time(const json_t *record, const json_t *view)
{
	int64_t said = social_time(record, "createdAt"), seen = social_time(view, "indexedAt");

	return said == TIME_ABSENT || (seen != TIME_ABSENT && seen < said) ? seen : said;
}

/* --- text ------------------------------------------------------------------------------------------- */

static bool is_type(const json_t *j, const char *type)
{
	return str_starts(json_get_str(j, "$type"), str_c(type));
}

static void add_feature(struct post *p, const json_t *feature, struct str words)
{
	if (is_type(feature, "app.bsky.richtext.facet#link")) {
		post_add_link(p, json_get_str(feature, "uri"));
	} else if (is_type(feature, "app.bsky.richtext.facet#tag")) {
		post_add_tag(p, json_get_str(feature, "tag"));
	} else if (is_type(feature, "app.bsky.richtext.facet#mention")) {
		struct author *a = post_add_mention(p, STR_NULL, social_handle(words), STR_NULL);

		if (a != NULL)
			a->id = arena_str(p->arena, json_get_str(feature, "did"));
	}
}

static void add_facets(struct post *p, const json_t *facets)
{
	for (size_t i = 0; i < json_array_size(facets); i++) {
		const json_t *f = json_array_get(facets, i), *index = json_get(f, "index"), *features = json_get(f, "features");
		int64_t from = json_get_int(index, "byteStart", -1), to = json_get_int(index, "byteEnd", -1);
		struct str words = from >= 0 && to > from ? str_slice(p->text, (size_t)from, (size_t)to) : STR_NULL;

		for (size_t k = 0; k < json_array_size(features); k++)
			add_feature(p, json_array_get(features, k), words);
	}
}

/* Labels that Bluesky itself hides behind a warning (com.atproto.label.defs#labelValue). */
static bool hides(struct str label)
{
	static const char *const labels[] = { "porn", "sexual", "nudity", "graphic-media", "gore", "nsfl" };

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (str_eq(label, str_c(labels[i])))
			return true;
	return false;
}

static void add_labels(struct post *p, const json_t *values)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1024);

	strbuf_add(&b, p->content_warning);
	for (size_t i = 0; i < json_array_size(values); i++) {
		const json_t *l = json_array_get(values, i);
		struct str val = json_get_str(l, "val");

		if (str_empty(val) || str_starts(val, STR("!")) || json_get_bool(l, "neg", false))
			continue; /* "!warn" and its kin are orders to servers */
		if (str_find(strbuf_str(&b), val) == STR_NPOS)
			strbuf_addf(&b, "%s%.*s", b.len ? ", " : "", STR_ARG(val));
		p->sensitive = p->sensitive || hides(val);
	}
	if (b.len > 0)
		p->content_warning = arena_str(p->arena, strbuf_str(&b));
}

/* --- what is attached ------------------------------------------------------------------------------- */

static void add_images(struct post *p, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *m = json_array_get(list, i);

		social_add_enclosure(p, json_get_str(m, "fullsize"), STR("image/*"));
		social_add_preview(p, json_get_str(m, "alt"), STR_NULL);
	}
}

/* An embed of a record or, as the AppView shows it, of a view: the same names, but for what is quoted. */
static void add_embed(struct post *p, const json_t *embed)
{
	const json_t *external = json_get(embed, "external"), *media = json_get(embed, "media");
	const json_t *quoted = json_get(embed, "record");

	if (is_type(embed, "app.bsky.embed.recordWithMedia")) {
		quoted = json_get(quoted, "record");
		add_embed(p, media);
	}
	add_images(p, json_get(embed, "images"));
	add_images(p, json_get(embed, "items"));
	if (is_type(embed, "app.bsky.embed.video")) {
		social_add_enclosure(p, json_get_str(embed, "playlist"), STR("video/*"));
		social_add_preview(p, json_get_str(embed, "alt"), STR_NULL);
	}
	if (external != NULL) {
		post_add_link(p, json_get_str(external, "uri"));
		social_add_preview(p, json_get_str(external, "title"), json_get_str(external, "description"));
	}
	struct str did, collection, rkey, uri = json_get_str(quoted, "uri");
	if (split_uri(uri, &did, &collection, &rkey) && str_eq(collection, STR(POST_COLLECTION)))
		p->quote_of = arena_str(p->arena, uri);
}

struct post *bluesky_record(struct str did, struct str rkey, const json_t *record)
{
	if (str_empty(did) || str_empty(rkey) || (json_get(record, "createdAt") == NULL && json_get(record, "text") == NULL))
		return NULL;
	struct post *p = post_new();
	const json_t *reply = json_get(record, "reply"), *tags = json_get(record, "tags");
	struct str parent = json_get_str(json_get(reply, "parent"), "uri"), root = json_get_str(json_get(reply, "root"), "uri");

	p->platform = STR("bluesky");
	p->id = arena_fmt(p->arena, "at://%.*s/" POST_COLLECTION "/%.*s", STR_ARG(did), STR_ARG(rkey));
	p->url = web_url(p->arena, did, rkey);
	p->text = arena_str(p->arena, text_cut(json_get_str(record, "text"), POST_TEXT_MAX));
	add_facets(p, json_get(record, "facets"));
	for (size_t i = 0; i < json_array_size(tags); i++)
		post_add_tag(p, json_str(json_array_get(tags, i)));
	p->published_unix_ms = bluesky_time(record, NULL);
	p->language = arena_str(p->arena, json_str(json_array_get(json_get(record, "langs"), 0)));
	p->reply_to = str_empty(parent) ? STR_NULL : arena_str(p->arena, parent);
	p->thread = str_empty(root) ? p->id : arena_str(p->arena, root);
	add_labels(p, json_get(json_get(record, "labels"), "values"));
	add_embed(p, json_get(record, "embed"));
	struct author *a = post_add_author(p, STR_NULL, STR_NULL, profile_url(p->arena, did));
	if (a != NULL)
		a->id = arena_str(p->arena, did);
	return p;
}

/* --- views ------------------------------------------------------------------------------------------ */

static void add_writer(struct post *p, const json_t *author)
{
	struct str handle = json_get_str(author, "handle"), did = json_get_str(author, "did");

	if (str_empty(did))
		return; /* the record's owner is known */
	if (str_eq(handle, STR("handle.invalid"))) /* it does not lead back to the account: nobody's name */
		handle = STR_NULL;
	p->authors.n = 0;
	struct author *a = post_add_author(p, json_get_str(author, "displayName"), handle,
	                                   profile_url(p->arena, str_empty(handle) ? did : handle));
	if (a != NULL)
		a->id = arena_str(p->arena, did);
}

/* A postView, or a viewRecord, which calls the same things value and embeds. */
static struct post *view_alone(const json_t *view)
{
	const json_t *record = json_get(view, "record"), *embed = json_get(view, "embed");
	struct str did, collection, rkey;

	if (record == NULL)
		record = json_get(view, "value");
	if (embed == NULL)
		embed = json_array_get(json_get(view, "embeds"), 0);
	if (!split_uri(json_get_str(view, "uri"), &did, &collection, &rkey))
		return NULL;
	struct post *p = bluesky_record(did, rkey, record);
	if (p == NULL)
		return NULL;
	p->summary = STR_NULL; /* the view has the same pictures and previews, with addresses */
	p->published_unix_ms = bluesky_time(record, view);
	add_embed(p, embed != NULL ? embed : json_get(record, "embed"));
	add_writer(p, json_get(view, "author"));
	add_labels(p, json_get(view, "labels"));
	p->metrics = (struct post_metrics){
		.likes = json_get_int(view, "likeCount", -1),
		.reposts = json_get_int(view, "repostCount", -1),
		.replies = json_get_int(view, "replyCount", -1),
		.quotes = json_get_int(view, "quoteCount", -1),
		.views = -1,
	};
	return p;
}

struct post *bluesky_view(const json_t *view)
{
	struct post *p = view_alone(view);
	const json_t *quoted = json_get(json_get(view, "embed"), "record");

	if (p == NULL)
		return NULL;
	if (json_get(quoted, "record") != NULL) /* recordWithMedia */
		quoted = json_get(quoted, "record");
	struct post *q = json_get(quoted, "value") != NULL ? view_alone(quoted) : NULL;
	if (q != NULL) {
		post_seal(q);
		post_add_context(p, RELATION_QUOTED, q);
	}
	return p;
}
