/* SPDX-License-Identifier: ISC */
/* Posts: filling them and sealing them. */
#include "model/post.h"

#include "base/hash.h"
#include "base/text.h"
#include "base/url.h"

/* Ours: what is longer is no title, name or language but a mistake or an attack. */
#define TITLE_MAX_BYTES 4096
#define NAME_MAX_BYTES 1024
#define NOTED_MAX_BYTES 60 /* of what a note quotes */
#define LANGUAGE_MAX_BYTES 35 /* BCP 47, 4.4.1 */
#define AUTHORS_MAX 100
#define MENTIONS_MAX 256
#define TAGS_MAX 256
#define LINKS_MAX 512
#define ENCLOSURES_MAX 100

struct post *post_new(void)
{
	struct post *p = mem_new(struct post);

	p->arena = arena_new(POST_ARENA_MAX);
	p->published_unix_ms = p->updated_unix_ms = p->came_unix_ms = TIME_ABSENT;
	p->metrics = (struct post_metrics){ .likes = -1, .reposts = -1, .replies = -1, .quotes = -1, .views = -1 };
	return p;
}

static void drop_context(struct post *p)
{
	for (size_t i = 0; i < p->context.n; i++)
		post_free(p->context.v[i].post);
	vec_free(&p->context);
}

void post_free(struct post *p)
{
	if (p == NULL)
		return;
	vec_free(&p->authors);
	vec_free(&p->mentions);
	drop_context(p);
	vec_free(&p->tags);
	vec_free(&p->links);
	vec_free(&p->enclosures);
	vec_free(&p->notes);
	arena_free(p->arena);
	mem_free(p);
}

void post_list_release(struct post_list *l)
{
	for (size_t i = 0; i < l->posts.n; i++)
		post_free(l->posts.v[i]);
	vec_free(&l->posts);
}

static struct author *add_account(struct post *p, author_list *list, size_t max, struct author a)
{
	if ((str_empty(a.name) && str_empty(a.handle) && str_empty(a.url)) || list->n == max)
		return NULL;
	for (size_t i = 0; i < list->n; i++) {
		const struct author *b = &list->v[i];

		if (str_eq(a.name, b->name) && str_eq(a.handle, b->handle) && str_eq(a.url, b->url))
			return NULL;
	}
	a.name = arena_str(p->arena, a.name);
	a.handle = arena_str(p->arena, a.handle);
	a.url = arena_str(p->arena, a.url);
	a.followers = -1;
	vec_push(list, a);
	return &list->v[list->n - 1];
}

struct author *post_add_author(struct post *p, struct str name, struct str handle, struct str url)
{
	struct author a = { .name = str_trim(name), .handle = str_trim(handle), .url = str_trim(url) };

	return add_account(p, &p->authors, AUTHORS_MAX, a);
}

struct author *post_add_mention(struct post *p, struct str name, struct str handle, struct str url)
{
	struct author a = { .name = str_trim(name), .handle = str_trim(handle), .url = str_trim(url) };

	return add_account(p, &p->mentions, MENTIONS_MAX, a);
}

void post_add_context(struct post *p, enum relation relation, struct post *other)
{
	bool known = p->context.n == POST_CONTEXT_MAX;

	for (size_t i = 0; i < p->context.n; i++) {
		const struct context_post *c = &p->context.v[i];

		known = known || (c->relation == relation && str_eq(c->post->id, other->id));
	}
	if (known) {
		post_free(other);
		return;
	}
	drop_context(other);
	vec_push(&p->context, ((struct context_post){ .relation = relation, .post = other }));
}

struct str post_reference(const struct post *p, enum relation r)
{
	const struct str ids[RELATION_N] = {
		[RELATION_PARENT] = p->reply_to,
		[RELATION_QUOTED] = p->quote_of,
		[RELATION_REPOSTED] = p->repost_of,
		[RELATION_ROOT] = str_eq(p->thread, p->id) ? STR_NULL : p->thread,
	};

	return ids[r];
}

bool post_relates(const struct post *p, size_t context, enum relation r)
{
	const struct context_post *c = &p->context.v[context];

	return c->relation == r || (r == RELATION_ROOT && c->relation == RELATION_PARENT && str_present(p->thread) &&
	                            str_eq(p->thread, p->reply_to));
}

unsigned post_lacks(const struct post *p)
{
	unsigned lacks = 0;

	for (enum relation r = 0; r < RELATION_N; r++) {
		bool known = !str_present(post_reference(p, r));
		for (size_t i = 0; i < p->context.n && !known; i++)
			known = post_relates(p, i, r);
		lacks |= known ? 0 : 1u << r;
	}
	return lacks;
}

