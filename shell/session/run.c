// SPDX-License-Identifier: BSD-2-Clause
/* Statements: from matched words to output, status and transaction. */
#include <errno.h>
#include <stdlib.h>

#include "render/sink/out.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/base/text.h"
#include "shell/lang/args.h"
#include "shell/lang/cmd.h"
#include "shell/lang/expr.h"
#include "shell/lang/state.h"
#include "shell/lang/value.h"
#include "shell/lang/vars.h"
#include "shell/op/gather.h"
#include "shell/session/pipe.h"
#include "shell/session/session.h"
#include "shell/txn/txn.h"
#include "shell/txn/undo.h"

#define LAST_LIMIT (256 * 1024)	/* bytes of JSON that $_ keeps */

static struct diag *last_error(struct diags *d)
{
	for (int i = d->nr - 1; i >= 0; i--)
		if (d->list[i].severity == SEV_ERROR)
			return &d->list[i];
	return NULL;
}

/* What stopped a command that queued no error: a signal, or output that cannot be written. */
static void explain_stop(struct session *s, struct out *out, struct diags *d, struct span at)
{
	if (last_error(d))
		return;
	if (interrupted())
		diag_error(d, at, "interrupted");
	else if (out->error)
		txn_output_failed(s, out, d);
}

/* $_ is of the commands that a session runs one after the other. */
static bool keeps_last(const struct session *s, const struct cmd *cmd)
{
	return s->mode != MODE_COMMAND && !(cmd->flags & CMD_CONTROL);
}

/* $_ becomes what this command showed or made; one without either leaves it. */
static void keep_last(struct session *s, const struct ctx *ctx, struct out *shown)
{
	if (!sink_used(ctx->sink) && ctx->result.kind == VALUE_NONE)
		return;
	value_free(&s->last_result);
	s->last_result = value_copy(&ctx->result);
	out_free(&s->last);
	s->last = *shown;
	out_init(shown, -1);
}

/*
 * A failed command leaves nothing behind, be it the only one of its transaction or not;
 * @others: it ran commands that have said what they changed.
 */
static int undo_command(struct session *s, size_t mark, bool others, struct diags *d)
{
	struct rollback r = { 0 };
	struct buf text = BUF_INIT;

	txn_undo_to(s, mark, d, &r);
	if (others && r.undone + r.conflicts + r.failed) {
		rollback_text(&text, &r);
		diag_note(d, NO_SPAN, "of this command: %s", buf_str(&text));
		buf_free(&text);
	}
	return r.conflicts || r.failed ? STATUS_PARTIAL : STATUS_FAILED;
}

/* Runs the command's function. That a reader behind a pipe has seen enough is no failure. */
static int execute(struct ctx *ctx, const struct match *m, struct value *argv, struct out *out)
{
	struct session *s = ctx->s;
	int err = match_values(ctx, m, argv);

	if (!err)
		err = m->cmd->run(ctx, argv);
	if (out != s->out && out->error == EPIPE && !ctx->diags->errors)
		return 0;
	if (s->aside && session_reader_left(s) && !ctx->diags->errors)
		return 0;
	return err || interrupted() || out->error ? -1 : 0;
}

/* A file or block is one command at the prompt, unless it ended the transaction itself. */
static bool is_undone(const struct session *s, const struct cmd *cmd, unsigned begun)
{
	if (!(cmd->flags & CMD_CONTROL))
		return true;
	return cmd->flags & CMD_NESTED && s->mode == MODE_PROMPT && txn_begun(s) == begun;
}

/*
 * Ends a command that failed: says why, and takes back what it changed in the
 * transaction @begun. Returns its status.
 */
static int cmd_failed(struct ctx *ctx, const struct match *m, size_t mark, unsigned begun,
		      struct out *out)
{
	struct session *s = ctx->s;
	int undone = STATUS_OK;

