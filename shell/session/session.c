// SPDX-License-Identifier: BSD-2-Clause
/* A session from its begin to its end: sources, their transactions, and what is shown of errors. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "render/sink/out.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/lang/cmd.h"
#include "shell/lang/expr.h"
#include "shell/lang/lex.h"
#include "shell/lang/resolve.h"
#include "shell/lang/value.h"
#include "shell/lang/vars.h"
#include "shell/op/gather.h"
#include "shell/session/session.h"
#include "shell/session/source.h"
#include "shell/txn/txn.h"
#include "shell/txn/undo.h"

void session_init(struct session *s, const struct cmd_table *commands, enum mode mode,
		  const struct options *opt)
{
	*s = (struct session){ .commands = commands, .mode = mode, .opt = *opt };
	out_init(&s->own, STDOUT_FILENO);
	s->out = &s->own;
	s->out->escape = isatty(STDOUT_FILENO);
	s->out->pretty = opt->pretty;
	out_init(&s->last, -1);
	s->listed = mode == MODE_SCRIPT;
	s->txn = txn_new();
	s->gather = gather_new();
}

bool session_attended(const struct session *s)
{
	if (s->depth || s->batch)
		return false;
	return s->mode == MODE_PROMPT ||
	       (s->mode == MODE_COMMAND && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO));
}

bool session_keeps_nothing(const struct ctx *ctx)
{
	const struct session *s = ctx->s;

	return !ctx->kept && (s->batch || (s->mode == MODE_COMMAND && !s->depth));
}

bool session_ended_by_key(const struct session *s)
{
	if (interrupted() != SIGINT || s->mode == MODE_SCRIPT)
		return false;
	interrupt_clear();
	return true;
}

/* At the end of a source: writes what was gathered, or where the source failed, forgets it. */
static int end_gathering(struct session *s, int status)
{
	struct diags d = { 0 };
	struct ctx ctx = { .s = s, .diags = &d };

	if (status != STATUS_OK)
		gather_drop(s);
	else if (gather_flush(&ctx))
		status = STATUS_FAILED;
	session_show(s, &d);
	return status;
}

/*
 * A failure's status where it is a signal that caused it, or the reader of the output,
 * who went away: as if by SIGPIPE.
 */
static int why_failed(const struct session *s, int status)
{
	if (status == STATUS_FAILED && interrupted())
		return STATUS_SIGNAL + interrupted();
	return status == STATUS_FAILED && s->out->error == EPIPE ? STATUS_SIGNAL + SIGPIPE : status;
}

/* The status behind a statement: signals and output that cannot be written stop what runs. */
static int look_around(const struct session *s, int status)
{
	if (s->out->error && status == STATUS_OK && !session_reader_left(s))
		status = STATUS_FAILED;
	/* One command that is done is done, whatever came while it was committed. */
	if (!interrupted() || (status == STATUS_OK && s->mode == MODE_COMMAND && !txn_open(s) &&
			       !s->opt.no_transaction))
		return status;
	if (status == STATUS_OK)
		fprintf(stderr, "interrupted\n");
	return STATUS_SIGNAL + interrupted();
}

/* True where the session goes on with another statement. */
static bool goes_on(const struct session *s, int status)
{
	return status == STATUS_OK && !s->quit && !s->out->error;
}

/* Runs all statements; stops at the first that fails. */
static int run_all(struct session *s, const struct source *src)
{
	int status = STATUS_OK;
	struct lexer l;
	struct stmt stmt;

	lex_init(&l, src, cmd_raw_tail, s->commands, NULL);
	while (goes_on(s, status) && lex_next(&l, &stmt) == LEX_STMT)
		status = look_around(s, session_stmt(s, &stmt));
	lex_free(&l);
	return why_failed(s, end_gathering(s, status));
}

int session_block(struct session *s, const struct block *b)
{
	int status = STATUS_OK;

	for (uint32_t i = 0; i < b->nr && goes_on(s, status); i++)
		status = look_around(s, session_stmt(s, &b->stmts[i]));
	return status;
}

/* Takes a script's transaction back, and says how that went. */
static int rollback_script(struct session *s, int status)
{
	struct diags d = { 0 };
	struct ctx ctx = { .s = s, .diags = &d };
	struct rollback r = { 0 };
	struct buf text = BUF_INIT;

	/* The signal that stopped the script must not stop its rollback. */
	interrupt_clear();
	txn_rollback(&ctx, NULL, NO_SPAN, &r);
	session_show(s, &d);
	rollback_text(&text, &r);
	/* Behind the script's own rollback, if that was incomplete, nothing more is to be said. */
	if (status != STATUS_PARTIAL || r.undone || r.conflicts || r.failed)
		fprintf(stderr, "%s\n", buf_str(&text));
	buf_free(&text);
	return r.conflicts || r.failed ? STATUS_PARTIAL : status;
}

