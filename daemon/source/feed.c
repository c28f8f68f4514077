/* SPDX-License-Identifier: ISC */
/*
 * RSS 0.9x to 2.0, RSS 1.0 (RDF), Atom 0.3 and 1.0, and all mixtures of them that are really served: one handler for the
 * elements of all, because publishers mix them.
 */
#include "types.h"

#include <string.h>

#include "base/hash.h"
#include "base/html.h"
#include "base/num.h"
#include "base/text.h"
#include "base/url.h"
#include "base/xml.h"
#include "feed_names.h"

#define TTL_MAX_MS (INT64_C(7) * 24 * 3600 * 1000) /* ours: a mistake in a ttl must not silence a source */
#define DETECT_BYTES 4096
#define BASE64_SURE_BYTES 64
#define XML_NS STR("http://www.w3.org/XML/1998/namespace")

/* Where we are: what the children of an open element belong to. */
enum place { PLACE_TOP, PLACE_FEED, PLACE_ITEM, PLACE_SOURCE, PLACE_PERSON, PLACE_HOURS, PLACE_DAYS };
/* How the text of a field is written. */
enum markup { MARKUP_NONE, MARKUP_TEXT, MARKUP_GUESS, MARKUP_HTML, MARKUP_XHTML };

struct level {
	enum place place;
	uint32_t mark;               /* length of `words` before this element */
	uint32_t base_at, base_len;  /* xml:base in force, in `words` */
	uint32_t lang_at, lang_len;  /* xml:lang in force */
};
/* The field whose text is being read; `depth` elements are open in it, itself included. */
struct capture {
	enum element element;
	enum space space;
	enum markup markup;
	size_t depth;
	bool marked;     /* `text` holds mark-up written by us */
	bool escape;     /* and what comes as text is escaped on the way in */
	bool base64;     /* mode="base64" (Atom 0.3) */
	bool binary;     /* or a type that is no text: base64 it should be (RFC 4287, 4.1.3.3) */
	bool no_permalink; /* guid: isPermaLink="false" */
};
/* Who won each field of the item so far: a lower rank beats a higher one, 0 = nobody yet. */
struct ranks {
	unsigned char title, content, summary, published, updated, language, link;
};
struct person {
	struct strbuf name, email, url, text;
};
struct feed {
	struct source_document *doc;
	struct str base;             /* of the document: where it was fetched from */
	struct name_cache names;
	struct level levels[XML_DEPTH_MAX + 1];
	size_t n_levels;
	size_t skip;                 /* elements open in one that is skipped */
	struct strbuf words;         /* xml:base and xml:lang of the open elements */
	struct capture capture;
	struct strbuf text, scratch, spare;
	bool known_root, atom;
	struct post *post;           /* the item that is open */
	bool item_any;               /* it holds an element, however empty: somebody meant something */
	struct ranks ranks, feed_ranks;
	struct str content, summary, permalink; /* of the item; in its arena */
	struct person person;
	author_list authors;         /* of the feed; in the document's arena */
	author_list substitutes;     /* for an item that names no author; in its arena */
	int64_t update_period_ms;
	uint64_t update_frequency;
};

/* --- attributes, levels ------------------------------------------------------------------------------------- */

/* An attribute without a namespace (or whatever its namespace). */
static struct str attr(const struct xml_attr *attrs, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (attrs[i].name.len == name.len && str_eq_nocase(attrs[i].name, name))
			return attrs[i].value;
	return STR_NULL;
}
#define ATTR(name) str_trim(attr(attrs, n_attrs, STR(name)))

static struct level *top(struct feed *f)
{
	return &f->levels[f->n_levels - 1];
}

static struct str base_of(const struct feed *f)
{
	const struct level *l = &f->levels[f->n_levels - 1];

	if (l->base_len)
		return str_slice(strbuf_str(&f->words), l->base_at, l->base_at + l->base_len);
	return str_empty(f->base) && str_present(f->doc->url) ? f->doc->url : f->base;
}

static struct str lang_of(const struct feed *f)
{
	const struct level *l = &f->levels[f->n_levels - 1];

	return str_slice(strbuf_str(&f->words), l->lang_at, l->lang_at + l->lang_len);
}

