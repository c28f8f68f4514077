/* SPDX-License-Identifier: ISC */
/* Words of dates, in tables. */
#include "base/date_words.h"

#include "base/date.h"
#include "base/text.h"

/* --- folding --- */

/* Accented letters and their bases, pairwise; only what months and weekdays need. */
static const char fold_pairs[] =
	"àaáaâaãaäaåaăaąaçcćcčcďdèeéeêeëeęeěeğgìiíiîiïiıiłlñnńnňnòoóoôoõoöoøoőořrśsšsşsșsťtţtțt"
	"ùuúuûuüuůuűuýyźzżzžzάαέεήηίιόοϊιΐιύυϋυώωςσёеіiїi";

static uint32_t fold_case(uint32_t c)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) ||
	    (c >= 0x391 && c <= 0x3ab) || (c >= 0x410 && c <= 0x42f))
		return c + 0x20;
	if (c >= 0x400 && c <= 0x40f)
		return c + 0x50;
	if (c >= 0x388 && c <= 0x38a)
		return c + 0x25;
	switch (c) {
	case 0x386:
		return 0x3ac;
	case 0x38c:
		return 0x3cc;
	case 0x38e:
		return 0x3cd;
	case 0x38f:
		return 0x3ce;
	case 0x130: /* İ */
		return 'i';
	default:
		break;
	}
	/* Latin Extended-A alternates, with two borders where the parity turns. */
	bool odd_is_upper = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);
	if (((c >= 0x100 && c <= 0x17e) || c == 0x218 || c == 0x21a) && (c & 1) == odd_is_upper)
		return c + 1;
	return c;
}

static uint32_t fold_point(uint32_t c)
{
	struct str pairs = str_n(fold_pairs, sizeof(fold_pairs) - 1);
	c = fold_case(c);
	if (c < 0x80)
		return c;
	for (size_t i = 0; i < pairs.len;) {
		uint32_t accented = text_next(pairs, &i), base = text_next(pairs, &i);
		if (c == accented)
			return base;
	}
	return c;
}

struct str date_word_fold(char buf[static DATE_WORD_MAX], struct str word)
{
	size_t len = 0;
	for (size_t i = 0; i < word.len;) {
		char utf8[4];
		uint32_t c = fold_point(text_next(word, &i));
		size_t n = text_encode(utf8, c);
		if (c >= 0x300 && c <= 0x36f)
			continue; /* a combining accent */
		if (len + n > DATE_WORD_MAX)
			return STR("");
		memcpy(buf + len, utf8, n);
		len += n;
	}
	return str_n(buf, len);
}

/* --- months --- */

/* Full names, folded; a word of three letters or more that begins one of them means it. */
static const char *const english_months[12] = {
	"january", "february", "march",     "april",   "may",      "june",
	"july",    "august",   "september", "october", "november", "december",
};
static const char *const other_months[12] = {
	"januari janvier januar janner gennaio enero janeiro gener stycznia styczen ledna leden "
	"ianuarie tammikuuta ocak ιανουαριου ιανουαριος января январь сiчня",
	"februari fevrier februar feber febbraio febrero fevereiro febrer lutego luty unora unor "
	"februarie helmikuuta subat φεβρουαριου φεβρουαριος февраля февраль лютого",
	"mars marz maerz mrz marzo marco marc marts maart mrt marca marzec brezna brezen marcius "
	"martie maaliskuuta mart μαρτιου μαρτιος μαω марта март березня",
	"avril aprile abril aprilie kwietnia kwiecien dubna duben aprilis huhtikuuta nisan "
	"απριλιου απριλιος апреля апрель квiтня",
	"mai maggio mayo maio maig maj maja mei kvetna kveten majus toukokuuta mayis μαιου μαιος "
	"мая май травня",
	"juin juni giugno junio junho juny czerwca czerwiec cervna cerven junius iunie kesakuuta "
	"haziran ιουνιου ιουνιος ιον июня июнь червня",
	"juillet juil juli luglio julio julho juliol lipca lipiec cervence cervenec julius iulie "
	"heinakuuta temmuz ιουλιου ιουλιος ιολ июля июль липня",
	"aout augusti agosto agost augustus sierpnia sierpien srpna srpen augusztus elokuuta "
	"agustos αυγουστου αυγουστος августа август серпня",
	"septembre settembre septiembre setiembre setembro setembre wrzesnia wrzesien zari "
	"szeptember septembrie syyskuuta eylul σεπτεμβριου σεπτεμβριος сентября сентябрь вересня",
	"octobre oktober ottobre octubre outubro pazdziernika pazdziernik rijna rijen octombrie "
	"lokakuuta ekim οκτωβριου οκτωβριος октября октябрь жовтня",
	"novembre noviembre novembro listopada listopad listopadu noiembrie marraskuuta kasim "
	"νοεμβριου νοεμβριος ноября ноябрь листопада",
	"decembre dezember dicembre diciembre dezembro desembre desember grudnia grudzien prosince "
	"prosinec decembrie joulukuuta aralik δεκεμβριου δεκεμβριος декабря декабрь грудня",
};

