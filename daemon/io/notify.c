/* SPDX-License-Identifier: ISC */
/* What the service manager is told. */
#include "io/notify.h"

#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/strbuf.h"

#define STATUS_MAX_BYTES 1024u

/* The field that lets systemd tell this reload from an older one is on CLOCK_MONOTONIC (sd_notify(3)). */
static uint64_t monotonic_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

void notify_state(enum notify_state state, struct str status)
{
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(STATUS_MAX_BYTES + 128);
	if (state == NOTIFY_READY)
		strbuf_adds(&text, "READY=1\n");
	if (state == NOTIFY_RELOADING)
		strbuf_addf(&text, "RELOADING=1\nMONOTONIC_USEC=%llu\n", (unsigned long long)monotonic_us());
	size_t line = str_chr(status, '\n'); /* a second line would be another field */
	if (str_present(status)) {
		strbuf_adds(&text, "STATUS=");
		strbuf_add(&text, str_slice(status, 0, line < STATUS_MAX_BYTES ? line : STATUS_MAX_BYTES));
		strbuf_adds(&text, "\n");
	}
	(void)sd_notify(0, strbuf_cstr(&text));
}

void notify_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1\nSTATUS=stopping\n");
}

void notify_watchdog(void)
{
	(void)sd_notify(0, "WATCHDOG=1\n");
}

int64_t notify_watchdog_ms(void)
{
	uint64_t us = 0;
	if (sd_watchdog_enabled(0, &us) <= 0)
		return 0;
	return (int64_t)(us / 1000);
}
