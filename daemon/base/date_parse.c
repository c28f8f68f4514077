/* SPDX-License-Identifier: ISC */
/* Reads the dates of the world: tokens in any order, each fills one field, anything else refuses.
 */
#include "base/date.h"
#include "base/date_words.h"
#include "base/num.h"
#include "base/text.h"

#define DATE_MAX_BYTES 256 /* with comments */
#define UNSET (-1)
#define KST_MINUTES 540
#define DAY_MS INT64_C(86400000)
#define OFFSET_MAX_MINUTES (15 * 60 + 59)

enum token {
	TOKEN_NONE,
	TOKEN_NUMBER,
	TOKEN_TIME,
	TOKEN_MONTH,
	TOKEN_ZONE,
	TOKEN_OTHER,
};
struct scan {
	struct str s;
	size_t i; /* where we read */
	int year, month, day, hour, minute, second, ms;
	int year_digits;
	int half;                /* 1 = a.m., 2 = p.m. */
	int zone_min, usual_min; /* offset; the one that holds if none is said */
	bool have_offset, have_zone_word;
	struct str zone_name; /* "Europe/Berlin", absent if none is said */
	enum token last;
	bool spaced;          /* something stood between the last token and this */
	bool ordinal;         /* the day is the year's */
	bool month_was_first; /* it may have been a weekday: "Mar, 12 Mar" */
	int n_tokens;
};

static int days_of(int year, int month)
{
	return (int)(date_days(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) - date_days(year, month, 1));
}

static char at(const struct scan *d, size_t i)
{
	return i < d->s.len ? d->s.p[i] : '\0';
}

static size_t digits_end(const struct scan *d, size_t i)
{
	while (char_is_digit(at(d, i)))
		i++;
	return i;
}

/* The digits from..to, which are few. */
static int number(const struct scan *d, size_t from, size_t to)
{
	int n = 0;
	for (size_t i = from; i < to && i < from + 9; i++)
		n = n * 10 + (d->s.p[i] - '0');
	return n;
}

static bool date_complete(const struct scan *d)
{
	return d->year != UNSET && d->month != UNSET && d->day != UNSET;
}

static void done(struct scan *d, enum token token, size_t end)
{
	d->i = end;
	d->last = token;
	d->spaced = false;
	d->n_tokens++;
}

static bool set_time(struct scan *d, int hour, int minute, int second)
{
	if (d->hour != UNSET || minute > 59 || second > 60 ||
	    (hour > 23 && (hour > 24 || minute || second)))
		return false;
	d->hour = hour;
	d->minute = minute;
	d->second = second;
	return true;
}

static bool set_date(struct scan *d, int year, int year_digits, int month, int day)
{
	if (d->year != UNSET || d->month != UNSET || d->day != UNSET || month < 1 || month > 12 ||
	    day < 1 || day > 31)
		return false;
	d->year = year;
	d->year_digits = year_digits;
	d->month = month;
	d->day = day;
	return true;
}

/* --- numbers --- */

/* Milliseconds of ".123456" at `i`; returns the index behind it. */
static size_t take_fraction(struct scan *d, size_t i)
{
	size_t end = digits_end(d, i + 1);
	static const int unit[] = { 100, 10, 1 };
	for (size_t k = 0; k < 3 && i + 1 + k < end; k++)
		d->ms += unit[k] * (d->s.p[i + 1 + k] - '0');
	return end;
}

