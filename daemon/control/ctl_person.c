/* SPDX-License-Identifier: ISC */
/* The commands about people. */
#include "base/json.h"
#include "control/cli.h"

#define PATH_BYTES 65536

/* --- made sources of --- */

struct follow {
	struct ctl *c;
	json_t *sources, *accounts; /* the daemon's */
	struct str read_as;
	int first;                  /* exit code of the first that failed */
};

static struct str platform_of(struct str account)
{
	return str_find(account, STR("://")) == STR_NPOS ? str_slice(account, 0, str_chr(account, ':')) : STR_NULL;
}

/* The source that follows it already; absent if none does. */
static struct str follower(const struct follow *f, const json_t *known)
{
	struct str account = json_get_str(known, "account"), platform = platform_of(account);
	const struct str told[] = { json_get_str(known, "handle"), json_get_str(known, "id"), str_from(account, platform.len + 1) };

	for (size_t i = 0; i < json_array_size(f->sources); i++) {
		const json_t *s = json_array_get(f->sources, i);
		struct str handle = json_get_str(s, "handle");

		for (size_t k = 0; k < sizeof(told) / sizeof(told[0]); k++)
			if (str_present(platform) ? str_eq(json_get_str(s, "type"), platform) && !str_empty(handle) &&
				str_eq_nocase(handle, told[k]) : str_eq(json_get_str(s, "url"), account))
				return json_get_str(s, "name");
	}
	return STR_NULL;
}

/* --read-as is for the accounts of its own network. */
static bool reads_as(const struct follow *f, struct str platform)
{
	for (size_t i = 0; i < json_array_size(f->accounts); i++) {
		const json_t *a = json_array_get(f->accounts, i);

		if (str_eq(json_get_str(a, "name"), f->read_as))
			return str_eq(json_get_str(a, "type"), platform);
	}
	return false;
}

static void follow_one(struct follow *f, const json_t *known)
{
	AUTO(strbuf) struct strbuf doing = STRBUF_INIT(PATH_BYTES), line = STRBUF_INIT(PATH_BYTES);
	OWNED_JSON json_t *body = json_object();
	OWNED_JSON json_t *answer = NULL;
	struct str account = json_get_str(known, "account"), platform = platform_of(account), there = follower(f, known);
	struct str handle = json_get_str(known, "handle");

	if (str_present(there)) {
		ctl_note(f->c, "%.*s is followed already, by source %.*s", STR_ARG(account), STR_ARG(there));
		return;
	}
	if (str_present(platform)) {
		json_set_text(body, "type", platform);
		json_set_text(body, "handle", str_empty(handle) ? json_get_str(known, "id") : handle);
	} else {
		json_set_text(body, "url", account);
	}
	if (ctl_flag(&f->c->args, "allow-private"))
		json_set_bool(body, "allow_private", true);
	if (str_present(f->read_as) && reads_as(f, platform))
		json_set_text(body, "account", f->read_as);
	strbuf_addf(&doing, "following %.*s", STR_ARG(account));
	int code = ctl_call_long(f->c, strbuf_cstr(&doing), "POST", "/v1/sources", body, &answer);
	if (code != 0) {
		ctl_note(f->c, "%.*s is not followed", STR_ARG(account));
		f->first = f->first != 0 ? f->first : code;
	} else if (f->c->json) {
		ctl_put_json(answer);
	} else {
		strbuf_adds(&line, "added source ");
		ctl_style(f->c, &line, STYLE_BOLD, json_get_str(answer, "name"));
		strbuf_addf(&line, ": %.*s", STR_ARG(account));
		if (str_present(json_get_str(answer, "account")))
			strbuf_addf(&line, ", read as %.*s", STR_ARG(json_get_str(answer, "account")));
		strbuf_addc(&line, '\n');
		ctl_put(&line);
	}
}

/* Each account a source, if it is none yet; 0, or the exit code of the first that cannot be. */
static int follow_all(struct ctl *c, const json_t *person)
{
	OWNED_JSON json_t *sources = NULL;
	OWNED_JSON json_t *accounts = NULL;
	const json_t *known = json_get(person, "known");
	int code = ctl_call(c, "GET", "/v1/sources", NULL, &sources);

	if (code == 0)
		code = ctl_call(c, "GET", "/v1/accounts", NULL, &accounts);
	if (code != 0)
		return code;
	struct follow f = { .c = c, .sources = json_object_get(sources, "sources"),
		            .accounts = json_object_get(accounts, "accounts"), .read_as = ctl_option(&c->args, "read-as") };
	if (json_array_size(known) == 0)
		ctl_note(c, "there is no account to follow: --account says one");
	for (size_t i = 0; i < json_array_size(known); i++)
		follow_one(&f, json_array_get(known, i));
	return f.first;
}

/* --- the commands --- */

static void say_added(const struct ctl *c, const json_t *person)
{
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(PATH_BYTES), key = STRBUF_INIT(1024);

	strbuf_adds(&line, "added person ");
	ctl_style(c, &line, STYLE_BOLD, json_get_str(person, "name"));
	strbuf_addf(&key, "@@%.*s", STR_ARG(json_get_str(person, "key")));
	strbuf_adds(&line, ", in queries ");
	ctl_style(c, &line, STYLE_BOLD, strbuf_str(&key));
	strbuf_addc(&line, '\n');
	ctl_put(&line);
}

