/* SPDX-License-Identifier: ISC */
/*
 * Text being built, always with a stated limit: what would pass `max` is dropped and `toobig` is
 * set, so unbounded
 * growth cannot be written.  `p` is NUL-ended whenever it is not NULL (the NUL does not count in
 * len or max).
 * Owner: whoever declared it; release with strbuf_release.  One thread.
 */
#pragma once

#include <stdarg.h>
#include "base/own.h"
#include "base/str.h"

struct strbuf {
	char *p;
	size_t len, cap;
	size_t max;  /* bytes */
	bool toobig; /* something did not fit; stays set until reset */
};

#define STRBUF_INIT(max_bytes) ((struct strbuf){ .max = (max_bytes) })

void strbuf_release(struct strbuf *b);          /* frees; b is empty and usable again */
void strbuf_reset(struct strbuf *b);            /* empties, keeps the memory */
bool strbuf_add_grow(struct strbuf *b, struct str s); /* strbuf_add's slow half */
/* False: did not fit (as much as fits is NOT added). */
static inline bool strbuf_add(struct strbuf *b, struct str s)
{
	if (s.len == 0 || s.len >= b->cap - b->len || b->len > b->max || s.len > b->max - b->len)
		return strbuf_add_grow(b, s);
	if (s.len == 1) /* as one escaped character after the other comes: no call for it */
		b->p[b->len] = s.p[0];
	else
		memcpy(b->p + b->len, s.p, s.len);
	b->len += s.len;
	b->p[b->len] = '\0';
	return true;
}
bool strbuf_addc(struct strbuf *b, char c);
bool strbuf_adds(struct strbuf *b, const char *cstr);
bool strbuf_addf(struct strbuf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
bool strbuf_vaddf(struct strbuf *b, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
bool strbuf_add_utf8(struct strbuf *b, uint32_t code_point); /* U+FFFD for what is no scalar value */
/* Room for `n` more bytes to be written at p + len by hand, or NULL if they do not fit; then
 * strbuf_commit(n). */
char *strbuf_reserve(struct strbuf *b, size_t n);
void strbuf_commit(struct strbuf *b, size_t n);
void strbuf_truncate(struct strbuf *b, size_t len);
static inline struct str strbuf_str(const struct strbuf *b) { return (struct str){ b->p ? b->p : "", b->len }; }
const char *strbuf_cstr(const struct strbuf *b); /* never NULL; borrowed until the next change */
char *strbuf_detach(struct strbuf *b, size_t *ret_len); /* caller frees with mem_free; ret_len may be NULL */
