/* SPDX-License-Identifier: ISC */
/*
 * Jetstream: the posts of the whole AT Protocol network, or of some accounts, as they come, by WebSocket (docs/README.md of
 * bluesky-social/jetstream, 2026-08: v1 /subscribe, v2 network.bsky.jetstream.subscribeEvents; app.bsky.actor.getProfiles).
 *
 * A round asks first who the accounts are, then for the dictionary of the compression, then for the stream.
 * Cursor: {"at" microseconds of the newest event that was taken}: unlike v2's sequence numbers it is good at every host.
 */
#include "bluesky.h"

#include "base/date.h"
#include "base/json.h"
#include "base/text.h"
#include "base/url.h"

#define HOST "https://jetstream2.us-east.bsky.network"
#define PUBLIC_API "https://public.api.bsky.app"
#define POSTS "app.bsky.feed.post"
#define REPOSTS "app.bsky.feed.repost"
#define HANDLES_MAX 1000             /* of v1, which takes 10,000 */
#define HANDLES_URL_MAX 100          /* of v2, where they stand in the address */
#define PROFILES_MAX 25              /* of one getProfiles */
#define DID_MAX 96                   /* did:plc has 32 bytes, did:web of a long name more */
#define HANDLE_MAX 254               /* RFC 1035 */
#define NAME_MAX_BYTES 200
#define DICTIONARY_MAX (192u << 10)
#define LEGACY_DICTIONARY "1612007021" /* what v1 compresses with */
#define IDLE_MS 60000                /* some host fell silent without a word (jetstream-legacy #48) */
#define REWIND_US (5 * 1000000LL)    /* hosts are not in step */
#define REACH_MS (36LL * 3600 * 1000) /* how far back hosts go */
#define LOST_US (60 * 1000000LL)     /* v1 begins without a word where it can, if the cursor is too old */

struct jetstream_settings {
	struct arena *arena;
	struct texts handles, hosts;
	struct str api;
	int version;
	bool reposts, compress;
};
enum version { VERSION_1, VERSION_2 };
enum jetstream_step { STEP_PROFILES, STEP_DICTIONARY, STEP_STREAM };
struct person {                      /* each NUL-ended */
	char did[DID_MAX], handle[HANDLE_MAX], name[NAME_MAX_BYTES];
};
struct jetstream_state {
	enum jetstream_step step;    /* what was asked last */
	struct person people[HANDLES_MAX];
	size_t n_people, n_asked;    /* found; of the handles */
	unsigned char dictionary[DICTIONARY_MAX];
	size_t n_dictionary;
	bool plain;                  /* no compression: there is no dictionary, or it was refused */
	bool live, forget;           /* the stream was asked for; without the cursor, which is too old */
	bool begun;                  /* an event came */
	int64_t at_us;               /* newest event that was taken; 0: none */
	int64_t known_us;            /* the same when the round began */
};

static const char *const versions[] = { "v1", "v2", NULL };
#define IN(member) .offset = offsetof(struct jetstream_settings, member)
static const struct field jetstream_fields[] = {
	{ "handles", FIELD_TEXTS, IN(handles),
	  .help = "Accounts whose posts are read: alice.bsky.social, or DIDs; none: the whole network." },
	{ "reposts", FIELD_BOOL, IN(reposts), .otherwise = "false", .help = "Reposts too." },
	{ "version", FIELD_CHOICE, IN(version), .choices = versions, .otherwise = "v1", .help = "Which of Jetstream's protocols." },
	{ "compress", FIELD_BOOL, IN(compress), .otherwise = "true",
	  .help = "Ask for compression (zstd), with the dictionary that the server gives." },
	{ "hosts", FIELD_TEXTS, IN(hosts), .help = "Addresses that are tried in turn when url fails." },
	{ "api", FIELD_TEXT, IN(api), .otherwise = PUBLIC_API, .help = "Where handles and posts are looked up." },
	FIELD_END,
};
#undef IN

/* --- settings --------------------------------------------------------------------------------------- */

