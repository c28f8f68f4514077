/* SPDX-License-Identifier: ISC */
/* Alerts, their deliveries, and the archive of posts through the API. */
#include "control/call.h"

#include "base/json.h"

#define PAGE_DEFAULT 50
#define PAGE_MAX 1000

struct page {
	struct engine *engine;
	json_t *list;
	int64_t limit, last_row;
	bool more;
};

/* One row beyond the page is asked for: it tells that there is a next one. */
static bool page_full(struct page *p)
{
	p->more = (int64_t)json_array_size(p->list) == p->limit;
	return p->more;
}

static bool add_alert(void *ctx, const struct store_alert *a)
{
	struct page *p = ctx;
	if (page_full(p))
		return false;
	json_t *j = engine_alert_json(p->engine, a);
	if (json_is_object(j)) /* one that cannot be read hides no other */
		json_array_append(p->list, j);
	json_decref(j);
	p->last_row = a->row;
	return true;
}

static bool add_delivery(void *ctx, const struct store_delivery *d)
{
	struct page *p = ctx;
	if (page_full(p))
		return false;
	json_array_append_new(p->list, engine_delivery_json(p->engine, d));
	p->last_row = d->row;
	return true;
}

static void reply_page(const struct call *c, const char *key, const char *id_kind, struct page *p)
{
	char id[ENGINE_ID_MAX];
	json_t *next = p->more ? json_string(engine_id(id, c->engine, id_kind, p->last_row)) : json_null();
	engine_reply(c->engine, c->id, 200, json_pack("{s:o, s:o}", key, take(p->list), "next", next));
}

/* The row that a cursor names, 0 if it is not given. */
static int cursor(const struct call *c, const struct params *p, const char *name, const char *kind, int64_t *ret_row,
                  struct err *e)
{
	struct str id = params_get(p, name);
	*ret_row = 0;
	if (str_present(id) && !engine_id_parse(c->engine, kind, id, ret_row))
		return err_set(e, ERR_INPUT, "%s: expected an id such as this list gives", name);
	return 0;
}

void api_alert_list(const struct call *c)
{
	static const char *const known[] = { "watch", "since", "limit", "before", NULL };
	struct params params;
	struct page page = { .engine = c->engine };
	struct err e = { 0 };
	int64_t since, before;
	if (!call_params(c, known, &params))
		return;
	if (params_since(&params, "since", c->now.unix_ms, &since, &e) != 0 ||
	    params_int(&params, "limit", 1, PAGE_MAX, PAGE_DEFAULT, &page.limit, &e) != 0 ||
	    cursor(c, &params, "before", "alr", &before, &e) != 0) {
		call_bad(c, &e);
		return;
	}
	OWNED_JSON json_t *list = page.list = json_array();
	if (store_alert_each(engine_store(c->engine), params_get(&params, "watch"), since, before, (int)page.limit + 1, add_alert,
	                     &page, &e) != 0) {
		engine_store_failed(c->engine, &e);
		return;
	}
	(void)take(list);
	reply_page(c, "alerts", "alr", &page);
}

void api_alert_show(const struct call *c)
{
	struct store_alert alert;
	struct err e = { 0 };
	int64_t row = 0;
	bool found = false;
	struct page page = { .engine = c->engine, .limit = INT64_MAX };
	OWNED(arena) struct arena *arena = arena_new(POST_ARENA_MAX * 2);
	if (engine_id_parse(c->engine, "alr", c->name, &row) &&
	    store_alert_get(engine_store(c->engine), row, arena, &alert, &found, &e) != 0) {
		engine_store_failed(c->engine, &e);
		return;
	}
	if (!found) {
		engine_problem(c->engine, c->id, 404, 0, "there is no alert of this id");
		return;
	}
	OWNED_JSON json_t *list = page.list = json_array();
	if (store_delivery_of_alert(engine_store(c->engine), row, add_delivery, &page, &e) != 0) {
		engine_store_failed(c->engine, &e);
		return;
	}
	json_t *reply = engine_alert_json(c->engine, &alert);
	if (!json_is_object(reply)) {
		json_decref(reply);
		engine_problem(c->engine, c->id, 500, 0, "this alert cannot be read");
		return;
	}
	json_set(reply, "deliveries", take(list));
	engine_reply(c->engine, c->id, 200, reply);
}