	if (!(m->cmd->flags & CMD_NESTED))
		explain_stop(s, out, ctx->diags, ctx->span);
	value_free(&ctx->result);
	if (is_undone(s, m->cmd, begun))
		undone = undo_command(s, mark, m->cmd->flags & CMD_CONTROL, ctx->diags);
	/* What undoing has to say stands in the same JSON as why it was needed. */
	if (sink_abort(ctx->sink, ctx->diags) && !out->error)
		diags_clear(ctx->diags);
	if (undone == STATUS_PARTIAL)
		return STATUS_PARTIAL;
	return ctx->status ? ctx->status : STATUS_FAILED;
}

/* Ends the output of a command that did well, so that it can be shown before the change is final. */
static void end_shown(struct ctx *ctx, const struct match *m)
{
	if (!sink_used(ctx->sink) && !(m->cmd->flags & CMD_NESTED))
		sink_null(ctx->sink);
	if (ctx->s->opt.plan && sink_is_open(ctx->sink))
		sink_end(ctx->sink);
}

/* Makes the change of a command that is a transaction of its own stay, as txn_commit() does. */
static int commit_alone(struct ctx *ctx, struct out *out, struct out_mark before)
{
	int failed = txn_commit_command(ctx);

	/* What was shown, and is not true now, gives way to the error. */
	if (failed < 0)
		out_rewind(out, before);
	return failed;
}

/* True for a command that is a transaction of its own. */
static bool is_alone(const struct session *s, const struct cmd *cmd)
{
	return !txn_open(s) && !(cmd->flags & CMD_CONTROL);
}

/* Runs a matched command in the open transaction, or as one of its own; @result may be NULL. */
static int run_transacted(struct ctx *ctx, const struct match *m, struct out *out,
			  struct out *shown, struct value *result)
{
	struct session *s = ctx->s;
	struct value argv[ARGS_MAX] = { 0 };
	bool alone = is_alone(s, m->cmd) && !s->undecided, changed;
	unsigned begun = txn_begun(s);
	size_t mark = txn_length(s);
	int err = execute(ctx, m, argv, out), failed = 0, status;
	struct out_mark before = out_mark(out);

	changed = txn_length(s) > mark;
	if (!err)
		end_shown(ctx, m);
	if (!err && alone) {
		failed = commit_alone(ctx, out, before);
		err = failed < 0 ? -1 : 0;
	}
	if (err) {
		status = cmd_failed(ctx, m, mark, begun, out);
	} else {
		status = failed ? STATUS_PARTIAL : STATUS_OK;
		if (keeps_last(s, m->cmd))
			keep_last(s, ctx, shown);
		if (changed && s->mode == MODE_PROMPT && !(m->cmd->flags & CMD_NESTED))
			txn_say(ctx, mark);
	}
	if (result)
		*result = ctx->result;
	else
		value_free(&ctx->result);
	for (int i = 0; i < ARGS_MAX; i++)
		value_free(&argv[i]);
	return status;
}

/* A plan tells of changes; what only reads is not run, unless a variable keeps what it finds. */
static bool only_planned(const struct session *s, const struct cmd *cmd, const struct value *result)
{
	return s->opt.plan && !(cmd->flags & (CMD_WRITES | CMD_CONTROL)) && !result;
}

/* Runs a matched command with its output going to @out in this style. */
static int run_cmd(struct session *s, const struct match *m, struct span span, struct out *out,
		   enum sink_style style, struct value *result, struct diags *d)
{
	struct ctx ctx = { .s = s, .diags = d, .span = span, .kept = result != NULL };
	struct out shown;
	int status;

	if (only_planned(s, m->cmd, result))
		return STATUS_OK;
	out_init(&shown, -1);
	shown.limit = LAST_LIMIT;
	ctx.sink = sink_new(style, out);
	if (keeps_last(s, m->cmd))
		sink_tee(ctx.sink, &shown);
	status = run_transacted(&ctx, m, out, &shown, result);
	sink_free(ctx.sink);
	out_free(&shown);
	return status;
}

/* The result of a command that showed it: its JSON, null where there is none. */
static struct value shown_result(const struct out *memory)
{
	jv json = memory->buf.len ? jv_parse_sized(memory->buf.data, memory->buf.len) : jv_null();

	if (jv_is_valid(json))
		return value_json(json);
	jv_free(json);
	return value_json(jv_null());
}

