/* SPDX-License-Identifier: ISC */
/* Borrowed text and text being built. */
#include "lib/test.h"

#include "base/strbuf.h"

TEST(compare)
{
	CHECK(str_eq(STR_NULL, STR("")));
	CHECK(!str_eq(STR("ab"), STR("aB")));
	CHECK(str_eq_nocase(STR("ab"), STR("aB")));
	CHECK(str_cmp(STR("a"), STR("ab")) < 0);
	CHECK(str_cmp(STR("\xff"), STR("a")) > 0);
	CHECK(str_starts_nocase(STR("HTTP://x"), STR("http:")));
	CHECK(str_ends(STR("a.xml"), STR(".xml")));
	CHECK(!str_ends(STR("l"), STR(".xml")));
}

TEST(find_and_cut)
{
	CHECK_INT(str_find(STR("abcabd"), STR("abd")), 3);
	CHECK(str_find(STR("ab"), STR("abc")) == STR_NPOS);
	CHECK_INT(str_find_nocase(STR("x Charset="), STR("charset")), 2);
	CHECK_INT(str_rchr(STR("a/b/c"), '/'), 3);
	CHECK_STR(str_trim(STR(" \t a b\r\n")), "a b");
	CHECK_STR(str_slice(STR("abc"), 2, 99), "c");
	CHECK_STR(str_slice(STR("abc"), 9, 2), "");
}

TEST(split)
{
	struct str rest = STR("a,,b"), piece;
	CHECK(str_split(&rest, ',', &piece));
	CHECK_STR(piece, "a");
	CHECK(str_split(&rest, ',', &piece));
	CHECK_STR(piece, "");
	CHECK(str_split(&rest, ',', &piece));
	CHECK_STR(piece, "b");
	CHECK(!str_split(&rest, ',', &piece));
}

TEST(nearest)
{
	static const char *const words[] = { "interval", "timeout", "url" };
	CHECK_INT(str_nearest(STR("intreval"), words, 3), 0);
	CHECK_INT(str_nearest(STR("timeuot"), words, 3), 1);
	CHECK_INT(str_nearest(STR("URI"), words, 3), 2);
	CHECK_INT(str_nearest(STR("colour"), words, 3), -1);
	CHECK_INT(str_nearest(STR("xy"), words, 3), -1);
}

TEST(strbuf_keeps_its_limit)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(5);
	CHECK(strbuf_adds(&b, "abc"));
	CHECK(!strbuf_adds(&b, "def"));
	CHECK(b.toobig);
	CHECK(strbuf_addf(&b, "%d", 42));
	CHECK(!strbuf_addc(&b, 'x'));
	CHECK_STR(strbuf_str(&b), "abc42");
	CHECK_INT(strlen(strbuf_cstr(&b)), 5);
	strbuf_reset(&b);
	CHECK(!b.toobig);
	CHECK(strbuf_reserve(&b, 6) == NULL);
}

TEST(strbuf_utf8)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(64);
	strbuf_add_utf8(&b, 'a');
	strbuf_add_utf8(&b, 0xe9);
	strbuf_add_utf8(&b, 0x20ac);
	strbuf_add_utf8(&b, 0x1f600);
	strbuf_add_utf8(&b, 0xd800);
	CHECK_STR(strbuf_str(&b), "aé€😀\xef\xbf\xbd");
}
