/* SPDX-License-Identifier: ISC */
/*
 * URLs by libcurl's URL parser (curl_url, the one part of libcurl that does no I/O).  Pure.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"

#define URL_MAX 8192 /* bytes; a longer one is refused */

struct url_parts {     /* each NUL-ended, "" if absent; owned by the struct */
	char *scheme, *user, *password, *host, *path, *query, *fragment;
	int port;          /* 0 = the scheme's default */
};
void url_parts_release(struct url_parts *u);
int url_split(struct str url, struct url_parts *ret_parts, struct err *e) MUST_CHECK; /* ERR_INPUT says what is wrong */
/* `ref` made absolute against `base` (RFC 3986 5); false if either is nonsense.  With an absent or
 * empty base an absolute ref is
 * returned as it stands. */
bool url_resolve(struct strbuf *out, struct str base, struct str ref);
bool url_is_http(struct str url);                      /* http:// or https://, any case, with a host */
struct str url_host(struct str url);                   /* borrowed from url, without port or user info; empty if none */
/* For log lines and error texts: user info and query values out, path cut after the host for hooks
 * with secrets in
 * the path when `hide_path`: scheme and host, then a slash and three stars. */
void url_redact(struct strbuf *out, struct str url, bool hide_path);
/* Same-story form: lower-case scheme and host, default port, fragment and tracking parameters
 * (utm_*, fbclid …) off. */
void url_canonical(struct strbuf *out, struct str url);
