// SPDX-License-Identifier: BSD-2-Clause
/* A packet parser: early exits, a loop over VLAN tags, checks against data_end. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct vlan_tag {
	__be16 tci, proto;
};

struct flow {
	__u32 saddr, daddr;
	__u16 sport, dport;
	__u8 proto, pad[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, struct flow);
	__type(value, __u64);
} flows SEC(".maps");

static __always_inline int ports(struct flow *f, void *at, void *end)
{
	struct udphdr *udp = at;

	if (f->proto != IPPROTO_TCP && f->proto != IPPROTO_UDP)
		return 0;
	if ((void *)(udp + 1) > end)
		return -1;
	f->sport = bpf_ntohs(udp->source);
	f->dport = bpf_ntohs(udp->dest);
	return 0;
}

SEC("xdp")
int parse(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct flow f = {};
	__be16 proto;
	__u64 one = 1, *count;
	void *at;

	if ((void *)(eth + 1) > end)
		return XDP_ABORTED;
	proto = eth->h_proto;
	at = eth + 1;
	#pragma clang loop unroll(disable)
	for (int i = 0; i < 4; i++) {
		struct vlan_tag *tag = at;

		if (proto != bpf_htons(ETH_P_8021Q) && proto != bpf_htons(ETH_P_8021AD))
			break;
		if ((void *)(tag + 1) > end)
			return XDP_ABORTED;
		proto = tag->proto;
		at = tag + 1;
	}
	if (proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = at;

		if ((void *)(ip + 1) > end)
			return XDP_ABORTED;
		f.saddr = ip->saddr;
		f.daddr = ip->daddr;
		f.proto = ip->protocol;
		if (ip->ihl != 5)
			return XDP_PASS;
		at = ip + 1;
	} else if (proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip6 = at;

		if ((void *)(ip6 + 1) > end)
			return XDP_ABORTED;
		f.saddr = ip6->saddr.in6_u.u6_addr32[3];
		f.daddr = ip6->daddr.in6_u.u6_addr32[3];
		f.proto = ip6->nexthdr;
		at = ip6 + 1;
	} else {
		return XDP_PASS;
	}
	if (ports(&f, at, end))
		return XDP_DROP;
	count = bpf_map_lookup_elem(&flows, &f);
	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&flows, &f, &one, BPF_ANY);
	return XDP_PASS;
}
