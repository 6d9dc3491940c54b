// SPDX-License-Identifier: BSD-2-Clause
/* Commands of the session itself: transactions, variables, options. */
#include <stdlib.h>

#include "commands/common.h"
#include "render/picture/term_image.h"
#include "render/sink/sink.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/handle.h"
#include "shell/lang/args.h"
#include "shell/lang/expr.h"
#include "shell/lang/vars.h"
#include "shell/txn/txn.h"

/* Transactions */

static int begin_run(struct ctx *ctx, struct value *argv)
{
	/* A script is a transaction already: `begin` there is allowed, and not needed. */
	if (txn_open(ctx->s) && ctx->s->mode == MODE_SCRIPT && !txn_length(ctx->s))
		return 0;
	return txn_begin(ctx);
}

static int savepoint_run(struct ctx *ctx, struct value *argv)
{
	return txn_savepoint(ctx, argv[0].str, argv[0].span);
}

static const struct column rollback_columns[] = {
	{ "undone", "rolled back %" },
	{ "of", " of %" },
	{ "conflicts" },
	{ "one conflict", "; 1 conflict", .flags = COL_PLAIN_ONLY },
	{ "many conflicts", "; % conflicts", .flags = COL_PLAIN_ONLY },
	{ "failed", "; % failed" },
	{ 0 }
};

static const struct record rollback_record = { "rollback", rollback_columns };

