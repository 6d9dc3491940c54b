// SPDX-License-Identifier: BSD-2-Clause
/* Single elements of maps, changed; and keys, one after the other. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "commands/common.h"
#include "commands/map/map.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/lang/args.h"
#include "shell/op/gather.h"
#include "shell/op/ops.h"
#include "shell/session/session.h"
#include "shell/txn/txn.h"

/* update, delete */

static const char *const update_flags[] = { "any", "exist", "noexist", NULL };

static __u64 update_flag(const struct value *v)
{
	if (v->kind != VALUE_STR)
		return BPF_ANY;
	return !strcmp(v->str, "exist") ? BPF_EXIST : !strcmp(v->str, "noexist") ? BPF_NOEXIST : BPF_ANY;
}

enum { UPDATE_MAP, UPDATE_KEY, UPDATE_VALUE, UPDATE_FLAGS };

static int map_update(struct ctx *ctx, struct value *argv)
{
	const struct value *value = &argv[UPDATE_VALUE];
	const void *key = argv[UPDATE_KEY].bytes.data;
	__u64 flag = update_flag(&argv[UPDATE_FLAGS]);

	if (value->kind == VALUE_BYTES && !value->bytes.mask && flag == BPF_ANY)
		return gather_update(ctx, argv[UPDATE_MAP].handle, key, value->bytes.data);
	if (gather_flush(ctx))
		return -1;
	if (value->kind == VALUE_BYTES && value->bytes.mask)
		return txn_do(ctx, op_map_merge(argv[UPDATE_MAP].handle, key, value->bytes.data,
						value->bytes.mask, flag, ctx->span));
	return txn_do(ctx, op_map_update(argv[UPDATE_MAP].handle, key,
					 value->kind == VALUE_BYTES ? value->bytes.data : NULL,
					 value->kind == VALUE_HANDLE ? value->handle : NULL,
					 flag, ctx->span));
}

const struct cmd map_update_cmd = {
	.object = "map", .verb = "update", .place = 5,
	.help = "set one element",
	.args = ARGS(
		[UPDATE_MAP] = ARG_MAP_ONE,
		[UPDATE_KEY] = { "key", &arg_key, ARG_KEYWORD,
			"key: bytes, or a literal of its type" },
		[UPDATE_VALUE] = { "value", &arg_value, ARG_KEYWORD,
			"value: bytes, a literal of its type, or an object; fields not given become "
			"zero" },
		[UPDATE_FLAGS] = { "flags", NULL, ARG_FLAG | ARG_OPTIONAL,
			"whether the key must exist", update_flags, "BPF_" }),
	.flags = CMD_WRITES | CMD_GATHERS,
	.run = map_update,
	.examples = STRINGS("map update $m key 1 0 0 0 value 1 0 0 0",
			    "map update $m key 10.0.0.1 value pkts=1 verdict=V_DROP noexist"),
};

enum { DELETE_MAP, DELETE_KEY, DELETE_PINS };

/* A key that was forgotten, or a variable that is empty, is not to cost the map. */
static int map_delete_check(struct ctx *ctx, const struct match *m)
{
	bool key = m->args[DELETE_KEY].nr, pins = m->args[DELETE_PINS].nr;

	if (key && pins)
		return diag_error(ctx->diags, ctx->span,
				  "'key' and 'pins' are two things to remove: leave one out");
	if (key || pins || session_attended(ctx->s))
		return 0;
	diag_error(ctx->diags, ctx->span, "which element is to be removed is not said");
	diag_hint(ctx->diags, "'key KEY' behind the map names it; 'pins' instead removes the map, "
		  "that is, all its pins");
	return -1;
}

static int map_delete(struct ctx *ctx, struct value *argv)
{
	const struct value *key = &argv[DELETE_KEY];
	struct handle *map = argv[DELETE_MAP].handle;

	if (key->kind != VALUE_BYTES)
		return map_remove(ctx, map, ctx->s->mode == MODE_COMMAND &&
				  argv[DELETE_PINS].kind == VALUE_NONE);
	return txn_do(ctx, op_map_delete(map, key->bytes.data, ctx->span));
}

const struct cmd map_delete_cmd = {
	.object = "map", .verb = "delete", .place = 8,
	.help = "remove one element, or the map: all its pins",
	.args = ARGS(
		[DELETE_MAP] = ARG_MAP_ONE,
		[DELETE_KEY] = { "key", &arg_key, ARG_KEYWORD | ARG_OPTIONAL,
			"key: bytes, or a literal of its type" },
		[DELETE_PINS] = { "pins", NULL, ARG_FLAG | ARG_OPTIONAL | ARG_WHOLE,
			"the map itself, which at a terminal needs no word", STRINGS("pins") }),
	.flags = CMD_WRITES,
	.check = map_delete_check,
	.run = map_delete,
	.examples = STRINGS("map delete $m key 1", "map delete name flows pins"),
};

/* getnext */

enum { NEXT_KEY, NEXT_NO_KEY, NEXT_NEXT_KEY, NEXT_COLUMNS };

static const struct column next_columns[] = {
	[NEXT_KEY] = { "key", "key:\n%\n" },
	[NEXT_NO_KEY] = { "no key", "key: None\n", .flags = COL_PLAIN_ONLY },
	[NEXT_NEXT_KEY] = { "next_key", "next key:\n%" },
	[NEXT_COLUMNS] = { 0 }
};

static const struct record next_record = { "next key", next_columns };

enum { GETNEXT_MAP, GETNEXT_KEY };

static int map_getnext(struct ctx *ctx, struct value *argv)
{
	struct handle *map = argv[GETNEXT_MAP].handle;
	const struct value *key = &argv[GETNEXT_KEY];
	bool has_key = key->kind == VALUE_BYTES;
	struct cell row[NEXT_COLUMNS] = { 0 };
	void *next;
	int err;

	if (not_planned(ctx, map, ctx->span))
		return -1;
	next = xcalloc(1, map->map.key_size);
	err = kern_map_next(map->fd, has_key ? key->bytes.data : NULL, next);
	if (err) {
		free(next);
		if (err == -ENOENT)
			return diag_error(ctx->diags, ctx->span, has_key ?
					  "no key behind this one in map '%s'" : "map '%s' is empty",
					  map->title);
		return kern_map_error(ctx->diags, ctx->span, "getnext", map, -err);
	}
	if (has_key)
		row[NEXT_KEY] = CELL(.kind = CELL_BYTES, .str = { key->bytes.data, map->map.key_size });
	else
		row[NEXT_KEY] = CELL(.kind = CELL_NULL), row[NEXT_NO_KEY] = cell_bool(true);
	row[NEXT_NEXT_KEY] = CELL(.kind = CELL_BYTES, .str = { next, map->map.key_size });
	sink_begin(ctx->sink, &next_record, SINK_ONE);
	err = sink_row(ctx->sink, row);
	free(next);
	return err ? -1 : sink_end(ctx->sink);
}

const struct cmd map_getnext_cmd = {
	.object = "map", .verb = "getnext", .place = 7,
	.help = "show the key behind a key, or the first one",
	.args = ARGS(
		[GETNEXT_MAP] = ARG_MAP_ONE,
		[GETNEXT_KEY] = { "key", &arg_key, ARG_KEYWORD | ARG_OPTIONAL,
			"key to begin behind" }),
	.run = map_getnext,
	.examples = STRINGS("map getnext $m"),
};
