// SPDX-License-Identifier: BSD-2-Clause
/* Commands that run commands: of files, of blocks, once, under a condition or again and again. */
#include <stdlib.h>
#include <sys/resource.h>

#include "commands/common.h"
#include "commands/session/session.h"
#include "shell/base/clock.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/lang/args.h"
#include "shell/lang/expr.h"
#include "shell/lang/vars.h"
#include "shell/session/session.h"
#include "shell/session/source.h"
#include "shell/txn/txn.h"

/* Runs the file as part of what runs already, if @nested; its own commands say what is wrong. */
static int run_file(struct ctx *ctx, const struct value *path, bool nested, bool batch)
{
	static const struct source prompt = { .text = "" };
	struct source src = { .parent_at = ctx->span.start, .batch = batch };

	if (nested)
		src.parent = ctx->span.src ? ctx->span.src : &prompt;
	if (source_read(&src, path->str, path->span, ctx->diags))
		return -1;
	ctx->status = session_source(ctx->s, session_keep(ctx->s, &src));
	return ctx->status == STATUS_OK ? 0 : -1;
}

enum { SOURCE_FILE };

static int source_run(struct ctx *ctx, struct value *argv)
{
	return run_file(ctx, &argv[SOURCE_FILE], true, false);
}

const struct cmd session_source_cmd = {
	.verb = "source",
	.help = "run a file of commands, all or nothing",
	.args = ARGS([SOURCE_FILE] = { "file", &arg_script, 0, "the file" }),
	.flags = CMD_CONTROL | CMD_NESTED,
	.run = source_run,
	.examples = STRINGS("source setup.bsh"),
};

enum { BATCH_FILE };

/* On the command line the file is a script like that of -f. */
static int batch_run(struct ctx *ctx, struct value *argv)
{
	enum mode own = ctx->s->mode;
	int err;

	if (own == MODE_COMMAND)
		ctx->s->mode = MODE_SCRIPT;
	err = run_file(ctx, &argv[BATCH_FILE], own != MODE_COMMAND, true);
	ctx->s->mode = own;
	return err;
}

static const struct cmd batch_file_cmd = {
	.object = "batch", .verb = "file", .place = 1,
	.help = "run a batch file of bpftool's, all or nothing",
	.args = ARGS([BATCH_FILE] = { "file", &arg_batch, 0, "the file, or -" }),
	.flags = CMD_CONTROL | CMD_NESTED,
	.run = batch_run,
	.examples = STRINGS("batch file updates.batch"),
};

enum { PLAN_COMMANDS };

/*
 * What the commands would set is forgotten again: it stands for nothing. What
 * they begin, commit or roll back is a transaction of the plan.
 */
static int plan_run(struct ctx *ctx, struct value *argv)
{
	struct session *s = ctx->s;
	struct vars vars = vars_copy(s);
	struct txn *own = s->txn;
	bool planning = s->opt.plan, open = txn_open(s);

	s->opt.plan = true;
	s->txn = txn_new();
	if (open)
		txn_begin(ctx);
	ctx->status = session_block(s, argv[PLAN_COMMANDS].block);
	txn_free(s->txn);
	s->txn = own;
	s->opt.plan = planning;
	vars_restore(s, vars);
	return ctx->status == STATUS_OK ? 0 : -1;
}

const struct cmd session_plan_cmd = {
	.verb = "plan",
	.help = "show what commands would change, and how each change would be undone",
	.args = ARGS([PLAN_COMMANDS] = { "commands", &arg_block, 0, "the commands" }),
	.flags = CMD_CONTROL | CMD_NESTED,
	.run = plan_run,
	.examples = STRINGS("plan { map unpin /sys/fs/bpf/flows; prog unpin /sys/fs/bpf/filter }"),
};

/* Runs a block, if there is one, as a transaction unless one is open. */
static int run_block(struct ctx *ctx, const struct value *block)
{
	bool entered;

	if (block->kind != VALUE_BLOCK)
		return 0;
	entered = session_enter(ctx->s);
	ctx->status = session_leave(ctx->s, entered, session_block(ctx->s, block->block));
	return ctx->status == STATUS_OK ? 0 : -1;
}

enum { IF_EXPR, IF_COMMANDS, IF_ELSE };

/* A plan cannot know what the condition will be: both ways are shown. */
static int plan_both(struct ctx *ctx, struct value *argv, char *unknown)
{
	diag_note(ctx->diags, argv[IF_EXPR].span, "what '$%s' is will only be known then: %s",
		  unknown, argv[IF_ELSE].kind == VALUE_BLOCK ? "both ways are planned" :
		  "the commands may not be run");
	free(unknown);
	session_show(ctx->s, ctx->diags);
	return run_block(ctx, &argv[IF_COMMANDS]) || run_block(ctx, &argv[IF_ELSE]) ? -1 : 0;
}

static int if_run(struct ctx *ctx, struct value *argv)
{
	char *unknown = txn_planning(ctx->s) ? expr_unknown(ctx, argv[IF_EXPR].str) : NULL;
	jv result;

	if (unknown)
		return plan_both(ctx, argv, unknown);
	if (expr_eval(ctx, argv[IF_EXPR].str, argv[IF_EXPR].span, &result))
		return -1;
	return run_block(ctx, expr_truth(result) ? &argv[IF_COMMANDS] : &argv[IF_ELSE]);
}

