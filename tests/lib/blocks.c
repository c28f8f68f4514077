/* SPDX-License-Identifier: ISC */
#include "blocks.h"

#include <string.h>

#include "match/block.h"
#include "match/words.h"

static const struct block_way *portable(void)
{
	const struct block_way *w = block_ways;

	while (w + 1 < block_ways + BLOCK_WAYS && w[1].name)
		w++;
	return w;
}

static bool same_bytes(const struct block *a, const struct block *b)
{
	for (size_t i = 0; i < a->n; i++)
		if ((a->word & ~a->drop) >> i & 1 && a->folded[i] != b->folded[i])
			return false;
	return true;
}

static bool same_block(const struct block *a, const struct block *b)
{
	uint64_t inside = a->n ? UINT64_MAX >> (BLOCK - a->n) : 0;

	return a->n == b->n && a->other == b->other && ((a->word ^ b->word) & inside) == 0 && ((a->drop ^ b->drop) & inside) == 0 &&
	       ((a->digit ^ b->digit) & inside) == 0 && ((a->ends_in_digit ^ b->ends_in_digit) & inside) == 0 &&
	       ((a->point ^ b->point) & inside) == 0 && ((a->sigil ^ b->sigil) & inside) == 0 && same_bytes(a, b);
}

static bool same_words(const struct words *a, const struct words *b)
{
	return a->n == b->n && a->len == b->len && (a->len == 0 || memcmp(a->folded, b->folded, a->len) == 0) &&
	       (a->n == 0 || memcmp(a->v, b->v, a->n * sizeof(a->v[0])) == 0);
}

static void cut(const struct block_way *way, struct words *w, struct str text)
{
	words_init(w, NULL, 0);
	words_add_by(way, w, text, FIELD_OF_TEXT, 7);
}

const char *blocks_differ(struct str text, bool open)
{
	for (size_t i = 0; i < text.len; i++)
		for (const struct block_way *way = block_ways; way < portable(); way++) {
			size_t len = text.len - i < BLOCK ? text.len - i : BLOCK;
			struct block want, got;

			if (!way->usable())
				continue;
			portable()->look(fold_table(), text.p + i, len, open, &want);
			way->look(fold_table(), text.p + i, len, open, &got);
			if (!same_block(&want, &got))
				return way->name;
		}
	return NULL;
}

const char *words_differ(struct str text)
{
	const char *other = NULL;
	struct words want, got;

	cut(portable(), &want, text);
	for (const struct block_way *way = block_ways; way < portable() && !other; way++) {
		if (!way->usable())
			continue;
		cut(way, &got, text);
		if (!same_words(&want, &got))
			other = way->name;
		words_release(&got);
	}
	words_release(&want);
	return other;
}
