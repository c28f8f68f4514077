/* SPDX-License-Identifier: ISC */
/*
 * One exchange with the network, as data: what io shall do, and what came of it.  Made on the
 * engine thread, moved to io in a START message,
 * answered by a DONE (and FRAMEs when streaming).  A transfer owns an arena that holds all its text; a reply likewise.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"
#include "base/vec.h"

enum transfer_kind {
	TRANSFER_HTTP,    /* http:// or https:// */
	TRANSFER_FILE,    /* file://, only from YAML */
	TRANSFER_SMTP,    /* smtp:// (STARTTLS when `tls_required` or offered) or smtps:// */
	TRANSFER_CONSOLE, /* body goes to the daemon's standard output */
};
enum framing {
	FRAMING_BODY,      /* the whole body in DONE */
	/* Streams: a FRAME with nothing but the status when a 2xx (or 101) begins, then */
	FRAMING_SSE,       /* one FRAME an event */
	FRAMING_LINES,     /* one FRAME a line */
	FRAMING_WEBSOCKET, /* one FRAME a message (RFC 6455); http:// or https:// */
};

struct header {
	struct str name, value;
};
/* An address block, IPv4 as ::ffff:a.b.c.d/96+n.  io refuses every special-purpose address that no
 * block allows. */
struct network {
	unsigned char address[16];
	int bits; /* 0..128 */
};
/* "127.0.0.0/8", "::1", "10.1.2.3", "fd00::/8", "all" (everything). */
bool network_parse(struct str s, struct network *ret_network);
void network_format(struct strbuf *out, const struct network *n); /* as network_parse reads it */
bool network_contains(const struct network *n, const unsigned char address[static 16]);

#define TRANSFER_CONNECT_MS 15000  /* RELIABILITY 3, client rules */
#define TRANSFER_TOTAL_MS 120000
#define TRANSFER_IDLE_MS 90000     /* servers give a sign of life every 15 to 30 s */
#define TRANSFER_BODY_MAX (16 << 20) /* decoded bytes */
#define TRANSFER_REDIRECTS_MAX 5

struct transfer {
	struct arena *arena;
	uint64_t id;             /* unique in the process; set by the engine when it starts the transfer */
	enum transfer_kind kind;
	enum framing framing;
	struct str method;       /* "GET", "POST"; absent = GET, or POST when there is a body */
	struct str url;
	VEC(struct header) headers;
	struct str body;         /* HTTP request body, mail text (RFC 5322, CRLF), or console text */
	struct str coloured;     /* console: instead of body where standard output shows colours; absent = body */
	bool has_body;
	bool follow;             /* follow redirects (GET only; http(s) only; never https to http) */
	bool allow_all_networks; /* no address guard at all (channels written in YAML, channel hosts that the user named) */
	VEC(struct network) allow; /* special-purpose blocks that are fine for this one */
	struct str username, password; /* HTTP Basic or SMTP AUTH; never logged */
	struct str bearer;       /* Authorization: Bearer; dropped when a redirect leaves the host */
	struct str user_agent;
	struct str proxy;        /* absent = none; the environment is never asked */
	bool tls_required;       /* SMTP: refuse to send without TLS */
	bool tls_insecure;       /* do not verify the peer (YAML only, warned about) */
	struct str ca_file;      /* absent = the system's */
	struct str mail_from;    /* SMTP envelope */
	VEC(struct str) mail_to;
	int64_t connect_ms, total_ms; /* deadlines; 0 = the defaults above; a stream has no total */
	int64_t idle_ms;         /* a stream in which nothing comes for so long is dead; 0 = the default above */
	int64_t body_max;        /* decoded bytes; 0 = the default above; of a stream: of one frame */
	/* WebSocket; `body` is the first message that is sent, as text. */
	struct str zstd_dictionary; /* binary messages are zstd frames made with it; absent: they are given as they are */
	bool ping;               /* ask for a sign of life in half of idle_ms: for streams that may have nothing to say */
};
void transfer_free(struct transfer *t);
struct transfer *transfer_new(enum transfer_kind kind) RETURNS_OWNED(transfer_free);
DEFINE_OWNED(transfer);
void transfer_header(struct transfer *t, const char *name, struct str value); /* copies; CR, LF and NUL are cut out */

enum reply_outcome {
	REPLY_OK,        /* an answer came whole; see status */
	REPLY_FAILED,    /* no answer, or not whole: DNS, connect, TLS, reset, truncated, timeout, file unreadable */
	REPLY_REFUSED,   /* we refused: address not allowed, scheme, redirect */
	REPLY_TOO_BIG,   /* body over body_max */
	REPLY_CANCELLED, /* by CANCEL or at shutdown */
};
struct reply {
	struct arena *arena;     /* owns all text but the body */
	uint64_t transfer_id;
	enum reply_outcome outcome;
	int status;              /* HTTP status of the last response, SMTP reply code, 0 if none; files: 200 */
	VEC(struct header) headers; /* of the last response, names in lower case, at most 64 KiB */
	struct strbuf body;      /* decoded; owned */
	struct str error;        /* one line for people, no secrets; absent when REPLY_OK */
	struct str final_url;    /* after redirects */
	struct str moved_to;     /* where an unbroken chain of 301/308 from the first hop leads; absent if none */
	int64_t bytes_wire;      /* body bytes received */
	int64_t elapsed_us;      /* START to end */
};
void reply_free(struct reply *r);
struct reply *reply_new(uint64_t transfer_id) RETURNS_OWNED(reply_free);
DEFINE_OWNED(reply);
struct str reply_header(const struct reply *r, const char *lower_case_name); /* first one; STR_NULL if none */
