/* SPDX-License-Identifier: ISC */
/* The commands that need no daemon: what would it see in this document, find in these posts, say of this file? */
#include <errno.h>
#include <fcntl.h>

#include "base/html.h"
#include "base/json.h"
#include "base/text.h"
#include "channel/channel.h"
#include "config/config.h"
#include "control/cli.h"
#include "match/match.h"
#include "source/source.h"

#define LINE_MAX_BYTES (16u << 20) /* twice the arena of a post */

/* --- parse --- */

static json_t *document_to_json(const struct source_document *d)
{
	json_t *all = json_object(), *feed = json_object(), *posts = json_array();
	char updated[DATE_TEXT_MAX];

	json_set_text(feed, "title", d->title);
	json_set_text(feed, "url", d->url);
	json_set_text(feed, "language", d->language);
	date_rfc3339(updated, d->updated_unix_ms);
	json_set_text(feed, "updated", updated[0] != '\0' ? str_c(updated) : STR_NULL);
	for (size_t i = 0; i < d->posts.posts.n; i++)
		json_array_append_new(posts, post_to_json(d->posts.posts.v[i]));
	json_set(all, "feed", feed);
	json_set(all, "posts", posts);
	return all;
}

static void print_document(const struct ctl *c, const struct source_document *d)
{
	AUTO(strbuf) struct strbuf head = STRBUF_INIT(65536);
	size_t n = d->posts.posts.n;

	ctl_style(c, &head, STYLE_BOLD, d->title.len > 0 ? d->title : STR("a feed without title"));
	if (d->url.len > 0) {
		strbuf_adds(&head, "  ");
		ctl_style(c, &head, STYLE_DIM, d->url);
	}
	strbuf_addf(&head, "\n%zu post%s\n", n, n == 1 ? "" : "s");
	ctl_put(&head);
	for (size_t i = 0; i < n; i++) {
		AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);

		strbuf_addc(&out, '\n');
		ctl_show_post(c, d->posts.posts.v[i], NULL, &out);
		ctl_put(&out);
	}
}

static void say_found(void *ctx, struct str href, struct str type, struct str title)
{
	ctl_note(ctx, "  it advertises a feed: %.*s  %.*s  %.*s", STR_ARG(href), STR_ARG(type), STR_ARG(title));
}

static int choose_type(const struct ctl *c, const struct frame *f, const struct source_type **ret)
{
	struct str name = ctl_option(&c->args, "type");
	AUTO(strbuf) struct strbuf base = STRBUF_INIT(65536);
	const char *names[64];
	size_t n = 0;

	*ret = str_present(name) ? source_type_find(name) : source_detect(f);
	if (*ret != NULL)
		return 0;
	if (!str_present(name)) {
		ctl_error(c, "%.*s: no type of source knows such a document", STR_ARG(ctl_arg(c, 0)));
		html_find_feeds(f->bytes, &base, say_found, (void *)(uintptr_t)c);
		return CTL_BAD_INPUT;
	}
	for (const struct source_type *const *t = source_types(); *t != NULL && n < 64; t++)
		names[n++] = (*t)->name;
	int near = str_nearest(name, names, n);
	AUTO(strbuf) struct strbuf all = STRBUF_INIT(4096);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&all, "%s%s", i > 0 ? ", " : "", names[i]);
	if (near >= 0)
		ctl_error(c, "no type of source is called \"%.*s\"; did you mean %s?", STR_ARG(name), names[near]);
	else
		ctl_error(c, "no type of source is called \"%.*s\"; there are %s", STR_ARG(name), strbuf_cstr(&all));
	return CTL_USAGE;
}

