/* SPDX-License-Identifier: ISC */
/* The main of every unit test binary: runs the registered tests and prints TAP. */
#include "lib/test.h"

#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

#define TESTS_MAX 512
static struct CMUnitTest tests[TESTS_MAX];
static size_t n_tests;

void test_register(const char *name, void (*fn)(void **state))
{
	if (n_tests == TESTS_MAX)
		abort();
	tests[n_tests++] = (struct CMUnitTest){ .name = name, .test_func = fn };
}

void test_check_str(struct str got, struct str want, const char *file, int line)
{
	if (got.len == want.len && memcmp(got.p ? got.p : "", want.p ? want.p : "", got.len) == 0)
		return;
	print_error("got  \"%.*s\"\nwant \"%.*s\"\n", STR_ARG(got), STR_ARG(want));
	_fail(file, line);
}

struct str test_read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("cannot open %s", path);
	size_t cap = 1 << 16, len = 0;
	char *p = mem_alloc(cap + 1);
	for (size_t n; (n = fread(p + len, 1, cap - len, f)) > 0;) {
		len += n;
		if (len == cap)
			p = mem_realloc(p, (cap *= 2) + 1);
	}
	fclose(f);
	p[len] = '\0';
	return str_n(p, len);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOWER 10
#else
#define SLOWER 1
#endif

int64_t test_cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return ((int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000) / SLOWER;
}

int __attribute__((weak)) main(void)
{
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return _cmocka_run_group_tests("unit", tests, n_tests, NULL, NULL);
}
