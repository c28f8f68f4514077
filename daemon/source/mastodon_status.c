/* SPDX-License-Identifier: ISC */
/* Statuses of Mastodon and of all that speaks its API: HTML, boosts, quotes, polls, pictures, names (Mastodon 4.5). */
#include "mastodon.h"

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"

#define POLL_OPTIONS_MAX 20
#define EMOJIS_MAX 50

/* "ada" of a server itself is "ada@its.host" for everybody else. */
static struct str full_handle(struct arena *a, struct str acct, struct str url)
{
	acct = social_handle(acct);
	if (str_empty(acct) || str_chr(acct, '@') != STR_NPOS || str_empty(url_host(url)))
		return arena_str(a, acct);
	return arena_fmt(a, "%.*s@%.*s", STR_ARG(acct), STR_ARG(url_host(url)));
}

/* Display names hold pictures as ":shortcode:", which are no part of a name. */
static struct str plain_name(struct arena *a, struct str name, const json_t *emojis)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4096), folded = STRBUF_INIT(4096);

	strbuf_add(&b, text_cut(name, 4096));
	for (size_t i = 0; i < json_array_size(emojis) && i < EMOJIS_MAX; i++) {
		AUTO(strbuf) struct strbuf code = STRBUF_INIT(256);

		strbuf_addf(&code, ":%.*s:", STR_ARG(json_get_str(json_array_get(emojis, i), "shortcode")));
		if (code.len > 2)
			social_replace(&b, strbuf_str(&code), STR_NULL);
	}
	text_fold_space(&folded, strbuf_str(&b));
	return arena_str(a, folded.len > 0 ? strbuf_str(&folded) : name);
}

static void add_writer(struct post *p, const json_t *account)
{
	struct str url = json_get_str(account, "url"), uri = json_get_str(account, "uri");
	struct str name = json_get_str(account, "display_name");
	struct str handle = full_handle(p->arena, json_get_str(account, "acct"), str_empty(url) ? uri : url);
	struct author *a;

	name = plain_name(p->arena, str_empty(name) ? json_get_str(account, "username") : name, json_get(account, "emojis"));
	if ((a = post_add_author(p, name, handle, url)) == NULL)
		return;
	a->id = arena_str(p->arena, str_empty(uri) ? url : uri); /* the actor's address; `id` is this server's own */
	a->followers = json_get_int(account, "followers_count", -1);
}

/* A link that only says "this is a mention" or "this is a hashtag" in the text's HTML. */
static bool is_markup_link(const json_t *status, struct str url)
{
	const json_t *mentions = json_get(status, "mentions"), *tags = json_get(status, "tags");
	size_t slash = str_rchr(url, '/');

	for (size_t i = 0; i < json_array_size(mentions); i++)
		if (str_eq(json_get_str(json_array_get(mentions, i), "url"), url))
			return true;
	for (size_t i = 0; i < json_array_size(tags); i++) {
		const json_t *t = json_array_get(tags, i);

		/* a remote post links to the tag's page on its own server: ".../tags/name" or ".../tag/name" */
		if (str_eq(json_get_str(t, "url"), url) ||
		    (slash != STR_NPOS && str_eq_nocase(str_from(url, slash + 1), json_get_str(t, "name")) &&
		     (str_ends(str_slice(url, 0, slash), STR("/tags")) || str_ends(str_slice(url, 0, slash), STR("/tag")))))
			return true;
	}
	return false;
}

static void add_poll(const json_t *options, struct strbuf *text)
{
	for (size_t i = 0; i < json_array_size(options) && i < POLL_OPTIONS_MAX; i++)
		strbuf_addf(text, "\n- %.*s", STR_ARG(text_cut(json_get_str(json_array_get(options, i), "title"), 1000)));
}

static void add_text(struct post *p, const json_t *s, struct strbuf *scratch)
{
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(POST_TEXT_MAX + POLL_OPTIONS_MAX * 1100);
	size_t n = 0;

	strbuf_add(&text, source_html(p, json_get_str(s, "content"), json_get_str(s, "url"), scratch));
	add_poll(json_get(json_get(s, "poll"), "options"), &text);
	p->text = arena_str(p->arena, strbuf_str(&text));
	for (size_t i = 0; i < p->links.n; i++)
		if (!is_markup_link(s, p->links.v[i]))
			p->links.v[n++] = p->links.v[i];
	p->links.n = n;
}

static void add_media(struct post *p, const json_t *list)
{
	static const struct {
		const char *type, *mime;
	} types[] = { { "image", "image/*" }, { "video", "video/*" }, { "gifv", "video/*" }, { "audio", "audio/*" } };

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *m = json_array_get(list, i);
		struct str url = json_get_str(m, "url"), mime = STR_NULL;

		for (size_t k = 0; k < sizeof(types) / sizeof(types[0]); k++)
			if (str_eq(json_get_str(m, "type"), str_c(types[k].type)))
				mime = str_c(types[k].mime);
		social_add_enclosure(p, str_empty(url) ? json_get_str(m, "remote_url") : url, mime);
		social_add_preview(p, json_get_str(m, "description"), STR_NULL);
	}
}

