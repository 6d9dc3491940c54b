// SPDX-License-Identifier: BSD-2-Clause
/* Structures in two sections, of which libbpf before 1.2 takes one. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct tcp_congestion_ops {
	char name[16];
	unsigned int (*ssthresh)(void *sk);
	unsigned int (*undo_cwnd)(void *sk);
};

char LICENSE[] SEC("license") = "GPL";

SEC("struct_ops/both_undo")
unsigned int both_undo(unsigned long long *ctx)
{
	return 2;
}

SEC("struct_ops/both_ssthresh")
unsigned int both_ssthresh(unsigned long long *ctx)
{
	return 2;
}

SEC(".struct_ops")
struct tcp_congestion_ops both_ops = { .name = "both_ops", .ssthresh = (void *)both_ssthresh };

SEC(".struct_ops.link")
struct tcp_congestion_ops both_links = { .name = "both_links", .undo_cwnd = (void *)both_undo };