/* h:m, h:m:s, h:m:s.f, 10h30, 14.05; `end` is behind the hour. */
static bool take_time(struct scan *d, size_t end)
{
	int hour = number(d, d->i, end), second = 0;
	size_t from = end + 1;
	char sign = at(d, end) == '.' ? '.' : ':';
	end = digits_end(d, from);
	if (end == from && at(d, from - 1) != ':') {
		if (!set_time(d, hour, 0, 0)) /* 10h */
			return false;
		done(d, TOKEN_TIME, from);
		return true;
	}
	if (end == from || end > from + 2)
		return false;
	int minute = number(d, from, end);
	if (at(d, end) == sign && char_is_digit(at(d, end + 1))) {
		from = end + 1;
		end = digits_end(d, from);
		if (end == from || end > from + 2)
			return false;
		second = number(d, from, end);
		if ((at(d, end) == '.' || at(d, end) == ',') && char_is_digit(at(d, end + 1)))
			end = take_fraction(d, end);
	}
	if (at(d, end) == ':' && (at(d, end + 1) == '+' || at(d, end + 1) == '-'))
		end++;
	if (at(d, end) == ':' || !set_time(d, hour, minute, second))
		return false;
	done(d, TOKEN_TIME, end);
	return true;
}

/* Which of a-b-c is what: 2024-01-31, 31.1.2024, 1/31/2024 (or 31/1/2024 if it must), 24-01-31. */
static bool set_triple(struct scan *d, char sign, const int n[3], const int digits[3])
{
	if (digits[0] == 4)
		return set_date(d, n[0], 4, n[1], n[2]);
	if (digits[0] > 2 || digits[1] > 2 || (digits[2] != 4 && digits[2] != 2))
		return false;
	if (sign == '-' && digits[2] == 2)
		return set_date(d, n[0], 2, n[1], n[2]);
	bool month_first = n[0] <= 12 && (sign == '/' || n[1] > 12);
	if (month_first)
		return set_date(d, n[2], digits[2], n[0], n[1]);
	return set_date(d, n[2], digits[2], n[1], n[0]);
}

/* Returns 1 if a numeric date stood at d->i, 0 if not, -1 if it makes no sense. */
static int take_triple(struct scan *d)
{
	int n[3], digits[3];
	size_t i = d->i;
	char sign = at(d, digits_end(d, i));
	if (sign != '-' && sign != '/' && sign != '.')
		return 0;
	for (int k = 0; k < 3; k++) {
		size_t end = digits_end(d, i);
		digits[k] = (int)(end - i);
		n[k] = number(d, i, end);
		if (digits[k] == 3 && d->s.p[i] == '0')
			digits[k] = 2; /* 2003-012-31 */
		if (end == i || digits[k] > 4)
			return 0;
		i = end;
		if (k < 2 && at(d, i++) != sign)
			return 0;
	}
	if (at(d, i) == '-' || at(d, i) == '/' || !set_triple(d, sign, n, digits))
		return -1;
	done(d, TOKEN_NUMBER, i);
	return 1;
}

/* 2003-12 and 2003-335 (ISO 8601: month, day of the year), the end of the date. */
static int take_pair(struct scan *d)
{
	size_t end = digits_end(d, d->i), from = end + 1, to = digits_end(d, from);
	if (end - d->i != 4 || at(d, end) != '-' || (to - from != 2 && to - from != 3) ||
	    at(d, to) == '-')
		return 0;
	int n = number(d, from, to), year = number(d, d->i, end);
	bool ok = to - from == 2 ? set_date(d, year, 4, n, 1) : set_date(d, year, 4, 1, 1);
	if (!ok || n < 1 || n > 366)
		return -1;
	if (to - from == 3) {
		d->day = n;
		d->ordinal = true;
	}
	done(d, TOKEN_NUMBER, to);
	return 1;
}

