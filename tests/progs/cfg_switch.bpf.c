// SPDX-License-Identifier: BSD-2-Clause
/* A big switch: a tree of comparisons over many small bodies. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

volatile __u64 a, b;

#define BODY(n, code) case n: a = b * (n + 3) + a; code; break;

SEC("xdp")
int choose(struct xdp_md *ctx)
{
	switch (ctx->rx_queue_index) {
	BODY(0, b += 0)
	BODY(3, if (b & 3) a--)
	BODY(6, b ^= a >> 7)
	BODY(9, if (a > 9) return XDP_DROP)
	BODY(12, b += 12)
	BODY(15, if (b & 15) a--)
	BODY(18, b ^= a >> 19)
	BODY(21, if (a > 21) return XDP_DROP)
	BODY(24, b += 24)
	BODY(27, if (b & 27) a--)
	BODY(30, b ^= a >> 31)
	BODY(33, if (a > 33) return XDP_DROP)
	BODY(36, b += 36)
	BODY(39, if (b & 39) a--)
	BODY(42, b ^= a >> 43)
	BODY(45, if (a > 45) return XDP_DROP)
	BODY(48, b += 48)
	BODY(51, if (b & 51) a--)
	BODY(54, b ^= a >> 55)
	BODY(57, if (a > 57) return XDP_DROP)
	BODY(60, b += 60)
	BODY(63, if (b & 63) a--)
	BODY(66, b ^= a >> 7)
	BODY(69, if (a > 69) return XDP_DROP)
	BODY(72, b += 72)
	BODY(75, if (b & 75) a--)
	BODY(78, b ^= a >> 19)
	BODY(81, if (a > 81) return XDP_DROP)
	BODY(84, b += 84)
	BODY(87, if (b & 87) a--)
	BODY(90, b ^= a >> 31)
	BODY(93, if (a > 93) return XDP_DROP)
	BODY(96, b += 96)
	BODY(99, if (b & 99) a--)
	BODY(102, b ^= a >> 43)
	BODY(105, if (a > 105) return XDP_DROP)
	BODY(108, b += 108)
	BODY(111, if (b & 111) a--)
	BODY(114, b ^= a >> 55)
	BODY(117, if (a > 117) return XDP_DROP)
	BODY(120, b += 120)
	case 1000 ... 1010:
		return XDP_TX;
	default:
		a++;
	}
	return a & 1 ? XDP_PASS : XDP_DROP;
}
