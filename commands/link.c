// SPDX-License-Identifier: BSD-2-Clause
/* Links: what attaches a program to its place. */
#include <net/if.h>
#include <string.h>

#include "commands/common.h"
#include "commands/holders.h"
#include "commands/pins.h"
#include "render/sink/sink.h"
#include "shell/base/compat.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/link.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/kern/target.h"
#include "shell/lang/args.h"
#include "shell/op/ops.h"
#include "shell/txn/txn.h"

enum {
	LINK_ID, LINK_TYPE, LINK_PROG, LINK_MAP, LINK_TARGET, LINK_NO_TARGET, LINK_MODULE,
	LINK_TARGET_PROG, LINK_PROG_TYPE, LINK_TP, LINK_CGROUP, LINK_NO_CGROUP, LINK_NETNS,
	LINK_NO_NETNS, LINK_DEV, LINK_IFINDEX, LINK_KNOWN_IFINDEX, LINK_FAR_IFINDEX, LINK_SIGHT,
	LINK_ATTACH, LINK_TARGET_OBJ, LINK_TARGET_BTF, LINK_PF, LINK_HOOK, LINK_PRIO, LINK_PINNED,
	LINK_PIDS, LINK_COLUMNS
};

static const struct column link_columns[] = {
	[LINK_ID] = { "id", "%: " },
	[LINK_TYPE] = { "type", "%" },
	[LINK_PROG] = { "prog_id", "  prog %" },
	[LINK_MAP] = { "map_id", "  map %", .flags = COL_WIDE },
	[LINK_TARGET] = { "target_name", "  target_name %" },
	[LINK_NO_TARGET] = { "no target", "  target_name unknown", .flags = COL_PLAIN_ONLY },
	[LINK_MODULE] = { "target_module", "  module %", .flags = COL_WIDE },
	[LINK_TARGET_PROG] = { "target_prog_id", "  of prog %", .flags = COL_WIDE },
	[LINK_PROG_TYPE] = { "prog_type", "\n\tprog_type %", .flags = COL_WIDE },
	[LINK_TP] = { "tp_name", "\n\ttp '%'", .flags = COL_WIDE },
	[LINK_CGROUP] = { "cgroup_id", "\n\tcgroup_id %" },
	[LINK_NO_CGROUP] = { "no cgroup", "\n\tcgroup_id (detached)", .flags = COL_PLAIN_ONLY },
	[LINK_NETNS] = { "netns_ino", "\n\tnetns_ino %" },
	[LINK_NO_NETNS] = { "no netns", "\n\tnetns_ino (detached)", .flags = COL_PLAIN_ONLY },
	[LINK_DEV] = { "devname", "\n\tifindex %" },
	[LINK_IFINDEX] = { "ifindex" },
	[LINK_KNOWN_IFINDEX] = { "known ifindex", "(%)", .flags = COL_PLAIN_ONLY },
	[LINK_FAR_IFINDEX] = { "far ifindex", "\n\tifindex %", .flags = COL_PLAIN_ONLY },
	[LINK_SIGHT] = { "sight", ", in %", .flags = COL_PLAIN_ONLY },
	[LINK_ATTACH] = { "attach_type", "  attach_type %" },
	[LINK_TARGET_OBJ] = { "target_obj_id", "\n\ttarget_obj_id %", .flags = COL_WIDE },
	[LINK_TARGET_BTF] = { "target_btf_id", "  target_btf_id %", .flags = COL_WIDE },
	[LINK_PF] = { "pf", "\n\tpf %", .flags = COL_WIDE },
	[LINK_HOOK] = { "hook", "  hook %", .flags = COL_WIDE },
	[LINK_PRIO] = { "prio", "  prio %", .flags = COL_WIDE },
	[LINK_PINNED] = { "pinned", "\n\tpinned %", .flags = COL_EACH | COL_WIDE },
	[LINK_PIDS] = COLUMN_PIDS,
	[LINK_COLUMNS] = { 0 }
};

static const struct record link_record = { "link", link_columns };

static void put_attach(struct cell *row, __u32 type)
{
	row[LINK_ATTACH] = type_cell(kern_attach_type_name(type), type);
}

/* The device of an XDP, tcx or netkit link; it may be gone, or in another namespace. */
static void put_device(struct cell *row, const struct bpf_link_info *info, __u32 ifindex,
		       char name[IF_NAMESIZE])
{
	enum kern_sight sight = kern_link_device(info, name);

	row[LINK_IFINDEX] = cell_u64(ifindex);
	if (sight == KERN_HERE) {
		row[LINK_DEV] = cell_str(name);
		row[LINK_KNOWN_IFINDEX] = cell_u64(ifindex);
	} else if (!ifindex) {
		row[LINK_DEV] = cell_str("(detached)");
	} else {
		row[LINK_DEV] = CELL(.kind = CELL_NULL);
		row[LINK_FAR_IFINDEX] = cell_u64(ifindex);
		row[LINK_SIGHT] = cell_str(sight == KERN_ELSEWHERE ? "another network namespace" :
					   "an unknown network namespace");
	}
}

