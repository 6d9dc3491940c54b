// SPDX-License-Identifier: BSD-2-Clause
/* Commands of the session itself: transactions, variables, options. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "commands/common.h"
#include "commands/hooks/hooks.h"
#include "commands/session/session.h"
#include "render/picture/term_image.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/handle.h"
#include "shell/lang/args.h"
#include "shell/lang/expr.h"
#include "shell/lang/vars.h"
#include "shell/op/ops.h"
#include "shell/txn/txn.h"

/* Transactions */

static int begin_run(struct ctx *ctx, struct value *argv)
{
	/* A script is a transaction already: `begin` there is allowed, and not needed. */
	if (txn_open(ctx->s) && ctx->s->mode == MODE_SCRIPT && !txn_length(ctx->s))
		return 0;
	return txn_begin(ctx);
}

static const struct cmd session_begin_cmd = {
	.verb = "begin",
	.help = "open a transaction",
	.flags = CMD_CONTROL,
	.run = begin_run,
	.examples = STRINGS("begin"),
};

enum { SAVEPOINT_NAME };

static int savepoint_run(struct ctx *ctx, struct value *argv)
{
	return txn_savepoint(ctx, argv[SAVEPOINT_NAME].str, argv[SAVEPOINT_NAME].span);
}

static const struct cmd session_savepoint_cmd = {
	.verb = "savepoint",
	.help = "mark a place in the transaction to come back to",
	.args = ARGS([SAVEPOINT_NAME] = { "name", &arg_string, 0, "its name" }),
	.flags = CMD_CONTROL,
	.run = savepoint_run,
	.examples = STRINGS("savepoint a"),
};

enum {
	BACK_UNDONE, BACK_OF, BACK_CONFLICTS, BACK_ONE_CONFLICT, BACK_MANY_CONFLICTS, BACK_FAILED,
	BACK_COLUMNS
};

static const struct column rollback_columns[] = {
	[BACK_UNDONE] = { "undone", "rolled back %" },
	[BACK_OF] = { "of", " of %" },
	[BACK_CONFLICTS] = { "conflicts" },
	[BACK_ONE_CONFLICT] = { "one conflict", "; 1 conflict", .flags = COL_PLAIN_ONLY },
	[BACK_MANY_CONFLICTS] = { "many conflicts", "; % conflicts", .flags = COL_PLAIN_ONLY },
	[BACK_FAILED] = { "failed", "; % failed" },
	[BACK_COLUMNS] = { 0 }
};

static const struct record rollback_record = { "rollback", rollback_columns };

/* Says how it went; what could not be undone makes the command fail. */
static int show_rollback(struct ctx *ctx, const struct rollback *r)
{
	struct cell row[BACK_COLUMNS] = {
		[BACK_UNDONE] = cell_u64(r->undone),
		[BACK_OF] = cell_u64(r->undone + r->conflicts + r->failed),
	};

	if (r->conflicts) {
		row[BACK_CONFLICTS] = cell_u64(r->conflicts);
		row[r->conflicts == 1 ? BACK_ONE_CONFLICT : BACK_MANY_CONFLICTS] =
			row[BACK_CONFLICTS];
	}
	if (r->failed)
		row[BACK_FAILED] = cell_u64(r->failed);
	sink_begin(ctx->sink, &rollback_record, SINK_ONE);
	sink_row(ctx->sink, row);
	if (sink_end(ctx->sink))
		return -1;
	if (!r->conflicts && !r->failed)
		return 0;
	ctx->status = STATUS_PARTIAL;
	return -1;
}

/* A script goes on in a new transaction. */
static int next_transaction(struct ctx *ctx)
{
	return ctx->s->mode == MODE_SCRIPT && !ctx->s->opt.no_transaction ? txn_begin(ctx) : 0;
}

enum { ROLLBACK_TO };

static int rollback_run(struct ctx *ctx, struct value *argv)
{
	const char *name = argv[ROLLBACK_TO].kind == VALUE_STR ? argv[ROLLBACK_TO].str : NULL;
	struct rollback r = { 0 };

	if (txn_rollback(ctx, name, argv[ROLLBACK_TO].span, &r))
		return -1;
	if (!name && next_transaction(ctx))
		return -1;
	return show_rollback(ctx, &r);
}

static const struct cmd session_rollback_cmd = {
	.verb = "rollback",
	.help = "undo the transaction, or what came after a savepoint",
	.args = ARGS(
		[ROLLBACK_TO] = { "to", &arg_string, ARG_KEYWORD | ARG_OPTIONAL,
			"savepoint to go back to" }),
	.flags = CMD_CONTROL,
	.run = rollback_run,
	.examples = STRINGS("rollback", "rollback to a"),
};