int ctl_add_person(struct ctl *c)
{
	AUTO(strbuf) struct strbuf name = STRBUF_INIT(PATH_BYTES);
	OWNED_JSON json_t *body = json_object();
	OWNED_JSON json_t *answer = NULL;

	ctl_arg_words(c, &name);
	json_set_text(body, "name", strbuf_str(&name));
	ctl_put_list(c, body, "account", "accounts");
	ctl_put_list(c, body, "alias", "aliases");
	int code = ctl_call(c, "POST", "/v1/people", body, &answer);
	if (code != 0)
		return code;
	if (c->json)
		ctl_put_json(answer);
	else
		say_added(c, answer);
	return ctl_flag(&c->args, "follow") ? follow_all(c, answer) : CTL_OK;
}

static void add_list(struct table *t, const json_t *list)
{
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(CTL_OUT_MAX);

	if (json_array_size(list) > 0)
		ctl_value_text(&text, list);
	table_add(t, STYLE_PLAIN, strbuf_str(&text));
}

static void print_people(struct ctl *c, const json_t *list)
{
	static const char *const heads[] = { "NAME", "IN QUERIES", "ACCOUNTS", "OTHER NAMES", "ORIGIN" };
	AUTO(table) struct table t = { 0 };
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);

	table_init(&t, 5, heads);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *p = json_array_get(list, i);
		AUTO(strbuf) struct strbuf key = STRBUF_INIT(1024);

		strbuf_addf(&key, "@@%.*s", STR_ARG(json_get_str(p, "key")));
		table_add(&t, STYLE_BOLD, json_get_str(p, "name"));
		table_add(&t, STYLE_PLAIN, strbuf_str(&key));
		add_list(&t, json_get(p, "accounts"));
		add_list(&t, json_get(p, "aliases"));
		table_add(&t, STYLE_DIM, json_get_str(p, "origin"));
	}
	table_print(&t, c->width, c->colour, &out);
	ctl_put(&out);
}

int ctl_list_people(struct ctl *c)
{
	return ctl_object_list(c, &ctl_people, print_people);
}

/* "x:elonmusk", and below it what posts told of it. */
static void print_known(const struct ctl *c, const json_t *known)
{
	static const char *const heads[] = { "ACCOUNT", "HANDLE", "ID", "BEFORE", "CHANGED" };
	AUTO(table) struct table t = { 0 };
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);
	char buf[CTL_WHEN_MAX];

	strbuf_addc(&out, '\n');
	table_init(&t, 5, heads);
	for (size_t i = 0; i < json_array_size(known); i++) {
		const json_t *a = json_array_get(known, i);

		table_add(&t, STYLE_BOLD, json_get_str(a, "account"));
		table_add(&t, STYLE_PLAIN, json_get_str(a, "handle"));
		table_add(&t, STYLE_DIM, json_get_str(a, "id"));
		table_add(&t, STYLE_WARN, json_get_str(a, "before"));
		table_add(&t, STYLE_PLAIN, str_c(ctl_when_json(c, buf, a, "changed")));
	}
	table_print(&t, c->width, c->colour, &out);
	ctl_put(&out);
}

int ctl_show_person(struct ctl *c)
{
	static const char *const skip[] = { "known", NULL };
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(PATH_BYTES);
	OWNED_JSON json_t *person = NULL;

	ctl_object_path(&ctl_people, ctl_arg(c, 0), NULL, &path);
	int code = ctl_call(c, "GET", strbuf_cstr(&path), NULL, &person);
	if (code != 0)
		return code;
	if (c->json) {
		ctl_put_json(person);
		return CTL_OK;
	}
	ctl_show_object(c, person, NULL, skip);
	if (json_array_size(json_get(person, "known")) > 0)
		print_known(c, json_get(person, "known"));
	return CTL_OK;
}

/* What --add-account and the like add goes behind what is there. */
static int add_to(const struct ctl *c, json_t *body, const json_t *person, const char *option, const char *key)
{
	OWNED_JSON json_t *more = json_object();

	ctl_put_list(c, more, option, key);
	if (json_object_size(more) == 0)
		return 0;
	if (json_get(body, key) == NULL)
		json_set(body, key, json_deep_copy(json_get(person, key)));
	return json_array_extend(json_object_get(body, key), json_object_get(more, key));
}

int ctl_edit_person(struct ctl *c)
{
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(PATH_BYTES);
	OWNED_JSON json_t *body = json_object();
	OWNED_JSON json_t *person = NULL;
	bool follow = ctl_flag(&c->args, "follow");
	struct str name = ctl_option(&c->args, "name");

	ctl_object_path(&ctl_people, ctl_arg(c, 0), NULL, &path);
	int code = ctl_call(c, "GET", strbuf_cstr(&path), NULL, &person);
	if (code != 0)
		return code;
	if (str_present(name))
		json_set_text(body, "name", name);
	ctl_put_list(c, body, "account", "accounts");
	ctl_put_list(c, body, "alias", "aliases");
	(void)add_to(c, body, person, "add-account", "accounts");
	(void)add_to(c, body, person, "add-alias", "aliases");
	if (json_object_size(body) == 0 && follow)
		return follow_all(c, person);
	code = ctl_object_edit(c, &ctl_people, body);
	if (code != 0 || !follow)
		return code;
	OWNED_JSON json_t *changed = NULL;
	strbuf_reset(&path);
	ctl_object_path(&ctl_people, str_present(name) ? name : ctl_arg(c, 0), NULL, &path);
	code = ctl_call(c, "GET", strbuf_cstr(&path), NULL, &changed);
	return code != 0 ? code : follow_all(c, changed);
}

int ctl_remove_person(struct ctl *c)
{
	return ctl_object_remove(c, &ctl_people);
}
