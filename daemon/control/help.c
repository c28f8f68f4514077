/* SPDX-License-Identifier: ISC */
/* --help and the manual's list of commands, printed from the table. */
#include "base/text.h"
#include "config/config.h"
#include "control/cli.h"
#include "engine/world.h"
#include "match/match.h"

#define HELP_COLUMN 28

/* Words from column `at` on, to the terminal's edge; what does not fit goes on below `indent`. */
static void wrap(const struct ctl *c, struct strbuf *out, const char *text, size_t at, size_t indent)
{
	struct str rest = str_c(text), word;
	size_t width = c->width > 0 ? (size_t)c->width : SIZE_MAX;
	bool first = true;

	while (str_split(&rest, ' ', &word)) {
		size_t columns = text_columns(word);

		if (!first && at + 1 + columns > width) {
			strbuf_addf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (!first) {
			strbuf_addc(out, ' ');
			at++;
		}
		strbuf_add(out, word);
		at += columns;
		first = false;
	}
	strbuf_addc(out, '\n');
}

/* A line of a list: what is written since `from`, then the help in its column. */
static void help_line(const struct ctl *c, struct strbuf *out, size_t from, const char *help)
{
	size_t have = out->len - from;

	do
		strbuf_addc(out, ' ');
	while (++have < HELP_COLUMN);
	wrap(c, out, help, have, HELP_COLUMN);
}

static void option_line(const struct ctl *c, const struct ctl_row *o, struct strbuf *out)
{
	size_t from = out->len;

	strbuf_addf(out, "  --%s%s%s", o->name, o->argument != NULL ? " " : "", o->argument != NULL ? o->argument : "");
	help_line(c, out, from, o->help);
}

static void options_of(const struct ctl *c, const struct ctl_row *command, struct strbuf *out)
{
	size_t from, to, n;
	const struct ctl_row *rows = ctl_rows(&n);

	ctl_command_rows(command, &from, &to);
	for (size_t i = from; i < to; i++)
		if (rows[i].kind == ROW_OPTION)
			option_line(c, &rows[i], out);
}

void ctl_help_all(const struct ctl *c, struct strbuf *out)
{
	size_t n;
	const struct ctl_row *rows = ctl_rows(&n);

	strbuf_adds(out, "usage: monitorctl [--json] [--socket PATH] COMMAND [ARGUMENTS]\n");
	for (size_t i = 0; i < n; i++) {
		if (rows[i].kind == ROW_GROUP) {
			strbuf_addc(out, '\n');
			ctl_style(c, out, STYLE_BOLD, str_c(rows[i].name));
			strbuf_addc(out, '\n');
		} else if (rows[i].kind == ROW_COMMAND && rows[i].help != NULL) {
			size_t start = out->len;
			strbuf_addf(out, "  %s %s", rows[i].name, rows[i].argument);
			help_line(c, out, start, rows[i].help);
		}
	}
	strbuf_addc(out, '\n');
	ctl_style(c, out, STYLE_BOLD, STR("Options of every command"));
	strbuf_addc(out, '\n');
	options_of(c, NULL, out);
	strbuf_adds(out, "\nmonitorctl help COMMAND says more about one of them.\n");
}

void ctl_help_command(const struct ctl *c, const struct ctl_row *command, struct strbuf *out)
{
	size_t from, to, n;
	const struct ctl_row *rows = ctl_rows(&n);

	ctl_command_rows(command, &from, &to);
	strbuf_addf(out, "usage: monitorctl %s%s%s%s\n\n", command->name, from < to ? " [OPTIONS]" : "",
	            command->argument[0] != '\0' ? " " : "", command->argument);
	ctl_style(c, out, STYLE_BOLD, str_c(command->name));
	strbuf_addf(out, ": %s\n\n", command->help != NULL ? command->help : "for the build");
	options_of(c, command, out);
	options_of(c, NULL, out);
	for (size_t i = from; i < to; i++)
		if (rows[i].kind == ROW_NOTE) {
			strbuf_addc(out, '\n');
			wrap(c, out, rows[i].name, 0, 0);
		}
}

/* Text in mdoc: a backslash, and a dot or quote at the start of a line, mean something there. */
static void roff(struct strbuf *out, const char *text)
{
	if (text[0] == '.' || text[0] == '\'')
		strbuf_adds(out, "\\&");
	for (const char *p = text; *p != '\0'; p++) {
		if (p > text && p[-1] == ' ' && p[0] == ' ')
			continue;
		if (*p == '\\')
			strbuf_adds(out, "\\e");
		else if (*p == '-' && p[1] == '-')
			strbuf_adds(out, "\\-");
		else if (p[0] == ' ' && p[1] == ' ')
			strbuf_addc(out, '\n'); /* two blanks end a sentence, which in mdoc a line end does */
		else
			strbuf_addc(out, *p);
	}
}

/* Help begins in lower case for the lists; in a manual it begins a sentence. */
static void roff_capital(struct strbuf *out, const char *text)
{
	strbuf_addc(out, *text >= 'a' && *text <= 'z' ? (char)(*text - 'a' + 'A') : *text);
	roff(out, text + 1);
}

/* Text as an argument of a macro: quoted, since it may hold words that are macros. */
static void roff_argument(struct strbuf *out, const char *text)
{
	strbuf_addc(out, '"');
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '"')
			strbuf_adds(out, "\\(dq");
		else if (*p == '\\')
			strbuf_adds(out, "\\e");
		else
			strbuf_addc(out, *p);
	}
	strbuf_addc(out, '"');
}

