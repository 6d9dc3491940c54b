// SPDX-License-Identifier: BSD-2-Clause
/* Who is at a place where programs are attached, and by which link. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <unistd.h>

#include "shell/base/compat.h"
#include "shell/kern/attached.h"
#include "shell/kern/handle.h"
#include "shell/kern/link.h"
#include "shell/kern/object.h"
#include "shell/kern/spot.h"

enum spot_kind spot_kind(const struct link_spot *spot)
{
	switch (spot->place) {
	case LINK_ON_DEVICE:
		return spot->attach_type == BPF_XDP ? SPOT_XDP : SPOT_MPROG;
	case LINK_ON_CGROUP:
		return SPOT_CGROUP;
	case LINK_ON_NETNS:
		return SPOT_NETNS;
	case LINK_ON_TRACEPOINT:
		break;
	}
	return SPOT_TRACEPOINT;
}

bool spot_is_taken(const struct link_spot *spot, int err)
{
	switch (spot_kind(spot)) {
	case SPOT_XDP:
		return err == EBUSY || err == EEXIST;
	case SPOT_MPROG:
		return err == EEXIST;
	case SPOT_NETNS:
		/* E2BIG is of the number of links, of which flow dissection allows one. */
		return err == EBUSY || err == EEXIST ||
		       (err == E2BIG && spot->attach_type == BPF_FLOW_DISSECTOR);
	case SPOT_CGROUP:
	case SPOT_TRACEPOINT:
		break;
	}
	return false;
}

/* Whether a link is at the spot, as far as it tells: a device's number has no namespace. */
static bool is_at(const struct bpf_link_info *info, const struct link_spot *spot, __u32 prog_id)
{
	if (info->prog_id != prog_id)
		return false;
	if (info->type == BPF_LINK_TYPE_XDP)
		return spot->attach_type == BPF_XDP && info->xdp.ifindex == spot->ifindex;
	return info->type == BPF_LINK_TYPE_NETNS && spot->place == LINK_ON_NETNS &&
	       info->netns.netns_ino == spot->id && info->netns.attach_type == spot->attach_type;
}

static void find_links(const struct link_spot *spot, struct occupant *o)
{
	struct object_walk w = { .kind = OBJ_LINK };
	struct bpf_link_info info;
	int fd;

	while ((fd = kern_next_object(&w)) >= 0) {
		if (!kern_link_info(fd, &info) && is_at(&info, spot, o->prog_id)) {
			o->link_id = w.id;
			o->links++;
		}
		close(fd);
	}
}

/* Whether several XDP links tell the same number and program: of devices in several namespaces. */
static bool has_rivals(const struct bpf_link_info *info)
{
	struct link_spot spot = {
		.place = LINK_ON_DEVICE, .attach_type = BPF_XDP, .ifindex = info->xdp.ifindex
	};
	struct occupant o = { .prog_id = info->prog_id };

	find_links(&spot, &o);
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

static enum kern_sight mprog_sight(const struct bpf_link_info *info, const struct device_info *dev)
{
	enum kern_sight sight = KERN_ELSEWHERE;
	struct kern_attached *list;
	__u32 nr;
	int err = kern_attached(dev->ifindex, dev->attach_type, 0, &list, &nr);

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

/* Of several programs in a row, each with its link, the same one keeps itself out. */
static bool find_same(const struct kern_attached *list, __u32 nr, int prog_fd, struct occupant *o)
{
	struct bpf_prog_info prog;
	int fd;

	if (kern_prog_info(prog_fd, &prog))
		return false;
	for (__u32 i = 0; i < nr; i++) {
		if (list[i].prog_id != prog.id)
			continue;
		o->prog_id = prog.id;
		o->link_id = list[i].link_id;
		o->linkless = !o->link_id;
		fd = o->link_id ? kern_open_id(OBJ_LINK, o->link_id) : -1;
		o->links = fd >= 0;
		if (fd >= 0)
			close(fd);
		return true;
	}
	return false;
}

bool spot_occupant(const struct link_spot *spot, int prog_fd, struct occupant *o)
{
	bool device = spot->place == LINK_ON_DEVICE;
	struct kern_attached *list = NULL;
	bool found;
	__u32 nr;

	*o = (struct occupant){ 0 };
	if (spot->attach_type == BPF_XDP) {
		if (bpf_xdp_query_id(spot->ifindex, 0, &o->prog_id) || !o->prog_id)
			return false;
		find_links(spot, o);
		return true;
	}
	if (kern_attached(device ? (int)spot->ifindex : spot->fd, spot->attach_type, 0, &list, &nr))
		return false;
	if (device) {
		found = find_same(list, nr, prog_fd, o);
	} else {
		found = nr;
		o->prog_id = nr ? list[0].prog_id : 0;
		find_links(spot, o);
	}
	free(list);
	return found;
}
