/* SPDX-License-Identifier: BSD-2-Clause */
/* Cgroups of version 2, and the programs on them. */
#ifndef BPFSH_KERN_CGROUP_H
#define BPFSH_KERN_CGROUP_H

#include <linux/types.h>
#include <stdbool.h>

struct kern_attached;

/* Where they are mounted, a new string; NULL where that is nowhere. */
char *kern_cgroup_root(void);

struct kern_cgroup {
	const char *path;		/* begins as the root's; not to be trusted */
	int fd;				/* borrowed; or -errno where it cannot be opened */
	__u64 id;
	unsigned depth;			/* below the root, which is 0 */
};

/* A cgroup and all below it, each before its own; symbolic links are not followed. */
typedef int (*kern_cgroup_fn)(void *arg, const struct kern_cgroup *cgroup);
int kern_cgroups(const char *root, kern_cgroup_fn fn, void *arg);

/* For one or several cgroups in turn; all but the flags begins as zero. */
struct kern_cgroup_query {
	__u32 flags;			/* 0 or BPF_F_QUERY_EFFECTIVE */
	bool useless[128];		/* attach types that this kernel has not for cgroups */
};

/* The programs of a cgroup, of all attach types that the kernel has; @fn returns nonzero to stop. */
typedef int (*kern_cgroup_prog_fn)(void *arg, __u32 attach_type, const struct kern_attached *a);
int kern_cgroup_programs(struct kern_cgroup_query *q, int fd, kern_cgroup_prog_fn fn, void *arg);

#endif
