/* SPDX-License-Identifier: ISC */
/* Completion scripts for bash, zsh and fish, printed from the table of commands. */
#include "channel/channel.h"
#include "control/cli.h"
#include "source/source.h"

/* Text in single quotes, as all three shells read it. */
static void quoted(struct strbuf *out, const char *text)
{
	strbuf_addc(out, '\'');
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '\'')
			strbuf_adds(out, "'\\''");
		else
			strbuf_addc(out, *p);
	}
	strbuf_addc(out, '\'');
}

/* What a value may be, as words with blanks between; "" if the shell cannot know. */
static void words_of(enum ctl_value kind, const char *argument, struct strbuf *out)
{
	size_t n;
	const struct ctl_row *rows = ctl_rows(&n);

	if (kind == CTL_CHOICE || kind == CTL_SPAN)
		for (const char *p = argument; *p != '\0'; p++)
			strbuf_addc(out, *p == '|' ? ' ' : *p);
	for (size_t i = 0; i < n && kind == CTL_COMMAND_NAME; i++)
		if (rows[i].kind == ROW_COMMAND && rows[i].help != NULL)
			strbuf_addf(out, "%s%s", out->len > 0 ? " " : "", rows[i].name);
	for (const struct source_type *const *t = source_types(); kind == CTL_SOURCE_TYPE && *t != NULL; t++)
		strbuf_addf(out, "%s%s", out->len > 0 ? " " : "", (*t)->name);
	for (const struct channel_type *const *t = channel_types(); kind == CTL_CHANNEL_TYPE && *t != NULL; t++)
		strbuf_addf(out, "%s%s", out->len > 0 ? " " : "", (*t)->name);
}

/* The kind of object whose names are asked from the daemon; NULL if it is none. */
static const char *noun_of(enum ctl_value kind)
{
	return kind == CTL_WATCH ? "watch" : kind == CTL_SOURCE ? "source" : kind == CTL_CHANNEL ? "channel" :
	       kind == CTL_PERSON ? "person" : NULL;
}

typedef void each_option(const struct ctl_row *command, const struct ctl_row *option, struct strbuf *out);

static void options_of(const struct ctl_row *command, each_option *f, struct strbuf *out)
{
	size_t from, to, n;
	const struct ctl_row *rows = ctl_rows(&n);

	ctl_command_rows(command, &from, &to);
	for (size_t i = from; i < to; i++)
		if (rows[i].kind == ROW_OPTION)
			f(command, &rows[i], out);
}

static void each_command(void (*f)(const struct ctl_row *command, struct strbuf *out), struct strbuf *out)
{
	size_t n;
	const struct ctl_row *rows = ctl_rows(&n);

	for (size_t i = 0; i < n; i++)
		if (rows[i].kind == ROW_COMMAND && rows[i].help != NULL)
			f(&rows[i], out);
}

/* --- bash --- */

static void bash_action(enum ctl_value kind, const char *argument, struct strbuf *out)
{
	AUTO(strbuf) struct strbuf words = STRBUF_INIT(65536);
	const char *noun = noun_of(kind);

	words_of(kind, argument, &words);
	if (noun != NULL)
		strbuf_addf(out, "_monitorctl_names %s", noun);
	else if (kind == CTL_FILE)
		strbuf_adds(out, "_monitorctl_files");
	else if (words.len > 0)
		strbuf_addf(out, "_monitorctl_words \"%s\"", strbuf_cstr(&words));
	else
		strbuf_adds(out, ":");
}

static void bash_option_value(const struct ctl_row *command, const struct ctl_row *o, struct strbuf *out)
{
	if (o->argument == NULL)
		return;
	strbuf_addf(out, "\t%s:--%s) ", command != NULL ? command->name : "*", o->name);
	bash_action(o->value, o->argument, out);
	strbuf_adds(out, "; return ;;\n");
}

static void bash_command_values(const struct ctl_row *command, struct strbuf *out)
{
	options_of(command, bash_option_value, out);
}

static void bash_option_name(const struct ctl_row *command, const struct ctl_row *o, struct strbuf *out)
{
	(void)command;
	strbuf_addf(out, " --%s", o->name);
}

static void bash_command(const struct ctl_row *command, struct strbuf *out)
{
	AUTO(strbuf) struct strbuf own = STRBUF_INIT(65536);

	options_of(command, bash_option_name, &own);
	strbuf_addf(out, "\t%s)\n", command->name);
	if (own.len > 0)
		strbuf_addf(out, "\t\toptions+=\"%s\"\n", strbuf_cstr(&own));
	if (command->most != 0) {
		strbuf_adds(out, "\t\t[[ $cur == -* ]] || ");
		bash_action(command->value, command->argument, out);
		strbuf_addc(out, '\n');
	}
	strbuf_adds(out, "\t\t;;\n");
}

