// SPDX-License-Identifier: BSD-2-Clause
/* The prompt: reads statements with libedit, and runs them. */
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
#include "shell/base/library.h"
#include "shell/base/text.h"
#include "shell/kern/handle.h"
#include "shell/kern/object.h"
#include "shell/op/gather.h"
#include "shell/prompt/history.h"
#include "shell/prompt/keyboard.h"
#include "shell/prompt/paste.h"
#include "shell/prompt/recall.h"
#include "shell/prompt/repl.h"
#include "shell/prompt/repl_lib.h"
#include "shell/prompt/tab.h"
#include "shell/prompt/terminal.h"
#include "shell/prompt/userfile.h"
#include "shell/session/session.h"
#include "shell/txn/txn.h"
#include "sonames.h"
#include "version.h"

#define TICK_MS 200	/* between two looks at what waits for a confirmation */

struct repl {
	struct session *s;
	EditLine *el;
	History *past;
	struct terminal terminal;
	struct buf text;		/* the statement so far, from lines before this one */
	struct buf prompt;
	struct keyboard keyboard;
	unsigned left;			/* seconds for a confirmation, as the prompt shows them */
	bool dropped;			/* Ctrl-C was typed */
	bool hung_up;
	char *last_tab;			/* what stood before the cursor when Tab found several */
	struct recall recall;
};

/* The line that is being edited */

static struct repl *repl_of(EditLine *el)
{
	void *r = NULL;

	el_get(el, EL_CLIENTDATA, &r);
	return r;
}

static size_t before_cursor(EditLine *el, const char **text)
{
	const LineInfo *line = el_line(el);

	*text = line->buffer;
	return line->cursor - line->buffer;
}

/* The whole statement up to the cursor, lines before this one included. */
static size_t statement_so_far(struct repl *r, struct buf *out)
{
	const char *line;
	size_t len = before_cursor(r->el, &line);

	buf_add(out, r->text.data, r->text.len);
	buf_add(out, line, len);
	buf_str(out);
	return r->text.len;
}

static int characters(const char *s, size_t len)
{
	mbstate_t state = { 0 };
	char *copy = xstrndup(s, len);
	const char *p = copy;
	size_t n = mbsrtowcs(NULL, &p, 0, &state);

	free(copy);
	return n == (size_t)-1 ? len : n;
}

static void insert(EditLine *el, const char *text)
{
	if (*text)
		el_insertstr(el, text);
}

/* Draws the line again, below what was shown. */
static unsigned char show_below(struct repl *r, const struct buf *text)
{
	terminal_below(&r->terminal, text);
	el_set(r->el, EL_REFRESH);
	return CC_NORM;
}

/* Changes the line as Tab or "?" asks for. */
static unsigned char apply(struct repl *r, struct tab_result *result)
{
	unsigned char done = result->beep ? CC_REFRESH_BEEP : CC_REFRESH;
	const char *line;
	size_t at = before_cursor(r->el, &line);

	if (result->remove)
		el_deletestr(r->el, characters(line + at - result->remove, result->remove));
	if (result->insert.len)
		insert(r->el, buf_str(&result->insert));
	if (result->below.len)
		done = show_below(r, &result->below);
	tab_result_free(result);
	return done;
}

static unsigned char key_complete(EditLine *el, int ch)
{
	struct repl *r = repl_of(el);
	struct buf text = BUF_INIT;
	size_t line = statement_so_far(r, &text);
	struct tab_result result;

	tab_complete(r->s, &r->terminal, &text, line, &r->last_tab, &result);
	buf_free(&text);
	return apply(r, &result);
}

static unsigned char key_help(EditLine *el, int ch)
{
	struct repl *r = repl_of(el);
	struct buf text = BUF_INIT;
	struct tab_result result;

	statement_so_far(r, &text);
	tab_help(r->s, &text, &result);
	buf_free(&text);
	return apply(r, &result);
}

/* Paste */

/* Reads up to the end of the paste. */
static wchar_t *read_paste(EditLine *el)
{
	struct paste p = { 0 };
	wchar_t ch;

	while (el_wgetc(el, &ch) == 1 && !paste_add(&p, ch))
		;
	return paste_end(&p);
}

