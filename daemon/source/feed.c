/* SPDX-License-Identifier: ISC */
/*
 * RSS 0.9x to 2.0, RSS 1.0 (RDF), Atom 0.3 and 1.0, and all mixtures of them that are really served: one handler for the
 * elements of all, because publishers mix them.
 */
#include "feed_reader.h"

#include <string.h>

#include "base/url.h"

#define DETECT_BYTES 4096
#define USUAL_BYTES (32u << 10) /* of a long article as HTML */

static void feed_release(struct feed *f)
{
	post_free(f->post);
	vec_free(&f->authors);
	vec_free(&f->substitutes);
	struct strbuf *const buffers[] = { &f->words, &f->text, &f->scratch, &f->spare, &f->person.name, &f->person.email,
		                           &f->person.url, &f->person.text };
	for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++)
		strbuf_release(buffers[i]);
	mem_free(f);
}

static struct feed *feed_new(struct source_document *d, struct str base)
{
	struct feed *f = mem_new(struct feed);

	f->doc = d;
	f->base = base;
	f->words = STRBUF_INIT(1u << 20);
	f->text = STRBUF_INIT(FIELD_HTML_MAX);
	f->scratch = STRBUF_INIT(FIELD_HTML_MAX * 2);
	f->spare = STRBUF_INIT(FIELD_HTML_MAX * 6);
	f->person.name = f->person.email = f->person.url = STRBUF_INIT(4096);
	f->person.text = STRBUF_INIT(4096);
	(void)strbuf_reserve(&f->text, USUAL_BYTES); /* else each document would make it grow step by step */
	(void)strbuf_reserve(&f->scratch, USUAL_BYTES);
	return f;
}

static bool feed_next(struct source *s, int64_t now_unix_ms __attribute__((unused)), struct transfer *ret)
{
	return source_next_single(s, ret, "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, "
	                                  "application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1");
}

struct feed_reading {
	struct source_reading reading;
	struct feed *feed;
	struct xml_reader *xml;
};
#define STEP_BYTES (64u << 10)

/* All was read. */
static int feed_end(struct feed *f, const struct xml_result *result, struct err *e)
{
	struct source_document *d = f->doc;

	d->repaired = result->repaired;
	d->cut = result->end != XML_WHOLE;
	d->half = result->end == XML_CUT_IN_ITEM && f->item_any;
	if (!f->known_root && f->handed_on + d->posts.posts.n == 0)
		return err_set(e, ERR_INPUT, "no feed: neither RSS nor Atom");
	if (f->update_period_ms)
		feed_head_ttl(f, f->update_period_ms / (int64_t)(f->update_frequency < 10000 ? f->update_frequency : 10000));
	return 0;
}

static int feed_more(struct source_reading *r, size_t max_posts, size_t max_bytes, struct err *e)
{
	struct feed_reading *x = (struct feed_reading *)r;
	struct feed *f = x->feed;
	const struct post_list *posts = &f->doc->posts;
	struct xml_result result;
	int more = 1;

	for (size_t bytes = 0; more == 1 && posts->posts.n < max_posts && bytes < max_bytes; bytes += STEP_BYTES)
		more = xml_read(x->xml, STEP_BYTES, &result, e);
	if (more == 0) {
		more = feed_end(f, &result, e);
		strbuf_release(&result.encoding);
	}
	if (more < 0)
		return -1;
	source_document_finish(f->doc, f->authors.v, f->authors.n);
	f->handed_on += posts->posts.n;
	return more;
}

static void feed_close(struct source_reading *r)
{
	struct feed_reading *x = (struct feed_reading *)r;

	xml_close(x->xml);
	feed_release(x->feed);
	mem_free(x);
}

static struct source_reading *feed_begin(const struct frame *frame, struct source_document *out)
{
	struct feed_reading *x = mem_new(struct feed_reading);

	source_document_init(out);
	x->reading = (struct source_reading){ feed_more, feed_close };
	x->feed = feed_new(out, frame->url);
	x->xml = xml_open(frame->bytes, frame->content_type, &feed_handler, x->feed);
	return &x->reading;
}

/* A document that came from nowhere (a file) may say itself where it lives: then it is read again, from there. */
static int feed_parse(struct source *s __attribute__((unused)), const struct frame *frame, struct source_document *out,
                      struct err *e)
{
	AUTO(strbuf) struct strbuf self = STRBUF_INIT(URL_MAX);
	struct frame again = *frame;

	if (source_parse_whole(&source_feed, frame, out, e) != 0)
		return -1;
	if (!str_empty(frame->url) || !url_is_http(out->self))
		return 0;
	strbuf_add(&self, out->self);
	again.url = strbuf_str(&self);
	source_document_release(out);
	return source_parse_whole(&source_feed, &again, out, e);
}

/* Local name of the first element from `from` on, of what may be XML in any charset; `ret_next` is behind it. */
static struct str next_element(struct str s, size_t from, size_t *ret_next)
{
	for (size_t i = from; i + 1 < s.len; i++) {
		const char *lt = memchr(s.p + i, '<', s.len - i);

		if (lt == NULL)
			break;
		i = (size_t)(lt - s.p);
		struct str rest = str_from(s, i);
		if (str_starts(rest, STR("<!--"))) {
			size_t end = str_find(rest, STR("-->"));
			i = end == STR_NPOS ? s.len : i + end + 2;
		} else if (rest.len > 1 && char_is_alpha(rest.p[1])) {
			size_t n = 1;
			while (n < rest.len && !char_is_space(rest.p[n]) && rest.p[n] != '>' && rest.p[n] != '/')
				n++;
			*ret_next = i + n;
			rest = str_slice(rest, 1, n);
			size_t colon = str_rchr(rest, ':');
			return colon == STR_NPOS ? rest : str_from(rest, colon + 1);
		}
	}
	return STR_NULL;
}

static int feed_detect(const struct frame *frame)
{
	AUTO(strbuf) struct strbuf head = STRBUF_INIT(DETECT_BYTES);
	struct str rest = str_slice(frame->bytes, 0, DETECT_BYTES), piece;

	while (str_split(&rest, '\0', &piece)) /* UTF-16 without its zeros */
		strbuf_add(&head, piece);
	/* what a proxy or a script's warnings put around a feed does not hide it */
	size_t next = 0;
	for (int score = 100;; score = 50) {
		struct str name = next_element(strbuf_str(&head), next, &next);

		if (str_eq_nocase(name, STR("rss")) || str_eq_nocase(name, STR("feed")) || str_eq_nocase(name, STR("rdf")))
			return score;
		if (!str_present(name) || (score == 100 && str_eq_nocase(name, STR("channel"))))
			return str_present(name) ? 60 : 0;
	}
}

const struct source_type source_feed = {
	.name = "feed",
	.help = "RSS 0.9x to 2.0, RSS 1.0 (RDF), Atom 0.3 and 1.0",
	.framing = FRAMING_BODY,
	.state_size = sizeof(struct single_state),
	.next = feed_next,
	.parse = feed_parse,
	.begin = feed_begin,
	.detect = feed_detect,
};
