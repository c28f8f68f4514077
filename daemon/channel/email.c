/* SPDX-License-Identifier: ISC */
/* email: alerts as mails of a plain and an HTML part, sent by SMTP. */
#include "channel/types.h"

#include "base/hash.h"
#include "base/html.h"
#include "base/text.h"
#include "base/url.h"
#include "channel/mime.h"

#define TITLE_POINTS 300
#define TEXT_POINTS 1500
#define SMTP_TOTAL_MS 120000 /* RFC 5321 4.5.3.2 asks for minutes after the text */
#define RECIPIENTS_MAX 100   /* RFC 5321 4.5.3.1.8 */

enum tls { TLS_STARTTLS, TLS_TLS, TLS_NONE };
struct email_settings {
	struct arena *arena;
	struct str from;
	struct texts to;
	struct str username;
	int tls;
	struct str subject_prefix;
};

static bool is_loopback(struct str host)
{
	return str_eq_nocase(host, STR("localhost")) || str_starts(host, STR("127.")) ||
	       str_eq(host, STR("::1")) || str_eq(host, STR("[::1]"));
}

static int email_check(const struct channel *c, struct err *e)
{
	const struct email_settings *s = c->settings;
	struct str address;
	if (mime_address(s->from, &address, e) != 0)
		return err_wrap(e, "from");
	if (s->to.list.n == 0 || s->to.list.n > RECIPIENTS_MAX)
		return err_set(e, ERR_CONFIG, "to: expected 1 to %d addresses", RECIPIENTS_MAX);
	for (size_t i = 0; i < s->to.list.n; i++)
		if (mime_address(s->to.list.v[i], &address, e) != 0)
			return err_wrap(e, "to");
	if (str_empty(s->username) != str_empty(c->secret))
		return err_set(e, ERR_CONFIG, "username and secret (the password) go together");
	bool smtps = str_starts_nocase(c->url, STR("smtps:"));
	if (s->tls == TLS_NONE && smtps)
		return err_set(e, ERR_CONFIG, "tls: none contradicts a URL of smtps://");
	if (s->tls == TLS_NONE && !str_empty(s->username) && !is_loopback(url_host(c->url)))
		return err_set(
			e, ERR_CONFIG,
			"tls: none would send the password in the clear, expected starttls or tls");
	return 0;
}

/* Letters, digits and dashes of a name; what is left of a name in another script is told apart by
 * its hash. */
static void add_slug(struct strbuf *out, struct str name)
{
	bool lost = name.len == 0 || name.len > 40;
	for (size_t i = 0; i < name.len && i < 40; i++) {
		bool fine =
			char_is_alnum(name.p[i]) || (name.p[i] == '-' && i > 0 && i + 1 < name.len);
		lost = lost || !fine;
		if (fine)
			strbuf_addc(out, char_lower(name.p[i]));
	}
	if (lost)
		strbuf_addf(out, "%sx%08x", out->len > 0 && out->p[out->len - 1] != '<' ? "-" : "",
			    (unsigned int)hash64(name));
}

/* The part of an id that may stand in a Message-ID. */
static void add_id(struct strbuf *out, struct str id)
{
	size_t before = out->len;
	for (size_t i = 0; i < id.len && i < 128; i++)
		if (char_is_alnum(id.p[i]) || id.p[i] == '_' || id.p[i] == '-')
			strbuf_addc(out, id.p[i]);
	if (out->len == before)
		strbuf_addf(out, "%016llx", (unsigned long long)hash64(id));
}

/* `host` is the sender's: the name space of the ids. */
static void add_headers(struct strbuf *out, const struct email_settings *s, const struct alert *a,
			const struct render *r, int64_t at_unix_ms, struct str host)
{
	char date[DATE_TEXT_MAX];
	AUTO(strbuf) struct strbuf subject = STRBUF_INIT(RENDER_LINE_MAX), slug = STRBUF_INIT(256);
	if (!str_empty(s->subject_prefix))
		strbuf_addf(&subject, "%.*s ", STR_ARG(s->subject_prefix));
	strbuf_addf(&subject, "%.*s: ", STR_ARG(text_cut_points(a->watch, 80)));
	render_clean(&subject, strbuf_str(&r->subject));
	strbuf_addf(out, "Date: %s\r\n", date_rfc5322(date, at_unix_ms));
	mime_mailboxes(out, "From", &s->from, 1);
	mime_mailboxes(out, "To", s->to.list.v, s->to.list.n);
	mime_header(out, "Subject", strbuf_str(&subject));
	strbuf_adds(out, "Message-ID: <");
	add_id(out, a->delivery_id);
	strbuf_addf(out, "@%.*s>\r\n", STR_ARG(host));
	add_slug(&slug, a->watch);
	strbuf_addf(out, "List-Id: <%.*s.monitord.%.*s>\r\n", STR_ARG(strbuf_str(&slug)),
		    STR_ARG(host));
	strbuf_adds(out, "Auto-Submitted: auto-generated\r\n"); /* RFC 3834: no vacation answers */
}

