/* SPDX-License-Identifier: ISC */
/* Heap memory that is there or ends the process: the only file that calls malloc. */
#include "base/mem.h"

#include <malloc.h>
#include <stdint.h>

#define EXIT_TEMPFAIL 75 /* EX_TEMPFAIL of sysexits(3): systemd restarts us */

static _Noreturn void mem_die(void)
{
	static const char line[] = "monitord: out of memory\n";
	ssize_t written = write(STDERR_FILENO, line, sizeof(line) - 1);
	(void)written; /* nothing is left that could be done about it */
	_exit(EXIT_TEMPFAIL);
}

void *mem_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);
	if (p == NULL)
		mem_die();
	return p;
}

void *mem_alloc_lines(size_t size)
{
	void *p = aligned_alloc(64, size + -size % 64);
	if (p == NULL)
		mem_die();
	return memset(p, 0, size);
}

void *mem_realloc(void *p, size_t size)
{
	void *q = realloc(p, size ? size : 1);
	if (q == NULL)
		mem_die();
	return q;
}

void *mem_realloc_array(void *p, size_t n, size_t size)
{
	size_t bytes;
	if (__builtin_mul_overflow(n, size, &bytes))
		mem_die();
	return mem_realloc(p, bytes);
}

void *mem_dup(const void *p, size_t size)
{
	void *q = mem_alloc(size);
	if (size)
		memcpy(q, p, size);
	return q;
}

char *mem_strdup(const char *s)
{
	return mem_dup(s, strlen(s) + 1);
}

void mem_free(void *p)
{
	free(p);
}

void mem_trim(void)
{
	(void)malloc_trim(0);
}
