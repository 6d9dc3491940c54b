/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Constants of linux/bpf.h that are newer than the oldest headers that bpfsh
 * is built with (6.1), with the kernel that brought them. Enumerators cannot
 * be asked for with #ifdef, so theirs are macros of the same value.
 */
#ifndef BPFSH_COMPAT_H
#define BPFSH_COMPAT_H

#include <linux/bpf.h>

/* Instruction set v4 (6.6), may_goto (6.9), atomic loads and stores (6.15). */
#ifndef BPF_MEMSX
#define BPF_MEMSX	0x80
#endif
#ifndef BPF_JCOND
#define BPF_JCOND	0xe0
#endif
#ifndef BPF_LOAD_ACQ
#define BPF_LOAD_ACQ	0x100
#endif
#ifndef BPF_STORE_REL
#define BPF_STORE_REL	0x110
#endif

/* Flags of attaching: 6.6, 6.6, 6.15. */
#ifndef BPF_F_BEFORE
#define BPF_F_BEFORE	(1U << 3)
#define BPF_F_AFTER	(1U << 4)
#endif
#ifndef BPF_F_PREORDER
#define BPF_F_PREORDER	(1U << 6)
#endif

/* enum bpf_map_type: 6.2, 6.9, 6.19 */
#define BPF_MAP_TYPE_CGRP_STORAGE	32
#define BPF_MAP_TYPE_ARENA		33
#define BPF_MAP_TYPE_INSN_ARRAY		34

/* enum bpf_prog_type: 6.4 */
#define BPF_PROG_TYPE_NETFILTER		32

/* enum bpf_link_type: 6.4, 6.6, 6.6, 6.7, 6.10 */
#define BPF_LINK_TYPE_NETFILTER		10
#define BPF_LINK_TYPE_TCX		11
#define BPF_LINK_TYPE_UPROBE_MULTI	12
#define BPF_LINK_TYPE_NETKIT		13
#define BPF_LINK_TYPE_SOCKMAP		14

/* enum bpf_attach_type: 6.4, 6.4, 6.6, 6.6, 6.6, 6.7 (seven), 6.10, 6.13, 7.0 */
#define BPF_STRUCT_OPS			44
#define BPF_NETFILTER			45
#define BPF_TCX_INGRESS			46
#define BPF_TCX_EGRESS			47
#define BPF_TRACE_UPROBE_MULTI		48
#define BPF_CGROUP_UNIX_CONNECT		49
#define BPF_CGROUP_UNIX_SENDMSG		50
#define BPF_CGROUP_UNIX_RECVMSG		51
#define BPF_CGROUP_UNIX_GETPEERNAME	52
#define BPF_CGROUP_UNIX_GETSOCKNAME	53
#define BPF_NETKIT_PRIMARY		54
#define BPF_NETKIT_PEER			55
#define BPF_TRACE_KPROBE_SESSION	56
#define BPF_TRACE_UPROBE_SESSION	57
#define BPF_TRACE_FSESSION		58

/* A flag of struct_ops maps: 6.4. */
#ifndef BPF_F_LINK
#define BPF_F_LINK	(1U << 13)
#endif

/* A flag of programs: 6.3. */
#ifndef BPF_F_XDP_DEV_BOUND_ONLY
#define BPF_F_XDP_DEV_BOUND_ONLY	(1U << 6)
#endif

/* What struct bpf_link_info has behind its prog_id for some types: 6.4, 6.6. */
struct netfilter_info {
	__u32 pf, hooknum;
	__s32 priority;
	__u32 flags;
};

struct device_info {
	__u32 ifindex, attach_type;	/* of a struct_ops link: the ID of its map, and nothing */
};

/* The kernel's own errno for "this type has no such operation", which no C library knows. */
#ifndef ENOTSUPP
#define ENOTSUPP	524
#endif

#endif