/* Says that it waits, and, in a script, waits. */
static int wait_confirm(struct ctx *ctx, unsigned seconds)
{
	bool undone;

	sink_note(ctx->sink, "committed for %u s: 'confirm' makes it stay, here or in another bpfsh",
		  seconds);
	if (ctx->s->mode == MODE_PROMPT)
		return 0;
	if (txn_flush_output(ctx->s, ctx->diags))
		return -1;
	ctx->status = txn_wait_confirm(ctx->s, &undone);
	if (undone)
		return diag_error(ctx->diags, ctx->span, "the transaction was not confirmed");
	return ctx->status == STATUS_OK ? 0 : -1;
}

enum { COMMIT_CONFIRM };

static int commit_run(struct ctx *ctx, struct value *argv)
{
	int failed;

	if (!txn_open(ctx->s)) {
		diag_error(ctx->diags, ctx->span, "no transaction is open");
		diag_hint(ctx->diags, "'begin' opens one; each command outside is committed by itself");
		return -1;
	}
	if (argv[COMMIT_CONFIRM].kind == VALUE_NUM) {
		if (txn_commit_confirm(ctx, argv[COMMIT_CONFIRM].num))
			return -1;
		if (txn_open(ctx->s) && wait_confirm(ctx, argv[COMMIT_CONFIRM].num))
			return -1;
		return txn_open(ctx->s) ? 0 : next_transaction(ctx);
	}
	failed = txn_commit(ctx);
	if (failed) {
		ctx->status = failed > 0 ? STATUS_PARTIAL : STATUS_FAILED;
		return -1;
	}
	return next_transaction(ctx);
}

static const struct cmd session_commit_cmd = {
	.verb = "commit",
	.help = "make the transaction's changes stay",
	.args = ARGS(
		[COMMIT_CONFIRM] = { "confirm", &arg_number, ARG_KEYWORD | ARG_OPTIONAL,
			"roll back unless `confirm` follows within so many seconds" }),
	.flags = CMD_CONTROL,
	.run = commit_run,
	.examples = STRINGS("commit", "commit confirm 30"),
};

static int confirm_run(struct ctx *ctx, struct value *argv)
{
	int failed = txn_confirm(ctx);

	ctx->status = failed > 0 ? STATUS_PARTIAL : STATUS_FAILED;
	return failed ? -1 : 0;
}

static const struct cmd session_confirm_cmd = {
	.verb = "confirm",
	.help = "make stay what `commit confirm` waits for",
	.flags = CMD_CONTROL,
	.run = confirm_run,
	.examples = STRINGS("confirm"),
};

enum { TXN_SHOW };

static int txn_show_run(struct ctx *ctx, struct value *argv)
{
	return txn_show(ctx);
}

static const struct cmd session_txn_cmd = {
	.verb = "txn",
	.help = "show what the open transaction did",
	.args = ARGS(
		[TXN_SHOW] = { "show", NULL, ARG_FLAG | ARG_OPTIONAL, "the log", STRINGS("show") }),
	.flags = CMD_CONTROL,
	.run = txn_show_run,
	.examples = STRINGS("txn show"),
};

static int undo_run(struct ctx *ctx, struct value *argv)
{
	struct rollback r = { 0 };

	last_drop(ctx->s);
	return txn_undo_last(ctx, &r) ? -1 : show_rollback(ctx, &r);
}

static const struct cmd session_undo_cmd = {
	.verb = "undo",
	.help = "take back the last committed change of this session",
	.flags = CMD_CONTROL,
	.run = undo_run,
	.examples = STRINGS("undo"),
};

enum { RECOVER_FORGET };

static int recover_run(struct ctx *ctx, struct value *argv)
{
	bool forget = argv[RECOVER_FORGET].kind != VALUE_NONE || ctx->s->opt.discard;
	enum recover how = forget ? RECOVER_DISCARD : ctx->s->opt.plan ? RECOVER_PLAN :
			   RECOVER_ROLLBACK;
	struct rollback r = { 0 };

	if (txn_recover(ctx, op_kinds, how, &r))
		return -1;
	if (!r.conflicts && !r.failed)
		return 0;
	ctx->status = STATUS_PARTIAL;
	return -1;
}

static const struct cmd session_recover_cmd = {
	.verb = "recover",
	.help = "roll back what killed processes left unfinished",
	.args = ARGS(
		[RECOVER_FORGET] = { "discard", NULL, ARG_FLAG | ARG_OPTIONAL, "forget it instead",
			STRINGS("discard") }),
	.flags = CMD_CONTROL,
	.run = recover_run,
	.examples = STRINGS("recover", "recover discard"),
};

/* Variables */

