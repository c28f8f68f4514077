/* SPDX-License-Identifier: ISC */
/*
 * Bluesky, or another AppView of the AT Protocol: posts of an account, of a list, of a custom feed, search (lexicons
 * app.bsky.feed.* and com.atproto.server.* of bluesky-social/atproto, 2026-08).
 *
 * A login is kept as the account's session {"access","refresh"} and refreshed when it is refused, for logins are few
 * (300 a day) and polls are many.
 * Cursor: {"did" what the handle was, "since" ms of the newest post known, and while a poll is half read "newest" what
 * "since" will be, "page" the server's own cursor}.
 */
#include "bluesky.h"

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"

#define PUBLIC_API "https://public.api.bsky.app"
#define LOGIN_API "https://bsky.social"
#define PAGE_MAX 100
#define ASK_AGAIN_MS 60000 /* what came while the first, empty answer was under way */

struct bluesky_settings {
	struct arena *arena;
	struct str handle, list, feed, query;
	bool replies, reposts;
};
enum bluesky_step { STEP_POSTS, STEP_DID, STEP_LOGIN, STEP_REFRESH };
struct bluesky_state {
	enum bluesky_step step;         /* what was asked last */
	bool done, refresh, login, restart;
	int64_t asked_unix_ms;
};

#define IN(member) .offset = offsetof(struct bluesky_settings, member)
static const struct field bluesky_fields[] = {
	{ "handle", FIELD_TEXT, IN(handle), .help = "Account whose posts are read: alice.bsky.social, or its DID." },
	{ "list", FIELD_TEXT, IN(list), .help = "List of accounts: at://…/app.bsky.graph.list/…, or its address in the web." },
	{ "feed", FIELD_TEXT, IN(feed), .help = "Custom feed: at://…/app.bsky.feed.generator/…, or its address in the web." },
	{ "query", FIELD_TEXT, IN(query), .help = "Search in Bluesky's own language; needs an account." },
	{ "replies", FIELD_BOOL, IN(replies), .otherwise = "true", .help = "Replies of the account too." },
	{ "reposts", FIELD_BOOL, IN(reposts), .otherwise = "true", .help = "Reposts too." },
	FIELD_END,
};
#undef IN

/* --- settings --------------------------------------------------------------------------------------- */

/* Whom a list or feed belongs to, and its key: of "at://WHO/COLLECTION/KEY" and "https://bsky.app/profile/WHO/WORD/KEY". */
static bool split_place(struct str s, const char *word, struct str *ret_who, struct str *ret_key)
{
	struct str scheme = str_starts(s, STR("at://")) ? STR("at://") : STR("https://bsky.app/profile/"), kind;

	if (!str_starts(s, scheme))
		return false;
	s = str_from(s, scheme.len);
	if (!str_split(&s, '/', ret_who) || !str_split(&s, '/', &kind) || !str_split(&s, '/', ret_key))
		return false;
	bool known = scheme.len == 5 ? str_starts(kind, STR("app.bsky.")) : str_eq(kind, str_c(word));
	return known && !str_empty(*ret_who) && !str_empty(*ret_key);
}

bool bluesky_actor(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!char_is_alnum(s.p[i]) && str_chr(STR(".-_:"), s.p[i]) == STR_NPOS)
			return false;
	return s.len > 0 && s.len <= 253;
}

/* The account that must be known before posts can be asked for; absent for a search. */
static struct str who_of(const struct bluesky_settings *b)
{
	struct str who, key;

	if (str_present(b->handle))
		return social_handle(b->handle);
	if (str_present(b->list) && split_place(b->list, "lists", &who, &key))
		return who;
	if (str_present(b->feed) && split_place(b->feed, "feed", &who, &key))
		return who;
	return STR_NULL;
}