static unsigned char key_paste(EditLine *el, int ch)
{
	wchar_t *text = read_paste(el);
	int failed = *text ? el_winsertstr(el, text) : 0;

	free(text);
	return failed ? CC_REFRESH_BEEP : CC_REFRESH;
}

/* In vi's mode the escape character of the sequence has left insert mode and gone a step back. */
static unsigned char key_paste_vi(EditLine *el, int ch)
{
	unsigned char result;

	el_cursor(el, 1);
	result = key_paste(el, ch);
	el_push(el, "i");
	return result;
}

/* History by prefix */

static const char *next_entry(void *arg, bool again)
{
	HistEvent ev;

	return history(arg, &ev, again ? H_FIRST : H_NEXT) >= 0 ? ev.str : NULL;
}

static unsigned char step(EditLine *el, int by)
{
	struct repl *r = repl_of(el);
	const LineInfo *line = el_line(el);
	size_t len = line->lastchar - line->buffer;
	const char *entry = recall_step(&r->recall, line->buffer, len, line->cursor - line->buffer,
					by, next_entry, r->past);

	if (!entry)
		return CC_REFRESH_BEEP;
	el_cursor(el, characters(line->cursor, line->lastchar - line->cursor));
	el_deletestr(el, characters(line->buffer, len));
	insert(el, entry);
	return CC_REFRESH;
}

static unsigned char key_older(EditLine *el, int ch)
{
	return step(el, 1);
}

static unsigned char key_newer(EditLine *el, int ch)
{
	return step(el, -1);
}

/* Ctrl-C and Ctrl-Z, which make no signals while a line is edited: they may come with a paste */

static unsigned char key_drop(EditLine *el, int ch)
{
	repl_of(el)->dropped = true;
	return CC_EOF;
}

/*
 * Stops, with the terminal as it was found, until the user comes back: this
 * process or, as Ctrl-Z does, all of its group. Without somebody to continue
 * it the kernel does not stop it.
 */
static void suspend(struct repl *r, bool group)
{
	sigset_t set, old;

	terminal_escape(&r->terminal, PASTE_OFF "\n");
	el_set(r->el, EL_PREP_TERM, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGTSTP);
	kill(group ? 0 : getpid(), SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &set, &old);
	sigprocmask(SIG_SETMASK, &old, NULL);
	el_set(r->el, EL_PREP_TERM, 1);
	terminal_escape(&r->terminal, PASTE_ON);
}

/* The window may have changed: the line is drawn anew. */
static void redraw(struct repl *r)
{
	el_resize(r->el);
	terminal_escape(&r->terminal, "\r\033[J");
	el_set(r->el, EL_REFRESH);
}

static unsigned char key_suspend(EditLine *el, int ch)
{
	suspend(repl_of(el), true);
	redraw(repl_of(el));
	return CC_NORM;
}

/* Keys */

/* Wide, since libedit copies the others and never frees them. */
static const struct {
	const wchar_t *name, *help;
	unsigned char (*fn)(EditLine *, int);
} functions[] = {
	{ L"bpfsh-complete", L"Complete the word, list what fits", key_complete },
	{ L"bpfsh-help", L"Show what may stand here", key_help },
	{ L"bpfsh-paste", L"Insert pasted text as it is", key_paste },
	{ L"bpfsh-paste-vi", L"Insert pasted text as it is", key_paste_vi },
	{ L"bpfsh-older", L"Older entry with this beginning", key_older },
	{ L"bpfsh-newer", L"Newer entry with this beginning", key_newer },
	{ L"bpfsh-drop", L"Give up the line", key_drop },
	{ L"bpfsh-suspend", L"Stop, as a job of the shell", key_suspend },
};

struct binding {
	const char *key, *function;
};

static const struct binding both_bindings[] = {
	{ "^I", "bpfsh-complete" },
	{ "?", "bpfsh-help" },
	{ "^C", "bpfsh-drop" },
	{ "^Z", "bpfsh-suspend" },
};

