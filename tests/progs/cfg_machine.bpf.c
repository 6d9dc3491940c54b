// SPDX-License-Identifier: BSD-2-Clause
/* A state machine over packet bytes: gotos back and forth, one outer loop. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

volatile __u32 hits;

SEC("xdp")
int machine(struct xdp_md *ctx)
{
	const __u8 *at = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 state = 0;

	#pragma clang loop unroll(disable)
	for (int i = 0; i < 32; i++) {
		if (at + 1 > end)
			break;
		switch (state) {
		case 0:
			state = *at == 'G' ? 1 : 0;
			break;
		case 1:
			state = *at == 'E' ? 2 : *at == 'G' ? 1 : 0;
			break;
		case 2:
			if (*at == 'T')
				goto hit;
			state = *at == 'G' ? 1 : 0;
			break;
		}
		at++;
	}
	return XDP_PASS;
hit:
	hits++;
	return XDP_DROP;
}
