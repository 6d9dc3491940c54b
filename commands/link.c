// SPDX-License-Identifier: BSD-2-Clause
/* Links: what attaches a program to its place. */
#include "commands/common.h"
#include "commands/link_show.h"
#include "commands/pins.h"
#include "shell/kern/handle.h"
#include "shell/kern/link.h"
#include "shell/lang/args.h"
#include "shell/op/ops.h"
#include "shell/txn/txn.h"

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
