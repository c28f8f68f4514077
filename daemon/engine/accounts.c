/* SPDX-License-Identifier: ISC */
/*
 * Logging in and out: a token is tried with the network at once, then kept in the database, never shown.  It serves an
 * account of the configuration that has none, or makes one.
 */
#include "engine/internal.h"

#include "base/json.h"
#include "base/log.h"

#define OBJECT_ARENA_MAX (1 << 20)
#define OBJECT_JSON_MAX (256 << 10)

json_t *engine_account_json(struct engine *g, struct world_account *a)
{
	json_t *j = config_account_to_json(&a->settings);
	json_set_text(j, "name", a->settings.name);
	json_set_text(j, "type", a->settings.type);
	json_set_text(j, "token", str_empty(a->account.token) ? STR_NULL : STR("***"));
	json_set_text(j, "origin", str_c(origin_name(a->origin)));
	json_set_text(j, "where", a->origin == ORIGIN_CONFIG ? a->settings.where : STR_NULL);
	budget_json(g, a, j);
	return j;
}

/* What the request leaves open, the account that is there says. */
static void complete(const struct world_account *there, json_t *body)
{
	const struct config_account *s = &there->settings;
	const struct {
		const char *key;
		struct str value;
	} known[] = { { "type", s->type }, { "api", s->api }, { "username", s->username } };
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (!str_present(json_get_str(body, known[i].key)) && str_present(known[i].value))
			json_set_text(body, known[i].key, known[i].value);
}

static int bind(struct engine *g, const json_t *written, struct arena *arena, struct config_account *ret, struct err *e)
{
	if (config_account_from_json(written, &g->types.types, arena, ret, e) != 0)
		return -1;
	if (!str_present(ret->name) || !config_name_ok(ret->name))
		return err_set(e, ERR_INPUT, "name: expected the name of the account");
	if (str_empty(ret->token))
		return err_set(e, ERR_INPUT, "token: expected an access token");
	const struct world_account *there = world_account(g->world, ret->name);
	if (there != NULL && there->origin == ORIGIN_CONFIG && str_present(there->settings.token))
		return err_set(e, ERR_CONFIG, "account \"%.*s\" has its token from the configuration, at %.*s: change it there",
		               STR_ARG(ret->name), STR_ARG(there->settings.where));
	if (there != NULL && !str_eq(there->settings.type, ret->type))
		return err_set(e, ERR_CONFIG, "account \"%.*s\" is of type %.*s", STR_ARG(ret->name),
		               STR_ARG(there->settings.type));
	return 0;
}

/* Kept, and put into the world; NULL if that failed. */
static struct world_account *keep(struct engine *g, const json_t *written, struct err *e)
{
	OWNED(arena) struct arena *arena = arena_new(OBJECT_ARENA_MAX);
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(OBJECT_JSON_MAX);
	struct config_account s;
	if (bind(g, written, arena, &s, e) != 0)
		return NULL;
	json_dump(&text, written, false);
	if (text.toobig) {
		(void)err_set(e, ERR_LIMIT, "the account is too large");
		return NULL;
	}
	if (engine_check(g, store_object_put(g->store, STORE_ACCOUNT, s.name, strbuf_str(&text), e), e) != 0 ||
	    engine_check(g, store_session_forget(g->store, s.name, e), e) != 0)
		return NULL;
	struct world_account *there = world_account(g->world, s.name);
	if (there == NULL && world_add_account(g->world, &s, NULL, ORIGIN_API, &there, e) != 0)
		return NULL;
	world_log_in(there, s.token, take(arena));
	log_notice("account.login", "account=%s type=%s", LOG_Q(s.name), LOG_Q(s.type));
	return there;
}

/* Its sources need not wait for their next poll to try the new token. */
static void wake_sources(struct engine *g, struct str account)
{
	for (struct map_iter it = { 0 }; map_next(g->world->sources, &it);) {
		struct world_source *s = it.value;
		if (!str_eq(s->settings.account, account) || !str_present(s->kept.last_error))
			continue;
		s->kept.next_unix_ms = g->now.unix_ms;
		poller_schedule(g, s);
	}
}