static void add_text_part(struct strbuf *out, const struct alert *a, const struct render *r)
{
	render_clean(out, strbuf_str(&r->reason));
	strbuf_adds(out, "\n\n");
	if (r->title.text.len > 0) {
		render_marked(out, &r->title, render_clean, "*", "*");
		strbuf_adds(out, "\n\n");
	}
	if (r->text.text.len > 0) {
		render_marked(out, &r->text, render_clean, "*", "*");
		strbuf_adds(out, "\n\n");
	}
	for (size_t i = 0; i < r->n_contexts; i++) {
		render_context(out, &r->contexts[i], render_clean, "*", "*");
		strbuf_adds(out, "\n\n");
	}
	render_byline(out, r, render_clean);
	strbuf_addc(out, '\n');
	if (str_present(r->url)) {
		strbuf_add(out, r->url);
		strbuf_addc(out, '\n');
	}
	if (str_empty(a->query))
		return; /* a notice: nothing was looked for */
	strbuf_adds(out, "\n-- \nwatch ");
	render_clean(out, a->watch);
	strbuf_adds(out, ": ");
	render_clean(out, text_cut_points(a->query, 500));
	strbuf_addc(out, '\n');
}

static void escape_html(struct strbuf *out, struct str s)
{
	AUTO(strbuf) struct strbuf clean = STRBUF_INIT(RENDER_BODY_MAX);
	render_clean(&clean, s);
	html_escape(out, strbuf_str(&clean));
}

static void add_html_title(struct strbuf *out, const struct render *r)
{
	strbuf_adds(out, "<h2 dir=\"auto\" style=\"font-size:1.2em;margin:.5em 0\">");
	if (str_present(r->url)) {
		strbuf_adds(out, "<a href=\"");
		html_escape(out, r->url);
		strbuf_adds(out, "\">");
	}
	if (r->title.text.len > 0)
		render_marked(out, &r->title, escape_html, "<mark>", "</mark>");
	else
		escape_html(out, strbuf_str(&r->subject));
	strbuf_adds(out, str_present(r->url) ? "</a></h2>\n" : "</h2>\n");
}

static void add_html_part(struct strbuf *out, const struct alert *a, const struct render *r)
{
	strbuf_adds(
		out,
		"<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head>\n"
		"<body style=\"font-family:sans-serif;max-width:42em\">\n<p style=\"color:#666\">");
	escape_html(out, strbuf_str(&r->reason));
	strbuf_adds(out, "</p>\n");
	add_html_title(out, r);
	if (r->text.text.len > 0) {
		strbuf_adds(out, "<blockquote dir=\"auto\" "
				 "style=\"margin:0;padding-left:1em;border-left:3px solid #ccc\">");
		render_marked(out, &r->text, escape_html, "<mark>", "</mark>");
		strbuf_adds(out, "</blockquote>\n");
	}
	for (size_t i = 0; i < r->n_contexts; i++) {
		strbuf_adds(out, "<p dir=\"auto\">");
		render_context(out, &r->contexts[i], escape_html, "<mark>", "</mark>");
		strbuf_adds(out, "</p>\n");
	}
	strbuf_adds(out, "<p style=\"color:#666\">");
	render_byline(out, r, escape_html);
	strbuf_adds(out, "</p>\n");
	if (!str_empty(a->query)) {
		strbuf_adds(out, "<hr>\n<p style=\"color:#666\">watch ");
		escape_html(out, a->watch);
		strbuf_adds(out, ": <code>");
		escape_html(out, text_cut_points(a->query, 500));
		strbuf_adds(out, "</code></p>\n");
	}
	strbuf_adds(out, "</body></html>\n");
}

static void add_part(struct strbuf *out, struct str boundary, const char *type,
		     const struct strbuf *text)
{
	strbuf_addf(out,
		    "--%.*s\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: "
		    "quoted-printable\r\n\r\n",
		    STR_ARG(boundary), type);
	mime_quoted_printable(out, strbuf_str(text));
	strbuf_adds(out, "\r\n");
}

static void add_mail(struct strbuf *out, const struct email_settings *s, const struct alert *a,
		     int64_t at_unix_ms, struct str host)
{
	AUTO(render) struct render r;
	render_init(&r, a, TITLE_POINTS, TEXT_POINTS);
	AUTO(strbuf)
	struct strbuf plain = STRBUF_INIT(RENDER_BODY_MAX),
		      html = STRBUF_INIT(RENDER_BODY_MAX), boundary = STRBUF_INIT(256);
	/* quoted-printable never holds "=_" (RFC 2045 6.7), so no text can end its part */
	strbuf_addf(&boundary, "=_%016llx", (unsigned long long)hash64(a->delivery_id));
	add_headers(out, s, a, &r, at_unix_ms, host);
	strbuf_addf(out,
		    "MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n "
		    "boundary=\"%.*s\"\r\n\r\n",
		    STR_ARG(strbuf_str(&boundary)));
	add_text_part(&plain, a, &r);
	add_html_part(&html, a, &r);
	add_part(out, strbuf_str(&boundary), "plain", &plain);
	add_part(out, strbuf_str(&boundary), "html", &html);
	strbuf_addf(out, "--%.*s--\r\n", STR_ARG(strbuf_str(&boundary)));
}

