/* SPDX-License-Identifier: BSD-2-Clause */
/* Bytes as text. */
#ifndef BPFSH_RENDER_BYTES_H
#define BPFSH_RENDER_BYTES_H

#include <stddef.h>

struct buf;

/* ["0x01","0x02"] */
void bytes_json(struct buf *out, const void *p, size_t n);
/* 0102 */
void bytes_hex(struct buf *out, const void *p, size_t n);
/* 01 00 00 00  ...: two blanks after eight bytes, a new line after sixteen. */
void bytes_plain(struct buf *out, const void *p, size_t n);

#endif
