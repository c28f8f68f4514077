/* SPDX-License-Identifier: ISC */
/* URLs: taken apart by libcurl, resolved by RFC 3986, redacted for logs, made comparable. */
#include "base/url.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/text.h"

/* Where the pieces of a URI reference lie (RFC 3986, appendix B); absent ones are STR_NULL. */
struct pieces {
	struct str scheme, authority, path, query, fragment;
};

void url_parts_release(struct url_parts *u)
{
	char **const all[] = { &u->scheme, &u->user,  &u->password, &u->host,
			       &u->path,   &u->query, &u->fragment };
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		mem_free(*all[i]);
		*all[i] = NULL;
	}
	u->port = 0;
}

static void handle_freep(CURLU **u)
{
	curl_url_cleanup(*u);
}
#define OWNED_CURLU __attribute__((cleanup(handle_freep)))

static void curl_textp(char **text)
{
	curl_free(*text);
}

/* Copies one part into mem_ memory; "" if absent. */
static CURLUcode copy_part(CURLU *u, CURLUPart part, unsigned flags, char **ret_text)
{
	__attribute__((cleanup(curl_textp))) char *text = NULL;
	CURLUcode r = curl_url_get(u, part, &text, flags);
	*ret_text = mem_strdup(r == CURLUE_OK && text ? text : "");
	return r == CURLUE_URLDECODE ? r : CURLUE_OK; /* the others mean "absent" */
}

/* libcurl's view of `url`, or what is wrong with it. */
static CURLUcode set_url(CURLU *u, struct str url)
{
	if (url.len == 0 || url.len > URL_MAX || memchr(url.p, '\0', url.len))
		return CURLUE_MALFORMED_INPUT;
	char text[URL_MAX + 1];
	memcpy(text, url.p, url.len);
	text[url.len] = '\0';
	return curl_url_set(u, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE);
}

int url_split(struct str url, struct url_parts *ret_parts, struct err *e)
{
	if (str_find(url, STR("://")) == STR_NPOS)
		return err_set(e, ERR_INPUT, "no absolute URL: \"://\" is missing");
	OWNED_CURLU CURLU *u = curl_url();
	if (url.len > URL_MAX)
		return err_set(e, ERR_INPUT, "URL longer than %d bytes", URL_MAX);
	CURLUcode r = set_url(u, url);
	struct url_parts parts = { 0 };
	char *port = NULL;
	if (r == CURLUE_OK) {
		copy_part(u, CURLUPART_SCHEME, 0, &parts.scheme);
		copy_part(u, CURLUPART_HOST, 0, &parts.host);
		copy_part(u, CURLUPART_PATH, 0, &parts.path);
		copy_part(u, CURLUPART_QUERY, 0, &parts.query);
		copy_part(u, CURLUPART_FRAGMENT, 0, &parts.fragment);
		copy_part(u, CURLUPART_PORT, 0, &port);
		r = copy_part(u, CURLUPART_USER, CURLU_URLDECODE, &parts.user);
		CURLUcode second =
			copy_part(u, CURLUPART_PASSWORD, CURLU_URLDECODE, &parts.password);
		r = r == CURLUE_OK ? second : r;
	}
	uint64_t n = 0;
	if (port && num_u64(str_c(port), &n))
		parts.port = (int)n; /* libcurl has checked 0..65535 */
	mem_free(port);
	if (r == CURLUE_OK) {
		*ret_parts = parts;
		return 0;
	}
	url_parts_release(&parts);
	return err_set(e, ERR_INPUT, "no valid URL: %s", curl_url_strerror(r));
}

/* --- references --- */

static size_t find_any(struct str s, size_t from, struct str set)
{
	for (; from < s.len; from++)
		for (size_t i = 0; i < set.len; i++)
			if (s.p[from] == set.p[i])
				return from;
	return from;
}

static bool is_scheme(struct str s)
{
	if (s.len == 0 || !char_is_alpha(s.p[0]))
		return false;
	for (size_t i = 1; i < s.len; i++)
		if (!char_is_alnum(s.p[i]) && s.p[i] != '+' && s.p[i] != '-' && s.p[i] != '.')
			return false;
	return true;
}

