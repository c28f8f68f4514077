/* SPDX-License-Identifier: ISC */
/*
 * HTML to text by a tokenizer of our own: one pass, no tree, no recursion, linear in the input whatever it holds.
 */
#include "base/html.h"

#include <endian.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/text.h"
#include "entity.h"

enum element_kind {
	ELEMENT_INLINE,
	ELEMENT_BREAK,     /* a line break where it stands: br */
	ELEMENT_BLOCK,     /* its text starts and ends a line */
	ELEMENT_PARAGRAPH, /* the same with an empty line around */
	ELEMENT_CELL,      /* a space around: td */
	ELEMENT_PRE,       /* a paragraph in which line ends count */
	ELEMENT_RAW,       /* hidden, its content is not markup: everything to the end tag, or to the end */
	ELEMENT_HIDDEN,    /* hidden if it is ended at all */
	ELEMENT_IMAGE,
	ELEMENT_SVG,
	ELEMENT_LINK,
};
struct element {
	char name[12];
	enum element_kind kind;
};

/* Elements of HTML 5 and the older ones that feeds still hold; in strcmp order. */
static const struct element elements[] = {
	{ "a", ELEMENT_LINK }, { "abbr", ELEMENT_INLINE }, { "acronym", ELEMENT_INLINE }, { "address", ELEMENT_BLOCK },
	{ "article", ELEMENT_PARAGRAPH }, { "aside", ELEMENT_PARAGRAPH }, { "audio", ELEMENT_HIDDEN },
	{ "b", ELEMENT_INLINE }, { "base", ELEMENT_INLINE }, { "bdi", ELEMENT_INLINE }, { "bdo", ELEMENT_INLINE },
	{ "big", ELEMENT_INLINE }, { "blockquote", ELEMENT_PARAGRAPH }, { "body", ELEMENT_BLOCK }, { "br", ELEMENT_BREAK },
	{ "button", ELEMENT_INLINE }, { "canvas", ELEMENT_HIDDEN }, { "caption", ELEMENT_BLOCK },
	{ "center", ELEMENT_BLOCK }, { "cite", ELEMENT_INLINE }, { "code", ELEMENT_INLINE }, { "col", ELEMENT_INLINE },
	{ "dd", ELEMENT_BLOCK }, { "del", ELEMENT_INLINE }, { "details", ELEMENT_BLOCK }, { "dfn", ELEMENT_INLINE },
	{ "div", ELEMENT_BLOCK }, { "dl", ELEMENT_PARAGRAPH }, { "dt", ELEMENT_BLOCK }, { "em", ELEMENT_INLINE },
	{ "embed", ELEMENT_INLINE }, { "fieldset", ELEMENT_BLOCK }, { "figcaption", ELEMENT_BLOCK },
	{ "figure", ELEMENT_PARAGRAPH }, { "font", ELEMENT_INLINE }, { "footer", ELEMENT_PARAGRAPH },
	{ "form", ELEMENT_BLOCK }, { "h1", ELEMENT_PARAGRAPH }, { "h2", ELEMENT_PARAGRAPH }, { "h3", ELEMENT_PARAGRAPH },
	{ "h4", ELEMENT_PARAGRAPH }, { "h5", ELEMENT_PARAGRAPH }, { "h6", ELEMENT_PARAGRAPH }, { "head", ELEMENT_BLOCK },
	{ "header", ELEMENT_PARAGRAPH }, { "hr", ELEMENT_PARAGRAPH }, { "html", ELEMENT_BLOCK }, { "i", ELEMENT_INLINE },
	{ "iframe", ELEMENT_HIDDEN }, { "img", ELEMENT_IMAGE }, { "input", ELEMENT_INLINE }, { "ins", ELEMENT_INLINE },
	{ "kbd", ELEMENT_INLINE }, { "label", ELEMENT_INLINE }, { "legend", ELEMENT_BLOCK }, { "li", ELEMENT_BLOCK },
	{ "link", ELEMENT_INLINE }, { "main", ELEMENT_BLOCK }, { "mark", ELEMENT_INLINE }, { "meta", ELEMENT_INLINE },
	{ "nav", ELEMENT_BLOCK }, { "nobr", ELEMENT_INLINE }, { "noscript", ELEMENT_HIDDEN }, { "object", ELEMENT_INLINE },
	{ "ol", ELEMENT_PARAGRAPH }, { "option", ELEMENT_BLOCK }, { "p", ELEMENT_PARAGRAPH }, { "param", ELEMENT_INLINE },
	{ "picture", ELEMENT_INLINE }, { "pre", ELEMENT_PRE }, { "q", ELEMENT_INLINE }, { "rp", ELEMENT_INLINE },
	{ "rt", ELEMENT_INLINE }, { "ruby", ELEMENT_INLINE }, { "s", ELEMENT_INLINE }, { "samp", ELEMENT_INLINE },
	{ "script", ELEMENT_RAW }, { "section", ELEMENT_PARAGRAPH }, { "select", ELEMENT_INLINE },
	{ "small", ELEMENT_INLINE }, { "source", ELEMENT_INLINE }, { "span", ELEMENT_INLINE },
	{ "strike", ELEMENT_INLINE }, { "strong", ELEMENT_INLINE }, { "style", ELEMENT_RAW }, { "sub", ELEMENT_INLINE },
	{ "summary", ELEMENT_BLOCK }, { "sup", ELEMENT_INLINE }, { "svg", ELEMENT_SVG }, { "table", ELEMENT_PARAGRAPH },
	{ "tbody", ELEMENT_BLOCK }, { "td", ELEMENT_CELL }, { "template", ELEMENT_HIDDEN }, { "textarea", ELEMENT_INLINE },
	{ "tfoot", ELEMENT_BLOCK }, { "th", ELEMENT_CELL }, { "thead", ELEMENT_BLOCK }, { "time", ELEMENT_INLINE },
	{ "title", ELEMENT_HIDDEN }, { "tr", ELEMENT_BLOCK }, { "tt", ELEMENT_INLINE }, { "u", ELEMENT_INLINE },
	{ "ul", ELEMENT_PARAGRAPH }, { "var", ELEMENT_INLINE }, { "video", ELEMENT_HIDDEN }, { "wbr", ELEMENT_INLINE },
};
#define N_ELEMENTS (sizeof(elements) / sizeof(elements[0]))