/* -1: any. */
static int delivery_state(struct str name, int *ret, struct err *e)
{
	*ret = -1;
	if (!str_present(name))
		return 0;
	for (int i = STORE_WAITING; i <= STORE_DEAD; i++)
		if (str_eq(name, str_c(store_delivery_state_name((enum store_delivery_state)i))))
			*ret = i;
	return *ret >= 0 ? 0 : err_set(e, ERR_INPUT, "state: expected waiting, delivered or dead");
}

void api_delivery_list(const struct call *c)
{
	static const char *const known[] = { "state", "channel", "limit", "after", NULL };
	struct params params;
	struct page page = { .engine = c->engine };
	struct err e = { 0 };
	int64_t after;
	int state;
	if (!call_params(c, known, &params))
		return;
	if (delivery_state(params_get(&params, "state"), &state, &e) != 0 ||
	    params_int(&params, "limit", 1, PAGE_MAX, PAGE_DEFAULT, &page.limit, &e) != 0 ||
	    cursor(c, &params, "after", "dlv", &after, &e) != 0) {
		call_bad(c, &e);
		return;
	}
	OWNED_JSON json_t *list = page.list = json_array();
	if (store_delivery_each(engine_store(c->engine), state, params_get(&params, "channel"), after, (int)page.limit + 1,
	                        add_delivery, &page, &e) != 0) {
		engine_store_failed(c->engine, &e);
		return;
	}
	(void)take(list);
	reply_page(c, "deliveries", "dlv", &page);
}

void api_delivery_retry(const struct call *c)
{
	struct store_delivery d;
	struct err e = { 0 };
	int64_t row = 0;
	bool found = false;
	if (engine_id_parse(c->engine, "dlv", c->name, &row) &&
	    store_delivery_get(engine_store(c->engine), row, c->arena, &d, &found, &e) != 0)
		engine_store_failed(c->engine, &e);
	else if (!found)
		engine_problem(c->engine, c->id, 404, 0, "there is no delivery of this id");
	else if (d.state == STORE_DELIVERED)
		engine_problem(c->engine, c->id, 409, 0, "this was delivered already");
	else if (engine_retry_delivery(c->engine, c->now, &d, &e) != 0)
		call_failed(c, &e);
	else
		engine_reply(c->engine, c->id, 200, engine_delivery_json(c->engine, &d));
}

void api_search(const struct call *c)
{
	static const char *const known[] = { "q", "since", "limit", "before", NULL };
	struct params params;
	struct err e = { 0 };
	int64_t since, limit, before;
	OWNED(query) struct query *query = NULL;
	if (!call_params(c, known, &params))
		return;
	if (str_empty(params_get(&params, "q")))
		engine_problem(c->engine, c->id, 400, 0, "q: expected a query, such as q=Sutskever");
	else if (params_since(&params, "since", c->now.unix_ms, &since, &e) != 0 ||
	         params_int(&params, "limit", 1, PAGE_MAX, PAGE_DEFAULT, &limit, &e) != 0 ||
	         cursor(c, &params, "before", "pst", &before, &e) != 0 ||
	         world_parse(engine_world(c->engine), params_get(&params, "q"), &query, &e) != 0)
		call_bad(c, &e);
	else
		engine_search(c->engine, c->id, take(query), since, before, (int)limit);
}

/* The id is its source's: several sources may know one. */
void api_post_show(const struct call *c)
{
	struct world *w = engine_world(c->engine);
	struct store_found f = { 0 };
	struct err e = { 0 };
	bool found = false;
	for (struct map_iter it = { 0 }; !found && map_next(w->sources, &it);) {
		const struct world_source *s = it.value;
		if (store_post_find(engine_store(c->engine), s->settings.name, c->name, c->arena, &f, &found, &e) != 0) {
			engine_store_failed(c->engine, &e);
			return;
		}
	}
	json_t *post = found && str_present(f.json) ? json_parse(f.json, &e) : NULL;
	if (post == NULL) {
		engine_problem(c->engine, c->id, 404, 0, "%s",
		               found ? "the text of this post is kept no more" : "there is no post of this id");
		return;
	}
	engine_reply(c->engine, c->id, 200, json_pack("{s:o,s:o}", "post", post, "came", engine_time_json(f.came_unix_ms)));
}