static int bluesky_open(const struct source *s, struct strbuf *ret_url, struct err *e)
{
	const struct bluesky_settings *b = s->settings;
	int said = str_present(b->handle) + str_present(b->list) + str_present(b->feed) + str_present(b->query);
	struct str api = s->account ? s->account->api : STR_NULL;

	if (said != 1)
		return err_set(e, ERR_INPUT, "expected one of handle, list, feed and query%s", said ? ", not several" : "");
	if (!str_present(b->query) && !bluesky_actor(who_of(b)))
		return err_set(e, ERR_INPUT, str_present(b->handle)
			? "handle: expected a name such as alice.bsky.social, or a DID"
			: "expected at://… or the address of a list or feed on bsky.app");
	if (str_present(b->query) && s->account == NULL)
		return err_set(e, ERR_INPUT, "expected account: Bluesky answers searches only to those who are logged in");
	if (s->account != NULL && str_empty(s->account->username))
		return err_set(e, ERR_INPUT, "account \"%.*s\" needs username: its handle", STR_ARG(s->account->name));
	if (str_present(s->url) && str_present(api) && !str_eq(url_host(s->url), url_host(api)))
		return err_set(e, ERR_INPUT, "url leads to another server than the account's api: its token must not go there");
	social_api(s->account, s->account ? LOGIN_API : PUBLIC_API, ret_url);
	return 0;
}

static bool recognise_page(struct str text, const struct pasted_url *u, json_t *settings, struct strbuf *said)
{
	if (u->n > 0 && str_eq(u->path[0], STR("search")) && str_present(u->q)) {
		json_set_text(settings, "query", u->q);
		strbuf_addf(said, "the search \"%.*s\" on Bluesky", STR_ARG(u->q));
		return true;
	}
	if (u->n > 1 && str_eq(u->path[0], STR("hashtag"))) {
		AUTO(strbuf) struct strbuf tag = STRBUF_INIT(URL_MAX);
		strbuf_addf(&tag, "#%.*s", STR_ARG(u->path[1]));
		json_set_text(settings, "query", strbuf_str(&tag));
		strbuf_addf(said, "the hashtag %s on Bluesky", strbuf_cstr(&tag));
		return true;
	}
	if (u->n < 2 || !str_eq(u->path[0], STR("profile")) || !bluesky_actor(u->path[1]))
		return false;
	if (u->n > 2 && str_eq(u->path[2], STR("rss"))) /* a feed like any other */
		return false;
	if (u->n > 3 && (str_eq(u->path[2], STR("lists")) || str_eq(u->path[2], STR("feed")))) {
		bool list = str_eq(u->path[2], STR("lists"));
		json_set_text(settings, list ? "list" : "feed", text);
		strbuf_addf(said, "a %s of Bluesky", list ? "list" : "custom feed");
		return true;
	}
	json_set_text(settings, "handle", u->path[1]);
	strbuf_addf(said, "the account @%.*s of Bluesky", STR_ARG(u->path[1]));
	return true;
}

/* "@alice.bsky.social" (a name with a dot is nobody's on X), "alice.bsky.social", "did:plc:…", "at://…", and addresses of
 * bsky.app. */
static bool bluesky_recognise(struct str text, json_t *settings, struct strbuf *said)
{
	OWNED(arena) struct arena *arena = arena_new(64 << 10);
	struct pasted_url u;
	struct str who, key, handle = social_handle(text);

	if (source_pasted_url(text, arena, &u))
		return str_eq_nocase(u.host, STR("bsky.app")) && recognise_page(text, &u, settings, said);
	if (split_place(text, "", &who, &key) && bluesky_actor(who)) {
		bool list = str_find(text, STR("/app.bsky.graph.list/")) != STR_NPOS;
		json_set_text(settings, list ? "list" : "feed", text);
		strbuf_addf(said, "a %s of Bluesky", list ? "list" : "custom feed");
		return true;
	}
	bool dotted = str_starts(text, STR("@")) && str_chr(handle, '.') != STR_NPOS && str_chr(handle, ':') == STR_NPOS;
	bool own = str_ends(text, STR(".bsky.social")) && str_chr(text, ':') == STR_NPOS;
	if (!bluesky_actor(handle) || !(dotted || own || str_starts(text, STR("did:"))))
		return false;
	json_set_text(settings, "handle", handle);
	strbuf_addf(said, "the account @%.*s of Bluesky", STR_ARG(handle));
	return true;
}

