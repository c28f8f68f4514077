/* SPDX-License-Identifier: ISC */
/*
 * Secrets that stand elsewhere: in a file, an environment variable or a systemd credential.  The
 * only place that reads the environment.  No message ever holds a secret.
 */
#pragma once

#include "base/err.h"
#include "base/strbuf.h"

#define SECRET_MAX_BYTES (64 << 10)

/* `kind` is "file", "env" or "credential".  A relative file lies below `folder`.  Line ends at the
 * end are cut; an empty secret is an error, a file that everybody may read sets *ret_open. */
int secret_read(struct str kind, struct str name, const char *folder, struct strbuf *out,
		bool *ret_open, struct err *e) MUST_CHECK;
