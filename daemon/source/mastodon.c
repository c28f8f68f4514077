/* SPDX-License-Identifier: ISC */
/*
 * Mastodon and every server that speaks its API (Pleroma, Akkoma, GoToSocial, snac, Pixelfed …): posts of an account,
 * of a hashtag, of a list, of a server's timelines, search (docs.joinmastodon.org: accounts, timelines, search; read 2026-07).
 *
 * A poll reads the newest page, which also shows edits; if that does not reach back to what is known, pages forward from
 * there by min_id fill the gap and miss nothing, however much came meanwhile.
 * Cursor: {"id" the account that the address was, "server" where it was found, if not where it was looked for,
 * "min" newest status known, "newest" what "min" will be when a gap is filled, "back" oldest one known while the first
 * poll reads backwards, "begun" after the first page, "stream" where streams come from}.
 *
 * A stream needs a token; it is opened once the newest page and the gap are read (docs.joinmastodon.org: methods,
 * streaming).  Its deletions name a status by the server's own number: the last ones that were seen are kept.
 */
#include "mastodon.h"

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"

#define PAGE_MAX 40
#define IDLE_MS 60000 /* ":thump" comes every 15 s */
#define STATUS_SCRATCH_MAX (FIELD_HTML_MAX * 2)

struct mastodon_settings {
	struct arena *arena;
	struct str handle, tag, list, query;
	int timeline;
	bool replies, reposts, stream;
};
enum timeline { TIMELINE_NONE, TIMELINE_PUBLIC, TIMELINE_LOCAL, TIMELINE_REMOTE, TIMELINE_HOME };
/* Where the account of an address is looked for, one after the other. */
enum look { LOOK_FULL, LOOK_FINGER, LOOK_USER, LOOK_SEARCH, LOOK_END };
#define SEEN_MAX 1024
struct seen {                       /* NUL-ended; what does not fit is not kept */
	char number[32], uri[224];
};
struct mastodon_state {
	bool looking;               /* the last request was such a one */
	bool asking_instance, live; /* or asked where streams are, or was the stream */
	bool own_streams;           /* the server does not say where they are: it has them itself */
	bool done, forget_id;
	enum look look;
	int64_t stop_unix_ms;       /* reading backwards: not beyond */
	bool listens;               /* deletions may name what was seen */
	size_t n_seen;
	struct seen seen[SEEN_MAX]; /* a ring; last, since sources that do not listen never touch its quarter of a megabyte */
};

static const char *const timelines[] = { "none", "public", "local", "remote", "home", NULL };
#define IN(member) .offset = offsetof(struct mastodon_settings, member)
static const struct field mastodon_fields[] = {
	{ "handle", FIELD_TEXT, IN(handle), .help = "Address of the account whose posts are read: Gargron@mastodon.social." },
	{ "tag", FIELD_TEXT, IN(tag), .help = "Hashtag, with or without #, as the server knows it." },
	{ "list", FIELD_TEXT, IN(list), .help = "Number of a list of the account." },
	{ "timeline", FIELD_CHOICE, IN(timeline), .choices = timelines, .otherwise = "none",
	  .help = "Timeline of the server (public: all it knows, local, remote) or of the account (home)." },
	{ "query", FIELD_TEXT, IN(query),
	  .help = "Search in the server's own language; needs an account, and a server that can." },
	{ "replies", FIELD_BOOL, IN(replies), .otherwise = "true", .help = "Replies of the account too." },
	{ "reposts", FIELD_BOOL, IN(reposts), .otherwise = "true", .help = "Boosts of the account too." },
	{ "stream", FIELD_BOOL, IN(stream), .otherwise = "false",
	  .help = "Listen to the tag, list or timeline instead of polling it; needs an account." },
	FIELD_END,
};
#undef IN

/* --- asking ----------------------------------------------------------------------------------------- */

static struct str user_of(struct str handle)
{
	handle = social_handle(handle);
	return str_slice(handle, 0, str_chr(handle, '@'));
}

