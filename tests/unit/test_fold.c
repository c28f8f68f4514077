/* SPDX-License-Identifier: ISC */
/*
 * The fold of every code point against ICU's: NFKC case folding, decomposed.  Neither side's accents and signs count here,
 * nor what parts words: only letters and digits, and what they become.
 */
#include "lib/test.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/text.h"
#include "match/words.h"

#define POINTS_MAX 64

struct points {
	UChar32 v[POINTS_MAX];
	size_t n;
};

static const UNormalizer2 *instance(const UNormalizer2 *(*get)(UErrorCode *))
{
	UErrorCode e = U_ZERO_ERROR;
	const UNormalizer2 *n = get(&e);

	CHECK(U_SUCCESS(e));
	return n;
}

static bool counts(UChar32 c)
{
	uint32_t type = U_MASK(u_charType(c));

	if ((c >= 0x2bb && c <= 0x2bd) || c == 0x640) /* apostrophes, letters by name; the bar that stretches Arabic words */
		return false;
	return (type & (U_GC_L_MASK | U_GC_N_MASK)) || c == '_';
}

/* Letters with a stroke and ligatures have no decomposition; they are folded to what readers type (fold.c). */
static void push_plain(struct points *to, UChar32 c)
{
	static const struct {
		UChar32 from;
		const char *to;
	} plain[] = { { 0xe6, "ae" }, { 0xf0, "d" }, { 0xf8, "o" }, { 0x111, "d" }, { 0x127, "h" }, { 0x131, "i" }, { 0x142, "l" },
		      { 0x153, "oe" }, { 0x167, "t" } };

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (plain[i].from == c) {
			for (const char *p = plain[i].to; *p; p++)
				to->v[to->n++] = *p;
			return;
		}
	to->v[to->n++] = c;
}

/* What counts of s as UTF-16, once more decomposed. */
static void push_decomposed(struct points *to, const UChar *s, int32_t len)
{
	UErrorCode e = U_ZERO_ERROR;
	UChar out[4 * POINTS_MAX];
	int32_t n = unorm2_normalize(instance(unorm2_getNFDInstance), s, len, out, 4 * POINTS_MAX, &e);

	CHECK(U_SUCCESS(e));
	for (int32_t i = 0; i < n && to->n + 2 < POINTS_MAX;) {
		UChar32 c = out[i];

		if (U16_IS_LEAD(out[i]) && i + 1 < n)
			c = U16_GET_SUPPLEMENTARY(out[i], out[i + 1]);
		i += U16_LENGTH(c);
		if (counts(c))
			push_plain(to, c);
	}
}

static void by_icu(UChar32 c, struct points *ret)
{
	UErrorCode e = U_ZERO_ERROR;
	UChar raw[2], folded[2 * POINTS_MAX];
	int32_t len = 0, n;

	ret->n = 0;
	U16_APPEND_UNSAFE(raw, len, c);
	n = unorm2_normalize(instance(unorm2_getNFKCCasefoldInstance), raw, len, folded, 2 * POINTS_MAX, &e);
	CHECK(U_SUCCESS(e));
	push_decomposed(ret, folded, n);
}

static void by_us(UChar32 c, struct points *ret)
{
	UErrorCode e = U_ZERO_ERROR;
	UChar utf16[2 * POINTS_MAX];
	char text[4];
	struct words w;
	int32_t n;

	ret->n = 0;
	words_init(&w, NULL, 0);
	words_add(&w, str_n(text, text_encode(text, (uint32_t)c)), FIELD_OF_TEXT, 0);
	u_strFromUTF8(utf16, 2 * POINTS_MAX, &n, w.folded, (int32_t)w.len, &e);
	CHECK(U_SUCCESS(e));
	words_release(&w);
	push_decomposed(ret, utf16, n);
}

/* Trade marks end the name that they stand on: not "openaitm". */
static bool is_trade_mark(UChar32 c)
{
	return c == 0x2122 || c == 0x2120;
}

TEST(every_code_point_as_icu_has_it)
{
	size_t differ = 0;

	for (UChar32 c = 0; c <= 0x10ffff; c++) {
		struct points ours, theirs;

		if ((c >= 0xd800 && c <= 0xdfff) || c == 0 || is_trade_mark(c) || u_charType(c) == U_UNASSIGNED)
			continue;
		by_us(c, &ours);
		by_icu(c, &theirs);
		if (ours.n == theirs.n && memcmp(ours.v, theirs.v, ours.n * sizeof(ours.v[0])) == 0)
			continue;
		if (differ++ < 20)
			print_error("U+%04x: %zu points U+%04x, ICU %zu points U+%04x\n", (unsigned)c, ours.n, ours.n ? (unsigned)ours.v[0] : 0,
				theirs.n, theirs.n ? (unsigned)theirs.v[0] : 0);
	}
	CHECK_INT(differ, 0);
}
