/* SPDX-License-Identifier: ISC */
/*
 * Golden tests of the social networks' codecs: each folder tests/data/social/TYPE/NAME holds answers of our own writing
 * in the form that the network documents: 1.json, 2.json …, in the order in which one poll gets them, settings.json (the
 * source as the API takes it), perhaps cursor (what an earlier poll left), and expected.json: what was asked, and what
 * came of it.
 * "status: 404" as the first line of an answer makes it that; further lines up to an empty one are headers.  Behind the
 * request for a stream each answer is one frame of it; "status: 200" and "event: delete" give it a name.
 * A folder with "context" asks for the posts of these ids, one a line, and context.json is the answer.
 */
#include "base/json.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/vec.h"
#include "config/config.h"
#include "engine/world.h"
#include "lib/golden.h"
#include "lib/test.h"

#define NOW_UNIX_MS INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */
#define ANSWERS_MAX 20

static json_t *run_folder(const char *folder);
static const struct golden golden = { "tests/data/social", 2, run_folder };

int main(int argc, char **argv);

/* A source as the engine would have it. */
struct rig {
	struct arena *arena;
	struct config_source settings;
	struct account account;
	struct source source;
	struct strbuf base, cursor, session;
};

static int rig_make(struct rig *r, const char *folder, struct err *e)
{
	static struct world_types types;
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(1 << 20);

	world_types_init(&types);
	if (!golden_read(&golden, folder, "settings.json", &text))
		return err_set(e, ERR_INPUT, "no settings.json");
	json_t *j OWNED_JSON = json_parse(strbuf_str(&text), e);
	if (j == NULL || config_source_from_json(j, &types.types, r->arena, &r->settings, e) != 0)
		return -1;
	const struct config_source *s = &r->settings;
	r->account = (struct account){ .name = s->account, .type = s->type, .username = STR("me.example"), .token = STR("secret") };
	r->source = (struct source){ .type = source_type_find(s->type), .name = STR("golden"), .url = s->url,
		                     .account = str_present(s->account) ? &r->account : NULL,
		                     .backfill_ms = s->backfill_ms, .settings = s->settings };
	if (r->source.type->open != NULL && r->source.type->open(&r->source, &r->base, e) != 0)
		return -1;
	if (str_empty(r->source.url))
		r->source.url = strbuf_str(&r->base);
	if (golden_read(&golden, folder, "cursor", &r->cursor))
		r->source.cursor = str_trim(strbuf_str(&r->cursor));
	r->source.state = mem_alloc(r->source.type->state_size + 1);
	return 0;
}

static void rig_release(struct rig *r)
{
	mem_free(r->source.state);
	strbuf_release(&r->base);
	strbuf_release(&r->cursor);
	strbuf_release(&r->session);
	arena_free(r->arena);
}

static json_t *asked(const struct transfer *t)
{
	json_t *j = json_object();

	json_set_text(j, "url", t->url);
	if (str_present(t->method))
		json_set_text(j, "method", t->method);
	if (str_present(t->bearer))
		json_set_text(j, "bearer", t->bearer);
	if (t->has_body)
		json_set_text(j, "body", t->body);
	if (str_present(t->zstd_dictionary))
		json_set_int(j, "dictionary", (int64_t)t->zstd_dictionary.len);
	return j;
}

/* "status: N" and headers before an empty line, where there are any; what is left is the body. */
static struct str take_head(struct str bytes, struct reply *reply)
{
	struct str line, name;

	reply->status = 200;
	if (!str_starts(bytes, STR("status: ")))
		return bytes;
	while (str_split(&bytes, '\n', &line) && !str_empty(line)) {
		uint64_t n;
		if (!str_split(&line, ':', &name))
			continue;
		line = str_trim(line);
		if (str_eq(name, STR("status")) && num_u64(line, &n))
			reply->status = (int)n;
		else
			vec_push(&reply->headers, ((struct header){ arena_str(reply->arena, name), arena_str(reply->arena, line) }));
	}
	return bytes;
}

/* What parse() keeps for the next call. */
static void keep(struct rig *r, const struct source_document *d, json_t *out)
{
	if (str_present(d->cursor)) {
		strbuf_reset(&r->cursor);
		strbuf_add(&r->cursor, d->cursor);
		r->source.cursor = strbuf_str(&r->cursor);
		json_set_text(out, "cursor", d->cursor);
	}
	if (str_present(d->session)) {
		strbuf_reset(&r->session);
		strbuf_add(&r->session, d->session);
		r->account.session = str_empty(d->session) ? STR_NULL : strbuf_str(&r->session);
		json_set_text(out, "session", d->session);
	}
}