static struct str host_of(struct str handle)
{
	handle = social_handle(handle);
	size_t at = str_chr(handle, '@');
	return at == STR_NPOS ? STR_NULL : str_from(handle, at + 1);
}

static int check_handle(const struct source *s, struct str handle, struct err *e)
{
	struct str host = host_of(handle);
	bool clean = !str_empty(user_of(handle)) && str_chr(host, '@') == STR_NPOS;

	for (size_t i = 0; i < handle.len; i++)
		clean = clean && (unsigned char)handle.p[i] > ' ' && str_chr(STR("/?#\\\"<>"), handle.p[i]) == STR_NPOS;
	if (!clean || (str_empty(host) && str_empty(s->url) && s->account == NULL))
		return err_set(e, ERR_INPUT, "\"%.*s\" is no address, expected name@server", STR_ARG(text_cut(handle, 100)));
	return 0;
}

static int mastodon_open(const struct source *s, struct strbuf *ret_url, struct err *e)
{
	const struct mastodon_settings *m = s->settings;
	int said = str_present(m->handle) + str_present(m->tag) + str_present(m->list) + str_present(m->query) +
	           (m->timeline != TIMELINE_NONE);
	bool own = str_present(m->list) || str_present(m->query) || m->timeline == TIMELINE_HOME;
	struct str api = s->account ? s->account->api : STR_NULL;

	if (said != 1)
		return err_set(e, ERR_INPUT,
		               "expected one of handle, tag, list, query and timeline%s", said ? ", not several" : "");
	if (str_present(m->handle) && check_handle(s, m->handle, e) != 0)
		return -1;
	if (own && s->account == NULL)
		return err_set(e, ERR_INPUT, "expected account: lists, search and home are read as somebody");
	if (m->stream && (str_present(m->handle) || str_present(m->query)))
		return err_set(e, ERR_INPUT,
		               "stream: Mastodon has none of an account or of a search, expected tag, list or timeline");
	if (m->stream && s->account == NULL)
		return err_set(e, ERR_INPUT, "stream: expected account: streams are for those who are logged in");
	if (str_present(s->url) && str_present(api) && !str_eq(url_host(s->url), url_host(api)))
		return err_set(e, ERR_INPUT, "url leads to another server than the account's api: its token must not go there");
	social_api(s->account, "", ret_url);
	if (ret_url->len == 0 && s->account == NULL && str_present(host_of(m->handle)))
		strbuf_addf(ret_url, "https://%.*s", STR_ARG(host_of(m->handle)));
	if (ret_url->len == 0 && str_empty(s->url))
		return err_set(e, ERR_INPUT, "which server? Expected url, or an account with api");
	return 0;
}

static void say_account(json_t *settings, struct strbuf *said, struct str user, struct str host)
{
	AUTO(strbuf) struct strbuf handle = STRBUF_INIT(4096);

	strbuf_addf(&handle, "%.*s@%.*s", STR_ARG(user), STR_ARG(host));
	json_set_text(settings, "handle", strbuf_str(&handle));
	strbuf_addf(said, "the Mastodon account @%s", strbuf_cstr(&handle));
}

static void say_tag(json_t *settings, struct strbuf *said, struct str tag, struct str server)
{
	json_set_text(settings, "tag", tag);
	json_set_text(settings, "url", server);
	strbuf_addf(said, "the hashtag #%.*s on %.*s", STR_ARG(tag), STR_ARG(url_host(server)));
}

/* "https://server/@name" is of many sites that know nothing of Mastodon. */
static bool is_other_site(struct str host)
{
	static const char *const sites[] = {
		"youtube.com", "medium.com", "tiktok.com", "threads.net", "threads.com", "flipboard.com", "substack.com",
		"x.com", "twitter.com", "bsky.app", "odysee.com", "rumble.com",
	};

	for (size_t i = 0; i < sizeof(sites) / sizeof(sites[0]); i++)
		if (str_eq_nocase(host, str_c(sites[i])))
			return true;
	return false;
}