static int check_address(const char *key, struct str url, struct err *e)
{
	AUTO(url_parts) struct url_parts u = { .scheme = NULL };

	if (url_split(url, &u, e) != 0)
		return err_wrap(e, "%s", key);
	if (!url_is_http(url) && !str_eq(str_c(u.scheme), STR("wss")) && !str_eq(str_c(u.scheme), STR("ws")))
		return err_set(e, ERR_INPUT, "%s: expected wss://… or https://…", key);
	return 0;
}

static int jetstream_open(const struct source *s, struct strbuf *ret_url, struct err *e)
{
	const struct jetstream_settings *j = s->settings;
	size_t most = j->version == VERSION_2 ? HANDLES_URL_MAX : HANDLES_MAX;

	for (size_t i = 0; i < j->handles.list.n; i++)
		if (!bluesky_actor(social_handle(j->handles.list.v[i])))
			return err_set(e, ERR_INPUT, "handles: \"%.*s\": expected a name such as alice.bsky.social, or a DID",
			               STR_ARG(text_cut(j->handles.list.v[i], 100)));
	if (j->handles.list.n > most)
		return err_set(e, ERR_INPUT, "handles: expected at most %zu with version %s", most, versions[j->version]);
	for (size_t i = 0; i < j->hosts.list.n; i++)
		if (check_address("hosts", j->hosts.list.v[i], e) != 0)
			return -1;
	if (!url_is_http(j->api))
		return err_set(e, ERR_INPUT, "api: expected https://…");
	strbuf_adds(ret_url, HOST);
	return 0;
}

/* "wss://jetstream…", and any WebSocket address that ends as Jetstream's do. */
static bool jetstream_recognise(struct str text, json_t *settings, struct strbuf *said)
{
	bool socket = str_starts_nocase(text, STR("wss://")) || str_starts_nocase(text, STR("ws://"));
	bool first = str_find(text, STR("/subscribe")) != STR_NPOS;
	bool second = str_find(text, STR("/xrpc/network.bsky.jetstream.")) != STR_NPOS;

	if (!socket || !(first || second || str_find(text, STR("jetstream")) != STR_NPOS))
		return false;
	json_set_text(settings, "url", str_slice(text, 0, str_chr(text, '?')));
	if (second)
		json_set_text(settings, "version", STR("v2"));
	strbuf_adds(said, "a Jetstream of the AT Protocol network");
	return true;
}

/* --- asking ----------------------------------------------------------------------------------------- */

static void add_server(struct strbuf *url, struct str address)
{
	static const struct str tails[] = { STR("/"), STR("/subscribe"), STR("/xrpc/network.bsky.jetstream.subscribeEvents") };

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++)
		while (str_ends(address, tails[i]))
			address.len -= tails[i].len;
	if (str_starts_nocase(address, STR("ws")))
		strbuf_addf(url, "http%.*s", STR_ARG(str_from(address, 2)));
	else
		strbuf_add(url, address);
}

/* The next host with each try that failed; none is given up for good. */
static struct str host_of(const struct source *s)
{
	const struct jetstream_settings *j = s->settings;
	size_t i = (size_t)s->tries % (j->hosts.list.n + 1);

	return i == 0 ? s->url : j->hosts.list.v[i - 1];
}

static void ask_profiles(const struct jetstream_settings *j, struct jetstream_state *st, struct strbuf *url)
{
	add_server(url, j->api);
	strbuf_adds(url, "/xrpc/app.bsky.actor.getProfiles");
	for (size_t i = 0; i < PROFILES_MAX && st->n_asked < j->handles.list.n; i++)
		url_param(url, "actors", social_handle(j->handles.list.v[st->n_asked++]));
}

static void ask_dictionary(const struct source *s, struct strbuf *url)
{
	const struct jetstream_settings *j = s->settings;

	add_server(url, host_of(s));
	strbuf_adds(url, "/xrpc/network.bsky.jetstream.getZstdDictionary");
	if (j->version == VERSION_1)
		url_param(url, "id", STR(LEGACY_DICTIONARY));
}

