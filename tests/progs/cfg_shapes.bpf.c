// SPDX-License-Identifier: BSD-2-Clause
/* Small programs, each of one shape of control flow. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

volatile __u32 in[16];
volatile __u32 out;

#define LOOP _Pragma("clang loop unroll(disable)")

SEC("xdp")
int straight(struct xdp_md *ctx)
{
	out = in[0] + in[1] * in[2];
	return XDP_PASS;
}

SEC("xdp")
int one_branch(struct xdp_md *ctx)
{
	if (in[0] > 10)
		out = in[1];
	return XDP_PASS;
}

SEC("xdp")
int ladder(struct xdp_md *ctx)
{
	if (in[0] == 1)
		return XDP_DROP;
	if (in[1] == 2)
		return XDP_TX;
	if (in[2] == 3)
		return XDP_REDIRECT;
	if (in[3] == 4)
		return XDP_ABORTED;
	return XDP_PASS;
}

SEC("xdp")
int all_of(struct xdp_md *ctx)
{
	if (in[0] && in[1] > 3 && (in[2] == 7 || in[3] < 2) && in[4] != 5)
		out++;
	return XDP_PASS;
}

SEC("xdp")
int fail_label(struct xdp_md *ctx)
{
	out = 1;
	if (in[0] > 1)
		goto fail;
	out = 2;
	if (in[1] > 1)
		goto fail;
	out = 3;
	if (in[2] > 1)
		goto fail;
	return XDP_PASS;
fail:
	out = 0;
	return XDP_DROP;
}

SEC("xdp")
int do_while(struct xdp_md *ctx)
{
	__u32 n = 0;

	LOOP
	do {
		out += in[n & 15];
	} while (++n < 20);
	return XDP_PASS;
}

SEC("xdp")
int with_continue(struct xdp_md *ctx)
{
	LOOP
	for (__u32 i = 0; i < 16; i++) {
		if (in[i] & 1)
			continue;
		if (in[i] & 2) {
			out += 2;
			continue;
		}
		out++;
	}
	return XDP_PASS;
}

SEC("xdp")
int with_breaks(struct xdp_md *ctx)
{
	LOOP
	for (__u32 i = 0; i < 16; i++) {
		if (in[i] == 9)
			break;
		if (in[i] == 11)
			return XDP_DROP;
		out += i;
	}
	return XDP_PASS;
}

SEC("xdp")
int two_in_one(struct xdp_md *ctx)
{
	LOOP
	for (__u32 i = 0; i < 4; i++) {
		LOOP
		for (__u32 j = 0; j < 4; j++)
			out += in[j] ^ i;
		LOOP
		for (__u32 j = 0; j < 3; j++)
			out -= in[j] & i;
	}
	return XDP_PASS;
}

SEC("xdp")
int binary_search(struct xdp_md *ctx)
{
	__u32 low = 0, high = 16, want = ctx->rx_queue_index;

	LOOP
	for (int i = 0; i < 5 && low < high; i++) {
		__u32 mid = (low + high) / 2;

		if (in[mid & 15] < want)
			low = mid + 1;
		else
			high = mid;
	}
	out = low;
	return XDP_PASS;
}

SEC("xdp")
int bubble_sort(struct xdp_md *ctx)
{
	LOOP
	for (__u32 i = 0; i < 6; i++) {
		LOOP
		for (__u32 j = 0; j + 1 < 6; j++) {
			__u32 a = in[j], b = in[j + 1];

			if (a <= b)
				continue;
			in[j] = b;
			in[j + 1] = a;
		}
	}
	return XDP_PASS;
}

SEC("xdp")
int bits(struct xdp_md *ctx)
{
	__u32 x = in[0], n = 0;

	LOOP
	for (int i = 0; x && i < 32; i++) {
		n += x & 1;
		x >>= 1;
	}
	out = n;
	return XDP_PASS;
}

SEC("xdp")
int checksum(struct xdp_md *ctx)
{
	__u16 *at = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	__u32 sum = 0;

	LOOP
	for (int i = 0; i < 20; i++) {
		if (at + 1 > end)
			break;
		sum += *at++;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	out = ~(sum + (sum >> 16)) & 0xffff;
	return XDP_PASS;
}

static __always_inline __u32 mix(__u32 a, __u32 b)
{
	return (a ^ b) * 0x9e3779b1 + (a >> 5);
}

SEC("xdp")
int unrolled(struct xdp_md *ctx)
{
	__u32 h = 1;

	#pragma unroll
	for (int i = 0; i < 16; i++)
		h = mix(h, in[i]);
	out = h;
	return h & 1 ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int min_max(struct xdp_md *ctx)
{
	__u32 min = ~0u, max = 0;

	LOOP
	for (__u32 i = 0; i < 16; i++) {
		min = in[i] < min ? in[i] : min;
		max = in[i] > max ? in[i] : max;
	}
	out = max - min;
	return max == min ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int switch_in_switch(struct xdp_md *ctx)
{
	switch (in[0]) {
	case 1:
		switch (in[1]) {
		case 10:
			out = 1;
			break;
		case 20:
			out = 2;
			/* fall through */
		case 30:
			out += 3;
			break;
		}
		break;
	case 2:
		return XDP_TX;
	case 700:
		out = in[2] ? 4 : 5;
		break;
	}
	return XDP_PASS;
}

