/* SPDX-License-Identifier: ISC */
/* JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1). */
#include "types.h"

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"
#include "json_slices.h"

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

struct jsonfeed {
	struct source_reading reading;
	struct frame frame;
	struct source_document *doc;
	struct json_slices slices;
	json_t *whole;       /* the document at once: where it is broken, it cannot be read element by element */
	size_t at;           /* in its items */
	bool begun;
	struct str base;
	struct post *feed;   /* only to read the feed's authors the same way */
	size_t handed_on;    /* posts of earlier slices */
	size_t again;        /* so many come again, because reading began anew */
	struct strbuf scratch;
};

static void read_head(struct jsonfeed *x, const json_t *j)
{
	struct source_document *d = x->doc;
	struct str base = x->frame.url;
	const json_t *hubs = json_get(j, "hubs");

	source_document_release(d);
	source_document_init(d);
	post_free(x->feed);
	x->feed = post_new();
	x->again = x->handed_on;
	d->title = doc_text(d, j, "title");
	d->language = doc_text(d, j, "language");
	d->url = source_absolute(d->arena, base, json_get_str(j, "home_page_url"));
	d->self = source_absolute(d->arena, base, json_get_str(j, "feed_url"));
	for (size_t i = 0; i < json_array_size(hubs) && str_empty(d->hub); i++)
		d->hub = source_absolute(d->arena, base, json_get_str(json_array_get(hubs, i), "url"));
	x->base = !str_empty(base) ? base : str_empty(d->self) ? d->url : d->self;
	add_authors(x->feed, j, x->base);
}

static int begin_whole(struct jsonfeed *x, struct err *e)
{
	bool repaired;

	x->whole = source_json(x->frame.bytes, "items", "id", &repaired, e);
	if (x->whole == NULL)
		return -1;
	if (!json_is_array(json_get(x->whole, "items")))
		return err_set(e, ERR_INPUT, "no JSON Feed: it has no \"items\" list");
	read_head(x, x->whole);
	x->doc->repaired = repaired;
	x->doc->cut = repaired && !str_ends(str_trim(x->frame.bytes), STR("}"));
	return 0;
}

static int begin(struct jsonfeed *x, struct err *e)
{
	json_t *head OWNED_JSON = NULL;

	x->begun = true;
	if (!json_slices_open(&x->slices, x->frame.bytes, "items", &head))
		return begin_whole(x, e);
	read_head(x, head);
	return 0;
}

/* The next item, borrowed from *ret_own or the document.  1: there it is, 0: that was all. */
static int next_item(struct jsonfeed *x, json_t **ret_own, const json_t **ret_item, struct err *e)
{
	if (x->whole == NULL && !json_slices_next(&x->slices, ret_own) && begin_whole(x, e) != 0)
		return -1;
	*ret_item = x->whole == NULL ? *ret_own : json_array_get(json_get(x->whole, "items"), x->at++);
	return *ret_item != NULL;
}

static int jsonfeed_more(struct source_reading *r, size_t max_posts, size_t max_bytes, struct err *e)
{
	struct jsonfeed *x = (struct jsonfeed *)r;
	struct post_list *posts = &x->doc->posts;
	size_t from = x->slices.at;
	int more = x->begun || begin(x, e) == 0 ? 1 : -1;

	while (more == 1 && posts->posts.n < max_posts && (x->whole != NULL || x->slices.at - from < max_bytes)) {
		json_t *own OWNED_JSON = NULL;
		const json_t *item = NULL;

		more = next_item(x, &own, &item, e);
		if (more != 1 || json_object_size(item) == 0) /* 0 of what is no object, too */
			continue;
		if (x->again > 0)
			x->again--;
		else
			vec_push(&posts->posts, read_item(item, x->base, &x->scratch));
	}
	if (more < 0)
		return -1;
	source_document_finish(x->doc, x->feed->authors.v, x->feed->authors.n);
	x->handed_on += posts->posts.n;
	return more;
}

static void jsonfeed_close(struct source_reading *r)
{
	struct jsonfeed *x = (struct jsonfeed *)r;

	json_decref(x->whole);
	post_free(x->feed);
	strbuf_release(&x->scratch);
	mem_free(x);
}

static struct source_reading *jsonfeed_begin(const struct frame *frame, struct source_document *out)
{
	struct jsonfeed *x = mem_new(struct jsonfeed);

	*out = (struct source_document){ .arena = NULL };
	x->reading = (struct source_reading){ jsonfeed_more, jsonfeed_close };
	x->frame = *frame;
	x->doc = out;
	x->scratch = STRBUF_INIT(FIELD_HTML_MAX * 2);
	return &x->reading;
}

static int jsonfeed_parse(struct source *s __attribute__((unused)), const struct frame *frame, struct source_document *out,
                          struct err *e)
{
	return source_parse_whole(&source_jsonfeed, frame, out, e);
}

static bool jsonfeed_next(struct source *s, int64_t now_unix_ms __attribute__((unused)), struct transfer *ret)
{
	return source_next_single(s, ret, "application/feed+json, application/json;q=0.9, */*;q=0.1");
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
	.begin = jsonfeed_begin,
	.detect = jsonfeed_detect,
};
