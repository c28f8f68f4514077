/* SPDX-License-Identifier: ISC */
/* People: their accounts as the settings say them and as posts tell them, and who is meant by a name. */
#include "engine/people.h"

#include "base/json.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/url.h"
#include "source/source.h"

#define OWN_ARENA_MAX (4u << 20)
#define TOLD_ARENA_MAX (256u << 10) /* each new handle takes a few bytes of it, for as long as the process runs */
#define KEY_MAX 1024
#define SHOWN_MAX 60 /* bytes of a text in a message */

const char *origin_name(enum origin o)
{
	return o == ORIGIN_CONFIG ? "config" : "api";
}

/* --- accounts as they are written ------------------------------------------------------------------------------------ */

struct account_text {
	struct str platform, handle, id; /* platform absent: an address */
};

static bool is_did(struct str s)
{
	return str_starts(s, STR("did:"));
}

static void known_platforms(struct strbuf *out)
{
	for (const struct source_type *const *t = source_types(); *t != NULL; t++)
		if ((*t)->recognise != NULL)
			strbuf_addf(out, "%s%s", out->len > 0 ? ", " : "", (*t)->name);
}

/* What a network makes of it, if it is an account of it. */
static bool recognised(const struct source_type *type, struct str text, struct arena *arena, struct account_text *ret)
{
	OWNED_JSON json_t *settings = json_object();
	AUTO(strbuf) struct strbuf said = STRBUF_INIT(URL_MAX);
	if (type->recognise == NULL || !type->recognise(text, settings, &said))
		return false;
	struct str handle = json_get_str(settings, "handle");
	if (str_empty(handle))
		return false;
	*ret = (struct account_text){ .platform = str_c(type->name) };
	*(is_did(handle) ? &ret->id : &ret->handle) = arena_str(arena, handle);
	return true;
}

/* "@name" and addresses say by themselves whose they are. */
static bool recognised_by_any(struct str text, struct arena *arena, struct account_text *ret)
{
	for (const struct source_type *const *t = source_types(); *t != NULL; t++)
		if (recognised(*t, text, arena, ret))
			return true;
	return false;
}

static int read_on_platform(struct str platform, struct str rest, struct arena *arena, struct account_text *ret, struct err *e)
{
	AUTO(strbuf) struct strbuf all = STRBUF_INIT(256), cname = STRBUF_INIT(256);
	platform = match_platform(platform);
	const struct source_type *type = NULL;
	for (const struct source_type *const *t = source_types(); *t != NULL; t++)
		if ((*t)->recognise != NULL && str_eq_nocase(platform, str_c((*t)->name)))
			type = *t;
	known_platforms(&all);
	if (type == NULL)
		return err_set(e, ERR_INPUT, "got \"%.*s:\", expected one of %s before the colon",
		               STR_ARG(text_cut(platform, SHOWN_MAX)), strbuf_cstr(&all));
	if (str_starts(rest, STR("@")))
		rest = str_from(rest, 1);
	if (is_did(rest)) {
		*ret = (struct account_text){ .platform = str_c(type->name), .id = arena_str(arena, rest) };
		return 0;
	}
	struct str pasted = url_is_http(rest) ? rest : arena_fmt(arena, "@%.*s", STR_ARG(rest));
	if (recognised(type, pasted, arena, ret))
		return 0;
	return err_set(e, ERR_INPUT, "got \"%.*s\", which is no handle of %s (a Mastodon handle has its server: name@server; "
	               "one of Bluesky has dots)", STR_ARG(text_cut(rest, SHOWN_MAX)), type->name);
}

static int read_account(struct str text, struct arena *arena, struct account_text *ret, struct err *e)
{
	text = str_trim(text);
	size_t colon = str_chr(text, ':');
	if (str_chr(text, '\n') != STR_NPOS || text.len > URL_MAX)
		return err_set(e, ERR_INPUT, "got more than one line, expected platform:handle");
	if (is_did(text))
		return read_on_platform(STR("bluesky"), text, arena, ret, e);
	if (recognised_by_any(text, arena, ret))
		return 0;
	if (url_is_http(text)) {
		*ret = (struct account_text){ .handle = arena_str(arena, text) };
		return 0;
	}
	if (colon == STR_NPOS || colon == 0)
		return err_set(e, ERR_INPUT, "got \"%.*s\", expected platform:handle such as x:elonmusk, a full Mastodon address, "
		               "a DID or the address of a profile", STR_ARG(text_cut(text, SHOWN_MAX)));
	return read_on_platform(str_slice(text, 0, colon), str_from(text, colon + 1), arena, ret, e);
}

