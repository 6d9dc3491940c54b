// SPDX-License-Identifier: BSD-2-Clause
/* The hooks of network devices (XDP, tcx, netkit) and of network namespaces. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/kern/attached.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/hook.h"
#include "shell/kern/net.h"
#include "shell/kern/object.h"

#define OWN_NETNS "/proc/self/ns/net"

/* Devices */

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

int hook_find_device(const char *name, __u32 *ifindex, struct span at, struct diags *d)
{
	int err = kern_device(name, ifindex);

	if (!err)
		return 0;
	if (err != -ENODEV)
		return kern_error(d, at, -err, "look for the network device '%s'", name);
	diag_error(d, at, "no network device '%s' in this network namespace", name);
	hint_device(d, name);
	return -1;
}

static __u64 own_netns(void)
{
	struct stat st;

	return stat(OWN_NETNS, &st) ? 0 : st.st_ino;
}

static int device_find(struct link_spot *spot, const struct link_def *def, struct span at,
		       struct diags *d)
{
	spot->id = own_netns();
	return hook_find_device(def->target, &spot->ifindex, at, d);
}

static int device_create(int prog_fd, const struct link_spot *spot)
{
	return hook_link(prog_fd, (int)spot->ifindex, spot);
}

static int device_open(struct link_spot *spot)
{
	if (!spot->ifindex)
		return -ENOLINK;
	return spot->id == own_netns() ? 0 : -EXDEV;
}

/* A number alone might be that of another device, in this namespace. */
static int device_locate(const struct bpf_link_info *info, struct link_spot *spot)
{
	char name[IF_NAMESIZE];

	spot->id = own_netns();
	return spot->ifindex && kern_link_device(info, name) != KERN_HERE ? -ENOENT : 0;
}

/* XDP */

static bool xdp_is_at(const struct bpf_link_info *info, const struct link_spot *spot)
{
	return info->type == BPF_LINK_TYPE_XDP && info->xdp.ifindex == spot->ifindex;
}

/* Whether several XDP links tell the same number and program: of devices in several namespaces. */
static bool has_rivals(const struct bpf_link_info *info)
{
	struct link_spot spot = {
		.hook = hook_of_link(BPF_LINK_TYPE_XDP), .ifindex = info->xdp.ifindex
	};
	struct occupant o = { .prog_id = info->prog_id };

	occupant_links(&o, &spot);
	return o.links > 1;
}

static enum kern_sight xdp_sight(const struct bpf_link_info *info)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, found);

	if (bpf_xdp_query(info->xdp.ifindex, 0, &found))
		return KERN_UNSEEN;
	if (found.skb_prog_id != info->prog_id && found.drv_prog_id != info->prog_id &&
	    found.hw_prog_id != info->prog_id)
		return KERN_ELSEWHERE;
	return has_rivals(info) ? KERN_UNSEEN : KERN_HERE;
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

static int xdp_locate(const struct bpf_link_info *info, struct link_spot *spot)
{
	int err;

	spot->attach_type = BPF_XDP;
	spot->ifindex = info->xdp.ifindex;
	err = device_locate(info, spot);
	if (!err)
		spot->flags = xdp_mode(spot->ifindex, info->prog_id);
	return err;
}

static bool xdp_taken(const struct link_spot *spot, int err)
{
	return err == EBUSY || err == EEXIST;
}

static bool xdp_occupant(const struct link_spot *spot, int prog_fd, struct occupant *o)
{
	if (bpf_xdp_query_id(spot->ifindex, 0, &o->prog_id) || !o->prog_id)
		return false;
	occupant_links(o, spot);
	return true;
}

static void xdp_say_taken(struct buf *why, const struct link_spot *spot, const struct occupant *o,
			  int err)
{
	if (o)
		buf_printf(why, "it runs program %u already%s", o->prog_id,
			   err == EEXIST ? " in another XDP mode" : "");
	else if (err == EEXIST)
		buf_puts(why, "a device that it is part of has an XDP program");
}

