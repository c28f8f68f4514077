/* SPDX-License-Identifier: ISC */
/*
 * Fuzz targets: `FUZZ(s) { … }` is the function that libFuzzer calls with its bytes; a broken
 * property ends the process.  The main comes from libFuzzer.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define FUZZ(s)                                                                                    \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);                              \
	static void fuzz_one(struct str s);                                                        \
	int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                               \
	{                                                                                          \
		fuzz_one(str_n(size ? (const void *)data : "", size));                             \
		return 0;                                                                          \
	}                                                                                          \
	static void fuzz_one(struct str s)

#define MUST(cond)                                                                                 \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #cond);         \
			abort();                                                                   \
		}                                                                                  \
	} while (0)
