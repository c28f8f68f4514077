/* SPDX-License-Identifier: ISC */
/* The commands about channels. */
#include "base/json.h"
#include "control/cli.h"

int ctl_add_channel(struct ctl *c)
{
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(65536);
	OWNED_JSON json_t *body = json_object();
	OWNED_JSON json_t *answer = NULL;

	json_set_text(body, "type", ctl_arg(c, 0));
	if (str_present(ctl_arg(c, 1)))
		json_set_text(body, "url", ctl_arg(c, 1));
	int code = ctl_body_options(c, body);
	if (code == 0)
		code = ctl_call(c, "POST", "/v1/channels", body, &answer);
	if (code != 0)
		return code;
	if (c->json) {
		ctl_put_json(answer);
		return CTL_OK;
	}
	struct str name = json_get_str(answer, "name");
	strbuf_adds(&line, "added channel ");
	ctl_style(c, &line, STYLE_BOLD, name);
	strbuf_adds(&line, " (");
	ctl_style(c, &line, STYLE_PLAIN, json_get_str(answer, "type"));
	strbuf_addf(&line, "%s); try it: monitorctl test-channel ", json_get_bool(answer, "default", false) ? ", default" : "");
	ctl_style(c, &line, STYLE_PLAIN, name);
	strbuf_addc(&line, '\n');
	ctl_put(&line);
	ctl_say_warning(c, answer);
	return CTL_OK;
}

static void print_channels(struct ctl *c, const json_t *list)
{
	static const char *const heads[] = { "NAME", "TYPE", "STATE", "DEFAULT", "WAITING", "ORIGIN", "URL", "ERROR" };
	AUTO(table) struct table t = { 0 };
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);

	table_init(&t, 8, heads);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *ch = json_array_get(list, i);
		struct str state = json_get_str(ch, "state");
		AUTO(strbuf) struct strbuf waiting = STRBUF_INIT(32);

		strbuf_addf(&waiting, "%lld", (long long)json_get_int(ch, "waiting", 0));
		table_add(&t, STYLE_BOLD, json_get_str(ch, "name"));
		table_add(&t, STYLE_PLAIN, json_get_str(ch, "type"));
		table_add(&t, ctl_state_style(state), state);
		table_add(&t, STYLE_PLAIN, json_get_bool(ch, "default", false) ? STR("yes") : STR("no"));
		table_add(&t, STYLE_PLAIN, strbuf_str(&waiting));
		table_add(&t, STYLE_DIM, json_get_str(ch, "origin"));
		table_add(&t, STYLE_PLAIN, json_get_str(ch, "url"));
		/* an error that was overcome is for show-channel */
		table_add(&t, STYLE_BAD, str_eq(state, STR("ok")) ? STR_NULL : json_get_str(ch, "last_error"));
	}
	table_print(&t, c->width, c->colour, &out);
	ctl_put(&out);
}

int ctl_list_channels(struct ctl *c)
{
	return ctl_object_list(c, &ctl_channels, print_channels);
}

int ctl_show_channel(struct ctl *c)
{
	return ctl_object_show(c, &ctl_channels, NULL);
}

int ctl_edit_channel(struct ctl *c)
{
	OWNED_JSON json_t *body = json_object();
	int code = ctl_body_options(c, body);

	return code != 0 ? code : ctl_object_edit(c, &ctl_channels, body);
}

int ctl_remove_channel(struct ctl *c)
{
	return ctl_object_remove(c, &ctl_channels);
}

int ctl_pause_channel(struct ctl *c)
{
	return ctl_object_verb(c, &ctl_channels, "pause", "paused");
}

int ctl_resume_channel(struct ctl *c)
{
	return ctl_object_verb(c, &ctl_channels, "resume", "resumed");
}

static void say_tested(const struct ctl *c, const json_t *t, bool delivered)
{
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(CTL_OUT_MAX);
	struct str error = json_get_str(t, "error"), answer = json_get_str(t, "answer");
	int64_t status = json_get_int(t, "status", 0);

	ctl_style(c, &line, delivered ? STYLE_GOOD : STYLE_BAD, json_get_str(t, "verdict"));
	if (status > 0)
		strbuf_addf(&line, ", status %lld", (long long)status);
	strbuf_addf(&line, ", in %lld ms\n", (long long)json_get_int(t, "elapsed_ms", 0));
	if (error.len > 0) {
		ctl_style(c, &line, STYLE_BAD, error);
		strbuf_addc(&line, '\n');
	}
	struct str rest = str_trim(answer), piece;
	if (rest.len > 0)
		strbuf_adds(&line, "the answer:\n");
	while (str_split(&rest, '\n', &piece)) {
		strbuf_adds(&line, "  ");
		ctl_style(c, &line, STYLE_PLAIN, str_trim(piece));
		strbuf_addc(&line, '\n');
	}
	ctl_put(&line);
}

int ctl_test_channel(struct ctl *c)
{
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(65536), doing = STRBUF_INIT(65536);
	OWNED_JSON json_t *answer = NULL;

	ctl_object_path(&ctl_channels, ctl_arg(c, 0), "test", &path);
	strbuf_addf(&doing, "sending a test alert to %.*s", STR_ARG(ctl_arg(c, 0)));
	int code = ctl_call_long(c, strbuf_cstr(&doing), "POST", strbuf_cstr(&path), NULL, &answer);
	if (code != 0)
		return code;
	bool delivered = str_eq(json_get_str(answer, "verdict"), STR("delivered"));
	if (c->json)
		ctl_put_json(answer);
	else
		say_tested(c, answer, delivered);
	return delivered ? CTL_OK : CTL_NO;
}
