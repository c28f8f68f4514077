/* SPDX-License-Identifier: ISC */
/*
 * Listening: a TCP address, and the Unix socket of the API as a file: made with mode 0660 from the first moment, a stale
 * one replaced, a live one an error.
 */
#pragma once

#include <sys/stat.h>
#include "base/err.h"

/* A listening descriptor, non-blocking; `*ret_made` tells the file apart from a successor's at removal. */
int listen_unix(struct str path, struct str group, int *ret_fd, struct stat *ret_made, struct err *e) MUST_CHECK;
/* "127.0.0.1:8380" or "[::1]:8380". */
int listen_tcp(struct str address, int *ret_fd, struct err *e) MUST_CHECK;
void listen_remove(struct str path, const struct stat *made); /* only if it is still the one we made */