static void push_level(struct feed *f, enum place place, const struct xml_attr *attrs, size_t n_attrs)
{
	struct level l = *top(f);

	l.place = place;
	l.mark = (uint32_t)f->words.len;
	for (size_t i = 0; i < n_attrs; i++) {
		if (!str_eq(attrs[i].ns, XML_NS))
			continue;
		if (str_eq(attrs[i].name, STR("lang"))) {
			l.lang_at = (uint32_t)f->words.len;
			strbuf_add(&f->words, attrs[i].value);
			l.lang_len = (uint32_t)f->words.len - l.lang_at;
		} else if (str_eq(attrs[i].name, STR("base"))) {
			AUTO(strbuf) struct strbuf b = STRBUF_INIT(URL_MAX);

			if (!url_resolve(&b, base_of(f), attrs[i].value))
				continue;
			l.base_at = (uint32_t)f->words.len;
			strbuf_add(&f->words, strbuf_str(&b));
			l.base_len = (uint32_t)f->words.len - l.base_at;
		}
	}
	f->levels[f->n_levels++] = l;
}

static void pop_level(struct feed *f)
{
	strbuf_truncate(&f->words, top(f)->mark);
	f->n_levels--;
}

/* --- reading the text of a field ---------------------------------------------------------------------------- */

/* What Atom says of its text constructs and content; everything else is `otherwise`. */
static enum markup atom_markup(const struct xml_attr *attrs, size_t n_attrs, enum markup otherwise)
{
	struct str type = ATTR("type"), mode = ATTR("mode");

	if (str_eq_nocase(mode, STR("escaped")))
		return str_empty(type) || str_find_nocase(type, STR("html")) != STR_NPOS ? MARKUP_HTML : MARKUP_TEXT;
	if (str_empty(type))
		return otherwise;
	if (str_eq_nocase(type, STR("xhtml")) || str_starts_nocase(type, STR("application/xhtml")))
		return MARKUP_XHTML;
	if (str_find_nocase(type, STR("html")) != STR_NPOS)
		return MARKUP_HTML;
	return MARKUP_TEXT;
}

static enum markup markup_of(const struct feed *f, enum element e, enum space space, const struct xml_attr *attrs,
                             size_t n_attrs)
{
	bool atom = space == NS_ATOM || space == NS_ATOM03 || (f->atom && space == NS_CORE);

	switch ((int)e) {
	case E_TITLE:
	case E_TITLE_ELSE:
		return atom || space == NS_MEDIA ? atom_markup(attrs, n_attrs, MARKUP_TEXT) : MARKUP_GUESS;
	case E_SUMMARY:
	case E_CONTENT:
		return atom ? atom_markup(attrs, n_attrs, MARKUP_TEXT) : MARKUP_HTML;
	case E_CONTENT_BODY:
		return space == NS_XHTML ? MARKUP_XHTML : MARKUP_HTML;
	case E_SUMMARY_MEDIA:
		return atom_markup(attrs, n_attrs, MARKUP_TEXT);
	case E_SUMMARY_DC:
	case E_SUMMARY_PODCAST:
		return MARKUP_HTML;
	case E_CATEGORY:
	case E_KEYWORDS:
	case E_CREATOR:
	case E_AUTHOR:
	case E_AUTHOR_ELSE:
	case E_NAME:
		return MARKUP_GUESS;
	default:
		return MARKUP_NONE;
	}
}

/* A media type that says: no text. */
static bool is_binary(struct str type)
{
	return str_chr(type, '/') != STR_NPOS && !str_starts_nocase(type, STR("text/")) &&
	       str_find_nocase(type, STR("xml")) == STR_NPOS && str_find_nocase(type, STR("html")) == STR_NPOS;
}

static void capture_begin(struct feed *f, enum element e, enum space space, const struct xml_attr *attrs, size_t n_attrs)
{
	push_level(f, top(f)->place, attrs, n_attrs);
	strbuf_reset(&f->text);
	f->capture = (struct capture){ .element = e, .space = space, .depth = 1 };
	f->capture.markup = markup_of(f, e, space, attrs, n_attrs);
	f->capture.marked = f->capture.escape = f->capture.markup == MARKUP_XHTML;
	if (n_attrs == 0)
		return;
	f->capture.base64 = str_eq_nocase(ATTR("mode"), STR("base64"));
	f->capture.binary = f->capture.markup == MARKUP_TEXT && is_binary(ATTR("type"));
	f->capture.no_permalink = str_eq_nocase(ATTR("isPermaLink"), STR("false"));
}

static void add_text(struct feed *f, struct str s)
{
	if (f->text.toobig)
		return;
	if (f->capture.escape) {
		html_escape(&f->text, s);
	} else if (!strbuf_add(&f->text, s)) {
		strbuf_add(&f->text, text_cut(s, f->text.max - f->text.len));
		f->text.toobig = true;
	}
}

/*
 * Real elements in a field: mark-up again, so that one path makes text of it.  What stood before them was text, unless it
 * looks like HTML itself (half escaped fields are served too).
 */
