// SPDX-License-Identifier: BSD-2-Clause
/*
 * Links, and their undo: a new one is closed again, another program is swapped
 * back (the kernel compares before), and detaching waits for the commit, as a
 * severed link cannot be revived.
 *
 * An open link keeps its program attached, so that no operation holds one
 * beyond the commit: `undo` finds it again by its ID.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/wire.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/hook.h"
#include "shell/kern/link.h"
#include "shell/kern/load.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/op/describe.h"
#include "shell/op/fields.h"
#include "shell/op/link.h"
#include "shell/txn/field.h"
#include "shell/txn/op.h"
#include "shell/txn/trash.h"
#include "shell/txn/txn.h"

struct handle *open_link(__u32 id, __u32 type)
{
	struct handle *link = kern_open_object(OBJ_LINK, id);
	struct bpf_link_info info;

	if (link && (kern_link_info(link->fd, &info) || info.type != type)) {
		handle_put(link);
		link = NULL;
	}
	return link;
}

void link_target(struct buf *out, __u32 id)
{
	buf_puts(out, "link ");
	wire_put_u32(out, id);
}

static int link_gone(const struct op *op, const struct handle *link, int err, struct diags *d)
{
	return kern_error(d, op->span, -err, "read link %u", link->id);
}

/* Create */

struct op_link_new {
	struct op op;
	struct handle *prog;
	struct link_def def;
	char *target;
	struct load_object *object;	/* that attaches by a section, which is the target */
	struct handle **result;
	struct handle *link;		/* until the commit */
	__u32 id, type;
};

static enum undo_class new_class(const struct op *op, const char **why)
{
	return UNDO_FULL;
}

static void new_describe(const struct op *op, struct buf *out)
{
	const struct op_link_new *n = (const struct op_link_new *)op;
	const struct hook *h = n->def.hook;
	const char *type = kern_attach_type_name(n->def.attach_type);

	buf_puts(out, "+ link create ");
	describe_handle(out, n->prog);
	buf_printf(out, " at %s", h->place);
	if (n->target)
		buf_printf(out, " '%s'", n->target);
	if (!h->type_implied)
		buf_printf(out, ", %s", type ? type : "");
}

/* The descriptor of a new link, or -1. */
static int make_link(struct op_link_new *n, struct diags *d)
{
	struct link_spot spot;
	int fd = -1;

	if (!kern_link_find(&n->def, &spot, n->op.span, d)) {
		fd = kern_link_create(n->prog->fd, &spot);
		if (fd < 0)
			kern_link_create_error(d, n->op.span, n->prog, &spot, n->target, -fd);
	}
	link_spot_free(&spot);
	return fd;
}

static int keep_new(struct op_link_new *n, int fd, struct diags *d)
{
	struct bpf_link_info info;
	int err = -1;

	if (fd < 0)
		return -1;
	n->link = kern_handle(OBJ_LINK, fd);
	if (n->link)
		err = kern_link_info(n->link->fd, &info);
	if (err)
		return kern_error(d, n->op.span, errno, "read the new link");
	n->id = info.id;
	n->type = info.type;
	*n->result = handle_get(n->link);
	return 0;
}

static int new_apply(struct op *op, struct diags *d)
{
	struct op_link_new *n = (struct op_link_new *)op;

	return keep_new(n, make_link(n, d), d);
}

static void auto_describe(const struct op *op, struct buf *out)
{
	const struct op_link_new *n = (const struct op_link_new *)op;

	buf_puts(out, "+ link create ");
	describe_handle(out, n->prog);
	buf_printf(out, " at '%s'", n->target);
}

static int auto_apply(struct op *op, struct diags *d)
{
	struct op_link_new *n = (struct op_link_new *)op;

	return keep_new(n, kern_load_attach(n->object, n->prog, op->span, d), d);
}

enum undo_result link_end(struct handle *held, __u32 id, __u32 type, struct span at,
			  struct diags *d)
{
	struct handle *link = held ? handle_get(held) : id ? open_link(id, type) : NULL;
	enum undo_result r = UNDO_DONE;
	int err = 0;

