/* SPDX-License-Identifier: ISC */
/* Classes of ASCII bytes by table, AVX2 and AVX-512; characters beyond ASCII one by one, with AVX-512 all that begin alike. */
#include "block.h"

#include <pthread.h>

/* UPPER is what makes a letter small; from the others the highest bits are taken one after another. */
enum { WORD = 0x80, DIGIT = 0x40, UPPER = 0x20, POINT = 0x10, SIGIL = 8 };

#define BIG (WORD | UPPER)
#define NUMBER (WORD | DIGIT)
static const uint8_t _Alignas(BLOCK) classes[128] = {
	['0'] = NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, NUMBER,
	['A'] = BIG, BIG, BIG, BIG, BIG, BIG, BIG, BIG, BIG, BIG, BIG, BIG, BIG,
	['N'] = BIG, BIG, BIG, BIG, BIG, BIG, BIG, BIG, BIG, BIG, BIG, BIG, BIG,
	['a'] = WORD, WORD, WORD, WORD, WORD, WORD, WORD, WORD, WORD, WORD, WORD, WORD, WORD,
	['n'] = WORD, WORD, WORD, WORD, WORD, WORD, WORD, WORD, WORD, WORD, WORD, WORD, WORD,
	['_'] = WORD, ['.'] = POINT, [','] = POINT, ['#'] = SIGIL, ['@'] = SIGIL, ['$'] = SIGIL,
};

/* Bit n of each of 8 bytes, the first one the lowest; the product puts them side by side. */
static inline uint64_t bits_of_8(uint64_t bytes, unsigned n)
{
	return ((bytes >> n & 0x0101010101010101u) * 0x0102040810204080u) >> 56;
}

/* Any 8 bytes, of which `len` are text. */
static inline uint64_t load_8(const char *p, size_t len)
{
	uint64_t x = 0;

	memcpy(&x, p, len < 8 ? len : 8);
	return le64toh(x);
}

static void classify(const char *p, size_t len, struct block *ret, uint64_t *ret_foreign, uint64_t *ret_first)
{
	uint64_t foreign = 0, first = 0, word = 0, digit = 0, point = 0, sigil = 0;

	for (size_t i = 0; i < len; i += 8) {
		uint64_t bytes = load_8(p + i, len - i), high = bytes & 0x8080808080808080u, cls = 0, folded;

		for (unsigned k = 0; k < 64; k += 8)
			cls |= (uint64_t)classes[bytes >> k & 0x7f] << k;
		cls &= ~(high | (high - (high >> 7))); /* none of bytes beyond ASCII */
		folded = htole64(bytes | (cls & 0x2020202020202020u));
		memcpy(ret->folded + i, &folded, sizeof(folded));
		foreign |= bits_of_8(bytes, 7) << i;
		first |= bits_of_8(bytes & bytes << 1, 7) << i;
		word |= bits_of_8(cls, 7) << i;
		digit |= bits_of_8(cls, 6) << i;
		point |= bits_of_8(cls, 4) << i;
		sigil |= bits_of_8(cls, 3) << i;
	}
	ret->word = word;
	ret->digit = digit;
	ret->point = point;
	ret->sigil = sigil;
	*ret_foreign = foreign;
	*ret_first = first;
}

/* --- beyond ASCII ---------------------------------------------------------------------------------------------------- */

/* Where the bytes from k on are no whole character although the text may go on. */
static inline bool is_cut(const char *p, size_t len, size_t k)
{
	unsigned char first = (unsigned char)p[k];

	return len == BLOCK && k + (first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1) > len;
}

/* The character of two bytes or three at k; an empty piece of no such class if it is something else. */
static inline __attribute__((always_inline)) struct piece piece_at(const struct fold_table *t, const char *p, size_t len, size_t k,
                                                                  size_t *ret_size)
{
	static const struct piece none = { .cls = FOLD_SEQ };

	*ret_size = 2;
	if (k + 1 < len && is_pair(p + k))
		return piece_of_pair(t, p + k);
	*ret_size = 3;
	struct triple three = triple_at(p + k, len - k);
	return three.point ? piece_of_triple(t, three) : none;
}

