// SPDX-License-Identifier: BSD-2-Clause
/* What the programs of cgroups are attached to. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/attach.h"
#include "commands/common.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/attached.h"
#include "shell/kern/cgroup.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/hook.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/kern/target.h"
#include "shell/lang/args.h"

enum {
	CG_BELOW, CG_ID, CG_TYPE, CG_FLAGS, CG_NAME, CG_BTF_NAME, CG_BTF_OBJ, CG_BTF_ID, CG_LINK,
	CG_COLUMNS
};

/* What is in effect, the cgroups above included, has no flags. */
#define PROGRAM_COLUMNS(of_flags) (const struct column[]){				\
	[CG_BELOW] = { "below", "    ", .flags = COL_PLAIN_ONLY },			\
	[CG_ID] = { "id", "% ", .width = 8 },						\
	[CG_TYPE] = { "attach_type", "% ", .width = 15 },				\
	[CG_FLAGS] = { "attach_flags", "% ", .flags = (of_flags), .width = 15 },	\
	[CG_NAME] = { "name", "%" },							\
	[CG_BTF_NAME] = { "attach_btf_name", " %", .flags = COL_WIDE },			\
	[CG_BTF_OBJ] = { "attach_btf_obj_id", .flags = COL_WIDE },			\
	[CG_BTF_ID] = { "attach_btf_id", .flags = COL_WIDE },				\
	[CG_LINK] = { "link_id" },							\
	[CG_COLUMNS] = { 0 }								\
}

#define HEADING "ID       AttachType      AttachFlags     Name\n"
#define HEADING_EFFECTIVE "ID       AttachType      Name\n"

static const struct column tree_columns[] = { { "cgroup", "%" }, { 0 } };

/* By whether "effective" is given. */
static const struct record show_records[] = {
	{ "program", PROGRAM_COLUMNS(0), .heading = HEADING },
	{ "program", PROGRAM_COLUMNS(COL_PLAIN_ONLY), .heading = HEADING_EFFECTIVE },
}, tree_records[] = {
	{ "cgroup", tree_columns, .title = "CgroupPath\n" HEADING },
	{ "cgroup", tree_columns, .title = "CgroupPath\n" HEADING_EFFECTIVE },
}, program_records[] = {
	{ "program", PROGRAM_COLUMNS(0) },
	{ "program", PROGRAM_COLUMNS(COL_PLAIN_ONLY) },
};

struct listing {
	struct ctx *ctx;
	bool effective;
	struct kern_cgroup_query query;
	__u64 cgroup;			/* the one that is shown */
	const char *path;		/* tree: its path, until its first program is shown; else NULL */
	unsigned depth;
	bool open;			/* tree: the list of its programs has begun */
	bool have_links;
	struct cgroup_link {
		__u64 cgroup;
		__u32 type, prog_id, id;
		bool shown;
	} *links;
	size_t nr_links;
};

/* All links to cgroups, where this user may list them. */
static void find_links(struct listing *l)
{
	struct object_walk w = { .kind = OBJ_LINK };
	struct bpf_link_info info;

	l->have_links = true;
	while (!kern_next_link(&w, &info)) {
		if (info.type == BPF_LINK_TYPE_CGROUP) {
			GROW(l->links, l->nr_links);
			l->links[l->nr_links++] = (struct cgroup_link){
				info.cgroup.cgroup_id, info.cgroup.attach_type, info.prog_id,
				info.id
			};
		}
	}
	note_left_out(l->ctx, w.err, "links by which programs are attached are");
}

/* The link by which the program is attached; 0: without one. */
static __u32 link_of(struct listing *l, __u32 type, __u32 prog_id)
{
	if (!l->have_links)
		find_links(l);
	for (size_t i = 0; i < l->nr_links; i++) {
		struct cgroup_link *link = &l->links[i];

		/* The same program may be attached once by itself and once by each of several. */
		if (link->cgroup == l->cgroup && link->type == type && link->prog_id == prog_id &&
		    !link->shown) {
			link->shown = true;
			return link->id;
		}
	}
	return 0;
}

