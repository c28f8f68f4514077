/* SPDX-License-Identifier: ISC */
/* Loads monitord.yaml and its conf.d/: reads, binds, checks names and references, collects every
 * mistake. */
#include "config/config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

#include "base/map.h"
#include "base/num.h"
#include "base/url.h"
#include "model/transfer.h"
#include "object.h"

#define CONF_D_FILES_MAX 1000

struct load {
	struct config *config;
	const struct config_types *types;
	struct config_errors *errors;
	struct config_errors warnings;
	struct arena *tree;                           /* of all files: errors point into it */
	VEC(const struct node *) nodes[OBJECT_KINDS]; /* beside config's lists */
	bool incomplete; /* a file could not be read: what it holds is not known */
	char folder[PATH_MAX];
};

static void load_release(struct load *l)
{
	config_errors_release(&l->warnings);
	arena_free(l->tree);
	for (size_t k = 0; k < OBJECT_KINDS; k++)
		vec_free(&l->nodes[k]);
	config_free(l->config);
}

static void file_close(FILE **f)
{
	if (*f != NULL)
		fclose(*f);
}

void config_free(struct config *c)
{
	if (c == NULL)
		return;
	vec_free(&c->accounts);
	vec_free(&c->sources);
	vec_free(&c->channels);
	vec_free(&c->people);
	vec_free(&c->watches);
	vec_free(&c->warnings);
	arena_free(c->arena);
	mem_free(c);
}

static void bind_daemon(struct config *c, struct binder *b, const struct node *map)
{
	static const char *const lists[] = { "accounts", "sources", "channels", "people", "watches", NULL };
	const struct rows set = { config_daemon_rows, &c->daemon };
	schema_bind(b, map, "the configuration", &set, 1, lists);
}

struct config *config_defaults(void)
{
	static const struct node empty = { .kind = NODE_MAP };
	AUTO(config_errors) struct config_errors none = { 0 };
	struct config *c = mem_new(struct config);
	c->arena = arena_new(CONFIG_ARENA_MAX);
	struct binder b = { .arena = c->arena, .errors = &none, .warnings = &none };
	bind_daemon(c, &b, &empty);
	return c;
}

/* The whole file; false with the reason reported. */
static bool read_file(struct load *l, const char *path, struct strbuf *out, bool *ret_open)
{
	struct place at = { .file = path };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st = { 0 };
	__attribute__((cleanup(file_close))) FILE *f = fd >= 0 ? fdopen(fd, "rb") : NULL;
	if (f == NULL || fstat(fd, &st) != 0) {
		report_at(l->errors, at, "cannot be opened: %s", strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode)) {
		report_at(l->errors, at, "is not a file");
		return false;
	}
	*ret_open = (st.st_mode & S_IROTH) != 0;
	char buf[8192];
	for (size_t n; (n = fread(buf, 1, sizeof(buf), f)) > 0;) {
		if (!strbuf_add(out, str_n(buf, n))) {
			report_at(l->errors, at, "is too large, expected at most %d MiB",
				  CONFIG_FILE_MAX >> 20);
			return false;
		}
	}
	if (ferror(f))
		report_at(l->errors, at, "cannot be read: %s", strerror(errno));
	return !ferror(f);
}

static void bind_list(struct load *l, struct binder *b, const struct node *map,
		      enum object_kind kind)
{
	static const char *const keys[] = { "accounts", "sources", "channels", "people", "watches" };
	const struct entry *list = node_find(map, keys[kind]);
	char got[128];
	if (list == NULL || list->value->kind == NODE_NULL)
		return;
	if (list->value->kind != NODE_LIST) {
		report_at(l->errors, list->value->place,
			  "%s: got %s, expected a list of \"- name: …\"", keys[kind],
			  schema_describe(got, list->value));
		return;
	}
	for (size_t i = 0; i < list->value->n; i++) {
		const struct node *n = list->value->entries[i].value;
		struct config_account account;
		struct config_source source;
		struct config_channel channel;
		struct config_person person;
		struct config_watch watch;
		vec_push(&l->nodes[kind], n);
		switch (kind) {
		case OBJECT_ACCOUNT:
			object_bind_account(b, l->types, n, &account);
			vec_push(&l->config->accounts, account);
			break;
		case OBJECT_SOURCE:
			object_bind_source(b, l->types, n, &source);
			vec_push(&l->config->sources, source);
			break;
		case OBJECT_CHANNEL:
			object_bind_channel(b, l->types, n, &channel);
			vec_push(&l->config->channels, channel);
			break;
		case OBJECT_PERSON:
			object_bind_person(b, l->types, n, &person);
			vec_push(&l->config->people, person);
			break;
		case OBJECT_WATCH:
			object_bind_watch(b, l->types, n, &watch);
			vec_push(&l->config->watches, watch);
			break;
		case OBJECT_KINDS:
		default:
			break;
		}
	}
}