/* 2024-W05-3 and 2024W053 (ISO 8601: week 1 has the year's 4th of January; days count from Monday), and without a day. */
static int take_week(struct scan *d, size_t end)
{
	size_t i = end + (at(d, end) == '-'), from = i + 1;
	if (end - d->i != 4 || char_lower(at(d, i)) != 'w' || !char_is_digit(at(d, from)) ||
	    !char_is_digit(at(d, from + 1)))
		return 0;
	int year = number(d, d->i, end), week = number(d, from, from + 2), day = 1;
	i = from + 2 + (at(d, from + 2) == '-');
	if (char_is_digit(at(d, i)))
		day = at(d, i++) - '0';
	else
		i = from + 2;
	if (week < 1 || week > 53 || day < 1 || day > 7 || char_is_digit(at(d, i)))
		return -1;
	int64_t fourth = date_days(year, 1, 4) * DAY_MS;
	int64_t monday = fourth + ((week - 1) * 7 - (date_parts_utc(fourth).wday + 6) % 7) * DAY_MS;
	if (date_parts_utc(monday + 3 * DAY_MS).year != year) /* its Thursday says whose week it is */
		return -1;
	struct date_parts p = date_parts_utc(monday + (day - 1) * DAY_MS);
	if (!set_date(d, p.year, 4, p.month, p.day))
		return -1;
	done(d, TOKEN_NUMBER, i);
	return 1;
}

/* 20240131, 20240131T101500, 202401311015, 20240131101500. */
static bool take_compact(struct scan *d, size_t end)
{
	size_t i = d->i, n = end - i;
	if (!set_date(d, number(d, i, i + 4), 4, number(d, i + 4, i + 6), number(d, i + 6, i + 8)))
		return false;
	if (n > 8 && !set_time(d, number(d, i + 8, i + 10), number(d, i + 10, i + 12),
			       n > 12 ? number(d, i + 12, i + 14) : 0))
		return false;
	done(d, n > 8 ? TOKEN_TIME : TOKEN_NUMBER, end);
	return true;
}

/* The hhmm[ss] without colons, after a complete date. */
static bool take_compact_time(struct scan *d, size_t end)
{
	size_t i = d->i;
	if (!set_time(d, number(d, i, i + 2), number(d, i + 2, i + 4),
		      end - i == 6 ? number(d, i + 4, i + 6) : 0))
		return false;
	done(d, TOKEN_TIME, end);
	return true;
}

/* Does an offset follow the blanks at i? */
static bool offset_follows(const struct scan *d, size_t i)
{
	while (at(d, i) == ' ')
		i++;
	return (at(d, i) == '+' || at(d, i) == '-') && char_is_digit(at(d, i + 1));
}

/* A number that stands alone: the day, else the month, the year, the hour, or "0000" for an offset. */
static bool take_plain(struct scan *d, size_t end)
{
	int n = number(d, d->i, end), digits = (int)(end - d->i);
	if (digits == 3 && d->s.p[d->i] == '0')
		digits = 2;
	bool year_first = d->year_digits == 4 && d->month == UNSET && d->day == UNSET; /* 2024. 1. 31. */
	if (digits <= 2 && year_first && n >= 1 && n <= 12) {
		d->month = n;
	} else if (digits <= 2 && d->day == UNSET && n >= 1 && n <= 31) {
		d->day = n;
	} else if (digits == 2 && d->month == UNSET && n >= 1 && n <= 12 && d->year == UNSET) {
		d->month = n;
	} else if (digits <= 2 && date_complete(d) && d->hour == UNSET && offset_follows(d, end)) {
		return set_time(d, n, 0, 0) && (done(d, TOKEN_TIME, end), true);
	} else if (n == 0 && digits != 3 && d->last == TOKEN_TIME && date_complete(d) && !d->have_offset) {
		d->have_offset = true;
	} else if ((digits >= 2 && digits <= 4) && d->year == UNSET &&
		   (digits > 2 || n > 31 || d->day != UNSET)) {
		d->year = n;
		d->year_digits = digits;
	} else {
		return false;
	}
	done(d, TOKEN_NUMBER, end);
	return true;
}