/* The modes in which a device may have a program each, as bpf_xdp_query() tells them. */
static int xdp_list(const struct link_spot *spot, struct kern_attached **list, __u32 *nr)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, found);
	int err = bpf_xdp_query((int)spot->ifindex, 0, &found);
	const struct kern_attached modes[] = {
		{ found.drv_prog_id, XDP_FLAGS_DRV_MODE }, { found.skb_prog_id, XDP_FLAGS_SKB_MODE },
		{ found.hw_prog_id, XDP_FLAGS_HW_MODE },
	};

	if (err)
		return err;
	*list = xcalloc(ARRAY_SIZE(modes), sizeof(**list));
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (modes[i].prog_id && (!spot->flags || spot->flags & modes[i].prog_flags))
			(*list)[(*nr)++] = modes[i];
	return 0;
}

/* What was there says the mode, where the user did not. */
static int xdp_change(const struct link_spot *spot, const struct hook_change *c)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = c->old_fd);
	__u32 flags = spot->flags ? spot->flags : c->flags;

	if (c->old_fd < 0)
		return bpf_xdp_attach((int)spot->ifindex, c->new_fd,
				      flags | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
	return bpf_xdp_attach((int)spot->ifindex, c->new_fd, flags, &opts);
}

static const struct hook_type xdp_types[] = { { BPF_XDP, BPF_PROG_TYPE_XDP } };

static const struct refusal xdp_refusals[] = {
	{ EEXIST, "it has an XDP program in another mode already" },
	{ EBUSY, "it has an XDP program already" },
	{ ERANGE, "its MTU is too large for XDP" },
	{ EOPNOTSUPP, "the device's driver does not support it",
	  "'xdpgeneric' works on any device" },
	{ EINVAL, "the program was loaded for something else, or the kernel does not know this "
	  "attachment" },
	{ ENODEV, "the network device is gone" },
	{ 0 }
};

/* tcx and netkit: programs in a row, each with its link */

/*
 * The device that tells of a link: its own, but for one at a netkit peer, of
 * which the other end tells; 0 where that is in another namespace.
 */
static __u32 telling_device(const struct device_info *dev)
{
	struct kern_device *list;
	__u32 ifindex;
	size_t nr;

	if (dev->attach_type != BPF_NETKIT_PEER)
		return dev->ifindex;
	if (kern_devices(dev->ifindex, &list, &nr))
		return 0;
	ifindex = nr ? list->linked : 0;
	free(list);
	return ifindex;
}

static enum kern_sight mprog_sight(const struct bpf_link_info *info, const struct device_info *dev)
{
	enum kern_sight sight = KERN_ELSEWHERE;
	__u32 nr, ifindex = telling_device(dev);
	struct kern_attached *list;
	int err;

	if (!ifindex)
		return KERN_UNSEEN;
	err = kern_attached(ifindex, dev->attach_type, 0, &list, &nr);

	for (__u32 i = 0; i < nr; i++)
		if (list[i].link_id == info->id)
			sight = KERN_HERE;
	free(list);
	return err == -EPERM ? KERN_UNSEEN : sight;
}

enum kern_sight kern_link_device(const struct bpf_link_info *info, char name[IF_NAMESIZE])
{
	struct device_info dev;

	memcpy(&dev, &info->raw_tracepoint, sizeof(dev));
	if (!dev.ifindex || !if_indextoname(dev.ifindex, name))
		return KERN_ELSEWHERE;
	return info->type == BPF_LINK_TYPE_XDP ? xdp_sight(info) : mprog_sight(info, &dev);
}

static int mprog_locate(const struct bpf_link_info *info, struct link_spot *spot)
{
	struct device_info dev;

	memcpy(&dev, &info->raw_tracepoint, sizeof(dev));
	spot->attach_type = dev.attach_type;
	spot->ifindex = dev.ifindex;
	return device_locate(info, spot);
}

static bool mprog_taken(const struct link_spot *spot, int err)
{
	return err == EEXIST;
}

