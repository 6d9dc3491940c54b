// SPDX-License-Identifier: BSD-2-Clause
/* Statements: from matched words to output, status and transaction. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shell/args.h"
#include "shell/interrupt.h"
#include "shell/pipe.h"
#include "shell/session.h"
#include "shell/source.h"

#define LAST_LIMIT (256 * 1024)	/* bytes of JSON that $_ keeps */
#define SOURCE_DEPTH 16

void session_init(struct session *s, enum mode mode, const struct options *opt)
{
	*s = (struct session){ .mode = mode, .opt = *opt };
	out_init(&s->out, STDOUT_FILENO);
	s->out.escape = isatty(STDOUT_FILENO);
	s->out.pretty = opt->pretty;
	out_init(&s->last, -1);
	s->txn = txn_new();
}

struct source *session_keep(struct session *s, const struct source *src)
{
	GROW(s->sources, s->nr_sources);
	s->sources[s->nr_sources] = xmemdup(src, sizeof(*src));
	return s->sources[s->nr_sources++];
}

const struct source *session_block(struct session *s, struct span block)
{
	char *text = xstrndup(block.src->text, block.end - 1);

	for (uint32_t i = 0; i <= block.start; i++)
		if (text[i] != '\n')
			text[i] = ' ';
	return session_keep(s, &(struct source){
		.name = block.src->name ? xstrdup(block.src->name) : NULL, .text = text,
		.len = block.end - 1, .parent = block.src->parent,
		.parent_at = block.src->parent_at });
}

static bool is_json(const struct session *s)
{
	return s->opt.output == SINK_JSON || s->opt.output == SINK_JSONL;
}

void session_show(struct session *s, struct diags *d)
{
	struct buf text = BUF_INIT;

	if (!d->nr)
		return;
	if (!s->batch_open)
		out_flush(&s->out);
	if (is_json(s) && d->errors) {
		diags_json(&text, d);
		if (s->batch_open) {
			/* Within the array of outputs: a member of this command's object. */
			buf_puts(out_buf(&s->out), out_mark(&s->out).at == s->batch_at ? "null," : ",");
			buf_add(out_buf(&s->out), text.data + 1, text.len - 2);
			out_pushed(&s->out);
		} else {
			buf_putc(&text, '\n');
			out_write(&s->out, text.data, text.len);
		}
		out_flush(&s->out);
	} else {
		diags_text(&text, d, s->opt.color);
		fwrite(text.data, 1, text.len, stderr);
		fflush(stderr);
	}
	buf_free(&text);
	diags_clear(d);
}

static struct diag *last_error(struct diags *d)
{
	for (int i = d->nr - 1; i >= 0; i--)
		if (d->list[i].severity == SEV_ERROR)
			return &d->list[i];
	return NULL;
}

