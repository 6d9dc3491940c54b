// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <stdlib.h>

#include "commands/map/map.h"
#include "render/sink/sink.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/lang/args.h"
#include "shell/op/ops.h"
#include "shell/txn/txn.h"

/* show */

static const struct column map_columns[] = {
	{ "id", "%: " },
	{ "type", "%" },
	{ "name", "  name %" },
	{ "flags", "  flags %", .flags = COL_HEX },
	{ "bytes_key", "\n\tkey %B" },
	{ "bytes_value", "  value %B" },
	{ "max_entries", "  max_entries %" },
	{ "bytes_memlock", "  memlock %B" },
	{ "map_extra", "  map_extra %", .flags = COL_HEX | COL_WIDE },
	{ "owner_prog_type", "\n\towner_prog_type %  ", .flags = COL_WIDE },
	{ "owner_jited", "owner jited", "owner not jited", COL_WIDE },
	{ "frozen" },
	{ "btf_id", "\n\tbtf_id %" },
	{ "frozen beside btf_id", "  frozen", .flags = COL_PLAIN_ONLY },
	{ "frozen alone", "\n\tfrozen", .flags = COL_PLAIN_ONLY },
	{ "pinned", "\n\tpinned %", .flags = COL_EACH | COL_WIDE },
	{ 0 }
};

enum {
	MAP_ID, MAP_TYPE, MAP_NAME, MAP_FLAGS, MAP_KEY, MAP_VALUE, MAP_ENTRIES, MAP_MEMLOCK, MAP_EXTRA,
	MAP_OWNER_TYPE, MAP_OWNER_JITED, MAP_FROZEN, MAP_BTF, MAP_FROZEN_BTF, MAP_FROZEN_ALONE,
	MAP_PINNED, MAP_COLUMNS
};

static const struct record map_record = { "map", map_columns };

/* A number of fdinfo as a cell. */
static struct cell fdinfo_number(const char *text, const char *name)
{
	char value[32];

	if (!text || !kern_fdinfo_value(text, name, value, sizeof(value)))
		return CELL(.kind = CELL_NONE);
	return cell_u64(strtoull(value, NULL, 0));
}

static int show_map(struct ctx *ctx, struct handle *map, struct pin_table *pins)
{
	struct cell row[MAP_COLUMNS] = { 0 };
	char *fdinfo = kern_fdinfo_text(map->fd);
	struct cell frozen = fdinfo_number(fdinfo, "frozen");
	struct cell owner = fdinfo_number(fdinfo, "owner_prog_type");
	struct cell jited = fdinfo_number(fdinfo, "owner_jited");
	struct cell extra = fdinfo_number(fdinfo, "map_extra");
	bool is_frozen = frozen.kind == CELL_U64 && frozen.u;
	int err;

	row[MAP_ID] = cell_u64(map->id);
	row[MAP_TYPE] = type_cell(kern_map_type_name(map->map.type), map->map.type);
	row[MAP_NAME] = cell_str(map->name);
	row[MAP_FLAGS] = cell_u64(map->map.flags);
	row[MAP_KEY] = cell_u64(map->map.key_size);
	row[MAP_VALUE] = cell_u64(map->map.value_size);
	row[MAP_ENTRIES] = cell_u64(map->map.max_entries);
	row[MAP_MEMLOCK] = fdinfo_number(fdinfo, "memlock");
	if (extra.kind == CELL_U64 && extra.u)
		row[MAP_EXTRA] = extra;
	if (owner.kind == CELL_U64)
		row[MAP_OWNER_TYPE] = type_cell(kern_prog_type_name(owner.u), owner.u);
	if (jited.kind == CELL_U64)
		row[MAP_OWNER_JITED] = cell_bool(jited.u);
	row[MAP_FROZEN] = cell_u64(is_frozen);
	if (map->map.btf_id)
		row[MAP_BTF] = cell_u64(map->map.btf_id);
	if (is_frozen)
		row[map->map.btf_id ? MAP_FROZEN_BTF : MAP_FROZEN_ALONE] = cell_bool(true);
	row[MAP_PINNED] = pin_table_cell(pins, OBJ_MAP, map->id);
	err = sink_row(ctx->sink, row);
	free(fdinfo);
	return err;
}

enum { SHOW_MAPS };

static int map_show(struct ctx *ctx, struct value *argv)
{
	return show_objects(ctx, OBJ_MAP, &argv[SHOW_MAPS], &map_record, show_map);
}

static const struct cmd map_show_cmd = {
	.object = "map", .verb = "show", .alias = "list", .place = 1,
	.help = "show all maps, or those named",
	.args = ARGS(
		[SHOW_MAPS] = { "map", &arg_maps, ARG_OPTIONAL, "the map, or several by name" }),
	.flags = CMD_DEFAULT | CMD_RECORD,
	.run = map_show,
	.examples = STRINGS("map show", "map show name flows", "map show id 42"),
};

bool map_is_empty(const struct handle *map)
{
	char *key = xcalloc(1, map->map.key_size);
	bool empty = map->fd >= 0 && kern_map_next(map->fd, NULL, key) == -ENOENT;

	free(key);
	return empty;
}

int map_walked(struct ctx *ctx, const struct handle *map, int err)
{
	if (err == -KERN_ECHANGED) {
		diag_note(ctx->diags, NO_SPAN, "map '%s' changed during this: the kernel may have "
			  "stepped over elements beside those that changed", map->title);
		return 0;
	}
	if (err < 0 && err != -1 && err != -EINTR)
		kern_map_error(ctx->diags, ctx->span, "dump", map, -err);
	return err ? -1 : 0;
}

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
