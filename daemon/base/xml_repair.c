/* SPDX-License-Identifier: ISC */
/*
 * A tokenizer that takes anything for XML and writes well-formed XML.  What is no markup becomes text; what is left open
 * is closed where its parent ends, at the latest where the next item or entry begins.
 */
#include "xml_repair.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/vec.h"
#include "entity.h"

#define OPEN_MAX 512        /* elements open at once; deeper start tags are dropped */
#define ATTRS_KEPT_MAX 128  /* of one tag; more are dropped, so that the search for doubles is cheap */
#define NAME_BUCKETS 1024u

/* Elements of an item that never stand in one another. */
static const char *const fields[] = {
	"title", "link", "guid", "pubDate", "description", "author", "category", "comments", "enclosure", "id", "published",
	"updated", "summary", "content", "content:encoded", "dc:creator", "dc:date", "dc:subject",
};
#define FIELDS_N (sizeof(fields) / sizeof(fields[0]))

struct xml_repair {
	struct strbuf *out;
	struct str s;
	size_t at;                           /* how far it was read */
	enum xml_end end;
	VEC(struct str) open;                /* names of the open elements */
	bool root_ended;                     /* its end tag was there */
	size_t item;                         /* 1 + index in open of the item or entry, 0 = none */
	struct str item_name;                /* empty before the first one */
	uint16_t counts[NAME_BUCKETS];       /* how many open names fall into a bucket: says "not open" at once */
	/* Where the next of each stands, kept so that no stretch is searched twice; see next_of(). */
	size_t cdata_end, comment_end, pi_end, item_start, item_end, field_end[FIELDS_N];
};

static bool is_name_start(char c)
{
	return char_is_alpha(c) || c == '_';
}

static bool is_name(char c)
{
	return char_is_alnum(c) || c == '_' || c == '-' || c == '.' || c == ':';
}

/* The name that starts at i; empty if none does. */
static struct str name_at(struct str s, size_t i)
{
	size_t from = i;

	if (i >= s.len || !is_name_start(s.p[i]))
		return STR("");
	while (i < s.len && is_name(s.p[i]))
		i++;
	while (s.p[i - 1] == ':') /* "a:" is a name that XML does not know */
		i--;
	return str_slice(s, from, i);
}

static struct str local_name(struct str name)
{
	size_t colon = str_rchr(name, ':');

	return colon == STR_NPOS ? name : str_from(name, colon + 1);
}

/* Is this what the document calls its items?  What the first of them is called they all are. */
static bool is_item(const struct xml_repair *r, struct str name)
{
	if (!str_empty(r->item_name))
		return str_eq(name, r->item_name);
	name = local_name(name);
	return str_eq(name, STR("item")) || str_eq(name, STR("entry"));
}

/* What items stand in. */
static bool is_container(struct str name)
{
	static const char *const names[] = { "rss", "rdf", "channel", "feed", "items" };

	name = local_name(name);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq_nocase(name, str_c(names[i])))
			return true;
	return false;
}

/* Elements of HTML that have no end tag: where HTML stands unescaped in a feed they are closed on the spot. */
static bool is_void(struct str name)
{
	static const char *const names[] = { "br", "hr", "img", "input", "wbr", "embed", "col" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_eq_nocase(name, str_c(names[i])))
			return true;
	return false;
}

static size_t field_of(struct str name)
{
	size_t i = 0;

	while (i < FIELDS_N && !str_eq(name, str_c(fields[i])))
		i++;
	return i;
}

/* --- text --------------------------------------------------------------------------------------------------- */

static void put_char(struct strbuf *out, uint32_t c)
{
	if (c == '<')
		strbuf_adds(out, "&lt;");
	else if (c == '>')
		strbuf_adds(out, "&gt;");
	else if (c == '&')
		strbuf_adds(out, "&amp;");
	else if (c == '"')
		strbuf_adds(out, "&quot;");
	else if (c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c != 0xfffe && c != 0xffff))
		strbuf_add_utf8(out, c);
}

/* The reference at s.p[i], decoded, or "&amp;"; returns the bytes it takes. */
static size_t put_reference(struct strbuf *out, struct str s, size_t i)
{
	uint32_t c;
	size_t n = entity_decode(s, i, true, &c);

	if (n == 0) {
		strbuf_adds(out, "&amp;");
		return 1;
	}
	put_char(out, c);
	return n;
}

/* Bytes that cannot simply be copied: markup, and the first byte of U+FFFE and U+FFFF. */
static bool is_special(char c)
{
	return c == '<' || c == '>' || c == '&' || c == '"' || c == '\xef';
}

