// SPDX-License-Identifier: BSD-2-Clause
/* What the verifier refuses: a packet is read without a check against its end. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int t_XXXX_bad(struct xdp_md *ctx)
{
	const __u8 *data = (void *)(long)ctx->data;

	return data[12] == 8 ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
