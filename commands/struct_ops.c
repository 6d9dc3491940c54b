// SPDX-License-Identifier: BSD-2-Clause
/* Tables of functions that the kernel calls: shown, registered, unregistered. */
#include <bpf/btf.h>
#include <jv.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/common.h"
#include "commands/pins.h"
#include "commands/prog/prog.h"
#include "render/btf/proto.h"
#include "render/sink/sink.h"
#include "render/typed/typed.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/text.h"
#include "shell/kern/btf.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/load.h"
#include "shell/kern/map.h"
#include "shell/kern/object.h"
#include "shell/kern/struct_ops.h"
#include "shell/lang/args.h"
#include "shell/lang/value.h"
#include "shell/op/ops.h"
#include "shell/session/session.h"
#include "shell/txn/txn.h"

enum { OPS_ID, OPS_NAME, OPS_TYPE, OPS_COLUMNS };

static const struct column ops_columns[] = {
	[OPS_ID] = { "id", "%: " },
	[OPS_NAME] = { "name", "%", .width = 15 },
	[OPS_TYPE] = { "kernel_struct_ops", "  %", .width = 32 },
	[OPS_COLUMNS] = { 0 }
};

static const struct record ops_record = { "struct_ops", ops_columns };

static int not_table(struct ctx *ctx, const struct handle *map, struct span at)
{
	if (map->map.type == BPF_MAP_TYPE_STRUCT_OPS)
		return 0;
	diag_error(ctx->diags, at, "map '%s' is no table of functions", map->title);
	diag_hint(ctx->diags, "'struct_ops show' lists those");
	return -1;
}

/* Of all maps those of other types are passed over. */
static int is_passed(struct ctx *ctx, const struct handle *map)
{
	return map->map.type != BPF_MAP_TYPE_STRUCT_OPS && ctx->argv[0].kind == VALUE_NONE;
}

static int show_table(struct ctx *ctx, struct handle *map, struct holders *holders)
{
	struct cell row[OPS_COLUMNS] = { 0 };
	struct ops_type type;
	int err;

	if (is_passed(ctx, map))
		return 0;
	if (not_table(ctx, map, ctx->span))
		return -1;
	kern_struct_ops_type(map, &type);
	row[OPS_ID] = cell_u64(map->id);
	row[OPS_NAME] = cell_str(map->name);
	row[OPS_TYPE] = *type.name ? cell_str(type.name) : CELL(.kind = CELL_NULL);
	err = sink_row(ctx->sink, row);
	ops_type_free(&type);
	return err;
}

enum { SHOW_TABLES };

static int struct_ops_show(struct ctx *ctx, struct value *argv)
{
	return show_objects(ctx, OBJ_MAP, &argv[SHOW_TABLES], &ops_record, show_table);
}

static const struct cmd struct_ops_show_cmd = {
	.object = "struct_ops", .verb = "show", .alias = "list", .place = 1,
	.help = "show all tables of functions that are loaded, or those named",
	.args = ARGS(
		[SHOW_TABLES] = { "map", &arg_maps, ARG_OPTIONAL, "the table" }),
	.flags = CMD_DEFAULT | CMD_RECORD,
	.run = struct_ops_show,
	.examples = STRINGS("struct_ops show", "struct_ops show name my_congestion"),
};

/* A table's value on its way to JSON. */
struct dumping {
	struct buf *out;
	const struct ops_type *type;
	const struct typed *value;
	const char *data;
};

/* "u32 (struct sock *) my_ssthresh/prog_id:12" */
static void put_function(struct dumping *d, __u32 proto, __u32 prog_id)
{
	struct handle *prog = prog_id ? kern_open_object(OBJ_PROG, prog_id) : NULL;
	char *declared = btf_func_proto(d->type->btf, proto);
	struct buf text = BUF_INIT;

	buf_printf(&text, "%s ", declared ? declared : "(*)");
	if (prog_id)
		buf_printf(&text, "%s/prog_id:%u", prog ? prog->name : "", prog_id);
	else
		buf_puts(&text, "0");
	buf_json_string(d->out, buf_str(&text), text.len);
	buf_free(&text);
	free(declared);
	handle_put(prog);
}

