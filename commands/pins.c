// SPDX-License-Identifier: BSD-2-Clause
/* Objects shown; their pins made and removed: for each kind of object alike. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/common.h"
#include "commands/holders.h"
#include "commands/pins.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/base/search.h"
#include "shell/kern/bpffs.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/object.h"
#include "shell/lang/args.h"
#include "shell/lang/cmd.h"
#include "shell/lang/grammar.h"
#include "shell/lang/vars.h"
#include "shell/op/ops.h"
#include "shell/session/session.h"
#include "shell/txn/txn.h"

/* Shows each object of the kind that is there. */
static int show_all(struct ctx *ctx, enum object_kind kind, show_fn one,
		    struct holders *holders)
{
	struct object_walk w = { .kind = kind };
	int fd;

	while ((fd = kern_next_object(&w)) >= 0) {
		/* What programs and links are is asked for where it is shown. */
		struct handle *h = kind == OBJ_MAP ? kern_handle(kind, fd) :
				   handle_new(kind, fd, w.id, "");
		int err;

		if (!h)
			return kern_error(ctx->diags, ctx->span, errno, "read %s %u",
					  object_names[kind], w.id);
		err = one(ctx, h, holders);
		handle_put(h);
		if (err || interrupted())
			return -1;
	}
	return walk_ended(ctx, &w);
}

int show_objects(struct ctx *ctx, enum object_kind kind, const struct value *which,
		 const struct record *rec, show_fn one)
{
	bool single = which->kind == VALUE_HANDLES && which->handles.nr == 1;
	struct holders *holders = holders_new(ctx, kind);
	int err = 0;

	sink_begin(ctx->sink, rec, single ? SINK_ONE : SINK_LIST);
	if (which->kind == VALUE_NONE)
		err = show_all(ctx, kind, one, holders);
	for (size_t i = 0; which->kind == VALUE_HANDLES && i < which->handles.nr && !err; i++)
		err = one(ctx, which->handles.list[i], holders);
	holders_free(holders);
	if (err)
		return -1;
	if (single)
		ctx->result = value_handle(handle_get(which->handles.list[0]));
	return sink_end(ctx->sink);
}

/* What is only planned is not looked at by the operation. */
static int plan_look(struct ctx *ctx, const struct value *path, enum object_kind kind)
{
	if (!txn_planning(ctx->s) || access(path->str, F_OK))
		return 0;
	return pin_look(path->str, kind, path->span, ctx->diags);
}

int plan_replace(struct ctx *ctx, const struct value *path, enum object_kind kind)
{
	if (plan_look(ctx, path, kind))
		return -1;
	if (!txn_planning(ctx->s) || access(path->str, F_OK) || kern_can_exchange())
		return 0;
	return kern_error(ctx->diags, path->span, KERN_ENOEXCHANGE, "replace '%s'", path->str);
}

int say_unheld(struct ctx *ctx, const struct cmd *cmd, const char *behind)
{
	const char *made = cmd->object;

	diag_error(ctx->diags, ctx->span, "nothing would hold the %s when this command ends",
		   !strcmp(made, "prog") ? object_names[OBJ_PROG] : made);
	diag_hint(ctx->diags, "add '%sPATH' to pin it; in a script or at the prompt a variable holds "
		  "it, too: $%c = %s %s ...", behind, *made, made, cmd->verb);
	return -1;
}

int need_pin(struct ctx *ctx, const struct match *m)
{
	const char *behind = "";
	int i = 0;

	for_each_arg(m->cmd, a) {
		if (a->type == &arg_pin_path && m->args[i].nr)
			return 0;
		if (a->type == &arg_pin_path && a->flags & ARG_KEYWORD && !strcmp(a->name, "pin"))
			behind = "pin ";
		i++;
	}
	return session_keeps_nothing(ctx) ? say_unheld(ctx, m->cmd, behind) : 0;
}

enum { PIN_OBJECT, PIN_PATH, PIN_REPLACE };

static int pin_run(struct ctx *ctx, struct value *argv)
{
	struct handle *object = argv[PIN_OBJECT].handle;
	const struct value *path = &argv[PIN_PATH];
	bool replace = argv[PIN_REPLACE].kind != VALUE_NONE;

	if (replace && plan_replace(ctx, path, object->kind))
		return -1;
	return txn_do(ctx, op_pin(object, path->str, replace, path->span));
}

