// SPDX-License-Identifier: BSD-2-Clause
/* Variables of each kind, and programs of which some are attached as their sections say. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum verdict { V_ABORT = 0, V_DROP = 1, V_PASS = 2 };

struct config {
	enum verdict verdict;
	__u8 level;
	char name[8];
};

const volatile struct config config = { V_PASS, 1, "own" };
const volatile __u32 slots[4];
__u64 ran;
__s16 start = -1;

__attribute__((noinline)) int options_verdict(struct xdp_md *ctx)
{
	return ctx ? (int)config.verdict : 0;
}

SEC("xdp")
int options_xdp(struct xdp_md *ctx)
{
	start += slots[1];
	return options_verdict(ctx);
}

SEC("raw_tp/sys_enter")
int options_run(void *ctx)
{
	__sync_fetch_and_add(&ran, 1);
	return 0;
}

SEC("iter/bpf_map")
int options_each(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