static bool recognise_page(const struct pasted_url *u, json_t *settings, struct strbuf *said)
{
	if (is_other_site(u->host) || u->n == 0)
		return false;
	/* "web" and "deck" are ways to look at it */
	size_t from = u->n > 1 && (str_eq(u->path[0], STR("web")) || str_eq(u->path[0], STR("deck")));
	struct str first = u->path[from], last = u->path[u->n - 1];
	if (str_ends(last, STR(".rss")) || str_ends(last, STR(".atom"))) /* a feed like any other */
		return false;
	if (str_starts(first, STR("@")) && first.len > 1) {
		struct str host = host_of(first), port = str_from(u->server, str_find(u->server, STR("://")) + 3);
		say_account(settings, said, user_of(first), str_empty(host) ? port : host);
		return true;
	}
	if (u->n == from + 2 && str_eq(first, STR("tags"))) {
		say_tag(settings, said, last, u->server);
		return true;
	}
	return false;
}

/* "@name@server", "#tag@server", and the addresses of an account, of a post of it, and of a hashtag. */
static bool mastodon_recognise(struct str text, json_t *settings, struct strbuf *said)
{
	OWNED(arena) struct arena *arena = arena_new(64 << 10);
	struct pasted_url u;
	struct str rest = str_from(text, 1), name = user_of(rest), host = host_of(rest);

	if (source_pasted_url(text, arena, &u))
		return recognise_page(&u, settings, said);
	if (str_empty(name) || str_empty(host) || str_chr(host, '@') != STR_NPOS || str_chr(host, '/') != STR_NPOS ||
	    str_chr(text, ' ') != STR_NPOS)
		return false;
	if (str_starts(text, STR("@")))
		say_account(settings, said, name, host);
	else if (str_starts(text, STR("#")))
		say_tag(settings, said, name, arena_fmt(arena, "https://%.*s", STR_ARG(host)));
	else
		return false;
	return true;
}

/* Takes the token of a user and of an application alike. */
static int mastodon_login(const struct account *a, struct transfer *ret, struct err *e)
{
	AUTO(strbuf) struct strbuf url = STRBUF_INIT(URL_MAX);

	social_api(a, "", &url);
	if (url.len == 0)
		return err_set(e, ERR_INPUT, "api: expected the address of the account's server, such as https://mastodon.social");
	strbuf_adds(&url, "/api/v1/apps/verify_credentials");
	ret->url = arena_str(ret->arena, strbuf_str(&url));
	ret->bearer = arena_str(ret->arena, a->token);
	return 0;
}

/* May the account be on another server than where it is looked for?  Not if the user named the server. */
static bool may_move(const struct source *s)
{
	const struct mastodon_settings *m = s->settings;

	return s->account == NULL && str_eq_nocase(url_host(s->url), host_of(m->handle));
}

static bool ask_account(const struct source *s, const struct mastodon_state *st, struct strbuf *url)
{
	const struct mastodon_settings *m = s->settings;
	struct str handle = social_handle(m->handle), user = user_of(m->handle);
	AUTO(strbuf) struct strbuf acct = STRBUF_INIT(1024);

	switch (st->look) {
	case LOOK_FULL:
		strbuf_adds(url, "/api/v1/accounts/lookup");
		url_param(url, "acct", handle);
		return true;
	case LOOK_FINGER:
		strbuf_addf(&acct, "acct:%.*s", STR_ARG(handle));
		strbuf_adds(url, "/.well-known/webfinger");
		url_param(url, "resource", strbuf_str(&acct));
		return true;
	case LOOK_USER:
		strbuf_adds(url, "/api/v1/accounts/lookup");
		url_param(url, "acct", user);
		return true;
	case LOOK_SEARCH:
		strbuf_adds(url, "/api/v2/search?type=accounts&resolve=true&limit=5");
		url_param(url, "q", handle);
		return true;
	case LOOK_END:
		break;
	}
	return false;
}

