// SPDX-License-Identifier: BSD-2-Clause
/* A structure made where it is asked for (libbpf 1.4), whose program may sleep (1.2). */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct tcp_congestion_ops {
	char name[16];
	unsigned int (*undo_cwnd)(void *sk);
};

char LICENSE[] SEC("license") = "GPL";

SEC("struct_ops.s/load_undo")
unsigned int load_undo(unsigned long long *ctx)
{
	return 2;
}

SEC("?.struct_ops.link")
struct tcp_congestion_ops load_ops = { .name = "load_ops", .undo_cwnd = (void *)load_undo };