/* The kind of object that a command is about. */
static enum object_kind kind_of(const struct cmd *cmd)
{
	enum object_kind kind = OBJ_PROG;

	while (kind < OBJ_KINDS && strcmp(cmd->object, object_words[kind]) != 0)
		kind++;
	return kind;
}

enum { UNPIN_PATH };

static int unpin_run(struct ctx *ctx, struct value *argv)
{
	enum object_kind kind = kind_of(ctx->cmd);

	if (plan_look(ctx, &argv[UNPIN_PATH], kind))
		return -1;
	/* $_ may be the link that its user means to end. */
	last_drop(ctx->s);
	return txn_do(ctx, op_unpin(argv[UNPIN_PATH].str, kind, 0, argv[UNPIN_PATH].span));
}

static size_t pinned_take(const struct match *m, const struct arg *a, const struct word *w,
			  size_t nr)
{
	if (!word_is(w, "pinned"))
		return 1;
	return nr > 1 ? 2 : 0;
}

static int pinned_parse(struct ctx *ctx, const struct arg *a, const struct word *w, size_t nr,
			struct value *out)
{
	char *text = word_text(ctx, &w[nr - 1]);

	if (!text)
		return -1;
	*out = (struct value){ .kind = VALUE_STR, .str = text };
	return 0;
}

struct pin_listing {
	struct candidates *c;
	enum object_kind kind;
};

static int list_pin(void *arg, const struct pin *pin)
{
	const struct pin_listing *l = arg;

	if (pin->kind == l->kind)
		candidate_add(l->c, pin->path, object_names[pin->kind], false);
	return 0;
}

static void pinned_complete(struct ctx *ctx, const struct match *m, const struct arg *a,
			    const struct word *w, size_t nr, struct candidates *c)
{
	struct pin_listing l = { c, kind_of(m->cmd) };

	kern_pins(list_pin, &l);
}

static int pinned_look(struct ctx *ctx, const struct value *v)
{
	return pin_look(v->str, kind_of(ctx->cmd), v->span, ctx->diags);
}

/* VALUE_STR: an existing pin. */
static const struct arg_type arg_pinned = {
	.name = "[pinned] PATH", .take = pinned_take, .parse = pinned_parse,
	.complete = pinned_complete, .look = pinned_look
};

/* The rows of `pin` and `unpin`, which differ in what they are about. */
#define PIN_CMD(of, at, types, what, example) {						\
	.object = of, .verb = "pin", .place = at,					\
	.help = "pin a " what,								\
	.args = ARGS(									\
		[PIN_OBJECT] = { of, types, 0, "the " what },				\
		[PIN_PATH] = { "path", &arg_pin_path, 0, "where, on a bpffs" },		\
		[PIN_REPLACE] = { "replace", NULL, ARG_FLAG | ARG_OPTIONAL,		\
			"exchange the pin that is there", STRINGS("replace") }),	\
	.flags = CMD_WRITES,								\
	.run = pin_run,									\
	.examples = STRINGS(example),							\
}

#define UNPIN_CMD(of, example) {							\
	.object = of, .verb = "unpin",							\
	.help = "remove a pin",								\
	.args = ARGS([UNPIN_PATH] = { "path", &arg_pinned, 0, "the pin" }),		\
	.flags = CMD_WRITES | CMD_WHOLE,						\
	.run = unpin_run,								\
	.examples = STRINGS(example),							\
}

const struct cmd prog_pin_cmd = PIN_CMD("prog", 5, &arg_prog, "program",
					"prog pin $p /sys/fs/bpf/filter");
const struct cmd prog_unpin_cmd = UNPIN_CMD("prog", "prog unpin /sys/fs/bpf/filter");
const struct cmd map_pin_cmd = PIN_CMD("map", 9, &arg_map, "map", "map pin $m /sys/fs/bpf/flows");
const struct cmd map_unpin_cmd = UNPIN_CMD("map", "map unpin /sys/fs/bpf/flows");
const struct cmd link_pin_cmd = PIN_CMD("link", 4, &arg_link, "link",
					"link pin $l /sys/fs/bpf/eth0_in");
const struct cmd link_unpin_cmd = UNPIN_CMD("link", "link unpin /sys/fs/bpf/eth0_in");
