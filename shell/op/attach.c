// SPDX-License-Identifier: BSD-2-Clause
/*
 * Attaching without a link: a program comes, goes, or takes another's place. All three
 * are one operation, from an old program to a new one, of which either may be missing;
 * undo goes the other way, if what is there still is what this left.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/base/wire.h"
#include "shell/kern/attached.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/hook.h"
#include "shell/kern/link.h"
#include "shell/kern/names.h"
#include "shell/kern/object.h"
#include "shell/op/attach.h"
#include "shell/op/describe.h"
#include "shell/op/fields.h"
#include "shell/txn/field.h"
#include "shell/txn/op.h"
#include "shell/txn/trash.h"
#include "shell/txn/txn.h"

struct op_attach {
	struct op op;
	struct attach_def def;		/* its handles are held, its text is its own */
	struct link_spot spot;
	bool refused;			/* nothing was changed */
	int lost;			/* -errno of finding it again, of a journal */
	struct handle *old;		/* NULL: none, or gone */
	__u32 old_id, new_id;		/* 0: none */
	__u32 flags, old_flags;		/* of attachment */
	__u32 next_id;			/* the program behind the old one; 0: it is the last */
	struct trash trash;		/* the old program's, should this process be killed */
};

static struct op_attach *attach_of(const struct op *op)
{
	return (struct op_attach *)op;
}

/* What is attached at a spot. */
struct there {
	struct kern_attached *list;
	__u32 nr;
};

/* The place of a program among them, or nr. */
static __u32 find(const struct there *t, __u32 prog_id)
{
	__u32 i = 0;

	while (i < t->nr && t->list[i].prog_id != prog_id)
		i++;
	return i;
}

static bool has(const struct there *t, __u32 prog_id)
{
	return prog_id && find(t, prog_id) < t->nr;
}

/* Whether a program with these flags runs beside others. */
static bool in_row(const struct op_attach *a, __u32 flags)
{
	enum hook_room room = a->spot.hook->room;

	return room == HOOK_ROW || (room == HOOK_BY_FLAG && flags & BPF_F_ALLOW_MULTI);
}

/* What stands before the program has an order of its own there. */
static bool is_misplaced(const struct op_attach *a, int err)
{
	return err == EINVAL && a->flags & BPF_F_PREORDER && a->def.beside;
}

static int refused(const struct op_attach *a, int err, struct diags *d)
{
	if (is_misplaced(a, err))
		return diag_error(d, a->op.span, "programs with 'preorder' and those without have "
				  "an order each");
	if (a->def.detach)
		return kern_detach_error(d, a->op.span, a->old, &a->spot, a->def.at.target, err);
	return kern_link_create_error(d, a->op.span, a->def.prog, &a->spot, a->def.at.target, err);
}

/* "'eth0' runs program 12 already": what to say of it, and what would be meant. */
static int occupied(const struct op_attach *a, const struct there *t, struct diags *d)
{
	struct buf name = BUF_INIT;

	link_spot_name(&name, &a->spot, a->def.at.target);
	if (t->list[0].prog_id == a->new_id)
		diag_error(d, a->op.span, "this program is attached to %s already", buf_str(&name));
	else
		diag_error(d, a->op.span, "%s runs program %u already", buf_str(&name),
			   t->list[0].prog_id);
	if (a->spot.hook->room == HOOK_BY_FLAG && t->list[0].prog_flags & BPF_F_ALLOW_MULTI)
		diag_hint(d, "'multi' attaches it besides");
	else if (t->list[0].prog_id != a->new_id)
		diag_hint(d, "'overwrite' puts the new one in its place");
	buf_free(&name);
	return -1;
}

static int not_there(const struct op_attach *a, const struct handle *prog, struct diags *d)
{
	struct buf what = BUF_INIT;

	describe_handle(&what, prog);
	buf_puts(&what, " is not attached to ");
	link_spot_name(&what, &a->spot, a->def.at.target);
	diag_error(d, a->op.span, "%s", buf_str(&what));
	buf_free(&what);
	return -1;
}

/* Where not one program is there, none is "the" program. */
static int not_one(const struct op_attach *a, const struct there *t, struct diags *d)
{
	struct buf name = BUF_INIT;

	link_spot_name(&name, &a->spot, a->def.at.target);
	diag_error(d, a->op.span, t->nr ? "%s runs %u programs" : "%s runs no such program",
		   buf_str(&name), t->nr);
	if (t->nr)
		diag_hint(d, "say which one is meant");
	buf_free(&name);
	return -1;
}

