/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The kernel: shell/kern/ is the only place that calls bpf(2), libbpf and bpffs.
 *
 * Functions return 0 or a descriptor, or -errno, unless they take a struct
 * diags: those queue one diagnostic and return -1. Descriptors are
 * close-on-exec and belong to the caller. Facts: linux/bpf.h.
 */
#ifndef BPFSH_KERN_H
#define BPFSH_KERN_H

#include <linux/bpf.h>
#include <net/if.h>
#include <sys/types.h>

#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/kern/handle.h"

struct btf;

/* Refusals for which the kernel has one errno for many; kern_error() knows them too. */
enum {
	KERN_EDOT = 5000,	/* a name in bpffs has a dot, where kernel answers EPERM */
	KERN_ENOTBPFFS,		/* the folder of a pin is not on a bpffs: EPERM */
	KERN_EOTHERFS,		/* another bpffs lies at the path than the one that is meant */
	KERN_ENORENAME,		/* renameat2(2) itself is refused: ENOSYS, which means bpf(2) elsewhere */
	KERN_ENOEXCHANGE,	/* this bpffs does not exchange two names: EINVAL */
	KERN_ENAME,		/* no name for an object: EINVAL, or cut without a word */
	KERN_ENOTPIN,		/* the path is no pinned object: EACCES */
	KERN_ECHANGED,		/* what was walked changed: see kern_map_walk() */
	KERN_EPERM,		/* EPERM where -1 is what a callback returned */
};

/* Objects by ID, path, descriptor. */

/* Smallest ID above *@id, which is replaced; -ENOENT behind the last. */
int kern_next_id(enum object_kind kind, __u32 *id);
int kern_open_id(enum object_kind kind, __u32 id);

/* A walk over all objects of a kind, which is set; all else begins as zero. */
struct object_walk {
	enum object_kind kind;
	__u32 id;		/* of the object that was opened last */
	bool dense;		/* the IDs follow one another */
	int err;		/* -errno: the objects cannot be listed, or one cannot be opened */
	__u32 err_id;		/* which, in the second case; else 0 */
};

/*
 * A descriptor of the next object, the caller's to close, or -ENOENT behind the
 * last one. Objects that vanish meanwhile are passed over, those that cannot be
 * opened too.
 */
int kern_next_object(struct object_walk *w);

/* Opens a pinned object and says what it is; -KERN_ENOTPIN for what is none. */
int kern_open_pin(const char *path, enum object_kind *kind);
/* Which kind of object a descriptor holds; -EINVAL for anything else. */
int kern_kind(int fd, enum object_kind *kind);

/*
 * -ENODEV: the device that the program is offloaded to is gone, and the kernel
 * tells no more than its ID and type, which are there (all else is zero).
 */
int kern_prog_info(int fd, struct bpf_prog_info *info);
int kern_map_info(int fd, struct bpf_map_info *info);
/* Room for any name; BTF has up to 511 characters. */
#define KERN_NAME_MAX 512
/*
 * The name of a program or map, in full where its BTF proves more of it than
 * the kernel keeps; not to be trusted. "" where it has none.
 */
void kern_prog_name(int fd, const struct bpf_prog_info *info, char *name, size_t size);
void kern_map_name(const struct bpf_map_info *info, char *name, size_t size);
/* Whether the kernel may keep @kept (of an info, or a string) of the name @full. */
bool kern_is_cut_to(const char *full, const char *kept);
int kern_link_info(int fd, struct bpf_link_info *info);
int kern_btf_info(int fd, struct bpf_btf_info *info, char *name, size_t size);
/* bpf_obj_get_info_by_fd() for infos with arrays that the caller prepared; @len in and out. */
int kern_info(int fd, void *info, __u32 *len);
/* A handle from a descriptor, taken over in any case; NULL with errno set where it has no info. */
struct handle *kern_handle(enum object_kind kind, int fd);
/* A handle of the object with this ID; NULL with errno set where there is none. */
struct handle *kern_open_object(enum object_kind kind, __u32 id);
/* IDs of the maps that a program uses, freed by the caller; @nr is their number. */
__u32 *kern_prog_maps(int fd, __u32 *nr);
/* kern_prog_info() and the IDs of the program's maps, info->nr_map_ids of them, freed likewise. */
int kern_prog_info_maps(int fd, struct bpf_prog_info *info, __u32 **maps);
/* BTF object @id, freed with btf__free(); NULL with errno set. */
struct btf *kern_btf(__u32 id);
/* The same, or NULL with a diagnostic. */
struct btf *kern_btf_object(__u32 id, struct span at, struct diags *d);
/*
 * The types of an object file under its IDs, without those of its functions and
 * variables, so that kern_btf_load() can give them to the kernel: a descriptor
 * that lives as long as @btf. NULL with a diagnostic.
 */
