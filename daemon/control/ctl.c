/* SPDX-License-Identifier: ISC */
/* One run of monitorctl: command line, socket, exchange with the daemon, and what to say when it goes wrong. */
#include "control/cli.h"

#include <errno.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "io/client.h"

#define CALL_MS 30000 /* an answer from memory or the database takes milliseconds; a busy disk some seconds */
#define BODY_MAX (1u << 20)
#define PATH_MAX_BYTES 65536

static void say(const char *prefix, struct str text)
{
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(65536);

	strbuf_adds(&line, prefix);
	text_terminal(&line, text_cut(text, 8192));
	strbuf_addc(&line, '\n');
	(void)fflush(stdout);
	(void)fputs(strbuf_cstr(&line), stderr);
}

void ctl_error(const struct ctl *c, const char *fmt, ...)
{
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(8192);
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	if (!c->quiet)
		say("monitorctl: ", strbuf_str(&text));
}

void ctl_note(const struct ctl *c, const char *fmt, ...)
{
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(8192);
	va_list ap;

	(void)c;
	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	say("", strbuf_str(&text));
}

void ctl_error_at(const struct ctl *c, struct str text, int column)
{
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(65536);
	size_t pos = 0;

	(void)c;
	if (column < 1 || text.len == 0 || str_chr(text, '\n') != STR_NPOS)
		return;
	for (int i = 1; i < column && pos < text.len; i++)
		(void)text_next(text, &pos);
	strbuf_adds(&line, "  ");
	text_terminal(&line, str_slice(text, 0, pos));
	size_t indent = text_columns(strbuf_str(&line));
	text_terminal(&line, str_from(text, pos));
	strbuf_addc(&line, '\n');
	for (size_t i = 0; i < indent; i++)
		strbuf_addc(&line, ' ');
	strbuf_adds(&line, "^\n");
	(void)fputs(strbuf_cstr(&line), stderr);
}

struct str ctl_arg(const struct ctl *c, size_t i)
{
	return i < c->args.list.n ? c->args.list.v[i] : STR_NULL;
}

void ctl_arg_words(const struct ctl *c, struct strbuf *out)
{
	for (size_t i = 0; i < c->args.list.n; i++) {
		if (i > 0)
			strbuf_addc(out, ' ');
		strbuf_add(out, c->args.list.v[i]);
	}
}

/* --- finding the daemon --- */

/* 0 if somebody listens there, else errno. */
static int probe(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if (len >= sizeof(at.sun_path))
		return ENAMETOOLONG;
	memcpy(at.sun_path, path, len + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	int failed = connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 ? 0 : errno;
	(void)close(fd);
	return failed;
}

/* Who may use the socket besides its owner: the group of the socket, or of the folder that hides it. */
static const struct group *group_of_socket(const char *path)
{
	AUTO(strbuf) struct strbuf folder = STRBUF_INIT(PATH_MAX_BYTES);
	size_t slash = str_rchr(str_c(path), '/');
	struct stat st;

	strbuf_add(&folder, slash == STR_NPOS ? STR(".") : str_slice(str_c(path), 0, slash));
	bool shared = stat(path, &st) == 0 ? (st.st_mode & S_IWGRP) != 0
					   : stat(strbuf_cstr(&folder), &st) == 0 && (st.st_mode & S_IXGRP) != 0;
	return shared && st.st_gid != 0 ? getgrgid(st.st_gid) : NULL;
}

static int no_permission(const struct ctl *c, const char *path)
{
	const struct group *g = group_of_socket(path);

	if (g != NULL)
		ctl_error(c, "you may not use %s: only the group %s may (as root: usermod -aG %s YOU; then log in again)", path,
		          g->gr_name, g->gr_name);
	else
		ctl_error(c, "you may not use %s: it belongs to somebody else", path);
	return CTL_NO_PERMISSION;
}

static int try_places(struct ctl *c, const char *const *places, size_t n)
{
	AUTO(strbuf) struct strbuf tried = STRBUF_INIT(4096);
	const char *forbidden = NULL;

	for (size_t i = 0; i < n; i++) {
		int failed = probe(places[i]);

		if (failed == 0) {
			strbuf_reset(&c->socket);
			strbuf_adds(&c->socket, places[i]);
			return 0;
		}
		if (failed == EACCES || failed == EPERM)
			forbidden = places[i];
		strbuf_addf(&tried, "%s%s (%s)", i > 0 ? " and " : "", places[i], strerror(failed));
	}
	if (forbidden != NULL)
		return no_permission(c, forbidden);
	ctl_error(c, "monitord does not answer at %s; is it running?", strbuf_cstr(&tried));
	return CTL_NO_DAEMON;
}

bool ctl_daemon_listens(const struct ctl *c)
{
	return probe(strbuf_cstr(&c->socket)) == 0;
}

/* Where a user's own monitord listens: below $XDG_RUNTIME_DIR, which only a log-in sets, else in its state folder. */
static size_t own_places(struct strbuf *run, struct strbuf *state, const char **places)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR"), *dir = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	size_t n = 0;

	if (runtime != NULL && runtime[0] == '/')
		strbuf_addf(run, "%s/monitord/control.sock", runtime);
	else if (getuid() != 0)
		strbuf_addf(run, "/run/user/%u/monitord/control.sock", (unsigned int)getuid());
	if (getuid() != 0 && dir != NULL && dir[0] == '/')
		strbuf_addf(state, "%s/monitord/control.sock", dir);
	else if (getuid() != 0 && home != NULL && home[0] == '/')
		strbuf_addf(state, "%s/.local/state/monitord/control.sock", home);
	if (run->len > 0)
		places[n++] = strbuf_cstr(run);
	if (state->len > 0)
		places[n++] = strbuf_cstr(state);
	return n;
}

