// SPDX-License-Identifier: BSD-2-Clause
/* Programs that the verifier refuses, or takes long to judge. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, int);
	__type(value, long);
} values SEC(".maps");

static __attribute__((noinline)) long deref(long *p, int n)
{
	return n > 3 ? *p : 0;
}

SEC("xdp") int null_deref(struct xdp_md *ctx)
{
	int key = ctx->rx_queue_index;
	long *value = bpf_map_lookup_elem(&values, &key);

	if (key == 7)
		return XDP_DROP;
	return deref(value, ctx->ingress_ifindex);
}

/* Each round is new to the verifier. */
SEC("xdp") int endless(struct xdp_md *ctx)
{
	unsigned int x = ctx->rx_queue_index, n = 0;

	for (unsigned int i = 0; i < 3000000; i++) {
		x = x * 7 + i;
		n += x & 1;
		if (x % 3 == 1)
			n ^= ctx->ingress_ifindex;
	}
	return n & 1 ? XDP_DROP : XDP_PASS;
}

SEC("xdp") int accepted(struct xdp_md *ctx)
{
	return ctx->rx_queue_index == 3 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
