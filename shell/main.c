// SPDX-License-Identifier: BSD-2-Clause
/* The command line: options, and which way a session is fed. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "commands/table.h"
#include "render/sink/out.h"
#include "render/sink/sink.h"
#include "shell/base/alloc.h"
#include "shell/base/buf.h"
#include "shell/base/diag.h"
#include "shell/base/interrupt.h"
#include "shell/kern/load.h"
#include "shell/lang/cmd.h"
#include "shell/lang/complete.h"
#include "shell/lang/manual.h"
#include "shell/op/gather.h"
#include "shell/prompt/repl.h"
#include "shell/session/session.h"
#include "shell/session/source.h"
#include "shell/txn/journal.h"

/* What the command line asks for. */
struct request {
	struct options opt;
	const char *file, *commands;	/* -f, -c */
	const struct option_doc *alone;	/* --help and the like, and their argument */
	const char *alone_arg;
	const char *color;
	char **words;			/* what is no option: a command, or a script's arguments */
	int nr;
	struct diags diags;		/* what is wrong with the options */
};

/* Queues an error about an option; all are shown at the end, as -j may follow. */
#define usage(r, ...) \
	(diag_error(&(r)->diags, NO_SPAN, __VA_ARGS__), \
	 diag_hint(&(r)->diags, "'bpfsh --help' lists options and commands"), -1)

static int index_of(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], word))
			return i;
	return -1;
}

/* One option, whose argument is there where it needs one. */
static int set_option(struct request *r, const struct option_doc *o, char *arg)
{
	static const struct {
		const char *name;
		size_t flag;
	} flags[] = {
		{ "check", offsetof(struct options, check) },
		{ "plan", offsetof(struct options, plan) },
		{ "discard", offsetof(struct options, discard) },
		{ "no-transaction", offsetof(struct options, no_transaction) },
		{ "allow-irreversible", offsetof(struct options, allow_irreversible) },
		{ "bpffs", offsetof(struct options, bpffs) },
		{ "debug", offsetof(struct options, debug) },
		{ "no-rc", offsetof(struct options, no_rc) },
	};

	if (arg && o->words && index_of(o->words, arg) < 0)
		return usage(r, "'--%s' does not know '%s'", o->name, arg);
	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (!strcmp(o->name, flags[i].name))
			*(bool *)((char *)&r->opt + flags[i].flag) = true;
	if (o->flags & OPTION_ALONE) {
		r->alone = o;
		r->alone_arg = arg;
	} else if (!strcmp(o->name, "file")) {
		r->file = arg;
	} else if (!strcmp(o->name, "command")) {
		r->commands = arg;
	} else if (!strcmp(o->name, "json")) {
		r->opt.output = SINK_JSON;
	} else if (!strcmp(o->name, "pretty")) {
		r->opt.output = SINK_JSON;
		r->opt.pretty = true;
	} else if (!strcmp(o->name, "output")) {
		r->opt.output = index_of(sink_styles, arg);
	} else if (!strcmp(o->name, "color")) {
		r->color = arg;
	}
	return 0;
}

static const struct option_doc *find_long(const char *name, size_t len)
{
	for (const struct option_doc *o = bpfsh_options; o->name; o++)
		if (strlen(o->name) == len && !memcmp(o->name, name, len))
			return o;
	return NULL;
}

