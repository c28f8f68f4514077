/* SPDX-License-Identifier: ISC */
#include <iconv.h>

#include "base/charset.h"
#include "base/strbuf.h"
#include "base/text.h"
#include "lib/test.h"

/* Sentences of our own, in the charsets in which each language was written. */
static const struct {
	const char *charset, *text;
} samples[] = {
	{ "shift_jis", "港の天気は晴れです。船は朝に出ました。" },
	{ "euc-jp", "港の天気は晴れです。船は朝に出ました。" },
	{ "euc-kr", "항구의 날씨는 맑고 배는 아침에 떠났습니다. 이 사람은 바다를 보고 있다." },
	{ "gb18030", "我们的船在早上来到了这个地方，他说那里的人不多。" },
	{ "big5", "我們的船在早上來到了這個地方，他說那裡的人不多。" },
	{ "koi8-r", "Корабль вышел из порта рано утром, и погода была хорошая." },
	{ "windows-1251", "Корабль вышел из порта рано утром, и погода была хорошая." },
	{ "iso-8859-5", "Корабль вышел из порта рано утром, и погода была хорошая." },
	{ "windows-1253", "Το πλοίο έφυγε από το λιμάνι νωρίς το πρωί και ο καιρός ήταν καλός." },
	{ "windows-1255", "האוניה יצאה מהנמל מוקדם בבוקר ומזג האויר היה נאה." },
	{ "windows-1256", "غادرت السفينة الميناء في الصباح الباكر وكان الجو جميلا" },
	{ "tis-620", "เรือออกจากท่าในตอนเช้าและอากาศดีมาก" },
	{ "windows-1252", "Le navire a quitté le port très tôt, à l'aube, malgré la tempête annoncée la veille." },
	{ "windows-1252", "Das Schiff verließ früh am Morgen den Hafen, das Wetter war schön für März." },
	{ "windows-1252", "nothing beyond ASCII" },
};

TEST(guess)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		char bytes[1024], *in = (char *)(uintptr_t)samples[i].text, *out = bytes;
		size_t left = strlen(in), room = sizeof(bytes);
		bool windows = str_starts(str_c(samples[i].charset), STR("windows-"));
		char name[32];

		snprintf(name, sizeof(name), "%s%s", windows ? "CP" : "", samples[i].charset + (windows ? 8 : 0));
		iconv_t cd = iconv_open(name, "UTF-8");
		CHECK(cd != (iconv_t)-1);
		CHECK_INT(iconv(cd, &in, &left, &out, &room), 0);
		iconv_close(cd);
		CHECK_STR(charset_guess(str_n(bytes, (size_t)(out - bytes))), samples[i].charset);
	}
}

TEST(surely_utf8)
{
	CHECK(charset_surely_utf8(STR("éèêëàâäô")));
	CHECK(!charset_surely_utf8(STR("éè"))); /* may be two letters of Latin-1 each */
	CHECK(!charset_surely_utf8(STR("éèêëàâäô\xff")));
	CHECK(!charset_surely_utf8(STR("ASCII")));
}