enum hit {
	HIT_NONE,
	HIT_PREFIX,
	HIT_WHOLE,
};
static const char *next_name(const char *name)
{
	const char *blank = strchr(name, ' ');
	return blank ? blank + 1 : NULL;
}

/* How `word` stands in a list of names separated by blanks. */
static enum hit find_in(const char *names, struct str word)
{
	enum hit best = HIT_NONE;
	for (const char *name = names; name != NULL && word.len; name = next_name(name)) {
		if (name[0] == word.p[0] && strncmp(name, word.p, word.len) == 0) {
			best = HIT_PREFIX;
			if (name[word.len] == ' ' || name[word.len] == '\0')
				return HIT_WHOLE;
		}
	}
	return best;
}

/*
 * What nearly all dates are written with: 1..12 for "jan" to "dec", 13 for "mon" to "sun", 0 for what must be looked for
 * in all languages.
 */
static int short_english(struct str folded)
{
	static const char shorts[] = "janfebmaraprmayjunjulaugsepoctnovdecmontuewedthufrisatsun";
	for (int i = 0; folded.len == 3 && i < 19; i++)
		if (memcmp(shorts + (ptrdiff_t)3 * i, folded.p, 3) == 0)
			return i < 12 ? i + 1 : 13;
	return 0;
}

int date_word_month(struct str folded)
{
	int begun = 0, n_begun = 0, english = short_english(folded);
	if (english)
		return english <= 12 ? english : 0;
	if (text_count(folded) < 3)
		return 0;
	for (int m = 0; m < 12; m++)
		if (find_in(english_months[m], folded))
			return m + 1;
	for (int m = 0; m < 12; m++) {
		enum hit hit = find_in(other_months[m], folded);
		if (hit == HIT_WHOLE)
			return m + 1;
		if (hit == HIT_PREFIX) {
			begun = m + 1;
			n_begun++;
		}
	}
	if (n_begun > 0)
		return n_begun == 1 ? begun : 0; /* "jui" may be two */
	english = folded.len > 4 && !date_word_is_weekday(folded) ? short_english(str_slice(folded, 0, 3)) : 0;
	return english <= 12 ? english : 0; /* "Febuary" */
}

/* --- the rest --- */

static const char weekdays[] =
	"monday tuesday wednesday thursday friday saturday sunday "
	"montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag "
	"lundi mardi mercredi jeudi vendredi samedi dimanche "
	"lunes martes miercoles jueves viernes sabado domingo "
	"lunedi martedi mercoledi giovedi venerdi sabato domenica "
	"segunda terca quarta quinta sexta feira dilluns dimarts dimecres dijous divendres "
	"dissabte diumenge "
	"maandag dinsdag woensdag donderdag vrijdag zaterdag zondag "
	"mandag tirsdag onsdag torsdag fredag lordag sondag tisdag "
	"poniedzialek pon wtorek sroda czwartek czw piatek sobota niedziela "
	"pondeli utery streda ctvrtek patek nedele "
	"maanantai tiistai keskiviikko torstai perjantai lauantai sunnuntai "
	"hetfo kedd szerda csutortok pentek szombat vasarnap "
	"pazartesi sali carsamba persembe cuma cumartesi pazar "
	"luni marti miercuri joi vineri sambata duminica "
	"понедельник вторник среда четверг пятница суббота воскресенье пн вт ср чт пт сб вс "
	"понедiлок вiвторок четвер пятниця субота недiля нд "
	"δευτερα τριτη τεταρτη πεμπτη παρασκευη σαββατο κυριακη";