int ctl_find_socket(struct ctl *c)
{
	AUTO(strbuf) struct strbuf run = STRBUF_INIT(4096), state = STRBUF_INIT(4096);
	struct str said = ctl_option(&c->args, "socket");
	const char *env = getenv("MONITORD_SOCKET");
	const char *places[3];
	size_t n = 0;

	if (str_present(said)) {
		places[n++] = said.p; /* of argv, so NUL-ended */
		return try_places(c, places, n);
	}
	if (env != NULL && env[0] != '\0') {
		places[n++] = env;
		return try_places(c, places, n);
	}
	n = own_places(&run, &state, places);
	places[n++] = "/run/monitord/control.sock";
	return try_places(c, places, n);
}

/* --- one exchange --- */

/* Says the daemon's reason; returns the exit code. */
static int refused(const struct ctl *c, int status, const json_t *problem)
{
	struct str detail = json_get_str(problem, "detail"), title = json_get_str(problem, "title");
	const json_t *errors = json_get(problem, "errors");

	if (str_present(detail))
		ctl_error(c, "%.*s", STR_ARG(detail));
	else if (str_present(title))
		ctl_error(c, "%.*s (%d)", STR_ARG(title), status);
	else
		ctl_error(c, "the daemon answered %d", status);
	ctl_error_at(c, c->query, (int)json_get_int(problem, "column", 0));
	for (size_t i = 0; i < json_array_size(errors); i++) {
		struct str line = json_str(json_array_get(errors, i));
		ctl_note(c, "%.*s", STR_ARG(line));
	}
	/* a query that is wrong is a wrong command line, as it is to those commands that need no daemon */
	return json_get(problem, "column") != NULL && str_present(c->query) ? CTL_USAGE : CTL_NO;
}

static int call(struct ctl *c, const char *method, const char *path, const json_t *body, int64_t timeout_ms, json_t **ret)
{
	AUTO(strbuf) struct strbuf sent = STRBUF_INIT(BODY_MAX), answer = STRBUF_INIT(CLIENT_REPLY_MAX);
	struct err e = { 0 };
	int status = 0, code = c->socket.len > 0 ? 0 : ctl_find_socket(c);

	if (code != 0)
		return code;
	if (body != NULL)
		json_dump(&sent, body, false);
	if (sent.toobig) {
		ctl_error(c, "that is more than the daemon takes in one request");
		return CTL_USAGE;
	}
	if (client_exchange(strbuf_cstr(&c->socket), method, path, body != NULL ? strbuf_str(&sent) : STR_NULL, timeout_ms, &status,
	                    &answer, &e) != 0) {
		ctl_error(c, "%s", e.message);
		return CTL_NO_DAEMON;
	}
	struct str text = str_trim(strbuf_str(&answer));
	json_t *value = text.len > 0 ? json_parse(text, &e) : NULL;
	if (status < 200 || status > 299) {
		OWNED_JSON json_t *problem = value;
		code = refused(c, status, problem);
		return str_eq(str_c(path), STR("/v1/reload")) && status == 422 ? CTL_BAD_CONFIG : code;
	}
	if (value == NULL && text.len > 0) {
		ctl_error(c, "what answers at %s does not speak as monitord does: %s", strbuf_cstr(&c->socket), e.message);
		return CTL_NO_DAEMON;
	}
	if (ret != NULL)
		*ret = value;
	else
		json_decref(value);
	return 0;
}