static int email_compose(const struct channel *c, const struct alert *a, int64_t now_unix_ms,
			 struct transfer **ret, struct err *e)
{
	const struct email_settings *s = c->settings;
	AUTO(strbuf) struct strbuf mail = STRBUF_INIT(RENDER_BODY_MAX);
	OWNED(transfer) struct transfer *t = transfer_new(TRANSFER_SMTP);
	struct str address;
	if (mime_address(s->from, &address, e) != 0)
		return -1;
	t->mail_from = arena_str(t->arena, address);
	for (size_t i = 0; i < s->to.list.n; i++) {
		if (mime_address(s->to.list.v[i], &address, e) != 0)
			return -1;
		vec_push(&t->mail_to, arena_str(t->arena, address));
	}
	/* the alert's own time, so that a repeated mail is the same mail */
	int64_t at = a->created_unix_ms != TIME_ABSENT ? a->created_unix_ms : now_unix_ms;
	add_mail(&mail, s, a, at, str_from(t->mail_from, str_rchr(t->mail_from, '@') + 1));
	bool smtp = str_starts_nocase(c->url, STR("smtp:"));
	if (s->tls == TLS_TLS && smtp)
		t->url = arena_fmt(t->arena, "smtps:%.*s",
				   STR_ARG(str_from(c->url, strlen("smtp:"))));
	else
		t->url = arena_str(t->arena, c->url);
	t->tls_required = s->tls != TLS_NONE;
	t->username = arena_str(t->arena, str_empty(s->username) ? STR_NULL : s->username);
	t->password = arena_str(t->arena, str_empty(s->username) ? STR_NULL : c->secret);
	t->body = arena_str(t->arena, strbuf_str(&mail));
	t->has_body = true;
	t->total_ms = SMTP_TOTAL_MS;
	*ret = take(t);
	return 0;
}

/* RFC 5321 4.2.1 and RFC 4954 6: what the last reply code says of the mail, the mailbox or the
 * account. */
static enum verdict email_judge(const struct channel *c __attribute__((unused)),
				const struct reply *r)
{
	if (r->outcome == REPLY_REFUSED)
		return VERDICT_BROKEN;
	if (r->outcome == REPLY_OK && r->status < 400)
		return VERDICT_DELIVERED;
	switch (r->status) {
	case 530: /* authentication required */
	case 534:
	case 535:
	case 538:
	case 550: /* mailbox unavailable; also how policies refuse: the operator must look either
		     way */
	case 551:
	case 553:
		return VERDICT_BROKEN;
	default:
		return r->status >= 500 && r->status < 600 ? VERDICT_NEVER : VERDICT_LATER;
	}
}

static const char *const tls_names[] = { "starttls", "tls", "none", NULL };
static const struct field fields[] = {
	{ .name = "from",
	  .type = FIELD_TEXT,
	  .offset = offsetof(struct email_settings, from),
	  .required = true,
	  .help = "sender, \"name@host\" or \"Name <name@host>\"" },
	{ .name = "to",
	  .type = FIELD_TEXTS,
	  .offset = offsetof(struct email_settings, to),
	  .required = true,
	  .help = "recipients" },
	{ .name = "username",
	  .type = FIELD_TEXT,
	  .offset = offsetof(struct email_settings, username),
	  .help = "account at the mail server; the password is the channel's secret" },
	{ .name = "tls",
	  .type = FIELD_CHOICE,
	  .offset = offsetof(struct email_settings, tls),
	  .choices = tls_names,
	  .otherwise = "starttls",
	  .help = "starttls: required; tls: from the first byte (also by an smtps:// URL); none: "
		  "only if the server offers it" },
	{ .name = "subject_prefix",
	  .type = FIELD_TEXT,
	  .offset = offsetof(struct email_settings, subject_prefix),
	  .otherwise = "[monitord]",
	  .help = "what the subject begins with" },
	FIELD_END,
};

const struct channel_type channel_email = {
	.name = "email",
	.help = "sends mail by SMTP, the URL being smtp://host:port or smtps://host:port",
	.fields = fields,
	.settings_size = sizeof(struct email_settings),
	.url_needed = true,
	.url_schemes = "smtp smtps",
	.check = email_check,
	.compose = email_compose,
	.judge = email_judge,
};