const char *post_relation_name(enum relation r)
{
	static const char *const names[RELATION_N] = {
		[RELATION_PARENT] = "parent",
		[RELATION_QUOTED] = "quoted",
		[RELATION_REPOSTED] = "reposted",
		[RELATION_ROOT] = "root",
	};

	return names[r];
}

void post_add_tag(struct post *p, struct str tag)
{
	tag = text_cut(str_trim(tag), NAME_MAX_BYTES);
	if (str_empty(tag) || p->tags.n == TAGS_MAX)
		return;
	for (size_t i = 0; i < p->tags.n; i++)
		if (str_eq_nocase(p->tags.v[i], tag))
			return;
	vec_push(&p->tags, arena_str(p->arena, tag));
}

void post_add_link(struct post *p, struct str url)
{
	url = str_trim(url);
	if (str_empty(url) || url.len > URL_MAX || p->links.n == LINKS_MAX)
		return;
	for (size_t i = 0; i < p->links.n; i++)
		if (str_eq(p->links.v[i], url))
			return;
	vec_push(&p->links, arena_str(p->arena, url));
}

void post_add_note(struct post *p, struct str note)
{
	for (size_t i = 0; i < p->notes.n; i++)
		if (str_eq(p->notes.v[i], note))
			return;
	if (p->notes.n < POST_NOTES_MAX)
		vec_push(&p->notes, arena_str(p->arena, note));
}

int64_t post_date(struct post *p, const char *name, struct str s)
{
	int64_t t = date_parse(s);

	s = str_trim(s);
	if (t == TIME_ABSENT && !str_empty(s))
		post_add_note(p, arena_fmt(p->arena, "%s: \"%.*s\" impossible, left out", name,
		                           STR_ARG(text_cut(s, NOTED_MAX_BYTES))));
	return t;
}

/* --- sealing ----------------------------------------------------------------------------------- */

/* Would text_fold_space leave it as it is?  0xc2 may begin U+00A0. */
static bool is_folded(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i];

		if (c == ' ' ? i == 0 || i + 1 == s.len || s.p[i - 1] == ' ' : char_is_space(c) || (unsigned char)c == 0xc2)
			return false;
	}
	return true;
}

/* Many lines: repaired, trimmed, cut.  Empty is absent. */
static struct str seal_text(struct post *p, struct str s, size_t max)
{
	s = str_trim(s);
	if (str_empty(s))
		return STR_NULL;
	if (!text_is_clean(s)) { /* nearly every text is: this saves the copy */
		AUTO(strbuf) struct strbuf b = STRBUF_INIT(s.len * 3 + 1); /* a byte becomes at most U+FFFD */

		text_repair(&b, s);
		s = arena_str(p->arena, str_trim(text_cut(strbuf_str(&b), max)));
	}
	s = str_trim(text_cut(s, max));
	return str_empty(s) ? STR_NULL : s;
}

/* One line: the same with white space folded. */
static struct str seal_line(struct post *p, struct str s, size_t max)
{
	if (s.len > 0 && s.len <= max && text_ascii_run(s, '!') == s.len)
		return s; /* one word of ASCII, as addresses and ids are */
	s = seal_text(p, s, max);
	if (str_present(s) && !is_folded(s)) {
		AUTO(strbuf) struct strbuf b = STRBUF_INIT(s.len + 1);

		text_fold_space(&b, s);
		if (!str_eq(s, strbuf_str(&b)))
			s = arena_str(p->arena, strbuf_str(&b));
	}
	return str_empty(s) ? STR_NULL : s;
}

static struct str seal_url(struct post *p, struct str s)
{
	s = seal_line(p, s, URL_MAX + 1);
	return s.len <= URL_MAX && url_is_http(s) ? s : STR_NULL;
}

static struct str seal_id(struct post *p, struct str s)
{
	unsigned char digest[SHA256_BYTES];

	s = seal_line(p, s, POST_TEXT_MAX);
	if (s.len <= POST_ID_MAX)
		return s;
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(128);
	hash_sha256(s, digest);
	strbuf_adds(&b, "sha256:");
	hash_hex(&b, str_n(digest, sizeof(digest)));
	return arena_str(p->arena, strbuf_str(&b));
}

struct str post_language(struct arena *a, struct str s)
{
	char tag[LANGUAGE_MAX_BYTES];
	bool primary = true;

