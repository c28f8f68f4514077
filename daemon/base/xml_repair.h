/* SPDX-License-Identifier: ISC */
/*
 * Makes broken XML well-formed before libxml2 sees it again, so that one poisonous place never hides what stands around
 * it (RELIABILITY 0.5).  For xml.c only.  Pure; linear in the input.
 */
#pragma once

#include "base/xml.h"

/* Appends `s` (clean UTF-8, no control but \t \n) as balanced XML without declaration, doctype, comments and PIs. */
enum xml_end xml_repair(struct strbuf *out, struct str s);