/* Where the names of each letter begin, and the end. */
static const unsigned char firsts[27] = {
	0, 7, 16, 22, 29, 31, 37, 37, 47, 52, 52, 53, 57, 60,
	63, 66, 70, 71, 74, 89, 101, 103, 105, 106, 106, 106, 106
};

/* The first eight letters as a number that sorts like them: one comparison instead of a call. */
static uint64_t sort_key(const char name[static 8])
{
	uint64_t key;

	memcpy(&key, name, sizeof(key));
	return be64toh(key);
}

/* Index in the table, or -1 for a name that is no HTML. */
static int element_find(struct str name)
{
	size_t letter = (size_t)(char_lower(name.len ? name.p[0] : '\0') - 'a');
	uint64_t key = 0;

	if (letter > 25 || firsts[letter] == firsts[letter + 1] || name.len >= sizeof(elements[0].name))
		return -1;
	for (size_t i = 0; i < 8; i++) /* in a register: bytes that were just written cannot be read as one number at once */
		key = key << 8 | (unsigned char)(i < name.len ? char_lower(name.p[i]) : '\0');
	const struct element *at = elements + firsts[letter];
	for (size_t n = (size_t)firsts[letter + 1] - firsts[letter]; n > 1; n -= n / 2) /* no branch: it would be guessed wrong */
		at += sort_key(at[n / 2 - 1].name) < key ? n / 2 : 0;
	/* no two names share their first eight letters */
	bool same = sort_key(at->name) == key && (name.len < 8 || str_eq_nocase(str_from(name, 8), str_c(at->name + 8)));
	return same ? (int)(at - elements) : -1;
}

