/* SPDX-License-Identifier: ISC */
/* Dates: reading, writing, zones. */
#include "lib/test.h"

#include <stdlib.h>

#include "base/date.h"

static void check_parse(const char *in, const char *want)
{
	char buf[DATE_TEXT_MAX];
	const char *got = date_rfc3339(buf, date_parse(str_c(in)));
	if (strcmp(got, want) != 0)
		print_error("date_parse(\"%s\")\n", in);
	CHECK_STR(str_c(got), want);
}

TEST(mail_forms)
{
	check_parse("Mon, 11 Dec 2023 09:14:00 +0100", "2023-12-11T08:14:00Z");
	check_parse("mon,11 dec 23 08:14 gmt", "2023-12-11T08:14:00Z");
	check_parse("Mon (a (nested\\) one)), 11 Dec 2023 08:14:00 GMT (x)",
		    "2023-12-11T08:14:00Z");
	check_parse("11-Dec-2023 08:14:00 -0530", "2023-12-11T13:44:00Z");
	check_parse("Dec 11, 2023 3:14 p.m. EST", "2023-12-11T20:14:00Z");
	check_parse("December 11th, 2023 12:05 AM", "2023-12-11T00:05:00Z");
	check_parse("Mon Dec 11 08:14:00 +0000 2023", "2023-12-11T08:14:00Z");
	check_parse("Mon Dec 11 2023 09:14:00 GMT+0100 (Central European Standard Time)",
		    "2023-12-11T08:14:00Z");
	check_parse("11 Dec 49 00:00:00 Z", "2049-12-11T00:00:00Z");
	check_parse("11 Dec 50 00:00:00 Z", "1950-12-11T00:00:00Z");
	check_parse("11 Dec 123", "2023-12-11T00:00:00Z"); /* RFC 2822, 4.3 */
	check_parse("Mon, 11 Dec 2023 09 +0100", "2023-12-11T08:00:00Z");
	check_parse("Mon, 11 Dec 2023 08:14:00 0000", "2023-12-11T08:14:00Z");
	check_parse("Mon, 11 12 2023 08:14:00 GMT", "2023-12-11T08:14:00Z");
	check_parse("Mon, 11 Dec 2023 08:14:09:00 GMT", "");
	check_parse("Dec. 2023", "2023-12-01T00:00:00Z");
	check_parse("Thus, 7 Dec 2023 08:14:00 GMT", "2023-12-07T08:14:00Z");
	check_parse("Tue, 7 Febuary 2023 08:14:00 GMT}", "2023-02-07T08:14:00Z");
}

TEST(iso_forms)
{
	check_parse("2023-12-11T08:14:00.25Z", "2023-12-11T08:14:00.250Z");
	check_parse("2023-12-11t09:14:00,123456+01", "2023-12-11T08:14:00.123Z");
	check_parse("2023-12-11 08:14", "2023-12-11T08:14:00Z");
	check_parse("2023-12-11T24:00:00Z", "2023-12-12T00:00:00Z");
	check_parse("20231211T081400Z", "2023-12-11T08:14:00Z");
	check_parse("20231211081400", "2023-12-11T08:14:00Z");
	check_parse("2023-345", "2023-12-11T00:00:00Z");
	check_parse("2023-12", "2023-12-01T00:00:00Z");
	check_parse("2023", "2023-01-01T00:00:00Z");
	check_parse("2023-12-11Z", "");
	check_parse("2023-W50", "2023-12-11T00:00:00Z");
	check_parse("2023-W50-1T08:14Z", "2023-12-11T08:14:00Z");
	check_parse("2020W537", "2021-01-03T00:00:00Z");
	check_parse("2023-W54", "");
	check_parse("2023-12-11T03:14:00-05:00Z", "2023-12-11T08:14:00Z");
	check_parse("2023-12-11T03:14:00-05:00:00", "2023-12-11T08:14:00Z");
	check_parse("2023-12-11T03:14:00:-0500", "2023-12-11T08:14:00Z");
	check_parse("2023-12-11+01:00", "2023-12-10T23:00:00Z");
	check_parse("2023-12-11T08:14:00 Europe", "");
}

