// SPDX-License-Identifier: BSD-2-Clause
/* Two programs of each type that links attach, so that one can replace the other. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define PAIR(section, type, name, result)				\
	SEC(section) int t_XXXX_##name##1(type *ctx) { return result; }	\
	SEC(section) int t_XXXX_##name##2(type *ctx) { return result; }

PAIR("xdp", struct xdp_md, x, XDP_PASS)
PAIR("xdp/devmap", struct xdp_md, d, XDP_PASS)
PAIR("tc", struct __sk_buff, t, -1)
PAIR("cgroup_skb/egress", struct __sk_buff, c, 1)
PAIR("sk_lookup", struct bpf_sk_lookup, n, SK_PASS)
PAIR("raw_tp", struct bpf_raw_tracepoint_args, r, 0)
PAIR("cgroup/connect4", struct bpf_sock_addr, a, 1)
PAIR("iter/bpf_map", void, i, 0)

char _license[] SEC("license") = "GPL";
