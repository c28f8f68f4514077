/* SPDX-License-Identifier: ISC */
/*
 * A document that an answer brought, taken slice by slice: a huge one neither holds the engine nor fills the memory.  Each
 * slice is in the transaction of its batch; validators, cursor and success only in the last one's: after a crash between
 * them the document is read again, and what was taken of it is known by its ids.
 */
#include "engine/internal.h"

#include "base/html.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "engine/rhythm.h"

#define SLICE_POSTS 500          /* some 20 ms of work with what the database does */
#define SLICE_BYTES (2u << 20)   /* of a document that holds few posts */
#define HUGE_BODY_BYTES (4u << 20) /* what its posts took goes back to the system */

struct reading {
	struct reply *reply;     /* whose body it is */
	bool owned;              /* reply: else its message has it, as in the batch that brought it */
	struct source as;        /* as its type sees the source, in the first slice */
	void *state;             /* of a type that was found out just now */
	bool asked;              /* by the type itself, which may have more to ask */
	struct strbuf url;
	struct source_reading *source;
	struct source_document document;
	struct seen *seen;       /* NULL: ids are sure */
	struct strbuf last_id;   /* of its posts so far */
	bool behind_cut;         /* what comes now is what an earlier document lacked */
	bool more;
};

static void first_feed(void *ctx, struct str href, struct str type, struct str title)
{
	(void)type, (void)title;
	struct strbuf *first = ctx;
	if (first->len == 0)
		strbuf_add(first, href);
}

/* Why no type wants this document, and what the user should do. */
static void explain_unknown(const struct frame *f, struct strbuf *why)
{
	AUTO(strbuf) struct strbuf base = STRBUF_INIT(URL_MAX), feed = STRBUF_INIT(URL_MAX), full = STRBUF_INIT(URL_MAX);
	if (html_looks_like(f->bytes))
		html_find_feeds(f->bytes, &base, first_feed, &feed);
	if (feed.len > 0 && url_resolve(&full, base.len > 0 ? strbuf_str(&base) : f->url, strbuf_str(&feed)))
		strbuf_addf(why, "this is a web page, not a feed; it advertises %s: use that", strbuf_cstr(&full));
	else if (html_looks_like(f->bytes))
		strbuf_adds(why, "this is a web page, and it advertises no feed");
	else
		strbuf_adds(why, "the document is no feed of a known type (RSS, Atom, JSON Feed)");
}

void reading_free(struct reading *x)
{
	if (x == NULL)
		return;
	bool huge = x->reply->body.len >= HUGE_BODY_BYTES;
	source_close(x->source);
	source_document_release(&x->document);
	strbuf_release(&x->url);
	strbuf_release(&x->last_id);
	seen_free(x->seen);
	mem_free(x->state);
	if (x->owned)
		reply_free(x->reply);
	mem_free(x);
	if (huge)
		mem_trim();
}

/* -1: nothing more can be read. */
static int read_on(struct reading *x, struct err *e)
{
	struct source_document *d = &x->document;
	int more = source_more(x->source, SLICE_POSTS, SLICE_BYTES, e);
	x->more = more > 0;
	if (more == 0 && d->half && d->posts.posts.n > 0) /* it would come again as an edit, or under another id */
		post_free(d->posts.posts.v[--d->posts.posts.n]);
	return more < 0 ? -1 : 0;
}

