// SPDX-License-Identifier: BSD-2-Clause
/* The hook of cgroups, with all their attach types. */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/kern/attached.h"
#include "shell/kern/cgroup.h"
#include "shell/kern/error.h"
#include "shell/kern/hook.h"

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

int hook_open_cgroup(const char *path, __u64 *id, struct span at, struct diags *d)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs = { 0 };
	struct stat st;

	if (fd < 0)
		return kern_error(d, at, errno, "open the cgroup '%s'", path);
	if (!fstatfs(fd, &fs) && (__u32)fs.f_type == CGROUP2_SUPER_MAGIC && !fstat(fd, &st)) {
		*id = st.st_ino;
		return fd;
	}
	close(fd);
	return no_cgroup2(path, (__u32)fs.f_type == CGROUP_SUPER_MAGIC, at, d);
}

static int cgroup_find(struct link_spot *spot, const struct link_def *def, struct span at,
		       struct diags *d)
{
	spot->fd = hook_open_cgroup(def->target, &spot->id, at, d);
	return spot->fd < 0 ? -1 : 0;
}

static int cgroup_create(int prog_fd, const struct link_spot *spot)
{
	return hook_link(prog_fd, spot->fd, spot);
}

static int cgroup_locate(const struct bpf_link_info *info, struct link_spot *spot)
{
	spot->attach_type = info->cgroup.attach_type;
	spot->id = info->cgroup.cgroup_id;
	return 0;
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

static int cgroup_open(struct link_spot *spot)
{
	spot->fd = spot->id ? open_cgroup_id(spot->id) : -ENOLINK;
	return spot->fd < 0 ? spot->fd : 0;
}

static int cgroup_list(const struct link_spot *spot, struct kern_attached **list, __u32 *nr)
{
	return kern_attached(spot->fd, spot->attach_type, 0, list, nr);
}

static int cgroup_change(const struct link_spot *spot, const struct hook_change *c)
{
	return hook_exchange(spot->fd, spot->attach_type, c);
}

/* A flag that the kernel does not know is refused before the missing program is. */
static bool cgroup_knows(__u32 flags)
{
	const struct hook_change c = { .old_fd = -1, .new_fd = INT_MAX, .flags = flags };

	return hook_exchange(-1, BPF_CGROUP_INET_INGRESS, &c) == -EBADF;
}

static bool cgroup_is_at(const struct bpf_link_info *info, const struct link_spot *spot)
{
	return info->type == BPF_LINK_TYPE_CGROUP && info->cgroup.cgroup_id == spot->id &&
	       info->cgroup.attach_type == spot->attach_type;
}

/* The same program keeps itself out; one that a link attaches does not. */
static bool cgroup_taken(const struct link_spot *spot, int err)
{
	return err == EINVAL;
}


/* In the order of their numbers. */
static const struct hook_type cgroup_types[] = {
	{ BPF_CGROUP_INET_INGRESS, BPF_PROG_TYPE_CGROUP_SKB, "ingress" },
	{ BPF_CGROUP_INET_EGRESS, BPF_PROG_TYPE_CGROUP_SKB, "egress" },
	{ BPF_CGROUP_INET_SOCK_CREATE, BPF_PROG_TYPE_CGROUP_SOCK, "sock_create" },
	{ BPF_CGROUP_SOCK_OPS, BPF_PROG_TYPE_SOCK_OPS, "sock_ops" },
	{ BPF_CGROUP_DEVICE, BPF_PROG_TYPE_CGROUP_DEVICE, "device" },
	{ BPF_CGROUP_INET4_BIND, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "bind4" },
	{ BPF_CGROUP_INET6_BIND, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "bind6" },
	{ BPF_CGROUP_INET4_CONNECT, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "connect4" },
	{ BPF_CGROUP_INET6_CONNECT, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "connect6" },
	{ BPF_CGROUP_INET4_POST_BIND, BPF_PROG_TYPE_CGROUP_SOCK, "post_bind4" },
	{ BPF_CGROUP_INET6_POST_BIND, BPF_PROG_TYPE_CGROUP_SOCK, "post_bind6" },
	{ BPF_CGROUP_UDP4_SENDMSG, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "sendmsg4" },
	{ BPF_CGROUP_UDP6_SENDMSG, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "sendmsg6" },
	{ BPF_CGROUP_SYSCTL, BPF_PROG_TYPE_CGROUP_SYSCTL, "sysctl" },
	{ BPF_CGROUP_UDP4_RECVMSG, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "recvmsg4" },
	{ BPF_CGROUP_UDP6_RECVMSG, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "recvmsg6" },
	{ BPF_CGROUP_GETSOCKOPT, BPF_PROG_TYPE_CGROUP_SOCKOPT, "getsockopt" },
	{ BPF_CGROUP_SETSOCKOPT, BPF_PROG_TYPE_CGROUP_SOCKOPT, "setsockopt" },
	{ BPF_CGROUP_INET4_GETPEERNAME, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "getpeername4" },
	{ BPF_CGROUP_INET6_GETPEERNAME, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "getpeername6" },
	{ BPF_CGROUP_INET4_GETSOCKNAME, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "getsockname4" },
	{ BPF_CGROUP_INET6_GETSOCKNAME, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "getsockname6" },
	{ BPF_CGROUP_INET_SOCK_RELEASE, BPF_PROG_TYPE_CGROUP_SOCK, "sock_release" },
	{ BPF_CGROUP_UNIX_CONNECT, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "connect_unix" },
	{ BPF_CGROUP_UNIX_SENDMSG, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "sendmsg_unix" },
	{ BPF_CGROUP_UNIX_RECVMSG, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "recvmsg_unix" },
	{ BPF_CGROUP_UNIX_GETPEERNAME, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "getpeername_unix" },
	{ BPF_CGROUP_UNIX_GETSOCKNAME, BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "getsockname_unix" },
};

static const struct refusal cgroup_refusals[] = {
	{ EPERM, "what is attached there, or above, allows no further program" },
	{ E2BIG, "a cgroup takes no more programs of one type" },
	{ EINVAL, "the program was loaded for another attach type" },
	{ EBADF, "it is no cgroup of version 2" },
	{ 0 }
};

const struct hook cgroup_hooks[] = {
	{ "cgroup", "what the processes of a cgroup do", { "PATH", "TYPE" },
	  .place = "cgroup", .unnamed = "its cgroup",
	  .id = 1, .link_type = BPF_LINK_TYPE_CGROUP,
	  .types = cgroup_types, .nr_types = ARRAY_SIZE(cgroup_types),
	  .type_hint = "types are written as 'egress' or 'cgroup_inet_egress'",
	  .refusals = cgroup_refusals, .find = cgroup_find, .create = cgroup_create,
	  .locate = cgroup_locate, .open = cgroup_open, .list = cgroup_list,
	  .change = cgroup_change, .room = HOOK_BY_FLAG,
	  .knows = cgroup_knows, .is_at = cgroup_is_at, .taken = cgroup_taken,
	  .occupant = occupant_same, .say_taken = occupant_say_same },
	{ 0 }
};
