// SPDX-License-Identifier: BSD-2-Clause
/* Context accesses that the verifier rewrites, and helpers that change the packet. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

SEC("tc")
int rewrite(struct __sk_buff *skb)
{
	__u32 key = skb->protocol & 3;
	__u64 *n = bpf_map_lookup_elem(&counters, &key);
	__u8 ttl;

	if (n)
		*n += skb->len;
	if (skb->vlan_present)
		skb->priority = skb->vlan_tci >> 13;
	if (skb->ifindex == skb->ingress_ifindex || skb->gso_segs > 1)
		return TC_ACT_OK;
	if (bpf_skb_load_bytes(skb, 22, &ttl, 1) < 0)
		return TC_ACT_SHOT;
	if (ttl <= 1)
		return TC_ACT_SHOT;
	ttl--;
	bpf_skb_store_bytes(skb, 22, &ttl, 1, BPF_F_RECOMPUTE_CSUM);
	skb->mark = skb->hash ^ skb->tc_index;
	skb->cb[0] = skb->cb[1] + skb->queue_mapping;
	return TC_ACT_OK;
}