static struct pieces cut_pieces(struct str s)
{
	struct pieces p = { 0 };
	size_t i = str_chr(s, '#');
	if (i != STR_NPOS) {
		p.fragment = str_from(s, i + 1);
		s = str_slice(s, 0, i);
	}
	i = str_chr(s, '?');
	if (i != STR_NPOS) {
		p.query = str_from(s, i + 1);
		s = str_slice(s, 0, i);
	}
	i = find_any(s, 0, STR(":/"));
	if (i < s.len && s.p[i] == ':' && is_scheme(str_slice(s, 0, i))) {
		p.scheme = str_slice(s, 0, i);
		s = str_from(s, i + 1);
	}
	if (str_starts(s, STR("//"))) {
		i = find_any(s, 2, STR("/"));
		p.authority = str_slice(s, 2, i);
		s = str_from(s, i);
	}
	p.path = s;
	return p;
}

/* RFC 3986, 5.2.4; `out` holds no path before `from`. */
static void add_without_dots(struct strbuf *out, struct str path)
{
	size_t from = out->len;
	while (path.len > 0) {
		size_t end = find_any(path, path.p[0] == '/', STR("/"));
		struct str segment = str_slice(path, 0, end);
		struct str name = path.p[0] == '/' ? str_from(segment, 1) : segment;
		bool up = str_eq(name, STR("..")), here = str_eq(name, STR("."));
		path = str_from(path, end);
		if (up) {
			size_t cut = str_rchr(str_from(strbuf_str(out), from), '/');
			strbuf_truncate(out, cut == STR_NPOS ? from : from + cut);
		}
		if (!up && !here)
			strbuf_add(out, segment);
		else if (path.len == 0)
			strbuf_addc(out, '/');
	}
}

/* What goes between base and ref (RFC 3986, 5.2.3). */
static void add_merged(struct strbuf *out, const struct pieces *base, struct str ref)
{
	AUTO(strbuf) struct strbuf merged = STRBUF_INIT(2 * URL_MAX + 1);
	size_t slash = str_rchr(base->path, '/');
	if (slash != STR_NPOS)
		strbuf_add(&merged, str_slice(base->path, 0, slash + 1));
	else if (str_present(base->authority))
		strbuf_addc(&merged, '/');
	strbuf_add(&merged, ref);
	add_without_dots(out, strbuf_str(&merged));
}

static void add_after(struct strbuf *out, const char *sign, struct str piece)
{
	if (!str_present(piece))
		return;
	strbuf_adds(out, sign);
	strbuf_add(out, piece);
}

/* RFC 3986, 5.2.2 and 5.3, for a ref without a scheme. */
static void add_resolved(struct strbuf *out, const struct pieces *base, const struct pieces *ref)
{
	bool own_host = str_present(ref->authority), own_path = ref->path.len > 0;
	strbuf_add(out, base->scheme);
	strbuf_addc(out, ':');
	add_after(out, "//", own_host ? ref->authority : base->authority);
	if (own_host || str_starts(ref->path, STR("/")))
		add_without_dots(out, ref->path);
	else if (own_path)
		add_merged(out, base, ref->path);
	else
		strbuf_add(out, base->path);
	bool own_query = own_host || own_path || str_present(ref->query);
	add_after(out, "?", own_query ? ref->query : base->query);
	add_after(out, "#", ref->fragment);
}

/* As browsers do: outer white space and inner line breaks go, blanks are encoded. */
static void add_tidy(struct strbuf *out, struct str s)
{
	s = str_trim(s);
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		if (c == ' ')
			strbuf_adds(out, "%20");
		else if (c != '\t' && c != '\n' && c != '\r')
			strbuf_addc(out, c);
	}
}

