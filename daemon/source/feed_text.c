/* SPDX-License-Identifier: ISC */
/* The text of a field of a feed: what stands around it, how it is written, and what a person would read. */
#include "feed_reader.h"

#include "base/hash.h"
#include "base/html.h"
#include "base/text.h"
#include "base/url.h"

#define BASE64_SURE_BYTES 64
#define XML_NS STR("http://www.w3.org/XML/1998/namespace")

/* An attribute without a namespace (or whatever its namespace). */
struct str feed_attr(const struct xml_attr *attrs, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (attrs[i].name.len == name.len && str_eq_nocase(attrs[i].name, name))
			return attrs[i].value;
	return STR_NULL;
}

struct str feed_base(const struct feed *f)
{
	const struct level *l = &f->levels[f->n_levels - 1];

	if (l->base_len)
		return str_slice(strbuf_str(&f->words), l->base_at, l->base_at + l->base_len);
	return str_empty(f->base) && str_present(f->doc->url) ? f->doc->url : f->base;
}

struct str feed_lang(const struct feed *f)
{
	const struct level *l = &f->levels[f->n_levels - 1];

	return str_slice(strbuf_str(&f->words), l->lang_at, l->lang_at + l->lang_len);
}

void feed_push(struct feed *f, enum place place, const struct xml_attr *attrs, size_t n_attrs)
{
	struct level l = *feed_top(f);

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

			if (!url_resolve(&b, feed_base(f), attrs[i].value))
				continue;
			l.base_at = (uint32_t)f->words.len;
			strbuf_add(&f->words, strbuf_str(&b));
			l.base_len = (uint32_t)f->words.len - l.base_at;
		}
	}
	f->levels[f->n_levels++] = l;
}

void feed_pop(struct feed *f)
{
	strbuf_truncate(&f->words, feed_top(f)->mark);
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
	case E_CREDIT:
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

void feed_capture_begin(struct feed *f, enum element e, enum space space, const struct xml_attr *attrs, size_t n_attrs)
{
	feed_push(f, feed_top(f)->place, attrs, n_attrs);
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

void feed_capture_text(struct feed *f, struct str s)
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

void feed_capture_start(struct feed *f, struct str name, const struct xml_attr *attrs, size_t n_attrs)
{
	f->capture.depth++;
	if (f->capture.markup == MARKUP_NONE)
		return;
	if (!f->capture.marked)
		capture_mark(f);
	strbuf_addc(&f->text, '<');
	strbuf_add(&f->text, name);
	if (str_eq_nocase(name, STR("a")))
		add_attr(f, "href", feed_attr(attrs, n_attrs, STR("href")));
	else if (str_eq_nocase(name, STR("img")))
		add_attr(f, "alt", feed_attr(attrs, n_attrs, STR("alt")));
	strbuf_addc(&f->text, '>');
}

void feed_capture_close(struct feed *f, struct str name)
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
struct str feed_plain(struct feed *f)
{
	struct str raw = str_trim(strbuf_str(&f->text)), base = feed_base(f);

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

void feed_set_text(struct str *field, unsigned char *rank, unsigned char new_rank, struct str value)
{
	if (str_empty(value) || (*rank != 0 && *rank <= new_rank))
		return;
	*field = value;
	*rank = new_rank;
}

void feed_set_time(int64_t *field, unsigned char *rank, unsigned char new_rank, struct str value)
{
	int64_t t = *rank == 0 || new_rank < *rank ? date_parse(value) : TIME_ABSENT;

	if (t == TIME_ABSENT)
		return;
	*field = t;
	*rank = new_rank;
}