/* The filter as v1's first message: 1,000 DIDs are too much for an address. */
static void add_hello(const struct jetstream_settings *j, const struct jetstream_state *st, struct transfer *ret)
{
	OWNED_JSON json_t *hello = json_object();
	json_t *payload = json_object(), *collections = json_array(), *dids = json_array();
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(1 << 20);

	json_array_append_new(collections, json_text(STR(POSTS)));
	if (j->reposts)
		json_array_append_new(collections, json_text(STR(REPOSTS)));
	for (size_t i = 0; i < st->n_people; i++)
		json_array_append_new(dids, json_text(str_c(st->people[i].did)));
	json_set(payload, "wantedCollections", collections);
	json_set(payload, "wantedDids", dids);
	json_set_text(hello, "type", STR("options_update"));
	json_set(hello, "payload", payload);
	json_dump(&text, hello, false);
	ret->body = arena_str(ret->arena, strbuf_str(&text));
	ret->has_body = true;
}

static void ask_first(const struct jetstream_settings *j, const struct jetstream_state *st, struct strbuf *url,
                       struct transfer *ret)
{
	strbuf_adds(url, "/subscribe");
	url_param(url, "wantedCollections", STR(POSTS));
	if (j->reposts)
		url_param(url, "wantedCollections", STR(REPOSTS));
	if (st->n_dictionary > 0)
		url_param(url, "compress", STR("true"));
	if (st->n_people == 0)
		return;
	url_param(url, "requireHello", STR("true"));
	add_hello(j, st, ret);
}

static void ask_second(const struct jetstream_settings *j, const struct jetstream_state *st, struct strbuf *url,
                        struct transfer *ret)
{
	const unsigned char *id = st->dictionary + 4; /* RFC 8878, 5: little-endian, behind the magic number */

	strbuf_adds(url, "/xrpc/network.bsky.jetstream.subscribeEvents");
	url_param(url, "collections", STR(POSTS));
	if (j->reposts)
		url_param(url, "collections", STR(REPOSTS));
	for (size_t i = 0; i < st->n_people; i++)
		url_param(url, "dids", str_c(st->people[i].did));
	if (st->n_dictionary > 8)
		strbuf_addf(url, "&zstdDictionary=%u",
		            (unsigned)id[0] | (unsigned)id[1] << 8 | (unsigned)id[2] << 16 | (unsigned)id[3] << 24);
	transfer_header(ret, "Sec-WebSocket-Protocol", STR("xrpc.v1.json"));
	ret->ping = st->n_people > 0; /* such a stream may have nothing to say; v1 always gives account events */
}

static void ask_stream(const struct source *s, int64_t now_unix_ms, struct strbuf *url, struct transfer *ret)
{
	const struct jetstream_settings *j = s->settings;
	struct jetstream_state *st = s->state;
	OWNED_JSON json_t *cursor = social_cursor(s);
	st->known_us = json_get_int(cursor, "at", 0);
	int64_t from_us = st->known_us - REWIND_US;
	int64_t back_ms = s->backfill_ms < REACH_MS ? s->backfill_ms : REACH_MS;

	if (from_us <= 0 && back_ms > 0)
		from_us = (now_unix_ms - back_ms) * 1000;
	st->at_us = from_us > 0 && !st->forget ? from_us : 0;
	add_server(url, host_of(s));
	(j->version == VERSION_2 ? ask_second : ask_first)(j, st, url, ret);
	if (st->at_us > 0)
		strbuf_addf(url, "&cursor=%lld", (long long)st->at_us);
	if (st->n_dictionary > 0)
		ret->zstd_dictionary = arena_str(ret->arena, str_n((const char *)st->dictionary, st->n_dictionary));
	ret->framing = FRAMING_WEBSOCKET;
	ret->idle_ms = IDLE_MS;
}

