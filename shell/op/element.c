// SPDX-License-Identifier: BSD-2-Clause
/* What operations on elements share: what is lost, what values hold, who changed them. */
#include "render/typed/typed.h"
#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/base/wire.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/maptypes.h"
#include "shell/kern/object.h"
#include "shell/op/describe.h"
#include "shell/op/element.h"

/* A storage's key is a descriptor, which another process, or this one later, has not. */
#define OWNER_GONE "its owner may be gone by then"

/* What is lost when an element of this type is changed and changed back; NULL: nothing. */
static const struct {
	enum undo_class class;
	const char *why;
} undo_by_type[] = {
	[BPF_MAP_TYPE_LRU_HASH] = { UNDO_LOSSY, "an update may evict other elements" },
	[BPF_MAP_TYPE_LRU_PERCPU_HASH] = { UNDO_LOSSY, "an update may evict other elements" },
	[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = { UNDO_NONE, "its values cannot be read back" },
	[BPF_MAP_TYPE_CGROUP_ARRAY] = { UNDO_NONE, "its values cannot be read back" },
	[BPF_MAP_TYPE_SOCKMAP] = { UNDO_NONE, "its sockets cannot be read back" },
	[BPF_MAP_TYPE_SOCKHASH] = { UNDO_NONE, "its sockets cannot be read back" },
	[BPF_MAP_TYPE_XSKMAP] = { UNDO_NONE, "its sockets cannot be read back" },
	[BPF_MAP_TYPE_QUEUE] = { UNDO_NONE, "what is pushed cannot be taken out again" },
	[BPF_MAP_TYPE_STACK] = { UNDO_NONE, "others may push and pop meanwhile" },
	[BPF_MAP_TYPE_BLOOM_FILTER] = { UNDO_NONE, "a bloom filter forgets nothing" },
	[BPF_MAP_TYPE_REUSEPORT_SOCKARRAY] = { UNDO_NONE, "its sockets cannot be read back" },
	[BPF_MAP_TYPE_SK_STORAGE] = { UNDO_NONE, OWNER_GONE },
	[BPF_MAP_TYPE_INODE_STORAGE] = { UNDO_NONE, OWNER_GONE },
	[BPF_MAP_TYPE_TASK_STORAGE] = { UNDO_NONE, OWNER_GONE },
	[BPF_MAP_TYPE_CGRP_STORAGE] = { UNDO_NONE, OWNER_GONE },
};

enum undo_class map_undo_class(struct handle *map, const char **why)
{
	if (map->map.type < ARRAY_SIZE(undo_by_type)) {
		*why = undo_by_type[map->map.type].why;
		if (*why)
			return undo_by_type[map->map.type].class;
	}
	if (map_format(map)->value && typed_has_special(map_format(map)->value)) {
		*why = "timers, locks and kernel pointers in the value are reset";
		return UNDO_LOSSY;
	}
	return UNDO_FULL;
}

bool map_holds_objects(const struct handle *map, enum object_kind *kind, size_t *at)
{
	*kind = OBJ_PROG;
	*at = 0;
	switch (map->map.type) {
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
		*kind = OBJ_MAP;
		return true;
	case BPF_MAP_TYPE_PROG_ARRAY:
		return true;
	case BPF_MAP_TYPE_DEVMAP:
	case BPF_MAP_TYPE_DEVMAP_HASH:
	case BPF_MAP_TYPE_CPUMAP:
		/* struct bpf_devmap_val, struct bpf_cpumap_val */
		*at = sizeof(__u32);
		return map->map.value_size >= 2 * sizeof(__u32);
	}
	return false;
}

void map_target(struct buf *out, const struct handle *map)
{
	buf_puts(out, "map ");
	wire_put_u32(out, map->id);
}

void put_map(struct buf *out, const struct handle *map)
{
	wire_put_u32(out, map->id);
	wire_put_u32(out, map->map.type);
	wire_put_u32(out, map->map.key_size);
	wire_put_u32(out, map->map.value_size);
}

struct handle *get_map(struct wire_reader *r)
{
	__u32 id = wire_get_u32(r), type = wire_get_u32(r), key_size = wire_get_u32(r), value_size = wire_get_u32(r);
	struct handle *map = kern_open_object(OBJ_MAP, id);

	if (map && map->map.type == type && map->map.key_size == key_size &&
	    map->map.value_size == value_size)
		return map;
	handle_put(map);
	map = handle_new(OBJ_MAP, -1, id, "");
	map->map.type = type;
	map->map.key_size = key_size;
	map->map.value_size = value_size;
	return map;
}

/* Where the values of a per-CPU map first differ, in CPUs. */
static __u32 first_difference(const struct element_format *f, const char *a, const char *b)
{
	__u32 cpu = 0;

	while (a && b && cpu + 1 < f->cpus &&
	       !memcmp(a + cpu * element_stride(f), b + cpu * element_stride(f), f->value_size))
		cpu++;
	return cpu;
}

void say_conflict(struct diags *d, struct span at, struct handle *map, const char *key,
		  const char *now, const char *expected)
{
	const struct element_format *f = map_format(map);
	__u32 cpu = first_difference(f, now, expected);
	size_t skip = cpu * element_stride(f);
	struct buf text = BUF_INIT;

	describe_handle(&text, map);
	buf_putc(&text, ' ');
	describe_key(&text, map, key);
	buf_puts(&text, now ? " is " : " is gone, expected ");
	if (now)
		describe_value(&text, map, now + skip);
	if (now)
		buf_puts(&text, expected ? ", expected " : ", expected none");
	if (expected)
		describe_value(&text, map, expected + skip);
	if (f->cpus)
		buf_printf(&text, " on CPU %u", cpu);
	diag_error(d, at, "%s: left alone", buf_str(&text));
	diag_hint(d, "somebody else changed it during the transaction");
	buf_free(&text);
}
