/* SPDX-License-Identifier: ISC */
/* XML by libxml2's push parser: charset, fences, and the three attempts strict, repaired, recovered. */
#include "base/xml.h"

#include <limits.h>
#include <string.h>

#include <libxml/parser.h>
#include <libxml/SAX2.h>

#include "base/mem.h"
#include "base/text.h"
#include "charset.h"
#include "entity.h"
#include "xml_repair.h"

#define XML_DEPTH_HARD 20000 /* elements open at once: no feed, only an attack */
#define REPAIR_GROWTH 6      /* "&" becomes "&amp;", a byte in a name alone gets no longer: x 6 is beyond all */
#define PROLOG_MAX 1024      /* bytes in which an encoding declaration must stand */
#define ENCODING_MAX 64
#define PUSH_BYTES (256 << 10) /* at once: libxml2 copies what it is given */
#define ENTITIES_MAX 32      /* that a document declares */
#define ENTITY_TEXT_MAX 256  /* bytes of one */
#define ENTITY_ALL_MAX 65536 /* bytes that all uses of them may come to: a text saved some typing, no bomb */

struct run {
	const struct xml_handler *handler;
	void *ctx;
	xmlParserCtxtPtr parser;
	struct xml_attr *attrs;
	size_t attrs_cap;
	size_t depth; /* elements open */
	bool any, too_deep;
	bool junk;     /* something stands behind the root, and it is no second document */
	long root_end; /* bytes up to the end of the root, -1 before */
	xmlEntity entity; /* the last one that was asked for */
	xmlChar entity_text[ENTITY_TEXT_MAX + 1];
	struct declared {
		char name[ENTITY_MAX];
		char text[ENTITY_TEXT_MAX + 1];
	} declared[ENTITIES_MAX];
	size_t n_declared, expanded; /* bytes so far */
};

/* --- handlers ----------------------------------------------------------------------------------------------- */

static struct str of_xml(const xmlChar *s)
{
	return s ? str_c((const char *)s) : STR("");
}

static size_t read_attrs(struct run *r, int n, const xmlChar **v)
{
	size_t count = n < XML_ATTRS_MAX ? (size_t)n : XML_ATTRS_MAX;

	if (count > r->attrs_cap) {
		r->attrs_cap = count;
		r->attrs = mem_realloc_array(r->attrs, count, sizeof(*r->attrs));
	}
	for (size_t i = 0; i < count; i++, v += 5)
		r->attrs[i] = (struct xml_attr){
			.name = of_xml(v[0]),
			.ns = of_xml(v[2]),
			.value = str_n(v[3], (size_t)(v[4] - v[3])),
		};
	return count;
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                     int n_namespaces __attribute__((unused)), const xmlChar **namespaces __attribute__((unused)),
                     int n_attrs, int n_defaulted __attribute__((unused)), const xmlChar **attrs)
{
	struct run *r = ctx;

	r->any = true;
	if (++r->depth > XML_DEPTH_MAX) {
		if (r->depth > XML_DEPTH_HARD && !r->too_deep) {
			r->too_deep = true;
			xmlStopParser(r->parser);
		}
		return;
	}
	size_t n = n_attrs > 0 ? read_attrs(r, n_attrs, attrs) : 0;
	r->handler->start(r->ctx, of_xml(name), of_xml(uri), of_xml(prefix), r->attrs, n);
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix __attribute__((unused)), const xmlChar *uri)
{
	struct run *r = ctx;

	if (r->depth > 0 && r->depth-- <= XML_DEPTH_MAX)
		r->handler->end(r->ctx, of_xml(name), of_xml(uri));
	if (r->depth == 0 && r->root_end < 0)
		r->root_end = xmlByteConsumed(r->parser);
}

static void on_text(void *ctx, const xmlChar *text, int len)
{
	struct run *r = ctx;

	if (len > 0)
		r->handler->text(r->ctx, str_n(text, (size_t)len));
}

