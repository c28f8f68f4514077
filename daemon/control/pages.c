/* SPDX-License-Identifier: ISC */
/* Lists that the API gives page by page. */
#include "base/json.h"
#include "base/url.h"
#include "control/cli.h"

#define PAGE_MAX 1000 /* the API's most for one answer */

static void show_progress(const struct ctl_pages *p, const json_t *answer)
{
	char when[CTL_WHEN_MAX];

	if (p->c->progress && json_is_string(json_get(answer, "reached")))
		fprintf(stderr, "\r\033[K%llu found, back to %s", (unsigned long long)p->found,
		        ctl_when_json(p->c, when, answer, "reached"));
}

static void hide_progress(const struct ctl_pages *p)
{
	if (p->c->progress)
		fputs("\r\033[K", stderr);
}

static int read_page(struct ctl_pages *p, struct strbuf *next)
{
	AUTO(strbuf) struct strbuf path = STRBUF_INIT(1u << 20), number = STRBUF_INIT(32);
	OWNED_JSON json_t *answer = NULL;
	uint64_t left = p->limit - p->found;

	strbuf_adds(&path, p->base);
	strbuf_addf(&number, "%llu", (unsigned long long)(left < PAGE_MAX ? left : PAGE_MAX));
	url_param(&path, "limit", strbuf_str(&number));
	url_param(&path, p->cursor, next->len > 0 ? strbuf_str(next) : STR_NULL);
	int code = ctl_call(p->c, "GET", strbuf_cstr(&path), NULL, &answer);
	strbuf_reset(next);
	if (code != 0)
		return code;
	const json_t *page = json_get(answer, p->list);
	if (json_array_size(page) > 0)
		hide_progress(p); /* what is printed must not stand behind it */
	for (size_t i = 0; i < json_array_size(page); i++, p->found++)
		p->each(p->ctx, json_array_get(page, i));
	strbuf_add(next, json_get_str(answer, "next"));
	show_progress(p, answer);
	return 0;
}

int ctl_pages(struct ctl_pages *p)
{
	AUTO(strbuf) struct strbuf next = STRBUF_INIT(1024);
	int code;

	do
		code = read_page(p, &next);
	while (code == 0 && next.len > 0 && p->found < p->limit);
	hide_progress(p);
	p->more = next.len > 0;
	return code;
}
