// SPDX-License-Identifier: BSD-2-Clause
/* An arena, which has to have an address before a program that uses it is loaded. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define ARENA 33

struct {
	__uint(type, ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4);
} load_arena_map SEC(".maps");

char LICENSE[] SEC("license") = "GPL";

/* Tells nothing: the address is used, which no compiler may leave out. */
SEC("syscall") int load_arena(void *ctx)
{
	void *volatile at = &load_arena_map;

	return at == (void *)1;
}