int people_check_account(struct str text, struct err *e)
{
	OWNED(arena) struct arena *arena = arena_new(OWN_ARENA_MAX);
	struct account_text ignored;
	return read_account(text, arena, &ignored, e);
}

/* --- one person ------------------------------------------------------------------------------------------------------ */

/* Letters small, and what stands between them a dash: names that differ in no more are one. */
static struct str key_of(struct str name, struct strbuf *buf)
{
	config_name_make(buf, name, "", NULL);
	return strbuf_str(buf);
}

static size_t count_names(const struct world_person *p)
{
	return 1 + p->settings.aliases.list.n;
}

static struct str name_at(const struct world_person *p, size_t i)
{
	return i == 0 ? p->settings.name : p->settings.aliases.list.v[i - 1];
}

bool person_is_called(const struct world_person *p, struct str name)
{
	AUTO(strbuf) struct strbuf key = STRBUF_INIT(KEY_MAX), own = STRBUF_INIT(KEY_MAX);
	struct str want = key_of(name, &key);
	for (size_t i = 0; i < count_names(p); i++)
		if (str_eq(want, key_of(name_at(p, i), &own)))
			return true;
	return false;
}

/* As queries have the accounts: by the handle of today, and by the id. */
static void show_accounts(struct world_person *p)
{
	struct query_account *list = (struct query_account *)(uintptr_t)p->in_queries.accounts;
	for (size_t i = 0; i < p->in_queries.n_accounts; i++) {
		struct person_account *a = &p->accounts[i];
		struct str handle = str_empty(a->known.handle) ? a->handle : a->known.handle;
		a->shown = !str_present(a->platform) ? a->name : str_empty(handle) ? STR_NULL :
			arena_fmt(p->told, "%.*s:%.*s", STR_ARG(a->platform), STR_ARG(handle));
		a->shown_id = str_empty(a->known.id) ? STR_NULL :
			arena_fmt(p->told, "%.*s:%.*s", STR_ARG(a->platform), STR_ARG(a->known.id));
		list[i] = (struct query_account){ .shown = a->shown, .id = a->shown_id };
	}
}

static int read_accounts(struct world_person *p, struct err *e)
{
	size_t n = p->settings.accounts.list.n;
	p->accounts = arena_alloc(p->own, (n + 1) * sizeof(*p->accounts));
	for (size_t i = 0; i < n; i++) {
		struct account_text t = { 0 };
		if (read_account(p->settings.accounts.list.v[i], p->own, &t, e) != 0)
			return err_wrap(e, "accounts");
		p->accounts[i] = (struct person_account){ .person = p, .platform = t.platform, .handle = t.handle,
			.name = !str_present(t.platform) ? t.handle : arena_fmt(p->own, "%.*s:%.*s", STR_ARG(t.platform),
			        STR_ARG(str_present(t.id) ? t.id : t.handle)),
			.known = { .id = t.id, .changed_unix_ms = TIME_ABSENT } };
	}
	return 0;
}

void world_person_free(struct world_person *p)
{
	if (p == NULL)
		return;
	arena_free(p->own);
	arena_free(p->told);
	arena_free(p->arena);
	mem_free(p);
}

int person_new(const struct config_person *s, struct arena *arena, enum origin origin, struct world_person **ret,
               struct err *e)
{
	struct world_person *p = mem_new(struct world_person);
	*p = (struct world_person){ .settings = *s, .origin = origin, .own = arena_new(OWN_ARENA_MAX),
		                    .told = arena_new(TOLD_ARENA_MAX) };
	size_t n = s->accounts.list.n, names = count_names(p);
	struct str *list = arena_alloc(p->own, names * sizeof(*list));
	if (read_accounts(p, e) != 0) {
		world_person_free(p);
		return -1;
	}
	for (size_t i = 0; i < names; i++)
		list[i] = str_trim(name_at(p, i));
	p->in_queries = (struct query_person){ .names = list, .n_names = names, .n_accounts = n,
		.accounts = arena_alloc(p->own, (n + 1) * sizeof(struct query_account)) };
	show_accounts(p);
	p->arena = arena;
	*ret = p;
	return 0;
}

static void set_known(struct person_account *a, const struct store_account *known)
{
	struct arena *told = a->person->told;
	a->known = (struct store_account){ .id = arena_str(told, known->id), .handle = arena_str(told, known->handle),
		                           .before = arena_str(told, known->before), .changed_unix_ms = known->changed_unix_ms };
}

void person_inherit(struct world_person *p, const struct world_person *from)
{
	for (size_t i = 0; i < p->in_queries.n_accounts; i++)
		for (size_t k = 0; k < from->in_queries.n_accounts; k++)
			if (str_eq(p->accounts[i].name, from->accounts[k].name))
				set_known(&p->accounts[i], &from->accounts[k].known);
	show_accounts(p);
}