static __noinline int level4(int x)
{
	return x & 1 ? x + in[4] : x - 4;
}

static __noinline int level3(int x)
{
	return level4(x) + level4(x + in[3]);
}

static __noinline int level2(int x)
{
	return x > 5 ? level3(x) : level4(x);
}

SEC("xdp")
int deep_calls(struct xdp_md *ctx)
{
	out = level2(in[0]) + level3(in[1]);
	return XDP_PASS;
}

static long inner(__u32 i, __u32 *sum)
{
	*sum += i;
	return *sum > 100;
}

static long outer(__u32 i, __u32 *sum)
{
	bpf_loop(i & 3, inner, sum, 0);
	return 0;
}

SEC("xdp")
int loop_in_loop(struct xdp_md *ctx)
{
	__u32 sum = in[0];

	bpf_loop(10, outer, &sum, 0);
	out = sum;
	return XDP_PASS;
}

SEC("raw_tp/sys_enter")
int tracing(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 pid = bpf_get_current_pid_tgid();

	if (ctx->args[1] == 60 && pid >> 32 != in[0])
		out = pid;
	return 0;
}

SEC("cgroup_skb/egress")
int cgroup(struct __sk_buff *skb)
{
	return skb->len > 1500 || skb->mark == in[0] ? 0 : 1;
}

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

SEC("tc")
int reserve(struct __sk_buff *skb)
{
	__u64 *slot = bpf_ringbuf_reserve(&ring, sizeof(*slot) * 2, 0);

	if (!slot)
		return 1;
	slot[0] = skb->len;
	if (skb->len < 14) {
		bpf_ringbuf_discard(slot, 0);
		return 2;
	}
	slot[1] = bpf_ktime_get_ns();
	bpf_ringbuf_submit(slot, 0);
	return 0;
}

struct locked {
	struct bpf_spin_lock lock;
	__u32 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct locked);
} guarded SEC(".maps");

SEC("tc")
int locking(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct locked *v = bpf_map_lookup_elem(&guarded, &zero);

	if (!v)
		return 0;
	bpf_spin_lock(&v->lock);
	if (v->n < 1000)
		v->n += skb->len;
	bpf_spin_unlock(&v->lock);
	return v->n > 500;
}

struct inner_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner_map);
} tables SEC(".maps");

SEC("tc")
int nested_maps(struct __sk_buff *skb)
{
	__u32 key = skb->mark & 1, *value;
	void *table = bpf_map_lookup_elem(&tables, &key);

	if (!table)
		return 1;
	key = skb->mark >> 1 & 3;
	value = bpf_map_lookup_elem(table, &key);
	return value ? *value & 1 : 2;
}
