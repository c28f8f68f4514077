/* SPDX-License-Identifier: ISC */
/* Channels: signatures, templates, judgements, settings that contradict each other; the wording is
 * golden-tested. */
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "lib/settings.h"

#include "channel/channel.h"

#define NOW 1614265330000LL

struct fixture {
	struct channel channel;
	struct arena *arena;
	struct post *post;
	struct spans spans;
};

static void fixture_release(struct fixture *f)
{
	if (f->channel.settings != NULL)
		settings_free(f->channel.type->fields, f->channel.settings);
	post_free(f->post);
	spans_release(&f->spans);
	arena_free(f->arena);
}

static void start(struct fixture *f, const char *type, const char *url, const char *secret,
		  const char *settings)
{
	struct err e = { 0 };
	*f = (struct fixture){ .arena = arena_new(1 << 20), .post = post_new() };
	f->channel = (struct channel){ .type = channel_type_find(str_c(type)),
				       .name = STR("out"),
				       .url = str_c(url),
				       .secret = str_c(secret) };
	CHECK(f->channel.type != NULL);
	OWNED_JSON json_t *values = json_parse(str_c(settings), &e);
	CHECK(values != NULL);
	f->channel.settings = settings_new(f->channel.type->fields, f->channel.type->settings_size,
					   values, f->arena);
	f->post->title = STR("Sutskever");
	post_seal(f->post);
}

static struct transfer *compose(struct fixture *f)
{
	struct err e = { 0 };
	struct transfer *t = NULL;
	struct alert a = { .id = STR("alr_1"),
			   .watch = STR("ilya"),
			   .query = STR("Sutskever"),
			   .post = f->post,
			   .spans = &f->spans,
			   .created_unix_ms = NOW,
			   .time_zone = STR("UTC"),
			   .delivery_id = STR("msg_p5jXN8AQM9LWM0D4loKWxJek") };
	CHECK_OK(channel_compose(&f->channel, &a, NOW, &t, &e), &e);
	return t;
}

static struct str header(const struct transfer *t, const char *name)
{
	for (size_t i = 0; i < t->headers.n; i++)
		if (str_eq_nocase(t->headers.v[i].name, str_c(name)))
			return t->headers.v[i].value;
	return STR_NULL;
}

/* Checks the settings; the message is the last one. */
static struct str mistake(const char *type, const char *url, const char *secret,
			  const char *settings)
{
	static struct err e;
	AUTO(fixture) struct fixture f;
	start(&f, type, url, secret, settings);
	e = (struct err){ 0 };
	if (f.channel.type->check(&f.channel, &e) == 0)
		return STR_NULL;
	CHECK_INT(e.kind, ERR_CONFIG);
	return str_c(e.message);
}

/* The published vector of the Standard Webhooks libraries: this body under this id, time and
 * secret. */
