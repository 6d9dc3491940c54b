// SPDX-License-Identifier: BSD-2-Clause
/* A callback that outlives the run: bpf_timer. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct slot {
	__u64 fired;
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct slot);
} slots SEC(".maps");

static int fire(void *map, int *key, struct slot *slot)
{
	slot->fired++;
	if (slot->fired < 3)
		bpf_timer_start(&slot->timer, 1000000, 0);
	return 0;
}

SEC("tc")
int arm(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct slot *slot = bpf_map_lookup_elem(&slots, &zero);

	if (!slot)
		return 0;
	if (bpf_timer_init(&slot->timer, &slots, 1))
		return 0;
	bpf_timer_set_callback(&slot->timer, fire);
	bpf_timer_start(&slot->timer, 1000000, 0);
	return 0;
}