	s = str_trim(s);
	if (str_empty(s) || s.len > sizeof(tag))
		return STR_NULL;
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i] == '_' ? '-' : s.p[i];

		if (c != '-' && !char_is_alnum(c))
			return STR_NULL;
		primary = primary && c != '-';
		tag[i] = primary ? char_lower(c) : c;
	}
	if (!char_is_alpha(tag[0]))
		return STR_NULL;
	return str_eq(s, str_n(tag, s.len)) ? s : arena_str(a, str_n(tag, s.len));
}

static void seal_accounts(struct post *p, author_list *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct author a = list->v[i];

		a.name = seal_line(p, a.name, NAME_MAX_BYTES);
		a.handle = seal_line(p, a.handle, NAME_MAX_BYTES);
		a.url = seal_url(p, a.url);
		a.id = seal_line(p, a.id, NAME_MAX_BYTES);
		if (str_present(a.name) || str_present(a.handle) || str_present(a.url))
			list->v[n++] = a;
	}
	list->n = n;
}

static void seal_lists(struct post *p)
{
	size_t n = 0;

	seal_accounts(p, &p->authors);
	seal_accounts(p, &p->mentions);
	for (size_t i = 0; i < p->tags.n; i++) {
		struct str tag = seal_line(p, p->tags.v[i], NAME_MAX_BYTES);

		if (str_present(tag))
			p->tags.v[n++] = tag;
	}
	p->tags.n = n;
	n = 0;
	for (size_t i = 0; i < p->links.n; i++) {
		struct str url = seal_url(p, p->links.v[i]);

		if (str_present(url))
			p->links.v[n++] = url;
	}
	p->links.n = n;
	n = 0;
	for (size_t i = 0; i < p->enclosures.n && n < ENCLOSURES_MAX; i++) {
		struct enclosure x = p->enclosures.v[i];

		x.url = seal_url(p, x.url);
		x.type = seal_line(p, x.type, NAME_MAX_BYTES);
		if (x.length < 0)
			x.length = -1;
		if (str_present(x.url))
			p->enclosures.v[n++] = x;
	}
	p->enclosures.n = n;
	for (size_t i = 0; i < p->notes.n; i++)
		p->notes.v[i] = seal_line(p, p->notes.v[i], NAME_MAX_BYTES);
}

/* Of the words alone; *ret_fingerprint: with the URL. */
static uint64_t content_hash(const struct post *p, uint64_t *ret_fingerprint)
{
	uint64_t parts[5] = { hash64(p->title), hash64(p->text), hash64(p->summary), hash64(p->url), hash64(p->content_warning) };

	*ret_fingerprint = hash64(str_n(parts, sizeof(parts)));
	parts[3] = hash64(STR_NULL);
	return hash64(str_n(parts, sizeof(parts)));
}

/* What to call a post without id and URL: its content, and what else it has if it says nothing. */
static struct str content_id(const struct post *p)
{
	struct str enclosure = p->enclosures.n ? p->enclosures.v[0].url : STR_NULL;

	if (str_present(p->title) || str_present(p->text))
		return arena_fmt(p->arena, "hash:%016llx", (unsigned long long)p->content);
	const uint64_t parts[3] = { p->content, (uint64_t)p->published_unix_ms, hash64(enclosure) };
	return arena_fmt(p->arena, "hash:%016llx", (unsigned long long)hash64(str_n(parts, sizeof(parts))));
}

void post_seal(struct post *p)
{
	p->url = seal_url(p, p->url);
	p->title = seal_line(p, p->title, TITLE_MAX_BYTES);
	p->text = seal_text(p, p->text, POST_TEXT_MAX);
	p->summary = seal_text(p, p->summary, POST_TEXT_MAX);
	p->language = post_language(p->arena, p->language);
	p->reply_to = seal_id(p, p->reply_to);
	p->quote_of = seal_id(p, p->quote_of);
	p->repost_of = seal_id(p, p->repost_of);
	p->thread = seal_id(p, p->thread);
	p->content_warning = seal_line(p, p->content_warning, TITLE_MAX_BYTES);
	p->source = seal_line(p, p->source, NAME_MAX_BYTES);
	p->platform = seal_line(p, p->platform, NAME_MAX_BYTES);
	seal_lists(p);
	p->id = seal_id(p, p->id);
	p->made_id = p->made_id || !str_present(p->id);
	if (!str_present(p->id))
		p->id = seal_id(p, p->url);
	p->content = content_hash(p, &p->fingerprint);
	if (!str_present(p->id))
		p->id = content_id(p);
}
