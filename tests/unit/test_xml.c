/* SPDX-License-Identifier: ISC */
/* base/xml: events, charsets, fences and the repair of what is broken. */
#include "lib/test.h"

#include "base/text.h"
#include "base/xml.h"

/* What the handlers saw, as text: (name text)name, attributes as @name=value, namespaces left out. */
struct trace {
	struct strbuf out;
	int starts, restarts;
};

static void on_restart(void *ctx)
{
	struct trace *t = ctx;

	strbuf_reset(&t->out);
	t->starts = 0;
	t->restarts++;
}

static void on_start(void *ctx, struct str name, struct str ns, struct str prefix, const struct xml_attr *attrs, size_t n)
{
	struct trace *t = ctx;

	t->starts++;
	strbuf_addf(&t->out, "(%.*s%s%.*s", STR_ARG(prefix), prefix.len ? ":" : "", STR_ARG(name));
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&t->out, "@%.*s=%.*s", STR_ARG(attrs[i].name), STR_ARG(attrs[i].value));
	strbuf_addc(&t->out, ns.len ? '|' : ' ');
}

static void on_end(void *ctx, struct str name __attribute__((unused)))
{
	strbuf_addc(&((struct trace *)ctx)->out, ')');
}

static void on_text(void *ctx, struct str text)
{
	strbuf_add(&((struct trace *)ctx)->out, text);
}

static const struct xml_handler handler = { on_restart, on_start, on_end, on_text };

static int parse(struct trace *t, struct str bytes, const char *content_type, struct xml_result *res)
{
	struct err e;

	*t = (struct trace){ .out = STRBUF_INIT(64 << 20) };
	return xml_parse(bytes, str_c(content_type), &handler, t, res, &e);
}

static void check(const char *xml, const char *want, bool repaired)
{
	struct trace t;
	struct xml_result res;

	CHECK_INT(parse(&t, str_c(xml), NULL, &res), 0);
	CHECK_STR(strbuf_str(&t.out), want);
	CHECK_INT(res.repaired, repaired);
	CHECK(!res.recovered);
	strbuf_release(&res.encoding);
	strbuf_release(&t.out);
}

TEST(events)
{
	check("<?xml version='1.0'?><a x='1' y=\"&lt;&#65;\"><b>t&amp;<![CDATA[<c>]]></b><!-- no --><?pi?></a>",
	      "(a@x=1@y=<A (b t&<c>))", false);
	check("<p:a xmlns:p='u:p' p:x='1'><b xmlns='u:d'/></p:a>", "(p:a@x=1|(b|))", false);
	check("<p:a>undeclared</p:a>", "(p:a undeclared)", false);
}

/* Read as it stands: the repair would read it once more. */
TEST(space_before_the_declaration)
{
	static const char *const spaces[] = { "\n", "\r\n\t ", "\xef\xbb\xbf\n" };

	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
		char xml[80];
		struct trace t;
		struct xml_result res;

		snprintf(xml, sizeof(xml), "%s<?xml version='1.0'?><a><b>x</b></a>", spaces[i]);
		CHECK_INT(parse(&t, str_c(xml), NULL, &res), 0);
		CHECK_STR(strbuf_str(&t.out), "(a (b x))");
		CHECK(res.repaired && t.restarts == 1);
		strbuf_release(&res.encoding);
		strbuf_release(&t.out);
	}
	check("\n<a>x</a>", "(a x)", false);
}

TEST(junk_behind_the_root)
{
	check("<a><b>x</b></a>\n<script src='x'></script>", "(a (b x))", true);
	check("<a><b>x</b></a> and words < &", "(a (b x))", true);
	check("<a><item>x</item></a><a><item>y</item></a>", "(a (item x)(a (item y)))", true); /* a second document */
}