/* --- asking ----------------------------------------------------------------------------------------- */

static json_t *session_of(const struct source *s)
{
	struct err ignored = { 0 };
	struct str text = s->account ? s->account->session : STR_NULL;

	return str_empty(text) ? NULL : json_parse(text, &ignored);
}

static void ask_login(const struct account *a, struct transfer *t, struct strbuf *url)
{
	OWNED_JSON json_t *body = json_object();
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(64 << 10);

	json_set_text(body, "identifier", social_handle(a->username));
	json_set_text(body, "password", a->token);
	json_dump(&text, body, false);
	strbuf_adds(url, "/xrpc/com.atproto.server.createSession");
	transfer_header(t, "Content-Type", STR("application/json"));
	t->method = STR("POST");
	t->body = arena_str(t->arena, strbuf_str(&text));
	t->has_body = true;
}

static int bluesky_login(const struct account *a, struct transfer *ret, struct err *e)
{
	AUTO(strbuf) struct strbuf url = STRBUF_INIT(URL_MAX);

	if (str_empty(a->username))
		return err_set(e, ERR_INPUT, "username: expected the account's handle; the token is an app password of it");
	social_api(a, LOGIN_API, &url);
	ask_login(a, ret, &url);
	ret->url = arena_str(ret->arena, strbuf_str(&url));
	return 0;
}

/* What must be there before posts can be asked for: a login, an id. */
static enum bluesky_step next_step(const struct source *s, const struct bluesky_state *st, const json_t *session,
                                   const json_t *cursor)
{
	struct str who = who_of(s->settings);

	if (s->account != NULL && (st->login || session == NULL))
		return STEP_LOGIN;
	if (s->account != NULL && st->refresh)
		return STEP_REFRESH;
	if (str_present(who) && !str_starts(who, STR("did:")) && !str_present(json_get_str(cursor, "did")))
		return STEP_DID;
	return STEP_POSTS;
}

static void ask_posts(const struct source *s, const struct bluesky_state *st, const json_t *cursor, struct strbuf *url)
{
	const struct bluesky_settings *b = s->settings;
	struct str who = who_of(b), key = STR_NULL, did = str_starts(who, STR("did:")) ? who : json_get_str(cursor, "did");
	AUTO(strbuf) struct strbuf at = STRBUF_INIT(URL_MAX);

	if (str_present(b->handle)) {
		strbuf_adds(url, "/xrpc/app.bsky.feed.getAuthorFeed");
		url_param(url, "actor", did);
		url_param(url, "filter", b->replies ? STR("posts_with_replies") : STR("posts_no_replies"));
	} else if (str_present(b->query)) {
		strbuf_adds(url, "/xrpc/app.bsky.feed.searchPosts?sort=latest");
		url_param(url, "q", b->query);
	} else {
		bool list = str_present(b->list);
		(void)split_place(list ? b->list : b->feed, list ? "lists" : "feed", &who, &key);
		strbuf_addf(&at, "at://%.*s/%s/%.*s", STR_ARG(did), list ? "app.bsky.graph.list" : "app.bsky.feed.generator",
		            STR_ARG(key));
		strbuf_adds(url, list ? "/xrpc/app.bsky.feed.getListFeed" : "/xrpc/app.bsky.feed.getFeed");
		url_param(url, list ? "list" : "feed", strbuf_str(&at));
	}
	strbuf_addf(url, "&limit=%d", PAGE_MAX);
	if (!st->restart)
		url_param(url, "cursor", json_get_str(cursor, "page"));
}

