// SPDX-License-Identifier: BSD-2-Clause
/* The manual page, written from the table of commands. */
#include <ctype.h>

#include "render/sink/sink.h"
#include "shell/base/buf.h"
#include "shell/lang/manual.h"
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
	{ 0, "man", NULL, NULL, "write the manual page", OPTION_ALONE },
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

static void page_commands(struct buf *out, const struct cmd_table *commands)
{
	buf_puts(out, ".SH COMMANDS\n");
	for (const struct cmd_table *t = commands; t->cmds; t++) {
		buf_puts(out, ".SS ");
		roff(out, t->object ? t->object : "session");
		buf_putc(out, '\n');
		if (t->help)
			sentence(out, t->help);
		for_each_cmd(t, cmd)
			page_command(out, cmd);
	}
}

static const char page_begin[] =
	".TH BPFSH 8 \"\" \"bpfsh " VERSION "\" \"System Administration\"\n"
	".nh\n.ad l\n"
	".SH NAME\n"
	"bpfsh \\- interactive, transactional shell for the BPF objects of the running kernel\n"
	".SH SYNOPSIS\n"
	".B bpfsh\n[\\fIOPTIONS\\fR]\n.br\n"
	".B bpfsh\n[\\fIOPTIONS\\fR] \\fB\\-f\\fR \\fIFILE\\fR [\\fIARG\\fR ...]\n.br\n"
	".B bpfsh\n[\\fIOPTIONS\\fR] \\fB\\-c\\fR \\fICOMMANDS\\fR [\\fIARG\\fR ...]\n.br\n"
	".B bpfsh\n[\\fIOPTIONS\\fR] \\fIOBJECT\\fR \\fICOMMAND\\fR [\\fIARGUMENT\\fR ...]\n"
	".SH DESCRIPTION\n"
	"Without a script or a command,\n.B bpfsh\nreads commands at a prompt.\n"
	"With\n.B \\-f\nor\n.B \\-c\nit runs a script as one transaction: all of it is parsed "
	"before anything runs, and the first failure undoes what was done.\n"
	"A command on the command line is spelled as in\n.BR bpftool (8).\n";