/* The type of a pointer to a function; 0: it is none. */
static __u32 function_type(const struct btf *btf, __u32 id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	t = t && btf_is_ptr(t) ? btf__type_by_id(btf, t->type) : NULL;
	return t && btf_is_func_proto(t) ? btf__type_by_id(btf, id)->type : 0;
}

static void put_members(struct dumping *d, __u32 id, const char *in);

/* False where it cannot be found by its name. */
static bool put_member(struct dumping *d, const char *in, const char *name, __u32 type_id)
{
	char *path = xasprintf("%s%s", in, name);
	struct typed_word word = { path, strlen(path) };
	struct typed_place place;
	struct diags none = { 0 };
	bool found = !typed_find(d->value, &word, "value", &place, &none);
	__u32 proto = function_type(d->type->btf, type_id), prog_id;

	diags_clear(&none);
	free(path);
	if (!found)
		return false;
	buf_json_string(d->out, name, strlen(name));
	buf_puts(d->out, ":");
	memcpy(&prog_id, d->data + (proto ? place.offset : 0), sizeof(prog_id));
	if (proto)
		put_function(d, proto, prog_id);
	else if (!*in && !strcmp(name, "data"))
		put_members(d, type_id, "data.");
	else
		typed_place_json(d->out, &place, d->data, TYPED_BPFTOOL_JSON);
	return true;
}

/* The named members of a struct that is the value (@in ""), or "data." in it. */
static void put_members(struct dumping *d, __u32 id, const char *in)
{
	const struct btf *btf = d->type->btf;
	const struct btf_type *t = btf__type_by_id(btf, id);
	const char *comma = "";

	buf_puts(d->out, "{");
	for (int i = 0; t && btf_is_struct(t) && i < btf_vlen(t); i++) {
		const struct btf_member *m = &btf_members(t)[i];
		const char *name = btf__name_by_offset(btf, m->name_off);
		size_t len = d->out->len;

		buf_puts(d->out, comma);
		if (name && *name && put_member(d, in, name, m->type))
			comma = ",";
		else
			d->out->len = len;
	}
	buf_puts(d->out, "}");
}

/* Kernels before 6.9 have the state beside the data, newer ones in a struct of its own. */
static void put_value(struct dumping *d)
{
	buf_puts(d->out, "{");
	buf_json_string(d->out, d->type->value_name, strlen(d->type->value_name));
	buf_puts(d->out, ":");
	put_members(d, d->type->id, "");
	buf_puts(d->out, "}");
}

/* What the kernel tells of the map, by the kernel's own names. */
static void put_info(struct buf *out, const struct handle *map)
{
	const struct btf *btf = kern_vmlinux_btf();
	__s64 id = btf ? kern_btf_find(btf, "struct bpf_map_info") : -1;
	struct typed *t = id > 0 ? typed_new(btf, id, 0, NULL) : NULL;
	__u32 len = t ? typed_size(t) : 0;
	char *info = xcalloc(1, len + 1);

	buf_puts(out, "{\"bpf_map_info\":");
	if (t && !kern_info(map->fd, info, &len))
		typed_json(out, t, info, TYPED_BPFTOOL_JSON);
	else
		buf_puts(out, "null");
	buf_puts(out, "}");
	typed_free(t);
	free(info);
}

static void draw_json(struct buf *out, const void *what, unsigned how)
{
	const struct buf *json = what;

	buf_add(out, json->data, json->len);
}

static void draw_plain(struct buf *out, const void *what, unsigned how)
{
	jv text = jv_dump_string(jv_parse(buf_str((struct buf *)what)),
				 JV_PRINT_INDENT_FLAGS(4) | JV_PRINT_ASCII);

	for (const char *s = jv_string_value(text); *s; s++) {
		buf_putc(out, *s);
		if (*s == '\n' && how & DRAW_LISTED)
			buf_puts(out, "    ");
	}
	jv_free(text);
}

static const struct record dump_record = { "struct_ops", NULL, true };

static int push(struct ctx *ctx, struct buf *json)
{
	static const struct drawing drawing = { draw_plain, draw_json, true };
	int err = sink_row(ctx->sink, &CELL(.kind = CELL_DRAWN, .drawn = { &drawing, json }));

	buf_free(json);
	return err;
}

