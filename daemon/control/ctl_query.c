/* SPDX-License-Identifier: ISC */
/* A query tried on posts, explained and looked at: match, explain, lint. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"
#include "base/url.h"
#include "config/config.h"
#include "control/cli.h"
#include "engine/people.h"
#include "match/match.h"

#define LINE_MAX_BYTES (16u << 20) /* twice the arena of a post */

/* --- reading a query ------------------------------------------------------------------------------------------------- */

struct named {
	struct ctl *c;
	struct arena *arena;
	struct people people; /* the daemon's, once asked for */
	bool asked;
};

static void named_release(struct named *n)
{
	if (n->asked)
		people_release(&n->people);
	arena_free(n->arena);
}

/* What the daemon knows of a watch; not a word if there is no daemon, or no such watch. */
static json_t *ask_watch(struct ctl *c, struct str name)
{
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(4096);
	json_t *watch = NULL;
	bool quiet = c->quiet;

	if (!config_name_ok(name))
		return NULL;
	ctl_object_path(&ctl_watches, name, NULL, &path);
	c->quiet = true;
	if (ctl_call(c, "GET", strbuf_cstr(&path), NULL, &watch) != 0)
		watch = NULL;
	c->quiet = quiet;
	return watch;
}

static bool named_watch(void *ctx, struct str name, struct str *ret_query)
{
	struct named *n = ctx;
	OWNED_JSON json_t *watch = ask_watch(n->c, name);

	*ret_query = arena_str(n->arena, json_get_str(watch, "query"));
	return str_present(*ret_query);
}

/* What posts told the daemon of the accounts. */
static void set_known(struct people *people, struct world_person *p, const json_t *known)
{
	for (size_t i = 0; i < json_array_size(known); i++) {
		const json_t *one = json_array_get(known, i);
		const struct store_account told = { .id = json_get_str(one, "id"), .handle = json_get_str(one, "handle"),
			                            .before = json_get_str(one, "before"), .changed_unix_ms = TIME_ABSENT };

		for (size_t k = 0; k < p->in_queries.n_accounts; k++)
			if (str_eq(p->accounts[k].name, json_get_str(one, "account")))
				people_learn(people, &p->accounts[k], &told);
	}
}

static void add_person(struct named *n, const json_t *shown)
{
	static const char *const settings[] = { "name", "accounts", "aliases" };
	const struct config_types types = { 0 };
	OWNED_JSON json_t *bare = json_object();
	struct config_person s;
	struct world_person *p = NULL;
	struct err ignored = { 0 };

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		json_object_set(bare, settings[i], json_object_get(shown, settings[i]));
	if (config_person_from_json(bare, &types, n->arena, &s, &ignored) != 0 ||
	    person_new(&s, NULL, ORIGIN_API, &p, &ignored) != 0)
		return;
	people_add(&n->people, p);
	set_known(&n->people, p, json_get(shown, "known"));
}

static void ask_people(struct named *n)
{
	OWNED_JSON json_t *answer = NULL;
	bool quiet = n->c->quiet;

	n->asked = true;
	people_init(&n->people);
	n->c->quiet = true;
	if (ctl_call(n->c, "GET", "/v1/people", NULL, &answer) == 0)
		for (size_t i = 0; i < json_array_size(json_get(answer, "people")); i++)
			add_person(n, json_array_get(json_get(answer, "people"), i));
	n->c->quiet = quiet;
}

static bool named_person(void *ctx, struct str name, struct query_person *ret, struct strbuf *why)
{
	struct named *n = ctx;

	if (!n->asked)
		ask_people(n);
	return people_find(&n->people, name, NULL, NULL, ret, why);
}

/* What it names is asked from the daemon: 0, or an exit code after saying what is wrong. */
static int read_query(struct ctl *c, struct str text, struct query **ret)
{
	AUTO(named) struct named n = { .c = c, .arena = arena_new(16u << 20) };
	const struct query_names names = { .ctx = &n, .watch = named_watch, .person = named_person };
	struct err e = { 0 };

	if (query_parse_named(text, &names, ret, &e) == 0)
		return 0;
	ctl_error(c, e.column > 0 ? "query, column %d: %s" : "query%.0d: %s", e.column, e.message);
	ctl_error_at(c, text, e.column);
	return CTL_USAGE;
}

/* --- posts out of files ---------------------------------------------------------------------------------------------- */

struct matching {
	struct ctl *c;
	const struct query *query;
	void (*report)(struct matching *m, const struct post *post, bool hit, const struct spans *spans);
	bool explain;
	size_t line, matched, bad, printed;
};

static void bad_line(struct matching *m, const char *why)
{
	m->bad++;
	ctl_error(m->c, "line %zu: %s", m->line, why);
}

/* `came`: when it came, absent if it is not said: then now. */
static void match_post(struct matching *m, const json_t *value, struct str came)
{
	OWNED(post) struct post *post = NULL;
	AUTO(spans) struct spans spans = { 0 };
	struct err e = { 0 };

	if (post_from_json(value, &post, &e) != 0) {
		bad_line(m, e.message);
		return;
	}
	post->came_unix_ms = str_present(came) ? date_parse(came) : m->c->now_unix_ms;
	bool hit = query_matches(m->query, post, &spans);
	if (hit)
		m->matched++;
	m->report(m, post, hit, &spans);
}

