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
#define PUSH_BYTES (128 << 10) /* at once: libxml2 copies what it is given */
#define WHOLE_BYTES (256 << 10) /* so much goes at once, for it looks ahead for every tag in what may go on */
#define NAMES_KNOWN 64
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
	bool recover;
	bool junk;     /* something stands behind the root, and it is no second document */
	long root_end; /* bytes up to the end of the root, -1 before */
	struct known_name {
		const xmlChar *p;
		size_t len;
	} names[NAMES_KNOWN];
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

/* The same of a name, which is interned: the few of a document come again and again. */
static struct str of_name(struct run *r, const xmlChar *s)
{
	uintptr_t key = (uintptr_t)s;
	struct known_name *known = &r->names[(key >> 2 ^ key >> 8) % NAMES_KNOWN];

	if (known->p != s)
		*known = (struct known_name){ s, s == NULL ? 0 : strlen((const char *)s) };
	return str_n(s == NULL ? (const char *)"" : (const char *)s, known->len);
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
			.name = of_name(r, v[0]),
			.ns = of_name(r, v[2]),
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
	r->handler->start(r->ctx, of_name(r, name), of_name(r, uri), of_name(r, prefix), r->attrs, n);
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix __attribute__((unused)),
                   const xmlChar *uri __attribute__((unused)))
{
	struct run *r = ctx;

	if (r->depth > 0 && r->depth-- <= XML_DEPTH_MAX)
		r->handler->end(r->ctx, of_name(r, name));
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

/* Parses clean or hopefully clean UTF-8. */
static void run_begin(struct run *r, bool recover)
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
	r->recover = recover;
	memset(r->names, 0, sizeof(r->names)); /* another run may intern others at the same place */
	r->root_end = -1;
	if (r->handler->restart)
		r->handler->restart(r->ctx);
	r->parser = xmlCreatePushParserCtxt(&sax, r, NULL, 0, NULL);
	if (r->parser == NULL)
		return; /* no memory: as if nothing were in it */
	/* HUGE lifts libxml2's own bounds, which would refuse the whole document: the body and the depth are bounded by us */
	xmlCtxtUseOptions(r->parser, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC |
	                             XML_PARSE_NOENT | XML_PARSE_HUGE | (recover ? XML_PARSE_RECOVER : 0));
	r->parser->charset = XML_CHAR_ENCODING_UTF8; /* nothing to guess, and no message about a wrong guess */
}

/* How much to give it next: of a text that does not end it keeps all, and looks through it again each time. */
static size_t run_room(const struct run *r, size_t left)
{
	const xmlParserInput *in = r->parser == NULL ? NULL : r->parser->input;
	size_t kept = in == NULL ? 0 : (size_t)(in->end - in->cur), room = left <= WHOLE_BYTES ? WHOLE_BYTES : PUSH_BYTES;

	return kept > room ? kept : room;
}

/* The next `room` bytes of what is left, or so many up to the last end of an item among them: of a text that goes on behind
 * a chunk libxml2 looks through what there is of it once more. */
static struct str chunk_of(struct str rest, size_t room)
{
	struct str chunk = str_slice(rest, 0, room);

	if (chunk.len == rest.len)
		return chunk;
	for (size_t at = chunk.len; at > chunk.len / 2;) {
		const char *lt = memrchr(chunk.p + chunk.len / 2, '<', at - chunk.len / 2);

		if (lt == NULL)
			break;
		at = (size_t)(lt - chunk.p);
		struct str tag = str_from(chunk, at);
		if (str_starts(tag, STR("</item>")) || str_starts(tag, STR("</entry>")))
			return str_slice(chunk, 0, at + (tag.p[2] == 'i' ? 7 : 8));
	}
	return chunk;
}

/* False: it is of no more use to go on. */
static bool run_push(struct run *r, struct str chunk, bool last)
{
	if (r->parser == NULL)
		return false;
	(void)xmlParseChunk(r->parser, chunk.p, (int)chunk.len, last);
	return !last && (r->recover || r->parser->wellFormed);
}

static void run_free(struct run *r)
{
	if (r->parser == NULL)
		return;
	xmlDocPtr doc = r->parser->myDoc;
	xmlFreeParserCtxt(r->parser);
	if (doc)
		xmlFreeDoc(doc);
	r->parser = NULL;
}

/* True if it was well-formed, but for junk behind the root. */
static bool run_end(struct run *r, struct str utf8)
{
	if (r->parser == NULL)
		return false;
	r->junk = !r->recover && r->parser->errNo == XML_ERR_DOCUMENT_END && is_junk(r, utf8);
	bool well_formed = (r->parser->wellFormed == 1 && r->depth == 0) || r->junk;
	run_free(r);
	return well_formed;
}

/* --- the whole ---------------------------------------------------------------------------------------------- */