static void ask_timeline(const struct mastodon_settings *m, struct str id, struct strbuf *url)
{
	static const char *const paths[] = { "", "public", "public?local=true", "public?remote=true", "home" };

	if (str_present(m->handle)) {
		strbuf_adds(url, "/api/v1/accounts/");
		url_encode(url, id);
		strbuf_addf(url, "/statuses?exclude_replies=%s&exclude_reblogs=%s", m->replies ? "false" : "true",
		            m->reposts ? "false" : "true");
	} else if (str_present(m->tag)) {
		strbuf_adds(url, "/api/v1/timelines/tag/");
		url_encode(url, str_starts(m->tag, STR("#")) ? str_from(m->tag, 1) : m->tag);
	} else if (str_present(m->list)) {
		strbuf_adds(url, "/api/v1/timelines/list/");
		url_encode(url, m->list);
	} else if (str_present(m->query)) {
		strbuf_adds(url, "/api/v2/search?type=statuses");
		url_param(url, "q", m->query);
	} else {
		strbuf_addf(url, "/api/v1/timelines/%s", paths[m->timeline]);
	}
}

/* What follows when all is read: where are streams, and then the stream itself. */
static bool ask_stream(const struct source *s, const json_t *cursor, struct transfer *ret, struct strbuf *url)
{
	static const char *const paths[] = { "", "public", "public/local", "public/remote", "user" };
	const struct mastodon_settings *m = s->settings;
	struct mastodon_state *st = s->state;
	struct str server = json_get_str(cursor, "stream");

	if (str_empty(server) && st->own_streams)
		server = strbuf_str(url);
	st->asking_instance = str_empty(server);
	st->live = !st->asking_instance;
	if (st->asking_instance) {
		strbuf_adds(url, "/api/v2/instance");
		return true;
	}
	if (!st->own_streams)
		strbuf_reset(url);
	strbuf_addf(url, "%.*s/api/v1/streaming/%s", STR_ARG(st->own_streams ? STR_NULL : server),
	            str_present(m->tag) ? "hashtag" : str_present(m->list) ? "list" : paths[m->timeline]);
	url_param(url, "tag", str_starts(m->tag, STR("#")) ? str_from(m->tag, 1) : m->tag);
	url_param(url, "list", m->list);
	transfer_header(ret, "Accept", STR("text/event-stream"));
	ret->framing = FRAMING_SSE;
	ret->idle_ms = IDLE_MS;
	return true;
}

static bool mastodon_next(struct source *s, int64_t now_unix_ms, struct transfer *ret)
{
	const struct mastodon_settings *m = s->settings;
	struct mastodon_state *st = s->state;
	OWNED_JSON json_t *cursor = social_cursor(s);
	struct str server = json_get_str(cursor, "server"), id = json_get_str(cursor, "id");
	AUTO(strbuf) struct strbuf url = STRBUF_INIT(URL_MAX);

	if (st->live || (st->done && !m->stream))
		return false;
	st->listens = m->stream;
	social_server(&url, str_present(server) ? server : s->url);
	st->stop_unix_ms = s->backfill_ms < now_unix_ms ? now_unix_ms - s->backfill_ms : INT64_MIN;
	st->looking = str_present(m->handle) && (st->forget_id || !str_present(id));
	if (st->done)
		(void)ask_stream(s, cursor, ret, &url);
	else if (st->looking && !ask_account(s, st, &url))
		return false;
	if (!st->looking && !st->done) {
		ask_timeline(m, id, &url);
		strbuf_addf(&url, "%climit=%d", str_chr(strbuf_str(&url), '?') == STR_NPOS ? '?' : '&', PAGE_MAX);
		if (str_present(json_get_str(cursor, "back")))
			url_param(&url, "max_id", json_get_str(cursor, "back"));
		else if (str_present(json_get_str(cursor, "newest")))
			url_param(&url, "min_id", json_get_str(cursor, "min"));
	}
	ret->url = arena_str(ret->arena, strbuf_str(&url));
	ret->bearer = arena_str(ret->arena, s->account ? s->account->token : STR_NULL);
	return true;
}

