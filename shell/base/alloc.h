/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Allocation that cannot fail: out of memory ends the process, as nothing here
 * could do better. And a few macros for all.
 */
#ifndef BPFSH_ALLOC_H
#define BPFSH_ALLOC_H

#include <stddef.h>

#include "shell/base/alloc.h"

#define printf_like(fmt, args) __attribute__((format(printf, fmt, args)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n, size_t size);
void *xmemdup(const void *p, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xasprintf(const char *fmt, ...) printf_like(1, 2);

/* Grows @array, which holds @nr elements, so that one more fits. */
#define GROW(array, nr) \
	((nr) & ((nr) - 1) ? (void)0 : \
	 (void)((array) = xrealloc((array), (nr) ? 2 * (size_t)(nr) : 1, sizeof(*(array)))))

#endif