static bool bluesky_next(struct source *s, int64_t now_unix_ms, struct transfer *ret)
{
	struct bluesky_state *st = s->state;
	OWNED_JSON json_t *cursor = social_cursor(s), *session = session_of(s);
	AUTO(strbuf) struct strbuf url = STRBUF_INIT(URL_MAX);

	if (st->done)
		return false;
	st->asked_unix_ms = now_unix_ms;
	st->step = next_step(s, st, session, cursor);
	social_server(&url, s->url);
	ret->bearer = arena_str(ret->arena, json_get_str(session, st->step == STEP_REFRESH ? "refresh" : "access"));
	switch (st->step) {
	case STEP_LOGIN:
		ret->bearer = STR_NULL;
		ask_login(s->account, ret, &url);
		break;
	case STEP_REFRESH:
		strbuf_adds(&url, "/xrpc/com.atproto.server.refreshSession");
		ret->method = STR("POST");
		break;
	case STEP_DID:
		strbuf_adds(&url, "/xrpc/com.atproto.identity.resolveHandle");
		url_param(&url, "handle", who_of(s->settings));
		break;
	case STEP_POSTS:
		ask_posts(s, st, cursor, &url);
		break;
	}
	ret->url = arena_str(ret->arena, strbuf_str(&url));
	return true;
}

/* An expired token is 400 here, a bad one 401: refresh, and if that is refused too, log in anew, once. */
static bool bluesky_refused(struct source *s, const struct reply *r)
{
	struct bluesky_state *st = s->state;
	struct err ignored = { 0 };
	OWNED_JSON json_t *j = json_parse(strbuf_str(&r->body), &ignored);
	struct str error = json_get_str(j, "error");
	bool bad = str_eq(error, STR("ExpiredToken")) || str_eq(error, STR("InvalidToken"));
	bool token = r->status == 401 || (r->status == 400 && bad);

	if (st->step == STEP_REFRESH && (r->status == 400 || r->status == 401)) {
		st->refresh = false;
		return st->login = true;
	}
	if (st->step != STEP_LOGIN && token && s->account != NULL && !st->refresh && !st->login)
		return st->refresh = true;
	OWNED_JSON json_t *cursor = social_cursor(s);
	bool stale = st->step == STEP_POSTS && r->status == 400 && str_present(json_get_str(cursor, "page")) && !st->restart;
	st->restart = st->restart || stale; /* the server's cursor of a poll that broke off is not for ever */
	return stale;
}

/* --- answers ---------------------------------------------------------------------------------------- */

/* What can stand in a header (RFC 6750, 2.1, is narrower still). */
static bool is_token(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f)
			return false;
	return s.len > 0;
}

static int take_session(struct source *s, const json_t *j, struct source_document *d, struct err *e)
{
	struct bluesky_state *st = s->state;
	struct str access = json_get_str(j, "accessJwt"), refresh = json_get_str(j, "refreshJwt");
	OWNED_JSON json_t *session = json_object();
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(32 << 10);

	if (!is_token(access) || !is_token(refresh))
		return err_set(e, ERR_INPUT, "the login was answered without tokens");
	json_set_text(session, "access", access);
	json_set_text(session, "refresh", refresh);
	json_dump(&text, session, false);
	d->session = arena_str(d->arena, strbuf_str(&text));
	st->login = st->refresh = false;
	return 0;
}

static int take_did(struct source *s, const json_t *j, struct source_document *d, struct err *e)
{
	struct str did = json_get_str(j, "did");

	if (!str_starts(did, STR("did:")) || !bluesky_actor(did))
		return err_set(e, ERR_INPUT, "no account %.*s", STR_ARG(text_cut(who_of(s->settings), 200)));
	json_t *cursor = social_cursor(s);
	json_set_text(cursor, "did", did);
	social_set_cursor(d, cursor);
	return 0;
}

static void add_context(struct post *p, enum relation relation, const json_t *view)
{
	struct post *q = bluesky_view(view);

	if (q == NULL)
		return; /* deleted, blocked */
	post_seal(q);
	if (relation == RELATION_ROOT && (str_eq(q->id, p->reply_to) || str_eq(q->id, p->id)))
		post_free(q);
	else
		post_add_context(p, relation, q);
}

