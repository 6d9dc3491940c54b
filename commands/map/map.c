// SPDX-License-Identifier: BSD-2-Clause
/* The commands of `map`. */
#include "commands/map/map.h"
#include "commands/pins.h"
#include "shell/base/diag.h"
#include "shell/kern/handle.h"
#include "shell/lang/args.h"
#include "shell/op/ops.h"
#include "shell/txn/txn.h"

enum { FREEZE_MAP };

static int map_freeze(struct ctx *ctx, struct value *argv)
{
	return txn_do(ctx, op_map_freeze(argv[FREEZE_MAP].handle, ctx->span));
}

static const struct cmd map_freeze_cmd = {
	.object = "map", .verb = "freeze", .place = 16,
	.help = "make a map read-only for user space, for good",
	.args = ARGS([FREEZE_MAP] = ARG_MAP_ONE),
	.flags = CMD_WRITES,
	.run = map_freeze,
	.examples = STRINGS("map freeze $m"),
};

const struct cmd *const map_cmds[] = {
	&map_show_cmd, &map_create_cmd, &map_dump_cmd, &map_lookup_cmd, &map_update_cmd,
	&map_delete_cmd, &map_getnext_cmd, &map_freeze_cmd, &map_export_cmd,
	&map_import_cmd, &map_copy_cmd, &map_clear_cmd, &map_count_cmd, &map_top_cmd,
	&map_diff_cmd, &map_read_cmd, &map_get_cmd, &map_set_cmd, &map_push_cmd,
	&map_enqueue_cmd, &map_pop_cmd, &map_dequeue_cmd, &map_peek_cmd, &map_pin_cmd,
	&map_unpin_cmd, CMD_HELP("map", 3), NULL
};