static void capture_mark(struct feed *f)
{
	f->capture.marked = true;
	f->capture.escape = !html_looks_like(strbuf_str(&f->text));
	if (!f->capture.escape || f->text.len == 0)
		return;
	strbuf_reset(&f->spare);
	html_escape(&f->spare, strbuf_str(&f->text));
	struct strbuf swap = f->text;
	f->text = f->spare;
	f->spare = swap;
}

static void add_attr(struct feed *f, const char *name, struct str value)
{
	if (!str_present(value))
		return;
	strbuf_addf(&f->text, " %s=\"", name);
	html_escape(&f->text, value);
	strbuf_addc(&f->text, '"');
}

static void capture_start(struct feed *f, struct str name, const struct xml_attr *attrs, size_t n_attrs)
{
	f->capture.depth++;
	if (f->capture.markup == MARKUP_NONE)
		return;
	if (!f->capture.marked)
		capture_mark(f);
	strbuf_addc(&f->text, '<');
	strbuf_add(&f->text, name);
	if (str_eq_nocase(name, STR("a")))
		add_attr(f, "href", attr(attrs, n_attrs, STR("href")));
	else if (str_eq_nocase(name, STR("img")))
		add_attr(f, "alt", attr(attrs, n_attrs, STR("alt")));
	strbuf_addc(&f->text, '>');
}

static void capture_close(struct feed *f, struct str name)
{
	/* HTML takes "</br>" for one more break */
	if (f->capture.markup == MARKUP_NONE || str_eq_nocase(name, STR("br")))
		return;
	strbuf_adds(&f->text, "</");
	strbuf_add(&f->text, name);
	strbuf_addc(&f->text, '>');
}

static bool is_body(enum element e)
{
	return e == E_SUMMARY || e == E_SUMMARY_PODCAST || e == E_SUMMARY_DC || e == E_SUMMARY_MEDIA || e == E_CONTENT ||
	       e == E_CONTENT_BODY;
}

/* Text, or bytes of something else? */
static bool is_text(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] < ' ' && !char_is_space(s.p[i]))
			return false;
	return text_is_utf8(s);
}

/*
 * What base64 says, in `spare`: absent if it is no text.  Of what only should be base64 by its type, and is not, the text as
 * it stands.
 */
static struct str decode_base64(struct feed *f, struct str raw)
{
	strbuf_reset(&f->scratch);
	for (size_t i = 0; i < raw.len; i++) /* lines */
		if (!char_is_space(raw.p[i]))
			strbuf_addc(&f->scratch, raw.p[i]);
	if (!hash_unbase64(&f->spare, strbuf_str(&f->scratch)))
		return f->capture.binary ? raw : STR_NULL;
	if (is_text(strbuf_str(&f->spare)))
		return str_trim(strbuf_str(&f->spare));
	return f->capture.binary && raw.len < BASE64_SURE_BYTES ? raw : STR_NULL; /* a word or two may look like base64 */
}

/* The captured text as plain text; in the post's arena if there is a post, else in the document's. */
static struct str captured_plain(struct feed *f)
{
	struct str raw = str_trim(strbuf_str(&f->text)), base = base_of(f);

	strbuf_reset(&f->spare);
	if (f->capture.base64 || f->capture.binary)
		raw = decode_base64(f, raw);
	else if (text_undo_1252(&f->spare, raw))
		raw = strbuf_str(&f->spare);
	if (str_starts(raw, STR("<![CDATA[")) && str_ends(raw, STR("]]>"))) /* wrapped twice */
		raw = str_slice(raw, 9, raw.len - 3);
	if (str_empty(raw))
		return STR_NULL;
	bool html = f->capture.marked || f->capture.markup == MARKUP_HTML ||
	            ((f->capture.markup == MARKUP_GUESS || f->capture.binary) && html_looks_like(raw));
	if (f->post && html && is_body(f->capture.element))
		return source_body(f->post, raw, base, &f->scratch);
	if (f->post && html)
		return source_html(f->post, raw, base, &f->scratch);
	if (f->post)
		return arena_str(f->post->arena, text_cut(raw, POST_TEXT_MAX));
	strbuf_reset(&f->scratch);
	if (!html) {
		text_repair(&f->scratch, text_cut(raw, POST_TEXT_MAX));
		return arena_str(f->doc->arena, strbuf_str(&f->scratch));
	}
	html_to_text(&f->scratch, raw, NULL, NULL);
	strbuf_reset(&f->spare); /* it was read from until here */
	text_repair(&f->spare, text_cut(strbuf_str(&f->scratch), POST_TEXT_MAX));
	return arena_str(f->doc->arena, strbuf_str(&f->spare));
}

