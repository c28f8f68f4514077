/* SPDX-License-Identifier: ISC */
/* Where publishers put the feed of a page that does not say where it is. */
#include "source/source.h"

#include "base/url.h"

/* What blog engines and generators of sites make without being told, the commonest first. */
static const char *const places[] = { "feed", "rss.xml", "feed.xml", "atom.xml", "index.xml", "rss", "feed.json" };
#define PLACES (int)(sizeof places / sizeof places[0])

bool source_usual_place(struct str page, int n, struct strbuf *ret)
{
	AUTO(strbuf) struct strbuf beside = STRBUF_INIT(URL_MAX), place = STRBUF_INIT(64);
	strbuf_reset(ret);
	if (n < 0 || n >= 2 * PLACES)
		return false;
	if (!url_resolve(&beside, page, str_c(places[n % PLACES])))
		return false;
	strbuf_addf(&place, "/%s", places[n % PLACES]);
	if (!url_resolve(ret, page, strbuf_str(&place)))
		return false;
	if (n >= PLACES) /* the page lies at the top: these were the first ones */
		return !str_eq(strbuf_str(ret), strbuf_str(&beside));
	strbuf_reset(ret);
	return strbuf_add(ret, strbuf_str(&beside));
}
