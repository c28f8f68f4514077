/* SPDX-License-Identifier: ISC */
/* The commands about watches. */
#include "base/json.h"
#include "base/text.h"
#include "control/cli.h"

static void say_added(const struct ctl *c, const json_t *watch)
{
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(65536), channels = STRBUF_INIT(65536);
	const json_t *list = json_get(watch, "channels");

	strbuf_adds(&line, "added watch ");
	ctl_style(c, &line, STYLE_BOLD, json_get_str(watch, "name"));
	strbuf_adds(&line, ": ");
	ctl_style(c, &line, STYLE_PLAIN, json_get_str(watch, "query"));
	strbuf_adds(&line, "\nalerts go to ");
	if (json_array_size(list) > 0)
		ctl_value_text(&channels, list);
	else
		strbuf_adds(&channels, "the default channels");
	ctl_style(c, &line, STYLE_PLAIN, strbuf_str(&channels));
	strbuf_addc(&line, '\n');
	ctl_put(&line);
	ctl_say_warning(c, watch);
}

int ctl_add_watch(struct ctl *c)
{
	AUTO(strbuf) struct strbuf query = STRBUF_INIT(1u << 20);
	OWNED_JSON json_t *body = json_object();
	OWNED_JSON json_t *answer = NULL;

	ctl_arg_words(c, &query);
	c->query = strbuf_str(&query);
	if (!text_is_utf8(c->query)) {
		ctl_error(c, "the query is not UTF-8 text");
		return CTL_USAGE;
	}
	json_set_text(body, "query", c->query);
	int code = ctl_body_options(c, body);
	ctl_put_list(c, body, "channel", "channels");
	ctl_put_list(c, body, "source", "sources");
	ctl_put_list(c, body, "on", "on");
	if (code == 0)
		code = ctl_call(c, "POST", "/v1/watches", body, &answer);
	c->query = STR_NULL;
	if (code != 0)
		return code;
	if (c->json)
		ctl_put_json(answer);
	else
		say_added(c, answer);
	return CTL_OK;
}

static void print_watches(struct ctl *c, const json_t *list)
{
	static const char *const heads[] = { "NAME", "QUERY", "CHANNELS", "SOURCES", "STATE", "ORIGIN" };
	AUTO(table) struct table t = { 0 };
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);

	table_init(&t, 6, heads);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *w = json_array_get(list, i);
		AUTO(strbuf) struct strbuf channels = STRBUF_INIT(65536), sources = STRBUF_INIT(65536);
		bool paused = json_get_bool(w, "paused", false);

		if (json_array_size(json_get(w, "channels")) > 0)
			ctl_value_text(&channels, json_get(w, "channels"));
		if (json_array_size(json_get(w, "sources")) > 0)
			ctl_value_text(&sources, json_get(w, "sources"));
		table_add(&t, STYLE_BOLD, json_get_str(w, "name"));
		table_add(&t, STYLE_PLAIN, json_get_str(w, "query"));
		table_add(&t, STYLE_PLAIN, channels.len > 0 ? strbuf_str(&channels) : STR("default"));
		table_add(&t, STYLE_PLAIN, sources.len > 0 ? strbuf_str(&sources) : STR("all"));
		table_add(&t, paused ? STYLE_WARN : STYLE_GOOD, paused ? STR("paused") : STR("active"));
		table_add(&t, STYLE_DIM, json_get_str(w, "origin"));
	}
	table_print(&t, c->width, c->colour, &out);
	ctl_put(&out);
}

int ctl_list_watches(struct ctl *c)
{
	return ctl_object_list(c, &ctl_watches, print_watches);
}

int ctl_show_watch(struct ctl *c)
{
	return ctl_object_show(c, &ctl_watches, NULL);
}

int ctl_edit_watch(struct ctl *c)
{
	OWNED_JSON json_t *body = json_object();
	int code = ctl_body_options(c, body);

	if (code != 0)
		return code;
	ctl_put_list(c, body, "channel", "channels");
	ctl_put_list(c, body, "source", "sources");
	ctl_put_list(c, body, "on", "on");
	if (ctl_flag(&c->args, "default-channels"))
		json_set(body, "channels", json_array());
	if (ctl_flag(&c->args, "all-sources"))
		json_set(body, "sources", json_array());
	c->query = ctl_option(&c->args, "query");
	return ctl_object_edit(c, &ctl_watches, body);
}

int ctl_remove_watch(struct ctl *c)
{
	return ctl_object_remove(c, &ctl_watches);
}

int ctl_pause_watch(struct ctl *c)
{
	return ctl_object_verb(c, &ctl_watches, "pause", "paused");
}

int ctl_resume_watch(struct ctl *c)
{
	return ctl_object_verb(c, &ctl_watches, "resume", "resumed");
}
