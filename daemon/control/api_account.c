/* SPDX-License-Identifier: ISC */
/* Accounts through the API: tokens come in, and are never shown again. */
#include "control/call.h"

#include "base/json.h"

void api_account_list(const struct call *c)
{
	json_t *list = json_array();
	struct map_iter it = { 0 };
	while (map_next(engine_world(c->engine)->accounts, &it))
		json_array_append_new(list, engine_account_json(c->engine, it.value));
	engine_reply(c->engine, c->id, 200, json_pack("{s:o}", "accounts", list));
}

void api_account_login(const struct call *c)
{
	OWNED_JSON json_t *body = call_body(c);
	if (body != NULL)
		engine_log_in(c->engine, c->now, c->id, take(body));
}

void api_account_logout(const struct call *c)
{
	struct world *w = engine_world(c->engine);
	struct world_account *account = world_account(w, c->name);
	struct err e = { 0 };
	if (account == NULL)
		call_missing(c, "account", w->accounts);
	else if (engine_log_out(c->engine, account, &e) != 0)
		call_failed(c, &e);
	else
		engine_reply(c->engine, c->id, 204, NULL);
}
