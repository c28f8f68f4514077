/* SPDX-License-Identifier: ISC */
/*
 * X (once Twitter) by its API v2 with an app token: posts of an account, mentions of it, recent search (docs.x.com:
 * timelines, search, data dictionary; read 2026-08).
 *
 * Cursor: {"user" the id that the handle was, "since" newest id known, and while a poll is half read "newest" what
 * "since" will be, "token" the next page, "part" which of several queries; "from" when nothing was there yet}.
 */
#include "x.h"

#include "base/json.h"
#include "base/num.h"
#include "base/text.h"
#include "base/url.h"

#define API "https://api.x.com"
#define PAGE_MAX 100                 /* of timelines and recent search */
#define BASELINE_MAX 10              /* every post read costs money: where only the newest id is wanted, few are asked */
#define QUERY_MAX 512                /* bytes of one recent search without an enterprise contract */
#define HANDLES_MAX 500
#define SEARCH_REACH_MS (INT64_C(7) * 24 * 3600 * 1000 - 15 * 60 * 1000) /* recent search knows a week; with a margin */
#define SNOWFLAKE_EPOCH_MS INT64_C(1288834974657) /* ids hold the time of posting above 22 bits */
#define ASK_AGAIN_MS 60000           /* what came while the first, empty answer was under way */

struct x_settings {
	struct arena *arena;
	struct str handle, mentions, query;
	struct texts handles;
	bool replies, reposts;
};
enum x_step { STEP_POSTS, STEP_USER };
struct x_state {
	enum x_step step;        /* what was asked last */
	bool done, forget_user;
	int64_t asked_unix_ms;
};

#define IN(member) .offset = offsetof(struct x_settings, member)
static const struct field x_fields[] = {
	{ "handle", FIELD_TEXT, IN(handle), .help = "Account whose posts are read: elonmusk, with or without @." },
	{ "handles", FIELD_TEXTS, IN(handles), .help = "Many accounts, read together by recent search." },
	{ "mentions", FIELD_TEXT, IN(mentions), .help = "Account the posts that name which are read." },
	{ "query", FIELD_TEXT, IN(query), .help = "Recent search in X's own language." },
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
	int said = str_present(x->handle) + str_present(x->mentions) + str_present(x->query) + (x->handles.list.n > 0);

	if (said != 1)
		return err_set(e, ERR_INPUT, "expected one of handle, handles, mentions and query%s", said ? ", not several" : "");
	if (str_present(x->handle) && !is_handle(x->handle))
		return bad_handle(x->handle, e);
	if (str_present(x->mentions) && !is_handle(x->mentions))
		return bad_handle(x->mentions, e);
	for (size_t i = 0; i < x->handles.list.n; i++)
		if (!is_handle(x->handles.list.v[i]))
			return bad_handle(x->handles.list.v[i], e);
	if (x->handles.list.n > HANDLES_MAX)
		return err_set(e, ERR_INPUT, "handles: expected at most %d", HANDLES_MAX);
	if (x->query.len > QUERY_MAX)
		return err_set(e, ERR_INPUT, "query: %zu bytes, expected at most %d: X takes no more", x->query.len, QUERY_MAX);
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
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (u->n == 0 || str_eq_nocase(u->path[0], str_c(others[i])))
			return false;
	if (!is_handle(u->path[0]))
		return false;
	json_set_text(settings, "handle", social_handle(u->path[0]));
	strbuf_addf(said, "the account @%.*s of X", STR_ARG(social_handle(u->path[0])));
	return true;
}

