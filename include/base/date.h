/* SPDX-License-Identifier: ISC */
/*
 * Dates as feeds and servers write them, and as we write them.  Instants are ms since 1970 UTC.
 * Pure: never "now" by mistake; what cannot be read is absent.
 */
#pragma once

#include "base/strbuf.h"

#define TIME_ABSENT INT64_MIN

/* RFC 822/2822/5322 with its real-world deviations, RFC 3339 / ISO 8601 / W3C-DTF, asctime, named
 * zones, two-digit
 * years (RFC 2822 4.3), month names of many languages, missing zone = UTC.  TIME_ABSENT if it is no
 * date. */
int64_t date_parse(struct str s);
int64_t date_parse_http(struct str s);                 /* RFC 9110 5.6.7: three forms only */
#define DATE_TEXT_MAX 64
/* All return buf.  TIME_ABSENT gives "". */
const char *date_rfc3339(char buf[static DATE_TEXT_MAX], int64_t unix_ms); /* UTC, "2023-12-11T08:14:00Z", ms if any */
const char *date_rfc5322(char buf[static DATE_TEXT_MAX], int64_t unix_ms); /* for mail: "Mon, 11 Dec 2023 08:14:00 +0000" */
const char *date_http(char buf[static DATE_TEXT_MAX], int64_t unix_ms);    /* IMF-fixdate */
/* "2023-12-11 09:14 CET" in an IANA zone ("Europe/Paris"; "" or "local" = the system's).  Not
 * thread-safe against
 * itself: engine thread only. */
const char *date_local(char buf[static DATE_TEXT_MAX], int64_t unix_ms, struct str zone);
bool date_zone_known(struct str zone);                 /* an installed IANA zone, "UTC", "" or "local" */
/* UTC calendar parts; wday 0 = Sunday. */
struct date_parts {
	int year, month, day, hour, minute, second, wday;
};
struct date_parts date_parts_utc(int64_t unix_ms);
