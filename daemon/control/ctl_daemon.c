/* SPDX-License-Identifier: ISC */
/* The commands about the daemon itself: status and reload. */
#include "base/json.h"
#include "base/num.h"
#include "control/cli.h"

static long long count(const json_t *status, const char *group, const char *key)
{
	return (long long)json_get_int(json_get(status, group), key, 0);
}

/* What monitord cannot see, tell or keep: first of all, and in the worst colour.  False if there is nothing. */
static bool print_trouble(const struct ctl *c, const json_t *status, struct strbuf *out)
{
	const json_t *blind = json_get(status, "blind"), *store = json_get(status, "store");
	bool store_down = store != NULL && !json_get_bool(store, "ok", true);
	long long mute = count(status, "channels", "broken");
	AUTO(strbuf) struct strbuf head = STRBUF_INIT(4096);
	char buf[CTL_WHEN_MAX];

	if (store_down) {
		ctl_style(c, out, STYLE_BAD, STR("DOWN: the database cannot be written: "));
		ctl_style(c, out, STYLE_PLAIN, json_get_str(store, "error"));
		strbuf_addc(out, '\n');
	}
	if (json_array_size(blind) > 0) {
		strbuf_addf(&head, "BLIND: %zu of %lld sources cannot be read", json_array_size(blind),
		            count(status, "sources", "total"));
		ctl_style(c, out, STYLE_BAD, strbuf_str(&head));
		strbuf_addc(out, '\n');
	}
	for (size_t i = 0; i < json_array_size(blind); i++) {
		const json_t *b = json_array_get(blind, i);

		strbuf_adds(out, "  ");
		ctl_style(c, out, STYLE_BOLD, json_get_str(b, "source"));
		if (str_present(json_get_str(b, "since")))
			strbuf_addf(out, ", last seen %s", ctl_when_json(c, buf, b, "since"));
		strbuf_adds(out, ": ");
		ctl_style(c, out, STYLE_PLAIN, json_get_str(b, "error"));
		if (str_present(json_get_str(b, "next_poll")))
			strbuf_addf(out, "; next try %s", ctl_when_json(c, buf, b, "next_poll"));
		strbuf_addc(out, '\n');
	}
	strbuf_reset(&head);
	if (mute > 0) {
		strbuf_addf(&head, "MUTE: %lld channel%s cannot be used; see monitorctl list-channels", mute, mute == 1 ? "" : "s");
		ctl_style(c, out, STYLE_BAD, strbuf_str(&head));
		strbuf_addc(out, '\n');
	}
	return store_down || json_array_size(blind) > 0 || mute > 0;
}

static void row(struct table *t, const char *label, struct strbuf *text)
{
	table_add(t, STYLE_DIM, str_c(label));
	table_add(t, STYLE_PLAIN, strbuf_str(text));
	strbuf_reset(text);
}

static void add_nonzero(struct strbuf *text, long long n, const char *what)
{
	if (n > 0)
		strbuf_addf(text, ", %lld %s", n, what);
}

static void print_counts(const struct ctl *c, const json_t *s, struct strbuf *out)
{
	AUTO(table) struct table t = { 0 };
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(65536);
	struct str version = json_get_str(s, "version"), config = json_get_str(s, "config");
	char buf[CTL_WHEN_MAX];

	table_init(&t, 2, NULL);
	strbuf_addf(&text, "%.*s, started %s, %lld MiB of memory", STR_ARG(version), ctl_when_json(c, buf, s, "started"),
	            (long long)json_get_int(s, "memory_bytes", 0) >> 20);
	row(&t, "monitord", &text);
	strbuf_add(&text, str_present(config) ? config : STR("none"));
	row(&t, "configuration", &text);
	strbuf_addf(&text, "%lld: %lld ok", count(s, "sources", "total"), count(s, "sources", "ok"));
	add_nonzero(&text, count(s, "sources", "new"), "new");
	add_nonzero(&text, count(s, "sources", "failing"), "failing");
	add_nonzero(&text, count(s, "sources", "stopped"), "stopped");
	add_nonzero(&text, count(s, "sources", "paused"), "paused");
	row(&t, "sources", &text);
	strbuf_addf(&text, "%lld", count(s, "watches", "total"));
	add_nonzero(&text, count(s, "watches", "paused"), "paused");
	row(&t, "watches", &text);
	strbuf_addf(&text, "%lld", count(s, "channels", "total"));
	add_nonzero(&text, count(s, "channels", "broken"), "broken");
	add_nonzero(&text, count(s, "channels", "paused"), "paused");
	row(&t, "channels", &text);
	strbuf_addf(&text, "%lld", (long long)json_get_int(s, "posts", 0));
	row(&t, "posts", &text);
	strbuf_addf(&text, "%lld", (long long)json_get_int(s, "alerts", 0));
	row(&t, "alerts", &text);
	strbuf_addf(&text, "%lld delivered, %lld waiting, %lld given up", count(s, "deliveries", "delivered"),
	            count(s, "deliveries", "waiting"), count(s, "deliveries", "dead"));
	row(&t, "deliveries", &text);
	table_print(&t, 0, c->colour, out);
}

int ctl_status(struct ctl *c)
{
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);
	OWNED_JSON json_t *status = NULL;
	int code = ctl_call(c, "GET", "/v1/status", NULL, &status);

	if (code != 0)
		return code;
	bool trouble = print_trouble(c, status, &out);
	if (!trouble) {
		ctl_style(c, &out, STYLE_GOOD, count(status, "sources", "total") > 0 ? STR("all well: every source can be read") :
		                                                                       STR("all well, but there is no source yet"));
		strbuf_addc(&out, '\n');
	}
	print_counts(c, status, &out);
	if (c->json)
		ctl_put_json(status);
	else
		ctl_put(&out);
	return trouble && ctl_flag(&c->args, "check") ? CTL_NO : CTL_OK;
}

int ctl_reload(struct ctl *c)
{
	static const char *const groups[] = { "sources", "channels", "watches" };
	OWNED_JSON json_t *answer = NULL;
	int code = ctl_call_long(c, "reading the configuration", "POST", "/v1/reload", NULL, &answer);

	if (code != 0)
		return code;
	if (c->json) {
		ctl_put_json(answer);
		return CTL_OK;
	}
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		ctl_printf("%-8s  %lld added, %lld changed, %lld removed, %lld kept\n", groups[i],
		           count(answer, groups[i], "added"), count(answer, groups[i], "changed"),
		           count(answer, groups[i], "removed"), count(answer, groups[i], "kept"));
	const json_t *warnings = json_get(answer, "warnings");
	for (size_t i = 0; i < json_array_size(warnings); i++) {
		struct str line = json_str(json_array_get(warnings, i));
		ctl_note(c, "warning: %.*s", STR_ARG(line));
	}
	return CTL_OK;
}
