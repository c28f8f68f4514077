/* SPDX-License-Identifier: ISC */
/* import-opml and export-opml: lists of feeds from and for feed readers. */
#include "base/json.h"
#include "base/map.h"
#include "base/url.h"
#include "config/config.h"
#include "control/cli.h"
#include "control/opml.h"

/* What there is already, and what came of each feed of the file. */
struct import {
	struct ctl *c;
	bool dry_run;
	struct map *names, *urls;
	struct arena *arena;     /* of their keys */
	struct table table;
	size_t added, known, refused;
};

static int load_known(struct import *m)
{
	OWNED_JSON json_t *answer = NULL;
	int code = ctl_call(m->c, "GET", "/v1/sources", NULL, &answer);
	const json_t *list = json_get(answer, "sources");

	for (size_t i = 0; code == 0 && i < json_array_size(list); i++) {
		const json_t *s = json_array_get(list, i);

		map_put(m->names, arena_str(m->arena, json_get_str(s, "name")), m);
		map_put(m->urls, arena_str(m->arena, json_get_str(s, "url")), m);
	}
	return code;
}

/* Why a feed is not for us; NULL if it is.  Other readers run commands and read files that a list names; we never do. */
static const char *refusal(const struct opml_feed *f)
{
	if (!url_is_http(f->url))
		return "only http and https addresses are followed";
	if (f->url.len > URL_MAX)
		return "the address is too long";
	if (str_present(f->command))
		return "it would run a command over the feed";
	return NULL;
}

static json_t *body_of(const struct import *m, const struct opml_feed *f, struct str name, int *ret_code)
{
	json_t *body = json_object(), *tags = json_array();

	json_set_text(body, "name", name);
	json_set_text(body, "url", f->url);
	for (size_t i = 0; i < f->tags.n; i++)
		json_array_append_new(tags, json_text(f->tags.v[i]));
	json_set(body, "tags", tags);
	*ret_code = ctl_body_options(m->c, body);
	return body;
}

static void say(struct import *m, const struct opml_feed *f, struct str name, const char *result, enum ctl_style style)
{
	if (m->c->json) {
		OWNED_JSON json_t *line = json_object();

		json_set_text(line, "name", name);
		json_set_text(line, "url", f->url);
		json_set_text(line, "result", str_c(result));
		ctl_put_json(line);
		return;
	}
	table_add(&m->table, STYLE_BOLD, name);
	table_add(&m->table, style, str_c(result));
	table_add(&m->table, STYLE_PLAIN, f->url);
}

static int add(struct import *m, const struct opml_feed *f)
{
	AUTO(strbuf) struct strbuf name = STRBUF_INIT(1024);
	const char *why = refusal(f);
	int code = 0;

	if (why != NULL) {
		m->refused++;
		say(m, f, str_empty(f->title) ? STR("-") : f->title, why, STYLE_BAD);
		return 0;
	}
	config_name_make(&name, str_empty(f->title) ? url_host(f->url) : f->title, "source", m->names);
	if (map_get(m->urls, f->url) != NULL) {
		m->known++;
		say(m, f, STR("-"), "followed already", STYLE_DIM);
		return 0;
	}
	OWNED_JSON json_t *body = body_of(m, f, strbuf_str(&name), &code);
	OWNED_JSON json_t *answer = NULL;
	if (code == 0 && !m->dry_run)
		code = ctl_call(m->c, "POST", "/v1/sources?probe=no", body, &answer);
	if (code == CTL_NO_DAEMON || code == CTL_NO_PERMISSION || code == CTL_USAGE)
		return code;
	map_put(m->urls, arena_str(m->arena, f->url), m);
	map_put(m->names, arena_str(m->arena, strbuf_str(&name)), m);
	if (code == 0)
		m->added++;
	else
		m->refused++;
	const char *result = code != 0 ? "refused" : m->dry_run ? "would be added" : "added";
	say(m, f, strbuf_str(&name), result, code != 0 ? STYLE_BAD : STYLE_GOOD);
	return 0;
}

static int add_all(struct import *m, const struct opml *list)
{
	static const char *const heads[] = { "NAME", "RESULT", "URL" };
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);
	int code = load_known(m);

	table_init(&m->table, 3, heads);
	for (size_t i = 0; code == 0 && i < list->feeds.n; i++) {
		if (m->c->progress && i % 16 == 0)
			fprintf(stderr, "\r%zu of %zu feeds", i, list->feeds.n);
		code = add(m, &list->feeds.v[i]);
	}
	if (m->c->progress)
		fputs("\r\033[K", stderr);
	if (!m->c->json && list->feeds.n > 0) {
		table_print(&m->table, m->c->width, m->c->colour, &out);
		ctl_put(&out);
	}
	if (code == 0)
		ctl_note(m->c, "%zu %s, %zu followed already, %zu refused", m->added,
		         m->dry_run ? "would be added" : "added", m->known, m->refused);
	return code != 0 ? code : m->refused > 0 ? CTL_NO : CTL_OK;
}

int ctl_import_opml(struct ctl *c)
{
	AUTO(strbuf) struct strbuf bytes = STRBUF_INIT(CTL_FILE_MAX);
	AUTO(opml) struct opml list = { 0 };
	struct err e = { 0 };
	int code = ctl_read_file(c, ctl_arg(c, 0), CTL_FILE_MAX, &bytes);

	if (code != 0)
		return code;
	if (opml_parse(strbuf_str(&bytes), &list, &e) != 0) {
		ctl_error(c, "%.*s: %s", STR_ARG(ctl_arg(c, 0)), e.message);
		return CTL_BAD_INPUT;
	}
	struct import m = { .c = c, .dry_run = ctl_flag(&c->args, "dry-run"), .names = map_new(), .urls = map_new(),
		            .arena = arena_new(CTL_FILE_MAX) };
	code = add_all(&m, &list);
	table_release(&m.table);
	map_free(m.names);
	map_free(m.urls);
	arena_free(m.arena);
	return code;
}

/* Sources of other networks have no place in a list of feeds. */
static bool is_feed(const json_t *source)
{
	struct str type = json_get_str(source, "type");

	return url_is_http(json_get_str(source, "url")) &&
	       (!str_present(type) || str_eq(type, STR("feed")) || str_eq(type, STR("jsonfeed")));
}

int ctl_export_opml(struct ctl *c)
{
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);
	OWNED_JSON json_t *answer = NULL;
	int code = ctl_call(c, "GET", "/v1/sources", NULL, &answer);
	const json_t *list = json_get(answer, "sources");

	if (code != 0)
		return code;
	opml_begin(&out);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *s = json_array_get(list, i), *given = json_get(s, "tags");
		struct str tags[64];
		size_t n = 0;

		for (; n < json_array_size(given) && n < 64; n++)
			tags[n] = json_str(json_array_get(given, n));
		if (is_feed(s))
			opml_add(&out, json_get_str(s, "name"), json_get_str(s, "title"), json_get_str(s, "url"), tags, n);
	}
	opml_end(&out);
	ctl_put(&out);
	return CTL_OK;
}
