/* SPDX-License-Identifier: ISC */
/* One-way queue between two threads, bounded in bytes. */
#include "base/mailbox.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include "base/mem.h"

struct mailbox {
	pthread_mutex_t lock;
	pthread_cond_t came;
	struct mail *head, **tail; /* guarded by lock, as all below */
	size_t bytes, max;
	int fd; /* -1 until the reader asks for it: a reader on the condition needs none */
};

struct mailbox *mailbox_new(size_t max_bytes)
{
	struct mailbox *b = mem_new(struct mailbox);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&b->came, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&b->lock, NULL);
	b->tail = &b->head;
	b->max = max_bytes;
	b->fd = -1;
	return b;
}

void mailbox_free(struct mailbox *b, void (*free_mail)(struct mail *))
{
	if (b == NULL)
		return;
	for (struct mail *m; (m = mailbox_take(b)) != NULL;)
		free_mail(m);
	if (b->fd >= 0)
		close(b->fd);
	pthread_cond_destroy(&b->came);
	pthread_mutex_destroy(&b->lock);
	mem_free(b);
}

static void ring(int fd)
{
	/* Can only fail when the counter is full, and then the reader has been rung for already. */
	(void)eventfd_write(fd, 1);
}

bool mailbox_put(struct mailbox *b, struct mail *m, bool urgent)
{
	pthread_mutex_lock(&b->lock);
	bool was_empty = b->head == NULL;
	bool fits = was_empty || urgent || (b->bytes <= b->max && m->bytes <= b->max - b->bytes);
	if (fits) {
		m->next = NULL;
		*b->tail = m;
		b->tail = &m->next;
		b->bytes += m->bytes;
		if (was_empty) {
			pthread_cond_signal(&b->came);
			if (b->fd >= 0)
				ring(b->fd);
		}
	}
	pthread_mutex_unlock(&b->lock);
	return fits;
}

static struct mail *take_locked(struct mailbox *b)
{
	struct mail *m = b->head;
	if (m == NULL)
		return NULL;
	b->head = m->next;
	if (b->head == NULL)
		b->tail = &b->head;
	b->bytes -= m->bytes;
	m->next = NULL;
	return m;
}

struct mail *mailbox_take(struct mailbox *b)
{
	pthread_mutex_lock(&b->lock);
	struct mail *m = take_locked(b);
	pthread_mutex_unlock(&b->lock);
	return m;
}

static struct timespec deadline_in(int64_t ms)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)(ms / 1000);
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

struct mail *mailbox_wait(struct mailbox *b, int64_t wait_ms)
{
	struct timespec until = deadline_in(wait_ms > 0 ? wait_ms : 0);
	pthread_mutex_lock(&b->lock);
	while (b->head == NULL && wait_ms != 0) {
		if (wait_ms < 0)
			pthread_cond_wait(&b->came, &b->lock);
		else if (pthread_cond_timedwait(&b->came, &b->lock, &until) == ETIMEDOUT)
			break;
	}
	struct mail *m = take_locked(b);
	pthread_mutex_unlock(&b->lock);
	return m;
}

int mailbox_fd(struct mailbox *b)
{
	pthread_mutex_lock(&b->lock);
	if (b->fd < 0)
		b->fd = eventfd(b->head != NULL, EFD_CLOEXEC | EFD_NONBLOCK);
	int fd = b->fd;
	pthread_mutex_unlock(&b->lock);
	return fd;
}

void mailbox_clear_fd(struct mailbox *b)
{
	pthread_mutex_lock(&b->lock);
	eventfd_t n;
	if (b->fd >= 0)
		(void)eventfd_read(b->fd, &n); /* EAGAIN: nobody rang */
	pthread_mutex_unlock(&b->lock);
}

size_t mailbox_bytes(struct mailbox *b)
{
	pthread_mutex_lock(&b->lock);
	size_t bytes = b->bytes;
	pthread_mutex_unlock(&b->lock);
	return bytes;
}
