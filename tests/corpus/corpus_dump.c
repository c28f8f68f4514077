/* SPDX-License-Identifier: ISC */
/*
 * What the codecs make of other projects' test data.  Reads questions from stdin, one JSON object a line, and answers each
 * with one line:
 *
 *   {"op":"feed","path":P,"url":U,"content_type":T}  {"ms","type","encoding","repaired","document"} or {"ms","error"}
 *   {"op":"cuts","path":P,"step":N}                  every N-th prefix of the file: {"runs","ms"}, ms of the slowest
 *   {"op":"opml","path":P}                           {"feeds":[{title,url,tags}]} or {"error"}
 *   {"op":"social","type":T,"body":S}                an answer of a network's API: {"ms","posts"} or {"ms","error"}
 *   {"op":"record","did":D,"rkey":R,"record":{…}}    one of Bluesky: {"ms","posts"}
 *   {"op":"date","in":S}, {"op":"http_date","in":S}  {"out"}: RFC 3339, null if it is none
 *   {"op":"html","in":S}, {"op":"unescape","in":S}   {"out"}
 *
 * Times are of the processor: other processes do not count.
 */
#include "base/date.h"
#include "base/html.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/xml.h"
#include "corpus/answers.h"
#include "lib/test.h"
#include "control/opml.h"
#include "source/bluesky.h"
#include "source/source.h"

#define TEXT_MAX (64u << 20)

int main(void);

static json_t *of_document(const struct source_document *d)
{
	json_t *j = source_document_to_json(d), *feed = json_object_get(j, "feed");

	json_set_text(feed, "self", d->self);
	json_set_text(feed, "hub", d->hub);
	json_set_int(feed, "ttl_ms", d->hints.ttl_ms);
	return j;
}

static void no_start(void *ctx __attribute__((unused)), struct str name __attribute__((unused)),
                     struct str ns __attribute__((unused)), struct str prefix __attribute__((unused)),
                     const struct xml_attr *attrs __attribute__((unused)), size_t n __attribute__((unused)))
{
}

static void no_end(void *ctx __attribute__((unused)), struct str name __attribute__((unused)))
{
}

static void no_text(void *ctx __attribute__((unused)), struct str text __attribute__((unused)))
{
}

static void add_encoding(json_t *answer, const struct frame *f)
{
	static const struct xml_handler handler = { .start = no_start, .end = no_end, .text = no_text };
	struct xml_result r;
	struct err e;

	if (xml_parse(f->bytes, f->content_type, &handler, NULL, &r, &e) != 0)
		return;
	json_set_text(answer, "encoding", strbuf_str(&r.encoding));
	json_set_bool(answer, "repaired", r.repaired);
	strbuf_release(&r.encoding);
}

/* As a source without a `type` does it; a document that no type wants is a feed's all the same. */
static json_t *parse(const struct frame *f)
{
	const struct source_type *t = source_detect(f);
	json_t *answer = json_object();
	struct source_document d;
	struct err e;
	int64_t start = test_cpu_us();
	int failed = (t ? t : source_type_find(STR("feed")))->parse(NULL, f, &d, &e);

	json_set_int(answer, "ms", (test_cpu_us() - start) / 1000);
	json_set_text(answer, "type", t ? str_c(t->name) : STR_NULL);
	if (failed) {
		json_set_text(answer, "error", str_c(e.message));
		return answer;
	}
	json_set(answer, "document", of_document(&d));
	source_document_release(&d);
	return answer;
}

static json_t *answer_feed(const json_t *q, struct str bytes)
{
	struct frame f = {
		.bytes = bytes,
		.content_type = json_get_str(q, "content_type"),
		.url = json_get_str(q, "url"),
	};
	json_t *answer = parse(&f);

	if (str_eq(json_get_str(answer, "type"), STR("feed")))
		add_encoding(answer, &f);
	return answer;
}

static json_t *answer_cuts(const json_t *q, struct str bytes)
{
	json_t *answer = json_object();
	size_t step = (size_t)json_get_int(q, "step", 64);
	int64_t runs = 0, slowest_us = 0;

	for (size_t n = 0; n < bytes.len; n += step, runs++) {
		/* a block of its own, so that a sanitizer sees a byte read behind the end */
		char *copy = mem_alloc(n + 1);
		memcpy(copy, bytes.p, n);
		struct frame f = { .bytes = str_n(copy, n) };
		int64_t start = test_cpu_us();
		json_decref(parse(&f));
		int64_t took = test_cpu_us() - start;
		slowest_us = took > slowest_us ? took : slowest_us;
		mem_free(copy);
	}
	json_set_int(answer, "runs", runs);
	json_set_int(answer, "ms", slowest_us / 1000);
	return answer;
}

