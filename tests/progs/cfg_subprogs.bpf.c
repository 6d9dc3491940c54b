// SPDX-License-Identifier: BSD-2-Clause
/* Subprograms: static, global, called from several places, calling one another. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

volatile __u32 depth = 3;
int result;

__noinline int leaf(int x)
{
	return x > (int)depth ? x * 5 : x - 1;
}

static __noinline int middle_with_a_rather_long_name(int x)
{
	if (x & 1)
		return leaf(x) + 1;
	return leaf(x + 2) ^ x;
}

__noinline int upper(struct xdp_md *ctx, int x)
{
	int r = 0;

	#pragma clang loop unroll(disable)
	for (int i = 0; i < 4; i++)
		r += middle_with_a_rather_long_name(x + i);
	return r + ctx->ingress_ifindex;
}

SEC("xdp")
int first(struct xdp_md *ctx)
{
	result = upper(ctx, depth) + leaf(depth);
	return result ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int second(struct xdp_md *ctx)
{
	return leaf(middle_with_a_rather_long_name(depth)) ? XDP_PASS : XDP_TX;
}
