/* SPDX-License-Identifier: ISC */
/*
 * A way to tell.  A channel type is a pure codec: compose() turns an alert into a transfer, judge()
 * reads the reply.  It
 * touches no socket, clock or file; `now` comes in.  Engine thread.
 */
#pragma once

#include "alert/alert.h"
#include "base/err.h"
#include "model/settings.h"
#include "model/transfer.h"

struct channel {
	const struct channel_type *type;
	struct str name;      /* borrowed from the owner (engine) */
	struct str url;       /* may be absent for types that need none; a secret when the type says url_secret */
	struct str secret;    /* signing key or password; absent if none */
	void *settings;       /* type->settings_size bytes */
};
enum verdict {
	VERDICT_DELIVERED,
	VERDICT_LATER,   /* try again; Retry-After is the engine's to obey */
	VERDICT_NEVER,   /* this alert will never be taken here: dead letter */
	/* The channel itself is misconfigured (401, 403, 404, 410): hourly, the operator is told, the queue is kept. */
	VERDICT_BROKEN,
};
struct channel_type {
	const char *name;           /* "webhook" */
	const char *help;
	const struct field *fields; /* beyond name, type, url, secret, default, rate, allow_private */
	size_t settings_size;
	bool url_needed;
	const char *url_schemes;    /* "http https"; "smtp smtps" */
	bool url_secret;            /* the URL's path is a secret (Slack): shown as https://host/… only */
	int64_t spacing_ms;         /* least time between two deliveries to one destination, by default (Slack: 1000) */
	/* Cross-field checks after settings were bound; NULL if none. */
	int (*check)(const struct channel *c, struct err *e);
	int (*compose)(const struct channel *c, const struct alert *a, int64_t now_unix_ms, struct transfer **ret, struct err *e);
	enum verdict (*judge)(const struct channel *c, const struct reply *r); /* NULL: channel_judge_http */
};
const struct channel_type *const *channel_types(void);
const struct channel_type *channel_type_find(struct str name);
int channel_compose(const struct channel *c, const struct alert *a, int64_t now_unix_ms, struct transfer **ret, struct err *e)
        MUST_CHECK;
enum verdict channel_judge(const struct channel *c, const struct reply *r);
/* 2xx delivered; 429, 5xx, 408, 425, no answer: later; 401 403 404 410 and our own refusal: broken;
 * other 4xx and 3xx: never. */
enum verdict channel_judge_http(const struct channel *c, const struct reply *r);
