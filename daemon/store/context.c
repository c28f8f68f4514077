/* SPDX-License-Identifier: ISC */
/* Posts that others refer to, and the posts that wait for them. */
#include "store/db.h"

int store_context_put(struct store *s, struct str place, struct str id, struct str json, int64_t now_unix_ms, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_CONTEXT_PUT, "INSERT OR REPLACE INTO context (place, id, came, json)"
	                                " VALUES (?1,?2,?3,?4)", e);
	if (st == NULL)
		return -1;
	db_text(st, 1, place);
	db_text(st, 2, id);
	db_int(st, 3, now_unix_ms);
	db_text(st, 4, json);
	return db_run(s, st, e);
}

int store_context_find(struct store *s, struct str place, struct str id, struct arena *arena, struct str *ret_json,
                       bool *ret_found, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_CONTEXT_FIND, "SELECT json FROM context WHERE place=?1 AND id=?2", e);
	if (st == NULL)
		return -1;
	db_text(st, 1, place);
	db_text(st, 2, id);
	if (db_step(s, st, ret_found, e) != 0)
		return -1;
	if (!*ret_found)
		return 0;
	*ret_json = arena_str(arena, db_column_text(st, 0));
	return db_run(s, st, e);
}

int store_context_prune(struct store *s, int64_t before_unix_ms, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_CONTEXT_PRUNE, "DELETE FROM context WHERE came<?1", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, before_unix_ms);
	return db_run(s, st, e);
}

int store_wait_put(struct store *s, int64_t post_row, struct str source, int64_t until_unix_ms, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_WAIT_PUT, "INSERT INTO waiting (post, source, until) VALUES (?1,?2,?3)"
	                                " ON CONFLICT DO NOTHING", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, post_row);
	db_text(st, 2, source);
	db_int(st, 3, until_unix_ms);
	return db_run(s, st, e);
}

int store_wait_remove(struct store *s, int64_t post_row, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_WAIT_REMOVE, "DELETE FROM waiting WHERE post=?1", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, post_row);
	return db_run(s, st, e);
}

int store_wait_each(struct store *s, struct str source, int limit, void (*each)(void *ctx, const struct store_wait *w), void *ctx,
                    struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_WAIT_EACH, "SELECT w.post, w.until, p.came, p.json"
	                                " FROM waiting w JOIN post p ON p.row=w.post"
	                                " WHERE w.source=?1 ORDER BY w.post LIMIT ?2", e);
	if (st == NULL)
		return -1;
	db_text(st, 1, source);
	db_int(st, 2, limit);
	int r;
	while (db_next(s, st, &r, e)) {
		struct store_wait w = { .post_row = sqlite3_column_int64(st, 0), .until_unix_ms = sqlite3_column_int64(st, 1),
			                .came_unix_ms = sqlite3_column_int64(st, 2), .json = db_column_text(st, 3) };
		each(ctx, &w);
	}
	return r;
}

int store_wait_sources(struct store *s, void (*each)(void *ctx, struct str source, int64_t posts), void *ctx, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_WAIT_SOURCES, "SELECT source, count(*) FROM waiting GROUP BY source", e);
	if (st == NULL)
		return -1;
	int r;
	while (db_next(s, st, &r, e))
		each(ctx, db_column_text(st, 0), sqlite3_column_int64(st, 1));
	return r;
}

int store_wait_forget(struct store *s, struct str source, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_WAIT_FORGET, "DELETE FROM waiting WHERE source=?1", e);
	if (st == NULL)
		return -1;
	db_text(st, 1, source);
	return db_run(s, st, e);
}