static enum look next_look(const struct source *s, enum look look)
{
	const struct mastodon_settings *m = s->settings;

	if (look == LOOK_FULL && may_move(s))
		return LOOK_FINGER;
	if (look <= LOOK_FINGER && str_eq_nocase(url_host(s->url), host_of(m->handle)))
		return LOOK_USER;
	return look < LOOK_SEARCH && s->account != NULL ? LOOK_SEARCH : LOOK_END;
}

static bool mastodon_refused(struct source *s, const struct reply *r)
{
	struct mastodon_state *st = s->state;
	OWNED_JSON json_t *cursor = social_cursor(s);

	if (r->status == 429 || r->status >= 500 || st->live)
		return false;
	if (st->asking_instance && !st->own_streams) /* an old server, or another kind */
		return st->own_streams = true;
	if (!st->looking) { /* the account moved to another id, as after a server's new start */
		bool again = (r->status == 404 || r->status == 410) && str_present(json_get_str(cursor, "id")) && !st->forget_id;
		st->forget_id = st->forget_id || again;
		return again;
	}
	if (str_present(json_get_str(cursor, "server")))
		st->look = st->look < LOOK_USER ? LOOK_USER : LOOK_END;
	else
		st->look = next_look(s, st->look);
	return st->look != LOOK_END;
}

/* --- answers ---------------------------------------------------------------------------------------- */

static void keep_text(json_t *cursor, const char *key, struct str value)
{
	if (str_empty(value))
		json_object_del(cursor, key);
	else
		json_set_text(cursor, key, value);
}

/* WebFinger's answer (RFC 7033): the actor's address tells the server. */
static int take_finger(struct source *s, const json_t *j, struct source_document *d, struct err *e)
{
	struct mastodon_state *st = s->state;
	const json_t *links = json_get(j, "links");

	for (size_t i = 0; i < json_array_size(links); i++) {
		const json_t *l = json_array_get(links, i);
		AUTO(url_parts) struct url_parts u = { .scheme = NULL };
		struct err ignored = { 0 };

		if (!str_eq(json_get_str(l, "rel"), STR("self")) || url_split(json_get_str(l, "href"), &u, &ignored) != 0)
			continue;
		if (!url_is_http(json_get_str(l, "href")))
			continue;
		json_t *cursor = social_cursor(s);
		AUTO(strbuf) struct strbuf server = STRBUF_INIT(URL_MAX);
		strbuf_addf(&server, "%s://%s", u.scheme, u.host);
		if (u.port != 0)
			strbuf_addf(&server, ":%d", u.port);
		keep_text(cursor, "server", strbuf_str(&server));
		social_set_cursor(d, cursor);
		st->look = LOOK_FULL;
		return 0;
	}
	return err_set(e, ERR_INPUT, "the server says of this address only that it exists, not where its posts are");
}

static int no_account(const struct source *s, struct err *e)
{
	const struct mastodon_settings *m = s->settings;

	return err_set(e, ERR_INPUT, "no account %.*s on %.*s", STR_ARG(text_cut(social_handle(m->handle), 100)),
	               STR_ARG(text_cut(url_host(s->url), 100)));
}

static int take_account(struct source *s, const json_t *j, struct source_document *d, struct err *e)
{
	struct mastodon_state *st = s->state;
	const json_t *found = json_array_get(json_get(j, "accounts"), 0);

	if (st->look == LOOK_FINGER)
		return take_finger(s, j, d, e);
	if (found != NULL)
		j = found;
	if (!str_present(json_get_str(j, "id")) || !str_present(json_get_str(j, "acct"))) {
		st->look = next_look(s, st->look);
		return st->look == LOOK_END ? no_account(s, e) : 0;
	}
	json_t *cursor = social_cursor(s);
	keep_text(cursor, "id", json_get_str(j, "id"));
	social_set_cursor(d, cursor);
	st->forget_id = false;
	d->title = arena_str(d->arena, json_get_str(j, "display_name"));
	d->url = arena_str(d->arena, json_get_str(j, "url"));
	return 0;
}