static void logged_in(struct engine *g, uint64_t request_id, const json_t *written, const char *note)
{
	struct err e = { 0 };
	struct world_account *a = keep(g, written, &e);
	if (a == NULL) {
		engine_problem_err(g, request_id, 400, &e);
		return;
	}
	wake_sources(g, a->settings.name);
	json_t *j = engine_account_json(g, a);
	json_set_text(j, "note", str_c(note));
	engine_reply(g, request_id, 201, j);
}

void engine_log_in(struct engine *g, struct now now, uint64_t request_id, json_t *written)
{
	(void)now;
	json_t *body OWNED_JSON = written;
	OWNED(arena) struct arena *arena = arena_new(OBJECT_ARENA_MAX);
	struct config_account s;
	struct err e = { 0 };
	bool private = json_get_bool(body, "allow_private", false);
	json_object_del(body, "allow_private"); /* of this one request: each source says for itself where it may lead */
	const struct world_account *there = world_account(g->world, json_get_str(body, "name"));
	if (there != NULL)
		complete(there, body);
	if (bind(g, body, arena, &s, &e) != 0) {
		engine_problem_err(g, request_id, 400, &e);
		return;
	}
	const struct source_type *type = source_type_find(s.type);
	const struct account a = { .name = s.name, .type = s.type, .api = s.api, .username = s.username, .token = s.token };
	OWNED(transfer) struct transfer *t = transfer_new(TRANSFER_HTTP);
	struct config_source as = { .every_ms = -1, .every_max_ms = -1, .silence_ms = -1 };
	poller_transfer_options(g, &as, t);
	t->allow_all_networks = private;
	if (type->login == NULL) {
		logged_in(g, request_id, body, "the network has no way to try a token");
		return;
	}
	if (type->login(&a, t, &e) != 0) {
		engine_problem_err(g, request_id, 400, &e);
		return;
	}
	struct flight *f = engine_start(g, FLIGHT_LOGIN, take(t));
	f->request_id = request_id;
	f->written = take(body);
}

void accounts_done(struct engine *g, struct flight *f, const struct reply *r)
{
	AUTO(strbuf) struct strbuf why = STRBUF_INIT(1024);
	source_refusal(r, &why);
	if (r->outcome != REPLY_OK)
		engine_problem(g, f->request_id, 502, 0, "cannot try the token: %.*s%s", STR_ARG(r->error),
		               r->outcome == REPLY_REFUSED ? " (--allow-private permits private addresses)" : "");
	else if (r->status >= 200 && r->status < 300)
		logged_in(g, f->request_id, f->written, NULL);
	else if (r->status == 404 || r->status == 405 || r->status == 501)
		logged_in(g, f->request_id, f->written, "the server has no way to try a token: the first poll will tell");
	else
		engine_problem(g, f->request_id, 422, 0, "the token is refused: HTTP status %d%s", r->status, strbuf_cstr(&why));
}

int engine_log_out(struct engine *g, struct world_account *a, struct err *e)
{
	for (struct map_iter it = { 0 }; a->origin == ORIGIN_API && map_next(g->world->sources, &it);) {
		const struct world_source *s = it.value;
		if (str_eq(s->settings.account, a->settings.name))
			return err_set(e, ERR_CONFIG, "source \"%.*s\" reads as account \"%.*s\": remove that first",
			               STR_ARG(s->settings.name), STR_ARG(a->settings.name));
	}
	if (a->origin == ORIGIN_CONFIG && str_present(a->settings.token))
		return err_set(e, ERR_CONFIG, "account \"%.*s\" has its token from the configuration, at %.*s: change it there",
		               STR_ARG(a->settings.name), STR_ARG(a->settings.where));
	if (engine_check(g, store_object_remove(g->store, STORE_ACCOUNT, a->settings.name, e), e) != 0 ||
	    engine_check(g, store_session_forget(g->store, a->settings.name, e), e) != 0)
		return -1;
	log_notice("account.logout", "account=%s", LOG_Q(a->settings.name));
	if (a->origin == ORIGIN_API)
		world_remove_account(g->world, a);
	else
		world_log_in(a, STR_NULL, NULL);
	return 0;
}
