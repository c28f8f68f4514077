/* SPDX-License-Identifier: ISC */
/* The table of channel types, and the judgement of HTTP answers. */
#include "channel/types.h"

#include "base/json.h"

#define REPLY_BODY_MAX (256 << 10)
#define DELIVERY_TOTAL_MS 30000 /* Standard Webhooks: 15 to 30 s */

const struct channel_type *const *channel_types(void)
{
	static const struct channel_type *const types[] = {
#define CHANNEL_TYPE(type) &channel_##type,
#include "channel/types.def"
#undef CHANNEL_TYPE
		NULL
	};
	return types;
}

const struct channel_type *channel_type_find(struct str name)
{
	for (const struct channel_type *const *t = channel_types(); *t != NULL; t++)
		if (str_eq(name, str_c((*t)->name)))
			return *t;
	return NULL;
}

int channel_compose(const struct channel *c, const struct alert *a, int64_t now_unix_ms,
		    struct transfer **ret, struct err *e)
{
	return c->type->compose(c, a, now_unix_ms, ret, e);
}

enum verdict channel_judge(const struct channel *c, const struct reply *r)
{
	return c->type->judge != NULL ? c->type->judge(c, r) : channel_judge_http(c, r);
}

static enum verdict judge_status(int status)
{
	if (status >= 200 && status < 300)
		return VERDICT_DELIVERED;
	switch (status) {
	case 401:
	case 403:
	case 404:
	case 410:
		return VERDICT_BROKEN;
	case 408:
	case 425:
	case 429:
		return VERDICT_LATER;
	default:
		return status >= 300 && status < 500 ? VERDICT_NEVER : VERDICT_LATER;
	}
}

enum verdict channel_judge_http(const struct channel *c __attribute__((unused)),
				const struct reply *r)
{
	switch (r->outcome) {
	case REPLY_OK:
	case REPLY_TOO_BIG: /* it answered; what else it had to say does not matter */
		return judge_status(r->status);
	case REPLY_REFUSED:
		return VERDICT_BROKEN;
	case REPLY_FAILED:
	case REPLY_CANCELLED:
		break;
	}
	return VERDICT_LATER;
}

struct transfer *channel_http(const struct channel *c, const char *method, struct str content_type,
			      struct str body)
{
	OWNED(transfer) struct transfer *t = transfer_new(TRANSFER_HTTP);
	t->method = arena_str(t->arena, str_c(method));
	t->url = arena_str(t->arena, c->url);
	t->body = arena_str(t->arena, body);
	t->has_body = true;
	t->total_ms = DELIVERY_TOTAL_MS;
	t->body_max = REPLY_BODY_MAX;
	transfer_header(t, "Content-Type", content_type);
	return take(t);
}

int channel_http_json(const struct channel *c, const json_t *body, struct transfer **ret,
		      struct err *e)
{
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(RENDER_BODY_MAX);
	json_dump(&text, body, false);
	if (text.toobig)
		return err_set(e, ERR_LIMIT, "channel %.*s: message over %u bytes",
			       STR_ARG(c->name), RENDER_BODY_MAX);
	*ret = channel_http(c, "POST", STR("application/json"), strbuf_str(&text));
	return 0;
}
