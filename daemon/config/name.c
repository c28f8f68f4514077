/* SPDX-License-Identifier: ISC */
/* Names of sources, channels and watches: what is one, and how to make one from a title. */
#include "config/config.h"

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

void config_name_make(struct strbuf *out, struct str title)
{
	AUTO(strbuf) struct strbuf name = STRBUF_INIT(4 * CONFIG_NAME_MAX);
	bool gap = false;
	size_t points = 0;
	for (size_t pos = 0; pos < title.len && points < CONFIG_NAME_MAX - 1;) {
		uint32_t c = text_next(title, &pos);
		if (!is_name_point(c) || c == '-') {
			gap = points > 0;
			continue;
		}
		if (gap)
			strbuf_addc(&name, '-');
		points += gap ? 2 : 1;
		gap = false;
		strbuf_add_utf8(&name, c < 0x80 ? (uint32_t)(unsigned char)char_lower((char)c) : c);
	}
	strbuf_add(out, name.len > 0 ? strbuf_str(&name) : STR("source"));
}
