/* SPDX-License-Identifier: ISC */
/* Which element of a feed belongs where: one handler for those of all formats, because publishers mix them. */
#include "feed_reader.h"

#include "base/num.h"
#include "base/text.h"

static void add_enclosure(struct feed *f, struct str url, struct str type, struct str length)
{
	struct post *p = f->post;
	struct enclosure x = { .url = source_absolute(p->arena, feed_base(f), url), .length = -1 };
	int64_t n;

	if (str_empty(x.url) || p->enclosures.n >= 100)
		return;
	for (size_t i = 0; i < p->enclosures.n; i++)
		if (str_eq(p->enclosures.v[i].url, x.url))
			return;
	x.type = str_empty(type) ? STR_NULL : arena_str(p->arena, text_cut(type, 200));
	if (num_i64(length, &n))
		x.length = n;
	vec_push(&p->enclosures, x);
}

static void atom_link(struct feed *f, const struct xml_attr *attrs, size_t n_attrs)
{
	struct str rel = ATTR("rel"), href = ATTR("href"), type = ATTR("type");
	struct arena *arena = f->post ? f->post->arena : f->doc->arena;
	bool html = str_empty(type) || str_find_nocase(type, STR("html")) != STR_NPOS;
	size_t slash = str_rchr(rel, '/'); /* registered relations may be written as URLs */

	if (str_starts_nocase(rel, STR("http://www.iana.org/")) && slash != STR_NPOS)
		rel = str_from(rel, slash + 1);
	if (str_empty(rel) || str_eq_nocase(rel, STR("alternate"))) {
		struct str *url = f->post ? &f->post->url : &f->doc->url;
		unsigned char *rank = f->post ? &f->ranks.link : &f->feed_ranks.link;

		feed_set_text(url, rank, html ? 2 : 3, source_absolute(arena, feed_base(f), href));
	} else if (f->post && str_eq_nocase(rel, STR("enclosure"))) {
		add_enclosure(f, href, type, ATTR("length"));
	} else if (f->post && (str_eq_nocase(rel, STR("related")) || str_eq_nocase(rel, STR("via")))) {
		post_add_link(f->post, source_absolute(arena, feed_base(f), href));
	} else if (!f->post && str_eq_nocase(rel, STR("hub")) && str_empty(f->doc->hub)) {
		f->doc->hub = source_absolute(arena, feed_base(f), href);
	} else if (!f->post && str_eq_nocase(rel, STR("self")) && str_empty(f->doc->self)) {
		f->doc->self = source_absolute(arena, feed_base(f), href);
	}
}

/* Atom's <category term="…"/>.  False if it has no such attribute: then it is RSS's, with text. */
static bool atom_category(struct feed *f, const struct xml_attr *attrs, size_t n_attrs)
{
	struct str term = ATTR("term");

	if (str_empty(term))
		term = ATTR("label");
	if (f->post)
		post_add_tag(f->post, term);
	return !str_empty(term);
}

/* <itunes:category text="…"> may hold more of its kind. */
static void podcast_category(struct feed *f, const struct xml_attr *attrs, size_t n_attrs)
{
	if (f->post)
		post_add_tag(f->post, ATTR("text"));
	feed_push(f, feed_top(f)->place, attrs, n_attrs);
}

/* Is a credit of this role one of who wrote the text?  Most name the agency of a picture, or have no role at all. */
static bool is_writer(struct str role)
{
	static const char *const roles[] = { "author", "writer", "creator", "reporter", "journalist" };

	for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++)
		if (str_eq_nocase(role, str_c(roles[i])))
			return true;
	return false;
}

/* Elements that are done at their start tag.  False if the text is what counts. */
static bool empty_element(struct feed *f, enum element e, const struct xml_attr *attrs, size_t n_attrs)
{
	int64_t n;

	switch ((int)e) {
	case E_LINK:
		if (n_attrs == 0)
			return false;
		if (str_empty(ATTR("href"))) /* what it holds may be a link, but only one of no relation is the item's */
			return !str_empty(ATTR("rel")) && !str_eq_nocase(ATTR("rel"), STR("alternate"));
		atom_link(f, attrs, n_attrs);
		return true;
	case E_CATEGORY:
		return n_attrs > 0 && atom_category(f, attrs, n_attrs);
	case E_ENCLOSURE:
		if (f->post)
			add_enclosure(f, str_empty(ATTR("url")) ? ATTR("href") : ATTR("url"), ATTR("type"), ATTR("length"));
		return true;
	case E_IN_REPLY_TO:
		if (f->post && str_empty(f->post->reply_to))
			f->post->reply_to = arena_str(f->post->arena, str_empty(ATTR("ref")) ? ATTR("href") : ATTR("ref"));
		return true;
	case E_VIEWS:
		if (f->post && num_i64(ATTR("views"), &n) && n >= 0)
			f->post->metrics.views = n;
		return true;
	case E_CREDIT:
		return !is_writer(ATTR("role"));
	case E_CONTENT:
		if (n_attrs == 0 || str_empty(ATTR("src")))
			return false;
		if (f->post) { /* out of line: nothing is fetched, but there it is */
			struct str src = source_absolute(f->post->arena, feed_base(f), ATTR("src"));

			post_add_link(f->post, src);
			feed_set_text(&f->post->url, &f->ranks.link, 4, src);
		}
		return true;
	case E_DELETED:
		if (f->post == NULL)
			feed_item_deleted(f, attrs, n_attrs);
		return true;
	default:
		return false;
	}
}

/* --- the handler -------------------------------------------------------------------------------------------- */

