// SPDX-License-Identifier: BSD-2-Clause
/* Queues, stacks and bloom filters: values without keys. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>

#include "commands/map/map.h"
#include "render/sink/sink.h"
#include "render/typed/typed.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/maptypes.h"
#include "shell/op/map_ops.h"
#include "shell/txn/txn.h"

static const struct column popped_columns[] = {
	{ "key" },
	{ "value", "value: %" },
	{ "formatted" },
	{ 0 }
};

static const struct record popped_record = { "value", popped_columns };

/* {"key":[],"value":[..]} as bpftool has it, and "formatted" where BTF tells the type. */
static int show_value(struct ctx *ctx, struct handle *map, const void *value)
{
	const struct typed *type = map_format(map)->value;
	struct cell row[3] = { 0 };
	struct buf nice = BUF_INIT;
	int err;

	row[0] = CELL(.kind = CELL_BYTES, .str = { "", 0 });
	row[1] = CELL(.kind = CELL_BYTES, .str = { value, map->map.value_size });
	if (type) {
		buf_puts(&nice, "{\"value\":");
		typed_json(&nice, type, value, TYPED_NICE);
		buf_putc(&nice, '}');
		row[2] = cell_json_text(&nice);
	}
	sink_begin(ctx->sink, &popped_record, SINK_ONE);
	err = sink_row(ctx->sink, row);
	buf_free(&nice);
	return err ? -1 : sink_end(ctx->sink);
}

static bool has_queue(const struct handle *map)
{
	return map->map.type == BPF_MAP_TYPE_QUEUE || map->map.type == BPF_MAP_TYPE_STACK;
}

int map_push(struct ctx *ctx, struct value *argv)
{
	struct handle *map = argv[0].handle;

	if (!has_queue(map) && map->map.type != BPF_MAP_TYPE_BLOOM_FILTER)
		return kern_map_error(ctx->diags, argv[0].span, "push", map, EINVAL);
	return txn_do(ctx, op_map_push(map, argv[1].bytes.data,
				       argv[2].kind != VALUE_NONE ? BPF_EXIST : BPF_ANY, ctx->span));
}

int map_pop(struct ctx *ctx, struct value *argv)
{
	struct handle *map = argv[0].handle;
	void *value;
	int err;

	if (!has_queue(map))
		return kern_map_error(ctx->diags, argv[0].span, "pop", map, EOPNOTSUPP);
	value = xcalloc(1, kern_value_bytes(map));
	err = txn_do(ctx, op_map_pop(map, value, ctx->span));
	if (!err && !txn_planning(ctx->s))
		err = show_value(ctx, map, value);
	free(value);
	return err;
}

int map_peek(struct ctx *ctx, struct value *argv)
{
	struct handle *map = argv[0].handle;
	bool bloom = map->map.type == BPF_MAP_TYPE_BLOOM_FILTER;
	void *value;
	int err;

	if (need_real(ctx, map))
		return -1;
	if (!has_queue(map) && !bloom)
		return kern_map_error(ctx->diags, argv[0].span, "peek", map, EOPNOTSUPP);
	if (bloom && argv[1].kind != VALUE_BYTES)
		return diag_error(ctx->diags, ctx->span,
				  "a bloom filter answers only whether it has a value: value VALUE");
	if (!bloom && argv[1].kind == VALUE_BYTES)
		return diag_error(ctx->diags, argv[1].span, "only bloom filters look for a value");
	value = xcalloc(1, kern_value_bytes(map));
	if (bloom)
		memcpy(value, argv[1].bytes.data, argv[1].bytes.len);
	err = kern_map_peek(map->fd, value);
	if (err)
		kern_map_error(ctx->diags, ctx->span, "peek", map, -err);
	else
		err = show_value(ctx, map, value);
	free(value);
	return err ? -1 : 0;
}
