/* SPDX-License-Identifier: ISC */
/*
 * What the commands of monitorctl share: the table of commands, a parsed command line, one call of the API, printing.
 * Every ctl_NAME command returns its exit code and has told the user why it is not 0.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

#include "alert/alert.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "base/url.h"
#include "base/vec.h"
#include "control/ctl.h"

#define CTL_OUT_MAX (256u << 20) /* bytes of one printed answer */
#define CTL_FILE_MAX (64u << 20) /* bytes of one file that is read */
#define CTL_SECRET_MAX 65536     /* bytes of a secret or password file */

/* --- the table of commands (args.c) --- */
struct ctl;
enum ctl_value {
	CTL_FLAG, CTL_TEXT, CTL_FILE, CTL_NUMBER, CTL_INTERVAL, CTL_SPAN, CTL_SINCE, CTL_CHOICE,
	CTL_WATCH, CTL_SOURCE, CTL_CHANNEL, CTL_PERSON, CTL_SOURCE_TYPE, CTL_CHANNEL_TYPE, CTL_COMMAND_NAME,
};
struct ctl_row {                /* one row of commands.def */
	enum { ROW_GROUP, ROW_COMMAND, ROW_OPTION, ROW_NOTE } kind;
	const char *name;       /* of the command or option; title of the group; text of the note */
	const char *argument;   /* what it takes, as shown; NULL for a flag */
	const char *help;       /* NULL: hidden */
	enum ctl_value value;   /* of the option or of the command's first argument */
	int least, most;        /* arguments; most -1: any number */
	int (*run)(struct ctl *c);
};
const struct ctl_row *ctl_rows(size_t *ret_n);
const struct ctl_row *ctl_command_find(struct str name); /* NULL if none */
/* The rows below `command` that are its own, as a range; for NULL the options of everybody. */
void ctl_command_rows(const struct ctl_row *command, size_t *ret_from, size_t *ret_to);

struct ctl_given {
	const struct ctl_row *option;
	struct str value;
};
struct ctl_args {               /* borrows argv */
	const struct ctl_row *command; /* NULL: none was given */
	VEC(struct str) list;          /* what is no option */
	VEC(struct ctl_given) given;
	bool version;
};
void ctl_args_release(struct ctl_args *a);
/* ERR_INPUT says what is wrong and what may have been meant. With --help nothing else is checked. */
int ctl_args_parse(int argc, char *const argv[], struct ctl_args *ret, struct err *e) MUST_CHECK;
/* -1 with "no such command" and what may have been meant. */
int ctl_unknown_command(struct str word, struct err *e);
/* The last value of an option; STR_NULL if it was not given, "" for a flag. */
struct str ctl_option(const struct ctl_args *a, const char *name);
static inline bool ctl_flag(const struct ctl_args *a, const char *name) { return str_present(ctl_option(a, name)); }

/* --- one run (ctl.c) --- */
struct ctl {
	struct ctl_args args;
	bool json;
	bool colour;            /* stdout is a terminal and wants colours */
	int width;              /* columns of the terminal, 0 = no terminal: cut nothing */
	bool quiet;             /* say nothing of errors: the caller knows another way */
	bool progress;          /* stderr is a terminal */
	int64_t now_unix_ms;
	struct strbuf socket;   /* path, once found */
	struct str query;       /* what a "column" of an error counts in */
};
/* Finds the daemon's socket: 0, or an exit code after saying what is wrong. */
int ctl_find_socket(struct ctl *c);
bool ctl_daemon_listens(const struct ctl *c); /* at the socket that was found */
/*
 * One exchange with the daemon.  `body` is borrowed and may be NULL; *ret is a new reference (NULL for 204) if 0 is
 * returned.  Else an exit code, after printing the daemon's reason.
 */
int ctl_call(struct ctl *c, const char *method, const char *path, const json_t *body, json_t **ret) MUST_CHECK;
#define CTL_LONG_MS 150000 /* the daemon may take 2 min to fetch what it is asked about */
int ctl_call_long(struct ctl *c, const char *doing, const char *method, const char *path, const json_t *body, json_t **ret)
        MUST_CHECK;
void ctl_error(const struct ctl *c, const char *fmt, ...) PRINTF_LIKE(2, 3); /* "monitorctl: …" on stderr, made clean */
void ctl_error_at(const struct ctl *c, struct str text, int column);         /* the text with a caret below */
struct str ctl_arg(const struct ctl *c, size_t i);      /* STR_NULL if there are fewer */
void ctl_arg_words(const struct ctl *c, struct strbuf *out); /* all arguments with spaces between */
/* Reads all of a file, "-" = stdin: 0, or an exit code after saying why. */
int ctl_read_file(const struct ctl *c, struct str path, size_t max, struct strbuf *ret) MUST_CHECK;
/* Every value of an option that may be repeated, as a list under `key`; nothing if it was not given. */
void ctl_put_list(const struct ctl *c, json_t *body, const char *option, const char *key);
/* Puts the options name=…, url=…, secret-file, set … that were given into `body`: 0 or an exit code. */
int ctl_body_options(const struct ctl *c, json_t *body) MUST_CHECK;

