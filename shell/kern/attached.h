/* SPDX-License-Identifier: BSD-2-Clause */
/* What is attached to a cgroup, network namespace or device. */
#ifndef BPFSH_KERN_ATTACHED_H
#define BPFSH_KERN_ATTACHED_H

#include <linux/types.h>

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

#endif
