/* SPDX-License-Identifier: ISC */
/*
 * Unit tests: `TEST(name) { CHECK_INT(f(2), 4); }` registers itself; one main per binary comes from test.c (cmocka, TAP
 * output).  CHECKs print both values.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

void test_register(const char *name, void (*fn)(void **state));
void test_check_str(struct str got, struct str want, const char *file, int line);
/* Reads a whole file of at most 64 MiB; fails the test if it is not there. Caller frees with mem_free. */
struct str test_read_file(const char *path);
/* CPU time of this process: for time limits, which must hold on a busy machine too.  Under a sanitizer
 * a tenth of it, which is about what the program would need without. */
int64_t test_cpu_us(void);

#define TEST(name)                                                                                  \
	static void test_##name(void **state);                                                      \
	__attribute__((constructor)) static void test_register_##name(void)                         \
	{                                                                                           \
		test_register(#name, test_##name);                                                  \
	}                                                                                           \
	static void test_##name(void **state __attribute__((unused)))

#define CHECK(cond) _assert_true((cond) ? 1 : 0, #cond, __FILE__, __LINE__)
#define CHECK_INT(got, want)                                                                        \
	do {                                                                                        \
		long long got_ = (long long)(got), want_ = (long long)(want);                       \
		if (got_ != want_) {                                                                \
			print_error("%s: got %lld, want %lld\n", #got, got_, want_);                \
			_fail(__FILE__, __LINE__);                                                  \
		}                                                                                   \
	} while (0)
#define CHECK_STR(got, want_literal) test_check_str((got), str_c(want_literal), __FILE__, __LINE__)
#define CHECK_OK(call, e)                                                                           \
	do {                                                                                        \
		if ((call) != 0) {                                                                  \
			print_error("%s: %s\n", #call, (e)->message);                               \
			_fail(__FILE__, __LINE__);                                                  \
		}                                                                                   \
	} while (0)