static void add_names(struct post *p, const json_t *s)
{
	const json_t *tags = json_get(s, "tags"), *mentions = json_get(s, "mentions");

	for (size_t i = 0; i < json_array_size(tags); i++)
		post_add_tag(p, json_get_str(json_array_get(tags, i), "name"));
	for (size_t i = 0; i < json_array_size(mentions); i++) {
		const json_t *m = json_array_get(mentions, i);
		struct str url = json_get_str(m, "url");

		(void)post_add_mention(p, STR_NULL, full_handle(p->arena, json_get_str(m, "acct"), url), url);
	}
}

/* Everywhere the same post has the same uri; `id` is this server's own. */
static struct str id_of(struct post *p, const json_t *s)
{
	struct str uri = json_get_str(s, "uri"), url = json_get_str(s, "url");

	return arena_str(p->arena, !str_empty(uri) ? uri : !str_empty(url) ? url : json_get_str(s, "id"));
}

static struct post *read_alone(const json_t *s, struct strbuf *scratch)
{
	struct post *p = post_new();
	struct str url = json_get_str(s, "url"), uri = json_get_str(s, "uri"), parent = json_get_str(s, "in_reply_to_id");

	p->platform = STR("mastodon");
	p->id = id_of(p, s);
	p->url = arena_str(p->arena, url_is_http(url) ? url : uri);
	add_text(p, s, scratch);
	add_names(p, s);
	add_writer(p, json_get(s, "account"));
	add_media(p, json_get(s, "media_attachments"));
	const json_t *card = json_get(s, "card");
	social_add_preview(p, json_get_str(card, "title"), json_get_str(card, "description"));
	p->published_unix_ms = social_time(s, "created_at");
	p->updated_unix_ms = social_time(s, "edited_at");
	p->language = arena_str(p->arena, json_get_str(s, "language"));
	p->content_warning = arena_str(p->arena, json_get_str(s, "spoiler_text"));
	p->sensitive = json_get_bool(s, "sensitive", false);
	p->reply_to = str_empty(parent) ? STR_NULL : arena_str(p->arena, parent);
	p->metrics = (struct post_metrics){
		.likes = json_get_int(s, "favourites_count", -1),
		.reposts = json_get_int(s, "reblogs_count", -1),
		.replies = json_get_int(s, "replies_count", -1),
		.quotes = json_get_int(s, "quotes_count", -1),
		.views = -1,
	};
	return p;
}

/* Mastodon wraps what is quoted ({state, quoted_status}), Pleroma and its kin give the status itself. */
static void add_quote(struct post *p, const json_t *s, struct strbuf *scratch)
{
	const json_t *quote = json_get(s, "quote"), *status = json_get(quote, "quoted_status");
	struct str id = json_get_str(quote, "quoted_status_id");

	if (quote == NULL)
		quote = json_get(json_get(s, "pleroma"), "quote");
	if (status == NULL && json_get(quote, "account") != NULL)
		status = quote;
	if (status == NULL) {
		p->quote_of = str_empty(id) ? STR_NULL : arena_str(p->arena, id);
		return;
	}
	struct post *q = read_alone(status, scratch);
	post_seal(q);
	p->quote_of = arena_str(p->arena, q->id);
	post_add_context(p, RELATION_QUOTED, q);
}

/* A boost says nothing itself: its text is what it boosts. */
static struct post *read_boost(const json_t *s, const json_t *original, struct strbuf *scratch)
{
	struct post *p = read_alone(original, scratch), *q = read_alone(original, scratch);
	struct str url = json_get_str(s, "url");

	post_seal(q);
	p->id = id_of(p, s);
	p->url = str_empty(url) || !url_is_http(url) ? p->url : arena_str(p->arena, url);
	p->authors.n = 0;
	add_writer(p, json_get(s, "account"));
	p->published_unix_ms = social_time(s, "created_at");
	p->reply_to = STR_NULL;
	p->repost_of = arena_str(p->arena, q->id);
	post_add_context(p, RELATION_REPOSTED, q);
	return p;
}

struct post *mastodon_status(const json_t *s, struct strbuf *scratch)
{
	const json_t *boosted = json_get(s, "reblog");

	if (!json_is_object(s) || json_get(s, "account") == NULL ||
	    (!str_present(json_get_str(s, "id")) && !str_present(json_get_str(s, "uri"))))
		return NULL;
	struct post *p = json_is_object(boosted) ? read_boost(s, boosted, scratch) : read_alone(s, scratch);
	add_quote(p, json_is_object(boosted) ? boosted : s, scratch);
	return p;
}