struct btf *kern_btf_file(const char *file, struct span at, struct diags *d);
int kern_btf_load(struct btf *btf);
/*
 * All types of an ELF file, or of a file that is BTF, behind those of @base, which
 * they may continue, and which must outlive them; NULL where they stand alone, or
 * are a module's below /sys/kernel/btf. Freed with btf__free(); NULL with a diagnostic.
 */
struct btf *kern_btf_read(const char *file, struct btf *base, struct span at, struct diags *d);
/* The ID of "struct flow", "flow", "__u32"; -ENOENT. */
__s64 kern_btf_find(const struct btf *btf, const char *name);
/* Types of the kernel itself, read once; borrowed, NULL where they are hidden. */
struct btf *kern_vmlinux_btf(void);
/* A line "name:\tvalue" of /proc/self/fdinfo/FD; false where there is none. */
bool kern_fdinfo(int fd, const char *name, char *value, size_t size);
/* All lines of it, read once; freed by the caller, NULL where there are none. */
char *kern_fdinfo_text(int fd);
/* A line's value within such a text. */
bool kern_fdinfo_value(const char *text, const char *name, char *value, size_t size);

/*
 * Everything raw about a program's instructions; freed by kern_code_free().
 * What the kernel hides from this user is NULL, and its number in info 0.
 */
struct kern_code {
	struct bpf_prog_info info;	/* its pointers are these arrays */
	struct bpf_insn *insns;
	void *jited;
	void *func_info, *line_info, *jited_line_info;
	__u64 *ksyms;
	__u32 *func_lens;
	__u32 *map_ids;
	__u32 *jump_targets;		/* instructions that its tables of indirect jumps name */
	__u32 nr_jump_targets;
	struct btf *btf;		/* NULL without */
};

int kern_code(int fd, struct kern_code *code);
void kern_code_free(struct kern_code *code);

/* Maps. A per-CPU value is element_stride() bytes for each possible CPU. */

int kern_cpus(void);
bool kern_map_percpu(__u32 type);
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

/* Events: what programs send through ring buffers and perf event arrays. */

struct kern_event {
	int cpu;			/* -1: a ring buffer's */
	int index;			/* of the perf event array's slot */
	__u64 time;			/* ns since boot; 0: a ring buffer has none */
	__u64 lost;			/* nonzero: so many were lost, and there is no data */
	const void *data;		/* perf rounds its size up to 4 bytes modulo 8 */
	__u32 size;
};

/* Returns nonzero to stop. */
typedef int (*kern_event_fn)(void *arg, const struct kern_event *event);
struct kern_events;

/* One slot of a perf event array: which CPU's events come through it. */
struct kern_slot {
	int cpu, index;
};

/*
 * Begins to read; NULL with errno set. Reading takes the events away from
 * other readers. A perf event array's slots get our own buffers until the end:
 * @slot alone, or where it is NULL each CPU's the slot of its number.
 */
struct kern_events *kern_events_open(const struct handle *map, const struct kern_slot *slot,
				     kern_event_fn fn, void *arg);
/* Waits for events; how many came, what @fn returned where that is not 0, or -errno. */
int kern_events_poll(struct kern_events *e, int timeout_ms);
void kern_events_close(struct kern_events *e);

/* Links */

enum link_place { LINK_ON_DEVICE, LINK_ON_CGROUP, LINK_ON_NETNS, LINK_ON_TRACEPOINT };

/* What a program is to be attached to, by name. */
struct link_def {
	enum link_place place;
	__u32 attach_type;
	__u32 flags;			/* of a device's: XDP_FLAGS_..._MODE */
	const char *target;		/* device, cgroup's path, tracepoint; NULL: this namespace */
};

/* The same, found. */
struct link_spot {
	enum link_place place;
	__u32 attach_type, flags, ifindex;
	int fd;				/* of the cgroup or namespace, or -1 */
	__u64 id;			/* of the cgroup; inode of the namespace, a device's too */
	char *tracepoint;
};

/* Finds what the definition names; -1 with a diagnostic. link_spot_free() ends it in any case. */
int kern_link_find(const struct link_def *def, struct link_spot *spot, struct span at,
		   struct diags *d);
/*
 * Where a link is attached, so that a new one can take its place: -ENOLINK where
 * it is severed, -EOPNOTSUPP or -ENOENT where nobody can tell.
 */