/* What a link is attached to, by a number that is 0 when that is gone, or the link detached. */
static void put_target(struct cell *row, int column, int no_column, __u64 number)
{
	row[column] = number ? cell_u64(number) : CELL(.kind = CELL_NULL);
	row[no_column] = number ? CELL(.kind = CELL_NONE) : cell_bool(true);
}

/* What is told by a number of BTF, by name. */
static void put_btf_target(struct cell *row, const struct kern_target *target)
{
	row[LINK_TARGET] = *target->name ? cell_str(target->name) : CELL(.kind = CELL_NULL);
	if (!*target->name)
		row[LINK_NO_TARGET] = cell_bool(true);
	row[LINK_MODULE] = cell_str(target->module);
	if (target->prog_id)
		row[LINK_TARGET_PROG] = cell_u64(target->prog_id);
}

static void put_tracing(struct cell *row, const struct bpf_link_info *info, __u32 prog_type)
{
	if (prog_type)
		row[LINK_PROG_TYPE] = type_cell(kern_prog_type_name(prog_type), prog_type);
	put_attach(row, info->tracing.attach_type);
	/* Kernels before 5.11 do not tell. */
	if (!info->tracing.target_btf_id)
		return;
	row[LINK_TARGET_OBJ] = cell_u64(info->tracing.target_obj_id);
	row[LINK_TARGET_BTF] = cell_u64(info->tracing.target_btf_id);
}

/* What a link of this type has besides its program. */
static void put_details(struct cell *row, const struct bpf_link_info *info, __u32 prog_type,
			const char *name, char device[IF_NAMESIZE])
{
	struct netfilter_info nf;
	struct device_info dev;

	memcpy(&nf, &info->raw_tracepoint, sizeof(nf));
	memcpy(&dev, &info->raw_tracepoint, sizeof(dev));
	switch (info->type) {
	case BPF_LINK_TYPE_RAW_TRACEPOINT:
		row[LINK_TP] = cell_str(name);
		break;
	case BPF_LINK_TYPE_TRACING:
		put_tracing(row, info, prog_type);
		break;
	case BPF_LINK_TYPE_CGROUP:
		put_target(row, LINK_CGROUP, LINK_NO_CGROUP, info->cgroup.cgroup_id);
		put_attach(row, info->cgroup.attach_type);
		break;
	case BPF_LINK_TYPE_ITER:
		row[LINK_TARGET] = cell_str(name);
		break;
	case BPF_LINK_TYPE_NETNS:
		put_target(row, LINK_NETNS, LINK_NO_NETNS, info->netns.netns_ino);
		put_attach(row, info->netns.attach_type);
		break;
	case BPF_LINK_TYPE_XDP:
		put_device(row, info, info->xdp.ifindex, device);
		break;
	case BPF_LINK_TYPE_STRUCT_OPS:
		row[LINK_MAP] = cell_u64(dev.ifindex);
		break;
	case BPF_LINK_TYPE_TCX:
	case BPF_LINK_TYPE_NETKIT:
		put_device(row, info, dev.ifindex, device);
		put_attach(row, dev.attach_type);
		break;
	case BPF_LINK_TYPE_NETFILTER:
		row[LINK_PF] = cell_u64(nf.pf);
		row[LINK_HOOK] = cell_u64(nf.hooknum);
		row[LINK_PRIO] = CELL(.kind = CELL_S64, .s = nf.priority);
		break;
	}
}

/* Reads a link, and its name where its type has one: other types would leave the buffer there. */
static int read_link(int fd, struct bpf_link_info *info, char *name, size_t size)
{
	__u32 len = sizeof(*info);
	int err = kern_link_info(fd, info);

	*name = '\0';
	if (err || (info->type != BPF_LINK_TYPE_RAW_TRACEPOINT && info->type != BPF_LINK_TYPE_ITER))
		return err;
	/* Both have it at the same place. */
	*info = (struct bpf_link_info){ 0 };
	info->raw_tracepoint.tp_name = (uintptr_t)name;
	info->raw_tracepoint.tp_name_len = size;
	err = kern_info(fd, info, &len);
	name[size - 1] = '\0';
	return err;
}

static int show_link(struct ctx *ctx, struct handle *link, struct holders *holders)
{
	struct cell row[LINK_COLUMNS] = { 0 };
	char name[128], device[IF_NAMESIZE];
	struct bpf_prog_info prog = { 0 };
	struct kern_target target;
	struct bpf_link_info info;
	int err = read_link(link->fd, &info, name, sizeof(name));

	if (err)
		return kern_error(ctx->diags, ctx->span, -err, "read link %u", link->id);
	row[LINK_ID] = cell_u64(info.id);
	row[LINK_TYPE] = type_cell(kern_link_type_name(info.type), info.type);
	if (info.type != BPF_LINK_TYPE_STRUCT_OPS)
		row[LINK_PROG] = cell_u64(info.prog_id);
	if (kern_link_target(&info, &prog, &target))
		put_btf_target(row, &target);
	put_details(row, &info, prog.type, name, device);
	row[LINK_PINNED] = holders_pins(holders, OBJ_LINK, info.id);
	row[LINK_PIDS] = holders_pids(holders, OBJ_LINK, info.id);
	return sink_row(ctx->sink, row);
}

