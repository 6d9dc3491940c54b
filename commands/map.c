// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "commands/common.h"
#include "shell/maptypes.h"

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
	MAP_ID, MAP_TYPE, MAP_NAME, MAP_FLAGS, MAP_KEY, MAP_VALUE, MAP_ENTRIES, MAP_MEMLOCK,
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

static int map_show(struct ctx *ctx, struct value *argv)
{
	return show_objects(ctx, OBJ_MAP, &argv[0], &map_record, show_map);
}

/* create */

enum { CREATE_FILE, CREATE_TYPE, CREATE_KEY, CREATE_VALUE, CREATE_ENTRIES, CREATE_NAME,
       CREATE_FLAGS, CREATE_INNER, CREATE_EXTRA, CREATE_NUMA };

static __u64 number_or(const struct value *v, __u64 otherwise)
{
	return v->kind == VALUE_NUM ? v->num : otherwise;
}

/* What --plan works on: a map that does not exist. */
static struct handle *planned_map(const struct map_def *def)
{
	struct handle *h = handle_new(OBJ_MAP, -1, 0, def->name ? def->name : "");

	h->map.type = def->type;
	h->map.key_size = def->key_size;
	h->map.value_size = def->value_size;
	h->map.max_entries = def->max_entries;
	h->map.flags = def->flags;
	return h;
}

static int map_create(struct ctx *ctx, struct value *argv)
{
	struct map_def def = {
		.type = argv[CREATE_TYPE].num,
		.key_size = number_or(&argv[CREATE_KEY], 0),
		.value_size = number_or(&argv[CREATE_VALUE], 0),
		.max_entries = number_or(&argv[CREATE_ENTRIES], 0),
		.flags = number_or(&argv[CREATE_FLAGS], 0),
		.extra = number_or(&argv[CREATE_EXTRA], 0),
		.numa_node = number_or(&argv[CREATE_NUMA], 0),
		.has_numa_node = argv[CREATE_NUMA].kind == VALUE_NUM,
		.inner_fd = argv[CREATE_INNER].kind == VALUE_HANDLE ? argv[CREATE_INNER].handle->fd : -1,
		.btf_fd = -1,
		.name = argv[CREATE_NAME].kind == VALUE_STR ? argv[CREATE_NAME].str : NULL,
	};
	struct handle *map = NULL;
	int err;

	if (txn_do(ctx, op_map_create(&def, &map, ctx->span)))
		return -1;
	if (!map)
		map = planned_map(&def);
	err = argv[CREATE_FILE].kind == VALUE_STR ?
	      txn_do(ctx, op_pin(map, argv[CREATE_FILE].str, false, argv[CREATE_FILE].span)) : 0;
	ctx->result = value_handle(map);
	return err;
}

/* dump */

/* Elements are rows of their own shape: no columns. */
static const struct record element_record = { "element", NULL };

struct dump {
	struct ctx *ctx;
	const struct element_format *format;
};

static int dump_element(void *arg, const void *key, const void *value)
{
	struct dump *dump = arg;

	return sink_row(dump->ctx->sink, &CELL(.kind = CELL_ELEMENT,
					       .element = { dump->format, key, value }));
}

static int dump_map(struct ctx *ctx, struct handle *map)
{
	struct dump dump = { ctx, map_format(map) };
	int err = kern_map_walk(map, dump_element, &dump);

	if (err < 0 && err != -1 && err != -EINTR)
		return kern_map_error(ctx->diags, ctx->span, "dump", map, -err);
	return err;
}

static int map_dump(struct ctx *ctx, struct value *argv)
{
	if (argv[0].handles.nr > 1) {
		diag_error(ctx->diags, argv[0].span, "%zu maps match", argv[0].handles.nr);
		diag_hint(ctx->diags, "choose one by id");
		return -1;
	}
	sink_begin(ctx->sink, &element_record, SINK_LIST);
	if (dump_map(ctx, argv[0].handles.list[0]))
		return -1;
	return sink_end(ctx->sink);
}

/* lookup */

static int show_element(struct ctx *ctx, struct handle *map, const void *key, const void *value)
{
	sink_begin(ctx->sink, &element_record, SINK_ONE);
	if (sink_row(ctx->sink, &CELL(.kind = CELL_ELEMENT,
				      .element = { map_format(map), key, value })))
		return -1;
	return sink_end(ctx->sink);
}

/* A map that --plan made has no elements yet. */
static int need_real(struct ctx *ctx, const struct handle *map)
{
	return map->fd >= 0 ? 0 :
	       diag_error(ctx->diags, ctx->span, "map '%s' exists only in the plan", map->name);
}

static int map_lookup(struct ctx *ctx, struct value *argv)
{
	struct handle *map = argv[0].handle;
	bool or_null = argv[2].kind != VALUE_NONE;
	void *value;
	int err;

	if (need_real(ctx, map))
		return -1;
	value = xcalloc(1, kern_value_bytes(map));
	err = kern_map_lookup(map->fd, argv[1].bytes.data, value, 0);
	if (!err)
		err = show_element(ctx, map, argv[1].bytes.data, value);
	else if (err == -ENOENT && or_null)
		err = 0;
	else if (err == -ENOENT) {
		err = diag_error(ctx->diags, argv[1].span, "no such key in map '%s'", map->name);
		diag_hint(ctx->diags, "'or null' makes a miss no error");
	} else {
		err = kern_map_error(ctx->diags, argv[1].span, "lookup", map, -err);
	}
	free(value);
	return err;
}

/* update, delete */

static const char *const update_flags[] = { "any", "exist", "noexist", NULL };

static __u64 update_flag(const struct value *v)
{
	if (v->kind != VALUE_STR)
		return BPF_ANY;
	return !strcmp(v->str, "exist") ? BPF_EXIST : !strcmp(v->str, "noexist") ? BPF_NOEXIST : BPF_ANY;
}

