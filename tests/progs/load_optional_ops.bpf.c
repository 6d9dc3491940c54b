// SPDX-License-Identifier: BSD-2-Clause
/* A structure that is made when it is asked for, in a section that libbpf before 1.4 passes over. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct tcp_congestion_ops {
	char name[16];
	unsigned int (*undo_cwnd)(void *sk);
};

char LICENSE[] SEC("license") = "GPL";

SEC("struct_ops/load_undo")
unsigned int load_undo(unsigned long long *ctx)
{
	return 2;
}

SEC("?.struct_ops.link")
struct tcp_congestion_ops load_ops = { .name = "load_ops", .undo_cwnd = (void *)load_undo };