/* In conf.d/ only the lists may stand: which of two files should win the rest? */
static void refuse_daemon_keys(struct load *l, const struct node *map)
{
	static const char *const lists[] = { "accounts", "sources", "channels", "people", "watches", NULL };
	const struct rows set = { config_daemon_rows, NULL };
	for (size_t i = 0; i < map->n; i++) {
		const struct entry *e = &map->entries[i];
		bool is_list = false, is_daemon = false;
		for (size_t k = 0; lists[k] != NULL; k++)
			is_list = is_list || str_eq(e->key, str_c(lists[k]));
		for (const struct field *row = config_daemon_rows; row->name != NULL; row++)
			is_daemon = is_daemon || str_eq(e->key, str_c(row->name));
		const char *near = schema_nearest(e->key, &set, 1, lists);
		if (is_daemon)
			report_at(l->errors, e->place,
				  "%.*s: stands in conf.d, expected it in the main file",
				  STR_ARG(e->key));
		else if (!is_list)
			report_at(
				l->errors, e->place,
				"unknown key \"%.*s\", expected accounts, sources, channels, people or watches%s%s%s",
				STR_ARG(str_slice(e->key, 0, 60)), near ? ": did you mean " : "",
				near ? near : "", near ? "?" : "");
	}
}

static void check_time_zone(struct load *l, const struct node *map)
{
	static const char zoneinfo[] = "/usr/share/zoneinfo/";
	struct str zone = l->config->daemon.time_zone;
	AUTO(strbuf) struct strbuf file = STRBUF_INIT(PATH_MAX);
	struct stat st;
	if (str_empty(zone) || access(zoneinfo, F_OK) != 0)
		return;
	strbuf_addf(&file, "%s%.*s", zoneinfo, STR_ARG(zone));
	if (str_find(zone, STR("..")) != STR_NPOS || stat(strbuf_cstr(&file), &st) != 0 ||
	    !S_ISREG(st.st_mode))
		report_at(l->errors, node_find(map, "time_zone")->value->place,
			  "time_zone: got \"%.*s\", expected the name of a time zone such as "
			  "Europe/Paris",
			  STR_ARG(str_slice(zone, 0, 60)));
}

/* "127.0.0.1:8380", "[::1]:8380" */
static bool is_listen_address(struct str s)
{
	size_t colon = str_rchr(s, ':');
	struct str host = str_slice(s, 0, colon);
	struct network network;
	uint64_t port;
	if (colon == STR_NPOS || !num_u64(str_from(s, colon + 1), &port) || port == 0 || port > 65535)
		return false;
	if (str_starts(host, STR("[")) && str_ends(host, STR("]")))
		host = str_slice(host, 1, host.len - 1);
	else if (str_chr(host, ':') != STR_NPOS)
		return false;
	return str_chr(host, '/') == STR_NPOS && !str_eq(host, STR("all")) && network_parse(host, &network);
}

static void check_websub(struct load *l, const struct node *map)
{
	const struct config_daemon *d = &l->config->daemon;
	struct url_parts parts = { 0 };
	struct err e = { 0 };
	if (!str_empty(d->websub_callback) && url_split(d->websub_callback, &parts, &e) == 0) {
		/* Hubs add their own parameters, and everybody who sees a request of ours sees this. */
		if (parts.query[0] != '\0' || parts.fragment[0] != '\0' || parts.user[0] != '\0')
			report_at(l->errors, node_find(map, "websub_callback")->value->place,
				  "websub_callback: got a URL with user name, \"?\" or \"#\", expected one without");
		url_parts_release(&parts);
	}
	if (!is_listen_address(d->websub_listen))
		report_at(l->errors, node_find(map, "websub_listen")->value->place,
			  "websub_listen: got \"%.*s\", expected an address and a port such as 127.0.0.1:8380",
			  STR_ARG(str_slice(d->websub_listen, 0, 60)));
}

