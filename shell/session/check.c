// SPDX-License-Identifier: BSD-2-Clause
/* Checks of a whole source before any of it runs. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "shell/base/alloc.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/lang/cmd.h"
#include "shell/lang/expr.h"
#include "shell/lang/lex.h"
#include "shell/lang/state.h"
#include "shell/lang/value.h"
#include "shell/lang/vars.h"
#include "shell/op/gather.h"
#include "shell/session/check_refs.h"
#include "shell/session/pipe.h"
#include "shell/session/session.h"
#include "shell/session/source.h"
#include "shell/txn/txn.h"

/* The variables that there are, by name: what the session has and earlier statements set. */
struct known {
	struct session *s;
	jv names;		/* an object's keys */
	uint32_t depth;		/* commands that run the one looked at */
	uint32_t maybe;		/* blocks around it that may not be run */
	struct refs *refs;	/* --check, else NULL */
};

static void add_known(struct known *k, const char *name)
{
	k->names = jv_object_set(k->names, jv_string(name), jv_null());
}

/* $1, ${12}: an argument of the script. */
static void check_argument(const struct known *k, const struct part *p, const char *name,
			   struct diags *d)
{
	char *end;
	unsigned long n = strtoul(name, &end, 10);

	if (!*end && n >= 1 && n <= k->s->nr_args)
		return;
	arg_missing(k->s, d, p->span, name);
}

static void check_name(const struct known *k, const struct part *p, const char *name,
		       struct diags *d)
{
	if (!strcmp(name, "_") || !strcmp(name, "?") ||
	    jv_object_has(jv_copy(k->names), jv_string(name)))
		return;
	if (isdigit((unsigned char)*name)) {
		check_argument(k, p, name, d);
		return;
	}
	var_missing(d, p->span, name, k->names);
}

static void check_part(const struct known *k, const struct part *p, struct diags *d)
{
	char *name;

	if (!p->is_var)
		return;
	name = xstrndup(p->text, strcspn(p->text, ".["));
	check_name(k, p, name, d);
	free(name);
}

static void check_word(const struct known *k, const struct word *w, struct diags *d)
{
	for (uint32_t i = 0; i < w->nr_parts; i++)
		check_part(k, &w->parts[i], d);
}

/* True where the word stands for a variable itself, not for its value. */
static bool names_variable(const struct match *m, uint32_t word)
{
	int i = 0;

	for_each_arg(m->cmd, a) {
		for (uint32_t k = 0; k < m->args[i].nr && a->type && a->type->names; k++)
			if (m->args[i].slots[k].first == word)
				return true;
		i++;
	}
	return false;
}

/* The variables that the command itself sets, before its block runs. */
static void add_set(struct known *k, struct ctx *ctx, const struct match *m)
{
	int i = 0;

	for_each_arg(m->cmd, a) {
		const struct slot *slot = (a->flags & ARG_SETS) && m->args[i].nr ?
					  m->args[i].slots : NULL;
		struct value v;

		if (slot && !a->type->parse(ctx, a, m->words + slot->first, slot->nr, &v)) {
			add_known(k, v.str);
			value_free(&v);
		}
		i++;
	}
}

static void check_block(struct known *k, const struct block *b, struct diags *d);

/* The words of the command that the command runs. */
static struct slot run_words(const struct match *m)
{
	int i = 0;

	for_each_arg(m->cmd, a) {
		if (m->args[i].nr && a->type && a->type->runs)
			return m->args[i].slots[0];
		i++;
	}
	return (struct slot){ .first = m->nr };
}

static void check_command(struct known *k, const struct word *words, uint32_t nr,
			  const struct stmt *stmt, struct diags *d);

/* A command that another one runs. */
static void check_run(struct known *k, const struct word *words, uint32_t nr,
		      const struct stmt *stmt, struct diags *d)
{
	if (k->depth == NESTING_MAX) {
		diag_error(d, words[0].span, "too many commands run each other");
		return;
	}
	k->depth++;
	check_command(k, words, nr, stmt, d);
	k->depth--;
}

