// SPDX-License-Identifier: BSD-2-Clause
/* The types of maps: a new one is a row here. */
#include <linux/bpf.h>

#include "shell/base/alloc.h"
#include "shell/base/compat.h"
#include "shell/kern/handle.h"
#include "shell/kern/map_traits.h"

#define SHAPE(...) &(const struct map_shape){ __VA_ARGS__ }

/* What several types share. */
#define SLOTS (MAP_INDEXED | MAP_SLOTS)
#define ARRAY (MAP_INDEXED | MAP_ARRAY)
#define STORAGE (MAP_STORAGE | MAP_UNLISTED)
#define VALUES (MAP_VALUES | MAP_UNLISTED)
#define FOUR { 4, 4 }
#define SOME { 1 }
#define ABSENT { 0, 0, 1 }
#define ONE_OR_TWO { 4, 8, 4 }
#define HASH_SHAPE SHAPE(SOME, SOME)
#define LRU_SHAPE SHAPE(SOME, SOME, .refuses = BPF_F_NO_PREALLOC)
#define ARRAY_SHAPE SHAPE(FOUR, SOME, .refuses = BPF_F_NO_PREALLOC)
#define VALUES_SHAPE SHAPE(ABSENT, SOME)
#define RING_SHAPE SHAPE(ABSENT, ABSENT, ENTRIES_PAGES)
#define STORAGE_SHAPE SHAPE(FOUR, SOME, ENTRIES_NONE, BPF_F_NO_PREALLOC)
#define CGROUP_SHAPE SHAPE({ 8, 16, 8 }, SOME, ENTRIES_NONE)

#define UNREADABLE "its values cannot be read back"
#define NO_SOCKETS "its sockets cannot be read back"
#define EVICTS "an update may evict other elements"
/* A storage's key is a descriptor, which another process, or this one later, has not. */
#define OWNER_GONE "its owner may be gone by then"

#define ROW(type) [BPF_MAP_TYPE_##type]

