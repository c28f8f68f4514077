/* SPDX-License-Identifier: ISC */
/* Folds text and cuts it into words in one pass. */
#include "words.h"

#include <endian.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "block.h"
#include "fold.h"

#define SLACK (BLOCK + WIDE) /* bytes that the fold of one code point, a space and wide loads and stores may need (U+FDFA: 33) */
#define WIDE BLOCK_WIDE

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

/* The bytes open..out are a word; there is room for it.  Its hash comes later: hash_words. */
INLINE void emit(struct cutter *c, const char *open, const char *out, size_t start, size_t end, unsigned flags)
{
	struct word *w = c->next++;

	w->at = (uint32_t)(open - c->folded);
	w->len = (uint32_t)(out - open);
	w->start = (uint32_t)start;
	w->end = (uint32_t)end;
	w->index = c->index;
	w->field = c->field;
	w->flags = (uint8_t)flags;
}

INLINE void close_word(struct cutter *c)
{
	if (c->open == NULL)
		return;
	reserve(c, 1);
	emit(c, c->open, c->out, c->start, c->end, c->flags);
	*c->out++ = ' ';
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

/* Characters that fold to themselves, and their signs, behind an open one at i: most of the texts in scripts without spaces.
 * Returns the index behind them; the last one stays open. */
INLINE size_t cut_plain_chars(struct cutter *c, const struct fold_table *table, struct str text, size_t i)
{
	char *out = c->out, *open = c->open;
	size_t start = c->start, flags = c->flags;

	for (; i + 4 <= text.len; i += 3) {
		uint32_t raw;

		memcpy(&raw, text.p + i, sizeof(raw));
		raw = le32toh(raw);
		unsigned bits = (raw & 0xc0c0f0) == 0x8080e0 ?
			table->triples[(raw & 0xf) << 12 | (raw >> 2 & 0xfc0) | (raw >> 16 & 0x3f)] : 0;
		if (!(bits & (1u << BIT_CHAR | 1u << BIT_SIGN)))
			break;
		if (bits & 1u << BIT_CHAR) {
			reserve(c, 1);
			emit(c, open, out, start, i, (unsigned)flags);
			*out++ = ' ';
			open = out;
			start = i;
			flags = WORD_CHAR | WORD_GLUED;
		}
		memcpy(out, text.p + i, 4); /* one too many costs less than three */
		out += 3;
	}
	c->out = out;
	c->open = open;
	c->start = (uint32_t)start;
	c->flags = (uint8_t)flags;
	return i;
}

/* The characters of three bytes at i that are words of their own, with their signs; the first one is there, the last one
 * stays open. */
INLINE size_t cut_chars(struct cutter *c, const struct fold_table *table, struct str text, size_t i, struct piece p)
{
	while (p.cls == FOLD_CHAR) {
		close_word(c);
		open_word(c, i, WORD_CHAR);
		put(c, p);
		i = cut_plain_chars(c, table, text, i + 3);
		c->end = c->glue = (uint32_t)i;
		struct triple t = triple_at(text.p + i, text.len - i);
		p = piece_of_triple(table, t);
		if (t.point == 0)
			break;
	}
	return i;
}

/* What stands between words: nothing to keep. */
INLINE void part(struct cutter *c)
{
	close_word(c);
	c->pending = 0;
}

/* An ASCII byte that does nothing but part words. */
INLINE bool is_separator(const struct fold_table *table, struct str text, size_t i)
{
	unsigned char byte = (unsigned char)text.p[i];
	enum fold_class cls = byte < 0x80 ? table->low[byte].cls : FOLD_WORD;

	return cls == FOLD_SEP || (cls == FOLD_MIDNUM && !(i + 1 < text.len && is_digit(text.p[i + 1])));
}

/* As many characters that are words of their own as stand at i, and separators between them; returns the index behind
 * them, i if there are none. */
INLINE size_t cut_rows(struct cutter *c, const struct fold_table *table, struct str text, size_t i)
{
	size_t from = i;

	while (i < text.len) {
		struct triple t = triple_at(text.p + i, text.len - i);
		struct piece p = piece_of_triple(table, t);

		if (t.point != 0 && p.cls == FOLD_CHAR) {
			i = cut_chars(c, table, text, i, p);
		} else if (i > from && t.point != 0 && p.cls == FOLD_SEP) {
			part(c);
			i += 3;
		} else if (i > from && is_separator(table, text, i)) {
			part(c);
			i++;
		} else {
			break;
		}
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

/* Bytes of text that make words or part them. */
struct run {
	size_t i, n;         /* where they stand in the text, 1..BLOCK */
	uint64_t word, drop; /* as in struct block */
};

/* Where words start and where they end, in a text that starts in a word or not. */
struct borders {
	uint64_t starts, ends;
};

INLINE size_t first_of(uint64_t bits, size_t otherwise)
{
	return bits ? (size_t)__builtin_ctzll(bits) : otherwise;
}

INLINE struct borders borders_of(uint64_t word, uint64_t open, size_t n)
{
	uint64_t inside = UINT64_MAX >> (BLOCK - n);

	return (struct borders){ word & ~(word << 1 | open) & inside, ~word & (word << 1 | open) & inside };
}

/* Bytes of from..end, which are some, that fold to nothing. */
INLINE size_t dropped(uint64_t drop, size_t from, size_t end)
{
	return (size_t)__builtin_popcountll(drop >> from & UINT64_MAX >> (BLOCK - (end - from)));
}

/* The sigils before words of the run that start at `starts`; the first of these is `first`, unless it is still open. */
static void add_sigils(struct cutter *c, const struct run *r, struct str text, uint64_t starts, uint64_t sigils, struct word *first)
{
	for (uint64_t marked = starts & sigils << 1; marked; marked &= marked - 1) {
		size_t at = (size_t)__builtin_ctzll(marked);
		struct word *word = first + __builtin_popcountll(starts & (((uint64_t)1 << at) - 1));
		uint8_t flag = sigil_flag(fold_class_of((unsigned char)text.p[r->i + at - 1]));

		if (word < c->next)
			word->flags |= flag;
		else
			c->flags |= flag;
	}
}

/* The first `end` bytes of the run go on with the open word; they are at c->out. */
INLINE void go_on(struct cutter *c, const struct run *r, size_t end)
{
	if (end == 0)
		return;
	c->out += end - dropped(r->drop, 0, end);
	c->end = c->glue = (uint32_t)(r->i + end);
}

/* Words that start and end in the run; they lie one behind the other from c->out on. */
INLINE void emit_words(struct cutter *c, const struct run *r, struct borders *b)
{
	const struct word model = { .index = c->index, .field = c->field };
	uint64_t starts = b->starts, ends = b->ends, drop = r->drop;
	uint32_t at = (uint32_t)(c->out - c->folded), i = (uint32_t)r->i;
	struct word *w = c->next;

	if (ends == 0)
		return;
	for (; ends; ends &= ends - 1, starts &= starts - 1, w++) {
		uint32_t start = (uint32_t)__builtin_ctzll(starts), end = (uint32_t)__builtin_ctzll(ends);

		*w = model;
		w->at = at;
		w->len = end - start - (drop ? (uint32_t)dropped(drop, start, end) : 0);
		w->start = i + start;
		w->end = i + end;
		at += w->len + 1;
	}
	c->next->flags = c->flags;
	c->next = w;
	c->flags = 0;
	c->out = c->folded + at;
	c->end = c->glue = w[-1].end;
	b->starts = starts;
}

/* The words of a run; the last one may stay open. */
INLINE void cut_words(struct cutter *c, const struct block_way *way, const struct run *r, char *folded, struct str s,
                      uint64_t sigils)
{
	uint64_t open = c->open != NULL, starts;
	struct borders b = borders_of(r->word, open, r->n);

	starts = b.starts;
	way->squeeze(c->out, folded, r->word & ~r->drop & UINT64_MAX >> (BLOCK - r->n), b.ends);
	if (open) {
		go_on(c, r, first_of(b.ends, r->n));
		if (b.ends == 0)
			return;
		close_word(c);
		b.ends &= b.ends - 1;
	} else if (starts & 1) {
		c->flags |= (uint8_t)(c->pending | (c->glue == r->i ? WORD_GLUED : 0));
	}
	if (starts == 0)
		return;
	reserve(c, BLOCK / 2);
	struct word *first = c->next;
	emit_words(c, r, &b);
	if (b.starts) {
		size_t start = (size_t)__builtin_ctzll(b.starts);

		c->open = c->out;
		c->start = (uint32_t)(r->i + start);
		c->end = c->glue = (uint32_t)(r->i + r->n);
		c->out += r->n - start - dropped(r->drop, start, r->n);
	}
	if (starts & sigils << 1)
		add_sigils(c, r, s, starts, sigils, first);
}

/* Places with a digit before them, maybe with accents: a carry runs through these, which nothing is left of. */
INLINE uint64_t behind_digits(uint64_t digits, uint64_t drop, bool open)
{
	uint64_t behind = digits << 1 | open, accents = drop & ~(drop + (behind & drop));

	return behind | accents << 1;
}

/* What the block judged, which are the bytes at i of the text. */
INLINE void cut_run(struct cutter *c, const struct block_way *way, struct block *b, struct str text, size_t i)
{
	size_t n = b->n;
	uint64_t inside = UINT64_MAX >> (BLOCK - n);
	struct run r = { .i = i, .n = n, .drop = b->drop & inside };

	if (c->flags & WORD_CHAR)
		close_word(c);
	uint64_t digit_before = behind_digits(b->ends_in_digit, r.drop, c->open && is_digit(c->out[-1]));
	uint64_t digit_behind = b->digit >> 1 | (uint64_t)(i + n < text.len && is_digit(text.p[i + n])) << (n - 1);
	r.word = (b->word | (b->point & digit_before & digit_behind)) & inside;
	uint64_t sigils = b->sigil & ~(r.word << 1 | (c->glue == i));
	cut_words(c, way, &r, b->folded, text, sigils);
	c->pending = sigils >> (n - 1) & 1 ? sigil_flag(fold_class_of((unsigned char)text.p[i + n - 1])) : 0;
}

/* Apart from cut(), whose registers it needs. */
__attribute__((noinline)) static void hash_words(struct words *w, size_t from, size_t to)
{
	uint64_t seed = hash_process_seed();

	for (size_t i = from; i < to; i++)
		w->v[i].hash = hash_padded(w->folded + w->v[i].at, w->v[i].len, seed);
	w->n = to;
}

INLINE void cut(const struct block_way *way, struct words *w, struct str text, enum post_field field, size_t index, bool joined)
{
	const struct fold_table *table = fold_table();
	UNINITIALIZED struct block b;
	size_t first = w->n;

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
	for (size_t i = BLOCK; i < text.len && i <= 4 * BLOCK; i += BLOCK)
		__builtin_prefetch(text.p + i);
	for (size_t i = 0; i < text.len;) {
		room(&c, text.len - i);
		if (joined) {
			i = (unsigned char)text.p[i] < 0x80 ? cut_byte(&c, text, i) : cut_point(&c, table, text, i);
			continue;
		}
		way->look(table, text.p + i, text.len - i < BLOCK ? text.len - i : BLOCK, c.open && !(c.flags & WORD_CHAR), &b);
		if (b.n > 0)
			cut_run(&c, way, &b, text, i);
		i += b.n;
		if (b.other) {
			size_t behind = cut_rows(&c, table, text, i);

			i = behind > i ? behind : cut_point(&c, table, text, i);
		}
	}
	room(&c, 0);
	close_word(&c);
	w->len = (size_t)(c.out - w->folded);
	hash_words(w, first, (size_t)(c.next - w->v));
}

/* Where single instructions count bits and find them. */
#ifdef __x86_64__
__attribute__((target("popcnt,bmi,bmi2")))
#endif
static void cut_modern(const struct block_way *way, struct words *w, struct str text, enum post_field field, size_t index)
{
	cut(way, w, text, field, index, false);
}

static void cut_anywhere(const struct block_way *way, struct words *w, struct str text, enum post_field field, size_t index)
{
	cut(way, w, text, field, index, false);
}

void words_add_by(const struct block_way *way, struct words *w, struct str text, enum post_field field, size_t index)
{
	(way->modern ? cut_modern : cut_anywhere)(way, w, text, field, index);
}

void words_add(struct words *w, struct str text, enum post_field field, size_t index)
{
	words_add_by(block_best(), w, text, field, index);
}

void words_add_joined(struct words *w, struct str text, enum post_field field, size_t index)
{
	cut(block_best(), w, text, field, index, true);
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