/* --- lists that come page by page (pages.c) --- */
struct ctl_pages {
	struct ctl *c;
	const char *base;       /* path with its parameters, but for those of paging */
	const char *list;       /* member of an answer that holds the objects */
	const char *cursor;     /* parameter that takes an answer's "next" */
	uint64_t limit;         /* objects wanted */
	void (*each)(void *ctx, const json_t *one);
	void *ctx;
	uint64_t found;         /* so far */
	bool more;              /* afterwards: there are, or may be, others */
};
/* Hands over one object after another and shows on a terminal how far it is: 0, or an exit code after saying why. */
int ctl_pages(struct ctl_pages *p) MUST_CHECK;

/* --- printing (show.c) --- */
enum ctl_style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_WARN, STYLE_BAD, STYLE_HIT };
void ctl_style(const struct ctl *c, struct strbuf *out, enum ctl_style style, struct str s); /* cleaned for terminals */
void ctl_put(const struct strbuf *out);                     /* to stdout */
void ctl_put_json(const json_t *value);                     /* one line to stdout */
void ctl_printf(const char *fmt, ...) PRINTF_LIKE(1, 2);    /* to stdout; only for text that is clean */
void ctl_note(const struct ctl *c, const char *fmt, ...) PRINTF_LIKE(2, 3); /* a line to stderr, made clean */
enum ctl_style ctl_state_style(struct str state);
#define CTL_WHEN_MAX 64
/* "3m ago", "in 5m", "now", "2023-12-11 09:14 CET" if it is more than a week away, "-" if absent.  Returns buf. */
const char *ctl_when(char buf[static CTL_WHEN_MAX], int64_t unix_ms, int64_t now_unix_ms);
const char *ctl_when_json(const struct ctl *c, char buf[static CTL_WHEN_MAX], const json_t *obj, const char *key);
/* A value of the API for people: lists with commas, yes and no, "-" for null. */
void ctl_value_text(struct strbuf *out, const json_t *value);
/* All members of an object, one a line; those named in `times` (NULL-ended) as times. `skip` may be NULL. */
void ctl_show_object(const struct ctl *c, const json_t *obj, const char *const *times, const char *const *skip);
/* A post in a few lines with the hits in view. */
void ctl_show_post(const struct ctl *c, const struct post *post, const struct spans *spans, struct strbuf *out);
/* The same from the API's JSON. */
void ctl_show_post_json(const struct ctl *c, const json_t *post, const json_t *spans, struct strbuf *out);
void ctl_show_alert_json(const struct ctl *c, const json_t *alert, struct strbuf *out);
void ctl_deliveries_table(const struct ctl *c, const json_t *list);

/* --- tables (table.c) --- */
#define TABLE_COLUMNS_MAX 10
struct table {
	size_t n_columns;
	const char *const *heads; /* n_columns; NULL: no head line */
	struct arena *arena;
	VEC(struct table_cell { struct str text; size_t columns; enum ctl_style style; }) cells;
};
void table_init(struct table *t, size_t n_columns, const char *const *heads);
void table_release(struct table *t);
void table_add(struct table *t, enum ctl_style style, struct str text); /* next cell; copied, one line, made clean */
/* `width` columns of the terminal, 0 = as wide as it comes: the widest columns are cut first. */
void table_print(const struct table *t, int width, bool colour, struct strbuf *out);

/* --- kinds of objects: watches, sources, channels (ctl_object.c) --- */
struct ctl_kind {
	const char *noun, *path, *list; /* "watch", "/v1/watches", "watches" */
};
extern const struct ctl_kind ctl_watches, ctl_sources, ctl_channels, ctl_accounts, ctl_people;
/* "/v1/watches/NAME/verb"; verb may be NULL. */
void ctl_object_path(const struct ctl_kind *k, struct str name, const char *verb, struct strbuf *out);
int ctl_object_verb(struct ctl *c, const struct ctl_kind *k, const char *verb, const char *done); /* for each argument */
int ctl_object_remove(struct ctl *c, const struct ctl_kind *k);
int ctl_object_list(struct ctl *c, const struct ctl_kind *k, void (*print)(struct ctl *c, const json_t *list));
int ctl_object_show(struct ctl *c, const struct ctl_kind *k, const char *const *times);
int ctl_object_edit(struct ctl *c, const struct ctl_kind *k, json_t *body); /* body is borrowed */
void ctl_say_warning(const struct ctl *c, const json_t *object);

/* --- what is generated from the table --- */
void ctl_help_all(const struct ctl *c, struct strbuf *out);
void ctl_help_command(const struct ctl *c, const struct ctl_row *command, struct strbuf *out);
void ctl_manual_text(struct strbuf *out);                     /* mdoc, for monitorctl(1) */
int ctl_completion_text(struct str shell, struct strbuf *out); /* -1: no such shell */

#define GROUP(title)
#define COMMAND(function, name, least, most, arguments, first, help) int ctl_##function(struct ctl *c);
#define OPTION(name, argument, kind, help)
#define NOTE(text)
#include "control/commands.def"
#undef GROUP
#undef COMMAND
#undef OPTION
#undef NOTE
