// SPDX-License-Identifier: BSD-2-Clause
/*
 * A program that the verifier refuses: IPv4 is to be dropped, also behind a VLAN's tag, but what
 * is behind the tag is read without a look at the packet's end.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

struct vlan_header {
	__be16 tci;
	__be16 proto;
};

SEC("xdp")
int xdp_refused(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct vlan_header *tag = (void *)(eth + 1);
	__be16 proto;

	if ((void *)(eth + 1) > end)
		return XDP_PASS;
	proto = eth->h_proto;
	if (proto == bpf_htons(ETH_P_8021Q))
		proto = tag->proto;
	return proto == bpf_htons(ETH_P_IP) ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
