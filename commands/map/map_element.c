// SPDX-License-Identifier: BSD-2-Clause
/* Single elements of maps, changed; and keys, one after the other. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>

#include "commands/map/map.h"
#include "render/sink/sink.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/op/gather.h"
#include "shell/op/ops.h"
#include "shell/session/session.h"
#include "shell/txn/txn.h"

/* A map that --plan made has no elements yet. */
int need_real(struct ctx *ctx, const struct handle *map)
{
	return map->fd >= 0 ? 0 :
	       diag_error(ctx->diags, ctx->span, "map '%s' exists only in the plan", map->title);
}

/* update, delete */

const char *const update_flags[] = { "any", "exist", "noexist", NULL };

static __u64 update_flag(const struct value *v)
{
	if (v->kind != VALUE_STR)
		return BPF_ANY;
	return !strcmp(v->str, "exist") ? BPF_EXIST : !strcmp(v->str, "noexist") ? BPF_NOEXIST : BPF_ANY;
}

int map_update(struct ctx *ctx, struct value *argv)
{
	const struct value *value = &argv[2];
	const void *key = argv[1].bytes.data;
	__u64 flag = update_flag(&argv[3]);

	if (value->kind == VALUE_BYTES && !value->bytes.mask && flag == BPF_ANY)
		return gather_update(ctx, argv[0].handle, key, value->bytes.data);
	if (gather_flush(ctx))
		return -1;
	if (value->kind == VALUE_BYTES && value->bytes.mask)
		return txn_do(ctx, op_map_merge(argv[0].handle, key, value->bytes.data,
						value->bytes.mask, flag, ctx->span));
	return txn_do(ctx, op_map_update(argv[0].handle, key,
					 value->kind == VALUE_BYTES ? value->bytes.data : NULL,
					 value->kind == VALUE_HANDLE ? value->handle : NULL,
					 flag, ctx->span));
}

enum { DELETE_MAP, DELETE_KEY, DELETE_PINS };

/* A key that was forgotten, or a variable that is empty, is not to cost the map. */
int map_delete_check(struct ctx *ctx, const struct match *m)
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

int map_delete(struct ctx *ctx, struct value *argv)
{
	if (argv[DELETE_KEY].kind != VALUE_BYTES)
		return map_remove(ctx, argv[DELETE_MAP].handle, ctx->s->mode == MODE_COMMAND &&
				  argv[DELETE_PINS].kind == VALUE_NONE);
	return txn_do(ctx, op_map_delete(argv[0].handle, argv[1].bytes.data, ctx->span));
}

/* getnext */

static const struct column next_columns[] = {
	{ "key", "key:\n%\n" },
	{ "no key", "key: None\n", .flags = COL_PLAIN_ONLY },
	{ "next_key", "next key:\n%" },
	{ 0 }
};

static const struct record next_record = { "next key", next_columns };

int map_getnext(struct ctx *ctx, struct value *argv)
{
	struct handle *map = argv[0].handle;
	bool has_key = argv[1].kind == VALUE_BYTES;
	struct cell row[3] = { 0 };
	void *next;
	int err;

	if (need_real(ctx, map))
		return -1;
	next = xcalloc(1, map->map.key_size);
	err = kern_map_next(map->fd, has_key ? argv[1].bytes.data : NULL, next);
	if (err) {
		free(next);
		if (err == -ENOENT)
			return diag_error(ctx->diags, ctx->span, has_key ?
					  "no key behind this one in map '%s'" : "map '%s' is empty",
					  map->title);
		return kern_map_error(ctx->diags, ctx->span, "getnext", map, -err);
	}
	if (has_key)
		row[0] = CELL(.kind = CELL_BYTES, .str = { argv[1].bytes.data, map->map.key_size });
	else
		row[0] = CELL(.kind = CELL_NULL), row[1] = cell_bool(true);
	row[2] = CELL(.kind = CELL_BYTES, .str = { next, map->map.key_size });
	sink_begin(ctx->sink, &next_record, SINK_ONE);
	err = sink_row(ctx->sink, row);
	free(next);
	return err ? -1 : sink_end(ctx->sink);
}
