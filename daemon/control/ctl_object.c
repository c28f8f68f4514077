/* SPDX-License-Identifier: ISC */
/* What watches, sources and channels have in common: list, show, edit, remove, pause and resume by name. */
#include "base/json.h"
#include "control/cli.h"

#define PATH_BYTES 65536

const struct ctl_kind ctl_watches = { "watch", "/v1/watches", "watches" };
const struct ctl_kind ctl_sources = { "source", "/v1/sources", "sources" };
const struct ctl_kind ctl_accounts = { "account", "/v1/accounts", "accounts" };
const struct ctl_kind ctl_channels = { "channel", "/v1/channels", "channels" };
const struct ctl_kind ctl_people = { "person", "/v1/people", "people" };

void ctl_object_path(const struct ctl_kind *k, struct str name, const char *verb, struct strbuf *out)
{
	strbuf_addf(out, "%s/", k->path);
	url_encode(out, name);
	if (verb != NULL)
		strbuf_addf(out, "/%s", verb);
}

/* The first failure's code is the answer, but every name is tried. */
int ctl_object_verb(struct ctl *c, const struct ctl_kind *k, const char *verb, const char *done)
{
	int first = CTL_OK;

	for (size_t i = 0; i < c->args.list.n; i++) {
		AUTO(strbuf) struct strbuf path = STRBUF_INIT(PATH_BYTES), line = STRBUF_INIT(PATH_BYTES);
		OWNED_JSON json_t *answer = NULL;

		ctl_object_path(k, ctl_arg(c, i), verb, &path);
		int code = ctl_call(c, "POST", strbuf_cstr(&path), NULL, &answer);
		if (code == CTL_NO_DAEMON || code == CTL_NO_PERMISSION)
			return code;
		if (code != 0) {
			first = first != 0 ? first : code;
		} else if (c->json) {
			ctl_put_json(answer);
		} else {
			strbuf_addf(&line, "%s %s ", done, k->noun);
			ctl_style(c, &line, STYLE_BOLD, ctl_arg(c, i));
			strbuf_addc(&line, '\n');
			ctl_put(&line);
		}
	}
	return first;
}

int ctl_object_remove(struct ctl *c, const struct ctl_kind *k)
{
	int first = CTL_OK;

	for (size_t i = 0; i < c->args.list.n; i++) {
		AUTO(strbuf) struct strbuf path = STRBUF_INIT(PATH_BYTES), line = STRBUF_INIT(PATH_BYTES);

		ctl_object_path(k, ctl_arg(c, i), NULL, &path);
		int code = ctl_call(c, "DELETE", strbuf_cstr(&path), NULL, NULL);
		if (code == CTL_NO_DAEMON || code == CTL_NO_PERMISSION)
			return code;
		if (code != 0) {
			first = first != 0 ? first : code;
		} else if (!c->json) {
			strbuf_addf(&line, "removed %s ", k->noun);
			ctl_style(c, &line, STYLE_BOLD, ctl_arg(c, i));
			strbuf_addc(&line, '\n');
			ctl_put(&line);
		}
	}
	return first;
}

int ctl_object_list(struct ctl *c, const struct ctl_kind *k, void (*print)(struct ctl *c, const json_t *list))
{
	OWNED_JSON json_t *answer = NULL;
	int code = ctl_call(c, "GET", k->path, NULL, &answer);

	if (code != 0)
		return code;
	const json_t *list = json_get(answer, k->list);
	for (size_t i = 0; c->json && i < json_array_size(list); i++)
		ctl_put_json(json_array_get(list, i));
	if (c->json)
		return CTL_OK;
	if (json_array_size(list) == 0)
		ctl_note(c, "no %s yet; monitorctl help %s%s", k->list, k == &ctl_accounts ? "login" : "add-",
		         k == &ctl_accounts ? "" : k->noun);
	else
		print(c, list);
	return CTL_OK;
}

int ctl_object_show(struct ctl *c, const struct ctl_kind *k, const char *const *times)
{
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(PATH_BYTES);
	OWNED_JSON json_t *answer = NULL;

	ctl_object_path(k, ctl_arg(c, 0), NULL, &path);
	int code = ctl_call(c, "GET", strbuf_cstr(&path), NULL, &answer);
	if (code != 0)
		return code;
	if (c->json)
		ctl_put_json(answer);
	else
		ctl_show_object(c, answer, times, NULL);
	return CTL_OK;
}

int ctl_object_edit(struct ctl *c, const struct ctl_kind *k, json_t *body)
{
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(PATH_BYTES), line = STRBUF_INIT(PATH_BYTES);
	OWNED_JSON json_t *answer = NULL;

	if (json_object_size(body) == 0) {
		ctl_error(c, "nothing to change; see monitorctl help edit-%s", k->noun);
		return CTL_USAGE;
	}
	ctl_object_path(k, ctl_arg(c, 0), NULL, &path);
	int code = ctl_call(c, "PATCH", strbuf_cstr(&path), body, &answer);
	if (code != 0)
		return code;
	if (c->json) {
		ctl_put_json(answer);
		return CTL_OK;
	}
	strbuf_addf(&line, "changed %s ", k->noun);
	ctl_style(c, &line, STYLE_BOLD, json_get_str(answer, "name"));
	strbuf_addc(&line, '\n');
	ctl_put(&line);
	ctl_say_warning(c, answer);
	return CTL_OK;
}

void ctl_say_warning(const struct ctl *c, const json_t *object)
{
	struct str warning = json_get_str(object, "warning");

	if (warning.len > 0)
		ctl_note(c, "warning: %.*s", STR_ARG(warning));
}

/* Names for the completion scripts: one a line, and silence when there is no daemon. */
int ctl_names(struct ctl *c)
{
	static const struct ctl_kind *const kinds[] = { &ctl_watches, &ctl_sources, &ctl_channels, &ctl_people };
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);

	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		OWNED_JSON json_t *answer = NULL;

		if (!str_eq(str_c(kinds[k]->noun), ctl_arg(c, 0)))
			continue;
		int code = ctl_call(c, "GET", kinds[k]->path, NULL, &answer);
		if (code != 0)
			return code;
		const json_t *list = json_get(answer, kinds[k]->list);
		for (size_t i = 0; i < json_array_size(list); i++) {
			strbuf_add(&out, json_get_str(json_array_get(list, i), kinds[k] == &ctl_people ? "key" : "name"));
			strbuf_addc(&out, '\n');
		}
	}
	ctl_put(&out);
	return CTL_OK;
}