enum { VAR_NAME, VAR_KIND, VAR_ID, VAR_OF, VAR_VALUE, VAR_COLUMNS };

static const struct column var_columns[] = {
	[VAR_NAME] = { "name", "$%" },
	[VAR_KIND] = { "kind", "  %" },
	[VAR_ID] = { "id", " %" },
	[VAR_OF] = { "of", "  name %" },
	[VAR_VALUE] = { "value", "  %" },
	[VAR_COLUMNS] = { 0 }
};

static const struct record var_record = { "variable", var_columns };

static int compare_vars(const void *a, const void *b)
{
	return strcmp(((const struct variable *)a)->name, ((const struct variable *)b)->name);
}

static int vars_run(struct ctx *ctx, struct value *argv)
{
	struct session *s = ctx->s;
	struct variable *sorted = xmemdup(s->vars, s->nr_vars * sizeof(*sorted));
	int err = 0;

	qsort(sorted, s->nr_vars, sizeof(*sorted), compare_vars);
	sink_begin(ctx->sink, &var_record, SINK_LIST);
	for (size_t i = 0; i < s->nr_vars && !err; i++) {
		const struct value *v = &sorted[i].value;
		struct cell row[VAR_COLUMNS] = { [VAR_NAME] = cell_str(sorted[i].name) };

		if (v->kind == VALUE_HANDLE) {
			row[VAR_KIND] = cell_str(object_names[v->handle->kind]);
			if (v->handle->id)
				row[VAR_ID] = cell_u64(v->handle->id);
			row[VAR_OF] = cell_str(v->handle->name);
		} else if (v->kind == VALUE_JSON) {
			row[VAR_VALUE] = CELL(.kind = CELL_JSON, .json = v->json);
		}
		err = sink_row(ctx->sink, row);
	}
	free(sorted);
	return err ? -1 : sink_end(ctx->sink);
}

static const struct cmd session_vars_cmd = {
	.verb = "vars",
	.help = "show all variables",
	.flags = CMD_CONTROL,
	.run = vars_run,
	.examples = STRINGS("vars"),
};

enum { UNSET_NAMES };

static int unset_run(struct ctx *ctx, struct value *argv)
{
	for (size_t i = 0; i < argv[UNSET_NAMES].values.nr; i++) {
		const struct value *v = &argv[UNSET_NAMES].values.list[i];

		if (!var_unset(ctx->s, v->str)) {
			diag_error(ctx->diags, v->span, "no variable '$%s'", v->str);
			diag_hint(ctx->diags, "'vars' lists the variables");
			return -1;
		}
	}
	return 0;
}

static const struct cmd session_unset_cmd = {
	.verb = "unset",
	.help = "forget variables and close their objects",
	.args = ARGS([UNSET_NAMES] = { "name", &arg_variable, ARG_REPEAT, "the variable" }),
	.flags = CMD_CONTROL,
	.run = unset_run,
	.examples = STRINGS("unset $m"),
};

/* Options */

enum { SET_OUTPUT, SET_PRETTY, SET_BPFFS, SET_COLOR, SET_IRREVERSIBLE, SET_VIEWER };

static const char *const on_off[] = { "off", "on", NULL };

#define OPTION(field) { offsetof(struct session, field), sizeof(((struct session *)0)->field) }

/* The session's options, each a bool or an enum, by the arguments of `set`. */
static const struct option_row {
	size_t at, size;
} options[] = {
	[SET_OUTPUT] = OPTION(opt.output),
	[SET_PRETTY] = OPTION(own.pretty),
	[SET_BPFFS] = OPTION(opt.bpffs),
	[SET_COLOR] = OPTION(opt.color),
	[SET_IRREVERSIBLE] = OPTION(opt.allow_irreversible),
	[SET_VIEWER] = OPTION(opt.viewer),
};

static int get_option(const struct session *s, const struct option_row *o)
{
	const char *field = (const char *)s + o->at;

	return o->size == sizeof(bool) ? *(const bool *)field : *(const int *)field;
}

static void set_option(struct session *s, const struct option_row *o, int v)
{
	char *field = (char *)s + o->at;

	if (o->size == sizeof(bool))
		*(bool *)field = v;
	else
		*(int *)field = v;
}

