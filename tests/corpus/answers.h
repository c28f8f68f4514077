/* SPDX-License-Identifier: ISC */
/* What the dumps have in common: a question a line of JSON, and an answer a line. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"

/* main() after its set-up: `answer_to` gives new references, of at most `max_bytes` as text. */
static inline int dump_answers(const char *program, size_t max_bytes, json_t *(*answer_to)(const json_t *q))
{
	char *line = NULL;
	size_t cap = 0;
	struct err e;

	for (ssize_t n; (n = getline(&line, &cap, stdin)) > 0;) {
		OWNED_JSON json_t *q = json_parse(str_n(line, (size_t)n), &e);
		if (q == NULL) {
			fprintf(stderr, "%s: %s\n", program, e.message);
			return 2;
		}
		OWNED_JSON json_t *answer = answer_to(q);
		AUTO(strbuf) struct strbuf out = STRBUF_INIT(max_bytes);
		json_dump(&out, answer, false);
		strbuf_addc(&out, '\n');
		fwrite(out.p, 1, out.len, stdout);
		fflush(stdout);
	}
	free(line);
	return 0;
}