struct tag {
	struct str name;  /* as written */
	struct str attrs; /* between name and '>' */
	int element;      /* index, or -1 */
	bool closing;
	size_t end;       /* position behind the '>' */
};

/* Position of the last '>'.  Known beforehand, so that no tag is searched for an end that is not there: linear time. */
static size_t last_gt(struct str s)
{
	return str_rchr(s, '>');
}

/* Position behind the '>' that ends the tag whose attributes start at i; STR_NPOS if nothing can. */
static size_t tag_end(struct str s, size_t i, size_t last)
{
	if (last == STR_NPOS || i > last)
		return STR_NPOS;
	for (size_t j = i; j < s.len; j++) {
		char c = s.p[j];

		if (c == '>')
			return j + 1;
		/* a quote opens a value only behind '=' */
		if ((c == '"' || c == '\'') && j > i && (s.p[j - 1] == '=' || char_is_space(s.p[j - 1]))) {
			const char *close = memchr(s.p + j + 1, c, s.len - j - 1);

			/* a quote that is never closed is none; never go back before it, or time is quadratic */
			if (close)
				j = (size_t)(close - s.p);
		}
	}
	return s.len;
}

/* Reads the tag at s.p[at] (a '<').  False if it is no tag but text. */
static bool tag_read(struct str s, size_t at, size_t last, struct tag *ret_tag)
{
	size_t i = at + 1;
	struct tag t = { .closing = i < s.len && s.p[i] == '/' };

	i += t.closing;
	if (i >= s.len || !char_is_alpha(s.p[i]))
		return false;
	size_t from = i;
	while (i < s.len && !char_is_space(s.p[i]) && s.p[i] != '/' && s.p[i] != '>' && s.p[i] != '<')
		i++;
	t.name = str_slice(s, from, i);
	t.element = element_find(t.name);
	t.end = tag_end(s, i, last);
	if (t.end == STR_NPOS) {
		if (t.element < 0 || i == s.len)
			return false;
		t.end = s.len; /* cut off inside a tag that we know: the tag is what is lost */
		t.attrs = str_slice(s, i, s.len);
	} else {
		t.attrs = str_slice(s, i, t.end - 1);
	}
	*ret_tag = t;
	return true;
}

/* Where the value at i ends: at its quote, or at white space if it has none. */
static size_t value_end(struct str attrs, size_t i, char quote)
{
	if (quote) {
		const char *close = memchr(attrs.p + i, quote, attrs.len - i);

		return close ? (size_t)(close - attrs.p) : attrs.len;
	}
	while (i < attrs.len && !char_is_space(attrs.p[i]))
		i++;
	return i;
}

/* Value of the attribute, as written; absent if it is not there. */
static struct str attr_raw(struct str attrs, struct str want)
{
	for (size_t i = 0; i < attrs.len;) {
		size_t from;

		while (i < attrs.len && (char_is_space(attrs.p[i]) || attrs.p[i] == '/'))
			i++;
		for (from = i; i < attrs.len && !char_is_space(attrs.p[i]) && attrs.p[i] != '='; i++)
			;
		struct str name = str_slice(attrs, from, i);
		while (i < attrs.len && char_is_space(attrs.p[i]))
			i++;
		if (i == attrs.len || attrs.p[i] != '=') {
			if (str_eq_nocase(name, want))
				return STR("");
			continue;
		}
		for (i++; i < attrs.len && char_is_space(attrs.p[i]); i++)
			;
		char quote = i < attrs.len && (attrs.p[i] == '"' || attrs.p[i] == '\'') ? attrs.p[i] : '\0';
		i += quote != '\0';
		struct str found = str_slice(attrs, i, value_end(attrs, i, quote));
		i += found.len;
		i += quote != '\0' && i < attrs.len;
		if (str_eq_nocase(name, want))
			return found;
	}
	return STR_NULL;
}

/*
 * Position behind a comment, `<!word…>`, `<?word…>` or `</>` at s.p[at]; 0 if it is text.  A comment that is never closed
 * ends at the next '>': a browser would hide all the rest.  `unclosed` remembers that, so that time stays linear.
 */
