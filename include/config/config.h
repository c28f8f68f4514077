/* SPDX-License-Identifier: ISC */
/*
 * The YAML file (and the files of conf.d/ beside it), read and bound to typed settings by the
 * tables of model/settings.h.  A file
 * either binds wholly or yields errors, each "file:line:column: what, what was expected".  Also
 * binds one object from JSON, for
 * the API: the same rows, the same checks, the same words.  Engine thread and monitorctl; reads files, no network.
 */
#pragma once

#include <jansson.h>
#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "model/settings.h"

/* Where a plug-in's fields come from: config/ may not include source/ and channel/, so its caller
 * hands them in. */
struct config_type {
	const char *name;
	const struct field *fields;
	size_t settings_size;
	bool url_needed;
	const char *url_schemes; /* allowed in YAML; the API never takes "file" */
	enum account_use account; /* of sources: do they read as somebody? */
};
struct config_types {
	const struct config_type *sources, *channels; /* arrays ended by name NULL */
	/* Checks a query: 0, or -1 with the column in e. */
	int (*check_query)(struct str query, struct err *e);
	/* Checks an account of a person ("x:elonmusk"): 0, or -1 with what was expected. */
	int (*check_account)(struct str account, struct err *e);
};

struct config_daemon {         /* top-level keys */
	struct str state;          /* directory; absent = by the caller */
	struct str socket;         /* path; absent = by the caller */
	struct str socket_group;
	int log_level;             /* index: err warning notice info debug */
	struct str contact;        /* e-mail or URL that goes into User-Agent; "" = the project's default */
	struct str time_zone;      /* IANA; "" = the system's */
	int64_t every_ms;          /* default polling interval of sources (60m) */
	int64_t every_max_ms;      /* the longest that a source's rhythm makes of it; 0 = four times every_ms */
	int64_t max_transfers;     /* credits in all (32) */
	int64_t max_per_host;      /* 1 */
	int64_t alarm_after;       /* failures in a row before the operator is told (3) */
	int64_t body_max;          /* 16MiB, decoded */
	int64_t connect_timeout_ms, total_timeout_ms; /* 15s, 2m */
	int64_t context_wait_ms;   /* 2m; 0: no context is fetched */
	int64_t keep_posts_ms;     /* archive kept for (90d) */
	struct str websub_callback; /* where hubs reach us (WebSub); absent: they are not asked */
	struct str websub_listen;   /* "address:port" */
	int64_t websub_lease_ms;    /* 10d */
	int64_t websub_every_ms;    /* polls beside pushes (6h) */
	struct str proxy;
	struct str ca_file;
};
struct config_account {        /* as whom sources read, said once for all of them */
	struct str name, type;
	struct str api;            /* of a server of one's own; absent = the type's */
	struct str username;
	struct str token;          /* absent: monitorctl login gives it */
	int64_t posts_per_day, posts_per_month; /* what its sources may read; 0 = no limit */
	struct str price;          /* of one post, a number; absent = unknown */
	struct str where;
	uint64_t hash;
};
struct config_source {
	struct str name, type /* "feed"; absent = detect */, url;
	struct str account;        /* name; absent = none */
	int64_t every_ms;          /* -1 = by rhythm, hints and default */
	int64_t every_max_ms;      /* -1 = every_ms if that is said, else the default */
	int64_t silence_ms;        /* -1 = by its rhythm, INT64_MAX = never */
	int64_t backfill_ms;       /* 0 = baseline only, INT64_MAX = all */
	int64_t posts_per_day, posts_per_month; /* what it may read where the network counts posts; 0 = no limit */
	struct networks allow_private;
	struct texts tags;
	struct str username, password;
	bool paused;
	void *settings;            /* of its type, by config_types; NULL if the type has none or is absent */
	struct str where;          /* "file:line:column" or "api" */
	uint64_t hash;             /* of everything that matters for polling: equal = keep state */
	uint64_t identity;         /* of what is asked for: account and the type's own settings; 0 if it has none of these */
};
/* What is odd about it, for people; NULL if nothing is. */
const char *config_source_warning(const struct config_source *s);
struct config_channel {
	struct str name, type, url, secret;
	bool is_default, is_operator;
	int64_t spacing_ms;        /* -1 = the type's own */
	bool allow_private;        /* default true in YAML (written by the operator), false through the API */
	bool paused;
	void *settings;
	struct str where;
	uint64_t hash;
};
struct config_watch {
	struct str name, query;
	struct texts channels;     /* names; empty = the default ones */
	struct texts sources;      /* names, or "#TAG"; empty = all */
	struct texts on;           /* "new", "edit", "delete" */
	bool paused;
	struct str where;
	uint64_t hash;
};
struct config_person {         /* somebody whom queries may name */
	struct str name;           /* as people write it: "Elon Musk" */
	struct str key;            /* in queries, behind @@, and in the API's paths: "elon-musk"; made of the name */
	struct texts accounts;     /* as written: "x:elonmusk", "@Gargron@mastodon.social", an address */
	struct texts aliases;      /* other names, in any script */
	struct str where;
	uint64_t hash;
};
struct config {
	struct arena *arena;
	struct config_daemon daemon;
	VEC(struct config_account) accounts;
	VEC(struct config_source) sources;
	VEC(struct config_channel) channels;
	VEC(struct config_person) people;
	VEC(struct config_watch) watches;
	VEC(struct str) warnings;  /* "file:line:column: …" */
};
struct config_errors {         /* every mistake of the files, not only the first */
	struct arena *arena;
	VEC(struct str) list;
};
#define CONFIG_NAME_MAX 64      /* code points */
#define CONFIG_NAME_MADE_MAX 40
bool config_name_ok(struct str name);
/* A name made from a title ("Le Monde !" gives "le-monde"), `otherwise` if there is nothing in it; made unique among the
 * keys of `taken` (may be NULL) by "-2", "-3" …  Replaces what `out` holds. */