static void answer(struct rig *r, struct str bytes, struct str url, bool stream, json_t *out)
{
	OWNED(reply) struct reply *reply = reply_new(1);
	AUTO(source_document) struct source_document d = { .arena = NULL };
	struct err e = { 0 };
	struct frame f = { .bytes = take_head(bytes, reply), .url = url, .reply = reply };

	reply->outcome = REPLY_OK;
	if (stream) {
		f.content_type = reply_header(reply, "event");
		f.reply = NULL;
	}
	if (reply->status / 100 != 2) {
		AUTO(strbuf) struct strbuf why = STRBUF_INIT(4096);
		reply->body = STRBUF_INIT(1 << 20);
		strbuf_add(&reply->body, f.bytes);
		source_refusal(reply, &why);
		json_set_bool(out, "remedy", r->source.type->refused != NULL && r->source.type->refused(&r->source, reply));
		json_set_text(out, "refusal", strbuf_str(&why));
	} else if (r->source.type->parse(&r->source, &f, &d, &e) != 0) {
		json_set_text(out, "error", str_c(e.message));
	} else {
		keep(r, &d, out);
		json_set_bool(out, "repaired", d.repaired);
		if (str_present(d.lost))
			json_set_text(out, "lost", d.lost);
		json_t *j = source_document_to_json(&d);
		json_set_text(out, "title", d.title);
		json_set(out, "posts", json_incref((json_t *)(uintptr_t)json_get(j, "posts")));
		json_decref(j);
	}
}

/* Posts that others refer to, null where there is none. */
static void ask_context(struct rig *r, const char *folder, struct str ids, json_t *turns)
{
	OWNED(transfer) struct transfer *t = transfer_new(TRANSFER_HTTP);
	AUTO(strbuf) struct strbuf bytes = STRBUF_INIT(16 << 20);
	AUTO(source_document) struct source_document d = { .arena = NULL };
	struct err e = { 0 };
	VEC(struct str) list = { 0 };
	json_t *turn = json_object(), *posts = json_array();
	struct str line;

	while (!str_empty(ids) && str_split(&ids, '\n', &line))
		vec_push(&list, line);
	size_t n = r->source.type->context(&r->source, list.v, list.n, t);
	json_set(turn, "asked", asked(t));
	json_set_int(turn, "ids", (int64_t)n);
	json_array_append_new(turns, turn);
	json_set(turn, "posts", posts);
	(void)golden_read(&golden, folder, "context.json", &bytes);
	struct frame f = { .bytes = strbuf_str(&bytes), .url = t->url };
	if (r->source.type->parse_context(&r->source, &f, list.v, n, &d, &e) != 0)
		json_set_text(turn, "error", str_c(e.message));
	for (size_t i = 0; i < d.posts.posts.n; i++)
		json_array_append_new(posts, d.posts.posts.v[i] ? post_to_json(d.posts.posts.v[i]) : json_null());
	json_set_int(turn, "reads", (int64_t)d.reads);
	vec_free(&list);
}

/* One poll: requests and what came of each answer, in turns. */
static json_t *run_folder(const char *folder)
{
	AUTO(rig) struct rig r = { .arena = arena_new(1 << 20), .base = STRBUF_INIT(8192), .cursor = STRBUF_INIT(8192),
		                   .session = STRBUF_INIT(8192) };
	struct err e = { 0 };
	json_t *turns = json_array();

	if (rig_make(&r, folder, &e) != 0) {
		json_array_append_new(turns, json_pack("{s:s}", "error", e.message));
		return turns;
	}
	AUTO(strbuf) struct strbuf ids = STRBUF_INIT(8192);
	bool stream = false;
	if (golden_read(&golden, folder, "context", &ids)) {
		ask_context(&r, folder, strbuf_str(&ids), turns);
		return turns;
	}
	for (int i = 1; i <= ANSWERS_MAX; i++) {
		OWNED(transfer) struct transfer *t = transfer_new(TRANSFER_HTTP);
		AUTO(strbuf) struct strbuf bytes = STRBUF_INIT(16 << 20);
		char name[32];
		json_t *turn = json_object();

		if (!stream && !r.source.type->next(&r.source, NOW_UNIX_MS, t)) {
			json_decref(turn);
			break;
		}
		snprintf(name, sizeof(name), "%d.json", i);
		bool answered = golden_read(&golden, folder, name, &bytes);
		if (stream && !answered) {
			json_decref(turn);
			break;
		}
		json_array_append_new(turns, turn);
		if (!stream)
			json_set(turn, "asked", asked(t));
		if (!answered)
			break;
		if (t->framing != FRAMING_BODY) { /* the answer to it is its first frame */
			stream = true;
			json_set_bool(turn, "stream", true);
		}
		answer(&r, strbuf_str(&bytes), t->url, stream, turn);
		stream = stream && !json_is_true(json_object_get(turn, "remedy"));
		if (stream)
			continue;
		if (json_get(turn, "error") != NULL || json_is_false(json_object_get(turn, "remedy")))
			break;
	}
	return turns;
}

int main(int argc, char **argv)
{
	return golden_main(&golden, argc, argv);
}