static size_t skip_declaration(struct str s, size_t at, size_t last, bool *unclosed)
{
	struct str rest = str_from(s, at);
	bool comment = str_starts(rest, STR("<!--"));

	if (str_starts(rest, STR("<!-->")))
		return at + 5;
	if (comment && !*unclosed) {
		size_t end = str_find(str_from(rest, 4), STR("-->"));

		if (end != STR_NPOS)
			return at + 4 + end + 3;
		*unclosed = true;
	}
	if (str_starts(rest, STR("<![CDATA[")))
		return at + 9; /* wrapped twice: what is in it is meant to be read */
	bool word = rest.len > 2 && (rest.p[1] == '!' || rest.p[1] == '?') && (char_is_alpha(rest.p[2]) || rest.p[2] == '[');
	if (!comment && !word && !str_starts(rest, STR("</>")))
		return 0;
	if (last == STR_NPOS || at > last)
		return comment ? s.len : 0;
	return at + str_chr(rest, '>') + 1;
}

/* Position of the end tag of `name` at or behind `at`, STR_NPOS if there is none. */
static size_t find_end_tag(struct str s, size_t at, struct str name)
{
	while (at < s.len) {
		const char *lt = memchr(s.p + at, '<', s.len - at);

		if (lt == NULL)
			break;
		at = (size_t)(lt - s.p);
		struct str rest = str_from(s, at + 1);
		if (str_starts(rest, STR("/")) && str_starts_nocase(str_from(rest, 1), name) &&
		    (rest.len == name.len + 1 || !char_is_alnum(rest.p[name.len + 1])))
			return at;
		at++;
	}
	return STR_NPOS;
}

/* --- to text ------------------------------------------------------------------------------------------------------- */

struct writer {
	struct strbuf *out;
	size_t start;       /* of our text in out */
	size_t last_gt;
	int lines;          /* line ends owed before the next character: 0..2 */
	bool space;         /* or a space */
	int pre;            /* depth of <pre> */
	bool svg;           /* in one, <title> is read out */
	bool unclosed;      /* no comment ends from here on */
	bool unended[N_ELEMENTS]; /* no end tag of it from here on: looked for once, so that time stays linear */
};

static void owe(struct writer *w, int lines)
{
	if (w->lines < lines)
		w->lines = lines;
}

static void pay(struct writer *w)
{
	if (w->out->len > w->start) {
		if (w->lines > 0)
			strbuf_add(w->out, w->lines > 1 ? STR("\n\n") : STR("\n"));
		else if (w->space)
			strbuf_addc(w->out, ' ');
	}
	w->lines = 0;
	w->space = false;
}

static void put(struct writer *w, struct str s)
{
	pay(w);
	strbuf_add(w->out, s);
}

/* Bytes that end a run of plain text; a single ' ' between two others does not. */
enum { RUN = 0, RUN_SPACE, RUN_MARK, RUN_NBSP };
static const unsigned char run_class[256] = {
	['\t'] = RUN_SPACE, ['\n'] = RUN_SPACE, ['\v'] = RUN_SPACE, ['\f'] = RUN_SPACE, ['\r'] = RUN_SPACE,
	[' '] = RUN_SPACE, ['<'] = RUN_MARK, ['&'] = RUN_MARK, [0xc2] = RUN_NBSP,
};

static bool is_in_run(struct str s, size_t from, size_t i)
{
	const unsigned char *p = (const unsigned char *)s.p;

	if (run_class[p[i]] == RUN)
		return true;
	if (p[i] == ' ')
		return i > from && i + 1 < s.len && run_class[p[i + 1]] == RUN;
	return p[i] == 0xc2 && (i + 1 == s.len || p[i + 1] != 0xa0);
}

#define RUN_BLOCK 16