int ctl_call(struct ctl *c, const char *method, const char *path, const json_t *body, json_t **ret)
{
	return call(c, method, path, body, CALL_MS, ret);
}

int ctl_call_long(struct ctl *c, const char *doing, const char *method, const char *path, const json_t *body, json_t **ret)
{
	int code = c->socket.len > 0 ? 0 : ctl_find_socket(c);

	if (code != 0)
		return code;
	if (c->progress)
		ctl_note(c, "%s …", doing);
	return call(c, method, path, body, CTL_LONG_MS, ret);
}

/* --- files and options --- */

int ctl_read_file(const struct ctl *c, struct str path, size_t max, struct strbuf *ret)
{
	bool standard = str_eq(path, STR("-"));
	AUTO(strbuf) struct strbuf name = STRBUF_INIT(PATH_MAX_BYTES);
	size_t n;
	char piece[32768];

	strbuf_add(&name, path);
	FILE *f = standard ? stdin : fopen(strbuf_cstr(&name), "rbe");
	if (f == NULL) {
		ctl_error(c, "%s: %s", strbuf_cstr(&name), strerror(errno));
		return CTL_NO_INPUT;
	}
	ret->max = max;
	while (!ret->toobig && (n = fread(piece, 1, sizeof(piece), f)) > 0)
		strbuf_add(ret, str_n(piece, n));
	int failed = ferror(f) ? errno : 0;
	if (!standard)
		(void)fclose(f);
	if (failed != 0) {
		ctl_error(c, "%s: %s", strbuf_cstr(&name), strerror(failed));
		return CTL_NO_INPUT;
	}
	if (ret->toobig) {
		ctl_error(c, "%s: larger than %zu bytes", strbuf_cstr(&name), max);
		return CTL_BAD_INPUT;
	}
	return 0;
}

/* A secret in a file: without the line end that editors add. */
static int secret_from(const struct ctl *c, json_t *body, const char *key, struct str file)
{
	AUTO(strbuf) struct strbuf secret = STRBUF_INIT(CTL_SECRET_MAX);
	int code;

	if (!str_present(file))
		return 0;
	code = ctl_read_file(c, file, CTL_SECRET_MAX, &secret);
	if (code != 0)
		return code;
	struct str text = strbuf_str(&secret);
	while (text.len > 0 && (text.p[text.len - 1] == '\n' || text.p[text.len - 1] == '\r'))
		text.len--;
	if (text.len == 0 || !text_is_utf8(text)) {
		ctl_error(c, "%.*s: %s", STR_ARG(file), text.len == 0 ? "holds no secret" : "is not UTF-8 text");
		return CTL_BAD_INPUT;
	}
	json_set_text(body, key, text);
	return 0;
}

/* "key=value": JSON if it reads as such, else text; "key.name=text" sets one member of a map. */
static int set_one(const struct ctl *c, json_t *body, struct str pair)
{
	AUTO(strbuf) struct strbuf key = STRBUF_INIT(4096), name = STRBUF_INIT(4096);
	size_t eq = str_chr(pair, '=');
	struct err e = { 0 };

	if (eq == STR_NPOS || eq == 0) {
		ctl_error(c, "--set %.*s: expected key=value", STR_ARG(pair));
		return CTL_USAGE;
	}
	struct str left = str_slice(pair, 0, eq), value = str_from(pair, eq + 1);
	size_t dot = str_chr(left, '.');
	strbuf_add(&key, dot == STR_NPOS ? left : str_slice(left, 0, dot));
	if (dot != STR_NPOS) {
		json_t *map = json_object_get(body, strbuf_cstr(&key));
		if (!json_is_object(map)) {
			map = json_object();
			json_object_set_new(body, strbuf_cstr(&key), map);
		}
		strbuf_add(&name, str_from(left, dot + 1));
		json_set_text(map, strbuf_cstr(&name), value);
		return 0;
	}
	json_t *typed = json_parse(value, &e);
	if (typed == NULL || json_is_string(typed) || json_is_null(typed)) {
		json_decref(typed);
		typed = json_text(value);
	}
	json_object_set_new(body, strbuf_cstr(&key), typed);
	return 0;
}

