// SPDX-License-Identifier: BSD-2-Clause
/* Iterators: programs whose pinned link gives text when it is read. */
#include "commands/common.h"
#include "commands/prog/prog.h"
#include "shell/kern/handle.h"
#include "shell/kern/hook.h"
#include "shell/kern/load.h"
#include "shell/lang/args.h"
#include "shell/op/ops.h"
#include "shell/txn/txn.h"

enum { PIN_FILE, PIN_PATH, PIN_MAP };

static int pin_iterator(struct ctx *ctx, struct handle *prog, struct value *argv)
{
	const struct hook *hook = hook_named("iter");
	struct link_def def = {
		.hook = hook, .attach_type = hook->types[0].type, .map = argv[PIN_MAP].handle
	};
	const struct value *path = &argv[PIN_PATH];
	struct handle *link = NULL;

	if (txn_do(ctx, op_link_create(prog, &def, &link, argv[PIN_FILE].span)))
		return -1;
	if (!link)	/* --plan */
		link = handle_new(OBJ_LINK, -1, 0, "");
	ctx->result = value_handle(link);
	return txn_do(ctx, op_pin(link, path->str, false, path->span));
}

static int iter_pin(struct ctx *ctx, struct value *argv)
{
	struct load_request req = {
		.file = argv[PIN_FILE].str, .span = argv[PIN_FILE].span,
		.prog_type = -1, .attach_type = -1,
	};
	struct load_result res = { 0 };
	int err = txn_do(ctx, op_load(&req, &res, ctx->span));

	prog_log_keep(ctx, res.log);
	if (!err && txn_planning(ctx->s))
		err = kern_load_plan(&req, &res, ctx->diags);
	if (!err)
		err = load_pin_maps(ctx, &req, &res);
	if (!err)
		err = pin_iterator(ctx, res.progs[0], argv);
	load_result_free(&res);
	return err;
}

static const struct cmd iter_pin_cmd = {
	.object = "iter", .verb = "pin", .place = 1,
	.help = "load an object's first program, an iterator, and pin what reads it",
	.args = ARGS(
		[PIN_FILE] = { "obj", &arg_object, 0, "ELF object" },
		[PIN_PATH] = { "path", &arg_pin_path, 0, "where to pin it: 'cat' reads it there" },
		[PIN_MAP] = { "map", &arg_map, ARG_KEYWORD | ARG_OPTIONAL,
			"the map that it walks through" }),
	.flags = CMD_WRITES | CMD_MAKES,
	.run = iter_pin,
	.examples = STRINGS("iter pin tasks.o /sys/fs/bpf/tasks",
			    "iter pin elements.o /sys/fs/bpf/elements map name flows"),
};

const struct cmd *const iter_cmds[] = { &iter_pin_cmd, CMD_HELP("iter", 2), NULL };