/*
 * The characters at `foreign`, one by one, up to one that has to be looked at by itself; `first` has a bit for each byte that
 * starts one.  A sign or an accent counts if a word ends before it.  Where the next one stands does not depend on what this
 * one is, and no branch does but the one that ends it all.
 */
static void fold_foreign(const struct fold_table *t, const char *p, size_t len, bool open, uint64_t foreign, uint64_t first,
                         struct block *b)
{
	uint64_t word = b->word, drop = b->drop, digits = b->ends_in_digit;

	for (first &= foreign; first; first &= first - 1) {
		size_t k = (size_t)__builtin_ctzll(first), size;
		struct piece one = piece_at(t, p, len, k, &size);
		bool sign = one.cls == FOLD_EXTEND || one.cls == FOLD_MARK;
		uint64_t all = ((uint64_t)1 << size) - 1, behind = (word << 1 | open) >> k & 1;

		one.len = one.cls == FOLD_MARK ? 0 : one.len;
		bool joins = (one.cls == FOLD_WORD || (sign && behind)) && one.len <= size;
		if (!joins && one.cls != FOLD_SEP)
			break;
		b->folded[k] = (char)one.bytes;
		b->folded[k + 1] = (char)(one.bytes >> 8);
		if (size == 3)
			b->folded[k + 2] = (char)(one.bytes >> 16);
		word |= joins ? all << k : 0;
		drop |= joins ? (all & all << one.len) << k : 0;
		bool digit = joins && one.len > 0 && (one.bytes >> 8 * (one.len - 1) & 0xff) - '0' < 10;
		digits |= digit ? (uint64_t)1 << (k + one.len - 1) : 0;
		foreign &= ~(all << k);
	}
	b->word = word;
	b->drop = drop;
	b->ends_in_digit = digits;
	if (foreign == 0)
		return;
	b->n = (size_t)__builtin_ctzll(foreign);
	b->other = !is_cut(p, len, b->n);
}

static void look_portable(const struct fold_table *t, const char *p, size_t len, bool open, struct block *ret)
{
	uint64_t foreign, first;

	classify(p, len, ret, &foreign, &first);
	ret->n = len;
	ret->drop = 0;
	ret->other = false;
	ret->ends_in_digit = ret->digit;
	if (foreign)
		fold_foreign(t, p, len, open, foreign, first, ret);
}

/* For 8 bits: a byte of ones for each of them, where the bytes that have one stand, and how many these are. */
struct squeeze_tables {
	uint64_t masks[256], orders[256];
	uint8_t counts[256];
};

/* Not state but a cache of constants, as the folding table is. */
static struct squeeze_tables squeeze_made;

static void make_squeeze(void)
{
	for (unsigned bits = 0; bits < 256; bits++)
		for (unsigned i = 0; i < 8; i++)
			if (bits >> i & 1) {
				squeeze_made.masks[bits] |= (uint64_t)0xff << 8 * i;
				squeeze_made.orders[bits] |= (uint64_t)i << 8 * squeeze_made.counts[bits]++;
			}
}

static const struct squeeze_tables *squeeze_tables(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, make_squeeze);
	return &squeeze_made;
}

static void squeeze_portable(char *to, char *from, uint64_t keep, uint64_t spaces)
{
	const struct squeeze_tables *t = squeeze_tables();

	keep |= spaces;
	for (size_t i = 0; i < BLOCK; i += 8, keep >>= 8, spaces >>= 8) {
		uint64_t v, mask = t->masks[spaces & 0xff];

		memcpy(&v, from + i, sizeof(v));
		v = (v & ~htole64(mask)) | (0x2020202020202020u & htole64(mask));
		memcpy(to, &v, sizeof(v));
		if ((keep & 0xff) == 0xff) { /* most often: words with one space between them */
			to += 8;
			continue;
		}
		for (unsigned k = 0; k < 8; k++) {
			*to = (char)(le64toh(v) >> 8 * k);
			to += keep >> k & 1;
		}
	}
}

