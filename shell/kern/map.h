/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Maps: how they are made, their elements, and a walk over all of them. A per-CPU value is
 * element_stride() bytes for each possible CPU.
 */
#ifndef BPFSH_KERN_MAP_H
#define BPFSH_KERN_MAP_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

struct handle;

int kern_cpus(void);
/* Bytes of a value as the system calls transfer it. */
size_t kern_value_bytes(const struct handle *map);
int kern_map_lookup(int fd, const void *key, void *value, __u64 flags);
/* The element of this very key: a lookup in an LPM trie also finds that of a shorter prefix. */
int kern_map_element(const struct handle *map, const void *key, void *value);
int kern_map_update(int fd, const void *key, const void *value, __u64 flags);
int kern_map_delete(int fd, const void *key);
/* @key NULL: the first key. */
int kern_map_next(int fd, const void *key, void *next);
int kern_map_pop(int fd, void *value);
/* Queues, stacks and bloom filters have no keys. A bloom filter's peek looks @value up. */
int kern_map_push(int fd, const void *value, __u64 flags);
int kern_map_peek(int fd, void *value);
int kern_map_freeze(int fd);
/*
 * Some bytes of the one value of a map of global data. Through a mapping, where
 * the kernel allows that, those alone, an integer at once.
 */
int kern_map_write(const struct handle *map, __u32 offset, const void *data, __u32 size);

/*
 * Many elements, in order, by batch calls where the type has them. Keys stand
 * key_size bytes apart, values kern_value_bytes(). Stops at the first failure
 * or an interruption (-EINTR): *@count elements are done then, and where the
 * kernel is to blame the one behind them is the one that failed. Deleting one
 * that is not there fails with -ENOENT.
 */
int kern_map_update_batch(const struct handle *map, const void *keys, const void *values,
			  __u32 *count, __u64 flags);
int kern_map_delete_batch(const struct handle *map, const void *keys, __u32 *count);

/*
 * A descriptor of what a map of this type names by one: the file @name owns an
 * inode_storage, the cgroup's folder a cgrp_storage, and is in a cgroup_array;
 * the process of that number owns a task_storage. -EOPNOTSUPP for other types.
 */
int kern_map_owner(__u32 type, const char *name);

struct map_def {
	__u32 type, key_size, value_size, max_entries, flags;
	__u64 extra;
	__u32 numa_node;
	bool has_numa_node;
	int inner_fd;			/* -1: none */
	int btf_fd;			/* -1: none */
	__u32 btf_key_type_id, btf_value_type_id;
	const char *name;
};

/* Whether the kernel takes @name for an object; libbpf would cut a long one without a word. */
bool kern_is_name(const char *name);
int kern_map_create(const struct map_def *def);

/*
 * All elements of a map, in parts of many where the kernel can (batch calls),
 * one after the other where not. Bounded memory; a thread may fetch ahead of
 * @fn, which itself is called in the caller's thread. @fn stops the walk by
 * returning nonzero, which is returned. Elements that vanish meanwhile are
 * left out; those that stay are seen once, with one exception: while others
 * change an LPM trie, the kernel's own walk may step over neighbours. After
 * that, and all else that could be seen, it is -KERN_ECHANGED.
 * -EOPNOTSUPP for types without elements, -EAGAIN where a type without batch
 * calls changes too fast to be followed, -EINTR when interrupted(), -KERN_EPERM
 * for EPERM.
 */
typedef int (*kern_element_fn)(void *arg, const void *key, const void *value);
int kern_map_walk(const struct handle *map, kern_element_fn fn, void *arg);

#endif
