/* SPDX-License-Identifier: ISC */
/* What holds of every post that a codec gives, whatever it was made of. */
#pragma once

#include "fuzz/fuzz.h"

#include "base/text.h"
#include "base/url.h"
#include "model/post.h"

static inline void check_text(struct str s)
{
	MUST(text_is_utf8(s));
	MUST(!str_present(s) || (s.len > 0 && s.len <= POST_TEXT_MAX && str_eq(s, str_trim(s))));
	for (size_t i = 0; i < s.len; i++)
		MUST((unsigned char)s.p[i] >= 0x20 || s.p[i] == '\n' || s.p[i] == '\t');
}

static inline void check_url(struct str s)
{
	check_text(s);
	MUST(!str_present(s) || (url_is_http(s) && s.len <= URL_MAX));
}

static inline void check_author(const struct author *a)
{
	check_text(a->name);
	check_text(a->handle);
	check_text(a->id);
	check_url(a->url);
}

static inline void check_post(struct post *p)
{
	uint64_t fingerprint = p->fingerprint;
	MUST(p->id.len > 0 && p->id.len <= POST_ID_MAX);
	const struct str texts[] = { p->id, p->title, p->text, p->summary, p->language, p->reply_to, p->quote_of, p->repost_of,
		                     p->thread, p->content_warning };
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		check_text(texts[i]);
	check_url(p->url);
	for (size_t i = 0; i < p->links.n; i++)
		check_url(p->links.v[i]);
	for (size_t i = 0; i < p->tags.n; i++)
		check_text(p->tags.v[i]);
	for (size_t i = 0; i < p->authors.n; i++)
		check_author(&p->authors.v[i]);
	for (size_t i = 0; i < p->mentions.n; i++)
		check_author(&p->mentions.v[i]);
	for (size_t i = 0; i < p->enclosures.n; i++)
		check_url(p->enclosures.v[i].url);
	MUST(p->context.n <= POST_CONTEXT_MAX);
	for (size_t i = 0; i < p->context.n; i++) {
		MUST(p->context.v[i].post->context.n == 0);
		check_post(p->context.v[i].post);
	}
	MUST(!arena_full(p->arena));
	post_seal(p);
	MUST(p->fingerprint == fingerprint);
}
