/* SPDX-License-Identifier: ISC */
/* Folding and cutting: all ways agree, and words stand in order, inside of their text, at borders of characters. */
#include "fuzz/fuzz.h"

#include "base/text.h"
#include "lib/blocks.h"
#include "match/words.h"

static void check_words(struct str text, bool joined)
{
	_Alignas(16) char scratch[512]; /* small: growing is tried too */
	struct words w;

	words_init(&w, scratch, sizeof(scratch));
	(joined ? words_add_joined : words_add)(&w, text, FIELD_OF_TEXT, 0);
	for (size_t i = 0; i < w.n; i++) {
		const struct word *x = &w.v[i];
		struct str folded = word_text(&w, x);

		MUST(x->start < x->end && x->end <= text.len && (i == 0 || x->start >= w.v[i - 1].start));
		MUST(text_is_utf8(str_slice(text, x->start, x->end)) && text_is_utf8(folded));
		MUST(x->hash == word_hash(folded.p, folded.len) && w.folded[x->at + x->len] == ' ');
		MUST(((x->flags & WORD_FIRST) != 0) == (i == 0));
	}
	words_release(&w);
}

FUZZ(s)
{
	AUTO(strbuf) struct strbuf clean = STRBUF_INIT(s.len * 3 + 16);

	MUST(blocks_differ(s, s.len % 2) == NULL);
	text_repair(&clean, s);
	MUST(words_differ(s) == NULL && words_differ(strbuf_str(&clean)) == NULL);
	check_words(strbuf_str(&clean), false);
	check_words(strbuf_str(&clean), true);
}