static bool is_sound(struct str url)
{
	for (size_t i = 0; i < url.len; i++)
		if ((unsigned char)url.p[i] <= ' ' || url.p[i] == 0x7f)
			return false;
	struct pieces p = cut_pieces(url);
	if (!str_present(p.authority))
		return str_present(p.scheme) && p.path.len > 0;
	OWNED_CURLU CURLU *u = curl_url();
	return set_url(u, url) == CURLUE_OK;
}

bool url_resolve(struct strbuf *out, struct str base, struct str ref)
{
	AUTO(strbuf)
	struct strbuf tidy_ref = STRBUF_INIT(URL_MAX), tidy_base = STRBUF_INIT(URL_MAX);
	AUTO(strbuf) struct strbuf url = STRBUF_INIT(URL_MAX);
	add_tidy(&tidy_ref, ref);
	add_tidy(&tidy_base, base);
	struct pieces r = cut_pieces(strbuf_str(&tidy_ref)), b = cut_pieces(strbuf_str(&tidy_base));
	if (str_present(r.scheme))
		strbuf_add(&url, strbuf_str(&tidy_ref));
	else if (str_present(b.scheme) &&
		 (str_present(b.authority) || str_starts(b.path, STR("/"))))
		add_resolved(&url, &b, &r);
	if (url.len == 0 || url.toobig || tidy_ref.toobig || tidy_base.toobig ||
	    !is_sound(strbuf_str(&url)))
		return false;
	return strbuf_add(out, strbuf_str(&url));
}

/* --- looking --- */

/* The authority without user info: host and port; empty if none. */
static struct str host_and_port(struct str authority)
{
	size_t at = str_rchr(authority, '@');
	return at == STR_NPOS ? authority : str_from(authority, at + 1);
}

static struct str host_of(struct str authority)
{
	struct str h = host_and_port(authority);
	size_t end = str_starts(h, STR("[")) ? str_chr(h, ']') : str_chr(h, ':');
	if (end == STR_NPOS)
		return h;
	return str_slice(h, 0, h.p[end] == ']' ? end + 1 : end);
}

struct str url_host(struct str url)
{
	struct pieces p = cut_pieces(url);
	return str_present(p.scheme) ? host_of(p.authority) : STR_NULL;
}

bool url_is_http(struct str url)
{
	size_t from = str_starts_nocase(url, STR("http://"))    ? 7
		      : str_starts_nocase(url, STR("https://")) ? 8
							        : 0;
	return from > 0 && host_of(str_slice(url, from, find_any(url, from, STR("/?#")))).len > 0;
}

/* How the names of parameters end whose values open doors. */
static const char *const secret_endings[] = { "token", "key", "secret", "auth", "sig", "signature", "password",
					      "passwd", "pass", "pwd", "session", "sid", "code" };

static bool is_secret_name(struct str name)
{
	for (size_t i = 0; i < sizeof(secret_endings) / sizeof(secret_endings[0]); i++) {
		struct str ending = str_c(secret_endings[i]);
		if (name.len >= ending.len && str_eq_nocase(str_from(name, name.len - ending.len), ending))
			return true;
	}
	return false;
}

#define NAMELESS_SHOWN_MAX 16 /* "?feed" tells what was asked; what is longer may be a secret */

static void add_redacted_query(struct strbuf *out, struct str query)
{
	struct str piece;
	char sign = '?';
	while (str_split(&query, '&', &piece)) {
		size_t eq = str_chr(piece, '=');
		struct str name = str_slice(piece, 0, eq == STR_NPOS ? 0 : eq + 1);
		bool hide = eq == STR_NPOS ? piece.len > NAMELESS_SHOWN_MAX : is_secret_name(str_slice(piece, 0, eq));
		strbuf_addc(out, sign);
		strbuf_add(out, hide ? name : piece);
		if (hide)
			strbuf_adds(out, "***");
		sign = '&';
	}
}

