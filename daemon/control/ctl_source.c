/* SPDX-License-Identifier: ISC */
/* The commands about sources. */
#include "base/json.h"
#include "control/cli.h"

static void say_added(const struct ctl *c, const json_t *source)
{
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(65536);
	struct str title = json_get_str(source, "title"), found = json_get_str(source, "found");
	struct str note = json_get_str(source, "note");

	if (found.len > 0) {
		strbuf_adds(&line, "the page has a feed: ");
		ctl_style(c, &line, STYLE_PLAIN, found);
		strbuf_addc(&line, '\n');
	}
	strbuf_adds(&line, "added source ");
	ctl_style(c, &line, STYLE_BOLD, json_get_str(source, "name"));
	strbuf_adds(&line, " (");
	ctl_style(c, &line, STYLE_PLAIN, json_get_str(source, "type"));
	strbuf_adds(&line, title.len > 0 ? "): " : ")");
	ctl_style(c, &line, STYLE_PLAIN, title);
	strbuf_addc(&line, '\n');
	if (note.len > 0) {
		ctl_style(c, &line, STYLE_PLAIN, note);
		strbuf_addc(&line, '\n');
	}
	ctl_put(&line);
	ctl_say_warning(c, source);
}

int ctl_add_source(struct ctl *c)
{
	AUTO(strbuf) struct strbuf doing = STRBUF_INIT(65536);
	OWNED_JSON json_t *body = json_object();
	OWNED_JSON json_t *answer = NULL;
	struct str url = ctl_arg(c, 0);

	json_set_text(body, "url", url);
	int code = ctl_body_options(c, body);
	ctl_put_list(c, body, "tag", "tags");
	strbuf_addf(&doing, "fetching %.*s", STR_ARG(url));
	if (code == 0)
		code = ctl_call_long(c, strbuf_cstr(&doing), "POST", "/v1/sources", body, &answer);
	if (code != 0)
		return code;
	if (c->json)
		ctl_put_json(answer);
	else
		say_added(c, answer);
	return CTL_OK;
}

static void print_sources(struct ctl *c, const json_t *list)
{
	static const char *const heads[] = { "NAME", "TYPE", "STATE", "LAST", "NEXT", "ORIGIN", "URL", "ERROR" };
	AUTO(table) struct table t = { 0 };
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);
	char buf[CTL_WHEN_MAX];

	table_init(&t, 8, heads);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *s = json_array_get(list, i);
		struct str state = json_get_str(s, "state");
		bool polling = json_get_bool(s, "polling", false), streaming = json_get_bool(s, "streaming", false);

		table_add(&t, STYLE_BOLD, json_get_str(s, "name"));
		table_add(&t, STYLE_PLAIN, json_get_str(s, "type"));
		table_add(&t, ctl_state_style(state), state);
		table_add(&t, STYLE_PLAIN, str_c(ctl_when_json(c, buf, s, "last_success")));
		table_add(&t, STYLE_PLAIN, streaming ? STR("streaming") : polling ? STR("polling") :
		          str_c(ctl_when_json(c, buf, s, "next_poll")));
		table_add(&t, STYLE_DIM, json_get_str(s, "origin"));
		table_add(&t, STYLE_PLAIN, json_get_str(s, "url"));
		/* an error that was overcome is for show-source */
		table_add(&t, STYLE_BAD, str_eq(state, STR("ok")) ? STR_NULL : json_get_str(s, "last_error"));
	}
	table_print(&t, c->width, c->colour, &out);
	ctl_put(&out);
}

int ctl_list_sources(struct ctl *c)
{
	return ctl_object_list(c, &ctl_sources, print_sources);
}

int ctl_show_source(struct ctl *c)
{
	static const char *const times[] = { "lease_until", "last_push", "last_success", "last_poll", "last_news",
		                                 "next_poll", NULL };

	return ctl_object_show(c, &ctl_sources, times);
}

int ctl_edit_source(struct ctl *c)
{
	OWNED_JSON json_t *body = json_object();
	int code = ctl_body_options(c, body);

	return code != 0 ? code : ctl_object_edit(c, &ctl_sources, body);
}

int ctl_remove_source(struct ctl *c)
{
	return ctl_object_remove(c, &ctl_sources);
}

int ctl_pause_source(struct ctl *c)
{
	return ctl_object_verb(c, &ctl_sources, "pause", "paused");
}

int ctl_resume_source(struct ctl *c)
{
	return ctl_object_verb(c, &ctl_sources, "resume", "resumed");
}

/* "NAME: 12 posts, 2 new, 1 edited, 1 alert"; false if the poll failed. */
static bool say_polled(const struct ctl *c, struct str name, const json_t *p)
{
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(65536);
	struct str outcome = json_get_str(p, "outcome");
	bool failed = str_eq(outcome, STR("failed"));
	int64_t alerts = json_get_int(p, "alerts", 0);

	ctl_style(c, &line, STYLE_BOLD, name);
	strbuf_adds(&line, ": ");
	if (failed) {
		ctl_style(c, &line, STYLE_BAD, STR("failed"));
		strbuf_adds(&line, ": ");
		ctl_style(c, &line, STYLE_PLAIN, json_get_str(p, "error"));
	} else if (str_eq(outcome, STR("not-modified"))) {
		strbuf_adds(&line, "not modified since the last poll");
	} else {
		strbuf_addf(&line, "%lld posts, %lld new, %lld edited, %lld alert%s", (long long)json_get_int(p, "posts", 0),
		            (long long)json_get_int(p, "new", 0), (long long)json_get_int(p, "edited", 0), (long long)alerts,
		            alerts == 1 ? "" : "s");
	}
	strbuf_addc(&line, '\n');
	ctl_put(&line);
	return !failed;
}

int ctl_poll_source(struct ctl *c)
{
	int first = CTL_OK;

	for (size_t i = 0; i < c->args.list.n; i++) {
		AUTO(strbuf) struct strbuf path = STRBUF_INIT(65536), doing = STRBUF_INIT(65536);
		OWNED_JSON json_t *answer = NULL;
		struct str name = ctl_arg(c, i);

		ctl_object_path(&ctl_sources, name, "poll", &path);
		strbuf_addf(&doing, "polling %.*s", STR_ARG(name));
		int code = ctl_call_long(c, strbuf_cstr(&doing), "POST", strbuf_cstr(&path), NULL, &answer);
		if (code == CTL_NO_DAEMON || code == CTL_NO_PERMISSION)
			return code;
		if (code == 0 && c->json) {
			ctl_put_json(answer);
			code = str_eq(json_get_str(answer, "outcome"), STR("failed")) ? CTL_NO : CTL_OK;
		} else if (code == 0) {
			code = say_polled(c, name, answer) ? CTL_OK : CTL_NO;
		}
		first = first != 0 ? first : code;
	}
	return first;
}
