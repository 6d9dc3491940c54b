// SPDX-License-Identifier: BSD-2-Clause
/* A map of each type whose dump is compared with bpftool's, with BTF, and global data. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum verdict {
	V_PASS,
	V_DROP,
	V_LOG = 7,
};

struct pair {
	__u32 a;
	__u16 b[2];
};

struct key {
	__u32 addr;
	__u16 port;
	__u8 proto;
	__u8 pad;
};

struct value {
	__u64 packets;
	__s64 delta;
	enum verdict verdict;
	char tag[8];
	struct pair pair;
	__u32 low:3;
	__u32 high:5;
	_Bool on;
	union {
		__u32 word;
		__u8 bytes[4];
	};
};

struct prefix {
	__u32 prefixlen;
	__u8 addr[4];
};

#define MAP(name, kind, entries, key_type, value_type)	\
	struct {					\
		__uint(type, BPF_MAP_TYPE_##kind);	\
		__uint(max_entries, entries);		\
		__type(key, key_type);			\
		__type(value, value_type);		\
	} name SEC(".maps")

MAP(t_XXXX_hash, HASH, 16, struct key, struct value);
MAP(t_XXXX_array, ARRAY, 4, __u32, struct pair);
MAP(t_XXXX_lru, LRU_HASH, 16, __u32, __u64);
MAP(t_XXXX_phash, PERCPU_HASH, 16, __u32, struct pair);
MAP(t_XXXX_parray, PERCPU_ARRAY, 3, __u32, __u64);

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 16);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, __u32);
} t_XXXX_lpm SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u32);
} t_XXXX_inner SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 3);
	__type(key, __u32);
	__array(values, struct inner);
} t_XXXX_outer SEC(".maps") = {
	.values = { [1] = &t_XXXX_inner },
};

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 3);
	__type(key, __u32);
	__type(value, __u32);
} t_XXXX_jmp SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__type(value, __u32);
} t_XXXX_queue SEC(".maps");

__u64 total = 7;
struct pair last = { 1, { 2, 3 } };
int zero[3];
/* Padded to 12 bytes: there is room for a fourth element. */
struct grow { __u32 n; __u16 more[]; } grow = { 2, { 7, 8, 9, 0 } };
volatile const __u32 limit = 42;
volatile const char bpf_metadata_author[] SEC(".rodata") = "somebody";

SEC("xdp")
int t_XXXX_maps(struct xdp_md *ctx)
{
	struct key key = {};
	__u32 slot = 0;

	total += limit + last.a + zero[1] + grow.more[2];
	bpf_map_lookup_elem(&t_XXXX_hash, &key);
	bpf_map_lookup_elem(&t_XXXX_array, &slot);
	bpf_map_lookup_elem(&t_XXXX_lru, &slot);
	bpf_map_lookup_elem(&t_XXXX_phash, &slot);
	bpf_map_lookup_elem(&t_XXXX_parray, &slot);
	bpf_map_lookup_elem(&t_XXXX_lpm, &key);
	bpf_map_lookup_elem(&t_XXXX_outer, &slot);
	bpf_map_pop_elem(&t_XXXX_queue, &slot);
	bpf_tail_call(ctx, &t_XXXX_jmp, 0);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
