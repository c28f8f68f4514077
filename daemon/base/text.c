/* SPDX-License-Identifier: ISC */
/* UTF-8 at the edge: checking, repairing, cutting, converting from other charsets, showing in terminals. */
#include "base/text.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define REPLACEMENT 0xfffdu

/*
 * Length of the well-formed sequence at p (1..4), or 0; then *ret_bad is the length of the maximal ill-formed part, which
 * one U+FFFD replaces (Unicode 15, 3.9, table 3-7 and "Best practice for using U+FFFD").
 */
static size_t sequence(const unsigned char *p, size_t avail, size_t *ret_bad)
{
	unsigned char lead = p[0], low = 0x80, high = 0xbf;
	size_t len;

	*ret_bad = 1;
	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	if (lead < 0xe0)
		len = 2;
	else if (lead < 0xf0)
		len = 3;
	else
		len = 4;
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	for (size_t i = 1; i < len; i++) {
		if (i == avail || p[i] < low || p[i] > high) {
			*ret_bad = i;
			return 0;
		}
		low = 0x80;
		high = 0xbf;
	}
	return len;
}

/* --- checking ---------------------------------------------------------------------------------- */

size_t text_ascii_run(struct str s, char low)
{
	const uint64_t ones = 0x0101010101010101u, lows = ones * (unsigned char)low;
	size_t i = 0;

#ifdef __SSE2__
	for (; i + 16 <= s.len; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(s.p + i));
		/* as signed bytes, those beyond ASCII are below all others */
		__m128i other = _mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(low)), _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
		int stops = _mm_movemask_epi8(other);

		if (stops)
			return i + (size_t)__builtin_ctz((unsigned)stops);
	}
#endif
	for (; i + 8 <= s.len; i += 8) {
		uint64_t w;

		memcpy(&w, s.p + i, 8);
		/* the high bit of each byte: set by >= 0x80, by the borrow of what is below `low`, by the carry from 0x7f */
		if ((w | (w - lows) | (w + ones)) & (ones << 7))
			break;
	}
	while (i < s.len && s.p[i] >= low && s.p[i] <= '~')
		i++;
	return i;
}

#define BLOCK 64
#define HISTORY 3 /* bytes before one that say what it must be */
enum { ILL_FORMED = 1, UNCLEAN = 2 };

/*
 * What is wrong in BLOCK bytes at p, behind which HISTORY more can be read.  No branches, so that the compiler makes vectors
 * of it: a byte is a tail if and only if a lead up to three bytes before wants one, and table 3-7 narrows some pairs.
 */
static int check_block(const unsigned char *p)
{
	unsigned char ill = 0, unclean = 0;

	for (int i = 0; i < BLOCK; i++) {
		unsigned char c = p[i], last = p[i - 1];
		unsigned char tail = (c & 0xc0) == 0x80, wanted = (last >= 0xc0) | (p[i - 2] >= 0xe0) | (p[i - 3] >= 0xf0);

		ill |= (tail != wanted) | (c == 0) | ((c & 0xfe) == 0xc0) | (c > 0xf4);
		ill |= ((last == 0xe0) & (c < 0xa0)) | ((last == 0xed) & (c > 0x9f));
		ill |= ((last == 0xf0) & (c < 0x90)) | ((last == 0xf4) & (c > 0x8f));
		unclean |= ((c < 0x20) & (c != '\n') & (c != '\t')) | (c == 0x7f) | ((last == 0xc2) & (c < 0xa0));
	}
	return (ill ? ILL_FORMED : 0) | (unclean ? UNCLEAN : 0);
}

/* The block at s.p[i], in `edge` if it or what must be readable before it is not all there: then blanks stand for it. */
static const unsigned char *block_at(struct str s, size_t i, unsigned char edge[static HISTORY + BLOCK])
{
	size_t before = i < HISTORY ? i : HISTORY, n = s.len - i < BLOCK ? s.len - i : BLOCK;

	if (before == HISTORY && n == BLOCK)
		return (const unsigned char *)s.p + i;
	memset(edge, ' ', HISTORY + BLOCK);
	memcpy(edge + HISTORY - before, s.p + i - before, before + n);
	return edge + HISTORY;
}

