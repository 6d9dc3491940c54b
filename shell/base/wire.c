// SPDX-License-Identifier: BSD-2-Clause
/* Numbers and texts as bytes of a record, in the host's byte order. */

#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/wire.h"

#define NO_STRING UINT32_MAX

void wire_put_u32(struct buf *out, __u32 v)
{
	buf_add(out, &v, sizeof(v));
}

void wire_put_u64(struct buf *out, __u64 v)
{
	buf_add(out, &v, sizeof(v));
}

void wire_put_bytes(struct buf *out, const void *data, size_t len)
{
	wire_put_u32(out, (__u32)len);
	buf_add(out, data, len);
}

void wire_put_str(struct buf *out, const char *s)
{
	if (s)
		wire_put_bytes(out, s, strlen(s));
	else
		wire_put_u32(out, NO_STRING);
}

/* @len bytes of the payload, or NULL past its end. */
static const void *get(struct wire_reader *r, size_t len)
{
	const void *p = r->at;

	if (r->bad || (size_t)(r->end - r->at) < len) {
		r->bad = true;
		return NULL;
	}
	r->at += len;
	return p;
}

__u32 wire_get_u32(struct wire_reader *r)
{
	const void *p = get(r, sizeof(__u32));
	__u32 v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

__u64 wire_get_u64(struct wire_reader *r)
{
	const void *p = get(r, sizeof(__u64));
	__u64 v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

const void *wire_get_bytes(struct wire_reader *r, size_t *len)
{
	__u32 n = wire_get_u32(r);
	const void *p = get(r, n);

	*len = p ? n : 0;
	return p;
}

char *wire_get_str(struct wire_reader *r)
{
	__u32 len = wire_get_u32(r);
	const char *p;

	if (r->bad || len == NO_STRING)
		return NULL;
	p = get(r, len);
	return p ? xstrndup(p, len) : NULL;
}
