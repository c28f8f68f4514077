/* SPDX-License-Identifier: ISC */
/* HTML: clean in, clean out; text is bounded by what went in; escaping is undone by unescaping. */
#include "fuzz/fuzz.h"

#include "base/html.h"
#include "base/text.h"

static void on_link(void *ctx, struct str href)
{
	*(size_t *)ctx += href.len;
}

static void on_feed(void *ctx, struct str href, struct str type, struct str title)
{
	*(size_t *)ctx += href.len + type.len + title.len;
}

FUZZ(s)
{
	size_t seen = 0, max = s.len * 8 + 64;
	AUTO(strbuf) struct strbuf clean = STRBUF_INIT(max), text = STRBUF_INIT(max);
	AUTO(strbuf) struct strbuf escaped = STRBUF_INIT(max), back = STRBUF_INIT(max);
	AUTO(strbuf) struct strbuf base = STRBUF_INIT(max);
	text_repair(&clean, s);
	struct str html = strbuf_str(&clean);
	html_to_text(&text, html, on_link, &seen);
	MUST(!text.toobig && text_is_utf8(strbuf_str(&text)));
	MUST(str_find(strbuf_str(&text), STR("\n\n\n")) == STR_NPOS);
	html_find_feeds(html, &base, on_feed, &seen);
	html_escape(&escaped, html);
	MUST(strpbrk(strbuf_cstr(&escaped), "<>\"'") == NULL);
	html_unescape(&back, strbuf_str(&escaped));
	MUST(str_eq(strbuf_str(&back), html));
	(void)html_looks_like(html);
}
