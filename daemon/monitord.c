/* SPDX-License-Identifier: ISC */
/* The daemon's main: options, folders, then two threads and the two mailboxes between them. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/url.h"
#include "base/xml.h"
#include "config/config.h"
#include "control/api.h"
#include "engine/engine.h"
#include "io/io.h"

#define MAILBOX_MAX_BYTES (256u << 20) /* bodies under way are bounded by credits; this bounds API clients and events */
#define PATHS_MAX (64 << 10)
#define COUNTED(map, plural) map_count(map), map_count(map) == 1 ? "" : plural
#define PROJECT_CONTACT "its operator set no contact"

enum exit_code { EXIT_OK = 0, EXIT_TROUBLE = 1, EXIT_USAGE = 64, EXIT_CONFIG = 78 };

struct options {
	const char *config, *state, *socket;
	bool config_given, check_config;
};

static const char usage[] =
	"usage: monitord [--config FILE] [--state DIR] [--socket PATH]\n"
	"       monitord --check-config [--config FILE]\n"
	"\n"
	"Watches social and news feeds, matches watches, sends alerts.  Stays in the foreground.\n"
	"\n"
	"  --config FILE    YAML file (and conf.d/*.yaml beside it)\n"
	"  --state DIR      folder of the database\n"
	"  --socket PATH    Unix socket of the HTTP API, for monitorctl\n"
	"  --check-config   read the configuration, say what is wrong with it, and end (78 if anything is)\n"
	"  --version        print the version\n"
	"  --help           print this\n"
	"\n"
	"Root's defaults: /etc/monitord/monitord.yaml, /var/lib/monitord, /run/monitord/control.sock;\n"
	"other users': ~/.config/monitord, ~/.local/state/monitord and $XDG_RUNTIME_DIR/monitord.\n"
	"See monitord(8), monitord.yaml(5) and monitorctl(1).\n";

/* --- options and paths --- */

/* 0 = go on, else an exit code + 1, so that success can end the program too. */
static int read_options(int argc, char **argv, struct options *o)
{
	static const struct option table[] = {
		{ "config", required_argument, NULL, 'c' }, { "state", required_argument, NULL, 's' },
		{ "socket", required_argument, NULL, 'k' }, { "check-config", no_argument, NULL, 'C' },
		{ "version", no_argument, NULL, 'v' }, { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 },
	};
	for (int c; (c = getopt_long(argc, argv, "c:h", table, NULL)) != -1;)
		switch (c) {
		case 'c': o->config = optarg, o->config_given = true; break;
		case 's': o->state = optarg; break;
		case 'k': o->socket = optarg; break;
		case 'C': o->check_config = true; break;
		case 'v': puts("monitord " MONITORD_VERSION); return EXIT_OK + 1;
		case 'h': fputs(usage, stdout); return EXIT_OK + 1;
		default: fputs("monitord --help lists the options\n", stderr); return EXIT_USAGE + 1;
		}
	if (optind < argc) {
		fprintf(stderr, "monitord: unexpected argument \"%s\"; monitord --help lists the options\n", argv[optind]);
		return EXIT_USAGE + 1;
	}
	return 0;
}

/* $variable/rest, or ~/otherwise/rest; NULL for want of a home. */
static const char *user_path(struct arena *a, const char *variable, const char *otherwise, const char *rest)
{
	const char *dir = getenv(variable), *home = getenv("HOME");
	if (dir != NULL && dir[0] == '/')
		return arena_fmt(a, "%s/%s", dir, rest).p;
	return home == NULL || home[0] != '/' ? NULL : arena_fmt(a, "%s/%s/%s", home, otherwise, rest).p;
}

static const char *default_config(struct arena *a)
{
	return geteuid() == 0 ? "/etc/monitord/monitord.yaml"
			      : user_path(a, "XDG_CONFIG_HOME", ".config", "monitord/monitord.yaml");
}

/* systemd says where with STATE_DIRECTORY and RUNTIME_DIRECTORY, also to a user that is not root. */
static const char *default_state(struct arena *a)
{
	const char *systemd = getenv("STATE_DIRECTORY");
	if (systemd != NULL && systemd[0] == '/')
		return systemd;
	return geteuid() == 0 ? "/var/lib/monitord" : user_path(a, "XDG_STATE_HOME", ".local/state", "monitord");
}

