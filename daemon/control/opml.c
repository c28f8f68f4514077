/* SPDX-License-Identifier: ISC */
/* OPML, read and written. */
#include "control/opml.h"

#include "base/html.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/xml.h"

#define OPML_ARENA_MAX (64u << 20)
#define OPML_TITLE_MAX 500 /* bytes */

struct reading {
	struct opml *opml;
	bool root, body;
	size_t depth, body_depth;             /* of open elements; where the body is, 0 = not in it */
	VEC(struct str) folders;              /* titles of the open outlines; absent: a feed, or one without a title */
};

void opml_release(struct opml *o)
{
	for (size_t i = 0; i < o->feeds.n; i++)
		vec_free(&o->feeds.v[i].tags);
	vec_free(&o->feeds);
	arena_free(o->arena);
	*o = (struct opml){ 0 };
}

static void on_restart(void *ctx)
{
	struct reading *r = ctx;

	opml_release(r->opml);
	r->opml->arena = arena_new(OPML_ARENA_MAX);
	r->root = r->body = false;
	r->depth = r->body_depth = 0;
	vec_clear(&r->folders);
}

static struct str attr(const struct xml_attr *attrs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq_nocase(attrs[i].name, str_c(name)))
			return str_trim(attrs[i].value);
	return STR_NULL;
}

static struct str keep(struct reading *r, struct str s)
{
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(OPML_TITLE_MAX * 4);

	text_fold_space(&line, text_cut(s, OPML_TITLE_MAX));
	return line.len > 0 ? arena_str(r->opml->arena, strbuf_str(&line)) : STR_NULL;
}

/* A slash and a comma part categories (OPML 2.0, "category"): no tag may hold them, or it would come back as two. */
static void add_tag_text(struct strbuf *out, struct str tag)
{
	for (size_t i = 0; i < tag.len; i++)
		strbuf_addc(out, tag.p[i] == '/' || tag.p[i] == ',' ? '-' : tag.p[i]);
}

static struct str keep_folder(struct reading *r, struct str title)
{
	AUTO(strbuf) struct strbuf tag = STRBUF_INIT(OPML_TITLE_MAX);

	add_tag_text(&tag, title);
	return keep(r, strbuf_str(&tag));
}

static void add_tag(struct opml_feed *f, struct str tag)
{
	for (size_t i = 0; i < f->tags.n; i++)
		if (str_eq(f->tags.v[i], tag))
			return;
	if (str_present(tag))
		vec_push(&f->tags, tag);
}

/* "/news/France,ai": paths of folders, with commas between. */
static void add_categories(struct reading *r, struct opml_feed *f, struct str list)
{
	struct str path, part;

	while (str_split(&list, ',', &path))
		while (str_split(&path, '/', &part))
			add_tag(f, keep(r, part));
}

static void add_feed(struct reading *r, struct str url, struct str title, const struct xml_attr *attrs, size_t n)
{
	struct opml_feed f = { .url = arena_str(r->opml->arena, url), .title = title };

	for (size_t i = 0; i < r->folders.n; i++)
		add_tag(&f, r->folders.v[i]);
	add_categories(r, &f, attr(attrs, n, "category"));
	f.command = keep(r, attr(attrs, n, "filtercmd"));
	vec_push(&r->opml->feeds, f);
}

/* Old lists say url=; with type="link" or "include" it leads to a page, or to another list. */
static struct str feed_url(const struct xml_attr *attrs, size_t n)
{
	struct str url = attr(attrs, n, "xmlurl"), type = attr(attrs, n, "type");

	if (!str_empty(url) || str_eq_nocase(type, STR("link")) || str_eq_nocase(type, STR("include")))
		return url;
	return attr(attrs, n, "url");
}

static void on_start(void *ctx, struct str name, struct str ns __attribute__((unused)), struct str prefix __attribute__((unused)),
                     const struct xml_attr *attrs, size_t n_attrs)
{
	struct reading *r = ctx;

	r->depth++;
	r->root = r->root || (r->depth == 1 && str_eq_nocase(name, STR("opml")));
	if (r->root && r->body_depth == 0 && str_eq_nocase(name, STR("body"))) {
		r->body = true;
		r->body_depth = r->depth;
	}
	if (r->body_depth == 0 || !str_eq_nocase(name, STR("outline")))
		return;
	struct str title = attr(attrs, n_attrs, "title"), text = attr(attrs, n_attrs, "text"), url = feed_url(attrs, n_attrs);
	if (!str_empty(url))
		add_feed(r, url, keep(r, str_empty(title) ? text : title), attrs, n_attrs);
	/* what a person sees of a folder is its text */
	vec_push(&r->folders, str_empty(url) ? keep_folder(r, str_empty(text) ? title : text) : STR_NULL);
}

static void on_end(void *ctx, struct str name)
{
	struct reading *r = ctx;

	if (r->body_depth > 0 && str_eq_nocase(name, STR("outline")) && r->folders.n > 0)
		r->folders.n--;
	if (r->depth == r->body_depth)
		r->body_depth = 0;
	r->depth--;
}

static void on_text(void *ctx __attribute__((unused)), struct str text __attribute__((unused)))
{
}

int opml_parse(struct str bytes, struct opml *ret, struct err *e)
{
	static const struct xml_handler handler = { on_restart, on_start, on_end, on_text };
	struct reading r = { .opml = ret };
	struct xml_result result;

	*ret = (struct opml){ .arena = arena_new(OPML_ARENA_MAX) };
	int failed = xml_parse(bytes, STR_NULL, &handler, &r, &result, e);
	if (failed == 0)
		strbuf_release(&result.encoding);
	if (failed == 0 && !r.root)
		failed = err_set(e, ERR_INPUT, "no OPML: its first element is not <opml>");
	else if (failed == 0 && !r.body)
		failed = err_set(e, ERR_INPUT, "an OPML without <body>, so without feeds");
	else if (failed == 0 && arena_full(ret->arena))
		failed = err_set(e, ERR_LIMIT, "more text than %u bytes", OPML_ARENA_MAX);
	vec_free(&r.folders);
	if (failed != 0)
		opml_release(ret);
	return failed;
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

void opml_begin(struct strbuf *out)
{
	strbuf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n"
	                 "  <head><title>Sources of monitord</title></head>\n  <body>\n");
}

static void add_attr(struct strbuf *out, const char *name, struct str value)
{
	strbuf_addf(out, " %s=\"", name);
	html_escape(out, value);
	strbuf_addc(out, '"');
}

void opml_add(struct strbuf *out, struct str name, struct str title, struct str url, const struct str *tags, size_t n_tags)
{
	AUTO(strbuf) struct strbuf list = STRBUF_INIT(1u << 20);

	for (size_t i = 0; i < n_tags; i++) {
		strbuf_adds(&list, i > 0 ? ",/" : "/");
		add_tag_text(&list, tags[i]);
	}
	strbuf_adds(out, "    <outline type=\"rss\"");
	add_attr(out, "text", name);
	add_attr(out, "title", name);
	if (str_present(title))
		add_attr(out, "description", title);
	add_attr(out, "xmlUrl", url);
	if (n_tags > 0)
		add_attr(out, "category", strbuf_str(&list));
	strbuf_adds(out, "/>\n");
}

void opml_end(struct strbuf *out)
{
	strbuf_adds(out, "  </body>\n</opml>\n");
}
