/* SPDX-License-Identifier: ISC */
/* What the codecs of social networks share. */
#include "social.h"

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"

#define CURSOR_MAX 4096
#define SUMMARY_MAX 4096

struct str social_handle(struct str s)
{
	s = str_trim(s);
	return str_starts(s, STR("@")) ? str_from(s, 1) : s;
}

void social_server(struct strbuf *out, struct str address)
{
	while (str_ends(address, STR("/")))
		address.len--;
	strbuf_add(out, address);
}

void social_api(const struct account *a, const char *otherwise, struct strbuf *out)
{
	struct str api = a ? a->api : STR_NULL;

	social_server(out, str_empty(api) ? str_c(otherwise) : api);
}

json_t *social_cursor(const struct source *s)
{
	struct err ignored = { 0 };
	json_t *j = str_present(s->cursor) ? json_parse(s->cursor, &ignored) : NULL;

	if (json_is_object(j))
		return j;
	json_decref(j);
	return json_object();
}

void social_set_cursor(struct source_document *d, json_t *j)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(CURSOR_MAX);

	json_dump(&b, j, true);
	json_decref(j);
	if (!b.toobig)
		d->cursor = arena_str(d->arena, strbuf_str(&b));
}

int64_t social_time(const json_t *j, const char *key)
{
	struct str s = json_get_str(j, key);

	return str_empty(s) ? TIME_ABSENT : date_parse(s);
}

bool social_id_less(struct str a, struct str b)
{
	return a.len != b.len ? a.len < b.len : str_cmp(a, b) < 0;
}

void social_add_enclosure(struct post *p, struct str url, struct str type)
{
	struct enclosure x = { .url = arena_str(p->arena, url), .type = arena_str(p->arena, type), .length = -1 };

	if (!str_empty(url) && p->enclosures.n < SOCIAL_ENCLOSURES_MAX)
		vec_push(&p->enclosures, x);
}

void social_add_preview(struct post *p, struct str title, struct str description)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(SUMMARY_MAX);
	if (p->summary.len > SUMMARY_MAX / 2) /* nobody reads thousands of previews; each would cost a copy */
		return;
	const struct str parts[] = { p->summary, str_trim(title), str_trim(description) };

	for (size_t i = 0; i < 3; i++)
		if (!str_empty(parts[i]))
			strbuf_addf(&b, "%s%.*s", b.len ? "\n" : "", STR_ARG(text_cut(parts[i], SUMMARY_MAX / 4)));
	if (b.len > 0)
		p->summary = arena_str(p->arena, strbuf_str(&b));
}

void social_replace(struct strbuf *b, struct str what, struct str by)
{
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(b->max);
	struct str rest = strbuf_str(b);

	if (str_empty(what) || str_find(rest, what) == STR_NPOS)
		return;
	for (size_t at; (at = str_find(rest, what)) != STR_NPOS; rest = str_from(rest, at + what.len)) {
		strbuf_add(&out, str_slice(rest, 0, at));
		strbuf_add(&out, by);
	}
	strbuf_add(&out, rest);
	strbuf_reset(b);
	strbuf_add(b, strbuf_str(&out));
}
