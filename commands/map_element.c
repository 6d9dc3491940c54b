// SPDX-License-Identifier: BSD-2-Clause
/* Single elements of maps, and dumps of them all. */
#include <errno.h>
#include <stdlib.h>

#include "commands/map.h"
#include "shell/maptypes.h"

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

/* Several maps: each one's facts and its elements, as bpftool -j has it. */
static const struct column several_columns[] = {
	{ "id", "%: " },
	{ "type", "%" },
	{ "name", "  name %" },
	{ "flags", "  flags %", .flags = COL_HEX },
	{ "elements", "\n%", .flags = COL_WIDE },
	{ 0 }
};

static const struct record several_record = { "map", several_columns };

struct gathering {
	const struct element_format *format;
	struct buf json;
};

static int gather_element(void *arg, const void *key, const void *value)
{
	struct gathering *g = arg;

	buf_putc(&g->json, g->json.len ? ',' : '[');
	element_json(&g->json, g->format, key, value);
	return 0;
}

static int dump_one_of_several(struct ctx *ctx, struct handle *map)
{
	struct gathering g = { .format = map_format(map) };
	int err = kern_map_walk(map, gather_element, &g);
	jv elements;

	if (err && err != -EINTR)
		kern_map_error(ctx->diags, ctx->span, "dump", map, -err);
	if (!err) {
		buf_puts(&g.json, g.json.len ? "]" : "[]");
		elements = jv_parse_sized(g.json.data, g.json.len);
		err = sink_row(ctx->sink, (const struct cell[]){
			cell_u64(map->id), type_cell(kern_map_type_name(map->map.type), map->map.type),
			cell_str(map->name), cell_u64(map->map.flags),
			CELL(.kind = CELL_JSON, .json = elements) });
		jv_free(elements);
	}
	buf_free(&g.json);
	return err ? -1 : 0;
}

static int dump_several(struct ctx *ctx, struct handle **maps, size_t nr)
{
	sink_begin(ctx->sink, &several_record, SINK_LIST);
	for (size_t i = 0; i < nr; i++)
		if (dump_one_of_several(ctx, maps[i]))
			return -1;
	return sink_end(ctx->sink);
}

int map_dump(struct ctx *ctx, struct value *argv)
{
	if (argv[0].handles.nr > 1)
		return dump_several(ctx, argv[0].handles.list, argv[0].handles.nr);
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
int need_real(struct ctx *ctx, const struct handle *map)
{
	return map->fd >= 0 ? 0 :
	       diag_error(ctx->diags, ctx->span, "map '%s' exists only in the plan", map->name);
}

int map_lookup(struct ctx *ctx, struct value *argv)
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

	if (value->kind == VALUE_BYTES && flag == BPF_ANY)
		return gather_update(ctx, argv[0].handle, key, value->bytes.data);
	if (gather_flush(ctx))
		return -1;
	return txn_do(ctx, op_map_update(argv[0].handle, key,
					 value->kind == VALUE_BYTES ? value->bytes.data : NULL,
					 value->kind == VALUE_HANDLE ? value->handle : NULL,
					 flag, ctx->span));
}

int map_delete(struct ctx *ctx, struct value *argv)
{
	if (argv[1].kind != VALUE_BYTES)
		return map_remove(ctx, argv[0].handle);
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