TEST(html_entities)
{
	check("<a t='x&eacute;y'>&nbsp;&eacute;&hellip;&euro;</a>", "(a@t=x\xc3\xa9y \xc2\xa0\xc3\xa9\xe2\x80\xa6\xe2\x82\xac)", false);
	check("<a>AT&T &foo; &bar=1</a>", "(a AT&T &foo; &bar=1)", true);
}

TEST(declared_entities)
{
	check("<!DOCTYPE a [<!ENTITY id 'tag:x&#38;y'><!ENTITY nil ''>]><a>&id;&nil;</a>",
	      "(a &id;&nil;)", true); /* no entity in an entity: and what is repaired has no declarations */
	check("<!DOCTYPE a [<!ENTITY id 'tag:x'><!ENTITY id 'late'><!ENTITY hellip 'dots'>]><a>&id;, &hellip;</a>",
	      "(a tag:x, dots)", false);
	check("<!DOCTYPE a [<!ENTITY id 'tag:x'>]><a b='&id;'>&id;</a>", "(a@b=&id; &id;)", true); /* not in attributes */
	check("<!DOCTYPE a [<!ENTITY id '<b/>'>]><a>&id;</a>", "(a &id;)", true);
}

TEST(repairs)
{
	check("<a><b>1</a>", "(a (b 1))", true);
	check("<a>1 < 2 <b,c <3></a>", "(a 1 < 2 <b,c <3>)", true);
	check("<a x=1 y = '2' x='3' z>t</a>", "(a@x=1@y=2 t)", true);
	check("<a>t]]>u</a>", "(a t]]>u)", true);
	check("<a>\x01t\x0b\xef\xbf\xbf&#0;&#1;&#xd800;</a>", "(a t\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd)", true);
	check("junk <?xml version='1.0'?><a>t</a> tail", "(a t tail)", true);
	check("<a><![CDATA[never ended</a>", "(a never ended)", true);
	check("<a><!-- never ended</a>", "(a <!-- never ended)", true);
	check("<a><b>cut", "(a (b cut))", true);
	check("<a><b href=\"cut", "(a (b@href=cut ))", true);
	check("<a></b>t</a></a><c/>", "(a t(c ))", true);
	check("<a>x<br>y<img src=z>w</a>", "(a x(br )y(img@src=z )w)", true);
	check("<a t=\"open><b/></a>", "(a@t=open (b ))", true);
}

