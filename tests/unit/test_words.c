/* SPDX-License-Identifier: ISC */
/* Folding and cutting: what becomes a word, and where it stood. */
#include "lib/test.h"

#include "match/words.h"

/* Words as "word[start-end]" with their flags: ~ glued, # @ $ sigils. */
static void shows(const char *text, const char *want, bool joined)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 16);
	struct words w;

	words_init(&w, NULL, 0);
	(joined ? words_add_joined : words_add)(&w, str_c(text), FIELD_OF_TEXT, 0);
	for (size_t i = 0; i < w.n; i++) {
		struct word *x = &w.v[i];

		strbuf_addf(&b, "%s%s%s%.*s[%u-%u]", i ? " " : "", x->flags & WORD_GLUED ? "~" : "",
			x->flags & WORD_HASH ? "#" : x->flags & WORD_AT ? "@" : x->flags & WORD_DOLLAR ? "$" : "",
			STR_ARG(word_text(&w, x)), x->start, x->end);
		CHECK(x->hash == word_hash(w.folded + x->at, x->len));
		CHECK_INT((x->flags & WORD_FIRST) != 0, i == 0);
	}
	words_release(&w);
	CHECK_STR(strbuf_str(&b), want);
}
#define CUTS(text, want) shows(text, want, false)

TEST(ascii)
{
	CUTS("", "");
	CUTS(" .,-", "");
	CUTS("Hello, World", "hello[0-5] world[7-12]");
	CUTS("don't d'OpenAI", "don[0-3] t[4-5] d[6-7] openai[8-14]");
	CUTS("snake_case U.S. 1,000.5 v1.2, 3.", "snake_case[0-10] u[11-12] s[13-14] 1,000.5[16-23] v1.2[24-28] 3[30-31]");
	CUTS("end.Begin", "end[0-3] begin[4-9]");
	CUTS("m².5 9\xcc\x81\xcc\x81.5 ２.5 é.5", "m2.5[0-5] 9.5[6-13] 2.5[14-19] e[20-22] 5[23-24]");
}

TEST(sigils)
{
	CUTS("#Tag @name $TSLA", "#tag[1-4] @name[6-10] $tsla[12-16]");
	CUTS("a@b.c C# x#y ##z # w", "a[0-1] b[2-3] c[4-5] c[6-7] x[9-10] y[11-12] #z[15-16] w[19-20]");
	CUTS("＃タグ", "#タ[3-6] ~ク\xe3\x82\x99[6-9]");
}

TEST(accents)
{
	CUTS("évincer l’avenir", "evincer[0-8] l[9-10] avenir[13-19]");
	CUTS("e\xcc\x81vincer x", "evincer[0-9] x[10-11]");
	CUTS("Straße ŁÓDŹ cœur İstanbul", "strasse[0-7] lodz[8-15] coeur[16-21] istanbul[22-31]");
	CUTS("ΣΊΣΥΦΟΣ Ёлка", "σισυφοσ[0-14] елка[15-23]");
	CUTS("𝐒𝐮𝐭 ＡＢ ﬁn", "sut[0-12] ab[13-19] fin[20-24]");
	CUTS("OpenAI™ m²", "openai[0-6] m2[10-13]");
	CUTS("Suts\xc2\xadkever a\xe2\x80\x8d" "b", "sutskever[0-11] ab[12-17]");
	CUTS("½", "1[0-2] 2[0-2]");
}

TEST(scripts_without_spaces)
{
	CUTS("人工 知能AI", "人[0-3] ~工[3-6] 知[7-10] ~能[10-13] ~ai[13-15]");
	CUTS("がｶﾞ", "か\xe3\x82\x99[0-3] ~カ\xe3\x82\x99[3-9]");
	CUTS("กรุง", "ก[0-3] ~รุ[3-9] ~ง[9-12]");
	CUTS("👍🏽x", "👍[0-4] ~🏽[4-8] ~x[8-9]");
}

TEST(other_scripts)
{
	CUTS("한국 \xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "한국[0-6] 한[7-16]");
	CUTS("हिन्दी", "हिन्दी[0-18]");
	CUTS("أحمد مـحـمد", "احمد[0-8] محمد[9-21]");
}

TEST(joined)
{
	shows("Machine Learning!", "machinelearning[0-16]", true);
	shows("人工 GPT-4", "人工gpt4[0-12]", true);
	shows("  ", "", true);
}

TEST(grows_out_of_scratch)
{
	_Alignas(16) char scratch[256];
	struct words w;
	char text[2001];

	for (size_t i = 0; i < 2000; i++)
		text[i] = i % 2 ? ' ' : 'A';
	text[2000] = '\0';
	words_init(&w, scratch, sizeof(scratch));
	words_add(&w, str_c(text), FIELD_OF_TITLE, 0);
	words_add(&w, str_c("\xef\xb7\xba\xef\xb7\xba\xef\xb7\xba"), FIELD_OF_TEXT, 0); /* 18 code points each */
	CHECK_INT(w.n, 1000 + 10); /* 4 words each, the borders of the signs join */
	CHECK_INT(w.v[1000].flags, WORD_FIRST);
	words_index(&w);
	size_t found = 0;
	for (uint32_t i = words_first(&w, word_hash("a", 1)); i != WORD_NONE; i = words_next(&w, i))
		found += w.v[i].hash == word_hash("a", 1);
	CHECK_INT(found, 1000);
	words_release(&w);
}

TEST(ill_formed_bytes_do_no_harm)
{
	for (unsigned i = 0x80; i < 0x100; i++) {
		char text[4] = { 'a', (char)i, 'b', '\0' };
		struct words w;

		words_init(&w, NULL, 0);
		words_add(&w, str_c(text), FIELD_OF_TEXT, 0);
		CHECK(w.n >= 1 && w.n <= 2);
		words_release(&w);
	}
}

TEST(fold_words)
{
	struct post p = { .title = STR("Où ?"), .text = STR("l’été"), .summary = STR("") };
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 16);

	match_fold_words(&p, &b);
	CHECK_STR(strbuf_str(&b), "ou l ete");
}
