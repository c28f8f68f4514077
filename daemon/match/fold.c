/* SPDX-License-Identifier: ISC */
/* The folding table, made once from libutf8proc's Unicode data. */
#include "fold.h"

#include <assert.h>
#include <pthread.h>
#include <utf8proc.h>

#include "base/mem.h"
#include "base/text.h"
#include "base/vec.h"

struct range {
	uint32_t from, to;
};

static bool in_ranges(uint32_t c, const struct range *r, size_t n)
{
	for (size_t i = 0; i < n && c >= r[i].from; i++)
		if (c <= r[i].to)
			return true;
	return false;
}
#define IN(c, ranges) in_ranges((c), (ranges), sizeof(ranges) / sizeof((ranges)[0]))

/* Scripts written without spaces: Thai, Lao, Myanmar, Khmer, kana, bopomofo, Han. */
static const struct range spaceless[] = {
	{ 0xe00, 0xeff }, { 0x1000, 0x109f }, { 0x1780, 0x17ff }, { 0x3005, 0x3007 }, { 0x3021, 0x3029 },
	{ 0x3031, 0x3035 }, { 0x3038, 0x303c }, { 0x3041, 0x312f }, { 0x31a0, 0x31ff }, { 0x3400, 0x4dbf },
	{ 0x4e00, 0x9fff }, { 0xa9e0, 0xa9ff }, { 0xaa60, 0xaa7f }, { 0xf900, 0xfaff }, { 0x1aff0, 0x1b16f },
	{ 0x20000, 0x3fffd },
};
/* Of these blocks all is identity, so one page serves the block. */
static const struct range han[] = { { 0x3400, 0x4dbf }, { 0x4e00, 0x9fff }, { 0x20000, 0x2f7ff }, { 0x30000, 0x3fffd } };
static const struct range hangul[] = { { 0xac00, 0xd7a3 } };
/* Pictures that users search for; arrows, dashes and card suits of plain text among them do no harm. */
static const struct range emoji[] = {
	{ 0x231a, 0x231b }, { 0x23e9, 0x23fa }, { 0x2600, 0x27bf }, { 0x2b1b, 0x2b1c }, { 0x2b50, 0x2b55 },
	{ 0x1f000, 0x1f0ff }, { 0x1f18e, 0x1f1ff }, { 0x1f300, 0x1faff },
};
/* Accents and points that fold away. */
static const struct range accents[] = {
	{ 0x300, 0x36f }, { 0x483, 0x489 }, { 0x591, 0x5c7 }, { 0x610, 0x61a }, { 0x64b, 0x65f }, { 0x670, 0x670 },
	{ 0x6d6, 0x6dc }, { 0x6df, 0x6e4 }, { 0x6e7, 0x6e8 }, { 0x6ea, 0x6ed }, { 0x711, 0x711 }, { 0x730, 0x74a },
	{ 0x898, 0x89f }, { 0x8ca, 0x8ff }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff },
	{ 0xfe20, 0xfe2f },
};
/* Letters with a stroke or a ligature have no decomposition; readers type them plain (ours, beyond NFKC). */
static const struct {
	uint32_t from, to, then;
} plain[] = {
	{ 0xe6, 'a', 'e' }, { 0xf0, 'd', 0 }, { 0xf8, 'o', 0 }, { 0x111, 'd', 0 }, { 0x127, 'h', 0 }, { 0x131, 'i', 0 },
	{ 0x142, 'l', 0 }, { 0x153, 'o', 'e' }, { 0x167, 't', 0 },
};

static bool is_accent(uint32_t c)
{
	return IN(c, accents) && (utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_MN ||
				  utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_ME);
}

static enum fold_class ascii_class_of(uint32_t c)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')
		return FOLD_WORD;
	switch (c) {
	case '#':
		return FOLD_HASH;
	case '@':
		return FOLD_AT;
	case '$':
		return FOLD_DOLLAR;
	case '.':
	case ',':
		return FOLD_MIDNUM;
	default:
		return FOLD_SEP;
	}
}

