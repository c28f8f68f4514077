/* SPDX-License-Identifier: ISC */
/*
 * What the service manager is told (sd_notify(3)); all of it is nothing without one.  io thread only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

enum notify_state {
	NOTIFY_TEXT,      /* numbers as in MESSAGE_STATUS */
	NOTIFY_READY,     /* start-up or reload is done */
	NOTIFY_RELOADING,
};
void notify_state(enum notify_state state, struct str status); /* an absent status stays as it was */
void notify_stopping(void);
void notify_watchdog(void);
int64_t notify_watchdog_ms(void); /* how often it must hear from us; 0 = no watchdog */
