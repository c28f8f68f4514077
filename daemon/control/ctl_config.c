/* SPDX-License-Identifier: ISC */
/* check-config: reads a configuration as the daemon would, and says all that is wrong with it. */
#include "base/json.h"
#include "config/config.h"
#include "control/cli.h"
#include "engine/world.h"

/* Where the daemon looks when it is told nothing. */
static void usual_file(struct strbuf *out)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (getuid() == 0)
		strbuf_adds(out, "/etc/monitord/monitord.yaml");
	else if (config != NULL && config[0] == '/')
		strbuf_addf(out, "%s/monitord/monitord.yaml", config);
	else
		strbuf_addf(out, "%s/.config/monitord/monitord.yaml", home != NULL ? home : "");
}

/* What only a channel's type knows: settings that do not go together. */
static void check_channels(const struct config *config, struct config_errors *errors)
{
	for (size_t i = 0; i < config->channels.n; i++) {
		const struct config_channel *s = &config->channels.v[i];
		const struct channel_type *type = channel_type_find(s->type);
		const struct channel ch = { .type = type, .name = s->name, .url = s->url, .secret = s->secret,
			                    .settings = s->settings };
		struct err e = { 0 };

		if (type == NULL || type->check == NULL || type->check(&ch, &e) == 0)
			continue;
		if (errors->arena == NULL)
			errors->arena = arena_new(1u << 20);
		vec_push(&errors->list, arena_fmt(errors->arena, "%.*s: channel %.*s: %s", STR_ARG(s->where), STR_ARG(s->name),
		                                  e.message));
	}
}

/* --- names in queries --- */

struct names {
	const struct config *config;
	struct people people;
};

static void names_release(struct names *n)
{
	people_release(&n->people);
}

static bool named_watch(void *ctx, struct str name, struct str *ret_query)
{
	const struct names *n = ctx;

	for (size_t i = 0; i < n->config->watches.n; i++)
		if (str_eq(n->config->watches.v[i].name, name)) {
			*ret_query = n->config->watches.v[i].query;
			return true;
		}
	return false;
}

static bool named_person(void *ctx, struct str name, struct query_person *ret, struct strbuf *why)
{
	const struct names *n = ctx;

	return people_find(&n->people, name, NULL, NULL, ret, why);
}

static void add_line(struct config_errors *list, struct str where, const char *what, const struct err *e, const char *hint)
{
	if (list->arena == NULL)
		list->arena = arena_new(1u << 20);
	vec_push(&list->list, arena_fmt(list->arena, "%.*s: %s%s%s", STR_ARG(where), what, e->message, hint));
}

static void add_people(struct names *n, struct config_errors *errors)
{
	for (size_t i = 0; i < n->config->people.n; i++) {
		const struct config_person *s = &n->config->people.v[i];
		OWNED(world_person) struct world_person *p = NULL;
		struct err e = { 0 };

		if (person_new(s, NULL, ORIGIN_CONFIG, &p, &e) != 0 || people_check(&n->people, p, NULL, &e) != 0)
			add_line(errors, s->where, "", &e, "");
		else
			people_add(&n->people, take(p));
	}
}

/* Watches and people of the database may be named too, and nobody here knows them: that is no mistake. */
static void check_names(const struct config *config, struct config_errors *errors, struct config_errors *warnings)
{
	AUTO(names) struct names n = { .config = config };

	people_init(&n.people);
	add_people(&n, errors);
	for (size_t i = 0; i < config->watches.n; i++) {
		const struct config_watch *w = &config->watches.v[i];
		const struct query_names own = { .ctx = &n, .self = w->name, .watch = named_watch, .person = named_person };
		OWNED(query) struct query *q = NULL;
		struct err e = { 0 };

		if (query_parse_named(w->query, &own, &q, &e) != 0)
			add_line(warnings, w->where, "query: ", &e, " (unless the database of the daemon knows it)");
	}
}

static json_t *lines_json(const struct str *lines, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_text(lines[i]));
	return list;
}

/* {"ok","file","sources","channels","people","watches","warnings","errors"} */
static void print_json(struct str file, const struct config *config, const struct config_errors *errors)
{
	OWNED_JSON json_t *all = json_object();

	json_set_bool(all, "ok", errors->list.n == 0);
	json_set_text(all, "file", file);
	if (config != NULL) {
		json_set_int(all, "sources", (int64_t)config->sources.n);
		json_set_int(all, "channels", (int64_t)config->channels.n);
		json_set_int(all, "people", (int64_t)config->people.n);
		json_set_int(all, "watches", (int64_t)config->watches.n);
	}
	json_set(all, "warnings", config != NULL ? lines_json(config->warnings.v, config->warnings.n) : json_array());
	json_set(all, "errors", lines_json(errors->list.v, errors->list.n));
	ctl_put_json(all);
}

static void print_text(const struct ctl *c, struct str file, const struct config *config, const struct config_errors *errors)
{
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(65536);

	for (size_t i = 0; config != NULL && i < config->warnings.n; i++)
		ctl_note(c, "warning: %.*s", STR_ARG(config->warnings.v[i]));
	for (size_t i = 0; i < errors->list.n; i++)
		ctl_note(c, "%.*s", STR_ARG(errors->list.v[i]));
	if (errors->list.n > 0 || config == NULL) {
		ctl_note(c, "%.*s: %zu mistake%s", STR_ARG(file), errors->list.n, errors->list.n == 1 ? "" : "s");
		return;
	}
	ctl_style(c, &line, STYLE_PLAIN, file);
	size_t n_sources = config->sources.n, n_channels = config->channels.n, n_watches = config->watches.n;
	strbuf_addf(&line, ": ok: %zu source%s, %zu channel%s, %zu watch%s\n", n_sources, n_sources == 1 ? "" : "s", n_channels,
	            n_channels == 1 ? "" : "s", n_watches, n_watches == 1 ? "" : "es");
	ctl_put(&line);
}

int ctl_check_config(struct ctl *c)
{
	AUTO(strbuf) struct strbuf file = STRBUF_INIT(65536);
	OWNED(config) struct config *config = NULL;
	AUTO(config_errors) struct config_errors errors = { 0 }, warnings = { 0 };
	struct world_types types;
	struct str said = ctl_arg(c, 0);

	if (str_present(said))
		strbuf_add(&file, said);
	else
		usual_file(&file);
	world_types_init(&types);
	int failed = config_load(strbuf_cstr(&file), &types.types, &config, &errors);
	if (failed == 0) {
		check_channels(config, &errors);
		check_names(config, &errors, &warnings);
		for (size_t i = 0; i < warnings.list.n; i++)
			vec_push(&config->warnings, warnings.list.v[i]);
	}
	if (c->json)
		print_json(strbuf_str(&file), config, &errors);
	else
		print_text(c, strbuf_str(&file), config, &errors);
	return failed != 0 || errors.list.n > 0 ? CTL_BAD_CONFIG : CTL_OK;
}