static const struct option_doc *find_letter(char letter)
{
	for (const struct option_doc *o = bpfsh_options; o->name; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

/* An option by its letter, or where that is 0 by its name. */
static int unknown_option(struct request *r, char letter, const char *name, int len)
{
	static const struct {
		char letter;
		const char *name;
	} bpftools[] = { { 'L', "use-loader" }, { 'S', "sign" } };

	for (size_t i = 0; i < ARRAY_SIZE(bpftools); i++)
		if (letter ? letter == bpftools[i].letter :
		    (int)strlen(bpftools[i].name) == len && !strncmp(bpftools[i].name, name, len))
			return usage(r, "bpftool's '--%s' is not there yet", bpftools[i].name);
	return letter ? usage(r, "unknown option '-%c'", letter) :
	       usage(r, "unknown option '--%.*s'", len, name);
}

/* "--name", "--name=ARG", "--name ARG"; *@i is moved past what was used. */
static int long_option(struct request *r, char **argv, int argc, int *i)
{
	char *name = argv[*i] + 2, *equals = strchr(name, '=');
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct option_doc *o = find_long(name, len);

	if (!o)
		return unknown_option(r, 0, name, len);
	if (!o->arg)
		return equals ? usage(r, "'--%s' takes no argument", o->name) :
		       set_option(r, o, NULL);
	if (!equals && *i + 1 == argc)
		return usage(r, "'--%s' needs an argument", o->name);
	return set_option(r, o, equals ? equals + 1 : argv[++*i]);
}

/* True for the name of an object, of those too that only bpftool has. */
static bool is_object(const char *word)
{
	for (const struct cmd_table *t = bpfsh_commands; t->cmds; t++) {
		if (t->object && !strcmp(t->object, word))
			return true;
		for (const struct absent *a = t->object ? NULL : t->absent; a && a->name; a++)
			if (!strcmp(a->name, word))
				return true;
	}
	return false;
}

static bool all_options(const char *letters)
{
	while (*letters && find_letter(*letters))
		letters++;
	return !*letters;
}

/*
 * With bpftool, -f shows where pins are: "-f prog show", "link show -f -j", "-fj". No file is
 * run because of that; @arg is what would be the file's name, or NULL.
 */
static bool is_bpftools_f(const struct request *r, const char *arg, bool attached)
{
	if (r->nr)
		return true;
	return arg && (is_object(arg) || (arg[0] == '-' && arg[1]) || (attached && all_options(arg)));
}

static int refuse_bpftools_f(struct request *r, const char *arg)
{
	diag_error(&r->diags, NO_SPAN, "'-f' runs a script, and this looks like bpftool's '-f'");
	if (arg && !r->nr && *arg != '-')
		diag_hint(&r->diags, "that is '--bpffs' here; to run a script of that name, write "
			  "'-f ./%s'", arg);
	else
		diag_hint(&r->diags, "that is '--bpffs' here; a script stands first: "
			  "bpfsh -f FILE [ARG...]");
	return -1;
}

/* "-jp", "-f FILE", "-fFILE" */
static int short_options(struct request *r, char **argv, int argc, int *i)
{
	for (char *p = argv[*i] + 1; *p; p++) {
		const struct option_doc *o = find_letter(*p);
		const char *arg = p[1] ? p + 1 : argv[*i + 1];

		if (!o)
			return unknown_option(r, *p, NULL, 0);
		if (*p == 'f' && is_bpftools_f(r, arg, p[1])) {
			refuse_bpftools_f(r, arg);
			continue;
		}
		if (!o->arg) {
			if (set_option(r, o, NULL))
				return -1;
			continue;
		}
		if (!p[1] && *i + 1 == argc)
			return usage(r, "'-%c' needs an argument", *p);
		return set_option(r, o, p[1] ? p + 1 : argv[++*i]);
	}
	return 0;
}

/* A word that looks like an option but is a negative number is none. */
static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] && !strchr("0123456789.", word[1]) &&
	       strcmp(word, "-inf");
}

/*
 * Options may stand anywhere, as with bpftool, up to "--"; behind -f FILE or
 * -c COMMANDS everything belongs to the script. Errors are in @r.
 */
static void parse(struct request *r, char **argv, int argc)
{
	r->words = xcalloc(argc + 1, sizeof(*r->words));
	for (int i = 1; i < argc; i++) {
		bool rest = r->file || r->commands;

		if (rest || !is_option(argv[i])) {
			r->words[r->nr++] = argv[i];
		} else if (!strcmp(argv[i], "--")) {
			while (++i < argc)
				r->words[r->nr++] = argv[i];
		} else if (argv[i][1] == '-') {
			long_option(r, argv, argc, &i);
		} else {
			short_options(r, argv, argc, &i);
		}
	}
}

static bool use_color(const struct request *r)
{
	const char *term = getenv("TERM");

	if (r->color && strcmp(r->color, "auto"))
		return !strcmp(r->color, "always");
	return isatty(STDERR_FILENO) && !getenv("NO_COLOR") && term && strcmp(term, "dumb");
}

/* Writes it to the standard output; returns a status. */
static int print(struct buf *text)
{
	int err = out_all(STDOUT_FILENO, text->data, text->len);
	const char *why = strerror(err);

	buf_free(text);
	if (err && err != EPIPE)
		fprintf(stderr, "error: cannot write the output: %c%s\n", tolower(*why), why + 1);
	return err ? STATUS_FAILED : STATUS_OK;
}

/* Options that are wrong: nothing runs. With -j this too is JSON. */
static int refuse(struct request *r)
{
	bool json = r->opt.output == SINK_JSON || r->opt.output == SINK_JSONL;
	struct buf text = BUF_INIT;

	if (json) {
		diags_json(&text, &r->diags);
		buf_putc(&text, '\n');
		print(&text);
	} else {
		diags_text(&text, &r->diags, use_color(r));
		fwrite(text.data, 1, text.len, stderr);
		buf_free(&text);
	}
	diags_clear(&r->diags);
	return STATUS_USAGE;
}

