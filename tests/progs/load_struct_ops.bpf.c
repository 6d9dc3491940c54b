// SPDX-License-Identifier: BSD-2-Clause
/* A congestion control that is complete, in a section that libbpf before 1.2 passes over. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct tcp_congestion_ops {
	char name[16];
	unsigned int (*ssthresh)(void *sk);
	void (*cong_avoid)(void *sk, unsigned int ack, unsigned int acked);
	unsigned int (*undo_cwnd)(void *sk);
};

char LICENSE[] SEC("license") = "GPL";

SEC("struct_ops/load_ssthresh")
unsigned int load_ssthresh(unsigned long long *ctx)
{
	return 2;
}

SEC("struct_ops/load_avoid")
void load_avoid(unsigned long long *ctx)
{
}

SEC("struct_ops/load_undo")
unsigned int load_undo(unsigned long long *ctx)
{
	return 2;
}

SEC(".struct_ops.link")
struct tcp_congestion_ops load_ops = {
	.name = "load_ops",
	.ssthresh = (void *)load_ssthresh,
	.cong_avoid = (void *)load_avoid,
	.undo_cwnd = (void *)load_undo,
};