static bool mprog_is_at(const struct bpf_link_info *info, const struct link_spot *spot)
{
	struct device_info dev;

	memcpy(&dev, &info->raw_tracepoint, sizeof(dev));
	return info->type == spot->hook->link_type && dev.ifindex == spot->ifindex &&
	       dev.attach_type == spot->attach_type;
}

static int mprog_list(const struct link_spot *spot, struct kern_attached **list, __u32 *nr)
{
	return kern_attached((int)spot->ifindex, spot->attach_type, 0, list, nr);
}

static int mprog_change(const struct link_spot *spot, const struct hook_change *c)
{
	return hook_exchange((int)spot->ifindex, spot->attach_type, c);
}

static bool mprog_knows(__u32 flags)
{
	return !(flags & ~(BPF_F_REPLACE | BPF_F_BEFORE | BPF_F_AFTER));
}

static const struct hook_type tcx_ingress_types[] = {
	{ BPF_TCX_INGRESS, BPF_PROG_TYPE_SCHED_CLS,
	  .tc_kind = "tcx/ingress", .by_device = true }
}, tcx_egress_types[] = {
	{ BPF_TCX_EGRESS, BPF_PROG_TYPE_SCHED_CLS,
	  .tc_kind = "tcx/egress", .by_device = true }
}, netkit_types[] = {
	{ BPF_NETKIT_PRIMARY, .tc_kind = "netkit/primary", .by_device = true },
	{ BPF_NETKIT_PEER, .tc_kind = "netkit/peer", .by_device = true },
};

static const struct refusal mprog_refusals[] = {
	{ EEXIST, "this program is attached there already" },
	{ ERANGE, "a device takes no more programs of one attach type" },
	{ ESTALE, "what is attached there changed meanwhile", "try again" },
	{ EOPNOTSUPP, "the device does not support it" },
	{ EINVAL, "the program was loaded for something else, or the kernel does not know this "
	  "attachment" },
	{ ENODEV, "the network device is gone" },
	{ 0 }
};

/* Without a name, as after the device's end, its namespace is all that is left to say. */
#define ON_DEVICE .words = { "dev", "DEVICE" }, .place = "device",			\
	.unnamed = "this network namespace", .id = 0, .find = device_find,		\
	.create = device_create, .open = device_open

#define XDP ON_DEVICE, .types = xdp_types, .nr_types = ARRAY_SIZE(xdp_types),		\
	.link_type = BPF_LINK_TYPE_XDP, .refusals = xdp_refusals, .locate = xdp_locate,	\
	.is_at = xdp_is_at, .list = xdp_list, .change = xdp_change,			\
	.taken = xdp_taken, .occupant = xdp_occupant, .say_taken = xdp_say_taken

#define TCX(rows) ON_DEVICE, .types = (rows), .nr_types = ARRAY_SIZE(rows),		\
	.link_type = BPF_LINK_TYPE_TCX, .refusals = mprog_refusals,			\
	.locate = mprog_locate, .list = mprog_list, .change = mprog_change,		\
	.room = HOOK_ROW, .knows = mprog_knows, .is_at = mprog_is_at,			\
	.taken = mprog_taken, .occupant = occupant_same, .say_taken = occupant_say_same

const struct hook device_hooks[] = {
	{ "xdp", "packets as they arrive, in the best mode there is", XDP },
	{ "xdpgeneric", "the same behind the driver, on any device", XDP,
	  .flags = XDP_FLAGS_SKB_MODE },
	{ "xdpdrv", "the same in the driver", XDP, .flags = XDP_FLAGS_DRV_MODE },
	{ "xdpoffload", "the same in the device", XDP, .flags = XDP_FLAGS_HW_MODE },
	{ "tcx_ingress", "packets that come in, behind XDP", TCX(tcx_ingress_types) },
	{ "tcx_egress", "packets that go out", TCX(tcx_egress_types) },
	{ "netkit", .link_type = BPF_LINK_TYPE_NETKIT,
	  .types = netkit_types, .nr_types = ARRAY_SIZE(netkit_types) },
	{ 0 }
};

/* Network namespaces */

