/* SPDX-License-Identifier: ISC */
/* The commands about the daemon itself: status and reload. */
#include "base/json.h"
#include "base/num.h"
#include "control/cli.h"

static long long count(const json_t *status, const char *group, const char *key)
{
	return (long long)json_get_int(json_get(status, group), key, 0);
}

static void print_head(const struct ctl *c, struct strbuf *out, const struct strbuf *head)
{
	ctl_style(c, out, STYLE_BAD, strbuf_str(head));
	strbuf_addc(out, '\n');
}

static void print_blind(const struct ctl *c, const json_t *status, const json_t *blind, struct strbuf *out)
{
	AUTO(strbuf) struct strbuf head = STRBUF_INIT(4096);
	char buf[CTL_WHEN_MAX];

	strbuf_addf(&head, "BLIND: %zu of %lld sources cannot be read", json_array_size(blind), count(status, "sources", "total"));
	print_head(c, out, &head);
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
}

static void print_mute(const struct ctl *c, const json_t *status, const json_t *mute, struct strbuf *out)
{
	AUTO(strbuf) struct strbuf head = STRBUF_INIT(4096);

	strbuf_addf(&head, "MUTE: %zu of %lld channels cannot be used", json_array_size(mute), count(status, "channels", "total"));
	print_head(c, out, &head);
	for (size_t i = 0; i < json_array_size(mute); i++) {
		const json_t *m = json_array_get(mute, i);

		strbuf_adds(out, "  ");
		ctl_style(c, out, STYLE_BOLD, json_get_str(m, "channel"));
		strbuf_addf(out, ", %lld waiting: ", (long long)json_get_int(m, "waiting", 0));
		ctl_style(c, out, STYLE_PLAIN, json_get_str(m, "error"));
		strbuf_addc(out, '\n');
	}
}

#define UNTOLD_SHOWN_MAX 5

static void print_untold(const struct ctl *c, const json_t *untold, struct strbuf *out)
{
	AUTO(strbuf) struct strbuf head = STRBUF_INIT(4096);
	size_t n = json_array_size(untold);

	strbuf_addf(&head, "UNTOLD: the alerts of %zu watch%s go nowhere; name a channel in them, or make one the default", n,
	            n == 1 ? "" : "es");
	print_head(c, out, &head);
	strbuf_adds(out, "  ");
	for (size_t i = 0; i < n && i < UNTOLD_SHOWN_MAX; i++) {
		strbuf_adds(out, i > 0 ? ", " : "");
		ctl_style(c, out, STYLE_BOLD, json_str(json_array_get(untold, i)));
	}
	strbuf_adds(out, n > UNTOLD_SHOWN_MAX ? " and others\n" : "\n");
}

/* What monitord cannot see, tell or keep: first of all, and in the worst colour.  False if there is nothing. */
static bool print_trouble(const struct ctl *c, const json_t *status, struct strbuf *out)
{
	const json_t *blind = json_get(status, "blind"), *mute = json_get(status, "mute"), *untold = json_get(status, "untold");
	const json_t *store = json_get(status, "store");
	bool store_down = store != NULL && !json_get_bool(store, "ok", true);

	if (store_down) {
		ctl_style(c, out, STYLE_BAD, STR("DOWN: the database cannot be written: "));
		ctl_style(c, out, STYLE_PLAIN, json_get_str(store, "error"));
		strbuf_addc(out, '\n');
	}
	if (json_array_size(blind) > 0)
		print_blind(c, status, blind, out);
	if (json_array_size(mute) > 0)
		print_mute(c, status, mute, out);
	if (json_array_size(untold) > 0)
		print_untold(c, untold, out);
	return store_down || json_array_size(blind) + json_array_size(mute) + json_array_size(untold) > 0;
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
