/* SPDX-License-Identifier: ISC */
/* Names in their forms, by tables of endings.  All is written as it is folded: small letters, no marks (й is и, ё is е). */
#include "forms.h"

#include "base/text.h"

#define ALONE_MIN 4 /* letters of a name of one word that takes endings, in scripts where words are that long (ours) */
#define STEM_MIN 2  /* letters before an ending that is replaced */
#define FORM_MAX 256 /* bytes; a longer word is no name */

/* The first row whose end is the word's: these stand in its place.  "" ends every word. */
struct ending {
	const char *end, *instead;
};

/* Germanic -s; West and South Slavic cases, which also foreign names take; adjectives in -ski and -sky. */
static const struct ending latin[] = {
	{ "ki", "kiego kiemu kim kis" }, { "ky", "keho kemu kym kyho kymu kys" }, { "ny", "neho nemu nym nyho nymu nys" },
	{ "ova", "ove ovou ovej ovu ovas" }, { "ia", "ii ie io iou iu iju iji ias" }, { "ka", "ki ky ke ce ku ko kou kovi kas" },
	{ "ga", "gi gy ge dze gu go gou govi gas" }, { "a", "y i e u o ou ovi om as" }, { "e", "es" },
	{ "i", "is iego iemu im iho imu ia iowi iovi iem iom iu" }, { "o", "os ovi owi om em" }, { "u", "us" },
	{ "y", "ys yego yemu ym yho ymu yovi yom" },
	{ "ek", "eka eku ekowi ekovi ekiem ekem ekom eks ka ku kowi kovi kiem kem kom" },
	{ "ec", "eca ecu ecowi ecovi ecem ecom ecs ca cu cowi covi cem com" },
	{ "ch", "cha chu chowi chovi chem chom chs" }, { "k", "ka ku kowi kovi kiem kem kom ks" },
	{ "g", "ga gu gowi govi giem gem gom gs" }, { "r", "ra ru rowi rovi rem rom rze rs" },
	{ "t", "ta tu towi tovi tem tom cie ts" }, { "d", "da du dowi dovi dem dom dzie ds" },
	{ "s", "sa su sowi sovi sem som sie" }, { "x", "xa xu xowi xovi xem xom xie" }, { "z", "za zu zowi zovi zem zom zie" },
	{ "c", "ca cu cowi covi cem com" }, { "j", "ja ju jowi jovi jem jom js" }, { "", "a u owi ovi em om ie s" }, { NULL, NULL },
};

/* Russian, Ukrainian, Belarusian, Serbian. */
static const struct ending cyrillic[] = {
	{ "ькии", "ького ькому ьким" }, { "кии", "кого кому ким ком" }, { "ыи", "ого ому ым ом" },
	{ "ои", "ого ому ым ом оя ою оем ое" }, { "іи", "ія ію ієм ії ієві" }, { "ии", "ия ию ием ии" }, { "еи", "ея ею еем ее" },
	{ "аи", "ая аю аем ае" }, { "ья", "ьи ье ью ьеи ьею" }, { "ия", "ии ию иеи иею" }, { "ія", "ії ію ією" },
	{ "ља", "ље љи љу љом" }, { "я", "и і е ю еи ею єю" },
	{ "ца", "цы ци це цу цеи цею" }, { "ка", "ки ке ку кои кою ком" }, { "га", "ги ге гу гои гою гом" },
	{ "ха", "хи хе ху хои хою хом" }, { "а", "ы и е і у ои ою еи ею ом" },
	{ "ко", "ка ку кові ком кою" }, { "о", "" }, { "е", "" }, { "и", "" }, { "і", "" }, { "у", "" }, { "ы", "" }, { "э", "" },
	{ "ю", "" }, { "є", "" },
	{ "ь", "я ю ем е і еві" }, { "лев", "лева леву левым левом леве льва льву львом льве" },
	{ "ев", "ева еву евым евом еве еві" }, { "ов", "ова ову овым овом ове ові" }, { "ин", "ина ину иным ином ине іну" },
	{ "ец", "ца цу цем цом це еца ецу ецем ецом еце" }, { "ек", "ека еку еком еке ка ку ком ке" },
	{ "ок", "ока оку оком оке ка ку ком ке" }, { "вел", "вела велу велом веле вла влу влом вле" },
	{ "ж", "жа жу жем жом же" }, { "ч", "ча чу чем чом че" }, { "ш", "ша шу шем шом ше" }, { "щ", "ща щу щем щом ще" },
	{ "ц", "ца цу цем цом це" }, { "", "а у ом ам е ем ові еві і" }, { NULL, NULL },
};

static const struct ending greek[] = {
	{ "οσ", "ου ο ε" }, { "ησ", "η" }, { "ασ", "α" }, { "ισ", "ι" }, { "α", "ασ" }, { "η", "ησ" }, { "ω", "ωσ" },
	{ NULL, NULL },
};

static const struct ending armenian[] = { { "", "ի ին ը ից ով ում ն" }, { NULL, NULL } };
static const struct ending georgian[] = {
	{ "ი", "მა ს ის ით ად თან ისთვის" }, { "ა", "ამ ას ის ით ად" }, { "", "მ ს ის სი ით დ" }, { NULL, NULL },
};
/* Particles, which are written onto the word. */
static const struct ending korean[] = {
	{ "", "이 가 은 는 을 를 의 에 에게 와 과 도 로 으로 에서 께 께서 씨 만 까지 부터 라고 이라고 처럼 보다" }, { NULL, NULL },
};
static const struct ending none[] = { { NULL, NULL } };

