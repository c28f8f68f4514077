/* SPDX-License-Identifier: ISC */
/* Which charset an XML document is in, and the way to UTF-8 (RFC 7303; XML 1.0, appendix F). */
#include "charset.h"

#include "base/text.h"

#define PROLOG_MAX 1024 /* bytes in which an encoding declaration must stand */

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

struct str charset_without_bom(struct str utf8)
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

struct str charset_choose(struct str bytes, struct str content_type)
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

struct str charset_to_utf8(struct strbuf *out, struct str bytes, struct str charset, struct strbuf *ret_name)
{
	struct err e;

	if (is_utf8_name(charset)) {
		strbuf_adds(ret_name, "utf-8");
		return charset_without_bom(bytes);
	}
	if (text_convert(out, bytes, charset, &e) != 0) { /* a charset that this machine's iconv lacks */
		strbuf_reset(out);
		charset = is_mostly_utf8(bytes) ? STR("utf-8") : STR("windows-1252");
		if (text_convert(out, bytes, charset, &e) != 0)
			strbuf_reset(out);
	}
	strbuf_add(ret_name, text_cut(charset, CHARSET_NAME_MAX));
	return strbuf_str(out);
}

bool charset_seems_utf8(struct str bytes, struct str content_type)
{
	struct str charset = value_of(content_type, STR("charset"));

	if (!str_present(charset) || !text_charset_known(charset))
		charset = declared_encoding(bytes);
	return str_starts(bytes, STR("\xef\xbb\xbf")) ||
	       (!str_present(sniff_wide(bytes)) && (!text_charset_known(charset) || is_utf8_name(charset)));
}