/*
 * $v = COMMAND: the object that the command made or opened, else its output as
 * JSON. What a change would return is not known while it is only planned.
 */
static int run_assign(struct session *s, const struct stmt *stmt, const struct match *m,
		      struct diags *d)
{
	bool planned = s->opt.plan && (m->cmd->flags & CMD_WRITES);
	struct value result = { 0 };
	struct out memory;
	int status;

	out_init(&memory, -1);
	status = run_cmd(s, m, stmt->span, planned ? s->out : &memory,
			 planned ? s->opt.output : SINK_JSON, &result, d);
	if (status == STATUS_OK && result.kind == VALUE_NONE && !planned)
		result = shown_result(&memory);
	if (status == STATUS_OK)
		var_set(s, stmt->assign.text, result);
	else
		value_free(&result);
	out_free(&memory);
	return status;
}

static int run_expression(struct session *s, const struct stmt *stmt, struct diags *d)
{
	struct ctx ctx = { .s = s, .diags = d, .span = stmt->span };
	const char *expr = stmt->words[0].text;
	char *unknown = s->opt.plan ? expr_unknown(&ctx, expr) : NULL;
	struct value v = { .kind = VALUE_NONE };
	jv result;

	if (!unknown) {
		if (expr_eval(&ctx, expr, stmt->words[0].span, &result))
			return STATUS_FAILED;
		v = value_json(result);
	}
	free(unknown);
	var_set(s, stmt->assign.text, v);
	return STATUS_OK;
}

/* True for an object that only the plan has, where it is to be read. */
static bool only_in_plan(struct session *s, const struct part *p)
{
	char *name = xstrndup(p->text, p->len);
	const struct value *v = var_find(s, name);

	free(name);
	return v && v->kind == VALUE_HANDLE && v->handle->fd < 0;
}

/* While a plan is made: the first variable that has no value yet, for a command that needs one. */
static const struct part *unknown_part(struct session *s, const struct stmt *stmt, bool reads)
{
	for (uint32_t i = 0; i < stmt->nr; i++) {
		for (uint32_t k = 0; k < stmt->words[i].nr_parts; k++) {
			const struct part *p = &stmt->words[i].parts[k];

			if (p->is_var && (var_unknown(s, p->text, p->len) ||
					  (reads && only_in_plan(s, p))))
				return p;
		}
	}
	return NULL;
}

/* A command that needs such a variable is not planned, nor is what it would return known. */
static bool skip_unknown(struct session *s, const struct stmt *stmt, const struct match *m,
			 struct diags *d)
{
	bool writes = m->cmd->flags & CMD_WRITES;
	const struct part *p = s->opt.plan && !(m->cmd->flags & CMD_CONTROL) ?
			       unknown_part(s, stmt, !writes) : NULL;

	if (!p)
		return false;
	if (writes)
		diag_note(d, p->span, "what '$%.*s' is will only be known then: "
			  "this command is not planned", (int)p->len, p->text);
	if (stmt->assign.text)
		var_set(s, stmt->assign.text, (struct value){ .kind = VALUE_NONE });
	return true;
}

/* What the commands show that a command runs goes where the pipeline begins. */
static int run_nested(struct session *s, const struct stmt *stmt, const struct match *m,
		      struct pipeline *p, struct diags *d)
{
	struct output own;
	int status;

	session_push_output(s, &own, &p->out, p->json ? SINK_JSON : s->opt.output);
	status = run_cmd(s, m, stmt->span, s->out, s->opt.output, NULL, d);
	session_pop_output(s);
	return status;
}

/* Behind a pipeline that ended with @status: makes its command's change stay, or takes it back. */
static int settle_piped(struct session *s, size_t mark, int status, struct span span,
			struct diags *d)
{
	struct ctx ctx = { .s = s, .diags = d, .span = span };
	int failed = status == STATUS_OK ? txn_commit_command(&ctx) : -1;

	if (failed >= 0)
		return failed ? STATUS_PARTIAL : STATUS_OK;
	failed = undo_command(s, mark, true, d);
	return failed == STATUS_PARTIAL || status == STATUS_OK ? failed : status;
}