/* Text or an attribute's value: `literal` says that & is no reference (CDATA). */
static void put_text(struct strbuf *out, struct str s, bool literal)
{
	for (size_t i = 0; i < s.len;) {
		size_t from = i;

		while (i < s.len && !is_special(s.p[i]))
			i++;
		strbuf_add(out, str_slice(s, from, i));
		if (i == s.len)
			return;
		if (s.p[i] == '\xef') {
			struct str rest = str_slice(s, i, i + 3);
			bool bad = str_eq(rest, STR("\xef\xbf\xbe")) || str_eq(rest, STR("\xef\xbf\xbf"));

			strbuf_add(out, bad ? STR("\xef\xbf\xbd") : str_slice(s, i, i + 1));
			i += bad ? 3 : 1;
		} else if (s.p[i] == '&' && !literal) {
			i += put_reference(out, s, i);
		} else {
			put_char(out, (unsigned char)s.p[i++]);
		}
	}
}

/* --- elements ----------------------------------------------------------------------------------------------- */

static uint16_t *bucket(struct xml_repair *r, struct str name)
{
	return &r->counts[hash64_seeded(name, hash_process_seed()) % NAME_BUCKETS];
}

static void push(struct xml_repair *r, struct str name)
{
	vec_push(&r->open, name);
	if (r->open.n > 1) /* no end tag closes the root */
		(*bucket(r, name))++;
	if (is_item(r, name)) {
		r->item = r->open.n;
		if (str_empty(r->item_name))
			r->item_start = r->item_end = 0; /* they may stand at what only looked like an item */
		r->item_name = name;
	}
}

static void pop(struct xml_repair *r)
{
	struct str name = r->open.v[--r->open.n];

	if (r->open.n > 0)
		(*bucket(r, name))--;
	if (r->item == r->open.n + 1)
		r->item = 0;
	strbuf_adds(r->out, "</");
	strbuf_add(r->out, name);
	strbuf_addc(r->out, '>');
}

/* How many elements are open down to the one that items stand in. */
static size_t innermost_container(const struct xml_repair *r)
{
	size_t i = r->open.n;

	while (i > 0 && !is_container(r->open.v[i - 1]))
		i--;
	return i ? i : r->open.n;
}

static void close_to(struct xml_repair *r, size_t depth)
{
	while (r->open.n > depth)
		pop(r);
}

/* An end tag closes what was left open in it.  The root stays open to the end: what follows is still read. */
static void end_tag(struct xml_repair *r, struct str name)
{
	if (*bucket(r, name) == 0) {
		r->root_ended = r->root_ended || (r->open.n > 0 && str_eq_nocase(r->open.v[0], name));
		return;
	}
	for (size_t i = r->open.n; i > 1; i--)
		if (str_eq(r->open.v[i - 1], name)) {
			close_to(r, i - 1);
			return;
		}
}

struct kept {
	struct str names[ATTRS_KEPT_MAX];
	size_t n;
};

static bool keep(struct kept *k, struct str name)
{
	for (size_t i = 0; i < k->n; i++)
		if (str_eq(k->names[i], name))
			return false;
	if (k->n == ATTRS_KEPT_MAX)
		return false;
	k->names[k->n++] = name;
	return true;
}

/*
 * The value at i (behind '=').  In quotes it ends at the next quote; if a '<' comes first, the quote was forgotten, and it
 * ends at the tag's '>' or "/>", or at that '<'.
 */
static struct str value_at(struct str s, size_t i, size_t *ret_next)
{
	char quote = i < s.len && (s.p[i] == '"' || s.p[i] == '\'') ? s.p[i] : '\0';
	size_t from = i + (quote != '\0'), gt = STR_NPOS;

	for (i = from; i < s.len; i++) {
		char c = s.p[i];

		if (quote ? c == quote : char_is_space(c) || c == '>') {
			*ret_next = i + (quote != '\0');
			return str_slice(s, from, i);
		}
		if (c == '>' && gt == STR_NPOS)
			gt = i;
		if (c == '<')
			break;
	}
	if (gt != STR_NPOS && gt > from && s.p[gt - 1] == '/')
		gt--;
	*ret_next = gt == STR_NPOS ? i : gt;
	return str_slice(s, from, *ret_next);
}

