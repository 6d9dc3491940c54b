// SPDX-License-Identifier: BSD-2-Clause
/* Programs that the verifier refuses, or takes long to judge. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, int);
	__type(value, long);
} values SEC(".maps");

static __attribute__((noinline)) long deref(long *p, int n)
{
	return n > 3 ? *p : 0;
}

SEC("xdp") int null_deref(struct xdp_md *ctx)
{
	int key = ctx->rx_queue_index;
	long *value = bpf_map_lookup_elem(&values, &key);

	if (key == 7)
		return XDP_DROP;
	return deref(value, ctx->ingress_ifindex);
}

/* Each round is new to the verifier. */
SEC("xdp") int endless(struct xdp_md *ctx)
{
	unsigned int x = ctx->rx_queue_index, n = 0;

	for (unsigned int i = 0; i < 3000000; i++) {
		x = x * 7 + i;
		n += x & 1;
		if (x % 3 == 1)
			n ^= ctx->ingress_ifindex;
	}
	return n & 1 ? XDP_DROP : XDP_PASS;
}

SEC("xdp") int accepted(struct xdp_md *ctx)
{
	return ctx->rx_queue_index == 3 ? XDP_DROP : XDP_PASS;
}

/* One for each of the verifier's usual reasons. */

struct value {
	long count;
	char name[24];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct value);
} table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

static __always_inline struct value *first(void)
{
	int zero = 0;

	return bpf_map_lookup_elem(&table, &zero);
}

SEC("xdp") int until_seven(struct xdp_md *ctx)
{
	unsigned int i = 0;

	for (volatile unsigned int n = ctx->rx_queue_index; n != 7;)
		i += n;
	return i;
}

SEC("xdp") int no_null_check(struct xdp_md *ctx)
{
	int key = ctx->rx_queue_index;
	long *value = bpf_map_lookup_elem(&values, &key);

	*value += 1;
	return XDP_PASS;
}

SEC("xdp") int short_packet(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = (void *)(long)ctx->data;
	struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(eth + 1) > end)
		return XDP_PASS;
	return ip->protocol == 17 ? XDP_DROP : XDP_PASS;
}

SEC("xdp") int no_index_check(struct xdp_md *ctx)
{
	struct value *v = first();

	return v ? v->name[ctx->rx_queue_index] : XDP_PASS;
}

SEC("xdp") int signed_index(struct xdp_md *ctx)
{
	int i = ctx->rx_queue_index;
	struct value *v = first();

	return v && i < 24 ? v->name[i] : XDP_PASS;
}

SEC("xdp") int beyond_value(struct xdp_md *ctx)
{
	struct value *v = first();

	return v ? *(int *)(v + 1) : XDP_PASS;
}

SEC("xdp") int leak(struct xdp_md *ctx)
{
	long *event = bpf_ringbuf_reserve(&events, 8, 0);

	if (!event)
		return XDP_PASS;
	*event = 1;
	if (ctx->rx_queue_index == 3)
		return XDP_DROP;
	bpf_ringbuf_submit(event, 0);
	return XDP_PASS;
}

SEC("xdp") int write_ctx(struct xdp_md *ctx)
{
	ctx->data = 0;
	return XDP_PASS;
}

SEC("xdp") int helper_of_tc(struct xdp_md *ctx)
{
	return bpf_skb_vlan_pop((void *)ctx);
}

SEC("xdp") int sleeping(struct xdp_md *ctx)
{
	char data[8];

	return bpf_copy_from_user(data, sizeof(data), ctx);
}

SEC("xdp") int no_pointer(struct xdp_md *ctx)
{
	return *(int *)(long)ctx->rx_queue_index;
}

SEC("xdp") int dead_code(struct xdp_md *ctx)
{
	asm volatile("r0 = 1; exit");
	return XDP_PASS;
}

SEC("cgroup/skb") int any_result(struct __sk_buff *skb)
{
	return skb->len;
}

static __attribute__((noinline)) int large(int x)
{
	volatile char data[300];

	data[x & 255] = x;
	return data[3];
}

SEC("xdp") int deep_stack(struct xdp_md *ctx)
{
	volatile char data[300];

	data[ctx->rx_queue_index & 255] = 1;
	return large(ctx->rx_queue_index) + data[1];
}

char _license[] SEC("license") = "GPL";
