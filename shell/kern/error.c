// SPDX-License-Identifier: BSD-2-Clause
/*
 * What an errno of the kernel means. Many operations share a few numbers, so
 * the text for a number alone would mislead: tables say what it means for an
 * operation on a type of map.
 */
#include <bpf/libbpf.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>

#include "shell/kern.h"
#include "shell/kern/load.h"

enum op {
	UPDATE = 1, LOOKUP = 2, DELETE = 4, NEXT = 8, LIST = 16, PUSH = 32, POP = 64, FREEZE = 128,
	ANY_OP = 255,
	CREATE = 256,
	ELEMENT = UPDATE | LOOKUP | DELETE | NEXT | LIST,
};

/* How callers name an action, and what the message makes of it. */
static const struct {
	const char *what;
	enum op op;
	const char *phrase;		/* the map's name follows */
} actions[] = {
	{ "update", UPDATE, "update element in" },
	{ "lookup", LOOKUP, "look up element in" },
	{ "delete", DELETE, "delete element from" },
	{ "next", NEXT, "get the next key of" },
	{ "getnext", NEXT, "get the next key of" },
	{ "dump", LIST, "list the elements of" },
	{ "list", LIST, "list the elements of" },
	{ "push", PUSH, "push a value to" },
	{ "enqueue", PUSH, "push a value to" },
	{ "pop", POP, "pop a value from" },
	{ "dequeue", POP, "pop a value from" },
	{ "peek", LOOKUP | POP, "peek into" },
	{ "freeze", FREEZE, "freeze" },
	{ "create", CREATE, "create" },
};

#define T(type) (1ull << BPF_MAP_TYPE_##type)
#define ALL (~0ull)
#define HASHES (T(HASH) | T(PERCPU_HASH) | T(LRU_HASH) | T(LRU_PERCPU_HASH) | T(HASH_OF_MAPS) | \
		T(LPM_TRIE) | T(DEVMAP_HASH) | T(SOCKHASH))
#define ARRAYS (T(ARRAY) | T(PERCPU_ARRAY))
#define SLOTS (T(PROG_ARRAY) | T(PERF_EVENT_ARRAY) | T(CGROUP_ARRAY) | T(ARRAY_OF_MAPS) | \
	       T(DEVMAP) | T(CPUMAP) | T(XSKMAP) | T(SOCKMAP) | T(REUSEPORT_SOCKARRAY))
#define INNER (T(ARRAY_OF_MAPS) | T(HASH_OF_MAPS))
#define QUEUES (T(QUEUE) | T(STACK))
#define SOCKETS (T(SOCKMAP) | T(SOCKHASH) | T(REUSEPORT_SOCKARRAY))
#define CGROUP_STORAGES (T(CGROUP_STORAGE) | T(PERCPU_CGROUP_STORAGE))
#define STORAGES (T(SK_STORAGE) | T(INODE_STORAGE) | T(TASK_STORAGE) | T(CGRP_STORAGE))

/*
 * What an errno means for an operation on a type; the first row that fits. In
 * the texts {max} is the map's max_entries, {last} one less.
 */
