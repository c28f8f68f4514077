/* SPDX-License-Identifier: ISC */
/*
 * What a text must hold for a regular expression to stand in it: a few bytes side by side, a gram, of one of the text's two
 * images.  An image is made code point by code point, each by itself, so what stands side by side in the text does so in
 * the image.  Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum gram_image {
	GRAM_LETTERS, /* letters folded (fold.h): the same for all that differ in case only */
	GRAM_SHAPES,  /* one digit, one small letter for all side by side, and capitals: for /[A-Z]+-\d+/ */
	GRAM_IMAGES
};
/* What GRAM_SHAPES has for them; BEYOND is beyond ASCII, the rest of ASCII is itself. */
enum gram_shape { SHAPE_DIGIT = 1, SHAPE_CAPITAL, SHAPE_SMALL, SHAPE_BEYOND, SHAPE_NONE };

#define GRAM_MAX 8
#define GRAM_LENGTHS 6 /* 1, 2, 3, 4, 6 and 8 bytes: a pass over the text for each that somebody looks for */

#define GRAM_STEM 2 /* which of the lengths the longer ones are first looked for by: their first three bytes */

struct gram {
	uint64_t bytes; /* the first one is the lowest */
	uint8_t image, length; /* enum gram_image; which of the lengths */
};

/* Bytes that the image of so many takes at most, with room for reading GRAM_MAX at any of them. */
static inline size_t gram_room(size_t len)
{
	return 4 * len + GRAM_MAX;
}
/* Writes it and GRAM_MAX zeros behind it; how many bytes without these. */
size_t gram_write_image(enum gram_image image, const char *text, size_t len, char *out);
/* The rarest gram of an image of `len` > 0 bytes, and how often posts hold it in the units of keys.c. */
unsigned gram_best(enum gram_image image, const char *bytes, size_t len, struct gram *ret);
size_t gram_len(unsigned length);
static inline uint64_t gram_mask(unsigned length)
{
	return UINT64_MAX >> (64 - 8 * gram_len(length));
}
static inline uint64_t gram_salt(unsigned image, unsigned length, unsigned group)
{
	return (((uint64_t)group << 8 | image << 4 | length) + 1) * 0xd6e8feb86659fd93u;
}
static inline uint32_t gram_key(uint64_t bytes, uint64_t salt)
{
	return (uint32_t)(((bytes ^ salt) * 0x9e3779b97f4a7c15u) >> 32);
}

#ifdef __cplusplus
}
#endif
