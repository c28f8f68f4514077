/* SPDX-License-Identifier: ISC */
/* WebSockets: RFC 6455 by libwslay's event API, RFC 8878 by libzstd. */
#include "io/websocket.h"

#include <wslay/wslay.h>
#include <zstd.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/text.h"

#define CONTROL_ROOM (64u << 10) /* of what is queued: lengths of many small messages */
#define OUTPUT_MAX (1u << 20)    /* the first message, and pongs; more is not wanted by an honest server */
#define REASON_MAX 123           /* RFC 6455, 5.5 */

struct entry { /* before each message in `queue` */
	size_t len;
	bool binary;
};
struct websocket {
	wslay_event_context_ptr protocol;
	ZSTD_DCtx *zstd;        /* NULL: binary messages are given as they are */
	struct str input;       /* what libwslay has not read yet */
	struct strbuf queue;    /* entry, message, entry, message … */
	size_t given;           /* of the queue */
	struct strbuf ended;
	struct strbuf output;   /* to be sent */
	size_t written;         /* of it */
};

/* --- libwslay's calls --- */

static ssize_t on_read(wslay_event_context_ptr p, uint8_t *to, size_t room, int flags __attribute__((unused)), void *arg)
{
	struct websocket *w = arg;
	struct str piece = str_slice(w->input, 0, room);

	if (str_empty(piece)) {
		wslay_event_set_error(p, WSLAY_ERR_WOULDBLOCK);
		return -1;
	}
	memcpy(to, piece.p, piece.len);
	w->input = str_from(w->input, piece.len);
	return (ssize_t)piece.len;
}

static ssize_t on_write(wslay_event_context_ptr p, const uint8_t *from, size_t len, int flags __attribute__((unused)),
                        void *arg)
{
	struct websocket *w = arg;
	if (strbuf_add(&w->output, str_n((const char *)from, len)))
		return (ssize_t)len;
	wslay_event_set_error(p, WSLAY_ERR_CALLBACK_FAILURE);
	return -1;
}

static int on_mask(wslay_event_context_ptr p __attribute__((unused)), uint8_t *to, size_t len, void *arg __attribute__((unused)))
{
	hash_random(to, len);
	return 0;
}

static void end(struct websocket *w, const char *why, unsigned code, struct str reason)
{
	if (w->ended.len > 0)
		return; /* the first reason is the true one */
	strbuf_adds(&w->ended, why);
	if (code != 0)
		strbuf_addf(&w->ended, ": %u", code);
	if (!str_empty(reason))
		strbuf_addf(&w->ended, " %.*s", STR_ARG(text_cut(reason, REASON_MAX)));
}

static void on_message(wslay_event_context_ptr p __attribute__((unused)), const struct wslay_event_on_msg_recv_arg *m,
                       void *arg)
{
	struct websocket *w = arg;
	struct str bytes = str_n((const char *)m->msg, m->msg_length);
	struct entry entry = { .len = bytes.len, .binary = m->opcode == WSLAY_BINARY_FRAME };

	if (m->opcode == WSLAY_CONNECTION_CLOSE)
		end(w, "the server closed the stream", m->status_code, str_from(bytes, bytes.len < 2 ? bytes.len : 2));
	if (wslay_is_ctrl_frame(m->opcode) || str_empty(bytes))
		return;
	strbuf_add(&w->queue, str_n((const char *)&entry, sizeof(entry)));
	strbuf_add(&w->queue, bytes);
}

/* --- making one --- */

static bool use_dictionary(struct websocket *w, struct str dictionary)
{
	if (str_empty(dictionary))
		return true;
	w->zstd = ZSTD_createDCtx();
	return w->zstd != NULL && ZSTD_getDictID_fromDict(dictionary.p, dictionary.len) != 0 &&
	       !ZSTD_isError(ZSTD_DCtx_loadDictionary(w->zstd, dictionary.p, dictionary.len));
}

struct websocket *websocket_new(struct str dictionary, size_t max_bytes)
{
	static const struct wslay_event_callbacks calls = { .recv_callback = on_read, .send_callback = on_write,
		                                            .genmask_callback = on_mask, .on_msg_recv_callback = on_message };
	struct websocket *w = mem_new(struct websocket);

	w->queue = STRBUF_INIT(max_bytes + CONTROL_ROOM);
	w->ended = STRBUF_INIT(512);
	w->output = STRBUF_INIT(OUTPUT_MAX);
	if (wslay_event_context_client_init(&w->protocol, &calls, w) != 0 || !use_dictionary(w, dictionary)) {
		websocket_free(w);
		return NULL;
	}
	wslay_event_config_set_max_recv_msg_length(w->protocol, max_bytes);
	return w;
}