static void manual_option(const struct ctl_row *o, struct strbuf *out)
{
	strbuf_addf(out, ".It Fl \\-%s", o->name);
	if (o->argument != NULL) {
		strbuf_adds(out, " Ar ");
		roff_argument(out, o->argument);
	}
	strbuf_addc(out, '\n');
	roff(out, o->help);
	strbuf_addc(out, '\n');
}

static void manual_options(const struct ctl_row *command, struct strbuf *out)
{
	size_t from, to, n, options = 0;
	const struct ctl_row *rows = ctl_rows(&n);

	ctl_command_rows(command, &from, &to);
	for (size_t i = from; i < to; i++) {
		if (rows[i].kind != ROW_OPTION)
			continue;
		if (options++ == 0)
			strbuf_adds(out, ".Bl -tag -width Ds -compact\n");
		manual_option(&rows[i], out);
	}
	if (options > 0)
		strbuf_adds(out, ".El\n");
	for (size_t i = from; i < to; i++) {
		if (rows[i].kind == ROW_NOTE) {
			if (options > 0)
				strbuf_adds(out, ".Pp\n");
			roff(out, rows[i].name);
			strbuf_addc(out, '\n');
		}
	}
}

void ctl_manual_text(struct strbuf *out)
{
	size_t n;
	const struct ctl_row *rows = ctl_rows(&n);
	bool open = false;

	strbuf_adds(out, ".Ss Options of every command\n");
	manual_options(NULL, out);
	for (size_t i = 0; i < n; i++) {
		if (rows[i].kind == ROW_GROUP) {
			strbuf_addf(out, "%s.Ss %s\n.Bl -tag -width Ds\n", open ? ".El\n" : "", rows[i].name);
			open = true;
		} else if (rows[i].kind == ROW_COMMAND && rows[i].help != NULL) {
			strbuf_addf(out, ".It Cm %s", rows[i].name);
			if (rows[i].argument[0] != '\0') {
				strbuf_adds(out, " Ar ");
				roff_argument(out, rows[i].argument);
			}
			strbuf_addc(out, '\n');
			roff_capital(out, rows[i].help);
			strbuf_adds(out, ".\n");
			manual_options(&rows[i], out);
		}
	}
	strbuf_adds(out, ".El\n");
}

