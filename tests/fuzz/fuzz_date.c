/* SPDX-License-Identifier: ISC */
/* Dates: every instant that is read can be written and read again; HTTP's forms are forms of ours.
 */
#include "fuzz/fuzz.h"

#include "base/date.h"

FUZZ(s)
{
	char buf[DATE_TEXT_MAX];
	int64_t t = date_parse(s), http = date_parse_http(s);
	if (t != TIME_ABSENT && date_rfc3339(buf, t)[0] && t > INT64_C(-12200000000000)) {
		MUST(date_parse(str_c(buf)) == t);
		MUST(date_parse(str_c(date_rfc5322(buf, t))) == t - (t % 1000 + 1000) % 1000);
		MUST(date_parse_http(str_c(date_http(buf, t))) == t - (t % 1000 + 1000) % 1000);
	}
	MUST(http == TIME_ABSENT || http == t);
	MUST(date_local(buf, t, s)[0] || t == TIME_ABSENT || !date_rfc3339(buf, t)[0]);
}
