/* SPDX-License-Identifier: ISC */
/* The queue between threads. */
#include "lib/test.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/mailbox.h"
#include "base/mem.h"

static struct mail *mail(size_t bytes)
{
	struct mail *m = mem_new(struct mail);
	m->bytes = bytes;
	return m;
}

static void mail_free(struct mail *m)
{
	mem_free(m);
}

TEST(bound_and_order)
{
	struct mailbox *b = mailbox_new(100);
	struct mail *big = mail(500), *small = mail(10);
	CHECK(mailbox_put(b, big, false));
	CHECK(!mailbox_put(b, small, false));
	CHECK(mailbox_put(b, small, true));
	CHECK_INT(mailbox_bytes(b), 510);
	CHECK(mailbox_take(b) == big);
	CHECK(mailbox_take(b) == small);
	CHECK(mailbox_take(b) == NULL);
	CHECK(mailbox_wait(b, 1) == NULL);
	mail_free(big);
	CHECK(mailbox_put(b, small, false));
	mailbox_free(b, mail_free);
}

static bool readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	return poll(&p, 1, 0) == 1;
}

TEST(eventfd_rings_once)
{
	struct mailbox *b = mailbox_new(100);
	CHECK(mailbox_put(b, mail(1), false));
	int fd = mailbox_fd(b);
	CHECK(readable(fd));
	mailbox_clear_fd(b);
	CHECK(!readable(fd));
	CHECK(mailbox_put(b, mail(1), false));
	CHECK(!readable(fd));
	mail_free(mailbox_take(b));
	mail_free(mailbox_take(b));
	CHECK(mailbox_put(b, mail(1), false));
	CHECK(readable(fd));
	mailbox_free(b, mail_free);
}

#define N_MAILS 10000
static void *writer(void *arg)
{
	for (int i = 0; i < N_MAILS; i++)
		if (!mailbox_put(arg, mail(1), true))
			abort();
	return NULL;
}

TEST(two_writers)
{
	struct mailbox *b = mailbox_new(100);
	pthread_t threads[2];
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, writer, b);
	for (int i = 0; i < 2 * N_MAILS; i++) {
		struct mail *m = mailbox_wait(b, -1);
		CHECK(m != NULL);
		mail_free(m);
	}
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	CHECK_INT(mailbox_bytes(b), 0);
	mailbox_free(b, mail_free);
}
