/* SPDX-License-Identifier: ISC */
/* Fields of the feed itself: its title, its rhythm, and the persons that it names. */
#include "feed_reader.h"

#include "base/html.h"
#include "base/num.h"
#include "base/text.h"

#define TTL_MAX_MS (INT64_C(7) * 24 * 3600 * 1000) /* ours: a mistake in a ttl must not silence a source */

void feed_head_ttl(struct feed *f, int64_t ms)
{
	if (ms > f->doc->hints.ttl_ms)
		f->doc->hints.ttl_ms = ms < TTL_MAX_MS ? ms : TTL_MAX_MS;
}

static void update_period(struct feed *f, struct str period)
{
	static const struct {
		const char *name;
		int64_t hours;
	} periods[] = { { "hourly", 1 }, { "daily", 24 }, { "weekly", 168 }, { "monthly", 720 }, { "yearly", 8760 } };

	for (size_t i = 0; i < sizeof(periods) / sizeof(periods[0]); i++)
		if (str_eq_nocase(period, str_c(periods[i].name)))
			f->update_period_ms = periods[i].hours * 3600 * 1000;
}

/* For items that name none. */
static void add_feed_author(struct feed *f, struct str name, struct str url)
{
	if (!str_empty(str_trim(name)) && f->authors.n < 16)
		vec_push(&f->authors, ((struct author){ .name = arena_str(f->doc->arena, name), .url = url }));
}

void feed_head_field(struct feed *f, enum element e)
{
	struct source_document *d = f->doc;
	struct ranks *r = &f->feed_ranks;
	struct str raw = str_trim(strbuf_str(&f->text));
	uint64_t n;

	switch ((int)e) {
	case E_TITLE:
		feed_set_text(&d->title, &r->title, 1, feed_plain(f));
		break;
	case E_TITLE_ELSE:
		feed_set_text(&d->title, &r->title, 2, feed_plain(f));
		break;
	case E_LINK:
		feed_set_text(&d->url, &r->link, 1, source_absolute(d->arena, feed_base(f), raw));
		break;
	case E_CREATOR:
	case E_AUTHOR_ELSE:
		add_feed_author(f, source_person_name(feed_plain(f)), STR_NULL);
		break;
	case E_LANGUAGE:
		feed_set_text(&d->language, &r->language, 1, arena_str(d->arena, text_cut(raw, 64)));
		break;
	case E_UPDATED:
		feed_set_time(&d->updated_unix_ms, &r->updated, 1, raw);
		break;
	case E_PUBLISHED:
	case E_UPDATED_ELSE:
		feed_set_time(&d->updated_unix_ms, &r->updated, 2, raw);
		break;
	case E_DATE:
		feed_set_time(&d->updated_unix_ms, &r->updated, 3, raw);
		break;
	case E_TTL:
		if (num_u64(raw, &n) && n < 1000000000)
			feed_head_ttl(f, (int64_t)n * 60 * 1000);
		break;
	case E_UPDATE_PERIOD:
		update_period(f, raw);
		break;
	case E_UPDATE_FREQUENCY:
		if (num_u64(raw, &n) && n > 0)
			f->update_frequency = n;
		break;
	default:
		break;
	}
}

void feed_head_skip_hour(struct feed *f)
{
	uint64_t hour;

	if (num_u64(str_trim(strbuf_str(&f->text)), &hour) && hour <= 24)
		f->doc->hints.skip_hours |= 1u << hour % 24;
}

void feed_head_skip_day(struct feed *f)
{
	static const char *const days[] = { "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday" };

	for (unsigned i = 0; i < 7; i++)
		if (str_eq_nocase(str_trim(strbuf_str(&f->text)), str_c(days[i])))
			f->doc->hints.skip_days = (uint8_t)(f->doc->hints.skip_days | 1u << i);
}

/* --- persons ------------------------------------------------------------------------------------------------ */

void feed_person_begin(struct feed *f, const struct xml_attr *attrs, size_t n_attrs)
{
	struct person *p = &f->person;

	feed_push(f, PLACE_PERSON, attrs, n_attrs);
	strbuf_reset(&p->name);
	strbuf_reset(&p->email);
	strbuf_reset(&p->url);
	strbuf_reset(&p->text);
}

void feed_person_field(struct feed *f, enum element e)
{
	struct person *p = &f->person;
	struct strbuf *to = e == E_NAME ? &p->name : e == E_URI ? &p->url : e == E_EMAIL ? &p->email : NULL;

	if (to == NULL || to->len)
		return;
	struct str value = str_trim(strbuf_str(&f->text));
	if (e == E_NAME && html_looks_like(value))
		html_to_text(to, value, NULL, NULL);
	else
		strbuf_add(to, value);
}

void feed_person_finish(struct feed *f, enum place of)
{
	struct person *p = &f->person;
	struct arena *arena = f->post ? f->post->arena : f->doc->arena;
	struct author a = { .name = strbuf_str(&p->name), .url = source_absolute(arena, feed_base(f), strbuf_str(&p->url)) };

	if (str_empty(a.name))
		a.name = p->email.len ? strbuf_str(&p->email) : source_person_name(strbuf_str(&p->text));
	if (of == PLACE_SOURCE) {
		feed_add_substitute(f, a.name, a.url);
	} else if (f->post) {
		post_add_author(f->post, a.name, STR_NULL, a.url);
	} else {
		add_feed_author(f, a.name, a.url);
	}
}
