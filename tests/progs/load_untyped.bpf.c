// SPDX-License-Identifier: BSD-2-Clause
/* A program whose section does not tell what it is for. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("wherever")
int load_untyped(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
