/* SPDX-License-Identifier: ISC */
/* Folds text and cuts it into words in one pass. */
#include "words.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"
#include "fold.h"

#define SLACK 64 /* bytes that the fold of one code point, a space and a wide load may need (U+FDFA: 33) */

void words_init(struct words *w, void *scratch, size_t scratch_size)
{
	memset(w, 0, sizeof(*w));
	if (scratch == NULL)
		return;
	w->cap = scratch_size * 3 / 4 / sizeof(struct word);
	w->v = scratch;
	w->folded_cap = scratch_size - w->cap * sizeof(struct word);
	w->folded = (char *)scratch + w->cap * sizeof(struct word);
	w->v_borrowed = w->folded_borrowed = true;
}

void words_release(struct words *w)
{
	if (!w->v_borrowed)
		mem_free(w->v);
	if (!w->folded_borrowed)
		mem_free(w->folded);
	mem_free(w->heads);
	memset(w, 0, sizeof(*w));
}

static void grow_words(struct words *w)
{
	size_t cap = w->cap ? w->cap * 2 : 16;
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

/* Multiply-and-fold over 16 bytes a step (the wyhash construction).  A word of less than 8 bytes reads up to 7 bytes past
 * its end and forgets them: the folded buffer always has SLACK behind it. */
static inline uint64_t hash_padded(const char *p, size_t len, uint64_t seed)
{
	static const uint64_t k0 = 0x9e3779b97f4a7c15u, k1 = 0xd6e8feb86659fd93u;
	uint64_t h = seed ^ len * k0;
	const char *end = p + len, *last = end - 16;

	if (len <= 8) {
		uint64_t x = len ? load8(p) << (64 - 8 * len) : 0;

		return mix(x ^ k1 ^ seed, h | 1);
	}
	if (len <= 16)
		last = p;
	for (; end - p > 16; p += 16)
		h = mix(load8(p) ^ k1 ^ h, load8(p + 8) ^ k0 ^ seed);
	return mix(load8(last) ^ k1 ^ h, load8(end - 8) ^ k0 ^ seed);
}

uint64_t word_hash(const char *p, size_t len)
{
	char padded[8] = { 0 };

	if (len >= 8)
		return hash_padded(p, len, hash_process_seed());
	memcpy(padded, p, len);
	return hash_padded(padded, len, hash_process_seed());
}

/* --- cutting --------------------------------------------------------------------------------------------------------- */

struct cutter {
	struct words *w;
	const struct fold_table *table;
	uint64_t seed;
	char *out;        /* next byte of the folded text */
	char *open;       /* where the open word starts; NULL if none is */
	uint32_t start, end;
	uint32_t glue;    /* where a word must start to touch the one before */
	uint8_t flags, pending;
	bool joined;
	uint16_t index;
	uint8_t field;
};

static inline void close_word(struct cutter *c)
{
	struct words *w = c->w;

	if (c->open == NULL)
		return;
	if (w->n == w->cap)
		grow_words(w);
	size_t len = (size_t)(c->out - c->open);
	w->v[w->n++] = (struct word){
		.hash = hash_padded(c->open, len, c->seed),
		.at = (uint32_t)(c->open - w->folded), .len = (uint32_t)len, .start = c->start, .end = c->end,
		.next = WORD_NONE, .index = c->index, .field = c->field, .flags = c->flags,
	};
	*c->out++ = ' ';
	c->flags = 0;
	c->open = NULL;
}

static inline void open_word(struct cutter *c, size_t start, uint8_t kind)
{
	c->open = c->out;
	c->start = (uint32_t)start;
	c->flags |= (uint8_t)(kind | c->pending | (start == c->glue ? WORD_GLUED : 0));
	c->pending = 0;
}

/* Room for `left` more bytes of input that fold to themselves, and one code point of the worst kind. */
static inline void room(struct cutter *c, size_t left)
{
	struct words *w = c->w;
	size_t at = (size_t)(c->out - w->folded), open = c->open ? (size_t)(c->open - w->folded) : 0;

	if (at + 2 * left + SLACK <= w->folded_cap)
		return;
	w->len = at;
	grow_folded(w, at + 2 * left + SLACK);
	c->out = w->folded + at;
	if (c->open)
		c->open = w->folded + open;
}

/* Korean syllables written as letters (decomposed, as some file systems and half-width text have it) are put together
 * (Unicode 3.12).  True if the letter joined the syllable before it. */
static bool join_jamo(struct cutter *c, uint32_t jamo)
{
	size_t pos = 0;

	if (c->open == NULL || c->out - c->open < 3)
		return false;
	uint32_t last = text_next(str_n(c->out - 3, 3), &pos), sum = 0;
	if (pos != 3)
		return false;
	if (last >= 0x1100 && last <= 0x1112 && jamo >= 0x1161 && jamo <= 0x1175)
		sum = 0xac00 + ((last - 0x1100) * 21 + (jamo - 0x1161)) * 28;
	else if (last >= 0xac00 && last <= 0xd7a3 && (last - 0xac00) % 28 == 0 && jamo > 0x11a7 && jamo <= 0x11c2)
		sum = last + (jamo - 0x11a7);
	return sum != 0 && text_encode(c->out - 3, sum) == 3;
}

static inline void put(struct cutter *c, const char *bytes, size_t len)
{
	memcpy(c->out, bytes, len);
	c->out += len;
}

/* One folded letter or sign that came from the bytes start..end of the text. */
static void step(struct cutter *c, enum fold_class cls, const char *bytes, size_t len, size_t start, size_t end)
{
	switch (cls) {
	case FOLD_WORD:
	case FOLD_JAMO:
		if (c->open && (c->flags & WORD_CHAR) && !c->joined)
			close_word(c);
		if (cls == FOLD_JAMO) {
			size_t pos = 0;

			if (join_jamo(c, text_next(str_n(bytes, len), &pos)))
				break;
		}
		if (c->open == NULL)
			open_word(c, start, 0);
		put(c, bytes, len);
		break;
	case FOLD_CHAR:
		if (!c->joined)
			close_word(c);
		if (c->open == NULL)
			open_word(c, start, WORD_CHAR);
		put(c, bytes, len);
		break;
	case FOLD_EXTEND:
		if (c->open == NULL)
			return;
		put(c, bytes, len);
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
		c->pending = 0;
		if (cls != FOLD_SEP && start != c->glue)
			c->pending = cls == FOLD_HASH ? WORD_HASH : cls == FOLD_AT ? WORD_AT : cls == FOLD_DOLLAR ? WORD_DOLLAR : 0;
		return;
	}
	c->end = c->glue = (uint32_t)end;
}

/* A code point that folds to several of different kinds. */
static void step_sequence(struct cutter *c, const uint32_t *r, size_t start, size_t end)
{
	for (; *r; r++) {
		char b[4];
		size_t len = text_encode(b, *r);
		enum fold_class cls = fold_class_of(*r);

		step(c, cls == FOLD_MIDNUM ? FOLD_SEP : cls, b, len, start, end);
	}
}

static const uint8_t ascii_class[128] = {
	['0'] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	['A'] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	['a'] = 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
	['_'] = 1,
};

static inline bool is_ascii_word(char ch)
{
	return (unsigned char)ch < 0x80 && ascii_class[(unsigned char)ch];
}

static inline bool is_upper(char ch)
{
	return ch >= 'A' && ch <= 'Z';
}

/* A full stop or comma between two digits belongs to the number. */
static bool holds_number(const struct cutter *c, struct str text, size_t i)
{
	return (text.p[i] == '.' || text.p[i] == ',') && c->open && char_is_digit(c->out[-1]) && i + 1 < text.len &&
	       char_is_digit(text.p[i + 1]) && !c->joined;
}

/* What stands at i and is no plain word byte; returns the index behind it. */
static size_t cut_other(struct cutter *c, struct str text, size_t i)
{
	size_t end = i;

	if ((unsigned char)text.p[i] < 0x80) {
		if (holds_number(c, text, i))
			step(c, FOLD_WORD, text.p + i, 1, i, i + 1);
		else
			step(c, fold_class_of((unsigned char)text.p[i]), text.p + i, 1, i, i + 1);
		return i + 1;
	}
	const struct fold_entry *e = fold_find(c->table, text_next(text, &end));
	if (e->cls == FOLD_SEQ)
		step_sequence(c, fold_sequence(c->table, e), i, end);
	else if (e->len == 0)
		step(c, e->cls, text.p + i, end - i, i, end);
	else
		step(c, e->cls, e->bytes, e->len, i, end);
	return end;
}

static void cut(struct words *w, struct str text, enum post_field field, size_t index, bool joined)
{
	struct cutter c = {
		.w = w, .table = fold_table(), .seed = hash_process_seed(), .glue = UINT32_MAX, .flags = WORD_FIRST,
		.joined = joined, .field = (uint8_t)field, .index = index > UINT16_MAX ? UINT16_MAX : (uint16_t)index,
	};

	if (text.len == 0)
		return;
	if (text.len > UINT32_MAX / 4)
		text.len = UINT32_MAX / 4;
	if (w->folded == NULL)
		grow_folded(w, text.len + 2 * SLACK);
	mem_free(w->heads);
	w->heads = NULL;
	c.out = w->folded + w->len;
	for (size_t i = 0; i < text.len;) {
		room(&c, text.len - i);
		if (!is_ascii_word(text.p[i])) {
			i = cut_other(&c, text, i);
			continue;
		}
		if (c.open && (c.flags & WORD_CHAR) && !joined)
			close_word(&c);
		if (c.open == NULL)
			open_word(&c, i, 0);
		for (; i < text.len && is_ascii_word(text.p[i]); i++)
			*c.out++ = is_upper(text.p[i]) ? (char)(text.p[i] | 0x20) : text.p[i];
		c.end = c.glue = (uint32_t)i;
	}
	room(&c, 0);
	close_word(&c);
	w->len = (size_t)(c.out - w->folded);
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
		grow_words(w);
	if (at + bytes + SLACK > w->folded_cap)
		grow_folded(w, at + bytes + SLACK);
	for (size_t k = 0; k < n; k++) {
		memcpy(w->folded + w->len, from->folded + first[k].at, first[k].len);
		w->len += first[k].len;
	}
	mem_free(w->heads);
	w->heads = NULL;
	w->v[w->n] = *first;
	w->v[w->n].hash = hash_padded(w->folded + at, w->len - at, hash_process_seed());
	w->v[w->n].at = (uint32_t)at;
	w->v[w->n].len = (uint32_t)(w->len - at);
	w->v[w->n].end = last->end;
	w->v[w->n++].flags = WORD_FIRST;
	w->folded[w->len++] = ' ';
}

void words_index(struct words *w)
{
	size_t buckets = 32;

	if (w->heads)
		return;
	while (buckets < w->n * 2)
		buckets *= 2;
	w->heads = mem_realloc_array(NULL, buckets, sizeof(*w->heads));
	memset(w->heads, 0xff, buckets * sizeof(*w->heads)); /* WORD_NONE */
	w->mask = buckets - 1;
	for (size_t i = w->n; i-- > 0;) {
		uint32_t *head = &w->heads[w->v[i].hash & w->mask];

		w->v[i].next = *head;
		*head = (uint32_t)i;
	}
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
