// SPDX-License-Identifier: BSD-2-Clause
/* Objects, keys and values in the words of plans, logs and errors. */
#include "render/sink/bytes.h"
#include "render/typed/typed.h"
#include "shell/base/buf.h"
#include "shell/kern/handle.h"
#include "shell/kern/maptypes.h"
#include "shell/op/describe.h"

void describe_handle(struct buf *out, const struct handle *h)
{
	buf_printf(out, "%s ", object_names[h->kind]);
	if (*h->name)
		buf_printf(out, "'%s'", h->name);
	else if (h->id)
		buf_printf(out, "%u", h->id);
	else
		buf_puts(out, "(new)");
}

void describe_object(struct buf *out, enum object_kind kind, const struct handle *h, __u32 id)
{
	if (h)
		describe_handle(out, h);
	else
		buf_printf(out, "%s %u", object_names[kind], id);
}

static void describe_bytes(struct buf *out, const struct typed *type, const char *bytes,
			   __u32 size)
{
	if (type)
		typed_json(out, type, bytes, TYPED_NICE);
	else
		for (__u32 i = 0; i < size; i++)
			buf_printf(out, "%s%02x", i ? " " : "", (unsigned char)bytes[i]);
	if (!type || typed_is_exact(type, bytes))
		return;
	buf_puts(out, " (hex ");
	bytes_hex(out, bytes, size);
	buf_putc(out, ')');
}

void describe_key(struct buf *out, struct handle *map, const char *key)
{
	const struct element_format *f = map_format(map);

	buf_putc(out, '[');
	describe_bytes(out, f->key, key, f->key_size);
	buf_putc(out, ']');
}

void describe_value(struct buf *out, struct handle *map, const char *value)
{
	describe_bytes(out, map_format(map)->value, value, map->map.value_size);
}