/* --- fields of an item -------------------------------------------------------------------------------------- */

static void set_text(struct str *field, unsigned char *rank, unsigned char new_rank, struct str value)
{
	if (str_empty(value) || (*rank != 0 && *rank <= new_rank))
		return;
	*field = value;
	*rank = new_rank;
}

static void set_time(int64_t *field, unsigned char *rank, unsigned char new_rank, struct str value)
{
	int64_t t = *rank == 0 || new_rank < *rank ? date_parse(value) : TIME_ABSENT;

	if (t == TIME_ABSENT)
		return;
	*field = t;
	*rank = new_rank;
}

static void add_tags(struct post *p, struct str list)
{
	struct str tag;

	while (str_split(&list, ',', &tag))
		post_add_tag(p, tag);
}

static void add_creator(struct feed *f, struct str text)
{
	post_add_author(f->post, source_person_name(text), STR_NULL, STR_NULL);
}

/* Who stands in for the author: of a podcast, of a picture, of the feed that an entry was taken from. */
static void add_substitute(struct feed *f, struct str name, struct str url)
{
	struct arena *a = f->post->arena;

	if (!str_empty(str_trim(name)) && f->substitutes.n < 16)
		vec_push(&f->substitutes, ((struct author){ .name = arena_str(a, name), .url = arena_str(a, url) }));
}

static void item_guid(struct feed *f, struct str id)
{
	bool may_link = f->capture.space == NS_CORE && !f->atom && !f->capture.no_permalink;

	if (str_empty(id) || !str_empty(f->post->id))
		return;
	f->post->id = arena_str(f->post->arena, id);
	if (may_link && url_is_http(id))
		f->permalink = f->post->id;
}

/* Texts of an item: bodies, titles, dates. */
static void item_text(struct feed *f, enum element e, struct str raw)
{
	struct post *p = f->post;
	struct ranks *r = &f->ranks;

	if (!str_present(p->language) && !str_empty(lang_of(f))) /* of the text alone */
		p->language = arena_str(p->arena, lang_of(f));
	switch ((int)e) {
	case E_TITLE:
		set_text(&p->title, &r->title, 1, captured_plain(f));
		break;
	case E_TITLE_ELSE:
		if (r->title == 0)
			set_text(&p->title, &r->title, 2, captured_plain(f));
		break;
	case E_CONTENT:
		set_text(&f->content, &r->content, 1, captured_plain(f));
		break;
	case E_CONTENT_BODY:
		set_text(&f->content, &r->content, 2, captured_plain(f));
		break;
	case E_SUMMARY:
		set_text(&f->summary, &r->summary, 1, captured_plain(f));
		break;
	case E_SUMMARY_PODCAST:
		set_text(&f->summary, &r->summary, 2, captured_plain(f));
		break;
	case E_SUMMARY_DC:
		set_text(&f->summary, &r->summary, 3, captured_plain(f));
		break;
	case E_SUMMARY_MEDIA:
		set_text(&f->summary, &r->summary, 4, captured_plain(f));
		break;
	case E_PUBLISHED:
		set_time(&p->published_unix_ms, &r->published, 1, raw);
		break;
	case E_PUBLISHED_ELSE:
		set_time(&p->published_unix_ms, &r->published, 2, raw);
		break;
	case E_DATE:
		set_time(&p->published_unix_ms, &r->published, 3, raw);
		break;
	case E_UPDATED:
		set_time(&p->updated_unix_ms, &r->updated, 1, raw);
		break;
	case E_UPDATED_ELSE:
		set_time(&p->updated_unix_ms, &r->updated, 2, raw);
		break;
	default:
		break;
	}
}