bool date_word_is_weekday(struct str folded)
{
	if (short_english(str_slice(folded, 0, 3)) > 12) /* however it goes on: "Thurs", "Wednes", "Thus" */
		return true;
	return text_count(folded) >= 2 &&
	       (find_in(weekdays, folded) || str_starts(folded, STR("星期")) ||
		str_starts(folded, STR("周")) || str_starts(folded, STR("週")) ||
		str_ends(folded, STR("曜日")) || str_ends(folded, STR("요일")));
}

bool date_word_is_filler(struct str folded)
{
	return find_in("st nd rd th er de del di of the at on um uhr le den der om kl klo a as "
			   "las "
			   "alle ore ob et i v o г года р etc",
		       folded) == HIT_WHOLE;
}

int date_word_half(struct str folded)
{
	if (folded.len < 2 || (folded.p[1] != 'm' && folded.p[1] != '.' && (unsigned char)folded.p[0] < 0x80))
		return 0; /* nearly every word */
	if (find_in("am a.m 오전 上午 午前 πμ", folded) == HIT_WHOLE)
		return 1;
	return find_in("pm p.m 오후 下午 午後 μμ", folded) == HIT_WHOLE ? 2 : 0;
}

bool date_word_zone(struct str folded, int *ret_minutes)
{
	static const struct {
		const char *name;
		int minutes;
	} zones[] = {
		{ "ut", 0 },      { "utc", 0 },    { "gmt", 0 },    { "z", 0 },
		{ "wet", 0 },     { "west", 60 },  { "bst", 60 },   { "cet", 60 },
		{ "met", 60 },    { "mez", 60 },   { "wat", 60 },   { "cest", 120 },
		{ "mest", 120 },  { "mesz", 120 }, { "eet", 120 },  { "sast", 120 },
		{ "cat", 120 },   { "eest", 180 }, { "msk", 180 },  { "мск", 180 },
		{ "eat", 180 },
		{ "trt", 180 },   { "msd", 240 },  { "gst", 240 },  { "pkt", 300 },
		{ "ist", 330 },   { "npt", 345 },  { "wib", 420 },  { "ict", 420 },
		{ "sgt", 480 },   { "hkt", 480 },  { "awst", 480 }, { "pht", 480 },
		{ "jst", 540 },   { "kst", 540 },  { "acst", 570 }, { "aest", 600 },
		{ "acdt", 630 },  { "aedt", 660 }, { "nzst", 720 }, { "nzdt", 780 },
		{ "ndt", -150 },  { "adt", -180 }, { "brt", -180 }, { "art", -180 },
		{ "nst", -210 },  { "ast", -240 }, { "edt", -240 }, { "clt", -240 },
		{ "est", -300 },  { "cdt", -300 }, { "cst", -360 }, { "mdt", -360 },
		{ "mst", -420 },  { "pdt", -420 }, { "pst", -480 }, { "akdt", -480 },
		{ "akst", -540 }, { "hst", -600 }, { "at", -240 },  { "et", -300 },
		{ "ct", -360 },   { "mt", -420 },  { "pt", -480 },
	};
	if (short_english(folded) != 0)
		return false; /* a month or a weekday, as nearly all words are */
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		if (folded.len && folded.p[0] == zones[i].name[0] && str_eq(folded, str_c(zones[i].name))) {
			*ret_minutes = zones[i].minutes;
			return true;
		}
	}
	/* Military letters: A..M without J east, N..Y west (RFC 822 had the sign wrong). */
	if (folded.len != 1 || folded.p[0] < 'a' || folded.p[0] > 'y' || folded.p[0] == 'j')
		return false;
	int n = folded.p[0] - 'a' + 1;
	*ret_minutes = 60 * (n > 13 ? 13 - n : n > 9 ? n - 1 : n);
	return true;
}

