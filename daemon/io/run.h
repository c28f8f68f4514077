/* SPDX-License-Identifier: ISC */
/* One running transfer, and the libcurl options of its present hop. */
#pragma once

#include <arpa/inet.h>
#include <curl/curl.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdatomic.h>
#include "base/mailbox.h"
#include "model/transfer.h"

struct fetch;
struct shard;

/* Of refused_address and refused_why. */
#define ADDRESS_REFUSED "address %s is not allowed (%s) without allow_private"

struct run {
	struct fetch *fetch;
	struct transfer *t;
	struct reply *reply;
	CURL *easy;
	struct shard *shard;          /* NULL: libcurl does not have it now */
	struct smtp_job {
		struct mail mail;     /* on its way back from the thread */
		pthread_t thread;
		CURLcode code;
		bool started;         /* the thread has `run` until it comes back */
	} job;
	_Atomic bool abort;           /* asks the thread to end soon */
	enum reply_outcome abort_outcome; /* why */
	struct event *deadline;
	struct curl_slist *headers, *recipients;
	CURLU *url, *first_url;       /* this hop's, without user info and fragment; the first hop's */
	struct strbuf raw_headers;    /* of this hop's last response */
	struct str user_agent;
	int64_t started_us;
	int hops;                     /* redirects followed */
	int encodings;                /* content codings of this response */
	bool in_headers;
	bool left_origin;             /* credentials stay behind from here on */
	bool moved;                   /* a redirect that was not 301/308 broke the chain of moved_to */
	bool opened;                  /* some socket of this hop was let through */
	const char *refused_why;      /* the guard's word, with the address */
	char refused_address[INET6_ADDRSTRLEN];
	const char *cut_why;          /* why we stopped a response ourselves */
	size_t mail_sent;
	struct stream *stream;        /* NULL: a body, or not begun */
	char socket_key[25];          /* Sec-WebSocket-Key of this hop */
	bool refused_upgrade;         /* to a WebSocket: what comes is a common answer */
	char curl_error[CURL_ERROR_SIZE];
};

/* A stream (stream.c): it begins with its response's headers and takes bytes (and says what libcurl's write callback
 * shall return).  At its end it may hold frames that there is no room for: then run_result comes again, later. */
bool stream_begin(struct run *r, int status); /* false: it cannot, as cut_why says */
size_t stream_take(struct run *r, struct str chunk);
size_t stream_give(struct run *r, char *to, size_t room); /* the same for libcurl's read callback: a WebSocket's bytes */
void stream_unwatched(struct run *r); /* libcurl waits for nothing on its socket any more: paused, or the peer is gone */
bool stream_holds(struct run *r, CURLcode code);
void stream_free(struct stream *s);
bool stream_silent(struct run *r); /* the deadline rang: true if nothing came for too long, else it is set again */
void run_result(struct run *r, CURLcode code);
/* Ends the run from a callback of ours, never of libcurl's. */
void run_give_up(struct run *r, enum reply_outcome outcome, const char *error);
struct event_base *run_base(const struct run *r);
struct mailbox *run_engine(const struct run *r);

/* Fills `easy` for this hop.  The only place where options are set, so no transfer escapes a rule. */
int run_configure(struct run *r, struct err *e) MUST_CHECK;
/* Takes `url` as the next hop: http(s), file or smtp(s) as the transfer's kind says. `redirected` from r->url. */
int run_set_url(struct run *r, const char *url, bool redirected, struct err *e) MUST_CHECK;
/* The part of a URL, "" if absent; free with mem_free. */
char *run_url_part(CURLU *url, CURLUPart part, unsigned flags);
