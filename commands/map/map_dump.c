// SPDX-License-Identifier: BSD-2-Clause
/* Elements shown: one, or all of a map, with what is known about their values besides. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "commands/common.h"
#include "commands/map/map.h"
#include "render/sink/progress.h"
#include "render/sink/sink.h"
#include "render/typed/typed.h"
#include "render/typed/typed_cell.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/maptypes.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/lang/args.h"

/* Elements of some maps have more beside them than BTF could tell. */
struct form {
	const struct record *record;
	kern_element_fn row;		/* its argument is the dump */
};

/* What is shown, and what was found out on the way. */
struct dump {
	struct ctx *ctx;
	struct handle *map;
	const struct element_format *format;
	const struct form *form;
	bool sum, recursive;
	int depth;			/* of maps within maps */
	/* A map within a map: the row that its elements stand in, until it has begun. */
	const struct cell *outer;
	struct stack stack;
	struct progress progress;
	bool differs;			/* a sum has values that could not be added */
};

/* The element alone */

static const struct record element_record = { "element", NULL, true };

static int element_row(void *arg, const void *key, const void *value)
{
	struct dump *d = arg;
	struct element e = { d->format, key, value };
	struct cell cell = element_cell(&e);

	return sink_row(d->ctx->sink, &cell);
}

/* An object that an element names by its ID; NULL with *@err where it cannot be opened. */
static struct handle *open_named(enum object_kind kind, const void *value, __u32 *id, int *err)
{
	struct handle *h;

	memcpy(id, value, sizeof(*id));
	h = kern_open_object(kind, *id);
	*err = h ? 0 : -errno;
	return h;
}

/* What is to be said of one that could not be opened; who may not ask sees the ID alone. */
static struct cell state_cell(int err)
{
	return cell_str(err == -ENOENT ? "gone" : NULL);
}

/* Programs */

static const struct column prog_columns[] = {
	{ "element" },
	{ "prog_id", "  prog %" },
	{ "prog_name", "  name %" },
	{ "prog_state", "  (%)" },
	{ 0 }
};

static const struct record prog_record = { "element", prog_columns, true };

static int prog_row(void *arg, const void *key, const void *value)
{
	struct dump *d = arg;
	struct element e = { d->format, key, value };
	__u32 id;
	int err;
	struct handle *prog = open_named(OBJ_PROG, value, &id, &err);

	err = sink_row(d->ctx->sink, (const struct cell[]){
		element_cell(&e), cell_u64(id), cell_str(prog ? prog->name : NULL),
		state_cell(err) });
	handle_put(prog);
	return err;
}

/* Stacks */

static const struct column stack_columns[] = {
	{ "element" },
	{ "stack" },
	{ "frames", "\nstack:%", .flags = COL_PLAIN_ONLY },
	{ 0 }
};

static const struct record stack_record = { "element", stack_columns, true };

static int stack_row(void *arg, const void *key, const void *value)
{
	struct dump *d = arg;
	struct element e = { d->format, key, value };

	stack_read(&d->stack, d->map, value);
	return sink_row(d->ctx->sink, (const struct cell[]){
		element_cell(&e), cell_json_text(&d->stack.json),
		CELL(.kind = CELL_TEXT, .str = { d->stack.text.data, d->stack.text.len }) });
}

/* Sums */

static const struct column sum_columns[] = { { "key", "key: %" }, { "sum", "  sum: %" }, { 0 } };

static const struct record sum_record = { "sum", sum_columns };

static int sum_row(void *arg, const void *key, const void *value)
{
	struct dump *d = arg;
	const struct element_format *f = d->format;
	struct buf name = BUF_INIT, sum = BUF_INIT;
	struct cell key_cell = CELL(.kind = CELL_BYTES, .str = { key, f->key_size });
	int err;

	if (f->key) {
		element_nice_key(&name, f, key);
		key_cell = cell_json_text(&name);
	}
	d->differs |= !element_sum(&sum, f, value);
	err = sink_row(d->ctx->sink, (const struct cell[]){ key_cell, cell_json_text(&sum) });
	buf_free(&name);
	buf_free(&sum);
	return err;
}

/* Maps */

enum { INNER_ELEMENT, INNER_TYPE, INNER_NAME, INNER_STATE, INNER_COLUMNS };

static const struct column inner_columns[] = {
	[INNER_ELEMENT] = { "element" },
	[INNER_TYPE] = { "inner_map_type", " type %" },
	[INNER_NAME] = { "inner_map_name", "  name %" },
	[INNER_STATE] = { "inner_map_state", " (%)" },
	[INNER_COLUMNS] = { 0 }
};

static const struct record inner_record = { "element", inner_columns, true };

static int inner_row(void *arg, const void *key, const void *value);

static const struct form
	element_form = { &element_record, element_row },
	prog_form = { &prog_record, prog_row },
	stack_form = { &stack_record, stack_row },
	sum_form = { &sum_record, sum_row },
	inner_form = { &inner_record, inner_row };

