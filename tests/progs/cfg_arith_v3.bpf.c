// SPDX-License-Identifier: BSD-2-Clause
/* Arithmetic of both widths, byte order, signed and 32-bit comparisons. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int arith(struct xdp_md *ctx)
{
	asm volatile("r1 = 0x1122334455667788 ll\n"
		     "w2 = -5\n"
		     "r3 = r1\n"
		     "r3 s>>= 3\n"
		     "w3 s>>= w2\n"
		     "r3 = -r3\n"
		     "w3 = -w3\n"
		     "r4 = 10\n"
		     "r3 /= r4\n"
		     "w3 *= w4\n"
		     "r3 ^= r1\n"
		     "w3 |= 0x80\n"
		     "r3 <<= 2\n"
		     "r3 >>= r4\n"
		     "r3 = be16 r3\n"
		     "r1 = be64 r1\n"
		     "r1 = le32 r1\n"
		     "if w2 s< -1 goto +1\n"
		     "r4 += r2\n"
		     "if r3 s>= r4 goto +2\n"
		     "r4 -= 1\n"
		     "if w3 <= w4 goto +1\n"
		     "r0 = r4\n"
		     "if r4 != -1 goto +0\n"
		     ::: "r0", "r1", "r2", "r3", "r4");
	return XDP_PASS;
}