static const struct script {
	uint32_t from, to;
	const struct ending *endings;
	const char *before; /* written onto the front of the word: and, in, to, from, that, the */
	bool long_words;
} scripts[] = {
	{ 'a', 0x24f, latin, "", true },
	{ 0x370, 0x3ff, greek, "", true },
	{ 0x400, 0x52f, cyrillic, "", true },
	{ 0x530, 0x58f, armenian, "", true },
	{ 0x590, 0x5ff, none, "ו ה ב ל מ ש כ של ול וב שה", false },
	{ 0x600, 0x6ff, none, "و ف ب ل ك ول وب", false },
	{ 0x10a0, 0x10ff, georgian, "", true },
	{ 0xac00, 0xd7a3, korean, "", false },
};

/* --- cases that only some languages hang on -------------------------------------------------------------------------- */

static const char *const foreign_languages[] = { "fi", "et", "hu", "lt", "lv" };

/* Lithuanian and Latvian decline names that they have given an ending of their own. */
static const struct ending baltic[] = {
	{ "as", "o ui a u e" }, { "is", "io iui i iu a im iem" }, { "us", "aus ui u umi" }, { "s", "a am u os" },
	{ "e", "es ei e eje" }, { "a", "os ai oje" }, { NULL, NULL },
};
static const char finnish_vowel[] = "n ssa sta lle lla lta na ksi";
static const char finnish_consonant[] = "in ia iin issa ista ille illa ilta ina iksi";
/* By the harmony of vowels; the doubled letter of -val and -vel is made. */
static const char hungarian_back[] = "nak ban bol rol tol hoz nal ra", hungarian_front[] = "nek ben bol rol tol hez nel re";

bool form_counts(struct str language, bool alone)
{
	struct str primary = str_slice(language, 0, str_chr(language, '-'));

	for (size_t i = 0; i < sizeof(foreign_languages) / sizeof(foreign_languages[0]); i++)
		if (str_eq_nocase(primary, str_c(foreign_languages[i])))
			return true;
	return !alone && str_empty(language);
}

/* --- making them ----------------------------------------------------------------------------------------------------- */

struct maker {
	struct words *out;
	size_t from; /* the first of this word's forms */
	uint8_t flags;
};

static void add(struct maker *m, struct str before, struct str stem, struct str behind)
{
	AUTO(strbuf) struct strbuf form = STRBUF_INIT(FORM_MAX);
	struct word nowhere = { .flags = m->flags };

	strbuf_add(&form, before);
	strbuf_add(&form, stem);
	strbuf_add(&form, behind);
	if (form.toobig)
		return;
	for (size_t i = m->from; i < m->out->n; i++)
		if (str_eq(word_text(m->out, &m->out->v[i]), strbuf_str(&form)))
			return;
	words_add_word(m->out, &nowhere, strbuf_str(&form));
}

static void add_each(struct maker *m, struct str stem, const char *endings)
{
	struct str rest = str_c(endings), one;

	while (!str_empty(rest) && str_split(&rest, ' ', &one))
		add(m, STR(""), stem, one);
}

static void add_by(struct maker *m, struct str word, const struct ending *rows)
{
	while (rows->end && !str_ends(word, str_c(rows->end)))
		rows++;
	if (rows->end == NULL)
		return;
	struct str stem = str_slice(word, 0, word.len - strlen(rows->end));
	if (text_count(stem) >= STEM_MIN)
		add_each(m, stem, rows->instead);
}

static bool is_vowel(char c)
{
	return str_chr(STR("aeiouy"), c) != STR_NPOS;
}

/* The last vowel decides: Muskot, Altmannak; Peterrel. */
static bool is_back(struct str word)
{
	for (size_t i = word.len; i > 0; i--)
		if (is_vowel(word.p[i - 1]))
			return str_chr(STR("aou"), word.p[i - 1]) != STR_NPOS;
	return true;
}

static void add_foreign(struct maker *m, struct str word)
{
	struct str last = str_from(word, word.len - 1);
	bool back = is_back(word), vowel = is_vowel(last.p[0]);

	if (!char_is_alpha(last.p[0]))
		return;
	m->flags = FORM_FOREIGN;
	add_by(m, word, baltic);
	add_each(m, word, vowel ? finnish_vowel : finnish_consonant);
	add_each(m, word, back ? hungarian_back : hungarian_front);
	add(m, STR(""), word, vowel ? STR("t") : back ? STR("ot") : STR("et"));
	if (vowel)
		add(m, STR(""), word, back ? STR("val") : STR("vel"));
	else
		add(m, word, last, back ? STR("al") : STR("el"));
	m->flags = 0;
}

void forms_add(struct words *out, struct str folded, bool alone)
{
	struct maker m = { .out = out, .from = out->n };
	size_t pos = 0;
	uint32_t first = str_empty(folded) ? 0 : text_next(folded, &pos);

	add(&m, STR(""), folded, STR(""));
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		const struct script *s = &scripts[i];
		struct str rest = str_c(s->before), one;

		if (first < s->from || first > s->to || (alone && s->long_words && text_count(folded) < ALONE_MIN))
			continue;
		add_by(&m, folded, s->endings);
		while (!str_empty(rest) && str_split(&rest, ' ', &one))
			add(&m, one, folded, STR(""));
		if (s->endings == latin)
			add_foreign(&m, folded);
	}
}
