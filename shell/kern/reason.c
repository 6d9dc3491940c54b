// SPDX-License-Identifier: BSD-2-Clause
/*
 * The reasons: what an errno means for an operation on a type of map. Many
 * operations share a few numbers, so the text for a number alone would mislead.
 * Those of attaching stand with the hooks.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/kern/map_traits.h"
#include "shell/kern/reason.h"

#define BIT(type) (1ull << BPF_MAP_TYPE_##type)
#define T(type) { BIT(type) }
#define IS(traits) { 0, traits }
#define ALL { ~0ull }

const struct reason reasons[] = {
	{ UPDATE, IS(MAP_KEYED), E2BIG, "map is full ({max} of {max} entries)" },
	{ UPDATE, T(LPM_TRIE), ENOSPC, "map is full ({max} of {max} entries)" },
	{ UPDATE | PUSH, IS(MAP_QUEUE), E2BIG, "it is full ({max} of {max} values)",
	  "flag 'exist' makes room by dropping the oldest value" },
	{ UPDATE, IS(MAP_ARRAY | MAP_SLOTS), E2BIG, "index is out of range (0 to {last})" },
	{ DELETE, IS(MAP_SLOTS), E2BIG, "index is out of range (0 to {last})" },
	{ LOOKUP, IS(MAP_ARRAY), ENOENT, "index is out of range (0 to {last})" },
	{ LOOKUP | DELETE, IS(MAP_SLOTS), ENOENT, "nothing at that index (0 to {last})" },
	{ UPDATE, IS(MAP_ARRAY | MAP_SLOTS), EEXIST, "elements of an array always exist",
	  "leave out flag 'noexist'" },
	{ UPDATE, ALL, EEXIST, "key is present already" },
	{ POP, IS(MAP_QUEUE), ENOENT, "it is empty" },
	{ LOOKUP, T(BLOOM_FILTER), ENOENT, "value is not in it" },
	{ UPDATE, IS(MAP_CGROUP_STORAGE), ENOENT, "that cgroup has no storage in it",
	  "it has one while a program that uses the map is attached to it" },
	{ UPDATE | LOOKUP | DELETE | NEXT, ALL, ENOENT, "key is not present" },
	{ DELETE, IS(MAP_ARRAY), EINVAL, "elements of an array cannot be deleted",
	  "write zeros in their place" },
	{ UPDATE, T(PROG_ARRAY), EINVAL, "program differs in type or properties from those that "
	  "the map is used with" },
	{ UPDATE, IS(MAP_OF_MAPS), EINVAL, "inner map differs in type, sizes or flags from the "
	  "one that this map was created with" },
	{ UPDATE, { BIT(PROG_ARRAY), MAP_OF_MAPS }, EBADF, "value is no descriptor of the right kind" },
	{ UPDATE, { BIT(DEVMAP) | BIT(DEVMAP_HASH) }, EINVAL, "no such network device here" },
	{ UPDATE, T(CPUMAP), EOVERFLOW, "a CPU's queue has at most 16384 packets" },
	{ UPDATE, T(CPUMAP), ENODEV, "there is no such CPU" },
	{ UPDATE, T(STACK_TRACE), EINVAL, "only programs put stacks into it" },
	{ UPDATE, T(PERF_EVENT_ARRAY), EBADF, "value is no descriptor of a perf event" },
	{ UPDATE, T(PERF_EVENT_ARRAY), EINVAL, "value is no descriptor of a perf event" },
	{ UPDATE, T(CGROUP_ARRAY), EBADF, "value is no cgroup of version 2", "write its path" },
	{ UPDATE, T(XSKMAP), EBADF, "value is no descriptor of an AF_XDP socket" },
	{ UPDATE, T(XSKMAP), ENOTSOCK, "value is no descriptor of an AF_XDP socket" },
	{ UPDATE, IS(MAP_SOCKETS), EBADF, "value is no descriptor of a socket" },
	{ UPDATE, IS(MAP_SOCKETS), ENOTSOCK, "value is no descriptor of a socket" },
	{ UPDATE, IS(MAP_SOCKETS), EOPNOTSUPP, "sockets of this kind or state cannot be in it" },
	{ DELETE, T(SOCKMAP), EINVAL, "nothing at that index (0 to {last})" },
	{ DELETE, IS(MAP_CGROUP_STORAGE), EINVAL, "a storage lives as long as its cgroup" },
	{ LOOKUP | LIST, { BIT(PERF_EVENT_ARRAY) | BIT(CGROUP_ARRAY) }, 0,
	  "values of this map type cannot be read back" },
	{ LOOKUP | LIST, T(XSKMAP), EOPNOTSUPP, "sockets of an XSK map cannot be read back" },
	{ LOOKUP | LIST, IS(MAP_SOCKETS), ENOSPC,
	  "values of 4 bytes have no room for a socket's cookie",
	  "a map that is created with 'value 8' can be read" },
	{ LIST | NEXT, IS(MAP_QUEUE), 0,
	  "values of a queue or stack cannot be listed, only taken out" },
	{ ELEMENT, T(RINGBUF), 0, "a ring buffer has no elements that can be listed" },
	{ ELEMENT, T(USER_RINGBUF), 0,
	  "a user ring buffer has no elements, it carries samples to programs" },
	{ ELEMENT, T(ARENA), 0, "an arena is memory without elements" },
	{ ELEMENT & ~LOOKUP, T(BLOOM_FILTER), 0,
	  "a bloom filter only answers whether a value may be in it" },
	{ LIST | NEXT, IS(MAP_STORAGE), 0,
	  "a local storage cannot be listed, only looked up by its owner",
	  "the key is 'pid N' for a task, a path for a file or cgroup, a socket's descriptor" },
	{ LOOKUP | UPDATE | DELETE, T(TASK_STORAGE), EBADF, "key is no process", "write 'pid N'" },
	{ LOOKUP | UPDATE | DELETE, T(INODE_STORAGE), EBADF, "key is no file", "write its path" },
	{ LOOKUP | UPDATE | DELETE, T(CGRP_STORAGE), EBADF, "key is no cgroup of version 2",
	  "write its path" },
	{ LOOKUP | UPDATE | DELETE, T(SK_STORAGE), EBADF, "key is no descriptor of a socket" },
	{ LOOKUP | UPDATE | DELETE, T(SK_STORAGE), ENOTSOCK, "key is no descriptor of a socket" },
	{ PUSH | POP, { .not_traits = MAP_VALUES }, 0, "only queues and stacks have that" },
	{ POP, T(BLOOM_FILTER), EOPNOTSUPP, "only queues and stacks have that" },
	{ FREEZE, ALL, EBUSY, "map is frozen already, or mapped for writing" },
	{ FREEZE, ALL, EINVAL, "maps of this type cannot be frozen" },
	{ CREATE, ALL, E2BIG, "keys, values or the map are larger than the kernel allows" },
	{ CREATE, ALL, EINVAL, "the kernel refuses its sizes, flags or types" },
	{ CREATE, ALL, ENOTSUPP, "the kernel refuses these flags or types" },
	{ CREATE, ALL, EOPNOTSUPP, "the kernel refuses these flags or types" },
	{ ANY_OP, ALL, EINVAL, "this type of map refuses key, value or flags" },
	{ ANY_OP, ALL, EOPNOTSUPP, "maps of this type cannot do that" },
	{ ANY_OP, ALL, ENOTSUPP, "maps of this type cannot do that" },
	{ ANY_OP, ALL, EAGAIN, "map changes too fast to be followed", "try again" },
};

const size_t nr_reasons = ARRAY_SIZE(reasons);

static bool is_about(const struct reason *r, __u32 type)
{
	__u64 bit = type < 64 ? 1ull << type : 0;

	return r->of.types == ~0ull || r->of.types & bit || map_is(type, r->of.traits) ||
	       (r->of.not_traits && !map_is(type, r->of.not_traits));
}

const struct reason *reason_find(unsigned op, __u32 type, int err)
{
	for (size_t i = 0; i < nr_reasons; i++) {
		const struct reason *r = &reasons[i];

		if (op & r->ops && (!r->err || r->err == err) && is_about(r, type))
			return r;
	}
	return NULL;
}

void reason_put(struct buf *out, const char *text, __u32 max_entries)
{
	while (*text) {
		if (!strncmp(text, "{max}", 5)) {
			buf_printf(out, "%u", max_entries);
			text += 5;
		} else if (!strncmp(text, "{last}", 6)) {
			buf_printf(out, "%u", max_entries ? max_entries - 1 : 0);
			text += 6;
		} else {
			buf_putc(out, *text++);
		}
	}
}
