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

#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/base/fault.h"
#include "shell/base/interrupt.h"
#include "shell/kern/cgroup.h"
#include "shell/kern/error.h"
#include "shell/kern/link.h"
#include "shell/kern/net.h"
#include "shell/kern/object.h"
#include "shell/kern/spot.h"

#define OWN_NETNS "/proc/self/ns/net"

void link_spot_free(struct link_spot *spot)
{
	if (spot->fd >= 0)
		close(spot->fd);
	free(spot->tracepoint);
	*spot = (struct link_spot){ .fd = -1 };
}

struct device_names {
	const char **list;
	size_t nr;
};

static void add_device_name(void *arg, const char *name, const char *device)
{
	struct device_names *n = arg;

	GROW(n->list, n->nr);
	n->list[n->nr++] = xstrdup(name);
}

/* The device whose name is most like @name, as a hint. */
static void hint_device(struct diags *d, const char *name)
{
	struct device_names n = { 0 };

	kern_device_names(add_device_name, &n);
	GROW(n.list, n.nr);
	n.list[n.nr] = NULL;
	diag_suggest(d, name, n.list);
	for (size_t i = 0; i < n.nr; i++)
		free((char *)n.list[i]);
	free(n.list);
}

static int find_device(struct link_spot *spot, const char *name, struct span at, struct diags *d)
{
	int err = kern_device(name, &spot->ifindex);

	if (!err)
		return 0;
	if (err != -ENODEV)
		return kern_error(d, at, -err, "look for the network device '%s'", name);
	diag_error(d, at, "no network device '%s' in this network namespace", name);
	hint_device(d, name);
	return -1;
}

/* Programs are only for those of version 2, which may be mounted beside version 1. */
static int no_cgroup2(const char *path, bool version_1, struct span at, struct diags *d)
{
	char *root = kern_cgroup_root();

	if (version_1)
		diag_error(d, at, "'%s' is a cgroup of version 1, which takes no programs", path);
	else
		diag_error(d, at, "'%s' is no cgroup of version 2", path);
	if (root)
		diag_hint(d, "those of version 2 are '%s' and the folders in it", root);
	else
		diag_hint(d, "they are the folders of a mounted cgroup2, which is nowhere here");
	free(root);
	return -1;
}

static int find_cgroup(struct link_spot *spot, const char *path, struct span at, struct diags *d)
{
	struct statfs fs = { 0 };
	struct stat st;

	spot->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (spot->fd < 0)
		return kern_error(d, at, errno, "open the cgroup '%s'", path);
	if (!fstatfs(spot->fd, &fs) && (__u32)fs.f_type == CGROUP2_SUPER_MAGIC &&
	    !fstat(spot->fd, &st)) {
		spot->id = st.st_ino;
		return 0;
	}
	return no_cgroup2(path, (__u32)fs.f_type == CGROUP_SUPER_MAGIC, at, d);
}

static int find_netns(struct link_spot *spot, struct span at, struct diags *d)
{
	struct stat st;

	spot->fd = open(OWN_NETNS, O_RDONLY | O_CLOEXEC);
	if (spot->fd < 0 || fstat(spot->fd, &st))
		return kern_error(d, at, errno, "open this network namespace");
	spot->id = st.st_ino;
	return 0;
}

int kern_link_find(const struct link_def *def, struct link_spot *spot, struct span at,
		   struct diags *d)
{
	*spot = (struct link_spot){
		.place = def->place, .attach_type = def->attach_type, .flags = def->flags, .fd = -1
	};
	switch (def->place) {
	case LINK_ON_DEVICE:
		return find_device(spot, def->target, at, d);
	case LINK_ON_CGROUP:
		return find_cgroup(spot, def->target, at, d);
	case LINK_ON_NETNS:
		return find_netns(spot, at, d);
	case LINK_ON_TRACEPOINT:
		spot->tracepoint = xstrdup(def->target);
		return 0;
	}
	return -1;
}

static int create_once(int prog_fd, const struct link_spot *spot)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = spot->flags);
	int target = spot->place == LINK_ON_DEVICE ? (int)spot->ifindex : spot->fd;

	if (spot->place == LINK_ON_TRACEPOINT)
		return bpf_raw_tracepoint_open(spot->tracepoint, prog_fd);
	return bpf_link_create(prog_fd, target, spot->attach_type, &opts);
}

/* True where what was in the way is gone by now, or has no link: then its end may be near. */
static bool may_clear(const struct link_spot *spot, int prog_fd, int err)
{
	struct occupant o;

	if (!spot_is_taken(spot, -err) || interrupted())
		return false;
	if (!spot_occupant(spot, prog_fd, &o))
		return err == -EBUSY;
	return !o.links && !o.linkless;
}