static bool jetstream_next(struct source *s, int64_t now_unix_ms, struct transfer *ret)
{
	const struct jetstream_settings *j = s->settings;
	struct jetstream_state *st = s->state;
	AUTO(strbuf) struct strbuf url = STRBUF_INIT(4 * URL_MAX);

	if (st->live)
		return false;
	if (st->n_asked < j->handles.list.n) {
		st->step = STEP_PROFILES;
		ask_profiles(j, st, &url);
	} else if (j->compress && !st->plain && st->n_dictionary == 0) {
		st->step = STEP_DICTIONARY;
		ask_dictionary(s, &url);
	} else {
		st->step = STEP_STREAM;
		st->live = true;
		ask_stream(s, now_unix_ms, &url, ret);
	}
	ret->url = arena_str(ret->arena, strbuf_str(&url));
	return true;
}

static bool jetstream_refused(struct source *s, const struct reply *r)
{
	struct jetstream_state *st = s->state;
	struct err ignored = { 0 };
	OWNED_JSON json_t *j = json_parse(strbuf_str(&r->body), &ignored);
	struct str error = json_get_str(j, "error");

	if (st->step == STEP_PROFILES || r->status == 429 || r->status >= 500)
		return false;
	if (st->step == STEP_DICTIONARY) /* an older server */
		return st->plain = true;
	st->live = false;
	if (str_eq(error, STR("CursorTooOld")) && st->at_us > 0 && !st->forget)
		return st->forget = true;
	if (st->n_dictionary > 0 && str_eq(error, STR("UnknownZstdDictionary"))) {
		st->n_dictionary = 0;
		return st->plain = true;
	}
	return false;
}

/* --- answers ---------------------------------------------------------------------------------------- */

/* Whoever is not there any more must not take the others along, but cannot pass unnoticed. */
static void note_missing(const struct jetstream_settings *settings, const struct jetstream_state *st, const json_t *list,
                         struct source_document *d)
{
	AUTO(strbuf) struct strbuf missing = STRBUF_INIT(2048);

	for (size_t i = (st->n_asked - 1) / PROFILES_MAX * PROFILES_MAX; i < st->n_asked; i++) {
		struct str handle = social_handle(settings->handles.list.v[i]);
		bool found = false;
		for (size_t k = 0; k < json_array_size(list) && !found; k++) {
			const json_t *p = json_array_get(list, k);
			found = str_eq(json_get_str(p, "did"), handle) || str_eq_nocase(json_get_str(p, "handle"), handle);
		}
		if (!found)
			strbuf_addf(&missing, "%s%.*s", missing.len > 0 ? ", " : "", STR_ARG(handle));
	}
	if (missing.len > 0)
		d->lost = arena_fmt(d->arena, "the posts of %s: there is no such account", strbuf_cstr(&missing));
}

static int take_profiles(struct source *s, const json_t *j, struct source_document *d, struct err *e)
{
	const struct jetstream_settings *settings = s->settings;
	struct jetstream_state *st = s->state;
	const json_t *list = json_get(j, "profiles");

	for (size_t i = 0; i < json_array_size(list) && st->n_people < HANDLES_MAX; i++) {
		const json_t *p = json_array_get(list, i);
		struct str did = json_get_str(p, "did"), handle = json_get_str(p, "handle");
		struct person *person = &st->people[st->n_people];

		if (!str_starts(did, STR("did:")) || !bluesky_actor(did) || did.len >= DID_MAX || handle.len >= HANDLE_MAX)
			continue;
		snprintf(person->did, sizeof(person->did), "%.*s", STR_ARG(did));
		snprintf(person->handle, sizeof(person->handle), "%.*s", STR_ARG(handle));
		snprintf(person->name, sizeof(person->name), "%.*s",
		         STR_ARG(text_cut(json_get_str(p, "displayName"), NAME_MAX_BYTES - 1)));
		st->n_people++;
	}
	if (st->n_people == 0 && st->n_asked == settings->handles.list.n) /* without a filter it would be the whole network */
		return err_set(e, ERR_INPUT, "no account %.*s", STR_ARG(text_cut(social_handle(settings->handles.list.v[0]), 200)));
	note_missing(settings, st, list, d);
	return 0;
}