TEST(webhook_signature_of_the_published_vector)
{
	AUTO(fixture) struct fixture f;
	start(&f, "webhook", "https://example.org/in", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	      "{\"template\":\"{\\\"test\\\": 2432232314}\"}");
	OWNED(transfer) struct transfer *t = compose(&f);
	CHECK_STR(t->body, "{\"test\": 2432232314}");
	CHECK_STR(header(t, "webhook-id"), "msg_p5jXN8AQM9LWM0D4loKWxJek");
	CHECK_STR(header(t, "webhook-timestamp"), "1614265330");
	CHECK_STR(header(t, "webhook-signature"),
		  "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(webhook_signs_with_every_key_while_they_rotate)
{
	AUTO(fixture) struct fixture f;
	start(&f, "webhook", "https://example.org/in",
	      "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	      "{\"template\":\"{\\\"test\\\": 2432232314}\"}");
	OWNED(transfer) struct transfer *t = compose(&f);
	struct str s = header(t, "webhook-signature");
	CHECK(str_starts(s, STR("v1,")));
	CHECK(str_ends(s, STR(" v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")));
	CHECK_INT(s.len, 2 * strlen("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=") + 1);
}

TEST(webhook_signs_with_a_plain_secret)
{
	AUTO(fixture) struct fixture f;
	start(&f, "webhook", "https://example.org/in", "open sesame", "{}");
	OWNED(transfer) struct transfer *t = compose(&f);
	AUTO(strbuf) struct strbuf signed_text = STRBUF_INIT(1 << 16);
	strbuf_adds(&signed_text, "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.");
	strbuf_add(&signed_text, t->body);
	unsigned char mac[EVP_MAX_MD_SIZE];
	char want[128] = "v1,";
	unsigned int len = 0;
	HMAC(EVP_sha256(), "open sesame", 11, (const unsigned char *)signed_text.p, signed_text.len,
	     mac, &len);
	EVP_EncodeBlock((unsigned char *)want + 3, mac, (int)len);
	CHECK_STR(header(t, "webhook-signature"), want);
}

TEST(webhook_without_a_secret_is_not_signed)
{
	AUTO(fixture) struct fixture f;
	start(&f, "webhook", "https://example.org/in", NULL,
	      "{\"headers\":{\"Authorization\":\"Bearer x\"}}");
	OWNED(transfer) struct transfer *t = compose(&f);
	CHECK(!str_present(header(t, "webhook-signature")));
	CHECK_STR(header(t, "webhook-id"), "msg_p5jXN8AQM9LWM0D4loKWxJek");
	CHECK_STR(header(t, "authorization"), "Bearer x");
	CHECK_STR(header(t, "content-type"), "application/json");
	CHECK_STR(t->method, "POST");
	CHECK(!t->follow);
}

TEST(webhook_body_has_the_alert_at_its_top)
{
	AUTO(fixture) struct fixture f;
	struct err e = { 0 };
	start(&f, "webhook", "https://example.org/in", NULL, "{}");
	OWNED(transfer) struct transfer *t = compose(&f);
	OWNED_JSON json_t *j = json_parse(t->body, &e);
	CHECK_STR(json_get_str(j, "type"), "alert.matched");
	CHECK_STR(json_get_str(j, "timestamp"), "2021-02-25T15:02:10Z");
	CHECK_STR(json_get_str(j, "delivery_id"), "msg_p5jXN8AQM9LWM0D4loKWxJek");
	CHECK_STR(json_get_str(j, "watch"), "ilya");
	CHECK_STR(json_get_str(json_get(j, "post"), "title"), "Sutskever");
	CHECK(json_is_array(json_get(j, "spans")));
}

TEST(webhook_settings_that_cannot_work)
{
	static const struct {
		const char *secret, *settings, *want;
	} cases[] = {
		{ "whsec_!!!!", "{}", "secret: expected \"whsec_\" and base64, or one plain text" },
		{ "whsec_", "{}", "secret: nothing follows \"whsec_\"" },
		{ NULL, "{\"headers\":{\"Bad Name\":\"x\"}}",
		  "headers: \"Bad Name\" is no header name" },
		{ NULL, "{\"headers\":{\"Host\":\"x\"}}", "headers: host is set by monitord" },
		{ NULL, "{\"headers\":{\"content-type\":\"x\"}}",
		  "headers: content-type is set by monitord; use content_type" },
		{ NULL, "{\"headers\":{\"X-A\":\"x\\r\\nY: z\"}}",
		  "headers: the value of X-A holds a control character" },
		{ NULL, "{\"template\":\"{\\\"é\\\":\\\"{{post.titel}}\\\"}\"}",
		  "template: column 7: no field {{post.titel}}, did you mean {{post.title}}?" },
		{ NULL, "{\"template\":\"{{qqqqqqqqqqqqqqqq}}\"}",
		  "template: column 1: no field {{qqqqqqqqqqqqqqqq}}; there are id, watch, words, "
		  "post.title …" },
		{ NULL, "{\"template\":\"\\\"{{id}}{{watch\\\"\"}",
		  "template: column 8: {{ without }}" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_STR(mistake("webhook", "https://example.org/", cases[i].secret,
				  cases[i].settings),
			  cases[i].want);
	CHECK(str_starts(mistake("webhook", "https://example.org/", NULL,
				 "{\"template\":\"{\\\"a\\\":{{id}}}\"}"),
			 STR("template: makes no JSON")));
	CHECK(!str_present(mistake(
		"webhook", "https://example.org/", NULL,
		"{\"template\":\"{{watch}}: {{post.url}}\",\"content_type\":\"text/plain\"}")));
	CHECK(!str_present(mistake("webhook", "https://example.org/", NULL,
				   "{\"template\":\"{{ alert }}\"}")));
}

static enum verdict judge(const char *type, enum reply_outcome outcome, int status,
			  const char *body)
{
	AUTO(fixture) struct fixture f;
	start(&f, type, "https://example.org/", NULL, "{}");
	OWNED(reply) struct reply *r = reply_new(1);
	r->outcome = outcome;
	r->status = status;
	strbuf_adds(&r->body, body);
	return channel_judge(&f.channel, r);
}

TEST(http_answers)
{
	static const struct {
		int status;
		enum verdict want;
	} cases[] = {
		{ 200, VERDICT_DELIVERED }, { 202, VERDICT_DELIVERED }, { 204, VERDICT_DELIVERED },
		{ 301, VERDICT_NEVER },     { 302, VERDICT_NEVER },     { 400, VERDICT_NEVER },
		{ 401, VERDICT_BROKEN },    { 403, VERDICT_BROKEN },    { 404, VERDICT_BROKEN },
		{ 408, VERDICT_LATER },     { 410, VERDICT_BROKEN },    { 413, VERDICT_NEVER },
		{ 422, VERDICT_NEVER },     { 425, VERDICT_LATER },     { 429, VERDICT_LATER },
		{ 500, VERDICT_LATER },     { 502, VERDICT_LATER },     { 503, VERDICT_LATER },
		{ 504, VERDICT_LATER },     { 0, VERDICT_LATER },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_INT(judge("webhook", REPLY_OK, cases[i].status, ""), cases[i].want);
	CHECK_INT(judge("webhook", REPLY_FAILED, 0, ""), VERDICT_LATER);
	CHECK_INT(judge("webhook", REPLY_FAILED, 200, ""), VERDICT_LATER);
	CHECK_INT(judge("webhook", REPLY_CANCELLED, 0, ""), VERDICT_LATER);
	CHECK_INT(judge("webhook", REPLY_REFUSED, 0, ""), VERDICT_BROKEN);
	CHECK_INT(judge("webhook", REPLY_TOO_BIG, 200, ""), VERDICT_DELIVERED);
}

TEST(chat_answers_that_say_no_with_status_200)
{
	CHECK_INT(judge("slack", REPLY_OK, 200, "ok"), VERDICT_DELIVERED);
	CHECK_INT(judge("slack", REPLY_OK, 200, "{\"success\":true}"), VERDICT_DELIVERED);
	CHECK_INT(judge("slack", REPLY_OK, 200, "{\"ok\":false,\"error\":\"ratelimited\"}"),
		  VERDICT_LATER);
	CHECK_INT(judge("slack", REPLY_OK, 200, "{\"success\":false}"), VERDICT_NEVER);
	CHECK_INT(judge("slack", REPLY_OK, 200, "{broken"), VERDICT_DELIVERED);
	CHECK_INT(judge("slack", REPLY_OK, 404, "no_service"), VERDICT_BROKEN);
}

TEST(mail_answers)
{
	CHECK_INT(judge("email", REPLY_OK, 250, ""), VERDICT_DELIVERED);
	CHECK_INT(judge("email", REPLY_FAILED, 0, ""), VERDICT_LATER);
	CHECK_INT(judge("email", REPLY_FAILED, 421, ""), VERDICT_LATER);
	CHECK_INT(judge("email", REPLY_FAILED, 451, ""), VERDICT_LATER);
	CHECK_INT(judge("email", REPLY_FAILED, 535, ""), VERDICT_BROKEN);
	CHECK_INT(judge("email", REPLY_FAILED, 550, ""), VERDICT_BROKEN);
	CHECK_INT(judge("email", REPLY_FAILED, 552, ""), VERDICT_NEVER);
	CHECK_INT(judge("email", REPLY_FAILED, 554, ""), VERDICT_NEVER);
	CHECK_INT(judge("email", REPLY_REFUSED, 0, ""), VERDICT_BROKEN);
}

TEST(mail_settings_that_cannot_work)
{
	static const char good[] = "{\"from\":\"a@b.org\",\"to\":[\"c@d.org\"]}";
	CHECK(!str_present(mistake("email", "smtp://m.org", NULL, good)));
	CHECK_STR(mistake("email", "smtp://m.org", "p", good),
		  "username and secret (the password) go together");
	CHECK_STR(mistake("email", "smtp://m.org", NULL, "{\"from\":\"a@b.org\",\"to\":[]}"),
		  "to: expected 1 to 100 addresses");
	CHECK_STR(mistake("email", "smtp://m.org", "p",
			  "{\"from\":\"a@b.org\",\"to\":[\"c@d.org\"],\"username\":\"u\",\"tls\":"
			  "\"none\"}"),
		  "tls: none would send the password in the clear, expected starttls or tls");
	CHECK(!str_present(mistake("email", "smtp://127.0.0.1:25", "p",
				   "{\"from\":\"a@b.org\",\"to\":[\"c@d.org\"],\"username\":\"u\","
				   "\"tls\":\"none\"}")));
	static const char *const bad[] = { "a",
					   "@b.org",
					   "a@",
					   "a b@c.org",
					   "a@b.org\\r\\nRCPT TO:<x@y.org>",
					   "a@b@c.org",
					   "é@b.org",
					   "X <a@b.org",
					   "a@b.org>, <c@d.org",
					   "" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char settings[200];
		snprintf(settings, sizeof(settings), "{\"from\":\"a@b.org\",\"to\":[\"%s\"]}",
			 bad[i]);
		CHECK(str_starts(mistake("email", "smtp://m.org", NULL, settings), STR("to: ")));
	}
}

TEST(mail_goes_by_the_protection_that_was_asked_for)
{
	static const struct {
		const char *url, *tls, *want_url;
		bool required;
	} cases[] = {
		{ "smtp://m.org:587", "starttls", "smtp://m.org:587", true },
		{ "smtp://m.org:465", "tls", "smtps://m.org:465", true },
		{ "smtps://m.org", "tls", "smtps://m.org", true },
		{ "smtp://m.org:25", "none", "smtp://m.org:25", false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		AUTO(fixture) struct fixture f;
		char settings[200];
		snprintf(settings, sizeof(settings),
			 "{\"from\":\"A <a@b.org>\",\"to\":[\"C "
			 "<c@d.org>\",\"e@f.org\"],\"tls\":\"%s\"}",
			 cases[i].tls);
		start(&f, "email", cases[i].url, NULL, settings);
		OWNED(transfer) struct transfer *t = compose(&f);
		CHECK_STR(t->url, cases[i].want_url);
		CHECK_INT(t->tls_required, cases[i].required);
		CHECK_STR(t->mail_from, "a@b.org");
		CHECK_INT(t->mail_to.n, 2);
		CHECK_STR(t->mail_to.v[0], "c@d.org");
	}
}

TEST(mail_is_the_same_on_every_try)
{
	AUTO(fixture) struct fixture f;
	start(&f, "email", "smtp://m.org", NULL, "{\"from\":\"a@b.org\",\"to\":[\"c@d.org\"]}");
	OWNED(transfer) struct transfer *first = compose(&f);
	OWNED(transfer) struct transfer *second = compose(&f);
	CHECK(str_eq(first->body, second->body));
	CHECK(str_find(first->body, STR("Message-ID: <msg_p5jXN8AQM9LWM0D4loKWxJek@b.org>\r\n")) !=
	      STR_NPOS);
	CHECK(str_find(first->body, STR("Auto-Submitted: auto-generated\r\n")) != STR_NPOS);
}

TEST(types_are_found_by_name)
{
	CHECK(channel_type_find(STR("telepathy")) == NULL);
	size_t n = 0;
	for (const struct channel_type *const *t = channel_types(); *t != NULL; t++, n++)
		CHECK(channel_type_find(str_c((*t)->name)) == *t);
	CHECK_INT(n, 4);
}
