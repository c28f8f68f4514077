/* SPDX-License-Identifier: ISC */
/* Folds text and cuts it into words in one pass. */
#include "words.h"

#include <endian.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "block.h"
#include "fold.h"

#define SLACK 64 /* bytes that the fold of one code point, a space and wide loads and stores may need (U+FDFA: 33) */
#define WIDE 16  /* bytes that are copied at a time */

void words_init(struct words *w, void *scratch, size_t scratch_size)
{
	memset(w, 0, sizeof(*w));
	if (scratch == NULL)
		return;
	w->v = scratch;
	w->cap = scratch_size / 2 / sizeof(struct word);
	w->heads = (uint32_t *)(void *)(w->v + w->cap);
	w->heads_cap = scratch_size / 8 / sizeof(*w->heads);
	w->folded = (char *)(w->heads + w->heads_cap);
	w->folded_cap = scratch_size - (size_t)(w->folded - (char *)scratch);
	w->v_borrowed = w->folded_borrowed = w->heads_borrowed = true;
}

void words_release(struct words *w)
{
	if (!w->v_borrowed)
		mem_free(w->v);
	if (!w->folded_borrowed)
		mem_free(w->folded);
	if (!w->heads_borrowed)
		mem_free(w->heads);
	memset(w, 0, sizeof(*w));
}

/* Room for n more words. */
static void grow_words(struct words *w, size_t n)
{
	size_t cap = w->cap * 2 > w->n + n ? w->cap * 2 : w->n + n + 16;
	struct word *v = mem_realloc_array(w->v_borrowed ? NULL : w->v, cap, sizeof(*v));

	if (w->v_borrowed)
		memcpy(v, w->v, w->n * sizeof(*v));
	w->v = v;
	w->cap = cap;
	w->v_borrowed = false;
}

static void grow_folded(struct words *w, size_t want)
{
	size_t cap = want > w->folded_cap * 2 ? want : w->folded_cap * 2;
	char *p = mem_realloc(w->folded_borrowed ? NULL : w->folded, cap);

	if (w->folded_borrowed)
		memcpy(p, w->folded, w->len);
	w->folded = p;
	w->folded_cap = cap;
	w->folded_borrowed = false;
}

/* --- hash ------------------------------------------------------------------------------------------------------------ */

static inline uint64_t load8(const char *p)
{
	uint64_t x;

	memcpy(&x, p, sizeof(x));
	return x;
}

