/* SPDX-License-Identifier: ISC */
/*
 * Which known post is this one?  The id says it, unless a publisher gives one id to many posts, or new ids to all.  What is
 * decided here depends on what is known of the post itself and of those with its id, not on what else the document holds:
 * items come and go, and each must be the same one at every poll.
 */
#include "engine/internal.h"

#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"

#define SEEN_MAX (1u << 19)      /* 8 MiB of slots: so many texts of a document, of which each post has three */
#define SEEN_MIN 64
#define KNOWN_JSON_MAX (24u << 20)
#define LONG_ID_MAX (2 * POST_TEXT_MAX)

/* --- what of a document was seen so far ------------------------------------------------------------------------- */

struct seen {
	uint64_t *slots;         /* hashes, 0 = free; at most half of them are used */
	size_t n, cap;
	bool judged, renamed;    /* whether the publisher changed all ids: by the first posts of a document */
};

struct seen *seen_new(void)
{
	return mem_new(struct seen);
}

void seen_free(struct seen *s)
{
	if (s == NULL)
		return;
	mem_free(s->slots);
	mem_free(s);
}

/* The slot of `key`, or the free one where it belongs. */
static uint64_t *slot_of(uint64_t *slots, size_t cap, uint64_t key)
{
	size_t i = key & (cap - 1);
	while (slots[i] != 0 && slots[i] != key)
		i = (i + 1) & (cap - 1);
	return &slots[i];
}

static bool is_seen(const struct seen *s, uint64_t key)
{
	return s->cap > 0 && *slot_of(s->slots, s->cap, key) == key;
}

static void note(struct seen *s, uint64_t key)
{
	if (s->n >= SEEN_MAX || is_seen(s, key))
		return;
	if (2 * (s->n + 1) > s->cap) {
		size_t cap = s->cap > 0 ? 2 * s->cap : SEEN_MIN;
		uint64_t *slots = mem_alloc(cap * sizeof(*slots));
		for (size_t i = 0; i < s->cap; i++)
			if (s->slots[i] != 0)
				*slot_of(slots, cap, s->slots[i]) = s->slots[i];
		mem_free(s->slots);
		s->slots = slots;
		s->cap = cap;
	}
	*slot_of(s->slots, s->cap, key) = key;
	s->n++;
}

/* Never 0; the texts differ if one of them does. */
static uint64_t key_of(struct str id, struct str url, struct str title)
{
	const uint64_t parts[3] = { hash64(id), hash64(url), hash64(title) };
	return hash64_seeded(str_n(parts, sizeof(parts)), hash_process_seed()) | 1;
}

void identity_drop_doubles(struct seen *seen, struct post_list *list)
{
	size_t n = 0;
	for (size_t i = 0; i < list->posts.n; i++) {
		struct post *post = list->posts.v[i];
		uint64_t key = key_of(post->id, post->url, post->title);
		if (!post->deleted && is_seen(seen, key)) {
			post_free(post);
			continue;
		}
		if (!post->deleted)
			note(seen, key);
		list->posts.v[n++] = post;
	}
	list->posts.n = n;
}

void identity_note(struct seen *seen, struct str id, struct str url)
{
	note(seen, key_of(id, STR_NULL, STR_NULL));
	note(seen, key_of(id, url, STR_NULL));
}

/* --- one id on many posts --------------------------------------------------------------------------------------- */

static int find(struct engine *g, const struct post *post, struct str id, struct store_found *found, bool *known, struct err *e)
{
	return store_post_find(g->store, post->source, id, NULL, found, known, e);
}

static struct str extended_id(const struct post *post, bool by_url)
{
	AUTO(strbuf) struct strbuf b = STRBUF_INIT(LONG_ID_MAX);
	strbuf_add(&b, post->id);
	strbuf_addc(&b, '|');
	strbuf_add(&b, by_url ? post->url : post->title);
	return arena_str(post->arena, strbuf_str(&b));
}

/* Is the known post with this id another one?  Not if both have one URL and title, or if nobody else is seen to have this id:
 * then it was edited. */
static int is_other(struct engine *g, const struct seen *seen, const struct post *post, bool same_url, bool same_title,
                    bool *ret, struct err *e)
{
	bool id_is_url = str_eq(post->id, post->url) || str_empty(post->url);
	*ret = false;
	if (!same_url && is_seen(seen, key_of(post->id, STR_NULL, STR_NULL)))
		*ret = true;
	else if (same_url && !same_title && is_seen(seen, key_of(post->id, post->url, STR_NULL)))
		*ret = true;
	else if (id_is_url ? !same_title : !same_url)
		return store_post_shares_id(g->store, post->source, post->id, ret, e);
	return 0;
}