static const struct binding emacs_bindings[] = {
	{ "\\e" PASTE_BEGIN, "bpfsh-paste" },
	{ "\\e[A", "bpfsh-older" },	{ "\\eOA", "bpfsh-older" },
	{ "\\e[B", "bpfsh-newer" },	{ "\\eOB", "bpfsh-newer" },
	{ "^R", "em-inc-search-prev" },
	{ "\\e[1~", "ed-move-to-beg" },	{ "\\e[4~", "ed-move-to-end" },
	{ "\\e[H", "ed-move-to-beg" },	{ "\\e[F", "ed-move-to-end" },
	{ "\\e[3~", "ed-delete-next-char" },
	{ "\\e[1;5C", "em-next-word" },	{ "\\e[1;5D", "ed-prev-word" },
};

/* Of vi's command mode; the escape character has been read by then. */
static const struct binding vi_bindings[] = {
	{ "^C", "bpfsh-drop" },
	{ "^Z", "bpfsh-suspend" },
	{ PASTE_BEGIN, "bpfsh-paste-vi" },
	{ "[A", "bpfsh-older" },	{ "OA", "bpfsh-older" },
	{ "[B", "bpfsh-newer" },	{ "OB", "bpfsh-newer" },
};

/* Last of all, since a change of the editor in ~/.editrc drops all bindings. */
static void bind_keys(EditLine *el)
{
	const char *editor = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
		el_wset(el, EL_ADDFN, functions[i].name, functions[i].help, functions[i].fn);
	for (size_t i = 0; i < ARRAY_SIZE(both_bindings); i++)
		el_set(el, EL_BIND, both_bindings[i].key, both_bindings[i].function, NULL);
	el_get(el, EL_EDITOR, &editor);
	if (editor && !strcmp(editor, "vi"))
		for (size_t i = 0; i < ARRAY_SIZE(vi_bindings); i++)
			el_set(el, EL_BIND, "-a", vi_bindings[i].key, vi_bindings[i].function,
			       NULL);
	else
		for (size_t i = 0; i < ARRAY_SIZE(emacs_bindings); i++)
			el_set(el, EL_BIND, emacs_bindings[i].key, emacs_bindings[i].function,
			       NULL);
}

/* Signals and reading */

static void take_signals(struct repl *r)
{
	int sig;

	while ((sig = keyboard_signal(&r->keyboard))) {
		if (sig == SIGTSTP)
			suspend(r, false);
		redraw(r);
	}
}

/* "\1" begins and ends what takes no room; it must not stand at the end. */
static void set_prompt(struct repl *r)
{
	const char *mark = !txn_open(r->s) ? "" : r->s->failed ? "!" : "*";

	buf_reset(&r->prompt);
	if (txn_confirming(r->s, &r->left))
		buf_printf(&r->prompt, "[%u s] ", r->left);
	if (r->text.len)
		buf_puts(&r->prompt, "   ...> ");
	else if (!r->terminal.color)
		buf_printf(&r->prompt, "bpfsh%s> ", mark);
	else if (!*mark)
		buf_puts(&r->prompt, "\1\033[1m\1bpfsh\1\033[0m\1> ");
	else
		buf_printf(&r->prompt, "\1\033[1m\1bpfsh\1\033[%dm\1%s\1\033[0m\1> ",
			   *mark == '!' ? 31 : 33, mark);
	buf_str(&r->prompt);
}

/*
 * While a confirmation is awaited: ends that in time, and shows what time is
 * left. Text that is being typed stays.
 */
static void watch_confirm(struct repl *r)
{
	unsigned left;
	bool over;
	int status;

	if (!txn_confirming(r->s, &left))
		return;
	if (!left)
		terminal_escape(&r->terminal, "\r\033[J");
	status = txn_check_confirm(r->s, &over);
	if (status != STATUS_OK)
		r->s->status = status;
	if (!over && !txn_confirming(r->s, &left))
		fprintf(r->terminal.file, "%sconfirmed\n", r->terminal.escapes ? "\r\033[J" : "\n");
	else if (!over && left == r->left)
		return;
	set_prompt(r);
	terminal_escape(&r->terminal, "\r\033[J");
	if (r->terminal.escapes || over)
		el_set(r->el, EL_REFRESH);
}

