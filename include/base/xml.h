/* SPDX-License-Identifier: ISC */
/*
 * XML by libxml2's SAX2 push parser, fenced: no network, no DTD loading, only predefined and HTML
 * entities, depth and size limits
 * of ours.  Strict first; where that refuses, a byte-repair pass, then recover mode, so one poisonous place never
 * hides its neighbours (RELIABILITY 0.5).  Names arrive split: local name, namespace URI, prefix.
 * Within one run each name, namespace and prefix is interned: the same text has the same pointer.  Pure.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"

#define XML_DEPTH_MAX 256
#define XML_ATTRS_MAX 1000

struct xml_attr {
	struct str name, ns, value; /* ns empty if none; value decoded */
};
struct xml_handler {
	/* A run of the document begins: called again from scratch if strict parsing failed half-way
	 * and the repaired bytes
	 * are parsed anew.  Forget what you collected. */
	void (*restart)(void *ctx);
	void (*start)(void *ctx, struct str name, struct str ns, struct str prefix, const struct xml_attr *attrs, size_t n_attrs);
	void (*end)(void *ctx, struct str name);
	void (*text)(void *ctx, struct str text); /* pieces of character data and CDATA */
};
enum xml_end { XML_WHOLE, XML_CUT, XML_CUT_IN_ITEM }; /* is the end of the root there, or an item (entry) open? */
struct xml_result {
	bool repaired, recovered; /* how much help it needed */
	enum xml_end end;
	struct strbuf encoding;   /* name of the charset that was used; release it */
};
/* Parses a whole document.  `content_type` is the HTTP header value or absent; charset precedence:
 * BOM, HTTP charset, XML
 * declaration, UTF-8, windows-1252 (RFC 7303).  ERR_INPUT if there is no element at all.  Elements
 * deeper than XML_DEPTH_MAX are not reported, their text is. */
int xml_parse(struct str bytes, struct str content_type, const struct xml_handler *handler, void *ctx,
              struct xml_result *ret_result, struct err *e) MUST_CHECK;
/* The same piece by piece; bytes, content_type and what the handler points to are borrowed until the end. */
struct xml_reader;
struct xml_reader *xml_open(struct str bytes, struct str content_type, const struct xml_handler *handler, void *ctx);
/* Reads on for about `max_bytes`.  1: there is more, 0: that was all, see *ret_result; -1: as xml_parse. */
int xml_read(struct xml_reader *x, size_t max_bytes, struct xml_result *ret_result, struct err *e) MUST_CHECK;
void xml_close(struct xml_reader *x); /* NULL is fine */
void xml_setup(void); /* once, before threads start */