static int dump_value(struct ctx *ctx, const struct handle *map, const struct ops_type *type,
		      const struct typed *t)
{
	struct buf info = BUF_INIT, value = BUF_INIT;
	char *data = xcalloc(1, map->map.value_size + sizeof(__u64));
	struct dumping d = { &value, type, t, data };
	__u32 key = 0;
	int err = kern_map_lookup(map->fd, &key, data, 0);

	if (err) {
		free(data);
		return kern_map_error(ctx->diags, ctx->span, "dump", map, -err);
	}
	put_info(&info, map);
	put_value(&d);
	free(data);
	err = push(ctx, &info);
	return push(ctx, &value) || err ? -1 : 0;
}

static int dump_table(struct ctx *ctx, struct handle *map, struct holders *holders)
{
	struct ops_type type;
	struct typed *t;
	int err = -1;

	if (is_passed(ctx, map))
		return 0;
	if (not_table(ctx, map, ctx->span))
		return -1;
	kern_struct_ops_type(map, &type);
	t = *type.name ? typed_new(type.btf, type.id, 0, ctx->diags) : NULL;
	if (t && typed_size(t) == map->map.value_size)
		err = dump_value(ctx, map, &type, t);
	else
		diag_error(ctx->diags, ctx->span, "the types of '%s' cannot be read: see 'map dump'",
			   map->title);
	typed_free(t);
	ops_type_free(&type);
	return err;
}

static int struct_ops_dump(struct ctx *ctx, struct value *argv)
{
	const struct value *which = &argv[SHOW_TABLES];
	struct object_walk w = { .kind = OBJ_MAP };
	int fd, err = 0;

	sink_begin(ctx->sink, &dump_record, SINK_LIST);
	for (size_t i = 0; which->kind == VALUE_HANDLES && i < which->handles.nr && !err; i++)
		err = not_planned(ctx, which->handles.list[i], ctx->span) ||
		      dump_table(ctx, which->handles.list[i], NULL);
	while (which->kind == VALUE_NONE && !err && (fd = kern_next_object(&w)) >= 0) {
		struct handle *map = kern_handle(OBJ_MAP, fd);

		err = map ? dump_table(ctx, map, NULL) : -1;
		handle_put(map);
	}
	if (err || (which->kind == VALUE_NONE && walk_ended(ctx, &w)))
		return -1;
	return sink_end(ctx->sink);
}

static const struct cmd struct_ops_dump_cmd = {
	.object = "struct_ops", .verb = "dump", .place = 5,
	.help = "show what is in tables of functions, with the program of each",
	.args = ARGS(
		[SHOW_TABLES] = { "map", &arg_maps, ARG_OPTIONAL, "the table" }),
	.run = struct_ops_dump,
	.examples = STRINGS("struct_ops dump", "struct_ops dump name my_congestion"),
};

enum { REGISTER_FILE, REGISTER_DIR };

/* Only a pin or a variable holds a link; a variable holds one. */
static int check_held(struct ctx *ctx, size_t links, const struct value *dir)
{
	if (!links || dir->kind == VALUE_STR)
		return 0;
	if (links > 1) {
		diag_error(ctx->diags, ctx->span, "the object makes %zu links, and a variable holds one",
			   links);
		diag_hint(ctx->diags, "a folder for their pins is the way: struct_ops register OBJ "
			  "LINK_DIR");
		return -1;
	}
	if (!session_keeps_nothing(ctx))
		return 0;
	diag_error(ctx->diags, ctx->span, "it is registered by a link, which would end with this "
		   "command");
	diag_hint(ctx->diags, "add LINK_DIR to pin it there; in a script or at the prompt a variable "
		  "holds it, too: $l = struct_ops register ...");
	return -1;
}

static int pin_link(struct ctx *ctx, struct handle *link, const struct handle *map,
		    const struct value *dir)
{
	char *path;
	int err;

	if (access(dir->str, F_OK) && txn_do(ctx, op_folder(dir->str, dir->span)))
		return -1;
	path = xasprintf("%s/%s", dir->str, map->name);
	err = txn_do(ctx, op_pin(link, path, false, dir->span));
	free(path);
	return err;
}

