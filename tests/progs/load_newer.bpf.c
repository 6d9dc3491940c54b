// SPDX-License-Identifier: BSD-2-Clause
/* Sections that libbpf learnt after 1.1, a program each. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define PROGRAM(section, name) SEC(section) int name(void *ctx) { return 1; }

PROGRAM("netfilter", newer_netfilter)
PROGRAM("tcx/ingress", newer_tcx)
PROGRAM("netkit/peer", newer_netkit)
PROGRAM("sk_skb/verdict", newer_verdict)
PROGRAM("cgroup/connect_unix", newer_unix)
PROGRAM("uprobe.multi//bin/true:main", newer_multi)
PROGRAM("kprobe.session/do_exit", newer_session)
PROGRAM("usdt.s//bin/true:a:b", newer_usdt)

char LICENSE[] SEC("license") = "GPL";
