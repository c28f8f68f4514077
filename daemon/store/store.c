/* SPDX-License-Identifier: ISC */
/* Opening the database, its schema, transactions, and the statements that the other files of store/ use. */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/mem.h"
#include "store/db.h"
#include "store/migrations.h"

#define ASK_FOR_COPY ": stop monitord, then restore a copy of it, or move it away to begin anew"
#define CHECK_PAGES_MAX (256 << 8) /* of 4 KiB: 256 MiB are read in a second or two */

static bool is_damaged(struct store *s)
{
	int code = sqlite3_errcode(s->db) & 0xff;
	return code == SQLITE_NOTADB || code == SQLITE_CORRUPT;
}

int db_fail(struct store *s, const char *what, struct err *e)
{
	return err_set(e, ERR_SYSTEM, "database: %s: %s%s", what, sqlite3_errmsg(s->db),
	               is_damaged(s) ? ASK_FOR_COPY : "");
}

int db_exec(struct store *s, const char *sql, struct err *e)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_fail(s, "statement failed", e);
	return 0;
}

sqlite3_stmt *db_statement(struct store *s, enum db_statement which, const char *sql, struct err *e)
{
	sqlite3_stmt **slot = &s->statements[which];
	if (*slot == NULL && sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, slot, NULL) != SQLITE_OK) {
		(void)db_fail(s, "cannot prepare", e);
		return NULL;
	}
	sqlite3_reset(*slot);
	sqlite3_clear_bindings(*slot);
	return *slot;
}

void db_text(sqlite3_stmt *st, int i, struct str text)
{
	if (str_present(text))
		sqlite3_bind_text64(st, i, text.p, text.len, SQLITE_STATIC, SQLITE_UTF8);
}

void db_int(sqlite3_stmt *st, int i, int64_t n)
{
	sqlite3_bind_int64(st, i, n);
}

void db_time(sqlite3_stmt *st, int i, int64_t unix_ms)
{
	if (unix_ms != TIME_ABSENT)
		sqlite3_bind_int64(st, i, unix_ms);
}

int db_step(struct store *s, sqlite3_stmt *st, bool *ret_row, struct err *e)
{
	int rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		*ret_row = true;
		return 0;
	}
	int r = rc == SQLITE_DONE ? 0 : db_fail(s, "cannot write or read", e);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	if (r == 0)
		*ret_row = false;
	return r;
}

bool db_next(struct store *s, sqlite3_stmt *st, int *ret_result, struct err *e)
{
	bool row = false;
	*ret_result = db_step(s, st, &row, e);
	return *ret_result == 0 && row;
}

int db_run(struct store *s, sqlite3_stmt *st, struct err *e)
{
	int r;
	while (db_next(s, st, &r, e))
		continue;
	return r;
}

struct str db_column_text(sqlite3_stmt *st, int i)
{
	const void *p = sqlite3_column_text(st, i);
	return p == NULL ? STR_NULL : str_n(p, (size_t)sqlite3_column_bytes(st, i));
}

int64_t db_column_time(sqlite3_stmt *st, int i)
{
	return sqlite3_column_type(st, i) == SQLITE_NULL ? TIME_ABSENT : sqlite3_column_int64(st, i);
}

