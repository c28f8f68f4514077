/* SPDX-License-Identifier: ISC */
/*
 * Golden tests of the feed codecs: each folder tests/data/feed/NAME holds input.xml or input.json, expected.json and, if
 * the server said one, content-type (one line).  The document was served from https://feed.example/dir/feed, or from what
 * the file url holds: nothing says that nobody knows.
 *
 *   build/tests/golden/feed_golden                  compares, prints TAP
 *   build/tests/golden/feed_golden NAME             prints what came out for one folder
 *   build/tests/golden/feed_golden --write NAME…    writes expected.json anew: read the diff before you commit it
 */
#include <dirent.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/vec.h"
#include "base/xml.h"
#include "lib/test.h"
#include "source/source.h"

#define DATA "tests/data/feed"

int main(int argc, char **argv);

static bool read_file(const char *folder, const char *name, struct strbuf *out)
{
	char path[512];

	snprintf(path, sizeof(path), DATA "/%s/%s", folder, name);
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		return false;
	char buf[4096];
	for (size_t n; (n = fread(buf, 1, sizeof(buf), f)) > 0;)
		strbuf_add(out, str_n(buf, n));
	fclose(f);
	return true;
}

/* What else is worth comparing than what monitorctl prints. */
static void add_hints(json_t *j, const struct source_document *d)
{
	json_t *feed = json_object_get(j, "feed");

	json_set_text(feed, "hub", d->hub);
	json_set_text(feed, "self", d->self);
	json_set_int(feed, "ttl_ms", d->hints.ttl_ms);
	json_set_int(feed, "skip_hours", d->hints.skip_hours);
	json_set_int(feed, "skip_days", d->hints.skip_days);
	json_set_bool(feed, "repaired", d->repaired);
}

/* The folder's input as JSON; {"error": …} where the codec refuses it. */
static json_t *parse_folder(const char *folder)
{
	AUTO(strbuf) struct strbuf bytes = STRBUF_INIT(16 << 20), type = STRBUF_INIT(4096), url = STRBUF_INIT(4096);
	struct source_document d;
	struct err e;

	if (!read_file(folder, "input.xml", &bytes) && !read_file(folder, "input.json", &bytes))
		return json_pack("{s:s}", "error", "no input");
	bool typed = read_file(folder, "content-type", &type), placed = read_file(folder, "url", &url);
	struct frame f = {
		.bytes = strbuf_str(&bytes),
		.content_type = typed ? str_trim(strbuf_str(&type)) : STR_NULL,
		.url = placed ? str_trim(strbuf_str(&url)) : STR("https://feed.example/dir/feed"),
	};
	const struct source_type *t = source_detect(&f);
	if (t == NULL)
		return json_pack("{s:s}", "error", "no type wants it");
	if (t->parse(NULL, &f, &d, &e) != 0)
		return json_pack("{s:s}", "error", e.message);
	json_t *j = source_document_to_json(&d);
	json_object_set_new(j, "type", json_string(t->name));
	add_hints(j, &d);
	source_document_release(&d);
	return j;
}

static int write_expected(const char *folder)
{
	char path[512];
	OWNED_JSON json_t *j = parse_folder(folder);

	snprintf(path, sizeof(path), DATA "/%s/expected.json", folder);
	FILE *f = fopen(path, "w");
	if (f == NULL)
		return 1;
	json_dumpf(j, f, JSON_INDENT(1));
	fputc('\n', f);
	return fclose(f);
}

/* Prints "ok" or "not ok" with the two values. */
static bool compare(size_t n, const char *folder)
{
	char path[512];
	json_error_t error;
	OWNED_JSON json_t *got = parse_folder(folder);

	snprintf(path, sizeof(path), DATA "/%s/expected.json", folder);
	OWNED_JSON json_t *want = json_load_file(path, 0, &error);
	bool same = want && json_equal(got, want);
	printf("%s %zu - %s\n", same ? "ok" : "not ok", n, folder);
	if (same)
		return true;
	char *g = json_dumps(got, JSON_INDENT(1)), *w = want ? json_dumps(want, JSON_INDENT(1)) : NULL;
	printf("got %s\nwant %s\n", g, w ? w : error.text);
	free(g);
	free(w);
	return false;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int compare_all(void)
{
	VEC(char *) folders = { 0 };
	DIR *dir = opendir(DATA);
	size_t failed = 0;

	if (dir == NULL) {
		printf("not ok 1 - " DATA " is not there\n");
		return 1;
	}
	for (struct dirent *d; (d = readdir(dir)) != NULL;)
		if (d->d_name[0] != '.')
			vec_push(&folders, mem_strdup(d->d_name));
	closedir(dir);
	if (folders.n == 0)
		printf("not ok 1 - " DATA " is empty\n");
	else
		qsort(folders.v, folders.n, sizeof(*folders.v), by_name);
	for (size_t i = 0; i < folders.n; i++) {
		failed += !compare(i + 1, folders.v[i]);
		mem_free(folders.v[i]);
	}
	printf("1..%zu\n", folders.n ? folders.n : 1);
	failed += folders.n == 0;
	vec_free(&folders);
	return failed != 0;
}

int main(int argc, char **argv)
{
	xml_setup();
	json_setup();
	if (argc == 1)
		return compare_all();
	if (strcmp(argv[1], "--write") == 0) {
		int failed = 0;
		for (int i = 2; i < argc; i++)
			failed |= write_expected(argv[i]);
		return failed;
	}
	OWNED_JSON json_t *j = parse_folder(argv[1]);
	json_dumpf(j, stdout, JSON_INDENT(1));
	putchar('\n');
	return 0;
}
