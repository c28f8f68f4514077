/* SPDX-License-Identifier: ISC */
/* What would monitord see in this document?  Needs no daemon. */
#include "base/html.h"
#include "base/json.h"
#include "base/text.h"
#include "channel/channel.h"
#include "config/config.h"
#include "control/cli.h"
#include "source/source.h"

/* --- parse --- */

static json_t *document_to_json(const struct source_document *d)
{
	json_t *all = json_object(), *feed = json_object(), *posts = json_array();
	char updated[DATE_TEXT_MAX];

	json_set_text(feed, "title", d->title);
	json_set_text(feed, "url", d->url);
	json_set_text(feed, "language", d->language);
	date_rfc3339(updated, d->updated_unix_ms);
	json_set_text(feed, "updated", updated[0] != '\0' ? str_c(updated) : STR_NULL);
	for (size_t i = 0; i < d->posts.posts.n; i++)
		json_array_append_new(posts, post_to_json(d->posts.posts.v[i]));
	json_set(all, "feed", feed);
	json_set(all, "posts", posts);
	return all;
}

static void print_document(const struct ctl *c, const struct source_document *d)
{
	AUTO(strbuf) struct strbuf head = STRBUF_INIT(65536);
	size_t n = d->posts.posts.n;

	ctl_style(c, &head, STYLE_BOLD, d->title.len > 0 ? d->title : STR("a feed without title"));
	if (d->url.len > 0) {
		strbuf_adds(&head, "  ");
		ctl_style(c, &head, STYLE_DIM, d->url);
	}
	strbuf_addf(&head, "\n%zu post%s\n", n, n == 1 ? "" : "s");
	ctl_put(&head);
	for (size_t i = 0; i < n; i++) {
		AUTO(strbuf) struct strbuf out = STRBUF_INIT(CTL_OUT_MAX);

		strbuf_addc(&out, '\n');
		ctl_show_post(c, d->posts.posts.v[i], NULL, &out);
		ctl_put(&out);
	}
}

static void say_found(void *ctx, struct str href, struct str type, struct str title)
{
	ctl_note(ctx, "  it advertises a feed: %.*s  %.*s  %.*s", STR_ARG(href), STR_ARG(type), STR_ARG(title));
}

static int choose_type(const struct ctl *c, const struct frame *f, const struct source_type **ret)
{
	struct str name = ctl_option(&c->args, "type");
	AUTO(strbuf) struct strbuf base = STRBUF_INIT(65536);
	const char *names[64];
	size_t n = 0;

	*ret = str_present(name) ? source_type_find(name) : source_detect(f);
	if (*ret != NULL)
		return 0;
	if (!str_present(name)) {
		ctl_error(c, "%.*s: no type of source knows such a document", STR_ARG(ctl_arg(c, 0)));
		html_find_feeds(f->bytes, &base, say_found, (void *)(uintptr_t)c);
		return CTL_BAD_INPUT;
	}
	for (const struct source_type *const *t = source_types(); *t != NULL && n < 64; t++)
		names[n++] = (*t)->name;
	int near = str_nearest(name, names, n);
	AUTO(strbuf) struct strbuf all = STRBUF_INIT(4096);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&all, "%s%s", i > 0 ? ", " : "", names[i]);
	if (near >= 0)
		ctl_error(c, "no type of source is called \"%.*s\"; did you mean %s?", STR_ARG(name), names[near]);
	else
		ctl_error(c, "no type of source is called \"%.*s\"; there are %s", STR_ARG(name), strbuf_cstr(&all));
	return CTL_USAGE;
}

int ctl_parse(struct ctl *c)
{
	AUTO(strbuf) struct strbuf bytes = STRBUF_INIT(CTL_FILE_MAX);
	AUTO(source_document) struct source_document d = { .updated_unix_ms = TIME_ABSENT };
	const struct source_type *type = NULL;
	struct err e = { 0 };
	int code = ctl_read_file(c, ctl_arg(c, 0), CTL_FILE_MAX, &bytes);

	if (code != 0)
		return code;
	const struct frame f = { .bytes = strbuf_str(&bytes), .content_type = ctl_option(&c->args, "content-type"),
		                 .url = ctl_option(&c->args, "base-url") };
	code = choose_type(c, &f, &type);
	if (code != 0)
		return code;
	/* of no owner: settings as they are when none is given */
	void *settings = mem_alloc(type->settings_size + 1), *state = mem_alloc(type->state_size + 1);
	struct source s = { .type = type, .url = f.url, .settings = settings, .state = state };
	int failed = type->parse(&s, &f, &d, &e);
	mem_free(settings);
	mem_free(state);
	if (failed != 0) {
		ctl_error(c, "%.*s: %s", STR_ARG(ctl_arg(c, 0)), e.message);
		return CTL_BAD_INPUT;
	}
	if (d.cut)
		ctl_note(c, "note: the document is cut off; the rest is missing");
	else if (d.repaired)
		ctl_note(c, "note: the document is not as its format wants it, and was repaired");
	if (c->json) {
		OWNED_JSON json_t *all = document_to_json(&d);
		ctl_put_json(all);
	} else {
		print_document(c, &d);
	}
	return CTL_OK;
}