/* Says how it went; what could not be undone makes the command fail. */
static int show_rollback(struct ctx *ctx, const struct rollback *r)
{
	const struct cell none = { .kind = CELL_NONE }, conflicts = cell_u64(r->conflicts);

	sink_begin(ctx->sink, &rollback_record, SINK_ONE);
	sink_row(ctx->sink, (const struct cell[]){
		cell_u64(r->undone), cell_u64(r->undone + r->conflicts + r->failed),
		r->conflicts ? conflicts : none, r->conflicts == 1 ? conflicts : none,
		r->conflicts > 1 ? conflicts : none, r->failed ? cell_u64(r->failed) : none });
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

static int rollback_run(struct ctx *ctx, struct value *argv)
{
	const char *name = argv[0].kind == VALUE_STR ? argv[0].str : NULL;
	struct rollback r = { 0 };

	if (txn_rollback(ctx, name, argv[0].span, &r))
		return -1;
	if (!name && next_transaction(ctx))
		return -1;
	return show_rollback(ctx, &r);
}

/* Says that it waits, and, in a script, waits. */
static int wait_confirm(struct ctx *ctx, unsigned seconds)
{
	int failed;

	sink_note(ctx->sink, "committed for %u s: 'confirm' makes it stay, here or in another bpfsh",
		  seconds);
	if (ctx->s->mode == MODE_PROMPT)
		return 0;
	if (txn_flush_output(ctx->s, ctx->diags))
		return -1;
	ctx->s->status = STATUS_OK;
	failed = txn_wait_confirm(ctx->s);
	ctx->status = ctx->s->status;
	if (failed)
		return diag_error(ctx->diags, ctx->span, "the transaction was not confirmed");
	return ctx->status == STATUS_OK ? 0 : -1;
}

static int commit_run(struct ctx *ctx, struct value *argv)
{
	int failed;

	if (!txn_open(ctx->s)) {
		diag_error(ctx->diags, ctx->span, "no transaction is open");
		diag_hint(ctx->diags, "'begin' opens one; each command outside is committed by itself");
		return -1;
	}
	if (argv[0].kind == VALUE_NUM) {
		if (txn_commit_confirm(ctx, argv[0].num))
			return -1;
		if (txn_open(ctx->s) && wait_confirm(ctx, argv[0].num))
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

static int confirm_run(struct ctx *ctx, struct value *argv)
{
	int failed = txn_confirm(ctx);

	ctx->status = failed > 0 ? STATUS_PARTIAL : STATUS_FAILED;
	return failed ? -1 : 0;
}

static int txn_show_run(struct ctx *ctx, struct value *argv)
{
	return txn_show(ctx);
}

static int undo_run(struct ctx *ctx, struct value *argv)
{
	struct rollback r = { 0 };

	last_drop(ctx->s);
	return txn_undo_last(ctx, &r) ? -1 : show_rollback(ctx, &r);
}

static int recover_run(struct ctx *ctx, struct value *argv)
{
	enum recover how = argv[0].kind != VALUE_NONE || ctx->s->opt.discard ? RECOVER_DISCARD :
			   ctx->s->opt.plan ? RECOVER_PLAN : RECOVER_ROLLBACK;
	struct rollback r = { 0 };

	if (txn_recover(ctx, how, &r))
		return -1;
	if (!r.conflicts && !r.failed)
		return 0;
	ctx->status = STATUS_PARTIAL;
	return -1;
}

/* Variables */

static const struct column var_columns[] = {
	{ "name", "$%" },
	{ "kind", "  %" },
	{ "id", " %" },
	{ "of", "  name %" },
	{ "value", "  %" },
	{ 0 }
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
		struct cell row[5] = { cell_str(sorted[i].name) };

		if (v->kind == VALUE_HANDLE) {
			row[1] = cell_str(object_names[v->handle->kind]);
			row[2] = v->handle->id ? cell_u64(v->handle->id) : CELL(.kind = CELL_NONE);
			row[3] = cell_str(v->handle->name);
		} else if (v->kind == VALUE_JSON) {
			row[4] = CELL(.kind = CELL_JSON, .json = v->json);
		}
		err = sink_row(ctx->sink, row);
	}
	free(sorted);
	return err ? -1 : sink_end(ctx->sink);
}

static int unset_run(struct ctx *ctx, struct value *argv)
{
	for (size_t i = 0; i < argv[0].values.nr; i++) {
		const struct value *v = &argv[0].values.list[i];

		if (!var_unset(ctx->s, v->str)) {
			diag_error(ctx->diags, v->span, "no variable '$%s'", v->str);
			diag_hint(ctx->diags, "'vars' lists the variables");
			return -1;
		}
	}
	return 0;
}

/* Options */

static const char *const on_off[] = { "off", "on", NULL };

#define OPTION(field) { offsetof(struct session, field), sizeof(((struct session *)0)->field) }

/* The session's options, each a bool or an enum, in the order of the arguments of `set`. */
static const struct option_row {
	size_t at, size;
} options[] = {
	OPTION(opt.output),
	OPTION(out.pretty),
	OPTION(opt.bpffs),
	OPTION(opt.color),
	OPTION(opt.allow_irreversible),
	OPTION(opt.viewer),
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
	{ "output", &arg_choice, ARG_KEYWORD | ARG_OPTIONAL, "how records are shown", sink_styles },
	{ "pretty", &arg_choice, ARG_KEYWORD | ARG_OPTIONAL, "JSON in lines", on_off },
	{ "bpffs", &arg_choice, ARG_KEYWORD | ARG_OPTIONAL, "show where pins are", on_off },
	{ "color", &arg_choice, ARG_KEYWORD | ARG_OPTIONAL, "colours in messages", on_off },
	{ "irreversible", &arg_choice, ARG_KEYWORD | ARG_OPTIONAL,
	  "allow what cannot be undone in a transaction", on_off },
	{ "viewer", &arg_choice, ARG_KEYWORD | ARG_OPTIONAL, "how 'prog cfg PROG show' draws",
	  term_viewers },
	{ 0 }
};

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

/* Words, expressions, files */

static int echo_run(struct ctx *ctx, struct value *argv)
{
	struct buf text = BUF_INIT;

	for (size_t i = 0; argv[0].kind == VALUE_WORDS && i < argv[0].words.nr; i++) {
		char *word = word_text(ctx, &argv[0].words.list[i]);

		if (!word) {
			buf_free(&text);
			return -1;
		}
		buf_printf(&text, "%s%s", i ? " " : "", word);
		free(word);
	}
	return show_text(ctx, &text);
}

static int assert_run(struct ctx *ctx, struct value *argv)
{
	bool truth;
	jv result;

	if (expr_eval(ctx, argv[0].str, argv[0].span, &result))
		return -1;
	truth = jv_get_kind(result) != JV_KIND_FALSE && jv_get_kind(result) != JV_KIND_NULL;
	jv_free(result);
	if (!truth)
		return diag_error(ctx->diags, argv[0].span, "assertion failed: %s", argv[0].str);
	return 0;
}

static int quit_run(struct ctx *ctx, struct value *argv)
{
	ctx->s->quit = true;
	return 0;
}

static const char *const discard_word[] = { "discard", NULL };
static const char *const show_word[] = { "show", NULL };

const struct cmd session_cmds[] = {
	{ NULL, "apropos", NULL, "find commands by words of their names and help",
	  (const struct arg[]){ { "words", &arg_words, 0, "what all to look for" }, { 0 } },
	  0, apropos_run, (const char *const[]){ "apropos pinned", "apropos map file", NULL } },
	{ NULL, "assert", NULL, "fail unless an expression of jq's language is true",
	  (const struct arg[]){ { "expr", &arg_expr, 0, "expression" }, { 0 } }, 0, assert_run,
	  (const char *const[]){ "assert $m.max_entries == 64", NULL } },
	{ NULL, "begin", NULL, "open a transaction", NULL, CMD_CONTROL, begin_run,
	  (const char *const[]){ "begin", NULL } },
	{ NULL, "commit", NULL, "make the transaction's changes stay",
	  (const struct arg[]){
		{ "confirm", &arg_number, ARG_KEYWORD | ARG_OPTIONAL,
		  "roll back unless `confirm` follows within so many seconds" }, { 0 } },
	  CMD_CONTROL, commit_run, (const char *const[]){ "commit", "commit confirm 30", NULL } },
	{ NULL, "confirm", NULL, "make stay what `commit confirm` waits for", NULL, CMD_CONTROL,
	  confirm_run, (const char *const[]){ "confirm", NULL } },
	{ NULL, "echo", NULL, "show words, variables replaced",
	  (const struct arg[]){ { "words", &arg_words, ARG_OPTIONAL, "what to show" }, { 0 } }, 0,
	  echo_run, (const char *const[]){ "echo map ${m.id} is ready", NULL } },
	{ NULL, "for", NULL, "run commands for each result of an expression, or array element",
	  (const struct arg[]){
		{ "name", &arg_variable, ARG_SETS, "variable that holds it" },
		{ "in", &arg_expr, ARG_KEYWORD, "expression" },
		{ "commands", &arg_block, 0, "the commands" }, { 0 } },
	  CMD_CONTROL | CMD_NESTED, for_run,
	  (const char *const[]){ "for $i in range(4) { map update $m key $i value 0 }", NULL } },
	{ NULL, "help", NULL, "show commands, or what one takes",
	  (const struct arg[]){ { "command", &arg_command, ARG_OPTIONAL, "object, and verb" }, { 0 } },
	  0, help_run, (const char *const[]){ "help map update", NULL }, .place = 1 },
	{ NULL, "history", NULL, "show what was typed at the prompt",
	  (const struct arg[]){
		{ "entries", &arg_number, ARG_OPTIONAL, "how many of the newest" }, { 0 } },
	  0, history_run, (const char *const[]){ "history", "history 20", NULL } },
	{ NULL, "if", NULL, "run commands where an expression is true, or else others",
	  (const struct arg[]){
		{ "expr", &arg_expr, 0, "expression" },
		{ "commands", &arg_block, 0, "the commands" },
		{ "else", &arg_block, ARG_KEYWORD | ARG_OPTIONAL,
		  "the others, or one more `if`" }, { 0 } },
	  CMD_CONTROL | CMD_NESTED, if_run,
	  (const char *const[]){ "if $m.max_entries > 64 { echo large } else { echo small }", NULL } },
	{ NULL, "plan", NULL, "show what commands would change, and how each change would be undone",
	  (const struct arg[]){ { "commands", &arg_block, 0, "the commands" }, { 0 } },
	  CMD_CONTROL | CMD_NESTED, plan_run,
	  (const char *const[]){ "plan { map unpin /sys/fs/bpf/flows; prog unpin /sys/fs/bpf/filter }",
				 NULL } },
	{ NULL, "quit", "exit", "leave; an open transaction is rolled back", NULL, CMD_CONTROL,
	  quit_run, (const char *const[]){ "quit", NULL } },
	{ NULL, "recover", NULL, "roll back what killed processes left unfinished",
	  (const struct arg[]){
		{ "discard", NULL, ARG_FLAG | ARG_OPTIONAL, "forget it instead", discard_word }, { 0 } },
	  CMD_CONTROL, recover_run,
	  (const char *const[]){ "recover", "recover discard", NULL } },
	{ NULL, "rollback", NULL, "undo the transaction, or what came after a savepoint",
	  (const struct arg[]){
		{ "to", &arg_string, ARG_KEYWORD | ARG_OPTIONAL, "savepoint to go back to" }, { 0 } },
	  CMD_CONTROL, rollback_run, (const char *const[]){ "rollback", "rollback to a", NULL } },
	{ NULL, "savepoint", NULL, "mark a place in the transaction to come back to",
	  (const struct arg[]){ { "name", &arg_string, 0, "its name" }, { 0 } }, CMD_CONTROL,
	  savepoint_run, (const char *const[]){ "savepoint a", NULL } },
	{ NULL, "set", NULL, "change options, or show them", set_args, CMD_CONTROL, set_run,
	  (const char *const[]){ "set", "set output table", "set color off viewer text", NULL } },
	{ NULL, "source", NULL, "run a file of commands, all or nothing",
	  (const struct arg[]){ { "file", &arg_script, 0, "the file" }, { 0 } },
	  CMD_CONTROL | CMD_NESTED, source_run, (const char *const[]){ "source setup.bsh", NULL } },
	{ NULL, "time", NULL, "run a command and say how long it took",
	  (const struct arg[]){ { "command", &arg_run, 0, "the command" }, { 0 } },
	  CMD_CONTROL | CMD_NESTED, time_run,
	  (const char *const[]){ "time map dump name flows", NULL } },
	{ NULL, "txn", NULL, "show what the open transaction did",
	  (const struct arg[]){
		{ "show", NULL, ARG_FLAG | ARG_OPTIONAL, "the log", show_word }, { 0 } },
	  CMD_CONTROL, txn_show_run, (const char *const[]){ "txn show", NULL } },
	{ NULL, "undo", NULL, "take the last committed change back", NULL, CMD_CONTROL, undo_run,
	  (const char *const[]){ "undo", NULL } },
	{ NULL, "unset", NULL, "forget variables and close their objects",
	  (const struct arg[]){ { "name", &arg_variable, ARG_REPEAT, "the variable" }, { 0 } },
	  CMD_CONTROL, unset_run, (const char *const[]){ "unset $m", NULL } },
	{ NULL, "vars", NULL, "show all variables", NULL, CMD_CONTROL, vars_run,
	  (const char *const[]){ "vars", NULL } },
	{ NULL, "version", NULL, "say the version, and that of libbpf", NULL, 0, version_run,
	  (const char *const[]){ "version", NULL }, .place = 15 },
	{ NULL, "watch", NULL, "run a command again and again; on a terminal, changes are marked",
	  (const struct arg[]){
		{ "seconds", &arg_seconds, 0, "time from one start to the next" },
		{ "command", &arg_run, 0, "the command" }, { 0 } },
	  CMD_CONTROL | CMD_NESTED, watch_run,
	  (const char *const[]){ "watch 1 map show", "watch 0.5 map dump name flows", NULL } },
	{ 0 }
};