TEST(cut_documents)
{
	static const struct {
		const char *xml;
		enum xml_end end;
	} cases[] = {
		{ "<a><b>cut", XML_CUT },       { "<a><item>1</item>", XML_CUT }, { "<a><item><b>1</b>", XML_CUT_IN_ITEM },
		{ "<a><item>1</a>", XML_WHOLE }, { "<a><b>1</A> &", XML_WHOLE },   { "&<a/>", XML_WHOLE },
		{ "<a>&amp;</a>", XML_WHOLE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct trace t;
		struct xml_result res;

		CHECK_INT(parse(&t, str_c(cases[i].xml), NULL, &res), 0);
		CHECK_INT(res.end, cases[i].end);
		strbuf_release(&res.encoding);
		strbuf_release(&t.out);
	}
}

/* Where one item is broken, the others stand. */
TEST(items_are_islands)
{
	check("<r><item><t>1</item><item><t>2</t></item></r>", "(r (item (t 1))(item (t 2)))", true);
	check("<r><item><t>1<item><t>2</t></item></r>", "(r (item (t 1))(item (t 2)))", true);
	check("<r><item><t><![CDATA[1</t></item><item><t><![CDATA[2]]>&</t></item></r>", "(r (item (t 1))(item (t 2&)))", true);
	check("<r><item><t><!-- 1</t></item><item><t><!-- -->2</t></item></r>", "(r (item (t <!-- 1))(item (t 2)))", true);
	check("<r><item></r></r><t>1</t></item><item>2</item></r>", "(r (item (t 1))(item 2))", true);
	check("<f><e:entry><x></e:entry><e:entry>2</e:entry></f>", "(f (e:entry (x ))(e:entry 2))", true);
	check("<r><!-- <item>no</item> --><item>&x;</item></r>", "(r (item &x;))", true);
}

static void check_charset(struct str bytes, const char *content_type, const char *want_encoding)
{
	struct trace t;
	struct xml_result res;

	CHECK_INT(parse(&t, bytes, content_type, &res), 0);
	CHECK_STR(strbuf_str(&t.out), "(a \xc3\xa9)");
	CHECK_STR(strbuf_str(&res.encoding), want_encoding);
	strbuf_release(&res.encoding);
	strbuf_release(&t.out);
}

TEST(charsets)
{
	check_charset(STR("<a>\xc3\xa9</a>"), NULL, "utf-8");
	check_charset(STR("<a>\xe9</a>"), NULL, "windows-1252");
	check_charset(STR("<?xml version='1.0' encoding='utf-8'?><a>\xe9</a>"), "text/xml; charset=utf-8", "windows-1252");
	check_charset(STR("<?xml version='1.0' encoding='koi8-r'?><a>\xe9</a>"), "text/xml; charset=\"ISO-8859-1\"", "ISO-8859-1");
	check_charset(STR("<?xml version='1.0' encoding='koi8-r'?><a>\xc3\xa9</a>"), "text/xml;charset=UTF-8", "utf-8");
	check_charset(STR("<?xml version='1.0' encoding=\"iso-8859-15\"?><a>\xe9</a>"), "text/xml", "iso-8859-15");
	check_charset(STR("\xef\xbb\xbf<?xml version='1.0' encoding='koi8-r'?><a>\xc3\xa9</a>"), "text/xml;charset=koi8-r", "utf-8");
	check_charset(STR("\xff\xfe<\0a\0>\0\xe9\0<\0/\0a\0>\0"), "text/xml;charset=koi8-r", "utf-16le");
	check_charset(STR("\0<\0a\0>\0\xe9\0<\0/\0a\0>"), NULL, "utf-16be");
	check_charset(STR("<?xml version='1.0' encoding='utf-16'?><a>\xc3\xa9</a>"), NULL, "utf-8");
	check_charset(STR("<?xml version='1.0' encoding='klingon'?><a>\xc3\xa9</a>"), "text/xml; charset=none", "utf-8");
}

TEST(some_bad_bytes_stay_utf8)
{
	check("<a>\xc3\xa9\xc3\xa9\xe9</a>", "(a \xc3\xa9\xc3\xa9\xef\xbf\xbd)", true);
}

TEST(nothing)
{
	struct trace t;
	struct xml_result res;

	CHECK_INT(parse(&t, STR(""), NULL, &res), -1);
	strbuf_release(&t.out);
	CHECK_INT(parse(&t, STR("no mark-up at all, 1 < 2"), NULL, &res), -1);
	strbuf_release(&t.out);
}

static const char bomb[] =
	"<!DOCTYPE a [<!ENTITY x0 \"xxxxxxxxxx\"><!ENTITY x1 \"&x0;&x0;&x0;&x0;&x0;&x0;&x0;&x0;\">"
	"<!ENTITY x2 \"&x1;&x1;&x1;&x1;&x1;&x1;&x1;&x1;\"><!ENTITY % p SYSTEM \"file:///etc/passwd\"> %p; "
	"<!ENTITY f SYSTEM \"file:///etc/passwd\">]><a b='&x2;'>&x2;&f;</a>";

TEST(entities_do_not_expand)
{
	struct trace t;
	struct xml_result res;

	CHECK_INT(parse(&t, str_c(bomb), NULL, &res), 0);
	CHECK(t.out.len < 64);
	CHECK(str_find(strbuf_str(&t.out), STR("root:")) == STR_NPOS);
	CHECK(str_find(strbuf_str(&t.out), STR("xxxxx")) == STR_NPOS);
	strbuf_release(&res.encoding);
	strbuf_release(&t.out);
}

/* One entity that is asked for again and again: the text stays short of 64 KiB. */
TEST(entities_add_up)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(1 << 20);
	struct trace t;
	struct xml_result res;

	strbuf_adds(&b, "<!DOCTYPE a [<!ENTITY x '");
	for (int i = 0; i < 200; i++)
		strbuf_addc(&b, 'x');
	strbuf_adds(&b, "'>]><a>");
	for (int i = 0; i < 100000; i++)
		strbuf_adds(&b, "&x;");
	strbuf_adds(&b, "</a>");
	CHECK_INT(parse(&t, strbuf_str(&b), NULL, &res), 0);
	CHECK(t.out.len <= 65536 + 3 * 100000 + 16);
	CHECK(res.repaired);
	strbuf_release(&res.encoding);
	strbuf_release(&t.out);
}

