/* SPDX-License-Identifier: ISC */
/* The table of source types, and what their codecs share. */
#include "types.h"

#include "base/html.h"
#include "base/json.h"
#include "base/text.h"
#include "base/url.h"

#define REFUSAL_MAX (16u << 10) /* bytes of an answer that is looked through for its reason */
#define REFUSAL_LINE_MAX 200

const struct source_type *const *source_types(void)
{
	static const struct source_type *const types[] = {
#define SOURCE_TYPE(type) &source_##type,
#include "source/types.def"
#undef SOURCE_TYPE
		NULL
	};
	return types;
}

const struct source_type *source_type_find(struct str name)
{
	for (const struct source_type *const *t = source_types(); *t != NULL; t++)
		if (str_eq(name, str_c((*t)->name)))
			return *t;
	return NULL;
}

const struct source_type *source_detect(const struct frame *f)
{
	const struct source_type *best = NULL;
	int best_score = 0;

	for (const struct source_type *const *t = source_types(); *t != NULL; t++) {
		int score = (*t)->detect ? (*t)->detect(f) : 0;

		if (score > best_score) {
			best = *t;
			best_score = score;
		}
	}
	return best;
}

/* A document of a type that has no slices is one. */
struct whole {
	struct source_reading reading;
	struct source *source;
	struct frame frame;
	struct source_document *document;
};

static int whole_more(struct source_reading *r, size_t max_posts __attribute__((unused)),
                      size_t max_bytes __attribute__((unused)), struct err *e)
{
	struct whole *w = (struct whole *)r;

	return w->source->type->parse(w->source, &w->frame, w->document, e);
}

static void whole_close(struct source_reading *r)
{
	mem_free(r);
}

struct source_reading *source_begin(const struct source_type *t, struct source *s, const struct frame *f,
                                    struct source_document *out)
{
	if (t->begin != NULL)
		return t->begin(f, out);
	struct whole *w = mem_new(struct whole);
	*w = (struct whole){ { whole_more, whole_close }, s, *f, out };
	return &w->reading;
}

int source_more(struct source_reading *r, size_t max_posts, size_t max_bytes, struct err *e)
{
	return r->more(r, max_posts, max_bytes, e);
}

void source_close(struct source_reading *r)
{
	if (r != NULL)
		r->close(r);
}

int source_parse_whole(const struct source_type *t, const struct frame *f, struct source_document *out, struct err *e)
{
	struct source_reading *r = t->begin(f, out);
	int failed = r->more(r, SIZE_MAX, SIZE_MAX, e);

	r->close(r);
	if (failed != 0)
		source_document_release(out);
	return failed;
}

bool source_next_single(struct source *s, struct transfer *ret, const char *accept)
{
	struct single_state *state = s->state;

	state->asked = !state->asked;
	if (!state->asked)
		return false;
	ret->kind = str_starts_nocase(s->url, STR("file:")) ? TRANSFER_FILE : TRANSFER_HTTP;
	ret->framing = FRAMING_BODY;
	ret->url = arena_str(ret->arena, s->url);
	ret->follow = true;
	if (ret->kind == TRANSFER_HTTP)
		transfer_header(ret, "Accept", str_c(accept));
	return true;
}

json_t *source_json(struct str bytes, const char *list, const char *mark, bool *ret_repaired, struct err *e)
{
	json_t *j = json_parse(bytes, e);

	*ret_repaired = j == NULL;
	if (j == NULL)
		j = json_parse_repaired(bytes, e);
	return j ? j : json_parse_salvaged(bytes, list, mark, e);
}

void source_refusal(const struct reply *r, struct strbuf *why)
{
	static const char *const keys[] = { "detail", "message", "error_description", "error", "title" };
	struct str body = strbuf_str(&r->body);
	struct err ignored = { 0 };
	json_t *j OWNED_JSON = body.len <= REFUSAL_MAX ? json_parse(body, &ignored) : NULL;
	/* X says of bad requests only in a list what was bad. */
	const json_t *first = json_array_get(json_get(j, "errors"), 0);
	struct str said = json_get_str(first, "message");

	for (size_t i = 0; str_empty(said) && i < sizeof(keys) / sizeof(keys[0]); i++)
		said = json_get_str(j, keys[i]);
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(REFUSAL_MAX * 3);
	text_fold_space(&line, text_cut(said, REFUSAL_LINE_MAX));
	if (line.len > 0)
		strbuf_addf(why, ": \"%s\"", strbuf_cstr(&line));
}

/* --- texts and links ---------------------------------------------------------------------------------------- */

