// SPDX-License-Identifier: BSD-2-Clause
/* Maps whose values say more than their bytes: stacks, programs, counters of each CPU. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define DEPTH 32

struct build_id {
	__s32 status;
	unsigned char id[20];
	__u64 offset;
};

struct pair {
	__u64 first;
	__u64 second;
};

/* Makes clang describe the type. */
struct pair described;

enum mood { CALM, BUSY };

struct counts {
	__u64 packets;
	__s32 delta;
	__u32 low : 5;
	int small : 4;
	enum mood mood;
	char name[8];
	double load;
	__u32 slots[2];
	union {
		__u32 word;
		__u8 bytes[4];
	};
	struct {
		__u16 drops;
	} nested;
};

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, DEPTH * sizeof(__u64));
	__uint(max_entries, 4096);
} t_XXXX_stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, DEPTH * sizeof(struct build_id));
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_STACK_BUILD_ID);
} t_XXXX_ids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__type(key, __u32);
	__type(value, struct counts);
	__uint(max_entries, 8);
} t_XXXX_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
	__uint(max_entries, 4);
} t_XXXX_calls SEC(".maps");

SEC("raw_tp/sys_enter")
int t_XXXX_walk(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 key = 1;
	struct counts *counts = bpf_map_lookup_elem(&t_XXXX_counts, &key);

	if (counts)
		counts->packets++;
	bpf_get_stackid(ctx, &t_XXXX_stacks, 0);
	bpf_get_stackid(ctx, &t_XXXX_stacks, BPF_F_USER_STACK);
	bpf_get_stackid(ctx, &t_XXXX_ids, BPF_F_USER_STACK);
	bpf_tail_call(ctx, &t_XXXX_calls, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