int hook_open_netns(__u64 *inode, struct span at, struct diags *d)
{
	int fd = open(OWN_NETNS, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st)) {
		*inode = st.st_ino;
		return fd;
	}
	kern_error(d, at, errno, "open this network namespace");
	if (fd >= 0)
		close(fd);
	return -1;
}

static int netns_find(struct link_spot *spot, const struct link_def *def, struct span at,
		      struct diags *d)
{
	spot->fd = hook_open_netns(&spot->id, at, d);
	return spot->fd < 0 ? -1 : 0;
}

static int netns_create(int prog_fd, const struct link_spot *spot)
{
	return hook_link(prog_fd, spot->fd, spot);
}

static int netns_locate(const struct bpf_link_info *info, struct link_spot *spot)
{
	spot->attach_type = info->netns.attach_type;
	spot->id = info->netns.netns_ino;
	return 0;
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

static int netns_open(struct link_spot *spot)
{
	spot->fd = spot->id ? open_netns_inode(spot->id) : -ENOLINK;
	return spot->fd < 0 ? spot->fd : 0;
}

static bool netns_is_at(const struct bpf_link_info *info, const struct link_spot *spot)
{
	return info->type == BPF_LINK_TYPE_NETNS && info->netns.netns_ino == spot->id &&
	       info->netns.attach_type == spot->attach_type;
}

static bool netns_taken(const struct link_spot *spot, int err)
{
	/* E2BIG is of the number of links, of which flow dissection allows one. */
	return err == EBUSY || err == EEXIST ||
	       (err == E2BIG && spot->attach_type == BPF_FLOW_DISSECTOR);
}

static bool netns_occupant(const struct link_spot *spot, int prog_fd, struct occupant *o)
{
	struct kern_attached *list;
	__u32 nr;

	if (kern_attached(spot->fd, spot->attach_type, 0, &list, &nr) || !nr)
		return false;
	o->prog_id = list[0].prog_id;
	free(list);
	occupant_links(o, spot);
	return true;
}

static void netns_say_taken(struct buf *why, const struct link_spot *spot,
			    const struct occupant *o, int err)
{
	if (o)
		buf_printf(why, "the network namespace runs program %u there already", o->prog_id);
	else if (spot->attach_type == BPF_FLOW_DISSECTOR)
		buf_puts(why, "another network namespace has a flow dissector: the first one's and "
			 "any other exclude each other");
}

/* Only flow dissection does without links; it is of the namespace that asks. */
static int netns_list(const struct link_spot *spot, struct kern_attached **list, __u32 *nr)
{
	return kern_attached(spot->fd, spot->attach_type, 0, list, nr);
}

static int netns_change(const struct link_spot *spot, const struct hook_change *c)
{
	return hook_exchange(0, spot->attach_type, c);
}

static const struct hook_type netns_types[] = {
	{ BPF_SK_LOOKUP, BPF_PROG_TYPE_SK_LOOKUP, .flagless = true },
	{ BPF_FLOW_DISSECTOR, BPF_PROG_TYPE_FLOW_DISSECTOR, .flagless = true },
};

static const struct refusal netns_refusals[] = {
	{ EEXIST, "the network namespace has such a program already" },
	{ EBUSY, "the network namespace has such a program already" },
	{ E2BIG, "the network namespace takes no more programs of this type" },
	{ EINVAL, "this type is for cgroups, not for network namespaces" },
	{ 0 }
};

const struct hook netns_hooks[] = {
	{ "netns", "this network namespace", { "TYPE" },
	  .place = "this network namespace", .unnamed = "this network namespace",
	  .id = 2, .link_type = BPF_LINK_TYPE_NETNS,
	  .types = netns_types, .nr_types = ARRAY_SIZE(netns_types),
	  .refusals = netns_refusals, .find = netns_find, .create = netns_create,
	  .locate = netns_locate, .open = netns_open, .list = netns_list,
	  .change = netns_change, .is_at = netns_is_at, .taken = netns_taken,
	  .occupant = netns_occupant, .say_taken = netns_say_taken },
	{ 0 }
};
