/* SPDX-License-Identifier: ISC */
/* webhook: alerts as JSON, signed as Standard Webhooks says
 * (github.com/standard-webhooks/standard-webhooks, spec). */
#include "channel/types.h"

#include "base/hash.h"
#include "base/json.h"
#include "base/text.h"
#include "channel/template.h"

#define KEY_MAX 1024
#define SPANS_SENT_MAX 1000 /* a post that repeats a word without end makes no endless body */
#define PREFIX STR("whsec_")
#define METHOD_OTHERWISE "POST"

struct webhook_settings {
	struct arena *arena;
	struct str template;
	struct str content_type;
	int method;
	int64_t text_max;
	struct headers headers;
};
static const char *const methods[] = { METHOD_OTHERWISE, "PUT", "PATCH", NULL };

/* The next signing key: of several "whsec_…" separated by spaces (rotation), or the secret as it
 * stands. */
static bool next_key(struct str *rest, struct strbuf *ret_key)
{
	struct str s = str_trim(*rest), piece;
	if (str_empty(s))
		return false;
	strbuf_reset(ret_key);
	if (!str_starts(s, PREFIX)) {
		*rest = STR("");
		return strbuf_add(ret_key, s);
	}
	if (!str_split(&s, ' ', &piece))
		return false;
	*rest = s;
	return str_starts(piece, PREFIX) && hash_unbase64(ret_key, str_from(piece, PREFIX.len));
}

static int check_secret(struct str secret, struct err *e)
{
	AUTO(strbuf) struct strbuf key = STRBUF_INIT(KEY_MAX);
	struct str rest = secret;
	while (!str_empty(str_trim(rest))) {
		if (!next_key(&rest, &key))
			return err_set(e, ERR_CONFIG,
				       "secret: expected \"whsec_\" and base64, or one plain text");
		if (key.len == 0)
			return err_set(e, ERR_CONFIG, "secret: nothing follows \"whsec_\"");
	}
	return 0;
}

static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!char_is_alnum(s.p[i]) && str_chr(STR("!#$%&'*+-.^_`|~"), s.p[i]) == STR_NPOS)
			return false;
	return s.len > 0;
}

static int check_headers(const struct headers *headers, struct err *e)
{
	static const char *const ours[] = { "content-type",      "content-length",
					    "transfer-encoding", "host",
					    "connection",        "webhook-id",
					    "webhook-timestamp", "webhook-signature" };
	for (size_t i = 0; i < headers->list.n; i++) {
		const struct header *h = &headers->list.v[i];
		struct str shown = text_cut_points(h->name, 60);
		if (!is_token(h->name))
			return err_set(e, ERR_CONFIG, "headers: \"%.*s\" is no header name",
				       STR_ARG(shown));
		for (size_t k = 0; k < sizeof(ours) / sizeof(ours[0]); k++)
			if (str_eq_nocase(h->name, str_c(ours[k])))
				return err_set(e, ERR_CONFIG, "headers: %s is set by monitord%s",
					       ours[k], k == 0 ? "; use content_type" : "");
		for (size_t k = 0; k < h->value.len; k++)
			if ((unsigned char)h->value.p[k] < 0x20 && h->value.p[k] != '\t')
				return err_set(
					e, ERR_CONFIG,
					"headers: the value of %.*s holds a control character",
					STR_ARG(shown));
	}
	return 0;
}

static bool is_json(struct str content_type)
{
	struct str type = str_trim(str_slice(content_type, 0, str_chr(content_type, ';')));
	return str_eq_nocase(type, STR("application/json")) || str_ends(type, STR("+json"));
}

static json_t *cut_text(json_t *post, const char *key, int64_t max, bool *ret_cut)
{
	struct str s = json_get_str(post, key);
	struct str head = text_cut(s, (size_t)max);
	if (head.len < s.len)
		*ret_cut = true;
	return json_text(head);
}