/* Copies the attributes from i to the tag's end; returns the position behind it, `ret_empty` for "/>". */
static size_t put_attrs(struct xml_repair *r, size_t i, bool *ret_empty)
{
	struct str s = r->s;
	struct kept kept;

	kept.n = 0;
	*ret_empty = false;
	while (i < s.len && s.p[i] != '>' && s.p[i] != '<') {
		struct str name = name_at(s, i);

		if (str_empty(name)) {
			*ret_empty = s.p[i] == '/' || (*ret_empty && char_is_space(s.p[i]));
			i++;
			continue;
		}
		*ret_empty = false;
		size_t next = i += name.len;
		while (next < s.len && char_is_space(s.p[next]))
			next++;
		if (next >= s.len || s.p[next] != '=')
			continue; /* a name alone says nothing to a feed */
		for (next++; next < s.len && char_is_space(s.p[next]); next++)
			;
		struct str value = value_at(s, next, &i);
		if (!keep(&kept, name))
			continue;
		strbuf_addc(r->out, ' ');
		strbuf_add(r->out, name);
		strbuf_adds(r->out, "=\"");
		put_text(r->out, value, false);
		strbuf_addc(r->out, '"');
	}
	return i < s.len && s.p[i] == '>' ? i + 1 : i;
}

/* --- looking ahead ------------------------------------------------------------------------------------------ */

/* Position of `what` at or behind `from`; `memo` is the last answer.  Questions come in order of `from`. */
static size_t next_of(struct str s, size_t from, struct str what, size_t *memo)
{
	if (*memo < from) {
		size_t at = str_find(str_from(s, from), what);

		*memo = at == STR_NPOS ? STR_NPOS : from + at;
	}
	return *memo;
}

/* The same for the start, or with `ends` the end tag of an item. */
static size_t next_item(struct xml_repair *r, size_t from, bool ends)
{
	size_t *memo = ends ? &r->item_end : &r->item_start;
	struct str s = r->s;

	if (*memo >= from)
		return *memo;
	*memo = STR_NPOS;
	for (size_t i = from; i < s.len; i++) {
		const char *lt = memchr(s.p + i, '<', s.len - i);

		if (lt == NULL)
			break;
		i = (size_t)(lt - s.p);
		if ((i + 1 < s.len && s.p[i + 1] == '/') == ends && is_item(r, name_at(s, i + 1 + ends))) {
			*memo = i;
			break;
		}
	}
	return *memo;
}

/*
 * Was the section at `from` (its text) left open?  It was if the item around it ends before its own end mark, or if it
 * would hold the next item.
 */
static bool is_unended(struct xml_repair *r, size_t from, size_t end, bool cdata)
{
	if (end == STR_NPOS)
		return true;
	if (r->item == 0)
		return cdata && next_item(r, from, false) < end;
	size_t close = next_item(r, from, true);
	return close < end && close < next_item(r, from, false);
}

/* Position of the end tag of the innermost element, else of where the item ends or the next begins, else the end. */
static size_t end_of_parent(struct xml_repair *r, size_t from)
{
	struct str name = r->open.n ? r->open.v[r->open.n - 1] : STR("");
	size_t start = next_item(r, from, false), end = next_item(r, from, true), limit = start < end ? start : end;
	struct str part = str_slice(r->s, from, limit == STR_NPOS ? r->s.len : limit);

	for (size_t i = 0; i + 1 < part.len && !str_empty(name); i++) {
		const char *lt = memchr(part.p + i, '<', part.len - i);

		if (lt == NULL)
			break;
		i = (size_t)(lt - part.p);
		if (i + 1 < part.len && part.p[i + 1] == '/' && str_eq(name_at(part, i + 2), name))
			return from + i;
	}
	return from + part.len;
}

/* --- start tags and sections -------------------------------------------------------------------------------- */

/* A field that its item ends without its end tag was over where the next field begins. */
static void close_field(struct xml_repair *r, size_t at, struct str next)
{
	struct str name = r->open.n ? r->open.v[r->open.n - 1] : STR("");
	size_t field = field_of(name);
	char tag[24];

	if (field == FIELDS_N || r->item == 0 || field_of(next) == FIELDS_N)
		return;
	int len = snprintf(tag, sizeof(tag), "</%s", fields[field]);
	size_t close = next_of(r->s, at, str_n(tag, (size_t)len), &r->field_end[field]);
	size_t start = next_item(r, at, false), end = next_item(r, at, true);
	if (close > (start < end ? start : end))
		pop(r);
}