/* A repost says nothing itself: its text is what it repeats. */
static void make_repost(struct post *p, const json_t *view, const json_t *reason)
{
	const json_t *by = json_get(reason, "by");
	struct str uri = json_get_str(reason, "uri"), handle = json_get_str(by, "handle"), did = json_get_str(by, "did");
	struct str original = p->id;

	p->id = !str_empty(uri) ? arena_str(p->arena, uri)
	                        : arena_fmt(p->arena, "repost by %.*s of %.*s", STR_ARG(did), STR_ARG(original));
	p->repost_of = original;
	p->reply_to = STR_NULL;
	p->published_unix_ms = social_time(reason, "indexedAt");
	p->authors.n = 0;
	bool invalid = str_eq(handle, STR("handle.invalid")); /* it does not lead back to the account: nobody's name */
	struct author *a = post_add_author(p, json_get_str(by, "displayName"), invalid ? STR_NULL : handle,
	                                   arena_fmt(p->arena, "https://bsky.app/profile/%.*s", STR_ARG(invalid ? did : handle)));
	if (a != NULL)
		a->id = arena_str(p->arena, did);
	add_context(p, RELATION_REPOSTED, view);
}

/* One of a feed ({post, reply, reason}), or of a search (the view itself).  NULL: not wanted, or none. */
static struct post *read_item(const struct bluesky_settings *b, const json_t *item)
{
	const json_t *view = json_get(item, "post"), *reason = json_get(item, "reason"), *reply = json_get(item, "reply");
	bool repost = str_eq(json_get_str(reason, "$type"), STR("app.bsky.feed.defs#reasonRepost"));
	struct post *p = repost && !b->reposts ? NULL : bluesky_view(view ? view : item);

	if (p == NULL)
		return NULL;
	if (repost) {
		make_repost(p, view, reason);
	} else {
		add_context(p, RELATION_PARENT, json_get(reply, "parent"));
		add_context(p, RELATION_ROOT, json_get(reply, "root"));
	}
	return p;
}

static int64_t time_of(const json_t *item)
{
	const json_t *view = json_get(item, "post"), *reason = json_get(item, "reason");

	view = view ? view : item;
	if (json_get(reason, "indexedAt") != NULL)
		return social_time(reason, "indexedAt");
	return bluesky_time(json_get(view, "record"), view);
}

/* On to older pages until what is known is reached; a custom feed has an order of its own, so of it one page. */
static void go_on(struct source *s, struct source_document *d, const json_t *j, const json_t *list)
{
	const struct bluesky_settings *b = s->settings;
	struct bluesky_state *st = s->state;
	json_t *cursor = social_cursor(s);
	int64_t since = json_get_int(cursor, "since", 0), newest = json_get_int(cursor, "newest", 0), oldest = INT64_MAX;
	struct str page = json_get_str(j, "cursor");
	bool first_look = since == 0 && s->backfill_ms == 0;

	for (size_t i = 0; i < json_array_size(list); i++) {
		int64_t t = time_of(json_array_get(list, i));
		const json_t *reason = json_get(json_array_get(list, i), "reason");

		if (t == TIME_ABSENT || str_eq(json_get_str(reason, "$type"), STR("app.bsky.feed.defs#reasonPin")))
			continue;
		newest = t > newest ? t : newest;
		oldest = t < oldest ? t : oldest;
	}
	int64_t stop = since > 0 ? since : s->backfill_ms < st->asked_unix_ms ? st->asked_unix_ms - s->backfill_ms : INT64_MIN;
	st->done = first_look || str_present(b->feed) || str_empty(page) || json_array_size(list) == 0 || oldest <= stop;
	st->restart = false;
	json_object_del(cursor, "newest");
	json_object_del(cursor, "page");
	if (st->done) {
		int64_t asked = st->asked_unix_ms > ASK_AGAIN_MS ? st->asked_unix_ms - ASK_AGAIN_MS : 1;
		json_set_int(cursor, "since", newest > since ? newest : since > 0 ? since : asked);
	} else {
		json_set_int(cursor, "newest", newest);
		json_set_text(cursor, "page", page);
	}
	social_set_cursor(d, cursor);
}