/* Pipes and redirections: the command's output goes to the first of them. */
static int run_piped(struct session *s, const struct stmt *stmt, const struct match *m,
		     struct diags *d)
{
	bool alone = is_alone(s, m->cmd);
	size_t mark = txn_length(s);
	struct pipeline p;
	int status, end;

	if (s->opt.plan) {
		diag_note(d, stmt->span, "what leaves the session by '|' or '>' is not undone");
		return STATUS_OK;
	}
	if (pipeline_open(&p, s, stmt, d))
		return STATUS_FAILED;
	if (m->cmd->flags & CMD_NESTED)
		status = run_nested(s, stmt, m, &p, d);
	else {
		s->undecided = alone;
		status = run_cmd(s, m, stmt->span, &p.out,
				 p.json ? SINK_JSON : s->opt.output, NULL, d);
		s->undecided = false;
	}
	end = pipeline_close(&p, s, status == STATUS_OK, d);
	if (status != STATUS_OK)
		return status;
	return alone ? settle_piped(s, mark, end, stmt->span, d) : end;
}

/* What a pipeline wrote: its JSON, several results as an array; or else its text. */
static struct value piped_result(const struct out *memory, bool text)
{
	const char *s = memory->buf.data ? memory->buf.data : "";
	size_t len = memory->buf.len;
	struct jv_parser *parser = jv_parser_new(0);
	jv all = jv_array(), v;
	int nr;

	jv_parser_set_buf(parser, s, len, 0);
	while (!text && jv_is_valid(v = jv_parser_next(parser)))
		all = jv_array_append(all, v);
	text |= jv_invalid_has_msg(text ? jv_invalid() : v);
	jv_parser_free(parser);
	nr = jv_array_length(jv_copy(all));
	if (!text)
		return value_json(nr == 1 ? jv_array_get(all, 0) : all);
	jv_free(all);
	while (len && s[len - 1] == '\n')
		len--;
	return value_json(jv_string_sized(s, len));
}

/* $v = COMMAND | jq FILTER, $v = COMMAND | PROGRAM */
static int run_assign_piped(struct session *s, const struct stmt *stmt, const struct match *m,
			    struct diags *d)
{
	bool text = pipeline_text(stmt);
	struct output own;
	struct out memory;
	int status;

	out_init(&memory, -1);
	session_push_output(s, &own, &memory, text ? SINK_PLAIN : s->opt.output);
	status = run_piped(s, stmt, m, d);
	session_pop_output(s);
	if (status == STATUS_OK)
		var_set(s, stmt->assign.text, s->opt.plan ? (struct value){ .kind = VALUE_NONE } :
			piped_result(&memory, text));
	out_free(&memory);
	return status;
}

static int run_matched(struct session *s, const struct stmt *stmt, const struct match *m,
		       struct diags *d)
{
	if (skip_unknown(s, stmt, m, d))
		return STATUS_OK;
	if (stmt->assign.text && stmt->nr_stages)
		return run_assign_piped(s, stmt, m, d);
	if (stmt->assign.text)
		return run_assign(s, stmt, m, d);
	if (stmt->nr_stages || stmt->has_redirect)
		return run_piped(s, stmt, m, d);
	return run_cmd(s, m, stmt->span, s->out, s->opt.output, NULL, d);
}

/* In JSON: each command's output is a member of one array. */
static void batch_begin(struct session *s, const struct stmt *stmt)
{
	struct buf *b = out_buf(s->out);

	if (!s->listed || s->opt.output != SINK_JSON || s->aside)
		return;
	buf_puts(b, s->batch_open ? "," : "[");
	s->batch_open = s->member_open = true;
	buf_puts(b, "{\"command\":[");
	for (uint32_t i = 0; i < stmt->nr; i++) {
		const struct span *sp = &stmt->words[i].span;

		buf_puts(b, i ? "," : "");
		buf_json_string(b, sp->src->text + sp->start, sp->end - sp->start);
	}
	buf_puts(b, "],\"output\":");
	out_pushed(s->out);
	s->batch_at = out_mark(s->out).at;
}