int ctl_help(struct ctl *c)
{
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);
	struct str name = ctl_arg(c, 0);

	if (!str_present(name)) {
		ctl_help_all(c, &out);
	} else {
		const struct ctl_row *command = ctl_command_find(name);
		struct err e = { 0 };

		if (command == NULL) {
			(void)ctl_unknown_command(name, &e);
			ctl_error(c, "%s", e.message);
			return CTL_USAGE;
		}
		ctl_help_command(c, command, &out);
	}
	ctl_put(&out);
	return CTL_OK;
}

/* A name of letters is followed by a colon, a sign is not; what is: and has: take is written as it stands. */
static void manual_operator(const struct query_operator *op, struct strbuf *out)
{
	strbuf_adds(out, ".It ");
	if (op->form) {
		strbuf_adds(out, "Cm ");
		roff_argument(out, op->takes);
		strbuf_addc(out, '\n');
	} else if (op->fact) {
		strbuf_addf(out, "Cm %s:%s\n", op->name, op->takes);
		roff_capital(out, op->help);
		strbuf_adds(out, ".\n");
		return;
	}
	if (!op->form && op->name[0] != '\0')
		strbuf_addf(out, "Cm %s%s Ns ", op->name, char_is_alnum(op->name[0]) ? ":" : "");
	if (!op->form)
		strbuf_addf(out, "Ar %s\n", op->takes);
	roff_capital(out, op->help);
	strbuf_adds(out, ", such as\n.Ql ");
	roff_argument(out, op->example);
	strbuf_adds(out, " .\n");
}

static void manual_query(struct strbuf *out)
{
	struct query_operator op;

	strbuf_adds(out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; query_operator(i, &op); i++)
		if (!op.same && !op.refused)
			manual_operator(&op, out);
	strbuf_adds(out, ".El\n.Ss Other names\nX's names for some of them are understood too:\n"
		".Bl -column in_reply_to_tweet_id:\n");
	for (size_t i = 0; query_operator(i, &op); i++)
		if (op.same)
			strbuf_addf(out, ".It Cm %s: Ta Cm %s:%s\n", op.name, op.same,
				str_starts(str_c(op.name), STR("min_")) ? " Ns Ar number Ns Cm .." : "");
	strbuf_adds(out, ".El\n.Ss What is refused\nThese of X's operators ask for what no post brings with it:\n"
		".Bl -column embedding_threshold:\n");
	for (size_t i = 0; query_operator(i, &op); i++)
		if (op.refused) {
			strbuf_addf(out, ".It Cm %s:%s Ta ", op.name, op.fact ? op.takes : "");
			roff_argument(out, op.help);
			strbuf_addc(out, '\n');
		}
	strbuf_adds(out, ".El\n");
}

/* README.md's tables of what there is: every type of source and channel. */
static void manual_readme(struct strbuf *out)
{
	strbuf_adds(out, "\n| source | |\n| --- | --- |\n");
	for (const struct source_type *const *t = source_types(); *t != NULL; t++)
		strbuf_addf(out, "| `%s` | %s |\n", (*t)->name, (*t)->help);
	strbuf_adds(out, "\n| channel | |\n| --- | --- |\n");
	for (const struct channel_type *const *t = channel_types(); *t != NULL; t++)
		strbuf_addf(out, "| `%s` | %s |\n", (*t)->name, (*t)->help);
	strbuf_addc(out, '\n');
}

/* For the build: what the manuals, README.md and the sample configuration take from the tables. */
int ctl_manual(struct ctl *c)
{
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);
	struct str what = ctl_arg(c, 0);
	struct world_types types;

	world_types_init(&types);
	if (str_eq(what, STR("commands")))
		ctl_manual_text(&out);
	else if (str_eq(what, STR("config")))
		config_print_man(&types.types, &out);
	else if (str_eq(what, STR("query")))
		manual_query(&out);
	else if (str_eq(what, STR("readme")))
		manual_readme(&out);
	else if (str_eq(what, STR("sample")))
		config_print_sample(&types.types, &out);
	ctl_put(&out);
	return out.len > 0 ? CTL_OK : CTL_USAGE;
}