static int commit_script(struct session *s)
{
	struct diags d = { 0 };
	struct ctx ctx = { .s = s, .diags = &d };
	int failed = txn_commit(&ctx);

	session_show(s, &d);
	if (failed < 0)
		return rollback_script(s, why_failed(s, STATUS_FAILED));
	return failed ? STATUS_PARTIAL : STATUS_OK;
}

bool session_enter(struct session *s)
{
	struct diags d = { 0 };
	struct ctx ctx = { .s = s, .diags = &d };

	return !txn_open(s) && !s->opt.no_transaction && !txn_begin(&ctx);
}

int session_leave(struct session *s, bool entered, int status)
{
	if (!entered)
		return status;
	status = end_gathering(s, status);
	if (!txn_open(s))	/* an explicit rollback ended it */
		return status;
	return status == STATUS_OK ? commit_script(s) : rollback_script(s, status);
}

int session_source(struct session *s, const struct source *src)
{
	struct diags d = { 0 };
	bool entered;
	int status;

	if (s->depth == SOURCE_DEPTH) {
		struct span at = { src->parent, src->parent_at, src->parent_at + 1 };

		diag_error(&d, at, "files source each other %d deep", SOURCE_DEPTH);
		session_show(s, &d);
		return STATUS_FAILED;
	}
	s->depth += src->parent != NULL;
	s->batch = src->batch;
	status = session_check(s, src, &d);
	session_show(s, &d);
	if (status != STATUS_OK || s->opt.check) {
		s->depth -= src->parent != NULL;
		s->batch = false;
		s->status = status;
		return status;
	}
	s->batch = src->batch;
	entered = (s->mode == MODE_SCRIPT || src->parent) && session_enter(s);
	status = session_leave(s, entered, run_all(s, src));
	s->depth -= src->parent != NULL;
	s->batch = false;
	return status;
}

/* Words of the command line as a source whose text shows them, so that errors can point at one. */
static struct word *words_from_argv(char **argv, int nr, struct source *src)
{
	struct word *words = xcalloc(nr, sizeof(*words));
	struct buf text = BUF_INIT;

	for (int i = 0; i < nr; i++) {
		uint32_t start = text.len + (i > 0);

		buf_puts(&text, i ? " " : "");
		buf_puts(&text, argv[i]);
		words[i] = (struct word){ .span = { src, start, text.len }, .text = argv[i],
					  .len = strlen(argv[i]) };
	}
	*src = (struct source){ .len = text.len };
	src->text = buf_detach(&text);
	return words;
}

/* Checks and, unless that is all that is asked for, runs one command. */
static int check_and_run(struct session *s, const struct stmt *stmt)
{
	struct diags d = { 0 };
	int status = session_check_stmt(s, stmt, &d);

	session_show(s, &d);
	return status != STATUS_OK || s->opt.check ? status : session_stmt(s, stmt);
}

int session_command(struct session *s, char **argv, int nr)
{
	struct source src;
	struct word *words = words_from_argv(argv, nr, &src);
	struct stmt stmt = { .words = words, .nr = nr, .span = { &src, 0, src.len } };
	int status;

	/* An expression or a block is read as in a script. */
	if (cmd_takes_text(s->commands, &words[0]))
		status = session_source(s, session_keep(s, &(struct source){
			.text = xstrdup(src.text), .len = src.len }));
	else
		status = why_failed(s, check_and_run(s, &stmt));
	if (status == STATUS_OK && s->opt.output == SINK_JSON && !s->listed &&
	    !out_mark(s->out).at)
		out_write(s->out, "null\n", 5);
	free(words);
	free((char *)src.text);
	return status;
}

/* Closes the output; where that fails, what was committed before stays, and that is said. */
static int end_output(struct session *s)
{
	struct diags d = { 0 };
	bool kept = txn_kept(s);

	if (s->batch_open)
		out_write(s->out, "]\n", 2);
	else if (s->listed && s->opt.output == SINK_JSON && !out_mark(s->out).at)
		out_write(s->out, "[]\n", 3);
	if (!out_flush(s->out) || s->out->told)
		return STATUS_OK;
	if (s->out->error == EPIPE)
		return kept ? STATUS_OK : STATUS_SIGNAL + SIGPIPE;
	txn_output_failed(s, s->out, &d);
	session_show(s, &d);
	return kept && !s->opt.no_transaction ? STATUS_PARTIAL : STATUS_FAILED;
}

int session_end(struct session *s)
{
	int status = STATUS_OK, end;

	if (txn_open(s)) {
		fprintf(stderr, "the open transaction is rolled back\n");
		status = rollback_script(s, STATUS_OK);
	}
	end = end_output(s);
	status = status ? status : end;
	expr_cache_free(s->exprs);
	gather_free(s->gather);
	resolve_forget(s);
	txn_free(s->txn);
	vars_free((struct vars){ s->vars, s->nr_vars });
	value_free(&s->last_result);
	out_free(&s->last);
	free(s->verifier_log);
	out_free(&s->own);
	for (size_t i = 0; i < s->nr_sources; i++) {
		source_free(s->sources[i]);
		free(s->sources[i]);
	}
	free(s->sources);
	return status;
}
