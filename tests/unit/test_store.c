/* SPDX-License-Identifier: ISC */
/* The database: identity of posts, one alert a watch and post, the outbox, schema versions, rollback. */
#include "lib/test.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/arena.h"
#include "store/store.h"

static struct store *open_memory(void)
{
	struct store *s = NULL;
	struct err e = { 0 };
	CHECK_OK(store_open(":memory:", &s, &e), &e);
	CHECK_OK(store_begin(s, &e), &e);
	return s;
}

static int64_t put_post(struct store *s, const char *id, const char *words, int64_t now)
{
	struct err e = { 0 };
	int64_t row = 0;
	struct store_post p = { .source = STR("feed"), .id = str_c(id), .json = STR("{\"title\":\"t\"}"), .words = str_c(words),
		                .fingerprint = 7, .published_unix_ms = TIME_ABSENT };
	CHECK_OK(store_post_insert(s, &p, now, &row, &e), &e);
	return row;
}

static bool count_one(void *ctx, int64_t row, int64_t came, struct str json)
{
	(void)row, (void)came, (void)json;
	(*(int *)ctx)++;
	return true;
}

static int find(struct store *s, const char *fts)
{
	int n = 0;
	struct err e = { 0 };
	CHECK_OK(store_post_each(s, fts ? str_c(fts) : STR_NULL, 0, 0, 100, count_one, &n, &e), &e);
	return n;
}

TEST(a_post_is_found_by_source_and_id_and_by_its_words)
{
	struct store *s = open_memory();
	OWNED(arena) struct arena *a = arena_new(1 << 16);
	struct err e = { 0 };
	struct store_found got = { 0 };
	bool found = true;
	CHECK_OK(store_post_find(s, STR("feed"), STR("1"), a, &got, &found, &e), &e);
	CHECK(!found);
	int64_t row = put_post(s, "1", "l avenir d ilya sutskever", 1000);
	put_post(s, "2", "nothing", 2000);
	CHECK_OK(store_post_find(s, STR("feed"), STR("1"), a, &got, &found, &e), &e);
	CHECK(found);
	CHECK_INT(got.row, row);
	CHECK_INT(got.fingerprint, 7);
	CHECK_STR(got.json, "{\"title\":\"t\"}");
	CHECK_INT(find(s, "\"sutskever\""), 1);
	CHECK_INT(find(s, NULL), 2);
	store_close(s);
}

TEST(an_edit_is_found_by_its_new_words)
{
	struct store *s = open_memory();
	struct err e = { 0 };
	int64_t row = put_post(s, "1", "old", 1000);
	struct store_post p = { .source = STR("feed"), .id = STR("1"), .json = STR("{}"), .words = STR("fresh"),
		                .fingerprint = UINT64_MAX, .published_unix_ms = 5 };
	CHECK_OK(store_post_edit(s, row, &p, 2000, &e), &e);
	CHECK_INT(find(s, "fresh"), 1);
	struct store_found got;
	bool found = false;
	CHECK_OK(store_post_find(s, STR("feed"), STR("1"), NULL, &got, &found, &e), &e);
	CHECK(got.fingerprint == UINT64_MAX);
	store_close(s);
}

static int64_t put_alert(struct store *s, int64_t post)
{
	struct err e = { 0 };
	int64_t row = -1;
	struct store_alert a = { .watch = STR("ilya"), .query = STR("Sutskever"), .post_row = post, .spans = STR("[]"),
		                 .created_unix_ms = 5 };
	CHECK_OK(store_alert_put(s, &a, &row, &e), &e);
	return row;
}

static bool count_delivery(void *ctx, const struct store_delivery *d)
{
	*(int *)ctx += d->row > 0;
	return true;
}