static int take_dictionary(struct jetstream_state *st, struct str bytes)
{
	st->plain = bytes.len < 9 || bytes.len > sizeof(st->dictionary) || !str_starts(bytes, STR("\x37\xa4\x30\xec"));
	if (!st->plain) {
		memcpy(st->dictionary, bytes.p, bytes.len);
		st->n_dictionary = bytes.len;
	}
	return 0;
}

/* One event, whichever version says it. */
struct event {
	struct str kind, did, operation, collection, rkey, handle;
	const json_t *record;
	int64_t at_us;
};

static struct event first_version(const json_t *j)
{
	const json_t *commit = json_get(j, "commit");

	return (struct event){ .kind = json_get_str(j, "kind"), .did = json_get_str(j, "did"),
		               .operation = json_get_str(commit, "operation"), .collection = json_get_str(commit, "collection"),
		               .rkey = json_get_str(commit, "rkey"), .record = json_get(commit, "record"),
		               .handle = json_get_str(json_get(j, "identity"), "handle"), .at_us = json_get_int(j, "time_us", 0) };
}

static struct event second_version(const json_t *j)
{
	const json_t *p = json_get(j, "payload");
	struct str type = json_get_str(p, "$type");
	int64_t at = social_time(p, "time");

	return (struct event){ .kind = str_from(type, str_chr(type, '#') == STR_NPOS ? type.len : str_chr(type, '#') + 1),
		               .did = json_get_str(p, "did"), .operation = json_get_str(p, "operation"),
		               .collection = json_get_str(p, "collection"), .rkey = json_get_str(p, "rkey"),
		               .record = json_get(p, "record"), .handle = json_get_str(p, "handle"),
		               .at_us = at == TIME_ABSENT ? 0 : at * 1000 };
}

static struct person *person_of(struct jetstream_state *st, struct str did)
{
	for (size_t i = 0; i < st->n_people; i++)
		if (str_eq(str_c(st->people[i].did), did))
			return &st->people[i];
	return NULL;
}

static void add_author(struct jetstream_state *st, struct post *p, struct str did)
{
	const struct person *known = person_of(st, did);
	struct str handle = known != NULL ? str_c(known->handle) : STR_NULL;

	p->authors.n = 0;
	struct author *a = post_add_author(p, known != NULL ? str_c(known->name) : STR_NULL, handle,
	                                   arena_fmt(p->arena, "https://bsky.app/profile/%.*s",
	                                             STR_ARG(str_empty(handle) ? did : handle)));
	if (a != NULL)
		a->id = arena_str(p->arena, did);
}

/* A repost is a record of its own; what it repeats is known by its address alone. */
static struct post *read_repost(const struct event *v)
{
	struct str original = json_get_str(json_get(v->record, "subject"), "uri");

	if (!str_starts(original, STR("at://")) || str_empty(v->did) || str_empty(v->rkey))
		return NULL;
	struct post *p = post_new();
	p->repost_of = arena_str(p->arena, original);
	p->published_unix_ms = bluesky_time(v->record, NULL);
	return p;
}

static void take_commit(struct jetstream_state *st, const struct jetstream_settings *j, const struct event *v,
                        struct source_document *d)
{
	bool repost = str_eq(v->collection, STR(REPOSTS)), gone = str_eq(v->operation, STR("delete"));

	if (!(str_eq(v->collection, STR(POSTS)) || (repost && j->reposts)) || str_empty(v->did) || str_empty(v->rkey))
		return;
	struct post *p = gone ? post_new() : repost ? read_repost(v) : bluesky_record(v->did, v->rkey, v->record);
	if (p == NULL)
		return;
	p->platform = STR("bluesky");
	p->deleted = gone;
	p->id = arena_fmt(p->arena, "at://%.*s/%.*s/%.*s", STR_ARG(v->did), STR_ARG(v->collection), STR_ARG(v->rkey));
	if (!gone)
		add_author(st, p, v->did);
	/* Its author says when, but not later than it was seen. */
	if (!gone && v->at_us > 0 && (p->published_unix_ms == TIME_ABSENT || p->published_unix_ms > v->at_us / 1000))
		p->published_unix_ms = v->at_us / 1000;
	vec_push(&d->posts.posts, p);
}

