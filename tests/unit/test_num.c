/* SPDX-License-Identifier: ISC */
/* Numbers, durations, sizes. */
#include "lib/test.h"

#include "base/num.h"

TEST(integers)
{
	uint64_t u = 1;
	int64_t i = 1;
	CHECK(num_u64(STR("18446744073709551615"), &u) && u == UINT64_MAX);
	CHECK(!num_u64(STR("18446744073709551616"), &u));
	CHECK(!num_u64(STR(""), &u) && !num_u64(STR("+1"), &u) && !num_u64(STR(" 1"), &u));
	CHECK(num_i64(STR("-9223372036854775808"), &i) && i == INT64_MIN);
	CHECK(!num_i64(STR("9223372036854775808"), &i) && !num_i64(STR("-"), &i));
	CHECK(num_hex(STR("fFffFFFFffffffff"), &u) && u == UINT64_MAX);
	CHECK(!num_hex(STR("0x1"), &u));
}

TEST(doubles)
{
	double d = 0;
	CHECK(num_double(STR("-1.5e3"), &d) && (int)d == -1500);
	CHECK(!num_double(STR("1e999"), &d));
	CHECK(!num_double(STR(".5"), &d) && !num_double(STR("01"), &d) &&
	      !num_double(STR("nan"), &d));
	CHECK(!num_double(STR("1."), &d) && !num_double(STR("0x1"), &d));
}

static int64_t duration(const char *s)
{
	int64_t ms = -1;
	num_duration_ms(str_c(s), &ms);
	return ms;
}

TEST(durations)
{
	char buf[48];
	CHECK_INT(duration("1h30m"), 5400000);
	CHECK_INT(duration("250ms"), 250);
	CHECK_INT(duration("1w"), 604800000);
	CHECK_INT(duration("0"), 0);
	CHECK_INT(duration("90"), -1);
	CHECK_INT(duration("1m1h"), -1);
	CHECK_INT(duration("5m "), -1);
	CHECK_INT(duration("11000d"), -1);
	CHECK_STR(str_c(num_format_duration(buf, sizeof(buf), 90000)), "1m30s");
	CHECK_STR(str_c(num_format_duration(buf, sizeof(buf), 0)), "0s");
	CHECK_STR(str_c(num_format_duration(buf, sizeof(buf), 691200001)), "8d1ms");
	CHECK_STR(str_c(num_format_duration(buf, sizeof(buf), 1209600000)), "2w");
}

TEST(sizes)
{
	char buf[48];
	int64_t n = -1;
	CHECK(num_size(STR("64KiB"), &n) && n == 65536);
	CHECK(num_size(STR("2MB"), &n) && n == 2000000);
	CHECK(num_size(STR("4096"), &n) && n == 4096);
	CHECK(!num_size(STR("4 MiB"), &n) && !num_size(STR("99999999999GiB"), &n) && n == 4096);
	CHECK_STR(str_c(num_format_size(buf, sizeof(buf), 4 << 20)), "4MiB");
	CHECK_STR(str_c(num_format_size(buf, sizeof(buf), 1025)), "1025");
	CHECK_STR(str_c(num_format_size(buf, sizeof(buf), 0)), "0");
}