/* Only spans of what is sent: a receiver may use them without a look at the length. */
static void keep_spans(json_t *spans, const json_t *post)
{
	size_t kept = 0;
	for (size_t i = 0; i < json_array_size(spans) && kept < SPANS_SENT_MAX; i++) {
		json_t *span = json_array_get(spans, i);
		struct str field = json_get_str(span, "field");
		bool cuttable = json_get(span, "context") == NULL && (str_eq(field, STR("text")) || str_eq(field, STR("summary")));
		const json_t *text = cuttable ? json_get(post, field.p) : NULL;
		if (!cuttable || (size_t)json_get_int(span, "end", 0) <= json_str(text).len)
			json_array_set(spans, kept++, span);
	}
	while (json_array_size(spans) > kept)
		json_array_remove(spans, json_array_size(spans) - 1);
}

/* What is sent: an event of Standard Webhooks with the alert's own keys beside its type and time.
 */
static json_t *event_json(const struct channel *c, const struct alert *a, int64_t now_unix_ms,
			  int64_t text_max)
{
	char date[DATE_TEXT_MAX];
	bool cut = false;
	OWNED_JSON json_t *alert = alert_to_json(a);
	json_t *event = json_object(), *post = json_object_get(alert, "post");
	json_set(post, "text", cut_text(post, "text", text_max, &cut));
	json_set(post, "summary", cut_text(post, "summary", text_max, &cut));
	static const char *const types[ALERT_EVENTS_N] = { "alert.matched", "alert.edited", "alert.deleted", "operator.notice" };
	json_set_text(event, "type", str_c(a->test ? "alert.test" : types[a->event]));
	int64_t at = a->created_unix_ms != TIME_ABSENT ? a->created_unix_ms : now_unix_ms;
	json_set_text(event, "timestamp", str_c(date_rfc3339(date, at)));
	json_set_text(event, "delivery_id", a->delivery_id);
	json_set_text(event, "channel", c->name);
	json_object_update(event, alert);
	keep_spans(json_object_get(event, "spans"), post);
	json_set_bool(event, "text_cut", cut);
	return event;
}

/* Renders the template over an alert without content: if that is no JSON, no alert will be. */
static int check_template(const struct channel *c, const struct webhook_settings *s, struct err *e)
{
	if (template_check(s->template, e) != 0)
		return err_wrap(e, "template");
	if (!is_json(s->content_type))
		return 0;
	OWNED(post) struct post *post = post_new();
	post->published_unix_ms = post->updated_unix_ms = TIME_ABSENT;
	struct alert sample = { .id = STR("alr_0"),
				.delivery_id = STR("dlv_0"),
				.watch = STR(""),
				.query = STR(""),
				.post = post };
	OWNED_JSON json_t *event = event_json(c, &sample, 0, s->text_max);
	AUTO(strbuf) struct strbuf body = STRBUF_INIT(RENDER_BODY_MAX);
	template_render(s->template, event, &body);
	struct err why = { 0 };
	OWNED_JSON json_t *parsed = json_parse(strbuf_str(&body), &why);
	if (parsed == NULL)
		return err_set(e, ERR_CONFIG,
			       "template: makes no JSON (content_type says it does): %s",
			       why.message);
	return 0;
}

static int webhook_check(const struct channel *c, struct err *e)
{
	const struct webhook_settings *s = c->settings;
	if (check_secret(c->secret, e) != 0 || check_headers(&s->headers, e) != 0)
		return -1;
	return str_present(s->template) ? check_template(c, s, e) : 0;
}

/* The headers of Standard Webhooks: "v1," and base64 of HMAC-SHA256 over id.timestamp.body, once
 * for each key. */