/* Which of those there goes: its place, nr for none; -1 with a diagnostic. */
static int choose(const struct op_attach *a, const struct there *t, struct diags *d)
{
	const struct handle *named = a->def.detach ? a->def.prog : a->def.instead;

	if (named)
		return has(t, named->id) ? (int)find(t, named->id) : not_there(a, named, d);
	if (a->def.detach || (a->def.overwrite && in_row(a, a->flags) && t->nr > 1))
		return t->nr == 1 ? 0 : not_one(a, t, d);
	if (!t->nr || (in_row(a, a->flags) && !a->def.overwrite))
		return (int)t->nr;
	if (t->list[0].prog_id == a->new_id || !a->def.overwrite)
		return occupied(a, t, d);
	return 0;
}

/* Takes over what is known of the one that goes. */
static int take_old(struct op_attach *a, const struct there *t, __u32 i, struct diags *d)
{
	a->old_id = t->list[i].prog_id;
	a->old_flags = t->list[i].prog_flags;
	a->next_id = i + 1 < t->nr ? t->list[i + 1].prog_id : 0;
	/* Modes of XDP: the new one takes the old one's. */
	if (a->spot.hook->room == HOOK_ONE)
		a->flags = a->old_flags;
	handle_put(a->old);
	a->old = kern_open_object(OBJ_PROG, a->old_id);
	if (!a->old)
		return kern_call_error(d, a->op.span, KERN_LISTING, errno, "open program %u, which "
				       "is attached there", a->old_id);
	return t->list[i].link_id ? refused(a, EBUSY, d) : 0;
}

/* Flags of attachment to cgroups that are younger than others, and with which Linux they came. */
static const struct {
	__u32 flags;
	const char *what, *since;
} young_flags[] = {
	{ BPF_F_BEFORE | BPF_F_AFTER, "an order that is chosen", "6.17" },
	{ BPF_F_PREORDER, "'preorder'", "6.15" },
};

static int check_flags(const struct op_attach *a, struct diags *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(young_flags); i++) {
		__u32 unknown = a->flags & young_flags[i].flags;

		if (unknown && !kern_spot_knows(&a->spot, unknown))
			return a->spot.hook->room == HOOK_BY_FLAG ?
			       diag_error(d, a->op.span, "this kernel does not know %s, which came with "
					  "Linux %s", young_flags[i].what, young_flags[i].since) :
			       diag_error(d, a->op.span, "one program alone runs there");
	}
	return 0;
}

/* The new one is there already, and nobody could tell whose is whose. */
static bool is_double(const struct op_attach *a, const struct there *t)
{
	return has(t, a->new_id) && in_row(a, a->flags);
}

static int read_there(struct op_attach *a, const struct there *t, struct diags *d)
{
	int i;

	if (a->def.beside && !has(t, a->def.beside->id))
		return not_there(a, a->def.beside, d);
	if (check_flags(a, d))
		return -1;
	if (is_double(a, t))
		return refused(a, a->spot.hook->room == HOOK_ROW ? EEXIST : EINVAL, d);
	i = choose(a, t, d);
	if (i < 0)
		return -1;
	return i < (int)t->nr ? take_old(a, t, i, d) : 0;
}

/* Finds the spot, and what is there by now. */
static int look(struct op_attach *a, struct diags *d)
{
	struct there t = { 0 };
	int err;

	link_spot_free(&a->spot);
	a->old_id = a->next_id = 0;
	a->flags = a->def.flags;
	if (kern_link_find(&a->def.at, &a->spot, a->op.span, d))
		return -1;
	err = kern_spot_list(&a->spot, &t.list, &t.nr);
	if (err)
		return refused(a, -err, d);
	err = read_there(a, &t, d);
	free(t.list);
	return err;
}

static enum undo_class attach_class(const struct op *op, const char **why)
{
	const struct op_attach *a = attach_of(op);

	if (!a->def.detach || !a->next_id || kern_spot_knows(&a->spot, BPF_F_BEFORE))
		return UNDO_FULL;
	*why = "it comes back behind the others that are there";
	return UNDO_LOSSY;
}

