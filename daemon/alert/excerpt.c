/* SPDX-License-Identifier: ISC */
/* The piece of a post that an alert shows: one line with the first hit in view, cut at words. */
#include "alert/alert.h"

#include "base/text.h"

#define SNAP_POINTS 24 /* how far a cut may move to fall between two words */
#define ELLIPSIS "\xe2\x80\xa6"

void alert_excerpt_release(struct alert_excerpt *x)
{
	strbuf_release(&x->text);
	vec_free(&x->hits);
}

static bool is_space_point(uint32_t c)
{
	return (c < 0x80 && char_is_space((char)c)) || c == 0x85 || c == 0xa0 || c == 0x2028 ||
	       c == 0x2029 || c == 0x3000;
}

/* The first span of a field says which author, tag or link is shown. */
static size_t first_index(const struct spans *s, enum post_field field)
{
	for (size_t i = 0; s != NULL && i < s->list.n; i++)
		if (s->list.v[i].context == 0 && s->list.v[i].field == field)
			return s->list.v[i].index;
	return 0;
}

struct ranges {
	VEC(struct byte_range) list;
};

static void ranges_release(struct ranges *r)
{
	vec_free(&r->list);
}

/* A span may come from a stored alert: its offsets are believed only as far as the text goes. */
static size_t to_border(struct str s, size_t at)
{
	if (at > s.len)
		at = s.len;
	while (at > 0 && at < s.len && ((unsigned char)s.p[at] & 0xc0) == 0x80)
		at--;
	return at;
}

/* The hits in one field's text, ascending and merged; spans are in order already, unless stored by
 * someone else. */
static void collect(const struct spans *spans, enum post_field field, size_t index, struct str s,
		    struct ranges *ret)
{
	size_t last_end = 0;
	for (size_t i = 0; spans != NULL && i < spans->list.n; i++) {
		const struct span *span = &spans->list.v[i];
		if (span->context != 0 || span->field != field || span->index != index)
			continue;
		struct byte_range r = { to_border(s, span->start), to_border(s, span->end) };
		if (r.start < last_end)
			r.start = last_end;
		if (r.start >= r.end)
			continue;
		vec_push(&ret->list, r);
		last_end = r.end;
	}
}

/* Folds white space into single spaces and moves the hits along. */
static void fold(struct str s, const struct ranges *raw, struct strbuf *out, struct ranges *ret)
{
	size_t hit = 0, start = 0;
	bool gap = false, inside = false;
	for (size_t pos = 0; pos < s.len;) {
		for (; hit < raw->list.n && pos >= raw->list.v[hit].end; hit++) {
			if (inside)
				vec_push(&ret->list, ((struct byte_range){ start, out->len }));
			inside = false;
		}
		size_t from = pos;
		bool space = is_space_point(text_next(s, &pos));
		if (!space && gap && out->len > 0)
			strbuf_addc(out, ' ');
		gap = space;
		if (space)
			continue;
		if (!inside && hit < raw->list.n && from >= raw->list.v[hit].start &&
		    from < raw->list.v[hit].end) {
			inside = true;
			start = out->len;
		}
		strbuf_add(out, str_slice(s, from, pos));
	}
	if (inside)
		vec_push(&ret->list, ((struct byte_range){ start, out->len }));
}

static size_t step_back(struct str s, size_t at)
{
	for (at--; at > 0 && ((unsigned char)s.p[at] & 0xc0) == 0x80; at--)
		;
	return at;
}

/* `*at` moved by up to `points` code points towards the start; returns how many were taken. */
static size_t walk_back(struct str s, size_t *at, size_t points)
{
	size_t n = 0;
	for (; n<points && * at> 0; n++)
		*at = step_back(s, *at);
	return n;
}

static size_t walk_on(struct str s, size_t *at, size_t points)
{
	size_t n = 0;
	for (; n < points && *at < s.len; n++)
		text_next(s, at);
	return n;
}

/* A window of at most `points` code points with the hit in its first third. */
static struct byte_range window(struct str s, struct byte_range hit, size_t points)
{
	struct byte_range w = { hit.start, hit.start };
	size_t room = points > 2 ? points - 2 : 1; /* two ellipses */
	size_t before = walk_back(s, &w.start, room / 3);
	size_t after = walk_on(s, &w.end, room - before);
	if (before + after < room)
		walk_back(s, &w.start, room - before - after);
	return w;
}

/* Moves cuts inwards to a space near by, if no hit is lost by it. */
static void snap(struct str s, struct byte_range hit, struct byte_range *w)
{
	size_t at = w->start;
	for (size_t n = 0; w->start > 0 && n < SNAP_POINTS && at < hit.start; n++) {
		if (s.p[at] == ' ' || s.p[at - 1] == ' ') {
			w->start = s.p[at] == ' ' ? at + 1 : at;
			break;
		}
		text_next(s, &at);
	}
	at = w->end;
	for (size_t n = 0; w->end < s.len && n < SNAP_POINTS && at > hit.end; n++) {
		if (s.p[at] == ' ') {
			w->end = at;
			break;
		}
		at = step_back(s, at);
	}
}

static struct byte_range last_whole_hit(const struct ranges *hits, struct byte_range w)
{
	struct byte_range last = hits->list.v[0];
	for (size_t i = 1; i < hits->list.n && hits->list.v[i].end <= w.end; i++)
		last = hits->list.v[i];
	return last;
}

void alert_excerpt(const struct alert *a, enum post_field field, size_t max_points,
		   struct alert_excerpt *ret)
{
	alert_excerpt_release(ret);
	size_t index = first_index(a->spans, field);
	struct str text = match_field_text(a->post, field, index);
	AUTO(ranges) struct ranges raw = { 0 }, hits = { 0 };
	AUTO(strbuf) struct strbuf line = STRBUF_INIT(text.len + 1);
	collect(a->spans, field, index, text, &raw);
	fold(text, &raw, &line, &hits);

	struct str s = strbuf_str(&line);
	struct byte_range w = { 0, s.len };
	size_t end = 0;
	walk_on(s, &end, max_points);
	if (end < s.len) {
		struct byte_range first =
			hits.list.n > 0 ? hits.list.v[0] : (struct byte_range){ 0, 0 };
		w = window(s, first, max_points);
		struct byte_range last = hits.list.n > 0 ? last_whole_hit(&hits, w) : first;
		snap(s, (struct byte_range){ first.start, last.end }, &w);
	}
	ret->text = STRBUF_INIT(w.end - w.start + 2 * strlen(ELLIPSIS));
	if (w.start > 0)
		strbuf_adds(&ret->text, ELLIPSIS);
	size_t shift = ret->text.len;
	strbuf_add(&ret->text, str_slice(s, w.start, w.end));
	if (w.end < s.len)
		strbuf_adds(&ret->text, ELLIPSIS);
	for (size_t i = 0; i < hits.list.n; i++) {
		struct byte_range h = hits.list.v[i];
		h.start = h.start < w.start ? w.start : h.start;
		h.end = h.end > w.end ? w.end : h.end;
		if (h.start < h.end)
			vec_push(&ret->hits, ((struct byte_range){ h.start - w.start + shift,
								   h.end - w.start + shift }));
	}
}