/* What a document declares counts if it is short and plain: no mark-up, no entity in an entity, nothing from outside. */
static void on_declare(void *ctx, const xmlChar *name, int type, const xmlChar *public_id __attribute__((unused)),
                       const xmlChar *system_id __attribute__((unused)), xmlChar *content)
{
	struct run *r = ctx;
	struct str n = of_xml(name), text = of_xml(content);

	if (type != XML_INTERNAL_GENERAL_ENTITY || r->n_declared == ENTITIES_MAX || n.len >= ENTITY_MAX ||
	    text.len > ENTITY_TEXT_MAX || str_chr(text, '<') != STR_NPOS || str_chr(text, '&') != STR_NPOS)
		return;
	struct declared *d = &r->declared[r->n_declared++];
	memcpy(d->name, n.p, n.len + 1);
	memcpy(d->text, text.p, text.len + 1);
}

/* Into entity_text; the first declaration of a name counts (XML 4.2).  Not in attributes, of which copies are made. */
static bool declared_text(struct run *r, struct str name)
{
	if (r->parser->instate == XML_PARSER_ATTRIBUTE_VALUE)
		return false;
	for (size_t i = 0; i < r->n_declared; i++) {
		struct str text = str_c(r->declared[i].text);

		if (!str_eq(name, str_c(r->declared[i].name)) || r->expanded + text.len > ENTITY_ALL_MAX)
			continue;
		r->expanded += text.len;
		memcpy(r->entity_text, text.p, text.len + 1);
		return true;
	}
	return false;
}

/*
 * What the document declares, and the entities of HTML.  libxml2 copies the content of a predefined entity into text as it
 * stands, but only its first byte into an attribute's value: there the entity must look like a general one.
 */
static xmlEntityPtr on_entity(void *ctx, const xmlChar *name)
{
	struct run *r = ctx;
	char text[ENTITY_MAX + 2];
	int len = snprintf(text, sizeof(text), "&%s;", (const char *)name);
	uint32_t c;

	if (len <= 0 || (size_t)len >= sizeof(text))
		return NULL;
	if (!declared_text(r, of_xml(name))) {
		if (entity_decode(str_n(text, (size_t)len), 0, true, &c) == 0)
			return NULL;
		r->entity_text[text_encode((char *)r->entity_text, c)] = '\0';
	}
	r->entity = (xmlEntity){
		.type = XML_ENTITY_DECL,
		.name = name,
		.content = r->entity_text,
		.orig = r->entity_text,
		.length = (int)strlen((const char *)r->entity_text),
		.etype = r->parser->instate == XML_PARSER_ATTRIBUTE_VALUE ? XML_INTERNAL_GENERAL_ENTITY :
		                                                           XML_INTERNAL_PREDEFINED_ENTITY,
		.checked = 1,
	};
	return &r->entity;
}

/* --- one run ------------------------------------------------------------------------------------------------ */

/* Is what stands behind the root only what a cache or a proxy wrote there?  Items would be read by the repair. */
static bool is_junk(const struct run *r, struct str utf8)
{
	struct str tail = str_from(utf8, r->root_end < 0 ? 0 : (size_t)r->root_end);

	return r->root_end >= 0 && r->depth == 0 && str_find(tail, STR("item")) == STR_NPOS &&
	       str_find(tail, STR("entry")) == STR_NPOS;
}

/* Parses clean or hopefully clean UTF-8.  True if it was well-formed, but for junk behind the root. */
static bool run_parser(struct run *r, struct str utf8, bool recover)
{
	xmlSAXHandler sax = {
		.initialized = XML_SAX2_MAGIC,
		.startElementNs = on_start,
		.endElementNs = on_end,
		.characters = on_text,
		.cdataBlock = on_text,
		.ignorableWhitespace = on_text,
		.getEntity = on_entity,
		.entityDecl = on_declare,
	};

	r->depth = r->n_declared = r->expanded = 0;
	r->any = r->too_deep = r->junk = false;
	r->root_end = -1;
	if (r->handler->restart)
		r->handler->restart(r->ctx);
	r->parser = xmlCreatePushParserCtxt(&sax, r, NULL, 0, NULL);
	if (r->parser == NULL)
		return false;
	/* HUGE lifts libxml2's own bounds, which would refuse the whole document: the body and the depth are bounded by us */
	xmlCtxtUseOptions(r->parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC |
	                             XML_PARSE_NOENT | XML_PARSE_HUGE | (recover ? XML_PARSE_RECOVER : 0));
	r->parser->charset = XML_CHAR_ENCODING_UTF8; /* nothing to guess, and no message about a wrong guess */
	bool last = false;
	for (size_t i = 0; !last && (recover || r->parser->wellFormed); i += PUSH_BYTES) {
		struct str chunk = str_slice(utf8, i, i + PUSH_BYTES);

		last = i + PUSH_BYTES >= utf8.len;
		(void)xmlParseChunk(r->parser, chunk.p, (int)chunk.len, last);
	}
	r->junk = !recover && r->parser->errNo == XML_ERR_DOCUMENT_END && is_junk(r, utf8);
	bool well_formed = (r->parser->wellFormed == 1 && r->depth == 0) || r->junk;
	xmlDocPtr doc = r->parser->myDoc;
	xmlFreeParserCtxt(r->parser);
	if (doc)
		xmlFreeDoc(doc);
	return well_formed;
}

