// SPDX-License-Identifier: BSD-2-Clause
/* Maps: sizes, single elements, creation. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/compat.h"
#include "shell/base/fault.h"
#include "shell/base/interrupt.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/map_traits.h"

/* The most that any kernel can be built for: buffers are large enough where /sys is missing. */
#define CPUS_MAX 8192

int kern_cpus(void)
{
	int nr = libbpf_num_possible_cpus();

	return nr > 0 ? nr : CPUS_MAX;
}

size_t kern_value_bytes(const struct handle *map)
{
	size_t size = map->map.value_size;

	if (map_is(map->map.type, MAP_PERCPU))
		return ((size + 7) & ~(size_t)7) * kern_cpus();
	return map_is(map->map.type, MAP_FDS) ? sizeof(__u32) : size;
}

int kern_map_lookup(int fd, const void *key, void *value, __u64 flags)
{
	int err = fault_error("map lookup");

	return err ? err : bpf_map_lookup_elem_flags(fd, key, value, flags);
}

/*
 * Whether a trie has the key itself. Asked for the one behind a key that it has
 * not, the kernel tells the first one. (Before 6.13, it may take another key of
 * the same length for it.)
 */
static bool is_in_trie(const struct handle *map, const void *key)
{
	char *next = xmalloc(map->map.key_size), *first = xmalloc(map->map.key_size);
	bool found = kern_map_next(map->fd, key, next) || kern_map_next(map->fd, NULL, first) ||
		     memcmp(next, first, map->map.key_size);

	free(next);
	free(first);
	return found;
}

/*
 * 0 where @value, which a lookup found, is the key's own, -ENOENT where it is
 * that of a shorter prefix: then the next shorter one has it, too.
 */
static int check_own(const struct handle *map, const void *key, const void *value)
{
	size_t size = kern_value_bytes(map);
	char *shorter = xmemdup(key, map->map.key_size), *other = xmalloc(size);
	int err = 0;
	__u32 len;

	memcpy(&len, key, sizeof(len));
	if (len--) {
		memcpy(shorter, &len, sizeof(len));
		err = kern_map_lookup(map->fd, shorter, other, 0);
		if (err == -ENOENT)
			err = 0;
		else if (!err && !memcmp(value, other, size) && !is_in_trie(map, key))
			err = -ENOENT;
	}
	free(shorter);
	free(other);
	return err;
}

int kern_map_element(const struct handle *map, const void *key, void *value)
{
	int err = kern_map_lookup(map->fd, key, value, 0);

	if (!err && map_is(map->map.type, MAP_PREFIX))
		err = check_own(map, key, value);
	return err;
}

int kern_map_update(int fd, const void *key, const void *value, __u64 flags)
{
	int err = fault_error("map update");

	if (!err)
		err = bpf_map_update_elem(fd, key, value, flags);
	fault_point("map update done");
	return err;
}

int kern_map_delete(int fd, const void *key)
{
	int err = fault_error("map delete");

	if (!err)
		err = bpf_map_delete_elem(fd, key);
	fault_point("map delete done");
	return err;
}

int kern_map_next(int fd, const void *key, void *next)
{
	return bpf_map_get_next_key(fd, key, next);
}

int kern_map_pop(int fd, void *value)
{
	int err = fault_error("map pop");

	if (!err)
		err = bpf_map_lookup_and_delete_elem(fd, NULL, value);
	fault_point("map pop done");
	return err;
}

int kern_map_push(int fd, const void *value, __u64 flags)
{
	int err = fault_error("map push");

	if (!err)
		err = bpf_map_update_elem(fd, NULL, value, flags);
	fault_point("map push done");
	return err;
}

int kern_map_peek(int fd, void *value)
{
	return bpf_map_lookup_elem(fd, NULL, value);
}

/* Elements that one call to the kernel changes: signals are looked at in between. */
#define CHANGES 8192u

/* How a batch of changes is done: at once, or where the kernel has no such call, one by one. */
struct change {
	int fd;
	const char *keys, *values;	/* values NULL: deletion */
	size_t key_size, value_size;
	__u64 flags;
};

static int change_many(const struct change *c, __u32 done, __u32 *count)
{
	LIBBPF_OPTS(bpf_map_batch_opts, opts, .elem_flags = c->flags);
	const char *keys = c->keys + done * c->key_size;
	const char *values = c->values ? c->values + done * c->value_size : NULL;
	__u32 wanted = *count;
	int err = fault_error("map batch");

	if (!err && values)
		err = bpf_map_update_batch(c->fd, keys, values, count, &opts);
	else if (!err)
		err = bpf_map_delete_batch(c->fd, keys, count, &opts);
	fault_point("map batch done");
	/* A call that is refused outright leaves the count as it was. */
	if (err && *count >= wanted)
		*count = 0;
	return err;
}

static int change_one(const struct change *c, __u32 i)
{
	const void *key = c->keys + i * c->key_size;

	if (c->values)
		return kern_map_update(c->fd, key, c->values + i * c->value_size, c->flags);
	return kern_map_delete(c->fd, key);
}

/* Where a batch call does not tell why, or cannot be had, single elements do. */
static bool is_better_single(int err)
{
	return err == -EINVAL || err == -ENOTSUPP || err == -EOPNOTSUPP || err == -ENOMEM;
}

