/* SPDX-License-Identifier: ISC */
/* Posts out of nothing. */
#include "babble.h"

#include <math.h>

#include "base/text.h"

/* Letters as UTF-8, separated by spaces: what begins a syllable, its vowel, what may end it. */
struct language {
	const char *starts, *vowels, *ends;
	unsigned share;      /* of 100 posts */
	bool spaceless;
	uint32_t han;        /* how many ideographs mix in, of 100 words */
	const char *particles; /* elided words before others: l’ d' */
};

#define LATIN "b c d f g h j k l m n p r s t v w br ch cl cr dr fl gr pl pr sh sl sp st th tr"

static const struct language languages[] = {
	{ LATIN " wh qu", "a e i o u a e i o ee ea ou ai", "d l m n r s t y ng nd st ck", 30, false, 0, "" },
	{ LATIN " " LATIN " ll ñ qu", "a e i o u a e o a e i o u a e o a e i o a e á é í ó ie ue", "l n r s s z d", 9, false, 0, "" },
	{ LATIN " ç lh nh qu", "a e i o u a e o a e i o u a e o a e i o a ã é ó ão", "l m r s z", 8, false, 0, "" },
	{ LATIN " " LATIN " ç qu ph", "a e i o u a e i o u e a e i o e u e é é è ê ai au eau ou oi œ", "l n r s t x nt", 7, false, 0, "l’ d’ l' d' c' qu'" },
	{ LATIN " sch z pf", "a e i o u e a e i o u e a e i e ä ö ü ei au ie", "n r s t ch n r s t ß cht nd ng", 5, false, 0, "" },
	{ LATIN " gl gn sc z", "a e i o a e o u a e i o a e o u a e i o a e o u à è ò ia io", "l n r", 3, false, 0, "l' un' dell’" },
	{ LATIN " cz sz rz ł ż ś dz z", "a e i o u y a e i o y a e o ą ę ó ie ia", "ć ł m n k sz w ch", 2, false, 0, "" },
	{ "b c ç d f g ğ h k l m n p r s ş t v y z", "a e ı i o u a e a e i o ü u a e", "k l m n r z ş", 4, false, 0, "" },
	{ "б в г д ж з к л м н п р с т ф х ц ч ш пр ст кр", "а е и о у я ы ю ё а о", "в й л м н р с т ть х", 4, false, 0, "" },
	{ "б в г ґ д ж з к л м н п р с т х ц ч ш пр", "а е и і о у я ю є ї", "в й л м н р с т ть", 2, false, 0, "" },
	{ "β γ δ ζ θ κ λ μ ν ξ π ρ σ τ φ χ ψ στ πρ", "α ε η ι ο υ ω α ε η ι ο ω ά έ ή ί ό ου αι", "ν ς ρ", 2, false, 0, "" },
	{ "ب ت ث ج ح خ د ذ ر ز س ش ص ض ط ع غ ف ق ك ل م ن ه و ي ال", "ا و ي ا و ي ا و ي ا و ي ة أ َ", "ن م ر ت ل", 6, false, 0, "" },
	{ "क ख ग घ च ज ट ड त थ द न प ब भ म य र ल व श स ह", "ा ि ी ु े ो ं ै", "न र ल त", 2, false, 0, "" },
	{ "가 나 다 라 마 바 사 아 자 차 하 고 노 도 보 소 오 지 기 리 시", "는 을 이 에 서 한 인 정 대 부 국", "들 도 은 로", 4, false, 0, "" },
	{ "か き く け こ さ し す せ そ た ち つ て と な に の は ま も や ら り る れ を ん カ ク シ ス タ ト ナ ラ ン", "あ い う え お ー ア イ", "ん っ", 7, true, 35, "" },
	{ "不 我 人 在 有 他 这 中 大 来 上 国 个 到 说 们 为 子 和 你", "的 了 是", "们", 3, true, 97, "" },
	{ "ก ข ค ง จ ช ด ต ถ ท น บ ป ผ พ ม ย ร ล ว ส ห อ", "า ิ ี ุ ู ะ ั เ แ โ", "น ง ม ก", 2, true, 0, "" },
};

#define BYTES_LEAST 50
#define BYTES_MORE 340 /* at most so many above the least, short ones more often */

static uint64_t mixed(uint64_t x) /* splitmix64's output function */
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

void babble_init(struct babble *b, uint64_t seed)
{
	b->state = mixed(seed + 1);
}

uint64_t babble_random(struct babble *b)
{
	b->state += 0x9e3779b97f4a7c15u;
	return mixed(b->state);
}

static unsigned below(struct babble *b, unsigned n)
{
	return (unsigned)((babble_random(b) >> 32) * n >> 32);
}

static double unit(struct babble *b)
{
	return (double)(babble_random(b) >> 11) * 0x1p-53;
}

/* One of the space-separated pieces. */
static struct str pick(struct babble *b, const char *list)
{
	unsigned n = 1;
	struct str rest = str_c(list), one;

	for (const char *p = list; *p; p++)
		n += *p == ' ';
	for (unsigned i = below(b, n) + 1; i > 0; i--)
		(void)str_split(&rest, ' ', &one);
	return one;
}

