/* SPDX-License-Identifier: ISC */
/*
 * X (once Twitter) by its API v2 with an app token: posts of an account, mentions of it, recent search, the filtered stream
 * (docs.x.com: timelines, search, filtered stream, handling disconnections; read 2026-08).
 *
 * A stream's rules are the same queries that recent search reads what it missed with: first the rules, then the search, then
 * the stream.  Search knows nothing of the last half minute, so once the stream is a minute old it is asked again, beside it.
 *
 * Cursor: {"user" the id that the handle was, "since" newest id that searches found, and while a poll is half read "newest"
 * what "since" will be, "token" the next page, "part" which of several queries, "of" the hash of these where they come from
 * watches; "from" when nothing was there yet; "sure" all is known from "since" on to "live", the newest id of the stream}.
 */
#include "x.h"

#include "base/hash.h"
#include "base/json.h"
#include "base/num.h"
#include "base/text.h"
#include "base/url.h"

#define API "https://api.x.com"
#define PAGE_MAX 100                 /* of timelines and recent search */
#define BASELINE_MAX 10              /* every post read costs money: where only the newest id is wanted, few are asked */
#define QUERY_MAX 512                /* bytes of one recent search without an enterprise contract */
#define QUERY_MOST 4096              /* with one */
#define QUERY_ROOM 64                /* of that for what is added to a query of a watch */
#define HANDLES_MAX 500
#define SEARCH_REACH_MS (INT64_C(7) * 24 * 3600 * 1000 - 15 * 60 * 1000) /* recent search knows a week; with a margin */
#define SNOWFLAKE_EPOCH_MS INT64_C(1288834974657) /* ids hold the time of posting above 22 bits */
#define ASK_AGAIN_MS 60000           /* what came while the first, empty answer was under way */
#define IDLE_MS 25000                /* an empty line comes every 20 s */
#define LATE_MS 60000                /* search knows a post half a minute after it was posted (recent search, end_time) */
#define OVERLAP_MS 15000             /* the stream gives most posts within 7 s, and not in their order */

#define IN(member) .offset = offsetof(struct x_settings, member)
static const struct field x_fields[] = {
	{ "handle", FIELD_TEXT, IN(handle), .help = "Account whose posts are read: elonmusk, with or without @." },
	{ "handles", FIELD_TEXTS, IN(handles), .help = "Many accounts, read together by recent search." },
	{ "mentions", FIELD_TEXT, IN(mentions), .help = "Account the posts that name which are read." },
	{ "query", FIELD_TEXT, IN(query), .help = "Recent search in X's own language." },
	{ "watches", FIELD_BOOL, IN(watches), .otherwise = "false",
	  .help = "Whatever the watches that name this source look for, as far as X can be asked for it." },
	{ "stream", FIELD_BOOL, IN(stream), .otherwise = "false",
	  .help = "Listen to the filtered stream instead of polling; X allows one stream an app." },
	{ "query_max", FIELD_INT, IN(query_max), .min = 100, .max = QUERY_MOST, .otherwise = "512",
	  .help = "Bytes of one query or rule that X takes; more than 512 only with a contract." },
	{ "rules", FIELD_INT, IN(rules), .min = 1, .max = X_RULES_MAX, .otherwise = "1000",
	  .help = "Rules of the stream that X takes." },
	{ "replies", FIELD_BOOL, IN(replies), .otherwise = "true", .help = "Replies too." },
	{ "reposts", FIELD_BOOL, IN(reposts), .otherwise = "true", .help = "Reposts too." },
	FIELD_END,
};
#undef IN

/* --- asking ----------------------------------------------------------------------------------------- */

/* help.x.com/managing-your-account/x-username-rules: letters, digits, underscores; older ones are up to 20 long. */
static bool is_handle(struct str s)
{
	s = social_handle(s);
	for (size_t i = 0; i < s.len; i++)
		if (!char_is_alnum(s.p[i]) && s.p[i] != '_')
			return false;
	return s.len >= 1 && s.len <= 20;
}

static int bad_handle(struct str s, struct err *e)
{
	return err_set(e, ERR_INPUT, "\"%.*s\" is no account of X, expected 1 to 20 letters, digits and _",
	               STR_ARG(text_cut(s, 60)));
}