static int register_one(struct ctx *ctx, const struct load_result *res, size_t i,
			const struct value *dir)
{
	struct handle *map = res->maps[i], *link = NULL;
	int err = txn_do(ctx, op_struct_ops_register(res->tables, i, map, &link, ctx->span));

	if (!err && !link && txn_planning(ctx->s) && struct_ops_linked(map))
		link = handle_new(OBJ_LINK, -1, 0, map->name);
	if (!err && link && dir->kind == VALUE_STR)
		err = pin_link(ctx, link, map, dir);
	value_free(&ctx->result);
	ctx->result = value_handle(link ? link : handle_get(map));
	return err;
}

static int register_all(struct ctx *ctx, const struct load_result *res, struct value *argv)
{
	size_t tables = 0, links = 0;

	for (size_t i = 0; i < res->nr_maps; i++) {
		bool is_table = res->maps[i]->map.type == BPF_MAP_TYPE_STRUCT_OPS;

		tables += is_table;
		links += is_table && struct_ops_linked(res->maps[i]);
	}
	if (!tables)
		return diag_error(ctx->diags, argv[REGISTER_FILE].span,
				  "no tables of functions in '%s'", argv[REGISTER_FILE].str);
	if (check_held(ctx, links, &argv[REGISTER_DIR]))
		return -1;
	for (size_t i = 0; i < res->nr_maps; i++)
		if (res->maps[i]->map.type == BPF_MAP_TYPE_STRUCT_OPS &&
		    register_one(ctx, res, i, &argv[REGISTER_DIR]))
			return -1;
	if (!links && argv[REGISTER_DIR].kind == VALUE_STR)
		diag_note(ctx->diags, argv[REGISTER_DIR].span,
			  "nothing is pinned: without a link a table stays until it is unregistered");
	return 0;
}

static int struct_ops_register(struct ctx *ctx, struct value *argv)
{
	struct load_request req = {
		.file = argv[REGISTER_FILE].str, .span = argv[REGISTER_FILE].span, .all = true,
		.prog_type = -1, .attach_type = -1, .keep_object = true,
	};
	struct load_result res = { 0 };
	int err = txn_do(ctx, op_load(&req, &res, ctx->span));

	prog_log_keep(ctx, res.log);
	if (!err && txn_planning(ctx->s))
		err = kern_load_plan(&req, &res, ctx->diags);
	if (!err)
		err = load_pin_maps(ctx, &req, &res);
	if (!err)
		err = register_all(ctx, &res, argv);
	kern_object_close(res.tables);
	load_result_free(&res);
	return err;
}

static const struct cmd struct_ops_register_cmd = {
	.object = "struct_ops", .verb = "register", .place = 3,
	.help = "load an object's tables of functions, and have the kernel call them",
	.args = ARGS(
		[REGISTER_FILE] = { "obj", &arg_object, 0, "ELF object" },
		[REGISTER_DIR] = { "link_dir", &arg_pin_path, ARG_OPTIONAL,
			"folder for the pins of links" }),
	.flags = CMD_WRITES | CMD_MAKES,
	.run = struct_ops_register,
	.examples = STRINGS("struct_ops register congestion.o /sys/fs/bpf/congestion",
			    "$l = struct_ops register congestion.o"),
};

enum { UNREGISTER_MAP };

static int struct_ops_unregister(struct ctx *ctx, struct value *argv)
{
	struct handle *map = argv[UNREGISTER_MAP].handle;

	if (not_table(ctx, map, argv[UNREGISTER_MAP].span))
		return -1;
	return txn_do(ctx, op_struct_ops_unregister(map, argv[UNREGISTER_MAP].span));
}

static const struct cmd struct_ops_unregister_cmd = {
	.object = "struct_ops", .verb = "unregister", .place = 4,
	.help = "have the kernel call a table's functions no more, where no link registers it",
	.args = ARGS([UNREGISTER_MAP] = { "map", &arg_map, 0, "the table" }),
	.flags = CMD_WRITES | CMD_WHOLE,
	.run = struct_ops_unregister,
	.examples = STRINGS("struct_ops unregister name my_congestion"),
};

const struct cmd *const struct_ops_cmds[] = {
	&struct_ops_show_cmd, &struct_ops_dump_cmd, &struct_ops_register_cmd,
	&struct_ops_unregister_cmd, CMD_HELP("struct_ops", 6), NULL
};