/* min_id of rel="prev" in a Link header: not always the first status's id, since some timelines count otherwise. */
static struct str min_id_of(const struct frame *f, struct arena *arena)
{
	struct str url = f->reply ? url_link(reply_header(f->reply, "link"), STR("prev")) : STR_NULL;
	struct str pair, name, id = STR_NULL;
	struct err ignored = { 0 };

	url = str_from(url, str_chr(url, '?') == STR_NPOS ? url.len : str_chr(url, '?') + 1);
	while (!str_empty(url) && str_split(&url, '&', &pair))
		if (str_split(&pair, '=', &name) && str_eq(name, STR("min_id")) &&
		    url_decode(pair, true, arena, &id, &ignored) == 0)
			return id;
	return STR_NULL;
}

/* The first poll reads back as far as is wanted. */
static void go_back(struct source *s, json_t *cursor, const json_t *list)
{
	struct mastodon_state *st = s->state;
	const json_t *last = json_array_get(list, json_array_size(list) - 1);
	struct str oldest = json_get_str(last, "id");
	int64_t reached = social_time(last, "created_at");

	st->done = last == NULL || (reached != TIME_ABSENT && reached < st->stop_unix_ms) ||
	           str_eq(oldest, json_get_str(cursor, "back"));
	keep_text(cursor, "back", st->done ? STR_NULL : oldest);
}

/* Forward from what was known, until what the newest page showed is reached. */
static void fill_gap(struct source *s, json_t *cursor, struct str newest)
{
	struct mastodon_state *st = s->state;
	struct str goal = json_get_str(cursor, "newest");

	st->done = str_empty(newest) || !social_id_less(newest, goal) || str_eq(newest, json_get_str(cursor, "min"));
	keep_text(cursor, "min", st->done ? goal : newest);
	if (st->done)
		json_object_del(cursor, "newest");
}

static void go_on(struct source *s, const struct frame *f, struct source_document *d, const json_t *list)
{
	struct mastodon_state *st = s->state;
	json_t *cursor = social_cursor(s);
	struct str known = json_get_str(cursor, "min"), newest = min_id_of(f, d->arena);
	struct str oldest = json_get_str(json_array_get(list, json_array_size(list) - 1), "id");
	bool begun = json_get(cursor, "begun") != NULL;

	if (!str_present(newest))
		newest = json_get_str(json_array_get(list, 0), "id");
	json_set_bool(cursor, "begun", true);
	if (str_present(json_get_str(cursor, "back"))) {
		go_back(s, cursor, list);
	} else if (str_present(json_get_str(cursor, "newest"))) {
		fill_gap(s, cursor, newest);
	} else if (str_present(known) && str_present(newest) && social_id_less(known, oldest)) {
		keep_text(cursor, "newest", newest);
	} else {
		keep_text(cursor, "min", str_present(newest) ? newest : known);
		st->done = begun || s->backfill_ms == 0;
		if (!st->done)
			go_back(s, cursor, list);
	}
	social_set_cursor(d, cursor);
}

/* What it answers is known to the server by number; where it is on the same page, by all that it is. */
static void add_parent(struct post *p, const json_t *list, struct strbuf *scratch)
{
	for (size_t i = 0; str_present(p->reply_to) && i < json_array_size(list); i++) {
		const json_t *other = json_array_get(list, i);

		if (!str_eq(json_get_str(other, "id"), p->reply_to))
			continue;
		struct post *parent = mastodon_status(other, scratch);
		if (parent == NULL)
			return;
		post_seal(parent);
		p->reply_to = arena_str(p->arena, parent->id);
		post_add_context(p, RELATION_PARENT, parent);
		return;
	}
}