static const char page_language[] =
	".SH LANGUAGE\n"
	"A script is lines of commands; \\(oq;\\(cq separates commands on a line, a backslash at "
	"its end, an open quote or an open brace continues it, and \\(oq#\\(cq at a word's start begins a "
	"comment.\n"
	"Words are quoted as in\n.BR sh (1).\n"
	".TP\n.B $name = COMMAND\n"
	"Keeps the result: an open handle where the command makes or opens an object, which then "
	"lives as long as the variable; otherwise the command's JSON.\n"
	".TP\n.B $name, $name.field, \\(dq${name.field}\\(dq\n"
	"The value. It is never split into words or read again.\n"
	".TP\n.B $1, $_, $?\n"
	"Argument of the script, last result, last status.\n"
	".TP\n.B COMMAND | jq FILTER\n"
	"Filters the command's JSON without starting a program; the filter knows all variables. Any "
	"other name behind the bar is a program that reads text. \\(oq$name =\\(cq before the "
	"command keeps what comes out at the end.\n"
	".TP\n.B COMMAND > FILE\n"
	"Writes to a file; \\(oq>>\\(cq appends.\n"
	".TP\n.B if EXPR { COMMANDS } else { COMMANDS }\n"
	"Runs the commands where the expression is true: neither false nor null. Expressions are "
	"those of\n.BR jq (1)\nwith all variables as $name, an object being its record; one ends at "
	"the line's end, or before the brace. \\(oqelse if\\(cq may follow.\n"
	".TP\n.B for $name in EXPR { COMMANDS }\n"
	"Runs the commands for each result of the expression, and for each element where a result is "
	"an array. A block is one transaction where none is open.\n"
	".TP\n.B !COMMAND\n"
	"Gives the rest of the line to a shell.\n"
	".PP\n"
	"Objects are referred to by\n.B id\n\\fIN\\fR,\n.B name\n\\fIS\\fR,\n.B tag\n\\fIT\\fR,\n"
	".B pinned\n\\fIPATH\\fR, a variable, a bare ID or a bare path; programs also as traces "
	"write them, bpf_prog_\\fITAG\\fR_\\fINAME\\fR.\n"
	"The kernel keeps 15 characters of a name. A longer one is compared with that in BTF, and "
	"refused where there is none; the 15 themselves name what begins so.\n"
	".SS Keys and values\n"
	"As many bytes as the object has, each a word, decimal or 0x, or all of them hexadecimal "
	"behind\n.BR hex ;\nor, where BTF tells the type, a number, the name of an enumerator, "
	"words like\n.BR field=value ,\n.B a.b=1\nor\n.BR list=[1,2] ,\na JSON object, a string, "
	"or an address; or an integer where the size is 1, 2, 4 or 8.\n"
	"A number behind\n.B be\nis in network order:\n.BR \\(dqport=be\\ 80\\(dq .\n"
	"A value of each CPU is one for all of them,\n.B cpu\n\\fIN VALUE\\fR ... for some, or a JSON "
	"list.\n"
	"Where a map holds programs or maps, the value is a reference to one.\n"
	"The key of a task storage is\n.B pid\n\\fIN\\fR; that of an inode or cgroup storage is a path, "
	"as is the value of a cgroup array.\n"
	".SS Transactions\n"
	"A script is one transaction.\n.B commit\nends it and begins the next,\n.B savepoint\nand\n"
	".B rollback to\ntake back a part. At the prompt\n.B begin\nopens one; a command that fails "
	"in it is undone by itself.\n"
	"An element that somebody else changed meanwhile is left as it is, and reported.\n"
	".SS JSON\n"
	"With\n.B \\-j\nthe output is one document, errors included. That of a script, and of a "
	"command that runs others, such as\n.BR watch ,\nis an array with an object for each "
	"command: its words as\n.BR command ,\nand its\n.BR output .\n"
	"With\n.B \\-o jsonl\neach record is a document and a line of its own, as it comes.\n"
	".SH PROMPT\n"
	".TP\n.B Tab\n"
	"Completes the word, with notes beside the candidates when pressed again.\n"
	".TP\n.B ?\n"
	"Between words: shows what may stand there.\n"
	".TP\n.B Ctrl\\-C\n"
	"Drops the line, or stops the command that runs.\n"
	".TP\n.B Ctrl\\-D\n"
	"On an empty line: leaves. An open transaction is rolled back.\n"
	".TP\n.B Up, Down\n"
	"Older and newer entries that begin with what stands before the cursor; Ctrl\\-R searches.\n"
	".PP\n"
	"The prompt is\n.B bpfsh>\noutside of a transaction,\n.B bpfsh*>\nin one, and\n"
	".B bpfsh!>\nin one whose last command failed.\n";

static const char page_end[] =
	".SH EXIT STATUS\n"
	".TP\n.B 0\nDone, and committed.\n"
	".TP\n.B 1\nFailed; everything was rolled back.\n"
	".TP\n.B 2\nUsage or syntax error; nothing ran.\n"
	".TP\n.B 3\nFailed, and the rollback is incomplete: what is left is listed.\n"
	".TP\n.B 129, 130, 143\nEnded by SIGHUP, SIGINT or SIGTERM, and rolled back.\n"
	".TP\n.B 141\nThe reader of the output went away, and all was rolled back.\n"
	".SH FILES\n"
	".TP\n.I $XDG_CONFIG_HOME/bpfsh/rc\n"
	"Commands to run at the prompt's start; by default below\n.IR ~/.config .\n"
	"It is not run where somebody other than root and you can write it, or a folder above it.\n"
	".TP\n.I $XDG_STATE_HOME/bpfsh/history\n"
	"What was typed at the prompt, by default below\n.IR ~/.local/state .\n"
	"Lines that begin with a blank are not kept.\n"
	".TP\n.I ~/.editrc\n"
	"Key bindings, see\n.BR editrc (5);\nlines for this program begin with \\(oqbpfsh:\\(cq. The "
	"same holds for it.\n"
	".SH SEE ALSO\n"
	".BR bpftool (8),\n.BR bpf (2),\n.BR jq (1)\n";

void manual_page(struct buf *out, const struct cmd_table *commands)
{
	buf_puts(out, page_begin);
	page_options(out);
	buf_puts(out, page_language);
	page_commands(out, commands);
	buf_puts(out, page_end);
}