static void bash(struct strbuf *out)
{
	AUTO(strbuf) struct strbuf words = STRBUF_INIT(65536);

	words_of(CTL_COMMAND_NAME, "", &words);
	strbuf_adds(out, "# bash completion for monitorctl; made by \"monitorctl completion bash\" from the table of commands\n"
	                 "_monitorctl_words() {\n\tmapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n}\n"
	                 /* not by compgen -W: it would expand what stands in a name */
	                 "_monitorctl_names() {\n\tlocal name\n\twhile IFS= read -r name; do\n"
	                 "\t\t[[ $name == \"$cur\"* ]] && COMPREPLY+=(\"$name\")\n"
	                 "\tdone < <(monitorctl __names \"$1\" 2>/dev/null)\n}\n"
	                 "_monitorctl_files() {\n\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	                 "\tcompopt -o filenames 2>/dev/null\n}\n"
	                 "_monitorctl() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	                 "\tlocal command='' i options\n"
	                 "\tCOMPREPLY=()\n\tfor ((i = 1; i < COMP_CWORD; i++)); do\n\t\tcase ${COMP_WORDS[i]} in\n"
	                 "\t\t--socket) ((i++)) ;;\n\t\t-*) ;;\n\t\t*) command=${COMP_WORDS[i]}; break ;;\n\t\tesac\n\tdone\n"
	                 "\tcase $command:$prev in\n");
	options_of(NULL, bash_option_value, out);
	each_command(bash_command_values, out);
	strbuf_adds(out, "\tesac\n\toptions=\"");
	options_of(NULL, bash_option_name, out);
	strbuf_addf(out, "\"\n\tcase $command in\n\t\"\") [[ $cur == -* ]] || _monitorctl_words \"%s\" ;;\n", strbuf_cstr(&words));
	each_command(bash_command, out);
	strbuf_adds(out, "\tesac\n\tif [[ $cur == -* ]]; then\n\t\t_monitorctl_words \"$options\"\n\tfi\n}\n"
	                 "complete -F _monitorctl monitorctl\n");
}

/* --- zsh --- */

/* Text inside a spec of _arguments: brackets and colons mean something there. */
static void zsh_text(struct strbuf *out, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '[' || *p == ']' || *p == ':' || *p == '\\')
			strbuf_addc(out, '\\');
		strbuf_addc(out, *p);
	}
}

static void zsh_action(enum ctl_value kind, const char *argument, struct strbuf *spec)
{
	AUTO(strbuf) struct strbuf words = STRBUF_INIT(65536);
	const char *noun = noun_of(kind);

	words_of(kind, argument, &words);
	strbuf_addc(spec, ':');
	zsh_text(spec, argument);
	if (noun != NULL)
		strbuf_addf(spec, ":_monitorctl_names %s", noun);
	else if (kind == CTL_FILE)
		strbuf_adds(spec, ":_files");
	else if (words.len > 0)
		strbuf_addf(spec, ":(%s)", strbuf_cstr(&words));
	else
		strbuf_adds(spec, ": ");
}

static void zsh_option(const struct ctl_row *command, const struct ctl_row *o, struct strbuf *out)
{
	AUTO(strbuf) struct strbuf spec = STRBUF_INIT(65536);

	(void)command;
	strbuf_addf(&spec, "*--%s[", o->name);
	zsh_text(&spec, o->help);
	strbuf_addc(&spec, ']');
	if (o->argument != NULL)
		zsh_action(o->value, o->argument, &spec);
	strbuf_adds(out, " \\\n\t\t\t");
	quoted(out, strbuf_cstr(&spec));
}

static void zsh_describe(const struct ctl_row *command, struct strbuf *out)
{
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(4096);

	strbuf_addf(&text, "%s:", command->name);
	zsh_text(&text, command->help);
	strbuf_adds(out, "\t\t");
	quoted(out, strbuf_cstr(&text));
	strbuf_addc(out, '\n');
}

static void zsh_command(const struct ctl_row *command, struct strbuf *out)
{
	AUTO(strbuf) struct strbuf spec = STRBUF_INIT(65536);

	strbuf_addf(out, "\t%s)\n\t\t_arguments", command->name);
	options_of(NULL, zsh_option, out);
	options_of(command, zsh_option, out);
	if (command->most != 0) {
		strbuf_addc(&spec, '*');
		zsh_action(command->value, command->argument, &spec);
		strbuf_adds(out, " \\\n\t\t\t");
		quoted(out, strbuf_cstr(&spec));
	}
	strbuf_adds(out, "\n\t\t;;\n");
}