/*
 * The kernel frees a link later than its ID and pin, from a queue of work: until
 * then its place is taken. It is tried again for a second in all.
 */
static int create_patiently(int prog_fd, const struct link_spot *spot)
{
	int fd = create_once(prog_fd, spot);

	for (int ms = 1; ms < 1000 && fd < 0 && may_clear(spot, prog_fd, fd); ms *= 2) {
		usleep(ms * 1000);
		fd = create_once(prog_fd, spot);
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

/* The mode in which an XDP program runs on a device, as a flag of link creation. */
static __u32 xdp_mode(__u32 ifindex, __u32 prog_id)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, found);

	if (bpf_xdp_query(ifindex, 0, &found))
		return 0;
	if (found.skb_prog_id == prog_id)
		return XDP_FLAGS_SKB_MODE;
	if (found.drv_prog_id == prog_id)
		return XDP_FLAGS_DRV_MODE;
	return found.hw_prog_id == prog_id ? XDP_FLAGS_HW_MODE : 0;
}

/* A descriptor on the cgroup2 file system, wherever it is mounted; -1 where it is not. */
static int open_cgroups(void)
{
	char *root = kern_cgroup_root();
	int fd = root ? open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	free(root);
	return fd;
}

/* Opens a cgroup by its ID, which is its file handle (FILEID_KERNFS of linux/exportfs.h). */
static int open_cgroup_id(__u64 id)
{
	struct {
		struct file_handle head;
		__u64 id;
	} handle = { .head = { .handle_bytes = sizeof(id), .handle_type = 0xfe }, .id = id };
	int mount = open_cgroups(), fd;

	if (mount < 0)
		return -ENOENT;
	fd = open_by_handle_at(mount, &handle.head, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	close(mount);
	return fd;
}

/* Opens the network namespace of a link, which can only be found where it is ours. */
static int open_netns_inode(__u64 inode)
{
	struct stat st;
	int fd = open(OWN_NETNS, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && (fstat(fd, &st) || st.st_ino != inode)) {
		close(fd);
		return -EXDEV;
	}
	return fd < 0 ? -errno : fd;
}

static __u64 own_netns(void)
{
	struct stat st;

	return stat(OWN_NETNS, &st) ? 0 : st.st_ino;
}

int kern_link_spot_open(struct link_spot *spot)
{
	switch (spot->place) {
	case LINK_ON_DEVICE:
		if (!spot->ifindex)
			return -ENOLINK;
		return spot->id == own_netns() ? 0 : -EXDEV;
	case LINK_ON_CGROUP:
	case LINK_ON_NETNS:
		if (!spot->id)
			return -ENOLINK;
		spot->fd = spot->place == LINK_ON_CGROUP ? open_cgroup_id(spot->id) :
			   open_netns_inode(spot->id);
		return spot->fd < 0 ? spot->fd : 0;
	case LINK_ON_TRACEPOINT:
		break;
	}
	return -EOPNOTSUPP;
}

/* A number alone might be that of another device, in this namespace. */
static int device_spot(const struct bpf_link_info *info, struct link_spot *spot)
{
	struct device_info dev;
	char name[IF_NAMESIZE];

	memcpy(&dev, &info->xdp, sizeof(dev));
	spot->place = LINK_ON_DEVICE;
	spot->ifindex = dev.ifindex;
	spot->attach_type = info->type == BPF_LINK_TYPE_XDP ? BPF_XDP : dev.attach_type;
	if (dev.ifindex && kern_link_device(info, name) != KERN_HERE)
		return -ENOENT;
	if (info->type == BPF_LINK_TYPE_XDP)
		spot->flags = xdp_mode(dev.ifindex, info->prog_id);
	return 0;
}

int kern_link_spot(int fd, struct link_spot *spot)
{
	struct bpf_link_info info;
	int err = kern_link_info(fd, &info);

	*spot = (struct link_spot){ .fd = -1 };
	if (err)
		return err;
	switch (info.type) {
	case BPF_LINK_TYPE_XDP:
	case BPF_LINK_TYPE_TCX:
		err = device_spot(&info, spot);
		break;
	case BPF_LINK_TYPE_CGROUP:
		spot->place = LINK_ON_CGROUP;
		spot->attach_type = info.cgroup.attach_type;
		spot->id = info.cgroup.cgroup_id;
		break;
	case BPF_LINK_TYPE_NETNS:
		spot->place = LINK_ON_NETNS;
		spot->attach_type = info.netns.attach_type;
		spot->id = info.netns.netns_ino;
		break;
	default:
		return -EOPNOTSUPP;
	}
	if (spot->place == LINK_ON_DEVICE)
		spot->id = own_netns();
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