enum { SHOW_LINKS };

static int link_show(struct ctx *ctx, struct value *argv)
{
	return show_objects(ctx, OBJ_LINK, &argv[SHOW_LINKS], &link_record, show_link);
}

static const struct cmd link_show_cmd = {
	.object = "link", .verb = "show", .alias = "list", .place = 1,
	.help = "show all links, or one",
	.args = ARGS([SHOW_LINKS] = { "link", &arg_links, ARG_OPTIONAL, "the link" }),
	.flags = CMD_DEFAULT | CMD_RECORD,
	.run = link_show,
	.examples = STRINGS("link show", "link show id 7"),
};

enum { CREATE_PROG, CREATE_HOOK, CREATE_PIN };

static int link_create(struct ctx *ctx, struct value *argv)
{
	struct link_def def = hook_def(&argv[CREATE_HOOK]);
	const struct value *pin = &argv[CREATE_PIN];
	struct handle *link = NULL;
	struct handle *prog = argv[CREATE_PROG].handle;
	struct span at = argv[CREATE_HOOK].span;
	int err;

	if (txn_planning(ctx->s) && kern_link_plan(ctx->diags, at, prog, &def))
		return -1;
	if (txn_do(ctx, op_link_create(prog, &def, &link, at)))
		return -1;
	if (!link)	/* --plan */
		link = handle_new(OBJ_LINK, -1, 0, "");
	err = pin->kind == VALUE_STR ? txn_do(ctx, op_pin(link, pin->str, false, pin->span)) : 0;
	ctx->result = value_handle(link);
	return err;
}

static const struct cmd link_create_cmd = {
	.object = "link", .verb = "create",
	.help = "attach a program, as long as a variable or pin holds the link",
	.args = ARGS(
		[CREATE_PROG] = { "prog", &arg_prog, 0, "the program" },
		[CREATE_HOOK] = { "hook", &arg_hook, 0,
			"where: xdp|xdpgeneric|xdpdrv|xdpoffload|tcx_ingress|"
			"tcx_egress dev DEVICE, cgroup PATH TYPE, netns TYPE, or raw_tp NAME" },
		[CREATE_PIN] = { "pin", &arg_pin_path, ARG_KEYWORD | ARG_OPTIONAL,
			"where to pin the link" }),
	.flags = CMD_WRITES | CMD_MAKES,
	.check = need_pin,
	.run = link_create,
	.examples = STRINGS("$l = link create $p xdp dev eth0",
			    "link create $p tcx_ingress dev eth0 pin /sys/fs/bpf/eth0_in",
			    "$l = link create $p cgroup /sys/fs/cgroup/web egress",
			    "$l = link create $p netns sk_lookup",
			    "$l = link create $p raw_tp sched_switch"),
};

#define ARG_LINK_ONE { "link", &arg_link, 0, "the link" }

enum { UPDATE_LINK, UPDATE_PROG };

static int link_update(struct ctx *ctx, struct value *argv)
{
	return txn_do(ctx, op_link_update(argv[UPDATE_LINK].handle, argv[UPDATE_PROG].handle,
					  ctx->span));
}

static const struct cmd link_update_cmd = {
	.object = "link", .verb = "update",
	.help = "put another program in place of a link's, in one step",
	.args = ARGS(
		[UPDATE_LINK] = ARG_LINK_ONE,
		[UPDATE_PROG] = { "prog", &arg_prog, 0, "the new program" }),
	.flags = CMD_WRITES,
	.run = link_update,
	.examples = STRINGS("link update $l $p", "link update id 7 pinned /sys/fs/bpf/filter"),
};

enum { DETACH_LINK };

static int link_detach(struct ctx *ctx, struct value *argv)
{
	return txn_do(ctx, op_link_detach(argv[DETACH_LINK].handle, argv[DETACH_LINK].span));
}

static const struct cmd link_detach_cmd = {
	.object = "link", .verb = "detach", .place = 5,
	.help = "take a link's program off, whoever holds the link",
	.args = ARGS([DETACH_LINK] = ARG_LINK_ONE),
	.flags = CMD_WRITES,
	.run = link_detach,
	.examples = STRINGS("link detach $l", "link detach pinned /sys/fs/bpf/eth0_in"),
};

const struct cmd *const link_cmds[] = {
	&link_show_cmd, &link_create_cmd, &link_update_cmd, &link_detach_cmd,
	&link_pin_cmd, &link_unpin_cmd, CMD_HELP("link", 3), NULL
};