/* Waits for a key; -1 with EINTR where a signal asks to stop. */
static int wait_key(struct repl *r)
{
	unsigned left;

	for (;;) {
		watch_confirm(r);
		switch (keyboard_wait(&r->keyboard, txn_confirming(r->s, &left) ? TICK_MS : -1)) {
		case KEY_TYPED:
			return 0;
		case KEY_SIGNAL:
			take_signals(r);
			break;
		case KEY_TICK:
			break;
		case KEY_STOP:
			errno = EINTR;
			return -1;
		case KEY_ERROR:
			return -1;
		}
	}
}

/* libedit's way to the keyboard: 1 and a character, 0 at the end, -1 with errno. */
static int read_key(EditLine *el, wchar_t *ch)
{
	struct repl *r = repl_of(el);
	mbstate_t state = { 0 };

	for (;;) {
		char byte;
		ssize_t n;
		size_t len;

		if (wait_key(r))
			return -1;
		n = read(STDIN_FILENO, &byte, 1);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n <= 0) {
			r->hung_up = true;
			return n;
		}
		len = mbrtowc(ch, &byte, 1, &state);
		if (len <= 1)
			return 1;
		/* An invalid byte is dropped; an unfinished character goes on. */
		if (len == (size_t)-1)
			memset(&state, 0, sizeof(state));
	}
}

/* Prompt */

static char *show_prompt(EditLine *el)
{
	return repl_of(el)->prompt.data;
}

enum line { LINE_READ, LINE_DROPPED, LINE_END };

/* Reads one line into r->text. */
static enum line read_line(struct repl *r)
{
	const char *line;
	int len;

	r->dropped = false;
	set_prompt(r);
	recall_reset(&r->recall);
	keyboard_begin(&r->keyboard);
	/* libedit itself would do this behind the prompt: keys typed at once would be lost. */
	el_set(r->el, EL_PREP_TERM, 1);
	terminal_escape(&r->terminal, PASTE_ON);
	line = el_gets(r->el, &len);
	terminal_escape(&r->terminal, PASTE_OFF);
	keyboard_end(&r->keyboard);
	if (line && len > 0) {
		buf_add(&r->text, line, len);
		if (line[len - 1] != '\n')
			buf_putc(&r->text, '\n');
		return LINE_READ;
	}
	if (interrupted() == SIGINT) {
		interrupt_clear();
		r->dropped = true;
	}
	fputs(r->dropped ? "^C\n" : "\n", r->terminal.file);
	fflush(r->terminal.file);
	if (r->dropped)
		return LINE_DROPPED;
	/* The end key gives up an unfinished statement first. */
	return r->text.len && !r->hung_up && !interrupted() ? LINE_DROPPED : LINE_END;
}

/* Reads lines until they are a whole statement; without the last line end in r->text. */
static enum line read_statement(struct repl *r)
{
	buf_reset(&r->text);
	for (;;) {
		enum line result = read_line(r);
		struct source src;

		if (result != LINE_READ)
			return result;
		src = (struct source){ .text = r->text.data, .len = r->text.len - 1 };
		if (session_complete(r->s, &src) != LEX_INCOMPLETE)
			break;
	}
	r->text.len--;
	buf_str(&r->text);
	return LINE_READ;
}

static void remember(struct repl *r, const char *text)
{
	HistEvent ev;

	if (!*text || *text == ' ' || *text == '\t')
		return;
	/* A line like the one before is no new entry. */
	if (history(r->past, &ev, H_FIRST) >= 0 && !strcmp(ev.str, text))
		return;
	history(r->past, &ev, H_ENTER, text);
	history_add(text);
}

static void load_entry(void *arg, const char *entry)
{
	HistEvent ev;

	history(arg, &ev, H_ENTER, entry);
}

