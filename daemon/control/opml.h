/* SPDX-License-Identifier: ISC */
/* Lists of feeds as feed readers exchange them: OPML 1.0 and 2.0 (opml.org/spec2.opml).  Pure. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "base/vec.h"

struct opml_feed {
	struct str url;      /* as written, trimmed */
	struct str title;    /* may be absent */
	VEC(struct str) tags; /* the folders that it lies in, and its categories; each once */
	struct str command;  /* of readers that run one over the feed; absent if there is none */
};
struct opml {
	struct arena *arena; /* of the texts */
	VEC(struct opml_feed) feeds;
};
void opml_release(struct opml *o);
/* ERR_INPUT: no OPML, or one without a body. */
int opml_parse(struct str bytes, struct opml *ret, struct err *e) MUST_CHECK;

void opml_begin(struct strbuf *out);
/* `title` may be absent; `tags` stand in its category attribute, where opml_parse finds them again. */
void opml_add(struct strbuf *out, struct str name, struct str title, struct str url, const struct str *tags, size_t n_tags);
void opml_end(struct strbuf *out);