/* --- zones named after a city --- */

enum summer {
	NO_SUMMER,
	SUMMER_EU, /* last Sunday of March to last Sunday of October, at 01:00 UTC */
	SUMMER_US, /* second Sunday of March to first Sunday of November, at 02:00 local time */
};
/* Those that feeds have been seen with; reading the system's files would be no work for a codec. */
static const struct {
	const char *names;
	int minutes;
	enum summer summer;
} cities[] = {
	{ "Europe/London Europe/Dublin Europe/Lisbon", 0, SUMMER_EU },
	{ "Europe/Berlin Europe/Paris Europe/Brussels Europe/Amsterdam Europe/Madrid Europe/Rome "
	  "Europe/Vienna Europe/Zurich Europe/Stockholm Europe/Oslo Europe/Copenhagen "
	  "Europe/Prague Europe/Warsaw Europe/Budapest Europe/Belgrade Europe/Luxembourg",
	  60, SUMMER_EU },
	{ "Europe/Athens Europe/Helsinki Europe/Bucharest Europe/Sofia Europe/Kiev Europe/Kyiv "
	  "Europe/Riga Europe/Vilnius Europe/Tallinn",
	  120, SUMMER_EU },
	{ "America/New_York America/Toronto America/Detroit US/Eastern", -300, SUMMER_US },
	{ "America/Chicago America/Winnipeg US/Central", -360, SUMMER_US },
	{ "America/Denver America/Edmonton US/Mountain", -420, SUMMER_US },
	{ "America/Los_Angeles America/Vancouver US/Pacific", -480, SUMMER_US },
	{ "America/Phoenix", -420, NO_SUMMER },
	{ "America/Sao_Paulo America/Argentina/Buenos_Aires", -180, NO_SUMMER },
	{ "Europe/Moscow Europe/Istanbul Asia/Riyadh", 180, NO_SUMMER },
	{ "Asia/Dubai", 240, NO_SUMMER },
	{ "Asia/Kolkata Asia/Calcutta", 330, NO_SUMMER },
	{ "Asia/Jakarta Asia/Bangkok Asia/Ho_Chi_Minh Asia/Saigon", 420, NO_SUMMER },
	{ "Asia/Shanghai Asia/Hong_Kong Asia/Singapore Asia/Taipei Asia/Manila Australia/Perth",
	  480, NO_SUMMER },
	{ "Asia/Tokyo Asia/Seoul", 540, NO_SUMMER },
	{ "Australia/Brisbane", 600, NO_SUMMER },
};

/* Days since 1970 of the n-th Sunday of a month; 0 = the last one of a month of 31 days. */
static int64_t sunday(int year, int month, int n)
{
	int64_t first = date_days(year, month, n ? 1 + 7 * (n - 1) : 25);
	return first + (7 - date_parts_utc(first * 86400000).wday) % 7;
}

int date_zone_offset(struct str name, int64_t local_minutes)
{
	int year = date_parts_utc(local_minutes * 60000).year;
	for (size_t i = 0; i < sizeof(cities) / sizeof(cities[0]); i++) {
		int minutes = cities[i].minutes;
		int64_t at = local_minutes, from, to;
		if (find_in(cities[i].names, name) != HIT_WHOLE)
			continue;
		if (cities[i].summer == NO_SUMMER)
			return minutes;
		if (cities[i].summer == SUMMER_EU) {
			from = sunday(year, 3, 0) * 1440 + 60 + minutes;
			to = sunday(year, 10, 0) * 1440 + 120 + minutes;
		} else {
			from = sunday(year, 3, 2) * 1440 + 120;
			to = sunday(year, 11, 1) * 1440 + 120;
		}
		return at >= from && at < to ? minutes + 60 : minutes;
	}
	return 0;
}