static void remember(struct mastodon_state *st, const json_t *status, const struct post *p)
{
	struct str number = json_get_str(status, "id");
	struct seen *seen = &st->seen[st->n_seen % SEEN_MAX];

	if (!st->listens || number.len >= sizeof(seen->number) || p->id.len >= sizeof(seen->uri))
		return;
	snprintf(seen->number, sizeof(seen->number), "%.*s", STR_ARG(number));
	snprintf(seen->uri, sizeof(seen->uri), "%.*s", STR_ARG(p->id));
	st->n_seen++;
}

static void read_list(struct mastodon_state *st, struct source_document *d, const json_t *list)
{
	AUTO(strbuf) struct strbuf scratch = STRBUF_INIT(STATUS_SCRATCH_MAX);

	for (size_t i = 0; i < json_array_size(list); i++) {
		struct post *p = mastodon_status(json_array_get(list, i), &scratch);

		if (p == NULL)
			continue;
		add_parent(p, list, &scratch);
		remember(st, json_array_get(list, i), p);
		vec_push(&d->posts.posts, p);
	}
	source_document_finish(d, NULL, 0);
}

/* A list of statuses that no repair makes JSON is saved piece by piece, as if it stood in an object. */
static json_t *read_json(struct str bytes, bool *ret_repaired, struct err *e)
{
	AUTO(strbuf) struct strbuf wrapped = STRBUF_INIT(bytes.len + 32);
	json_t *j = source_json(bytes, "statuses", "uri", ret_repaired, e);

	if (j != NULL || !str_starts(str_trim(bytes), STR("[")))
		return j;
	strbuf_adds(&wrapped, "{\"statuses\":");
	strbuf_add(&wrapped, bytes);
	strbuf_addc(&wrapped, '}');
	return json_parse_salvaged(strbuf_str(&wrapped), "statuses", "uri", e);
}

static void take_deletion(const struct mastodon_state *st, struct str number, struct source_document *d)
{
	for (size_t i = 0; i < SEEN_MAX && i < st->n_seen; i++) {
		if (!str_eq(str_c(st->seen[i].number), number))
			continue;
		struct post *p = post_new();
		p->id = arena_str(p->arena, str_c(st->seen[i].uri));
		p->platform = STR("mastodon");
		p->deleted = true;
		vec_push(&d->posts.posts, p);
		break;
	}
	source_document_finish(d, NULL, 0);
}

/* One event: a new status, an edited one, the number of a deleted one; all else is nobody's post. */
static int take_event(struct source *s, const struct frame *f, struct source_document *d, struct err *e)
{
	struct mastodon_state *st = s->state;
	bool update = str_eq(f->content_type, STR("update")), edit = str_eq(f->content_type, STR("status.update"));

	source_document_init(d);
	if (str_eq(f->content_type, STR("delete")))
		take_deletion(st, str_trim(f->bytes), d);
	if (!update && !edit)
		return 0;
	OWNED_JSON json_t *j = source_json(f->bytes, "statuses", "uri", &d->repaired, e);
	if (j == NULL)
		return -1;
	OWNED_JSON json_t *list = json_pack("[O]", j);
	read_list(st, d, list);
	json_t *cursor = social_cursor(s);
	struct str id = json_get_str(j, "id");
	if (update && social_id_less(json_get_str(cursor, "min"), id))
		keep_text(cursor, "min", id);
	social_set_cursor(d, cursor);
	return 0;
}

/* "wss://streaming.server" of the instance's description, or the server itself. */
static void take_instance(struct source *s, const json_t *j, struct source_document *d)
{
	const json_t *urls = json_get(json_get(j, "configuration"), "urls");
	struct str found = json_get_str(urls, "streaming");
	AUTO(strbuf) struct strbuf server = STRBUF_INIT(URL_MAX);
	json_t *cursor = social_cursor(s);

	if (str_starts(found, STR("wss://")))
		strbuf_adds(&server, "https");
	else if (str_starts(found, STR("ws://")) && str_starts_nocase(s->url, STR("http://")))
		strbuf_adds(&server, "http");
	social_server(&server, server.len > 0 ? str_from(found, str_chr(found, ':')) : s->url);
	keep_text(cursor, "stream", strbuf_str(&server));
	social_set_cursor(d, cursor);
	source_document_finish(d, NULL, 0);
}

