// SPDX-License-Identifier: BSD-2-Clause
/* Maps whose sizes are left to their loader. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__type(key, __u32);
} sized_stacks_of_a_long_name SEC(".maps");

char LICENSE[] SEC("license") = "GPL";

SEC("tracepoint/sched/sched_switch")
int load_sized(void *ctx)
{
	return bpf_get_stackid(ctx, &sized_stacks_of_a_long_name, 0);
}
