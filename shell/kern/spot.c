// SPDX-License-Identifier: BSD-2-Clause
/* Who is at a place where programs are attached, and by which link. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

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
