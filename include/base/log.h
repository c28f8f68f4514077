/* SPDX-License-Identifier: ISC */
/*
 * Log lines are events: a stable dotted name and key=value pairs, one line each, to stderr; with a journal
 * (JOURNAL_STREAM, or stderr not a terminal under systemd) each line has an <N> priority prefix
 * (sd-daemon(3)).
 * Only engine/, io/, control/ and the mains log.  Any thread; a line is one write(2).
 */
#pragma once

#include <stdbool.h>
#include "base/own.h"
#include "base/str.h"

enum log_level {
	LOG_LEVEL_ERR = 3,     /* the operator must act */
	LOG_LEVEL_WARNING = 4, /* we coped */
	LOG_LEVEL_NOTICE = 5,  /* a state changed */
	LOG_LEVEL_INFO = 6,    /* normal work */
	LOG_LEVEL_DEBUG = 7,
};
void log_set_level(enum log_level level); /* default info */
bool log_level_parse(struct str name, enum log_level *ret_level); /* "err" "warning" "notice" "info" "debug" */
void log_set_prefix(bool journal);        /* <N> prefixes instead of time and level */
/* `pairs` is printf-like: log_event(LOG_LEVEL_INFO, "poll.done", "source=%s new=%zu", …). */
void log_event(enum log_level level, const char *event, const char *pairs, ...) PRINTF_LIKE(3, 4);
#define log_err(...) log_event(LOG_LEVEL_ERR, __VA_ARGS__)
#define log_warning(...) log_event(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_event(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_event(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_event(LOG_LEVEL_DEBUG, __VA_ARGS__)
/* Peer-controlled text for a pair: quoted, controls as \xNN, cut at LOG_QUOTE_MAX.  Returns buf. */
#define LOG_QUOTE_MAX 256
const char *log_quote(char buf[static LOG_QUOTE_MAX], struct str s);
#define LOG_Q(s) log_quote((char[LOG_QUOTE_MAX]){ 0 }, (s))