/* Closes a command's member of the array; one without output has null there. */
static void batch_end(struct session *s)
{
	if (out_mark(s->out).at == s->batch_at)
		out_write(s->out, "null", 4);
	out_write(s->out, "}", 1);
	s->member_open = false;
}

/* True for a command that may be gathered: one without options, whose output goes nowhere else. */
static bool is_gathered(const struct stmt *stmt, const struct match *m)
{
	int i = 0;

	if (!(m->cmd->flags & CMD_GATHERS) || stmt->assign.text || stmt->nr_stages ||
	    stmt->has_redirect)
		return false;
	for_each_arg(m->cmd, a)
		if (m->args[i++].nr && a->flags & ARG_OPTIONAL)
			return false;
	return true;
}

/* Writes what was gathered, unless this statement may add to it. */
static int settle(struct session *s, const struct stmt *stmt, const struct match *m,
		  struct diags *d)
{
	struct ctx ctx = { .s = s, .diags = d };

	if (m->cmd && is_gathered(stmt, m))
		return STATUS_OK;
	return gather_flush(&ctx) ? STATUS_FAILED : STATUS_OK;
}

/* True for $v = EXPRESSION, which no command stands in. */
static bool is_expression(const struct stmt *stmt)
{
	return stmt->assign.text && stmt->words[0].raw;
}

/* Runs a statement that was matched, if it is a command. */
static int run_stmt(struct session *s, const struct stmt *stmt, const struct match *m,
		    struct diags *d)
{
	int status = settle(s, stmt, m, d);

	if (status != STATUS_OK)
		return status;
	if (stmt->shell)
		return run_shell(s, stmt, d);
	if (is_expression(stmt))
		return run_expression(s, stmt, d);
	return run_matched(s, stmt, m, d);
}

/* Runs a statement; one that runs others (*@nested) is no member of the array itself. */
static int exec_stmt(struct session *s, const struct stmt *stmt, bool *nested, struct diags *d)
{
	struct match m = { .open = -1 };
	int status = STATUS_OK;

	if (!stmt->shell && !is_expression(stmt) &&
	    match(&m, s->commands, stmt->words, stmt->nr, stmt->span, session_match_flags(s), d))
		status = STATUS_USAGE;
	*nested = m.cmd && (m.cmd->flags & CMD_NESTED) && !stmt->nr_stages && !stmt->has_redirect;
	if (!*nested)
		batch_begin(s, stmt);
	else if (s->mode == MODE_COMMAND)
		s->listed = true;
	if (status == STATUS_OK)
		status = run_stmt(s, stmt, &m, d);
	match_free(&m);
	return status;
}

/* Ends a statement: $? and the mark of the prompt. */
static void end_stmt(struct session *s, int status)
{
	/* What a signal stopped has failed because of that. */
	if (status == STATUS_FAILED && interrupted())
		status = STATUS_SIGNAL + interrupted();
	s->status = status;
	s->failed = status != STATUS_OK && txn_open(s);
}

int session_stmt(struct session *s, const struct stmt *stmt)
{
	struct diags d = { 0 };
	bool nested;
	int status = exec_stmt(s, stmt, &nested, &d);

	/* What it says itself needs a member of the array. */
	if (nested && d.errors) {
		batch_begin(s, stmt);
		nested = false;
	}
	session_show(s, &d);
	diags_clear(&d);
	if (s->batch_open && !nested)
		batch_end(s);
	if (s->mode == MODE_PROMPT && !s->aside)
		out_flush(s->out);
	end_stmt(s, status);
	return status;
}

int session_run(struct ctx *ctx, const struct value *command, struct out *out)
{
	struct session *s = ctx->s;
	struct stmt stmt = { .words = (struct word *)command->words.list, .nr = command->words.nr,
			     .span = command->span };
	struct output own;
	bool nested;
	int status;

	if (!out)
		return session_stmt(s, &stmt);
	session_push_output(s, &own, out, s->opt.output);
	status = exec_stmt(s, &stmt, &nested, ctx->diags);
	session_pop_output(s);
	end_stmt(s, status);
	return status;
}