int kern_link_spot(int fd, struct link_spot *spot);
enum kern_sight { KERN_HERE, KERN_ELSEWHERE, KERN_UNSEEN };
/*
 * Where the device of an XDP, tcx or netkit link is, which tells no more than its
 * number: here only if the device of that number, whose name is given then, runs
 * the link's program. Unseen: it may be, but nobody can tell, or this user may not
 * ask. A severed link's device is elsewhere.
 */
enum kern_sight kern_link_device(const struct bpf_link_info *info, char name[IF_NAMESIZE]);
/*
 * Opens what a spot of a link that is no more names by its ID; the same errors, and -EXDEV
 * where it is of another network namespace.
 */
int kern_link_spot_open(struct link_spot *spot);
void link_spot_free(struct link_spot *spot);
int kern_link_create(int prog_fd, const struct link_spot *spot);
/* Compare and swap: -EPERM where the link does not run @old_prog, -ENOLINK where it is severed. */
int kern_link_update(int fd, int new_prog, int old_prog);
int kern_link_detach(int fd);
/* False for types that end only with their last descriptor and pin. */
bool kern_link_detachable(__u32 type);
/* What an errno of these means; @target is as the user wrote it or NULL. Return -1. */
int kern_link_create_error(struct diags *d, struct span at, const struct handle *prog,
			   const struct link_spot *spot, const char *target, int err);
/* @old: the program that the link was expected to run, or NULL. */
int kern_link_update_error(struct diags *d, struct span at, const struct handle *link,
			   const struct handle *old, const struct handle *prog, int err);

/* bpffs */

bool kern_is_bpffs(const char *path);
int kern_pin(int fd, const char *path);
/* Pins and folders on a bpffs: rename (with the flags of renameat2(2)), remove, make (0700). */
int kern_rename(const char *from, const char *to, unsigned flags);
int kern_unlink(const char *path);
int kern_mkdir(const char *path);
int kern_rmdir(const char *path);

struct pin {
	const char *path;
	enum object_kind kind;
	__u32 id;
};

/* All pinned objects of all bpffs mounts that this process sees; @fn as above. */
typedef int (*kern_pin_fn)(void *arg, const struct pin *pin);
int kern_pins(kern_pin_fn fn, void *arg);
/* Mount points of bpffs that this process sees, NULL-ended; the caller frees each and the list. */
char **kern_bpffs_mounts(void);

/* Owners */

struct owner {
	pid_t pid;
	const char *comm;		/* not to be trusted: any bytes */
	enum object_kind kind;
	__u32 id;
};

/*
 * The processes that hold descriptors of objects, each object once a process;
 * @fn as above. Those that this user may not look into are left out.
 */
typedef int (*kern_owner_fn)(void *arg, const struct owner *owner);
int kern_owners(kern_owner_fn fn, void *arg);

/* What is attached */

struct kern_attached {
	__u32 prog_id, prog_flags;	/* BPF_F_ALLOW_MULTI ...; 0 where the kernel tells none */
	__u32 link_id, link_flags;	/* of tcx and netkit; else, and without a link, 0 */
};

/*
 * The programs of one attach type on a cgroup or network namespace (its
 * descriptor) or device (its number), in the order in which they run. @flags: 0
 * or BPF_F_QUERY_EFFECTIVE. The list is freed by the caller. -EINVAL where the
 * kernel knows no such type for this.
 */
int kern_attached(int target, __u32 type, __u32 flags, struct kern_attached **list, __u32 *nr);

/* Cgroups of version 2 */

/* Where they are mounted, a new string; NULL where that is nowhere. */
char *kern_cgroup_root(void);

struct kern_cgroup {
	const char *path;		/* begins as the root's; not to be trusted */
	int fd;				/* borrowed; or -errno where it cannot be opened */
	__u64 id;
	unsigned depth;			/* below the root, which is 0 */
};

/* A cgroup and all below it, each before its own; symbolic links are not followed; @fn as above. */
typedef int (*kern_cgroup_fn)(void *arg, const struct kern_cgroup *cgroup);
int kern_cgroups(const char *root, kern_cgroup_fn fn, void *arg);

/* For one or several cgroups in turn; all but the flags begins as zero. */
struct kern_cgroup_query {
	__u32 flags;			/* 0 or BPF_F_QUERY_EFFECTIVE */
	bool useless[128];		/* attach types that this kernel has not for cgroups */
};

/* The programs of a cgroup, of all attach types that the kernel has; @fn as above. */
typedef int (*kern_cgroup_prog_fn)(void *arg, __u32 attach_type, const struct kern_attached *a);
int kern_cgroup_programs(struct kern_cgroup_query *q, int fd, kern_cgroup_prog_fn fn, void *arg);