/* Named after a city: standard and summer time, on both sides of each change. */
TEST(zone_names)
{
	check_parse("Sun, 26 Mar 2023 01:59:59 Europe/Berlin", "2023-03-26T00:59:59Z");
	check_parse("Sun, 26 Mar 2023 03:00:00 Europe/Berlin", "2023-03-26T01:00:00Z");
	check_parse("Sun, 29 Oct 2023 03:00:00 Europe/Berlin", "2023-10-29T02:00:00Z");
	check_parse("Fri, 31 Mar 2023 20:19:00 America/Los_Angeles", "2023-04-01T03:19:00Z");
	check_parse("Sun, 12 Mar 2023 01:59:59 America/New_York", "2023-03-12T06:59:59Z");
	check_parse("Sun, 12 Mar 2023 03:00:00 America/New_York", "2023-03-12T07:00:00Z");
	check_parse("Sun, 05 Nov 2023 02:00:00 America/New_York", "2023-11-05T07:00:00Z");
	check_parse("2023-07-01 12:00:00 Asia/Tokyo", "2023-07-01T03:00:00Z");
	check_parse("2023-07-01 12:00:00 Atlantis/Nowhere", "2023-07-01T12:00:00Z"); /* unknown: UTC */
}

TEST(numeric_forms)
{
	check_parse("12/31/2023 8:14", "2023-12-31T08:14:00Z");
	check_parse("31/12/2023 08:14", "2023-12-31T08:14:00Z");
	check_parse("31.12.2023, 08:14 Uhr", "2023-12-31T08:14:00Z");
	check_parse("2023. 12. 31. 오전 8:14", "2023-12-30T23:14:00Z");
	check_parse("31-12-2023", "2023-12-31T00:00:00Z");
	check_parse("12.31.2023", "2023-12-31T00:00:00Z");
	check_parse("1702282440", "2023-12-11T08:14:00Z");
	check_parse("1702282440500", "2023-12-11T08:14:00.500Z");
}

TEST(languages)
{
	static const char *const december[] = {
		"lundi 11 décembre 2023 08:14",
		"Montag, 11. Dezember 2023, 08:14 Uhr",
		"lunes, 11 de diciembre de 2023 08:14",
		"lunedì 11 dicembre 2023 ore 08:14",
		"segunda-feira, 11 de dezembro de 2023 às 08:14",
		"maandag 11 december 2023 om 08:14",
		"poniedziałek, 11 grudnia 2023 08:14",
		"pondělí 11. prosince 2023 08:14",
		"Пн, 11 декабря 2023 г. 08:14",
		"понеділок, 11 грудня 2023 р. 08:14",
		"Δευ, 11 Δεκεμβρίου 2023 08:14",
		"maanantai 11. joulukuuta 2023 klo 08:14",
		"2023. december 11., hétfő 08:14",
		"11 Aralık 2023 Pazartesi 08:14",
		"luni, 11 decembrie 2023 08:14",
		"måndag 11 december 2023 kl. 08:14",
		"2023年12月11日 08:14",
		"2023年12月11日(月) 8時14分",
		"2023年12月11日 星期一 上午8:14",
		"lun. 11 déc. 2023 8h14",
	};
	for (size_t i = 0; i < sizeof(december) / sizeof(december[0]); i++)
		check_parse(december[i], "2023-12-11T08:14:00Z");
	check_parse("2023년 12월 11일 오후 5:14", "2023-12-11T08:14:00Z");
	check_parse("Mar, 12 Mar 2024 08:14:00 Z", "2024-03-12T08:14:00Z");
	check_parse("12 AOÛT 2024", "2024-08-12T00:00:00Z");
	check_parse("12 août 2024", "2024-08-12T00:00:00Z"); /* decomposed in some feeds */
	check_parse("12 aou\xcc\x82t 2024", "2024-08-12T00:00:00Z");
	check_parse("12 jui 2024", "");
}

