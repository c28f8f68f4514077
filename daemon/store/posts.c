/* SPDX-License-Identifier: ISC */
/* The archive of posts: identity, edits, full-text look-up, pruning. */
#include "store/db.h"

static int insert_words(struct store *s, int64_t row, struct str words, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_WORDS_INSERT, "INSERT INTO post_words (rowid, words) VALUES (?1, ?2)", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, row);
	db_text(st, 2, words);
	return db_run(s, st, e);
}

int store_post_insert(struct store *s, const struct store_post *p, int64_t now_unix_ms, int64_t *ret_row, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_POST_INSERT,
	                                "INSERT INTO post (source, id, fingerprint, came, published, json, content)"
	                                " VALUES (?1,?2,?3,?4,?5,?6,?7)", e);
	if (st == NULL)
		return -1;
	db_text(st, 1, p->source);
	db_text(st, 2, p->id);
	db_int(st, 3, (int64_t)p->fingerprint);
	db_int(st, 4, now_unix_ms);
	db_time(st, 5, p->published_unix_ms);
	db_text(st, 6, p->json);
	db_int(st, 7, (int64_t)p->content);
	if (db_run(s, st, e) != 0)
		return -1;
	int64_t row = sqlite3_last_insert_rowid(s->db);
	if (insert_words(s, row, p->words, e) != 0)
		return -1;
	*ret_row = row;
	return 0;
}

static int keep_evidence(struct store *s, int64_t post_row, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_EVIDENCE,
	                                "UPDATE alert SET evidence=(SELECT json FROM post WHERE row=?1)"
	                                " WHERE post=?1 AND evidence IS NULL", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, post_row);
	return db_run(s, st, e);
}

/* The words of the first version stay in the index beside nothing: a contentless index cannot take them out, so the new
 * text is found by its old words too, and the query decides on the new text. */
int store_post_edit(struct store *s, int64_t row, const struct store_post *p, int64_t now_unix_ms, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_POST_EDIT,
	                                "UPDATE post SET fingerprint=?2, edited=?3, json=?4, published=?5, content=?6, deleted=NULL"
	                                " WHERE row=?1", e);
	if (st == NULL || keep_evidence(s, row, e) != 0)
		return -1;
	db_int(st, 1, row);
	db_int(st, 2, (int64_t)p->fingerprint);
	db_int(st, 3, now_unix_ms);
	db_text(st, 4, p->json);
	db_time(st, 5, p->published_unix_ms);
	db_int(st, 6, (int64_t)p->content);
	if (db_run(s, st, e) != 0)
		return -1;
	return insert_words(s, row, p->words, e);
}

int store_post_complete(struct store *s, int64_t row, struct str json, struct str words, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_POST_COMPLETE, "UPDATE post SET json=?2 WHERE row=?1", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, row);
	db_text(st, 2, json);
	if (db_run(s, st, e) != 0)
		return -1;
	return insert_words(s, row, words, e);
}

int store_post_rename(struct store *s, int64_t row, const struct store_post *p, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_POST_RENAME, "UPDATE post SET id=?2, fingerprint=?3, json=?4 WHERE row=?1", e);
	if (st == NULL || keep_evidence(s, row, e) != 0)
		return -1;
	db_int(st, 1, row);
	db_text(st, 2, p->id);
	db_int(st, 3, (int64_t)p->fingerprint);
	db_text(st, 4, p->json);
	return db_run(s, st, e);
}

int store_post_contents(struct store *s, struct str source, void (*each)(void *ctx, int64_t row, uint64_t content), void *ctx,
                        struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_POST_CONTENTS,
	                                "SELECT row, content FROM post WHERE source=?1 AND content IS NOT NULL ORDER BY row", e);
	if (st == NULL)
		return -1;
	db_text(st, 1, source);
	int r;
	while (db_next(s, st, &r, e))
		each(ctx, sqlite3_column_int64(st, 0), (uint64_t)sqlite3_column_int64(st, 1));
	return r;
}

int store_post_delete(struct store *s, int64_t row, int64_t now_unix_ms, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_POST_DELETE, "UPDATE post SET deleted=?2 WHERE row=?1", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, row);
	db_int(st, 2, now_unix_ms);
	return db_run(s, st, e);
}

int store_post_find(struct store *s, struct str source, struct str id, struct arena *arena, struct store_found *ret,
                    bool *ret_found, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_POST_FIND, "SELECT row, fingerprint, deleted, json, came FROM post"
	                                " WHERE source=?1 AND id=?2", e);
	if (st == NULL)
		return -1;
	db_text(st, 1, source);
	db_text(st, 2, id);
	if (db_step(s, st, ret_found, e) != 0)
		return -1;
	if (!*ret_found)
		return 0;
	ret->row = sqlite3_column_int64(st, 0);
	ret->fingerprint = (uint64_t)sqlite3_column_int64(st, 1);
	ret->deleted = db_column_time(st, 2) != TIME_ABSENT;
	ret->came_unix_ms = db_column_time(st, 4);
	ret->json = arena == NULL ? STR_NULL : arena_str(arena, db_column_text(st, 3));
	return db_run(s, st, e);
}

int store_post_shares_id(struct store *s, struct str source, struct str id, bool *ret, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_POST_SHARES, "SELECT 1 FROM post WHERE source=?1 AND id>?2||'|' AND id<?2||'}'"
	                                " LIMIT 1", e); /* '}' is next to '|' */
	if (st == NULL)
		return -1;
	db_text(st, 1, source);
	db_text(st, 2, id);
	if (db_step(s, st, ret, e) != 0)
		return -1;
	return *ret ? db_run(s, st, e) : 0;
}

int store_post_each(struct store *s, struct str fts, int64_t since_unix_ms, int64_t below_row, int limit,
                    bool (*each)(void *ctx, int64_t row, int64_t came_unix_ms, struct str json), void *ctx, struct err *e)
{
	bool search = str_present(fts);
	sqlite3_stmt *st = search
	        ? db_statement(s, DB_POST_SEARCH,
	                       "SELECT row, came, json FROM post WHERE came>=?1 AND row<?2 AND json IS NOT NULL"
	                       " AND row IN (SELECT rowid FROM post_words WHERE post_words MATCH ?4)"
	                       " ORDER BY row DESC LIMIT ?3", e)
	        : db_statement(s, DB_POST_EACH,
	                       "SELECT row, came, json FROM post WHERE came>=?1 AND row<?2 AND json IS NOT NULL"
	                       " ORDER BY row DESC LIMIT ?3", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, since_unix_ms);
	db_int(st, 2, below_row > 0 ? below_row : INT64_MAX);
	db_int(st, 3, limit);
	if (search)
		db_text(st, 4, fts);
	int r;
	while (db_next(s, st, &r, e)) {
		if (!each(ctx, sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1), db_column_text(st, 2))) {
			sqlite3_reset(st);
			break;
		}
	}
	return r;
}

int store_post_prune(struct store *s, int64_t before_unix_ms, int limit, int *ret_pruned, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_POST_PRUNE,
	                                "UPDATE post SET json=NULL WHERE row IN (SELECT row FROM post WHERE came<?1"
	                                " AND json IS NOT NULL AND NOT EXISTS (SELECT 1 FROM alert WHERE alert.post=post.row)"
	                                " LIMIT ?2)", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, before_unix_ms);
	db_int(st, 2, limit);
	if (db_run(s, st, e) != 0)
		return -1;
	*ret_pruned = sqlite3_changes(s->db);
	return 0;
}
