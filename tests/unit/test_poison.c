/* SPDX-License-Identifier: ISC */
/*
 * No item hides its neighbours (RELIABILITY 0.5): each snippet that a strict parser refuses, or that means something to
 * it, stands in the middle of three items, at each place where a publisher may put it.  The other two come out whole.
 */
#include "lib/test.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/xml.h"
#include "source/source.h"

#define BODY_MAX (64u << 20)
#define CPU_MAX_US (5 * 1000 * 1000) /* for one document, under a sanitizer on a busy machine */

__attribute__((constructor)) static void setup(void)
{
	xml_setup();
	json_setup();
}

/* --- snippets ------------------------------------------------------------------------------------------------------ */

#define P(literal) { .s = { literal, sizeof(literal) - 1 } }
#define TIMES(literal, count) { .s = { literal, sizeof(literal) - 1 }, .times = (count) }

struct poison {
	struct str s;
	int times; /* repeated so often; 0 = once */
};

static const struct poison xml_poison[] = {
	/* bytes and characters */
	P("\0"), P("a\0b\0c"), P("\x01\x02\x08"), P("\x0b\x0c"), P("\x1b[31m"), P("\x7f\xc2\x85"), P("\xff\xfe"), P("\xfe\xff"),
	P("\xef\xbb\xbf"), P("\xef\xbf\xbe\xef\xbf\xbf"), P("\xed\xa0\xbd"), P("\xed\xa0\xbd\xed\xb8\x80"), P("\xc0\xaf"),
	P("\xc3"), P("\xe2\x82"), P("\xf0\x9f\x98"), P("\xf8\x88\x80\x80\x80"), P("\x80\x93\x94"), P("\xe2\x80\xa8\xe2\x80\xae"),
	/* references */
	P("&#0;"), P("&#xD83D;"), P("&#xFFFE;"), P("&#x110000;"), P("&#99999999999999999999;"), P("&#x;"), P("&nbsp;"),
	P("&unknown;"), P("&"), P("&&;&#;&x"), P("AT&T &lt &amp"), P("%pe;"), P("&lol9;"),
	/* numbers */
	P("1e999"), P("1234567890123456789012345678901234567890123456789012345678901234567890"), P("-0"), P("NaN"),
	/* tags */
	P("<"), P("< b"), P("a<b"), P("<b"), P("<b>"), P("<b><c><d>"), P("</b>"), P("<b><i></b></i>"), P("<b c=d e='f\" g>"),
	P("<a href=\"x"), P("<a href='x>y</a>"), P("<a x='1' x='2'/>"), P("<1a>"), P("<:a>"), P("<a:b:c/>"), P("<x:y>"), P("<>"),
	P("</>"), P("<x xmlns=\"urn:x\">"), P("<x xmlns:atom=\"\" xmlns:=\"x\" xmlns=\"\">"), P("<b/ >"), P("<br>"), P("<script>"),
	P("<script>if (a<b && c>d) {}</script>"), P("<style>"), P("<textarea>"), P("<title>"), P("<description>"),
	/* ends of what stands around */
	P("</title>"), P("</item>"), P("</entry>"), P("</channel>"), P("</channel></rss>"), P("</feed>"), P("</rdf:RDF>"), P("<item>"),
	P("<entry>"), P("<channel>"), P("<rss><channel><item><title>x</title></item></channel></rss>"),
	/* sections */
	P("<![CDATA["), P("<![CDATA[a"), P("]]>"), P("<![CDATA[a<![CDATA[b]]>c]]>"), P("<![CDATA[a]]"), P("<![cdata[a]]>"), P("<![IGNORE[x]]>"),
	P("<!--"), P("<!-- a"), P("-->"), P("<!-- a -- b -->"), P("<!-->"), P("<!"), P("<!b"), P("<?"), P("<?pi"), P("<?pi ?"), P("<?xml?>"),
	P("<?xml version=\"1.0\" encoding=\"utf-16\"?>"), P("<?xml version=\"9\" encoding=\"x\"?>"), P("<!DOCTYPE x>"), P("<!DOCTYPE x ["),
	P("<!DOCTYPE x [<!ENTITY a \"&#38;a;\">]>&a;"), P("<!DOCTYPE x [<!ENTITY % p SYSTEM \"file:///etc/passwd\">%p;]>"),
	P("<!DOCTYPE l [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\"><!ENTITY c \"&b;&b;\">]>&c;"), P("<!ENTITY a \"b\">"),
	/* size */
	TIMES("<d>", 100000), TIMES("<d e='f'>", 1000), TIMES("</d>", 100000), TIMES("<", 100000), TIMES("&", 100000), TIMES("<!--", 10000),
	TIMES("<![CDATA[", 10000), TIMES("]]>", 10000), TIMES("<?", 10000), TIMES("<d e=\"", 10000), TIMES("long ", 200000),
	TIMES("<br/>", 50000), TIMES("&amp;lt;", 50000), TIMES("\0", 100000), TIMES("\xff", 100000),
};

