/* SPDX-License-Identifier: ISC */
/* Mails, each sent by a thread of its own. */
#include "io/smtp.h"

#include <assert.h>

#include "base/mem.h"
#include "base/vec.h"

#define ENDED_MAX_BYTES (1u << 20) /* ended mails are put urgently: no bound is met */

struct smtp {
	struct mailbox *ended;
	struct event *readable;
	VEC(struct run *) running;
	void (*done)(struct run *r, CURLcode code);
};
struct thread_arg {
	struct run *run;
	struct mailbox *ended;
};

static void *thread_main(void *arg)
{
	struct thread_arg job = *(struct thread_arg *)arg;
	mem_free(arg);
	job.run->job.code = curl_easy_perform(job.run->easy);
	bool put = mailbox_put(job.ended, &job.run->job.mail, true);
	assert(put); /* urgent: never refused */
	return NULL;
}

static void take_back(struct smtp *s, struct mail *m)
{
	struct run *r = (struct run *)(void *)((char *)m - offsetof(struct run, job.mail));
	pthread_join(r->job.thread, NULL);
	r->job.started = false;
	for (size_t i = 0; i < s->running.n; i++) {
		if (s->running.v[i] != r)
			continue;
		vec_remove_swap(&s->running, i);
		break;
	}
	s->done(r, r->job.code);
}

static void on_ended(evutil_socket_t fd __attribute__((unused)), short what __attribute__((unused)), void *arg)
{
	struct smtp *s = arg;
	mailbox_clear_fd(s->ended);
	for (struct mail *m; (m = mailbox_take(s->ended)) != NULL;)
		take_back(s, m);
}

struct smtp *smtp_new(struct event_base *base, void (*done)(struct run *r, CURLcode code))
{
	struct smtp *s = mem_new(struct smtp);
	s->ended = mailbox_new(ENDED_MAX_BYTES);
	s->done = done;
	s->readable = event_new(base, mailbox_fd(s->ended), EV_READ | EV_PERSIST, on_ended, s);
	event_add(s->readable, NULL);
	return s;
}

static void nothing_left(struct mail *m __attribute__((unused)))
{
}

void smtp_free(struct smtp *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->running.n; i++)
		atomic_store(&s->running.v[i]->abort, true);
	while (s->running.n > 0)
		take_back(s, mailbox_wait(s->ended, -1));
	event_free(s->readable);
	mailbox_free(s->ended, nothing_left);
	vec_free(&s->running);
	mem_free(s);
}

bool smtp_start(struct smtp *s, struct run *r)
{
	struct thread_arg *arg = mem_new(struct thread_arg);
	*arg = (struct thread_arg){ r, s->ended };
	r->job.started = true;
	vec_push(&s->running, r);
	if (pthread_create(&r->job.thread, NULL, thread_main, arg) == 0)
		return true;
	s->running.n--;
	r->job.started = false;
	mem_free(arg);
	return false;
}
