/* SPDX-License-Identifier: ISC */
/*
 * Heap memory.  The only module that may call malloc and its family.  Out of memory writes one line
 * and ends the
 * process with exit code 75 (EX_TEMPFAIL): state is on disk, inputs are bounded first, systemd
 * restarts us.
 * So no result is ever NULL.  Any thread.
 */
#pragma once

#include <stddef.h>

void *mem_alloc(size_t size);                            /* zeroed */
void *mem_alloc_lines(size_t size);                      /* zeroed, starts with a cache line: of 64 bytes */
void *mem_realloc(void *p, size_t size);                 /* new bytes undefined */
void *mem_realloc_array(void *p, size_t n, size_t size); /* aborts on overflow of n * size */
void *mem_dup(const void *p, size_t size);
char *mem_strdup(const char *s);
void mem_free(void *p);                                  /* NULL is fine */
void mem_trim(void);                                     /* gives free pages back; takes milliseconds: after something huge */

#define mem_new(type) ((type *)mem_alloc(sizeof(type)))
