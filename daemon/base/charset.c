/* SPDX-License-Identifier: ISC */
/* Guesses charsets, and undoes the wrong guesses of others. */
#include "charset.h"

#include "base/text.h"

#define SURE_SEQUENCES 8

/* --- which charset is it? ----------------------------------------------------------------------------------- */

#define KANA "のいしたになとてをがはるでかっすれもらくまんさこンーイスルトリラアクロ"
#define HANGUL "이다는에의가을하고로지를은한기서사인대어자리도정스부해라시"
#define SIMPLIFIED \
	"的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方" \
	"多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日者意无力它与长把机民第公此已工使情明性" \
	"知全三又关点正业外将两高间由问很最重并物手应"
#define TRADITIONAL \
	"的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方" \
	"多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日者意無力它與長把機民第公此已工使情明性" \
	"知全三又關點正業外將兩高間由問很最重並物手應"
#define CYRILLIC "оеаинтсрвлкмдпу"

/* Frequent letters; `percent` of what is beyond ASCII must be among them.  Few letters need a high share. */
static const struct guess {
	const char *charset, *frequent;
	unsigned percent;
	bool one_byte;
} guesses[] = {
	{ "shift_jis", KANA, 25, false },
	{ "euc-jp", KANA, 25, false },
	{ "euc-kr", HANGUL, 15, false },
	{ "gb18030", SIMPLIFIED, 15, false },
	{ "big5", TRADITIONAL, 15, false },
	{ "koi8-r", CYRILLIC, 55, true },
	{ "windows-1251", CYRILLIC, 55, true },
	{ "iso-8859-5", CYRILLIC, 55, true },
	{ "ibm866", CYRILLIC, 55, true },
	{ "windows-1253", "αοιετσνρκπυηλμάέίό", 55, true },
	{ "windows-1255", "יוהלאמרבתשנ", 55, true },
	{ "windows-1256", "ايلنمروتبهعدسف", 55, true },
	{ "tis-620", "านรอกเงมยลวดทสตะปบคหแจพช่้์ีัิ", 55, true },
};

static bool is_high(struct str s, size_t i)
{
	return i < s.len && (unsigned char)s.p[i] >= 0x80;
}

/* Do the bytes beyond ASCII stand together?  In languages of Latin script they stand alone between ASCII letters. */
static bool is_dense(struct str s)
{
	size_t n = 0, together = 0;

	for (size_t i = 0; i < s.len; i++) {
		if (!is_high(s, i))
			continue;
		n++;
		together += is_high(s, i + 1) || (i > 0 && is_high(s, i - 1));
	}
	return together * 4 >= n * 3;
}

static bool holds(struct str letters, uint32_t c)
{
	for (size_t i = 0; i < letters.len;)
		if (text_next(letters, &i) == c)
			return true;
	return false;
}

/* Percent of what is beyond ASCII that is frequent; 0 if that charset cannot be it. */
static unsigned score(struct str bytes, const struct guess *g)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(CHARSET_GUESS_BYTES * 4);
	size_t n = 0, hits = 0, bad = 0;
	struct err e;

	if (text_convert(&b, bytes, str_c(g->charset), &e) != 0)
		return 0;
	struct str s = strbuf_str(&b), frequent = str_c(g->frequent);
	for (size_t i = 0; i < s.len;) {
		uint32_t c = text_next(s, &i);

		if (c < 0x80)
			continue;
		n++;
		bad += c == 0xfffd || (c >= 0x80 && c < 0xa0);
		hits += holds(frequent, c);
	}
	return n == 0 || bad * 50 > n ? 0 : (unsigned)(hits * 100 / n);
}

struct str charset_guess(struct str bytes)
{
	struct str best = STR("windows-1252");
	unsigned best_lead = 0;

	bytes = str_slice(bytes, 0, CHARSET_GUESS_BYTES);
	bool dense = is_dense(bytes);
	for (size_t i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++) {
		const struct guess *g = &guesses[i];
		unsigned percent = g->one_byte && !dense ? 0 : score(bytes, g);
		unsigned lead = percent >= g->percent ? percent * 100 / g->percent : 0;

		if (lead > best_lead) {
			best = str_c(g->charset);
			best_lead = lead;
		}
	}
	return best;
}

bool charset_surely_utf8(struct str bytes)
{
	size_t n = 0;

	for (size_t i = 0; i < bytes.len && n < SURE_SEQUENCES; i++)
		n += (unsigned char)bytes.p[i] >= 0xc0;
	return n >= SURE_SEQUENCES && text_is_utf8(bytes);
}

/* --- UTF-8 that was taken for windows-1252 ------------------------------------------------------------------- */

/* The byte that windows-1252 has for c, 0 if none. */
static unsigned char byte_of(uint32_t c)
{
	if (c >= 0x80 && c <= 0xff)
		return (unsigned char)c;
	for (unsigned b = 0x80; b < 0xa0 && c > 0xff; b++)
		if (text_from_1252((unsigned char)b) == c)
			return (unsigned char)b;
	return 0;
}

/* Is the sequence one that nobody writes otherwise?  "ß…" and "Ã”" are ends of words; "Ã¶" and "â€™" are none. */
static bool is_telling(struct str sequence)
{
	unsigned char second = (unsigned char)sequence.p[1];

	return sequence.len > 2 || second >= 0xa0;
}

/* What UTF-8 taken for windows-1252 nearly always is: Latin letters, and the punctuation and signs of Western text. */
static bool is_usual(uint32_t c)
{
	return (c >= 0xa0 && c < 0x180) || (c >= 0x2010 && c <= 0x2044) || c == 0x20ac || c == 0x2122;
}

/* Decodes the bytes of one run into `out`. */
static bool undo_run(struct strbuf *out, struct str bytes, bool *telling)
{
	if (!text_is_utf8(bytes))
		return false;
	for (size_t i = 0; i < bytes.len;) {
		size_t from = i;

		if (!is_usual(text_next(bytes, &i)))
			return false;
		*telling = *telling || is_telling(str_slice(bytes, from, i));
	}
	strbuf_add(out, bytes);
	return true;
}

/* Nearly every text has nothing beyond ASCII, or begins it otherwise: with no Â, Ã, Ä, Å or â. */
static bool may_be_undone(struct str s)
{
	size_t i = text_ascii_run(s, '\t');

	while (i < s.len && (unsigned char)s.p[i] < 0x80)
		i++;
	if (i + 1 >= s.len || s.p[i] != '\xc3')
		return false;
	unsigned char second = (unsigned char)s.p[i + 1];
	return (second >= 0x82 && second <= 0x85) || second == 0xa2;
}

static bool undo(struct strbuf *out, struct str s)
{
	char run[512];
	size_t n = 0, start = out->len;
	bool telling = false, good = true;

	for (size_t i = 0; i < s.len && good;) {
		uint32_t c = text_next(s, &i);

		if (c >= 0x80) {
			unsigned char b = byte_of(c);
			good = b != 0 && n < sizeof(run);
			if (good)
				run[n++] = (char)b;
		}
		if (n > 0 && (c < 0x80 || i == s.len)) {
			good = good && undo_run(out, str_n(run, n), &telling);
			n = 0;
		}
		if (c < 0x80)
			strbuf_addc(out, (char)c);
	}
	if (good && telling)
		return true;
	strbuf_truncate(out, start);
	return false;
}

bool text_undo_1252(struct strbuf *out, struct str s)
{
	return may_be_undone(s) && undo(out, s); /* nearly never: then not even its buffer is needed */
}
