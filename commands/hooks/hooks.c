// SPDX-License-Identifier: BSD-2-Clause
/* All attachments of the host in one overview: a tree by hook and place. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/common.h"
#include "commands/holders.h"
#include "commands/hooks/attachments.h"
#include "commands/hooks/hooks.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/search.h"
#include "shell/base/text.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/hook.h"
#include "shell/kern/object.h"
#include "shell/lang/args.h"

enum {
	AT_BRANCH, AT_SPOT, AT_TYPE_TEXT, AT_ORDER_TEXT, AT_PROG_TEXT, AT_LINK_TEXT, AT_LINK_LAST,
	AT_HOOK, AT_PLACE, AT_NETNS_OF, AT_TYPE, AT_ORDER, AT_PROG, AT_PROG_NAME, AT_MAP, AT_LINK,
	AT_DETACHED, AT_PINNED, AT_PIDS, AT_COLUMNS
};

/* The widths of the texts are those of what is shown. */
static const struct column hook_columns[] = {
	[AT_BRANCH] = { "branch", "%\n", .flags = COL_PLAIN_ONLY },
	[AT_SPOT] = { "spot", "  %\n", .flags = COL_PLAIN_ONLY },
	[AT_TYPE_TEXT] = { "type text", "    %", .flags = COL_PLAIN_ONLY },
	[AT_ORDER_TEXT] = { "order text", "  %", .flags = COL_PLAIN_ONLY },
	[AT_PROG_TEXT] = { "program", "  %", .flags = COL_PLAIN_ONLY },
	[AT_LINK_TEXT] = { "link", "  %", .flags = COL_PLAIN_ONLY },
	[AT_LINK_LAST] = { "last link", "  %", .flags = COL_PLAIN_ONLY },
	[AT_HOOK] = { "hook" },
	[AT_PLACE] = { "place" },
	[AT_NETNS_OF] = { "netns" },
	[AT_TYPE] = { "type" },
	[AT_ORDER] = { "order" },
	[AT_PROG] = { "prog_id" },
	[AT_PROG_NAME] = { "prog_name" },
	[AT_MAP] = { "map_id" },
	[AT_LINK] = { "link_id" },
	[AT_DETACHED] = { "detached", .flags = COL_WIDE },
	[AT_PINNED] = { "pinned", "  pinned %", .flags = COL_WIDE },
	[AT_PIDS] = { "pids", "  pids %" },
	[AT_COLUMNS] = { 0 }
};

/* Names of programs, by ID. */
struct prog_name {
	__u32 id;
	char *name;
};

struct overview {
	struct ctx *ctx;
	struct attachments all;
	struct holders *holders;
	struct prog_name *names;
	size_t nr_names;
	const struct value *progs;	/* VALUE_NONE: of all programs */
	pid_t pid;			/* 0: of all processes */
	const struct attachment *shown;	/* the last row */
	struct column columns[AT_COLUMNS + 1];
};

static bool name_before(const void *record, const void *key)
{
	return ((const struct prog_name *)record)->id < *(const __u32 *)key;
}

/* The name of a program, which may be gone by now: a new string. */
static char *read_name(__u32 id)
{
	char name[KERN_NAME_MAX] = "";
	struct bpf_prog_info info;
	int fd = kern_open_id(OBJ_PROG, id);

	if (fd < 0)
		return xstrdup("");
	if (!kern_prog_info(fd, &info))
		kern_prog_name(fd, &info, name, sizeof(name));
	close(fd);
	return xstrdup(name);
}

static const char *name_of(struct overview *o, __u32 id)
{
	size_t i = lower_bound(o->names, o->nr_names, sizeof(*o->names), name_before, &id);

	if (i < o->nr_names && o->names[i].id == id)
		return o->names[i].name;
	GROW(o->names, o->nr_names);
	memmove(o->names + i + 1, o->names + i, (o->nr_names - i) * sizeof(*o->names));
	o->names[i] = (struct prog_name){ id, read_name(id) };
	o->nr_names++;
	return o->names[i].name;
}

/* What holds an attachment: its link, or where there is none the program or (struct_ops) map. */
static enum object_kind held_kind(const struct attachment *a, __u32 *id)
{
	*id = a->link_id ? a->link_id : a->prog_id ? a->prog_id : a->map_id;
	return a->link_id ? OBJ_LINK : a->prog_id ? OBJ_PROG : OBJ_MAP;
}

