/* SPDX-License-Identifier: ISC */
/*
 * Makes broken XML well-formed before libxml2 sees it again, so that one poisonous place never hides what stands around
 * it (RELIABILITY 0.5).  For xml.c only.  Pure; linear in the input.
 */
#pragma once

#include "base/xml.h"

/* Of `s`: clean UTF-8, no control but \t \n; borrowed until the end. */
struct xml_repair;
struct xml_repair *xml_repair_new(struct str s);
/* Appends the next `bytes` or more of it as balanced XML without declaration, doctype, comments and PIs.  False: that was all. */
bool xml_repair_next(struct xml_repair *r, struct strbuf *out, size_t bytes);
size_t xml_repair_at(const struct xml_repair *r);        /* how much of `s` was read */
enum xml_end xml_repair_end(const struct xml_repair *r); /* once all was read */
void xml_repair_free(struct xml_repair *r);              /* NULL is fine */