static int mastodon_parse(struct source *s, const struct frame *f, struct source_document *out, struct err *e)
{
	struct mastodon_state *st = s->state;
	bool repaired;
	struct err why = { 0 };

	*out = (struct source_document){ .arena = NULL };
	if (st->live)
		return take_event(s, f, out, e);
	OWNED_JSON json_t *j = read_json(f->bytes, &repaired, &why);
	if (j == NULL && !st->looking && !st->asking_instance) {
		*e = why;
		return -1;
	}
	source_document_init(out);
	out->repaired = repaired && j != NULL;
	if (st->asking_instance) {
		take_instance(s, j, out);
		return 0;
	}
	if (st->looking)
		return take_account(s, j, out, e); /* a web page where the API should be: perhaps it is elsewhere */
	const json_t *list = json_is_array(j) ? j : json_get(j, "statuses");
	if (list == NULL && json_get(j, "account") == NULL)
		return err_set(e, ERR_INPUT, "no answer of Mastodon's API: it is no list of posts");
	OWNED_JSON json_t *one = list == NULL ? json_pack("[O]", j) : NULL;
	read_list(st, out, one ? one : list);
	go_on(s, f, out, one ? one : list);
	return 0;
}

/* --- context ---------------------------------------------------------------------------------------- */

/* By the server's own number, one at a time: several at once are new in 4.3, and other kinds of server have not got it. */
static size_t mastodon_context(struct source *s, const struct str *ids, size_t n, struct transfer *ret)
{
	OWNED_JSON json_t *cursor = social_cursor(s);
	struct str server = json_get_str(cursor, "server");
	AUTO(strbuf) struct strbuf url = STRBUF_INIT(URL_MAX);

	if (n == 0 || str_chr(ids[0], '/') != STR_NPOS) /* a global id, of a post that was seen and is gone */
		return 0;
	social_server(&url, str_present(server) ? server : s->url);
	strbuf_adds(&url, "/api/v1/statuses/");
	url_encode(&url, ids[0]);
	ret->url = arena_str(ret->arena, strbuf_str(&url));
	ret->bearer = arena_str(ret->arena, s->account ? s->account->token : STR_NULL);
	return 1;
}

static int mastodon_parse_context(struct source *s __attribute__((unused)), const struct frame *f, const struct str *ids, size_t n,
                                  struct source_document *out, struct err *e)
{
	AUTO(strbuf) struct strbuf scratch = STRBUF_INIT(STATUS_SCRATCH_MAX);
	bool repaired;

	(void)ids;
	*out = (struct source_document){ .arena = NULL };
	OWNED_JSON json_t *j = source_json(f->bytes, "statuses", "uri", &repaired, e);
	if (j == NULL)
		return -1;
	struct post *found = n == 1 ? mastodon_status(j, &scratch) : NULL;
	if (found == NULL)
		return err_set(e, ERR_INPUT, "no answer of Mastodon's API: it is no post");
	post_seal(found);
	source_document_init(out);
	vec_push(&out->posts.posts, found);
	return 0;
}

const struct source_type source_mastodon = {
	.name = "mastodon",
	.help = "Mastodon and its kin: accounts, hashtags, lists, timelines, search",
	.framing = FRAMING_BODY,
	.fields = mastodon_fields,
	.settings_size = sizeof(struct mastodon_settings),
	.state_size = sizeof(struct mastodon_state),
	.state_cleared = offsetof(struct mastodon_state, seen),
	.account = ACCOUNT_MAY,
	.url_optional = true,
	.own_ids = true,
	.open = mastodon_open,
	.login = mastodon_login,
	.next = mastodon_next,
	.parse = mastodon_parse,
	.refused = mastodon_refused,
	.context = mastodon_context,
	.parse_context = mastodon_parse_context,
	.recognise = mastodon_recognise,
};
