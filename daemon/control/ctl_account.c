/* SPDX-License-Identifier: ISC */
/* The commands about accounts. */
#include <termios.h>
#include <unistd.h>

#include "base/json.h"
#include "control/cli.h"

#define TYPED_TOKEN_MAX 4096 /* a terminal's line holds no more */

/* One line from the terminal, unseen; 0, or an exit code after saying why. */
static int ask_token(struct ctl *c, json_t *body)
{
	struct termios seen, unseen;
	char line[TYPED_TOKEN_MAX];

	if (tcgetattr(STDIN_FILENO, &seen) != 0) {
		ctl_error(c, "standard input is no terminal: give the token by --token-file FILE, or - for standard input");
		return CTL_USAGE;
	}
	unseen = seen;
	unseen.c_lflag &= ~(tcflag_t)ECHO;
	fprintf(stderr, "Token of account %.*s: ", STR_ARG(ctl_arg(c, 0)));
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen);
	const char *got = fgets(line, (int)sizeof(line), stdin);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &seen);
	fputc('\n', stderr);
	struct str token = str_trim(str_c(got));
	if (str_empty(token)) {
		ctl_error(c, "no token");
		return CTL_NO_INPUT;
	}
	json_set_text(body, "token", token);
	explicit_bzero(line, sizeof(line));
	return 0;
}

int ctl_login(struct ctl *c)
{
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(65536);
	OWNED_JSON json_t *body = json_object(), *answer = NULL;
	int code = ctl_body_options(c, body);

	if (code == 0 && !str_present(json_get_str(body, "token")))
		code = ask_token(c, body);
	json_set_text(body, "name", ctl_arg(c, 0));
	if (code == 0)
		code = ctl_call_long(c, "trying the token", "POST", "/v1/accounts", body, &answer);
	if (code != 0)
		return code;
	if (c->json) {
		ctl_put_json(answer);
		return CTL_OK;
	}
	strbuf_adds(&line, "logged in as ");
	ctl_style(c, &line, STYLE_BOLD, json_get_str(answer, "name"));
	strbuf_adds(&line, " (");
	ctl_style(c, &line, STYLE_PLAIN, json_get_str(answer, "type"));
	strbuf_adds(&line, ")\n");
	ctl_put(&line);
	if (str_present(json_get_str(answer, "note")))
		ctl_note(c, "note: %.*s", STR_ARG(json_get_str(answer, "note")));
	return CTL_OK;
}

int ctl_logout(struct ctl *c)
{
	return ctl_object_remove(c, &ctl_accounts);
}

static void print_accounts(struct ctl *c, const json_t *list)
{
	static const char *const heads[] = { "NAME", "TYPE", "TOKEN", "USERNAME", "ORIGIN", "API" };
	AUTO(table) struct table t = { 0 };
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);

	table_init(&t, 6, heads);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *a = json_array_get(list, i);
		bool token = str_present(json_get_str(a, "token"));

		table_add(&t, STYLE_BOLD, json_get_str(a, "name"));
		table_add(&t, STYLE_PLAIN, json_get_str(a, "type"));
		table_add(&t, token ? STYLE_GOOD : STYLE_BAD, token ? STR("given") : STR("missing"));
		table_add(&t, STYLE_PLAIN, json_get_str(a, "username"));
		table_add(&t, STYLE_DIM, json_get_str(a, "origin"));
		table_add(&t, STYLE_PLAIN, json_get_str(a, "api"));
	}
	table_print(&t, c->width, c->colour, &out);
	ctl_put(&out);
}

int ctl_list_accounts(struct ctl *c)
{
	return ctl_object_list(c, &ctl_accounts, print_accounts);
}
