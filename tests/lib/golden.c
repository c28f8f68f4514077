/* SPDX-License-Identifier: ISC */
/* Runs golden tests whose answer is JSON. */
#include "lib/golden.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/vec.h"
#include "base/xml.h"

#define PATH_BYTES 700

bool golden_read(const struct golden *g, const char *folder, const char *name, struct strbuf *out)
{
	char path[PATH_BYTES], buf[4096];

	snprintf(path, sizeof(path), "%s/%s/%s", g->data, folder, name);
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		return false;
	for (size_t n; (n = fread(buf, 1, sizeof(buf), f)) > 0;)
		strbuf_add(out, str_n(buf, n));
	fclose(f);
	return true;
}

static int write_expected(const struct golden *g, const char *folder)
{
	char path[PATH_BYTES];
	OWNED_JSON json_t *j = g->run(folder);

	snprintf(path, sizeof(path), "%s/%s/expected.json", g->data, folder);
	FILE *f = fopen(path, "w");
	if (f == NULL)
		return 1;
	json_dumpf(j, f, JSON_INDENT(1));
	fputc('\n', f);
	return fclose(f);
}

/* Prints "ok" or "not ok" with the two values. */
static bool compare(const struct golden *g, size_t n, const char *folder)
{
	char path[PATH_BYTES];
	json_error_t error;
	OWNED_JSON json_t *got = g->run(folder);

	snprintf(path, sizeof(path), "%s/%s/expected.json", g->data, folder);
	OWNED_JSON json_t *want = json_load_file(path, 0, &error);
	bool same = want && json_equal(got, want);
	printf("%s %zu - %s\n", same ? "ok" : "not ok", n, folder);
	if (same)
		return true;
	char *is = json_dumps(got, JSON_INDENT(1)), *was = want ? json_dumps(want, JSON_INDENT(1)) : NULL;
	printf("got %s\nwant %s\n", is, was ? was : error.text);
	free(is);
	free(was);
	return false;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

typedef VEC(char *) names;

/* The folders `depth` levels below data/inside, as they are called from data on. */
static void list(const struct golden *g, const char *inside, int depth, names *out)
{
	char path[PATH_BYTES];

	snprintf(path, sizeof(path), "%s/%s", g->data, inside);
	DIR *dir = opendir(path);
	if (dir == NULL)
		return;
	for (struct dirent *d; (d = readdir(dir)) != NULL;) {
		char name[PATH_BYTES];
		if (d->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s%s%s", inside, inside[0] != '\0' ? "/" : "", d->d_name);
		if (depth > 1)
			list(g, name, depth - 1, out);
		else
			vec_push(out, mem_strdup(name));
	}
	closedir(dir);
}

static int compare_all(const struct golden *g)
{
	names folders = { 0 };
	size_t failed = 0;

	list(g, "", g->depth, &folders);
	if (folders.n == 0)
		printf("not ok 1 - %s is empty\n", g->data);
	else
		qsort(folders.v, folders.n, sizeof(*folders.v), by_name);
	for (size_t i = 0; i < folders.n; i++) {
		failed += !compare(g, i + 1, folders.v[i]);
		mem_free(folders.v[i]);
	}
	printf("1..%zu\n", folders.n ? folders.n : 1);
	failed += folders.n == 0;
	vec_free(&folders);
	return failed != 0;
}

int golden_main(const struct golden *g, int argc, char **argv)
{
	xml_setup();
	json_setup();
	if (argc == 1)
		return compare_all(g);
	if (strcmp(argv[1], "--write") == 0) {
		int failed = 0;
		for (int i = 2; i < argc; i++)
			failed |= write_expected(g, argv[i]);
		return failed;
	}
	OWNED_JSON json_t *j = g->run(argv[1]);
	json_dumpf(j, stdout, JSON_INDENT(1));
	putchar('\n');
	return 0;
}
