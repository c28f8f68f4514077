/* SPDX-License-Identifier: ISC */
/* XML: whatever the bytes, elements close in order, all text is clean UTF-8, every end had a start. */
#include "fuzz/fuzz.h"

#include "base/text.h"
#include "base/xml.h"

struct seen {
	size_t depth, elements;
};

__attribute__((constructor)) static void setup(void)
{
	xml_setup();
}

static void on_restart(void *ctx)
{
	*(struct seen *)ctx = (struct seen){ 0 };
}

static void on_start(void *ctx, struct str name, struct str ns, struct str prefix,
		     const struct xml_attr *attrs, size_t n_attrs)
{
	struct seen *seen = ctx;
	MUST(name.len > 0 && text_is_utf8(name) && text_is_utf8(ns) && text_is_utf8(prefix));
	MUST(n_attrs <= XML_ATTRS_MAX && seen->depth < XML_DEPTH_MAX);
	for (size_t i = 0; i < n_attrs; i++)
		MUST(text_is_utf8(attrs[i].name) && text_is_utf8(attrs[i].value));
	seen->depth++;
	seen->elements++;
}

static void on_end(void *ctx, struct str name)
{
	struct seen *seen = ctx;
	MUST(seen->depth > 0 && name.len > 0);
	seen->depth--;
}

static void on_text(void *ctx, struct str text)
{
	(void)ctx;
	MUST(text_is_utf8(text));
}

FUZZ(s)
{
	static const struct xml_handler handler = { on_restart, on_start, on_end, on_text };
	struct seen seen = { 0 };
	struct xml_result result = { 0 };
	struct err e = { 0 };
	/* The first byte chooses what HTTP says. */
	static const char *const types[] = { NULL, "text/xml; charset=utf-8",
					     "text/xml; charset=windows-1251", "text/xml; charset=x" };
	struct str type = str_c(types[s.len ? (unsigned char)s.p[0] % 4 : 0]);
	if (xml_parse(str_from(s, 1), type, &handler, &seen, &result, &e) == 0) {
		MUST(seen.elements > 0 && result.encoding.len > 0);
		strbuf_release(&result.encoding);
	} else {
		MUST(e.kind == ERR_INPUT || e.kind == ERR_LIMIT);
	}
}