static int x_open(const struct source *s, struct strbuf *ret_url, struct err *e)
{
	const struct x_settings *x = s->settings;
	int said = str_present(x->handle) + str_present(x->mentions) + str_present(x->query) + (x->handles.list.n > 0) + x->watches;

	if (said != 1)
		return err_set(e, ERR_INPUT, "expected one of handle, handles, mentions, query and watches%s",
		               said ? ", not several" : "");
	if (str_present(x->handle) && !is_handle(x->handle))
		return bad_handle(x->handle, e);
	if (str_present(x->mentions) && !is_handle(x->mentions))
		return bad_handle(x->mentions, e);
	for (size_t i = 0; i < x->handles.list.n; i++)
		if (!is_handle(x->handles.list.v[i]))
			return bad_handle(x->handles.list.v[i], e);
	if (x->handles.list.n > HANDLES_MAX)
		return err_set(e, ERR_INPUT, "handles: expected at most %d", HANDLES_MAX);
	if ((int64_t)x->query.len > x->query_max)
		return err_set(e, ERR_INPUT, "query: %zu bytes, expected at most %lld: X takes no more", x->query.len,
		               (long long)x->query_max);
	social_api(s->account, API, ret_url);
	return 0;
}

/* Of x.com and twitter.com: an account or a post of it, a search, a hashtag. */
static bool recognise_page(const struct pasted_url *u, json_t *settings, struct strbuf *said)
{
	static const char *const others[] = { "i", "home", "explore", "intent", "login", "messages", "notifications", "settings",
		                              "share" };

	if (u->n > 0 && str_eq(u->path[0], STR("search")) && str_present(u->q)) {
		json_set_text(settings, "query", u->q);
		strbuf_addf(said, "the search \"%.*s\" on X", STR_ARG(u->q));
		return true;
	}
	if (u->n > 1 && str_eq(u->path[0], STR("hashtag"))) {
		AUTO(strbuf) struct strbuf tag = STRBUF_INIT(QUERY_MAX);
		strbuf_addf(&tag, "#%.*s", STR_ARG(u->path[1]));
		json_set_text(settings, "query", strbuf_str(&tag));
		strbuf_addf(said, "the hashtag %s on X", strbuf_cstr(&tag));
		return true;
	}
	uint64_t list;
	if (u->n > 2 && str_eq(u->path[0], STR("i")) && str_eq(u->path[1], STR("lists")) && num_u64(u->path[2], &list)) {
		AUTO(strbuf) struct strbuf query = STRBUF_INIT(QUERY_MAX);
		strbuf_addf(&query, "list:%llu", (unsigned long long)list);
		json_set_text(settings, "query", strbuf_str(&query));
		strbuf_addf(said, "the list %llu on X", (unsigned long long)list);
		return true;
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (u->n == 0 || str_eq_nocase(u->path[0], str_c(others[i])))
			return false;
	if (!is_handle(u->path[0]))
		return false;
	json_set_text(settings, "handle", social_handle(u->path[0]));
	strbuf_addf(said, "the account @%.*s of X", STR_ARG(social_handle(u->path[0])));
	return true;
}

/* "#tag" and "$symbol" without a server: X is the one network that has all of them in one place. */
static bool recognise_tag(struct str text, json_t *settings, struct strbuf *said)
{
	bool tag = str_starts(text, STR("#"));

	if (!tag && !str_starts(text, STR("$")))
		return false;
	for (size_t i = 1; i < text.len; i++)
		if (!char_is_alnum(text.p[i]) && text.p[i] != '_' && (unsigned char)text.p[i] < 0x80)
			return false;
	if (text.len < 2 || text.len > QUERY_MAX)
		return false;
	json_set_text(settings, "query", text);
	strbuf_addf(said, "the %s %.*s on X%s", tag ? "hashtag" : "symbol", STR_ARG(text),
	            tag ? " (that of a Mastodon server is written #tag@server)" : "");
	return true;
}

/* "@elonmusk@x.com" is how people of other networks write it. */
static struct str without_server(struct str text)
{
	size_t at = str_starts(text, STR("@")) ? str_rchr(text, '@') : 0;
	struct str host = str_from(text, at + 1);
	bool ours = at > 0 && at != STR_NPOS && (str_eq_nocase(host, STR("x.com")) || str_eq_nocase(host, STR("twitter.com")));

	return ours ? str_slice(text, 0, at) : text;
}

static bool x_recognise(struct str text, json_t *settings, struct strbuf *said)
{
	OWNED(arena) struct arena *arena = arena_new(64 << 10);
	struct pasted_url u;

	if (source_pasted_url(text, arena, &u))
		return (str_eq_nocase(u.host, STR("x.com")) || str_eq_nocase(u.host, STR("twitter.com"))) &&
		       recognise_page(&u, settings, said);
	text = without_server(text);
	if (!str_starts(text, STR("@")) || !is_handle(text))
		return recognise_tag(text, settings, said);
	json_set_text(settings, "handle", social_handle(text));
	strbuf_addf(said, "the account %.*s of X", STR_ARG(text));
	return true;
}

/* Costs nothing, and wants the same token as all else (docs.x.com/x-api/usage). */
static int x_login(const struct account *a, struct transfer *ret, struct err *e __attribute__((unused)))
{
	AUTO(strbuf) struct strbuf url = STRBUF_INIT(URL_MAX);

	social_api(a, API, &url);
	strbuf_adds(&url, "/2/usage/tweets");
	ret->url = arena_str(ret->arena, strbuf_str(&url));
	ret->bearer = arena_str(ret->arena, a->token);
	return 0;
}

/* One of those that are read together; false: there are no more. */
static bool add_piece(const struct source *s, size_t i, struct strbuf *out)
{
	const struct x_settings *x = s->settings;

	if (x->watches) {
		if (i < s->n_wanted)
			strbuf_add(out, s->wanted[i]);
		return i < s->n_wanted;
	}
	if (x->handles.list.n > 0) {
		if (i < x->handles.list.n)
			strbuf_addf(out, "from:%.*s", STR_ARG(social_handle(x->handles.list.v[i])));
		return i < x->handles.list.n;
	}
	if (str_present(x->query))
		strbuf_add(out, x->query);
	else if (str_present(x->mentions))
		strbuf_addf(out, "@%.*s", STR_ARG(social_handle(x->mentions)));
	else
		strbuf_addf(out, "from:%.*s", STR_ARG(social_handle(x->handle)));
	return i == 0;
}

bool x_query(const struct source *s, size_t part, struct strbuf *out)
{
	static const char no_replies[] = " -is:reply", no_reposts[] = " -is:retweet";
	const struct x_settings *x = s->settings;
	size_t room = (size_t)x->query_max - sizeof(no_replies) - sizeof(no_reposts), at = 0;
	AUTO(strbuf) struct strbuf piece = STRBUF_INIT(2 * QUERY_MOST);

	if (str_present(x->query) && x->replies && x->reposts) { /* else OR would bind what is added to its last part only */
		strbuf_add(out, x->query);
		return part == 0;
	}
	for (size_t i = 0; strbuf_reset(&piece), add_piece(s, i, &piece); i++) {
		if (out->len > 0 && out->len + piece.len + 4 > room) {
			if (at++ == part)
				break;
			strbuf_reset(out);
		}
		strbuf_addf(out, "%s%s", out->len ? " OR " : "(", strbuf_cstr(&piece));
	}
	if (at < part || out->len == 0)
		return false;
	strbuf_addf(out, ")%s%s", x->replies ? "" : no_replies, x->reposts ? "" : no_reposts);
	return true;
}

uint64_t x_queries_hash(const struct source *s)
{
	AUTO(strbuf) struct strbuf query = STRBUF_INIT(2 * QUERY_MOST);
	uint64_t hash = 0;

	for (size_t part = 0; x_query(s, part, &query); part++, strbuf_reset(&query))
		hash = hash64_seeded(strbuf_str(&query), hash);
	return hash | 1;
}

/* How long one query of a watch may be; 0: it does not read what watches want. */
static size_t x_follows(const struct source *s)
{
	const struct x_settings *x = s->settings;

	return x->watches ? (size_t)x->query_max - QUERY_ROOM : 0;
}

static bool searches(const struct x_settings *x)
{
	return x->stream || x->watches || str_present(x->query) || x->handles.list.n > 0;
}

static struct str hash_text(const struct source *s, char buf[static 17])
{
	return str_n(buf, (size_t)snprintf(buf, 17, "%llx", (unsigned long long)x_queries_hash(s)));
}

/* Where the queries are others by now, half a poll of theirs is worth nothing. */
static json_t *cursor_of(const struct source *s)
{
	const struct x_settings *x = s->settings;
	const struct x_state *st = s->state;
	json_t *j = social_cursor(s);
	char hash[17];
	bool other = x->watches && json_get(j, "of") != NULL && !str_eq(json_get_str(j, "of"), hash_text(s, hash));

	for (size_t i = 0; (other || st->restart) && i < 3; i++)
		json_object_del(j, (const char *const[]){ "token", "part", "newest" }[i]);
	return j;
}

static void add_time(struct strbuf *url, int64_t unix_ms)
{
	char buf[DATE_TEXT_MAX];

	url_param(url, "start_time", str_c(date_rfc3339(buf, unix_ms - unix_ms % 1000)));
}

static int64_t time_of_id(struct str id)
{
	uint64_t n;

	return num_u64(id, &n) ? (int64_t)(n >> 22) + SNOWFLAKE_EPOCH_MS : 0;
}

/* A rewound one, for what comes late comes with an older id; `buf` holds it. */
static struct str rewound(struct str id, char buf[static 24])
{
	const uint64_t back = (uint64_t)OVERLAP_MS << 22;
	uint64_t n;

	if (!num_u64(id, &n) || n <= back)
		return id;
	return str_n(buf, (size_t)snprintf(buf, 24, "%llu", (unsigned long long)(n - back)));
}

/* The newest id up to which all is known. */
static struct str known_of(const json_t *cursor)
{
	struct str since = json_get_str(cursor, "since"), live = json_get_str(cursor, "live");

	return str_present(live) && (!str_present(since) || social_id_less(since, live)) ? live : since;
}

/* From where on: after the newest post known, or as far back as is wanted.  Recent search refuses what is older than a
 * week. */
static void add_since(const struct source *s, const json_t *cursor, bool search, int64_t now_unix_ms, struct strbuf *url)
{
	struct str since = known_of(cursor);
	int64_t reach = search ? now_unix_ms - SEARCH_REACH_MS : 0, from = json_get_int(cursor, "from", 0);
	char buf[24];

	if (json_get(cursor, "live") != NULL)
		since = rewound(since, buf);
	if (str_present(since) && time_of_id(since) >= reach) {
		url_param(url, "since_id", since);
		return;
	}
	if (str_present(since))
		from = reach;
	else if (from == 0 && s->backfill_ms > 0 && s->backfill_ms < now_unix_ms)
		from = now_unix_ms - s->backfill_ms;
	if (from < reach && (from > 0 || s->backfill_ms == INT64_MAX))
		from = reach;
	if (from > 0)
		add_time(url, from);
}

/* Is this the very first look, which only wants to know where to begin? */
static bool is_first_look(const struct source *s, const json_t *cursor)
{
	return s->backfill_ms == 0 && !str_present(known_of(cursor)) && json_get(cursor, "from") == NULL;
}

static const char wanted[] =
	"tweet.fields=created_at,author_id,conversation_id,in_reply_to_user_id,referenced_tweets,entities,lang,"
	"possibly_sensitive,public_metrics,note_tweet,attachments,edit_history_tweet_ids"
	"&expansions=author_id,referenced_tweets.id,referenced_tweets.id.author_id,attachments.media_keys"
	"&user.fields=username,name,public_metrics&media.fields=url,preview_image_url,alt_text,type";

static bool ask_user(struct x_state *st, struct str handle, struct strbuf *url)
{
	st->step = X_USER;
	strbuf_adds(url, "/2/users/by/username/");
	url_encode(url, social_handle(handle));
	return true;
}

static bool ask_posts(const struct source *s, const json_t *cursor, int64_t now_unix_ms, struct strbuf *url)
{
	const struct x_settings *x = s->settings;
	AUTO(strbuf) struct strbuf query = STRBUF_INIT(2 * QUERY_MOST);
	bool search = searches(x);
	struct str user = json_get_str(cursor, "user");

	if (search && !x_query(s, (size_t)json_get_int(cursor, "part", 0), &query))
		return false;
	strbuf_adds(url, search ? "/2/tweets/search/recent?" : "/2/users/");
	if (!search) {
		url_encode(url, user);
		strbuf_adds(url, str_present(x->mentions) ? "/mentions?" : "/tweets?");
	}
	strbuf_adds(url, wanted);
	if (search)
		url_param(url, "query", strbuf_str(&query));
	else if (!str_present(x->mentions) && (!x->replies || !x->reposts))
		url_param(url, "exclude", !x->replies && !x->reposts ? STR("replies,retweets") :
		          x->replies ? STR("retweets") : STR("replies"));
	strbuf_addf(url, "&max_results=%d", is_first_look(s, cursor) ? BASELINE_MAX : PAGE_MAX);
	add_since(s, cursor, search, now_unix_ms, url);
	url_param(url, search ? "next_token" : "pagination_token", json_get_str(cursor, "token"));
	return true;
}

/* After all that recent search knows.  Without a rule X would refuse. */
static bool ask_stream(const struct source *s, struct x_state *st, struct transfer *ret, struct strbuf *url)
{
	AUTO(strbuf) struct strbuf query = STRBUF_INIT(2 * QUERY_MOST);

	if (st->live_unix_ms != 0 || !x_query(s, 0, &query))
		return false;
	st->step = X_STREAM;
	st->live_unix_ms = st->asked_unix_ms;
	strbuf_addf(url, "/2/tweets/search/stream?%s", wanted);
	ret->framing = FRAMING_LINES;
	ret->idle_ms = IDLE_MS;
	return true;
}

static bool ask_search(const struct source *s, struct x_state *st, struct strbuf *url)
{
	const struct x_settings *x = s->settings;
	struct str handle = searches(x) ? STR_NULL : str_present(x->mentions) ? x->mentions : x->handle;
	OWNED_JSON json_t *cursor = cursor_of(s);

	if (str_present(handle) && (st->forget_user || !str_present(json_get_str(cursor, "user"))))
		return ask_user(st, handle, url);
	st->step = X_POSTS;
	return ask_posts(s, cursor, st->asked_unix_ms, url);
}

static void finish(const struct source *s, const struct strbuf *url, struct transfer *ret)
{
	ret->url = arena_str(ret->arena, strbuf_str(url));
	ret->bearer = arena_str(ret->arena, s->account ? s->account->token : STR_NULL);
}

static bool x_next(struct source *s, int64_t now_unix_ms, struct transfer *ret)
{
	const struct x_settings *x = s->settings;
	struct x_state *st = s->state;
	AUTO(strbuf) struct strbuf url = STRBUF_INIT(URL_MAX);

	if (st->done && !x->stream)
		return false;
	st->asked_unix_ms = now_unix_ms;
	strbuf_add(&url, s->url);
	if (!(x->stream && x_ask_rules(s, st, ret, &url)) && !(!st->done && ask_search(s, st, &url)) &&
	    !(x->stream && ask_stream(s, st, ret, &url)))
		return false;
	finish(s, &url, ret);
	return true;
}

/* The rules where the watches changed, and what search did not know yet when the stream began. */
static bool x_beside(struct source *s, int64_t now_unix_ms, struct transfer *ret)
{
	struct x_state *st = s->state;
	AUTO(strbuf) struct strbuf url = STRBUF_INIT(URL_MAX);
	OWNED_JSON json_t *cursor = social_cursor(s);

	st->asked_unix_ms = now_unix_ms;
	strbuf_add(&url, s->url);
	if (!x_ask_rules(s, st, ret, &url)) {
		bool late = json_get(cursor, "sure") == NULL && now_unix_ms - st->live_unix_ms >= LATE_MS;
		if (!late || !ask_search(s, st, &url))
			return false;
	}
	finish(s, &url, ret);
	return true;
}

/* An account that is not there any more may have got a new id: its handle tells. */
static bool x_refused(struct source *s, const struct reply *r)
{
	struct x_state *st = s->state;
	OWNED_JSON json_t *cursor = social_cursor(s);

	if (r->status == 400 && st->step == X_POSTS && !st->restart && json_get(cursor, "token") != NULL)
		return st->restart = true; /* the token of a poll that broke off is not for ever */
	if (r->status != 404 || st->step != X_POSTS || st->forget_user || !str_present(json_get_str(cursor, "user")))
		return false;
	return st->forget_user = true;
}

/* --- what comes next -------------------------------------------------------------------------------- */

static void copy_text(json_t *to, const json_t *from, const char *key)
{
	if (str_present(json_get_str(from, key)))
		json_set_text(to, key, json_get_str(from, key));
}

/* As the answer says, or as its posts do. */
static struct str newest_of(const json_t *j, struct str known)
{
	const json_t *data = json_get(j, "data");
	struct str newest = json_get_str(json_get(j, "meta"), "newest_id");

	if (!str_present(newest) || social_id_less(newest, known))
		newest = known;
	for (size_t i = 0; i < json_array_size(data); i++) {
		struct str id = json_get_str(json_array_get(data, i), "id");
		uint64_t n;

		if (num_u64(id, &n) && (!str_present(newest) || social_id_less(newest, id)))
			newest = id;
	}
	return newest;
}

/* Half a poll: where the next one goes on. */
static void keep_place(const struct source *s, json_t *after, const json_t *before, struct str newest, struct str token)
{
	static const char *const kept[] = { "since", "live" };
	const struct x_settings *x = s->settings;
	int64_t part = json_get_int(before, "part", 0) + !str_present(token);
	char hash[17];

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		copy_text(after, before, kept[i]);
	if (json_get(before, "from") != NULL)
		json_set_int(after, "from", json_get_int(before, "from", 0));
	if (json_get(before, "sure") != NULL && ((const struct x_state *)s->state)->live_unix_ms == 0)
		json_set_bool(after, "sure", true);
	if (str_present(newest))
		json_set_text(after, "newest", newest);
	if (str_present(token))
		json_set_text(after, "token", token);
	if (part > 0)
		json_set_int(after, "part", part);
	if (x->watches)
		json_set_text(after, "of", hash_text(s, hash));
}

/* The newest id of all pages and parts is where the next poll begins, but only when all are read. */
static void go_on(struct source *s, struct source_document *d, const json_t *j)
{
	const struct x_settings *x = s->settings;
	struct x_state *st = s->state;
	OWNED_JSON json_t *before = cursor_of(s);
	json_t *after = json_object();
	AUTO(strbuf) struct strbuf unused = STRBUF_INIT(2 * QUERY_MOST);
	struct str newest = newest_of(j, json_get_str(before, "newest")), known = known_of(before);
	struct str token = is_first_look(s, before) ? STR_NULL : json_get_str(json_get(j, "meta"), "next_token");
	size_t part = (size_t)json_get_int(before, "part", 0);

	copy_text(after, before, "user");
	st->restart = false;
	st->done = !str_present(token) && !(searches(x) && x_query(s, part + 1, &unused));
	if (str_present(known) && (!str_present(newest) || social_id_less(newest, known)) && st->done)
		newest = known;
	if (!st->done)
		keep_place(s, after, before, newest, token);
	else if (str_present(newest))
		json_set_text(after, "since", newest);
	else
		json_set_int(after, "from", st->asked_unix_ms > ASK_AGAIN_MS ? st->asked_unix_ms - ASK_AGAIN_MS : 1);
	if (st->done && st->live_unix_ms != 0)
		json_set_bool(after, "sure", true);
	social_set_cursor(d, after);
}

static int take_user(struct source *s, const json_t *j, struct source_document *d, struct err *e)
{
	const struct x_settings *x = s->settings;
	struct x_state *st = s->state;
	struct str handle = social_handle(str_present(x->mentions) ? x->mentions : x->handle);
	const json_t *data = json_get(j, "data"), *users = json_get(json_get(j, "includes"), "users");
	struct str id = json_get_str(data, "id");

	for (size_t i = 0; str_empty(id) && i < json_array_size(users); i++)
		if (str_eq_nocase(json_get_str(json_array_get(users, i), "username"), handle))
			id = json_get_str(json_array_get(users, i), "id");
	if (str_empty(id)) {
		struct str detail = json_get_str(json_array_get(json_get(j, "errors"), 0), "detail");
		return err_set(e, ERR_INPUT, "X knows no account @%.*s%s%.*s", STR_ARG(handle), str_empty(detail) ? "" : ": ",
		               STR_ARG(text_cut(detail, 200)));
	}
	json_t *cursor = social_cursor(s);
	json_set_text(cursor, "user", id);
	st->forget_user = false;
	d->title = arena_str(d->arena, json_get_str(data, "name"));
	social_set_cursor(d, cursor);
	return 0;
}

/* Without posts there must at least be the words that say so. */
static int check_answer(const json_t *j, struct err *e)
{
	const json_t *error = json_array_get(json_get(j, "errors"), 0);
	struct str detail = json_get_str(error, "detail");

	if (json_is_object(j) && (json_get(j, "data") != NULL || json_get(j, "meta") != NULL))
		return 0;
	if (str_empty(detail))
		detail = json_get_str(j, "detail");
	if (str_empty(detail))
		detail = STR("it has neither \"data\" nor \"meta\"");
	return err_set(e, ERR_INPUT, "no answer of the X API: %.*s", STR_ARG(text_cut(detail, 200)));
}

/* A post of the stream; how far it was read counts only when nothing before it is missing. */
static void take_line(struct source *s, const json_t *j, struct source_document *d)
{
	json_t *cursor = social_cursor(s);
	struct str id = json_get_str(json_get(j, "data"), "id");
	uint64_t n;

	x_read_page(d, j);
	if (json_get(cursor, "sure") != NULL && num_u64(id, &n) &&
	    (!str_present(known_of(cursor)) || social_id_less(known_of(cursor), id))) {
		json_set_text(cursor, "live", id);
		social_set_cursor(d, cursor);
		return;
	}
	json_decref(cursor);
}

static int x_parse(struct source *s, const struct frame *f, struct source_document *out, struct err *e)
{
	struct x_state *st = s->state;
	bool repaired, line = st->live_unix_ms != 0 && f->reply == NULL;
	bool rules = !line && st->step >= X_RULES && st->step <= X_RULES_ADD;

	*out = (struct source_document){ .arena = NULL };
	OWNED_JSON json_t *j = source_json(f->bytes, "data", "id", &repaired, e);
	if (j == NULL)
		return -1;
	if ((line || st->step == X_POSTS) && check_answer(j, e) != 0)
		return -1;
	source_document_init(out);
	out->repaired = repaired;
	if (line) {
		take_line(s, j, out);
		return 0;
	}
	if (rules)
		return x_take_rules(s, st, j, e);
	if (st->step == X_USER)
		return take_user(s, j, out, e);
	x_read_page(out, j);
	go_on(s, out, j);
	return 0;
}

/* --- context ---------------------------------------------------------------------------------------- */

/* docs.x.com, post lookup: a hundred of them, each counted as read. */
static size_t x_context(struct source *s, const struct str *ids, size_t n, struct transfer *ret)
{
	AUTO(strbuf) struct strbuf url = STRBUF_INIT(URL_MAX);
	size_t taken = 0;
	uint64_t number;

	strbuf_addf(&url, "%.*s/2/tweets?tweet.fields=created_at,author_id,conversation_id,entities,lang,possibly_sensitive,"
	            "public_metrics,note_tweet,attachments,edit_history_tweet_ids&expansions=author_id,attachments.media_keys"
	            "&user.fields=username,name,public_metrics&media.fields=url,preview_image_url,alt_text,type&ids=",
	            STR_ARG(s->url));
	for (; taken < n && taken < PAGE_MAX && num_u64(ids[taken], &number); taken++)
		strbuf_addf(&url, "%s%llu", taken ? "," : "", (unsigned long long)number);
	finish(s, &url, ret);
	return taken;
}

static int x_parse_context(struct source *s __attribute__((unused)), const struct frame *f, const struct str *ids, size_t n,
                           struct source_document *out, struct err *e)
{
	*out = (struct source_document){ .arena = NULL };
	OWNED_JSON json_t *j = source_json(f->bytes, "data", "id", &out->repaired, e);
	if (j == NULL)
		return -1;
	/* of posts that are gone it only says "errors" */
	if (json_get(j, "errors") == NULL && check_answer(j, e) != 0)
		return -1;
	source_document_init(out);
	for (size_t i = 0; i < n; i++)
		vec_push(&out->posts.posts, x_find(j, ids[i]));
	out->reads = json_array_size(json_get(j, "data"));
	return 0;
}

const struct source_type source_x = {
	.name = "x",
	.help = "X (Twitter): posts of accounts, mentions, recent search, filtered stream; API v2",
	.framing = FRAMING_BODY,
	.fields = x_fields,
	.settings_size = sizeof(struct x_settings),
	.state_size = sizeof(struct x_state),
	.account = ACCOUNT_MUST,
	.url_optional = true,
	.own_ids = true,
	.open = x_open,
	.login = x_login,
	.next = x_next,
	.beside = x_beside,
	.follows = x_follows,
	.parse = x_parse,
	.refused = x_refused,
	.context = x_context,
	.parse_context = x_parse_context,
	.recognise = x_recognise,
};
