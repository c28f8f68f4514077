/* SPDX-License-Identifier: ISC */
/* Lists of feeds: what is read, written and read again is the same list. */
#include "fuzz/fuzz.h"

#include "base/text.h"
#include "base/xml.h"
#include "control/opml.h"

FUZZ(s)
{
	AUTO(opml) struct opml first = { 0 }, again = { 0 };
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(16u << 20);
	struct err e = { 0 };

	xml_setup();
	if (opml_parse(s, &first, &e) != 0) {
		MUST(e.message[0] && first.feeds.n == 0);
		return;
	}
	opml_begin(&out);
	for (size_t i = 0; i < first.feeds.n; i++) {
		const struct opml_feed *f = &first.feeds.v[i];

		MUST(f->url.len > 0 && text_is_utf8(f->url) && text_is_utf8(f->title));
		opml_add(&out, f->title, STR_NULL, f->url, f->tags.v, f->tags.n);
	}
	opml_end(&out);
	MUST(opml_parse(strbuf_str(&out), &again, &e) == 0 && again.feeds.n == first.feeds.n);
	for (size_t i = 0; i < first.feeds.n; i++) {
		const struct opml_feed *f = &first.feeds.v[i], *g = &again.feeds.v[i];

		MUST(str_eq(f->url, g->url) && str_eq(f->title, g->title) && f->tags.n == g->tags.n);
		for (size_t k = 0; k < f->tags.n; k++)
			MUST(str_eq(f->tags.v[k], g->tags.v[k]));
	}
}