static bool x_recognise(struct str text, json_t *settings, struct strbuf *said)
{
	OWNED(arena) struct arena *arena = arena_new(64 << 10);
	struct pasted_url u;

	if (source_pasted_url(text, arena, &u))
		return (str_eq_nocase(u.host, STR("x.com")) || str_eq_nocase(u.host, STR("twitter.com"))) &&
		       recognise_page(&u, settings, said);
	if (!str_starts(text, STR("@")) || !is_handle(text))
		return false;
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

/* The query of this number, of accounts read together as many as fit into one; false: there is none. */
static bool query_of(const struct x_settings *x, size_t part, struct strbuf *out)
{
	static const char no_replies[] = " -is:reply", no_reposts[] = " -is:retweet";
	size_t room = QUERY_MAX - sizeof(no_replies) - sizeof(no_reposts) - 2;

	if (str_present(x->query)) {
		bool alone = x->replies && x->reposts; /* else OR would bind what is added to its last part only */
		strbuf_addf(out, alone ? "%.*s" : "(%.*s)", STR_ARG(x->query));
	} else {
		size_t at = 0;
		for (size_t i = 0; i < x->handles.list.n; i++) {
			struct str h = social_handle(x->handles.list.v[i]);
			if (out->len + h.len + 9 > room) {
				if (at++ == part)
					break;
				strbuf_reset(out);
			}
			strbuf_addf(out, "%sfrom:%.*s", out->len ? " OR " : "(", STR_ARG(h));
		}
		if (at < part || out->len == 0)
			return false;
		strbuf_addc(out, ')');
	}
	strbuf_adds(out, x->replies ? "" : no_replies);
	strbuf_adds(out, x->reposts ? "" : no_reposts);
	return part == 0 || !str_present(x->query);
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

/* From where on: after the newest post known, or as far back as is wanted.  Recent search refuses what is older than a
 * week. */
static void add_since(const struct source *s, const json_t *cursor, bool search, int64_t now_unix_ms, struct strbuf *url)
{
	struct str since = json_get_str(cursor, "since");
	int64_t reach = search ? now_unix_ms - SEARCH_REACH_MS : 0, from = json_get_int(cursor, "from", 0);

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
	return s->backfill_ms == 0 && !str_present(json_get_str(cursor, "since")) && json_get(cursor, "from") == NULL;
}

static const char wanted[] =
	"tweet.fields=created_at,author_id,conversation_id,in_reply_to_user_id,referenced_tweets,entities,lang,"
	"possibly_sensitive,public_metrics,note_tweet,attachments,edit_history_tweet_ids"
	"&expansions=author_id,referenced_tweets.id,referenced_tweets.id.author_id,attachments.media_keys"
	"&user.fields=username,name,public_metrics&media.fields=url,preview_image_url,alt_text,type";

static bool ask_user(struct x_state *st, struct str handle, struct strbuf *url)
{
	st->step = STEP_USER;
	strbuf_adds(url, "/2/users/by/username/");
	url_encode(url, social_handle(handle));
	return true;
}

static bool ask_posts(const struct source *s, const json_t *cursor, int64_t now_unix_ms, struct strbuf *url)
{
	const struct x_settings *x = s->settings;
	AUTO(strbuf) struct strbuf query = STRBUF_INIT(2 * QUERY_MAX);
	bool search = str_present(x->query) || x->handles.list.n > 0;
	struct str user = json_get_str(cursor, "user");

	if (search && !query_of(x, (size_t)json_get_int(cursor, "part", 0), &query))
		return false;
	if (search)
		strbuf_addf(url, "/2/tweets/search/recent?%s", wanted);
	else
		strbuf_addf(url, "/2/users/%.*s/%s?%s", STR_ARG(user), str_present(x->mentions) ? "mentions" : "tweets", wanted);
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

static bool x_next(struct source *s, int64_t now_unix_ms, struct transfer *ret)
{
	const struct x_settings *x = s->settings;
	struct x_state *st = s->state;
	struct str handle = str_present(x->mentions) ? x->mentions : x->handle;
	AUTO(strbuf) struct strbuf url = STRBUF_INIT(URL_MAX);
	OWNED_JSON json_t *cursor = social_cursor(s);

	if (st->done)
		return false;
	st->asked_unix_ms = now_unix_ms;
	strbuf_add(&url, s->url);
	if (str_present(handle) && (st->forget_user || !str_present(json_get_str(cursor, "user"))))
		(void)ask_user(st, handle, &url);
	else if (st->step = STEP_POSTS, !ask_posts(s, cursor, now_unix_ms, &url))
		return false;
	ret->url = arena_str(ret->arena, strbuf_str(&url));
	ret->bearer = arena_str(ret->arena, s->account ? s->account->token : STR_NULL);
	return true;
}

/* An account that is not there any more may have got a new id: its handle tells. */
static bool x_refused(struct source *s, const struct reply *r)
{
	struct x_state *st = s->state;
	OWNED_JSON json_t *cursor = social_cursor(s);

	if (r->status != 404 || st->step != STEP_POSTS || st->forget_user || !str_present(json_get_str(cursor, "user")))
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

/* The newest id of all pages and parts is where the next poll begins, but only when all are read. */
static void go_on(struct source *s, struct source_document *d, const json_t *j)
{
	const struct x_settings *x = s->settings;
	struct x_state *st = s->state;
	OWNED_JSON json_t *before = social_cursor(s);
	json_t *after = json_object();
	AUTO(strbuf) struct strbuf unused = STRBUF_INIT(2 * QUERY_MAX);
	struct str newest = newest_of(j, json_get_str(before, "newest")), since = json_get_str(before, "since");
	struct str token = is_first_look(s, before) ? STR_NULL : json_get_str(json_get(j, "meta"), "next_token");
	int64_t part = json_get_int(before, "part", 0);

	copy_text(after, before, "user");
	st->done = !str_present(token) && (x->handles.list.n == 0 || !query_of(x, (size_t)part + 1, &unused));
	if (!st->done) {
		copy_text(after, before, "since");
		if (json_get(before, "from") != NULL)
			json_set_int(after, "from", json_get_int(before, "from", 0));
		if (str_present(newest))
			json_set_text(after, "newest", newest);
		if (str_present(token))
			json_set_text(after, "token", token);
		part += !str_present(token);
		if (part > 0)
			json_set_int(after, "part", part);
	} else if (str_present(newest) || str_present(since)) {
		json_set_text(after, "since", str_present(newest) ? newest : since);
	} else {
		json_set_int(after, "from", st->asked_unix_ms > ASK_AGAIN_MS ? st->asked_unix_ms - ASK_AGAIN_MS : 1);
	}
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

static int x_parse(struct source *s, const struct frame *f, struct source_document *out, struct err *e)
{
	struct x_state *st = s->state;
	bool repaired;

	*out = (struct source_document){ .arena = NULL };
	OWNED_JSON json_t *j = source_json(f->bytes, "data", "id", &repaired, e);
	if (j == NULL)
		return -1;
	if (st->step != STEP_USER && check_answer(j, e) != 0)
		return -1;
	source_document_init(out);
	out->repaired = repaired;
	if (st->step == STEP_USER)
		return take_user(s, j, out, e);
	x_read_page(out, j);
	go_on(s, out, j);
	return 0;
}

const struct source_type source_x = {
	.name = "x",
	.help = "X (Twitter): posts of accounts, mentions, recent search; API v2",
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
	.parse = x_parse,
	.refused = x_refused,
	.recognise = x_recognise,
};
