// SPDX-License-Identifier: BSD-2-Clause
/* Two programs, a map of their own each, and global data, for the tests of loading. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct flow {
	__u64 packets;
	__u32 mark;
	__u32 pad;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, struct flow);
	__uint(max_entries, 16);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 4);
} counters SEC(".maps");

__u64 total;
const volatile __u32 limit = 7;
struct flow last = { .mark = 42 };

SEC("xdp")
int load_first(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	struct flow *f = bpf_map_lookup_elem(&flows, &key);

	total++;
	if (f && f->packets++ > limit)
		return XDP_DROP;
	last.packets++;
	return XDP_PASS;
}

SEC("tc")
int load_second(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *n = bpf_map_lookup_elem(&counters, &key);

	if (n)
		__sync_fetch_and_add(n, 1);
	return 0;
}

char _license[] SEC("license") = "GPL";
