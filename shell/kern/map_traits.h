/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What maps of each type are like: one row a type, for all that differs from one
 * to the next. Facts: linux/bpf.h, and the sources below kernel/bpf.
 */
#ifndef BPFSH_KERN_MAP_TRAITS_H
#define BPFSH_KERN_MAP_TRAITS_H

#include <stdbool.h>
#include <stddef.h>

#include "shell/kern/handle.h"

enum map_trait {
	MAP_KEYED = 1 << 0,		/* keys of any bytes, at most max_entries of them */
	MAP_INDEXED = 1 << 1,		/* the keys are 0, 1, 2 ... */
	MAP_ARRAY = 1 << 2,		/* its elements always exist: none is deleted */
	MAP_SLOTS = 1 << 3,		/* at each index there is something or nothing */
	MAP_PREFIX = 1 << 4,		/* its keys are prefixes: one is found by longer ones, too */
	MAP_PERCPU = 1 << 5,		/* a value has a part for each possible CPU */
	MAP_EVICTS = 1 << 6,		/* an update may push out other elements */
	MAP_VALUES = 1 << 7,		/* values without keys */
	MAP_QUEUE = 1 << 8,		/* they are pushed and popped */
	MAP_EVENTS = 1 << 9,		/* programs send events through it */
	MAP_UNLISTED = 1 << 10,		/* no elements that could be asked for by key, one by one */
	MAP_STORAGE = 1 << 11,		/* a key is the descriptor of what owns the value */
	MAP_CGROUP_STORAGE = 1 << 12,	/* a key is a cgroup's ID, which has one while it lives */
	MAP_FDS = 1 << 13,		/* values are 4 bytes where they pass the system call */
	MAP_OBJECTS = 1 << 14,		/* a value names an object: by .object and .object_at */
	MAP_OF_MAPS = 1 << 15,
	MAP_SOCKETS = 1 << 16,
	MAP_NET = 1 << 17,		/* to create one takes CAP_NET_ADMIN */
};

/* Bytes from @min to @max (0: no limit), in steps; @min 0 and a step: there are none. */
struct size_rule {
	__u32 min, max, step;
};

/* What is wanted of max_entries: a number; 0; a power of 2, a page at least. */
enum entries_rule { ENTRIES_SOME, ENTRIES_NONE, ENTRIES_PAGES };

/* What the kernel wants of a new map's sizes and flags; it answers EINVAL, or E2BIG, to all. */
struct map_shape {
	struct size_rule key, value;
	enum entries_rule entries;
	__u32 needs, refuses;		/* flags */
};

/* What a descriptor can be had of by a name: see kern_map_owner(). */
enum map_owner { OWNER_UNNAMED, OWNER_TASK, OWNER_FILE, OWNER_CGROUP };

struct map_traits {
	unsigned is;			/* enum map_trait */
	const struct map_shape *shape;	/* NULL: the rules are not known */
	enum object_kind object;
	__u8 object_at;			/* behind so many bytes, where the value has room for it */
	enum map_owner owner;		/* of a storage's value; else of what a value is */
	const char *lost;		/* where an element's change cannot be taken back: why not */
};

/* The row of a type; all zero for one that is not known. */
const struct map_traits *map_traits(__u32 type);
/* Whether a type has any of these traits. */
bool map_is(__u32 type, unsigned traits);
/*
 * True for maps whose values name objects, by their IDs where they are read and
 * by descriptors where they are written: 4 bytes at *@at, 0 for none.
 */
bool map_holds_objects(const struct handle *map, enum object_kind *kind, size_t *at);

#endif