/* An http(s) URL without a byte that url_resolve would touch. */
static bool is_ready(struct str s)
{
	if (!str_starts(s, STR("http://")) && !str_starts(s, STR("https://")))
		return false;
	for (size_t i = text_ascii_run(s, '!'); i < s.len; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return s.len <= URL_MAX;
}

struct str source_absolute(struct arena *a, struct str base, struct str ref)
{
	ref = str_trim(ref);
	if (str_empty(ref))
		return STR_NULL;
	if (is_ready(ref))
		return arena_str(a, ref);
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(URL_MAX);
	return url_resolve(&b, base, ref) ? arena_str(a, strbuf_str(&b)) : STR_NULL;
}

struct link_ctx {
	struct post *post;
	struct str base;
};

static void add_link(void *ctx, struct str href)
{
	struct link_ctx *l = ctx;

	if (is_ready(href)) {
		post_add_link(l->post, href);
		return;
	}
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(URL_MAX);
	/* a fragment alone leads nowhere else, and what is no http(s) URL in the end is dropped by post_seal */
	if (!str_starts(href, STR("#")) && url_resolve(&b, l->base, href) && url_is_http(strbuf_str(&b)))
		post_add_link(l->post, strbuf_str(&b));
}

struct str source_html(struct post *p, struct str html, struct str base, struct strbuf *scratch)
{
	struct link_ctx ctx = { .post = p, .base = base };

	strbuf_reset(scratch);
	html_to_text(scratch, text_cut(html, FIELD_HTML_MAX), add_link, &ctx);
	return arena_str(p->arena, text_cut(strbuf_str(scratch), POST_TEXT_MAX));
}

struct str source_body(struct post *p, struct str html, struct str base, struct strbuf *scratch)
{
	struct str text = source_html(p, html, base, scratch);

	return html_is_document(text) ? source_html(p, text, base, scratch) : text;
}

struct str source_maybe_html(struct post *p, struct str s, struct str base, struct strbuf *scratch)
{
	s = text_cut(str_trim(s), POST_TEXT_MAX);
	return html_looks_like(s) ? source_html(p, s, base, scratch) : arena_str(p->arena, s);
}

struct str source_person_name(struct str s)
{
	s = str_trim(s);
	size_t open = str_chr(s, '('), angle = str_chr(s, '<');

	if (open != STR_NPOS && str_chr(str_slice(s, 0, open), '@') != STR_NPOS) {
		size_t close = str_rchr(s, ')');
		struct str name = str_trim(str_slice(s, open + 1, close == STR_NPOS ? s.len : close));

		return str_empty(name) ? str_trim(str_slice(s, 0, open)) : name;
	}
	if (open != STR_NPOS && open > 0 && str_chr(str_from(s, open), '@') != STR_NPOS)
		return str_trim(str_slice(s, 0, open));
	if (angle != STR_NPOS && angle > 0 && str_ends(s, STR(">")))
		return str_trim(str_slice(s, 0, angle));
	return str_starts_nocase(s, STR("mailto:")) ? str_from(s, 7) : s;
}

/* --- the document ------------------------------------------------------------------------------------------- */

void source_document_init(struct source_document *d)
{
	*d = (struct source_document){ .arena = arena_new(DOCUMENT_ARENA_MAX), .updated_unix_ms = TIME_ABSENT };
}

void source_document_release(struct source_document *d)
{
	post_list_release(&d->posts);
	arena_free(d->arena);
	*d = (struct source_document){ .arena = NULL };
}

void source_document_finish(struct source_document *d, const struct author *authors, size_t n_authors)
{
	AUTO(strbuf) struct strbuf title = STRBUF_INIT(d->title.len + 1);
	OWNED(post) struct post *of_all = post_new();

	d->language = post_language(d->arena, d->language);
	text_fold_space(&title, d->title);
	d->title = title.len ? arena_str(d->arena, strbuf_str(&title)) : STR_NULL;
	for (size_t k = 0; k < n_authors; k++)
		post_add_author(of_all, authors[k].name, authors[k].handle, authors[k].url);
	post_seal(of_all);
	for (size_t i = 0; i < d->posts.posts.n; i++) {
		struct post *p = d->posts.posts.v[i];

		if (p->fingerprint == 0)
			post_seal(p);
		if (!str_present(p->language))
			p->language = arena_str(p->arena, d->language);
		for (size_t k = 0, own = p->authors.n; own == 0 && k < of_all->authors.n; k++) {
			const struct author *a = &of_all->authors.v[k];

			post_add_author(p, a->name, a->handle, a->url);
		}
	}
}

json_t *source_document_to_json(const struct source_document *d)
{
	json_t *j = json_object(), *feed = json_object(), *posts = json_array();
	char updated[DATE_TEXT_MAX];

	json_set_text(feed, "title", d->title);
	json_set_text(feed, "url", d->url);
	json_set_text(feed, "language", d->language);
	date_rfc3339(updated, d->updated_unix_ms);
	json_set_text(feed, "updated", d->updated_unix_ms == TIME_ABSENT ? STR_NULL : str_c(updated));
	for (size_t i = 0; i < d->posts.posts.n; i++)
		json_array_append_new(posts, post_to_json(d->posts.posts.v[i]));
	json_set(j, "feed", feed);
	json_set(j, "posts", posts);
	return j;
}
