/* SPDX-License-Identifier: ISC */
/* What people paste when they mean an account, a hashtag or a search of a network: each network knows its own. */
#include "types.h"

#include "base/json.h"
#include "base/url.h"

#define PASTED_MAX 2048

bool source_recognise(struct str text, json_t *settings, struct strbuf *said)
{
	text = str_trim(text);
	if (str_empty(text) || text.len > PASTED_MAX)
		return false;
	for (const struct source_type *const *t = source_types(); *t != NULL; t++) {
		if ((*t)->recognise == NULL || !(*t)->recognise(text, settings, said))
			continue;
		json_set_text(settings, "type", str_c((*t)->name));
		return true;
	}
	return false;
}

bool source_pasted_url(struct str text, struct arena *arena, struct pasted_url *ret)
{
	AUTO(url_parts) struct url_parts u = { .scheme = NULL };
	struct err ignored = { 0 };

	*ret = (struct pasted_url){ .n = 0 };
	if (!url_is_http(text) || url_split(text, &u, &ignored) != 0)
		return false;
	struct str host = str_c(u.host), path = str_c(u.path), query = str_c(u.query), piece, name;
	static const char *const before[] = { "www.", "mobile.", "m." };
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		if (str_starts_nocase(host, str_c(before[i]))) {
			host = str_from(host, strlen(before[i]));
			break;
		}
	ret->host = arena_str(arena, host);
	if (u.port != 0)
		ret->server = arena_fmt(arena, "%s://%s:%d", u.scheme, u.host, u.port);
	else
		ret->server = arena_fmt(arena, "%s://%s", u.scheme, u.host);
	while (ret->n < PASTED_PIECES_MAX && !str_empty(path) && str_split(&path, '/', &piece))
		if (!str_empty(piece) && url_decode(piece, false, arena, &ret->path[ret->n], &ignored) == 0)
			ret->n++;
	while (!str_empty(query) && str_split(&query, '&', &piece))
		if (str_split(&piece, '=', &name) && str_eq(name, STR("q")) &&
		    url_decode(piece, true, arena, &ret->q, &ignored) != 0)
			return false;
	return true;
}