static void item_field(struct feed *f, enum element e)
{
	struct post *p = f->post;
	struct str raw = str_trim(strbuf_str(&f->text));
	uint64_t n;

	switch ((int)e) {
	case E_LINK:
		set_text(&p->url, &f->ranks.link, 1, source_absolute(p->arena, base_of(f), raw));
		break;
	case E_ORIGINAL_LINK:
		post_add_link(p, raw);
		break;
	case E_GUID:
		item_guid(f, raw);
		break;
	case E_AUTHOR:
	case E_CREATOR:
		add_creator(f, captured_plain(f));
		break;
	case E_AUTHOR_ELSE:
		add_substitute(f, source_person_name(captured_plain(f)), STR_NULL);
		break;
	case E_CATEGORY:
		post_add_tag(p, captured_plain(f));
		break;
	case E_KEYWORDS:
		add_tags(p, captured_plain(f));
		break;
	case E_LANGUAGE:
		p->language = arena_str(p->arena, raw);
		break;
	case E_RATING:
		if (!str_empty(raw) && !str_eq_nocase(raw, STR("nonadult")) && !str_empty(raw))
			p->content_warning = arena_str(p->arena, text_cut(raw, 200));
		break;
	case E_REPLIES:
		if (num_u64(raw, &n) && n <= INT64_MAX)
			p->metrics.replies = (int64_t)n;
		break;
	case E_EXPLICIT:
		if (str_eq_nocase(raw, STR("yes")) || str_eq_nocase(raw, STR("true")) || str_eq_nocase(raw, STR("explicit")))
			p->content_warning = STR("explicit");
		break;
	default:
		item_text(f, e, raw);
		break;
	}
}

static void item_begin(struct feed *f, const struct xml_attr *attrs, size_t n_attrs)
{
	struct post *p = post_new();

	push_level(f, PLACE_ITEM, attrs, n_attrs);
	f->post = p;
	f->ranks = (struct ranks){ 0 };
	vec_clear(&f->substitutes);
	f->content = f->summary = f->permalink = STR_NULL;
	f->item_any = n_attrs > 0;
	p->id = arena_str(p->arena, ATTR("about")); /* rdf:about */
	p->language = str_empty(lang_of(f)) ? STR_NULL : arena_str(p->arena, lang_of(f));
	p->platform = STR("feed");
}

static void item_finish(struct feed *f)
{
	struct post *p = f->post;

	f->post = NULL;
	if (str_empty(f->content)) {
		f->content = f->summary;
		f->summary = STR_NULL;
	}
	p->text = f->content;
	p->summary = f->summary;
	if (str_empty(p->url))
		p->url = f->permalink;
	for (size_t i = 0, own = p->authors.n; own == 0 && i < f->substitutes.n; i++)
		post_add_author(p, f->substitutes.v[i].name, STR_NULL, f->substitutes.v[i].url);
	if (!f->item_any) {
		post_free(p);
		return;
	}
	post_seal(p); /* now, while its text is in the cache */
	vec_push(&f->doc->posts.posts, p);
}

/* The entry of this id was taken back (RFC 6721, 3). */
static void add_deleted(struct feed *f, const struct xml_attr *attrs, size_t n_attrs)
{
	struct str id = ATTR("ref");

	if (str_empty(id))
		return;
	struct post *p = post_new();
	p->id = arena_str(p->arena, id);
	p->updated_unix_ms = date_parse(ATTR("when"));
	p->platform = STR("feed");
	p->deleted = true;
	vec_push(&f->doc->posts.posts, p);
}

/* --- fields of the feed ------------------------------------------------------------------------------------- */

static void add_ttl(struct feed *f, int64_t ms)
{
	if (ms > f->doc->hints.ttl_ms)
		f->doc->hints.ttl_ms = ms < TTL_MAX_MS ? ms : TTL_MAX_MS;
}

static void update_period(struct feed *f, struct str period)
{
	static const struct {
		const char *name;
		int64_t hours;
	} periods[] = { { "hourly", 1 }, { "daily", 24 }, { "weekly", 168 }, { "monthly", 720 }, { "yearly", 8760 } };

	for (size_t i = 0; i < sizeof(periods) / sizeof(periods[0]); i++)
		if (str_eq_nocase(period, str_c(periods[i].name)))
			f->update_period_ms = periods[i].hours * 3600 * 1000;
}

/* For items that name none. */
static void add_feed_author(struct feed *f, struct str name, struct str url)
{
	if (!str_empty(str_trim(name)) && f->authors.n < 16)
		vec_push(&f->authors, ((struct author){ .name = arena_str(f->doc->arena, name), .url = url }));
}