struct reading *reading_open(const struct source *s, bool asked, struct reply *r, struct strbuf *why)
{
	struct frame f = { .bytes = strbuf_str(&r->body), .content_type = reply_header(r, "content-type"),
		           .url = str_present(r->final_url) ? r->final_url : s->url, .reply = r };
	const struct source_type *type = s->type != NULL ? s->type : source_detect(&f);
	struct err e = { 0 };
	if (type == NULL) {
		explain_unknown(&f, why);
		return NULL;
	}
	OWNED(reading) struct reading *x = mem_new(struct reading);
	x->reply = r;
	x->url = STRBUF_INIT(URL_MAX);
	x->last_id = STRBUF_INIT(POST_ID_MAX);
	strbuf_add(&x->url, f.url);
	f.url = strbuf_str(&x->url); /* the source's own may change meanwhile */
	x->asked = asked;
	x->as = *s;
	x->as.type = type;
	if (s->state == NULL && type->state_size > 0)
		x->as.state = x->state = mem_alloc(type->state_size);
	x->seen = type->own_ids ? NULL : seen_new();
	x->source = source_begin(type, &x->as, &f, &x->document);
	if (read_on(x, &e) != 0) {
		strbuf_adds(why, e.message);
		return NULL;
	}
	return take(x);
}

const struct source_document *reading_document(const struct reading *x)
{
	return &x->document;
}

const struct reply *reading_reply(const struct reading *x)
{
	return x->reply;
}

void reading_keep(struct reading *x, struct message *m)
{
	x->owned = true;
	m->reply = NULL;
}

/* A login is of the account: its other sources go on with it. */
static int set_session(struct engine *g, struct world_source *s, struct str session)
{
	struct world_account *a = world_account(g->world, s->settings.account);
	struct err e = { 0 };
	if (a == NULL)
		return 0;
	world_set_session(a, session);
	return engine_check(g, store_session_save(g->store, a->settings.name, a->settings.hash, session, &e), &e);
}

/* What a document says beside its posts, once all of it is read. */
static enum step take_document(struct engine *g, struct world_source *s, const struct source_document *d)
{
	if (!str_empty(d->title)) {
		strbuf_reset(&s->kept_title);
		strbuf_add(&s->kept_title, text_cut(d->title, 480));
	}
	s->round.hints = d->hints;
	s->round.repaired |= d->repaired;
	s->round.cut |= d->cut;
	s->round.reads += d->reads;
	if (budget_count(g, s, d->reads) != 0)
		return STEP_FAILED;
	if (str_present(d->lost))
		alarm_lost(g, s, d->lost);
	if (str_present(d->session) && set_session(g, s, d->session) != 0)
		return STEP_FAILED;
	if (str_present(d->cursor) && !str_eq(d->cursor, s->kept.cursor)) {
		struct store_source k = s->kept;
		k.cursor = d->cursor;
		if (poller_save(g, s, &k) != 0)
			return STEP_FAILED;
	}
	return STEP_NEXT;
}

/* From which post of the slice on they were there before anybody asked: all of a first document; of a later one what the
 * first lacked because it was cut off. */
static size_t old_from(const struct world_source *s, struct reading *x, const struct post_list *l)
{
	size_t i = 0;
	if (s->kept.success_unix_ms == TIME_ABSENT || x->behind_cut)
		return 0;
	if (!str_present(s->kept.cut_after))
		return PIPELINE_NONE_OLD;
	x->behind_cut = str_empty(s->kept.cut_after);
	while (i < l->posts.n && !x->behind_cut)
		x->behind_cut = str_eq(l->posts.v[i++]->id, s->kept.cut_after);
	return x->behind_cut ? i : PIPELINE_NONE_OLD;
}

/* Where a document of old posts ends, if not all of it is there. */
static int note_cut(struct engine *g, struct world_source *s, const struct reading *x)
{
	bool old = s->kept.success_unix_ms == TIME_ABSENT || x->behind_cut;
	struct store_source k = s->kept;
	if (x->document.cut && old)
		k.cut_after = strbuf_str(&x->last_id);
	else if (!x->document.cut)
		k.cut_after = STR_NULL;
	bool same = str_eq(k.cut_after, s->kept.cut_after) && str_present(k.cut_after) == str_present(s->kept.cut_after);
	return same ? 0 : poller_save(g, s, &k);
}

