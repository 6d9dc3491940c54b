// SPDX-License-Identifier: BSD-2-Clause
/* Global data of every kind, and a metadata string: addresses in maps' values. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 limit = 64;
__u64 counts[16];
struct {
	__u32 low, high;
} range = { 10, 20 };
static volatile __u8 flags[8] = { 1, 2, 3 };
const char bpf_metadata_author[] SEC(".rodata") = "nobody";

SEC("xdp")
int globals(struct xdp_md *ctx)
{
	__u32 q = ctx->rx_queue_index;

	if (q < limit)
		counts[q & 15]++;
	if (q > range.low && q < range.high)
		flags[q & 7] = 1;
	return flags[3] ? XDP_PASS : XDP_DROP;
}