/* Network devices */

enum kern_xdp_mode { KERN_XDP_GENERIC, KERN_XDP_DRIVER, KERN_XDP_OFFLOAD, KERN_XDP_MODES };

struct kern_device {
	__u32 ifindex;
	char name[IF_NAMESIZE];		/* not to be trusted */
	__u32 xdp[KERN_XDP_MODES];	/* IDs of its programs; 0: none */
};

/* All devices of this network namespace, or (not 0) only @ifindex; freed by the caller. */
int kern_devices(__u32 ifindex, struct kern_device **list, size_t *nr);

/* The number of the device with this name, be it an alternative one; -ENODEV, -ELIBACC. */
int kern_device(const char *name, __u32 *ifindex);
/* All names of devices; @device NULL: its own, else whose alternative one it is. */
typedef void (*kern_device_name_fn)(void *arg, const char *name, const char *device);
int kern_device_names(kern_device_name_fn fn, void *arg);

/* A program on a device's packets in traffic control. */
struct kern_tc {
	const struct kern_device *dev;
	const char *kind;		/* "clsact/ingress", "tcx/egress", "htb": what it belongs to */
	const char *name;		/* of the filter, not to be trusted; "" where there is none */
	__u32 prog_id;
	const struct kern_attached *attached;	/* of tcx and netkit; NULL: it is a filter's */
	bool has_actions;		/* it is a filter with actions, of which these are programs */
	struct kern_tc_action {
		const char *name;
		__u32 prog_id;
	} actions[32];
	size_t nr_actions;
};

/* All of those on these devices, one that is gone left out; @fn as above. */
typedef int (*kern_tc_fn)(void *arg, const struct kern_tc *tc);
int kern_tc(const struct kern_device *list, size_t nr, kern_tc_fn fn, void *arg);

/* Tracing */

/* What the name of a probe names. */
enum probe_point {
	PROBE_OTHER,			/* nothing: it has none */
	PROBE_TRACEPOINT,
	PROBE_FUNCTION,			/* of the kernel; "" where only its address is known */
	PROBE_FILE,
	PROBE_EVENT,			/* of perf: event_type and event_config tell which */
};

/*
 * A program that runs where the kernel or a process passes some point, by a
 * process's descriptor of a perf event or link; or (pid 0) by a link that no
 * process holds which this one sees: it is pinned, mostly.
 */
struct kern_probe {
	pid_t pid;
	int fd;
	__u32 prog_id, link_id;		/* link 0: it needs none */
	const char *type;		/* "kprobe", "uprobe_multi", "trace_fentry" */
	enum probe_point point;
	const char *name;		/* not to be trusted: any bytes; "" where there is none */
	__u64 offset, address;
	__u32 count;			/* of functions or places, of a "..._multi" */
	__u32 event_type;		/* of perf_event_attr, as is the next */
	__u64 event_config;
};

/*
 * All of them, process by process, those that end meanwhile left out; @fn as
 * above. -EPERM where this user may not ask.
 */
typedef int (*kern_probe_fn)(void *arg, const struct kern_probe *probe);
int kern_probes(kern_probe_fn fn, void *arg);

/* Names */

/* "1.1" */
const char *kern_libbpf_version(void);
/*
 * "hash" for BPF_MAP_TYPE_HASH; NULL where it is unknown. What is newer than
 * libbpf is named by the kernel's BTF.
 */
const char *kern_map_type_name(__u32 type);
const char *kern_prog_type_name(__u32 type);
const char *kern_link_type_name(__u32 type);
const char *kern_attach_type_name(__u32 type);
/* False where the kernel's BTF tells that it lacks a type which libbpf or we may know. */
bool kern_knows_attach_type(__u32 type);
bool kern_knows_map_type(__u32 type);
/* "egress" for BPF_CGROUP_INET_EGRESS: short names of cgroups' types; NULL where there is none. */
const char *kern_attach_type_short(__u32 type);
/*
 * Numbers of names, also of newer ones, and as the header has them ("BPF_MAP_TYPE_HASH"); -1
 * where there is none.
 */
