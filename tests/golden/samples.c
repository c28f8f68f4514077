/* SPDX-License-Identifier: ISC */
/*
 * The configurations of config/, with the real types: the annotated sample is the one that the
 * tables print (--write writes it), and the quick start and the examples load.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/world.h"

#define SAMPLE "config/monitord.yaml"

static int failed, count;

static void result(bool ok, const char *name)
{
	printf("%s %d - %s\n", ok ? "ok" : "not ok", ++count, name);
	failed += !ok;
}

static bool read_text(const char *path, struct strbuf *out)
{
	FILE *f = fopen(path, "rb");
	char buf[4096];
	for (size_t n; f != NULL && (n = fread(buf, 1, sizeof(buf), f)) > 0;)
		strbuf_add(out, str_n(buf, n));
	return f != NULL && fclose(f) == 0;
}

static void write_text(const char *path, struct str text)
{
	FILE *f = fopen(path, "wb");
	if (f == NULL || fwrite(text.p, 1, text.len, f) != text.len || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

/* NULL, with TAP comments, if it does not load or warns. */
static struct config *load(const char *path, const struct config_types *types)
{
	AUTO(config_errors) struct config_errors errors = { 0 };
	OWNED(config) struct config *c = NULL;
	bool ok = config_load(path, types, &c, &errors) == 0 && c->warnings.n == 0;
	for (size_t i = 0; i < errors.list.n; i++)
		printf("# %.*s\n", STR_ARG(errors.list.v[i]));
	for (size_t i = 0; c != NULL && i < c->warnings.n; i++)
		printf("# %.*s\n", STR_ARG(c->warnings.v[i]));
	return ok ? take(c) : NULL;
}

static void sample_is_current(const struct config_types *types, bool write)
{
	AUTO(strbuf) struct strbuf want = STRBUF_INIT(1 << 20), got = STRBUF_INIT(1 << 20);
	config_print_sample(types, &want);
	if (write)
		write_text(SAMPLE, strbuf_str(&want));
	bool same = read_text(SAMPLE, &got) && str_eq(strbuf_str(&got), strbuf_str(&want));
	if (!same)
		printf("# " SAMPLE " is stale: build/tests/golden/samples --write\n");
	result(same, "the sample is what the tables print");
	OWNED(config) struct config *c = load(SAMPLE, types);
	result(c != NULL, "the sample loads");
}

static void quickstart_loads(const struct config_types *types)
{
	OWNED(config) struct config *c = load("config/quickstart.yaml", types);
	result(c != NULL && c->sources.n > 5 && c->watches.n == 1 && c->channels.n == 1 &&
		       c->channels.v[0].is_default,
	       "the quick start loads");
	if (c == NULL)
		return;
	AUTO(strbuf) struct strbuf feed = STRBUF_INIT(1 << 20);
	const struct config_source *s = &c->sources.v[0];
	result(str_starts(s->url, STR("file:///")) &&
		       str_ends(s->url, STR("/config/sample-feed.xml")) &&
		       s->backfill_ms == INT64_MAX,
	       "its sample feed alerts");
	result(read_text("config/sample-feed.xml", &feed) &&
		       str_find(strbuf_str(&feed), c->watches.v[0].query) != STR_NPOS,
	       "the sample feed names what the watch looks for");
}

int main(int argc, char **argv)
{
	struct world_types types;
	world_types_init(&types);
	setenv("MONITORD_WEBHOOK_SECRET", "whsec_c2FtcGxlLXNlY3JldC1vZi10aGUtdGVzdHM=", 1);
	sample_is_current(&types.types, argc > 1 && strcmp(argv[1], "--write") == 0);
	quickstart_loads(&types.types);
	OWNED(config) struct config *c = load("config/conf.d/webhook.yaml.example", &types.types);
	result(c != NULL, "the example of conf.d loads");
	printf("1..%d\n", count);
	return failed > 0;
}
