/* SPDX-License-Identifier: ISC */
/* Blocks of text: what the portable way says, and that the others say the same. */
#include "lib/blocks.h"
#include "lib/test.h"

#include "match/block.h"

TEST(classes)
{
	struct block_way ways[BLOCK_WAYS];

	block_ways(ways);
	for (size_t i = 0; ways[i].fn; i++) {
		struct block b;

		if (!ways[i].usable)
			continue;
		ways[i].fn("aZ_9.,#@$ \xc3\xa9[`{/:", 18, &b);
		CHECK_INT(b.word, 0xf);
		CHECK_INT(b.digit, 0x8);
		CHECK_INT(b.point, 0x30);
		CHECK_INT(b.sigil, 0x1c0);
		CHECK_INT(b.foreign, 0xc00);
		CHECK(memcmp(b.lower, "az_9.,#@$ \xc3\xa9[`{/:", 18) == 0);
	}
	CHECK(block_best() == ways[0].fn || !ways[0].usable);
}

/* Each byte at each place, in blocks of each length, the bytes exactly allocated. */
TEST(all_ways_agree)
{
	for (size_t len = 1; len <= BLOCK; len++) {
		char text[BLOCK];
		const char *other;

		for (unsigned from = 0; from < 256; from++) {
			for (size_t i = 0; i < len; i++)
				text[i] = (char)(from + i * 3);
			other = blocks_differ(str_n(text, len));
			if (other)
				fail_msg("%s differs: %zu bytes from %u on", other, len, from);
		}
	}
}
