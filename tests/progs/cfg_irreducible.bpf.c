// SPDX-License-Identifier: BSD-2-Clause
/* A loop with two entries, which no C compiler makes: entered at its head or in its middle. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int two_entries(struct xdp_md *ctx)
{
	asm volatile("r1 = *(u32 *)(%[ctx] + 12)\n"
		     "r2 = 0\n"
		     "if r1 > 5 goto middle\n"
		     "head:\n"
		     "r2 += 1\n"
		     "middle:\n"
		     "r2 += 2\n"
		     "if r2 < 40 goto head\n"
		     : : [ctx]"r"(ctx) : "r0", "r1", "r2");
	return XDP_PASS;
}
