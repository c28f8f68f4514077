/* SPDX-License-Identifier: ISC */
/*
 * Golden tests of the feed codecs: each folder tests/data/feed/NAME holds input.xml or input.json, expected.json and, if
 * the server said one, content-type (one line).  The document was served from https://feed.example/dir/feed, or from what
 * the file url holds: nothing says that nobody knows.
 */
#include "base/json.h"
#include "lib/golden.h"
#include "lib/test.h"
#include "source/source.h"

static json_t *parse_folder(const char *folder);
static const struct golden golden = { "tests/data/feed", 1, parse_folder };

int main(int argc, char **argv);

/* What else is worth comparing than what monitorctl prints. */
static void add_hints(json_t *j, const struct source_document *d)
{
	json_t *feed = json_object_get(j, "feed");

	json_set_text(feed, "hub", d->hub);
	json_set_text(feed, "self", d->self);
	json_set_int(feed, "ttl_ms", d->hints.ttl_ms);
	json_set_int(feed, "skip_hours", d->hints.skip_hours);
	json_set_int(feed, "skip_days", d->hints.skip_days);
	json_set_bool(feed, "repaired", d->repaired);
}

/* The folder's input as JSON; {"error": …} where the codec refuses it. */
static json_t *parse_folder(const char *folder)
{
	AUTO(strbuf) struct strbuf bytes = STRBUF_INIT(16 << 20), type = STRBUF_INIT(4096), url = STRBUF_INIT(4096);
	struct source_document d;
	struct err e;

	if (!golden_read(&golden, folder, "input.xml", &bytes) && !golden_read(&golden, folder, "input.json", &bytes))
		return json_pack("{s:s}", "error", "no input");
	bool typed = golden_read(&golden, folder, "content-type", &type), placed = golden_read(&golden, folder, "url", &url);
	struct frame f = {
		.bytes = strbuf_str(&bytes),
		.content_type = typed ? str_trim(strbuf_str(&type)) : STR_NULL,
		.url = placed ? str_trim(strbuf_str(&url)) : STR("https://feed.example/dir/feed"),
	};
	const struct source_type *t = source_detect(&f);
	if (t == NULL)
		return json_pack("{s:s}", "error", "no type wants it");
	if (t->parse(NULL, &f, &d, &e) != 0)
		return json_pack("{s:s}", "error", e.message);
	json_t *j = source_document_to_json(&d);
	json_object_set_new(j, "type", json_string(t->name));
	add_hints(j, &d);
	source_document_release(&d);
	return j;
}

int main(int argc, char **argv)
{
	return golden_main(&golden, argc, argv);
}
