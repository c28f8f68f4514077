/* SPDX-License-Identifier: ISC */
/* Stems of words, by libstemmer. */
#include "stem.h"

#include <libstemmer.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/text.h"

/* Snowball's languages; of a post that names none those are tried that are common on the net and written so. */
static const struct language {
	char code[3];
	uint32_t from, to; /* letters of such a post; 0: not tried */
} languages[] = {
	{ "en", 'a', 0x24f }, { "fr", 'a', 0x24f }, { "de", 'a', 0x24f }, { "es", 'a', 0x24f }, { "it", 'a', 0x24f },
	{ "pt", 'a', 0x24f }, { "nl", 'a', 0x24f }, { "ru", 0x400, 0x4ff }, { "el", 0x370, 0x3ff }, { "ar", 0x600, 0x6ff },
	{ "hi", 0x900, 0x97f }, { "hy", 0x530, 0x58f }, { "ta", 0xb80, 0xbff }, { "ca", 0, 0 }, { "da", 0, 0 }, { "eu", 0, 0 },
	{ "fi", 0, 0 }, { "ga", 0, 0 }, { "hu", 0, 0 }, { "id", 0, 0 }, { "lt", 0, 0 }, { "ne", 0, 0 }, { "no", 0, 0 },
	{ "ro", 0, 0 }, { "sr", 0, 0 }, { "sv", 0, 0 }, { "tr", 0, 0 }, { "yi", 0, 0 },
};

#define LANGUAGES (sizeof(languages) / sizeof(languages[0]))
#define NO_LANGUAGE "--" /* code of words that are kept as they are */

struct stemmers {
	struct sb_stemmer *of[LANGUAGES]; /* made when first asked for */
	struct words folded;              /* scratch */
	struct strbuf stem;
};

#define STEM_MAX 4096 /* bytes; a longer word is none */

static void stemmers_release(struct stemmers *s)
{
	for (size_t i = 0; i < LANGUAGES; i++)
		sb_stemmer_delete(s->of[i]);
	words_release(&s->folded);
	strbuf_release(&s->stem);
}

/* Small letters with their accents: what the algorithms are made for.  Free with mem_free. */
static struct str small(struct str s, utf8proc_uint8_t **ret_owned)
{
	utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)s.p, (utf8proc_ssize_t)s.len, ret_owned,
		UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE);

	return n < 0 ? s : str_n(*ret_owned, (size_t)n);
}

/* The language's code and the stem, folded as all words are; "" if nothing is left of it. */
static struct str stem_in(struct stemmers *s, size_t language, struct str word)
{
	struct sb_stemmer **stemmer = &s->of[language];

	if (*stemmer == NULL)
		*stemmer = sb_stemmer_new(languages[language].code, NULL);
	const sb_symbol *stem = *stemmer ? sb_stemmer_stem(*stemmer, (const sb_symbol *)word.p, (int)word.len) : NULL;
	if (stem == NULL)
		return STR("");
	s->folded.n = s->folded.len = 0;
	words_add(&s->folded, str_n(stem, (size_t)sb_stemmer_length(*stemmer)), FIELD_OF_TEXT, 0);
	if (s->folded.n != 1)
		return STR("");
	strbuf_reset(&s->stem);
	strbuf_adds(&s->stem, languages[language].code);
	strbuf_add(&s->stem, word_text(&s->folded, &s->folded.v[0]));
	return strbuf_str(&s->stem);
}

static struct str as_it_is(struct stemmers *s, struct str folded)
{
	strbuf_reset(&s->stem);
	strbuf_adds(&s->stem, NO_LANGUAGE);
	strbuf_add(&s->stem, folded);
	return strbuf_str(&s->stem);
}

static size_t language_of(struct str tag)
{
	struct str primary = str_slice(tag, 0, str_chr(tag, '-'));

	if (str_eq_nocase(primary, STR("nb")) || str_eq_nocase(primary, STR("nn")))
		primary = STR("no");
	for (size_t i = 0; i < LANGUAGES; i++)
		if (str_eq_nocase(primary, str_c(languages[i].code)))
			return i;
	return LANGUAGES;
}

static void add_stems(struct words *out, struct stemmers *s, const struct word *x, struct str raw, struct str folded,
                      struct str tag)
{
	utf8proc_uint8_t *owned = NULL;
	struct str word = small(raw, &owned);
	size_t pos = 0, only = language_of(tag);
	uint32_t first = word.len ? text_next(word, &pos) : 0;

	if (only < LANGUAGES)
		words_add_word(out, x, stem_in(s, only, word));
	for (size_t i = 0; i < LANGUAGES && str_empty(tag); i++)
		if (first >= languages[i].from && first <= languages[i].to)
			words_add_word(out, x, stem_in(s, i, word));
	if (only == LANGUAGES)
		words_add_word(out, x, as_it_is(s, folded));
	mem_free(owned);
}

void stem_words(struct words *out, const struct words *text, const struct post *post)
{
	AUTO(stemmers) struct stemmers s = { .stem = STRBUF_INIT(2 * STEM_MAX) };

	words_init(&s.folded, NULL, 0);
	for (size_t i = 0; i < text->n; i++) {
		const struct word *x = &text->v[i];
		struct str raw = str_slice(match_field_text(post, (enum post_field)x->field, x->index), x->start, x->end);

		if (!(x->flags & WORD_CHAR) && raw.len <= STEM_MAX && x->len <= STEM_MAX)
			add_stems(out, &s, x, raw, word_text(text, x), post->language);
	}
}

void stem_variants(struct words *out, struct str word)
{
	AUTO(stemmers) struct stemmers s = { .stem = STRBUF_INIT(2 * STEM_MAX) };
	struct word nowhere = { 0 };
	utf8proc_uint8_t *owned = NULL;
	struct str as_small = small(word, &owned);

	words_init(&s.folded, NULL, 0);
	words_add(&s.folded, word, FIELD_OF_TEXT, 0);
	if (s.folded.n == 1)
		words_add_word(out, &nowhere, as_it_is(&s, word_text(&s.folded, &s.folded.v[0])));
	for (size_t i = 0; i < LANGUAGES; i++)
		words_add_word(out, &nowhere, stem_in(&s, i, as_small));
	mem_free(owned);
}
