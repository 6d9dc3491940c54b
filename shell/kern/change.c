// SPDX-License-Identifier: BSD-2-Clause
/* Programs that are attached without a link: what is there, and how it changes. */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shell/base/compat.h"
#include "shell/base/fault.h"
#include "shell/kern/attached.h"
#include "shell/kern/hook.h"
#include "shell/kern/link.h"

/* As in union bpf_attr; in part newer than the oldest headers (6.6). */
struct change_attr {
	__u32 target, prog_fd, attach_type, flags, replace_fd, relative_fd;
	__u64 revision;
};

static int call(int cmd, struct change_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr)) ? -errno : 0;
}

static int put(int target, __u32 attach_type, const struct hook_change *c)
{
	struct change_attr attr = {
		.target = target, .prog_fd = c->new_fd, .attach_type = attach_type, .flags = c->flags
	};

	/* Where one program alone runs, the new one takes its place unasked. */
	if (c->old_fd >= 0 && (c->flags & BPF_F_REPLACE))
		attr.replace_fd = c->old_fd;
	if (c->beside_fd >= 0 && (c->flags & (BPF_F_BEFORE | BPF_F_AFTER)))
		attr.relative_fd = c->beside_fd;
	return call(BPF_PROG_ATTACH, &attr);
}

int hook_exchange(int target, __u32 attach_type, const struct hook_change *c)
{
	struct change_attr attr = {
		.target = target, .prog_fd = c->old_fd, .attach_type = attach_type
	};

	return c->new_fd >= 0 ? put(target, attach_type, c) : call(BPF_PROG_DETACH, &attr);
}

int kern_spot_list(const struct link_spot *spot, struct kern_attached **list, __u32 *nr)
{
	*list = NULL;
	*nr = 0;
	return spot->hook && spot->hook->list ? spot->hook->list(spot, list, nr) : -EOPNOTSUPP;
}

int kern_spot_change(const struct link_spot *spot, const struct hook_change *c)
{
	int err = fault_error("attach");

	if (!err)
		err = spot->hook->change(spot, c);
	fault_point("attach done");
	return err;
}

bool kern_spot_knows(const struct link_spot *spot, __u32 flags)
{
	return !flags || (spot->hook->knows && spot->hook->knows(flags));
}
