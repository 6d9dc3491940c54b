// SPDX-License-Identifier: BSD-2-Clause
/* Types and attach types that kernels may lack, with the release that brought each. */
#include <linux/bpf.h>

#include "shell/base/alloc.h"
#include "shell/base/compat.h"
#include "shell/kern/since.h"

#define MAP(type) SINCE_MAP, BPF_MAP_TYPE_##type
#define PROG(type) SINCE_PROG, BPF_PROG_TYPE_##type
#define ATTACH(type) SINCE_ATTACH, BPF_##type

#define USE_KPROBES "older kernels have one kprobe for each function"
#define USE_UPROBES "older kernels have one uprobe for each function"
#define USE_TC(way) "older kernels have the filters of tc(8): tc filter add dev DEVICE " way	\
		    " bpf direct-action object-pinned PATH"

const struct since sinces[] = {
	{ MAP(TASK_STORAGE), "task_storage", "5.11" },
	{ MAP(BLOOM_FILTER), "bloom_filter", "5.16" },
	{ MAP(USER_RINGBUF), "user_ringbuf", "6.1" },
	{ MAP(CGRP_STORAGE), "cgrp_storage", "6.2" },
	{ MAP(ARENA), "arena", "6.9" },
	{ MAP(INSN_ARRAY), "insn_array", "6.19" },

	{ PROG(SYSCALL), "syscall", "5.14" },
	{ PROG(NETFILTER), "netfilter", "6.4" },

	{ ATTACH(SK_SKB_VERDICT), "sk_skb_verdict", "5.13" },
	{ ATTACH(SK_REUSEPORT_SELECT), "sk_reuseport_select", "5.14" },
	{ ATTACH(SK_REUSEPORT_SELECT_OR_MIGRATE), "sk_reuseport_select_or_migrate", "5.14" },
	{ ATTACH(PERF_EVENT), "perf_event", "5.15" },
	{ ATTACH(TRACE_KPROBE_MULTI), "trace_kprobe_multi", "5.18", USE_KPROBES },
	{ ATTACH(LSM_CGROUP), "lsm_cgroup", "6.0" },
	{ ATTACH(STRUCT_OPS), "struct_ops", "6.4" },
	{ ATTACH(NETFILTER), "netfilter", "6.4" },
	{ ATTACH(TCX_INGRESS), "tcx_ingress", "6.6", USE_TC("ingress") },
	{ ATTACH(TCX_EGRESS), "tcx_egress", "6.6", USE_TC("egress") },
	{ ATTACH(TRACE_UPROBE_MULTI), "trace_uprobe_multi", "6.6", USE_UPROBES },
	{ ATTACH(CGROUP_UNIX_CONNECT), "cgroup_unix_connect", "6.7" },
	{ ATTACH(CGROUP_UNIX_SENDMSG), "cgroup_unix_sendmsg", "6.7" },
	{ ATTACH(CGROUP_UNIX_RECVMSG), "cgroup_unix_recvmsg", "6.7" },
	{ ATTACH(CGROUP_UNIX_GETPEERNAME), "cgroup_unix_getpeername", "6.7" },
	{ ATTACH(CGROUP_UNIX_GETSOCKNAME), "cgroup_unix_getsockname", "6.7" },
	{ ATTACH(NETKIT_PRIMARY), "netkit_primary", "6.7" },
	{ ATTACH(NETKIT_PEER), "netkit_peer", "6.7" },
	{ ATTACH(TRACE_KPROBE_SESSION), "trace_kprobe_session", "6.10", USE_KPROBES },
	{ ATTACH(TRACE_UPROBE_SESSION), "trace_uprobe_session", "6.13", USE_UPROBES },
	{ ATTACH(TRACE_FSESSION), "trace_fsession", "7.0" },
};

const size_t nr_sinces = ARRAY_SIZE(sinces);

const struct since *since_find(enum since_what what, __u32 number)
{
	for (size_t i = 0; i < nr_sinces; i++)
		if (sinces[i].what == what && sinces[i].number == number)
			return &sinces[i];
	return NULL;
}

const char *since_name(enum since_what what, __u32 number)
{
	const struct since *s = since_find(what, number);

	return s ? s->name : NULL;
}