/* In a string of JSON, as an unwary template would write it. */
static const struct poison json_strings[] = {
	P("\0"), P("\x01\x1f"), P("\n"), P("\t\r\n"), P("\x7f"), P("\xff\xfe"), P("\xef\xbb\xbf"), P("\xef\xbf\xbf"), P("\xed\xa0\xbd"),
	P("\xc3"), P("\xc0\x80"), P("\xf0\x9f\x98"), P("\xe2\x80\xa8"), P("\\u0000"), P("\\ud83d"), P("\\ude00\\ud83d"), P("\\ud83d\\u0041"),
	P("\\uFFFE"), P("\\u12"), P("\\uZZZZ"), P("\\x41"), P("\\'"), P("\\"), P("\\\\\\"), P("\""), P("\"\""), P("say \"hi\" to"), P("\" \" \""),
	P("\","), P("\": "), P("\"}"), P("\"},"), P("\"]"), P("\"}]"), P("\"}]}"), P("\"}]} "), P("{"), P("}]}"), P("[[["), P("/* a */"), P("// a\n"),
	P("</script>"), P("'"), TIMES("long ", 200000), TIMES("\\u0000", 20000), TIMES("\"", 10001), TIMES("\xff", 100000), TIMES("{\"a\":", 2000),
};

/* As a value. */
static const struct poison json_values[] = {
	P("1e999"), P("-1e999"), P("1E+9999999999"), P("1234567890123456789012345678901234567890123456789012345678901234567890"),
	P("-9223372036854775809"), P("0.00000000000000000000000000000000000000000001e-999"), P("NaN"), P("-Infinity"), P("undefined"), P("01"),
	P("1."), P(".5"), P("+1"), P("0x10"), P("1_000"), P("'single'"), P("tru"), P("True"), P("None"), P(""), P(","), P(",,"), P("1 2"), P("["),
	P("{"), P("]"), P("}"), P("[1,2"), P("{\"b\":1"), P("{b: 1}"), P("{\"b\" 1}"), P("[1;2]"), P("[1,]"), P("{\"b\":1,}"), P("\"open"), P("`tick`"),
	P("/* a */ 1"), P("<b>"), P("\0"), P("\xff"), P("\"b\"\"c\""), P("new Date(0)"), P("{\"id\":\"x\"},{\"id\":\"y\"}"),
	TIMES("[", 100000), TIMES("{\"a\":", 100000), TIMES("[{\"a\":", 100000), TIMES("[]", 20000), TIMES("9", 100000), TIMES("\"a\",", 20000),
};

/* --- documents ----------------------------------------------------------------------------------------------------- */

struct format {
	const char *name, *head, *tail;
	/* an item with %1$s for its id, and the places for the poison, of which one is filled */
	const char *item;
	const char *between; /* written between the items around the poison */
};

#define PLACES 5 /* "{0}" to "{4}" in `item` */
#define BETWEEN PLACES /* instead of the item in the middle */