static const char *default_socket(struct arena *a, const char *state)
{
	const char *systemd = getenv("RUNTIME_DIRECTORY"), *runtime = getenv("XDG_RUNTIME_DIR");
	if (systemd != NULL && systemd[0] == '/')
		return arena_fmt(a, "%s/control.sock", systemd).p;
	if (geteuid() == 0)
		return "/run/monitord/control.sock";
	if (runtime != NULL && runtime[0] == '/')
		return arena_fmt(a, "%s/monitord/control.sock", runtime).p;
	return state == NULL ? NULL : arena_fmt(a, "%s/control.sock", state).p;
}

static int make_folders(const char *path, mode_t mode, struct err *e)
{
	char *copy = mem_strdup(path);
	int r = 0;
	for (char *p = copy + 1; r == 0; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char end = *p;
		*p = '\0';
		if (mkdir(copy, mode) != 0 && errno != EEXIST)
			r = err_errno(e, errno, "cannot make folder %s", copy);
		*p = end;
		if (end == '\0')
			break;
	}
	mem_free(copy);
	return r;
}

/* Two daemons on one database would alert twice. */
static int lock_state(struct arena *a, const char *state, struct err *e)
{
	const char *path = arena_fmt(a, "%s/lock", state).p;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(e, errno, "cannot write to %s", state);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return err_set(e, ERR_CONFIG, "another monitord uses %s already: stop it, or give --state another folder", state);
	}
	return 0; /* held until the process ends */
}

/* Socket activation, sd_listen_fds(3): the first descriptor handed over is 3. */
static int inherited_socket(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint64_t p, n;
	if (pid == NULL || fds == NULL || !num_u64(str_c(pid), &p) || !num_u64(str_c(fds), &n))
		return -1;
	return p == (uint64_t)getpid() && n >= 1 ? 3 : -1;
}

/* --- configuration --- */

static int read_config(const struct options *o, const struct config_types *types, struct config **ret)
{
	if (o->config == NULL || (!o->config_given && access(o->config, F_OK) != 0)) {
		log_notice("config.none", "text=\"no configuration file: sources, watches and channels come from monitorctl\"");
		*ret = config_defaults();
		return 0;
	}
	struct config_errors errors = { 0 };
	int r = config_load(o->config, types, ret, &errors);
	for (size_t i = 0; i < errors.list.n; i++)
		fprintf(stderr, "%.*s\n", STR_ARG(errors.list.v[i]));
	config_errors_release(&errors);
	if (r == 0)
		for (size_t i = 0; i < (*ret)->warnings.n; i++)
			fprintf(stderr, "%.*s (warning)\n", STR_ARG((*ret)->warnings.v[i]));
	return r;
}

static int check_config(const struct options *o, struct world_types *types)
{
	struct config *config = NULL;
	if (read_config(o, &types->types, &config) != 0)
		return EXIT_CONFIG;
	struct store *store = NULL;
	struct world *world = NULL;
	struct config_errors errors = { 0 };
	struct err e = { 0 };
	int r = store_open(":memory:", &store, &e);
	/* Building a world of it finds what the rows alone cannot, such as settings that do not go together. */
	if (r == 0 && (r = world_build(config, &types->types, store, false, &errors, &world)) != 0)
		config_free(config);
	for (size_t i = 0; i < errors.list.n; i++)
		fprintf(stderr, "%.*s\n", STR_ARG(errors.list.v[i]));
	if (r == 0)
		printf("%s: ok: %zu source%s, %zu channel%s, %zu watch%s\n", o->config ? o->config : "no file",
		       COUNTED(world->sources, "s"), COUNTED(world->channels, "s"), COUNTED(world->watches, "es"));
	config_errors_release(&errors);
	world_free(world);
	store_close(store);
	return r == 0 ? EXIT_OK : EXIT_CONFIG;
}

/* --- running --- */

static void free_mail(struct mail *m)
{
	message_free((struct message *)(void *)m);
}