static bool is_wanted(struct overview *o, const struct attachment *a)
{
	const struct value *v = o->progs;
	bool wanted = v->kind != VALUE_HANDLES;

	for (size_t i = 0; !wanted && i < v->handles.nr; i++)
		wanted = v->handles.list[i]->id == a->prog_id;
	if (!wanted || !o->pid)
		return wanted;
	return a->pid == o->pid ||
	       (a->link_id && holders_has(o->holders, OBJ_LINK, a->link_id, o->pid)) ||
	       (a->prog_id && holders_has(o->holders, OBJ_PROG, a->prog_id, o->pid)) ||
	       (a->map_id && holders_has(o->holders, OBJ_MAP, a->map_id, o->pid));
}

/* Keeps what is asked for. */
static void choose(struct overview *o)
{
	struct attachments *all = &o->all;
	size_t kept = 0;

	for (size_t i = 0; i < all->nr; i++) {
		struct attachment a = all->rows[i];

		if (!is_wanted(o, &a)) {
			free(a.place);
			free(a.type);
			continue;
		}
		all->rows[kept++] = a;
	}
	all->nr = kept;
}

/* The texts of a row, aligned below one another. */
struct texts {
	struct buf spot, order, prog, link;
};

static void draw_texts(struct overview *o, const struct attachment *a, struct texts *t)
{
	attachment_place(&t->spot, a);
	if (a->order)
		buf_printf(&t->order, "#%u", a->order);
	if (a->prog_id)
		buf_printf(&t->prog, "prog %u", a->prog_id);
	else if (a->map_id)
		buf_printf(&t->prog, "map %u", a->map_id);
	if (a->prog_id && *name_of(o, a->prog_id))
		buf_printf(&t->prog, " %s", name_of(o, a->prog_id));
	if (a->link_id)
		buf_printf(&t->link, "link %u", a->link_id);
	else
		buf_puts(&t->link, a->in_doubt ? "link unknown" : "no link");
}

static void texts_free(struct texts *t)
{
	buf_free(&t->spot);
	buf_free(&t->order);
	buf_free(&t->prog);
	buf_free(&t->link);
}

/* So wide is it on a terminal. */
static void widen(struct column *column, const char *text)
{
	struct buf b = BUF_INIT;

	buf_escaped(&b, text, strlen(text));
	if (b.len > column->width)
		column->width = b.len;
	buf_free(&b);
}

static void measure(struct overview *o)
{
	memcpy(o->columns, hook_columns, sizeof(o->columns));
	for (size_t i = 0; i < o->all.nr; i++) {
		const struct attachment *a = &o->all.rows[i];
		struct texts t = { 0 };

		draw_texts(o, a, &t);
		widen(&o->columns[AT_TYPE_TEXT], a->type);
		widen(&o->columns[AT_ORDER_TEXT], buf_str(&t.order));
		widen(&o->columns[AT_PROG_TEXT], buf_str(&t.prog));
		widen(&o->columns[AT_LINK_TEXT], buf_str(&t.link));
		texts_free(&t);
	}
	/* Where nothing has an order, it takes no room. */
	if (!o->columns[AT_ORDER_TEXT].width)
		o->columns[AT_ORDER_TEXT].plain = NULL;
}

/* A text that is filled up, also where it is empty. */
static struct cell text_cell(const char *text)
{
	return CELL(.kind = CELL_STR, .str = { text, strlen(text) });
}

static void put_texts(const struct overview *o, const struct attachment *a, struct texts *t,
		      struct cell *row)
{
	const struct attachment *last = o->shown;
	bool branch = !last || last->hook != a->hook;
	bool held = row[AT_PINNED].kind != CELL_NONE || row[AT_PIDS].kind != CELL_NONE;

	if (branch)
		row[AT_BRANCH] = cell_str(attach_hooks[a->hook]);
	if (branch || last->where != a->where || strcmp(last->place, a->place) != 0)
		row[AT_SPOT] = cell_str(buf_str(&t->spot));
	row[AT_TYPE_TEXT] = text_cell(a->type);
	row[AT_ORDER_TEXT] = text_cell(buf_str(&t->order));
	row[AT_PROG_TEXT] = text_cell(buf_str(&t->prog));
	row[held ? AT_LINK_TEXT : AT_LINK_LAST] = text_cell(buf_str(&t->link));
}