int ctl_parse(struct ctl *c)
{
	AUTO(strbuf) struct strbuf bytes = STRBUF_INIT(CTL_FILE_MAX);
	AUTO(source_document) struct source_document d = { .updated_unix_ms = TIME_ABSENT };
	const struct source_type *type = NULL;
	struct err e = { 0 };
	int code = ctl_read_file(c, ctl_arg(c, 0), CTL_FILE_MAX, &bytes);

	if (code != 0)
		return code;
	const struct frame f = { .bytes = strbuf_str(&bytes), .content_type = ctl_option(&c->args, "content-type"),
		                 .url = ctl_option(&c->args, "base-url") };
	code = choose_type(c, &f, &type);
	if (code != 0)
		return code;
	/* of no owner: settings as they are when none is given */
	void *settings = mem_alloc(type->settings_size + 1), *state = mem_alloc(type->state_size + 1);
	struct source s = { .type = type, .url = f.url, .settings = settings, .state = state };
	int failed = type->parse(&s, &f, &d, &e);
	mem_free(settings);
	mem_free(state);
	if (failed != 0) {
		ctl_error(c, "%.*s: %s", STR_ARG(ctl_arg(c, 0)), e.message);
		return CTL_BAD_INPUT;
	}
	if (d.cut)
		ctl_note(c, "note: the document is cut off; the rest is missing");
	else if (d.repaired)
		ctl_note(c, "note: the document is not as its format wants it, and was repaired");
	if (c->json) {
		OWNED_JSON json_t *all = document_to_json(&d);
		ctl_put_json(all);
	} else {
		print_document(c, &d);
	}
	return CTL_OK;
}

/* --- match --- */

struct matching {
	const struct ctl *c;
	const struct query *query;
	bool explain;
	size_t line, matched, bad, printed;
};

/* "spans":[{"field","start","end","term"}]; "index" too where the field is a list, "context" of a span in that post. */
static json_t *spans_to_json(const struct spans *spans)
{
	json_t *list = json_array();

	for (size_t i = 0; i < spans->list.n; i++) {
		const struct span *s = &spans->list.v[i];
		json_t *one = json_object();
		bool of_list = s->field == FIELD_OF_AUTHOR || s->field == FIELD_OF_TAG || s->field == FIELD_OF_LINK;

		if (s->context > 0)
			json_set_int(one, "context", (int64_t)s->context - 1);
		json_set_text(one, "field", str_c(match_field_name(s->field)));
		if (of_list)
			json_set_int(one, "index", (int64_t)s->index);
		json_set_int(one, "start", (int64_t)s->start);
		json_set_int(one, "end", (int64_t)s->end);
		json_set_text(one, "term", s->term);
		json_array_append_new(list, one);
	}
	return list;
}

static void explain_text(struct matching *m, const struct post *post, bool hit, struct strbuf *out)
{
	AUTO(strbuf) struct strbuf tree = STRBUF_INIT(1u << 20);
	struct str rest, piece;

	query_explain(m->query, post, &tree);
	ctl_style(m->c, out, hit ? STYLE_GOOD : STYLE_DIM, hit ? STR("  matches:") : STR("  does not match:"));
	strbuf_addc(out, '\n');
	rest = strbuf_str(&tree);
	while (str_split(&rest, '\n', &piece)) {
		if (piece.len == 0)
			continue;
		strbuf_adds(out, "    ");
		ctl_style(m->c, out, STYLE_PLAIN, piece);
		strbuf_addc(out, '\n');
	}
}

static void report(struct matching *m, const struct post *post, bool hit, const struct spans *spans)
{
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX), tree = STRBUF_INIT(1u << 20);

	if (m->c->json) {
		OWNED_JSON json_t *value = post_to_json(post);
		json_set(value, "spans", spans_to_json(spans));
		if (m->explain) {
			query_explain(m->query, post, &tree);
			json_set_text(value, "explain", str_trim(strbuf_str(&tree)));
		}
		if (hit)
			ctl_put_json(value);
		return;
	}
	if (!hit && !m->explain)
		return;
	if (m->printed++ > 0)
		strbuf_addc(&out, '\n');
	ctl_show_post(m->c, post, spans, &out);
	if (m->explain)
		explain_text(m, post, hit, &out);
	ctl_put(&out);
}

static void bad_line(struct matching *m, const char *why)
{
	m->bad++;
	ctl_error(m->c, "line %zu: %s", m->line, why);
}

