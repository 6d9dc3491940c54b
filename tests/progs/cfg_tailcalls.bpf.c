// SPDX-License-Identifier: BSD-2-Clause
/* Tail calls: by a constant index, by a computed one, and out of a subprogram. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 8);
	__uint(key_size, 4);
	__uint(value_size, 4);
} stages SEC(".maps");

static __noinline int out_of_here(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &stages, ctx->rx_queue_index & 7);
	return XDP_ABORTED;
}

SEC("xdp")
int dispatch(struct xdp_md *ctx)
{
	if (ctx->ingress_ifindex == 1)
		bpf_tail_call_static(ctx, &stages, 2);
	else if (ctx->ingress_ifindex > 100)
		return out_of_here(ctx);
	else
		bpf_tail_call(ctx, &stages, ctx->ingress_ifindex & 7);
	return XDP_PASS;
}
