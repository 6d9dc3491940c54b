// SPDX-License-Identifier: BSD-2-Clause
/* Reads a member of the kernel's that no kernel has. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct task_struct {
	int no_such_member;
} __attribute__((preserve_access_index));

SEC("raw_tp/sched_switch") int f(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	int value = 0;

	bpf_probe_read_kernel(&value, sizeof(value), &task->no_such_member);
	return value;
}

char _license[] SEC("license") = "GPL";
