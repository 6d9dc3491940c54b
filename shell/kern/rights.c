// SPDX-License-Identifier: BSD-2-Clause
/*
 * Why a call is not permitted: which capabilities it takes (kernel/bpf/syscall.c
 * asks for them), and which of them this process lacks; else what may be in its
 * way: a user namespace, a seccomp filter, lockdown.
 */
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/kern/error.h"
#include "shell/kern/map_traits.h"
#include "shell/kern/rights.h"

#define CAP(name) (1ull << CAP_##name)
#define PROG(type) (1ull << BPF_PROG_TYPE_##type)
#define ATTACH(type) (1ull << BPF_##type)
#define ALL (~0ull)

static const struct {
	int cap;
	const char *name, *file_name;	/* as setcap(8) has it */
} capabilities[] = {
	{ CAP_BPF, "CAP_BPF", "cap_bpf" },
	{ CAP_NET_ADMIN, "CAP_NET_ADMIN", "cap_net_admin" },
	{ CAP_PERFMON, "CAP_PERFMON", "cap_perfmon" },
	{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "cap_sys_admin" },
};

#define NET_PROGS (PROG(SCHED_CLS) | PROG(SCHED_ACT) | PROG(XDP) | PROG(LWT_IN) | \
	PROG(LWT_OUT) | PROG(LWT_XMIT) | PROG(LWT_SEG6LOCAL) | PROG(SK_SKB) | PROG(SK_MSG) | \
	PROG(FLOW_DISSECTOR) | PROG(CGROUP_DEVICE) | PROG(CGROUP_SOCK) | \
	PROG(CGROUP_SOCK_ADDR) | PROG(CGROUP_SOCKOPT) | PROG(CGROUP_SYSCTL) | PROG(SOCK_OPS) | \
	PROG(NETFILTER))
#define TRACING_PROGS (PROG(KPROBE) | PROG(TRACEPOINT) | PROG(PERF_EVENT) | \
	PROG(RAW_TRACEPOINT) | PROG(RAW_TRACEPOINT_WRITABLE) | PROG(TRACING) | PROG(LSM) | \
	PROG(STRUCT_OPS))

/* The first row that fits; @types are bits of what the call is about, @traits a map's. */
static const struct {
	enum kern_call call;
	__u64 types, caps, older;
	unsigned traits;
} needs[] = {
	{ KERN_LISTING, ALL, CAP(SYS_ADMIN) },
	{ KERN_QUERYING, ALL, CAP(NET_ADMIN) },
	{ KERN_PROG_LOADING, NET_PROGS, CAP(BPF) | CAP(NET_ADMIN) },
	{ KERN_PROG_LOADING, TRACING_PROGS, CAP(BPF) | CAP(PERFMON) },
	{ KERN_PROG_LOADING, PROG(EXT), CAP(BPF) | CAP(NET_ADMIN) | CAP(PERFMON) },
	/* Until 6.3. */
	{ KERN_PROG_LOADING, PROG(LIRC_MODE2), CAP(BPF), CAP(NET_ADMIN) },
	{ KERN_PROG_LOADING, ALL, CAP(BPF) },
	{ KERN_MAP_CREATING, 0, CAP(BPF) | CAP(NET_ADMIN), .traits = MAP_NET },
	{ KERN_MAP_CREATING, ALL, CAP(BPF) },
	{ KERN_BTF_LOADING, ALL, CAP(BPF) },
	{ KERN_ATTACHING, ATTACH(CGROUP_INET_INGRESS) | ATTACH(CGROUP_INET_EGRESS),
	  CAP(NET_ADMIN), CAP(BPF) },
	/* Until 5.18 each call, where the sysctl kernel.unprivileged_bpf_disabled is set. */
	{ KERN_ATTACHING, ALL, 0, CAP(BPF) },
	{ KERN_USING, ALL, 0, CAP(BPF) },
	{ KERN_EVENTS, ALL, CAP(PERFMON) },
};

/* The inode of the first user namespace, which all kernels have alike. */
#define FIRST_USER_NS "user:[4026531837]"

static void read_lockdown(struct rights *r)
{
	FILE *f = fopen("/sys/kernel/security/lockdown", "re");
	char line[128] = "";

	/* "none [integrity] confidentiality" */
	if (f && fgets(line, sizeof(line), f) && strchr(line, '[') &&
	    sscanf(strchr(line, '['), "[%31[a-z]]", r->lockdown) == 1 &&
	    !strcmp(r->lockdown, "none"))
		r->lockdown[0] = '\0';
	if (f)
		fclose(f);
}