#ifdef __x86_64__
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

struct half {
	uint32_t foreign, first, word, digit, point, sigil;
};

AVX2 static inline __m256i in_range(__m256i v, char first, char last)
{
	__m256i from = _mm256_sub_epi8(v, _mm256_set1_epi8(first));

	return _mm256_cmpeq_epi8(_mm256_min_epu8(from, _mm256_set1_epi8((char)(last - first))), from);
}

AVX2 static inline uint32_t bits(__m256i v)
{
	return (uint32_t)_mm256_movemask_epi8(v);
}

AVX2 static inline struct half half_avx2(const char *p, char *lower)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p), case_bit = _mm256_set1_epi8(0x20);
	__m256i upper = in_range(v, 'A', 'Z'), digit = in_range(v, '0', '9');
	__m256i letter = in_range(_mm256_or_si256(v, case_bit), 'a', 'z'), line = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('_'));
	__m256i at = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('@')), comma = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(','));

	_mm256_store_si256((__m256i *)(void *)lower, _mm256_or_si256(v, _mm256_and_si256(upper, case_bit)));
	return (struct half){
		.foreign = bits(v), .first = bits(v) & bits(_mm256_slli_epi16(v, 1)), .digit = bits(digit),
		.word = bits(_mm256_or_si256(_mm256_or_si256(letter, digit), line)),
		.point = bits(_mm256_or_si256(comma, _mm256_cmpeq_epi8(v, _mm256_set1_epi8('.')))),
		.sigil = bits(_mm256_or_si256(at, in_range(v, '#', '$'))),
	};
}

/* Eight bytes at a time: the table of a byte's bits says which go where, and no branch depends on them. */
AVX2 static void squeeze_avx2(char *to, char *from, uint64_t keep, uint64_t spaces)
{
	const struct squeeze_tables *t = squeeze_tables();

	keep |= spaces;
	for (size_t i = 0; i < BLOCK; i += 8, keep >>= 8, spaces >>= 8) {
		__m128i v = _mm_loadl_epi64((const __m128i *)(const void *)(from + i));
		__m128i space = _mm_loadl_epi64((const __m128i *)(const void *)&t->masks[spaces & 0xff]);

		v = _mm_blendv_epi8(v, _mm_set1_epi8(' '), space);
		v = _mm_shuffle_epi8(v, _mm_loadl_epi64((const __m128i *)(const void *)&t->orders[keep & 0xff]));
		_mm_storel_epi64((__m128i *)(void *)to, v);
		to += t->counts[keep & 0xff];
	}
}

AVX2 static void look_avx2(const struct fold_table *t, const char *p, size_t len, bool open, struct block *ret)
{
	char padded[BLOCK];
	const char *in = p;
	struct half a, b;

	if (len < BLOCK) { /* zeros are of no class */
		memset(padded, 0, sizeof(padded));
		memcpy(padded, p, len);
		in = padded;
	}
	a = half_avx2(in, ret->folded);
	b = half_avx2(in + 32, ret->folded + 32);
	uint64_t foreign = a.foreign | (uint64_t)b.foreign << 32, first = a.first | (uint64_t)b.first << 32;
	ret->n = len;
	ret->word = a.word | (uint64_t)b.word << 32;
	ret->digit = ret->ends_in_digit = a.digit | (uint64_t)b.digit << 32;
	ret->point = a.point | (uint64_t)b.point << 32;
	ret->sigil = a.sigil | (uint64_t)b.sigil << 32;
	ret->drop = 0;
	ret->other = false;
	if (foreign)
		fold_foreign(t, p, len, open, foreign, first, ret);
}

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi,avx512vbmi2")))

