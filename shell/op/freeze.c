// SPDX-License-Identifier: BSD-2-Clause
/* Freezing a map: nothing thaws it, so it waits for the commit. */
#include <string.h>

#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/error.h"
#include "shell/kern/handle.h"
#include "shell/kern/map.h"
#include "shell/kern/object.h"
#include "shell/op/describe.h"
#include "shell/op/element.h"
#include "shell/op/fields.h"
#include "shell/op/ops.h"
#include "shell/txn/op.h"
#include "shell/txn/txn.h"

struct op_freeze {
	struct op op;
	struct handle *map;
};

static struct handle *map_of(const struct op *op)
{
	return ((const struct op_freeze *)op)->map;
}

static enum undo_class freeze_class(const struct op *op, const char **why)
{
	*why = "nothing thaws a frozen map";
	return UNDO_NONE;
}

static void freeze_describe(const struct op *op, struct buf *out)
{
	buf_puts(out, "~ map freeze ");
	describe_handle(out, map_of(op));
}

static bool is_frozen(const struct handle *map)
{
	char value[8];

	return kern_fdinfo(map->fd, "frozen", value, sizeof(value)) && !strcmp(value, "1");
}

static int freeze_apply(struct op *op, struct diags *d)
{
	int err = 0;

	/* In a journal it may have ended with the process that held it. */
	if (map_of(op)->fd >= 0 && !is_frozen(map_of(op)))
		err = kern_map_freeze(map_of(op)->fd);
	return err ? kern_map_error(d, op->span, "freeze", map_of(op), -err) : 0;
}

static enum undo_result freeze_undo(struct op *op, struct diags *d)
{
	if (!op->applied)
		return UNDO_DONE;
	diag_error(d, op->span, "map '%s' stays frozen", map_of(op)->title);
	return UNDO_NEVER;
}

#define FIELDS_OF struct op_freeze
static const struct field freeze_fields[] = { F_MAP(map), { 0 } };

const struct op_kind op_freeze_kind = {
	.name = "map freeze",
	.id = 7,
	.size = sizeof(struct op_freeze),
	.deferred = true,
	.class = freeze_class,
	.describe = freeze_describe,
	.apply = freeze_apply,
	.undo = freeze_undo,
	.fields = freeze_fields,
};

struct op *op_map_freeze(struct handle *map, struct span span)
{
	struct op_freeze *f = op_new(&op_freeze_kind, span);

	f->map = handle_get(map);
	return &f->op;
}