static int change_all(const struct change *c, __u32 *count)
{
	__u32 nr = *count, done = 0;
	bool batch = true;
	int err = 0;

	while (done < nr && !err) {
		__u32 part = nr - done < CHANGES ? nr - done : CHANGES;

		if (interrupted()) {
			err = -EINTR;
		} else if (batch) {
			err = change_many(c, done, &part);
			done += part;
			if (is_better_single(err)) {
				batch = false;
				err = 0;
			}
		} else {
			err = change_one(c, done);
			done += !err;
		}
	}
	*count = done;
	return err;
}

int kern_map_update_batch(const struct handle *map, const void *keys, const void *values,
			  __u32 *count, __u64 flags)
{
	struct change c = {
		.fd = map->fd, .keys = keys, .values = values, .key_size = map->map.key_size,
		.value_size = kern_value_bytes(map), .flags = flags,
	};

	return change_all(&c, count);
}

int kern_map_delete_batch(const struct handle *map, const void *keys, __u32 *count)
{
	struct change c = { .fd = map->fd, .keys = keys, .key_size = map->map.key_size };

	return change_all(&c, count);
}

/* A store that no program sees half done, where @size is that of an integer in its place. */
static void store(void *to, const void *data, __u32 size)
{
	if ((uintptr_t)to % sizeof(__u64) == 0 && size == sizeof(__u64))
		__atomic_store_n((__u64 *)to, *(const __u64 *)data, __ATOMIC_RELAXED);
	else if ((uintptr_t)to % sizeof(__u32) == 0 && size == sizeof(__u32))
		__atomic_store_n((__u32 *)to, *(const __u32 *)data, __ATOMIC_RELAXED);
	else if ((uintptr_t)to % sizeof(__u16) == 0 && size == sizeof(__u16))
		__atomic_store_n((__u16 *)to, *(const __u16 *)data, __ATOMIC_RELAXED);
	else
		memcpy(to, data, size);
}

/* False where the kernel does not let the map be written through a mapping. */
static bool write_mapped(int fd, __u32 offset, const void *data, __u32 size)
{
	size_t page = sysconf(_SC_PAGESIZE), skip = offset % page;
	char *at = mmap(NULL, skip + size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset - skip);

	if (at == MAP_FAILED)
		return false;
	store(at + skip, data, size);
	munmap(at, skip + size);
	return true;
}

/* The whole value, changed in part: what programs write meanwhile is lost. */
static int write_whole(const struct handle *map, __u32 offset, const void *data, __u32 size)
{
	char *value = xmalloc(kern_value_bytes(map));
	__u32 key = 0;
	int err = bpf_map_lookup_elem(map->fd, &key, value);

	memcpy(value + offset, data, size);
	if (!err)
		err = bpf_map_update_elem(map->fd, &key, value, BPF_ANY);
	free(value);
	return err;
}

int kern_map_write(const struct handle *map, __u32 offset, const void *data, __u32 size)
{
	int err = fault_error("map write");

	if (!err && !write_mapped(map->fd, offset, data, size))
		err = write_whole(map, offset, data, size);
	fault_point("map write done");
	return err;
}

int kern_map_freeze(int fd)
{
	int err = fault_error("map freeze");

	if (!err)
		err = bpf_map_freeze(fd);
	fault_point("map freeze done");
	return err;
}

bool kern_is_name(const char *name)
{
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '_' && *p != '.')
			return false;
	return strlen(name) < BPF_OBJ_NAME_LEN;
}

/* A process by its number. */
static int open_pid(const char *text)
{
	char *end;
	unsigned long pid = strtoul(text, &end, 10);
	int fd;

	if (!*text || *end || !pid || pid > INT_MAX)
		return -EINVAL;
	fd = syscall(SYS_pidfd_open, (pid_t)pid, 0);
	return fd < 0 ? -errno : fd;
}

int kern_map_owner(__u32 type, const char *name)
{
	int fd;

	switch (map_traits(type)->owner) {
	case OWNER_TASK:
		return open_pid(name);
	case OWNER_FILE:
		fd = open(name, O_PATH | O_CLOEXEC);
		break;
	case OWNER_CGROUP:
		fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		break;
	default:
		return -EOPNOTSUPP;
	}
	return fd < 0 ? -errno : fd;
}

int kern_map_create(const struct map_def *def)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts,
		.map_flags = def->flags,
		.map_extra = def->extra,
	);
	int fd;

	if (def->name && !kern_is_name(def->name))
		return -KERN_ENAME;
	if (def->has_numa_node) {
		opts.map_flags |= BPF_F_NUMA_NODE;
		opts.numa_node = def->numa_node;
	}
	if (def->inner_fd >= 0)
		opts.inner_map_fd = def->inner_fd;
	if (def->btf_fd >= 0) {
		opts.btf_fd = def->btf_fd;
		opts.btf_key_type_id = def->btf_key_type_id;
		opts.btf_value_type_id = def->btf_value_type_id;
	}
	fd = fault_error("map create");
	if (!fd)
		fd = bpf_map_create(def->type, def->name, def->key_size, def->value_size,
				    def->max_entries, &opts);
	fault_point("map create done");
	return fd;
}
