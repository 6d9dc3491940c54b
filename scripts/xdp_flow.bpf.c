// SPDX-License-Identifier: BSD-2-Clause
/*
 * A flow table in XDP: every IPv4 or IPv6 packet is counted for its flow, and
 * dropped where the verdict on the flow says so. The verdict on a new flow is
 * that on the port it goes to.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define VLAN_DEPTH	2
#define EXTENSIONS	4

enum verdict {
	V_PASS,
	V_DROP,
};

enum counter {
	C_OTHER,
	C_MALFORMED,
	C_PASSED,
	C_DROPPED,
	C_MAX,
};

/* IPv4 addresses are mapped ones: ::ffff:a.b.c.d. */
struct flow_key {
	__u8 saddr[16];
	__u8 daddr[16];
	__be16 sport;
	__be16 dport;
	__u8 proto;
	__u8 pad[3];
};

struct flow {
	__u64 packets;
	__u64 bytes;
	enum verdict verdict;
	__u32 mark;
};

struct vlan_header {
	__be16 tci;
	__be16 proto;
};

struct ports {
	__be16 source;
	__be16 dest;
};

/* Where in a packet we are; every step checks against its end. */
struct cursor {
	void *pos;
	void *end;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct flow_key);
	__type(value, struct flow);
} flows SEC(".maps");

/* Destination port, in host order, to the verdict on new flows. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u16);
	__type(value, enum verdict);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, C_MAX);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

static __always_inline void count(enum counter which)
{
	__u32 key = which;
	__u64 *n = bpf_map_lookup_elem(&counters, &key);

	if (n)
		(*n)++;
}

/* The protocol behind at most VLAN_DEPTH tags, or 0 where the packet is too short. */
static __always_inline __be16 parse_ethernet(struct cursor *at)
{
	struct ethhdr *eth = at->pos;
	__be16 proto;

	if ((void *)(eth + 1) > at->end)
		return 0;
	proto = eth->h_proto;
	at->pos = eth + 1;
	for (int i = 0; i < VLAN_DEPTH; i++) {
		struct vlan_header *tag = at->pos;

		if (proto != bpf_htons(ETH_P_8021Q) && proto != bpf_htons(ETH_P_8021AD))
			break;
		if ((void *)(tag + 1) > at->end)
			return 0;
		proto = tag->proto;
		at->pos = tag + 1;
	}
	return proto;
}

static __always_inline int parse_ipv4(struct cursor *at, struct flow_key *key)
{
	struct iphdr *ip = at->pos;

	if ((void *)(ip + 1) > at->end || ip->ihl < 5)
		return -1;
	key->saddr[10] = key->saddr[11] = 0xff;
	key->daddr[10] = key->daddr[11] = 0xff;
	__builtin_memcpy(key->saddr + 12, &ip->saddr, 4);
	__builtin_memcpy(key->daddr + 12, &ip->daddr, 4);
	key->proto = ip->protocol;
	at->pos += ip->ihl * 4;
	return 0;
}

static __always_inline int parse_ipv6(struct cursor *at, struct flow_key *key)
{
	struct ipv6hdr *ip = at->pos;
	__u8 next;

	if ((void *)(ip + 1) > at->end)
		return -1;
	__builtin_memcpy(key->saddr, &ip->saddr, 16);
	__builtin_memcpy(key->daddr, &ip->daddr, 16);
	next = ip->nexthdr;
	at->pos = ip + 1;
#pragma clang loop unroll(disable)
	for (int i = 0; i < EXTENSIONS; i++) {
		struct ipv6_opt_hdr *opt = at->pos;

		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS)
			break;
		if ((void *)(opt + 1) > at->end)
			return -1;
		next = opt->nexthdr;
		at->pos += (opt->hdrlen + 1) * 8;
	}
	key->proto = next;
	return 0;
}

static __always_inline void parse_ports(const struct cursor *at, struct flow_key *key)
{
	struct ports *ports = at->pos;

	if (key->proto != IPPROTO_TCP && key->proto != IPPROTO_UDP)
		return;
	if ((void *)(ports + 1) > at->end)
		return;
	key->sport = ports->source;
	key->dport = ports->dest;
}

/*
 * Enters a flow that is new, with its first packet; returns the verdict on it. A function of its
 * own, so that the picture has two; static, as kernels up to 6.1 take no argument of a global one
 * for a map's key.
 */
static __attribute__((noinline)) int enter(const struct flow_key *key, __u32 bytes)
{
	struct flow fresh = { .packets = 1, .bytes = bytes, .verdict = V_PASS };
	enum verdict *verdict;
	__u16 port;

	port = bpf_ntohs(key->dport);
	verdict = bpf_map_lookup_elem(&ports, &port);
	if (verdict)
		fresh.verdict = *verdict;
	bpf_map_update_elem(&flows, key, &fresh, BPF_NOEXIST);
	return fresh.verdict;
}

static __always_inline enum verdict account(const struct flow_key *key, __u32 bytes)
{
	struct flow *flow = bpf_map_lookup_elem(&flows, key);

	if (!flow)
		return enter(key, bytes);
	__sync_fetch_and_add(&flow->packets, 1);
	__sync_fetch_and_add(&flow->bytes, bytes);
	return flow->verdict;
}

static __always_inline enum counter examine(struct xdp_md *ctx)
{
	struct cursor at = {
		.pos = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	__u32 bytes = ctx->data_end - ctx->data;
	struct flow_key key = {};
	int err;

	switch (parse_ethernet(&at)) {
	case bpf_htons(ETH_P_IP):
		err = parse_ipv4(&at, &key);
		break;
	case bpf_htons(ETH_P_IPV6):
		err = parse_ipv6(&at, &key);
		break;
	default:
		return C_OTHER;
	}
	if (err)
		return C_MALFORMED;
	parse_ports(&at, &key);
	return account(&key, bytes) == V_DROP ? C_DROPPED : C_PASSED;
}

SEC("xdp")
int xdp_flow(struct xdp_md *ctx)
{
	enum counter kind = examine(ctx);

	count(kind);
	return kind == C_OTHER || kind == C_PASSED ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
