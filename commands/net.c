// SPDX-License-Identifier: BSD-2-Clause
/* What the programs of a network namespace are attached to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/attach.h"
#include "commands/common.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/kern/attached.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/hook.h"
#include "shell/kern/names.h"
#include "shell/kern/net.h"
#include "shell/kern/object.h"
#include "shell/lang/args.h"

/* The one row is made of lists alone. */
static const struct record net_record = { "net", (const struct column[]){ { 0 } } };

enum {
	XDP_DEV, XDP_IFINDEX, XDP_PLAIN, XDP_MODE, XDP_PROG, XDP_NAME, XDP_LINK, XDP_MULTI,
	XDP_COLUMNS
};

static const struct column xdp_columns[] = {
	[XDP_DEV] = { "devname", "%" },
	[XDP_IFINDEX] = { "ifindex", "(%)" },
	[XDP_PLAIN] = { "modes", "%", .flags = COL_PLAIN_ONLY },
	[XDP_MODE] = { "mode" },
	[XDP_PROG] = { "id" },
	[XDP_NAME] = { "name" },
	[XDP_LINK] = { "link_id" },
	[XDP_MULTI] = { "multi_attachments", .flags = COL_WIDE },
	[XDP_COLUMNS] = { 0 }
};

enum {
	TC_DEV, TC_IFINDEX, TC_KIND, TC_NAME, TC_FILTER_PROG, TC_ACT, TC_PROG, TC_PROG_FLAGS,
	TC_LINK, TC_PLAIN_LINK, TC_LINK_FLAGS, TC_COLUMNS
};

static const struct column tc_columns[] = {
	[TC_DEV] = { "devname", "%" },
	[TC_IFINDEX] = { "ifindex", "(%)" },
	[TC_KIND] = { "kind", " %" },
	[TC_NAME] = { "name", " %" },
	[TC_FILTER_PROG] = { "id", " id %" },
	[TC_ACT] = { "act", " act %", .flags = COL_WIDE },
	[TC_PROG] = { "prog_id", " prog_id %" },
	[TC_PROG_FLAGS] = { "prog_flags", .flags = COL_WIDE },
	[TC_LINK] = { "link_id" },
	[TC_PLAIN_LINK] = { "link", " link_id %", .flags = COL_PLAIN_ONLY },
	[TC_LINK_FLAGS] = { "link_flags", .flags = COL_WIDE },
	[TC_COLUMNS] = { 0 }
};

enum { DISSECTOR_PROG, DISSECTOR_LINK, DISSECTOR_COLUMNS };

static const struct column dissector_columns[] = {
	[DISSECTOR_PROG] = { "id", "id %" },
	[DISSECTOR_LINK] = { "link_id" },
	[DISSECTOR_COLUMNS] = { 0 }
};

enum {
	NF_PF, NF_FAMILY, NF_HOOK, NF_HOOK_NAME, NF_PRIO, NF_FLAGS, NF_PROG, NF_LINK, NF_NETNS,
	NF_ANY_NETNS, NF_COLUMNS
};

static const struct column netfilter_columns[] = {
	[NF_PF] = { "pf" },
	[NF_FAMILY] = { "family", "%", .flags = COL_PLAIN_ONLY },
	[NF_HOOK] = { "hook" },
	[NF_HOOK_NAME] = { "hook's name", " %", .flags = COL_PLAIN_ONLY },
	[NF_PRIO] = { "prio", " prio %" },
	[NF_FLAGS] = { "flags" },
	[NF_PROG] = { "id", " prog_id %" },
	[NF_LINK] = { "link_id", " link_id %" },
	/* Their links do not tell it, and those of all namespaces are listed. */
	[NF_NETNS] = { "netns_ino", .flags = COL_WIDE },
	[NF_ANY_NETNS] = { "any netns", " netns unknown", .flags = COL_PLAIN_ONLY },
	[NF_COLUMNS] = { 0 }
};

static const struct record xdp_record = { "xdp", xdp_columns, .title = "xdp:\n" };
static const struct record tc_record = { "tc", tc_columns, .title = "tc:\n" };
static const struct record dissector_record = {
	"flow_dissector", dissector_columns, .title = "flow_dissector:\n"
};
static const struct record netfilter_record = {
	"netfilter", netfilter_columns, .title = "netfilter:\n"
};

