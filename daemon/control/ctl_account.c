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

/* "120 of 500", with what it costs where that is known; nothing where nothing is counted. */
static void add_count(struct table *t, const json_t *a, const char *count, const char *most, const char *cost)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(200);
	int64_t n = json_get_int(a, count, 0), limit = json_get_int(a, most, 0);
	const json_t *price = cost == NULL ? NULL : json_get(a, cost);

	if (n > 0 || limit > 0)
		strbuf_addf(&b, "%lld", (long long)n);
	if (limit > 0)
		strbuf_addf(&b, " of %lld", (long long)limit);
	if (json_is_number(price) && n > 0)
		strbuf_addf(&b, " (%.2f)", json_number_value(price));
	table_add(t, limit > 0 && n >= limit ? STYLE_BAD : STYLE_PLAIN, strbuf_str(&b));
}

static void print_accounts(struct ctl *c, const json_t *list)
{
	static const char *const heads[] = { "NAME", "TYPE", "TOKEN", "TODAY", "MONTH", "FORECAST", "ORIGIN", "API" };
	AUTO(table) struct table t = { 0 };
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);

	table_init(&t, 8, heads);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *a = json_array_get(list, i);
		bool token = str_present(json_get_str(a, "token"));

		table_add(&t, STYLE_BOLD, json_get_str(a, "name"));
		table_add(&t, STYLE_PLAIN, json_get_str(a, "type"));
		table_add(&t, token ? STYLE_GOOD : STYLE_BAD, token ? STR("given") : STR("missing"));
		add_count(&t, a, "posts_today", "posts_per_day", NULL);
		add_count(&t, a, "posts_this_month", "posts_per_month", "cost_this_month");
		add_count(&t, a, "posts_forecast", "posts_per_month", "cost_forecast");
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
