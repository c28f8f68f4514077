/* SPDX-License-Identifier: ISC */
/* URLs: parts, references, hosts, redaction, the same-story form. */
#include "lib/test.h"

#include "base/url.h"

TEST(parts)
{
	struct err e = { 0 };
	AUTO(url_parts) struct url_parts u = { 0 };
	CHECK_OK(url_split(STR("SMTPS://jo%40x:p%3Aw@Mail.example:465/a%20b?c=d&e#f"), &u, &e), &e);
	CHECK_STR(str_c(u.scheme), "smtps");
	CHECK_STR(str_c(u.user), "jo@x");
	CHECK_STR(str_c(u.password), "p:w");
	CHECK_STR(str_c(u.host), "Mail.example");
	CHECK_INT(u.port, 465);
	CHECK_STR(str_c(u.path), "/a%20b");
	CHECK_STR(str_c(u.query), "c=d&e");
	CHECK_STR(str_c(u.fragment), "f");
	AUTO(url_parts) struct url_parts v = { 0 };
	CHECK_OK(url_split(STR("http://[::1]"), &v, &e), &e);
	CHECK_STR(str_c(v.host), "[::1]");
	CHECK_STR(str_c(v.path), "/");
	CHECK_STR(str_c(v.user), "");
	CHECK_INT(v.port, 0);
	AUTO(url_parts) struct url_parts f = { 0 };
	CHECK_OK(url_split(STR("file:///etc/x"), &f, &e), &e);
	CHECK_STR(str_c(f.host), "");
	CHECK_STR(str_c(f.path), "/etc/x");
}

TEST(nonsense_is_refused)
{
	static const struct str bad[] = {
		{ "", 0 },
		{ "example.org", 11 },
		{ "http://", 7 },
		{ "http://a b/", 11 },
		{ "http://x:99999/", 15 },
		{ "http://x\0y/", 11 },
		{ "http://x\r\ny", 11 },
		{ "http://u%0a@x/", 14 },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct err e = { 0 };
		struct url_parts u = { 0 };
		CHECK_INT(url_split(bad[i], &u, &e), -1);
		CHECK_INT(e.kind, ERR_INPUT);
	}
	struct err e = { 0 };
	struct url_parts u = { 0 };
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(2 * URL_MAX);
	strbuf_adds(&b, "http://x/");
	while (b.len <= URL_MAX)
		strbuf_addc(&b, 'a');
	CHECK_INT(url_split(strbuf_str(&b), &u, &e), -1);
	CHECK(strstr(e.message, "8192") != NULL);
}

static void check_resolved(const char *base, const char *ref, const char *want)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(2 * URL_MAX);
	if (!url_resolve(&b, str_c(base), str_c(ref)))
		strbuf_adds(&b, "(no)");
	if (strcmp(strbuf_cstr(&b), want) != 0)
		print_error("%s against %s\n", ref, base ? base : "nothing");
	CHECK_STR(strbuf_str(&b), want);
}

/* The examples of RFC 3986, 5.4. */
TEST(references_of_the_rfc)
{
	static const char *const t[][2] = {
		{ "g:h", "g:h" },
		{ "g", "http://a/b/c/g" },
		{ "./g", "http://a/b/c/g" },
		{ "g/", "http://a/b/c/g/" },
		{ "/g", "http://a/g" },
		{ "//g", "http://g" },
		{ "?y", "http://a/b/c/d;p?y" },
		{ "g?y", "http://a/b/c/g?y" },
		{ "#s", "http://a/b/c/d;p?q#s" },
		{ "g#s", "http://a/b/c/g#s" },
		{ "g?y#s", "http://a/b/c/g?y#s" },
		{ ";x", "http://a/b/c/;x" },
		{ "", "http://a/b/c/d;p?q" },
		{ ".", "http://a/b/c/" },
		{ "./", "http://a/b/c/" },
		{ "..", "http://a/b/" },
		{ "../g", "http://a/b/g" },
		{ "../..", "http://a/" },
		{ "../../g", "http://a/g" },
		{ "../../../../g", "http://a/g" },
		{ "/../g", "http://a/g" },
		{ "g.", "http://a/b/c/g." },
		{ "..g", "http://a/b/c/..g" },
		{ "./../g", "http://a/b/g" },
		{ "g;x=1/../y", "http://a/b/c/y" },
		{ "g?y/../x", "http://a/b/c/g?y/../x" },
		{ "http:g", "http:g" },
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		check_resolved("http://a/b/c/d;p?q", t[i][0], t[i][1]);
}

TEST(references_of_the_world)
{
	check_resolved("https://x.example", "a.html", "https://x.example/a.html");
	check_resolved("https://x.example/?q", "/b", "https://x.example/b");
	check_resolved(NULL, "https://x.example/a", "https://x.example/a");
	check_resolved("", "a", "(no)");
	check_resolved("nonsense", "https://x.example/a", "https://x.example/a");
	check_resolved("mailto:a@b", "x", "(no)");
	check_resolved("https://x.example/", " \n/a b\n/c ", "https://x.example/a%20b/c");
	check_resolved("https://x.example/", "http://", "(no)");
	check_resolved("https://x.example/", "/a\x01", "(no)");
	check_resolved("https://x.example/", "\xc3\xa9t\xc3\xa9",
		       "https://x.example/\xc3\xa9t\xc3\xa9");
	check_resolved("file:///srv/feed.xml", "img.png", "file:///srv/img.png");
	check_resolved("https://x.example/", "mailto:a@b.example", "mailto:a@b.example");
}

TEST(hosts)
{
	CHECK_STR(url_host(STR("HTTP://u:p@Ex.org:8080/a@b:c")), "Ex.org");
	CHECK_STR(url_host(STR("http://[2001:db8::1]:80/")), "[2001:db8::1]");
	CHECK_STR(url_host(STR("mailto:a@b")), "");
	CHECK_STR(url_host(STR("//x/")), "");
	CHECK_STR(url_host(STR("http://a?b@c")), "a");
	CHECK(url_is_http(STR("hTTps://x")) && !url_is_http(STR("http:///x")));
	CHECK(!url_is_http(STR("ftp://x/")) && !url_is_http(STR("http://")) &&
	      !url_is_http(STR_NULL));
}

TEST(a_nul_ends_nothing)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(URL_MAX);
	struct str url = STR("https://a\0b:80/../c");
	CHECK(!url_resolve(&b, STR_NULL, url) && b.len == 0);
	CHECK_INT(url_host(url).len, 3);
	url_redact(&b, url, false);
	CHECK(str_eq(strbuf_str(&b), url));
}

