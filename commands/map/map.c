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

static int map_show(struct ctx *ctx, struct value *argv)
{
	return show_objects(ctx, OBJ_MAP, &argv[0], &map_record, show_map);
}

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

static int map_freeze(struct ctx *ctx, struct value *argv)
{
	return txn_do(ctx, op_map_freeze(argv[0].handle, ctx->span));
}

static const char *const replace_word[] = { "replace", NULL };
static const char *const or_words[] = { "null", NULL };
static const char *const sum_word[] = { "sum", NULL };
static const char *const recursive_word[] = { "recursive", NULL };

static const char *const pins_word[] = { "pins", NULL };
static const char *const exist_word[] = { "exist", NULL };

#define ARG_VALUE { "value", &arg_value, ARG_KEYWORD, "value: bytes, or a literal of its type" }
#define ARG_MAP_ONE { "map", &arg_map, 0, "the map" }

const struct cmd map_cmds[] = {
	{ "map", "show", "list", "show all maps, or those named",
	  (const struct arg[]){ { "map", &arg_maps, ARG_OPTIONAL, "the map, or several by name" }, { 0 } },
	  CMD_DEFAULT | CMD_RECORD, map_show,
	  (const char *const[]){ "map show", "map show name flows", "map show id 42", NULL },
	  .place = 1 },
	{ "map", "create", NULL, "make a map, pinned at PATH if one is given",
	  (const struct arg[]){
		{ "path", &arg_pin_path, ARG_OPTIONAL, "where to pin it" },
		{ "type", &arg_map_type, ARG_KEYWORD, "map type" },
		{ "key", &arg_number, ARG_KEYWORD | ARG_OPTIONAL, "bytes of a key" },
		{ "value", &arg_number, ARG_KEYWORD | ARG_OPTIONAL, "bytes of a value" },
		{ "entries", &arg_number, ARG_KEYWORD | ARG_OPTIONAL, "most elements it holds" },
		{ "name", &arg_string, ARG_KEYWORD | ARG_OPTIONAL, "name, at most 15 characters" },
		{ "flags", &arg_map_flags, ARG_KEYWORD | ARG_OPTIONAL, "BPF_F_ flags by name, or a number" },
		{ "inner_map", &arg_map, ARG_KEYWORD | ARG_OPTIONAL, "model of the maps inside" },
		{ "map_extra", &arg_number64, ARG_KEYWORD | ARG_OPTIONAL, "what the type has besides" },
		{ "numa_node", &arg_number, ARG_KEYWORD | ARG_OPTIONAL, "node to take memory from" },
		{ "btf", &arg_btf_source, ARG_KEYWORD | ARG_OPTIONAL, "where the types are from" },
		{ "key_type", &arg_c_type, ARG_KEYWORD | ARG_OPTIONAL, "type of keys, and their size" },
		{ "value_type", &arg_c_type, ARG_KEYWORD | ARG_OPTIONAL, "type of values, and their size" },
		{ 0 } },
	  CMD_WRITES | CMD_MAKES, map_create,
	  (const char *const[]){
		"map create /sys/fs/bpf/counter type array key 4 value 4 entries 5 name counter",
		"$m = map create type hash key 4 value 16 entries 64 name flows",
		"$m = map create type hash btf flow.o key_type struct key value_type struct flow "
		"entries 64 flags no_prealloc", NULL }, .place = 17,
	  .check = need_pin },
	{ "map", "dump", NULL, "show all elements of a map",
	  (const struct arg[]){ { "map", &arg_maps, 0, "the map" },
		{ "sum", NULL, ARG_FLAG | ARG_OPTIONAL, "add up the values of all CPUs", sum_word },
		{ "recursive", NULL, ARG_FLAG | ARG_OPTIONAL, "with the elements of maps in the map",
		  recursive_word },
		{ 0 } }, 0, map_dump,
	  (const char *const[]){ "map dump name flows", "map dump $m | jq length", "map dump $counts sum",
				 "map dump $outer recursive", NULL }, .place = 4 },
	{ "map", "lookup", NULL, "show one element",
	  (const struct arg[]){ ARG_MAP_ONE,
		{ "key", &arg_key, ARG_KEYWORD, "bytes, or a literal of its type; of a storage PATH or pid N" },
		{ "or", &arg_choice, ARG_KEYWORD | ARG_OPTIONAL, "a missing key is no error", or_words },
		{ "sum", NULL, ARG_FLAG | ARG_OPTIONAL, "add up the values of all CPUs", sum_word },
		{ 0 } }, 0, map_lookup,
	  (const char *const[]){ "map lookup $m key 1", "map lookup $m key 10.0.0.1 or null",
				 "map lookup $task_storage key pid 1", NULL }, .place = 6 },
	{ "map", "update", NULL, "set one element",
	  (const struct arg[]){ ARG_MAP_ONE,
		{ "key", &arg_key, ARG_KEYWORD, "key: bytes, or a literal of its type" },
		{ "value", &arg_value, ARG_KEYWORD,
		  "value: bytes, a literal of its type, or an object; fields not given become zero" },
		{ "flags", NULL, ARG_FLAG | ARG_OPTIONAL, "whether the key must exist",
		  update_flags, "BPF_" },
		{ 0 } }, CMD_WRITES | CMD_GATHERS, map_update,
	  (const char *const[]){ "map update $m key 1 0 0 0 value 1 0 0 0",
				 "map update $m key 10.0.0.1 value pkts=1 verdict=V_DROP noexist",
				 NULL },
	  .place = 5 },
	{ "map", "delete", NULL, "remove one element, or the map: all its pins",
	  (const struct arg[]){ ARG_MAP_ONE,
		{ "key", &arg_key, ARG_KEYWORD | ARG_OPTIONAL, "key: bytes, or a literal of its type" },
		{ "pins", NULL, ARG_FLAG | ARG_OPTIONAL | ARG_WHOLE,
		  "the map itself, which at a terminal needs no word", pins_word },
		{ 0 } }, CMD_WRITES, map_delete,
	  (const char *const[]){ "map delete $m key 1", "map delete name flows pins", NULL },
	  .place = 8, .check = map_delete_check },
	{ "map", "getnext", NULL, "show the key behind a key, or the first one",
	  (const struct arg[]){ ARG_MAP_ONE,
		{ "key", &arg_key, ARG_KEYWORD | ARG_OPTIONAL, "key to begin behind" },
		{ 0 } }, 0, map_getnext,
	  (const char *const[]){ "map getnext $m", NULL }, .place = 7 },
	{ "map", "freeze", NULL, "make a map read-only for user space, for good",
	  (const struct arg[]){ ARG_MAP_ONE, { 0 } }, CMD_WRITES, map_freeze,
	  (const char *const[]){ "map freeze $m", NULL }, .place = 16 },
	{ "map", "export", NULL, "write all elements as lines of JSON; to the output where FILE is -",
	  (const struct arg[]){ ARG_MAP_ONE, { "file", &arg_file, 0, "where to" }, { 0 } },
	  CMD_OUTSIDE, map_export,
	  (const char *const[]){ "map export $m flows.jsonl", "map export $m - | head", NULL } },
	{ "map", "import", NULL, "set elements from lines of JSON, or from a JSON dump",
	  (const struct arg[]){ ARG_MAP_ONE, { "file", &arg_input, 0, "where from; - is the input" },
		{ 0 } }, CMD_WRITES, map_import,
	  (const char *const[]){ "map import $m flows.jsonl", NULL } },
	{ "map", "copy", NULL, "set in one map all elements of another",
	  (const struct arg[]){ { "from", &arg_map, 0, "map to read" },
		{ "to", &arg_map, 0, "map to change" }, { 0 } }, CMD_WRITES, map_copy,
	  (const char *const[]){ "map copy $old $new", NULL } },
	{ "map", "clear", NULL, "remove all elements; those of arrays become zero",
	  (const struct arg[]){ ARG_MAP_ONE, { 0 } }, CMD_WRITES | CMD_WHOLE, map_clear,
	  (const char *const[]){ "map clear $m", NULL } },
	{ "map", "count", NULL, "count the elements",
	  (const struct arg[]){ ARG_MAP_ONE, { 0 } }, 0, map_count,
	  (const char *const[]){ "map count $m", NULL } },
	{ "map", "top", NULL, "show the elements that change fastest, again and again until Ctrl-C",
	  (const struct arg[]){ ARG_MAP_ONE,
		{ "interval", &arg_number, ARG_KEYWORD | ARG_OPTIONAL,
		  "seconds between two looks; else 1" },
		{ "count", &arg_number64, ARG_KEYWORD | ARG_OPTIONAL,
		  "samples to show; else until Ctrl-C" },
		{ "rows", &arg_number, ARG_KEYWORD | ARG_OPTIONAL,
		  "most elements shown of each; else 20" },
		{ "by", &arg_counter, ARG_KEYWORD | ARG_OPTIONAL,
		  "what counts; else the first integers" },
		{ 0 } }, 0, map_top,
	  (const char *const[]){ "map top $m", "map top name flows interval 5 by packets",
				 "map top $m count 3 rows 10", NULL } },
	{ "map", "diff", NULL, "show what differs between two maps, or what changed since a dump",
	  (const struct arg[]){ ARG_MAP_ONE,
		{ "with", &arg_map_or_dump, 0, "the other map, or a variable with an earlier dump" }, { 0 } },
	  0, map_diff,
	  (const char *const[]){ "map diff $old $new", "$before = map dump $m", "map diff $m $before",
				 NULL } },
	{ "map", "read", "event_pipe", "show events of a ring buffer or perf event array, which no other reader gets",
	  (const struct arg[]){ ARG_MAP_ONE,
		{ "cpu", &arg_number, ARG_KEYWORD | ARG_OPTIONAL, "this CPU alone, of a perf event array" },
		{ "index", &arg_number, ARG_KEYWORD | ARG_OPTIONAL, "the array's slot for that CPU" },
		{ "count", &arg_number64, ARG_KEYWORD | ARG_OPTIONAL, "events to read; else until Ctrl-C" },
		{ "type", &arg_c_type, ARG_KEYWORD | ARG_OPTIONAL, "their type, in a program that uses the map" },
		{ 0 } }, CMD_WRITES, map_read,
	  (const char *const[]){ "map read $events", "map read $events count 9 type struct event",
				 "map event_pipe $perf cpu 0 index 0", NULL }, .place = 10 },
	{ "map", "get", NULL, "show a global variable of a program, or all of them",
	  (const struct arg[]){ { "of", &arg_holder, 0, "the program, or the map with its data" },
		{ "name", &arg_global, ARG_OPTIONAL, "variable, also config.limit or slots[2]" }, { 0 } },
	  0, map_get,
	  (const char *const[]){ "map get $prog", "map get $prog packets",
				 "map get name flow.bss packets", NULL } },
	{ "map", "set", NULL, "set a global variable of a program",
	  (const struct arg[]){ { "of", &arg_holder, 0, "the program, or the map with its data" },
		{ "name", &arg_global, 0, "variable, also config.limit or slots[2]" },
		{ "value", &arg_global_value, 0, "bytes, a literal of its type, or field=value ..." },
		{ 0 } },
	  CMD_WRITES, map_set,
	  (const char *const[]){ "map set $prog limit 10", "map set $prog config mode=FAST", NULL } },
	{ "map", "push", NULL, "put a value into a stack, queue or bloom filter",
	  (const struct arg[]){ ARG_MAP_ONE, ARG_VALUE,
		{ "exist", NULL, ARG_FLAG | ARG_OPTIONAL, "where it is full, drop the oldest", exist_word },
		{ 0 } }, CMD_WRITES, map_push,
	  (const char *const[]){ "map push $stack value 7", NULL }, .place = 12 },
	{ "map", "enqueue", NULL, "put a value into a queue",
	  (const struct arg[]){ ARG_MAP_ONE, ARG_VALUE,
		{ "exist", NULL, ARG_FLAG | ARG_OPTIONAL, "where it is full, drop the oldest", exist_word },
		{ 0 } }, CMD_WRITES, map_push,
	  (const char *const[]){ "map enqueue $queue value 7", NULL }, .place = 13 },
	{ "map", "pop", NULL, "take the newest value out of a stack",
	  (const struct arg[]){ ARG_MAP_ONE, { 0 } }, CMD_WRITES, map_pop,
	  (const char *const[]){ "map pop $stack", NULL }, .place = 14 },
	{ "map", "dequeue", NULL, "take the oldest value out of a queue",
	  (const struct arg[]){ ARG_MAP_ONE, { 0 } }, CMD_WRITES, map_pop,
	  (const char *const[]){ "map dequeue $queue", NULL }, .place = 15 },
	{ "map", "peek", NULL, "show what would come out next, or whether a bloom filter has a value",
	  (const struct arg[]){ ARG_MAP_ONE,
		{ "value", &arg_value, ARG_KEYWORD | ARG_OPTIONAL, "value to look for: a bloom filter" },
		{ 0 } }, 0, map_peek,
	  (const char *const[]){ "map peek $queue", "map peek $bloom value 7", NULL },
	  .place = 11 },
	{ "map", "pin", NULL, "pin a map",
	  (const struct arg[]){ ARG_MAP_ONE,
		{ "path", &arg_pin_path, 0, "where, on a bpffs" },
		{ "replace", NULL, ARG_FLAG | ARG_OPTIONAL, "exchange the pin that is there", replace_word },
		{ 0 } }, CMD_WRITES, pin_run,
	  (const char *const[]){ "map pin $m /sys/fs/bpf/flows", NULL }, .place = 9 },
	{ "map", "unpin", NULL, "remove a pin",
	  (const struct arg[]){ { "path", &arg_pinned, 0, "the pin" }, { 0 } },
	  CMD_WRITES | CMD_WHOLE, unpin_run,
	  (const char *const[]){ "map unpin /sys/fs/bpf/flows", NULL } },
	CMD_HELP("map", 3),
	{ 0 }
};
