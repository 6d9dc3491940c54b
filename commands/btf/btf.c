// SPDX-License-Identifier: BSD-2-Clause
/* BTF objects, one or all, and the commands of `btf`. */
#include <linux/bpf.h>
#include <stdlib.h>
#include <unistd.h>

#include "commands/btf/btf.h"
#include "commands/common.h"
#include "commands/holders.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/interrupt.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/object.h"
#include "shell/lang/args.h"

enum {
	BTF_ID, BTF_ANON, BTF_KERNEL_NAME, BTF_USER_NAME, BTF_SIZE, BTF_PROGS, BTF_MAPS, BTF_PIDS,
	BTF_KERNEL, BTF_NAME, BTF_COLUMNS
};

static const struct column btf_columns[] = {
	[BTF_ID] = { "id", "%: " },
	[BTF_ANON] = { "anon", "name <anon>", .flags = COL_PLAIN_ONLY },
	[BTF_KERNEL_NAME] = { "kernel name", "name [%]", .flags = COL_PLAIN_ONLY },
	[BTF_USER_NAME] = { "user name", "name %", .flags = COL_PLAIN_ONLY },
	[BTF_SIZE] = { "size", "  size %B" },
	[BTF_PROGS] = { "prog_ids", "  prog_ids %" },
	[BTF_MAPS] = { "map_ids", "  map_ids %" },
	[BTF_PIDS] = COLUMN_PIDS,
	[BTF_KERNEL] = { "kernel" },
	[BTF_NAME] = { "name" },
	[BTF_COLUMNS] = { 0 }
};

static const struct record btf_record = { "btf", btf_columns };

/* Which programs and maps use which BTF, for a whole listing at once. */
struct users {
	struct user {
		__u32 btf_id, id;
	} *list;
	size_t nr;
};

static void add_user(struct users *u, __u32 btf_id, __u32 id)
{
	if (!btf_id)
		return;
	GROW(u->list, u->nr);
	u->list[u->nr++] = (struct user){ btf_id, id };
}

static struct users users_of(struct ctx *ctx, enum object_kind kind)
{
	struct object_walk w = { .kind = kind };
	struct users u = { 0 };
	int fd;

	while ((fd = kern_next_object(&w)) >= 0) {
		struct bpf_prog_info prog;
		struct bpf_map_info map;

		if (kind == OBJ_PROG && !kern_prog_info(fd, &prog))
			add_user(&u, prog.btf_id, w.id);
		else if (kind == OBJ_MAP && !kern_map_info(fd, &map))
			add_user(&u, map.btf_id, w.id);
		close(fd);
	}
	note_left_out(ctx, w.err, kind == OBJ_PROG ? "programs that use types are" :
		      "maps that use types are");
	return u;
}

/* IDs of the users of one BTF, in the order of their making; freed by the caller. */
static __u32 *ids_of(const struct users *u, __u32 btf_id, size_t *nr)
{
	__u32 *ids = NULL;

	*nr = 0;
	for (size_t i = 0; i < u->nr; i++) {
		if (u->list[i].btf_id != btf_id)
			continue;
		GROW(ids, *nr);
		ids[(*nr)++] = u->list[i].id;
	}
	return ids;
}

struct btf_listing {
	struct users progs, maps;
	struct holders *holders;
};

static int show_btf(struct ctx *ctx, struct handle *btf, const struct btf_listing *l)
{
	struct cell row[BTF_COLUMNS] = { 0 };
	struct bpf_btf_info info;
	char name[KERN_NAME_MAX] = "";
	size_t nr_progs, nr_maps;
	__u32 *progs, *maps;
	int err = kern_btf_info(btf->fd, &info, name, sizeof(name));

	if (err)
		return kern_error(ctx->diags, ctx->span, -err, "read BTF object %u", btf->id);
	progs = ids_of(&l->progs, info.id, &nr_progs);
	maps = ids_of(&l->maps, info.id, &nr_maps);
	row[BTF_ID] = cell_u64(info.id);
	row[BTF_ANON] = *name ? CELL(.kind = CELL_NONE) : cell_bool(true);
	row[info.kernel_btf ? BTF_KERNEL_NAME : BTF_USER_NAME] = cell_str(name);
	row[BTF_SIZE] = cell_u64(info.btf_size);
	row[BTF_PROGS] = CELL(.kind = CELL_U32S, .u32s = { progs, nr_progs });
	row[BTF_MAPS] = CELL(.kind = CELL_U32S, .u32s = { maps, nr_maps });
	row[BTF_PIDS] = holders_pids(l->holders, OBJ_BTF, info.id);
	row[BTF_KERNEL] = cell_bool(info.kernel_btf);
	row[BTF_NAME] = cell_str(name);
	err = sink_row(ctx->sink, row);
	free(progs);
	free(maps);
	return err;
}

static int show_all_btf(struct ctx *ctx, const struct btf_listing *l)
{
	struct object_walk w = { .kind = OBJ_BTF };
	int fd;

	while ((fd = kern_next_object(&w)) >= 0) {
		struct handle *h = handle_new(OBJ_BTF, fd, w.id, "");
		int err = show_btf(ctx, h, l);

		handle_put(h);
		if (err || interrupted())
			return -1;
	}
	return walk_ended(ctx, &w);
}

enum { SHOW_BTF };

static int btf_show(struct ctx *ctx, struct value *argv)
{
	struct btf_listing l = {
		users_of(ctx, OBJ_PROG), users_of(ctx, OBJ_MAP), holders_new(ctx, OBJ_BTF)
	};
	const struct value *which = &argv[SHOW_BTF];
	bool one = which->kind == VALUE_HANDLE || which->kind == VALUE_HANDLES;
	struct handle *h = which->kind == VALUE_HANDLE ? which->handle :
			   which->kind == VALUE_HANDLES ? which->handles.list[0] : NULL;
	int err;

	sink_begin(ctx->sink, &btf_record, one ? SINK_ONE : SINK_LIST);
	err = one ? show_btf(ctx, h, &l) : show_all_btf(ctx, &l);
	free(l.progs.list);
	free(l.maps.list);
	holders_free(l.holders);
	if (err)
		return -1;
	if (one)
		ctx->result = value_handle(handle_get(h));
	return sink_end(ctx->sink);
}

static const struct cmd btf_show_cmd = {
	.object = "btf", .verb = "show", .alias = "list", .place = 1,
	.help = "show all BTF objects of the kernel, or one",
	.args = ARGS([SHOW_BTF] = { "btf", &arg_btf, ARG_OPTIONAL, "the BTF object" }),
	.flags = CMD_DEFAULT | CMD_RECORD,
	.run = btf_show,
	.examples = STRINGS("btf show", "btf show id 1"),
};

const struct cmd *const btf_cmds[] = {
	&btf_show_cmd, &btf_dump_cmd, CMD_HELP("btf", 3), NULL
};
