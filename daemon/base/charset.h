/* SPDX-License-Identifier: ISC */
/* Which charset bytes are in that say it wrongly or not at all.  For xml.c.  Pure. */
#pragma once

#include "base/str.h"

/*
 * The charset of bytes that are no UTF-8 and name none, by the letters that are frequent in its languages; windows-1252 if
 * none stands out.  Looks at the first CHARSET_GUESS_BYTES.
 */
#define CHARSET_GUESS_BYTES 65536u
struct str charset_guess(struct str bytes);
/* Valid UTF-8 with so much beyond ASCII that no other charset looks like it by chance. */
bool charset_surely_utf8(struct str bytes);