static int take_posts(struct source *s, const json_t *j, struct source_document *d, struct err *e)
{
	const struct bluesky_settings *b = s->settings;
	const json_t *list = json_get(j, "feed");

	if (list == NULL)
		list = json_get(j, "posts");
	if (!json_is_array(list))
		return err_set(e, ERR_INPUT, "no answer of Bluesky's API: it has neither \"feed\" nor \"posts\"");
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct post *p = read_item(b, json_array_get(list, i));

		if (p != NULL)
			vec_push(&d->posts.posts, p);
	}
	source_document_finish(d, NULL, 0);
	go_on(s, d, j, list);
	return 0;
}

static int bluesky_parse(struct source *s, const struct frame *f, struct source_document *out, struct err *e)
{
	const struct bluesky_settings *b = s->settings;
	const struct bluesky_state *st = s->state;
	bool search = str_present(b->query), repaired;

	*out = (struct source_document){ .arena = NULL };
	OWNED_JSON json_t *j = source_json(f->bytes, search ? "posts" : "feed", search ? "uri" : "post", &repaired, e);
	if (j == NULL)
		return -1;
	source_document_init(out);
	out->repaired = repaired;
	switch (st->step) {
	case STEP_LOGIN:
	case STEP_REFRESH:
		return take_session(s, j, out, e);
	case STEP_DID:
		return take_did(s, j, out, e);
	case STEP_POSTS:
		break;
	}
	return take_posts(s, j, out, e);
}

/* --- context ---------------------------------------------------------------------------------------- */

#define CONTEXT_MAX 25 /* of app.bsky.feed.getPosts */

size_t bluesky_ask_context(struct str api, const struct str *ids, size_t n, struct transfer *ret)
{
	AUTO(strbuf) struct strbuf url = STRBUF_INIT(4 * URL_MAX);
	size_t taken = 0;

	social_server(&url, api);
	strbuf_adds(&url, "/xrpc/app.bsky.feed.getPosts");
	for (; taken < n && taken < CONTEXT_MAX && str_starts(ids[taken], STR("at://")); taken++)
		url_param(&url, "uris", ids[taken]);
	ret->url = arena_str(ret->arena, strbuf_str(&url));
	return taken;
}

static size_t bluesky_context(struct source *s, const struct str *ids, size_t n, struct transfer *ret)
{
	OWNED_JSON json_t *session = session_of(s);

	ret->bearer = arena_str(ret->arena, json_get_str(session, "access"));
	return bluesky_ask_context(s->url, ids, n, ret);
}

int bluesky_parse_context(struct source *s __attribute__((unused)), const struct frame *f, const struct str *ids, size_t n,
                          struct source_document *out, struct err *e)
{
	*out = (struct source_document){ .arena = NULL };
	OWNED_JSON json_t *j = source_json(f->bytes, "posts", "uri", &out->repaired, e);
	const json_t *list = json_get(j, "posts");
	if (j == NULL)
		return -1;
	if (!json_is_array(list))
		return err_set(e, ERR_INPUT, "no answer of Bluesky's API: it has no \"posts\"");
	source_document_init(out);
	for (size_t i = 0; i < n; i++) {
		struct post *found = NULL;
		for (size_t k = 0; k < json_array_size(list) && found == NULL; k++)
			if (str_eq(json_get_str(json_array_get(list, k), "uri"), ids[i]))
				found = bluesky_view(json_array_get(list, k));
		if (found != NULL)
			post_seal(found);
		vec_push(&out->posts.posts, found);
	}
	return 0;
}

const struct source_type source_bluesky = {
	.name = "bluesky",
	.help = "Bluesky (AT Protocol): accounts, lists, custom feeds, search",
	.framing = FRAMING_BODY,
	.fields = bluesky_fields,
	.settings_size = sizeof(struct bluesky_settings),
	.state_size = sizeof(struct bluesky_state),
	.account = ACCOUNT_MAY,
	.url_optional = true,
	.own_ids = true,
	.open = bluesky_open,
	.login = bluesky_login,
	.next = bluesky_next,
	.parse = bluesky_parse,
	.refused = bluesky_refused,
	.context = bluesky_context,
	.parse_context = bluesky_parse_context,
	.recognise = bluesky_recognise,
};
