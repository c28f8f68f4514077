/* SPDX-License-Identifier: ISC */
/* Objects added through the API, and what is known of each source between polls. */
#include "store/db.h"

int store_object_put(struct store *s, enum store_kind kind, struct str name, struct str json, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_OBJECT_PUT,
	                                "INSERT INTO object (kind, name, json) VALUES (?1, ?2, ?3)"
	                                " ON CONFLICT DO UPDATE SET json=excluded.json", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, (int64_t)kind);
	db_text(st, 2, name);
	db_text(st, 3, json);
	return db_run(s, st, e);
}

int store_object_remove(struct store *s, enum store_kind kind, struct str name, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_OBJECT_REMOVE, "DELETE FROM object WHERE kind=?1 AND name=?2", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, (int64_t)kind);
	db_text(st, 2, name);
	return db_run(s, st, e);
}

int store_object_get(struct store *s, enum store_kind kind, struct str name, struct arena *arena, struct str *ret_json,
                     bool *ret_found, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_OBJECT_GET, "SELECT json FROM object WHERE kind=?1 AND name=?2", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, (int64_t)kind);
	db_text(st, 2, name);
	if (db_step(s, st, ret_found, e) != 0)
		return -1;
	if (!*ret_found)
		return 0;
	*ret_json = arena_str(arena, db_column_text(st, 0));
	return db_run(s, st, e);
}

int store_object_each(struct store *s, enum store_kind kind,
                      void (*each)(void *ctx, struct str name, struct str json), void *ctx, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_OBJECT_EACH, "SELECT name, json FROM object WHERE kind=?1 ORDER BY name", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, (int64_t)kind);
	int r;
	while (db_next(s, st, &r, e))
		each(ctx, db_column_text(st, 0), db_column_text(st, 1));
	return r;
}

int store_source_save(struct store *s, struct str name, const struct store_source *state, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_SOURCE_SAVE,
	                                "INSERT OR REPLACE INTO source (name, hash, etag, last_modified, moved_to, moved_seen,"
	                                " url, state, last_error, stopped, next, success, failures, not_before, ttl,"
	                                " skip_hours, skip_days, why, interval, gap, quiet, polled, polled_status,"
	                                " polled_bytes, polled_posts, polled_new, overrun, cut_after, news, longest)"
	                                " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,"
	                                "?18,?19,?20,?21,?22,?23,?24,?25,?26,?27,?28,?29,?30)", e);
	if (st == NULL)
		return -1;
	db_text(st, 1, name);
	db_int(st, 2, (int64_t)state->hash);
	db_text(st, 3, state->etag);
	db_text(st, 4, state->last_modified);
	db_text(st, 5, state->moved_to);
	db_int(st, 6, state->moved_seen);
	db_text(st, 7, state->url);
	db_text(st, 8, state->cursor);
	db_text(st, 9, state->last_error);
	db_text(st, 10, state->stopped);
	db_int(st, 11, state->next_unix_ms);
	db_time(st, 12, state->success_unix_ms);
	db_int(st, 13, state->failures);
	db_int(st, 14, state->not_before_unix_ms);
	db_int(st, 15, state->ttl_ms);
	db_int(st, 16, state->skip_hours);
	db_int(st, 17, state->skip_days);
	db_text(st, 18, state->why);
	db_int(st, 19, state->interval_ms);
	db_int(st, 20, state->gap_ms);
	db_int(st, 21, state->quiet);
	db_time(st, 22, state->polled_unix_ms);
	db_int(st, 23, state->polled_status);
	db_int(st, 24, state->polled_bytes);
	db_int(st, 25, state->polled_posts);
	db_int(st, 26, state->polled_new);
	db_int(st, 27, state->overrun);
	db_text(st, 28, state->cut_after);
	db_time(st, 29, state->news_unix_ms);
	db_int(st, 30, state->longest_ms);
	return db_run(s, st, e);
}