/* What stopped a command that queued no error itself: a signal, or output that cannot be written. */
static void explain_stop(struct session *s, struct out *out, struct diags *d, struct span at)
{
	if (last_error(d))
		return;
	if (interrupted())
		diag_error(d, at, "interrupted");
	else if (out->error && out->error != EPIPE)
		diag_error(d, NO_SPAN, "cannot write the output: %s", strerror(out->error));
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

/* A failed command leaves nothing behind, be it the only one of its transaction or not. */
static int undo_command(struct session *s, size_t mark, struct diags *d)
{
	struct rollback r = { 0 };

	txn_undo_to(s, mark, d, &r);
	return r.conflicts || r.failed ? STATUS_PARTIAL : STATUS_FAILED;
}

/* Runs a matched command with its output going to @out. */
static int run_cmd(struct session *s, const struct match *m, struct span span, struct out *out,
		   enum sink_style style, struct value *result, struct diags *d)
{
	struct value argv[ARGS_MAX] = { 0 };
	struct ctx ctx = { .s = s, .diags = d, .span = span };
	bool alone = !txn_open(s) && !(m->cmd->flags & CMD_CONTROL);
	size_t mark = txn_mark(s);
	bool keeps = s->mode != MODE_COMMAND && !(m->cmd->flags & CMD_CONTROL);
	int err, status = STATUS_OK;
	bool changed;
	struct out shown;

	out_init(&shown, -1);
	shown.limit = LAST_LIMIT;
	ctx.sink = sink_new(style, out);
	if (keeps)
		sink_tee(ctx.sink, &shown);
	if (s->opt.plan && !(m->cmd->flags & (CMD_WRITES | CMD_CONTROL)) && !result) {
		sink_free(ctx.sink);
		return STATUS_OK;
	}
	err = match_values(&ctx, m, argv);
	if (m->cmd->flags & CMD_CONTROL)
		s->status = STATUS_OK;	/* these may say more than that they failed */
	if (!err)
		err = m->cmd->run(&ctx, argv);
	/* A reader at the other end of a pipe may have seen enough. */
	if (out != &s->out && out->error == EPIPE && !d->errors)
		err = 0;
	else if (!err && (interrupted() || out->error))
		err = -1;
	changed = txn_length(s) > mark;
	if (!err && alone) {
		int failed = txn_commit_command(&ctx, mark);

		err = failed < 0 ? -1 : 0;
		status = failed > 0 ? STATUS_PARTIAL : STATUS_OK;
	}
	if (err) {
		explain_stop(s, out, d, span);
		if (sink_abort(ctx.sink, d))
			diags_clear(d);
		if (!(m->cmd->flags & CMD_CONTROL))
			status = undo_command(s, mark, d);
		else
			status = s->status ? s->status : STATUS_FAILED;
		value_free(&ctx.result);
	} else {
		if (!sink_used(ctx.sink) && !(m->cmd->flags & CMD_NESTED && s->batch_open))
			sink_null(ctx.sink);
		if (s->opt.plan && sink_used(ctx.sink))
			sink_end(ctx.sink);
		if (changed && s->mode == MODE_PROMPT)
			txn_say(&ctx, mark);
		if (keeps)
			keep_last(s, &ctx, &shown);
	}
	if (result)
		*result = ctx.result;
	else
		value_free(&ctx.result);
	for (int i = 0; i < ARGS_MAX; i++)
		value_free(&argv[i]);
	sink_free(ctx.sink);
	out_free(&shown);
	return status;
}

/* $v = COMMAND: the object that the command made or opened, else its output as JSON. */
static int run_assign(struct session *s, const struct stmt *stmt, const struct match *m,
		      struct diags *d)
{
	struct value result = { 0 };
	struct out memory;
	int status;

	out_init(&memory, -1);
	/* A plan is shown, not kept. */
	if (s->opt.plan)
		status = run_cmd(s, m, stmt->span, &s->out, s->opt.output, &result, d);
	else
		status = run_cmd(s, m, stmt->span, &memory, SINK_JSON, &result, d);
	if (status == STATUS_OK && result.kind == VALUE_NONE) {
		jv json = memory.buf.len ? jv_parse_sized(memory.buf.data, memory.buf.len) : jv_null();

		if (!jv_is_valid(json)) {
			jv_free(json);
			json = jv_null();
		}
		result = value_json(json);
	}
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
	jv result;

	if (expr_eval(&ctx, stmt->words[0].text, stmt->words[0].span, &result))
		return STATUS_FAILED;
	var_set(s, stmt->assign.text, value_json(result));
	return STATUS_OK;
}

/* Pipes and redirections: the command's output goes to the first of them. */
static int run_piped(struct session *s, const struct stmt *stmt, const struct match *m,
		     struct diags *d)
{
	struct pipeline p;
	int status, end;

	if (s->opt.plan) {
		diag_note(d, stmt->span, "what leaves the session by '|' or '>' is not undone");
		return STATUS_OK;
	}
	if (pipeline_open(&p, s, stmt, d))
		return STATUS_FAILED;
	status = run_cmd(s, m, stmt->span, &p.out, p.json ? SINK_JSON : s->opt.output, NULL, d);
	end = pipeline_close(&p, s, status == STATUS_OK, d);
	return status == STATUS_OK ? end : status;
}

static int run_matched(struct session *s, const struct stmt *stmt, const struct match *m,
		       struct diags *d)
{
	if (stmt->assign.text)
		return run_assign(s, stmt, m, d);
	if (stmt->nr_stages || stmt->has_redirect)
		return run_piped(s, stmt, m, d);
	return run_cmd(s, m, stmt->span, &s->out, s->opt.output, NULL, d);
}

static unsigned match_flags(const struct session *s)
{
	return (s->mode == MODE_SCRIPT || s->depth) && !s->batch ? 0 : MATCH_PREFIX;
}

/* -j with a script: each command's output is a member of one array. */
static void batch_begin(struct session *s, const struct stmt *stmt)
{
	struct buf *b = out_buf(&s->out);

	if (s->mode != MODE_SCRIPT || s->opt.output != SINK_JSON)
		return;
	buf_puts(b, s->batch_open ? "," : "[");
	s->batch_open = true;
	buf_puts(b, "{\"command\":[");
	for (uint32_t i = 0; i < stmt->nr; i++) {
		const struct span *sp = &stmt->words[i].span;

		buf_puts(b, i ? "," : "");
		buf_json_string(b, sp->src->text + sp->start, sp->end - sp->start);
	}
	buf_puts(b, "],\"output\":");
	out_pushed(&s->out);
	s->batch_at = out_mark(&s->out).at;
}

/* Closes a command's member of the array; one without output has null there. */
static void batch_end(struct session *s)
{
	if (out_mark(&s->out).at == s->batch_at)
		out_write(&s->out, "null", 4);
	out_write(&s->out, "}", 1);
}

/* Scripts and lines are checked as a whole before this; a single command is checked here. */
static int usage_status(struct session *s, const struct match *m, struct diags *d)
{
	struct ctx ctx = { .s = s, .diags = d };

	return s->mode == MODE_COMMAND && match_check(&ctx, m) ? STATUS_USAGE : STATUS_OK;
}

/* One statement, whose errors are shown. */
static int run_stmt(struct session *s, const struct stmt *stmt)
{
	struct diags d = { 0 };
	struct match m = { .open = -1 };
	bool nested = false;
	int status;

	if (stmt->shell) {
		batch_begin(s, stmt);
		status = run_shell(s, stmt, &d);
	} else if (stmt->assign.text && stmt->words[0].raw) {
		batch_begin(s, stmt);
		status = run_expression(s, stmt, &d);
	} else if (match(&m, stmt->words, stmt->nr, stmt->span, match_flags(s), &d)) {
		batch_begin(s, stmt);
		status = STATUS_USAGE;
	} else {
		/* The commands of a sourced file stand in the array themselves. */
		nested = m.cmd->flags & CMD_NESTED;
		if (!nested)
			batch_begin(s, stmt);
		status = usage_status(s, &m, &d);
		if (status == STATUS_OK)
			status = run_matched(s, stmt, &m, &d);
	}
	match_free(&m);
	if (!(nested && status != STATUS_OK && !d.nr))
		session_show(s, &d);
	diags_clear(&d);
	if (s->batch_open && !nested)
		batch_end(s);
	if (s->mode == MODE_PROMPT)
		out_flush(&s->out);
	/* $? of a pipe is its last program's, where the command itself did well. */
	if (status != STATUS_OK || !(stmt->nr_stages || stmt->shell))
		s->status = status;
	s->failed = status != STATUS_OK && txn_open(s);
	return status;
}

/* Checks */

/* What earlier statements of the script set, so that a misspelt variable is found before anything runs. */
struct known {
	struct session *s;
	const char **names;
	size_t nr;
};

static bool is_known(const struct known *k, const char *name, size_t len)
{
	for (size_t i = 0; i < k->nr; i++)
		if (strlen(k->names[i]) == len && !memcmp(k->names[i], name, len))
			return true;
	for (size_t i = 0; i < k->s->nr_vars; i++)
		if (strlen(k->s->vars[i].name) == len && !memcmp(k->s->vars[i].name, name, len))
			return true;
	return false;
}

static int check_part(struct known *k, const struct part *p, struct diags *d)
{
	size_t n = 0;
	const char *near;

	if (!p->is_var)
		return 0;
	while (n < p->len && p->text[n] != '.' && p->text[n] != '[')
		n++;
	if (n == 1 && (*p->text == '_' || *p->text == '?'))
		return 0;
	if (*p->text >= '0' && *p->text <= '9') {
		if (atoi(p->text) >= 1 && atoi(p->text) <= k->s->nr_args)
			return 0;
		diag_error(d, p->span, "no argument '$%.*s'", (int)n, p->text);
		diag_hint(d, "%d argument%s given", k->s->nr_args,
			  k->s->nr_args == 1 ? " was" : "s were");
		return -1;
	}
	if (is_known(k, p->text, n))
		return 0;
	diag_error(d, p->span, "no variable '$%.*s'", (int)n, p->text);
	GROW(k->names, k->nr);
	k->names[k->nr] = NULL;
	{
		char *name = xstrndup(p->text, n);

		near = nearest_word(name, k->names);
		free(name);
	}
	if (near)
		diag_hint(d, "did you mean '$%s'?", near);
	return -1;
}

static int check_words(struct known *k, const struct word *w, uint32_t nr, struct diags *d)
{
	int err = 0;

	for (uint32_t i = 0; i < nr; i++)
		for (uint32_t j = 0; j < w[i].nr_parts; j++)
			err |= check_part(k, &w[i].parts[j], d);
	return err;
}

/* An expression's syntax, and the session's variables in it. */
static int check_expr(struct known *k, struct ctx *ctx, const struct word *w)
{
	jv none = jv_object();
	int err = w->len ? expr_check(ctx, w->text, none, w->span) : 0;

	jv_free(none);
	return err;
}

static void check_statements(struct known *k, const struct source *src, struct diags *d);

/* An expression's syntax, or all commands of a block. */
static int check_raw(struct known *k, struct ctx *ctx, const struct word *w)
{
	int errors = ctx->diags->errors;

	if (!w->block)
		return check_expr(k, ctx, w);
	check_statements(k, session_block(k->s, w->span), ctx->diags);
	return ctx->diags->errors > errors ? -1 : 0;
}

static int check_stmt(struct known *k, const struct stmt *stmt, struct diags *d)
{
	struct match m = { .open = -1 };
	struct ctx ctx = { .s = k->s, .diags = d };
	bool unset;
	int err;

	if (stmt->shell || (stmt->assign.text && stmt->words[0].raw))
		err = 0;
	else
		err = match(&m, stmt->words, stmt->nr, stmt->span, match_flags(k->s), d) ||
		      match_check(&ctx, &m);
	/* The prompt may unset what is not there; the command itself says so. */
	unset = m.cmd && !m.cmd->object && !strcmp(m.cmd->verb, "unset");
	if (!err && !unset)
		err = check_words(k, stmt->words, stmt->nr, d);
	for (uint32_t i = 0; i < stmt->nr; i++)
		if (stmt->words[i].raw && !stmt->shell)
			err |= check_raw(k, &ctx, &stmt->words[i]);
	err |= pipeline_check(stmt, k->s, d);
	for (uint32_t i = 0; i < stmt->nr_stages; i++)
		err |= check_words(k, stmt->stages[i].words, stmt->stages[i].nr, d);
	if (stmt->has_redirect)
		err |= check_words(k, &stmt->redirect, 1, d);
	match_free(&m);
	if (stmt->assign.text) {
		GROW(k->names, k->nr);
		k->names[k->nr++] = xstrdup(stmt->assign.text);
	}
	return err;
}

static void check_statements(struct known *k, const struct source *src, struct diags *d)
{
	enum lex_result r;
	struct lexer l;
	struct stmt stmt;

	lex_init(&l, src, cmd_raw_tail, d);
	while ((r = lex_next(&l, &stmt)) != LEX_END) {
		if (r == LEX_STMT)
			check_stmt(k, &stmt, d);
		else if (r == LEX_INCOMPLETE)
			diag_error(d, (struct span){ src, stmt.span.start, stmt.span.start + 1 },
				   "the text ends inside this command");
	}
	lex_free(&l);
}

/* All errors of a source: lexical, grammatical, unknown variables, bad literals. */
static int check_source(struct session *s, const struct source *src, struct diags *d)
{
	struct known k = { .s = s };

	check_statements(&k, src, d);
	for (size_t i = 0; i < k.nr; i++)
		free((char *)k.names[i]);
	free(k.names);
	return d->errors ? -1 : 0;
}

enum lex_result session_complete(const struct source *src)
{
	enum lex_result r, worst = LEX_END;
	struct diags quiet = { 0 };
	struct lexer l;
	struct stmt stmt;

	lex_init(&l, src, cmd_raw_tail, &quiet);
	while ((r = lex_next(&l, &stmt)) != LEX_END)
		if (worst == LEX_END || r != LEX_STMT)
			worst = r;
	lex_free(&l);
	diags_clear(&quiet);
	return worst;
}

/* Runs all statements; stops at the first that fails. */
static int run_all(struct session *s, const struct source *src)
{
	struct diags d = { 0 };
	int status = STATUS_OK;
	struct lexer l;
	struct stmt stmt;

	lex_init(&l, src, cmd_raw_tail, &d);
	while (status == STATUS_OK && !s->quit && lex_next(&l, &stmt) == LEX_STMT) {
		status = run_stmt(s, &stmt);
		if (s->out.error)
			break;
		if (interrupted()) {
			if (status == STATUS_OK)
				fprintf(stderr, "interrupted\n");
			status = STATUS_SIGNAL + interrupted();
		}
	}
	lex_free(&l);
	diags_clear(&d);
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
		return rollback_script(s, STATUS_FAILED);
	return failed ? STATUS_PARTIAL : STATUS_OK;
}

static int run_transaction(struct session *s, const struct source *src)
{
	struct diags d = { 0 };
	struct ctx ctx = { .s = s, .diags = &d };
	int status;

	txn_begin(&ctx);
	status = run_all(s, src);
	if (status == STATUS_OK && s->out.error)
		status = STATUS_FAILED;
	if (!txn_open(s))	/* an explicit rollback ended it */
		return status;
	return status == STATUS_OK ? commit_script(s) : rollback_script(s, status);
}

int session_source(struct session *s, const struct source *src)
{
	struct diags d = { 0 };
	int status;

	if (s->depth == SOURCE_DEPTH) {
		struct span at = { src->parent, src->parent_at, src->parent_at + 1 };

		diag_error(&d, at, "files source each other %d deep", SOURCE_DEPTH);
		session_show(s, &d);
		return STATUS_FAILED;
	}
	s->batch = src->batch;
	if (check_source(s, src, &d)) {
		session_show(s, &d);
		s->status = STATUS_USAGE;
		return STATUS_USAGE;
	}
	diags_clear(&d);
	if (s->opt.check)
		return STATUS_OK;
	s->depth += src->parent != NULL;
	s->batch = src->batch;
	if (s->mode == MODE_PROMPT && !src->parent)
		status = run_all(s, src);
	else if (txn_open(s) || s->opt.no_transaction)
		status = run_all(s, src);
	else
		status = run_transaction(s, src);
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

int session_command(struct session *s, char **argv, int nr)
{
	struct source src;
	struct word *words = words_from_argv(argv, nr, &src);
	struct stmt stmt = { .words = words, .nr = nr, .span = { &src, 0, src.len } };
	int status;

	if (s->opt.check) {
		struct diags d = { 0 };
		struct match m;
		struct ctx ctx = { .s = s, .diags = &d };

		status = match(&m, words, nr, stmt.span, MATCH_PREFIX, &d) || match_check(&ctx, &m) ?
			 STATUS_USAGE : STATUS_OK;
		match_free(&m);
		if (status == STATUS_OK && s->opt.output == SINK_JSON)
			out_write(&s->out, "null\n", 5);
		session_show(s, &d);
	} else {
		status = run_stmt(s, &stmt);
	}
	if (interrupted() && status != STATUS_PARTIAL)
		status = STATUS_SIGNAL + interrupted();
	free(words);
	free((char *)src.text);
	return status;
}

int session_end(struct session *s)
{
	int status = STATUS_OK;

	if (txn_open(s)) {
		fprintf(stderr, "the open transaction is rolled back\n");
		status = rollback_script(s, STATUS_OK);
	}
	if (s->batch_open)
		out_write(&s->out, "]\n", 2);
	else if (s->mode == MODE_SCRIPT && s->opt.output == SINK_JSON && !s->status)
		out_write(&s->out, "[]\n", 3);
	if (out_flush(&s->out) && s->out.error != EPIPE) {
		fprintf(stderr, "error: cannot write the output: %s\n", strerror(s->out.error));
		status = status ? status : STATUS_FAILED;
	}
	txn_free(s->txn);
	vars_free((struct vars){ s->vars, s->nr_vars });
	value_free(&s->last_result);
	out_free(&s->last);
	out_free(&s->out);
	for (size_t i = 0; i < s->nr_sources; i++) {
		source_free(s->sources[i]);
		free(s->sources[i]);
	}
	free(s->sources);
	return status;
}