/* What the links tell: those of netfilter and XDP, and the one that holds the flow dissector. */
struct listing {
	struct ctx *ctx;
	struct kern_device *devices;
	size_t nr_devices;
	__u64 netns;			/* the namespace's inode */
	__u32 dissector, dissector_link;
	struct netfilter {
		struct netfilter_info at;
		__u32 prog_id, link_id;
	} *netfilters;
	size_t nr_netfilters;
	struct xdp_link {
		__u32 ifindex, prog_id, id;
	} *xdp_links;
	size_t nr_xdp_links;
};

/* XDP */

static const char *const xdp_modes[] = {
	[KERN_XDP_GENERIC] = "generic", [KERN_XDP_DRIVER] = "driver", [KERN_XDP_OFFLOAD] = "offload"
};

/* The name of a program that may be gone by now. */
static void name_of(__u32 id, char *name, size_t size)
{
	struct bpf_prog_info info;
	int fd = kern_open_id(OBJ_PROG, id);

	*name = '\0';
	if (fd < 0)
		return;
	if (!kern_prog_info(fd, &info))
		kern_prog_name(fd, &info, name, size);
	close(fd);
}

/*
 * The link of a program on a device; 0: none, or several that tell the same number
 * and program, so that all but one are in other namespaces.
 */
static __u32 xdp_link(const struct listing *l, __u32 ifindex, __u32 prog_id)
{
	__u32 id = 0, nr = 0;

	for (size_t i = 0; i < l->nr_xdp_links; i++) {
		const struct xdp_link *link = &l->xdp_links[i];

		if (link->ifindex == ifindex && link->prog_id == prog_id) {
			id = link->id;
			nr++;
		}
	}
	return nr == 1 ? id : 0;
}

/* A program on a device, in one of the modes. */
struct xdp_prog {
	const char *mode;
	__u32 id, link;
	char name[128];
};

static void put_xdp(struct cell *row, struct buf *plain, const struct xdp_prog *p)
{
	buf_printf(plain, " %s id %u", p->mode, p->id);
	if (*p->name)
		buf_printf(plain, " name %s", p->name);
	if (p->link)
		buf_printf(plain, " link_id %u", p->link);
	row[XDP_MODE] = cell_str(p->mode);
	row[XDP_PROG] = cell_u64(p->id);
	row[XDP_NAME] = cell_str(p->name);
	row[XDP_LINK] = p->link ? cell_u64(p->link) : CELL(.kind = CELL_NONE);
}

static jv xdp_json(const struct xdp_prog *p)
{
	jv one = JV_OBJECT(jv_string("mode"), jv_string(p->mode), jv_string("id"), jv_number(p->id));

	if (*p->name)
		one = jv_object_set(one, jv_string("name"), jv_string(p->name));
	return p->link ? jv_object_set(one, jv_string("link_id"), jv_number(p->link)) : one;
}

static int show_xdp(const struct listing *l, const struct kern_device *dev)
{
	struct cell row[XDP_COLUMNS] = {
		[XDP_DEV] = cell_str(dev->name), [XDP_IFINDEX] = cell_u64(dev->ifindex)
	};
	struct xdp_prog progs[KERN_XDP_MODES];
	struct buf plain = BUF_INIT;
	jv all = jv_array();
	int nr = 0, err = 0;

	for (int mode = 0; mode < KERN_XDP_MODES; mode++) {
		struct xdp_prog *p = &progs[nr];

		if (!dev->xdp[mode])
			continue;
		*p = (struct xdp_prog){ xdp_modes[mode], dev->xdp[mode],
					xdp_link(l, dev->ifindex, dev->xdp[mode]) };
		name_of(p->id, p->name, sizeof(p->name));
		put_xdp(row, &plain, p);
		all = jv_array_append(all, xdp_json(p));
		nr++;
	}
	for (int i = XDP_MODE; i < XDP_MULTI && nr > 1; i++)
		row[i] = CELL(.kind = CELL_NONE);
	if (nr > 1)
		row[XDP_MULTI] = CELL(.kind = CELL_JSON, .json = all);
	row[XDP_PLAIN] = cell_str(buf_str(&plain));
	if (nr)
		err = sink_row(l->ctx->sink, row);
	jv_free(all);
	buf_free(&plain);
	return err;
}

/* Traffic control */

static jv actions(const struct kern_tc *tc)
{
	jv list = jv_array();

	for (size_t i = 0; i < tc->nr_actions; i++)
		list = jv_array_append(list, JV_OBJECT(
			jv_string("name"), jv_string(tc->actions[i].name),
			jv_string("id"), jv_number(tc->actions[i].prog_id)));
	return list;
}

