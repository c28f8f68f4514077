/* SPDX-License-Identifier: ISC */
/* Names of sources, channels and watches: what is one, and how to make one from a title. */
#include "config/config.h"

#include "base/map.h"
#include "base/text.h"

/* Ranges beyond ASCII that hold no letters: signs, punctuation, separators, private use. */
static const struct {
	uint32_t first, last;
} no_letters[] = {
	{ 0x80, 0xa9 },        { 0xab, 0xb4 },     { 0xb6, 0xb9 },     { 0xbb, 0xbf },
	{ 0xd7, 0xd7 },        { 0xf7, 0xf7 },     { 0x2000, 0x200b }, { 0x200e, 0x206f },
	{ 0x20a0, 0x20cf },    { 0x2190, 0x2bff }, { 0x3000, 0x3004 }, { 0x3008, 0x3020 },
	{ 0xe000, 0xf8ff },    { 0xfe00, 0xfe6f }, { 0xfeff, 0xff0f }, { 0xff1a, 0xff20 },
	{ 0xff3b, 0xff40 },    { 0xff5b, 0xff65 }, { 0xffe0, 0xffff }, { 0x1f000, 0x1faff },
	{ 0xe0000, 0x10ffff },
};

static bool is_name_point(uint32_t c)
{
	if (c < 0x80)
		return char_is_alnum((char)c) || c == '-' || c == '_' || c == '.';
	for (size_t i = 0; i < sizeof(no_letters) / sizeof(*no_letters); i++)
		if (c >= no_letters[i].first && c <= no_letters[i].last)
			return false;
	return true;
}

bool config_name_ok(struct str name)
{
	if (name.len == 0 || !text_is_utf8(name) || text_count(name) > CONFIG_NAME_MAX)
		return false;
	for (size_t pos = 0; pos < name.len;)
		if (!is_name_point(text_next(name, &pos)))
			return false;
	return true;
}

/* Letters and digits with a dash for whatever stands between them. */
static void slug(struct strbuf *out, struct str title)
{
	bool gap = false;
	size_t points = 0;
	for (size_t pos = 0; pos < title.len && points < CONFIG_NAME_MADE_MAX;) {
		uint32_t c = text_next(title, &pos);
		if (!is_name_point(c) || c == '-') {
			gap = points > 0;
			continue;
		}
		points += gap ? 2 : 1;
		if (points > CONFIG_NAME_MADE_MAX)
			break;
		if (gap)
			strbuf_addc(out, '-');
		gap = false;
		strbuf_add_utf8(out, c < 0x80 ? (uint32_t)(unsigned char)char_lower((char)c) : c);
	}
	while (out->len > 1 && out->p[out->len - 1] == '.')
		strbuf_truncate(out, out->len - 1);
}

void config_name_make(struct strbuf *out, struct str title, const char *otherwise, const struct map *taken)
{
	strbuf_reset(out);
	slug(out, title);
	if (out->len == 0)
		strbuf_adds(out, otherwise);
	size_t len = out->len;
	for (int i = 2; taken != NULL && map_get(taken, strbuf_str(out)) != NULL; i++) {
		strbuf_truncate(out, len);
		strbuf_addf(out, "-%d", i);
	}
}
