// SPDX-License-Identifier: BSD-2-Clause
/* An iterator that walks through the elements of a map. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("iter/bpf_map_elem") int t_XXXX_walk(unsigned long long *ctx)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
