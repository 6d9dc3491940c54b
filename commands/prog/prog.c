// SPDX-License-Identifier: BSD-2-Clause
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "commands/common.h"
#include "commands/prog/prog.h"
#include "render/sink/sink.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/load.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/lang/args.h"
#include "shell/op/ops.h"
#include "shell/session/session.h"
#include "shell/txn/txn.h"

/* show */

static const struct column prog_columns[] = {
	{ "id", "%: " },
	{ "type", "%" },
	{ "name", "  name %" },
	{ "tag", "  tag %" },
	{ "gpl_compatible", "  gpl" , .flags = COL_WIDE },
	{ "run_time_ns", " run_time_ns %", .flags = COL_WIDE },
	{ "run_cnt", " run_cnt %", .flags = COL_WIDE },
	{ "recursion_misses", " recursion_misses %", .flags = COL_WIDE },
	{ "loaded_at", "\n\tloaded_at %", .flags = COL_TIME | COL_WIDE },
	{ "uid", "  uid %" },
	{ "orphaned", "  orphaned", .flags = COL_WIDE },
	{ "bytes_xlated", "\n\txlated %B" },
	{ "jited", NULL, "  not jited", COL_WIDE },
	{ "bytes_jited", "  jited %B" },
	{ "bytes_memlock", "  memlock %B", .flags = COL_WIDE },
	{ "map_ids", "  map_ids %" },
	{ "pinned", "\n\tpinned %", .flags = COL_EACH | COL_WIDE },
	{ "btf_id", "\n\tbtf_id %", .flags = COL_WIDE },
	{ "metadata", "\n\tmetadata:", .flags = COL_EACH | COL_WIDE },
	{ 0 }
};

enum {
	PROG_ID, PROG_TYPE, PROG_NAME, PROG_TAG, PROG_GPL, PROG_RUN_TIME, PROG_RUN_CNT, PROG_MISSES,
	PROG_LOADED, PROG_UID, PROG_ORPHANED, PROG_XLATED, PROG_JITED, PROG_JITED_BYTES, PROG_MEMLOCK,
	PROG_MAPS, PROG_PINNED, PROG_BTF, PROG_METADATA, PROG_COLUMNS
};

static const struct record prog_record = { "prog", prog_columns };

/* The kernel counts nanoseconds since boot. */
static __u64 since_1970(__u64 boot_ns)
{
	struct timespec boot, now;
	__s64 ns;

	if (clock_gettime(CLOCK_BOOTTIME, &boot) || clock_gettime(CLOCK_REALTIME, &now))
		return boot_ns / 1000000000;
	ns = (now.tv_sec - boot.tv_sec) * 1000000000LL + now.tv_nsec - boot.tv_nsec + (__s64)boot_ns;
	return ns / 1000000000;
}

static int show_prog(struct ctx *ctx, struct handle *prog, struct pin_table *pins)
{
	struct cell row[PROG_COLUMNS] = { 0 };
	char tag[2 * BPF_TAG_SIZE + 1], memlock[32], name[KERN_NAME_MAX];
	struct bpf_prog_info info;
	jv metadata = jv_invalid();
	__u32 *maps;
	int err = kern_prog_info_maps(prog->fd, &info, &maps);
	bool orphaned = err == -ENODEV;

	if (err && !orphaned) {
		free(maps);
		return kern_error(ctx->diags, ctx->span, -err, "read program %u", prog->id);
	}
	for (int i = 0; i < BPF_TAG_SIZE; i++)
		snprintf(tag + 2 * i, 3, "%02x", info.tag[i]);
	row[PROG_ID] = cell_u64(info.id);
	row[PROG_TYPE] = type_cell(kern_prog_type_name(info.type), info.type);
	kern_prog_name(prog->fd, &info, name, sizeof(name));
	row[PROG_NAME] = cell_str(name);
	/* Of one whose device is gone, no more than ID and type are known. */
	if (!orphaned) {
		row[PROG_TAG] = cell_str(tag);
		row[PROG_GPL] = cell_bool(info.gpl_compatible);
	}
	if (info.run_time_ns) {
		row[PROG_RUN_TIME] = cell_u64(info.run_time_ns);
		row[PROG_RUN_CNT] = cell_u64(info.run_cnt);
	}
	if (info.recursion_misses)
		row[PROG_MISSES] = cell_u64(info.recursion_misses);
	if (info.load_time) {
		row[PROG_LOADED] = cell_u64(since_1970(info.load_time));
		row[PROG_UID] = cell_u64(info.created_by_uid);
	}
	row[PROG_ORPHANED] = cell_bool(orphaned);
	/* The kernel hides both lengths from those who lack CAP_BPF. */
	if (info.xlated_prog_len) {
		row[PROG_XLATED] = cell_u64(info.xlated_prog_len);
		row[PROG_JITED] = cell_bool(info.jited_prog_len);
	}
	if (info.jited_prog_len)
		row[PROG_JITED_BYTES] = cell_u64(info.jited_prog_len);
	if (kern_fdinfo(prog->fd, "memlock", memlock, sizeof(memlock)))
		row[PROG_MEMLOCK] = cell_u64(strtoull(memlock, NULL, 0));
	row[PROG_MAPS] = cell_u32s(maps, info.nr_map_ids);
	row[PROG_PINNED] = pin_table_cell(pins, OBJ_PROG, info.id);
	if (info.btf_id)
		row[PROG_BTF] = cell_u64(info.btf_id);
	metadata = prog_metadata(maps, info.nr_map_ids);
	if (jv_is_valid(metadata))
		row[PROG_METADATA] = CELL(.kind = CELL_JSON, .json = metadata);
	err = sink_row(ctx->sink, row);
	jv_free(metadata);
	free(maps);
	return err;
}

