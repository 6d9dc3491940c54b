// SPDX-License-Identifier: BSD-2-Clause
/* The manual pages, written from the table of commands, and the options. */
#include <ctype.h>
#include <string.h>

#include "render/sink/sink.h"
#include "shell/base/buf.h"
#include "shell/lang/manual.h"
#include "shell/lang/manual_text.h"
#include "version.h"

static const char *const when_words[] = { "auto", "always", "never", NULL };
static const char *const shell_words[] = { "bash", "zsh", "fish", NULL };

const struct option_doc bpfsh_options[] = {
	{ 'f', "file", "FILE", NULL,
	  "run a script as one transaction; '-' is standard input", OPTION_SCRIPT },
	{ 'c', "command", "COMMANDS", NULL, "run these commands as a script", OPTION_SCRIPT },
	{ 'n', "check", NULL, NULL,
	  "only find errors, also of what is named and not there; run nothing" },
	{ 0, "plan", NULL, NULL,
	  "say what would change, and how each change would be undone" },
	{ 0, "discard", NULL, NULL, "with 'recover': forget what was left unfinished" },
	{ 0, "no-transaction", NULL, NULL,
	  "stop at the first error, and keep what was done" },
	{ 0, "allow-irreversible", NULL, NULL,
	  "allow in a transaction what cannot be undone" },
	{ 'j', "json", NULL, NULL, "write JSON, errors too" },
	{ 'p', "pretty", NULL, NULL, "write JSON in indented lines" },
	{ 'o', "output", "STYLE", sink_styles, "write in this style" },
	{ 0, "bpffs", NULL, NULL, "show the paths where objects are pinned" },
	{ 0, "color", "WHEN", when_words, "use colours" },
	{ 'd', "debug", NULL, NULL, "show what libbpf and the verifier say" },
	{ 0, "no-rc", NULL, NULL, "do not run the rc file at the prompt's start" },
	{ 0, "nomount", NULL, NULL, "mount nothing, as ever: for bpftool's sake" },
	{ 'm', "mapcompat", NULL, NULL, "nothing: for bpftool's sake" },
	{ 'l', "legacy", NULL, NULL, "nothing: for bpftool's sake" },
	{ 'h', "help", NULL, NULL, "list options and commands", OPTION_ALONE },
	{ 'V', "version", NULL, NULL, "say the version", OPTION_ALONE },
	{ 0, "man", NULL, NULL, "write the manual page, or that of an object, or of 'script'",
	  OPTION_ALONE },
	{ 0, "completion", "SHELL", shell_words, "write the script for completion in this shell",
	  OPTION_ALONE },
	{ 0 }
};

/* "-o, --output plain|table|json" */
static void option_usage(struct buf *out, const struct option_doc *o)
{
	if (o->letter)
		buf_printf(out, "-%c, ", o->letter);
	buf_printf(out, "--%s", o->name);
	for (const char *const *w = o->words; w && *w; w++)
		buf_printf(out, "%c%s", w == o->words ? ' ' : '|', *w);
	if (o->arg && !o->words)
		buf_printf(out, " %s", o->arg);
}

void options_text(struct buf *out)
{
	for (const struct option_doc *o = bpfsh_options; o->name; o++) {
		struct buf usage = BUF_INIT;

		if (!o->letter)
			buf_puts(&usage, "    ");
		option_usage(&usage, o);
		buf_printf(out, "  %-36s %s\n", buf_str(&usage), o->help);
		buf_free(&usage);
	}
}

/* Text in which nothing means anything to roff; lists of words may be broken between them. */
static void roff(struct buf *out, const char *s)
{
	if (*s == '.' || *s == '\'')
		buf_puts(out, "\\&");
	for (; *s; s++) {
		if (*s == '\\')
			buf_puts(out, "\\e");
		else if (*s == '-')
			buf_puts(out, "\\-");
		else if (*s == '\'')
			buf_puts(out, "\\(aq");
		else if (*s == '|')
			buf_puts(out, "|\\:");
		else
			buf_putc(out, *s);
		if (*s == '\n' && (s[1] == '.' || s[1] == '\''))
			buf_puts(out, "\\&");
	}
}

/* A paragraph whose tag is bold. */
static void tagged(struct buf *out, const char *tag)
{
	buf_puts(out, ".TP\n\\fB");
	roff(out, tag);
	buf_puts(out, "\\fR\n");
}

/* Help is written in lower case and without a full stop. */
static void sentence(struct buf *out, const char *s)
{
	struct buf text = BUF_INIT;

	buf_puts(&text, s);
	buf_str(&text);
	text.data[0] = toupper((unsigned char)text.data[0]);
	roff(out, text.data);
	buf_puts(out, ".\n");
	buf_free(&text);
}

static void page_options(struct buf *out)
{
	buf_puts(out, ".SH OPTIONS\n");
	for (const struct option_doc *o = bpfsh_options; o->name; o++) {
		struct buf usage = BUF_INIT;

		option_usage(&usage, o);
		tagged(out, buf_str(&usage));
		sentence(out, o->help);
		buf_free(&usage);
	}
}