int store_source_load(struct store *s, struct str name, struct arena *arena, struct store_source *ret, bool *ret_found,
                      struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_SOURCE_LOAD,
	                                "SELECT hash, etag, last_modified, moved_to, moved_seen, url, state, last_error,"
	                                " stopped, next, success, failures, not_before, ttl, skip_hours,"
	                                " skip_days, why, interval, gap, quiet, polled, polled_status, polled_bytes,"
	                                " polled_posts, polled_new, overrun, cut_after, news, longest FROM source"
	                                " WHERE name=?1", e);
	if (st == NULL)
		return -1;
	db_text(st, 1, name);
	bool row = false;
	if (db_step(s, st, &row, e) != 0)
		return -1;
	*ret_found = row;
	if (!row)
		return 0;
	*ret = (struct store_source){
		.hash = (uint64_t)sqlite3_column_int64(st, 0),
		.etag = arena_str(arena, db_column_text(st, 1)),
		.last_modified = arena_str(arena, db_column_text(st, 2)),
		.moved_to = arena_str(arena, db_column_text(st, 3)),
		.moved_seen = sqlite3_column_int64(st, 4),
		.url = arena_str(arena, db_column_text(st, 5)),
		.cursor = arena_str(arena, db_column_text(st, 6)),
		.last_error = arena_str(arena, db_column_text(st, 7)),
		.stopped = arena_str(arena, db_column_text(st, 8)),
		.next_unix_ms = sqlite3_column_int64(st, 9),
		.success_unix_ms = db_column_time(st, 10),
		.failures = sqlite3_column_int64(st, 11),
		.not_before_unix_ms = sqlite3_column_int64(st, 12),
		.ttl_ms = sqlite3_column_int64(st, 13),
		.skip_hours = (uint32_t)sqlite3_column_int64(st, 14),
		.skip_days = (uint8_t)sqlite3_column_int64(st, 15),
		.why = arena_str(arena, db_column_text(st, 16)),
		.interval_ms = sqlite3_column_int64(st, 17),
		.gap_ms = sqlite3_column_int64(st, 18),
		.quiet = sqlite3_column_int64(st, 19),
		.polled_unix_ms = db_column_time(st, 20),
		.polled_status = sqlite3_column_int64(st, 21),
		.polled_bytes = sqlite3_column_int64(st, 22),
		.polled_posts = sqlite3_column_int64(st, 23),
		.polled_new = sqlite3_column_int64(st, 24),
		.overrun = sqlite3_column_int64(st, 25) != 0,
		.cut_after = arena_str(arena, db_column_text(st, 26)),
		.news_unix_ms = db_column_time(st, 27),
		.longest_ms = sqlite3_column_int64(st, 28),
	};
	return db_run(s, st, e);
}

int store_source_forget(struct store *s, struct str name, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_SOURCE_FORGET, "DELETE FROM source WHERE name=?1", e);
	if (st == NULL)
		return -1;
	db_text(st, 1, name);
	return db_run(s, st, e);
}

int store_alarm_set(struct store *s, enum store_kind kind, struct str name, int64_t since_unix_ms, struct err *e)
{
	bool over = since_unix_ms == TIME_ABSENT;
	sqlite3_stmt *st = over ? db_statement(s, DB_ALARM_OVER, "DELETE FROM alarm WHERE kind=?1 AND name=?2", e)
		: db_statement(s, DB_ALARM_SET, "INSERT OR REPLACE INTO alarm (kind, name, since) VALUES (?1,?2,?3)", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, (int64_t)kind);
	db_text(st, 2, name);
	if (!over)
		db_int(st, 3, since_unix_ms);
	return db_run(s, st, e);
}

int store_alarm_each(struct store *s, void (*each)(void *ctx, enum store_kind kind, struct str name, int64_t since_unix_ms),
                     void *ctx, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_ALARM_EACH, "SELECT kind, name, since FROM alarm", e);
	if (st == NULL)
		return -1;
	int r;
	while (db_next(s, st, &r, e))
		each(ctx, (enum store_kind)sqlite3_column_int(st, 0), db_column_text(st, 1), sqlite3_column_int64(st, 2));
	return r;
}

int store_session_save(struct store *s, struct str account, uint64_t hash, struct str session, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_SESSION_SAVE,
	                                "INSERT OR REPLACE INTO account (name, hash, session) VALUES (?1, ?2, ?3)", e);
	if (st == NULL)
		return -1;
	db_text(st, 1, account);
	db_int(st, 2, (int64_t)hash);
	db_text(st, 3, session);
	return db_run(s, st, e);
}

