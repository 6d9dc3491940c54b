// SPDX-License-Identifier: BSD-2-Clause
/* Links: what attaches a program to a device, a cgroup, a network namespace or a tracepoint. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/magic.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/base/fault.h"
#include "shell/base/interrupt.h"
#include "shell/kern/cgroup.h"
#include "shell/kern/error.h"
#include "shell/kern/hook.h"
#include "shell/kern/link.h"
#include "shell/kern/net.h"
#include "shell/kern/object.h"

void link_spot_free(struct link_spot *spot)
{
	if (spot->fd >= 0)
		close(spot->fd);
	free(spot->name);
	*spot = (struct link_spot){ .fd = -1 };
}

int kern_link_find(const struct link_def *def, struct link_spot *spot, struct span at,
		   struct diags *d)
{
	*spot = (struct link_spot){
		.hook = def->hook, .attach_type = def->attach_type, .flags = def->hook->flags, .fd = -1
	};
	return def->hook->find(spot, def, at, d);
}

/* True where what was in the way is gone by now, or has no link: then its end may be near. */
static bool may_clear(const struct link_spot *spot, int prog_fd, int err)
{
	const struct hook *h = spot->hook;
	struct occupant o = { 0 };

	if (!h->taken || !h->taken(spot, -err) || interrupted())
		return false;
	if (!h->occupant(spot, prog_fd, &o))
		return err == -EBUSY;
	return !o.links && !o.linkless;
}

/*
 * The kernel frees a link later than its ID and pin, from a queue of work: until
 * then its place is taken. It is tried again for a second in all.
 */
static int create_patiently(int prog_fd, const struct link_spot *spot)
{
	int fd = spot->hook->create(prog_fd, spot);

	for (int ms = 1; ms < 1000 && fd < 0 && may_clear(spot, prog_fd, fd); ms *= 2) {
		usleep(ms * 1000);
		fd = spot->hook->create(prog_fd, spot);
	}
	return fd;
}

int kern_link_create(int prog_fd, const struct link_spot *spot)
{
	int fd = fault_error("link create");

	if (!fd)
		fd = create_patiently(prog_fd, spot);
	fault_point("link create done");
	return fd;
}

int kern_link_update(int fd, int new_prog, int old_prog)
{
	LIBBPF_OPTS(bpf_link_update_opts, opts, .flags = BPF_F_REPLACE, .old_prog_fd = old_prog);
	int err = fault_error("link update");

	if (!err)
		err = bpf_link_update(fd, new_prog, &opts);
	fault_point("link update done");
	return err;
}

int kern_link_detach(int fd)
{
	int err = fault_error("link detach");

	if (!err)
		err = bpf_link_detach(fd);
	fault_point("link detach done");
	return err;
}

int kern_link_spot_open(struct link_spot *spot)
{
	return spot->hook && spot->hook->open ? spot->hook->open(spot) : -EOPNOTSUPP;
}

int kern_link_spot(int fd, struct link_spot *spot)
{
	struct bpf_link_info info;
	int err = kern_link_info(fd, &info);
	const struct hook *h;

	*spot = (struct link_spot){ .fd = -1 };
	if (err)
		return err;
	h = hook_of_link(info.type);
	if (!h || !h->locate)
		return -EOPNOTSUPP;
	err = h->locate(&info, spot);
	spot->hook = hook_of(h->id, spot->attach_type);
	return err ? err : kern_link_spot_open(spot);
}

bool kern_link_detachable(__u32 type)
{
	switch (type) {
	case BPF_LINK_TYPE_RAW_TRACEPOINT:
	case BPF_LINK_TYPE_TRACING:
	case BPF_LINK_TYPE_ITER:
	case BPF_LINK_TYPE_PERF_EVENT:
	case BPF_LINK_TYPE_KPROBE_MULTI:
	case BPF_LINK_TYPE_UPROBE_MULTI:
		return false;
	}
	return true;
}