static void match_post(struct matching *m, const json_t *value)
{
	OWNED(post) struct post *post = NULL;
	AUTO(spans) struct spans spans = { 0 };
	struct err e = { 0 };

	if (post_from_json(value, &post, &e) != 0) {
		bad_line(m, e.message);
		return;
	}
	post->came_unix_ms = m->c->now_unix_ms;
	bool hit = query_matches(m->query, post, &spans);
	if (hit)
		m->matched++;
	report(m, post, hit, &spans);
}

/* A post, or what parse, search and tail print: {"posts":[…]}, {"post":…}, {"data":…}. */
static void match_value(struct matching *m, const json_t *value)
{
	const json_t *posts = json_get(value, "posts"), *post = json_get(value, "post"), *data = json_get(value, "data");

	if (json_is_array(value) || json_is_array(posts)) {
		const json_t *list = json_is_array(value) ? value : posts;
		for (size_t i = 0; i < json_array_size(list); i++)
			match_post(m, json_array_get(list, i));
	} else if (json_is_object(data)) {
		match_post(m, json_is_object(json_get(data, "post")) ? json_get(data, "post") : data);
	} else {
		match_post(m, json_is_object(post) ? post : value);
	}
}

static void match_line(struct matching *m, struct str line)
{
	struct err e = { 0 };

	m->line++;
	line = str_trim(line);
	if (line.len == 0)
		return;
	OWNED_JSON json_t *value = json_parse(line, &e);
	if (value == NULL)
		bad_line(m, e.message);
	else
		match_value(m, value);
}

/* The bytes that came: every whole line in them is matched, the rest waits in `line`. */
static void match_bytes(struct matching *m, struct strbuf *line, struct str bytes)
{
	while (bytes.len > 0) {
		size_t end = str_chr(bytes, '\n');
		bool whole = end != STR_NPOS;

		strbuf_add(line, str_slice(bytes, 0, whole ? end : bytes.len));
		bytes = whole ? str_from(bytes, end + 1) : STR_NULL;
		if (!whole)
			return;
		if (line->toobig) {
			m->line++;
			bad_line(m, "longer than 16 MiB");
		} else {
			match_line(m, strbuf_str(line));
		}
		strbuf_reset(line);
	}
}

/* Line by line as they come, so that it can stand in a pipe and holds no more than one. */
static int match_stream(struct matching *m, int fd)
{
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(LINE_MAX_BYTES);
	char piece[32768];

	for (;;) {
		ssize_t n = read(fd, piece, sizeof(piece));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		match_bytes(m, &line, n > 0 ? str_n(piece, (size_t)n) : line.len > 0 || line.toobig ? STR("\n") : STR_NULL);
		(void)fflush(stdout);
		if (n == 0)
			return 0;
	}
}

int ctl_match(struct ctl *c)
{
	OWNED(query) struct query *query = NULL;
	struct str text = ctl_arg(c, 0), path = ctl_arg(c, 1);
	struct err e = { 0 };
	AUTO(strbuf) struct strbuf name = STRBUF_INIT(65536), lint = STRBUF_INIT(4096);

	if (query_parse(text, &query, &e) != 0) {
		ctl_error(c, e.column > 0 ? "query, column %d: %s" : "query%.0d: %s", e.column, e.message);
		ctl_error_at(c, text, e.column);
		return CTL_USAGE;
	}
	query_lint(query, &lint);
	if (lint.len > 0)
		ctl_note(c, "warning: %s", strbuf_cstr(&lint));
	bool standard = !str_present(path) || str_eq(path, STR("-"));
	strbuf_add(&name, standard ? STR("standard input") : path);
	int fd = standard ? STDIN_FILENO : open(strbuf_cstr(&name), O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		ctl_error(c, "%s: %s", strbuf_cstr(&name), strerror(errno));
		return CTL_NO_INPUT;
	}
	struct matching m = { .c = c, .query = query, .explain = ctl_flag(&c->args, "explain") };
	int failed = match_stream(&m, fd);
	if (failed != 0)
		ctl_error(c, "%s: %s", strbuf_cstr(&name), strerror(errno));
	if (!standard)
		(void)close(fd);
	if (failed != 0)
		return CTL_NO_INPUT;
	if (m.bad > 0)
		return CTL_BAD_INPUT;
	return m.matched > 0 ? CTL_OK : CTL_NO;
}
