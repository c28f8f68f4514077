/* SPDX-License-Identifier: ISC */
/*
 * Typed settings by table: a plug-in, or the daemon itself, says its fields once; the YAML reader,
 * the API, the man page, the sample
 * config and the error messages all read the same rows.  A settings struct is plain memory of
 * `settings_size` bytes that
 * starts with a `struct arena *` holding its texts and the arrays of its lists: never push to them or free them.
 */
#pragma once

#include <stddef.h>
#include "base/arena.h"
#include "base/vec.h"
#include "model/transfer.h"

enum field_type {
	FIELD_TEXT,      /* struct str */
	FIELD_BOOL,      /* bool */
	FIELD_INT,       /* int64_t, min..max */
	FIELD_DURATION,  /* int64_t ms, min..max; "90s" */
	FIELD_SIZE,      /* int64_t bytes, min..max; "4MiB" */
	FIELD_CHOICE,    /* int: index into choices */
	FIELD_URL,       /* struct str, syntax checked, scheme http(s) (file, smtp(s) where the type says so by `schemes`) */
	FIELD_SECRET,    /* struct str: a literal, {file: …}, {env: …} or {credential: …}; shown as "***" */
	FIELD_TEXTS,     /* struct texts: a list of text */
	FIELD_HEADERS,   /* struct headers: a map of text to text; values may hold secrets: shown as "***" */
	FIELD_NETWORKS,  /* struct networks: true (= all), or a list of "127.0.0.0/8" */
};
enum account_use { ACCOUNT_NONE, ACCOUNT_MAY, ACCOUNT_MUST }; /* does a type of source read as somebody? */
struct texts { VEC(struct str) list; };
struct headers { VEC(struct header) list; };
struct networks { VEC(struct network) list; };

struct field {
	const char *name;
	enum field_type type;
	size_t offset;              /* in the settings struct */
	int64_t min, max;           /* INT, DURATION (ms), SIZE (bytes); both 0 = 0..INT64_MAX */
	const char *otherwise;      /* default as written in YAML; NULL = none: absent text, zero */
	const char *const *choices; /* CHOICE, TEXTS: NULL-ended; DURATION, INT, SIZE: words for INT64_MAX */
	const char *schemes;        /* URL: "http https"; NULL means that */
	bool required;
	bool config_only;           /* may not be set through the API */
	const char *help;           /* one line */
};
#define FIELD_END { .name = NULL }