struct xml_reader {
	struct run run;
	struct str bytes, content_type;
	struct str body;               /* of the attempt: the bytes, or what was made of them */
	size_t at;                     /* how far it was read */
	bool spaced;                   /* white space stood before the declaration, where none may be */
	bool as_it_stands;             /* the attempt over the bytes themselves, which seem to be UTF-8 */
	struct strbuf converted, clean, piece;
	struct xml_repair *repair;     /* the last attempt: over repaired bytes, which libxml2 may take or leave in part */
	bool recovered;
	enum xml_end end;
	struct strbuf encoding;
};

static void begin_repair(struct xml_reader *x)
{
	if (!text_is_clean(x->body)) {
		x->clean = STRBUF_INIT(x->body.len * 3 + 16);
		text_repair(&x->clean, x->body);
		strbuf_release(&x->converted);
		x->body = strbuf_str(&x->clean);
	}
	x->repair = xml_repair_new(x->body);
	x->piece = STRBUF_INIT(x->body.len * REPAIR_GROWTH + 65536);
	run_begin(&x->run, true);
}

static void convert(struct xml_reader *x)
{
	x->converted = STRBUF_INIT(x->bytes.len * 3 + 16);
	x->body = charset_to_utf8(&x->converted, x->bytes, charset_choose(x->bytes, x->content_type), &x->encoding);
}

/* A declaration is one at the very beginning only; that is all that is wrong with many a document. */
static void skip_space(struct xml_reader *x)
{
	size_t n = 0;

	while (n < x->body.len && char_is_space(x->body.p[n]))
		n++;
	x->spaced = n > 0 && str_starts(str_from(x->body, n), STR("<?xml"));
	if (x->spaced)
		x->body = str_from(x->body, n);
}

struct xml_reader *xml_open(struct str bytes, struct str content_type, const struct xml_handler *handler, void *ctx)
{
	struct xml_reader *x = mem_new(struct xml_reader);

	x->run.handler = handler;
	x->run.ctx = ctx;
	x->bytes = bytes;
	x->content_type = content_type;
	x->encoding = STRBUF_INIT(CHARSET_NAME_MAX);
	x->as_it_stands = charset_seems_utf8(bytes, content_type);
	if (x->as_it_stands)
		x->body = charset_without_bom(bytes);
	else
		convert(x);
	skip_space(x);
	run_begin(&x->run, false);
	return x;
}

/* One push.  False: the attempt is over. */
static bool push_next(struct xml_reader *x)
{
	size_t room = run_room(&x->run, x->body.len - x->at);

	if (x->repair) {
		strbuf_reset(&x->piece);
		bool more = xml_repair_next(x->repair, &x->piece, room);
		x->at = xml_repair_at(x->repair);
		return run_push(&x->run, strbuf_str(&x->piece), !more);
	}
	struct str chunk = chunk_of(str_from(x->body, x->at), room);
	x->at += chunk.len;
	return run_push(&x->run, chunk, x->at >= x->body.len);
}

/* The attempt is over.  True: another one begins. */
static bool try_again(struct xml_reader *x)
{
	bool good = run_end(&x->run, x->body);

	if (x->repair) {
		x->recovered = !good;
		x->end = xml_repair_end(x->repair);
		return false;
	}
	if (good && x->as_it_stands)
		strbuf_adds(&x->encoding, "utf-8");
	if (good)
		return false;
	if (x->as_it_stands)
		convert(x);
	x->at = 0;
	begin_repair(x);
	return true;
}

int xml_read(struct xml_reader *x, size_t max_bytes, struct xml_result *ret_result, struct err *e)
{
	if (x->bytes.len > INT_MAX / 2)
		return err_set(e, ERR_LIMIT, "XML of %zu bytes is too long", x->bytes.len);
	for (size_t from = x->at; x->at < from || x->at - from < max_bytes; ) {
		if (push_next(x))
			continue;
		if (try_again(x)) {
			from = 0;
			continue;
		}
		if (!x->run.any)
			return err_set(e, ERR_INPUT, "no XML element in it");
		bool repaired = x->repair || x->run.junk || x->spaced;
		*ret_result = (struct xml_result){ repaired, x->recovered, x->end, x->encoding };
		x->encoding = STRBUF_INIT(CHARSET_NAME_MAX);
		return 0;
	}
	return 1;
}

void xml_close(struct xml_reader *x)
{
	if (x == NULL)
		return;
	run_free(&x->run);
	mem_free(x->run.attrs);
	xml_repair_free(x->repair);
	strbuf_release(&x->converted);
	strbuf_release(&x->clean);
	strbuf_release(&x->piece);
	strbuf_release(&x->encoding);
	mem_free(x);
}

int xml_parse(struct str bytes, struct str content_type, const struct xml_handler *handler, void *ctx,
              struct xml_result *ret_result, struct err *e)
{
	struct xml_reader *x = xml_open(bytes, content_type, handler, ctx);
	int r = xml_read(x, SIZE_MAX, ret_result, e);

	xml_close(x);
	return r;
}

void xml_setup(void)
{
	xmlInitParser();
}
