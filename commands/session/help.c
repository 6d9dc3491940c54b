// SPDX-License-Identifier: BSD-2-Clause
/* What there is to type, and what was typed: help, apropos, history. */
#include <stdlib.h>
#include <string.h>

#include "commands/common.h"
#include "commands/session/session.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/kern/names.h"
#include "shell/lang/args.h"
#include "shell/lang/cmd.h"
#include "shell/prompt/history.h"
#include "sonames.h"
#include "version.h"

static void help_command(struct buf *out, const struct cmd *c)
{
	struct buf scratch = BUF_INIT;

	cmd_usage(out, c);
	buf_printf(out, "\n  %s\n", c->help);
	for_each_arg(c, a)
		buf_printf(out, "    %-20s %s\n", a->flags & ARG_KEYWORD ? a->name :
			   arg_display(a, &scratch), a->help);
	for (const char *const *e = c->examples; e && *e; e++)
		buf_printf(out, "  example: %s\n", *e);
	buf_free(&scratch);
}

static void help_table(struct buf *out, const struct cmd_table *t)
{
	buf_printf(out, "%s: %s\n", t->object ? t->object : "session", t->help ? t->help :
		   "commands of the session itself");
	for_each_cmd(t, c) {
		buf_puts(out, "  ");
		cmd_usage(out, c);
		buf_printf(out, "\n      %s\n", c->help);
	}
	if (t->object)
		buf_printf(out, "man bpfsh-%s has each argument, and examples\n", t->object);
}

static bool is_verb(const struct cmd *c, const char *word)
{
	return !strcmp(c->verb, word) || (c->alias && !strcmp(c->alias, word));
}

/* help OBJECT, help OBJECT VERB, help VERB; false where there is no such thing. */
static bool help_words(struct buf *out, const struct cmd_table *commands,
		       const char *first, const char *second)
{
	bool found = false;

	for (const struct cmd_table *t = commands; t->cmds; t++) {
		if (t->object && !strcmp(t->object, first) && !second) {
			help_table(out, t);
			found = true;
		}
		for_each_cmd(t, c) {
			bool named = second ? t->object && !strcmp(t->object, first) && is_verb(c, second) :
				     is_verb(c, first);

			if (named)
				help_command(out, c);
			found |= named;
		}
	}
	return found;
}

/* What the words would be blamed for where they were a command. */
static int no_such_command(struct ctx *ctx, const struct value *words)
{
	struct match m;
	int err = match(&m, ctx->s->commands, words->words.list, words->words.nr, words->span,
			MATCH_PARTIAL, ctx->diags);

	match_free(&m);
	if (err)
		return err;
	diag_error(ctx->diags, words->span, "no such command");
	diag_hint(ctx->diags, "'help' lists all commands");
	return -1;
}

enum { HELP_COMMAND };

static int help_run(struct ctx *ctx, struct value *argv)
{
	size_t nr = argv[HELP_COMMAND].kind == VALUE_WORDS ? argv[HELP_COMMAND].words.nr : 0;
	const struct word *w = argv[HELP_COMMAND].words.list;
	struct buf text = BUF_INIT;

	if (!nr) {
		cmd_help_at(&text, ctx->s->commands, NULL, 0);
		buf_puts(&text, "help COMMAND says more, man bpfsh and bpfsh-script most; Tab completes, "
			 "? helps at the cursor\n");
	} else if (nr > 2 || !w[0].text || (nr == 2 && !w[1].text) ||
		   !help_words(&text, ctx->s->commands, w[0].text, nr == 2 ? w[1].text : NULL)) {
		buf_free(&text);
		return no_such_command(ctx, &argv[HELP_COMMAND]);
	}
	return show_text(ctx, &text);
}

const struct cmd session_help_cmd = {
	.verb = "help", .place = 1,
	.help = "show commands, or what one takes",
	.args = ARGS(
		[HELP_COMMAND] = { "command", &arg_command, ARG_OPTIONAL, "object, and verb" }),
	.run = help_run,
	.examples = STRINGS("help map update"),
};

int object_help_run(struct ctx *ctx, struct value *argv)
{
	struct buf text = BUF_INIT;

	help_words(&text, ctx->s->commands, ctx->cmd->object, NULL);
	return show_text(ctx, &text);
}

/* version */

/* Libraries that are opened when needed, as they are called here; what a static build lacks. */
#ifdef LINKED
#define OPENED ""
#define LEFT_OUT "graphviz (pictures as PNG and PDF)"
#else
#define LEFT_OUT ""
#define OPENED LIBEDIT ", " LIBMNL ", " LIBSMARTCOLS ", " LIBGVC ", " LIBCGRAPH ", " LIBCAPSTONE
#endif

static const struct column version_columns[] = {
	{ "version", "bpfsh %" }, { "commit", "\ncommit %" }, { "date", " of %" },
	{ "libbpf_version", "\nusing libbpf %" }, { "opened", ", and when needed %" },
	{ "left_out", ", linked statically, without %" }, { 0 }
};
static const struct record version_record = { "version", version_columns };