void url_redact(struct strbuf *out, struct str url, bool hide_path)
{
	struct pieces p = cut_pieces(url);
	bool file = str_starts_nocase(url, STR("file:"));
	if (file || !str_present(p.scheme) || !str_present(p.authority)) {
		strbuf_add(out, file ? url : STR("***"));
		return;
	}
	strbuf_add(out, p.scheme);
	strbuf_adds(out, "://");
	strbuf_add(out, host_and_port(p.authority));
	if (hide_path) {
		strbuf_adds(out, "/***");
		return;
	}
	strbuf_add(out, p.path);
	if (p.query.len > 0)
		add_redacted_query(out, p.query);
}

/* --- comparing --- */

/* Names that advertisers, mailers and networks append to follow a reader, as of 2026. */
static const char *const tracking_names[] = {
	"_hsenc",        "_hsmi",      "_openstat",     "cmpid",      "dclid",   "epik",
	"fb_action_ids", "fb_source",  "fbclid",        "gad_source", "gbraid",  "gclid",
	"gclsrc",        "guccounter", "hsctatracking", "igsh",       "igshid",  "li_fat_id",
	"mc_cid",        "mc_eid",     "mkt_tok",       "msclkid",    "ncid",    "oly_anon_id",
	"oly_enc_id",    "rb_clickid", "ref_src",       "ref_url",    "s_cid",   "sc_cid",
	"srsltid",       "ttclid",     "twclid",        "vero_conv",  "vero_id", "wbraid",
	"wickedid",      "xtor",       "yclid",         "ysclid",
};
static const char *const tracking_prefixes[] = { "utm_", "mtm_", "pk_", "at_campaign",
						 "at_medium" };

static bool is_tracking(struct str parameter)
{
	size_t eq = str_chr(parameter, '=');
	struct str name = str_slice(parameter, 0, eq == STR_NPOS ? parameter.len : eq);
	for (size_t i = 0; i < sizeof(tracking_names) / sizeof(tracking_names[0]); i++)
		if (str_eq_nocase(name, str_c(tracking_names[i])))
			return true;
	for (size_t i = 0; i < sizeof(tracking_prefixes) / sizeof(tracking_prefixes[0]); i++)
		if (str_starts_nocase(name, str_c(tracking_prefixes[i])))
			return true;
	return false;
}

static void add_lower(struct strbuf *out, struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		strbuf_addc(out, char_lower(s.p[i]));
}

/* ":port" unless it is the scheme's own or empty. */
static void add_port(struct strbuf *out, struct str scheme, struct str port)
{
	bool usual = (str_eq_nocase(scheme, STR("http")) && str_eq(port, STR(":80"))) ||
		     (str_eq_nocase(scheme, STR("https")) && str_eq(port, STR(":443")));
	if (!usual && port.len > 1)
		strbuf_add(out, port);
}

void url_canonical(struct strbuf *out, struct str url)
{
	struct pieces p = cut_pieces(url);
	if (!str_present(p.scheme) || !str_present(p.authority)) {
		strbuf_add(out, url);
		return;
	}
	struct str host = host_of(p.authority), with_port = host_and_port(p.authority);
	add_lower(out, p.scheme);
	strbuf_adds(out, "://");
	strbuf_add(out, str_slice(p.authority, 0, p.authority.len - with_port.len));
	add_lower(out, host);
	add_port(out, p.scheme, str_from(with_port, host.len));
	strbuf_add(out, p.path.len ? p.path : STR("/"));
	struct str piece;
	char sign = '?';
	while (p.query.len > 0 && str_split(&p.query, '&', &piece)) {
		if (piece.len == 0 || is_tracking(piece))
			continue;
		strbuf_addc(out, sign);
		strbuf_add(out, piece);
		sign = '&';
	}
}

