/* SPDX-License-Identifier: ISC */
/*
 * Body templates: text with {{field}} placeholders, each replaced by its value as the inside of a
 * JSON string (or, for `alert` and `post`, by a whole JSON value).  Pure; engine thread.
 */
#pragma once

#include "base/json.h"

/* ERR_CONFIG with the column: an unknown field (and the nearest one), or braces that never close.
 */
int template_check(struct str text, struct err *e) MUST_CHECK;
/* `alert` is the body that a webhook without a template would send.  A field that the alert lacks
 * is empty. */
void template_render(struct str text, const json_t *alert, struct strbuf *out);
