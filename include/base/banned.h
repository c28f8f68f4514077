/* SPDX-License-Identifier: ISC */
/*
 * Makes functions that invite mistakes compile errors (STYLE.md, Strings).  Forced into every daemon file by the
 * Makefile after the system headers it needs; mem.c, secret.c and the like undo the one line they need.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#pragma GCC poison strcpy strncpy strcat strncat sprintf vsprintf strtok strtok_r
#pragma GCC poison atoi atol atoll atof strtol strtoul strtoll strtoull strtod strtof
#pragma GCC poison scanf sscanf fscanf gets gmtime localtime ctime asctime rand srand system popen fork vfork
#pragma GCC poison sleep usleep alloca