int store_session_load(struct store *s, struct str account, uint64_t hash, struct strbuf *ret_session, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_SESSION_LOAD, "SELECT session FROM account WHERE name=?1 AND hash=?2", e);
	bool row = false;
	strbuf_reset(ret_session);
	if (st == NULL)
		return -1;
	db_text(st, 1, account);
	db_int(st, 2, (int64_t)hash);
	if (db_step(s, st, &row, e) != 0)
		return -1;
	if (!row)
		return 0;
	strbuf_add(ret_session, db_column_text(st, 0));
	return db_run(s, st, e);
}

int store_session_forget(struct store *s, struct str account, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_SESSION_FORGET, "DELETE FROM account WHERE name=?1", e);
	if (st == NULL)
		return -1;
	db_text(st, 1, account);
	return db_run(s, st, e);
}

int store_spend(struct store *s, enum store_kind kind, struct str name, int64_t day, int64_t posts, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_SPEND,
	                                "INSERT INTO spent (kind, name, day, posts) VALUES (?1,?2,?3,?4)"
	                                " ON CONFLICT DO UPDATE SET posts=posts+excluded.posts", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, (int64_t)kind);
	db_text(st, 2, name);
	db_int(st, 3, day);
	db_int(st, 4, posts);
	return db_run(s, st, e);
}

int store_spent(struct store *s, enum store_kind kind, struct str name, int64_t from_day, int64_t to_day, int64_t *ret_posts,
                struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_SPENT,
	                                "SELECT coalesce(sum(posts), 0) FROM spent"
	                                " WHERE kind=?1 AND name=?2 AND day BETWEEN ?3 AND ?4", e);
	bool row = false;
	if (st == NULL)
		return -1;
	db_int(st, 1, (int64_t)kind);
	db_text(st, 2, name);
	db_int(st, 3, from_day);
	db_int(st, 4, to_day);
	if (db_step(s, st, &row, e) != 0)
		return -1;
	*ret_posts = row ? sqlite3_column_int64(st, 0) : 0;
	return row ? db_run(s, st, e) : 0;
}

int store_account_put(struct store *s, struct str person, struct str account, const struct store_account *a, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_ACCOUNT_PUT,
	                                "INSERT OR REPLACE INTO person_account (person, account, id, handle, before, changed)"
	                                " VALUES (?1,?2,?3,?4,?5,?6)", e);
	if (st == NULL)
		return -1;
	db_text(st, 1, person);
	db_text(st, 2, account);
	db_text(st, 3, a->id);
	db_text(st, 4, a->handle);
	db_text(st, 5, a->before);
	db_time(st, 6, a->changed_unix_ms);
	return db_run(s, st, e);
}

int store_account_each(struct store *s, void (*each)(void *ctx, struct str person, struct str account,
                       const struct store_account *a), void *ctx, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_ACCOUNT_EACH,
	                                "SELECT person, account, id, handle, before, changed FROM person_account", e);
	if (st == NULL)
		return -1;
	int r;
	while (db_next(s, st, &r, e)) {
		const struct store_account a = { .id = db_column_text(st, 2), .handle = db_column_text(st, 3),
			                         .before = db_column_text(st, 4), .changed_unix_ms = db_column_time(st, 5) };
		each(ctx, db_column_text(st, 0), db_column_text(st, 1), &a);
	}
	return r;
}

int store_account_forget(struct store *s, struct str person, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_ACCOUNT_FORGET, "DELETE FROM person_account WHERE person=?1", e);
	if (st == NULL)
		return -1;
	db_text(st, 1, person);
	return db_run(s, st, e);
}

int store_seen_save(struct store *s, struct str list, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_SEEN_SAVE, "INSERT OR REPLACE INTO meta VALUES ('watches', ?1)", e);
	if (st == NULL)
		return -1;
	db_text(st, 1, str_present(list) ? list : STR(""));
	return db_run(s, st, e);
}

int store_seen_load(struct store *s, struct strbuf *ret_list, bool *ret_known, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_SEEN_LOAD, "SELECT value FROM meta WHERE key='watches'", e);
	if (st == NULL || db_step(s, st, ret_known, e) != 0)
		return -1;
	if (!*ret_known)
		return 0;
	strbuf_add(ret_list, db_column_text(st, 0));
	return db_run(s, st, e);
}