static void page_args(struct buf *out, const struct cmd *cmd)
{
	struct buf scratch = BUF_INIT;

	if (!cmd->args || !cmd->args->name)
		return;
	buf_puts(out, ".RS\n");
	for_each_arg(cmd, a) {
		struct buf tag = BUF_INIT;

		if (a->flags & ARG_KEYWORD)
			buf_printf(&tag, "%s ", a->name);
		buf_puts(&tag, arg_display(a, &scratch));
		buf_puts(out, ".TP\n\\fI");
		roff(out, buf_str(&tag));
		buf_puts(out, "\\fR\n");
		roff(out, a->help ? a->help : "");
		buf_putc(out, '\n');
		buf_free(&tag);
	}
	buf_puts(out, ".RE\n");
	buf_free(&scratch);
}

static void page_examples(struct buf *out, const struct cmd *cmd)
{
	if (!cmd->examples || !*cmd->examples)
		return;
	buf_puts(out, ".RS\n.PP\n.nf\n");
	for (const char *const *e = cmd->examples; *e; e++) {
		roff(out, *e);
		buf_putc(out, '\n');
	}
	buf_puts(out, ".fi\n.RE\n");
}

static void page_command(struct buf *out, const struct cmd *cmd)
{
	struct buf usage = BUF_INIT;

	cmd_usage(&usage, cmd);
	tagged(out, buf_str(&usage));
	sentence(out, cmd->help);
	if (cmd->alias) {
		buf_puts(out, "The same as\n.BR ");
		roff(out, cmd->alias);
		buf_puts(out, " .\n");
	}
	page_args(out, cmd);
	page_examples(out, cmd);
	buf_free(&usage);
}

/* Text in which backquotes stand around what is bold. */
static void marked(struct buf *out, const char *text)
{
	bool bold = false;

	while (*text) {
		size_t len = strcspn(text, "`");
		struct buf piece = BUF_INIT;

		buf_add(&piece, text, len);
		roff(out, buf_str(&piece));
		buf_free(&piece);
		text += len;
		if (*text++ != '`')
			break;
		bold = !bold;
		buf_puts(out, bold ? "\\fB" : "\\fR");
	}
	buf_putc(out, '\n');
}

/* @first: it stands right behind a title, which begins a paragraph. */
static void page_item(struct buf *out, const struct manual_item *item, bool first)
{
	switch (item->kind) {
	case MANUAL_SECTION:
	case MANUAL_PART:
		buf_printf(out, "%s %s\n", item->kind == MANUAL_SECTION ? ".SH" : ".SS", item->text);
		break;
	case MANUAL_TEXT:
		buf_puts(out, first ? "" : ".PP\n");
		marked(out, item->text);
		break;
	case MANUAL_TAG:
	case MANUAL_FILE:
		buf_printf(out, ".TP\n\\f%c", item->kind == MANUAL_TAG ? 'B' : 'I');
		roff(out, item->tag);
		buf_puts(out, "\\fR\n");
		marked(out, item->text);
		break;
	case MANUAL_CODE:
		buf_puts(out, ".PP\n.RS\n.nf\n");
		roff(out, item->text);
		buf_puts(out, ".fi\n.RE\n");
		break;
	case MANUAL_END:
		break;
	}
}

static void page_items(struct buf *out, const struct manual_item *items)
{
	bool first = false;

	for (; items->kind; items++) {
		page_item(out, items, first);
		first = items->kind == MANUAL_SECTION || items->kind == MANUAL_PART;
	}
}

/* The line that begins a page, and its name as whatis(1) wants it. */
static void page_title(struct buf *out, const char *of, int section, const char *help)
{
	buf_puts(out, ".TH BPFSH");
	for (const char *p = of ? of : ""; *p; p++)
		buf_printf(out, "%s%c", p == of ? "\\-" : "", toupper((unsigned char)*p));
	buf_printf(out, " %d \"" DATE "\" \"bpfsh " VERSION "\" \"%s\"\n.nh\n.ad l\n.SH NAME\nbpfsh",
		   section, section == 8 ? "System Administration" : "Miscellaneous");
	if (of) {
		buf_puts(out, "\\-");
		roff(out, of);
	}
	buf_puts(out, " \\- ");
	roff(out, help);
	buf_putc(out, '\n');
}

/* ".BR bpfsh\-map (8)": scripts/share finds the pages by these lines of the first one. */
static void page_reference(struct buf *out, const char *of, int section, const char *end)
{
	buf_puts(out, ".BR bpfsh");
	if (of) {
		buf_puts(out, "\\-");
		roff(out, of);
	}
	buf_printf(out, " (%d)%s\n", section, end);
}

static void page_authors(struct buf *out)
{
	buf_puts(out, ".SH AUTHORS\nThe bpfsh authors.\n");
}