static void check_statements(struct known *k, const struct source *src, struct diags *d);

/* True for a file that can be read again later, and whose commands are not looked at already. */
static bool can_look_ahead(const struct source *parent, const char *path)
{
	struct stat st;

	for (; parent; parent = parent->parent)
		if (parent->name && !strcmp(parent->name, path))
			return false;
	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/*
 * A file of commands: the variables that it sets are known behind it. Its errors
 * are shown when it runs, as it may be written before that, or by --check.
 */
static void check_file(struct known *k, const struct value *path, bool batch, struct diags *d)
{
	struct session *s = k->s;
	struct source src = {
		.parent = path->span.src, .parent_at = path->span.start, .batch = batch
	};
	struct diags found = { 0 };
	bool outer = s->batch;

	if (s->depth == SOURCE_DEPTH || !can_look_ahead(src.parent, path->str) ||
	    source_read(&src, path->str, path->span, &found)) {
		diags_clear(&found);
		return;
	}
	s->batch = batch;
	s->depth++;
	/* What is shown points into the file's text. */
	check_statements(k, k->refs ? session_keep(s, &src) : &src, &found);
	s->depth--;
	s->batch = outer;
	if (k->refs)
		diags_move(d, &found);
	else
		source_free(&src);
	diags_clear(&found);
}

static void check_files(struct known *k, struct ctx *ctx, const struct match *m)
{
	int i = 0;

	for_each_arg(m->cmd, a) {
		const struct slot *slot = m->args[i].nr ? m->args[i].slots : NULL;
		struct value path;

		if (slot && a->type && a->type->script &&
		    words_are_known(m->words + slot->first, slot->nr) &&
		    !match_value(ctx, m, a, slot, &path)) {
			check_file(k, &path, a->type->batch, ctx->diags);
			value_free(&path);
		}
		i++;
	}
}

/* The blocks of a command; whether they are run may depend on an expression before them. */
static void check_blocks(struct known *k, const struct word *words, uint32_t nr, struct diags *d)
{
	uint32_t outer = k->maybe;

	for (uint32_t i = 0; i < nr; i++) {
		if (words[i].block)
			check_block(k, words[i].block, d);
		else
			k->maybe += words[i].raw;
	}
	k->maybe = outer;
}

/* A command and its words; an expression in them stands before what it sets, a block behind. */
static void check_command(struct known *k, const struct word *words, uint32_t nr,
			  const struct stmt *stmt, struct diags *d)
{
	struct ctx ctx = {
		.s = k->s, .diags = d, .span = stmt->span, .kept = stmt->assign.text != NULL
	};
	struct match m = { .open = -1 };
	bool ok = !match(&m, k->s->commands, words, nr, stmt->span,
				session_match_flags(k->s), d) &&
		  !match_check(&ctx, &m);
	struct slot run = ok ? run_words(&m) : (struct slot){ .first = nr };

	for (uint32_t i = 0; i < run.first; i++) {
		if (words[i].raw && !words[i].block)
			expr_check(&ctx, words[i].text, k->names, words[i].span);
		else if (ok && !names_variable(&m, i))
			check_word(k, &words[i], d);
	}
	if (ok && k->refs)
		refs_look_up(k->refs, &m, stmt->span, k->maybe);
	if (ok) {
		add_set(k, &ctx, &m);
		check_files(k, &ctx, &m);
	}
	check_blocks(k, words, run.first, d);
	if (ok && k->refs)
		refs_command(k->refs, &m);
	if (ok && stmt->assign.text && (m.cmd->flags & CMD_NESTED))
		diag_error(d, stmt->assign.span, "'%s' has no result to keep", m.cmd->verb);
	match_free(&m);
	if (run.nr)
		check_run(k, words + run.first, run.nr, stmt, d);
}

static void check_stmt(struct known *k, const struct stmt *stmt, struct diags *d)
{
	struct ctx ctx = { .s = k->s, .diags = d };

	if (stmt->assign.text && stmt->words[0].raw)
		expr_check(&ctx, stmt->words[0].text, k->names, stmt->words[0].span);
	else if (!stmt->shell)
		check_command(k, stmt->words, stmt->nr, stmt, d);
	if (stmt->assign.text && !strcmp(stmt->assign.text, "_"))
		diag_error(d, stmt->assign.span, "'$_' is the last result: it cannot be set");
	if (stmt->assign.text && stmt->has_redirect)
		diag_error(d, stmt->redirect.span, "what goes to a file cannot be kept as well");
	pipeline_check(stmt, k->s, k->names, d);
	for (uint32_t i = 0; i < stmt->nr_stages; i++)
		for (uint32_t j = 0; j < stmt->stages[i].nr; j++)
			check_word(k, &stmt->stages[i].words[j], d);
	if (stmt->has_redirect)
		check_word(k, &stmt->redirect, d);
	if (k->refs)
		refs_stmt(k->refs, stmt);
	if (stmt->assign.text)
		add_known(k, stmt->assign.text);
}

static void check_block(struct known *k, const struct block *b, struct diags *d)
{
	for (uint32_t i = 0; i < b->nr && !interrupted(); i++)
		check_stmt(k, &b->stmts[i], d);
}

static void check_statements(struct known *k, const struct source *src, struct diags *d)
{
	enum lex_result r;
	struct lexer l;
	struct stmt stmt;

	lex_init(&l, src, cmd_raw_tail, k->s->commands, d);
	while (!interrupted() && (r = lex_next(&l, &stmt)) != LEX_END) {
		if (r == LEX_STMT)
			check_stmt(k, &stmt, d);
		else if (r == LEX_INCOMPLETE)
			diag_error(d, (struct span){ src, stmt.span.start, stmt.span.start + 1 },
				   "the text ends inside this command");
	}
	lex_free(&l);
}

static struct known check_begin(struct session *s)
{
	struct known k = {
		.s = s, .names = jv_object(), .refs = s->opt.check ? refs_new(s) : NULL
	};

	for (size_t i = 0; i < s->nr_vars; i++)
		add_known(&k, s->vars[i].name);
	return k;
}

/* What is missing is only worth saying where all else is right. */
static int check_end(struct known *k, struct diags *d)
{
	struct diags found = { 0 };
	int status = d->errors ? STATUS_USAGE : STATUS_OK;

	if (k->refs)
		refs_free(k->refs, &found);
	if (status == STATUS_OK) {
		diags_move(d, &found);
		status = d->errors ? STATUS_FAILED : STATUS_OK;
	}
	diags_clear(&found);
	jv_free(k->names);
	if (!interrupted())
		return status;
	diags_clear(d);
	diag_error(d, NO_SPAN, "interrupted");
	return STATUS_SIGNAL + interrupted();
}

int session_check(struct session *s, const struct source *src, struct diags *d)
{
	struct known k = check_begin(s);

	check_statements(&k, src, d);
	return check_end(&k, d);
}

int session_check_stmt(struct session *s, const struct stmt *stmt, struct diags *d)
{
	struct known k = check_begin(s);

	check_stmt(&k, stmt, d);
	return check_end(&k, d);
}

enum lex_result session_complete(const struct session *s, const struct source *src)
{
	enum lex_result r, worst = LEX_END;
	struct lexer l;
	struct stmt stmt;

	lex_init(&l, src, cmd_raw_tail, s->commands, NULL);
	while ((r = lex_next(&l, &stmt)) != LEX_END)
		if (worst == LEX_END || r != LEX_STMT)
			worst = r;
	lex_free(&l);
	return worst;
}