static void feed_field(struct feed *f, enum element e)
{
	struct source_document *d = f->doc;
	struct ranks *r = &f->feed_ranks;
	struct str raw = str_trim(strbuf_str(&f->text));
	uint64_t n;

	switch ((int)e) {
	case E_TITLE:
		set_text(&d->title, &r->title, 1, captured_plain(f));
		break;
	case E_TITLE_ELSE:
		set_text(&d->title, &r->title, 2, captured_plain(f));
		break;
	case E_LINK:
		set_text(&d->url, &r->link, 1, source_absolute(d->arena, base_of(f), raw));
		break;
	case E_CREATOR:
	case E_AUTHOR_ELSE:
		add_feed_author(f, source_person_name(captured_plain(f)), STR_NULL);
		break;
	case E_LANGUAGE:
		set_text(&d->language, &r->language, 1, arena_str(d->arena, text_cut(raw, 64)));
		break;
	case E_UPDATED:
		set_time(&d->updated_unix_ms, &r->updated, 1, raw);
		break;
	case E_PUBLISHED:
	case E_UPDATED_ELSE:
		set_time(&d->updated_unix_ms, &r->updated, 2, raw);
		break;
	case E_DATE:
		set_time(&d->updated_unix_ms, &r->updated, 3, raw);
		break;
	case E_TTL:
		if (num_u64(raw, &n) && n < 1000000000)
			add_ttl(f, (int64_t)n * 60 * 1000);
		break;
	case E_UPDATE_PERIOD:
		update_period(f, raw);
		break;
	case E_UPDATE_FREQUENCY:
		if (num_u64(raw, &n) && n > 0)
			f->update_frequency = n;
		break;
	default:
		break;
	}
}

static void skip_hour(struct feed *f)
{
	uint64_t hour;

	if (num_u64(str_trim(strbuf_str(&f->text)), &hour) && hour <= 24)
		f->doc->hints.skip_hours |= 1u << hour % 24;
}

static void skip_day(struct feed *f)
{
	static const char *const days[] = { "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday" };

	for (unsigned i = 0; i < 7; i++)
		if (str_eq_nocase(str_trim(strbuf_str(&f->text)), str_c(days[i])))
			f->doc->hints.skip_days = (uint8_t)(f->doc->hints.skip_days | 1u << i);
}

/* --- persons ------------------------------------------------------------------------------------------------ */

static void person_begin(struct feed *f, const struct xml_attr *attrs, size_t n_attrs)
{
	struct person *p = &f->person;

	push_level(f, PLACE_PERSON, attrs, n_attrs);
	strbuf_reset(&p->name);
	strbuf_reset(&p->email);
	strbuf_reset(&p->url);
	strbuf_reset(&p->text);
}

static void person_field(struct feed *f, enum element e)
{
	struct person *p = &f->person;
	struct strbuf *to = e == E_NAME ? &p->name : e == E_URI ? &p->url : e == E_EMAIL ? &p->email : NULL;

	if (to == NULL || to->len)
		return;
	struct str value = str_trim(strbuf_str(&f->text));
	if (e == E_NAME && html_looks_like(value))
		html_to_text(to, value, NULL, NULL);
	else
		strbuf_add(to, value);
}

static void person_finish(struct feed *f, enum place of)
{
	struct person *p = &f->person;
	struct arena *arena = f->post ? f->post->arena : f->doc->arena;
	struct author a = { .name = strbuf_str(&p->name), .url = source_absolute(arena, base_of(f), strbuf_str(&p->url)) };

	if (str_empty(a.name))
		a.name = p->email.len ? strbuf_str(&p->email) : source_person_name(strbuf_str(&p->text));
	if (of == PLACE_SOURCE) {
		add_substitute(f, a.name, a.url);
	} else if (f->post) {
		post_add_author(f->post, a.name, STR_NULL, a.url);
	} else {
		add_feed_author(f, a.name, a.url);
	}
}

/* --- elements without text ---------------------------------------------------------------------------------- */

