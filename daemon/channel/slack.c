/* SPDX-License-Identifier: ISC */
/* slack: incoming webhooks of Slack, and those of Mattermost and Rocket.Chat in their own form.  A
 * post pings nobody. */
#include "channel/types.h"

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"

#define TITLE_POINTS 150
#define TEXT_POINTS 500 /* Slack: 3000 characters a section, and & counts five times */
#define LINE_POINTS 200
#define SPACING_MS 1000 /* Slack: about one message a second and webhook */
#define ZERO_WIDTH_SPACE "\xe2\x80\x8b"

enum flavor { FLAVOR_AUTO, FLAVOR_SLACK, FLAVOR_MATTERMOST, FLAVOR_ROCKETCHAT };
struct slack_settings {
	struct arena *arena;
	int flavor;
	struct str room, username, icon;
};

/* Mattermost: /hooks/KEY; Rocket.Chat: /hooks/ID/TOKEN; everything else speaks Slack's form. */
static enum flavor flavor_of_url(struct str url)
{
	if (str_ends(url_host(url), STR("slack.com")))
		return FLAVOR_SLACK;
	size_t hooks = str_find(url, STR("/hooks/"));
	if (hooks == STR_NPOS)
		return FLAVOR_SLACK;
	struct str key = str_from(url, hooks + strlen("/hooks/"));
	key = str_slice(key, 0, str_chr(key, '?'));
	if (str_ends(key, STR("/")))
		key.len--;
	return str_chr(key, '/') == STR_NPOS ? FLAVOR_MATTERMOST : FLAVOR_ROCKETCHAT;
}

static enum flavor flavor_of(const struct channel *c)
{
	const struct slack_settings *s = c->settings;
	return s->flavor == FLAVOR_AUTO ? flavor_of_url(c->url) : (enum flavor)s->flavor;
}

/* Slack's text: & < > are its only syntax that can ping, link or call (docs: "Formatting text",
 * escaping). */
static void escape_slack(struct strbuf *out, struct str s)
{
	AUTO(strbuf) struct strbuf clean = STRBUF_INIT(RENDER_BODY_MAX);
	render_clean(&clean, s);
	for (size_t i = 0; i < clean.len; i++) {
		switch (clean.p[i]) {
		case '&':
			strbuf_adds(out, "&amp;");
			break;
		case '<':
			strbuf_adds(out, "&lt;");
			break;
		case '>':
			strbuf_adds(out, "&gt;");
			break;
		case '@':
			strbuf_adds(out,
				    "@" ZERO_WIDTH_SPACE); /* names no one, yet reads the same */
			break;
		default:
			strbuf_addc(out, clean.p[i]);
		}
	}
}

/* Everything that other servers make of their text: a sign of `signs` stands behind a backslash. */
static void add_backslashed(struct strbuf *out, struct str s, struct str signs)
{
	AUTO(strbuf) struct strbuf clean = STRBUF_INIT(RENDER_BODY_MAX);
	render_clean(&clean, s);
	for (size_t i = 0; i < clean.len; i++) {
		char c = clean.p[i];
		if (str_chr(signs, c) != STR_NPOS)
			strbuf_addc(out, '\\');
		strbuf_addc(out, c);
		bool link = c == ']' && i + 1 < clean.len && clean.p[i + 1] == '(';
		if (c == '@' || c == '<' ||
		    link) /* no name, no <!channel>, no link that shows another address */
			strbuf_adds(out, ZERO_WIDTH_SPACE);
	}
}

/* Mattermost's Markdown knows these escapes (marked's rule `escape`). */
static void escape_markdown(struct strbuf *out, struct str s)
{
	add_backslashed(out, s, STR("\\`*_{}[]()#+!|>~"));
}

/* Rocket.Chat's message parser knows only these. */
static void escape_rocketchat(struct strbuf *out, struct str s)
{
	add_backslashed(out, s, STR("*_~`#"));
}

static void escape_none(struct strbuf *out, struct str s)
{
	add_backslashed(out, s, STR(""));
}

/* A link's target, with what could end it percent-encoded. */
static void add_url(struct strbuf *out, struct str url, const char *unsafe)
{
	for (size_t i = 0; i < url.len; i++) {
		unsigned char c = (unsigned char)url.p[i];
		if (c <= 0x20 || c == 0x7f || str_chr(str_c(unsafe), (char)c) != STR_NPOS)
			strbuf_addf(out, "%%%02X", c);
		else
			strbuf_addc(out, (char)c);
	}
}