/* The usual forms are read by themselves: each means the same as one that is not. */
TEST(usual_forms)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	static const char *const zones[] = { "+0000", "-0000", "+0130", "-1200", "+1400", "-0001" };
	char usual[64], other[64];

	for (int i = 0; i < 5000; i++) {
		int year = 1580 + i % 500, month = i % 12, day = i % 33, hour = i % 25, minute = i % 61, second = i % 62;
		const char *zone = zones[i % 6];

		snprintf(usual, sizeof(usual), "Mon, %02d %s %d %02d:%02d:%02d %s", day, months[month], year, hour, minute, second, zone);
		CHECK_INT(date_parse(str_c(usual)), date_parse(str_c(usual + 5)));
		snprintf(usual, sizeof(usual), "%d-%02d-%02dT%02d:%02d:%02d%.3s:%s", year, month + 1, day, hour, minute, second, zone, zone + 3);
		snprintf(other, sizeof(other), "%d-%02d-%02d %02d:%02d:%02d.0%s", year, month + 1, day, hour, minute, second, zone);
		CHECK_INT(date_parse(str_c(usual)), date_parse(str_c(other)));
	}
	check_parse("Mon, 02 Nov 2026 10:20:00 GMT", "2026-11-02T10:20:00Z");
	check_parse("2026-11-02T10:20:00Z", "2026-11-02T10:20:00Z");
	check_parse("2026-11-02T10:20:00-01:30", "2026-11-02T11:50:00Z");
}

TEST(last_days)
{
	check_parse("29 Feb 2024 10:00:00 GMT", "2024-02-29T10:00:00Z");
	check_parse("2024-366", "2024-12-31T00:00:00Z");
	check_parse("2023-365", "2023-12-31T00:00:00Z");
	check_parse("2020-W53-5", "2021-01-01T00:00:00Z");
	check_parse("31 Dec 2023 24:00:00 GMT", "2024-01-01T00:00:00Z");
	check_parse("30 Jun 2015 23:59:60 GMT", "2015-07-01T00:00:00Z");
}

