/* SPDX-License-Identifier: ISC */
/* Text being built, with a stated limit. */
#include "base/strbuf.h"

#include "base/mem.h"

#define STRBUF_MIN 64 /* first allocation, bytes */

void strbuf_release(struct strbuf *b)
{
	mem_free(b->p);
	*b = STRBUF_INIT(b->max);
}

void strbuf_reset(struct strbuf *b)
{
	b->toobig = false;
	strbuf_truncate(b, 0);
}

char *strbuf_reserve(struct strbuf *b, size_t n)
{
	if (b->len > b->max || n > b->max - b->len) {
		b->toobig = true;
		return NULL;
	}
	size_t want = b->len + n + 1;
	if (b->p == NULL || want > b->cap) {
		size_t cap = b->cap > SIZE_MAX / 2 ? want : b->cap * 2;
		if (cap < STRBUF_MIN)
			cap = STRBUF_MIN;
		if (cap > b->max)
			cap = b->max + 1;
		if (cap < want)
			cap = want;
		b->p = mem_realloc(b->p, cap);
		b->cap = cap;
		b->p[b->len] = '\0';
	}
	return b->p + b->len;
}

void strbuf_commit(struct strbuf *b, size_t n)
{
	if (n == 0)
		return;
	b->len += n;
	b->p[b->len] = '\0';
}

bool strbuf_add_grow(struct strbuf *b, struct str s)
{
	char *to = strbuf_reserve(b, s.len);
	if (to == NULL)
		return false;
	if (s.len)
		memcpy(to, s.p, s.len);
	strbuf_commit(b, s.len);
	return true;
}

bool strbuf_addc(struct strbuf *b, char c)
{
	char *to = strbuf_reserve(b, 1);
	if (to == NULL)
		return false;
	*to = c;
	strbuf_commit(b, 1);
	return true;
}

bool strbuf_adds(struct strbuf *b, const char *cstr)
{
	return strbuf_add(b, str_c(cstr));
}

bool strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	bool fits = strbuf_vaddf(b, fmt, ap);
	va_end(ap);
	return fits;
}

bool strbuf_vaddf(struct strbuf *b, const char *fmt, va_list ap)
{
	va_list measure;
	va_copy(measure, ap);
	int n = vsnprintf(NULL, 0, fmt, measure);
	va_end(measure);
	if (n < 0) {
		b->toobig = true;
		return false;
	}
	char *to = strbuf_reserve(b, (size_t)n);
	if (to == NULL)
		return false;
	vsnprintf(to, (size_t)n + 1, fmt, ap);
	strbuf_commit(b, (size_t)n);
	return true;
}

bool strbuf_add_utf8(struct strbuf *b, uint32_t c)
{
	char u[4];
	size_t n = 0;
	if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		c = 0xfffd;
	if (c < 0x80) {
		u[n++] = (char)c;
	} else {
		if (c < 0x800) {
			u[n++] = (char)(0xc0 | c >> 6);
		} else {
			if (c < 0x10000) {
				u[n++] = (char)(0xe0 | c >> 12);
			} else {
				u[n++] = (char)(0xf0 | c >> 18);
				u[n++] = (char)(0x80 | (c >> 12 & 0x3f));
			}
			u[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		}
		u[n++] = (char)(0x80 | (c & 0x3f));
	}
	return strbuf_add(b, str_n(u, n));
}

void strbuf_truncate(struct strbuf *b, size_t len)
{
	if (b->p == NULL || len > b->len)
		return;
	b->len = len;
	b->p[len] = '\0';
}

const char *strbuf_cstr(const struct strbuf *b)
{
	return b->p ? b->p : "";
}

char *strbuf_detach(struct strbuf *b, size_t *ret_len)
{
	char *p = b->p ? b->p : mem_alloc(1);
	if (ret_len)
		*ret_len = b->len;
	*b = STRBUF_INIT(b->max);
	return p;
}
