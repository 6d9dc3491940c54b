// SPDX-License-Identifier: BSD-2-Clause
/* A congestion control that a link registers. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct tcp_congestion_ops {
	char name[16];
	unsigned int (*ssthresh)(void *sk);
	void (*cong_avoid)(void *sk, unsigned int ack, unsigned int acked);
	unsigned int (*undo_cwnd)(void *sk);
};

SEC("struct_ops/ssthresh") unsigned int t_XXXX_ssthresh(unsigned long long *ctx)
{
	return 2;
}

SEC("struct_ops/avoid") void t_XXXX_avoid(unsigned long long *ctx)
{
}

SEC("struct_ops/undo") unsigned int t_XXXX_undo(unsigned long long *ctx)
{
	return 2;
}

SEC(".struct_ops.link") struct tcp_congestion_ops t_XXXX_ops = {
	.name = "t_XXXX_ops",
	.ssthresh = (void *)t_XXXX_ssthresh,
	.cong_avoid = (void *)t_XXXX_avoid,
	.undo_cwnd = (void *)t_XXXX_undo,
};

char _license[] SEC("license") = "GPL";