static void note_lost(struct jetstream_state *st, const struct event *v, struct source_document *d)
{
	char from[DATE_TEXT_MAX], to[DATE_TEXT_MAX];

	d->lost = arena_fmt(d->arena, "posts from %s to %s: the server does not go back so far",
	                    date_rfc3339(from, st->known_us / 1000), date_rfc3339(to, v->at_us / 1000));
}

static int take_event(struct source *s, const struct frame *f, struct source_document *d, struct err *e)
{
	const struct jetstream_settings *settings = s->settings;
	struct jetstream_state *st = s->state;

	source_document_init(d);
	OWNED_JSON json_t *j = source_json(f->bytes, "commits", "did", &d->repaired, e);
	if (j == NULL)
		return -1;
	if (str_eq(json_get_str(j, "$type"), STR("error")))
		return err_set(e, ERR_SYSTEM, "the server ends the stream: %.*s: %.*s",
		               STR_ARG(text_cut(json_get_str(j, "error"), 100)),
		               STR_ARG(text_cut(json_get_str(j, "message"), 300)));
	struct event v = json_get(j, "payload") != NULL ? second_version(j) : first_version(j);
	struct person *known = person_of(st, v.did);
	if (known != NULL && str_present(v.handle) && v.handle.len < HANDLE_MAX && bluesky_actor(v.handle))
		snprintf(known->handle, sizeof(known->handle), "%.*s", STR_ARG(v.handle));
	if (str_eq(v.kind, STR("commit")))
		take_commit(st, settings, &v, d);
	source_document_finish(d, NULL, 0);
	if (v.at_us <= 0)
		return 0;
	bool gap = st->forget || (settings->version == VERSION_1 && v.at_us > st->known_us + LOST_US);
	if (!st->begun && st->known_us > 0 && gap)
		note_lost(st, &v, d);
	st->begun = true;
	st->at_us = v.at_us > st->at_us ? v.at_us : st->at_us;
	d->cursor = arena_fmt(d->arena, "{\"at\":%lld}", (long long)st->at_us);
	return 0;
}

static int jetstream_parse(struct source *s, const struct frame *f, struct source_document *out, struct err *e)
{
	struct jetstream_state *st = s->state;

	*out = (struct source_document){ .arena = NULL };
	if (st->step == STEP_STREAM)
		return take_event(s, f, out, e);
	source_document_init(out);
	if (st->step == STEP_DICTIONARY)
		return take_dictionary(st, f->bytes);
	OWNED_JSON json_t *j = source_json(f->bytes, "profiles", "did", &out->repaired, e);
	return j == NULL ? -1 : take_profiles(s, j, out, e);
}

/* --- context ---------------------------------------------------------------------------------------- */

static size_t jetstream_context(struct source *s, const struct str *ids, size_t n, struct transfer *ret)
{
	const struct jetstream_settings *j = s->settings;

	return bluesky_ask_context(j->api, ids, n, ret);
}

const struct source_type source_jetstream = {
	.name = "jetstream",
	.help = "Bluesky's whole network, or some of its accounts, as posts come (AT Protocol's Jetstream)",
	.framing = FRAMING_WEBSOCKET,
	.fields = jetstream_fields,
	.settings_size = sizeof(struct jetstream_settings),
	.state_size = sizeof(struct jetstream_state),
	.url_optional = true,
	.url_schemes = "wss https ws http",
	.own_ids = true,
	.open = jetstream_open,
	.next = jetstream_next,
	.parse = jetstream_parse,
	.refused = jetstream_refused,
	.context = jetstream_context,
	.parse_context = bluesky_parse_context,
	.recognise = jetstream_recognise,
};
