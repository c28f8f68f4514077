/* SPDX-License-Identifier: ISC */
/* JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1). */
#include "types.h"

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"

#define DETECT_BYTES 4096

/* Texts that are served as numbers too; ids must be taken so (jsonfeed.org/version/1.1, id). */
static struct str text_or_number(struct arena *a, const json_t *v)
{
	if (json_is_integer(v))
		return arena_fmt(a, "%lld", (long long)json_integer_value(v));
	if (json_is_real(v))
		return arena_fmt(a, "%.15g", json_real_value(v));
	return arena_str(a, json_str(v));
}

static void add_author(struct post *p, const json_t *a, struct str base)
{
	struct str name = json_is_string(a) ? json_str(a) : json_get_str(a, "name");

	post_add_author(p, name, STR_NULL, source_absolute(p->arena, base, json_get_str(a, "url")));
}

/* 1.1 has authors[], 1.0 one author; a handle is nowhere. */
static void add_authors(struct post *p, const json_t *j, struct str base)
{
	const json_t *list = json_get(j, "authors");

	for (size_t i = 0; i < json_array_size(list); i++)
		add_author(p, json_array_get(list, i), base);
	if (!json_is_array(list))
		add_author(p, list, base);
	if (p->authors.n == 0)
		add_author(p, json_get(j, "author"), base);
}

static void add_attachments(struct post *p, const json_t *j, struct str base)
{
	const json_t *list = json_get(j, "attachments");

	for (size_t i = 0; i < json_array_size(list) && i < 100; i++) {
		const json_t *a = json_array_get(list, i);
		struct enclosure x = {
			.url = source_absolute(p->arena, base, json_get_str(a, "url")),
			.type = arena_str(p->arena, json_get_str(a, "mime_type")),
			.length = json_get_int(a, "size_in_bytes", -1),
		};

		if (!str_empty(x.url))
			vec_push(&p->enclosures, x);
	}
}

static struct post *read_item(const json_t *j, struct str base, struct strbuf *scratch)
{
	struct post *p = post_new();
	struct str html = json_get_str(j, "content_html"), text = json_get_str(j, "content_text");
	const json_t *tags = json_get(j, "tags");

	p->platform = STR("jsonfeed");
	p->id = text_or_number(p->arena, json_get(j, "id"));
	p->url = source_absolute(p->arena, base, json_get_str(j, "url"));
	p->title = text_or_number(p->arena, json_get(j, "title"));
	p->summary = arena_str(p->arena, text_cut(json_get_str(j, "summary"), POST_TEXT_MAX));
	if (!str_empty(str_trim(html)))
		p->text = source_body(p, html, base, scratch);
	if (str_empty(str_trim(p->text)))
		p->text = arena_str(p->arena, text_cut(text, POST_TEXT_MAX));
	if (str_empty(str_trim(p->text))) {
		p->text = p->summary;
		p->summary = STR_NULL;
	}
	struct str external = source_absolute(p->arena, base, json_get_str(j, "external_url"));
	post_add_link(p, external);
	if (str_empty(p->url))
		p->url = external;
	p->published_unix_ms = post_date(p, "date", json_get_str(j, "date_published"));
	p->updated_unix_ms = post_date(p, "updated", json_get_str(j, "date_modified"));
	p->language = arena_str(p->arena, json_get_str(j, "language"));
	for (size_t i = 0; i < json_array_size(tags); i++)
		post_add_tag(p, json_str(json_array_get(tags, i)));
	post_add_tag(p, json_str(tags)); /* one that is no list */
	add_authors(p, j, base);
	add_attachments(p, j, base);
	return p;
}

static struct str doc_text(struct source_document *d, const json_t *j, const char *key)
{
	struct str s = str_trim(json_get_str(j, key));

	return str_empty(s) ? STR_NULL : arena_str(d->arena, s);
}

static void read_document(struct source_document *d, const json_t *j, struct str base)
{
	const json_t *hubs = json_get(j, "hubs"), *items = json_get(j, "items");
	AUTO(strbuf) struct strbuf scratch = STRBUF_INIT(FIELD_HTML_MAX * 2);

	d->title = doc_text(d, j, "title");
	d->language = doc_text(d, j, "language");
	d->url = source_absolute(d->arena, base, json_get_str(j, "home_page_url"));
	d->self = source_absolute(d->arena, base, json_get_str(j, "feed_url"));
	for (size_t i = 0; i < json_array_size(hubs) && str_empty(d->hub); i++)
		d->hub = source_absolute(d->arena, base, json_get_str(json_array_get(hubs, i), "url"));
	if (str_empty(base))
		base = str_empty(d->self) ? d->url : d->self;
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *item = json_array_get(items, i);

		if (json_object_size(item) > 0) /* 0 of what is no object, too */
			vec_push(&d->posts.posts, read_item(item, base, &scratch));
	}
	OWNED(post) struct post *feed = post_new(); /* only to read the feed's authors the same way */
	add_authors(feed, j, base);
	source_document_finish(d, feed->authors.v, feed->authors.n);
}

static bool jsonfeed_next(struct source *s, int64_t now_unix_ms __attribute__((unused)), struct transfer *ret)
{
	return source_next_single(s, ret, "application/feed+json, application/json;q=0.9, */*;q=0.1");
}

static int jsonfeed_parse(struct source *s __attribute__((unused)), const struct frame *frame, struct source_document *out,
                          struct err *e)
{
	bool repaired;

	*out = (struct source_document){ .arena = NULL };
	OWNED_JSON json_t *j = source_json(frame->bytes, "items", "id", &repaired, e);

	if (j == NULL)
		return -1;
	if (!json_is_array(json_get(j, "items")))
		return err_set(e, ERR_INPUT, "no JSON Feed: it has no \"items\" list");
	source_document_init(out);
	out->repaired = repaired;
	out->cut = repaired && !str_ends(str_trim(frame->bytes), STR("}"));
	read_document(out, j, frame->url);
	return 0;
}

static int jsonfeed_detect(const struct frame *frame)
{
	struct str head = str_slice(frame->bytes, 0, DETECT_BYTES), s = head;

	if (str_starts(s, STR("\xef\xbb\xbf")))
		s = str_from(s, 3);
	s = str_trim(s);
	if (!str_starts(s, STR("{")))
		return 0;
	if (str_find(s, STR("jsonfeed.org/version")) != STR_NPOS || str_find(s, STR("jsonfeed.org\\/version")) != STR_NPOS)
		return 100;
	if (str_find_nocase(frame->content_type, STR("feed+json")) != STR_NPOS)
		return 90;
	return str_find(s, STR("\"items\"")) != STR_NPOS ? 30 : 0;
}

const struct source_type source_jsonfeed = {
	.name = "jsonfeed",
	.help = "JSON Feed 1.0 and 1.1",
	.framing = FRAMING_BODY,
	.state_size = sizeof(struct single_state),
	.next = jsonfeed_next,
	.parse = jsonfeed_parse,
	.detect = jsonfeed_detect,
};