static size_t start_tag(struct xml_repair *r, size_t at, struct str name)
{
	size_t mark, next;
	bool empty;

	if (is_item(r, name))
		close_to(r, r->item > 0 ? r->item - 1 : innermost_container(r));
	close_field(r, at, name);
	mark = r->out->len;
	strbuf_addc(r->out, '<');
	strbuf_add(r->out, name);
	next = put_attrs(r, at + 1 + name.len, &empty);
	empty = empty || is_void(name);
	if (r->open.n == 0) {
		r->root_ended = empty;
		empty = false;
	}
	if (!empty && r->open.n >= OPEN_MAX) {
		strbuf_truncate(r->out, mark);
		return next;
	}
	strbuf_adds(r->out, empty ? "/>" : ">");
	if (!empty)
		push(r, name);
	return next;
}

/* "<!…" and "<?…" at `at`; returns where to go on, 0 if it is text. */
static size_t section(struct xml_repair *r, size_t at)
{
	struct str rest = str_from(r->s, at);

	if (str_starts(rest, STR("<![CDATA["))) {
		size_t end = next_of(r->s, at + 9, STR("]]>"), &r->cdata_end);
		bool unended = is_unended(r, at + 9, end, true);

		if (unended)
			end = end_of_parent(r, at + 9);
		if (r->open.n)
			put_text(r->out, str_slice(r->s, at + 9, end), true);
		return unended ? end : end + 3;
	}
	if (str_starts(rest, STR("<!--"))) {
		size_t end = next_of(r->s, at + 4, STR("-->"), &r->comment_end);

		return is_unended(r, at + 4, end, false) ? 0 : end + 3;
	}
	if (rest.len > 1 && rest.p[1] == '?') {
		size_t end = next_of(r->s, at + 2, STR("?>"), &r->pi_end);

		return is_unended(r, at + 2, end, false) ? 0 : end + 2;
	}
	if (rest.len > 2 && rest.p[1] == '!' && char_is_alpha(rest.p[2]) && r->open.n == 0) {
		bool subset = false; /* a doctype, whose '>' stands behind its "[ … ]" */

		for (size_t i = at; i < r->s.len; i++) {
			char c = r->s.p[i];

			if (c == '[' || c == ']')
				subset = c == '[';
			else if (c == '>' && !subset)
				return i + 1;
		}
		return r->s.len;
	}
	return 0;
}

static size_t markup(struct xml_repair *r, size_t at)
{
	struct str name;
	size_t next = section(r, at);

	if (next)
		return next;
	if (at + 1 < r->s.len && r->s.p[at + 1] == '/') {
		name = name_at(r->s, at + 2);
		if (!str_empty(name)) {
			next = at + 2 + name.len;
			while (next < r->s.len && char_is_space(r->s.p[next]))
				next++;
			if (next < r->s.len && r->s.p[next] == '>')
				next++;
			end_tag(r, name);
			return next;
		}
	} else {
		name = name_at(r->s, at + 1);
		next = at + 1 + name.len;
		/* "a <b" is markup, "<b,c" and "x<y=1" are not */
		if (!str_empty(name) && (next == r->s.len || char_is_space(r->s.p[next]) || r->s.p[next] == '>' ||
		                         r->s.p[next] == '/'))
			return start_tag(r, at, name);
	}
	if (r->open.n)
		strbuf_adds(r->out, "&lt;");
	return at + 1;
}

struct xml_repair *xml_repair_new(struct str s)
{
	struct xml_repair *r = mem_new(struct xml_repair);

	r->s = s;
	return r;
}

bool xml_repair_next(struct xml_repair *r, struct strbuf *out, size_t bytes)
{
	r->out = out;
	while (r->at < r->s.len && out->len < bytes && !out->toobig) {
		const char *lt = memchr(r->s.p + r->at, '<', r->s.len - r->at);
		size_t at = lt ? (size_t)(lt - r->s.p) : r->s.len;

		if (r->open.n)
			put_text(out, str_slice(r->s, r->at, at), false);
		r->at = at < r->s.len ? markup(r, at) : at;
	}
	if (r->at < r->s.len && !out->toobig)
		return true;
	r->end = r->root_ended ? XML_WHOLE : r->item > 0 ? XML_CUT_IN_ITEM : XML_CUT;
	close_to(r, 0);
	return false;
}

size_t xml_repair_at(const struct xml_repair *r)
{
	return r->at;
}

enum xml_end xml_repair_end(const struct xml_repair *r)
{
	return r->end;
}

void xml_repair_free(struct xml_repair *r)
{
	if (r == NULL)
		return;
	vec_free(&r->open);
	mem_free(r);
}