int identity_tell_apart(struct engine *g, const struct seen *seen, struct post *post, struct store_found *found, bool *known,
                        struct err *e)
{
	bool url_tells = !str_empty(post->url) && !str_eq(post->id, post->url), same_title = false, there = false, other = false;
	if (post->deleted)
		return 0;
	if (*known) {
		OWNED(arena) struct arena *arena = arena_new(KNOWN_JSON_MAX);
		struct store_found whole = { 0 };
		struct err ignored = { 0 };
		if (store_post_find(g->store, post->source, post->id, arena, &whole, &there, e) != 0)
			return -1;
		json_t *j OWNED_JSON = str_present(whole.json) ? json_parse(whole.json, &ignored) : NULL;
		bool same_url = j == NULL || str_eq(json_get_str(j, "url"), post->url);
		same_title = j == NULL || str_eq(json_get_str(j, "title"), post->title);
		if (same_url && same_title)
			return 0;
		if (is_other(g, seen, post, same_url, same_title, &other, e) != 0)
			return -1;
		url_tells = url_tells && !same_url;
	}
	struct post bounded = { .arena = post->arena, .id = extended_id(post, url_tells) };
	post_seal(&bounded); /* ids have a limit */
	struct store_found extended = { 0 };
	if (find(g, post, bounded.id, &extended, &there, e) != 0)
		return -1;
	if (!there && !other)
		return 0;
	post->id = bounded.id;
	*found = extended;
	*known = there;
	return 0;
}

/* --- a feed that names all its items anew ------------------------------------------------------------------------ */

#define RENAMED_MIN 3 /* posts of a document: fewer tell nothing */

/* What posts of the document say, and the newest known post that says the same. */
struct saying {
	struct post *post; /* the first of the document that says it */
	size_t said;       /* by so many of the document */
	int64_t row;       /* 0: nothing known says it */
};
struct sayings {
	struct map *by_content;
	struct saying *v;
	size_t n, known; /* known: posts of the document */
};

static struct sayings sayings_of(const struct post_list *list)
{
	struct sayings k = { .by_content = map_new(), .v = mem_alloc(list->posts.n * sizeof(struct saying)) };
	for (size_t i = 0; i < list->posts.n; i++) {
		struct post *post = list->posts.v[i];
		struct str key = str_n(&post->content, sizeof(post->content));
		struct saying *s = map_get(k.by_content, key);
		if (s == NULL) {
			s = &k.v[k.n++];
			s->post = post;
			map_put(k.by_content, key, s);
		}
		s->said++;
	}
	return k;
}

static void find_known(void *ctx, int64_t row, uint64_t content)
{
	struct sayings *k = ctx;
	struct saying *s = map_get(k->by_content, str_n(&content, sizeof(content)));
	if (s == NULL)
		return;
	k->known += s->row == 0 ? s->said : 0;
	s->row = row;
}

static int any_known(struct engine *g, struct str source, const struct post_list *list, bool *ret, struct err *e)
{
	struct store_found found;
	*ret = false;
	for (size_t i = 0; i < list->posts.n && !*ret; i++)
		if (store_post_find(g->store, source, list->posts.v[i]->id, NULL, &found, ret, e) != 0)
			return -1;
	return 0;
}

/* Where two of the document say the same, the first is the known one; where they have one id, too. */
static int rename_posts(struct engine *g, struct str source, const struct sayings *k, struct err *e)
{
	AUTO(strbuf) struct strbuf json = STRBUF_INIT(POST_JSON_MAX), words = STRBUF_INIT(POST_WORDS_MAX);
	for (size_t i = 0; i < k->n; i++) {
		struct store_found found;
		bool taken = true;
		k->v[i].post->source = source;
		if (k->v[i].row != 0 && find(g, k->v[i].post, k->v[i].post->id, &found, &taken, e) != 0)
			return -1;
		if (taken)
			continue;
		struct store_post sp = pipeline_stored(k->v[i].post, &json, &words);
		if (store_post_rename(g->store, k->v[i].row, &sp, e) != 0)
			return -1;
	}
	return 0;
}

int identity_see_through(struct engine *g, const struct world_source *s, struct seen *seen, const struct post_list *list,
                         struct err *e)
{
	struct str source = s->settings.name;
	bool known;
	if (list->posts.n < RENAMED_MIN || (seen->judged && !seen->renamed))
		return 0;
	if (any_known(g, source, list, &known, e) != 0)
		return -1;
	seen->judged = true;
	if (known)
		return 0;
	struct sayings k = sayings_of(list);
	int r = store_post_contents(g->store, source, find_known, &k, e);
	if (r == 0 && 2 * k.known >= list->posts.n) {
		log_warning("source.reidentified", "source=%s posts=%zu of=%zu", LOG_Q(source), k.known, list->posts.n);
		seen->renamed = true;
		r = rename_posts(g, source, &k, e);
	}
	map_free(k.by_content);
	mem_free(k.v);
	return r;
}
