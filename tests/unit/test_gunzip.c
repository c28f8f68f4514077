/* SPDX-License-Identifier: ISC */
/* Bodies that are gzip files: whole, of several members, cut at every byte, broken, too large. */
#include "lib/test.h"

#include <zlib.h>

#include "io/gunzip.h"

static void pack(struct strbuf *out, const char *text, size_t n)
{
	unsigned char packed[4096];
	z_stream z = { .next_in = (unsigned char *)(uintptr_t)text, .avail_in = (uInt)n, .next_out = packed,
		       .avail_out = sizeof packed };
	CHECK_INT(deflateInit2(&z, 9, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
	CHECK_INT(deflate(&z, Z_FINISH), Z_STREAM_END);
	strbuf_add(out, str_n((const char *)packed, sizeof packed - z.avail_out));
	deflateEnd(&z);
}

TEST(a_gzip_file_is_unpacked_whatever_follows)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(10000);
	struct err e = { 0 };
	pack(&b, "<rss>", 5);
	pack(&b, "</rss>", 6);
	strbuf_adds(&b, "and something else");
	CHECK(gunzip_wanted(strbuf_str(&b)));
	CHECK_OK(gunzip(&b, &e), &e);
	CHECK_STR(strbuf_str(&b), "<rss></rss>");
	CHECK(!gunzip_wanted(strbuf_str(&b)));
	CHECK(!gunzip_wanted(STR("")) && !gunzip_wanted(STR("\x1f\x8b")));
}

TEST(a_cut_one_is_refused_wherever_it_is_cut)
{
	AUTO(strbuf) struct strbuf whole = STRBUF_INIT(10000);
	pack(&whole, "<rss><channel><title>t</title></channel></rss>", 46);
	for (size_t n = 3; n < whole.len; n++) {
		AUTO(strbuf) struct strbuf b = STRBUF_INIT(10000);
		struct err e = { 0 };
		strbuf_add(&b, str_slice(strbuf_str(&whole), 0, n));
		CHECK_INT(gunzip(&b, &e), -1);
		CHECK_INT(e.kind, ERR_INPUT);
		CHECK_STR(str_c(e.message), "the gzip file is cut off");
		CHECK_INT(b.len, 0);
	}
}

TEST(a_broken_one_is_refused)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(10000);
	struct err e = { 0 };
	pack(&b, "<rss/>", 6);
	b.p[b.len - 6] ^= 1; /* of its checksum */
	CHECK_INT(gunzip(&b, &e), -1);
	CHECK_STR(str_c(e.message), "the gzip file is broken");
}

TEST(a_bomb_stops_at_the_bound)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(100000), room = STRBUF_INIT(1 << 20);
	struct err e = { 0 };
	memset(strbuf_reserve(&room, 1 << 20), ' ', 1 << 20);
	strbuf_commit(&room, 1 << 20);
	pack(&b, strbuf_cstr(&room), 1 << 20);
	CHECK_INT(gunzip(&b, &e), -1);
	CHECK_INT(e.kind, ERR_LIMIT);
	CHECK_STR(str_c(e.message), "the body is larger than 100000 bytes");
}
