// SPDX-License-Identifier: BSD-2-Clause
/*
 * A map whose values hold what user space cannot read: a lock, a timer, an
 * object. (Clang 14 forgets the tag of pointers to structs.)
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct task_struct {
	int unused;
} __attribute__((preserve_access_index));

struct guarded {
	struct bpf_spin_lock lock;
	__u32 hits;
	struct bpf_timer timer;
	struct task_struct __attribute__((btf_type_tag("kptr"))) *owner;
	__u64 total;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct guarded);
} t_XXXX_special SEC(".maps");

SEC("tc")
int t_XXXX_touch(void *ctx)
{
	__u32 zero = 0;
	struct guarded *g = bpf_map_lookup_elem(&t_XXXX_special, &zero);

	/* Without this newer clangs only declare the structure, which no pointer may be to. */
	if (!g || !bpf_core_type_exists(struct task_struct))
		return 0;
	bpf_spin_lock(&g->lock);
	g->total++;
	bpf_spin_unlock(&g->lock);
	return 0;
}

char _license[] SEC("license") = "GPL";
