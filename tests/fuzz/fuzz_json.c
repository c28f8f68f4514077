/* SPDX-License-Identifier: ISC */
/* JSON: what strict takes the repair leaves alone; what comes out is strict JSON; quoting is read
 * back. */
#include "fuzz/fuzz.h"

#include "base/json.h"
#include "base/text.h"

__attribute__((constructor)) static void setup(void)
{
	json_setup();
}

static void check_value(struct str s, const json_t *value, size_t max)
{
	struct err e = { 0 };
	AUTO(strbuf) struct strbuf once = STRBUF_INIT(max), twice = STRBUF_INIT(max);
	json_dump(&once, value, true);
	MUST(!once.toobig);
	OWNED_JSON json_t *again = json_parse(strbuf_str(&once), &e);
	MUST(again != NULL);
	json_dump(&twice, again, true);
	MUST(str_eq(strbuf_str(&once), strbuf_str(&twice)));
	OWNED_JSON json_t *strict = json_parse(s, &e);
	MUST(strict == NULL || json_equal(strict, value));
}

FUZZ(s)
{
	struct err e = { 0 };
	size_t max = 40 * s.len + 64; /* a short real prints long */
	OWNED_JSON json_t *value = json_parse_repaired(s, &e);
	if (value)
		check_value(s, value, max);
	else
		MUST(e.kind == ERR_INPUT || e.kind == ERR_LIMIT);
	if (!text_is_utf8(s))
		return;
	AUTO(strbuf) struct strbuf quoted = STRBUF_INIT(max);
	json_quote(&quoted, s);
	OWNED_JSON json_t *text = json_parse(strbuf_str(&quoted), &e);
	MUST(text && str_eq(json_str(text), s));
}