/* The flags, each by itself, as bpftool has them. */
static struct cell flags_cell(__u32 flags, __u32 list[32])
{
	size_t nr = 0;

	for (int i = 0; i < 32; i++)
		if (flags & 1u << i)
			list[nr++] = 1u << i;
	return CELL(.kind = CELL_U32S, .u32s = { list, nr });
}

/* Returns 1 where the output failed, which no errno is. */
static int show_tc(void *arg, const struct kern_tc *tc)
{
	__u32 prog_flags[32], link_flags[32];
	char name[KERN_NAME_MAX];
	jv act = jv_invalid();
	struct ctx *ctx = arg;
	int err;
	struct cell row[TC_COLUMNS] = {
		[TC_DEV] = cell_str(tc->dev->name), [TC_IFINDEX] = cell_u64(tc->dev->ifindex),
		[TC_KIND] = cell_str(tc->kind),
	};

	if (tc->attached) {
		name_of(tc->prog_id, name, sizeof(name));
		row[TC_NAME] = cell_str(name);
		row[TC_PROG] = cell_u64(tc->prog_id);
		row[TC_PROG_FLAGS] = flags_cell(tc->attached->prog_flags, prog_flags);
		row[TC_LINK] = cell_u64(tc->attached->link_id);
		if (tc->attached->link_id)
			row[TC_PLAIN_LINK] = row[TC_LINK];
		row[TC_LINK_FLAGS] = flags_cell(tc->attached->link_flags, link_flags);
	} else {
		row[TC_NAME] = cell_str(tc->name);
		if (tc->prog_id)
			row[TC_FILTER_PROG] = cell_u64(tc->prog_id);
	}
	if (tc->has_actions) {
		act = actions(tc);
		row[TC_ACT] = CELL(.kind = CELL_JSON, .json = act);
	}
	err = sink_row(ctx->sink, row);
	jv_free(act);
	return err ? 1 : 0;
}

static int show_all_tc(struct listing *l)
{
	int err = kern_tc(l->devices, l->nr_devices, show_tc, l->ctx);

	if (err >= 0)
		return err ? -1 : 0;
	return kern_call_error(l->ctx->diags, l->ctx->span, KERN_LISTING, -err,
			       "list the programs of tc");
}

/* Netfilter */

static int show_netfilter(struct ctx *ctx, const struct netfilter *n)
{
	struct cell row[NF_COLUMNS] = {
		[NF_PF] = cell_u64(n->at.pf),
		[NF_FAMILY] = type_cell(kern_netfilter_family(n->at.pf), n->at.pf),
		[NF_HOOK] = cell_u64(n->at.hooknum),
		[NF_HOOK_NAME] = type_cell(kern_netfilter_hook(n->at.pf, n->at.hooknum),
					     n->at.hooknum),
		[NF_PRIO] = CELL(.kind = CELL_S64, .s = n->at.priority),
		[NF_FLAGS] = cell_u64(n->at.flags),
		[NF_PROG] = cell_u64(n->prog_id), [NF_LINK] = cell_u64(n->link_id),
		[NF_NETNS] = CELL(.kind = CELL_NULL), [NF_ANY_NETNS] = cell_bool(true),
	};

	return sink_row(ctx->sink, row);
}

/* As packets pass them. */
static int compare_netfilters(const void *a, const void *b)
{
	const struct netfilter *x = a, *y = b;

	if (x->at.pf != y->at.pf)
		return x->at.pf < y->at.pf ? -1 : 1;
	if (x->at.hooknum != y->at.hooknum)
		return x->at.hooknum < y->at.hooknum ? -1 : 1;
	if (x->at.priority != y->at.priority)
		return x->at.priority < y->at.priority ? -1 : 1;
	return x->link_id < y->link_id ? -1 : 1;
}

/* What is attached to the namespace, and by links */

static int find_dissector(struct listing *l)
{
	struct kern_attached *list = NULL;
	struct ctx *ctx = l->ctx;
	int fd = hook_open_netns(&l->netns, ctx->span, ctx->diags), err;
	__u32 nr = 0;

	if (fd < 0)
		return -1;
	err = kern_attached(fd, BPF_FLOW_DISSECTOR, 0, &list, &nr);
	close(fd);
	if (nr)
		l->dissector = list[0].prog_id;
	free(list);
	/* Not all kernels have them. */
	if (err && err != -EINVAL)
		return kern_call_error(ctx->diags, ctx->span, KERN_LISTING, -err,
				       "query what is attached to this network namespace");
	return 0;
}