static const struct format rss = {
	.name = "rss",
	.head = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<rss version=\"2.0\"><channel><title>Feed</title><link>https://f.example/</link>\n",
	.item = "<item><title>Title of {id}{0}</title><guid isPermaLink=\"false\">{id}</guid><link>https://f.example/{id}</link>\n"
	        "<pubDate>Mon, 02 Nov 2026 06:00:00 GMT</pubDate><author>Ann</author>{1}<description>Text of {id}{2}</description>\n"
	        "<enclosure url=\"https://f.example/{id}.mp3{3}\" type=\"audio/mpeg\" length=\"7\"/><category><![CDATA[tag{4}]]></category></item>\n",
	.tail = "</channel></rss>\n",
};
static const struct format rdf = {
	.name = "rdf",
	.head = "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://purl.org/rss/1.0/\"\n"
	        " xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>Feed</title><link>https://f.example/</link></channel>\n",
	.item = "<item rdf:about=\"{id}{3}\"><title>Title of {id}{0}</title><link>https://f.example/{id}</link>{1}\n"
	        "<dc:date>2026-11-02T06:00:00Z</dc:date><dc:creator>Ann</dc:creator><description>Text of {id}{2}</description>\n"
	        "<dc:subject><![CDATA[tag{4}]]></dc:subject></item>\n",
	.tail = "</rdf:RDF>\n",
};
static const struct format atom = {
	.name = "atom",
	.head = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Feed</title><id>urn:f</id>\n",
	.item = "<entry><id>{id}</id><title type=\"html\">Title of {id}{0}</title><link href=\"https://f.example/{id}\"/>{1}\n"
	        "<link rel=\"enclosure\" href=\"https://f.example/{id}.mp3{3}\" type=\"audio/mpeg\"/><published>2026-11-02T06:00:00Z</published>\n"
	        "<author><name>Ann</name></author><content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\">Text of <b>{id}{2}</b></div></content>\n"
	        "<summary><![CDATA[Summary{4}]]></summary><category term=\"tag\"/></entry>\n",
	.tail = "</feed>\n",
};
static const struct format json = {
	.name = "json",
	.head = "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"Feed\",\"items\":[\n",
	.item = "{\"id\":\"{id}\",\"title\":\"Title of {id}{0}\",\"url\":\"https://f.example/{id}\",\"content_text\":\"Text of {id}{1}\",\n"
	        "\"date_published\":\"2026-11-02T06:00:00Z\",\"authors\":[{\"name\":\"Ann\"},{\"name\":\"Bea{2}\"}],\"tags\":[\"tag\"]{3}}",
	.tail = "\n]}\n",
	.between = ",\n",
};
static const struct format json_value = {
	.name = "json value",
	.head = "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"Feed\",\"items\":[\n",
	.item = "{\"id\":\"{id}\",\"title\":\"Title of {id}\",\"url\":\"https://f.example/{id}\",\"content_text\":\"Text of {id}\",\n"
	        "\"date_published\":\"2026-11-02T06:00:00Z\",\"authors\":[{\"name\":\"Ann\"}],\"_x\":{0},\"tags\":[\"tag\",{1}],\"_y\":{\"z\":{2}}}",
	.tail = "\n]}\n",
	.between = ",\n",
};

static void write_poison(struct strbuf *out, const struct poison *poison)
{
	for (int i = 0; i < (poison->times ? poison->times : 1); i++)
		strbuf_add(out, poison->s);
}

/* Writes an item; the poison goes to one place, a harmless value to the others of JSON values. */
static void write_item(struct strbuf *out, const struct format *f, const char *id, const struct poison *poison, int place)
{
	for (const char *p = f->item; *p; p++) {
		if (strncmp(p, "{id}", 4) == 0) {
			strbuf_adds(out, id);
			p += 3;
		} else if (p[0] == '{' && p[1] >= '0' && p[1] < '0' + PLACES && p[2] == '}') {
			if (poison && p[1] - '0' == place)
				write_poison(out, poison);
			else if (f == &json_value)
				strbuf_adds(out, "1");
			p += 2;
		} else {
			strbuf_addc(out, *p);
		}
	}
}