static int run(struct engine_options *eo, struct io_options *io_options, struct err *e)
{
	struct engine_thread t = { .inbox = mailbox_new(MAILBOX_MAX_BYTES), .outbox = mailbox_new(MAILBOX_MAX_BYTES) };
	OWNED(io) struct io *io = NULL;
	OWNED(engine) struct engine *engine = NULL;
	int code = EXIT_TROUBLE;
	if (engine_new(eo, &engine, e) == 0) {
		t.engine = engine;
		io_options->callback_key = engine_callback_key(engine);
		io_options->to_engine = t.inbox;
		io_options->from_engine = t.outbox;
		io_options->engine_alive = engine_alive;
		io_options->engine_ctx = engine;
		pthread_t thread;
		if (io_new(io_options, &io, e) == 0) {
			int error = pthread_create(&thread, NULL, engine_run, &t);
			if (error == 0) {
				code = io_run(io);
				pthread_join(thread, NULL);
			} else {
				err_errno(e, error, "cannot start the engine thread");
			}
		}
	}
	if (e->kind == ERR_CONFIG)
		code = EXIT_CONFIG; /* a restart would find the same */
	io_free(take(io));
	mailbox_free(t.inbox, free_mail);
	mailbox_free(t.outbox, free_mail);
	return code;
}

static void user_agent(struct arena *a, const struct config *c, struct str *ret)
{
	struct str contact = str_empty(c->daemon.contact) ? STR(PROJECT_CONTACT) : c->daemon.contact;
	/* The plus sign is the custom of robots: this address is about whoever asks. */
	*ret = arena_fmt(a, "monitord/%s (%s%.*s)", MONITORD_VERSION, url_is_http(contact) ? "+" : "", STR_ARG(contact));
}

static struct str chosen(const char *flag, struct str configured, const char *otherwise)
{
	return flag != NULL ? str_c(flag) : !str_empty(configured) ? configured : str_c(otherwise);
}

static int start(struct options *o, struct arena *a, struct config *config, struct err *e)
{
	struct str state = chosen(o->state, config->daemon.state, default_state(a));
	if (str_empty(state)) {
		config_free(config);
		return err_set(e, ERR_CONFIG, "no folder for the database: give --state DIR"), EXIT_CONFIG;
	}
	const char *dir = arena_cstr(a, state);
	struct str socket = chosen(o->socket, config->daemon.socket, default_socket(a, dir));
	size_t slash = str_rchr(socket, '/');
	char absolute[4096];
	struct io_options io = { .socket_path = arena_str(a, socket), .socket_group = arena_str(a, config->daemon.socket_group),
		                 .listen_fd = inherited_socket() };
	if (!str_empty(config->daemon.websub_callback))
		io.callback_listen = arena_str(a, config->daemon.websub_listen);
	user_agent(a, config, &io.user_agent);
	struct engine_options eo = { .config = config, .handler = api_handle,
		                     .store_path = arena_fmt(a, "%s/monitord.db", dir) };
	if (o->config != NULL && (o->config_given || access(o->config, F_OK) == 0))
		eo.config_path = realpath(o->config, absolute) != NULL ? str_c(absolute) : str_c(o->config);
	if (make_folders(dir, 0700, e) != 0 || lock_state(a, dir, e) != 0 ||
	    (slash != STR_NPOS && slash > 0 && make_folders(arena_cstr(a, str_slice(socket, 0, slash)), 0755, e) != 0)) {
		config_free(config);
		return e->kind == ERR_CONFIG ? EXIT_CONFIG : EXIT_TROUBLE;
	}
	log_notice("engine.starting", "version=%s state=%s socket=%s config=%s", MONITORD_VERSION, LOG_Q(state), LOG_Q(socket),
	           LOG_Q(eo.config_path));
	int code = run(&eo, &io, e);
	if (code == EXIT_OK)
		log_notice("engine.stopped", "state=%s", LOG_Q(state));
	return code;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	int end = read_options(argc, argv, &o);
	if (end != 0)
		return end - 1;
	OWNED(arena) struct arena *a = arena_new(PATHS_MAX);
	json_setup();
	xml_setup();
	log_set_prefix(getenv("JOURNAL_STREAM") != NULL);
	if (o.config == NULL)
		o.config = default_config(a);
	struct world_types *types = mem_new(struct world_types);
	world_types_init(types);
	struct err e = { 0 };
	struct config *config = NULL;
	int code;
	if (o.check_config)
		code = check_config(&o, types);
	else if (read_config(&o, &types->types, &config) != 0)
		code = EXIT_CONFIG;
	else
		code = start(&o, a, config, &e);
	if (e.kind != ERR_NONE)
		log_err("start.failed", "error=%s", LOG_Q(str_c(e.message)));
	mem_free(types);
	return code;
}