static void sign(struct transfer *t, const struct channel *c, const struct alert *a,
		 int64_t now_unix_ms)
{
	long long seconds = (long long)(now_unix_ms / 1000);
	struct str timestamp = arena_fmt(t->arena, "%lld", seconds);
	transfer_header(t, "webhook-id", a->delivery_id);
	transfer_header(t, "webhook-timestamp", timestamp);

	AUTO(strbuf)
	struct strbuf key = STRBUF_INIT(KEY_MAX),
		      content = STRBUF_INIT(RENDER_BODY_MAX + 1024),
		      value = STRBUF_INIT(RENDER_LINE_MAX);
	strbuf_addf(&content, "%.*s.%lld.", STR_ARG(a->delivery_id), seconds);
	strbuf_add(&content, t->body);
	struct str rest = c->secret;
	while (next_key(&rest, &key)) {
		unsigned char mac[SHA256_BYTES];
		hash_hmac_sha256(strbuf_str(&key), strbuf_str(&content), mac);
		strbuf_adds(&value, value.len > 0 ? " v1," : "v1,");
		hash_base64(&value, str_n(mac, sizeof(mac)));
	}
	if (value.len > 0)
		transfer_header(t, "webhook-signature", strbuf_str(&value));
}

static int webhook_compose(const struct channel *c, const struct alert *a, int64_t now_unix_ms,
			   struct transfer **ret, struct err *e)
{
	const struct webhook_settings *s = c->settings;
	OWNED_JSON json_t *event = event_json(c, a, now_unix_ms, s->text_max);
	AUTO(strbuf) struct strbuf body = STRBUF_INIT(RENDER_BODY_MAX);
	if (str_present(s->template))
		template_render(s->template, event, &body);
	else
		json_dump(&body, event, false);
	if (body.toobig)
		return err_set(e, ERR_LIMIT, "channel %.*s: message over %u bytes",
			       STR_ARG(c->name), RENDER_BODY_MAX);
	OWNED(transfer)
	struct transfer *t =
		channel_http(c, methods[s->method], s->content_type, strbuf_str(&body));
	for (size_t i = 0; i < s->headers.list.n; i++)
		transfer_header(t, arena_cstr(t->arena, s->headers.list.v[i].name),
				s->headers.list.v[i].value);
	sign(t, c, a, now_unix_ms);
	*ret = take(t);
	return 0;
}

static const struct field fields[] = {
	{ .name = "headers",
	  .type = FIELD_HEADERS,
	  .offset = offsetof(struct webhook_settings, headers),
	  .help = "further request headers, such as Authorization" },
	{ .name = "template",
	  .type = FIELD_TEXT,
	  .offset = offsetof(struct webhook_settings, template),
	  .help = "a body of your own with {{watch}}, {{words}}, {{post.title}}, {{post.url}} …, "
		  "each escaped for a JSON string; "
		  "{{alert}} and {{post}} are whole JSON values" },
	{ .name = "content_type",
	  .type = FIELD_TEXT,
	  .offset = offsetof(struct webhook_settings, content_type),
	  .otherwise = "application/json",
	  .help = "Content-Type of the body" },
	{ .name = "method",
	  .type = FIELD_CHOICE,
	  .offset = offsetof(struct webhook_settings, method),
	  .choices = methods,
	  .otherwise = METHOD_OTHERWISE,
	  .help = "HTTP method" },
	{ .name = "text_max",
	  .type = FIELD_SIZE,
	  .offset = offsetof(struct webhook_settings, text_max),
	  .min = 256,
	  .max = POST_TEXT_MAX,
	  .otherwise = "64KiB",
	  .help = "a longer text or summary of a post is cut in the body, and text_cut says so" },
	FIELD_END,
};

const struct channel_type channel_webhook = {
	.name = "webhook",
	.help = "sends alerts as JSON, signed as Standard Webhooks says",
	.fields = fields,
	.settings_size = sizeof(struct webhook_settings),
	.url_needed = true,
	.url_secret = true,
	.url_schemes = "http https",
	.check = webhook_check,
	.compose = webhook_compose,
};
