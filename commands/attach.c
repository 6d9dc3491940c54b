// SPDX-License-Identifier: BSD-2-Clause
/* Attaching and detaching without a link: it stays until it is detached, or its place ends. */
#include <string.h>

#include "commands/attach.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/kern/hook.h"
#include "shell/kern/link.h"
#include "shell/lang/args.h"
#include "shell/op/attach.h"
#include "shell/txn/txn.h"

/* Where among others; the same words wherever programs lie in a row. */
#define ARG_BEFORE { "before", &arg_prog, ARG_KEYWORD | ARG_OPTIONAL, \
		     "to run before this one" }
#define ARG_AFTER { "after", &arg_prog, ARG_KEYWORD | ARG_OPTIONAL, "to run after this one" }
#define ARG_PREPEND { "prepend", NULL, ARG_FLAG | ARG_OPTIONAL, \
		      "to run before all others", STRINGS("prepend") }
#define ARG_REPLACE { "replace", &arg_prog, ARG_KEYWORD | ARG_OPTIONAL, \
		      "to run in this one's place, which goes" }
#define ARG_OVERWRITE { "overwrite", NULL, ARG_FLAG | ARG_OPTIONAL, \
			"to take the place of the one that is there", STRINGS("overwrite") }

static bool given(const struct value *v)
{
	return v->kind != VALUE_NONE;
}

static struct handle *handle_of(const struct value *v)
{
	return given(v) ? v->handle : NULL;
}

/* A plan says, too, what this kernel has not. */
static int do_change(struct ctx *ctx, const struct attach_def *def)
{
	if (txn_planning(ctx->s) && kern_link_plan(ctx->diags, ctx->span, def->prog, &def->at))
		return -1;
	return txn_do(ctx, op_attach(def, ctx->span));
}

/* The order among others, of four arguments as they stand in the rows. */
enum { ORDER_PREPEND, ORDER_BEFORE, ORDER_AFTER, ORDER_REPLACE, ORDER_OVERWRITE, ORDER_ARGS };

static int read_order(struct ctx *ctx, struct attach_def *def, const struct value *order)
{
	int nr = 0;

	for (int i = 0; i < ORDER_ARGS; i++)
		nr += given(&order[i]);
	if (nr > 1)
		return diag_error(ctx->diags, ctx->span, "only one place can be meant");
	def->overwrite = given(&order[ORDER_OVERWRITE]);
	def->instead = handle_of(&order[ORDER_REPLACE]);
	def->beside = handle_of(&order[given(&order[ORDER_AFTER]) ? ORDER_AFTER : ORDER_BEFORE]);
	if (given(&order[ORDER_PREPEND]) || given(&order[ORDER_BEFORE]))
		def->flags |= BPF_F_BEFORE;
	else if (given(&order[ORDER_AFTER]))
		def->flags |= BPF_F_AFTER;
	return 0;
}

#define ARGS_ORDER(first)						\
	[(first) + ORDER_PREPEND] = ARG_PREPEND,			\
	[(first) + ORDER_BEFORE] = ARG_BEFORE,				\
	[(first) + ORDER_AFTER] = ARG_AFTER,				\
	[(first) + ORDER_REPLACE] = ARG_REPLACE,			\
	[(first) + ORDER_OVERWRITE] = ARG_OVERWRITE

/* Cgroups */

enum { CG_PATH, CG_TYPE, CG_PROG, CG_MODE, CG_PREORDER, CG_ORDER };

static struct attach_def at_cgroup(struct value *argv)
{
	return (struct attach_def){
		.at = { .hook = hook_named("cgroup"), .attach_type = argv[CG_TYPE].num,
			.target = argv[CG_PATH].str },
		.prog = argv[CG_PROG].handle,
	};
}

static int cgroup_attach(struct ctx *ctx, struct value *argv)
{
	const struct value *mode = &argv[CG_MODE];
	struct attach_def def = at_cgroup(argv);

	if (given(mode))
		def.flags |= strcmp(mode->str, "multi") ? BPF_F_ALLOW_OVERRIDE : BPF_F_ALLOW_MULTI;
	if (given(&argv[CG_PREORDER]))
		def.flags |= BPF_F_PREORDER;
	if (read_order(ctx, &def, &argv[CG_ORDER]))
		return -1;
	return do_change(ctx, &def);
}