static void note_link(struct listing *l, const struct bpf_link_info *info)
{
	struct netfilter n = { .prog_id = info->prog_id, .link_id = info->id };

	if (info->type == BPF_LINK_TYPE_NETNS && info->netns.netns_ino == l->netns &&
	    info->netns.attach_type == BPF_FLOW_DISSECTOR)
		l->dissector_link = info->id;
	if (info->type == BPF_LINK_TYPE_XDP) {
		GROW(l->xdp_links, l->nr_xdp_links);
		l->xdp_links[l->nr_xdp_links++] = (struct xdp_link){
			info->xdp.ifindex, info->prog_id, info->id
		};
	}
	if (info->type != BPF_LINK_TYPE_NETFILTER)
		return;
	memcpy(&n.at, &info->raw_tracepoint, sizeof(n.at));
	GROW(l->netfilters, l->nr_netfilters);
	l->netfilters[l->nr_netfilters++] = n;
}

static int find_links(struct listing *l)
{
	struct object_walk w = { .kind = OBJ_LINK };
	struct bpf_link_info info;

	while (!kern_next_link(&w, &info))
		note_link(l, &info);
	if (l->nr_netfilters)
		qsort(l->netfilters, l->nr_netfilters, sizeof(*l->netfilters), compare_netfilters);
	if (w.err && !w.err_id)
		return walk_ended(l->ctx, &w);
	note_left_out(l->ctx, w.err, "a link is");
	return 0;
}

static int find_devices(struct listing *l, const struct value *name)
{
	struct ctx *ctx = l->ctx;
	__u32 ifindex = 0;
	int err;

	if (name->kind == VALUE_STR &&
	    hook_find_device(name->str, &ifindex, name->span, ctx->diags))
		return -1;
	err = kern_devices(ifindex, &l->devices, &l->nr_devices);
	return err ? kern_error(ctx->diags, ctx->span, -err, "list the network devices") : 0;
}

static int show_lists(struct listing *l)
{
	struct sink *s = l->ctx->sink;
	int err = sink_open(s, &CELL(0), "xdp", &xdp_record);

	for (size_t i = 0; i < l->nr_devices && !err; i++)
		err = show_xdp(l, &l->devices[i]);
	if (err || sink_next(s, "tc", &tc_record) || show_all_tc(l) ||
	    sink_next(s, "flow_dissector", &dissector_record))
		return -1;
	if (l->dissector) {
		struct cell row[DISSECTOR_COLUMNS] = {
			[DISSECTOR_PROG] = cell_u64(l->dissector),
		};

		if (l->dissector_link)
			row[DISSECTOR_LINK] = cell_u64(l->dissector_link);
		err = sink_row(s, row);
	}
	if (err || sink_next(s, "netfilter", &netfilter_record))
		return -1;
	for (size_t i = 0; i < l->nr_netfilters && !err; i++)
		err = show_netfilter(l->ctx, &l->netfilters[i]);
	return err ? -1 : sink_close(s);
}

enum { SHOW_DEV };

static int net_show(struct ctx *ctx, struct value *argv)
{
	struct listing l = { .ctx = ctx };
	int err = find_devices(&l, &argv[SHOW_DEV]);

	if (!err)
		err = find_dissector(&l);
	if (!err)
		err = find_links(&l);
	if (!err) {
		sink_begin(ctx->sink, &net_record, SINK_LIST);
		err = show_lists(&l);
	}
	free(l.devices);
	free(l.netfilters);
	free(l.xdp_links);
	return err ? -1 : sink_end(ctx->sink);
}

static const struct cmd net_show_cmd = {
	.object = "net", .verb = "show", .alias = "list", .place = 1,
	.help = "show programs on network devices, of flow dissection and netfilter",
	.args = ARGS(
		[SHOW_DEV] = { "dev", &arg_device, ARG_KEYWORD | ARG_OPTIONAL,
			"only this device's, of XDP and tc" }),
	.flags = CMD_DEFAULT,
	.run = net_show,
	.examples = STRINGS("net show", "net show dev eth0"),
};

const struct cmd *const net_cmds[] = {
	&net_show_cmd, &net_attach_cmd, &net_detach_cmd, CMD_HELP("net", 5), NULL
};
