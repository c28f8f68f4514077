/* SPDX-License-Identifier: ISC */
/*
 * A server's bytes through the WebSocket: the first byte says in what pieces they come and whether messages may be
 * compressed.  However they are cut, the same messages are read, in order, up to the end; each is bounded, and so is what
 * we say to it.
 */
#include "fuzz/fuzz.h"

#include <zdict.h>

#include "io/websocket.h"

#define MESSAGE_MAX 2000
#define TOTAL_MAX (1u << 20)
#define SAID_MAX (2u << 20)

static struct strbuf dictionary = STRBUF_INIT(8192);

/* Of what events are made of; training one wants more text than there is. */
__attribute__((constructor)) static void setup(void)
{
	static const char words[] = "{\"did\":\"did:plc:\",\"time_us\":1779719009157119,\"kind\":\"commit\",\"commit\":{\"rev\":\"\","
				    "\"operation\":\"create\",\"collection\":\"app.bsky.feed.post\",\"rkey\":\"\",\"record\":{\"text\":\"\"}}}";
	AUTO(strbuf) struct strbuf samples = STRBUF_INIT(1 << 20);
	size_t sizes[500];
	ZDICT_params_t params = { .dictID = 1612007021 };

	for (size_t i = 0; i < 500; i++) {
		size_t from = samples.len;
		strbuf_addf(&samples, "%s %zu", words, i * i);
		sizes[i] = samples.len - from;
	}
	size_t n = ZDICT_finalizeDictionary(strbuf_reserve(&dictionary, 8000), 8000, words, sizeof(words) - 1, samples.p, sizes, 500,
					    params);
	MUST(!ZDICT_isError(n));
	strbuf_commit(&dictionary, n);
}

/* All messages, each behind its length, as they come out when the bytes come in pieces of `step`. */
static void read_all(struct str bytes, size_t step, bool compressed, struct strbuf *out)
{
	AUTO(strbuf) struct strbuf message = STRBUF_INIT(MESSAGE_MAX);
	struct websocket *w = websocket_new(compressed ? strbuf_str(&dictionary) : STR_NULL, MESSAGE_MAX);
	char said[512];
	size_t n_said = 0;

	MUST(w != NULL);
	for (size_t at = 0; at < bytes.len && websocket_ended(w) == NULL; at += step) {
		websocket_take(w, str_slice(bytes, at, at + step));
		while (websocket_next(w, &message)) {
			MUST(message.len <= MESSAGE_MAX);
			strbuf_addf(out, "%zu:", message.len);
			strbuf_add(out, strbuf_str(&message));
		}
		for (size_t n; (n = websocket_write(w, said, sizeof(said))) > 0;)
			n_said += n;
		MUST(n_said <= SAID_MAX);
	}
	websocket_free(w);
}

FUZZ(s)
{
	AUTO(strbuf) struct strbuf whole = STRBUF_INIT(TOTAL_MAX), pieces = STRBUF_INIT(TOTAL_MAX);

	if (s.len < 2)
		return;
	size_t step = 1 + (unsigned char)s.p[0] / 2;
	bool compressed = s.p[0] & 1;
	s = str_from(s, 1);
	read_all(s, s.len, compressed, &whole);
	read_all(s, step, compressed, &pieces);
	MUST(str_eq(strbuf_str(&whole), strbuf_str(&pieces)));
}