static void attach_describe(const struct op *op, struct buf *out)
{
	const struct op_attach *a = attach_of(op);
	const char *type = kern_attach_type_name(a->spot.attach_type);
	const struct handle *prog = a->new_id ? a->def.prog : a->old;
	__u32 id = a->new_id ? a->new_id : a->old_id;

	buf_puts(out, !a->new_id ? "- detach " : a->old_id ? "~ attach " : "+ attach ");
	if (id)
		describe_object(out, OBJ_PROG, prog, id);
	else
		buf_puts(out, "the program");
	buf_puts(out, a->new_id ? " to " : " from ");
	if (a->spot.hook && a->def.at.target)
		buf_printf(out, "%s ", a->spot.hook->place);
	if (a->spot.hook)
		link_spot_name(out, &a->spot, a->def.at.target);
	if (type)
		buf_printf(out, ", %s", type);
	if (a->new_id && a->old_id) {
		buf_puts(out, " in place of ");
		describe_object(out, OBJ_PROG, a->old, a->old_id);
	}
}

static int attach_prepare(struct op *op, struct diags *d)
{
	struct op_attach *a = attach_of(op);

	if (look(a, d))
		return -1;
	if (a->old)
		trash_choose(&a->trash, NULL);
	return 0;
}

/* Pins the program that goes; without a bpffs, only this process keeps it. */
static int attach_hold(struct op *op, struct diags *d)
{
	struct op_attach *a = attach_of(op);

	return a->old ? trash_keep(&a->trash, a->old, op->span, d) : 0;
}

static int attach_apply(struct op *op, struct diags *d)
{
	struct op_attach *a = attach_of(op);
	struct hook_change c = {
		.old_fd = a->old ? a->old->fd : -1, .new_fd = a->new_id ? a->def.prog->fd : -1,
		.flags = a->flags, .beside_fd = a->def.beside ? a->def.beside->fd : -1
	};
	int err;

	if (attach_hold(op, d))
		return -1;
	if (a->old && a->new_id && in_row(a, a->flags))
		c.flags |= BPF_F_REPLACE;
	err = kern_spot_change(&a->spot, &c);
	a->refused = err;
	return err ? refused(a, -err, d) : 0;
}

static int attach_finish(struct op *op, struct diags *d)
{
	return trash_finish(&attach_of(op)->trash, op->span, d);
}

/* Who is there instead, and that it stays. */
static enum undo_result left_alone(const struct op_attach *a, const struct there *t,
				   struct diags *d)
{
	struct buf name = BUF_INIT;

	link_spot_name(&name, &a->spot, a->def.at.target);
	if (t->nr)
		diag_error(d, a->op.span, "%s runs program %u by now: left alone", buf_str(&name),
			   t->list[0].prog_id);
	else
		diag_error(d, a->op.span, "%s runs no program by now: left alone", buf_str(&name));
	diag_hint(d, "somebody else changed it during the transaction");
	buf_free(&name);
	return UNDO_CONFLICT;
}

/* The change backwards: @from goes, @to comes, each may be NULL. */
static enum undo_result change_back(const struct op_attach *a, const struct there *t,
				    const struct handle *from, const struct handle *to,
				    struct diags *d)
{
	struct handle *next = NULL;
	struct hook_change c = {
		.old_fd = from ? from->fd : -1, .new_fd = to ? to->fd : -1, .beside_fd = -1,
		.flags = to ? a->old_flags : t->list[find(t, a->new_id)].prog_flags
	};
	int err;

	if (from && to && in_row(a, a->old_flags))
		c.flags |= BPF_F_REPLACE;
	if (!from && has(t, a->next_id) && kern_spot_knows(&a->spot, BPF_F_BEFORE))
		next = kern_open_object(OBJ_PROG, a->next_id);
	if (next) {
		c.flags |= BPF_F_BEFORE;
		c.beside_fd = next->fd;
	}
	err = kern_spot_change(&a->spot, &c);
	handle_put(next);
	if (!err)
		return UNDO_DONE;
	if (to)
		kern_link_create_error(d, a->op.span, to, &a->spot, a->def.at.target, -err);
	else
		kern_detach_error(d, a->op.span, from, &a->spot, a->def.at.target, -err);
	return UNDO_FAILED;
}

/* Opens the programs that the change back is about. */
static enum undo_result put_back(const struct op_attach *a, const struct there *t, struct diags *d)
{
	struct handle *from = a->new_id ? kern_open_object(OBJ_PROG, a->new_id) : NULL;
	struct handle *to = a->old ? handle_get(a->old) :
			    a->old_id ? trash_find(&a->trash, OBJ_PROG, a->old_id) : NULL;
	enum undo_result r = UNDO_FAILED;