static const struct row {
	unsigned ops;
	__u64 types;
	int err;			/* 0: any */
	const char *text, *hint;
} rows[] = {
	{ UPDATE, HASHES, E2BIG, "map is full ({max} of {max} entries)" },
	{ UPDATE, T(LPM_TRIE), ENOSPC, "map is full ({max} of {max} entries)" },
	{ UPDATE | PUSH, QUEUES, E2BIG, "it is full ({max} of {max} values)",
	  "flag 'exist' makes room by dropping the oldest value" },
	{ UPDATE, ARRAYS | SLOTS, E2BIG, "index is out of range (0 to {last})" },
	{ DELETE, SLOTS, E2BIG, "index is out of range (0 to {last})" },
	{ LOOKUP, ARRAYS, ENOENT, "index is out of range (0 to {last})" },
	{ LOOKUP | DELETE, SLOTS, ENOENT, "nothing at that index (0 to {last})" },
	{ UPDATE, ARRAYS | SLOTS, EEXIST, "elements of an array always exist",
	  "leave out flag 'noexist'" },
	{ UPDATE, ALL, EEXIST, "key is present already" },
	{ POP, QUEUES, ENOENT, "it is empty" },
	{ LOOKUP, T(BLOOM_FILTER), ENOENT, "value is not in it" },
	{ UPDATE, CGROUP_STORAGES, ENOENT, "that cgroup has no storage in it",
	  "it has one while a program that uses the map is attached to it" },
	{ UPDATE | LOOKUP | DELETE | NEXT, ALL, ENOENT, "key is not present" },
	{ DELETE, ARRAYS, EINVAL, "elements of an array cannot be deleted",
	  "write zeros in their place" },
	{ UPDATE, T(PROG_ARRAY), EINVAL, "program differs in type or properties from those that "
	  "the map is used with" },
	{ UPDATE, INNER, EINVAL, "inner map differs in type, sizes or flags from the one that this "
	  "map was created with" },
	{ UPDATE, T(PROG_ARRAY) | INNER, EBADF, "value is no descriptor of the right kind" },
	{ UPDATE, T(DEVMAP) | T(DEVMAP_HASH), EINVAL, "no such network device here" },
	{ UPDATE, T(CPUMAP), EOVERFLOW, "a CPU's queue has at most 16384 packets" },
	{ UPDATE, T(CPUMAP), ENODEV, "there is no such CPU" },
	{ UPDATE, T(STACK_TRACE), EINVAL, "only programs put stacks into it" },
	{ UPDATE, T(PERF_EVENT_ARRAY), EBADF, "value is no descriptor of a perf event" },
	{ UPDATE, T(PERF_EVENT_ARRAY), EINVAL, "value is no descriptor of a perf event" },
	{ UPDATE, T(CGROUP_ARRAY), EBADF, "value is no cgroup", "write its path" },
	{ UPDATE, T(XSKMAP), EBADF, "value is no descriptor of an AF_XDP socket" },
	{ UPDATE, T(XSKMAP), ENOTSOCK, "value is no descriptor of an AF_XDP socket" },
	{ UPDATE, SOCKETS, EBADF, "value is no descriptor of a socket" },
	{ UPDATE, SOCKETS, ENOTSOCK, "value is no descriptor of a socket" },
	{ UPDATE, SOCKETS, EOPNOTSUPP, "sockets of this kind or state cannot be in it" },
	{ DELETE, T(SOCKMAP), EINVAL, "nothing at that index (0 to {last})" },
	{ DELETE, CGROUP_STORAGES, EINVAL, "a storage lives as long as its cgroup" },
	{ LOOKUP | LIST, T(PERF_EVENT_ARRAY) | T(CGROUP_ARRAY), 0,
	  "values of this map type cannot be read back" },
	{ LOOKUP | LIST, T(XSKMAP), EOPNOTSUPP, "sockets of an XSK map cannot be read back" },
	{ LOOKUP | LIST, SOCKETS, ENOSPC, "values of 4 bytes have no room for a socket's cookie",
	  "a map that is created with 'value 8' can be read" },
	{ LIST | NEXT, QUEUES, 0,
	  "values of a queue or stack cannot be listed, only taken out" },
	{ ELEMENT, T(RINGBUF), 0, "a ring buffer has no elements that can be listed" },
	{ ELEMENT, T(USER_RINGBUF), 0,
	  "a user ring buffer has no elements, it carries samples to programs" },
	{ ELEMENT, T(ARENA), 0, "an arena is memory without elements" },
	{ ELEMENT & ~LOOKUP, T(BLOOM_FILTER), 0,
	  "a bloom filter only answers whether a value may be in it" },
	{ LIST | NEXT, STORAGES, 0, "a local storage cannot be listed, only looked up by its owner",
	  "the key is 'pid N' for a task, a path for a file or cgroup, a socket's descriptor" },
	{ LOOKUP | UPDATE | DELETE, T(TASK_STORAGE), EBADF, "key is no process", "write 'pid N'" },
	{ LOOKUP | UPDATE | DELETE, T(INODE_STORAGE), EBADF, "key is no file", "write its path" },
	{ LOOKUP | UPDATE | DELETE, T(CGRP_STORAGE), EBADF, "key is no cgroup", "write its path" },
	{ LOOKUP | UPDATE | DELETE, T(SK_STORAGE), EBADF, "key is no descriptor of a socket" },
	{ LOOKUP | UPDATE | DELETE, T(SK_STORAGE), ENOTSOCK, "key is no descriptor of a socket" },
	{ PUSH | POP, ~QUEUES & ~T(BLOOM_FILTER), 0, "only queues and stacks have that" },
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

/* What is general, where strerror() would mislead or is not there. */
static const struct {
	int err;
	const char *text, *hint;
} general[] = {
	{ ENOTSUPP, "not supported by this kernel" },
	{ EOPNOTSUPP, "not supported" },
	{ ENOSYS, "this kernel has no bpf(2)", "it is built without CONFIG_BPF_SYSCALL" },
	{ E2BIG, "this kernel is too old for it, or a limit is exceeded" },
	{ EINTR, "interrupted" },
	{ ELIBACC, "the library libmnl is missing", "install it (Debian: libmnl0)" },
	{ EXDEV, "it lies on another mount" },
	{ KERN_EDOT, "names in a bpffs cannot have a dot" },
	{ KERN_ENAME, "names have at most 15 letters, digits, '_' and '.'" },
	{ KERN_ENOTPIN, "it is no pinned BPF object" },
	{ KERN_ENOTBPFFS, "its folder is not on a bpffs", "mount one: mount -t bpf bpf FOLDER" },
};

static bool have_capability(int cap)
{
	unsigned long long set = 0;
	char line[128];
	FILE *f = fopen("/proc/self/status", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "CapEff: %llx", &set) == 1)
			break;
	if (f)
		fclose(f);
	return set >> cap & 1;
}

