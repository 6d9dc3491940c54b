/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What programs are attached to by a number of BTF, by name: functions and
 * tracepoints of the kernel and its modules, functions of other programs, hooks
 * of LSM, tables of struct_ops.
 */
#ifndef BPFSH_KERN_TARGET_H
#define BPFSH_KERN_TARGET_H

#include <linux/types.h>
#include <stdbool.h>

#include "shell/kern/object.h"

#define MODULE_NAME_MAX 64

/* None of the names is to be trusted. */
struct kern_target {
	char name[KERN_NAME_MAX];	/* "" where nobody tells, or its types cannot be read */
	char module[MODULE_NAME_MAX];	/* which has it; "" for the kernel itself, or a program */
	__u32 prog_id;			/* of the program whose function it is, where that is told */
	bool tracepoint;
};

/*
 * What a program was loaded for. False where its type is not attached by BTF. The
 * kernel tells it since 6.0, but for the functions of another program as long
 * as nothing is attached to them.
 */
bool kern_prog_target(const struct bpf_prog_info *info, struct kern_target *target);
/*
 * What a link of type TRACING, or of a cgroup's LSM hook, is attached to, and its
 * program's info, all zero where that is gone. False for other links. The
 * kernel tells it since 5.11.
 */
bool kern_link_target(const struct bpf_link_info *info, struct bpf_prog_info *prog,
		      struct kern_target *target);

#endif