enum fold_class fold_class_of(uint32_t c)
{
	if (c < 0x80)
		return ascii_class_of(c);
	if (c == 0x2bb || c == 0x2bc || c == 0x2bd) /* letters by name, apostrophes by use */
		return FOLD_SEP;
	if (c == 0x640) /* the bar that stretches Arabic words */
		return FOLD_IGNORE;
	if (c >= 0x1100 && c <= 0x11ff)
		return FOLD_JAMO;
	if (IN(c, emoji))
		return FOLD_CHAR;
	switch ((int)utf8proc_category((utf8proc_int32_t)c)) {
	case UTF8PROC_CATEGORY_LU:
	case UTF8PROC_CATEGORY_LL:
	case UTF8PROC_CATEGORY_LT:
	case UTF8PROC_CATEGORY_LM:
	case UTF8PROC_CATEGORY_LO:
	case UTF8PROC_CATEGORY_ND:
	case UTF8PROC_CATEGORY_NL:
	case UTF8PROC_CATEGORY_NO:
		return IN(c, spaceless) ? FOLD_CHAR : FOLD_WORD;
	case UTF8PROC_CATEGORY_MN:
	case UTF8PROC_CATEGORY_MC:
	case UTF8PROC_CATEGORY_ME:
		return is_accent(c) ? FOLD_MARK : FOLD_EXTEND;
	case UTF8PROC_CATEGORY_CF:
		return FOLD_IGNORE;
	default:
		return FOLD_SEP;
	}
}

/* --- making ---------------------------------------------------------------------------------------------------------- */

struct maker {
	struct fold_table *t;
	size_t n_pages;
	VEC(uint32_t) sequences;
};

/* Folded code points of c, accents off; how many. */
static size_t decompose(uint32_t c, uint32_t out[static FOLD_SEQ_MAX * 2])
{
	utf8proc_int32_t buf[FOLD_SEQ_MAX];
	int last = 0;
	size_t n = 0;
	utf8proc_ssize_t got = utf8proc_decompose_char((utf8proc_int32_t)c, buf, FOLD_SEQ_MAX,
		UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE, &last);

	if (got < 0 || got > FOLD_SEQ_MAX)
		got = 0;
	for (utf8proc_ssize_t i = 0; i < got; i++) {
		uint32_t r = (uint32_t)buf[i], then = 0;

		if (is_accent(r) || fold_class_of(r) == FOLD_IGNORE)
			continue;
		for (size_t k = 0; k < sizeof(plain) / sizeof(plain[0]); k++)
			if (plain[k].from == r) {
				r = plain[k].to;
				then = plain[k].then;
				break;
			}
		out[n++] = r;
		if (then)
			out[n++] = then;
	}
	return n;
}

/* Several code points fit one entry if they are letters of one word, or one letter with its signs. */
static bool fits_entry(const uint32_t *r, size_t n, size_t *ret_bytes)
{
	char b[4];
	enum fold_class first = fold_class_of(r[0]);

	*ret_bytes = 0;
	for (size_t i = 0; i < n; i++) {
		enum fold_class k = fold_class_of(r[i]);

		if (i > 0 && k != FOLD_EXTEND && !(first == FOLD_WORD && k == FOLD_WORD))
			return false;
		*ret_bytes += text_encode(b, r[i]);
	}
	return *ret_bytes <= sizeof(((struct fold_entry *)0)->bytes);
}

static struct fold_entry make_entry(struct maker *m, uint32_t c)
{
	uint32_t r[FOLD_SEQ_MAX * 2];
	struct fold_entry e = { 0 };
	size_t n, bytes;

	if (c == 0x2122 || c == 0x2120) /* trade marks end the name they stand on: not "openaitm" */
		return e;
	if (c >= 0xd800 && c <= 0xdfff)
		return e;
	n = decompose(c, r);
	if (n == 0) {
		e.cls = is_accent(c) ? FOLD_MARK : FOLD_IGNORE;
		return e;
	}
	if (!fits_entry(r, n, &bytes)) {
		uint32_t at = (uint32_t)m->sequences.n;

		e.cls = FOLD_SEQ;
		memcpy(e.bytes, &at, sizeof(at));
		for (size_t i = 0; i < n; i++)
			vec_push(&m->sequences, r[i]);
		vec_push(&m->sequences, 0);
		return e;
	}
	e.cls = (uint8_t)fold_class_of(r[0]);
	if (e.cls == FOLD_MIDNUM && c >= 0x80)
		e.cls = FOLD_SEP;
	for (size_t i = 0, at = 0; i < n; i++) {
		char b[4];
		size_t len = text_encode(b, r[i]);

		memcpy(e.bytes + at, b, len);
		at += len;
		e.len = (uint8_t)at;
	}
	return e;
}

static uint16_t add_page(struct maker *m, const struct fold_entry page[static FOLD_PAGE])
{
	if ((m->n_pages & (m->n_pages - 1)) == 0)
		m->t->entries = mem_realloc_array(m->t->entries, m->n_pages ? m->n_pages * 2 : 1, sizeof(m->t->entries[0]));
	memcpy(m->t->entries[m->n_pages], page, sizeof(m->t->entries[0]));
	return (uint16_t)m->n_pages++;
}