TEST(depth)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(8 << 20);
	struct trace t;
	struct xml_result res;

	for (int i = 0; i < 100000; i++)
		strbuf_adds(&b, "<a>");
	strbuf_adds(&b, "deep");
	CHECK_INT(parse(&t, strbuf_str(&b), NULL, &res), 0);
	CHECK_INT(t.starts, XML_DEPTH_MAX);
	CHECK(str_find(strbuf_str(&t.out), STR("deep")) != STR_NPOS);
	strbuf_release(&res.encoding);
	strbuf_release(&t.out);
}

/* Mark-up made to be slow: each pattern repeated to 1 MiB must take time in proportion to its length. */
TEST(hostile_is_linear)
{
	static const char *const patterns[] = {
		"<a ", "<a", "</a>", "<a x=\"", "<a x='>", "<!--", "<![CDATA[", "<?", "<!x", "<item>", "<item><![CDATA[</item>",
		"<item><!-- ", "<item><a><!--</item>", "&", "&#1;", "<a></b>", "<br>", "a='' ", "]]>", "\xc3\xa9", "\xff",
		"<item><![CDATA[<item>", "<x><item></x>",
	};
	static char big[1 << 20];

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct trace t;
		struct xml_result res;
		size_t len = strlen(patterns[i]), n = (size_t)snprintf(big, sizeof(big), "<r x='1' ");

		n -= i & 1 ? 1 : 0;
		big[n++] = '>';
		for (; n + len + 8 < sizeof(big); n += len)
			memcpy(big + n, patterns[i], len);
		memcpy(big + n, "]]>-->?>", 8);
		int64_t start = test_cpu_us();
		CHECK_INT(parse(&t, str_n(big, n + 8), NULL, &res), 0);
		CHECK(text_is_utf8(strbuf_str(&t.out)));
		CHECK(test_cpu_us() - start < 2000000);
		strbuf_release(&res.encoding);
		strbuf_release(&t.out);
	}
}

/* Cut at every byte and flipped at every byte: always an answer, always clean text. */
TEST(every_cut_and_flip)
{
	static const char doc[] = "<?xml version='1.0' encoding='utf-8'?><r xmlns:x='u:x'><item a='1&amp;2'><t>\xc3\xa9&eacute;"
	                          "<![CDATA[<p>\xe4\xb8\xad</p>]]></t><!-- c --><x:y/></item></r>";
	char copy[sizeof(doc)];

	for (size_t i = 0; i < 2 * (sizeof(doc) - 1); i++) {
		struct trace t;
		struct xml_result res;
		size_t at = i / 2;

		memcpy(copy, doc, sizeof(doc));
		copy[at] = (char)(copy[at] ^ (i & 1 ? 0x80 : 0x10));
		if (parse(&t, str_n(copy, sizeof(doc) - 1), NULL, &res) == 0)
			strbuf_release(&res.encoding);
		CHECK(text_is_utf8(strbuf_str(&t.out)));
		strbuf_release(&t.out);
		if (parse(&t, str_n(doc, at), NULL, &res) == 0)
			strbuf_release(&res.encoding);
		CHECK(text_is_utf8(strbuf_str(&t.out)));
		strbuf_release(&t.out);
	}
}