/* 5月, 28일, 12時: the field that the sign behind the number names; 0 none, -1 nonsense. */
static int take_signed(struct scan *d, size_t end)
{
	static const struct {
		const char *year, *month, *day, *hour, *minute, *second;
	} signs[] = { { "년", "월", "일", "시", "분", "초" },
		      { "年", "月", "日", "時", "分", "秒" },
		      { "年", "月", "日", "时", "分", "秒" },
		      { "年", "月", "日", "点", "分", "秒" } };
	size_t skip = at(d, end) == ' ';
	struct str rest = str_from(d->s, end + skip);
	if ((unsigned char)at(d, end + skip) < 0x80)
		return 0; /* as nearly all numbers are */
	int n = number(d, d->i, end);
	for (size_t k = 0; k < sizeof(signs) / sizeof(signs[0]); k++) {
		const char *const names[] = { signs[k].year, signs[k].month,  signs[k].day,
					      signs[k].hour, signs[k].minute, signs[k].second };
		int *const fields[] = { &d->year, &d->month,  &d->day,
					&d->hour, &d->minute, &d->second };
		static const int max[] = { 9999, 12, 31, 23, 59, 60 };
		for (size_t f = 0; f < 6; f++) {
			if (!str_starts(rest, str_c(names[f])))
				continue;
			if (*fields[f] != UNSET || end - d->i > 4 || n > max[f] || (f < 3 && n < 1))
				return -1;
			*fields[f] = n;
			d->year_digits = f == 0 ? (int)(end - d->i) : d->year_digits;
			d->usual_min = k == 0 ? KST_MINUTES : d->usual_min;
			done(d, f < 3 ? TOKEN_NUMBER : TOKEN_TIME, end + skip + strlen(names[f]));
			return 1;
		}
	}
	return 0;
}

static bool take_number(struct scan *d)
{
	size_t end = digits_end(d, d->i), n = end - d->i;
	bool dotted = at(d, end) == '.' && date_complete(d) && digits_end(d, end + 1) == end + 3;
	bool hour_sign = at(d, end) == ':' || dotted || (at(d, end) == 'h' && !char_is_alpha(at(d, end + 1)));
	if (n <= 2 && hour_sign && d->hour == UNSET)
		return take_time(d, end);
	if (at(d, end) == ':')
		return false;
	int r = take_signed(d, end);
	r = r == 0 && d->year == UNSET ? take_triple(d) : r;
	r = r == 0 && d->year == UNSET ? take_pair(d) : r;
	r = r == 0 && d->year == UNSET ? take_week(d, end) : r;
	if (r != 0)
		return r > 0;
	if (d->year == UNSET && (n == 8 || n == 12 || n == 14))
		return take_compact(d, end);
	if (date_complete(d) && d->hour == UNSET && (n == 4 || n == 6))
		return take_compact_time(d, end);
	return take_plain(d, end);
}

/* --- signs and words --- */

/* Is the sign at d->i the beginning of an offset?  "18-Apr-07" has signs too. */
static bool is_offset(const struct scan *d)
{
	char c = at(d, d->i);
	if ((c != '+' && c != '-') || !char_is_digit(at(d, d->i + 1)))
		return false;
	return c == '+' || d->last == TOKEN_TIME || d->last == TOKEN_ZONE ||
	       (d->spaced && date_complete(d));
}

/* +hh, +hhmm, +hmm, +hh:mm */
static bool take_offset(struct scan *d)
{
	size_t from = d->i + 1, end = digits_end(d, from), n = end - from;
	int hours = number(d, from, end), minutes = 0;
	if (n > 4 || d->have_offset)
		return false;
	if (n > 2) {
		minutes = hours % 100;
		hours /= 100;
	} else if (at(d, end) == ':') {
		from = end + 1;
		end = digits_end(d, from);
		minutes = number(d, from, end);
		if (end != from + 2)
			return false;
		if (at(d, end) == ':' && digits_end(d, end + 1) == end + 3)
			end += 3; /* seconds of an offset */
	}
	int all = hours * 60 + minutes;
	if (minutes > 59 || all > OFFSET_MAX_MINUTES)
		return false;
	d->zone_min = at(d, d->i) == '-' ? -all : all;
	d->have_offset = true;
	done(d, TOKEN_ZONE, end);
	return true;
}

