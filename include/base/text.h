/* SPDX-License-Identifier: ISC */
/*
 * UTF-8 at the edge: repair, decode, charset conversion, counting and cutting.  Everything inside
 * monitord is clean
 * UTF-8; this is where it becomes so.  Pure.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"

bool text_is_utf8(struct str s); /* well-formed (Unicode 3.9, table 3-7), no NUL, no noncharacter check */
/* How many bytes at the front are ASCII from `low` (1 or more) to '~'. */
size_t text_ascii_run(struct str s, char low);
bool text_is_clean(struct str s); /* text_repair would leave it as it is */
/* Appends s with each maximal ill-formed part (Unicode 3.9, "U+FFFD substitution of maximal subparts") and NUL as U+FFFD.
 * Controls but \t \n are dropped; C1 controls become what windows-1252 has in their place, for that is what was meant. */
void text_repair(struct strbuf *out, struct str s);
/* Decodes the code point at s.p[*pos] and moves *pos behind it; U+FFFD for an ill-formed byte.
 * *pos < s.len. */
uint32_t text_next(struct str s, size_t *pos);
size_t text_encode(char buf[static 4], uint32_t code_point); /* bytes written */
size_t text_count(struct str s);                       /* code points */
struct str text_cut(struct str s, size_t max_bytes);   /* longest prefix <= max at a code point border */
struct str text_cut_points(struct str s, size_t max_points);
void text_fold_space(struct strbuf *out, struct str s); /* runs of white space -> one space, ends trimmed */
/* What the byte 128..255 is in windows-1252 as the web reads it: a C1 control where that leaves it open. */
uint32_t text_from_1252(unsigned char byte);
/* Undoes UTF-8 that was taken for windows-1252 ("Ã¶", "â€™").  False, and nothing added, unless all that is beyond ASCII in s
 * reads as such and some of it cannot be meant otherwise. */
bool text_undo_1252(struct strbuf *out, struct str s);
/* Converts from a charset named as the web names it (WHATWG labels; iconv does the work); invalid
 * bytes become
 * U+FFFD.  ERR_INPUT for a charset nobody knows, ERR_LIMIT if out is full. */
int text_convert(struct strbuf *out, struct str bytes, struct str charset, struct err *e) MUST_CHECK;
bool text_charset_known(struct str charset);
/* Appends s for a terminal: controls, bidi overrides and zero-width characters made visible
 * (RELIABILITY J2). */
void text_terminal(struct strbuf *out, struct str s);
/* Whether what is written to fd may have colours: a terminal that is not dumb, and no $NO_COLOR but
 * the empty one (no-color.org). */
bool text_colours(int fd);
size_t text_columns(struct str s);                     /* terminal columns: 0, 1 or 2 a code point */
