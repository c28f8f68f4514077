/* SPDX-License-Identifier: ISC */
/*
 * One-way queue between two threads, bounded in bytes.  A message owns its payload; putting it moves ownership.
 * `put` never blocks: it says no.  The reader waits on a condition (engine) or watches an eventfd
 * (io), which is
 * written only when the box was empty.  Any number of writers, one reader.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mailbox;
struct mail {          /* embed as the first member of a message */
	struct mail *next; /* private while in the box */
	size_t bytes;      /* what it weighs, set by the writer */
};

struct mailbox *mailbox_new(size_t max_bytes);
void mailbox_free(struct mailbox *b, void (*free_mail)(struct mail *)); /* frees what is still in it */
/* False: it would pass the bound, and the caller still owns it.  An empty box takes one mail of any
 * size.
 * `urgent` mails (stop, done: room for them is reserved by credits) are never refused. */
bool mailbox_put(struct mailbox *b, struct mail *m, bool urgent) __attribute__((warn_unused_result));
struct mail *mailbox_take(struct mailbox *b);                     /* oldest, NULL if empty */
/* Waits until there is mail or `wait_ms` passed (-1: for ever), then as mailbox_take. */
struct mail *mailbox_wait(struct mailbox *b, int64_t wait_ms);
int mailbox_fd(struct mailbox *b); /* eventfd, readable when mail came; the reader clears it by mailbox_clear_fd */
void mailbox_clear_fd(struct mailbox *b);
size_t mailbox_bytes(struct mailbox *b);
