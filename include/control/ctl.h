/* SPDX-License-Identifier: ISC */
/*
 * monitorctl: the commands of daemon/control/commands.def over the daemon's API, and those that need no daemon.
 * One thread; owns nothing after it returned.
 */
#pragma once

/* Exit codes that scripts may rely on; the numbers from 64 on are those of sysexits.h. */
enum ctl_exit {
	CTL_OK = 0,
	CTL_NO = 1,             /* refused, not found, failed, or (search, match) nothing matched */
	CTL_USAGE = 64,
	CTL_BAD_INPUT = 65,     /* what was to be read is not what it should be */
	CTL_NO_INPUT = 66,      /* a file cannot be read */
	CTL_NO_DAEMON = 69,
	CTL_IO = 74,            /* the output could not be written */
	CTL_NO_PERMISSION = 77,
	CTL_BAD_CONFIG = 78,
};

/* Runs one command line; returns the exit code.  Prints to stdout and stderr. */
int ctl_main(int argc, char *const argv[]);
