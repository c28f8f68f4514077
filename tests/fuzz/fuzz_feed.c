/* SPDX-License-Identifier: ISC */
/*
 * Feeds of every kind through detection and codec: what comes out is sealed, clean UTF-8 and bounded, and sealing again
 * changes nothing.  A first byte from '0' to '9' is taken off and chooses what HTTP says.
 */
#include "fuzz/posts.h"

#include "base/json.h"
#include "base/text.h"
#include "base/xml.h"
#include "source/source.h"

__attribute__((constructor)) static void setup(void)
{
	xml_setup();
	json_setup();
}

static struct str content_type(struct str *s)
{
	static const char *const types[10] = {
		NULL, "text/xml", "application/rss+xml; charset=utf-8", "text/xml; charset=windows-1251", "text/html; charset=iso-8859-1",
		"application/feed+json", "text/xml; charset=shift_jis", "application/atom+xml; charset=utf-16", "text/xml; charset=x",
		"text/xml;;charset=\"",
	};
	if (s->len == 0 || !char_is_digit(s->p[0]))
		return STR_NULL;
	size_t i = (size_t)(s->p[0] - '0');
	*s = str_from(*s, 1);
	return str_c(types[i]);
}

FUZZ(s)
{
	struct err e = { 0 };
	struct source_document d;
	struct frame f = { .content_type = content_type(&s), .url = STR("https://feed.example/dir/feed") };
	f.bytes = s;
	const struct source_type *type = source_detect(&f);
	if (type == NULL)
		return;
	if (type->parse(NULL, &f, &d, &e) != 0) {
		MUST(e.kind == ERR_INPUT || e.kind == ERR_LIMIT);
		return;
	}
	check_text(d.title);
	MUST(text_is_utf8(d.url) && text_is_utf8(d.language) && text_is_utf8(d.hub) && text_is_utf8(d.self));
	MUST(d.posts.posts.n <= s.len && d.hints.ttl_ms >= 0);
	for (size_t i = 0; i < d.posts.posts.n; i++)
		check_post(d.posts.posts.v[i]);
	source_document_release(&d);
}
