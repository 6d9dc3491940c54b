// SPDX-License-Identifier: BSD-2-Clause
/* A map of values that are too large. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct value {
	char data[1 << 26];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct value);
} large SEC(".maps");

SEC("xdp") int f(struct xdp_md *ctx)
{
	int key = 0;

	return bpf_map_lookup_elem(&large, &key) ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
