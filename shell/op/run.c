// SPDX-License-Identifier: BSD-2-Clause
/* Running a program by hand: what it did to maps and to the host cannot be taken back. */

#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/handle.h"
#include "shell/kern/run.h"
#include "shell/op/describe.h"
#include "shell/op/fields.h"
#include "shell/op/ops.h"
#include "shell/txn/op.h"
#include "shell/txn/txn.h"

struct op_run {
	struct op op;
	struct handle *prog;
	struct kern_run *run;
	bool in_transaction;		/* else nobody asked that it can be taken back */
};

static struct op_run *run_of(const struct op *op)
{
	return (struct op_run *)op;
}

static enum undo_class run_class(const struct op *op, const char **why)
{
	*why = "what the program does stays done";
	return UNDO_NONE;
}

static void run_describe(const struct op *op, struct buf *out)
{
	buf_puts(out, "~ prog run ");
	describe_handle(out, run_of(op)->prog);
}

static int run_apply(struct op *op, struct diags *d)
{
	return kern_prog_run(run_of(op)->prog, run_of(op)->run, op->span, d);
}

static enum undo_result run_undo(struct op *op, struct diags *d)
{
	if (!op->applied || !run_of(op)->in_transaction)
		return UNDO_DONE;
	diag_error(d, op->span, "what program '%s' did when it was run stays", run_of(op)->prog->title);
	return UNDO_NEVER;
}

#define FIELDS_OF struct op_run
static const struct field run_fields[] = { F_HANDLE(prog), { 0 } };

/* Nothing is left of it to take back when its process dies. */
static const struct op_kind op_run_kind = {
	.name = "prog run",
	.size = sizeof(struct op_run),
	.class = run_class,
	.describe = run_describe,
	.apply = run_apply,
	.undo = run_undo,
	.fields = run_fields,
};

struct op *op_prog_run(const struct ctx *ctx, struct handle *prog, struct kern_run *run)
{
	struct op_run *r = op_new(&op_run_kind, ctx->span);

	r->prog = handle_get(prog);
	r->run = run;
	r->in_transaction = txn_open(ctx->s);
	return &r->op;
}