TEST(a_watch_alerts_once_for_a_post_and_its_delivery_ends)
{
	struct store *s = open_memory();
	OWNED(arena) struct arena *a = arena_new(1 << 16);
	struct err e = { 0 };
	int64_t post = put_post(s, "1", "w", 1);
	int64_t alert = put_alert(s, post);
	CHECK(alert > 0);
	CHECK_INT(put_alert(s, post), 0);
	int64_t row = 0;
	CHECK_OK(store_delivery_put(s, alert, STR("desk"), 10, &row, &e), &e);
	struct store_delivery d = { 0 };
	bool found = false;
	CHECK_OK(store_delivery_get(s, row, a, &d, &found, &e), &e);
	CHECK(found);
	CHECK_INT(d.state, STORE_WAITING);
	CHECK_INT(d.next_unix_ms, 10);
	d.state = STORE_DEAD;
	d.error = STR("410 Gone");
	CHECK_OK(store_delivery_update(s, &d, &e), &e);
	int n = 0;
	CHECK_OK(store_delivery_each(s, STORE_DEAD, STR("desk"), 0, 10, count_delivery, &n, &e), &e);
	CHECK_INT(n, 1);
	n = 0;
	CHECK_OK(store_delivery_of_alert(s, d.alert_row, count_delivery, &n, &e), &e);
	CHECK_INT(n, 1);
	CHECK_OK(store_delivery_of_alert(s, d.alert_row + 1, count_delivery, &n, &e), &e);
	CHECK_INT(n, 1);
	struct store_counts counts;
	CHECK_OK(store_count(s, &counts, &e), &e);
	CHECK_INT(counts.dead, 1);
	CHECK_INT(counts.waiting, 0);
	struct store_alert got;
	CHECK_OK(store_alert_get(s, alert, a, &got, &found, &e), &e);
	CHECK_STR(got.watch, "ilya");
	store_close(s);
}

TEST(old_posts_lose_their_text_but_not_their_identity)
{
	struct store *s = open_memory();
	OWNED(arena) struct arena *a = arena_new(1 << 16);
	struct err e = { 0 };
	put_post(s, "old", "w", 1000);
	put_alert(s, put_post(s, "old but alerted", "w", 1000));
	put_post(s, "young", "w", 9000);
	int pruned = 0;
	CHECK_OK(store_post_prune(s, 5000, 10, &pruned, &e), &e);
	CHECK_INT(pruned, 1);
	CHECK_INT(find(s, NULL), 2);
	struct store_found got;
	bool found = false;
	CHECK_OK(store_post_find(s, STR("feed"), STR("old"), a, &got, &found, &e), &e);
	CHECK(found && !str_present(got.json));
	store_close(s);
}

TEST(a_rolled_back_batch_leaves_nothing)
{
	struct store *s = open_memory();
	struct err e = { 0 };
	put_post(s, "1", "w", 1);
	store_rollback(s);
	CHECK_INT(find(s, NULL), 0);
	CHECK_OK(store_probe(s, &e), &e);
	store_close(s);
}

TEST(what_is_known_of_a_source_comes_back)
{
	struct store *s = open_memory();
	OWNED(arena) struct arena *a = arena_new(1 << 16);
	struct err e = { 0 };
	struct store_source put = { .hash = UINT64_MAX, .etag = STR("W/\"x\""), .success_unix_ms = TIME_ABSENT, .next_unix_ms = 3,
		                    .not_before_unix_ms = 4, .cursor = STR("c"), .failures = 2, .last_error = STR("no route") };
	CHECK_OK(store_source_save(s, STR("f"), &put, &e), &e);
	struct store_source got;
	bool found = false;
	CHECK_OK(store_source_load(s, STR("f"), a, &got, &found, &e), &e);
	CHECK(found && got.hash == UINT64_MAX && got.success_unix_ms == TIME_ABSENT);
	CHECK_STR(got.etag, "W/\"x\"");
	CHECK(!str_present(got.last_modified));
	CHECK_STR(got.cursor, "c");
	CHECK_INT(got.not_before_unix_ms, 4);
	CHECK_OK(store_source_forget(s, STR("f"), &e), &e);
	CHECK_OK(store_source_load(s, STR("f"), a, &got, &found, &e), &e);
	CHECK(!found);
	store_close(s);
}

TEST(a_newer_schema_and_a_foreign_file_are_refused)
{
	char path[] = "/tmp/monitord-test-XXXXXX";
	int fd = mkstemp(path);
	CHECK(fd >= 0);
	close(fd);
	struct store *s = NULL;
	struct err e = { 0 };
	CHECK_OK(store_open(path, &s, &e), &e);
	store_close(s);
	sqlite3 *db = NULL;
	CHECK_INT(sqlite3_open(path, &db), SQLITE_OK);
	CHECK_INT(sqlite3_exec(db, "PRAGMA user_version=99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	CHECK_INT(store_open(path, &s, &e), -1);
	CHECK_INT(e.kind, ERR_CONFIG);
	FILE *f = fopen(path, "w");
	CHECK(f != NULL);
	for (int i = 0; i < 200; i++)
		fputs("this is no database at all\n", f);
	fclose(f);
	CHECK_INT(store_open(path, &s, &e), -1);
	unlink(path);
}
