/* SPDX-License-Identifier: ISC */
/*
 * Cuts a stream of bytes into frames: server-sent events (WHATWG HTML, 9.2.6) or lines.  Owner: whoever reads the stream.
 */
#pragma once

#include "base/strbuf.h"
#include "model/transfer.h"

struct frames {
	enum framing framing;     /* SSE or LINES */
	struct strbuf line;       /* not ended yet */
	struct strbuf name, data; /* of the event; of a line: data alone */
	bool ready;               /* what name and data hold was given out: empty them first */
};
void frames_init(struct frames *f, enum framing framing, size_t max_bytes); /* of one frame */
void frames_release(struct frames *f);
/*
 * Takes bytes off *rest up to the end of the next frame.  True: it stands in name and data until the next call.  False:
 * *rest is used up.  Comments, empty lines and events without data are no frames.  A frame that is too large sets
 * data.toobig and is no frame either: the stream cannot be trusted any more.
 */
bool frames_next(struct frames *f, struct str *rest);
