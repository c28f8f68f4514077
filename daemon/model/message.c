/* SPDX-License-Identifier: ISC */
/* The messages between the io thread and the engine thread. */
#include "model/message.h"

#include "base/clock.h"
#include "base/mem.h"

/* An arena's own blocks, begun and not filled, beside the texts in it: four texts can leave four. */
#define MESSAGE_SLACK_BYTES 65536

void message_free(struct message *m)
{
	if (!m)
		return;
	transfer_free(m->transfer);
	reply_free(m->reply);
	mem_free(m->command);
	arena_free(m->arena);
	mem_free(m);
}

struct message *message_new(enum message_kind kind)
{
	struct message *m = mem_new(struct message);
	m->kind = kind;
	m->received_us = clock_mono_us();
	m->mail.bytes = message_weight(m);
	return m;
}

struct message *message_text(enum message_kind kind, struct str text)
{
	struct message *m = message_new(kind);
	m->arena = arena_new(text.len + MESSAGE_SLACK_BYTES);
	m->text = arena_str(m->arena, text);
	m->mail.bytes = message_weight(m);
	return m;
}

struct message *message_command(uint64_t request_id, struct str method, struct str path,
				struct str query, struct str body)
{
	struct message *m = message_new(MESSAGE_COMMAND);
	m->request_id = request_id;
	m->arena = arena_new(method.len + path.len + query.len + body.len + MESSAGE_SLACK_BYTES);
	m->command = mem_new(struct command);
	*m->command = (struct command){
		.method = arena_str(m->arena, method),
		.path = arena_str(m->arena, path),
		.query = arena_str(m->arena, query),
		.body = arena_str(m->arena, body),
	};
	m->mail.bytes = message_weight(m);
	return m;
}

size_t message_weight(const struct message *m)
{
	size_t bytes = sizeof(*m);
	if (m->arena)
		bytes += arena_used(m->arena);
	if (m->command)
		bytes += sizeof(*m->command);
	if (m->transfer)
		bytes += sizeof(*m->transfer) + arena_used(m->transfer->arena) +
			 m->transfer->headers.cap * sizeof(struct header) +
			 m->transfer->allow.cap * sizeof(struct network);
	if (m->reply)
		bytes += sizeof(*m->reply) + arena_used(m->reply->arena) + m->reply->body.cap +
			 m->reply->headers.cap * sizeof(struct header);
	return bytes;
}
