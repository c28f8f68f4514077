/* SPDX-License-Identifier: ISC */
/*
 * Dates as feeds and servers write them, and as we write them.  Instants are ms since 1970 UTC.
 * Pure: never "now" by mistake; what cannot be read is absent.
 */
#pragma once

#include "base/strbuf.h"

#define TIME_ABSENT INT64_MIN

/* RFC 822/2822/5322 with its real-world deviations (comments, any order, no weekday, no seconds), RFC 3339 / ISO 8601 /
 * W3C-DTF, ISO weeks, asctime, numeric dates (1/31/2024, 31.1.2024), seconds or ms since 1970, named zones and those of great
 * cities (Europe/Berlin), two-digit years (RFC 2822, 4.3), month names of many languages.  Missing or unknown zone = UTC
 * (Korean forms: KST), a month without a day = its first.  TIME_ABSENT if it is no date, a day that no month has (31 April),
 * or one before 1583. */
int64_t date_parse(struct str s);
int64_t date_parse_http(struct str s); /* RFC 9110, 5.6.7: its three forms only */
#define DATE_TEXT_MAX 64
/* All return buf.  TIME_ABSENT and what lies outside the years 1 to 9999 give "". */
const char *date_rfc3339(char buf[static DATE_TEXT_MAX], int64_t unix_ms); /* UTC, ms if any */
const char *date_rfc5322(char buf[static DATE_TEXT_MAX], int64_t unix_ms); /* "Mon, … +0000" */
const char *date_http(char buf[static DATE_TEXT_MAX], int64_t unix_ms);    /* IMF-fixdate */
/* "2023-12-11 09:14 CET" in an IANA zone ("Europe/Paris"; "" or "local" = the system's; an unknown
 * one = UTC).  Reads the zone's file, so: any thread, but not for hot paths. */
const char *date_local(char buf[static DATE_TEXT_MAX], int64_t unix_ms, struct str zone);
bool date_zone_known(struct str zone); /* an installed IANA zone, "UTC", "" or "local" */
/* UTC calendar parts; wday 0 = Sunday. */
struct date_parts {
	int year, month, day, hour, minute, second, wday;
};
struct date_parts date_parts_utc(int64_t unix_ms);
/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar; `day` may lie outside the
 * month. */
int64_t date_days(int year, int month, int day);
