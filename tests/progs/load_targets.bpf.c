// SPDX-License-Identifier: BSD-2-Clause
/* Programs that are told what they are for when they are loaded, and a probe. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

__u64 entered;

SEC("freplace")
int targets_new(struct xdp_md *ctx)
{
	return XDP_TX;
}

SEC("fentry")
int targets_entry(void *ctx)
{
	__sync_fetch_and_add(&entered, 1);
	return 0;
}

SEC("kprobe/do_nanosleep")
int targets_probe(void *ctx)
{
	__sync_fetch_and_add(&entered, 1);
	return 0;
}

char _license[] SEC("license") = "GPL";