TEST(no_dates)
{
	static const char *const bad[] = {
		"",
		"yesterday",
		"11 Dec",
		"08:14:00",
		"2023-13-01",
		"31 Apr 2026 10:00:00 GMT",
		"2026-02-29",
		"30.2.2024",
		"2/30/2024",
		"2023-366",
		"2023-W53-1",
		"230230",
		"20230431",
		"2023年2月30日",
		"11 Dec 2023 25:61:00 GMT",
		"2023-12-32",
		"2023-12-11T25:00:00Z",
		"2023-12-11T08:60:00Z",
		"2023-12-11T08:14:61Z",
		"2023-12-11T08:14:00+99:00",
		"11 Dec 2023 1:2:3:4",
		"11 Dec 1200",
		"99999999999999999999",
		"12345",
		"11 11 11 11",
		"11 Dec 2023 08:14 09:15",
		"\xff\xff",
		"::",
		"T",
		"- -",
		"(((",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_parse(bad[i], "");
	CHECK(date_parse(STR_NULL) == TIME_ABSENT);
	char longer[400];
	memset(longer, '(', sizeof(longer));
	CHECK(date_parse(str_n(longer, sizeof(longer))) == TIME_ABSENT);
}

TEST(http_forms)
{
	const int64_t want = INT64_C(784111777000); /* the example of RFC 9110, 5.6.7 */
	CHECK_INT(date_parse_http(STR("Sun, 06 Nov 1994 08:49:37 GMT")), want);
	CHECK_INT(date_parse_http(STR("Sunday, 06-Nov-94 08:49:37 GMT")), want);
	CHECK_INT(date_parse_http(STR("Sun Nov  6 08:49:37 1994")), want);
	static const char *const bad[] = {
		"",
		"Sun, 06 Nov 1994 08:49:37",
		"Sun, 6 Nov 1994 08:49:37 GMT",
		"0",
		"1994-11-06T08:49:37Z",
		"Sun, 06 Nov 1994 08:49:37 gmt",
		"Sun",
		"Sun, 06 Nov 1994 08:49:37 GMTx",
		"Sun Nov  6 08:49:37 1994 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:49:37 GMT",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_INT(date_parse_http(str_c(bad[i])), TIME_ABSENT);
}

TEST(writing)
{
	char buf[DATE_TEXT_MAX];
	const int64_t t = INT64_C(1702282440000);
	CHECK_STR(str_c(date_rfc5322(buf, t)), "Mon, 11 Dec 2023 08:14:00 +0000");
	CHECK_STR(str_c(date_http(buf, t)), "Mon, 11 Dec 2023 08:14:00 GMT");
	CHECK_STR(str_c(date_rfc3339(buf, -1)), "1969-12-31T23:59:59.999Z");
	CHECK_STR(str_c(date_rfc3339(buf, TIME_ABSENT)), "");
	CHECK_STR(str_c(date_http(buf, INT64_MAX)), "");
	CHECK_STR(str_c(date_local(buf, TIME_ABSENT, STR("UTC"))), "");
}

/* Every day of eight centuries, there and back. */
TEST(calendar)
{
	int last = 0, wday = date_parts_utc(date_days(1600, 1, 1) * 86400000).wday;
	CHECK_INT(wday, 6); /* 1 January 1600 was a Saturday */
	for (int64_t day = date_days(1600, 1, 1); day < date_days(2400, 1, 1); day++) {
		struct date_parts p = date_parts_utc(day * 86400000 + 86399999);
		if (date_days(p.year, p.month, p.day) != day || p.wday != wday || p.hour != 23)
			fail_msg("%d-%d-%d", p.year, p.month, p.day);
		if (p.day != last + 1 && p.day != 1)
			fail_msg("after %d: %d-%d-%d", last, p.year, p.month, p.day);
		last = p.day;
		wday = (wday + 1) % 7;
	}
}

TEST(zones)
{
	char buf[DATE_TEXT_MAX];
	const int64_t t = INT64_C(1702282440000);
	if (!date_zone_known(STR("Europe/Paris")))
		skip(); /* no tzdata on this machine */
	CHECK_STR(str_c(date_local(buf, t, STR("Europe/Paris"))), "2023-12-11 09:14 CET");
	CHECK_STR(str_c(date_local(buf, date_parse(STR("2024-03-31T01:00Z")), STR("Europe/Paris"))),
		  "2024-03-31 03:00 CEST");
	CHECK_STR(str_c(date_local(buf, date_parse(STR("2024-03-31T00:59Z")), STR("Europe/Paris"))),
		  "2024-03-31 01:59 CET");
	/* Beyond the table, by the rule at its end, on both halves of the globe. */
	CHECK_STR(str_c(date_local(buf, date_parse(STR("2090-07-01T12:00Z")), STR("Europe/Paris"))),
		  "2090-07-01 14:00 CEST");
	CHECK_STR(str_c(date_local(buf, date_parse(STR("2090-12-31T23:30Z")), STR("Europe/Paris"))),
		  "2091-01-01 00:30 CET");
	CHECK_STR(str_c(date_local(buf, date_parse(STR("2090-01-01T12:00Z")),
				   STR("Australia/Sydney"))),
		  "2090-01-01 23:00 AEDT");
	CHECK_STR(str_c(date_local(buf, t, STR("Asia/Kolkata"))), "2023-12-11 13:44 IST");
	CHECK_STR(str_c(date_local(buf, t, STR("UTC"))), "2023-12-11 08:14 UTC");
	CHECK_STR(str_c(date_local(buf, t, STR("No/Such"))), "2023-12-11 08:14 UTC");
	CHECK(date_zone_known(STR("")) && date_zone_known(STR("local")));
	CHECK(!date_zone_known(STR("../../etc/passwd")) && !date_zone_known(STR("Europe")) &&
	      !date_zone_known(STR("/etc/localtime")) && !date_zone_known(STR("zone.tab")));
}
