/* SPDX-License-Identifier: ISC */
/* Error values: filling them in, one line and cut at a UTF-8 border. */
#include "base/err.h"

/* snprintf cuts between bytes; an incomplete last code point goes. */
static void cut_at_border(char *text, size_t len)
{
	size_t lead = len;
	while (lead > 0 && len - lead < 4 && ((unsigned char)text[lead - 1] & 0xc0) == 0x80)
		lead--;
	if (lead == 0)
		return;
	unsigned char c = (unsigned char)text[lead - 1];
	size_t want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
	if (c >= 0xc0 && len - (lead - 1) < want)
		text[lead - 1] = '\0';
}

static void make_one_line(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = ' ';
}

static void err_write(struct err *e, const char *text, int full_len)
{
	size_t len = strnlen(text, ERR_MESSAGE_MAX - 1);
	memcpy(e->message, text, len);
	e->message[len] = '\0';
	make_one_line(e->message);
	if (full_len < 0 || (size_t)full_len > len)
		cut_at_border(e->message, len);
}

static int err_vset(struct err *e, enum err_kind kind, int column, const char *fmt, va_list ap)
{
	char text[ERR_MESSAGE_MAX] = ""; /* aside: an argument may be e->message itself */
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	err_write(e, text, n);
	e->kind = kind;
	e->column = column;
	return -1;
}

int err_set(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	err_vset(e, kind, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int err_set_at(struct err *e, enum err_kind kind, int column, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	err_vset(e, kind, column, fmt, ap);
	va_end(ap);
	return -1;
}

/* "a: b" into the error; its kind and column stay. */
static void err_join(struct err *e, const char *a, const char *b)
{
	char text[ERR_MESSAGE_MAX];
	int n = snprintf(text, sizeof(text), "%s: %s", a, b);
	err_write(e, text, n);
}

int err_wrap(struct err *e, const char *fmt, ...)
{
	char context[ERR_MESSAGE_MAX] = "";
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(context, sizeof(context), fmt, ap);
	va_end(ap);
	err_join(e, context, e->message);
	return -1;
}

int err_errno(struct err *e, int errnum, const char *fmt, ...)
{
	char reason[128];
	va_list ap;
	va_start(ap, fmt);
	err_vset(e, ERR_SYSTEM, 0, fmt, ap);
	va_end(ap);
	char context[ERR_MESSAGE_MAX];
	memcpy(context, e->message, sizeof(context));
	err_join(e, context, strerror_r(errnum, reason, sizeof(reason)));
	return -1;
}

const char *err_kind_name(enum err_kind kind)
{
	static const char *const names[] = {
		[ERR_NONE] = "none",   [ERR_RETRY] = "retry",   [ERR_INPUT] = "input",
		[ERR_LIMIT] = "limit", [ERR_CONFIG] = "config", [ERR_SYSTEM] = "system",
	};
	return (size_t)kind < sizeof(names) / sizeof(names[0]) ? names[kind] : "unknown";
}
