/* SPDX-License-Identifier: ISC */
/*
 * URLs by libcurl's URL parser (curl_url, the one part of libcurl that does no I/O).  Pure.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"

#define URL_MAX 8192 /* bytes; a longer one is refused */

struct url_parts { /* each NUL-ended, "" if absent; owned by the struct */
	char *scheme; /* lower case */
	char *user, *password; /* percent-decoded, free of controls */
	char *host; /* IPv6 in its brackets; other alphabets as they were written */
	char *path, *query, *fragment; /* as encoded */
	int port; /* 0 = the scheme's default */
};
void url_parts_release(struct url_parts *u);
/* An absolute URL with "://"; ERR_INPUT says what is wrong, never with the URL in it. */
int url_split(struct str url, struct url_parts *ret_parts, struct err *e) MUST_CHECK;
/* `ref` made absolute against `base` (RFC 3986, 5.2); outer white space and line breaks go, blanks
 * become %20.  An absolute ref stands without its base, which may be absent.  False if it comes to
 * no absolute URL or one beyond URL_MAX; then `out` is untouched. */
bool url_resolve(struct strbuf *out, struct str base, struct str ref);
bool url_is_http(struct str url); /* http:// or https://, any case, with a host */
/* Borrowed from url, without port or user info, IPv6 in its brackets; empty if none. */
struct str url_host(struct str url);
/* For people's eyes, log lines and error texts: user info and fragment out, three stars for the values of parameters that
 * are called like secrets (token, api_key …) and for long nameless ones.  `hide_path` for hooks with secrets in the path:
 * scheme and host, then a slash and three stars. */
void url_redact(struct strbuf *out, struct str url, bool hide_path);
/* Same-story form: lower-case scheme and host; default port, fragment and tracking parameters
 * (utm_*, fbclid …) off.  What has no "://" is copied. */
void url_canonical(struct strbuf *out, struct str url);
/* Percent-decoding into `arena`; `plus`: '+' is a space, as in a query string.  ERR_INPUT for a broken
 * escape, a NUL or what is no UTF-8; ERR_LIMIT if the arena is full. */
int url_decode(struct str s, bool plus, struct arena *arena, struct str *ret, struct err *e) MUST_CHECK;
void url_encode(struct strbuf *out, struct str s);      /* percent-encoded for a path segment or a parameter (RFC 3986, 2.3) */
void url_param(struct strbuf *path, const char *name, struct str value); /* "?name=value" or "&…"; nothing if absent */
/* Of a Link header's value (RFC 8288, 3): the target of the first link of this relation, borrowed and as written, so it
 * may be relative; STR_NULL if there is none.  Links of another context (anchor=) are no one's here. */
struct str url_link(struct str value, struct str rel);
