// SPDX-License-Identifier: BSD-2-Clause
/* Sends an event through a ring buffer and a perf event array each time it is run. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct event {
	__u32 number;
	char tag[8];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} t_XXXX_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} t_XXXX_perf SEC(".maps");

__u32 runs;
/* The same, as a type whose end is open. */
struct open_event {
	__u32 number;
	char rest[];
};

/* Make clang describe the types. */
struct event *described;
struct open_event *described_too;

SEC("xdp")
int t_XXXX_events(struct xdp_md *ctx)
{
	struct event event = { .number = ++runs, .tag = "hello" };

	bpf_ringbuf_output(&t_XXXX_ring, &event, sizeof(event), 0);
	bpf_perf_event_output(ctx, &t_XXXX_perf, BPF_F_CURRENT_CPU, &event, sizeof(event));
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
