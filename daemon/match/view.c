/* SPDX-License-Identifier: ISC */
/* A post as queries see it: its words in groups, its fields by name. */
#include "ops.h"

#include <utf8proc.h>

#include "base/mem.h"
#include "base/text.h"
#include "stem.h"

static void sight_init(struct sight *s, const struct post *post, char *scratch)
{
	s->post = post;
	s->cut = 0;
	s->scratch = scratch;
}

static void sight_release(struct sight *s)
{
	for (unsigned g = 0; g < GROUPS; g++)
		if (s->cut & 1u << g)
			words_release(&s->groups[g]);
	s->cut = 0;
}

void view_init(struct view *v, const struct post *post)
{
	sight_init(&v->self, post, v->scratch);
	for (size_t i = 0; i < post->context.n; i++)
		sight_init(&v->context[i], post->context.v[i].post, NULL);
}

void view_release(struct view *v)
{
	for (size_t i = 0; i < v->self.post->context.n; i++)
		sight_release(&v->context[i]);
	sight_release(&v->self);
}

static void cut_text(struct words *w, const struct post *p)
{
	words_add(w, p->title, FIELD_OF_TITLE, 0);
	words_add(w, p->text, FIELD_OF_TEXT, 0);
	words_add(w, p->summary, FIELD_OF_SUMMARY, 0);
}

/* The code point that ends at *at, which moves there; 0 at the start.  What only says how an emoji looks does not count. */
static uint32_t point_before(struct str text, size_t *at)
{
	uint32_t c = 0;

	do {
		size_t pos;

		if (*at == 0)
			return 0;
		do
			--*at;
		while (*at > 0 && ((unsigned char)text.p[*at] & 0xc0) == 0x80);
		pos = *at;
		c = text_next(text, &pos);
	} while (c == 0xfe0e || c == 0xfe0f);
	return c;
}

/* Whether the word is written with a # or @ of its own.  What touches a word before is none (a@b.c), but for pictures and,
 * with @, for letters without spaces between them; and the # of &#39; and /#top is none. */
static bool has_sigil(const struct word *x, struct str text, char sigil)
{
	bool apart = x->flags & (sigil == '#' ? WORD_HASH : WORD_AT);
	size_t at = x->start;
	uint32_t before;

	if (!apart && (at == 0 || text.p[at - 1] != sigil))
		return false;
	(void)point_before(text, &at);
	before = point_before(text, &at);
	if (apart)
		return sigil == '@' || (before != '&' && before != '/');
	utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)before);
	return category == UTF8PROC_CATEGORY_SO || category == UTF8PROC_CATEGORY_SK ||
	       (sigil == '@' && category == UTF8PROC_CATEGORY_LO);
}

/* What may stand inside of a hashtag: the middle dot, the marks of Hebrew and Tibetan, the wave dashes and dots of Japanese. */
static bool is_medial(struct str gap)
{
	static const uint32_t points[] = { 0xb7, 0x5be, 0x5f3, 0x5f4, 0xf0b, 0xf0c, 0x200c, 0x200d,
					   0x301c, 0x30a0, 0x30fb, 0xff5e };
	size_t pos = 0;
	uint32_t c = str_empty(gap) ? 0 : text_next(gap, &pos);

	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		if (points[i] == c)
			return pos == gap.len;
	return false;
}

/* How many words a hashtag is that begins with word i. */
static size_t tag_length(const struct words *w, size_t i, struct str text)
{
	size_t n = 1;

	for (; i + n < w->n && !(w->v[i + n].flags & WORD_FIRST); n++) {
		const struct word *x = &w->v[i + n];

		if (!(x->flags & WORD_GLUED) && !is_medial(str_slice(text, x[-1].end, x->start)))
			break;
	}
	return n;
}

/* The source's tags, and the hashtags in the text. */
static void cut_tags(struct words *w, const struct post *p, const struct words *text)
{
	for (size_t i = 0; i < p->tags.n; i++)
		words_add_joined(w, p->tags.v[i], FIELD_OF_TAG, i);
	for (size_t i = 0, n; i < text->n; i += n) {
		struct str s = match_field_text(p, text->v[i].field, text->v[i].index);

		n = 1;
		if (!has_sigil(&text->v[i], s, '#'))
			continue;
		n = tag_length(text, i, s);
		if (!str_starts(str_from(s, text->v[i + n - 1].end), STR("://")))
			words_add_run(w, text, i, n);
	}
}

