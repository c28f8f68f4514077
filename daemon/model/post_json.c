/* SPDX-License-Identifier: ISC */
/* The one JSON form of a post, both ways. */
#include <stddef.h>

#include "base/json.h"
#include "model/post.h"

static void set_time(json_t *j, const char *key, int64_t unix_ms)
{
	char buf[DATE_TEXT_MAX];

	json_set_text(j, key, unix_ms == TIME_ABSENT ? STR_NULL : str_c(date_rfc3339(buf, unix_ms)));
}

static json_t *author_to_json(const struct author *a)
{
	json_t *j = json_object();

	json_set_text(j, "name", a->name);
	json_set_text(j, "handle", a->handle);
	json_set_text(j, "url", a->url);
	if (str_present(a->id))
		json_set_text(j, "id", a->id);
	if (a->followers >= 0)
		json_set_int(j, "followers", a->followers);
	return j;
}

static json_t *texts_to_json(const struct str *v, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_text(v[i]));
	return list;
}

static json_t *authors_to_json(const author_list *authors)
{
	json_t *list = json_array();

	for (size_t i = 0; i < authors->n; i++)
		json_array_append_new(list, author_to_json(&authors->v[i]));
	return list;
}

static json_t *enclosures_to_json(const struct post *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->enclosures.n; i++) {
		const struct enclosure *x = &p->enclosures.v[i];
		json_t *j = json_object();

		json_set_text(j, "url", x->url);
		json_set_text(j, "type", x->type);
		json_set(j, "length", x->length < 0 ? json_null() : json_integer(x->length));
		json_array_append_new(list, j);
	}
	return list;
}

/* The counters, in the order of their keys. */
static const struct {
	const char *key;
	size_t offset;
} counters[] = {
	{ "likes", offsetof(struct post_metrics, likes) },   { "reposts", offsetof(struct post_metrics, reposts) },
	{ "replies", offsetof(struct post_metrics, replies) }, { "quotes", offsetof(struct post_metrics, quotes) },
	{ "views", offsetof(struct post_metrics, views) },
};
#define COUNTERS_N (sizeof(counters) / sizeof(counters[0]))

static int64_t *counter(struct post_metrics *m, size_t i)
{
	return (int64_t *)(void *)((char *)m + counters[i].offset);
}

static void set_metrics(json_t *post, struct post_metrics m)
{
	json_t *j = NULL;

	for (size_t i = 0; i < COUNTERS_N; i++) {
		if (*counter(&m, i) < 0)
			continue;
		if (j == NULL)
			json_set(post, "metrics", j = json_object());
		json_set_int(j, counters[i].key, *counter(&m, i));
	}
}

/* What only some know: there is no key where there is nothing to say. */
static void set_social(json_t *j, const struct post *p)
{
	if (p->mentions.n)
		json_set(j, "mentions", authors_to_json(&p->mentions));
	set_metrics(j, p->metrics);
	if (p->sensitive)
		json_set_bool(j, "sensitive", true);
	if (p->deleted)
		json_set_bool(j, "deleted", true);
	if (p->notes.n)
		json_set(j, "notes", texts_to_json(p->notes.v, p->notes.n));
	if (p->context.n == 0)
		return;
	json_t *list = json_array();
	for (size_t i = 0; i < p->context.n; i++) {
		json_t *c = json_object();

		json_set_text(c, "relation", str_c(post_relation_name(p->context.v[i].relation)));
		json_set(c, "post", post_to_json(p->context.v[i].post));
		json_array_append_new(list, c);
	}
	json_set(j, "context", list);
}

json_t *post_to_json(const struct post *p)
{
	json_t *j = json_object();

	json_set_text(j, "id", p->id);
	json_set_text(j, "url", p->url);
	json_set_text(j, "title", p->title);
	json_set_text(j, "text", p->text);
	json_set_text(j, "summary", p->summary);
	json_set(j, "author", p->authors.n ? author_to_json(&p->authors.v[0]) : json_null());
	json_set(j, "authors", authors_to_json(&p->authors));
	set_time(j, "published", p->published_unix_ms);
	set_time(j, "updated", p->updated_unix_ms);
	json_set_text(j, "language", p->language);
	json_set(j, "tags", texts_to_json(p->tags.v, p->tags.n));
	json_set(j, "links", texts_to_json(p->links.v, p->links.n));
	json_set(j, "enclosures", enclosures_to_json(p));
	json_set_text(j, "reply_to", p->reply_to);
	json_set_text(j, "quote_of", p->quote_of);
	json_set_text(j, "repost_of", p->repost_of);
	json_set_text(j, "thread", p->thread);
	json_set_text(j, "content_warning", p->content_warning);
	json_set_text(j, "source", p->source);
	json_set_text(j, "platform", p->platform);
	set_social(j, p);
	return j;
}

