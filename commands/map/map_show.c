// SPDX-License-Identifier: BSD-2-Clause
/* Maps, one or all: what the kernel tells of them. */
#include <stdlib.h>

#include "commands/holders.h"
#include "commands/map/map.h"
#include "commands/pins.h"
#include "render/sink/sink.h"
#include "shell/kern/handle.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/lang/args.h"

enum {
	MAP_ID, MAP_TYPE, MAP_NAME, MAP_FLAGS, MAP_KEY, MAP_VALUE, MAP_ENTRIES, MAP_MEMLOCK, MAP_EXTRA,
	MAP_OWNER_TYPE, MAP_OWNER_JITED, MAP_FROZEN, MAP_BTF, MAP_FROZEN_BTF, MAP_FROZEN_ALONE,
	MAP_PINNED, MAP_PIDS, MAP_COLUMNS
};

static const struct column map_columns[] = {
	[MAP_ID] = { "id", "%: " },
	[MAP_TYPE] = { "type", "%" },
	[MAP_NAME] = { "name", "  name %" },
	[MAP_FLAGS] = { "flags", "  flags %", .flags = COL_HEX },
	[MAP_KEY] = { "bytes_key", "\n\tkey %B" },
	[MAP_VALUE] = { "bytes_value", "  value %B" },
	[MAP_ENTRIES] = { "max_entries", "  max_entries %" },
	[MAP_MEMLOCK] = { "bytes_memlock", "  memlock %B" },
	[MAP_EXTRA] = { "map_extra", "  map_extra %", .flags = COL_HEX | COL_WIDE },
	[MAP_OWNER_TYPE] = { "owner_prog_type", "\n\towner_prog_type %  ", .flags = COL_WIDE },
	[MAP_OWNER_JITED] = { "owner_jited", "owner jited", "owner not jited", COL_WIDE },
	[MAP_FROZEN] = { "frozen" },
	[MAP_BTF] = { "btf_id", "\n\tbtf_id %" },
	[MAP_FROZEN_BTF] = { "frozen beside btf_id", "  frozen", .flags = COL_PLAIN_ONLY },
	[MAP_FROZEN_ALONE] = { "frozen alone", "\n\tfrozen", .flags = COL_PLAIN_ONLY },
	[MAP_PINNED] = { "pinned", "\n\tpinned %", .flags = COL_EACH | COL_WIDE },
	[MAP_PIDS] = COLUMN_PIDS,
	[MAP_COLUMNS] = { 0 }
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

static int show_map(struct ctx *ctx, struct handle *map, struct holders *holders)
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
	row[MAP_FROZEN] = fdinfo ? cell_u64(is_frozen) : CELL(.kind = CELL_NULL);
	if (map->map.btf_id)
		row[MAP_BTF] = cell_u64(map->map.btf_id);
	if (is_frozen)
		row[map->map.btf_id ? MAP_FROZEN_BTF : MAP_FROZEN_ALONE] = cell_bool(true);
	row[MAP_PINNED] = holders_pins(holders, OBJ_MAP, map->id);
	row[MAP_PIDS] = holders_pids(holders, OBJ_MAP, map->id);
	err = sink_row(ctx->sink, row);
	free(fdinfo);
	return err;
}

enum { SHOW_MAPS };

static int map_show(struct ctx *ctx, struct value *argv)
{
	return show_objects(ctx, OBJ_MAP, &argv[SHOW_MAPS], &map_record, show_map);
}

const struct cmd map_show_cmd = {
	.object = "map", .verb = "show", .alias = "list", .place = 1,
	.help = "show all maps, or those named",
	.args = ARGS(
		[SHOW_MAPS] = { "map", &arg_maps, ARG_OPTIONAL, "the map, or several by name" }),
	.flags = CMD_DEFAULT | CMD_RECORD,
	.run = map_show,
	.examples = STRINGS("map show", "map show name flows", "map show id 42"),
};
