/* SPDX-License-Identifier: ISC */
/* The two clocks, replaceable for tests. */
#include "base/clock.h"

#include <stdatomic.h>
#include <stddef.h>

static _Atomic(int64_t (*)(void)) replaced_unix, replaced_mono;

static int64_t read_us(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_unix_ms(void)
{
	int64_t (*fn)(void) = atomic_load_explicit(&replaced_unix, memory_order_relaxed);
	return fn ? fn() : read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_mono_ms(void)
{
	int64_t (*fn)(void) = atomic_load_explicit(&replaced_mono, memory_order_relaxed);
	return fn ? fn() : read_us(CLOCK_BOOTTIME) / 1000;
}

int64_t clock_mono_us(void)
{
	int64_t (*fn)(void) = atomic_load_explicit(&replaced_mono, memory_order_relaxed);
	return fn ? fn() * 1000 : read_us(CLOCK_BOOTTIME);
}

void clock_replace(int64_t (*unix_ms)(void), int64_t (*mono_ms)(void))
{
	atomic_store(&replaced_unix, unix_ms);
	atomic_store(&replaced_mono, mono_ms);
}
