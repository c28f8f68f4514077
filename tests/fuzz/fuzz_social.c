/* SPDX-License-Identifier: ISC */
/*
 * Answers and streams of social networks through their codecs, as rounds of a source ask for them.  The first byte chooses
 * the source; the rest is cut at NULs into what is answered, in turns: to each request one, to a stream all that are left.
 * An answer that begins with '!' is a refusal, its status the next three bytes.  What comes out is sealed, clean and
 * bounded; what is asked next is a request that can be sent; and the cursor can be read again.
 */
#include "fuzz/posts.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/xml.h"
#include "config/config.h"
#include "engine/world.h"

#define NOW_UNIX_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */
#define TURNS_MAX 12
#define KEPT_MAX (64u << 10)

static const char *const settings[] = {
	"{\"type\":\"x\",\"account\":\"a\",\"handle\":\"ada\"}",
	"{\"type\":\"x\",\"account\":\"a\",\"mentions\":\"ada\",\"backfill\":\"1d\"}",
	"{\"type\":\"x\",\"account\":\"a\",\"handles\":[\"ada\",\"bo\"],\"backfill\":\"all\",\"replies\":false}",
	"{\"type\":\"x\",\"account\":\"a\",\"watches\":true,\"stream\":true}",
	"{\"type\":\"mastodon\",\"handle\":\"ada@social.example\",\"backfill\":\"all\"}",
	"{\"type\":\"mastodon\",\"url\":\"https://social.example\",\"tag\":\"labs\",\"backfill\":\"1d\"}",
	"{\"type\":\"mastodon\",\"account\":\"a\",\"url\":\"https://social.example\",\"tag\":\"labs\",\"stream\":true}",
	"{\"type\":\"mastodon\",\"account\":\"a\",\"url\":\"https://social.example\",\"query\":\"labs\"}",
	"{\"type\":\"bluesky\",\"handle\":\"ada.example\",\"backfill\":\"all\"}",
	"{\"type\":\"bluesky\",\"account\":\"a\",\"query\":\"labs\",\"backfill\":\"1d\"}",
	"{\"type\":\"bluesky\",\"account\":\"a\",\"list\":\"https://bsky.app/profile/ada.example/lists/3k\"}",
	"{\"type\":\"bluesky\",\"feed\":\"at://did:plc:a/app.bsky.feed.generator/science\",\"reposts\":false}",
	"{\"type\":\"jetstream\",\"reposts\":true,\"hosts\":[\"wss://other.example\"]}",
	"{\"type\":\"jetstream\",\"handles\":[\"ada.example\",\"did:plc:bo\"],\"compress\":false,\"backfill\":\"1d\"}",
	"{\"type\":\"jetstream\",\"version\":\"v2\",\"handles\":[\"ada.example\"]}",
};
#define SOURCES (sizeof(settings) / sizeof(settings[0]))

static struct config_source sources[SOURCES];

__attribute__((constructor)) static void setup(void)
{
	static struct world_types types;
	struct arena *arena = arena_new(1 << 20); /* for as long as the process */
	struct err e = { 0 };

	xml_setup();
	json_setup();
	world_types_init(&types);
	for (size_t i = 0; i < SOURCES; i++) {
		json_t *j OWNED_JSON = json_parse(str_c(settings[i]), &e);
		MUST(j != NULL && config_source_from_json(j, &types.types, arena, &sources[i], &e) == 0);
	}
}

/* A source as the engine would have it. */
struct rig {
	struct account account;
	struct source source;
	struct strbuf base, cursor, session;
};

static void rig_make(struct rig *r, const struct config_source *s)
{
	static const struct str wanted[] = { { "Sutskever", 9 }, { "from:ada (labs OR xAI)", 22 } };
	struct err e = { 0 };

	*r = (struct rig){ .base = STRBUF_INIT(8192), .cursor = STRBUF_INIT(KEPT_MAX), .session = STRBUF_INIT(KEPT_MAX) };
	r->account = (struct account){ .name = STR("a"), .type = s->type, .username = STR("me.example"), .token = STR("secret") };
	r->source = (struct source){ .type = source_type_find(s->type), .name = STR("fuzz"), .url = s->url,
		                     .account = str_present(s->account) ? &r->account : NULL, .backfill_ms = s->backfill_ms,
		                     .wanted = wanted, .n_wanted = 2, .settings = s->settings };
	MUST(r->source.type->open(&r->source, &r->base, &e) == 0);
	if (str_empty(r->source.url))
		r->source.url = strbuf_str(&r->base);
	r->source.state = mem_alloc(r->source.type->state_size + 1);
}

static void rig_release(struct rig *r)
{
	mem_free(r->source.state);
	strbuf_release(&r->base);
	strbuf_release(&r->cursor);
	strbuf_release(&r->session);
}

static void check_request(const struct transfer *t)
{
	const struct str texts[] = { t->url, t->bearer, t->method };

	MUST(url_is_http(t->url));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (size_t k = 0; k < texts[i].len; k++)
			MUST((unsigned char)texts[i].p[k] > ' ' && texts[i].p[k] != 0x7f);
	MUST(!arena_full(t->arena));
}

