/* SPDX-License-Identifier: ISC */
/* The commands about what came: alerts, deliveries, the archive. */
#include "base/json.h"
#include "base/num.h"
#include "base/text.h"
#include "control/cli.h"

#define LIMIT_USUAL 50

static uint64_t limit_of(const struct ctl *c, uint64_t otherwise)
{
	uint64_t n = otherwise;

	(void)num_u64(ctl_option(&c->args, "limit"), &n);
	return n;
}

static void append(void *ctx, const json_t *one)
{
	json_array_append_new(ctx, json_deep_copy(one));
}

/* The objects of a paged list, in one array. */
static int collect(struct ctl *c, const char *base, const char *list, const char *cursor, uint64_t limit, json_t *all)
{
	struct ctl_pages p = { .c = c, .base = base, .list = list, .cursor = cursor, .limit = limit, .each = append, .ctx = all };

	return ctl_pages(&p);
}

static void print_alerts(const struct ctl *c, const json_t *list)
{
	static const char *const heads[] = { "ALERT", "WHEN", "WATCH", "WORDS", "SOURCE", "POST" };
	AUTO(table) struct table t = { 0 };
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);
	char buf[CTL_WHEN_MAX];

	table_init(&t, 6, heads);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *a = json_array_get(list, i), *post = json_get(a, "post");
		struct str title = json_get_str(post, "title");
		AUTO(strbuf) struct strbuf words = STRBUF_INIT(65536);

		ctl_value_text(&words, json_get(a, "words"));
		table_add(&t, STYLE_DIM, json_get_str(a, "id"));
		table_add(&t, STYLE_PLAIN, str_c(ctl_when_json(c, buf, a, "created")));
		table_add(&t, STYLE_BOLD, json_get_str(a, "watch"));
		table_add(&t, STYLE_WARN, strbuf_str(&words));
		table_add(&t, STYLE_PLAIN, json_get_str(post, "source"));
		table_add(&t, STYLE_PLAIN, title.len > 0 ? title : text_cut_points(json_get_str(post, "text"), 200));
	}
	table_print(&t, c->width, c->colour, &out);
	ctl_put(&out);
}

static void put_json_lines(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		ctl_put_json(json_array_get(list, i));
}

int ctl_list_alerts(struct ctl *c)
{
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(65536);
	OWNED_JSON json_t *all = json_array();

	strbuf_adds(&path, "/v1/alerts");
	url_param(&path, "watch", ctl_option(&c->args, "watch"));
	url_param(&path, "since", ctl_option(&c->args, "since"));
	int code = collect(c, strbuf_cstr(&path), "alerts", "before", limit_of(c, LIMIT_USUAL), all);
	if (code != 0)
		return code;
	if (c->json)
		put_json_lines(all);
	else if (json_array_size(all) == 0)
		ctl_note(c, "no alerts");
	else
		print_alerts(c, all);
	return CTL_OK;
}

int ctl_show_alert(struct ctl *c)
{
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(65536), out = STRBUF_INIT(CTL_OUT_MAX);
	OWNED_JSON json_t *alert = NULL;

	strbuf_adds(&path, "/v1/alerts/");
	url_encode(&path, ctl_arg(c, 0));
	int code = ctl_call(c, "GET", strbuf_cstr(&path), NULL, &alert);
	if (code != 0)
		return code;
	if (c->json) {
		ctl_put_json(alert);
		return CTL_OK;
	}
	ctl_show_alert_json(c, alert, &out);
	strbuf_adds(&out, "  query: ");
	ctl_style(c, &out, STYLE_PLAIN, json_get_str(alert, "query"));
	strbuf_adds(&out, "\n  ");
	ctl_style(c, &out, STYLE_DIM, json_get_str(alert, "reason"));
	strbuf_adds(&out, "\n\n");
	ctl_put(&out);
	ctl_deliveries_table(c, json_get(alert, "deliveries"));
	return CTL_OK;
}

int ctl_list_deliveries(struct ctl *c)
{
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(65536);
	OWNED_JSON json_t *all = json_array();

	strbuf_adds(&path, "/v1/deliveries");
	url_param(&path, "state", ctl_option(&c->args, "state"));
	url_param(&path, "channel", ctl_option(&c->args, "channel"));
	int code = collect(c, strbuf_cstr(&path), "deliveries", "after", limit_of(c, LIMIT_USUAL), all);
	if (code != 0)
		return code;
	if (c->json)
		put_json_lines(all);
	else if (json_array_size(all) == 0)
		ctl_note(c, "no deliveries");
	else
		ctl_deliveries_table(c, all);
	return CTL_OK;
}

int ctl_retry_delivery(struct ctl *c)
{
	int first = CTL_OK;

	for (size_t i = 0; i < c->args.list.n; i++) {
		AUTO(strbuf) struct strbuf path = STRBUF_INIT(65536), line = STRBUF_INIT(65536);
		OWNED_JSON json_t *answer = NULL;

		strbuf_adds(&path, "/v1/deliveries/");
		url_encode(&path, ctl_arg(c, i));
		strbuf_adds(&path, "/retry");
		int code = ctl_call(c, "POST", strbuf_cstr(&path), NULL, &answer);
		if (code == CTL_NO_DAEMON || code == CTL_NO_PERMISSION)
			return code;
		first = first != 0 ? first : code;
		if (code == 0 && c->json) {
			ctl_put_json(answer);
		} else if (code == 0) {
			strbuf_adds(&line, "trying ");
			ctl_style(c, &line, STYLE_BOLD, ctl_arg(c, i));
			strbuf_adds(&line, " again now, to ");
			ctl_style(c, &line, STYLE_PLAIN, json_get_str(answer, "channel"));
			strbuf_addc(&line, '\n');
			ctl_put(&line);
		}
	}
	return first;
}
