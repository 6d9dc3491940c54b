// SPDX-License-Identifier: BSD-2-Clause
/*
 * Changes maps all the while: elements STABLE and above come and go, those
 * below are written again and again but never go. In the trie, these have 24
 * bits, and those that come and go have fewer or more.
 */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define STABLE 4096
#define CHURN 4096

struct prefix {
	__u32 len, data;
};

#define MAP(name_, type_, entries_, key_, flags_)	\
struct {						\
	__uint(type, type_);				\
	__uint(max_entries, entries_);			\
	__uint(map_flags, flags_);			\
	__type(key, key_);				\
	__type(value, __u32);				\
} t_XXXX_##name_ SEC(".maps")

MAP(hash, BPF_MAP_TYPE_HASH, 1 << 16, __u32, 0);
MAP(percpu, BPF_MAP_TYPE_PERCPU_HASH, 1 << 16, __u32, 0);
MAP(lru, BPF_MAP_TYPE_LRU_HASH, 1 << 16, __u32, 0);
MAP(array, BPF_MAP_TYPE_ARRAY, STABLE + CHURN, __u32, 0);
MAP(trie, BPF_MAP_TYPE_LPM_TRIE, 1 << 16, struct prefix, BPF_F_NO_PREALLOC);

static __always_inline void change(void *map, const void *stable, const void *churn, __u32 random)
{
	bpf_map_update_elem(map, stable, &random, BPF_EXIST);
	if (random & 1)
		bpf_map_update_elem(map, churn, &random, BPF_ANY);
	else
		bpf_map_delete_elem(map, churn);
}

SEC("xdp")
int t_XXXX_churn(struct xdp_md *ctx)
{
	__u32 random = bpf_get_prandom_u32();
	__u32 stable = random >> 8 & (STABLE - 1), churn = STABLE + (random >> 16 & (CHURN - 1));
	struct prefix kept = { 24, bpf_htonl(stable << 8) };
	struct prefix other = { 9 + (random >> 3) % 24,
				bpf_htonl((random >> 12 & (STABLE - 1)) << 8) };

	change(&t_XXXX_hash, &stable, &churn, random);
	change(&t_XXXX_percpu, &stable, &churn, random);
	change(&t_XXXX_lru, &stable, &churn, random);
	bpf_map_update_elem(&t_XXXX_array, &churn, &random, BPF_ANY);
	if (other.len != 24)
		change(&t_XXXX_trie, &kept, &other, random);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