	if (link && kern_link_detachable(type))
		err = kern_link_detach(link->fd);
	/* Kernels before 6.11 do not detach each of them. */
	if (link && (!kern_link_detachable(type) || err == -EOPNOTSUPP)) {
		err = 0;
		if (!held) {
			diag_error(d, at, "link %u is still held by a variable, a pin or a process", id);
			diag_hint(d, "it ends with the last of them: 'unset', 'link unpin'");
			r = UNDO_FAILED;
		}
	}
	if (err && err != -ENOLINK) {
		kern_error(d, at, -err, "undo: detach link %u", id);
		r = UNDO_FAILED;
	}
	handle_put(link);
	return r;
}

static enum undo_result new_undo(struct op *op, struct diags *d)
{
	struct op_link_new *n = (struct op_link_new *)op;

	return link_end(n->link, n->id, n->type, op->span, d);
}

/* From now on only variables and pins keep the link. */
static int new_finish(struct op *op, struct diags *d)
{
	struct op_link_new *n = (struct op_link_new *)op;

	handle_put(n->link);
	n->link = NULL;
	return 0;
}

#define FIELDS_OF struct op_link_new
static const struct field new_fields[] = {
	F_HANDLE(link), F_HANDLE(prog), F_OWN(target), { 0 }
};
#undef FIELDS_OF

static const struct op_kind link_new_kind = {
	.name = "link create",
	.size = sizeof(struct op_link_new),
	.class = new_class,
	.describe = new_describe,
	.apply = new_apply,
	.undo = new_undo,
	.finish = new_finish,
	.fields = new_fields,
};

static const struct op_kind link_auto_kind = {
	.name = "link create",
	.size = sizeof(struct op_link_new),
	.class = new_class,
	.describe = auto_describe,
	.apply = auto_apply,
	.undo = new_undo,
	.finish = new_finish,
	.fields = new_fields,
};

struct op *op_link_auto(struct handle *prog, struct load_object *object, const char *place,
			struct handle **result, struct span span)
{
	struct op_link_new *n = op_new(&link_auto_kind, span);

	n->prog = handle_get(prog);
	n->object = object;
	n->target = xstrdup(place);
	n->result = result;
	return &n->op;
}

struct op *op_link_create(struct handle *prog, const struct link_def *def, struct handle **result,
			  struct span span)
{
	struct op_link_new *n = op_new(&link_new_kind, span);

	n->prog = handle_get(prog);
	n->def = *def;
	n->target = def->target ? xstrdup(def->target) : NULL;
	n->def.target = n->target;
	n->result = result;
	return &n->op;
}

/* Update */

struct op_link_update {
	struct op op;
	struct handle *link;		/* until the commit */
	struct handle *prog;		/* the new one */
	struct handle *old;		/* held to be put back */
	__u32 id, type, prog_id, old_id;
	struct trash trash;		/* the old program's, should this process be killed */
};

static struct op_link_update *update_of(const struct op *op)
{
	return (struct op_link_update *)op;
}

static void update_describe(const struct op *op, struct buf *out)
{
	const struct op_link_update *u = update_of(op);

	buf_puts(out, "~ link update ");
	describe_object(out, OBJ_LINK, u->link, u->id);
	buf_puts(out, " to ");
	describe_object(out, OBJ_PROG, u->prog, u->prog_id);
	if (u->old_id)
		buf_printf(out, " from %s %u", object_names[OBJ_PROG], u->old_id);
}

static int update_prepare(struct op *op, struct diags *d)
{
	struct op_link_update *u = update_of(op);
	struct bpf_link_info info;
	int err = kern_link_info(u->link->fd, &info);

	if (err)
		return link_gone(op, u->link, err, d);
	u->type = info.type;
	u->old_id = info.prog_id;
	u->old = kern_open_object(OBJ_PROG, u->old_id);
	if (!u->old)
		return kern_call_error(d, op->span, KERN_LISTING, errno,
				       "open program %u, which link %u runs", u->old_id, u->id);
	trash_choose(&u->trash, NULL);
	return 0;
}

/* Pins the program that the link lets go of; without a bpffs, only this process keeps it. */
static int save_old(struct op_link_update *u, struct diags *d)
{
	return trash_keep(&u->trash, u->old, u->op.span, d);
}

static int update_hold(struct op *op, struct diags *d)
{
	return save_old(update_of(op), d);
}