/* Bit n of each byte, 7 the highest. */
AVX512 static inline uint64_t bit_of(__m512i v, int n)
{
	return _mm512_movepi8_mask(_mm512_slli_epi16(v, 7 - n));
}

/* A block's text, and the same from its second and from its third byte on. */
struct text_512 {
	__m512i at, behind, further;
};

AVX512 static inline __m512i like_512(__m512i v, size_t k)
{
	return _mm512_permutexvar_epi8(_mm512_set1_epi8((char)k), v);
}

AVX512 static inline uint8_t byte_512(__m512i v)
{
	return (uint8_t)_mm512_cvtsi512_si32(v);
}

/* What the letters of two bytes whose first ones are at `leads` are, where they start: all with the same first one at a
 * time.  Folds them. */
AVX512 static inline __m512i pairs_512(const struct fold_table *t, const struct text_512 *v, uint64_t leads, __m512i bits,
                                       __m512i *folded)
{
	for (uint64_t left = leads, same; left; left ^= same) {
		__m512i lead = like_512(v->at, (size_t)__builtin_ctzll(left));
		const struct fold_pairs *of = &t->pairs[byte_512(lead) & 0x1f];

		same = _mm512_mask_cmpeq_epi8_mask(left, v->at, lead);
		*folded = _mm512_mask_mov_epi8(*folded, same, _mm512_permutexvar_epi8(v->behind, _mm512_load_si512(of->first)));
		*folded = _mm512_mask_mov_epi8(*folded, same << 1, _mm512_permutexvar_epi8(v->at, _mm512_load_si512(of->second)));
		bits = _mm512_mask_mov_epi8(bits, same, _mm512_permutexvar_epi8(v->behind, _mm512_load_si512(of->bits)));
	}
	return bits;
}

/* Those of three bytes: all with the same first two at a time, or the same first one if that says all. */
AVX512 static inline __m512i triples_512(const struct fold_table *t, const struct text_512 *v, uint64_t leads, __m512i bits)
{
	for (uint64_t left = leads, same; left; left ^= same) {
		size_t k = (size_t)__builtin_ctzll(left);
		__m512i first = like_512(v->at, k), second = like_512(v->behind, k);
		size_t lead = byte_512(first) & 0xf;
		const uint8_t *row = &t->triples[lead << 12 | (byte_512(second) & 0x3f) << 6];

		same = _mm512_mask_cmpeq_epi8_mask(left, v->at, first);
		if (!t->uniform[lead])
			same = _mm512_mask_cmpeq_epi8_mask(same, v->behind, second);
		bits = _mm512_mask_mov_epi8(bits, same, _mm512_permutexvar_epi8(v->further, _mm512_load_si512(row)));
	}
	return bits;
}

/* Those bytes that a bit of `pairs` or `triples` stands for. */
static inline uint64_t spread(uint64_t bits, uint64_t pairs, uint64_t triples)
{
	uint64_t two = bits & (pairs | triples);

	return two | two << 1 | (bits & triples) << 2;
}

/* Judges the letters of two bytes and of three whose first ones are at `pairs` and `triples`; which bytes that are. */
AVX512 static inline uint64_t fold_many(const struct fold_table *t, const struct text_512 *v, uint64_t pairs, uint64_t triples,
                                        bool open, struct block *ret)
{
	__m512i bits = _mm512_setzero_si512(), folded = _mm512_load_si512(ret->folded);

	bits = pairs_512(t, v, pairs, bits, &folded);
	bits = triples_512(t, v, triples, bits);
	_mm512_store_si512(ret->folded, folded);
	uint64_t word = spread(bit_of(bits, BIT_WORD), pairs, triples), sep = spread(bit_of(bits, BIT_SEP), pairs, triples);
	uint64_t mark = spread(bit_of(bits, BIT_MARK), pairs, triples), sign = spread(bit_of(bits, BIT_SIGN), pairs, triples);
	uint64_t clinging = mark | sign;

	ret->word |= word;
	ret->drop = bit_of(bits, BIT_SHORT) << 1;
	ret->ends_in_digit = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(folded, _mm512_set1_epi8('0')), _mm512_set1_epi8(10)) &
			     ret->word & ~ret->drop;
	/* a row of signs and accents counts if a word ends before it: the carry runs through it */
	clinging &= ~(clinging + ((ret->word << 1 | open) & clinging));
	ret->word |= clinging;
	ret->drop |= clinging & mark;
	return word | sep | clinging;
}