	if (a->old_id && !to)
		diag_error(d, a->op.span, "program %u, which was attached there, is gone", a->old_id);
	else if (a->new_id && !from)
		kern_call_error(d, a->op.span, KERN_LISTING, errno, "open program %u", a->new_id);
	else
		r = change_back(a, t, from, to, d);
	handle_put(from);
	handle_put(to);
	return r;
}

/* What is there says how far the operation came. */
static enum undo_result undo_there(const struct op_attach *a, const struct there *t,
				   struct diags *d)
{
	bool old = has(t, a->old_id), new = has(t, a->new_id);

	if (!new && (old || !a->old_id))
		return UNDO_DONE;
	if (new == !!a->new_id && (a->new_id ? !old : !t->nr || in_row(a, a->old_flags)))
		return put_back(a, t, d);
	return left_alone(a, t, d);
}

/* A place that is no more needs no program. */
static bool is_gone(int err)
{
	return err == -ENODEV || err == -ENOLINK || err == -ENOENT || err == -ESTALE;
}

static enum undo_result cannot_look(const struct op_attach *a, int err, struct diags *d)
{
	if (err != -EXDEV) {
		kern_error(d, a->op.span, -err, "look at what is attached");
		return UNDO_FAILED;
	}
	diag_error(d, a->op.span, "program %u was changed in another network namespace: left alone",
		   a->new_id ? a->new_id : a->old_id);
	diag_hint(d, "'recover' there takes it back");
	return UNDO_FAILED;
}

static enum undo_result attach_undo(struct op *op, struct diags *d)
{
	struct op_attach *a = attach_of(op);
	struct there t = { 0 };
	enum undo_result r;
	int err = a->lost;

	if (a->refused || (!a->old_id && !a->new_id))
		err = -ENOENT;
	if (!err)
		err = kern_spot_list(&a->spot, &t.list, &t.nr);
	if (is_gone(err))
		r = UNDO_DONE;
	else if (err)
		r = cannot_look(a, err, d);
	else
		r = undo_there(a, &t, d);
	free(t.list);
	return r != UNDO_FAILED && trash_finish(&a->trash, op->span, d) ? UNDO_FAILED : r;
}

static void attach_target(const struct op *op, struct buf *out)
{
	const struct link_spot *spot = &attach_of(op)->spot;

	buf_puts(out, "hook ");
	wire_put_u32(out, spot->hook ? spot->hook->id : 0);
	wire_put_u32(out, spot->attach_type);
	wire_put_u32(out, spot->ifindex);
	wire_put_u64(out, spot->id);
}

static int attach_reach(const struct op *op, const char **path)
{
	return trash_reach(&attach_of(op)->trash, path);
}

#define FIELDS_OF struct op_attach
static const struct field attach_fields[] = {
	F_U32(old_id), F_U32(new_id), F_U32(flags), F_U32(old_flags), F_U32(next_id), F_SPOT(spot),
	F_TRASH(trash), F_HANDLE(old), F_HANDLE(def.prog), F_HANDLE(def.beside),
	F_HANDLE(def.instead), F_HANDLE(def.at.map), F_OWN(def.at.target), { 0 }
};

static bool attach_revive(struct op *op)
{
	struct op_attach *a = attach_of(op);

	if (!a->spot.hook)
		return false;
	a->lost = kern_link_spot_open(&a->spot);
	return true;
}

const struct op_kind op_attach_kind = {
	.name = "attach",
	.id = 13,
	.size = sizeof(struct op_attach),
	.class = attach_class,
	.describe = attach_describe,
	.prepare = attach_prepare,
	.apply = attach_apply,
	.undo = attach_undo,
	.target = attach_target,
	.hold = attach_hold,
	.finish = attach_finish,
	.reach = attach_reach,
	.fields = attach_fields,
	.revive = attach_revive,
};

static struct handle *held(struct handle *h)
{
	return h ? handle_get(h) : NULL;
}

struct op *op_attach(const struct attach_def *def, struct span span)
{
	struct op_attach *a = op_new(&op_attach_kind, span);

	a->def = *def;
	a->def.prog = held(def->prog);
	a->def.beside = held(def->beside);
	a->def.instead = held(def->instead);
	a->def.at.map = held(def->at.map);
	a->def.at.target = def->at.target ? xstrdup(def->at.target) : NULL;
	a->new_id = def->detach ? 0 : def->prog->id;
	a->spot.fd = -1;
	/* What is there already says what is lost; prepare() says what is wrong. */
	look(a, NULL);
	return &a->op;
}
