// SPDX-License-Identifier: BSD-2-Clause
/* The hook of maps of sockets: programs that see what the sockets in them send and get. */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/kern/attached.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/hook.h"
#include "shell/kern/object.h"

static int map_find(struct link_spot *spot, const struct link_def *def, struct span at,
		    struct diags *d)
{
	if (!def->map || def->map->fd < 0)
		return diag_error(d, at, "a map of sockets is needed, to attach to");
	spot->id = def->map->id;
	spot->fd = fcntl(def->map->fd, F_DUPFD_CLOEXEC, 3);
	return spot->fd < 0 ? kern_error(d, at, errno, "keep the map") : 0;
}

static int map_open(struct link_spot *spot)
{
	spot->fd = spot->id <= UINT32_MAX ? kern_open_id(OBJ_MAP, spot->id) : -ENOENT;
	return spot->fd < 0 ? spot->fd : 0;
}

static int map_list(const struct link_spot *spot, struct kern_attached **list, __u32 *nr)
{
	return kern_attached(spot->fd, spot->attach_type, 0, list, nr);
}

static int map_change(const struct link_spot *spot, const struct hook_change *c)
{
	return hook_exchange(spot->fd, spot->attach_type, c);
}

/* Short names are those that bpftool had first. */
static const struct hook_type map_types[] = {
	{ BPF_SK_MSG_VERDICT, BPF_PROG_TYPE_SK_MSG, "msg_verdict", .flagless = true },
	{ BPF_SK_SKB_VERDICT, BPF_PROG_TYPE_SK_SKB, "skb_verdict", .flagless = true },
	{ BPF_SK_SKB_STREAM_VERDICT, BPF_PROG_TYPE_SK_SKB, "stream_verdict", .flagless = true },
	{ BPF_SK_SKB_STREAM_PARSER, BPF_PROG_TYPE_SK_SKB, "stream_parser", .flagless = true },
};

static const struct refusal map_refusals[] = {
	{ EOPNOTSUPP, "the map holds no sockets, or takes no programs of this type" },
	{ EINVAL, "the map holds no sockets, or this kernel cannot tell what is attached to it" },
	{ EBUSY, "a map has a stream verdict or a verdict, not both" },
	{ 0 }
};

const struct hook map_hooks[] = {
	{ "sockmap", "what the sockets of a map send and get", { "TYPE" },
	  .place = "map", .unnamed = "the map", .id = 4, .link_type = BPF_LINK_TYPE_SOCKMAP,
	  .types = map_types, .nr_types = ARRAY_SIZE(map_types), .refusals = map_refusals,
	  .find = map_find, .open = map_open, .list = map_list, .change = map_change },
	{ 0 }
};
