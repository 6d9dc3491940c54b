/* SPDX-License-Identifier: BSD-2-Clause */
/* All that is attached on this host, in one list: for the overview, and for why an object lives. */
#ifndef BPFSH_COMMANDS_ATTACHMENTS_H
#define BPFSH_COMMANDS_ATTACHMENTS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "shell/lang/cmd.h"

/* The branches of the tree, in its order. */
enum attach_hook {
	AT_XDP, AT_TC, AT_TCX, AT_NETKIT, AT_NETFILTER, AT_NETNS, AT_CGROUP, AT_SOCKMAP,
	AT_TRACEPOINT, AT_KPROBE, AT_UPROBE, AT_FUNCTION, AT_LSM, AT_FREPLACE, AT_ITER,
	AT_PERF_EVENT, AT_STRUCT_OPS, AT_OTHER, AT_HOOKS
};

/* What they are called: "xdp". */
extern const char *const attach_hooks[AT_HOOKS];

/* Where what it is attached to lies. */
enum attach_where { AT_HERE, AT_OTHER_NETNS, AT_UNKNOWN_NETNS, AT_NOWHERE };

struct attachment {
	enum attach_hook hook;
	enum attach_where where;	/* nowhere: its link is detached */
	char *place;			/* "eth0", a cgroup's path, "vfs_read"; not to be trusted */
	char *type;			/* "driver", "tcx/egress", "cgroup_device", "kretprobe" */
	__u32 prog_id;			/* 0: a struct_ops, whose programs its map has */
	__u32 map_id;			/* of struct_ops and sockmaps; else 0 */
	__u32 link_id;			/* 0: attached without one, or in doubt */
	bool in_doubt;			/* several links may be its own */
	__u32 order;			/* in which it runs at its place, from 1; 0: there is none */
	__s32 priority;			/* of netfilter */
	pid_t pid;			/* of the process whose perf event it is; else 0 */
};

/* What could not be looked at. */
struct unseen {
	char *what;			/* "programs of cgroups are" */
	int err;			/* -errno */
};

struct attachments {
	struct attachment *rows;
	size_t nr;
	struct unseen *unseen;
	size_t nr_unseen;
	unsigned hidden;		/* processes that do not show their perf events */
};

/* What is asked for: one device, one cgroup and those below it; neither: all. */
struct attach_scope {
	__u32 ifindex;
	const char *cgroup;
};

/* Sorted as the tree has them; attachments_free() ends the list. */
void attachments_read(const struct ctx *ctx, const struct attach_scope *scope,
		      struct attachments *all);
void attachments_free(struct attachments *all);
/* Notes what could not be looked at, each once. */
void attachments_note(const struct ctx *ctx, const struct attachments *all);

/* Appends "eth0", "ifindex 5 in another network namespace". */
void attachment_place(struct buf *out, const struct attachment *a);

#endif
