// SPDX-License-Identifier: BSD-2-Clause
/* Attaches to a tracepoint that no kernel has. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tp_btf/no_such_event") int f(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