/* Moves the first posts of what was read to `slice`: a step of reading may bring more than one. */
static void cut_slice(struct post_list *from, struct post_list *slice)
{
	size_t n = from->posts.n < SLICE_POSTS ? from->posts.n : SLICE_POSTS;
	for (size_t i = 0; i < n; i++)
		vec_push(&slice->posts, from->posts.v[i]);
	from->posts.n -= n;
	if (from->posts.n > 0)
		memmove(from->posts.v, from->posts.v + n, from->posts.n * sizeof(from->posts.v[0]));
}

static int take_slice(struct engine *g, struct world_source *s, struct reading *x)
{
	struct post_list slice = { 0 };
	if (s->round.gap_ms == 0) {
		struct rhythm_gaps gaps = rhythm_gaps(&x->document.posts);
		s->round.gap_ms = gaps.median_ms;
		s->round.longest_ms = gaps.longest_ms;
	}
	cut_slice(&x->document.posts, &slice);
	if (slice.posts.n > 0) {
		strbuf_reset(&x->last_id);
		strbuf_add(&x->last_id, slice.posts.v[slice.posts.n - 1]->id);
	}
	int r = pipeline_take(g, s, &slice, old_from(s, x, &slice), x->seen, &s->round.taken);
	post_list_release(&slice);
	return r;
}

enum step reading_take(struct engine *g, struct world_source *s, struct reading *x)
{
	if (s->source.type == NULL) {
		s->source.type = x->as.type;
		s->source.state = x->state != NULL ? x->state : mem_alloc(x->as.type->state_size);
		x->state = NULL;
	}
	if (take_slice(g, s, x) != 0)
		return STEP_FAILED;
	if (x->more || x->document.posts.posts.n > 0)
		return STEP_SLICE;
	enum step step = note_cut(g, s, x) != 0 ? STEP_FAILED : take_document(g, s, &x->document);
	if (step == STEP_NEXT)
		websub_seen(g, s, x->reply, &x->document);
	return step == STEP_NEXT && !x->asked ? STEP_END : step;
}

enum step reading_go_on(struct engine *g, struct world_source *s, struct reading *x)
{
	struct err e = { 0 };
	if (x->document.posts.posts.n > 0 || read_on(x, &e) == 0)
		return reading_take(g, s, x);
	poller_failed(g, s, x->reply, str_c(e.message));
	return STEP_FAILED;
}

static int take_all(struct engine *g, struct world_source *s, struct source_reading *x, struct source_document *d,
                    struct taken *ret, struct err *e)
{
	size_t old_from = s->kept.success_unix_ms == TIME_ABSENT ? 0 : PIPELINE_NONE_OLD;
	struct seen *seen = seen_new(); /* only documents are pushed, whose ids are what publishers make of them */
	int more;
	do {
		more = source_more(x, SLICE_POSTS, SLICE_BYTES, e);
		if (d->half && d->posts.posts.n > 0)
			post_free(d->posts.posts.v[--d->posts.posts.n]);
		if (more >= 0 && pipeline_take(g, s, &d->posts, old_from, seen, ret) != 0)
			more = -1;
		post_list_release(&d->posts);
	} while (more > 0);
	seen_free(seen);
	return more;
}

int reading_whole(struct engine *g, struct world_source *s, const struct frame *f, struct taken *ret, struct strbuf *why)
{
	const struct source_type *type = s->source.type != NULL ? s->source.type : source_detect(f);
	struct source_document d = { 0 };
	struct err e = { 0 };
	if (type == NULL) {
		explain_unknown(f, why);
		return -1;
	}
	struct source as = s->source; /* a poll that is under way goes on with its own state */
	as.type = type;
	as.state = type->state_size > 0 ? mem_alloc(type->state_size) : NULL;
	struct source_reading *x = source_begin(type, &as, f, &d);
	int r = take_all(g, s, x, &d, ret, &e);
	if (r != 0 && !g->batch_failed)
		strbuf_adds(why, e.message);
	source_close(x);
	source_document_release(&d);
	mem_free(as.state);
	return r;
}