/* A post, or what parse, search and tail print: {"posts":[…]}, {"post":…}, {"data":…}. */
static void match_value(struct matching *m, const json_t *value)
{
	const json_t *posts = json_get(value, "posts"), *post = json_get(value, "post"), *data = json_get(value, "data");

	if (json_is_array(value) || json_is_array(posts)) {
		const json_t *list = json_is_array(value) ? value : posts;
		for (size_t i = 0; i < json_array_size(list); i++)
			match_post(m, json_array_get(list, i), STR_NULL);
	} else if (json_is_object(data)) {
		match_post(m, json_is_object(json_get(data, "post")) ? json_get(data, "post") : data, STR_NULL);
	} else {
		match_post(m, json_is_object(post) ? post : value, json_get_str(value, "came"));
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

/* All posts of a file, or of standard input: 0, or an exit code. */
static int match_file(struct matching *m, struct str path)
{
	AUTO(strbuf) struct strbuf name = STRBUF_INIT(65536);
	bool standard = !str_present(path) || str_eq(path, STR("-"));

	strbuf_add(&name, standard ? STR("standard input") : path);
	int fd = standard ? STDIN_FILENO : open(strbuf_cstr(&name), O_RDONLY | O_CLOEXEC);
	int failed = fd < 0 ? -1 : match_stream(m, fd);
	if (failed != 0)
		ctl_error(m->c, "%s: %s", strbuf_cstr(&name), strerror(errno));
	if (!standard && fd >= 0)
		(void)close(fd);
	if (failed != 0)
		return CTL_NO_INPUT;
	if (m->bad > 0)
		return CTL_BAD_INPUT;
	return m->matched > 0 ? CTL_OK : CTL_NO;
}

/* --- why ------------------------------------------------------------------------------------------------------------- */

#define HITS_SHOWN_MAX 5
#define HIT_SHOWN_MAX 60 /* bytes */

struct tree {
	const struct ctl *c;
	const struct post *post;
	struct strbuf *out;
};

static void add_hits(const struct tree *t, const struct spans *s)
{
	for (size_t i = 0; i < s->list.n && i < HITS_SHOWN_MAX; i++) {
		const struct span *x = &s->list.v[i];
		struct str text = str_slice(match_field_text(match_span_post(t->post, x), x->field, x->index), x->start, x->end);
		AUTO(strbuf) struct strbuf where = STRBUF_INIT(128);

		strbuf_adds(&where, i > 0 ? ", " : "   ");
		if (x->context > 0)
			strbuf_addf(&where, "%s ", post_relation_name(t->post->context.v[x->context - 1].relation));
		strbuf_addf(&where, "%s: ", match_field_name(x->field));
		ctl_style(t->c, t->out, STYLE_DIM, strbuf_str(&where));
		ctl_style(t->c, t->out, STYLE_HIT, text_cut(text, HIT_SHOWN_MAX));
	}
	if (s->list.n > HITS_SHOWN_MAX)
		strbuf_addf(t->out, " and %zu more", s->list.n - HITS_SHOWN_MAX);
}

static void add_clause(void *ctx, const struct query_clause *q)
{
	const struct tree *t = ctx;

	strbuf_adds(t->out, "    ");
	ctl_style(t->c, t->out, !q->decides ? STYLE_DIM : q->holds ? STYLE_GOOD : STYLE_BAD, q->holds ? STR("yes") : STR("no"));
	strbuf_addf(t->out, "%*s", 2 * q->depth + (q->holds ? 1 : 2), "");
	ctl_style(t->c, t->out, q->decides ? STYLE_PLAIN : STYLE_DIM, q->text);
	add_hits(t, q->spans);
	strbuf_adds(t->out, q->unknown ? "   " : "");
	query_say_unknown(q->unknown, t->out);
	strbuf_addc(t->out, '\n');
}

static void add_tree(const struct matching *m, const struct post *post, bool hit, struct strbuf *out)
{
	ctl_style(m->c, out, hit ? STYLE_GOOD : STYLE_BAD, hit ? STR("  matches:") : STR("  does not match:"));
	strbuf_addc(out, '\n');
	query_explain_each(m->query, post, add_clause, &(struct tree){ m->c, post, out });
}

/* Each clause's children, by its depth. */
struct branch {
	json_t *children[QUERY_DEPTH_MAX + 3]; /* borrowed */
};

static void add_clause_json(void *ctx, const struct query_clause *q)
{
	struct branch *b = ctx;
	json_t *one = json_object(), *children = json_array();

	json_set_text(one, "clause", q->text);
	json_set_bool(one, "holds", q->holds);
	json_set_bool(one, "decides", q->decides);
	json_set(one, "spans", alert_spans_to_json(q->spans));
	if (q->unknown != 0) {
		AUTO(strbuf) struct strbuf why = STRBUF_INIT(200);
		query_say_unknown(q->unknown, &why);
		json_set_text(one, "unknown", strbuf_str(&why));
	}
	json_set(one, "clauses", children);
	json_array_append_new(b->children[q->depth], one);
	b->children[q->depth + 1] = children;
}

/* --- match ----------------------------------------------------------------------------------------------------------- */

static void report_match(struct matching *m, const struct post *post, bool hit, const struct spans *spans)
{
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX), tree = STRBUF_INIT(1u << 20);

	if (m->c->json) {
		OWNED_JSON json_t *value = post_to_json(post);
		json_set(value, "spans", alert_spans_to_json(spans));
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
		add_tree(m, post, hit, &out);
	ctl_put(&out);
}

int ctl_match(struct ctl *c)
{
	OWNED(query) struct query *query = NULL;
	AUTO(strbuf) struct strbuf lint = STRBUF_INIT(4096);
	int code = read_query(c, ctl_arg(c, 0), &query);

	if (code != 0)
		return code;
	query_lint(query, "; ", &lint);
	if (lint.len > 0)
		ctl_note(c, "warning: %s", strbuf_cstr(&lint));
	struct matching m = { .c = c, .query = query, .report = report_match, .explain = ctl_flag(&c->args, "explain") };
	return match_file(&m, ctl_arg(c, 1));
}

/* --- explain --------------------------------------------------------------------------------------------------------- */

static void report_why(struct matching *m, const struct post *post, bool hit, const struct spans *spans)
{
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);

	if (m->c->json) {
		OWNED_JSON json_t *value = json_object();
		struct branch b = { .children = { json_array() } };
		json_set_bool(value, "matches", hit);
		json_set(value, "clauses", b.children[0]);
		json_set(value, "post", post_to_json(post));
		query_explain_each(m->query, post, add_clause_json, &b);
		ctl_put_json(value);
		return;
	}
	if (m->printed++ > 0)
		strbuf_addc(&out, '\n');
	ctl_show_post(m->c, post, spans, &out);
	add_tree(m, post, hit, &out);
	ctl_put(&out);
}

/* The query of the daemon's watch of this name, else the text itself. */
static int watch_or_query(struct ctl *c, struct str text, struct query **ret)
{
	OWNED_JSON json_t *watch = ask_watch(c, text);

	if (watch != NULL)
		ctl_note(c, "watch %.*s: %.*s", STR_ARG(text), STR_ARG(json_get_str(watch, "query")));
	return read_query(c, watch != NULL ? json_get_str(watch, "query") : text, ret);
}

/* Of the archive, by its id or that of an alert that told it. */
static int explain_archived(struct matching *m, struct str id)
{
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(65536);
	OWNED_JSON json_t *answer = NULL;

	strbuf_adds(&path, str_starts(id, STR("alr_")) ? "/v1/alerts/" : "/v1/posts/");
	url_encode(&path, id);
	int code = ctl_call(m->c, "GET", strbuf_cstr(&path), NULL, &answer);
	if (code != 0)
		return code;
	match_value(m, answer);
	return m->bad > 0 ? CTL_BAD_INPUT : m->matched > 0 ? CTL_OK : CTL_NO;
}

int ctl_explain(struct ctl *c)
{
	OWNED(query) struct query *query = NULL;
	struct str what = ctl_arg(c, 1);
	AUTO(strbuf) struct strbuf file = STRBUF_INIT(65536);
	int code = watch_or_query(c, ctl_arg(c, 0), &query);

	if (code != 0)
		return code;
	struct matching m = { .c = c, .query = query, .report = report_why };
	strbuf_add(&file, what);
	if (!str_present(what) || str_eq(what, STR("-")) || access(strbuf_cstr(&file), F_OK) == 0)
		return match_file(&m, what);
	return explain_archived(&m, what);
}

/* --- lint ------------------------------------------------------------------------------------------------------------ */

int ctl_lint(struct ctl *c)
{
	OWNED(query) struct query *query = NULL;
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(1u << 20), said = STRBUF_INIT(65536), cost = STRBUF_INIT(4096);

	ctl_arg_words(c, &text);
	int code = watch_or_query(c, strbuf_str(&text), &query);
	if (code != 0)
		return code;
	query_lint(query, "\n", &said);
	query_cost(query, &cost);
	struct str rest = strbuf_str(&said), piece;
	OWNED_JSON json_t *answer = json_object();
	json_t *warnings = json_array();
	json_set_text(answer, "query", query_text(query));
	json_set(answer, "warnings", warnings);
	json_set_text(answer, "cost", strbuf_str(&cost));
	while (rest.len > 0 && str_split(&rest, '\n', &piece)) {
		json_array_append_new(warnings, json_text(piece));
		if (!c->json)
			ctl_note(c, "warning: %.*s", STR_ARG(piece));
	}
	if (c->json)
		ctl_put_json(answer);
	else
		ctl_printf("cost: %s\n", strbuf_cstr(&cost));
	return json_array_size(warnings) > 0 ? CTL_NO : CTL_OK;
}