static const struct map_traits rows[] = {
	ROW(HASH) = { MAP_KEYED, HASH_SHAPE },
	ROW(PERCPU_HASH) = { MAP_KEYED | MAP_PERCPU, HASH_SHAPE },
	ROW(LRU_HASH) = { MAP_KEYED | MAP_EVICTS, LRU_SHAPE, .lost = EVICTS },
	ROW(LRU_PERCPU_HASH) = { MAP_KEYED | MAP_EVICTS | MAP_PERCPU, LRU_SHAPE, .lost = EVICTS },
	ROW(LPM_TRIE) = { MAP_KEYED | MAP_PREFIX,
			  SHAPE({ 5, 260 }, SOME, .needs = BPF_F_NO_PREALLOC) },
	ROW(ARRAY) = { ARRAY, ARRAY_SHAPE },
	ROW(PERCPU_ARRAY) = { ARRAY | MAP_PERCPU, ARRAY_SHAPE },
	ROW(STACK_TRACE) = { MAP_INDEXED, SHAPE(FOUR, { 8, 0, 8 }) },
	ROW(STRUCT_OPS) = { MAP_INDEXED },

	/* struct bpf_devmap_val and bpf_cpumap_val have a program behind the device or CPU. */
	ROW(PROG_ARRAY) = { SLOTS | MAP_FDS | MAP_OBJECTS, SHAPE(FOUR, FOUR), OBJ_PROG },
	ROW(ARRAY_OF_MAPS) = { SLOTS | MAP_FDS | MAP_OBJECTS | MAP_OF_MAPS, SHAPE(FOUR, FOUR),
			       OBJ_MAP },
	ROW(HASH_OF_MAPS) = { MAP_KEYED | MAP_FDS | MAP_OBJECTS | MAP_OF_MAPS, SHAPE(SOME, FOUR),
			      OBJ_MAP },
	ROW(DEVMAP) = { SLOTS | MAP_OBJECTS | MAP_NET, SHAPE(FOUR, ONE_OR_TWO), OBJ_PROG, 4 },
	ROW(DEVMAP_HASH) = { MAP_KEYED | MAP_OBJECTS | MAP_NET, SHAPE(FOUR, ONE_OR_TWO),
			     OBJ_PROG, 4 },
	ROW(CPUMAP) = { SLOTS | MAP_OBJECTS, SHAPE(FOUR, ONE_OR_TWO), OBJ_PROG, 4 },

	ROW(PERF_EVENT_ARRAY) = { SLOTS | MAP_FDS | MAP_EVENTS, SHAPE(FOUR, FOUR),
				  .lost = UNREADABLE },
	ROW(CGROUP_ARRAY) = { SLOTS | MAP_FDS, SHAPE(FOUR, FOUR), .owner = OWNER_CGROUP,
			      .lost = UNREADABLE },
	ROW(XSKMAP) = { SLOTS | MAP_NET, SHAPE(FOUR, FOUR), .lost = NO_SOCKETS },
	ROW(SOCKMAP) = { SLOTS | MAP_SOCKETS | MAP_NET, SHAPE(FOUR, ONE_OR_TWO),
			 .lost = NO_SOCKETS },
	ROW(SOCKHASH) = { MAP_KEYED | MAP_SOCKETS | MAP_NET, SHAPE({ 1, 512 }, ONE_OR_TWO),
			  .lost = NO_SOCKETS },
	ROW(REUSEPORT_SOCKARRAY) = { SLOTS | MAP_SOCKETS, SHAPE(FOUR, ONE_OR_TWO),
				     .lost = NO_SOCKETS },

	ROW(QUEUE) = { VALUES | MAP_QUEUE, VALUES_SHAPE,
		       .lost = "what is pushed cannot be taken out again" },
	ROW(STACK) = { VALUES | MAP_QUEUE, VALUES_SHAPE,
		       .lost = "others may push and pop meanwhile" },
	ROW(BLOOM_FILTER) = { VALUES, VALUES_SHAPE, .lost = "a bloom filter forgets nothing" },
	ROW(RINGBUF) = { MAP_EVENTS | MAP_UNLISTED, RING_SHAPE },
	ROW(USER_RINGBUF) = { MAP_UNLISTED, RING_SHAPE },
	ROW(ARENA) = { MAP_UNLISTED, SHAPE(ABSENT, ABSENT, .needs = BPF_F_MMAPABLE) },

	ROW(SK_STORAGE) = { STORAGE, STORAGE_SHAPE, .lost = OWNER_GONE },
	ROW(INODE_STORAGE) = { STORAGE, STORAGE_SHAPE, .owner = OWNER_FILE, .lost = OWNER_GONE },
	ROW(TASK_STORAGE) = { STORAGE, STORAGE_SHAPE, .owner = OWNER_TASK, .lost = OWNER_GONE },
	ROW(CGRP_STORAGE) = { STORAGE, STORAGE_SHAPE, .owner = OWNER_CGROUP, .lost = OWNER_GONE },
	ROW(CGROUP_STORAGE) = { MAP_CGROUP_STORAGE, CGROUP_SHAPE },
	ROW(PERCPU_CGROUP_STORAGE) = { MAP_CGROUP_STORAGE | MAP_PERCPU, CGROUP_SHAPE },
};

const struct map_traits *map_traits(__u32 type)
{
	static const struct map_traits unknown;

	return type < ARRAY_SIZE(rows) ? &rows[type] : &unknown;
}

bool map_is(__u32 type, unsigned traits)
{
	return map_traits(type)->is & traits;
}

bool map_holds_objects(const struct handle *map, enum object_kind *kind, size_t *at)
{
	const struct map_traits *t = map_traits(map->map.type);

	*kind = t->object;
	*at = t->object_at;
	return t->is & MAP_OBJECTS && (!*at || map->map.value_size >= *at + sizeof(__u32));
}
