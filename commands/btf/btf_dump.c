// SPDX-License-Identifier: BSD-2-Clause
/* Types, as they stand. */
#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>

#include "commands/btf/btf.h"
#include "commands/common.h"
#include "commands/map/map.h"
#include "render/btf/btf_c.h"
#include "render/btf/btf_raw.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/kern/btf.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/object.h"
#include "shell/lang/args.h"

enum {
	DUMP_BTF, DUMP_MAP, DUMP_PROG, DUMP_FILE, DUMP_BASE, DUMP_PART, DUMP_FORMAT, DUMP_ROOTS
};
enum { FORMAT_RAW, FORMAT_C };

static const char *const btf_parts[] = { "key", "value", "kv", "all", NULL };
static const char *const btf_formats[] = { [FORMAT_RAW] = "raw", [FORMAT_C] = "c", NULL };

/* What is dumped. */
struct types {
	struct btf *btf;
	struct btf *base;	/* read for it alone; or NULL */
	struct span at;		/* what names it */
	__u32 *roots;		/* the types that are wanted */
	size_t nr_roots;	/* 0: all */
};

static void types_free(struct types *t)
{
	btf__free(t->btf);
	btf__free(t->base);
	free(t->roots);
}

static void add_root(struct types *t, __u32 id)
{
	GROW(t->roots, t->nr_roots);
	t->roots[t->nr_roots++] = id;
}

static int read_object(struct ctx *ctx, struct types *t, __u32 id)
{
	t->btf = kern_btf_object(id, t->at, ctx->diags);
	return t->btf ? 0 : -1;
}

/* The type of a map's keys or values; @word: that was asked for. */
static int add_part(struct ctx *ctx, struct types *t, const struct handle *map, __u32 id,
		    const char *word)
{
	if (id)
		add_root(t, id);
	else if (word)
		return diag_error(ctx->diags, t->at, "map '%s' has no type for its %s", map->title,
				  word);
	return 0;
}

/* Global data has no type for its key, which only matters to those who want it alone. */
static int read_map(struct ctx *ctx, struct types *t, const struct handle *map, const char *part)
{
	const struct map_facts *facts = &map->map;
	bool key = !strcmp(part, "key"), value = !strcmp(part, "value"), both = !strcmp(part, "kv");

	if (not_planned(ctx, map, ctx->span))
		return -1;
	if (!facts->btf_id)
		return diag_error(ctx->diags, t->at, "map '%s' has no BTF", map->title);
	if (read_object(ctx, t, facts->btf_id))
		return -1;
	if ((key || both) && add_part(ctx, t, map, facts->btf_key_type_id, key ? part : NULL))
		return -1;
	if (value || both)
		return add_part(ctx, t, map, facts->btf_value_type_id, "value");
	return 0;
}

static int read_prog(struct ctx *ctx, struct types *t, const struct handle *prog)
{
	struct bpf_prog_info info;
	int err;

	if (not_planned(ctx, prog, t->at))
		return -1;
	err = kern_prog_info(prog->fd, &info);
	if (err)
		return kern_error(ctx->diags, t->at, -err, "read program %u", prog->id);
	if (info.btf_id)
		return read_object(ctx, t, info.btf_id);
	diag_error(ctx->diags, t->at, "program %u has no BTF", prog->id);
	diag_hint(ctx->diags, "programs have it that are compiled with -g");
	return -1;
}

static int read_file(struct ctx *ctx, struct types *t, const struct value *file,
		     const struct value *base)
{
	if (base->kind == VALUE_STR) {
		t->base = kern_btf_read(base->str, NULL, base->span, ctx->diags);
		if (!t->base)
			return -1;
	}
	t->btf = kern_btf_read(file->str, t->base, t->at, ctx->diags);
	return t->btf ? 0 : -1;
}

static int read_types(struct ctx *ctx, struct types *t, const struct value *argv)
{
	const struct value *part = &argv[DUMP_PART];

	if (argv[DUMP_MAP].kind == VALUE_HANDLE)
		return read_map(ctx, t, argv[DUMP_MAP].handle, part->kind == VALUE_STR ? part->str :
				argv[DUMP_ROOTS].kind == VALUE_LIST ? "all" : "kv");
	if (argv[DUMP_PROG].kind == VALUE_HANDLE)
		return read_prog(ctx, t, argv[DUMP_PROG].handle);
	if (argv[DUMP_FILE].kind == VALUE_STR)
		return read_file(ctx, t, &argv[DUMP_FILE], &argv[DUMP_BASE]);
	return read_object(ctx, t, argv[DUMP_BTF].handle->id);
}

/* The types that are asked for by their IDs. */
static int add_roots(struct ctx *ctx, struct types *t, const struct value *roots)
{
	for (size_t i = 0; roots->kind == VALUE_LIST && i < roots->values.nr; i++) {
		const struct value *id = &roots->values.list[i];

		if (!id->num || id->num >= btf__type_cnt(t->btf))
			return diag_error(ctx->diags, id->span, "no type %u here: they are 1 to %u",
					  (__u32)id->num, btf__type_cnt(t->btf) - 1);
		add_root(t, id->num);
	}
	return 0;
}

