// SPDX-License-Identifier: BSD-2-Clause
/* Checks of a whole source before any of it runs. */
#include <ctype.h>
#include <stdlib.h>

#include "shell/pipe.h"
#include "shell/session.h"

/* What earlier statements set, so that a misspelt variable is found before anything runs. */
struct known {
	struct session *s;
	const char **names;
	size_t nr;
};

static bool is_known(const struct known *k, const char *name)
{
	for (size_t i = 0; i < k->nr; i++)
		if (!strcmp(k->names[i], name))
			return true;
	return var_find(k->s, name);
}

/* The variable that was perhaps meant; NULL: none is like it. */
static const char *nearest_known(const struct known *k, const char *name)
{
	size_t nr = k->s->nr_vars;
	const char **all = xcalloc(nr + k->nr + 1, sizeof(*all)), *near;

	for (size_t i = 0; i < nr; i++)
		all[i] = k->s->vars[i].name;
	for (size_t i = 0; i < k->nr; i++)
		all[nr + i] = k->names[i];
	near = nearest_word(name, all);
	free(all);
	return near;
}

/* $1, ${12}: an argument of the script. */
static int check_argument(const struct known *k, const struct part *p, const char *name,
			  struct diags *d)
{
	char *end;
	unsigned long n = strtoul(name, &end, 10);

	if (!*end && n >= 1 && n <= k->s->nr_args)
		return 0;
	diag_error(d, p->span, "no argument '$%s'", name);
	diag_hint(d, "%d argument%s given", k->s->nr_args, k->s->nr_args == 1 ? " was" : "s were");
	return -1;
}

static int check_name(const struct known *k, const struct part *p, const char *name,
		      struct diags *d)
{
	const char *near;

	if (!strcmp(name, "_") || !strcmp(name, "?") || is_known(k, name))
		return 0;
	if (isdigit((unsigned char)*name))
		return check_argument(k, p, name, d);
	near = nearest_known(k, name);
	diag_error(d, p->span, "no variable '$%s'", name);
	if (near)
		diag_hint(d, "did you mean '$%s'?", near);
	return -1;
}

static int check_part(const struct known *k, const struct part *p, struct diags *d)
{
	char *name;
	int err;

	if (!p->is_var)
		return 0;
	name = xstrndup(p->text, strcspn(p->text, ".["));
	err = check_name(k, p, name, d);
	free(name);
	return err;
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
		err = match(&m, stmt->words, stmt->nr, stmt->span, session_match_flags(k->s), d) ||
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

int session_check(struct session *s, const struct source *src, struct diags *d)
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