/* --- charset ------------------------------------------------------------------------------------------------ */

/* The value of `key` in `s` ("charset=…", "encoding=…"), with or without quotes. */
static struct str value_of(struct str s, struct str key)
{
	for (size_t at; (at = str_find_nocase(s, key)) != STR_NPOS;) {
		bool whole = at == 0 || !char_is_alnum(s.p[at - 1]);

		s = str_from(s, at + key.len);
		struct str v = str_trim(s);
		if (!whole || str_empty(v) || v.p[0] != '=')
			continue;
		v = str_trim(str_from(v, 1));
		char quote = !str_empty(v) && (v.p[0] == '"' || v.p[0] == '\'') ? v.p[0] : '\0';
		size_t from = quote != '\0', to = from;
		while (to < v.len && (quote ? v.p[to] != quote : !char_is_space(v.p[to]) && v.p[to] != ';' && v.p[to] != '?'))
			to++;
		return str_trim(str_slice(v, from, to));
	}
	return STR_NULL;
}

static struct str declared_encoding(struct str bytes)
{
	struct str head = str_slice(bytes, 0, PROLOG_MAX);
	size_t start = str_find(head, STR("<?xml")), end;

	if (start == STR_NPOS)
		return STR_NULL;
	head = str_from(head, start);
	end = str_find(head, STR("?>"));
	return end == STR_NPOS ? STR_NULL : value_of(str_slice(head, 0, end), STR("encoding"));
}

/* UTF-16 and UTF-32 tell themselves by a BOM, or by the zeros around the first '<'. */
static struct str sniff_wide(struct str b)
{
	if (str_starts(b, STR("\xff\xfe\0\0")) || str_starts(b, STR("<\0\0\0")))
		return STR("utf-32le");
	if (str_starts(b, STR("\0\0\xfe\xff")) || str_starts(b, STR("\0\0\0<")))
		return STR("utf-32be");
	if (str_starts(b, STR("\xff\xfe")) || str_starts(b, STR("<\0")))
		return STR("utf-16le");
	if (str_starts(b, STR("\xfe\xff")) || str_starts(b, STR("\0<")))
		return STR("utf-16be");
	return STR_NULL;
}

static struct str without_bom(struct str utf8)
{
	return str_from(utf8, str_starts(utf8, STR("\xef\xbb\xbf")) ? 3 : 0);
}

static bool is_utf8_name(struct str name)
{
	return str_eq_nocase(name, STR("utf-8")) || str_eq_nocase(name, STR("utf8"));
}

/*
 * What is not valid UTF-8 though nobody said another charset: UTF-8 with a few bad bytes, or windows-1252?  The kind of
 * which there is more wins.
 */
static bool is_mostly_utf8(struct str s)
{
	size_t good = 0, bad = 0;

	for (size_t i = 0; i < s.len;) {
		if ((unsigned char)s.p[i] < 0x80) {
			i++;
			continue;
		}
		size_t from = i;
		if (text_next(s, &i) == 0xfffd && !str_starts(str_from(s, from), STR("\xef\xbf\xbd")))
			bad++;
		else
			good++;
	}
	return good >= bad;
}

