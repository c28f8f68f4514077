/* SPDX-License-Identifier: ISC */
/* What a post is, what it has, and how much of it: is:, has: and the ranges. */
#include "ops.h"

#include <math.h>

#include "base/date.h"
#include "base/num.h"

static bool has_context(const struct post *p, enum relation relation)
{
	for (size_t i = 0; i < p->context.n; i++)
		if (p->context.v[i].relation == relation)
			return true;
	return false;
}

static bool is_reply(struct sight *s)
{
	return !str_empty(s->post->reply_to) || has_context(s->post, RELATION_PARENT);
}

static bool is_repost(struct sight *s)
{
	return !str_empty(s->post->repost_of) || has_context(s->post, RELATION_REPOSTED);
}

static bool is_quote(struct sight *s)
{
	return !str_empty(s->post->quote_of) || has_context(s->post, RELATION_QUOTED);
}

static bool is_edit(struct sight *s)
{
	return s->post->published_unix_ms != TIME_ABSENT && s->post->updated_unix_ms > s->post->published_unix_ms;
}

static bool is_sensitive(struct sight *s)
{
	return s->post->sensitive || !str_empty(s->post->content_warning);
}

static bool has_links(struct sight *s)
{
	return s->post->links.n > 0;
}

static bool has_media(struct sight *s)
{
	return s->post->enclosures.n > 0;
}

static bool has_kind(const struct post *p, const char *kind, const char *const *extensions)
{
	for (size_t i = 0; i < p->enclosures.n; i++) {
		const struct enclosure *e = &p->enclosures.v[i];
		struct str path = str_slice(e->url, 0, str_chr(e->url, '?'));

		if (str_starts_nocase(e->type, str_c(kind)))
			return true;
		for (size_t k = 0; str_empty(e->type) && extensions[k]; k++) {
			struct str end = str_c(extensions[k]);

			if (path.len > end.len && str_eq_nocase(str_from(path, path.len - end.len), end))
				return true;
		}
	}
	return false;
}

static bool has_images(struct sight *s)
{
	static const char *const extensions[] = { ".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", NULL };

	return has_kind(s->post, "image", extensions);
}

static bool has_video(struct sight *s)
{
	static const char *const extensions[] = { ".mp4", ".webm", ".mov", ".m4v", ".m3u8", NULL };

	return has_kind(s->post, "video", extensions);
}

static bool has_mentions(struct sight *s)
{
	return sight_words(s, GROUP_MENTION)->n > 0;
}

static bool has_hashtags(struct sight *s)
{
	return sight_words(s, GROUP_TAG)->n > 0;
}

/* $TSLA, but not $100. */
static bool has_cashtags(struct sight *s)
{
	const struct words *w = sight_words(s, GROUP_TEXT);

	for (size_t i = 0; i < w->n; i++)
		if ((w->v[i].flags & WORD_DOLLAR) && char_is_alpha(w->folded[w->v[i].at]))
			return true;
	return false;
}

static bool (*const tests[FACT_TESTS])(struct sight *s) = {
#define FACT(id, op, value, test, help) [FACT_##id] = test,
#include "ops.def"
};

/* INT64_MIN: nobody knows. */
static int64_t number_of(enum fact_id fact, const struct post *p)
{
	int64_t n = -1;

	if (fact == FACT_PUBLISHED)
		return p->published_unix_ms;
	if (fact == FACT_AGE) {
		if (p->published_unix_ms == TIME_ABSENT || p->came_unix_ms == TIME_ABSENT)
			return INT64_MIN;
		n = p->came_unix_ms - p->published_unix_ms;
		return n < 0 ? 0 : n;
	}
	if (fact == FACT_FOLLOWERS)
		n = p->authors.n ? p->authors.v[0].followers : -1;
	else
		n = fact == FACT_LIKES ? p->metrics.likes : fact == FACT_REPOSTS ? p->metrics.reposts :
			fact == FACT_REPLIES ? p->metrics.replies : fact == FACT_QUOTES ? p->metrics.quotes : p->metrics.views;
	return n < 0 ? INT64_MIN : n;
}

bool fact_can_be_known(unsigned fact)
{
	return fact >= FACT_TESTS || tests[fact] != NULL;
}

bool fact_holds(const struct query *q, const struct node *n, struct sight *s)
{
	if (n->op < FACT_TESTS)
		return tests[n->op](s);
	int64_t is = number_of((enum fact_id)n->op, s->post);
	const struct term_word *limits = &query_words(q)[n->word];

	return is != INT64_MIN && is >= term_word_number(&limits[0]) && is <= term_word_number(&limits[1]);
}

/* --- ranges ---------------------------------------------------------------------------------------------------------- */

/* 100, 1e6, 10k, 1.5m. */
static bool read_count(struct str s, int64_t *ret)
{
	double n = 0, times = 1;

	if (s.len > 1 && (char_lower(s.p[s.len - 1]) == 'k' || char_lower(s.p[s.len - 1]) == 'm')) {
		times = char_lower(s.p[s.len - 1]) == 'k' ? 1e3 : 1e6;
		s.len--;
	}
	if (s.len == 0 || !char_is_digit(s.p[0]) || !num_double(s, &n) || n * times > 1e15)
		return false;
	*ret = (int64_t)floor(n * times);
	return true;
}

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

/* ISO 8601: a day, or an instant.  `end`: a day's last one. */
static bool read_date(struct str s, bool end, int64_t *ret)
{
	if (s.len < 10 || s.p[4] != '-' || s.p[7] != '-')
		return false;
	*ret = date_parse(s);
	if (*ret == TIME_ABSENT)
		return false;
	if (end && s.len == 10)
		*ret += DAY_MS - 1;
	return true;
}

static bool read_limit(unsigned fact, struct str s, bool end, int64_t *ret)
{
	if (fact == FACT_AGE)
		return num_duration_ms(s, ret);
	if (fact == FACT_PUBLISHED)
		return read_date(s, end, ret);
	return read_count(s, ret);
}

bool fact_range(unsigned fact, struct str text, bool from_on, int64_t *ret_from, int64_t *ret_to)
{
	size_t dots = str_find(text, STR(".."));
	struct str from = str_slice(text, 0, dots), to = dots == STR_NPOS ? text : str_from(text, dots + 2);

	*ret_from = INT64_MIN + 1;
	*ret_to = INT64_MAX;
	if (fact == FACT_AGE && dots == STR_NPOS)
		return false;
	if (from_on && dots == STR_NPOS)
		to = STR("");
	if ((from.len == 0 && to.len == 0) || (from.len > 0 && !read_limit(fact, from, false, ret_from)) ||
	    (to.len > 0 && !read_limit(fact, to, true, ret_to)))
		return false;
	return *ret_from <= *ret_to;
}
