/* SPDX-License-Identifier: ISC */
/*
 * Two servers of one kind.  The HTTP API's server side on the Unix socket: requests become COMMAND messages, REPLYs become
 * responses, EVENTs go to the
 * subscribers of GET /v1/events[?kind=a,b], which alone is served here.  Every other path is the engine's.
 * And the door for hubs (WebSub) on a TCP address: requests whose path ends in a token of ours become CALLBACK messages;
 * it knows no other paths, and tells nobody anything.
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
int api_new_door(struct event_base *base, const struct io_options *options, struct api **ret_api, struct err *e) MUST_CHECK;
bool api_is_door(uint64_t request_id); /* of a REPLY: is it for the door? */
void api_reply(struct api *api, const struct message *m); /* MESSAGE_REPLY; nothing if the client has gone */
void api_event(struct api *api, const struct message *m); /* MESSAGE_EVENT */
bool api_busy(const struct api *api);                     /* responses that are not yet sent */