static void add_slack_link(struct strbuf *out, const struct render *r)
{
	AUTO(strbuf) struct strbuf url = STRBUF_INIT(RENDER_LINE_MAX);
	add_url(&url, r->url, "<>|\"");
	strbuf_addc(out, '<');
	for (size_t i = 0; i < url.len; i++)
		if (url.p[i] == '&')
			strbuf_adds(out, "&amp;");
		else
			strbuf_addc(out, url.p[i]);
	strbuf_addc(out, '|');
	escape_slack(out, strbuf_str(&r->subject));
	strbuf_addc(out, '>');
}

static json_t *mrkdwn(const struct strbuf *text)
{
	json_t *j = json_object();
	json_set_text(j, "type", STR("mrkdwn"));
	json_set_text(j, "text", strbuf_str(text));
	json_set_bool(j, "verbatim", true); /* Slack turns no word of it into a mention or link */
	return j;
}

static void add_section(json_t *blocks, const struct strbuf *text)
{
	json_t *block = json_object();
	json_set_text(block, "type", STR("section"));
	json_set(block, "text", mrkdwn(text));
	json_array_append_new(blocks, block);
}

/* "ilya: matched Sutskever in title", the watch in bold if the marks are given. */
static void add_head(struct strbuf *out, const struct alert *a, const struct render *r,
		     render_escape *escape, const char *bold)
{
	strbuf_adds(out, bold);
	escape(out, text_cut_points(a->watch, LINE_POINTS));
	strbuf_adds(out, bold);
	strbuf_adds(out, ": ");
	escape(out, text_cut_points(strbuf_str(&r->reason), LINE_POINTS));
}

static json_t *slack_json(const struct alert *a, const struct render *r)
{
	AUTO(strbuf) struct strbuf s = STRBUF_INIT(RENDER_LINE_MAX);
	json_t *message = json_object(), *blocks = json_array(), *context = json_object(),
	       *elements = json_array();
	add_head(&s, a, r, escape_slack, "");
	strbuf_adds(&s, " — ");
	escape_slack(&s, strbuf_str(&r->subject));
	json_set_text(message, "text", strbuf_str(&s));

	strbuf_reset(&s);
	add_head(&s, a, r, escape_slack, "*");
	strbuf_addc(&s, '\n');
	if (str_present(r->url))
		add_slack_link(&s, r);
	else
		escape_slack(&s, strbuf_str(&r->subject));
	add_section(blocks, &s);
	if (r->text.text.len > 0) {
		strbuf_reset(&s);
		strbuf_adds(&s, "> ");
		/* bold begins and ends only beside something that is no letter */
		render_marked(&s, &r->text, escape_slack, ZERO_WIDTH_SPACE "*",
			      "*" ZERO_WIDTH_SPACE);
		add_section(blocks, &s);
	}
	for (size_t i = 0; i < r->n_contexts; i++) {
		strbuf_reset(&s);
		render_context(&s, &r->contexts[i], escape_slack, ZERO_WIDTH_SPACE "*", "*" ZERO_WIDTH_SPACE);
		add_section(blocks, &s);
	}
	strbuf_reset(&s);
	render_byline(&s, r, escape_slack);
	json_set_text(context, "type", STR("context"));
	json_array_append_new(elements, mrkdwn(&s));
	json_set(context, "elements", elements);
	json_array_append_new(blocks, context);
	json_set(message, "blocks", blocks);
	json_set_bool(message, "unfurl_links", false);
	json_set_bool(message, "unfurl_media", false);
	return message;
}

static void add_markdown_title(struct strbuf *out, const struct render *r)
{
	if (!str_present(r->url)) {
		escape_markdown(out, strbuf_str(&r->subject));
		return;
	}
	strbuf_addc(out, '[');
	escape_markdown(out, strbuf_str(&r->subject));
	strbuf_adds(out, "](");
	add_url(out, r->url, "()<>\"\\ ");
	strbuf_addc(out, ')');
}

static json_t *mattermost_json(const struct alert *a, const struct render *r)
{
	AUTO(strbuf) struct strbuf s = STRBUF_INIT(RENDER_LINE_MAX);
	json_t *message = json_object();
	add_head(&s, a, r, escape_markdown, "**");
	strbuf_adds(&s, "\n");
	add_markdown_title(&s, r);
	if (r->text.text.len > 0) {
		strbuf_adds(&s, "\n> ");
		render_marked(&s, &r->text, escape_markdown, "**", "**");
		strbuf_adds(&s, "\n");
	}
	for (size_t i = 0; i < r->n_contexts; i++) {
		strbuf_adds(&s, "\n");
		render_context(&s, &r->contexts[i], escape_markdown, "**", "**");
	}
	strbuf_adds(&s, "\n");
	render_byline(&s, r, escape_markdown);
	json_set_text(message, "text", strbuf_str(&s));
	return message;
}