static void page_objects(struct buf *out, const struct cmd_table *commands)
{
	buf_puts(out, ".SH COMMANDS\nEach object has a page of its own.\n");
	for (const struct cmd_table *t = commands; t->cmds; t++) {
		if (!t->object)
			continue;
		buf_puts(out, ".TP\n");
		page_reference(out, t->object, 8, "");
		sentence(out, t->help);
	}
}

static void page_session(struct buf *out, const struct cmd_table *commands)
{
	buf_puts(out, ".SS Of the session\n");
	for (const struct cmd_table *t = commands; t->cmds; t++)
		for (const struct cmd *const *c = t->object ? NULL : t->cmds; c && *c; c++)
			page_command(out, *c);
}

/* What bpftool has, and bpfsh has not. */
static void page_absent(struct buf *out, const struct cmd_table *commands)
{
	buf_puts(out, ".PP\nOf\n.BR bpftool (8)\nthese are not there:\n");
	for (const struct cmd_table *t = commands; t->cmds; t++)
		for (const struct absent *a = t->absent; a && a->name; a++) {
			buf_puts(out, ".TP\n.B ");
			if (t->object)
				buf_printf(out, "%s ", t->object);
			roff(out, a->name);
			buf_putc(out, '\n');
			sentence(out, a->instead ? a->instead : "not yet");
		}
}

static const char page_use[] =
	".SH SYNOPSIS\n"
	".B bpfsh\n[\\fIOPTIONS\\fR]\n.br\n"
	".B bpfsh\n[\\fIOPTIONS\\fR] \\fB\\-f\\fR \\fIFILE\\fR [\\fIARG\\fR ...]\n.br\n"
	".B bpfsh\n[\\fIOPTIONS\\fR] \\fB\\-c\\fR \\fICOMMANDS\\fR [\\fIARG\\fR ...]\n.br\n"
	".B bpfsh\n[\\fIOPTIONS\\fR] \\fIOBJECT\\fR \\fICOMMAND\\fR [\\fIARGUMENT\\fR ...]\n"
	".SH DESCRIPTION\n"
	"Without a script or a command,\n.B bpfsh\nreads commands at a prompt.\n"
	"With\n.B \\-f\nor\n.B \\-c\nit runs a script as one transaction: all of it is parsed "
	"before anything runs, and the first failure undoes what was done; see\n"
	".BR bpfsh\\-script (7).\n"
	"A command on the command line is spelled as in\n.BR bpftool (8).\n";

static void page_of_program(struct buf *out, const struct cmd_table *commands)
{
	page_title(out, NULL, 8,
		   "interactive, transactional shell for the BPF objects of the running kernel");
	buf_puts(out, page_use);
	page_options(out);
	page_objects(out, commands);
	page_session(out, commands);
	page_items(out, manual_of_program);
	page_absent(out, commands);
	page_authors(out);
	buf_puts(out, ".SH SEE ALSO\n");
	page_reference(out, "script", 7, ",");
	for (const struct cmd_table *t = commands; t->cmds; t++)
		if (t->object)
			page_reference(out, t->object, 8, ",");
	buf_puts(out, ".BR bpf (2),\n.BR capabilities (7),\n.BR bpftool (8),\n.BR dot (1),\n.BR jq (1)\n");
}

static void page_of_scripts(struct buf *out)
{
	page_title(out, "script", 7, "the language of bpfsh, and its transactions");
	page_items(out, manual_of_scripts);
	page_authors(out);
	buf_puts(out, ".SH SEE ALSO\n.BR bpfsh (8),\n.BR jq (1)\n");
}

static void page_of_object(struct buf *out, const struct cmd_table *t)
{
	page_title(out, t->object, 8, t->help);
	buf_printf(out, ".SH SYNOPSIS\n.B bpfsh\n[\\fIOPTIONS\\fR] \\fB%s\\fR \\fICOMMAND\\fR "
		   "[\\fIARGUMENT\\fR ...]\n.SH DESCRIPTION\nThe commands of\n.BR bpfsh (8)\n"
		   "for %s. How objects, keys and values are written stands in\n"
		   ".BR bpfsh\\-script (7).\n.SH COMMANDS\n", t->object, t->help);
	for_each_cmd(t, cmd)
		page_command(out, cmd);
	page_authors(out);
	buf_puts(out, ".SH SEE ALSO\n.BR bpfsh (8),\n.BR bpfsh\\-script (7),\n.BR bpftool (8)\n");
}

int manual_page(struct buf *out, const struct cmd_table *commands, const char *of)
{
	if (!of)
		page_of_program(out, commands);
	else if (!strcmp(of, "script"))
		page_of_scripts(out);
	else
		for (const struct cmd_table *t = commands;; t++) {
			if (!t->cmds)
				return -1;
			if (t->object && !strcmp(t->object, of)) {
				page_of_object(out, t);
				break;
			}
		}
	return 0;
}
