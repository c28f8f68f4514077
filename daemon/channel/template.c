/* SPDX-License-Identifier: ISC */
/* Body templates: {{field}} placeholders over the JSON form of an alert. */
#include "channel/template.h"

#include "base/text.h"

#define VALUE_MAX (8u << 20)

static const char *const field_names[] = {
	"id",
	"delivery_id",
	"channel",
	"watch",
	"query",
	"reason",
	"words",
	"created",
	"test",
	"alert",
	"post",
	"post.id",
	"post.url",
	"post.title",
	"post.text",
	"post.summary",
	"post.author",
	"post.published",
	"post.updated",
	"post.language",
	"post.source",
	"post.platform",
	"post.tags",
	"post.author.name",
	"post.author.handle",
	"post.author.url",
	"post.content_warning",
	"post.reply_to",
};
#define N_FIELDS (sizeof(field_names) / sizeof(field_names[0]))

/* Cuts the next placeholder off `*rest`: `ret_before` is the text before it.  False when there is
 * none. */
static bool next_field(struct str *rest, struct str *ret_before, struct str *ret_field)
{
	size_t open = str_find(*rest, STR("{{"));
	size_t close = open == STR_NPOS ? STR_NPOS : str_find(str_from(*rest, open), STR("}}"));
	if (close == STR_NPOS)
		return false;
	*ret_before = str_slice(*rest, 0, open);
	*ret_field = str_trim(str_slice(*rest, open + 2, open + close));
	*rest = str_from(*rest, open + close + 2);
	return true;
}

static int unknown_field(struct str field, int column, struct err *e)
{
	int near = str_nearest(field, field_names, N_FIELDS);
	struct str shown = text_cut_points(field, 60);
	if (near < 0)
		return err_set_at(
			e, ERR_CONFIG, column,
			"column %d: no field {{%.*s}}; there are id, watch, words, post.title …",
			column, STR_ARG(shown));
	return err_set_at(e, ERR_CONFIG, column,
			  "column %d: no field {{%.*s}}, did you mean {{%s}}?", column,
			  STR_ARG(shown), field_names[near]);
}

static bool is_field(struct str field)
{
	for (size_t i = 0; i < N_FIELDS; i++)
		if (str_eq(field, str_c(field_names[i])))
			return true;
	return false;
}

int template_check(struct str text, struct err *e)
{
	struct str rest = text, before, field;
	while (next_field(&rest, &before, &field)) {
		if (is_field(field))
			continue;
		size_t open = (size_t)(before.p + before.len - text.p);
		return unknown_field(field, (int)text_count(str_slice(text, 0, open)) + 1, e);
	}
	size_t open = str_find(rest, STR("{{"));
	if (open == STR_NPOS)
		return 0;
	int column = (int)text_count(str_slice(text, 0, text.len - rest.len + open)) + 1;
	return err_set_at(e, ERR_CONFIG, column, "column %d: {{ without }}", column);
}

/* "post.author.name" looked up step by step. */
static const json_t *find(const json_t *alert, struct str path)
{
	const json_t *at = alert;
	struct str rest = path, step;
	while (at != NULL && str_split(&rest, '.', &step)) {
		char key[32];
		if (step.len >= sizeof(key))
			return NULL;
		memcpy(key, step.p, step.len);
		key[step.len] = '\0';
		at = json_get(at, key);
	}
	return at;
}

/* The inside of a JSON string. */
static void add_escaped(struct strbuf *out, struct str s)
{
	AUTO(strbuf) struct strbuf quoted = STRBUF_INIT(VALUE_MAX);
	json_quote(&quoted, s);
	if (quoted.len >= 2)
		strbuf_add(out, str_slice(strbuf_str(&quoted), 1, quoted.len - 1));
}

static void add_list(struct strbuf *out, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (i > 0)
			strbuf_adds(out, ", ");
		add_escaped(out, json_str(json_array_get(list, i)));
	}
}

static void add_field(struct strbuf *out, const json_t *alert, struct str field)
{
	if (str_eq(field, STR("alert")) || str_eq(field, STR("post"))) {
		json_dump(out, str_eq(field, STR("alert")) ? alert : json_get(alert, "post"),
			  false);
		return;
	}
	if (str_eq(field, STR("post.author")))
		field = STR("post.author.name");
	const json_t *value = find(alert, field);
	if (json_is_array(value))
		add_list(out, value);
	else if (json_is_boolean(value))
		strbuf_adds(out, json_is_true(value) ? "true" : "false");
	else
		add_escaped(out, json_str(value));
}

void template_render(struct str text, const json_t *alert, struct strbuf *out)
{
	struct str rest = text, before, field;
	while (next_field(&rest, &before, &field)) {
		strbuf_add(out, before);
		add_field(out, alert, field);
	}
	strbuf_add(out, rest);
}