/* --- all of them ----------------------------------------------------------------------------------------------------- */

/* Who has a name. */
struct called {
	struct world_person *first;
	size_t n;
};

void people_init(struct people *p)
{
	*p = (struct people){ .by_key = map_new(), .called = map_new(), .accounts = map_new() };
}

void people_release(struct people *p)
{
	for (struct map_iter it = { 0 }; p->by_key != NULL && map_next(p->by_key, &it);)
		world_person_free(it.value);
	for (struct map_iter it = { 0 }; p->called != NULL && map_next(p->called, &it);)
		mem_free(it.value);
	map_free(p->by_key);
	map_free(p->called);
	map_free(p->accounts);
}

/* "x:elonmusk" in small letters: handles are read without regard to case everywhere. */
static struct str account_key(struct str account, struct strbuf *buf)
{
	strbuf_reset(buf);
	for (size_t i = 0; i < account.len; i++)
		strbuf_addc(buf, char_lower(account.p[i]));
	return strbuf_str(buf);
}

static struct person_account *find_account(const struct people *p, struct str account)
{
	AUTO(strbuf) struct strbuf key = STRBUF_INIT(URL_MAX);
	return str_empty(account) ? NULL : map_get(p->accounts, account_key(account, &key));
}

static void file_account(struct people *p, struct person_account *a, bool in)
{
	AUTO(strbuf) struct strbuf key = STRBUF_INIT(URL_MAX);
	const struct str names[] = { a->shown, a->shown_id };
	for (size_t i = 0; i < 2; i++) {
		if (str_empty(names[i]))
			continue;
		struct str k = account_key(names[i], &key);
		struct person_account *there = map_get(p->accounts, k);
		if (in && there == NULL)
			map_put(p->accounts, k, a);
		else if (!in && there == a)
			map_remove(p->accounts, k);
	}
}

int people_check(const struct people *p, const struct world_person *n, const struct world_person *gone, struct err *e)
{
	for (size_t i = 0; i < n->in_queries.n_accounts; i++) {
		const struct person_account *there = find_account(p, n->accounts[i].name);
		if (there != NULL && there->person != gone)
			return err_set(e, ERR_CONFIG, "account %.*s is %.*s's already", STR_ARG(n->accounts[i].name),
			               STR_ARG(there->person->settings.name));
	}
	return 0;
}

/* Each of a person's names once. */
static bool is_first_of_its_kind(const struct world_person *p, size_t at, struct str key)
{
	AUTO(strbuf) struct strbuf other = STRBUF_INIT(KEY_MAX);
	for (size_t i = 0; i < at; i++)
		if (str_eq(key, key_of(name_at(p, i), &other)))
			return false;
	return true;
}

void people_add(struct people *p, struct world_person *n)
{
	AUTO(strbuf) struct strbuf buf = STRBUF_INIT(KEY_MAX);
	map_put(p->by_key, n->settings.key, n);
	for (size_t i = 0; i < count_names(n); i++) {
		struct str key = key_of(name_at(n, i), &buf);
		if (!is_first_of_its_kind(n, i, key))
			continue;
		struct called *c = map_get(p->called, key);
		if (c == NULL) {
			c = mem_new(struct called);
			*c = (struct called){ .first = n };
			map_put(p->called, key, c);
		}
		c->n++;
	}
	for (size_t i = 0; i < n->in_queries.n_accounts; i++)
		file_account(p, &n->accounts[i], true);
}

static struct world_person *other_called(const struct people *p, struct str name, const struct world_person *than)
{
	for (struct map_iter it = { 0 }; map_next(p->by_key, &it);)
		if (it.value != than && person_is_called(it.value, name))
			return it.value;
	return NULL;
}

void people_remove(struct people *p, struct world_person *n)
{
	AUTO(strbuf) struct strbuf buf = STRBUF_INIT(KEY_MAX);
	map_remove(p->by_key, n->settings.key);
	for (size_t i = 0; i < count_names(n); i++) {
		struct str key = key_of(name_at(n, i), &buf);
		struct called *c = map_get(p->called, key);
		if (c == NULL || !is_first_of_its_kind(n, i, key))
			continue;
		if (--c->n == 0)
			mem_free(map_remove(p->called, key));
		else if (c->first == n)
			c->first = other_called(p, key, n);
	}
	for (size_t i = 0; i < n->in_queries.n_accounts; i++)
		file_account(p, &n->accounts[i], false);
}

