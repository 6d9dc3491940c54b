// SPDX-License-Identifier: BSD-2-Clause
/* A program that the verifier refuses: the packet is read without a look at its end. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int load_refused(struct xdp_md *ctx)
{
	unsigned char *data = (void *)(long)ctx->data;

	return data[12] == 8 ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
