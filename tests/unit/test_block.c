/* SPDX-License-Identifier: ISC */
/* Blocks of text: what they are told to be, in each way that this processor can go, and that all ways say the same. */
#include "lib/babble.h"
#include "lib/blocks.h"
#include "lib/test.h"

#include "base/text.h"
#include "match/block.h"

static void looks(const char *text, size_t len, bool open, void (*check)(const struct block *b))
{
	for (size_t i = 0; i < BLOCK_WAYS && block_ways[i].name; i++) {
		struct block b;

		if (!block_ways[i].usable())
			continue;
		block_ways[i].look(fold_table(), text, len, open, &b);
		check(&b);
	}
}

static void are_classes(const struct block *b)
{
	CHECK_INT(b->n, 17);
	CHECK(!b->other);
	CHECK_INT(b->word, 0x60f);
	CHECK_INT(b->drop, 0x400);
	CHECK_INT(b->digit, 0x8);
	CHECK_INT(b->ends_in_digit, 0x8);
	CHECK_INT(b->point, 0x30);
	CHECK_INT(b->sigil, 0x1c0);
	CHECK(memcmp(b->folded, "az_9.,#@$e", 10) == 0);
}

static void is_accent_on_nothing(const struct block *b)
{
	CHECK_INT(b->n, 0);
	CHECK(b->other);
}

static void is_accent_on_a_word(const struct block *b)
{
	CHECK_INT(b->n, 3);
	CHECK_INT(b->word, 7);
	CHECK_INT(b->drop, 3);
}

static void stops_before_a_char(const struct block *b)
{
	CHECK_INT(b->n, 5);
	CHECK(b->other);
	CHECK_INT(b->word & 0x1f, 0x17);
}

TEST(what_a_block_is)
{
	looks("aZ_9.,#@$\xc3\x89[`{/: ", 17, false, are_classes);
	looks("\xcc\x81" "a", 3, false, is_accent_on_nothing);
	looks("\xcc\x81" "a", 3, true, is_accent_on_a_word);
	looks("abc d人 a", 10, false, stops_before_a_char);
}

static void is_cut_before_the_letter(const struct block *b)
{
	CHECK_INT(b->n, BLOCK - 1);
	CHECK(!b->other);
}

TEST(a_letter_that_the_end_of_the_block_cuts)
{
	char text[BLOCK + 2];

	memset(text, 'a', sizeof(text));
	text[BLOCK - 1] = (char)0xd0;
	text[BLOCK] = (char)0xb0;
	looks(text, BLOCK, false, is_cut_before_the_letter);
}

TEST(squeezes)
{
	for (size_t i = 0; i < BLOCK_WAYS && block_ways[i].name; i++) {
		struct block b;
		char to[2 * BLOCK];

		if (!block_ways[i].usable())
			continue;
		memset(b.folded, '.', sizeof(b.folded));
		memcpy(b.folded, "one,  two", 9);
		b.folded[BLOCK - 1] = 'z';
		block_ways[i].squeeze(to, b.folded, 0x1c7 | (uint64_t)1 << 63, 0x208);
		CHECK_STR(str_n(to, 9), "one two z");
		memset(b.folded, 'x', BLOCK);
		block_ways[i].squeeze(to, b.folded, UINT64_MAX, 0);
		CHECK_STR(str_n(to, BLOCK), "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	}
}

/* Each byte at each place, in blocks of each length, the bytes exactly allocated. */
TEST(all_ways_agree_on_any_bytes)
{
	for (size_t len = 1; len <= BLOCK; len++) {
		char text[BLOCK];
		const char *other;

		for (unsigned from = 0; from < 256; from++) {
			for (size_t i = 0; i < len; i++)
				text[i] = (char)(from + i * 3);
			other = blocks_differ(str_n(text, len), false);
			if (other)
				fail_msg("%s differs: %zu bytes from %u on", other, len, from);
		}
	}
}

/* Among letters, digits and spaces, behind a word and not, at the end of a block and not. */
TEST(all_ways_agree_on_any_character)
{
	for (uint32_t c = 0x80; c < 0x30000; c++) {
		char text[80];
		size_t len = 0;
		const char *other;

		for (int i = 0; i < 18; i++)
			len += i % 3 == 2 ? text_encode(text + len, i % 2 ? 'a' : i % 4 ? ' ' : '9') : text_encode(text + len, c);
		other = words_differ(str_n(text, len));
		if (!other)
			other = blocks_differ(str_n(text, len), c & 1);
		if (other)
			fail_msg("%s differs at U+%04x", other, c);
	}
}

TEST(all_ways_agree_on_posts)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 16);
	struct babble made;

	babble_init(&made, 11);
	for (int i = 0; i < 3000; i++) {
		const char *other;

		strbuf_reset(&b);
		babble_post(&made, &b);
		other = words_differ(strbuf_str(&b));
		if (other)
			fail_msg("%s differs: %s", other, strbuf_cstr(&b));
	}
}
