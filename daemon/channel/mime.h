/* SPDX-License-Identifier: ISC */
/*
 * How a mail is written: header fields that nothing can break out of, and quoted-printable bodies.
 * All lines end in CRLF.  Pure; engine thread.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"

/* "Subject: …" CRLF, folded at 76 columns, as encoded words (RFC 2047) unless it is plain ASCII. */
void mime_header(struct strbuf *out, const char *name, struct str text);
/* "From: Name <a@b>, …" CRLF, one or more mailboxes, each "a@b" or "Name <a@b>" that mime_address
 * took. */
void mime_mailboxes(struct strbuf *out, const char *name, const struct str *mailboxes, size_t n);
/* The "a@b" in "a@b" or "Name <a@b>", borrowed.  ERR_CONFIG if it is none that SMTP can carry
 * without SMTPUTF8. */
int mime_address(struct str mailbox, struct str *ret_address, struct err *e) MUST_CHECK;
/* RFC 2045 6.7; "\n" is a line break. Neither "." nor "From " begins a line. */
void mime_quoted_printable(struct strbuf *out, struct str text);