static const struct arg set_args[] = {
	[SET_OUTPUT] = { "output", &arg_choice, ARG_KEYWORD | ARG_OPTIONAL,
			 "how records are shown", sink_styles },
	[SET_PRETTY] = { "pretty", &arg_choice, ARG_KEYWORD | ARG_OPTIONAL, "JSON in lines", on_off },
	[SET_BPFFS] = { "bpffs", &arg_choice, ARG_KEYWORD | ARG_OPTIONAL, "show where pins are",
			on_off },
	[SET_COLOR] = { "color", &arg_choice, ARG_KEYWORD | ARG_OPTIONAL, "colours in messages",
			on_off },
	[SET_IRREVERSIBLE] = { "irreversible", &arg_choice, ARG_KEYWORD | ARG_OPTIONAL,
			       "allow what cannot be undone in a transaction", on_off },
	[SET_VIEWER] = { "viewer", &arg_choice, ARG_KEYWORD | ARG_OPTIONAL,
			 "how 'prog cfg PROG show' draws", term_viewers },
	{ 0 }
};
static_assert(ARRAY_SIZE(set_args) == ARRAY_SIZE(options) + 1, "each option is an argument");

static const struct column option_columns[] = {
	{ "option", "%" }, { "value", " %" }, { "help", "  (%)" }, { 0 }
};

static const struct record option_record = { "option", option_columns };

static int show_options(struct ctx *ctx)
{
	sink_begin(ctx->sink, &option_record, SINK_LIST);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		sink_row(ctx->sink, (const struct cell[]){
			cell_str(set_args[i].name),
			cell_str(set_args[i].words[get_option(ctx->s, &options[i])]),
			cell_str(set_args[i].help) });
	return sink_end(ctx->sink);
}

static int set_run(struct ctx *ctx, struct value *argv)
{
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (argv[i].kind != VALUE_NUM)
			continue;
		set_option(ctx->s, &options[i], argv[i].num);
		any = true;
	}
	return any ? 0 : show_options(ctx);
}

static const struct cmd session_set_cmd = {
	.verb = "set",
	.help = "change options, or show them",
	.args = set_args,
	.flags = CMD_CONTROL,
	.run = set_run,
	.examples = STRINGS("set", "set output table", "set color off viewer text"),
};

/* Words, expressions, files */

enum { ECHO_WORDS };

static int echo_run(struct ctx *ctx, struct value *argv)
{
	const struct value *said = &argv[ECHO_WORDS];
	struct buf text = BUF_INIT;

	for (size_t i = 0; said->kind == VALUE_WORDS && i < said->words.nr; i++) {
		char *word = word_text(ctx, &said->words.list[i]);

		if (!word) {
			buf_free(&text);
			return -1;
		}
		buf_printf(&text, "%s%s", i ? " " : "", word);
		free(word);
	}
	return show_text(ctx, &text);
}

static const struct cmd session_echo_cmd = {
	.verb = "echo",
	.help = "show words, variables replaced",
	.args = ARGS([ECHO_WORDS] = { "words", &arg_words, ARG_OPTIONAL, "what to show" }),
	.run = echo_run,
	.examples = STRINGS("echo map ${m.id} is ready"),
};

enum { ASSERT_EXPR };

static int assert_run(struct ctx *ctx, struct value *argv)
{
	const struct value *expr = &argv[ASSERT_EXPR];
	bool truth;
	jv result;

	if (expr_eval(ctx, expr->str, expr->span, &result))
		return -1;
	truth = jv_get_kind(result) != JV_KIND_FALSE && jv_get_kind(result) != JV_KIND_NULL;
	jv_free(result);
	if (!truth)
		return diag_error(ctx->diags, expr->span, "assertion failed: %s", expr->str);
	return 0;
}

static const struct cmd session_assert_cmd = {
	.verb = "assert",
	.help = "fail unless an expression of jq's language is true",
	.args = ARGS([ASSERT_EXPR] = { "expr", &arg_expr, 0, "expression" }),
	.run = assert_run,
	.examples = STRINGS("assert $m.max_entries == 64"),
};

static int quit_run(struct ctx *ctx, struct value *argv)
{
	ctx->s->quit = true;
	return 0;
}

static const struct cmd session_quit_cmd = {
	.verb = "quit", .alias = "exit",
	.help = "leave; an open transaction is rolled back",
	.flags = CMD_CONTROL,
	.run = quit_run,
	.examples = STRINGS("quit"),
};

const struct cmd *const session_cmds[] = {
	&session_apropos_cmd, &session_assert_cmd, &session_begin_cmd,
	&session_commit_cmd, &session_confirm_cmd, &session_echo_cmd, &session_for_cmd,
	&session_help_cmd, &session_history_cmd, &session_hooks_cmd, &session_if_cmd, &session_plan_cmd,
	&session_quit_cmd, &session_recover_cmd, &session_rollback_cmd,
	&session_savepoint_cmd, &session_set_cmd, &session_source_cmd, &session_time_cmd,
	&session_txn_cmd, &session_undo_cmd, &session_unset_cmd, &session_vars_cmd,
	&session_version_cmd, &session_watch_cmd, &session_why_cmd, NULL
};
