/* SPDX-License-Identifier: ISC */
#include "base/xml.h"
#include "control/opml.h"
#include "lib/test.h"

/* "TITLE <URL> tag|tag" a line. */
static void check(const char *body, const char *want)
{
	AUTO(strbuf) struct strbuf in = STRBUF_INIT(65536), out = STRBUF_INIT(65536);
	AUTO(opml) struct opml o = { 0 };
	struct err e;

	strbuf_addf(&in, "<opml><body>%s</body></opml>", body);
	CHECK_OK(opml_parse(strbuf_str(&in), &o, &e), &e);
	for (size_t i = 0; i < o.feeds.n; i++) {
		const struct opml_feed *f = &o.feeds.v[i];

		strbuf_addf(&out, "%.*s <%.*s>", STR_ARG(f->title), STR_ARG(f->url));
		for (size_t k = 0; k < f->tags.n; k++)
			strbuf_addf(&out, "%c%.*s", k ? '|' : ' ', STR_ARG(f->tags.v[k]));
		strbuf_addc(&out, '\n');
	}
	CHECK_STR(strbuf_str(&out), want);
}

/* A folder is called by its text, a feed by its title; each by the other where that is missing. */
TEST(names)
{
	check("<outline text='Seen' title='not seen'><outline text='t' title='Feed' xmlUrl='http://a.example/'/></outline>"
	      "<outline title='Only title'><outline text='Only text' xmlUrl='http://b.example/'/></outline>",
	      "Feed <http://a.example/> Seen\nOnly text <http://b.example/> Only title\n");
}

TEST(old_addresses)
{
	check("<outline type='rss' text='Old' url='http://a.example/'/>"
	      "<outline type='link' text='A page' url='http://b.example/'/>"
	      "<outline type='include' text='A list' url='http://c.example/'/>"
	      "<outline type='rss' text='Both' url='http://d.example/' xmlUrl='http://e.example/'/>",
	      "Old <http://a.example/>\nBoth <http://e.example/>\n");
}
