/* SPDX-License-Identifier: ISC */
/* base/text: repair, conversion, cutting, terminals. */
#include "lib/test.h"

#include "base/text.h"

static void check_repair(struct str in, const char *want)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4096);

	text_repair(&b, in);
	CHECK_STR(strbuf_str(&b), want);
	CHECK(text_is_utf8(strbuf_str(&b)));
}

static void check_convert(struct str in, const char *charset, const char *want)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4096);
	struct err e;

	CHECK_OK(text_convert(&b, in, str_c(charset), &e), &e);
	CHECK_STR(strbuf_str(&b), want);
}

TEST(is_utf8)
{
	CHECK(text_is_utf8(STR("")));
	CHECK(text_is_utf8(STR("0123456789abcdef l\xe2\x80\x99" "avenir \xf0\x9f\x98\x80")));
	CHECK(!text_is_utf8(STR("abc\0def")));
	CHECK(!text_is_utf8(STR("12345678\0" "12345678")));
	CHECK(!text_is_utf8(STR("\xc0\xaf")));         /* overlong */
	CHECK(!text_is_utf8(STR("\xed\xa0\x80")));     /* surrogate */
	CHECK(!text_is_utf8(STR("\xf4\x90\x80\x80"))); /* beyond U+10FFFF */
	CHECK(!text_is_utf8(STR("\xe2\x80")));         /* cut */
}

/* The same by decoding one character after the other. */
static bool decodes(struct str s)
{
	for (size_t i = 0; i < s.len;) {
		size_t from = i;
		uint32_t c = text_next(s, &i);

		if (c == 0 || (c == 0xfffd && !str_starts(str_from(s, from), STR("\xef\xbf\xbd"))))
			return false;
	}
	return true;
}

static void check_verdicts(struct str s)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4096);

	text_repair(&b, s);
	if (text_is_utf8(s) == decodes(s) && text_is_clean(s) == str_eq(strbuf_str(&b), s))
		return;
	print_error("%zu bytes: …%02x %02x %02x %02x\n", s.len, (unsigned char)s.p[s.len - 4], (unsigned char)s.p[s.len - 3],
	            (unsigned char)s.p[s.len - 2], (unsigned char)s.p[s.len - 1]);
	fail();
}

/* All pairs of bytes with some that may follow, at all places of a block of 64, at the end and before it. */
TEST(verdicts_of_all_sequences)
{
	static const char third[] = "a\x80\x8f\x90\xa0\xbf\xc3", fourth[] = "z\x80";
	char buf[140];

	memset(buf, 'x', sizeof(buf));
	for (size_t pair = 0; pair < 0x10000; pair++)
		for (size_t i = 0; i < 7; i++)
			for (size_t k = 0; k < 2; k++) {
				size_t at = 4 + (pair + i * 2 + k) % 64;

				buf[at] = (char)(pair >> 8);
				buf[at + 1] = (char)pair;
				buf[at + 2] = third[i];
				buf[at + 3] = fourth[k];
				check_verdicts(str_n(buf, at + 4));
				check_verdicts(str_n(buf, at + 3));
				check_verdicts(str_n(buf, at + 2));
				check_verdicts(str_n(buf, at + 60));
				memset(buf + at, 'x', 4);
			}
}