static void zsh(struct strbuf *out)
{
	strbuf_adds(out, "#compdef monitorctl\n"
	                 "# zsh completion for monitorctl; made by \"monitorctl completion zsh\" from the table of commands\n"
	                 /* _arguments puts options of compadd before our own argument */
	                 "_monitorctl_names() {\n\tlocal -a names\n"
	                 "\tnames=(${(f)\"$(monitorctl __names $argv[-1] 2>/dev/null)\"})\n"
	                 "\tcompadd \"${@[1,-2]}\" -a names\n}\n"
	                 "_monitorctl() {\n\tlocal curcontext=$curcontext state line\n\tlocal -a commands\n\tcommands=(\n");
	each_command(zsh_describe, out);
	strbuf_adds(out, "\t)\n\t_arguments -C");
	options_of(NULL, zsh_option, out);
	strbuf_adds(out, " \\\n\t\t\t'1: :->command' '*:: :->rest' && return\n"
	                 "\tif [[ $state == command ]]; then\n\t\t_describe command commands\n\t\treturn\n\tfi\n"
	                 "\tcase $words[1] in\n");
	each_command(zsh_command, out);
	strbuf_adds(out, "\tesac\n}\n"
	                 "if [[ $funcstack[1] == _monitorctl ]]; then\n\t_monitorctl \"$@\"\nelse\n"
	                 "\tcompdef _monitorctl monitorctl\nfi\n");
}

/* --- fish --- */

static void fish_action(enum ctl_value kind, const char *argument, struct strbuf *out)
{
	AUTO(strbuf) struct strbuf words = STRBUF_INIT(65536);
	const char *noun = noun_of(kind);

	words_of(kind, argument, &words);
	if (noun != NULL)
		strbuf_addf(out, " -a '(monitorctl __names %s 2>/dev/null)'", noun);
	else if (kind == CTL_FILE)
		strbuf_adds(out, " -F");
	else if (words.len > 0)
		strbuf_addf(out, " -a '%s'", strbuf_cstr(&words));
}

static void fish_option(const struct ctl_row *command, const struct ctl_row *o, struct strbuf *out)
{
	strbuf_adds(out, "complete -c monitorctl");
	if (command != NULL)
		strbuf_addf(out, " -n '__fish_seen_subcommand_from %s'", command->name);
	strbuf_addf(out, " -l %s -d ", o->name);
	quoted(out, o->help);
	if (o->argument != NULL) {
		strbuf_adds(out, o->value == CTL_FILE ? " -r" : " -x");
		fish_action(o->value, o->argument, out);
	}
	strbuf_addc(out, '\n');
}

static void fish_command(const struct ctl_row *command, struct strbuf *out)
{
	strbuf_addf(out, "complete -c monitorctl -n __fish_use_subcommand -a %s -d ", command->name);
	quoted(out, command->help);
	strbuf_addc(out, '\n');
	AUTO(strbuf) struct strbuf action = STRBUF_INIT(65536);
	fish_action(command->value, command->argument, &action);
	if (action.len > 0 && command->most != 0)
		strbuf_addf(out, "complete -c monitorctl -n '__fish_seen_subcommand_from %s'%s\n", command->name,
		            strbuf_cstr(&action));
	options_of(command, fish_option, out);
}

static void fish(struct strbuf *out)
{
	strbuf_adds(out, "# fish completion for monitorctl; made by \"monitorctl completion fish\" from the table of commands\n"
	                 "complete -c monitorctl -f\n");
	options_of(NULL, fish_option, out);
	each_command(fish_command, out);
}

int ctl_completion_text(struct str shell, struct strbuf *out)
{
	static const struct { const char *name; void (*print)(struct strbuf *out); } shells[] = {
		{ "bash", bash }, { "zsh", zsh }, { "fish", fish },
	};

	for (size_t i = 0; i < sizeof(shells) / sizeof(*shells); i++) {
		if (str_eq(shell, str_c(shells[i].name))) {
			shells[i].print(out);
			return 0;
		}
	}
	return -1;
}

int ctl_completion(struct ctl *c)
{
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);

	if (ctl_completion_text(ctl_arg(c, 0), &out) != 0) {
		ctl_error(c, "completion: expected bash, zsh or fish, not \"%.*s\"", STR_ARG(ctl_arg(c, 0)));
		return CTL_USAGE;
	}
	ctl_put(&out);
	return CTL_OK;
}
