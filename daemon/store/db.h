/* SPDX-License-Identifier: ISC */
/*
 * The handle shared by the files of store/: prepared statements by number, bound and stepped with one style of error.
 */
#pragma once

#include <sqlite3.h>
#include "store/store.h"

enum db_statement {
	DB_BEGIN, DB_COMMIT, DB_ROLLBACK,
	DB_OBJECT_PUT, DB_OBJECT_GET, DB_OBJECT_REMOVE, DB_OBJECT_EACH,
	DB_SPEND, DB_SPENT,
	DB_ACCOUNT_PUT, DB_ACCOUNT_EACH, DB_ACCOUNT_FORGET,
	DB_SEEN_SAVE, DB_SEEN_LOAD,
	DB_SESSION_SAVE, DB_SESSION_LOAD, DB_SESSION_FORGET,
	DB_SOURCE_SAVE, DB_SOURCE_LOAD, DB_SOURCE_FORGET, DB_ALARM_SET, DB_ALARM_OVER, DB_ALARM_EACH,
	DB_POST_FIND, DB_POST_SHARES, DB_POST_INSERT, DB_POST_EDIT, DB_POST_DELETE, DB_POST_RENAME, DB_POST_CONTENTS, DB_EVIDENCE,
	DB_WORDS_INSERT, DB_POST_EACH, DB_POST_SEARCH, DB_POST_PRUNE,
	DB_POST_COMPLETE, DB_CONTEXT_PUT, DB_CONTEXT_FIND, DB_CONTEXT_PRUNE,
	DB_WAIT_PUT, DB_WAIT_REMOVE, DB_WAIT_EACH, DB_WAIT_SOURCES, DB_WAIT_FORGET,
	DB_ALERT_PUT, DB_ALERT_GET, DB_ALERT_EACH, DB_ALERT_WATCHES,
	DB_DELIVERY_PUT, DB_DELIVERY_UPDATE, DB_DELIVERY_GET, DB_DELIVERY_EACH, DB_DELIVERY_OF_ALERT,
	DB_WEBSUB_SAVE, DB_WEBSUB_REMOVE, DB_WEBSUB_EACH, DB_KEY_GET, DB_KEY_PUT,
	DB_COUNT, DB_PROBE,
	DB_STATEMENTS_N,
};
struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[DB_STATEMENTS_N]; /* made at first use; index = enum db_statement */
	uint64_t uuid;
	bool in_transaction;
};

/* The statement, reset and unbound; NULL with e filled.  Release with db_done (AUTO-style: reset at once after use). */
sqlite3_stmt *db_statement(struct store *s, enum db_statement which, const char *sql, struct err *e);
void db_text(sqlite3_stmt *st, int i, struct str text);       /* absent is NULL; text must outlive the step */
void db_int(sqlite3_stmt *st, int i, int64_t n);
void db_time(sqlite3_stmt *st, int i, int64_t unix_ms);       /* TIME_ABSENT is NULL */
/* One row, or the end; resets at the end and on failure. */
int db_step(struct store *s, sqlite3_stmt *st, bool *ret_row, struct err *e);
/* `while (db_next(s, st, &r, e)) …; return r;`: true for each row.  Whoever stops before the end resets the statement. */
bool db_next(struct store *s, sqlite3_stmt *st, int *ret_result, struct err *e);
int db_run(struct store *s, sqlite3_stmt *st, struct err *e); /* to the end, no rows wanted */
struct str db_column_text(sqlite3_stmt *st, int i);           /* borrowed until the next step; STR_NULL if NULL */
int64_t db_column_time(sqlite3_stmt *st, int i);
int db_exec(struct store *s, const char *sql, struct err *e);
int db_fail(struct store *s, const char *what, struct err *e); /* always -1 */
