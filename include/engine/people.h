/* SPDX-License-Identifier: ISC */
/*
 * People: who is meant by a name in a query, and which accounts are theirs.  An account is known by its handle until a post
 * tells the platform's id of it; from then on the id decides, and a new handle is learnt.
 * Owner: the world; engine thread only (monitorctl has its own for check-config).
 */
#pragma once

#include "base/map.h"
#include "config/config.h"
#include "match/match.h"
#include "store/store.h"

enum origin { ORIGIN_CONFIG, ORIGIN_API }; /* of all that the world is made of */
const char *origin_name(enum origin o);    /* "config", "api" */

struct world_person;
struct person_account {
	struct world_person *person;
	struct str name;             /* "x:elonmusk", as the settings mean it: its key in the database */
	struct str platform;         /* absent: `name` is an address of no known network */
	struct str handle;           /* of the settings; absent where they say the id */
	struct store_account known;  /* what posts told; texts in the person's `told` */
	struct str shown, shown_id;  /* as queries have it now; in `told` */
};
struct world_person {
	struct config_person settings;
	struct arena *arena;         /* of the settings; NULL: the configuration's */
	struct arena *own, *told;    /* of what is made of the settings, and of what posts told */
	enum origin origin;
	struct person_account *accounts;
	struct query_person in_queries;
};

void world_person_free(struct world_person *p); /* and the settings' arena */
/* ERR_INPUT: an account is none.  Takes `arena` on success. */
int person_new(const struct config_person *s, struct arena *arena, enum origin origin, struct world_person **ret,
               struct err *e) MUST_CHECK;
DEFINE_OWNED(world_person);
/* What was known of accounts that both have. */
void person_inherit(struct world_person *p, const struct world_person *from);
bool person_is_called(const struct world_person *p, struct str name); /* its name, one of the others, or "elon-musk" */
/* "x:elonmusk", "@name@server", an address …: 0, or ERR_INPUT with what was expected. */
int people_check_account(struct str text, struct err *e) MUST_CHECK;

struct people {
	struct map *by_key;          /* struct world_person, in order of the files, then of the database */
	struct map *called;          /* private: who has a name */
	struct map *accounts;        /* struct person_account by "x:handle" and "x:id", letters small */
};
void people_init(struct people *p);
void people_release(struct people *p); /* and the persons in it */
/* ERR_CONFIG: an account is somebody else's (`gone` does not count, may be NULL). */
int people_check(const struct people *p, const struct world_person *n, const struct world_person *gone, struct err *e) MUST_CHECK;
void people_add(struct people *p, struct world_person *n); /* takes it; its key is free, its accounts are checked */
void people_remove(struct people *p, struct world_person *n); /* out of it, not freed */
/* By key, or by name: "elon-musk", "Elon Musk". */
struct world_person *people_get(const struct people *p, struct str name);
/*
 * Whom a query means; `gone` does not count and `new` does (both may be NULL).  False with the reason in `why`: nobody is
 * called so, with the nearest name, or several are.
 */
bool people_find(const struct people *p, struct str name, const struct world_person *gone, const struct world_person *new,
                 struct query_person *ret, struct strbuf *why);
/*
 * A post by, or a mention of, this account: if it is a person's and tells something new, that account, with what is known
 * now in *ret (texts borrowed from `a`); else NULL.
 */
struct person_account *people_see(const struct people *p, struct str platform, const struct author *a, struct store_account *ret);
/* Puts it in force: queries that name the person are to be read anew. */
void people_learn(struct people *p, struct person_account *a, const struct store_account *known);
