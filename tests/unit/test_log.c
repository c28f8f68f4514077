/* SPDX-License-Identifier: ISC */
/* Log lines, errors and clocks. */
#include "lib/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"

static int64_t noon(void)
{
	return INT64_C(1702296000007); /* 2023-12-11 12:00:00.007 UTC */
}

/* What one log_event writes; `ret` of at least 8 KiB. */
static struct str captured(char *ret, const char *value)
{
	int ends[2], saved = dup(STDERR_FILENO);
	CHECK_INT(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	log_info("poll.done", "source=%s new=%d", value, 3);
	log_debug("poll.detail", "not=%d", 1);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	ssize_t n = read(ends[0], ret, 8192);
	close(ends[0]);
	return str_n(ret, n > 0 ? (size_t)n : 0);
}

TEST(log_line)
{
	static char buf[8192], big[6000];
	clock_replace(noon, noon);
	CHECK_STR(captured(buf, "a\nb"),
		  "2023-12-11T12:00:00.007Z info poll.done source=a b new=3\n");
	log_set_prefix(true);
	CHECK_STR(captured(buf, "a"), "<6>poll.done source=a new=3\n");
	memset(big, 'x', sizeof(big) - 1);
	struct str line = captured(buf, big);
	CHECK(line.len <= 4096 && line.p[line.len - 1] == '\n');
	log_set_prefix(false);
	clock_replace(NULL, NULL);
	CHECK(clock_unix_ms() > noon());
	enum log_level level;
	CHECK(log_level_parse(STR("warning"), &level) && level == LOG_LEVEL_WARNING);
	CHECK(!log_level_parse(STR("warn"), &level));
}

TEST(log_quote)
{
	CHECK_STR(str_c(LOG_Q(STR("a\"b\n"))), "\"a\\\"b\\x0a\"");
	CHECK_STR(str_c(LOG_Q(STR(""))), "\"\"");
	static char big[1001];
	for (size_t i = 0; i < 1000; i += 2)
		memcpy(big + i, "é", 2);
	struct str q = str_c(LOG_Q(str_c(big)));
	CHECK(q.len < LOG_QUOTE_MAX && str_ends(q, STR("é…\"")));
	q = str_c(LOG_Q(str_from(str_c(big), 1)));
	CHECK(str_ends(q, STR("é…\"")));
}

TEST(errors)
{
	struct err e = { 0 };
	CHECK_INT(err_set_at(&e, ERR_INPUT, 7, "bad %s", "word"), -1);
	CHECK_INT(err_wrap(&e, "source %s", "x"), -1);
	CHECK_STR(str_c(e.message), "source x: bad word");
	CHECK_INT(e.kind, ERR_INPUT);
	CHECK_INT(e.column, 7);
	err_errno(&e, 2, "open");
	CHECK_STR(str_c(e.message), "open: No such file or directory");
	CHECK_STR(str_c(err_kind_name(e.kind)), "system");
	err_set(&e, ERR_INPUT, "%0477d%s", 0, "ééé");
	CHECK_INT(strlen(e.message), 479);
	err_set(&e, ERR_INPUT, "%0478d%s", 0, "ééé");
	CHECK_INT(strlen(e.message), 478);
}
