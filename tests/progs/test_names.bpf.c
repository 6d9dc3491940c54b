// SPDX-License-Identifier: BSD-2-Clause
/* Names longer than the kernel keeps, which begin alike: of programs, maps and sections. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define MAP(name, kind, entries, key_type, value_type)	\
	struct {					\
		__uint(type, BPF_MAP_TYPE_##kind);	\
		__uint(max_entries, entries);		\
		__type(key, key_type);			\
		__type(value, value_type);		\
	} name SEC(".maps")

/* Told apart by their keys' type, by their number of entries, and not at all. */
MAP(t_XXXX_connections_of_ipv4, HASH, 8, __u32, __u32);
MAP(t_XXXX_connections_of_ipv6, HASH, 8, __u64, __u32);
MAP(t_XXXX_packets_by_port, ARRAY, 4, __u32, __u64);
MAP(t_XXXX_packets_by_protocol, ARRAY, 8, __u32, __u64);
MAP(t_XXXX_twin_tables_left, HASH, 8, __u32, __u32);
MAP(t_XXXX_twin_tables_right, HASH, 8, __u32, __u32);
/* Alone, and without BTF in the kernel. */
MAP(t_XXXX_alone_with_its_beginning, LRU_HASH, 8, __u32, __u32);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} t_XXXX_events_without_types SEC(".maps");

__u64 counted SEC(".data.t_XXXX_a_section_of_its_own");

static __noinline int t_XXXX_inner_function_of_the_first(struct xdp_md *ctx)
{
	__u32 key = ctx->rx_queue_index;

	return bpf_map_lookup_elem(&t_XXXX_connections_of_ipv4, &key) ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int t_XXXX_balance_by_source(struct xdp_md *ctx)
{
	__u64 key = 1;

	counted++;
	if (bpf_map_lookup_elem(&t_XXXX_connections_of_ipv6, &key))
		return XDP_DROP;
	return t_XXXX_inner_function_of_the_first(ctx);
}

SEC("xdp")
int t_XXXX_balance_by_target(struct xdp_md *ctx)
{
	__u32 key = 0;
	void *event = bpf_ringbuf_reserve(&t_XXXX_events_without_types, 8, 0);

	if (event)
		bpf_ringbuf_discard(event, 0);
	bpf_map_lookup_elem(&t_XXXX_packets_by_port, &key);
	bpf_map_lookup_elem(&t_XXXX_packets_by_protocol, &key);
	bpf_map_lookup_elem(&t_XXXX_twin_tables_left, &key);
	bpf_map_lookup_elem(&t_XXXX_twin_tables_right, &key);
	bpf_map_lookup_elem(&t_XXXX_alone_with_its_beginning, &key);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
