/* SPDX-License-Identifier: ISC */
/* Unpacks a body that is a gzip file, within the bound that holds for any body. */
#include "io/gunzip.h"

#include <limits.h>
#include <zlib.h>

#define GZIP_ONLY (MAX_WBITS + 16)
#define CHUNK_BYTES 32768

bool gunzip_wanted(struct str body)
{
	return str_starts(body, STR("\x1f\x8b\x08"));
}

static int unpack(z_stream *z, struct strbuf *out, struct err *e)
{
	char chunk[CHUNK_BYTES];
	for (;;) {
		z->next_out = (Bytef *)chunk;
		z->avail_out = sizeof chunk;
		int r = inflate(z, Z_NO_FLUSH);
		if (!strbuf_add(out, str_n(chunk, sizeof chunk - z->avail_out)))
			return err_set(e, ERR_LIMIT, "the body is larger than %zu bytes", out->max);
		struct str rest = str_n((const char *)z->next_in, z->avail_in);
		if (r == Z_STREAM_END && !gunzip_wanted(rest))
			return 0;
		if (r == Z_STREAM_END)
			r = inflateReset(z);
		else if (r == Z_BUF_ERROR || (r == Z_OK && z->avail_in == 0 && z->avail_out > 0))
			return err_set(e, ERR_INPUT, "the gzip file is cut off");
		if (r != Z_OK)
			return err_set(e, ERR_INPUT, "the gzip file is broken");
	}
}

int gunzip(struct strbuf *body, struct err *e)
{
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(body->max);
	z_stream z = { .next_in = (Bytef *)body->p, .avail_in = (uInt)body->len };
	if (body->len > UINT_MAX || inflateInit2(&z, GZIP_ONLY) != Z_OK)
		return err_set(e, ERR_SYSTEM, "zlib refused to start");
	int r = unpack(&z, &out, e);
	(void)inflateEnd(&z);
	struct strbuf packed = *body;
	*body = out;
	out = packed;
	if (r != 0)
		strbuf_reset(body);
	return r;
}