static inline uint64_t mix(uint64_t a, uint64_t b)
{
	__uint128_t m = (__uint128_t)a * b;

	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint32_t last_mix(uint64_t a, uint64_t b)
{
	uint64_t h = mix(a, b);

	return (uint32_t)(h ^ h >> 32);
}

static const uint64_t k0 = 0x9e3779b97f4a7c15u, k1 = 0xd6e8feb86659fd93u, k2 = 0xa0761d6478bd642fu;

/*
 * Multiply-and-fold over 16 bytes a step (the wyhash construction).  Short words are padded with zeros, which folded text
 * has none of; p has WIDE readable bytes, those behind the word are forgotten.
 */
static inline uint32_t hash_padded(const char *p, size_t len, uint64_t seed)
{
	static const uint64_t keep[] = { 0, 0xff, 0xffff, 0xffffff, UINT32_MAX, 0xffffffffff, 0xffffffffffff, 0xffffffffffffff,
					 UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
					 UINT64_MAX, UINT64_MAX };
	static const uint64_t keep_more[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xffff, 0xffffff, UINT32_MAX, 0xffffffffff,
					      0xffffffffffff, 0xffffffffffffff, UINT64_MAX };
	const char *end = p + len;
	uint64_t h = seed;

	if (len <= WIDE)
		return last_mix((load8(p) & keep[len]) ^ k1 ^ seed, (load8(p + 8) & keep_more[len]) ^ seed * k0);
	for (; end - p > WIDE; p += WIDE)
		h = mix(load8(p) ^ k1 ^ h, load8(p + 8) ^ k0 ^ seed);
	return last_mix(load8(end - WIDE) ^ k2 ^ h, load8(end - 8) ^ k0 ^ seed);
}

uint32_t word_hash(const char *p, size_t len)
{
	char padded[WIDE] = { 0 };

	if (len >= WIDE)
		return hash_padded(p, len, hash_process_seed());
	memcpy(padded, p, len);
	return hash_padded(padded, len, hash_process_seed());
}

/* --- cutting --------------------------------------------------------------------------------------------------------- */

/*
 * The pass over the text.  All of it is inlined into cut(), so that this state lives in registers: what is written to the
 * folded text could be any of it otherwise.
 */
#define INLINE static inline __attribute__((always_inline))
#define UNINITIALIZED __attribute__((uninitialized))

INLINE bool is_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

struct cutter {
	struct words *w;
	struct word *next, *limit; /* of w->v */
	char *folded;
	char *out;                 /* next byte of the folded text */
	char *open;                /* where the open word starts; NULL if none is */
	uint32_t start, end;
	uint32_t glue;             /* where a word must start to touch the one before */
	uint8_t flags, pending;
	uint8_t field;
	bool joined;
	uint16_t index;
};

/* Room for n more words. */
INLINE void reserve(struct cutter *c, size_t n)
{
	if ((size_t)(c->limit - c->next) >= n)
		return;
	c->w->n = (size_t)(c->next - c->w->v);
	grow_words(c->w, n);
	c->next = c->w->v + c->w->n;
	c->limit = c->w->v + c->w->cap;
}

/* The bytes open..c->out are a word; there is room for it.  Its hash comes later: hash_words. */
INLINE void emit(struct cutter *c, const char *open, size_t start, size_t end, unsigned flags)
{
	struct word *w = c->next++;

	w->at = (uint32_t)(open - c->folded);
	w->len = (uint32_t)(c->out - open);
	w->start = (uint32_t)start;
	w->end = (uint32_t)end;
	w->index = c->index;
	w->field = c->field;
	w->flags = (uint8_t)flags;
	*c->out++ = ' ';
}

INLINE void close_word(struct cutter *c)
{
	if (c->open == NULL)
		return;
	reserve(c, 1);
	emit(c, c->open, c->start, c->end, c->flags);
	c->flags = 0;
	c->open = NULL;
}

INLINE void open_word(struct cutter *c, size_t start, uint8_t kind)
{
	c->open = c->out;
	c->start = (uint32_t)start;
	c->flags |= (uint8_t)(kind | c->pending | (start == c->glue ? WORD_GLUED : 0));
	c->pending = 0;
}

/* Room for `left` more bytes of input, each letter of two bytes making 6 and a space, and one code point of any kind. */
INLINE void room(struct cutter *c, size_t left)
{
	size_t at = (size_t)(c->out - c->folded), open = c->open ? (size_t)(c->open - c->folded) : 0;

	if (at + 4 * left + SLACK <= c->w->folded_cap)
		return;
	c->w->len = at;
	grow_folded(c->w, at + 4 * left + SLACK);
	c->folded = c->w->folded;
	c->out = c->folded + at;
	if (c->open)
		c->open = c->folded + open;
}

/* Korean syllables written as letters (decomposed, as some file systems and half-width text have it) are put together
 * (Unicode 3.12).  True if the letter joined the syllable that ends at `out`. */
static bool join_jamo(const char *open, char *out, uint64_t bytes)
{
	size_t pos = 0;

	if (open == NULL || out - open < 3)
		return false;
	uint32_t jamo = 0x1000 | (uint32_t)(bytes >> 2 & 0xfc0) | (uint32_t)(bytes >> 16 & 0x3f); /* e1 xx xx */
	uint32_t last = text_next(str_n(out - 3, 3), &pos), sum = 0;
	if (pos != 3)
		return false;
	if (last >= 0x1100 && last <= 0x1112 && jamo >= 0x1161 && jamo <= 0x1175)
		sum = 0xac00 + ((last - 0x1100) * 21 + (jamo - 0x1161)) * 28;
	else if (last >= 0xac00 && last <= 0xd7a3 && (last - 0xac00) % 28 == 0 && jamo > 0x11a7 && jamo <= 0x11c2)
		sum = last + (jamo - 0x11a7);
	return sum != 0 && text_encode(out - 3, sum) == 3;
}

/* A folded letter or sign. */
struct piece {
	uint64_t bytes; /* the first one is the lowest */
	size_t len;     /* <= 6 */
	enum fold_class cls;
};

INLINE struct piece piece_of(enum fold_class cls, const char *bytes, size_t len)
{
	struct piece p = { .len = len, .cls = cls };

	memcpy(&p.bytes, bytes, len);
	p.bytes = le64toh(p.bytes);
	return p;
}

INLINE void put(struct cutter *c, struct piece p)
{
	uint64_t bytes = htole64(p.bytes);

	memcpy(c->out, &bytes, sizeof(bytes));
	c->out += p.len;
}

static uint8_t sigil_flag(enum fold_class cls)
{
	return cls == FOLD_HASH ? WORD_HASH : cls == FOLD_AT ? WORD_AT : cls == FOLD_DOLLAR ? WORD_DOLLAR : 0;
}

/* One piece that came from the bytes start..end of the text. */
INLINE void step(struct cutter *c, struct piece p, size_t start, size_t end)
{
	switch (p.cls) {
	case FOLD_WORD:
	case FOLD_JAMO:
		if ((c->flags & WORD_CHAR) && !c->joined)
			close_word(c);
		if (p.cls == FOLD_JAMO) {
			if (join_jamo(c->open, c->out, p.bytes))
				break;
		}
		if (c->open == NULL)
			open_word(c, start, 0);
		put(c, p);
		break;
	case FOLD_CHAR:
		if (!c->joined)
			close_word(c);
		if (c->open == NULL)
			open_word(c, start, WORD_CHAR);
		put(c, p);
		break;
	case FOLD_EXTEND:
		if (c->open == NULL)
			return;
		put(c, p);
		break;
	case FOLD_MARK:
		if (c->open == NULL && c->glue != start)
			return;
		break;
	case FOLD_IGNORE:
		if (c->glue == start)
			c->glue = (uint32_t)end;
		return;
	case FOLD_HASH:
	case FOLD_AT:
	case FOLD_DOLLAR:
	case FOLD_SEP:
	case FOLD_MIDNUM:
	case FOLD_SEQ:
		if (c->joined)
			return;
		close_word(c);
		c->pending = start != c->glue ? sigil_flag(p.cls) : 0;
		return;
	}
	c->end = c->glue = (uint32_t)end;
}

/* A full stop or comma between two digits belongs to the number. */
static bool holds_number(const char *open, const char *out, struct str text, size_t i)
{
	return (text.p[i] == '.' || text.p[i] == ',') && open && is_digit(out[-1]) && i + 1 < text.len &&
	       is_digit(text.p[i + 1]);
}

INLINE size_t cut_byte(struct cutter *c, struct str text, size_t i)
{
	char lower = text.p[i] >= 'A' && text.p[i] <= 'Z' ? (char)(text.p[i] | 0x20) : text.p[i];
	enum fold_class cls = lower == ' ' ? FOLD_SEP : fold_class_of((unsigned char)lower);

	if (cls == FOLD_MIDNUM && !c->joined && holds_number(c->open, c->out, text, i))
		cls = FOLD_WORD;
	step(c, piece_of(cls, &lower, 1), i, i + 1);
	return i + 1;
}

INLINE struct piece piece_of_entry(const struct fold_entry *e)
{
	uint64_t all;

	memcpy(&all, e, sizeof(all));
	all = le64toh(all);
	return (struct piece){ .cls = all & 0xff, .len = all >> 8 & 0xff, .bytes = all >> 16 };
}

/* A letter of two bytes (well-formed UTF-8: c2..df, 80..bf) at p. */
INLINE bool is_pair(const char *p)
{
	return (unsigned char)(p[0] - 0xc2) < 0x1e && (p[1] & 0xc0) == 0x80;
}

INLINE struct piece piece_of_pair(const struct fold_table *table, const char *p)
{
	return piece_of_entry(&table->low[(p[0] & 0x1f) << 6 | (p[1] & 0x3f)]);
}

/* Three bytes of UTF-8 at p, of which `left` are text. */
struct triple {
	uint32_t raw;   /* as they stand, the first one the lowest */
	uint32_t point; /* 0 if it is something else */
};

INLINE struct triple triple_at(const char *text, size_t left)
{
	const unsigned char *p = (const unsigned char *)text;
	struct triple t = { 0 };

	if (left < 3)
		return t;
	t.raw = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16;
	if ((t.raw & 0xc0c0f0) == 0x8080e0)
		t.point = (t.raw & 0xf) << 12 | (t.raw >> 2 & 0xfc0) | (t.raw >> 16 & 0x3f);
	if (t.point < 0x800 || (t.point & 0xf800) == 0xd800)
		t.point = 0;
	return t;
}

INLINE struct piece piece_of_triple(const struct fold_table *table, struct triple t)
{
	struct piece p = piece_of_entry(fold_find(table, t.point));
	bool itself = p.len == 0 && (p.cls == FOLD_WORD || p.cls == FOLD_CHAR);

	p.bytes = itself ? t.raw : p.bytes;
	p.len = itself ? 3 : p.len;
	return p;
}

/* Does it belong to the word that it stands in or behind?  An accent has no bytes left. */
INLINE bool goes_on(enum fold_class cls)
{
	return (1u << FOLD_WORD | 1u << FOLD_EXTEND | 1u << FOLD_MARK) >> cls & 1;
}

/* The letters of two bytes at i, which are all of one word; the first one is there. */
INLINE size_t cut_pairs(struct cutter *c, const struct fold_table *table, struct str text, size_t i)
{
	const char *p = text.p + i, *end = text.p + text.len - 1;
	char *out = c->out;

	if (c->flags & WORD_CHAR)
		close_word(c);
	if (c->open == NULL)
		open_word(c, i, 0);
	for (out = c->out; p < end && is_pair(p); p += 2) {
		struct piece piece = piece_of_pair(table, p);
		uint64_t bytes = htole64(piece.bytes);

		if (!goes_on(piece.cls))
			break;
		memcpy(out, &bytes, sizeof(bytes));
		out += piece.len;
	}
	c->out = out;
	c->end = c->glue = (uint32_t)(p - text.p);
	return c->end;
}

/* The characters of three bytes at i that are words of their own, with their signs; the first one is there, the last one
 * stays open. */
INLINE size_t cut_chars(struct cutter *c, const struct fold_table *table, struct str text, size_t i, struct piece p)
{
	close_word(c);
	open_word(c, i, WORD_CHAR);
	for (;;) {
		put(c, p);
		i += 3;
		struct triple t = triple_at(text.p + i, text.len - i);
		p = piece_of_triple(table, t);
		if (t.point == 0 || (p.cls != FOLD_CHAR && p.cls != FOLD_EXTEND))
			break;
		if (p.cls == FOLD_EXTEND)
			continue;
		reserve(c, 1);
		emit(c, c->open, c->start, i, c->flags);
		c->open = c->out;
		c->start = (uint32_t)i;
		c->flags = WORD_CHAR | WORD_GLUED;
	}
	c->end = c->glue = (uint32_t)i;
	return i;
}

/* What stands between words: nothing to keep. */
INLINE void part(struct cutter *c)
{
	close_word(c);
	c->pending = 0;
}

/* The letter, sign or separator of three bytes at i; returns the index behind it, or i if it is something else. */
INLINE size_t cut_triple(struct cutter *c, const struct fold_table *table, struct str text, size_t i)
{
	struct triple t = triple_at(text.p + i, text.len - i);
	struct piece p = piece_of_triple(table, t);
	bool open = c->open != NULL;

	if (t.point == 0)
		return i;
	if (p.cls == FOLD_CHAR)
		return cut_chars(c, table, text, i, p);
	if (p.cls == FOLD_SEP) {
		part(c);
		return i + 3;
	}
	if (p.cls == FOLD_WORD && (!open || (c->flags & WORD_CHAR))) {
		close_word(c);
		open_word(c, i, 0);
	} else if (!open || !goes_on(p.cls)) {
		return i;
	}
	put(c, p);
	c->end = c->glue = (uint32_t)(i + 3);
	return i + 3;
}

/* An ASCII byte that does nothing but part words. */
INLINE bool is_separator(const struct fold_table *table, struct str text, size_t i)
{
	unsigned char byte = (unsigned char)text.p[i];
	enum fold_class cls = byte < 0x80 ? table->low[byte].cls : FOLD_WORD;

	return cls == FOLD_SEP || (cls == FOLD_MIDNUM && !(i + 1 < text.len && is_digit(text.p[i + 1])));
}

/* As many letters of other scripts as stand at i, and separators between them; returns the index behind them. */
INLINE size_t cut_letters(struct cutter *c, const struct fold_table *table, struct str text, size_t i)
{
	while (i + 1 < text.len) {
		size_t from = i;

		if (is_pair(text.p + i)) {
			enum fold_class cls = piece_of_pair(table, text.p + i).cls;

			if (cls == FOLD_WORD) {
				i = cut_pairs(c, table, text, i);
			} else if (cls == FOLD_SEP) {
				part(c);
				i += 2;
			}
		} else if (is_separator(table, text, i)) {
			part(c);
			i++;
		} else {
			i = cut_triple(c, table, text, i);
		}
		if (i == from)
			break;
	}
	return i;
}

/* The code point at i, whatever it is; returns the index behind it. */
INLINE size_t cut_point(struct cutter *c, const struct fold_table *table, struct str text, size_t i)
{
	size_t end = i;
	const struct fold_entry *e = fold_find(table, text_next(text, &end));

	if (e->cls != FOLD_SEQ) {
		step(c, e->len ? piece_of_entry(e) : piece_of(e->cls, text.p + i, end - i), i, end);
		return end;
	}
	for (const uint32_t *r = fold_sequence(table, e); *r; r++) {
		char b[4];
		size_t len = text_encode(b, *r);
		enum fold_class cls = fold_class_of(*r);

		step(c, piece_of(cls == FOLD_MIDNUM ? FOLD_SEP : cls, b, len), i, end);
	}
	return end;
}

/* May write up to WIDE - 1 bytes more. */
INLINE char *copy_wide(char *to, const char *from, size_t len)
{
	memcpy(to, from, WIDE);
	for (size_t k = WIDE; k < len; k += WIDE)
		memcpy(to + k, from + k, WIDE);
	return to + len;
}

/*
 * A stretch of text within one block: ASCII, and among it letters of two bytes and separators of any script.  Most such
 * letters fold to one byte, so `word` has a bit for each byte of the text and `packed` one for each byte of `folded`.
 */
struct run {
	size_t i, n;        /* where it stands in the text, bytes */
	size_t dropped;     /* bytes fewer in `folded` */
	uint64_t word, packed;
	const char *text, *folded; /* WIDE more bytes of both can be read */
	char *buffer;       /* for the bytes if they are not as in the block */
};
#define RUN_BUFFER (2 * BLOCK + WIDE)

/* Puts the folded letter p, of one byte or two, for the two bytes at byte k of the text. */
INLINE void fold_letter(struct run *r, size_t k, struct piece p)
{
	size_t at = k - r->dropped;
	uint64_t below = ((uint64_t)2 << at) - 1;
	char *to = r->buffer + at, rest[BLOCK];

	if (r->folded != r->buffer)
		memcpy(r->buffer, r->folded, BLOCK);
	r->folded = r->buffer;
	r->word |= (uint64_t)3 << k;
	r->packed |= (uint64_t)3 << at;
	to[0] = (char)p.bytes;
	to[1] = (char)(p.bytes >> 8);
	if (p.len == 2)
		return;
	memcpy(rest, to + 2, BLOCK);
	memcpy(to + 1, rest, BLOCK);
	r->packed = (r->packed & below) | (r->packed >> 1 & ~below);
	r->dropped++;
}

/* A letter beyond ASCII with an ASCII one before it, or something of ASCII behind it: others come in longer rows. */
INLINE bool is_latin(const struct run *r, size_t k)
{
	return (k > 0 && r->word >> (k - 1) & 1) || (k + 2 < r->n && (unsigned char)r->text[k + 2] < 0x80);
}

/* Takes characters beyond ASCII into the run as long as they do no more than be letters of a word or part two. */
INLINE void admit(struct run *r, const struct fold_table *table, uint64_t foreign)
{
	r->packed = r->word;
	while (foreign) {
		size_t k = (size_t)__builtin_ctzll(foreign);
		const char *p = r->text + k;

		if (k + 1 < r->n && is_pair(p)) {
			struct piece piece = piece_of_pair(table, p);

			foreign &= ~((uint64_t)3 << k);
			if (piece.cls == FOLD_SEP)
				continue;
			if (piece.cls == FOLD_WORD && piece.len <= 2 && is_latin(r, k)) {
				fold_letter(r, k, piece);
				continue;
			}
		} else {
			struct triple t = triple_at(p, r->n - k);

			foreign &= ~((uint64_t)7 << k);
			if (t.point && piece_of_triple(table, t).cls == FOLD_SEP)
				continue;
		}
		r->n = k;
		return;
	}
}

/* Where words start and where they end, in a text that starts in a word or not. */
struct borders {
	uint64_t starts, ends;
};

INLINE struct borders borders_of(uint64_t word, uint64_t open, size_t n)
{
	uint64_t inside = UINT64_MAX >> (BLOCK - n);

	return (struct borders){ word & ~(word << 1 | open) & inside, ~word & (word << 1 | open) & inside };
}

INLINE size_t first_of(uint64_t bits, size_t otherwise)
{
	return bits ? (size_t)__builtin_ctzll(bits) : otherwise;
}

/* The sigils before words of the run that start at `starts`; the first of these is c->next[-n]. */
static void add_sigils(struct cutter *c, const struct run *r, struct str text, uint64_t starts, uint64_t sigils, size_t n)
{
	for (uint64_t marked = starts & sigils << 1; marked; marked &= marked - 1) {
		size_t at = (size_t)__builtin_ctzll(marked);
		size_t word = (size_t)__builtin_popcountll(starts & (((uint64_t)1 << at) - 1));
		uint8_t flag = sigil_flag(fold_class_of((unsigned char)text.p[r->i + at - 1]));

		if (word < n)
			c->next[(ptrdiff_t)word - (ptrdiff_t)n].flags |= flag;
		else
			c->flags |= flag;
	}
}

/* Goes on with the open word; false if the run ends before it does. */
INLINE bool go_on(struct cutter *c, const struct run *r, struct borders text, struct borders folded)
{
	size_t end = first_of(text.ends, r->n);

	if (end > 0) {
		c->out = copy_wide(c->out, r->folded, first_of(folded.ends, r->n - r->dropped));
		c->end = c->glue = (uint32_t)(r->i + end);
	}
	if (text.ends == 0)
		return false;
	close_word(c);
	return true;
}

/* The words of a run; the last one may stay open. */
INLINE void cut_words(struct cutter *c, const struct run *r, struct str s, uint64_t sigils)
{
	uint64_t open = c->open != NULL;
	struct borders text = borders_of(r->word, open, r->n), folded = borders_of(r->packed, open, r->n - r->dropped);
	uint64_t starts = text.starts;
	size_t n = 0, end = 0;

	if (open) {
		if (!go_on(c, r, text, folded))
			return;
		text.ends &= text.ends - 1;
		folded.ends &= folded.ends - 1;
	} else if (starts & 1) {
		c->flags |= (uint8_t)(c->pending | (c->glue == r->i ? WORD_GLUED : 0));
	}
	if (starts == 0)
		return;
	reserve(c, BLOCK / 2);
	for (; text.ends; n++) {
		size_t from = (size_t)__builtin_ctzll(text.starts), at = (size_t)__builtin_ctzll(folded.starts);
		char *word = c->out;

		end = (size_t)__builtin_ctzll(text.ends);
		c->out = copy_wide(word, r->folded + at, (size_t)__builtin_ctzll(folded.ends) - at);
		emit(c, word, r->i + from, r->i + end, c->flags);
		c->flags = 0;
		text.starts &= text.starts - 1;
		text.ends &= text.ends - 1;
		folded.starts &= folded.starts - 1;
		folded.ends &= folded.ends - 1;
	}
	if (text.starts) {
		size_t at = (size_t)__builtin_ctzll(folded.starts);

		end = r->n;
		c->open = c->out;
		c->start = (uint32_t)(r->i + (size_t)__builtin_ctzll(text.starts));
		c->out = copy_wide(c->out, r->folded + at, r->n - r->dropped - at);
	}
	c->end = c->glue = (uint32_t)(r->i + end);
	if (starts & sigils << 1)
		add_sigils(c, r, s, starts, sigils, n);
}

/* What stands at `start` of the block and at i of the text, as far as words and separators go; how many bytes. */
INLINE size_t cut_run(struct cutter *c, const struct fold_table *table, const struct block *b, size_t start, struct str text,
                      size_t i, size_t n)
{
	UNINITIALIZED char buffer[RUN_BUFFER];
	uint64_t inside = UINT64_MAX >> (BLOCK - n), digit = b->digit >> start & inside;
	struct run r = { .i = i, .n = n, .text = b->lower + start, .folded = b->lower + start, .buffer = buffer };

	if (c->flags & WORD_CHAR)
		close_word(c);
	uint64_t digit_before = digit << 1 | (c->open && is_digit(c->out[-1]));
	uint64_t digit_behind = digit >> 1 | (uint64_t)(i + n < text.len && is_digit(text.p[i + n])) << (n - 1);
	r.word = (b->word >> start | (b->point >> start & digit_before & digit_behind)) & inside;
	admit(&r, table, b->foreign >> start & inside);
	uint64_t sigils = b->sigil >> start & ~(r.word << 1 | (c->glue == i));
	cut_words(c, &r, text, sigils);
	c->pending = sigils >> (r.n - 1) & 1 ? sigil_flag(fold_class_of((unsigned char)text.p[i + r.n - 1])) : 0;
	return r.n;
}

/* Apart from cut(), whose registers it needs. */
__attribute__((noinline)) static void hash_words(struct words *w, size_t from, size_t to)
{
	uint64_t seed = hash_process_seed();

	for (size_t i = from; i < to; i++)
		w->v[i].hash = hash_padded(w->folded + w->v[i].at, w->v[i].len, seed);
	w->n = to;
}

static void cut(struct words *w, struct str text, enum post_field field, size_t index, bool joined)
{
	const struct fold_table *table = fold_table();
	block_fn *look = block_best();
	UNINITIALIZED struct block b;
	size_t block_at = 0, block_end = 0, first = w->n;

	if (w->v == NULL)
		grow_words(w, BLOCK / 2);
	if (text.len == 0)
		return;
	if (text.len > UINT32_MAX / 4)
		text.len = UINT32_MAX / 4;
	if (w->folded == NULL)
		grow_folded(w, text.len + 2 * SLACK);
	w->indexed = false;
	struct cutter c = {
		.w = w, .next = w->v + w->n, .limit = w->v + w->cap, .folded = w->folded, .out = w->folded + w->len,
		.glue = UINT32_MAX, .flags = WORD_FIRST, .joined = joined, .field = (uint8_t)field,
		.index = index > UINT16_MAX ? UINT16_MAX : (uint16_t)index,
	};
	for (size_t i = 0; i < text.len;) {
		room(&c, text.len - i);
		if (i >= block_end) {
			block_at = i;
			block_end = text.len - i < BLOCK ? text.len : i + BLOCK;
			look(text.p + i, block_end - i, &b);
		}
		if ((unsigned char)text.p[i] >= 0x80) {
			size_t behind = joined ? i : cut_letters(&c, table, text, i);

			i = behind > i ? behind : cut_point(&c, table, text, i);
		} else if (joined) {
			i = cut_byte(&c, text, i);
		} else {
			i += cut_run(&c, table, &b, i - block_at, text, i, block_end - i);
		}
	}
	room(&c, 0);
	close_word(&c);
	w->len = (size_t)(c.out - w->folded);
	hash_words(w, first, (size_t)(c.next - w->v));
}

void words_add(struct words *w, struct str text, enum post_field field, size_t index)
{
	cut(w, text, field, index, false);
}

void words_add_joined(struct words *w, struct str text, enum post_field field, size_t index)
{
	cut(w, text, field, index, true);
}

void words_add_run(struct words *w, const struct words *from, size_t i, size_t n)
{
	const struct word *first = &from->v[i], *last = &from->v[i + n - 1];
	size_t at = w->len, bytes = last->at + last->len - first->at;

	if (w->n == w->cap)
		grow_words(w, 1);
	if (at + bytes + SLACK > w->folded_cap)
		grow_folded(w, at + bytes + SLACK);
	for (size_t k = 0; k < n; k++) {
		memcpy(w->folded + w->len, from->folded + first[k].at, first[k].len);
		w->len += first[k].len;
	}
	w->indexed = false;
	w->v[w->n] = *first;
	w->v[w->n].hash = hash_padded(w->folded + at, w->len - at, hash_process_seed());
	w->v[w->n].at = (uint32_t)at;
	w->v[w->n].len = (uint32_t)(w->len - at);
	w->v[w->n].end = last->end;
	w->v[w->n++].flags = WORD_FIRST;
	w->folded[w->len++] = ' ';
}

void words_add_word(struct words *w, const struct word *x, struct str folded)
{
	if (str_empty(folded))
		return;
	if (w->n == w->cap)
		grow_words(w, 1);
	if (w->len + folded.len + SLACK > w->folded_cap)
		grow_folded(w, w->len + folded.len + SLACK);
	memcpy(w->folded + w->len, folded.p, folded.len);
	w->indexed = false;
	w->v[w->n] = *x;
	w->v[w->n].hash = word_hash(w->folded + w->len, folded.len);
	w->v[w->n].at = (uint32_t)w->len;
	w->v[w->n].len = (uint32_t)folded.len;
	w->v[w->n++].flags |= WORD_FIRST;
	w->len += folded.len;
	w->folded[w->len++] = ' ';
}

void words_add_copy(struct words *w, const struct words *from, size_t i, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		words_add_word(w, &from->v[i + k], word_text(from, &from->v[i + k]));
		if (k > 0)
			w->v[w->n - 1].flags = from->v[i + k].flags;
	}
}