static int update_apply(struct op *op, struct diags *d)
{
	struct op_link_update *u = update_of(op);
	int err;

	if (save_old(u, d))
		return -1;
	err = kern_link_update(u->link->fd, u->prog->fd, u->old->fd);
	return err ? kern_link_update_error(d, op->span, u->link, u->old, u->prog, -err) : 0;
}

static int update_finish(struct op *op, struct diags *d)
{
	struct op_link_update *u = update_of(op);

	handle_put(u->link);
	u->link = NULL;
	return trash_finish(&u->trash, op->span, d);
}

/* The old program: held, in the trash, or alive elsewhere. */
static struct handle *find_old(const struct op_link_update *u)
{
	return u->old ? handle_get(u->old) : trash_find(&u->trash, OBJ_PROG, u->old_id);
}

static bool runs(const struct handle *link, __u32 prog_id)
{
	struct bpf_link_info info;

	return !kern_link_info(link->fd, &info) && info.prog_id == prog_id;
}

/* The link runs our program: swaps the old one in, unless somebody is faster. */
static enum undo_result swap_back(struct op_link_update *u, struct handle *link, struct diags *d)
{
	struct handle *old = find_old(u);
	struct handle *prog = u->prog ? handle_get(u->prog) : kern_open_object(OBJ_PROG, u->prog_id);
	enum undo_result r = UNDO_DONE;
	int err;

	if (!old || !prog) {
		diag_error(d, u->op.span, "link %u: program %u, which it ran, is gone", u->id,
			   u->old_id);
		r = UNDO_FAILED;
	} else {
		err = kern_link_update(link->fd, old->fd, prog->fd);
		if (err)
			kern_link_update_error(d, u->op.span, link, prog, old, -err);
		if (err == -ENOLINK || (err && !runs(link, u->prog_id)))
			r = UNDO_CONFLICT;
		else if (err)
			r = UNDO_FAILED;
	}
	handle_put(old);
	handle_put(prog);
	return r;
}

/* What the link runs now says how far the operation came. */
static enum undo_result put_back(struct op_link_update *u, struct handle *link, struct diags *d)
{
	struct bpf_link_info info;
	int err = kern_link_info(link->fd, &info);

	if (err) {
		link_gone(&u->op, link, err, d);
		return UNDO_FAILED;
	}
	if (info.prog_id == u->old_id)
		return UNDO_DONE;
	if (info.prog_id == u->prog_id)
		return swap_back(u, link, d);
	diag_error(d, u->op.span, "link %u runs program %u, not %u: left alone", u->id,
		   info.prog_id, u->prog_id);
	diag_hint(d, "somebody else updated it during the transaction");
	return UNDO_CONFLICT;
}

/* A link that has ended needs no program any more. */
static enum undo_result update_undo(struct op *op, struct diags *d)
{
	struct op_link_update *u = update_of(op);
	struct handle *link = u->link ? handle_get(u->link) : open_link(u->id, u->type);
	enum undo_result r = link ? put_back(u, link, d) : UNDO_DONE;

	handle_put(link);
	return r != UNDO_FAILED && trash_finish(&u->trash, op->span, d) ? UNDO_FAILED : r;
}

static int update_reach(const struct op *op, const char **path)
{
	return trash_reach(&update_of(op)->trash, path);
}

static void update_target(const struct op *op, struct buf *out)
{
	link_target(out, update_of(op)->id);
}

#define FIELDS_OF struct op_link_update
static const struct field update_fields[] = {
	F_U32(id), F_U32(type), F_U32(prog_id), F_U32(old_id), F_TRASH(trash),
	F_HANDLE(link), F_HANDLE(prog), F_HANDLE(old), { 0 }
};

const struct op_kind op_link_update_kind = {
	.name = "link update",
	.id = 5,
	.size = sizeof(struct op_link_update),
	.class = new_class,
	.describe = update_describe,
	.prepare = update_prepare,
	.apply = update_apply,
	.undo = update_undo,
	.target = update_target,
	.hold = update_hold,
	.finish = update_finish,
	.reach = update_reach,
	.fields = update_fields,
};

struct op *op_link_update(struct handle *link, struct handle *prog, struct span span)
{
	struct op_link_update *u = op_new(&op_link_update_kind, span);

	u->link = handle_get(link);
	u->id = link->id;
	u->prog = handle_get(prog);
	u->prog_id = prog->id;
	return &u->op;
}