/* The argument that names what has the types; NULL with a diagnostic. */
static const struct value *find_source(struct ctx *ctx, const struct value *argv)
{
	const struct value *source = NULL;

	for (int i = DUMP_BTF; i <= DUMP_FILE; i++) {
		if (argv[i].kind == VALUE_NONE)
			continue;
		if (source) {
			diag_error(ctx->diags, argv[i].span,
				   "types of one thing at a time: leave one out");
			return NULL;
		}
		source = &argv[i];
	}
	if (source)
		return source;
	diag_error(ctx->diags, ctx->span, "nothing to dump is named");
	diag_hint(ctx->diags, "one of: id N, map MAP, prog PROG, file FILE");
	return NULL;
}

/* Words that do not go with each other; the table of arguments takes them all. */
static int check_words(struct ctx *ctx, const struct value *argv, const struct value *source)
{
	const struct value *part = &argv[DUMP_PART], *roots = &argv[DUMP_ROOTS];

	if (part->kind == VALUE_STR && source != &argv[DUMP_MAP])
		return diag_error(ctx->diags, part->span, "'%s' is for maps", part->str);
	if (part->kind == VALUE_STR && roots->kind == VALUE_LIST)
		return diag_error(ctx->diags, roots->values.list[0].span,
				  "'%s' and 'root_id' both choose types: leave one out", part->str);
	if (argv[DUMP_BASE].kind == VALUE_STR && source != &argv[DUMP_FILE])
		return diag_error(ctx->diags, argv[DUMP_BASE].span, "'base' is for files");
	return 0;
}

static const struct record raw_record = { .name = "type", .list = "types" };

static int show_type(struct ctx *ctx, const struct btf *btf, __u32 id)
{
	struct btf_raw type = { btf, id };
	struct cell cell = btf_raw_cell(&type);

	if (interrupted())
		return -1;
	return sink_row(ctx->sink, &cell);
}

/* The first type that is no other file's. */
static __u32 first_type(const struct btf *btf)
{
	const struct btf *base = btf__base_btf(btf);

	return base ? btf__type_cnt(base) : 1;
}

static int show_raw(struct ctx *ctx, const struct types *t)
{
	__u32 end = t->nr_roots ? 0 : btf__type_cnt(t->btf);

	sink_begin(ctx->sink, &raw_record, SINK_LIST);
	for (size_t i = 0; i < t->nr_roots; i++)
		if (show_type(ctx, t->btf, t->roots[i]))
			return -1;
	for (__u32 id = first_type(t->btf); id < end; id++)
		if (show_type(ctx, t->btf, id))
			return -1;
	return sink_end(ctx->sink);
}

static const struct record c_record = { .name = "declaration" };

static int show_declaration(void *arg, const char *text, size_t len)
{
	struct ctx *ctx = arg;

	return sink_row(ctx->sink, &CELL(.kind = CELL_TEXT, .str = { text, len }));
}

static int show_c(struct ctx *ctx, const struct types *t)
{
	sink_begin(ctx->sink, &c_record, SINK_LIST);
	if (btf_c(t->btf, t->roots, t->nr_roots, show_declaration, ctx, t->at, ctx->diags))
		return -1;
	return sink_end(ctx->sink);
}

static int btf_dump(struct ctx *ctx, struct value *argv)
{
	const struct value *source = find_source(ctx, argv);
	struct types t = { 0 };
	int err;

	if (!source || check_words(ctx, argv, source))
		return -1;
	t.at = source->span;
	err = read_types(ctx, &t, argv);
	if (!err)
		err = add_roots(ctx, &t, &argv[DUMP_ROOTS]);
	if (!err)
		err = argv[DUMP_FORMAT].num == FORMAT_C ? show_c(ctx, &t) : show_raw(ctx, &t);
	types_free(&t);
	return err;
}

const struct cmd btf_dump_cmd = {
	.object = "btf", .verb = "dump", .place = 4,
	.help = "show types: of BTF, a map's elements, a program, a file",
	.args = ARGS(
		[DUMP_BTF] = { "btf", &arg_btf, ARG_OPTIONAL | ARG_SOLE,
			"BTF that the kernel holds" },
		[DUMP_MAP] = { "map", &arg_map, ARG_KEYWORD | ARG_OPTIONAL, "map with BTF" },
		[DUMP_PROG] = { "prog", &arg_prog, ARG_KEYWORD | ARG_OPTIONAL, "program with BTF" },
		[DUMP_FILE] = { "file", &arg_input, ARG_KEYWORD | ARG_OPTIONAL,
			"ELF file, or BTF as below /sys/kernel/btf" },
		[DUMP_BASE] = { "base", &arg_input, ARG_KEYWORD | ARG_OPTIONAL,
			"file whose types those of the other one continue" },
		[DUMP_PART] = { "part", NULL, ARG_FLAG | ARG_OPTIONAL,
			"types of the map; without this word those of key and value", btf_parts },
		[DUMP_FORMAT] = { "format", &arg_choice, ARG_KEYWORD | ARG_OPTIONAL,
			"raw: as they stand, or c: as declarations", btf_formats },
		[DUMP_ROOTS] = { "root_id", &arg_number, ARG_KEYWORD | ARG_OPTIONAL | ARG_REPEAT,
			"only the type with this ID" }),
	.run = btf_dump,
	.examples = STRINGS("btf dump id 1", "btf dump map $m key", "btf dump prog $p",
			    "btf dump file filter.o",
			    "btf dump file /sys/kernel/btf/vmlinux format c > vmlinux.h"),
};