enum { SHOW_PROGS };

static int prog_show(struct ctx *ctx, struct value *argv)
{
	return show_objects(ctx, OBJ_PROG, &argv[SHOW_PROGS], &prog_record, show_prog);
}

static const struct cmd prog_show_cmd = {
	.object = "prog", .verb = "show", .alias = "list", .place = 1,
	.help = "show all programs, or those named",
	.args = ARGS(
		[SHOW_PROGS] = { "prog", &arg_progs, ARG_OPTIONAL,
			"the program, or several by name or tag" }),
	.flags = CMD_DEFAULT | CMD_RECORD,
	.run = prog_show,
	.examples = STRINGS("prog show", "prog show name xdp_main", "prog show id 42"),
};

/* load */

/* The sections that people use most; any name that libbpf knows is taken. */
static const char *const sections[] = {
	"xdp", "tc", "tcx/ingress", "tcx/egress", "classifier", "action", "socket", "tracepoint",
	"raw_tracepoint", "kprobe", "kretprobe", "uprobe", "uretprobe", "perf_event", "cgroup/skb",
	"fentry", "fexit", "tp_btf", "lsm", "iter", "cgroup/dev", "cgroup/sysctl",
	"cgroup_skb/ingress", "cgroup_skb/egress", "cgroup/connect4", "cgroup/connect6",
	"cgroup/sock_create", "sockops", "sk_msg", "sk_skb", "sk_lookup", "flow_dissector",
	"lwt_in", "lwt_out", "lwt_xmit", "struct_ops", "syscall", "netfilter", NULL
};

static void section_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			     const struct word *w, size_t nr, struct candidates *c)
{
	for (const char *const *s = sections; *s; s++)
		candidate_add(c, *s, NULL, false);
}

int section_type(struct ctx *ctx, const struct value *section, int *prog_type, int *attach_type)
{
	if (!kern_section_type(section->str, prog_type, attach_type))
		return 0;
	diag_error(ctx->diags, section->span, "unknown program type '%s'", section->str);
	diag_hint(ctx->diags, "types are written as sections are, such as xdp or cgroup/skb");
	return -1;
}

static int section_look(struct ctx *ctx, const struct value *v)
{
	int prog_type, attach_type;

	return section_type(ctx, v, &prog_type, &attach_type);
}

const struct arg_type arg_section = {
	.name = "TYPE", .parse = arg_parse_string, .complete = section_complete,
	.look = section_look
};

enum { LOAD_FILE, LOAD_PATH, LOAD_TYPE, LOAD_MAP, LOAD_LOG };

static struct load_map *load_maps(const struct value *given)
{
	struct load_map *maps = xcalloc(given->values.nr, sizeof(*maps));

	for (size_t i = 0; i < given->values.nr; i++) {
		const struct value *part = given->values.list[i].values.list;

		maps[i] = (struct load_map){
			.name = part[0].kind == VALUE_STR ? part[0].str : NULL,
			.index = part[0].kind == VALUE_NUM ? part[0].num : 0,
			.fd = part[1].handle->fd,
			.span = given->values.list[i].span,
		};
	}
	return maps;
}

int load_options(struct ctx *ctx, struct load_request *req, const struct value *type,
		 const struct value *maps)
{
	req->prog_type = req->attach_type = -1;
	req->maps = NULL;
	if (type->kind == VALUE_STR &&
	    section_type(ctx, type, &req->prog_type, &req->attach_type))
		return -1;
	if (maps->kind == VALUE_LIST) {
		req->maps = load_maps(maps);
		req->nr_maps = maps->values.nr;
	}
	return 0;
}

static void free_handles(struct handle **list, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		handle_put(list[i]);
	free(list);
}

/* Maps that the object declares as pinned are, unless an earlier one stands there already. */
static int pin_declared(struct ctx *ctx, const struct load_result *res, struct span span)
{
	for (size_t i = 0; i < res->nr_pins; i++) {
		const struct load_pin *pin = &res->pins[i];

		if (txn_do(ctx, op_pin(res->maps[pin->map], pin->path, false, span)))
			return -1;
	}
	return 0;
}

static void free_pins(struct load_pin *pins, size_t nr)
{
	for (size_t i = 0; i < nr; i++)
		free(pins[i].path);
	free(pins);
}

static void free_result(struct load_result *res)
{
	free_handles(res->progs, res->nr_progs);
	free_handles(res->maps, res->nr_maps);
	free_pins(res->pins, res->nr_pins);
}

