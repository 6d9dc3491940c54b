// SPDX-License-Identifier: BSD-2-Clause
/* Commands that run commands: of a file, of a batch file, and of a block that is only planned. */
#include "commands/common.h"
#include "shell/source.h"

/* Runs the file as part of what runs already, if @nested; its own commands say what is wrong. */
static int run_file(struct ctx *ctx, const struct value *path, bool nested, bool batch)
{
	static const struct source prompt = { .text = "" };
	struct source src = { .parent_at = ctx->span.start, .batch = batch };

	if (nested)
		src.parent = ctx->span.src ? ctx->span.src : &prompt;
	if (source_read(&src, path->str, path->span, ctx->diags))
		return -1;
	ctx->s->status = session_source(ctx->s, session_keep(ctx->s, &src));
	return ctx->s->status == STATUS_OK ? 0 : -1;
}

int source_run(struct ctx *ctx, struct value *argv)
{
	return run_file(ctx, &argv[0], true, false);
}

/* On the command line the file is a script like that of -f. */
static int batch_run(struct ctx *ctx, struct value *argv)
{
	bool nested = ctx->s->mode != MODE_COMMAND;

	if (!nested)
		ctx->s->mode = MODE_SCRIPT;
	return run_file(ctx, &argv[0], nested, true);
}

/* What the commands would set is forgotten again: it stands for nothing. */
int plan_run(struct ctx *ctx, struct value *argv)
{
	struct session *s = ctx->s;
	struct vars vars = vars_copy(s);
	bool planning = s->opt.plan;

	s->opt.plan = true;
	s->status = session_source(s, session_block(s, argv[0].span));
	s->opt.plan = planning;
	vars_restore(s, vars);
	return s->status == STATUS_OK ? 0 : -1;
}

const struct cmd batch_cmds[] = {
	{ "batch", "file", NULL, "run a batch file of bpftool's, all or nothing",
	  (const struct arg[]){ { "file", &arg_file, 0, "the file, or -" }, { 0 } },
	  CMD_CONTROL | CMD_NESTED, batch_run,
	  (const char *const[]){ "batch file updates.batch", NULL } },
	{ 0 }
};
