// SPDX-License-Identifier: BSD-2-Clause
/* Functions that only helpers call: bpf_loop, bpf_for_each_map_elem, one inside another. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} table SEC(".maps");

struct state {
	__u64 total;
	__u32 limit;
};

static __noinline __u64 weight(__u64 x)
{
	return x * 3 + (x >> 7);
}

static long add_element(void *map, __u32 *key, __u64 *value, struct state *s)
{
	if (*key > s->limit)
		return 1;
	s->total += weight(*value);
	return 0;
}

static long step(__u32 i, struct state *s)
{
	s->limit = i;
	if (i % 3 == 0)
		bpf_for_each_map_elem(&table, add_element, s, 0);
	return s->total > 1000;
}

SEC("xdp")
int sum_up(struct xdp_md *ctx)
{
	struct state s = {};

	bpf_loop(12, step, &s, 0);
	bpf_for_each_map_elem(&table, add_element, &s, 0);
	return weight(s.total) & 1 ? XDP_PASS : XDP_DROP;
}
