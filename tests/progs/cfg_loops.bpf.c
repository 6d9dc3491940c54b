// SPDX-License-Identifier: BSD-2-Clause
/* Loops: nested, with breaks, with two ways back, and one after another. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

volatile __u32 seed = 7;
__u32 found, sum;

SEC("xdp")
int nested(struct xdp_md *ctx)
{
	__u32 x = seed;

	#pragma clang loop unroll(disable)
	for (int i = 0; i < 8; i++) {
		#pragma clang loop unroll(disable)
		for (int j = 0; j < 8; j++) {
			x = x * 31 + seed;
			if (x % 97 == 5)
				break;
			if (x & 1)
				continue;
			sum += x;
		}
		if (x == seed)
			return XDP_DROP;
	}
	#pragma clang loop unroll(disable)
	for (int i = 0; i < 16; i++)
		found += x >> i & seed;
	return XDP_PASS;
}

SEC("xdp")
int triple(struct xdp_md *ctx)
{
	__u32 x = seed, n = 0;

	#pragma clang loop unroll(disable)
	for (int i = 0; i < 3; i++)
		#pragma clang loop unroll(disable)
		for (int j = 0; j < 3; j++)
			#pragma clang loop unroll(disable)
			for (int k = 0; k < 3; k++)
				if ((x ^= seed + k) & 4)
					n++;
	found = n;
	return XDP_PASS;
}