/* A bit for each of RUN_BLOCK bytes at p that may end a run (0xc2 may, or may not); one byte more can be read. */
static unsigned run_stops(const unsigned char *p)
{
	unsigned marks = 0, spaces = 0;

#ifdef __SSE2__
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i lt = _mm_cmpeq_epi8(v, _mm_set1_epi8('<')), amp = _mm_cmpeq_epi8(v, _mm_set1_epi8('&'));
	__m128i nbsp = _mm_cmpeq_epi8(v, _mm_set1_epi8((char)0xc2)), low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);

	marks = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(lt, amp), _mm_or_si128(nbsp, low)));
	spaces = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(' ')));
#else
	for (unsigned i = 0; i < RUN_BLOCK; i++) {
		marks |= (unsigned)(p[i] != ' ' && run_class[p[i]] != RUN) << i;
		spaces |= (unsigned)(p[i] == ' ') << i;
	}
#endif
	/* a space does not end a run if what follows goes on with it */
	unsigned behind = (marks | spaces) >> 1 | (unsigned)(run_class[p[RUN_BLOCK]] != RUN) << (RUN_BLOCK - 1);
	return marks | (spaces & behind);
}

static size_t run_end(struct str s, size_t from)
{
	for (size_t i = from; i < s.len; i++) {
		if (i > from && s.len - i > RUN_BLOCK) {
			unsigned stops = run_stops((const unsigned char *)s.p + i);

			i += stops ? (size_t)__builtin_ctz(stops) : RUN_BLOCK - 1;
			if (stops == 0)
				continue;
		}
		if (!is_in_run(s, from, i))
			return i;
	}
	return s.len;
}

/* The character of an entity, into the text. */
static void put_char(struct writer *w, uint32_t c)
{
	char buf[4];

	if (c == 0xa0 || c == ' ' || c == '\t' || c == '\n' || c == '\r')
		w->space = true;
	else if (c >= 0x20 && (c < 0x7f || c > 0x9f))
		put(w, str_n(buf, text_encode(buf, c)));
}

static void put_unescaped(struct writer *w, struct str s)
{
	for (size_t i = 0; i < s.len;) {
		uint32_t c;
		size_t n = s.p[i] == '&' ? entity_decode(s, i, false, &c) : 0;

		if (n) {
			put_char(w, c);
			i += n;
		} else if (char_is_space(s.p[i])) {
			w->space = true;
			i++;
		} else {
			size_t from = i++;

			while (i < s.len && s.p[i] != '&' && !char_is_space(s.p[i]))
				i++;
			put(w, str_slice(s, from, i));
		}
	}
}

static void call_link(struct str attrs, void (*link)(void *ctx, struct str href), void *ctx)
{
	struct str raw = str_trim(attr_raw(attrs, STR("href")));

	if (str_empty(raw))
		return;
	if (str_chr(raw, '&') == STR_NPOS) {
		link(ctx, raw);
		return;
	}
	AUTO(strbuf) struct strbuf href = STRBUF_INIT(raw.len * 2 + 16);
	html_unescape(&href, raw);
	link(ctx, strbuf_str(&href));
}

/* Position behind the hidden element whose start tag was just read. */
static size_t skip_hidden(struct writer *w, struct str s, const struct tag *t)
{
	if (w->unended[t->element])
		return t->end;
	size_t end = find_end_tag(s, t->end, str_c(elements[t->element].name));
	if (end != STR_NPOS)
		return end;
	w->unended[t->element] = true;
	return elements[t->element].kind == ELEMENT_RAW ? s.len : t->end;
}