/* Pins the first program at PATH, or, with loadall, each below it by its name; makes that folder. */
static int pin_loaded(struct ctx *ctx, const struct load_result *res, const struct value *path,
		      bool all)
{
	if (all && access(path->str, F_OK) && txn_do(ctx, op_folder(path->str, path->span)))
		return -1;
	for (size_t i = 0; i < res->nr_progs; i++) {
		char *at = all ? xasprintf("%s/%s", path->str, res->progs[i]->name) : xstrdup(path->str);
		int err = txn_do(ctx, op_pin(res->progs[i], at, false, path->span));

		free(at);
		if (err)
			return -1;
	}
	return 0;
}

void tell_log(struct ctx *ctx)
{
	struct buf text = BUF_INIT;

	prog_log_text(&text);
	session_tell(ctx->s, buf_str(&text), text.len);
	buf_free(&text);
}

static int load(struct ctx *ctx, struct value *argv, bool all)
{
	struct load_request req = {
		.file = argv[LOAD_FILE].str, .span = argv[LOAD_FILE].span, .all = all,
	};
	struct load_result res = { 0 };
	int err;

	if (load_options(ctx, &req, &argv[LOAD_TYPE], &argv[LOAD_MAP]))
		return -1;
	err = txn_do(ctx, op_load(&req, &res, ctx->span));
	if (err && argv[LOAD_LOG].kind != VALUE_NONE)
		tell_log(ctx);
	if (!err && txn_planning(ctx->s))
		err = kern_load_plan(&req, &res, ctx->diags);
	free((void *)req.maps);
	if (!err)
		err = pin_declared(ctx, &res, argv[LOAD_FILE].span);
	if (!err && argv[LOAD_PATH].kind == VALUE_STR)
		err = pin_loaded(ctx, &res, &argv[LOAD_PATH], all);
	else if (!err && !res.nr_pins && session_keeps_nothing(ctx))
		err = say_unheld(ctx, ctx->cmd, "");
	if (!err && res.nr_progs)
		ctx->result = value_handle(handle_get(res.progs[0]));
	free_result(&res);
	return err;
}

/* Whether the object has maps that ask to be pinned; true where loading it will say why not. */
static bool pins_itself(const char *file)
{
	struct load_request req = { .file = file, .prog_type = -1, .attach_type = -1 };
	struct diags quiet = { 0 };
	struct load_result res;
	bool found = kern_load_plan(&req, &res, &quiet) || res.nr_pins;

	free_result(&res);
	diags_clear(&quiet);
	return found;
}

/* Such maps stay, if not the program. */
/* Where the load runs it says first why it fails, and only then that nothing would hold what it made. */
static int load_check(struct ctx *ctx, const struct match *m)
{
	const char *file = m->words[m->args[LOAD_FILE].slots[0].first].text;

	if (!ctx->s->opt.check)
		return 0;
	if (file && !m->args[LOAD_PATH].nr && session_keeps_nothing(ctx) && pins_itself(file))
		return 0;
	return need_pin(ctx, m);
}

static int prog_load(struct ctx *ctx, struct value *argv)
{
	return load(ctx, argv, false);
}

static const struct cmd prog_load_cmd = {
	.object = "prog", .verb = "load", .place = 6,
	.help = "load an object's first program, pinned at PATH if one is given",
	.args = ARGS(
		[LOAD_FILE] = { "file", &arg_object, 0, "ELF object" },
		[LOAD_PATH] = { "path", &arg_pin_path, ARG_OPTIONAL, "where to pin the program" },
		[LOAD_TYPE] = ARG_LOAD_TYPE,
		[LOAD_MAP] = ARG_LOAD_MAP,
		[LOAD_LOG] = ARG_LOG),
	.flags = CMD_WRITES | CMD_MAKES,
	.check = load_check,
	.run = prog_load,
	.examples = STRINGS("prog load filter.o /sys/fs/bpf/filter",
			    "$p = prog load filter.o map name flows $m"),
};

static int prog_loadall(struct ctx *ctx, struct value *argv)
{
	return load(ctx, argv, true);
}

static const struct cmd prog_loadall_cmd = {
	.object = "prog", .verb = "loadall", .place = 7,
	.help = "load all programs of an object, pinned below PATH",
	.args = ARGS(
		[LOAD_FILE] = { "file", &arg_object, 0, "ELF object" },
		[LOAD_PATH] = { "path", &arg_pin_path, 0, "folder for the pins" },
		[LOAD_TYPE] = ARG_LOAD_TYPE,
		[LOAD_MAP] = ARG_LOAD_MAP,
		[LOAD_LOG] = ARG_LOG),
	.flags = CMD_WRITES | CMD_MAKES,
	.run = prog_loadall,
	.examples = STRINGS("prog loadall filter.o /sys/fs/bpf/filters"),
};

const struct cmd *const prog_cmds[] = {
	&prog_show_cmd, &prog_load_cmd, &prog_loadall_cmd, &prog_pin_cmd, &prog_unpin_cmd,
	&prog_dump_cmd, &prog_cfg_cmd, &prog_log_cmd, &prog_asm_cmd, CMD_HELP("prog", 3),
	NULL
};
