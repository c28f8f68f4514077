/* SPDX-License-Identifier: ISC */
/*
 * Makes functions that invite mistakes compile errors (STYLE.md, Strings).  Forced into every
 * daemon file by the
 * Makefile after the system headers it needs.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#undef alloca
#pragma GCC poison strcpy strncpy strcat strncat sprintf vsprintf strtok strtok_r
#pragma GCC poison atoi atol atoll atof strtol strtoul strtoll strtoull strtod strtof
#pragma GCC poison scanf sscanf fscanf gets gmtime localtime ctime asctime srand popen fork vfork
#pragma GCC poison usleep alloca
/* Library headers use these words as parameter names, so here only the call is an error; clang
 * wants that said at the first declaration, which is libc's. */
#ifndef __clang__
#define BANNED __attribute__((error("banned, see base/banned.h")))
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls"
int rand(void) BANNED;
int system(const char *command) BANNED;
unsigned sleep(unsigned seconds) BANNED;
#pragma GCC diagnostic pop
#undef BANNED
#endif