/* Blanks and punctuation of any script. */
static bool is_gap(uint32_t c)
{
	return c == 0xa0 || c == 0x85 || (c >= 0x2000 && c <= 0x206f) || c == 0x3000 ||
	       c == 0xfeff || c == 0xff0c || c == 0x3001;
}

/* The word at d->i: letters of any script; "a.m" counts as one. */
static size_t word_end(const struct scan *d)
{
	size_t i = d->i;
	while (i < d->s.len) {
		size_t next = i;
		if ((unsigned char)d->s.p[i] < 0x80) {
			bool dotted = d->s.p[i] == '.' && i == d->i + 1 &&
				      char_lower(at(d, i + 1)) == 'm' &&
				      !char_is_alpha(at(d, i + 2));
			if (!char_is_alpha(d->s.p[i]) && !dotted)
				break;
			next++;
		} else if (is_gap(text_next(d->s, &next))) {
			break;
		}
		i = next;
	}
	return i;
}

/* Two letters and less are zones only in capitals or alone, and only where a time went before. */
static bool take_zone_word(struct scan *d, struct str raw, struct str folded)
{
	int minutes;
	if (d->have_offset && str_eq(folded, STR("z"))) /* "-05:00Z" */
		return true;
	bool lower = folded.len == 2 && raw.p[0] >= 'a' && !str_eq(folded, STR("ut"));
	if (!date_word_zone(folded, &minutes) ||
	    (folded.len <= 2 && (d->hour == UNSET || lower || d->have_offset)))
		return false;
	if (!d->have_offset && !d->have_zone_word)
		d->zone_min = minutes;
	d->have_zone_word = true;
	return true;
}

static bool take_month(struct scan *d, int month)
{
	if (d->month == UNSET || d->month_was_first) {
		d->month_was_first = d->month == UNSET && d->n_tokens == 0;
		d->month = month;
		return true;
	}
	return false;
}

/* A zone that we do not know, or the rest of a long zone name: "(…) Central European Time". */
static bool is_unknown_zone(const struct scan *d, struct str raw)
{
	if (!d->spaced || !date_complete(d) || d->hour == UNSET)
		return false;
	if (d->have_offset || d->have_zone_word)
		return true;
	for (size_t i = 0; i < raw.len; i++)
		if (raw.p[i] < 'A' || raw.p[i] > 'Z')
			return false;
	return raw.len >= 3 && raw.len <= 5;
}

/* The first word, with a comma behind it, and short or in another script: a weekday of a language that we do not know. */
static bool is_unknown_weekday(const struct scan *d, struct str raw)
{
	size_t end = d->i + raw.len;
	return d->n_tokens == 0 && at(d, end + (at(d, end) == '.')) == ',' &&
	       (raw.len <= 3 || (unsigned char)raw.p[0] >= 0x80);
}

/* "Europe/Berlin" behind a time. */
static bool take_zone_name(struct scan *d)
{
	size_t end = d->i;
	while (char_is_alpha(at(d, end)) || at(d, end) == '/' || at(d, end) == '_')
		end++;
	if (d->have_offset || d->have_zone_word || str_present(d->zone_name))
		return false;
	d->zone_name = str_slice(d->s, d->i, end);
	done(d, TOKEN_ZONE, end);
	return true;
}