static void write_document(struct strbuf *out, const struct format *f, const struct poison *poison, int place)
{
	strbuf_adds(out, f->head);
	write_item(out, f, "first", NULL, 0);
	strbuf_adds(out, f->between ? f->between : "");
	if (place == BETWEEN)
		write_poison(out, poison);
	else
		write_item(out, f, "poisoned", poison, place);
	strbuf_adds(out, f->between ? f->between : "");
	write_item(out, f, "last", NULL, 0);
	strbuf_adds(out, f->tail);
}

/* --- what must come out -------------------------------------------------------------------------------------------- */

static const struct post *find(const struct source_document *d, const char *id)
{
	for (size_t i = 0; i < d->posts.posts.n; i++)
		if (str_eq(d->posts.posts.v[i]->id, str_c(id)))
			return d->posts.posts.v[i];
	return NULL;
}

static bool is_whole(const struct source_document *d, const char *id)
{
	const struct post *p = find(d, id);
	char title[64], text[64], url[64];

	snprintf(title, sizeof(title), "Title of %s", id);
	snprintf(text, sizeof(text), "Text of %s", id);
	snprintf(url, sizeof(url), "https://f.example/%s", id);
	return p && str_eq(p->title, str_c(title)) && str_eq(p->text, str_c(text)) && str_eq(p->url, str_c(url)) &&
	       p->published_unix_ms == INT64_C(1793599200000) && p->authors.n > 0 && str_eq(p->authors.v[0].name, STR("Ann")) &&
	       p->tags.n == 1;
}

/* True if both neighbours are whole; says what is wrong. */
static bool survives(const struct format *f, const struct poison *poison, int place)
{
	AUTO(strbuf) struct strbuf bytes = STRBUF_INIT(BODY_MAX);
	struct source_document d;
	struct err e;

	write_document(&bytes, f, poison, place);
	struct frame frame = { .bytes = strbuf_str(&bytes), .url = STR("https://f.example/feed") };
	const struct source_type *type = source_detect(&frame);
	int64_t cpu = test_cpu_us();
	if (type == NULL || type->parse(NULL, &frame, &d, &e) != 0) {
		print_error("%s place %d \"%.40s\": %s\n", f->name, place, poison->s.p, type ? e.message : "not detected");
		return false;
	}
	cpu = test_cpu_us() - cpu;
	bool first = is_whole(&d, "first"), last = is_whole(&d, "last");
	if (!first || !last)
		print_error("%s place %d \"%.40s\" x %d: lost%s%s\n", f->name, place, poison->s.p, poison->times, first ? "" : " first",
		            last ? "" : " last");
	if (cpu > CPU_MAX_US)
		print_error("%s place %d \"%.40s\" x %d: %lld ms\n", f->name, place, poison->s.p, poison->times, (long long)cpu / 1000);
	source_document_release(&d);
	return first && last && cpu <= CPU_MAX_US;
}

static void check_all(const struct format *f, const struct poison *poison, size_t n, int from, int to)
{
	int failed = 0;

	for (size_t i = 0; i < n; i++)
		for (int place = from; place <= to; place++)
			failed += !survives(f, &poison[i], place);
	CHECK_INT(failed, 0);
}

#define N(list) (sizeof(list) / sizeof((list)[0]))

TEST(rss)
{
	check_all(&rss, xml_poison, N(xml_poison), 0, BETWEEN);
}

TEST(rdf)
{
	check_all(&rdf, xml_poison, N(xml_poison), 0, BETWEEN);
}

TEST(atom)
{
	check_all(&atom, xml_poison, N(xml_poison), 0, BETWEEN);
}

TEST(json_strings)
{
	check_all(&json, json_strings, N(json_strings), 0, 2);
}

TEST(json_between_fields)
{
	check_all(&json, json_strings, N(json_strings), 3, BETWEEN);
}

TEST(json_values)
{
	check_all(&json_value, json_values, N(json_values), 0, 2);
	check_all(&json_value, json_values, N(json_values), BETWEEN, BETWEEN);
}
