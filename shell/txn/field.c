// SPDX-License-Identifier: BSD-2-Clause
/* The types of fields that any operation may have, and tables of fields. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/wire.h"
#include "shell/txn/field.h"

/* Pointers of any type stand there: they are copied, not looked at through another type. */
void *field_pointer(const struct field *f, const void *in)
{
	void *p;

	memcpy(&p, field_in(f, in), sizeof(p));
	return p;
}

void field_set_pointer(const struct field *f, void *in, void *p)
{
	memcpy(field_in(f, in), &p, sizeof(p));
}

static void put_u32(const struct field *f, const void *in, struct buf *out)
{
	wire_put_u32(out, *(const __u32 *)field_in(f, in));
}

static void get_u32(const struct field *f, void *in, struct wire_reader *r)
{
	*(__u32 *)field_in(f, in) = wire_get_u32(r);
}

static void put_u64(const struct field *f, const void *in, struct buf *out)
{
	wire_put_u64(out, *(const __u64 *)field_in(f, in));
}

static void get_u64(const struct field *f, void *in, struct wire_reader *r)
{
	*(__u64 *)field_in(f, in) = wire_get_u64(r);
}

static void put_bool(const struct field *f, const void *in, struct buf *out)
{
	wire_put_u32(out, *(const bool *)field_in(f, in));
}

static void get_bool(const struct field *f, void *in, struct wire_reader *r)
{
	*(bool *)field_in(f, in) = wire_get_u32(r);
}

static void put_enum(const struct field *f, const void *in, struct buf *out)
{
	unsigned v;

	memcpy(&v, field_in(f, in), sizeof(v));
	wire_put_u32(out, v);
}

static void get_enum(const struct field *f, void *in, struct wire_reader *r)
{
	unsigned v = wire_get_u32(r);

	if (v >= f->size)
		r->bad = true;
	else
		memcpy(field_in(f, in), &v, sizeof(v));
}

static void put_str(const struct field *f, const void *in, struct buf *out)
{
	wire_put_str(out, field_pointer(f, in));
}

static void get_str(const struct field *f, void *in, struct wire_reader *r)
{
	char *s = wire_get_str(r);

	field_set_pointer(f, in, s);
	if (!s || (f->type == &field_path && *s != '/'))
		r->bad = true;
}

void field_put_bytes(const struct field *f, const void *in, struct buf *out)
{
	const void *p = field_pointer(f, in);

	wire_put_bytes(out, p, p ? f->type->length(f, in) : 0);
}

void field_get_bytes(const struct field *f, void *in, struct wire_reader *r)
{
	size_t wanted = f->type->length(f, in), len;
	const void *data = wire_get_bytes(r, &len);

	if (!len && f->may_be_null)
		return;
	if (len != wanted)
		r->bad = true;
	if (!r->bad)
		field_set_pointer(f, in, xmemdup(data, len));
}

void field_free(const struct field *f, void *in)
{
	free(field_pointer(f, in));
}

static size_t noted_length(const struct field *f, const void *in)
{
	return *(const __u32 *)((const char *)in + f->of);
}

static size_t *list_nr(const struct field *f, const void *in)
{
	return (size_t *)((char *)in + f->of);
}

static void put_list(const struct field *f, const void *in, struct buf *out)
{
	size_t nr = *list_nr(f, in);
	const char *p = field_pointer(f, in);

	wire_put_u32(out, (__u32)nr);
	for (size_t i = 0; i < nr; i++)
		fields_encode(f->list, p + i * f->size, out);
}

/* It grows by what is there, not by what the number says. */
static void get_list(const struct field *f, void *in, struct wire_reader *r)
{
	__u32 wanted = wire_get_u32(r);
	size_t *nr = list_nr(f, in);
	char *p = NULL;

	while (*nr < wanted && !r->bad) {
		if (!(*nr & (*nr - 1)))		/* as GROW() does */
			p = xrealloc(p, *nr ? 2 * *nr : 1, f->size);
		memset(p + *nr * f->size, 0, f->size);
		fields_decode(f->list, p + (*nr)++ * f->size, r);
	}
	field_set_pointer(f, in, p);
}

static void release_list(const struct field *f, void *in)
{
	char *p = field_pointer(f, in);

	for (size_t i = 0; i < *list_nr(f, in); i++)
		fields_release(f->list, p + i * f->size);
	free(p);
}

const struct field_type field_u32 = { put_u32, get_u32 };
const struct field_type field_u64 = { put_u64, get_u64 };
const struct field_type field_bool = { put_bool, get_bool };
const struct field_type field_enum = { put_enum, get_enum };
const struct field_type field_str = { put_str, get_str, field_free };
const struct field_type field_path = { put_str, get_str, field_free };
const struct field_type field_bytes = { field_put_bytes, field_get_bytes, field_free,
					noted_length };
const struct field_type field_list = { put_list, get_list, release_list };
const struct field_type field_own = { .release = field_free };

void fields_encode(const struct field *fields, const void *in, struct buf *out)
{
	for (const struct field *f = fields; f && f->type; f++)
		if (f->type->put)
			f->type->put(f, in, out);
}

void fields_decode(const struct field *fields, void *in, struct wire_reader *r)
{
	for (const struct field *f = fields; f && f->type; f++)
		if (f->type->get)
			f->type->get(f, in, r);
}

void fields_release(const struct field *fields, void *in)
{
	for (const struct field *f = fields; f && f->type; f++)
		if (f->type->release)
			f->type->release(f, in);
}