/* What the tag does to the text; returns where to go on. */
static size_t put_tag(struct writer *w, struct str s, const struct tag *t, void (*link)(void *ctx, struct str href), void *ctx)
{
	if (t->element < 0)
		return t->end;
	switch (elements[t->element].kind) {
	case ELEMENT_INLINE:
		break;
	case ELEMENT_BREAK:
		if (w->lines < 2)
			w->lines++;
		break;
	case ELEMENT_BLOCK:
		owe(w, 1);
		break;
	case ELEMENT_PARAGRAPH:
		owe(w, 2);
		break;
	case ELEMENT_CELL:
		w->space = true;
		break;
	case ELEMENT_PRE:
		owe(w, 2);
		w->pre += t->closing ? (w->pre > 0 ? -1 : 0) : (w->pre < 1000 ? 1 : 0);
		break;
	case ELEMENT_SVG:
		w->svg = !t->closing;
		break;
	case ELEMENT_RAW:
	case ELEMENT_HIDDEN:
		if (w->svg && str_eq_nocase(t->name, STR("title")))
			break;
		if (!t->closing && !str_ends(t->attrs, STR("/")))
			return skip_hidden(w, s, t);
		break;
	case ELEMENT_IMAGE:
		w->space = true;
		put_unescaped(w, str_trim(attr_raw(t->attrs, STR("alt"))));
		w->space = true;
		break;
	case ELEMENT_LINK:
		if (link && !t->closing)
			call_link(t->attrs, link, ctx);
		break;
	}
	return t->end;
}

/* The markup or entity at s.p[i], if it is one; returns where to go on. */
static size_t put_mark(struct writer *w, struct str s, size_t i, void (*link)(void *ctx, struct str href), void *ctx)
{
	struct tag t;
	uint32_t c;
	size_t n;

	if (s.p[i] == '&') {
		n = entity_decode(s, i, false, &c);
		if (n) {
			put_char(w, c);
			return i + n;
		}
	} else if (tag_read(s, i, w->last_gt, &t)) {
		return put_tag(w, s, &t, link, ctx);
	} else if ((n = skip_declaration(s, i, w->last_gt, &w->unclosed)) > 0) {
		return n;
	}
	put(w, str_slice(s, i, i + 1));
	return i + 1;
}

void html_to_text(struct strbuf *out, struct str html, void (*link)(void *ctx, struct str href), void *ctx)
{
	struct writer w = { .out = out, .start = out->len, .last_gt = last_gt(html) };

	for (size_t i = 0; i < html.len && !out->toobig;) {
		size_t end = run_end(html, i);

		if (end > i) {
			put(&w, str_slice(html, i, end));
			i = end;
			continue;
		}
		switch (run_class[(unsigned char)html.p[i]]) {
		case RUN_SPACE:
			if (html.p[i] == '\n' && w.pre > 0 && w.lines < 2)
				w.lines++;
			w.space = true;
			i++;
			break;
		case RUN_NBSP:
			w.space = true;
			i += 2;
			break;
		default:
			i = put_mark(&w, html, i, link, ctx);
			break;
		}
	}
}

/* --- entities ------------------------------------------------------------------------------------------------------ */

void html_unescape(struct strbuf *out, struct str s)
{
	for (size_t i = 0; i < s.len && !out->toobig;) {
		const char *amp = memchr(s.p + i, '&', s.len - i);
		size_t at = amp ? (size_t)(amp - s.p) : s.len, n;
		uint32_t c;

		strbuf_add(out, str_slice(s, i, at));
		if (at == s.len)
			return;
		n = entity_decode(s, at, false, &c);
		if (n)
			strbuf_add_utf8(out, c);
		else
			strbuf_addc(out, '&');
		i = at + (n ? n : 1);
	}
}

void html_escape(struct strbuf *out, struct str s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.len; i++) {
		const char *to = NULL;

		switch (s.p[i]) {
		case '&':
			to = "&amp;";
			break;
		case '<':
			to = "&lt;";
			break;
		case '>':
			to = "&gt;";
			break;
		case '"':
			to = "&quot;";
			break;
		case '\'':
			to = "&#39;";
			break;
		default:
			continue;
		}
		strbuf_add(out, str_slice(s, from, i));
		strbuf_adds(out, to);
		from = i + 1;
	}
	strbuf_add(out, str_from(s, from));
}

bool html_looks_like(struct str s)
{
	size_t last = last_gt(s);

	for (size_t i = 0; i < s.len; i++) {
		struct tag t;
		uint32_t c;

		if (s.p[i] == '&' && entity_decode(s, i, false, &c) > 0)
			return true;
		if (s.p[i] != '<')
			continue;
		if (str_starts(str_from(s, i), STR("<!--")) || (tag_read(s, i, last, &t) && t.element >= 0))
			return true;
	}
	return false;
}

