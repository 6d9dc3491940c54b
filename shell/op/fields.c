// SPDX-License-Identifier: BSD-2-Clause
/* The types of fields that speak of the kernel's objects: handles, maps and their elements. */
#include <stdint.h>

#include "shell/base/buf.h"
#include "shell/base/wire.h"
#include "shell/kern/handle.h"
#include "shell/kern/hook.h"
#include "shell/kern/link.h"
#include "shell/kern/map.h"
#include "shell/kern/object.h"
#include "shell/op/fields.h"
#include "shell/txn/field.h"
#include "shell/txn/op.h"

static void release_handle(const struct field *f, void *in)
{
	handle_put(field_pointer(f, in));
}

static void put_map(const struct field *f, const void *in, struct buf *out)
{
	const struct handle *map = field_pointer(f, in);

	wire_put_u32(out, map->id);
	wire_put_u32(out, map->map.type);
	wire_put_u32(out, map->map.key_size);
	wire_put_u32(out, map->map.value_size);
}

/* The map of this ID, if it has these facts; else a stand-in. */
static struct handle *find_map(__u32 id, const struct map_facts *facts)
{
	struct handle *map = kern_open_object(OBJ_MAP, id);

	if (map && map->map.type == facts->type && map->map.key_size == facts->key_size &&
	    map->map.value_size == facts->value_size)
		return map;
	handle_put(map);
	map = handle_new(OBJ_MAP, -1, id, "");
	map->map = *facts;
	return map;
}

static void get_map(const struct field *f, void *in, struct wire_reader *r)
{
	__u32 id = wire_get_u32(r);
	struct map_facts facts = { 0 };

	facts.type = wire_get_u32(r);
	facts.key_size = wire_get_u32(r);
	facts.value_size = wire_get_u32(r);
	field_set_pointer(f, in, find_map(id, &facts));
}

static const struct handle *map_of(const struct field *f, const void *in)
{
	return *(struct handle *const *)((const char *)in + f->of);
}

/* So many bytes for each element that the operation is about. */
static size_t of_all(const struct op *op, size_t each)
{
	size_t all;

	return __builtin_mul_overflow(each, op->nr ? op->nr : 1, &all) ? SIZE_MAX : all;
}

static size_t keys_length(const struct field *f, const void *in)
{
	return of_all(in, map_of(f, in)->map.key_size);
}

static size_t values_length(const struct field *f, const void *in)
{
	return of_all(in, kern_value_bytes(map_of(f, in)));
}

static size_t bits_length(const struct field *f, const void *in)
{
	return ((const struct op *)in)->nr / 8 + 1;
}

static void put_spot(const struct field *f, const void *in, struct buf *out)
{
	const struct link_spot *spot = field_in(f, in);

	wire_put_u32(out, spot->hook ? spot->hook->id : 0);
	wire_put_u32(out, spot->attach_type);
	wire_put_u32(out, spot->flags);
	wire_put_u32(out, spot->ifindex);
	wire_put_u64(out, spot->id);
}

static void get_spot(const struct field *f, void *in, struct wire_reader *r)
{
	struct link_spot *spot = field_in(f, in);
	__u32 hook = wire_get_u32(r);

	spot->fd = -1;
	spot->attach_type = wire_get_u32(r);
	spot->hook = hook_of(hook, spot->attach_type);
	spot->flags = wire_get_u32(r);
	spot->ifindex = wire_get_u32(r);
	spot->id = wire_get_u64(r);
}

static void release_spot(const struct field *f, void *in)
{
	link_spot_free(field_in(f, in));
}

const struct field_type field_handle = { .release = release_handle };
const struct field_type field_map = { put_map, get_map, release_handle };
const struct field_type field_keys = { field_put_bytes, field_get_bytes, field_free, keys_length };
const struct field_type field_values = { field_put_bytes, field_get_bytes, field_free,
					 values_length };
const struct field_type field_bits = { field_put_bytes, field_get_bytes, field_free, bits_length };
const struct field_type field_spot = { put_spot, get_spot, release_spot };
