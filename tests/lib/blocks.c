/* SPDX-License-Identifier: ISC */
#include "blocks.h"

#include <string.h>

#include "match/block.h"

static bool same(const struct block *a, const struct block *b, size_t len)
{
	return a->foreign == b->foreign && a->word == b->word && a->digit == b->digit && a->point == b->point &&
	       a->sigil == b->sigil && memcmp(a->lower, b->lower, len) == 0;
}

const char *blocks_differ(struct str text)
{
	struct block_way ways[BLOCK_WAYS];
	size_t last = 0;

	block_ways(ways);
	while (ways[last + 1].fn)
		last++;
	for (size_t i = 0; i < text.len; i += BLOCK) {
		size_t len = text.len - i < BLOCK ? text.len - i : BLOCK;
		struct block want;

		ways[last].fn(text.p + i, len, &want);
		for (size_t k = 0; k < last; k++) {
			struct block got;

			if (!ways[k].usable)
				continue;
			ways[k].fn(text.p + i, len, &got);
			if (!same(&got, &want, len))
				return ways[k].name;
		}
	}
	return NULL;
}