/* The reason of an EPERM, as far as this process can know it. */
static void permission(struct buf *text, const char **hint)
{
	if (!have_capability(CAP_SYS_ADMIN)) {
		buf_puts(text, have_capability(CAP_BPF) ? "needs CAP_SYS_ADMIN" :
			 "needs CAP_BPF and CAP_SYS_ADMIN");
		*hint = "run bpfsh as root";
		return;
	}
	buf_puts(text, "operation not permitted");
	*hint = "a security module, kernel lockdown or a container's filter may forbid it";
}

void kern_reason(struct buf *text, const char **hint, int err)
{
	char msg[256];

	*hint = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(general); i++) {
		if (general[i].err == err) {
			buf_puts(text, general[i].text);
			*hint = general[i].hint;
			return;
		}
	}
	if (err == EPERM) {
		permission(text, hint);
		return;
	}
	libbpf_strerror(err, msg, sizeof(msg));
	if (isupper((unsigned char)msg[0]) && !isupper((unsigned char)msg[1]))
		msg[0] = tolower((unsigned char)msg[0]);
	buf_puts(text, msg);
}

int kern_error(struct diags *d, struct span at, int err, const char *fmt, ...)
{
	struct buf what = BUF_INIT, why = BUF_INIT;
	const char *hint;
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&what, fmt, ap);
	va_end(ap);
	kern_reason(&why, &hint, abs(err));
	diag_error(d, at, "cannot %s: %s", buf_str(&what), buf_str(&why));
	if (hint)
		diag_hint(d, "%s", hint);
	buf_free(&what);
	buf_free(&why);
	return -1;
}