int kern_prog_type(const char *name);
/* The same of an attach type's full or short name. */
int kern_attach_type(const char *name);
int kern_map_type(const char *name);
/* All names of map types, newer ones included; NULL-ended, the caller frees the list alone. */
const char **kern_map_type_names(void);
/* The number of helper @name ("bpf_loop"), and its name; -1 or NULL where it is none. */
int kern_helper(const char *name);
const char *kern_helper_name(__u32 id);
/* What a call of kernel function @name has in imm; -1 where there is none outside of modules. */
int kern_kfunc(const char *name);
/* Symbol of the kernel at an address, "" where it is not known or hidden; owned by the layer. */
const char *kern_symbol(__u64 address);
/* The symbol at or before an address, and how far behind it the address lies. */
const char *kern_symbol_near(__u64 address, __u64 *offset);
/* What a call instruction of a dump calls: its imm is relative to __bpf_call_base. "" as above. */
const char *kern_call_symbol(__s32 imm);
/* Address of a symbol; 0 where it is not known or hidden. */
__u64 kern_symbol_address(const char *name);
/* The same, read anew: those of programs come and go. */
__u64 kern_symbol_now(const char *name);

/* Loading */

struct load_map {
	const char *name;		/* NULL: by index */
	__u32 index;
	int fd;
	struct span span;
};

struct load_request {
	const char *file;
	const struct bpf_insn *insns;	/* in place of a file: loaded as they are, as @name */
	const struct span *spans;	/* where each of them was read from, or NULL */
	__u32 nr_insns;
	const char *name, *license;	/* of @insns */
	const char *section;		/* that @prog_type was found by, with more in it: "fentry.s/f" */
	struct span section_span;
	struct span span;
	bool all;			/* each program of the object, not only the first */
	int prog_type;			/* -1: as the section says */
	int attach_type;
	const struct load_map *maps;
	size_t nr_maps;
};

/* A map that its object file declares as pinned (LIBBPF_PIN_BY_NAME). */
struct load_pin {
	char *path;
	size_t map;			/* its place in load_result.maps */
};

struct load_result {
	struct handle **progs, **maps;	/* the caller puts the handles and frees the arrays */
	size_t nr_progs, nr_maps;
	/* Not pinned yet: that is the caller's to do. It frees the paths and the array. */
	struct load_pin *pins;
	size_t nr_pins;
};

/* Program and attach type of a section's name ("xdp", "cgroup/skb"); -EINVAL where it is none. */
int kern_section_type(const char *name, int *prog_type, int *attach_type);
/*
 * Loads an object file. Nothing is pinned. On failure nothing stays, and the
 * diagnostic has the verifier's last words.
 */
int kern_load(const struct load_request *req, struct load_result *res, struct diags *d);
/*
 * What a load of an object file would make, which is only read: handles without
 * descriptors for its programs and maps, and the pins. Maps of @req without a
 * descriptor are still to be made.
 */
int kern_load_plan(const struct load_request *req, struct load_result *res, struct diags *d);
/*
 * Has the verifier judge program @prog of an object file, and tell all of its
 * steps: kern_load_log(). Nothing stays. 1: it accepts the program, 0: it
 * refuses it; -1 with a diagnostic where it never saw it.
 */
int kern_verify(const struct load_request *req, const char *prog, struct diags *d);
/*
 * The verifier's whole log of the last load, where that failed, or of the last
 * kern_verify(); else "". Raw; owned by the layer.
 */
const char *kern_load_log(void);
/* Keeps libbpf from writing to stderr, or (@debug) lets it tell all; to be called at the start. */
void kern_init(bool debug);

/* Errors */

/*
 * Queues what an errno means for this operation on this map ("map is full (8 of
 * 8 entries)"), where the errno alone would mislead. @what is the failed
 * action: "update", "lookup". Returns -1.
 */
int kern_map_error(struct diags *d, struct span at, const char *what, const struct handle *map,
		   int err);
/* The same for an update of a map of maps or programs, whose value names @value. */
int kern_map_value_error(struct diags *d, struct span at, const char *what,
			 const struct handle *map, const struct handle *value, int err);
/* The same for anything else: "cannot WHAT: reason". */
int kern_error(struct diags *d, struct span at, int err, const char *fmt, ...) printf_like(4, 5);

/* Kinds of calls, by the capabilities that they take. */
enum kern_call {
	KERN_OTHER,			/* of files and sockets */
	KERN_USING,			/* a descriptor */
	KERN_LISTING,			/* IDs, or what is opened by one */
	KERN_QUERYING,			/* what is attached somewhere */
	KERN_PROG_LOADING, KERN_MAP_CREATING, KERN_BTF_LOADING, KERN_ATTACHING,
	KERN_EVENTS,
};

/* Where EPERM is to say which capability is missing. */
int kern_call_error(struct diags *d, struct span at, enum kern_call call, int err,
		    const char *fmt, ...) printf_like(5, 6);
/* The reason alone, and what to do, if anything. */
void kern_reason(struct buf *text, struct buf *hint, enum kern_call call, int err);

#endif