static int show_attachment(struct overview *o, const struct attachment *a)
{
	__u32 id;
	enum object_kind kind = held_kind(a, &id);
	struct texts t = { 0 };
	struct cell row[AT_COLUMNS] = {
		[AT_HOOK] = cell_str(attach_hooks[a->hook]), [AT_PLACE] = cell_str(a->place),
		[AT_TYPE] = cell_str(a->type), [AT_PINNED] = holders_pins(o->holders, kind, id),
	};
	int err;

	row[AT_PIDS] = a->pid ? holders_process(o->holders, a->pid) :
		       holders_pids(o->holders, kind, id);
	if (a->where == AT_OTHER_NETNS || a->where == AT_UNKNOWN_NETNS)
		row[AT_NETNS_OF] = cell_str(a->where == AT_OTHER_NETNS ? "another" : "unknown");
	if (a->where == AT_NOWHERE)
		row[AT_DETACHED] = cell_bool(true);
	if (a->order)
		row[AT_ORDER] = cell_u64(a->order);
	if (a->prog_id) {
		row[AT_PROG] = cell_u64(a->prog_id);
		row[AT_PROG_NAME] = cell_str(name_of(o, a->prog_id));
	}
	if (a->map_id)
		row[AT_MAP] = cell_u64(a->map_id);
	if (a->link_id)
		row[AT_LINK] = cell_u64(a->link_id);
	else if (a->in_doubt)
		row[AT_LINK] = CELL(.kind = CELL_NULL);
	draw_texts(o, a, &t);
	put_texts(o, a, &t, row);
	err = sink_row(o->ctx->sink, row);
	o->shown = a;
	texts_free(&t);
	return err;
}

static int show_overview(struct overview *o)
{
	struct record record = { "hook", o->columns };
	int err = 0;

	choose(o);
	measure(o);
	sink_begin(o->ctx->sink, &record, SINK_LIST);
	for (size_t i = 0; i < o->all.nr && !err; i++)
		err = show_attachment(o, &o->all.rows[i]);
	err = err ? -1 : sink_end(o->ctx->sink);
	attachments_note(o->ctx, &o->all);
	note_hidden(o->ctx, holders_hidden(o->holders));
	return err;
}

static void overview_free(struct overview *o)
{
	for (size_t i = 0; i < o->nr_names; i++)
		free(o->names[i].name);
	free(o->names);
	attachments_free(&o->all);
	holders_free(o->holders);
}

/* Where this user may not even list the links, nothing is known. */
static int look(struct overview *o, const struct attach_scope *scope)
{
	attachments_read(o->ctx, scope, &o->all);
	if (o->all.nr || !o->all.nr_unseen || o->all.unseen[0].err != -EPERM)
		return 0;
	return kern_call_error(o->ctx->diags, o->ctx->span, KERN_LISTING, EPERM,
			       "list what is attached");
}

enum { HOOKS_DEV, HOOKS_CGROUP, HOOKS_PID, HOOKS_PROG };

/* Finds what the arguments name. */
static int find_scope(struct ctx *ctx, const struct value *argv, struct attach_scope *scope)
{
	const struct value *dev = &argv[HOOKS_DEV], *cgroup = &argv[HOOKS_CGROUP];
	__u64 id;
	int fd;

	if (dev->kind == VALUE_STR &&
	    hook_find_device(dev->str, &scope->ifindex, dev->span, ctx->diags))
		return -1;
	if (cgroup->kind != VALUE_STR)
		return 0;
	fd = hook_open_cgroup(cgroup->str, &id, cgroup->span, ctx->diags);
	if (fd < 0)
		return -1;
	close(fd);
	scope->cgroup = cgroup->str;
	return 0;
}

static int hooks_run(struct ctx *ctx, struct value *argv)
{
	struct overview o = {
		.ctx = ctx, .progs = &argv[HOOKS_PROG],
		.pid = argv[HOOKS_PID].kind == VALUE_NUM ? argv[HOOKS_PID].num : 0,
	};
	struct attach_scope scope = { 0 };
	int err;

	if (argv[HOOKS_PID].kind == VALUE_NUM && !o.pid)
		return diag_error(ctx->diags, argv[HOOKS_PID].span, "0 is no process");
	if (find_scope(ctx, argv, &scope))
		return -1;
	o.holders = holders_new(ctx, OBJ_KINDS);
	err = look(&o, &scope);
	if (!err)
		err = show_overview(&o);
	overview_free(&o);
	return err;
}

const struct cmd session_hooks_cmd = {
	.verb = "hooks",
	.help = "show all that is attached on this host, by hook, with its program, link and owner",
	.args = ARGS(
		[HOOKS_DEV] = { "dev", &arg_device, ARG_KEYWORD | ARG_OPTIONAL,
			"only on this network device" },
		[HOOKS_CGROUP] = { "cgroup", &arg_cgroup, ARG_KEYWORD | ARG_OPTIONAL,
			"only on this cgroup and those below it" },
		[HOOKS_PID] = { "pid", &arg_number, ARG_KEYWORD | ARG_OPTIONAL,
			"only what this process holds" },
		[HOOKS_PROG] = { "prog", &arg_progs, ARG_KEYWORD | ARG_OPTIONAL,
			"only this program, or several by name or tag" }),
	.run = hooks_run,
	.examples = STRINGS("hooks", "hooks dev eth0", "hooks cgroup /sys/fs/cgroup/web",
			    "hooks pid 42", "hooks prog name filter"),
};