/* --help, --man, --completion */
static int run_alone(struct request *r)
{
	struct buf text = BUF_INIT;

	if (!strcmp(r->alone->name, "man")) {
		if (manual_page(&text, bpfsh_commands, r->nr ? r->words[0] : NULL)) {
			diag_error(&r->diags, NO_SPAN, "there is no manual page of '%s'",
				   r->words[0]);
			diag_hint(&r->diags, "there are those of 'script' and of each object: "
				  "map, prog, ...");
			buf_free(&text);
			return refuse(r);
		}
	} else if (!strcmp(r->alone->name, "completion")) {
		completion_script(&text, r->alone_arg);
	} else {
		buf_puts(&text, "usage: bpfsh [OPTIONS] [OBJECT COMMAND ...]\n"
			 "       bpfsh [OPTIONS] -f FILE [ARG...]\n"
			 "       bpfsh [OPTIONS] -c 'COMMANDS' [ARG...]\n\noptions:\n");
		options_text(&text);
		buf_puts(&text, "\ncommands:\n");
		cmd_help_at(&text, bpfsh_commands, NULL, 0);
	}
	return print(&text);
}

/* --complete: what the completion scripts of other shells call. */
static int run_complete(char **words, int nr)
{
	struct options opt = { 0 };
	struct session s;

	kern_init(false);
	session_init(&s, bpfsh_commands, MODE_COMMAND, &opt);
	completion_words(&s, words, nr, s.out);
	return session_end(&s);
}

static int run_script(struct session *s, const struct request *r)
{
	struct source src = { 0 };
	struct diags d = { 0 };

	s->args = r->words;
	s->nr_args = r->nr;
	if (r->commands)
		src = (struct source){ .name = xstrdup("-c"), .text = xstrdup(r->commands),
				       .len = strlen(r->commands) };
	else if (source_read(&src, r->file, NO_SPAN, &d)) {
		session_show(s, &d);
		s->status = interrupted() ? STATUS_SIGNAL + interrupted() : STATUS_USAGE;
		return s->status;
	}
	return session_source(s, session_keep(s, &src));
}

/* With bpftool, -n is --nomount, and what was to be written must not be missed without a word. */
static int run_command(struct session *s, const struct request *r)
{
	int status = session_command(s, r->words, r->nr);

	if (r->opt.check && status == STATUS_OK)
		fputs("note: checked, and nothing ran: '-n' is '--check' "
		      "('--nomount' is how bpfsh always is)\n", stderr);
	return status;
}

static enum mode mode_of(const struct request *r)
{
	if (r->file || r->commands)
		return MODE_SCRIPT;
	/* Commands on standard input are a script too. */
	return r->nr ? MODE_COMMAND : isatty(STDIN_FILENO) ? MODE_PROMPT : MODE_SCRIPT;
}

static void note_orphans(int nr, const char *where, const char *hint)
{
	if (nr)
		fprintf(stderr, "note: %d unfinished transaction%s of an earlier bpfsh%s\n"
			"hint: %s\n", nr, nr == 1 ? "" : "s", where, hint);
}

/* Says that a killed bpfsh left something to recover, unless that is what runs now. */
static void mention_orphans(const struct request *r)
{
	struct orphans found;

	if (r->nr && !strcmp(r->words[0], "recover"))
		return;
	found = journal_count_orphans();
	note_orphans(found.here, "", "'bpfsh recover' rolls back, 'bpfsh --plan recover' shows, "
		     "'bpfsh recover --discard' forgets");
	note_orphans(found.elsewhere, " in another mount namespace, or before a reboot",
		     "'bpfsh --plan recover' shows what can be rolled back from here");
}

/* What undo needs is held open until the commit: that may be more than 1024 objects. */
static void raise_limits(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
}

/*
 * Where a standard descriptor is closed, the next file that is opened would take its place,
 * and the journal or a picture get what is meant for it. Using these fails as using none does.
 */
static void fill_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* With bpftool too, the option is another way to write the command; its words are the program's. */
static void option_to_command(struct request *r)
{
	static char version[] = "version";

	r->words[0] = version;
	r->nr = 1;
	r->file = r->commands = NULL;
	r->alone = NULL;
}

static int run(struct request *r)
{
	enum mode mode = mode_of(r);
	struct session s;
	int status, end;

	r->opt.color = use_color(r);
	if (mode == MODE_SCRIPT && !r->commands && !r->file)
		r->file = "-";
	kern_init(r->opt.debug);
	session_init(&s, bpfsh_commands, mode, &r->opt);
	raise_limits();
	interrupt_init();
	mention_orphans(r);
	if (mode == MODE_SCRIPT)
		status = run_script(&s, r);
	else if (mode == MODE_COMMAND)
		status = run_command(&s, r);
	else
		status = repl_run(&s);
	end = session_end(&s);
	return status && end != STATUS_PARTIAL ? status : end;
}

int main(int argc, char **argv)
{
	struct request r = { 0 };
	int status;

	fill_descriptors();
	if (argc > 1 && !strcmp(argv[1], "--complete"))
		return run_complete(argv + 2, argc - 2);
	parse(&r, argv, argc);
	if (r.alone && !strcmp(r.alone->name, "version"))
		option_to_command(&r);
	if (r.diags.errors)
		status = refuse(&r);
	else if (r.alone)
		status = run_alone(&r);
	else
		status = run(&r);
	free(r.words);
	return status;
}
