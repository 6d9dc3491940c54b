/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Growing byte buffers.
 *
 * A buffer starts zeroed (BUF_INIT) and is always followed by a NUL that does
 * not count, so that buf_str() is a C string where the bytes are text. The
 * owner calls buf_free(), or takes the memory with buf_detach().
 */
#ifndef BPFSH_BUF_H
#define BPFSH_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "shell/base/alloc.h"

#define BUF_INIT { 0 }

struct buf {
	char *data;
	size_t len, size;
};

/* Makes room for @more bytes and returns where they go; buf_commit() counts them. */
char *buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const void *data, size_t len);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_pad(struct buf *b, char c, int n);
void buf_printf(struct buf *b, const char *fmt, ...) printf_like(2, 3);
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) printf_like(2, 0);
void buf_free(struct buf *b);
/* Hands the bytes, NUL-ended, to the caller, who frees them; the buffer is empty again. */
char *buf_detach(struct buf *b);

static inline void buf_commit(struct buf *b, size_t n)
{
	b->len += n;
}

static inline void buf_reset(struct buf *b)
{
	b->len = 0;
}

const char *buf_str(struct buf *b);

#endif