/* "multi" and the like, as bpftool has them. */
static const char *flags_name(__u32 flags, char text[32])
{
	switch (flags) {
	case 0:
		return "";
	case BPF_F_ALLOW_MULTI:
		return "multi";
	case BPF_F_ALLOW_OVERRIDE:
		return "override";
	}
	snprintf(text, 32, "unknown(%x)", flags);
	return text;
}

/* The cgroup's own row comes with its first program. */
static int begin_list(struct listing *l)
{
	struct cell row = cell_str(l->path);

	if (!l->path || l->open)
		return 0;
	l->open = true;
	return sink_open(l->ctx->sink, &row, "programs", &program_records[l->effective]);
}

static int show_row(struct listing *l, __u32 type, const struct kern_attached *a, int prog,
		    const struct bpf_prog_info *info)
{
	__u32 link = l->effective ? 0 : link_of(l, type, a->prog_id);
	char name[KERN_NAME_MAX], flags[32];
	const char *text = flags_name(a->prog_flags, flags);
	struct kern_target target;
	struct cell row[CG_COLUMNS] = {
		[CG_ID] = cell_u64(a->prog_id),
		[CG_TYPE] = type_cell(kern_attach_type_name(type), type),
		[CG_BTF_OBJ] = cell_u64(info->attach_btf_obj_id),
		[CG_BTF_ID] = cell_u64(info->attach_btf_id),
	};

	if (kern_prog_target(info, &target))
		row[CG_BTF_NAME] = *target.name ? cell_str(target.name) : CELL(.kind = CELL_NULL);
	kern_prog_name(prog, info, name, sizeof(name));
	row[CG_NAME] = CELL(.kind = CELL_STR, .str = { name, strlen(name) });
	if (!l->effective)
		row[CG_FLAGS] = CELL(.kind = CELL_STR, .str = { text, strlen(text) });
	if (l->depth)
		row[CG_BELOW] = cell_bool(true);
	if (link)
		row[CG_LINK] = cell_u64(link);
	return begin_list(l) || sink_row(l->ctx->sink, row) ? 1 : 0;
}

/* Returns 1 where the output failed, which no errno is. A program that is gone is left out. */
static int show_program(void *arg, __u32 type, const struct kern_attached *a)
{
	struct bpf_prog_info info;
	struct listing *l = arg;
	int prog = kern_open_id(OBJ_PROG, a->prog_id), err;

	if (prog < 0)
		return prog == -ENOENT ? 0 : prog;
	err = kern_prog_info(prog, &info);
	if (!err)
		err = show_row(l, type, a, prog, &info);
	close(prog);
	return err;
}

#define ARG_EFFECTIVE { "effective", NULL, ARG_FLAG | ARG_OPTIONAL, \
			"all that run there, those of the cgroups above included", \
			STRINGS("effective") }

enum { SHOW_CGROUP, SHOW_EFFECTIVE };

static int cgroup_show(struct ctx *ctx, struct value *argv)
{
	const struct value *cgroup = &argv[SHOW_CGROUP];
	struct listing l = { .ctx = ctx, .effective = argv[SHOW_EFFECTIVE].kind != VALUE_NONE };
	int fd = hook_open_cgroup(cgroup->str, &l.cgroup, cgroup->span, ctx->diags), err;

	if (fd < 0)
		return -1;
	l.query.flags = l.effective ? BPF_F_QUERY_EFFECTIVE : 0;
	sink_begin(ctx->sink, &show_records[l.effective], SINK_LIST);
	err = kern_cgroup_programs(&l.query, fd, show_program, &l);
	close(fd);
	free(l.links);
	if (err < 0)
		return kern_call_error(ctx->diags, cgroup->span, KERN_LISTING, -err,
				       "query the cgroup '%s'", cgroup->str);
	return err ? -1 : sink_end(ctx->sink);
}

