/* SPDX-License-Identifier: ISC */
/* Prometheus text format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats).  Pure. */
#pragma once

#include "base/strbuf.h"

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Starts a family: its HELP and TYPE lines.  `type` is "counter" or "gauge". */
void metrics_family(struct strbuf *out, const char *name, const char *type, const char *help);
/* One sample; `label` NULL: without one. */
void metrics_sample(struct strbuf *out, const char *name, const char *label, struct str value, int64_t n);
/* The same in seconds, from ms. */
void metrics_seconds(struct strbuf *out, const char *name, const char *label, struct str value, int64_t ms);
