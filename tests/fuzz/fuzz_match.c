/* SPDX-License-Identifier: ISC */
/* Queries and posts out of the bytes: index, query and the naive reading agree on match and spans. */
#include "fuzz/fuzz.h"

#include "lib/pairs.h"

FUZZ(s)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(1 << 20);

	if (!pairs_agree(s, s.len, &why)) {
		fprintf(stderr, "%s", strbuf_cstr(&why));
		abort();
	}
}
