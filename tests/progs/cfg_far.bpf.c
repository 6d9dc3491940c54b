// SPDX-License-Identifier: BSD-2-Clause
/* A body so long that jumps over it need many thousand instructions. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

volatile __u64 x, y;

#define ONE(n)		x = y * n + x; if (x & n) y ^= x;
#define TEN(n)		ONE(n) ONE(n + 1) ONE(n + 2) ONE(n + 3) ONE(n + 4) \
			ONE(n + 5) ONE(n + 6) ONE(n + 7) ONE(n + 8) ONE(n + 9)
#define HUNDRED(n)	TEN(n) TEN(n + 10) TEN(n + 20) TEN(n + 30) TEN(n + 40) \
			TEN(n + 50) TEN(n + 60) TEN(n + 70) TEN(n + 80) TEN(n + 90)

SEC("xdp")
int far(struct xdp_md *ctx)
{
	if (ctx->rx_queue_index == 3)
		goto out;
	HUNDRED(1)
	HUNDRED(100)
	HUNDRED(200)
out:
	return x ? XDP_PASS : XDP_DROP;
}
