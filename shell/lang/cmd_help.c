// SPDX-License-Identifier: BSD-2-Clause
/* What the command table says at a place: candidates for Tab, and what fits at the cursor. */
#include <stdlib.h>
#include <string.h>

#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/lang/cmd.h"
#include "shell/lang/grammar.h"
#include "shell/lang/state.h"

static void complete_objects(const struct cmd_table *commands, struct candidates *c)
{
	for (const struct cmd_table *t = commands; t->cmds; t++) {
		if (t->object) {
			candidate_add(c, t->object, t->help, false);
			continue;
		}
		for_each_cmd(t, cmd)
			candidate_add(c, cmd->verb, cmd->help, false);
	}
}

static void complete_verbs(const struct cmd_table *t, struct candidates *c)
{
	for_each_cmd(t, cmd)
		candidate_add(c, cmd->verb, cmd->help, false);
}

static void complete_arg(struct ctx *ctx, const struct match *m, int i, const struct word *w,
			 uint32_t nr, struct candidates *c)
{
	const struct arg *a = &m->cmd->args[i];

	ctx->cmd = m->cmd;
	if (a->type && a->type->complete)
		a->type->complete(ctx, m, a, w, nr, c);
}

/* Keywords and flag words that may come next. */
static void complete_keywords(const struct match *m, struct candidates *c)
{
	int i = 0;

	for_each_arg(m->cmd, a) {
		bool free = !m->args[i].nr || (a->flags & ARG_REPEAT);

		if (free && (a->flags & ARG_KEYWORD))
			candidate_add(c, a->name, a->help, false);
		for (const char *const *w = a->flags & ARG_FLAG && free ? a->words : NULL; w && *w; w++)
			candidate_add(c, *w, a->help, false);
		i++;
	}
}

void cmd_complete(struct ctx *ctx, const struct word *words, uint32_t nr, struct candidates *c)
{
	struct match m = { .open = -1 };
	const struct cmd_table *t;
	int next;

	if (!nr) {
		complete_objects(ctx->s->commands, c);
		return;
	}
	if (match_partial(&m, ctx->s->commands, words, nr, &t)) {
		if (!m.cmd) {
			complete_verbs(t, c);
		} else if (m.open >= 0) {
			complete_arg(ctx, &m, m.open, words + m.open_first, nr - m.open_first, c);
			if (m.cmd->args[m.open].type->greedy && m.args[m.open].nr)
				complete_keywords(&m, c);
		} else {
			next = match_next(&m);
			if (next >= 0)
				complete_arg(ctx, &m, next, NULL, 0, c);
			complete_keywords(&m, c);
		}
	}
	match_free(&m);
}

static void help_arg(struct buf *out, const struct arg *a)
{
	struct buf scratch = BUF_INIT, left = BUF_INIT;

	if (a->flags & ARG_KEYWORD)
		buf_printf(&left, "%s ", a->name);
	buf_puts(&left, arg_display(a, &scratch));
	buf_printf(out, "  %-24s %s\n", buf_str(&left), a->help);
	buf_free(&left);
	buf_free(&scratch);
}

static void help_verbs(struct buf *out, const struct cmd_table *t)
{
	for_each_cmd(t, c)
		buf_printf(out, "  %-24s %s\n", c->verb, c->help);
}

static void help_next(struct buf *out, const struct cmd_table *commands, const struct match *m)
{
	int i = 0, next = match_next(m);
	const struct arg *open = m->open >= 0 ? &m->cmd->args[m->open] : NULL;
	bool any = false;

	if (open && open->type->runs) {
		cmd_help_at(out, commands, m->words + m->open_first, m->nr - m->open_first);
		return;
	}

	cmd_usage(out, m->cmd);
	buf_putc(out, '\n');
	for_each_arg(m->cmd, a) {
		bool free = !m->args[i].nr || (a->flags & ARG_REPEAT);

		if (i == m->open || (m->open < 0 && (i == next ||
		    (free && (a->flags & (ARG_KEYWORD | ARG_FLAG)))))) {
			help_arg(out, a);
			any = true;
		}
		i++;
	}
	if (!any)
		buf_puts(out, "  (nothing more)\n");
}

void cmd_help_at(struct buf *out, const struct cmd_table *commands, const struct word *words,
		 uint32_t nr)
{
	struct match m = { .open = -1 };
	const struct cmd_table *t;

	if (!nr) {
		for (t = commands; t->cmds; t++) {
			if (t->object)
				buf_printf(out, "  %-24s %s\n", t->object, t->help);
			else
				help_verbs(out, t);
		}
		return;
	}
	if (!match_partial(&m, commands, words, nr, &t))
		buf_puts(out, "  (no command begins like this)\n");
	else if (!m.cmd)
		help_verbs(out, t);
	else
		help_next(out, commands, &m);
	match_free(&m);
}
