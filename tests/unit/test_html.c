/* SPDX-License-Identifier: ISC */
/* base/html: what a person would read, and what a page says of its feeds. */
#include "lib/test.h"

#include "base/html.h"
#include "base/text.h"

static void check_text(const char *html, const char *want)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(65536);

	html_to_text(&b, str_c(html), NULL, NULL);
	CHECK_STR(strbuf_str(&b), want);
}

static void check_unescape(const char *in, const char *want)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(4096);

	html_unescape(&b, str_c(in));
	CHECK_STR(strbuf_str(&b), want);
}

/* The first and the last name of each letter: the table has an index of its letters. */
TEST(every_letter_of_the_table)
{
	static const char *const names[] = {
		"a", "audio", "b", "button", "canvas", "col", "dd", "dt", "em", "embed", "fieldset", "form", "h1", "html",
		"i", "ins", "kbd", "label", "link", "main", "meta", "nav", "noscript", "object", "option", "p", "pre", "q",
		"rp", "ruby", "s", "svg", "table", "tt", "u", "ul", "var", "video", "wbr"
	};
	static const char *const none[] = { "", "zz", "gg", "xyz", "ab", "spans", "figcaptions", "blockquot", "blockquotes", "{" };
	char tag[40];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(tag, sizeof(tag), "<%s>", names[i]);
		CHECK(html_looks_like(str_c(tag)));
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		snprintf(tag, sizeof(tag), "<%s>", none[i]);
		CHECK(!html_looks_like(str_c(tag)));
	}
	CHECK(html_looks_like(STR("<FIGCAPTION>")) && html_looks_like(STR("<Textarea>")));
}

TEST(blocks_and_breaks)
{
	check_text("<p>One</p><p>Two</p>", "One\n\nTwo");
	check_text("a<br>b<br/><br />c<br><br><br>d", "a\nb\n\nc\n\nd");
	check_text("<ul><li>One</li> <li>Two</ul>after", "One\nTwo\n\nafter");
	check_text("<div>a</div><div><div>b</div></div>", "a\nb");
	check_text("<h1>T</h1>\n  text   of\n two lines ", "T\n\ntext of two lines");
	check_text("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc");
	check_text("<pre>line 1\n  line 2</pre>", "line 1\nline 2");
	check_text("wo<b>r</b>d <i> x </i> y", "word x y");
}

TEST(hidden)
{
	check_text("a<script>if (a<b) '</p>'</script>b<style>p{}</style >c<!-- no <b> -->d", "abcd");
	check_text("a<SCRIPT>never ended", "a");
	check_text("a<iframe src=x>sorry</iframe>b", "ab");
	check_text("a<video>never ended", "anever ended");
	check_text("<head><title>T</title></head><body>x</body>", "x");
	check_text("a<!-->b<!doctype x>c<?php 1 ?>d", "abcd");
	check_text("<![CDATA[twice]]>", "twice]]>");
	check_text("a<![if !IE]>b<![endif]>c", "abc");
	check_text("a<!-- never closed >b<!-- nor this", "ab");
	check_text("<!' is no markup, <!DOCTYPE that never ends", "<!' is no markup, <!DOCTYPE that never ends");
	check_text("<svg><title>A chart</title><text>of tides</text><style>x</style></svg><title>T</title>",
	           "A chartof tides");
}

TEST(not_markup)
{
	check_text("1 < 2 && 3 > 2", "1 < 2 && 3 > 2");
	check_text("a <3 b", "a <3 b");
	check_text("AT&T &unknown; &amp;lt;", "AT&T &unknown; &lt;");
	check_text("cut <a href=\"http://x/", "cut");
	check_text("cut <foo bar", "cut <foo bar");
	check_text("<a href=\"x>y\">t</a> <b title=\"never closed>u</b>", "t u");
}

TEST(images)
{
	check_text("see<img src=x alt=\"a &quot;dog&quot;\"/>here", "see a \"dog\" here");
	check_text("<img src=x alt=''>x<img src=y>", "x");
	check_text("<img alt=dog src=x>", "dog");
}

TEST(entities)
{
	check_text("l&rsquo;avenir d&#8217;Ilya&nbsp;&nbsp;S &#x4E2d;", "l\xe2\x80\x99" "avenir d\xe2\x80\x99Ilya S \xe4\xb8\xad");
	check_unescape("&amp;lt; &eacute; &eacute &copy=1 &#150; &#0; &#xd800; &#99999999; &;&#;&#x;&", "&lt; \xc3\xa9 \xc3\xa9 "
	               "&copy=1 \xe2\x80\x93 \xef\xbf\xbd \xef\xbf\xbd \xef\xbf\xbd &;&#;&#x;&");
	check_unescape("&apos;&AMP;&Zcaron;&zwnj;&AElig;", "'&\xc5\xbd\xe2\x80\x8c\xc3\x86");
}