struct world_person *people_get(const struct people *p, struct str name)
{
	AUTO(strbuf) struct strbuf key = STRBUF_INIT(KEY_MAX);
	return map_get(p->by_key, key_of(name, &key));
}

/* --- who is meant ---------------------------------------------------------------------------------------------------- */

static void say_nobody(const struct people *p, struct str name, const struct world_person *gone, struct strbuf *why)
{
	AUTO(strbuf) struct strbuf all = STRBUF_INIT(16u << 20);
	VEC(size_t) at = { 0 };
	VEC(const char *) names = { 0 };
	for (struct map_iter it = { 0 }; map_next(p->by_key, &it);) {
		const struct world_person *n = it.value;
		for (size_t i = 0; n != gone && i <= count_names(n); i++) {
			vec_push(&at, all.len);
			strbuf_add(&all, i == 0 ? n->settings.key : name_at(n, i - 1));
			strbuf_addc(&all, '\0');
		}
	}
	for (size_t i = 0; i < at.n; i++)
		vec_push(&names, all.p + at.v[i]);
	int near = str_nearest(name, names.v, names.n);
	strbuf_addf(why, "no person is called \"%.*s\"", STR_ARG(text_cut(name, SHOWN_MAX)));
	if (near >= 0)
		strbuf_addf(why, ", did you mean \"%s\"?", names.v[near]);
	else
		strbuf_adds(why, ": add one first, monitorctl add-person");
	vec_free(&at);
	vec_free(&names);
}

bool people_find(const struct people *p, struct str name, const struct world_person *gone, const struct world_person *new,
                 struct query_person *ret, struct strbuf *why)
{
	AUTO(strbuf) struct strbuf buf = STRBUF_INIT(KEY_MAX);
	struct str key = key_of(name, &buf);
	const struct world_person *by_key = map_get(p->by_key, key), *other = NULL;
	const struct called *c = map_get(p->called, key);
	size_t n = c != NULL ? c->n : 0;
	const struct world_person *found = c != NULL ? c->first : NULL;
	if (gone != NULL && person_is_called(gone, key)) {
		n--;
		found = found == gone ? other_called(p, key, gone) : found;
		by_key = by_key == gone ? NULL : by_key;
	}
	if (new != NULL && person_is_called(new, key)) {
		n++;
		other = found;
		found = new;
		by_key = str_eq(new->settings.key, key) ? new : by_key;
	}
	if (by_key != NULL)
		found = by_key; /* his own name goes before what others are also called */
	if (found == NULL) {
		say_nobody(p, name, gone, why);
		return false;
	}
	if (by_key == NULL && n > 1) {
		other = other != NULL ? other : other_called(p, key, found);
		strbuf_addf(why, "several people are called \"%.*s\", expected one of them: @@%.*s, @@%.*s",
		            STR_ARG(text_cut(name, SHOWN_MAX)), STR_ARG(found->settings.key),
		            STR_ARG(other != NULL ? other->settings.key : STR("…")));
		return false;
	}
	*ret = found->in_queries;
	return true;
}

/* --- what posts tell ------------------------------------------------------------------------------------------------- */

struct person_account *people_see(const struct people *p, struct str platform, const struct author *a, struct store_account *ret)
{
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(URL_MAX);
	if (map_count(p->accounts) == 0 || str_empty(a->id) || a->id.len + platform.len >= URL_MAX / 2)
		return NULL;
	strbuf_addf(&text, "%.*s:%.*s", STR_ARG(platform), STR_ARG(a->id));
	struct person_account *by_id = find_account(p, strbuf_str(&text));
	if (by_id != NULL && !str_eq(by_id->known.id, a->id))
		by_id = NULL; /* a handle that looks like an id */
	strbuf_reset(&text);
	strbuf_addf(&text, "%.*s:%.*s", STR_ARG(platform), STR_ARG(a->handle));
	struct person_account *by_handle = str_empty(a->handle) ? NULL : find_account(p, strbuf_str(&text));
	struct person_account *it = by_id != NULL ? by_id : by_handle;
	if (it == NULL || (by_id == NULL && !str_empty(it->known.id)))
		return NULL; /* nobody's, or a handle that is somebody else's now */
	struct str now = str_empty(it->known.handle) ? it->handle : it->known.handle;
	if (by_id != NULL && (str_empty(a->handle) || str_eq_nocase(a->handle, now)))
		return NULL;
	*ret = (struct store_account){ .id = a->id, .handle = a->handle, .before = by_id != NULL ? now : STR_NULL };
	return it;
}

void people_learn(struct people *p, struct person_account *a, const struct store_account *known)
{
	file_account(p, a, false);
	set_known(a, known);
	show_accounts(a->person);
	file_account(p, a, true);
}
