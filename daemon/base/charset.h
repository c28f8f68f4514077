/* SPDX-License-Identifier: ISC */
/* Which charset bytes are in that say it wrongly or not at all.  For xml.c.  Pure. */
#pragma once

#include "base/strbuf.h"

/*
 * The charset of bytes that are no UTF-8 and name none, by the letters that are frequent in its languages; windows-1252 if
 * none stands out.  Looks at the first CHARSET_GUESS_BYTES.
 */
#define CHARSET_GUESS_BYTES 65536u
struct str charset_guess(struct str bytes);
/* Valid UTF-8 with so much beyond ASCII that no other charset looks like it by chance. */
bool charset_surely_utf8(struct str bytes);

/* --- of an XML document (xml_charset.c) --- */

#define CHARSET_NAME_MAX 64
/* Does all that speaks of it say UTF-8, or nothing another charset? */
bool charset_seems_utf8(struct str bytes, struct str content_type);
/* The charset to use for bytes that are not simply valid UTF-8: BOM, HTTP charset, declaration, UTF-8, a guess. */
struct str charset_choose(struct str bytes, struct str content_type);
/* In `out` unless it is UTF-8; `ret_name` says which charset it was.  Bad bytes of UTF-8 are left to the repair. */
struct str charset_to_utf8(struct strbuf *out, struct str bytes, struct str charset, struct strbuf *ret_name);
struct str charset_without_bom(struct str utf8);
