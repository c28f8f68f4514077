/* SPDX-License-Identifier: ISC */
/* Images of texts, and which of their grams are rare. */
#include "grams.h"

#include <endian.h>
#include <string.h>
#include <utf8proc.h>

#include "base/text.h"
#include "fold.h"

static const uint8_t lengths[GRAM_LENGTHS] = { 1, 2, 3, 4, 6, 8 };

size_t gram_len(unsigned length)
{
	return lengths[length];
}

/* --- images ---------------------------------------------------------------------------------------------------------- */

static size_t put_letter(const struct fold_table *t, uint32_t c, char *out)
{
	const struct fold_entry *e = fold_find(t, c);

	if (e->cls == FOLD_SEQ) /* rare; what is left out on both sides does no harm */
		return 0;
	memcpy(out, e->bytes, e->len);
	return e->len == 0 && (e->cls == FOLD_WORD || e->cls == FOLD_CHAR) ? text_encode(out, c) : e->len;
}

static char shape_of(uint32_t c)
{
	if (c >= 0x80)
		return utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_ND ? SHAPE_DIGIT : SHAPE_BEYOND;
	if (char_is_digit((char)c))
		return SHAPE_DIGIT;
	return (char)(c >= 'A' && c <= 'Z' ? SHAPE_CAPITAL : c >= 'a' && c <= 'z' ? SHAPE_SMALL : c);
}

/* Digits side by side are one, and so are small letters: nobody is told from others by their number. */
static size_t put_shape(char shape, char *out, size_t n)
{
	bool joins = shape == SHAPE_DIGIT || shape == SHAPE_SMALL || shape == SHAPE_BEYOND;

	if (!joins || n == 0 || out[n - 1] != shape)
		out[n++] = shape;
	return n;
}

size_t gram_write_image(enum gram_image image, const char *text, size_t len, char *out)
{
	const struct fold_table *t = fold_table();
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		unsigned char b = (unsigned char)text[i];
		uint32_t c = b;

		if (b < 0x80)
			i++;
		else
			c = text_next(str_n(text, len), &i);
		if (image == GRAM_SHAPES)
			n = put_shape(shape_of(c), out, n);
		else if (c < 0x80)
			out[n++] = char_lower((char)c);
		else
			n += put_letter(t, c, out + n);
	}
	memset(out + n, 0, GRAM_MAX);
	return n;
}

/* --- rareness -------------------------------------------------------------------------------------------------------- */

/* Half bits of surprise that a byte brings: twice -log2 of how often it is met, roughly. */
static unsigned letter_bits(unsigned char c)
{
	static const uint8_t of_letters[26] = { 8,  13, 11, 10, 7, 12, 13, 10, 8,  18, 14, 10, 11,
						8, 8,  12, 20, 8, 8,  7,  11, 14, 12, 17, 12, 18 };

	if (c >= 'a' && c <= 'z')
		return of_letters[c - 'a'];
	if (c >= 0x80)
		return c >= 0xc0 ? 5 : 9; /* scripts keep to themselves, so what leads says little */
	return c == ' ' ? 5 : strchr("#$%&*+<=>[]^_`{|}~", c) ? 17 : 13;
}

static unsigned shape_bits(unsigned char c, unsigned char before)
{
	switch (c) {
	case SHAPE_DIGIT:
		return 12;
	case SHAPE_CAPITAL:
		return before == SHAPE_CAPITAL ? 4 : 8;
	case SHAPE_SMALL:
	case SHAPE_BEYOND:
		return 1;
	default:
		return letter_bits(c);
	}
}

#define ALWAYS 8000u /* what keys.c says of words that nearly every post holds */
#define POST_BITS 15 /* half bits: some 170 places in a post */

static unsigned cost_of(enum gram_image image, const char *bytes, size_t len)
{
	unsigned bits = 0, cost;

	for (size_t i = 0; i < len; i++)
		bits += image == GRAM_LETTERS ? letter_bits((unsigned char)bytes[i]) :
						shape_bits((unsigned char)bytes[i], i ? (unsigned char)bytes[i - 1] : 0);
	if (bits <= POST_BITS)
		return ALWAYS;
	cost = ALWAYS >> ((bits - POST_BITS) / 2 < 12 ? (bits - POST_BITS) / 2 : 12);
	return cost + 1600 / (unsigned)len; /* letters of one word belong together: they are not as rare as all that */
}

unsigned gram_best(enum gram_image image, const char *bytes, size_t len, struct gram *ret)
{
	unsigned best = UINT32_MAX;
	uint8_t length = GRAM_LENGTHS - 1;

	while (lengths[length] > len)
		length--;
	ret->image = (uint8_t)image;
	ret->length = length;
	for (size_t i = 0; i + lengths[length] <= len; i++) {
		unsigned cost = cost_of(image, bytes + i, lengths[length]);

		if (cost >= best)
			continue;
		best = cost;
		ret->bytes = 0;
		memcpy(&ret->bytes, bytes + i, lengths[length]);
		ret->bytes = le64toh(ret->bytes);
	}
	return best;
}
