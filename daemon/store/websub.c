/* SPDX-License-Identifier: ISC */
/* Subscriptions at hubs (WebSub), and the key of their callbacks. */
#include "store/db.h"

int store_websub_save(struct store *s, const struct store_websub *w, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_WEBSUB_SAVE,
	                                "INSERT OR REPLACE INTO websub (token, source, identity, hub, topic, base, callback,"
	                                " secret, allow, state, signed, doubt, asked, next, lease_end, tries, pushed, error)"
	                                " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18)", e);
	if (st == NULL)
		return -1;
	const struct str texts[] = { w->hub, w->topic, w->base, w->callback, w->secret, w->allow };
	db_text(st, 1, w->token);
	db_text(st, 2, w->source);
	db_int(st, 3, (int64_t)w->identity);
	for (int i = 0; i < 6; i++)
		db_text(st, 4 + i, str_present(texts[i]) ? texts[i] : STR(""));
	db_int(st, 10, (int64_t)w->state);
	db_int(st, 11, w->is_signed);
	db_int(st, 12, w->doubt);
	db_time(st, 13, w->asked_unix_ms);
	db_int(st, 14, w->next_unix_ms);
	db_time(st, 15, w->lease_end_unix_ms);
	db_int(st, 16, w->tries);
	db_time(st, 17, w->pushed_unix_ms);
	db_text(st, 18, w->error);
	return db_run(s, st, e);
}

int store_websub_remove(struct store *s, struct str token, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_WEBSUB_REMOVE, "DELETE FROM websub WHERE token=?1", e);
	if (st == NULL)
		return -1;
	db_text(st, 1, token);
	return db_run(s, st, e);
}

int store_websub_each(struct store *s, void (*each)(void *ctx, const struct store_websub *w), void *ctx, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_WEBSUB_EACH,
	                                "SELECT token, source, identity, hub, topic, base, callback, secret, allow, state, signed,"
	                                " doubt, asked, next, lease_end, tries, pushed, error FROM websub", e);
	if (st == NULL)
		return -1;
	int r;
	while (db_next(s, st, &r, e)) {
		const struct store_websub w = {
			.token = db_column_text(st, 0),
			.source = db_column_text(st, 1),
			.identity = (uint64_t)sqlite3_column_int64(st, 2),
			.hub = db_column_text(st, 3),
			.topic = db_column_text(st, 4),
			.base = db_column_text(st, 5),
			.callback = db_column_text(st, 6),
			.secret = db_column_text(st, 7),
			.allow = db_column_text(st, 8),
			.state = (enum store_websub_state)sqlite3_column_int(st, 9),
			.is_signed = sqlite3_column_int(st, 10) != 0,
			.doubt = sqlite3_column_int(st, 11),
			.asked_unix_ms = db_column_time(st, 12),
			.next_unix_ms = sqlite3_column_int64(st, 13),
			.lease_end_unix_ms = db_column_time(st, 14),
			.tries = sqlite3_column_int64(st, 15),
			.pushed_unix_ms = db_column_time(st, 16),
			.error = db_column_text(st, 17),
		};
		each(ctx, &w);
	}
	return r;
}

int store_key_get(struct store *s, unsigned char ret_key[static STORE_KEY_BYTES], bool *ret_found, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_KEY_GET, "SELECT value FROM meta WHERE key='callbacks'", e);
	bool row = false;
	if (st == NULL || db_step(s, st, &row, e) != 0)
		return -1;
	*ret_found = row && sqlite3_column_bytes(st, 0) == STORE_KEY_BYTES;
	if (*ret_found)
		memcpy(ret_key, sqlite3_column_blob(st, 0), STORE_KEY_BYTES);
	return row ? db_run(s, st, e) : 0;
}

int store_key_put(struct store *s, const unsigned char key[static STORE_KEY_BYTES], struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_KEY_PUT, "INSERT OR IGNORE INTO meta VALUES ('callbacks', ?1)", e);
	if (st == NULL)
		return -1;
	sqlite3_bind_blob64(st, 1, key, STORE_KEY_BYTES, SQLITE_STATIC);
	return db_run(s, st, e);
}