/* Words i.. that make up a name written with an @: sama, sama.bsky.social, Gargron@mastodon.social. */
static size_t name_length(const struct words *w, size_t i, struct str text)
{
	size_t n = 1;

	for (; i + n < w->n && !(w->v[i + n].flags & WORD_FIRST); n++) {
		const struct word *x = &w->v[i + n];

		if (x->flags & WORD_CHAR & ~x[-1].flags) /* a name is Latin, and the sentence goes on without a space */
			break;
		if (x->start != x[-1].end && (x->start != x[-1].end + 1 || str_chr(STR(".-@"), text.p[x[-1].end]) == STR_NPOS))
			break;
	}
	return n;
}

/* The accounts that the source says it names, and the names in the text. */
static void cut_mentions(struct words *w, const struct post *p, const struct words *text)
{
	for (size_t i = 0; i < p->mentions.n; i++) {
		words_add(w, p->mentions.v[i].name, FIELD_OF_MENTION_NAME, i);
		words_add(w, p->mentions.v[i].handle, FIELD_OF_MENTION, i);
		words_add(w, p->mentions.v[i].url, FIELD_OF_MENTION_URL, i);
		words_add(w, p->mentions.v[i].id, FIELD_OF_MENTION_ID, i);
	}
	for (size_t i = 0; i < text->n; i++) {
		struct str s = match_field_text(p, text->v[i].field, text->v[i].index);

		if (!has_sigil(&text->v[i], s, '@'))
			continue;
		size_t n = name_length(text, i, s);
		if (!str_starts(str_from(s, text->v[i + n - 1].end), STR("://")))
			words_add_copy(w, text, i, n);
	}
}

struct words *sight_words(struct sight *s, enum group g)
{
	struct words *w = &s->groups[g];
	const struct post *p = s->post;

	if (s->cut & 1u << g)
		return w;
	s->cut |= 1u << g;
	words_init(w, g == GROUP_TEXT ? s->scratch : NULL, g == GROUP_TEXT && s->scratch ? VIEW_SCRATCH : 0);
	switch (g) {
	case GROUP_TEXT:
		cut_text(w, p);
		break;
	case GROUP_STEM:
		stem_words(w, sight_words(s, GROUP_TEXT), p);
		break;
	case GROUP_TAG:
		cut_tags(w, p, sight_words(s, GROUP_TEXT));
		break;
	case GROUP_AUTHOR:
		for (size_t i = 0; i < p->authors.n; i++) {
			words_add(w, p->authors.v[i].name, FIELD_OF_AUTHOR, i);
			words_add(w, p->authors.v[i].handle, FIELD_OF_HANDLE, i);
			words_add(w, p->authors.v[i].url, FIELD_OF_AUTHOR_URL, i);
			words_add(w, p->authors.v[i].id, FIELD_OF_AUTHOR_ID, i);
		}
		break;
	case GROUP_MENTION:
		cut_mentions(w, p, sight_words(s, GROUP_TEXT));
		break;
	case GROUP_SOURCE:
		words_add(w, p->source, FIELD_OF_SOURCE, 0);
		words_add(w, p->platform, FIELD_OF_PLATFORM, 0);
		break;
	case GROUP_WARNING:
		words_add(w, p->content_warning, FIELD_OF_WARNING, 0);
		break;
	case GROUP_ID:
		words_add(w, p->id, FIELD_OF_ID, 0);
		words_add(w, p->thread, FIELD_OF_THREAD, 0);
		words_add(w, p->reply_to, FIELD_OF_REPLY_TO, 0);
		words_add(w, p->quote_of, FIELD_OF_QUOTE_OF, 0);
		words_add(w, p->repost_of, FIELD_OF_REPOST_OF, 0);
		break;
	case GROUP_LANGUAGE:
		words_add(w, p->language, FIELD_OF_LANGUAGE, 0);
		break;
	case GROUP_URL:
		words_add(w, p->url, FIELD_OF_URL, 0);
		for (size_t i = 0; i < p->links.n; i++)
			words_add(w, p->links.v[i], FIELD_OF_LINK, i);
		break;
	case GROUPS:
		break;
	}
	return w;
}

static struct str account_text(const author_list *list, size_t i, enum post_field f)
{
	const struct author *a = i < list->n ? &list->v[i] : NULL;

