/* SPDX-License-Identifier: ISC */
/* The table of monitorctl's commands, and a command line read by it. */
#include "control/cli.h"

#include "base/num.h"

#define GROUP(title) { .kind = ROW_GROUP, .name = (title), .help = "" },
#define COMMAND(function, word, lo, hi, arguments, first, text) \
	{ .kind = ROW_COMMAND, .name = (word), .argument = (arguments), .help = (text), .value = CTL_##first, \
	  .least = (lo), .most = (hi), .run = ctl_##function },
#define OPTION(word, arg, of, text) \
	{ .kind = ROW_OPTION, .name = (word), .argument = (arg), .help = (text), .value = CTL_##of },
#define NOTE(text) { .kind = ROW_NOTE, .name = (text), .help = "" },
static const struct ctl_row rows[] = {
#include "control/commands.def"
};
#undef GROUP
#undef COMMAND
#undef OPTION
#undef NOTE
#define N_ROWS (sizeof(rows) / sizeof(*rows))

const struct ctl_row *ctl_rows(size_t *ret_n)
{
	*ret_n = N_ROWS;
	return rows;
}

const struct ctl_row *ctl_command_find(struct str name)
{
	for (size_t i = 0; i < N_ROWS; i++)
		if (rows[i].kind == ROW_COMMAND && str_eq(str_c(rows[i].name), name))
			return &rows[i];
	return NULL;
}

void ctl_command_rows(const struct ctl_row *command, size_t *ret_from, size_t *ret_to)
{
	size_t i = command == NULL ? 0 : (size_t)(command - rows) + 1;

	*ret_from = i;
	while (i < N_ROWS && (rows[i].kind == ROW_OPTION || rows[i].kind == ROW_NOTE))
		i++;
	*ret_to = i;
}

void ctl_args_release(struct ctl_args *a)
{
	vec_free(&a->list);
	vec_free(&a->given);
}

struct str ctl_option(const struct ctl_args *a, const char *name)
{
	struct str value = STR_NULL;

	for (size_t i = 0; i < a->given.n; i++)
		if (str_eq(str_c(a->given.v[i].option->name), str_c(name)))
			value = a->given.v[i].value;
	return value;
}

/* "did you mean" for a command: those that hold the word, else the nearest. */
int ctl_unknown_command(struct str word, struct err *e)
{
	const char *names[N_ROWS];
	size_t n = 0, n_said = 0;
	AUTO(strbuf) struct strbuf said = STRBUF_INIT(ERR_MESSAGE_MAX);

	for (size_t i = 0; i < N_ROWS; i++)
		if (rows[i].kind == ROW_COMMAND && rows[i].help != NULL)
			names[n++] = rows[i].name;
	for (size_t i = 0; i < n && word.len >= 3; i++)
		if (str_find(str_c(names[i]), word) != STR_NPOS)
			strbuf_addf(&said, "%s%s", n_said++ > 0 ? ", " : "", names[i]);
	int near = n_said > 0 ? -1 : str_nearest(word, names, n);
	if (near >= 0)
		strbuf_adds(&said, names[near]);
	if (said.len == 0)
		return err_set(e, ERR_INPUT, "no command \"%.*s\"; monitorctl --help lists them", STR_ARG(word));
	return err_set(e, ERR_INPUT, "no command \"%.*s\"; did you mean %s?", STR_ARG(word), strbuf_cstr(&said));
}

static const struct ctl_row *find_option(const struct ctl_row *command, struct str word)
{
	size_t from, to;

	ctl_command_rows(command, &from, &to);
	for (size_t i = from; i < to; i++)
		if (rows[i].kind == ROW_OPTION && str_eq(str_c(rows[i].name), word))
			return &rows[i];
	return NULL;
}

static int unknown_option(const struct ctl_row *command, struct str word, struct err *e)
{
	const char *names[N_ROWS];
	size_t n = 0, from, to;

	for (int own = 0; own < 2; own++) {
		ctl_command_rows(own ? command : NULL, &from, &to);
		for (size_t i = from; i < to; i++)
			if (rows[i].kind == ROW_OPTION)
				names[n++] = rows[i].name;
		if (command == NULL)
			break;
	}
	const char *of = command != NULL ? command->name : "monitorctl";
	int near = str_nearest(word, names, n);
	if (near < 0)
		return err_set(e, ERR_INPUT, "%s has no option --%.*s; see monitorctl help%s%s", of, STR_ARG(word),
		               command != NULL ? " " : "", command != NULL ? command->name : "");
	return err_set(e, ERR_INPUT, "%s has no option --%.*s; did you mean --%s?", of, STR_ARG(word), names[near]);
}

/* Is `value` what the option takes?  What only the daemon can know is left to it. */
static int check_value(const struct ctl_row *o, struct str value, struct err *e)
{
	int64_t ms;
	uint64_t n;
	const char *want = NULL;

	if (o->value == CTL_NUMBER && (!num_u64(value, &n) || n == 0 || n > 1000000))
		want = "a number of 1 to 1000000";
	if (o->value == CTL_INTERVAL && !num_duration_ms(value, &ms) &&
	    !(str_ends(str_c(o->argument), STR("|auto")) && str_eq(value, STR("auto"))))
		want = str_ends(str_c(o->argument), STR("|auto")) ? "a duration such as 5m or 1h30m, or auto" :
		                                                    "a duration such as 5m or 1h30m";
	if (o->value == CTL_SPAN && !num_duration_ms(value, &ms) && !str_eq(value, STR("all")))
		want = "a duration such as 24h, or all";
	if (o->value == CTL_SINCE && !num_duration_ms(value, &ms) && str_find(value, STR("-")) == STR_NPOS)
		want = "a duration such as 7d, or a time such as 2024-05-01T00:00:00Z";
	if (o->value == CTL_CHOICE) {
		struct str rest = str_c(o->argument), piece;
		want = o->argument;
		while (str_split(&rest, '|', &piece))
			if (str_eq(piece, value))
				want = NULL;
	}
	if (want == NULL)
		return 0;
	return err_set(e, ERR_INPUT, "--%s \"%.*s\": expected %s", o->name, STR_ARG(value), want);
}

/* argv[*i] is "--name" or "--name=value". */
static int parse_option(int argc, char *const argv[], int *i, struct ctl_args *ret, struct err *e)
{
	struct str word = str_from(str_c(argv[*i]), 2), value = STR_NULL;
	size_t eq = str_chr(word, '=');

	if (eq != STR_NPOS) {
		value = str_from(word, eq + 1);
		word = str_slice(word, 0, eq);
	}
	if (str_eq(word, STR("version"))) {
		ret->version = true;
		return 0;
	}
	const struct ctl_row *o = find_option(NULL, word);
	if (o == NULL && ret->command != NULL)
		o = find_option(ret->command, word);
	if (o == NULL)
		return unknown_option(ret->command, word, e);
	if (o->argument == NULL && str_present(value))
		return err_set(e, ERR_INPUT, "--%s takes no value", o->name);
	if (o->argument != NULL && !str_present(value)) {
		if (*i + 1 >= argc)
			return err_set(e, ERR_INPUT, "--%s needs a value: --%s %s", o->name, o->name, o->argument);
		value = str_c(argv[++*i]);
	}
	struct ctl_given g = { .option = o, .value = o->argument == NULL ? STR("") : value };
	vec_push(&ret->given, g);
	return o->argument == NULL ? 0 : check_value(o, value, e);
}

static int check_count(const struct ctl_args *a, struct err *e)
{
	const struct ctl_row *cmd = a->command;

	if (a->list.n < (size_t)cmd->least)
		return err_set(e, ERR_INPUT, "%s needs more: monitorctl %s %s", cmd->name, cmd->name, cmd->argument);
	if (cmd->most < 0 || a->list.n <= (size_t)cmd->most)
		return 0;
	struct str extra = a->list.v[cmd->most];
	if (extra.len > 1 && extra.p[0] == '-')
		return err_set(e, ERR_INPUT, "%s: options begin with two dashes: \"-%.*s\"", cmd->name, STR_ARG(extra));
	return err_set(e, ERR_INPUT, "%s: \"%.*s\" is too much; usage: monitorctl %s%s%s", cmd->name, STR_ARG(extra), cmd->name,
	               cmd->argument[0] != '\0' ? " " : "", cmd->argument);
}

static int parse_words(int argc, char *const argv[], struct ctl_args *ret, struct err *e)
{
	bool only_arguments = false;

	for (int i = 1; i < argc; i++) {
		struct str word = str_c(argv[i]);

		if (!only_arguments && str_eq(word, STR("--"))) {
			only_arguments = true;
		} else if (!only_arguments && str_eq(word, STR("-h"))) {
			struct ctl_given g = { .option = find_option(NULL, STR("help")), .value = STR("") };
			vec_push(&ret->given, g);
		} else if (!only_arguments && str_starts(word, STR("--"))) {
			if (parse_option(argc, argv, &i, ret, e) != 0)
				return -1;
		} else if (ret->command == NULL) {
			ret->command = ctl_command_find(word);
			if (ret->command == NULL)
				return ctl_unknown_command(word, e);
		} else {
			vec_push(&ret->list, word);
		}
	}
	return 0;
}

int ctl_args_parse(int argc, char *const argv[], struct ctl_args *ret, struct err *e)
{
	if (parse_words(argc, argv, ret, e) != 0)
		return -1;
	if (ret->version || ctl_flag(ret, "help"))
		return 0;
	if (ret->command == NULL)
		return err_set(e, ERR_INPUT, "which command?  monitorctl --help lists them");
	return check_count(ret, e);
}