void rights_read(struct rights *r)
{
	char line[128], user_ns[64] = "";
	FILE *f = fopen("/proc/self/status", "re");
	unsigned long long caps;
	int seccomp;

	*r = (struct rights){ 0 };
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			r->caps = caps;
		else if (sscanf(line, "Seccomp: %d", &seccomp) == 1)
			r->filtered = seccomp == 2;
	}
	if (f)
		fclose(f);
	if (readlink("/proc/self/ns/user", user_ns, sizeof(user_ns) - 1) > 0)
		r->user_ns = strcmp(user_ns, FIRST_USER_NS);
	read_lockdown(r);
}

static bool takes(size_t row, enum kern_call call, __u32 type)
{
	if (needs[row].call != call)
		return false;
	return needs[row].types == ALL || (type < 64 && needs[row].types >> type & 1) ||
	       map_is(type, needs[row].traits);
}

__u64 rights_needed(enum kern_call call, __u32 type, __u64 *older)
{
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		if (!takes(i, call, type))
			continue;
		if (older)
			*older = needs[i].older;
		return needs[i].caps;
	}
	if (older)
		*older = 0;
	return 0;
}

/* "CAP_BPF and CAP_NET_ADMIN" */
static void put_caps(struct buf *out, __u64 caps)
{
	const char *between = "";

	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		__u64 bit = 1ull << capabilities[i].cap;

		if (!(caps & bit))
			continue;
		caps &= ~bit;
		buf_printf(out, "%s%s", between, capabilities[i].name);
		between = caps & (caps - 1) ? ", " : " and ";
	}
}

/* What to do about @caps, all that the call takes. */
static void put_ways(struct buf *hint, __u64 caps)
{
	const char *between = " ";

	buf_puts(hint, "run bpfsh as root");
	if (caps & CAP(SYS_ADMIN)) {
		buf_puts(hint, "; what is pinned can be named by its path");
		return;
	}
	buf_puts(hint, ", or a copy of it that has no more than that: setcap");
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		if (!(caps >> capabilities[i].cap & 1))
			continue;
		buf_printf(hint, "%s%s", between, capabilities[i].file_name);
		between = ",";
	}
	buf_puts(hint, "+ep COPY");
}

static void put_suspects(struct buf *hint, const struct rights *r)
{
	if (r->filtered)
		buf_puts(hint, "this process has a seccomp filter, as in a container, which may forbid it");
	else if (*r->lockdown)
		buf_printf(hint, "the kernel is locked down (%s), which may forbid it", r->lockdown);
	else if (r->caps & CAP(SYS_ADMIN))
		buf_puts(hint, "a security module of the kernel may forbid it");
	else
		buf_puts(hint, "run bpfsh as root");
}

static void user_ns_reason(struct buf *text, struct buf *hint, __u64 caps)
{
	if (!caps) {
		buf_puts(text, "operation not permitted");
		buf_puts(hint, "this process is in a user namespace: its capabilities may not "
			 "count for it");
		return;
	}
	buf_puts(text, "needs ");
	put_caps(text, caps);
	buf_puts(text, ", and those of a user namespace do not count");
	buf_puts(hint, "run bpfsh outside of the user namespace");
}

bool rights_missing(enum kern_call call, __u32 type)
{
	struct rights r;

	rights_read(&r);
	return !(r.caps & CAP(SYS_ADMIN)) && (rights_needed(call, type, NULL) & ~r.caps);
}

void rights_reason(struct buf *text, struct buf *hint, const struct rights *r,
		   enum kern_call call, __u32 type)
{
	__u64 older, caps = rights_needed(call, type, &older), missing;

	/* CAP_SYS_ADMIN stands for all of them. */
	missing = r->caps & CAP(SYS_ADMIN) ? 0 : caps & ~r->caps;
	if (!missing && !(r->caps & CAP(SYS_ADMIN)) && (older & ~r->caps)) {
		caps |= older;
		missing = older & ~r->caps;
	}
	if (r->user_ns) {
		user_ns_reason(text, hint, caps);
	} else if (missing) {
		buf_puts(text, "needs ");
		put_caps(text, missing);
		put_ways(hint, caps);
	} else {
		buf_puts(text, "operation not permitted");
		put_suspects(hint, r);
	}
}

void no_call_reason(struct buf *text, struct buf *hint, const struct rights *r, bool kernel_has_it)
{
	if (!kernel_has_it) {
		buf_puts(text, "this kernel has no bpf(2)");
		buf_puts(hint, "it is built without CONFIG_BPF_SYSCALL");
	} else {
		buf_puts(text, "bpf(2) is kept from this process, though the kernel has it");
		if (r->filtered)
			buf_puts(hint, "a seccomp filter does that, as in a container");
	}
}
