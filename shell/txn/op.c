// SPDX-License-Identifier: BSD-2-Clause
/* Operations made, written to a journal, read from there, and let go of. */
#include <stdlib.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/txn/field.h"
#include "shell/txn/op.h"

void *op_new(const struct op_kind *kind, struct span span)
{
	struct op *op = xcalloc(1, kind->size);

	op->kind = kind;
	op->span = span;
	return op;
}

void op_free(struct op *op)
{
	fields_release(op->kind->fields, op);
	free(op);
}

void op_encode(const struct op *op, struct buf *out)
{
	fields_encode(op->kind->fields, op, out);
}

bool op_decode(struct op *op, struct wire_reader *r)
{
	fields_decode(op->kind->fields, op, r);
	return !r->bad && r->at == r->end && (!op->kind->revive || op->kind->revive(op));
}
