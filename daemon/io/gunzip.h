/* SPDX-License-Identifier: ISC */
/*
 * Bodies that are gzip files themselves, under whatever media type: feeds that are stored compressed (feed.xml.gz) and
 * served as they lie there, without Content-Encoding.  Pure.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"

bool gunzip_wanted(struct str body); /* RFC 1952, 2.3.1: by the first three bytes, which begin no text */
/* In place, all members of the file (RFC 1952, 2.2); what follows the last one is ignored.  The body's own bound holds for
 * the result: ERR_LIMIT beyond it.  ERR_INPUT: cut off, or broken.  On failure the body is empty. */
int gunzip(struct strbuf *body, struct err *e) MUST_CHECK;