/* Rocket.Chat shows an attachment's title and link as plain text. */
static json_t *rocketchat_json(const struct alert *a, const struct render *r)
{
	AUTO(strbuf) struct strbuf s = STRBUF_INIT(RENDER_LINE_MAX);
	json_t *message = json_object(), *attachments = json_array(), *attachment = json_object();
	add_head(&s, a, r, escape_rocketchat, "*");
	json_set_text(message, "text", strbuf_str(&s));
	strbuf_reset(&s);
	escape_none(&s, strbuf_str(&r->subject));
	json_set_text(attachment, "title", strbuf_str(&s));
	if (str_present(r->url)) {
		strbuf_reset(&s);
		add_url(&s, r->url, "<>|\"\\");
		json_set_text(attachment, "title_link", strbuf_str(&s));
	}
	strbuf_reset(&s);
	render_marked(&s, &r->text, escape_rocketchat, "*", "*");
	if (s.len > 0)
		strbuf_adds(&s, "\n");
	for (size_t i = 0; i < r->n_contexts; i++) {
		render_context(&s, &r->contexts[i], escape_rocketchat, "*", "*");
		strbuf_adds(&s, "\n");
	}
	render_byline(&s, r, escape_rocketchat);
	json_set_text(attachment, "text", strbuf_str(&s));
	json_array_append_new(attachments, attachment);
	json_set(message, "attachments", attachments);
	json_set_bool(message, "parseUrls", false);
	return message;
}

static int slack_compose(const struct channel *c, const struct alert *a,
			 int64_t now_unix_ms __attribute__((unused)), struct transfer **ret,
			 struct err *e)
{
	const struct slack_settings *s = c->settings;
	enum flavor flavor = flavor_of(c);
	AUTO(render) struct render r;
	render_init(&r, a, TITLE_POINTS, TEXT_POINTS);
	OWNED_JSON json_t *message = flavor == FLAVOR_MATTERMOST   ? mattermost_json(a, &r)
				     : flavor == FLAVOR_ROCKETCHAT ? rocketchat_json(a, &r)
								   : slack_json(a, &r);
	if (str_present(s->room))
		json_set_text(message, "channel", s->room);
	if (str_present(s->username))
		json_set_text(message, flavor == FLAVOR_ROCKETCHAT ? "alias" : "username",
			      s->username);
	if (str_present(s->icon))
		json_set_text(message, flavor == FLAVOR_ROCKETCHAT ? "emoji" : "icon_emoji",
			      s->icon);
	return channel_http_json(c, message, ret, e);
}

/* Answers with status 200 may still say no: {"ok":false,"error":"ratelimited"},
 * {"success":false,…}. */
static enum verdict slack_judge(const struct channel *c, const struct reply *r)
{
	enum verdict verdict = channel_judge_http(c, r);
	if (verdict != VERDICT_DELIVERED || r->body.len == 0 || r->body.p[0] != '{')
		return verdict;
	struct err ignored = { 0 };
	OWNED_JSON json_t *j = json_parse(strbuf_str(&r->body), &ignored);
	if (json_get_bool(j, "ok", true) && json_get_bool(j, "success", true))
		return VERDICT_DELIVERED;
	struct str error = json_get_str(j, "error");
	if (str_eq(error, STR("ratelimited")) || str_eq(error, STR("rate_limited")) ||
	    str_eq(error, STR("internal_error")))
		return VERDICT_LATER;
	return VERDICT_NEVER;
}

static const char *const flavors[] = { "auto", "slack", "mattermost", "rocketchat", NULL };
static const struct field fields[] = {
	{ .name = "flavor",
	  .type = FIELD_CHOICE,
	  .offset = offsetof(struct slack_settings, flavor),
	  .choices = flavors,
	  .otherwise = "auto",
	  .help = "whose form to speak; auto: /hooks/KEY is Mattermost, /hooks/ID/TOKEN "
		  "Rocket.Chat, all else Slack" },
	{ .name = "room",
	  .type = FIELD_TEXT,
	  .offset = offsetof(struct slack_settings, room),
	  .help = "where to post, such as \"#news\", if the server lets a webhook choose" },
	{ .name = "username",
	  .type = FIELD_TEXT,
	  .offset = offsetof(struct slack_settings, username),
	  .help = "name shown as the sender, if the server lets a webhook choose" },
	{ .name = "icon",
	  .type = FIELD_TEXT,
	  .offset = offsetof(struct slack_settings, icon),
	  .help = "emoji shown beside the sender, such as \":mag:\"" },
	FIELD_END,
};

const struct channel_type channel_slack = {
	.name = "slack",
	.help = "posts to an incoming webhook of Slack, Mattermost or Rocket.Chat",
	.fields = fields,
	.settings_size = sizeof(struct slack_settings),
	.url_needed = true,
	.url_schemes = "http https",
	.url_secret = true,
	.spacing_ms = SPACING_MS,
	.compose = slack_compose,
	.judge = slack_judge,
};