TEST(escape)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(100);

	html_escape(&b, STR("<a & \"b\" 'c'>x"));
	CHECK_STR(strbuf_str(&b), "&lt;a &amp; &quot;b&quot; &#39;c&#39;&gt;x");
}

TEST(looks_like)
{
	CHECK(html_looks_like(STR("a <b>b</b>")));
	CHECK(html_looks_like(STR("a &eacute;")));
	CHECK(html_looks_like(STR("<!-- -->")));
	CHECK(html_looks_like(STR("x<BR/>y")));
	CHECK(!html_looks_like(STR("List<String> and a < b & c, AT&T")));
	CHECK(!html_looks_like(STR("")));
}

struct links {
	char text[512];
	size_t len;
};

static void add(struct links *l, struct str s, char end)
{
	l->len += (size_t)snprintf(l->text + l->len, sizeof(l->text) - l->len, "%.*s%c", STR_ARG(s), end);
}

static void add_link(void *ctx, struct str href)
{
	add(ctx, href, '\n');
}

static void add_feed(void *ctx, struct str href, struct str type, struct str title)
{
	add(ctx, href, ' ');
	add(ctx, type, ' ');
	add(ctx, title, '\n');
}

TEST(links)
{
	struct links l = { .len = 0 };
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(100);

	html_to_text(&b, STR("<a class=x href=\" /a?b=1&amp;c=2 \">A</a> <A HREF=/b>B</A><a name=z>C</a>"), add_link, &l);
	CHECK_STR(str_c(l.text), "/a?b=1&c=2\n/b\n");
}

TEST(find_feeds)
{
	struct links l = { .len = 0 };
	AUTO(strbuf) struct strbuf base = STRBUF_INIT(100);

	html_find_feeds(STR("<!doctype html><html><head><base href=\"https://e.example/x/\">"
	                    "<script>'<link rel=alternate type=application/rss+xml href=/no>'</script>"
	                    "<!-- <link rel=alternate type=application/rss+xml href=/no> -->"
	                    "<link rel=stylesheet href=a.css><link rel=alternate hreflang=fr href=/fr>"
	                    "<link rel=\"alternate\" type=\"application/rss+xml\" title=\"R &amp; S\" href=\"/feed?a=1&amp;b=2\">"
	                    "<LINK TYPE='application/atom+xml' REL='feed Alternate' HREF=atom.xml>"
	                    "<link rel=alternate type=application/json href=/wp-json/wp/v2/posts/1>"
	                    "<link rel=alternate type='application/feed+json' href=f.json></head>"), &base, add_feed, &l);
	CHECK_STR(str_c(l.text), "/feed?a=1&b=2 application/rss+xml R & S\natom.xml application/atom+xml \n"
	                         "f.json application/feed+json \n");
	CHECK_STR(strbuf_str(&base), "https://e.example/x/");
}

/* Markup made to be slow: each pattern repeated to 1 MiB must take time in proportion to its length. */
TEST(is_document)
{
	CHECK(html_is_document(STR(" <p class=\"x\">text</p> more")));
	CHECK(html_is_document(STR("<!-- SC_OFF --><div>x</div>")));
	CHECK(!html_is_document(STR("<p> opens a paragraph")));
	CHECK(!html_is_document(STR("<b>bold</b> is how one writes it")));
	CHECK(!html_is_document(STR("write <p>text</p>")));
	CHECK(!html_is_document(STR("<!-- how to begin a comment")));
	CHECK(!html_is_document(STR("")));
}

TEST(hostile_is_linear)
{
	static const char *const patterns[] = {
		"<a ", "<x ", "<x", "<x \"", "</x y", "<a \"", "<a '\"", "&aaa", "<!--", "<video>", "<svg><title>", "<div>",
		"<pre>", "<", "&", "</", "<script>", "<![CDATA[", "<a href=\"", "\xc2\xa0 ", "<img alt=",
		"<a =\">\" ", "<!-- >", "<!x", "<?x ", "<![x",
	};
	static char big[1 << 20];

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		AUTO(strbuf) struct strbuf b = STRBUF_INIT(4 << 20);
		struct links l = { .len = sizeof(l.text) - 1 };
		size_t len = strlen(patterns[i]), n = 0;

		for (; n + len + 2 < sizeof(big); n += len)
			memcpy(big + n, patterns[i], len);
		memcpy(big + n, "='", 2); /* and at the end a quote that nothing closes */
		n += 2;
		int64_t start = test_cpu_us();
		html_to_text(&b, str_n(big, n), NULL, NULL);
		(void)html_looks_like(str_n(big, n));
		html_find_feeds(str_n(big, n), NULL, add_feed, &l);
		CHECK(text_is_utf8(strbuf_str(&b)));
		CHECK(test_cpu_us() - start < 2000000);
	}
}
