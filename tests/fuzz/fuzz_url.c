/* SPDX-License-Identifier: ISC */
/* URLs: "base LF ref"; results stand alone, and our view of the host is libcurl's. */
#include "fuzz/fuzz.h"

#include "base/url.h"

static void check_host(struct str url)
{
	struct err e = { 0 };
	AUTO(url_parts) struct url_parts parts = { 0 };
	if (url_split(url, &parts, &e) != 0) {
		MUST(e.kind == ERR_INPUT && e.message[0]);
		return;
	}
	struct str host = url_host(url);
	bool plain = true; /* libcurl decodes %41 and normalises numeric addresses */
	for (size_t i = 0; i < host.len; i++)
		plain = plain && (char_is_alpha(host.p[i]) || host.p[i] == '-');
	if (plain && url_is_http(url))
		MUST(str_eq_nocase(host, str_c(parts.host)));
}

FUZZ(s)
{
	struct str ref = s, base = STR_NULL;
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(2 * URL_MAX);
	AUTO(strbuf) struct strbuf again = STRBUF_INIT(2 * URL_MAX);
	str_split(&ref, '\n', &base);
	check_host(base);
	struct str link = url_link(s, STR("hub"));
	MUST(!str_present(link) || (link.p >= s.p && link.p + link.len <= s.p + s.len));
	if (url_resolve(&out, base, ref)) {
		MUST(out.len > 0 && out.len <= URL_MAX);
		MUST(url_resolve(&again, STR_NULL, strbuf_str(&out)));
		MUST(str_eq(strbuf_str(&out), strbuf_str(&again)));
	} else {
		MUST(out.len == 0);
	}
	strbuf_reset(&out);
	strbuf_reset(&again);
	url_canonical(&out, base);
	url_canonical(&again, strbuf_str(&out));
	MUST(out.toobig || str_eq(strbuf_str(&out), strbuf_str(&again)));
	strbuf_reset(&out);
	url_redact(&out, base, false);
	MUST(str_chr(strbuf_str(&out), '#') == STR_NPOS);
	strbuf_reset(&out);
	url_redact(&out, base, true);
	MUST(out.toobig || str_ends(strbuf_str(&out), STR("***")));
}