TEST(repair)
{
	check_repair(STR("plain\tand\nlines"), "plain\tand\nlines");
	check_repair(STR("caf\xc3\xa9"), "caf\xc3\xa9");
	check_repair(STR("a\xff" "b"), "a\xef\xbf\xbd" "b");
	check_repair(STR("a\xe2\x80z"), "a\xef\xbf\xbdz"); /* one mark for the cut sequence */
	check_repair(STR("\xf0\x80\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	check_repair(STR("nul\0bell\x07" "esc\x1b[m"), "nul\xef\xbf\xbd" "bellesc[m");
	check_repair(STR("c1\xc2\x81nbsp\xc2\xa0"), "c1nbsp\xc2\xa0");
	check_repair(STR("don\xc2\x92t"), "don’t"); /* windows-1252 taken for Latin-1 */
	check_repair(STR("dos\r\nmac\rend\r"), "dos\nmac\nend\n");
}

static void check_undo(const char *s, const char *want)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4096);
	bool undone = text_undo_1252(&b, str_c(s));

	CHECK_STR(undone ? strbuf_str(&b) : STR("as it was"), want);
}

TEST(undo_1252)
{
	check_undo("cafÃ© crÃ¨me", "café crème");
	check_undo("donâ€™t", "don’t");
	check_undo("an ellipsis of controls: \xc3\xa2\xc2\x80\xc2\xa6", "an ellipsis of controls: …");
	check_undo("plain", "as it was");
	check_undo("café", "as it was");
	check_undo("cafÃ© café", "as it was"); /* half of it: somebody writes about it */
	check_undo("Ich weiß…", "as it was");
	check_undo("AMANHÃ”", "as it was");
	check_undo("日本語 Ã©", "as it was");
	check_undo("Ð¿Ñ€Ð¸", "as it was");
}

TEST(next_and_encode)
{
	struct str s = STR("\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\xff");
	size_t pos = 0;
	char buf[4];

	CHECK_INT(text_next(s, &pos), 0xe9);
	CHECK_INT(text_next(s, &pos), 0x4e2d);
	CHECK_INT(text_next(s, &pos), 0x1f600);
	CHECK_INT(text_next(s, &pos), 0xfffd);
	CHECK_INT(pos, s.len);
	CHECK_INT(text_encode(buf, 0x1f600), 4);
	CHECK(memcmp(buf, "\xf0\x9f\x98\x80", 4) == 0);
	CHECK_INT(text_encode(buf, 0xd800), 3); /* no scalar value: U+FFFD */
	CHECK(memcmp(buf, "\xef\xbf\xbd", 3) == 0);
}

TEST(cut_and_count)
{
	struct str s = STR("a\xc3\xa9\xe4\xb8\xad");

	CHECK_INT(text_count(s), 3);
	CHECK_STR(text_cut(s, 2), "a");
	CHECK_STR(text_cut(s, 3), "a\xc3\xa9");
	CHECK_STR(text_cut(s, 99), "a\xc3\xa9\xe4\xb8\xad");
	CHECK_STR(text_cut_points(s, 2), "a\xc3\xa9");
	CHECK_STR(text_cut_points(s, 0), "");
}

TEST(fold_space)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(100);

	text_fold_space(&b, STR("  Ou \n\t xAI\xc2\xa0\xc2\xa0, il a dit "));
	CHECK_STR(strbuf_str(&b), "Ou xAI , il a dit");
	strbuf_reset(&b);
	text_fold_space(&b, STR(" \n "));
	CHECK_STR(strbuf_str(&b), "");
}

TEST(convert)
{
	check_convert(STR("caf\xe9 \x80 \x93q\x94"), "ISO-8859-1", "caf\xc3\xa9 \xe2\x82\xac \xe2\x80\x9cq\xe2\x80\x9d");
	check_convert(STR("\xcf\xf0\xe8"), " Windows-1251 ", "\xd0\x9f\xd1\x80\xd0\xb8");
	check_convert(STR("\xf0\xd2\xc9"), "koi8-r", "\xd0\x9f\xd1\x80\xd0\xb8");
	check_convert(STR("\xa4"), "iso-8859-15", "\xe2\x82\xac");
	check_convert(STR("\x93\xfa\x96\x7b"), "Shift_JIS", "\xe6\x97\xa5\xe6\x9c\xac");
	check_convert(STR("\xc6\xfc\xcb\xdc"), "euc-jp", "\xe6\x97\xa5\xe6\x9c\xac");
	check_convert(STR("\x1b$BF|K\\\x1b(B"), "iso-2022-jp", "\xe6\x97\xa5\xe6\x9c\xac");
	check_convert(STR("\xd6\xd0\xb9\xfa"), "gb2312", "\xe4\xb8\xad\xe5\x9b\xbd");
	check_convert(STR("\xa4\xa4\xb0\xea"), "big5", "\xe4\xb8\xad\xe5\x9c\x8b");
	check_convert(STR("\xc7\xd1\xb1\xb9"), "euc-kr", "\xed\x95\x9c\xea\xb5\xad");
	check_convert(STR("\xff\xfe" "A\0\xe9\0"), "utf-16", "A\xc3\xa9");
	check_convert(STR("\xfe\xff\0A"), "utf-16le", "A"); /* the mark wins */
	check_convert(STR("\0\0\0A"), "utf-32be", "A");
	check_convert(STR("\xef\xbb\xbf" "A\xff" "B"), "UTF8", "A\xef\xbf\xbd" "B");
	check_convert(STR("A\0B"), "utf-16le", "A\xef\xbf\xbd"); /* odd length */
	check_convert(STR("ok\xfd\xff" "ok"), "shift_jis", "ok\xef\xbf\xbd\xef\xbf\xbdok");
}

TEST(convert_refuses)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4);
	struct err e;

	CHECK_INT(text_convert(&b, STR("x"), STR("klingon"), &e), -1);
	CHECK_INT(e.kind, ERR_INPUT);
	CHECK(!text_charset_known(STR("utf-7")));
	CHECK(text_charset_known(STR("UTF-8")));
	CHECK_INT(text_convert(&b, STR("12345"), STR("koi8-r"), &e), -1);
	CHECK_INT(e.kind, ERR_LIMIT);
	strbuf_release(&b);
	CHECK_INT(text_convert(&b, STR("12345"), STR("latin1"), &e), -1);
	CHECK_INT(e.kind, ERR_LIMIT);
}

TEST(every_charset_is_installed)
{
	static const char *const names[] = { "windows-1250", "windows-1251", "windows-1252", "windows-1253", "windows-1254",
		"windows-1255", "windows-1256", "windows-1257", "windows-1258", "windows-874", "iso-8859-2", "iso-8859-3",
		"iso-8859-4", "iso-8859-5", "iso-8859-6", "iso-8859-7", "iso-8859-8", "iso-8859-10", "iso-8859-13",
		"iso-8859-14", "iso-8859-15", "iso-8859-16", "koi8-r", "koi8-u", "ibm866", "macintosh", "x-mac-cyrillic",
		"x-mac-ukrainian", "gbk", "gb18030", "big5", "euc-jp", "shift_jis", "iso-2022-jp", "euc-kr", "utf-16be" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		AUTO(strbuf) struct strbuf b = STRBUF_INIT(64);
		struct err e;

		CHECK_OK(text_convert(&b, STR("\0x"), str_c(names[i]), &e), &e);
	}
}

TEST(terminal)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(200);

	text_terminal(&b, STR("\x1b]8;;x\x07" "a\nb \xe2\x80\xae" "c\xe2\x80\x8b" "d \xc2\x9b" "1m \xd9\x85\xe2\x80\x8c\xd9\x85"));
	CHECK_STR(strbuf_str(&b), "\\x1b]8;;x\\x07a\nb \\u202ec\\u200bd \\x9b1m \xd9\x85\xe2\x80\x8c\xd9\x85");
	CHECK_INT(text_columns(STR("abc")), 3);
	CHECK_INT(text_columns(STR("\xe4\xb8\xad\xe6\x96\x87")), 4);
	CHECK_INT(text_columns(STR("e\xcc\x81")), 1);
	CHECK_INT(text_columns(STR("\xf0\x9f\x98\x80")), 2);
}
