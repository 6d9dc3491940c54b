// SPDX-License-Identifier: BSD-2-Clause
/* Programs, one or all: what the kernel tells of them. */
#include <errno.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "commands/common.h"
#include "commands/holders.h"
#include "commands/pins.h"
#include "commands/prog/prog.h"
#include "render/sink/sink.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/kern/target.h"
#include "shell/lang/args.h"

enum {
	PROG_ID, PROG_TYPE, PROG_NAME, PROG_TAG, PROG_GPL, PROG_RUN_TIME, PROG_RUN_CNT, PROG_MISSES,
	PROG_LOADED, PROG_UID, PROG_ORPHANED, PROG_XLATED, PROG_JITED, PROG_JITED_BYTES, PROG_MEMLOCK,
	PROG_MAPS, PROG_PINNED, PROG_BTF, PROG_TARGET, PROG_NO_TARGET, PROG_MODULE, PROG_PIDS,
	PROG_METADATA, PROG_COLUMNS
};

static const struct column prog_columns[] = {
	[PROG_ID] = { "id", "%: " },
	[PROG_TYPE] = { "type", "%" },
	[PROG_NAME] = { "name", "  name %" },
	[PROG_TAG] = { "tag", "  tag %" },
	[PROG_GPL] = { "gpl_compatible", "  gpl" , .flags = COL_WIDE },
	[PROG_RUN_TIME] = { "run_time_ns", " run_time_ns %", .flags = COL_WIDE },
	[PROG_RUN_CNT] = { "run_cnt", " run_cnt %", .flags = COL_WIDE },
	[PROG_MISSES] = { "recursion_misses", " recursion_misses %", .flags = COL_WIDE },
	[PROG_LOADED] = { "loaded_at", "\n\tloaded_at %", .flags = COL_TIME | COL_WIDE },
	[PROG_UID] = { "uid", "  uid %" },
	[PROG_ORPHANED] = { "orphaned", "  orphaned", .flags = COL_WIDE },
	[PROG_XLATED] = { "bytes_xlated", "\n\txlated %B" },
	[PROG_JITED] = { "jited", NULL, "  not jited", COL_WIDE },
	[PROG_JITED_BYTES] = { "bytes_jited", "  jited %B" },
	[PROG_MEMLOCK] = { "bytes_memlock", "  memlock %B", .flags = COL_WIDE },
	[PROG_MAPS] = { "map_ids", "  map_ids %" },
	[PROG_PINNED] = { "pinned", "\n\tpinned %", .flags = COL_EACH | COL_WIDE },
	[PROG_BTF] = { "btf_id", "\n\tbtf_id %", .flags = COL_WIDE },
	[PROG_TARGET] = { "target_name", "\n\ttarget_name %", .flags = COL_WIDE },
	[PROG_NO_TARGET] = { "no target", "\n\ttarget_name unknown", .flags = COL_PLAIN_ONLY },
	[PROG_MODULE] = { "target_module", "  module %", .flags = COL_WIDE },
	[PROG_PIDS] = COLUMN_PIDS,
	[PROG_METADATA] = { "metadata", "\n\tmetadata:", .flags = COL_EACH | COL_WIDE },
	[PROG_COLUMNS] = { 0 }
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

/* What a program of a type that is attached by BTF was loaded for. */
static void put_target(struct cell *row, const struct bpf_prog_info *info,
		       struct kern_target *target)
{
	if (!kern_prog_target(info, target))
		return;
	row[PROG_TARGET] = *target->name ? cell_str(target->name) : CELL(.kind = CELL_NULL);
	if (!*target->name)
		row[PROG_NO_TARGET] = cell_bool(true);
	row[PROG_MODULE] = cell_str(target->module);
}

static int show_prog(struct ctx *ctx, struct handle *prog, struct holders *holders)
{
	struct cell row[PROG_COLUMNS] = { 0 };
	char tag[2 * BPF_TAG_SIZE + 1], memlock[32], name[KERN_NAME_MAX];
	struct bpf_prog_info info;
	struct kern_target target;
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
	row[PROG_PINNED] = holders_pins(holders, OBJ_PROG, info.id);
	if (info.btf_id)
		row[PROG_BTF] = cell_u64(info.btf_id);
	put_target(row, &info, &target);
	row[PROG_PIDS] = holders_pids(holders, OBJ_PROG, info.id);
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

const struct cmd prog_show_cmd = {
	.object = "prog", .verb = "show", .alias = "list", .place = 1,
	.help = "show all programs, or those named",
	.args = ARGS(
		[SHOW_PROGS] = { "prog", &arg_progs, ARG_OPTIONAL,
			"the program, or several by name or tag" }),
	.flags = CMD_DEFAULT | CMD_RECORD,
	.run = prog_show,
	.examples = STRINGS("prog show", "prog show name xdp_main", "prog show id 42"),
};