bool html_is_document(struct str s)
{
	struct tag t;

	s = str_trim(s);
	if (str_starts(s, STR("<!--")))
		return str_find(s, STR("-->")) != STR_NPOS;
	if (!str_starts(s, STR("<")) || !tag_read(s, 0, last_gt(s), &t) || t.element < 0 || t.closing)
		return false;
	enum element_kind kind = elements[t.element].kind;
	bool block = kind == ELEMENT_BLOCK || kind == ELEMENT_PARAGRAPH || kind == ELEMENT_PRE;
	return block && find_end_tag(s, t.end, t.name) != STR_NPOS;
}

/* --- feeds of a page ----------------------------------------------------------------------------------------------- */

/* Does the space-separated list hold the word? */
static bool has_word(struct str list, struct str word)
{
	for (size_t i = 0, from; i < list.len;) {
		while (i < list.len && char_is_space(list.p[i]))
			i++;
		for (from = i; i < list.len && !char_is_space(list.p[i]); i++)
			;
		if (str_eq_nocase(str_slice(list, from, i), word))
			return true;
	}
	return false;
}

/* application/(rss|atom)+xml, application/(feed+)json; parameters are ignored. */
static bool is_feed_type(struct str type)
{
	size_t semicolon = str_chr(type, ';');

	if (semicolon != STR_NPOS)
		type = str_slice(type, 0, semicolon);
	type = str_trim(type);
	return str_eq_nocase(type, STR("application/rss+xml")) || str_eq_nocase(type, STR("application/atom+xml")) ||
	       str_eq_nocase(type, STR("application/feed+json")) || str_eq_nocase(type, STR("application/json")) ||
	       str_eq_nocase(type, STR("application/rdf+xml"));
}

static void page_link(struct str attrs, void (*found)(void *ctx, struct str href, struct str type, struct str title),
                      void *ctx)
{
	struct str raw = str_trim(attr_raw(attrs, STR("href"))), type = str_trim(attr_raw(attrs, STR("type")));

	if (str_empty(raw) || !is_feed_type(type) || !has_word(attr_raw(attrs, STR("rel")), STR("alternate")))
		return;
	/* WordPress advertises its REST description the same way: no feed */
	if (str_eq_nocase(type, STR("application/json")) && str_find(raw, STR("wp-json")) != STR_NPOS)
		return;
	AUTO(strbuf) struct strbuf href = STRBUF_INIT(raw.len * 2 + 16), title = STRBUF_INIT(4096);
	html_unescape(&href, raw);
	html_to_text(&title, text_cut(str_trim(attr_raw(attrs, STR("title"))), 1000), NULL, NULL);
	found(ctx, strbuf_str(&href), type, strbuf_str(&title));
}

void html_find_feeds(struct str html, struct strbuf *ret_base,
                     void (*found)(void *ctx, struct str href, struct str type, struct str title), void *ctx)
{
	size_t last = last_gt(html);
	bool unclosed = false;

	for (size_t i = 0; i < html.len;) {
		const char *lt = memchr(html.p + i, '<', html.len - i);
		struct tag t;

		if (lt == NULL)
			return;
		i = (size_t)(lt - html.p);
		if (!tag_read(html, i, last, &t)) {
			size_t next = skip_declaration(html, i, last, &unclosed);
			i = next ? next : i + 1;
			continue;
		}
		i = t.end;
		if (t.closing || t.element < 0)
			continue;
		if (elements[t.element].kind == ELEMENT_RAW) {
			size_t end = find_end_tag(html, i, str_c(elements[t.element].name));
			i = end == STR_NPOS ? html.len : end;
		} else if (str_eq_nocase(t.name, STR("link"))) {
			page_link(t.attrs, found, ctx);
		} else if (str_eq_nocase(t.name, STR("base")) && ret_base && ret_base->len == 0) {
			html_unescape(ret_base, str_trim(attr_raw(t.attrs, STR("href"))));
		}
	}
}
