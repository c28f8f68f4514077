/* SPDX-License-Identifier: ISC */
/* Alerts and their deliveries: written with the post that caused them, marked when the answer came. */
#include "store/db.h"

int store_alert_put(struct store *s, const struct store_alert *a, int64_t *ret_row, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_ALERT_PUT,
	                                "INSERT INTO alert (watch, query, post, spans, created, event, edition)"
	                                " VALUES (?1,?2,?3,?4,?5,?6,?7) ON CONFLICT (watch, post, event, edition) DO NOTHING", e);
	if (st == NULL)
		return -1;
	db_text(st, 1, a->watch);
	db_text(st, 2, a->query);
	db_int(st, 3, a->post_row);
	db_text(st, 4, a->spans);
	db_int(st, 5, a->created_unix_ms);
	db_int(st, 6, a->event);
	db_int(st, 7, (int64_t)a->edition);
	if (db_run(s, st, e) != 0)
		return -1;
	*ret_row = sqlite3_changes(s->db) > 0 ? sqlite3_last_insert_rowid(s->db) : 0;
	return 0;
}

#define ALERT_COLUMNS                                                                                       \
	"SELECT a.row, a.watch, a.query, a.post, a.spans, a.created, coalesce(a.evidence, p.json), a.event, a.edition" \
	" FROM alert a JOIN post p ON p.row=a.post "

static struct store_alert read_alert(sqlite3_stmt *st)
{
	return (struct store_alert){
		.row = sqlite3_column_int64(st, 0),
		.watch = db_column_text(st, 1),
		.query = db_column_text(st, 2),
		.post_row = sqlite3_column_int64(st, 3),
		.spans = db_column_text(st, 4),
		.created_unix_ms = sqlite3_column_int64(st, 5),
		.post = db_column_text(st, 6),
		.event = sqlite3_column_int(st, 7),
		.edition = (uint64_t)sqlite3_column_int64(st, 8),
	};
}

int store_alert_get(struct store *s, int64_t row, struct arena *arena, struct store_alert *ret, bool *ret_found, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_ALERT_GET, ALERT_COLUMNS "WHERE a.row=?1", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, row);
	if (db_step(s, st, ret_found, e) != 0)
		return -1;
	if (!*ret_found)
		return 0;
	struct store_alert a = read_alert(st);
	a.watch = arena_str(arena, a.watch);
	a.query = arena_str(arena, a.query);
	a.spans = arena_str(arena, a.spans);
	a.post = arena_str(arena, a.post);
	*ret = a;
	return db_run(s, st, e);
}

int store_alert_watches(struct store *s, int64_t post_row, void (*each)(void *ctx, struct str watch), void *ctx, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_ALERT_WATCHES, "SELECT DISTINCT watch FROM alert WHERE post=?1 ORDER BY watch", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, post_row);
	int r;
	while (db_next(s, st, &r, e))
		each(ctx, db_column_text(st, 0));
	return r;
}

int store_alert_each(struct store *s, struct str watch, int64_t since_unix_ms, int64_t below_row, int limit,
                     bool (*each)(void *ctx, const struct store_alert *a), void *ctx, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_ALERT_EACH,
	                                ALERT_COLUMNS "WHERE a.created>=?1 AND a.row<?2 AND (?3 IS NULL OR a.watch=?3)"
	                                " ORDER BY a.row DESC LIMIT ?4", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, since_unix_ms);
	db_int(st, 2, below_row > 0 ? below_row : INT64_MAX);
	db_text(st, 3, watch);
	db_int(st, 4, limit);
	int r;
	while (db_next(s, st, &r, e)) {
		struct store_alert a = read_alert(st);
		if (!each(ctx, &a)) {
			sqlite3_reset(st);
			break;
		}
	}
	return r;
}

const char *store_delivery_state_name(enum store_delivery_state state)
{
	static const char *const names[] = { "waiting", "delivered", "dead" };
	return names[state];
}

int store_delivery_put(struct store *s, int64_t alert_row, struct str channel, int64_t now_unix_ms, int64_t *ret_row,
                       struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_DELIVERY_PUT,
	                                "INSERT INTO delivery (alert, channel, state, attempts, next, created, changed)"
	                                " VALUES (?1, ?2, 0, 0, ?3, ?3, ?3)", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, alert_row);
	db_text(st, 2, channel);
	db_int(st, 3, now_unix_ms);
	if (db_run(s, st, e) != 0)
		return -1;
	*ret_row = sqlite3_last_insert_rowid(s->db);
	return 0;
}