/* The charset to use for bytes that are not simply valid UTF-8. */
static struct str choose_charset(struct str bytes, struct str content_type)
{
	struct str wide = sniff_wide(bytes), name = value_of(content_type, STR("charset"));

	if (str_present(wide))
		return wide;
	if (str_starts(bytes, STR("\xef\xbb\xbf")) || charset_surely_utf8(bytes))
		return STR("utf-8");
	for (int i = 0; i < 2; i++) {
		if (text_charset_known(name) && !str_starts_nocase(name, STR("utf-16")) &&
		    !str_starts_nocase(name, STR("utf-32")) && !is_utf8_name(name))
			return name;
		name = declared_encoding(bytes);
	}
	return is_mostly_utf8(bytes) ? STR("utf-8") : charset_guess(bytes);
}

/* Bytes to UTF-8, in `out` if they are not; `ret_name` says which charset it was.  Bad bytes of UTF-8 are left to the repair. */
static struct str to_utf8(struct strbuf *out, struct str bytes, struct str charset, struct strbuf *ret_name)
{
	struct err e;

	if (is_utf8_name(charset)) {
		strbuf_adds(ret_name, "utf-8");
		return without_bom(bytes);
	}
	if (text_convert(out, bytes, charset, &e) != 0) { /* a charset that this machine's iconv lacks */
		strbuf_reset(out);
		charset = is_mostly_utf8(bytes) ? STR("utf-8") : STR("windows-1252");
		if (text_convert(out, bytes, charset, &e) != 0)
			strbuf_reset(out);
	}
	strbuf_add(ret_name, text_cut(charset, ENCODING_MAX));
	return strbuf_str(out);
}

/* --- the whole ---------------------------------------------------------------------------------------------- */

/* Second and third attempt: over repaired bytes, which libxml2 may take or leave in part. */
static void run_repaired(struct run *r, struct str utf8, struct xml_result *res)
{
	AUTO(strbuf) struct strbuf clean = STRBUF_INIT(utf8.len * 3 + 16);
	AUTO(strbuf) struct strbuf repaired = STRBUF_INIT(utf8.len * 3 * REPAIR_GROWTH + 65536);

	if (!text_is_clean(utf8)) {
		text_repair(&clean, utf8);
		utf8 = strbuf_str(&clean);
	}
	res->end = xml_repair(&repaired, utf8);
	strbuf_release(&clean);
	res->repaired = true;
	res->recovered = !run_parser(r, strbuf_str(&repaired), true);
}

int xml_parse(struct str bytes, struct str content_type, const struct xml_handler *handler, void *ctx,
              struct xml_result *ret_result, struct err *e)
{
	struct run r = { .handler = handler, .ctx = ctx, .n_declared = 0 };
	struct xml_result res = { .encoding = STRBUF_INIT(ENCODING_MAX) };
	AUTO(strbuf) struct strbuf converted = STRBUF_INIT(bytes.len * 3 + 16);
	struct str charset = value_of(content_type, STR("charset"));

	if (bytes.len > INT_MAX / 2)
		return err_set(e, ERR_LIMIT, "XML of %zu bytes is too long", bytes.len);
	if (!str_present(charset) || !text_charset_known(charset))
		charset = declared_encoding(bytes);
	bool utf8 = str_starts(bytes, STR("\xef\xbb\xbf")) ||
	            (!str_present(sniff_wide(bytes)) && (!text_charset_known(charset) || is_utf8_name(charset)));
	struct str body = without_bom(bytes);
	if (utf8 && run_parser(&r, body, false)) {
		strbuf_adds(&res.encoding, "utf-8");
	} else {
		body = to_utf8(&converted, bytes, choose_charset(bytes, content_type), &res.encoding);
		if (utf8 || !run_parser(&r, body, false))
			run_repaired(&r, body, &res);
	}
	res.repaired = res.repaired || r.junk;
	mem_free(r.attrs);
	if (!r.any) {
		strbuf_release(&res.encoding);
		return err_set(e, ERR_INPUT, "no XML element in it");
	}
	*ret_result = res;
	return 0;
}

void xml_setup(void)
{
	xmlInitParser();
}