static void add_enclosure(struct feed *f, struct str url, struct str type, struct str length)
{
	struct post *p = f->post;
	struct enclosure x = { .url = source_absolute(p->arena, base_of(f), url), .length = -1 };
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

		set_text(url, rank, html ? 2 : 3, source_absolute(arena, base_of(f), href));
	} else if (f->post && str_eq_nocase(rel, STR("enclosure"))) {
		add_enclosure(f, href, type, ATTR("length"));
	} else if (f->post && (str_eq_nocase(rel, STR("related")) || str_eq_nocase(rel, STR("via")))) {
		post_add_link(f->post, source_absolute(arena, base_of(f), href));
	} else if (!f->post && str_eq_nocase(rel, STR("hub")) && str_empty(f->doc->hub)) {
		f->doc->hub = source_absolute(arena, base_of(f), href);
	} else if (!f->post && str_eq_nocase(rel, STR("self")) && str_empty(f->doc->self)) {
		f->doc->self = source_absolute(arena, base_of(f), href);
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
	push_level(f, top(f)->place, attrs, n_attrs);
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
	case E_CONTENT:
		if (n_attrs == 0 || str_empty(ATTR("src")))
			return false;
		if (f->post) { /* out of line: nothing is fetched, but there it is */
			struct str src = source_absolute(f->post->arena, base_of(f), ATTR("src"));

			post_add_link(f->post, src);
			set_text(&f->post->url, &f->ranks.link, 4, src);
		}
		return true;
	case E_DELETED:
		if (f->post == NULL)
			add_deleted(f, attrs, n_attrs);
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
		item_begin(f, attrs, n_attrs);
		return;
	}
	f->known_root = true;
	f->atom = f->atom || (f->n_levels == 1 && (space == NS_ATOM || space == NS_ATOM03 || str_eq_nocase(name, STR("feed"))));
	push_level(f, PLACE_FEED, attrs, n_attrs);
	if (str_present(f->doc->language) || str_empty(lang_of(f)))
		return;
	set_text(&f->doc->language, &f->feed_ranks.language, 2, arena_str(f->doc->arena, text_cut(lang_of(f), 64)));
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
		capture_start(f, name, attrs, n_attrs);
		return;
	}
	enum element e = feed_element(&f->names, name, ns, prefix, &space);
	enum place place = top(f)->place;

	f->item_any = f->item_any || f->post != NULL;
	if ((e == E_ROOT && (place == PLACE_TOP || place == PLACE_FEED)) ||
	    (e == E_ITEM && (place == PLACE_TOP || place == PLACE_FEED)))
		structure_start(f, e, space, name, attrs, n_attrs);
	else if (place == PLACE_TOP || e == E_PASS)
		push_level(f, place, attrs, n_attrs);
	else if (place == PLACE_PERSON && !belongs(e, place))
		push_level(f, place, attrs, n_attrs); /* mark-up in a name */
	else if (!belongs(e, place))
		f->skip = 1;
	else if (e == E_SKIP_HOURS || e == E_SKIP_DAYS)
		push_level(f, e == E_SKIP_HOURS ? PLACE_HOURS : PLACE_DAYS, attrs, n_attrs);
	else if (e == E_SOURCE && f->post)
		push_level(f, PLACE_SOURCE, attrs, n_attrs);
	else if (e == E_AUTHOR)
		person_begin(f, attrs, n_attrs);
	else if (e == E_CATEGORY_PODCAST)
		podcast_category(f, attrs, n_attrs);
	else if (empty_element(f, e, attrs, n_attrs))
		f->skip = 1;
	else
		capture_begin(f, e, space, attrs, n_attrs);
}

static void capture_finish(struct feed *f)
{
	enum element e = f->capture.element;

	switch (top(f)->place) {
	case PLACE_ITEM:
		item_field(f, e);
		break;
	case PLACE_FEED:
		feed_field(f, e);
		break;
	case PLACE_PERSON:
		person_field(f, e);
		break;
	case PLACE_HOURS:
		skip_hour(f);
		break;
	case PLACE_DAYS:
		skip_day(f);
		break;
	case PLACE_SOURCE:
	case PLACE_TOP:
	default:
		break;
	}
	f->capture = (struct capture){ .element = E_UNKNOWN };
	pop_level(f);
}

static void on_end(void *ctx, struct str name, struct str ns __attribute__((unused)))
{
	struct feed *f = ctx;

	if (f->skip) {
		f->skip--;
		return;
	}
	if (f->capture.depth) {
		if (--f->capture.depth)
			capture_close(f, name);
		else
			capture_finish(f);
		return;
	}
	if (f->n_levels == 1)
		return;
	enum place place = top(f)->place, outer = f->levels[f->n_levels - 2].place;
	if (place == PLACE_PERSON && outer != PLACE_PERSON)
		person_finish(f, outer);
	else if (place == PLACE_ITEM && outer != PLACE_ITEM)
		item_finish(f);
	pop_level(f);
}

static void on_text(void *ctx, struct str text)
{
	struct feed *f = ctx;

	if (f->skip)
		return;
	if (f->capture.depth)
		add_text(f, text);
	else if (top(f)->place == PLACE_PERSON)
		strbuf_add(&f->person.text, text);
}

/* --- the codec ---------------------------------------------------------------------------------------------- */

static void feed_release(struct feed *f)
{
	post_free(f->post);
	vec_free(&f->authors);
	vec_free(&f->substitutes);
	struct strbuf *const buffers[] = { &f->words, &f->text, &f->scratch, &f->spare, &f->person.name, &f->person.email,
		                           &f->person.url, &f->person.text };
	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
		strbuf_release(buffers[i]);
	mem_free(f);
}

static struct feed *feed_new(struct source_document *d, struct str base)
{
	struct feed *f = mem_new(struct feed);