	if (a == NULL)
		return STR_NULL;
	if (f == FIELD_OF_AUTHOR || f == FIELD_OF_MENTION_NAME)
		return a->name;
	if (f == FIELD_OF_HANDLE || f == FIELD_OF_MENTION)
		return a->handle;
	return f == FIELD_OF_AUTHOR_URL || f == FIELD_OF_MENTION_URL ? a->url : a->id;
}

struct str match_field_text(const struct post *p, enum post_field f, size_t i)
{
	switch (f) {
	case FIELD_OF_TITLE:
		return p->title;
	case FIELD_OF_TEXT:
		return p->text;
	case FIELD_OF_SUMMARY:
		return p->summary;
	case FIELD_OF_URL:
		return p->url;
	case FIELD_OF_AUTHOR:
	case FIELD_OF_HANDLE:
	case FIELD_OF_AUTHOR_URL:
	case FIELD_OF_AUTHOR_ID:
		return account_text(&p->authors, i, f);
	case FIELD_OF_MENTION:
	case FIELD_OF_MENTION_NAME:
	case FIELD_OF_MENTION_URL:
	case FIELD_OF_MENTION_ID:
		return account_text(&p->mentions, i, f);
	case FIELD_OF_TAG:
		return i < p->tags.n ? p->tags.v[i] : STR_NULL;
	case FIELD_OF_SOURCE:
		return p->source;
	case FIELD_OF_LANGUAGE:
		return p->language;
	case FIELD_OF_LINK:
		return i < p->links.n ? p->links.v[i] : STR_NULL;
	case FIELD_OF_PLATFORM:
		return p->platform;
	case FIELD_OF_WARNING:
		return p->content_warning;
	case FIELD_OF_ID:
		return p->id;
	case FIELD_OF_THREAD:
		return p->thread;
	case FIELD_OF_REPLY_TO:
		return p->reply_to;
	case FIELD_OF_QUOTE_OF:
		return p->quote_of;
	case FIELD_OF_REPOST_OF:
		return p->repost_of;
	case POST_FIELDS:
		break;
	}
	return STR_NULL;
}

size_t match_field_count(const struct post *p, enum post_field f)
{
	if (f == FIELD_OF_TAG)
		return p->tags.n;
	if (f == FIELD_OF_LINK)
		return p->links.n;
	if (f == FIELD_OF_AUTHOR || f == FIELD_OF_HANDLE || f == FIELD_OF_AUTHOR_URL || f == FIELD_OF_AUTHOR_ID)
		return p->authors.n;
	if (f == FIELD_OF_MENTION || f == FIELD_OF_MENTION_NAME || f == FIELD_OF_MENTION_URL || f == FIELD_OF_MENTION_ID)
		return p->mentions.n;
	return 1;
}

const struct post *match_span_post(const struct post *p, const struct span *s)
{
	if (s->context == 0)
		return p;
	return s->context <= p->context.n ? p->context.v[s->context - 1].post : NULL;
}

const char *match_field_name(enum post_field f)
{
	static const char *const names[POST_FIELDS] = {
		[FIELD_OF_TITLE] = "title", [FIELD_OF_TEXT] = "text", [FIELD_OF_SUMMARY] = "summary", [FIELD_OF_URL] = "url",
		[FIELD_OF_AUTHOR] = "author", [FIELD_OF_TAG] = "tag", [FIELD_OF_SOURCE] = "source",
		[FIELD_OF_LANGUAGE] = "language", [FIELD_OF_LINK] = "link", [FIELD_OF_HANDLE] = "handle",
		[FIELD_OF_AUTHOR_URL] = "author_url", [FIELD_OF_AUTHOR_ID] = "author_id", [FIELD_OF_MENTION] = "mention",
		[FIELD_OF_MENTION_NAME] = "mention_name", [FIELD_OF_MENTION_URL] = "mention_url",
		[FIELD_OF_MENTION_ID] = "mention_id", [FIELD_OF_PLATFORM] = "platform",
		[FIELD_OF_WARNING] = "content_warning", [FIELD_OF_ID] = "id", [FIELD_OF_THREAD] = "thread",
		[FIELD_OF_REPLY_TO] = "reply_to", [FIELD_OF_QUOTE_OF] = "quote_of", [FIELD_OF_REPOST_OF] = "repost_of",
	};

	return names[f];
}