int store_delivery_update(struct store *s, const struct store_delivery *d, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_DELIVERY_UPDATE,
	                                "UPDATE delivery SET state=?2, attempts=?3, next=?4, changed=?5, error=?6 WHERE row=?1", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, d->row);
	db_int(st, 2, (int64_t)d->state);
	db_int(st, 3, d->attempts);
	db_int(st, 4, d->next_unix_ms);
	db_int(st, 5, d->changed_unix_ms);
	db_text(st, 6, d->error);
	return db_run(s, st, e);
}

#define DELIVERY_COLUMNS "SELECT row, alert, channel, state, attempts, next, created, changed, error FROM delivery "

static struct store_delivery read_delivery(sqlite3_stmt *st)
{
	return (struct store_delivery){
		.row = sqlite3_column_int64(st, 0),
		.alert_row = sqlite3_column_int64(st, 1),
		.channel = db_column_text(st, 2),
		.state = (enum store_delivery_state)sqlite3_column_int(st, 3),
		.attempts = sqlite3_column_int64(st, 4),
		.next_unix_ms = sqlite3_column_int64(st, 5),
		.created_unix_ms = sqlite3_column_int64(st, 6),
		.changed_unix_ms = sqlite3_column_int64(st, 7),
		.error = db_column_text(st, 8),
	};
}

int store_delivery_get(struct store *s, int64_t row, struct arena *arena, struct store_delivery *ret, bool *ret_found,
                       struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_DELIVERY_GET, DELIVERY_COLUMNS "WHERE row=?1", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, row);
	if (db_step(s, st, ret_found, e) != 0)
		return -1;
	if (!*ret_found)
		return 0;
	*ret = read_delivery(st);
	ret->channel = arena_str(arena, ret->channel);
	ret->error = arena_str(arena, ret->error);
	return db_run(s, st, e);
}

/* Every row of a bound statement. */
static int deliveries(struct store *s, sqlite3_stmt *st, bool (*each)(void *ctx, const struct store_delivery *d), void *ctx,
                      struct err *e)
{
	int r;
	while (db_next(s, st, &r, e)) {
		struct store_delivery d = read_delivery(st);
		if (!each(ctx, &d)) {
			sqlite3_reset(st);
			break;
		}
	}
	return r;
}

int store_delivery_each(struct store *s, int state, struct str channel, int64_t above_row, int limit,
                        bool (*each)(void *ctx, const struct store_delivery *d), void *ctx, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_DELIVERY_EACH,
	                                DELIVERY_COLUMNS
	                                "WHERE row>?1 AND (?2<0 OR state=?2) AND (?3 IS NULL OR channel=?3)"
	                                " ORDER BY row LIMIT ?4", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, above_row);
	db_int(st, 2, state);
	db_text(st, 3, channel);
	db_int(st, 4, limit);
	return deliveries(s, st, each, ctx, e);
}

int store_delivery_of_alert(struct store *s, int64_t alert_row, bool (*each)(void *ctx, const struct store_delivery *d),
                            void *ctx, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_DELIVERY_OF_ALERT, DELIVERY_COLUMNS "WHERE alert=?1 ORDER BY row", e);
	if (st == NULL)
		return -1;
	db_int(st, 1, alert_row);
	return deliveries(s, st, each, ctx, e);
}

int store_count(struct store *s, struct store_counts *ret, struct err *e)
{
	sqlite3_stmt *st = db_statement(s, DB_COUNT,
	                                "SELECT (SELECT count(*) FROM post), (SELECT count(*) FROM alert),"
	                                " (SELECT count(*) FROM delivery WHERE state=0),"
	                                " (SELECT count(*) FROM delivery WHERE state=1),"
	                                " (SELECT count(*) FROM delivery WHERE state=2)", e);
	if (st == NULL)
		return -1;
	bool row = false;
	if (db_step(s, st, &row, e) != 0)
		return -1;
	*ret = (struct store_counts){
		.posts = sqlite3_column_int64(st, 0),
		.alerts = sqlite3_column_int64(st, 1),
		.waiting = sqlite3_column_int64(st, 2),
		.delivered = sqlite3_column_int64(st, 3),
		.dead = sqlite3_column_int64(st, 4),
	};
	return db_run(s, st, e);
}