	f->doc = d;
	f->base = base;
	f->words = STRBUF_INIT(1u << 20);
	f->text = STRBUF_INIT(FIELD_HTML_MAX);
	f->scratch = STRBUF_INIT(FIELD_HTML_MAX * 2);
	f->spare = STRBUF_INIT(FIELD_HTML_MAX * 6);
	f->person.name = f->person.email = f->person.url = STRBUF_INIT(4096);
	f->person.text = STRBUF_INIT(4096);
	return f;
}

static bool feed_next(struct source *s, int64_t now_unix_ms __attribute__((unused)), struct transfer *ret)
{
	return source_next_single(s, ret, "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, "
	                                  "application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1");
}

static int parse_from(struct str base, const struct frame *frame, struct source_document *out, struct err *e)
{
	static const struct xml_handler handler = { on_restart, on_start, on_end, on_text };
	struct xml_result result;

	source_document_init(out);
	struct feed *f = feed_new(out, base);
	if (xml_parse(frame->bytes, frame->content_type, &handler, f, &result, e) != 0) {
		feed_release(f);
		source_document_release(out);
		return -1;
	}
	out->repaired = result.repaired;
	out->cut = result.end != XML_WHOLE;
	out->half = result.end == XML_CUT_IN_ITEM && f->item_any;
	strbuf_release(&result.encoding);
	if (!f->known_root && out->posts.posts.n == 0) {
		feed_release(f);
		source_document_release(out);
		return err_set(e, ERR_INPUT, "no feed: neither RSS nor Atom");
	}
	if (f->update_period_ms)
		add_ttl(f, f->update_period_ms / (int64_t)(f->update_frequency < 10000 ? f->update_frequency : 10000));
	source_document_finish(out, f->authors.v, f->authors.n);
	feed_release(f);
	return 0;
}

/* A document that came from nowhere (a file) may say itself where it lives: then it is read again, from there. */
static int feed_parse(struct source *s __attribute__((unused)), const struct frame *frame, struct source_document *out,
                      struct err *e)
{
	AUTO(strbuf) struct strbuf self = STRBUF_INIT(URL_MAX);

	if (parse_from(frame->url, frame, out, e) != 0)
		return -1;
	if (!str_empty(frame->url) || !url_is_http(out->self))
		return 0;
	strbuf_add(&self, out->self);
	source_document_release(out);
	return parse_from(strbuf_str(&self), frame, out, e);
}

/* Local name of the first element from `from` on, of what may be XML in any charset; `ret_next` is behind it. */
static struct str next_element(struct str s, size_t from, size_t *ret_next)
{
	for (size_t i = from; i + 1 < s.len; i++) {
		const char *lt = memchr(s.p + i, '<', s.len - i);

		if (lt == NULL)
			break;
		i = (size_t)(lt - s.p);
		struct str rest = str_from(s, i);
		if (str_starts(rest, STR("<!--"))) {
			size_t end = str_find(rest, STR("-->"));
			i = end == STR_NPOS ? s.len : i + end + 2;
		} else if (rest.len > 1 && char_is_alpha(rest.p[1])) {
			size_t n = 1;
			while (n < rest.len && !char_is_space(rest.p[n]) && rest.p[n] != '>' && rest.p[n] != '/')
				n++;
			*ret_next = i + n;
			rest = str_slice(rest, 1, n);
			size_t colon = str_rchr(rest, ':');
			return colon == STR_NPOS ? rest : str_from(rest, colon + 1);
		}
	}
	return STR_NULL;
}

static int feed_detect(const struct frame *frame)
{
	AUTO(strbuf) struct strbuf head = STRBUF_INIT(DETECT_BYTES);
	struct str rest = str_slice(frame->bytes, 0, DETECT_BYTES), piece;

	while (str_split(&rest, '\0', &piece)) /* UTF-16 without its zeros */
		strbuf_add(&head, piece);
	/* what a proxy or a script's warnings put around a feed does not hide it */
	size_t next = 0;
	for (int score = 100;; score = 50) {
		struct str name = next_element(strbuf_str(&head), next, &next);

		if (str_eq_nocase(name, STR("rss")) || str_eq_nocase(name, STR("feed")) || str_eq_nocase(name, STR("rdf")))
			return score;
		if (!str_present(name) || (score == 100 && str_eq_nocase(name, STR("channel"))))
			return str_present(name) ? 60 : 0;
	}
}

const struct source_type source_feed = {
	.name = "feed",
	.help = "RSS 0.9x to 2.0, RSS 1.0 (RDF), Atom 0.3 and 1.0",
	.framing = FRAMING_BODY,
	.state_size = sizeof(struct single_state),
	.next = feed_next,
	.parse = feed_parse,
	.detect = feed_detect,
};
