// SPDX-License-Identifier: BSD-2-Clause
/* Programs run by hand, on a packet or context from a file. */
#include <stdlib.h>

#include "commands/common.h"
#include "commands/prog/prog.h"
#include "render/sink/out.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/diag.h"
#include "shell/base/outfile.h"
#include "shell/kern/handle.h"
#include "shell/kern/run.h"
#include "shell/lang/args.h"
#include "shell/op/ops.h"
#include "shell/session/source.h"
#include "shell/txn/txn.h"

#define OUT_ROOM (64 * 1024)	/* bytes that a program may leave beyond those it was given */

enum { RUN_PROG, RUN_DATA_IN, RUN_DATA_OUT, RUN_CTX_IN, RUN_CTX_OUT, RUN_REPEAT };

enum { RUN_RETVAL, RUN_AVERAGE, RUN_DURATION, RUN_COLUMNS };

static const struct column run_columns[] = {
	[RUN_RETVAL] = { "retval", "Return value: %, duration" },
	[RUN_AVERAGE] = { "average", " (average)", .flags = COL_PLAIN_ONLY },
	[RUN_DURATION] = { "duration", ": %ns" },
	[RUN_COLUMNS] = { 0 }
};

static const struct record run_record = { "run", run_columns };

/* The bytes of the file that an argument names; none where it is not given. */
static int read_input(struct ctx *ctx, const struct value *file, struct source *bytes)
{
	*bytes = (struct source){ 0 };
	return file->kind == VALUE_STR ? source_read(bytes, file->str, file->span, ctx->diags) : 0;
}

static int write_output(struct ctx *ctx, const struct value *file, const void *bytes, __u32 size)
{
	struct outfile f;
	int err = outfile_open(&f, file->str), closed;

	if (!err) {
		err = out_all(f.fd, bytes, size);
		closed = outfile_close(&f, !err);
		err = err ? err : closed;
	}
	return err ? diag_errno(ctx->diags, file->span, err, "cannot write '%s'", file->str) : 0;
}

/* Room for what the program leaves of @in, where it is wanted. */
static void *room(const struct value *wanted, const struct source *in, __u32 *size)
{
	*size = wanted->kind == VALUE_STR ? (__u32)in->len + OUT_ROOM : 0;
	return *size ? xcalloc(1, *size) : NULL;
}

static int show_run(struct ctx *ctx, const struct value *argv, const struct kern_run *run)
{
	struct cell row[RUN_COLUMNS] = {
		[RUN_RETVAL] = cell_u64(run->retval), [RUN_DURATION] = cell_u64(run->duration),
	};

	if (run->repeat > 1)
		row[RUN_AVERAGE] = cell_bool(true);

	if (argv[RUN_DATA_OUT].kind == VALUE_STR &&
	    write_output(ctx, &argv[RUN_DATA_OUT], run->data_out, run->data_out_size))
		return -1;
	if (argv[RUN_CTX_OUT].kind == VALUE_STR &&
	    write_output(ctx, &argv[RUN_CTX_OUT], run->ctx_out, run->ctx_out_size))
		return -1;
	sink_begin(ctx->sink, &run_record, SINK_ONE);
	return sink_row(ctx->sink, row) ? -1 : sink_end(ctx->sink);
}

static int run_once(struct ctx *ctx, const struct value *argv, const struct source *data,
		    const struct source *context)
{
	struct kern_run run = {
		.data = data->text, .data_size = (__u32)data->len,
		.ctx = context->text, .ctx_size = (__u32)context->len,
		.repeat = argv[RUN_REPEAT].kind == VALUE_NUM ? (__u32)argv[RUN_REPEAT].num : 0,
	};
	int err;

	run.data_out = room(&argv[RUN_DATA_OUT], data, &run.data_out_size);
	run.ctx_out = room(&argv[RUN_CTX_OUT], context, &run.ctx_out_size);
	err = txn_do(ctx, op_prog_run(ctx, argv[RUN_PROG].handle, &run));
	if (!err && !txn_planning(ctx->s))
		err = show_run(ctx, argv, &run);
	free(run.data_out);
	free(run.ctx_out);
	return err;
}

static int prog_run(struct ctx *ctx, struct value *argv)
{
	struct source data, context;
	int err = read_input(ctx, &argv[RUN_DATA_IN], &data);

	if (err)
		return -1;
	err = read_input(ctx, &argv[RUN_CTX_IN], &context);
	if (!err)
		err = run_once(ctx, argv, &data, &context);
	source_free(&data);
	source_free(&context);
	return err;
}

const struct cmd prog_run_cmd = {
	.object = "prog", .verb = "run", .place = 11,
	.help = "run a program by hand, on a packet or context from a file",
	.args = ARGS(
		[RUN_PROG] = { "prog", &arg_prog, 0, "the program" },
		[RUN_DATA_IN] = { "data_in", &arg_input, ARG_KEYWORD | ARG_OPTIONAL,
			"bytes of the packet" },
		[RUN_DATA_OUT] = { "data_out", &arg_file, ARG_KEYWORD | ARG_OPTIONAL,
			"where the packet goes that it leaves" },
		[RUN_CTX_IN] = { "ctx_in", &arg_input, ARG_KEYWORD | ARG_OPTIONAL,
			"bytes of the context" },
		[RUN_CTX_OUT] = { "ctx_out", &arg_file, ARG_KEYWORD | ARG_OPTIONAL,
			"where the context goes that it leaves" },
		[RUN_REPEAT] = { "repeat", &arg_number, ARG_KEYWORD | ARG_OPTIONAL,
			"run it so often" }),
	.flags = CMD_WRITES | CMD_OUTSIDE,
	.run = prog_run,
	.examples = STRINGS("prog run $p data_in packet.bin",
			    "prog run $p data_in packet.bin repeat 1000"),
};