static unsigned syllables(const struct language *l, unsigned rank)
{
	unsigned n = rank < 60 ? 1 : rank < 2000 ? 2 : rank < 9000 ? 3 : 4;

	return l->spaceless && n > 1 ? n - 1 : n;
}

/* The word of a rank is always the same: it is drawn by a generator of its own. */
static void add_word(const struct language *l, unsigned rank, struct strbuf *out)
{
	struct babble b;

	babble_init(&b, (uint64_t)(l - languages) << 32 | rank);
	if (below(&b, 100) < l->han) {
		for (unsigned n = rank < 40 ? 1 : 2 + (rank > 9000); n > 0; n--)
			(void)strbuf_add_utf8(out, 0x4e00 + (uint32_t)(pow(3000, unit(&b)) * 6.9));
		return;
	}
	for (unsigned n = syllables(l, rank), i = 0; i < n; i++) {
		if (i == 0 || below(&b, 8) > 0)
			(void)strbuf_add(out, pick(&b, l->starts));
		(void)strbuf_add(out, pick(&b, l->vowels));
		if (below(&b, 3) == 0)
			(void)strbuf_add(out, pick(&b, l->ends));
	}
}

/* Zipf's law with exponent 1: the logarithm of the rank is evenly spread. */
static unsigned zipf(struct babble *b)
{
	return (unsigned)pow(BABBLE_RANKS, unit(b)) - 1;
}

static const struct language *some_language(struct babble *b)
{
	unsigned at = below(b, 100), i = 0;

	for (; at >= languages[i].share; i++)
		at -= languages[i].share;
	return &languages[i];
}

static void capital(struct strbuf *out, size_t at, bool whole)
{
	for (size_t i = at; i < out->len && (whole || i == at); i++)
		if (char_is_alpha(out->p[i]))
			out->p[i] = (char)(out->p[i] & ~0x20);
}

static void add_link(struct babble *b, struct strbuf *out)
{
	(void)strbuf_adds(out, " https://");
	add_word(&languages[0], below(b, 3000), out);
	(void)strbuf_addf(out, ".com/%llx", (unsigned long long)(babble_random(b) & 0xffffffffff));
}

/* One word as posts have them: some capitalised, numbers among them, names that no list holds. */
static void add_token(struct babble *b, const struct language *l, bool first, struct strbuf *out)
{
	unsigned kind = below(b, 100);
	size_t at;

	if (l->particles[0] && kind < 8)
		(void)strbuf_add(out, pick(b, l->particles));
	at = out->len;
	if (kind >= 97)
		(void)strbuf_addf(out, "%u", below(b, 3000));
	else if (kind >= 94)
		add_word(l, BABBLE_RANKS + below(b, 1u << 24), out);
	else
		add_word(l, zipf(b), out);
	if (first || below(b, 12) == 0)
		capital(out, at, below(b, 10) == 0);
}

static void add_gap(struct babble *b, const struct language *l, bool *sentence, struct strbuf *out)
{
	unsigned kind = below(b, 100);

	*sentence = kind < 7;
	if (l->spaceless) {
		(void)strbuf_adds(out, kind < 7 ? "。" : kind < 14 ? "、" : "");
		return;
	}
	(void)strbuf_adds(out, kind < 5 ? ". " : kind < 7 ? "! " : kind < 14 ? ", " : kind < 15 ? "-" : below(b, 200) == 0 ? " – " : " ");
}

static void add_tail(struct babble *b, const struct language *l, struct strbuf *out)
{
	static const char emoji[] = "😀 😂 🚀 🔥 🎉 👍 🙏 💡 🤖 😢";

	for (unsigned n = below(b, 5) == 0 ? 1 + below(b, 3) : 0; n > 0; n--) {
		(void)strbuf_adds(out, " #");
		add_word(l, zipf(b), out);
	}
	if (below(b, 8) == 0) {
		(void)strbuf_addc(out, ' ');
		(void)strbuf_add(out, pick(b, emoji));
	}
	if (below(b, 7) == 0)
		add_link(b, out);
}

void babble_post(struct babble *b, struct strbuf *out)
{
	const struct language *l = some_language(b);
	double u = unit(b);
	size_t from = out->len, want = from + BYTES_LEAST + (size_t)(BYTES_MORE * u * u);
	bool sentence = true;

	if (below(b, 7) == 0) {
		(void)strbuf_addc(out, '@');
		add_word(&languages[0], below(b, BABBLE_RANKS), out);
		(void)strbuf_addc(out, ' ');
	}
	while (out->len < want) {
		add_token(b, l, sentence, out);
		add_gap(b, l, &sentence, out);
	}
	add_tail(b, l, out);
}

void babble_word(struct babble *b, unsigned least, struct strbuf *out)
{
	const struct language *l = some_language(b);

	add_word(l, least + below(b, BABBLE_RANKS - least), out);
}

void babble_phrase(struct babble *b, unsigned n, struct strbuf *out)
{
	const struct language *l = some_language(b);

	for (unsigned i = 0; i < n; i++) {
		if (i > 0 && !l->spaceless)
			(void)strbuf_addc(out, ' ');
		add_word(l, zipf(b), out);
	}
}