static void keep(struct str text, struct strbuf *to, struct str *ret)
{
	if (!str_present(text))
		return;
	AUTO(strbuf) struct strbuf copy = STRBUF_INIT(KEPT_MAX);
	strbuf_add(&copy, text);
	MUST(text_is_utf8(text) && !copy.toobig);
	strbuf_reset(to);
	strbuf_add(to, strbuf_str(&copy));
	*ret = strbuf_str(to);
}

static void read_answer(struct rig *r, struct str piece, const struct reply *reply, struct str event)
{
	struct err e = { 0 };
	struct source_document d = { .arena = NULL };
	struct frame f = { .bytes = piece, .content_type = event, .url = r->source.url, .reply = reply };

	if (r->source.type->parse(&r->source, &f, &d, &e) != 0) {
		MUST(e.kind == ERR_INPUT || e.kind == ERR_LIMIT || (reply == NULL && e.kind == ERR_SYSTEM)); /* the stream's end */
		source_document_release(&d);
		return;
	}
	MUST(d.posts.posts.n <= piece.len && (!str_present(d.title) || text_is_utf8(d.title)));
	for (size_t i = 0; i < d.posts.posts.n; i++)
		check_post(d.posts.posts.v[i]);
	keep(d.cursor, &r->cursor, &r->source.cursor);
	keep(d.session, &r->session, &r->account.session);
	source_document_release(&d);
}

static void take_context(struct rig *r, struct str piece)
{
	static const struct str ids[] = { { "1", 1 }, { "at://did:plc:a/app.bsky.feed.post/1", 35 }, { "https://a.example/1", 19 } };
	OWNED(transfer) struct transfer *t = transfer_new(TRANSFER_HTTP);
	struct source_document d = { .arena = NULL };
	struct frame f = { .bytes = piece, .url = r->source.url };
	struct err e = { 0 };

	for (size_t from = 0; from < 3; from++) {
		size_t n = r->source.type->context(&r->source, ids + from, 3 - from, t);
		if (n == 0)
			continue;
		check_request(t);
		bool read = r->source.type->parse_context(&r->source, &f, ids + from, n, &d, &e) == 0;
		MUST(!read || d.posts.posts.n == n);
		for (size_t i = 0; read && i < n; i++)
			if (d.posts.posts.v[i] != NULL)
				check_post(d.posts.posts.v[i]);
		source_document_release(&d);
		return;
	}
}

/* The next piece; absent at the end. */
static struct str next_piece(struct str *rest)
{
	struct str piece = STR_NULL;

	if (str_present(*rest) && !str_split(rest, '\0', &piece))
		piece = STR_NULL;
	return piece;
}

static void listen(struct rig *r, struct str *rest)
{
	static const char *const events[] = { "update", "status.update", "delete", "" };

	for (int i = 0; i < TURNS_MAX && !str_empty(*rest); i++) {
		struct str piece = next_piece(rest), event = str_c(events[piece.len > 0 ? (unsigned char)piece.p[piece.len - 1] % 4 : 0]);
		read_answer(r, piece, NULL, event);
		OWNED(transfer) struct transfer *t = transfer_new(TRANSFER_HTTP);
		OWNED(reply) struct reply *reply = reply_new(1);
		reply->status = 200;
		if (r->source.type->beside == NULL || !r->source.type->beside(&r->source, NOW_UNIX_MS + i * 45000, t))
			continue;
		check_request(t);
		read_answer(r, next_piece(rest), reply, STR_NULL);
	}
}

/* True: the round goes on. */
static bool turn(struct rig *r, struct str *rest)
{
	OWNED(transfer) struct transfer *t = transfer_new(TRANSFER_HTTP);
	OWNED(reply) struct reply *reply = reply_new(1);
	uint64_t status;

	if (!r->source.type->next(&r->source, NOW_UNIX_MS, t))
		return false;
	check_request(t);
	if (t->framing != FRAMING_BODY) {
		listen(r, rest);
		return false;
	}
	struct str piece = next_piece(rest);
	reply->status = 200;
	if (!str_starts(piece, STR("!")) || !num_u64(str_slice(piece, 1, 4), &status)) {
		vec_push(&reply->headers, ((struct header){ STR("link"), arena_str(reply->arena, str_slice(piece, 0, 200)) }));
		read_answer(r, piece, reply, STR_NULL);
		return str_present(*rest);
	}
	reply->status = (int)status;
	reply->body = STRBUF_INIT(1 << 20);
	strbuf_add(&reply->body, str_from(piece, 4));
	return r->source.type->refused(&r->source, reply);
}

FUZZ(s)
{
	struct rig r;

	if (s.len == 0)
		return;
	rig_make(&r, &sources[(unsigned char)s.p[0] % SOURCES]);
	struct str rest = str_from(s, 1);
	take_context(&r, rest);
	for (int i = 0; i < TURNS_MAX && turn(&r, &rest); i++)
		continue;
	rig_release(&r);
}