void words_index(struct words *w)
{
	size_t buckets = 32;

	if (w->indexed)
		return;
	while (buckets < w->n * 2)
		buckets *= 2;
	if (buckets + w->n > w->heads_cap) {
		w->heads_cap = buckets + w->n;
		w->heads = mem_realloc_array(w->heads_borrowed ? NULL : w->heads, w->heads_cap, sizeof(*w->heads));
		w->heads_borrowed = false;
	}
	memset(w->heads, 0xff, buckets * sizeof(*w->heads)); /* WORD_NONE */
	w->mask = buckets - 1;
	for (size_t i = w->n; i-- > 0;) {
		uint32_t *head = &w->heads[w->v[i].hash & w->mask];

		w->heads[buckets + i] = *head;
		*head = (uint32_t)i;
	}
	w->indexed = true;
}

static void add_texts(struct words *w, const struct post *post)
{
	words_add(w, post->title, FIELD_OF_TITLE, 0);
	words_add(w, post->text, FIELD_OF_TEXT, 0);
	words_add(w, post->summary, FIELD_OF_SUMMARY, 0);
}

void match_fold_words(const struct post *post, struct strbuf *out)
{
	struct words w;

	words_init(&w, NULL, 0);
	add_texts(&w, post);
	for (size_t i = 0; i < post->context.n; i++)
		add_texts(&w, post->context.v[i].post);
	if (w.len > 0)
		(void)strbuf_add(out, str_n(w.folded, w.len - 1));
	words_release(&w);
}