static const struct cmd cgroup_show_cmd = {
	.object = "cgroup", .verb = "show", .alias = "list", .place = 1,
	.help = "show the programs of a cgroup",
	.args = ARGS(
		[SHOW_CGROUP] = { "cgroup", &arg_cgroup, 0, "the cgroup's folder" },
		[SHOW_EFFECTIVE] = ARG_EFFECTIVE),
	.run = cgroup_show,
	.examples = STRINGS("cgroup show /sys/fs/cgroup/web",
			    "cgroup show /sys/fs/cgroup/web effective"),
};

/* A cgroup below the root that cannot be shown does not hide the others. */
static int leave_out(struct listing *l, const struct kern_cgroup *g, int err)
{
	bool gone = err == -ENOENT || err == -ENODEV || err == -ENXIO;
	struct buf why = BUF_INIT, hint = BUF_INIT;

	if (!g->depth)
		return err;
	if (gone)
		buf_puts(&why, "it is gone");
	else
		kern_reason(&why, &hint, KERN_LISTING, -err);
	diag_note(l->ctx->diags, NO_SPAN, "cgroup '%s' is left out: %s", g->path, buf_str(&why));
	buf_free(&why);
	buf_free(&hint);
	return 0;
}

static int show_cgroup(void *arg, const struct kern_cgroup *g)
{
	struct listing *l = arg;
	int err;

	if (g->fd < 0)
		return leave_out(l, g, g->fd);
	l->path = g->path;
	l->cgroup = g->id;
	l->depth = g->depth;
	l->open = false;
	err = kern_cgroup_programs(&l->query, g->fd, show_program, l);
	if (l->open && sink_close(l->ctx->sink))
		return 1;
	return err < 0 && err != -EINTR ? leave_out(l, g, err) : err;
}

/* Where the tree begins: a new string, or NULL with a diagnostic. */
static char *find_root(struct ctx *ctx, const struct value *given)
{
	char *root = given->kind == VALUE_STR ? xstrdup(given->str) : kern_cgroup_root();

	if (root)
		return root;
	diag_error(ctx->diags, ctx->span, "no cgroups of version 2 are mounted here");
	diag_hint(ctx->diags, "only they have programs; as root: mount -t cgroup2 none DIRECTORY");
	return NULL;
}

static int show_tree(struct listing *l, const char *root, struct span at)
{
	struct ctx *ctx = l->ctx;
	int fd = hook_open_cgroup(root, &l->cgroup, at, ctx->diags), err;

	if (fd < 0)
		return -1;
	close(fd);
	sink_begin(ctx->sink, &tree_records[l->effective], SINK_LIST);
	err = kern_cgroups(root, show_cgroup, l);
	if (err < 0)
		return kern_call_error(ctx->diags, at, KERN_LISTING, -err,
				       "query the cgroup '%s'", root);
	return err ? -1 : sink_end(ctx->sink);
}

enum { TREE_ROOT, TREE_EFFECTIVE };

static int cgroup_tree(struct ctx *ctx, struct value *argv)
{
	const struct value *given = &argv[TREE_ROOT];
	struct listing l = { .ctx = ctx, .effective = argv[TREE_EFFECTIVE].kind != VALUE_NONE };
	char *root = find_root(ctx, given);
	int err;

	if (!root)
		return -1;
	l.query.flags = l.effective ? BPF_F_QUERY_EFFECTIVE : 0;
	err = show_tree(&l, root, given->kind == VALUE_STR ? given->span : ctx->span);
	free(l.links);
	free(root);
	return err;
}

static const struct cmd cgroup_tree_cmd = {
	.object = "cgroup", .verb = "tree", .place = 3,
	.help = "show the programs of all cgroups, or of one and those below",
	.args = ARGS(
		[TREE_ROOT] = { "root", &arg_cgroup, ARG_OPTIONAL, "the first cgroup's folder" },
		[TREE_EFFECTIVE] = ARG_EFFECTIVE),
	.flags = CMD_DEFAULT,
	.run = cgroup_tree,
	.examples = STRINGS("cgroup tree", "cgroup tree /sys/fs/cgroup/web"),
};

const struct cmd *const cgroup_cmds[] = {
	&cgroup_show_cmd, &cgroup_tree_cmd, &cgroup_attach_cmd, &cgroup_detach_cmd,
	CMD_HELP("cgroup", 6), NULL
};