#define ARGS_AT_CGROUP								\
	[CG_PATH] = { "cgroup", &arg_cgroup, 0, "the cgroup's folder" },	\
	[CG_TYPE] = { "type", &arg_cgroup_type, 0, "what it is to see" },	\
	[CG_PROG] = { "prog", &arg_prog, 0, "the program" }

const struct cmd cgroup_attach_cmd = {
	.object = "cgroup", .verb = "attach", .place = 4,
	.help = "attach a program to a cgroup, until it is detached",
	.args = ARGS(
		ARGS_AT_CGROUP,
		[CG_MODE] = { "mode", NULL, ARG_FLAG | ARG_OPTIONAL,
			"multi: beside others; override: cgroups below may have their own",
			STRINGS("multi", "override") },
		[CG_PREORDER] = { "preorder", NULL, ARG_FLAG | ARG_OPTIONAL,
			"before those of the cgroups below", STRINGS("preorder") },
		ARGS_ORDER(CG_ORDER)),
	.flags = CMD_WRITES,
	.run = cgroup_attach,
	.examples = STRINGS("cgroup attach /sys/fs/cgroup/web egress $p multi",
			    "cgroup attach /sys/fs/cgroup/web egress $p multi before $q"),
};

static int cgroup_detach(struct ctx *ctx, struct value *argv)
{
	struct attach_def def = at_cgroup(argv);

	def.detach = true;
	return do_change(ctx, &def);
}

const struct cmd cgroup_detach_cmd = {
	.object = "cgroup", .verb = "detach", .place = 5,
	.help = "take a program off a cgroup that no link attaches",
	.args = ARGS(ARGS_AT_CGROUP),
	.flags = CMD_WRITES,
	.run = cgroup_detach,
	.examples = STRINGS("cgroup detach /sys/fs/cgroup/web egress $p"),
};

/* Network devices */

/* Names of hooks. */
#define DEVICE_HOOKS STRINGS("xdp", "xdpgeneric", "xdpdrv", "xdpoffload", "tcx_ingress",	\
			     "tcx_egress")

static struct link_def at_device(const struct value *type, const struct value *device)
{
	const struct hook *h = hook_named(DEVICE_HOOKS[type->num]);

	return (struct link_def){
		.hook = h, .attach_type = h->types[0].type, .target = device->str
	};
}

enum { NET_TYPE, NET_PROG, NET_DEVICE, NET_ORDER };

static int net_attach(struct ctx *ctx, struct value *argv)
{
	struct attach_def def = {
		.at = at_device(&argv[NET_TYPE], &argv[NET_DEVICE]), .prog = argv[NET_PROG].handle
	};

	if (read_order(ctx, &def, &argv[NET_ORDER]))
		return -1;
	return do_change(ctx, &def);
}

#define ARG_NET_TYPE { "type", &arg_choice, 0, "where it is to run", DEVICE_HOOKS }
#define ARG_NET_DEVICE { "dev", &arg_device, ARG_KEYWORD, "the network device" }

const struct cmd net_attach_cmd = {
	.object = "net", .verb = "attach", .place = 3,
	.help = "attach a program to a network device, until it is detached",
	.args = ARGS(
		[NET_TYPE] = ARG_NET_TYPE,
		[NET_PROG] = { "prog", &arg_prog, 0, "the program" },
		[NET_DEVICE] = ARG_NET_DEVICE,
		ARGS_ORDER(NET_ORDER)),
	.flags = CMD_WRITES,
	.run = net_attach,
	.examples = STRINGS("net attach xdp $p dev eth0",
			    "net attach tcx_ingress $p dev eth0 before $q"),
};

enum { UNNET_TYPE, UNNET_DEVICE, UNNET_PROG };

