// SPDX-License-Identifier: BSD-2-Clause
/* Calls a kfunc that no kernel has. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern int bpf_no_such_kfunc(int x) __ksym;

SEC("xdp") int f(struct xdp_md *ctx)
{
	return bpf_no_such_kfunc(3);
}

char _license[] SEC("license") = "GPL";
