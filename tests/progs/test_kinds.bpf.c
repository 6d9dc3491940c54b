// SPDX-License-Identifier: BSD-2-Clause
/* One program of each of several types, for listings; and links on them. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int t_XXXX_k_tc(struct __sk_buff *skb)
{
	return 0;
}

SEC("raw_tp/sched_process_exec")
int t_XXXX_k_raw(void *ctx)
{
	return 0;
}

SEC("cgroup_skb/egress")
int t_XXXX_k_cg(struct __sk_buff *skb)
{
	return 1;
}

SEC("sk_lookup")
int t_XXXX_k_sk(struct bpf_sk_lookup *ctx)
{
	return SK_PASS;
}

SEC("xdp")
int t_XXXX_k_xdp(struct xdp_md *ctx)
{
	return XDP_PASS;
}

/* Not under the GPL: listings say so. */
char _license[] SEC("license") = "Proprietary";
