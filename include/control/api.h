/* SPDX-License-Identifier: ISC */
/*
 * The server side of the HTTP API: one request in, one answer out through engine_reply and its kin.
 * Which paths there are stands in daemon/control/routes.def, what they take and give in
 * daemon/control/openapi.json.
 * Engine thread only; runs inside the transaction of the batch.
 */
#pragma once

#include "engine/engine.h"

/* An engine_handler.  Answers now, or leaves the answer to the engine (probe, poll, test, search,
 * reload). */
void api_handle(struct engine *g, const struct message *request, struct now now);
