// SPDX-License-Identifier: BSD-2-Clause
/* Kernel functions, and the loop that bpf_iter_num_next drives. */
/* Newer headers have the structure that is declared below, older ones do not. */
#define bpf_iter_num bpf_iter_num_of_the_header
#include <linux/bpf.h>
#undef bpf_iter_num
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct bpf_iter_num {
	__u64 opaque[1];
} __attribute__((aligned(8)));

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;

SEC("tc")
int iterate(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	int sum = 0, *i;

	bpf_iter_num_new(&it, 0, 100);
	while ((i = bpf_iter_num_next(&it))) {
		if (*i == (int)skb->mark)
			break;
		sum += *i;
	}
	bpf_iter_num_destroy(&it);
	return sum & 1;
}