void config_name_make(struct strbuf *out, struct str title, const char *otherwise, const struct map *taken);
void config_errors_release(struct config_errors *r);
void config_free(struct config *c);
DEFINE_OWNED(config);
/* Reads `path` and its conf.d/.  -1 with one or more lines in *errors. Secrets are read now. Names:
 * 1..64 of letters (any script),
 * digits, "-", "_", "." (of people any text); accounts, sources, channels, people and watches have a name space each. */
int config_load(const char *path, const struct config_types *types, struct config **ret, struct config_errors *errors) MUST_CHECK;
/* An empty configuration with all defaults: for a daemon without a file. */
struct config *config_defaults(void) RETURNS_OWNED(config_free);

/* One object from the API's JSON, texts and settings in `arena`.  Errors name the key.  "file"
 * URLs, {file|env|credential: …} secrets and config_only
 * fields are refused; so is "***" as a secret.  The name may be absent. */
int config_source_from_json(const json_t *j, const struct config_types *types, struct arena *arena, struct config_source *ret,
                            struct err *e) MUST_CHECK;
int config_account_from_json(const json_t *j, const struct config_types *types, struct arena *arena, struct config_account *ret,
                             struct err *e) MUST_CHECK;
int config_channel_from_json(const json_t *j, const struct config_types *types, struct arena *arena, struct config_channel *ret,
                             struct err *e) MUST_CHECK;
int config_person_from_json(const json_t *j, const struct config_types *types, struct arena *arena, struct config_person *ret,
                            struct err *e) MUST_CHECK;
int config_watch_from_json(const json_t *j, const struct config_types *types, struct arena *arena, struct config_watch *ret,
                           struct err *e) MUST_CHECK;
/* As shown by the API: secrets "***", redacted URLs when url_secret.  New reference; without name,
 * type and origin. */
json_t *config_source_to_json(const struct config_source *s, const struct config_types *types);
json_t *config_account_to_json(const struct config_account *a);
json_t *config_channel_to_json(const struct config_channel *c, const struct config_types *types, bool url_secret);
json_t *config_person_to_json(const struct config_person *p);
json_t *config_watch_to_json(const struct config_watch *w);
/* The annotated sample monitord.yaml, and the mdoc/roff table of all keys for monitord.yaml(5):
 * printed from the tables. */
void config_print_sample(const struct config_types *types, struct strbuf *out);
void config_print_man(const struct config_types *types, struct strbuf *out);
