// SPDX-License-Identifier: BSD-2-Clause
/*
 * A program for each place in the kernel that not every kernel lets programs at, each
 * loaded alone, by its name; and one whose function another program replaces.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define HOOK(section, name, result) SEC(section) int t_XXXX_##name(void *ctx) { return result; }

HOOK("?kprobe/vfs_read", kprobe, 0)
HOOK("?kretprobe/vfs_read", kretprobe, 0)
HOOK("?tracepoint/sched/sched_process_exit", tracepoint, 0)
HOOK("?raw_tp/sched_process_exit", raw_tp, 0)
HOOK("?tp_btf/sched_process_exit", tp_btf, 0)
HOOK("?fentry/vfs_read", fentry, 0)
HOOK("?fexit/vfs_read", fexit, 0)
HOOK("?fmod_ret/security_file_open", fmod_ret, 0)
HOOK("?lsm/file_open", lsm, 0)
HOOK("?lsm_cgroup/socket_bind", lsm_cgroup, 1)
HOOK("?iter/task", iter, 0)
HOOK("?iter/cgroup", iter_cgroup, 0)

__attribute__((noinline)) int t_XXXX_part(struct xdp_md *ctx)
{
	volatile int result = XDP_PASS;

	return result;
}

SEC("?xdp") int t_XXXX_whole(struct xdp_md *ctx)
{
	return t_XXXX_part(ctx);
}

SEC("?freplace/t_XXXX_part") int t_XXXX_freplace(struct xdp_md *ctx)
{
	return XDP_DROP;
}

SEC("?fentry/t_XXXX_part") int t_XXXX_inside(void *ctx)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