static int hex_value(char c)
{
	if (char_is_digit(c))
		return c - '0';
	c = char_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int url_decode(struct str s, bool plus, struct arena *arena, struct str *ret, struct err *e)
{
	char *out = arena_alloc(arena, s.len + 1);
	if (out == NULL)
		return err_set(e, ERR_LIMIT, "the address is too long");
	size_t n = 0;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];
		if (c == '%') {
			int high = i + 2 < s.len ? hex_value(s.p[i + 1]) : -1;
			int low = high >= 0 ? hex_value(s.p[i + 2]) : -1;
			if (low < 0)
				return err_set(e, ERR_INPUT, "'%%' in the address is not followed by two hex digits");
			c = (char)(high * 16 + low);
			i += 2;
		} else if (plus && c == '+') {
			c = ' ';
		}
		out[n++] = c;
	}
	if (!text_is_utf8(str_n(out, n)))
		return err_set(e, ERR_INPUT, "the address is not UTF-8 once its escapes are decoded");
	*ret = str_n(out, n);
	return 0;
}

void url_encode(struct strbuf *out, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char ch = s.p[i];

		if (char_is_alnum(ch) || ch == '-' || ch == '_' || ch == '.' || ch == '~')
			strbuf_addc(out, ch);
		else
			strbuf_addf(out, "%%%02X", (unsigned int)(unsigned char)ch);
	}
}

void url_param(struct strbuf *path, const char *name, struct str value)
{
	if (!str_present(value))
		return;
	strbuf_addf(path, "%c%s=", str_chr(strbuf_str(path), '?') == STR_NPOS ? '?' : '&', name);
	url_encode(path, value);
}

/* --- links in headers --- */

static void skip_blanks(struct str *rest)
{
	while (!str_empty(*rest) && (rest->p[0] == ' ' || rest->p[0] == '\t'))
		*rest = str_from(*rest, 1);
}

/* A token, or what is between quotes: none of those that matter here needs a backslash. */
static struct str link_value(struct str *rest)
{
	size_t n = 0;
	bool quoted = !str_empty(*rest) && rest->p[0] == '"';
	if (quoted)
		*rest = str_from(*rest, 1);
	while (n < rest->len && (quoted ? rest->p[n] != '"' : rest->p[n] != ';' && rest->p[n] != ','))
		n += quoted && rest->p[n] == '\\' && n + 1 < rest->len ? 2 : 1;
	struct str value = str_slice(*rest, 0, n);
	*rest = str_from(*rest, quoted ? n + 1 : n);
	return quoted ? value : str_trim(value);
}

static bool has_word(struct str words, struct str word)
{
	struct str one;
	while (str_split(&words, ' ', &one))
		if (str_eq_nocase(one, word))
			return true;
	return false;
}

/* The parameters behind a link's target; *rest goes on to the next link. */
static bool link_is(struct str *rest, struct str rel)
{
	bool is = false, seen = false, elsewhere = false;
	for (skip_blanks(rest); !str_empty(*rest) && rest->p[0] != ','; skip_blanks(rest)) {
		size_t n = 0;
		if (rest->p[0] == ';') {
			*rest = str_from(*rest, 1);
			continue;
		}
		while (n < rest->len && rest->p[n] != '=' && rest->p[n] != ';' && rest->p[n] != ',')
			n++;
		struct str name = str_trim(str_slice(*rest, 0, n)), value = STR_NULL;
		*rest = str_from(*rest, n);
		if (!str_empty(*rest) && rest->p[0] == '=') {
			*rest = str_from(*rest, 1);
			skip_blanks(rest);
			value = link_value(rest);
		}
		if (str_eq_nocase(name, STR("rel")) && !seen) { /* only the first counts (RFC 8288, 3.3) */
			seen = true;
			is = has_word(value, rel);
		}
		elsewhere |= str_eq_nocase(name, STR("anchor"));
	}
	return is && !elsewhere;
}

struct str url_link(struct str value, struct str rel)
{
	while (!str_empty(value)) {
		size_t open = str_chr(value, '<');
		if (open == STR_NPOS)
			return STR_NULL;
		size_t len = str_chr(str_from(value, open + 1), '>');
		if (len == STR_NPOS)
			return STR_NULL;
		struct str target = str_trim(str_slice(value, open + 1, open + 1 + len));
		value = str_from(value, open + len + 2);
		if (link_is(&value, rel))
			return target;
	}
	return STR_NULL;
}
