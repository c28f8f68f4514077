/* SPDX-License-Identifier: ISC */
/* From bytes to events or lines, however they are cut on the way. */
#include "io/frames.h"

#define EVENT_NAME_MAX 256

void frames_init(struct frames *f, enum framing framing, size_t max_bytes)
{
	*f = (struct frames){ .framing = framing, .line = STRBUF_INIT(max_bytes), .name = STRBUF_INIT(EVENT_NAME_MAX),
		              .data = STRBUF_INIT(max_bytes) };
}

void frames_release(struct frames *f)
{
	strbuf_release(&f->line);
	strbuf_release(&f->name);
	strbuf_release(&f->data);
}

static void event_line(struct frames *f, struct str line)
{
	size_t colon = str_chr(line, ':');
	struct str field = colon == STR_NPOS ? line : str_slice(line, 0, colon);
	struct str value = colon == STR_NPOS ? STR("") : str_from(line, colon + 1);
	if (str_starts(value, STR(" ")))
		value = str_from(value, 1);
	if (str_eq(field, STR("event"))) {
		strbuf_reset(&f->name);
		strbuf_add(&f->name, value);
	} else if (str_eq(field, STR("data"))) {
		if (f->data.len > 0)
			strbuf_addc(&f->data, '\n');
		strbuf_add(&f->data, value);
	}
}

/* True: it ended a frame. */
static bool take_line(struct frames *f, struct str line)
{
	if (str_ends(line, STR("\r")))
		line.len--;
	if (f->framing == FRAMING_LINES) {
		strbuf_add(&f->data, line);
		return f->data.len > 0;
	}
	if (!str_empty(line)) {
		event_line(f, line);
		return false;
	}
	if (f->data.len == 0)
		strbuf_reset(&f->name);
	return f->data.len > 0;
}

bool frames_next(struct frames *f, struct str *rest)
{
	if (f->ready) {
		f->ready = false;
		strbuf_reset(&f->name);
		strbuf_reset(&f->data);
	}
	while (!str_empty(*rest)) {
		size_t end = str_chr(*rest, '\n');
		bool whole = end != STR_NPOS;
		struct str piece = str_slice(*rest, 0, whole ? end : rest->len);
		*rest = str_from(*rest, whole ? end + 1 : rest->len);
		if (whole && f->line.len == 0) { /* nothing of it came before: no copy */
			f->ready = take_line(f, piece);
		} else {
			f->data.toobig = !strbuf_add(&f->line, piece) || f->data.toobig;
			if (!whole)
				continue;
			f->ready = take_line(f, strbuf_str(&f->line));
			strbuf_reset(&f->line);
		}
		if (f->ready && !f->data.toobig)
			return true;
		if (f->data.toobig)
			*rest = STR_NULL;
	}
	return false;
}