static void set_flags(const struct ctl *c, json_t *body)
{
	static const struct { const char *flag, *key; bool value; } flags[] = {
		{ "allow-private", "allow_private", true }, { "no-allow-private", "allow_private", false },
		{ "default", "default", true }, { "no-default", "default", false }, { "paused", "paused", true },
		{ "operator", "operator", true }, { "no-operator", "operator", false },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (ctl_flag(&c->args, flags[i].flag))
			json_set_bool(body, flags[i].key, flags[i].value);
}

void ctl_put_list(const struct ctl *c, json_t *body, const char *option, const char *key)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->args.given.n; i++)
		if (str_eq(str_c(c->args.given.v[i].option->name), str_c(option)))
			json_array_append_new(list, json_text(c->args.given.v[i].value));
	if (json_array_size(list) > 0)
		json_object_set(body, key, list);
	json_decref(list);
}

int ctl_body_options(const struct ctl *c, json_t *body)
{
	static const char *const texts[] = { "name", "type", "url", "query", "every", "spacing", "backfill", "username", "api" };
	int code;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct str value = ctl_option(&c->args, texts[i]);
		if (!str_present(value))
			continue;
		/* "auto" is the word for what the API calls null: no interval of its own */
		bool interval = str_eq(str_c(texts[i]), STR("every")) || str_eq(str_c(texts[i]), STR("spacing"));
		if (interval && str_eq(value, STR("auto")))
			value = STR_NULL;
		json_set_text(body, texts[i], value);
	}
	set_flags(c, body);
	for (size_t i = 0; i < c->args.given.n; i++) {
		const struct ctl_given *g = &c->args.given.v[i];
		if (str_eq(str_c(g->option->name), STR("set")) && (code = set_one(c, body, g->value)) != 0)
			return code;
	}
	code = secret_from(c, body, "secret", ctl_option(&c->args, "secret-file"));
	if (code == 0)
		code = secret_from(c, body, "token", ctl_option(&c->args, "token-file"));
	return code != 0 ? code : secret_from(c, body, "password", ctl_option(&c->args, "password-file"));
}

/* --- the run --- */

static void setup(struct ctl *c)
{
	struct winsize size;
	bool terminal = isatty(STDOUT_FILENO) == 1;

	json_setup();
	c->now_unix_ms = clock_unix_ms();
	c->socket = STRBUF_INIT(4096);
	c->progress = isatty(STDERR_FILENO) == 1;
	c->colour = text_colours(STDOUT_FILENO);
	if (terminal)
		c->width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40 ? size.ws_col : 80;
}

static int run(struct ctl *c, int argc, char *const argv[])
{
	struct err e = { 0 };
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(CTL_OUT_MAX);

	if (ctl_args_parse(argc, argv, &c->args, &e) != 0) {
		ctl_error(c, "%s", e.message);
		return CTL_USAGE;
	}
	if (c->args.version) {
		ctl_printf("monitorctl %s\n", MONITORD_VERSION);
		return CTL_OK;
	}
	c->json = ctl_flag(&c->args, "json");
	if (ctl_flag(&c->args, "help")) {
		if (c->args.command != NULL)
			ctl_help_command(c, c->args.command, &text);
		else
			ctl_help_all(c, &text);
		ctl_put(&text);
		return CTL_OK;
	}
	return c->args.command->run(c);
}

int ctl_main(int argc, char *const argv[])
{
	struct ctl c = { 0 };

	setup(&c);
	int code = run(&c, argc, argv);
	strbuf_release(&c.socket);
	ctl_args_release(&c.args);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		ctl_error(&c, "cannot write: %s", strerror(errno));
		return CTL_IO;
	}
	return code;
}
