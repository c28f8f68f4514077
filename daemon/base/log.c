/* SPDX-License-Identifier: ISC */
/* Log lines to stderr: one event, one line, one write. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>

#include "base/clock.h"

#define LINE_MAX_BYTES 4096 /* a longer line is cut; the journal would split it */

static _Atomic int log_level = LOG_LEVEL_INFO;
static _Atomic bool log_journal;

static const struct {
	enum log_level level;
	const char *name;
} level_names[] = {
	{ LOG_LEVEL_ERR, "err" },       { LOG_LEVEL_WARNING, "warning" },
	{ LOG_LEVEL_NOTICE, "notice" }, { LOG_LEVEL_INFO, "info" },
	{ LOG_LEVEL_DEBUG, "debug" },
};
#define N_LEVELS (sizeof(level_names) / sizeof(level_names[0]))

void log_set_level(enum log_level level)
{
	atomic_store(&log_level, (int)level);
}

bool log_level_parse(struct str name, enum log_level *ret_level)
{
	for (size_t i = 0; i < N_LEVELS; i++) {
		if (!str_eq(name, str_c(level_names[i].name)))
			continue;
		*ret_level = level_names[i].level;
		return true;
	}
	return false;
}

void log_set_prefix(bool journal)
{
	atomic_store(&log_journal, journal);
}

static const char *level_name(enum log_level level)
{
	for (size_t i = 0; i < N_LEVELS; i++)
		if (level_names[i].level == level)
			return level_names[i].name;
	return "unknown";
}

/* Bytes written to `line`, which has ample room for it. */
static size_t write_head(char *line, size_t size, enum log_level level, const char *event)
{
	int n;
	if (atomic_load(&log_journal)) {
		n = snprintf(line, size, "<%d>%s", (int)level, event);
	} else {
		int64_t now = clock_unix_ms();
		time_t seconds = (time_t)(now / 1000);
		struct tm tm;
		gmtime_r(&seconds, &tm);
		n = snprintf(line, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ %s %s",
			     tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			     tm.tm_sec, (int)(now % 1000), level_name(level), event);
	}
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

void log_event(enum log_level level, const char *event, const char *pairs, ...)
{
	if ((int)level > atomic_load_explicit(&log_level, memory_order_relaxed))
		return;
	char line[LINE_MAX_BYTES];
	size_t room = sizeof(line) - 1; /* the line end always fits */
	size_t len = write_head(line, room, level, event);
	if (pairs[0] != '\0' && len + 2 < room) {
		line[len++] = ' ';
		va_list ap;
		va_start(ap, pairs);
		int n = vsnprintf(line + len, room - len, pairs, ap);
		va_end(ap);
		if (n > 0)
			len = (size_t)n < room - len ? len + (size_t)n : room - 1;
	}
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ')
			line[i] = ' ';
	line[len++] = '\n';
	ssize_t written = write(STDERR_FILENO, line, len);
	(void)written; /* a log that cannot be written cannot be reported */
}

const char *log_quote(char buf[static LOG_QUOTE_MAX], struct str s)
{
	static const char hex[] = "0123456789abcdef";
	static const char ellipsis[] = "…";
	size_t n = 0, i = 0;
	size_t room = LOG_QUOTE_MAX - sizeof(ellipsis) - 1; /* closing quote and NUL */
	size_t border = 1, border_i = 0;                    /* behind the last whole code point */
	buf[n++] = '"';
	for (; i < s.len; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if ((c & 0xc0) != 0x80) {
			border = n;
			border_i = i;
		}
		if (n + 4 > room)
			break;
		if (c < ' ' || c == 0x7f) {
			buf[n++] = '\\';
			buf[n++] = 'x';
			buf[n++] = hex[c >> 4];
			buf[n++] = hex[c & 15];
		} else {
			if (c == '"' || c == '\\')
				buf[n++] = '\\';
			buf[n++] = (char)c;
		}
	}
	if (i < s.len) {
		/* Foreign bytes may be no UTF-8 at all: then the cut is where it is. */
		if (i - border_i < 4)
			n = border;
		memcpy(buf + n, ellipsis, sizeof(ellipsis) - 1);
		n += sizeof(ellipsis) - 1;
	}
	buf[n++] = '"';
	buf[n] = '\0';
	return buf;
}
