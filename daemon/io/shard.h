/* SPDX-License-Identifier: ISC */
/*
 * libcurl's multi interface on libevent.  Hosts are spread over several multi handles: one handle
 * slows down with many hosts (790 µs a poll at 10,000 hosts against 32 µs when sharded, measured on
 * libcurl 7.88.1).  Handles are made when first needed.  io thread only.
 */
#pragma once

#include <curl/curl.h>
#include <event2/event.h>
#include "base/own.h"
#include "base/str.h"

#define SHARDS_N 16

struct shard;
struct shards;
struct shards_calls {
	/* An exchange ended; the handle is out of its multi already and may be added again. */
	void (*done)(void *ctx, CURL *easy, CURLcode code);
	/* libcurl waits for nothing on the handle's socket any more.  From inside libcurl: it must not be told anything. */
	void (*unwatched)(void *ctx, CURL *easy);
	/* libcurl's state of this shard cannot be trusted: take all its handles out by shard_remove now. */
	void (*broken)(void *ctx, struct shard *shard, const char *why);
	void *ctx;
};

void shards_free(struct shards *s); /* every easy handle must be out */
struct shards *shards_new(struct event_base *base, const struct shards_calls *calls) RETURNS_OWNED(shards_free);
DEFINE_OWNED(shards);
/* Starts `easy` on the shard of `host`; NULL if libcurl refuses.  `done` is never called from inside. */
struct shard *shards_add(struct shards *s, struct str host, CURL *easy);
void shard_remove(struct shard *shard, CURL *easy);