static void on_restart(void *ctx)
{
	struct feed *f = ctx;
	struct source_document *d = f->doc;

	source_document_release(d);
	source_document_init(d);
	post_free(f->post);
	f->post = NULL;
	f->again = f->handed_on;
	f->names = (struct name_cache){ 0 };
	f->levels[0] = (struct level){ .place = PLACE_TOP };
	f->n_levels = 1;
	f->skip = 0;
	f->capture = (struct capture){ .element = E_UNKNOWN };
	f->known_root = f->atom = false;
	f->feed_ranks = (struct ranks){ 0 };
	f->update_period_ms = 0;
	f->update_frequency = 1;
	strbuf_reset(&f->words);
	vec_clear(&f->authors);
}

static void structure_start(struct feed *f, enum element e, enum space space, struct str name,
                            const struct xml_attr *attrs, size_t n_attrs)
{
	if (e == E_ITEM) {
		feed_item_begin(f, attrs, n_attrs);
		return;
	}
	f->known_root = true;
	f->atom = f->atom || (f->n_levels == 1 && (space == NS_ATOM || space == NS_ATOM03 || str_eq_nocase(name, STR("feed"))));
	feed_push(f, PLACE_FEED, attrs, n_attrs);
	if (str_present(f->doc->language) || str_empty(feed_lang(f)))
		return;
	feed_set_text(&f->doc->language, &f->feed_ranks.language, 2, arena_str(f->doc->arena, text_cut(feed_lang(f), 64)));
}

/* Is the element read at this place?  Text of an unknown one is no one's. */
static bool belongs(enum element e, enum place place)
{
	switch (place) {
	case PLACE_FEED:
	case PLACE_ITEM:
		return e >= E_DELETED && e != E_HOUR && e != E_DAY && e < E_NAME;
	case PLACE_SOURCE:
		return e == E_AUTHOR;
	case PLACE_PERSON:
		return e >= E_NAME;
	case PLACE_HOURS:
		return e == E_HOUR;
	case PLACE_DAYS:
		return e == E_DAY;
	case PLACE_TOP:
	default:
		return false;
	}
}

static void on_start(void *ctx, struct str name, struct str ns, struct str prefix, const struct xml_attr *attrs,
                     size_t n_attrs)
{
	struct feed *f = ctx;
	enum space space;

	if (f->skip) {
		f->skip++;
		return;
	}
	if (f->capture.depth) {
		feed_capture_start(f, name, attrs, n_attrs);
		return;
	}
	enum element e = feed_element(&f->names, name, ns, prefix, &space);
	enum place place = feed_top(f)->place;

	f->item_any = f->item_any || f->post != NULL;
	if ((e == E_ROOT && (place == PLACE_TOP || place == PLACE_FEED)) ||
	    (e == E_ITEM && (place == PLACE_TOP || place == PLACE_FEED)))
		structure_start(f, e, space, name, attrs, n_attrs);
	else if (place == PLACE_TOP || e == E_PASS)
		feed_push(f, place, attrs, n_attrs);
	else if (place == PLACE_PERSON && !belongs(e, place))
		feed_push(f, place, attrs, n_attrs); /* mark-up in a name */
	else if (!belongs(e, place))
		f->skip = 1;
	else if (e == E_SKIP_HOURS || e == E_SKIP_DAYS)
		feed_push(f, e == E_SKIP_HOURS ? PLACE_HOURS : PLACE_DAYS, attrs, n_attrs);
	else if (e == E_SOURCE && f->post)
		feed_push(f, PLACE_SOURCE, attrs, n_attrs);
	else if (e == E_AUTHOR)
		feed_person_begin(f, attrs, n_attrs);
	else if (e == E_CATEGORY_PODCAST)
		podcast_category(f, attrs, n_attrs);
	else if (empty_element(f, e, attrs, n_attrs))
		f->skip = 1;
	else
		feed_capture_begin(f, e, space, attrs, n_attrs);
}

static void capture_finish(struct feed *f)
{
	enum element e = f->capture.element;

	switch (feed_top(f)->place) {
	case PLACE_ITEM:
		feed_item_field(f, e);
		break;
	case PLACE_FEED:
		feed_head_field(f, e);
		break;
	case PLACE_PERSON:
		feed_person_field(f, e);
		break;
	case PLACE_HOURS:
		feed_head_skip_hour(f);
		break;
	case PLACE_DAYS:
		feed_head_skip_day(f);
		break;
	case PLACE_SOURCE:
	case PLACE_TOP:
	default:
		break;
	}
	f->capture = (struct capture){ .element = E_UNKNOWN };
	feed_pop(f);
}

static void on_end(void *ctx, struct str name)
{
	struct feed *f = ctx;

	if (f->skip) {
		f->skip--;
		return;
	}
	if (f->capture.depth) {
		if (--f->capture.depth)
			feed_capture_close(f, name);
		else
			capture_finish(f);
		return;
	}
	if (f->n_levels == 1)
		return;
	enum place place = feed_top(f)->place, outer = f->levels[f->n_levels - 2].place;
	if (place == PLACE_PERSON && outer != PLACE_PERSON)
		feed_person_finish(f, outer);
	else if (place == PLACE_ITEM && outer != PLACE_ITEM)
		feed_item_finish(f);
	feed_pop(f);
}

static void on_text(void *ctx, struct str text)
{
	struct feed *f = ctx;

	if (f->skip)
		return;
	if (f->capture.depth)
		feed_capture_text(f, text);
	else if (feed_top(f)->place == PLACE_PERSON)
		strbuf_add(&f->person.text, text);
}

const struct xml_handler feed_handler = { on_restart, on_start, on_end, on_text };
