/* SPDX-License-Identifier: ISC */
/*
 * Loads tests/data/config/NAME/monitord.yaml of every folder and compares what it says with
 * expected-errors.txt beside it; a new case is a folder.  --write writes what is said now.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "lib/config_types.h"

#define CASES "tests/data/config"

/* One line a mistake, without the folder of the case; "ok" and the counts when it loads. */
static void said(const char *name, struct strbuf *out)
{
	AUTO(config_errors) struct config_errors errors = { 0 };
	OWNED(config) struct config *c = NULL;
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(4096), prefix = STRBUF_INIT(4096);
	strbuf_addf(&prefix, CASES "/%s/", name);
	strbuf_addf(&path, "%smonitord.yaml", strbuf_cstr(&prefix));
	if (config_load(strbuf_cstr(&path), &fake_types, &c, &errors) == 0)
		strbuf_addf(out, "ok: %zu sources, %zu channels, %zu watches\n", c->sources.n,
			    c->channels.n, c->watches.n);
	for (size_t i = 0; i < errors.list.n; i++) {
		struct str rest = errors.list.v[i];
		for (size_t at; (at = str_find(rest, strbuf_str(&prefix))) != STR_NPOS;
		     rest = str_from(rest, at + prefix.len))
			strbuf_add(out, str_slice(rest, 0, at));
		strbuf_addf(out, "%.*s\n", STR_ARG(rest));
	}
}

static void read_expected(const char *path, struct strbuf *out)
{
	FILE *f = fopen(path, "rb");
	char buf[4096];
	for (size_t n; f != NULL && (n = fread(buf, 1, sizeof(buf), f)) > 0;)
		strbuf_add(out, str_n(buf, n));
	if (f != NULL)
		fclose(f);
}

static void write_expected(const char *path, struct str text)
{
	FILE *f = fopen(path, "wb");
	if (f == NULL || fwrite(text.p, 1, text.len, f) != text.len || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

/* Prints a text as TAP comments. */
static void explain(const char *what, struct str text)
{
	struct str line;
	printf("# %s\n", what);
	while (str_split(&text, '\n', &line))
		printf("#   %.*s\n", STR_ARG(line));
}

static bool run(const char *name, bool write)
{
	AUTO(strbuf)
	struct strbuf got = STRBUF_INIT(1 << 20),
		      want = STRBUF_INIT(1 << 20), path = STRBUF_INIT(4096);
	strbuf_addf(&path, CASES "/%s/expected-errors.txt", name);
	said(name, &got);
	if (write)
		write_expected(strbuf_cstr(&path), strbuf_str(&got));
	read_expected(strbuf_cstr(&path), &want);
	if (str_eq(strbuf_str(&got), strbuf_str(&want)))
		return true;
	explain("got", strbuf_str(&got));
	explain("expected", strbuf_str(&want));
	return false;
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	bool write = argc > 1 && strcmp(argv[1], "--write") == 0;
	struct dirent **names;
	int n = scandir(CASES, &names, visible, alphasort), failed = 0;
	if (n < 1) {
		printf("Bail out! no cases in " CASES "\n");
		return 1;
	}
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		bool ok = run(names[i]->d_name, write);
		printf("%s %d - %s\n", ok ? "ok" : "not ok", i + 1, names[i]->d_name);
		failed += !ok;
		mem_free(names[i]);
	}
	mem_free(names);
	return failed > 0;
}
