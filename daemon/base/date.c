/* SPDX-License-Identifier: ISC */
/* Dates: the calendar, the forms we write, and HTTP's three forms. */
#include "base/date.h"

#include "base/num.h"
#include "base/zone.h"

#define DAY_S 86400

static const char day_names[7][10] = { "Sunday",   "Monday", "Tuesday", "Wednesday",
				       "Thursday", "Friday", "Saturday" };
static const char month_names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* Years are counted from March, so that the leap day is the last of its year. */
int64_t date_days(int year, int month, int day)
{
	int64_t y = month <= 2 ? (int64_t)year - 1 : year;
	int64_t era = floor_div(y, 400), year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468 + day - 1;
}

struct date_parts date_parts_utc(int64_t unix_ms)
{
	int64_t seconds = floor_div(unix_ms, 1000), days = floor_div(seconds, DAY_S);
	int64_t rest = seconds - days * DAY_S, z = days + 719468, era = floor_div(z, 146097);
	int64_t day_of_era = z - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;
	int month = (int)(month_from_march + (month_from_march < 10 ? 3 : -9));
	return (struct date_parts){
		.year = (int)(year_of_era + era * 400 + (month <= 2)),
		.month = month,
		.day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
		.hour = (int)(rest / 3600),
		.minute = (int)(rest / 60 % 60),
		.second = (int)(rest % 60),
		.wday = (int)(days + 4 - floor_div(days + 4, 7) * 7),
	};
}

/* --- writing --- */

/* Outside of what four digits can say. */
static bool is_writable(int64_t unix_ms)
{
	return unix_ms >= date_days(1, 1, 1) * DAY_S * 1000 &&
	       unix_ms < date_days(10000, 1, 1) * DAY_S * 1000;
}

const char *date_rfc3339(char buf[static DATE_TEXT_MAX], int64_t unix_ms)
{
	buf[0] = '\0';
	if (!is_writable(unix_ms))
		return buf;
	struct date_parts p = date_parts_utc(unix_ms);
	int ms = (int)(unix_ms - floor_div(unix_ms, 1000) * 1000);
	int n = snprintf(buf, DATE_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", p.year, p.month,
			 p.day, p.hour, p.minute, p.second);
	size_t at = (size_t)n;
	if (ms)
		snprintf(buf + at, DATE_TEXT_MAX - at, ".%03dZ", ms);
	else
		snprintf(buf + at, DATE_TEXT_MAX - at, "Z");
	return buf;
}

static const char *write_mail_form(char buf[static DATE_TEXT_MAX], int64_t unix_ms,
				   const char *zone)
{
	buf[0] = '\0';
	if (!is_writable(unix_ms))
		return buf;
	struct date_parts p = date_parts_utc(unix_ms);
	snprintf(buf, DATE_TEXT_MAX, "%.3s, %02d %s %04d %02d:%02d:%02d %s", day_names[p.wday],
		 p.day, month_names[p.month - 1], p.year, p.hour, p.minute, p.second, zone);
	return buf;
}

const char *date_rfc5322(char buf[static DATE_TEXT_MAX], int64_t unix_ms)
{
	return write_mail_form(buf, unix_ms, "+0000");
}

const char *date_http(char buf[static DATE_TEXT_MAX], int64_t unix_ms)
{
	return write_mail_form(buf, unix_ms, "GMT");
}

const char *date_local(char buf[static DATE_TEXT_MAX], int64_t unix_ms, struct str zone)
{
	buf[0] = '\0';
	if (!is_writable(unix_ms))
		return buf;
	struct zone_offset z = { .name = "UTC" };
	(void)zone_at(zone, floor_div(unix_ms, 1000), &z); /* unknown: stays UTC and says so */
	struct date_parts p = date_parts_utc(unix_ms + z.seconds * INT64_C(1000));
	snprintf(buf, DATE_TEXT_MAX, "%04d-%02d-%02d %02d:%02d %s", p.year, p.month, p.day, p.hour,
		 p.minute, z.name);
	return buf;
}

bool date_zone_known(struct str zone)
{
	struct zone_offset z;
	bool ours = zone.len == 0 || str_eq(zone, STR("local")) || str_eq(zone, STR("UTC"));
	return ours || zone_at(zone, 0, &z);
}

/* --- HTTP --- */

/* The name at the start of s; its index, or -1. */
static int find_name(struct str s, const char *names, size_t n, size_t stride, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (str_starts(s,
			       str_n(names + i * stride, len ? len : strlen(names + i * stride))))
			return (int)i;
	return -1;
}

/* Exactly `digits` digits; `blank` allows a space in front. */
static bool cut_digits(struct str *rest, size_t digits, bool blank, int *ret_n)
{
	struct str text = str_slice(*rest, 0, digits);
	uint64_t n;
	if (blank && str_starts(text, STR(" ")))
		text = str_from(text, 1);
	else if (text.len != digits)
		return false;
	if (!num_u64(text, &n))
		return false;
	*rest = str_from(*rest, digits);
	*ret_n = (int)n;
	return true;
}

/* One letter of a form below; false if the text has something else there. */
static bool match_letter(char letter, struct str *rest, struct date_parts *p)
{
	int i;
	switch (letter) {
	case 'w': /* Sun */
	case 'W': /* Sunday */
		i = find_name(*rest, day_names[0], 7, sizeof(day_names[0]), letter == 'w' ? 3 : 0);
		*rest = i < 0 ? *rest : str_from(*rest, letter == 'w' ? 3 : strlen(day_names[i]));
		return i >= 0;
	case 'M':
		p->month = 1 + find_name(*rest, month_names[0], 12, sizeof(month_names[0]), 3);
		*rest = str_from(*rest, 3);
		return p->month > 0;
	case 'd':
		return cut_digits(rest, 2, true, &p->day);
	case 'D':
		return cut_digits(rest, 2, false, &p->day);
	case 'Y':
		return cut_digits(rest, 4, false, &p->year);
	case 'y': /* RFC 2822, 4.3, because we never ask for the time here */
		if (!cut_digits(rest, 2, false, &p->year))
			return false;
		p->year += p->year < 50 ? 2000 : 1900;
		return true;
	case 'h':
		return cut_digits(rest, 2, false, &p->hour);
	case 'm':
		return cut_digits(rest, 2, false, &p->minute);
	case 's':
		return cut_digits(rest, 2, false, &p->second);
	default:
		if (rest->len == 0 || rest->p[0] != letter)
			return false;
		*rest = str_from(*rest, 1);
		return true;
	}
}

int64_t date_parse_http(struct str s)
{
	/* Capital letters of "GMT" that are no fields: G and T; M is taken, hence the '$'. */
	static const char *const forms[] = {
		"w, D M Y h:m:s $", /* IMF-fixdate */
		"W, D-M-y h:m:s $", /* RFC 850 */
		"w M d h:m:s Y",    /* asctime */
	};
	s = str_trim(s);
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct date_parts p = { 0 };
		struct str rest = s;
		const char *form = forms[i];
		while (*form && *form != '$' && match_letter(*form, &rest, &p))
			form++;
		if ((*form == '$' && !str_eq(rest, STR("GMT"))) || (*form != '$' && *form) ||
		    (*form == '\0' && rest.len > 0))
			continue;
		if (p.year < 1583 || p.day < 1 || p.day > 31 || p.hour > 23 || p.minute > 59 ||
		    p.second > 60)
			return TIME_ABSENT;
		return (date_days(p.year, p.month, p.day) * DAY_S + p.hour * 3600 + p.minute * 60 +
			p.second) *
		       1000;
	}
	return TIME_ABSENT;
}
