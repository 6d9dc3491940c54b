// SPDX-License-Identifier: BSD-2-Clause
/*
 * What each type of map wants of a new one. The kernel answers EINVAL to all
 * of it (E2BIG to some); its rules, from the sources below kernel/bpf, stand here as a table.
 */
#include <linux/bpf.h>
#include <unistd.h>

#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/kern/handle.h"
#include "shell/kern/loading.h"
#include "shell/kern/names.h"

/* From @min to @max bytes (0: no limit), in steps. */
struct size_rule {
	__u32 min, max, step;
};

enum entries_rule { SOME, NONE, PAGES };

#define T(type) (1ull << BPF_MAP_TYPE_##type)
#define STORAGES (T(SK_STORAGE) | T(INODE_STORAGE) | T(TASK_STORAGE) | T(CGRP_STORAGE))

static const struct shape {
	__u64 types;
	struct size_rule key, value;
	enum entries_rule entries;
	__u32 needs, refuses;		/* flags */
} shapes[] = {
	{ T(HASH) | T(PERCPU_HASH), { 1 }, { 1 } },
	{ T(LRU_HASH) | T(LRU_PERCPU_HASH), { 1 }, { 1 }, SOME, 0, BPF_F_NO_PREALLOC },
	{ T(ARRAY) | T(PERCPU_ARRAY), { 4, 4 }, { 1 }, SOME, 0, BPF_F_NO_PREALLOC },
	{ T(PROG_ARRAY) | T(PERF_EVENT_ARRAY) | T(CGROUP_ARRAY) | T(XSKMAP) | T(ARRAY_OF_MAPS),
	  { 4, 4 }, { 4, 4 } },
	{ T(HASH_OF_MAPS), { 1 }, { 4, 4 } },
	{ T(STACK_TRACE), { 4, 4 }, { 8, 0, 8 } },
	{ T(LPM_TRIE), { 5, 260 }, { 1 }, SOME, BPF_F_NO_PREALLOC },
	{ T(DEVMAP) | T(CPUMAP) | T(SOCKMAP) | T(REUSEPORT_SOCKARRAY), { 4, 4 }, { 4, 8, 4 } },
	{ T(DEVMAP_HASH), { 4, 4 }, { 4, 8, 4 } },
	{ T(SOCKHASH), { 1, 512 }, { 4, 8, 4 } },
	{ T(QUEUE) | T(STACK) | T(BLOOM_FILTER), { 0, 0, 1 }, { 1 } },
	{ T(RINGBUF) | T(USER_RINGBUF), { 0, 0, 1 }, { 0, 0, 1 }, PAGES },
	{ T(ARENA), { 0, 0, 1 }, { 0, 0, 1 }, SOME, BPF_F_MMAPABLE },
	{ T(CGROUP_STORAGE) | T(PERCPU_CGROUP_STORAGE), { 8, 16, 8 }, { 1 }, NONE },
	{ STORAGES, { 4, 4 }, { 1 }, NONE, BPF_F_NO_PREALLOC },
};

static const struct {
	__u32 flag;
	const char *name;
} flag_names[] = {
	{ BPF_F_NO_PREALLOC, "no_prealloc" },
	{ BPF_F_MMAPABLE, "mmapable" },
};

/* A rule with a step but no least size is for what has none at all. */
static bool fits(const struct size_rule *r, __u32 size)
{
	if (!r->min)
		return !size;
	return size >= r->min && (!r->max || size <= r->max) && (!r->step || size % r->step == 0);
}

static void say_rule(struct buf *out, const struct size_rule *r)
{
	if (r->min == r->max)
		buf_printf(out, "%u bytes", r->min);
	else if (r->max == 2 * r->min && r->step == r->min)
		buf_printf(out, "%u or %u bytes", r->min, r->max);
	else if (r->max)
		buf_printf(out, "%u to %u bytes", r->min, r->max);
	else if (r->step)
		buf_printf(out, "a multiple of %u bytes", r->step);
	else
		buf_puts(out, "at least 1 byte");
}

