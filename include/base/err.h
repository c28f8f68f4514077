/* SPDX-License-Identifier: ISC */
/*
 * Why a function failed, and what the caller should do about it.  A function that can fail returns
 * 0 or -1 with `*e`
 * filled; `*e` is untouched on success.  Messages are one line, end without a full stop and never hold a secret.
 */
#pragma once

#include <stdarg.h>
#include "base/own.h"
#include "base/str.h"

enum err_kind {
	ERR_NONE,
	ERR_RETRY,  /* transient: try later */
	ERR_INPUT,  /* the peer (or the user) sent nonsense */
	ERR_LIMIT,  /* a bound was hit */
	ERR_CONFIG, /* the operator must act */
	ERR_SYSTEM, /* operating system or disk */
};
#define ERR_MESSAGE_MAX 480
struct err {
	enum err_kind kind;
	int column;                    /* 1-based code point in the text that was parsed; 0 = not known */
	char message[ERR_MESSAGE_MAX]; /* NUL-ended, cut at a UTF-8 border */
};

/* All return -1, so that `return err_set(…)` reads well. */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
int err_set_at(struct err *e, enum err_kind kind, int column, const char *fmt, ...) PRINTF_LIKE(4, 5);
int err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3); /* "context: message" */
int err_errno(struct err *e, int errnum, const char *fmt, ...) PRINTF_LIKE(3, 4); /* ERR_SYSTEM, ": strerror" */
const char *err_kind_name(enum err_kind kind); /* "retry", "input", … */
