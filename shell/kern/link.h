/* SPDX-License-Identifier: BSD-2-Clause */
/* Links: where a program can be attached, and what is. */
#ifndef BPFSH_KERN_LINK_H
#define BPFSH_KERN_LINK_H

#include <linux/types.h>
#include <net/if.h>
#include <stdbool.h>

#include "shell/base/diag.h"

struct bpf_link_info;
struct buf;
struct handle;
struct hook;

/* What a program is to be attached to, by name. */
struct link_def {
	const struct hook *hook;
	__u32 attach_type;		/* one of the hook's, mostly: the kernel has the last word */
	const char *target;		/* device, cgroup's path, tracepoint; NULL: the hook is all */
	struct handle *map;		/* what a place that is a map is; else NULL */
};

/* The same, found. */
struct link_spot {
	const struct hook *hook;	/* NULL: it is not known */
	__u32 attach_type;
	__u32 flags;			/* of link creation: XDP_FLAGS_..._MODE */
	__u32 ifindex;
	int fd;				/* of the cgroup or namespace, or -1 */
	__u64 id;			/* of the cgroup; inode of the namespace, a device's too */
	char *name;			/* of what has neither number nor descriptor: a tracepoint */
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
/* Appends what it is called: @target, as the user wrote it, or, if that is NULL, what is known. */
void link_spot_name(struct buf *out, const struct link_spot *spot, const char *target);

struct hook_change;
struct kern_attached;

/* What is attached there, as hook->list() has it; -EOPNOTSUPP where only links are. */
int kern_spot_list(const struct link_spot *spot, struct kern_attached **list, __u32 *nr);
/* Attaches, detaches or exchanges without a link: 0 or -errno, as hook->change() has it. */
int kern_spot_change(const struct link_spot *spot, const struct hook_change *c);
/* Whether this kernel knows these flags of attachment there: BPF_F_BEFORE and the like. */
bool kern_spot_knows(const struct link_spot *spot, __u32 flags);

int kern_link_create(int prog_fd, const struct link_spot *spot);
/* Compare and swap: -EPERM where the link does not run @old_prog, -ENOLINK where it is severed. */
int kern_link_update(int fd, int new_prog, int old_prog);
int kern_link_detach(int fd);
/* False for types that end only with their last descriptor and pin. */
bool kern_link_detachable(__u32 type);
/* What an errno of these means; @target is as the user wrote it or NULL. Return -1. */
int kern_link_create_error(struct diags *d, struct span at, const struct handle *prog,
			   const struct link_spot *spot, const char *target, int err);
/* Of what is only planned: the same, where the kernel is known to lack the place; else 0. */
int kern_link_plan(struct diags *d, struct span at, const struct handle *prog,
		   const struct link_def *def);
/* Of detaching what no link attaches; @prog may be NULL. */
int kern_detach_error(struct diags *d, struct span at, const struct handle *prog,
		      const struct link_spot *spot, const char *target, int err);
/* @old: the program that the link was expected to run, or NULL. */
int kern_link_update_error(struct diags *d, struct span at, const struct handle *link,
			   const struct handle *old, const struct handle *prog, int err);

#endif
