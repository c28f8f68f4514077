/* SPDX-License-Identifier: ISC */
/*
 * Golden tests whose answer is JSON: each folder below `data` holds an input and expected.json.
 *
 *   RUNNER                   compares all, prints TAP
 *   RUNNER FOLDER            prints what came out for one folder
 *   RUNNER --write FOLDER…   writes expected.json anew: read the diff before you commit it
 */
#pragma once

#include <jansson.h>
#include "base/strbuf.h"

struct golden {
	const char *data;                    /* "tests/data/feed" */
	int depth;                           /* of the folders below it: 1 or 2 */
	json_t *(*run)(const char *folder);  /* "TYPE/NAME" below `data`: a new reference, never NULL */
};
int golden_main(const struct golden *g, int argc, char **argv);
/* Appends a file of a folder; false if there is none. */
bool golden_read(const struct golden *g, const char *folder, const char *name, struct strbuf *out);