static int version_run(struct ctx *ctx, struct value *argv)
{
	sink_begin(ctx->sink, &version_record, SINK_ONE);
	if (sink_row(ctx->sink, (const struct cell[]){ cell_str(VERSION), cell_str(COMMIT),
						       cell_str(DATE),
						       cell_str(kern_libbpf_version()),
						       cell_str(OPENED), cell_str(LEFT_OUT) }))
		return -1;
	return sink_end(ctx->sink);
}

const struct cmd session_version_cmd = {
	.verb = "version", .place = 15,
	.help = "say the version, its commit, and the libraries used",
	.run = version_run,
	.examples = STRINGS("version"),
};

/* apropos */

/* True where the text has the word, in capitals or not. */
static bool has_word(const char *text, const char *word)
{
	return text && strcasestr(text, word);
}

static bool command_has(const struct cmd *c, const char *word)
{
	if (has_word(c->object, word) || has_word(c->verb, word) || has_word(c->alias, word) ||
	    has_word(c->help, word))
		return true;
	for_each_arg(c, a) {
		if (has_word(a->name, word) || has_word(a->help, word))
			return true;
		for (const char *const *w = a->words; w && *w; w++)
			if (has_word(*w, word))
				return true;
	}
	return false;
}

static bool command_has_all(const struct cmd *c, const struct value *words)
{
	for (size_t i = 0; i < words->words.nr; i++)
		if (!command_has(c, words->words.list[i].text))
			return false;
	return true;
}

static const struct column apropos_columns[] = { { "command", "%" }, { "help", "\n    %" }, { 0 } };
static const struct record apropos_record = { "command", apropos_columns };

enum { APROPOS_WORDS };

static int apropos_run(struct ctx *ctx, struct value *argv)
{
	struct buf usage = BUF_INIT;
	size_t nr = 0;

	for (size_t i = 0; i < argv[APROPOS_WORDS].words.nr; i++)
		if (!argv[APROPOS_WORDS].words.list[i].text)
			return diag_error(ctx->diags, argv[APROPOS_WORDS].words.list[i].span,
					  "a plain word must stand here");
	sink_begin(ctx->sink, &apropos_record, SINK_LIST);
	for (const struct cmd_table *t = ctx->s->commands; t->cmds; t++) {
		for_each_cmd(t, c) {
			if (!command_has_all(c, &argv[APROPOS_WORDS]))
				continue;
			buf_reset(&usage);
			cmd_usage(&usage, c);
			sink_row(ctx->sink, (const struct cell[]){ cell_str(buf_str(&usage)),
								   cell_str(c->help) });
			nr++;
		}
	}
	buf_free(&usage);
	if (nr)
		return sink_end(ctx->sink);
	diag_error(ctx->diags, argv[APROPOS_WORDS].span, "no command has to do with this");
	diag_hint(ctx->diags, "'help' lists all commands");
	return -1;
}

const struct cmd session_apropos_cmd = {
	.verb = "apropos",
	.help = "find commands by words of their names and help",
	.args = ARGS([APROPOS_WORDS] = { "words", &arg_words, 0, "what all to look for" }),
	.run = apropos_run,
	.examples = STRINGS("apropos pinned", "apropos map file"),
};

/* history */

struct entries {
	char **list;
	size_t nr;
};

static void add_entry(void *arg, const char *entry)
{
	struct entries *e = arg;

	GROW(e->list, e->nr);
	e->list[e->nr++] = xstrdup(entry);
}

static const struct column history_columns[] = { { "nr", "%" }, { "entry", "  %" }, { 0 } };
static const struct record history_record = { "history", history_columns };

enum { HISTORY_ENTRIES };

static int history_run(struct ctx *ctx, struct value *argv)
{
	const struct value *wanted = &argv[HISTORY_ENTRIES];
	struct entries e = { 0 };
	int err = history_read(add_entry, &e);
	size_t first = wanted->kind == VALUE_NUM && wanted->num < e.nr ? e.nr - wanted->num : 0;

	if (err)
		diag_errno(ctx->diags, ctx->span, err, "cannot read what was typed");
	else
		sink_begin(ctx->sink, &history_record, SINK_LIST);
	for (size_t i = 0; i < e.nr; i++) {
		if (i >= first && !err)
			sink_row(ctx->sink, (const struct cell[]){
				cell_u64(i + 1),
				CELL(.kind = CELL_TEXT, .str = { e.list[i], strlen(e.list[i]) }) });
		free(e.list[i]);
	}
	free(e.list);
	return err ? -1 : sink_end(ctx->sink);
}

const struct cmd session_history_cmd = {
	.verb = "history",
	.help = "show what was typed at the prompt",
	.args = ARGS(
		[HISTORY_ENTRIES] = { "entries", &arg_number, ARG_OPTIONAL,
			"how many of the newest" }),
	.run = history_run,
	.examples = STRINGS("history", "history 20"),
};