static struct str copy_text(struct post *p, const json_t *j, const char *key)
{
	return arena_str(p->arena, json_get_str(j, key));
}

static int64_t get_time(const json_t *j, const char *key)
{
	struct str s = json_get_str(j, key);

	return str_present(s) ? date_parse(s) : TIME_ABSENT;
}

typedef struct author *add_account(struct post *p, struct str name, struct str handle, struct str url);

static void add_account_json(struct post *p, const json_t *j, add_account *add)
{
	struct author *a = add(p, json_get_str(j, "name"), json_get_str(j, "handle"), json_get_str(j, "url"));

	if (a == NULL)
		return;
	a->id = copy_text(p, j, "id");
	a->followers = json_get_int(j, "followers", -1);
}

static void add_enclosure_json(struct post *p, const json_t *j)
{
	struct enclosure x = { .url = copy_text(p, j, "url"), .type = copy_text(p, j, "type") };

	x.length = json_get_int(j, "length", -1);
	if (str_present(x.url))
		vec_push(&p->enclosures, x);
}

static void lists_from_json(struct post *p, const json_t *j)
{
	const json_t *list = json_get(j, "authors");

	for (size_t i = 0; i < json_array_size(list); i++)
		add_account_json(p, json_array_get(list, i), post_add_author);
	if (p->authors.n == 0 && json_get(j, "author"))
		add_account_json(p, json_get(j, "author"), post_add_author);
	list = json_get(j, "tags");
	for (size_t i = 0; i < json_array_size(list); i++)
		post_add_tag(p, json_str(json_array_get(list, i)));
	list = json_get(j, "links");
	for (size_t i = 0; i < json_array_size(list); i++)
		post_add_link(p, json_str(json_array_get(list, i)));
	list = json_get(j, "enclosures");
	for (size_t i = 0; i < json_array_size(list); i++)
		add_enclosure_json(p, json_array_get(list, i));
}

static int post_read(const json_t *j, bool with_context, struct post **ret_post, struct err *e);

static void context_from_json(struct post *p, const json_t *list, struct err *e)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *c = json_array_get(list, i);
		struct str name = json_get_str(c, "relation");
		struct post *other;

		for (enum relation r = 0; r < RELATION_N; r++)
			if (str_eq(name, str_c(post_relation_name(r))) && post_read(json_get(c, "post"), false, &other, e) == 0)
				post_add_context(p, r, other);
	}
}

static void social_from_json(struct post *p, const json_t *j)
{
	const json_t *list = json_get(j, "mentions"), *metrics = json_get(j, "metrics");

	for (size_t i = 0; i < json_array_size(list); i++)
		add_account_json(p, json_array_get(list, i), post_add_mention);
	for (size_t i = 0; metrics && i < COUNTERS_N; i++)
		*counter(&p->metrics, i) = json_get_int(metrics, counters[i].key, -1);
	for (size_t i = 0; i < json_array_size(json_get(j, "notes")); i++)
		post_add_note(p, json_str(json_array_get(json_get(j, "notes"), i)));
	p->sensitive = json_is_true(json_get(j, "sensitive"));
	p->deleted = json_is_true(json_get(j, "deleted"));
}

/* A post of a context is read without its own: the depth is one, whatever the JSON says. */
static int post_read(const json_t *j, bool with_context, struct post **ret_post, struct err *e)
{
	if (!json_is_object(j))
		return err_set(e, ERR_INPUT, "a post must be a JSON object");
	struct post *p = post_new();
	p->id = copy_text(p, j, "id");
	p->url = copy_text(p, j, "url");
	p->title = copy_text(p, j, "title");
	p->text = copy_text(p, j, "text");
	p->summary = copy_text(p, j, "summary");
	p->published_unix_ms = get_time(j, "published");
	p->updated_unix_ms = get_time(j, "updated");
	p->language = copy_text(p, j, "language");
	lists_from_json(p, j);
	p->reply_to = copy_text(p, j, "reply_to");
	p->quote_of = copy_text(p, j, "quote_of");
	p->repost_of = copy_text(p, j, "repost_of");
	p->thread = copy_text(p, j, "thread");
	p->content_warning = copy_text(p, j, "content_warning");
	p->source = copy_text(p, j, "source");
	p->platform = copy_text(p, j, "platform");
	social_from_json(p, j);
	post_seal(p);
	if (with_context)
		context_from_json(p, json_get(j, "context"), e);
	*ret_post = p;
	return 0;
}

int post_from_json(const json_t *j, struct post **ret_post, struct err *e)
{
	return post_read(j, true, ret_post, e);
}