static bool take_word(struct scan *d)
{
	char buf[DATE_WORD_MAX];
	size_t end = word_end(d);
	if (at(d, end) == '/' && d->hour != UNSET)
		return take_zone_name(d);
	struct str raw = str_slice(d->s, d->i, end), folded = date_word_fold(buf, raw);
	enum token token = TOKEN_OTHER;
	int month, half = date_word_half(folded);
	if (half) {
		d->half = half;
		if ((unsigned char)folded.p[0] == 0xec) /* Hangul */
			d->usual_min = KST_MINUTES;
	} else if (str_eq(folded, STR("t")) && d->hour == UNSET && char_is_digit(at(d, end))) {
		token = TOKEN_OTHER; /* between date and time */
	} else if (take_zone_word(d, raw, folded)) {
		token = TOKEN_ZONE;
	} else if ((month = date_word_month(folded)) != 0 && take_month(d, month)) {
		token = TOKEN_MONTH;
	} else if (!date_word_is_weekday(folded) && !date_word_is_filler(folded) &&
		   !is_unknown_zone(d, raw) && !is_unknown_weekday(d, raw)) {
		return false;
	}
	done(d, token, end);
	return true;
}

/* RFC 5322 comments: nested, with quoted pairs.  Returns the index behind. */
static size_t skip_comment(struct str s, size_t i)
{
	int depth = 0;
	for (; i < s.len; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && --depth == 0)
			return i + 1;
	}
	return i;
}

/* --- the whole --- */

static bool scan_all(struct scan *d)
{
	while (d->i < d->s.len) {
		unsigned char c = (unsigned char)d->s.p[d->i];
		size_t next = d->i;
		bool ok = true, gap = c < 0x80 || is_gap(text_next(d->s, &next));
		if (c == ':')
			return false;
		if (c == '(') {
			d->i = skip_comment(d->s, d->i);
			d->spaced = true;
		} else if (char_is_digit((char)c)) {
			ok = take_number(d);
		} else if (char_is_alpha((char)c) || !gap) {
			ok = take_word(d);
		} else if (is_offset(d)) {
			ok = take_offset(d);
		} else {
			d->i = c < 0x80 ? d->i + 1 : next;
			d->spaced = true;
		}
		if (!ok)
			return false;
	}
	return true;
}

/* RFC 2822, 4.3 */
static int full_year(int year, int digits)
{
	if (digits == 3)
		return year + 1900;
	return digits > 3 ? year : year + (year < 50 ? 2000 : 1900);
}

static int64_t assemble(struct scan *d)
{
	if (d->day == UNSET && d->last == TOKEN_NUMBER && d->hour == UNSET && d->year_digits == 4)
		d->day = 1; /* "Nov. 2020" */
	if (!date_complete(d))
		return TIME_ABSENT;
	int year = full_year(d->year, d->year_digits), hour = d->hour == UNSET ? 0 : d->hour;
	if (year < 1583 || d->day > (d->ordinal ? days_of(year, 2) + 337 : days_of(year, d->month)))
		return TIME_ABSENT;
	if (d->half == 2 && hour < 12)
		hour += 12;
	else if (d->half == 1 && hour == 12)
		hour = 0;
	int64_t minutes = date_days(year, d->month, d->day) * 1440 + hour * 60 +
			  (d->minute == UNSET ? 0 : d->minute);
	if (d->have_offset || d->have_zone_word)
		minutes -= d->zone_min;
	else
		minutes -= str_present(d->zone_name) ? date_zone_offset(d->zone_name, minutes) : d->usual_min;
	return (minutes * 60 + (d->second == UNSET ? 0 : d->second)) * 1000 + d->ms;
}

/* Digits and nothing else: seconds or ms since 1970, 24 for 2024, 240131. */
static int64_t parse_bare_number(struct str s)
{
	uint64_t n;
	if (!num_u64(s, &n))
		return TIME_ABSENT;
	int a = (int)(n / 10000 % 100), b = (int)(n / 100 % 100), c = (int)(n % 100);
	switch (s.len) {
	case 4:
		return n < 1583 ? TIME_ABSENT : date_days((int)n, 1, 1) * DAY_MS;
	case 6:
		return b < 1 || b > 12 || c < 1 || c > days_of(full_year(a, 2), b)
			       ? TIME_ABSENT
			       : date_days(full_year(a, 2), b, c) * DAY_MS;
	case 10:
		return (int64_t)n * 1000;
	case 13:
		return (int64_t)n;
	default:
		return TIME_ABSENT;
	}
}

