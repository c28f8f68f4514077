/* SPDX-License-Identifier: ISC */
/* How monitorctl prints: colours, times, objects, posts with what hit, deliveries. */
#include "control/cli.h"

#include "base/date.h"
#include "base/json.h"
#include "base/text.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)
#define EXCERPT_POINTS 280
#define TITLE_POINTS 300

void ctl_style(const struct ctl *c, struct strbuf *out, enum ctl_style style, struct str s)
{
	/* SGR numbers, ECMA-48 8.3.117; the hit is black on yellow, readable on dark and light terminals */
	static const char *const sgr[] = {
		[STYLE_PLAIN] = NULL, [STYLE_BOLD] = "1", [STYLE_DIM] = "2", [STYLE_GOOD] = "32", [STYLE_WARN] = "33",
		[STYLE_BAD] = "1;31", [STYLE_HIT] = "30;43",
	};

	if (s.len == 0)
		return;
	if (c->colour && sgr[style] != NULL)
		strbuf_addf(out, "\033[%sm", sgr[style]);
	text_terminal(out, s);
	if (c->colour && sgr[style] != NULL)
		strbuf_adds(out, "\033[0m");
}

void ctl_put(const struct strbuf *out)
{
	(void)fwrite(strbuf_cstr(out), 1, out->len, stdout);
}

void ctl_put_json(const json_t *value)
{
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(CTL_OUT_MAX);

	json_dump(&line, value, false);
	strbuf_addc(&line, '\n');
	ctl_put(&line);
}

void ctl_printf(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vfprintf(stdout, fmt, ap);
	va_end(ap);
}

/* The user's zone: $TZ where it names one, else the system's. */
static struct str zone(void)
{
	struct str tz = str_c(getenv("TZ"));

	if (str_starts(tz, STR(":")))
		tz = str_from(tz, 1);
	return tz.len > 0 && date_zone_known(tz) ? tz : STR("local");
}

const char *ctl_when(char buf[static CTL_WHEN_MAX], int64_t unix_ms, int64_t now_unix_ms)
{
	static const struct { int64_t unit_ms; const char *name; } units[] = {
		{ DAY_MS, "d" }, { HOUR_MS, "h" }, { MINUTE_MS, "m" }, { 1000, "s" },
	};

	if (unix_ms == TIME_ABSENT) {
		(void)snprintf(buf, CTL_WHEN_MAX, "-");
		return buf;
	}
	/* a date may be anything; the difference of two of them may pass int64_t */
	bool far = unix_ms < now_unix_ms - 7 * DAY_MS || unix_ms > now_unix_ms + 7 * DAY_MS;
	if (far) {
		_Static_assert(CTL_WHEN_MAX >= DATE_TEXT_MAX, "a date fits");
		return date_local(buf, unix_ms, zone());
	}
	int64_t ago = now_unix_ms - unix_ms, size = ago < 0 ? -ago : ago;
	if (size < 1000) {
		(void)snprintf(buf, CTL_WHEN_MAX, "now");
		return buf;
	}
	size_t i = 0;
	while (size < units[i].unit_ms)
		i++;
	(void)snprintf(buf, CTL_WHEN_MAX, "%s%d%s%s", ago < 0 ? "in " : "", (int)(size / units[i].unit_ms), units[i].name,
	               ago < 0 ? "" : " ago");
	return buf;
}

const char *ctl_when_json(const struct ctl *c, char buf[static CTL_WHEN_MAX], const json_t *obj, const char *key)
{
	struct str text = json_get_str(obj, key);

	return ctl_when(buf, str_present(text) ? date_parse(text) : TIME_ABSENT, c->now_unix_ms);
}

void ctl_value_text(struct strbuf *out, const json_t *value)
{
	size_t n = json_array_size(value);

	if (value == NULL || json_is_null(value) || (json_is_array(value) && n == 0)) {
		strbuf_adds(out, "-");
	} else if (json_is_string(value)) {
		strbuf_add(out, json_str(value));
	} else if (json_is_boolean(value)) {
		strbuf_adds(out, json_is_true(value) ? "yes" : "no");
	} else if (json_is_array(value)) {
		for (size_t i = 0; i < n; i++) {
			if (i > 0)
				strbuf_adds(out, ", ");
			ctl_value_text(out, json_array_get(value, i));
		}
	} else {
		json_dump(out, value, false);
	}
}

static bool listed(const char *const *names, const char *key)
{
	for (; names != NULL && *names != NULL; names++)
		if (str_eq(str_c(*names), str_c(key)))
			return true;
	return false;
}

/* "3h ago (2023-12-11 09:14 CET)" */
static void time_text(const struct ctl *c, const json_t *value, struct strbuf *out)
{
	char when[CTL_WHEN_MAX], date[DATE_TEXT_MAX];
	int64_t at = json_is_string(value) ? date_parse(json_str(value)) : TIME_ABSENT;

	ctl_when(when, at, c->now_unix_ms);
	strbuf_adds(out, when);
	if (at != TIME_ABSENT && !str_eq(str_c(when), str_c(date_local(date, at, zone()))))
		strbuf_addf(out, " (%s)", date);
}

