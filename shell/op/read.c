// SPDX-License-Identifier: BSD-2-Clause
/* Beginning to read events: those that come from then on are not for others any more. */
#include <errno.h>

#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/events.h"
#include "shell/kern/handle.h"
#include "shell/op/describe.h"
#include "shell/op/fields.h"
#include "shell/op/map_ops.h"
#include "shell/op/ops.h"
#include "shell/txn/op.h"
#include "shell/txn/txn.h"

struct op_read {
	struct op op;
	struct handle *map;
	struct kern_slot slot;
	bool one_slot;
	bool in_transaction;		/* else nobody asked that it can be taken back */
	kern_event_fn fn;
	void *arg;
	struct kern_events **result;
};

static struct op_read *read_of(const struct op *op)
{
	return (struct op_read *)op;
}

static enum undo_class read_class(const struct op *op, const char **why)
{
	*why = "other readers do not get the events";
	return UNDO_NONE;
}

static void read_describe(const struct op *op, struct buf *out)
{
	const struct op_read *r = read_of(op);

	buf_puts(out, "- map read ");
	describe_handle(out, r->map);
	if (r->one_slot)
		buf_printf(out, " cpu %d index %d", r->slot.cpu, r->slot.index);
}

static int read_apply(struct op *op, struct diags *d)
{
	struct op_read *r = read_of(op);

	*r->result = kern_events_open(r->map, r->one_slot ? &r->slot : NULL, r->fn, r->arg);
	return *r->result ? 0 :
	       kern_call_error(d, op->span, KERN_EVENTS, errno, "read events of '%s'", r->map->title);
}

static enum undo_result read_undo(struct op *op, struct diags *d)
{
	if (!op->applied || !read_of(op)->in_transaction)
		return UNDO_DONE;
	diag_error(d, op->span, "the events that were read from map '%s' are gone",
		   read_of(op)->map->title);
	return UNDO_NEVER;
}

#define FIELDS_OF struct op_read
static const struct field read_fields[] = { F_HANDLE(map), { 0 } };

/* Nothing stays of it when its process dies: the kernel takes our buffers out of the map. */
static const struct op_kind op_read_kind = {
	.name = "map read",
	.size = sizeof(struct op_read),
	.class = read_class,
	.describe = read_describe,
	.apply = read_apply,
	.undo = read_undo,
	.fields = read_fields,
};

struct op *op_map_read(const struct ctx *ctx, struct handle *map, const struct kern_slot *slot,
		       kern_event_fn fn, void *arg, struct kern_events **result)
{
	struct op_read *r = op_new(&op_read_kind, ctx->span);

	r->map = handle_get(map);
	r->in_transaction = txn_open(ctx->s);
	r->one_slot = slot;
	if (slot)
		r->slot = *slot;
	r->fn = fn;
	r->arg = arg;
	r->result = result;
	return &r->op;
}