/* --- what nearly all feeds write --- */

/* Fills n[] from s, which is like `form`: "YYYY-" and so on, a digit for each letter in capitals, else the sign itself. */
static bool is_like(struct str s, const char *form, int n[static 'Z' + 1])
{
	if (s.len != strlen(form))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char f = (unsigned char)form[i];
		if (f < 'A' || f > 'Z' ? s.p[i] != form[i] : !char_is_digit(s.p[i]))
			return false;
		if (f >= 'A' && f <= 'Z')
			n[f] = n[f] * 10 + (s.p[i] - '0');
	}
	return true;
}

static int short_month(struct str s)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	for (int i = 0; i < 12; i++)
		if (memcmp(months + (ptrdiff_t)3 * i, s.p, 3) == 0)
			return i + 1;
	return 0;
}

/* "Mon, 02 Nov 2026 10:20:00 +0100" (GMT), "2026-11-02T10:20:00+01:00" (Z).  TIME_ABSENT: look closer, all may be well. */
static int64_t parse_usual(struct str s)
{
	int n['Z' + 1] = { 0 }, sign = 1;
	struct str rest = str_from(s, 19);
	if (s.len < 20)
		return TIME_ABSENT;
	if (s.p[3] == ',') {
		rest = str_from(s, 25);
		n['M'] = short_month(str_from(s, 8));
		if (n['M'] == 0 || !is_like(str_slice(s, 4, 8), " DD ", n) ||
		    !is_like(str_slice(s, 11, 25), " YYYY HH:II:SS", n) || !char_is_alpha(s.p[0]) || !char_is_alpha(s.p[1]))
			return TIME_ABSENT;
	} else if (!is_like(str_slice(s, 0, 10), "YYYY-MM-DD", n) || !is_like(str_slice(s, 11, 19), "HH:II:SS", n) ||
	           s.p[10] != 'T') {
		return TIME_ABSENT;
	}
	if (!str_eq(rest, STR("Z")) && !str_eq(rest, STR(" GMT"))) {
		rest = str_from(rest, str_starts(rest, STR(" ")));
		sign = str_starts(rest, STR("-")) ? -1 : 1;
		if ((!str_starts(rest, STR("+")) && sign > 0) ||
		    (!is_like(str_from(rest, 1), "ZZAA", n) && !is_like(str_from(rest, 1), "ZZ:AA", n)))
			return TIME_ABSENT;
	}
	if (n['M'] < 1 || n['M'] > 12 || n['Y'] < 1583 || n['D'] < 1 || n['D'] > days_of(n['Y'], n['M']) || n['H'] > 23 ||
	    n['I'] > 59 || n['S'] > 59 || n['Z'] > 14 || n['A'] > 59)
		return TIME_ABSENT;
	int64_t minutes = date_days(n['Y'], n['M'], n['D']) * 1440 + n['H'] * 60 + n['I'] - sign * (n['Z'] * 60 + n['A']);
	return (minutes * 60 + n['S']) * 1000;
}

int64_t date_parse(struct str s)
{
	s = str_trim(s);
	if (s.len == 0 || s.len > DATE_MAX_BYTES)
		return TIME_ABSENT;
	int64_t usual = parse_usual(s);
	if (usual != TIME_ABSENT)
		return usual;
	int64_t bare = parse_bare_number(s);
	if (bare != TIME_ABSENT)
		return bare;
	struct scan d = { .s = s,
			  .year = UNSET,
			  .month = UNSET,
			  .day = UNSET,
			  .hour = UNSET,
			  .minute = UNSET,
			  .second = UNSET };
	return scan_all(&d) ? assemble(&d) : TIME_ABSENT;
}
