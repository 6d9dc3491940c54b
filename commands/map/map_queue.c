// SPDX-License-Identifier: BSD-2-Clause
/* Queues, stacks and bloom filters: values without keys. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "commands/common.h"
#include "commands/map/map.h"
#include "render/sink/sink.h"
#include "render/typed/typed.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/map_traits.h"
#include "shell/kern/maptypes.h"
#include "shell/lang/args.h"
#include "shell/op/map_ops.h"
#include "shell/txn/txn.h"

enum { POPPED_KEY, POPPED_VALUE, POPPED_FORMATTED, POPPED_COLUMNS };

static const struct column popped_columns[] = {
	[POPPED_KEY] = { "key" },
	[POPPED_VALUE] = { "value", "value: %" },
	[POPPED_FORMATTED] = { "formatted" },
	[POPPED_COLUMNS] = { 0 }
};

static const struct record popped_record = { "value", popped_columns };

/* {"key":[],"value":[..]} as bpftool has it, and "formatted" where BTF tells the type. */
static int show_value(struct ctx *ctx, struct handle *map, const void *value)
{
	const struct typed *type = map_format(map)->value;
	struct cell row[POPPED_COLUMNS] = { 0 };
	struct buf nice = BUF_INIT;
	int err;

	row[POPPED_KEY] = CELL(.kind = CELL_BYTES, .str = { "", 0 });
	row[POPPED_VALUE] = CELL(.kind = CELL_BYTES, .str = { value, map->map.value_size });
	if (type) {
		buf_puts(&nice, "{\"value\":");
		typed_json(&nice, type, value, TYPED_NICE);
		buf_putc(&nice, '}');
		row[POPPED_FORMATTED] = cell_json_text(&nice);
	}
	sink_begin(ctx->sink, &popped_record, SINK_ONE);
	err = sink_row(ctx->sink, row);
	buf_free(&nice);
	return err ? -1 : sink_end(ctx->sink);
}

#define ARG_VALUE { "value", &arg_value, ARG_KEYWORD, "value: bytes, or a literal of its type" }

enum { PUSH_MAP, PUSH_VALUE, PUSH_EXIST };

static int map_push(struct ctx *ctx, struct value *argv)
{
	struct handle *map = argv[PUSH_MAP].handle;
	__u64 flag = argv[PUSH_EXIST].kind != VALUE_NONE ? BPF_EXIST : BPF_ANY;

	if (!map_is(map->map.type, MAP_VALUES))
		return kern_map_error(ctx->diags, argv[PUSH_MAP].span, "push", map, EINVAL);
	return txn_do(ctx, op_map_push(map, argv[PUSH_VALUE].bytes.data, flag, ctx->span));
}

const struct cmd map_push_cmd = {
	.object = "map", .verb = "push", .place = 12,
	.help = "put a value into a stack, queue or bloom filter",
	.args = ARGS(
		[PUSH_MAP] = ARG_MAP_ONE,
		[PUSH_VALUE] = ARG_VALUE,
		[PUSH_EXIST] = { "exist", NULL, ARG_FLAG | ARG_OPTIONAL,
			"where it is full, drop the oldest", STRINGS("exist") }),
	.flags = CMD_WRITES,
	.run = map_push,
	.examples = STRINGS("map push $stack value 7"),
};

const struct cmd map_enqueue_cmd = {
	.object = "map", .verb = "enqueue", .place = 13,
	.help = "put a value into a queue",
	.args = ARGS(
		[PUSH_MAP] = ARG_MAP_ONE,
		[PUSH_VALUE] = ARG_VALUE,
		[PUSH_EXIST] = { "exist", NULL, ARG_FLAG | ARG_OPTIONAL,
			"where it is full, drop the oldest", STRINGS("exist") }),
	.flags = CMD_WRITES,
	.run = map_push,
	.examples = STRINGS("map enqueue $queue value 7"),
};

enum { POP_MAP };

static int map_pop(struct ctx *ctx, struct value *argv)
{
	struct handle *map = argv[POP_MAP].handle;
	void *value;
	int err;

	if (!map_is(map->map.type, MAP_QUEUE))
		return kern_map_error(ctx->diags, argv[POP_MAP].span, "pop", map, EOPNOTSUPP);
	value = xcalloc(1, kern_value_bytes(map));
	err = txn_do(ctx, op_map_pop(map, value, ctx->span));
	if (!err && !txn_planning(ctx->s))
		err = show_value(ctx, map, value);
	free(value);
	return err;
}

const struct cmd map_pop_cmd = {
	.object = "map", .verb = "pop", .place = 14,
	.help = "take the newest value out of a stack",
	.args = ARGS([POP_MAP] = ARG_MAP_ONE),
	.flags = CMD_WRITES,
	.run = map_pop,
	.examples = STRINGS("map pop $stack"),
};

const struct cmd map_dequeue_cmd = {
	.object = "map", .verb = "dequeue", .place = 15,
	.help = "take the oldest value out of a queue",
	.args = ARGS([POP_MAP] = ARG_MAP_ONE),
	.flags = CMD_WRITES,
	.run = map_pop,
	.examples = STRINGS("map dequeue $queue"),
};

enum { PEEK_MAP, PEEK_VALUE };

static int map_peek(struct ctx *ctx, struct value *argv)
{
	struct handle *map = argv[PEEK_MAP].handle;
	const struct value *wanted = &argv[PEEK_VALUE];
	bool bloom = map->map.type == BPF_MAP_TYPE_BLOOM_FILTER;
	void *value;
	int err;

	if (not_planned(ctx, map, ctx->span))
		return -1;
	if (!map_is(map->map.type, MAP_VALUES))
		return kern_map_error(ctx->diags, argv[PEEK_MAP].span, "peek", map, EOPNOTSUPP);
	if (bloom && wanted->kind != VALUE_BYTES)
		return diag_error(ctx->diags, ctx->span,
				  "a bloom filter answers only whether it has a value: value VALUE");
	if (!bloom && wanted->kind == VALUE_BYTES)
		return diag_error(ctx->diags, wanted->span, "only bloom filters look for a value");
	value = xcalloc(1, kern_value_bytes(map));
	if (bloom)
		memcpy(value, wanted->bytes.data, wanted->bytes.len);
	err = kern_map_peek(map->fd, value);
	if (err)
		kern_map_error(ctx->diags, ctx->span, "peek", map, -err);
	else
		err = show_value(ctx, map, value);
	free(value);
	return err ? -1 : 0;
}

const struct cmd map_peek_cmd = {
	.object = "map", .verb = "peek", .place = 11,
	.help = "show what would come out next, or whether a bloom filter has a value",
	.args = ARGS(
		[PEEK_MAP] = ARG_MAP_ONE,
		[PEEK_VALUE] = { "value", &arg_value, ARG_KEYWORD | ARG_OPTIONAL,
			"value to look for: a bloom filter" }),
	.run = map_peek,
	.examples = STRINGS("map peek $queue", "map peek $bloom value 7"),
};
