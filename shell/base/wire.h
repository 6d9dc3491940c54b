/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers, bytes and strings in a record that the same host reads back: as they
 * lie in memory, those of a length behind it. What is read is not trusted.
 */
#ifndef BPFSH_WIRE_H
#define BPFSH_WIRE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* A record that is read; reading past the end makes zeroes and sets bad. */
struct wire_reader {
	const char *at, *end;
	bool bad;
};

void wire_put_u32(struct buf *out, __u32 v);
void wire_put_u64(struct buf *out, __u64 v);
void wire_put_bytes(struct buf *out, const void *data, size_t len);	/* with their length */
void wire_put_str(struct buf *out, const char *s);			/* NULL stays NULL */
__u32 wire_get_u32(struct wire_reader *r);
__u64 wire_get_u64(struct wire_reader *r);
/* In place; *@len is 0 at the end. */
const void *wire_get_bytes(struct wire_reader *r, size_t *len);
/* A new string, or NULL. */
char *wire_get_str(struct wire_reader *r);

#endif