enum ctl_style ctl_state_style(struct str state)
{
	if (str_eq(state, STR("ok")) || str_eq(state, STR("delivered")) || str_eq(state, STR("active")))
		return STYLE_GOOD;
	if (str_eq(state, STR("failing")) || str_eq(state, STR("broken")) || str_eq(state, STR("stopped")) ||
	    str_eq(state, STR("dead")) || str_eq(state, STR("denied")))
		return STYLE_BAD;
	if (str_eq(state, STR("paused")) || str_eq(state, STR("waiting")) || str_eq(state, STR("new")))
		return STYLE_WARN;
	return STYLE_PLAIN;
}

static enum ctl_style value_style(const char *key, const json_t *value, struct str text)
{
	if (str_eq(str_c(key), STR("last_error")) && !json_is_null(value))
		return STYLE_BAD;
	return str_eq(str_c(key), STR("state")) ? ctl_state_style(text) : STYLE_PLAIN;
}

/* Those of an object within it stand under its name: "websub hub". */
static void add_rows(const struct ctl *c, struct table *t, const char *of, const json_t *obj, const char *const *times,
                     const char *const *skip)
{
	const char *key;
	json_t *value;

	/* jansson's walk casts const away from the iterator only; the object is not changed */
	json_object_foreach((json_t *)(uintptr_t)obj, key, value) {
		AUTO(strbuf) struct strbuf text = STRBUF_INIT(CTL_OUT_MAX), label = STRBUF_INIT(4096);

		if (listed(skip, key))
			continue;
		strbuf_addf(&label, "%s%s", of, of[0] != '\0' ? " " : "");
		for (const char *p = key; *p != '\0'; p++)
			strbuf_addc(&label, *p == '_' ? ' ' : *p);
		if (json_object_size(value) > 0 && of[0] == '\0') {
			add_rows(c, t, strbuf_cstr(&label), value, times, NULL);
			continue;
		}
		if (listed(times, key))
			time_text(c, value, &text);
		else
			ctl_value_text(&text, value);
		table_add(t, STYLE_DIM, strbuf_str(&label));
		table_add(t, value_style(key, value, strbuf_str(&text)), strbuf_str(&text));
	}
}

void ctl_show_object(const struct ctl *c, const json_t *obj, const char *const *times, const char *const *skip)
{
	AUTO(table) struct table t = { 0 };
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);

	table_init(&t, 2, NULL);
	add_rows(c, &t, "", obj, times, skip);
	table_print(&t, 0, c->colour, &out);
	ctl_put(&out);
}

/* --- posts --- */

static void add_marked(const struct ctl *c, const struct alert_excerpt *x, enum ctl_style style, struct strbuf *out)
{
	struct str text = strbuf_str(&x->text);
	size_t at = 0;

	for (size_t i = 0; i < x->hits.n; i++) {
		ctl_style(c, out, style, str_slice(text, at, x->hits.v[i].start));
		ctl_style(c, out, STYLE_HIT, str_slice(text, x->hits.v[i].start, x->hits.v[i].end));
		at = x->hits.v[i].end;
	}
	ctl_style(c, out, style, str_from(text, at));
	strbuf_addc(out, '\n');
}

static void add_excerpt(const struct ctl *c, const struct alert *a, enum post_field field, size_t points, enum ctl_style style,
                        const char *indent, struct strbuf *out)
{
	__attribute__((cleanup(alert_excerpt_release))) struct alert_excerpt x = { .text = STRBUF_INIT(65536) };

	alert_excerpt(a, field, points, &x);
	if (x.text.len == 0)
		return;
	strbuf_adds(out, indent);
	add_marked(c, &x, style, out);
}

static void add_contexts(const struct ctl *c, const struct alert *a, struct strbuf *out)
{
	struct alert_context around[ALERT_CONTEXTS_MAX];
	size_t n = alert_contexts(a, EXCERPT_POINTS, around);

	for (size_t i = 0; i < n; i++) {
		strbuf_adds(out, "  ");
		ctl_style(c, out, STYLE_DIM, strbuf_str(&around[i].lead));
		strbuf_adds(out, ": ");
		add_marked(c, &around[i].text, STYLE_PLAIN, out);
		alert_context_release(&around[i]);
	}
}

