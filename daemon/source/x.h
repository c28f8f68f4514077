/* SPDX-License-Identifier: ISC */
/* Posts of X as its API v2 gives them.  Pure. */
#pragma once

#include "social.h"

/* Every post of an answer, or of one line of a stream, into the document; finishes it, and counts what X counts as read. */
void x_read_page(struct source_document *d, const json_t *j);
