// SPDX-License-Identifier: BSD-2-Clause
/* Operations as bytes of the journal, in the host's byte order; and the table of their kinds. */

#include "shell/op/map_ops.h"

#define NO_STRING UINT32_MAX

const struct op_kind *const op_kinds[] = {
	&op_update_kind, &op_delete_kind, &op_pin_kind, &op_unpin_kind,
	&op_link_update_kind, &op_detach_kind, &op_freeze_kind, &op_folder_kind,
	&op_push_kind, &op_pop_kind, &op_batch_kind, &op_variable_kind, NULL
};

void put_u32(struct buf *out, __u32 v)
{
	buf_add(out, &v, sizeof(v));
}

void put_u64(struct buf *out, __u64 v)
{
	buf_add(out, &v, sizeof(v));
}

void put_bytes(struct buf *out, const void *data, size_t len)
{
	put_u32(out, len);
	buf_add(out, data, len);
}

void put_str(struct buf *out, const char *s)
{
	if (s)
		put_bytes(out, s, strlen(s));
	else
		put_u32(out, NO_STRING);
}

/* @len bytes of the payload, or NULL past its end. */
static const void *get(struct reader *r, size_t len)
{
	const void *p = r->at;

	if (r->bad || (size_t)(r->end - r->at) < len) {
		r->bad = true;
		return NULL;
	}
	r->at += len;
	return p;
}

__u32 get_u32(struct reader *r)
{
	const void *p = get(r, sizeof(__u32));
	__u32 v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

__u64 get_u64(struct reader *r)
{
	const void *p = get(r, sizeof(__u64));
	__u64 v = 0;

	if (p)
		memcpy(&v, p, sizeof(v));
	return v;
}

const void *get_bytes(struct reader *r, size_t *len)
{
	__u32 n = get_u32(r);
	const void *p = get(r, n);

	*len = p ? n : 0;
	return p;
}

char *get_str(struct reader *r)
{
	__u32 len = get_u32(r);
	const char *p;

	if (r->bad || len == NO_STRING)
		return NULL;
	p = get(r, len);
	return p ? xstrndup(p, len) : NULL;
}