static void load_file(struct load *l, const char *path, const char *folder, bool main_file)
{
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(CONFIG_FILE_MAX);
	bool open_to_all = false, incomplete = l->incomplete;
	l->incomplete = true;
	if (!read_file(l, path, &text, &open_to_all))
		return;
	const char *name = arena_cstr(l->tree, str_c(path));
	const struct node *map = node_from_yaml(strbuf_str(&text), name, l->tree, l->errors);
	if (map == NULL)
		return;
	l->incomplete = incomplete;
	struct binder b = { .arena = l->config->arena,
			    .errors = l->errors,
			    .warnings = &l->warnings,
			    .folder = folder };
	if (main_file) {
		bind_daemon(l->config, &b, map);
		check_time_zone(l, map);
		check_websub(l, map);
	} else {
		refuse_daemon_keys(l, map);
	}
	for (enum object_kind kind = OBJECT_ACCOUNT; kind < OBJECT_KINDS; kind++)
		bind_list(l, &b, map, kind);
	if (open_to_all && b.literal_secret != NULL)
		report_at(&l->warnings, b.literal_secret->place,
			  "a secret in a file that everybody on this machine may read, expected "
			  "mode 0640 or less, or {file: …}");
}

static int is_yaml(const struct dirent *d)
{
	struct str name = str_c(d->d_name);
	return name.len > 5 && name.p[0] != '.' && str_ends(name, STR(".yaml"));
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

struct names {
	struct dirent **v;
	int n;
};
static void names_release(struct names *names)
{
	/* scandir's memory is malloc's, as is mem.h's */
	for (int i = 0; i < names->n; i++)
		mem_free(names->v[i]);
	mem_free(names->v);
}

static void load_conf_d(struct load *l, const char *path)
{
	AUTO(names) struct names names = { 0 };
	AUTO(strbuf) struct strbuf dir = STRBUF_INIT(PATH_MAX), folder = STRBUF_INIT(PATH_MAX);
	const char *slash = strrchr(path, '/');
	strbuf_addf(&dir, "%.*sconf.d", slash ? (int)(slash - path) + 1 : 0, path);
	strbuf_addf(&folder, "%s/conf.d", l->folder);
	names.n = scandir(strbuf_cstr(&dir), &names.v, is_yaml, by_bytes);
	if (names.n < 0) {
		names.n = 0;
		if (errno != ENOENT)
			report_at(l->errors, (struct place){ .file = strbuf_cstr(&dir) },
				  "cannot be read: %s", strerror(errno));
	}
	if (names.n > CONF_D_FILES_MAX)
		report_at(l->errors, (struct place){ .file = strbuf_cstr(&dir) },
			  "%d files, expected at most %d", names.n, CONF_D_FILES_MAX);
	for (int i = 0; i < names.n && i < CONF_D_FILES_MAX; i++) {
		AUTO(strbuf) struct strbuf file = STRBUF_INIT(PATH_MAX);
		strbuf_addf(&file, "%s/%s", strbuf_cstr(&dir), names.v[i]->d_name);
		load_file(l, strbuf_cstr(&file), strbuf_cstr(&folder), false);
	}
}

static void map_freep(struct map **m)
{
	map_free(*m);
}
#define MAP_FREE __attribute__((cleanup(map_freep)))

static void check_unique(struct load *l, struct map *seen, const char *what, struct str name,
			 const struct node *n)
{
	if (!config_name_ok(name))
		return;
	const struct node *first = map_put(seen, name, (void *)(uintptr_t)n);
	if (first != NULL)
		report_at(l->errors, node_find(n, "name")->value->place,
			  "name: a second %s \"%.*s\", expected another name (first at %s:%d)",
			  what, STR_ARG(name), first->place.file, first->place.line);
}

static void unknown_reference(struct load *l, const char *what, struct str name, struct place at,
			      const struct map *known)
{
	VEC(const char *) all = { 0 };
	struct map_iter it = { 0 };
	while (map_next(known, &it))
		vec_push(&all, arena_cstr(l->tree, it.key));
	int near = str_nearest(name, all.v, all.n);
	report_at(l->errors, at,
		  "unknown %s \"%.*s\", expected a name from the configuration%s%s%s", what,
		  STR_ARG(str_slice(name, 0, 64)), near < 0 ? "" : ": did you mean \"",
		  near < 0 ? "" : all.v[near], near < 0 ? "" : "\"?");
	vec_free(&all);
}

static void check_references(struct load *l, const struct node *watch, const char *key,
			     const struct texts *names, const struct map *known, const char *what)
{
	for (size_t i = 0; i < names->list.n && l->errors->list.n < CONFIG_ERRORS_MAX; i++) {
		if (map_get(known, names->list.v[i]) != NULL || str_starts(names->list.v[i], STR("#")))
			continue;
		const struct node *list = node_find(watch, key)->value;
		unknown_reference(l, what, names->list.v[i],
				  list->kind == NODE_LIST ? list->entries[i].value->place
							  : list->place,
				  known);
	}
}

/* The account of each source: there, and of the same type. */
static void check_accounts(struct load *l, const struct map *accounts)
{
	struct config *c = l->config;
	for (size_t i = 0; i < c->sources.n; i++) {
		const struct config_source *s = &c->sources.v[i];
		if (str_empty(s->account) || str_empty(s->type))
			continue;
		struct place at = node_find(l->nodes[OBJECT_SOURCE].v[i], "account")->value->place;
		if (map_get(accounts, s->account) == NULL) {
			unknown_reference(l, "account", s->account, at, accounts);
			continue;
		}
		const struct config_type *t = object_type(l->types->sources, s->type);
		const struct config_account *a = c->accounts.v;
		while (!str_eq(a->name, s->account))
			a++;
		if (t != NULL && t->account != ACCOUNT_NONE && !str_eq(a->type, s->type))
			report_at(l->errors, at, "account: \"%.*s\" is of type %.*s, expected one of type %.*s",
				  STR_ARG(a->name), STR_ARG(a->type), STR_ARG(s->type));
	}
}

static void check_names(struct load *l)
{
	struct config *c = l->config;
	MAP_FREE struct map *accounts = map_new();
	MAP_FREE struct map *sources = map_new();
	MAP_FREE struct map *channels = map_new();
	MAP_FREE struct map *people = map_new();
	MAP_FREE struct map *watches = map_new();
	for (size_t i = 0; i < c->accounts.n; i++)
		check_unique(l, accounts, "account", c->accounts.v[i].name,
			     l->nodes[OBJECT_ACCOUNT].v[i]);
	for (size_t i = 0; i < c->sources.n; i++)
		check_unique(l, sources, "source", c->sources.v[i].name,
			     l->nodes[OBJECT_SOURCE].v[i]);
	for (size_t i = 0; i < c->channels.n; i++)
		check_unique(l, channels, "channel", c->channels.v[i].name,
			     l->nodes[OBJECT_CHANNEL].v[i]);
	for (size_t i = 0; i < c->people.n; i++)
		check_unique(l, people, "person", c->people.v[i].key,
			     l->nodes[OBJECT_PERSON].v[i]);
	for (size_t i = 0; i < c->watches.n; i++)
		check_unique(l, watches, "watch", c->watches.v[i].name,
			     l->nodes[OBJECT_WATCH].v[i]);
	if (!l->incomplete)
		check_accounts(l, accounts);
	for (size_t i = 0; i < c->watches.n && !l->incomplete; i++) {
		const struct config_watch *w = &c->watches.v[i];
		const struct node *n = l->nodes[OBJECT_WATCH].v[i];
		check_references(l, n, "channels", &w->channels, channels, "channel");
		check_references(l, n, "sources", &w->sources, sources, "source");
	}
}

static bool find_folder(struct load *l, const char *path)
{
	AUTO(strbuf) struct strbuf dir = STRBUF_INIT(PATH_MAX);
	const char *slash = strrchr(path, '/');
	if (slash == NULL)
		strbuf_adds(&dir, ".");
	else
		strbuf_add(&dir, str_n(path, slash == path ? 1 : (size_t)(slash - path)));
	if (realpath(strbuf_cstr(&dir), l->folder) != NULL)
		return true;
	report_at(l->errors, (struct place){ .file = path }, "cannot be opened: %s",
		  strerror(errno));
	return false;
}

int config_load(const char *path, const struct config_types *types, struct config **ret,
		struct config_errors *errors)
{
	AUTO(load) struct load l = { .types = types, .errors = errors };
	l.config = mem_new(struct config);
	l.config->arena = arena_new(CONFIG_ARENA_MAX);
	l.tree = arena_new(CONFIG_ARENA_MAX);
	size_t before = errors->list.n;
	if (!find_folder(&l, path))
		return -1;
	load_file(&l, path, l.folder, true);
	load_conf_d(&l, path);
	check_names(&l);
	if (errors->list.n == before && arena_full(l.config->arena))
		report_at(errors, (struct place){ .file = path }, "the configuration is too large");
	if (errors->list.n > before)
		return -1;
	for (size_t i = 0; i < l.warnings.list.n; i++)
		vec_push(&l.config->warnings, arena_str(l.config->arena, l.warnings.list.v[i]));
	*ret = take(l.config);
	return 0;
}
