/* SPDX-License-Identifier: ISC */
/* tail: follows the daemon's events, over its restarts. */
#include "base/clock.h"
#include "base/json.h"
#include "base/num.h"
#include "control/cli.h"
#include "io/client.h"

#define AGAIN_MS 1000 /* a daemon that restarts is back within a second or so */

struct tail {
	struct ctl *c;
	struct str watch;
	uint64_t left;   /* events still wanted; 0 = for ever */
	bool done;
};

static void print_delivery(const struct ctl *c, const json_t *d, struct strbuf *out)
{
	struct str state = json_get_str(d, "state"), error = json_get_str(d, "error");

	strbuf_adds(out, "delivery ");
	ctl_style(c, out, STYLE_DIM, json_get_str(d, "id"));
	strbuf_adds(out, " to ");
	ctl_style(c, out, STYLE_BOLD, json_get_str(d, "channel"));
	strbuf_adds(out, ": ");
	ctl_style(c, out, ctl_state_style(state), state);
	strbuf_adds(out, error.len > 0 ? ", " : "");
	ctl_style(c, out, STYLE_BAD, error);
	strbuf_addc(out, '\n');
}

static void print_source(const struct ctl *c, const json_t *s, struct strbuf *out)
{
	struct str state = json_get_str(s, "state"), error = json_get_str(s, "error");

	strbuf_adds(out, "source ");
	ctl_style(c, out, STYLE_BOLD, json_get_str(s, "source"));
	strbuf_adds(out, ": ");
	ctl_style(c, out, ctl_state_style(state), state);
	strbuf_adds(out, error.len > 0 ? ", " : "");
	ctl_style(c, out, STYLE_BAD, error);
	strbuf_addc(out, '\n');
}

static void print_deleted(const struct ctl *c, const json_t *d, struct strbuf *out)
{
	strbuf_adds(out, "post ");
	ctl_style(c, out, STYLE_DIM, json_get_str(d, "id"));
	strbuf_adds(out, " of ");
	ctl_style(c, out, STYLE_BOLD, json_get_str(d, "source"));
	strbuf_adds(out, ": deleted\n");
}

/* The event as one line of JSON: which kind it is stands beside it. */
static void print_json(struct str name, json_t *data)
{
	OWNED_JSON json_t *line = json_object();

	json_set_text(line, "event", name);
	json_object_set(line, "data", data);
	ctl_put_json(line);
}

static bool on_event(void *ctx, struct str name, struct str data)
{
	struct tail *t = ctx;
	struct err e = { 0 };
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);
	OWNED_JSON json_t *value = json_parse(data, &e);

	if (value == NULL)
		return true; /* a comment, or a kind of event that is no JSON: not for us */
	if (str_present(t->watch) && (!str_eq(name, STR("alert")) || !str_eq(json_get_str(value, "watch"), t->watch)))
		return true;
	t->c->now_unix_ms = clock_unix_ms();
	if (t->c->json)
		print_json(name, value);
	else if (str_eq(name, STR("post")))
		ctl_show_post_json(t->c, value, NULL, &out);
	else if (str_eq(name, STR("alert")))
		ctl_show_alert_json(t->c, value, &out);
	else if (str_eq(name, STR("deleted")))
		print_deleted(t->c, value, &out);
	else if (str_eq(name, STR("delivery")))
		print_delivery(t->c, value, &out);
	else if (str_eq(name, STR("source")))
		print_source(t->c, value, &out);
	ctl_put(&out);
	if (fflush(stdout) != 0)
		t->done = true;
	if (t->left > 0 && --t->left == 0)
		t->done = true;
	return !t->done;
}

static void wait_ms(int64_t ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&left, &left) != 0)
		continue;
}

/* Until the daemon is back; at least one pause, or a daemon that hangs up on everybody would keep us busy. */
static void wait_for_daemon(const struct ctl *c)
{
	ctl_note(c, "monitord has gone away; waiting for it to come back");
	do
		wait_ms(AGAIN_MS);
	while (!ctl_daemon_listens(c));
	ctl_note(c, "monitord is back");
}

static int check_kinds(const struct ctl *c, struct str kinds)
{
	static const char *const known[] = { "post", "deleted", "alert", "delivery", "source" };
	struct str piece;

	while (str_split(&kinds, ',', &piece)) {
		bool found = false;

		for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
			found = found || str_eq(piece, str_c(known[i]));
		if (!found) {
			ctl_error(c, "--kind \"%.*s\": expected post, deleted, alert, delivery, source", STR_ARG(piece));
			return CTL_USAGE;
		}
	}
	return 0;
}

int ctl_tail(struct ctl *c)
{
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(4096);
	struct tail t = { .c = c, .watch = ctl_option(&c->args, "watch") };
	struct str kinds = ctl_option(&c->args, "kind");
	int code = check_kinds(c, kinds);

	if (code == 0)
		code = ctl_find_socket(c);
	if (code != 0)
		return code;
	if (!str_present(kinds))
		kinds = str_present(t.watch) ? STR("alert") : STR("post,alert");
	strbuf_adds(&path, "/v1/events");
	url_param(&path, "kind", kinds);
	(void)num_u64(ctl_option(&c->args, "count"), &t.left);
	while (!t.done) {
		struct err e = { 0 };

		if (client_events(strbuf_cstr(&c->socket), strbuf_cstr(&path), on_event, &t, &e) != 0 &&
		    (e.kind == ERR_INPUT || e.kind == ERR_LIMIT)) {
			/* it is there and says no, or makes no sense: asking again would not help */
			ctl_error(c, "%s", e.message);
			return CTL_NO;
		}
		if (!t.done)
			wait_for_daemon(c);
	}
	return CTL_OK;
}