static json_t *answer_opml(struct str bytes)
{
	json_t *answer = json_object(), *list = json_array();
	struct opml o;
	struct err e;

	json_set(answer, "feeds", list);
	if (opml_parse(bytes, &o, &e) != 0) {
		json_set_text(answer, "error", str_c(e.message));
		return answer;
	}
	for (size_t i = 0; i < o.feeds.n; i++) {
		const struct opml_feed *f = &o.feeds.v[i];
		json_t *j = json_object(), *tags = json_array();

		json_set_text(j, "title", f->title);
		json_set_text(j, "url", f->url);
		for (size_t k = 0; k < f->tags.n; k++)
			json_array_append_new(tags, json_text(f->tags.v[k]));
		json_set(j, "tags", tags);
		json_array_append_new(list, j);
	}
	opml_release(&o);
	return answer;
}

static json_t *answer_social(const json_t *q)
{
	const struct source_type *t = source_type_find(json_get_str(q, "type"));
	struct source s = { .type = t, .name = STR("corpus"), .url = STR("https://social.example"), .backfill_ms = INT64_MAX,
		            .settings = mem_alloc(t->settings_size), .state = mem_alloc(t->state_size) };
	struct frame f = { .bytes = json_get_str(q, "body"), .url = s.url };
	struct source_document d;
	struct err e;
	json_t *answer = json_object();
	int64_t start = test_cpu_us();
	int failed = t->parse(&s, &f, &d, &e);

	json_set_int(answer, "ms", (test_cpu_us() - start) / 1000);
	if (failed) {
		json_set_text(answer, "error", str_c(e.message));
	} else {
		json_t *j = source_document_to_json(&d);
		json_set(answer, "posts", json_incref((json_t *)(uintptr_t)json_get(j, "posts")));
		json_decref(j);
	}
	source_document_release(&d);
	mem_free(s.settings);
	mem_free(s.state);
	return answer;
}

static json_t *answer_record(const json_t *q)
{
	json_t *answer = json_object(), *posts = json_array();
	int64_t start = test_cpu_us();
	OWNED(post) struct post *p = bluesky_record(json_get_str(q, "did"), json_get_str(q, "rkey"), json_get(q, "record"));

	if (p != NULL) {
		post_seal(p);
		json_array_append_new(posts, post_to_json(p));
	}
	json_set_int(answer, "ms", (test_cpu_us() - start) / 1000);
	json_set(answer, "posts", posts);
	return answer;
}

static json_t *answer_text(struct str op, struct str in)
{
	AUTO(strbuf) struct strbuf out = STRBUF_INIT(TEXT_MAX);
	char date[DATE_TEXT_MAX];
	json_t *answer = json_object();

	if (str_eq(op, STR("html")))
		html_to_text(&out, in, NULL, NULL);
	else if (str_eq(op, STR("unescape")))
		html_unescape(&out, in);
	else
		strbuf_adds(&out, date_rfc3339(date, str_eq(op, STR("date")) ? date_parse(in) : date_parse_http(in)));
	bool none = out.len == 0 && str_find(op, STR("date")) != STR_NPOS;
	json_set_text(answer, "out", none ? STR_NULL : out.len ? strbuf_str(&out) : STR(""));
	return answer;
}

static json_t *answer_to(const json_t *q)
{
	struct str op = json_get_str(q, "op"), path = json_get_str(q, "path");

	if (str_eq(op, STR("social")))
		return answer_social(q);
	if (str_eq(op, STR("record")))
		return answer_record(q);
	if (!str_present(path))
		return answer_text(op, json_get_str(q, "in"));
	struct str bytes = test_read_file(path.p);
	json_t *answer = str_eq(op, STR("cuts")) ? answer_cuts(q, bytes) :
	                 str_eq(op, STR("opml")) ? answer_opml(bytes) : answer_feed(q, bytes);
	mem_free((void *)(uintptr_t)bytes.p);
	return answer;
}

int main(void)
{
	xml_setup();
	json_setup();
	return dump_answers("corpus_dump", TEXT_MAX, answer_to);
}