/* Runs text, which the session keeps, since the undo log may point into it. */
static void run_text(struct repl *r, const char *text, size_t len, const char *name)
{
	struct source src = { .name = name ? xstrdup(name) : NULL, .text = xstrndup(text, len),
			      .len = len };

	/* What stopped the output of an earlier line, as an interrupt does, has been said. */
	r->s->out->error = 0;
	session_source(r->s, session_keep(r->s, &src));
	out_flush(r->s->out);
}

static void run_rc(struct repl *r)
{
	struct buf path = BUF_INIT, text = BUF_INIT;
	struct diags d = { 0 };

	if (user_rc(&path, &text, &d))
		session_show(r->s, &d);
	else if (text.len)
		run_text(r, text.data, text.len, path.data);
	buf_free(&text);
	buf_free(&path);
}

/* Begin and end */

static void read_bindings(struct repl *r)
{
	struct buf path = BUF_INIT;
	struct diags d = { 0 };

	if (user_editrc(&path, &d))
		el_source(r->el, path.data);
	session_show(r->s, &d);
	buf_free(&path);
}

static void repl_open(struct repl *r)
{
	HistEvent ev;

	terminal_open(&r->terminal, r->s);
	keyboard_open(&r->keyboard);
	r->past = history_init();
	history(r->past, &ev, H_SETSIZE, HISTORY_MAX);
	history_read(load_entry, r->past);
	r->el = el_init("bpfsh", stdin, r->terminal.file, stderr);
	el_set(r->el, EL_CLIENTDATA, r);
	el_set(r->el, EL_SIGNAL, 0);
	el_set(r->el, EL_SETTY, "-d", "-isig", NULL);
	el_wset(r->el, EL_GETCFN, read_key);
	el_set(r->el, EL_HIST, history, r->past);
	el_set(r->el, EL_PROMPT_ESC, show_prompt, '\1');
	el_set(r->el, EL_EDITOR, "emacs");
	read_bindings(r);
	bind_keys(r->el);
}

static void repl_close(struct repl *r)
{
	el_end(r->el);
	history_end(r->past);
	keyboard_close(&r->keyboard);
	recall_reset(&r->recall);
	free(r->last_tab);
	buf_free(&r->text);
	buf_free(&r->prompt);
}

static void greet(struct repl *r)
{
	__u32 id = 0;

	fputs("bpfsh " VERSION ": 'help' lists the commands, ? says what fits, Tab completes\n",
	      r->terminal.file);
	if (kern_next_id(OBJ_PROG, &id) == -EPERM)
		fputs("hint: bpf objects cannot be listed: run bpfsh as root\n", r->terminal.file);
	fflush(r->terminal.file);
}

int repl_run(struct session *s)
{
	struct repl r = { .s = s };
	int signal, status = STATUS_OK, end;
	unsigned left;
	bool undone;

	if (!editline_load()) {
		fprintf(stderr, "error: cannot open the library %s: %s\n"
			"hint: scripts and single commands do without\n", LIBEDIT, library_error());
		return STATUS_FAILED;
	}
	use_locale();
	repl_open(&r);
	greet(&r);
	if (!s->opt.no_rc)
		run_rc(&r);
	while (!s->quit && (!interrupted() || interrupted() == SIGINT)) {
		enum line result;

		interrupt_clear();
		result = read_statement(&r);
		if (result == LINE_END)
			break;
		if (result == LINE_DROPPED || !r.text.data[strspn(r.text.data, " \t\n")])
			continue;
		remember(&r, r.text.data);
		run_text(&r, r.text.data, r.text.len, NULL);
		terminal_fresh_line(&r.terminal);
	}
	signal = interrupted();
	interrupt_clear();
	/* The guard outlives the terminal: that it is lost may be what it guards against. */
	if (!s->quit && (!signal || signal == SIGHUP)) {
		if (txn_confirming(s, &left))
			fprintf(stderr, "waiting %u s for 'confirm' in another bpfsh\n", left);
		end = txn_wait_confirm(s, &undone);
		status = undone ? end : status;
	}
	repl_close(&r);
	return status ? status : signal ? STATUS_SIGNAL + signal : STATUS_OK;
}