static void check_redacted(const char *url, bool hide, const char *want)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(URL_MAX);
	url_redact(&b, str_c(url), hide);
	CHECK_STR(strbuf_str(&b), want);
}

TEST(redaction)
{
	check_redacted("https://u:p@h.example:8443/a/b?token=s&x#frag", false,
		       "https://h.example:8443/a/b?token=***&x");
	check_redacted("https://h/?q=Ilya+Sutskever&author=x&API_Key=s&feed_token=&sid=1&monkeys=2", false,
		       "https://h/?q=Ilya+Sutskever&author=x&API_Key=***&feed_token=***&sid=***&monkeys=2");
	check_redacted("https://h/?0123456789abcdef0", false, "https://h/?***");
	check_redacted("file:///srv/feed?key=1", false, "file:///srv/feed?key=1");
	check_redacted("file:sample.xml", false, "file:sample.xml");
	check_redacted("https://hooks.example/services/T0/B0/secret", true,
		       "https://hooks.example/***");
	check_redacted("u:p@h", false, "***");
	check_redacted("https://h.example", false, "https://h.example");
}

static void check_decoded(const char *text, bool plus, const char *want)
{
	OWNED(arena) struct arena *a = arena_new(4096);
	struct err e = { 0 };
	struct str got = STR_NULL;
	int r = url_decode(str_c(text), plus, a, &got, &e);
	if (want == NULL) {
		CHECK_INT(r, -1);
		CHECK_INT(e.kind, ERR_INPUT);
		return;
	}
	CHECK_OK(r, &e);
	CHECK_STR(got, want);
}

TEST(escapes_are_decoded)
{
	check_decoded("post%2Calert%20%C3%A9", false, "post,alert é");
	check_decoded("a+b", true, "a b");
	check_decoded("a+b", false, "a+b");
	check_decoded("", false, "");
	check_decoded("%2", false, NULL);
	check_decoded("%zz", false, NULL);
	check_decoded("%00", false, NULL);
	check_decoded("%ff", false, NULL);
}

static void check_canonical(const char *url, const char *want)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(URL_MAX);
	url_canonical(&b, str_c(url));
	CHECK_STR(strbuf_str(&b), want);
}

TEST(same_story)
{
	check_canonical("HTTPS://Example.ORG:443/Path?utm_source=a&id=7&FBCLID=x#top",
			"https://example.org/Path?id=7");
	check_canonical("http://example.org?utm_medium=rss", "http://example.org/");
	check_canonical("http://example.org:8080/", "http://example.org:8080/");
	check_canonical("http://[::1]:80/a", "http://[::1]/a");
	check_canonical("https://u@H/?a&&b=", "https://u@h/?a&b=");
	check_canonical("urn:X:1", "urn:X:1");
	/* Names that only look alike stay. */
	check_canonical("https://h/?utmost=1&clid=2", "https://h/?utmost=1&clid=2");
}

TEST(escapes_are_of_rfc_3986)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(256);

	url_encode(&b, STR("aZ09-._~ /?é"));
	CHECK_STR(strbuf_str(&b), "aZ09-._~%20%2F%3F%C3%A9");
	strbuf_reset(&b);
	strbuf_adds(&b, "/v1/x");
	url_param(&b, "a", STR("1&2"));
	url_param(&b, "none", STR_NULL);
	url_param(&b, "b", STR(""));
	CHECK_STR(strbuf_str(&b), "/v1/x?a=1%262&b=");
}

static void check_link(const char *header, const char *rel, const char *target)
{
	CHECK_STR(url_link(str_c(header), str_c(rel)), target);
}

TEST(links_of_headers)
{
	/* the form of WebSub's own example, in one line */
	const char *both = "<https://hub.example/>; rel=\"hub\", <http://a.example/feed>; rel=\"self\"";
	check_link(both, "hub", "https://hub.example/");
	check_link(both, "self", "http://a.example/feed");
	CHECK(!str_present(url_link(str_c(both), STR("next"))));
	check_link("</a,b;c>;title=\"x, <y>; rel=hub\" ; REL = Hub", "hub", "/a,b;c");
	check_link("<a>; rel=\"next self\"", "self", "a");
	check_link("<a>;rel=next;rel=self,<b>;rel=self", "self", "b"); /* only the first rel counts */
	check_link("<a>; anchor=\"#x\"; rel=hub, < b >; rel=hub", "hub", "b");
	check_link("<a>; title=\"say \\\"rel=hub\\\"\"; rel=hub", "hub", "a");
	check_link("<>; rel=self", "self", "");
	/* what is broken is no link, and no trap */
	static const char *const broken[] = { "", "hub", "<a", "<a>", "<a>; rel", "<a>; rel=", "<a>; =hub", "<a>; rel=\"hub", ";;,,=<" };
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		struct str found = url_link(str_c(broken[i]), STR("hub"));
		CHECK(!str_present(found) || i == 7); /* an unclosed quote closes at the end */
	}
}
