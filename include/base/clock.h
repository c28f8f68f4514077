/* SPDX-License-Identifier: ISC */
/*
 * The two clocks, in ms.  `unix` is wall time and may jump; `mono` never goes back and counts suspend
 * (CLOCK_BOOTTIME).  Replaceable for tests.  Domain code never calls these: the engine passes `now`
 * down.
 */
#pragma once

#include <stdint.h>

int64_t clock_unix_ms(void);
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void); /* for latency figures */
void clock_replace(int64_t (*unix_ms)(void), int64_t (*mono_ms)(void)); /* NULL: the real one again */
