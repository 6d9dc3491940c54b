// SPDX-License-Identifier: BSD-2-Clause
/*
 * Tables of functions registered and unregistered. One without a link stays registered
 * when its process ends: undo looks at its state, by its map, how far it came. One
 * that is unregistered cannot be registered again, so that this waits for the commit.
 */
#include <errno.h>
#include <linux/bpf.h>

#include "shell/base/buf.h"
#include "shell/base/compat.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/object.h"
#include "shell/kern/struct_ops.h"
#include "shell/op/describe.h"
#include "shell/op/fields.h"
#include "shell/op/link.h"
#include "shell/op/ops.h"
#include "shell/txn/field.h"
#include "shell/txn/op.h"
#include "shell/txn/txn.h"

struct op_register {
	struct op op;
	struct kern_object *object;	/* borrowed while it is applied */
	size_t index;
	struct handle *map;
	struct handle **result;
	struct handle *link;		/* until the commit */
	__u32 link_id;
};

static struct op_register *register_of(const struct op *op)
{
	return (struct op_register *)op;
}

static enum undo_class register_class(const struct op *op, const char **why)
{
	return UNDO_FULL;
}

static void register_describe(const struct op *op, struct buf *out)
{
	buf_puts(out, "+ struct_ops register ");
	describe_handle(out, register_of(op)->map);
	if (struct_ops_linked(register_of(op)->map))
		buf_puts(out, ", by a link");
}

static int refused(const struct op *op, const struct handle *map, int err, struct diags *d)
{
	if (err == EEXIST)
		return diag_error(d, op->span, "cannot register '%s': its kind has one of this name "
				  "already", map->title);
	if (err == EINVAL)
		return diag_error(d, op->span, "cannot register '%s': its kind refuses it: a function "
				  "that must be there may be missing", map->title);
	if (err == ENOTSUPP || err == EOPNOTSUPP)
		return diag_error(d, op->span, "cannot register '%s': the subsystem that would call "
				  "it is not there, or takes none now", map->title);
	return kern_call_error(d, op->span, KERN_ATTACHING, err, "register '%s'", map->title);
}

static int register_apply(struct op *op, struct diags *d)
{
	struct op_register *r = register_of(op);
	int fd, err = kern_struct_ops_register(r->object, r->index, &fd);

	r->object = NULL;
	if (err)
		return refused(op, r->map, -err, d);
	if (fd < 0)
		return 0;
	r->link = kern_handle(OBJ_LINK, fd);
	if (!r->link)
		return kern_error(d, op->span, errno, "read the new link");
	r->link_id = r->link->id;
	*r->result = handle_get(r->link);
	return 0;
}

/* A link ends with its process, but for its pin, which is an operation of its own. */
static enum undo_result register_undo(struct op *op, struct diags *d)
{
	struct op_register *r = register_of(op);
	int err;

	if (r->map->fd < 0)
		return UNDO_DONE;
	if (struct_ops_linked(r->map))
		return link_end(r->link, r->link_id, BPF_LINK_TYPE_STRUCT_OPS, op->span, d);
	err = kern_struct_ops_state(r->map);
	if (err >= 0 && err != OPS_IN_USE)
		return UNDO_DONE;
	if (err >= 0)
		err = kern_struct_ops_unregister(r->map);
	if (!err || err == -ENOENT || err == -EINPROGRESS)
		return UNDO_DONE;
	kern_error(d, op->span, -err, "undo: unregister '%s'", r->map->title);
	return UNDO_FAILED;
}

/* From now on variables and pins keep the link, and the kernel what has none. */
static int register_finish(struct op *op, struct diags *d)
{
	handle_put(register_of(op)->link);
	register_of(op)->link = NULL;
	return 0;
}

#define FIELDS_OF struct op_register
static const struct field register_fields[] = { F_MAP(map), F_HANDLE(link), { 0 } };
#undef FIELDS_OF

const struct op_kind op_register_kind = {
	.name = "struct_ops register",
	.id = 14,
	.size = sizeof(struct op_register),
	.class = register_class,
	.describe = register_describe,
	.apply = register_apply,
	.undo = register_undo,
	.finish = register_finish,
	.fields = register_fields,
};

struct op *op_struct_ops_register(struct kern_object *object, size_t index, struct handle *map,
				  struct handle **link, struct span span)
{
	struct op_register *r = op_new(&op_register_kind, span);

	r->object = object;
	r->index = index;
	r->map = handle_get(map);
	r->result = link;
	return &r->op;
}

struct op_unregister {
	struct op op;
	struct handle *map;
};

static struct handle *map_of(const struct op *op)
{
	return ((const struct op_unregister *)op)->map;
}

static enum undo_class unregister_class(const struct op *op, const char **why)
{
	*why = "what was unregistered cannot be registered again, but from its object file";
	return UNDO_NONE;
}

static void unregister_describe(const struct op *op, struct buf *out)
{
	buf_puts(out, "- struct_ops unregister ");
	describe_handle(out, map_of(op));
}

static int by_links(const struct op *op, struct diags *d)
{
	const struct handle *map = map_of(op);
	__u32 link = kern_struct_ops_link(map->id);

	if (link)
		diag_error(d, op->span, "'%s' is registered by link %u, and ends with it", map->title,
			   link);
	else
		diag_error(d, op->span, "'%s' is not registered: no link does that", map->title);
	if (link)
		diag_hint(d, "the link ends with the last variable, pin or process that holds it: "
			  "'link unpin', 'unset'; 'why alive link id %u' tells them", link);
	return -1;
}

static int unregister_prepare(struct op *op, struct diags *d)
{
	const struct handle *map = map_of(op);
	int state;

	if (struct_ops_linked(map))
		return by_links(op, d);
	state = kern_struct_ops_state(map);
	if (state < 0)
		return kern_map_error(d, op->span, "read the state of", map, -state);
	return state == OPS_IN_USE ? 0 : diag_error(d, op->span, "'%s' is not registered",
						    map->title);
}

/* Recovery may come upon it when it is done already, or its map is gone. */
static int unregister_apply(struct op *op, struct diags *d)
{
	int err = map_of(op)->fd >= 0 ? kern_struct_ops_unregister(map_of(op)) : 0;

	if (!err || err == -ENOENT || err == -EINPROGRESS)
		return 0;
	return kern_error(d, op->span, -err, "unregister '%s'", map_of(op)->title);
}

static enum undo_result unregister_undo(struct op *op, struct diags *d)
{
	if (!op->applied)
		return UNDO_DONE;
	diag_error(d, op->span, "'%s' stays unregistered", map_of(op)->title);
	return UNDO_NEVER;
}

#define FIELDS_OF struct op_unregister
static const struct field unregister_fields[] = { F_MAP(map), { 0 } };

const struct op_kind op_unregister_kind = {
	.name = "struct_ops unregister",
	.id = 15,
	.size = sizeof(struct op_unregister),
	.deferred = true,
	.class = unregister_class,
	.describe = unregister_describe,
	.prepare = unregister_prepare,
	.apply = unregister_apply,
	.undo = unregister_undo,
	.fields = unregister_fields,
};

struct op *op_struct_ops_unregister(struct handle *map, struct span span)
{
	struct op_unregister *u = op_new(&op_unregister_kind, span);

	u->map = handle_get(map);
	return &u->op;
}