static bool size_error(struct buf *out, const char *type, const char *what,
		       const struct size_rule *r, __u32 size)
{
	if (fits(r, size))
		return false;
	if (!r->min) {
		buf_printf(out, "type %s has no %s: their size is 0, not %u", type, what, size);
		return true;
	}
	buf_printf(out, "%s of type %s must have ", what, type);
	say_rule(out, r);
	buf_printf(out, ", not %u", size);
	return true;
}

static bool entries_error(struct buf *out, const char *type, enum entries_rule rule, __u32 entries)
{
	__u32 page = sysconf(_SC_PAGESIZE);

	if (rule == SOME && !entries)
		buf_printf(out, "type %s needs a number of entries", type);
	else if (rule == NONE && entries)
		buf_printf(out, "type %s has no limit of entries, give 0", type);
	else if (rule == PAGES && (entries < page || entries & (entries - 1)))
		buf_printf(out, "entries of type %s are bytes: a power of 2 from %u on, not %u",
			   type, page, entries);
	else
		return false;
	return true;
}

static bool flags_error(struct buf *out, const char *type, const struct shape *s, __u32 flags)
{
	for (size_t i = 0; i < ARRAY_SIZE(flag_names); i++) {
		__u32 flag = flag_names[i].flag;
		const char *name = flag_names[i].name;

		if (s->needs & flag & ~flags)
			buf_printf(out, "type %s needs flag '%s'", type, name);
		else if (s->refuses & flag & flags)
			buf_printf(out, "type %s does not take flag '%s'", type, name);
		else
			continue;
		return true;
	}
	return false;
}

static const struct shape *shape_of(__u32 type)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		if (type < 64 && shapes[i].types >> type & 1)
			return &shapes[i];
	return NULL;
}

/* The release that brought a type which supported kernels may lack. */
static void say_since(struct buf *out, __u32 type)
{
	static const struct {
		__u32 type;
		const char *release;
	} since[] = {
		{ BPF_MAP_TYPE_TASK_STORAGE, "5.11" }, { BPF_MAP_TYPE_BLOOM_FILTER, "5.16" },
		{ BPF_MAP_TYPE_USER_RINGBUF, "6.1" }, { BPF_MAP_TYPE_CGRP_STORAGE, "6.2" },
		{ BPF_MAP_TYPE_ARENA, "6.9" }, { BPF_MAP_TYPE_INSN_ARRAY, "6.19" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(since); i++)
		if (since[i].type == type)
			buf_printf(out, ", which came with Linux %s", since[i].release);
}

bool shape_error(struct buf *out, const struct map_facts *map)
{
	const char *type = kern_map_type_name(map->type);
	const struct shape *s = shape_of(map->type);

	if (!type) {
		buf_printf(out, "this kernel has no maps of type %u", map->type);
		return true;
	}
	if (!kern_knows_map_type(map->type)) {
		buf_printf(out, "this kernel has no maps of type %s", type);
		say_since(out, map->type);
		return true;
	}
	return s && (size_error(out, type, "keys", &s->key, map->key_size) ||
		     size_error(out, type, "values", &s->value, map->value_size) ||
		     entries_error(out, type, s->entries, map->max_entries) ||
		     flags_error(out, type, s, map->flags));
}

bool shape_is_open(const struct map_facts *map)
{
	const struct shape *s = shape_of(map->type);

	return s && ((!map->key_size && s->key.min) || (!map->value_size && s->value.min) ||
		     (!map->max_entries && s->entries != NONE));
}

/* One size of a command, or what stands for it. */
static void add_size(struct buf *out, const char *word, __u32 size, const char *unknown)
{
	buf_printf(out, " %s ", word);
	if (size)
		buf_printf(out, "%u", size);
	else
		buf_puts(out, unknown);
}

void shape_command(struct buf *out, const struct map_facts *map, const char *name)
{
	const struct shape *s = shape_of(map->type);

	buf_printf(out, "map create type %s", kern_map_type_name(map->type));
	if (s->key.min)
		add_size(out, "key", map->key_size, "SIZE");
	if (s->value.min)
		add_size(out, "value", map->value_size, "SIZE");
	if (s->entries != NONE)
		add_size(out, "entries", map->max_entries, "N");
	buf_printf(out, " name %.*s", BPF_OBJ_NAME_LEN - 1, name);
	if (map->flags)
		buf_printf(out, " flags %u", map->flags);
}