static int map_update(struct ctx *ctx, struct value *argv)
{
	const struct value *value = &argv[2];

	return txn_do(ctx, op_map_update(argv[0].handle, argv[1].bytes.data,
					 value->kind == VALUE_BYTES ? value->bytes.data : NULL,
					 value->kind == VALUE_HANDLE ? value->handle : NULL,
					 update_flag(&argv[3]), ctx->span));
}

static int map_delete(struct ctx *ctx, struct value *argv)
{
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

static int map_getnext(struct ctx *ctx, struct value *argv)
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
			return diag_error(ctx->diags, ctx->span, "no key behind this one in map '%s'",
					  map->name);
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

static const char *const replace_word[] = { "replace", NULL };
static const char *const or_words[] = { "null", NULL };

#define ARG_MAP_ONE { "map", &arg_map, 0, "the map" }

const struct cmd map_cmds[] = {
	{ "map", "show", "list", "show all maps, or those named",
	  (const struct arg[]){ { "map", &arg_maps, ARG_OPTIONAL, "the map, or several by name" }, { 0 } },
	  CMD_DEFAULT, map_show,
	  (const char *const[]){ "map show", "map show name flows", "map show id 42", NULL } },
	{ "map", "create", NULL, "make a map, pinned at PATH if one is given",
	  (const struct arg[]){
		{ "path", &arg_pin_path, ARG_OPTIONAL, "where to pin it" },
		{ "type", &arg_map_type, ARG_KEYWORD, "map type" },
		{ "key", &arg_number, ARG_KEYWORD | ARG_OPTIONAL, "bytes of a key" },
		{ "value", &arg_number, ARG_KEYWORD | ARG_OPTIONAL, "bytes of a value" },
		{ "entries", &arg_number, ARG_KEYWORD | ARG_OPTIONAL, "most elements it holds" },
		{ "name", &arg_string, ARG_KEYWORD | ARG_OPTIONAL, "name, at most 15 characters" },
		{ "flags", &arg_number, ARG_KEYWORD | ARG_OPTIONAL, "BPF_F_ flags as a number" },
		{ "inner_map", &arg_map, ARG_KEYWORD | ARG_OPTIONAL, "model of the maps inside" },
		{ "map_extra", &arg_number64, ARG_KEYWORD | ARG_OPTIONAL, "what the type has besides" },
		{ "numa_node", &arg_number, ARG_KEYWORD | ARG_OPTIONAL, "node to take memory from" },
		{ 0 } },
	  CMD_WRITES, map_create,
	  (const char *const[]){
		"map create /sys/fs/bpf/counter type array key 4 value 4 entries 5 name counter",
		"$m = map create type hash key 4 value 16 entries 64 name flows", NULL } },
	{ "map", "dump", NULL, "show all elements of a map",
	  (const struct arg[]){ { "map", &arg_maps, 0, "the map" }, { 0 } }, 0, map_dump,
	  (const char *const[]){ "map dump name flows", "map dump $m | jq length", NULL } },
	{ "map", "lookup", NULL, "show one element",
	  (const struct arg[]){ ARG_MAP_ONE,
		{ "key", &arg_key, ARG_KEYWORD, "key: bytes, or a literal of its type" },
		{ "or", &arg_choice, ARG_KEYWORD | ARG_OPTIONAL, "a missing key is no error", or_words },
		{ 0 } }, 0, map_lookup,
	  (const char *const[]){ "map lookup $m key 1", "map lookup $m key 10.0.0.1 or null", NULL } },
	{ "map", "update", NULL, "set one element",
	  (const struct arg[]){ ARG_MAP_ONE,
		{ "key", &arg_key, ARG_KEYWORD, "key: bytes, or a literal of its type" },
		{ "value", &arg_value, ARG_KEYWORD, "value: bytes, a literal of its type, or an object" },
		{ "flags", NULL, ARG_FLAG | ARG_OPTIONAL, "whether the key must exist", update_flags },
		{ 0 } }, CMD_WRITES, map_update,
	  (const char *const[]){ "map update $m key 1 0 0 0 value 1 0 0 0",
				 "map update $m key 10.0.0.1 value pkts=1 verdict=V_DROP noexist", NULL } },
	{ "map", "delete", NULL, "remove one element",
	  (const struct arg[]){ ARG_MAP_ONE,
		{ "key", &arg_key, ARG_KEYWORD, "key: bytes, or a literal of its type" },
		{ 0 } }, CMD_WRITES, map_delete,
	  (const char *const[]){ "map delete $m key 1", NULL } },
	{ "map", "getnext", NULL, "show the key behind a key, or the first one",
	  (const struct arg[]){ ARG_MAP_ONE,
		{ "key", &arg_key, ARG_KEYWORD | ARG_OPTIONAL, "key to begin behind" },
		{ 0 } }, 0, map_getnext,
	  (const char *const[]){ "map getnext $m", NULL } },
	{ "map", "pin", NULL, "pin a map",
	  (const struct arg[]){ ARG_MAP_ONE,
		{ "path", &arg_pin_path, 0, "where, on a bpffs" },
		{ "replace", NULL, ARG_FLAG | ARG_OPTIONAL, "exchange the pin that is there", replace_word },
		{ 0 } }, CMD_WRITES, pin_run,
	  (const char *const[]){ "map pin $m /sys/fs/bpf/flows", NULL } },
	{ "map", "unpin", NULL, "remove a pin",
	  (const struct arg[]){ { "path", &arg_pinned, 0, "the pin" }, { 0 } }, CMD_WRITES, unpin_run,
	  (const char *const[]){ "map unpin /sys/fs/bpf/flows", NULL } },
	{ 0 }
};