/* Is the first one a word by itself?  Then the block ends there. */
static inline bool starts_with_char(const struct fold_table *t, const char *p, size_t len, size_t k)
{
	return t->triples[triple_at(p + k, len - k).point] >> BIT_CHAR & 1;
}

AVX512 static void look_avx512(const struct fold_table *t, const char *p, size_t len, bool open, struct block *ret)
{
	uint64_t there = len < BLOCK ? ((uint64_t)1 << len) - 1 : UINT64_MAX;
	__m512i v = _mm512_maskz_loadu_epi8(there, p);
	uint64_t foreign = bit_of(v, 7);
	__m512i cls = _mm512_maskz_permutex2var_epi8(~foreign, _mm512_load_si512(classes), v, _mm512_load_si512(classes + BLOCK));
	__m512i upper = _mm512_and_si512(cls, _mm512_set1_epi8(UPPER));

	_mm512_store_si512(ret->folded, _mm512_or_si512(v, upper));
	ret->n = len;
	ret->word = bit_of(cls, 7);
	ret->digit = ret->ends_in_digit = bit_of(cls, 6);
	ret->point = bit_of(cls, 4);
	ret->sigil = bit_of(cls, 3);
	ret->drop = 0;
	ret->other = false;
	if (foreign == 0)
		return;
	uint64_t first = foreign & bit_of(v, 6), later = foreign & ~first, long_first = first & bit_of(v, 5);
	uint64_t pairs = first & ~long_first & later >> 1, triples = long_first & ~bit_of(v, 4) & later >> 1 & later >> 2;
	struct text_512 text = { v, _mm512_maskz_loadu_epi8(there >> 1, p + 1), _mm512_maskz_loadu_epi8(there >> 2, p + 2) };
	if (starts_with_char(t, p, len, (size_t)__builtin_ctzll(foreign))) {
		ret->n = (size_t)__builtin_ctzll(foreign);
		ret->other = true;
		return;
	}
	if (pairs | triples)
		foreign &= ~fold_many(t, &text, pairs, triples, open, ret);
	if (foreign)
		fold_foreign(t, p, len, open, foreign, first, ret);
}

AVX512 static void squeeze_avx512(char *to, char *from, uint64_t keep, uint64_t spaces)
{
	__m512i v = _mm512_mask_mov_epi8(_mm512_load_si512(from), spaces, _mm512_set1_epi8(' '));

	_mm512_storeu_si512(to, _mm512_maskz_compress_epi8(keep | spaces, v));
}

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi") &&
	       __builtin_cpu_supports("bmi2");
}

static bool has_avx512(void)
{
	return has_avx2() && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi") &&
	       __builtin_cpu_supports("avx512vbmi2");
}
#endif

static bool always(void)
{
	return true;
}

const struct block_way block_ways[BLOCK_WAYS] = {
#ifdef __x86_64__
	{ "AVX-512", has_avx512, true, look_avx512, squeeze_avx512 },
	{ "AVX2", has_avx2, true, look_avx2, squeeze_avx2 },
#endif
	{ "portable", always, false, look_portable, squeeze_portable },
};

const struct block_way *block_best(void)
{
	const struct block_way *w = block_ways;

	while (!w->usable())
		w++;
	return w;
}
