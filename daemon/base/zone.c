/* SPDX-License-Identifier: ISC */
/* Time zones: TZif files (RFC 8536) and the POSIX rule at their end. */
#include "base/zone.h"

#include <fcntl.h>

#include "base/date.h"
#include "base/mem.h"

#define ZONE_DIR "/usr/share/zoneinfo/"
#define ZONE_LOCAL "/etc/localtime"
#define ZONE_FILE_MAX 65536 /* bytes; the largest has about 4,000 */
#define ZONE_NAME_MAX 64

struct tzif {
	struct str times, types, records, names, rule; /* slices of the 64-bit part */
	size_t n_times, n_types;
};

static bool is_zone_name(struct str s)
{
	if (s.len == 0 || s.len > ZONE_NAME_MAX || !char_is_alpha(s.p[0]) ||
	    str_find(s, STR("..")) != STR_NPOS)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (!char_is_alnum(s.p[i]) && str_chr(STR("/_+-"), s.p[i]) == STR_NPOS)
			return false;
	return true;
}

/* The file's bytes; empty if there is no such file. */
static struct str read_zone(struct str zone, char buf[static ZONE_FILE_MAX])
{
	char path[sizeof(ZONE_DIR) + ZONE_NAME_MAX] = ZONE_LOCAL;
	if (zone.len > 0 && !str_eq(zone, STR("local"))) {
		if (!is_zone_name(zone))
			return STR_NULL;
		snprintf(path, sizeof(path), ZONE_DIR "%.*s", STR_ARG(zone));
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return STR_NULL;
	size_t len = 0;
	for (ssize_t n; (n = read(fd, buf + len, ZONE_FILE_MAX - len)) > 0;)
		len += (size_t)n;
	close(fd);
	return str_n(buf, len);
}

/* Big-endian, sign-extended. */
static int64_t read_be(struct str s, size_t at, size_t bytes)
{
	uint64_t n = (unsigned char)s.p[at] & 0x80 ? UINT64_MAX : 0;
	for (size_t i = 0; i < bytes; i++)
		n = n << 8 | (unsigned char)s.p[at + i];
	return (int64_t)n;
}

static bool cut(struct str *rest, uint64_t bytes, struct str *ret_piece)
{
	if (bytes > rest->len)
		return false;
	*ret_piece = str_slice(*rest, 0, (size_t)bytes);
	*rest = str_from(*rest, (size_t)bytes);
	return true;
}

/* One header and its data; `wide` = bytes of a time in it. */
static bool cut_block(struct str *rest, size_t wide, struct tzif *ret_file)
{
	struct str head, skipped;
	if (!cut(rest, 44, &head) || !str_starts(head, STR("TZif")))
		return false;
	uint32_t n[6]; /* isut, isstd, leap, time, type, char */
	for (size_t i = 0; i < 6; i++)
		n[i] = (uint32_t)read_be(head, 20 + 4 * i, 4);
	struct tzif f = { .n_times = n[3], .n_types = n[4] };
	if (!cut(rest, (uint64_t)n[3] * wide, &f.times) || !cut(rest, n[3], &f.types) ||
	    !cut(rest, (uint64_t)n[4] * 6, &f.records) || !cut(rest, n[5], &f.names) ||
	    !cut(rest, (uint64_t)n[2] * (wide + 4) + n[1] + n[0], &skipped))
		return false;
	*ret_file = f;
	return true;
}

static bool read_tzif(struct str bytes, struct tzif *ret_file)
{
	struct tzif old;
	/* Version 1 has 32-bit times and no rule; nothing has written it alone since 2005. */
	if (bytes.len < 5 || bytes.p[4] < '2' || !cut_block(&bytes, 4, &old) ||
	    !cut_block(&bytes, 8, ret_file))
		return false;
	if (str_starts(bytes, STR("\n"))) {
		size_t end = str_chr(str_from(bytes, 1), '\n');
		ret_file->rule = str_slice(bytes, 1, end == STR_NPOS ? 1 : 1 + end);
	}
	return true;
}

/* --- the rule, "CET-1CEST,M3.5.0,M10.5.0/3" (POSIX.1-2017, 8.3) --- */

static bool rule_char(struct str *rest, char c)
{
	bool there = rest->len > 0 && rest->p[0] == c;
	*rest = str_from(*rest, there);
	return there;
}

static bool rule_number(struct str *rest, int *ret_n)
{
	int n = 0;
	size_t i = 0;
	for (; i < rest->len && i < 4 && char_is_digit(rest->p[i]); i++)
		n = n * 10 + (rest->p[i] - '0');
	*rest = str_from(*rest, i);
	*ret_n = n;
	return i > 0;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool rule_time(struct str *rest, int *ret_s)
{
	int sign = rule_char(rest, '-') ? -1 : 1, h, m = 0, s = 0;
	rule_char(rest, '+');
	if (!rule_number(rest, &h) || (rule_char(rest, ':') && !rule_number(rest, &m)) ||
	    (rule_char(rest, ':') && !rule_number(rest, &s)))
		return false;
	*ret_s = sign * (h * 3600 + m * 60 + s);
	return true;
}

static bool rule_name(struct str *rest, char name[static 16])
{
	bool quoted = rule_char(rest, '<');
	size_t n = 0;
	while (n < rest->len && (quoted ? rest->p[n] != '>' : char_is_alpha(rest->p[n])))
		n++;
	snprintf(name, 16, "%.*s", (int)n, rest->p);
	*rest = str_from(*rest, n);
	return n > 0 && (!quoted || rule_char(rest, '>'));
}

/* ",Mm.w.d[/time]" of `year` as seconds of local time since 1970. */
static bool rule_change(struct str *rest, int year, int64_t *ret_local_s)
{
	int month, week, wday, at = 7200;
	if (!rule_char(rest, ',') || !rule_char(rest, 'M') || !rule_number(rest, &month) ||
	    !rule_char(rest, '.') || !rule_number(rest, &week) || !rule_char(rest, '.') ||
	    !rule_number(rest, &wday) || (rule_char(rest, '/') && !rule_time(rest, &at)) ||
	    month < 1 || month > 12 || week < 1 || week > 5 || wday > 6)
		return false;
	int64_t first = date_days(year, month, 1);
	int64_t next = month == 12 ? date_days(year + 1, 1, 1) : date_days(year, month + 1, 1);
	int64_t day = first + (wday - (first + 4) % 7 + 7) % 7 + 7 * (week - 1); /* years > 1970 */
	*ret_local_s = (day < next ? day : day - 7) * 86400 + at;
	return true;
}

static bool rule_at(struct str rule, int64_t unix_s, struct zone_offset *ret_offset)
{
	struct zone_offset standard, summer;
	int64_t begin, end;
	if (!rule_name(&rule, standard.name) || !rule_time(&rule, &standard.seconds))
		return false;
	standard.seconds = -standard.seconds; /* POSIX counts west */
	*ret_offset = standard;
	if (rule.len == 0)
		return true;
	if (!rule_name(&rule, summer.name))
		return false;
	summer.seconds = standard.seconds + 3600;
	if (rule.len > 0 && rule.p[0] != ',') {
		if (!rule_time(&rule, &summer.seconds))
			return false;
		summer.seconds = -summer.seconds;
	}
	int year = date_parts_utc((unix_s + standard.seconds) * 1000).year;
	if (year <= 1970 || !rule_change(&rule, year, &begin) || !rule_change(&rule, year, &end))
		return false;
	begin -= standard.seconds;
	end -= summer.seconds;
	bool in = begin < end ? unix_s >= begin && unix_s < end : unix_s >= begin || unix_s < end;
	if (in)
		*ret_offset = summer;
	return true;
}

/* --- the table --- */

static bool type_offset(const struct tzif *f, size_t type, struct zone_offset *ret_offset)
{
	if (type >= f->n_types)
		return false;
	size_t name = (unsigned char)f->records.p[type * 6 + 5];
	ret_offset->seconds = (int)read_be(f->records, type * 6, 4);
	struct str text = str_from(f->names, name);
	size_t end = str_chr(text, '\0');
	snprintf(ret_offset->name, sizeof(ret_offset->name), "%.*s",
		 STR_ARG(str_slice(text, 0, end == STR_NPOS ? text.len : end)));
	return ret_offset->seconds > -93600 && ret_offset->seconds < 93600; /* RFC 8536, 3.2 */
}

bool zone_at(struct str zone, int64_t unix_s, struct zone_offset *ret_offset)
{
	struct tzif f;
	char *buf = mem_alloc(ZONE_FILE_MAX);
	bool known = read_tzif(read_zone(zone, buf), &f);
	if (known) {
		size_t low = 0, high = f.n_times; /* the last change that is not after unix_s */
		while (low < high) {
			size_t middle = low + (high - low) / 2;
			if (read_be(f.times, middle * 8, 8) <= unix_s)
				low = middle + 1;
			else
				high = middle;
		}
		size_t type = low > 0 ? (unsigned char)f.types.p[low - 1] : 0;
		known = (low == f.n_times && rule_at(f.rule, unix_s, ret_offset)) ||
			type_offset(&f, type, ret_offset);
	}
	mem_free(buf);
	return known;
}