static uint16_t add_uniform(struct maker *m, enum fold_class cls)
{
	struct fold_entry page[FOLD_PAGE] = { 0 };

	for (size_t i = 0; i < FOLD_PAGE; i++)
		page[i].cls = (uint8_t)cls;
	return add_page(m, page);
}

static bool whole_page_in(uint32_t first, const struct range *r, size_t n)
{
	return in_ranges(first, r, n) && in_ranges(first + FOLD_PAGE - 1, r, n);
}

static void make_pairs(struct fold_table *t)
{
	for (unsigned c = 0x80; c < 0x800; c++) {
		struct fold_pairs *to = &t->pairs[c >> 6];
		struct piece p = piece_of_entry(&t->low[c]);
		unsigned i = c & 0x3f;
		bool word = p.cls == FOLD_WORD && p.len <= 2;

		to->first[i] = (uint8_t)p.bytes;
		to->second[i] = (uint8_t)(p.bytes >> 8);
		to->bits[i] = (uint8_t)(word << BIT_WORD | (word && p.len == 1) << BIT_SHORT | (p.cls == FOLD_MARK) << BIT_MARK |
					(p.cls == FOLD_SEP) << BIT_SEP);
	}
}

static uint8_t bits_of(const struct fold_entry *e, uint32_t c)
{
	char bytes[4];
	bool itself = e->len == 0 || (e->len == text_encode(bytes, c) && memcmp(e->bytes, bytes, e->len) == 0);

	return (uint8_t)((e->cls == FOLD_SEP) << BIT_SEP | (e->cls == FOLD_MARK) << BIT_MARK |
			 (itself && e->cls == FOLD_WORD) << BIT_WORD | (itself && e->cls == FOLD_EXTEND) << BIT_SIGN |
			 (itself && e->cls == FOLD_CHAR) << BIT_CHAR);
}

static void make_triples(struct fold_table *t)
{
	for (uint32_t c = 0x800; c < 0x10000; c++)
		t->triples[c] = c >= 0xd800 && c <= 0xdfff ? 0 : bits_of(fold_find(t, c), c);
	for (size_t lead = 1; lead < 16; lead++)
		t->uniform[lead] = memcmp(&t->triples[lead << 12], &t->triples[(lead << 12) + 1], 0xfff) == 0;
}

static struct fold_table *make_table(void)
{
	struct maker m = { .t = mem_alloc_lines(sizeof(struct fold_table)) };
	uint16_t none = add_uniform(&m, FOLD_SEP), letter = add_uniform(&m, FOLD_WORD), single = add_uniform(&m, FOLD_CHAR);

	for (uint32_t p = 0; p < FOLD_PAGES; p++) {
		uint32_t first = p << FOLD_PAGE_BITS;
		struct fold_entry page[FOLD_PAGE];

		if (whole_page_in(first, han, sizeof(han) / sizeof(han[0]))) {
			m.t->page[p] = single;
			continue;
		}
		if (whole_page_in(first, hangul, 1)) {
			m.t->page[p] = letter;
			continue;
		}
		if ((first >= 0x40000 && first < 0xe0000) || first >= 0xe1000) {
			m.t->page[p] = none;
			continue;
		}
		for (uint32_t i = 0; i < FOLD_PAGE; i++) {
			if (IN(first + i, hangul))
				page[i] = (struct fold_entry){ .cls = FOLD_WORD };
			else if (IN(first + i, han))
				page[i] = (struct fold_entry){ .cls = FOLD_CHAR };
			else
				page[i] = make_entry(&m, first + i);
		}
		m.t->page[p] = add_page(&m, page);
	}
	m.t->sequences = m.sequences.v;
	m.t->low = m.t->entries[m.t->page[0]];
	assert(m.t->page[0x7ff >> FOLD_PAGE_BITS] == m.t->page[0] + (0x7ff >> FOLD_PAGE_BITS)); /* side by side */
	make_pairs(m.t);
	make_triples(m.t);
	return m.t;
}

/* Not state but a cache of constants: made once, the same in every process, never changed. */
static struct fold_table *made;

static void make_once(void)
{
	made = make_table();
}

const struct fold_table *fold_table(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, make_once);
	return made;
}

const uint32_t *fold_sequence(const struct fold_table *t, const struct fold_entry *e)
{
	uint32_t at;

	memcpy(&at, e->bytes, sizeof(at));
	return t->sequences + at;
}