static const struct form *form_of(const struct dump *d)
{
	switch (d->map->map.type) {
	case BPF_MAP_TYPE_PROG_ARRAY:
		return &prog_form;
	case BPF_MAP_TYPE_STACK_TRACE:
		return &stack_form;
	}
	if (d->format->inner_map && d->recursive && d->depth < SINK_DEPTH)
		return &inner_form;
	return d->sum && d->format->cpus ? &sum_form : &element_form;
}

/* The list of an inner map's elements begins with the first one, or at the end. */
static int begin_inner(struct dump *d)
{
	const struct cell *outer = d->outer;

	d->outer = NULL;
	return outer ? sink_open(d->ctx->sink, outer, "elements", d->form->record) : 0;
}

static int on_element(void *arg, const void *key, const void *value)
{
	struct dump *d = arg;

	progress_count(&d->progress);
	return begin_inner(d) ? -1 : d->form->row(d, key, value);
}

/* A map's elements as rows of the list that is open, or of the one that @d->outer will open. */
static int walk(struct dump *d, struct handle *map)
{
	int err;

	d->map = map;
	d->format = map_format(map);
	d->form = form_of(d);
	err = kern_map_walk(map, on_element, d);
	return err == -KERN_ECHANGED ? map_walked(d->ctx, map, err) : err;
}

/* What became of a walk through an inner map; one without elements has a row that says why. */
static int end_inner(struct dump *d, const struct dump *inner, struct cell *row, int err)
{
	struct diags why = { 0 };

	d->stack = inner->stack;
	d->progress = inner->progress;
	d->differs |= inner->differs;
	if (!err && inner->outer)
		err = sink_open(d->ctx->sink, row, "elements", inner->form->record);
	if (!err)
		return sink_close(d->ctx->sink);
	if (err == -1 || err == -EINTR || !inner->outer)
		return err;
	kern_map_error(&why, NO_SPAN, "dump", inner->map, -err);
	row[INNER_STATE] = cell_str(why.list[0].msg);
	err = sink_row(d->ctx->sink, row);
	diags_clear(&why);
	return err;
}

static int inner_row(void *arg, const void *key, const void *value)
{
	struct dump *d = arg;
	struct element e = { d->format, key, value };
	__u32 id;
	int err;
	struct handle *map = open_named(OBJ_MAP, value, &id, &err);
	struct cell row[INNER_COLUMNS] = {
		[INNER_ELEMENT] = element_cell(&e), [INNER_STATE] = state_cell(err)
	};
	struct dump inner = *d;

	if (err == -ENOENT)
		return sink_row(d->ctx->sink, row);
	if (err)
		return kern_call_error(d->ctx->diags, d->ctx->span, KERN_LISTING, -err, "open map %u",
				       id);
	row[INNER_TYPE] = type_cell(kern_map_type_name(map->map.type), map->map.type);
	row[INNER_NAME] = cell_str(map->name);
	inner.outer = row;
	inner.depth++;
	err = end_inner(d, &inner, row, walk(&inner, map));
	handle_put(map);
	return err;
}

/* What holds for all that was shown. */
static void dump_end(struct dump *d)
{
	if (d->differs) {
		diag_note(d->ctx->diags, NO_SPAN, "values that are no numbers cannot be added");
		diag_hint(d->ctx->diags,
			  "they are null where the CPUs differ; without 'sum' all are shown");
	}
	stack_end(&d->stack, d->ctx->diags);
}

/* Whether the values of a map can be added up, or those of the maps in it. */
static int check_sum(const struct dump *d, struct handle *map)
{
	const struct element_format *f = map_format(map);

	if (!d->sum || (d->recursive && f->inner_map))
		return 0;
	if (!f->cpus)
		return diag_error(d->ctx->diags, d->ctx->span, "map '%s' has one value for all "
				  "CPUs: there is nothing to sum", map->title);
	if (element_is_number(f))
		return 0;
	if (f->unread)
		return diag_error(d->ctx->diags, d->ctx->span, "cannot sum values of %u bytes: "
				  "their types cannot be read (%s)", f->value_size, f->unread);
	diag_error(d->ctx->diags, d->ctx->span, "cannot sum values of %u bytes without BTF",
		   f->value_size);
	diag_hint(d->ctx->diags, "only values of 1, 2, 4 or 8 bytes are taken for numbers");
	return -1;
}

/* Several maps: each one's facts and its elements, as bpftool -j has it. */
static const struct column several_columns[] = {
	{ "id", "%: " },
	{ "type", "%" },
	{ "name", "  name %" },
	{ "flags", "  flags %", .flags = COL_HEX },
	{ 0 }
};

static const struct record several_record = { "map", several_columns };

static int dump_one_of_several(struct dump *d, struct handle *map)
{
	struct cell row[] = {
		cell_u64(map->id), type_cell(kern_map_type_name(map->map.type), map->map.type),
		cell_str(map->name), cell_u64(map->map.flags)
	};
	int err;

	d->outer = row;
	err = walk(d, map);
	if (!err && begin_inner(d))
		err = -1;
	if (map_walked(d->ctx, map, err))
		return -1;
	return sink_close(d->ctx->sink);
}

