// SPDX-License-Identifier: BSD-2-Clause
/* Every atomic operation of instruction set v3, in both widths. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

__u64 wide, seen_wide;
__u32 narrow, seen_narrow;

#define ALL(x, seen, by) do {					\
	__sync_fetch_and_add(&(x), by);				\
	seen += __sync_fetch_and_add(&(x), (by) + 1);		\
	seen += __sync_fetch_and_or(&(x), (by) + 2);		\
	seen += __sync_fetch_and_and(&(x), (by) + 3);		\
	seen += __sync_fetch_and_xor(&(x), (by) + 4);		\
	seen += __sync_lock_test_and_set(&(x), (by) + 5);	\
	seen += __sync_val_compare_and_swap(&(x), by, 9);	\
} while (0)

SEC("xdp")
int atomics(struct xdp_md *ctx)
{
	ALL(wide, seen_wide, ctx->rx_queue_index);
	ALL(narrow, seen_narrow, ctx->rx_queue_index);
	return XDP_PASS;
}