static int net_detach(struct ctx *ctx, struct value *argv)
{
	struct attach_def def = {
		.at = at_device(&argv[UNNET_TYPE], &argv[UNNET_DEVICE]),
		.prog = handle_of(&argv[UNNET_PROG]), .detach = true
	};

	return do_change(ctx, &def);
}

const struct cmd net_detach_cmd = {
	.object = "net", .verb = "detach", .place = 4,
	.help = "take a program off a network device that no link attaches",
	.args = ARGS(
		[UNNET_TYPE] = ARG_NET_TYPE,
		[UNNET_DEVICE] = ARG_NET_DEVICE,
		[UNNET_PROG] = { "prog", &arg_prog, ARG_KEYWORD | ARG_OPTIONAL,
			"the program, where there are several" }),
	.flags = CMD_WRITES,
	.run = net_detach,
	.examples = STRINGS("net detach xdp dev eth0", "net detach tcx_ingress dev eth0 prog $p"),
};

/* Maps of sockets, and flow dissection */

enum { ATTACH_PROG, ATTACH_TYPE, ATTACH_MAP, ATTACH_OVERWRITE };

/* What has programs of this type without a link; -1 with a diagnostic. */
static int find_hook(struct ctx *ctx, const struct value *type, const struct value *map,
		     const struct hook **hook)
{
	bool socks = hook_own_type(hook_of_link(BPF_LINK_TYPE_SOCKMAP), type->num);

	*hook = hook_of_link(socks ? BPF_LINK_TYPE_SOCKMAP : BPF_LINK_TYPE_NETNS);
	if (!socks && type->num != BPF_FLOW_DISSECTOR) {
		diag_error(ctx->diags, type->span, "such programs are attached otherwise");
		diag_hint(ctx->diags, "see 'help net attach', 'help cgroup attach' and 'help link create'");
		return -1;
	}
	if (socks == given(map))
		return 0;
	return diag_error(ctx->diags, map->kind == VALUE_NONE ? type->span : map->span, socks ?
			  "the map of sockets is missing" : "flow dissection takes no map");
}

static int exchange(struct ctx *ctx, struct value *argv, bool detach, bool overwrite)
{
	struct attach_def def = {
		.at = { .attach_type = argv[ATTACH_TYPE].num, .map = handle_of(&argv[ATTACH_MAP]) },
		.prog = argv[ATTACH_PROG].handle, .detach = detach, .overwrite = overwrite
	};

	if (find_hook(ctx, &argv[ATTACH_TYPE], &argv[ATTACH_MAP], &def.at.hook))
		return -1;
	return do_change(ctx, &def);
}

static int prog_attach(struct ctx *ctx, struct value *argv)
{
	return exchange(ctx, argv, false, given(&argv[ATTACH_OVERWRITE]));
}

static int prog_detach(struct ctx *ctx, struct value *argv)
{
	return exchange(ctx, argv, true, false);
}

#define ARGS_AT_MAP								\
	[ATTACH_PROG] = { "prog", &arg_prog, 0, "the program" },		\
	[ATTACH_TYPE] = { "type", &arg_socket_type, 0, "what it is to see" },	\
	[ATTACH_MAP] = { "map", &arg_map, ARG_OPTIONAL, "the map, whose sockets it is to see" }

const struct cmd prog_attach_cmd = {
	.object = "prog", .verb = "attach", .place = 8,
	.help = "attach a program to a map of sockets, or as this network namespace's flow dissector",
	.args = ARGS(
		ARGS_AT_MAP,
		[ATTACH_OVERWRITE] = ARG_OVERWRITE),
	.flags = CMD_WRITES,
	.run = prog_attach,
	.examples = STRINGS("prog attach $p sk_msg_verdict $m", "prog attach $p flow_dissector"),
};

const struct cmd prog_detach_cmd = {
	.object = "prog", .verb = "detach", .place = 9,
	.help = "take it off again",
	.args = ARGS(ARGS_AT_MAP),
	.flags = CMD_WRITES,
	.run = prog_detach,
	.examples = STRINGS("prog detach $p sk_msg_verdict $m"),
};