static int dump_several(struct dump *d, struct handle **maps, size_t nr)
{
	d->depth = 1;
	sink_begin(d->ctx->sink, &several_record, SINK_LIST);
	for (size_t i = 0; i < nr; i++)
		if (dump_one_of_several(d, maps[i]))
			return -1;
	return sink_end(d->ctx->sink);
}

static int dump_one(struct dump *d, struct handle *map)
{
	d->map = map;
	d->format = map_format(map);
	sink_begin(d->ctx->sink, form_of(d)->record, SINK_LIST);
	return map_walked(d->ctx, map, walk(d, map)) ? -1 : sink_end(d->ctx->sink);
}

enum { DUMP_MAPS, DUMP_SUM, DUMP_RECURSIVE };

static int map_dump(struct ctx *ctx, struct value *argv)
{
	struct handle **maps = argv[DUMP_MAPS].handles.list;
	size_t nr = argv[DUMP_MAPS].handles.nr;
	struct dump d = {
		.ctx = ctx, .sum = argv[DUMP_SUM].kind != VALUE_NONE,
		.recursive = argv[DUMP_RECURSIVE].kind != VALUE_NONE
	};
	int err;

	for (size_t i = 0; i < nr; i++)
		if (not_planned(ctx, maps[i], ctx->span) || check_sum(&d, maps[i]))
			return -1;
	progress_begin_beside(&d.progress, "dumped");
	err = nr > 1 ? dump_several(&d, maps, nr) : dump_one(&d, maps[0]);
	progress_end(&d.progress);
	dump_end(&d);
	return err ? -1 : 0;
}

const struct cmd map_dump_cmd = {
	.object = "map", .verb = "dump", .place = 4,
	.help = "show all elements of a map",
	.args = ARGS(
		[DUMP_MAPS] = { "map", &arg_maps, 0, "the map" },
		[DUMP_SUM] = { "sum", NULL, ARG_FLAG | ARG_OPTIONAL,
			"add up the values of all CPUs", STRINGS("sum") },
		[DUMP_RECURSIVE] = { "recursive", NULL, ARG_FLAG | ARG_OPTIONAL,
			"with the elements of maps in the map", STRINGS("recursive") }),
	.run = map_dump,
	.examples = STRINGS("map dump name flows", "map dump $m | jq length",
			    "map dump $counts sum", "map dump $outer recursive"),
};

static int show_element(struct dump *d, struct handle *map, const void *key, const void *value)
{
	d->map = map;
	d->format = map_format(map);
	d->form = form_of(d);
	sink_begin(d->ctx->sink, d->form->record, SINK_ONE);
	if (d->form->row(d, key, value))
		return -1;
	return sink_end(d->ctx->sink);
}

static int missing_key(struct ctx *ctx, struct handle *map, const struct value *key)
{
	diag_error(ctx->diags, key->span, "no such key in map '%s'", map->title);
	map_hint_twin(map, key->bytes.data, ctx->diags);
	diag_hint(ctx->diags, "'or null' makes a miss no error");
	return -1;
}

enum { LOOKUP_MAP, LOOKUP_KEY, LOOKUP_OR_NULL, LOOKUP_SUM };

static int map_lookup(struct ctx *ctx, struct value *argv)
{
	struct handle *map = argv[LOOKUP_MAP].handle;
	struct dump d = { .ctx = ctx, .sum = argv[LOOKUP_SUM].kind != VALUE_NONE };
	bool or_null = argv[LOOKUP_OR_NULL].kind != VALUE_NONE;
	const struct value *key = &argv[LOOKUP_KEY];
	void *value;
	int err;

	if (not_planned(ctx, map, ctx->span) || check_sum(&d, map))
		return -1;
	value = xcalloc(1, kern_value_bytes(map));
	err = kern_map_lookup(map->fd, key->bytes.data, value, 0);
	if (!err)
		err = show_element(&d, map, key->bytes.data, value);
	else if (err == -ENOENT)
		err = or_null ? 0 : missing_key(ctx, map, key);
	else
		err = kern_map_error(ctx->diags, key->span, "lookup", map, -err);
	dump_end(&d);
	free(value);
	return err;
}

const struct cmd map_lookup_cmd = {
	.object = "map", .verb = "lookup", .place = 6,
	.help = "show one element",
	.args = ARGS(
		[LOOKUP_MAP] = ARG_MAP_ONE,
		[LOOKUP_KEY] = { "key", &arg_key, ARG_KEYWORD,
			"bytes, or a literal of its type; of a storage PATH or pid N" },
		[LOOKUP_OR_NULL] = { "or", &arg_choice, ARG_KEYWORD | ARG_OPTIONAL,
			"a missing key is no error", STRINGS("null") },
		[LOOKUP_SUM] = { "sum", NULL, ARG_FLAG | ARG_OPTIONAL,
			"add up the values of all CPUs", STRINGS("sum") }),
	.run = map_lookup,
	.examples = STRINGS("map lookup $m key 1", "map lookup $m key 10.0.0.1 or null",
			    "map lookup $task_storage key pid 1"),
};