/* Puts the map's numbers into a row's text. */
static void expand(struct buf *out, const char *text, __u32 max)
{
	while (*text) {
		if (!strncmp(text, "{max}", 5)) {
			buf_printf(out, "%u", max);
			text += 5;
		} else if (!strncmp(text, "{last}", 6)) {
			buf_printf(out, "%u", max ? max - 1 : 0);
			text += 6;
		} else {
			buf_putc(out, *text++);
		}
	}
}

static bool is_frozen(int fd)
{
	char value[8];

	return kern_fdinfo(fd, "frozen", value, sizeof(value)) && !strcmp(value, "1");
}

/*
 * Why a map refuses with EPERM: its own state comes before privileges. The
 * flags rdonly and wronly belong to the descriptor, as does a pin's mode.
 */
static const char *map_permission(const struct handle *map, unsigned op)
{
	int opened = fcntl(map->fd, F_GETFL), mode = opened < 0 ? O_RDWR : opened & O_ACCMODE;

	if (op & (UPDATE | DELETE | PUSH | POP | FREEZE)) {
		if (is_frozen(map->fd))
			return op & FREEZE ? "map is frozen already" :
			       "map is frozen, user space cannot change it any more";
		if (mode == O_RDONLY)
			return "it is open for reading only (flag 'rdonly', or its pin's mode)";
	}
	if ((op & (LOOKUP | NEXT | LIST | POP)) && mode == O_WRONLY)
		return "it is open for writing only (flag 'wronly', or its pin's mode)";
	return NULL;
}

static const struct row *find_row(unsigned op, __u32 type, int err)
{
	__u64 bit = type < 64 ? 1ull << type : 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];

		if (!(op & r->ops) || (r->err && r->err != err))
			continue;
		if (r->types == ALL || r->types & bit)
			return r;
	}
	return NULL;
}

static unsigned begin_head(struct buf *head, const char *what)
{
	static const char undo[] = "undo: ";

	if (!strncmp(what, undo, sizeof(undo) - 1)) {
		buf_puts(head, "undo: ");
		what += sizeof(undo) - 1;
	}
	buf_puts(head, "cannot ");
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (!strcmp(what, actions[i].what)) {
			buf_puts(head, actions[i].phrase);
			return actions[i].op;
		}
	}
	buf_puts(head, what);
	return 0;
}

/* Errnos that the kernel has for wrong attributes of a new map. */
static bool blames_shape(int err)
{
	return err == EINVAL || err == E2BIG || err == ENOTSUPP || err == EOPNOTSUPP;
}

static void map_reason(struct buf *why, const char **hint, unsigned op, const struct handle *map,
		       int err)
{
	const char *text = err == EPERM ? map_permission(map, op) : NULL;
	const struct row *row = err == EPERM ? NULL : find_row(op, map->map.type, err);

	if (text) {
		buf_puts(why, text);
	} else if (op == CREATE && blames_shape(err) &&
		   shape_error(why, &map->map)) {
		*hint = NULL;
	} else if (row) {
		expand(why, row->text, map->map.max_entries);
		*hint = row->hint;
	} else {
		kern_reason(why, hint, err);
	}
}

int kern_map_error(struct diags *d, struct span at, const char *what, const struct handle *map,
		   int err)
{
	struct buf head = BUF_INIT, why = BUF_INIT;
	const char *hint = NULL;
	unsigned op = begin_head(&head, what);

	if (map->name[0])
		buf_printf(&head, " map '%s'", map->name);
	else if (map->id)
		buf_printf(&head, " map %u", map->id);
	else
		buf_puts(&head, " map");
	map_reason(&why, &hint, op, map, abs(err) == KERN_EPERM ? EPERM : abs(err));
	diag_error(d, at, "%s: %s", buf_str(&head), buf_str(&why));
	if (hint)
		diag_hint(d, "%s", hint);
	buf_free(&head);
	buf_free(&why);
	return -1;
}