const struct cmd session_if_cmd = {
	.verb = "if",
	.help = "run commands where an expression is true, or else others",
	.args = ARGS(
		[IF_EXPR] = { "expr", &arg_expr, 0, "expression" },
		[IF_COMMANDS] = { "commands", &arg_block, 0, "the commands" },
		[IF_ELSE] = { "else", &arg_block, ARG_KEYWORD | ARG_OPTIONAL,
			"the others, or one more `if`" }),
	.flags = CMD_CONTROL | CMD_NESTED,
	.run = if_run,
	.examples = STRINGS("if $m.max_entries > 64 { echo large } else { echo small }"),
};

enum { FOR_NAME, FOR_IN, FOR_COMMANDS };

/* One turn; takes over @item. */
static int run_turn(struct ctx *ctx, struct value *argv, jv item)
{
	var_set(ctx->s, argv[FOR_NAME].str, value_json(item));
	return session_block(ctx->s, argv[FOR_COMMANDS].block);
}

/* A turn for a result, or for each of its elements where it is an array; takes over @result. */
static int run_turns(struct ctx *ctx, struct value *argv, jv result)
{
	int status = STATUS_OK;

	if (jv_get_kind(result) != JV_KIND_ARRAY)
		return run_turn(ctx, argv, result);
	jv_array_foreach(result, i, item) {
		if (status == STATUS_OK && !interrupted())
			status = run_turn(ctx, argv, item);
		else
			jv_free(item);
	}
	jv_free(result);
	return status;
}

/* The results are taken one by one, as there may be no end of them. */
static int run_loop(struct ctx *ctx, struct value *argv)
{
	struct session *s = ctx->s;
	struct expr_run *r = expr_start(ctx, argv[FOR_IN].str, argv[FOR_IN].span);
	int status = STATUS_OK, found = r ? 0 : -1;
	jv result;

	while (r && status == STATUS_OK && !interrupted() && !s->quit && !s->out->error &&
	       (found = expr_next(r, &result)) > 0)
		status = run_turns(ctx, argv, result);
	if (r)
		expr_end(r);
	if (found < 0)
		return STATUS_FAILED;
	return status == STATUS_OK && interrupted() ? STATUS_SIGNAL + interrupted() : status;
}

static int for_run(struct ctx *ctx, struct value *argv)
{
	char *unknown = txn_planning(ctx->s) ? expr_unknown(ctx, argv[FOR_IN].str) : NULL;
	bool entered;

	if (unknown) {
		diag_note(ctx->diags, argv[FOR_IN].span, "what '$%s' is will only be known then: "
			  "the commands of the loop are not planned", unknown);
		free(unknown);
		return 0;
	}
	entered = session_enter(ctx->s);
	ctx->status = session_leave(ctx->s, entered, run_loop(ctx, argv));
	return ctx->status == STATUS_OK ? 0 : -1;
}

const struct cmd session_for_cmd = {
	.verb = "for",
	.help = "run commands for each result of an expression, or array element",
	.args = ARGS(
		[FOR_NAME] = { "name", &arg_variable, ARG_SETS, "variable that holds it" },
		[FOR_IN] = { "in", &arg_expr, ARG_KEYWORD, "expression" },
		[FOR_COMMANDS] = { "commands", &arg_block, 0, "the commands" }),
	.flags = CMD_CONTROL | CMD_NESTED,
	.run = for_run,
	.examples = STRINGS("for $i in range(4) { map update $m key $i value 0 }"),
};

/* Seconds of processor time, of this process and those that it waited for. */
static void processor_time(double *user, double *kernel)
{
	*user = *kernel = 0;
	for (int who = RUSAGE_CHILDREN; who <= RUSAGE_SELF; who++) {
		struct rusage used;

		getrusage(who, &used);
		*user += used.ru_utime.tv_sec + used.ru_utime.tv_usec / 1e6;
		*kernel += used.ru_stime.tv_sec + used.ru_stime.tv_usec / 1e6;
	}
}

enum { TIME_COMMAND };

static int time_run(struct ctx *ctx, struct value *argv)
{
	double user, kernel, user_end, kernel_end;
	int64_t start = clock_ns();

	processor_time(&user, &kernel);
	ctx->status = session_run(ctx, &argv[TIME_COMMAND], NULL);
	processor_time(&user_end, &kernel_end);
	diag_note(ctx->diags, NO_SPAN,
		  "%.3f s, of them %.3f s in programs and %.3f s in the kernel",
		  (clock_ns() - start) / 1e9, user_end - user, kernel_end - kernel);
	return ctx->status == STATUS_OK ? 0 : -1;
}

const struct cmd session_time_cmd = {
	.verb = "time",
	.help = "run a command and say how long it took",
	.args = ARGS([TIME_COMMAND] = { "command", &arg_run, 0, "the command" }),
	.flags = CMD_CONTROL | CMD_NESTED,
	.run = time_run,
	.examples = STRINGS("time map dump name flows"),
};

const struct cmd *const batch_cmds[] = {
	&batch_file_cmd, CMD_HELP("batch", 2), NULL
};