static bool has_none_of(struct str s, int faults)
{
	unsigned char edge[HISTORY + BLOCK];

	/* one block more than there are bytes: a tail may still be wanted behind the last */
	for (size_t i = 0; i <= s.len; i += BLOCK) {
		if (i == 0 || (unsigned char)s.p[i - 1] < 0x80) { /* nothing is wanted here */
			i += text_ascii_run(str_from(s, i), ' ');
			if (i == s.len)
				return true;
		}
		if (check_block(block_at(s, i, edge)) & faults)
			return false;
	}
	return true;
}

bool text_is_utf8(struct str s)
{
	return has_none_of(s, ILL_FORMED);
}

bool text_is_clean(struct str s)
{
	return has_none_of(s, ILL_FORMED | UNCLEAN);
}

/* --- code points ------------------------------------------------------------------------------- */

uint32_t text_next(struct str s, size_t *pos)
{
	const unsigned char *p = (const unsigned char *)s.p + *pos;
	size_t bad, n = sequence(p, s.len - *pos, &bad);

	*pos += n ? n : bad;
	switch (n) {
	case 1:
		return p[0];
	case 2:
		return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
	case 3:
		return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
	case 4:
		return (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
	default:
		return REPLACEMENT;
	}
}

size_t text_encode(char buf[static 4], uint32_t c)
{
	if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		c = REPLACEMENT;
	if (c < 0x80) {
		buf[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		buf[0] = (char)(0xc0 | c >> 6);
		buf[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		buf[0] = (char)(0xe0 | c >> 12);
		buf[1] = (char)(0x80 | (c >> 6 & 0x3f));
		buf[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	buf[0] = (char)(0xf0 | c >> 18);
	buf[1] = (char)(0x80 | (c >> 12 & 0x3f));
	buf[2] = (char)(0x80 | (c >> 6 & 0x3f));
	buf[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* A byte that text_repair copies without a second look: printable ASCII, \t and \n. */
static bool is_plain(unsigned char c)
{
	return (c >= 0x20 && c < 0x7f) || c == '\t' || c == '\n';
}

void text_repair(struct strbuf *out, struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;

	for (size_t i = 0; i < s.len;) {
		size_t from = i, bad, n;

		while (i < s.len && is_plain(p[i]))
			i++;
		if (i > from && !strbuf_add(out, str_slice(s, from, i)))
			return;
		if (i == s.len)
			return;
		if (p[i] < 0x80) {
			if (p[i] == 0)
				strbuf_add_utf8(out, REPLACEMENT);
			else if (p[i] == '\r' && (i + 1 == s.len || p[i + 1] != '\n'))
				strbuf_addc(out, '\n'); /* old line end: must not join two words */
			i++;
			continue;
		}
		n = sequence(p + i, s.len - i, &bad);
		if (n == 0)
			strbuf_add_utf8(out, REPLACEMENT);
		else if (n != 2 || p[i] != 0xc2 || p[i + 1] >= 0xa0)
			strbuf_add(out, str_n(s.p + i, n));
		else if (text_from_1252(p[i + 1]) >= 0xa0)
			strbuf_add_utf8(out, text_from_1252(p[i + 1]));
		i += n ? n : bad;
	}
}

size_t text_count(struct str s)
{
	size_t n = 0;

	for (size_t pos = 0; pos < s.len; n++)
		(void)text_next(s, &pos);
	return n;
}

struct str text_cut(struct str s, size_t max_bytes)
{
	if (s.len <= max_bytes)
		return s;
	size_t len = max_bytes;
	while (len > 0 && ((unsigned char)s.p[len] & 0xc0) == 0x80)
		len--;
	return str_n(s.p, len);
}

struct str text_cut_points(struct str s, size_t max_points)
{
	size_t pos = 0;

	while (pos < s.len && max_points-- > 0)
		(void)text_next(s, &pos);
	return str_n(s.p, pos);
}

/* Bytes of the white space at p: ASCII, or U+00A0, which a reader takes for a space; 0 if none. */
static size_t space_at(const char *p, size_t avail)
{
	if (char_is_space(*p))
		return 1;
	return avail > 1 && p[0] == '\xc2' && p[1] == '\xa0' ? 2 : 0;
}

void text_fold_space(struct strbuf *out, struct str s)
{
	bool any = false;

	for (size_t i = 0; i < s.len;) {
		size_t n = space_at(s.p + i, s.len - i), from;

		if (n) {
			i += n;
			continue;
		}
		for (from = i; i < s.len; i++) {
			if (space_at(s.p + i, s.len - i) == 0)
				continue;
			/* a single blank between two words stays in the run */
			if (s.p[i] != ' ' || i + 1 == s.len || space_at(s.p + i + 1, s.len - i - 1) > 0)
				break;
		}
		if (any)
			strbuf_addc(out, ' ');
		any = true;
		if (!strbuf_add(out, str_slice(s, from, i)))
			return;
	}
}

/* --- charsets ------------------------------------------------------------------------------------------------------ */

/*
 * Labels by which the web names charsets and what decodes them (encoding.spec.whatwg.org, "Names and labels", read
 * 2026-08): what the web calls latin1 is windows-1252, gb2312 is gb18030, shift_jis is CP932, and so on.  The
 * UTF-32 rows are ours: feeds have been seen with it.
 */
static const struct {
	const char *label, *iconv; /* NULL: ourselves */
} charsets[] = {
	{ "utf-8", "UTF-8" }, { "utf8", "UTF-8" }, { "unicode-1-1-utf-8", "UTF-8" }, { "x-unicode20utf8", "UTF-8" },
	{ "windows-1252", NULL }, { "cp1252", NULL }, { "x-cp1252", NULL }, { "iso-8859-1", NULL },
	{ "iso8859-1", NULL }, { "iso88591", NULL }, { "iso_8859-1", NULL }, { "iso-ir-100", NULL }, { "latin1", NULL },
	{ "latin-1", NULL }, { "l1", NULL }, { "ascii", NULL }, { "us-ascii", NULL }, { "ansi_x3.4-1968", NULL },
	{ "cp819", NULL }, { "ibm819", NULL }, { "iso_8859-1:1987", NULL },
	{ "windows-1250", "CP1250" }, { "cp1250", "CP1250" }, { "x-cp1250", "CP1250" },
	{ "windows-1251", "CP1251" }, { "cp1251", "CP1251" }, { "x-cp1251", "CP1251" }, { "win-1251", "CP1251" },
	{ "windows-1253", "CP1253" }, { "cp1253", "CP1253" }, { "x-cp1253", "CP1253" },
	{ "windows-1254", "CP1254" }, { "cp1254", "CP1254" }, { "x-cp1254", "CP1254" }, { "iso-8859-9", "CP1254" },
	{ "iso8859-9", "CP1254" }, { "iso88599", "CP1254" }, { "iso_8859-9", "CP1254" }, { "latin5", "CP1254" },
	{ "l5", "CP1254" },
	{ "windows-1255", "CP1255" }, { "cp1255", "CP1255" }, { "x-cp1255", "CP1255" },
	{ "windows-1256", "CP1256" }, { "cp1256", "CP1256" }, { "x-cp1256", "CP1256" },
	{ "windows-1257", "CP1257" }, { "cp1257", "CP1257" }, { "x-cp1257", "CP1257" },
	{ "windows-1258", "CP1258" }, { "cp1258", "CP1258" }, { "x-cp1258", "CP1258" },
	{ "windows-874", "CP874" }, { "iso-8859-11", "CP874" }, { "iso8859-11", "CP874" }, { "tis-620", "CP874" },
	{ "dos-874", "CP874" },
	{ "iso-8859-2", "ISO-8859-2" }, { "iso8859-2", "ISO-8859-2" }, { "iso_8859-2", "ISO-8859-2" },
	{ "latin2", "ISO-8859-2" }, { "l2", "ISO-8859-2" },
	{ "iso-8859-3", "ISO-8859-3" }, { "iso8859-3", "ISO-8859-3" }, { "latin3", "ISO-8859-3" },
	{ "iso-8859-4", "ISO-8859-4" }, { "iso8859-4", "ISO-8859-4" }, { "latin4", "ISO-8859-4" },
	{ "iso-8859-5", "ISO-8859-5" }, { "iso8859-5", "ISO-8859-5" }, { "cyrillic", "ISO-8859-5" },
	{ "iso-8859-6", "ISO-8859-6" }, { "iso8859-6", "ISO-8859-6" }, { "arabic", "ISO-8859-6" },
	{ "iso-8859-7", "ISO-8859-7" }, { "iso8859-7", "ISO-8859-7" }, { "greek", "ISO-8859-7" },
	{ "iso-8859-8", "ISO-8859-8" }, { "iso8859-8", "ISO-8859-8" }, { "hebrew", "ISO-8859-8" },
	{ "iso-8859-8-i", "ISO-8859-8" }, { "logical", "ISO-8859-8" },
	{ "iso-8859-10", "ISO-8859-10" }, { "iso8859-10", "ISO-8859-10" }, { "latin6", "ISO-8859-10" },
	{ "iso-8859-13", "ISO-8859-13" }, { "iso8859-13", "ISO-8859-13" },
	{ "iso-8859-14", "ISO-8859-14" }, { "iso8859-14", "ISO-8859-14" },
	{ "iso-8859-15", "ISO-8859-15" }, { "iso8859-15", "ISO-8859-15" }, { "latin9", "ISO-8859-15" },
	{ "iso_8859-15", "ISO-8859-15" }, { "l9", "ISO-8859-15" },
	{ "iso-8859-16", "ISO-8859-16" },
	{ "koi8-r", "KOI8-R" }, { "koi8", "KOI8-R" }, { "koi", "KOI8-R" }, { "koi8_r", "KOI8-R" },
	{ "koi8-u", "KOI8-U" }, { "koi8-ru", "KOI8-U" }, { "ibm866", "IBM866" }, { "cp866", "IBM866" },
	{ "macintosh", "MACINTOSH" }, { "mac", "MACINTOSH" }, { "x-mac-roman", "MACINTOSH" },
	{ "x-mac-cyrillic", "MAC-CYRILLIC" }, { "x-mac-ukrainian", "MAC-UK" },
	{ "gb18030", "GB18030" }, { "gbk", "GB18030" }, { "gb2312", "GB18030" }, { "gb_2312-80", "GB18030" },
	{ "x-gbk", "GB18030" }, { "chinese", "GB18030" }, { "cp936", "GB18030" }, { "hz-gb-2312", "GB18030" },
	{ "big5", "BIG5-HKSCS" }, { "big5-hkscs", "BIG5-HKSCS" }, { "cn-big5", "BIG5-HKSCS" }, { "x-x-big5", "BIG5-HKSCS" },
	{ "euc-jp", "EUC-JP-MS" }, { "x-euc-jp", "EUC-JP-MS" }, { "eucjp", "EUC-JP-MS" },
	{ "shift_jis", "CP932" }, { "shift-jis", "CP932" }, { "sjis", "CP932" }, { "x-sjis", "CP932" },
	{ "ms_kanji", "CP932" }, { "ms932", "CP932" }, { "windows-31j", "CP932" }, { "cp932", "CP932" },
	{ "iso-2022-jp", "ISO-2022-JP-2" },
	{ "euc-kr", "CP949" }, { "ks_c_5601-1987", "CP949" }, { "korean", "CP949" }, { "windows-949", "CP949" },
	{ "ksc5601", "CP949" }, { "cp949", "CP949" }, { "ks_c_5601-1989", "CP949" },
	{ "utf-16", "UTF-16LE" }, { "utf-16le", "UTF-16LE" }, { "ucs-2", "UTF-16LE" }, { "unicode", "UTF-16LE" },
	{ "iso-10646-ucs-2", "UTF-16LE" }, { "utf-16be", "UTF-16BE" }, { "unicodefffe", "UTF-16BE" },
	{ "utf-32", "UTF-32LE" }, { "utf-32le", "UTF-32LE" }, { "utf-32be", "UTF-32BE" },
	{ "iso-10646-ucs-4", "UTF-32LE" },
};

/* Index of the label in the table, or -1. */
static int charset_find(struct str label)
{
	label = str_trim(label);
	for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++)
		if (str_eq_nocase(label, str_c(charsets[i].label)))
			return (int)i;
	return -1;
}

bool text_charset_known(struct str charset)
{
	return charset_find(charset) >= 0;
}

static bool is_name(const char *name, const char *want)
{
	return str_eq(str_c(name), str_c(want));
}

/* The bytes without their byte order mark; a mark that says the other order than the label wins over it. */
static struct str skip_bom(struct str s, const char **name)
{
	if (is_name(*name, "UTF-8") && str_starts(s, STR("\xef\xbb\xbf")))
		return str_from(s, 3);
	if (str_starts(str_c(*name), STR("UTF-32"))) {
		bool le = s.len >= 4 && memcmp(s.p, "\xff\xfe\0\0", 4) == 0;
		bool be = s.len >= 4 && memcmp(s.p, "\0\0\xfe\xff", 4) == 0;

		if (le || be)
			*name = le ? "UTF-32LE" : "UTF-32BE";
		return le || be ? str_from(s, 4) : s;
	}
	if (str_starts(str_c(*name), STR("UTF-16"))) {
		bool le = str_starts(s, STR("\xff\xfe")), be = str_starts(s, STR("\xfe\xff"));

		if (le || be)
			*name = le ? "UTF-16LE" : "UTF-16BE";
		return le || be ? str_from(s, 2) : s;
	}
	return s;
}

/* The five bytes that windows-1252 leaves open are the C1 controls of the same number. */
uint32_t text_from_1252(unsigned char byte)
{
	static const uint16_t high[32] = {
		0x20ac, 0x81, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d,
		0x017d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a,
		0x0153, 0x9d, 0x017e, 0x0178,
	};

	return byte >= 0x80 && byte < 0xa0 ? high[byte - 0x80] : byte;
}

static void convert_1252(struct strbuf *out, struct str s)
{
	for (size_t i = 0; i < s.len && !out->toobig;) {
		size_t from = i;
		unsigned char c;

		while (i < s.len && (unsigned char)s.p[i] < 0x80)
			i++;
		strbuf_add(out, str_slice(s, from, i));
		if (i == s.len)
			break;
		c = (unsigned char)s.p[i++];
		strbuf_add_utf8(out, text_from_1252(c));
	}
}

/* Runs iconv over all of s.  Each byte (or short unit) that it refuses becomes one U+FFFD. */
static void convert_iconv(struct strbuf *out, iconv_t cd, struct str s, size_t unit)
{
	char *in = (char *)(uintptr_t)s.p; /* iconv does not write to its input, whatever its prototype says */
	size_t left = s.len;

	while (left > 0 && !out->toobig) {
		size_t room = 16384, n;
		char *to = strbuf_reserve(out, room), *p = to;

		if (to == NULL) {
			room = out->max - out->len;
			if (room < 8 || (to = strbuf_reserve(out, room)) == NULL) {
				out->toobig = true;
				return;
			}
			out->toobig = false;
			p = to;
		}
		n = iconv(cd, &in, &left, &p, &room);
		int code = errno;
		strbuf_commit(out, (size_t)(p - to));
		if (n != (size_t)-1)
			continue;
		if (code == E2BIG) {
			if (p == to)
				out->toobig = true;
			continue;
		}
		strbuf_add_utf8(out, REPLACEMENT);
		size_t skip = left < unit || code == EINVAL ? left : unit;
		in += skip;
		left -= skip;
		(void)iconv(cd, NULL, NULL, NULL, NULL);
	}
}

int text_convert(struct strbuf *out, struct str bytes, struct str charset, struct err *e)
{
	int i = charset_find(charset);

	if (i < 0)
		return err_set(e, ERR_INPUT, "unknown charset \"%.*s\"", STR_ARG(text_cut(charset, 40)));
	const char *name = charsets[i].iconv;
	if (name == NULL) {
		convert_1252(out, bytes);
	} else {
		size_t unit = str_starts(str_c(name), STR("UTF-16")) ? 2 : str_starts(str_c(name), STR("UTF-32")) ? 4 : 1;

		bytes = skip_bom(bytes, &name);
		iconv_t cd = iconv_open("UTF-8", name);
		if (cd == (iconv_t)-1)
			return err_set(e, ERR_INPUT, "charset %s is not installed", name);
		convert_iconv(out, cd, bytes, unit);
		iconv_close(cd);
	}
	if (out->toobig)
		return err_set(e, ERR_LIMIT, "text in %.*s is longer than %zu bytes", STR_ARG(text_cut(charset, 40)), out->max);
	return 0;
}

/* --- terminals ----------------------------------------------------------------------------------------------------- */

/* Characters that move, hide or reorder what a terminal shows. */
static bool is_treacherous(uint32_t c)
{
	return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	       c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

/* Joiners between two letters beyond ASCII are spelling (Persian, Indic scripts, emoji families). */
static bool is_spelling(struct str s, size_t at, uint32_t c)
{
	return (c == 0x200c || c == 0x200d) && at > 0 && at + 3 < s.len && (unsigned char)s.p[at - 1] >= 0x80 &&
	       (unsigned char)s.p[at + 3] >= 0x80;
}

void text_terminal(struct strbuf *out, struct str s)
{
	for (size_t pos = 0; pos < s.len;) {
		size_t at = pos;
		uint32_t c = text_next(s, &pos);

		if (!is_treacherous(c) || is_spelling(s, at, c))
			strbuf_add_utf8(out, c);
		else if (c < 0x100)
			strbuf_addf(out, "\\x%02x", (unsigned int)c);
		else
			strbuf_addf(out, "\\u%04x", (unsigned int)c);
	}
}

struct range {
	uint32_t from, to;
};

static bool in_ranges(uint32_t c, const struct range *r, size_t n)
{
	size_t low = 0;

	while (low < n) {
		size_t mid = (low + n) / 2;

		if (c > r[mid].to)
			low = mid + 1;
		else if (c < r[mid].from)
			n = mid;
		else
			return true;
	}
	return false;
}

/* Columns as terminals draw them: East Asian wide and emoji blocks two, marks that sit on another letter none. */
static size_t columns_of(uint32_t c)
{
	static const struct range none[] = {
		{ 0x300, 0x36f }, { 0x483, 0x489 }, { 0x591, 0x5bd }, { 0x5bf, 0x5bf }, { 0x5c1, 0x5c2 }, { 0x5c4, 0x5c5 },
		{ 0x610, 0x61a }, { 0x64b, 0x65f }, { 0x670, 0x670 }, { 0x6d6, 0x6dc }, { 0x6df, 0x6e4 }, { 0x6e7, 0x6e8 },
		{ 0x6ea, 0x6ed }, { 0x900, 0x902 }, { 0x93a, 0x93a }, { 0x93c, 0x93c }, { 0x941, 0x948 }, { 0x94d, 0x94d },
		{ 0x981, 0x981 }, { 0x9bc, 0x9bc }, { 0x9c1, 0x9c4 }, { 0x9cd, 0x9cd }, { 0xbc0, 0xbc0 }, { 0xbcd, 0xbcd },
		{ 0xe31, 0xe31 }, { 0xe34, 0xe3a }, { 0xe47, 0xe4e }, { 0xeb1, 0xeb1 }, { 0xeb4, 0xebc }, { 0x1ab0, 0x1aff },
		{ 0x1dc0, 0x1dff }, { 0x200b, 0x200f }, { 0x202a, 0x202e }, { 0x2060, 0x206f }, { 0x20d0, 0x20ff },
		{ 0x302a, 0x302d }, { 0x3099, 0x309a }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff },
		{ 0x1f3fb, 0x1f3ff }, { 0xe0000, 0xe01ef },
	};
	static const struct range wide[] = {
		{ 0x1100, 0x115f }, { 0x231a, 0x231b }, { 0x23e9, 0x23ec }, { 0x25fd, 0x25fe }, { 0x2614, 0x2615 },
		{ 0x2648, 0x2653 }, { 0x26a1, 0x26a1 }, { 0x26bd, 0x26be }, { 0x26c4, 0x26c5 }, { 0x2705, 0x2705 },
		{ 0x270a, 0x270b }, { 0x2728, 0x2728 }, { 0x274c, 0x274c }, { 0x2753, 0x2755 }, { 0x2757, 0x2757 },
		{ 0x2795, 0x2797 }, { 0x2b1b, 0x2b1c }, { 0x2b50, 0x2b50 }, { 0x2e80, 0x303e }, { 0x3041, 0x4dbf },
		{ 0x4e00, 0xa4cf }, { 0xa960, 0xa97f }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff }, { 0xfe30, 0xfe6f },
		{ 0xff00, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x1f004, 0x1f004 }, { 0x1f18e, 0x1f19a }, { 0x1f200, 0x1f320 },
		{ 0x1f32d, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f7e0, 0x1f7eb }, { 0x1f900, 0x1f9ff }, { 0x1fa70, 0x1faff },
		{ 0x20000, 0x3fffd },
	};

	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return 0;
	if (c < 0x300)
		return 1;
	if (in_ranges(c, none, sizeof(none) / sizeof(none[0])))
		return 0;
	return in_ranges(c, wide, sizeof(wide) / sizeof(wide[0])) ? 2 : 1;
}

bool text_colours(int fd)
{
	const char *unwanted = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) == 1 && (unwanted == NULL || unwanted[0] == '\0') && term != NULL && !str_eq(str_c(term), STR("dumb"));
}

size_t text_columns(struct str s)
{
	size_t n = 0;

	for (size_t pos = 0; pos < s.len;)
		n += columns_of(text_next(s, &pos));
	return n;
}
