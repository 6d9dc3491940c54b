// SPDX-License-Identifier: BSD-2-Clause
/* A graph of some two hundred blocks: options of four headers, each walked in a loop of its own. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define BYTES 64

struct totals {
	__u64 seen[256];
	__u32 padding, timestamps, unknown;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct totals);
} totals SEC(".maps");

/* The bound as an instruction that the compiler can not do without. */
static __always_inline __u8 byte_at(const __u8 *p, __u32 i)
{
	asm volatile("%0 &= 63" : "+r"(i));
	return p[i];
}

/* What is wrong with the options: bits, or a number below zero where they end early. */
#define WALKER(name, END, PAD, SIZED, STAMP) \
static __noinline int name(const __u8 *p, struct totals *t) \
{ \
	int errors = 0; \
\
	for (int at = 0; at < 40; at += 4) { \
		__u8 kind = byte_at(p, at), size = byte_at(p, at + 1); \
\
		t->seen[kind]++; \
		switch (kind) { \
		case END: \
			return errors; \
		case PAD: \
			t->padding++; \
			break; \
		case SIZED: \
			if (size != 4) \
				errors |= 1; \
			if (byte_at(p, at + 2) & 3) \
				return -1; \
			break; \
		case STAMP: \
			t->timestamps++; \
			if (size != 10) { \
				errors |= 2; \
				if (errors & 1) \
					return -2; \
			} \
			for (int k = 2; k < 10; k++) { \
				__u8 byte = byte_at(p, at + k); \
\
				if (byte == END) \
					return -3; \
				if (byte > 200) \
					t->unknown++; \
			} \
			break; \
		case 130 ... 140: \
			if (size < 2 || size > 32) \
				return -4; \
			break; \
		case 253: \
		case 254: \
			if (byte_at(p, at + 2) == 0xf9 && byte_at(p, at + 3) == 0x89) \
				t->unknown--; \
			/* fall through */ \
		default: \
			t->unknown++; \
			if (size < 2) \
				return -5; \
		} \
	} \
	return errors; \
}

WALKER(ipv4_options, 0, 1, 148, 68)
WALKER(ipv6_hop_by_hop, 60, 59, 5, 194)
WALKER(tcp_options, 16, 17, 2, 8)
WALKER(dhcp_options, 255, 18, 51, 58)

SEC("xdp")
int walk_options(struct xdp_md *ctx)
{
	const __u8 *p = (void *)(long)ctx->data;
	__u32 zero = 0;
	struct totals *t = bpf_map_lookup_elem(&totals, &zero);
	__u8 copy[BYTES];
	int found = 0;

	if (!t || (void *)(p + BYTES) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	__builtin_memcpy(copy, p, BYTES);
	if (copy[0] >> 4 == 4)
		found = ipv4_options(copy, t);
	else if (copy[0] >> 4 == 6)
		found = ipv6_hop_by_hop(copy, t);
	if (found < 0)
		return XDP_DROP;
	found = tcp_options(copy, t);
	if (!found)
		found = dhcp_options(copy, t);
	return found < 0 ? XDP_DROP : XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
