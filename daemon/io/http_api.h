/* SPDX-License-Identifier: ISC */
/*
 * The HTTP API's server side on the Unix socket: requests become COMMAND messages, REPLYs become
 * responses, EVENTs go to the
 * subscribers of GET /v1/events[?kind=a,b], which alone is served here.  Every other path is the engine's.
 * A server of our own on bufferevents: evhttp 2.1 can neither count its connections nor answer its
 * own errors as problem JSON.  io thread only.
 */
#pragma once

#include <event2/event.h>
#include "io/io.h"

#define API_HEAD_MAX (16u << 10) /* bytes of request line and headers */

struct api;
void api_free(struct api *api); /* removes the socket that api_new made */
int api_new(struct event_base *base, const struct io_options *options, struct api **ret_api, struct err *e) MUST_CHECK;
DEFINE_OWNED(api);
void api_reply(struct api *api, const struct message *m); /* MESSAGE_REPLY; nothing if the client has gone */
void api_event(struct api *api, const struct message *m); /* MESSAGE_EVENT */
bool api_busy(const struct api *api);                     /* responses that are not yet sent */
