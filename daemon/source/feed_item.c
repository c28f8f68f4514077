/* SPDX-License-Identifier: ISC */
/* Fields of an item. */
#include "feed_reader.h"

#include "base/num.h"
#include "base/text.h"
#include "base/url.h"

static void add_tags(struct post *p, struct str list)
{
	struct str tag;

	while (str_split(&list, ',', &tag))
		post_add_tag(p, tag);
}

static void add_creator(struct feed *f, struct str text)
{
	post_add_author(f->post, source_person_name(text), STR_NULL, STR_NULL);
}

/* Who stands in for the author: of a podcast, of a credited writer, of the feed that an entry was taken from. */
void feed_add_substitute(struct feed *f, struct str name, struct str url)
{
	struct arena *a = f->post->arena;

	if (!str_empty(str_trim(name)) && f->substitutes.n < 16)
		vec_push(&f->substitutes, ((struct author){ .name = arena_str(a, name), .url = arena_str(a, url) }));
}

static void item_guid(struct feed *f, struct str id)
{
	bool may_link = f->capture.space == NS_CORE && !f->atom && !f->capture.no_permalink;

	if (str_empty(id) || !str_empty(f->post->id))
		return;
	f->post->id = arena_str(f->post->arena, id);
	if (may_link && url_is_http(id))
		f->permalink = f->post->id;
}

static void set_time(struct post *p, int64_t *field, unsigned char *rank, unsigned char new_rank, struct str value)
{
	const char *name = field == &p->updated_unix_ms ? "updated" : "date";
	int64_t t = *rank == 0 || new_rank < *rank ? post_date(p, name, value) : TIME_ABSENT;

	if (t == TIME_ABSENT)
		return;
	*field = t;
	*rank = new_rank;
}

/* Texts of an item: bodies, titles, dates. */
static void item_text(struct feed *f, enum element e, struct str raw)
{
	struct post *p = f->post;
	struct ranks *r = &f->ranks;

	if (!str_present(p->language) && !str_empty(feed_lang(f))) /* of the text alone */
		p->language = arena_str(p->arena, feed_lang(f));
	switch ((int)e) {
	case E_TITLE:
		feed_set_text(&p->title, &r->title, 1, feed_plain(f));
		break;
	case E_TITLE_ELSE:
		if (r->title == 0)
			feed_set_text(&p->title, &r->title, 2, feed_plain(f));
		break;
	case E_CONTENT:
		feed_set_text(&f->content, &r->content, 1, feed_plain(f));
		break;
	case E_CONTENT_BODY:
		feed_set_text(&f->content, &r->content, 2, feed_plain(f));
		break;
	case E_SUMMARY:
		feed_set_text(&f->summary, &r->summary, 1, feed_plain(f));
		break;
	case E_SUMMARY_PODCAST:
		feed_set_text(&f->summary, &r->summary, 2, feed_plain(f));
		break;
	case E_SUMMARY_DC:
		feed_set_text(&f->summary, &r->summary, 3, feed_plain(f));
		break;
	case E_SUMMARY_MEDIA:
		feed_set_text(&f->summary, &r->summary, 4, feed_plain(f));
		break;
	case E_PUBLISHED:
		set_time(p, &p->published_unix_ms, &r->published, 1, raw);
		break;
	case E_PUBLISHED_ELSE:
		set_time(p, &p->published_unix_ms, &r->published, 2, raw);
		break;
	case E_DATE:
		set_time(p, &p->published_unix_ms, &r->published, 3, raw);
		break;
	case E_UPDATED:
		set_time(p, &p->updated_unix_ms, &r->updated, 1, raw);
		break;
	case E_UPDATED_ELSE:
		set_time(p, &p->updated_unix_ms, &r->updated, 2, raw);
		break;
	default:
		break;
	}
}

void feed_item_field(struct feed *f, enum element e)
{
	struct post *p = f->post;
	struct str raw = str_trim(strbuf_str(&f->text));
	uint64_t n;

	switch ((int)e) {
	case E_LINK:
		feed_set_text(&p->url, &f->ranks.link, 1, source_absolute(p->arena, feed_base(f), raw));
		break;
	case E_ORIGINAL_LINK:
		post_add_link(p, raw);
		break;
	case E_GUID:
		item_guid(f, raw);
		break;
	case E_AUTHOR:
	case E_CREATOR:
		add_creator(f, feed_plain(f));
		break;
	case E_AUTHOR_ELSE:
	case E_CREDIT:
		feed_add_substitute(f, source_person_name(feed_plain(f)), STR_NULL);
		break;
	case E_CATEGORY:
		post_add_tag(p, feed_plain(f));
		break;
	case E_KEYWORDS:
		add_tags(p, feed_plain(f));
		break;
	case E_LANGUAGE:
		p->language = arena_str(p->arena, raw);
		break;
	case E_RATING:
		if (!str_empty(raw) && !str_eq_nocase(raw, STR("nonadult")) && !str_empty(raw))
			p->content_warning = arena_str(p->arena, text_cut(raw, 200));
		break;
	case E_REPLIES:
		if (num_u64(raw, &n) && n <= INT64_MAX)
			p->metrics.replies = (int64_t)n;
		break;
	case E_EXPLICIT:
		if (str_eq_nocase(raw, STR("yes")) || str_eq_nocase(raw, STR("true")) || str_eq_nocase(raw, STR("explicit")))
			p->content_warning = STR("explicit");
		break;
	default:
		item_text(f, e, raw);
		break;
	}
}

void feed_item_begin(struct feed *f, const struct xml_attr *attrs, size_t n_attrs)
{
	struct post *p = post_new();

	feed_push(f, PLACE_ITEM, attrs, n_attrs);
	f->post = p;
	f->ranks = (struct ranks){ 0 };
	vec_clear(&f->substitutes);
	f->content = f->summary = f->permalink = STR_NULL;
	f->item_any = n_attrs > 0;
	p->id = arena_str(p->arena, ATTR("about")); /* rdf:about */
	p->language = str_empty(feed_lang(f)) ? STR_NULL : arena_str(p->arena, feed_lang(f));
	p->platform = STR("feed");
}

/* Takes `p`, unless it was handed on before reading began anew. */
static void hand_on(struct feed *f, struct post *p)
{
	if (f->again > 0) {
		f->again--;
		post_free(p);
		return;
	}
	post_seal(p); /* now, while its text is in the cache */
	vec_push(&f->doc->posts.posts, p);
}

void feed_item_finish(struct feed *f)
{
	struct post *p = f->post;

	f->post = NULL;
	if (str_empty(f->content)) {
		f->content = f->summary;
		f->summary = STR_NULL;
	}
	p->text = f->content;
	p->summary = f->summary;
	if (str_empty(p->url))
		p->url = f->permalink;
	for (size_t i = 0, own = p->authors.n; own == 0 && i < f->substitutes.n; i++)
		post_add_author(p, f->substitutes.v[i].name, STR_NULL, f->substitutes.v[i].url);
	if (!f->item_any) {
		post_free(p);
		return;
	}
	hand_on(f, p);
}

/* The entry of this id was taken back (RFC 6721, 3). */
void feed_item_deleted(struct feed *f, const struct xml_attr *attrs, size_t n_attrs)
{
	struct str id = ATTR("ref");

	if (str_empty(id))
		return;
	struct post *p = post_new();
	p->id = arena_str(p->arena, id);
	p->updated_unix_ms = post_date(p, "updated", ATTR("when"));
	p->platform = STR("feed");
	p->deleted = true;
	hand_on(f, p);
}
