/* SPDX-License-Identifier: ISC */
/*
 * Numbers, durations and sizes from and to text.  Strict: the whole text must be the number; no signs, spaces or
 * overflow slip through.  All return false (result untouched) when they do not understand.
 */
#pragma once

#include "base/str.h"

bool num_u64(struct str s, uint64_t *ret_n);       /* decimal digits only */
bool num_i64(struct str s, int64_t *ret_n);        /* optional '-' */
bool num_double(struct str s, double *ret_n);      /* JSON number grammar; locale-free */
bool num_hex(struct str s, uint64_t *ret_n);       /* 1 to 16 hex digits */
/* "90s" "5m" "1h30m" "2d" "1w" "250ms"; units ms s m h d w; a bare number is refused except 0.
 * 0..10 years. */
bool num_duration_ms(struct str s, int64_t *ret_ms);
bool num_size(struct str s, int64_t *ret_bytes);   /* "4096" "64KiB" "4MiB" "1GiB" (also kB MB GB = powers of 1000) */
/* Shortest exact form: 90000 -> "1m30s", 0 -> "0s".  `buf` at least 48 bytes; returns buf. */
const char *num_format_duration(char *buf, size_t size, int64_t ms);
const char *num_format_size(char *buf, size_t size, int64_t bytes); /* "4MiB", exact or bytes */