void websocket_free(struct websocket *w)
{
	if (w == NULL)
		return;
	if (w->protocol != NULL)
		wslay_event_context_free(w->protocol);
	ZSTD_freeDCtx(w->zstd);
	strbuf_release(&w->queue);
	strbuf_release(&w->ended);
	strbuf_release(&w->output);
	mem_free(w);
}

void websocket_accept(const char *key, char ret[static WEBSOCKET_ACCEPT_MAX])
{
	AUTO(strbuf) struct strbuf text = STRBUF_INIT(256), accept = STRBUF_INIT(WEBSOCKET_ACCEPT_MAX);
	unsigned char digest[SHA1_BYTES];

	strbuf_addf(&text, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	hash_sha1(strbuf_str(&text), digest);
	hash_base64(&accept, str_n((const char *)digest, sizeof(digest)));
	snprintf(ret, WEBSOCKET_ACCEPT_MAX, "%s", strbuf_cstr(&accept));
}

/* --- reading --- */

/* What libwslay has to say, into `output`. */
static void answer(struct websocket *w)
{
	if (wslay_event_want_write(w->protocol) && wslay_event_send(w->protocol) != 0)
		end(w, "the server asks for too much, and reads too little", 0, STR_NULL);
}

/* After a fault libwslay reads no more, and its close frame says which it was. */
static void note_fault(struct websocket *w)
{
	unsigned code = wslay_event_get_status_code_sent(w->protocol);

	if (code == WSLAY_CODE_MESSAGE_TOO_BIG)
		end(w, "a message of the stream is larger than body_max", 0, STR_NULL);
	else if (code == WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA)
		end(w, "a message of the stream is no UTF-8", 0, STR_NULL);
	else
		end(w, "the server's bytes are no WebSocket's", 0, STR_NULL);
}

void websocket_take(struct websocket *w, struct str bytes)
{
	w->input = bytes;
	if (wslay_event_recv(w->protocol) != 0)
		end(w, "the server's bytes are no WebSocket's", 0, STR_NULL);
	w->input = STR_NULL;
	answer(w);
	if (!wslay_event_want_read(w->protocol))
		note_fault(w);
}

static bool decode(struct websocket *w, struct str from, struct strbuf *to)
{
	ZSTD_inBuffer in = { .src = from.p, .size = from.len };
	size_t left = 1;

	ZSTD_DCtx_reset(w->zstd, ZSTD_reset_session_only);
	while (left != 0) {
		size_t n = to->max - to->len < ZSTD_DStreamOutSize() ? to->max - to->len : ZSTD_DStreamOutSize();
		ZSTD_outBuffer out = { .dst = strbuf_reserve(to, n), .size = n };
		if (n == 0)
			return false;
		left = ZSTD_decompressStream(w->zstd, &out, &in);
		if (ZSTD_isError(left) || (left != 0 && out.pos < out.size && in.pos == in.size))
			return false;
		strbuf_commit(to, out.pos);
	}
	return in.pos == in.size;
}

bool websocket_next(struct websocket *w, struct strbuf *to)
{
	struct entry entry;
	struct str rest = str_from(strbuf_str(&w->queue), w->given);

	strbuf_reset(to);
	if (str_empty(rest)) {
		strbuf_reset(&w->queue);
		w->given = 0;
		return false;
	}
	memcpy(&entry, rest.p, sizeof(entry));
	struct str message = str_slice(rest, sizeof(entry), sizeof(entry) + entry.len);
	w->given += sizeof(entry) + entry.len;
	if (!entry.binary || w->zstd == NULL)
		return strbuf_add(to, message);
	if (decode(w, message, to))
		return true;
	end(w, "a message of the stream cannot be decompressed, or is larger than body_max", 0, STR_NULL);
	return false;
}

const char *websocket_ended(const struct websocket *w)
{
	return w->ended.len > 0 ? strbuf_cstr(&w->ended) : NULL;
}

/* --- writing --- */

static void say(struct websocket *w, uint8_t opcode, struct str text)
{
	struct wslay_event_msg m = { .opcode = opcode, .msg = (const uint8_t *)text.p, .msg_length = text.len };

	if (wslay_event_queue_msg(w->protocol, &m) == 0)
		answer(w);
}

void websocket_say(struct websocket *w, struct str text)
{
	say(w, WSLAY_TEXT_FRAME, text);
}

void websocket_ping(struct websocket *w)
{
	say(w, WSLAY_PING, STR_NULL);
}

bool websocket_writes(const struct websocket *w)
{
	return w->written < w->output.len;
}

size_t websocket_write(struct websocket *w, char *to, size_t room)
{
	struct str piece = str_slice(strbuf_str(&w->output), w->written, w->written + room);

	if (piece.len > 0)
		memcpy(to, piece.p, piece.len);
	w->written += piece.len;
	if (w->written == w->output.len) {
		strbuf_reset(&w->output);
		w->written = 0;
	}
	return piece.len;
}
