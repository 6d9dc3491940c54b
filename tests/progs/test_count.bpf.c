// SPDX-License-Identifier: BSD-2-Clause
/* Two small programs that count in one map: what a load, a pin and a picture need. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 5);
	__type(key, __u32);
	__type(value, __u32);
} t_XXXX_count SEC(".maps");

static __always_inline void count(__u32 key)
{
	__u32 *n = bpf_map_lookup_elem(&t_XXXX_count, &key);

	if (n)
		__sync_fetch_and_add(n, 1);
}

SEC("xdp")
int t_XXXX_xdp(struct xdp_md *ctx)
{
	count(0);
	return ctx->data_end - ctx->data > 64 ? XDP_PASS : XDP_DROP;
}

SEC("tc")
int t_XXXX_tc(struct __sk_buff *skb)
{
	count(1);
	return 0;
}

char _license[] SEC("license") = "GPL";
