/* SPDX-License-Identifier: ISC */
/* Classes of ASCII bytes by table, AVX2 and AVX-512. */
#include "block.h"

#include <string.h>

enum { WORD = 1, DIGIT = 2, POINT = 4, SIGIL = 8, UPPER = 16, FOREIGN = 32 };

static const uint8_t classes[128] = {
	['0'] = WORD | DIGIT, 3, 3, 3, 3, 3, 3, 3, 3, 3,
	['A'] = WORD | UPPER, 17, 17, 17, 17, 17, 17, 17, 17, 17, 17, 17, 17,
	['N'] = WORD | UPPER, 17, 17, 17, 17, 17, 17, 17, 17, 17, 17, 17, 17,
	['a'] = WORD, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	['n'] = WORD, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	['_'] = WORD, ['.'] = POINT, [','] = POINT, ['#'] = SIGIL, ['@'] = SIGIL, ['$'] = SIGIL,
};

static void block_portable(const char *p, size_t len, struct block *ret)
{
	uint64_t foreign = 0, word = 0, digit = 0, point = 0, sigil = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)p[i], cls = byte < 0x80 ? classes[byte] : FOREIGN;

		foreign |= (uint64_t)(cls / FOREIGN) << i;
		word |= (uint64_t)(cls & WORD) << i;
		digit |= (uint64_t)((cls & DIGIT) / DIGIT) << i;
		point |= (uint64_t)((cls & POINT) / POINT) << i;
		sigil |= (uint64_t)((cls & SIGIL) / SIGIL) << i;
		ret->lower[i] = (char)(byte | (cls & UPPER) * 2);
	}
	ret->foreign = foreign;
	ret->word = word;
	ret->digit = digit;
	ret->point = point;
	ret->sigil = sigil;
}

#ifdef __x86_64__
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

struct half {
	uint32_t foreign, word, digit, point, sigil;
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

AVX2 static inline struct half look_avx2(const char *p, char *lower)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p), case_bit = _mm256_set1_epi8(0x20);
	__m256i upper = in_range(v, 'A', 'Z'), digit = in_range(v, '0', '9');
	__m256i letter = in_range(_mm256_or_si256(v, case_bit), 'a', 'z'), line = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('_'));
	__m256i at = _mm256_cmpeq_epi8(v, _mm256_set1_epi8('@')), comma = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(','));

	_mm256_store_si256((__m256i *)(void *)lower, _mm256_or_si256(v, _mm256_and_si256(upper, case_bit)));
	return (struct half){
		.foreign = bits(v), .digit = bits(digit), .word = bits(_mm256_or_si256(_mm256_or_si256(letter, digit), line)),
		.point = bits(_mm256_or_si256(comma, _mm256_cmpeq_epi8(v, _mm256_set1_epi8('.')))),
		.sigil = bits(_mm256_or_si256(at, in_range(v, '#', '$'))),
	};
}

AVX2 static void block_avx2(const char *p, size_t len, struct block *ret)
{
	char padded[BLOCK];
	struct half a, b;

	if (len < BLOCK) { /* zeros are of no class */
		memset(padded, 0, sizeof(padded));
		memcpy(padded, p, len);
		p = padded;
	}
	a = look_avx2(p, ret->lower);
	b = look_avx2(p + 32, ret->lower + 32);
	ret->foreign = a.foreign | (uint64_t)b.foreign << 32;
	ret->word = a.word | (uint64_t)b.word << 32;
	ret->digit = a.digit | (uint64_t)b.digit << 32;
	ret->point = a.point | (uint64_t)b.point << 32;
	ret->sigil = a.sigil | (uint64_t)b.sigil << 32;
}

#define AVX512 __attribute__((target("avx512f,avx512bw")))

AVX512 static inline uint64_t in_range_512(__m512i v, char first, char last)
{
	return _mm512_cmple_epu8_mask(_mm512_sub_epi8(v, _mm512_set1_epi8(first)), _mm512_set1_epi8((char)(last - first)));
}

AVX512 static inline uint64_t equal_512(__m512i v, char c)
{
	return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(c));
}

AVX512 static void block_avx512(const char *p, size_t len, struct block *ret)
{
	uint64_t there = len < BLOCK ? ((uint64_t)1 << len) - 1 : UINT64_MAX;
	__m512i v = _mm512_maskz_loadu_epi8(there, p), case_bit = _mm512_set1_epi8(0x20);
	__m512i small = _mm512_or_si512(v, case_bit);

	_mm512_store_si512(ret->lower, _mm512_mask_mov_epi8(v, in_range_512(v, 'A', 'Z'), small));
	ret->foreign = _mm512_movepi8_mask(v);
	ret->digit = in_range_512(v, '0', '9');
	ret->word = in_range_512(small, 'a', 'z') | ret->digit | equal_512(v, '_');
	ret->point = equal_512(v, '.') | equal_512(v, ',');
	ret->sigil = in_range_512(v, '#', '$') | equal_512(v, '@');
}
#endif

void block_ways(struct block_way ret[static BLOCK_WAYS])
{
	size_t n = 0;

#ifdef __x86_64__
	ret[n++] = (struct block_way){ "AVX-512", block_avx512, __builtin_cpu_supports("avx512bw") };
	ret[n++] = (struct block_way){ "AVX2", block_avx2, __builtin_cpu_supports("avx2") };
#endif
	ret[n++] = (struct block_way){ "portable", block_portable, true };
	ret[n] = (struct block_way){ 0 };
}

block_fn *block_best(void)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx512bw"))
		return block_avx512;
	if (__builtin_cpu_supports("avx2"))
		return block_avx2;
#endif
	return block_portable;
}