static int read_int(struct store *s, const char *sql, int64_t *ret, struct err *e)
{
	sqlite3_stmt *st = NULL;
	if (sqlite3_prepare_v2(s->db, sql, -1, &st, NULL) != SQLITE_OK)
		return db_fail(s, "cannot read", e);
	int rc = sqlite3_step(st);
	int64_t n = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
	sqlite3_finalize(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return db_fail(s, "cannot read", e);
	*ret = n;
	return 0;
}

/* One transaction from whatever version there is to the newest: a crash in between leaves the old one whole. */
static int migrate(struct store *s, struct err *e)
{
	int64_t version = 0;
	if (read_int(s, "PRAGMA user_version", &version, e) != 0)
		return -1;
	const int64_t newest = (int64_t)(sizeof store_migrations / sizeof store_migrations[0]);
	if (version == newest)
		return 0;
	if (version > newest)
		return err_set(e, ERR_CONFIG,
		               "database: schema %lld is newer than this program's %lld: use the newer program",
		               (long long)version, (long long)newest);
	if (db_exec(s, "BEGIN IMMEDIATE", e) != 0)
		return -1;
	int r = 0;
	for (int64_t v = version; v < newest && r == 0; v++)
		r = db_exec(s, store_migrations[v], e);
	if (r == 0 && version == 0) {
		uint64_t uuid;
		hash_random(&uuid, sizeof uuid);
		char sql[96];
		snprintf(sql, sizeof sql, "INSERT INTO meta VALUES ('uuid', %lld)", (long long)(uuid >> 1));
		r = db_exec(s, sql, e);
	}
	char sql[64];
	snprintf(sql, sizeof sql, "PRAGMA user_version=%lld", (long long)newest);
	if (r == 0)
		r = db_exec(s, sql, e);
	if (r == 0)
		r = db_exec(s, "COMMIT", e);
	if (r != 0)
		(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

/* RELIABILITY M3: whoever starts on a damaged file finds out at the worst moment.  A large one would delay the start. */
static int check(struct store *s, struct err *e)
{
	int64_t pages = 0;
	if (read_int(s, "PRAGMA page_count", &pages, e) != 0)
		return -1;
	if (pages > CHECK_PAGES_MAX)
		return 0;
	sqlite3_stmt *st = NULL;
	if (sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &st, NULL) != SQLITE_OK)
		return db_fail(s, "cannot check", e);
	int r = 0;
	if (sqlite3_step(st) != SQLITE_ROW)
		r = db_fail(s, "cannot check", e);
	else if (!str_eq(db_column_text(st, 0), STR("ok")))
		r = err_set(e, ERR_CONFIG, "database: damaged: %.*s" ASK_FOR_COPY, STR_ARG(db_column_text(st, 0)));
	sqlite3_finalize(st);
	return r;
}

static int set_up(struct store *s, struct err *e)
{
	/* FULL: 10,000 simulated power cuts lost nothing, NORMAL lost two thirds (RELIABILITY 0.3). */
	if (db_exec(s, "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA foreign_keys=ON;"
	               "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
	               "PRAGMA journal_size_limit=16777216; PRAGMA wal_autocheckpoint=2000; PRAGMA cache_size=-8000;", e) != 0)
		return -1;
	if (check(s, e) != 0 || migrate(s, e) != 0)
		return -1;
	int64_t uuid = 0;
	if (read_int(s, "SELECT value FROM meta WHERE key='uuid'", &uuid, e) != 0)
		return -1;
	s->uuid = (uint64_t)uuid;
	return 0;
}

int store_open(const char *path, struct store **ret_store, struct err *e)
{
	struct store *s = mem_new(struct store);
	/* SQLite would let everybody read it, and its other files are made as open as this one. */
	int fd = path[0] != ':' ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (fd >= 0)
		close(fd);
	int rc = sqlite3_open_v2(path, &s->db,
	                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	int r = 0;
	if (rc != SQLITE_OK)
		r = err_set(e, ERR_SYSTEM, "database %s: %s", path, s->db ? sqlite3_errmsg(s->db) : sqlite3_errstr(rc));
	else if (sqlite3_busy_timeout(s->db, 5000), set_up(s, e) != 0)
		r = err_wrap(e, "%s", path);
	if (r != 0 && is_damaged(s))
		e->kind = ERR_CONFIG; /* no restart mends it */
	if (r != 0) {
		store_close(s);
		return r;
	}
	*ret_store = s;
	return 0;
}

void store_close(struct store *s)
{
	if (s == NULL)
		return;
	for (int i = 0; i < DB_STATEMENTS_N; i++)
		sqlite3_finalize(s->statements[i]);
	sqlite3_close_v2(s->db);
	mem_free(s);
}

int store_begin(struct store *s, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_BEGIN, "BEGIN IMMEDIATE", e);
	if (st == NULL || db_run(s, st, e) != 0)
		return -1;
	s->in_transaction = true;
	return 0;
}

int store_commit(struct store *s, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_COMMIT, "COMMIT", e);
	if (st == NULL || db_run(s, st, e) != 0) {
		store_rollback(s);
		return -1;
	}
	s->in_transaction = false;
	return 0;
}

void store_rollback(struct store *s)
{
	struct err ignored = { 0 };
	/* SQLite may have rolled back by itself (disk full): then there is nothing left to undo. */
	if (sqlite3_get_autocommit(s->db) == 0) {
		sqlite3_stmt *st = db_statement(s, DB_ROLLBACK, "ROLLBACK", &ignored);
		if (st != NULL)
			(void)db_run(s, st, &ignored);
	}
	s->in_transaction = false;
}

uint64_t store_uuid(const struct store *s)
{
	return s->uuid;
}

static bool reserve_path(struct store *s, struct strbuf *path)
{
	const char *db = sqlite3_db_filename(s->db, "main");
	strbuf_adds(path, db == NULL ? "" : db);
	strbuf_adds(path, ".reserve");
	return db != NULL && db[0] != '\0'; /* else it is in memory */
}

/* A new reserve wants room beyond itself: where it just fits the next batch would fail again. */
static int fill_reserve(int fd)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return errno;
	if (st.st_size == STORE_RESERVE_BYTES && st.st_blocks * 512 >= STORE_RESERVE_BYTES)
		return 0;
	int error = posix_fallocate(fd, 0, STORE_RESERVE_BYTES + STORE_ROOM_BYTES);
	return error == 0 && ftruncate(fd, STORE_RESERVE_BYTES) != 0 ? errno : error;
}

int store_reserve(struct store *s, struct err *e)
{
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(PATH_MAX);
	if (!reserve_path(s, &path))
		return 0;
	int fd = open(strbuf_cstr(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	int error = fd < 0 ? errno : fill_reserve(fd);
	if (fd >= 0)
		close(fd);
	if (error == 0)
		return 0;
	(void)unlink(strbuf_cstr(&path));
	return err_errno(e, error, "no %d MiB of room for %s", (STORE_RESERVE_BYTES + STORE_ROOM_BYTES) >> 20, strbuf_cstr(&path));
}

void store_let_go(struct store *s)
{
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(PATH_MAX);
	if (reserve_path(s, &path))
		(void)unlink(strbuf_cstr(&path));
}

int store_probe(struct store *s, struct err *e)
{
	if (store_begin(s, e) != 0)
		return -1;
	sqlite3_stmt *st = db_statement(s, DB_PROBE, "INSERT OR REPLACE INTO meta VALUES ('probe', randomblob(16))", e);
	if (st == NULL || db_run(s, st, e) != 0) {
		store_rollback(s);
		return -1;
	}
	return store_commit(s, e);
}