/* "who · source · when · language", what is known of it */
static void byline(const struct ctl *c, const struct alert *a, struct strbuf *out)
{
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(65536), who = STRBUF_INIT(65536);
	const struct post *p = a->post;
	char when[CTL_WHEN_MAX];

	alert_who(a, &who);
	struct str parts[4] = { strbuf_str(&who), p->source, STR_NULL, p->language };
	if (str_eq(parts[0], parts[1]))
		parts[1] = STR_NULL;
	if (p->published_unix_ms != TIME_ABSENT)
		parts[2] = str_c(ctl_when(when, p->published_unix_ms, c->now_unix_ms));
	for (size_t i = 0; i < 4; i++) {
		if (parts[i].len == 0)
			continue;
		if (line.len > 0)
			strbuf_adds(&line, " · ");
		strbuf_add(&line, parts[i]);
	}
	if (line.len == 0)
		return;
	strbuf_adds(out, "  ");
	AUTO(strbuf) struct strbuf folded = STRBUF_INIT(65536);
	text_fold_space(&folded, strbuf_str(&line));
	ctl_style(c, out, STYLE_DIM, strbuf_str(&folded));
	strbuf_addc(out, '\n');
}

void ctl_show_post(const struct ctl *c, const struct post *post, const struct spans *spans, struct strbuf *out)
{
	const struct spans none = { 0 };
	const struct alert a = { .post = post, .spans = spans != NULL ? spans : &none };
	bool titled = post->title.len > 0;

	if (titled)
		add_excerpt(c, &a, FIELD_OF_TITLE, TITLE_POINTS, STYLE_BOLD, "", out);
	add_excerpt(c, &a, FIELD_OF_TEXT, EXCERPT_POINTS, STYLE_PLAIN, titled ? "  " : "", out);
	add_contexts(c, &a, out);
	byline(c, &a, out);
	struct str link = post->url.len > 0 ? post->url : post->id;
	if (link.len > 0) {
		strbuf_adds(out, "  ");
		ctl_style(c, out, STYLE_PLAIN, link);
		strbuf_addc(out, '\n');
	}
	for (size_t i = 0; i < post->notes.n; i++) {
		strbuf_adds(out, "  note: ");
		ctl_style(c, out, STYLE_DIM, post->notes.v[i]);
		strbuf_addc(out, '\n');
	}
}

void ctl_show_post_json(const struct ctl *c, const json_t *post, const json_t *spans, struct strbuf *out)
{
	OWNED(post) struct post *p = NULL;
	OWNED(arena) struct arena *arena = arena_new(1u << 20);
	AUTO(spans) struct spans hits = { 0 };
	struct err e = { 0 };

	if (post_from_json(post, &p, &e) != 0) {
		ctl_error(c, "a post that cannot be read: %s", e.message);
		return;
	}
	if (spans != NULL && alert_spans_from_json(spans, arena, &hits, &e) != 0)
		spans_release(&hits);
	ctl_show_post(c, p, &hits, out);
}

void ctl_show_alert_json(const struct ctl *c, const json_t *alert, struct strbuf *out)
{
	char when[CTL_WHEN_MAX];
	AUTO(strbuf) struct strbuf words = STRBUF_INIT(65536), line = STRBUF_INIT(65536);
	struct str watch = json_get_str(alert, "watch"), id = json_get_str(alert, "id");

	ctl_value_text(&words, json_get(alert, "words"));
	ctl_style(c, out, STYLE_WARN, json_get_bool(alert, "test", false) ? STR("test alert ") : STR("alert "));
	ctl_style(c, out, STYLE_BOLD, watch);
	strbuf_addf(&line, ": %.*s, %s", STR_ARG(strbuf_str(&words)), ctl_when_json(c, when, alert, "created"));
	ctl_style(c, out, STYLE_PLAIN, strbuf_str(&line));
	strbuf_adds(out, "  ");
	ctl_style(c, out, STYLE_DIM, id);
	strbuf_addc(out, '\n');
	if (json_get(alert, "post") != NULL)
		ctl_show_post_json(c, json_get(alert, "post"), json_get(alert, "spans"), out);
}

void ctl_deliveries_table(const struct ctl *c, const json_t *list)
{
	static const char *const heads[] = { "DELIVERY", "CHANNEL", "STATE", "TRIES", "CHANGED", "NEXT", "ALERT", "ERROR" };
	AUTO(table) struct table t = { 0 };
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);

	table_init(&t, 8, heads);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *d = json_array_get(list, i);
		struct str state = json_get_str(d, "state");
		char buf[CTL_WHEN_MAX];
		AUTO(strbuf) struct strbuf tries = STRBUF_INIT(32);

		strbuf_addf(&tries, "%lld", (long long)json_get_int(d, "attempts", 0));
		table_add(&t, STYLE_BOLD, json_get_str(d, "id"));
		table_add(&t, STYLE_PLAIN, json_get_str(d, "channel"));
		table_add(&t, ctl_state_style(state), state);
		table_add(&t, STYLE_PLAIN, strbuf_str(&tries));
		table_add(&t, STYLE_PLAIN, str_c(ctl_when_json(c, buf, d, "changed")));
		table_add(&t, STYLE_PLAIN, str_c(ctl_when_json(c, buf, d, "next")));
		table_add(&t, STYLE_DIM, json_get_str(d, "alert"));
		table_add(&t, STYLE_BAD, json_get_str(d, "error"));
	}
	table_print(&t, c->width, c->colour, &out);
	ctl_put(&out);
}
